/* SPDX-License-Identifier: GPL-3.0-or-later
 * siteact.c - the table of such a statement's members. */
#include "siteact.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)

static const char *const acts[] = {
    [BW_SITEACT_NONE] = "",           [BW_SITEACT_MOVED] = "moved",
    [BW_SITEACT_RETIRED] = "retired", [BW_SITEACT_REPLACED] = "replaced",
    [BW_SITEACT_SHIPPED] = "shipped", NULL,
};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_siteact, member),                                             \
    .size = sizeof(((struct bw_siteact *)NULL)->member)

static const struct bw_field table[] = {
    {.name = "act", .kind = BW_FIELD_CHOICE, .needed = true, .words = acts, AT(act)},
    {.name = "from_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(from_unix_s)},
    {.name = "entity", .kind = BW_FIELD_TEXT, AT(entity)},
    {.name = "old_entity", .kind = BW_FIELD_TEXT, AT(old_entity)},
    {.name = "reason", .kind = BW_FIELD_TEXT, .needed = true, AT(reason)},
};
enum {
    N_FIELDS = sizeof(table) / sizeof(table[0])
};

void bw_siteact_init(struct bw_siteact *a)
{
    memset(a, 0, sizeof(*a));
    bw_fields_init(table, N_FIELDS, a);
}

static int check(const struct bw_siteact *a, int code, struct bw_err *reterr)
{
    return (a->act == BW_SITEACT_MOVED) == (a->entity[0] != '\0')
               ? 0
               : bw_err_set(reterr, code, "a move, and only a move, names an entity");
}

int bw_siteact_encode(const struct bw_siteact *a, struct bw_buf *out, struct bw_err *reterr)
{
    int r = check(a, -EINVAL, reterr);
    return r < 0 ? r : bw_fields_encode(table, N_FIELDS, a, out, reterr);
}

int bw_siteact_decode(const char *text,
                      size_t n,
                      struct bw_siteact *ret,
                      struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r = bw_fields_decode(table, N_FIELDS, text, n, ret, reterr);
    return r < 0 ? r : check(ret, -BW_EMALFORMED, reterr);
}

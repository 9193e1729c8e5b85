/* SPDX-License-Identifier: GPL-3.0-or-later
 * binding.c - the table of a binding's members.
 *
 * Invariant: a binding names one claim; what the claim says is never copied into it. */
#include "binding.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <statement.h>
#include <string.h>

#define AT(member)                                                                         \
    .at = offsetof(struct bw_binding, member),                                             \
    .size = sizeof(((struct bw_binding *)NULL)->member)

const struct bw_field bw_binding_fields[] = {
    {.name = "claim", .kind = BW_FIELD_TEXT, .needed = true, AT(claim)},
    {.name = "seen", .kind = BW_FIELD_TEXT, .needed = true, AT(seen)},
    {.name = "from", .kind = BW_FIELD_DATE, AT(from)},
    {.name = "to", .kind = BW_FIELD_DATE, AT(to)},
    {.name = "text", .kind = BW_FIELD_TEXT, AT(text)},
};
const size_t bw_binding_n_fields = sizeof(bw_binding_fields) / sizeof(bw_binding_fields[0]);

void bw_binding_init(struct bw_binding *b)
{
    memset(b, 0, sizeof(*b));
    bw_fields_init(bw_binding_fields, bw_binding_n_fields, b);
}

static int check(const struct bw_binding *b, int code, struct bw_err *reterr)
{
    if (!bw_statement_id_valid(b->seen)) {
        return bw_err_set(reterr, code, "a binding names the claim's statement by its id");
    }
    return !b->from[0] || !b->to[0] || strcmp(b->from, b->to) <= 0
               ? 0
               : bw_err_set(reterr, code, "a binding's last day is before its first");
}

int bw_binding_encode(const struct bw_binding *b, struct bw_buf *out, struct bw_err *reterr)
{
    int r = check(b, -EINVAL, reterr);
    return r < 0 ? r
                 : bw_fields_encode(bw_binding_fields, bw_binding_n_fields, b, out, reterr);
}

int bw_binding_decode(const char *text,
                      size_t n,
                      struct bw_binding *ret,
                      struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r = bw_fields_decode(bw_binding_fields, bw_binding_n_fields, text, n, ret, reterr);
    return r < 0 ? r : check(ret, -BW_EMALFORMED, reterr);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * promise.c - the table of a promise's members. */
#include "promise.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>

#define AT(member)                                                                         \
    .at = offsetof(struct bw_promise, member),                                             \
    .size = sizeof(((struct bw_promise *)NULL)->member)

const struct bw_field bw_promise_fields[] = {
    {.name = "from", .kind = BW_FIELD_DATE, AT(from)},
    {.name = "to", .kind = BW_FIELD_DATE, AT(to)},
    {.name = "text", .kind = BW_FIELD_TEXT, AT(text)},
    {.name = "clauses", .kind = BW_FIELD_TEXT, .needed = true, .max = 1, AT(clauses)},
};
const size_t bw_promise_n_fields = sizeof(bw_promise_fields) / sizeof(bw_promise_fields[0]);

void bw_promise_init(struct bw_promise *p)
{
    memset(p, 0, sizeof(*p));
}

static int check_days(const struct bw_promise *p, struct bw_err *reterr)
{
    return p->from[0] && p->to[0] && strcmp(p->from, p->to) > 0
               ? bw_err_set(reterr, -EINVAL, "from %s is after to %s", p->from, p->to)
               : 0;
}

int bw_promise_encode(const struct bw_promise *p, struct bw_buf *out, struct bw_err *reterr)
{
    int r = check_days(p, reterr);

    return r < 0 ? r
                 : bw_fields_encode(bw_promise_fields, bw_promise_n_fields, p, out, reterr);
}

int bw_promise_decode(const char *text,
                      size_t n,
                      struct bw_promise *ret,
                      struct bw_err *reterr)
{
    int r;

    memset(ret, 0, sizeof(*ret));
    r = bw_fields_decode(bw_promise_fields, bw_promise_n_fields, text, n, ret, reterr);
    if (r == 0 && check_days(ret, reterr) < 0) {
        bw_promise_init(ret);
        r = -BW_EMALFORMED;
    }
    return r;
}

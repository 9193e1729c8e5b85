/* SPDX-License-Identifier: GPL-3.0-or-later
 * revocation.c - the table of a revocation's members, and the one on file of a key. */
#include "revocation.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <fields.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)

#define AT(member)                                                                         \
    .at = offsetof(struct bw_revocation, member),                                          \
    .size = sizeof(((struct bw_revocation *)NULL)->member)

static const struct bw_field table[] = {
    {.name = "compromised_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(compromised_unix_s)},
    {.name = "reason", .kind = BW_FIELD_TEXT, .needed = true, AT(reason)},
};
enum {
    N_FIELDS = sizeof(table) / sizeof(table[0])
};

void bw_revocation_init(struct bw_revocation *r)
{
    memset(r, 0, sizeof(*r));
    bw_fields_init(table, N_FIELDS, r);
}

int bw_revocation_encode(const struct bw_revocation *r,
                         struct bw_buf *out,
                         struct bw_err *reterr)
{
    return bw_fields_encode(table, N_FIELDS, r, out, reterr);
}

int bw_revocation_decode(const char *text,
                         size_t n,
                         struct bw_revocation *ret,
                         struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    return bw_fields_decode(table, N_FIELDS, text, n, ret, reterr);
}

int bw_revocation_say(struct bw_catalogue *c,
                      const char *kid,
                      const struct bw_revocation *r,
                      const char *by,
                      const char *via,
                      int64_t now_unix_ms,
                      char ret_id[BW_HASH_LEN + 1],
                      struct bw_err *reterr)
{
    struct bw_site_key key;
    struct bw_statement s;
    struct bw_buf body;
    char when[32];
    int e = c->ops->key_get(c, kid, &key, reterr);

    if (e < 0) {
        return e;
    }
    if (key.revoked_unix_s != BW_UNKNOWN && key.revoked_unix_s <= r->compromised_unix_s) {
        bw_time_format_s(key.revoked_unix_s, when);
        return bw_err_set(reterr, -EALREADY,
                          "key %s is revoked as of %s; only an earlier time says more", kid,
                          when);
    }
    if (r->compromised_unix_s > now_unix_ms / 1000) {
        return bw_err_set(reterr, -EINVAL, "the time is in the future");
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_statement_init(&s, BW_STATEMENT_REVOCATION);
    s.said_unix_s = now_unix_ms / 1000;
    (void)snprintf(s.by, sizeof(s.by), "%s", by);
    (void)snprintf(s.via, sizeof(s.via), "%s", via);
    (void)snprintf(s.about, sizeof(s.about), "key:%s", kid);
    e = bw_revocation_encode(r, &body, reterr);
    s.body = body.data;
    s.n_body = body.len;
    e = e < 0 ? e : bw_catalogue_say(c, &s, now_unix_ms, ret_id, reterr);
    bw_buf_done(&body);
    return e < 0 ? e : c->ops->key_revoke(c, kid, r->compromised_unix_s, reterr);
}

struct finding {
    struct bw_revocation *ret;
    char *by;
    int64_t *said_unix_s;
    bool found;
};

static int take(void *owner, const struct bw_said *said)
{
    struct finding *f = owner;
    struct bw_revocation r;
    if (said->statement->body &&
        bw_revocation_decode(said->statement->body, said->statement->n_body, &r, NULL) ==
            0) {
        *f->ret = r;
        (void)snprintf(f->by, 65, "%s", said->statement->by);
        *f->said_unix_s = said->statement->said_unix_s;
        f->found = true;
    }
    return 0;
}

int bw_revocation_find(struct bw_catalogue *c,
                       const char *kid,
                       struct bw_revocation *ret,
                       char ret_by[65],
                       int64_t *ret_said_unix_s,
                       struct bw_err *reterr)
{
    struct finding f = {.ret = ret, .by = ret_by, .said_unix_s = ret_said_unix_s};
    char about[BW_REVOCATION_ABOUT_MAX + 1];
    (void)snprintf(about, sizeof(about), "key:%s", kid);
    int r = c->ops->statements(
        c, &(struct bw_said_query){.kind = "revocation", .about = about}, take, &f, reterr);
    return r < 0 ? r : f.found ? 0 : -ENOENT;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_lines.c - circuits as summaries describe them, claims, egress prefixes, the
 * servers to measure against, small values.
 *
 * Invariant: facts and claims are dated rows that are added, never changed; which is in
 * force when follows from their dates. */
#include "buf.h"
#include "catalogue_private.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static void read_facts(struct sqlite3_stmt *st, struct bw_circuit_facts *f)
{
    memset(f, 0, sizeof(*f));
    bw_sql_copy(st, 0, f->site, sizeof(f->site));
    bw_sql_copy(st, 1, f->circuit, sizeof(f->circuit));
    f->from_unix_s = bw_sql_get(st, 2);
    f->vantage = (enum bw_vantage)sqlite3_column_int(st, 3);
    f->behind = (uint32_t)sqlite3_column_int(st, 4);
    f->source = (enum bw_source)sqlite3_column_int(st, 5);
    f->layer = (enum bw_layer)sqlite3_column_int(st, 6);
    f->resolution_ms = bw_sql_get(st, 7);
    f->link_bps = bw_sql_get(st, 8);
    f->mtu = bw_sql_get(st, 9);
}

static bool same_facts(const struct bw_circuit_facts *a, const struct bw_circuit_facts *b)
{
    return a->vantage == b->vantage && a->behind == b->behind && a->source == b->source &&
           a->layer == b->layer && a->resolution_ms == b->resolution_ms &&
           a->link_bps == b->link_bps && a->mtu == b->mtu;
}

static int
note_circuit(struct bw_sql *s, const struct bw_circuit_facts *f, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    struct bw_circuit_facts known;
    int r = bw_sql_use(s, FACTS_AT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, f->site);
    bw_sql_text(st, 2, f->circuit);
    bw_sql_i64(st, 3, f->from_unix_s);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        read_facts(st, &known);
        (void)sqlite3_reset(st);
        if (same_facts(&known, f)) {
            return 0;
        }
    } else if (r < 0) {
        return r;
    }
    r = bw_sql_use(s, FACTS_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, f->site);
    bw_sql_text(st, 2, f->circuit);
    bw_sql_i64(st, 3, f->from_unix_s);
    bw_sql_i64(st, 4, (int64_t)f->vantage);
    bw_sql_i64(st, 5, (int64_t)f->behind);
    bw_sql_i64(st, 6, (int64_t)f->source);
    bw_sql_i64(st, 7, (int64_t)f->layer);
    bw_sql_i64(st, 8, f->resolution_ms);
    bw_sql_i64(st, 9, f->link_bps);
    bw_sql_i64(st, 10, f->mtu);
    return bw_sql_run(s, st, reterr);
}

int bw_cat_circuits_note(struct bw_catalogue *c,
                         const struct bw_circuit_facts *f,
                         size_t n,
                         struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = note_circuit(s, &f[i], reterr);
    }
    r = r < 0 ? r : bw_sql_commit(s, reterr);
    bw_sql_rollback(s);
    return r;
}

int bw_cat_circuits(struct bw_catalogue *c,
                    const char *site,
                    bool history,
                    bw_circuit_facts_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_circuit_facts f;
    int r = bw_sql_use(s, history ? FACTS_HISTORY : FACTS_NOW, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_facts(st, &f);
        r = cb(owner, &f);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

static int on_found(void *owner, const struct bw_claim *k)
{
    struct bw_claim *found = owner;
    *found = *k;
    return 0;
}

/* What is in force in the second before `at`; id 0 when nothing is. */
static int claim_before(struct bw_catalogue *c,
                        const char *site,
                        const char *circuit,
                        int64_t at_unix_s,
                        struct bw_claim *ret,
                        struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    return bw_cat_claims(c, site, circuit, at_unix_s - 1, at_unix_s, on_found, ret, reterr);
}

/* A withdrawal must name the date of a claim that is there. */
static int
check_withdrawal(struct bw_catalogue *c, const struct bw_claim *k, struct bw_err *reterr)
{
    struct bw_claim found;
    int r = claim_before(c, k->site, k->circuit, k->from_unix_s + 1, &found, reterr);
    if (r == 0 && (found.id == 0 || found.from_unix_s != k->from_unix_s)) {
        r = bw_err_set(reterr, -ENOENT, "no claim of %s.%s begins at that date", k->site,
                       k->circuit);
    }
    return r;
}

int bw_cat_claim_add(struct bw_catalogue *c,
                     const struct bw_claim *k,
                     int64_t *ret_id,
                     struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_site site;
    int r = bw_cat_site_get(c, k->site, &site, reterr);
    if (r < 0) {
        return r;
    }
    if (k->from_unix_s == BW_UNKNOWN || k->recorded_unix_s == BW_UNKNOWN) {
        return bw_err_set(reterr, -EINVAL, "a claim needs the date from which it is good");
    }
    if (k->to_unix_s != BW_UNKNOWN && k->to_unix_s < k->from_unix_s) {
        return bw_err_set(reterr, -EINVAL, "a claim must end after it begins");
    }
    if (k->to_unix_s == k->from_unix_s) {
        r = check_withdrawal(c, k, reterr);
        if (r < 0) {
            return r;
        }
    }
    r = bw_sql_use(s, CLAIM_ADD, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, k->site);
    bw_sql_text(st, 2, k->circuit);
    bw_sql_i64(st, 3, k->from_unix_s);
    bw_sql_i64(st, 4, k->to_unix_s);
    bw_sql_i64(st, 5, k->down_bps);
    bw_sql_i64(st, 6, k->up_bps);
    bw_sql_i64(st, 7, (int64_t)k->layer);
    bw_sql_text(st, 8, k->frn_line);
    bw_sql_text(st, 9, k->spin);
    bw_sql_text(st, 10, k->provider);
    bw_sql_i64(st, 11, k->monthly_cost_cents);
    bw_sql_text(st, 12, k->origin);
    bw_sql_i64(st, 13, k->recorded_unix_s);
    r = bw_sql_run(s, st, reterr);
    if (r == 0 && ret_id) {
        *ret_id = sqlite3_last_insert_rowid(s->db);
    }
    return r;
}

static void read_claim(struct sqlite3_stmt *st, struct bw_claim *k)
{
    memset(k, 0, sizeof(*k));
    k->id = sqlite3_column_int64(st, 0);
    bw_sql_copy(st, 1, k->site, sizeof(k->site));
    bw_sql_copy(st, 2, k->circuit, sizeof(k->circuit));
    k->from_unix_s = bw_sql_get(st, 3);
    k->to_unix_s = sqlite3_column_int64(st, 4);
    if (k->to_unix_s == INT64_MAX) {
        k->to_unix_s = BW_UNKNOWN;
    }
    k->down_bps = bw_sql_get(st, 5);
    k->up_bps = bw_sql_get(st, 6);
    k->layer = (enum bw_layer)sqlite3_column_int(st, 7);
    bw_sql_copy(st, 8, k->frn_line, sizeof(k->frn_line));
    bw_sql_copy(st, 9, k->spin, sizeof(k->spin));
    bw_sql_copy(st, 10, k->provider, sizeof(k->provider));
    k->monthly_cost_cents = bw_sql_get(st, 11);
    bw_sql_copy(st, 12, k->origin, sizeof(k->origin));
    k->recorded_unix_s = bw_sql_get(st, 13);
}

int bw_cat_claim_end(struct bw_catalogue *c,
                     const char *site,
                     const char *circuit,
                     int64_t to_unix_s,
                     int64_t recorded_unix_s,
                     const char *origin,
                     struct bw_err *reterr)
{
    struct bw_claim k;
    int r = claim_before(c, site, circuit, to_unix_s, &k, reterr);
    if (r < 0) {
        return r;
    }
    if (k.id == 0) {
        return bw_err_set(reterr, -ENOENT, "no claim of %s.%s is in force then", site,
                          circuit);
    }
    if (k.to_unix_s == to_unix_s) {
        return 0;
    }
    k.to_unix_s = to_unix_s;
    k.recorded_unix_s = recorded_unix_s;
    (void)snprintf(k.origin, sizeof(k.origin), "%s", origin);
    return bw_cat_claim_add(c, &k, NULL, reterr);
}

int bw_cat_claim_history(struct bw_catalogue *c,
                         const char *site,
                         bw_claim_cb cb,
                         void *owner,
                         struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_claim k;
    int r = bw_sql_use(s, CLAIM_HISTORY, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_claim(st, &k);
        r = cb(owner, &k);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_cat_claims(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  bw_claim_cb cb,
                  void *owner,
                  struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_claim k;
    int r = bw_sql_use(s, CLAIM_LIST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    bw_sql_text(st, 2, circuit);
    (void)sqlite3_bind_int64(st, 3, from_unix_s);
    (void)sqlite3_bind_int64(st, 4, to_unix_s);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        read_claim(st, &k);
        r = cb(owner, &k);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- prefixes ------------------------------------------------------------------ */

static int check_prefix(const struct bw_prefix *p, struct bw_err *reterr)
{
    unsigned width = p->family == 4 ? 32 : 128;
    if ((p->family != 4 && p->family != 6) || p->bits > width) {
        return bw_err_set(reterr, -EINVAL, "not a prefix: family %d, %d bits", p->family,
                          p->bits);
    }
    for (unsigned i = p->bits; i < sizeof(p->addr) * 8; i++) {
        if (p->addr[i / 8] & (0x80U >> (i % 8))) {
            return bw_err_set(reterr, -EINVAL,
                              "the prefix has bits set beyond its length %d", p->bits);
        }
    }
    return 0;
}

static int bind_prefix(struct bw_sql *s,
                       size_t which,
                       const struct bw_prefix *p,
                       struct sqlite3_stmt **ret,
                       struct bw_err *reterr)
{
    int r = check_prefix(p, reterr);
    if (r == 0) {
        r = bw_sql_use(s, which, ret, reterr);
    }
    if (r < 0) {
        return r;
    }
    bw_sql_text(*ret, 1, p->site);
    bw_sql_text(*ret, 2, p->circuit);
    bw_sql_i64(*ret, 3, p->family);
    bw_sql_blob(*ret, 4, p->addr, sizeof(p->addr));
    bw_sql_i64(*ret, 5, p->bits);
    return 0;
}

int bw_cat_prefix_add(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bind_prefix(s, PREFIX_ADD, p, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 6, p->from_unix_s);
    bw_sql_i64(st, 7, p->to_unix_s);
    return bw_sql_run(s, st, reterr);
}

int bw_cat_prefix_end(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      int64_t to_unix_s,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bind_prefix(s, PREFIX_END, p, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 6, to_unix_s);
    r = bw_sql_run(s, st, reterr);
    if (r == 0 && sqlite3_changes(s->db) == 0) {
        r = bw_err_set(reterr, -ENOENT, "no such prefix in force for %s.%s", p->site,
                       p->circuit);
    }
    return r;
}

int bw_cat_prefixes(struct bw_catalogue *c,
                    const char *site,
                    bw_prefix_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_prefix p;
    int r = bw_sql_use(s, PREFIX_LIST, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, site);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        memset(&p, 0, sizeof(p));
        bw_sql_copy(st, 0, p.site, sizeof(p.site));
        bw_sql_copy(st, 1, p.circuit, sizeof(p.circuit));
        p.family = (uint8_t)sqlite3_column_int(st, 2);
        if (sqlite3_column_bytes(st, 3) == (int)sizeof(p.addr)) {
            memcpy(p.addr, sqlite3_column_blob(st, 3), sizeof(p.addr));
        }
        p.bits = (uint8_t)sqlite3_column_int(st, 4);
        p.from_unix_s = bw_sql_get(st, 5);
        p.to_unix_s = bw_sql_get(st, 6);
        r = cb(owner, &p);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* ---- servers and small values -------------------------------------------------- */

int bw_cat_server_set(struct bw_catalogue *c,
                      const struct bw_server *u,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SERVER_SET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, u->name);
    bw_sql_text(st, 2, u->kind);
    bw_sql_text(st, 3, u->address);
    bw_sql_i64(st, 4, u->enabled);
    return bw_sql_run(s, st, reterr);
}

int bw_cat_servers(struct bw_catalogue *c,
                   bw_server_cb cb,
                   void *owner,
                   struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_server u;
    int r = bw_sql_use(s, SERVER_LIST, &st, reterr);
    if (r < 0) {
        return r;
    }
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        memset(&u, 0, sizeof(u));
        bw_sql_copy(st, 0, u.name, sizeof(u.name));
        bw_sql_copy(st, 1, u.kind, sizeof(u.kind));
        bw_sql_copy(st, 2, u.address, sizeof(u.address));
        u.enabled = sqlite3_column_int(st, 3) != 0;
        r = cb(owner, &u);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_cat_meta_set(struct bw_catalogue *c,
                    const char *name,
                    const void *value,
                    size_t n,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, value ? META_SET : META_DROP, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    if (value) {
        bw_sql_blob(st, 2, n > 0 ? value : "", n);
    }
    return bw_sql_run(s, st, reterr);
}

int bw_cat_meta_get(struct bw_catalogue *c,
                    const char *name,
                    struct bw_buf *out,
                    struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, META_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, name);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        bw_buf_clear(out);
        if (sqlite3_column_bytes(st, 0) > 0) {
            bw_buf_add(out, sqlite3_column_blob(st, 0),
                       (size_t)sqlite3_column_bytes(st, 0));
        }
        r = bw_buf_error(out);
        (void)sqlite3_reset(st);
        return r;
    }
    return r < 0 ? r
                 : bw_err_set(reterr, -ENOENT, "the catalogue has no value \"%s\"", name);
}

int bw_cat_metas(struct bw_catalogue *c,
                 const char *prefix,
                 bw_meta_cb cb,
                 void *owner,
                 struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    char end[128];
    size_t n = strlen(prefix);
    int r = n > 0 && n < sizeof(end) ? bw_sql_use(s, META_LIST, &st, reterr) : -EINVAL;
    if (r < 0) {
        return r;
    }
    (void)snprintf(end, sizeof(end), "%s", prefix);
    end[n - 1]++; /* what stands right behind all that begin so; prefixes are ASCII */
    bw_sql_text(st, 1, prefix);
    bw_sql_text(st, 2, end);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        const char *value = sqlite3_column_blob(st, 1);
        r = cb(owner, name ? name : "", value ? value : "",
               (size_t)sqlite3_column_bytes(st, 1));
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * josefile.c - an exported file, one compact JWS a line, as bw_records.
 *
 * Opening decodes every line once for its place in the index; walks decode again what
 * they need, so memory is 56 bytes a record, not its content. */
#include "josefile.h"
#include "buf.h"
#include "fold.h"
#include "hash.h"
#include "jws.h"
#include "names.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *jws; /* in the mapped file */
    uint32_t len;
    uint32_t kid;   /* number in kids */
    uint32_t site;  /* number in sites; NEWER: not decoded */
    uint32_t order; /* of the line: makes every order a total one */
    int64_t seq;
    int64_t start_unix_s;
    int64_t end_unix_s;
};

enum {
    NEWER = -1
}; /* in site: signed bytes only */

struct bw_josefile {
    struct bw_records base; /* first: a bw_josefile is a bw_records */
    struct bw_lines *lines;
    struct entry *entries; /* by chain: rank of the kid, then seq */
    size_t n;
    size_t cap;
    struct entry **by_start; /* made when days are asked for first */
    struct bw_names kids;
    struct bw_names sites;
    struct bw_names circuits; /* "site\ncircuit" */
    int64_t *kid_start;       /* first interval of each kid */
    size_t n_kid_start;
    const struct bw_josefile_taken *taken; /* lent, by line; NULL: not known */
    int64_t from_unix_s;
    int64_t to_unix_s;
    struct bw_buf scratch;
};

static struct bw_josefile *of(struct bw_records *r)
{
    return (struct bw_josefile *)(void *)r;
}

static int decode(struct bw_josefile *f,
                  const char *jws,
                  size_t n,
                  struct bw_jws *ret_jws,
                  struct bw_summary *ret,
                  struct bw_err *reterr)
{
    int r = n == 0 || n > BW_JWS_MAX ? -BW_EMALFORMED
                                     : bw_jws_parse(jws, n, &f->scratch, ret_jws, reterr);
    if (r == -BW_EMALFORMED) {
        const char *why = bw_line_trouble(jws, n);
        return why ? bw_err_set(reterr, r, "not a record: %s", why)
                   : bw_err_prefix(reterr, r, "not a record");
    }
    if (r < 0) {
        return r;
    }
    if (strcmp(ret_jws->typ, BW_TYP_SUMMARY) != 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "type '%s' is not %s", ret_jws->typ,
                          BW_TYP_SUMMARY);
    }
    return bw_summary_decode(ret_jws->payload, ret_jws->payload_len, ret, reterr);
}

static int note_kid(struct bw_josefile *f, uint32_t kid, int64_t start_unix_s)
{
    if (kid >= f->n_kid_start) {
        int64_t *grown = reallocarray(f->kid_start, (size_t)kid + 16, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        f->kid_start = grown;
        for (; f->n_kid_start < (size_t)kid + 16; f->n_kid_start++) {
            grown[f->n_kid_start] = INT64_MAX;
        }
    }
    if (start_unix_s < f->kid_start[kid]) {
        f->kid_start[kid] = start_unix_s;
    }
    return 0;
}

static int note_summary(struct bw_josefile *f, const struct bw_summary *s, struct entry *e)
{
    char pair[BW_SITE_MAX + BW_NAME_MAX + 3];
    long site = bw_names_add(&f->sites, s->site);
    if (site < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->n_circuits; i++) {
        (void)snprintf(pair, sizeof(pair), "%s\n%s", s->site, s->circuits[i].id);
        if (bw_names_add(&f->circuits, pair) < 0) {
            return -ENOMEM;
        }
    }
    e->site = (uint32_t)site;
    e->seq = s->seq;
    e->start_unix_s = s->start_unix_s;
    e->end_unix_s = s->end_unix_s;
    if (f->from_unix_s == f->to_unix_s || s->start_unix_s < f->from_unix_s) {
        f->from_unix_s = s->start_unix_s;
    }
    if (s->end_unix_s > f->to_unix_s) {
        f->to_unix_s = s->end_unix_s;
    }
    return 0;
}

static int add_line(struct bw_josefile *f, const char *jws, size_t n, struct bw_err *reterr)
{
    struct entry e = {.jws = jws,
                      .len = (uint32_t)n,
                      .site = (uint32_t)NEWER,
                      .order = (uint32_t)f->n,
                      .seq = BW_UNKNOWN,
                      .start_unix_s = BW_UNKNOWN,
                      .end_unix_s = BW_UNKNOWN};
    struct bw_summary s;
    struct bw_jws j = {.alg = BW_ALG_NONE};
    long kid;
    int r;
    bw_summary_init(&s);
    r = decode(f, jws, n, &j, &s, reterr);
    if (r < 0 && r != -BW_ENEWER) {
        goto out;
    }
    if (r == 0) {
        r = note_summary(f, &s, &e);
    } else {
        r = 0;
    }
    kid = bw_names_add(&f->kids, j.kid);
    e.kid = (uint32_t)kid;
    if (r == 0) {
        r = kid < 0 ? -ENOMEM
                    : note_kid(f, e.kid, e.seq == BW_UNKNOWN ? INT64_MAX : e.start_unix_s);
    }
    if (r == 0 && f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 1024;
        struct entry *grown = reallocarray(f->entries, cap, sizeof(*grown));
        r = grown ? 0 : -ENOMEM;
        f->entries = grown ? grown : f->entries;
        f->cap = grown ? cap : f->cap;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    f->entries[f->n++] = e;
out:
    bw_summary_done(&s);
    return r;
}

static int three_way(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* The same record twice stands together, also where two records claim one place. */
static int by_bytes(const struct entry *x, const struct entry *y)
{
    int r = three_way(x->len, y->len);
    return r ? r : memcmp(x->jws, y->jws, x->len);
}

static bool same_record(const struct entry *x, const struct entry *y)
{
    return x->kid == y->kid && by_bytes(x, y) == 0;
}

static int by_chain(const void *a, const void *b, void *file)
{
    const struct bw_josefile *f = file;
    const struct entry *x = a;
    const struct entry *y = b;
    int r = 0;
    if (x->kid != y->kid) {
        r = three_way(f->kid_start[x->kid], f->kid_start[y->kid]);
        return r ? r : strcmp(f->kids.text[x->kid], f->kids.text[y->kid]);
    }
    r = three_way(x->seq, y->seq);
    if (r == 0 && x->seq != BW_UNKNOWN) {
        r = by_bytes(x, y);
    }
    return r ? r : three_way(x->order, y->order);
}

static int by_start(const void *a, const void *b, void *file)
{
    const struct bw_josefile *f = file;
    const struct entry *x = *(const struct entry *const *)a;
    const struct entry *y = *(const struct entry *const *)b;
    int r = three_way(x->start_unix_s, y->start_unix_s);
    if (r == 0) {
        r = strcmp(f->kids.text[x->kid], f->kids.text[y->kid]);
    }
    return r ? r : by_chain(x, y, file);
}

static int each(struct bw_records *base,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct bw_josefile *f = of(base);
    (void)reterr;
    for (size_t i = 0; i < f->n; i++) {
        const struct entry *e = &f->entries[i];
        const char *name = e->site == (uint32_t)NEWER ? "" : f->sites.text[e->site];
        struct bw_record rec = {.jws = e->jws,
                                .jws_len = e->len,
                                .seq = e->seq,
                                .start_unix_s = e->start_unix_s,
                                .end_unix_s = e->end_unix_s,
                                .position = BW_UNKNOWN,
                                .received_unix_ms = BW_UNKNOWN,
                                .egress = BW_EGRESS_UNKNOWN};
        int r;
        if (f->taken) {
            rec.position = f->taken[e->order].position;
            rec.received_unix_ms = f->taken[e->order].received_unix_ms;
            rec.egress = f->taken[e->order].egress;
        }
        if (e->site != (uint32_t)NEWER &&
            (e->start_unix_s < from_unix_s || e->start_unix_s >= to_unix_s)) {
            continue;
        }
        if (site[0] && strcmp(site, name) != 0) {
            continue;
        }
        memcpy(rec.kid, f->kids.text[e->kid], sizeof(rec.kid));
        (void)snprintf(rec.site, sizeof(rec.site), "%s", name);
        bw_sha256_text(e->jws, e->len, rec.sha256);
        r = cb(owner, &rec);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static int sort_by_start(struct bw_josefile *f, struct bw_err *reterr)
{
    if (f->by_start || f->n == 0) {
        return 0;
    }
    f->by_start = reallocarray(NULL, f->n, sizeof(struct entry *));
    if (!f->by_start) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < f->n; i++) {
        f->by_start[i] = &f->entries[i];
    }
    qsort_r(f->by_start, f->n, sizeof(struct entry *), by_start, f);
    return 0;
}

/* First place in by_start whose interval starts at or after this. */
static size_t first_at(const struct bw_josefile *f, int64_t unix_s)
{
    size_t low = 0;
    size_t high = f->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (f->by_start[mid]->start_unix_s < unix_s) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static int days(struct bw_records *base,
                const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct bw_josefile *f = of(base);
    struct bw_fold *fold = NULL;
    const struct entry *before = NULL;
    long number = bw_names_find(&f->sites, site);
    int r = sort_by_start(f, reterr);
    if (r < 0 || number < 0) {
        return r;
    }
    r = bw_fold_new(site, circuit, from_unix_s, to_unix_s, cb, owner, &fold);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    for (size_t i = first_at(f, from_unix_s); r == 0 && i < f->n; i++) {
        const struct entry *e = f->by_start[i];
        struct bw_summary s;
        struct bw_jws j = {.alg = BW_ALG_NONE};
        if (e->start_unix_s >= bw_fold_heard_to(to_unix_s)) {
            break;
        }
        if (e->site != (uint32_t)number || (before && same_record(before, e))) {
            continue; /* the same record twice counts once */
        }
        before = e;
        r = decode(f, e->jws, e->len, &j, &s, reterr);
        if (r == 0) {
            struct bw_fold_meta meta = {.received_unix_ms =
                                            f->taken ? f->taken[e->order].received_unix_ms
                                                     : BW_UNKNOWN};
            r = bw_fold_add(fold, &s, f->taken ? &meta : NULL, reterr);
            bw_summary_done(&s);
        }
    }
    if (r == 0) {
        r = bw_fold_finish(fold, reterr);
    }
    bw_fold_free(fold);
    return r;
}

static void close_file(struct bw_records *base)
{
    struct bw_josefile *f = of(base);
    bw_lines_close(f->lines);
    free(f->entries);
    free(f->by_start);
    free(f->kid_start);
    bw_names_done(&f->kids);
    bw_names_done(&f->sites);
    bw_names_done(&f->circuits);
    bw_buf_done(&f->scratch);
    free(f);
}

static const struct bw_records_ops ops = {.each = each, .days = days, .close = close_file};

/* Index every line; takes the lines over. */
static int index_lines(const char *name,
                       struct bw_lines *lines,
                       const struct bw_josefile_taken *taken,
                       size_t n_taken,
                       struct bw_records **ret,
                       struct bw_err *reterr)
{
    struct bw_josefile *f = calloc(1, sizeof(*f));
    const char *line;
    size_t n;
    int64_t number;
    int r = 0;
    if (!f) {
        bw_lines_close(lines);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    f->base.ops = &ops;
    f->lines = lines;
    f->taken = taken;
    bw_buf_init(&f->scratch, BW_JWS_MAX);
    while (bw_lines_next(f->lines, &line, &n, &number)) {
        if (f->n == BW_JOSEFILE_RECORDS_MAX) {
            r = bw_err_set(reterr, -E2BIG, "%s: more than %d records", name,
                           BW_JOSEFILE_RECORDS_MAX);
            goto out;
        }
        r = add_line(f, line, n, reterr);
        if (r < 0) {
            (void)bw_err_prefix(reterr, r, "%s:%" PRId64, name, number);
            goto out;
        }
    }
    if (taken && f->n != n_taken) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "%s: %zu records, but %zu lines tell when they were taken in", name,
                       f->n, n_taken);
        goto out;
    }
    if (f->n) {
        qsort_r(f->entries, f->n, sizeof(*f->entries), by_chain, f);
    }
    *ret = &f->base; /* ownership moves in the last step */
    f = NULL;
out:
    if (f) {
        close_file(&f->base);
    }
    return r;
}

int bw_josefile_open(const char *path, struct bw_records **ret, struct bw_err *reterr)
{
    struct bw_lines *lines;
    int r = bw_lines_open(path, &lines, reterr);
    return r < 0 ? r : index_lines(path, lines, NULL, 0, ret, reterr);
}

int bw_josefile_open_bytes(const char *name,
                           const char *data,
                           size_t n,
                           const struct bw_josefile_taken *taken,
                           size_t n_taken,
                           struct bw_records **ret,
                           struct bw_err *reterr)
{
    struct bw_lines *lines;
    int r = bw_lines_open_bytes(data, n, &lines);
    return r < 0 ? bw_err_set(reterr, r, "out of memory")
                 : index_lines(name, lines, taken, n_taken, ret, reterr);
}

int bw_josefile_circuit(struct bw_records *r,
                        size_t n,
                        const char **ret_site,
                        const char **ret_circuit)
{
    struct bw_josefile *f = of(r);
    const char *pair;
    if (n >= f->circuits.n) {
        return -ENOENT;
    }
    pair = f->circuits.text[n];
    for (size_t i = 0; i < f->sites.n; i++) {
        size_t len = strlen(f->sites.text[i]);
        if (strncmp(pair, f->sites.text[i], len) == 0 && pair[len] == '\n') {
            *ret_site = f->sites.text[i];
            *ret_circuit = pair + len + 1;
            return 0;
        }
    }
    return -ENOENT;
}

void bw_josefile_span(struct bw_records *r,
                      int64_t *ret_from_unix_s,
                      int64_t *ret_to_unix_s)
{
    *ret_from_unix_s = of(r)->from_unix_s;
    *ret_to_unix_s = of(r)->to_unix_s;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * without.c - records as a report reads them.
 *
 * Days that nothing concerns come from where the records are kept, as they are. A day that
 * something concerns is folded here from its signed records, one by one; a day depends on
 * no other (fold.h), so both give the same day where nothing is taken out. */
#include "without_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <fold.h>
#include <grow.h>
#include <hash.h>
#include <payload.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    BESIDE_DAYS = 2,    /* around the period, for runs that reach into it */
    PREFIX_CHARS = 1600 /* of base64: the members up to "agent" */
};

struct bw_without {
    struct bw_records base; /* first: a bw_without is a bw_records */
    struct bw_without_ask ask;
    int64_t first_day_unix_s;
    bool *touched; /* [n_days] */
    size_t n_days;
    struct bw_without_count *errata;
    struct bw_without_count *keys;
    struct {
        struct bw_without_span *list;
        size_t n;
        size_t cap;
    } spans[BW_WITHOUT_SPANS];
    struct bw_payload payload;
    struct bw_buf json;
    struct bw_buf jws;
};

static struct bw_without *of(struct bw_records *r)
{
    return (struct bw_without *)(void *)r;
}

static int64_t floor_day(int64_t unix_s)
{
    int64_t rest = unix_s % DAY_S;
    return unix_s - (rest < 0 ? rest + DAY_S : rest);
}

/* ---- which days ------------------------------------------------------------------ */

static void touch(struct bw_without *a, int64_t from_unix_s, int64_t to_unix_s)
{
    int64_t day = a->first_day_unix_s;
    for (size_t i = 0; i < a->n_days; i++, day += DAY_S) {
        a->touched[i] |= from_unix_s < day + DAY_S && to_unix_s > day;
    }
}

static bool is_touched(const struct bw_without *a, int64_t day_unix_s)
{
    int64_t i = (day_unix_s - a->first_day_unix_s) / DAY_S;
    return i >= 0 && i < (int64_t)a->n_days && a->touched[i];
}

/* The record's program, from the first of its bytes; "" where it does not stand there. */
static void agent_of(const struct bw_record *rec, char out[64])
{
    static const char mark[] = ",\"agent\":\"";
    char json[PREFIX_CHARS];
    size_t n = 0;
    const char *text = bw_payload_text(rec, &n);
    long got;
    out[0] = '\0';
    n = n < PREFIX_CHARS ? n : PREFIX_CHARS;
    n -= n % 4; /* whole groups decode by themselves */
    got = text ? bw_b64_decode(text, n, json, sizeof(json) - 1) : -EINVAL;
    if (got < 0) {
        return;
    }
    json[got] = '\0';
    const char *at = strstr(json, mark);
    if (at) {
        at += sizeof(mark) - 1;
        n = strcspn(at, "\"");
        if (n < 64 && at[n]) {
            memcpy(out, at, n);
            out[n] = '\0';
        }
    }
}

static int look(void *owner, const struct bw_record *rec)
{
    struct bw_without *a = owner;
    char agent[64];
    bool hit = bw_without_key_of(&a->ask, rec->kid, rec->received_unix_ms) >= 0;
    if (!hit) {
        agent_of(rec, agent);
    }
    for (size_t i = 0; i < a->ask.n_errata && !hit; i++) {
        const struct bw_erratum_said *e = &a->ask.errata[i];
        hit = e->about.of == BW_ERRATUM_OF_SOFTWARE &&
              e->erratum.action == BW_ERRATUM_EXCLUDE &&
              bw_erratum_of_agent(&e->about, &e->erratum, agent);
    }
    if (hit) { /* a run of it may have begun so long before */
        touch(a, rec->start_unix_s - BW_FOLD_TAIL_S, rec->start_unix_s + 1);
    }
    return 0;
}

/* Days are known by time where an erratum has both; else the records are asked. */
static int find_days(struct bw_without *a, struct bw_err *reterr)
{
    bool ask = a->ask.n_keys > 0;
    for (size_t i = 0; i < a->ask.n_errata; i++) {
        const struct bw_erratum *e = &a->ask.errata[i].erratum;
        if (a->ask.errata[i].about.of == BW_ERRATUM_OF_SOFTWARE) {
            ask |= e->action == BW_ERRATUM_EXCLUDE;
        } else if (e->action == BW_ERRATUM_EXCLUDE) {
            touch(a, e->from_unix_s - BW_FOLD_TAIL_S, e->to_unix_s);
        }
    }
    return ask ? bw_records_each(a->ask.records, a->ask.site, a->first_day_unix_s,
                                 a->first_day_unix_s + (int64_t)a->n_days * DAY_S, look, a,
                                 reterr)
               : 0;
}

/* ---- one day, folded -------------------------------------------------------------- */

struct kept {
    char *jws;
    size_t n;
    char kid[BW_KID_LEN + 1];
    int64_t seq;
    int64_t start_unix_s;
    int64_t received_unix_ms;
};

struct folding {
    struct bw_without *a;
    struct kept *list;
    size_t n;
    size_t cap;
};

static int keep(void *owner, const struct bw_record *rec)
{
    struct folding *f = owner;
    struct kept *k;
    void *room = bw_grow(f->list, f->n, &f->cap, sizeof(*f->list));
    if (!room) {
        return -ENOMEM;
    }
    f->list = room;
    k = &f->list[f->n];
    *k = (struct kept){.jws = bw_copy(rec->jws, rec->jws_len),
                       .n = rec->jws_len,
                       .seq = rec->seq,
                       .start_unix_s = rec->start_unix_s,
                       .received_unix_ms = rec->received_unix_ms};
    memcpy(k->kid, rec->kid, sizeof(k->kid));
    if (!k->jws) {
        return -ENOMEM;
    }
    f->n++;
    return 0;
}

static int by_start(const void *x, const void *y)
{
    const struct kept *a = x;
    const struct kept *b = y;
    int kid = strcmp(a->kid, b->kid);
    if (a->start_unix_s != b->start_unix_s) {
        return a->start_unix_s < b->start_unix_s ? -1 : 1;
    }
    return kid ? kid : (a->seq > b->seq) - (a->seq < b->seq);
}

static bool same_record(const struct kept *a, const struct kept *b)
{
    return a->n == b->n && memcmp(a->jws, b->jws, a->n) == 0;
}

/* Spans of a kind are in order and apart from each other, however often and in whatever
 * order their records are heard: a day's end is heard again with the next day. */
static int add_span(struct bw_without *a,
                    enum bw_without_kind kind,
                    int64_t from_unix_s,
                    int64_t to_unix_s)
{
    size_t n = a->spans[kind].n;
    size_t at = n;
    struct bw_without_span *list =
        bw_grow(a->spans[kind].list, n, &a->spans[kind].cap, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    a->spans[kind].list = list;
    while (at > 0 && list[at - 1].from_unix_s > from_unix_s) {
        at--;
    }
    if (at > 0 && list[at - 1].to_unix_s >= from_unix_s) {
        at--;
    } else {
        memmove(&list[at + 1], &list[at], (n - at) * sizeof(*list));
        list[at] = (struct bw_without_span){
            .kind = kind, .from_unix_s = from_unix_s, .to_unix_s = to_unix_s};
        n++;
    }
    if (list[at].to_unix_s < to_unix_s) {
        list[at].to_unix_s = to_unix_s;
    }
    while (at + 1 < n && list[at + 1].from_unix_s <= list[at].to_unix_s) {
        if (list[at].to_unix_s < list[at + 1].to_unix_s) {
            list[at].to_unix_s = list[at + 1].to_unix_s;
        }
        memmove(&list[at + 1], &list[at + 2], (n - at - 2) * sizeof(*list));
        n--;
    }
    a->spans[kind].n = n;
    return 0;
}

static int note_spans(struct bw_without *a,
                      const struct bw_summary *s,
                      const struct bw_without_done *done)
{
    int r = 0;
    if (done->outcome == BW_WITHOUT_DROPPED) {
        return add_span(a, done->dropped_for, s->start_unix_s, s->end_unix_s);
    }
    if (done->counters) {
        r = add_span(a, BW_WITHOUT_SPAN_COUNTERS, s->start_unix_s, s->end_unix_s);
    }
    return r == 0 && done->outages && s->start_unix_s >= a->ask.from_unix_s &&
                   s->start_unix_s < a->ask.to_unix_s
               ? add_span(a, BW_WITHOUT_SPAN_OUTAGES, s->start_unix_s, s->end_unix_s)
               : r;
}

/* Take a record's payload apart. 1: *ret is to be done with; 0: a newer version's. */
static int decode(struct bw_without *a,
                  const struct bw_record *rec,
                  struct bw_summary *ret,
                  struct bw_err *e)
{
    int r = bw_payload_take(&a->payload, rec, e);
    r = r < 0 ? r : bw_summary_decode(a->payload.json, a->payload.len, ret, e);
    a->payload.len = 0; /* the decoder takes it apart in place */
    a->payload.sha256[0] = '\0';
    return r == -BW_ENEWER ? 0 : r < 0 ? r : 1;
}

static int fold_one(struct bw_without *a,
                    const struct kept *k,
                    struct bw_fold *fold,
                    struct bw_err *reterr)
{
    struct bw_record rec = {.jws = k->jws, .jws_len = k->n, .seq = k->seq};
    struct bw_fold_meta meta = {.received_unix_ms = k->received_unix_ms};
    struct bw_without_done done;
    struct bw_summary s;
    memcpy(rec.kid, k->kid, sizeof(rec.kid));
    int r = decode(a, &rec, &s, reterr);
    if (r <= 0) {
        return r;
    }
    r = bw_without_apply(&a->ask, &s, k->kid, k->received_unix_ms, false, NULL, NULL,
                         &done);
    r = r < 0 ? r : note_spans(a, &s, &done);
    if (r == 0 && done.outcome != BW_WITHOUT_DROPPED) {
        r = bw_fold_add(fold, &s, &meta, reterr);
    }
    bw_summary_done(&s);
    return r;
}

static int fold_day(struct bw_without *a,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    bw_day_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct folding f = {.a = a};
    struct bw_fold *fold = NULL;
    int r = bw_records_each(a->ask.records, a->ask.site, from_unix_s,
                            bw_fold_heard_to(to_unix_s), keep, &f, reterr);
    r = r < 0 ? r
              : bw_fold_new(a->ask.site, a->ask.circuit, from_unix_s, to_unix_s, cb, owner,
                            &fold);
    if (r == 0 && f.n > 0) {
        qsort(f.list, f.n, sizeof(*f.list), by_start);
    }
    for (size_t i = 0; i < f.n && r == 0; i++) {
        if (i == 0 || !same_record(&f.list[i - 1], &f.list[i])) {
            r = fold_one(a, &f.list[i], fold, reterr);
        }
    }
    r = r == 0 ? bw_fold_finish(fold, reterr) : r;
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    bw_fold_free(fold);
    for (size_t i = 0; i < f.n; i++) {
        free(f.list[i].jws);
    }
    free(f.list);
    return r;
}

/* ---- as records -------------------------------------------------------------------- */

static int days(struct bw_records *base,
                const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct bw_without *a = of(base);
    int64_t at = from_unix_s;
    int r = 0;
    if (strcmp(site, a->ask.site) != 0 || strcmp(circuit, a->ask.circuit) != 0) {
        return bw_records_days(a->ask.records, site, circuit, from_unix_s, to_unix_s, cb,
                               owner, reterr);
    }
    while (r == 0 && at < to_unix_s) {
        int64_t next = floor_day(at) + DAY_S;
        bool touched = is_touched(a, floor_day(at));
        while (!touched && next < to_unix_s && !is_touched(a, next)) {
            next += DAY_S;
        }
        next = next < to_unix_s ? next : to_unix_s;
        r = touched ? fold_day(a, at, next, cb, owner, reterr)
                    : bw_records_days(a->ask.records, site, circuit, at, next, cb, owner,
                                      reterr);
        at = next;
    }
    return r;
}

struct walking {
    struct bw_without *a;
    int64_t to_unix_s;
    bw_record_cb cb;
    void *owner;
    struct bw_err *reterr;
};

/* The record with another payload between its header and its signature. Which runs are set
 * apart is told by days. */
static int rewrite(struct bw_without *a,
                   const struct bw_record *rec,
                   struct bw_summary *s,
                   struct bw_err *reterr)
{
    size_t n = 0;
    const char *text = bw_payload_text(rec, &n);
    bw_buf_clear(&a->json);
    bw_buf_clear(&a->jws);
    bw_without_unmark(s);
    int r = bw_summary_encode(s, &a->json, reterr);
    if (r < 0 || !text) {
        return r < 0 ? bw_err_prefix(reterr, r, "what an erratum leaves of record %lld",
                                     (long long)rec->seq)
                     : -BW_EMALFORMED;
    }
    bw_buf_add(&a->jws, rec->jws, (size_t)(text - rec->jws));
    bw_b64_append(&a->jws, a->json.data, a->json.len);
    bw_buf_add(&a->jws, text + n, rec->jws_len - (size_t)(text + n - rec->jws));
    return bw_buf_error(&a->jws);
}

static int pass(void *owner, const struct bw_record *rec)
{
    struct walking *w = owner;
    struct bw_without *a = w->a;
    bool behind = rec->start_unix_s >= w->to_unix_s;
    struct bw_without_done done;
    struct bw_summary s;
    int r = decode(a, rec, &s, w->reterr);
    if (r <= 0) {
        return r < 0 ? r : behind ? 0 : w->cb(w->owner, rec);
    }
    r = bw_without_apply(&a->ask, &s, rec->kid, rec->received_unix_ms, behind, a->errata,
                         a->keys, &done);
    if (r == 0 && !behind && done.outcome == BW_WITHOUT_CHANGED) {
        struct bw_record changed = *rec;
        r = rewrite(a, rec, &s, w->reterr);
        changed.jws = a->jws.data;
        changed.jws_len = a->jws.len;
        r = r < 0 ? r : w->cb(w->owner, &changed);
    } else if (r == 0 && !behind && done.outcome == BW_WITHOUT_SAME) {
        r = w->cb(w->owner, rec);
    }
    bw_summary_done(&s);
    return r;
}

static int each(struct bw_records *base,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct bw_without *a = of(base);
    struct walking w = {
        .a = a, .to_unix_s = to_unix_s, .cb = cb, .owner = owner, .reterr = reterr};
    memset(a->errata, 0, a->ask.n_errata * sizeof(*a->errata));
    memset(a->keys, 0, a->ask.n_keys * sizeof(*a->keys));
    return bw_records_each(a->ask.records, site, from_unix_s, to_unix_s + BW_FOLD_TAIL_S,
                           pass, &w, reterr);
}

/* The records stay those of whoever asked. */
static void close_nothing(struct bw_records *base)
{
    (void)base;
}

static const struct bw_records_ops ops = {
    .each = each, .days = days, .close = close_nothing};

int bw_without_new(const struct bw_without_ask *ask,
                   struct bw_without **ret,
                   struct bw_err *reterr)
{
    struct bw_without *a = calloc(1, sizeof(*a));
    int r = a ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    a->base.ops = &ops;
    a->ask = *ask;
    bw_buf_init(&a->json, BW_PAYLOAD_MAX);
    bw_buf_init(&a->jws, (size_t)2 * BW_JWS_MAX);
    a->first_day_unix_s = floor_day(ask->from_unix_s) - (int64_t)BESIDE_DAYS * DAY_S;
    a->n_days = (size_t)((ask->to_unix_s - a->first_day_unix_s) / DAY_S + 1 + BESIDE_DAYS);
    a->touched = calloc(a->n_days, sizeof(*a->touched));
    a->errata = calloc(ask->n_errata + 1, sizeof(*a->errata));
    a->keys = calloc(ask->n_keys + 1, sizeof(*a->keys));
    r = a->touched && a->errata && a->keys ? find_days(a, reterr) : -ENOMEM;
    if (r == 0) {
        *ret = a;
        a = NULL;
    }
out:
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    bw_without_free(a);
    return r;
}

void bw_without_free(struct bw_without *a)
{
    if (a) {
        for (size_t i = 0; i < BW_WITHOUT_SPANS; i++) {
            free(a->spans[i].list);
        }
        free(a->touched);
        free(a->errata);
        free(a->keys);
        bw_buf_done(&a->json);
        bw_buf_done(&a->jws);
        free(a);
    }
}

struct bw_records *bw_without_records(struct bw_without *a)
{
    return &a->base;
}

const struct bw_without_count *bw_without_of_erratum(const struct bw_without *a, size_t i)
{
    return &a->errata[i];
}

const struct bw_without_count *bw_without_of_key(const struct bw_without *a, size_t i)
{
    return &a->keys[i];
}

const struct bw_without_span *
bw_without_spans(const struct bw_without *a, enum bw_without_kind kind, size_t *ret_n)
{
    *ret_n = a->spans[kind].n;
    return a->spans[kind].list;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_apart.c - records without what errata and compromised keys set apart, and what that
 * came to.
 *
 * Invariant: what is set apart is told where it would have counted: runs by their reason,
 * time without a record or a count by the cause of its gap. */
#include "model_private.h"

#include "witness.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bw_model_apart_begin(struct bw_model *m, struct bw_err *reterr)
{
    const struct bw_report_query *q = m->query;
    size_t n_keys = 0;

    m->records = q->records;
    m->report->errata.n_unread = q->n_unread_errata;
    m->apart_keys = bw_model_array(q->n_keys + 1, sizeof(*m->apart_keys));
    if (!m->apart_keys) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < q->n_keys; i++) {
        if (q->keys[i].revoked_unix_s != BW_UNKNOWN) {
            struct bw_without_key *k = &m->apart_keys[n_keys++];
            memcpy(k->kid, q->keys[i].kid, sizeof(k->kid));
            k->from_unix_s = q->keys[i].revoked_unix_s;
        }
    }
    if (n_keys == 0 && q->n_errata == 0) {
        return 0;
    }
    int rc = bw_without_new(&(struct bw_without_ask){.records = q->records,
                                                     .site = q->site,
                                                     .circuit = q->circuit,
                                                     .from_unix_s = q->from_unix_s,
                                                     .to_unix_s = q->to_unix_s,
                                                     .errata = q->errata,
                                                     .n_errata = q->n_errata,
                                                     .keys = m->apart_keys,
                                                     .n_keys = n_keys},
                            &m->apart, reterr);
    if (rc == 0) {
        m->records = bw_without_records(m->apart);
    }
    return rc;
}

void bw_model_apart_done(struct bw_model *m)
{
    bw_without_free(m->apart);
    free(m->apart_keys);
}

static const struct bw_without_span *
spans(const struct bw_model *m, enum bw_without_kind kind, size_t *ret_n)
{
    *ret_n = 0;
    return m->apart ? bw_without_spans(m->apart, kind, ret_n) : NULL;
}

bool bw_model_apart_all(const struct bw_model *m)
{
    size_t errata;
    size_t keys;

    (void)spans(m, BW_WITHOUT_SPAN_ERRATUM, &errata);
    (void)spans(m, BW_WITHOUT_SPAN_KEY, &keys);
    return errata + keys > 0;
}

int64_t bw_model_apart_until(const struct bw_model *m,
                             enum bw_without_kind kind,
                             int64_t from_unix_s,
                             int64_t to_unix_s)
{
    size_t n;
    const struct bw_without_span *s = spans(m, kind, &n);

    for (size_t i = 0; i < n && from_unix_s < to_unix_s; i++) {
        if (s[i].from_unix_s <= from_unix_s && s[i].to_unix_s > from_unix_s) {
            from_unix_s = min64(s[i].to_unix_s, to_unix_s);
        }
    }
    return from_unix_s;
}

int64_t bw_model_apart_s(const struct bw_model *m,
                         enum bw_without_kind kind,
                         int64_t from_unix_s,
                         int64_t to_unix_s)
{
    int64_t total_s = 0;
    size_t n;
    const struct bw_without_span *s = spans(m, kind, &n);

    for (size_t i = 0; i < n; i++) {
        int64_t from = max64(s[i].from_unix_s, from_unix_s);
        int64_t to = min64(s[i].to_unix_s, to_unix_s);
        total_s += to > from ? to - from : 0;
    }
    return total_s;
}

/* No cell is watched that an interval without outages reaches into. */
static void forget_watched(struct bw_model *m)
{
    size_t n;
    const struct bw_without_span *s = spans(m, BW_WITHOUT_SPAN_OUTAGES, &n);
    int64_t first = m->report->from_unix_s - m->report->from_unix_s % BW_CELL_S;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m->n_watch; k++) {
            int64_t at = first + (int64_t)k * BW_CELL_S;
            if (at < s[i].to_unix_s && at + BW_CELL_S > s[i].from_unix_s) {
                m->watch[k].watched_s = 0;
            }
        }
    }
}

static struct bw_report_key *key_of(struct bw_report *r, const char *kid)
{
    for (size_t i = 0; i < r->counts.n_keys; i++) {
        if (strcmp(r->counts.keys[i].kid, kid) == 0) {
            return &r->counts.keys[i];
        }
    }
    return NULL;
}

static int tell_keys(struct bw_model *m)
{
    const struct bw_report_query *q = m->query;
    size_t at = 0;

    for (size_t i = 0; i < q->n_keys; i++) {
        const struct bw_report_keyfact *f = &q->keys[i];
        bool revoked = f->revoked_unix_s != BW_UNKNOWN;
        int64_t n = revoked && m->apart ? bw_without_of_key(m->apart, at)->records : 0;
        struct bw_report_key *k = key_of(m->report, f->kid);
        at += revoked;
        if (!k && n > 0) { /* all of its records are set apart: told as well */
            k = bw_model_key_add(m, f->kid);
        }
        if (k) {
            k->n_apart = n;
            k->from_unix_s = f->from_unix_s;
            k->revoked_unix_s = f->revoked_unix_s;
            memcpy(k->revoked_why, f->why, sizeof(k->revoked_why));
            memcpy(k->revoked_by, f->by, sizeof(k->revoked_by));
            k->replaced_unix_s = f->replaced_unix_s;
            if (f->replaced_unix_s != BW_UNKNOWN) {
                memcpy(k->replaced_by, f->replaced_by, sizeof(k->replaced_by));
                memcpy(k->replaced_why, f->replaced_why, sizeof(k->replaced_why));
                memcpy(k->replaced_said_by, f->replaced_said_by,
                       sizeof(k->replaced_said_by));
            }
            if (!k->prev_kid[0]) {
                memcpy(k->prev_kid, f->prev_kid, sizeof(k->prev_kid));
            }
        } else if (n > 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

int bw_model_apart_end(struct bw_model *m)
{
    const struct bw_report_query *q = m->query;
    struct bw_report_errata *e = &m->report->errata;

    forget_watched(m);
    if (q->n_errata > 0) {
        e->list = bw_model_array(q->n_errata, sizeof(*e->list));
        if (!e->list) {
            return -ENOMEM;
        }
    }
    for (size_t i = 0; i < q->n_errata; i++) {
        const struct bw_without_count *c = bw_without_of_erratum(m->apart, i);
        if (c->records > 0 || c->runs > 0) {
            e->list[e->n++] = (struct bw_report_erratum){.said = q->errata[i],
                                                         .n_records = c->records,
                                                         .n_intervals = c->intervals,
                                                         .n_runs = c->runs};
        }
    }
    return tell_keys(m);
}

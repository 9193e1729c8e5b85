/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_make.c - what follows from a bag's members: are the signatures right, and the
 * report.
 *
 * Invariant: members are the only input. Whoever packs and whoever checks call this
 * alike, so a difference between them is a difference of the members. */
#include "bundle_private.h"

#include "bound.h"
#include "buf.h"
#include "jws.h"
#include "origin.h"
#include "terms.h"
#include "tz.h"
#include "until.h"

#include <evrule.h>

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MIN = 64 /* bytes of a record; its signature alone has 86 */
};

/* Signatures are checked beside the report, which needs as long. */
struct checking {
    struct bw_bundle_made *made;
    atomic_int per_mille;
    pthread_t thread;
    bool runs;
    int r;
    struct bw_err err;
};

struct making {
    const struct bw_bundle_view *view;
    struct bw_bundle_made *made;
    struct checking checking;
    bw_bundle_progress_cb progress;
    void *owner;
    int report_per_mille;
    int64_t until_unix_s; /* of what statements say (until.h) */
};

static int find(struct making *k,
                const char *name,
                const struct bw_bag_member **ret,
                struct bw_err *reterr)
{
    *ret = k->view->find(k->view->owner, name);
    return *ret ? 0 : bw_err_set(reterr, -ENOENT, "%s: is missing", name);
}

static void note_check(void *owner, int per_mille)
{
    struct checking *c = owner;

    atomic_store(&c->per_mille, per_mille);
}

static void *check_all(void *owner)
{
    struct checking *c = owner;

    c->r = bw_check_bytes(c->made->lines.data, c->made->lines.n, c->made->check, note_check,
                          c, &c->made->result, &c->err);
    atomic_store(&c->per_mille, 1000);
    return NULL;
}

static int start_check(struct making *k, struct bw_err *reterr)
{
    struct checking *c = &k->checking;
    struct bw_check_opts opts = {.keys = k->made->keys,
                                 .n_keys = k->made->n_keys,
                                 .log_keys = k->view->log_keys,
                                 .n_log_keys = k->view->n_log_keys,
                                 .partial = true};
    int r = bw_bundle_records_read(k->view, &k->made->lines, reterr);

    if (r < 0) {
        return r;
    }
    if (opts.n_log_keys == 0) { /* the bag's own word then */
        opts.log_keys = k->made->log_keys;
        opts.n_log_keys = k->made->n_log_keys;
        opts.some_log_keys = true;
    }
    r = bw_check_new(&opts, &k->made->check);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    c->made = k->made;
    r = -pthread_create(&c->thread, NULL, check_all, c);
    c->runs = r == 0;
    if (r < 0) {
        (void)check_all(c); /* no thread to be had: one after the other */
    }
    return 0;
}

static int end_check(struct making *k, struct bw_err *reterr)
{
    struct checking *c = &k->checking;

    if (c->runs) {
        (void)pthread_join(c->thread, NULL);
        c->runs = false;
    }
    if (c->r < 0) {
        return bw_err_set(reterr, c->r, "%s: %.300s", k->made->lines.name, c->err.text);
    }
    return 0;
}

/* ---- members --------------------------------------------------------------------- */

static int read_query(struct making *k, struct bw_err *reterr)
{
    const struct bw_bag_member *m;
    int r = find(k, BW_IN_QUERY, &m, reterr);

    if (r == 0) {
        r = bw_bundle_query_read(m->data, m->n, &k->made->query, reterr);
        r = r < 0 ? bw_err_prefix(reterr, r, "%s", BW_IN_QUERY) : 0;
    }
    return r;
}

static int read_zone(struct making *k, struct bw_err *reterr)
{
    const char *name = k->made->query.tz_member;
    const struct bw_bag_member *m;
    int r = find(k, name, &m, reterr);

    if (r == 0) {
        r = bw_tz_parse(k->made->query.tz_name, m->data, m->n, &k->made->tz, reterr);
        r = r < 0 ? bw_err_prefix(reterr, r, "%s", name) : 0;
    }
    return r;
}

static int read_key_set(const struct bw_bag_member *m,
                        struct bw_pubkey **ret,
                        size_t *ret_n,
                        struct bw_err *reterr)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, BW_BUNDLE_KEYS_MAX);
    bw_buf_add(&text, m->data, m->n); /* ends in NUL */
    r = bw_buf_error(&text)
            ? bw_err_set(reterr, bw_buf_error(&text), "is too large")
            : bw_keys_parse(text.data ? text.data : "", text.len, ret, ret_n, reterr);
    bw_buf_done(&text);
    return r < 0 ? bw_err_prefix(reterr, r, "%s", m->name) : 0;
}

/* The box's keys, and the collector's where the bag has it. */
static int read_keys(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *made = k->made;
    const struct bw_bag_member *log = k->view->find(k->view->owner, BW_IN_LOG_KEYS);
    struct bw_bag_member log_copy;
    const struct bw_bag_member *m;
    int r;

    if (log) { /* lent until the next find */
        log_copy = *log;
        r = read_key_set(&log_copy, &made->log_keys, &made->n_log_keys, reterr);
        if (r < 0) {
            return r;
        }
    }
    r = find(k, BW_IN_KEYS, &m, reterr);
    return r < 0 ? r : read_key_set(m, &made->keys, &made->n_keys, reterr);
}

static int read_history(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    const struct bw_bag_member *x = k->view->find(k->view->owner, BW_IN_KEY_HISTORY);
    int r = x ? bw_bundle_keys_read(x, &m->keyfacts, &m->n_keyfacts, reterr) : 0;

    return r < 0 ? bw_err_prefix(reterr, r, "%s", BW_IN_KEY_HISTORY) : 0;
}

static int read_records(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    const struct bw_bag_member *taken = k->view->find(k->view->owner, BW_IN_TAKEN);
    size_t n_taken = 0;
    int r = 0;

    if (taken) {
        r = bw_bundle_taken_read(taken->data, taken->n, m->lines.n / LINE_MIN, &m->taken,
                                 &n_taken, reterr);
        if (r < 0) {
            return bw_err_prefix(reterr, r, "%s", BW_IN_TAKEN);
        }
    }
    return bw_josefile_open_bytes(m->lines.name, m->lines.data, m->lines.n, m->taken,
                                  n_taken, &m->records, reterr);
}

static int read_statements(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    const struct bw_bag_member *x = k->view->find(k->view->owner, BW_IN_STATEMENTS);
    const struct bw_bundle_query *q = &m->query;
    int r = bw_until_find(m->records, q->site, q->circuit, q->from_unix_s, q->to_unix_s,
                          q->made_unix_s, &k->until_unix_s, reterr);

    if (r < 0) {
        return r; /* its sentence names the records */
    }
    r = x ? bw_bundle_said_read(x, q, m->tz, k->until_unix_s, &m->said, reterr) : 0;
    for (size_t i = 0; !x && r == 0 && i < m->query.n_claims; i++) {
        if (strstr(m->query.claims[i].origin, BW_BOUND_MARK)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "is missing, but %s names what it binds",
                           BW_IN_QUERY);
        }
    }
    if (x && r == 0) {
        bw_report_judging_said(&m->judging, &m->said.contract, m->query.has_terms);
    }
    return r < 0 ? bw_err_prefix(reterr, r, "%s", BW_IN_STATEMENTS) : 0;
}

/* ---- calendars and rules --------------------------------------------------------- */

static int read_calendars(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_query *q = &k->made->query;
    int r = 0;

    for (size_t i = 0; r == 0 && i < q->n_calendars; i++) {
        char name[BW_BAG_NAME_MAX + 1];
        const struct bw_bag_member *m;
        bw_bundle_calendar_member(i, name);
        r = find(k, name, &m, reterr);
        if (r == 0) {
            r = bw_schoolcal_decode(m->data, m->n, &k->made->cals[i], reterr);
            r = r < 0 ? bw_err_prefix(reterr, r, "%s", name) : 0;
        }
        if (r == 0 && strcmp(bw_schoolcal_spec(k->made->cals[i])->zone, q->tz_name) != 0) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "%s: is in another time zone", name);
        }
        q->calendars[i].cal = k->made->cals[i];
    }
    return r;
}

/* A member as text that ends in NUL. */
static int
text_of(struct making *k, const char *name, struct bw_buf *out, struct bw_err *reterr)
{
    const struct bw_bag_member *m;
    int r = find(k, name, &m, reterr);

    bw_buf_clear(out);
    if (r == 0) {
        bw_buf_add(out, m->data, m->n);
        r = bw_buf_error(out) || !out->data
                ? bw_err_set(reterr, -BW_EMALFORMED, "%s: empty, or too large", name)
                : 0;
    }
    return r;
}

static int read_rules(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    struct bw_bundle_query *q = &m->query;
    char name[BW_BAG_NAME_MAX + 1];
    struct bw_buf text;
    int r = 0;

    m->judging =
        (struct bw_report_judging){.terms = bw_finding_terms_none,
                                   .adoptions = q->adoptions,
                                   .n_adoptions = q->n_adoptions,
                                   .students = q->students,
                                   .users = q->users,
                                   .users_are = q->users_are[0] ? q->users_are : NULL};
    m->rules = calloc(q->n_rules + 1, sizeof(*m->rules));
    if (!m->rules) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
    for (size_t i = 0; r == 0 && i < q->n_rules; i++) {
        (void)snprintf(name, sizeof(name), "%s%s.conf", BW_IN_RULES, q->rules[i]);
        r = text_of(k, name, &text, reterr);
        r = r < 0 ? r
                  : bw_evrule_parse(text.data, text.len, name, q->rules[i], &m->rules[i],
                                    reterr);
    }
    if (r == 0 && q->has_terms) {
        r = text_of(k, BW_IN_TERMS, &text, reterr);
        r = r < 0 ? r
                  : bw_terms_parse(text.data, text.len, BW_IN_TERMS, &m->judging.terms,
                                   reterr);
    }
    m->judging.rules = m->rules;
    m->judging.n_rules = q->n_rules;
    bw_buf_done(&text);
    return r;
}

/* ---- the report ------------------------------------------------------------------ */

static void show(struct making *k)
{
    int checked = atomic_load(&k->checking.per_mille);

    if (k->progress) {
        k->progress(k->owner, "records", (checked + k->report_per_mille) / 2);
    }
}

static void show_report(void *owner, const char *what, int64_t done, int64_t total)
{
    struct making *k = owner;

    (void)what;
    if (total > 0 && done <= total) {
        k->report_per_mille = (int)((double)done * 1000 / (double)total);
    }
    show(k);
}

static int config_claim(void *owner, const char *config_sha256, struct bw_report_claim *ret)
{
    struct making *k = owner;
    char name[BW_BAG_NAME_MAX + 1];
    const struct bw_bag_member *m;
    struct bw_buf text;
    int r;

    (void)snprintf(name, sizeof(name), "%s%s.conf", BW_IN_CONFIGURATIONS, config_sha256);
    m = k->view->find(k->view->owner, name);
    if (!m) {
        return -ENOENT;
    }
    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
    bw_buf_add(&text, m->data, m->n);
    r = bw_buf_error(&text) || !text.data
            ? -ENOENT
            : bw_origin_read_config(text.data, text.len, config_sha256,
                                    k->made->query.circuit, ret);
    bw_buf_done(&text);
    return r;
}

static int make_report(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    struct bw_bundle_query *q = &m->query;
    struct bw_report_query ask = {.records = m->records,
                                  .site = q->site,
                                  .circuit = q->circuit,
                                  .from_unix_s = q->from_unix_s,
                                  .to_unix_s = q->to_unix_s,
                                  .tz = m->tz,
                                  .tz_origin = q->tz_origin,
                                  .class_hours = q->class_hours,
                                  .claims = q->claims,
                                  .n_claims = q->n_claims,
                                  .config_claim = config_claim,
                                  .annotations = m->said.annotations,
                                  .n_annotations = m->said.n_annotations,
                                  .n_unread_annotations = m->said.n_unread,
                                  .replies = m->said.replies,
                                  .log = m->log.there ? &m->log : NULL,
                                  .n_replies = m->said.n_replies,
                                  .n_unread_replies = m->said.n_unread_replies,
                                  .errata = m->said.errata,
                                  .n_errata = m->said.n_errata,
                                  .n_unread_errata = m->said.n_unread_errata,
                                  .keys = m->keyfacts,
                                  .n_keys = m->n_keyfacts,
                                  .bindings = m->said.bindings,
                                  .n_bindings = m->said.n_bindings,
                                  .calendars = q->calendars,
                                  .n_calendars = q->n_calendars,
                                  .judging = q->judged ? &m->judging : NULL,
                                  .place = q->place,
                                  .monthly_cents =
                                      q->monthly_cents > 0 ? q->monthly_cents : 0,
                                  .origin = q->origin,
                                  .origin_text = q->origin_text,
                                  .made_unix_s = q->made_unix_s,
                                  .check = BW_CHECK_NOT_DONE,
                                  .check_text = "",
                                  .progress = show_report,
                                  .owner = k};
    int r = bw_report_make(&ask, &m->report, reterr);

    k->report_per_mille = 1000;
    return r;
}

/* Where records are set apart the report may end before: what was filed is that of its end.
 */
static int read_filed(struct making *k, struct bw_err *reterr)
{
    struct bw_bundle_made *m = k->made;
    int64_t until = m->report->until_unix_s;
    const struct bw_bag_member *x = k->view->find(k->view->owner, BW_IN_STATEMENTS);
    int r = 0;

    if (x && until != k->until_unix_s) {
        r = bw_bundle_filed_read(x, &m->query, m->tz, until, &m->said, reterr);
    }
    return r < 0 ? bw_err_prefix(reterr, r, "%s", BW_IN_STATEMENTS) : 0;
}

int bw_bundle_make(const struct bw_bundle_view *v,
                   bw_bundle_progress_cb progress,
                   void *owner,
                   struct bw_bundle_made **ret,
                   struct bw_err *reterr)
{
    struct making k = {.view = v, .progress = progress, .owner = owner};
    struct bw_bundle_made *m = calloc(1, sizeof(*m));
    struct bw_err late = {""};
    int r = 0;

    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    k.made = m;
    r = read_query(&k, reterr);
    r = r < 0 ? r : read_zone(&k, reterr);
    r = r < 0 ? r : read_calendars(&k, reterr);
    r = r < 0 ? r : read_rules(&k, reterr);
    r = r < 0 ? r : read_keys(&k, reterr);
    r = r < 0 ? r : read_history(&k, reterr);
    r = r < 0 ? r : start_check(&k, reterr);
    if (r < 0) {
        goto out;
    }
    r = read_records(&k, reterr);
    r = r < 0 ? r : read_statements(&k, reterr);
    r = r < 0 ? r : bw_bundle_log_read(v, m, reterr);
    r = r < 0 ? r : make_report(&k, reterr);
    r = r < 0 ? r : read_filed(&k, reterr);
    show(&k);
    int checked = end_check(&k, r < 0 ? &late : reterr); /* the first fault is told */
    r = r < 0 ? r : checked;
    if (r == 0) {
        bw_origin_check_words(&m->result, &m->report->check, m->report->check_text);
        *ret = m;
        m = NULL;
    }
out:
    bw_bundle_made_free(m);
    return r;
}

void bw_bundle_made_free(struct bw_bundle_made *m)
{
    if (m) {
        bw_report_free(m->report);
        bw_records_close(m->records);
        bw_check_free(m->check);
        bw_tz_free(m->tz);
        free(m->taken);
        bw_bundle_room_done(&m->lines.room);
        free(m->said.annotations);
        free(m->said.bindings);
        bw_filed_done(&m->said.filed);
        free(m->said.replies);
        free(m->said.errata);
        free(m->keyfacts);
        for (size_t i = 0; i < BW_BUNDLE_CALENDARS_MAX; i++) {
            bw_schoolcal_free(m->cals[i]);
        }
        free(m->rules);
        free(m->keys);
        free(m->log_keys);
        free(m->told);
        free(m->looked);
        free(m);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued_changes.c - the question of a report that was given out, asked again: with the
 * errata of now, and without what changed of them.
 *
 * Invariant: both are asked of the same records, claims and calendars, so that what differs
 * between the two is what errata do, and neither a late record nor another version. */
#include "issued_private.h"

#include <bw/err.h>
#include <calendars.h>
#include <catalogue.h>
#include <contract.h>
#include <errno.h>
#include <evrule.h>
#include <origin.h>
#include <revocation.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

struct asking {
    struct bw_origin *origin;
    const struct bw_issued *e;
    struct bw_report_query q;
    struct bw_report_calendar calendars[BW_BUNDLE_CALENDARS_MAX];
    struct bw_calendars kept;
    struct bw_tz *tz;
    struct bw_annotation_said *annotations;
    struct bw_bound *bindings;
    struct bw_erratum_said *now; /* in force */
    struct bw_erratum_said *then;
    size_t n_now;
    size_t n_then;
    struct bw_evrule *rules; /* as they were then */
    struct bw_report_judging judging;
    struct bw_contract said;
    struct bw_report_keyfact *keys_now;
    struct bw_report_keyfact *keys_then;
    size_t n_keys;
};

static int config_claim(void *owner, const char *config_sha256, struct bw_report_claim *ret)
{
    struct asking *a = owner;
    return bw_origin_config_claim(a->origin, a->q.circuit, config_sha256, ret);
}

/* ---- what differs ------------------------------------------------------------------ */

static bool has(const struct bw_erratum_said *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Those in force now, but one. */
static int without(struct asking *a, const char *erratum, struct bw_err *reterr)
{
    a->then = calloc(a->n_now + 1, sizeof(*a->then));
    if (!a->then) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < a->n_now; i++) {
        if (strcmp(a->now[i].id, erratum) != 0) {
            a->then[a->n_then++] = a->now[i];
        }
    }
    return 0;
}

static int find_errata(struct asking *a, const char *erratum, struct bw_err *reterr)
{
    const struct bw_issued_head *h = &a->e->head;
    struct bw_catalogue *c = bw_origin_catalogue(a->origin);
    int64_t unread = 0;
    int r = bw_errata_read(c, h->site, h->circuit, h->from_unix_s, h->to_unix_s, BW_UNKNOWN,
                           &a->now, &a->n_now, &unread, reterr);
    if (r < 0 || erratum) {
        return r < 0 ? r : without(a, erratum, reterr);
    }
    return bw_errata_read(c, h->site, h->circuit, h->from_unix_s, h->to_unix_s,
                          h->statements, &a->then, &a->n_then, &unread, reterr);
}

/* As of when this key was revoked when the report was made: the entry says so. An entry of
 * before does not: then one whose revocation was said later was in force. */
static int64_t revoked_then(const struct asking *a, const struct bw_report_keyfact *k)
{
    struct bw_catalogue *c = bw_origin_catalogue(a->origin);
    struct bw_revocation why;
    int64_t said_unix_s = 0;
    char by[65];
    for (size_t n = 0; n < a->e->n_keys; n++) {
        if (strcmp(a->e->keys[n].kid, k->kid) == 0) {
            return a->e->keys[n].revoked_unix_s;
        }
    }
    if (a->e->has_keys || k->revoked_unix_s == BW_UNKNOWN) {
        return BW_UNKNOWN;
    }
    return c && bw_revocation_find(c, k->kid, &why, by, &said_unix_s, NULL) == 0 &&
                   said_unix_s > a->e->head.issued_unix_s
               ? BW_UNKNOWN
               : k->revoked_unix_s;
}

static int find_keys(struct asking *a, const char *erratum, struct bw_err *reterr)
{
    int r =
        bw_origin_keyfacts(a->origin, a->e->head.site, &a->keys_now, &a->n_keys, reterr);
    if (r < 0) {
        return r;
    }
    a->keys_then = calloc(a->n_keys + 1, sizeof(*a->keys_then));
    if (!a->keys_then) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < a->n_keys; i++) {
        struct bw_report_keyfact *k = &a->keys_then[i];
        *k = a->keys_now[i];
        k->revoked_unix_s = erratum ? k->revoked_unix_s : revoked_then(a, k);
    }
    return 0;
}

static bool same(const struct asking *a)
{
    bool is = a->n_now == a->n_then;
    for (size_t i = 0; i < a->n_now && is; i++) {
        is = has(a->then, a->n_then, a->now[i].id);
    }
    for (size_t i = 0; i < a->n_keys && is; i++) {
        is = a->keys_now[i].revoked_unix_s == a->keys_then[i].revoked_unix_s;
    }
    return is;
}

/* ---- the question again ------------------------------------------------------------- */

struct calendar_wanted {
    struct bw_calendars *kept;
    const struct bw_report_calendar *wanted;
    struct bw_err *err;
};

static int take_calendar(void *owner, const struct bw_said *said)
{
    struct calendar_wanted *w = owner;
    struct bw_calendar_kept *k = &w->kept->list[w->kept->n];
    int r = bw_schoolcal_decode(said->statement->body, said->statement->n_body, &k->cal,
                                w->err);
    w->kept->n += r == 0;
    return r;
}

static int find_calendars(struct asking *a, struct bw_err *reterr)
{
    const struct bw_bundle_query *b = &a->e->query;
    struct bw_catalogue *c = bw_origin_catalogue(a->origin);
    int r = 0;
    if (b->n_calendars == 0) {
        return 0;
    }
    a->kept.list = calloc(b->n_calendars, sizeof(*a->kept.list));
    a->kept.cap = b->n_calendars;
    if (!a->kept.list) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < b->n_calendars && r == 0; i++) {
        struct calendar_wanted w = {&a->kept, &b->calendars[i], reterr};
        if (!c || !b->calendars[i].id[0]) {
            return bw_err_set(reterr, -ENODATA,
                              "it was made by a calendar that is not on record");
        }
        r = c->ops->statement_find(c, b->calendars[i].id, take_calendar, &w, reterr);
        a->calendars[i] = b->calendars[i];
        a->calendars[i].cal = r == 0 ? a->kept.list[i].cal : NULL;
    }
    a->q.calendars = a->calendars;
    a->q.n_calendars = b->n_calendars;
    return r;
}

static int find_said(struct asking *a, struct bw_err *reterr)
{
    const struct bw_issued_head *h = &a->e->head;
    struct bw_catalogue *c = bw_origin_catalogue(a->origin);
    int r = bw_annotations_read(c, h->site, h->circuit, h->from_unix_s, h->to_unix_s,
                                &a->annotations, &a->q.n_annotations,
                                &a->q.n_unread_annotations, reterr);
    a->q.annotations = a->annotations;
    r = r < 0 ? r
              : bw_origin_bindings(a->origin, h->site, h->circuit, a->tz, h->from_unix_s,
                                   h->to_unix_s, &a->bindings, &a->q.n_bindings, reterr);
    a->q.bindings = a->bindings;
    return r;
}

static void miss(struct bw_issued_rules *rules, const char *what)
{
    size_t n = strlen(rules->missing);
    (void)snprintf(rules->missing + n, sizeof(rules->missing) - n, "%s%s", n ? ", " : "",
                   what);
}

/* Those by which it judged, to the byte. */
static int
find_rules(struct asking *a, struct bw_issued_rules *rules, struct bw_err *reterr)
{
    const struct bw_issued *e = a->e;
    a->rules = calloc(e->n_rules + 1, sizeof(*a->rules));
    if (!a->rules) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < e->n_rules; i++) {
        char name[BW_NAME_MAX + 40];
        size_t k = 0;
        while (k < rules->n && strcmp(rules->list[k].sha256, e->rules[i].sha256) != 0) {
            k++;
        }
        if (k < rules->n) {
            a->rules[a->judging.n_rules++] = rules->list[k];
            continue;
        }
        (void)snprintf(name, sizeof(name), "%s version %lld", e->rules[i].name,
                       (long long)e->rules[i].version);
        miss(rules, name);
    }
    a->judging.rules = a->rules;
    return 0;
}

static bool has_findings(const struct bw_issued_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (strcmp(rows->list[i].part[0], BW_ISSUED_FINDINGS) == 0) {
            return true;
        }
    }
    return false;
}

/* By the rules, adoptions and numbers of then; terms and people as they are on file. */
static int
find_judging(struct asking *a, struct bw_issued_rules *rules, struct bw_err *reterr)
{
    const struct bw_bundle_query *b = &a->e->query;
    int64_t until = b->made_unix_s < b->to_unix_s ? b->made_unix_s : b->to_unix_s;
    if (!b->judged || b->has_terms) {
        if (has_findings(&a->e->rows)) {
            miss(rules, b->judged ? "terms that were given with the command"
                                  : "adoptions of then");
        }
        return 0;
    }
    a->judging =
        (struct bw_report_judging){.terms = bw_finding_terms_none,
                                   .adoptions = b->adoptions,
                                   .n_adoptions = b->n_adoptions,
                                   .students = b->students,
                                   .users = b->users,
                                   .users_are = b->users_are[0] ? b->users_are : NULL};
    int r = find_rules(a, rules, reterr);
    r = r < 0 ? r
              : bw_contract_find(bw_origin_catalogue(a->origin), b->site, b->circuit, a->tz,
                                 b->from_unix_s, until, &a->said, reterr);
    if (r == 0) {
        bw_report_judging_said(&a->judging, &a->said, false);
        a->q.judging = &a->judging;
    }
    return r;
}

static int ask_again(struct asking *a, struct bw_issued_rules *rules, struct bw_err *reterr)
{
    const struct bw_bundle_query *b = &a->e->query;
    int r = bw_tz_load(b->tz_name, &a->tz, reterr);
    a->q = (struct bw_report_query){.records = bw_origin_records(a->origin),
                                    .site = b->site,
                                    .circuit = b->circuit,
                                    .from_unix_s = b->from_unix_s,
                                    .to_unix_s = b->to_unix_s,
                                    .tz = a->tz,
                                    .tz_origin = b->tz_origin,
                                    .class_hours = b->class_hours,
                                    .claims = b->claims,
                                    .n_claims = b->n_claims,
                                    .config_claim = config_claim,
                                    .place = b->place,
                                    .monthly_cents = b->monthly_cents,
                                    .origin = b->origin,
                                    .origin_text = b->origin_text,
                                    .made_unix_s = b->made_unix_s,
                                    .check_text = "",
                                    .owner = a};
    r = r < 0 ? r : find_calendars(a, reterr);
    r = r < 0 ? r : find_said(a, reterr);
    return r < 0 ? r : find_judging(a, rules, reterr);
}

static int
figures(struct asking *a, bool now, struct bw_issued_rows *ret, struct bw_err *reterr)
{
    struct bw_report *report = NULL;
    a->q.errata = now ? a->now : a->then;
    a->q.n_errata = now ? a->n_now : a->n_then;
    a->q.keys = now ? a->keys_now : a->keys_then;
    a->q.n_keys = a->n_keys;
    int r = bw_report_make(&a->q, &report, reterr);
    if (r == -ENODATA || r == -EKEYREJECTED) {
        return 0; /* no figure at all */
    }
    r = r < 0 ? r : bw_issued_rows_text(report, &ret->text);
    bw_report_free(report);
    return r < 0 || ret->text.len == 0 ? r : bw_issued_rows_read(ret, reterr);
}

static const char *value(const struct bw_issued_row *row)
{
    return row ? row->part[BW_ISSUED_ROW_PARTS - 1] : NULL;
}

static int tell(const struct bw_issued *e,
                const struct bw_issued_row *then,
                const struct bw_issued_row *now,
                bw_issued_change_cb cb,
                void *owner)
{
    const struct bw_issued_row *any = now ? now : then;
    if (!any) {
        return 0;
    }
    return cb(owner, &(struct bw_issued_change){
                         .section = any->part[0],
                         .figure = any->part[1],
                         .layer = any->part[2],
                         .statistic = any->part[3],
                         .unit = any->part[4],
                         .issued = value(bw_issued_rows_find(&e->rows, any)),
                         .before = value(then),
                         .now = value(now)});
}

/* Both are sorted by name. */
static int compare(const struct bw_issued *e,
                   const struct bw_issued_rows *then,
                   const struct bw_issued_rows *now,
                   bw_issued_change_cb cb,
                   void *owner)
{
    size_t i = 0;
    size_t k = 0;
    int r = 0;
    while (r == 0 && (i < then->n || k < now->n)) {
        const struct bw_issued_row *x = i < then->n ? &then->list[i] : NULL;
        const struct bw_issued_row *y = k < now->n ? &now->list[k] : NULL;
        int c = !x ? 1 : !y ? -1 : bw_issued_row_compare(x, y);
        i += c <= 0;
        k += c >= 0;
        if (c != 0 || strcmp(value(x), value(y)) != 0) {
            r = tell(e, c <= 0 ? x : NULL, c >= 0 ? y : NULL, cb, owner);
        }
    }
    return r;
}

int bw_issued_changes(struct bw_origin *origin,
                      const struct bw_issued *e,
                      const char *erratum,
                      struct bw_issued_rules *rules,
                      bw_issued_change_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct asking *a = calloc(1, sizeof(*a));
    struct bw_issued_rows then = {.list = NULL};
    struct bw_issued_rows now = {.list = NULL};
    bool differs = false;
    int r;
    rules->missing[0] = '\0';
    if (!a) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&then.text, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_init(&now.text, BW_ISSUED_ROWS_BYTES_MAX);
    a->origin = origin;
    a->e = e;
    r = find_errata(a, erratum, reterr);
    r = r < 0 ? r : find_keys(a, erratum, reterr);
    differs = r == 0 && !same(a);
    if (!differs) {
        goto out;
    }
    r = ask_again(a, rules, reterr);
    r = r < 0 ? r : figures(a, false, &then, reterr);
    r = r < 0 ? r : figures(a, true, &now, reterr);
    r = r < 0 ? r : compare(e, &then, &now, cb, owner);
out:
    bw_issued_rows_done(&then);
    bw_issued_rows_done(&now);
    free(a->annotations);
    free(a->bindings);
    free(a->now);
    free(a->then);
    free(a->keys_now);
    free(a->keys_then);
    free(a->rules);
    bw_calendars_done(&a->kept);
    bw_tz_free(a->tz);
    free(a);
    return r < 0 ? r : differs;
}

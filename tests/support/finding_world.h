/* SPDX-License-Identifier: GPL-3.0-or-later
 * finding_world.h - figures of a school's line, set by hand, to judge by shipped rules. */
#ifndef FINDING_WORLD_H
#define FINDING_WORLD_H

#include "buf.h"
#include "civil.h"
#include "finding.h"
#include "hist.h"

#include <bw/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    WORLD_TESTS = 4096,
    WORLD_BINS = 16384,
    WORLD_HOURS = 4096,
    WORLD_DAYS = 800
};

struct world {
    struct bw_finding_inputs in;
    struct bw_finding_day days[WORLD_DAYS];
    struct bw_finding_test tests[WORLD_TESTS];
    struct bw_finding_bin bins[WORLD_BINS];
    struct bw_finding_hour hours[WORLD_HOURS];
    char hists[WORLD_HOURS][64];
    struct bw_finding_outage outages[16];
    const char *targets[4];
    struct bw_evrule rule;
    struct bw_findings found;
};

#define MBPS INT64_C(1000000)
#define DAY_MS INT64_C(86400000)

/* n whole days from a date on, all watched, nothing measured, class Monday to Friday
 * 07:00 to 17:00. */
static inline struct world *world(int y, int m, int d, size_t n)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_true(n <= WORLD_DAYS);
    for (size_t i = 0; i < n; i++) {
        int64_t day = bw_civil_days(y, m, d) + (int64_t)i;
        int weekday = bw_civil_weekday(day);
        w->days[i] = (struct bw_finding_day){
            .day = day,
            .from_unix_ms = day * DAY_MS,
            .to_unix_ms = (day + 1) * DAY_MS,
            .watched_ms = DAY_MS,
            .whole = true,
            .has_lessons = weekday > 0 && weekday < 6 ? BW_FINDING_IN : BW_FINDING_OUT,
            .class_from_min = 420,
            .class_to_min = weekday > 0 && weekday < 6 ? 1020 : 420};
    }
    w->in = (struct bw_finding_inputs){.days = w->days,
                                       .n_days = n,
                                       .interval_s = 300,
                                       .can_count = true,
                                       .can_delay = true,
                                       .can_outages = true,
                                       .tests = w->tests,
                                       .bins = w->bins,
                                       .hours = w->hours,
                                       .outages = w->outages,
                                       .targets = w->targets,
                                       .claim_bps = {BW_UNKNOWN, BW_UNKNOWN},
                                       .students = BW_UNKNOWN,
                                       .users = BW_UNKNOWN,
                                       .terms = bw_finding_terms_none};
    return w;
}

static inline void world_free(struct world *w)
{
    bw_findings_done(&w->found);
    free(w);
}

static inline struct bw_finding_when
world_when(const struct world *w, size_t day, int minute)
{
    bool lessons =
        minute >= w->days[day].class_from_min && minute < w->days[day].class_to_min;

    return (struct bw_finding_when){w->days[day].day, minute,
                                    lessons ? BW_FINDING_IN : BW_FINDING_OUT};
}

/* A good run of grade receipt, 15 s, against a claim of 100 Mbit/s. In order of time. */
static inline struct bw_finding_test *
add_test(struct world *w, size_t day, int minute, enum bw_direction way, int64_t bps)
{
    struct bw_finding_test *t = &w->tests[w->in.n_tests++];

    assert_true(w->in.n_tests <= WORLD_TESTS);
    *t = (struct bw_finding_test){.at_unix_ms =
                                      w->days[day].from_unix_ms + minute * INT64_C(60000),
                                  .when = world_when(w, day, minute),
                                  .direction = way,
                                  .state = BW_TEST_OK,
                                  .grade = BW_GRADE_RECEIPT,
                                  .apart = BW_APART_NOT,
                                  .duration_ms = 15000,
                                  .rate_bps = bps,
                                  .want_bps = {100 * MBPS, BW_UNKNOWN, BW_UNKNOWN}};
    return t;
}

static inline void add_bin(struct world *w, size_t day, int minute, int64_t bps)
{
    struct bw_finding_bin *b = &w->bins[w->in.n_bins++];

    assert_true(w->in.n_bins <= WORLD_BINS);
    *b = (struct bw_finding_bin){.when = world_when(w, day, minute),
                                 .rate_bps = {bps, bps},
                                 .claim_bps = {100 * MBPS, 100 * MBPS}};
}

/* An hour of round trips: so many at `us`, so many at `more_us`, so many lost. */
static inline void add_hour(struct world *w,
                            size_t target,
                            size_t day,
                            int hour,
                            int64_t n,
                            int64_t us,
                            int64_t n_more,
                            int64_t more_us,
                            int64_t lost)
{
    struct bw_finding_hour *h = &w->hours[w->in.n_hours];
    struct bw_hist sum;
    struct bw_buf out;

    assert_true(w->in.n_hours < WORLD_HOURS);
    bw_hist_init(&sum);
    for (int64_t i = 0; i < n; i++) {
        bw_hist_add(&sum, us);
    }
    for (int64_t i = 0; i < n_more; i++) {
        bw_hist_add(&sum, more_us);
    }
    bw_buf_init(&out, 4096);
    assert_int_equal(bw_hist_encode(&sum, &out), 0);
    (void)snprintf(w->hists[w->in.n_hours], sizeof(w->hists[0]), "%s",
                   out.len ? out.data : "");
    bw_buf_done(&out);
    *h = (struct bw_finding_hour){.target = target,
                                  .when = world_when(w, day, hour * 60),
                                  .sent = n + n_more + lost,
                                  .lost = lost,
                                  .hist = w->hists[w->in.n_hours]};
    w->in.n_hours++;
}

/* Judge by a shipped rule; the finding of a kind. */
static inline const struct bw_finding *
judged(struct world *w, const char *name, enum bw_evrule_kind kind)
{
    struct bw_err err = {""};
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/etc/rules/%s.conf", BW_SOURCE_DIR, name);
    if (bw_evrule_read(path, &w->rule, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_findings_done(&w->found);
    assert_int_equal(bw_findings_make(&w->rule, &w->in, NULL, &w->found, &err), 0);
    for (size_t i = 0; i < w->found.n; i++) {
        if (w->found.list[i].kind == kind) {
            return &w->found.list[i];
        }
    }
    fail_msg("%s has no finding of that kind", name);
    return NULL;
}

static inline void expect(struct world *w,
                          const char *name,
                          enum bw_evrule_kind kind,
                          enum bw_outcome outcome,
                          enum bw_unsure unsure)
{
    const struct bw_finding *f = judged(w, name, kind);

    if (f->outcome != outcome || f->unsure != unsure) {
        for (size_t i = 0; i < f->n_parts; i++) {
            print_message("%s\n", f->parts[i].sentence);
            for (size_t k = 0; k < f->parts[i].n_rows; k++) {
                const struct bw_finding_row *r = &f->parts[i].rows[k];
                print_message("    %s %lld  [%s]\n", r->words, (long long)r->value, r->sum);
            }
        }
        fail_msg("%s: \"%s\" (%s), not %s (%s)", name, f->sentence,
                 bw_unsure_name(f->unsure), bw_outcome_name(outcome),
                 bw_unsure_name(unsure));
    }
}

/* The value of the first row whose words hold `words`, of a part. */
static inline int64_t row_of(const struct bw_finding_part *p, const char *words)
{
    for (size_t i = 0; i < p->n_rows; i++) {
        if (strstr(p->rows[i].words, words)) {
            return p->rows[i].value;
        }
    }
    fail_msg("no row \"%s\"", words);
    return BW_UNKNOWN;
}

#endif

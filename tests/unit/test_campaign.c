/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_campaign.c - a rule becomes days, sessions and slots; a campaign survives a restart
 * and starts when the secrets of the days say. */
#include "bw_test.h"
#include "campaign.h"
#include "writer.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <starts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_S INT64_C(86400)
#define MONDAY INT64_C(20780) /* 2026-11-23 */

/* ---- the journal's named values */

static struct {
    char name[96];
    char value[4096];
} values[64];
static size_t n_values;

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out);
int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value);

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out)
{
    (void)w;
    for (size_t i = 0; i < n_values; i++) {
        if (strcmp(values[i].name, name) == 0 && values[i].value[0]) {
            bw_buf_puts(out, values[i].value);
            return bw_buf_error(out);
        }
    }
    return -ENOENT;
}

int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value)
{
    size_t i = 0;
    (void)w;
    while (i < n_values && strcmp(values[i].name, name) != 0) {
        i++;
    }
    assert_true(i < sizeof(values) / sizeof(values[0]));
    n_values = i == n_values ? n_values + 1 : n_values;
    (void)snprintf(values[i].name, sizeof(values[i].name), "%s", name);
    (void)snprintf(values[i].value, sizeof(values[i].value), "%s", value ? value : "");
    return 0;
}

static int forget(void **state)
{
    (void)state;
    n_values = 0;
    return 0;
}

/* ---- rules */

#define HEAD "title = \"t\"\nsource = \"s\"\n"
#define EVENING                                                                            \
    "session \"evening\" { from = \"18:00\" to = \"24:00\" tests = 6 spacing = 2min }\n"

static struct bw_rule rule(const char *text)
{
    struct bw_rule r;
    struct bw_err err = {0};
    if (bw_rule_parse(text, strlen(text), "r.conf", "r", &r, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return r;
}

static void refuse(const char *text, const char *says)
{
    struct bw_rule r;
    struct bw_err err = {0};
    assert_int_equal(bw_rule_parse(text, strlen(text), "r.conf", "r", &r, &err), -EINVAL);
    if (!strstr(err.text, says)) {
        fail_msg("\"%s\" has not \"%s\"", err.text, says);
    }
}

static void rules(void **state)
{
    (void)state;
    struct bw_rule r = rule(HEAD "days = 7\n" EVENING);
    assert_int_equal(r.days, 7);
    assert_int_equal(r.gate, BW_BOXCONF_GATE_FCC);
    assert_int_equal(r.retry_ms, 60000);
    assert_int_equal(r.sessions[0].to_min, 1440);
    refuse(HEAD EVENING, "days");
    refuse(HEAD "days = 0\n" EVENING, "r.conf:3:");
    refuse(HEAD "days = 7\n", "session");
    refuse("days = 7\n" EVENING, "title");
    refuse(HEAD "days = 7\nweekdays = \"mo\"\n" EVENING, "r.conf:4:");
    refuse(HEAD "days = 7\nsession \"x\" { from = \"18:00\" to = \"18:10\" tests = 5 "
                "spacing = 2min }\n",
           "no room");
    refuse(HEAD "days = 7\nsession \"x\" { from = \"25:00\" to = \"18:10\" tests = 5 }\n",
           "'from'");
    refuse(HEAD "days = 7\nevery = 5min\n" EVENING, "r.conf:4:");
}

/* The shipped ones say what their comments say. */
static void shipped(void **state)
{
    static const struct {
        const char *name;
        int64_t tests;
    } files[] = {{"fcc-caf-speed", 42}, {"bead-speed", 42}, {"bnetza", 30}};
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct bw_campaign k = {.stopped_unix_s = BW_UNKNOWN};
        struct bw_buf text;
        struct bw_err err = {0};
        char path[512];
        bw_buf_init(&text, BW_RULE_BYTES_MAX);
        if (bw_rule_text(BW_SOURCE_DIR "/etc/campaigns", files[i].name, &text, path,
                         sizeof(path), &err) < 0 ||
            bw_rule_parse(text.data, text.len, path, files[i].name, &k.rule, &err) < 0) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(bw_campaign_tests(&k), files[i].tests);
        bw_buf_done(&text);
    }
    struct bw_buf text;
    struct bw_err err = {0};
    char path[512];
    bw_buf_init(&text, BW_RULE_BYTES_MAX);
    assert_int_equal(bw_rule_text("/etc", "../shadow", &text, path, sizeof(path), &err),
                     -EINVAL);
    bw_buf_done(&text);
}

static void days_and_sessions(void **state)
{
    struct bw_rule_span s;
    (void)state;
    struct bw_rule r = rule(HEAD "days = 3\nday_gap = 1\n" EVENING);
    assert_int_equal(bw_rule_day(&r, MONDAY, 0), MONDAY);
    assert_int_equal(bw_rule_day(&r, MONDAY, 1), MONDAY + 2);
    assert_int_equal(bw_rule_day(&r, MONDAY, 2), MONDAY + 4);
    r = rule(HEAD "days = 6\nweekdays = \"mon-fri\"\n" EVENING);
    assert_int_equal(bw_rule_day(&r, MONDAY - 1, 0), MONDAY); /* not on a Sunday */
    assert_int_equal(bw_rule_day(&r, MONDAY, 4), MONDAY + 4);
    assert_int_equal(bw_rule_day(&r, MONDAY, 5), MONDAY + 7);

    assert_int_equal(bw_rule_span(&r.sessions[0], MONDAY, &s), 0);
    assert_int_equal(s.from_unix_s, MONDAY * DAY_S + 24 * 3600); /* Chicago: UTC - 6 */
    assert_int_equal(s.slots, 6);
    assert_int_equal(s.slot_ms, 3600000);
    assert_int_equal(s.spacing_ms, 120000);
    struct bw_rule night = rule(
        HEAD "days = 1\nsession \"n\" { from = \"22:00\" to = \"04:00\" tests = 4 }\n");
    assert_int_equal(bw_rule_span(&night.sessions[0], MONDAY, &s), 0);
    assert_int_equal(s.slot_ms, 5400000);
    /* the night in which the clocks go back has an hour more */
    assert_int_equal(bw_rule_span(&night.sessions[0], bw_civil_days(2026, 10, 31), &s), 0);
    assert_int_equal(s.slot_ms, 7 * 3600000 / 4);
}

/* ---- campaigns */

static const uint8_t *secret(void *owner, int64_t day_unix_s)
{
    static uint8_t bytes[BW_STARTS_SECRET_LEN];
    const int64_t *last_day_s = owner;
    memset(bytes, (int)(day_unix_s / DAY_S % 251), sizeof(bytes));
    return day_unix_s <= *last_day_s ? bytes : NULL;
}

static const char week[] = HEAD "days = 7\n" EVENING;

static struct bw_campaign *start(struct bw_campaigns *c, const char *probe, int64_t day)
{
    struct bw_rule r = rule(week);
    struct bw_campaign *k = NULL;
    struct bw_err err = {0};
    if (bw_campaigns_start(c, week, &r, "http", probe, day, MONDAY * DAY_S, &k, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return k;
}

static void one_start_a_slot(void **state)
{
    struct bw_campaigns *c = bw_campaigns_new(NULL);
    struct bw_rule_span spans[16];
    int64_t known_s = (MONDAY + 30) * DAY_S;
    int64_t after_ms = MONDAY * DAY_S * 1000;
    int64_t at_ms = 0;
    int64_t end_ms = 0;
    int64_t n = 0;
    (void)state;
    struct bw_campaign *k = start(c, "state", MONDAY + 1);
    assert_string_equal(k->name, "r-20261124");
    assert_int_equal(bw_campaign_tests(k), 42);
    int64_t first_ms = (MONDAY + 2) * DAY_S * 1000; /* Tuesday 18:00 CST */
    while (bw_campaign_next(k, after_ms, secret, &known_s, &at_ms, &end_ms)) {
        int64_t slot_ms = first_ms + n / 6 * DAY_S * 1000 + n % 6 * 3600000;
        assert_true(at_ms >= slot_ms && at_ms < slot_ms + 3600000 - 120000);
        /* One that waits keeps its distance to the next slot's, too. */
        assert_int_equal(end_ms, slot_ms + 3600000 - 120000);
        assert_false(at_ms >= end_ms);
        after_ms = n % 2 ? at_ms + 1 : end_ms; /* one a slot, either way */
        n++;
    }
    assert_int_equal(n, 42);
    /* A start is not known before its day's secret may be. */
    known_s = (MONDAY + 2) * DAY_S;
    assert_true(bw_campaign_next(k, 0, secret, &known_s, &at_ms, &end_ms));
    assert_false(
        bw_campaign_next(k, first_ms + 6 * 3600000, secret, &known_s, &at_ms, &end_ms));
    assert_int_equal(bw_campaign_end_unix_s(k), (MONDAY + 8) * DAY_S + 6 * 3600);
    assert_false(bw_campaign_is_over(k, (MONDAY + 8) * DAY_S));
    assert_true(bw_campaign_is_over(k, (MONDAY + 8) * DAY_S + 6 * 3600));
    assert_int_equal(bw_campaign_tests_past(k, MONDAY * DAY_S), 0);
    assert_int_equal(bw_campaign_tests_past(k, first_ms / 1000 + 2 * 3600 + 5), 2);
    assert_int_equal(bw_campaign_tests_past(k, (MONDAY + 30) * DAY_S), 42);
    assert_int_equal(
        bw_campaign_spans(k, (MONDAY + 2) * DAY_S, (MONDAY + 3) * DAY_S, spans, 16), 1);
    assert_int_equal(bw_campaign_spans(k, MONDAY * DAY_S, (MONDAY + 30) * DAY_S, spans, 16),
                     7);
    bw_campaigns_free(c);
}

static void survives_a_restart(void **state)
{
    struct bw_err err = {0};
    struct bw_campaign *other = NULL;
    struct bw_rule r = rule(week);
    (void)state;
    struct bw_campaigns *c = bw_campaigns_new(NULL);
    struct bw_campaign *k = start(c, "state", MONDAY);
    k->done = 5;
    k->given_up = 2;
    bw_campaigns_keep(c, k);
    assert_int_equal(bw_campaigns_start(c, week, &r, "http", "state", MONDAY + 1,
                                        MONDAY * DAY_S, &other, &err),
                     -EEXIST);
    assert_non_null(strstr(err.text, "r-20261123"));
    bw_campaigns_free(c);

    c = bw_campaigns_new(NULL);
    k = bw_campaigns_find(c, "r-20261123");
    assert_non_null(k);
    assert_int_equal(k->done, 5);
    assert_int_equal(k->given_up, 2);
    assert_int_equal(k->failed, 0);
    assert_string_equal(k->kind, "http");
    assert_string_equal(k->probe, "state");
    assert_int_equal(k->first_day, MONDAY);
    assert_int_equal(k->stopped_unix_s, BW_UNKNOWN);
    assert_string_equal(k->text, week);
    assert_int_equal(bw_campaign_tests(k), 42);
    k->stopped_unix_s = MONDAY * DAY_S + 1;
    bw_campaigns_keep(c, k);
    bw_campaigns_free(c);

    c = bw_campaigns_new(NULL);
    assert_true(bw_campaign_is_over(bw_campaigns_at(c, 0), MONDAY * DAY_S));
    assert_null(bw_campaigns_at(c, 1));
    (void)start(c, "state", MONDAY + 1); /* the other one is over */
    bw_campaigns_free(c);
}

/* What is over makes room, what is on does not. */
static void so_many_and_no_more(void **state)
{
    struct bw_campaigns *c = bw_campaigns_new(NULL);
    struct bw_rule r = rule(week);
    struct bw_campaign *k = NULL;
    struct bw_err err = {0};
    char name[16];
    (void)state;
    for (int i = 0; i < BW_CAMPAIGNS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "p%d", i);
        (void)start(c, name, MONDAY + i);
    }
    assert_int_equal(bw_campaigns_start(c, week, &r, "http", "more", MONDAY + 20,
                                        MONDAY * DAY_S, &k, &err),
                     -ENOSPC);
    bw_campaigns_at(c, 3)->stopped_unix_s = MONDAY * DAY_S;
    k = start(c, "more", MONDAY + 20);
    assert_string_equal(k->probe, "more");
    assert_null(bw_campaigns_at(c, BW_CAMPAIGNS_MAX));
    assert_string_equal(bw_campaigns_at(c, 3)->probe, "p4");
    bw_campaigns_free(c);
    c = bw_campaigns_new(NULL);
    assert_string_equal(bw_campaigns_at(c, BW_CAMPAIGNS_MAX - 1)->probe, "more");
    bw_campaigns_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(shipped),
        cmocka_unit_test(days_and_sessions),
        cmocka_unit_test_setup(one_start_a_slot, forget),
        cmocka_unit_test_setup(survives_a_restart, forget),
        cmocka_unit_test_setup(so_many_and_no_more, forget),
    };
    (void)setenv("TZ", "America/Chicago", 1);
    tzset();
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

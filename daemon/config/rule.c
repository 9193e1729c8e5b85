/* SPDX-License-Identifier: GPL-3.0-or-later
 * rule.c - the rule file of a campaign.
 *
 * A rule is data; what it says is put into the journal when a campaign starts, so that a
 * file that is changed afterwards changes nothing. */
#include "rule.h"

#include "hours.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <conf.h>
#include <errno.h>
#include <file.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DAYS_MAX = 366,
    TESTS_MAX = 288
};

#define DAY_MS INT64_C(86400000)

static const char *const gate_words[] = {"share", "fcc", "off", NULL};

static const struct bw_optspec rule_opts[] = {
    {.name = "title",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 255,
     .def = NULL,
     .doc = "What it is, in a line."},
    {.name = "source",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 511,
     .def = NULL,
     .doc = "Where the rule stands: a citation."},
    {.name = "conditions",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .doc = "What has to hold while it runs and no box can see to, shown when it starts."},
    {.name = "days",
     .type = BW_OPT_INT,
     .min = 1,
     .max = DAYS_MAX,
     .def = NULL,
     .doc = "Measuring days."},
    {.name = "day_gap",
     .type = BW_OPT_INT,
     .min = 0,
     .max = DAYS_MAX,
     .def = "0",
     .doc = "Calendar days between two measuring days, at least."},
    {.name = "weekdays",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 63,
     .def = "mon-sun",
     .doc = "Days of the week that may be measuring days: mon-fri, or sat,sun."},
    {.name = "gate",
     .type = BW_OPT_ENUM,
     .words = gate_words,
     .def = "fcc",
     .doc = "What users may carry while a test starts, as in tests { gate }. A test that "
            "waits is given up when its slot is over but for the spacing."},
    {.name = "share",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 100,
     .def = "10",
     .doc = "The share for gate = share, in percent."},
    {.name = "in_class",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Whether its tests may start during class hours."},
    {.name = "retry",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "1min",
     .doc = "A test that waits is looked at again after this."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec session_opts[] = {
    {.name = "from",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 5,
     .def = NULL,
     .doc = "First minute, as in \"18:00\", local time."},
    {.name = "to",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 5,
     .def = NULL,
     .doc = "The minute after the last one; not after `from` means on the next day."},
    {.name = "tests",
     .type = BW_OPT_INT,
     .min = 1,
     .max = TESTS_MAX,
     .def = NULL,
     .doc = "Tests within it, one in each of as many equal slots."},
    {.name = "spacing",
     .type = BW_OPT_DURATION,
     .min = 0,
     .max = DAY_MS,
     .def = "2min",
     .doc = "Two tests start at least this far apart, also after waiting; no test starts "
            "within this of its slot's end."},
    {.type = BW_OPT_END},
};

static const struct bw_conf_section session_sections[] = {
    {.keyword = "session",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = session_opts,
     .doc = "Hours of a measuring day; up to four."},
    {.keyword = NULL},
};

const struct bw_conf_section bw_rule_schema = {.keyword = "",
                                               .opts = rule_opts,
                                               .subs = session_sections,
                                               .doc = "The rule of a campaign."};

static int minutes_long(const struct bw_rule_session *s)
{
    int n = s->to_min - s->from_min;
    return n > 0 ? n : n + BW_BOXCONF_DAY_MIN;
}

static int read_session(const struct bw_conf_node *at,
                        struct bw_rule_session *s,
                        struct bw_err *reterr)
{
    (void)snprintf(s->name, sizeof(s->name), "%s", bw_conf_title(at));
    s->from_min = bw_civil_minute_parse(bw_conf_str(at, "from"));
    s->to_min = bw_civil_minute_parse(bw_conf_str(at, "to"));
    s->tests = bw_conf_int(at, "tests");
    s->spacing_ms = bw_conf_int(at, "spacing");
    if (s->from_min < 0 || s->from_min == BW_BOXCONF_DAY_MIN) {
        return bw_conf_fault(at, "from", reterr, "'from' is a time like \"18:00\"");
    }
    if (s->to_min < 0) {
        return bw_conf_fault(at, "to", reterr, "'to' is a time like \"24:00\"");
    }
    if ((int64_t)minutes_long(s) * 60000 / s->tests <= s->spacing_ms) {
        return bw_conf_fault(at, "spacing", reterr,
                             "%d minutes have no room for %lld tests that far apart",
                             minutes_long(s), (long long)s->tests);
    }
    return 0;
}

static int
read_rule(const struct bw_conf_node *top, struct bw_rule *r, struct bw_err *reterr)
{
    static const enum bw_boxconf_gate gates[] = {BW_BOXCONF_GATE_SHARE, BW_BOXCONF_GATE_FCC,
                                                 BW_BOXCONF_GATE_OFF};
    (void)snprintf(r->title, sizeof(r->title), "%s", bw_conf_str(top, "title"));
    (void)snprintf(r->source, sizeof(r->source), "%s", bw_conf_str(top, "source"));
    (void)snprintf(r->conditions, sizeof(r->conditions), "%s",
                   bw_conf_str(top, "conditions"));
    r->days = bw_conf_int(top, "days");
    r->day_gap = bw_conf_int(top, "day_gap");
    r->gate = gates[bw_conf_int(top, "gate")];
    r->gate_ppm = bw_conf_int(top, "share") * 10000;
    r->in_class = bw_conf_bool(top, "in_class");
    r->retry_ms = bw_conf_int(top, "retry");
    if (bw_hours_days_parse(bw_conf_str(top, "weekdays"), &r->weekdays) < 0) {
        return bw_conf_fault(top, "weekdays", reterr, "'weekdays' is like mon-fri");
    }
    r->n_sessions = bw_conf_count(top, "session");
    if (r->n_sessions > BW_RULE_SESSIONS_MAX) {
        return bw_conf_fault(bw_conf_child(top, "session", BW_RULE_SESSIONS_MAX), NULL,
                             reterr, "more than %d sessions", BW_RULE_SESSIONS_MAX);
    }
    for (size_t i = 0; i < r->n_sessions; i++) {
        int e = read_session(bw_conf_child(top, "session", i), &r->sessions[i], reterr);
        if (e < 0) {
            return e;
        }
    }
    return 0;
}

int bw_rule_parse(const char *text,
                  size_t n,
                  const char *file,
                  const char *name,
                  struct bw_rule *ret,
                  struct bw_err *reterr)
{
    struct bw_conf *c = NULL;
    struct bw_rule rule;
    int r = bw_conf_parse(text, n, file, &bw_rule_schema, &c, reterr);
    if (r < 0) {
        return r;
    }
    memset(&rule, 0, sizeof(rule));
    (void)snprintf(rule.name, sizeof(rule.name), "%s", name);
    r = read_rule(bw_conf_top(c), &rule, reterr);
    bw_conf_free(c);
    if (r == 0) {
        *ret = rule;
    }
    return r;
}

int bw_rule_text(const char *folder,
                 const char *name,
                 struct bw_buf *ret_text,
                 char *ret_path,
                 size_t cap,
                 struct bw_err *reterr)
{
    if (!bw_name_valid(name)) {
        return bw_err_set(reterr, -EINVAL,
                          "a rule is called by its file's name without .conf, as in "
                          "fcc-caf-speed");
    }
    (void)snprintf(ret_path, cap, "%s/%s.conf", folder, name);
    return bw_file_read(ret_path, BW_RULE_BYTES_MAX, ret_text, reterr);
}

/* 1970-01-01 was a Thursday. */
static bool may_measure(const struct bw_rule *r, int64_t day)
{
    return r->weekdays >> ((day + 4) % 7) & 1U;
}

int64_t bw_rule_day(const struct bw_rule *r, int64_t first_day, int64_t i)
{
    int64_t day = first_day;
    for (int64_t k = 0;; k++) {
        while (!may_measure(r, day)) {
            day++;
        }
        if (k == i) {
            return day;
        }
        day += 1 + r->day_gap;
    }
}

static int64_t local_unix_s(int64_t day, int minute)
{
    time_t noon = (time_t)(day * 86400);
    struct tm tm;
    if (!gmtime_r(&noon, &tm)) {
        return BW_UNKNOWN;
    }
    tm.tm_hour = minute / 60;
    tm.tm_min = minute % 60;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm); /* 24:00 is the next day's first minute */
}

int bw_rule_span(const struct bw_rule_session *s, int64_t day, struct bw_rule_span *ret)
{
    int64_t from_s = local_unix_s(day, s->from_min);
    int64_t to_s = local_unix_s(s->to_min > s->from_min ? day : day + 1, s->to_min);
    if (from_s < 0 || to_s <= from_s) {
        return -EINVAL; /* an hour that the clocks pass over */
    }
    ret->from_unix_s = from_s;
    ret->slots = s->tests;
    ret->slot_ms = (to_s - from_s) * 1000 / s->tests;
    ret->spacing_ms = s->spacing_ms < ret->slot_ms ? s->spacing_ms : ret->slot_ms - 1;
    return ret->slot_ms >= 1000 ? 0 : -EINVAL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * rule.h - the rule file of a campaign: so many tests on so many days with so much
 * spacing, in these hours, under these conditions.
 *
 *     title = "…"  source = "…"  conditions = "…"
 *     days = 7
 *     gate = fcc
 *     session "evening" { from = "18:00" to = "24:00" tests = 6 spacing = 2min }
 *
 * A session is cut into as many slots as it has tests; one test starts in each, at a time
 * that the secret of the day draws. Times are local. Read on the loop's thread only (the
 * reader of configuration is not for several). */
#ifndef BW_RULE_H
#define BW_RULE_H

#include "boxconf.h"

enum {
    BW_RULE_SESSIONS_MAX = 4,
    BW_RULE_BYTES_MAX = 8192
};

struct bw_rule_session {
    char name[BW_NAME_MAX + 1];
    int from_min;
    int to_min; /* to_min <= from_min goes over midnight */
    int64_t tests;
    int64_t spacing_ms; /* between two tests at least */
};

struct bw_rule {
    char name[BW_NAME_MAX + 1]; /* of the file, without .conf */
    char title[256];
    char source[512];
    char conditions[1024];
    int64_t days;      /* measuring days */
    int64_t day_gap;   /* calendar days between two of them at least */
    uint32_t weekdays; /* bit 0 is Sunday */
    enum bw_boxconf_gate gate;
    int64_t gate_ppm;
    bool in_class;
    int64_t retry_ms;
    struct bw_rule_session sessions[BW_RULE_SESSIONS_MAX];
    size_t n_sessions;
};

/* From text that messages call `file`. */
int bw_rule_parse(const char *text,
                  size_t n,
                  const char *file,
                  const char *name,
                  struct bw_rule *ret,
                  struct bw_err *reterr);
/* The text of FOLDER/NAME.conf, as it is; the name must be one. */
int bw_rule_text(const char *folder,
                 const char *name,
                 struct bw_buf *ret_text,
                 char *ret_path,
                 size_t cap,
                 struct bw_err *reterr);

/* The local calendar day (calendar.h) of the i-th measuring day of a campaign that may
 * begin on first_day. */
int64_t bw_rule_day(const struct bw_rule *r, int64_t first_day, int64_t i);
/* A session on a local day: its first second, its slots and their length. */
struct bw_rule_span {
    int64_t from_unix_s;
    int64_t slots;
    int64_t slot_ms;
    int64_t spacing_ms;
};
int bw_rule_span(const struct bw_rule_session *s, int64_t day, struct bw_rule_span *ret);

/* The schema, for the manual page. */
extern const struct bw_conf_section bw_rule_schema;

#endif

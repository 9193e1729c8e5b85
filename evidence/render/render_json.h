/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json.h - what the files of the JSON renderer share. Private to this folder. */
#ifndef BW_EVIDENCE_RENDER_JSON_H
#define BW_EVIDENCE_RENDER_JSON_H

#include <stdint.h>

struct bw_jw;
struct bw_report;
struct bw_report_day;

/* Members that are absent when unknown or empty; times in UTC. */
void bw_json_time(struct bw_jw *w, const char *name, int64_t unix_s);
void bw_json_time_ms(struct bw_jw *w, const char *name, int64_t unix_ms);
void bw_json_word(struct bw_jw *w, const char *name, const char *text);

/* "class_hours" where no calendar was given; "class_time"; of one day. */
void bw_json_class_hours(struct bw_jw *w, const struct bw_report *r);
void bw_json_class_time(struct bw_jw *w, const struct bw_report *r);
void bw_json_class_day(struct bw_jw *w, const struct bw_report_day *d);

/* "targets" and "paths". */
void bw_json_targets(struct bw_jw *w, const struct bw_report *r);
/* "findings"; nothing where no rule was asked. */
void bw_json_findings(struct bw_jw *w, const struct bw_report *r);

/* "traffic"; nothing where nobody looked at packets. */
void bw_json_traffic(struct bw_jw *w, const struct bw_report *r);

/* "log"; nothing where there is none. */
void bw_json_log(struct bw_jw *w, const struct bw_report *r);

/* render_json_errata.c */
struct bw_report_key;
void bw_json_errata(struct bw_jw *w, const struct bw_report *r);
void bw_json_key_history(struct bw_jw *w, const struct bw_report_key *k);

#endif

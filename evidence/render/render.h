/* SPDX-License-Identifier: GPL-3.0-or-later
 * render.h - a report as tables and JSON (as a page: pages.h). All renderers are pure
 * functions of the model: the same report gives the same bytes, on any machine. Any thread.
 */
#ifndef BW_EVIDENCE_RENDER_H
#define BW_EVIDENCE_RENDER_H

struct bw_buf;
struct bw_err;
struct bw_report;

enum {
    BW_RENDER_BYTES_MAX = 256 * 1024 * 1024
};

/* docs/report-v1.schema.json; ends with a newline. */
int bw_render_json(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr);
/* RFC 4180 with CRLF: section,figure,value,unit,layer,statistic,n,method. */
int bw_render_csv(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr);
/* RFC 4180: one row an interval, empty where nothing was measured. */
int bw_render_csv_intervals(const struct bw_report *r,
                            struct bw_buf *out,
                            struct bw_err *reterr);

/* One finding as an object, for a program. */
struct bw_finding;
struct bw_jw;
void bw_json_finding(struct bw_jw *w, const struct bw_finding *f);

#endif

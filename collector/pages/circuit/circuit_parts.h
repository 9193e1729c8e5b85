/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_parts.h - what the sections of a circuit's page share. Sections are written on a
 * reader's thread; times are in the site's zone. */
#ifndef BW_CIRCUIT_PARTS_H
#define BW_CIRCUIT_PARTS_H

#include "circuit_look.h"
#include "circuit_months.h"
#include "circuit_range.h"

#include <annotation.h>
#include <bw/err.h>
#include <limits.h>
#include <room.h>

struct bw_buf;
struct bw_collector_config;
struct bw_reader;
struct bw_tz;
struct bw_viewer;

enum {
    BW_CIRCUIT_HOPS = 64,
    BW_CIRCUIT_LOCAL = 32
};

/* The newest trace to one target, with what its hops took the day before. */
struct bw_circuit_trace {
    char probe[BW_NAME_MAX + 1];
    int64_t at_unix_ms;
    int64_t reached;
    size_t n;
    struct bw_hop hops[BW_CIRCUIT_HOPS];
    int64_t before_us[BW_CIRCUIT_HOPS];
};

struct bw_circuit_view {
    struct bw_buf *b;
    const struct bw_viewer *viewer;
    const struct bw_room *room;
    const struct bw_room_site *site;
    const struct bw_room_circuit *circuit;
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    const struct bw_tz *tz;
    int64_t now_s;
    struct bw_circuit_range range;
    char range_text[BW_RANGE_TEXT];
    const struct bw_look *look;
    const struct bw_month *months;
    size_t n_months;
    const struct bw_annotation_said *annotations;
    size_t n_annotations;
    int64_t n_unread; /* annotations of a newer form */
    const struct bw_circuit_trace *traces;
    size_t n_traces;
    enum bw_way_hub hub;
    char hub_name[128];
    uint32_t hub_site;  /* BW_ROOM_NONE: none on file */
    int64_t say_from_s; /* what the form about a stretch of time begins with; 0: empty */
    int64_t say_to_s;
};

/* circuit_words.c */
void bw_circuit_when_write(struct bw_buf *b, const struct bw_tz *tz, int64_t unix_s);
/* "2026-11-02T08:00", as a form's field has it. */
void bw_circuit_local(const struct bw_tz *tz, int64_t unix_s, char ret[BW_CIRCUIT_LOCAL]);
void bw_circuit_rate_cell(struct bw_buf *b, int64_t bps);
void bw_circuit_ms_cell(struct bw_buf *b, int64_t us);
void bw_circuit_count_cell(struct bw_buf *b, int64_t n);
void bw_circuit_span_cell(struct bw_buf *b, int64_t s);
/* "12.4 %"; unknown: a dash. */
void bw_circuit_share_cell(struct bw_buf *b, int64_t part, int64_t of);
/* The address of a picture, or of records: everything up to the query. */
void bw_circuit_api(struct bw_buf *b, const struct bw_circuit_view *v, const char *rest);

/* The sections, in their order. */
void bw_circuit_figures(const struct bw_circuit_view *v);
void bw_circuit_way(const struct bw_circuit_view *v);
void bw_circuit_ranges(const struct bw_circuit_view *v);
void bw_circuit_graphs(const struct bw_circuit_view *v);
void bw_circuit_runs(const struct bw_circuit_view *v);
void bw_circuit_findings(const struct bw_circuit_view *v);
void bw_circuit_outages(const struct bw_circuit_view *v);

/* circuit_traces.c: traces of the day before `newest_unix_s`; free() *ret. */
int bw_circuit_traces(struct bw_reader *r,
                      const char *site,
                      const char *circuit,
                      int64_t newest_unix_s,
                      struct bw_circuit_trace **ret,
                      size_t *ret_n,
                      struct bw_err *reterr);

#endif

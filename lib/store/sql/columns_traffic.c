/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns_traffic.c - what a line was full of as columns.
 *
 * Invariant: figures and histograms stand in both lists below in the order of the table's
 * columns, so that writing and reading cannot come apart. */
#include "columns_traffic.h"

#include "columns.h"
#include "columns_lines.h"
#include "sql.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    LINES_CAP = 65536,
    LISTS = 3,
    AT_FIGURES = 4, /* parameters; a column's number is one less */
    AT_LISTS = 9,
    AT_HISTS = 12,
    AT_FLOWS = 18,
    AT_FLAGS = 37
};

#define T(member) offsetof(struct bw_traffic, member)
#define WAY(d)                                                                             \
    T(tcp[d].bytes), T(tcp[d].resent_bytes), T(tcp[d].resent_ppm),                         \
        T(tcp[d].resent_low_ppm), T(tcp[d].resent_high_ppm), T(tcp[d].reordered_ppm),      \
        T(tcp[d].reordered_low_ppm), T(tcp[d].reordered_high_ppm)

static const size_t figures[] = {T(covered_s), T(sampled_1_in), T(captured),
                                 T(capture_drops), T(flows_1_in)};
static const size_t hists[] = {T(tcp_rtt_hist), T(saturated_rtt_hist), T(wan_min_hist),
                               T(lan_rtt_hist), T(lan_min_hist),       T(flow_size_hist)};
static const size_t flow_figures[] = {T(flows), T(retransmit_ppm), WAY(BW_DOWN), WAY(BW_UP),
                                      T(devices_min)};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

_Static_assert(AT_FIGURES + COUNT(figures) == AT_LISTS, "columns");
_Static_assert(AT_HISTS + COUNT(hists) == AT_FLOWS, "columns");
_Static_assert(AT_FLOWS + COUNT(flow_figures) == AT_FLAGS, "columns");

static int64_t figure(const struct bw_traffic *t, size_t at)
{
    int64_t v;
    memcpy(&v, (const char *)t + at, sizeof(v));
    return v;
}

int bw_columns_put_traffic(struct bw_sql *s,
                           int64_t key,
                           const struct bw_traffic *t,
                           struct bw_err *reterr)
{
    const struct bw_traffic_share *const list[LISTS] = {t->mix, t->families, t->sizes};
    const size_t n[LISTS] = {t->n_mix, t->n_families, t->n_sizes};
    struct bw_buf lines[LISTS];
    char flags[BW_COLUMNS_FLAGS_CAP];
    int r = bw_columns_join_flags(t->flags, flags) ? 0 : -E2BIG;
    struct sqlite3_stmt *st = bw_sql_stmt(s, BW_COLUMNS_PUT_TRAFFIC, reterr);
    if (!st) {
        return bw_sql_code(s);
    }
    bw_sql_i64(st, 1, key);
    bw_sql_text(st, 2, t->circuit);
    bw_sql_text(st, 3, t->state);
    for (size_t i = 0; i < COUNT(figures); i++) {
        bw_sql_i64(st, AT_FIGURES + (int)i, figure(t, figures[i]));
    }
    for (int i = 0; i < LISTS; i++) {
        bw_buf_init(&lines[i], LINES_CAP);
        bw_columns_write_shares(list[i], n[i], &lines[i]);
        r = r < 0 ? r : bw_buf_error(&lines[i]);
        bw_sql_text(st, AT_LISTS + i, lines[i].data);
    }
    for (size_t i = 0; i < COUNT(hists); i++) {
        const char *hist;
        memcpy(&hist, (const char *)t + hists[i], sizeof(hist));
        bw_sql_text(st, AT_HISTS + (int)i, hist);
    }
    for (size_t i = 0; i < COUNT(flow_figures); i++) {
        bw_sql_i64(st, AT_FLOWS + (int)i, figure(t, flow_figures[i]));
    }
    bw_sql_text(st, AT_FLAGS, flags);
    r = r < 0 ? bw_err_set(reterr, r, "the traffic of %s does not fit", t->circuit)
              : bw_sql_run(s, st, reterr);
    for (int i = 0; i < LISTS; i++) {
        bw_buf_done(&lines[i]);
    }
    return r;
}

static int read_hist(struct bw_summary *u,
                     struct sqlite3_stmt *st,
                     int column,
                     struct bw_traffic *t,
                     size_t at)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    const char *copy = text ? bw_summary_strdup(u, text) : NULL;
    memcpy((char *)t + at, &copy, sizeof(copy));
    return text && !copy ? -ENOMEM : 0;
}

int bw_columns_read_traffic(struct bw_summary *u,
                            struct sqlite3_stmt *st,
                            struct bw_traffic *t)
{
    struct bw_traffic_share **const list[LISTS] = {&t->mix, &t->families, &t->sizes};
    size_t *const n[LISTS] = {&t->n_mix, &t->n_families, &t->n_sizes};
    int r = 0;
    bw_traffic_init(t);
    bw_sql_copy(st, 1, t->circuit, sizeof(t->circuit));
    bw_sql_copy(st, 2, t->state, sizeof(t->state));
    for (size_t i = 0; i < COUNT(figures); i++) {
        int64_t v = bw_sql_get(st, AT_FIGURES - 1 + (int)i);
        memcpy((char *)t + figures[i], &v, sizeof(v));
    }
    for (int i = 0; r == 0 && i < LISTS; i++) {
        r = bw_columns_read_shares(
            u, (const char *)sqlite3_column_text(st, AT_LISTS - 1 + i), list[i], n[i]);
    }
    for (size_t i = 0; r == 0 && i < COUNT(hists); i++) {
        r = read_hist(u, st, AT_HISTS - 1 + (int)i, t, hists[i]);
    }
    for (size_t i = 0; i < COUNT(flow_figures); i++) {
        int64_t v = bw_sql_get(st, AT_FLOWS - 1 + (int)i);
        memcpy((char *)t + flow_figures[i], &v, sizeof(v));
    }
    bw_columns_read_flags(u, (const char *)sqlite3_column_text(st, AT_FLAGS - 1), t->flags);
    return r;
}

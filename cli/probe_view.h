/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_view.h - what `bandwitness probe` shows: the live line, the result block, JSON. */
#ifndef BW_PROBE_VIEW_H
#define BW_PROBE_VIEW_H

#include "path_view.h"

#include <bw/opts.h>
#include <bw/probe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_jw;
struct probe_beside;

enum {
    PROBE_CODES_MAX = 16
};

/* Answers of one latency target over one family, or of the echo beside a throughput run. */
struct probe_echoes {
    int64_t sent;
    int64_t lost;
    int64_t late;
    int64_t lost_out;  /* of the lost, known by now: on the way there … */
    int64_t lost_back; /* … and back */
    int64_t failed;    /* could not be sent … */
    int error;         /* … and why, the last time */
    int told_error;    /* what was said of the lost, the last time */
    uint8_t family;
    struct probe_echo {
        int64_t sent_mono_ns;
        int64_t rtt_ns;
    } * list;
    size_t n;
    size_t cap;
    struct probe_code {
        char word[32];
        int64_t n;
    } codes[PROBE_CODES_MAX]; /* what was answered; beyond these as "other" */
    size_t n_codes;
    struct probe_times {
        int64_t *ns;
        size_t n;
        size_t cap;
    } phases[BW_PHASES];
    struct probe_times lost_at; /* when they were sent */
    struct probe_times out;     /* one-way delays, there … */
    struct probe_times back;    /* … and back, … */
    int64_t
        one_way_error_ns; /* … and by how much they may be off, at most; unknown: none */
    int64_t cert_days;    /* the fewest; unknown: no certificate was seen */
};

/* One direction of a throughput run. */
struct probe_run {
    bool known;             /* `s` is its final sample */
    struct bw_run_sample s; /* its texts point into the arrays below */
    char reason[256];
    char method[64];
    char machine[BW_NAME_MAX + 1];
    char receipt[BW_RECEIPT_MAX + 1];
    char flags[BW_RUN_FLAGS_MAX][32];
};

struct probe_result {
    const struct bw_probe_ops *ops;
    const struct bw_opts *opts;
    bool interrupted;
    double seconds;              /* a latency round's length so far */
    struct probe_echoes *echoes; /* two a target, IPv4's and IPv6's; for a throughput kind
                                    those of the echoes beside it */
    size_t n_echoes;
    struct probe_path *paths; /* one a target; NULL: a kind that traces no paths */
    size_t n_paths;
    struct probe_run runs[BW_DIRECTIONS];
    int64_t
        start_mono_ns; /* of the throughput run: echoes before it are idle; 0: not yet */
    const struct probe_beside *beside; /* of a throughput run */
};

void probe_echo_init(struct probe_echoes *e);
void probe_echo_done(struct probe_echoes *e);
/* Why the last packet that was not sent was not. */
const char *probe_why_not_sent(const struct probe_echoes *e);
void probe_echo_add(struct probe_echoes *e, const struct bw_latency_sample *s);

/* Percentile (ppm) in ns of the answers to packets sent in [from, to); BW_UNKNOWN: none. */
int64_t probe_echo_percentile(const struct probe_echoes *e,
                              int64_t p_ppm,
                              int64_t from_ns,
                              int64_t to_ns);

/* One line that overwrites itself; `done` 0…1 of the whole. */
void probe_view_live(const struct probe_result *r,
                     double done,
                     const struct bw_run_sample *now);
void probe_view_live_end(void);

/* Of one of the result's echoes; nothing where nothing was tried. */
void probe_latency_text(const struct probe_result *r, size_t i);
void probe_latency_json(const struct probe_result *r, size_t i, struct bw_jw *w);

/* Of one direction of a run. */
void probe_run_text(const struct probe_result *r, int d);
void probe_run_json(const struct probe_result *r, int d, struct bw_jw *w);

void probe_view_text(const struct probe_result *r);
void probe_view_json(const struct probe_result *r);

#endif

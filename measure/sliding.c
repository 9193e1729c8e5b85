/* SPDX-License-Identifier: GPL-3.0-or-later
 * sliding.c - windows of one second that end with every reading. */
#include "sliding.h"

enum {
    STEP_MAX_MS = 500, /* readings further apart leave room for a peak between them */
    WINDOW_MIN_MS = 900,
    WINDOW_MAX_MS = 1100,
    WINDOWS_A_SECOND = 3, /* of four: so many must have ended in each covered second */
    LAZY_CHANGES = 16,    /* a counter that rose so often, never twice in a row, … */
    LAZY_BYTES = 16384    /* … by so much, is refreshed more slowly than it is read */
};

static const int64_t NS_PER_MS = 1000000;
static const int64_t BYTES_MAX = 1000000000000; /* of one second; no counter is right … */

static int64_t off_by(int64_t ns)
{
    int64_t d = ns - 1000 * NS_PER_MS;
    return d < 0 ? -d : d;
}

/* The window that ends with the newest reading and is closest to a second. */
static void end_window(struct bw_sliding *s)
{
    size_t newest = s->n - 1;
    size_t best = newest;
    int64_t best_ns = 0;
    for (size_t i = newest; i > 0 && newest - i < BW_SLIDING_MOMENTS - 1; i--) {
        size_t k = i - 1;
        int64_t ns;
        if (!s->at[i % BW_SLIDING_MOMENTS].close) {
            break;
        }
        ns = s->at[newest % BW_SLIDING_MOMENTS].mono_ns -
             s->at[k % BW_SLIDING_MOMENTS].mono_ns;
        if (ns > WINDOW_MAX_MS * NS_PER_MS) {
            break;
        }
        if (ns >= WINDOW_MIN_MS * NS_PER_MS &&
            (best == newest || off_by(ns) <= off_by(best_ns))) {
            best = k;
            best_ns = ns;
        }
    }
    if (best == newest) {
        return;
    }
    s->windows++;
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        int64_t bytes = s->at[newest % BW_SLIDING_MOMENTS].bytes[d] -
                        s->at[best % BW_SLIDING_MOMENTS].bytes[d];
        int64_t bps = bytes < BYTES_MAX ? bytes * 8 * 1000000 / (best_ns / 1000) : 0;
        if (bps > s->peak_bps[d]) {
            s->peak_bps[d] = bps;
        }
    }
}

void bw_sliding_add(struct bw_sliding *s,
                    int64_t mono_ns,
                    const int64_t bytes[BW_DIRECTIONS],
                    bool joined)
{
    size_t before = (s->n + BW_SLIDING_MOMENTS - 1) % BW_SLIDING_MOMENTS;
    size_t now = s->n % BW_SLIDING_MOMENTS;
    int64_t rose = 0;
    if (!joined) {
        s->n = 0;
        now = 0;
        s->changed = false;
    }
    s->at[now].mono_ns = mono_ns;
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        s->at[now].bytes[d] = bytes[d];
        rose += joined ? bytes[d] - s->at[before].bytes[d] : 0;
    }
    s->at[now].close = joined && mono_ns - s->at[before].mono_ns <= STEP_MAX_MS * NS_PER_MS;
    s->n++;
    if (rose > 0) {
        s->changes++;
        s->pairs += s->changed ? 1 : 0;
        s->changed_bytes += rose;
    }
    s->changed = rose > 0;
    end_window(s);
}

void bw_sliding_cut(struct bw_sliding *s, int64_t covered_s, int64_t ret[BW_DIRECTIONS])
{
    bool lazy = s->changes >= LAZY_CHANGES && s->pairs == 0 &&
                s->changed_bytes / s->changes >= LAZY_BYTES;
    bool known = covered_s > 0 && s->windows >= WINDOWS_A_SECOND * covered_s && !lazy;
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        ret[d] = known ? s->peak_bps[d] : BW_UNKNOWN;
        s->peak_bps[d] = 0;
    }
    s->windows = 0;
    s->changes = 0;
    s->pairs = 0;
    s->changed_bytes = 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress.h - how far many jobs are: a bar on a terminal, else a line now and then, always
 * on standard error. Times are of the caller (bw_clock_mono_ms()). */
#ifndef BW_CLI_PROGRESS_H
#define BW_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_progress_how {
    BW_PROGRESS_NONE,
    BW_PROGRESS_LINES,
    BW_PROGRESS_BAR
};

struct bw_progress {
    const char *what; /* "circuits" */
    size_t n;
    enum bw_progress_how how;
    int64_t begun_mono_ms;
    int64_t next_mono_ms;
    bool shown; /* a bar stands in the line */
};

/* Bar or lines by what standard error is; quiet: nothing at all. */
void bw_progress_init(
    struct bw_progress *p, const char *what, size_t n, bool quiet, int64_t now_mono_ms);
void bw_progress_show(struct bw_progress *p, size_t done, int64_t now_mono_ms);
/* Take the bar away: before anything else goes to standard error, and at the end. */
void bw_progress_hide(struct bw_progress *p);

/* "[####......] 12 of 30 circuits, about 2 min left". Pure. */
void bw_progress_words(
    const struct bw_progress *p, size_t done, int64_t now_mono_ms, bool bar, char out[160]);

#endif

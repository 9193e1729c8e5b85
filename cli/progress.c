/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress.c - how far many jobs are.
 *
 * Invariant: nothing is shown of what is over within a moment; an estimate is given only
 * once it rests on some of the jobs and some time. */
#include "progress.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>

enum {
    BAR_AFTER_MS = 700,
    BAR_EVERY_MS = 200,
    LINE_AFTER_MS = 5000,
    LINE_EVERY_MS = 15000,
    GUESS_AFTER_MS = 2000,
    GUESS_JOBS = 3,
    WIDTH = 30
};

void bw_progress_init(
    struct bw_progress *p, const char *what, size_t n, bool quiet, int64_t now_mono_ms)
{
    *p = (struct bw_progress){.what = what, .n = n, .begun_mono_ms = now_mono_ms};
    p->how = quiet                      ? BW_PROGRESS_NONE
             : bw_cli_progress_wanted() ? BW_PROGRESS_BAR
                                        : BW_PROGRESS_LINES;
    p->next_mono_ms =
        now_mono_ms + (p->how == BW_PROGRESS_BAR ? BAR_AFTER_MS : LINE_AFTER_MS);
}

void bw_progress_words(
    const struct bw_progress *p, size_t done, int64_t now_mono_ms, bool bar, char out[160])
{
    int64_t spent = now_mono_ms - p->begun_mono_ms;
    char line[WIDTH + 1];
    char left[48] = "";
    size_t full = p->n > 0 ? done * WIDTH / p->n : WIDTH;

    memset(line, '.', WIDTH);
    memset(line, '#', full > WIDTH ? WIDTH : full);
    line[WIDTH] = '\0';
    if (done >= GUESS_JOBS && done < p->n && spent >= GUESS_AFTER_MS) {
        int64_t s = spent * (int64_t)(p->n - done) / (int64_t)done / 1000 + 1;
        (void)snprintf(left, sizeof(left),
                       s < 90 ? ", about %lld s left" : ", about %lld min left",
                       (long long)(s < 90 ? s : (s + 30) / 60));
    }
    (void)snprintf(out, 160, "%s%s%s%zu of %zu %s%s", bar ? "[" : "", bar ? line : "",
                   bar ? "] " : "", done, p->n, p->what, left);
}

void bw_progress_show(struct bw_progress *p, size_t done, int64_t now_mono_ms)
{
    char words[160];
    bool bar = p->how == BW_PROGRESS_BAR;

    if (p->how == BW_PROGRESS_NONE || now_mono_ms < p->next_mono_ms) {
        return;
    }
    p->next_mono_ms = now_mono_ms + (bar ? BAR_EVERY_MS : LINE_EVERY_MS);
    bw_progress_words(p, done, now_mono_ms, bar, words);
    (void)fprintf(stderr, bar ? "\r%s\033[K" : "%s\n", words);
    (void)fflush(stderr);
    p->shown = bar;
}

void bw_progress_hide(struct bw_progress *p)
{
    if (p->shown) {
        (void)fprintf(stderr, "\r\033[K");
        (void)fflush(stderr);
        p->shown = false;
    }
}

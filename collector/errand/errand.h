/* SPDX-License-Identifier: GPL-3.0-or-later
 * errand.h - runs of the command `bandwitness` beside the collector, one at a time: what
 * takes seconds and much memory (a pack, a bag) and must be the same as a person's own run
 * of it. Each is a process of its own: nice'd, limited in time, memory and the size of its
 * files, gone with its parent. Loop's thread. */
#ifndef BW_ERRAND_H
#define BW_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_errands;
struct uv_loop_s;

enum bw_errand_limits {
    BW_ERRANDS_WAITING_MAX = 8, /* and as many quiet ones */
    BW_ERRAND_SAID_MAX = 4096
};

struct bw_errands_opts {
    const char *program; /* the command's path; borrowed for the errands' life */
    /* A process starts, or the last one has ended; may be NULL. */
    void (*busy)(void *owner, bool on);
    void *owner;
};

/* What became of one. */
struct bw_errand_end {
    int status;       /* its exit status; below 0: it was ended, `said` tells why */
    const char *said; /* the end of its standard error, or why; lent */
    bool stopping;    /* the errands are being closed: nothing is known against it */
};
typedef void (*bw_errand_cb)(void *owner, const struct bw_errand_end *end);

struct bw_errands_stats {
    int64_t done;
    int64_t failed; /* ended, or with another status than 0 */
    int64_t waiting_now;
};

int bw_errands_new(struct uv_loop_s *loop,
                   const struct bw_errands_opts *opts,
                   struct bw_errands **ret);

/* words (ended by NULL, the program's name not among them) are copied. A quiet one waits
 * until no other does. `cb` follows exactly once, never before this returns. -EBUSY when
 * too many wait, and while it closes; nothing follows then. */
int bw_errands_run(struct bw_errands *e,
                   const char *const *words,
                   int64_t limit_ms,
                   bool quiet,
                   bw_errand_cb cb,
                   void *owner);

/* The same of another program, which is given the words alone. */
int bw_errands_run_other(struct bw_errands *e,
                         const char *program,
                         const char *const *words,
                         int64_t limit_ms,
                         bool quiet,
                         bw_errand_cb cb,
                         void *owner);

void bw_errands_stats(const struct bw_errands *e, struct bw_errands_stats *ret);

/* Fail what waits, end what runs, free; cb later. NULL is fine (no cb). */
void bw_errands_close(struct bw_errands *e, void (*cb)(void *owner), void *owner);

/* The process between: PROGRAM and its words, LIMIT_S of CPU. Gives up what an errand needs
 * not and becomes the program; gives an exit status when it cannot. */
int bw_errand_child_main(int n, char **words);

#endif

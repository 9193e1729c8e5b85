/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy.h - throughput tests: when they are due, whether they may run, and the one that
 * runs, in a child process.
 *
 * schedule.h decides; this carries it out. Every deferral and every result goes into the
 * site's open interval. Loop thread only. */
#ifndef BW_HEAVY_H
#define BW_HEAVY_H

#include <bw/probe.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bw_boxconf;
struct bw_err;
struct bw_heavy;
struct bw_pledge;
struct bw_site;
struct bw_summary;
struct bw_writer;

/* Load the secrets of the days around today (made where missing) from the writer, which
 * must not run yet. References are held to the configuration only. */
int bw_heavy_new(uv_loop_t *loop,
                 struct bw_boxconf *config,
                 struct bw_site *site,
                 struct bw_writer *writer,
                 struct bw_heavy **ret,
                 struct bw_err *reterr);

/* After a reload: plan anew. A run under way ends as it began. */
void bw_heavy_reload(struct bw_heavy *h, struct bw_boxconf *config, struct bw_site *site);

/* Once a second, after the readings. */
void bw_heavy_second(struct bw_heavy *h, int64_t unix_s, bool stepped);

/* A person asks for one now; all lent. */
struct bw_heavy_asker {
    void (*sample)(void *owner, const struct bw_run_sample *s);
    void (*end)(void *owner, int status, const char *reason);
    void *owner;
};
/* Start a run of the named probe (NULL: the only one). 0: end() follows. -ENOENT, -EBUSY,
 * -EAGAIN with the reason why not now. */
int bw_heavy_ask(struct bw_heavy *h,
                 const char *probe,
                 const struct bw_heavy_asker *asker,
                 struct bw_err *reterr);

struct bw_heavy_next {
    const char *probe; /* lent */
    const char *kind;
    int64_t due_unix_ms;  /* unknown: none today, or only when asked */
    const char *deferred; /* why the one that is due waits; "" else */
    int64_t left_out;     /* starts in a row that came to nothing */
    const char *left_why; /* … the last one because of this */
    const char *failed;   /* how the newest run failed; "" when it did not */
    bool never;           /* planned, but no minute of the day is allowed */
    bool running;
};
/* The i-th throughput probe; false beyond the last. */
bool bw_heavy_next(const struct bw_heavy *h, size_t i, struct bw_heavy_next *ret);

/* The secrets behind the start times; lent. */
const struct bw_pledge *bw_heavy_pledge(const struct bw_heavy *h);

/* Put what binds the start times into a record that is about to be written: the first one
 * of a UTC day, after a start, a reload or a change of keys. */
void bw_heavy_tell(struct bw_heavy *h, struct bw_summary *s);

/* Cancel a run under way; its result still reaches the interval. cb when none is left
 * (at once when there is none, after this returns otherwise). */
void bw_heavy_stop(struct bw_heavy *h, void (*cb)(void *owner), void *owner);
void bw_heavy_free(struct bw_heavy *h); /* only when no run is left; NULL is fine */

#endif

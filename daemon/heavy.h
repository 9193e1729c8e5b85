/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy.h - throughput tests: when they are due, whether they may run, and the one that
 * runs, in a child process.
 *
 * schedule.h decides; this carries it out. Every deferral and every result goes into the
 * site's open interval. Loop thread only. */
#ifndef BW_HEAVY_H
#define BW_HEAVY_H

#include <bw/probe.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bw_boxconf;
struct bw_campaign;
struct bw_err;
struct bw_heavy;
struct bw_pledge;
struct bw_site;
struct bw_summary;
struct bw_ticketer;
struct bw_writer;

/* Load campaigns and the secrets of the days around today (made where missing) from the
 * writer, which must not run yet. References are held to the configuration only. */
int bw_heavy_new(uv_loop_t *loop,
                 struct bw_boxconf *config,
                 struct bw_site *site,
                 struct bw_writer *writer,
                 struct bw_heavy **ret,
                 struct bw_err *reterr);

/* Where runs whose probe says `ticket = collector` get one; borrowed for life. */
void bw_heavy_use_tickets(struct bw_heavy *h, struct bw_ticketer *tickets);

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
    const char *circuit;
    bool planned;         /* a start of today is still to come; when, nobody is told */
    const char *deferred; /* why the one that is due waits; "" else */
    int64_t left_out;     /* starts in a row that came to nothing */
    const char *left_why; /* … the last one because of this */
    const char *failed;   /* how the newest run failed; "" when it did not */
    bool never;           /* drawn, but the day is not open for long enough */
    bool running;
    bool untestable[BW_DIRECTIONS]; /* the claim is more than port or servers carry */
    int64_t equal_in_row;           /* runs with upload equal to download to 0.1 % */
    bool no_second;                 /* a figure below the claim, and no other server */
};
/* The i-th throughput probe; false beyond the last. */
bool bw_heavy_next(const struct bw_heavy *h, size_t i, struct bw_heavy_next *ret);

/* Bytes that all probes moved, this UTC day and this calendar month. */
int64_t bw_heavy_day_bytes(const struct bw_heavy *h);
int64_t bw_heavy_month_bytes(const struct bw_heavy *h);
/* Runs in a row that left by another line than this circuit. */
int64_t bw_heavy_other_in_row(const struct bw_heavy *h, size_t circuit);

/* What may run in the next 24 hours and why (verb "schedule"): open hours, expected
 * counts, what waits and its reason. With `starts` also the drawn times of today, which
 * marks every later run and deferral of the day as foreseen, in the records and for good.
 */
json_t *bw_heavy_agenda(struct bw_heavy *h, bool starts);

/* Start a campaign by a rule of the configured folder, with a probe (NULL: the only one) of
 * a circuit (NULL: any), from a local calendar day on (unknown: tomorrow). */
int bw_heavy_campaign_start(struct bw_heavy *h,
                            const char *rule,
                            const char *probe,
                            int64_t first_day,
                            const struct bw_campaign **ret,
                            struct bw_err *reterr);
int bw_heavy_campaign_stop(struct bw_heavy *h, const char *name, struct bw_err *reterr);
/* All that are known, oldest first. */
json_t *bw_heavy_campaigns(const struct bw_heavy *h);

/* The secrets behind the start times; lent. */
const struct bw_pledge *bw_heavy_pledge(const struct bw_heavy *h);

/* A record that is about to be written: what it says of runs and packets. */
void bw_heavy_heard(struct bw_heavy *h, const struct bw_summary *s);
/* Put what binds the start times into it: the first one of a UTC day, after a start, a
 * reload, a change of keys or of the plan. */
void bw_heavy_tell(struct bw_heavy *h, struct bw_summary *s);

/* Cancel a run under way; its result still reaches the interval. cb when none is left
 * (at once when there is none, after this returns otherwise). */
void bw_heavy_stop(struct bw_heavy *h, void (*cb)(void *owner), void *owner);
void bw_heavy_free(struct bw_heavy *h); /* only when no run is left; NULL is fine */

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_private.h - what heavy.c decides about, heavy_plan.c plans, heavy_run.c runs,
 * heavy_heard.c learns and heavy_agenda.c shows; for these files only. */
#ifndef BW_HEAVY_PRIVATE_H
#define BW_HEAVY_PRIVATE_H

#include "boxconf.h"
#include "campaign.h"
#include "heavy.h"
#include "judge.h"
#include "schedule.h"

#include <bw/units.h>
#include <interval.h>
#include <runner.h>
#include <starts.h>
#include <writer.h>

enum {
    HEAVY_RETESTS_MAX = 4,
    HEAVY_FORESEEN_MAX = 4,
    HEAVY_ITEMS_MAX = BW_BOXCONF_PROBES_MAX + BW_CAMPAIGNS_MAX
};

enum item_what {
    ITEM_OWN,      /* the box's own drawn tests */
    ITEM_CAMPAIGN, /* those of a campaign */
    ITEM_RETEST    /* one, because of a figure below the claim */
};

/* Something that is due now or later. */
struct item {
    enum item_what what;
    size_t probe;                   /* index into the configuration */
    char campaign[BW_NAME_MAX + 1]; /* ITEM_CAMPAIGN */
    int64_t drawn_day_s; /* the UTC day whose secret drew the start (of a retest: that of
                            the first test) */
    int64_t due_unix_ms; /* unknown: none (any more) today */
    int64_t due_mono_ms;
    int64_t give_up_unix_ms; /* of the one that is due */
    int64_t look_mono_ms;    /* a deferred one is looked at again then */
    uint32_t target;         /* the server it goes to */
    bool asked;              /* of a run: a person did, nothing was due */
    char deferred[128];
    int64_t left_out; /* in a row */
    char left_why[128];
    char failed[200];
    char retest_of[BW_DIRECTIONS][BW_JUDGE_TOKEN_MAX]; /* ITEM_RETEST */
};

/* What is known of a throughput probe's runs so far. */
struct track {
    uint64_t turn;        /* usual servers take turns */
    int64_t equal_in_row; /* runs with upload equal to download */
    struct {
        int64_t ran_unix_ms; /* the newest run of its own; unknown: none to be judged */
        int64_t drawn_day_s; /* as the item's */
        uint32_t target;
        int64_t at_unix_ms[BW_DIRECTIONS]; /* as its record has it; unknown: not yet told */
        bool below;                        /* a direction is below the claim */
    } newest;
};

struct run {
    struct bw_heavy *heavy;
    struct bw_boxconf *config; /* the one it began under */
    struct bw_runner *runner;  /* NULL while it waits for a ticket */
    struct item item;          /* as it was when it began */
    uint32_t target;
    int64_t moved_bytes[BW_DIRECTIONS]; /* as told last, by a result or on its way */
    int64_t goodput_bps[BW_DIRECTIONS];
    int64_t began_mono_ns; /* no byte before it … */
    int64_t
        told_mono_ns; /* … and of the direction told last none after it; 0: none is told */
    bool measured;
    char failed[200]; /* why its last result is none; "" */
    bool asked;
};

struct bw_heavy {
    uv_loop_t *loop;
    struct bw_boxconf *config;
    struct bw_site *site;
    struct bw_writer *writer;
    struct bw_pledge *pledge;
    struct bw_campaigns *campaigns;
    struct bw_ticketer *tickets;        /* NULL: nobody to ask */
    uint8_t allowed[BW_STARTS_DAY_MIN]; /* of today */
    struct item items[HEAVY_ITEMS_MAX]; /* own ones, one a probe, then campaigns */
    size_t n_items;
    struct item retests[HEAVY_RETESTS_MAX];
    size_t n_retests;
    struct track tracks[BW_BOXCONF_PROBES_MAX]; /* by index into the configuration */
    const struct bw_boxconf *planned;           /* the configuration they are of: the one in
                                                   force, or at a reload the one before */
    int64_t spent_bytes;                        /* by all probes, of today … */
    int64_t spent_month_bytes;                  /* … and of this calendar month, UTC */
    int64_t light_bytes[BW_CIRCUITS_MAX];       /* of these, not yet told to the journal */
    int64_t light_told_mono_ms;
    struct bw_judge_row other_in_row[BW_CIRCUITS_MAX];
    struct run *run;
    int64_t ended_mono_ms; /* of the last run; unknown: none yet */
    struct bw_heavy_asker asker;
    int64_t told_day_s; /* a record of this day has told of secrets and plan */
    char told_kid[BW_KID_LEN + 1];
    /* Days whose starts somebody was shown, or may know, newest first; unknown: none. */
    int64_t foreseen_day_s[HEAVY_FORESEEN_MAX];
    bool stopping;
    void (*stopped)(void *owner);
    void *stopped_owner;
};

/* ---- heavy_plan.c */

/* The first drawn start at or after a moment. */
void heavy_plan_item(struct bw_heavy *h, struct item *it, int64_t after_unix_ms);
/* Everything of the UTC day of unix_s, from then on. */
void heavy_plan(struct bw_heavy *h, int64_t unix_s);
/* What the journal has of this day and month was spent: also before a restart, or before
 * the clock was set. */
void heavy_know_spent(struct bw_heavy *h);
/* A probe's servers of the usual list stand before those outside it. */
size_t heavy_n_usual(const struct bw_boxconf_probe *p);
/* The same instance, unchanged, in another configuration; or -ENOENT. */
int heavy_same_probe(const struct bw_boxconf *c, const struct bw_boxconf_probe *p);
/* Of the same instance: are its own tests drawn as before, how often and where to? */
bool heavy_same_plan(const struct bw_boxconf_probe *a, const struct bw_boxconf_probe *b);
/* The probe of a campaign in the configuration in force, or -ENOENT. */
int heavy_campaign_probe(const struct bw_heavy *h, const struct bw_campaign *k);

/* ---- heavy_run.c */

/* Run it now; nothing else runs. */
int heavy_start(struct bw_heavy *h, struct item *it, bool asked, struct bw_err *reterr);
/* The part of it behind the ticket, if it needs one. */
int heavy_child(struct run *run, const char *ticket, struct bw_err *reterr);
/* Whoever asked hears of it; the run is gone. */
void heavy_over(struct run *run, int status, const char *reason);
/* Put into the record that it was due and did not run. */
void heavy_not_run(struct bw_heavy *h,
                   const struct item *it,
                   enum bw_test_state state,
                   const char *reason);

/* ---- heavy_slow.c */

/* How long after an instant its circuit's counts hold nothing older: a step that reaches
 * over it, and a whole one behind it. 0: they are of the moment. */
int64_t heavy_late_s(const struct bw_heavy *h, size_t circuit);
/* The busy gate's share on this circuit. */
int64_t heavy_gate_ppm(const struct bw_heavy *h, size_t circuit, int64_t ppm);
/* The options of a longer run, freed by bw_opts_free(); NULL: as they are. */
struct bw_opts *
heavy_longer(const struct bw_heavy *h, const struct bw_boxconf_probe *p, int64_t link_bps);

/* ---- heavy_ticket.c */

/* 0: it goes on by itself, with a ticket or not. */
int heavy_ask_ticket(struct run *run, struct bw_err *reterr);
/* End what runs or waits for a ticket; something does. */
void heavy_cancel(struct bw_heavy *h);

/* ---- heavy.c */

/* What was due is left out, and the record says so; `it` counts it, and may be planned
 * anew already. */
void heavy_give_up(struct bw_heavy *h,
                   struct item *it,
                   const struct item *due,
                   const char *reason);

/* Does somebody know the starts that this day's secret drew? */
bool heavy_is_foreseen(const struct bw_heavy *h, int64_t day_unix_s);
/* From now on they do, and the log says how. */
void heavy_mark_foreseen(struct bw_heavy *h, const char *how);

/* What a decision about an item rests on, now. */
void heavy_look(struct bw_heavy *h,
                const struct item *it,
                bool asked,
                struct bw_sched_state *s);

/* ---- heavy_heard.c */

/* Tell the journal what the small packets moved, as of a moment. */
void heavy_tell_light(struct bw_heavy *h, int64_t unix_s);

#endif

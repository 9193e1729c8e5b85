/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts.h - what is worth telling somebody: a state for each circuit and rule, moved by
 * what the records say and by the time, which is an argument. No I/O.
 *
 * A box that does not deliver is silent, never out: an outage is stated only from records
 * of the box itself. Unknown moves nothing: it neither opens an alert nor closes one. Rules
 * about circuits go by the time of their records, not by that of the wall: what a journal
 * tells later is judged as it would have been. While a box is silent its circuits are not
 * judged at all.
 *
 * An alert is opened after its condition has lasted for `for_s`, and closed after it has
 * been over for `clear_s`; between its two thresholds it stays what it was. An open one is
 * told, or held: by maintenance, by an alarm of many boxes at once, by the hub that it
 * hangs on, by quiet hours. A held one is told when the reason is gone and it still lasts;
 * one that ends before was never told. */
#ifndef BW_ALERTS_H
#define BW_ALERTS_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_alerts;

#define BW_WATCH_NONE UINT32_MAX

enum bw_alerts_limits {
    BW_ALERT_SCOPE_MAX = 96, /* "s-4f9k2.wan" */
    BW_ALERT_SHARED_MAX = 96,
    BW_ALERT_SILENT_INTERVALS = 3
};

enum bw_alert_kind {
    BW_ALERT_SILENT,   /* of a site; its value: seconds since it was heard */
    BW_ALERT_OUTAGE,   /* of a circuit, as all below; milliseconds told by records */
    BW_ALERT_LOSS,     /* ppm of packets */
    BW_ALERT_LATENCY,  /* µs */
    BW_ALERT_HEADROOM, /* class-hour P95 in ppm of the claim */
    BW_ALERT_BELOW,    /* confirmed tests in ppm of the claim */
    BW_ALERT_MASS,     /* of the collector: many boxes silent at once; how many */
    BW_ALERT_KINDS
};

struct bw_alert_rule {
    bool on;
    bool class_hours; /* judged in class hours only */
    bool urgent;      /* told in quiet hours too */
    int64_t open_at;  /* loss, latency, headroom: at this or more … */
    int64_t close_at; /* … and over below this. outage: the shortest that is told, ms */
    int64_t for_s;    /* how long before it is opened … */
    int64_t clear_s;  /* … and closed */
};

struct bw_alerts_conf {
    struct bw_alert_rule rules[BW_ALERT_KINDS];
    int64_t mass_ppm;      /* of the boxes that are watched, more than this … */
    int64_t mass_least;    /* … and at least so many … */
    int64_t mass_window_s; /* … that fell silent within this */
};

/* The rules as they come: see docs/alerts.md. */
extern const struct bw_alerts_conf bw_alerts_usual;

enum bw_watch_told { /* what is known of a yes or no */
    BW_TOLD_UNKNOWN = -1,
    BW_TOLD_NO,
    BW_TOLD_YES
};

/* One circuit by its newest record. Unknown is BW_UNKNOWN. */
struct bw_watch_circuit {
    const char *name;  /* within its site */
    int64_t at_unix_s; /* end of that record's interval; unknown: none */
    int64_t interval_s;
    enum bw_watch_told class_now; /* was that interval class time? */
    enum bw_watch_told out; /* an outage was open when it closed: the box's own word */
    int64_t day;            /* the local day of these … */
    int64_t outage_ms[2];   /* … outages by records: of that day, of the day before */
    int64_t loss_ppm;
    int64_t latency_us;
    int64_t share_ppm; /* of the last school day: a new one is a new `share_day` */
    int64_t share_day;
    enum bw_watch_told below; /* confirmed by a second server or a retest */
    int64_t below_ppm;
    bool maintenance;
};

struct bw_watch_site {
    const char *id;
    const char *provider; /* of its line, "" unknown */
    const char *region;   /* "" unknown */
    uint32_t hub; /* the site that its way leads over; BW_WATCH_NONE: none is known */
    bool watched; /* in service, and was heard before */
    bool maintenance;
    int64_t heard_unix_s;
    int64_t interval_s;
    uint32_t first_circuit, end_circuit;
};

/* Everything at one time. Sites are in the order of their ids, by strcmp(). */
struct bw_watch {
    int64_t now_unix_s;
    int64_t listening_unix_s; /* since when boxes could be heard without a break */
    bool quiet;               /* quiet hours now */
    int64_t certificate_days; /* of the collector's own; unknown */
    const struct bw_watch_site *sites;
    size_t n_sites;
    const struct bw_watch_circuit *circuits;
    size_t n_circuits;
};

enum bw_alert_phase {
    BW_PHASE_IDLE,    /* only its counts are kept */
    BW_PHASE_PENDING, /* the condition has not lasted for long enough */
    BW_PHASE_OPEN,
    BW_PHASE_CLEARING /* open; its condition is over, not for long enough */
};

enum bw_alert_hold {
    BW_HOLD_NONE,
    BW_HOLD_MAINTENANCE,
    BW_HOLD_MASS,
    BW_HOLD_HUB,
    BW_HOLD_QUIET
};

/* What the silent boxes of one alarm have in common. Counts say how sure that is. */
struct bw_alert_shared {
    int64_t n_silent;  /* of the alarm, still */
    int64_t n_members; /* in all */
    int64_t n_watched;
    bool collector;   /* nearly all boxes: the collector or its own line */
    bool certificate; /* … and its certificate has run out */
    char provider[BW_ALERT_SHARED_MAX]; /* "": none stands out */
    int64_t n_provider_silent, n_provider;
    char region[BW_ALERT_SHARED_MAX];
    int64_t n_region_silent, n_region;
};

/* One state; what is kept over a restart. */
struct bw_alert {
    int64_t id; /* 0: not opened yet */
    enum bw_alert_kind kind;
    enum bw_alert_phase phase;
    enum bw_alert_hold held;
    bool told;
    char scope[BW_ALERT_SCOPE_MAX + 1]; /* a site, a circuit; of many boxes "mass-ID" */
    int64_t held_by;                    /* the alert that holds it; 0: none */
    int64_t mass;         /* the alarm of many boxes that it belongs to; 0: none */
    int64_t since_unix_s; /* its condition began; silent: last heard */
    int64_t fell_unix_s;  /* silent: counted as such since then; mass: the last one did */
    int64_t over_unix_s;  /* its condition ended; unknown: it lasts */
    int64_t opened_unix_s;
    int64_t seen_unix_s; /* end of the newest interval that was judged */
    int64_t wait_unix_s; /* told no sooner; unknown: nothing to wait for */
    int64_t value;       /* newest, in the unit of its kind */
    int64_t worst;
    int64_t n_hanging; /* alerts that it holds, or held */
    int64_t count_day; /* outage: what was counted before */
    int64_t count_ms[2];
};

enum bw_alert_event_kind {
    BW_EVENT_OPENED,  /* it is one now; told where `held` is none */
    BW_EVENT_HELD,    /* not told yet, and held for another reason than before */
    BW_EVENT_TOLD,    /* was held, is to be told now */
    BW_EVENT_CHANGED, /* others hang on it; nobody is to be told again */
    BW_EVENT_CLOSED,  /* to be told where it was */
    BW_EVENT_WAS      /* opened and closed at once: records told of it when it was over */
};

struct bw_alert_event {
    enum bw_alert_event_kind what;
    int64_t at_unix_s;
    bool unwatched; /* closed because nobody watches that place any more */
    const struct bw_alert *alert;
    const struct bw_alert_shared *shared; /* of BW_ALERT_MASS, else NULL */
};

/* Within bw_alerts_step(); all is lent. */
typedef void (*bw_alert_event_cb)(void *owner, const struct bw_alert_event *e);
/* Non-zero ends the walk and is given back. */
typedef int (*bw_alert_cb)(void *owner, const struct bw_alert *a, bool gone);

/* next_id: of the first alert that will be opened, from 1 on. NULL without memory. */
struct bw_alerts *bw_alerts_new(const struct bw_alerts_conf *conf, int64_t next_id);
void bw_alerts_free(struct bw_alerts *a); /* NULL is fine */
/* Other rules from the next step on. */
void bw_alerts_set_conf(struct bw_alerts *a, const struct bw_alerts_conf *conf);

/* Take up a state that was kept; before the first step. -ENOMEM. */
int bw_alerts_load(struct bw_alerts *a, const struct bw_alert *one);
/* What was counted before there were alerts is not news: to be called where nothing was
 * kept yet. */
void bw_alerts_begin(struct bw_alerts *a);

/* Time never goes back: a step at an earlier time than the last is as of the last. -ENOMEM:
 * the states are to be thrown away and loaded again, for the step was done in part. */
int bw_alerts_step(struct bw_alerts *a,
                   const struct bw_watch *w,
                   bw_alert_event_cb cb,
                   void *owner);

/* Each state that was changed since the last call that ended with 0; gone: it is no more.
 */
int bw_alerts_changes(struct bw_alerts *a, bw_alert_cb cb, void *owner);
size_t bw_alerts_count(const struct bw_alerts *a);
int64_t bw_alerts_next_id(const struct bw_alerts *a);

/* "silent", "outage" …; "open"; "maintenance" …. Static. */
const char *bw_alert_kind_name(enum bw_alert_kind k);
const char *bw_alert_hold_name(enum bw_alert_hold h);

#endif

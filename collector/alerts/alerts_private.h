/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_private.h - what the files of the engine share. */
#ifndef BW_ALERTS_PRIVATE_H
#define BW_ALERTS_PRIVATE_H

#include "alerts.h"

struct slot {
    struct bw_alert a;
    uint32_t site; /* of the watch of this step; BW_WATCH_NONE: not in it */
    bool seen;     /* in this step */
    bool dirty;
    bool gone;
    bool grew; /* more hangs on it than before */
};

struct bw_alerts {
    struct bw_alerts_conf conf;
    int64_t next_id;
    int64_t now_unix_s;
    bool beginning; /* the first step counts, and tells nothing of what is over */
    struct slot **slots;
    size_t n;
    size_t n_sorted; /* of them by scope and kind; those behind came in this step */
    size_t cap;
    bw_alert_event_cb cb;
    void *owner;
};

/* Among those that are sorted; NULL: none. */
struct slot *
bw_alerts_find(struct bw_alerts *a, const char *scope, enum bw_alert_kind kind);
/* A new one behind the others; NULL without memory. */
struct slot *bw_alerts_add(struct bw_alerts *a, const char *scope, enum bw_alert_kind kind);
void bw_alerts_sort(struct bw_alerts *a);
void bw_alerts_tell(struct bw_alerts *a,
                    enum bw_alert_event_kind what,
                    struct slot *s,
                    const struct bw_alert_shared *shared);
static inline bool bw_alert_is_open(const struct bw_alert *a)
{
    return a->phase == BW_PHASE_OPEN || a->phase == BW_PHASE_CLEARING;
}

/* What everything of the watch says; then all are sorted. */
int bw_alerts_look(struct bw_alerts *a, const struct bw_watch *w);
/* Its condition went before it was opened. */
void bw_alerts_drop(struct slot *s);
/* Close, open, tell, hold. */
void bw_alerts_settle(struct bw_alerts *a, const struct bw_watch *w);

/* Alarms of many boxes: who belongs to one, which begins, which is over. */
int bw_alerts_mass(struct bw_alerts *a, const struct bw_watch *w);

#endif

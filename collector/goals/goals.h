/* SPDX-License-Identifier: GPL-3.0-or-later
 * goals.h - how far a goal is reached: each member's own figure, month by month and of the
 * last 28 days (method goal-progress/1, docs/goal-v1.md). What is not known is counted by
 * its reason and never as missed. Pure, integers only; any thread. */
#ifndef BW_GOALS_H
#define BW_GOALS_H

#include <bw/units.h>
#include <goal.h>
#include <place.h>
#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_GOALS_METHOD "goal-progress/1"

enum bw_goals_limits {
    BW_GOALS_POINTS = BW_ROOM_MONTHS + 1, /* whole months, oldest first; the last 28 days */
    BW_GOALS_NOW = BW_ROOM_MONTHS
};

/* Why a member's figure is not known. */
enum bw_goals_why {
    BW_GOALS_KNOWN,
    BW_GOALS_NO_BOX,
    BW_GOALS_NO_RECORD, /* of that time */
    BW_GOALS_NOT_READ,  /* the room has not read that month yet */
    BW_GOALS_NO_CLAIM,
    BW_GOALS_NOT_TESTED, /* no good run whose line rate was counted */
    BW_GOALS_NO_STUDENTS,
    BW_GOALS_MANY_LINES, /* none is enough alone, and nothing says which are used together
                          */
    BW_GOALS_WHYS
};

struct bw_goals_value {
    enum bw_goals_why why;
    uint32_t circuit; /* whose; BW_ROOM_NONE where it is not known */
    int64_t bps;      /* of the line, downwards; unknown */
    int64_t value;    /* bps, or for each student on file now, rounded down; unknown */
    bool meets;
};

struct bw_goals_member {
    uint32_t entity; /* as of a place */
    uint32_t site;
    int64_t students; /* on file now; unknown */
    struct bw_goals_value now;
};

struct bw_goals_point {
    int32_t month; /* as bw_room_month; -1: the last 28 days */
    int64_t n_known;
    int64_t n_meet; /* of them */
    int64_t n_why[BW_GOALS_WHYS];
    int64_t median; /* of the values that are known (rank ceil(n / 2)); unknown */
};

enum bw_goals_state {
    BW_GOALS_NOBODY,  /* no member */
    BW_GOALS_REACHED, /* so many meet it */
    BW_GOALS_MISSED,  /* so many could not, were all unknown ones to meet it */
    BW_GOALS_NOT_TOLD /* it hangs on those that are not known */
};

struct bw_goals_progress {
    uint32_t entity; /* whose places they are; BW_ROOM_NONE: not here (any more) */
    struct bw_goals_member *members; /* missed first, the furthest on top; then unknown */
    size_t n;
    int64_t n_unplaced; /* of whom students are not on file, so perhaps of the cohort */
    int64_t n_wanted;   /* of the members have to meet it */
    struct bw_goals_point points[BW_GOALS_POINTS];
    enum bw_goals_state state; /* of the last 28 days */
};

struct bw_goals_ask {
    const struct bw_goal *goal;
    bool months; /* else only the last 28 days: points before are empty */
    /* May it be seen? One of entity and site is BW_ROOM_NONE. NULL: all. */
    bool (*sees)(const void *owner, uint32_t entity, uint32_t site);
    const void *owner;
};

/* -ENOMEM. */
int bw_goals_measure(const struct bw_room *r,
                     const struct bw_goals_ask *ask,
                     struct bw_goals_progress *ret);
void bw_goals_done(struct bw_goals_progress *p);

/* "no-claim"; "no speed is claimed" */
const char *bw_goals_why_name(enum bw_goals_why w);
const char *bw_goals_why_words(enum bw_goals_why w);
/* "reached", "missed", "not-told", "nobody" */
const char *bw_goals_state_name(enum bw_goals_state s);

#endif

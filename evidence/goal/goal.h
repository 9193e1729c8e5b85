/* SPDX-License-Identifier: GPL-3.0-or-later
 * goal.h - what a state, region or district wants to reach, and by when: the body of a
 * statement of kind "goal", about "goal:NAME" (docs/goal-v1.md). Whether it is reached is
 * measured elsewhere (collector/goals). */
#ifndef BW_GOAL_H
#define BW_GOAL_H

#include <bw/units.h>
#include <fields.h>
#include <statement.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

#define BW_GOAL_WORD "goal"
#define BW_GOAL_ABOUT "goal:"

enum bw_goal_limits {
    BW_GOAL_NAME_MAX = 40,   /* bytes of a name: [a-z0-9-] */
    BW_GOAL_TITLE_MAX = 120, /* bytes of UTF-8, without NUL */
    BW_GOAL_TEXT_MAX = 300,
    BW_GOALS_MAX = 500,
    BW_GOAL_ENTITY_MAX = 31
};

/* Whose download speed; 0 is not stated. */
enum bw_goal_of {
    BW_GOAL_TESTED = 1, /* the median good run */
    BW_GOAL_CLAIMED
};
/* For each of what. */
enum bw_goal_per {
    BW_GOAL_STUDENT = 1,
    BW_GOAL_PLACE /* a school, or a box at none */
};

struct bw_goal {
    char title[BW_GOAL_TITLE_MAX + 1];
    char entity[BW_GOAL_ENTITY_MAX + 1]; /* its places are the members */
    int64_t of;
    int64_t per;
    int64_t target_bps;
    int64_t share_ppm;        /* of the members that are to meet it */
    char by[BW_DATE_LEN + 1]; /* the day on which they shall: "2027-09-01" */
    int64_t students_min;     /* only places with so many on file; unknown: any */
    int64_t students_max;
    char text[BW_GOAL_TEXT_MAX + 1]; /* why, or by which decision; "" not said */
};

extern const struct bw_field bw_goal_fields[];
extern const size_t bw_goal_n_fields;

void bw_goal_init(struct bw_goal *g);
/* -EINVAL with a sentence: a cohort that nobody can be in. */
int bw_goal_check(const struct bw_goal *g, struct bw_err *reterr);
/* "1-mbit-by-2027": 1 to 40 of [a-z0-9-], not beginning with a dash. */
bool bw_goal_name_valid(const char *name);

/* A goal on file. */
struct bw_goal_said {
    char name[BW_GOAL_NAME_MAX + 1];
    struct bw_goal goal;
    char id[BW_HASH_LEN + 1];
    char by[BW_STATEMENT_BY_MAX + 1];
    int64_t said_unix_s;
    int64_t first_said_unix_s; /* this name was used first */
    int32_t n_versions;        /* of this name up to it */
    bool ended;                /* withdrawn, and nothing took its place */
    char ended_by[BW_STATEMENT_BY_MAX + 1];
    int64_t ended_unix_s; /* unknown: it is in force */
};

/* The newest of each name, by name; withdrawn ones only where `ended`. What cannot be read
 * is passed over and counted in *ret_unread (may be NULL). free() *ret; c NULL: none.
 * -E2BIG beyond BW_GOALS_MAX names. */
int bw_goals_read(struct bw_catalogue *c,
                  bool ended,
                  struct bw_goal_said **ret,
                  size_t *ret_n,
                  int64_t *ret_unread,
                  struct bw_err *reterr);

/* Say it in the name of `by`, in place of what holds under that name. -EINVAL: the name or
 * a member breaks its rule. */
int bw_goal_say(struct bw_catalogue *c,
                const char *name,
                const struct bw_goal *g,
                const char *by,
                const char *via,
                int64_t now_unix_ms,
                char ret_id[BW_HASH_LEN + 1],
                struct bw_err *reterr);
/* It holds no longer; `text` says why. -ENOENT: none of that name holds. */
int bw_goal_withdraw(struct bw_catalogue *c,
                     const char *name,
                     const char *text,
                     const char *by,
                     const char *via,
                     int64_t now_unix_ms,
                     char ret_id[BW_HASH_LEN + 1],
                     struct bw_err *reterr);

/* "tested", "student" */
const char *bw_goal_of_name(int64_t of);
const char *bw_goal_per_name(int64_t per);
/* 0: no such word. */
int64_t bw_goal_of_parse(const char *word);
int64_t bw_goal_per_parse(const char *word);

#endif

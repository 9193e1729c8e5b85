/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress_parts.h - what the files of the page share: page_progress.c (requests, the
 * list), progress_goal.c (one goal), progress_chart.c (its picture), progress_said.c
 * (forms), progress_export.c (JSON, CSV). */
#ifndef BW_PROGRESS_PARTS_H
#define BW_PROGRESS_PARTS_H

#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <goals.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_http_req;

enum bw_progress_form {
    BW_PROGRESS_PAGE,
    BW_PROGRESS_JSON,
    BW_PROGRESS_CSV
};

enum bw_progress_act {
    BW_PROGRESS_LOOK,
    BW_PROGRESS_SET,
    BW_PROGRESS_WITHDRAW
};

enum {
    BW_PROGRESS_TYPED = 400 /* bytes of a field, with NUL */
};

/* What somebody typed into the form of a goal. */
struct bw_progress_typed {
    char name[BW_PROGRESS_TYPED];
    char title[BW_PROGRESS_TYPED];
    char entity[BW_PROGRESS_TYPED];
    char of[BW_PROGRESS_TYPED];
    char per[BW_PROGRESS_TYPED];
    char kbps[BW_PROGRESS_TYPED];
    char share[BW_PROGRESS_TYPED];
    char by[BW_PROGRESS_TYPED];
    char students_min[BW_PROGRESS_TYPED];
    char students_max[BW_PROGRESS_TYPED];
    char text[BW_PROGRESS_TYPED];
};

/* One request. */
struct bw_progress_job {
    struct bw_http_req *req;
    enum bw_progress_form form;
    enum bw_progress_act act;
    const struct bw_room *r;
    const struct bw_viewer *viewer;
    struct bw_page_scope scope;
    int64_t now_unix_ms;
    char name[BW_GOAL_NAME_MAX + 1]; /* of one goal; "" all */
    char title[BW_LABEL_MAX + 1];    /* the state's */
    struct bw_progress_typed typed;
    struct bw_goal_said *goals; /* that may be seen, by name */
    size_t n_goals;
    int64_t unread;
    bool refused;    /* what was typed; err says why */
    unsigned status; /* 303: on to where it was set */
    struct bw_err err;
    struct bw_buf out;
};

/* Its members are those that may be seen. */
int bw_progress_measure(const struct bw_progress_job *j,
                        const struct bw_goal_said *g,
                        bool months,
                        struct bw_goals_progress *ret);
/* May it be seen: its entity, or somebody below it? */
bool bw_progress_sees(const struct bw_progress_job *j, const struct bw_goal *g);
/* May this viewer withdraw or replace it? Who said it, and administrators. */
bool bw_progress_may_end(const struct bw_progress_job *j, const struct bw_goal_said *g);

/* "reached", "not yet" … as a word in colour; the goal's day decides. */
void bw_progress_state(struct bw_progress_job *j,
                       const struct bw_goal_said *g,
                       const struct bw_goals_progress *p);
/* "at least 1 Mbit/s tested for each student, at 90 % of the places" */
void bw_progress_words(struct bw_buf *b, const struct bw_goal *g);
/* "42 of 57 (73.6 %)" */
void bw_progress_of(struct bw_buf *b, int64_t n, int64_t of);

void bw_progress_goal(struct bw_progress_job *j, const struct bw_goal_said *g);
/* Months side by side: who meets it, who does not, of whom it is not known. */
void bw_progress_chart(struct bw_buf *b, const struct bw_goals_progress *p);
/* 24322 as "2026-11" */
void bw_progress_month(struct bw_buf *b, int32_t month);

/* On a reader's thread: what was typed is said, or withdrawn; j->status and j->err. */
void bw_progress_say(struct bw_progress_job *j, struct bw_catalogue *c);
/* The form that says a goal, with what was typed. */
void bw_progress_say_form(struct bw_progress_job *j);
/* A posted form into j->typed; false: it is none. */
bool bw_progress_read_form(struct bw_progress_job *j);

void bw_progress_json(struct bw_progress_job *j);
void bw_progress_csv(struct bw_progress_job *j);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness_parts.h - what the files of the page share: page_readiness.c (requests, the
 * page), readiness_lines.c (rows and the picture), readiness_was.c (days that are over),
 * readiness_export.c (JSON, CSV). */
#ifndef BW_READINESS_PARTS_H
#define BW_READINESS_PARTS_H

#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <limits.h>
#include <readiness.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_http_req;

enum bw_ready_form {
    BW_READY_PAGE,
    BW_READY_JSON,
    BW_READY_CSV
};

enum {
    BW_READY_USUAL_KBPS = 45,  /* docs/readiness.md has its source */
    BW_READY_DAYS_READ = 12000 /* of circuits, for one answer about days that are over */
};

/* One request. */
struct bw_ready_job {
    struct bw_http_req *req;
    enum bw_ready_form form;
    const struct bw_room *r;
    struct bw_page_scope scope;
    struct bw_ready_ask ask;
    int64_t today;            /* the day of UTC */
    bool past;                /* the window is over: days of it are read */
    bool usual_window;        /* the next of the calendars, nobody typed one */
    int64_t page;             /* from 1 */
    char path[PATH_MAX + 16]; /* of room.db */
    char title[BW_LABEL_MAX + 1];
    struct bw_ready_line *lines; /* [circuits]: of days that are over */
    struct bw_readiness x;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* Into j->lines, j->ask.lines. False: j->status and j->err say why. */
bool bw_ready_read_days(struct bw_ready_job *j);

/* Rows [from, to) as the table's body. */
void bw_ready_rows(struct bw_ready_job *j, size_t from, size_t to);
/* How many places need how many sittings: a bar, and its table behind it. */
void bw_ready_picture(struct bw_ready_job *j);

void bw_ready_json(struct bw_ready_job *j);
void bw_ready_csv(struct bw_ready_job *j);

#endif

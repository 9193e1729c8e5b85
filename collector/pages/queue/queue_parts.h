/* SPDX-License-Identifier: GPL-3.0-or-later
 * queue_parts.h - what the files of the support queue share: page_queue.c (requests, the
 * page), queue_lines.c (rows, one opened, weights), queue_export.c (JSON, CSV). */
#ifndef BW_QUEUE_PARTS_H
#define BW_QUEUE_PARTS_H

#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_http_req;

enum bw_queue_form {
    BW_QUEUE_PAGE,
    BW_QUEUE_JSON,
    BW_QUEUE_CSV
};

/* One request. */
struct bw_queue_job {
    struct bw_http_req *req;
    enum bw_queue_form form;
    const struct bw_room *r;
    struct bw_page_scope scope; /* what of it may be seen */
    struct bw_queue_ask ask;
    size_t page;                  /* from 1 */
    bool apart;                   /* the list of those of whom too little is known */
    char open[BW_ENTITY_MAX + 1]; /* the one that is opened; "" none */
    char title[BW_LABEL_MAX + 1]; /* the state's */
    struct bw_queue_said said;    /* the weights */
    struct bw_queue q;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* The address of a list like this one, for an attribute. */
void bw_queue_url(struct bw_queue_job *j, bool districts, int sort, size_t page);
const char *bw_queue_sort_name(int sort);

/* The id of a row: of its entity, or of its box. */
const char *bw_queue_row_id(const struct bw_room *r, const struct bw_queue_row *x);

/* Rows [from, to) of the whole list, as the table's body. */
void bw_queue_lines(struct bw_queue_job *j, size_t from, size_t to);
void bw_queue_apart_lines(struct bw_queue_job *j, size_t from, size_t to);
/* Everything about row i. */
void bw_queue_opened(struct bw_queue_job *j, size_t i);
/* Which weights, and what their words mean. */
void bw_queue_weights_shown(struct bw_queue_job *j);

void bw_queue_json(struct bw_queue_job *j);
void bw_queue_csv(struct bw_queue_job *j);

#endif

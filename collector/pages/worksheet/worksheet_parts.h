/* SPDX-License-Identifier: GPL-3.0-or-later
 * worksheet_parts.h - what the files of the worksheet's page share: page_worksheet.c
 * (requests, the form), worksheet_shown.c (the sum and its reasons). */
#ifndef BW_WORKSHEET_PARTS_H
#define BW_WORKSHEET_PARTS_H

#include <page_scope.h>
#include <worksheet.h>

#include <buf.h>
#include <bw/err.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_coincident_circuit;
struct bw_collector;
struct bw_http_req;
struct bw_worksheets;

enum bw_worksheet_form {
    BW_WORKSHEET_PAGE,
    BW_WORKSHEET_JSON,
    BW_WORKSHEET_CSV
};

struct bw_worksheet_job {
    struct bw_worksheet_job *next; /* of those that wait */
    struct bw_collector *c;
    struct bw_http_req *req;
    struct bw_worksheets *all;
    enum bw_worksheet_form form;
    const struct bw_room *r;
    struct bw_page_scope scope;
    uint32_t below;                  /* entity; BW_ROOM_NONE */
    const char *by_hand;             /* as typed; "" */
    struct bw_worksheet_list chosen; /* what may be seen of what was chosen */
    bool *out;                       /* of each: left out */
    size_t n_out;
    size_t n_wrong;              /* words that are no circuit that may be seen */
    struct bw_worksheet_list in; /* chosen without those */
    int64_t days;
    int64_t need_percent;
    bool make;
    bool circuits; /* for programs: a row a circuit */
    char data[4096];
    char title[BW_LABEL_MAX + 1];
    struct bw_worksheet sheet;
    unsigned status;
    struct bw_err err;
    struct bw_buf out_bytes;
};

/* The school of a circuit of the sum, "" where nobody says. */
const char *bw_worksheet_called(void *owner, const struct bw_coincident_circuit *c);
/* An address with all that was chosen, for an attribute. */
void bw_worksheet_url(struct bw_worksheet_job *j, const char *path);
/* The answer, why, and each circuit. */
void bw_worksheet_shown(struct bw_worksheet_job *j);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * made_index.h - the page of contents of a folder with reports of many circuits, and the
 * same for programs: each circuit, what was made of it, and the claimed lines that nobody
 * measures. Pure; the same question gives the same bytes. */
#ifndef BW_EVIDENCE_MADE_INDEX_H
#define BW_EVIDENCE_MADE_INDEX_H

#include "packs.h"

#include <selection.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_made {
    BW_MADE_IT,
    BW_MADE_BAD,  /* made, and signatures or chain do not hold */
    BW_NO_RECORD, /* of the period */
    BW_SET_APART, /* records there are, and none counts */
    BW_NOT_MADE   /* it failed: `why` */
};

struct bw_made_row {
    const struct bw_selected *of; /* lent */
    enum bw_made made;
    struct bw_pack_line line; /* of one that was made */
    char why[240];
};

struct bw_made_index {
    const char *whose;        /* "district 123450, Willow Valley" */
    const char *period;       /* as it was asked for: "FY2026" */
    const char *pack;         /* "sizing"; "report" */
    const char *const *files; /* in each circuit's folder: "sizing.pdf", … */
    size_t n_files;
    const struct bw_made_row *rows;
    size_t n_rows;
    const struct bw_selection *chosen;
    int64_t made_unix_s;
};

int bw_made_index_html(const struct bw_made_index *x,
                       struct bw_buf *out,
                       struct bw_err *reterr);
/* what,name,place,district,claims,state,files,recorded_s,elapsed_s,show,do_not_show,
 * not_enough,unmeasured_lines,why */
int bw_made_index_csv(const struct bw_made_index *x,
                      struct bw_buf *out,
                      struct bw_err *reterr);

/* "2 of 3 lines are measured by nobody", and what that rests on. */
void bw_made_line_words(const struct bw_selected_line *l, char out[240]);

#endif

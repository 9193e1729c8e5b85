/* SPDX-License-Identifier: GPL-3.0-or-later
 * doc_private.h - the document's inside, for the files of this folder alone. */
#ifndef BW_EVIDENCE_DOC_PRIVATE_H
#define BW_EVIDENCE_DOC_PRIVATE_H

#include "doc.h"

struct chunk;

struct bw_doc {
    struct bw_doc_head head;
    struct bw_block root;
    struct bw_block *open[BW_DOC_DEPTH_MAX]; /* root, and what is entered */
    unsigned depth;
    struct bw_doc_text *text;     /* what is being written; NULL: nothing can be */
    const struct bw_block *spans; /* the table with a cell over several rows */
    struct chunk *chunks;
    size_t total;
    int error;
};

#endif

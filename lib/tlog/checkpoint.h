/* SPDX-License-Identifier: GPL-3.0-or-later
 * checkpoint.h - a log's head as the text of a note (C2SP tlog-checkpoint), and what a log
 * and a witness say to each other (C2SP tlog-witness). */
#ifndef BW_TLOG_CHECKPOINT_H
#define BW_TLOG_CHECKPOINT_H

#include "note.h"
#include "tree.h"

struct bw_checkpoint {
    char origin[BW_NOTE_NAME_MAX + 1]; /* which log */
    int64_t size;
    uint8_t root[32];
};

/* Append its three lines. */
void bw_checkpoint_write(const struct bw_checkpoint *c, struct bw_buf *out);
/* The text of a note; lines after the third are let be. -BW_EMALFORMED. */
int bw_checkpoint_read(const char *text,
                       size_t n,
                       struct bw_checkpoint *ret,
                       struct bw_err *reterr);
/* A whole note signed by k, whose name must be the origin. -BW_ESIGNATURE: not signed by
 * it. */
int bw_checkpoint_open(const char *note,
                       size_t n,
                       const struct bw_note_key *k,
                       struct bw_checkpoint *ret,
                       struct bw_err *reterr);
/* Append the whole note with one signature: text, empty line, line. */
int bw_checkpoint_sign(const struct bw_checkpoint *c,
                       const struct bw_key *key,
                       struct bw_buf *out,
                       struct bw_err *reterr);

/* What is posted to a witness: the size it knows, the proof that the log grew since, the
 * checkpoint. */
struct bw_add_checkpoint {
    int64_t old_size;
    struct bw_proof proof;
    const char *note; /* lent */
    size_t note_len;
};
void bw_add_checkpoint_write(const struct bw_add_checkpoint *a, struct bw_buf *out);
int bw_add_checkpoint_read(const char *body,
                           size_t n,
                           struct bw_add_checkpoint *ret,
                           struct bw_err *reterr);

#endif

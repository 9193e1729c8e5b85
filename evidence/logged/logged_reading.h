/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_reading.h - what the two files that check share: logged_read.c (leaves),
 * logged_signed.c (checkpoints, and who else signed them). */
#ifndef BW_LOGGED_READING_H
#define BW_LOGGED_READING_H

#include "logged_private.h"

#include <checkpoint.h>

struct bw_logged_checkpoint {
    int64_t size;
    int64_t signed_unix_s;
    bool witnessed;
    size_t n_stamps;
    char stamp[BW_LOGGED_STAMPS_MAX][BW_LOGGED_URL_MAX + 1];
    uint8_t root[32];
    bool good; /* signed by the log, and the newest goes on from it */
    bool has_witness;
    bool has_stamp;
};

struct bw_logged_reading {
    const struct bw_logged_view *v;
    const struct bw_logged_things *t;
    struct bw_log_facts *f;
    const struct bw_pubkey *keys;
    size_t n_keys;
    struct bw_note_key witness[BW_LOG_OTHERS_MAX];
    size_t n_witnesses;
    struct bw_logged_checkpoint points[BW_LOGGED_CHECKPOINTS_MAX]; /* by size */
    size_t n_points;
    int64_t n_before;
    struct bw_tree_part *parts;
    size_t n_parts;
    struct bw_logged_other *others; /* by whose leaf they are */
    size_t n_others;
    int64_t *leaf; /* of each record; unknown: not in the log */
    bool bad;      /* leaves and files do not fit the checkpoint */
};

void bw_logged_fault(struct bw_logged_reading *k, const char *member, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool bw_logged_find(struct bw_logged_reading *k,
                    const char *member,
                    const char **ret,
                    size_t *ret_n);
/* The same, and a fault where it is missing. */
bool bw_logged_need(struct bw_logged_reading *k,
                    const char *member,
                    const char **ret,
                    size_t *ret_n);
/* A note that one of the log's keys signed under the name that stands in it; own: which is
 * that of this log. */
bool bw_logged_open_note(struct bw_logged_reading *k,
                         const char *member,
                         const char *data,
                         size_t n,
                         bool own,
                         struct bw_checkpoint *ret);
/* Every checkpoint, its witnesses and stamps; whom they name goes into the facts. */
void bw_logged_read_points(struct bw_logged_reading *k);

/* Tells of records that are not in the log and should be. -ENOMEM. */
int bw_logged_absent(struct bw_logged_reading *k);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_private.h - the files below data/log/, and what both sides compute. */
#ifndef BW_LOGGED_PRIVATE_H
#define BW_LOGGED_PRIVATE_H

#include "logged.h"

#include <leaf.h>
#include <many.h>

struct bw_buf;

#define BW_IN_LOG_JSON BW_IN_LOG "log.json"
#define BW_IN_LOG_ORDER BW_IN_LOG "order.csv"
#define BW_IN_LOG_OTHERS BW_IN_LOG "others.csv"
#define BW_IN_LOG_HASHES BW_IN_LOG "hashes.bin"

enum {
    BW_LOGGED_MEMBER_MAX = 96, /* bytes of a member's name, with NUL */
    BW_LOGGED_CHECKPOINTS_MAX = 128,
    BW_LOGGED_STAMPS_MAX = 8, /* of one checkpoint */
    BW_LOGGED_URL_MAX = 400,
    BW_LOGGED_JSON_MAX = 1024 * 1024,
    BW_LOGGED_OF_MAX = 63 /* bytes of whose leaf it is */
};

/* checkpoint-SIZE.txt, witnesses-SIZE.txt, growth-SIZE.txt; stamp-SIZE-N.tsr, N from 1;
 * before-N.txt, N from 1. */
void bw_logged_member(const char *what, int64_t size, char ret[BW_LOGGED_MEMBER_MAX]);
void bw_logged_stamp_member(int64_t size, size_t n, char ret[BW_LOGGED_MEMBER_MAX]);

/* Records at the positions from first to last are the leaves from `leaf` on. */
struct bw_logged_run {
    int64_t first;
    int64_t last;
    int64_t leaf;
};
void bw_logged_runs_head(struct bw_buf *out);
void bw_logged_runs_add(struct bw_buf *out, const struct bw_logged_run *r);
/* Rising and apart. *ret is freed with free(). */
int bw_logged_runs_read(const char *data,
                        size_t n,
                        struct bw_logged_run **ret,
                        size_t *ret_n,
                        struct bw_err *reterr);

/* A leaf that is no record: a statement (of: its id), a key (its kid), an epoch (its
 * file). */
struct bw_logged_other {
    int64_t leaf;
    int64_t unix_ms;
    int type;
    char of[BW_LOGGED_OF_MAX + 1];
};
void bw_logged_others_head(struct bw_buf *out);
void bw_logged_others_add(struct bw_buf *out, const struct bw_logged_other *o);
int bw_logged_others_read(const char *data,
                          size_t n,
                          struct bw_logged_other **ret,
                          size_t *ret_n,
                          struct bw_err *reterr);

/* The hash in the tree. */
void bw_logged_leaf(int type, int64_t unix_ms, const uint8_t sha256[32], uint8_t ret[32]);
/* The types of leaves that a key can have, ended by a negative one; has this key one of
 * this type; and what it stands for. -ENOMEM. */
enum {
    BW_LOGGED_KEY_LEAVES = 3
};
extern const int bw_logged_key_types[BW_LOGGED_KEY_LEAVES + 1];
bool bw_logged_key_has(const struct bw_logged_key *k, int type);
int bw_logged_key_hash(const struct bw_logged_key *k,
                       const char *site,
                       int type,
                       uint8_t ret[32]);

/* How many leaves these things can have at most: each record and statement one, each key
 * one of each of its types, each log that was given up one. */
size_t bw_logged_parts_most(const struct bw_logged_things *t);

/* The statements of a text, one by one. */
struct bw_logged_line {
    char id[BW_HASH_LEN + 1];
    uint8_t sha256[32];
    int type; /* BW_LEAF_STATEMENT for a kind without one */
};
/* 1, or 0 at the end; *at begins as 0. */
int bw_logged_line_next(const struct bw_logged_things *t,
                        size_t *at,
                        struct bw_logged_line *ret);

/* Rising by index, each once; the number left. *ret_apart: two of one index differ. */
size_t bw_logged_sort(struct bw_tree_part *parts, size_t n, bool *ret_apart);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * leaf.h - what stands in the log for a record: 41 bytes (docs/log-v1.md). */
#ifndef BW_TLOG_LEAF_H
#define BW_TLOG_LEAF_H

#include <stdint.h>

struct bw_buf;

enum {
    BW_LEAF_BYTES = 41
};

/* The type byte; never renumbered. A reader takes any value and names those it knows. */
enum bw_leaf_type {
    BW_LEAF_SUMMARY = 0, /* the compact JWS of a summary */
    /* statements, by their kind */
    BW_LEAF_ENTITY = 1,
    BW_LEAF_CLAIM = 2,
    BW_LEAF_BINDING = 3,
    BW_LEAF_CALENDAR = 4,
    BW_LEAF_ANNOTATION = 5,
    BW_LEAF_ADOPTION = 6,
    BW_LEAF_ERRATUM = 7,
    BW_LEAF_REPLY = 8,
    BW_LEAF_WITHDRAWAL = 9,
    BW_LEAF_REVOCATION = 10,
    BW_LEAF_SITE = 11,
    BW_LEAF_TERMS = 12,
    BW_LEAF_GOAL = 13,
    BW_LEAF_STATEMENT = 31, /* of a kind that the collector did not know */
    /* what else is worth not being changed in silence */
    BW_LEAF_ENROLMENT = 32, /* a key and the site it speaks for */
    BW_LEAF_KEY_END = 33,   /* a key that was revoked */
    BW_LEAF_POLICY = 34,
    BW_LEAF_ACT = 35,          /* of an administrator, as a salted hash */
    BW_LEAF_KEY_REPLACED = 36, /* a key of a box that another took the place of */
    BW_LEAF_EPOCH = 63, /* the last checkpoint of the log that this one goes on from */
    BW_LEAF_TYPE_MAX = 255
};

struct bw_leaf {
    int type; /* 0 to 255 */
    int64_t unix_ms;
    uint8_t sha256[32];
};

void bw_leaf_write(const struct bw_leaf *l, uint8_t ret[BW_LEAF_BYTES]);
/* Any bytes; a time past 2^63 is the largest there is. */
void bw_leaf_read(const uint8_t bytes[BW_LEAF_BYTES], struct bw_leaf *ret);
/* Its hash in the tree. */
void bw_leaf_hash(const struct bw_leaf *l, uint8_t ret[32]);

/* What the leaves of a key stand for: that it speaks for a site since then (prev_kid "" or
 * NULL: no key signed for it), that it ended, that another box is in its box's place from
 * then on. Appended; errors stick. */
enum {
    BW_LEAF_KEY_TEXT_MAX = 1024
};
void bw_leaf_enrolment_text(const char *kid,
                            const char *site,
                            int64_t enrolled_unix_s,
                            const char *prev_kid,
                            struct bw_buf *out);
void bw_leaf_key_end_text(const char *kid,
                          const char *site,
                          int64_t revoked_unix_s,
                          struct bw_buf *out);
void bw_leaf_key_replaced_text(const char *kid,
                               const char *site,
                               int64_t replaced_unix_s,
                               struct bw_buf *out);

/* "claim"; "type-200" for one that has no name into name[16]. */
void bw_leaf_type_name(int type, char name[16]);
/* Of a kind of statement; -ENOENT. */
int bw_leaf_type_of(const char *kind);

#endif

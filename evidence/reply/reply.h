/* SPDX-License-Identifier: GPL-3.0-or-later
 * reply.h - what somebody answered to a report, pack or letter about a circuit: the body of
 * a statement of kind "reply", about "circuit:SITE.CIRCUIT" (docs/reply-v1.md). It stands
 * beside what was measured, as it was written, and changes none of it. */
#ifndef BW_REPLY_H
#define BW_REPLY_H

#include <bw/summary.h>
#include <bw/units.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

enum bw_reply_limits {
    BW_REPLY_TEXT_MAX = 6000, /* bytes, without NUL */
    BW_REPLY_LINES_MAX = 60,  /* that somebody may type */
    BW_REPLY_NAME_MAX = 120,
    BW_REPLIES_MAX = 1000 /* of one circuit and period */
};

enum bw_reply_to { /* what it answers */
    BW_REPLY_TO_UNKNOWN,
    BW_REPLY_TO_REPORT,
    BW_REPLY_TO_SIZING,
    BW_REPLY_TO_PIA,
    BW_REPLY_TO_INVOICE,
    BW_REPLY_TO_DELIVERY,
    BW_REPLY_TO_AUDIT,
    BW_REPLY_TO_LETTER
};

enum bw_reply_from { /* who wrote it, as whoever kept it says */
    BW_REPLY_FROM_UNKNOWN,
    BW_REPLY_FROM_PROVIDER,
    BW_REPLY_FROM_DISTRICT,
    BW_REPLY_FROM_AUDITOR,
    BW_REPLY_FROM_OTHER,
    BW_REPLY_FROM_LINK /* whoever had a link that shows one pack */
};

struct bw_reply {
    int64_t to;                       /* enum bw_reply_to */
    int64_t from_unix_s;              /* the period of what it answers */
    int64_t to_unix_s;                /* exclusive */
    int64_t from;                     /* enum bw_reply_from */
    char answered[BW_HASH_LEN + 1];   /* SHA-256 of the very file it answers; "" not said */
    char name[BW_REPLY_NAME_MAX + 1]; /* as they call themselves; "" not said */
    char text[BW_REPLY_TEXT_MAX + 1]; /* their words; may have line ends */
};

extern const struct bw_field bw_reply_fields[];
extern const size_t bw_reply_n_fields;

void bw_reply_init(struct bw_reply *r);
/* As bw_fields_encode and bw_fields_decode; the period must end after it begins. */
int bw_reply_encode(const struct bw_reply *r, struct bw_buf *out, struct bw_err *reterr);
int bw_reply_decode(const char *text,
                    size_t n,
                    struct bw_reply *ret,
                    struct bw_err *reterr);

/* "delivery", "provider"; NULL for unknown. -EINVAL for a word that is none. */
const char *bw_reply_to_name(int64_t to);
int bw_reply_to_parse(const char *word, int64_t *ret);
const char *bw_reply_from_name(int64_t from);
int bw_reply_from_parse(const char *word, int64_t *ret);

/* Words as somebody typed or sent them, n bytes, into out[cap] with a NUL: line ends become
 * '\n', white space at the ends goes, nothing else is changed. -BW_EMALFORMED: no UTF-8, or
 * a character that does not belong into a text; -E2BIG; -ENODATA: nothing is left. */
int bw_reply_words(
    const char *text, size_t n, char *out, size_t cap, bool lines, struct bw_err *reterr);

/* One that is in force, with who said it. */
struct bw_reply_said {
    struct bw_reply reply;
    char id[BW_HASH_LEN + 1];
    char by[65];
    char file[201];               /* of the file it was read from; "" typed */
    char sha256[BW_HASH_LEN + 1]; /* of that file */
    int64_t said_unix_s;
};

/* Those of a circuit whose period touches [from, to), in the order in which they were said;
 * free() *ret. A body that cannot be read (a newer program's) is counted in *ret_unread and
 * not among them. c NULL: none. -E2BIG beyond BW_REPLIES_MAX. */
int bw_replies_read(struct bw_catalogue *c,
                    const char *site,
                    const char *circuit,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_reply_said **ret,
                    size_t *ret_n,
                    int64_t *ret_unread,
                    struct bw_err *reterr);

#endif

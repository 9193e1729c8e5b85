/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_table.h - contract v1 as data, private to the encoder and the reader: each
 * object is a table of its members in their canonical order, so that both sides cannot
 * come apart. */
#ifndef BW_SUMMARY_TABLE_H
#define BW_SUMMARY_TABLE_H

#include <bw/summary.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum bw_kind {
    BW_KIND_END,
    BW_KIND_INT,    /* int64_t; BW_UNKNOWN is absent */
    BW_KIND_BOOL,   /* bool; always there */
    BW_KIND_SITE,   /* char[]: s- and five or more of a-z2-9 */
    BW_KIND_NAME,   /* char[]: a circuit, target or server */
    BW_KIND_HASH,   /* char[44]: 32 bytes in base64url */
    BW_KIND_WORD,   /* char[]: a-z 0-9 . _ - / */
    BW_KIND_TOKEN,  /* char[]: A-Z a-z 0-9 . _ - : / + */
    BW_KIND_TEXT,   /* char[]: UTF-8 without control characters */
    BW_KIND_PTEXT,  /* const char *: the same, at most `max` bytes */
    BW_KIND_PTOKEN, /* const char *: A-Z a-z 0-9 . _ - : / +, at most `max` bytes */
    BW_KIND_PHIST,  /* const char *: a histogram's text (hist.h) */
    BW_KIND_ENUM,   /* an enum; one of `words` by its value, a NULL word is absent */
    BW_KIND_STATIC, /* const char *: one of `words`, NULL is absent */
    BW_KIND_BITS,   /* uint32_t: array of `words`, bit i is word i; 0 is absent */
    BW_KIND_WORDS,  /* const char *[size]: array of words, NULL ends it; empty is absent */
    BW_KIND_OBJECT, /* struct within, members in `sub`; absent when nothing is in it */
    BW_KIND_ARRAY   /* pointer and count to items of `sub`; empty is absent */
};

struct bw_member {
    const char *key; /* "\"name\":" as it stands in the bytes */
    uint8_t key_len;
    uint8_t kind; /* enum bw_kind */
    bool required;
    uint16_t at;   /* offset of the member in its struct */
    uint16_t size; /* of a char[]; items of BW_KIND_WORDS; of an item of BW_KIND_ARRAY */
    uint16_t count_at;        /* BW_KIND_ARRAY: offset of the size_t */
    int64_t min;              /* BW_KIND_INT */
    int64_t max;              /* BW_KIND_INT; bytes of a text; items of an array */
    const char *const *words; /* by value; a value may have none (NULL) */
    size_t n_words;
    const struct bw_member *sub;
    bool (*present)(const void *owner); /* BW_KIND_OBJECT: is it there */
    void (*mark)(void *owner);          /* BW_KIND_OBJECT: it was read; may be NULL */
};

#define BW_SUMMARY_INT_MAX                                                                 \
    INT64_C(9007199254740991) /* 2^53 - 1: safe in any JSON reader                         \
                               */

extern const struct bw_member bw_summary_members[]; /* behind "v" */
extern const struct bw_member bw_circuit_members[];
extern const struct bw_member bw_latency_members[];
extern const struct bw_member bw_path_members[];
extern const struct bw_member bw_throughput_members[];
extern const struct bw_member bw_traffic_members[];
extern const struct bw_member bw_share_members[];
extern const struct bw_member bw_starts_members[];

/* Every member of `members` unknown, absent or empty; `obj` is zeroed before. */
void bw_members_init(const struct bw_member *members, void *obj);

/* "p50_us" of "\"p50_us\":" for messages. */
#define BW_MEMBER_NAME_ARGS(m) (int)((m)->key_len - 3), (m)->key + 1

/* Where the encoder or reader is: linked on the stack, innermost first. */
struct bw_where {
    const struct bw_where *up;
    const struct bw_member *member; /* NULL: the outermost object */
    size_t index;                   /* of an array's item; SIZE_MAX: none */
};

/* "circuits[0].up.bytes: " into ret[200]; "" for the outermost. */
void bw_where_text(const struct bw_where *w, char ret[200]);

/* Is the text of this kind? NULL when it is, else what is wrong with it. */
const char *bw_member_text_wrong(const struct bw_member *m, const char *text, size_t n);

/* Bytes of the UTF-8 character at text[0 … n), 0 when it is none or a control one. */
size_t bw_text_char(const char *text, size_t n);

/* What no single member can tell: members that exclude, require or name one another.
 * 0 or -EINVAL naming the member. */
int bw_summary_check(const struct bw_summary *s, struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * statement.h - what a person or an import said: an immutable piece of canonical JSON
 * around a body that the store does not look into (docs/statement-v1.md).
 *
 * Nothing is ever updated or deleted. A later statement names those it replaces, or is a
 * withdrawal about the id of one. Pure: no I/O, no clock; any thread. */
#ifndef BW_STORE_STATEMENT_H
#define BW_STORE_STATEMENT_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_statement_limits {
    BW_STATEMENT_MAX = 16384,   /* bytes of a whole statement */
    BW_STATEMENT_KIND_MAX = 24, /* bytes of the kind's word */
    BW_STATEMENT_ABOUT_MAX = 120,
    BW_STATEMENT_BY_MAX = 64,
    BW_STATEMENT_VIA_MAX = 64,
    BW_STATEMENT_FILE_MAX = 200, /* bytes of a source's file name */
    BW_STATEMENT_REPLACES_MAX = 64,
    BW_STATEMENT_DEPTH_MAX = 12 /* levels of a body */
};

enum bw_statement_kind {
    BW_STATEMENT_OTHER, /* a word that this program does not know */
    BW_STATEMENT_ENTITY,
    BW_STATEMENT_CLAIM,
    BW_STATEMENT_BINDING,
    BW_STATEMENT_CALENDAR,
    BW_STATEMENT_ANNOTATION,
    BW_STATEMENT_ADOPTION,
    BW_STATEMENT_ERRATUM,
    BW_STATEMENT_REPLY,
    BW_STATEMENT_WITHDRAWAL,
    BW_STATEMENT_REVOCATION,
    BW_STATEMENT_SITE,
    BW_STATEMENT_TERMS,
    BW_STATEMENT_KINDS
};

/* For embedding and for the stack (about 4 KiB); owns nothing. */
struct bw_statement {
    int64_t v; /* 1; a higher one: see bw_statement_decode() */
    enum bw_statement_kind kind;
    char word[BW_STATEMENT_KIND_MAX + 1];   /* the kind as it is written: [a-z0-9-] */
    char about[BW_STATEMENT_ABOUT_MAX + 1]; /* the key of what it is about */
    int64_t said_unix_s;
    char by[BW_STATEMENT_BY_MAX + 1];   /* an account's name: [a-z0-9._-] */
    char via[BW_STATEMENT_VIA_MAX + 1]; /* by which way: "annotate", "import usac"; "" */
    char
        file[BW_STATEMENT_FILE_MAX + 1]; /* name of the file it comes from, no folder; "" */
    char sha256[BW_HASH_LEN + 1];        /* of that file; "" exactly when file is "" */
    size_t n_replaces;
    char replaces[BW_STATEMENT_REPLACES_MAX][BW_HASH_LEN + 1];
    const char *body; /* a canonical JSON object, lent; NULL where v is higher than 1 */
    size_t n_body;
};

/* Zeroed but for v = 1, this kind with its word, and the body "{}". */
void bw_statement_init(struct bw_statement *s, enum bw_statement_kind kind);

/* The word of a kind, NULL for BW_STATEMENT_OTHER; and back (BW_STATEMENT_OTHER: none). */
const char *bw_statement_kind_name(enum bw_statement_kind kind);
enum bw_statement_kind bw_statement_kind_parse(const char *word);

/* Append the canonical bytes to *out. -EINVAL names the member that breaks its rule;
 * -E2BIG: longer than BW_STATEMENT_MAX. `kind` and `word` must fit each other; v is 1. */
int bw_statement_encode(const struct bw_statement *s,
                        struct bw_buf *out,
                        struct bw_err *reterr);

/* Read n bytes; ret->body points into `text`. What is taken encodes to the same bytes.
 *
 * An unknown kind of version 1 is read like any other (kind BW_STATEMENT_OTHER). Of a
 * higher version kind, about, said_s and by are read, which every version has; all else is
 * absent, the bytes stand for themselves, and `ret->v` tells: a newer reader is needed.
 * -E2BIG, -BW_EMALFORMED. */
int bw_statement_decode(const char *text,
                        size_t n,
                        struct bw_statement *ret,
                        struct bw_err *reterr);

/* The id of these bytes: their SHA-256 in base64url. */
void bw_statement_id(const char *text, size_t n, char ret[BW_HASH_LEN + 1]);

/* 43 characters that are the base64url of 32 bytes? */
bool bw_statement_id_valid(const char *id);

/* Make of any text (a login) an account's name: lower case, other characters become '-',
 * cut at its maximum; "" stays "". */
void bw_statement_by_of(const char *text, char ret[BW_STATEMENT_BY_MAX + 1]);

#endif

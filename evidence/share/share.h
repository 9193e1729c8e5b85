/* SPDX-License-Identifier: GPL-3.0-or-later
 * share.h - a link that shows one pack, as it was when the link was made, to whoever has
 * it: a statement of kind "share", about "share:HASH" with the SHA-256 of the link's token
 * (docs/share-v1.md). The token itself is never kept. A withdrawal revokes it. */
#ifndef BW_SHARE_H
#define BW_SHARE_H

#include <bw/summary.h>
#include <bw/units.h>
#include <fields.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;
struct bw_said;

#define BW_SHARE_WORD "share"
#define BW_SHARE_ABOUT "share:"

enum bw_share_limits {
    BW_SHARE_TOKEN_BYTES = 20, /* 160 random bits */
    BW_SHARE_TOKEN_LEN = 31,   /* "bws_" and 27 of base64url */
    BW_SHARE_ID_LEN = 8,       /* of a-z and 2-7; no secret */
    BW_SHARE_ABOUT_LEN = 6 + BW_HASH_LEN,
    BW_SHARE_NOTE_MAX = 300,
    BW_SHARE_FORMS = 4,
    BW_SHARE_DAYS_MAX = 400
};

enum bw_share_pack {
    BW_SHARE_UNKNOWN,
    BW_SHARE_SIZING,
    BW_SHARE_PIA,
    BW_SHARE_INVOICE,
    BW_SHARE_DELIVERY,
    BW_SHARE_AUDIT
};

struct bw_share {
    char id[BW_SHARE_ID_LEN + 1];
    char circuit[BW_SITE_MAX + BW_NAME_MAX + 2]; /* SITE.CIRCUIT */
    int64_t pack;                                /* enum bw_share_pack */
    int64_t from_unix_s;                         /* its period */
    int64_t to_unix_s;
    int64_t made_unix_s;
    int64_t expires_unix_s;
    int64_t records; /* in the ledger when it was made: what it can rest on */
    int64_t leaves;  /* in the log then; unknown: none is kept */
    char sha256[BW_SHARE_FORMS][BW_HASH_LEN + 1]; /* of html, pdf, csv, json */
    char note[BW_SHARE_NOTE_MAX + 1];             /* for whom; shown to nobody but us */
};

extern const char *const bw_share_forms[BW_SHARE_FORMS]; /* "html", … */

void bw_share_init(struct bw_share *s);
int bw_share_encode(const struct bw_share *s, struct bw_buf *out, struct bw_err *reterr);
int bw_share_decode(const char *text,
                    size_t n,
                    struct bw_share *ret,
                    struct bw_err *reterr);

const char *bw_share_pack_name(int64_t pack);
/* What it is for, as a heading has it. */
const char *bw_share_pack_words(int64_t pack);
int bw_share_pack_parse(const char *word, int64_t *ret);

/* A fresh token, and the key of its statement. */
void bw_share_token_new(char ret_token[BW_SHARE_TOKEN_LEN + 1],
                        char ret_about[BW_SHARE_ABOUT_LEN + 1]);
/* The key of a token as somebody typed it; -EINVAL where it cannot be one. */
int bw_share_about(const char *token, char ret_about[BW_SHARE_ABOUT_LEN + 1]);
void bw_share_id_new(char ret[BW_SHARE_ID_LEN + 1]);

/* The link of this key, where it is not revoked: 0, or -ENOENT. Whether it has expired is
 * for the caller to say. */
int bw_share_find(struct bw_catalogue *c,
                  const char *about,
                  struct bw_share *ret,
                  struct bw_err *reterr);

/* The folder of its files, FOLDER/shares/ID. */
void bw_share_folder(const char *data, const char *id, char ret[PATH_MAX]);

#endif

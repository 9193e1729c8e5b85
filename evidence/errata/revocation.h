/* SPDX-License-Identifier: GPL-3.0-or-later
 * revocation.h - why a key was revoked, and since when it was in other hands: the body of a
 * statement of kind "revocation", about "key:KID" (docs/erratum-v1.md). */
#ifndef BW_REVOCATION_H
#define BW_REVOCATION_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

enum {
    BW_REVOCATION_TEXT_MAX = 400, /* bytes, without NUL */
    BW_REVOCATION_ABOUT_MAX = BW_KID_LEN + 4
};

struct bw_revocation {
    int64_t compromised_unix_s; /* what came by it then or later does not count */
    char reason[BW_REVOCATION_TEXT_MAX + 1];
};

void bw_revocation_init(struct bw_revocation *r);
int bw_revocation_encode(const struct bw_revocation *r,
                         struct bw_buf *out,
                         struct bw_err *reterr);
int bw_revocation_decode(const char *text,
                         size_t n,
                         struct bw_revocation *ret,
                         struct bw_err *reterr);

/* Say it of a key, and nothing more is taken by it: it is final, and said again it can only
 * name an earlier time. Its statement's id in ret_id. -ENOENT: no such key; -EALREADY:
 * revoked as of then or before; -EINVAL: a time in the future, or no reason. */
int bw_revocation_say(struct bw_catalogue *c,
                      const char *kid,
                      const struct bw_revocation *r,
                      const char *by,
                      const char *via,
                      int64_t now_unix_ms,
                      char ret_id[BW_HASH_LEN + 1],
                      struct bw_err *reterr);

/* The newest that was said of a key, with who said it. -ENOENT: nobody said why. */
int bw_revocation_find(struct bw_catalogue *c,
                       const char *kid,
                       struct bw_revocation *ret,
                       char ret_by[65],
                       int64_t *ret_said_unix_s,
                       struct bw_err *reterr);

#endif

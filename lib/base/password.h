/* SPDX-License-Identifier: GPL-3.0-or-later
 * password.h - what is kept of a password: Argon2id (RFC 9106) by libsodium, 64 MiB and
 * two passes. Each call takes a tenth of a second of CPU and that memory: never on a
 * loop. */
#ifndef BW_PASSWORD_H
#define BW_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct bw_err;

enum {
    BW_PASSWORD_MIN = 12,      /* characters */
    BW_PASSWORD_MAX = 256,     /* bytes */
    BW_PASSWORD_HASH_MAX = 128 /* with its NUL */
};

/* -EINVAL says what is wrong with it: too short, too long, made of few characters, or with
 * the name in it. Cheap. */
int bw_password_fit(const char *password, const char *name, struct bw_err *reterr);

/* Its text with salt and costs into out; -ENOMEM. */
int bw_password_hash(const char *password, char out[BW_PASSWORD_HASH_MAX]);

/* hash "" or NULL: there is no such person; false, and as long as any other. */
bool bw_password_is(const char *hash, const char *password);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * password.c - Argon2id by libsodium, and what no password may be. */
#include "password.h"

#include <bw/err.h>
#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
    DIFFERENT_MIN = 5,
    NAME_MIN = 4 /* a shorter one may be in any password */
};

_Static_assert((int)BW_PASSWORD_HASH_MAX >= (int)crypto_pwhash_STRBYTES, "a hash fits");

static bool holds(const char *password, const char *word)
{
    size_t n = strlen(word);

    for (; n >= NAME_MIN && strlen(password) >= n; password++) {
        if (strncasecmp(password, word, n) == 0) {
            return true;
        }
    }
    return false;
}

int bw_password_fit(const char *password, const char *name, struct bw_err *reterr)
{
    bool seen[256] = {false};
    size_t different = 0;
    size_t characters = 0;

    for (const char *c = password; *c; c++) {
        uint8_t byte = (uint8_t)*c;
        different += !seen[byte];
        seen[byte] = true;
        characters += (byte & 0xc0) != 0x80; /* not what goes on in UTF-8 */
    }
    if (characters < BW_PASSWORD_MIN) {
        return bw_err_set(reterr, -EINVAL, "a password has at least %d characters",
                          BW_PASSWORD_MIN);
    }
    if (strlen(password) > BW_PASSWORD_MAX) {
        return bw_err_set(reterr, -EINVAL, "a password has at most %d bytes",
                          BW_PASSWORD_MAX);
    }
    if (different < DIFFERENT_MIN) {
        return bw_err_set(reterr, -EINVAL,
                          "this password is made of fewer than %d different characters",
                          DIFFERENT_MIN);
    }
    if (holds(password, name) || holds(password, "password") ||
        holds(password, "bandwitness")) {
        return bw_err_set(reterr, -EINVAL,
                          "a password holds neither its owner's name, nor the words "
                          "password or bandwitness");
    }
    return 0;
}

int bw_password_hash(const char *password, char out[BW_PASSWORD_HASH_MAX])
{
    memset(out, 0, BW_PASSWORD_HASH_MAX);
    return crypto_pwhash_str_alg(
               out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
               crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) < 0
               ? -ENOMEM
               : 0;
}

bool bw_password_is(const char *hash, const char *password)
{
    if (!hash || !hash[0]) {
        char none[BW_PASSWORD_HASH_MAX];
        (void)bw_password_hash(password, none);
        sodium_memzero(none, sizeof(none));
        return false;
    }
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

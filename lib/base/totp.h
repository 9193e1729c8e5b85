/* SPDX-License-Identifier: GPL-3.0-or-later
 * totp.h - codes that change every 30 s (RFC 6238: SHA-1, 6 digits), and a key as people
 * type it (RFC 4648 base32). Pure; any thread. */
#ifndef BW_TOTP_H
#define BW_TOTP_H

#include <stddef.h>
#include <stdint.h>

enum {
    BW_TOTP_KEY = 20, /* bytes, as RFC 4226 recommends */
    BW_TOTP_STEP_S = 30,
    BW_TOTP_DIGITS = 6
};

/* The number of a step, as HOTP counts (RFC 4226 §5.3), below 1,000,000. */
uint32_t bw_totp_code(const uint8_t key[BW_TOTP_KEY], int64_t step);

/* Is this what was typed (spaces are passed over) the code of this step, the one before or
 * the one after, and of a later step than last_step (unknown: none was used)? 0 and the
 * step, which is never to be taken again; -EACCES. As long for every code. */
int bw_totp_check(const uint8_t key[BW_TOTP_KEY],
                  int64_t unix_s,
                  int64_t last_step,
                  const char *typed,
                  int64_t *ret_step);

/* Base32 without padding into out[(n * 8 + 4) / 5 + 1]. */
void bw_base32_encode(const void *data, size_t n, char *out);

#endif

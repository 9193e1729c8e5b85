/* SPDX-License-Identifier: GPL-3.0-or-later
 * totp.c - time-based one-time passwords (RFC 6238 on RFC 4226).
 *
 * Invariant: whether a code fits is found out without a branch on any of its digits. */
#include "totp.h"

#include <bw/units.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
    MILLION = 1000000,
    SHA1_BYTES = 20
};

uint32_t bw_totp_code(const uint8_t key[BW_TOTP_KEY], int64_t step)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    uint8_t text[8];
    unsigned n = 0;

    memset(mac, 0, sizeof(mac));
    for (unsigned i = 0; i < 8; i++) {
        text[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    }
    (void)HMAC(EVP_sha1(), key, BW_TOTP_KEY, text, sizeof(text), mac, &n);
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t v = ((uint32_t)(at[0] & 127) << 24) | ((uint32_t)at[1] << 16) |
                 ((uint32_t)at[2] << 8) | at[3];
    return v % MILLION;
}

/* Six digits, and spaces anywhere; -EINVAL. */
static int read_code(const char *typed, uint32_t *ret)
{
    uint32_t v = 0;
    int n = 0;

    for (; *typed; typed++) {
        if (*typed >= '0' && *typed <= '9' && n < BW_TOTP_DIGITS) {
            v = v * 10 + (uint32_t)(*typed - '0');
            n++;
        } else if (*typed != ' ') {
            return -EINVAL;
        }
    }
    *ret = v;
    return n == BW_TOTP_DIGITS ? 0 : -EINVAL;
}

int bw_totp_check(const uint8_t key[BW_TOTP_KEY],
                  int64_t unix_s,
                  int64_t last_step,
                  const char *typed,
                  int64_t *ret_step)
{
    uint32_t code = 0;
    int64_t found = -1;
    int64_t now = unix_s / BW_TOTP_STEP_S;

    if (read_code(typed, &code) < 0) {
        return -EACCES;
    }
    for (int64_t step = now - 1; step <= now + 1; step++) {
        uint32_t differs = bw_totp_code(key, step) ^ code;
        /* all ones where it is the same */
        int64_t same = -(int64_t)((differs - 1) >> 31 & 1);
        found = (found & ~same) | (step & same);
    }
    if (found < 0 || (last_step != BW_UNKNOWN && found <= last_step)) {
        return -EACCES;
    }
    *ret_step = found;
    return 0;
}

void bw_base32_encode(const void *data, size_t n, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const uint8_t *bytes = data;
    unsigned bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < n; i++) {
        held = (held << 8 | bytes[i]) & 0xfff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *out++ = letters[held >> bits & 31];
        }
    }
    if (bits > 0) {
        *out++ = letters[held << (5 - bits) & 31];
    }
    *out = '\0';
}

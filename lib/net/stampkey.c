/* SPDX-License-Identifier: GPL-3.0-or-later
 * stampkey.c - the shared secret of authenticated STAMP. What was read is wiped from every
 * buffer but the one that is given. */
#include "stampkey.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <stamp.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILE_MAX = 2 * BW_STAMP_KEY_MAX + 2
};

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse(const char *text, size_t n, struct bw_stamp_key *ret)
{
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        n--;
    }
    if (n % 2 != 0 || n / 2 < BW_STAMP_KEY_MIN || n / 2 > BW_STAMP_KEY_MAX) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return -EINVAL;
        }
        ret->bytes[i] = (uint8_t)(high * 16 + low);
    }
    ret->n = n / 2;
    return 0;
}

int bw_stampkey_load(const char *path, struct bw_stamp_key *ret, struct bw_err *reterr)
{
    struct bw_stamp_key key = {.n = 0};
    struct bw_buf text;
    struct stat st;
    int r;
    bw_buf_init(&text, FILE_MAX + 1);
    if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
        r = bw_err_set(reterr, -EACCES,
                       "%s: everybody may read this secret; say chmod o= %s", path, path);
        goto out;
    }
    r = bw_file_read(path, FILE_MAX, &text, reterr);
    if (r < 0 && r != -EFBIG) {
        goto out;
    }
    if (r < 0 || parse(text.data ? text.data : "", text.len, &key) < 0) {
        r = bw_err_set(reterr, -EINVAL,
                       "%s: not a secret of %d to %d bytes in hexadecimal; make one with "
                       "openssl rand -hex 32",
                       path, BW_STAMP_KEY_MIN, BW_STAMP_KEY_MAX);
        goto out;
    }
    *ret = key;
    r = 0;
out:
    if (text.data) {
        explicit_bzero(text.data, text.len);
    }
    explicit_bzero(&key, sizeof(key));
    bw_buf_done(&text);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bagcolumns_scan.c - a payload taken apart into a template (its words) and what is in it
 * of numbers, histograms and long words. A place is the names on the way to it and the
 * short words beside it. Invariant: words and tokens together are the payload. */
#include "bagcolumns_private.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 16,
    TOKENS_MAX = 4096,
    WORD_MIN = 17, /* shorter ones stay in the template and tell places apart */
    WORDS_MAX = 4 * BW_JWS_MAX
};

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < n; i++) { /* FNV-1a; a clash costs bytes, no truth */
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

struct bw_columns_scan *bw_columns_scan_new(void)
{
    struct bw_columns_scan *e = calloc(1, sizeof(*e));

    if (!e) {
        return NULL;
    }
    bw_buf_init(&e->words, WORDS_MAX);
    bw_buf_init(&e->item, (size_t)4 * BW_COLUMNS_BLOB_MAX);
    e->tokens = calloc(TOKENS_MAX, sizeof(*e->tokens));
    if (!e->tokens) {
        bw_columns_scan_free(e);
        return NULL;
    }
    return e;
}

void bw_columns_scan_free(struct bw_columns_scan *e)
{
    if (e) {
        bw_buf_done(&e->words);
        bw_buf_done(&e->item);
        free(e->tokens);
        free(e);
    }
}

/* A number that prints back the same: its length, or 0. */
static size_t read_int(const char *p, size_t n, int64_t *ret)
{
    size_t i = n > 0 && p[0] == '-';
    size_t digits = 0;
    int64_t v = 0;

    while (i + digits < n && digits <= BW_COLUMNS_DIGITS_MAX && p[i + digits] >= '0' &&
           p[i + digits] <= '9') {
        v = digits < BW_COLUMNS_DIGITS_MAX ? v * 10 + (p[i + digits] - '0') : v;
        digits++;
    }
    if (digits == 0 || digits > BW_COLUMNS_DIGITS_MAX ||
        (p[i] == '0' && (digits > 1 || i > 0))) {
        return 0;
    }
    *ret = i ? -v : v;
    return i + digits;
}

static bool plain_word(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] <= 0x20 || p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* The next number of a histogram's bytes, or false. */
static bool next_varint(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
    uint32_t v = 0;

    for (unsigned shift = 0; shift < 32 && *at < end; shift += 7) {
        uint8_t c = *(*at)++;
        v |= (uint32_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) {
            *ret = v;
            return true;
        }
    }
    return false;
}

bool bw_columns_hist_item(struct bw_columns_scan *e, const char *p, size_t n)
{
    uint8_t raw[BW_COLUMNS_BLOB_MAX];
    long got = bw_b64_decode(p, n, raw, sizeof(raw));
    const uint8_t *at = raw;
    const uint8_t *end = raw + (got > 0 ? got : 0);
    struct bw_buf again;
    uint32_t gap;
    uint32_t count;
    bool same;

    bw_buf_clear(&e->item);
    while (at < end) {
        if (!next_varint(&at, end, &gap) || !next_varint(&at, end, &count) || gap > 4096) {
            return false;
        }
        if (e->item.len == 0) {
            bw_buf_i64(&e->item, gap);
            gap = 1;
        }
        for (; gap > 1; gap--) {
            bw_buf_putc(&e->item, ',');
        }
        bw_buf_putc(&e->item, ',');
        bw_buf_i64(&e->item, count);
    }
    bw_buf_init(&again, (size_t)2 * BW_COLUMNS_BLOB_MAX);
    same = got > 0 && bw_buf_error(&e->item) == 0 &&
           bw_columns_hist(e->item.data, e->item.len, &again) == 0 && again.len == n &&
           memcmp(again.data, p, n) == 0;
    bw_buf_done(&again);
    return same;
}

static bool put_token(struct bw_columns_scan *e, struct bw_columns_token t)
{
    if (e->n_tokens == TOKENS_MAX) {
        return false;
    }
    e->tokens[e->n_tokens++] = t;
    bw_buf_putc(&e->words, BW_COLUMNS_MARK);
    return true;
}

struct place {
    uint64_t path;
    const char *key;
    size_t key_len;
};

static uint64_t key_of(const struct place *at, char type)
{
    return mix(mix(at->path, at->key, at->key_len), &type, 1);
}

static bool key_ends(const struct place *at, const char *tail)
{
    size_t n = strlen(tail);

    return at->key_len >= n && memcmp(at->key + at->key_len - n, tail, n) == 0;
}

/* p[n] is a value between its quotes. */
static bool take_word(
    struct bw_columns_scan *e, struct place *at, const char *p, size_t n, const char *prev)
{
    if (n == BW_HASH_LEN && at->key_len == 4 && key_ends(at, "prev") &&
        memcmp(p, prev, n) == 0) {
        return put_token(e, (struct bw_columns_token){.type = 'p'});
    }
    if (key_ends(at, "_hist") && bw_columns_hist_item(e, p, n)) {
        return put_token(e, (struct bw_columns_token){
                                .type = 'h', .key = key_of(at, 'h'), .word = p, .len = n});
    }
    if (n >= WORD_MIN && plain_word(p, n)) {
        return put_token(e, (struct bw_columns_token){
                                .type = 's', .key = key_of(at, 's'), .word = p, .len = n});
    }
    bw_buf_add(&e->words, p, n);
    at->path = mix(at->path, p, n);
    return true;
}

bool bw_columns_take(struct bw_columns_scan *e, const char *p, size_t n, const char *prev)
{
    struct place stack[DEPTH_MAX];
    struct place at = {.path = UINT64_C(0xcbf29ce484222325), .key = ""};
    size_t depth = 0;
    size_t i = 0;

    bw_buf_clear(&e->words);
    e->n_tokens = 0;
    while (i < n) {
        int64_t v = 0;
        size_t len = 0;
        if (p[i] == '"') {
            bw_buf_putc(&e->words, p[i++]);
            while (i + len < n && p[i + len] != '"') {
                len += p[i + len] == '\\' ? 2 : 1;
            }
            if (i + len >= n) {
                return false;
            }
            if (i + len + 1 < n && p[i + len + 1] == ':') {
                at.key = p + i;
                at.key_len = len;
                bw_buf_add(&e->words, p + i, len);
            } else if (!take_word(e, &at, p + i, len, prev)) {
                return false;
            }
            bw_buf_putc(&e->words, '"');
            i += len + 1;
        } else if ((len = read_int(p + i, n - i, &v)) > 0) {
            if (!put_token(e, (struct bw_columns_token){
                                  .type = 'n', .key = key_of(&at, 'n'), .v = v})) {
                return false;
            }
            i += len;
        } else {
            if (p[i] == '{' || p[i] == '[') {
                if (depth == DEPTH_MAX) {
                    return false;
                }
                stack[depth++] = at;
                at.path = mix(at.path, at.key, at.key_len);
            } else if (p[i] == '}' || p[i] == ']') {
                if (depth == 0) {
                    return false;
                }
                at = stack[--depth];
            }
            bw_buf_putc(&e->words, p[i++]);
        }
    }
    return bw_buf_error(&e->words) == 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * hist.c - histograms of delay that merge.
 *
 * Invariant: total is the sum of all counts. Bucket 16 k + i holds
 * 2^k (1 + i/16) <= v < 2^k (1 + (i+1)/16) for the octaves k = 0 … 27 up to index SPLIT;
 * there [98304, 102400) is cut into 98304 … 100000 and 100001 … 102399, and every later
 * bucket has an index one higher. */
#include "hist.h"
#include "buf.h"
#include "hash.h"
#include "stat.h"

#include <errno.h>
#include <string.h>

enum {
    STEPS = 16,
    OCTAVES = 28,
    EDGE_US = 100000,
    SPLIT = 16 * STEPS + 8,              /* the bucket of 2^16 (1 + 8/16) = 98304 */
    TEXT_BYTES_MAX = BW_HIST_BUCKETS * 7 /* a pair: 2 bytes of index, 5 of count */
};

void bw_hist_init(struct bw_hist *h)
{
    memset(h, 0, sizeof(*h));
}

static void add_count(struct bw_hist *h, size_t bucket, uint32_t n)
{
    uint32_t room = UINT32_MAX - h->count[bucket];
    uint32_t add = n < room ? n : room;

    h->count[bucket] += add;
    h->total += add;
}

void bw_hist_add(struct bw_hist *h, int64_t value_us)
{
    add_count(h, bw_hist_bucket(value_us), 1);
}

void bw_hist_merge(struct bw_hist *into, const struct bw_hist *from)
{
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        add_count(into, i, from->count[i]);
    }
}

size_t bw_hist_bucket(int64_t value_us)
{
    uint64_t v = value_us < 1 ? 1 : (uint64_t)value_us;
    size_t octave = 63u - (size_t)__builtin_clzll(v);
    size_t step;
    size_t plain;

    if (octave >= OCTAVES) {
        return BW_HIST_BUCKETS - 1;
    }
    step = (size_t)(((v << 4) >> octave) & (STEPS - 1));
    plain = octave * STEPS + step;
    return plain > SPLIT || (plain == SPLIT && v > EDGE_US) ? plain + 1 : plain;
}

/* Smallest whole microsecond of a bucket of the scale without the extra edge. */
static int64_t plain_lower_us(size_t plain)
{
    uint64_t octave = plain / STEPS;
    uint64_t step = plain % STEPS;
    return (int64_t)((((STEPS + step) << octave) + STEPS - 1) / STEPS);
}

int64_t bw_hist_lower_us(size_t bucket)
{
    if (bucket == SPLIT + 1) {
        return EDGE_US;
    }
    return plain_lower_us(bucket > SPLIT ? bucket - 1 : bucket);
}

int64_t bw_hist_upper_us(size_t bucket)
{
    return bw_hist_lower_us(bucket + 1);
}

int64_t bw_hist_percentile_us(const struct bw_hist *h, int64_t p_ppm)
{
    int64_t rank = (int64_t)bw_stat_rank((size_t)h->total, p_ppm);
    int64_t seen = 0;

    if (rank == 0) {
        return BW_UNKNOWN;
    }
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        seen += h->count[i];
        if (seen >= rank) {
            return (bw_hist_lower_us(i) + bw_hist_upper_us(i)) / 2;
        }
    }
    return BW_UNKNOWN;
}

int64_t bw_hist_at_most(const struct bw_hist *h, int64_t limit_us)
{
    int64_t n = 0;

    /* The last bucket has no upper end, so it is never known to be within a limit. */
    for (size_t i = 0; i + 1 < BW_HIST_BUCKETS; i++) {
        int64_t last = i == SPLIT ? EDGE_US : bw_hist_upper_us(i) - 1;
        if (last > limit_us) {
            break;
        }
        n += h->count[i];
    }
    return n;
}

static size_t put_varint(uint8_t *at, uint32_t v)
{
    size_t n = 0;

    while (v >= 0x80) {
        at[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    at[n++] = (uint8_t)v;
    return n;
}

/* The shortest form only: a last byte of 0 after others, or bits beyond 32, is refused. */
static int take_varint(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte;
        if (*at == end) {
            return -EINVAL;
        }
        byte = *(*at)++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if ((byte == 0 && shift > 0) || v > UINT32_MAX) {
                return -EINVAL;
            }
            *ret = (uint32_t)v;
            return 0;
        }
    }
    return -EINVAL;
}

int bw_hist_encode(const struct bw_hist *h, struct bw_buf *out)
{
    uint8_t bytes[TEXT_BYTES_MAX];
    size_t n = 0;
    uint32_t before = 0;

    for (uint32_t i = 0; i < BW_HIST_BUCKETS; i++) {
        if (h->count[i]) {
            n += put_varint(bytes + n, i - before);
            n += put_varint(bytes + n, h->count[i]);
            before = i;
        }
    }
    bw_b64_append(out, bytes, n);
    return bw_buf_error(out);
}

/* Walk a text's pairs; into may be NULL. Nothing is added before all of it was seen to
 * be canonical, so callers walk twice. */
static int
walk(const uint8_t *at, const uint8_t *end, struct bw_hist *into, int64_t *ret_total)
{
    uint32_t bucket = 0;
    int64_t total = 0;

    for (int first = 1; at < end; first = 0) {
        uint32_t delta;
        uint32_t count;
        if (take_varint(&at, end, &delta) < 0 || take_varint(&at, end, &count) < 0) {
            return -EINVAL;
        }
        if (count == 0 || (!first && delta == 0) || delta >= BW_HIST_BUCKETS - bucket) {
            return -EINVAL;
        }
        bucket += delta;
        total += count;
        if (into) {
            add_count(into, bucket, count);
        }
    }
    *ret_total = total;
    return 0;
}

int bw_hist_decode(const char *text, size_t n, struct bw_hist *h)
{
    uint8_t bytes[TEXT_BYTES_MAX];
    long n_bytes = bw_b64_decode(text, n, bytes, sizeof(bytes));
    int64_t total;

    if (n_bytes < 0 || walk(bytes, bytes + n_bytes, NULL, &total) < 0) {
        return -EINVAL;
    }
    return walk(bytes, bytes + n_bytes, h, &total);
}

int bw_hist_total(const char *text, size_t n, int64_t *ret_total)
{
    uint8_t bytes[TEXT_BYTES_MAX];
    long n_bytes = bw_b64_decode(text, n, bytes, sizeof(bytes));

    return n_bytes < 0 ? -EINVAL : walk(bytes, bytes + n_bytes, NULL, ret_total);
}

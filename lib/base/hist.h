/* SPDX-License-Identifier: GPL-3.0-or-later
 * hist.h - histograms of delay that merge: 16 linear steps an octave from 1 us, with
 * 100,000 us forced as an edge (so that "<= 100 ms" is exact). Every mean, percentile and
 * share of a period comes from merged histograms.
 *
 * Text form: pairs of unsigned LEB128 varints (bucket index minus the index of the pair
 * before, count), ascending, base64url. Adding never fails: values below 1 us go to the
 * first bucket, values beyond the last octave to the last. */
#ifndef BW_HIST_H
#define BW_HIST_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

/* Octaves 2^0 … 2^27 us (134 s) of 16 steps, one more for the edge at 100 ms. */
enum {
    BW_HIST_BUCKETS = 28 * 16 + 1
};

struct bw_hist {
    int64_t total;
    uint32_t count[BW_HIST_BUCKETS];
};

void bw_hist_init(struct bw_hist *h);
void bw_hist_add(struct bw_hist *h, int64_t value_us);
void bw_hist_merge(struct bw_hist *into, const struct bw_hist *from);

/* Bounds of a bucket: lower inclusive, upper exclusive, in us — but 100,000 us itself
 * belongs below its edge, so that a limit of "at most 100 ms" counts it as met. */
size_t bw_hist_bucket(int64_t value_us);
int64_t bw_hist_lower_us(size_t bucket);
int64_t bw_hist_upper_us(size_t bucket);

/* The value at 1-based rank ceil(p·n/1e6) (the rule of stat.h): the middle of its bucket,
 * rounded down; BW_UNKNOWN when empty. */
int64_t bw_hist_percentile_us(const struct bw_hist *h, int64_t p_ppm);
/* How many are <= limit_us; exact only at bucket edges. */
int64_t bw_hist_at_most(const struct bw_hist *h, int64_t limit_us);

int bw_hist_encode(const struct bw_hist *h, struct bw_buf *out); /* "" when empty */
/* Adds the text's counts to *h. -EINVAL on anything but a canonical encoding. */
int bw_hist_decode(const char *text, size_t n, struct bw_hist *h);

/* The sum of a text's counts without making the histogram; -EINVAL as above. */
int bw_hist_total(const char *text, size_t n, int64_t *ret_total);

#endif

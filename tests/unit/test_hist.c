/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_hist.c - histograms and the one percentile rule. */
#include "bw_test.h"

#include "buf.h"
#include "hash.h"
#include "hist.h"
#include "stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void ranks(void **state)
{
    (void)state;
    assert_int_equal(bw_stat_rank(0, 950000), 0);
    assert_int_equal(bw_stat_rank(1, 950000), 1);
    assert_int_equal(bw_stat_rank(19, 950000), 19); /* 18.05 */
    assert_int_equal(bw_stat_rank(20, 950000), 19); /* 19 exactly */
    assert_int_equal(bw_stat_rank(21, 950000), 20); /* 19.95 */
    assert_int_equal(bw_stat_rank(100, 950000), 95);
    assert_int_equal(bw_stat_rank(105120, 950000), 99864);
    assert_int_equal(bw_stat_rank(10, 0), 1);
    assert_int_equal(bw_stat_rank(10, 1000000), 10);
    assert_int_equal(bw_stat_rank(10, 2000000), 10);
    assert_int_equal(bw_stat_rank(10, -5), 1);
    assert_int_equal(bw_stat_rank(3, 333333), 1);
    assert_int_equal(bw_stat_rank(3, 333334), 2);
    /* no product that overflows */
    assert_true(bw_stat_rank((size_t)1 << 62, 950000) == 4381101717506018509u);
}

static void percentiles(void **state)
{
    int64_t values[21];

    (void)state;
    for (int i = 0; i < 21; i++) {
        values[i] = (i * 8) % 21 + 1; /* 1 … 21 shuffled */
    }
    assert_int_equal(bw_stat_percentile(values, 21, 950000), 20);
    assert_int_equal(bw_stat_percentile(values, 21, 500000), 11);
    assert_int_equal(bw_stat_percentile(values, 20, 950000), 19);
    assert_int_equal(bw_stat_percentile(values, 1, 950000), 1);
    assert_true(bw_stat_percentile(values, 0, 950000) == BW_UNKNOWN);
    values[0] = INT64_MAX;
    values[1] = INT64_MIN + 1;
    assert_true(bw_stat_percentile(values, 2, 1) == INT64_MIN + 1);
}

/* Worked out apart with the closed form, floored and ceiled. */
static void wilson(void **state)
{
    static const struct {
        int64_t k;
        int64_t n;
        int64_t low;
        int64_t high;
    } rows[] = {
        {0, 10, 0, 277533},      {10, 10, 722467, 1000000}, {1, 10, 17876, 404151},
        {5, 10, 236593, 763407}, {1, 100, 1767, 54487},     {3, 300, 3406, 28984},
        {0, 1, 0, 793451},
    };
    int64_t low;
    int64_t high;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_stat_wilson_ppm(rows[i].k, rows[i].n, &low, &high);
        if (low != rows[i].low || high != rows[i].high) {
            fail_msg("%lld of %lld: %lld … %lld", (long long)rows[i].k,
                     (long long)rows[i].n, (long long)low, (long long)high);
        }
        assert_true(low * rows[i].n <= rows[i].k * 1000000);
        assert_true(high * rows[i].n >= rows[i].k * 1000000);
    }
    bw_stat_wilson_ppm(0, 0, &low, &high);
    assert_true(low == BW_UNKNOWN && high == BW_UNKNOWN);
    bw_stat_wilson_ppm(2, 1, &low, &high);
    assert_true(low == BW_UNKNOWN && high == BW_UNKNOWN);
}

static void every_value_lies_in_its_bucket(void **state)
{
    size_t before = 0;

    (void)state;
    for (int64_t v = 1; v < 1 << 28; v += 1 + v / 700) {
        size_t b = bw_hist_bucket(v);
        assert_true(b < BW_HIST_BUCKETS && b >= before);
        assert_true(bw_hist_lower_us(b) <= v);
        /* the forced edge belongs below itself */
        assert_true(v < bw_hist_upper_us(b) || (v == 100000 && bw_hist_upper_us(b) == v));
        /* 16 steps an octave: no bucket wider than a sixteenth of its start, rounded up */
        assert_true((bw_hist_upper_us(b) - bw_hist_lower_us(b)) * 16 <=
                    bw_hist_lower_us(b) + 15);
        before = b;
    }
    for (size_t b = 0; b + 1 < BW_HIST_BUCKETS; b++) {
        assert_int_equal(bw_hist_upper_us(b), bw_hist_lower_us(b + 1));
    }
    assert_int_equal(bw_hist_bucket(INT64_MIN), 0);
    assert_int_equal(bw_hist_bucket(0), 0);
    assert_int_equal(bw_hist_bucket(1), 0);
    assert_int_equal(bw_hist_bucket((1 << 28) - 1), BW_HIST_BUCKETS - 1);
    assert_int_equal(bw_hist_bucket(1 << 28), BW_HIST_BUCKETS - 1);
    assert_int_equal(bw_hist_bucket(INT64_MAX), BW_HIST_BUCKETS - 1);
}

static void the_edge_of_100_ms(void **state)
{
    struct bw_hist h;

    (void)state;
    assert_int_equal(bw_hist_bucket(99999), bw_hist_bucket(100000));
    assert_int_equal(bw_hist_bucket(100001), bw_hist_bucket(100000) + 1);
    assert_int_equal(bw_hist_lower_us(bw_hist_bucket(100001)), 100000);
    assert_int_equal(bw_hist_lower_us(bw_hist_bucket(100000)), 98304);
    assert_int_equal(bw_hist_upper_us(bw_hist_bucket(100001)), 102400);
    bw_hist_init(&h);
    bw_hist_add(&h, 20000);
    bw_hist_add(&h, 100000);
    bw_hist_add(&h, 100001);
    bw_hist_add(&h, 500000);
    assert_int_equal(bw_hist_at_most(&h, 100000), 2);
    assert_int_equal(bw_hist_at_most(&h, 102399), 3);
    assert_int_equal(bw_hist_at_most(&h, 0), 0);
    bw_hist_add(&h, INT64_MAX); /* has no upper end, so is within no limit */
    assert_int_equal(bw_hist_at_most(&h, INT64_MAX), 4);
}

static void percentile_of_a_histogram(void **state)
{
    struct bw_hist h;

    (void)state;
    bw_hist_init(&h);
    assert_true(bw_hist_percentile_us(&h, 950000) == BW_UNKNOWN);
    bw_hist_add(&h, 7);
    assert_int_equal(bw_hist_percentile_us(&h, 950000), 7);
    bw_hist_init(&h);
    for (int i = 0; i < 19; i++) {
        bw_hist_add(&h, 1000);
    }
    bw_hist_add(&h, 200000);
    /* 20 values: rank 19 is still the first nineteen's */
    assert_int_equal(bw_hist_percentile_us(&h, 950000), (992 + 1024) / 2);
    bw_hist_add(&h, 200000);
    assert_int_equal(bw_hist_percentile_us(&h, 950000), (196608 + 204800) / 2);
}

static void check_text(const struct bw_hist *h, const char *want)
{
    struct bw_buf b;
    struct bw_hist back;

    bw_buf_init(&b, 10000);
    bw_buf_puts(&b, "");
    assert_int_equal(bw_hist_encode(h, &b), 0);
    if (want) {
        assert_string_equal(b.data, want);
    }
    bw_hist_init(&back);
    assert_int_equal(bw_hist_decode(b.data, b.len, &back), 0);
    assert_memory_equal(&back, h, sizeof(back));
    bw_buf_done(&b);
}

static void text_form(void **state)
{
    struct bw_hist h;
    char text[40];

    (void)state;
    bw_hist_init(&h);
    check_text(&h, "");
    bw_hist_add(&h, 1); /* bucket 0, count 1 */
    check_text(&h, "AAE");
    h.count[265] = 300; /* delta 265 = 0x89 0x02, count 300 = 0xac 0x02 */
    h.total = 301;
    (void)bw_b64_encode("\0\1\x89\x02\xac\x02", 6, text);
    check_text(&h, text);
    /* all buckets at their largest */
    h.total = 0;
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        h.count[i] = UINT32_MAX;
        h.total += UINT32_MAX;
    }
    check_text(&h, NULL);
    /* counts do not wrap */
    bw_hist_add(&h, 5);
    assert_int_equal(h.count[bw_hist_bucket(5)], UINT32_MAX);
    assert_true(h.total == (int64_t)UINT32_MAX * BW_HIST_BUCKETS);
}

static void only_one_text_is_canonical(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x00", 1},                             /* a bucket without a count */
        {"\x00\x00", 2},                         /* a count of 0 */
        {"\x80\x00\x01", 3},                     /* 0 in two bytes */
        {"\x01\x81\x00", 3},                     /* 1 in two bytes */
        {"\x01\x01\x00\x01", 4},                 /* the same bucket twice */
        {"\xc1\x03\x01", 3},                     /* bucket 449 does not exist */
        {"\xc0\x03\x01\x01\x01", 5},             /* … nor the one after 448 */
        {"\x00\x80\x80\x80\x80\x10", 6},         /* a count of 2^32 */
        {"\x00\xff\xff\xff\xff\xff\x01", 7},     /* six bytes */
        {"\x80", 1},                             /* cut within a number */
        {"\xff\xff\xff\xff\x0f\x01", 6},         /* a delta that would wrap */
        {"\x01\x01\xff\xff\xff\xff\x0f\x01", 8}, /* … from a bucket on */
    };
    struct bw_hist h;
    struct bw_hist before;

    (void)state;
    bw_hist_init(&h);
    bw_hist_add(&h, 77);
    before = h;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[20];
        size_t n = bw_b64_encode(bad[i].bytes, bad[i].n, text);
        if (bw_hist_decode(text, n, &h) != -EINVAL) {
            fail_msg("accepted: %s (row %zu)", text, i);
        }
    }
    assert_int_equal(bw_hist_decode("AAE=", 4, &h), -EINVAL);
    assert_int_equal(bw_hist_decode("AAF", 3, &h), -EINVAL); /* stray bits */
    assert_memory_equal(&h, &before, sizeof(h));             /* untouched by failures */
}

static void merging_adds(void **state)
{
    struct bw_hist a;
    struct bw_hist b;
    struct bw_hist all;

    (void)state;
    bw_hist_init(&a);
    bw_hist_init(&b);
    bw_hist_init(&all);
    for (int64_t i = 1; i < 3000; i++) {
        bw_hist_add(i % 3 ? &a : &b, i * 53);
        bw_hist_add(&all, i * 53);
    }
    bw_hist_merge(&a, &b);
    assert_memory_equal(&a, &all, sizeof(a));
    assert_int_equal(a.total, 2999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(wilson),
        cmocka_unit_test(every_value_lies_in_its_bucket),
        cmocka_unit_test(the_edge_of_100_ms),
        cmocka_unit_test(percentile_of_a_histogram),
        cmocka_unit_test(text_form),
        cmocka_unit_test(only_one_text_is_canonical),
        cmocka_unit_test(merging_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_gen_traffic.c - the parts of the traffic generator that its files do not show: the
 * numbers it draws, what the tap sees of a stream of bytes, reading files back. */
#include "tcp_way.c" // NOLINT(bugprone-suspicious-include): cover() is static

#include "bw_test.h"
#include "frame.h"
#include "pcapfile.h"
#include "rng.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void numbers_are_the_published_ones(void **state)
{
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    struct tg_rng r = {.state = 1234567};

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(tg_rng_next(&r) == expected[i]);
    }
}

static void draws_keep_their_bounds_and_means(void **state)
{
    struct tg_rng r;
    double gaps = 0;
    uint32_t below_two = 0;

    (void)state;
    tg_rng_seed(&r, 1, 1);
    for (int i = 0; i < 200000; i++) {
        uint64_t v = tg_rng_tail(&r, 100, 3);
        assert_true(v >= 100 && v < 800);
        below_two += v < 200;
        v = tg_rng_between(&r, 5, 7);
        assert_true(v >= 5 && v <= 7);
        assert_true(tg_rng_below(&r, 3) < 3);
        gaps += (double)tg_rng_gap(&r, 1000000);
    }
    bw_assert_near(below_two / 200000.0, 0.5, 0.01);
    bw_assert_near(gaps / 200000 / 1e6, 1, 0.02);
    assert_false(tg_rng_chance(&r, 0));
    assert_true(tg_rng_chance(&r, 1000000));
}

static void the_tap_tells_new_from_filled_from_seen(void **state)
{
    struct tg_cover c = {.max = 1};

    (void)state;
    assert_int_equal(cover(&c, 1, 101), TG_SEEN_NEW);
    assert_int_equal(cover(&c, 301, 401), TG_SEEN_NEW); /* a hole 101 … 301 */
    assert_int_equal(cover(&c, 1, 101), TG_SEEN_AGAIN);
    assert_int_equal(cover(&c, 151, 201), TG_SEEN_FILL); /* splits it */
    assert_int_equal(cover(&c, 151, 201), TG_SEEN_AGAIN);
    assert_int_equal(cover(&c, 101, 151), TG_SEEN_FILL);
    assert_int_equal(cover(&c, 201, 301), TG_SEEN_FILL);
    assert_int_equal(c.n, 0);
    assert_int_equal(cover(&c, 201, 301), TG_SEEN_AGAIN);
    assert_int_equal(cover(&c, 401, 402), TG_SEEN_NEW);
    (void)cover(&c, 501, 501); /* an ACK from beyond what came */
    assert_int_equal(cover(&c, 402, 501), TG_SEEN_FILL);
}

static void files_come_back(void **state)
{
    char path[] = "/tmp/bw-gen-traffic-XXXXXX";
    int fd = mkstemp(path);
    struct tg_pcap_writer *w = NULL;
    struct tg_frame f = {.n = 60, .wire_bytes = 1514};
    struct tg_pcap_file file;
    struct tg_pcap_record rec;
    struct bw_err err = {""};

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    memset(f.bytes, 7, f.n);
    assert_int_equal(tg_pcap_create(path, 128, &w, &err), 0);
    tg_pcap_put(w, 1789000200123456789u, &f);
    tg_pcap_put(w, 1789000201000000001u, &f);
    assert_int_equal(tg_pcap_close(w, &err), 0);

    assert_int_equal(tg_pcap_open(path, &file, &err), 0);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(tg_pcap_next(&file, &rec, &err), 1);
        assert_true(rec.unix_ns == 1789000200123456789u);
        assert_int_equal(rec.n, 128);
        assert_int_equal(rec.wire_bytes, 1514);
        assert_int_equal(rec.bytes[59], 7);
        assert_int_equal(rec.bytes[60], 0);
        assert_int_equal(tg_pcap_next(&file, &rec, &err), 1);
        assert_true(rec.unix_ns == 1789000201000000001u);
        assert_int_equal(tg_pcap_next(&file, &rec, &err), 0);
        tg_pcap_rewind(&file);
    }
    tg_pcap_done(&file);

    assert_int_equal(truncate(path, 24 + 2 * (16 + 128) - 1), 0);
    assert_int_equal(tg_pcap_open(path, &file, &err), 0);
    assert_int_equal(tg_pcap_next(&file, &rec, &err), 1);
    assert_int_equal(tg_pcap_next(&file, &rec, &err), -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "packet 2"));
    tg_pcap_done(&file);

    assert_int_equal(truncate(path, 23), 0);
    assert_int_equal(tg_pcap_open(path, &file, &err), -BW_EMALFORMED);
    (void)unlink(path);
    assert_true(tg_pcap_open(path, &file, &err) < 0);
}

/* Wherever it is cut; from memory that ends with the file, which the sanitizer watches. */
static void no_cut_is_read_over(void **state)
{
    char path[] = "/tmp/bw-gen-traffic-XXXXXX";
    int fd = mkstemp(path);
    struct tg_pcap_writer *w = NULL;
    struct tg_frame f = {.n = 60, .wire_bytes = 9000};
    struct tg_pcap_file file;
    struct bw_err err = {""};

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(tg_pcap_create(path, 40, &w, &err), 0);
    tg_pcap_put(w, 1, &f);
    tg_pcap_put(w, 2, &f);
    assert_int_equal(tg_pcap_close(w, &err), 0);
    assert_int_equal(tg_pcap_open(path, &file, &err), 0);
    assert_int_equal(file.n, 24 + 2 * (16 + 40));
    for (size_t n = 24; n <= file.n; n++) {
        uint8_t *bytes = malloc(n);
        struct tg_pcap_file cut = file;
        struct tg_pcap_record rec;
        uint32_t whole = 0;
        int r;
        assert_non_null(bytes);
        memcpy(bytes, file.data, n);
        cut.data = bytes;
        cut.n = n;
        while ((r = tg_pcap_next(&cut, &rec, &err)) > 0) {
            whole++;
        }
        assert_int_equal(whole, (n - 24) / 56);
        assert_int_equal(r, (n - 24) % 56 == 0 ? 0 : -BW_EMALFORMED);
        free(bytes);
    }
    tg_pcap_done(&file);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_published_ones),
        cmocka_unit_test(draws_keep_their_bounds_and_means),
        cmocka_unit_test(the_tap_tells_new_from_filled_from_seen),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(no_cut_is_read_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

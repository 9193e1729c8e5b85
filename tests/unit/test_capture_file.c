/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_capture_file.c - capture files, good and broken; each error names file and packet.
 * The files are written here, byte by byte, so that libpcap is not judged by itself. */
#include "bw_test.h"

#include "capture_file.h"

#include <bw/err.h>
#include <bw/units.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BYTES_MAX = 8192,
    ETHERNET = 1,
    BARE = 101,
    COOKED = 113,
    COOKED2 = 276,
    BLUETOOTH = 187
};

struct image {
    uint8_t bytes[BYTES_MAX];
    size_t n;
};

static char path[64];

static void put32(struct image *im, uint32_t v)
{
    (void)memcpy(im->bytes + im->n, &v, 4);
    im->n += 4;
}

/* The head of a file of nanoseconds (pcap-savefile(5)). */
static void head(struct image *im, uint32_t link)
{
    im->n = 0;
    put32(im, 0xa1b23c4d);
    put32(im, 2 | 4 << 16);
    put32(im, 0);
    put32(im, 0);
    put32(im, 65535);
    put32(im, link);
}

static void packet(struct image *im,
                   uint32_t s,
                   uint32_t ns,
                   const uint8_t *frame,
                   uint32_t captured,
                   uint32_t wire)
{
    put32(im, s);
    put32(im, ns);
    put32(im, captured);
    put32(im, wire);
    (void)memcpy(im->bytes + im->n, frame, captured);
    im->n += captured;
}

/* UDP, 10.0.0.1 to port 443 of 198.51.100.7, 100 bytes in all, behind a link header. */
static uint32_t quic(uint8_t *frame, uint32_t link)
{
    static const uint8_t ip[28] = {0x45, 0,    0,  100, 0, 0,  0,   0,  64,  17,
                                   0,    0,    10, 0,   0, 1,  198, 51, 100, 7,
                                   0x9c, 0x40, 1,  187, 0, 80, 0,   0};
    uint32_t at = link == ETHERNET ? 14 : link == COOKED ? 16 : link == COOKED2 ? 20 : 0;
    (void)memset(frame, 0, at + 100);
    if (at > 0) {
        frame[link == ETHERNET ? 12 : link == COOKED ? 14 : 0] = 8;
    }
    (void)memcpy(frame + at, ip, sizeof(ip));
    return at + 100;
}

static void save(const struct image *im, size_t n)
{
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    assert_int_equal(fwrite(im->bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int read_file(struct bw_meter *m, struct bw_capture_facts *facts, struct bw_err *err)
{
    struct bw_meter_opts opts = {.parts = BW_METER_MIX | BW_METER_FLOWS | BW_METER_DEVICES,
                                 .flows = {.flows = 64, .round_trips = 64},
                                 .device_slots = 64};
    bw_inside_add_private(&opts.inside);
    assert_int_equal(bw_meter_init(m, &opts), 0);
    err->text[0] = '\0';
    return bw_capture_file(path, m, NULL, NULL, facts, err);
}

static void every_link(void **state)
{
    static const uint32_t links[] = {ETHERNET, BARE, COOKED, COOKED2};
    (void)state;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct image im;
        uint8_t frame[256];
        struct bw_capture_facts facts;
        struct bw_devices_count devices;
        struct bw_mix_total t;
        struct bw_meter m;
        struct bw_err err;
        uint32_t n = quic(frame, links[i]);
        head(&im, links[i]);
        packet(&im, 1000, 5, frame, n, n);
        packet(&im, 1001, 500000000, frame, 60, n);
        packet(&im, 1001, 250000000, frame, n, n);
        save(&im, im.n);
        assert_int_equal(read_file(&m, &facts, &err), 0);
        assert_int_equal(facts.packets, 3);
        assert_int_equal(facts.cut, 1);
        assert_int_equal(facts.backwards, 1);
        assert_int_equal(facts.snap, 65535);
        assert_true(facts.first_ns == INT64_C(1000000000005));
        assert_true(facts.last_ns == INT64_C(1001500000000));
        bw_mix_total(&m.mix, BW_WAY_UP, &t);
        assert_int_equal(t.packets, 3);
        assert_int_equal(t.bytes, 3 * n);
        assert_int_equal(m.tally.stop[BW_PACKET_WHOLE], 3);
        assert_int_equal(bw_flows_figures(m.flows)->ended, 1);
        bw_devices_count(m.devices, &devices);
        assert_int_equal(devices.ipv4, 1);
        bw_meter_done(&m);
    }
}

/* Cut at every byte: what came whole is counted, and the sentence names the packet. */
static void cut_at_every_byte(void **state)
{
    struct image im;
    uint8_t frame[256];
    size_t ends[4];
    uint32_t n = quic(frame, ETHERNET);
    (void)state;
    head(&im, ETHERNET);
    ends[0] = im.n;
    for (uint32_t i = 1; i < 4; i++) {
        packet(&im, i, 0, frame, n, n);
        ends[i] = im.n;
    }
    for (size_t k = 0; k <= im.n; k++) {
        struct bw_capture_facts facts;
        struct bw_meter m;
        struct bw_err err;
        int r;
        size_t whole = 0;
        bool clean = k == ends[0];
        save(&im, k);
        r = read_file(&m, &facts, &err);
        for (size_t i = 1; i < 4; i++) {
            whole += k >= ends[i];
            clean = clean || k == ends[i];
        }
        assert_int_equal(facts.packets, whole);
        assert_int_equal(m.tally.frames, whole);
        if (clean) {
            assert_int_equal(r, 0);
        } else {
            char want[128];
            assert_true(r < 0);
            (void)snprintf(want, sizeof(want), "%s: packet %zu: ", path, whole + 1);
            assert_non_null(strstr(err.text, k < ends[0] ? path : want));
        }
        bw_meter_done(&m);
    }
}

static void what_is_no_capture(void **state)
{
    struct bw_capture_facts facts;
    struct bw_meter m;
    struct bw_err err;
    struct image im;
    uint8_t frame[256];
    uint32_t n = quic(frame, ETHERNET);
    (void)state;
    head(&im, BLUETOOTH);
    packet(&im, 1, 0, frame, n, n);
    save(&im, im.n);
    assert_true(read_file(&m, &facts, &err) < 0);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "link type 187"));
    assert_non_null(strstr(err.text, "Ethernet"));
    assert_int_equal(facts.packets, 0);
    bw_meter_done(&m);
    (void)memset(im.bytes, 'x', 100);
    save(&im, 100);
    assert_true(read_file(&m, &facts, &err) < 0);
    assert_non_null(strstr(err.text, "no capture file"));
    bw_meter_done(&m);
    assert_int_equal(unlink(path), 0);
    assert_true(read_file(&m, &facts, &err) < 0);
    assert_non_null(strstr(err.text, path));
    bw_meter_done(&m);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(read_file(&m, &facts, &err) < 0);
    assert_non_null(strstr(err.text, "folder"));
    bw_meter_done(&m);
    assert_int_equal(rmdir(path), 0);
}

/* A file may hold whole packets: as in a live capture 128 bytes are looked at. */
static void no_more_is_looked_at(void **state)
{
    uint8_t frame[14 + 40 + 80 + 8] = {0};
    struct bw_capture_facts facts;
    struct bw_meter m;
    struct bw_err err;
    struct image im;
    (void)state;
    frame[12] = 0x86;
    frame[13] = 0xdd;
    frame[14] = 0x60;
    frame[19] = 88;
    frame[54] = 17;
    frame[55] = 9; /* an extension header of 80 bytes, then UDP */
    head(&im, ETHERNET);
    packet(&im, 1, 0, frame, sizeof(frame), sizeof(frame));
    save(&im, im.n);
    assert_int_equal(read_file(&m, &facts, &err), 0);
    assert_int_equal(facts.cut, 0);
    assert_int_equal(m.tally.stop[BW_PACKET_CUT_IP], 1);
    bw_meter_done(&m);
}

/* Stamps and lengths that no capture has. */
static void lies_of_a_file(void **state)
{
    struct bw_capture_facts facts;
    struct bw_meter m;
    struct bw_err err;
    struct image im;
    uint8_t frame[256];
    uint32_t n = quic(frame, ETHERNET);
    (void)state;
    head(&im, ETHERNET);
    packet(&im, UINT32_MAX, UINT32_MAX, frame, n, UINT32_MAX);
    packet(&im, 0, 0, frame, n, 0);
    packet(&im, 0, 0, frame, 0, 0);
    save(&im, im.n);
    assert_int_equal(read_file(&m, &facts, &err), 0);
    assert_int_equal(facts.packets, 3);
    assert_int_equal(m.tally.frames, 3);
    assert_int_equal(m.tally.bytes, (int64_t)UINT32_MAX + n);
    assert_int_equal(m.tally.stop[BW_PACKET_BAD_LINK], 1);
    assert_true(facts.first_ns == 0 && facts.last_ns == 0); /* before 1970: not so */
    bw_meter_done(&m);
    head(&im, ETHERNET);
    packet(&im, 1, 0, frame, n, n);
    put32(&im, 2);
    put32(&im, 0);
    put32(&im, 0x7fffffff); /* a packet of 2 GiB */
    put32(&im, 0x7fffffff);
    save(&im, im.n);
    assert_true(read_file(&m, &facts, &err) < 0);
    assert_non_null(strstr(err.text, "packet 2: "));
    assert_int_equal(facts.packets, 1);
    bw_meter_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link),           cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(no_more_is_looked_at), cmocka_unit_test(lies_of_a_file),
        cmocka_unit_test(what_is_no_capture),
    };
    int r;
    (void)snprintf(path, sizeof(path), "/tmp/bw-test-capture-%d.pcap", (int)getpid());
    r = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return r;
}

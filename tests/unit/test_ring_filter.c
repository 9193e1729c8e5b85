/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the capture filters choose and keep: run by libpcap in user space, and by the kernel
 * on a pair of sockets. */
#include "bw_test.h"
#include "ring_filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/filter.h and pcap/bpf.h define the same names: this is what the kernel takes. */
struct program {
    unsigned short n;
    void *insn;
};

#define BW_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum {
    FRAME = 400,
    PAYLOAD = 0xee
};

static const uint32_t keys[BW_RING_KEYS] = {0x9e3779b9, 0x7f4a7c15, 0xf39cc060,
                                            0x5ced7a31, 0x2545f491, 0x85ebca6b};

static uint32_t
run(const struct bw_ring_filter *f, size_t from, const uint8_t *p, uint32_t n)
{
    struct bpf_insn code[BW_RING_FILTER_MAX];
    assert_in_range(f->n, from + 1, BW_RING_FILTER_MAX);
    for (size_t i = 0; i < f->n; i++) {
        code[i] = (struct bpf_insn){.code = f->insn[i].code,
                                    .jt = f->insn[i].jt,
                                    .jf = f->insn[i].jf,
                                    .k = f->insn[i].k};
    }
    return bpf_filter(code + from, p, n, n);
}

struct shape {
    bool ip; /* no Ethernet in front */
    bool tag;
    bool v6;
    uint8_t protocol;
    uint8_t options; /* bytes: of IPv4, or of TCP behind IPv6 */
    uint16_t fragment;
};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* Gives the bytes of headers. a and b tell the ends apart. */
static uint32_t make(uint8_t out[FRAME],
                     const struct shape *s,
                     uint32_t a,
                     uint32_t b,
                     uint16_t pa,
                     uint16_t pb)
{
    uint8_t *p = out;
    (void)memset(out, PAYLOAD, FRAME);
    if (!s->ip) {
        (void)memset(p, 2, 12);
        p += 12;
        if (s->tag) {
            put16(p, 0x8100);
            put16(p + 2, 7);
            p += 4;
        }
        put16(p, s->v6 ? 0x86dd : 0x0800);
        p += 2;
    }
    if (s->v6) {
        (void)memset(p, 0, 40);
        p[0] = 0x60;
        p[6] = s->protocol;
        put16(p + 8, 0x2001);
        put16(p + 20, a >> 16);
        put16(p + 22, a);
        put16(p + 24, 0x2001);
        put16(p + 36, b >> 16);
        put16(p + 38, b);
        p += 40;
    } else {
        (void)memset(p, 0, 20);
        p[0] = (uint8_t)(0x45 + s->options / 4);
        put16(p + 6, s->fragment);
        p[9] = s->protocol;
        put16(p + 12, a >> 16);
        put16(p + 14, a);
        put16(p + 16, b >> 16);
        put16(p + 18, b);
        p += 20 + s->options;
    }
    if (s->fragment & 0x1fff || (s->protocol != 6 && s->protocol != 17)) {
        return (uint32_t)(p - out);
    }
    put16(p, pa);
    put16(p + 2, pb);
    if (s->protocol == 17) {
        return (uint32_t)(p - out) + 8;
    }
    p[12] = (uint8_t)((5 + (s->v6 ? s->options / 4 : 0)) << 4);
    return (uint32_t)(p - out) + 20 + (s->v6 ? s->options : 0);
}

static enum bw_packet_link link_of(const struct shape *s)
{
    return s->ip ? BW_PACKET_LINK_IP : BW_PACKET_LINK_ETHERNET;
}

static const struct shape shapes[] = {
    {.protocol = 6},
    {.protocol = 17},
    {.protocol = 6, .options = 12},
    {.protocol = 6, .tag = true},
    {.protocol = 17, .tag = true},
    {.protocol = 6, .v6 = true},
    {.protocol = 6, .v6 = true, .options = 12},
    {.protocol = 17, .v6 = true, .tag = true},
    {.protocol = 6, .ip = true},
    {.protocol = 17, .ip = true, .v6 = true},
};

/* ---- whole flows */

static void both_ways_of_a_flow_go_one_way(void **state)
{
    struct bw_ring_filter f;
    uint8_t there[FRAME];
    uint8_t back[FRAME];
    (void)state;
    for (size_t k = 0; k < BW_LEN(shapes); k++) {
        int chosen = 0;
        const int flows = 16000;
        bw_ring_filter_flows(&f, link_of(&shapes[k]), 16, keys);
        for (int i = 0; i < flows; i++) {
            uint32_t a = 0x0a000000U + (uint32_t)i % 400;
            uint32_t b = 0xc6336400U + (uint32_t)i % 77;
            uint16_t port = (uint16_t)(32768 + i * 2 % 28000);
            uint32_t n = make(there, &shapes[k], a, b, port, 443);
            uint32_t m = make(back, &shapes[k], b, a, 443, port);
            uint32_t kept = run(&f, 0, there, FRAME);
            assert_int_equal(kept, run(&f, 0, back, FRAME));
            assert_true(kept == 0 || kept == n);
            assert_int_equal(n, m);
            chosen += kept > 0;
        }
        /* 1,000 expected; 4 sd of as many draws are 122 */
        assert_in_range(chosen, 870, 1130);
    }
}

static void another_key_chooses_others(void **state)
{
    static const uint32_t other[BW_RING_KEYS] = {3,         0xdeadbeef, 77,
                                                 0x1234567, 0x9abcdef1, 0xc2b2ae35};
    struct bw_ring_filter f;
    struct bw_ring_filter g;
    uint8_t p[FRAME];
    int both = 0;
    int one = 0;
    (void)state;
    bw_ring_filter_flows(&f, BW_PACKET_LINK_ETHERNET, 16, keys);
    bw_ring_filter_flows(&g, BW_PACKET_LINK_ETHERNET, 16, other);
    for (uint32_t i = 0; i < 64000; i++) {
        (void)make(p, &shapes[0], 0x0a000000U + i / 100, 0xc6336401U,
                   (uint16_t)(40000 + i % 100), 443);
        bool by_f = run(&f, 0, p, FRAME) > 0;
        bool by_g = run(&g, 0, p, FRAME) > 0;
        both += by_f && by_g;
        one += by_f;
    }
    assert_in_range(one, 3700, 4300);
    assert_in_range(both, 150, 350); /* 250 expected */
}

static void one_in_is_a_power_of_two(void **state)
{
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    (void)state;
    for (uint32_t m = 1; m <= 64; m *= 4) {
        int chosen = 0;
        bw_ring_filter_flows(&f, BW_PACKET_LINK_ETHERNET, m, keys);
        for (uint32_t i = 0; i < 6400; i++) {
            (void)make(p, &shapes[0], 0x0a000000U + i, 0xc6336401U, 40000, 443);
            chosen += run(&f, 0, p, FRAME) > 0;
        }
        assert_in_range(chosen, m == 1 ? 6400 : 6400 / m * 3 / 5,
                        m == 1 ? 6400 : 6400 / m * 7 / 5);
    }
}

static void what_is_no_flow_is_not_chosen(void **state)
{
    static const struct shape none[] = {
        {.protocol = 1},
        {.protocol = 50},
        {.protocol = 6, .fragment = 0x2000}, /* the first one */
        {.protocol = 17, .fragment = 100},
        {.protocol = 44, .v6 = true},
        {.protocol = 0, .v6 = true},
    };
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    (void)state;
    bw_ring_filter_flows(&f, BW_PACKET_LINK_ETHERNET, 1, keys);
    for (size_t k = 0; k < BW_LEN(none); k++) {
        (void)make(p, &none[k], 1, 2, 3, 4);
        assert_int_equal(run(&f, 0, p, FRAME), 0);
    }
    put16(p + 12, 0x0806); /* ARP */
    assert_int_equal(run(&f, 0, p, FRAME), 0);
}

/* ---- by chance */

static void headers_are_kept_and_nothing_else(void **state)
{
    static const struct shape more[] = {
        {.protocol = 1},
        {.protocol = 50},
        {.protocol = 6, .fragment = 100},
        {.protocol = 58, .v6 = true},
    };
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    (void)state;
    for (size_t k = 0; k < BW_LEN(shapes) + BW_LEN(more); k++) {
        const struct shape *s = k < BW_LEN(shapes) ? &shapes[k] : &more[k - BW_LEN(shapes)];
        uint32_t n = make(p, s, 1, 2, 3, 4);
        uint32_t kept;
        n -= s->v6 && s->protocol == 6 ? s->options
                                       : 0; /* the mix needs no options of TCP */
        bw_ring_filter_random(&f, link_of(s), 1);
        kept = run(&f, 0, p, FRAME);
        assert_int_equal(kept, n);
        bw_ring_filter_random(&f, link_of(s), 100);
        assert_int_equal(run(&f, 2, p, FRAME), n); /* behind the draw */
    }
    (void)memset(p, 0, sizeof(p)); /* no IP: the link header */
    bw_ring_filter_random(&f, BW_PACKET_LINK_ETHERNET, 1);
    assert_int_equal(run(&f, 0, p, FRAME), 14);
}

/* Whatever a packet claims, at whatever length it ends. */
static void never_more_than_the_snap(void **state)
{
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    uint64_t x = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint32_t n = (uint32_t)(round % FRAME) + 1;
        (void)make(p, &shapes[(size_t)round % BW_LEN(shapes)], 1, 2, 3, 4);
        for (int i = 0; i < 6; i++) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407U;
            p[(x >> 33) % 60] = (uint8_t)(x >> 56);
        }
        for (int link = BW_PACKET_LINK_ETHERNET; link <= BW_PACKET_LINK_IP; link++) {
            bw_ring_filter_random(&f, (enum bw_packet_link)link, 1);
            assert_in_range(run(&f, 0, p, n), 0, BW_RING_SNAP);
            bw_ring_filter_flows(&f, (enum bw_packet_link)link, 1, keys);
            assert_in_range(run(&f, 0, p, n), 0, BW_RING_SNAP);
        }
    }
}

/* Frames that end early are drawn too, or a mix would lack them. */
static void short_frames_are_drawn(void **state)
{
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    (void)state;
    for (size_t k = 0; k < BW_LEN(shapes); k++) {
        (void)make(p, &shapes[k], 1, 2, 3, 4);
        bw_ring_filter_random(&f, link_of(&shapes[k]), 1);
        for (uint32_t n = 1; n < 100; n++) {
            assert_in_range(run(&f, 0, p, n), 1, BW_RING_SNAP);
        }
    }
}

/* ---- in the kernel */

static int pair_with(const struct bw_ring_filter *f, int ret[2])
{
    struct program prog = {.n = (unsigned short)f->n, .insn = (void *)(uintptr_t)f->insn};
    int room = 1 << 20;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret),
                     0);
    (void)setsockopt(ret[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return setsockopt(ret[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int
draw(const struct bw_ring_filter *f, const struct shape *s, int packets, uint32_t *ret_kept)
{
    uint8_t p[FRAME];
    uint8_t got[FRAME];
    int fds[2];
    int drawn = 0;
    assert_int_equal(pair_with(f, fds), 0);
    (void)make(p, s, 0x0a000001, 0xc6336401, 40000, 443);
    for (int i = 0; i < packets; i++) {
        ssize_t n;
        (void)send(fds[0], p, sizeof(p), 0); /* -EPERM says that it was not taken */
        n = recv(fds[1], got, sizeof(got), 0);
        drawn += n > 0;
        *ret_kept = n > 0 ? (uint32_t)n : *ret_kept;
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
    return drawn;
}

static void the_kernel_draws(void **state)
{
    struct bw_ring_filter f;
    uint32_t kept = 0;
    (void)state;
    bw_ring_filter_random(&f, BW_PACKET_LINK_ETHERNET, 10);
    assert_in_range(draw(&f, &shapes[0], 40000, &kept), 3700, 4300); /* 5 sd */
    assert_int_equal(kept, 54);
    bw_ring_filter_random(&f, BW_PACKET_LINK_ETHERNET, 1);
    assert_int_equal(draw(&f, &shapes[4], 50, &kept), 50);
    assert_int_equal(kept, 46);
    bw_ring_filter_none(&f);
    assert_int_equal(draw(&f, &shapes[0], 50, &kept), 0);
}

/* The kernel and libpcap run the same program. */
static void the_kernel_chooses_the_same_flows(void **state)
{
    struct bw_ring_filter f;
    uint8_t p[FRAME];
    uint8_t got[FRAME];
    (void)state;
    for (size_t k = 0; k < BW_LEN(shapes); k++) {
        int fds[2];
        bw_ring_filter_flows(&f, link_of(&shapes[k]), 4, keys);
        assert_int_equal(pair_with(&f, fds), 0);
        for (uint32_t i = 0; i < 300; i++) {
            uint32_t kept;
            ssize_t n;
            (void)make(p, &shapes[k], 0x0a000000U + i, 0xc6336401U, 40000, 443);
            kept = run(&f, 0, p, FRAME);
            (void)send(fds[0], p, sizeof(p), 0);
            n = recv(fds[1], got, sizeof(got), 0);
            assert_int_equal(n > 0 ? n : 0, kept);
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_of_a_flow_go_one_way),
        cmocka_unit_test(another_key_chooses_others),
        cmocka_unit_test(one_in_is_a_power_of_two),
        cmocka_unit_test(what_is_no_flow_is_not_chosen),
        cmocka_unit_test(headers_are_kept_and_nothing_else),
        cmocka_unit_test(never_more_than_the_snap),
        cmocka_unit_test(short_frames_are_drawn),
        cmocka_unit_test(the_kernel_draws),
        cmocka_unit_test(the_kernel_chooses_the_same_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

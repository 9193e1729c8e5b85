/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_flows_hostile.c - floods and nonsense: the table keeps its size, says that it is
 * full, and whoever talked before goes on being measured. */
#include "bw_test.h"

#include "devices.h"
#include "fake_packet.h"
#include "flows.c" /* NOLINT(bugprone-suspicious-include): its buckets, to aim at one */

#include <sys/mman.h>

enum {
    DOWN = 0,
    UP = 1,
    FLOWS = 1024,
    FLOOD = 200000
};

static const uint8_t key[16] = {4, 5, 6};
static uint64_t chance_state;

static uint32_t chance(void) /* xorshift64* */
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return (uint32_t)((chance_state * 2685821657736338717U) >> 32);
}

static struct bw_flows *table_of(size_t flows)
{
    const struct bw_flows_size size = {.flows = flows, .round_trips = FLOWS};
    struct bw_flows *f = NULL;
    chance_state = 88172645463325252U;
    assert_int_equal(bw_flows_new(&size, key, &f), 0);
    return f;
}

static struct bw_flows *table(void)
{
    return table_of(FLOWS);
}

static void see(struct bw_flows *f, int64_t at_ns, const struct bw_packet *p)
{
    bw_flows_add(f, p, p->source[0] == 10 ? BW_WAY_UP : BW_WAY_DOWN, at_ns);
}

static void holds_together(const struct bw_flows *f)
{
    const struct bw_flows_figures *g = bw_flows_figures(f);
    size_t taken = 0;
    for (size_t i = 0; i < f->n_flows; i++) {
        taken += f->keys[i] != 0;
        assert_true(f->keys[i] == 0 || bucket_of(f, f->keys[i], 0) == (i & ~(size_t)7) ||
                    bucket_of(f, f->keys[i], 1) == (i & ~(size_t)7));
    }
    assert_int_equal(taken, bw_flows_live(f));
    assert_int_equal(g->begun - g->ended, (int64_t)taken);
    assert_int_equal(g->size_bytes.total, g->ended);
}

/* A connection that goes on, one request and its answer a step: answered at at_ns. */
static void exchange(struct bw_flows *f, int64_t at_ns, uint32_t step, uint16_t port)
{
    struct bw_packet ask = fake_tcp(UP, BW_TCP_ACK, 1000 + step * 100, 1, 100);
    struct bw_packet answer = fake_tcp(DOWN, BW_TCP_ACK, 1, 1100 + step * 100, 0);
    fake_ports(&ask, port, 443, UP);
    fake_ports(&answer, port, 443, DOWN);
    see(f, at_ns - 20 * MS, &ask);
    see(f, at_ns, &answer);
}

static void a_flood_of_connections(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    uint32_t step = 0;
    int64_t at_ns = 1000 * MS;
    (void)state;
    for (uint16_t port = 40000; port < 40100; port++) {
        exchange(f, at_ns, step, port);
    }
    assert_false(g->full);
    for (uint32_t i = 0; i < FLOOD; i++) {
        struct bw_packet p = fake_tcp(DOWN, BW_TCP_SYN, chance(), 0, 0);
        uint32_t from = chance() | 0x80000000; /* never 10.x.x.x */
        (void)memcpy(p.source, &from, 4);
        p.source[0] |= 0x80;
        p.source_port = (uint16_t)chance();
        at_ns += 10000;
        see(f, at_ns, &p);
        if (i % 2000 == 1999) { /* the hundred go on, every 20 ms */
            step++;
            for (uint16_t port = 40000; port < 40100; port++) {
                exchange(f, at_ns, step, port);
            }
        }
    }
    holds_together(f);
    assert_true(g->full);
    assert_true(g->evicted > FLOOD / 2);
    assert_true(bw_flows_live(f) <= FLOWS);
    /* Answered connections are not put out for unanswered ones: nearly all of their
     * hundred round trips each were seen, though one place may be timed over. */
    assert_true(g->rtt[BW_HALF_WAN].total > 100 * 101 * 8 / 10);
    assert_int_equal(g->rtt[BW_HALF_WAN].count[bw_hist_bucket(20000)],
                     g->rtt[BW_HALF_WAN].total);
    bw_flows_end(f);
    holds_together(f);
    assert_int_equal(bw_flows_live(f), 0);
    /* … each in one piece, but for a few in buckets full of their like. */
    assert_in_range(g->rtt_min[BW_HALF_WAN].total, 100, 110);
    bw_flows_free(f);
}

/* As if the key were known: everything into the same two buckets of eight. */
static void a_flood_of_collisions(void **state)
{
    struct bw_flows *f = table_of(64);
    uint32_t n = 0;
    (void)state;
    for (uint32_t i = 0; n < 2000; i++) {
        struct bw_packet p = fake_udp((uint16_t)i, 443, 100, UP);
        uint64_t k;
        p.source[3] = (uint8_t)(i >> 16);
        k = key_of(f, &p, side_of(&p));
        if (bucket_of(f, k, 0) == 8 && bucket_of(f, k, 1) == 32) {
            see(f, (int64_t)i * 1000, &p);
            n++;
        }
    }
    holds_together(f);
    assert_int_equal(bw_flows_live(f), 2 * FLOW_BUCKET);
    assert_int_equal(bw_flows_figures(f)->evicted, 2000 - 2 * FLOW_BUCKET);
    for (size_t i = 0; i < f->n_flows; i++) {
        assert_true(f->keys[i] == 0 || (i & ~(size_t)7) == 8 || (i & ~(size_t)7) == 32);
    }
    bw_flows_free(f);
}

/* Two thirds full, nobody is put out. */
static void half_a_table_has_room(void **state)
{
    struct bw_flows *f = table_of(16384);
    (void)state;
    for (uint32_t i = 0; i < 10900; i++) {
        struct bw_packet p = fake_udp((uint16_t)i, 443, 100, UP);
        see(f, 0, &p);
    }
    holds_together(f);
    assert_int_equal(bw_flows_figures(f)->evicted, 0);
    assert_int_equal(bw_flows_live(f), 10900);
    bw_flows_free(f);
}

/* Both ends of a flow give one key, and any other end another. */
static void keys_are_symmetric(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct bw_packet up = fake_udp((uint16_t)chance(), (uint16_t)chance(), 100, UP);
        struct bw_packet down = fake_udp(up.source_port, up.dest_port, 100, DOWN);
        uint64_t k = key_of(f, &up, side_of(&up));
        assert_true(side_of(&up) != side_of(&down));
        assert_true(k == key_of(f, &down, side_of(&down)));
        down.protocol = 6;
        assert_true(k != key_of(f, &down, side_of(&down)));
        down.protocol = 17;
        down.family = BW_PACKET_IPV6;
        assert_true(k != key_of(f, &down, side_of(&down)));
        f->key[3]++;
        assert_true(k != key_of(f, &up, side_of(&up)));
    }
    bw_flows_free(f);
}

static size_t resident(void *p, size_t n)
{
    unsigned char has[1024];
    size_t pages = 0;
    assert_true(n / 4096 <= sizeof(has));
    assert_int_equal(mincore(p, n, has), 0);
    for (size_t i = 0; i < n / 4096; i++) {
        pages += has[i] & 1;
    }
    return pages;
}

/* A key of its own for each hour must not make the whole table take memory; and what it
 * takes at most is known. */
static void memory(void **state)
{
    static const uint8_t other[16] = {1};
    const struct bw_flows_size live = {.flows = BW_FLOWS_LIVE,
                                       .round_trips = BW_FLOWS_LIVE_ROUND_TRIPS};
    struct bw_packet ask = fake_tcp(UP, BW_TCP_ACK, 1000, 1, 100);
    struct bw_flows *f = NULL;
    (void)state;
    assert_true(bw_flows_memory(&live) + bw_devices_memory(BW_DEVICES_LIVE) <= 2 << 20);
    assert_true(sizeof(struct flow) <= 60);
    assert_int_equal(bw_flows_new(&live, key, &f), 0);
    see(f, 0, &ask);
    assert_in_range(resident(f->flows, f->n_flows * sizeof(struct flow)), 1, 4);
    bw_flows_rekey(f, other);
    assert_int_equal(resident(f->flows, f->n_flows * sizeof(struct flow)), 0);
    assert_int_equal(resident(f->timed, f->n_timed * sizeof(struct flow_timed)), 0);
    see(f, 0, &ask);
    holds_together(f);
    bw_flows_free(f);
}

/* Another key leaves nothing that was kept under the one before. */
static void nothing_outlives_its_key(void **state)
{
    static const uint8_t other[16] = {1};
    struct bw_flows *f = table();
    (void)state;
    for (uint16_t port = 40000; port < 40100; port++) {
        struct bw_packet ask = fake_tcp(UP, BW_TCP_ACK, 1000, 1, 100);
        fake_ports(&ask, port, 443, UP);
        see(f, 1000 * MS, &ask);
        ask.tcp.seq += 1000; /* a hole */
        see(f, 1000 * MS, &ask);
    }
    bw_flows_rekey(f, other);
    holds_together(f);
    assert_int_equal(bw_flows_live(f), 0);
    for (size_t i = 0; i < FLOWS; i++) {
        struct flow none = {.bytes = 0};
        assert_true(f->timed[i].tag == 0 && f->timed[i].at_ns == 0);
        assert_memory_equal(&f->flows[i], &none, sizeof(none));
    }
    for (size_t i = 0; i < f->n_holes; i++) {
        assert_true(f->holes[i].tag == 0 && f->holes[i].hole[0].end == 0);
    }
    bw_flows_free(f);
}

/* Numbers, flags, lengths and stamps of chance; time that leaps both ways. */
static void nonsense(void **state)
{
    struct bw_flows *f = table();
    int64_t at_ns = 0;
    (void)state;
    for (int i = 0; i < FLOOD; i++) {
        uint32_t bits = chance();
        struct bw_packet p = fake_tcp((int)(bits & 1), (uint8_t)chance(), chance(),
                                      chance(), chance() >> 14);
        p.source[3] = (uint8_t)(bits >> 8 & 15);
        p.dest[3] = (uint8_t)(bits >> 12 & 15);
        p.payload_bytes >>= bits >> 16 & 31;
        p.wire_bytes = chance() >> (bits >> 24 & 31);
        if (bits & 2) {
            p = fake_stamped(p, chance() >> (bits & 28), chance() >> (bits & 28));
        }
        if ((bits & 0xff00000) == 0) {
            at_ns = (int64_t)((uint64_t)chance() << 31);
        }
        at_ns += (int64_t)(chance() >> 8) - (1 << 23);
        see(f, at_ns < 0 ? 0 : at_ns, &p);
    }
    holds_together(f);
    bw_flows_sweep(f, at_ns);
    holds_together(f);
    bw_flows_end(f);
    holds_together(f);
    bw_flows_free(f);
}

/* More losses in one flow than its own count holds. */
static void counts_do_not_wrap(void **state)
{
    struct bw_flows *f = table();
    struct bw_flow_ratio r;
    struct bw_packet p = fake_tcp(DOWN, BW_TCP_ACK, 1, 1, 100000);
    (void)state;
    for (int i = 0; i < 150000; i++) {
        see(f, i, &p);
    }
    bw_flows_end(f);
    bw_flows_ratio(bw_flows_figures(f), BW_FLOW_RESENT, BW_WAY_DOWN, 1, &r);
    assert_int_equal(r.segments, 149999);
    assert_int_equal(r.of_segments, 150000);
    assert_int_equal(r.bytes, INT64_C(149999) * 100000);
    assert_int_equal(r.of_bytes, INT64_C(150000) * 100000);
    bw_flows_free(f);
}

/* Whoever scans the school makes no devices of its addresses: only one answers. */
static void scans_are_nobodys_flows(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    struct bw_packet ask = fake_tcp(DOWN, BW_TCP_SYN, 1000, 0, 0);
    struct bw_packet answer = fake_tcp(UP, BW_TCP_SYN | BW_TCP_ACK, 5000, 1001, 0);
    (void)state;
    for (uint8_t n = 0; n < 200; n++) {
        struct bw_packet p = ask;
        p.dest[3] = n;
        see(f, 0, &p);
    }
    bw_flows_end(f);
    assert_int_equal(g->ended, 200);
    assert_int_equal(bw_crowd_devices(&g->of.size), 0);
    see(f, 0, &ask);
    see(f, MS, &answer);
    assert_int_equal(bw_crowd_devices(&g->of.rtt[BW_HALF_LAN]), 1);
    bw_flows_end(f);
    assert_int_equal(bw_crowd_devices(&g->of.size), 1);
    bw_flows_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_connections),
        cmocka_unit_test(a_flood_of_collisions),
        cmocka_unit_test(half_a_table_has_room),
        cmocka_unit_test(keys_are_symmetric),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(counts_do_not_wrap),
        cmocka_unit_test(nothing_outlives_its_key),
        cmocka_unit_test(memory),
        cmocka_unit_test(scans_are_nobodys_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_flows.c - connections told packet by packet, and what is made of them. */
#include "bw_test.h"

#include "fake_packet.h"
#include "flows.h"

#include <bw/units.h>

enum {
    DOWN = 0,
    UP = 1,
    SYN = BW_TCP_SYN,
    ACK = BW_TCP_ACK
};

static const uint8_t key[16] = {1, 2, 3};

static struct bw_flows *table(void)
{
    const struct bw_flows_size size = {.flows = 1024, .round_trips = 1024};
    struct bw_flows *f = NULL;
    assert_int_equal(bw_flows_new(&size, key, &f), 0);
    return f;
}

static void see(struct bw_flows *f, int64_t at_ns, struct bw_packet p)
{
    bool up = p.source[0] == 10;
    bw_flows_add(f, &p, up ? BW_WAY_UP : BW_WAY_DOWN, at_ns);
}

static void one_time(const struct bw_hist *h, int64_t us)
{
    assert_int_equal(h->total, 1);
    assert_int_equal(h->count[bw_hist_bucket(us)], 1);
}

static int64_t events(const struct bw_flows *f, enum bw_flow_event e, enum bw_way way)
{
    struct bw_flow_ratio r;
    bw_flows_ratio(bw_flows_figures(f), e, way, 1, &r);
    return r.segments;
}

static int64_t bytes(const struct bw_flows *f, enum bw_flow_event e, enum bw_way way)
{
    struct bw_flow_ratio r;
    bw_flows_ratio(bw_flows_figures(f), e, way, 1, &r);
    return r.bytes;
}

/* SYN at 0, SYN-ACK at 20 ms, ACK at 21.5 ms: next numbers are 1001 up and 5001 down. */
static void shake(struct bw_flows *f)
{
    see(f, 0, fake_tcp(UP, SYN, 1000, 0, 0));
    see(f, 20 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    see(f, 21500000, fake_tcp(UP, ACK, 1001, 5001, 0));
}

static void the_handshake_is_timed(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    shake(f);
    one_time(&g->rtt[BW_HALF_WAN], 20000);
    one_time(&g->rtt[BW_HALF_LAN], 1500);
    assert_int_equal(g->rtt_min[BW_HALF_WAN].total, 0); /* not over yet */
    bw_flows_end(f);
    one_time(&g->rtt_min[BW_HALF_WAN], 20000);
    one_time(&g->rtt_min[BW_HALF_LAN], 1500);
    assert_int_equal(g->begun, 1);
    assert_int_equal(g->ended, 1);
    assert_int_equal(bw_flows_live(f), 0);
    one_time(&g->size_bytes, 162);
    bw_flows_free(f);
}

struct told {
    int n;
    enum bw_half half[4];
    int64_t at_ns[4];
    int64_t rtt_us[4];
};

static void tell(void *owner,
                 enum bw_half half,
                 int64_t at_ns,
                 int64_t rtt_us,
                 const struct bw_crowd *who)
{
    struct told *t = owner;
    assert_in_range(t->n, 0, 3);
    assert_int_equal(bw_crowd_devices(who), 1);
    t->half[t->n] = half;
    t->at_ns[t->n] = at_ns;
    t->rtt_us[t->n++] = rtt_us;
}

static void round_trips_are_told_of(void **state)
{
    struct bw_flows *f = table();
    struct told t = {.n = 0};
    (void)state;
    bw_flows_on_rtt(f, tell, &t);
    shake(f);
    assert_int_equal(t.n, 2);
    assert_true(t.half[0] == BW_HALF_WAN && t.half[1] == BW_HALF_LAN);
    assert_true(t.at_ns[0] == 20 * MS && t.at_ns[1] == 21500000);
    assert_true(t.rtt_us[0] == 20000 && t.rtt_us[1] == 1500);
    bw_flows_on_rtt(f, NULL, NULL);
    see(f, 30 * MS, fake_tcp(UP, ACK, 1001, 5001, 100));
    see(f, 50 * MS, fake_tcp(DOWN, ACK, 5001, 1101, 0));
    assert_int_equal(bw_flows_figures(f)->rtt[BW_HALF_WAN].total, 2);
    assert_int_equal(t.n, 2);
    bw_flows_free(f);
}

/* A SYN that was sent twice: nobody knows which of them was answered. */
static void what_was_sent_twice_is_not_timed(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    see(f, 0, fake_tcp(UP, SYN, 1000, 0, 0));
    see(f, 1000 * MS, fake_tcp(UP, SYN, 1000, 0, 0));
    see(f, 1020 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    see(f, 1021 * MS, fake_tcp(UP, ACK, 1001, 5001, 0));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 0);
    one_time(&g->rtt[BW_HALF_LAN], 1000);
    assert_int_equal(g->begun, 1);
    /* A request of its own is timed again … */
    see(f, 1030 * MS, fake_tcp(UP, ACK, 1001, 5001, 100));
    see(f, 1050 * MS, fake_tcp(DOWN, ACK, 5001, 1101, 0));
    one_time(&g->rtt[BW_HALF_WAN], 20000);
    /* … three, the first of them lost behind here: the answer to the last waits for it. */
    see(f, 1100 * MS, fake_tcp(UP, ACK, 1101, 5001, 100));
    see(f, 1100 * MS, fake_tcp(UP, ACK, 1201, 5001, 100));
    see(f, 1100 * MS, fake_tcp(UP, ACK, 1301, 5001, 100));
    see(f, 1400 * MS, fake_tcp(UP, ACK, 1101, 5001, 100));
    see(f, 1420 * MS, fake_tcp(DOWN, ACK, 5001, 1401, 0));
    one_time(&g->rtt[BW_HALF_WAN], 20000);
    see(f, 1430 * MS, fake_tcp(UP, ACK, 1401, 5001, 100));
    see(f, 1450 * MS, fake_tcp(DOWN, ACK, 5001, 1501, 0));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 2);
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_UP), 1);
    bw_flows_free(f);
}

static void stamps_are_matched_once(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    see(f, 0, fake_stamped(fake_tcp(UP, SYN, 1000, 0, 0), 100, 0));
    see(f, 20 * MS, fake_stamped(fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0), 9000, 100));
    see(f, 21 * MS, fake_stamped(fake_tcp(UP, ACK, 1001, 5001, 0), 121, 9000));
    one_time(&g->rtt[BW_HALF_WAN], 20000);
    one_time(&g->rtt[BW_HALF_LAN], 1000);
    /* The request has the stamp of the acknowledgement before it. Which of them is echoed
     * nobody knows: it is not timed. Under a stamp of its own it is, once. */
    see(f, 22 * MS, fake_stamped(fake_tcp(UP, ACK, 1001, 5001, 200), 121, 9000));
    see(f, 42 * MS, fake_stamped(fake_tcp(DOWN, ACK, 5001, 1201, 1000), 9040, 121));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 1);
    see(f, 43 * MS, fake_stamped(fake_tcp(UP, ACK, 1201, 6001, 200), 143, 9040));
    see(f, 45 * MS, fake_stamped(fake_tcp(UP, ACK, 1401, 6001, 200), 143, 9040));
    see(f, 63 * MS, fake_stamped(fake_tcp(DOWN, ACK, 6001, 1401, 1000), 9061, 143));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 2);
    assert_int_equal(g->rtt[BW_HALF_WAN].count[bw_hist_bucket(20000)], 2);
    see(f, 64 * MS, fake_stamped(fake_tcp(DOWN, ACK, 7001, 1601, 1000), 9062, 143));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 2);
    /* The acknowledgement has no answer of its own: what comes minutes later under its
     * stamp is no round trip. */
    see(f, 65 * MS, fake_stamped(fake_tcp(UP, ACK, 1601, 8001, 0), 165, 9062));
    assert_int_equal(g->rtt[BW_HALF_LAN].total, 3);
    see(f, 9065 * MS, fake_stamped(fake_tcp(DOWN, ACK, 8001, 1601, 50), 18062, 165));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 2);
    bw_flows_free(f);
}

/* The acknowledgement leaves, then the request under the same tick of a slow clock, while
 * the far end is sending: what it sends echoes the first of them, and would make the round
 * trip too short by what lies between. */
static void the_echo_of_an_acknowledgement(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    see(f, 0, fake_stamped(fake_tcp(UP, ACK, 1000, 5000, 0), 40, 9000));
    see(f, 900000, fake_stamped(fake_tcp(UP, ACK, 1000, 5000, 100), 40, 9000));
    see(f, 20 * MS, fake_stamped(fake_tcp(DOWN, ACK, 5000, 1000, 1000), 9020, 40));
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 0);
    see(f, 24 * MS, fake_stamped(fake_tcp(UP, ACK, 1100, 6000, 100), 41, 9020));
    see(f, 44 * MS, fake_stamped(fake_tcp(DOWN, ACK, 6000, 1200, 1000), 9044, 41));
    one_time(&g->rtt[BW_HALF_WAN], 20000);
    bw_flows_free(f);
}

/* The SYN offers stamps, its answer takes none up: it is timed all the same, once. */
static void stamps_that_are_not_taken_up(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_stamped(fake_tcp(UP, SYN, 1000, 0, 0), 100, 0));
    see(f, 20 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    one_time(&bw_flows_figures(f)->rtt[BW_HALF_WAN], 20000);
    bw_flows_end(f);
    bw_flows_clear(f);
    see(f, 0, fake_stamped(fake_tcp(UP, SYN, 1000, 0, 0), 100, 0));
    see(f, 1000 * MS, fake_stamped(fake_tcp(UP, SYN, 1000, 0, 0), 1100, 0));
    see(f, 1020 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    assert_int_equal(bw_flows_figures(f)->rtt[BW_HALF_WAN].total, 0);
    bw_flows_free(f);
}

static void sent_again_and_seen_twice(void **state)
{
    struct bw_flows *f = table();
    uint32_t seq = 0xfffffe00; /* over the wrap */
    (void)state;
    for (int i = 0; i < 10; i++) {
        see(f, i * MS, fake_tcp(DOWN, ACK, seq + (uint32_t)i * 100, 1, 100));
    }
    see(f, 50 * MS, fake_tcp(DOWN, ACK, seq + 300, 1, 100));
    see(f, 51 * MS, fake_tcp(DOWN, ACK, seq + 700, 1, 100));
    see(f, 52 * MS, fake_tcp(DOWN, ACK, seq + 900, 1, 200)); /* old and new in one */
    see(f, 53 * MS, fake_tcp(DOWN, ACK, seq + 1100, 1, 100));
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 3);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 0);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_UP), 0);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_DOWN].segments, 14);
    /* of the one that was old and new in one, the old part */
    assert_int_equal(bytes(f, BW_FLOW_RESENT, BW_WAY_DOWN), 300);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_DOWN].bytes, 1500);
    bw_flows_free(f);
}

static void holes(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    shake(f); /* 21.5 ms there and back */
    see(f, 30 * MS, fake_tcp(DOWN, ACK, 5001, 1001, 100));
    see(f, 30 * MS, fake_tcp(DOWN, ACK, 5201, 1001, 100)); /* one is missing */
    see(f, 45 * MS, fake_tcp(DOWN, ACK, 5101, 1001, 100)); /* too soon to be sent again */
    assert_int_equal(bytes(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 0); /* not yet folded */
    bw_flows_sweep(f, 46 * MS);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 1);
    see(f, 50 * MS, fake_tcp(DOWN, ACK, 5501, 1001, 100)); /* two are missing */
    see(f, 80 * MS, fake_tcp(DOWN, ACK, 5301, 1001, 100)); /* … and come again, lost */
    see(f, 80 * MS, fake_tcp(DOWN, ACK, 5401, 1001, 100)); /* before they came here */
    see(f, 81 * MS, fake_tcp(DOWN, ACK, 5401, 1001, 100)); /* this one twice */
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 1);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 3);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_DOWN].segments, 7); /* each once */
    bw_flows_free(f);
}

/* With time stamps it is known which left first, however long it took. */
static void holes_with_stamps(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_stamped(fake_tcp(DOWN, ACK, 100, 1, 100), 0xfffffffe, 0));
    see(f, MS, fake_stamped(fake_tcp(DOWN, ACK, 300, 1, 100), 0, 0));
    see(f, 100 * MS, fake_stamped(fake_tcp(DOWN, ACK, 200, 1, 100), 0xffffffff, 0));
    see(f, 101 * MS, fake_stamped(fake_tcp(DOWN, ACK, 500, 1, 100), 100, 0));
    see(f, 102 * MS, fake_stamped(fake_tcp(DOWN, ACK, 400, 1, 100), 101, 0));
    see(f, 103 * MS, fake_stamped(fake_tcp(DOWN, ACK, 700, 1, 100), 102, 0));
    see(f, 104 * MS, fake_stamped(fake_tcp(DOWN, ACK, 600, 1, 100), 102, 0)); /* by time */
    see(f, 105 * MS, fake_stamped(fake_tcp(DOWN, ACK, 900, 1, 100), 104, 0));
    see(f, 109 * MS, fake_stamped(fake_tcp(DOWN, ACK, 800, 1, 100), 104, 0)); /* by time */
    see(f, 110 * MS, fake_stamped(fake_tcp(DOWN, ACK, 1100, 1, 100), 110, 0));
    see(f, 150 * MS, fake_stamped(fake_tcp(DOWN, ACK, 1000, 1, 100), 109, 0));
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 3);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 2);
    bw_flows_free(f);
}

/* Without a known round trip 3 ms part the two. */
static void holes_without_a_round_trip(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_tcp(DOWN, ACK, 100, 1, 100));
    see(f, 0, fake_tcp(DOWN, ACK, 500, 1, 100));
    see(f, 2 * MS, fake_tcp(DOWN, ACK, 300, 1, 100)); /* in the middle … */
    see(f, 2 * MS, fake_tcp(DOWN, ACK, 400, 1, 100)); /* … what follows is still open */
    see(f, 4 * MS, fake_tcp(DOWN, ACK, 200, 1, 100));
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 2);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 1);
    bw_flows_free(f);
}

/* A hole may be filled from either end; what reaches beyond it brings old bytes too. */
static void parts_of_holes(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_tcp(DOWN, ACK, 100, 1, 100));
    see(f, 0, fake_tcp(DOWN, ACK, 500, 1, 100));
    see(f, MS, fake_tcp(DOWN, ACK, 400, 1, 100));
    see(f, MS, fake_tcp(DOWN, ACK, 200, 1, 100));
    see(f, MS, fake_tcp(DOWN, ACK, 300, 1, 100));
    see(f, 10 * MS, fake_tcp(DOWN, ACK, 700, 1, 100));
    see(f, 11 * MS, fake_tcp(DOWN, ACK, 600, 1, 200));
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 3);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 1);
    bw_flows_free(f);
}

/* One is lost and one overtaken at the same time; of a third hole at once the first is
 * forgotten, and what fills it counts as sent again. */
static void holes_at_once(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_tcp(DOWN, ACK, 100, 1, 100));
    see(f, 0, fake_tcp(DOWN, ACK, 300, 1, 100));
    see(f, 0, fake_tcp(DOWN, ACK, 500, 1, 100));
    see(f, MS, fake_tcp(DOWN, ACK, 200, 1, 100));
    see(f, 10 * MS, fake_tcp(DOWN, ACK, 400, 1, 100)); /* too late: sent again */
    bw_flows_sweep(f, 10 * MS);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 1);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 1);
    for (uint32_t seq = 700; seq <= 1100; seq += 200) {
        see(f, 20 * MS, fake_tcp(DOWN, ACK, seq, 1, 100));
    }
    for (uint32_t seq = 600; seq <= 1000; seq += 200) {
        see(f, 21 * MS, fake_tcp(DOWN, ACK, seq, 1, 100));
    }
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 3);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 2);
    bw_flows_free(f);
}

/* Of a segment in fragments only the first shows numbers, and its length is not its own. */
static void a_segment_in_fragments(void **state)
{
    struct bw_flows *f = table();
    struct bw_packet p = fake_tcp(DOWN, ACK, 100, 1, 50);
    (void)state;
    p.fragment = BW_PACKET_FIRST_FRAGMENT;
    see(f, 0, p);
    see(f, 0, fake_tcp(DOWN, ACK, 200, 1, 100));
    bw_flows_end(f);
    assert_int_equal(bw_flows_figures(f)->packets, 2);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_DOWN].segments, 1);
    bw_flows_free(f);
}

static void what_takes_too_long_is_no_round_trip(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_tcp(UP, SYN, 1000, 0, 0));
    see(f, 31000 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    see(f, 30999 * MS, fake_tcp(UP, ACK, 1001, 5001, 0)); /* nor what came before */
    assert_int_equal(bw_flows_figures(f)->rtt[BW_HALF_WAN].total, 0);
    assert_int_equal(bw_flows_figures(f)->rtt[BW_HALF_LAN].total, 0);
    bw_flows_free(f);
}

static void probes_are_not_sent_again(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    shake(f);
    see(f, 30 * MS, fake_tcp(UP, ACK, 1001, 5001, 100));
    see(f, 31 * MS, fake_tcp(UP, ACK, 1100, 5001, 0)); /* alive, without a byte … */
    see(f, 32 * MS, fake_tcp(UP, ACK, 1100, 5001, 1)); /* … and with the last one */
    see(f, 33 * MS, fake_tcp(UP, ACK, 1101, 5001, 1)); /* is the window open? */
    see(f, 34 * MS, fake_tcp(UP, ACK, 1101, 5001, 1));
    see(f, 35 * MS, fake_tcp(UP, ACK, 1101, 5001, 100)); /* it is: the byte comes again */
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_UP), 0);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_UP].segments, 3);
    bw_flows_free(f);
}

static void the_same_ports_again(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    shake(f);
    see(f, 30 * MS, fake_tcp(UP, ACK | BW_TCP_FIN, 1001, 5001, 0));
    see(f, 50 * MS, fake_tcp(DOWN, ACK | BW_TCP_FIN, 5001, 1002, 0));
    see(f, 51 * MS, fake_tcp(UP, ACK, 1002, 5002, 0));
    see(f, 60 * MS, fake_tcp(UP, SYN, 77, 0, 0));
    see(f, 80 * MS, fake_tcp(DOWN, SYN | ACK, 88, 78, 0));
    see(f, 81 * MS, fake_tcp(UP, ACK, 78, 89, 0));
    see(f, 82 * MS, fake_tcp(UP, ACK, 78, 89, 100));
    bw_flows_end(f);
    assert_int_equal(g->begun, 2);
    assert_int_equal(g->rtt_min[BW_HALF_WAN].total, 2);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAYS), 0);
    assert_int_equal(g->evicted, 0);
    bw_flows_free(f);
}

/* One segment from nowhere neither counts nor makes the next ones count. */
static void a_number_from_elsewhere(void **state)
{
    struct bw_flows *f = table();
    (void)state;
    see(f, 0, fake_tcp(DOWN, ACK, 1000, 1, 100));
    see(f, MS, fake_tcp(DOWN, ACK, 1000 + (UINT32_C(3) << 29), 1, 100));
    for (uint32_t i = 1; i < 10; i++) {
        see(f, i * MS, fake_tcp(DOWN, ACK, 1000 + i * 100, 1, 100));
    }
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 0);
    assert_int_equal(events(f, BW_FLOW_REORDERED, BW_WAY_DOWN), 0);
    bw_flows_free(f);
}

/* Merged segments of 64 KiB, in the middle of a connection. */
static void merged_segments(void **state)
{
    struct bw_flows *f = table();
    struct bw_flow_ratio r;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        see(f, i * MS, fake_tcp(DOWN, ACK, i * 65160, 1, 65160));
    }
    see(f, 2000 * MS, fake_tcp(DOWN, ACK, 990 * 65160, 1, 1448));
    bw_flows_end(f);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 1);
    assert_int_equal(bw_flows_figures(f)->tcp[BW_WAY_DOWN].segments, 1001);
    /* One of 45,001 that were on the line, not of the 1,001 frames that came of them. */
    bw_flows_ratio(bw_flows_figures(f), BW_FLOW_RESENT, BW_WAY_DOWN, 1, &r);
    assert_int_equal(r.bytes, 1448);
    assert_int_equal(r.of_bytes, 1000 * 65160 + 1448);
    assert_int_equal(r.ppm, 22);
    bw_flows_free(f);
}

static void what_is_no_flow(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    struct bw_packet later = fake_ip(17, 1000, UP);
    (void)state;
    later.fragment = BW_PACKET_LATER_FRAGMENT;
    see(f, 0, fake_ip(1, 98, UP));
    see(f, 0, later);
    see(f, 0, fake_udp(5000, 443, 1242, UP));
    see(f, 0, fake_udp(5000, 443, 1242, DOWN));
    see(f, 0, fake_udp(5001, 443, 142, UP));
    bw_flows_end(f);
    assert_int_equal(g->others, 2);
    assert_int_equal(g->packets, 3);
    assert_int_equal(g->ended, 2);
    assert_int_equal(g->size_bytes.count[bw_hist_bucket(2484)], 1);
    assert_int_equal(g->size_bytes.count[bw_hist_bucket(142)], 1);
    bw_flows_free(f);
}

/* Which end is inside is not known: what is sent again is counted, no half is timed. */
static void neither_way(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    struct bw_packet p = fake_tcp(UP, SYN, 1000, 0, 0);
    (void)state;
    bw_flows_add(f, &p, BW_WAY_NEITHER, 0);
    p = fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0);
    bw_flows_add(f, &p, BW_WAY_NEITHER, 20 * MS);
    for (int i = 0; i < 2; i++) {
        p = fake_tcp(DOWN, ACK, 5001, 1001, 100);
        bw_flows_add(f, &p, BW_WAY_NEITHER, 30 * MS);
    }
    bw_flows_end(f);
    assert_int_equal(g->begun, 1);
    assert_int_equal(g->rtt[BW_HALF_WAN].total + g->rtt[BW_HALF_LAN].total, 0);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_NEITHER), 1);
    assert_int_equal(events(f, BW_FLOW_RESENT, BW_WAY_DOWN), 0);
    bw_flows_free(f);
}

/* A router whose frames come from one MAC and go to another, of which one is known: only
 * what comes down is told. It is one flow all the same, and its other side goes up. */
static void one_way_is_known(void **state)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        struct bw_flows *f = table();
        const struct bw_flows_figures *g = bw_flows_figures(f);
        (void)state;
        for (int i = 0; i < 7; i++) {
            static const int up[] = {1, 0, 1, 1, 0, 1, 0};
            static const uint8_t at_ms[] = {0, 20, 22, 30, 50, 60, 80};
            static const uint32_t payload[] = {0, 0, 0, 100, 0, 100, 0};
            struct bw_packet p = fake_tcp(
                up[i], i < 2 ? SYN | ACK : ACK,
                up[i] ? 1000U + (i > 1) + 100U * (i > 3) : 5000U + (i > 1),
                up[i] ? 5001 : 1001U + 100U * (i > 3) + 100U * (i > 5), payload[i]);
            if (i == 0) {
                p.tcp.flags = SYN;
            }
            if (swapped) { /* the school has the higher address */
                p.source[0] = up[i] ? 220 : p.source[0];
                p.dest[0] = up[i] ? p.dest[0] : 220;
            }
            bw_flows_add(f, &p, up[i] ? BW_WAY_NEITHER : BW_WAY_DOWN, at_ms[i] * MS);
        }
        bw_flows_end(f);
        assert_int_equal(g->begun, 1);
        assert_int_equal(g->rtt[BW_HALF_WAN].total, 3);
        assert_int_equal(g->rtt[BW_HALF_WAN].count[bw_hist_bucket(20000)], 3);
        one_time(&g->rtt[BW_HALF_LAN], 2000);
        assert_int_equal(g->tcp[BW_WAY_UP].bytes, 200);
        assert_int_equal(g->tcp[BW_WAY_NEITHER].bytes, 0);
        assert_int_equal(bw_crowd_devices(&g->of.size), 1);
        bw_flows_free(f);
    }
}

/* Whose flows the figures are of: those of this interval, also where they go on. */
static void devices_of_flows(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    for (int interval = 0; interval < 2; interval++) {
        for (uint8_t n = 0; n < 6; n++) {
            uint32_t seq = interval ? 1000 : 2000;
            struct bw_packet p = fake_tcp(UP, ACK, seq, 1, 100);
            p.source[3] = n;
            see(f, interval * 1000 * MS, p);
            see(f, interval * 1000 * MS, p);
            p = fake_tcp(UP, ACK, seq, 1, 100); /* what goes nowhere is nobody's */
            p.source[3] = (uint8_t)(n + 100);
            bw_flows_add(f, &p, BW_WAY_NEITHER, interval * 1000 * MS);
        }
        bw_flows_sweep(f, interval * 1000 * MS);
        assert_in_range(bw_crowd_devices(&g->of.tcp[BW_WAY_UP]), 5, 6);
        assert_int_equal(bw_crowd_devices(&g->of.tcp[BW_WAY_NEITHER]), 0);
        bw_flows_clear(f);
        assert_int_equal(bw_crowd_devices(&g->of.tcp[BW_WAY_UP]), 0);
    }
    bw_flows_free(f);
}

/* What was idle for a minute is over, whether anybody swept in between or not. */
static void idle_flows_are_over(void **state)
{
    for (int swept = 0; swept < 2; swept++) {
        struct bw_flows *f = table();
        (void)state;
        see(f, 0, fake_udp(5000, 53, 80, UP));
        see(f, 59000 * MS, fake_udp(5000, 53, 80, UP));
        if (swept) {
            bw_flows_sweep(f, 119000 * MS);
        }
        see(f, 119000 * MS, fake_udp(5000, 53, 80, UP));
        assert_int_equal(bw_flows_figures(f)->begun, 2);
        assert_int_equal(bw_flows_figures(f)->ended, 1);
        bw_flows_free(f);
    }
}

static void flows_end(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    shake(f);
    see(f, 100 * MS, fake_udp(5000, 53, 80, UP));
    bw_flows_sweep(f, 60000 * MS);
    bw_flows_sweep(f, 0); /* a clock that was set back */
    assert_int_equal(g->ended, 0);
    bw_flows_sweep(f, 60050 * MS); /* 60 s after the handshake */
    assert_int_equal(g->ended, 1);
    bw_flows_sweep(f, 60100 * MS);
    assert_int_equal(g->ended, 2);
    shake(f);
    see(f, 70000 * MS, fake_tcp(DOWN, BW_TCP_RST, 5001, 0, 0));
    bw_flows_sweep(f, 74000 * MS);
    assert_int_equal(bw_flows_live(f), 1);
    bw_flows_sweep(f, 75000 * MS);
    assert_int_equal(bw_flows_live(f), 0);
    bw_flows_clear(f);
    assert_int_equal(g->ended, 0);
    assert_int_equal(g->size_bytes.total, 0);
    bw_flows_free(f);
}

static void another_key(void **state)
{
    static const uint8_t other[16] = {9};
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    see(f, 0, fake_tcp(UP, SYN, 1000, 0, 0));
    bw_flows_rekey(f, other);
    assert_int_equal(g->ended, 1);
    see(f, 20 * MS, fake_tcp(DOWN, SYN | ACK, 5000, 1001, 0));
    assert_int_equal(g->begun, 2);
    assert_int_equal(g->rtt[BW_HALF_WAN].total, 0);
    bw_flows_free(f);
}

/* Devices are counted once in an interval, however often flows begin under another key. */
static void another_key_counts_nobody_again(void **state)
{
    struct bw_flows *f = table();
    const struct bw_flows_figures *g = bw_flows_figures(f);
    (void)state;
    for (uint8_t time = 0; time < 20; time++) {
        const uint8_t other[16] = {9, time};
        for (uint8_t n = 0; n < 3; n++) {
            struct bw_packet p = fake_udp(5000, 53, 80, UP);
            p.source[3] = n;
            see(f, time * MS, p);
        }
        bw_flows_rekey(f, other);
    }
    assert_in_range(bw_crowd_devices(&g->of.size), 1, 3);
    bw_flows_free(f);
}

static void no_sizes_but_powers_of_two(void **state)
{
    static const size_t sizes[] = {0, 32, 100, 1 << 23};
    struct bw_flows *f = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bw_flows_size a = {.flows = sizes[i], .round_trips = 64};
        struct bw_flows_size b = {.flows = 64, .round_trips = sizes[i]};
        assert_true(bw_flows_new(&a, key, &f) < 0);
        assert_true(bw_flows_new(&b, key, &f) < 0);
    }
    assert_null(f);
    bw_flows_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshake_is_timed),
        cmocka_unit_test(round_trips_are_told_of),
        cmocka_unit_test(what_was_sent_twice_is_not_timed),
        cmocka_unit_test(stamps_are_matched_once),
        cmocka_unit_test(the_echo_of_an_acknowledgement),
        cmocka_unit_test(stamps_that_are_not_taken_up),
        cmocka_unit_test(sent_again_and_seen_twice),
        cmocka_unit_test(holes),
        cmocka_unit_test(holes_with_stamps),
        cmocka_unit_test(holes_without_a_round_trip),
        cmocka_unit_test(parts_of_holes),
        cmocka_unit_test(holes_at_once),
        cmocka_unit_test(a_segment_in_fragments),
        cmocka_unit_test(what_takes_too_long_is_no_round_trip),
        cmocka_unit_test(probes_are_not_sent_again),
        cmocka_unit_test(the_same_ports_again),
        cmocka_unit_test(a_number_from_elsewhere),
        cmocka_unit_test(merged_segments),
        cmocka_unit_test(what_is_no_flow),
        cmocka_unit_test(neither_way),
        cmocka_unit_test(one_way_is_known),
        cmocka_unit_test(devices_of_flows),
        cmocka_unit_test(idle_flows_are_over),
        cmocka_unit_test(flows_end),
        cmocka_unit_test(another_key),
        cmocka_unit_test(another_key_counts_nobody_again),
        cmocka_unit_test(no_sizes_but_powers_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_flows_figures.c - ratios and medians over flows, and how often their intervals hold
 * what is true of all flows when one in so many was drawn. */
#include "bw_test.h"

#include "flows.h"

#include <bw/units.h>

enum {
    FULL = 1448 /* bytes of a segment */
};

static uint64_t chance_state = 88172645463325252U;

static double chance(void) /* [0, 1): xorshift64* */
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return (double)((chance_state * 2685821657736338717U) >> 11) / 9007199254740992.0;
}

static void ratios(void **state)
{
    struct bw_flows_figures g = {.packets = 0};
    struct bw_flow_ratio r;
    (void)state;
    bw_flows_ratio(&g, BW_FLOW_RESENT, BW_WAY_DOWN, 16, &r);
    assert_true(r.ppm == BW_UNKNOWN && r.low_ppm == BW_UNKNOWN && r.high_ppm == BW_UNKNOWN);
    g.tcp[BW_WAY_DOWN] = (struct bw_flow_sums){.flows = 1,
                                               .segments = 1000,
                                               .bytes = 1000 * FULL,
                                               .bytes2 = 1e6 * FULL * FULL,
                                               .event = {{.segments = 10,
                                                          .bytes = 10 * FULL,
                                                          .bytes2 = 100.0 * FULL * FULL,
                                                          .cross = 10000.0 * FULL * FULL}}};
    bw_flows_ratio(&g, BW_FLOW_RESENT, BW_WAYS, 1, &r);
    assert_true(r.segments == 10 && r.of_segments == 1000);
    assert_true(r.bytes == 10 * FULL && r.of_bytes == 1000 * FULL);
    assert_true(r.ppm == 10000 && r.low_ppm == 10000 && r.high_ppm == 10000);
    bw_flows_ratio(&g, BW_FLOW_RESENT, BW_WAY_DOWN, 16, &r);
    assert_true(r.low_ppm < 1000 && r.high_ppm > 100000); /* one flow says little */
    bw_flows_ratio(&g, BW_FLOW_REORDERED, BW_WAY_DOWN, 16, &r);
    assert_true(r.ppm == 0 && r.low_ppm == 0 && r.high_ppm > 0);
}

/* Flows of very different sizes, a third of them with losses in bunches, drawn 1 in 16:
 * how often does the interval hold what is true of all? More often than it says, for it
 * reckons with worse. */
static void ratios_cover_the_truth(void **state)
{
    enum {
        POPULATION = 8000,
        DRAWS = 2000
    };
    static struct {
        double segments;
        double lost;
    } flow[POPULATION];
    double all = 0;
    double lost = 0;
    int64_t truth_ppm;
    int covered = 0;
    (void)state;
    for (size_t i = 0; i < POPULATION; i++) {
        double bad = chance() < 0.3 ? 0.03 * chance() : 0.0005;
        flow[i].segments = floor(exp(1 + 4 * chance()));
        flow[i].lost = 0;
        for (int k = 0; k < (int)flow[i].segments; k++) {
            flow[i].lost += chance() < bad;
        }
        all += flow[i].segments;
        lost += flow[i].lost;
    }
    truth_ppm = llround(lost / all * 1e6);
    for (int d = 0; d < DRAWS; d++) {
        struct bw_flows_figures g = {.packets = 0};
        struct bw_flow_sums *s = &g.tcp[BW_WAY_DOWN];
        struct bw_flow_ratio r;
        for (size_t i = 0; i < POPULATION; i++) {
            if (chance() * 16 < 1) {
                s->flows++;
                double bytes = flow[i].segments * FULL;
                double again = flow[i].lost * FULL;
                s->bytes += (int64_t)bytes;
                s->bytes2 += bytes * bytes;
                s->event[0].bytes += (int64_t)again;
                s->event[0].bytes2 += again * again;
                s->event[0].cross += again * bytes;
            }
        }
        bw_flows_ratio(&g, BW_FLOW_RESENT, BW_WAY_DOWN, 16, &r);
        covered += r.low_ppm <= truth_ppm && truth_ppm <= r.high_ppm;
    }
    print_message("covered %.2f %% of %d\n", covered * 100.0 / DRAWS, DRAWS);
    assert_in_range(covered * 1000 / DRAWS, 930, 1000);
}

/* All that is sent again is in half a percent of the flows, long ones: whoever draws none
 * of these must not be sure. */
static void rare_bad_flows_are_reckoned_with(void **state)
{
    enum {
        POPULATION = 4000,
        DRAWS = 2000
    };
    static struct bw_flow_sums one[POPULATION];
    struct bw_flow_sums all = {.flows = 0};
    int64_t truth_ppm;
    int covered = 0;
    (void)state;
    for (size_t i = 0; i < POPULATION; i++) {
        bool bad = i % 200 == 0;
        double segments =
            bad ? floor(200 + 1600 * chance()) : floor(exp(1 + 6.5 * chance() * chance()));
        double lost = bad ? floor(segments * (0.05 + 0.1 * chance())) : 0;
        one[i].bytes = (int64_t)segments * FULL;
        one[i].bytes2 = segments * segments * FULL * FULL;
        one[i].event[0].bytes = (int64_t)lost * FULL;
        one[i].event[0].bytes2 = lost * lost * FULL * FULL;
        one[i].event[0].cross = lost * segments * FULL * FULL;
        all.bytes += one[i].bytes;
        all.event[0].bytes += one[i].event[0].bytes;
    }
    truth_ppm = llround((double)all.event[0].bytes / (double)all.bytes * 1e6);
    for (int d = 0; d < DRAWS; d++) {
        struct bw_flows_figures g = {.packets = 0};
        struct bw_flow_sums *s = &g.tcp[BW_WAY_DOWN];
        struct bw_flow_ratio r;
        for (size_t i = 0; i < POPULATION; i++) {
            if (chance() * 16 < 1) {
                s->flows++;
                s->bytes += one[i].bytes;
                s->bytes2 += one[i].bytes2;
                s->event[0].bytes += one[i].event[0].bytes;
                s->event[0].bytes2 += one[i].event[0].bytes2;
                s->event[0].cross += one[i].event[0].cross;
            }
        }
        bw_flows_ratio(&g, BW_FLOW_RESENT, BW_WAY_DOWN, 16, &r);
        covered += r.low_ppm <= truth_ppm && truth_ppm <= r.high_ppm;
    }
    print_message("covered %.2f %% of %d\n", covered * 100.0 / DRAWS, DRAWS);
    assert_in_range(covered * 1000 / DRAWS, 930, 1000);
}

static void medians(void **state)
{
    struct bw_flow_median m;
    struct bw_hist h;
    int covered = 0;
    (void)state;
    bw_hist_init(&h);
    bw_flows_median(&h, 16, &m);
    assert_true(m.value == BW_UNKNOWN && m.low == BW_UNKNOWN && m.high == BW_UNKNOWN);
    bw_hist_add(&h, 1000);
    bw_hist_add(&h, 3000);
    bw_hist_add(&h, 9000);
    bw_flows_median(&h, 1, &m);
    assert_true(m.n == 3 && m.low == m.value && m.high == m.value);
    bw_flows_median(&h, 16, &m); /* three: anything between the least and the largest */
    assert_true(m.low < 1040 && m.high > 8700);
    /* Of values from 1 to 100 ms, every decade part alike: the middle is 10 ms. */
    for (int d = 0; d < 1000; d++) {
        bw_hist_init(&h);
        for (int i = 0; i < 200; i++) {
            bw_hist_add(&h, (int64_t)(1000 * pow(100, chance())));
        }
        bw_flows_median(&h, 1000000, &m);
        covered += m.low <= 10000 && 10000 <= m.high;
    }
    print_message("covered %.1f %% of 1000\n", covered / 10.0);
    assert_in_range(covered, 930, 980);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios),
        cmocka_unit_test(ratios_cover_the_truth),
        cmocka_unit_test(rare_bad_flows_are_reckoned_with),
        cmocka_unit_test(medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

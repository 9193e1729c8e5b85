/* SPDX-License-Identifier: GPL-3.0-or-later
 * draw_traffic.c - draws packets and flows of a capture file many times over and prints the
 * intervals that the capture's own code makes of each drawing, one JSON line each.
 *
 * Whoever holds them against the truth sees how often an interval is right. Packets are
 * drawn as the kernel's filter does, each by itself with probability 1/N; flows by a
 * symmetric hash of their ends under a key that is new for every drawing. */
#include "pcapfile.h"
#include "rng.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <flows.h>
#include <getopt.h>
#include <hash.h>
#include <inside.h>
#include <inttypes.h>
#include <math.h>
#include <mix.h>
#include <packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONE_INS_MAX = 8,
    FLOWS = 1 << 19,
    ROUND_TRIPS = 1 << 16
};

static const char usage[] =
    "usage: draw_traffic [options] --router MAC FILE.pcap\n"
    "  --one-in N,...    draw packets, one in each of these\n"
    "  --flows-in M      draw whole flows of the file, one in so many\n"
    "  --window-ms N     packets are drawn in each window of the file (1000) ...\n"
    "  --start-unix-s N  ... that begin here (1789000200)\n"
    "  --draws N         drawings a window, or a file for flows (1)\n"
    "  --seed N          (1)\n";

struct options {
    const char *path;
    uint64_t one_in[ONE_INS_MAX];
    size_t n_one_in;
    uint64_t flows_in;
    uint64_t window_ns;
    uint64_t start_ns;
    uint64_t draws;
    uint64_t seed;
    struct bw_inside inside;
};

struct seen {
    struct bw_packet packet;
    enum bw_way way;
    int64_t at_ns;
};

/* Packets of one window or one file, read once and drawn from many times. */
struct pool {
    struct seen *seen;
    size_t n;
    size_t cap;
};

static int keep(struct pool *p, const struct options *o, const struct tg_pcap_record *rec)
{
    struct seen *s;

    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 65536;
        struct seen *more = realloc(p->seen, cap * sizeof(*more));
        if (!more) {
            return -ENOMEM;
        }
        p->seen = more;
        p->cap = cap;
    }
    s = &p->seen[p->n++];
    bw_packet_read(BW_PACKET_LINK_ETHERNET, rec->bytes, rec->n, rec->wire_bytes,
                   &s->packet);
    s->way = bw_inside_way(&o->inside, &s->packet);
    s->at_ns = (int64_t)rec->unix_ns;
    return 0;
}

/* How many packets are left out before the next that is drawn, each with chance 1/N. */
static size_t left_out(struct tg_rng *r, uint64_t one_in)
{
    double u = ((double)(tg_rng_next(r) >> 11) + 0.5) / 9007199254740992.0; /* 2^53 */
    return one_in <= 1 ? 0 : (size_t)(log(u) / log1p(-1 / (double)one_in));
}

static void put_rows(const struct bw_mix_sums *m, enum bw_way way)
{
    struct bw_mix_share row[BW_MIX_SHARES_MAX];
    size_t n = bw_mix_shares(m, BW_MIX_BY_CLASS, way, row);

    (void)printf(",\"%s\":{", bw_way_name(way));
    for (size_t i = 0; i < n; i++) {
        (void)printf("%s\"%s\":[%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]",
                     i > 0 ? "," : "",
                     bw_packet_class_name((enum bw_packet_class)row[i].which), row[i].n,
                     row[i].share_ppm, row[i].low_ppm, row[i].high_ppm);
    }
    (void)printf("}");
}

static void draw_packets(const struct pool *p,
                         const struct options *o,
                         uint64_t window,
                         struct tg_rng *r)
{
    static struct bw_mix_sums mix; /* large */

    for (size_t i = 0; i < o->n_one_in; i++) {
        for (uint64_t draw = 0; draw < o->draws; draw++) {
            bw_mix_init(&mix);
            bw_mix_block(&mix, (uint32_t)o->one_in[i]);
            for (size_t k = left_out(r, o->one_in[i]); k < p->n;
                 k += 1 + left_out(r, o->one_in[i])) {
                bw_mix_add(&mix, &p->seen[k].packet, p->seen[k].way);
            }
            (void)printf("{\"window\":%" PRIu64 ",\"one_in\":%" PRIu64, window,
                         o->one_in[i]);
            put_rows(&mix, BW_WAY_DOWN);
            put_rows(&mix, BW_WAY_UP);
            (void)printf("}\n");
        }
    }
}

static uint64_t flow_of(const struct bw_packet *p, const uint8_t key[16])
{
    uint8_t ends[2][18];
    uint8_t whole[37];
    int first;

    memcpy(ends[0], p->source, 16);
    memcpy(ends[0] + 16, &p->source_port, 2);
    memcpy(ends[1], p->dest, 16);
    memcpy(ends[1] + 16, &p->dest_port, 2);
    first = memcmp(ends[0], ends[1], 18) > 0;
    memcpy(whole, ends[first], 18);
    memcpy(whole + 18, ends[1 - first], 18);
    whole[36] = p->protocol;
    return bw_siphash(key, whole, sizeof(whole));
}

static void put_ratio(const struct bw_flows_figures *g,
                      enum bw_flow_event event,
                      enum bw_way way,
                      uint64_t one_in,
                      const char *name)
{
    struct bw_flow_ratio r;

    bw_flows_ratio(g, event, way, (uint32_t)one_in, &r);
    if (r.ppm != BW_UNKNOWN) {
        (void)printf(",\"%s_%s\":[%" PRId64 ",%" PRId64 ",%" PRId64 "]", bw_way_name(way),
                     name, r.ppm, r.low_ppm, r.high_ppm);
    }
}

static int draw_flows(const struct pool *p, uint64_t one_in, struct tg_rng *r)
{
    const struct bw_flows_size size = {.flows = one_in > 1 ? FLOWS / 8 : FLOWS,
                                       .round_trips = ROUND_TRIPS};
    static const enum bw_way ways[] = {BW_WAY_DOWN, BW_WAY_UP};
    const struct bw_flows_figures *g;
    struct bw_flows *f = NULL;
    struct bw_flow_median wan;
    uint64_t key[2] = {tg_rng_next(r), tg_rng_next(r)};
    uint8_t bytes[16];
    int n;

    memcpy(bytes, key, sizeof(bytes));
    n = bw_flows_new(&size, bytes, &f);
    if (n < 0) {
        return n;
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct seen *s = &p->seen[i];
        if (one_in <= 1 || flow_of(&s->packet, bytes) < UINT64_MAX / one_in) {
            bw_flows_add(f, &s->packet, s->way, s->at_ns);
        }
    }
    bw_flows_end(f);
    g = bw_flows_figures(f);
    (void)printf("{\"flows_in\":%" PRIu64 ",\"full\":%s", one_in,
                 g->full ? "true" : "false");
    for (size_t i = 0; i < 2; i++) {
        put_ratio(g, BW_FLOW_RESENT, ways[i], one_in, "resent");
        put_ratio(g, BW_FLOW_REORDERED, ways[i], one_in, "reordered");
    }
    bw_flows_median(&g->rtt_min[BW_HALF_WAN], (uint32_t)one_in, &wan);
    (void)printf(",\"wan_min_us\":[%" PRId64 ",%" PRId64 ",%" PRId64 "]", wan.value,
                 wan.low, wan.high);
    (void)printf(",\"wan_us\":%" PRId64 "}\n",
                 bw_hist_percentile_us(&g->rtt[BW_HALF_WAN], 500000));
    bw_flows_free(f);
    return 0;
}

static int run(const struct options *o, struct bw_err *reterr)
{
    struct tg_pcap_file f;
    struct tg_pcap_record rec;
    struct pool p = {.n = 0};
    struct tg_rng rng;
    uint64_t window = 0;
    int r = tg_pcap_open(o->path, &f, reterr);

    if (r < 0) {
        return r;
    }
    tg_rng_seed(&rng, o->seed, 0);
    while ((r = tg_pcap_next(&f, &rec, reterr)) > 0) {
        uint64_t at =
            rec.unix_ns > o->start_ns ? (rec.unix_ns - o->start_ns) / o->window_ns : 0;
        if (o->n_one_in > 0 && at != window) {
            draw_packets(&p, o, window, &rng);
            p.n = 0;
            window = at;
        }
        r = keep(&p, o, &rec);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "out of memory");
            break;
        }
    }
    if (r == 0 && o->n_one_in > 0) {
        draw_packets(&p, o, window, &rng);
    }
    if (r == 0 && o->flows_in > 0) {
        r = draw_flows(&p, 1, &rng);
        for (uint64_t i = 0; r == 0 && i < o->draws; i++) {
            r = draw_flows(&p, o->flows_in, &rng);
        }
        if (r < 0) {
            (void)bw_err_set(reterr, r, "out of memory");
        }
    }
    free(p.seen);
    tg_pcap_done(&f);
    return r;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || v < min || v > max) {
        return false;
    }
    *ret = v;
    return true;
}

static bool numbers(char *text, struct options *o)
{
    char *rest = NULL;

    for (char *t = strtok_r(text, ",", &rest); t; t = strtok_r(NULL, ",", &rest)) {
        if (o->n_one_in == ONE_INS_MAX ||
            !number(t, 1, UINT32_MAX, &o->one_in[o->n_one_in++])) {
            return false;
        }
    }
    return o->n_one_in > 0;
}

static bool ask(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"one-in", 1, NULL, 'n'},       {"flows-in", 1, NULL, 'm'},
        {"window-ms", 1, NULL, 'w'},    {"draws", 1, NULL, 'd'},
        {"start-unix-s", 1, NULL, 't'}, {"seed", 1, NULL, 's'},
        {"router", 1, NULL, 'r'},       {NULL, 0, NULL, 0}};
    struct bw_err err = {""};
    bool fine = true;
    int c;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while (fine && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'n') {
            fine = numbers(optarg, o);
        } else if (c == 'm') {
            fine = number(optarg, 1, UINT32_MAX, &o->flows_in);
        } else if (c == 'w') {
            fine = number(optarg, 1, 3600000, &o->window_ns);
            o->window_ns *= 1000000;
        } else if (c == 'd') {
            fine = number(optarg, 1, 1000000, &o->draws);
        } else if (c == 't') {
            fine = number(optarg, 0, UINT32_MAX, &o->start_ns);
            o->start_ns *= 1000000000;
        } else if (c == 's') {
            fine = number(optarg, 0, INT64_MAX, &o->seed);
        } else if (c == 'r') {
            fine = bw_inside_mac(optarg, o->inside.outer, &err) == 0;
            o->inside.by_outer = fine;
        } else {
            fine = false;
        }
    }
    if (!fine || argc - optind != 1 || !o->inside.by_outer ||
        (o->n_one_in > 0) == (o->flows_in > 0)) {
        return false;
    }
    o->path = argv[optind];
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.window_ns = 1000000000,
                        .start_ns = (uint64_t)1789000200 * 1000000000,
                        .draws = 1,
                        .seed = 1};
    struct bw_err err = {""};

    bw_inside_init(&o.inside);
    if (!ask(&o, argc, argv)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if (run(&o, &err) < 0 || fflush(stdout) != 0) {
        (void)fprintf(stderr, "draw_traffic: %s\n",
                      err.text[0] ? err.text : "cannot write");
        return 1;
    }
    return 0;
}

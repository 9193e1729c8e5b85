/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_traffic.c - a school's traffic as a capture file, and the exact truth about it. The
 * same options give the same bytes. */
#include "dgram.h"
#include "mix.h"
#include "pcapfile.h"
#include "sim.h"
#include "tcp.h"
#include "truth.h"
#include "world.h"

#include <bw/err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: gen_traffic [options] [FILE.pcap]\n"
    "  --truth FILE      what was really sent, as JSON\n"
    "  --flows FILE      every TCP connection, one JSON line each\n"
    "  --seed N          (1)\n"
    "  --duration-ms N   (10000)\n"
    "  --window-ms N     windows of the truth (1000)\n"
    "  --pps N           wanted mean rate (20000); the truth says what came out\n"
    "  --devices N       (400)\n"
    "  --servers N       (600)\n"
    "  --v6-ppm N        connections and streams by IPv6 (350000)\n"
    "  --jitter-ppm N    how much a way may take longer (20000)\n"
    "  --gro-ppm N       fast connections merged by the port (300000)\n"
    "  --no-vlan         no device stands in a VLAN\n"
    "  --no-trouble      nothing is lost or overtaken\n"
    "  --snap N          bytes kept of a frame (128)\n"
    "  --start-unix-s N  (1789000200)\n";

struct options {
    const char *pcap;
    const char *truth;
    const char *flows;
    uint64_t seed;
    uint64_t duration_ms;
    uint64_t window_ms;
    uint64_t start_unix_s;
    uint32_t snap;
    uint32_t jitter_ppm;
    uint32_t gro_ppm;
    struct tg_mix_options mix;
    struct tg_world_options world;
};

static int number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || v < min || v > max) {
        return -EINVAL;
    }
    *ret = v;
    return 0;
}

enum choice {
    TRUTH = 256,
    FLOWS,
    SEED,
    DURATION,
    WINDOW,
    PPS,
    DEVICES,
    SERVERS,
    V6,
    JITTER,
    GRO,
    NO_VLAN,
    NO_TROUBLE,
    SNAP,
    START,
    HELP
};

/* The options that are a number, and its range. */
static const struct {
    enum choice option;
    uint64_t min;
    uint64_t max;
} ranges[] = {{SEED, 0, INT64_MAX}, {DURATION, 1, 3600000},       {WINDOW, 1, 3600000},
              {PPS, 10, 1000000},   {DEVICES, 1, 4000},           {SERVERS, 1, 4000},
              {V6, 0, 1000000},     {JITTER, 0, 1000000},         {GRO, 0, 1000000},
              {SNAP, 14, 65600},    {START, 0, UINT32_MAX - 3600}};

static void set(struct options *o, int option, uint64_t v)
{
    switch (option) {
    case SEED:
        o->seed = v;
        break;
    case DURATION:
        o->duration_ms = v;
        break;
    case WINDOW:
        o->window_ms = v;
        break;
    case PPS:
        o->mix.pps = (uint32_t)v;
        break;
    case DEVICES:
        o->world.n_devices = (uint32_t)v;
        break;
    case SERVERS:
        o->world.n_servers = (uint32_t)v;
        break;
    case V6:
        o->mix.v6_ppm = (uint32_t)v;
        break;
    case JITTER:
        o->jitter_ppm = (uint32_t)v;
        break;
    case GRO:
        o->gro_ppm = (uint32_t)v;
        break;
    case SNAP:
        o->snap = (uint32_t)v;
        break;
    default:
        o->start_unix_s = v;
        break;
    }
}

static int numeric(struct options *o, int option, const char *text)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if ((int)ranges[i].option == option) {
            uint64_t v;
            if (number(text, ranges[i].min, ranges[i].max, &v) < 0) {
                (void)fprintf(stderr, "gen_traffic: %s: a number from %llu to %llu\n", text,
                              (unsigned long long)ranges[i].min,
                              (unsigned long long)ranges[i].max);
                return -EINVAL;
            }
            set(o, option, v);
            return 0;
        }
    }
    return -EINVAL;
}

/* 0, 1: help was given, or -EINVAL. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct {
        const char *name;
        int has_arg;
        enum choice option;
    } rows[] = {{"truth", 1, TRUTH},
                {"flows", 1, FLOWS},
                {"seed", 1, SEED},
                {"duration-ms", 1, DURATION},
                {"window-ms", 1, WINDOW},
                {"pps", 1, PPS},
                {"devices", 1, DEVICES},
                {"servers", 1, SERVERS},
                {"v6-ppm", 1, V6},
                {"jitter-ppm", 1, JITTER},
                {"gro-ppm", 1, GRO},
                {"no-vlan", 0, NO_VLAN},
                {"no-trouble", 0, NO_TROUBLE},
                {"snap", 1, SNAP},
                {"start-unix-s", 1, START},
                {"help", 0, HELP}};
    enum {
        ROWS = sizeof(rows) / sizeof(rows[0])
    };
    struct option longs[ROWS + 1];
    int c;

    memset(longs, 0, sizeof(longs));
    for (size_t i = 0; i < ROWS; i++) {
        longs[i] =
            (struct option){rows[i].name, rows[i].has_arg, NULL, (int)rows[i].option};
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (c == 'h' || c == HELP) {
            (void)fputs(usage, stdout);
            return 1;
        }
        if (c == TRUTH) {
            o->truth = optarg;
        } else if (c == FLOWS) {
            o->flows = optarg;
        } else if (c == NO_VLAN) {
            o->world.vlan = false;
        } else if (c == NO_TROUBLE) {
            o->world.trouble = false;
        } else if (c == '?' || numeric(o, c, optarg) < 0) {
            return -EINVAL;
        }
    }
    if (optind + 1 < argc) {
        return -EINVAL;
    }
    o->pcap = optind < argc ? argv[optind] : NULL;
    return 0;
}

static int make(const struct options *o, struct bw_err *reterr)
{
    struct tg_truth_options to = {.start_unix_ns = o->start_unix_s * 1000000000u,
                                  .window_ns = o->window_ms * 1000000,
                                  .n_devices = o->world.n_devices};
    struct tg_truth_about about = {.seed = o->seed,
                                   .duration_ns = o->duration_ms * 1000000,
                                   .lan4 = TG_WORLD_LAN4,
                                   .lan6 = TG_WORLD_LAN6,
                                   .snap_bytes = o->snap};
    struct tg_world world = {.n_devices = 0};
    struct tg_mix mix = {.ports = NULL};
    struct tg_rng rng;
    struct tg_sim s;
    int closed;
    int r;

    to.n_windows = (about.duration_ns + to.window_ns - 1) / to.window_ns;
    tg_sim_init(&s);
    tg_tcp_init(&s);
    tg_dgram_init(&s);
    tg_rng_seed(&rng, o->seed, 1);
    tg_rng_seed(&s.rng, o->seed, 2);
    s.end_ns = about.duration_ns;
    s.start_unix_ns = to.start_unix_ns;
    s.jitter_ppm = o->jitter_ppm;
    s.gro_ppm = o->gro_ppm;
    s.world = &world;
    r = tg_world_init(&world, &o->world, &rng);
    if (r == 0) {
        r = tg_truth_new(&to, &s.truth);
    }
    if (r == 0) {
        r = tg_mix_start(&mix, &o->mix, &s);
    }
    if (r == 0 && o->pcap) {
        r = tg_pcap_create(o->pcap, o->snap, &s.out, reterr);
        if (r < 0) {
            goto out;
        }
    }
    if (r == 0) {
        r = tg_sim_run(&s);
        tg_tcp_finish(&s);
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    about.router_mac = world.router.mac;
    r = tg_truth_write(s.truth, &about, o->truth, o->flows, reterr);
out:
    closed = tg_pcap_close(s.out, r < 0 ? NULL : reterr);
    tg_truth_free(s.truth);
    tg_mix_done(&mix);
    tg_sim_done(&s);
    tg_world_done(&world);
    return r < 0 ? r : closed;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1,
                        .duration_ms = 10000,
                        .window_ms = 1000,
                        .start_unix_s = 1789000200,
                        .snap = 128,
                        .jitter_ppm = 20000,
                        .gro_ppm = 300000,
                        .mix = {.pps = 20000, .v6_ppm = 350000},
                        .world = {400, 600, true, true}};
    struct bw_err err = {""};
    int r = parse(argc, argv, &o);

    if (r != 0) {
        if (r < 0) {
            (void)fputs(usage, stderr);
        }
        return r < 0 ? 2 : 0;
    }
    if (o.duration_ms / o.window_ms > 100000) {
        (void)fprintf(stderr, "gen_traffic: more than 100,000 windows\n");
        return 2;
    }
    if (make(&o, &err) < 0) {
        (void)fprintf(stderr, "gen_traffic: %s\n", err.text);
        return 1;
    }
    return 0;
}

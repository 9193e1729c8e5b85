/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_capture.c - `bandwitness capture FILE`: what the daemon would tell of this traffic.
 *
 * The code that reads packets is the daemon's own, so that anybody can hold its figures
 * against another program's on the same file. */
#include "capture_file.h"
#include "capture_view.h"
#include "cli.h"
#include "clock.h"
#include "hash.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_capture;

enum {
    FLOWS = 1 << 18,
    ROUND_TRIPS = 1 << 18,
    DEVICES = 1 << 17,
    GROUP_MAX = 64 /* as many devices as are told apart */
};

struct asked {
    const char *prefixes[BW_INSIDE_PREFIXES_MAX];
    size_t n_prefixes;
    struct bw_inside inside;
    int64_t group;
    int64_t sample; /* one packet in so many … */
    int64_t flows;  /* … and one flow */
    int64_t seed;   /* -1: by chance */
    bool devices;
    bool json;
};

struct progress {
    int64_t next_mono_ms;
    bool shown;
};

static void show_progress(void *owner, int per_mille)
{
    struct progress *p = owner;
    int64_t now_ms = bw_clock_mono_ms();
    if (now_ms < p->next_mono_ms) {
        return;
    }
    p->next_mono_ms = now_ms + 250;
    p->shown = true;
    (void)fprintf(stderr, "\rreading %3d %%", per_mille / 10);
    (void)fflush(stderr);
}

static int ask_inside(struct asked *a, const char *text)
{
    struct bw_err err = {.text = ""};
    if (bw_inside_add(&a->inside, text, &err) < 0) {
        return bw_cli_usage(&bw_verb_capture, "--inside: %s", err.text);
    }
    a->prefixes[a->n_prefixes++] = text; /* as many as bw_inside_add takes */
    return 0;
}

static int ask_router(struct asked *a, const char *text)
{
    struct bw_err err = {.text = ""};
    uint8_t mac[6];
    if (bw_inside_mac(text, mac, &err) < 0) {
        return bw_cli_usage(&bw_verb_capture, "--router: %s", err.text);
    }
    if (bw_inside_add_outer(&a->inside, mac) < 0) {
        return bw_cli_usage(&bw_verb_capture, "--router: more than %d",
                            BW_INSIDE_ROUTERS_MAX);
    }
    return 0;
}

/* Options with a number; -1: it is none of them. */
static int ask_number(struct asked *a, int letter, const char *text)
{
    const struct bw_verb *v = &bw_verb_capture;
    switch (letter) {
    case 'g':
        return bw_cli_int(v, "--group", text, 1, GROUP_MAX, &a->group);
    case 's':
        return bw_cli_int(v, "--sample", text, 1, BW_MIX_ONE_IN_MAX, &a->sample);
    case 'f':
        return bw_cli_int(v, "--flows", text, 1, BW_MIX_ONE_IN_MAX, &a->flows);
    case 'e':
        return bw_cli_int(v, "--seed", text, 0, INT64_MAX, &a->seed);
    default:
        return -1;
    }
}

static int ask_option(struct asked *a, int letter)
{
    int status = ask_number(a, letter, optarg);
    if (status >= 0) {
        return status;
    }
    switch (letter) {
    case 'i':
        return ask_inside(a, optarg);
    case 'r':
        return ask_router(a, optarg);
    case 'd':
        a->devices = true;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    default:
        return BW_EXIT_USAGE;
    }
}

static int ask(struct asked *a, int argc, char **argv)
{
    static const struct option longs[] = {{"inside", required_argument, NULL, 'i'},
                                          {"router", required_argument, NULL, 'r'},
                                          {"devices", no_argument, NULL, 'd'},
                                          {"group", required_argument, NULL, 'g'},
                                          {"sample", required_argument, NULL, 's'},
                                          {"flows", required_argument, NULL, 'f'},
                                          {"seed", required_argument, NULL, 'e'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    int status = 0;
    int o;
    bw_inside_init(&a->inside);
    while (status == 0 &&
           (o = bw_cli_getopt(&bw_verb_capture, argc, argv, "", longs)) != -1) {
        status = ask_option(a, o);
    }
    if (status != 0) {
        return status;
    }
    if (argc - optind != 1) {
        return bw_cli_usage(&bw_verb_capture,
                            argc == optind ? "which file?" : "one file at a time");
    }
    if (a->n_prefixes == 0) {
        bw_inside_add_private(&a->inside);
    }
    return 0;
}

static int show(const struct asked *a, const char *file, struct bw_meter *m)
{
    struct progress progress = {.next_mono_ms = bw_clock_mono_ms() + 500};
    struct bw_capture_facts facts;
    struct bw_err err = {.text = ""};
    bool wanted = bw_cli_progress_wanted();
    int r =
        bw_capture_file(file, m, wanted ? show_progress : NULL, &progress, &facts, &err);
    struct capture_shown shown = {.file = file,
                                  .error = r < 0 ? err.text : NULL,
                                  .prefixes = a->prefixes,
                                  .n_prefixes = a->n_prefixes,
                                  .group = (int)a->group,
                                  .by_router = a->inside.by_outer,
                                  .facts = &facts,
                                  .meter = m,
                                  .flows = *bw_flows_figures(m->flows)};
    int status = BW_EXIT_OK;
    shown.held = bw_flows_hold_back(&shown.flows, shown.group);
    if (progress.shown) {
        (void)fprintf(stderr, "\r%14s\r", "");
    }
    if (r < 0 && facts.packets == 0) {
        return bw_cli_failed(&bw_verb_capture, "%s", err.text);
    }
    if (a->json) {
        if (capture_view_json(&shown) < 0) {
            status = bw_cli_failed(&bw_verb_capture, "the result is too large to print");
        }
    } else {
        capture_view_text(&shown);
    }
    if (r < 0) {
        status = bw_cli_failed(&bw_verb_capture, "%s; the figures end there", err.text);
    }
    return bw_cli_flush(&bw_verb_capture, status);
}

/* A seed that was given settles the tables' keys as well: the same figures every time. */
static void set_chance(struct bw_meter_opts *o, int64_t seed)
{
    if (seed >= 0) {
        o->draw.seed = (uint64_t)seed;
        (void)memcpy(o->flow_key, &seed, sizeof(seed));
        (void)memcpy(o->device_key, &seed, sizeof(seed));
        (void)memcpy(o->crowd_key, &seed, sizeof(seed));
        return;
    }
    bw_random(&o->draw.seed, sizeof(o->draw.seed));
    o->draw.seed >>= 1; /* as --seed takes it */
    bw_random(o->flow_key, sizeof(o->flow_key));
    bw_random(o->device_key, sizeof(o->device_key));
    bw_random(o->crowd_key, sizeof(o->crowd_key));
}

static int run(int argc, char **argv)
{
    struct asked a = {.seed = -1};
    struct bw_meter_opts opts = {.parts = BW_METER_MIX | BW_METER_FLOWS,
                                 .flows = {.flows = FLOWS, .round_trips = ROUND_TRIPS},
                                 .device_slots = DEVICES};
    struct bw_meter m;
    int status = ask(&a, argc, argv);
    int r;
    if (status != 0) {
        return status;
    }
    if (strcmp(argv[optind], "-") == 0 && isatty(STDIN_FILENO)) {
        return bw_cli_usage(&bw_verb_capture, "'-' reads a capture from a pipe");
    }
    opts.parts |= a.devices ? BW_METER_DEVICES : 0;
    opts.parts |= a.group > 1 ? BW_METER_CROWDS : 0;
    opts.inside = a.inside;
    opts.draw.packets_one_in = (uint32_t)a.sample;
    opts.draw.flows_one_in = (uint32_t)a.flows;
    set_chance(&opts, a.seed);
    r = bw_meter_init(&m, &opts);
    if (r < 0) {
        return bw_cli_failed(&bw_verb_capture, "%s", bw_strerror(r));
    }
    status = show(&a, argv[optind], &m);
    bw_meter_done(&m);
    return status;
}

const struct bw_verb bw_verb_capture = {
    .name = "capture",
    .summary = "what the packets of a capture file say about a line",
    .help =
        "[--inside PREFIX]... [--router MAC]... [OPTIONS] FILE\n"
        "\n"
        "Reads a capture file (pcap or pcapng, also cut to 128 bytes a packet; '-' for\n"
        "standard input) through the daemon's own code: bytes and packets by direction,\n"
        "class, family and size; the round trip of TCP in two halves, from where the\n"
        "capture was made to the world and to the school; data sent again and out of\n"
        "order; sizes of flows. So its figures can be held against another program's.\n"
        "Nothing of what is shown names an address, a port pair or a site.\n"
        "\n"
        "  --inside PREFIX  addresses of the school, as 192.0.2.0/24 or 2001:db8::/48; "
        "may\n"
        "                   be given up to 64 times. Default: private and link-local ones\n"
        "  --router MAC     direction by the next router towards the world instead of\n"
        "                   addresses, as 02:00:00:00:00:01: frames from it come down,\n"
        "                   frames to it go up. May be given up to 8 times, as where two\n"
        "                   routers share a virtual MAC and send from their own\n"
        "  --devices        also count MACs and the school's addresses that sent "
        "something:\n"
        "                   at least so many devices were active, which says nothing of\n"
        "                   people\n"
        "  --group DEVICES  tell of a class, family or size only what at least so many\n"
        "                   devices did, and the rest within 'other', as the daemon does\n"
        "                   with 5. Default: all is told, for the file itself is there\n"
        "  --sample N       count one packet in N, drawn at random, as the daemon does\n"
        "                   beside exact counters: shares then come with the interval "
        "that\n"
        "                   holds the truth 95 times in 100. Read the whole file beside "
        "it\n"
        "                   to see that they do\n"
        "  --flows M        the same with round trips and what was sent again, of one "
        "flow\n"
        "                   in M\n"
        "  --seed NUMBER    draw the same again; default by chance, and shown\n"
        "  --json           the result as one JSON object\n"
        "\n"
        "Classes are by protocol and port alone. A file that ends within a packet is read\n"
        "up to there. Exit status: 0 read whole, 1 not, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness capture --inside 2001:db8:7::/48 --inside 10.0.0.0/8 "
        "wan.pcap\n",
    .run = run,
};

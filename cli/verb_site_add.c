/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_add.c - write a site into the collector's catalogue before its box comes, and
 * with it what is known of its circuit: the claim and the addresses it is seen under. */
#include "admin.h"
#include "cli.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_add;

struct wish {
    const char *name;
    const char *entity;
    const char *data;
    const char *config;
    const char *circuit;
    const char *provider;
    int64_t down_bps;
    int64_t up_bps;
    enum bw_layer layer;
    int64_t from_unix_s;
    const char *prefixes[16];
    size_t n_prefixes;
};

/* "192.0.2.0/24", "2001:db8::/48", or one address. */
static int read_prefix(const char *text, struct bw_prefix *p)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof(address)) {
        return -EINVAL;
    }
    memcpy(address, text, n);
    address[n] = '\0';
    if (inet_pton(AF_INET, address, p->addr) == 1) {
        p->family = 4;
    } else if (inet_pton(AF_INET6, address, p->addr) == 1) {
        p->family = 6;
    } else {
        return -EINVAL;
    }
    long bits = p->family == 4 ? 32 : 128;
    if (slash) {
        char *end = NULL;
        long given = strtol(slash + 1, &end, 10);
        if (end == slash + 1 || *end != '\0' || given < 0 || given > bits) {
            return -EINVAL;
        }
        bits = given;
    }
    p->bits = (uint8_t)bits;
    for (long i = bits; i < 128; i++) {
        p->addr[i / 8] = (uint8_t)(p->addr[i / 8] & ~(0x80 >> (i % 8)));
    }
    return 0;
}

static int add_claim(struct bw_catalogue *c,
                     const struct wish *w,
                     const char *site,
                     struct bw_err *reterr)
{
    struct bw_claim claim;
    memset(&claim, 0, sizeof(claim));
    (void)snprintf(claim.site, sizeof(claim.site), "%s", site);
    (void)snprintf(claim.circuit, sizeof(claim.circuit), "%s", w->circuit);
    claim.from_unix_s = w->from_unix_s;
    claim.to_unix_s = BW_UNKNOWN;
    claim.down_bps = w->down_bps;
    claim.up_bps = w->up_bps;
    claim.layer = w->layer;
    claim.monthly_cost_cents = BW_UNKNOWN;
    (void)snprintf(claim.provider, sizeof(claim.provider), "%s",
                   w->provider ? w->provider : "");
    (void)snprintf(claim.origin, sizeof(claim.origin), "typed in");
    claim.recorded_unix_s = bw_clock_unix_ms() / 1000;
    return c->ops->claim_add(c, &claim, NULL, reterr);
}

static int add_prefixes(struct bw_catalogue *c,
                        const struct wish *w,
                        const char *site,
                        struct bw_err *reterr)
{
    for (size_t i = 0; i < w->n_prefixes; i++) {
        struct bw_prefix p;
        memset(&p, 0, sizeof(p));
        (void)read_prefix(w->prefixes[i], &p);
        (void)snprintf(p.site, sizeof(p.site), "%s", site);
        (void)snprintf(p.circuit, sizeof(p.circuit), "%s", w->circuit);
        p.from_unix_s = w->from_unix_s;
        p.to_unix_s = BW_UNKNOWN;
        int r = c->ops->prefix_add(c, &p, reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int add(const struct bw_verb *v, const struct wish *w)
{
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    struct bw_site site;
    int r = bw_admin_open(w->data, w->config, &c, &err);
    r = r < 0 ? r : bw_admin_site(c, w->name, w->entity, &site, &err);
    if (r == 0 && (w->down_bps != BW_UNKNOWN || w->up_bps != BW_UNKNOWN)) {
        r = add_claim(c, w, site.id, &err);
    }
    r = r < 0 ? r : add_prefixes(c, w, site.id, &err);
    bw_catalogue_close(c);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    (void)printf("%s\n", site.id);
    return bw_cli_flush(v, BW_EXIT_OK);
}

static int take_option(const struct bw_verb *v, int o, struct wish *w)
{
    struct bw_prefix p;
    switch (o) {
    case 'e':
        w->entity = optarg;
        return bw_cli_label(v, "--entity", optarg, BW_LABEL_MAX);
    case 'd':
        w->data = optarg;
        return 0;
    case 'c':
        w->config = optarg;
        return 0;
    case 'i':
        w->circuit = optarg;
        return bw_cli_name(v, "--circuit", optarg);
    case 'p':
        w->provider = optarg;
        return bw_cli_label(v, "--provider", optarg, BW_LABEL_MAX);
    case 'D':
    case 'U':
        return o == 'D' ? bw_cli_rate(v, "--down", optarg, &w->down_bps)
                        : bw_cli_rate(v, "--up", optarg, &w->up_bps);
    case 'l':
        if (bw_layer_parse(optarg, &w->layer) < 0) {
            return bw_cli_usage(v, "--layer %s: say ethernet, ip or goodput", optarg);
        }
        return 0;
    case 'f':
        return bw_cli_time(v, "--from", optarg, &w->from_unix_s);
    case 'x':
        if (read_prefix(optarg, &p) < 0) {
            return bw_cli_usage(v, "--prefix %s: say 192.0.2.0/24 or 2001:db8::/48",
                                optarg);
        }
        if (w->n_prefixes == sizeof(w->prefixes) / sizeof(w->prefixes[0])) {
            return bw_cli_usage(v, "too many --prefix");
        }
        w->prefixes[w->n_prefixes++] = optarg;
        return 0;
    default:
        return BW_EXIT_USAGE;
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"entity", required_argument, NULL, 'e'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"circuit", required_argument, NULL, 'i'},
        {"provider", required_argument, NULL, 'p'},
        {"down", required_argument, NULL, 'D'},
        {"up", required_argument, NULL, 'U'},
        {"layer", required_argument, NULL, 'l'},
        {"from", required_argument, NULL, 'f'},
        {"prefix", required_argument, NULL, 'x'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_add;
    struct wish w = {.circuit = "wan", .down_bps = BW_UNKNOWN, .up_bps = BW_UNKNOWN};
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, &w);
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give one name (or the id of a known site)");
    }
    w.name = argv[optind];
    int status = bw_cli_label(v, "the site's name", w.name, BW_LABEL_MAX);
    return status ? status : add(v, &w);
}

const struct bw_verb bw_verb_site_add = {
    .name = "site add",
    .summary = "write a site, its claim and its addresses down (at the collector)",
    .help =
        "[OPTION]... NAME\n"
        "\n"
        "Adds a site of this name and prints its id; with the id of a known site "
        "(s-4f9k2)\n"
        "it adds to that one. A claim is in force from its date until the next one.\n"
        "\n"
        "  --entity NAME    district, library or other owner; added when new\n"
        "  --circuit NAME   the circuit that the following speak of (wan)\n"
        "  --down RATE      claimed speed towards the school, 100M or 1G bits per second\n"
        "  --up RATE        claimed speed from the school\n"
        "  --layer LAYER    what the claim means: ethernet, ip or goodput; not stated if\n"
        "                   left out\n"
        "  --provider NAME  who sells it\n"
        "  --from TIME      since when (a date or RFC 3339 time; the beginning of 1970)\n"
        "  --prefix PREFIX  addresses under which the circuit reaches the world, for\n"
        "                   instance 192.0.2.0/24; may be given several times\n"
        "  --data DIR       the collector's data folder\n"
        "  --config FILE    its configuration (" BW_COLLECTOR_CONF "), read for\n"
        "                   the data folder when --data is not given\n"
        "\n"
        "Example:\n"
        "  bandwitness site add \"Alder Elementary\" --entity \"Alder Valley\" --down 100M "
        "\\\n"
        "      --up 20M --layer ip --provider \"River Telecom\" --from 2026-07-01\n",
    .run = run,
};

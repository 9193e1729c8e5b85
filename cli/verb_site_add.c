/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_add.c - write a site into the collector's catalogue before its box comes, and
 * with it what is known of its circuit: the claim and the addresses it is seen under. */
#include "admin.h"
#include "claim_asked.h"
#include "cli.h"
#include "prefix_asked.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_add;

struct wish {
    const char *name;
    const char *entity;
    const char *data;
    const char *config;
    struct bw_claim claim; /* its circuit and date are also the prefixes' */
    const char *prefixes[16];
    size_t n_prefixes;
};

static int add_prefixes(struct bw_catalogue *c,
                        const struct wish *w,
                        const char *site,
                        struct bw_err *reterr)
{
    for (size_t i = 0; i < w->n_prefixes; i++) {
        struct bw_prefix p;
        memset(&p, 0, sizeof(p));
        (void)bw_prefix_asked(w->prefixes[i], &p);
        (void)snprintf(p.site, sizeof(p.site), "%s", site);
        (void)snprintf(p.circuit, sizeof(p.circuit), "%s", w->claim.circuit);
        p.from_unix_s = w->claim.from_unix_s;
        p.to_unix_s = BW_UNKNOWN;
        int r = c->ops->prefix_add(c, &p, reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int add(const struct bw_verb *v, struct wish *w)
{
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    struct bw_site site;
    int r = bw_admin_open(w->data, w->config, &c, &err);
    r = r < 0 ? r : bw_admin_site(c, w->name, w->entity, &site, &err);
    if (r == 0 && (w->claim.down_bps != BW_UNKNOWN || w->claim.up_bps != BW_UNKNOWN)) {
        bw_claim_asked_finish(&w->claim, site.id);
        r = c->ops->claim_add(c, &w->claim, NULL, &err);
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
    case 'x':
        if (bw_prefix_asked(optarg, &p) < 0) {
            return bw_cli_usage(v, "--prefix %s: say 192.0.2.0/24 or 2001:db8::/48",
                                optarg);
        }
        if (w->n_prefixes == sizeof(w->prefixes) / sizeof(w->prefixes[0])) {
            return bw_cli_usage(v, "too many --prefix");
        }
        w->prefixes[w->n_prefixes++] = optarg;
        return 0;
    default:
        return bw_claim_asked_take(v, o, &w->claim);
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"entity", required_argument, NULL, 'e'}, {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'}, BW_CLAIM_ASKED_OPTIONS,
        {"prefix", required_argument, NULL, 'x'}, {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_add;
    struct wish w = {.n_prefixes = 0};
    bw_claim_asked_init(&w.claim);
    w.claim.from_unix_s = 0; /* since ever, where nobody says since when */
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
        "Exit status: 0 written down, 1 no such site, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness site add \"Alder Elementary\" --entity \"Alder Valley\" --down 100M "
        "\\\n"
        "      --up 20M --layer ip --provider \"River Telecom\" --from 2026-07-01\n",
    .run = run,
};

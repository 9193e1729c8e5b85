/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_prefix.c - where a site's circuits reach the world: shown, added, ended. What
 * was in force stays on record with its dates. */
#include "admin.h"
#include "cli.h"
#include "clock.h"
#include "prefix_asked.h"

#include <bw/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_prefix;

struct wish {
    const char *site;
    const char *circuit;
    const char *add;
    const char *end;
    const char *data;
    const char *config;
    int64_t at_unix_s;
    struct bw_prefix prefix;
};

static int on_prefix(void *owner, const struct bw_prefix *p)
{
    char text[64];
    char from[32];
    char to[32] = "";
    (void)owner;
    bw_prefix_text(p, text);
    bw_time_format_s(p->from_unix_s, from);
    if (p->to_unix_s != BW_UNKNOWN) {
        bw_time_format_s(p->to_unix_s, to);
    }
    (void)printf("%s.%s %s from %s%s%s\n", p->site, p->circuit, text, from,
                 to[0] ? " to " : "", to);
    return 0;
}

static int put(struct bw_catalogue *c, struct wish *w, struct bw_err *reterr)
{
    struct bw_prefix *p = &w->prefix;
    (void)snprintf(p->site, sizeof(p->site), "%s", w->site);
    (void)snprintf(p->circuit, sizeof(p->circuit), "%s", w->circuit);
    if (w->end) {
        return c->ops->prefix_end(c, p, w->at_unix_s, reterr);
    }
    p->from_unix_s = w->at_unix_s;
    p->to_unix_s = BW_UNKNOWN;
    return c->ops->prefix_add(c, p, reterr);
}

static int do_it(const struct bw_verb *v, struct wish *w)
{
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    struct bw_site site;
    int r = bw_admin_open(w->data, w->config, &c, &err);
    r = r < 0 ? r : bw_admin_known_site(c, w->site, &site, &err);
    if (r == 0 && (w->add || w->end)) {
        r = put(c, w, &err);
    }
    r = r < 0 ? r : c->ops->prefixes(c, w->site, on_prefix, NULL, &err);
    bw_catalogue_close(c);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

static int take_option(const struct bw_verb *v, int o, struct wish *w)
{
    switch (o) {
    case 'k':
        w->circuit = optarg;
        return bw_name_valid(optarg)
                   ? 0
                   : bw_cli_usage(v, "--circuit %s: letters, digits, '.', '_', '-'",
                                  optarg);
    case 'a':
    case 'e':
        if (w->add || w->end) {
            return bw_cli_usage(v, "one prefix at a time");
        }
        *(o == 'a' ? &w->add : &w->end) = optarg;
        return bw_prefix_asked(optarg, &w->prefix) == 0
                   ? 0
                   : bw_cli_usage(v, "%s: say 192.0.2.0/24 or 2001:db8::/48", optarg);
    case 't':
        return bw_cli_time(v, "--at", optarg, &w->at_unix_s);
    case 'd':
        w->data = optarg;
        return 0;
    case 'c':
        w->config = optarg;
        return 0;
    default:
        return BW_EXIT_USAGE;
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"circuit", required_argument, NULL, 'k'},
        {"add", required_argument, NULL, 'a'},
        {"end", required_argument, NULL, 'e'},
        {"at", required_argument, NULL, 't'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_prefix;
    struct wish w = {.circuit = "wan", .at_unix_s = bw_clock_unix_ms() / 1000};
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, &w);
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "which site? give its id");
    }
    w.site = argv[optind];
    return do_it(v, &w);
}

const struct bw_verb bw_verb_site_prefix = {
    .name = "site prefix",
    .summary = "show, add or end where a circuit reaches the world (at the collector)",
    .help =
        "[--circuit NAME] [--add PREFIX | --end PREFIX] [--at TIME]\n"
        "       [--data DIR | --config FILE] SITE\n"
        "\n"
        "The addresses under which a circuit is seen from outside. A test at the\n"
        "collector's own measurement server says in its receipt whether it came from one\n"
        "of them (egress). Without --add or --end only shows them, those that have ended\n"
        "too.\n"
        "\n"
        "  --circuit NAME  which circuit (wan)\n"
        "  --add PREFIX    from then on the circuit is seen under it: 192.0.2.0/24\n"
        "  --end PREFIX    it is not any more; it stays on record with its dates\n"
        "  --at TIME       since or until when: a day (2026-07-01, midnight UTC) or an\n"
        "                  instant (now)\n"
        "  --data DIR      the collector's data folder\n"
        "  --config FILE   its configuration (" BW_COLLECTOR_CONF ")\n"
        "\n"
        "Exit status: 0 done, 1 no such site or prefix, or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness site prefix --end 192.0.2.0/24 --at 2026-07-01 s-4f9k2\n",
    .run = run,
};

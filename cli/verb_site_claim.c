/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_claim.c - what was filed or contracted for a circuit: a new claim from a date
 * on, a correction, an end, a withdrawal. Each is a dated version that is added. */
#include "admin.h"
#include "claim_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <clock.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_claim;

#define COST_MAX_CENTS INT64_C(100000000000)

struct wish {
    const char *data;
    const char *config;
    struct bw_claim claim;
    int64_t end_unix_s; /* unknown: not an end */
    bool withdraw;
};

/* "450" or "450.00" dollars a month. */
static int read_cost(const struct bw_verb *v, const char *text, int64_t *ret_cents)
{
    size_t whole = strspn(text, "0123456789");
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    bool fine = whole > 0 && whole < 10 &&
                (text[whole] == '\0' ||
                 (text[whole] == '.' && part == 2 && text[whole + 3] == '\0'));
    int64_t cents = 0;
    for (size_t i = 0; fine && i < whole; i++) {
        cents = cents * 10 + (text[i] - '0');
    }
    cents *= 100;
    if (fine && text[whole] == '.') {
        cents += (text[whole + 1] - '0') * 10 + (text[whole + 2] - '0');
    }
    if (!fine || cents > COST_MAX_CENTS) {
        return bw_cli_usage(v, "--monthly-cost is dollars a month, 450 or 450.00, not '%s'",
                            text);
    }
    *ret_cents = cents;
    return 0;
}

/* "1699048824.003": ten digits of the FRN, a dot, three of the line. */
static int read_frn(const struct bw_verb *v, const char *text, char *out, size_t cap)
{
    if (strlen(text) != 14 || strspn(text, "0123456789") != 10 || text[10] != '.' ||
        strspn(text + 11, "0123456789") != 3) {
        return bw_cli_usage(v, "--frn-line is like 1699048824.003, not '%s'", text);
    }
    (void)snprintf(out, cap, "%s", text);
    return 0;
}

static int read_spin(const struct bw_verb *v, const char *text, char *out, size_t cap)
{
    if (strlen(text) != 9 || strspn(text, "0123456789") != 9) {
        return bw_cli_usage(v, "--spin has nine digits, 143000555, not '%s'", text);
    }
    (void)snprintf(out, cap, "%s", text);
    return 0;
}

static int take_option(const struct bw_verb *v, int o, struct wish *w)
{
    struct bw_claim *k = &w->claim;
    switch (o) {
    case 'd':
        w->data = optarg;
        return 0;
    case 'c':
        w->config = optarg;
        return 0;
    case 't':
        return bw_cli_time(v, "--to", optarg, &k->to_unix_s);
    case 'r':
        return read_frn(v, optarg, k->frn_line, sizeof(k->frn_line));
    case 's':
        return read_spin(v, optarg, k->spin, sizeof(k->spin));
    case 'm':
        return read_cost(v, optarg, &k->monthly_cost_cents);
    case 'e':
        return bw_cli_time(v, "--end", optarg, &w->end_unix_s);
    case 'w':
        w->withdraw = true;
        return 0;
    default:
        return bw_claim_asked_take(v, o, k);
    }
}

static bool says_something(const struct bw_claim *k)
{
    return k->down_bps != BW_UNKNOWN || k->up_bps != BW_UNKNOWN || k->provider[0] ||
           k->frn_line[0] || k->spin[0] || k->monthly_cost_cents != BW_UNKNOWN ||
           k->layer != BW_LAYER_UNKNOWN || k->to_unix_s != BW_UNKNOWN;
}

static int check(const struct bw_verb *v, const struct wish *w)
{
    const struct bw_claim *k = &w->claim;
    bool end = w->end_unix_s != BW_UNKNOWN;
    if ((end || w->withdraw) && says_something(k)) {
        return bw_cli_usage(v, "%s says all there is: no other value goes with it",
                            end ? "--end" : "--withdraw");
    }
    if (end && (w->withdraw || k->from_unix_s != BW_UNKNOWN)) {
        return bw_cli_usage(v, "--end stands alone: it ends the claim in force until then");
    }
    if (!end && k->from_unix_s == BW_UNKNOWN) {
        return bw_cli_usage(v, "since when? --from 2026-07-01");
    }
    if (!end && !w->withdraw && k->down_bps == BW_UNKNOWN && k->up_bps == BW_UNKNOWN) {
        return bw_cli_usage(v, "what is claimed? --down RATE, --up RATE");
    }
    return 0;
}

/* Of the site's versions the number in force at some time, to tell what came of it. */
static int on_now(void *owner, const struct bw_claim *k)
{
    char from[32];
    char to[32] = "";
    const char *layer = bw_layer_name(k->layer);
    (void)owner;
    bw_time_format_s(k->from_unix_s, from);
    if (k->to_unix_s != BW_UNKNOWN) {
        bw_time_format_s(k->to_unix_s, to);
    }
    (void)printf("%s.%s from %s", k->site, k->circuit, from);
    (void)printf(to[0] ? " to %s:" : " on:%s", to);
    if (k->down_bps != BW_UNKNOWN) {
        (void)printf(" %.10g Mbit/s down", (double)k->down_bps / 1e6);
    }
    if (k->up_bps != BW_UNKNOWN) {
        (void)printf(" %.10g Mbit/s up", (double)k->up_bps / 1e6);
    }
    (void)printf(", %s%s%s\n", layer ? layer : "layer not stated",
                 k->provider[0] ? ", " : "", k->provider);
    return 0;
}

static int
put(struct bw_catalogue *c, struct wish *w, const char *site_id, struct bw_err *reterr)
{
    struct bw_claim *k = &w->claim;
    struct bw_site site;
    int r = bw_admin_known_site(c, site_id, &site, reterr);
    if (r < 0) {
        return r;
    }
    bw_claim_asked_finish(k, site.id);
    if (w->withdraw) {
        k->to_unix_s = k->from_unix_s;
    }
    r = w->end_unix_s != BW_UNKNOWN
            ? c->ops->claim_end(c, k->site, k->circuit, w->end_unix_s, k->recorded_unix_s,
                                k->origin, reterr)
            : c->ops->claim_add(c, k, NULL, reterr);
    return r < 0 ? r
                 : c->ops->claims(c, k->site, k->circuit, INT64_MIN + 1, INT64_MAX, on_now,
                                  NULL, reterr);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_CLAIM_ASKED_OPTIONS,
        {"to", required_argument, NULL, 't'},
        {"frn-line", required_argument, NULL, 'r'},
        {"spin", required_argument, NULL, 's'},
        {"monthly-cost", required_argument, NULL, 'm'},
        {"end", required_argument, NULL, 'e'},
        {"withdraw", no_argument, NULL, 'w'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_claim;
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    struct wish w = {.end_unix_s = BW_UNKNOWN};
    bw_claim_asked_init(&w.claim);
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, &w);
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give the id of one site (bandwitness site list)");
    }
    int status = check(v, &w);
    if (status != 0) {
        return status;
    }
    int r = bw_admin_open(w.data, w.config, &c, &err);
    r = r < 0 ? r : put(c, &w, argv[optind], &err);
    bw_catalogue_close(c);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_site_claim = {
    .name = "site claim",
    .summary =
        "write down, correct or end what is claimed for a circuit (at the collector)",
    .help =
        "[OPTION]... --from TIME --down RATE --up RATE SITE\n"
        "       bandwitness site claim [--circuit NAME] --end TIME SITE\n"
        "       bandwitness site claim [--circuit NAME] --withdraw --from TIME SITE\n"
        "\n"
        "A claim is what was filed or contracted for a circuit. It is in force from its "
        "date\n"
        "until the next one begins, or until --to. Said again with the same --from it\n"
        "corrects what was said before; with --withdraw nothing was claimed from that "
        "date,\n"
        "and the claim before it goes on. Every version stays on record with the time it "
        "was\n"
        "written down (`bandwitness site show`). Prints what is in force from when to "
        "when.\n"
        "\n"
        "  --circuit NAME     which circuit (wan)\n"
        "  --down RATE        claimed speed towards the school, 100M or 1G bits per "
        "second\n"
        "  --up RATE          claimed speed from the school\n"
        "  --layer LAYER      what the claim means: ethernet, ip or goodput; not stated "
        "if\n"
        "                     left out\n"
        "  --provider NAME    who sells it\n"
        "  --frn-line N       FRN line item, 1699048824.003\n"
        "  --spin N           the provider's SPIN, 143000555\n"
        "  --monthly-cost N   dollars a month, 450.00\n"
        "  --from TIME        since when: a day (2026-07-01, midnight UTC) or an instant\n"
        "  --to TIME          until when (until further notice)\n"
        "  --end TIME         the claim in force ends then, and none follows\n"
        "  --withdraw         what was said for the date --from was wrong altogether\n"
        "  --data DIR         the collector's data folder\n"
        "  --config FILE      its configuration (" BW_COLLECTOR_CONF ")\n"
        "\n"
        "Exit status: 0 done, 1 no such site or claim, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness site claim s-4f9k2 --from 2027-01-15 --down 250M --up 50M --layer "
        "ip\n",
    .run = run,
};

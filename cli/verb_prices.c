/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_prices.c - `bandwitness prices`: what lines cost for each Mbit/s, by the claims on
 * file; the same figures as the collector's page /prices. */
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <inttypes.h>
#include <plural.h>
#include <prices.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_prices;

enum {
    BYTES_MAX = 256 * 1024 * 1024,
    FORM_TEXT = 0,
    FORM_CSV,
    FORM_GROUPS,
    FORM_JSON
};

struct asked {
    struct bw_docket_asked docket;
    struct bw_price_ask ask;
    int form;
    bool lines;
};

/* ---- as text --------------------------------------------------------------------- */

static void put_price(int64_t udollars)
{
    char text[BW_PRICE_TEXT_MAX] = "–";

    if (udollars != BW_UNKNOWN) {
        bw_price_text(udollars, text);
    }
    (void)printf("  %*s", udollars == BW_UNKNOWN ? 12 : 10, text);
}

static void put_group(const struct bw_price_group *g)
{
    (void)printf("%-26s %7" PRId64, bw_price_classes[g->speed].words, g->s.n);
    put_price(g->s.min);
    put_price(g->s.q1);
    put_price(g->s.median);
    put_price(g->s.q3);
    put_price(g->s.max);
    (void)printf("%s%s\n", g->layer == BW_LAYER_UNKNOWN ? "" : "  at layer ",
                 g->layer == BW_LAYER_UNKNOWN ? "" : bw_price_layer_name(g->layer));
}

static void put_name(const char *text)
{
    bw_cli_put(stdout, text, strlen(text));
}

static void put_line(const struct bw_prices *p, const struct bw_price_row *r)
{
    char price[BW_PRICE_TEXT_MAX];

    (void)printf("  %s  ", r->about);
    if (r->why == BW_PRICE_KNOWN) {
        bw_price_text(r->price_udollars, price);
        (void)printf("%s", price);
    } else {
        (void)printf("no price: %s", bw_price_why_words((enum bw_price_why)r->why));
    }
    if (r->provider != BW_PRICE_NONE) {
        (void)printf("  ");
        put_name(p->providers[r->provider].name[0] ? p->providers[r->provider].name
                                                   : p->providers[r->provider].id);
    }
    for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
        if (r->why == BW_PRICE_KNOWN && (r->marks & (1U << bit))) {
            (void)printf("; %s", bw_price_mark_words(bit));
        }
    }
    (void)printf("\n");
}

static int
show(const struct asked *a, const struct bw_prices *p, const struct bw_price_seen *s)
{
    struct bw_price_group *g = NULL;
    size_t n = 0;

    if (s->year == BW_UNKNOWN || s->n + s->n_apart == 0) {
        (void)fprintf(stderr, "No claim on file fits: bandwitness import usac, or claim "
                              "list, or other options.\n");
        return 0;
    }
    if (bw_prices_group(p, s, BW_PRICE_BY_SPEED, &g, &n) < 0) {
        return -1;
    }
    (void)printf("US dollars a month for each Mbit/s of download, FY%" PRId64
                 ", lines of role %s (%s, %s)\n\n"
                 "%-26s %7s  %10s  %10s  %10s  %10s  %10s\n",
                 s->year, bw_price_role_name(a->ask.role), BW_METHOD_LINE_PRICE,
                 BW_METHOD_PRICE_SPREAD, "Speed", "Lines", "lowest", "quarter", "median",
                 "3 quarters", "highest");
    for (size_t i = 0; i < n; i++) {
        put_group(&g[i]);
    }
    free(g);
    (void)printf("\n%zu %s with a price, %zu without%s\n", s->n,
                 bw_plural((int64_t)s->n, "line", "lines"), s->n_apart,
                 s->n_apart ? ":" : "");
    for (int i = BW_PRICE_KNOWN + 1; i < BW_PRICE_WHYS; i++) {
        if (s->n_why[i] > 0) {
            (void)printf("%7" PRId64 "  %s\n", s->n_why[i],
                         bw_price_why_words((enum bw_price_why)i));
        }
    }
    for (size_t i = 0; a->lines && i < s->n; i++) {
        put_line(p, &p->rows[s->rows[i]]);
    }
    for (size_t i = 0; a->lines && i < s->n_apart; i++) {
        put_line(p, &p->rows[s->apart[i]]);
    }
    return 0;
}

static int
write_form(const struct asked *a, const struct bw_prices *p, const struct bw_price_seen *s)
{
    struct bw_buf out;
    int r = 0;

    if (a->form == FORM_TEXT) {
        return show(a, p, s);
    }
    bw_buf_init(&out, BYTES_MAX);
    if (a->form == FORM_JSON) {
        bw_prices_json(p, &a->ask, s, a->lines, &out);
    } else if (a->form == FORM_CSV) {
        bw_prices_csv_lines(p, s, &out);
    } else {
        r = bw_prices_csv_groups(p, &a->ask, s, &out);
    }
    r = r < 0 ? r : bw_buf_error(&out);
    if (r == 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r;
}

/* ---- asking ---------------------------------------------------------------------- */

static int take_form(const struct bw_verb *v, struct asked *a)
{
    static const char *const words[] = {"text", "csv", "groups", "json", NULL};

    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], optarg) == 0) {
            a->form = i;
            return 0;
        }
    }
    return bw_cli_usage(v, "--format is text, csv, groups or json, not '%s'", optarg);
}

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    const char *year = optarg;

    switch (o) {
    case 'y':
        year += strncmp(year, "FY", 2) == 0 ? 2 : 0;
        return bw_cli_int(v, "--year", year, 1998, 2199, &a->ask.year);
    case 'p':
        a->ask.role = bw_price_role_parse(optarg);
        return a->ask.role >= 0 ? 0
                                : bw_cli_usage(v, "--role: no role is called '%s'", optarg);
    case 'l':
        a->ask.layer = bw_price_layer_parse(optarg);
        return a->ask.layer >= 0
                   ? 0
                   : bw_cli_usage(v, "--layer: no layer is called '%s'", optarg);
    case 'r':
        a->ask.region = optarg;
        return 0;
    case 's':
        a->ask.provider = optarg;
        return 0;
    case 'c':
        a->ask.speed = bw_price_class_parse(optarg);
        return a->ask.speed < BW_PRICE_CLASSES
                   ? 0
                   : bw_cli_usage(v, "--class: no class is called '%s'", optarg);
    case 'f':
        return take_form(v, a);
    case 'i':
        a->lines = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

static int make(const struct asked *a)
{
    const struct bw_verb *v = &bw_verb_prices;
    struct bw_docket d = {.catalogue = NULL};
    struct bw_prices p = {.n = 0};
    struct bw_price_seen s = {.n = 0};
    struct bw_err err = {.text = "out of memory"};
    int status = bw_docket_open(v, &a->docket, false, &d);

    if (status == 0 &&
        (bw_prices_read(d.catalogue, &p, &err) < 0 ||
         bw_prices_choose(&p, &a->ask, &s) < 0 || write_form(a, &p, &s) < 0)) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_price_seen_done(&s);
    bw_prices_done(&p);
    bw_docket_close(&d);
    return bw_cli_flush(v, status);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"year", required_argument, NULL, 'y'},
        {"role", required_argument, NULL, 'p'},
        {"layer", required_argument, NULL, 'l'},
        {"region", required_argument, NULL, 'r'},
        {"provider", required_argument, NULL, 's'},
        {"class", required_argument, NULL, 'c'},
        {"format", required_argument, NULL, 'f'},
        {"lines", no_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    struct asked a = {.ask = {.year = BW_UNKNOWN,
                              .role = BW_ROLE_INTERNET,
                              .layer = BW_PRICE_ANY,
                              .speed = BW_PRICE_CLASSES}};

    for (int o; (o = bw_cli_getopt(&bw_verb_prices, argc, argv, "", longs)) != -1;) {
        int r = take_option(&bw_verb_prices, o, &a);
        if (r != 0) {
            return r;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(&bw_verb_prices, "%s is too much", argv[optind]);
    }
    return make(&a);
}

const struct bw_verb bw_verb_prices = {
    .name = "prices",
    .summary = "show what lines cost for each Mbit/s, by the claims on file",
    .help =
        "[OPTION]... [WHERE]\n"
        "\n"
        "Of every claim line on file its price a month and Mbit/s of download, and the\n"
        "medians of them by class of speed (docs/prices.md). Nothing is rounded up. Lines\n"
        "without a price are counted with the reason: no cost or speed on file, a tax or "
        "a\n"
        "fee, one-time cost alone, a bill that more circuits share than it has lines.\n"
        "\n"
        "  --year FY2026     funding year (the newest on file)\n"
        "  --role ROLE       internet (default), isp-only, transport, wan, backbone, "
        "backup,\n"
        "                    unknown: they are not alike, and in no median together\n"
        "  --layer LAYER     not-stated, ethernet, ip, goodput (all, each by itself)\n"
        "  --region ID       of payers in this region; '': in none\n"
        "  --provider SPIN   its SPIN, where it states none its name\n"
        "  --class CLASS     under-100m, 100m, 300m, 1g, 2g, 4g, 10g\n"
        "  --lines           every line (of text and json)\n"
        "  --format FORM     text; csv, a row a line; groups, a row for each region,\n"
        "                    provider and class; json\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness prices --ledger /var/lib/bandwitness-collector --year FY2026 \\\n"
        "    --class 1g --format csv\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_worksheet.c - `bandwitness worksheet`: what several circuits carry together, and
 * what speed to bid for; the same figures as the collector's page /prices/worksheet. */
#include "cli.h"
#include "docket_asked.h"
#include "progress.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <coincident.h>
#include <errno.h>
#include <inttypes.h>
#include <origin.h>
#include <plural.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>
#include <worksheet.h>

extern const struct bw_verb bw_verb_worksheet;

enum {
    BYTES_MAX = 64 * 1024 * 1024,
    DAYS_USUAL = 28,
    DAYS_MAX = 1096,
    BELOW_MAX = 64,
    FORM_TEXT = 0,
    FORM_CSV,
    FORM_CIRCUITS,
    FORM_JSON
};

struct asked {
    struct bw_docket_asked docket;
    struct bw_worksheet_list list;
    const char *below[BELOW_MAX];
    size_t n_below;
    struct bw_worksheet_list without;
    struct bw_worksheet_ask ask;
    struct bw_progress progress;
    int form;
    bool quiet;
};

/* ---- showing --------------------------------------------------------------------- */

static void put_rate(const char *what, int64_t bps, const char *more)
{
    char text[BW_WORDS_MAX];

    bw_words_rate(bps, text);
    (void)printf("  %-42s %12s%s%s\n", what, bps == BW_UNKNOWN ? "not known" : text,
                 more[0] ? "  " : "", more);
}

static void put_way(const struct bw_coincident *c, int way)
{
    const struct bw_coincident_sum *s = &c->sum[way];
    char text[BW_WORDS_MAX] = "";
    char day[BW_CIVIL_DATE_LEN + 1] = "";

    (void)printf("%s\n", way == BW_DOWN ? "Download" : "Upload");
    put_rate("coincident peak (" BW_METHOD_COINCIDENT_PEAK ")", s->peak_bps, "");
    put_rate("P95 of class hours of the sum", s->p95_bps, "");
    put_rate("sum of the circuits' own peaks", s->sum_peaks_bps, "");
    if (s->diversity_ppm != BW_UNKNOWN) {
        (void)snprintf(text, sizeof(text), "%" PRId64 ".%02d", s->diversity_ppm / 1000000,
                       (int)(s->diversity_ppm % 1000000 / 10000));
        (void)printf("  %-42s %12s\n", "that over the peak (" BW_METHOD_DIVERSITY ")",
                     text);
    }
    if (s->day != BW_UNKNOWN) {
        bw_civil_date(s->day, day);
    }
    put_rate("busiest day's P95", s->day_bps, day);
    put_rate("growth until then, high end",
             s->range.grown ? s->range.added_bps[BW_RANGE_HIGH] : BW_UNKNOWN, "");
    put_rate("speed to bid for, low end (" BW_METHOD_RANGE ")",
             s->range.speed_bps[BW_RANGE_LOW], "");
    put_rate("speed to bid for, high end", s->range.speed_bps[BW_RANGE_HIGH], "");
}

static void show(const struct bw_coincident *c)
{
    (void)printf(
        "%" PRId64 " of %zu circuits are in the sum, at layer %s; %" PRId64 " of %" PRId64
        " bins of five minutes of class hours count (%" PRId64 " circuits or more known)\n",
        c->n_in, c->n, bw_layer_name(c->ask.layer), c->bins, c->class_bins, c->need_n);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        put_way(c, way);
    }
    (void)printf(
        "The speed does until 30 June %d%s.\n", c->end_year,
        c->sum[BW_DOWN].range.grown ? "" : " if use does not grow: growth is not known");
    if (c->n_full > 0) {
        (void)printf("%" PRId64 " %s full at times: the need is at least so much.\n",
                     c->n_full, bw_plural(c->n_full, "circuit was", "circuits were"));
    }
    if (c->need_n < c->n_in) {
        (void)printf("Bins in which a circuit is not known count too: all is at least so "
                     "much.\n");
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_coincident_circuit *x = &c->circuits[i];
        if (x->why != BW_COINCIDENT_IN) {
            (void)printf("not in the sum: %s.%s: %s\n", x->site, x->circuit,
                         bw_coincident_why_words(x->why));
        }
    }
}

static int write_form(const struct asked *a, const struct bw_coincident *c)
{
    struct bw_buf out;
    int r;

    if (a->form == FORM_TEXT) {
        show(c);
        return 0;
    }
    bw_buf_init(&out, BYTES_MAX);
    if (a->form == FORM_JSON) {
        bw_coincident_json(c, NULL, NULL, &out);
    } else if (a->form == FORM_CSV) {
        bw_coincident_csv_sum(c, &out);
    } else {
        bw_coincident_csv_circuits(c, NULL, NULL, &out);
    }
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r;
}

/* ---- asking ---------------------------------------------------------------------- */

static int take_circuit(const struct bw_verb *v, struct bw_worksheet_list *l)
{
    int r = bw_worksheet_add(l, optarg);

    return r >= 0 ? 0
           : r == -ENOMEM
               ? bw_cli_failed(v, "out of memory")
               : bw_cli_usage(v, "a circuit is written SITE.CIRCUIT, not '%s'", optarg);
}

static int take_day(const struct bw_verb *v, const char *option, int64_t *ret)
{
    return bw_civil_date_parse(optarg, ret) == 0 && !optarg[BW_CIVIL_DATE_LEN]
               ? 0
               : bw_cli_usage(v, "%s is a day, 2026-11-02, not '%s'", option, optarg);
}

static int take_word(const struct bw_verb *v, int o, struct asked *a)
{
    static const char *const forms[] = {"text", "csv", "circuits", "json", NULL};
    int64_t percent = 0;
    int r;

    switch (o) {
    case 'F':
        for (int i = 0; forms[i]; i++) {
            if (strcmp(forms[i], optarg) == 0) {
                a->form = i;
                return 0;
            }
        }
        return bw_cli_usage(v, "--format is text, csv, circuits or json, not '%s'", optarg);
    case 'L':
        if (bw_layer_parse(optarg, &a->ask.layer) < 0 || a->ask.layer == BW_LAYER_GOODPUT) {
            return bw_cli_usage(v, "--layer is ip or ethernet, not '%s'", optarg);
        }
        return 0;
    case 'N':
        r = bw_cli_int(v, "--need", optarg, 1, 100, &percent);
        a->ask.need_ppm = percent * 10000;
        return r;
    case 'b':
        if (a->n_below == BELOW_MAX) {
            return bw_cli_usage(v, "more than %d entities", BELOW_MAX);
        }
        a->below[a->n_below++] = optarg;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case 'c':
        return take_circuit(v, &a->list);
    case 'w':
        return take_circuit(v, &a->without);
    case 'f':
        return take_day(v, "--from", &a->ask.first_day);
    case 't':
        return take_day(v, "--to", &a->ask.end_day);
    case 'd':
        return bw_cli_int(v, "--days", optarg, 1, DAYS_MAX, &a->ask.n_days);
    case 'z':
        a->ask.zone = optarg;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    default:
        return take_word(v, o, a);
    }
}

static void take_out(struct asked *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->list.n; i++) {
        bool out = false;
        for (size_t k = 0; k < a->without.n; k++) {
            out |= strcmp(a->list.names[i].site, a->without.names[k].site) == 0 &&
                   strcmp(a->list.names[i].circuit, a->without.names[k].circuit) == 0;
        }
        if (!out) {
            a->list.names[n++] = a->list.names[i];
        }
    }
    a->list.n = n;
}

static int find_below(const struct bw_verb *v, const char *folder, struct asked *a)
{
    struct bw_err err = {.text = "out of memory"};
    struct bw_origin *s = NULL;
    int status = 0;

    if (a->n_below > 0 && bw_origin_open(BW_FROM_LEDGER, folder, &s, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    for (size_t i = 0; status == 0 && i < a->n_below; i++) {
        if (bw_worksheet_below(s, a->below[i], &a->list, &err) < 0) {
            status = bw_cli_failed(v, "--below %s: %s", a->below[i], err.text);
        }
    }
    bw_origin_close(s);
    return status;
}

static int on_progress(void *owner, size_t done, size_t n)
{
    struct asked *a = owner;

    (void)n;
    bw_progress_show(&a->progress, done, bw_clock_mono_ms());
    return 0;
}

static int make(struct asked *a)
{
    const struct bw_verb *v = &bw_verb_worksheet;
    struct bw_docket d = {.catalogue = NULL};
    struct bw_worksheet w = {.sum = NULL};
    struct bw_err err = {.text = "out of memory"};
    int status = bw_docket_open(v, &a->docket, false, &d);

    if (status == 0 && !d.of_collector) {
        status = bw_cli_failed(
            v, "%s is a box's; this is of a collector's circuits (--ledger)", d.folder);
    }
    status = status ? status : find_below(v, d.folder, a);
    take_out(a);
    a->ask.data_dir = d.folder;
    a->ask.names = a->list.names;
    a->ask.n = a->list.n;
    a->ask.now_unix_s = bw_clock_unix_ms() / 1000;
    a->ask.progress = on_progress;
    a->ask.owner = a;
    bw_progress_init(&a->progress, "circuits", a->list.n, a->quiet, bw_clock_mono_ms());
    if (status == 0) {
        int r = bw_worksheet_make(&a->ask, &w, &err);
        bw_progress_hide(&a->progress);
        if (r < 0 || write_form(a, w.sum) < 0) {
            status = bw_cli_failed(v, "%s", err.text);
        }
    }
    bw_worksheet_done(&w);
    bw_docket_close(&d);
    return bw_cli_flush(v, status);
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"circuit", required_argument, NULL, 'c'},
        {"below", required_argument, NULL, 'b'},
        {"without", required_argument, NULL, 'w'},
        {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},
        {"days", required_argument, NULL, 'd'},
        {"tz", required_argument, NULL, 'z'},
        {"layer", required_argument, NULL, 'L'},
        {"need", required_argument, NULL, 'N'},
        {"format", required_argument, NULL, 'F'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_worksheet;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    if ((a->ask.first_day == BW_UNKNOWN) != (a->ask.end_day == BW_UNKNOWN)) {
        return bw_cli_usage(v, "--from and --to go together");
    }
    if (a->ask.first_day != BW_UNKNOWN && a->ask.end_day <= a->ask.first_day) {
        return bw_cli_usage(v, "--to is the day after the last one");
    }
    return a->list.n + a->n_below > 0
               ? 0
               : bw_cli_usage(v, "choose circuits: --circuit, --below");
}

static int run(int argc, char **argv)
{
    struct asked a = {.ask = {.first_day = BW_UNKNOWN,
                              .end_day = BW_UNKNOWN,
                              .n_days = DAYS_USUAL,
                              .layer = BW_LAYER_IP,
                              .need_ppm = BW_COINCIDENT_ALL_PPM}};
    int status = read_options(argc, argv, &a);

    status = status ? status : make(&a);
    free(a.list.names);
    free(a.without.names);
    return status;
}

const struct bw_verb bw_verb_worksheet = {
    .name = "worksheet",
    .summary = "add up what several circuits carry at the same time, for a bid",
    .help =
        "[OPTION]... [WHERE]\n"
        "\n"
        "At a collector: the highest sum of chosen circuits in one five minutes of class\n"
        "hours, which is less than the sum of their peaks; P95 of the sums, growth, and "
        "the\n"
        "speed to bid for with its reasons (docs/worksheet.md). Bins in which too few of "
        "the\n"
        "circuits are known are in no figure; circuits that cannot be added are named.\n"
        "\n"
        "  --circuit SITE.CIRCUIT   one of them; again for more\n"
        "  --below ENTITY           all at or below a district, region …; again for more\n"
        "  --without SITE.CIRCUIT   not this one of those\n"
        "  --days N                 the N whole days before today (28)\n"
        "  --from DAY --to DAY      instead; the end is exclusive\n"
        "  --tz ZONE                in which days are (that of most of the circuits)\n"
        "  --layer ip|ethernet      of the sum (ip)\n"
        "  --need PERCENT           so many of the circuits must be known in a bin (100);\n"
        "                           with fewer all is \"at least\"\n"
        "  --format FORM            text; csv, a row a figure; circuits, CSV with a row a\n"
        "                           circuit; json\n"
        "  --quiet                  no progress\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 made, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness worksheet --ledger /var/lib/bandwitness-collector \\\n"
        "    --below region-north --days 182 --format csv\n",
    .run = run,
};

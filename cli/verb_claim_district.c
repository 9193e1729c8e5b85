/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_district.c - the bandwidth that a district claims, with the arithmetic. */
#include "claim_lines.h"
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <district.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

extern const struct bw_verb bw_verb_claim_district;

enum {
    JSON_BYTES_MAX = 16 * 1024 * 1024
};

struct asked {
    struct bw_docket_asked docket;
    const char *number;
    const char *zone;
    int64_t year;
    char day[BW_DATE_LEN + 1];
    bool json;
};

/* ---- showing --------------------------------------------------------------------- */

static const char *const part_names[] = {
    [BW_CLAIMED_INTERNET] = "internet",   [BW_CLAIMED_ISP] = "isp",
    [BW_CLAIMED_TRANSPORT] = "transport", [BW_CLAIMED_NOT] = "not counted",
    [BW_CLAIMED_OPEN] = "open",
};

static const char *const part_heads[] = {
    [BW_CLAIMED_INTERNET] = "Internet with its circuit",
    [BW_CLAIMED_ISP] = "Internet, its circuit billed apart",
    [BW_CLAIMED_TRANSPORT] = "Circuits to that Internet",
    [BW_CLAIMED_NOT] = "Not counted",
    [BW_CLAIMED_OPEN] = "Open: could not be counted",
};

/* "1,000 Mbit/s" exactly; "not stated". */
static const char *rate(int64_t bps, char out[40])
{
    if (bps == BW_UNKNOWN) {
        return "not stated";
    }
    int64_t whole = bps / 1000000;
    int64_t part = bps % 1000000;
    int n = snprintf(out, 32, "%" PRId64 ".%06" PRId64, whole, part);
    while (n > 0 && out[n - 1] == '0') {
        n--;
    }
    n -= out[n - 1] == '.';
    (void)snprintf(out + n, (size_t)(40 - n), " Mbit/s");
    return out;
}

static void text_row(const struct bw_claimed_row *row)
{
    char a[40];
    char b[40];
    char c[40];
    char e[40];
    (void)printf("  %s%s%s", row->about, row->provider[0] ? ", " : "", row->provider);
    if (row->role != BW_ROLE_UNKNOWN) {
        (void)printf(", %s", bw_claim_role_name(row->role));
    }
    if (row->quantity == BW_UNKNOWN) {
        (void)printf(": %s down, %s up each", rate(row->each_bps[BW_DOWN], a),
                     rate(row->each_bps[BW_UP], b));
    } else {
        (void)printf(": %" PRId64 " x %s = %s down, %" PRId64 " x %s = %s up",
                     row->quantity, rate(row->each_bps[BW_DOWN], a),
                     rate(row->total_bps[BW_DOWN], b), row->quantity,
                     rate(row->each_bps[BW_UP], c), rate(row->total_bps[BW_UP], e));
    }
    (void)printf("%s%s\n", row->why[0] ? "; " : "", row->why);
}

static void text_sum(const char *what, const struct bw_claimed *c, size_t at)
{
    char a[40];
    char b[40];
    int64_t down = *(const int64_t *)(const void *)((const char *)&c->sum[BW_DOWN] + at);
    int64_t up = *(const int64_t *)(const void *)((const char *)&c->sum[BW_UP] + at);
    if (down != BW_UNKNOWN || up != BW_UNKNOWN) {
        (void)printf("  %s: %s down, %s up\n", what, rate(down, a), rate(up, b));
    }
}

static void text_result(const struct bw_claimed *c)
{
    static const char *const ways[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    char a[40];
    (void)printf("Claimed:");
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_claimed_sum *s = &c->sum[d];
        if (s->bps == BW_UNKNOWN) {
            (void)printf("%s cannot be told %s%s", d ? "," : "", ways[d],
                         s->two_layers ? " (lines at unlike layers)" : "");
        } else {
            (void)printf("%s %s%s %s", d ? "," : "", s->at_least ? "at least " : "",
                         rate(s->bps, a), ways[d]);
        }
    }
    (void)printf("\n");
}

static void text(const struct bw_district *f)
{
    static const size_t sums[] = {
        [BW_CLAIMED_INTERNET] = offsetof(struct bw_claimed_sum, internet_bps),
        [BW_CLAIMED_ISP] = offsetof(struct bw_claimed_sum, isp_bps),
        [BW_CLAIMED_TRANSPORT] = offsetof(struct bw_claimed_sum, transport_bps),
    };
    const struct bw_claimed *c = &f->claimed;
    (void)printf("%s%s%s, FY%" PRId64 ", on %s (%s)\n", c->payer, f->name[0] ? " " : "",
                 f->name, c->year, c->day, BW_CLAIMED_METHOD);
    if (f->students != BW_UNKNOWN) {
        (void)printf("%" PRId64 " full-time students in %" PRId64 " schools\n", f->students,
                     f->n_schools);
    }
    for (int part = 0; part <= BW_CLAIMED_OPEN; part++) {
        bool any = false;
        for (size_t i = 0; i < c->n; i++) {
            if ((int)c->rows[i].part == part) {
                if (!any) {
                    (void)printf("%s\n", part_heads[part]);
                }
                any = true;
                text_row(&c->rows[i]);
            }
        }
        if (any && part <= BW_CLAIMED_TRANSPORT) {
            text_sum("together", c, sums[part]);
        }
    }
    text_sum("of Internet and circuits billed apart the lesser", c,
             offsetof(struct bw_claimed_sum, lesser_bps));
    text_result(c);
}

static void json_row(struct bw_jw *w, const struct bw_claimed_row *row)
{
    static const char *const layers[] = {NULL, "ethernet", "ip", "goodput"};
    bw_jw_obj(w);
    bw_jw_kstr(w, "about", row->about);
    bw_jw_kstr(w, "provider", row->provider[0] ? row->provider : NULL);
    bw_jw_kstr(w, "role",
               row->role == BW_ROLE_UNKNOWN ? NULL : bw_claim_role_name(row->role));
    bw_jw_kstr(w, "layer", layers[row->layer]);
    bw_jw_kstr(w, "counts_as", part_names[row->part]);
    bw_jw_ki64(w, "quantity", row->quantity);
    bw_jw_ki64(w, "each_down_bps", row->each_bps[BW_DOWN]);
    bw_jw_ki64(w, "each_up_bps", row->each_bps[BW_UP]);
    bw_jw_ki64(w, "down_bps", row->total_bps[BW_DOWN]);
    bw_jw_ki64(w, "up_bps", row->total_bps[BW_UP]);
    bw_jw_kstr(w, "why", row->why[0] ? row->why : NULL);
    bw_jw_obj_end(w);
}

static void json(const struct bw_district *f)
{
    static const char *const ways[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    const struct bw_claimed *c = &f->claimed;
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, JSON_BYTES_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_CLAIMED_METHOD);
    bw_jw_kstr(&w, "number", c->payer);
    bw_jw_kstr(&w, "name", f->name[0] ? f->name : NULL);
    bw_jw_ki64(&w, "year", c->year);
    bw_jw_kstr(&w, "day", c->day);
    bw_jw_ki64(&w, "schools", f->n_schools);
    bw_jw_ki64(&w, "students", f->students);
    bw_jw_karr(&w, "lines");
    for (size_t i = 0; i < c->n; i++) {
        json_row(&w, &c->rows[i]);
    }
    bw_jw_arr_end(&w);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_claimed_sum *s = &c->sum[d];
        bw_jw_kobj(&w, ways[d]);
        bw_jw_ki64(&w, "internet_bps", s->internet_bps);
        bw_jw_ki64(&w, "isp_bps", s->isp_bps);
        bw_jw_ki64(&w, "transport_bps", s->transport_bps);
        bw_jw_ki64(&w, "lesser_bps", s->lesser_bps);
        bw_jw_ki64(&w, "claimed_bps", s->bps);
        bw_jw_kbool(&w, "two_layers", s->two_layers);
        bw_jw_kbool(&w, "at_least", s->at_least);
        bw_jw_obj_end(&w);
    }
    bw_jw_obj_end(&w);
    bw_buf_putc(&out, '\n');
    (void)fwrite(out.data, 1, out.len, stdout);
    bw_buf_done(&out);
}

/* ---- asking ---------------------------------------------------------------------- */

/* The funding year and day of today, or of what was asked: today where it lies in the year,
 * else the end of the year that is nearer. */
static int settle_day(const struct bw_verb *v, struct asked *a)
{
    char today[BW_DATE_LEN + 1];
    int64_t year;
    int r = claim_lines_today(v, a->zone, bw_clock_unix_ms() / 1000, today, &year);
    if (r != 0) {
        return r;
    }
    a->year = a->year == BW_UNKNOWN ? year : a->year;
    if (a->day[0]) {
        return 0;
    }
    if (a->year == year) {
        memcpy(a->day, today, sizeof(a->day));
    } else {
        char day[40];
        (void)snprintf(day, sizeof(day), "%04" PRId64 "-%s",
                       a->year > year ? a->year : a->year + 1,
                       a->year > year ? "07-01" : "06-30");
        memcpy(a->day, day, BW_DATE_LEN);
        a->day[BW_DATE_LEN] = '\0';
    }
    return 0;
}

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case 'y': {
        const char *year = optarg + (strncmp(optarg, "FY", 2) == 0 ? 2 : 0);
        return bw_cli_int(v, "--year", year, 1998, 2199, &a->year);
    }
    case 'o':
        if (!bw_date_valid(optarg)) {
            return bw_cli_usage(v, "--on is a day, 2026-11-23, not '%s'", optarg);
        }
        memcpy(a->day, optarg, sizeof(a->day));
        return 0;
    case 'z':
        a->zone = optarg;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

static int show(const struct asked *a)
{
    const struct bw_verb *v = &bw_verb_claim_district;
    struct bw_docket d = {.catalogue = NULL};
    struct bw_district f = {.n_schools = 0};
    struct bw_err err = {.text = "no memory"};
    char host[64];
    struct bw_tz *tz = NULL;
    bw_tz_host_name(host, sizeof(host));
    int status = bw_docket_open(v, &a->docket, false, &d);
    if (status == 0 && bw_tz_load(a->zone ? a->zone : host, &tz, &err) < 0) {
        status = bw_cli_usage(v, "%s", err.text);
    }
    (void)snprintf(f.number, sizeof(f.number), "%s", a->number);
    if (status == 0 && d.catalogue &&
        bw_districts_read(d.catalogue, &f, 1, a->year, a->day, tz, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    } else if (status == 0 && f.claimed.n == 0) {
        status = bw_cli_failed(v, "no claim of FY%" PRId64 " has to do with %s", a->year,
                               a->number);
    } else if (status == 0 && a->json) {
        json(&f);
    } else if (status == 0) {
        text(&f);
    }
    bw_district_done(&f);
    bw_tz_free(tz);
    bw_docket_close(&d);
    return bw_cli_flush(v, status);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"year", required_argument, NULL, 'y'},
        {"on", required_argument, NULL, 'o'},
        {"tz", required_argument, NULL, 'z'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_claim_district;
    struct asked a = {.year = BW_UNKNOWN};
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, &a);
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc || strlen(argv[optind]) > BW_NUMBER_MAX ||
        argv[optind][strspn(argv[optind], "0123456789")] != '\0') {
        return bw_cli_usage(v, "give one Billed Entity Number");
    }
    a.number = argv[optind];
    int r = settle_day(v, &a);
    if (r != 0) {
        return r;
    }
    if (!bw_claimed_day_in_year(a.day, a.year)) {
        return bw_cli_usage(v, "%s is not in FY%" PRId64 " (1 July to 30 June)", a.day,
                            a.year);
    }
    return show(&a);
}

const struct bw_verb bw_verb_claim_district = {
    .name = "claim district",
    .summary = "show the bandwidth that a district claims, with the arithmetic",
    .help =
        "[OPTION]... BEN\n"
        "\n"
        "By the claims that were imported: the sum of its Internet lines; where Internet "
        "and\n"
        "its transport are billed apart, the lesser of the two. Every line is shown with "
        "what\n"
        "it adds, or why it is not counted. A line that perhaps belongs to it but cannot "
        "be\n"
        "counted (its purpose says nothing, somebody else pays for it) makes the sum \"at\n"
        "least\". Lines between sites and requests that were denied do not count.\n"
        "\n"
        "  --year FY2026  funding year (the one that runs)\n"
        "  --on DAY       a day of it, 2026-11-23: each claim as it stood then (today, "
        "else "
        "the\n"
        "                 first or last day of the year)\n"
        "  --tz ZONE      where it is what day (this machine's)\n"
        "  --json         one JSON object, the same rows\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown, 1 there is no claim of it or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness claim district 123456 --year FY2026\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_match.c - which claims could be about which measured circuits, with reasons
 * and doubts. It only proposes. */
#include "circuit_known.h"
#include "claim_lines.h"
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <json.h>
#include <match.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct bw_verb bw_verb_claim_match;

enum {
    OUT_MAX = 64 * 1024 * 1024,
    SHOWN_MAX = 20,
    DAYS = 28
};

struct asked {
    struct bw_docket_asked docket;
    const char *circuit;
    const char *zone;
    int64_t year;
    int64_t days;
    int64_t shown;
    bool all;
    bool json;
};

/* What recipients of one claim are called. */
struct named {
    char **names;
    size_t n_names;
    size_t cap_names;
    const char **numbers; /* lent by the claim */
    size_t n_numbers;
    size_t cap_numbers;
};

struct proposal {
    size_t row;
    struct bw_match match;
};

struct work {
    const struct asked *asked;
    const struct bw_docket *docket;
    struct claim_lines lines;
    struct named *named; /* beside lines.rows */
    struct bw_buf text;
    struct bw_jw w;
    size_t n_circuits;
    size_t n_left; /* bound already */
    size_t n_without;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"year", required_argument, NULL, 'y'},
        {"tz", required_argument, NULL, 'z'},
        {"days", required_argument, NULL, 'd'},
        {"shown", required_argument, NULL, 'n'},
        {"all", no_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_claim_match;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        switch (o) {
        case 'y':
            r = claim_lines_year(v, optarg, &a->year);
            break;
        case 'z':
            a->zone = optarg;
            break;
        case 'd':
            r = bw_cli_int(v, "--days", optarg, 0, 400, &a->days);
            break;
        case 'n':
            r = bw_cli_int(v, "--shown", optarg, 1, SHOWN_MAX, &a->shown);
            break;
        case 'a':
            a->all = true;
            break;
        case 'j':
            a->json = true;
            break;
        default:
            r = bw_docket_asked_take(v, o, &a->docket);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind + 1]);
    }
    a->circuit = optind < argc ? argv[optind] : NULL;
    return 0;
}

/* ---- names of recipients -------------------------------------------------------- */

static int take_name(void *owner, const struct bw_said *said)
{
    char *name = owner;
    struct bw_entityline e;
    if (said->statement->body &&
        bw_entityline_decode(said->statement->body, said->statement->n_body, &e, NULL) ==
            0) {
        (void)snprintf(name, sizeof(e.name), "%s", e.name);
    }
    return 0;
}

static int add_number(struct named *n, const char *number)
{
    void *room =
        bw_grow((void *)n->numbers, n->n_numbers, &n->cap_numbers, sizeof(*n->numbers));
    if (!room) {
        return -ENOMEM;
    }
    n->numbers = room;
    n->numbers[n->n_numbers++] = number;
    return 0;
}

static int add_name(struct named *n, const char *name)
{
    void *room = bw_grow(n->names, n->n_names, &n->cap_names, sizeof(*n->names));
    if (!room) {
        return -ENOMEM;
    }
    n->names = room;
    n->names[n->n_names] = bw_copy_text(name);
    if (!n->names[n->n_names]) {
        return -ENOMEM;
    }
    n->n_names++;
    return 0;
}

static int name_one(struct work *w, size_t i, struct bw_err *reterr)
{
    const struct bw_numbers *list = &w->lines.rows[i].line.recipients;
    struct named *n = &w->named[i];
    for (size_t k = 0; k < list->n; k++) {
        char about[32];
        char name[sizeof(((struct bw_entityline *)NULL)->name)] = "";
        (void)snprintf(about, sizeof(about), "ben:%s", list->text[k]);
        int r = bw_docket_each(w->docket,
                               &(struct bw_said_query){.kind = "entity", .about = about},
                               take_name, name, reterr);
        if (r < 0) {
            return r;
        }
        if (add_number(n, list->text[k]) < 0 || (name[0] && add_name(n, name) < 0)) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
    }
    return 0;
}

static int name_all(struct work *w, struct bw_err *reterr)
{
    int r = 0;
    w->named = calloc(w->lines.n + 1, sizeof(*w->named));
    if (!w->named) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < w->lines.n; i++) {
        r = name_one(w, i, reterr);
    }
    return r;
}

static void free_names(struct work *w)
{
    for (size_t i = 0; w->named && i < w->lines.n; i++) {
        for (size_t k = 0; k < w->named[i].n_names; k++) {
            free(w->named[i].names[k]);
        }
        free(w->named[i].names);
        free((void *)w->named[i].numbers);
    }
    free(w->named);
}

/* ---- one circuit ---------------------------------------------------------------- */

static bool bound_to(const struct claim_row *row, const char *circuit)
{
    for (size_t i = 0; i < row->n_bound; i++) {
        if (strcmp(row->bound[i], circuit) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_bound(const struct work *w, const char *circuit)
{
    for (size_t i = 0; i < w->lines.n; i++) {
        if (bound_to(&w->lines.rows[i], circuit)) {
            return true;
        }
    }
    return false;
}

/* Into the list by points; the one with fewest falls out at its end. */
static void insert(struct proposal *list, size_t *n, size_t max, const struct proposal *p)
{
    size_t at = *n;
    while (at > 0 && list[at - 1].match.points < p->match.points) {
        at--;
    }
    if (at >= max) {
        return;
    }
    size_t end = *n < max ? (*n)++ : max - 1;
    memmove(&list[at + 1], &list[at], (end - at) * sizeof(*list));
    list[at] = *p;
}

static size_t
propose(const struct work *w, const struct circuit_known *k, struct proposal *list)
{
    struct bw_match_circuit circuit = circuit_known_judged(k);
    size_t n = 0;
    for (size_t i = 0; i < w->lines.n; i++) {
        const struct claim_row *row = &w->lines.rows[i];
        struct proposal p = {.row = i};
        int64_t quantity = BW_UNKNOWN;
        bool mine = bound_to(row, k->name);
        if (bw_claimline_void(&row->line) || mine) {
            continue;
        }
        if (row->line.quantity.n == BW_UNKNOWN ||
            bw_decimal_whole(&row->line.quantity, 1, &quantity) < 0) {
            quantity = BW_UNKNOWN;
        }
        struct bw_match_claim claim = {.payer_name = row->line.payer_name,
                                       .names = (const char *const *)w->named[i].names,
                                       .n_names = w->named[i].n_names,
                                       .numbers = w->named[i].numbers,
                                       .n_numbers = w->named[i].n_numbers,
                                       .down_bps = row->line.down.bps,
                                       .role = row->line.role,
                                       .quantity = quantity,
                                       .provider = row->line.provider,
                                       .spin = row->line.spin,
                                       .n_bound = (int64_t)row->n_bound};
        bw_match_judge(&circuit, &claim, &p.match);
        if (p.match.points >= BW_MATCH_WORTH) {
            insert(list, &n, (size_t)w->asked->shown, &p);
        }
    }
    return n;
}

static void print(const struct work *w,
                  const struct circuit_known *k,
                  const struct proposal *list,
                  size_t n)
{
    const char *other = "";
    char speed[64];
    (void)printf("%s  %s%s%s", k->name, k->site_name, k->entity_name[0] ? ", " : "",
                 k->entity_name);
    if (k->tested_bps != BW_UNKNOWN) {
        (void)printf("  (%lld tests, median %.10g Mbit/s goodput)", (long long)k->n_tests,
                     (double)k->tested_bps / 1e6);
    }
    (void)putchar('\n');
    for (size_t i = 0; i < w->lines.n; i++) {
        if (bound_to(&w->lines.rows[i], k->name)) {
            (void)printf("       bound to %s already\n", w->lines.rows[i].about);
            other = " other";
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct claim_row *row = &w->lines.rows[list[i].row];
        (void)printf("  %3d  %s  %s  %s, %s\n", list[i].match.points, row->about,
                     claim_lines_speed(&row->line.down, speed), row->line.provider,
                     row->line.payer_name);
        for (size_t j = 0; j < list[i].match.n_reasons; j++) {
            (void)printf("       + %s\n", list[i].match.reasons[j]);
        }
        for (size_t j = 0; j < list[i].match.n_doubts; j++) {
            (void)printf("       ? %s\n", list[i].match.doubts[j]);
        }
    }
    if (n == 0) {
        (void)printf("       no%s claim on file speaks for it\n", other);
    }
}

static void
add_said(struct bw_jw *w, const char *name, char list[][BW_MATCH_TEXT_MAX + 1], size_t n)
{
    bw_jw_karr(w, name);
    for (size_t i = 0; i < n; i++) {
        bw_jw_str(w, list[i]);
    }
    bw_jw_arr_end(w);
}

static void
add_json(struct work *work, const struct circuit_known *k, struct proposal *list, size_t n)
{
    struct bw_jw *w = &work->w;
    bw_jw_obj(w);
    bw_jw_kstr(w, "circuit", k->name);
    bw_jw_kstr(w, "site_name", k->site_name[0] ? k->site_name : NULL);
    bw_jw_kstr(w, "entity", k->entity_id[0] ? k->entity_id : NULL);
    bw_jw_kstr(w, "entity_name", k->entity_name[0] ? k->entity_name : NULL);
    bw_jw_ki64(w, "link_bps", k->link_bps);
    bw_jw_ki64(w, "tested_goodput_median_bps", k->tested_bps);
    bw_jw_ki64(w, "carried_max_bps", k->carried_bps);
    bw_jw_ki64(w, "written_down_bps", k->written_bps);
    bw_jw_kstr(w, "method", "claim-match/1");
    bw_jw_karr(w, "proposals");
    for (size_t i = 0; i < n; i++) {
        const struct claim_row *row = &work->lines.rows[list[i].row];
        bw_jw_obj(w);
        bw_jw_kstr(w, "claim", row->about);
        bw_jw_kstr(w, "id", row->id);
        bw_jw_ki64(w, "points", list[i].match.points);
        add_said(w, "reasons", list[i].match.reasons, list[i].match.n_reasons);
        add_said(w, "doubts", list[i].match.doubts, list[i].match.n_doubts);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static int on_circuit(void *owner, const struct circuit_known *k)
{
    struct work *w = owner;
    struct proposal *list = NULL;
    size_t n;
    w->n_circuits++;
    if (!w->asked->all && !w->asked->circuit && is_bound(w, k->name)) {
        w->n_left++;
        return 0;
    }
    list = calloc(SHOWN_MAX + 1, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    n = propose(w, k, list);
    w->n_without += n == 0;
    if (w->asked->json) {
        add_json(w, k, list, n);
    } else {
        print(w, k, list, n);
    }
    free(list);
    return bw_buf_error(&w->text);
}

/* ---- the verb ------------------------------------------------------------------- */

static int work(const struct bw_verb *v, struct asked *a, struct bw_docket *d)
{
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1];
    struct bw_err err = {.text = ""};
    struct work w = {.asked = a, .docket = d};
    int r = 0;
    int status =
        a->circuit ? bw_docket_circuit(v, d, a->circuit, true, circuit) : BW_EXIT_OK;
    if (status != 0) {
        return status;
    }
    bw_buf_init(&w.text, OUT_MAX);
    bw_jw_init(&w.w, &w.text);
    bw_jw_arr(&w.w);
    r = claim_lines_read(d, a->year, &w.lines, &err);
    if (r == 0 && w.lines.n == 0) {
        r = bw_err_set(&err, -ENOENT,
                       "no claim of FY%lld is on file; `bandwitness import` brings them "
                       "in, --year names another",
                       (long long)a->year);
    }
    r = r < 0 ? r : name_all(&w, &err);
    r = r < 0 ? r
              : circuit_known_each(d, a->circuit ? circuit : NULL, a->days, on_circuit, &w,
                                   &err);
    bw_jw_arr_end(&w.w);
    r = r < 0 ? r : bw_buf_error(&w.text);
    if (r < 0) {
        status = bw_cli_failed(v, "%s", err.text[0] ? err.text : bw_strerror(r));
    } else if (a->json) {
        (void)printf("%s\n", w.text.data);
    } else if (w.n_left > 0) {
        (void)fprintf(stderr, "%zu of %zu circuits are bound to a claim already (--all).\n",
                      w.n_left, w.n_circuits);
    }
    free_names(&w);
    claim_lines_done(&w.lines);
    bw_buf_done(&w.text);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_claim_match;
    struct asked a = {.year = BW_UNKNOWN, .days = DAYS, .shown = 3};
    struct bw_docket d = {.catalogue = NULL};
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, false, &d);
    if (status == 0) {
        char day[BW_DATE_LEN + 1];
        int64_t year;
        status = claim_lines_today(v, a.zone, d.now_unix_ms / 1000, day, &year);
        a.year = a.year == BW_UNKNOWN && status == 0 ? year : a.year;
        status = status != 0 ? status : work(v, &a, &d);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_claim_match = {
    .name = "claim match",
    .summary = "propose which claims are about which measured circuits",
    .help =
        "[OPTION]... [CIRCUIT]\n"
        "\n"
        "For each circuit without a claim bound to it: the claims that could be about it,\n"
        "with what speaks for each (+) and what makes it doubtful (?): names of place and\n"
        "recipients, entity numbers, provider, speed against the port and the tests. The\n"
        "points, 0 to 100, are no probability (docs/binding-v1.md). Nothing is bound by\n"
        "this: that a person does (bandwitness claim confirm).\n"
        "\n"
        "  --year FY2026      claims of this funding year (the present one)\n"
        "  --tz ZONE          where it is what day (this machine's)\n"
        "  --days N           so many days of records before the last are looked at (28);\n"
        "                     0: none\n"
        "  --shown N          at most so many claims a circuit (3)\n"
        "  --all              circuits that are bound already as well\n"
        "  --json             one JSON array\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown, 1 there are no claims or no such circuit, or it failed,\n"
        "2 wrong usage.\n"
        "\n"
        "Example: bandwitness claim match --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

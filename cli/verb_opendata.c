/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_opendata.c - `bandwitness opendata`: what of a district's days is published, and
 * saying that it shall be. */
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <errno.h>
#include <json.h>
#include <opendata.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_opendata;

enum what {
    REVIEW,
    APPROVE,
    HOLD,
    STANDING,
    WITHDRAW,
    WHATS
};
static const char *const whats[] = {"review", "approve", "hold", "standing", "withdraw"};

enum asked_option {
    OPT_ENTITY = 'e',
    OPT_FROM = 'f',
    OPT_TO = 't',
    OPT_REASON = 'r',
    OPT_ROWS = 'o',
    OPT_JSON = 'j'
};

struct asked {
    struct bw_docket_asked docket;
    enum what what;
    const char *entity;
    const char *from;
    const char *to;
    const char *reason;
    const char *id;
    bool rows;
    bool json;
    int64_t from_day; /* unknown: not given */
    int64_t to_day;
};

static int take(struct asked *a, int o)
{
    switch (o) {
    case OPT_ENTITY:
        a->entity = optarg;
        return 0;
    case OPT_FROM:
        a->from = optarg;
        return 0;
    case OPT_TO:
        a->to = optarg;
        return 0;
    case OPT_REASON:
        a->reason = optarg;
        return bw_cli_label(&bw_verb_opendata, "--reason", optarg, BW_OPENDATA_REASON_MAX);
    case OPT_ROWS:
        a->rows = true;
        return 0;
    case OPT_JSON:
        a->json = true;
        return 0;
    default:
        return bw_docket_asked_take(&bw_verb_opendata, o, &a->docket);
    }
}

static int read_day(const char *option, const char *text, int64_t *ret)
{
    *ret = BW_UNKNOWN;
    return text && (strlen(text) != BW_CIVIL_DATE_LEN || bw_civil_date_parse(text, ret) < 0)
               ? bw_cli_usage(&bw_verb_opendata, "%s %s: a day is written as 2026-11-02",
                              option, text)
               : 0;
}

static int check(struct asked *a)
{
    const struct bw_verb *v = &bw_verb_opendata;
    int r = read_day("--from", a->from, &a->from_day);

    r = r ? r : read_day("--to", a->to, &a->to_day);
    if (r) {
        return r;
    }
    if (!a->entity) {
        return bw_cli_usage(v, "whose? --entity ID");
    }
    if (a->what != REVIEW && a->rows) {
        return bw_cli_usage(v, "--rows is for review");
    }
    if (a->what == WITHDRAW && (a->from || a->to || a->reason)) {
        return bw_cli_usage(v, "a withdrawal is of one statement: its id and nothing else");
    }
    if (a->what != REVIEW && a->what != WITHDRAW && !a->from) {
        return bw_cli_usage(v, "from which day on? --from 2026-11-02");
    }
    return a->what == APPROVE && !a->to
               ? bw_cli_usage(v, "up to which day? --to 2026-11-30 (standing has none)")
               : 0;
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {BW_DOCKET_ASKED_OPTIONS,
                                          BW_DOCKET_ASKED_BY,
                                          {"entity", required_argument, NULL, OPT_ENTITY},
                                          {"from", required_argument, NULL, OPT_FROM},
                                          {"to", required_argument, NULL, OPT_TO},
                                          {"reason", required_argument, NULL, OPT_REASON},
                                          {"rows", no_argument, NULL, OPT_ROWS},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_opendata;
    int r = 0;

    a->id = bw_docket_dashed_id(&argc, argv);
    for (int o; r == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        r = take(a, o);
    }
    if (r) {
        return r;
    }
    a->what = WHATS;
    for (int i = 0; optind < argc && i < WHATS; i++) {
        a->what = strcmp(argv[optind], whats[i]) == 0 ? (enum what)i : a->what;
    }
    if (a->what == WHATS) {
        return bw_cli_usage(v, "review, approve, hold, standing or withdraw?");
    }
    if (a->what == WITHDRAW && !a->id && optind + 1 < argc) {
        a->id = argv[++optind];
    }
    if (optind + 1 != argc || (a->what == WITHDRAW) != (a->id != NULL)) {
        return bw_cli_usage(v, a->what == WITHDRAW ? "which statement? its id"
                                                   : "one word is too many");
    }
    return check(a);
}

/* ---- looking ----------------------------------------------------------------------------
 */

static void put_date(struct bw_jw *w, const char *name, int64_t day)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day < 0 ? 0 : day, date);
    bw_jw_kstr(w, name, day == INT64_MAX ? NULL : date);
}

static void json_day(struct bw_jw *w, const struct bw_opendata_group *g)
{
    const struct bw_opendata_verdict *x = &g->verdict;

    bw_jw_obj(w);
    put_date(w, "day", g->day);
    bw_jw_ki64(w, "rows", (int64_t)g->n);
    bw_jw_ki64(w, "not_read_yet", (int64_t)g->n_unfilled);
    bw_jw_kstr(w, "hash", g->hash[0] ? g->hash : NULL);
    bw_jw_kbool(w, "published", g->n > 0 && bw_opendata_is_published(x->state));
    bw_jw_kstr(w, "state", bw_opendata_state_name(x->state));
    bw_jw_kstr(w, "statement", x->by ? x->by->id : NULL);
    bw_jw_ki64(w, "taken_back_s", x->taken ? x->taken_unix_s : BW_UNKNOWN);
    bw_jw_obj_end(w);
}

static void json_said(struct bw_jw *w, const struct bw_opendata_said *s)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", s->id);
    bw_jw_kstr(w, "act", bw_opendata_act_name(s->act));
    put_date(w, "from", s->from_day);
    put_date(w, "to", s->to_day);
    bw_jw_kstr(w, "by", s->by);
    bw_jw_ki64(w, "said_s", s->said_unix_s);
    bw_jw_kstr(w, "reason", s->reason[0] ? s->reason : NULL);
    bw_jw_ki64(w, "ended_s", s->ended_unix_s);
    bw_jw_obj_end(w);
}

static void line_day(const struct bw_opendata_group *g)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(g->day, date);
    (void)printf("%s  %4zu rows  %s%s%s%s\n", date, g->n,
                 g->n_unfilled ? "not all read yet"
                               : bw_opendata_state_name(g->verdict.state),
                 g->verdict.by ? ", said by " : "", g->verdict.by ? g->verdict.by->by : "",
                 g->verdict.taken ? "; taken back" : "");
}

static void line_said(const struct bw_opendata_said *s)
{
    char from[BW_CIVIL_DATE_LEN + 1];
    char to[BW_CIVIL_DATE_LEN + 1];
    char when[32];

    bw_civil_date(s->from_day < 0 ? 0 : s->from_day, from);
    bw_civil_date(s->to_day == INT64_MAX ? 0 : s->to_day, to);
    bw_time_format_s(s->said_unix_s, when);
    (void)printf("%s  %s from %s%s%s by %s, %s%s%s%s\n", s->id,
                 bw_opendata_act_name(s->act), from,
                 s->to_day == INT64_MAX ? " on" : " to ", s->to_day == INT64_MAX ? "" : to,
                 s->by, when, s->reason[0] ? ": " : "", s->reason,
                 s->ended_unix_s != BW_UNKNOWN ? " (withdrawn)" : "");
}

static int review(struct asked *a,
                  struct bw_opendata *o,
                  const struct bw_opendata_district *d,
                  struct bw_err *err)
{
    const struct bw_opendata_said *said = bw_opendata_words(o)->said;
    struct bw_buf out;
    struct bw_jw w;
    int r = 0;

    bw_buf_init(&out, 256 * 1024 * 1024);
    bw_jw_init(&w, &out);
    if (a->rows) {
        bw_opendata_csv_head(&out);
    } else if (a->json) {
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "entity", d->id);
        bw_jw_karr(&w, "days");
    }
    for (int64_t day = a->from_day; r == 0 && day <= a->to_day; day++) {
        struct bw_opendata_group g;
        r = bw_opendata_group(o, d, day, &g, err);
        for (size_t i = 0; r == 0 && a->rows && i < g.n; i++) {
            bw_opendata_csv_row(&out, g.rows[i].place, &g.rows[i].day, true);
        }
        if (r == 0 && !a->rows && a->json) {
            json_day(&w, &g);
        } else if (r == 0 && !a->rows) {
            line_day(&g);
        }
        if (r == 0) {
            bw_opendata_group_done(&g);
        }
    }
    if (a->json && !a->rows) {
        bw_jw_arr_end(&w);
        bw_jw_karr(&w, "said");
    }
    for (size_t i = d->said_first; r == 0 && !a->rows && i < d->said_end; i++) {
        if (a->json) {
            json_said(&w, &said[i]);
        } else {
            line_said(&said[i]);
        }
    }
    if (a->json && !a->rows) {
        bw_jw_arr_end(&w);
        bw_jw_obj_end(&w);
        bw_buf_putc(&out, '\n');
    }
    if (r == 0 && out.len > 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    r = r < 0 ? r : bw_buf_error(&out);
    bw_buf_done(&out);
    return r;
}

/* ---- saying -----------------------------------------------------------------------------
 */

static int say(const struct asked *a,
               const struct bw_docket *d,
               struct bw_opendata *o,
               const struct bw_opendata_district *who,
               char ret_id[BW_HASH_LEN + 1],
               struct bw_err *err)
{
    const struct bw_opendata_saying s = {.district = who,
                                         .act = bw_opendata_act_parse(whats[a->what]),
                                         .from_day = a->from_day,
                                         .to_day = a->to_day == BW_UNKNOWN ? INT64_MAX
                                                                           : a->to_day,
                                         .reason = a->reason ? a->reason : "",
                                         .by = d->by,
                                         .via = "opendata",
                                         .now_unix_ms = d->now_unix_ms};

    if (a->what != WITHDRAW) {
        return bw_opendata_say(o, &s, ret_id, err);
    }
    for (size_t i = who->said_first; i < who->said_end; i++) {
        const char *id = bw_opendata_words(o)->said[i].id;
        if (strcmp(id, a->id) == 0) {
            (void)snprintf(ret_id, BW_HASH_LEN + 1, "%s", id);
            return bw_opendata_withdraw(o, id, d->by, "opendata", d->now_unix_ms, err);
        }
    }
    return bw_err_set(err, -ENOENT, "nobody said %.43s of %s", a->id, who->id);
}

static int go(struct asked *a, struct bw_docket *d, struct bw_opendata *o)
{
    const struct bw_verb *v = &bw_verb_opendata;
    const struct bw_opendata_district *who = bw_opendata_find(o, a->entity);
    struct bw_err err = {""};
    char id[BW_HASH_LEN + 1] = "";
    int r;

    if (!who) {
        return bw_cli_failed(v,
                             "%s is no district with a line on record (nor a school "
                             "without a district)",
                             a->entity);
    }
    if (a->what == REVIEW) {
        int64_t last = bw_opendata_last_day(d->now_unix_ms / 1000);
        a->to_day = a->to_day == BW_UNKNOWN ? last : a->to_day;
        a->from_day = a->from_day == BW_UNKNOWN ? a->to_day - 13 : a->from_day;
        if (a->to_day - a->from_day > 400) {
            return bw_cli_usage(v, "at most 400 days at once");
        }
        r = review(a, o, who, &err);
        return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
    }
    r = say(a, d, o, who, id, &err);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    if (a->json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else {
        (void)printf("%s  %s, said by %s%s\n", id, whats[a->what], d->by,
                     a->what == HOLD || a->what == WITHDRAW
                         ? "; files are without these rows within half a minute, copies of "
                           "others stay"
                         : "");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_opendata;
    struct asked a = {.json = false};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_opendata *o = NULL;
    struct bw_err err = {""};
    char path[PATH_MAX + 16];
    int status = read_options(argc, argv, &a);

    if (status) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, a.what != REVIEW, &d);
    if (status == 0 && (!d.of_collector || !d.catalogue)) {
        status = bw_cli_failed(v, "%s is no collector's folder (--ledger)", d.folder);
    }
    if (status == 0) {
        (void)snprintf(path, sizeof(path), "%s/room.db", d.folder);
        if (bw_opendata_open(d.catalogue, path, &o, &err) < 0) {
            status = bw_cli_failed(v, "%s", err.text);
        }
    }
    status = status ? status : go(&a, &d, o);
    bw_opendata_close(o);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_opendata = {
    .name = "opendata",
    .summary = "review of what a collector publishes of a district",
    .help =
        "review --entity ID [--from DAY] [--to DAY] [--rows|--json] [WHERE]\n"
        "       bandwitness opendata approve --entity ID --from DAY --to DAY [OPTION]...\n"
        "       bandwitness opendata hold --entity ID --from DAY [--to DAY] --reason TEXT\n"
        "       bandwitness opendata standing --entity ID --from DAY [--to DAY] "
        "[OPTION]...\n"
        "       bandwitness opendata withdraw --entity ID STATEMENT [OPTION]...\n"
        "\n"
        "At a collector: what of a district's days stands in the files at /open-data\n"
        "(docs/open-data-v1.md), and the words by which it does. Nothing is published\n"
        "without one. ID is a district's, or a school's without a district.\n"
        "\n"
        "  review                 days, what holds of each, and what was said\n"
        "  approve                these days, with the rows that they have now\n"
        "  hold                   none of these days; stronger than a standing approval\n"
        "  standing               every day from then on, once it is old enough\n"
        "  withdraw               one of these is good no longer\n"
        "  --from DAY, --to DAY   local days, both included; review: the last 14 that may "
        "be\n"
        "                         published; hold and standing without --to: from then on\n"
        "  --reason TEXT          on record, and not public\n"
        "  --rows                 the rows themselves as they would be published (CSV)\n"
        "  --json                 for programs\n" BW_DOCKET_ASKED_BY_HELP
            BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown or kept, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness opendata review --entity alder-valley --rows \\\n"
        "    --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

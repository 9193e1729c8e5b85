/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_queue_weights.c - `bandwitness queue weights`: by what the state's support queue
 * weighs need, and saying so anew. */
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <json.h>
#include <limits.h>
#include <queueweights.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_queue_weights;

/* How a part's figures are typed and shown. */
static const struct {
    const char *unit;
    const char *words;
    int64_t scale;
} ways[BW_QUEUE_PARTS] = {
    [BW_QUEUE_FULL] = {"%", "of class hours with the line full", 10000},
    [BW_QUEUE_STUDENTS] = {"kbit/s", "claimed for each student", 1000},
    [BW_QUEUE_OUTAGE] = {"min", "out in class hours", 60},
    [BW_QUEUE_LATENCY] = {"ms", "round trip while tests fill the line", 1000},
};

struct asked {
    struct bw_docket_asked docket;
    const char *weight[BW_QUEUE_PARTS];
    const char *points[BW_QUEUE_PARTS]; /* "TARGET:LIMIT" */
    const char *enough;
    const char *small_school;
    const char *small_district;
    const char *text;
    bool usual;
    bool any; /* something was to be set */
    bool json;
};

enum asked_option {
    OPT_WEIGHT = 'w',
    OPT_POINTS = 'p',
    OPT_ENOUGH = 'e',
    OPT_SCHOOL = 's',
    OPT_DISTRICT = 'd',
    OPT_TEXT = 'x',
    OPT_USUAL = 'u',
    OPT_JSON = 'j'
};

/* "full=40" into the list at its part. */
static int take_part(const char *option, const char *text, const char **list)
{
    const char *eq = strchr(text, '=');
    enum bw_queue_part p =
        eq ? bw_queue_part_parse(text, (size_t)(eq - text)) : BW_QUEUE_PARTS;

    if (p == BW_QUEUE_PARTS) {
        return bw_cli_usage(&bw_verb_queue_weights,
                            "%s %s: it is PART=…, and parts are full, students, outage, "
                            "latency",
                            option, text);
    }
    list[p] = eq + 1;
    return 0;
}

static int take_set(int o, struct asked *a)
{
    a->any = true;
    switch (o) {
    case OPT_WEIGHT:
        return take_part("--weight", optarg, a->weight);
    case OPT_POINTS:
        return take_part("--points", optarg, a->points);
    case OPT_ENOUGH:
        a->enough = optarg;
        return 0;
    case OPT_SCHOOL:
        a->small_school = optarg;
        return 0;
    case OPT_DISTRICT:
        a->small_district = optarg;
        return 0;
    case OPT_TEXT:
        a->text = optarg;
        return bw_cli_label(&bw_verb_queue_weights, "--text", optarg, BW_QUEUE_TEXT_MAX);
    default:
        a->usual = true;
        return 0;
    }
}

static int read_options(int argc, char **argv, struct asked *a, bool *ret_set)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {"weight", required_argument, NULL, OPT_WEIGHT},
        {"points", required_argument, NULL, OPT_POINTS},
        {"enough", required_argument, NULL, OPT_ENOUGH},
        {"small-school", required_argument, NULL, OPT_SCHOOL},
        {"small-district", required_argument, NULL, OPT_DISTRICT},
        {"text", required_argument, NULL, OPT_TEXT},
        {"usual", no_argument, NULL, OPT_USUAL},
        {"json", no_argument, NULL, OPT_JSON},
        {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_queue_weights;
    int r = 0;

    for (int o; r == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == OPT_JSON) {
            a->json = true;
        } else if (o == '?' || o >= BW_DOCKET_OPT_STATE) {
            r = bw_docket_asked_take(v, o, &a->docket);
        } else {
            r = take_set(o, a);
        }
    }
    if (r != 0) {
        return r;
    }
    if (optind + 1 != argc ||
        (strcmp(argv[optind], "show") != 0 && strcmp(argv[optind], "set") != 0)) {
        return bw_cli_usage(v, "show or set?");
    }
    *ret_set = strcmp(argv[optind], "set") == 0;
    if (*ret_set && !a->any) {
        return bw_cli_usage(v, "what shall be set? --weight, --points, …");
    }
    return !*ret_set && (a->any || a->docket.by) ? bw_cli_usage(v, "show sets nothing") : 0;
}

/* ---- figures ----------------------------------------------------------------------------
 */

/* A whole number up to `end` (a character), times scale. */
static int read_number(const char *option,
                       const char *text,
                       char end,
                       int64_t scale,
                       const char **ret_rest,
                       int64_t *ret)
{
    char *rest = NULL;

    errno = 0;
    long long n = strtoll(text, &rest, 10);
    if (rest == text || *rest != end || errno || n < 0 || n > INT64_MAX / scale ||
        *text < '0' || *text > '9') {
        return bw_cli_usage(&bw_verb_queue_weights, "%s: \"%s\" is not what it takes",
                            option, text);
    }
    *ret = n * scale;
    if (ret_rest) {
        *ret_rest = rest + 1;
    }
    return 0;
}

static int apply(const struct asked *a, struct bw_queue_weights *w)
{
    int r = 0;

    if (a->usual) {
        bw_queue_weights_usual(w);
    }
    for (int p = 0; r == 0 && p < BW_QUEUE_PARTS; p++) {
        const char *rest = a->points[p];
        struct bw_queue_rule *rule = &w->part[p];
        r = a->weight[p]
                ? read_number("--weight", a->weight[p], '\0', 1, NULL, &rule->weight)
                : 0;
        if (r == 0 && rest) {
            r = read_number("--points", rest, ':', ways[p].scale, &rest, &rule->target);
            r = r ? r
                  : read_number("--points", rest, '\0', ways[p].scale, NULL, &rule->limit);
        }
    }
    if (r == 0 && a->enough) {
        r = read_number("--enough", a->enough, '\0', 1, NULL, &w->enough);
    }
    if (r == 0 && a->small_school) {
        r = read_number("--small-school", a->small_school, '\0', 1, NULL, &w->small_school);
    }
    if (r == 0 && a->small_district) {
        r = read_number("--small-district", a->small_district, '\0', 1, NULL,
                        &w->small_district);
    }
    if (r == 0) {
        (void)snprintf(w->text, sizeof(w->text), "%s", a->text ? a->text : "");
    }
    return r;
}

/* ---- show -------------------------------------------------------------------------------
 */

static void show_json(const struct bw_queue_said *s)
{
    struct bw_buf out;
    struct bw_err err = {""};

    bw_buf_init(&out, BW_STATEMENT_MAX);
    if (bw_fields_encode(bw_queue_weights_fields, bw_queue_weights_n_fields, &s->weights,
                         &out, &err) == 0) {
        struct bw_buf head;
        struct bw_jw w;
        bw_buf_init(&head, BW_STATEMENT_MAX);
        bw_jw_init(&w, &head);
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "method", BW_QUEUE_METHOD);
        bw_jw_kbool(&w, "usual", s->usual);
        bw_jw_kstr(&w, "id", s->id[0] ? s->id : NULL);
        bw_jw_kstr(&w, "by", s->by[0] ? s->by : NULL);
        bw_jw_ki64(&w, "said_s", s->said_unix_s);
        bw_jw_key(&w, "weights");
        bw_jw_raw(&w, out.data, out.len);
        bw_jw_obj_end(&w);
        (void)printf("%s\n", head.data ? head.data : "");
        bw_buf_done(&head);
    }
    bw_buf_done(&out);
}

static void show_lines(const struct bw_queue_said *s)
{
    const struct bw_queue_weights *w = &s->weights;
    char when[32];

    if (s->usual) {
        (void)printf("the usual ones; nobody said others (%s)\n", BW_QUEUE_METHOD);
    } else {
        bw_time_format_s(s->said_unix_s, when);
        (void)printf("said by %s on %s (%s, statement %.8s)%s%s\n", s->by, when,
                     BW_QUEUE_METHOD, s->id, w->text[0] ? ": " : "", w->text);
    }
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const struct bw_queue_rule *r = &w->part[p];
        (void)printf("  %-8s  weight %3lld  0 points at %lld %s, 100 at %lld %s  %s\n",
                     bw_queue_part_name((enum bw_queue_part)p), (long long)r->weight,
                     (long long)(r->target / ways[p].scale), ways[p].unit,
                     (long long)(r->limit / ways[p].scale), ways[p].unit, ways[p].words);
    }
    (void)printf("  ranked from a known weight of %lld on; small: schools under %lld "
                 "students, districts under %lld\n",
                 (long long)w->enough, (long long)w->small_school,
                 (long long)w->small_district);
}

/* ---- set --------------------------------------------------------------------------------
 */

struct current {
    struct bw_statement *to;
};

static int take_current(void *owner, const struct bw_said *said)
{
    struct current *c = owner;

    if (c->to->n_replaces < BW_STATEMENT_REPLACES_MAX) {
        memcpy(c->to->replaces[c->to->n_replaces++], said->id, sizeof(c->to->replaces[0]));
    }
    return 0;
}

static int
set(const struct asked *a, struct bw_docket *d, struct bw_queue_weights *w, char *ret_id)
{
    const struct bw_verb *v = &bw_verb_queue_weights;
    const struct bw_said_query q = {.kind = BW_QUEUE_WORD, .about = BW_QUEUE_ABOUT};
    struct bw_statement s;
    struct bw_err err = {""};
    struct bw_buf body;
    int r = apply(a, w);

    if (r != 0) {
        return r;
    }
    if (bw_queue_weights_check(w, &err) < 0) {
        return bw_cli_usage(v, "%s", err.text);
    }
    bw_docket_begin(v, d, BW_STATEMENT_OTHER, &s);
    (void)snprintf(s.word, sizeof(s.word), "%s", BW_QUEUE_WORD);
    (void)snprintf(s.about, sizeof(s.about), "%s", BW_QUEUE_ABOUT);
    bw_buf_init(&body, BW_STATEMENT_MAX);
    r = bw_docket_each(d, &q, take_current, &(struct current){&s}, &err);
    r = r < 0 ? r
              : bw_fields_encode(bw_queue_weights_fields, bw_queue_weights_n_fields, w,
                                 &body, &err);
    r = r < 0 ? r : bw_docket_say(d, &s, &body, ret_id, &err);
    bw_buf_done(&body);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_queue_weights;
    struct asked a = {.json = false};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_queue_said said;
    struct bw_err err = {""};
    char id[BW_HASH_LEN + 1] = "";
    bool setting = false;
    int status = read_options(argc, argv, &a, &setting);

    if (status) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, setting, &d);
    if (status == 0 && !d.of_collector) {
        status = bw_cli_failed(v, "%s is a box's; the queue is the collector's (--ledger)",
                               d.folder);
    }
    if (status == 0 && bw_queue_weights_read(d.catalogue, &said, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && setting) {
        status = set(&a, &d, &said.weights, id);
    }
    if (status == 0 && setting) {
        if (a.json) {
            (void)printf("{\"id\":\"%s\"}\n", id);
        } else {
            (void)printf("%s  weights of the queue, said by %s\n", id, d.by);
        }
    } else if (status == 0 && a.json) {
        show_json(&said);
    } else if (status == 0) {
        show_lines(&said);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_queue_weights = {
    .name = "queue weights",
    .summary = "by what the support queue weighs need",
    .help =
        "show [--json] [WHERE]\n"
        "       bandwitness queue weights set [OPTION]... [--by NAME] [WHERE]\n"
        "\n"
        "At a collector: the weights of its page /queue, with who said them and when; or\n"
        "other ones, in place of those. What is not named stays as it is. PART is full,\n"
        "students, outage or latency; weights are 100 together (docs/queue.md).\n"
        "\n"
        "  --weight PART=N        its weight\n"
        "  --points PART=A:B      no points at A or better, 100 at B or worse: full in %,\n"
        "                         students in kbit/s each, outage in min, latency in ms\n"
        "  --enough N             known weight from which somebody is ranked\n"
        "  --small-school N       fewer students than N: small; 0: none is\n"
        "  --small-district N     likewise\n"
        "  --usual                begin with the usual ones\n"
        "  --text TEXT            why, or by which decision\n"
        "  --json                 {\"id\":…}, or all that show "
        "tells\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown or kept, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness queue weights set --ledger /var/lib/bandwitness-collector \\\n"
        "    --weight full=25 --weight students=40 --points students=2000:0\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_annotate.c - what somebody knows of a circuit in a stretch of time. It is said and
 * kept; no record is touched. */
#include "annotation.h"
#include "cli.h"
#include "docket_asked.h"
#include "saying.h"
#include "span_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_annotate;

struct asked {
    struct bw_docket_asked docket;
    struct bw_span_asked span;
    const char *circuit;
    const char *text;
    struct saying_asked saying;
    struct bw_annotation annotation;
};

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case 'c':
        return bw_cause_parse(optarg, &a->annotation.cause) == 0
                   ? 0
                   : bw_cli_usage(v,
                                  "--cause is power, planned, school, provider, weather or "
                                  "other, not '%s'",
                                  optarg);
    case 'x':
        a->text = optarg;
        return bw_cli_label(v, "--text", optarg, BW_ANNOTATION_TEXT_MAX);
    case 'e':
        a->annotation.exclude = 1;
        return 0;
    default:
        return saying_take(o, &a->saying) || bw_span_asked_take(o, &a->span)
                   ? 0
                   : bw_docket_asked_take(v, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        SAYING_OPTIONS,
        BW_SPAN_ASKED_TIMES,
        {"cause", required_argument, NULL, 'c'},
        {"text", required_argument, NULL, 'x'},
        {"exclude", no_argument, NULL, 'e'},
        SAYING_UNSEEN,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_annotate;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (a->saying.withdraw) {
        bool more = a->span.from || a->span.to || a->annotation.cause ||
                    a->saying.replaces || a->annotation.exclude != BW_UNKNOWN ||
                    optind < argc;
        return more ? bw_cli_usage(v, "--withdraw ID says all there is, but for --text why")
                    : 0;
    }
    if (bw_docket_circuit_word(v, argc, argv, &a->circuit) != 0) {
        return BW_EXIT_USAGE;
    }
    if (!a->span.from || !a->span.to) {
        return bw_cli_usage(v, "from when to when? --from 2026-11-02T08:00 --to "
                               "2026-11-02T09:30");
    }
    if (a->annotation.cause == BW_CAUSE_UNKNOWN || !a->text) {
        return bw_cli_usage(v, "what is known? --cause power --text 'power cut on Alder "
                               "Road'");
    }
    return 0;
}

/* Times as a school says them: by its own clock. */
static int read_times(const struct bw_verb *v, struct asked *a)
{
    struct bw_annotation *x = &a->annotation;
    int status = bw_span_asked_times(v, &a->span, &x->from_unix_s, &x->to_unix_s);
    return status != 0 ? status
           : x->to_unix_s > x->from_unix_s
               ? 0
               : bw_cli_usage(v, "--to must be later than --from");
}

static int annotate(struct saying *y, const struct asked *a, const char *circuit)
{
    struct bw_err err = {.text = ""};
    struct bw_buf body;
    int status;
    bw_buf_init(&body, BW_STATEMENT_MAX);
    if (bw_annotation_encode(&a->annotation, &body, &err) < 0) {
        status = bw_cli_failed(y->verb, "%s", err.text);
    } else {
        status = saying_of_circuit(y, circuit, a->saying.replaces, "", "", &body);
    }
    bw_buf_done(&body);
    return status;
}

static void tell(const struct asked *a, const struct saying *y)
{
    char from[32];
    char to[32];
    if (!saying_told(y, &a->saying)) {
        bw_time_format_s(a->annotation.from_unix_s, from);
        bw_time_format_s(a->annotation.to_unix_s, to);
        (void)printf("%s  %s to %s, %s%s, by %s\n", y->id, from, to,
                     bw_cause_name((enum bw_cause)a->annotation.cause),
                     a->annotation.exclude == 1 ? ", to be excluded" : "", y->docket->by);
    }
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_annotate;
    struct asked a = {.text = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct saying y = {
        .verb = v, .docket = &d, .kind = BW_STATEMENT_ANNOTATION, .what = "annotation"};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1];
    bw_annotation_init(&a.annotation);
    int status = read_options(argc, argv, &a);
    if (status == 0 && !a.saying.withdraw) {
        (void)snprintf(a.annotation.text, sizeof(a.annotation.text), "%s", a.text);
        status = read_times(v, &a);
    }
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, true, &d);
    if (status == 0 && a.saying.withdraw) {
        status = saying_withdraw(&y, a.saying.withdraw, a.text);
    } else if (status == 0) {
        status = bw_docket_circuit(v, &d, a.circuit, !a.saying.unseen, circuit);
        status = status != 0 ? status : annotate(&y, &a, circuit);
    }
    if (status == 0) {
        tell(&a, &y);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_annotate = {
    .name = "annotate",
    .summary = "write down what is known of a circuit in a stretch of time",
    .help =
        "[OPTION]... --from TIME --to TIME --cause CAUSE --text TEXT CIRCUIT\n"
        "       bandwitness annotate [OPTION]... --withdraw ID [--text WHY]\n"
        "\n"
        "Power was out, work was announced, the school pulled the plug: it stands in "
        "every\n"
        "later report of that time, beside the outages it overlaps, with who said it and\n"
        "when. No record is changed by it. With --exclude that time is left out of the "
        "total\n"
        "of outages where a contract lets it be; the full total stays beside it.\n"
        "\n"
        "CIRCUIT is SITE.CIRCUIT, or at a box the name of its own circuit. Prints the id\n"
        "of what was said (bandwitness statement show).\n"
        "\n"
        "  --from TIME        since when: 2026-11-02, 2026-11-02T08:00 (local) or\n"
        "                     2026-11-02T14:00:00Z\n"
        "  --to TIME          until when (exclusive)\n"
        "  --tz ZONE          whose local time (this machine's)\n"
        "  --cause CAUSE      power, planned, school, provider, weather or other\n"
        "  --text TEXT        in your words; no names of people\n"
        "  --exclude          leave this time out where a clause lets it be\n"
        "  --replaces ID      correct one that was said before\n"
        "  --withdraw ID      one that was said before holds no longer\n"
        "  --unseen           also for a circuit of which there are no records here\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 kept, 1 there is no such circuit or statement, it holds no "
        "longer,\n"
        "or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness annotate wan --from 2026-11-02T08:00 --to 2026-11-02T09:30 \\\n"
        "    --cause power --text 'power cut on Alder Road' --exclude\n",
    .run = run,
};

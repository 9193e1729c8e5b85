/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_campaign_start.c - `bandwitness campaign start`: so many tests on so many days, by a
 * rule. */
#include "box_asked.h"
#include "plural.h"

#include <bw/units.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_campaign_start;

static void print(const json_t *answer)
{
    size_t i;
    const json_t *k;
    char from[64];
    char to[64];
    json_array_foreach(json_object_get(answer, "campaigns"), i, k)
    {
        if (strcmp(box_text(k, "name"), box_text(answer, "name")) != 0) {
            continue;
        }
        int64_t tests = box_number(k, "tests");
        int64_t days = box_number(k, "days");
        (void)printf("%s: %s\n  by %s\n", box_text(k, "name"), box_text(k, "title"),
                     box_text(k, "source"));
        (void)printf("  %" PRId64 " %s of %s \"%s\" on %" PRId64 " %s, %.10s to %s\n",
                     tests, bw_plural(tests, "test", "tests"), box_text(k, "kind"),
                     box_text(k, "probe"), days, bw_plural(days, "day", "days"),
                     box_local(box_number(k, "first_day_s") + 43200, from),
                     box_local(box_number(k, "end_s"), to));
        if (box_text(k, "conditions")[0]) {
            (void)printf("  Holds only while: %s\n", box_text(k, "conditions"));
        }
        (void)printf(
            "  When its tests start the secrets of the days draw; nobody is told.\n");
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"probe", required_argument, NULL, 'p'},  {"from", required_argument, NULL, 'f'},
        {"config", required_argument, NULL, 'c'}, {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},         {0}};
    const struct bw_verb *v = &bw_verb_campaign_start;
    struct box_asked a = {0};
    const char *probe = NULL;
    const char *from = NULL;
    json_t *answer = NULL;
    int status = BW_EXIT_OK;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 'p':
            probe = optarg;
            break;
        case 'f':
            from = optarg;
            break;
        case 'c':
            a.config = optarg;
            break;
        case 's':
            a.socket = optarg;
            break;
        case 'j':
            a.as_json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        return bw_cli_usage(v, "wants one rule; `bandwitness campaign list` names them");
    }
    struct bw_boxconf *c = box_asked_config(v, &a, &status);
    if (!c) {
        return status;
    }
    json_t *request = json_pack("{s:s, s:s, s:s}", "verb", "campaign", "do", "start",
                                "rule", argv[optind]);
    if (request && probe) {
        (void)json_object_set_new(request, "probe", json_string(probe));
    }
    if (request && from) {
        (void)json_object_set_new(request, "day", json_string(from));
    }
    status = box_asked(v, &a, c, request, &answer);
    if (status == BW_EXIT_OK && a.as_json) {
        box_print_json(answer);
    } else if (status == BW_EXIT_OK) {
        print(answer);
    }
    json_decref(answer);
    bw_boxconf_unref(c);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_campaign_start = {
    .name = "campaign start",
    .summary = "test by a rule: so often on so many days",
    .help =
        "RULE [--probe NAME] [--from DAY] [--config FILE] [--socket PATH]\n"
        "                                [--json]\n"
        "\n"
        "Starts a campaign: RULE is a file RULE.conf of the box's campaigns folder. Its "
        "tests\n"
        "are put into equal slots of the rule's hours, one in each; when in its slot a "
        "test\n"
        "starts is drawn by the secret of the day. Every run carries the campaign's name.\n"
        "\n"
        "  --probe NAME   the throughput test that runs it (default: the only one)\n"
        "  --from DAY     first day it may measure, local (default: tomorrow)\n"
        "  --config FILE  the box's configuration (default "
        "/etc/bandwitness/bandwitness.conf)\n"
        "  --socket PATH  control socket (default: as the configuration says)\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "Exit status: 0 it is on, 1 it is not (standard error says why), 2 wrong command\n"
        "line.\n"
        "\n"
        "Example: bandwitness campaign start fcc-caf-speed --from 2026-12-01\n",
    .run = run,
};

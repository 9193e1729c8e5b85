/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_campaign_status.c - `bandwitness campaign status`: how far campaigns are. */
#include "box_asked.h"

#include <bw/units.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_campaign_status;

static void print(const json_t *k)
{
    char at[64];
    (void)printf("%s: %s\n  %s\n  by %s\n", box_text(k, "name"), box_text(k, "state"),
                 box_text(k, "title"), box_text(k, "source"));
    (void)printf("  %s \"%s\", ends %s\n", box_text(k, "kind"), box_text(k, "probe"),
                 box_local(box_number(k, "end_s"), at));
    (void)printf("  %" PRId64 " tests, the slots of %" PRId64 " are over: %" PRId64
                 " measured, %" PRId64 " failed, %" PRId64
                 " left out after being put off, %" PRId64 " missed\n",
                 box_number(k, "tests"), box_number(k, "slots_over"), box_number(k, "done"),
                 box_number(k, "failed"), box_number(k, "given_up"),
                 box_number(k, "missed"));
    if (box_text(k, "conditions")[0]) {
        (void)printf("  Holds only while: %s\n", box_text(k, "conditions"));
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"socket", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    const struct bw_verb *v = &bw_verb_campaign_status;
    struct box_asked a = {0};
    json_t *answer = NULL;
    int status = BW_EXIT_OK;
    size_t i;
    const json_t *k;
    size_t shown = 0;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
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
    if (argc - optind > 1) {
        return bw_cli_usage(v, "one campaign at a time");
    }
    const char *name = optind < argc ? argv[optind] : NULL;
    struct bw_boxconf *c = box_asked_config(v, &a, &status);
    if (!c) {
        return status;
    }
    status = box_asked(v, &a, c, json_pack("{s:s, s:s}", "verb", "campaign", "do", "list"),
                       &answer);
    bw_boxconf_unref(c);
    if (status != BW_EXIT_OK) {
        return status;
    }
    if (a.as_json) {
        box_print_json(answer);
    } else {
        json_array_foreach(json_object_get(answer, "campaigns"), i, k)
        {
            if (!name || strcmp(box_text(k, "name"), name) == 0) {
                (void)printf("%s", shown++ ? "\n" : "");
                print(k);
            }
        }
    }
    json_decref(answer);
    if (name && shown == 0 && !a.as_json) {
        return bw_cli_failed(v, "there is no campaign \"%s\"", name);
    }
    if (shown == 0 && !a.as_json) {
        (void)printf("No campaign was started here.\n");
    }
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_campaign_status = {
    .name = "campaign status",
    .summary = "how far campaigns are",
    .help =
        "[NAME] [--config FILE] [--socket PATH] [--json]\n"
        "\n"
        "Says of a campaign (of all, without NAME) by which rule it runs, how many of its\n"
        "tests were made, failed, left out or missed, and when it ends.\n"
        "\n"
        "  --config FILE  the box's configuration\n"
        "                 (default /etc/bandwitness/bandwitness.conf)\n"
        "  --socket PATH  control socket (default: as the configuration says)\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "Exit status: 0 shown, 1 there is none of that name, or the daemon does not\n"
        "answer, 2 wrong command line.\n"
        "\n"
        "Example: bandwitness campaign status\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_campaign_stop.c - `bandwitness campaign stop`: no more tests of a campaign. */
#include "box_asked.h"

#include <stdio.h>

extern const struct bw_verb bw_verb_campaign_stop;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"socket", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    const struct bw_verb *v = &bw_verb_campaign_stop;
    struct box_asked a = {0};
    json_t *answer = NULL;
    int status = BW_EXIT_OK;
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
    if (argc - optind != 1) {
        return bw_cli_usage(v,
                            "wants one campaign; `bandwitness campaign list` names them");
    }
    struct bw_boxconf *c = box_asked_config(v, &a, &status);
    if (!c) {
        return status;
    }
    status = box_asked(v, &a, c,
                       json_pack("{s:s, s:s, s:s}", "verb", "campaign", "do", "stop",
                                 "name", argv[optind]),
                       &answer);
    if (status == BW_EXIT_OK && a.as_json) {
        box_print_json(answer);
    } else if (status == BW_EXIT_OK) {
        (void)printf("%s: stopped; what it measured stays on record\n", argv[optind]);
    }
    json_decref(answer);
    bw_boxconf_unref(c);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_campaign_stop = {
    .name = "campaign stop",
    .summary = "end a campaign before its last day",
    .help =
        "NAME [--config FILE] [--socket PATH] [--json]\n"
        "\n"
        "No more tests of that campaign are made. Its runs stay on record, and the record\n"
        "shows that the plan ended early.\n"
        "\n"
        "  --config FILE  the box's configuration\n"
        "                 (default /etc/bandwitness/bandwitness.conf)\n"
        "  --socket PATH  control socket (default: as the configuration says)\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "Exit status: 0 stopped, 1 not (standard error says why), 2 wrong command line.\n"
        "\n"
        "Example: bandwitness campaign stop fcc-caf-speed-20261201\n",
    .run = run,
};

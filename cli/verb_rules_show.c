/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_rules_show.c - `bandwitness rules show`: what a rule says, whom it governs, where it
 * stands. */
#include "buf.h"
#include "rules_asked.h"

#include <bw/err.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct bw_verb bw_verb_rules_show;

static int print(const struct bw_evrule *rule, bool as_json)
{
    struct bw_buf out;
    struct bw_jw w;
    int r;

    bw_buf_init(&out, (size_t)1 << 20);
    if (as_json) {
        bw_jw_init(&w, &out);
        bw_evrule_json(rule, &w);
        bw_buf_putc(&out, '\n');
    } else {
        bw_evrule_show(rule, &out);
    }
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r < 0 ? BW_EXIT_FAILED : BW_EXIT_OK;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"rules", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'}, {0}};
    const struct bw_verb *v = &bw_verb_rules_show;
    const char *folder = BW_CLI_RULES;
    struct bw_evrule *rule;
    bool as_json = false;
    int status;
    int o;

    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 'r':
            folder = optarg;
            break;
        case 'j':
            as_json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        return bw_cli_usage(v, "say which rule");
    }
    rule = calloc(1, sizeof(*rule));
    if (!rule) {
        return bw_cli_failed(v, "out of memory");
    }
    status = rules_asked_one(v, folder, argv[optind], rule);
    status = status ? status : print(rule, as_json);
    free(rule);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_rules_show = {
    .name = "rules show",
    .summary = "what a rule says, whom it governs, where it stands",
    .help =
        "[--rules DIR] [--json] RULE|FILE\n"
        "\n"
        "Prints what a rule demands in plain words, whom it governs, what measurements\n"
        "may show by it, its sources with the day on which they were read, and what of\n"
        "it is not in them.\n"
        "\n"
        "  --rules DIR   where rules are (default " BW_CLI_RULES ")\n"
        "  --json        the same for programs\n"
        "\n"
        "Exit status: 0 fine, 1 there is no such rule or it cannot be used, 2 wrong "
        "usage.\n"
        "\n"
        "Example: bandwitness rules show fcc-caf\n",
    .run = run,
};

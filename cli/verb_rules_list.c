/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_rules_list.c - `bandwitness rules list`: the rules by which reports judge. */
#include "buf.h"
#include "rules_asked.h"

#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct bw_verb bw_verb_rules_list;

static int print_json(const struct bw_evrule *list, size_t n)
{
    struct bw_buf out;
    struct bw_jw w;
    int r;

    bw_buf_init(&out, (size_t)4 << 20);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        bw_evrule_json(&list[i], &w);
    }
    bw_jw_arr_end(&w);
    bw_buf_putc(&out, '\n');
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"rules", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'}, {0}};
    const struct bw_verb *v = &bw_verb_rules_list;
    const char *folder = BW_CLI_RULES;
    struct bw_evrule *list = NULL;
    struct bw_err err = {""};
    bool as_json = false;
    size_t n = 0;
    int r = 0;
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
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    r = bw_evrule_folder(folder, &list, &n, &err);
    if (r < 0) {
        return bw_cli_failed(v, "%s%s", err.text,
                             r == -ENOENT ? "; --rules names the folder of rules" : "");
    }
    if (as_json) {
        r = print_json(list, n);
    }
    for (size_t i = 0; i < n && !as_json; i++) {
        (void)printf("%-22s %-11s %s\n", list[i].name, bw_evrule_place_name(list[i].place),
                     list[i].title);
    }
    if (n == 0 && !as_json) {
        (void)printf("no rules in %s\n", folder);
    }
    free(list);
    return bw_cli_flush(v, r < 0 ? BW_EXIT_FAILED : BW_EXIT_OK);
}

const struct bw_verb bw_verb_rules_list = {
    .name = "rules list",
    .summary = "rules by which reports judge",
    .help =
        "[--rules DIR] [--json]\n"
        "\n"
        "Lists the rules: name, what makes it govern a circuit (its contract, the state's\n"
        "adoption of the rule, or nothing: it is for comparison), title.\n"
        "\n"
        "  --rules DIR   their folder (default " BW_CLI_RULES ")\n"
        "  --json        all that is said of them\n"
        "\n"
        "Exit status: 0 fine, 1 a file of the folder cannot be used, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness rules list\n",
    .run = run,
};

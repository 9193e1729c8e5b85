/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_rules_check.c - `bandwitness rules check`: is the file of a rule whole? */
#include "rules_asked.h"

#include <bw/err.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"

extern const struct bw_verb bw_verb_rules_check;

/* One file; true: it can be used. */
static bool check(const char *path, struct bw_evrule *rule, struct bw_jw *w)
{
    struct bw_err err = {""};
    bool good = bw_evrule_read(path, rule, &err) == 0;

    if (w) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "file", path);
        bw_jw_kbool(w, "good", good);
        bw_jw_kstr(w, "fault", good ? NULL : err.text);
        bw_jw_obj_end(w);
    } else if (good) {
        (void)printf("%s: fine (%s, version %lld, %zu %s)\n", path, rule->title,
                     (long long)rule->version, rule->n_clauses,
                     rule->n_clauses == 1 ? "clause" : "clauses");
    } else {
        (void)fprintf(stderr, "bandwitness rules check: %s\n", err.text);
    }
    return good;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {0}};
    const struct bw_verb *v = &bw_verb_rules_check;
    struct bw_evrule *rule;
    struct bw_buf out;
    struct bw_jw w;
    bool as_json = false;
    bool good = true;
    int o;

    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        if (o != 'j') {
            return BW_EXIT_USAGE;
        }
        as_json = true;
    }
    if (optind >= argc) {
        return bw_cli_usage(v, "say which files");
    }
    rule = calloc(1, sizeof(*rule));
    if (!rule) {
        return bw_cli_failed(v, "out of memory");
    }
    bw_buf_init(&out, (size_t)16 << 20);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (int i = optind; i < argc; i++) {
        good &= check(argv[i], rule, as_json ? &w : NULL);
    }
    bw_jw_arr_end(&w);
    if (as_json && bw_buf_error(&out) == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    free(rule);
    return bw_cli_flush(v, good ? BW_EXIT_OK : BW_EXIT_FAILED);
}

const struct bw_verb bw_verb_rules_check = {
    .name = "rules check",
    .summary = "check the file of a rule",
    .help =
        "[--json] FILE…\n"
        "\n"
        "Says of each file whether it is a whole rule: what is missing, what contradicts\n"
        "itself, what no arithmetic fits, each with its line and the mend. Changes\n"
        "nothing. bandwitness-rules(5) has the form.\n"
        "\n"
        "  --json   one object a file\n"
        "\n"
        "Exit status: 0 all are, 1 one is not, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness rules check /etc/bandwitness/rules/our-state.conf\n",
    .run = run,
};

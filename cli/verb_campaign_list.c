/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_campaign_list.c - `bandwitness campaign list`: the rules there are, the campaigns
 * there were. */
#include "box_asked.h"
#include "buf.h"
#include "rule.h"

#include <bw/err.h>
#include <bw/units.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_campaign_list;

static int is_rule(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static json_t *rule_json(const char *folder, const char *file)
{
    char name[NAME_MAX + 1];
    char path[PATH_MAX + BW_NAME_MAX + 8];
    struct bw_rule rule;
    struct bw_err err = {0};
    struct bw_buf text;
    json_t *o = NULL;
    (void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - 5), file);
    bw_buf_init(&text, BW_RULE_BYTES_MAX);
    if (bw_rule_text(folder, name, &text, path, sizeof(path), &err) < 0 ||
        bw_rule_parse(text.data ? text.data : "", text.len, path, name, &rule, &err) < 0) {
        o = json_pack("{s:s, s:s}", "rule", name, "fault", err.text);
    } else {
        o = json_pack("{s:s, s:s, s:s, s:s, s:I}", "rule", name, "title", rule.title,
                      "source", rule.source, "conditions", rule.conditions, "days",
                      (json_int_t)rule.days);
    }
    bw_buf_done(&text);
    return o;
}

static json_t *rules_json(const char *folder)
{
    struct dirent **list = NULL;
    json_t *out = json_array();
    int n = scandir(folder, &list, is_rule, alphasort);
    for (int i = 0; i < n; i++) {
        (void)json_array_append_new(out, rule_json(folder, list[i]->d_name));
        free(list[i]);
    }
    free(list);
    return out;
}

static void print(const json_t *answer, const char *folder)
{
    size_t i;
    const json_t *k;
    (void)printf("Rules in %s:\n", folder);
    json_array_foreach(json_object_get(answer, "rules"), i, k)
    {
        if (box_text(k, "fault")[0]) {
            (void)printf("  %-20s cannot be used: %s\n", box_text(k, "rule"),
                         box_text(k, "fault"));
        } else {
            (void)printf("  %-20s %s\n", box_text(k, "rule"), box_text(k, "title"));
        }
    }
    if (i == 0) {
        (void)printf("  none\n");
    }
    (void)printf("Campaigns:\n");
    json_array_foreach(json_object_get(answer, "campaigns"), i, k)
    {
        (void)printf("  %-32s %-8s %" PRId64 " of %" PRId64 " tests made\n",
                     box_text(k, "name"), box_text(k, "state"), box_number(k, "done"),
                     box_number(k, "tests"));
    }
    if (i == 0) {
        (void)printf("  none\n");
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"socket", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    const struct bw_verb *v = &bw_verb_campaign_list;
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
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    struct bw_boxconf *c = box_asked_config(v, &a, &status);
    if (!c) {
        return status;
    }
    status = box_asked(v, &a, c, json_pack("{s:s, s:s}", "verb", "campaign", "do", "list"),
                       &answer);
    if (status == BW_EXIT_OK) {
        (void)json_object_set_new(answer, "rules", rules_json(c->campaigns_dir));
        if (a.as_json) {
            box_print_json(answer);
        } else {
            print(answer, c->campaigns_dir);
        }
    }
    json_decref(answer);
    bw_boxconf_unref(c);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_campaign_list = {
    .name = "campaign list",
    .summary = "rules there are, campaigns that were started",
    .help =
        "[--config FILE] [--socket PATH] [--json]\n"
        "\n"
        "Lists the rule files of the box's campaigns folder, and the campaigns that were\n"
        "started here with what became of them.\n"
        "\n"
        "  --config FILE  the box's configuration\n"
        "                 (default /etc/bandwitness/bandwitness.conf)\n"
        "  --socket PATH  control socket (default: as the configuration says)\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "Exit status: 0 listed, 1 the daemon does not answer, 2 wrong command line.\n"
        "\n"
        "Example: bandwitness campaign list\n",
    .run = run,
};

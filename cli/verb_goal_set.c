/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_goal_set.c - what is to be reached, for whom and by when, said at a collector. */
#include "goal_asked.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_goal_set;

enum {
    STUDENTS_MAX = 10000000
};

struct asked {
    struct bw_docket_asked docket;
    struct bw_goal goal;
    const char *name;
    bool json;
};

/* "90" percent. */
static int take_share(const struct bw_verb *v, const char *text, struct bw_goal *g)
{
    size_t n = strlen(text);
    long percent =
        n > 0 && n <= 3 && strspn(text, "0123456789") == n ? strtol(text, NULL, 10) : 0;

    if (percent < 1 || percent > 100) {
        return bw_cli_usage(v, "--share takes 1 to 100 percent, not '%s'", text);
    }
    g->share_ppm = percent * 10000;
    return 0;
}

/* "50-", "-1000", "50-1000". */
static int take_students(const struct bw_verb *v, const char *text, struct bw_goal *g)
{
    const char *dash = strchr(text, '-');
    char *end = NULL;
    bool good = dash && strspn(text, "0123456789-") == strlen(text) && strlen(text) < 20 &&
                !strchr(dash + 1, '-') && strlen(text) > 1;

    if (good && dash != text) {
        g->students_min = strtoll(text, &end, 10);
        good = end == dash && g->students_min >= 1 && g->students_min <= STUDENTS_MAX;
    }
    if (good && dash[1]) {
        g->students_max = strtoll(dash + 1, &end, 10);
        good = *end == '\0' && g->students_max >= 1 && g->students_max <= STUDENTS_MAX;
    }
    return good ? 0 : bw_cli_usage(v, "--students takes FROM-TO, not '%s'", text);
}

/* A day, or a month: its first day. */
static int take_day(const struct bw_verb *v, const char *text, struct bw_goal *g)
{
    size_t n = strlen(text);

    if (n == BW_DATE_LEN || n == BW_DATE_LEN - 3) {
        memcpy(g->by, "0000-00-01", BW_DATE_LEN + 1);
        memcpy(g->by, text, n);
        if (bw_date_valid(g->by)) {
            return 0;
        }
    }
    return bw_cli_usage(v, "--until takes 2027-09 or 2027-09-01, not '%s'", text);
}

static int
take_rate(const struct bw_verb *v, const char *option, int64_t per, struct bw_goal *g)
{
    if (g->per != 0) {
        return bw_cli_usage(v, "for each student or for each place, not both");
    }
    g->per = per;
    return bw_cli_rate(v, option, optarg, &g->target_bps);
}

static int take(const struct bw_verb *v, int o, struct asked *a)
{
    struct bw_goal *g = &a->goal;
    int r = 0;

    switch (o) {
    case 'f':
        r = bw_cli_label(v, "--for", optarg, BW_GOAL_ENTITY_MAX);
        (void)snprintf(g->entity, sizeof(g->entity), "%s", optarg);
        return r;
    case 't':
        r = bw_cli_label(v, "--title", optarg, BW_GOAL_TITLE_MAX);
        (void)snprintf(g->title, sizeof(g->title), "%s", optarg);
        return r;
    case 'x':
        r = bw_cli_label(v, "--text", optarg, BW_GOAL_TEXT_MAX);
        (void)snprintf(g->text, sizeof(g->text), "%s", optarg);
        return r;
    case 's':
        return take_rate(v, "--per-student", BW_GOAL_STUDENT, g);
    case 'p':
        return take_rate(v, "--per-place", BW_GOAL_PLACE, g);
    case 'c':
        g->of = BW_GOAL_CLAIMED;
        return 0;
    case 'h':
        return take_share(v, optarg, g);
    case 'n':
        return take_students(v, optarg, g);
    case 'u':
        return take_day(v, optarg, g);
    case 'j':
        a->json = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {BW_DOCKET_ASKED_OPTIONS,
                                          BW_DOCKET_ASKED_BY,
                                          {"for", required_argument, NULL, 'f'},
                                          {"title", required_argument, NULL, 't'},
                                          {"per-student", required_argument, NULL, 's'},
                                          {"per-place", required_argument, NULL, 'p'},
                                          {"claimed", no_argument, NULL, 'c'},
                                          {"share", required_argument, NULL, 'h'},
                                          {"students", required_argument, NULL, 'n'},
                                          {"until", required_argument, NULL, 'u'},
                                          {"text", required_argument, NULL, 'x'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_goal_set;
    const struct bw_goal *g = &a->goal;
    int r = 0;

    bw_goal_init(&a->goal);
    a->goal.of = BW_GOAL_TESTED;
    a->goal.share_ppm = 1000000;
    for (int o; r == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        r = take(v, o, a);
    }
    if (r != 0) {
        return r;
    }
    if (optind + 1 != argc || !bw_goal_name_valid(argv[optind])) {
        return bw_cli_usage(v, "under which name? one of 1 to %d of a-z, 0-9 and '-'",
                            BW_GOAL_NAME_MAX);
    }
    a->name = argv[optind];
    if (!g->title[0] || !g->entity[0] || g->per == 0 || !g->by[0]) {
        return bw_cli_usage(v, "what is to be reached? --title, --for, --per-student or "
                               "--per-place, and --until");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_goal_set;
    struct asked a = {.json = false};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_entity entity;
    struct bw_err err = {.text = ""};
    char id[BW_HASH_LEN + 1] = "";
    int status = read_options(argc, argv, &a);

    if (status != 0) {
        return status;
    }
    status = goal_open(v, &a.docket, true, &d);
    if (status == 0 &&
        d.catalogue->ops->entity_get(d.catalogue, a.goal.entity, &entity, &err) < 0) {
        status = bw_cli_failed(v, "--for %s: no such entity is on file", a.goal.entity);
    }
    if (status == 0 && bw_goal_say(d.catalogue, a.name, &a.goal, d.by, "goal set",
                                   d.now_unix_ms, id, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && a.json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else if (status == 0) {
        (void)printf("%s  goal %s, said by %s\n", id, a.name, d.by);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_goal_set = {
    .name = "goal set",
    .summary = "say what a state or district wants to reach, and by when",
    .help =
        "[OPTION]... --for ENTITY --title TEXT --until DAY [WHERE] NAME\n"
        "\n"
        "At a collector: the places of ENTITY are to have so much download speed, by the\n"
        "DAY (or month). Progress is measured on its page /progress. What holds under\n"
        "NAME already is replaced, and stays on record (docs/goal-v1.md).\n"
        "\n"
        "  --for ENTITY       a district, region, school or the state, by its id\n"
        "  --title TEXT       for people\n"
        "  --per-student RATE 1M, for each student on file; or\n"
        "  --per-place RATE   100M, for each school\n"
        "  --claimed          what is claimed, not the median tested\n"
        "  --share PERCENT    of the schools that are to meet it (100)\n"
        "  --students FROM-TO only schools with so many on file; one may be left out\n"
        "  --until DAY        2027-09-01, or 2027-09\n"
        "  --text TEXT        why, or by which decision\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 kept, 1 no such entity, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness goal set --ledger /var/lib/bandwitness-collector --for heron \\\n"
        "    --title '1 Mbit/s for every student' --per-student 1M --until 2027-09 "
        "each-1m\n",
    .run = run,
};

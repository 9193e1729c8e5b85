/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c - the command `bandwitness`: finds the verb, answers --help and --version.
 *
 * A verb of two words wins over one of one word. */
#include "cli.h"
#include "hash.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    NAMES_MAX = 256,
    NAME_COLUMNS = 16
};

static const struct bw_verb *find(int argc, char **argv, int *ret_words)
{
    const struct bw_verb *one = NULL;
    char two[64] = "";
    if (argc > 2) {
        (void)snprintf(two, sizeof(two), "%.30s %.30s", argv[1], argv[2]);
    }
    for (size_t i = 0; bw_verbs[i]; i++) {
        if (strcmp(bw_verbs[i]->name, two) == 0) {
            *ret_words = 2;
            return bw_verbs[i];
        }
        if (strcmp(bw_verbs[i]->name, argv[1]) == 0) {
            one = bw_verbs[i];
        }
    }
    *ret_words = 1;
    return one;
}

/* How many verbs begin with this group's word ("token" of "token create"). */
static size_t group_size(const char *group)
{
    size_t n = 0;
    size_t len = strlen(group);
    for (size_t i = 0; bw_verbs[i]; i++) {
        n += strncmp(bw_verbs[i]->name, group, len) == 0 && bw_verbs[i]->name[len] == ' ';
    }
    return n;
}

/* The listed verbs, all or those of one group. */
static void list(FILE *to, const char *group)
{
    size_t len = group ? strlen(group) : 0;
    for (size_t i = 0; bw_verbs[i]; i++) {
        const struct bw_verb *v = bw_verbs[i];
        if (!v->summary ||
            (group && (strncmp(v->name, group, len) != 0 || v->name[len] != ' '))) {
            continue;
        }
        (void)fprintf(to, "  %-*s  %s\n", NAME_COLUMNS, v->name, v->summary);
    }
}

static int help(void)
{
    (void)printf(
        "Usage: bandwitness VERB [ARGUMENTS]\n"
        "       bandwitness VERB --help\n"
        "       bandwitness --help | --version\n"
        "\n"
        "Bandwitness is a witness for school bandwidth: it measures a line, keeps what\n"
        "it saw under signature, and makes evidence of it.\n"
        "\n"
        "Verbs:\n");
    list(stdout, NULL);
    (void)printf(
        "\n"
        "Exit status: 0 it is so or it is done, 1 it is not so or it failed, 2 the\n"
        "command line was wrong. Manual: bandwitness(1).\n");
    return bw_cli_flush(NULL, BW_EXIT_OK);
}

/* The verbs as a manual's section: what --help says, so that the two cannot drift. */
static int manual(void)
{
    for (size_t i = 0; bw_verbs[i]; i++) {
        const struct bw_verb *v = bw_verbs[i];
        if (v->summary && v->help) {
            (void)printf("## %s\n\n```\nbandwitness %s %s```\n\n", v->name, v->name,
                         v->help);
        }
    }
    return bw_cli_flush(NULL, BW_EXIT_OK);
}

static int unknown(int argc, char **argv)
{
    const char *names[NAMES_MAX + 1];
    char typed[64];
    const char *near;
    size_t n = 0;
    if (group_size(argv[1]) > 0) {
        if (argc > 2 && strcmp(argv[2], "--help") == 0) {
            (void)printf("Verbs of '%s':\n", argv[1]);
            list(stdout, argv[1]);
            return bw_cli_flush(NULL, BW_EXIT_OK);
        }
        (void)fprintf(stderr,
                      argc > 2 ? "bandwitness: '%s' has no verb '%s'; it has:\n"
                               : "bandwitness: '%s' wants one of its verbs:\n",
                      argv[1], argc > 2 ? argv[2] : "");
        list(stderr, argv[1]);
        return BW_EXIT_USAGE;
    }
    for (size_t i = 0; bw_verbs[i] && n < NAMES_MAX; i++) {
        if (bw_verbs[i]->summary) {
            names[n++] = bw_verbs[i]->name;
        }
    }
    names[n] = NULL;
    near = bw_cli_nearest(argv[1], names);
    if (!near && argc > 2) {
        (void)snprintf(typed, sizeof(typed), "%.30s %.30s", argv[1], argv[2]);
        near = bw_cli_nearest(typed, names);
    }
    if (near) {
        return bw_cli_usage(NULL, "unknown verb '%s'; did you mean '%s'?", argv[1], near);
    }
    return bw_cli_usage(NULL, "unknown verb '%s'", argv[1]);
}

static int usage(const struct bw_verb *v)
{
    (void)printf("Usage: bandwitness %s %s", v->name, v->help);
    return bw_cli_flush(v, BW_EXIT_OK);
}

int main(int argc, char **argv)
{
    const struct bw_verb *v;
    char name[64];
    int words = 0;
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(NULL, "the cryptographic library does not start");
    }
    if (argc < 2) {
        (void)fprintf(stderr, "Usage: bandwitness VERB [ARGUMENTS]\n\nVerbs:\n");
        list(stderr, NULL);
        return BW_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return help();
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("bandwitness %s\n", BW_VERSION);
        return bw_cli_flush(NULL, BW_EXIT_OK);
    }
    if (strcmp(argv[1], "--manual-verbs") == 0) { /* the build asks */
        return manual();
    }
    if (strcmp(argv[1], "help") == 0) { /* "help VERB" as "VERB --help" */
        if (argc == 2) {
            return help();
        }
        v = find(argc - 1, argv + 1, &words);
        return v && v->help ? usage(v) : unknown(argc - 1, argv + 1);
    }
    v = find(argc, argv, &words);
    if (!v) {
        return unknown(argc, argv);
    }
    for (int i = words + 1; v->help && i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return usage(v);
        }
    }
    (void)snprintf(name, sizeof(name), "%s", v->name);
    argv[words] = name;
    optind = 1;
    return v->run(argc - words, argv + words);
}

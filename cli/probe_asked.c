/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_asked.c - which measurement `bandwitness probe` is asked for. */
#include "probe_asked.h"

#include <host.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECONDS_DEFAULT = 10
};

static int unknown_kind(const struct bw_verb *v, const char *kind)
{
    const char *names[PROBE_ASKED_OPTIONS_MAX] = {NULL};
    const char *near;
    char list[256] = "";
    size_t at = 0;
    for (size_t i = 0; i < PROBE_ASKED_OPTIONS_MAX - 1 && bw_probe_table[i]; i++) {
        names[i] = bw_probe_table[i]->name;
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "",
                               bw_probe_table[i]->name);
        at = at < sizeof(list) ? at : sizeof(list) - 1;
    }
    near = bw_cli_nearest(kind, names);
    if (near) {
        return bw_cli_usage(v, "unknown kind '%s'; did you mean '%s'?", kind, near);
    }
    return bw_cli_usage(v, "unknown kind '%s'; there are: %s", kind, list);
}

static int
read_targets(const struct bw_verb *v, struct probe_asked *a, int argc, char **argv)
{
    a->n_targets = (size_t)argc;
    a->targets = calloc(a->n_targets, sizeof(*a->targets));
    if (!a->targets) {
        return bw_cli_failed(v, "out of memory");
    }
    for (size_t i = 0; i < a->n_targets; i++) {
        if (strlen(argv[i]) >= sizeof(a->targets[i].address)) {
            return bw_cli_usage(v, "target %zu is too long", i + 1);
        }
        (void)snprintf(a->targets[i].name, sizeof(a->targets[i].name), "target-%zu", i + 1);
        (void)snprintf(a->targets[i].address, sizeof(a->targets[i].address), "%s", argv[i]);
    }
    return BW_EXIT_OK;
}

/* Somebody waits here: a kind that takes its time in the daemon is asked once a second. */
static void hurry(struct probe_asked *a)
{
    const struct bw_optspec *spec = bw_optspec_find(a->ops->opts, "interval");
    int64_t usual_ms = 0;
    if (a->ops->klass != BW_CLASS_LATENCY || !spec || !spec->def ||
        bw_optspec_parse(spec, spec->def, &usual_ms, NULL) < 0 || usual_ms <= 1000) {
        return;
    }
    for (size_t i = 0; i < a->n_pairs; i++) {
        if (strncmp(a->pairs[i], "interval=", 9) == 0) {
            return;
        }
    }
    if (a->n_pairs < PROBE_ASKED_OPTIONS_MAX) {
        a->pairs[a->n_pairs++] = "interval=1s";
    }
}

int probe_asked_read(const struct bw_verb *v, int argc, char **argv, struct probe_asked *a)
{
    static const struct option longs[] = {{"opt", required_argument, NULL, 'o'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"device", required_argument, NULL, 'd'},
                                          {"stamp", required_argument, NULL, 'S'},
                                          {"echo", required_argument, NULL, 'e'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    int status;
    int c;
    *a = (struct probe_asked){.device = "", .seconds = SECONDS_DEFAULT};
    while ((c = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        if (c == 'o' && a->n_pairs < PROBE_ASKED_OPTIONS_MAX) {
            a->pairs[a->n_pairs++] = optarg;
        } else if (c == 's') {
            int r = bw_cli_int(v, "--seconds", optarg, 1, 86400, &a->seconds);
            if (r != 0) {
                return r;
            }
        } else if (c == 'd') {
            a->device = optarg;
        } else if (c == 'S') {
            a->stamp = optarg;
        } else if (c == 'e') {
            a->echo = optarg;
        } else if (c == 'j') {
            a->json = true;
        } else {
            return BW_EXIT_USAGE;
        }
    }
    if (argc - optind < 2) {
        return bw_cli_usage(v, optind == argc
                                   ? "wants a kind (icmp, tcp, http, …) and a target"
                                   : "wants a target");
    }
    a->ops = bw_probe_find(argv[optind]);
    if (!a->ops) {
        return unknown_kind(v, argv[optind]);
    }
    if (a->ops->klass == BW_CLASS_THROUGHPUT && argc - optind > 2) {
        return bw_cli_usage(v, "%s measures against one target at a time", a->ops->name);
    }
    if ((a->stamp || a->echo) && a->ops->klass != BW_CLASS_THROUGHPUT) {
        return bw_cli_usage(v, "--%s is for kinds that load the line",
                            a->stamp ? "stamp" : "echo");
    }
    if (a->stamp && a->echo) {
        return bw_cli_usage(v, "--stamp or --echo, not both");
    }
    status = read_targets(v, a, argc - optind - 1, argv + optind + 1);
    if (status == BW_EXIT_OK) {
        hurry(a);
    }
    return status;
}

void probe_asked_done(struct probe_asked *a)
{
    free(a->targets);
}

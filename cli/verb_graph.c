/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_graph.c - `bandwitness graph`: a picture of one of the box's series.
 *
 * rrd_graph_v() keeps state per process and takes much memory, which is why the daemon
 * never calls it and this short-lived command may. A picture is never evidence. */
#include "box.h"
#include "boxconf.h"
#include "cli.h"
#include "clock.h"
#include "file.h"
#include "graph_worker.h"
#include "hash.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <rrd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_graph;

enum {
    DAY_S = 86400,
    TEN_S = 10
};

/* The kind of series by its name: "link-10s" is drawn like "link". */
static int set_topic(struct bw_graph_job *j, const char *series, int64_t interval_s)
{
    static const char *const plain[] = {"link", "throughput", "traffic",
                                        "rtt",  "resent",     "saturated"};
    bool known = false;
    j->step_s = interval_s;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        known = known || strcmp(series, plain[i]) == 0;
    }
    if (known) {
        (void)snprintf(j->topic, sizeof(j->topic), "%s", series);
    } else if (strcmp(series, "link-10s") == 0) {
        (void)snprintf(j->topic, sizeof(j->topic), "link");
        j->step_s = TEN_S;
    } else if (strncmp(series, "latency-", 8) == 0 && series[8] != '\0') {
        (void)snprintf(j->topic, sizeof(j->topic), "latency");
    } else {
        return -EINVAL;
    }
    return 0;
}

static int draw(const struct bw_verb *v, const struct bw_graph_job *j, const char *out)
{
    struct bw_err err = {0};
    char **args = NULL;
    int n_args = 0;
    int r = bw_graph_args(j, &args, &n_args);
    if (r < 0) {
        return bw_cli_failed(v, "this cannot be drawn: %s", bw_strerror(r));
    }
    rrd_clear_error();
    rrd_info_t *info = rrd_graph_v(n_args, args);
    bw_graph_args_free(args, n_args);
    if (!info) {
        return bw_cli_failed(v, "%s", rrd_get_error());
    }
    r = -ENODATA;
    for (const rrd_info_t *i = info; i; i = i->next) {
        if (i->type == RD_I_BLO && strcmp(i->key, "image") == 0) {
            r = bw_file_write(out, i->value.u_blo.ptr, i->value.u_blo.size, 0644, &err);
        }
    }
    rrd_info_free(info);
    return r < 0 ? bw_cli_failed(v, "%s", err.text[0] ? err.text : "librrd gave no picture")
                 : BW_EXIT_OK;
}

static int set_format(struct bw_graph_job *j, const char *out)
{
    const char *dot = out ? strrchr(out, '.') : NULL;
    if (dot && strcmp(dot, ".svg") == 0) {
        j->format = BW_GRAPH_SVG;
    } else if (dot && strcmp(dot, ".png") == 0) {
        j->format = BW_GRAPH_PNG;
    } else {
        return -EINVAL;
    }
    return 0;
}

static void describe(struct bw_graph_job *j,
                     const struct bw_boxconf *c,
                     const struct bw_boxconf_circuit *k,
                     const char *series)
{
    const char *claim_layer = bw_layer_name(k->claim_layer);
    (void)snprintf(j->rrd, sizeof(j->rrd), "%.3000s/rrd/%s/%s.rrd", c->state_dir, k->id,
                   bw_graph_file(series));
    (void)snprintf(j->title, sizeof(j->title), "%s: %s", k->id, series);
    /* Records know at which layer a counter counts, neither file nor series do. */
    (void)snprintf(j->layer, sizeof(j->layer), "%s",
                   k->source == BW_SOURCE_NONE ? "" : "counter's");
    j->at_least = k->source == BW_SOURCE_MIRROR;
    j->n_claims = 1; /* the configuration's, undated */
    j->claims[0] = (struct bw_graph_claim){.to_unix_s = INT64_MAX / 2};
    (void)snprintf(j->claims[0].layer, sizeof(j->claims[0].layer), "%s",
                   claim_layer ? claim_layer : "");
    j->claims[0].bps[BW_DOWN] = k->claim_bps[BW_DOWN];
    j->claims[0].bps[BW_UP] = k->claim_bps[BW_UP];
}

static int find_and_draw(const struct bw_verb *v,
                         const struct bw_boxconf *c,
                         struct bw_graph_job *j,
                         const char *circuit,
                         const char *series,
                         const char *out)
{
    int i = bw_boxconf_circuit(c, circuit);
    if (i < 0) {
        const char *ids[BW_CIRCUITS_MAX + 1] = {NULL};
        for (size_t k = 0; k < c->n_circuits; k++) {
            ids[k] = c->circuits[k].id;
        }
        const char *near = bw_cli_nearest(circuit, ids);
        return bw_cli_failed(v, "there is no circuit \"%s\" in %s%s%s", circuit, c->path,
                             near ? "; the nearest is " : "", near ? near : "");
    }
    if (set_topic(j, series, c->interval_s) < 0) {
        return bw_cli_usage(v,
                            "a topic is link, link-10s, throughput, traffic, rtt, resent, "
                            "saturated or latency-TARGET");
    }
    describe(j, c, &c->circuits[i], series);
    if (access(j->rrd, R_OK) < 0) {
        return bw_cli_failed(v,
                             "%s: %s; nothing of it was drawn yet, or you may not read it",
                             j->rrd, bw_strerror(-errno));
    }
    bw_graph_find_blank(j);
    bw_graph_find_beside(j);
    return draw(v, j, out);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},     {"out", required_argument, NULL, 'o'},
        {"width", required_argument, NULL, 'w'},  {"height", required_argument, NULL, 'h'},
        {"dark", no_argument, NULL, 'd'},         {0}};
    const struct bw_verb *v = &bw_verb_graph;
    const char *path = BW_CLI_BOX_CONFIG;
    const char *out = NULL;
    struct bw_graph_job j = {.width = 900, .height = 260};
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    int status = BW_EXIT_OK;
    int o;
    j.to_unix_s = bw_clock_unix_ms() / 1000;
    j.from_unix_s = BW_UNKNOWN;
    while ((o = bw_cli_getopt(v, argc, argv, "o:", longs)) != -1) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 'f':
            status = bw_cli_time(v, "--from", optarg, &j.from_unix_s);
            break;
        case 't':
            status = bw_cli_time(v, "--to", optarg, &j.to_unix_s);
            break;
        case 'o':
            out = optarg;
            break;
        case 'w':
            status = bw_cli_int(v, "--width", optarg, 100, 4000, &j.width);
            break;
        case 'h':
            status = bw_cli_int(v, "--height", optarg, 60, 2000, &j.height);
            break;
        case 'd':
            j.dark = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
        if (status != BW_EXIT_OK) {
            return status;
        }
    }
    if (argc - optind != 2) {
        return bw_cli_usage(v, "a circuit and a topic are needed");
    }
    if (set_format(&j, out) < 0) {
        return bw_cli_usage(v, "-o FILE.svg or -o FILE.png says where the picture goes");
    }
    if (j.from_unix_s == BW_UNKNOWN) {
        j.from_unix_s = j.to_unix_s - DAY_S;
    }
    if (j.from_unix_s >= j.to_unix_s) {
        return bw_cli_usage(v, "--from must be before --to");
    }
    if (bw_crypto_init() < 0 || bw_boxconf_load(path, &c, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text[0] ? err.text : "cryptography is not there");
    }
    status = find_and_draw(v, c, &j, argv[optind], argv[optind + 1], out);
    bw_boxconf_unref(c);
    return status;
}

const struct bw_verb bw_verb_graph = {
    .name = "graph",
    .summary = "draw one of this box's series",
    .help =
        "CIRCUIT TOPIC -o FILE.svg|FILE.png [OPTION]...\n"
        "\n"
        "Draws what this box measured: a circuit's `link`, `link-10s` (the last 48 "
        "hours),\n"
        "`throughput` or `latency-TARGET`. Where packets are looked at: `traffic` (what "
        "the\n"
        "line is full of, down above 0 and up below), `rtt` (users' round trips beside "
        "the\n"
        "probes'), `resent` (TCP payload sent again) and `saturated` (the round trip "
        "while\n"
        "the line is full). Pictures are for looking; figures that count come from\n"
        "`bandwitness report`.\n"
        "\n"
        "  -o, --out FILE    where it goes; the ending chooses SVG or PNG\n"
        "  --from TIME       default: a day before --to. 2026-11-22 or "
        "2026-11-22T08:00:00Z\n"
        "  --to TIME         default: now\n"
        "  --width PIXELS    of the plot, default 900\n"
        "  --height PIXELS   of the plot, default 260\n"
        "  --dark            on a dark ground\n"
        "  --config FILE     the box's (" BW_CLI_BOX_CONFIG ")\n"
        "\n"
        "Exit status: 0 drawn, 1 no such circuit or series, or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness graph wan link --from 2026-11-01 -o november.svg\n",
    .run = run,
};

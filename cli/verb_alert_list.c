/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_alert_list.c - alerts that are open, and those of a time. */
#include "alert_asked.h"
#include "cli.h"

#include <alertwords.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_alert_list;

enum {
    LIST_BYTES = 64 << 20,
    ROWS = 100000
};

struct list {
    struct bw_jw w;
    bool json;
    size_t n;
};

static void time_of(int64_t unix_s, char ret[32])
{
    (void)snprintf(ret, 32, "-");
    if (unix_s != BW_UNKNOWN) {
        bw_time_format_s(unix_s, ret);
    }
}

static int on_alert(void *owner, const struct bw_alert_row *a)
{
    struct list *l = owner;
    bool open = a->closed_unix_s == BW_UNKNOWN;
    char since[32];

    l->n++;
    if (l->json) {
        bw_jw_obj(&l->w);
        bw_jw_ki64(&l->w, "alert", a->id);
        bw_jw_kstr(&l->w, "kind", a->kind);
        bw_jw_kstr(&l->w, "scope", a->scope);
        bw_jw_kstr(&l->w, "name", a->name[0] ? a->name : NULL);
        bw_jw_kbool(&l->w, "open", open);
        bw_jw_kstr(&l->w, "words", a->words);
        bw_jw_ki64(&l->w, "since_s", a->since_unix_s);
        bw_jw_ki64(&l->w, "opened_s", a->opened_unix_s);
        bw_jw_ki64(&l->w, "over_s", a->over_unix_s);
        bw_jw_ki64(&l->w, "closed_s", a->closed_unix_s);
        bw_jw_ki64(&l->w, "told_s", a->told_unix_s);
        bw_jw_kstr(&l->w, "held", a->held[0] ? a->held : NULL);
        bw_jw_ki64(&l->w, "held_by", a->held_by > 0 ? a->held_by : BW_UNKNOWN);
        bw_jw_ki64(&l->w, "value", a->value);
        bw_jw_ki64(&l->w, "worst", a->worst);
        bw_jw_kstr(&l->w, "cause", a->cause[0] ? a->cause : NULL);
        bw_jw_kstr(&l->w, "cause_words", a->cause_words[0] ? a->cause_words : NULL);
        bw_jw_ki64(&l->w, "acknowledged_s", a->acked_unix_s);
        bw_jw_kstr(&l->w, "acknowledged_by", a->acked_by[0] ? a->acked_by : NULL);
        bw_jw_kstr(&l->w, "note", a->note[0] ? a->note : NULL);
        bw_jw_obj_end(&l->w);
        return 0;
    }
    time_of(a->since_unix_s, since);
    (void)printf("%5" PRId64 "  %-6s  %-18s  %-20s  since %-20s  ", a->id,
                 open ? a->told_unix_s == BW_UNKNOWN ? "held" : "open" : "over",
                 bw_alert_short(a->kind), a->scope, since);
    bw_cli_put(stdout, a->name, strlen(a->name));
    if (a->acked_by[0]) {
        (void)printf("  (known to %s)", a->acked_by);
    }
    (void)printf("\n");
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ALERT_OPTIONS,
        {"since", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_alert_list;
    struct bw_alert_asked a = {.data = NULL};
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    int64_t since_s = BW_UNKNOWN;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int status = 0;

    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 's') {
            status = bw_cli_time(v, "--since", optarg, &since_s);
        } else {
            status = bw_alert_take(v, o, &a);
        }
    }
    if (status == 0 && argc - optind > 1) {
        status = bw_cli_usage(v, "%s is too much", argv[optind + 1]);
    }
    const char *scope = status == 0 && optind < argc ? argv[optind] : NULL;
    status = status ? status : bw_alert_open(v, &a, false);
    struct list l = {.json = a.json};
    bw_buf_init(&out, LIST_BYTES);
    bw_jw_init(&l.w, &out);
    bw_jw_arr(&l.w);
    if (status == 0 && a.store &&
        bw_alertstore_list(a.store, scope, since_s == BW_UNKNOWN ? now_s : since_s,
                           now_s + 1, true, ROWS, on_alert, &l, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_jw_arr_end(&l.w);
    if (status == 0 && a.json) {
        (void)printf("%s\n", out.data);
    } else if (status == 0 && l.n == 0) {
        (void)fprintf(stderr, "No alert is open.\n");
    }
    bw_buf_done(&out);
    bw_alertstore_close(a.store);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_alert_list = {
    .name = "alert list",
    .summary = "list alerts that are open",
    .help =
        "[OPTION]... [PLACE]\n"
        "\n"
        "One a line, the newest first: number, whether it is open, held (nobody was told\n"
        "yet) or over, what is the matter, site or circuit, since when, name. PLACE: of "
        "this\n"
        "site and its circuits, or of this circuit, alone.\n"
        "\n"
        "      --since TIME   those that were opened or closed since then, too\n"
        "      --json         all that is known of each, as one JSON array\n"
        "      --config FILE  the collector's configuration "
        "(/etc/bandwitness/collector.conf)\n"
        "      --data FOLDER  the collector's data folder instead\n"
        "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness alert list --since 2026-11-01 s-4f9k2\n",
    .run = run,
};

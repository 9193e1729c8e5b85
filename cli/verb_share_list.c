/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_share_list.c - links to packs, and which of them are good. */
#include "cli.h"
#include "share_view.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct bw_verb bw_verb_share_list;

enum {
    OUT_MAX = 64 * 1024 * 1024
};

static const char *state_of(const struct share_listed *x, int64_t now_s)
{
    return x->revoked ? "revoked" : x->share.expires_unix_s <= now_s ? "expired" : "good";
}

static void put_json(struct bw_jw *w, const struct share_listed *x, int64_t now_s)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", x->share.id);
    bw_jw_kstr(w, "state", state_of(x, now_s));
    bw_jw_kstr(w, "circuit", x->share.circuit);
    bw_jw_kstr(w, "pack", bw_share_pack_name(x->share.pack));
    bw_jw_ki64(w, "from_s", x->share.from_unix_s);
    bw_jw_ki64(w, "to_s", x->share.to_unix_s);
    bw_jw_ki64(w, "made_s", x->share.made_unix_s);
    bw_jw_ki64(w, "expires_s", x->share.expires_unix_s);
    bw_jw_kstr(w, "by", x->by);
    bw_jw_kstr(w, "note", x->share.note[0] ? x->share.note : NULL);
    bw_jw_kstr(w, "statement", x->statement);
    bw_jw_obj_end(w);
}

static void put_line(const struct share_listed *x, int64_t now_s)
{
    char until[32];

    bw_time_format_s(x->share.expires_unix_s, until);
    (void)printf("%s  %-7s  %s  %s  until %s, by %s%s%s\n", x->share.id, state_of(x, now_s),
                 x->share.circuit, bw_share_pack_name(x->share.pack), until, x->by,
                 x->share.note[0] ? ": " : "", x->share.note);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_share_list;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct share_listed *list = NULL;
    struct bw_err err = {""};
    int64_t now_s = bw_clock_unix_ms() / 1000;
    size_t n = 0;
    bool json = false;
    struct bw_buf out;
    struct bw_jw w;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'j') {
            json = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    int status = bw_docket_open(v, &asked, false, &d);
    if (status == 0 && share_view_all(&d, &list, &n, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_buf_init(&out, OUT_MAX);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = 0; status == 0 && i < n; i++) {
        if (json) {
            put_json(&w, &list[i], now_s);
        } else {
            put_line(&list[i], now_s);
        }
    }
    bw_jw_arr_end(&w);
    if (status == 0 && json) {
        (void)printf("%s\n", out.data ? out.data : "");
    } else if (status == 0 && n == 0) {
        (void)fprintf(stderr, "No link was made in %s.\n", d.folder);
    }
    bw_buf_done(&out);
    free(list);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_share_list = {
    .name = "share list",
    .summary = "list the links that show packs, and which of them are good",
    .help =
        "[OPTION]...\n"
        "\n"
        "One link a line, the oldest first: its id, whether it is good, expired or "
        "revoked, the\n"
        "circuit, the pack, until when, who made it, the note. The links themselves are "
        "not\n"
        "kept and cannot be shown again.\n"
        "\n"
        "  --json             one JSON array\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness share list --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

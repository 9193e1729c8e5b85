/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_list.c - the claims on file and the circuits that are bound to them. */
#include "claim_lines.h"
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <json.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_claim_list;

enum {
    OUT_MAX = 256 * 1024 * 1024
};

struct asked {
    struct bw_docket_asked docket;
    int64_t year;
    bool unbound;
    bool json;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"year", required_argument, NULL, 'y'},
        {"unbound", no_argument, NULL, 'u'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_claim_list;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'y') {
            r = claim_lines_year(v, optarg, &a->year);
        } else if (o == 'u') {
            a->unbound = true;
        } else if (o == 'j') {
            a->json = true;
        } else {
            r = bw_docket_asked_take(v, o, &a->docket);
        }
        if (r != 0) {
            return r;
        }
    }
    return optind < argc ? bw_cli_usage(v, "%s is too much", argv[optind]) : 0;
}

static void print_line(const struct claim_row *row)
{
    char down[64];
    char up[64];
    const char *role = bw_claim_role_name((enum bw_claim_role)row->line.role);
    (void)printf("%-22s FY%lld  %10s / %-10s %-10s %-24.24s %-28.28s %s", row->about,
                 (long long)row->line.year, claim_lines_speed(&row->line.down, down),
                 claim_lines_speed(&row->line.up, up), role && role[0] ? role : "-",
                 row->line.provider[0] ? row->line.provider : "-",
                 row->line.payer_name[0] ? row->line.payer_name : "-",
                 row->n_bound == 0 ? "(not bound)" : "");
    for (size_t i = 0; i < row->n_bound; i++) {
        (void)printf("%s%s", i > 0 ? ", " : "", row->bound[i]);
    }
    (void)putchar('\n');
}

static void add_json(struct bw_jw *w, const struct claim_row *row)
{
    struct bw_buf body;
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_jw_obj(w);
    bw_jw_kstr(w, "about", row->about);
    bw_jw_kstr(w, "id", row->id);
    bw_jw_kstr(w, "by", row->by);
    bw_jw_ki64(w, "said_s", row->said_unix_s);
    if (bw_claimline_encode(&row->line, &body, NULL) == 0) {
        bw_jw_key(w, "claim");
        bw_jw_raw(w, body.data, body.len);
    }
    bw_jw_karr(w, "bound");
    for (size_t i = 0; i < row->n_bound; i++) {
        bw_jw_str(w, row->bound[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
    bw_buf_done(&body);
}

static int
print(const struct bw_verb *v, const struct asked *a, const struct claim_lines *l)
{
    struct bw_buf out;
    struct bw_jw w;
    size_t n = 0;
    int status = 0;
    bw_buf_init(&out, OUT_MAX);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = 0; i < l->n; i++) {
        if (a->unbound && l->rows[i].n_bound > 0) {
            continue;
        }
        n++;
        if (a->json) {
            add_json(&w, &l->rows[i]);
        } else {
            print_line(&l->rows[i]);
        }
    }
    bw_jw_arr_end(&w);
    if (bw_buf_error(&out) < 0) {
        status = bw_cli_failed(v, "too much to show at once: ask for one --year");
    } else if (a->json) {
        (void)printf("%s\n", out.data);
    } else if (n == 0) {
        (void)fprintf(stderr, "No such claim is on file; `bandwitness import` brings them "
                              "in.\n");
    }
    if (l->unread > 0) {
        (void)fprintf(stderr, "%lld more need a newer program to be read.\n",
                      (long long)l->unread);
    }
    bw_buf_done(&out);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_claim_list;
    struct asked a = {.year = BW_UNKNOWN};
    struct bw_docket d = {.catalogue = NULL};
    struct claim_lines lines = {.n = 0};
    struct bw_err err = {.text = ""};
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, false, &d);
    if (status == 0 && claim_lines_read(&d, a.year, &lines, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    status = status == 0 ? print(v, &a, &lines) : status;
    claim_lines_done(&lines);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_claim_list = {
    .name = "claim list",
    .summary = "list the claims on file and the circuits that are bound to them",
    .help =
        "[OPTION]...\n"
        "\n"
        "One claim a line: its key, funding year, speeds as filed (towards the school /\n"
        "from it), what it is for, provider, who pays, circuits bound to it.\n"
        "\n"
        "  --year FY2026      one funding year alone\n"
        "  --unbound          only those that no circuit is bound to\n"
        "  --json             one JSON array, whole claims\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness claim list --year FY2026 --unbound\n",
    .run = run,
};

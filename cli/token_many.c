/* SPDX-License-Identifier: GPL-3.0-or-later
 * token_many.c - tokens for a table of sites, all of them or none. */
#include "token_many.h"

#include "admin.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <csvrows.h>
#include <roster.h>
#include <stdio.h>

enum {
    OUT_MAX = 2 * 1024 * 1024
};

static int make(struct bw_csv *csv,
                const char *data,
                const char *config,
                int64_t expires_s,
                struct bw_roster **ret,
                struct bw_err *err)
{
    struct bw_catalogue *c = NULL;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int r = bw_roster_read(csv, ret, err);

    r = r < 0 ? r : bw_admin_open(data, config, &c, err);
    r = r < 0 ? r : bw_roster_make(*ret, c, now_s, now_s + expires_s, err);
    bw_catalogue_close(c);
    return r;
}

int bw_cli_token_many(const struct bw_verb *v,
                      const char *file,
                      const char *data,
                      const char *config,
                      int64_t expires_s)
{
    struct bw_err err = {.text = ""};
    struct bw_csv *csv = NULL;
    struct bw_roster *roster = NULL;
    struct bw_buf out;
    const char *words = NULL;
    int status = BW_EXIT_OK;
    int r = bw_csv_open(file, &csv, &err);

    bw_buf_init(&out, OUT_MAX);
    r = r < 0 ? r : make(csv, data, config, expires_s, &roster, &err);
    if (r < 0) {
        if (roster && bw_roster_wrong(roster, &words) > 0) {
            (void)fputs(words, stderr);
        }
        status = bw_cli_failed(v, "%s", err.text);
    } else {
        bw_roster_write(roster, &out);
        r = bw_buf_error(&out);
        if (r < 0) {
            status = bw_cli_failed(v, "the table is too large to print");
        } else {
            (void)fputs(out.data, stdout);
            (void)fprintf(stderr,
                          "Each token is good once. Keep the table from others, and give "
                          "each line to whoever installs its box.\n");
        }
    }
    bw_roster_free(roster);
    bw_csv_close(csv);
    bw_buf_done(&out);
    return status == BW_EXIT_OK ? bw_cli_flush(v, status) : status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_log_status.c - how a collector's log stands: leaves, newest checkpoint, witnesses.
 */
#include "admin.h"
#include "cli.h"
#include "log_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <json.h>
#include <ledger.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <tlog_store.h>

extern const struct bw_verb bw_verb_log_status;

struct newest {
    bool there;
    int64_t size;
    int64_t unix_s;
    uint8_t root[32];
};

static int on_newest(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct newest *n = owner;
    n->there = true;
    n->size = c->size;
    n->unix_s = c->unix_s;
    memcpy(n->root, c->root, sizeof(n->root));
    return 0;
}

static void utc(int64_t unix_s, char ret[32])
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    ret[0] = '\0';
    if (gmtime_r(&t, &tm)) {
        (void)strftime(ret, 32, "%Y-%m-%d %H:%M:%S UTC", &tm);
    }
}

static int
on_said(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    char when[32];
    const char **what = owner;
    (void)bytes;
    (void)n;
    utc(unix_s, when);
    (void)printf("%s  %s, %s\n", *what, who, when);
    *what = "         ";
    return 0;
}

static int print_text(struct bw_log_asked *a,
                      const char *name,
                      int64_t leaves,
                      const struct newest *n,
                      struct bw_err *reterr)
{
    char when[32];
    char root[BW_HASH_LEN + 1];
    (void)printf("name       %s\nleaves     %" PRId64 "\n", name, leaves);
    if (!n->there) {
        (void)printf("checkpoint none yet\n");
        return 0;
    }
    utc(n->unix_s, when);
    (void)bw_b64_encode(n->root, sizeof(n->root), root);
    (void)printf("checkpoint %" PRId64 " leaves, %s\nroot       %s\n", n->size, when, root);
    const char *what = "witnessed";
    int r = bw_tlog_cosigned(a->log, n->size, on_said, &what, reterr);
    if (r == 0 && strcmp(what, "witnessed") == 0) {
        (void)printf("witnessed  not witnessed\n");
    }
    what = "stamped  ";
    return r < 0 ? r : bw_tlog_stamps(a->log, n->size, on_said, &what, reterr);
}

static int print_json(struct bw_log_asked *a,
                      const char *name,
                      int64_t leaves,
                      const struct newest *n,
                      struct bw_err *reterr)
{
    struct bw_buf out;
    struct bw_jw w;
    int r = 0;
    bw_buf_init(&out, 1 << 20);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "name", name);
    bw_jw_ki64(&w, "leaves", leaves);
    if (n->there) {
        bw_jw_kobj(&w, "checkpoint");
        r = bw_log_members(a, n->size, n->unix_s, n->root, false, &w, reterr);
        bw_jw_obj_end(&w);
    }
    bw_jw_obj_end(&w);
    r = r < 0 ? r : bw_buf_error(&out);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_log_status;
    struct bw_log_asked a;
    struct newest n = {.there = false};
    struct bw_err err = {.text = "out of memory"};
    struct bw_buf name;
    int64_t leaves = 0;
    int status = bw_log_options(v, argc, argv, false, &a);
    if (status != 0) {
        return status;
    }
    bw_buf_init(&name, 256);
    int r = bw_log_open(&a, &err);
    r = r < 0 ? r : a.ledger->ops->log_size(a.ledger, &leaves, &err);
    if (r == 0) {
        r = bw_tlog_meta_get(a.log, "origin", &name, &err);
        r = r == -ENOENT ? 0 : r;
    }
    if (r == 0) {
        r = bw_tlog_checkpoint_at(a.log, INT64_MAX, on_newest, &n, &err);
        r = r == -ENOENT ? 0 : r;
    }
    const char *called = name.data ? name.data : "";
    if (r == 0) {
        r = a.json ? print_json(&a, called, leaves, &n, &err)
                   : print_text(&a, called, leaves, &n, &err);
    }
    bw_log_close(&a);
    bw_buf_done(&name);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_log_status = {
    .name = "log status",
    .summary = "how the transparency log stands (at the collector)",
    .help =
        "[OPTION]...\n"
        "\n"
        "The log's name, its leaves, its newest checkpoint, and who witnessed or stamped\n"
        "that one.\n"
        "\n"
        "  --data DIR     the collector's data folder\n"
        "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
        "  --json         one JSON object\n"
        "\n"
        "Exit status: 0 shown, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness log status\n",
    .run = run,
};

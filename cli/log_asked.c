/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_asked.c - options and handles of the verbs for a collector's log. */
#include "log_asked.h"

#include "admin.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <ledger.h>
#include <stdio.h>
#include <string.h>
#include <tlog_store.h>

int bw_log_options(const struct bw_verb *v,
                   int argc,
                   char **argv,
                   bool with_size,
                   struct bw_log_asked *ret)
{
    static const struct option longs[] = {
        {"data", required_argument, NULL, 'd'}, {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},       {"size", required_argument, NULL, 's'},
        {"all", no_argument, NULL, 'a'},        {NULL, 0, NULL, 0},
    };
    memset(ret, 0, sizeof(*ret));
    ret->size = BW_UNKNOWN;
    for (int c; (c = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        switch (c) {
        case 'd':
            ret->data = optarg;
            break;
        case 'c':
            ret->config = optarg;
            break;
        case 'j':
            ret->json = true;
            break;
        case 'a':
            ret->all = true;
            break;
        case 's':
            if (bw_cli_int(v, "--size", optarg, 0, BW_TREE_MAX, &ret->size) != 0) {
                return BW_EXIT_USAGE;
            }
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (!with_size && (ret->all || ret->size != BW_UNKNOWN)) {
        return bw_cli_usage(v, "--size and --all are of `log checkpoint`");
    }
    return optind < argc ? bw_cli_usage(v, "%s is too much", argv[optind]) : 0;
}

int bw_log_open(struct bw_log_asked *a, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    int r = bw_admin_folder(a->data, a->config, a->folder, sizeof(a->folder), reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(path, sizeof(path), "%s/ledger", a->folder);
    r = bw_ledger_open(path, BW_LEDGER_READ, &a->ledger, reterr);
    if (r == 0) {
        (void)snprintf(path, sizeof(path), "%s/log", a->folder);
        r = bw_tlog_open(path, BW_TLOG_READ, &a->log, reterr);
        if (r == -ENOENT) {
            (void)bw_err_set(reterr, r,
                             "%s: there is no log yet; the collector makes it at its start",
                             path);
        }
    }
    return r;
}

void bw_log_close(struct bw_log_asked *a)
{
    bw_tlog_close(a->log);
    bw_ledger_close(a->ledger);
}

static int
on_said(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct bw_jw *w = owner;
    (void)bytes;
    (void)n;
    bw_jw_obj(w);
    bw_jw_kstr(w, "by", who);
    bw_jw_ki64(w, "at_s", unix_s);
    bw_jw_obj_end(w);
    return 0;
}

int bw_log_members(struct bw_log_asked *a,
                   int64_t size,
                   int64_t unix_s,
                   const uint8_t root[32],
                   bool whole,
                   struct bw_jw *w,
                   struct bw_err *reterr)
{
    char text[BW_HASH_LEN + 1];
    struct bw_buf note;
    (void)bw_b64_encode(root, 32, text);
    bw_jw_ki64(w, "size", size);
    bw_jw_kstr(w, "root", text);
    bw_jw_ki64(w, "signed_s", unix_s);
    bw_jw_karr(w, "witnesses");
    int r = bw_tlog_cosigned(a->log, size, on_said, w, reterr);
    bw_jw_arr_end(w);
    bw_jw_karr(w, "stamps");
    r = r < 0 ? r : bw_tlog_stamps(a->log, size, on_said, w, reterr);
    bw_jw_arr_end(w);
    if (whole && r == 0) {
        bw_buf_init(&note, BW_NOTE_MAX);
        r = bw_tlog_note(a->log, size, &note, reterr);
        bw_jw_kstr(w, "note", r == 0 ? note.data : NULL);
        bw_buf_done(&note);
    }
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_log_epoch.c - a collector that was restored from an older copy goes on under a new
 * name of its log, which says what came before: a seam that everybody sees, and no
 * rewriting.
 *
 * Invariant: the old log is kept beside the new one; the leaf that names the old one's last
 * checkpoint is in the ledger before the new log bears its name. At every moment `log` is
 * either the old log whole or the new one whole: a collector that finds neither would begin
 * the old name anew, which is a fork. */
#include "admin.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <checkpoint.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <hash.h>
#include <inttypes.h>
#include <json.h>
#include <jws.h>
#include <leaf.h>
#include <ledger.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tlog_store.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_log_epoch;

enum {
    CHUNK = 65536
};

struct epoch {
    char folder[PATH_MAX];
    char log_path[PATH_MAX + 16];
    struct bw_buf note; /* the last checkpoint of the log before */
    struct bw_checkpoint before;
    char name[BW_NOTE_NAME_MAX + 1]; /* of the new one */
    char made[PATH_MAX + 32];        /* where the new one is made */
    char kept[PATH_MAX + 48];
    struct bw_ledger *ledger;
    struct bw_tlog *log;
    struct bw_tree_stream tree;
};

static int on_leaf(void *owner, int64_t index, const struct bw_leaf *leaf)
{
    struct bw_tree_stream *tree = owner;
    uint8_t hash[32];
    (void)index;
    bw_leaf_hash(leaf, hash);
    bw_tree_add(tree, hash);
    return 0;
}

/* The checkpoint must be of this collector's key; and no epoch is made where nothing was
 * lost: then the ledger's own leaves lead to it. */
static int check(struct epoch *e, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    struct bw_key *key = NULL;
    struct bw_note_key k;
    struct bw_note parts;
    uint8_t head[32];
    int64_t size = 0;
    (void)snprintf(path, sizeof(path), "%s/log-key.jwk", e->folder);
    int r = bw_key_load(path, &key, reterr);
    r = r < 0 ? r : bw_note_parse(e->note.data, e->note.len, &parts, reterr);
    r = r < 0 ? r : bw_checkpoint_read(parts.text, parts.text_len, &e->before, reterr);
    r = r < 0 ? r
              : bw_note_key_make(e->before.origin, BW_NOTE_PLAIN, bw_key_public(key)->raw,
                                 &k, reterr);
    if (r == 0 && bw_note_verify(&parts, &k, NULL, NULL) < 0) {
        r = bw_err_set(reterr, -BW_ESIGNATURE,
                       "this collector's log key did not sign that checkpoint");
    }
    bw_key_free(key);
    r = r < 0 ? r : e->ledger->ops->log_size(e->ledger, &size, reterr);
    if (r < 0 || size < e->before.size) {
        return r;
    }
    while (r == 0 && e->tree.size < e->before.size) {
        int64_t left = e->before.size - e->tree.size;
        r = e->ledger->ops->log_leaves(e->ledger, e->tree.size,
                                       e->tree.size + (left < CHUNK ? left : CHUNK),
                                       on_leaf, &e->tree, reterr);
    }
    bw_tree_head(&e->tree, head);
    if (r == 0 && memcmp(head, e->before.root, sizeof(head)) == 0) {
        r = bw_err_set(reterr, -EEXIST,
                       "the ledger still has all %" PRId64
                       " leaves of that checkpoint: nothing was lost, no epoch is needed",
                       e->before.size);
    }
    return r;
}

/* "NAME/epoch-2" of NAME, "NAME/epoch-3" of that. */
static int name_next(struct epoch *e, struct bw_err *reterr)
{
    static const char mark[] = "/epoch-";
    const char *at = NULL;
    long n = 1;
    size_t base = strlen(e->before.origin);
    for (const char *p = e->before.origin; (p = strstr(p, mark)) != NULL; p++) {
        at = p;
    }
    if (at) {
        n = strtol(at + sizeof(mark) - 1, NULL, 10);
        base = (size_t)(at - e->before.origin);
    }
    int len = snprintf(e->name, sizeof(e->name), "%.*s%s%ld", (int)base, e->before.origin,
                       mark, n + 1);
    return len > 0 && (size_t)len < sizeof(e->name)
               ? 0
               : bw_err_set(reterr, -ENAMETOOLONG, "the log's name becomes too long");
}

/* What a run before this one left half made. */
static int clear_made(const struct epoch *e, struct bw_err *reterr)
{
    static const char *const names[] = {"log.db", "log.db-wal", "log.db-shm",
                                        "log.db.lock"};
    char path[PATH_MAX + 64];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", e->made, names[i]);
        (void)unlink(path);
    }
    return rmdir(e->made) < 0 && errno != ENOENT
               ? bw_err_set(reterr, -errno, "%s is in the way", e->made)
               : 0;
}

/* The new log in the old one's place, which is then e->kept. */
static int change(const struct epoch *e, struct bw_err *reterr)
{
    int r = rename(e->made, e->kept) < 0 ? -errno : bw_file_sync_parent(e->log_path);
    if (r == 0 &&
        renameat2(AT_FDCWD, e->kept, AT_FDCWD, e->log_path, RENAME_EXCHANGE) < 0) {
        r = -errno;
    }
    if (r == -EINVAL || r == -ENOSYS) { /* a file system that cannot: one after the other */
        r = rename(e->log_path, e->made) < 0 || rename(e->kept, e->log_path) < 0 ||
                    rename(e->made, e->kept) < 0
                ? -errno
                : 0;
    }
    r = r < 0 ? r : bw_file_sync_parent(e->log_path);
    return r < 0 ? bw_err_set(reterr, r, "%s cannot be put aside", e->log_path) : 0;
}

static int go_on(struct epoch *e, struct bw_err *reterr)
{
    struct bw_leaf leaf = {.type = BW_LEAF_EPOCH, .unix_ms = bw_clock_unix_ms()};
    struct stat st;
    bw_sha256(e->note.data, e->note.len, leaf.sha256);
    (void)snprintf(e->made, sizeof(e->made), "%s.new", e->log_path);
    int r = clear_made(e, reterr);
    r = r < 0 ? r : e->ledger->ops->log_add(e->ledger, &leaf, 1, NULL, reterr);
    if (r < 0) {
        return r;
    }
    for (int i = 1; i < 1000; i++) {
        (void)snprintf(e->kept, sizeof(e->kept), "%s.before-%d", e->log_path, i);
        if (stat(e->kept, &st) < 0) {
            break;
        }
    }
    r = bw_tlog_open(e->made, BW_TLOG_WRITE, &e->log, reterr);
    r = r < 0 ? r : bw_tlog_meta_set(e->log, "epoch.before", e->note.data, reterr);
    r = r < 0 ? r : bw_tlog_meta_set(e->log, "origin", e->name, reterr);
    bw_tlog_close(e->log); /* all of it is in its file before the names change */
    e->log = NULL;
    return r < 0 ? r : change(e, reterr);
}

static int begin(struct epoch *e,
                 const char *data,
                 const char *config,
                 const char *file,
                 struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    struct bw_tlog *old = NULL;
    int r = bw_file_read(file, BW_NOTE_MAX, &e->note, reterr);
    r = r < 0 ? r : bw_admin_folder(data, config, e->folder, sizeof(e->folder), reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(path, sizeof(path), "%s/ledger", e->folder);
    (void)snprintf(e->log_path, sizeof(e->log_path), "%s/log", e->folder);
    r = bw_ledger_open(path, BW_LEDGER_WRITE, &e->ledger, reterr);
    if (r == -EBUSY) {
        return bw_err_set(reterr, r, "the collector is running: stop it first");
    }
    r = r < 0 ? r : check(e, reterr);
    r = r < 0 ? r : name_next(e, reterr);
    if (r == 0) { /* nobody else may write it; what its writer left is settled */
        r = bw_tlog_open(e->log_path, BW_TLOG_WRITE, &old, reterr);
        bw_tlog_close(old);
    }
    return r < 0 ? r : go_on(e, reterr);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"before", required_argument, NULL, 'b'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_log_epoch;
    const char *data = NULL;
    const char *config = NULL;
    const char *file = NULL;
    bool json = false;
    struct bw_err err = {.text = "out of memory"};
    for (int c; (c = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        switch (c) {
        case 'b':
            file = optarg;
            break;
        case 'd':
            data = optarg;
            break;
        case 'c':
            config = optarg;
            break;
        case 'j':
            json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (!file || optind < argc) {
        return bw_cli_usage(v, "--before FILE is needed, and nothing else");
    }
    struct epoch *e = calloc(1, sizeof(*e));
    if (!e) {
        return bw_cli_failed(v, "out of memory");
    }
    bw_buf_init(&e->note, BW_NOTE_MAX + 1);
    int r = begin(e, data, config, file, &err);
    if (r == 0 && json) {
        (void)printf("{\"name\":\"%s\",\"before\":{\"name\":\"%s\",\"size\":%" PRId64
                     "}}\n",
                     e->name, e->before.origin, e->before.size);
    } else if (r == 0) {
        (void)printf("The log goes on as %s; %s, of which %" PRId64
                     " leaves were signed, is kept in %s.\n"
                     "Start the collector. Tell the witnesses its new key: "
                     "/log/key of its address.\n",
                     e->name, e->before.origin, e->before.size, e->kept);
    }
    bw_tlog_close(e->log);
    bw_ledger_close(e->ledger);
    bw_buf_done(&e->note);
    free(e);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_log_epoch = {
    .name = "log epoch",
    .summary =
        "go on with a restored ledger under a new name of the log (at the collector)",
    .help =
        "--before FILE [OPTION]...\n"
        "\n"
        "After a restore from an older copy the ledger lacks leaves that were signed, and\n"
        "the collector signs nothing more. If no newer copy is left, this lets it go on:\n"
        "under a new name, with a leaf that names the last checkpoint of the log before.\n"
        "Boxes send again what is younger; they, witnesses and reports show the seam. The\n"
        "collector must not run.\n"
        "\n"
        "  --before FILE  the newest checkpoint of the old log that anybody has: of the "
        "old\n"
        "                 folder log, of a box's journal, of a witness\n"
        "  --data DIR     the collector's data folder\n"
        "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
        "  --json         one JSON object: name, before\n"
        "\n"
        "Exit status: 0 done, 1 nothing was lost or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness log epoch --before checkpoint.txt\n",
    .run = run,
};

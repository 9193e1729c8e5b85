/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_log_verify.c - every checkpoint that a collector's log ever signed, held against the
 * leaves of its ledger. */
#include "admin.h"
#include "cli.h"
#include "log_asked.h"
#include "plural.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <jws.h>
#include <ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>

extern const struct bw_verb bw_verb_log_verify;

enum {
    CHUNK = 65536
};

struct check {
    struct bw_log_asked *a;
    struct bw_tree_stream tree;
    struct bw_note_key key;
    int64_t n_leaves; /* of the ledger */
    int64_t n_good;
    int64_t n_bad;
    struct bw_buf faults; /* of JSON, or lines */
    struct bw_jw w;
    int r;
    struct bw_err *reterr;
};

static void fault(struct check *c, int64_t size, const char *what)
{
    c->n_bad++;
    if (c->a->json) {
        bw_jw_obj(&c->w);
        bw_jw_ki64(&c->w, "size", size);
        bw_jw_kstr(&c->w, "fault", what);
        bw_jw_obj_end(&c->w);
    } else {
        (void)printf("checkpoint of %" PRId64 " leaves: %s\n", size, what);
    }
}

static int on_leaf(void *owner, int64_t index, const struct bw_leaf *leaf)
{
    struct check *c = owner;
    uint8_t hash[32];
    (void)index;
    bw_leaf_hash(leaf, hash);
    bw_tree_add(&c->tree, hash);
    return 0;
}

static int grow_to(struct check *c, int64_t size)
{
    struct bw_ledger *l = c->a->ledger;
    int r = 0;
    while (r == 0 && c->tree.size < size) {
        int64_t to = size - c->tree.size > CHUNK ? c->tree.size + CHUNK : size;
        r = l->ops->log_leaves(l, c->tree.size, to, on_leaf, c, c->reterr);
    }
    return r;
}

static int on_checkpoint(void *owner, const struct bw_tlog_checkpoint *p)
{
    struct check *c = owner;
    struct bw_checkpoint said;
    struct bw_err err = {.text = ""};
    uint8_t root[32];
    if (p->size > c->n_leaves) {
        fault(c, p->size, "the ledger has fewer leaves: it was set back");
        return 0;
    }
    c->r = grow_to(c, p->size);
    if (c->r < 0) {
        return c->r;
    }
    bw_tree_head(&c->tree, root);
    if (bw_checkpoint_open(p->note, p->note_len, &c->key, &said, &err) < 0) {
        fault(c, p->size, err.text);
    } else if (said.size != p->size || memcmp(said.root, root, sizeof(root)) != 0) {
        fault(c, p->size, "the ledger's leaves give another head: something was changed");
    } else {
        c->n_good++;
    }
    return 0;
}

static int make_key(struct check *c)
{
    char path[PATH_MAX + 16];
    struct bw_key *key = NULL;
    struct bw_buf name;
    bw_buf_init(&name, 256);
    (void)snprintf(path, sizeof(path), "%s/log-key.jwk", c->a->folder);
    int r = bw_key_load(path, &key, c->reterr);
    if (r == 0) {
        r = bw_tlog_meta_get(c->a->log, "origin", &name, c->reterr);
        r = r == -ENOENT ? bw_err_set(c->reterr, r, "the log has no name yet") : r;
    }
    if (r == 0) {
        r = bw_note_key_make(name.data, BW_NOTE_PLAIN, bw_key_public(key)->raw, &c->key,
                             c->reterr);
    }
    bw_key_free(key);
    bw_buf_done(&name);
    return r;
}

static int verify(struct check *c)
{
    struct bw_ledger *l = c->a->ledger;
    int r = make_key(c);
    r = r < 0 ? r : l->ops->log_size(l, &c->n_leaves, c->reterr);
    r = r < 0 ? r : bw_tlog_checkpoints(c->a->log, on_checkpoint, c, c->reterr);
    return r < 0 ? r : grow_to(c, c->n_leaves);
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_log_verify;
    struct bw_log_asked a;
    struct bw_err err = {.text = "out of memory"};
    struct check *c = calloc(1, sizeof(*c));
    int status = bw_log_options(v, argc, argv, false, &a);
    if (status != 0 || !c) {
        free(c);
        return status != 0 ? status : bw_cli_failed(v, "out of memory");
    }
    c->a = &a;
    c->reterr = &err;
    bw_buf_init(&c->faults, (size_t)64 * 1024 * 1024);
    bw_jw_init(&c->w, &c->faults);
    bw_jw_obj(&c->w);
    bw_jw_karr(&c->w, "faults");
    int r = bw_log_open(&a, &err);
    r = r < 0 ? r : verify(c);
    bw_jw_arr_end(&c->w);
    bw_jw_ki64(&c->w, "leaves", c->tree.size);
    bw_jw_ki64(&c->w, "checkpoints", c->n_good + c->n_bad);
    bw_jw_kbool(&c->w, "ok", c->n_bad == 0);
    bw_jw_obj_end(&c->w);
    bool good = r == 0 && c->n_bad == 0;
    if (r == 0 && a.json) {
        (void)printf("%s\n", c->faults.data);
    } else if (good) {
        (void)printf("%" PRId64 " %s, %" PRId64 " %s: all hold\n", c->tree.size,
                     bw_plural(c->tree.size, "leaf", "leaves"), c->n_good,
                     bw_plural(c->n_good, "checkpoint", "checkpoints"));
    }
    bw_log_close(&a);
    bw_buf_done(&c->faults);
    free(c);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    return bw_cli_flush(v, good ? BW_EXIT_OK : BW_EXIT_FAILED);
}

const struct bw_verb bw_verb_log_verify = {
    .name = "log verify",
    .summary = "hold all checkpoints against the ledger (at the collector)",
    .help =
        "[OPTION]...\n"
        "\n"
        "Makes the tree again from the ledger's leaves and checks every checkpoint that\n"
        "was ever signed: its signature, and that the head is the one that follows from\n"
        "the leaves. Names each that does not hold. Works beside the running collector.\n"
        "\n"
        "  --data DIR     the collector's data folder\n"
        "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
        "  --json         one JSON object: faults, leaves, checkpoints, ok\n"
        "\n"
        "Exit status: 0 all hold, 1 one does not or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness log verify\n",
    .run = run,
};

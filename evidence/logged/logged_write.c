/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_write.c - takes out of a collector's log what a bag needs to show that its records
 * stand in it.
 *
 * Invariant: a leaf is told only where the log itself has the same one. */
#include "logged_writing.h"

#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <hash.h>
#include <ledger.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>

enum {
    EPOCHS_TRIED = 100
};

int bw_logged_no_memory(struct bw_logged_writing *w)
{
    return bw_err_set(w->err, -ENOMEM, "out of memory");
}

int bw_logged_put(struct bw_logged_writing *w, const char *member)
{
    return bw_buf_error(&w->text)
               ? bw_logged_no_memory(w)
               : w->file(w->owner, member, w->text.data ? w->text.data : "", w->text.len,
                         w->err);
}

/* ---- the log and its key --------------------------------------------------------- */

static int read_key(struct bw_logged_writing *w)
{
    struct bw_note_key note_key;
    struct bw_key *key = NULL;
    int r;

    bw_buf_clear(&w->text);
    r = bw_tlog_meta_get(w->log, "key", &w->text, w->err);
    if (r == 0) {
        r = bw_note_key_parse(w->text.data, &note_key, w->err);
        w->key.alg = BW_ALG_EDDSA;
        memcpy(w->key.raw, note_key.public, sizeof(note_key.public));
    } else if (r == -ENOENT) {
        r = bw_key_load(w->s->key_path, &key, w->err);
        w->key = r == 0 ? *bw_key_public(key) : w->key;
        bw_key_free(key);
    }
    if (r == 0 && !w->key.kid[0]) { /* the thumbprint, as whoever reads the JWK has it */
        struct bw_pubkey again = w->key;
        bw_buf_clear(&w->text);
        r = bw_pubkey_to_jwk(&again, &w->text);
        r = r < 0 ? bw_logged_no_memory(w)
                  : bw_pubkey_parse(w->text.data, w->text.len, &w->key, w->err);
    }
    return r;
}

static int on_point(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct bw_logged_writing *w = owner;
    struct bw_logged_point *grown =
        bw_grow(w->points, w->n_points, &w->cap_points, sizeof(*grown));

    if (!grown) {
        return bw_logged_no_memory(w);
    }
    w->points = grown;
    grown[w->n_points++] = (struct bw_logged_point){.size = c->size, .unix_s = c->unix_s};
    return 0;
}

static int count(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    int64_t *counted = owner;

    (void)who;
    (void)unix_s;
    (void)bytes;
    (void)n;
    (*counted)++;
    return 0;
}

/* 0: nothing to tell; 1: there is a checkpoint. */
static int open_log(struct bw_logged_writing *w)
{
    int r = bw_tlog_open(w->s->folder, BW_TLOG_READ, &w->log, w->err);

    if (r == -ENOENT) {
        return 0;
    }
    r = r < 0 ? r : bw_tlog_checkpoints(w->log, on_point, w, w->err);
    if (r < 0 || w->n_points == 0) {
        return r;
    }
    w->size = w->points[w->n_points - 1].size;
    for (size_t i = 0; r == 0 && i < w->n_points; i++) {
        struct bw_logged_point *p = &w->points[i];
        r = bw_tlog_cosigned(w->log, p->size, count, &p->n_cosigned, w->err);
        r = r < 0 ? r : bw_tlog_stamps(w->log, p->size, count, &p->n_stamps, w->err);
    }
    bw_buf_clear(&w->text);
    r = r < 0 ? r : bw_tlog_meta_get(w->log, "origin", &w->text, w->err);
    if (r == 0) {
        (void)snprintf(w->name, sizeof(w->name), "%s", w->text.data ? w->text.data : "");
        r = read_key(w);
    }
    return r < 0 ? r : 1;
}

/* ---- leaves ---------------------------------------------------------------------- */

static int read_tile(void *owner, const struct bw_tile *tile, uint8_t *ret_hashes)
{
    struct bw_logged_writing *w = owner;
    int r;

    bw_buf_clear(&w->tile);
    r = bw_tlog_tile(w->log, tile, &w->tile, w->err);
    if (r == 0) {
        memcpy(ret_hashes, w->tile.data, w->tile.len);
    }
    return r;
}

/* Is leaf `index` of the log this one? Then it is a part of the proof. */
static int take_leaf(struct bw_logged_writing *w, int64_t index, const uint8_t hash[32])
{
    uint8_t there[32];
    int r;

    if (index >= w->size) {
        return 0;
    }
    r = bw_tile_node(&w->reader, 0, index, there);
    if (r < 0 || memcmp(there, hash, sizeof(there)) != 0) {
        return r;
    }
    w->parts[w->n_parts].index = index;
    memcpy(w->parts[w->n_parts].hash, hash, 32);
    w->n_parts++;
    return 1;
}

static int take_records(struct bw_logged_writing *w)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < w->t->n_records; i++) {
        const struct bw_logged_record *rec = &w->t->records[i];
        uint8_t hash[32];
        int64_t index = 0;
        if (rec->position == BW_UNKNOWN || rec->received_unix_ms == BW_UNKNOWN) {
            continue;
        }
        r = w->s->ledger->ops->log_index(w->s->ledger, rec->position, &index, w->err);
        bw_logged_leaf(BW_LEAF_SUMMARY, rec->received_unix_ms, rec->sha256, hash);
        r = r < 0 ? r : take_leaf(w, index, hash);
        if (r > 0) {
            w->places[w->n_places++] =
                (struct bw_logged_place){.position = rec->position, .leaf = index};
        }
    }
    return r < 0 ? r : 0;
}

/* One that is no record: -ENOENT from the ledger is no failure. 1: it is there. */
static int
take_other(struct bw_logged_writing *w, int type, const uint8_t sha256[32], const char *of)
{
    struct bw_logged_other o = {.type = type};
    struct bw_logged_other *grown;
    uint8_t hash[32];
    int r = w->s->ledger->ops->log_find(w->s->ledger, type, sha256, &o.leaf, &o.unix_ms,
                                        w->err);

    if (r < 0) {
        return r == -ENOENT ? 0 : r;
    }
    bw_logged_leaf(type, o.unix_ms, sha256, hash);
    r = take_leaf(w, o.leaf, hash);
    if (r <= 0) {
        return r;
    }
    grown = bw_grow(w->others, w->n_others, &w->cap_others, sizeof(*grown));
    if (!grown) {
        return bw_logged_no_memory(w);
    }
    w->others = grown;
    (void)snprintf(o.of, sizeof(o.of), "%s", of);
    grown[w->n_others++] = o;
    return 1;
}

static int take_statements(struct bw_logged_writing *w)
{
    struct bw_logged_line line;
    size_t at = 0;
    int r = 0;

    while (r >= 0 && bw_logged_line_next(w->t, &at, &line)) {
        r = take_other(w, line.type, line.sha256, line.id);
        if (r == 0 && line.type != BW_LEAF_STATEMENT) {
            r = take_other(w, BW_LEAF_STATEMENT, line.sha256, line.id);
        }
    }
    return r < 0 ? r : 0;
}

static int take_keys(struct bw_logged_writing *w)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < w->t->n_keys; i++) {
        const struct bw_logged_key *k = &w->t->keys[i];
        uint8_t sha256[32];
        for (const int *type = bw_logged_key_types; r >= 0 && *type >= 0; type++) {
            if (bw_logged_key_has(k, *type)) {
                r = bw_logged_key_hash(k, w->t->site, *type, sha256);
                r = r < 0 ? bw_logged_no_memory(w) : take_other(w, *type, sha256, k->kid);
            }
        }
    }
    return r < 0 ? r : 0;
}

/* The last checkpoint of a log that came before, where the ledger's leaves name it. */
static int take_before(struct bw_logged_writing *w, struct bw_tlog *log)
{
    char member[BW_LOGGED_MEMBER_MAX];
    uint8_t sha256[32];
    int r;

    bw_buf_clear(&w->text);
    r = bw_tlog_meta_get(log, "epoch.before", &w->text, w->err);
    if (r < 0 || !w->text.data) {
        return r == -ENOENT ? 0 : r;
    }
    bw_sha256(w->text.data, w->text.len, sha256);
    bw_logged_member("before", (int64_t)w->n_before + 1, member);
    r = take_other(w, BW_LEAF_EPOCH, sha256, member + strlen(BW_IN_LOG));
    if (r > 0) {
        w->n_before++;
        r = bw_logged_put(w, member);
    }
    return r;
}

static int take_epochs(struct bw_logged_writing *w)
{
    int r = 0;

    for (int i = 1; r >= 0 && i < EPOCHS_TRIED && w->n_before < BW_LOG_BEFORE_MAX - 1;
         i++) {
        char folder[PATH_MAX];
        struct bw_tlog *old = NULL;
        (void)snprintf(folder, sizeof(folder), "%.4000s.before-%d", w->s->folder, i);
        r = bw_tlog_open(folder, BW_TLOG_READ, &old, w->err);
        if (r == -ENOENT) {
            break;
        }
        r = r < 0 ? r : take_before(w, old);
        bw_tlog_close(old);
    }
    r = r == -ENOENT ? 0 : r;
    return r < 0 ? r : take_before(w, w->log);
}

/* ---- files ----------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    const struct bw_logged_place *x = a;
    const struct bw_logged_place *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

static int put_order(struct bw_logged_writing *w)
{
    struct bw_logged_run run = {0, 0, 0};

    if (w->n_places > 1) {
        qsort(w->places, w->n_places, sizeof(*w->places), by_position);
    }
    bw_buf_clear(&w->text);
    bw_logged_runs_head(&w->text);
    for (size_t i = 0; i < w->n_places; i++) {
        const struct bw_logged_place *p = &w->places[i];
        if (i > 0 && p->leaf - p->position == run.leaf - run.first) {
            run.last = p->position;
            continue;
        }
        if (i > 0) {
            bw_logged_runs_add(&w->text, &run);
        }
        run = (struct bw_logged_run){p->position, p->position, p->leaf};
    }
    if (w->n_places > 0) {
        bw_logged_runs_add(&w->text, &run);
    }
    return bw_logged_put(w, BW_IN_LOG_ORDER);
}

static int by_leaf(const void *a, const void *b)
{
    const struct bw_logged_other *x = a;
    const struct bw_logged_other *y = b;

    return (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

static int put_others(struct bw_logged_writing *w)
{
    if (w->n_others == 0) {
        return 0;
    }
    qsort(w->others, w->n_others, sizeof(*w->others), by_leaf);
    bw_buf_clear(&w->text);
    bw_logged_others_head(&w->text);
    for (size_t i = 0; i < w->n_others; i++) {
        if (i == 0 || w->others[i].leaf != w->others[i - 1].leaf) {
            bw_logged_others_add(&w->text, &w->others[i]);
        }
    }
    return bw_logged_put(w, BW_IN_LOG_OTHERS);
}

static int on_hash(void *owner, const uint8_t hash[32])
{
    bw_buf_add(owner, hash, 32);
    return bw_buf_error(owner);
}

static int put_hashes(struct bw_logged_writing *w)
{
    bool apart;
    int r;

    w->n_parts = bw_logged_sort(w->parts, w->n_parts, &apart);
    bw_buf_clear(&w->text);
    r = bw_tree_prove_many(w->parts, w->n_parts, w->size, bw_tile_node, &w->reader, on_hash,
                           &w->text);
    if (r < 0) {
        return w->err->text[0] ? r : bw_err_set(w->err, r, "the log's tree cannot be read");
    }
    return bw_logged_put(w, BW_IN_LOG_HASHES);
}

int bw_logged_key_set(const struct bw_pubkey *key, struct bw_buf *out)
{
    struct bw_jw j;

    bw_jw_init(&j, out);
    bw_jw_obj(&j);
    bw_jw_karr(&j, "keys");
    bw_jw_obj(&j);
    bw_pubkey_members(key, &j);
    bw_jw_obj_end(&j);
    bw_jw_arr_end(&j);
    bw_jw_obj_end(&j);
    bw_buf_putc(out, '\n');
    return bw_buf_error(out);
}

static int put_keys(struct bw_logged_writing *w)
{
    bw_buf_clear(&w->text);
    (void)bw_logged_key_set(&w->key, &w->text); /* an error sticks */
    return bw_logged_put(w, BW_IN_LOG_KEYS);
}

int bw_logged_write(const struct bw_logged_source *s,
                    const struct bw_logged_things *things,
                    bw_logged_file_cb file,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_err err = {""};
    struct bw_logged_writing *w = calloc(1, sizeof(*w));
    int r;

    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    *w = (struct bw_logged_writing){
        .s = s, .t = things, .file = file, .owner = owner, .err = reterr ? reterr : &err};
    bw_buf_init(&w->text, SIZE_MAX / 2);
    bw_buf_init(&w->tile, BW_TILE_BYTES + 1);
    r = open_log(w);
    if (r <= 0) {
        goto out;
    }
    w->reader.size = w->size;
    w->reader.cb = read_tile;
    w->reader.owner = w;
    w->parts = calloc(bw_logged_parts_most(things), sizeof(*w->parts));
    w->places = calloc(things->n_records + 1, sizeof(*w->places));
    r = w->parts && w->places ? 0 : bw_logged_no_memory(w);
    r = r < 0 ? r : take_records(w);
    r = r < 0 ? r : take_statements(w);
    r = r < 0 ? r : take_keys(w);
    r = r < 0 ? r : take_epochs(w);
    r = r < 0 ? r : put_order(w);
    r = r < 0 ? r : put_others(w);
    r = r < 0 ? r : put_hashes(w);
    r = r < 0 ? r : put_keys(w);
    r = r < 0 ? r : bw_logged_put_points(w);
out:
    bw_tlog_close(w->log);
    free(w->points);
    free(w->parts);
    free(w->places);
    free(w->others);
    bw_buf_done(&w->text);
    bw_buf_done(&w->tile);
    free(w);
    return r;
}

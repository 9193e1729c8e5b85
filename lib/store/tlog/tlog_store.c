/* SPDX-License-Identifier: GPL-3.0-or-later
 * tlog_store.c - leaves and tiles: bundles of 256 leaves as they are, tiles from level 1 up
 * (those of level 0 are hashed out of a bundle when they are asked for).
 *
 * Invariant: size, the last bundle and the last tile of each level change in one
 * transaction; a row that is full never changes again. What is in memory of them is thrown
 * away after a failure. */
#include "tlog_store.h"

#include "tlog_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE log(id INTEGER PRIMARY KEY CHECK(id = 1), size INTEGER NOT NULL);"
    "INSERT INTO log VALUES(1, 0);"
    "CREATE TABLE bundles(n INTEGER PRIMARY KEY, leaves BLOB NOT NULL);"
    "CREATE TABLE tiles(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,"
    " PRIMARY KEY(level, n));"
    "CREATE TABLE checkpoints(size INTEGER PRIMARY KEY, unix_s INTEGER NOT NULL,"
    " root BLOB NOT NULL, note TEXT NOT NULL);"
    "CREATE TABLE cosignatures(size INTEGER NOT NULL, name TEXT NOT NULL,"
    " unix_s INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY(size, name)) WITHOUT ROWID;"
    "CREATE TABLE stamps(size INTEGER NOT NULL, url TEXT NOT NULL, unix_s INTEGER NOT NULL,"
    " der BLOB NOT NULL, PRIMARY KEY(size, url));"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE seen(origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,"
    " unix_s INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const v1[] = {schema_v1, NULL};
static const char *const *const script[] = {v1};

/* "BWT1" in the file's header. */
static const struct bw_sql_schema schema = {
    .what = "log", .application_id = 0x42575431, .version = 1, .script = script};

static const char *const text[N_STMTS] = {
    [SIZE_GET] = "SELECT size FROM log",
    [SIZE_SET] = "UPDATE log SET size = ?1",
    [BUNDLE_PUT] = "INSERT OR REPLACE INTO bundles VALUES(?1, ?2)",
    [BUNDLE_GET] = "SELECT leaves FROM bundles WHERE n = ?1",
    [TILE_PUT] = "INSERT OR REPLACE INTO tiles VALUES(?1, ?2, ?3)",
    [TILE_GET] = "SELECT hashes FROM tiles WHERE level = ?1 AND n = ?2",
    [CHECKPOINT_ADD] = "INSERT INTO checkpoints VALUES(?1, ?2, ?3, ?4)",
    [CHECKPOINT_AT] = (
        "SELECT size, unix_s, root, note FROM checkpoints WHERE size <= ?1"
        " ORDER BY size DESC LIMIT 1"),
    [CHECKPOINT_ALL] = "SELECT size, unix_s, root, note FROM checkpoints ORDER BY size",
    [COSIGN_PUT] = "INSERT OR REPLACE INTO cosignatures VALUES(?1, ?2, ?3, ?4)",
    [COSIGN_GET] = "SELECT name, unix_s, line FROM cosignatures WHERE size = ?1 ORDER BY name",
    [STAMP_PUT] = "INSERT OR REPLACE INTO stamps VALUES(?1, ?2, ?3, ?4)",
    [STAMP_GET] = "SELECT url, unix_s, der FROM stamps WHERE size = ?1 ORDER BY url",
    [META_PUT] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [META_DROP] = "DELETE FROM meta WHERE name = ?1",
    [SEEN_GET] = "SELECT origin, size, root, unix_s FROM seen WHERE origin = ?1",
    [SEEN_ADD] = "INSERT INTO seen VALUES(?1, ?2, ?3, ?4)",
    [SEEN_MOVE] = ("UPDATE seen SET size = ?2, root = ?3, unix_s = ?4"
                   " WHERE origin = ?1 AND size = ?5"),
};
/* clang-format on */

int bw_tlog_open(const char *folder,
                 enum bw_tlog_mode mode,
                 struct bw_tlog **ret,
                 struct bw_err *reterr)
{
    char path[4096];
    bool write = mode == BW_TLOG_WRITE;
    int r = snprintf(path, sizeof(path), "%s/log.db", folder);
    if (r < 0 || (size_t)r >= sizeof(path)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: path too long", folder);
    }
    r = write ? bw_dir_make(folder, 0750, reterr) : 0;
    if (r < 0) {
        return r;
    }
    struct bw_tlog *t = calloc(1, sizeof(*t));
    if (!t) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    t->write = write;
    t->sql.lock_fd = -1;
    r = bw_sql_open(&t->sql, path, write ? BW_SQL_WRITE : BW_SQL_READ, write, &schema, text,
                    N_STMTS, reterr);
    if (r < 0) {
        bw_tlog_close(t);
        return r;
    }
    *ret = t;
    return 0;
}

void bw_tlog_close(struct bw_tlog *t)
{
    if (t) {
        bw_sql_close(&t->sql);
        free(t);
    }
}

int bw_tlog_size(struct bw_tlog *t, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, SIZE_GET, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(&t->sql, st, reterr);
    }
    if (r > 0) {
        *ret = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

/* The first n bytes of a row of BUNDLE_GET or TILE_GET (bound); -ENOENT, -BW_EMALFORMED. */
static int get_blob(
    struct bw_tlog *t, struct sqlite3_stmt *st, void *out, size_t n, struct bw_err *reterr)
{
    int r = bw_sql_row(&t->sql, st, reterr);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        return bw_err_set(reterr, -ENOENT, "the log has no such tile");
    }
    if ((size_t)sqlite3_column_bytes(st, 0) < n) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "a tile in %s is cut; it can be made again "
                       "from the ledger",
                       t->sql.path);
    } else {
        memcpy(out, sqlite3_column_blob(st, 0), n);
        r = 0;
    }
    (void)sqlite3_reset(st);
    return r;
}

static int
get_bundle(struct bw_tlog *t, int64_t n, int width, uint8_t *out, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, BUNDLE_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, n);
    return get_blob(t, st, out, (size_t)width * BW_LEAF_BYTES, reterr);
}

static int get_tile(
    struct bw_tlog *t, int level, int64_t n, int width, uint8_t *out, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, TILE_GET, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, level);
    bw_sql_i64(st, 2, n);
    return get_blob(t, st, out, (size_t)width * 32, reterr);
}

/* ---- appending ---------------------------------------------------------------------- */

static int load_edge(struct bw_tlog *t, struct bw_err *reterr)
{
    int r = bw_tlog_size(t, &t->size, reterr);
    if (r < 0) {
        return r;
    }
    int width = (int)(t->size % BW_TILE_WIDTH);
    if (width > 0) {
        r = get_bundle(t, t->size / BW_TILE_WIDTH, width, t->bundle, reterr);
    }
    for (int level = 1; r == 0 && level < BW_TILE_LEVELS; level++) {
        int64_t hashes = t->size >> (8 * level);
        width = (int)(hashes % BW_TILE_WIDTH);
        if (width > 0) {
            r = get_tile(t, level, hashes / BW_TILE_WIDTH, width, t->edge[level], reterr);
        }
    }
    t->loaded = r == 0;
    return r;
}

static int put_bundle(struct bw_tlog *t, int64_t n, size_t leaves, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, BUNDLE_PUT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, n);
    bw_sql_blob(st, 2, t->bundle, leaves * BW_LEAF_BYTES);
    return bw_sql_run(&t->sql, st, reterr);
}

static int
put_tile(struct bw_tlog *t, int level, int64_t n, size_t hashes, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&t->sql, TILE_PUT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, level);
    bw_sql_i64(st, 2, n);
    bw_sql_blob(st, 3, t->edge[level], hashes * 32);
    return bw_sql_run(&t->sql, st, reterr);
}

static void hash_bundle(const uint8_t *leaves, int width, uint8_t *out)
{
    for (int i = 0; i < width; i++) {
        bw_tree_leaf(leaves + (size_t)i * BW_LEAF_BYTES, BW_LEAF_BYTES,
                     out + (size_t)32 * (size_t)i);
    }
}

/* A full bundle goes to disk, and its head one level up; so does each tile it fills. */
static int bundle_full(struct bw_tlog *t, struct bw_err *reterr)
{
    uint8_t hashes[BW_TILE_BYTES];
    uint8_t head[32];
    int64_t n = t->size / BW_TILE_WIDTH - 1;
    int r = put_bundle(t, n, BW_TILE_WIDTH, reterr);
    hash_bundle(t->bundle, BW_TILE_WIDTH, hashes);
    bw_tile_head(hashes, head);
    for (int level = 1; r == 0 && level < BW_TILE_LEVELS; level++) {
        memcpy(t->edge[level] + 32 * (n % BW_TILE_WIDTH), head, 32);
        if ((n + 1) % BW_TILE_WIDTH != 0) {
            break;
        }
        r = put_tile(t, level, n / BW_TILE_WIDTH, BW_TILE_WIDTH, reterr);
        bw_tile_head(t->edge[level], head);
        n /= BW_TILE_WIDTH;
    }
    return r;
}

/* The rows that are not full yet. */
static int put_edge(struct bw_tlog *t, int64_t from, struct bw_err *reterr)
{
    int r = 0;
    size_t width = (size_t)(t->size % BW_TILE_WIDTH);
    if (width > 0) {
        r = put_bundle(t, t->size / BW_TILE_WIDTH, width, reterr);
    }
    for (int level = 1; r == 0 && level < BW_TILE_LEVELS; level++) {
        int64_t hashes = t->size >> (8 * level);
        width = (size_t)(hashes % BW_TILE_WIDTH);
        if (width > 0 && hashes != from >> (8 * level)) {
            r = put_tile(t, level, hashes / BW_TILE_WIDTH, width, reterr);
        }
    }
    return r;
}

int bw_tlog_append(struct bw_tlog *t,
                   const struct bw_leaf *leaves,
                   size_t n,
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    if (!t->write) {
        return bw_err_set(reterr, -EROFS, "this log is open for reading only");
    }
    int r = bw_sql_begin(&t->sql, reterr);
    if (r == 0 && !t->loaded) {
        r = load_edge(t, reterr);
    }
    int64_t from = t->size;
    for (size_t i = 0; r == 0 && i < n; i++) {
        bw_leaf_write(&leaves[i],
                      t->bundle + (size_t)(t->size % BW_TILE_WIDTH) * BW_LEAF_BYTES);
        t->size++;
        if (t->size % BW_TILE_WIDTH == 0) {
            r = bundle_full(t, reterr);
        }
    }
    if (r == 0) {
        r = put_edge(t, from, reterr);
    }
    if (r == 0) {
        r = bw_sql_use(&t->sql, SIZE_SET, &st, reterr);
    }
    if (r == 0) {
        bw_sql_i64(st, 1, t->size);
        r = bw_sql_run(&t->sql, st, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(&t->sql, reterr);
    }
    bw_sql_rollback(&t->sql);
    t->loaded = r == 0;
    return r;
}

/* ---- reading ------------------------------------------------------------------------ */

int bw_tlog_leaf(struct bw_tlog *t,
                 int64_t index,
                 struct bw_leaf *ret,
                 struct bw_err *reterr)
{
    uint8_t bundle[BW_TILE_WIDTH * BW_LEAF_BYTES];
    int64_t size = 0;
    int at = (int)(index % BW_TILE_WIDTH);
    int r = bw_tlog_size(t, &size, reterr);
    if (r == 0 && (index < 0 || index >= size)) {
        r = bw_err_set(reterr, -ENOENT, "the log has no leaf %lld", (long long)index);
    }
    if (r == 0) {
        r = get_bundle(t, index / BW_TILE_WIDTH, at + 1, bundle, reterr);
    }
    if (r == 0) {
        bw_leaf_read(bundle + (size_t)at * BW_LEAF_BYTES, ret);
    }
    return r;
}

/* As bw_tile_cb: any tile of the tree, its width already right. */
static int read_hashes(void *owner, const struct bw_tile *tile, uint8_t *ret_hashes)
{
    struct bw_tlog *t = owner;
    uint8_t bundle[BW_TILE_WIDTH * BW_LEAF_BYTES];
    if (tile->level > 0) {
        return get_tile(t, tile->level, tile->n, tile->width, ret_hashes, &t->fault);
    }
    int r = get_bundle(t, tile->n, tile->width, bundle, &t->fault);
    if (r == 0) {
        hash_bundle(bundle, tile->width, ret_hashes);
    }
    return r;
}

int bw_tlog_tile(struct bw_tlog *t,
                 const struct bw_tile *tile,
                 struct bw_buf *out,
                 struct bw_err *reterr)
{
    static const char length[2] = {0, BW_LEAF_BYTES};
    uint8_t bytes[BW_TILE_WIDTH * BW_LEAF_BYTES];
    int64_t size = 0;
    int r = bw_tlog_size(t, &size, reterr);
    if (r < 0) {
        return r;
    }
    if (tile->width < 1 || tile->width > bw_tile_width(tile->level, tile->n, size)) {
        return bw_err_set(reterr, -ENOENT, "the log has no such tile yet");
    }
    if (tile->level != BW_TILE_ENTRIES) {
        r = read_hashes(t, tile, bytes);
        if (r < 0) {
            return bw_err_set(reterr, r, "%s", t->fault.text);
        }
        bw_buf_add(out, bytes, (size_t)tile->width * 32);
        return bw_buf_error(out);
    }
    r = get_bundle(t, tile->n, tile->width, bytes, reterr);
    for (int i = 0; r == 0 && i < tile->width; i++) {
        bw_buf_add(out, length, sizeof(length));
        bw_buf_add(out, bytes + (size_t)i * BW_LEAF_BYTES, BW_LEAF_BYTES);
    }
    return r == 0 ? bw_buf_error(out) : r;
}

/* The reader for a tree of this size; -EINVAL when the log is smaller. */
static int reader_of(struct bw_tlog *t, int64_t size, struct bw_err *reterr)
{
    int64_t have = 0;
    int r = bw_tlog_size(t, &have, reterr);
    if (r == 0 && (size < 0 || size > have)) {
        r = bw_err_set(reterr, -EINVAL, "the log has %lld leaves, not %lld",
                       (long long)have, (long long)size);
    }
    if (t->reader.size != size) { /* partial tiles are others; full ones stay the same */
        memset(&t->reader, 0, sizeof(t->reader));
    }
    t->reader.size = size;
    t->reader.cb = read_hashes;
    t->reader.owner = t;
    return r;
}

static int done(const struct bw_tlog *t, int r, struct bw_err *reterr)
{
    if (r == -EINVAL) {
        return bw_err_set(reterr, r, "no such place in the log");
    }
    return r < 0 ? bw_err_set(reterr, r, "%s", t->fault.text) : 0;
}

int bw_tlog_root(struct bw_tlog *t, int64_t size, uint8_t ret[32], struct bw_err *reterr)
{
    int r = reader_of(t, size, reterr);
    return r < 0 ? r
                 : done(t, bw_tree_head_of(size, bw_tile_node, &t->reader, ret), reterr);
}

int bw_tlog_prove(struct bw_tlog *t,
                  int64_t index,
                  int64_t size,
                  struct bw_proof *ret,
                  struct bw_err *reterr)
{
    int r = reader_of(t, size, reterr);
    return r < 0
               ? r
               : done(t, bw_tree_prove(index, size, bw_tile_node, &t->reader, ret), reterr);
}

int bw_tlog_prove_growth(struct bw_tlog *t,
                         int64_t from,
                         int64_t to,
                         struct bw_proof *ret,
                         struct bw_err *reterr)
{
    int r = reader_of(t, to, reterr);
    return r < 0 ? r
                 : done(t, bw_tree_prove_growth(from, to, bw_tile_node, &t->reader, ret),
                        reterr);
}

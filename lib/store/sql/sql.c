/* SPDX-License-Identifier: GPL-3.0-or-later
 * sql.c - opening, failing and running SQLite in one way for all back ends.
 *
 * Invariant: a connection is WAL with synchronous FULL, waits at most 250 ms for a lock,
 * and after any failure is outside a transaction. */
#include "sql.h"

#include "file.h"
#include "hash.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUSY_TIMEOUT_MS = 250,
    PATH_CAP = 4096
};

static int code_of(struct sqlite3 *db, int rc)
{
    int sys = db ? sqlite3_system_errno(db) : 0;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -EAGAIN;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM) {
            return -ENOMEM;
        }
        if (sys == ENOSPC || sys == EDQUOT || sys == EROFS) {
            return -sys;
        }
        return -EIO;
    case SQLITE_CANTOPEN:
        return sys > 0 ? -sys : -EIO;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -BW_EMALFORMED;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_TOOBIG:
        return -E2BIG;
    default:
        return -EINVAL;
    }
}

static int fail_db(struct sqlite3 *db,
                   int rc,
                   const char *what,
                   const char *path,
                   const char *doing,
                   struct bw_err *reterr)
{
    int code = code_of(db, rc);
    const char *why = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    switch (-code) {
    case ENOSPC:
        return bw_err_set(reterr, code, "%s %s: the disk is full (%s); free some space",
                          what, path, doing);
    case EAGAIN:
        return bw_err_set(reterr, code, "%s %s is locked by another process (%s)", what,
                          path, doing);
    case EROFS:
        return bw_err_set(reterr, code,
                          "%s %s cannot be written (%s): the file or its disk is read-only",
                          what, path, doing);
    case BW_EMALFORMED:
        return bw_err_set(reterr, code,
                          "%s %s is damaged or not a %s (%s); move it aside, keep it for "
                          "`sqlite3 … .recover`, and start with a new one",
                          what, path, what, why);
    default:
        return bw_err_set(reterr, code, "%s %s: %s: %s", what, path, doing, why);
    }
}

int bw_sql_fail(struct bw_sql *s, const char *doing, struct bw_err *reterr)
{
    int rc = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;
    return fail_db(s->db, rc, s->schema->what, s->path, doing, reterr);
}

int bw_sql_code(struct bw_sql *s)
{
    return s->db ? code_of(s->db, sqlite3_extended_errcode(s->db)) : -ENOMEM;
}

/* An open-file-description lock on a file of its own: SQLite's own locks are per process
 * and would be dropped by any close() of the data base file. */
static int take_lock(struct bw_sql *s, struct bw_err *reterr)
{
    char name[PATH_CAP];
    int n = snprintf(name, sizeof(name), "%s.lock", s->path);
    if (n < 0 || (size_t)n >= sizeof(name)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: path too long", s->path);
    }
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (s->lock_fd < 0) {
        int code = -errno;
        return bw_err_set(reterr, code, "cannot make %s: %s%s", name, bw_strerror(code),
                          code == -ENOENT ? " (make its folder first)" : "");
    }
    struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(s->lock_fd, F_OFD_SETLK, &fl) < 0) {
        return bw_err_set(reterr, errno == EAGAIN || errno == EACCES ? -EBUSY : -errno,
                          "%s %s is being written by another process; stop that one first",
                          s->schema->what, s->path);
    }
    return 0;
}

static int
pragma_int(struct bw_sql *s, const char *text, int64_t *ret, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = 0;
    if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        r = bw_sql_fail(s, "reading its header", reterr);
    } else {
        *ret = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    return r;
}

static int migrate(struct bw_sql *s, int64_t from, struct bw_err *reterr)
{
    char text[96];
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    /* Another process may have been faster between our look and the lock. */
    r = pragma_int(s, "PRAGMA user_version", &from, reterr);
    for (int64_t v = from; r == 0 && v < s->schema->version; v++) {
        for (const char *const *t = s->schema->script[v]; r == 0 && *t; t++) {
            r = bw_sql_exec(s, *t, reterr);
        }
    }
    if (r == 0) {
        (void)snprintf(text, sizeof(text), "PRAGMA user_version=%d", s->schema->version);
        r = bw_sql_exec(s, text, reterr);
    }
    if (r == 0) {
        (void)snprintf(text, sizeof(text), "PRAGMA application_id=%" PRIu32,
                       s->schema->application_id);
        r = bw_sql_exec(s, text, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    return r;
}

/* Look before anything is changed; *ret_version is what the file has. */
static int check_marks(struct bw_sql *s, int64_t *ret_version, struct bw_err *reterr)
{
    int64_t version = 0;
    int64_t app = 0;
    int64_t objects = 0;
    int r = pragma_int(s, "PRAGMA user_version", &version, reterr);
    if (r == 0) {
        r = pragma_int(s, "PRAGMA application_id", &app, reterr);
    }
    if (r == 0) {
        r = pragma_int(s, "SELECT count(*) FROM sqlite_schema", &objects, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (app != (int64_t)s->schema->application_id && (app != 0 || objects > 0)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s is a data base of something else, not a bandwitness %s",
                          s->path, s->schema->what);
    }
    if (version > s->schema->version) {
        return bw_err_set(reterr, -BW_ENEWER,
                          "%s %s has format %" PRId64 ", this program reads up to %d; "
                          "install the newer version again",
                          s->schema->what, s->path, version, s->schema->version);
    }
    *ret_version = version;
    return 0;
}

/* A reader without the right to write the folder cannot make the shared-memory file; with
 * no writer alive and no log left behind, the file alone is the whole truth. */
static int open_immutable(struct bw_sql *s)
{
    char wal[PATH_CAP];
    char *uri = NULL;
    int rc = SQLITE_CANTOPEN;
    int n = snprintf(wal, sizeof(wal), "%s-wal", s->path);
    struct stat st;
    if (n < 0 || (size_t)n >= sizeof(wal) || stat(wal, &st) == 0) {
        return rc;
    }
    uri = sqlite3_mprintf("file:%s?immutable=1", s->path);
    if (!uri || strpbrk(s->path, "?#%")) {
        sqlite3_free(uri);
        return rc;
    }
    (void)sqlite3_close_v2(s->db);
    s->db = NULL;
    rc = sqlite3_open_v2(
        uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    sqlite3_free(uri);
    return rc;
}

static int open_db(struct bw_sql *s, bool write, struct bw_err *reterr)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK) {
        return fail_db(s->db, rc, s->schema->what, s->path, "opening", reterr);
    }
    (void)sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    if (!write) {
        rc = sqlite3_exec(s->db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
        if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) {
            rc = open_immutable(s);
            if (rc != SQLITE_OK) {
                return fail_db(s->db, rc, s->schema->what, s->path, "opening", reterr);
            }
        }
        return bw_sql_exec(s, "PRAGMA query_only=1", reterr);
    }
    return 0;
}

static int make_ready(struct bw_sql *s, bool write, struct bw_err *reterr)
{
    int64_t version = 0;
    int r = check_marks(s, &version, reterr);
    if (r < 0) {
        return r;
    }
    if (!write) {
        if (version == s->schema->version) {
            return 0;
        }
        return version == 0
                   ? bw_err_set(reterr, -ENOENT, "%s %s is empty", s->schema->what, s->path)
                   : bw_err_set(reterr, -EINVAL,
                                "%s %s has the older format %" PRId64
                                "; start its daemon once to bring it up to date",
                                s->schema->what, s->path, version);
    }
    r = bw_sql_exec(s,
                    "PRAGMA journal_mode=WAL;"
                    "PRAGMA synchronous=FULL;"
                    "PRAGMA temp_store=MEMORY;"
                    "PRAGMA cell_size_check=1;",
                    reterr);
    if (r == 0 && s->schema->tuning) {
        r = bw_sql_exec(s, s->schema->tuning, reterr);
    }
    if (r == 0 && version < s->schema->version) {
        r = migrate(s, version, reterr);
    }
    return r;
}

int bw_sql_open(struct bw_sql *s,
                const char *path,
                enum bw_sql_mode mode,
                bool exclusive,
                const struct bw_sql_schema *schema,
                const char *const *text,
                size_t n_stmts,
                struct bw_err *reterr)
{
    bool write = mode == BW_SQL_WRITE;
    bool fresh = false;
    int r = 0;
    *s = (struct bw_sql){.lock_fd = -1, .schema = schema, .text = text, .n_stmts = n_stmts};
    s->path = strdup(path);
    s->stmt = calloc(n_stmts, sizeof(struct sqlite3_stmt *));
    if (!s->path || !s->stmt) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (write && exclusive) {
        r = take_lock(s, reterr);
        if (r < 0) {
            return r;
        }
    }
    if (write) {
        /* Made by us, so that the mode is ours and the name is durable. */
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        fresh = fd >= 0;
        if (fd >= 0) {
            (void)close(fd);
        } else if (errno != EEXIST) {
            int code = -errno;
            return bw_err_set(reterr, code, "cannot make %s %s: %s", schema->what, path,
                              bw_strerror(code));
        }
    } else if (access(path, R_OK) < 0) {
        int code = -errno;
        return bw_err_set(reterr, code, "cannot read %s %s: %s", schema->what, path,
                          bw_strerror(code));
    }
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a pipe would be waited for */
        return bw_err_set(reterr, -EINVAL, "%s %s is not a plain file", schema->what, path);
    }
    r = open_db(s, write, reterr);
    if (r == 0) {
        r = make_ready(s, write, reterr);
    }
    if (r == 0 && fresh) {
        r = bw_file_sync_parent(path);
        if (r < 0) {
            r = bw_err_set(reterr, r, "cannot sync the folder of %s", path);
        }
    }
    return r;
}

void bw_sql_close(struct bw_sql *s)
{
    for (size_t i = 0; s->stmt && i < s->n_stmts; i++) {
        (void)sqlite3_finalize(s->stmt[i]);
    }
    free(s->stmt);
    (void)sqlite3_close_v2(s->db);
    if (s->lock_fd >= 0) {
        (void)close(s->lock_fd);
    }
    free(s->path);
    *s = (struct bw_sql){.lock_fd = -1};
}

int bw_sql_new(size_t bytes,
               const char *path,
               enum bw_sql_mode mode,
               bool exclusive,
               const struct bw_sql_schema *schema,
               const char *const *text,
               size_t n_stmts,
               void **ret,
               struct bw_err *reterr)
{
    void *store = calloc(1, bytes);
    if (!store) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_sql_open(store, path, mode, exclusive, schema, text, n_stmts, reterr);
    if (r < 0) {
        bw_sql_free(store);
        return r;
    }
    *ret = store;
    return 0;
}

void bw_sql_free(void *store)
{
    if (store) {
        bw_sql_close(store);
        free(store);
    }
}

static int64_t size_of(const char *path, const char *tail)
{
    char name[4096];
    struct stat st;
    int n = snprintf(name, sizeof(name), "%s%s", path, tail);
    if (n < 0 || (size_t)n >= sizeof(name) || stat(name, &st) < 0) {
        return 0;
    }
    return (int64_t)st.st_size;
}

int64_t bw_sql_bytes(const struct bw_sql *s)
{
    return size_of(s->path, "") + size_of(s->path, "-wal");
}

struct sqlite3_stmt *bw_sql_stmt(struct bw_sql *s, size_t i, struct bw_err *reterr)
{
    if (!s->stmt[i]) {
        if (sqlite3_prepare_v3(s->db, s->text[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &s->stmt[i], NULL) != SQLITE_OK) {
            (void)bw_sql_fail(s, "preparing", reterr);
            return NULL;
        }
        return s->stmt[i];
    }
    (void)sqlite3_reset(s->stmt[i]);
    return s->stmt[i];
}

int bw_sql_use(struct bw_sql *s, size_t i, struct sqlite3_stmt **ret, struct bw_err *reterr)
{
    *ret = bw_sql_stmt(s, i, reterr);
    return *ret ? 0 : bw_sql_code(s);
}

int bw_sql_exec(struct bw_sql *s, const char *text, struct bw_err *reterr)
{
    if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK) {
        return bw_sql_fail(s, "setting up", reterr);
    }
    return 0;
}

int bw_sql_begin(struct bw_sql *s, struct bw_err *reterr)
{
    if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        return bw_sql_fail(s, "waiting for the lock", reterr);
    }
    return 0;
}

int bw_sql_commit(struct bw_sql *s, struct bw_err *reterr)
{
    if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        int r = bw_sql_fail(s, "committing", reterr);
        bw_sql_rollback(s);
        return r;
    }
    return 0;
}

void bw_sql_rollback(struct bw_sql *s)
{
    if (s->db && !sqlite3_get_autocommit(s->db)) {
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

int bw_sql_run(struct bw_sql *s, struct sqlite3_stmt *st, struct bw_err *reterr)
{
    int r = 0;
    int rc = sqlite3_step(st);
    while (rc == SQLITE_ROW) {
        rc = sqlite3_step(st);
    }
    if (rc != SQLITE_DONE) {
        r = bw_sql_fail(s, "writing", reterr);
    }
    (void)sqlite3_reset(st);
    return r;
}

int bw_sql_row(struct bw_sql *s, struct sqlite3_stmt *st, struct bw_err *reterr)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    int r = rc == SQLITE_DONE ? 0 : bw_sql_fail(s, "reading", reterr);
    (void)sqlite3_reset(st);
    return r;
}

void bw_sql_i64(struct sqlite3_stmt *st, int i, int64_t v)
{
    (void)(v == BW_UNKNOWN ? sqlite3_bind_null(st, i) : sqlite3_bind_int64(st, i, v));
}

void bw_sql_text(struct sqlite3_stmt *st, int i, const char *text)
{
    (void)sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

void bw_sql_textn(struct sqlite3_stmt *st, int i, const char *text, size_t n)
{
    (void)sqlite3_bind_text64(st, i, text, n, SQLITE_STATIC, SQLITE_UTF8);
}

void bw_sql_blob(struct sqlite3_stmt *st, int i, const void *data, size_t n)
{
    (void)sqlite3_bind_blob64(st, i, data, n, SQLITE_STATIC);
}

int64_t bw_sql_get(struct sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? BW_UNKNOWN
                                                     : sqlite3_column_int64(st, i);
}

void bw_sql_copy(struct sqlite3_stmt *st, int i, char *out, size_t cap)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    size_t n = text ? strnlen(text, cap - 1) : 0;
    memcpy(out, text ? text : "", n);
    out[n] = '\0';
}

int bw_sql_hash_parse(const char *text, uint8_t ret[32])
{
    return strlen(text) == BW_HASH_LEN && bw_b64_decode(text, BW_HASH_LEN, ret, 32) == 32
               ? 0
               : -EINVAL;
}

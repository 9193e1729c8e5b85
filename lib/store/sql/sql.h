/* SPDX-License-Identifier: GPL-3.0-or-later
 * sql.h - the little of SQLite that the back ends share. They alone link it, in private:
 * no other folder sees SQL. */
#ifndef BW_STORE_SQL_H
#define BW_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct sqlite3;
struct sqlite3_stmt;

/* One kind of file: what it is called, its marks, and how it grew. */
struct bw_sql_schema {
    const char *what;        /* "journal" */
    uint32_t application_id; /* of the SQLite header; a file with another is not ours */
    int version;             /* newest user_version this program writes */
    const char *const *const *script; /* script[v]: texts up to NULL, from v to v + 1 */
    const char *tuning;               /* pragmas of its writer; NULL: the defaults */
};

/* A connection and its prepared statements, indexed by the caller's enum. */
struct bw_sql {
    struct sqlite3 *db;
    char *path;
    const char *const *text; /* text[n_stmts] */
    struct sqlite3_stmt **stmt;
    size_t n_stmts;
    int lock_fd; /* the writer's lock, -1 none */
    const struct bw_sql_schema *schema;
};

enum bw_sql_mode {
    BW_SQL_WRITE,
    BW_SQL_READ
};

/* Open (write: make, recover, migrate; read: never change anything) and keep the table of
 * statements. exclusive: hold PATH.lock, -EBUSY when another process does. */
int bw_sql_open(struct bw_sql *s,
                const char *path,
                enum bw_sql_mode mode,
                bool exclusive,
                const struct bw_sql_schema *schema,
                const char *const *text,
                size_t n_stmts,
                struct bw_err *reterr);
/* The same for a store that is allocated here, `bytes` of it: an object that begins with
 * its struct bw_sql. *ret is ended by bw_sql_free(). */
int bw_sql_new(size_t bytes,
               const char *path,
               enum bw_sql_mode mode,
               bool exclusive,
               const struct bw_sql_schema *schema,
               const char *const *text,
               size_t n_stmts,
               void **ret,
               struct bw_err *reterr);
void bw_sql_free(void *store);       /* NULL is fine */
void bw_sql_close(struct bw_sql *s); /* zeroed with lock_fd -1, and half-open, are fine */

/* What the file and its write-ahead log take on disk now. */
int64_t bw_sql_bytes(const struct bw_sql *s);

/* The statement, prepared at first use and reset; NULL with *reterr when it cannot be. */
struct sqlite3_stmt *bw_sql_stmt(struct bw_sql *s, size_t i, struct bw_err *reterr);

/* The last failure of this connection as a code of store.h and a sentence. */
int bw_sql_fail(struct bw_sql *s, const char *doing, struct bw_err *reterr);

/* The same as 0 or a code, into *ret. */
int bw_sql_use(struct bw_sql *s,
               size_t i,
               struct sqlite3_stmt **ret,
               struct bw_err *reterr);
/* The code of the last failure alone, for a bw_sql_stmt() that gave NULL. */
int bw_sql_code(struct bw_sql *s);

int bw_sql_exec(struct bw_sql *s, const char *text, struct bw_err *reterr);
int bw_sql_begin(struct bw_sql *s, struct bw_err *reterr); /* takes the write lock */
int bw_sql_commit(struct bw_sql *s, struct bw_err *reterr);
void bw_sql_rollback(struct bw_sql *s); /* nothing open is fine */

/* Run a prepared statement to its end: 0, or -code. Resets it. */
int bw_sql_run(struct bw_sql *s, struct sqlite3_stmt *st, struct bw_err *reterr);
/* Next row: 1 a row, 0 the end (reset), or -code (reset). */
int bw_sql_row(struct bw_sql *s, struct sqlite3_stmt *st, struct bw_err *reterr);

/* Bind; BW_UNKNOWN and NULL become NULL. Index from 1. Text is lent until the statement
 * is reset. A failure sticks in the statement and shows when it runs. */
void bw_sql_i64(struct sqlite3_stmt *st, int i, int64_t v);
void bw_sql_text(struct sqlite3_stmt *st, int i, const char *text);
void bw_sql_textn(struct sqlite3_stmt *st, int i, const char *text, size_t n);
void bw_sql_blob(struct sqlite3_stmt *st, int i, const void *data, size_t n);
/* Read column i (from 0); NULL becomes BW_UNKNOWN, and "" for text. */
int64_t bw_sql_get(struct sqlite3_stmt *st, int i);
/* Copy, cut at cap - 1. */
void bw_sql_copy(struct sqlite3_stmt *st, int i, char *out, size_t cap);

/* SHA-256 as base64url text (of hash.h) to raw bytes; -EINVAL. */
int bw_sql_hash_parse(const char *text, uint8_t ret[32]);

#endif

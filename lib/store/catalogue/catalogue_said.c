/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_said.c - statements: kept as their bytes, in order, never changed.
 *
 * Invariant: positions are 0, 1, 2 … without holes; what a statement ends was there before
 * it and had no end; an id is there once. */
#include "buf.h"
#include "catalogue_private.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <sqlite3.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

enum {
    ID_SHOWN = 10 /* characters of an id in a sentence */
};

/* ---- adding --------------------------------------------------------------------- */

/* 1: it is there; its kind, and whether it has an end. 0: it is not. */
static int look_up(struct bw_sql *s,
                   const char *id,
                   char kind[BW_STATEMENT_KIND_MAX + 1],
                   bool *ret_ended,
                   struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SAID_AT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        bw_sql_copy(st, 0, kind, BW_STATEMENT_KIND_MAX + 1);
        *ret_ended = sqlite3_column_type(st, 1) != SQLITE_NULL;
        (void)sqlite3_reset(st);
    }
    return r;
}

static int put_end(struct bw_sql *s,
                   const struct bw_statement *by,
                   const char *id,
                   int64_t position,
                   struct bw_err *reterr)
{
    const char *verb = by->kind == BW_STATEMENT_WITHDRAWAL ? "withdraw" : "replace";
    char kind[BW_STATEMENT_KIND_MAX + 1] = "";
    struct sqlite3_stmt *st = NULL;
    bool ended = false;
    int r = look_up(s, id, kind, &ended, reterr);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        return bw_err_set(reterr, -ENOENT, "no statement %.*s… to %s", ID_SHOWN, id, verb);
    }
    if (by->kind == BW_STATEMENT_WITHDRAWAL) {
        if (bw_statement_kind_parse(kind) == BW_STATEMENT_WITHDRAWAL) {
            return bw_err_set(reterr, -EINVAL,
                              "%.*s… is a withdrawal, and that is final: say again what "
                              "shall hold",
                              ID_SHOWN, id);
        }
        if (bw_statement_kind_parse(kind) == BW_STATEMENT_REVOCATION ||
            bw_statement_kind_parse(kind) == BW_STATEMENT_SITE) {
            return bw_err_set(reterr, -EPERM,
                              "%.*s… is of kind %s: what it did is final, so its words "
                              "and who said them stay",
                              ID_SHOWN, id, kind);
        }
    } else if (strcmp(kind, by->word) != 0) {
        return bw_err_set(reterr, -EINVAL,
                          "%.*s… is of kind %s and not replaced by one of kind %s",
                          ID_SHOWN, id, kind, by->word);
    }
    if (ended) {
        return bw_err_set(reterr, -EALREADY,
                          "%.*s… is good no longer: somebody replaced or withdrew it",
                          ID_SHOWN, id);
    }
    r = bw_sql_use(s, SAID_END, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    bw_sql_i64(st, 2, position);
    return bw_sql_run(s, st, reterr);
}

static int put_ends(struct bw_sql *s,
                    const struct bw_statement *by,
                    int64_t position,
                    struct bw_err *reterr)
{
    int r = 0;
    if (by->kind == BW_STATEMENT_WITHDRAWAL) {
        return put_end(s, by, by->about, position, reterr);
    }
    for (size_t i = 0; r == 0 && i < by->n_replaces; i++) {
        r = put_end(s, by, by->replaces[i], position, reterr);
    }
    return r;
}

/* 1: kept at this position; 0: it is there already. */
static int put(struct bw_sql *s,
               const char *text,
               size_t n,
               int64_t position,
               int64_t recorded_unix_ms,
               struct bw_err *reterr)
{
    char kind[BW_STATEMENT_KIND_MAX + 1];
    char id[BW_HASH_LEN + 1];
    struct sqlite3_stmt *st = NULL;
    struct bw_statement said;
    bool ended = false;
    bw_statement_id(text, n, id);
    int r = look_up(s, id, kind, &ended, reterr);
    if (r != 0) {
        return r < 0 ? r : 0;
    }
    r = bw_statement_decode(text, n, &said, reterr);
    if (r == 0 && said.v != 1) {
        r = bw_err_set(reterr, -BW_ENEWER,
                       "a statement of version %lld needs a newer program",
                       (long long)said.v);
    }
    r = r < 0 ? r : put_ends(s, &said, position, reterr);
    r = r < 0 ? r : bw_sql_use(s, SAID_PUT, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, position);
    bw_sql_text(st, 2, id);
    bw_sql_text(st, 3, said.word);
    bw_sql_text(st, 4, said.about);
    bw_sql_i64(st, 5, recorded_unix_ms);
    bw_sql_blob(st, 6, text, n);
    r = bw_sql_run(s, st, reterr);
    return r < 0 ? r : 1;
}

int bw_cat_statements_count(struct bw_catalogue *c, int64_t *ret, struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SAID_NEXT, &st, reterr);
    r = r < 0 ? r : bw_sql_row(s, st, reterr);
    if (r > 0) {
        *ret = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

int bw_cat_statements_add(struct bw_catalogue *c,
                          bw_say_cb next,
                          void *owner,
                          int64_t recorded_unix_ms,
                          struct bw_said_sum *ret_sum,
                          struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct bw_said_sum sum = {.first_position = BW_UNKNOWN};
    const char *text = NULL;
    int64_t position = 0;
    size_t n = 0;
    if (recorded_unix_ms == BW_UNKNOWN) {
        return bw_err_set(reterr, -EINVAL, "when is it that this is said?");
    }
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_cat_statements_count(c, &position, reterr);
    while (r == 0 && (r = next(owner, &text, &n, reterr)) > 0) {
        r = put(s, text, n, position, recorded_unix_ms, reterr);
        sum.given++;
        if (r > 0) {
            sum.first_position = sum.added > 0 ? sum.first_position : position;
            sum.added++;
            position++;
            r = 0;
        }
    }
    r = r < 0 ? r : bw_sql_commit(s, reterr);
    bw_sql_rollback(s);
    if (r == 0 && ret_sum) {
        *ret_sum = sum;
    }
    return r;
}

/* ---- reading -------------------------------------------------------------------- */

static int tell(struct sqlite3_stmt *st, bw_said_cb cb, void *owner, struct bw_err *reterr)
{
    struct bw_statement statement;
    struct bw_said said = {.position = bw_sql_get(st, 0),
                           .recorded_unix_ms = bw_sql_get(st, 1),
                           .text = sqlite3_column_blob(st, 3),
                           .n = (size_t)sqlite3_column_bytes(st, 3),
                           .statement = &statement,
                           .ended_position = bw_sql_get(st, 4)};
    bw_sql_copy(st, 2, said.id, sizeof(said.id));
    bw_sql_copy(st, 5, said.ended_by, sizeof(said.ended_by));
    int r = bw_statement_decode(said.text ? said.text : "", said.n, &statement, reterr);
    return r < 0 ? bw_err_prefix(reterr, r, "the catalogue's statement %lld",
                                 (long long)said.position)
                 : cb(owner, &said);
}

static int tell_all(struct bw_sql *s,
                    struct sqlite3_stmt *st,
                    bw_said_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    int r;
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        r = tell(st, cb, owner, reterr);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

/* The last text that begins with `prefix`: no UTF-8 holds the byte 0xff. */
static void last_of(const char *prefix, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s\xff", prefix);
}

int bw_cat_statements(struct bw_catalogue *c,
                      const struct bw_said_query *q,
                      bw_said_cb cb,
                      void *owner,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    char last[BW_STATEMENT_ABOUT_MAX + 2];
    const char *about = q->about ? q->about : "";
    if (strlen(about) > BW_STATEMENT_ABOUT_MAX) {
        return 0; /* nothing has such a key */
    }
    last_of(about, last, sizeof(last));
    int r = bw_sql_use(s, q->kind ? SAID_OF_KIND : SAID_OF_ANY, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, q->as_of ? q->before_position : INT64_MAX);
    bw_sql_text(st, 2, q->kind);
    bw_sql_text(st, 3, about);
    bw_sql_text(st, 4, q->about && !q->prefix ? about : last);
    bw_sql_i64(st, 5, q->ended);
    return tell_all(s, st, cb, owner, reterr);
}

int bw_cat_statements_from(struct bw_catalogue *c,
                           int64_t position,
                           bw_said_cb cb,
                           void *owner,
                           struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, SAID_FROM, &st, reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, INT64_MAX);
    bw_sql_i64(st, 2, position);
    return tell_all(s, st, cb, owner, reterr);
}

struct found {
    bw_said_cb cb;
    void *owner;
    int n;
};

static int count_found(void *owner, const struct bw_said *said)
{
    struct found *f = owner;
    (void)said;
    f->n++;
    return 0;
}

static int
find(struct bw_sql *s, const char *id, bw_said_cb cb, void *owner, struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    char last[BW_HASH_LEN + 2];
    int r = bw_sql_use(s, SAID_FIND, &st, reterr);
    if (r < 0) {
        return r;
    }
    last_of(id, last, sizeof(last));
    bw_sql_i64(st, 1, INT64_MAX);
    bw_sql_text(st, 2, id);
    bw_sql_text(st, 3, last);
    return tell_all(s, st, cb, owner, reterr);
}

int bw_cat_statement_find(struct bw_catalogue *c,
                          const char *id,
                          bw_said_cb cb,
                          void *owner,
                          struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct found f = {.n = 0};
    int r = strlen(id) <= BW_HASH_LEN ? find(s, id, count_found, &f, reterr) : 0;
    if (r < 0) {
        return r;
    }
    if (f.n != 1) {
        return f.n == 0 ? bw_err_set(reterr, -ENOENT, "no statement %.*s", BW_HASH_LEN, id)
                        : bw_err_set(reterr, -ENOTUNIQ,
                                     "more than one statement begins with %s: give more of "
                                     "its id",
                                     id);
    }
    return find(s, id, cb, owner, reterr);
}

/* ---- any back end --------------------------------------------------------------- */

struct once {
    const struct bw_buf *text;
    bool given;
};

static int
give_once(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *reterr)
{
    struct once *o = owner;
    (void)reterr;
    if (o->given) {
        return 0;
    }
    o->given = true;
    *ret_text = o->text->data;
    *ret_n = o->text->len;
    return 1;
}

static int take_ended(void *owner, const struct bw_said *said)
{
    *(bool *)owner = said->ended_by[0] != '\0';
    return 0;
}

/* What is there already and holds no longer was not said again. */
static int still_holds(struct bw_catalogue *c, const char *id, struct bw_err *reterr)
{
    bool ended = false;
    int r = c->ops->statement_find(c, id, take_ended, &ended, reterr);
    if (r == 0 && ended) {
        r = bw_err_set(reterr, -EALREADY,
                       "the same was said in this very second and holds no longer: say it "
                       "again a second later");
    }
    return r;
}

int bw_catalogue_say(struct bw_catalogue *c,
                     const struct bw_statement *said,
                     int64_t recorded_unix_ms,
                     char ret_id[BW_HASH_LEN + 1],
                     struct bw_err *reterr)
{
    struct bw_buf text;
    struct once o = {.text = &text};
    struct bw_said_sum sum = {.added = 0};
    char id[BW_HASH_LEN + 1];
    bw_buf_init(&text, BW_STATEMENT_MAX);
    int r = bw_statement_encode(said, &text, reterr);
    r = r < 0 ? r
              : c->ops->statements_add(c, give_once, &o, recorded_unix_ms, &sum, reterr);
    if (r == 0) {
        bw_statement_id(text.data, text.len, id);
        r = sum.added == 0 ? still_holds(c, id, reterr) : 0;
    }
    if (r == 0 && ret_id) {
        memcpy(ret_id, id, sizeof(id));
    }
    bw_buf_done(&text);
    return r;
}

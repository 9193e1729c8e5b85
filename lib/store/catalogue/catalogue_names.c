/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_names.c - what sites and entities are called, and were called before.
 *
 * Invariant: the name something began with stays in its own row; every later one is a dated
 * row that is added, never changed. In force at a time is the newest by date that began
 * before it; of two with the same date the later recorded. */
#include "catalogue_private.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* What it began with; -ENOENT where there is no such thing. */
static int first_name(struct bw_catalogue *c,
                      enum bw_named what,
                      const char *id,
                      struct bw_dated_name *ret,
                      struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, what == BW_NAMED_SITE ? SITE_FIRST_NAME : ENTITY_FIRST_NAME, &st,
                       reterr);
    if (r < 0) {
        return r;
    }
    bw_sql_text(st, 1, id);
    r = bw_sql_row(s, st, reterr);
    if (r > 0) {
        memset(ret, 0, sizeof(*ret));
        bw_sql_copy(st, 0, ret->name, sizeof(ret->name));
        ret->from_unix_s = BW_UNKNOWN;
        ret->recorded_unix_s = bw_sql_get(st, 1);
        (void)sqlite3_reset(st);
        return 0;
    }
    return r < 0 ? r
                 : bw_err_set(reterr, -ENOENT, "no %s \"%s\"",
                              what == BW_NAMED_SITE ? "site" : "entity", id);
}

int bw_cat_rename(struct bw_catalogue *c,
                  enum bw_named what,
                  const char *id,
                  const struct bw_dated_name *name,
                  struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_dated_name first;
    if (!name->name[0] || name->from_unix_s == BW_UNKNOWN ||
        name->recorded_unix_s == BW_UNKNOWN) {
        return bw_err_set(reterr, -EINVAL,
                          "a new name needs the date from which it is good");
    }
    if (name->from_unix_s > name->recorded_unix_s) {
        return bw_err_set(reterr, -EINVAL,
                          "a name cannot be changed from a day on that is still to come");
    }
    int r = bw_sql_begin(s, reterr);
    if (r < 0) {
        return r;
    }
    r = first_name(c, what, id, &first, reterr);
    r = r < 0 ? r : bw_sql_use(s, NAME_ADD, &st, reterr);
    if (r == 0) {
        bw_sql_i64(st, 1, (int64_t)what);
        bw_sql_text(st, 2, id);
        bw_sql_i64(st, 3, name->from_unix_s);
        bw_sql_text(st, 4, name->name);
        bw_sql_i64(st, 5, name->recorded_unix_s);
        r = bw_sql_run(s, st, reterr);
    }
    if (r == 0) {
        r = bw_sql_commit(s, reterr);
    }
    bw_sql_rollback(s);
    return r;
}

int bw_cat_names(struct bw_catalogue *c,
                 enum bw_named what,
                 const char *id,
                 bw_dated_name_cb cb,
                 void *owner,
                 struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    struct bw_dated_name name;
    int r = first_name(c, what, id, &name, reterr);
    if (r == 0) {
        r = cb(owner, &name);
    }
    r = r != 0 ? r : bw_sql_use(s, NAME_LIST, &st, reterr);
    if (r != 0) {
        return r;
    }
    bw_sql_i64(st, 1, (int64_t)what);
    bw_sql_text(st, 2, id);
    while ((r = bw_sql_row(s, st, reterr)) > 0) {
        memset(&name, 0, sizeof(name));
        bw_sql_copy(st, 0, name.name, sizeof(name.name));
        name.from_unix_s = bw_sql_get(st, 1);
        name.recorded_unix_s = bw_sql_get(st, 2);
        r = cb(owner, &name);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

struct at {
    int64_t unix_s;
    struct bw_dated_name *best;
    int64_t best_from_unix_s;
};

/* They come in the order in which they were recorded. */
static int look(void *owner, const struct bw_dated_name *n)
{
    struct at *a = owner;
    int64_t from = n->from_unix_s == BW_UNKNOWN ? INT64_MIN : n->from_unix_s;
    if (from <= a->unix_s && from >= a->best_from_unix_s) {
        *a->best = *n;
        a->best_from_unix_s = from;
    }
    return 0;
}

int bw_catalogue_name_at(struct bw_catalogue *c,
                         enum bw_named what,
                         const char *id,
                         int64_t unix_s,
                         struct bw_dated_name *ret,
                         struct bw_err *reterr)
{
    struct at a = {.unix_s = unix_s, .best = ret, .best_from_unix_s = INT64_MIN};
    return c->ops->names(c, what, id, look, &a, reterr);
}

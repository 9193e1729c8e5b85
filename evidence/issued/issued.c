/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued.c - the register's files, read (issuing.c writes them). */
#include "issued_private.h"

#include <bw/err.h>
#include <dirent.h>
#include <errno.h>
#include <file.h>
#include <json.h>
#include <limits.h>
#include <origin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

/* ---- reading ----------------------------------------------------------------------- */

static int inflate(const struct bw_buf *packed, struct bw_buf *out, struct bw_err *reterr)
{
    unsigned long long n = ZSTD_getFrameContentSize(packed->data, packed->len);
    if (n == ZSTD_CONTENTSIZE_ERROR || n == ZSTD_CONTENTSIZE_UNKNOWN || n == 0 ||
        n > BW_ISSUED_ROWS_BYTES_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED, "it is not packed as it should be");
    }
    char *text = malloc((size_t)n);
    if (!text) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    size_t got = ZSTD_decompress(text, (size_t)n, packed->data, packed->len);
    int r = 0;
    if (ZSTD_isError(got) || got != n) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "it is damaged");
    } else {
        bw_buf_add(out, text, got);
        r = bw_buf_error(out);
    }
    free(text);
    return r;
}

static int read_keys(const json_t *o, struct bw_issued *x, struct bw_err *e)
{
    const json_t *list = json_object_get(o, "revoked");
    size_t n = json_array_size(list);
    const char *kid = NULL;
    int r = 0;
    if (!list) {
        return 0;
    }
    if (!json_is_array(list)) {
        return bw_err_set(e, -BW_EMALFORMED, "revoked: no list of keys");
    }
    x->has_keys = true;
    x->keys = calloc(n + 1, sizeof(*x->keys));
    if (!x->keys) {
        return bw_err_set(e, -ENOMEM, "out of memory");
    }
    for (; x->n_keys < n && r == 0; x->n_keys++) {
        struct bw_issued_key *k = &x->keys[x->n_keys];
        const json_t *one = json_array_get(list, x->n_keys);
        r = bw_json_get_str(one, "kid", BW_KID_LEN, &kid, e);
        r = r < 0 ? r
                  : bw_json_get_i64(one, "as_of_s", 0, INT64_MAX, &k->revoked_unix_s, e);
        if (r == 0) {
            (void)snprintf(k->kid, sizeof(k->kid), "%s", kid);
        }
    }
    return r;
}

static int read_rules(const json_t *o, struct bw_issued *x, struct bw_err *e)
{
    const json_t *list = json_object_get(o, "rules");
    size_t n = json_array_size(list);
    const char *name = NULL;
    const char *sha256 = NULL;
    int r = 0;
    if ((list && !json_is_array(list)) || n > BW_BUNDLE_RULES_MAX) {
        return bw_err_set(e, -BW_EMALFORMED, "rules: no list of rules");
    }
    for (; x->n_rules < n && r == 0; x->n_rules++) {
        struct bw_issued_rule *rule = &x->rules[x->n_rules];
        const json_t *one = json_array_get(list, x->n_rules);
        r = bw_json_get_str(one, "name", BW_NAME_MAX, &name, e);
        r = r < 0 ? r : bw_json_get_i64(one, "version", 0, INT64_MAX, &rule->version, e);
        r = r < 0 ? r : bw_json_get_str(one, "sha256", BW_HASH_LEN, &sha256, e);
        if (r == 0) {
            (void)snprintf(rule->name, sizeof(rule->name), "%s", name);
            (void)snprintf(rule->sha256, sizeof(rule->sha256), "%s", sha256);
        }
    }
    return r;
}

static int read_head(const char *text, size_t n, struct bw_issued *x, struct bw_err *e)
{
    struct bw_issued_head *h = &x->head;
    json_t *o = NULL;
    const char *what = NULL;
    int64_t v = 0;
    int r = bw_json_parse(text, n, BW_ISSUED_HEAD_MAX, &o, e);
    r = r < 0 ? r : bw_json_get_i64(o, "v", 1, INT64_MAX, &v, e);
    if (r == 0 && v != 1) {
        r = bw_err_set(e, -BW_ENEWER, "it needs a newer reader");
    }
    r = r < 0 ? r : bw_json_get_str(o, "what", BW_ISSUED_WHAT_MAX, &what, e);
    r = r < 0 ? r : bw_json_get_i64(o, "issued_s", 0, INT64_MAX, &h->issued_unix_s, e);
    r = r < 0 ? r : bw_json_get_i64(o, "statements", 0, INT64_MAX, &h->statements, e);
    if (r == 0) {
        (void)snprintf(h->what, sizeof(h->what), "%s", what);
        r = read_keys(o, x, e);
        r = r < 0 ? r : read_rules(o, x, e);
    }
    json_decref(o);
    return r;
}

int bw_issued_parse(struct bw_issued *e, const struct bw_buf *text, struct bw_err *reterr)
{
    const char *query = memchr(text->data, '\n', text->len);
    const char *end = text->data + text->len;
    const char *rows = query ? memchr(query + 1, '\n', (size_t)(end - query - 1)) : NULL;
    if (!rows) {
        return bw_err_set(reterr, -BW_EMALFORMED, "it has no figures");
    }
    int r = read_head(text->data, (size_t)(query - text->data), e, reterr);
    r = r < 0 ? r
              : bw_bundle_query_read(query + 1, (size_t)(rows - query - 1), &e->query,
                                     reterr);
    if (r < 0) {
        return r;
    }
    memcpy(e->head.site, e->query.site, sizeof(e->head.site));
    memcpy(e->head.circuit, e->query.circuit, sizeof(e->head.circuit));
    e->head.from_unix_s = e->query.from_unix_s;
    e->head.to_unix_s = e->query.to_unix_s;
    bw_buf_add(&e->rows.text, rows + 1, (size_t)(end - rows - 1));
    r = bw_buf_error(&e->rows.text);
    return r < 0 || e->rows.text.len == 0 ? r : bw_issued_rows_read(&e->rows, reterr);
}

static int read_entry(const char *path, struct bw_issued *e, struct bw_err *reterr)
{
    struct bw_buf packed;
    struct bw_buf text;
    bw_buf_init(&packed, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_init(&text, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_init(&e->rows.text, BW_ISSUED_ROWS_BYTES_MAX);
    int r = bw_file_read(path, BW_ISSUED_ROWS_BYTES_MAX, &packed, reterr);
    r = r < 0 ? r : inflate(&packed, &text, reterr);
    r = r < 0 ? r : bw_issued_parse(e, &text, reterr);
    bw_buf_done(&packed);
    bw_buf_done(&text);
    return r;
}

/* ---- all of them ------------------------------------------------------------------- */

int bw_issued_is_entry(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n == BW_HASH_LEN + sizeof(BW_ISSUED_SUFFIX) - 1 &&
           strcmp(d->d_name + BW_HASH_LEN, BW_ISSUED_SUFFIX) == 0;
}

static int is_writing(const struct dirent *d)
{
    return strncmp(d->d_name, BW_ISSUED_WRITING, sizeof(BW_ISSUED_WRITING) - 1) == 0;
}

struct each {
    bw_issued_cb cb;
    void (*odd)(void *owner, const char *file, const char *why);
    void *owner;
    char folder[PATH_MAX];
    struct bw_err *err;
};

/* How many; none, with *ret NULL, where there is no such folder. */
static int list_folder(const char *folder,
                       int (*which)(const struct dirent *d),
                       struct dirent ***ret,
                       struct bw_err *reterr)
{
    int n = scandir(folder, ret, which, alphasort);
    int r = n < 0 ? -errno : n;
    if (n >= 0) {
        return n;
    }
    *ret = NULL;
    return r == -ENOENT ? 0 : bw_err_set(reterr, r, "%s: %s", folder, bw_strerror(r));
}

static void list_done(struct dirent **list, int n)
{
    for (int i = 0; list && i < n; i++) {
        free(list[i]);
    }
    free(list);
}

/* `name` is the entry's file below the register's folder, `id` how its last part begins. */
static int one(struct each *x, const char *name, const char *id, bool writing)
{
    char path[2 * PATH_MAX];
    struct bw_err why = {.text = ""};
    struct bw_issued *e = calloc(1, sizeof(*e));
    int r = 0;
    if (!e) {
        return bw_err_set(x->err, -ENOMEM, "out of memory");
    }
    (void)snprintf(path, sizeof(path), "%s/%s", x->folder, name);
    (void)snprintf(e->head.id, sizeof(e->head.id), "%.*s", BW_HASH_LEN, id);
    e->head.writing = writing;
    r = read_entry(path, e, &why);
    if (r == -ENOENT && writing) {
        r = 0; /* it was given out, or was not, since the folder was listed */
    } else if (r < 0) {
        x->odd(x->owner, name, why.text);
        r = 0;
    } else {
        r = x->cb(x->owner, e);
    }
    bw_issued_done(e);
    free(e);
    return r;
}

/* Those of one program that is at it, or was ended. */
static int each_writing(struct each *x, const char *name)
{
    char path[2 * PATH_MAX];
    struct dirent **list = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s", x->folder, name);
    int n = list_folder(path, bw_issued_is_entry, &list, x->err);
    int r = n < 0 ? n : 0;
    for (int i = 0; list && i < n && r == 0; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", x->folder, list[i]->d_name);
        if (access(path, F_OK) < 0) { /* else it was given out at another time */
            (void)snprintf(path, sizeof(path), "%s/%s", name, list[i]->d_name);
            r = one(x, path, list[i]->d_name, true);
        }
    }
    list_done(list, n);
    return r;
}

int bw_issued_each(struct bw_origin *origin,
                   bw_issued_cb cb,
                   void (*odd)(void *owner, const char *file, const char *why),
                   void *owner,
                   struct bw_err *reterr)
{
    struct each x = {.cb = cb, .odd = odd, .owner = owner, .err = reterr};
    struct dirent **list = NULL;
    if (bw_issued_folder(origin, x.folder, sizeof(x.folder)) < 0) {
        return 0;
    }
    /* what is given out while these are read is found behind them */
    int n = list_folder(x.folder, is_writing, &list, reterr);
    int r = n < 0 ? n : 0;
    for (int i = 0; list && i < n && r == 0; i++) {
        r = each_writing(&x, list[i]->d_name);
    }
    list_done(list, n);
    if (r != 0) {
        return r;
    }
    n = list_folder(x.folder, bw_issued_is_entry, &list, reterr);
    r = n < 0 ? n : 0;
    for (int i = 0; list && i < n && r == 0; i++) {
        r = one(&x, list[i]->d_name, list[i]->d_name, false);
    }
    list_done(list, n);
    return r;
}

void bw_issued_done(struct bw_issued *e)
{
    free(e->keys);
    e->keys = NULL;
    e->n_keys = 0;
    bw_issued_rows_done(&e->rows);
}

const struct bw_issued_head *bw_issued_head(const struct bw_issued *e)
{
    return &e->head;
}

int bw_issued_folder(struct bw_origin *origin, char *ret, size_t cap)
{
    char beside[PATH_MAX];
    int r = bw_origin_beside(origin, beside);
    if (r == 0 && snprintf(ret, cap, "%s/" BW_ISSUED_NAME, beside) >= (int)cap) {
        r = -ENAMETOOLONG;
    }
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued.c - the register's files: one an entry, written once.
 *
 * Invariant: an entry is never changed; its name is the hash of what was asked and of the
 * figures, so the same report given out twice is there once. */
#include "issued_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <dirent.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <json.h>
#include <limits.h>
#include <origin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tz.h>
#include <unistd.h>
#include <zstd.h>

enum {
    LEVEL = 9,
    HEAD_MAX = 256 * 1024, /* some thousand keys that were revoked */
    FILE_MODE = 0640,
    FOLDER_MODE = 0750
};

static const char suffix[] = ".issued.zst";

/* ---- writing ----------------------------------------------------------------------- */

/* What names the entry: the question without when it was asked, and the figures. */
static int hash_of(const struct bw_report_query *q,
                   const char *what,
                   const struct bw_buf *rows,
                   char ret[BW_HASH_LEN + 1])
{
    struct bw_report_query same = *q;
    struct bw_buf text;
    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX + BW_ISSUED_ROWS_BYTES_MAX);
    same.made_unix_s = 0;
    int r = bw_bundle_query_write(&same, bw_tz_name(q->tz), false, NULL, &text);
    bw_buf_puts(&text, what);
    bw_buf_putc(&text, '\n');
    bw_buf_add(&text, rows->data, rows->len);
    r = r < 0 ? r : bw_buf_error(&text);
    if (r == 0) {
        bw_sha256_text(text.data, text.len, ret);
    }
    bw_buf_done(&text);
    return r;
}

static int count_statements(struct bw_origin *origin, int64_t *ret, struct bw_err *reterr)
{
    struct bw_catalogue *c = bw_origin_catalogue(origin);
    *ret = 0;
    return c ? c->ops->statements_count(c, ret, reterr) : 0;
}

static void put_head(struct bw_buf *out,
                     const struct bw_report_query *q,
                     const char *what,
                     int64_t now_unix_s,
                     int64_t statements)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "what", what);
    bw_jw_ki64(&w, "issued_s", now_unix_s);
    bw_jw_ki64(&w, "statements", statements);
    bw_jw_karr(&w, "revoked"); /* also where none was: an entry of before does not say */
    for (size_t i = 0; i < q->n_keys; i++) {
        if (q->keys[i].revoked_unix_s == BW_UNKNOWN) {
            continue;
        }
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "kid", q->keys[i].kid);
        bw_jw_ki64(&w, "as_of_s", q->keys[i].revoked_unix_s);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
}

static int write_packed(const char *path, const struct bw_buf *text, struct bw_err *reterr)
{
    size_t cap = ZSTD_compressBound(text->len);
    void *packed = malloc(cap);
    size_t n = packed ? ZSTD_compress(packed, cap, text->data, text->len, LEVEL) : 0;
    int r = !packed || ZSTD_isError(n) ? bw_err_set(reterr, -ENOMEM, "out of memory")
                                       : bw_file_write(path, packed, n, FILE_MODE, reterr);
    free(packed);
    return r;
}

/* What root keeps belongs to whoever the folder around it belongs to, so that a collector
 * that runs as somebody else can go on with it. */
static int hand_over(struct bw_origin *origin, const char *path, struct bw_err *reterr)
{
    char beside[PATH_MAX];
    struct stat st;
    if (geteuid() != 0) {
        return 0;
    }
    int r = bw_origin_beside(origin, beside);
    if (r == 0 && (stat(beside, &st) < 0 || lchown(path, st.st_uid, st.st_gid) < 0)) {
        r = -errno;
    }
    return r < 0 ? bw_err_set(reterr, r, "%s: %s", path, bw_strerror(-r)) : 0;
}

int bw_issued_register(struct bw_origin *origin,
                       const struct bw_report_query *query,
                       const struct bw_report *report,
                       const char *what,
                       int64_t now_unix_s,
                       struct bw_err *reterr)
{
    struct bw_report_query asked = *query;
    char folder[PATH_MAX];
    char path[PATH_MAX + 80];
    char id[BW_HASH_LEN + 1];
    struct bw_buf rows;
    struct bw_buf text;
    int64_t statements = 0;
    int r = bw_issued_folder(origin, folder, sizeof(folder));
    if (r < 0) {
        return bw_err_set(reterr, r, "there is no folder for it");
    }
    asked.judging = NULL;
    bw_buf_init(&rows, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_init(&text, BW_ISSUED_ROWS_BYTES_MAX + BW_BUNDLE_QUERY_MAX + HEAD_MAX);
    r = bw_issued_rows_text(report, &rows);
    r = r < 0 ? r : hash_of(&asked, what, &rows, id);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "it does not fit");
        goto out;
    }
    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, id, suffix);
    if (access(path, F_OK) == 0) {
        goto out;
    }
    r = bw_dir_make(folder, FOLDER_MODE, reterr);
    r = r < 0 ? r : hand_over(origin, folder, reterr);
    r = r < 0 ? r : count_statements(origin, &statements, reterr);
    if (r < 0) {
        goto out;
    }
    put_head(&text, query, what, now_unix_s, statements);
    r = bw_bundle_query_write(&asked, bw_tz_name(query->tz), false, NULL, &text);
    bw_buf_add(&text, rows.data, rows.len);
    r = r < 0 ? r : bw_buf_error(&text);
    r = r < 0 ? bw_err_set(reterr, r, "it does not fit")
              : write_packed(path, &text, reterr);
    r = r < 0 ? r : hand_over(origin, path, reterr);
    r = r < 0 ? r : 1;
out:
    bw_buf_done(&rows);
    bw_buf_done(&text);
    return r;
}

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

static int read_head(const char *text, size_t n, struct bw_issued *x, struct bw_err *e)
{
    struct bw_issued_head *h = &x->head;
    json_t *o = NULL;
    const char *what = NULL;
    int64_t v = 0;
    int r = bw_json_parse(text, n, HEAD_MAX, &o, e);
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

static int is_entry(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n == BW_HASH_LEN + sizeof(suffix) - 1 &&
           strcmp(d->d_name + BW_HASH_LEN, suffix) == 0;
}

int bw_issued_each(struct bw_origin *origin,
                   bw_issued_cb cb,
                   void (*odd)(void *owner, const char *file, const char *why),
                   void *owner,
                   struct bw_err *reterr)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 300];
    struct dirent **list = NULL;
    int r = bw_issued_folder(origin, folder, sizeof(folder));
    int n = r < 0 ? 0 : scandir(folder, &list, is_entry, alphasort);
    if (r < 0 || (n < 0 && errno == ENOENT)) {
        return 0;
    }
    if (n < 0) {
        return bw_err_set(reterr, -errno, "%s: %s", folder, bw_strerror(-errno));
    }
    for (int i = 0; i < n; i++) {
        struct bw_issued *e = r == 0 ? calloc(1, sizeof(*e)) : NULL;
        struct bw_err why = {.text = ""};
        if (r == 0 && !e) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        if (e) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
            (void)snprintf(e->head.id, sizeof(e->head.id), "%.*s", BW_HASH_LEN,
                           list[i]->d_name);
            if (read_entry(path, e, &why) < 0) {
                odd(owner, list[i]->d_name, why.text);
            } else {
                r = cb(owner, e);
            }
            bw_issued_done(e);
        }
        free(e);
        free(list[i]);
    }
    free(list);
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
    if (r == 0 && snprintf(ret, cap, "%s/issued", beside) >= (int)cap) {
        r = -ENAMETOOLONG;
    }
    return r;
}

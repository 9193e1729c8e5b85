/* SPDX-License-Identifier: GPL-3.0-or-later
 * issuing.c - the register's files, written.
 *
 * Invariant: an entry is never changed; its name is the hash of what was asked and of the
 * figures, so the same report given out twice is there once. Before the first byte of a
 * report is in its place its entry is on disk, in a folder of this program's own; after the
 * last one it moves among those that were given out. So nothing that was given out is
 * missing, whenever the program ends, and what was not is never among them. */
#include "issued_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <dirent.h>
#include <errno.h>
#include <evrule.h>
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
    FILE_MODE = 0640,
    FOLDER_MODE = 0750
};

struct bw_issuing {
    char folder[PATH_MAX]; /* the register's */
    char own[PATH_MAX];    /* in it */
    bool lent_owner;       /* root writes for whoever the folder around it belongs to */
    uid_t uid;
    gid_t gid;
};

/* ---- an entry ---------------------------------------------------------------------- */

/* Terms that were given with the command, of which nothing is on file. */
static bool terms_typed(const struct bw_report_query *q)
{
    return q->judging && q->judging->terms.known && !q->judging->terms_origin;
}

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
    int r = bw_bundle_query_write(&same, bw_tz_name(q->tz), terms_typed(q), NULL, &text);
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

static void put_rules(struct bw_jw *w, const struct bw_report_judging *j)
{
    bw_jw_karr(w, "rules");
    for (size_t i = 0; j && i < j->n_rules && i < BW_BUNDLE_RULES_MAX; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "name", j->rules[i].name);
        bw_jw_ki64(w, "version", j->rules[i].version);
        bw_jw_kstr(w, "sha256", j->rules[i].sha256);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
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
    put_rules(&w, q->judging);
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

/* ---- what is about to be given out ------------------------------------------------- */

/* What root keeps belongs to whoever the folder around it belongs to, so that a collector
 * that runs as somebody else can go on with it. */
static int hand_over(const struct bw_issuing *x, const char *path, struct bw_err *reterr)
{
    if (x->lent_owner && lchown(path, x->uid, x->gid) < 0) {
        return bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    return 0;
}

static int find_owner(struct bw_issuing *x, struct bw_origin *origin, struct bw_err *reterr)
{
    char beside[PATH_MAX];
    struct stat st;
    if (geteuid() != 0) {
        return 0;
    }
    int r = bw_origin_beside(origin, beside);
    if (r == 0 && stat(beside, &st) < 0) {
        r = -errno;
    }
    if (r < 0) {
        return bw_err_set(reterr, r, "%s: %s", x->folder, bw_strerror(-r));
    }
    x->lent_owner = true;
    x->uid = st.st_uid;
    x->gid = st.st_gid;
    return 0;
}

static int make_own(struct bw_issuing *x, struct bw_err *reterr)
{
    int n = snprintf(x->own, sizeof(x->own), "%s/" BW_ISSUED_WRITING "XXXXXX", x->folder);
    int r = n >= (int)sizeof(x->own) ? -ENAMETOOLONG : 0;
    if (r == 0 && !mkdtemp(x->own)) {
        r = -errno;
    }
    if (r == 0 && chmod(x->own, FOLDER_MODE) < 0) {
        r = -errno;
    }
    r = r < 0 ? r : bw_file_sync_parent(x->own);
    return r < 0 ? bw_err_set(reterr, r, "%s: %s", x->folder, bw_strerror(-r)) : 0;
}

int bw_issuing_begin(struct bw_origin *origin,
                     struct bw_issuing **ret,
                     struct bw_err *reterr)
{
    struct bw_issuing *x = calloc(1, sizeof(*x));
    *ret = NULL;
    if (!x) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_issued_folder(origin, x->folder, sizeof(x->folder));
    if (r < 0) {
        (void)bw_err_set(reterr, r, "there is no folder for it");
    }
    r = r < 0 ? r : find_owner(x, origin, reterr);
    r = r < 0 ? r : bw_dir_make(x->folder, FOLDER_MODE, reterr);
    r = r < 0 ? r : hand_over(x, x->folder, reterr);
    r = r < 0 ? r : make_own(x, reterr);
    if (r < 0) {
        free(x);
        return r;
    }
    r = hand_over(x, x->own, reterr);
    if (r < 0) {
        (void)rmdir(x->own);
        free(x);
        return r;
    }
    *ret = x;
    return 0;
}

static int put_entry(const struct bw_issuing *x,
                     struct bw_origin *origin,
                     const struct bw_report_query *query,
                     const struct bw_report_query *asked,
                     const char *what,
                     int64_t now_unix_s,
                     const struct bw_buf *rows,
                     const char *path,
                     struct bw_err *reterr)
{
    struct bw_buf text;
    int64_t statements = 0;
    int r = count_statements(origin, &statements, reterr);
    if (r < 0) {
        return r;
    }
    bw_buf_init(&text, BW_ISSUED_ROWS_BYTES_MAX + BW_BUNDLE_QUERY_MAX + BW_ISSUED_HEAD_MAX);
    put_head(&text, query, what, now_unix_s, statements);
    r = bw_bundle_query_write(asked, bw_tz_name(query->tz), terms_typed(query), NULL,
                              &text);
    bw_buf_add(&text, rows->data, rows->len);
    r = r < 0 ? r : bw_buf_error(&text);
    r = r < 0 ? bw_err_set(reterr, r, "it does not fit")
              : write_packed(path, &text, reterr);
    bw_buf_done(&text);
    return r < 0 ? r : hand_over(x, path, reterr);
}

int bw_issuing_add(const struct bw_issuing *x,
                   struct bw_origin *origin,
                   const struct bw_report_query *query,
                   const struct bw_report *report,
                   const char *what,
                   int64_t now_unix_s,
                   struct bw_err *reterr)
{
    struct bw_report_query asked = *query;
    char kept[PATH_MAX + 80];
    char path[PATH_MAX + 80];
    char id[BW_HASH_LEN + 1];
    struct bw_buf rows;
    if (asked.judging && asked.judging->n_adoptions > BW_BUNDLE_ADOPTIONS_MAX) {
        asked.judging = NULL; /* its findings are on file, and cannot be asked again */
    }
    bw_buf_init(&rows, BW_ISSUED_ROWS_BYTES_MAX);
    int r = bw_issued_rows_text(report, &rows);
    r = r < 0 ? r : hash_of(&asked, what, &rows, id);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "it does not fit");
        goto out;
    }
    (void)snprintf(kept, sizeof(kept), "%s/%s%s", x->folder, id, BW_ISSUED_SUFFIX);
    (void)snprintf(path, sizeof(path), "%s/%s%s", x->own, id, BW_ISSUED_SUFFIX);
    if (access(kept, F_OK) < 0) {
        r = put_entry(x, origin, query, &asked, what, now_unix_s, &rows, path, reterr);
    }
out:
    bw_buf_done(&rows);
    return r;
}

/* Out of the own folder: among those that were given out, or away. The first of the same
 * figures stays. */
static int move(const struct bw_issuing *x, const struct dirent *d, bool given_out)
{
    char from[2 * PATH_MAX];
    char to[2 * PATH_MAX];
    (void)snprintf(from, sizeof(from), "%s/%s", x->own, d->d_name);
    (void)snprintf(to, sizeof(to), "%s/%s", x->folder, d->d_name);
    if (given_out && bw_issued_is_entry(d) && access(to, F_OK) < 0) {
        return rename(from, to) < 0 ? -errno : 0;
    }
    return unlink(from) < 0 ? -errno : 0;
}

int bw_issuing_end(struct bw_issuing *x, bool given_out, struct bw_err *reterr)
{
    struct dirent **list = NULL;
    int n;
    int r = 0;
    if (!x) {
        return 0;
    }
    n = scandir(x->own, &list, NULL, alphasort);
    r = n < 0 ? -errno : 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0) {
            int moved = move(x, list[i], given_out);
            r = r < 0 ? r : moved;
        }
        free(list[i]);
    }
    free(list);
    if (r == 0 && rmdir(x->own) < 0) {
        r = -errno;
    }
    r = r < 0 ? r : bw_file_sync_parent(x->own);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", x->own, bw_strerror(-r));
    }
    free(x);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * issuing.c - the register's files, written.
 *
 * Invariant: an entry is never changed; its name is the hash of what was asked and of the
 * figures, so the same report given out twice is there once. Before the first byte of a
 * report is in its place its entry is on disk, in a folder of this program's own; after the
 * last one it moves among those that were given out. So nothing that was given out is
 * missing, whenever the program ends, and what was not is never among them.
 *
 * Root writes into a folder that another account owns: below that folder nothing is reached
 * by a path, no link is followed, and of what lies in a folder only entries are deleted. */
#include "issued_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <dirent.h>
#include <errno.h>
#include <evrule.h>
#include <fcntl.h>
#include <hash.h>
#include <inttypes.h>
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
    FOLDER_MODE = 0750,
    ENTRY_LEN = BW_HASH_LEN + sizeof(BW_ISSUED_SUFFIX) - 1,
    OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

struct bw_issuing {
    char folder[PATH_MAX];                   /* the register's, for a reader */
    char own[sizeof(BW_ISSUED_WRITING) + 8]; /* name in it */
    int folder_fd;
    int own_fd;
    bool lent_owner; /* root writes for whoever the folder around it belongs to */
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

/* ---- files below a folder that is open ----------------------------------------------- */

/* What root makes belongs to whoever the folder around it belongs to, so that a collector
 * that runs as somebody else can go on with it. */
static int hand_over(const struct bw_issuing *x, int fd, mode_t mode)
{
    if (fchmod(fd, mode) < 0 || (x->lent_owner && fchown(fd, x->uid, x->gid) < 0)) {
        return -errno;
    }
    return 0;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, data, n);
        if (w < 0 && errno != EINTR) {
            return -errno;
        }
        if (w > 0) {
            data += w;
            n -= (size_t)w;
        }
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* In the own folder, whole and on disk under its name, or not there. */
static int
put_file(const struct bw_issuing *x, const char *name, const void *data, size_t n)
{
    char tmp[ENTRY_LEN + 24];
    (void)snprintf(tmp, sizeof(tmp), "%.*s.%ld", (int)ENTRY_LEN, name, (long)getpid());
    int fd = openat(x->own_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return -errno;
    }
    int r = hand_over(x, fd, FILE_MODE);
    r = r < 0 ? r : write_all(fd, data, n);
    if (close(fd) < 0 && r == 0) {
        r = -errno;
    }
    if (r == 0 && renameat(x->own_fd, tmp, x->own_fd, name) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)unlinkat(x->own_fd, tmp, 0);
        return r;
    }
    return fsync(x->own_fd) < 0 ? -errno : 0;
}

static int write_packed(const struct bw_issuing *x,
                        const char *name,
                        const struct bw_buf *text,
                        struct bw_err *reterr)
{
    size_t cap = ZSTD_compressBound(text->len);
    void *packed = malloc(cap);
    size_t n = packed ? ZSTD_compress(packed, cap, text->data, text->len, LEVEL) : 0;
    int r = !packed || ZSTD_isError(n) ? -ENOMEM : put_file(x, name, packed, n);
    free(packed);
    return r < 0 ? bw_err_set(reterr, r, "%s: cannot write: %s", x->folder, bw_strerror(r))
                 : 0;
}

/* A folder in `at`, made for its owner if it is not there: its descriptor. 1 in *ret_made:
 * it is new. */
static int open_folder(const struct bw_issuing *x, int at, const char *name, bool *ret_made)
{
    struct stat st;
    *ret_made = mkdirat(at, name, S_IRWXU) == 0;
    if (!*ret_made && errno != EEXIST) {
        return -errno;
    }
    int fd = openat(at, name, OPEN_FOLDER);
    if (fd < 0 || !*ret_made) {
        return fd < 0 ? -errno : fd;
    }
    int r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && st.st_uid != geteuid()) {
        r = -EPERM; /* not what was made: somebody put it there since */
    }
    r = r < 0 ? r : hand_over(x, fd, FOLDER_MODE);
    if (r == 0 && fsync(at) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)close(fd);
        (void)unlinkat(at, name, AT_REMOVEDIR);
        return r;
    }
    return fd;
}

/* ---- what is about to be given out ------------------------------------------------- */

static int open_register(struct bw_issuing *x, const char *beside)
{
    struct stat st;
    bool made = false;
    int at = open(beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        return -errno;
    }
    if (fstat(at, &st) < 0) {
        int r = -errno;
        (void)close(at);
        return r;
    }
    x->lent_owner = geteuid() == 0;
    x->uid = st.st_uid;
    x->gid = st.st_gid;
    x->folder_fd = open_folder(x, at, BW_ISSUED_NAME, &made);
    (void)close(at);
    return x->folder_fd < 0 ? x->folder_fd : 0;
}

static int make_own(struct bw_issuing *x)
{
    bool made = false;
    uint32_t random = 0;
    for (int tries = 0; !made && tries < 100; tries++) {
        if (x->own_fd >= 0) {
            (void)close(x->own_fd); /* another run's */
        }
        bw_random(&random, sizeof(random));
        (void)snprintf(x->own, sizeof(x->own), BW_ISSUED_WRITING "%08" PRIx32, random);
        x->own_fd = open_folder(x, x->folder_fd, x->own, &made);
        if (x->own_fd < 0) {
            return x->own_fd;
        }
    }
    return made ? 0 : -EEXIST;
}

static void issuing_free(struct bw_issuing *x)
{
    if (x->own_fd >= 0) {
        (void)close(x->own_fd);
    }
    if (x->folder_fd >= 0) {
        (void)close(x->folder_fd);
    }
    free(x);
}

int bw_issuing_begin(struct bw_origin *origin,
                     struct bw_issuing **ret,
                     struct bw_err *reterr)
{
    struct bw_issuing *x = calloc(1, sizeof(*x));
    char beside[PATH_MAX];
    *ret = NULL;
    if (!x) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    x->folder_fd = -1;
    x->own_fd = -1;
    int r = bw_origin_beside(origin, beside);
    r = r < 0 ? r : bw_issued_folder(origin, x->folder, sizeof(x->folder));
    if (r < 0) {
        (void)bw_err_set(reterr, r, "there is no folder for it");
        goto out;
    }
    r = open_register(x, beside);
    r = r < 0 ? r : make_own(x);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", x->folder, bw_strerror(r));
        goto out;
    }
    *ret = x;
    x = NULL;
out:
    if (x) {
        issuing_free(x);
    }
    return r;
}

static int put_entry(const struct bw_issuing *x,
                     struct bw_origin *origin,
                     const struct bw_report_query *query,
                     const struct bw_report_query *asked,
                     const char *what,
                     int64_t now_unix_s,
                     const struct bw_buf *rows,
                     const char *name,
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
              : write_packed(x, name, &text, reterr);
    bw_buf_done(&text);
    return r;
}

static bool is_kept(const struct bw_issuing *x, const char *name)
{
    struct stat st;
    return fstatat(x->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
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
    char name[ENTRY_LEN + 1];
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
    (void)snprintf(name, sizeof(name), "%s%s", id, BW_ISSUED_SUFFIX);
    if (!is_kept(x, name)) {
        r = put_entry(x, origin, query, &asked, what, now_unix_s, &rows, name, reterr);
    }
out:
    bw_buf_done(&rows);
    return r;
}

/* Out of the own folder: among those that were given out, or away. The first of the same
 * figures stays. What nobody here wrote is left, and so the folder. */
static int move(const struct bw_issuing *x, const struct dirent *d, bool given_out)
{
    if (given_out && bw_issued_is_entry(d) && !is_kept(x, d->d_name)) {
        return renameat(x->own_fd, d->d_name, x->folder_fd, d->d_name) < 0 ? -errno : 0;
    }
    if (bw_issued_is_entry(d) ||
        (strlen(d->d_name) > ENTRY_LEN && /* one that was not finished */
         strncmp(d->d_name + BW_HASH_LEN, BW_ISSUED_SUFFIX ".", sizeof(BW_ISSUED_SUFFIX)) ==
             0)) {
        return unlinkat(x->own_fd, d->d_name, 0) < 0 ? -errno : 0;
    }
    return 0;
}

static int move_all(const struct bw_issuing *x, bool given_out)
{
    struct dirent **list = NULL;
    int r = 0;
    int n = scandirat(x->own_fd, ".", &list, NULL, alphasort);
    if (n < 0) {
        return -errno;
    }
    for (int i = 0; i < n; i++) {
        int moved = move(x, list[i], given_out);
        r = r < 0 ? r : moved;
        free(list[i]);
    }
    free(list);
    return r;
}

int bw_issuing_end(struct bw_issuing *x, bool given_out, struct bw_err *reterr)
{
    if (!x) {
        return 0;
    }
    int r = move_all(x, given_out);
    if (r == 0 && unlinkat(x->folder_fd, x->own, AT_REMOVEDIR) < 0) {
        r = -errno;
    }
    if (r == 0 && fsync(x->folder_fd) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s/%s: %s", x->folder, x->own, bw_strerror(r));
    }
    issuing_free(x);
    return r;
}

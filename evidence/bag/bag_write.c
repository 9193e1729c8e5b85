/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_write.c - a bag as one archive: ustar under zstd.
 *
 * Invariant: the archive's bytes follow from top folder, time and members alone; owner,
 * rights and order are always the same, and nothing of this machine goes in. */
#include "bag_private.h"

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "grow.h"

#include <archive.h>
#include <archive_entry.h>
#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 256 * 1024,
    INFO_MAX = 64 * 1024,
    MODE = 0644
};

struct own {
    struct bw_bag_member member; /* first: an array of these is sorted by name */
    char *copy;                  /* NULL: lent */
};

struct bw_bag_writer {
    char top[BW_BAG_NAME_MAX + 1];
    int64_t made_unix_s;
    struct own *list;
    size_t n;
    size_t cap;
    struct bw_buf info;
};

/* ---- the archive ----------------------------------------------------------------- */

struct packing {
    bw_bag_sink sink;
    void *owner;
    int said; /* of the sink */
};

static la_ssize_t give(struct archive *a, void *owner, const void *data, size_t n)
{
    struct packing *p = owner;

    p->said = p->sink(p->owner, data, n);
    if (p->said != 0) {
        archive_set_error(a, EIO, "the archive could not be written");
        return -1;
    }
    return (la_ssize_t)n;
}

static int start(struct archive *a, struct packing *p)
{
    char level[16];

    (void)snprintf(level, sizeof(level), "%d", BW_BAG_ZSTD_LEVEL);
    if (archive_write_set_format_ustar(a) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
        archive_write_set_filter_option(a, "zstd", "compression-level", level) !=
            ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK) {
        return -1;
    }
    return archive_write_open(a, p, NULL, give, NULL) == ARCHIVE_OK ? 0 : -1;
}

void bw_bag_packer(char buf[80])
{
    const char *zstd = archive_libzstd_version();

    (void)snprintf(buf, 80, "%.36s, zstd %.36s", archive_version_string(),
                   zstd ? zstd : "by another program");
}

static int put_head(struct archive *a,
                    const char *top,
                    int64_t made_unix_s,
                    const struct bw_bag_member *m)
{
    struct archive_entry *e = archive_entry_new2(a);
    char name[2 * BW_BAG_NAME_MAX + 2];
    int r;

    if (!e) {
        return -1;
    }
    (void)snprintf(name, sizeof(name), "%s/%s", top, m->name);
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, MODE);
    archive_entry_set_size(e, (la_int64_t)m->n);
    archive_entry_set_mtime(e, (time_t)made_unix_s, 0);
    archive_entry_set_uid(e, 0);
    archive_entry_set_gid(e, 0);
    r = archive_write_header(a, e) == ARCHIVE_OK ? 0 : -1;
    archive_entry_free(e);
    return r;
}

int bw_bag_pack(const char *top,
                int64_t made_unix_s,
                const struct bw_bag_member *const *members,
                size_t n,
                bw_bag_sink sink,
                bw_bag_progress_cb progress,
                void *owner,
                struct bw_err *reterr)
{
    struct packing p = {.sink = sink, .owner = owner};
    struct archive *a = archive_write_new();
    size_t all = 0;
    size_t done = 0;
    int r = a ? start(a, &p) : -1;

    for (size_t i = 0; i < n; i++) {
        all += members[i]->n;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct bw_bag_member *m = members[i];
        r = put_head(a, top, made_unix_s, m);
        for (size_t at = 0; r == 0 && at < m->n;) {
            size_t part = m->n - at < CHUNK ? m->n - at : CHUNK;
            r = archive_write_data(a, m->data + at, part) == (la_ssize_t)part ? 0 : -1;
            at += part;
            done += part;
            if (progress) {
                progress(owner, (int)(done / (all / 1000 + 1)));
            }
        }
    }
    if (r == 0 && archive_write_close(a) != ARCHIVE_OK) {
        r = -1;
    }
    if (r < 0 && p.said != 0) {
        r = bw_err_set(reterr, p.said, "%s", bw_strerror(p.said < 0 ? p.said : -EIO));
    } else if (r < 0) {
        r = bw_err_set(reterr, -EIO, "packing: %s",
                       a && archive_error_string(a) ? archive_error_string(a)
                                                    : "out of memory");
    }
    (void)archive_write_free(a);
    return r;
}

/* ---- what goes in ---------------------------------------------------------------- */

int bw_bag_writer_new(const char *top,
                      int64_t made_unix_s,
                      struct bw_bag_writer **ret,
                      struct bw_err *reterr)
{
    const char *why = strchr(top, '/') ? "a name with a slash" : bw_bag_name_trouble(top);
    struct bw_bag_writer *w;

    if (why || strlen(top) > 90) { /* ustar: 100 bytes before the last slash */
        return bw_err_set(reterr, -EINVAL, "%s: %s", top, why ? why : "a name too long");
    }
    if (made_unix_s < 0 || made_unix_s >= INT64_C(1) << 33) {
        return bw_err_set(reterr, -EINVAL, "a time that no archive can hold");
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(w->top, sizeof(w->top), "%s", top);
    w->made_unix_s = made_unix_s;
    bw_buf_init(&w->info, INFO_MAX);
    *ret = w;
    return 0;
}

void bw_bag_writer_free(struct bw_bag_writer *w)
{
    if (w) {
        for (size_t i = 0; i < w->n; i++) {
            free(w->list[i].copy);
        }
        free(w->list);
        bw_buf_done(&w->info);
        free(w);
    }
}

static int add(struct bw_bag_writer *w,
               const char *name,
               const char *data,
               size_t n,
               char *copy,
               struct bw_err *reterr)
{
    const char *why = bw_bag_name_trouble(name);
    struct own *last;
    void *room;

    if (why) {
        return bw_err_set(reterr, -EINVAL, "%s: %s", name, why);
    }
    for (size_t i = 0; i < w->n; i++) {
        if (strcasecmp(w->list[i].member.name, name) == 0) {
            return bw_err_set(reterr, -EEXIST, "%s is in the bag already", name);
        }
    }
    if (w->n == BW_BAG_MEMBERS_MAX) {
        return bw_err_set(reterr, -E2BIG, "%s: more than %d files", name,
                          BW_BAG_MEMBERS_MAX);
    }
    room = bw_grow(w->list, w->n, &w->cap, sizeof(*w->list));
    if (!room) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->list = room;
    last = &w->list[w->n];
    *last = (struct own){.member = {.data = n ? data : "", .n = n}, .copy = copy};
    (void)snprintf(last->member.name, sizeof(last->member.name), "%s", name);
    w->n++;
    return 0;
}

static int add_copy(struct bw_bag_writer *w,
                    const char *name,
                    const void *data,
                    size_t n,
                    struct bw_err *reterr)
{
    char *copy = bw_copy(data, n);
    int r = copy ? add(w, name, copy, n, copy, reterr)
                 : bw_err_set(reterr, -ENOMEM, "out of memory");

    if (r < 0) {
        free(copy);
    }
    return r;
}

static bool is_payload(const char *name)
{
    return strncmp(name, "data/", 5) == 0;
}

int bw_bag_add(struct bw_bag_writer *w,
               const char *name,
               const void *data,
               size_t n,
               struct bw_err *reterr)
{
    return is_payload(name) ? add_copy(w, name, data, n, reterr)
                            : bw_err_set(reterr, -EINVAL, "%s: not below data/", name);
}

int bw_bag_lend(struct bw_bag_writer *w,
                const char *name,
                const void *data,
                size_t n,
                struct bw_err *reterr)
{
    return is_payload(name) ? add(w, name, data, n, NULL, reterr)
                            : bw_err_set(reterr, -EINVAL, "%s: not below data/", name);
}

const struct bw_bag_member *bw_bag_writer_find(const struct bw_bag_writer *w,
                                               const char *name)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->list[i].member.name, name) == 0) {
            return &w->list[i].member;
        }
    }
    return NULL;
}

int bw_bag_info(struct bw_bag_writer *w, const char *label, const char *value)
{
    bw_buf_printf(&w->info, "%s: ", label);
    for (const char *p = value; *p; p++) {
        bool control = (unsigned char)*p < 0x20 || *p == 0x7f;
        bw_buf_add(&w->info, control ? " " : p, 1);
    }
    bw_buf_putc(&w->info, '\n');
    return bw_buf_error(&w->info);
}

/* ---- tag files ------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct own *x = a;
    const struct own *y = b;

    return strcmp(x->member.name, y->member.name);
}

static int add_manifests(struct bw_bag_writer *w, bool tags, struct bw_err *reterr)
{
    struct bw_bag_member *flat = calloc(w->n + 1, sizeof(*flat));
    size_t n = w->n;
    int r = flat ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");

    qsort(w->list, w->n, sizeof(*w->list), by_name);
    for (size_t i = 0; flat && i < n; i++) {
        flat[i] = w->list[i].member;
    }
    for (int h = 0; r == 0 && h < BW_BAG_HASHES; h++) {
        char name[BW_BAG_NAME_MAX + 1];
        struct bw_buf text;
        bw_buf_init(&text, BW_BAG_MANIFEST_MAX);
        bw_bag_manifest_name((enum bw_bag_hash)h, tags, name);
        r = bw_bag_manifest((enum bw_bag_hash)h, tags, flat, n, &text);
        r = r < 0 ? bw_err_set(reterr, r, "out of memory")
                  : add_copy(w, name, text.data ? text.data : "", text.len, reterr);
        bw_buf_done(&text);
    }
    free(flat);
    return r;
}

static int add_tag_files(struct bw_bag_writer *w, struct bw_err *reterr)
{
    struct bw_buf info;
    char day[32];
    size_t bytes = 0;
    size_t n = w->n;
    int r;

    for (size_t i = 0; i < n; i++) {
        bytes += w->list[i].member.n;
    }
    if (bytes > (size_t)BW_BAG_BYTES_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than a bag holds: %zu bytes", bytes);
    }
    bw_time_format_s(w->made_unix_s, day);
    bw_buf_init(&info, (size_t)2 * INFO_MAX);
    bw_buf_add(&info, w->info.data, w->info.len);
    bw_buf_printf(&info, "Bagging-Date: %.10s\nPayload-Oxum: %zu.%zu\n", day, bytes, n);
    r = bw_buf_error(&w->info) ? bw_buf_error(&w->info) : bw_buf_error(&info);
    r = r < 0 ? bw_err_set(reterr, r, "bag-info.txt: out of memory")
              : add_copy(w, "bag-info.txt", info.data, info.len, reterr);
    bw_buf_done(&info);
    r = r < 0 ? r
              : add_copy(w, "bagit.txt", BW_BAG_DECLARATION, strlen(BW_BAG_DECLARATION),
                         reterr);
    r = r < 0 ? r : add_manifests(w, false, reterr);
    r = r < 0 ? r : add_manifests(w, true, reterr);
    qsort(w->list, w->n, sizeof(*w->list), by_name);
    return r;
}

/* ---- the file -------------------------------------------------------------------- */

struct file_sink {
    int fd;
    int64_t bytes;
    bw_bag_progress_cb progress;
    void *owner;
};

static int write_out(void *owner, const void *data, size_t n)
{
    struct file_sink *f = owner;
    const char *p = data;

    while (n > 0) {
        ssize_t done = write(f->fd, p, n);
        if (done < 0 && errno != EINTR) {
            return -errno;
        }
        if (done > 0) {
            p += done;
            n -= (size_t)done;
            f->bytes += done;
        }
    }
    return 0;
}

static void pass_progress(void *owner, int per_mille)
{
    const struct file_sink *f = owner;

    if (f->progress) {
        f->progress(f->owner, per_mille);
    }
}

int bw_bag_write(struct bw_bag_writer *w,
                 const char *path,
                 bw_bag_progress_cb progress,
                 void *owner,
                 int64_t *ret_bytes,
                 struct bw_err *reterr)
{
    struct file_sink f = {.fd = -1, .progress = progress, .owner = owner};
    const struct bw_bag_member **list = NULL;
    char part[PATH_MAX];
    bool told = false;
    int r = add_tag_files(w, reterr);

    if (r < 0) {
        return r;
    }
    if ((size_t)snprintf(part, sizeof(part), "%s.XXXXXX", path) >= sizeof(part)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: a path too long", path);
    }
    f.fd = mkostemp(part, O_CLOEXEC);
    if (f.fd < 0) {
        return bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    list = calloc(w->n, sizeof(const struct bw_bag_member *));
    for (size_t i = 0; list && i < w->n; i++) {
        list[i] = &w->list[i].member;
    }
    r = list ? bw_bag_pack(w->top, w->made_unix_s, list, w->n, write_out, pass_progress, &f,
                           reterr)
             : bw_err_set(reterr, -ENOMEM, "out of memory");
    told = r == -EIO || r == -ENOMEM;
    if (r == 0 && (fchmod(f.fd, MODE) < 0 || fsync(f.fd) < 0)) {
        r = -errno;
    }
    if (close(f.fd) < 0 && r == 0) {
        r = -errno;
    }
    if (r == 0 && rename(part, path) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)unlink(part);
        r = told ? bw_err_prefix(reterr, r, "%s", path)
                 : bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
    } else {
        r = bw_file_sync_parent(path);
    }
    if (r == 0 && ret_bytes) {
        *ret_bytes = f.bytes;
    }
    free(list);
    return r;
}

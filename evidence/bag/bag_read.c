/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_read.c - a bag that somebody hands in.
 *
 * Invariant: nothing of an archive reaches a path: contents go into one temporary file
 * without a name, names are only compared. Everything is bounded before it is kept. */
#include "bag_private.h"

#include "buf.h"
#include "file.h"

#include <archive.h>
#include <archive_entry.h>
#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 256 * 1024,
    ENTRIES_MAX = 2 * BW_BAG_MEMBERS_MAX, /* files and folders */
    /* Hashes and signatures do not compress: a bag of records has 4 to 6. */
    RATIO_MAX = 50,
    FIRST_CAP = 64
};
#define INFLATED_FREE (INT64_C(16) * 1024 * 1024)

struct bw_bag {
    char top[BW_BAG_NAME_MAX + 1];
    struct bw_bag_member *members; /* by name */
    size_t n;
    char *contents; /* mapped; NULL when there are none */
    size_t contents_len;
    char *archive; /* mapped; NULL of a folder */
    size_t archive_len;
    int64_t made_unix_s; /* of the first member of an archive */
};

/* ---- the shelf ------------------------------------------------------------------- */

int bw_bag_shelf_member(struct bw_bag_shelf *s, const char *name, struct bw_err *reterr)
{
    const char *why = bw_bag_name_trouble(name);

    if (why) {
        return bw_err_set(reterr, -BW_EMALFORMED, "'%.200s': %s", name, why);
    }
    if (s->n == BW_BAG_MEMBERS_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d files", BW_BAG_MEMBERS_MAX);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (strcasecmp(s->members[i].name, name) == 0) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "'%s' is there twice: which one counts?", name);
        }
    }
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : FIRST_CAP;
        struct bw_bag_member *grown = reallocarray(s->members, cap, sizeof(*grown));
        size_t *offsets;
        if (!grown) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        s->members = grown;
        offsets = reallocarray(s->offsets, cap, sizeof(*offsets));
        if (!offsets) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        s->offsets = offsets;
        s->cap = cap;
    }
    s->members[s->n] = (struct bw_bag_member){.data = "", .n = 0};
    (void)snprintf(s->members[s->n].name, BW_BAG_NAME_MAX + 1, "%s", name);
    s->offsets[s->n] = (size_t)s->bytes;
    s->n++;
    return 0;
}

int bw_bag_shelf_put(struct bw_bag_shelf *s,
                     const void *data,
                     size_t n,
                     struct bw_err *reterr)
{
    struct bw_bag_member *last = s->n > 0 ? &s->members[s->n - 1] : NULL;
    const char *p = data;

    if (!last || s->bytes + (int64_t)n > BW_BAG_BYTES_MAX) {
        return bw_err_set(reterr, -EFBIG, "'%s': the bag holds more than %lld bytes",
                          last ? last->name : "", (long long)BW_BAG_BYTES_MAX);
    }
    s->bytes += (int64_t)n;
    last->n += n;
    while (n > 0) {
        ssize_t done = write(s->fd, p, n);
        if (done < 0 && errno != EINTR) {
            return bw_err_set(reterr, -errno,
                              "unpacking: %s; set TMPDIR to a folder with room",
                              bw_strerror(-errno));
        }
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

/* ---- an archive ------------------------------------------------------------------ */

static int map(int fd, char **ret, size_t *ret_n)
{
    struct stat st;
    void *at;

    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    *ret_n = (size_t)st.st_size;
    *ret = NULL;
    if (st.st_size == 0) {
        return 0;
    }
    at = mmap(NULL, *ret_n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        return -errno;
    }
    *ret = at;
    return 0;
}

/* The kind of an entry, when it is not a plain file. */
static const char *kind_trouble(struct archive_entry *e)
{
    if (archive_entry_hardlink(e)) {
        return "a link to another file";
    }
    if (archive_entry_sparse_count(e) > 0) {
        return "a file with holes";
    }
    switch (archive_entry_filetype(e)) {
    case AE_IFREG:
        return NULL;
    case AE_IFLNK:
        return "a link";
    case AE_IFDIR:
        return NULL;
    default:
        return "neither a file nor a folder";
    }
}

/* The name below the top folder, which all entries share. *ret NULL: the top itself. */
static int below_top(
    struct bw_bag *b, const char *path, bool folder, const char **ret, struct bw_err *e)
{
    size_t n = strcspn(path, "/");

    *ret = NULL;
    if (b->top[0] == '\0' && n > 0 && n <= BW_BAG_NAME_MAX) {
        (void)snprintf(b->top, sizeof(b->top), "%.*s", (int)n, path);
        if (bw_bag_name_trouble(b->top)) {
            return bw_err_set(e, -BW_EMALFORMED, "'%.200s': %s", path,
                              bw_bag_name_trouble(b->top));
        }
    }
    if (strlen(b->top) != n || strncmp(b->top, path, n) != 0 || n == 0) {
        return bw_err_set(e, -BW_EMALFORMED,
                          "'%.200s': a name that leaves the bag, whose top folder is %s",
                          path, b->top);
    }
    if (path[n] == '/' && path[n + 1]) {
        *ret = path + n + 1;
        return 0;
    }
    return folder ? 0
                  : bw_err_set(e, -BW_EMALFORMED,
                               "'%.200s': a file in the top folder's place", path);
}

static int take_bytes(struct bw_bag *b,
                      struct archive *a,
                      struct bw_bag_shelf *s,
                      char *chunk,
                      struct bw_err *reterr)
{
    const char *name = s->members[s->n - 1].name;

    for (;;) {
        la_ssize_t n = archive_read_data(a, chunk, CHUNK);
        int r;
        if (n == 0) {
            return 0;
        }
        if (n < 0) {
            return bw_err_set(
                reterr, -BW_EMALFORMED, "'%s': the archive is damaged (%s)", name,
                archive_error_string(a) ? archive_error_string(a) : "no more is known");
        }
        r = bw_bag_shelf_put(s, chunk, (size_t)n, reterr);
        if (r < 0) {
            return r;
        }
        if (s->bytes > INFLATED_FREE && s->bytes / RATIO_MAX > (int64_t)b->archive_len) {
            return bw_err_set(reterr, -EFBIG,
                              "'%s': the archive inflates to more than %d times its size: "
                              "it is no bag, or meant to do harm",
                              name, RATIO_MAX);
        }
    }
}

static int take_entry(struct bw_bag *b,
                      struct archive *a,
                      struct archive_entry *e,
                      struct bw_bag_shelf *s,
                      char *chunk,
                      struct bw_err *reterr)
{
    const char *path = archive_entry_pathname(e);
    bool folder = archive_entry_filetype(e) == AE_IFDIR;
    const char *why = kind_trouble(e);
    const char *name;
    int r;

    if (!path) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "a member without a name that can be read");
    }
    if (why) {
        return bw_err_set(reterr, -BW_EMALFORMED, "'%.200s': %s", path, why);
    }
    r = below_top(b, path, folder, &name, reterr);
    if (r < 0 || folder) {
        return r;
    }
    r = name ? bw_bag_shelf_member(s, name, reterr)
             : bw_err_set(reterr, -BW_EMALFORMED, "'%.200s': no name", path);
    if (s->n == 1) {
        b->made_unix_s = archive_entry_mtime(e);
    }
    return r < 0 ? r : take_bytes(b, a, s, chunk, reterr);
}

static int read_archive(struct bw_bag *b, struct bw_bag_shelf *s, struct bw_err *reterr)
{
    struct archive *a = archive_read_new();
    char *chunk = malloc(CHUNK);
    struct archive_entry *e;
    int64_t entries = 0;
    int r = a && chunk ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");

    if (r == 0 && (archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
                   archive_read_support_format_tar(a) != ARCHIVE_OK ||
                   archive_read_open_memory(a, b->archive, b->archive_len) != ARCHIVE_OK)) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "no bag: neither a tar archive under zstd nor a folder (%s)",
                       archive_error_string(a));
    }
    while (r == 0) {
        int said = archive_read_next_header(a, &e);
        if (said == ARCHIVE_EOF) {
            break;
        }
        if (said != ARCHIVE_OK) {
            const char *why = archive_error_string(a);
            r = bw_err_set(reterr, -BW_EMALFORMED, "the archive is damaged%s%s: %s",
                           s->n ? " after " : "", s->n ? s->members[s->n - 1].name : "",
                           why ? why : "no more is known");
        } else if (++entries > ENTRIES_MAX) {
            r = bw_err_set(reterr, -E2BIG, "more than %d members", ENTRIES_MAX);
        } else {
            r = take_entry(b, a, e, s, chunk, reterr);
        }
    }
    if (a) {
        (void)archive_read_free(a);
    }
    free(chunk);
    return r;
}

/* Is there a tar archive under zstd in this file? */
static bool begins_as_archive(const char *path)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    bool is = a && archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
              archive_read_support_format_tar(a) == ARCHIVE_OK &&
              archive_read_open_filename(a, path, CHUNK) == ARCHIVE_OK &&
              archive_read_next_header(a, &e) == ARCHIVE_OK;

    if (a) {
        (void)archive_read_free(a);
    }
    return is;
}

bool bw_bag_looks_like(const char *path)
{
    static const char ending[] = ".tar.zst";
    size_t n = strlen(path);
    char file[PATH_MAX];
    struct stat st;

    if (stat(path, &st) < 0) {
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        (void)snprintf(file, sizeof(file), "%.4000s/bagit.txt", path);
        return access(file, F_OK) == 0;
    }
    return S_ISREG(st.st_mode) &&
           ((n > strlen(ending) && strcmp(path + n - strlen(ending), ending) == 0) ||
            begins_as_archive(path));
}

/* ---- opening --------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct bw_bag_member *x = a;
    const struct bw_bag_member *y = b;

    return strcmp(x->name, y->name);
}

/* The shelf's contents become the bag's. */
static int take_shelf(struct bw_bag *b, struct bw_bag_shelf *s, struct bw_err *reterr)
{
    int r = map(s->fd, &b->contents, &b->contents_len);

    if (r < 0) {
        return bw_err_set(reterr, r, "unpacked: %s", bw_strerror(r));
    }
    if (b->contents_len != (size_t)s->bytes) {
        return bw_err_set(reterr, -EIO, "unpacked: the temporary file was cut");
    }
    for (size_t i = 0; i < s->n; i++) {
        s->members[i].data = s->members[i].n ? b->contents + s->offsets[i] : "";
    }
    if (s->n) {
        qsort(s->members, s->n, sizeof(*s->members), by_name);
    }
    b->members = s->members;
    b->n = s->n;
    s->members = NULL;
    return 0;
}

static void name_of_folder(const char *path, struct bw_bag *b)
{
    size_t n = strlen(path);
    const char *base;

    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    base = memrchr(path, '/', n);
    base = base ? base + 1 : path;
    (void)snprintf(b->top, sizeof(b->top), "%.*s", (int)(path + n - base), base);
}

int bw_bag_open(const char *path, struct bw_bag **ret, struct bw_err *reterr)
{
    struct bw_bag *b = calloc(1, sizeof(*b));
    struct bw_bag_shelf s = {.fd = -1};
    struct stat st;
    int fd = -1;
    int r = 0;

    if (!b) {
        return bw_err_set(reterr, -ENOMEM, "%s: out of memory", path);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0) {
        r = bw_err_set(reterr, -errno, "%s", bw_strerror(-errno));
        goto out;
    }
    s.fd = bw_file_temporary(reterr);
    if (s.fd < 0) {
        r = s.fd;
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        name_of_folder(path, b);
        r = bw_bag_read_folder(path, &s, reterr);
    } else {
        r = map(fd, &b->archive, &b->archive_len);
        r = r == 0 && b->archive ? read_archive(b, &s, reterr)
                                 : bw_err_set(reterr, r < 0 ? r : -BW_EMALFORMED, "%s",
                                              r < 0 ? bw_strerror(r) : "an empty file");
    }
    r = r < 0 ? r : take_shelf(b, &s, reterr);
    if (r < 0) {
        goto out;
    }
    *ret = b; /* ownership moves in the last step */
    b = NULL;
out:
    if (r < 0) {
        (void)bw_err_prefix(reterr, r, "%s", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (s.fd >= 0) {
        (void)close(s.fd);
    }
    free(s.members);
    free(s.offsets);
    bw_bag_close(b);
    return r;
}

void bw_bag_close(struct bw_bag *b)
{
    if (b) {
        if (b->contents) {
            (void)munmap(b->contents, b->contents_len);
        }
        if (b->archive) {
            (void)munmap(b->archive, b->archive_len);
        }
        free(b->members);
        free(b);
    }
}

const char *bw_bag_top(const struct bw_bag *b)
{
    return b->top;
}

size_t bw_bag_count(const struct bw_bag *b)
{
    return b->n;
}

const struct bw_bag_member *bw_bag_at(const struct bw_bag *b, size_t i)
{
    return &b->members[i];
}

const struct bw_bag_member *bw_bag_find(const struct bw_bag *b, const char *name)
{
    for (size_t i = 0; i < b->n; i++) {
        if (strcmp(b->members[i].name, name) == 0) {
            return &b->members[i];
        }
    }
    return NULL;
}

bool bw_bag_info_get(const struct bw_bag *b, const char *label, char *buf, size_t n)
{
    const struct bw_bag_member *m = bw_bag_find(b, "bag-info.txt");
    size_t len = strlen(label);

    for (size_t at = 0; m && at < m->n;) {
        const char *line = m->data + at;
        const char *end = memchr(line, '\n', m->n - at);
        size_t width = end ? (size_t)(end - line) : m->n - at;
        if (width > len + 2 && memcmp(line, label, len) == 0 && line[len] == ':' &&
            line[len + 1] == ' ') {
            (void)snprintf(buf, n, "%.*s", (int)(width - len - 2), line + len + 2);
            return true;
        }
        at += width + 1;
    }
    return false;
}

/* ---- the same bytes again -------------------------------------------------------- */

struct compare {
    const struct bw_bag *bag;
    size_t at;
    size_t differs;
    bool same;
};

static int hold_against(void *owner, const void *data, size_t n)
{
    struct compare *c = owner;
    const char *mine = data;
    size_t left = c->bag->archive_len - c->at;
    size_t part = n < left ? n : left;

    if (memcmp(c->bag->archive + c->at, mine, part) != 0 || part < n) {
        while (part > 0 && *mine == c->bag->archive[c->at]) {
            mine++;
            c->at++;
            part--;
        }
        c->same = false;
        return -ECANCELED; /* the first byte that differs is enough */
    }
    c->at += n;
    return 0;
}

int bw_bag_same_bytes(const struct bw_bag *b, struct bw_err *reterr)
{
    struct compare c = {.bag = b, .same = true};
    const struct bw_bag_member **list;
    int r;

    if (!b->archive) {
        return 0;
    }
    list = calloc(b->n + 1, sizeof(const struct bw_bag_member *));
    if (!list) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < b->n; i++) {
        list[i] = &b->members[i];
    }
    r = bw_bag_pack(b->top, b->made_unix_s, list, b->n, hold_against, NULL, &c, reterr);
    free(list);
    if (r < 0 && c.same) {
        return r;
    }
    if (!c.same || c.at < b->archive_len) {
        return bw_err_set(
            reterr, 1,
            "the archive's byte %zu of %zu is not the one that its contents give", c.at + 1,
            b->archive_len);
    }
    return 0;
}

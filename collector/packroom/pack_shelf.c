/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_shelf.c - folders of packs: made under a name that begins with a dot, moved by one
 * rename. */
#include "pack_shelf.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MODE = 0750,
    PACKS_MAX = 4096
};

static void
path_of(const char *shelf, const char *dot, const char *name, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%.3900s/%s%.100s", shelf, dot, name);
}

/* A folder of plain files. Gives their bytes. */
static int64_t weigh(int shelf, const char *name, bool remove)
{
    int fd = openat(shelf, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int64_t bytes = 0;
    struct stat st;

    if (!dir) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return 0;
    }
    for (;;) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            bytes += fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
            if (remove) {
                (void)unlinkat(fd, e->d_name, 0);
            }
        }
    }
    (void)closedir(dir);
    if (remove) {
        (void)unlinkat(shelf, name, AT_REMOVEDIR);
    }
    return bytes;
}

struct pack {
    char name[BW_HASH_LEN + 1];
    int64_t bytes;
    int64_t made_unix_s;
};

static int by_age(const void *a, const void *b)
{
    const struct pack *x = a;
    const struct pack *y = b;

    return (x->made_unix_s > y->made_unix_s) - (x->made_unix_s < y->made_unix_s);
}

/* Everything on the shelf; with `unfinished` what an earlier run left goes instead. */
static size_t look(const char *shelf, bool unfinished, struct pack *list, size_t cap)
{
    DIR *dir = opendir(shelf);
    size_t n = 0;
    struct stat st;

    while (dir && n < cap) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        if (unfinished && e->d_name[0] == '.') {
            (void)weigh(dirfd(dir), e->d_name, true);
        } else if (!unfinished && strlen(e->d_name) == BW_HASH_LEN &&
                   fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            memcpy(list[n].name, e->d_name, BW_HASH_LEN + 1);
            list[n].made_unix_s = st.st_mtim.tv_sec;
            list[n++].bytes = weigh(dirfd(dir), e->d_name, false);
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    return n;
}

int bw_pack_shelf_open(const char *shelf, struct bw_err *reterr)
{
    struct pack none;
    int r = bw_dir_make(shelf, MODE, reterr);

    if (r == 0) {
        (void)look(shelf, true, &none, 1);
    }
    return r;
}

static void drop(const char *shelf, const char *dot, const char *name)
{
    char path[PATH_MAX];
    int fd = open(shelf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)snprintf(path, sizeof(path), "%s%.100s", dot, name);
    if (fd >= 0) {
        (void)weigh(fd, path, true);
        (void)close(fd);
    }
}

void bw_pack_shelf_drop(const char *shelf, const char *name)
{
    drop(shelf, ".", name);
}

void bw_pack_shelf_folder(const char *shelf, const char *name, char ret_folder[PATH_MAX])
{
    path_of(shelf, ".", name, ret_folder);
}

static void trim(const char *shelf, int64_t max_bytes, const char *keep)
{
    struct pack *list = calloc(PACKS_MAX, sizeof(*list));
    size_t n = list ? look(shelf, false, list, PACKS_MAX) : 0;
    int64_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        bytes += list[i].bytes;
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), by_age);
    }
    for (size_t i = 0; i < n && (bytes > max_bytes || n == PACKS_MAX); i++) {
        if (strcmp(list[i].name, keep) != 0) {
            drop(shelf, "", list[i].name);
            bytes -= list[i].bytes;
        }
        if (n == PACKS_MAX && i > PACKS_MAX / 2 && bytes <= max_bytes) {
            break;
        }
    }
    free(list);
}

int bw_pack_shelf_put(const char *shelf,
                      const char *name,
                      int64_t max_bytes,
                      struct bw_err *reterr)
{
    char from[PATH_MAX];
    char to[PATH_MAX];

    path_of(shelf, ".", name, from);
    path_of(shelf, "", name, to);
    if (rename(from, to) < 0) {
        int e = errno;
        bw_pack_shelf_drop(shelf, name);
        return bw_err_set(reterr, -e, "%s: %s", to, bw_strerror(-e));
    }
    trim(shelf, max_bytes, name);
    return 0;
}

int bw_pack_shelf_read(const char *shelf,
                       const char *name,
                       const char *file,
                       size_t max,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%.3900s/%.100s/%.60s", shelf, name, file);
    return bw_file_read(path, max, out, reterr);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_folder.c - a bag that somebody has unpacked: the files below one folder.
 *
 * Invariant: no link is followed, and nothing but plain files is read. */
#include "bag_private.h"

#include <bw/err.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 256 * 1024,
    DEPTH_MAX = 8
};

struct walk {
    struct bw_bag_shelf *shelf;
    char *chunk;
    struct bw_err *reterr;
};

static int read_file(struct walk *w, int fd, const char *name)
{
    int r = bw_bag_shelf_member(w->shelf, name, w->reterr);

    while (r == 0) {
        ssize_t n = read(fd, w->chunk, CHUNK);
        if (n == 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return bw_err_set(w->reterr, -errno, "'%s': %s", name, bw_strerror(-errno));
        }
        r = n > 0 ? bw_bag_shelf_put(w->shelf, w->chunk, (size_t)n, w->reterr) : 0;
    }
    return r;
}

static int read_folder(struct walk *w, int fd, const char *before, int depth);

static int
read_one(struct walk *w, int folder, const char *before, const char *base, int depth)
{
    char name[2 * BW_BAG_NAME_MAX];
    struct stat st;
    int fd = -1;
    int r = 0;

    if ((size_t)snprintf(name, sizeof(name), "%s%s", before, base) > BW_BAG_NAME_MAX) {
        return bw_err_set(w->reterr, -BW_EMALFORMED, "'%.200s': a name that is too long",
                          name);
    }
    fd = openat(folder, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        r = errno == ELOOP
                ? bw_err_set(w->reterr, -BW_EMALFORMED, "'%s': a link", name)
                : bw_err_set(w->reterr, -errno, "'%s': %s", name, bw_strerror(-errno));
    } else if (S_ISREG(st.st_mode)) {
        r = read_file(w, fd, name);
    } else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
        size_t n = strlen(name);
        name[n] = '/';
        name[n + 1] = '\0';
        r = read_folder(w, fd, name, depth + 1);
    } else {
        r = bw_err_set(w->reterr, -BW_EMALFORMED,
                       "'%s': neither a file nor a folder of a bag", name);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

static int read_folder(struct walk *w, int fd, const char *before, int depth)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    int r = 0;

    if (!dir) {
        r = bw_err_set(w->reterr, -errno, "'%s': %s", before, bw_strerror(-errno));
        if (own >= 0) {
            (void)close(own);
        }
        return r;
    }
    while (r == 0) {
        const struct dirent *e =
            readdir(dir); /* NOLINT(concurrency-mt-unsafe): own stream */
        if (!e) {
            break;
        }
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            r = read_one(w, fd, before, e->d_name, depth);
        }
    }
    (void)closedir(dir);
    return r;
}

int bw_bag_read_folder(const char *path, struct bw_bag_shelf *s, struct bw_err *reterr)
{
    struct walk w = {.shelf = s, .chunk = malloc(CHUNK), .reterr = reterr};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? bw_err_set(reterr, -errno, "%s", bw_strerror(-errno)) : 0;

    if (r == 0) {
        r = w.chunk ? read_folder(&w, fd, "", 0)
                    : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    free(w.chunk);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * file.c - whole files, durably.
 *
 * Invariant: under the final name there is never a half-written file, and no temporary
 * file stays behind an error. */
#include "file.h"
#include "buf.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Length of the folder part of path, its slash included; 0 when there is none. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

int bw_file_sync_parent(const char *path)
{
    size_t n = folder_len(path);
    char folder[PATH_MAX];
    int fd;
    int r = 0;

    if (n >= sizeof(folder)) {
        return -ENAMETOOLONG;
    }
    if (n == 0) {
        folder[n++] = '.';
    } else {
        memcpy(folder, path, n);
    }
    folder[n] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    if (fsync(fd) < 0) {
        r = -errno;
    }
    (void)close(fd);
    return r;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, data, n);
        if (w < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        data += w;
        n -= (size_t)w;
    }
    return 0;
}

/* Give tmp the final name, without ever replacing another file. */
static int rename_new(const char *tmp, const char *path)
{
    if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -errno;
    }
    /* a file system without the flag: a hard link refuses an existing name too */
    if (link(tmp, path) < 0) {
        return -errno;
    }
    (void)unlink(tmp);
    return 0;
}

static int put_file(const char *path,
                    const void *data,
                    size_t n,
                    mode_t mode,
                    bool replace,
                    struct bw_err *reterr)
{
    char tmp[PATH_MAX];
    int len = snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
    int fd = -1;
    int r = 0;

    if (len < 0 || (size_t)len >= sizeof(tmp)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%.200s…: the path is too long", path);
    }
    fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "%s: cannot write: %s", path, bw_strerror(r));
    }
    r = fchmod(fd, mode) < 0 ? -errno : write_all(fd, data, n);
    if (r == 0 && fsync(fd) < 0) {
        r = -errno;
    }
    if (close(fd) < 0 && r == 0) {
        r = -errno;
    }
    if (r == 0) {
        if (!replace) {
            r = rename_new(tmp, path);
        } else if (rename(tmp, path) < 0) {
            r = -errno;
        }
    }
    if (r < 0) {
        (void)unlink(tmp);
        return bw_err_set(reterr, r, "%s: cannot write: %s", path, bw_strerror(r));
    }
    r = bw_file_sync_parent(path);
    if (r < 0) {
        return bw_err_set(reterr, r, "%s: cannot sync its folder: %s", path,
                          bw_strerror(r));
    }
    return 0;
}

int bw_file_write(
    const char *path, const void *data, size_t n, mode_t mode, struct bw_err *reterr)
{
    return put_file(path, data, n, mode, true, reterr);
}

int bw_file_create(
    const char *path, const void *data, size_t n, mode_t mode, struct bw_err *reterr)
{
    return put_file(path, data, n, mode, false, reterr);
}

int bw_file_read(const char *path, size_t max, struct bw_buf *out, struct bw_err *reterr)
{
    char part[8192];
    size_t start = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = 0;

    if (fd < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "%s: cannot read: %s", path, bw_strerror(r));
    }
    for (;;) {
        ssize_t n = read(fd, part, sizeof(part));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        if ((size_t)n > max - (out->len - start)) {
            r = -EFBIG;
            break;
        }
        bw_buf_add(out, part, (size_t)n);
        r = bw_buf_error(out);
        if (r < 0) {
            break;
        }
    }
    explicit_bzero(part, sizeof(part));
    (void)close(fd);
    if (r == -EFBIG || r == -E2BIG) {
        return bw_err_set(reterr, -EFBIG, "%s: longer than %zu bytes", path, max);
    }
    if (r < 0) {
        return bw_err_set(reterr, r, "%s: cannot read: %s", path, bw_strerror(r));
    }
    return 0;
}

int bw_dir_make(const char *path, mode_t mode, struct bw_err *reterr)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    struct stat st;
    int r;

    if (n == 0 || n >= sizeof(part)) {
        return bw_err_set(reterr, -EINVAL, "a folder's path must have 1 to %zu bytes",
                          sizeof(part) - 1);
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        r = mkdir(part, mode) < 0 ? -errno : bw_file_sync_parent(part);
        /* whoever may not read the folder above cannot sync it either */
        if (r < 0 && r != -EEXIST && !(r == -EACCES && access(part, F_OK) == 0)) {
            return bw_err_set(reterr, r, "%s: cannot make the folder: %s", part,
                              bw_strerror(r));
        }
    }
    if (stat(path, &st) < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
    }
    if (!S_ISDIR(st.st_mode)) {
        return bw_err_set(reterr, -ENOTDIR, "%s: is not a folder", path);
    }
    return 0;
}

int bw_file_temporary(struct bw_err *reterr)
{
    const char *folder = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): never set */
    int fd;

    folder = folder && *folder ? folder : "/tmp";
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        fd = memfd_create("bandwitness", MFD_CLOEXEC); /* a folder without O_TMPFILE */
    }
    return fd >= 0
               ? fd
               : bw_err_set(reterr, -errno,
                            "%s: no temporary file (%s); set TMPDIR to a folder with room",
                            folder, bw_strerror(-errno));
}

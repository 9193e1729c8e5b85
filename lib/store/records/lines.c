/* SPDX-License-Identifier: GPL-3.0-or-later
 * lines.c - the lines of an exported file, mapped; zstd is inflated into a temporary file
 * without a name first, so that nothing stays behind however the program ends. */
#include "josefile.h"

#include "file.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* Signatures and hashes do not compress: no export of records reaches a ratio of 20. What
 * inflates to more than this is none, and would fill a disk for nothing. */
#define RATIO_MAX 100
#define INFLATED_FREE (INT64_C(64) * 1024 * 1024)

struct bw_lines {
    const char *data; /* mapped; NULL when the file is empty */
    size_t n;
    size_t at;
    int64_t line;
    bool lent; /* the bytes are the caller's */
};

static int put(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);
        if (done < 0) {
            return -errno;
        }
        data += done;
        n -= (size_t)done;
    }
    return 0;
}

/* The zstd frames of data[n] into a new temporary file. */
static int
inflate(const char *path, const void *data, size_t n, int *ret_fd, struct bw_err *reterr)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    size_t cap = ZSTD_DStreamOutSize();
    char *part = malloc(cap);
    ZSTD_inBuffer in = {.src = data, .size = n};
    size_t state = 1;
    int64_t total = 0;
    int fd = -1;
    int r = ctx && part ? 0 : -ENOMEM;
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    fd = bw_file_temporary(reterr);
    if (fd < 0) {
        r = fd;
        goto out;
    }
    for (;;) {
        ZSTD_outBuffer out = {.dst = part, .size = cap};
        state = ZSTD_decompressStream(ctx, &out, &in);
        if (ZSTD_isError(state)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "%s: damaged zstd data (%s)", path,
                           ZSTD_getErrorName(state));
            goto out;
        }
        total += (int64_t)out.pos;
        if (total > INFLATED_FREE && total / RATIO_MAX > (int64_t)n) {
            r = bw_err_set(reterr, -EFBIG,
                           "%s: %zu bytes inflate to more than %d times as many: these are "
                           "no records, or the file is meant to do harm",
                           path, n, RATIO_MAX);
            goto out;
        }
        r = put(fd, part, out.pos);
        if (r < 0) {
            (void)bw_err_set(reterr, r,
                             "%s: inflating: %s; set TMPDIR to a folder with room", path,
                             bw_strerror(r));
            goto out;
        }
        if (in.pos == in.size && out.pos < out.size) {
            break;
        }
    }
    if (state != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "%s: the zstd data ends too early", path);
        goto out;
    }
    *ret_fd = fd;
    fd = -1;
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    ZSTD_freeDCtx(ctx);
    free(part);
    return r;
}

static int map(int fd, const char **ret, size_t *ret_n)
{
    struct stat st;
    void *at;
    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    if (S_ISDIR(st.st_mode)) {
        return -EISDIR;
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    *ret = NULL;
    *ret_n = (size_t)st.st_size;
    if (st.st_size == 0) {
        return 0;
    }
    at = mmap(NULL, *ret_n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        return -errno;
    }
    (void)madvise(at, *ret_n, MADV_SEQUENTIAL);
    *ret = at;
    return 0;
}

static void unmap(const char *data, size_t n)
{
    union {
        const char *read;
        void *any;
    } at = {.read = data};
    if (data) {
        (void)munmap(at.any, n);
    }
}

int bw_lines_open(const char *path, struct bw_lines **ret, struct bw_err *reterr)
{
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878 3.1.1 */
    struct bw_lines *l = calloc(1, sizeof(*l));
    int inflated = -1;
    int fd = -1;
    int r = l ? 0 : -ENOMEM;
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    fd = open(path,
              O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    r = fd < 0 ? -errno : map(fd, &l->data, &l->n);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", path,
                         r == -EINVAL   ? "not a plain file; write it into one first"
                         : r == -EISDIR ? "a folder, not a file of records"
                                        : bw_strerror(r));
        goto out;
    }
    if (l->data && l->n >= sizeof(zstd_magic) &&
        memcmp(l->data, zstd_magic, sizeof(zstd_magic)) == 0) {
        r = inflate(path, l->data, l->n, &inflated, reterr);
        if (r < 0) {
            goto out;
        }
        unmap(l->data, l->n);
        l->data = NULL;
        r = map(inflated, &l->data, &l->n);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "%s: inflated: %s", path, bw_strerror(r));
            goto out;
        }
    }
    *ret = l; /* ownership moves in the last step */
    l = NULL;
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    if (inflated >= 0) {
        (void)close(inflated);
    }
    bw_lines_close(l);
    return r;
}

int bw_lines_open_bytes(const char *data, size_t n, struct bw_lines **ret)
{
    struct bw_lines *l = calloc(1, sizeof(*l));
    if (!l) {
        return -ENOMEM;
    }
    l->data = n ? data : NULL;
    l->n = n;
    l->lent = true;
    *ret = l;
    return 0;
}

int bw_lines_next(struct bw_lines *l, const char **ret, size_t *ret_n, int64_t *ret_line)
{
    const char *from;
    const char *newline;
    size_t left = l->n - l->at;
    if (left == 0 || !l->data) {
        return 0;
    }
    from = l->data + l->at;
    newline = memchr(from, '\n', left);
    *ret = from;
    *ret_n = newline ? (size_t)(newline - from) : left;
    *ret_line = ++l->line;
    l->at += *ret_n + (newline != NULL);
    return 1;
}

const char *bw_line_trouble(const char *line, size_t n)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } heads[] = {
        {"\x1f\x8b", 2, "compressed with gzip; unpack it first (gunzip)"},
        {"PK\x03\x04", 4, "a ZIP archive; unpack it first (unzip)"},
        {"\xfd"
         "7zXZ",
         5, "compressed with xz; unpack it first (unxz)"},
        {"\xef\xbb\xbf", 3,
         "it begins with a byte order mark: an editor saved it anew; take the file as it "
         "was exported"},
        {"\xff\xfe", 2,
         "it is UTF-16: an editor saved it anew; take the file as it was exported"},
        {"\xfe\xff", 2,
         "it is UTF-16: an editor saved it anew; take the file as it was exported"},
        {"SQLite format 3", 15, "a data base; a box's journal is read with --journal"},
    };
    if (n == 0) {
        return "the line is empty";
    }
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (n >= heads[i].n && memcmp(line, heads[i].bytes, heads[i].n) == 0) {
            return heads[i].what;
        }
    }
    if (n > BW_JWS_MAX) {
        return "the line is longer than any record (24 KiB)";
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c != '\r' && c != '\t' && (c < 0x20 || c > 0x7e)) {
            return "it holds bytes that no record has: damaged, or another kind of file";
        }
    }
    if (line[n - 1] == '\r') {
        return "its lines end in CR and LF, as another program saved them; mend it: "
               "tr -d '\\r' < FILE > MENDED";
    }
    if (line[0] == '{' || line[0] == '[') {
        return "it is JSON; what is read here is an export with --format jose, one signed "
               "record a line";
    }
    return memchr(line, ',', n) ? "it is a table; what is read here is an export with "
                                  "--format jose, one signed record a line"
                                : NULL;
}

void bw_lines_progress(const struct bw_lines *l, size_t *ret_done, size_t *ret_all)
{
    *ret_done = l->at;
    *ret_all = l->n;
}

void bw_lines_close(struct bw_lines *l)
{
    if (l) {
        if (!l->lent) {
            unmap(l->data, l->n);
        }
        free(l);
    }
}

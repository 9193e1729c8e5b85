/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_write.c - making a segment file.
 *
 * Layout, all numbers little endian: 8 bytes of magic, blocks, day rows (zstd frames),
 * the block table (each block's place, range, key, site and SHA-256), the position map (4
 * bytes a position: block * 512 + index), the footer of 64 bytes. Invariant: under its
 * final name a file is whole and on disk. */
#include "buf.h"
#include "file.h"
#include "hash.h"
#include "pack.h"
#include "segment.h"
#include "segment_private.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DAY_LEVEL = 12,
    PATH_CAP = 4096
};

struct bw_segment_writer {
    int fd;
    char path[PATH_CAP];
    char temp[PATH_CAP];
    char file[BW_SEGMENT_NAME_MAX + 1];
    int64_t from;
    int64_t to;
    int64_t at; /* bytes written */
    int64_t raw_bytes;
    int64_t index_at; /* where the block table begins */
    uint32_t *map;    /* per position; UINT32_MAX not seen */
    size_t n_blocks;
    struct bw_buf table;
    struct bw_buf out;
};

static int
put(struct bw_segment_writer *w, const void *data, size_t n, struct bw_err *reterr)
{
    const char *p = data;
    while (n > 0) {
        ssize_t done = write(w->fd, p, n);
        if (done < 0) {
            if (errno == EINTR) {
                continue;
            }
            int code = -errno;
            return bw_err_set(reterr, code, "cannot write %s: %s", w->temp,
                              bw_strerror(code));
        }
        p += done;
        n -= (size_t)done;
        w->at += done;
    }
    return 0;
}

static int open_temp(struct bw_segment_writer *w, const char *folder, struct bw_err *reterr)
{
    int a = snprintf(w->file, sizeof(w->file), "%012" PRId64 "-%012" PRId64 ".bws", w->from,
                     w->to);
    int b = snprintf(w->path, sizeof(w->path), "%s/%s", folder, w->file);
    int c = snprintf(w->temp, sizeof(w->temp), "%s/%s.tmp", folder, w->file);
    if (a < 0 || (size_t)a >= sizeof(w->file) || b < 0 || (size_t)b >= sizeof(w->path) ||
        c < 0 || (size_t)c >= sizeof(w->temp)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%s: path too long", folder);
    }
    w->fd = open(w->temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0440);
    if (w->fd < 0) {
        int code = -errno;
        return bw_err_set(reterr, code, "cannot make %s: %s", w->temp, bw_strerror(code));
    }
    return put(w, BW_SEGMENT_MAGIC, BW_SEGMENT_MAGIC_LEN, reterr);
}

int bw_segment_writer_new(const char *folder,
                          int64_t from_position,
                          int64_t to_position,
                          struct bw_segment_writer **ret,
                          struct bw_err *reterr)
{
    struct bw_segment_writer *w = NULL;
    int64_t n = to_position - from_position;
    int r = bw_dir_make(folder, 0750, reterr);
    if (r < 0) {
        return r;
    }
    if (n <= 0 || n > BW_SEGMENT_ROWS_MAX) {
        return bw_err_set(reterr, -EINVAL, "a segment of %" PRId64 " records", n);
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->fd = -1;
    w->from = from_position;
    w->to = to_position;
    bw_buf_init(&w->table, (size_t)n * BW_SEGMENT_ENTRY);
    bw_buf_init(&w->out, (size_t)64 * 1024 * 1024);
    w->map = malloc((size_t)n * sizeof(*w->map));
    if (w->map) {
        memset(w->map, 0xff, (size_t)n * sizeof(*w->map));
        r = open_temp(w, folder, reterr);
    } else {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (r < 0) {
        bw_segment_writer_free(w);
        return r;
    }
    *ret = w;
    return 0;
}

void bw_segment_writer_free(struct bw_segment_writer *w)
{
    if (!w) {
        return;
    }
    if (w->fd >= 0) {
        (void)close(w->fd);
        (void)unlink(w->temp);
    }
    bw_buf_done(&w->table);
    bw_buf_done(&w->out);
    free(w->map);
    free(w);
}

static void put_i64(struct bw_buf *b, int64_t v)
{
    uint8_t out[8];
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)v >> (8 * i));
    }
    bw_buf_add(b, out, sizeof(out));
}

static void put_name(struct bw_buf *b, const char *text, size_t n)
{
    char out[64] = "";
    (void)snprintf(out, sizeof(out), "%s", text);
    bw_buf_add(b, out, n);
}

int bw_segment_add_block(struct bw_segment_writer *w,
                         const char *kid,
                         const char *site,
                         const struct bw_block_record *records,
                         size_t n,
                         struct bw_err *reterr)
{
    int64_t min_start = INT64_MAX;
    int64_t max_start = INT64_MIN;
    uint8_t sum[BW_BLOCK_SUM];
    bw_buf_clear(&w->out);
    int r = bw_block_encode(kid, site, records, n, &w->out, reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_block_record *rec = &records[i];
        if (rec->position < w->from || rec->position >= w->to ||
            w->map[rec->position - w->from] != UINT32_MAX) {
            return bw_err_set(reterr, -EINVAL, "position %" PRId64 " twice or outside",
                              rec->position);
        }
        w->map[rec->position - w->from] = (uint32_t)(w->n_blocks * 512 + i);
        min_start = rec->start_unix_s < min_start ? rec->start_unix_s : min_start;
        max_start = rec->start_unix_s > max_start ? rec->start_unix_s : max_start;
        w->raw_bytes += (int64_t)rec->jws_len;
    }
    put_i64(&w->table, w->at);
    put_i64(&w->table, (int64_t)w->out.len);
    put_i64(&w->table, (int64_t)n);
    put_i64(&w->table, records[0].seq);
    put_i64(&w->table, records[n - 1].seq);
    put_i64(&w->table, min_start);
    put_i64(&w->table, max_start);
    put_name(&w->table, kid, BW_KID_LEN + 1);
    put_name(&w->table, site, BW_SITE_MAX + 1);
    bw_sha256(w->out.data, w->out.len, sum);
    bw_buf_add(&w->table, sum, sizeof(sum));
    w->n_blocks++;
    r = bw_buf_error(&w->table);
    return r < 0 ? bw_err_set(reterr, r, "out of memory")
                 : put(w, w->out.data, w->out.len, reterr);
}

int bw_segment_add_day(struct bw_segment_writer *w,
                       const void *day,
                       size_t n,
                       int64_t *ret_offset,
                       int64_t *ret_length,
                       char ret_sha256[BW_HASH_LEN + 1],
                       struct bw_err *reterr)
{
    int64_t offset = w->at;
    bw_buf_clear(&w->out);
    int r = bw_pack_zstd(&w->out, day, n, DAY_LEVEL);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    r = put(w, w->out.data, w->out.len, reterr);
    if (r == 0) {
        *ret_offset = offset;
        *ret_length = (int64_t)w->out.len;
        bw_sha256_text(w->out.data, w->out.len, ret_sha256);
    }
    return r;
}

/* Block table, position map, footer. */
static int put_index(struct bw_segment_writer *w, struct bw_err *reterr)
{
    struct bw_buf footer;
    size_t n = (size_t)(w->to - w->from);
    int64_t table_offset = w->at;
    int64_t map_offset = 0;
    for (size_t i = 0; i < n; i++) {
        if (w->map[i] == UINT32_MAX) {
            return bw_err_set(reterr, -EINVAL, "position %" PRId64 " is missing",
                              w->from + (int64_t)i);
        }
    }
    int r = put(w, w->table.data, w->table.len, reterr);
    w->index_at = table_offset;
    map_offset = w->at;
    bw_buf_clear(&w->out);
    for (size_t i = 0; i < n; i++) {
        uint32_t v = w->map[i];
        uint8_t le[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                         (uint8_t)(v >> 24)};
        bw_buf_add(&w->out, le, sizeof(le));
    }
    if (r == 0 && bw_buf_error(&w->out)) {
        r = bw_err_set(reterr, bw_buf_error(&w->out), "out of memory");
    }
    if (r == 0) {
        r = put(w, w->out.data, w->out.len, reterr);
    }
    bw_buf_init(&footer, BW_SEGMENT_FOOTER);
    put_i64(&footer, w->from);
    put_i64(&footer, w->to);
    put_i64(&footer, (int64_t)w->n_blocks);
    put_i64(&footer, table_offset);
    put_i64(&footer, map_offset);
    put_i64(&footer, w->raw_bytes);
    put_i64(&footer, 0);
    bw_buf_add(&footer, BW_SEGMENT_MAGIC, BW_SEGMENT_MAGIC_LEN);
    if (r == 0) {
        r = put(w, footer.data, footer.len, reterr);
    }
    bw_buf_done(&footer);
    return r;
}

/* Of what the kernel now gives back, not of what we meant to write. */
static int
hash_file(struct bw_segment_writer *w, struct bw_segment_made *made, struct bw_err *reterr)
{
    void *p = mmap(NULL, (size_t)w->at, PROT_READ, MAP_PRIVATE, w->fd, 0);
    if (p == MAP_FAILED) {
        int code = -errno;
        return bw_err_set(reterr, code, "cannot read %s back: %s", w->temp,
                          bw_strerror(code));
    }
    bw_sha256_text(p, (size_t)w->at, made->sha256);
    bw_sha256_text((const char *)p + w->index_at, (size_t)(w->at - w->index_at),
                   made->index_sha256);
    (void)munmap(p, (size_t)w->at);
    return 0;
}

int bw_segment_finish(struct bw_segment_writer *w,
                      struct bw_segment_made *ret,
                      struct bw_err *reterr)
{
    struct bw_segment_made made = {.raw_bytes = w->raw_bytes};
    int r = put_index(w, reterr);
    if (r == 0 && fsync(w->fd) < 0) {
        r = bw_err_set(reterr, -errno, "cannot sync %s: %s", w->temp, bw_strerror(-errno));
    }
    if (r == 0) {
        r = hash_file(w, &made, reterr);
    }
    if (r == 0 && rename(w->temp, w->path) < 0) {
        r = bw_err_set(reterr, -errno, "cannot rename %s: %s", w->temp,
                       bw_strerror(-errno));
    }
    if (r < 0) {
        return r;
    }
    (void)close(w->fd);
    w->fd = -1;
    r = bw_file_sync_parent(w->path);
    if (r < 0) {
        return bw_err_set(reterr, r, "cannot sync the folder of %s", w->path);
    }
    made.file_bytes = w->at;
    memcpy(made.file, w->file, sizeof(made.file));
    *ret = made;
    return 0;
}

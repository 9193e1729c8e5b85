/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_read.c - reading sealed segments: a few files and blocks kept at hand.
 *
 * Invariant: segments never change, so what is kept never grows stale. Nothing is used
 * before its SHA-256 was found to be the one written at sealing (the index once an opening,
 * a block once a decoding, a day row at each reading), and damage is an error, never a
 * shorter answer. */
#include "buf.h"
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
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_KEPT = 16,
    BLOCK_BYTES_KEPT = 64 * 1024 * 1024, /* of decoded blocks */
    BLOCKS_KEPT = 512,
    DAY_MAX = 16 * 1024 * 1024
};

struct file {
    struct bw_segment seg; /* first: lent as such */
    char name[BW_SEGMENT_NAME_MAX + 1];
    int fd;
    int64_t map_offset;
    int64_t size;
    struct bw_block_info *table;
    uint64_t used;
};

struct kept {
    const struct file *file;
    size_t index;
    struct bw_block block;
    size_t bytes;
    uint64_t used;
};

struct bw_segments {
    char *folder;
    struct file *files[FILES_KEPT];
    struct kept *kept[BLOCKS_KEPT];
    size_t kept_bytes;
    uint64_t tick;
};

struct bw_segments *bw_segments_new(const char *folder)
{
    struct bw_segments *s = calloc(1, sizeof(*s));
    if (s) {
        s->folder = strdup(folder);
    }
    if (s && !s->folder) {
        free(s);
        return NULL;
    }
    return s;
}

static void drop_block(struct bw_segments *s, size_t i)
{
    if (s->kept[i]) {
        s->kept_bytes -= s->kept[i]->bytes;
        bw_block_done(&s->kept[i]->block);
        free(s->kept[i]);
        s->kept[i] = NULL;
    }
}

static void drop_file(struct bw_segments *s, size_t i)
{
    struct file *f = s->files[i];
    if (!f) {
        return;
    }
    for (size_t k = 0; k < BLOCKS_KEPT; k++) {
        if (s->kept[k] && s->kept[k]->file == f) {
            drop_block(s, k);
        }
    }
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    free(f->table);
    free(f);
    s->files[i] = NULL;
}

void bw_segments_free(struct bw_segments *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < FILES_KEPT; i++) {
        drop_file(s, i);
    }
    free(s->folder);
    free(s);
}

static int damaged(const struct bw_segments *s, const struct file *f, struct bw_err *reterr)
{
    return bw_err_set(reterr, -BW_EMALFORMED,
                      "sealed file %s/%s is damaged; restore it from a backup: until then "
                      "what it holds is unknown",
                      s->folder, f->name);
}

static int read_at(const struct bw_segments *s,
                   const struct file *f,
                   void *out,
                   size_t n,
                   int64_t at,
                   struct bw_err *reterr)
{
    char *p = out;
    if (at < 0 || (int64_t)n > f->size - at) {
        return damaged(s, f, reterr);
    }
    while (n > 0) {
        ssize_t got = pread(f->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            int code = -errno;
            return bw_err_set(reterr, code, "cannot read %s/%s: %s", s->folder, f->name,
                              bw_strerror(code));
        }
        if (got == 0) {
            return damaged(s, f, reterr);
        }
        p += got;
        n -= (size_t)got;
        at += got;
    }
    return 0;
}

static int64_t get_i64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return (int64_t)v;
}

static int take_table(struct bw_segments *s,
                      struct file *f,
                      const uint8_t *raw,
                      size_t n,
                      struct bw_err *reterr)
{
    f->table = calloc(n, sizeof(*f->table));
    if (!f->table) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = raw + i * BW_SEGMENT_ENTRY;
        struct bw_block_info *b = &f->table[i];
        b->offset = get_i64(p);
        b->length = get_i64(p + 8);
        b->n = get_i64(p + 16);
        b->from_seq = get_i64(p + 24);
        b->to_seq = get_i64(p + 32);
        b->min_start = get_i64(p + 40);
        b->max_start = get_i64(p + 48);
        memcpy(b->kid, p + 56, BW_KID_LEN);
        memcpy(b->site, p + 56 + BW_KID_LEN + 1, BW_SITE_MAX);
        memcpy(b->sum, p + BW_SEGMENT_ENTRY - BW_BLOCK_SUM, BW_BLOCK_SUM);
        if (b->length <= 0 || b->offset < 0 || b->length > f->size - b->offset) {
            return damaged(s, f, reterr);
        }
    }
    f->seg.blocks = f->table;
    f->seg.n_blocks = n;
    return 0;
}

/* Block table, position map and footer lie together up to the end of the file. */
static int take_index(struct bw_segments *s,
                      struct file *f,
                      int64_t table,
                      size_t n_blocks,
                      const char *index_sha256,
                      struct bw_err *reterr)
{
    char head[BW_SEGMENT_MAGIC_LEN];
    char sum[BW_HASH_LEN + 1] = "";
    size_t n = (size_t)(f->size - table);
    uint8_t *raw = malloc(n);
    if (!raw) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = read_at(s, f, head, sizeof(head), 0, reterr);
    if (r == 0) {
        r = read_at(s, f, raw, n, table, reterr);
    }
    if (r == 0) {
        bw_sha256_text(raw, n, sum);
        r = strcmp(sum, index_sha256) != 0 ||
                    memcmp(head, BW_SEGMENT_MAGIC, sizeof(head)) != 0
                ? damaged(s, f, reterr)
                : take_table(s, f, raw, n_blocks, reterr);
    }
    free(raw);
    return r;
}

static int read_index(struct bw_segments *s,
                      struct file *f,
                      const char *index_sha256,
                      struct bw_err *reterr)
{
    uint8_t foot[BW_SEGMENT_FOOTER] = {0};
    struct stat st;
    if (fstat(f->fd, &st) < 0) {
        return bw_err_set(reterr, -errno, "cannot look at %s", f->name);
    }
    f->size = (int64_t)st.st_size;
    int r = read_at(s, f, foot, sizeof(foot), f->size - BW_SEGMENT_FOOTER, reterr);
    if (r < 0) {
        return r;
    }
    if (memcmp(foot + 56, BW_SEGMENT_MAGIC, BW_SEGMENT_MAGIC_LEN - 1) != 0) {
        return damaged(s, f, reterr);
    }
    if (foot[63] != 1) {
        return bw_err_set(reterr, -BW_ENEWER,
                          "sealed file %s has format %d, this program reads 1; install the "
                          "newer version",
                          f->name, foot[63]);
    }
    f->seg.from_position = get_i64(foot);
    f->seg.to_position = get_i64(foot + 8);
    int64_t n = get_i64(foot + 16);
    int64_t table = get_i64(foot + 24);
    f->map_offset = get_i64(foot + 32);
    int64_t rows = f->seg.from_position < 0 || f->seg.to_position < 0
                       ? 0
                       : f->seg.to_position - f->seg.from_position;
    if (n <= 0 || rows <= 0 || n > rows || rows > BW_SEGMENT_ROWS_MAX || table < 0 ||
        table > f->size || f->map_offset != table + n * BW_SEGMENT_ENTRY ||
        f->map_offset + rows * 4 + BW_SEGMENT_FOOTER != f->size) {
        return damaged(s, f, reterr);
    }
    return take_index(s, f, table, (size_t)n, index_sha256, reterr);
}

static int open_fd(const struct bw_segments *s, struct file *f, struct bw_err *reterr)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", s->folder, f->name);
    if (n < 0 || (size_t)n >= sizeof(path) || strchr(f->name, '/')) {
        return bw_err_set(reterr, -EINVAL, "not a segment's name: %s", f->name);
    }
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (f->fd < 0) {
        int code = errno == ENOENT ? -EIO : -errno; /* the ledger named it */
        return bw_err_set(reterr, code,
                          "cannot open sealed file %s: %s; restore it from a backup: until "
                          "then what it holds is unknown",
                          path, bw_strerror(-errno));
    }
    return 0;
}

static int open_file(struct bw_segments *s,
                     const char *name,
                     const char *index_sha256,
                     size_t slot,
                     struct bw_err *reterr)
{
    struct file *f = calloc(1, sizeof(*f));
    if (!f) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->files[slot] = f;
    (void)snprintf(f->name, sizeof(f->name), "%s", name);
    int r = open_fd(s, f, reterr);
    if (r == 0) {
        r = read_index(s, f, index_sha256, reterr);
    }
    if (r < 0) {
        drop_file(s, slot);
    }
    return r;
}

int bw_segments_open(struct bw_segments *s,
                     const char *file,
                     const char *index_sha256,
                     const struct bw_segment **ret,
                     struct bw_err *reterr)
{
    size_t oldest = 0;
    for (size_t i = 0; i < FILES_KEPT; i++) {
        struct file *f = s->files[i];
        if (f && strcmp(f->name, file) == 0) {
            f->used = ++s->tick;
            *ret = &f->seg;
            return 0;
        }
        if (!f || (s->files[oldest] && f->used < s->files[oldest]->used)) {
            oldest = i;
        }
    }
    drop_file(s, oldest);
    int r = open_file(s, file, index_sha256, oldest, reterr);
    if (r == 0) {
        s->files[oldest]->used = ++s->tick;
        *ret = &s->files[oldest]->seg;
    }
    return r;
}

static struct file *file_of(struct bw_segments *s, const struct bw_segment *seg)
{
    for (size_t i = 0; i < FILES_KEPT; i++) {
        if (s->files[i] && &s->files[i]->seg == seg) {
            return s->files[i];
        }
    }
    return NULL;
}

/* A free place, the least used dropped until `bytes` more fit. */
static size_t make_room(struct bw_segments *s, size_t bytes)
{
    for (;;) {
        size_t empty = BLOCKS_KEPT;
        size_t oldest = BLOCKS_KEPT;
        uint64_t oldest_used = UINT64_MAX;
        for (size_t i = 0; i < BLOCKS_KEPT; i++) {
            const struct kept *k = s->kept[i];
            if (!k) {
                empty = i;
            } else if (k->used < oldest_used) {
                oldest = i;
                oldest_used = k->used;
            }
        }
        if (oldest == BLOCKS_KEPT ||
            (empty < BLOCKS_KEPT && s->kept_bytes + bytes <= BLOCK_BYTES_KEPT)) {
            return empty;
        }
        drop_block(s, oldest);
    }
}

static int decode(struct bw_segments *s,
                  const struct file *f,
                  size_t i,
                  struct bw_block *ret,
                  struct bw_err *reterr)
{
    const struct bw_block_info *info = &f->table[i];
    uint8_t sum[BW_BLOCK_SUM];
    void *raw = malloc((size_t)info->length);
    if (!raw) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = read_at(s, f, raw, (size_t)info->length, info->offset, reterr);
    if (r == 0) {
        bw_sha256(raw, (size_t)info->length, sum);
        r = memcmp(sum, info->sum, sizeof(sum)) == 0 ? 0 : damaged(s, f, reterr);
    }
    if (r == 0) {
        r = bw_block_decode(raw, (size_t)info->length, ret, reterr);
        if (r < 0) {
            (void)bw_err_prefix(reterr, r, "%s/%s", s->folder, f->name);
        }
    }
    free(raw);
    return r;
}

int bw_segments_block(struct bw_segments *s,
                      const struct bw_segment *seg,
                      size_t i,
                      const struct bw_block **ret,
                      struct bw_err *reterr)
{
    struct file *f = file_of(s, seg);
    if (!f || i >= seg->n_blocks) {
        return bw_err_set(reterr, -EINVAL, "no such block");
    }
    for (size_t k = 0; k < BLOCKS_KEPT; k++) {
        if (s->kept[k] && s->kept[k]->file == f && s->kept[k]->index == i) {
            s->kept[k]->used = ++s->tick;
            *ret = &s->kept[k]->block;
            return 0;
        }
    }
    struct kept *n = calloc(1, sizeof(*n));
    if (!n) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = decode(s, f, i, &n->block, reterr);
    if (r < 0) {
        free(n);
        return r;
    }
    n->file = f;
    n->index = i;
    n->used = ++s->tick;
    for (size_t k = 0; k < n->block.n; k++) {
        n->bytes += n->block.records[k].jws_len + sizeof(n->block.records[k]);
    }
    size_t slot = make_room(s, n->bytes);
    s->kept[slot] = n;
    s->kept_bytes += n->bytes;
    *ret = &n->block;
    return 0;
}

int bw_segments_at(struct bw_segments *s,
                   const struct bw_segment *seg,
                   int64_t position,
                   const struct bw_block **ret_block,
                   const struct bw_block_record **ret,
                   struct bw_err *reterr)
{
    struct file *f = file_of(s, seg);
    uint8_t le[4];
    const struct bw_block *b = NULL;
    if (!f || position < seg->from_position || position >= seg->to_position) {
        return bw_err_set(reterr, -EINVAL, "position %" PRId64 " is not in this segment",
                          position);
    }
    int r = read_at(s, f, le, sizeof(le),
                    f->map_offset + 4 * (position - seg->from_position), reterr);
    if (r < 0) {
        return r;
    }
    uint32_t v = (uint32_t)le[0] | (uint32_t)le[1] << 8 | (uint32_t)le[2] << 16 |
                 (uint32_t)le[3] << 24;
    if (v / 512 >= seg->n_blocks) {
        return damaged(s, f, reterr);
    }
    r = bw_segments_block(s, seg, v / 512, &b, reterr);
    if (r < 0 || !b) {
        return r;
    }
    if (v % 512 >= b->n || b->records[v % 512].position != position) {
        return damaged(s, f, reterr);
    }
    *ret_block = b;
    *ret = &b->records[v % 512];
    return 0;
}

/* Without the index: a year of one circuit is 365 files and one small read in each. */
int bw_segments_day(struct bw_segments *s,
                    const char *file,
                    int64_t offset,
                    int64_t length,
                    const char *sha256,
                    struct bw_buf *out,
                    struct bw_err *reterr)
{
    struct file f = {.fd = -1, .size = INT64_MAX};
    char sum[BW_HASH_LEN + 1];
    void *raw = NULL;
    (void)snprintf(f.name, sizeof(f.name), "%s", file);
    if (length <= 0 || length > DAY_MAX) {
        return damaged(s, &f, reterr);
    }
    int r = open_fd(s, &f, reterr);
    if (r < 0) {
        return r;
    }
    raw = malloc((size_t)length);
    r = raw ? read_at(s, &f, raw, (size_t)length, offset, reterr)
            : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (r == 0) {
        bw_sha256_text(raw, (size_t)length, sum);
        r = strcmp(sum, sha256) == 0
                ? bw_unpack_zstd(out, raw, (size_t)length, DAY_MAX, reterr)
                : damaged(s, &f, reterr);
    }
    free(raw);
    (void)close(f.fd);
    return r;
}

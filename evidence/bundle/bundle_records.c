/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_records.c - the records of a bag: parts of columns, made from lines and made
 * lines again. Invariant: whoever reads them sees lines, whatever their form in the bag. */
#include "bundle_private.h"

#include "bagcolumns.h"
#include "buf.h"
#include "file.h"
#include "grow.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    RATIO_MAX = 24, /* of lines to columns, which have 4 to 13: each signature is in both */
    PARTS_MAX = 3000,                /* the bag holds other files too */
    COLUMNS_MAX = 512 * 1024 * 1024, /* of a part; far less as a rule */
    PART_MAX = BW_COLUMNS_RECORDS_MAX * (BW_JWS_MAX + 1)
};

void bw_bundle_records_member(size_t i, char ret[BW_BAG_NAME_MAX + 1])
{
    (void)snprintf(ret, BW_BAG_NAME_MAX + 1, "%s-%04zu.txt", BW_IN_RECORD_PARTS, i + 1);
}

static int write_all(int fd, const char *at, size_t n, struct bw_err *reterr)
{
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno != EINTR) {
            return bw_err_set(reterr, -errno, "%s; set TMPDIR to a folder with room",
                              bw_strerror(-errno));
        }
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

int bw_bundle_room_add(struct bw_bundle_room *o,
                       const char *data,
                       size_t n,
                       struct bw_err *reterr)
{
    int r = 0;

    if (!o->open) {
        r = bw_file_temporary(reterr);
        if (r < 0) {
            return r;
        }
        o->fd = r;
        o->open = true;
    }
    r = write_all(o->fd, data, n, reterr);
    o->n += r == 0 ? n : 0;
    return r;
}

int bw_bundle_room_map(struct bw_bundle_room *o, struct bw_err *reterr)
{
    void *at;

    if (o->n == 0) {
        return 0;
    }
    at = mmap(NULL, o->n, PROT_READ, MAP_SHARED, o->fd, 0);
    if (at == MAP_FAILED) {
        return bw_err_set(reterr, -errno, "records: %s", bw_strerror(-errno));
    }
    o->data = at;
    return 0;
}

void bw_bundle_room_done(struct bw_bundle_room *o)
{
    if (o->data) {
        (void)munmap(o->data, o->n);
    }
    if (o->open) {
        (void)close(o->fd);
    }
    memset(o, 0, sizeof(*o));
}

/* The first lines of at[n], as many as a part holds: their bytes. */
static size_t part_of(const char *at, size_t n)
{
    size_t len = 0;

    for (int i = 0; i < BW_COLUMNS_RECORDS && len < n; i++) {
        const char *stop = memchr(at + len, '\n', n - len);
        len = stop ? (size_t)(stop + 1 - at) : n;
    }
    return len;
}

int bw_bundle_records_add(struct bw_bag_writer *bag,
                          const char *lines,
                          size_t n,
                          struct bw_bundle_room *room,
                          struct bw_err *reterr)
{
    char name[BW_BAG_NAME_MAX + 1];
    struct bw_buf part;
    size_t *ends = NULL;
    size_t n_parts = 0;
    size_t cap = 0;
    size_t len = 0;
    int r = 0;

    if (n == 0) {
        return bw_bag_lend(bag, BW_IN_RECORDS, "", 0, reterr);
    }
    bw_buf_init(&part, COLUMNS_MAX);
    for (size_t at = 0; r == 0 && at < n; at += len) {
        size_t *list = bw_grow(ends, n_parts, &cap, sizeof(*ends));
        if (!list) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            break;
        }
        ends = list;
        len = part_of(lines + at, n - at);
        bw_buf_clear(&part);
        r = bw_columns_write(lines + at, len, &part, reterr);
        r = r < 0 ? r : bw_bundle_room_add(room, part.data, part.len, reterr);
        ends[n_parts++] = room->n;
    }
    r = r < 0 ? r : bw_bundle_room_map(room, reterr);
    for (size_t i = 0, from = 0; r == 0 && i < n_parts; i++) {
        bw_bundle_records_member(i, name);
        r = bw_bag_lend(bag, name, room->data + from, ends[i] - from, reterr);
        from = ends[i];
    }
    bw_buf_done(&part);
    free(ends);
    return r;
}

#define LINES_FREE ((size_t)16 * 1024 * 1024)

/* One part's lines go to the room; *columns counts the bytes of all parts. */
static int read_part(const struct bw_bag_member *m,
                     size_t *columns,
                     struct bw_bundle_lines *ret,
                     struct bw_err *reterr)
{
    struct bw_buf text;
    int r;

    *columns += m->n;
    bw_buf_init(&text, PART_MAX);
    r = bw_columns_read(m->data, m->n, &text, reterr);
    r = r < 0 ? bw_err_prefix(reterr, r, "%s", m->name) : 0;
    if (r == 0 && ret->room.n + text.len > (size_t)BW_BAG_BYTES_MAX) {
        r = bw_err_set(reterr, -E2BIG, "%s: more records than a bag holds", m->name);
    }
    if (r == 0 && ret->room.n + text.len > LINES_FREE + RATIO_MAX * *columns) {
        r = bw_err_set(reterr, -E2BIG,
                       "%s: gives more than %d times its own size in records: it is no bag "
                       "of records, or meant to do harm",
                       m->name, RATIO_MAX);
    }
    r = r < 0 ? r : bw_bundle_room_add(&ret->room, text.data, text.len, reterr);
    bw_buf_done(&text);
    return r;
}

int bw_bundle_records_read(const struct bw_bundle_view *v,
                           struct bw_bundle_lines *ret,
                           struct bw_err *reterr)
{
    const struct bw_bag_member *m = v->find(v->owner, BW_IN_RECORDS);
    char name[BW_BAG_NAME_MAX + 1];
    size_t columns = 0;
    int r = 0;

    memset(ret, 0, sizeof(*ret));
    ret->data = "";
    if (m) {
        ret->name = BW_IN_RECORDS;
        ret->data = m->data;
        ret->n = m->n;
        bw_bundle_records_member(0, name);
        return v->find(v->owner, name)
                   ? bw_err_set(reterr, -BW_EMALFORMED, "%s: the records are in %s too",
                                name, BW_IN_RECORDS)
                   : 0;
    }
    ret->name = BW_IN_RECORD_PARTS;
    for (; r == 0 && ret->n_parts < PARTS_MAX; ret->n_parts++) {
        bw_bundle_records_member(ret->n_parts, name);
        m = v->find(v->owner, name);
        if (!m) {
            break;
        }
        r = read_part(m, &columns, ret, reterr);
    }
    if (r == 0 && ret->n_parts == 0) {
        r = bw_err_set(reterr, -ENOENT, "%s: is missing", name);
    }
    r = r < 0 ? r : bw_bundle_room_map(&ret->room, reterr);
    if (r == 0 && ret->room.data) {
        ret->data = ret->room.data;
        ret->n = ret->room.n;
    }
    return r;
}

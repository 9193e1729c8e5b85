/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_records.c - the ledger as <bw/records.h>, for reports, export and verify.
 *
 * Invariant: a connection of its own that never writes, and one snapshot per walk.
 * Sealed records lie together by site, not by position: a walk decodes each block once
 * and, where a segment is too large to keep at hand, lays its records out in a temporary
 * file before it gives them in order. */
#include "ledger_private.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <fcntl.h>
#include <segment.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AT_HAND = 12000
}; /* records of a segment that fit the cache of blocks */

struct ledger_records {
    struct bw_records base;
    struct ledger *l;
};

static struct ledger *of(struct bw_records *r)
{
    return ((struct ledger_records *)(void *)r)->l;
}

/* Which records of a segment a walk wants, to be sorted by position. */
struct place {
    int64_t position;
    uint32_t block;
    uint32_t index;
    int64_t offset; /* in the temporary file */
};

struct walk {
    struct ledger *l;
    const char *site;
    int64_t from_unix_s;
    int64_t to_unix_s;
    bw_record_cb cb;
    void *owner;
    struct bw_err *reterr;
    const struct bw_segment *seg;
    struct place *places;
    size_t n;
    int spill; /* -1: the cache is enough */
};

static int by_position(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    return (x->position > y->position) - (x->position < y->position);
}

static bool wanted(const struct walk *w, const struct bw_block_info *info)
{
    return info->max_start >= w->from_unix_s && info->min_start < w->to_unix_s &&
           (w->site[0] == '\0' || strcmp(info->site, w->site) == 0);
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno != EINTR) {
            return -errno;
        }
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int read_all(int fd, char *p, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -errno : -EIO;
        }
        p += got;
        n -= (size_t)got;
        at += got;
    }
    return 0;
}

static int open_spill(struct walk *w)
{
    const char *folder = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): never set */
    w->spill = open(folder ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (w->spill < 0) {
        int code = -errno;
        return bw_err_set(w->reterr, code, "no room for a walk's records in %s: %s",
                          folder ? folder : "/var/tmp", bw_strerror(code));
    }
    return 0;
}

/* In the file: the record as it is given, then its text. */
static int spill_record(struct walk *w,
                        const struct bw_block *b,
                        const struct bw_block_record *rec,
                        int64_t *at)
{
    struct bw_record out;
    bw_ledger_record_of(b, rec, &out);
    out.jws = NULL;
    int r = write_all(w->spill, (const char *)&out, sizeof(out));
    if (r == 0) {
        r = write_all(w->spill, rec->jws, rec->jws_len);
    }
    *at += (int64_t)(sizeof(out) + rec->jws_len);
    return r < 0 ? bw_err_set(w->reterr, r, "cannot write a walk's records: %s",
                              bw_strerror(r))
                 : 0;
}

static int find_places(struct walk *w)
{
    size_t most = 0;
    int64_t at = 0;
    for (size_t i = 0; i < w->seg->n_blocks; i++) {
        most += wanted(w, &w->seg->blocks[i]) ? (size_t)w->seg->blocks[i].n : 0;
    }
    w->places = calloc(most + 1, sizeof(*w->places));
    if (!w->places) {
        return bw_err_set(w->reterr, -ENOMEM, "out of memory");
    }
    int r = most > AT_HAND ? open_spill(w) : 0;
    for (size_t i = 0; r == 0 && i < w->seg->n_blocks; i++) {
        const struct bw_block *b = NULL;
        if (!wanted(w, &w->seg->blocks[i])) {
            continue;
        }
        r = bw_segments_block(w->l->segments, w->seg, i, &b, w->reterr);
        for (size_t k = 0; r == 0 && k < b->n && w->n < most; k++) {
            const struct bw_block_record *rec = &b->records[k];
            if (rec->start_unix_s < w->from_unix_s || rec->start_unix_s >= w->to_unix_s) {
                continue;
            }
            w->places[w->n++] = (struct place){.position = rec->position,
                                               .block = (uint32_t)i,
                                               .index = (uint32_t)k,
                                               .offset = at};
            if (w->spill >= 0) {
                r = spill_record(w, b, rec, &at);
            }
        }
    }
    return r;
}

static int give_spilled(struct walk *w, const struct place *p)
{
    struct bw_record rec;
    char jws[BW_JWS_MAX + 1];
    int r = read_all(w->spill, (char *)&rec, sizeof(rec), p->offset);
    if (r == 0 && rec.jws_len > BW_JWS_MAX) {
        r = -EIO;
    }
    if (r == 0) {
        r = read_all(w->spill, jws, rec.jws_len, p->offset + (int64_t)sizeof(rec));
    }
    if (r < 0) {
        return bw_err_set(w->reterr, r, "cannot read a walk's records: %s", bw_strerror(r));
    }
    jws[rec.jws_len] = '\0';
    rec.jws = jws;
    return w->cb(w->owner, &rec);
}

static int each_sealed(struct walk *w, const struct bw_segment_ref *ref)
{
    int r =
        bw_segments_open(w->l->segments, ref->file, ref->index_sha256, &w->seg, w->reterr);
    w->spill = -1;
    w->places = NULL;
    w->n = 0;
    if (r == 0) {
        r = find_places(w);
    }
    if (r == 0) {
        qsort(w->places, w->n, sizeof(*w->places), by_position);
    }
    for (size_t i = 0; r == 0 && i < w->n; i++) {
        const struct bw_block *b = NULL;
        struct bw_record rec;
        if (w->spill >= 0) {
            r = give_spilled(w, &w->places[i]);
            continue;
        }
        r = bw_segments_block(w->l->segments, w->seg, w->places[i].block, &b, w->reterr);
        if (r == 0) {
            bw_ledger_record_of(b, &b->records[w->places[i].index], &rec);
            r = w->cb(w->owner, &rec);
        }
    }
    if (w->spill >= 0) {
        (void)close(w->spill);
    }
    free(w->places);
    return r;
}

static int each_hot(struct walk *w)
{
    struct bw_sql *s = &w->l->sql;
    struct sqlite3_stmt *st = NULL;
    struct bw_record rec;
    int64_t hot = 0;
    int r = bw_ledger_hot_from(w->l, &hot, w->reterr);
    if (r == 0) {
        r = bw_sql_use(s, w->site[0] ? EACH_HOT_SITE : EACH_HOT, &st, w->reterr);
    }
    if (r < 0) {
        return r;
    }
    if (w->site[0]) {
        bw_sql_text(st, 1, w->site);
    }
    (void)sqlite3_bind_int64(st, 2, w->from_unix_s);
    (void)sqlite3_bind_int64(st, 3, w->to_unix_s);
    bw_sql_i64(st, 4, hot);
    while ((r = bw_sql_row(s, st, w->reterr)) > 0) {
        bw_ledger_row(st, &rec);
        r = w->cb(w->owner, &rec);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}

static int each(struct bw_records *base,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct walk w = {.l = of(base),
                     .site = site,
                     .from_unix_s = from_unix_s,
                     .to_unix_s = to_unix_s,
                     .cb = cb,
                     .owner = owner,
                     .reterr = reterr,
                     .spill = -1};
    struct bw_segment_ref *refs = NULL;
    size_t n = 0;
    bool own = false;
    int r = bw_ledger_snap(w.l, &own, reterr);
    if (r == 0) {
        r = bw_ledger_segments_of(w.l, site, from_unix_s, to_unix_s, &refs, &n, reterr);
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = each_sealed(&w, &refs[i]);
    }
    if (r == 0) {
        r = each_hot(&w);
    }
    bw_ledger_unsnap(w.l, own);
    free(refs);
    return r;
}

static int days(struct bw_records *base,
                const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    return bw_ledger_do_days(of(base), site, circuit, from_unix_s, to_unix_s, cb, owner,
                             reterr);
}

static void close_records(struct bw_records *base)
{
    struct ledger_records *r = (struct ledger_records *)(void *)base;
    if (r->l) {
        bw_ledger_close(&r->l->base);
    }
    free(r);
}

static const struct bw_records_ops ops = {
    .each = each, .days = days, .close = close_records};

int bw_ledger_records(const char *folder, struct bw_records **ret, struct bw_err *reterr)
{
    struct bw_ledger *l = NULL;
    struct ledger_records *rec = NULL;
    int r = bw_ledger_open(folder, BW_LEDGER_READ, &l, reterr);
    if (r < 0) {
        return r;
    }
    rec = calloc(1, sizeof(*rec));
    if (!rec) {
        bw_ledger_close(l);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    rec->base.ops = &ops;
    rec->l = bw_ledger_of(l);
    *ret = (struct bw_records *)(void *)rec;
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_coded.c - what differs between the records of a block, coded.
 *
 * Invariant: writing and reading a record are the same walk over its template; only the
 * coder knows which of the two it is. */
#include "segment_coded.h"
#include "segment_slots.h"

#include "buf.h"
#include "hash.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PPM = 1000000,
    POOL_MAX = 2 * BW_JWS_MAX
};

struct bw_coded {
    struct bw_coder coder;
    struct bw_coded_template *templates;
    struct bw_shelf *shelves;
    size_t n_templates;
    struct bw_place *places; /* of numbers */
    struct bw_shape *shapes; /* of histograms */
    size_t n_places;
    size_t n_shapes;
    struct bw_place kind;
    struct bw_place meta[META];
    struct bw_place blob_len;
    struct bw_bit blob_byte[256];
    struct bw_bit is_hist;
    struct bw_counts counts;
    int64_t sum[BW_SLOT_GROUPS];
    uint32_t sum_of[BW_SLOT_GROUPS]; /* the record it is of */
    uint32_t record;
    struct bw_hist hist[BW_CODED_BLOBS_MAX]; /* of this record; total 0: none */
    uint8_t pool[POOL_MAX];                  /* bytes of this record's blobs */
    size_t pool_len;
    struct bw_buf text;
};

int bw_coded_new(const struct bw_coded_template *templates,
                 size_t n_templates,
                 struct bw_coded **ret)
{
    struct bw_coded *k = calloc(1, sizeof(*k));
    int r = 0;

    if (!k) {
        return -ENOMEM;
    }
    bw_buf_init(&k->text, POOL_MAX);
    k->n_templates = n_templates;
    k->templates = calloc(n_templates + 1, sizeof(*k->templates));
    k->shelves = calloc(n_templates + 1, sizeof(*k->shelves));
    if (k->templates && k->shelves) {
        if (n_templates) {
            memcpy(k->templates, templates, n_templates * sizeof(*templates));
        }
        r = bw_shelves_make(k->templates, n_templates, k->shelves, &k->n_places,
                            &k->n_shapes);
    } else {
        r = -ENOMEM;
    }
    k->places = calloc(k->n_places + 1, sizeof(*k->places));
    k->shapes = calloc(k->n_shapes + 1, sizeof(*k->shapes));
    r = r == 0 && (!k->places || !k->shapes) ? -ENOMEM : r;
    if (r < 0) {
        bw_coded_free(k);
        return r;
    }
    for (size_t i = 0; i < k->n_places; i++) {
        bw_place_init(&k->places[i]);
    }
    for (size_t i = 0; i < k->n_shapes; i++) {
        bw_shape_init(&k->shapes[i]);
    }
    for (size_t m = 0; m < META; m++) {
        bw_place_init(&k->meta[m]);
    }
    bw_place_init(&k->kind);
    bw_place_init(&k->blob_len);
    bw_bits_init(k->blob_byte, 256);
    bw_bits_init(&k->is_hist, 1);
    bw_counts_init(&k->counts);
    *ret = k;
    return 0;
}

void bw_coded_free(struct bw_coded *k)
{
    if (k) {
        for (size_t t = 0; k->shelves && t < k->n_templates; t++) {
            bw_shelf_done(&k->shelves[t]);
        }
        free(k->shelves);
        free(k->templates);
        free(k->places);
        free(k->shapes);
        bw_buf_done(&k->text);
        free(k);
    }
}

void bw_coded_write(struct bw_coded *k, struct bw_buf *out)
{
    bw_coder_write(&k->coder, out);
}

void bw_coded_read(struct bw_coded *k, const void *data, size_t n)
{
    bw_coder_read(&k->coder, data, n);
}

void bw_coded_end(struct bw_coded *k)
{
    bw_coder_end(&k->coder);
}

/* ---- a record -------------------------------------------------------------------- */

static const struct bw_beside nothing_beside = {0};

static void walk_meta(struct bw_coded *k, int64_t meta[META])
{
    struct bw_beside beside = {0};

    for (size_t m = 0; m < META; m++) {
        beside.hint[0] =
            m >= 4 ? (int64_t)(((uint64_t)meta[2] + (uint64_t)meta[3]) * 1000) : 0;
        bw_model_number(&k->coder, &k->meta[m], &beside, &meta[m]);
    }
}

/* Is this blob the canonical text of a histogram? Then it is in *h. */
static bool as_hist(struct bw_coded *k, const struct bw_coded_blob *b, struct bw_hist *h)
{
    struct bw_buf again;
    bool same;

    bw_hist_init(h);
    bw_buf_clear(&k->text);
    bw_b64_append(&k->text, b->data, b->len);
    if (bw_buf_error(&k->text) || !k->text.data ||
        bw_hist_decode(k->text.data, k->text.len, h) < 0 || h->total <= 0 ||
        h->total > INT32_MAX) {
        return false;
    }
    bw_buf_init(&again, POOL_MAX);
    same = bw_hist_encode(h, &again) == 0 && again.len == k->text.len &&
           memcmp(again.data, k->text.data, again.len) == 0;
    bw_buf_done(&again);
    return same;
}

static int
put_blob(struct bw_coded *k, const uint8_t *raw, size_t n, struct bw_coded_blob *b)
{
    if (n > sizeof(k->pool) - k->pool_len) {
        return -BW_EMALFORMED;
    }
    memcpy(k->pool + k->pool_len, raw, n);
    *b = (struct bw_coded_blob){.data = k->pool + k->pool_len, .len = n};
    k->pool_len += n;
    return 0;
}

/* What was read, as bytes in the pool. */
static int put_hist(struct bw_coded *k, const struct bw_hist *h, struct bw_coded_blob *b)
{
    uint8_t raw[POOL_MAX];
    long n;

    bw_buf_clear(&k->text);
    if (bw_hist_encode(h, &k->text) < 0 || !k->text.data) {
        return -BW_EMALFORMED;
    }
    n = bw_b64_decode(k->text.data, k->text.len, raw, sizeof(raw));
    if (n <= 0) {
        return -BW_EMALFORMED;
    }
    return put_blob(k, raw, (size_t)n, b);
}

static int walk_bytes(struct bw_coded *k, struct bw_coded_blob *b)
{
    uint8_t raw[BW_PAYLOAD_MAX];
    int64_t n = (int64_t)b->len;

    bw_model_number(&k->coder, &k->blob_len, &nothing_beside, &n);
    if (n <= 0 || n > (int64_t)sizeof(raw)) {
        return -BW_EMALFORMED;
    }
    if (k->coder.out) {
        memcpy(raw, b->data, b->len);
    }
    bw_model_bytes(&k->coder, k->blob_byte, raw, (size_t)n);
    return k->coder.out ? 0 : put_blob(k, raw, (size_t)n, b);
}

static int
walk_blobs(struct bw_coded *k, const struct bw_shelf *f, struct bw_coded_record *r)
{
    struct bw_beside beside = {0};

    for (size_t i = 0; i < f->n_blobs; i++) {
        struct bw_hist *h = &k->hist[i];
        int64_t is = 0;
        int e = 0;
        bool hist = k->coder.out ? as_hist(k, &r->blobs[i], h) : false;
        is = hist;
        bw_model_flag(&k->coder, &k->is_hist, &is);
        if (is) {
            bw_model_hist(&k->coder, &k->counts, &k->shapes[f->blobs[i]], &beside, h);
            beside.b = beside.a;
            beside.a = h->total;
            e = k->coder.out ? 0 : put_hist(k, h, &r->blobs[i]);
        } else {
            bw_hist_init(h);
            e = walk_bytes(k, &r->blobs[i]);
        }
        if (e < 0 || bw_coder_bad(&k->coder)) {
            return -BW_EMALFORMED;
        }
    }
    return 0;
}

/* What a histogram tells of the numbers beside it. */
struct told {
    int64_t total;
    int64_t sum;
    int64_t p50;
    int64_t p95;
};

static void tell(const struct bw_hist *h, struct told *t)
{
    int64_t seen = 0;
    int64_t at50 = (h->total + 1) / 2;
    int64_t at95 = (h->total * 95 + 99) / 100;

    *t = (struct told){.total = h->total};
    for (size_t i = 0; i < BW_HIST_BUCKETS && seen < h->total; i++) {
        int64_t middle;
        if (h->count[i] == 0) {
            continue;
        }
        middle = (bw_hist_lower_us(i) + bw_hist_upper_us(i)) / 2;
        t->p50 = seen < at50 ? middle : t->p50;
        t->p95 = seen < at95 ? middle : t->p95;
        t->sum = (int64_t)((uint64_t)t->sum + (uint64_t)middle * h->count[i]);
        seen += h->count[i];
    }
}

static int
walk_ints(struct bw_coded *k, const struct bw_shelf *f, struct bw_coded_record *r)
{
    struct told told[BW_CODED_BLOBS_MAX];
    struct bw_beside beside = {0};
    const struct bw_place *before = NULL;

    for (size_t i = 0; i < f->n_blobs; i++) {
        tell(&k->hist[i], &told[i]);
    }
    k->record++;
    for (size_t i = 0; i < f->n_ints; i++) {
        const struct bw_slot *s = &f->ints[i];
        struct bw_place *p = &k->places[s->place];
        static const struct told no_hist = {0};
        const struct told *t = s->blob == BW_SLOT_NO_BLOB ? &no_hist : &told[s->blob];
        if (k->sum_of[s->group] != k->record) {
            k->sum_of[s->group] = k->record;
            k->sum[s->group] = 0;
        }
        beside.last_a = before ? before->last2 : 0;
        beside.hint[0] = r->meta[1];
        beside.hint[1] = r->meta[2];
        beside.hint[2] = (int64_t)((uint64_t)r->meta[2] + (uint64_t)r->meta[3]);
        beside.hint[3] = t->total;
        beside.hint[4] = t->sum;
        beside.hint[5] = t->p50;
        beside.hint[6] = t->p95;
        beside.hint[7] = (int64_t)(PPM - (uint64_t)k->sum[s->group]);
        bw_model_number(&k->coder, p, &beside, &r->ints[i]);
        k->sum[s->group] = (int64_t)((uint64_t)k->sum[s->group] + (uint64_t)r->ints[i]);
        beside.b = beside.a;
        beside.a = r->ints[i];
        before = p;
        if (bw_coder_bad(&k->coder)) {
            return -BW_EMALFORMED;
        }
    }
    return 0;
}

int bw_coded_next(struct bw_coded *k, struct bw_coded_record *r)
{
    const struct bw_shelf *f;
    int64_t kind = (int64_t)r->kind;
    int e;

    bw_model_number(&k->coder, &k->kind, &nothing_beside, &kind);
    walk_meta(k, r->meta);
    if (kind < 0 || kind > (int64_t)k->n_templates || bw_coder_bad(&k->coder)) {
        return -BW_EMALFORMED;
    }
    r->kind = (size_t)kind;
    if (kind == 0) {
        return 0;
    }
    f = &k->shelves[kind - 1];
    if (!k->coder.out) {
        r->n_ints = f->n_ints;
        r->n_blobs = f->n_blobs;
        k->pool_len = 0;
    }
    e = walk_blobs(k, f, r);
    return e < 0 ? e : walk_ints(k, f, r);
}

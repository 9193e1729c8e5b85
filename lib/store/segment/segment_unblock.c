/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_unblock.c - a block's bytes back to the signed records (segment_block.c tells
 * the form).
 *
 * Invariant: safe on any bytes; nothing is read beyond them and no array is larger than
 * they could fill. */
#include "buf.h"
#include "hash.h"
#include "pack.h"
#include "segment_block_private.h"
#include "segment_coded.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void get_column(struct bw_unpack *u, int64_t *values, size_t n)
{
    const uint8_t *kind = bw_unpack_raw(u, 1);
    int64_t last = 0;
    for (size_t i = 0; i < n && kind; i++) {
        int64_t v = bw_unpack_i64(u);
        values[i] = *kind ? (int64_t)((uint64_t)last + (uint64_t)v) : v;
        last = values[i];
    }
}

struct view {
    const uint8_t *data;
    size_t len;
};

struct decoder {
    size_t n;
    struct view header;
    struct view *templates;
    size_t n_templates;
    size_t *kind;      /* per record: 0 whole, template + 1 */
    int64_t *all_ints; /* of every template, one after the other */
    struct view *all_blobs;
    int64_t **ints;      /* per template: slots x records of it, column by column */
    struct view **blobs; /* the same for bytes */
    size_t *n_of;        /* per template: records */
    size_t *at;          /* per template: the next record */
};

static void count_marks(const struct view *t, size_t *ret_ints, size_t *ret_blobs)
{
    for (size_t i = 0; i < t->len; i++) {
        *ret_ints += t->data[i] == MARK_INT;
        *ret_blobs += t->data[i] == MARK_BYTES;
    }
}

static void decoder_done(struct decoder *d)
{
    free(d->all_ints);
    free(d->all_blobs);
    free(d->templates);
    free(d->kind);
    free(d->ints);
    free(d->blobs);
    free(d->n_of);
    free(d->at);
}

static int read_name(struct bw_unpack *u, char *out, size_t cap)
{
    size_t n = 0;
    const void *p = bw_unpack_bytes(u, &n);
    if (!p || n >= cap) {
        u->bad = true;
        return -BW_EMALFORMED;
    }
    memcpy(out, p, n);
    out[n] = '\0';
    return 0;
}

static int read_templates(struct decoder *d, struct bw_unpack *u, bool columns)
{
    d->header.data = bw_unpack_bytes(u, &d->header.len);
    uint64_t n = bw_unpack_u64(u);
    if (u->bad || n > d->n) {
        return -BW_EMALFORMED;
    }
    d->templates = calloc(d->n, sizeof(*d->templates));
    d->ints = calloc(d->n, sizeof(*d->ints));
    d->blobs = calloc(d->n, sizeof(*d->blobs)); /* NOLINT(bugprone-sizeof-expression) */
    d->n_of = calloc(d->n, sizeof(*d->n_of));
    d->at = calloc(d->n, sizeof(*d->at));
    d->kind = calloc(d->n, sizeof(*d->kind));
    if (!d->templates || !d->ints || !d->blobs || !d->n_of || !d->at || !d->kind) {
        return -ENOMEM;
    }
    d->n_templates = (size_t)n;
    for (size_t t = 0; t < d->n_templates; t++) {
        d->templates[t].data = bw_unpack_bytes(u, &d->templates[t].len);
    }
    for (size_t i = 0; i < d->n && columns; i++) {
        uint64_t k = bw_unpack_u64(u);
        if (k > d->n_templates) {
            return -BW_EMALFORMED;
        }
        d->kind[i] = (size_t)k;
        if (k > 0) {
            d->n_of[k - 1]++;
        }
    }
    return u->bad ? -BW_EMALFORMED : 0;
}

/* Memory for all columns; every value takes at least one of the bytes that are left. */
static int make_columns(struct decoder *d, const struct bw_unpack *u)
{
    size_t n_ints = 0;
    size_t n_blobs = 0;
    for (size_t t = 0; t < d->n_templates; t++) {
        size_t ints = 0;
        size_t blobs = 0;
        if (!d->templates[t].data) {
            return -BW_EMALFORMED;
        }
        count_marks(&d->templates[t], &ints, &blobs);
        if (ints > SLOTS_MAX || blobs > SLOTS_MAX) {
            return -BW_EMALFORMED;
        }
        n_ints += ints * d->n_of[t];
        n_blobs += blobs * d->n_of[t];
        if (n_ints + n_blobs > u->left) {
            return -BW_EMALFORMED;
        }
    }
    d->all_ints = calloc(n_ints + 1, sizeof(*d->all_ints));
    d->all_blobs = calloc(n_blobs + 1, sizeof(*d->all_blobs));
    return d->all_ints && d->all_blobs ? 0 : -ENOMEM;
}

static int read_columns(struct decoder *d, struct bw_unpack *u)
{
    int r = make_columns(d, u);
    if (r < 0) {
        return r;
    }
    int64_t *next_int = d->all_ints;
    struct view *next_blob = d->all_blobs;
    for (size_t t = 0; t < d->n_templates; t++) {
        size_t ints = 0;
        size_t blobs = 0;
        size_t n = d->n_of[t];
        count_marks(&d->templates[t], &ints, &blobs);
        d->ints[t] = next_int;
        d->blobs[t] = next_blob;
        next_int += ints * n;
        next_blob += blobs * n;
        for (size_t s = 0; s < ints; s++) {
            get_column(u, d->ints[t] + s * n, n);
        }
        for (size_t s = 0; s < blobs; s++) {
            for (size_t i = 0; i < n; i++) {
                struct view *b = &d->blobs[t][s * n + i];
                b->data = bw_unpack_bytes(u, &b->len);
            }
        }
        if (u->bad) {
            return -BW_EMALFORMED;
        }
    }
    return 0;
}

/* The payload of the next record of its template. */
static int make_payload(struct decoder *d, size_t t, const char *prev, struct bw_buf *out)
{
    const struct view *v = &d->templates[t];
    size_t n = d->n_of[t];
    size_t i = d->at[t]++;
    size_t ints = 0;
    size_t blobs = 0;
    bw_buf_clear(out);
    for (size_t k = 0; k < v->len; k++) {
        size_t run = k;
        while (run < v->len && v->data[run] > MARK_PREV) {
            run++;
        }
        if (run > k) {
            bw_buf_add(out, v->data + k, run - k);
        }
        if (run == v->len) {
            break;
        }
        k = run;
        if (v->data[k] == MARK_INT) {
            bw_buf_i64(out, d->ints[t][ints++ * n + i]);
        } else if (v->data[k] == MARK_BYTES) {
            const struct view *b = &d->blobs[t][blobs++ * n + i];
            bw_b64_append(out, b->data, b->len);
        } else if (v->data[k] == MARK_PREV && prev) {
            bw_buf_puts(out, prev);
        } else {
            return -BW_EMALFORMED;
        }
    }
    return bw_buf_error(out) == -ENOMEM ? -ENOMEM : bw_buf_error(out) ? -BW_EMALFORMED : 0;
}

/* A record's compact form, from its payload or as it was kept. */
static int put_record(struct decoder *d,
                      bool as_kept,
                      struct bw_unpack *whole,
                      struct bw_unpack *signatures,
                      const struct bw_buf *payload,
                      struct bw_buf *text)
{
    if (as_kept) {
        size_t n = 0;
        const void *p = bw_unpack_bytes(whole, &n);
        if (!p || n > BW_JWS_MAX) {
            return -BW_EMALFORMED;
        }
        bw_buf_add(text, p, n);
    } else {
        const void *signature = bw_unpack_raw(signatures, SIGNATURE);
        if (!signature || d->header.len == 0 || payload->len == 0) {
            return -BW_EMALFORMED;
        }
        bw_b64_append(text, d->header.data, d->header.len);
        bw_buf_putc(text, '.');
        bw_b64_append(text, payload->data, payload->len);
        bw_buf_putc(text, '.');
        bw_b64_append(text, signature, SIGNATURE);
    }
    return bw_buf_error(text) == -ENOMEM ? -ENOMEM
           : bw_buf_error(text)          ? -BW_EMALFORMED
                                         : 0;
}

/* The block's text and where each record ends in it become the records. */
static int take_text(struct bw_block *b, struct bw_buf *text)
{
    b->text = bw_buf_take(text, NULL);
    const char *next = b->text;
    for (size_t i = 0; next && i < b->n; i++) {
        b->records[i].jws = next;
        next += b->records[i].jws_len + 1;
    }
    return b->text ? 0 : -ENOMEM;
}

static int make_records(struct decoder *d,
                        struct bw_unpack *u,
                        struct bw_unpack *signatures,
                        struct bw_block *b,
                        struct bw_buf *text)
{
    struct bw_buf payload;
    int r = 0;
    bw_buf_init(&payload, BW_JWS_MAX);
    for (size_t i = 0; r == 0 && i < d->n; i++) {
        struct bw_block_record *rec = &b->records[i];
        const size_t at = text->len;
        if (d->kind[i] > 0) {
            r = make_payload(d, d->kind[i] - 1, i > 0 ? b->records[i - 1].sha256 : NULL,
                             &payload);
        }
        r = r < 0 ? r : put_record(d, d->kind[i] == 0, u, signatures, &payload, text);
        if (r == 0) {
            rec->jws_len = text->len - at;
            bw_sha256_text(text->data + at, rec->jws_len, rec->sha256);
            bw_buf_putc(text, '\0');
        }
    }
    bw_buf_done(&payload);
    return r < 0 ? r : take_text(b, text);
}

static void take_meta(const int64_t meta[META], struct bw_block_record *r)
{
    r->position = meta[0];
    r->seq = meta[1];
    r->start_unix_s = meta[2];
    r->end_unix_s = (int64_t)((uint64_t)meta[2] + (uint64_t)meta[3]);
    r->received_unix_ms = meta[4];
    r->egress = meta[5] == BW_EGRESS_MATCH   ? BW_EGRESS_MATCH
                : meta[5] == BW_EGRESS_OTHER ? BW_EGRESS_OTHER
                                             : BW_EGRESS_UNKNOWN;
}

static int read_meta(struct bw_unpack *u, struct bw_block *b)
{
    int64_t column[META][BW_BLOCK_MAX];
    for (size_t m = 0; m < META; m++) {
        get_column(u, column[m], b->n);
    }
    for (size_t i = 0; i < b->n && !u->bad; i++) {
        int64_t meta[META];
        for (size_t m = 0; m < META; m++) {
            meta[m] = column[m][i];
        }
        take_meta(meta, &b->records[i]);
    }
    return u->bad ? -BW_EMALFORMED : 0;
}

/* The payload of a record of version 2. */
static int fill_template(const struct view *v,
                         const struct bw_coded_record *r,
                         const char *prev,
                         struct bw_buf *out)
{
    size_t ints = 0;
    size_t blobs = 0;
    bw_buf_clear(out);
    for (size_t k = 0; k < v->len; k++) {
        if (v->data[k] > MARK_PREV) {
            bw_buf_putc(out, (char)v->data[k]);
        } else if (v->data[k] == MARK_INT && ints < r->n_ints) {
            bw_buf_i64(out, r->ints[ints++]);
        } else if (v->data[k] == MARK_BYTES && blobs < r->n_blobs) {
            bw_b64_append(out, r->blobs[blobs].data, r->blobs[blobs].len);
            blobs++;
        } else if (v->data[k] == MARK_PREV && prev) {
            bw_buf_puts(out, prev);
        } else {
            return -BW_EMALFORMED;
        }
    }
    return bw_buf_error(out) == -ENOMEM ? -ENOMEM : bw_buf_error(out) ? -BW_EMALFORMED : 0;
}

/* The next record of version 2, as its payload; whole ones as they are in text. */
static int next_coded(struct decoder *d,
                      struct bw_coded *k,
                      struct bw_coded_record *r,
                      const char *prev,
                      struct bw_block_record *rec,
                      struct bw_buf *payload)
{
    int e = bw_coded_next(k, r);
    if (e < 0) {
        return e;
    }
    take_meta(r->meta, rec);
    return r->kind == 0 ? 0 : fill_template(&d->templates[r->kind - 1], r, prev, payload);
}

static int decode_coded(struct decoder *d,
                        struct bw_unpack *whole,
                        struct bw_unpack *outer,
                        struct bw_block *b,
                        struct bw_buf *text)
{
    struct bw_coded_template *t = calloc(d->n_templates + 1, sizeof(*t));
    struct bw_coded_record *r = calloc(1, sizeof(*r));
    int64_t *ints = calloc(SLOTS_MAX, sizeof(*ints));
    struct bw_coded *k = NULL;
    struct bw_buf payload;
    size_t n = 0;
    const void *coded = bw_unpack_bytes(outer, &n);
    const void *check = bw_unpack_raw(outer, CODED_CHECK);
    uint8_t hash[32];
    int e = !t || !r || !ints ? -ENOMEM : coded && check ? 0 : -BW_EMALFORMED;
    if (e == 0) {
        bw_sha256(coded, n, hash);
        e = memcmp(hash, check, CODED_CHECK) == 0 ? 0 : -BW_EMALFORMED;
    }
    bw_buf_init(&payload, BW_JWS_MAX);
    for (size_t i = 0; e == 0 && i < d->n_templates; i++) {
        t[i] = (struct bw_coded_template){.data = d->templates[i].data,
                                          .len = d->templates[i].len};
        e = t[i].data ? 0 : -BW_EMALFORMED;
    }
    e = e < 0 ? e : bw_coded_new(t, d->n_templates, &k);
    if (e == 0) {
        bw_coded_read(k, coded, n);
        r->ints = ints;
    }
    for (size_t i = 0; e == 0 && i < b->n; i++) {
        struct bw_block_record *rec = &b->records[i];
        const size_t at = text->len;
        e = next_coded(d, k, r, i > 0 ? b->records[i - 1].sha256 : NULL, rec, &payload);
        e = e < 0 ? e : put_record(d, r->kind == 0, whole, outer, &payload, text);
        if (e == 0) {
            rec->jws_len = text->len - at;
            bw_sha256_text(text->data + at, rec->jws_len, rec->sha256);
            bw_buf_putc(text, '\0');
        }
    }
    bw_coded_free(k);
    bw_buf_done(&payload);
    free(ints);
    free(t);
    free(r);
    return e < 0 ? e : take_text(b, text);
}

static int
decode_plain(struct bw_unpack *u, bool columns, struct bw_unpack *outer, struct bw_block *b)
{
    struct decoder d = {0};
    struct bw_buf text;
    uint64_t n = bw_unpack_u64(u);
    int r = 0;
    if (u->bad || n == 0 || n > BW_BLOCK_MAX) {
        return -BW_EMALFORMED;
    }
    d.n = b->n = (size_t)n;
    bw_buf_init(&text, (size_t)BW_BLOCK_MAX * (BW_JWS_MAX + 1));
    b->records = calloc(b->n, sizeof(*b->records));
    if (!b->records) {
        return -ENOMEM;
    }
    r = read_name(u, b->kid, sizeof(b->kid));
    if (r == 0) {
        r = read_name(u, b->site, sizeof(b->site));
    }
    if (r == 0) {
        r = read_templates(&d, u, columns);
    }
    if (r == 0 && columns) {
        r = read_meta(u, b);
        r = r < 0 ? r : read_columns(&d, u);
        r = r < 0 ? r : make_records(&d, u, outer, b, &text);
    } else if (r == 0) {
        r = decode_coded(&d, u, outer, b, &text);
    }
    decoder_done(&d);
    bw_buf_done(&text);
    return r;
}

int bw_block_decode(const void *data, size_t n, struct bw_block *ret, struct bw_err *reterr)
{
    struct bw_unpack outer = {.at = data, .left = n};
    struct bw_block b;
    struct bw_buf plain;
    size_t frame_len = 0;
    memset(&b, 0, sizeof(b));
    uint64_t version = bw_unpack_u64(&outer);
    const void *frame = bw_unpack_bytes(&outer, &frame_len);
    if (!outer.bad && version > VERSION) {
        return bw_err_set(reterr, -BW_ENEWER,
                          "sealed records of format %llu, this program "
                          "reads up to %d; install the newer version",
                          (unsigned long long)version, VERSION);
    }
    if (!frame || version < VERSION_COLUMNS) {
        return bw_err_set(reterr, -BW_EMALFORMED, "sealed records are damaged");
    }
    bw_buf_init(&plain, PLAIN_MAX);
    int r = bw_unpack_zstd(&plain, frame, frame_len, PLAIN_MAX, reterr);
    if (r == 0) {
        struct bw_unpack u = {.at = (const uint8_t *)plain.data, .left = plain.len};
        r = decode_plain(&u, version == VERSION_COLUMNS, &outer, &b);
        if (r < 0) {
            (void)bw_err_set(reterr, r,
                             r == -ENOMEM ? "out of memory" : "sealed records are damaged");
        }
    }
    bw_buf_done(&plain);
    if (r < 0) {
        bw_block_done(&b);
        return r;
    }
    *ret = b;
    return 0;
}

void bw_block_done(struct bw_block *b)
{
    free(b->records);
    free(b->text);
    memset(b, 0, sizeof(*b));
}

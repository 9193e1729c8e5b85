/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_block.c - records of one key as templates and columns, and back.
 *
 * Layout of version 2: varint version, zstd frame with its length, what differs between
 * records (segment_coded.c) with its length, 8 bytes of its SHA-256, 64 bytes of signature
 * for each record that is not kept whole. In the frame: kid, site, JWS header, templates,
 * records kept whole. In version 1 there is only the frame: behind the templates each
 * record's kind, then columns of numbers and bytes. A template is a payload in which 0x01
 * stands for an integer, 0x02 for base64url bytes, 0x03 for the hash of the record before;
 * none of these occurs in JSON. Invariant: a record that would not come back byte for byte
 * is kept whole (kind 0). */
#include "buf.h"
#include "hash.h"
#include "pack.h"
#include "segment_block_private.h"
#include "segment_coded.h"

#include <bw/err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEVEL = 12
}; /* of zstd */

/* ---- taking payloads apart ------------------------------------------------------ */

struct bytes {
    size_t offset; /* in the pool */
    size_t len;
};

/* One record as it will be written. */
struct parts {
    bool whole; /* kept as it is */
    size_t template_id;
    size_t first_int;
    size_t n_ints;
    size_t first_bytes;
    size_t n_bytes;
    uint8_t signature[SIGNATURE];
};

struct encoder {
    struct bw_buf templates; /* one after the other */
    struct bytes *list;
    size_t n_templates;
    int64_t *ints;
    size_t n_ints;
    size_t cap_ints;
    struct bytes *bytes;
    size_t n_bytes;
    size_t cap_bytes;
    struct bw_buf pool;
    struct parts *parts;
    struct bw_buf header; /* decoded, of the first record */
    struct bw_buf scratch;
};

static bool grow(void *array, size_t *cap, size_t need, size_t size)
{
    void *old = NULL;
    void *p;
    size_t more = *cap ? *cap : 4096;
    memcpy(&old, array, sizeof(old));
    if (need <= *cap) {
        return true;
    }
    while (more < need) {
        more *= 2;
    }
    p = realloc(old, more * size);
    if (!p) {
        return false;
    }
    memcpy(array, &p, sizeof(p));
    *cap = more;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A JSON integer that prints back the same: length, or 0. */
static size_t read_int(const char *p, size_t n, int64_t *ret)
{
    size_t i = n > 0 && p[0] == '-';
    size_t digits = 0;
    int64_t v = 0;
    while (i + digits < n && digits < 19 && is_digit(p[i + digits])) {
        if (digits < 18) {
            v = v * 10 + (p[i + digits] - '0');
        }
        digits++;
    }
    if (digits == 0 || digits > 18 || (p[i] == '0' && (digits > 1 || i > 0))) {
        return 0;
    }
    *ret = i ? -v : v;
    return i + digits;
}

static bool ends_with(const struct bw_buf *b, const char *tail)
{
    size_t n = strlen(tail);
    return b->len >= n && memcmp(b->data + b->len - n, tail, n) == 0;
}

/* The string at p (after its quote) as bytes when it is base64url to the last bit. */
static bool take_bytes(struct encoder *e, const char *p, size_t n)
{
    uint8_t raw[BW_PAYLOAD_MAX];
    long got = bw_b64_decode(p, n, raw, sizeof(raw));
    if (got <= 0 || !grow(&e->bytes, &e->cap_bytes, e->n_bytes + 1, sizeof(*e->bytes))) {
        return false;
    }
    e->bytes[e->n_bytes++] = (struct bytes){.offset = e->pool.len, .len = (size_t)got};
    bw_buf_add(&e->pool, raw, (size_t)got);
    return bw_buf_error(&e->pool) == 0;
}

/* p[n] is a string's inside; the template so far tells whose value it is. */
static void take_string(struct encoder *e, const char *p, size_t n, const char *prev_hash)
{
    struct bw_buf *t = &e->scratch;
    if (n == BW_HASH_LEN && ends_with(t, "\"prev\":\"") && prev_hash &&
        memcmp(p, prev_hash, n) == 0) {
        bw_buf_putc(t, MARK_PREV);
    } else if ((ends_with(t, "_hist\":\"") || ends_with(t, "\"prev\":\"")) &&
               take_bytes(e, p, n)) {
        bw_buf_putc(t, MARK_BYTES);
    } else {
        bw_buf_add(t, p, n);
    }
}

/* Make the template of one payload in e->scratch; false: keep the record whole. */
static bool take_payload(struct encoder *e, const char *p, size_t n, const char *prev_hash)
{
    struct bw_buf *t = &e->scratch;
    size_t i = 0;
    bw_buf_clear(t);
    while (i < n) {
        int64_t v = 0;
        size_t len = 0;
        if ((unsigned char)p[i] < 0x20) {
            return false;
        }
        if (p[i] == '"') {
            bw_buf_putc(t, p[i++]);
            while (i + len < n && p[i + len] != '"') {
                len += p[i + len] == '\\' ? 2 : 1;
            }
            if (i + len >= n || memchr(p + i, '\n', len)) {
                return false;
            }
            for (size_t k = i; k < i + len; k++) {
                if ((unsigned char)p[k] < 0x20) {
                    return false;
                }
            }
            take_string(e, p + i, len, prev_hash);
            bw_buf_putc(t, '"');
            i += len + 1;
        } else if ((len = read_int(p + i, n - i, &v)) > 0) {
            if (!grow(&e->ints, &e->cap_ints, e->n_ints + 1, sizeof(*e->ints))) {
                return false;
            }
            e->ints[e->n_ints++] = v;
            bw_buf_putc(t, MARK_INT);
            i += len;
        } else {
            bw_buf_putc(t, p[i++]);
        }
    }
    return bw_buf_error(t) == 0;
}

static int find_template(struct encoder *e, size_t *ret_id)
{
    const struct bw_buf *t = &e->scratch;
    for (size_t i = e->n_templates; i-- > 0;) {
        if (e->list[i].len == t->len &&
            memcmp(e->templates.data + e->list[i].offset, t->data, t->len) == 0) {
            *ret_id = i;
            return 0;
        }
    }
    e->list[e->n_templates] = (struct bytes){.offset = e->templates.len, .len = t->len};
    bw_buf_add(&e->templates, t->data, t->len);
    *ret_id = e->n_templates++;
    return bw_buf_error(&e->templates);
}

/* header.payload.signature -> decoded header and payload; false: not in our form. */
static bool split(const struct bw_block_record *r,
                  struct bw_buf *header,
                  struct bw_buf *payload,
                  uint8_t signature[SIGNATURE])
{
    uint8_t raw[BW_JWS_MAX];
    const char *dot = memchr(r->jws, '.', r->jws_len);
    if (!dot) {
        return false;
    }
    size_t h = (size_t)(dot - r->jws);
    const char *rest = dot + 1;
    const char *dot2 = memchr(rest, '.', r->jws_len - h - 1);
    if (!dot2) {
        return false;
    }
    size_t p = (size_t)(dot2 - rest);
    long got = bw_b64_decode(r->jws, h, raw, sizeof(raw));
    if (got <= 0) {
        return false;
    }
    bw_buf_clear(header);
    bw_buf_add(header, raw, (size_t)got);
    got = bw_b64_decode(rest, p, raw, sizeof(raw));
    if (got <= 0) {
        return false;
    }
    bw_buf_clear(payload);
    bw_buf_add(payload, raw, (size_t)got);
    size_t s = r->jws_len - h - p - 2;
    return bw_b64_decode(dot2 + 1, s, signature, SIGNATURE) == SIGNATURE &&
           bw_buf_error(header) == 0 && bw_buf_error(payload) == 0;
}

static int take_record(struct encoder *e,
                       const struct bw_block_record *r,
                       const char *prev_hash,
                       struct parts *p)
{
    struct bw_buf header;
    struct bw_buf payload;
    int err = 0;
    size_t pool_len = e->pool.len;
    bw_buf_init(&header, BW_JWS_MAX);
    bw_buf_init(&payload, BW_JWS_MAX);
    p->first_int = e->n_ints;
    p->first_bytes = e->n_bytes;
    p->whole = !split(r, &header, &payload, p->signature);
    if (!p->whole && e->header.len == 0) {
        bw_buf_add(&e->header, header.data, header.len);
    }
    if (!p->whole && (e->header.len != header.len ||
                      memcmp(e->header.data, header.data, header.len) != 0)) {
        p->whole = true;
    }
    if (!p->whole) {
        p->whole = !take_payload(e, payload.data, payload.len, prev_hash) ||
                   e->n_ints - p->first_int > SLOTS_MAX ||
                   e->n_bytes - p->first_bytes > BW_CODED_BLOBS_MAX;
    }
    if (p->whole) {
        e->n_ints = p->first_int;
        e->n_bytes = p->first_bytes;
        e->pool.len = pool_len;
    } else {
        err = find_template(e, &p->template_id);
    }
    p->n_ints = e->n_ints - p->first_int;
    p->n_bytes = e->n_bytes - p->first_bytes;
    bw_buf_done(&header);
    bw_buf_done(&payload);
    return err;
}

/* ---- writing columns ------------------------------------------------------------ */

/* values[n] as they are or as differences, whichever is shorter. */
static void put_column(struct bw_buf *out, const int64_t *values, size_t n)
{
    size_t plain = 0;
    size_t delta = 0;
    int64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        plain += bw_pack_size_i64(values[i]);
        delta += bw_pack_size_i64((int64_t)((uint64_t)values[i] - (uint64_t)last));
        last = values[i];
    }
    last = 0;
    bw_buf_putc(out, delta < plain ? 1 : 0);
    for (size_t i = 0; i < n; i++) {
        int64_t v = values[i];
        bw_pack_i64(out, delta < plain ? (int64_t)((uint64_t)v - (uint64_t)last) : v);
        last = v;
    }
}

static int64_t meta_of(const struct bw_block_record *r, size_t column)
{
    switch (column) {
    case 0:
        return r->position;
    case 1:
        return r->seq;
    case 2:
        return r->start_unix_s;
    case 3:
        return r->end_unix_s - r->start_unix_s;
    case 4:
        return r->received_unix_ms;
    default:
        return (int64_t)r->egress;
    }
}

static int put_templated(struct encoder *e, size_t n, struct bw_buf *out)
{
    int64_t *column = calloc(n, sizeof(*column));
    if (!column) {
        return -ENOMEM;
    }
    for (size_t t = 0; t < e->n_templates; t++) {
        size_t slots = 0;
        size_t blobs = 0;
        for (size_t i = 0; i < n; i++) {
            if (!e->parts[i].whole && e->parts[i].template_id == t) {
                slots = e->parts[i].n_ints;
                blobs = e->parts[i].n_bytes;
            }
        }
        for (size_t s = 0; s < slots; s++) {
            size_t k = 0;
            for (size_t i = 0; i < n; i++) {
                if (!e->parts[i].whole && e->parts[i].template_id == t) {
                    column[k++] = e->ints[e->parts[i].first_int + s];
                }
            }
            put_column(out, column, k);
        }
        for (size_t s = 0; s < blobs; s++) {
            for (size_t i = 0; i < n; i++) {
                if (!e->parts[i].whole && e->parts[i].template_id == t) {
                    const struct bytes *b = &e->bytes[e->parts[i].first_bytes + s];
                    bw_pack_bytes(out, e->pool.data + b->offset, b->len);
                }
            }
        }
    }
    free(column);
    return bw_buf_error(out);
}

static void put_whole(struct encoder *e,
                      const struct bw_block_record *records,
                      size_t n,
                      struct bw_buf *plain)
{
    for (size_t i = 0; i < n; i++) {
        if (e->parts[i].whole) {
            bw_pack_bytes(plain, records[i].jws, records[i].jws_len);
        }
    }
}

static int put_plain(struct encoder *e,
                     int version,
                     const char *kid,
                     const char *site,
                     const struct bw_block_record *records,
                     size_t n,
                     struct bw_buf *plain)
{
    int64_t column[BW_BLOCK_MAX];
    bw_pack_u64(plain, n);
    bw_pack_bytes(plain, kid, strlen(kid));
    bw_pack_bytes(plain, site, strlen(site));
    bw_pack_bytes(plain, e->header.data, e->header.len);
    bw_pack_u64(plain, e->n_templates);
    for (size_t i = 0; i < e->n_templates; i++) {
        bw_pack_bytes(plain, e->templates.data + e->list[i].offset, e->list[i].len);
    }
    if (version != VERSION_COLUMNS) {
        put_whole(e, records, n, plain);
        return bw_buf_error(plain);
    }
    for (size_t i = 0; i < n; i++) {
        bw_pack_u64(plain, e->parts[i].whole ? 0 : e->parts[i].template_id + 1);
    }
    for (size_t m = 0; m < META; m++) {
        for (size_t i = 0; i < n; i++) {
            column[i] = meta_of(&records[i], m);
        }
        put_column(plain, column, n);
    }
    int r = put_templated(e, n, plain);
    if (r == 0) {
        put_whole(e, records, n, plain);
    }
    return r < 0 ? r : bw_buf_error(plain);
}

/* What differs between the records, in their order. */
static int put_coded(struct encoder *e,
                     const struct bw_block_record *records,
                     size_t n,
                     struct bw_buf *out)
{
    struct bw_coded_template *t = calloc(e->n_templates + 1, sizeof(*t));
    struct bw_coded_record *r = calloc(1, sizeof(*r));
    struct bw_coded *k = NULL;
    int err = t && r ? 0 : -ENOMEM;
    for (size_t i = 0; err == 0 && i < e->n_templates; i++) {
        t[i].data = (const uint8_t *)e->templates.data + e->list[i].offset;
        t[i].len = e->list[i].len;
    }
    if (err == 0) {
        err = bw_coded_new(t, e->n_templates, &k);
    }
    if (err == 0) {
        bw_coded_write(k, out);
    }
    for (size_t i = 0; err == 0 && i < n; i++) {
        const struct parts *p = &e->parts[i];
        r->kind = p->whole ? 0 : p->template_id + 1;
        r->ints = e->ints + p->first_int;
        for (size_t m = 0; m < META; m++) {
            r->meta[m] = meta_of(&records[i], m);
        }
        for (size_t b = 0; b < p->n_bytes; b++) {
            const struct bytes *x = &e->bytes[p->first_bytes + b];
            r->blobs[b].data = (const uint8_t *)e->pool.data + x->offset;
            r->blobs[b].len = x->len;
        }
        err = bw_coded_next(k, r);
    }
    if (err == 0) {
        bw_coded_end(k);
        err = bw_buf_error(out);
    }
    bw_coded_free(k);
    free(t);
    free(r);
    return err;
}

static bool same(const struct bw_block *b,
                 const char *kid,
                 const char *site,
                 const struct bw_block_record *records,
                 size_t n)
{
    if (b->n != n || strcmp(b->kid, kid) != 0 || strcmp(b->site, site) != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_block_record *x = &b->records[i];
        const struct bw_block_record *y = &records[i];
        for (size_t m = 0; m < META; m++) {
            if (meta_of(x, m) != meta_of(y, m)) {
                return false;
            }
        }
        if (x->jws_len != y->jws_len || memcmp(x->jws, y->jws, y->jws_len) != 0 ||
            strcmp(x->sha256, y->sha256) != 0) {
            return false;
        }
    }
    return true;
}

static int encode_parts(struct encoder *e,
                        int version,
                        const char *kid,
                        const char *site,
                        const struct bw_block_record *records,
                        size_t n,
                        struct bw_buf *out)
{
    struct bw_buf plain;
    struct bw_buf frame;
    struct bw_buf coded;
    int r = 0;
    bw_buf_init(&plain, PLAIN_MAX);
    bw_buf_init(&frame, PLAIN_MAX);
    bw_buf_init(&coded, PLAIN_MAX);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take_record(e, &records[i], i > 0 ? records[i - 1].sha256 : NULL, &e->parts[i]);
    }
    if (r == 0) {
        r = put_plain(e, version, kid, site, records, n, &plain);
    }
    if (r == 0) {
        r = bw_pack_zstd(&frame, plain.data, plain.len, LEVEL);
    }
    if (r == 0 && version != VERSION_COLUMNS) {
        r = put_coded(e, records, n, &coded);
    }
    if (r == 0) {
        bw_pack_u64(out, (uint64_t)version);
        bw_pack_bytes(out, frame.data, frame.len);
        if (version != VERSION_COLUMNS) {
            uint8_t hash[32];
            bw_sha256(coded.data, coded.len, hash);
            bw_pack_bytes(out, coded.data, coded.len);
            bw_buf_add(out, hash, CODED_CHECK);
        }
        for (size_t i = 0; i < n; i++) {
            if (!e->parts[i].whole) {
                bw_buf_add(out, e->parts[i].signature, SIGNATURE);
            }
        }
        r = bw_buf_error(out);
    }
    bw_buf_done(&plain);
    bw_buf_done(&frame);
    bw_buf_done(&coded);
    return r;
}

int bw_block_encode(const char *kid,
                    const char *site,
                    const struct bw_block_record *records,
                    size_t n,
                    struct bw_buf *out,
                    struct bw_err *reterr)
{
    struct bw_buf coded;
    size_t from = out->len;
    int r = bw_block_encode_as(VERSION_COLUMNS, kid, site, records, n, out, reterr);
    if (r < 0 || out->len - from <= n * COLUMNS_ENOUGH) {
        return r;
    }
    bw_buf_init(&coded, out->len - from);
    if (bw_block_encode_as(VERSION, kid, site, records, n, &coded, NULL) == 0) {
        out->len = from;
        bw_buf_add(out, coded.data, coded.len);
        r = bw_buf_error(out);
    } /* payloads of a form that only columns take, or no fewer bytes */
    bw_buf_done(&coded);
    return r;
}

int bw_block_encode_as(int version,
                       const char *kid,
                       const char *site,
                       const struct bw_block_record *records,
                       size_t n,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    struct encoder e = {0};
    struct bw_block back = {0};
    size_t from = out->len;
    int r = -ENOMEM;
    if (n == 0 || n > BW_BLOCK_MAX) {
        return bw_err_set(reterr, -EINVAL, "a block of %zu records", n);
    }
    bw_buf_init(&e.templates, PLAIN_MAX);
    bw_buf_init(&e.pool, PLAIN_MAX);
    bw_buf_init(&e.header, BW_JWS_MAX);
    bw_buf_init(&e.scratch, BW_JWS_MAX);
    e.list = calloc(n, sizeof(*e.list));
    e.parts = calloc(n, sizeof(*e.parts));
    if (e.list && e.parts) {
        r = encode_parts(&e, version, kid, site, records, n, out);
    }
    if (r == 0) {
        r = bw_block_decode(out->data + from, out->len - from, &back, reterr);
        if (r == 0 && !same(&back, kid, site, records, n)) {
            r = bw_err_set(reterr, -EINVAL,
                           "a block of site %s does not come back the same", site);
        }
    } else {
        (void)bw_err_set(reterr, r, r == -ENOMEM ? "out of memory" : "cannot be sealed");
    }
    bw_block_done(&back);
    bw_buf_done(&e.templates);
    bw_buf_done(&e.pool);
    bw_buf_done(&e.header);
    bw_buf_done(&e.scratch);
    free(e.list);
    free(e.parts);
    free(e.ints);
    free(e.bytes);
    return r;
}

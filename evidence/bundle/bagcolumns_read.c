/* SPDX-License-Identifier: GPL-3.0-or-later
 * bagcolumns_read.c - columns as compact JWS again; docs/bag-v1.md has the same in Python.
 *
 * Invariant: every item of every column is used, and nothing else is: two parts that
 * differ in more than their templates' order give different lines. */
#include "bagcolumns_private.h"

#include "buf.h"
#include "hash.h"
#include "json.h"

#include <bw/err.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALUES_MAX = BW_COLUMNS_PIECES_MAX + 2 * BW_COLUMNS_RECORDS_MAX + 256,
    GAP_MAX = 4096
};

struct view {
    const char *at; /* NULL: nothing is left */
    const char *end;
};

struct column {
    char type;
    int64_t rule[BW_COLUMNS_TERMS];
    struct view items;
    int64_t last;
    int64_t last_left;
    struct view word;
};

struct header {
    const json_t *text;
    char last[BW_HASH_LEN + 1];
};

struct decoder {
    const json_t *templates;
    struct header headers[BW_COLUMNS_HEADERS_MAX];
    size_t n_headers;
    struct view signatures;
    struct column *columns;
    size_t n_columns;
    struct bw_buf payload;
    struct bw_buf *out;
};

/* Up to the next `stop`, or to the end. */
static bool next(struct view *v, char stop, struct view *ret)
{
    const char *p;

    if (!v->at) {
        return false;
    }
    p = memchr(v->at, stop, (size_t)(v->end - v->at));
    *ret = (struct view){.at = v->at, .end = p ? p : v->end};
    v->at = p ? p + 1 : NULL;
    return true;
}

static bool number(const struct view *v, int64_t *ret)
{
    const char *p = v->at;
    bool minus = p < v->end && *p == '-';
    uint64_t u = 0;

    p += minus;
    if (p == v->end || v->end - p > BW_COLUMNS_DIGITS_MAX + 1) {
        return false;
    }
    for (; p < v->end; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        u = u * 10 + (uint64_t)(*p - '0');
    }
    if (u > INT64_MAX) {
        return false;
    }
    *ret = minus ? -(int64_t)u : (int64_t)u;
    return true;
}

/* ---- histograms ------------------------------------------------------------------ */

static size_t put_varint(uint8_t *out, uint64_t v)
{
    size_t n = 0;

    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    return n;
}

int bw_columns_hist(const char *item, size_t n, struct bw_buf *out)
{
    struct view rest = {.at = item, .end = item + n};
    struct view v;
    uint8_t raw[BW_COLUMNS_BLOB_MAX];
    size_t len = 0;
    int64_t gap = 0;
    int64_t count = 0;

    if (n == 0 || !next(&rest, ',', &v) || !number(&v, &gap) || gap < 0) {
        return -BW_EMALFORMED;
    }
    while (next(&rest, ',', &v)) {
        if (v.at < v.end) {
            if (!number(&v, &count) || count < 0 || len + 20 > sizeof(raw)) {
                return -BW_EMALFORMED;
            }
            len += put_varint(raw + len, (uint64_t)gap);
            len += put_varint(raw + len, (uint64_t)count);
            gap = 0;
        }
        if (++gap > GAP_MAX + 1) {
            return -BW_EMALFORMED;
        }
    }
    bw_b64_append(out, raw, len);
    return len > 0 ? bw_buf_error(out) : -BW_EMALFORMED;
}

/* ---- one record ------------------------------------------------------------------ */

struct beside { /* the numbers before this one in the record */
    int64_t left;
    int64_t left2;
};

static int put_number(struct decoder *d, struct column *c, struct beside *b)
{
    const int64_t terms[BW_COLUMNS_TERMS] = {c->last, b->left, c->last_left, b->left2};
    struct view v;
    int64_t given;
    int64_t made;
    uint64_t sum;

    if (!next(&c->items, ' ', &v) || !number(&v, &given)) {
        return -BW_EMALFORMED;
    }
    sum = (uint64_t)given;
    for (size_t i = 0; i < BW_COLUMNS_TERMS; i++) {
        sum += (uint64_t)c->rule[i] * (uint64_t)terms[i];
    }
    memcpy(&made, &sum, sizeof(made));
    if (made <= -INT64_C(1000000000000000000) || made >= INT64_C(1000000000000000000)) {
        return -BW_EMALFORMED;
    }
    c->last = made;
    c->last_left = b->left;
    b->left2 = b->left;
    b->left = made;
    bw_buf_i64(&d->payload, made);
    return 0;
}

static int put_text(struct decoder *d, struct column *c)
{
    struct view v;

    if (!next(&c->items, ' ', &v)) {
        return -BW_EMALFORMED;
    }
    if (c->type == 'h') {
        int r = bw_columns_hist(v.at, (size_t)(v.end - v.at), &d->payload);
        return r == -E2BIG ? -BW_EMALFORMED : r;
    }
    if (v.at < v.end) {
        c->word = v;
    } else if (!c->word.at) {
        return -BW_EMALFORMED;
    }
    bw_buf_add(&d->payload, c->word.at, (size_t)(c->word.end - c->word.at));
    return 0;
}

static int put_piece(struct decoder *d, struct header *h, const json_t *p, struct beside *b)
{
    json_int_t id;

    if (json_is_string(p)) { /* each piece gives a byte, so a record has an end */
        if (json_string_length(p) == 0) {
            return -BW_EMALFORMED;
        }
        bw_buf_add(&d->payload, json_string_value(p), json_string_length(p));
        return 0;
    }
    id = json_is_integer(p) ? json_integer_value(p) : BW_COLUMNS_PREV - 1;
    if (id == BW_COLUMNS_PREV && h->last[0]) {
        bw_buf_puts(&d->payload, h->last);
        return 0;
    }
    if (id < 0 || (uint64_t)id >= d->n_columns) {
        return -BW_EMALFORMED;
    }
    return d->columns[id].type == 'n' ? put_number(d, &d->columns[id], b)
                                      : put_text(d, &d->columns[id]);
}

static int put_templated(struct decoder *d, const struct view *kind)
{
    struct beside beside = {0};
    struct header *h;
    struct view signature;
    const json_t *t;
    int64_t id;
    size_t from = d->out->len;
    int r = 0;

    if (!number(kind, &id) || id < 0) {
        return -BW_EMALFORMED;
    }
    t = json_array_get(d->templates, (size_t)id);
    if (!json_is_integer(json_array_get(t, 0)) ||
        json_integer_value(json_array_get(t, 0)) < 0 ||
        (uint64_t)json_integer_value(json_array_get(t, 0)) >= d->n_headers ||
        !next(&d->signatures, ' ', &signature) || signature.at == signature.end) {
        return -BW_EMALFORMED;
    }
    h = &d->headers[json_integer_value(json_array_get(t, 0))];
    bw_buf_clear(&d->payload);
    for (size_t i = 1; r == 0 && i < json_array_size(t); i++) {
        r = put_piece(d, h, json_array_get(t, i), &beside);
        r = r < 0 || !bw_buf_error(&d->payload) ? r : -BW_EMALFORMED;
    }
    if (r == 0 && bw_buf_error(&d->payload)) {
        r = bw_buf_error(&d->payload) == -ENOMEM ? -ENOMEM : -BW_EMALFORMED;
    }
    if (r < 0) {
        return r;
    }
    bw_b64_append(d->out, json_string_value(h->text), json_string_length(h->text));
    bw_buf_putc(d->out, '.');
    bw_b64_append(d->out, d->payload.data, d->payload.len);
    bw_buf_putc(d->out, '.');
    bw_buf_add(d->out, signature.at, (size_t)(signature.end - signature.at));
    if (bw_buf_error(d->out) == 0) {
        bw_sha256_text(d->out->data + from, d->out->len - from, h->last);
    }
    return 0;
}

static int put_records(struct decoder *d, struct view kinds)
{
    struct view kind;
    int r = 0;

    for (size_t n = 0; r == 0 && next(&kinds, ' ', &kind); n++) {
        if (n == BW_COLUMNS_RECORDS_MAX) {
            return -BW_EMALFORMED;
        }
        if (memchr(kind.at, '.', (size_t)(kind.end - kind.at))) {
            bw_buf_add(d->out, kind.at, (size_t)(kind.end - kind.at));
        } else {
            r = put_templated(d, &kind);
        }
        bw_buf_putc(d->out, '\n');
        if (bw_buf_error(d->out)) {
            r = bw_buf_error(d->out) == -ENOMEM ? -ENOMEM : -BW_EMALFORMED;
        }
    }
    if (r == 0 && d->signatures.at && d->signatures.at < d->signatures.end) {
        r = -BW_EMALFORMED;
    }
    for (size_t i = 0; r == 0 && i < d->n_columns; i++) {
        r = d->columns[i].items.at ? -BW_EMALFORMED : 0;
    }
    return r;
}

/* ---- the part -------------------------------------------------------------------- */

static int take_rule(struct column *c, struct view rule)
{
    struct view term;

    if (rule.end - rule.at == 1 && (*rule.at == 'h' || *rule.at == 's')) {
        c->type = *rule.at;
        return 0;
    }
    c->type = 'n';
    for (size_t i = 0; i < BW_COLUMNS_TERMS; i++) {
        if (!next(&rule, ',', &term) || !number(&term, &c->rule[i]) || c->rule[i] < -9 ||
            c->rule[i] > 9) {
            return -BW_EMALFORMED;
        }
    }
    return rule.at ? -BW_EMALFORMED : 0;
}

static int take_columns(struct decoder *d, struct view lines)
{
    struct view line;
    int r = 0;

    d->columns = calloc(BW_COLUMNS_MAX, sizeof(*d->columns));
    if (!d->columns) {
        return -ENOMEM;
    }
    while (r == 0 && next(&lines, '\n', &line)) {
        struct column *c;
        struct view rule = line;
        if (line.at == line.end && !lines.at) {
            return 0; /* behind the last newline */
        }
        if (d->n_columns == BW_COLUMNS_MAX) {
            return -BW_EMALFORMED;
        }
        c = &d->columns[d->n_columns++];
        c->items = line;
        r = next(&c->items, ' ', &rule) ? take_rule(c, rule) : -BW_EMALFORMED;
    }
    return r < 0 ? r : -BW_EMALFORMED; /* cut */
}

static int take_head(struct decoder *d, const json_t *head, struct bw_err *reterr)
{
    const json_t *headers = NULL;
    int64_t v = 0;
    int r = bw_json_get_i64(head, "v", 1, INT32_MAX, &v, reterr);

    if (r == 0 && v > BW_COLUMNS_VERSION) {
        return bw_err_set(reterr, -BW_ENEWER,
                          "records of a newer form: needs a newer reader");
    }
    r = r < 0 ? r
              : bw_json_get_arr(head, "headers", BW_COLUMNS_HEADERS_MAX, &headers, reterr);
    r = r < 0 ? r
              : bw_json_get_arr(head, "templates", BW_COLUMNS_RECORDS_MAX, &d->templates,
                                reterr);
    for (size_t i = 0; r == 0 && i < json_array_size(headers); i++) {
        d->headers[i].text = json_array_get(headers, i);
        d->n_headers = i + 1;
        r = json_is_string(d->headers[i].text)
                ? 0
                : bw_err_set(reterr, -BW_EMALFORMED, "a header that is no text");
    }
    return r;
}

/* Values of a JSON text, at least as many as are in it: each takes memory of its own. */
static size_t values_in(const struct view *text)
{
    bool in_string = false;
    size_t n = 1;

    for (const char *p = text->at; p < text->end; p++) {
        if (in_string && *p == '\\') {
            p++;
        } else if (*p == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            n += *p == ',' || *p == '[' || *p == '{' || *p == ':' ? 1 : 0;
        }
    }
    return n;
}

int bw_columns_read(const char *data, size_t n, struct bw_buf *out, struct bw_err *reterr)
{
    struct view lines = {.at = data, .end = data + n};
    struct view head_line;
    struct view kinds;
    struct decoder d = {.out = out};
    json_t *head = NULL;
    int r;

    if (!next(&lines, '\n', &head_line) || !next(&lines, '\n', &kinds) ||
        !next(&lines, '\n', &d.signatures)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "fewer than three lines");
    }
    bw_buf_init(&d.payload, BW_JWS_MAX);
    r = values_in(&head_line) > VALUES_MAX
            ? bw_err_set(reterr, -E2BIG, "more pieces of templates than a part has")
            : bw_json_parse(head_line.at, (size_t)(head_line.end - head_line.at),
                            BW_COLUMNS_HEAD_MAX, &head, reterr);
    r = r < 0 ? r : take_head(&d, head, reterr);
    if (r == 0) {
        r = take_columns(&d, lines);
        r = r < 0 ? r : put_records(&d, kinds);
        if (r < 0) {
            r = bw_err_set(reterr, r,
                           r == -ENOMEM ? "out of memory" : "the columns give no records");
        }
    }
    json_decref(head);
    free(d.columns);
    bw_buf_done(&d.payload);
    return r;
}

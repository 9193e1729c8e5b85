/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_rows.c - names and tables of the files below data/log/, and the leaves that both
 * who packs and who checks compute. */
#include "logged_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <grow.h>
#include <hash.h>
#include <inttypes.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MAX = 18
};

static const char runs_heading[] = "first_position,last_position,leaf\r\n";
static const char others_heading[] = "leaf,received_unix_ms,type,of\r\n";

void bw_logged_member(const char *what, int64_t size, char ret[BW_LOGGED_MEMBER_MAX])
{
    (void)snprintf(ret, BW_LOGGED_MEMBER_MAX, BW_IN_LOG "%s-%" PRId64 ".txt", what, size);
}

void bw_logged_stamp_member(int64_t size, size_t n, char ret[BW_LOGGED_MEMBER_MAX])
{
    (void)snprintf(ret, BW_LOGGED_MEMBER_MAX, BW_IN_LOG "stamp-%" PRId64 "-%zu.tsr", size,
                   n);
}

int bw_logged_add(struct bw_logged_list *l, const struct bw_record *rec)
{
    struct bw_logged_record *grown = bw_grow(l->list, l->n, &l->cap, sizeof(*grown));
    struct bw_logged_record *to;

    if (!grown) {
        return -ENOMEM;
    }
    l->list = grown;
    to = &grown[l->n];
    *to = (struct bw_logged_record){.position = rec->position,
                                    .received_unix_ms = rec->received_unix_ms,
                                    .end_unix_s = rec->end_unix_s,
                                    .seq = rec->seq};
    memcpy(&to->key, rec->kid, sizeof(to->key)); /* enough of a hash to tell them apart */
    if (bw_b64_decode(rec->sha256, strlen(rec->sha256), to->sha256, 32) != 32) {
        return -EINVAL;
    }
    l->n++;
    return 0;
}

/* ---- tables ---------------------------------------------------------------------- */

void bw_logged_runs_head(struct bw_buf *out)
{
    bw_buf_puts(out, runs_heading);
}

void bw_logged_runs_add(struct bw_buf *out, const struct bw_logged_run *r)
{
    bw_buf_printf(out, "%" PRId64 ",%" PRId64 ",%" PRId64 "\r\n", r->first, r->last,
                  r->leaf);
}

void bw_logged_others_head(struct bw_buf *out)
{
    bw_buf_puts(out, others_heading);
}

void bw_logged_others_add(struct bw_buf *out, const struct bw_logged_other *o)
{
    bw_buf_printf(out, "%" PRId64 ",%" PRId64 ",%d,%s\r\n", o->leaf, o->unix_ms, o->type,
                  o->of);
}

/* A number and the one character after it. */
static bool number(const char **at, const char *end, char after, int64_t *ret)
{
    const char *p = *at;
    int64_t v = 0;

    while (p < end && *p >= '0' && *p <= '9' && p - *at < DIGITS_MAX) {
        v = v * 10 + (*p++ - '0');
    }
    if (p == *at || p == end || *p != after || (p - *at > 1 && **at == '0')) {
        return false;
    }
    *ret = v;
    *at = p + 1;
    return true;
}

static bool newline(const char **at, const char *end)
{
    if (*at == end || **at != '\n') {
        return false;
    }
    (*at)++;
    return true;
}

static bool begins(const char **at, const char *data, size_t n, const char *heading)
{
    size_t len = strlen(heading);

    *at = data + len;
    return n >= len && memcmp(data, heading, len) == 0;
}

/* One row from *at on, which then stands behind it; `before` is the row before it, NULL for
 * the first. False: it is none, or does not come after that one. */
typedef bool row_fn(const char **at, const char *end, const void *before, void *ret);

static int rows_read(const char *data,
                     size_t n,
                     const char *heading,
                     row_fn *row,
                     size_t size,
                     void **ret,
                     size_t *ret_n,
                     struct bw_err *reterr)
{
    char *list = NULL;
    char *grown;
    const char *end = data + n;
    const char *at;
    size_t cap = 0;
    size_t k = 0;
    int r = 0;

    if (!begins(&at, data, n, heading)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "does not begin with its heading");
    }
    for (; r == 0 && at < end; k++) {
        grown = bw_grow(list, k, &cap, size);
        if (!grown) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            break;
        }
        list = grown;
        if (!row(&at, end, k > 0 ? list + (k - 1) * size : NULL, list + k * size)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "row %zu is none", k + 1);
        }
    }
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = k;
    return 0;
}

static bool run(const char **at, const char *end, const void *before, void *ret)
{
    const struct bw_logged_run *b = before;
    struct bw_logged_run *x = ret;

    return number(at, end, ',', &x->first) && number(at, end, ',', &x->last) &&
           number(at, end, '\r', &x->leaf) && newline(at, end) && x->last >= x->first &&
           (!b || (x->first > b->last && x->leaf > b->leaf));
}

int bw_logged_runs_read(const char *data,
                        size_t n,
                        struct bw_logged_run **ret,
                        size_t *ret_n,
                        struct bw_err *reterr)
{
    void *list = NULL;
    int r = rows_read(data, n, runs_heading, run, sizeof(**ret), &list, ret_n, reterr);

    if (r == 0) {
        *ret = list;
    }
    return r;
}

static bool other(const char **at, const char *end, const void *before, void *row)
{
    const struct bw_logged_other *b = before;
    struct bw_logged_other *ret = row;
    int64_t type = 0;
    size_t n = 0;

    if (!number(at, end, ',', &ret->leaf) || !number(at, end, ',', &ret->unix_ms) ||
        !number(at, end, ',', &type) || type > BW_LEAF_TYPE_MAX) {
        return false;
    }
    ret->type = (int)type;
    while (*at + n < end && (*at)[n] > ' ' && (*at)[n] < 0x7f && n < BW_LOGGED_OF_MAX) {
        n++;
    }
    if (n == 0 || (size_t)(end - *at) < n + 2 || memcmp(*at + n, "\r\n", 2) != 0) {
        return false;
    }
    memcpy(ret->of, *at, n);
    ret->of[n] = '\0';
    *at += n + 2;
    return !b || ret->leaf > b->leaf;
}

int bw_logged_others_read(const char *data,
                          size_t n,
                          struct bw_logged_other **ret,
                          size_t *ret_n,
                          struct bw_err *reterr)
{
    void *list = NULL;
    int r = rows_read(data, n, others_heading, other, sizeof(**ret), &list, ret_n, reterr);

    if (r == 0) {
        *ret = list;
    }
    return r;
}

/* ---- leaves ---------------------------------------------------------------------- */

void bw_logged_leaf(int type, int64_t unix_ms, const uint8_t sha256[32], uint8_t ret[32])
{
    struct bw_leaf leaf = {.type = type, .unix_ms = unix_ms};

    memcpy(leaf.sha256, sha256, sizeof(leaf.sha256));
    bw_leaf_hash(&leaf, ret);
}

const int bw_logged_key_types[BW_LOGGED_KEY_LEAVES + 1] = {
    BW_LEAF_ENROLMENT, BW_LEAF_KEY_END, BW_LEAF_KEY_REPLACED, -1};

size_t bw_logged_parts_most(const struct bw_logged_things *t)
{
    size_t n = t->n_records + BW_LOGGED_KEY_LEAVES * t->n_keys + BW_LOG_BEFORE_MAX;

    for (size_t i = 0; i < t->n_statements; i++) {
        n += t->statements[i] == '\n' ? 1 : 0;
    }
    return n + 1; /* a last line without an end */
}

bool bw_logged_key_has(const struct bw_logged_key *k, int type)
{
    return k->from_unix_s != BW_UNKNOWN &&
           (type != BW_LEAF_KEY_END || k->revoked_unix_s != BW_UNKNOWN) &&
           (type != BW_LEAF_KEY_REPLACED || k->replaced_unix_s != BW_UNKNOWN);
}

int bw_logged_key_hash(const struct bw_logged_key *k,
                       const char *site,
                       int type,
                       uint8_t ret[32])
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, BW_LEAF_KEY_TEXT_MAX);
    if (type == BW_LEAF_KEY_END) {
        bw_leaf_key_end_text(k->kid, site, k->revoked_unix_s, &text);
    } else if (type == BW_LEAF_KEY_REPLACED) {
        bw_leaf_key_replaced_text(k->kid, site, k->replaced_unix_s, &text);
    } else {
        bw_leaf_enrolment_text(k->kid, site, k->from_unix_s, k->prev_kid, &text);
    }
    r = bw_buf_error(&text);
    if (r == 0) {
        bw_sha256(text.data, text.len, ret);
    }
    bw_buf_done(&text);
    return r;
}

int bw_logged_line_next(const struct bw_logged_things *t,
                        size_t *at,
                        struct bw_logged_line *ret)
{
    const char *line;
    const char *newline_at;
    struct bw_statement s;
    size_t n;
    int type = -1;

    if (!t->statements || *at >= t->n_statements) {
        return 0;
    }
    line = t->statements + *at;
    newline_at = memchr(line, '\n', t->n_statements - *at);
    n = newline_at ? (size_t)(newline_at - line) : t->n_statements - *at;
    *at += n + 1;
    bw_sha256(line, n, ret->sha256);
    bw_sha256_text(line, n, ret->id);
    if (bw_statement_decode(line, n, &s, NULL) == 0) {
        type = bw_leaf_type_of(s.word);
    }
    ret->type = type < 0 ? BW_LEAF_STATEMENT : type;
    return 1;
}

static int by_index(const void *a, const void *b)
{
    const struct bw_tree_part *x = a;
    const struct bw_tree_part *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

size_t bw_logged_sort(struct bw_tree_part *parts, size_t n, bool *ret_apart)
{
    size_t left = 0;

    if (n > 1) {
        qsort(parts, n, sizeof(*parts), by_index);
    }
    *ret_apart = false;
    for (size_t i = 0; i < n; i++) {
        if (left == 0 || parts[left - 1].index != parts[i].index) {
            parts[left++] = parts[i];
        } else if (memcmp(parts[left - 1].hash, parts[i].hash, 32) != 0) {
            *ret_apart = true;
        }
    }
    return left;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bagcolumns_write.c - compact JWS as columns.
 *
 * Each number, histogram and long word of a payload (bagcolumns_scan.c) goes to the column
 * of its place. Invariant: what was written was read back and compared; a record of another
 * form is kept as it is. */
#include "bagcolumns_private.h"

#include "buf.h"
#include "grow.h"
#include "hash.h"
#include "json.h"
#include "utf8.h"

#include <bw/err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLE = 4 * BW_COLUMNS_MAX,
    MADE_MAX = 8 * BW_JWS_MAX,
    OUT_MAX = 256 * 1024 * 1024,
    RULES = 6
};

static const int rules[RULES][BW_COLUMNS_TERMS] = {
    {0, 0, 0, 0},  /* as it is */
    {1, 0, 0, 0},  /* as last time */
    {0, 1, 0, 0},  /* as the number before it */
    {1, 1, -1, 0}, /* as far from that as last time */
    {0, -1, 0, 2}, /* the upper end: as far above as the lower end is below */
    {0, 0, 0, 1},
};

struct number {
    int64_t v;
    int64_t left;
    int64_t left2;
};

struct column {
    uint64_t key;
    char type; /* 'n', 'h', 's' */
    struct number *numbers;
    size_t n;
    size_t cap;
    struct number last;
    uint64_t cost[RULES];
    struct bw_buf text; /* items of the other types */
    size_t word_at;     /* the last word written, in text */
    size_t word_len;
};

struct template
{
    size_t at; /* in the encoder's templates */
    size_t len;
    size_t header;
};

struct header {
    struct bw_buf text;
    char last[BW_HASH_LEN + 1]; /* of the newest record under it */
};

struct encoder {
    struct column *columns;
    size_t n_columns;
    size_t cap_columns;
    uint32_t *table; /* column + 1 by key */
    struct header *headers;
    size_t n_headers;
    size_t cap_headers;
    struct template *list;
    size_t n_templates;
    size_t cap_templates;
    size_t n_pieces; /* of them, at most */
    size_t header_bytes;
    struct bw_buf templates;
    struct bw_buf kinds;
    struct bw_buf signatures;
    struct bw_columns_scan *scan;
    struct bw_buf made; /* the same with the columns' numbers behind the marks */
    struct bw_buf header;
    struct bw_buf payload;
    uint8_t raw[BW_JWS_MAX];
};

/* ---- columns --------------------------------------------------------------------- */

/* The column of a key; NULL: no room. */
static struct column *column_of(struct encoder *e, uint64_t key, char type)
{
    size_t slot = (size_t)(key % TABLE);
    struct column *list;

    while (e->table[slot]) {
        struct column *c = &e->columns[e->table[slot] - 1];
        if (c->key == key && c->type == type) {
            return c;
        }
        slot = (slot + 1) % TABLE;
    }
    if (e->n_columns == BW_COLUMNS_MAX) {
        return NULL;
    }
    list = bw_grow(e->columns, e->n_columns, &e->cap_columns, sizeof(*list));
    if (!list) {
        return NULL;
    }
    e->columns = list;
    list += e->n_columns;
    memset(list, 0, sizeof(*list));
    list->key = key;
    list->type = type;
    bw_buf_init(&list->text, OUT_MAX);
    e->table[slot] = (uint32_t)++e->n_columns;
    return list;
}

static int64_t expected(const int rule[BW_COLUMNS_TERMS],
                        const struct number *last,
                        const struct number *now)
{
    return rule[0] * last->v + rule[1] * now->left + rule[2] * last->left +
           rule[3] * now->left2;
}

static unsigned bits_of(int64_t v)
{
    uint64_t u = v < 0 ? ~(uint64_t)v : (uint64_t)v;

    return u ? 65u - (unsigned)__builtin_clzll(u) : v < 0;
}

static int put_number(struct column *c, const struct number *now)
{
    struct number *list = bw_grow(c->numbers, c->n, &c->cap, sizeof(*list));

    if (!list) {
        return -ENOMEM;
    }
    c->numbers = list;
    list[c->n++] = *now;
    for (size_t k = 0; k < RULES; k++) {
        c->cost[k] += bits_of(now->v - expected(rules[k], &c->last, now));
    }
    c->last = *now;
    return 0;
}

static void put_word(struct column *c, const char *p, size_t n)
{
    bool again = c->word_len == n && memcmp(c->text.data + c->word_at, p, n) == 0;

    bw_buf_putc(&c->text, ' ');
    if (!again) {
        c->word_at = c->text.len;
        c->word_len = n;
        bw_buf_add(&c->text, p, n);
    }
}

/* The tokens go to their columns, and e->made becomes the template. */
static int put_tokens(struct encoder *e, size_t header)
{
    struct number now = {0};
    size_t t = 0;
    int r = 0;

    bw_buf_clear(&e->made);
    bw_buf_add(&e->made, &header, sizeof(header));
    for (size_t i = 0; r == 0 && i < e->scan->words.len; i++) {
        const struct bw_columns_token *k = &e->scan->tokens[t];
        struct column *c;
        uint32_t id = 0;
        bw_buf_putc(&e->made, e->scan->words.data[i]);
        if (e->scan->words.data[i] != BW_COLUMNS_MARK) {
            continue;
        }
        t++;
        if (k->type != 'p') {
            c = column_of(e, k->key, k->type);
            if (!c) {
                return -ENOMEM;
            }
            id = (uint32_t)(c - e->columns) + 1;
            if (k->type == 'n') {
                now.v = k->v;
                r = put_number(c, &now);
                now.left2 = now.left;
                now.left = k->v;
            } else if (k->type == 's') {
                put_word(c, k->word, k->len);
            } else if (bw_columns_hist_item(e->scan, k->word, k->len)) {
                bw_buf_putc(&c->text, ' ');
                bw_buf_add(&c->text, e->scan->item.data, e->scan->item.len);
            }
            r = r < 0 ? r : bw_buf_error(&c->text);
        }
        bw_buf_add(&e->made, &id, sizeof(id));
    }
    return r < 0 ? r : bw_buf_error(&e->made);
}

static int template_of(struct encoder *e, size_t header, size_t *ret)
{
    struct template *list;

    for (size_t i = e->n_templates; i-- > 0;) {
        if (e->list[i].len == e->made.len &&
            memcmp(e->templates.data + e->list[i].at, e->made.data, e->made.len) == 0) {
            *ret = i;
            return 0;
        }
    }
    list = bw_grow(e->list, e->n_templates, &e->cap_templates, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    e->list = list;
    list[e->n_templates] =
        (struct template){.at = e->templates.len, .len = e->made.len, .header = header};
    bw_buf_add(&e->templates, e->made.data, e->made.len);
    e->n_pieces += 2 * e->scan->n_tokens + 2;
    *ret = e->n_templates++;
    return bw_buf_error(&e->templates);
}

/* ---- records --------------------------------------------------------------------- */

static bool base64url(const char *p, size_t n, bool dots)
{
    for (size_t i = 0; i < n; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'Z') ||
              (p[i] >= 'a' && p[i] <= 'z') || p[i] == '-' || p[i] == '_' ||
              (dots && p[i] == '.'))) {
            return false;
        }
    }
    return n > 0;
}

static bool text_of(struct encoder *e, const char *p, size_t n, struct bw_buf *out)
{
    long got = bw_b64_decode(p, n, e->raw, sizeof(e->raw));

    bw_buf_clear(out);
    for (long i = 0; i < got; i++) {
        if (e->raw[i] < 0x20) {
            return false;
        }
    }
    if (got <= 0 || !bw_utf8_valid((const char *)e->raw, (size_t)got)) {
        return false;
    }
    bw_buf_add(out, e->raw, (size_t)got);
    return bw_buf_error(out) == 0;
}

static int header_of(struct encoder *e, size_t *ret)
{
    struct header *list;

    for (size_t i = 0; i < e->n_headers; i++) {
        if (e->headers[i].text.len == e->header.len &&
            memcmp(e->headers[i].text.data, e->header.data, e->header.len) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (e->n_headers == BW_COLUMNS_HEADERS_MAX) {
        return -E2BIG;
    }
    list = bw_grow(e->headers, e->n_headers, &e->cap_headers, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    e->headers = list;
    list += e->n_headers;
    memset(list, 0, sizeof(*list));
    bw_buf_init(&list->text, BW_JWS_MAX);
    bw_buf_add(&list->text, e->header.data, e->header.len);
    e->header_bytes += e->header.len;
    *ret = e->n_headers++;
    return bw_buf_error(&list->text);
}

/* Is there a column and a place in line 1 for what the scan found? */
static bool has_room(const struct encoder *e)
{
    size_t n = e->scan->n_tokens;

    return e->n_columns + n <= BW_COLUMNS_MAX &&
           e->n_pieces + 2 * n + 2 <= BW_COLUMNS_PIECES_MAX &&
           e->templates.len + e->header_bytes + e->scan->words.len + 16 + n * 4 <=
               BW_COLUMNS_TEXT_MAX;
}

/* header.payload.signature; false: another form. */
static bool split(struct encoder *e, const char *p, size_t n, const char **ret_signature)
{
    const char *a = memchr(p, '.', n);
    const char *b = a ? memchr(a + 1, '.', n - (size_t)(a + 1 - p)) : NULL;

    if (!b || !base64url(b + 1, n - (size_t)(b + 1 - p), false)) {
        return false;
    }
    *ret_signature = b + 1;
    return text_of(e, p, (size_t)(a - p), &e->header) &&
           text_of(e, a + 1, (size_t)(b - a - 1), &e->payload);
}

static int put_record(struct encoder *e, const char *p, size_t n)
{
    const char *signature = NULL;
    size_t header = 0;
    size_t kind = 0;
    int r;

    if (e->kinds.len > 0) {
        bw_buf_putc(&e->kinds, ' ');
    }
    if (!split(e, p, n, &signature)) {
        bw_buf_add(&e->kinds, p, n);
        return base64url(p, n, true) && memchr(p, '.', n) ? 0 : -EINVAL;
    }
    r = header_of(e, &header);
    if (r == -E2BIG ||
        (r == 0 && (!bw_columns_take(e->scan, e->payload.data, e->payload.len,
                                     e->headers[header].last) ||
                    !has_room(e)))) {
        bw_buf_add(&e->kinds, p, n);
        return 0;
    }
    r = r < 0 ? r : put_tokens(e, header);
    r = r < 0 ? r : template_of(e, header, &kind);
    if (r < 0) {
        return r;
    }
    bw_buf_i64(&e->kinds, (int64_t)kind);
    if (e->signatures.len > 0) {
        bw_buf_putc(&e->signatures, ' ');
    }
    bw_buf_add(&e->signatures, signature, n - (size_t)(signature - p));
    bw_sha256_text(p, n, e->headers[header].last);
    return 0;
}

/* ---- the part -------------------------------------------------------------------- */

static void put_template(struct encoder *e, const struct template *t, struct bw_jw *w)
{
    const char *p = e->templates.data + t->at + sizeof(t->header);
    const char *end = e->templates.data + t->at + t->len;

    bw_jw_arr(w);
    bw_jw_i64(w, (int64_t)t->header);
    while (p < end) {
        const char *mark = memchr(p, BW_COLUMNS_MARK, (size_t)(end - p));
        size_t run = (size_t)((mark ? mark : end) - p);
        uint32_t id = 0;
        if (run > 0) {
            bw_jw_strn(w, p, run);
        }
        p += run;
        if (mark) {
            memcpy(&id, p + 1, sizeof(id));
            bw_jw_i64(w, (int64_t)id - 1);
            p += 1 + sizeof(id);
        }
    }
    bw_jw_arr_end(w);
}

static void put_column(const struct column *c, struct bw_buf *out)
{
    const int *rule = rules[0];
    struct number last = {0};
    size_t best = 0;

    if (c->type != 'n') {
        bw_buf_putc(out, c->type);
        bw_buf_add(out, c->text.data, c->text.len);
        bw_buf_putc(out, '\n');
        return;
    }
    for (size_t k = 1; k < RULES; k++) {
        best = c->cost[k] < c->cost[best] ? k : best;
    }
    rule = rules[best];
    bw_buf_printf(out, "%d,%d,%d,%d", rule[0], rule[1], rule[2], rule[3]);
    for (size_t i = 0; i < c->n; i++) {
        bw_buf_putc(out, ' ');
        bw_buf_i64(out, c->numbers[i].v - expected(rule, &last, &c->numbers[i]));
        last = c->numbers[i];
    }
    bw_buf_putc(out, '\n');
}

static int put_part(struct encoder *e, struct bw_buf *out)
{
    struct bw_jw w;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", BW_COLUMNS_VERSION);
    bw_jw_karr(&w, "headers");
    for (size_t i = 0; i < e->n_headers; i++) {
        bw_jw_strn(&w, e->headers[i].text.data, e->headers[i].text.len);
    }
    bw_jw_arr_end(&w);
    bw_jw_karr(&w, "templates");
    for (size_t i = 0; i < e->n_templates; i++) {
        put_template(e, &e->list[i], &w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
    bw_buf_add(out, e->kinds.data, e->kinds.len);
    bw_buf_putc(out, '\n');
    bw_buf_add(out, e->signatures.data, e->signatures.len);
    bw_buf_putc(out, '\n');
    for (size_t i = 0; i < e->n_columns; i++) {
        put_column(&e->columns[i], out);
    }
    return bw_buf_error(&e->kinds) || bw_buf_error(&e->signatures) ? -ENOMEM
                                                                   : bw_buf_error(out);
}

static void encoder_done(struct encoder *e)
{
    struct bw_buf *all[] = {&e->templates, &e->kinds,  &e->signatures,
                            &e->made,      &e->header, &e->payload};

    for (size_t i = 0; i < e->n_columns; i++) {
        free(e->columns[i].numbers);
        bw_buf_done(&e->columns[i].text);
    }
    for (size_t i = 0; i < e->n_headers; i++) {
        bw_buf_done(&e->headers[i].text);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bw_buf_done(all[i]);
    }
    free(e->columns);
    free(e->headers);
    free(e->list);
    free(e->table);
    bw_columns_scan_free(e->scan);
    free(e);
}

static struct encoder *encoder_new(void)
{
    struct encoder *e = calloc(1, sizeof(*e));

    if (!e) {
        return NULL;
    }
    bw_buf_init(&e->templates, OUT_MAX);
    bw_buf_init(&e->kinds, OUT_MAX);
    bw_buf_init(&e->signatures, OUT_MAX);
    bw_buf_init(&e->made, MADE_MAX);
    bw_buf_init(&e->header, BW_JWS_MAX);
    bw_buf_init(&e->payload, BW_JWS_MAX);
    e->table = calloc(TABLE, sizeof(*e->table));
    e->scan = bw_columns_scan_new();
    if (!e->table || !e->scan) {
        encoder_done(e);
        return NULL;
    }
    return e;
}

int bw_columns_write(const char *lines, size_t n, struct bw_buf *out, struct bw_err *reterr)
{
    struct encoder *e = encoder_new();
    struct bw_buf again;
    size_t from = out->len;
    const char *end = lines + n;
    int r = 0;

    if (!e) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&again, n + 1);
    for (const char *p = lines; r == 0 && p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        r = stop ? put_record(e, p, (size_t)(stop - p)) : -EINVAL;
        p = stop ? stop + 1 : end;
    }
    r = r < 0 ? r : put_part(e, out);
    if (r < 0) {
        r = bw_err_set(reterr, r,
                       r == -EINVAL ? "a line that is no compact JWS" : "out of memory");
    } else {
        r = bw_columns_read(out->data + from, out->len - from, &again, reterr);
    }
    if (r == 0 && (again.len != n || memcmp(again.data, lines, n) != 0)) {
        r = bw_err_set(reterr, -EINVAL, "records would not come back as they were");
    }
    bw_buf_done(&again);
    encoder_done(e);
    return r;
}

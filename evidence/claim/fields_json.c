/* SPDX-License-Identifier: GPL-3.0-or-later
 * fields_json.c - bodies as canonical JSON, both directions.
 *
 * Invariant: what is read is written again and must be the same bytes: order, spelling
 * and form of every value are checked by that alone. */
#include "fields.h"
#include "fields_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <string.h>

enum {
    VERSION = 1,
    BODY_MAX = 16384
};

static void put_decimal(struct bw_jw *w, const char *name, const struct bw_decimal *d)
{
    char text[BW_DECIMAL_TEXT_MAX + 1];
    bw_decimal_text(d, 0, text);
    bw_jw_kstr(w, name, text);
}

static void put_speed(struct bw_jw *w, const struct bw_speed *s)
{
    bw_jw_obj(w);
    bw_jw_ki64(w, "bps", s->bps);
    put_decimal(w, "filed", &s->filed);
    bw_jw_kstr(w, "unit", bw_speed_unit_name(s->unit));
    if (s->unit_asked) {
        bw_jw_kbool(w, "unit_asked", true);
    }
    bw_jw_obj_end(w);
}

static void put_flags(struct bw_jw *w, const struct bw_field *f, int64_t flags)
{
    bw_jw_arr(w);
    for (size_t i = 0; f->words[i]; i++) {
        if (flags >> i & 1) {
            bw_jw_str(w, f->words[i]);
        }
    }
    bw_jw_arr_end(w);
}

static void put(struct bw_jw *w, const struct bw_field *f, const void *object)
{
    if (f->kind == BW_FIELD_DECIMAL) {
        put_decimal(w, f->name, bw_field_decimal(f, object));
        return;
    }
    bw_jw_key(w, f->name);
    switch (f->kind) {
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_DATE:
        bw_jw_str(w, (const char *)object + f->at);
        break;
    case BW_FIELD_INT:
        bw_jw_i64(w, bw_field_int(f, object));
        break;
    case BW_FIELD_YES:
        bw_jw_bool(w, bw_field_int(f, object) != 0);
        break;
    case BW_FIELD_CHOICE:
        bw_jw_str(w, f->words[bw_field_int(f, object)]);
        break;
    case BW_FIELD_FLAGS:
        put_flags(w, f, bw_field_int(f, object));
        break;
    case BW_FIELD_SPEED:
        put_speed(w, bw_field_speed(f, object));
        break;
    case BW_FIELD_NUMBERS:
        bw_jw_arr(w);
        for (size_t i = 0; i < bw_field_numbers(f, object)->n; i++) {
            bw_jw_str(w, bw_field_numbers(f, object)->text[i]);
        }
        bw_jw_arr_end(w);
        break;
    case BW_FIELD_DECIMAL:
        break;
    }
}

int bw_fields_encode(const struct bw_field *table,
                     size_t n,
                     const void *object,
                     struct bw_buf *out,
                     struct bw_err *reterr)
{
    struct bw_jw w;
    for (size_t i = 0; i < n; i++) {
        int r = bw_field_check(&table[i], object, reterr);
        if (r < 0) {
            return r;
        }
    }
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", VERSION);
    for (size_t i = 0; i < n; i++) {
        if (bw_field_stated(&table[i], object)) {
            put(&w, &table[i], object);
        }
    }
    bw_jw_obj_end(&w);
    int r = bw_buf_error(out);
    return r < 0 ? bw_err_set(reterr, r, "the body is too long") : 0;
}

static int malformed(const struct bw_field *f, struct bw_err *reterr)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "%s: not what it should be", f->name);
}

static int take_text(const struct bw_field *f, const json_t *v, char *at, struct bw_err *e)
{
    size_t len = json_string_length(v);
    if (!json_is_string(v) || len == 0 || len >= f->size ||
        strlen(json_string_value(v)) != len) {
        return malformed(f, e);
    }
    memcpy(at, json_string_value(v), len + 1);
    return 0;
}

static int take_decimal(const json_t *v, struct bw_decimal *d)
{
    if (!json_is_string(v)) {
        return -EINVAL;
    }
    return bw_decimal_parse(json_string_value(v), json_string_length(v), d);
}

static int
take_speed(const struct bw_field *f, const json_t *v, struct bw_speed *s, struct bw_err *e)
{
    const json_t *bps = json_object_get(v, "bps");
    const char *unit = json_string_value(json_object_get(v, "unit"));
    if (!json_is_integer(bps) || !unit ||
        take_decimal(json_object_get(v, "filed"), &s->filed) < 0) {
        return malformed(f, e);
    }
    s->bps = json_integer_value(bps);
    s->unit = bw_speed_unit_parse(unit);
    s->unit_asked = json_is_true(json_object_get(v, "unit_asked"));
    return 0;
}

/* The index of a word; -1. */
static int64_t word_of(const struct bw_field *f, const json_t *v, size_t first)
{
    const char *text = json_string_value(v);
    for (size_t i = first; text && f->words[i]; i++) {
        if (strcmp(f->words[i], text) == 0) {
            return (int64_t)i;
        }
    }
    return -1;
}

static int
take_list(const struct bw_field *f, const json_t *v, char *at, struct bw_err *reterr)
{
    size_t n = json_array_size(v); /* 0 of what is no array */
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        if (f->kind == BW_FIELD_FLAGS) {
            int64_t word = word_of(f, item, 0);
            if (word < 0) {
                return malformed(f, reterr);
            }
            *(int64_t *)(void *)at |= INT64_C(1) << word;
        } else if (!json_is_string(item) || bw_numbers_add((struct bw_numbers *)(void *)at,
                                                           json_string_value(item)) < 0) {
            return malformed(f, reterr);
        }
    }
    return n == 0 ? malformed(f, reterr) : 0;
}

static int
take(const struct bw_field *f, const json_t *v, void *object, struct bw_err *reterr)
{
    char *at = (char *)object + f->at;
    int64_t word;
    switch (f->kind) {
    case BW_FIELD_TEXT:
    case BW_FIELD_DIGITS:
    case BW_FIELD_DATE:
        return take_text(f, v, at, reterr);
    case BW_FIELD_INT:
        if (!json_is_integer(v)) {
            return malformed(f, reterr);
        }
        *(int64_t *)(void *)at = json_integer_value(v);
        return 0;
    case BW_FIELD_YES:
        if (!json_is_boolean(v)) {
            return malformed(f, reterr);
        }
        *(int64_t *)(void *)at = json_is_true(v);
        return 0;
    case BW_FIELD_CHOICE:
        word = word_of(f, v, 1);
        if (word < 0) {
            return malformed(f, reterr);
        }
        *(int64_t *)(void *)at = word;
        return 0;
    case BW_FIELD_DECIMAL:
        return take_decimal(v, (struct bw_decimal *)(void *)at) < 0 ? malformed(f, reterr)
                                                                    : 0;
    case BW_FIELD_SPEED:
        return take_speed(f, v, (struct bw_speed *)(void *)at, reterr);
    case BW_FIELD_FLAGS:
    case BW_FIELD_NUMBERS:
        return take_list(f, v, at, reterr);
    }
    return malformed(f, reterr);
}

/* Is it what would be written? */
static int same_bytes(const struct bw_field *table,
                      size_t n,
                      const char *text,
                      size_t len,
                      const void *object,
                      struct bw_err *reterr)
{
    struct bw_buf again;
    bw_buf_init(&again, BODY_MAX);
    int r = bw_fields_encode(table, n, object, &again, reterr);
    if (r == -EINVAL) {
        r = -BW_EMALFORMED;
    } else if (r == 0 && (again.len != len || memcmp(again.data, text, len) != 0)) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "not in its canonical form, or with members that are not known");
    }
    bw_buf_done(&again);
    return r;
}

int bw_fields_decode(const struct bw_field *table,
                     size_t n,
                     const char *text,
                     size_t len,
                     void *object,
                     struct bw_err *reterr)
{
    json_t *root = NULL;
    int64_t v = 0;
    bw_fields_init(table, n, object);
    int r = bw_json_parse(text, len, BODY_MAX, &root, reterr);
    r = r < 0 ? r : bw_json_get_i64(root, "v", 1, INT32_MAX, &v, reterr);
    if (r == 0 && v > VERSION) {
        r = bw_err_set(reterr, -BW_ENEWER, "a body of version %lld: needs a newer reader",
                       (long long)v);
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        const json_t *member = json_object_get(root, table[i].name);
        r = member ? take(&table[i], member, object, reterr) : 0;
    }
    r = r < 0 ? r : same_bytes(table, n, text, len, object, reterr);
    json_decref(root);
    if (r < 0) {
        bw_fields_done(table, n, object);
        bw_fields_init(table, n, object);
    }
    return r;
}

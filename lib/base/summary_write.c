/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_write.c - a summary as canonical JSON, contract v1.
 *
 * Canonical: members in the table's order, no white space, integers without sign or
 * leading zeros where none are needed, only '"' and '\' escaped, nothing empty or
 * unknown written. So the same struct gives the same bytes. */
#include "buf.h"
#include "summary_table.h"

#include <bw/err.h>
#include <errno.h>
#include <string.h>

static int wrong(struct bw_err *reterr, const struct bw_where *w, const char *what)
{
    char where[200];
    bw_where_text(w, where);
    return bw_err_set(reterr, -EINVAL, "%s%s", where, what);
}

static void put_string(struct bw_buf *out, const char *text, size_t n)
{
    bw_buf_putc(out, '"');
    for (size_t from = 0, i = 0; i <= n; i++) {
        if (i == n || text[i] == '"' || text[i] == '\\') {
            bw_buf_add(out, text + from, i - from);
            if (i < n) {
                bw_buf_putc(out, '\\');
            }
            from = i;
        }
    }
    bw_buf_putc(out, '"');
}

/* Text that came from outside (a reason in somebody's words) must not cost the record:
 * bytes that are no text become '?', and what is too long ends early. */
static void put_text(struct bw_buf *out, const char *text, size_t max)
{
    char clean[256];
    size_t n = strlen(text);
    size_t used = 0;
    if (max > sizeof(clean)) {
        max = sizeof(clean);
    }
    for (size_t i = 0; i < n;) {
        size_t len = bw_text_char(text + i, n - i);
        if (used + (len ? len : 1) > max) {
            break;
        }
        if (len) {
            memcpy(clean + used, text + i, len);
        } else {
            clean[used] = '?';
        }
        used += len ? len : 1;
        i += len ? len : 1;
    }
    put_string(out, clean, used);
}

static int put_chars(struct bw_buf *out,
                     const struct bw_member *m,
                     const char *text,
                     const struct bw_where *p,
                     struct bw_err *reterr)
{
    const char *what;
    if (m->kind == BW_KIND_TEXT || m->kind == BW_KIND_PTEXT) {
        put_text(out, text, (size_t)m->max);
        return 0;
    }
    what = bw_member_text_wrong(m, text, strlen(text));
    if (what) {
        return wrong(reterr, p, what);
    }
    put_string(out, text, strlen(text));
    return 0;
}

static int put_members(struct bw_buf *out,
                       const struct bw_member *members,
                       const void *obj,
                       const struct bw_where *up,
                       struct bw_err *reterr);

/* The text that a const char * member points to, "" for none. */
static const char *text_at(const char *at)
{
    const char *text;
    memcpy(&text, at, sizeof(text));
    return text ? text : "";
}

static void put_bits(struct bw_buf *out, const struct bw_member *m, uint32_t bits)
{
    char before = '[';
    for (size_t i = 0; i < m->n_words; i++) {
        if (bits & (1u << i)) {
            bw_buf_putc(out, before);
            put_string(out, m->words[i], strlen(m->words[i]));
            before = ',';
        }
    }
    bw_buf_putc(out, ']');
}

static int put_words(struct bw_buf *out,
                     const struct bw_member *m,
                     const char *const *words,
                     struct bw_where *p,
                     struct bw_err *reterr)
{
    for (size_t i = 0; i < m->size && words[i]; i++) {
        int r;
        p->index = i;
        bw_buf_putc(out, i ? ',' : '[');
        r = put_chars(out, m, words[i], p, reterr);
        if (r < 0) {
            return r;
        }
    }
    bw_buf_putc(out, ']');
    return 0;
}

static int put_array(struct bw_buf *out,
                     const struct bw_member *m,
                     const char *items,
                     size_t n,
                     struct bw_where *p,
                     struct bw_err *reterr)
{
    if (n > (size_t)m->max) {
        return wrong(reterr, p, "too many");
    }
    for (size_t i = 0; i < n; i++) {
        int r;
        p->index = i;
        bw_buf_puts(out, i ? ",{" : "[{");
        r = put_members(out, m->sub, items + i * m->size, p, reterr);
        if (r < 0) {
            return r;
        }
        bw_buf_putc(out, '}');
    }
    bw_buf_putc(out, ']');
    return 0;
}

/* A member's value as it stands in the struct; which field counts says its kind. */
struct value {
    int64_t number;
    const char *text;
    const void *items;
    size_t n;
    uint32_t small;
    bool flag;
    bool there; /* not absent */
};

static bool is_word(const struct bw_member *m, const char *text)
{
    for (size_t i = 0; i < m->n_words; i++) {
        if (strcmp(m->words[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL, or what is wrong with it. */
static const char *look(const struct bw_member *m, const void *obj, struct value *ret)
{
    const char *at = (const char *)obj + m->at;
    struct value v = {.text = "", .there = true};

    switch ((enum bw_kind)m->kind) {
    case BW_KIND_INT:
        memcpy(&v.number, at, sizeof(v.number));
        v.there = v.number != BW_UNKNOWN;
        if (v.there && (v.number < m->min || v.number > m->max)) {
            return "out of range";
        }
        break;
    case BW_KIND_BOOL:
        memcpy(&v.flag, at, sizeof(v.flag));
        break;
    case BW_KIND_SITE:
    case BW_KIND_NAME:
    case BW_KIND_HASH:
    case BW_KIND_WORD:
    case BW_KIND_TOKEN:
    case BW_KIND_TEXT:
        v.text = at;
        v.there = *v.text != '\0';
        break;
    case BW_KIND_PTEXT:
    case BW_KIND_PTOKEN:
    case BW_KIND_PHIST:
        v.text = text_at(at);
        v.there = *v.text != '\0';
        break;
    case BW_KIND_ENUM:
        memcpy(&v.small, at, sizeof(v.small));
        v.text = v.small < m->n_words ? m->words[v.small] : NULL;
        v.there = v.text != NULL;
        break;
    case BW_KIND_STATIC:
        v.text = text_at(at);
        v.there = *v.text != '\0';
        if (v.there && !is_word(m, v.text)) {
            return "not one of the contract's words";
        }
        break;
    case BW_KIND_BITS:
        memcpy(&v.small, at, sizeof(v.small));
        v.there = (v.small & ((1u << m->n_words) - 1)) != 0;
        break;
    case BW_KIND_WORDS:
        v.items = at;
        v.there = *text_at(at) != '\0';
        break;
    case BW_KIND_OBJECT:
        v.there = m->present(obj);
        break;
    case BW_KIND_ARRAY:
        memcpy(&v.items, at, sizeof(v.items));
        memcpy(&v.n, (const char *)obj + m->count_at, sizeof(v.n));
        v.there = v.n > 0;
        break;
    case BW_KIND_END:
        v.there = false;
        break;
    }
    *ret = v;
    return v.there || !m->required ? NULL : "missing";
}

static int put_value(struct bw_buf *out,
                     const struct bw_member *m,
                     const void *obj,
                     const struct value *v,
                     struct bw_where *p,
                     struct bw_err *reterr)
{
    int r;

    switch ((enum bw_kind)m->kind) {
    case BW_KIND_INT:
        bw_buf_i64(out, v->number);
        return 0;
    case BW_KIND_BOOL:
        bw_buf_puts(out, v->flag ? "true" : "false");
        return 0;
    case BW_KIND_ENUM:
    case BW_KIND_STATIC:
        put_string(out, v->text, strlen(v->text));
        return 0;
    case BW_KIND_BITS:
        put_bits(out, m, v->small);
        return 0;
    case BW_KIND_WORDS:
        return put_words(out, m, v->items, p, reterr);
    case BW_KIND_OBJECT:
        bw_buf_putc(out, '{');
        r = put_members(out, m->sub, obj, p, reterr);
        bw_buf_putc(out, '}');
        return r;
    case BW_KIND_ARRAY:
        return put_array(out, m, v->items, v->n, p, reterr);
    case BW_KIND_SITE:
    case BW_KIND_NAME:
    case BW_KIND_HASH:
    case BW_KIND_WORD:
    case BW_KIND_TOKEN:
    case BW_KIND_TEXT:
    case BW_KIND_PTEXT:
    case BW_KIND_PTOKEN:
    case BW_KIND_PHIST:
        return put_chars(out, m, v->text, p, reterr);
    case BW_KIND_END:
        break;
    }
    return -EINVAL;
}

/* The member's value, its key before it. *ret_there false: it is absent. */
static int put_member(struct bw_buf *out,
                      const struct bw_member *m,
                      const void *obj,
                      struct bw_where *p,
                      bool *ret_there,
                      struct bw_err *reterr)
{
    struct value v;
    const char *fault = look(m, obj, &v);
    if (fault) {
        return wrong(reterr, p, fault);
    }
    *ret_there = v.there;
    if (!v.there) {
        return 0;
    }
    bw_buf_add(out, m->key, m->key_len);
    return put_value(out, m, obj, &v, p, reterr);
}

static int put_members(struct bw_buf *out,
                       const struct bw_member *members,
                       const void *obj,
                       const struct bw_where *up,
                       struct bw_err *reterr)
{
    bool first = up->member != NULL; /* "v" stands before the outermost ones */
    for (const struct bw_member *m = members; m->kind != BW_KIND_END; m++) {
        struct bw_where here = {.up = up, .member = m, .index = SIZE_MAX};
        size_t before = out->len;
        bool there = false;
        int r;
        if (!first) {
            bw_buf_putc(out, ',');
        }
        r = put_member(out, m, obj, &here, &there, reterr);
        if (r < 0) {
            return r;
        }
        if (there) {
            first = false;
        } else if (!out->error && out->len > before) {
            out->len = before; /* take the comma back */
            out->data[before] = '\0';
        }
    }
    return 0;
}

int bw_summary_encode(const struct bw_summary *s, struct bw_buf *out, struct bw_err *reterr)
{
    const struct bw_where top = {.index = SIZE_MAX};
    size_t before = out->len;
    int r;

    bw_buf_puts(out, "{\"v\":1");
    r = put_members(out, bw_summary_members, s, &top, reterr);
    if (r < 0) {
        goto out;
    }
    bw_buf_putc(out, '}');
    r = bw_summary_check(s, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_buf_error(out);
    if (r == 0 && out->len - before > BW_PAYLOAD_MAX) {
        r = -E2BIG;
    }
    if (r == -E2BIG) {
        (void)bw_err_set(reterr, r, "the summary is larger than %d bytes", BW_PAYLOAD_MAX);
    } else if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
out:
    if (r < 0 && out->data && before <= out->len) {
        out->len = before;
        out->data[before] = '\0';
    }
    return r;
}

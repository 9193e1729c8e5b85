/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_read.c - a strict reader of contract v1: one pass, no allocation a value.
 *
 * It takes canonical bytes and nothing else, so that one summary has one form: what it
 * accepts, the encoder writes again byte for byte. The payload is copied once into the
 * summary's arena and strings are taken apart in place there. Nesting cannot go deeper
 * than the tables. */
#include "summary_table.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reader {
    char *at; /* next byte; text ends with a NUL at `end` */
    char *end;
    const char *begin;
    struct bw_summary *s;
    struct bw_err *reterr;
};

static int
wrong_code(struct reader *r, const struct bw_where *w, int code, const char *what)
{
    char where[200];
    bw_where_text(w, where);
    return bw_err_set(r->reterr, code, "%s%s (byte %zu)", where, what,
                      (size_t)(r->at - r->begin));
}

static int wrong(struct reader *r, const struct bw_where *p, const char *what)
{
    return wrong_code(r, p, -BW_EMALFORMED, what);
}

/* Take these bytes or say what stands there instead. */
static int
expect(struct reader *r, const struct bw_where *p, const char *text, const char *what)
{
    size_t n = strlen(text);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0) {
        if (r->at < r->end && strchr(" \t\r\n", *r->at)) {
            what = "white space";
        }
        return wrong(r, p, what);
    }
    r->at += n;
    return 0;
}

static int
read_int(struct reader *r, const struct bw_where *p, int64_t min, int64_t max, int64_t *ret)
{
    const char *from = r->at;
    bool minus = *r->at == '-';
    const char *digits = from + minus;
    const char *at = digits;
    int64_t v = 0;
    while (*at >= '0' && *at <= '9') {
        if (at - digits >= 16) {
            return wrong(r, p, "out of range");
        }
        v = v * 10 + (*at - '0');
        at++;
    }
    if (at == digits) {
        return wrong(r, p, "not a whole number");
    }
    if (*digits == '0' && (at > digits + 1 || minus)) {
        return wrong(r, p, minus ? "minus zero" : "a leading zero");
    }
    if (*at == '.' || *at == 'e' || *at == 'E') {
        return wrong(r, p, "not a whole number");
    }
    v = minus ? -v : v;
    if (v < min || v > max) {
        return wrong(r, p, "out of range");
    }
    r->at += at - from;
    *ret = v;
    return 0;
}

/* A string within the arena's copy, its end replaced by a NUL; NULL when it told what is
 * wrong. Only \" and \\ are escaped in canonical bytes. */
static char *read_string(struct reader *r, const struct bw_where *p, size_t *ret_n)
{
    char *from = r->at + 1;
    char *to;
    char *in;
    if (*r->at != '"') {
        (void)wrong(r, p, "not a string");
        return NULL;
    }
    in = from;
    while (*in != '"' && *in != '\\' && in < r->end) {
        in++;
    }
    to = in;
    while (*in != '"') {
        if (in >= r->end) {
            (void)wrong(r, p, "the string does not end");
            return NULL;
        }
        if (*in == '\\') {
            in++;
            if (*in != '"' && *in != '\\') {
                (void)wrong(r, p, "an escape that is not canonical");
                return NULL;
            }
        }
        *to++ = *in++;
    }
    if (memchr(from, '\0', (size_t)(to - from))) {
        (void)wrong(r, p, "a NUL in a string");
        return NULL;
    }
    *to = '\0';
    *ret_n = (size_t)(to - from);
    r->at = in + 1;
    return from;
}

static char *read_text(struct reader *r,
                       const struct bw_where *p,
                       const struct bw_member *m,
                       size_t *ret_n)
{
    char *at = r->at;
    char *text = read_string(r, p, ret_n);
    const char *what = text ? bw_member_text_wrong(m, text, *ret_n) : NULL;
    if (what) {
        r->at = at;
        (void)wrong(r, p, what);
        return NULL;
    }
    return text;
}

static int read_word(struct reader *r,
                     const struct bw_where *p,
                     const struct bw_member *m,
                     size_t *ret_value)
{
    char *at = r->at;
    size_t n = 0;
    const char *text = read_string(r, p, &n);
    if (!text) {
        return -BW_EMALFORMED;
    }
    for (size_t i = 0; i < m->n_words; i++) {
        if (m->words[i] && strcmp(m->words[i], text) == 0) {
            *ret_value = i;
            return 0;
        }
    }
    r->at = at;
    return wrong(r, p, "not one of the contract's words");
}

static int read_members(struct reader *r,
                        const struct bw_member *members,
                        void *obj,
                        const struct bw_where *up);

static int
read_bits(struct reader *r, struct bw_where *p, const struct bw_member *m, uint32_t *ret)
{
    uint32_t bits = 0;
    int e = expect(r, p, "[", "not an array");
    for (size_t n = 0; e == 0; n++) {
        size_t v = 0;
        char *at = r->at;
        p->index = n;
        e = read_word(r, p, m, &v);
        if (e < 0) {
            break;
        }
        if (bits >> v) { /* twice, or after one that follows it */
            r->at = at;
            return wrong(r, p, "out of order");
        }
        bits |= 1u << v;
        if (*r->at == ']') {
            r->at++;
            *ret = bits;
            return 0;
        }
        e = expect(r, p, ",", "neither ',' nor ']'");
    }
    return e;
}

static int read_words(struct reader *r,
                      struct bw_where *p,
                      const struct bw_member *m,
                      const char **words)
{
    int e = expect(r, p, "[", "not an array");
    for (size_t n = 0; e == 0; n++) {
        size_t len = 0;
        p->index = n;
        if (n == m->size) {
            return wrong(r, p, "too many");
        }
        words[n] = read_text(r, p, m, &len);
        if (!words[n]) {
            return -BW_EMALFORMED;
        }
        if (*r->at == ']') {
            r->at++;
            return 0;
        }
        e = expect(r, p, ",", "neither ',' nor ']'");
    }
    return e;
}

static int read_array(struct reader *r,
                      struct bw_where *p,
                      const struct bw_member *m,
                      void **ret,
                      size_t *ret_n)
{
    char *items = NULL;
    size_t cap = 0;
    int e = expect(r, p, "[", "not an array");
    for (size_t n = 0; e == 0; n++) {
        p->index = n;
        if (n == (size_t)m->max) {
            return wrong(r, p, "too many");
        }
        if (n == cap) {
            size_t more = cap ? cap * 2 : 4;
            char *grown = bw_summary_alloc(r->s, more * m->size);
            if (!grown) {
                return wrong_code(r, p, -ENOMEM, "out of memory");
            }
            if (items) {
                memcpy(grown, items, n * m->size);
            }
            items = grown;
            cap = more;
        }
        memset(items + n * m->size, 0, m->size);
        bw_members_init(m->sub, items + n * m->size);
        e = expect(r, p, "{", "not an object");
        if (e < 0) {
            break;
        }
        e = read_members(r, m->sub, items + n * m->size, p);
        if (e < 0) {
            break;
        }
        if (*r->at == ']') {
            r->at++;
            *ret = items;
            *ret_n = n + 1;
            return 0;
        }
        e = expect(r, p, ",", "neither ',' nor ']'");
    }
    return e;
}

static int
read_value(struct reader *r, const struct bw_member *m, void *obj, struct bw_where *p)
{
    char *at = (char *)obj + m->at;
    const char *text;
    size_t n = 0;
    int64_t number = 0;
    uint32_t small = 0;
    size_t value = 0;
    void *items = NULL;
    bool flag;
    int e;

    switch ((enum bw_kind)m->kind) {
    case BW_KIND_INT:
        e = read_int(r, p, m->min, m->max, &number);
        if (e == 0) {
            memcpy(at, &number, sizeof(number));
        }
        return e;
    case BW_KIND_BOOL:
        flag = *r->at == 't';
        e = expect(r, p, flag ? "true" : "false", "neither true nor false");
        memcpy(at, &flag, sizeof(flag));
        return e;
    case BW_KIND_SITE:
    case BW_KIND_NAME:
    case BW_KIND_HASH:
    case BW_KIND_WORD:
    case BW_KIND_TOKEN:
    case BW_KIND_TEXT:
        text = read_text(r, p, m, &n);
        if (text) {
            memcpy(at, text, n + 1); /* fits: m->max is the array's size less one */
        }
        return text ? 0 : -BW_EMALFORMED;
    case BW_KIND_PTEXT:
    case BW_KIND_PTOKEN:
    case BW_KIND_PHIST:
        text = read_text(r, p, m, &n);
        memcpy(at, &text, sizeof(text));
        return text ? 0 : -BW_EMALFORMED;
    case BW_KIND_ENUM:
        e = read_word(r, p, m, &value);
        if (e == 0) {
            small = (uint32_t)value;
            memcpy(at, &small, sizeof(small));
        }
        return e;
    case BW_KIND_STATIC:
        e = read_word(r, p, m, &value);
        if (e == 0) {
            memcpy(at, &m->words[value], sizeof(m->words[value]));
        }
        return e;
    case BW_KIND_BITS:
        e = read_bits(r, p, m, &small);
        if (e == 0) {
            memcpy(at, &small, sizeof(small));
        }
        return e;
    case BW_KIND_WORDS:
        return read_words(r, p, m, (const char **)(void *)at);
    case BW_KIND_OBJECT:
        e = expect(r, p, "{", "not an object");
        if (e == 0) {
            e = read_members(r, m->sub, obj, p);
        }
        if (e == 0 && m->mark) {
            m->mark(obj);
        }
        if (e == 0 && !m->present(obj)) {
            return wrong(r, p, "empty");
        }
        return e;
    case BW_KIND_ARRAY:
        e = read_array(r, p, m, &items, &n);
        if (e == 0) {
            memcpy(at, &items, sizeof(items));
            memcpy((char *)obj + m->count_at, &n, sizeof(n));
        }
        return e;
    case BW_KIND_END:
        break;
    }
    return wrong(r, p, "not known");
}

/* No member of `members` from `from` on is called what stands at r->at: why not? */
static int tell_unknown(struct reader *r,
                        const struct bw_member *members,
                        const struct bw_member *from,
                        const struct bw_where *up)
{
    char what[120];
    size_t n;
    if (*r->at != '"') {
        return expect(r, up, "\"", "a member is expected");
    }
    for (const struct bw_member *m = members; m != from; m++) {
        size_t left = (size_t)(r->end - r->at);
        if (left >= m->key_len && memcmp(r->at, m->key, m->key_len) == 0) {
            (void)snprintf(what, sizeof(what), "member \"%.*s\" twice or out of order",
                           BW_MEMBER_NAME_ARGS(m));
            return wrong(r, up, what);
        }
    }
    n = strcspn(r->at + 1, "\"");
    for (size_t i = 0; i < n; i++) { /* the message is for people */
        if (r->at[1 + i] < 0x20 || r->at[1 + i] > 0x7e || i == 40) {
            n = i;
        }
    }
    (void)snprintf(what, sizeof(what), "unknown member \"%.*s\"", (int)n, r->at + 1);
    return wrong(r, up, what);
}

/* Members behind an opening brace up to and with the closing one. The outermost object
 * begins behind "v", so there every member has a comma before it. */
static int read_members(struct reader *r,
                        const struct bw_member *members,
                        void *obj,
                        const struct bw_where *up)
{
    const struct bw_member *m = members;
    bool first = up->member != NULL;
    while (*r->at != '}') {
        const struct bw_member *next = m;
        struct bw_where here = {.up = up, .index = SIZE_MAX};
        size_t left;
        int e;
        if (!first) {
            e = expect(r, up, ",", "neither ',' nor '}'");
            if (e < 0) {
                return e;
            }
        }
        first = false;
        left = (size_t)(r->end - r->at);
        while (next->kind != BW_KIND_END &&
               (left < next->key_len || memcmp(r->at, next->key, next->key_len) != 0)) {
            next++;
        }
        if (next->kind == BW_KIND_END) {
            return tell_unknown(r, members, m, up);
        }
        for (; m != next; m++) {
            if (m->required) {
                here.member = m;
                return wrong(r, &here, "missing");
            }
        }
        r->at += m->key_len;
        here.member = m;
        e = read_value(r, m, obj, &here);
        if (e < 0) {
            return e;
        }
        m++;
    }
    for (; m->kind != BW_KIND_END; m++) {
        if (m->required) {
            const struct bw_where here = {.up = up, .member = m, .index = SIZE_MAX};
            return wrong(r, &here, "missing");
        }
    }
    r->at++;
    return 0;
}

static int read_version(struct reader *r)
{
    static const struct bw_where top = {.index = SIZE_MAX};
    int64_t v = 0;
    int e = expect(r, &top, "{\"v\":", "does not begin with {\"v\":");
    if (e == 0) {
        e = read_int(r, &top, 1, BW_SUMMARY_INT_MAX, &v);
    }
    if (e == 0 && v != 1) {
        char what[80];
        (void)snprintf(what, sizeof(what), "a summary of version %lld needs a newer reader",
                       (long long)v);
        return wrong_code(r, &top, -BW_ENEWER, what);
    }
    return e;
}

int bw_summary_decode(const char *json,
                      size_t n,
                      struct bw_summary *ret,
                      struct bw_err *reterr)
{
    static const struct bw_where top = {.index = SIZE_MAX};
    struct bw_summary s;
    struct reader r = {.s = &s, .reterr = reterr};
    int e;

    bw_summary_init(&s);
    if (n > BW_PAYLOAD_MAX) {
        e = bw_err_set(reterr, -BW_EMALFORMED, "%zu bytes are more than %d", n,
                       BW_PAYLOAD_MAX);
        goto out;
    }
    r.at = bw_summary_alloc(&s, n + 1);
    if (!r.at) {
        e = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    memcpy(r.at, json, n);
    r.begin = r.at;
    r.end = r.at + n;
    *r.end = '\0';
    e = read_version(&r);
    if (e < 0) {
        goto out;
    }
    e = read_members(&r, bw_summary_members, &s, &top);
    if (e < 0) {
        goto out;
    }
    if (r.at != r.end) {
        e = wrong(&r, &top, "bytes behind the end");
        goto out;
    }
    e = bw_summary_check(&s, reterr);
    if (e < 0) {
        e = -BW_EMALFORMED;
        goto out;
    }
    *ret = s; /* ownership moves in the last step */
    bw_summary_init(&s);
out:
    bw_summary_done(&s);
    return e;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * statement.c - the envelope of a statement, written and read (docs/statement-v1.md).
 *
 * Invariant: what decodes encodes to the same bytes; the reader makes sure by writing
 * again what it read, body included. */
#include "statement.h"

#include "buf.h"
#include "hash.h"
#include "json.h"
#include "utf8.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define N_MAX INT64_C(9007199254740991) /* 2^53 - 1: safe in any JSON reader */
#define UNIX_S_MAX INT64_C(253402300799)

enum {
    WORD_MAX = 64, /* of a member of a body */
    CLOSING = 1    /* bytes after the body */
};

static const char *const words[BW_STATEMENT_KINDS] = {
    [BW_STATEMENT_ENTITY] = "entity",
    [BW_STATEMENT_CLAIM] = "claim",
    [BW_STATEMENT_BINDING] = "binding",
    [BW_STATEMENT_CALENDAR] = "calendar",
    [BW_STATEMENT_ANNOTATION] = "annotation",
    [BW_STATEMENT_ADOPTION] = "adoption",
    [BW_STATEMENT_ERRATUM] = "erratum",
    [BW_STATEMENT_REPLY] = "reply",
    [BW_STATEMENT_WITHDRAWAL] = "withdrawal",
    [BW_STATEMENT_REVOCATION] = "revocation",
    [BW_STATEMENT_SITE] = "site",
    [BW_STATEMENT_TERMS] = "terms",
};

const char *bw_statement_kind_name(enum bw_statement_kind kind)
{
    return (size_t)kind < BW_STATEMENT_KINDS ? words[kind] : NULL;
}

enum bw_statement_kind bw_statement_kind_parse(const char *word)
{
    for (size_t i = 1; i < BW_STATEMENT_KINDS; i++) {
        if (strcmp(words[i], word) == 0) {
            return (enum bw_statement_kind)i;
        }
    }
    return BW_STATEMENT_OTHER;
}

void bw_statement_init(struct bw_statement *s, enum bw_statement_kind kind)
{
    const char *word = bw_statement_kind_name(kind);
    memset(s, 0, sizeof(*s));
    s->v = 1;
    s->kind = kind;
    (void)snprintf(s->word, sizeof(s->word), "%s", word ? word : "");
    s->body = "{}";
    s->n_body = 2;
}

void bw_statement_id(const char *text, size_t n, char ret[BW_HASH_LEN + 1])
{
    bw_sha256_text(text, n, ret);
}

bool bw_statement_id_valid(const char *id)
{
    uint8_t raw[32];
    size_t n = strlen(id);
    return n == BW_HASH_LEN && bw_b64_decode(id, n, raw, sizeof(raw)) == (long)sizeof(raw);
}

static bool made_of(const char *text, const char *marks)
{
    for (const char *p = text; *p; p++) {
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && !strchr(marks, *p)) {
            return false;
        }
    }
    return text[0] != '\0';
}

void bw_statement_by_of(const char *text, char ret[BW_STATEMENT_BY_MAX + 1])
{
    size_t n = 0;
    for (; *text && n < BW_STATEMENT_BY_MAX; text++) {
        char one[2] = {*text, '\0'};
        if (*text >= 'A' && *text <= 'Z') {
            one[0] = (char)(*text - 'A' + 'a');
        } else if (!made_of(one, "._-")) {
            one[0] = '-';
        }
        ret[n++] = one[0];
    }
    ret[n] = '\0';
}

/* ---- rules of the members */

static int fault(struct bw_err *reterr, const char *name, const char *rule)
{
    return bw_err_set(reterr, -EINVAL, "statement: member '%s' %s", name, rule);
}

/* Text that people can read as it stands: well-formed, nothing hidden in it. */
static bool plain(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && bw_utf8_valid(text, n) && bw_utf8_hidden(text, n) == n;
}

static int check_five(const struct bw_statement *s, struct bw_err *reterr)
{
    if (!made_of(s->word, "-")) {
        return fault(reterr, "kind", "must be a word of a-z, 0-9 and '-'");
    }
    if (!plain(s->about)) {
        return fault(reterr, "about", "must be text without control characters");
    }
    if (s->said_unix_s < 0 || s->said_unix_s > UNIX_S_MAX) {
        return fault(reterr, "said_s", "must be seconds since 1970");
    }
    if (!made_of(s->by, "._-")) {
        return fault(reterr, "by", "must be an account's name of a-z, 0-9, '.', '_', '-'");
    }
    return 0;
}

static int check_replaces(const struct bw_statement *s, struct bw_err *reterr)
{
    if (s->n_replaces > BW_STATEMENT_REPLACES_MAX) {
        return fault(reterr, "replaces", "has too many ids");
    }
    for (size_t i = 0; i < s->n_replaces; i++) {
        if (!bw_statement_id_valid(s->replaces[i])) {
            return fault(reterr, "replaces", "must be ids of statements");
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(s->replaces[i], s->replaces[k]) == 0) {
                return fault(reterr, "replaces", "names an id twice");
            }
        }
    }
    return 0;
}

static int check(const struct bw_statement *s, struct bw_err *reterr)
{
    int r = check_five(s, reterr);
    if (r < 0) {
        return r;
    }
    if (s->v != 1) {
        return fault(reterr, "v", "must be 1 for this program to write it");
    }
    if (s->kind != bw_statement_kind_parse(s->word)) {
        return fault(reterr, "kind", "is written as another kind's word");
    }
    if (s->via[0] && !plain(s->via)) {
        return fault(reterr, "via", "must be text without control characters");
    }
    if ((s->file[0] == '\0') != (s->sha256[0] == '\0')) {
        return fault(reterr, "source", "needs both 'file' and 'sha256'");
    }
    if (s->file[0] && (!plain(s->file) || strchr(s->file, '/'))) {
        return fault(reterr, "file", "must be a file's name without a folder");
    }
    if (s->sha256[0] && !bw_statement_id_valid(s->sha256)) {
        return fault(reterr, "sha256", "must be a SHA-256 in base64url");
    }
    if (s->kind == BW_STATEMENT_WITHDRAWAL &&
        (s->n_replaces > 0 || !bw_statement_id_valid(s->about))) {
        return fault(reterr, "about",
                     "of a withdrawal must be the id of the statement that it ends, "
                     "and nothing is replaced by it");
    }
    return check_replaces(s, reterr);
}

/* ---- bodies */

/* After a failure the writer stands in the middle of something: its buffer is dropped. */
static int write_value(struct bw_jw *w, json_t *v, size_t depth, struct bw_err *reterr);

static int
write_object(struct bw_jw *w, json_t *object, size_t depth, struct bw_err *reterr)
{
    const char *name;
    json_t *v;
    bw_jw_obj(w);
    json_object_foreach(object, name, v)
    {
        if (strlen(name) > WORD_MAX || !made_of(name, "_-")) {
            return bw_err_set(reterr, -EINVAL,
                              "statement: body: member names are words of a-z, 0-9, '_' "
                              "and '-', not '%.40s'",
                              name);
        }
        bw_jw_key(w, name);
        int r = write_value(w, v, depth + 1, reterr);
        if (r < 0) {
            return r;
        }
    }
    bw_jw_obj_end(w);
    return 0;
}

static int write_array(struct bw_jw *w, json_t *array, size_t depth, struct bw_err *reterr)
{
    bw_jw_arr(w);
    for (size_t i = 0; i < json_array_size(array); i++) {
        int r = write_value(w, json_array_get(array, i), depth + 1, reterr);
        if (r < 0) {
            return r;
        }
    }
    bw_jw_arr_end(w);
    return 0;
}

static int write_number(struct bw_jw *w, const json_t *v, struct bw_err *reterr)
{
    int64_t n = json_integer_value(v);
    if (n < -N_MAX || n > N_MAX) {
        return bw_err_set(reterr, -EINVAL, "statement: body: a number is beyond 2^53 - 1");
    }
    bw_jw_i64(w, n);
    return 0;
}

/* Text of a body may have lines and tabs; nothing else in it is hidden from a reader. */
static bool readable(const char *text, size_t n)
{
    while (n > 0) {
        size_t at = bw_utf8_hidden(text, n);
        if (at < n && text[at] != '\n' && text[at] != '\t') {
            return false;
        }
        at += at < n;
        text += at;
        n -= at;
    }
    return true;
}

/* Depth is bounded: the parser refuses what is deeper than it reads. */
static int write_value(struct bw_jw *w, json_t *v, size_t depth, struct bw_err *reterr)
{
    if (depth > BW_STATEMENT_DEPTH_MAX) {
        return bw_err_set(reterr, -EINVAL, "statement: body: deeper than %d levels",
                          BW_STATEMENT_DEPTH_MAX);
    }
    if (json_is_object(v)) {
        return write_object(w, v, depth, reterr);
    }
    if (json_is_array(v)) {
        return write_array(w, v, depth, reterr);
    }
    if (json_is_string(v) && !readable(json_string_value(v), json_string_length(v))) {
        return bw_err_set(reterr, -EINVAL, "statement: body: hidden characters in a text");
    }
    if (json_is_string(v)) {
        bw_jw_strn(w, json_string_value(v), json_string_length(v));
    } else if (json_is_integer(v)) {
        return write_number(w, v, reterr);
    } else if (json_is_boolean(v)) {
        bw_jw_bool(w, json_is_true(v));
    } else {
        return bw_err_set(reterr, -EINVAL,
                          "statement: body: fractions and null are no values here");
    }
    return 0;
}

static int write_body(json_t *body, struct bw_buf *out, struct bw_err *reterr)
{
    struct bw_jw w;
    if (!json_is_object(body)) {
        return fault(reterr, "body", "must be an object");
    }
    bw_jw_init(&w, out);
    int r = write_value(&w, body, 1, reterr);
    return r < 0 ? r : bw_buf_error(out);
}

/* ---- writing */

static void
write_all(const struct bw_statement *s, const char *body, size_t n_body, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", s->v);
    bw_jw_kstr(&w, "kind", s->word);
    bw_jw_kstr(&w, "about", s->about);
    bw_jw_ki64(&w, "said_s", s->said_unix_s);
    bw_jw_kstr(&w, "by", s->by);
    bw_jw_kstr(&w, "via", s->via[0] ? s->via : NULL);
    if (s->file[0]) {
        bw_jw_kobj(&w, "source");
        bw_jw_kstr(&w, "file", s->file);
        bw_jw_kstr(&w, "sha256", s->sha256);
        bw_jw_obj_end(&w);
    }
    if (s->n_replaces > 0) {
        bw_jw_karr(&w, "replaces");
        for (size_t i = 0; i < s->n_replaces; i++) {
            bw_jw_str(&w, s->replaces[i]);
        }
        bw_jw_arr_end(&w);
    }
    bw_jw_key(&w, "body");
    bw_jw_raw(&w, body, n_body);
    bw_jw_obj_end(&w);
}

/* Is the given body the canonical form of what it says? */
static int check_body(const struct bw_statement *s, struct bw_err *reterr)
{
    struct bw_buf again;
    json_t *body = NULL;
    if (!s->body) {
        return fault(reterr, "body", "is missing");
    }
    bw_buf_init(&again, (size_t)2 * BW_STATEMENT_MAX);
    int r = bw_json_parse(s->body, s->n_body, BW_STATEMENT_MAX, &body, reterr);
    if (r == 0) {
        r = write_body(body, &again, reterr);
    }
    if (r == 0 && (again.len != s->n_body || memcmp(again.data, s->body, again.len) != 0)) {
        r = fault(reterr, "body", "is not canonical: no white space, plain escapes");
    }
    json_decref(body);
    bw_buf_done(&again);
    return r;
}

int bw_statement_encode(const struct bw_statement *s,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    struct bw_buf whole;
    bw_buf_init(&whole, (size_t)4 * BW_STATEMENT_MAX);
    int r = check(s, reterr);
    r = r < 0 ? r : check_body(s, reterr);
    if (r < 0) {
        goto out;
    }
    write_all(s, s->body, s->n_body, &whole);
    r = bw_buf_error(&whole);
    if (r == 0 && whole.len > BW_STATEMENT_MAX) {
        r = -E2BIG;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "statement: longer than %d bytes", BW_STATEMENT_MAX);
        goto out;
    }
    bw_buf_add(out, whole.data, whole.len);
    r = bw_buf_error(out);
out:
    bw_buf_done(&whole);
    return r;
}

/* ---- reading */

static int read_text(const json_t *o,
                     const char *name,
                     bool needed,
                     char *out,
                     size_t cap,
                     struct bw_err *reterr)
{
    const char *text = NULL;
    int r = needed ? bw_json_get_str(o, name, cap - 1, &text, reterr)
                   : bw_json_opt_str(o, name, cap - 1, &text, reterr);
    if (r == 0 && text && text[0] == '\0') {
        r = bw_err_set(reterr, -BW_EMALFORMED, "member '%s' is empty", name);
    }
    if (r == 0) {
        (void)snprintf(out, cap, "%s", text ? text : "");
    }
    return r;
}

/* What every version has. */
static int read_five(const json_t *o, struct bw_statement *s, struct bw_err *reterr)
{
    int r = bw_json_get_i64(o, "v", 1, N_MAX, &s->v, reterr);
    r = r < 0 ? r : read_text(o, "kind", true, s->word, sizeof(s->word), reterr);
    r = r < 0 ? r : read_text(o, "about", true, s->about, sizeof(s->about), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "said_s", 0, UNIX_S_MAX, &s->said_unix_s, reterr);
    r = r < 0 ? r : read_text(o, "by", true, s->by, sizeof(s->by), reterr);
    if (r == 0) {
        s->kind = bw_statement_kind_parse(s->word);
        r = check_five(s, reterr);
    }
    return r;
}

static int read_replaces(const json_t *o, struct bw_statement *s, struct bw_err *reterr)
{
    const json_t *all = NULL;
    int r = bw_json_opt_arr(o, "replaces", BW_STATEMENT_REPLACES_MAX, &all, reterr);
    if (r < 0 || !all) {
        return r;
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (!json_is_string(one) || json_string_length(one) != BW_HASH_LEN) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "member 'replaces' must be ids of statements");
        }
        (void)snprintf(s->replaces[i], sizeof(s->replaces[i]), "%s",
                       json_string_value(one));
    }
    s->n_replaces = json_array_size(all);
    return 0;
}

static int read_rest(const json_t *o, struct bw_statement *s, struct bw_err *reterr)
{
    static const char *const members[] = {"v",   "kind",   "about",    "said_s", "by",
                                          "via", "source", "replaces", "body",   NULL};
    static const char *const of_source[] = {"file", "sha256", NULL};
    const json_t *source = NULL;
    int r = bw_json_only(o, members, reterr);
    r = r < 0 ? r : read_text(o, "via", false, s->via, sizeof(s->via), reterr);
    r = r < 0 ? r : bw_json_opt_obj(o, "source", &source, reterr);
    if (r == 0 && source) {
        r = bw_json_only(source, of_source, reterr);
        r = r < 0 ? r : read_text(source, "file", true, s->file, sizeof(s->file), reterr);
        r = r < 0 ? r
                  : read_text(source, "sha256", true, s->sha256, sizeof(s->sha256), reterr);
    }
    return r < 0 ? r : read_replaces(o, s, reterr);
}

/* The whole of version 1, held against the bytes. */
static int read_first(
    json_t *o, const char *text, size_t n, struct bw_statement *s, struct bw_err *reterr)
{
    struct bw_buf body;
    struct bw_buf again;
    bw_buf_init(&body, (size_t)2 * BW_STATEMENT_MAX);
    bw_buf_init(&again, (size_t)4 * BW_STATEMENT_MAX);
    int r = read_rest(o, s, reterr);
    r = r < 0 ? r : check(s, reterr);
    r = r < 0 ? r : write_body(json_object_get(o, "body"), &body, reterr);
    if (r < 0) {
        goto out;
    }
    write_all(s, body.data, body.len, &again);
    r = bw_buf_error(&again);
    if (r == 0 && (again.len != n || memcmp(again.data, text, n) != 0)) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "statement: not canonical (order of members, white space, escapes)");
    }
    if (r == 0) {
        s->n_body = body.len;
        s->body = text + (n - CLOSING - body.len);
    }
out:
    bw_buf_done(&body);
    bw_buf_done(&again);
    return r;
}

int bw_statement_decode(const char *text,
                        size_t n,
                        struct bw_statement *ret,
                        struct bw_err *reterr)
{
    struct bw_statement s;
    json_t *o = NULL;
    memset(&s, 0, sizeof(s));
    int r = bw_json_parse(text, n, BW_STATEMENT_MAX, &o, reterr);
    if (r < 0) {
        return r;
    }
    r = json_is_object(o) ? read_five(o, &s, reterr)
                          : bw_err_set(reterr, -BW_EMALFORMED, "statement: not an object");
    if (r == 0 && s.v == 1) {
        r = read_first(o, text, n, &s, reterr);
    }
    json_decref(o);
    if (r == 0) {
        *ret = s;
    }
    return r == -EINVAL ? -BW_EMALFORMED : r;
}

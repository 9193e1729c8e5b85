/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_source.c - what is checked and with what: whole files, record stores, key files. */
#include "buf.h"
#include "check.h"
#include "file.h"
#include "josefile.h"
#include "json.h"
#include "jws.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRESS_EVERY = 2048,
    KEY_FILE_MAX = 4 * 1024 * 1024,
    KEYS_MAX = 100000
};

static const char *add_trouble(int r)
{
    return r == -E2BIG ? "the records are in no order; they are not looked at further"
                       : "out of memory";
}

/* Takes the lines over. */
static int check_lines(const char *name,
                       struct bw_lines *l,
                       struct bw_check *c,
                       bw_check_progress_cb progress,
                       void *owner,
                       struct bw_check_result *ret,
                       struct bw_err *reterr)
{
    const char *line;
    size_t n;
    int64_t number = 0;
    int r = 0;
    while (r == 0 && bw_lines_next(l, &line, &n, &number)) {
        r = bw_check_add(c, line, n, number);
        if (progress && number % PROGRESS_EVERY == 0) {
            size_t done;
            size_t all;
            bw_lines_progress(l, &done, &all);
            progress(owner, (int)((double)done * 1000 / (double)all));
        }
    }
    bw_lines_close(l);
    if (r < 0) {
        return bw_err_set(reterr, r, "%s:%" PRId64 ": %s", name, number, add_trouble(r));
    }
    bw_check_finish(c, ret);
    return 0;
}

int bw_check_file(const char *path,
                  struct bw_check *c,
                  bw_check_progress_cb progress,
                  void *owner,
                  struct bw_check_result *ret,
                  struct bw_err *reterr)
{
    struct bw_lines *l = NULL;
    int r = bw_lines_open(path, &l, reterr);
    return r < 0 ? r : check_lines(path, l, c, progress, owner, ret, reterr);
}

int bw_check_bytes(const char *data,
                   size_t size,
                   struct bw_check *c,
                   bw_check_progress_cb progress,
                   void *owner,
                   struct bw_check_result *ret,
                   struct bw_err *reterr)
{
    struct bw_lines *l = NULL;
    int r = bw_lines_open_bytes(data, size, &l);
    return r < 0 ? bw_err_set(reterr, r, "out of memory")
                 : check_lines("line", l, c, progress, owner, ret, reterr);
}

struct walk {
    struct bw_check *c;
    int64_t n;
    int r;
};

static int add_record(void *owner, const struct bw_record *rec)
{
    struct walk *w = owner;
    w->r = bw_check_add(w->c, rec->jws, rec->jws_len, ++w->n);
    return w->r;
}

int bw_check_records(struct bw_records *r,
                     const char *site,
                     struct bw_check *c,
                     struct bw_check_result *ret,
                     struct bw_err *reterr)
{
    struct walk w = {.c = c};
    int e = bw_records_each(r, site, INT64_MIN, INT64_MAX, add_record, &w, reterr);
    if (e == 0) {
        bw_check_finish(c, ret);
    } else if (w.r < 0) {
        (void)bw_err_set(reterr, e, "record %" PRId64 ": %s", w.n, add_trouble(w.r));
    }
    return e;
}

/* ---- keys ---------------------------------------------------------------------------- */

/* One JWK: the members that make the key and nothing else, so that a private one or one
 * with remarks is taken for its public half. */
static int
add_key(const json_t *jwk, struct bw_pubkey **keys, size_t *n, struct bw_err *reterr)
{
    static const char *const members[] = {"crv", "kty", "x", "y"};
    json_t *bare = json_object();
    char *text = NULL;
    struct bw_pubkey *grown;
    int r = -ENOMEM;
    for (size_t i = 0; bare && i < sizeof(members) / sizeof(members[0]); i++) {
        json_t *v = json_object_get(jwk, members[i]);
        if (v && json_object_set(bare, members[i], v) < 0) {
            goto out;
        }
    }
    text = bare ? json_dumps(bare, JSON_COMPACT) : NULL;
    grown = text ? reallocarray(*keys, *n + 1, sizeof(*grown)) : NULL;
    if (!grown) {
        goto out;
    }
    *keys = grown;
    r = *n < KEYS_MAX ? bw_pubkey_parse(text, strlen(text), &grown[*n], reterr)
                      : bw_err_set(reterr, -E2BIG, "more than %d keys", KEYS_MAX);
    if (r == 0) {
        ++*n;
    }
out:
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    free(text);
    json_decref(bare);
    return r;
}

/* Ed25519 or P-256; a set may hold keys for other purposes beside them. */
static bool of_our_kind(const json_t *jwk)
{
    const char *kty = json_string_value(json_object_get(jwk, "kty"));
    const char *crv = json_string_value(json_object_get(jwk, "crv"));
    return kty && crv &&
           ((strcmp(kty, "OKP") == 0 && strcmp(crv, "Ed25519") == 0) ||
            (strcmp(kty, "EC") == 0 && strcmp(crv, "P-256") == 0));
}

static int
add_keys(const json_t *o, struct bw_pubkey **keys, size_t *n, struct bw_err *reterr)
{
    const json_t *set = json_object_get(o, "keys");
    int r = 0;
    if (!set) {
        return add_key(o, keys, n, reterr);
    }
    if (!json_is_array(set)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "'keys' is not an array");
    }
    for (size_t i = 0; r == 0 && i < json_array_size(set); i++) {
        const json_t *jwk = json_array_get(set, i);
        if (!json_is_object(jwk)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "a key is not an object");
        } else if (of_our_kind(jwk)) { /* others are to be ignored: RFC 7517 section 5 */
            r = add_key(jwk, keys, n, reterr);
        }
        if (r < 0) {
            (void)bw_err_prefix(reterr, r, "key %zu", i + 1);
        }
    }
    return r;
}

int bw_keys_parse(const char *text,
                  size_t size,
                  struct bw_pubkey **keys,
                  size_t *n,
                  struct bw_err *reterr)
{
    json_t *o = NULL;
    size_t before = *n;
    int r = 0;
    if (bw_json_parse(text, size, KEY_FILE_MAX, &o, NULL) == 0) {
        r = json_is_object(o) ? add_keys(o, keys, n, reterr) : 0;
    } else { /* one JWK or JWK Set a line */
        int64_t line = 0;
        for (const char *at = text, *end = text + size; r == 0 && at < end;) {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
            line++;
            if (strspn(at, " \t\r") < len) {
                r = bw_json_parse(at, len, KEY_FILE_MAX, &o, reterr);
                if (r == 0) {
                    r = json_is_object(o) ? add_keys(o, keys, n, reterr)
                                          : bw_err_set(reterr, -BW_EMALFORMED, "not a JWK");
                    json_decref(o);
                    o = NULL;
                }
                if (r < 0) {
                    (void)bw_err_prefix(reterr, r, "line %" PRId64, line);
                }
            }
            at += len + 1;
        }
    }
    if (r == 0 && *n == before) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "no Ed25519 or P-256 key in it");
    }
    json_decref(o);
    return r;
}

int bw_keys_load(const char *path,
                 struct bw_pubkey **keys,
                 size_t *n,
                 struct bw_err *reterr)
{
    struct bw_buf b;
    int r;
    bw_buf_init(&b, KEY_FILE_MAX);
    r = bw_file_read(path, KEY_FILE_MAX, &b, reterr);
    if (r == 0) {
        r = bw_keys_parse(b.data ? b.data : "", b.len, keys, n, reterr);
        if (r < 0) {
            (void)bw_err_prefix(reterr, r, "%s", path);
        }
    }
    bw_buf_done(&b);
    return r;
}

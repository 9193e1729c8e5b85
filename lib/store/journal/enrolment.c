/* SPDX-License-Identifier: GPL-3.0-or-later
 * enrolment.c - what a box knows of its collector, and where its keys are.
 *
 * Invariant: enrolment.json is replaced whole or not at all; no private key is kept whose
 * public half is not in public/; and whatever is made here belongs to who owns the state
 * directory, so that root may enrol for the daemon. */
#include "enrolment.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <file.h>
#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 16384,
    JWK_MAX = 1024
};

static void file_path(const char *state_dir, char *out)
{
    (void)snprintf(out, PATH_MAX, "%s/enrolment.json", state_dir);
}

static void try_path(const char *state_dir, char *out)
{
    (void)snprintf(out, PATH_MAX, "%s/enrolment.pending.json", state_dir);
}

void bw_enrolment_key_path(const char *state_dir, const char *kid, char *out)
{
    (void)snprintf(out, PATH_MAX, "%s/keys/%s.jwk", state_dir, kid);
}

/* Give path to the owner of state_dir; only root can, and only root needs to. */
static int hand_over(const char *state_dir, const char *path, struct bw_err *reterr)
{
    struct stat st;
    if (geteuid() != 0) {
        return 0;
    }
    if (stat(state_dir, &st) < 0) {
        return bw_err_set(reterr, -errno, "%s: %s", state_dir, bw_strerror(-errno));
    }
    if (lchown(path, st.st_uid, st.st_gid) < 0) {
        return bw_err_set(reterr, -errno, "chown %s: %s", path, bw_strerror(-errno));
    }
    return 0;
}

static int
copy_text(const json_t *o, const char *name, char *out, size_t cap, struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_opt_str(o, name, cap - 1, &text, reterr);
    if (r == 0) {
        (void)snprintf(out, cap, "%s", text ? text : "");
    }
    return r;
}

static int read_log_key(const json_t *o, struct bw_enrolment *e, struct bw_err *reterr)
{
    const json_t *jwk = NULL;
    int r = bw_json_opt_obj(o, "log_key", &jwk, reterr);
    if (r < 0 || !jwk) {
        return r;
    }
    char *text = json_dumps(jwk, JSON_COMPACT);
    if (!text) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_pubkey_parse(text, strlen(text), &e->log_key, reterr);
    e->has_log_key = r == 0;
    free(text);
    return r;
}

/* What one file of the state directory says, by the function that knows its members;
 * mend is what a reader of the error can do, or "". -ENOENT where there is no file. */
static int load_file(const char *path,
                     int (*members)(const json_t *o, void *ret, struct bw_err *reterr),
                     void *ret,
                     const char *mend,
                     struct bw_err *reterr)
{
    struct bw_buf text;
    struct bw_err why = {0};
    json_t *o = NULL;
    bw_buf_init(&text, FILE_MAX);
    int r = bw_file_read(path, FILE_MAX, &text, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_json_parse(text.data ? text.data : "", text.len, FILE_MAX, &o, &why);
    r = r < 0 ? r : members(o, ret, &why);
    if (r < 0) {
        r = bw_err_set(reterr, -EINVAL, "%s: %s%s", path,
                       why.text[0] ? why.text : "unreadable", mend);
    }
out:
    json_decref(o);
    bw_buf_done(&text);
    return r;
}

/* text, ended by a newline, becomes path, and its owner the state directory's. */
static int put_file(const char *state_dir,
                    const char *path,
                    mode_t mode,
                    struct bw_buf *text,
                    struct bw_err *reterr)
{
    bw_buf_putc(text, '\n');
    int r = bw_buf_error(text);
    r = r < 0 ? bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r))
              : bw_file_write(path, text->data, text->len, mode, reterr);
    return r < 0 ? r : hand_over(state_dir, path, reterr);
}

static int copy_kid(const json_t *o, char *out, size_t cap, struct bw_err *reterr)
{
    int r = copy_text(o, "kid", out, cap, reterr);
    return r == 0 && strlen(out) != BW_KID_LEN ? bw_err_set(reterr, -EINVAL, "no kid") : r;
}

int bw_enrolment_read_replaces(const json_t *o,
                               struct bw_enrolment *e,
                               struct bw_err *reterr)
{
    const json_t *x = NULL;
    const char *kid = NULL;
    const char *hash = NULL;
    int64_t seq = 0;
    int r = bw_json_opt_obj(o, "replaces", &x, reterr);
    if (r < 0 || !x) {
        return r;
    }
    r = bw_json_get_str(x, "kid", BW_KID_LEN, &kid, reterr);
    r = r < 0 ? r : bw_json_get_i64(x, "seq", 1, INT64_MAX / 2000, &seq, reterr);
    r = r < 0 ? r : bw_json_get_str(x, "hash", BW_HASH_LEN, &hash, reterr);
    if (r == 0 && (strlen(kid) != BW_KID_LEN || strlen(hash) != BW_HASH_LEN)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "'replaces' names no record");
    }
    if (r == 0) {
        (void)snprintf(e->prev_kid, sizeof(e->prev_kid), "%s", kid);
        (void)snprintf(e->prev_hash, sizeof(e->prev_hash), "%s", hash);
        e->prev_seq = seq;
    }
    return r;
}

static int enrolment_members(const json_t *o, void *ret, struct bw_err *reterr)
{
    struct bw_enrolment *e = ret;
    int r = copy_text(o, "url", e->url, sizeof(e->url), reterr);
    r = r < 0 ? r : copy_kid(o, e->kid, sizeof(e->kid), reterr);
    r = r < 0 ? r : copy_text(o, "site", e->site, sizeof(e->site), reterr);
    r = r < 0 ? r : copy_text(o, "name", e->name, sizeof(e->name), reterr);
    r = r < 0 ? r : copy_text(o, "entity", e->entity, sizeof(e->entity), reterr);
    r = r < 0 ? r : read_log_key(o, e, reterr);
    r = r < 0 ? r : bw_enrolment_read_replaces(o, e, reterr);
    /* A record under a name that no reader takes could not be written at all. */
    if (r == 0 && e->site[0] && !bw_site_valid(e->site)) {
        r = bw_err_set(reterr, -EINVAL, "'%s' is not a site", e->site);
    }
    return r;
}

int bw_enrolment_load(const char *state_dir,
                      struct bw_enrolment *ret,
                      struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_enrolment e = {0};
    file_path(state_dir, path);
    int r =
        load_file(path, enrolment_members, &e, "; enrol again to write it anew", reterr);
    if (r == 0) {
        *ret = e;
    }
    return r;
}

int bw_enrolment_save(const char *state_dir,
                      const struct bw_enrolment *e,
                      struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_buf text;
    struct bw_buf jwk;
    struct bw_jw w;
    int r = 0;
    file_path(state_dir, path);
    bw_buf_init(&text, FILE_MAX);
    bw_buf_init(&jwk, JWK_MAX);
    if (e->has_log_key) {
        r = bw_pubkey_to_jwk(&e->log_key, &jwk);
        if (r < 0) {
            goto out;
        }
    }
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "url", e->url);
    bw_jw_kstr(&w, "kid", e->kid);
    bw_jw_kstr(&w, "site", e->site);
    bw_jw_kstr(&w, "name", e->name);
    bw_jw_kstr(&w, "entity", e->entity);
    if (e->has_log_key) {
        bw_jw_key(&w, "log_key");
        bw_jw_raw(&w, jwk.data, jwk.len);
    }
    if (e->prev_kid[0]) {
        bw_jw_kobj(&w, "replaces");
        bw_jw_kstr(&w, "kid", e->prev_kid);
        bw_jw_ki64(&w, "seq", e->prev_seq);
        bw_jw_kstr(&w, "hash", e->prev_hash);
        bw_jw_obj_end(&w);
    }
    bw_jw_obj_end(&w);
    r = put_file(state_dir, path, 0640, &text, reterr);
out:
    bw_buf_done(&text);
    bw_buf_done(&jwk);
    return r;
}

static int try_members(const json_t *o, void *ret, struct bw_err *reterr)
{
    struct bw_enrolment_try *t = ret;
    int r = copy_text(o, "url", t->url, sizeof(t->url), reterr);
    r = r < 0 ? r : copy_kid(o, t->kid, sizeof(t->kid), reterr);
    return r < 0 ? r
                 : copy_text(o, "token_sha256", t->token_sha256, sizeof(t->token_sha256),
                             reterr);
}

int bw_enrolment_try_load(const char *state_dir,
                          struct bw_enrolment_try *ret,
                          struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_enrolment_try t = {.url = ""};
    try_path(state_dir, path);
    int r = load_file(path, try_members, &t, "", reterr);
    if (r == 0) {
        *ret = t;
    }
    return r;
}

int bw_enrolment_try_save(const char *state_dir,
                          const struct bw_enrolment_try *t,
                          struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_buf text;
    struct bw_jw w;
    try_path(state_dir, path);
    bw_buf_init(&text, FILE_MAX);
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "url", t->url);
    bw_jw_kstr(&w, "kid", t->kid);
    bw_jw_kstr(&w, "token_sha256", t->token_sha256);
    bw_jw_obj_end(&w);
    int r = put_file(state_dir, path, 0640, &text, reterr);
    bw_buf_done(&text);
    return r;
}

void bw_enrolment_try_forget(const char *state_dir)
{
    char path[PATH_MAX];
    try_path(state_dir, path);
    (void)unlink(path);
}

static void public_path(const char *state_dir, const char *kid, char *out)
{
    (void)snprintf(out, PATH_MAX, "%s/public/%s.jwk", state_dir, kid);
}

int bw_enrolment_publish(const char *state_dir,
                         const struct bw_pubkey *p,
                         struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_buf text;
    struct bw_jw w;
    (void)snprintf(path, sizeof(path), "%s/public", state_dir);
    int r = bw_dir_make(path, 0755, reterr);
    r = r < 0 ? r : hand_over(state_dir, path, reterr);
    if (r < 0) {
        return r;
    }
    public_path(state_dir, p->kid, path);
    if (access(path, F_OK) == 0) {
        return 0;
    }
    bw_buf_init(&text, JWK_MAX);
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_pubkey_members(p, &w);
    bw_jw_obj_end(&w);
    r = put_file(state_dir, path, 0644, &text, reterr);
    bw_buf_done(&text);
    return r;
}

struct keys {
    struct bw_pubkey *list;
    size_t n;
};

/* The one key of a file, as its public half. */
static int
read_key(const char *path, bool private, struct bw_pubkey *ret, struct bw_err *err)
{
    struct bw_key *key = NULL;
    struct bw_pubkey *list = NULL;
    size_t n = 0;
    int r;
    if (private) {
        r = bw_key_load(path, &key, err); /* wipes what it read */
        if (r == 0) {
            *ret = *bw_key_public(key);
        }
        bw_key_free(key);
        return r;
    }
    r = bw_keys_load(path, &list, &n, err);
    if (r == 0 && n != 1) {
        r = bw_err_set(err, -EINVAL, "%s: holds %zu keys, not one", path, n);
    }
    if (r == 0) {
        *ret = list[0];
    }
    free(list);
    return r;
}

static int
add_key(struct keys *k, const char *path, const char *kid, bool private, struct bw_err *err)
{
    struct bw_pubkey p;
    struct bw_pubkey *grown;
    for (size_t i = 0; i < k->n; i++) {
        if (strcmp(k->list[i].kid, kid) == 0) {
            return 0;
        }
    }
    int r = read_key(path, private, &p, err);
    if (r == 0 && strcmp(p.kid, kid) != 0) {
        r = bw_err_set(err, -EINVAL, "%s holds another key than its name says", path);
    }
    if (r < 0) {
        return r;
    }
    grown = reallocarray(k->list, k->n + 1, sizeof(*grown));
    if (!grown) {
        return bw_err_set(err, -ENOMEM, "out of memory");
    }
    k->list = grown;
    k->list[k->n++] = p;
    return 0;
}

/* Every KID.jwk in a folder; one that is not there or closed to us holds nothing. */
static int scan(struct keys *k,
                const char *state_dir,
                bool private,
                bool *ret_closed,
                struct bw_err *reterr)
{
    static const char ending[] = ".jwk";
    const char *folder = private ? "keys" : "public";
    char path[PATH_MAX];
    const struct dirent *e;
    int r = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", state_dir, folder);
    DIR *d = opendir(path);
    if (!d) {
        *ret_closed = *ret_closed || errno == EACCES;
        return errno == ENOENT || errno == EACCES
                   ? 0
                   : bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    while (r == 0 && (e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        char kid[BW_KID_LEN + 1];
        size_t n = strlen(e->d_name);
        if (n != BW_KID_LEN + sizeof(ending) - 1 ||
            strcmp(e->d_name + BW_KID_LEN, ending) != 0) {
            continue; /* a temporary file of a write that is under way */
        }
        memcpy(kid, e->d_name, BW_KID_LEN);
        kid[BW_KID_LEN] = '\0';
        (void)snprintf(path, sizeof(path), "%s/%s/%s", state_dir, folder, e->d_name);
        r = add_key(k, path, kid, private, reterr);
    }
    (void)closedir(d);
    return r;
}

static int by_kid(const void *a, const void *b)
{
    return strcmp(((const struct bw_pubkey *)a)->kid, ((const struct bw_pubkey *)b)->kid);
}

int bw_enrolment_public_keys(const char *state_dir,
                             struct bw_pubkey **ret,
                             size_t *ret_n,
                             struct bw_err *reterr)
{
    struct keys k = {.list = NULL};
    bool closed = false;
    int r = scan(&k, state_dir, false, &closed, reterr);
    r = r < 0 ? r : scan(&k, state_dir, true, &closed, reterr);
    if (r == 0 && !k.list) {
        r = closed ? bw_err_set(reterr, -EACCES,
                                "%s: you may not look into it: join its group, or use sudo",
                                state_dir)
                   : bw_err_set(reterr, -ENOENT,
                                "%s: no key yet; bandwitnessd makes one when it starts",
                                state_dir);
    }
    if (r < 0 || !k.list) {
        free(k.list);
        return r;
    }
    qsort(k.list, k.n, sizeof(*k.list), by_kid);
    *ret = k.list;
    *ret_n = k.n;
    return 0;
}

int bw_enrolment_new_key(const char *state_dir,
                         enum bw_alg alg,
                         struct bw_key **ret,
                         struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_key *key = NULL;
    (void)snprintf(path, sizeof(path), "%s/keys", state_dir);
    int r = bw_dir_make(path, 0700, reterr);
    r = r < 0 ? r : hand_over(state_dir, path, reterr);
    r = r < 0 ? r : bw_key_generate(alg, &key, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_enrolment_publish(state_dir, bw_key_public(key), reterr);
    if (r < 0) {
        goto out;
    }
    bw_enrolment_key_path(state_dir, bw_key_public(key)->kid, path);
    r = bw_key_save(key, path, reterr);
    r = r < 0 ? r : hand_over(state_dir, path, reterr);
    if (r < 0) {
        public_path(state_dir, bw_key_public(key)->kid, path);
        (void)unlink(path); /* of a key that nobody can sign with */
        goto out;
    }
    *ret = key;
    key = NULL;
out:
    bw_key_free(key);
    return r;
}

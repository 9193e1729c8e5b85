/* SPDX-License-Identifier: GPL-3.0-or-later
 * enrol.c - a box's first key under a one-time token, and its next key under the one
 * before. Both requests are signed by the box; the catalogue decides in one transaction. */
#include "enrol.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <http.h>
#include <inttypes.h>
#include <json.h>
#include <ledger.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8.h>

enum {
    DAY_S = 86400
};

struct enrol {
    struct bw_http_req *req;
    struct bw_pubkey log_key;
    struct bw_pubkey key; /* the new one */
    char old_kid[BW_KID_LEN + 1];
    struct bw_jws jws; /* of a key request, until its signer is looked up */
    struct bw_buf scratch;
    const char *body; /* lent by the request */
    uint8_t token_sha256[32];
    char name[BW_LABEL_MAX + 1];
    char entity[BW_LABEL_MAX + 1];
    /* the answer of the pool */
    int r;
    int verify; /* of a key request's signature */
    struct bw_err err;
    struct bw_site site;
    struct bw_entity site_entity;
    bool replaces;              /* another box stood there */
    struct bw_ledger_head last; /* its newest record; acked_through 0: none came */
    struct bw_ledger *ledger;
};

static void enrol_free(struct enrol *e)
{
    if (e) {
        bw_buf_done(&e->scratch);
        free(e);
    }
}

static void malformed(struct bw_http_req *req, const struct bw_err *err)
{
    bw_http_problem(req, 400, "malformed", "Not readable", "%s", err->text);
}

/* The "jwk" member as a key. */
static int read_jwk(const json_t *object, struct bw_pubkey *ret, struct bw_err *reterr)
{
    const json_t *jwk = NULL;
    int r = bw_json_get_obj(object, "jwk", &jwk, reterr);
    if (r < 0) {
        return r;
    }
    char *text = json_dumps(jwk, JSON_COMPACT);
    if (!text) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_pubkey_parse(text, strlen(text), ret, reterr);
    free(text);
    return r < 0 ? bw_err_prefix(reterr, r, "jwk") : 0;
}

static int read_text(
    const json_t *object, const char *name, char *out, size_t cap, struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_opt_str(object, name, cap - 1, &text, reterr);
    if (r == 0 && text && bw_utf8_hidden(text, strlen(text)) < strlen(text)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' holds a control character",
                          name);
    }
    if (r == 0 && text) {
        (void)snprintf(out, cap, "%s", text);
    }
    return r;
}

static int read_enrolment(struct enrol *e, struct bw_err *reterr)
{
    static const char *const members[] = {"v",      "token", "jwk", "name",
                                          "entity", "agent", NULL};
    json_t *object = NULL;
    const char *token = NULL;
    int64_t v = 0;
    char agent[64] = "";
    int r = bw_json_parse(e->jws.payload, e->jws.payload_len, BW_JWS_MAX, &object, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_json_only(object, members, reterr);
    r = r < 0 ? r : bw_json_get_i64(object, "v", 1, 1, &v, reterr);
    r = r < 0 ? r : bw_json_get_str(object, "token", 128, &token, reterr);
    r = r < 0 ? r : read_text(object, "name", e->name, sizeof(e->name), reterr);
    r = r < 0 ? r : read_text(object, "entity", e->entity, sizeof(e->entity), reterr);
    r = r < 0 ? r : read_text(object, "agent", agent, sizeof(agent), reterr);
    r = r < 0 ? r : read_jwk(object, &e->key, reterr);
    if (r == 0) {
        bw_sha256(token, strlen(token), e->token_sha256);
    }
    json_decref(object);
    return r;
}

static int read_key_request(struct enrol *e, struct bw_err *reterr)
{
    static const char *const members[] = {"v", "jwk", "why", NULL};
    json_t *object = NULL;
    const char *why = NULL;
    int64_t v = 0;
    int r = bw_json_parse(e->jws.payload, e->jws.payload_len, BW_JWS_MAX, &object, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_json_only(object, members, reterr);
    r = r < 0 ? r : bw_json_get_i64(object, "v", 1, 1, &v, reterr);
    r = r < 0 ? r : bw_json_get_str(object, "why", 16, &why, reterr);
    r = r < 0 ? r : read_jwk(object, &e->key, reterr);
    if (r == 0 && strcmp(why, "rotated") != 0 && strcmp(why, "fork") != 0 &&
        strcmp(why, "replaced") != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "why: rotated, fork or replaced");
    }
    json_decref(object);
    return r;
}

/* Take the JWS apart; answers itself and gives NULL when that fails. */
static struct enrol *begin(struct bw_http_req *req, const char *typ)
{
    struct bw_err err = {.text = ""};
    if (!bw_http_has_type(req, "application/jose")) {
        bw_http_problem(req, 415, "wrong-content-type", "Wrong Content-Type",
                        "send one compact JWS as application/jose");
        return NULL;
    }
    struct enrol *e = calloc(1, sizeof(*e));
    if (!e) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return NULL;
    }
    e->req = req;
    bw_buf_init(&e->scratch, BW_JWS_MAX + 1);
    size_t n = 0;
    e->body = bw_http_body(req, &n);
    while (n > 0 && (e->body[n - 1] == '\n' || e->body[n - 1] == '\r')) {
        n--;
    }
    int r = bw_jws_parse(e->body, n, &e->scratch, &e->jws, &err);
    if (r == 0 && strcmp(e->jws.typ, typ) != 0) {
        r = bw_err_set(&err, -BW_EMALFORMED, "typ must be %s", typ);
    }
    if (r < 0) {
        malformed(req, &err);
        enrol_free(e);
        return NULL;
    }
    return e;
}

static void fill_row(const struct enrol *e, int64_t now_s, struct bw_site_key *row)
{
    memset(row, 0, sizeof(*row));
    memcpy(row->kid, e->key.kid, sizeof(row->kid));
    row->alg = (int)e->key.alg;
    memcpy(row->raw, e->key.raw, sizeof(e->key.raw));
    row->from_unix_s = now_s;
    row->revoked_unix_s = BW_UNKNOWN;
}

static void refuse(struct bw_http_req *req, int r, const struct bw_err *err)
{
    switch (r) {
    case -ENOENT:
        bw_http_problem(req, 403, "token-unknown", "Unknown token",
                        "no such token here; is it typed rightly, and is this the right "
                        "collector? A new one: bandwitness token create");
        break;
    case -EALREADY:
        bw_http_problem(
            req, 403, "token-used", "Token already used",
            "another key used this token; make a new one: bandwitness token create");
        break;
    case -ETIME:
        bw_http_problem(req, 403, "token-expired", "Token expired",
                        "make a new one: bandwitness token create");
        break;
    case -EEXIST:
        bw_http_problem(req, 409, "key-in-use", "Key in use",
                        "this key belongs to another site");
        break;
    case -EPERM:
        bw_http_problem(req, 403, "key-revoked", "Not in force",
                        "the site is retired or the key revoked");
        break;
    case -EDQUOT:
        bw_http_add(req, "Retry-After", "86400");
        bw_http_problem(req, 429, "too-many-keys", "Too many keys",
                        "%s; make one: bandwitness token create", err->text);
        break;
    default:
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 503, "busy", "Not possible now", "%s", err->text);
        break;
    }
}

/* --- enrolment --------------------------------------------------------------------------
 */

/* Beside the catalogue's own name of a site: what its installer calls it. */
static void note_installer(struct bw_catalogue *c, const struct enrol *e)
{
    char name[64];
    if (e->name[0]) {
        (void)snprintf(name, sizeof(name), "installer-name:%s", e->site.id);
        (void)c->ops->meta_set(c, name, e->name, strlen(e->name), NULL);
    }
    if (e->entity[0]) {
        (void)snprintf(name, sizeof(name), "installer-entity:%s", e->site.id);
        (void)c->ops->meta_set(c, name, e->entity, strlen(e->entity), NULL);
    }
}

/* Of the keys that the site had, the one that the newest record came by. */
static int find_last(void *owner, const struct bw_site_key *k)
{
    struct enrol *e = owner;
    struct bw_ledger_head h;
    if (strcmp(k->kid, e->key.kid) == 0) {
        return 0;
    }
    int r = bw_ledger_head(e->ledger, k->kid, &h, &e->err);
    if (r < 0) {
        return r;
    }
    e->replaces = e->replaces || strcmp(k->replaced_by, e->key.kid) == 0;
    if (h.acked_through > 0 &&
        (e->last.acked_through == 0 || h.position > e->last.position)) {
        e->last = h;
        memcpy(e->last.kid, k->kid, sizeof(e->last.kid));
    }
    return 0;
}

/* A box is there, and its token is good no longer: said once a day and reason, so that who
 * has an old token cannot keep the disk busy. */
static void note_refused(struct bw_catalogue *c, const struct enrol *e, int64_t now_s)
{
    struct bw_token token;
    struct bw_buf before;
    char name[64];
    char said[64];
    const char *why = e->r == -ETIME ? "late" : "spent";
    if ((e->r != -ETIME && e->r != -EALREADY) ||
        c->ops->token_get(c, e->token_sha256, &token, NULL) < 0) {
        return;
    }
    (void)snprintf(name, sizeof(name), BW_META_REFUSED "%s", token.site);
    (void)snprintf(said, sizeof(said), "%" PRId64 " %s", now_s, why);
    bw_buf_init(&before, sizeof(said));
    if (c->ops->meta_get(c, name, &before, NULL) < 0 || !before.data ||
        now_s - strtoll(before.data, NULL, 10) >= DAY_S || !strstr(before.data, why)) {
        (void)c->ops->meta_set(c, name, said, strlen(said), NULL);
    }
    bw_buf_done(&before);
}

static void enrol_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct enrol *e = job;
    if (!r) {
        e->r = -EIO;
        e->err = *err;
        return;
    }
    struct bw_site_key row;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    fill_row(e, now_s, &row);
    e->r = r->catalogue->ops->enrol(r->catalogue, e->token_sha256, &row, now_s, &e->site,
                                    &e->err);
    if (e->r < 0) {
        note_refused(r->catalogue, e, now_s);
        return;
    }
    note_installer(r->catalogue, e);
    if (e->site.entity[0]) {
        (void)r->catalogue->ops->entity_get(r->catalogue, e->site.entity, &e->site_entity,
                                            NULL);
    }
    e->ledger = r->ledger;
    e->r = r->catalogue->ops->keys(r->catalogue, e->site.id, find_last, e, &e->err);
}

static void enrol_after(void *job, int cancelled)
{
    struct enrol *e = job;
    if (cancelled) {
        e->r = -ESHUTDOWN;
        (void)bw_err_set(&e->err, e->r, "the collector is stopping");
    }
    if (e->r < 0) {
        refuse(e->req, e->r, &e->err);
        enrol_free(e);
        return;
    }
    struct bw_buf out;
    struct bw_buf jwk;
    bw_buf_init(&out, 8192);
    bw_buf_init(&jwk, 1024);
    (void)bw_pubkey_to_jwk(&e->log_key, &jwk);
    struct bw_jw w;
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "site", e->site.id);
    const char *name = e->site.name[0] ? e->site.name : e->name;
    const char *entity = e->site_entity.name[0] ? e->site_entity.name : e->entity;
    bw_jw_kstr(&w, "name", name[0] ? name : NULL);
    bw_jw_kstr(&w, "entity", entity[0] ? entity : NULL);
    bw_jw_kstr(&w, "kid", e->key.kid);
    bw_jw_key(&w, "log_key");
    bw_jw_raw(&w, jwk.data, jwk.len);
    bw_jw_key(&w, "policy");
    bw_jw_null(&w);
    if (e->replaces && e->last.acked_through > 0) {
        bw_jw_kobj(&w, "replaces");
        bw_jw_kstr(&w, "kid", e->last.kid);
        bw_jw_ki64(&w, "seq", e->last.acked_through);
        bw_jw_kstr(&w, "hash", e->last.hash);
        bw_jw_obj_end(&w);
    }
    bw_jw_obj_end(&w);
    bw_buf_putc(&out, '\n');
    bw_http_reply(e->req, 200, "application/json", &out);
    bw_buf_done(&jwk);
    enrol_free(e);
}

void bw_enrol_post(struct bw_readers *p,
                   const struct bw_pubkey *log_key,
                   struct bw_http_req *req)
{
    struct bw_err err = {.text = ""};
    struct enrol *e = begin(req, BW_TYP_ENROL);
    if (!e) {
        return;
    }
    e->log_key = *log_key;
    if (read_enrolment(e, &err) < 0) {
        malformed(req, &err);
        enrol_free(e);
        return;
    }
    if (strcmp(e->key.kid, e->jws.kid) != 0 || bw_jws_verify(&e->jws, &e->key) < 0) {
        bw_http_problem(req, 401, "bad-signature", "Wrong signature",
                        "kid, jwk and signature do not fit each other");
        enrol_free(e);
        return;
    }
    if (bw_readers_run(p, enrol_work, enrol_after, e) < 0) {
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 30 seconds");
        enrol_free(e);
    }
}

/* --- the next key -----------------------------------------------------------------------
 */

static void key_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct enrol *e = job;
    if (!r) {
        e->r = -EIO;
        e->err = *err;
        return;
    }
    struct bw_site_key old;
    e->verify = r->catalogue->ops->key_get(r->catalogue, e->old_kid, &old, &e->err);
    if (e->verify == -ENOENT) {
        e->verify = -BW_EUNKNOWNKEY;
        return;
    }
    if (e->verify < 0) {
        e->r = e->verify;
        e->verify = 0;
        return;
    }
    struct bw_pubkey signer = {.alg = (enum bw_alg)old.alg};
    memcpy(signer.raw, old.raw, sizeof(signer.raw));
    memcpy(signer.kid, old.kid, sizeof(signer.kid));
    e->verify = bw_jws_verify(&e->jws, &signer);
    if (e->verify < 0) {
        return;
    }
    struct bw_site_key row;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    fill_row(e, now_s, &row);
    memcpy(row.site, old.site, sizeof(row.site));
    memcpy(e->site.id, old.site, sizeof(e->site.id));
    e->r = r->catalogue->ops->key_replace(r->catalogue, e->old_kid, &row, now_s, &e->err);
}

static void key_after(void *job, int cancelled)
{
    struct enrol *e = job;
    if (cancelled) {
        e->r = -ESHUTDOWN;
        (void)bw_err_set(&e->err, e->r, "the collector is stopping");
    }
    if (e->verify == -BW_EUNKNOWNKEY) {
        bw_http_problem(e->req, 401, "unknown-key", "Unknown key",
                        "nobody enrolled the key that signed this");
    } else if (e->verify < 0) {
        bw_http_problem(e->req, 401, "bad-signature", "Wrong signature",
                        "the signature does not fit the enrolled key");
    } else if (e->r < 0) {
        refuse(e->req, e->r, &e->err);
    } else {
        struct bw_buf out;
        struct bw_jw w;
        bw_buf_init(&out, 1024);
        bw_jw_init(&w, &out);
        bw_jw_obj(&w);
        bw_jw_ki64(&w, "v", 1);
        bw_jw_kstr(&w, "site", e->site.id);
        bw_jw_kstr(&w, "kid", e->key.kid);
        bw_jw_obj_end(&w);
        bw_buf_putc(&out, '\n');
        bw_http_reply(e->req, 200, "application/json", &out);
    }
    enrol_free(e);
}

void bw_enrol_key_post(struct bw_readers *p, struct bw_http_req *req)
{
    struct bw_err err = {.text = ""};
    struct enrol *e = begin(req, "bandwitness-key+jws");
    if (!e) {
        return;
    }
    if (read_key_request(e, &err) < 0) {
        malformed(req, &err);
        enrol_free(e);
        return;
    }
    memcpy(e->old_kid, e->jws.kid, sizeof(e->old_kid));
    if (bw_readers_run(p, key_work, key_after, e) < 0) {
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 30 seconds");
        enrol_free(e);
    }
}

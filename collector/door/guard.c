/* SPDX-License-Identifier: GPL-3.0-or-later
 * guard.c - what stands before every handler: who asks, may that one, and does a form come
 * from a page of ours.
 *
 * Invariant: a handler runs only after its route's need was met; what somebody may not see
 * is answered like what is not there; of a form nothing is done without its session's
 * token. */
#include "door_private.h"

#include <buf.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <mask.h>
#include <page_parts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

static const char *const levels[BW_NEED_LEVELS] = {
    [BW_NEED_NOBODY] = "nobody",   [BW_NEED_BOX] = "box",
    [BW_NEED_VIEW] = "view",       [BW_NEED_RECORDS] = "records",
    [BW_NEED_STATE] = "state",     [BW_NEED_SAY] = "say",
    [BW_NEED_ADMIN] = "admin",     [BW_NEED_PERSON] = "person",
    [BW_NEED_SESSION] = "session",
};

static const char *level_name(unsigned need)
{
    unsigned level = need & BW_NEED_LEVEL;
    return level < BW_NEED_LEVELS ? levels[level] : NULL;
}

static const char *of_name(unsigned need)
{
    switch (need & BW_OF) {
    case BW_OF_SITE:
        return "site";
    case BW_OF_CIRCUIT:
        return "circuit";
    case BW_OF_ENTITY:
        return "entity";
    default:
        return "-";
    }
}

int bw_door_routes_check(const struct bw_http_route *routes, struct bw_err *reterr)
{
    for (const struct bw_http_route *r = routes; r->pattern; r++) {
        unsigned known = BW_NEED_LEVEL | BW_OF;
        bool named = (r->need & BW_OF) == 0 || strcmp(of_name(r->need), "-") != 0;
        if (!level_name(r->need) || (r->need & ~known) || !named ||
            ((r->need & BW_OF) && !strstr(r->pattern, "{}"))) {
            return bw_err_set(reterr, -EINVAL, "route %s %s does not say what it takes",
                              r->method, r->pattern);
        }
    }
    return 0;
}

void bw_door_routes_print(const struct bw_http_route *routes, struct bw_buf *out)
{
    for (const struct bw_http_route *r = routes; r->pattern; r++) {
        const char *level = level_name(r->need);
        bw_buf_printf(out, "%s %s %s %s\n", r->method, r->pattern, level ? level : "?",
                      of_name(r->need));
    }
}

/* --- who asks ------------------------------------------------------------------------- */

static void viewer_free(void *kept)
{
    struct bw_viewer *v = kept;
    bw_map_drop(v->map);
    free(v);
}

/* Where its scopes are in the map. */
static void place(struct bw_viewer *v, struct bw_map *map)
{
    v->map = bw_map_take(map);
    for (size_t i = 0; i < v->n_scopes; i++) {
        v->places[i] = map ? bw_map_entity(map, v->scopes[i]) : -1;
    }
}

static void put_scopes(struct bw_viewer *v,
                       const char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1],
                       size_t n,
                       struct bw_map *map)
{
    v->n_scopes = n;
    for (size_t i = 0; i < n; i++) {
        memcpy(v->scopes[i], scopes[i], sizeof(v->scopes[i]));
    }
    place(v, map);
}

static struct bw_viewer *of_session(struct bw_door *d, const struct bw_http_req *req)
{
    char token[COOKIE_MAX];
    uint8_t sha256[32];
    int64_t now = bw_clock_unix_ms() / 1000;
    if (bw_door_cookie(req, DOOR_SESSION, token) < 0 || strlen(token) != TOKEN_LEN) {
        return NULL;
    }
    bw_sha256(token, TOKEN_LEN, sha256);
    struct bw_session *s = bw_book_session(d->book, sha256);
    const struct bw_person *p = s ? bw_book_person(d->book, s->person) : NULL;
    if (!p || s->expires_unix_s <= now || now - s->seen_unix_s > d->conf.idle_ms / 1000) {
        return NULL;
    }
    struct bw_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        return NULL;
    }
    s->seen_unix_s = now > s->seen_unix_s ? now : s->seen_unix_s;
    v->role = p->role;
    memcpy(v->name, p->name, sizeof(v->name));
    memcpy(v->shown, p->shown, sizeof(v->shown));
    memcpy(v->session, sha256, sizeof(v->session));
    (void)bw_b64_encode(s->csrf, sizeof(s->csrf), v->csrf);
    put_scopes(v, p->scopes, p->n_scopes, d->map);
    return v;
}

/* `text` is what stands behind "Bearer ". */
static struct bw_viewer *
of_key(struct bw_door *d, const struct bw_http_req *req, const char *text)
{
    uint8_t sha256[32];
    enum door_way way = bw_door_way(req);
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        return NULL;
    }
    bw_sha256(text, strlen(text), sha256);
    const struct bw_api_key *k = bw_book_key(d->book, sha256);
    if (!k || k->expires_unix_s <= bw_clock_unix_ms() / 1000) {
        return NULL;
    }
    struct bw_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        return NULL;
    }
    v->key = true;
    v->role = k->role;
    memcpy(v->name, k->name, sizeof(v->name));
    put_scopes(v, k->scopes, k->n_scopes, d->map);
    return v;
}

static struct bw_viewer *who(struct bw_door *d, const struct bw_http_req *req)
{
    const char *authorization = bw_http_header(req, "Authorization");
    if (d->conf.open) {
        struct bw_viewer *v = calloc(1, sizeof(*v));
        if (v) {
            v->open = true;
        }
        return v;
    }
    if (!authorization) {
        struct bw_viewer *v = bw_door_by_proxy(d, req);
        v = v ? v : bw_door_by_directory(d, req);
        if (v) {
            place(v, d->map);
        }
        return v ? v : of_session(d, req);
    }
    /* Whoever shows a key is that key, or nobody: never the cookie beside it. */
    if (strncmp(authorization, "Bearer ", 7) == 0) {
        struct bw_viewer *v = of_key(d, req, authorization + 7);
        if (!v) {
            bw_door_tell(d, req, "key", "refused", NULL, "unknown, expired or revoked");
        }
        return v;
    }
    return NULL;
}

/* --- refusals ---------------------------------------------------------------------------
 */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool bw_door_is_page(const struct bw_http_req *req)
{
    const char *path = bw_http_path(req);
    return !begins(path, "/api/") && !begins(path, "/log/") &&
           strcmp(path, "/metrics") != 0;
}

void bw_door_add_target(const struct bw_http_req *req, const char *name, struct bw_buf *to)
{
    struct bw_buf target;
    bw_buf_init(&target, 1000);
    bw_http_target(req, &target);
    if (bw_buf_error(&target) == 0) {
        bw_buf_puts(to, name);
        bw_text_url(to, target.data);
    }
    bw_buf_done(&target);
}

static void refuse_unknown(struct bw_http_req *req)
{
    struct bw_buf to;
    if (!bw_door_is_page(req)) {
        bw_http_add(req, "WWW-Authenticate", "Bearer realm=\"bandwitness\"");
        bw_http_problem(
            req, 401, "signed-out", "Nobody is signed in",
            "show a key: Authorization: Bearer KEY; people sign in at /sign-in");
        return;
    }
    if (strcmp(bw_http_method(req), "GET") != 0) {
        bw_page_sorry(req, 401, "you are signed out; sign in and do it again");
        return;
    }
    bw_buf_init(&to, 4096);
    bw_buf_puts(&to, "/sign-in");
    if (strcmp(bw_http_path(req), "/") != 0) {
        bw_door_add_target(req, "?to=", &to);
    }
    bw_http_add(req, "Location", bw_buf_error(&to) == 0 ? to.data : "/sign-in");
    bw_buf_done(&to);
    bw_http_reply_const(req, 303, "text/plain; charset=utf-8", "", 0);
}

static void
refuse_unseen(struct bw_door *d, struct bw_http_req *req, const struct bw_viewer *v)
{
    d->unseen++;
    if (!v->open) {
        bw_door_tell(d, req, "unseen", "refused", v->name, bw_http_path(req));
    }
    if (bw_door_is_page(req)) {
        bw_page_sorry(req, 404, "there is nothing here, or nothing that you may see");
    } else {
        bw_http_problem(req, 404, "not-found", "Nothing here",
                        "there is nothing here, or nothing that you may see");
    }
}

static void refuse_forged(struct bw_door *d, struct bw_http_req *req, const char *name)
{
    d->forged++;
    bw_door_tell(d, req, "form", "refused", name, "without its session's token");
    if (bw_door_is_page(req)) {
        bw_page_sorry(req, 403,
                      "what came was not a form of this session; go back, load the page "
                      "again, and send it once more");
    } else {
        bw_http_problem(req, 403, "forged", "Not a form of this session",
                        "send the session's csrf, as a field or in X-CSRF-Token");
    }
}

/* A key reads, and so does whoever came through an open door. */
static void refuse_change(struct bw_http_req *req)
{
    if (bw_door_is_page(req)) {
        bw_page_sorry(req, 403, "here everything can be read and nothing be changed");
    } else {
        bw_http_problem(req, 403, "reads-only", "Nothing can be changed this way",
                        "keys read; to change something a person signs in");
    }
}

/* --- the guard --------------------------------------------------------------------------
 */

static bool
sees_target(const struct bw_viewer *v, const struct bw_http_req *req, unsigned need)
{
    const char *id = bw_http_param(req, 0);
    switch (need & BW_OF) {
    case BW_OF_SITE:
        return bw_viewer_sees_site(v, id);
    case BW_OF_CIRCUIT:
        return bw_viewer_sees_circuit(v, id);
    case BW_OF_ENTITY:
        return bw_viewer_sees_entity(v, id);
    default:
        return true;
    }
}

/* Whether a form, or a request of a page's script, carries its session's token. */
static bool
is_ours(const struct bw_door *d, const struct bw_viewer *v, struct bw_http_req *req)
{
    char field[BW_MASK_TEXT(BW_MASK_MAX) + 1] = "";
    const char *token = bw_http_header(req, "X-CSRF-Token");
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    if (bw_door_foreign(d, req)) {
        return false;
    }
    if (!token) {
        bool form = bw_http_has_type(req, "application/x-www-form-urlencoded");
        if (!form || bw_door_field(body, n, "csrf", field, sizeof(field)) < 0) {
            return false;
        }
        token = field;
    }
    return bw_mask_is(token, v->csrf);
}

bool bw_door_guard(void *owner, struct bw_http_req *req, unsigned need)
{
    struct bw_collector *c = owner;
    struct bw_door *d = c->door;
    enum bw_need level = (enum bw_need)(need & BW_NEED_LEVEL);
    if (level == BW_NEED_NOBODY || level == BW_NEED_BOX) {
        return true;
    }
    if (!d || d->closing) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 503, "busy", "Stopping", "try again in 10 seconds");
        return false;
    }
    struct bw_viewer *v = who(d, req);
    if (!v) {
        refuse_unknown(req);
        return false;
    }
    bw_http_keep(req, v, viewer_free);
    if (v->stale) {
        bw_door_ask_again(req);
        return false;
    }
    if (!bw_viewer_may(v, level) || !sees_target(v, req, need)) {
        refuse_unseen(d, req, v);
        return false;
    }
    if (strcmp(bw_http_method(req), "GET") == 0) {
        return true;
    }
    if (v->open || v->key) {
        refuse_change(req);
        return false;
    }
    if (!is_ours(d, v, req)) {
        refuse_forged(d, req, v->name);
        return false;
    }
    return true;
}

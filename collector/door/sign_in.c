/* SPDX-License-Identifier: GPL-3.0-or-later
 * sign_in.c - from a name, a password and a code to a session, and the session's end.
 *
 * Invariant: whoever is not let in learns nothing of why: not whether the name is
 * somebody's, nor which of the three was wrong, by words, status, or time. A session's
 * token is new at each signing in, and what the browser had before is void. */
#include "dir_sessions.h"
#include "door_private.h"

#include <buf.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <mask.h>
#include <page_parts.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char wrong[] =
    "That did not fit. Name, password and code must all be right; a code works once.";

struct sign_in {
    struct door_job job;
    bool renew; /* a signed-in person proves who it is, and gets a link */
    char title[128];
    char name[BW_PERSON_MAX + 1];
    char password[BW_PASSWORD_MAX + 1];
    char code[40];
    char to[TO_MAX];
    uint8_t before[32]; /* the browser's session until now */
    bool has_before;
    char token[TOKEN_LEN + 1]; /* of the new one */
    char link[LINK_LEN + 1];
    bool in;
    bool failed; /* to be kept, once that was answered: writing takes time of its own */
};

/* --- on another thread -------------------------------------------------------------------
 */

/* A recovery code as it is kept, from how it was typed; -EINVAL. */
static int recovery_of(const char *typed, uint8_t ret[32])
{
    char text[RECOVERY_LEN + 1];
    size_t n = 0;
    for (const char *c = typed; *c; c++) {
        char low = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        if (low == ' ' || low == '-') {
            continue;
        }
        if (n == RECOVERY_LEN || !strchr("abcdefghijklmnopqrstuvwxyz234567", low)) {
            return -EINVAL;
        }
        text[n++] = low;
    }
    bw_sha256(text, n, ret);
    return n == RECOVERY_LEN ? 0 : -EINVAL;
}

static int
begin_session(struct sign_in *s, int64_t step, const uint8_t recovery[32], int64_t now)
{
    struct bw_door *d = s->job.d;
    struct bw_session session = {.created_unix_s = now,
                                 .seen_unix_s = now,
                                 .expires_unix_s = now + d->conf.longest_ms / 1000};
    uint8_t raw[TOKEN_RAW];
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), s->token);
    bw_sha256(s->token, TOKEN_LEN, session.sha256);
    bw_random(session.csrf, sizeof(session.csrf));
    memcpy(session.person, s->name, sizeof(session.person));
    return d->people->ops->sign_in(d->people, &session, step, recovery, &s->job.err);
}

/* The link by which one sets new secrets. */
static int add_link(struct sign_in *s, int64_t now)
{
    struct bw_door *d = s->job.d;
    struct bw_link l = {
        .kind = BW_LINK_RESET, .created_unix_s = now, .expires_unix_s = now + 3600};
    uint8_t raw[LINK_RAW];
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), s->link);
    bw_sha256(s->link, LINK_LEN, l.sha256);
    memcpy(l.person, s->name, sizeof(l.person));
    return d->people->ops->link_add(d->people, &l, NULL, &s->job.err);
}

static void let_in(struct sign_in *s, int64_t step, const uint8_t recovery[32], int64_t now)
{
    struct bw_door *d = s->job.d;
    uv_mutex_lock(&d->lock);
    int r = begin_session(s, step, recovery, now);
    s->in = r == 0;
    if (r == 0 && s->has_before) {
        r = d->people->ops->session_end(d->people, s->before, &s->job.err);
    }
    if (r == 0 && s->renew) {
        r = add_link(s, now);
    }
    if (s->in) {
        r = r < 0 ? r : bw_door_reread(&s->job);
    } else if (r == -EALREADY || r == -EACCES) { /* its code was used: not let in */
        r = 0;
    }
    s->job.r = r;
    uv_mutex_unlock(&d->lock);
}

static void sign_in_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct sign_in *s = job;
    struct bw_door *d = s->job.d;
    struct bw_person p;
    uint8_t recovery[32];
    int64_t now = bw_clock_unix_ms() / 1000;
    int64_t step = BW_UNKNOWN;
    (void)r;
    (void)err;
    uv_mutex_lock(&d->lock);
    int e = d->people->ops->person_get(d->people, s->name, &p, &s->job.err);
    uv_mutex_unlock(&d->lock);
    if (e < 0 && e != -ENOENT) {
        s->job.r = e;
        return;
    }
    bool known = e == 0;
    bool fits = bw_password_is(known ? p.hash : NULL, s->password) && known;
    fits = fits && (p.locked_until_unix_s == BW_UNKNOWN || p.locked_until_unix_s <= now);
    fits = fits && (bw_totp_check(p.totp, now, p.totp_step, s->code, &step) == 0 ||
                    recovery_of(s->code, recovery) == 0);
    if (fits) {
        let_in(s, step, recovery, now);
        fits = s->in || s->job.r < 0;
    }
    s->failed = known && !fits;
    explicit_bzero(&p, sizeof(p));
}

/* --- on the loop
 * --------------------------------------------------------------------------- */

struct failing {
    struct door_job job;
    char name[BW_PERSON_MAX + 1];
};

static void fail_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct failing *f = job;
    struct bw_door *d = f->job.d;
    struct bw_person p;
    int64_t now = bw_clock_unix_ms() / 1000;
    (void)r;
    (void)err;
    uv_mutex_lock(&d->lock);
    f->job.r = d->people->ops->person_get(d->people, f->name, &p, &f->job.err);
    if (f->job.r == 0) {
        int64_t wait = bw_throttle_for(p.failures + 1, BW_THROTTLE_NAME_FREE);
        f->job.r =
            d->people->ops->person_failed(d->people, f->name, p.failures + 1,
                                          wait > 0 ? now + wait : BW_UNKNOWN, &f->job.err);
    }
    uv_mutex_unlock(&d->lock);
    explicit_bzero(&p, sizeof(p));
}

static void fail_after(void *job, int cancelled)
{
    struct failing *f = job;
    if (!cancelled && f->job.r < 0 && f->job.r != -ENOENT) {
        bw_log(BW_AREA_HTTP, BW_WARN, "a try in vain could not be kept: %s",
               f->job.err.text);
    }
    free(f);
}

/* Kept after the answer, so that its time does not tell that the name is somebody's. */
static void keep_failure(struct bw_door *d, const char *name)
{
    struct failing *f = d->closing ? NULL : calloc(1, sizeof(*f));
    if (f) {
        f->job.d = d;
        (void)snprintf(f->name, sizeof(f->name), "%s", name);
        if (bw_readers_run(d->pool, fail_work, fail_after, f) < 0) {
            fail_after(f, 1);
        }
    }
}

static void sign_in_free(struct sign_in *s)
{
    s->job.d->n_sign_ins--;
    bw_book_free(s->job.book);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

static void sorry(struct sign_in *s, unsigned status, const char *trouble)
{
    const struct door_form f = {.to = s->to, .name = s->name, .trouble = trouble};
    if (s->renew) {
        bw_door_page_account(s->job.d, s->job.req, s->title, status, trouble);
    } else {
        bw_door_page_sign_in(s->job.d, s->job.req, s->title, status, &f);
    }
}

static void sign_in_after(void *job, int cancelled)
{
    struct sign_in *s = job;
    struct bw_door *d = s->job.d;
    struct bw_http_req *req = s->job.req;
    if (cancelled || s->job.r < 0) {
        if (!cancelled) {
            bw_log(BW_AREA_HTTP, BW_WARN, "signing in: %s", s->job.err.text);
        }
        bw_page_sorry(req, 503, "signing in is not possible now");
    } else if (!s->in) {
        d->refused++;
        bw_door_tell(d, req, s->renew ? "renew" : "sign-in", "refused", s->name, NULL);
        sorry(s, 403, wrong);
        if (s->failed) {
            keep_failure(d, s->name);
        }
    } else {
        char to[TO_MAX + LINK_LEN + 16];
        d->signed_in++;
        bw_door_known(&s->job);
        struct bw_dir_session *last = bw_door_dir_session(d, req);
        if (last && !s->renew) {
            bw_dir_session_end(d->dir_sessions, last);
        }
        bw_throttle_good(d->throttle, BW_THROTTLE_NAME, s->name);
        bw_throttle_good(d->throttle, BW_THROTTLE_ADDRESS, bw_http_peer(req));
        bw_door_tell(d, req, s->renew ? "renew" : "sign-in", "ok", s->name, NULL);
        bw_door_set_cookie(req, DOOR_SESSION, s->token);
        bw_door_set_cookie(req, DOOR_PRE, NULL);
        (void)snprintf(to, sizeof(to), "%s%s", s->renew ? "/set-up/" : s->to,
                       s->renew ? s->link : "");
        bw_http_add(req, "Location", to);
        bw_http_reply_const(req, 303, "text/plain; charset=utf-8", "", 0);
    }
    sign_in_free(s);
}

/* Whoever tried too often waits, and so does everybody where too many come at once. True:
 * answered. */
static bool held_back(struct sign_in *s)
{
    struct bw_door *d = s->job.d;
    const char *peer = bw_http_peer(s->job.req);
    int64_t now = bw_clock_unix_ms() / 1000;
    int64_t wait = bw_throttle_wait(d->throttle, BW_THROTTLE_NAME, s->name, now);
    int64_t other = bw_throttle_wait(d->throttle, BW_THROTTLE_ADDRESS, peer, now);
    char text[128];
    wait = wait > other ? wait : other;
    if (wait > 0) {
        d->refused++;
        (void)snprintf(text, sizeof(text), "%lld", (long long)wait);
        bw_http_add(s->job.req, "Retry-After", text);
        (void)snprintf(text, sizeof(text),
                       "Too many tries in vain. Try again in %lld seconds.",
                       (long long)wait);
        bw_door_tell(d, s->job.req, "sign-in", "refused", s->name, "has to wait");
        sorry(s, 429, text);
        return true;
    }
    if (d->n_sign_ins > SIGN_INS_MAX) {
        bw_page_sorry(s->job.req, 503, "too many people sign in at once; try again soon");
        return true;
    }
    bw_throttle_try(d->throttle, BW_THROTTLE_NAME, s->name, now);
    bw_throttle_try(d->throttle, BW_THROTTLE_ADDRESS, peer, now);
    return false;
}

static void go(struct sign_in *s)
{
    if (held_back(s)) {
        sign_in_free(s);
    } else if (bw_readers_run(s->job.d->pool, sign_in_work, sign_in_after, s) < 0) {
        sign_in_after(s, 1);
    }
}

static struct sign_in *sign_in_new(struct bw_collector *c, struct bw_http_req *req)
{
    struct sign_in *s = c->door ? calloc(1, sizeof(*s)) : NULL;
    if (!s) {
        bw_page_sorry(req, 503, "not possible now");
        return NULL;
    }
    s->job.d = c->door;
    s->job.req = req;
    (void)snprintf(s->title, sizeof(s->title), "%s", c->conf->title);
    s->job.d->n_sign_ins++;
    return s;
}

/* The form's fields; one with a NUL in it, or too long for what it is, is no form. */
static int read_form(struct sign_in *s,
                     const char *key,
                     char masked[BW_MASK_TEXT(MAC_LEN) + 8],
                     char *to,
                     size_t n_to)
{
    struct bw_share_form_field fields[] = {
        {.name = "name", .out = s->name, .cap = sizeof(s->name)},
        {.name = "password", .out = s->password, .cap = sizeof(s->password)},
        {.name = "code", .out = s->code, .cap = sizeof(s->code)},
        {.name = key, .out = masked, .cap = BW_MASK_TEXT(MAC_LEN) + 8},
        {.name = "to", .out = to, .cap = n_to},
        {.name = NULL}};
    size_t n = 0;
    const char *body = bw_http_body(s->job.req, &n);
    int r = bw_http_has_type(s->job.req, "application/x-www-form-urlencoded")
                ? bw_share_form_read(body, n, fields)
                : -EINVAL;
    for (size_t i = 0; r == 0 && fields[i].name; i++) {
        r = strlen(fields[i].out) == fields[i].n ? 0 : -EINVAL;
    }
    return r;
}

/* Of a browser that was here before; for who has a session, that one ends. */
static bool is_ours(struct sign_in *s, const char *masked)
{
    char pre[COOKIE_MAX];
    char want[MAC_LEN + 1];
    char token[COOKIE_MAX];
    if (bw_door_cookie(s->job.req, DOOR_SESSION, token) == 0 &&
        strlen(token) == TOKEN_LEN) {
        bw_sha256(token, TOKEN_LEN, s->before);
        s->has_before = true;
    }
    if (bw_door_foreign(s->job.d, s->job.req) ||
        bw_door_cookie(s->job.req, DOOR_PRE, pre) < 0 || strlen(pre) != PRE_LEN) {
        return false;
    }
    bw_door_mac(s->job.d, "sign-in", pre, want);
    return bw_mask_is(masked, want);
}

bool bw_door_shut(const struct bw_collector *c, struct bw_http_req *req)
{
    if (!c->door || c->door->conf.open || !c->door->people) {
        bw_page_sorry(req, 404, "nobody signs in here");
        return true;
    }
    return false;
}

void bw_door_sign_in_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    char to[TO_MAX];
    if (bw_door_shut(c, req)) {
        return;
    }
    bw_door_to(bw_http_query(req, "to"), to, sizeof(to));
    const struct door_form f = {.to = to, .name = ""};
    bw_door_page_sign_in(c->door, req, c->conf->title, 200, &f);
}

void bw_door_sign_in_post(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    enum door_way way = bw_door_way(req);
    char masked[BW_MASK_TEXT(MAC_LEN) + 8];
    char to[TO_MAX];
    if (bw_door_shut(c, req)) {
        return;
    }
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        bw_door_page_no_way(req, c->conf->title, way);
        return;
    }
    struct sign_in *s = sign_in_new(c, req);
    if (!s) {
        return;
    }
    int r = read_form(s, "csrf", masked, to, sizeof(to));
    bw_door_to(r == 0 ? to : NULL, s->to, sizeof(s->to));
    if (r < 0) {
        s->name[0] = '\0';
        sorry(s, 400, wrong);
        sign_in_free(s);
    } else if (!is_ours(s, masked)) {
        s->job.d->forged++;
        bw_door_tell(s->job.d, req, "form", "refused", NULL, "signing in from elsewhere");
        sorry(s, 403, "This page was too old, or not from here. Type it once more.");
        sign_in_free(s);
    } else {
        go(s);
    }
}

void bw_door_account_renew_post(void *owner, struct bw_http_req *req)
{
    const struct bw_viewer *v = bw_door_viewer(req);
    struct sign_in *s = sign_in_new(owner, req);
    char none[BW_MASK_TEXT(MAC_LEN) + 8];
    char to[TO_MAX];
    if (!s) {
        return;
    }
    s->renew = true;
    if (read_form(s, "-", none, to, sizeof(to)) < 0) {
        sorry(s, 400, wrong);
        sign_in_free(s);
        return;
    }
    memcpy(s->name, v->name, sizeof(s->name));
    memcpy(s->before, v->session, sizeof(s->before));
    s->has_before = true;
    go(s);
}

/* --- the end of sessions
 * --------------------------------------------------------------------- */

struct ending {
    struct door_job job;
    bool others; /* all of this person but this session */
    char person[BW_PERSON_MAX + 1];
    uint8_t sha256[32];
};

static void end_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct ending *e = job;
    struct bw_door *d = e->job.d;
    (void)r;
    (void)err;
    uv_mutex_lock(&d->lock);
    e->job.r = e->others ? d->people->ops->sessions_end(d->people, e->person, e->sha256,
                                                        &e->job.err)
                         : d->people->ops->session_end(d->people, e->sha256, &e->job.err);
    if (e->job.r == 0) {
        e->job.r = bw_door_reread(&e->job);
    }
    uv_mutex_unlock(&d->lock);
}

static void end_after(void *job, int cancelled)
{
    struct ending *e = job;
    struct bw_door *d = e->job.d;
    struct bw_http_req *req = e->job.req;
    if (cancelled || e->job.r < 0) {
        bw_page_sorry(req, 503, "not possible now: the session is still open");
    } else {
        bw_door_known(&e->job);
        bw_door_tell(d, req, "sign-out", "ok", e->person, e->others ? "all others" : NULL);
        if (!e->others) {
            bw_door_set_cookie(req, DOOR_SESSION, NULL);
        }
        bw_http_add(req, "Location", e->others ? "/account" : "/sign-in");
        bw_http_reply_const(req, 303, "text/plain; charset=utf-8", "", 0);
    }
    bw_book_free(e->job.book);
    free(e);
}

static void end(struct bw_collector *c, struct bw_http_req *req, bool others)
{
    const struct bw_viewer *v = bw_door_viewer(req);
    struct ending *e = calloc(1, sizeof(*e));
    if (!e) {
        bw_page_sorry(req, 503, "not possible now: the session is still open");
        return;
    }
    e->job.d = c->door;
    e->job.req = req;
    e->others = others;
    memcpy(e->person, v->name, sizeof(e->person));
    memcpy(e->sha256, v->session, sizeof(e->sha256));
    if (bw_readers_run(c->door->pool, end_work, end_after, e) < 0) {
        end_after(e, 1);
    }
}

void bw_door_sign_out_post(void *owner, struct bw_http_req *req)
{
    if (bw_door_viewer(req)->outside) {
        bw_door_dir_sign_out(owner, req);
    } else {
        end(owner, req, false);
    }
}

static void quiet_after(void *job, int cancelled)
{
    struct ending *e = job;
    if (!cancelled && e->job.r == 0) {
        bw_door_known(&e->job);
    }
    bw_book_free(e->job.book);
    free(e);
}

void bw_door_end_quietly(struct bw_door *d, const uint8_t sha256[32])
{
    struct ending *e = d->closing ? NULL : calloc(1, sizeof(*e));
    if (!e) {
        return;
    }
    e->job.d = d;
    memcpy(e->sha256, sha256, sizeof(e->sha256));
    if (bw_readers_run(d->pool, end_work, quiet_after, e) < 0) {
        quiet_after(e, 1);
    }
}

void bw_door_account_others_post(void *owner, struct bw_http_req *req)
{
    end(owner, req, true);
}

void bw_door_account_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_door_page_account(c->door, req, c->conf->title, 200, NULL);
}

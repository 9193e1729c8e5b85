/* SPDX-License-Identifier: GPL-3.0-or-later
 * set_up.c - what a one-time link is for: a password, an authenticator's key, recovery
 * codes.
 *
 * Invariant: the key of an authenticator is derived of the link's token and a secret of the
 * store, so that the form can be made again and nothing is kept of one that was never sent
 * back; a link is spent only by a code that shows that the key arrived. Looking at it
 * spends nothing, for mail programs look at links. */
#include "door_private.h"

#include <buf.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <page_parts.h>
#include <password.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set_up {
    struct door_job job;
    bool post;
    char title[128];
    char token[LINK_LEN + 1]; /* as it came; "" where it cannot be one */
    struct bw_link link;
    uint8_t totp[BW_TOTP_KEY];
    char name[BW_PERSON_MAX + 1];
    char shown[BW_PERSON_SHOWN_MAX + 1];
    char password[BW_PASSWORD_MAX + 1];
    char again[BW_PASSWORD_MAX + 1];
    char code[40];
    char codes[BW_RECOVERY_CODES][RECOVERY_LEN + 1];
    bool found;
    bool done;
    char trouble[200]; /* "" none */
};

/* --- on another thread -------------------------------------------------------------------
 */

static void derive(struct set_up *s)
{
    uint8_t mac[32];
    char text[LINK_LEN + 16];
    (void)snprintf(text, sizeof(text), "totp %s", s->token);
    bw_hmac_sha256(s->job.d->secret, sizeof(s->job.d->secret), text, strlen(text), mac);
    memcpy(s->totp, mac, sizeof(s->totp));
    explicit_bzero(mac, sizeof(mac));
    explicit_bzero(text, sizeof(text));
}

static void make_codes(struct set_up *s, struct bw_person_ready *ready)
{
    for (size_t i = 0; i < BW_RECOVERY_CODES; i++) {
        uint8_t raw[RECOVERY_RAW];
        bw_random(raw, sizeof(raw));
        bw_base32_encode(raw, sizeof(raw), s->codes[i]);
        for (char *c = s->codes[i]; *c; c++) {
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        }
        bw_sha256(s->codes[i], RECOVERY_LEN, ready->recovery[i]);
        explicit_bzero(raw, sizeof(raw));
    }
}

static int sorry(struct set_up *s, const char *trouble)
{
    (void)snprintf(s->trouble, sizeof(s->trouble), "%s", trouble);
    return -EINVAL;
}

/* What is wrong with what was typed goes into s->trouble. */
static int check(struct set_up *s, int64_t now, int64_t *ret_step)
{
    struct bw_err err = {""};
    char text[200];
    if (s->link.kind == BW_LINK_FIRST && !bw_person_name_fits(s->name)) {
        return sorry(s, "The name has 1 to 64 of a–z, 0–9, dot, underscore and hyphen, and "
                        "begins with a letter or digit.");
    }
    if (strcmp(s->password, s->again) != 0) {
        return sorry(s, "The two passwords are not the same.");
    }
    if (bw_password_fit(s->password, s->name, &err) < 0) {
        (void)snprintf(text, sizeof(text), "No: %.150s.", err.text);
        return sorry(s, text);
    }
    if (bw_totp_check(s->totp, now, BW_UNKNOWN, s->code, ret_step) < 0) {
        return sorry(s, "The code does not fit. Is the key in the authenticator this one, "
                        "and the clock of that device right?");
    }
    return 0;
}

static void spend(struct set_up *s, int64_t now)
{
    struct bw_door *d = s->job.d;
    struct bw_person_ready ready = {.name = s->name, .shown = s->shown, .totp = s->totp};
    char hash[BW_PASSWORD_HASH_MAX];
    const struct bw_act_said act = {.act = s->link.kind == BW_LINK_FIRST ? "first-admin"
                                           : s->link.kind == BW_LINK_INVITE
                                               ? "account-ready"
                                               : "account-renewed",
                                    .by = s->name,
                                    .via = "web",
                                    .about = s->name};
    if (check(s, now, &ready.totp_step) < 0) {
        return;
    }
    make_codes(s, &ready);
    s->job.r = bw_password_hash(s->password, hash);
    ready.hash = hash;
    uv_mutex_lock(&d->lock);
    if (s->job.r == 0) {
        s->job.r = d->people->ops->link_spend(d->people, s->link.sha256, &ready, now, &act,
                                              &s->job.err);
    }
    if (s->job.r == 0) {
        s->done = true;
        s->job.r = bw_door_reread(&s->job);
    }
    uv_mutex_unlock(&d->lock);
    explicit_bzero(hash, sizeof(hash));
}

static void set_up_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct set_up *s = job;
    struct bw_door *d = s->job.d;
    uint8_t sha256[32];
    int64_t now = bw_clock_unix_ms() / 1000;
    (void)r;
    (void)err;
    bw_sha256(s->token, strlen(s->token), sha256);
    uv_mutex_lock(&d->lock);
    int e = d->people->ops->link_get(d->people, sha256, now, &s->link, &s->job.err);
    uv_mutex_unlock(&d->lock);
    if (e == -ENOENT || e == -ETIME || e == -EALREADY) {
        return; /* one answer for all of them */
    }
    s->job.r = e;
    if (e < 0) {
        return;
    }
    s->found = true;
    if (s->link.kind != BW_LINK_FIRST) {
        memcpy(s->name, s->link.person, sizeof(s->name));
    }
    derive(s);
    if (s->post) {
        spend(s, now);
    }
}

/* --- on the loop
 * --------------------------------------------------------------------------- */

static void set_up_free(struct set_up *s)
{
    s->job.d->n_sign_ins--;
    bw_book_free(s->job.book);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

static void set_up_after(void *job, int cancelled)
{
    struct set_up *s = job;
    struct bw_door *d = s->job.d;
    struct bw_http_req *req = s->job.req;
    const struct door_set_up form = {.kind = s->link.kind,
                                     .token = s->token,
                                     .name = s->name,
                                     .shown = s->shown,
                                     .totp = s->totp,
                                     .trouble = s->trouble[0] ? s->trouble : NULL};
    if (!cancelled && s->job.r == 0 && !s->found) {
        bw_door_tell(d, req, "set-up", "refused", NULL, "no such link");
        bw_http_add(req, "Referrer-Policy", "strict-origin");
        bw_page_sorry(req, 404, "this link is unknown, used or expired; ask for another");
    } else if (cancelled || s->job.r < 0) {
        if (!cancelled) {
            bw_log(BW_AREA_HTTP, BW_WARN, "setting up an account: %s", s->job.err.text);
        }
        bw_page_sorry(req, 503, "not possible now; nothing was changed");
    } else if (s->done) {
        bw_door_known(&s->job);
        bw_throttle_good(d->throttle, BW_THROTTLE_NAME, s->name);
        bw_door_tell(d, req, "set-up", "ok", s->name, NULL);
        bw_door_page_recovery(req, s->title, s->name, s->codes);
        bw_door_turn(d);
    } else {
        bw_door_page_set_up(req, s->title, s->trouble[0] ? 400 : 200, &form);
    }
    set_up_free(s);
}

static int read_form(struct set_up *s)
{
    struct bw_share_form_field fields[] = {
        {.name = "name", .out = s->name, .cap = sizeof(s->name)},
        {.name = "shown", .out = s->shown, .cap = sizeof(s->shown)},
        {.name = "password", .out = s->password, .cap = sizeof(s->password)},
        {.name = "again", .out = s->again, .cap = sizeof(s->again)},
        {.name = "code", .out = s->code, .cap = sizeof(s->code)},
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

static void begin(struct bw_collector *c, struct bw_http_req *req, bool post)
{
    enum door_way way = bw_door_way(req);
    const char *token = bw_http_param(req, 0);
    if (!c->door || c->door->conf.open || !c->door->people) {
        bw_page_sorry(req, 404, "nobody signs in here");
        return;
    }
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        bw_door_page_no_way(req, c->conf->title, way);
        return;
    }
    struct set_up *s = c->door->n_sign_ins < SIGN_INS_MAX ? calloc(1, sizeof(*s)) : NULL;
    if (!s) {
        bw_page_sorry(req, 503, "too many people are at the door; try again soon");
        return;
    }
    s->job.d = c->door;
    s->job.req = req;
    s->post = post;
    s->job.d->n_sign_ins++;
    (void)snprintf(s->title, sizeof(s->title), "%s", c->conf->title);
    if (strlen(token) == LINK_LEN) {
        (void)snprintf(s->token, sizeof(s->token), "%s", token);
    }
    if (post && bw_door_foreign(s->job.d, req)) {
        s->job.d->forged++;
        bw_door_tell(s->job.d, req, "form", "refused", NULL, "a set-up from elsewhere");
        bw_page_sorry(req, 403, "what came was not a form of this collector");
        set_up_free(s);
    } else if (post && read_form(s) < 0) {
        bw_page_sorry(req, 400,
                      "what came was not this page's form; go back and try again");
        set_up_free(s);
    } else if (bw_readers_run(s->job.d->pool, set_up_work, set_up_after, s) < 0) {
        set_up_after(s, 1);
    }
}

void bw_door_set_up_get(void *owner, struct bw_http_req *req)
{
    begin(owner, req, false);
}

void bw_door_set_up_post(void *owner, struct bw_http_req *req)
{
    begin(owner, req, true);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_judge.c - from a directory's tokens to a session (OpenID Connect Core 1.0 §3.1.3,
 * §5.3).
 *
 * Invariant: whoever is let in is so by a token that was signed by the directory's key, for
 * this collector, for this transaction, just now. No token of the directory stays but the
 * ID token, as the hint for signing out. */
#include "dir_private.h"

#include <clock.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HINT_MAX = 4096, /* of an ID token that is kept */
    NAME_BYTES = 200
};

/* The text of a claim: of the ID token, else of userinfo. */
static const char *claim(const struct flow *f, const char *name, size_t max)
{
    const char *text = bw_oidc_text(f->id.claims, name, max);
    return text || !f->userinfo ? text : bw_oidc_text(f->userinfo, name, max);
}

static void no_group(struct flow *f, const char *name)
{
    char trouble[512];
    (void)snprintf(
        trouble, sizeof(trouble),
        "%.60s knows you as %.200s, and none of your groups there opens anything "
        "here. Whoever runs this collector can say which groups do.",
        f->d->conf.oidc.name, name);
    bw_flow_refuse(f, name, "in no group that opens anything", trouble);
}

/* Of the same person: what is known is new, the session and its forms stay. */
static void renew(struct flow *f, struct bw_dir_session *s, const struct bw_viewer *v)
{
    char csrf[sizeof(s->as.csrf)];
    memcpy(csrf, s->as.csrf, sizeof(csrf));
    s->as = *v;
    memcpy(s->as.csrf, csrf, sizeof(csrf));
    memcpy(s->as.session, s->sha256, sizeof(s->as.session));
    (void)snprintf(s->sid, sizeof(s->sid), "%s", f->id.sid ? f->id.sid : "");
    s->checked_mono_ms = bw_clock_mono_ms();
    s->seen_unix_s = bw_clock_unix_ms() / 1000;
}

static int begin(struct flow *f, const struct bw_viewer *v, char token[TOKEN_LEN + 1])
{
    int64_t now = bw_clock_unix_ms() / 1000;
    struct bw_dir_session s = {.as = *v,
                               .seen_unix_s = now,
                               .expires_unix_s = now + f->d->conf.longest_ms / 1000,
                               .checked_mono_ms = bw_clock_mono_ms()};
    uint8_t raw[TOKEN_RAW];
    uint8_t csrf[BW_SESSION_CSRF];
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), token);
    bw_sha256(token, TOKEN_LEN, s.sha256);
    memcpy(s.as.session, s.sha256, sizeof(s.as.session));
    bw_random(csrf, sizeof(csrf));
    (void)bw_b64_encode(csrf, sizeof(csrf), s.as.csrf);
    (void)snprintf(s.sub, sizeof(s.sub), "%s", f->id.sub);
    (void)snprintf(s.sid, sizeof(s.sid), "%s", f->id.sid ? f->id.sid : "");
    s.id_token = strlen(f->id_token) <= HINT_MAX ? strdup(f->id_token) : NULL;
    int r = bw_dir_session_add(f->d->dir_sessions, &s);
    if (r < 0) {
        free(s.id_token);
    }
    return r;
}

/* Whatever session the browser had ends, but for one that is renewed. */
static void end_last(struct flow *f)
{
    struct bw_dir_session *s = bw_door_dir_session(f->d, f->req);
    char token[COOKIE_MAX];
    uint8_t sha256[32];
    if (s) {
        bw_dir_session_end(f->d->dir_sessions, s);
    } else if (bw_door_cookie(f->req, DOOR_SESSION, token) == 0 &&
               strlen(token) == TOKEN_LEN) {
        bw_sha256(token, TOKEN_LEN, sha256);
        if (bw_book_session(f->d->book, sha256)) {
            bw_door_end_quietly(f->d, sha256);
        }
    }
}

static void let_in(struct flow *f, const struct bw_viewer *v)
{
    struct bw_dir_session *s = bw_door_dir_session(f->d, f->req);
    char token[TOKEN_LEN + 1];
    if (s && strcmp(s->sub, f->id.sub) == 0) {
        renew(f, s, v);
    } else {
        end_last(f);
        if (begin(f, v, token) < 0) {
            bw_flow_sorry(f, 503, "Too many people are signed in now.");
            return;
        }
        f->d->signed_in++;
        bw_door_tell(f->d, f->req, "sign-in", "ok", v->name, "by the directory");
        bw_door_set_cookie(f->req, DOOR_SESSION, token);
    }
    bw_door_go_to(f->req, f->to);
    bw_flow_free(f);
}

/* Everything is proved: what may this one? */
static void judge(struct flow *f)
{
    const struct bw_config_oidc *conf = &f->d->conf.oidc;
    const char *groups[BW_OIDC_GROUPS_MAX];
    char id[BW_OIDC_ISSUER_MAX + BW_OIDC_SUB_MAX + 2];
    const json_t *from = json_object_get(f->id.claims, conf->groups_claim) || !f->userinfo
                             ? f->id.claims
                             : f->userinfo;
    const char *name = claim(f, conf->user_claim, NAME_BYTES);
    if (!name || !name[0]) {
        name = f->id.sub;
    }
    (void)snprintf(id, sizeof(id), "%s\n%s", conf->issuer, f->id.sub);
    const struct bw_door_identity who = {
        .name = name,
        .id = id,
        .groups = groups,
        .n_groups = bw_oidc_groups(from, conf->groups_claim, groups)};
    struct bw_viewer *v = bw_door_outside(f->d, &who);
    if (!v) {
        no_group(f, name);
    } else if (bw_dir_sessions_is_out(f->d->dir_sessions, &f->id)) {
        bw_flow_refuse(f, v->name, "signed out meanwhile",
                       "The directory signed you out just now. Sign in once more.");
    } else {
        const char *shown = claim(f, "name", NAME_BYTES);
        if (shown && shown[0]) {
            (void)snprintf(v->shown, sizeof(v->shown), "%.120s", shown);
        }
        let_in(f, v);
    }
    free(v);
}

static void on_userinfo(void *owner, const struct bw_dir_answer *a)
{
    struct flow *f = owner;
    const char *sub = NULL;
    if (a->r < 0 || a->status != 200 ||
        bw_json_parse(a->body, a->n, BW_DIR_ANSWER, &f->userinfo, NULL) < 0 ||
        !(sub = bw_oidc_text(f->userinfo, "sub", BW_OIDC_SUB_MAX)) ||
        strcmp(sub, f->id.sub) != 0) { /* Core §5.3.2 */
        bw_flow_refuse(f, NULL, "the directory tells nothing of this person",
                       "The directory did not say who you are. Sign in once more.");
        return;
    }
    judge(f);
}

static void check_id(struct flow *f)
{
    const struct bw_config_oidc *conf = &f->d->conf.oidc;
    const struct bw_oidc_meta *m = bw_directory_meta(f->d->directory);
    char nonce[MAC_LEN + 1];
    struct bw_err err = {""};
    bw_flow_derive(f, "oidc-nonce", nonce);
    const struct bw_oidc_want want = {.issuer = conf->issuer,
                                      .client_id = conf->client_id,
                                      .nonce = nonce,
                                      .access_token = f->access_token,
                                      .now_unix_s = bw_clock_unix_ms() / 1000};
    if (bw_oidc_id_check(&f->id, &want, &err) < 0) {
        bw_flow_refuse(
            f, NULL, err.text,
            "What the directory sent does not fit. Sign in once more; if that does not "
            "help, whoever runs this collector finds the reason in its log.");
        return;
    }
    /* Who this is, is known: whatever follows was no try in vain. */
    bw_throttle_good(f->d->throttle, BW_THROTTLE_ADDRESS, bw_http_peer(f->req));
    if ((conf->acr[0] && !bw_oidc_says(f->id.claims, "acr", conf->acr)) ||
        (conf->amr[0] && !bw_oidc_says(f->id.claims, "amr", conf->amr))) {
        bw_flow_refuse(
            f, f->id.sub, "acr or amr is not what is demanded",
            "This collector wants a stronger way of signing in at the directory, for "
            "instance a second factor.");
    } else if (!json_object_get(f->id.claims, conf->groups_claim) && m->userinfo[0] &&
               f->access_token) {
        if (bw_directory_userinfo(f->d->directory, f->access_token, on_userinfo, f) < 0) {
            bw_flow_no_answer(f);
        }
    } else {
        judge(f);
    }
}

static void on_keys(void *owner, int r)
{
    struct flow *f = owner;
    if (r < 0) {
        bw_flow_no_answer(f);
        return;
    }
    r = bw_directory_verify(f->d->directory, &f->id);
    if (r == -ENOENT && !f->newer) {
        f->newer = true;
        bw_flow_need(f, BW_DIR_NEWER, on_keys);
    } else if (r < 0) {
        bw_flow_refuse(f, NULL,
                       r == -ENOENT ? "a token by a key that is not the directory's"
                                    : "a token whose signature is wrong",
                       "What came was not signed by the directory. Sign in once more.");
    } else {
        check_id(f);
    }
}

void bw_flow_on_tokens(void *owner, const struct bw_dir_answer *a)
{
    struct flow *f = owner;
    struct bw_err err = {""};
    const char *type = NULL;
    if (a->r == -ECANCELED || (a->r < 0 && f->d->closing)) {
        bw_flow_no_answer(f);
        return;
    }
    if (a->r < 0 || a->status >= 500) {
        bw_log(BW_AREA_HTTP, BW_WARN, "the directory changes no code for tokens: %s",
               a->r < 0 ? a->why : "its server has an error");
        bw_flow_no_answer(f);
        return;
    }
    int r = bw_json_parse(a->body, a->n, BW_DIR_ANSWER, &f->answer, &err);
    if (a->status != 200) {
        const char *error = r == 0 ? bw_oidc_text(f->answer, "error", 60) : NULL;
        char why[128];
        (void)snprintf(why, sizeof(why), "the directory refused the code: %s",
                       error ? error : "no reason");
        bw_flow_refuse(
            f, NULL, why,
            "The directory did not take back its own answer: it was used before, or too "
            "old. Sign in once more.");
        return;
    }
    r = r < 0 ? r
              : bw_json_get_str(f->answer, "id_token", BW_OIDC_TOKEN_BYTES, &f->id_token,
                                &err);
    r = r < 0 ? r
              : bw_json_opt_str(f->answer, "access_token", BW_OIDC_TOKEN_BYTES,
                                &f->access_token, &err);
    r = r < 0 ? r : bw_json_opt_str(f->answer, "token_type", 32, &type, &err);
    r = r < 0 ? r : bw_oidc_token_read(f->id_token, strlen(f->id_token), &f->id, &err);
    if (r < 0) {
        bw_flow_refuse(f, NULL, err.text, "What the directory sent is no ID token.");
        return;
    }
    bw_flow_need(f, BW_DIR_KEYS, on_keys);
}

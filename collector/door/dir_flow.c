/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_flow.c - people whom a directory signs in: the way there, the way back (OpenID
 * Connect Core 1.0 §3.1, RFC 7636, RFC 9207).
 *
 * Invariant: nothing is kept of somebody who is on the way. State, nonce and PKCE's
 * verifier are MACs over a cookie of the browser and a word of this one transaction, so
 * that an answer is good in the browser that asked and for what it asked. */
#include "dir_private.h"

#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <oidc_token.h>
#include <page_parts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    WORD_RAW = 12,
    STATE_MAX = WORD_LEN + MAC_LEN + 4 + STATE_TO_MAX * 4 / 3 + 4,
    ON_THE_WAY_S = 600
};

/* --- derived -------------------------------------------------------------------------- */

void bw_flow_derive(const struct flow *f, const char *what, char out[MAC_LEN + 1])
{
    char of[PRE_LEN + WORD_LEN + 1];
    (void)snprintf(of, sizeof(of), "%.*s%s", PRE_LEN, f->pre, f->word);
    bw_door_mac(f->d, what, of, out);
}

static void state_mac(const struct flow *f, char out[MAC_LEN + 1])
{
    char of[PRE_LEN + WORD_LEN + BW_HASH_LEN + 8];
    char to[BW_HASH_LEN + 1];
    bw_sha256_text(f->to, strlen(f->to), to);
    (void)snprintf(of, sizeof(of), "%.*s%s %d %s", PRE_LEN, f->pre, f->word, f->again, to);
    bw_door_mac(f->d, "oidc-state", of, out);
}

static void verifier_of(const struct flow *f, char out[2 * MAC_LEN + 1])
{
    bw_flow_derive(f, "oidc-pkce-1", out);
    bw_flow_derive(f, "oidc-pkce-2", out + MAC_LEN);
}

static void redirect_of(const struct bw_door *d, char out[600])
{
    (void)snprintf(out, 600, "%s/oidc/back", d->conf.url);
}

/* WORD.MAC.AGAIN.TO */
static void state_of(const struct flow *f, char out[STATE_MAX + 1])
{
    char mac[MAC_LEN + 1];
    state_mac(f, mac);
    int n = snprintf(out, STATE_MAX + 1, "%s.%s.%d.", f->word, mac, f->again);
    (void)bw_b64_encode(f->to, strlen(f->to), out + n);
}

static int read_state(struct flow *f, const char *text)
{
    static const size_t at_flag = WORD_LEN + 1 + MAC_LEN + 1;
    char mac[MAC_LEN + 1];
    char time[9];
    size_t n = text ? strlen(text) : 0;
    if (n < at_flag + 2 || n > STATE_MAX || text[WORD_LEN] != '.' ||
        text[at_flag - 1] != '.' || text[at_flag + 1] != '.') {
        return -EINVAL;
    }
    memcpy(f->word, text, WORD_LEN);
    f->again = text[at_flag] == '1';
    long len = bw_b64_decode(text + at_flag + 2, n - at_flag - 2, f->to, sizeof(f->to) - 1);
    if (len < 0 || memchr(f->to, '\0', (size_t)len)) {
        return -EINVAL;
    }
    f->to[len] = '\0';
    state_mac(f, mac);
    if (!bw_same(mac, text + WORD_LEN + 1, MAC_LEN)) {
        return -EACCES;
    }
    memcpy(time, f->word, 8);
    time[8] = '\0';
    int64_t age = bw_clock_unix_ms() / 1000 - (int64_t)strtoul(time, NULL, 16);
    return age >= -1 && age <= ON_THE_WAY_S ? 0 : -ETIME;
}

/* --- a request on its way ------------------------------------------------------------- */

void bw_flow_free(struct flow *f)
{
    json_decref(f->answer);
    json_decref(f->userinfo);
    bw_oidc_token_done(&f->id);
    f->d->n_flows--;
    explicit_bzero(f, sizeof(*f));
    free(f);
}

/* NULL: answered. */
static struct flow *flow_new(struct bw_collector *c, struct bw_http_req *req)
{
    enum door_way way = bw_door_way(req);
    if (bw_door_shut(c, req)) {
        return NULL;
    }
    if (!c->door->directory || c->door->closing) {
        bw_page_sorry(req, 404, "no directory signs people in here");
        return NULL;
    }
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        bw_door_page_no_way(req, c->conf->title, way);
        return NULL;
    }
    struct flow *f = c->door->n_flows < FLOWS_MAX ? calloc(1, sizeof(*f)) : NULL;
    if (!f) {
        bw_page_sorry(req, 503, "too many people are at the door; try again soon");
        return NULL;
    }
    f->d = c->door;
    f->req = req;
    f->d->n_flows++;
    (void)snprintf(f->title, sizeof(f->title), "%s", c->conf->title);
    return f;
}

/* Answered with the page for signing in, and a sentence. */
void bw_flow_sorry(struct flow *f, unsigned status, const char *trouble)
{
    const struct door_form form = {.to = f->to, .name = "", .trouble = trouble};
    bw_door_page_sign_in(f->d, f->req, f->title, status, &form);
    bw_flow_free(f);
}

void bw_flow_refuse(struct flow *f, const char *who, const char *why, const char *trouble)
{
    struct bw_dir_session *s = bw_door_dir_session(f->d, f->req);
    if (s) { /* what was asked about again is over */
        bw_dir_session_end(f->d->dir_sessions, s);
        bw_door_set_cookie(f->req, DOOR_SESSION, NULL);
    }
    f->d->refused++;
    bw_door_tell(f->d, f->req, "sign-in", "refused", who, why);
    bw_flow_sorry(f, 403, trouble);
}

void bw_flow_no_answer(struct flow *f)
{
    bw_flow_sorry(f, 503,
                  "The directory does not answer now. Accounts of this collector work.");
}

void bw_door_go_to(struct bw_http_req *req, const char *where)
{
    bw_http_add(req, "Location", where);
    bw_http_reply_const(req, 303, "text/plain; charset=utf-8", "", 0);
}

/* --- there ---------------------------------------------------------------------------- */

static void add(struct bw_buf *url, const char *name, const char *value)
{
    bw_buf_printf(url, "&%s=", name);
    bw_text_url(url, value);
}

static void send_there(struct flow *f)
{
    const struct bw_config_oidc *conf = &f->d->conf.oidc;
    const char *at = bw_directory_meta(f->d->directory)->authorization;
    char redirect[600];
    char state[STATE_MAX + 1];
    char nonce[MAC_LEN + 1];
    char verifier[2 * MAC_LEN + 1];
    char challenge[BW_HASH_LEN + 1];
    struct bw_buf url;
    redirect_of(f->d, redirect);
    state_of(f, state);
    bw_flow_derive(f, "oidc-nonce", nonce);
    verifier_of(f, verifier);
    bw_sha256_text(verifier, strlen(verifier), challenge);
    bw_buf_init(&url, 8192);
    bw_buf_printf(&url, "%s%cresponse_type=code", at, strchr(at, '?') ? '&' : '?');
    add(&url, "client_id", conf->client_id);
    add(&url, "redirect_uri", redirect);
    add(&url, "scope", conf->scopes);
    add(&url, "state", state);
    add(&url, "nonce", nonce);
    add(&url, "code_challenge", challenge);
    add(&url, "code_challenge_method", "S256");
    if (conf->acr[0]) {
        add(&url, "acr_values", conf->acr);
    }
    if (f->again) {
        add(&url, "prompt", "none");
    }
    if (bw_buf_error(&url) == 0) {
        bw_door_set_cookie(f->req, DOOR_SENT, f->pre);
        bw_door_go_to(f->req, url.data);
        bw_flow_free(f);
    } else {
        bw_flow_no_answer(f);
    }
    bw_buf_done(&url);
}

static void on_meta_to_go(void *owner, int r)
{
    struct flow *f = owner;
    if (r == 0) {
        send_there(f);
    } else {
        bw_flow_no_answer(f);
    }
}

void bw_flow_need(struct flow *f, enum bw_dir_need what, bw_dir_ready_cb then)
{
    int r = bw_directory_need(f->d->directory, what, then, f);
    if (r != 0) {
        then(f, r > 0 ? 0 : r);
    }
}

void bw_door_oidc_start_get(void *owner, struct bw_http_req *req)
{
    struct flow *f = flow_new(owner, req);
    uint8_t raw[PRE_RAW];
    if (!f) {
        return;
    }
    bw_door_to(bw_http_query(req, "to"), f->to, sizeof(f->to));
    const struct bw_dir_session *s =
        bw_http_query(req, "again") ? bw_door_dir_session(f->d, req) : NULL;
    f->again = s != NULL;
    if (s) { /* the same for all pages of a browser that open at once */
        char of[BW_HASH_LEN + 1];
        (void)bw_b64_encode(s->sha256, sizeof(s->sha256), of);
        bw_door_mac(f->d, "oidc-again", of, f->pre);
    } else if (bw_door_cookie(req, DOOR_SENT, f->pre) < 0 || strlen(f->pre) != PRE_LEN) {
        bw_random(raw, sizeof(raw));
        (void)bw_b64_encode(raw, sizeof(raw), f->pre);
    }
    bw_random(raw, WORD_RAW);
    (void)snprintf(f->word, sizeof(f->word), "%08x", (unsigned)(bw_clock_unix_ms() / 1000));
    (void)bw_b64_encode(raw, WORD_RAW, f->word + 8);
    bw_flow_need(f, BW_DIR_META, on_meta_to_go);
}

/* --- and back ------------------------------------------------------------------------- */

/* RFC 9207: is the answer of the provider that was asked? */
static bool is_theirs(const struct flow *f)
{
    return f->has_iss ? strcmp(f->iss, f->d->conf.oidc.issuer) == 0
                      : !bw_directory_meta(f->d->directory)->says_iss;
}

static bool wants_person(const char *error)
{
    static const char *const words[] = {"login_required", "interaction_required",
                                        "consent_required", "account_selection_required"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], error) == 0) {
            return true;
        }
    }
    return false;
}

/* The directory said no. */
static void turned_away(struct flow *f)
{
    char why[128];
    (void)snprintf(why, sizeof(why), "the directory said %s", f->refusal);
    if (!f->again || !wants_person(f->refusal)) {
        bw_flow_refuse(f, NULL, why,
                       strcmp(f->refusal, "access_denied") == 0
                           ? "The directory let nobody in."
                           : "The directory could not sign you in. Try it once more.");
        return;
    }
    /* It does not know this browser any more: the session is over, the person may come. */
    struct bw_dir_session *s = bw_door_dir_session(f->d, f->req);
    struct bw_buf to;
    if (s) {
        bw_door_tell(f->d, f->req, "sign-out", "ok", s->as.name, why);
        bw_dir_session_end(f->d->dir_sessions, s);
        bw_door_set_cookie(f->req, DOOR_SESSION, NULL);
    }
    bw_buf_init(&to, 4096);
    bw_buf_puts(&to, "/sign-in?to=");
    bw_text_url(&to, f->to);
    bw_door_go_to(f->req, bw_buf_error(&to) == 0 ? to.data : "/sign-in");
    bw_buf_done(&to);
    bw_flow_free(f);
}

static void on_meta_of_answer(void *owner, int r)
{
    struct flow *f = owner;
    char redirect[600];
    char verifier[2 * MAC_LEN + 1];
    if (r < 0) {
        bw_flow_no_answer(f);
    } else if (!is_theirs(f)) {
        bw_flow_refuse(f, NULL, "an answer of another issuer",
                       "What came was not from the directory that was asked.");
    } else if (f->refused) {
        turned_away(f);
    } else {
        redirect_of(f->d, redirect);
        verifier_of(f, verifier);
        if (bw_directory_redeem(f->d->directory, f->code, redirect, verifier,
                                bw_flow_on_tokens, f) < 0) {
            bw_flow_no_answer(f);
        }
    }
}

static bool printable(const char *text, size_t max)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return n > 0 && n <= max;
}

/* What stands in the answer, before anything is asked about it. */
static int read_answer(struct flow *f)
{
    const char *code = bw_http_query(f->req, "code");
    const char *error = bw_http_query(f->req, "error");
    const char *iss = bw_http_query(f->req, "iss");
    if (iss && strlen(iss) >= sizeof(f->iss)) {
        return -EINVAL;
    }
    f->has_iss = iss != NULL;
    (void)snprintf(f->iss, sizeof(f->iss), "%s", iss ? iss : "");
    if (error) {
        f->refused = true;
        (void)snprintf(f->refusal, sizeof(f->refusal), "%s",
                       printable(error, sizeof(f->refusal) - 1) ? error : "no reason");
        return code ? -EINVAL : 0;
    }
    if (!code || !printable(code, CODE_MAX)) {
        return -EINVAL;
    }
    (void)snprintf(f->code, sizeof(f->code), "%s", code);
    return 0;
}

static void forged(struct flow *f, int r)
{
    f->d->forged++;
    f->to[0] = '\0';
    bw_door_to(NULL, f->to, sizeof(f->to));
    bw_door_tell(f->d, f->req, "form", "refused", NULL,
                 r == -ETIME ? "an answer of the directory that is too old"
                             : "an answer of the directory that this browser did not ask "
                               "for");
    bw_flow_sorry(f, 403,
                  r == -ETIME
                      ? "That took too long. Sign in once more."
                      : "This browser did not ask the directory for that. Sign in from "
                        "here.");
}

void bw_door_oidc_back_get(void *owner, struct bw_http_req *req)
{
    struct flow *f = flow_new(owner, req);
    if (!f) {
        return;
    }
    const char *peer = bw_http_peer(req);
    int64_t now = bw_clock_unix_ms() / 1000;
    int r = bw_door_cookie(req, DOOR_SENT, f->pre);
    r = r < 0 ? r : strlen(f->pre) == PRE_LEN ? 0 : -EINVAL;
    r = r < 0 ? r : read_state(f, bw_http_query(req, "state"));
    r = r < 0 ? r : read_answer(f);
    if (r < 0) {
        forged(f, r);
        return;
    }
    if (bw_throttle_wait(f->d->throttle, BW_THROTTLE_ADDRESS, peer, now) > 0) {
        f->d->refused++;
        bw_flow_sorry(f, 429, "Too many tries in vain. Wait some minutes.");
        return;
    }
    bw_throttle_try(f->d->throttle, BW_THROTTLE_ADDRESS, peer, now);
    bw_flow_need(f, BW_DIR_META, on_meta_of_answer);
}

/* --- later ---------------------------------------------------------------------------- */

struct bw_dir_session *bw_door_dir_session(struct bw_door *d, const struct bw_http_req *req)
{
    char token[COOKIE_MAX];
    uint8_t sha256[32];
    if (!d->dir_sessions || bw_door_cookie(req, DOOR_SESSION, token) < 0 ||
        strlen(token) != TOKEN_LEN) {
        return NULL;
    }
    bw_sha256(token, TOKEN_LEN, sha256);
    return bw_dir_session_find(d->dir_sessions, sha256, bw_clock_unix_ms() / 1000,
                               d->conf.idle_ms / 1000);
}

/* Does a browser go to a page with this, so that it may be sent elsewhere first? */
static bool goes_to_page(const struct bw_http_req *req)
{
    const char *mode = bw_http_header(req, "Sec-Fetch-Mode");
    return strcmp(bw_http_method(req), "GET") == 0 && bw_door_is_page(req) &&
           (!mode || strcmp(mode, "navigate") == 0);
}

struct bw_viewer *bw_door_by_directory(struct bw_door *d, const struct bw_http_req *req)
{
    struct bw_dir_session *s = bw_door_dir_session(d, req);
    if (!s) {
        return NULL;
    }
    int64_t age = bw_clock_mono_ms() - s->checked_mono_ms;
    bool page = goes_to_page(req);
    if (age >= 2 * d->conf.oidc.recheck_ms && !page) {
        return NULL;
    }
    struct bw_viewer *v = malloc(sizeof(*v));
    if (v) {
        *v = s->as;
        v->stale = page && age >= d->conf.oidc.recheck_ms;
        s->seen_unix_s = bw_clock_unix_ms() / 1000;
    }
    return v;
}

void bw_door_ask_again(struct bw_http_req *req)
{
    struct bw_buf to;
    bw_buf_init(&to, 4096);
    bw_buf_puts(&to, "/oidc/start?again=1");
    bw_door_add_target(req, "&to=", &to);
    bw_door_go_to(req, bw_buf_error(&to) == 0 ? to.data : "/oidc/start?again=1");
    bw_buf_done(&to);
}

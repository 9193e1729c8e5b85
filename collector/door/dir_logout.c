/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_logout.c - the end of sessions that began at a directory: by its word (OpenID Connect
 * Back-Channel Logout 1.0), or by the person's, who is then led there (RP-Initiated Logout
 * 1.0). */
#include "dir_sessions.h"
#include "directory.h"
#include "door_private.h"

#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <oidc_token.h>
#include <page_parts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    REFRESH_MAX = 2000 /* of an address in a header */
};

/* --- by its word ---------------------------------------------------------------------- */

struct logout {
    struct bw_door *d;
    struct bw_http_req *req;
    char *text;
    struct bw_oidc_token t;
    bool newer;
};

/* §2.8: 200, or 400 with a reason that tells nothing. */
static void answer(struct logout *l, bool good)
{
    static const char bad[] = "{\"error\":\"invalid_request\"}";
    bw_http_reply_const(l->req, good ? 200 : 400, "application/json", good ? "" : bad,
                        good ? 0 : sizeof(bad) - 1);
    bw_oidc_token_done(&l->t);
    free(l->text);
    l->d->n_flows--;
    free(l);
}

static void refuse(struct logout *l, const char *why)
{
    bw_door_tell(l->d, l->req, "logout", "refused", NULL, why);
    answer(l, false);
}

static void busy(struct logout *l)
{
    bw_http_add(l->req, "Retry-After", "10");
    bw_http_problem(l->req, 503, "busy", "Not possible now", "try again in 10 seconds");
    bw_oidc_token_done(&l->t);
    free(l->text);
    l->d->n_flows--;
    free(l);
}

static void sign_out(struct logout *l)
{
    char detail[64];
    int n = bw_dir_sessions_out(l->d->dir_sessions, &l->t, bw_clock_unix_ms() / 1000);
    if (n < 0) {
        refuse(l, "a logout token that was here before");
        return;
    }
    (void)snprintf(detail, sizeof(detail), "%d of %s over", n,
                   n == 1 ? "the sessions is" : "the sessions are");
    bw_door_tell(l->d, l->req, "logout", "ok", l->t.sub, detail);
    answer(l, true);
}

static void on_keys(void *owner, int r)
{
    struct logout *l = owner;
    if (r < 0) {
        busy(l);
        return;
    }
    r = bw_directory_verify(l->d->directory, &l->t);
    if (r == -ENOENT && !l->newer) {
        l->newer = true;
        r = bw_directory_need(l->d->directory, BW_DIR_NEWER, on_keys, l);
        if (r != 0) {
            on_keys(l, r > 0 ? 0 : r);
        }
    } else if (r < 0) {
        refuse(l, r == -ENOENT ? "a logout token by a key that is not the directory's"
                               : "a logout token whose signature is wrong");
    } else {
        sign_out(l);
    }
}

static void on_meta(void *owner, int r)
{
    struct logout *l = owner;
    if (r == 0) {
        r = bw_directory_need(l->d->directory, BW_DIR_KEYS, on_keys, l);
        if (r == 0) {
            return;
        }
    }
    on_keys(l, r > 0 ? 0 : r);
}

/* The form's logout_token; NULL: none. base64url and points need no undoing. */
static char *token_of(struct bw_http_req *req)
{
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    char *out =
        bw_http_has_type(req, "application/x-www-form-urlencoded") ? malloc(n + 1) : NULL;
    if (out && bw_door_field(body, n, "logout_token", out, n + 1) < 0) {
        free(out);
        out = NULL;
    }
    return out;
}

void bw_door_oidc_logout_post(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_door *d = c->door;
    struct bw_err err = {""};
    enum door_way way = bw_door_way(req);
    if (!d || !d->directory || d->closing) {
        bw_http_problem(req, 404, "not-found", "Nothing here",
                        "no directory signs people in here");
        return;
    }
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        bw_http_problem(req, 403, "forged", "Not this way",
                        "through a proxy that the configuration does not know of, or in "
                        "the clear");
        return;
    }
    struct logout *l = d->n_flows < FLOWS_MAX ? calloc(1, sizeof(*l)) : NULL;
    if (!l) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 503, "busy", "Not possible now", "try again in 10 seconds");
        return;
    }
    d->n_flows++;
    l->d = d;
    l->req = req;
    l->text = token_of(req);
    if (!l->text) {
        refuse(l, "no logout token");
        return;
    }
    const struct bw_oidc_want want = {.issuer = d->conf.oidc.issuer,
                                      .client_id = d->conf.oidc.client_id,
                                      .now_unix_s = bw_clock_unix_ms() / 1000};
    int r = bw_oidc_token_read(l->text, strlen(l->text), &l->t, &err);
    r = r < 0 ? r : bw_oidc_logout_check(&l->t, &want, &err);
    if (r < 0) { /* before anything is asked for its sake */
        refuse(l, err.text);
        return;
    }
    r = bw_directory_need(d->directory, BW_DIR_META, on_meta, l);
    if (r != 0) {
        on_meta(l, r > 0 ? 0 : r);
    }
}

/* --- by the person's ------------------------------------------------------------------ */

/* Where the directory ends its own session; "": it tells no address. */
static void away(const struct bw_door *d, const char *id_token, struct bw_buf *url)
{
    const char *at = bw_directory_meta(d->directory)->end_session;
    if (!at[0]) {
        return;
    }
    bw_buf_printf(url, "%s%cclient_id=", at, strchr(at, '?') ? '&' : '?');
    bw_text_url(url, d->conf.oidc.client_id);
    if (id_token) {
        bw_buf_puts(url, "&id_token_hint=");
        bw_text_url(url, id_token);
    }
    if (d->conf.oidc.back) {
        bw_buf_puts(url, "&post_logout_redirect_uri=");
        bw_text_url(url, d->conf.url);
        bw_text_url(url, "/sign-in");
    }
}

void bw_door_dir_sign_out(struct bw_collector *c, struct bw_http_req *req)
{
    struct bw_door *d = c->door;
    struct bw_dir_session *s = bw_door_dir_session(d, req);
    struct bw_buf url;
    struct bw_buf b;
    bw_buf_init(&url, 16384);
    bw_buf_init(&b, PAGE_MAX);
    if (s) {
        away(d, s->id_token, &url);
        bw_door_tell(d, req, "sign-out", "ok", s->as.name, NULL);
        bw_dir_session_end(d->dir_sessions, s);
    }
    bw_door_set_cookie(req, DOOR_SESSION, NULL);
    bw_page_begin(&b, "Signed out", c->conf->title);
    bw_buf_puts(&b, "<h1>Signed out here</h1><p>This collector's session is over.");
    if (url.len > 0 && bw_buf_error(&url) == 0) {
        bw_buf_puts(&b, " The directory still knows this browser, and would let it in "
                        "again without a question.</p><p><a class=\"button\" href=\"");
        bw_text_html(&b, url.data);
        bw_buf_puts(&b, "\">Sign out of ");
        bw_text_html(&b, d->conf.oidc.name);
        bw_buf_puts(&b, ", too</a>");
        if (url.len < REFRESH_MAX) {
            struct bw_buf refresh;
            bw_buf_init(&refresh, REFRESH_MAX + 16);
            bw_buf_printf(&refresh, "0; url=%s", url.data);
            bw_http_add(req, "Refresh", refresh.data);
            bw_buf_done(&refresh);
        }
    }
    bw_buf_puts(&b, "</p><p><a href=\"/sign-in\">Sign in again</a></p>");
    bw_page_end(&b, bw_clock_unix_ms());
    bw_http_reply(req, 200, "text/html; charset=utf-8", &b);
    bw_buf_done(&url);
}

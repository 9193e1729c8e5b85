/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_pages.c - the pages at the door: signing in, a link's form, codes to keep, one's
 * account. Nothing here needs a script. */
#include "door_private.h"

#include <buf.h>
#include <clock.h>
#include <errno.h>
#include <http.h>
#include <mask.h>
#include <page_parts.h>
#include <plural.h>
#include <qr.h>
#include <string.h>
#include <text.h>

static void answer(struct bw_http_req *req, unsigned status, struct bw_buf *b)
{
    bw_page_end(b, bw_clock_unix_ms());
    bw_http_reply(req, status, "text/html; charset=utf-8", b);
}

static void trouble(struct bw_buf *b, const char *text)
{
    if (text) {
        bw_buf_puts(b, "<p class=\"note\" role=\"alert\">");
        bw_text_html(b, text);
        bw_buf_puts(b, "</p>");
    }
}

static void hidden(struct bw_buf *b, const char *name, const char *value)
{
    bw_buf_printf(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    bw_text_html(b, value);
    bw_buf_puts(b, "\">");
}

/* `more` are attributes of ours. */
static void field(struct bw_buf *b,
                  const char *name,
                  const char *label,
                  const char *value,
                  const char *more)
{
    bw_buf_printf(b, "<p><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" value=\"",
                  name, label, name, name);
    bw_text_html(b, value);
    bw_buf_printf(b, "\" required %s></p>", more);
}

#define NAME_MORE                                                                          \
    "maxlength=\"64\" autocomplete=\"username\" autocapitalize=\"none\" "                  \
    "spellcheck=\"false\""
#define PASSWORD_MORE                                                                      \
    "type=\"password\" maxlength=\"256\" autocomplete=\"current-password\""
#define NEW_PASSWORD_MORE                                                                  \
    "type=\"password\" maxlength=\"256\" autocomplete=\"new-password\""
#define CODE_MORE "maxlength=\"24\" autocomplete=\"one-time-code\" spellcheck=\"false\""

void bw_door_page_no_way(struct bw_http_req *req, const char *title, enum door_way way)
{
    struct bw_buf b;
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin(&b, "Not this way", title);
    bw_buf_puts(&b, "<h1>Not this way</h1><p>");
    bw_buf_puts(&b, way == DOOR_UNDECLARED
                        ? "This request came through a proxy that the collector's "
                          "configuration does not know of: its listener needs "
                          "<code>proxied = yes</code>, and the proxy TLS."
                        : "Here everything goes over the network in the clear, and a "
                          "password would too. Use the collector's https address, or sign "
                          "in on its own machine.");
    bw_buf_puts(&b, "</p>");
    answer(req, 403, &b);
}

void bw_door_page_sign_in(const struct bw_door *d,
                          struct bw_http_req *req,
                          const char *title,
                          unsigned status,
                          const struct door_form *f)
{
    struct bw_buf b;
    char pre[COOKIE_MAX] = "";
    char mac[MAC_LEN + 1];
    char token[BW_MASK_TEXT(BW_MASK_MAX) + 1];
    uint8_t raw[PRE_RAW];
    enum door_way way = bw_door_way(req);
    if (way != DOOR_SECURE && way != DOOR_LOCAL) {
        bw_door_page_no_way(req, title, way);
        return;
    }
    if (bw_door_cookie(req, DOOR_PRE, pre) < 0 || strlen(pre) != PRE_LEN) {
        bw_random(raw, sizeof(raw));
        (void)bw_b64_encode(raw, sizeof(raw), pre);
        bw_door_set_cookie(req, DOOR_PRE, pre);
    }
    bw_door_mac(d, "sign-in", pre, mac);
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin(&b, "Sign in", title);
    bw_buf_puts(&b, "<h1>Sign in</h1>");
    trouble(&b, f->trouble);
    if (d->directory) {
        bw_buf_puts(&b, "<p><a class=\"button\" href=\"/oidc/start");
        if (strcmp(f->to, "/") != 0 && f->to[0]) {
            bw_buf_puts(&b, "?to=");
            bw_text_url(&b, f->to);
        }
        bw_buf_puts(&b, "\">Sign in with ");
        bw_text_html(&b, d->conf.oidc.name);
        bw_buf_puts(&b, "</a></p><h2>Or with an account of this collector</h2>");
    }
    bw_buf_puts(&b, "<form class=\"door\" method=\"post\" action=\"/sign-in\">");
    bw_mask(mac, token);
    hidden(&b, "csrf", token);
    hidden(&b, "to", f->to);
    field(&b, "name", "Name", f->name, NAME_MORE);
    field(&b, "password", "Password", "", PASSWORD_MORE);
    field(&b, "code", "Code: six digits of your authenticator, or a recovery code", "",
          CODE_MORE);
    bw_buf_puts(&b, "<p><button>Sign in</button></p></form><p class=\"soft small\">Whoever "
                    "runs this collector makes accounts and resets them: "
                    "<code>bandwitness account</code>.</p>");
    answer(req, status, &b);
}

/* In fours, as people type it. */
static void in_fours(struct bw_buf *b, const char *text, char sep)
{
    for (size_t i = 0; text[i]; i++) {
        if (i > 0 && i % 4 == 0) {
            bw_buf_putc(b, sep);
        }
        bw_buf_putc(b, text[i]);
    }
}

void bw_door_page_set_up(struct bw_http_req *req,
                         const char *title,
                         unsigned status,
                         const struct door_set_up *s)
{
    struct bw_buf b;
    struct bw_buf address;
    char key[40];
    bool first = s->kind == BW_LINK_FIRST;
    bw_base32_encode(s->totp, BW_TOTP_KEY, key);
    /* The address holds the token; no policy that hides all, for then forms say nothing of
     * where they come from. */
    bw_http_add(req, "Referrer-Policy", "strict-origin");
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin(&b, "Set up your account", title);
    bw_buf_puts(&b, first ? "<h1>The first administrator</h1>"
                          : "<h1>Set up your account</h1>");
    trouble(&b, s->trouble);
    bw_buf_puts(&b, "<form class=\"door\" method=\"post\" action=\"/set-up/");
    bw_text_url(&b, s->token);
    bw_buf_puts(&b, "\">");
    if (first) {
        field(&b, "name", "Name to sign in with: a–z, 0–9, dot, underscore, hyphen",
              s->name, NAME_MORE);
        field(&b, "shown", "Your name, as others read it", s->shown,
              "maxlength=\"120\" autocomplete=\"name\"");
    } else {
        field(&b, "name", "Name to sign in with", s->name, NAME_MORE " readonly");
    }
    bw_buf_printf(&b,
                  "<h2>A password</h2><p>At least %d characters; several words are "
                  "good.</p>",
                  BW_PASSWORD_MIN);
    field(&b, "password", "Password", "", NEW_PASSWORD_MORE);
    field(&b, "again", "The same again", "", NEW_PASSWORD_MORE);
    bw_buf_puts(&b,
                "<h2>An authenticator</h2><p>Signing in takes a code that changes every "
                "30 seconds. Give this key, or the picture, to the authenticator on your "
                "phone or in your "
                "password store (time-based, 6 digits), then type the code that it "
                "shows.</p><p>Key: <code class=\"key\">");
    in_fours(&b, key, ' ');
    bw_buf_init(&address, 2048);
    bw_buf_puts(&address, "otpauth://totp/");
    bw_text_url(&address, title);
    bw_buf_puts(&address, ":");
    bw_text_url(&address, first ? "administrator" : s->name);
    bw_buf_printf(&address, "?secret=%s&issuer=", key);
    bw_text_url(&address, title);
    bw_buf_puts(&b, "</code></p><p>");
    bw_qr_svg(&b, address.data ? address.data : "");
    bw_buf_puts(&b, "</p><p><a href=\"");
    bw_text_html(&b, address.data);
    bw_buf_done(&address);
    bw_buf_puts(&b, "\">Open in an authenticator on this device</a></p>");
    field(&b, "code", "Code", "", CODE_MORE " inputmode=\"numeric\"");
    bw_buf_puts(&b, "<p><button>Set up</button></p></form>");
    answer(req, status, &b);
}

void bw_door_page_recovery(struct bw_http_req *req,
                           const char *title,
                           const char *name,
                           char codes[BW_RECOVERY_CODES][RECOVERY_LEN + 1])
{
    struct bw_buf b;
    bw_http_add(req, "Referrer-Policy", "strict-origin");
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin(&b, "Recovery codes", title);
    bw_buf_puts(&b, "<h1>It is set up</h1><p>For the day when the authenticator is lost: "
                    "each of these codes signs <strong>");
    bw_text_html(&b, name);
    bw_buf_puts(&b, "</strong> in once, with the password. Print them or write them down; "
                    "they are not shown again.</p><ul class=\"codes\">");
    for (size_t i = 0; i < BW_RECOVERY_CODES; i++) {
        bw_buf_puts(&b, "<li><code>");
        in_fours(&b, codes[i], '-');
        bw_buf_puts(&b, "</code></li>");
    }
    bw_buf_puts(&b, "</ul><p><a href=\"/sign-in\">Sign in</a></p>");
    answer(req, 200, &b);
}

void bw_door_page_account(const struct bw_door *d,
                          struct bw_http_req *req,
                          const char *title,
                          unsigned status,
                          const char *why)
{
    const struct bw_viewer *v = bw_door_viewer(req);
    const struct bw_person *p = bw_book_person(d->book, v->name);
    struct bw_buf b;
    int64_t sessions = 0;
    for (size_t i = 0; i < d->book->n_sessions; i++) {
        sessions += strcmp(d->book->sessions[i].person, v->name) == 0;
    }
    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin_at(&b, "Your account", title, BW_PLACE_NONE, v);
    bw_buf_puts(&b, "<h1>");
    bw_text_html(&b, v->shown);
    bw_buf_puts(&b, "</h1><dl class=\"facts\"><dt>Name</dt><dd class=\"mono\">");
    bw_text_html(&b, v->name);
    bw_buf_puts(&b, "</dd><dt>Role</dt><dd>");
    bw_text_html(&b, bw_viewer_role(v));
    bw_buf_puts(&b, "</dd><dt>Sees</dt><dd>");
    if (v->n_scopes == 0) {
        bw_buf_puts(&b, "the whole state");
    }
    for (size_t i = 0; i < v->n_scopes; i++) {
        bw_buf_puts(&b, i ? ", " : "");
        bw_text_html(&b, v->scopes[i]);
    }
    bw_buf_printf(&b, "</dd><dt>Recovery codes left</dt><dd>%lld</dd></dl>",
                  (long long)(p ? p->n_recovery : 0));
    if (bw_viewer_may(v, BW_NEED_ADMIN)) {
        bw_buf_puts(&b, "<p><a href=\"/people\">People and programs</a></p>");
    }
    trouble(&b, why);
    bw_buf_printf(&b, "<h2>Sessions</h2><p>%lld %s of yours %s open.</p>",
                  (long long)sessions, bw_plural(sessions, "session", "sessions"),
                  bw_plural(sessions, "is", "are"));
    bw_buf_puts(&b, "<form method=\"post\" action=\"/account/others\">");
    bw_viewer_form(v, &b);
    bw_buf_puts(&b, "<p><button>End all but this one</button></p></form>"
                    "<h2>A new password, authenticator and recovery codes</h2>"
                    "<form class=\"door\" method=\"post\" action=\"/account/renew\">");
    bw_viewer_form(v, &b);
    field(&b, "name", "Name", v->name, NAME_MORE " readonly");
    field(&b, "password", "Password", "", PASSWORD_MORE);
    field(&b, "code", "Code", "", CODE_MORE);
    bw_buf_puts(&b, "<p><button>Begin</button></p></form>");
    answer(req, status, &b);
}

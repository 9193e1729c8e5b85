/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_way.c - cookies, and what the way to us and a browser's headers are worth.
 *
 * Invariant: a cookie that came in the clear is never taken where TLS is, and the other way
 * round: they have different names (docs/decisions: the door). */
#include "door_private.h"

#include <errno.h>
#include <http.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has(const struct bw_http_req *req, const char *header)
{
    return bw_http_header(req, header) != NULL;
}

enum door_way bw_door_way(const struct bw_http_req *req)
{
    const char *peer = bw_http_peer(req);
    if (bw_http_way(req) != BW_HTTP_PLAIN) {
        return DOOR_SECURE;
    }
    if (strncmp(peer, "127.", 4) != 0 && strcmp(peer, "::1") != 0 &&
        strcmp(peer, "unix") != 0) {
        return DOOR_CLEAR;
    }
    /* Somebody else's request, passed on: who asks is not on this machine. */
    return has(req, "X-Forwarded-For") || has(req, "X-Forwarded-Proto") ||
                   has(req, "X-Forwarded-Host") || has(req, "X-Real-IP") ||
                   has(req, "Forwarded") || has(req, "Via")
               ? DOOR_UNDECLARED
               : DOOR_LOCAL;
}

static const char *cookie_name(const struct bw_http_req *req, enum door_cookie which)
{
    static const char *const names[][2] = {
        [DOOR_SESSION] = {"bw-local", "__Host-bw"},
        [DOOR_PRE] = {"bw-local-in", "__Host-bw-in"},
        [DOOR_SENT] = {"bw-local-sent", "__Host-bw-sent"}};
    return names[which][bw_door_way(req) == DOOR_SECURE];
}

int bw_door_cookie(const struct bw_http_req *req,
                   enum door_cookie which,
                   char out[COOKIE_MAX])
{
    enum door_way way = bw_door_way(req);
    return way == DOOR_SECURE || way == DOOR_LOCAL
               ? bw_door_cookie_read(bw_http_header(req, "Cookie"), cookie_name(req, which),
                                     out, COOKIE_MAX)
               : -ENOENT;
}

void bw_door_set_cookie(struct bw_http_req *req, enum door_cookie which, const char *value)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=%s%s%s",
                   cookie_name(req, which), value ? value : "",
                   which == DOOR_PRE ? "Strict" : "Lax",
                   bw_door_way(req) == DOOR_SECURE ? "; Secure" : "",
                   !value                  ? "; Max-Age=0"
                   : which == DOOR_SESSION ? ""
                                           : "; Max-Age=3600");
    bw_http_add(req, "Set-Cookie", text);
}

/* The same authority; `port_too` false: the name alone. */
static bool same_host(const char *a, const char *b, bool port_too)
{
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    if (!port_too) {
        const char *in_a = strrchr(a, ':');
        const char *in_b = strrchr(b, ':');
        n_a = in_a && !strchr(in_a, ']') ? (size_t)(in_a - a) : n_a;
        n_b = in_b && !strchr(in_b, ']') ? (size_t)(in_b - b) : n_b;
    }
    return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

bool bw_door_foreign(const struct bw_door *d, const struct bw_http_req *req)
{
    const char *site = bw_http_header(req, "Sec-Fetch-Site");
    const char *origin = bw_http_header(req, "Origin");
    const char *host = bw_http_header(req, "Host");
    enum door_way way = bw_door_way(req);
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return true;
    }
    if (!origin) {
        return false;
    }
    if (way == DOOR_SECURE && d->conf.url[0]) {
        return strcasecmp(origin, d->conf.url) != 0;
    }
    const char *scheme = way == DOOR_SECURE ? "https://" : "http://";
    if (!host || strncasecmp(origin, scheme, strlen(scheme)) != 0) {
        return true;
    }
    /* A proxy may pass the name on without its port. */
    return !same_host(origin + strlen(scheme), host, bw_http_way(req) != BW_HTTP_PROXIED);
}

void bw_door_mac(const struct bw_door *d,
                 const char *what,
                 const char *of,
                 char out[MAC_LEN + 1])
{
    char text[256];
    uint8_t mac[32];
    int n = snprintf(text, sizeof(text), "%s %s", what, of);
    bw_hmac_sha256(d->secret, sizeof(d->secret), text,
                   n > 0 && (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1, mac);
    (void)bw_b64_encode(mac, PRE_RAW, out);
}

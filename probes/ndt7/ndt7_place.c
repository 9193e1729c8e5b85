/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_place.c - addresses of ndt7 servers and of Locate services, by libcurl's parser.
 *
 * Invariant: what comes out holds visible ASCII only, so that it can stand in a request. */
#include "ndt7_place.h"

#include <buf.h>
#include <bw/err.h>
#include <curl/curl.h>
#include <errno.h>
#include <ndt7.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PORT_WS = 80,
    PORT_WSS = 443
};

static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= 0x20 || *text >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* A part's text, "" when there is none; freed with curl_free(). */
static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, flags) != CURLUE_OK) {
        text = NULL;
    }
    return text;
}

static bool has_parameter(const char *query, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = query; p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL) {
        if (strncmp(p, name, n) == 0 && p[n] == '=') {
            return true;
        }
    }
    return false;
}

static void add_metadata(struct bw_buf *out, const char *query, const char *token)
{
    const char *const pairs[][2] = {{"client_name", "bandwitness"},
                                    {"client_version", BW_VERSION},
                                    {"access_token", token}};
    if (query[0] != '\0') {
        bw_buf_putc(out, '?');
        bw_buf_puts(out, query);
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i][1] && !has_parameter(query, pairs[i][0])) {
            bw_ndt7_query_add(out, pairs[i][0], pairs[i][1]);
        }
    }
}

static int check_query(const char *query, struct bw_err *reterr)
{
    struct bw_ndt7_parameter p[BW_NDT7_PARAMETERS_MAX];
    size_t n = 0;
    char *copy = strdup(query);
    int r;
    if (!copy) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_ndt7_query_read(copy, strlen(copy), p, &n, reterr);
    free(copy);
    return r < 0 ? -EINVAL : 0;
}

static bool is_our_path(const char *path)
{
    return path[0] == '\0' || strcmp(path, "/") == 0 ||
           strcmp(path, BW_NDT7_DOWNLOAD_PATH) == 0 ||
           strcmp(path, BW_NDT7_UPLOAD_PATH) == 0;
}

static int fill(CURLU *u,
                enum bw_direction direction,
                const char *token,
                struct ndt7_place *ret,
                struct bw_err *reterr)
{
    char *scheme = part_of(u, CURLUPART_SCHEME, 0);
    char *host = part_of(u, CURLUPART_HOST, 0);
    char *port = part_of(u, CURLUPART_PORT, 0);
    char *path = part_of(u, CURLUPART_PATH, 0);
    char *query = part_of(u, CURLUPART_QUERY, 0);
    char *user = part_of(u, CURLUPART_USER, 0);
    const char *path_said = path ? path : "";
    const char *query_said = query ? query : "";
    bool bracket = host && host[0] == '[';
    struct bw_buf out;
    int r = -EINVAL;
    bw_buf_init(&out, BW_NDT7_URL_MAX);
    if (!scheme || !host || host[0] == '\0' ||
        (strcmp(scheme, "ws") != 0 && strcmp(scheme, "wss") != 0)) {
        (void)bw_err_set(reterr, r, "an address begins with wss:// or ws://");
        goto out;
    }
    if (user) {
        (void)bw_err_set(reterr, r, "a user name has no place in the address");
        goto out;
    }
    if (!is_our_path(path_said)) {
        (void)bw_err_set(reterr, r, "ndt7 has its own path: leave out '%.100s'", path_said);
        goto out;
    }
    r = check_query(query_said, reterr);
    if (r < 0) {
        goto out;
    }
    bw_buf_puts(&out, direction == BW_UP ? BW_NDT7_UPLOAD_PATH : BW_NDT7_DOWNLOAD_PATH);
    add_metadata(&out, query_said, token);
    r = -EINVAL;
    if (bw_buf_error(&out) < 0 || !is_visible(out.data) || !is_visible(host) ||
        strlen(host) >= sizeof(ret->host) ||
        strlen(strchr(out.data, '?')) > BW_NDT7_QUERY_MAX) {
        (void)bw_err_set(reterr, r, "the address is too long");
        goto out;
    }
    ret->tls = strcmp(scheme, "wss") == 0;
    ret->port = port ? (uint16_t)strtoul(port, NULL, 10) : ret->tls ? PORT_WSS : PORT_WS;
    (void)snprintf(ret->host, sizeof(ret->host), "%s", host + bracket);
    if (bracket) {
        ret->host[strcspn(ret->host, "]")] = '\0';
    }
    (void)snprintf(ret->authority, sizeof(ret->authority), "%s%s%s", host, port ? ":" : "",
                   port ? port : "");
    (void)snprintf(ret->target, sizeof(ret->target), "%s", out.data);
    r = 0;
out:
    bw_buf_done(&out);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_free(query);
    curl_free(user);
    return r;
}

int ndt7_place_read(const char *url,
                    enum bw_direction direction,
                    const char *token,
                    struct ndt7_place *ret,
                    struct bw_err *reterr)
{
    CURLU *u = curl_url();
    int r;
    if (!u) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (!is_visible(url) ||
        curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
        r = bw_err_set(reterr, -EINVAL, "it is no address like wss://speed.example.org");
    } else {
        r = fill(u, direction, token, ret, reterr);
    }
    curl_url_cleanup(u);
    return r;
}

/* The host of a Locate address in lower case; "" when it is no HTTP address. */
static void host_of(const char *url, char *ret, size_t cap)
{
    CURLU *u = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    ret[0] = '\0';
    if (u && is_visible(url) && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
        scheme = part_of(u, CURLUPART_SCHEME, 0);
        host = part_of(u, CURLUPART_HOST, 0);
        if (scheme && host &&
            (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)) {
            (void)snprintf(ret, cap, "%s", host);
        }
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(u);
}

int ndt7_place_locate_url(const char *url, char *ret, size_t cap, struct bw_err *reterr)
{
    const char *query = strchr(url, '?');
    char host[256];
    struct bw_buf out;
    int r;
    host_of(url, host, sizeof(host));
    if (host[0] == '\0') {
        return bw_err_set(reterr, -EINVAL,
                          "locate_url is no address of http:// or https://");
    }
    bw_buf_init(&out, cap - 1);
    bw_buf_add(&out, url, query ? (size_t)(query - url) : strlen(url));
    add_metadata(&out, query ? query + 1 : "", NULL);
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)snprintf(ret, cap, "%s", out.data);
    } else {
        r = bw_err_set(reterr, -EINVAL, "locate_url is too long");
    }
    bw_buf_done(&out);
    return r;
}

static bool ends_with(const char *host, const char *domain)
{
    size_t n = strlen(host);
    size_t d = strlen(domain);
    return n >= d && strcasecmp(host + n - d, domain) == 0 &&
           (n == d || host[n - d - 1] == '.');
}

bool ndt7_place_is_mlab(const char *locate_url)
{
    char host[256];
    host_of(locate_url, host, sizeof(host));
    return ends_with(host, "measurementlab.net") || ends_with(host, "measurement-lab.org");
}

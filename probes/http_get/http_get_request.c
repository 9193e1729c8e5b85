/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get_request.c - one GET over one family.
 *
 * Each hop of a redirect is a transfer of its own with a fresh handle and connection; the
 * phases of all hops are summed. curl never looks a name up: it is told where to connect.
 */
#include "http_get_request.h"

#include "http_get_cert.h"

#include <bw/err.h>
#include <clock.h>
#include <dns.h>
#include <errno.h>
#include <fcntl.h>
#include <outlet.h>
#include <resolve.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <tcpconn.h>
#include <unistd.h>
#include <uv.h>

enum {
    URL_MAX = 2048,
    HEADERS_MAX = 64 * 1024, /* of one answer; servers may send them for ever */
    BUFFER_BYTES = 16 * 1024,
    CODE_MAX = 32
};

struct http_get_request {
    struct http_get_setup setup;
    struct bw_resolve *resolve;
    int n_resolves; /* whose memory is not gone yet */
    char url[URL_MAX];
    char host[BW_HOST_MAX];
    uint16_t port;
    bool tls;
    CURL *easy;
    bool added;
    struct curl_slist *connect_to;
    struct http_get_cert cert;
    union bw_address to;
    int fd;                /* the newest socket; curl's own, not ours to close */
    int origin_fd;         /* the same, ours, until it is connected: who said why not? */
    int64_t begun_mono_ns; /* of the transfer */
    int64_t connect_ns;    /* TCP's handshake; unknown until it is over */
    char error[CURL_ERROR_SIZE];
    int64_t header_bytes;
    int64_t body_bytes;
    bool headers_too_long;
    bool enough; /* the body's limit was reached: what we wanted of it is here */
    int hops;
    bool closing;
    struct bw_latency_detail detail; /* of the hops that are over, then of all */
    struct bw_latency_detail so_far;
    char code[CODE_MAX];
};

/* The URL ---------------------------------------------------------------------- */

static int part_of(CURLU *u, CURLUPart part, unsigned flags, char *ret, size_t cap)
{
    char *text = NULL;
    int r = -EINVAL;
    if (curl_url_get(u, part, &text, flags) == CURLUE_OK && text && strlen(text) < cap) {
        (void)memcpy(ret, text, strlen(text) + 1);
        r = 0;
    }
    curl_free(text);
    return r;
}

int http_get_split(const char *url,
                   char ret_host[BW_HOST_MAX],
                   uint16_t *ret_port,
                   struct bw_err *reterr)
{
    struct bw_dns_name name;
    union bw_address literal;
    char scheme[8] = "";
    char port[8] = "";
    char user[256];
    char host[BW_HOST_MAX] = "";
    size_t n;
    CURLU *u = curl_url();
    int r = 0;
    if (!u) {
        return -ENOMEM;
    }
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        part_of(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) < 0 ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
        part_of(u, CURLUPART_HOST, 0, host, sizeof(host)) < 0 ||
        part_of(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) < 0) {
        r = bw_err_set(reterr, -EINVAL,
                       "'%s' is no address of the form http://HOST/PATH or "
                       "https://HOST/PATH",
                       url);
        goto out;
    }
    if (part_of(u, CURLUPART_USER, 0, user, sizeof(user)) == 0) {
        r = bw_err_set(reterr, -EINVAL,
                       "'%s' holds a user name: give a page that anybody "
                       "may read",
                       url);
        goto out;
    }
    n = strlen(host);
    if (host[0] == '[' && n > 2) {
        (void)memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
    }
    if (!bw_address_parse(host, &literal) && bw_dns_name_parse(host, &name) < 0) {
        r = bw_err_set(reterr, -EINVAL,
                       "'%s' is no host name (others than ASCII in their xn-- form)", host);
        goto out;
    }
    (void)snprintf(ret_host, BW_HOST_MAX, "%s", host);
    *ret_port = (uint16_t)strtoul(port, NULL, 10);
out:
    curl_url_cleanup(u);
    return r;
}

/* Telling ---------------------------------------------------------------------- */

static void
tell(struct http_get_request *q, enum bw_sample_state state, int error, const char *code)
{
    if (code) {
        (void)snprintf(q->code, sizeof(q->code), "%s", code);
        q->detail.code = q->code;
    }
    q->setup.done(q->setup.owner, state, error, &q->detail);
}

static void add_ns(struct bw_latency_detail *d, enum bw_phase phase, int64_t ns)
{
    if (ns >= 0) {
        d->phase_ns[phase] =
            d->phase_ns[phase] == BW_UNKNOWN ? ns : d->phase_ns[phase] + ns;
    }
}

static int64_t time_of(const struct http_get_request *q, CURLINFO info)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(q->easy, info, &us) == CURLE_OK && us > 0 ? (int64_t)us * 1000
                                                                       : BW_UNKNOWN;
}

/* The phases of the transfer under way, as far as it got. curl counts from its beginning.
 */
static void add_phases(const struct http_get_request *q, struct bw_latency_detail *d)
{
    int64_t connect = time_of(q, CURLINFO_CONNECT_TIME_T);
    int64_t tls = time_of(q, CURLINFO_APPCONNECT_TIME_T);
    int64_t asked = time_of(q, CURLINFO_PRETRANSFER_TIME_T);
    int64_t first = time_of(q, CURLINFO_STARTTRANSFER_TIME_T);
    int64_t total = time_of(q, CURLINFO_TOTAL_TIME_T);
    if (q->connect_ns == BW_UNKNOWN) {
        return;
    }
    add_ns(d, BW_PHASE_CONNECT, q->connect_ns);
    if (q->tls) {
        if (tls == BW_UNKNOWN || connect == BW_UNKNOWN) {
            return;
        }
        add_ns(d, BW_PHASE_TLS, tls - connect);
    }
    if (asked == BW_UNKNOWN || first == BW_UNKNOWN) {
        return;
    }
    add_ns(d, BW_PHASE_FIRST_BYTE, first - asked);
    if (total != BW_UNKNOWN) {
        add_ns(d, BW_PHASE_TRANSFER, total - first);
    }
}

const struct bw_latency_detail *http_get_so_far(struct http_get_request *q)
{
    struct bw_latency_detail *d = &q->so_far;
    *d = q->detail;
    d->code = NULL;
    if (!q->easy) { /* nobody has given an address yet */
        d->code = q->resolve ? bw_resolve_so_far(q->resolve) : NULL;
        return d;
    }
    add_phases(q, d);
    if (q->cert.seen) {
        d->cert_days = q->cert.days;
    }
    if (q->connect_ns != BW_UNKNOWN) {
        d->code = q->tls && time_of(q, CURLINFO_APPCONNECT_TIME_T) == BW_UNKNOWN
                      ? "tls-timeout"
                      : "http-timeout";
    }
    d->phase_ns[BW_PHASE_TRANSFER] = q->detail.phase_ns[BW_PHASE_TRANSFER]; /* not over */
    return d;
}

/* The transfer ----------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct http_get_request *q = owner;
    (void)data;
    q->body_bytes += (int64_t)(size * n);
    q->enough = q->body_bytes >= q->setup.body_bytes;
    return q->enough ? 0 : size * n; /* 0 ends the transfer */
}

static size_t on_header(char *data, size_t size, size_t n, void *owner)
{
    struct http_get_request *q = owner;
    (void)data;
    q->header_bytes += (int64_t)(size * n);
    q->headers_too_long = q->header_bytes > HEADERS_MAX;
    return q->headers_too_long ? 0 : size * n;
}

static void close_origin(struct http_get_request *q)
{
    if (q->origin_fd >= 0) {
        (void)close(q->origin_fd);
        q->origin_fd = -1;
    }
}

static void connected(struct http_get_request *q)
{
    bw_tcpconn_keep_origin(q->fd, q->setup.family, false);
    close_origin(q);
    q->connect_ns = bw_tcpconn_handshake_ns(q->fd, bw_clock_mono_ns() - q->begun_mono_ns);
}

/* TCP stands, TLS begins. */
static CURLcode on_ssl_ctx(CURL *easy, void *ctx, void *owner)
{
    struct http_get_request *q = owner;
    (void)easy;
    connected(q);
    http_get_cert_follow(&q->cert, ctx);
    return CURLE_OK;
}

/* All stands, the request is next. */
static int on_request(void *owner, char *to, char *from, int to_port, int from_port)
{
    struct http_get_request *q = owner;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    if (!q->tls) {
        connected(q);
    }
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t
on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_get_request *q = owner;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)purpose;
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    if (bw_outlet_bind_device(fd, q->setup.device) < 0 ||
        bw_outlet_bind_source(fd, q->setup.family, q->setup.source) < 0) {
        (void)close(fd);
        return CURL_SOCKET_BAD;
    }
    bw_tcpconn_keep_origin(fd, q->setup.family, true);
    close_origin(q);
    q->origin_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    q->fd = fd;
    return fd;
}

static void set_up(struct http_get_request *q)
{
    CURL *c = q->easy;
    (void)curl_easy_setopt(c, CURLOPT_URL, q->url);
    (void)curl_easy_setopt(c, CURLOPT_PRIVATE, q);
    (void)curl_easy_setopt(c, CURLOPT_CONNECT_TO, q->connect_to);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, q->error);
    (void)curl_easy_setopt(c, CURLOPT_USERAGENT, "bandwitness");
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, ""); /* a proxy's line is not this line */
    (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L); /* everything is measured anew */
    (void)curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    (void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(c, CURLOPT_HEADERDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, q);
    if (q->setup.ca_file[0] != '\0') {
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, q->setup.ca_file);
        (void)curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    } else {
        /* Looked up by hash: reading the whole bundle takes megabytes for one name. */
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(c, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    (void)curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_request);
    (void)curl_easy_setopt(c, CURLOPT_PREREQDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    (void)curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, q);
}

static void drop_transfer(struct http_get_request *q)
{
    if (q->easy) {
        if (q->added) {
            bw_curlloop_remove(q->setup.curl, q->easy);
        }
        curl_easy_cleanup(q->easy);
    }
    close_origin(q);
    curl_slist_free_all(q->connect_to);
    q->connect_to = NULL;
    q->easy = NULL;
    q->added = false;
}

static int start_transfer(struct http_get_request *q, const union bw_address *to)
{
    char text[INET6_ADDRSTRLEN + 32] = "";
    char address[INET6_ADDRSTRLEN] = "";
    int r = bw_tcpconn_route(to, q->setup.device, q->setup.source);
    if (r < 0) {
        return r;
    }
    if (bw_address_family(to) == 6) {
        (void)uv_inet_ntop(AF_INET6, &to->in6.sin6_addr, address, sizeof(address));
    } else {
        (void)uv_inet_ntop(AF_INET, &to->in.sin_addr, address, sizeof(address));
    }
    (void)snprintf(text, sizeof(text), bw_address_family(to) == 6 ? "::[%s]:%u" : "::%s:%u",
                   address, q->port);
    q->to = *to;
    q->header_bytes = 0;
    q->body_bytes = 0;
    q->enough = false;
    q->headers_too_long = false;
    q->error[0] = '\0';
    q->connect_to = curl_slist_append(NULL, text);
    q->easy = q->connect_to ? curl_easy_init() : NULL;
    if (!q->easy) {
        return -ENOMEM;
    }
    set_up(q);
    http_get_cert_init(&q->cert);
    q->connect_ns = BW_UNKNOWN;
    q->begun_mono_ns = bw_clock_mono_ns();
    r = bw_curlloop_add(q->setup.curl, q->easy);
    q->added = r == 0;
    return r;
}

/* How it ended ------------------------------------------------------------------- */

static const char *code_of(const struct http_get_request *q, CURLcode code, int os_error)
{
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
        /* a router's word is no answer of the target's */
        return os_error == ECONNREFUSED && !bw_tcpconn_is_anothers(q->origin_fd, &q->to)
                   ? "refused"
                   : NULL;
    case CURLE_PEER_FAILED_VERIFICATION:
        return http_get_cert_code(&q->cert);
    case CURLE_SSL_CONNECT_ERROR:
        return "tls-failed";
    case CURLE_GOT_NOTHING:
        return "http-closed";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        if (q->tls && time_of(q, CURLINFO_APPCONNECT_TIME_T) == BW_UNKNOWN) {
            return "tls-failed";
        }
        return os_error != 0 || q->tls ? "http-closed" : "http-garbage";
    case CURLE_PARTIAL_FILE:
        return "http-short";
    case CURLE_WRITE_ERROR:
    case CURLE_OUT_OF_MEMORY: /* curl's own limit for one header */
        return "http-headers";
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a head */
    case CURLE_WEIRD_SERVER_REPLY:
        return "http-garbage";
    default:
        return "http-failed";
    }
}

static int error_of(CURLcode code, int os_error)
{
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
        return os_error > 0 ? -os_error : -EHOSTUNREACH;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        return -EPROTO;
    default:
        return os_error > 0 ? -os_error : -EBADMSG;
    }
}

static int begin_hop(struct http_get_request *q);

/* Go on at another place, if that was asked for; false: the answer is the answer. */
static bool redirected(struct http_get_request *q, long status)
{
    char *url = NULL;
    int error;
    if (status / 100 != 3 || q->setup.redirects == 0 ||
        curl_easy_getinfo(q->easy, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || !url) {
        return false;
    }
    if (++q->hops > q->setup.redirects) {
        drop_transfer(q);
        tell(q, BW_LOST, -ELOOP, "http-redirects");
        return true;
    }
    if (strlen(url) >= sizeof(q->url) || http_get_split(url, q->host, &q->port, NULL) < 0) {
        drop_transfer(q);
        tell(q, BW_LOST, -EBADMSG, "http-redirect");
        return true;
    }
    (void)memmove(q->url, url, strlen(url) + 1);
    drop_transfer(q);
    error = begin_hop(q);
    if (error < 0) {
        drop_transfer(q);
        tell(q, error == -EAFNOSUPPORT ? BW_LOST : BW_FAILED, error,
             error == -EAFNOSUPPORT ? "http-redirect" : NULL);
    }
    return true;
}

void http_get_over(CURL *easy, CURLcode code)
{
    struct http_get_request *q = NULL;
    char word[CODE_MAX];
    long status = 0;
    long os_error = 0;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &q) != CURLE_OK || !q || q->closing) {
        return;
    }
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    add_phases(q, &q->detail);
    if (q->cert.seen) {
        q->detail.cert_days = q->cert.days;
    }
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && q->enough)) {
        if (!redirected(q, status)) {
            drop_transfer(q);
            (void)snprintf(word, sizeof(word), "%ld", status);
            tell(q, BW_OK, 0, word);
        }
        return;
    }
    {
        const char *why = code_of(q, code, (int)os_error);
        int error = error_of(code, (int)os_error);
        drop_transfer(q);
        tell(q, BW_LOST, error, why);
    }
}

/* The name --------------------------------------------------------------------- */

static void maybe_free(struct http_get_request *q)
{
    void (*closed)(void *closed_owner) = q->setup.closed;
    void *closed_owner = q->setup.owner;
    if (!q->closing || q->n_resolves > 0) {
        return;
    }
    free(q);
    if (closed) {
        closed(closed_owner);
    }
}

static void resolve_closed(void *owner)
{
    struct http_get_request *q = owner;
    q->n_resolves--;
    maybe_free(q);
}

static void resolved(void *owner, const struct bw_resolve_result *r)
{
    struct http_get_request *q = owner;
    union bw_address to = r->list[0];
    char code[CODE_MAX] = "";
    int error = r->error;
    (void)snprintf(code, sizeof(code), "%s", r->code ? r->code : "");
    if (r->took_ns != BW_UNKNOWN) {
        add_ns(&q->detail, BW_PHASE_DNS, r->took_ns);
    }
    if (error == 0) {
        bw_address_set_port(&to, q->port);
        error = start_transfer(q, &to);
        if (error < 0) {
            drop_transfer(q);
            tell(q, BW_FAILED, error, NULL);
        }
    } else if (error == -ENOENT || error == -EIO || error == -ETIMEDOUT) {
        tell(q, BW_LOST, error, code[0] != '\0' ? code : NULL);
    } else {
        tell(q, BW_FAILED, error, NULL);
    }
}

static int begin_hop(struct http_get_request *q)
{
    union bw_address literal = {.sa = {.sa_family = AF_UNSPEC}};
    struct bw_resolve_setup setup = {.loop = q->setup.loop,
                                     .name = q->host,
                                     .family = q->setup.family,
                                     .server = q->setup.resolver,
                                     .device = q->setup.device,
                                     .source = q->setup.resolver_source,
                                     .done = resolved,
                                     .closed = resolve_closed,
                                     .owner = q};
    int r;
    q->tls = strncasecmp(q->url, "https:", 6) == 0;
    bw_resolve_close(q->resolve);
    q->resolve = NULL;
    if (bw_address_parse(q->host, &literal)) {
        if (bw_address_family(&literal) != q->setup.family) {
            return -EAFNOSUPPORT;
        }
        bw_address_set_port(&literal, q->port);
        return start_transfer(q, &literal);
    }
    r = bw_resolve_start(&setup, &q->resolve);
    if (r == 0) {
        q->n_resolves++;
    }
    return r;
}

int http_get_start(const struct http_get_setup *setup, struct http_get_request **ret)
{
    struct http_get_request *q = calloc(1, sizeof(*q));
    int r = q ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    q->setup = *setup;
    q->origin_fd = -1;
    bw_latency_detail_init(&q->detail);
    http_get_cert_init(&q->cert);
    q->connect_ns = BW_UNKNOWN;
    r = strlen(setup->url) < sizeof(q->url)
            ? http_get_split(setup->url, q->host, &q->port, NULL)
            : -EINVAL;
    if (r < 0) {
        goto out;
    }
    (void)memcpy(q->url, setup->url, strlen(setup->url) + 1);
    r = begin_hop(q);
    if (r < 0) {
        goto out;
    }
    *ret = q;
    q = NULL;
out:
    if (q) {
        q->setup.closed = NULL; /* it never was open to its owner */
        http_get_close(q);
    }
    return r;
}

void http_get_close(struct http_get_request *q)
{
    if (!q || q->closing) {
        return;
    }
    q->closing = true;
    drop_transfer(q);
    bw_resolve_close(q->resolve);
    maybe_free(q);
}

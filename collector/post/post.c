/* SPDX-License-Identifier: GPL-3.0-or-later
 * post.c - attempts as transfers of libcurl.
 *
 * Invariant: a letter is under way from bw_post_send() until done() was told of it, once.
 */
#include "post.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/units.h>
#include <clock.h>
#include <curlloop.h>
#include <errno.h>
#include <grow.h>
#include <hash.h>
#include <mail.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    CONNECT_MS = 15000,
    ALL_MS = 60000,
    SIGNED_MAX = 512 * 1024
};

struct one {
    struct bw_post *owner;
    int64_t id;
    bool hook;
    bool local;
    bool barred; /* its address was none of another machine's */
    CURL *easy;
    struct curl_slist *list; /* recipients, or headers */
    char *bytes;
    size_t n;
    size_t at;
    char said[BW_POST_SAID_MAX + 1]; /* the last line of an answer */
    char error[CURL_ERROR_SIZE];
};

struct bw_post {
    struct bw_curlloop *loop;
    const struct bw_post_server *server;
    bw_post_done_cb done;
    void *owner;
    struct one *ones[BW_POST_AT_ONCE];
    size_t n;
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* ---- addresses and signatures ----------------------------------------------------------
 */

static bool v4_fits(uint32_t a)
{
    return a >> 24 != 0 && a >> 24 != 127 && a >> 16 != 0xa9fe && a >> 28 < 14;
}

bool bw_post_address_fits(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;
        return v4_fits(ntohl(in->sin_addr.s_addr));
    }
    if (a->sa_family != AF_INET6) {
        return false;
    }
    const struct sockaddr_in6 *in6 = (const void *)a;
    const uint8_t *b = in6->sin6_addr.s6_addr;
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    static const uint8_t zero[12] = {0};
    uint32_t last =
        (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
    uint32_t six = (uint32_t)b[2] << 24 | (uint32_t)b[3] << 16 | (uint32_t)b[4] << 8 | b[5];
    if (memcmp(b, zero, 10) == 0 && b[10] == 0xff && b[11] == 0xff) {
        return v4_fits(last); /* ::ffff:a.b.c.d */
    }
    if (memcmp(b, zero, 12) == 0) { /* ::, ::1, ::a.b.c.d */
        return false;
    }
    if (memcmp(b, nat64, 12) == 0) { /* RFC 6052 */
        return v4_fits(last);
    }
    if (b[0] == 0x20 && b[1] == 0x02) { /* 6to4, RFC 3056 */
        return v4_fits(six);
    }
    return b[0] != 0xff && !(b[0] == 0xfe && b[1] >> 6 >= 2); /* fe80::/10, fec0::/10 */
}

void bw_post_signature(
    const char *secret, int64_t unix_s, const void *body, size_t n, char ret[96])
{
    uint8_t mac[32];
    struct bw_buf b;
    int at;

    bw_buf_init(&b, SIGNED_MAX);
    bw_buf_i64(&b, unix_s);
    bw_buf_putc(&b, '.');
    bw_buf_add(&b, body, n);
    bw_hmac_sha256(secret, strlen(secret), b.data ? b.data : "", b.len, mac);
    at = snprintf(ret, 96, "t=%lld,v1=", (long long)unix_s);
    for (size_t i = 0; i < sizeof(mac) && at > 0 && at < 94; i++) {
        at += snprintf(ret + at, 96 - (size_t)at, "%02x", mac[i]);
    }
    bw_buf_done(&b);
}

/* ---- one letter ------------------------------------------------------------------------
 */

static void free_one(struct one *o)
{
    if (o) {
        curl_slist_free_all(o->list);
        curl_easy_cleanup(o->easy);
        free(o->bytes);
        free(o);
    }
}

static size_t on_read(char *to, size_t size, size_t n, void *owner)
{
    struct one *o = owner;
    size_t room = size * n;
    size_t left = o->n - o->at;

    left = left < room ? left : room;
    memcpy(to, o->bytes + o->at, left);
    o->at += left;
    return left;
}

/* Answers are not kept, but for a line to show. */
static size_t on_line(char *from, size_t size, size_t n, void *owner)
{
    struct one *o = owner;
    size_t len = size * n;
    size_t keep = len < sizeof(o->said) ? len : sizeof(o->said) - 1;
    bool begins = o->hook ? len > 5 && memcmp(from, "HTTP/", 5) == 0
                          : len > 3 && memcmp(from, "221", 3) != 0 && o->said[0] != '4' &&
                                o->said[0] != '5'; /* what was wrong, not the farewell */

    while (keep > 0 && (unsigned char)from[keep - 1] <= ' ') {
        keep--;
    }
    if (keep > 0 && begins) {
        memcpy(o->said, from, keep);
        o->said[keep] = '\0';
    }
    return len;
}

static size_t on_body(char *from, size_t size, size_t n, void *owner)
{
    (void)from;
    (void)owner;
    return size * n;
}

static curl_socket_t
on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct one *o = owner;

    (void)purpose;
    if (o->hook && !o->local && !bw_post_address_fits(&address->addr)) {
        o->barred = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static enum bw_post_outcome judge(const struct one *o, CURLcode code, long status)
{
    if (o->hook) {
        bool later = status == 408 || status == 425 || status == 429 || status >= 500;
        if (o->barred) {
            return BW_POST_NEVER;
        }
        if (code != CURLE_OK || status == 0 || later) {
            return BW_POST_AGAIN;
        }
        return status >= 200 && status < 300 ? BW_POST_DELIVERED : BW_POST_NEVER;
    }
    if (code == CURLE_OK) {
        return BW_POST_DELIVERED;
    }
    /* A password or certificate that is wrong is mended here, not there. */
    bool refused = status >= 500 && status < 600 && code != CURLE_LOGIN_DENIED &&
                   code != CURLE_USE_SSL_FAILED && status != 530 && status != 535;
    return refused ? BW_POST_NEVER : BW_POST_AGAIN;
}

static void take_out(struct bw_post *p, struct one *o)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->ones[i] == o) {
            p->ones[i] = p->ones[--p->n];
            break;
        }
    }
    bw_curlloop_remove(p->loop, o->easy);
}

static void on_over(void *owner, CURL *easy, CURLcode code)
{
    struct bw_post *p = owner;
    struct one *o = NULL;
    char said[BW_POST_SAID_MAX + 1];
    long status = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&o);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    enum bw_post_outcome outcome = judge(o, code, status);
    if (o->barred) {
        (void)snprintf(said, sizeof(said),
                       "its address is this machine's or a link's own; "
                       "allow_local would let it be");
    } else if (outcome != BW_POST_DELIVERED && o->hook && status >= 300 && status < 400) {
        (void)snprintf(said, sizeof(said), "%.200s: redirects are not followed", o->said);
    } else if (code != CURLE_OK && (status < 400 || o->hook)) {
        (void)snprintf(said, sizeof(said), "%.280s",
                       o->error[0] ? o->error : curl_easy_strerror(code));
    } else {
        (void)snprintf(said, sizeof(said), "%.280s", o->said);
    }
    take_out(p, o);
    int64_t id = o->id;
    free_one(o);
    p->done(p->owner, id, outcome, said);
}

static void set_common(struct one *o, const char *ca_file)
{
    CURL *e = o->easy;

    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, o);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_CAINFO, ca_file[0] ? ca_file : NULL);
    (void)curl_easy_setopt(e, CURLOPT_CAPATH, ca_file[0] ? NULL : "/etc/ssl/certs");
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ALL_MS);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, o->error);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_line);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, o);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, o);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, o);
}

static bool add(struct one *o, const char *line)
{
    struct curl_slist *list = curl_slist_append(o->list, line);

    o->list = list ? list : o->list;
    return list != NULL;
}

static int
set_mail(struct one *o, const struct bw_letter *l, const struct bw_post_server *s)
{
    char url[700];
    char from[BW_MAIL_ADDRESS_MAX + 4];
    char to[BW_MAIL_ADDRESS_MAX + 4];
    CURL *e = o->easy;

    if (!s || !bw_mail_address_fits(l->from) || !bw_mail_address_fits(l->to)) {
        return -EINVAL;
    }
    (void)snprintf(url, sizeof(url),
                   strchr(s->host, ':') ? "%s://[%s]:%d/%s" : "%s://%s:%d/%s",
                   s->tls == BW_POST_TLS ? "smtps" : "smtp", s->host, (int)s->port,
                   bw_mail_domain(l->from));
    (void)snprintf(from, sizeof(from), "<%s>", l->from);
    (void)snprintf(to, sizeof(to), "<%s>", l->to);
    if (!add(o, to)) {
        return -ENOMEM;
    }
    set_common(o, s->ca_file);
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(e, CURLOPT_URL, url);
    (void)curl_easy_setopt(
        e, CURLOPT_USE_SSL,
        (long)(s->tls == BW_POST_CLEAR ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (s->user[0]) {
        (void)curl_easy_setopt(e, CURLOPT_USERNAME, s->user);
        (void)curl_easy_setopt(e, CURLOPT_PASSWORD, s->password);
    }
    (void)curl_easy_setopt(e, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(e, CURLOPT_MAIL_RCPT, o->list);
    (void)curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(e, CURLOPT_READDATA, o);
    (void)curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)o->n);
    return 0;
}

static int set_hook(struct one *o, const struct bw_letter *l)
{
    char signature[96];
    char line[256];
    CURL *e = o->easy;
    bool good = add(o, "Content-Type: application/json") && add(o, "Expect:");

    (void)snprintf(line, sizeof(line), "Bandwitness-Message-Id: %.159s", l->message_id);
    good = good && add(o, line);
    if (l->secret[0]) {
        bw_post_signature(l->secret, bw_clock_unix_ms() / 1000, o->bytes, o->n, signature);
        (void)snprintf(line, sizeof(line), "Bandwitness-Signature: %s", signature);
        good = good && add(o, line);
    }
    if (!good) {
        return -ENOMEM;
    }
    set_common(o, l->ca_file);
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "bandwitness-collector");
    (void)curl_easy_setopt(e, CURLOPT_URL, l->to);
    (void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, o->list);
    (void)curl_easy_setopt(e, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, o->bytes);
    (void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->n);
    return 0;
}

int bw_post_send(struct bw_post *p, const struct bw_letter *l)
{
    struct one *o = NULL;
    int r = p->closing || p->n == BW_POST_AT_ONCE ? -EBUSY : 0;

    if (r < 0) {
        return r;
    }
    o = calloc(1, sizeof(*o));
    if (!o) {
        return -ENOMEM;
    }
    o->owner = p;
    o->id = l->id;
    o->hook = l->hook;
    o->local = l->local;
    o->n = l->n_bytes;
    o->bytes = bw_copy(l->bytes, l->n_bytes);
    o->easy = curl_easy_init();
    r = o->bytes && o->easy ? 0 : -ENOMEM;
    r = r < 0 ? r : l->hook ? set_hook(o, l) : set_mail(o, l, p->server);
    r = r < 0 ? r : bw_curlloop_add(p->loop, o->easy);
    if (r < 0) {
        free_one(o);
        return r;
    }
    p->ones[p->n++] = o;
    return 0;
}

/* ---- all -------------------------------------------------------------------------------
 */

int bw_post_new(struct uv_loop_s *loop,
                const struct bw_post_server *server,
                bw_post_done_cb done,
                void *owner,
                struct bw_post **ret)
{
    struct bw_post *p = calloc(1, sizeof(*p));
    int r = p ? bw_curlloop_new(loop, BW_POST_AT_ONCE, on_over, p, &p->loop) : -ENOMEM;

    if (r < 0) {
        free(p);
        return r;
    }
    p->server = server;
    p->done = done;
    p->owner = owner;
    *ret = p;
    return 0;
}

size_t bw_post_busy(const struct bw_post *p)
{
    return p->n;
}

static void on_closed(void *owner)
{
    struct bw_post *p = owner;
    void (*closed)(void *owner) = p->closed;
    void *closed_owner = p->closed_owner;

    free(p);
    if (closed) {
        closed(closed_owner);
    }
}

void bw_post_close(struct bw_post *p, void (*closed)(void *owner), void *owner)
{
    if (!p || p->closing) {
        return;
    }
    p->closing = true;
    p->closed = closed;
    p->closed_owner = owner;
    while (p->n > 0) {
        struct one *o = p->ones[0];
        int64_t id = o->id;
        take_out(p, o);
        free_one(o);
        p->done(p->owner, id, BW_POST_AGAIN, "the collector stopped meanwhile");
    }
    bw_curlloop_close(p->loop, on_closed, p);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ws_head.c - heads of HTTP/1.1 messages (RFC 9112) and the opening handshake (RFC 6455
 * section 4).
 *
 * Invariant: a line is judged when its CR LF is there, and nothing is taken from a head
 * whose empty line has not come. */
#include "ws_head.h"

#include <bw/err.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* section 1.3 */

static int malformed(struct bw_err *reterr, const char *what)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "%s", what);
}

/* Characters -------------------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token_char(char c) /* RFC 9110 section 5.6.2 */
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_text_char(char c) /* what a field's value or a reason may hold */
{
    return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool bw_ws_text_is(struct bw_ws_text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.at, word, t.n) == 0;
}

static bool is_word(struct bw_ws_text t, const char *word)
{
    return t.n == strlen(word) && strncasecmp(t.at, word, t.n) == 0;
}

static struct bw_ws_text trimmed(const char *at, size_t n)
{
    while (n > 0 && is_blank(*at)) {
        at++;
        n--;
    }
    while (n > 0 && is_blank(at[n - 1])) {
        n--;
    }
    return (struct bw_ws_text){at, n};
}

static bool all(const char *p, size_t n, bool (*is)(char c))
{
    for (size_t i = 0; i < n; i++) {
        if (!is(p[i])) {
            return false;
        }
    }
    return true;
}

/* Lines ------------------------------------------------------------------------- */

static const char version[] = "HTTP/1.1";

enum {
    VERSION_LEN = sizeof(version) - 1
};

static int
read_status_line(const char *p, size_t n, struct bw_ws_head *h, struct bw_err *reterr)
{
    if (n < VERSION_LEN + 4 || memcmp(p, version, VERSION_LEN) != 0 ||
        p[VERSION_LEN] != ' ') {
        return malformed(reterr, "the answer is not HTTP/1.1");
    }
    for (size_t i = VERSION_LEN + 1; i < VERSION_LEN + 4; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return malformed(reterr, "the answer has no status of three digits");
        }
        h->status = h->status * 10 + (p[i] - '0');
    }
    p += VERSION_LEN + 4;
    n -= VERSION_LEN + 4;
    if (h->status < 100 || h->status > 599 || (n > 0 && p[0] != ' ') ||
        !all(p, n, is_text_char)) {
        return malformed(reterr, "the answer's status line is broken");
    }
    h->reason = trimmed(p, n);
    return 0;
}

static bool is_visible(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7f;
}

static int
read_request_line(const char *p, size_t n, struct bw_ws_head *h, struct bw_err *reterr)
{
    const char *one = memchr(p, ' ', n);
    const char *two = one ? memchr(one + 1, ' ', n - (size_t)(one + 1 - p)) : NULL;
    if (!one || !two || (size_t)(p + n - (two + 1)) != VERSION_LEN ||
        memcmp(two + 1, version, VERSION_LEN) != 0) {
        return malformed(reterr, "the request is not HTTP/1.1");
    }
    h->method = (struct bw_ws_text){p, (size_t)(one - p)};
    h->target = (struct bw_ws_text){one + 1, (size_t)(two - one - 1)};
    if (h->method.n == 0 || h->target.n == 0 ||
        !all(h->method.at, h->method.n, is_token_char) ||
        !all(h->target.at, h->target.n, is_visible)) {
        return malformed(reterr, "the request's first line is broken");
    }
    return 0;
}

static int read_field(const char *p, size_t n, struct bw_ws_head *h, struct bw_err *reterr)
{
    const char *colon = memchr(p, ':', n);
    size_t name_n = colon ? (size_t)(colon - p) : 0;
    if (is_blank(p[0])) {
        return malformed(reterr, "a header line that goes on from the one before");
    }
    if (name_n == 0 || !all(p, name_n, is_token_char)) {
        return malformed(reterr, "a header line without a proper name");
    }
    if (!all(colon + 1, n - name_n - 1, is_text_char)) {
        return malformed(reterr, "a header with a control character");
    }
    if (h->n_fields == BW_WS_FIELDS_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d headers", BW_WS_FIELDS_MAX);
    }
    h->fields[h->n_fields].name = (struct bw_ws_text){p, name_n};
    h->fields[h->n_fields].value = trimmed(colon + 1, n - name_n - 1);
    h->n_fields++;
    return 0;
}

typedef int (*first_line_cb)(const char *p,
                             size_t n,
                             struct bw_ws_head *h,
                             struct bw_err *reterr);

static int read_head(const char *buf,
                     size_t n,
                     first_line_cb first_line,
                     struct bw_ws_head *ret,
                     struct bw_err *reterr)
{
    size_t most = n < BW_WS_HEAD_MAX ? n : BW_WS_HEAD_MAX;
    size_t at = 0;
    ret->status = 0;
    ret->n_fields = 0;
    ret->reason = ret->method = ret->target = (struct bw_ws_text){"", 0};
    for (;;) {
        const char *end = memchr(buf + at, '\n', most - at);
        size_t length;
        int r;
        if (!end) {
            break;
        }
        length = (size_t)(end - (buf + at));
        if (length == 0 || end[-1] != '\r') {
            return malformed(reterr, "a line of the head does not end with CR LF");
        }
        length--;
        if (length == 0 && at > 0) {
            return (int)(at + 2);
        }
        r = at == 0 ? first_line(buf, length, ret, reterr)
                    : read_field(buf + at, length, ret, reterr);
        if (r < 0) {
            return r;
        }
        at += length + 2;
    }
    if (n >= BW_WS_HEAD_MAX) {
        return bw_err_set(reterr, -E2BIG, "a head of more than %d bytes", BW_WS_HEAD_MAX);
    }
    return 0;
}

int bw_ws_answer_read(const char *buf,
                      size_t n,
                      struct bw_ws_head *ret,
                      struct bw_err *reterr)
{
    size_t m = n < VERSION_LEN ? n : VERSION_LEN;
    if (memcmp(buf, version, m) != 0) { /* something else talks here: say so at once */
        return malformed(reterr, "the answer is not HTTP/1.1");
    }
    return read_head(buf, n, read_status_line, ret, reterr);
}

int bw_ws_request_read(const char *buf,
                       size_t n,
                       struct bw_ws_head *ret,
                       struct bw_err *reterr)
{
    if (n > 0 && !is_token_char(buf[0])) { /* as a TLS greeting on a plain port is */
        return malformed(reterr, "the request is not HTTP/1.1");
    }
    return read_head(buf, n, read_request_line, ret, reterr);
}

/* Fields ------------------------------------------------------------------------ */

struct bw_ws_text bw_ws_field(const struct bw_ws_head *h, const char *name, size_t *ret_n)
{
    struct bw_ws_text value = {"", 0};
    *ret_n = 0;
    for (size_t i = 0; i < h->n_fields; i++) {
        if (is_word(h->fields[i].name, name)) {
            value = (*ret_n)++ == 0 ? h->fields[i].value : value;
        }
    }
    return value;
}

static bool list_has(struct bw_ws_text list, const char *word)
{
    size_t at = 0;
    while (at <= list.n) {
        const char *comma = at < list.n ? memchr(list.at + at, ',', list.n - at) : NULL;
        size_t n = (comma ? (size_t)(comma - list.at) : list.n) - at;
        if (is_word(trimmed(list.at + at, n), word)) {
            return true;
        }
        at += n + 1;
    }
    return false;
}

bool bw_ws_field_has(const struct bw_ws_head *h, const char *name, const char *word)
{
    for (size_t i = 0; i < h->n_fields; i++) {
        if (is_word(h->fields[i].name, name) && list_has(h->fields[i].value, word)) {
            return true;
        }
    }
    return false;
}

/* Once, with exactly this value. */
static bool field_is(const struct bw_ws_head *h, const char *name, const char *value)
{
    size_t n;
    struct bw_ws_text v = bw_ws_field(h, name, &n);
    return n == 1 && bw_ws_text_is(v, value);
}

static bool field_there(const struct bw_ws_head *h, const char *name)
{
    size_t n;
    (void)bw_ws_field(h, name, &n);
    return n > 0;
}

/* Keys -------------------------------------------------------------------------- */

void bw_ws_key(const uint8_t nonce[BW_WS_NONCE_LEN], char ret[BW_WS_KEY_LEN + 1])
{
    (void)EVP_EncodeBlock((unsigned char *)ret, nonce, BW_WS_NONCE_LEN);
}

/* The base64 of 16 bytes: 22 letters of which the last carries two bits, then "==". */
static bool is_key(struct bw_ws_text key)
{
    if (key.n != BW_WS_KEY_LEN || key.at[22] != '=' || key.at[23] != '=' ||
        strchr("AQgw", key.at[21]) == NULL) {
        return false;
    }
    for (size_t i = 0; i < 22; i++) {
        if (!is_alnum(key.at[i]) && key.at[i] != '+' && key.at[i] != '/') {
            return false;
        }
    }
    return true;
}

int bw_ws_accept(struct bw_ws_text key, char ret[BW_WS_ACCEPT_LEN + 1])
{
    unsigned char text[BW_WS_KEY_LEN + sizeof(accept_guid)];
    unsigned char hash[SHA_DIGEST_LENGTH];
    if (!is_key(key)) {
        return -BW_EMALFORMED;
    }
    (void)memcpy(text, key.at, BW_WS_KEY_LEN);
    (void)memcpy(text + BW_WS_KEY_LEN, accept_guid, sizeof(accept_guid));
    (void)SHA1(text, sizeof(text) - 1, hash);
    (void)EVP_EncodeBlock((unsigned char *)ret, hash, SHA_DIGEST_LENGTH);
    return 0;
}

/* Either end's look -------------------------------------------------------------- */

int bw_ws_answer_check(const struct bw_ws_head *h,
                       const char *key,
                       const char *protocol,
                       struct bw_err *reterr)
{
    struct bw_ws_text k = {key, strlen(key)};
    char accept[BW_WS_ACCEPT_LEN + 1];
    struct bw_ws_text chosen;
    size_t n;
    if (h->status != 101) {
        return bw_err_set(reterr, -BW_EREFUSED, "the server answered HTTP status %d",
                          h->status);
    }
    if (bw_ws_accept(k, accept) < 0) {
        return bw_err_set(reterr, -EINVAL, "the key is no key");
    }
    if (!bw_ws_field_has(h, "Upgrade", "websocket") ||
        !bw_ws_field_has(h, "Connection", "upgrade")) {
        return malformed(reterr, "the server's answer upgrades to no WebSocket");
    }
    if (!field_is(h, "Sec-WebSocket-Accept", accept)) {
        return malformed(reterr, "the server's accept value does not belong to our key");
    }
    chosen = bw_ws_field(h, "Sec-WebSocket-Protocol", &n);
    if (n == 0) {
        return malformed(reterr, "the server chose no subprotocol");
    }
    if (n > 1 || !bw_ws_text_is(chosen, protocol)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "the server chose another subprotocol: %.*s",
                          (int)(chosen.n < 80 ? chosen.n : 80), chosen.at);
    }
    if (field_there(h, "Sec-WebSocket-Extensions")) {
        return malformed(reterr, "the server chose an extension that was not offered");
    }
    return 0;
}

static int
refuse(int *reterr_status, int status, struct bw_err *reterr, const char *sentence)
{
    *reterr_status = status;
    return bw_err_set(reterr, -BW_EREFUSED, "%s", sentence);
}

int bw_ws_request_check(const struct bw_ws_head *h,
                        const char *protocol,
                        char ret_accept[BW_WS_ACCEPT_LEN + 1],
                        int *reterr_status,
                        struct bw_err *reterr)
{
    struct bw_ws_text host;
    struct bw_ws_text key;
    size_t n;
    if (!bw_ws_text_is(h->method, "GET")) {
        return refuse(reterr_status, 405, reterr, "only GET begins a WebSocket");
    }
    host = bw_ws_field(h, "Host", &n);
    if (n != 1 || host.n == 0) {
        return refuse(reterr_status, 400, reterr, "there is not exactly one Host");
    }
    if (field_there(h, "Transfer-Encoding") ||
        (field_there(h, "Content-Length") && !field_is(h, "Content-Length", "0"))) {
        return refuse(reterr_status, 400, reterr, "a GET with a body");
    }
    if (!bw_ws_field_has(h, "Upgrade", "websocket") ||
        !bw_ws_field_has(h, "Connection", "upgrade")) {
        return refuse(reterr_status, 400, reterr, "no upgrade to a WebSocket is asked for");
    }
    if (!field_is(h, "Sec-WebSocket-Version", "13")) {
        return refuse(reterr_status, 426, reterr, "the WebSocket version is not 13");
    }
    if (!field_is(h, "Sec-WebSocket-Protocol", protocol)) {
        return refuse(reterr_status, 400, reterr, "the subprotocol is missing or another");
    }
    key = bw_ws_field(h, "Sec-WebSocket-Key", &n);
    if (n != 1 || bw_ws_accept(key, ret_accept) < 0) {
        return refuse(reterr_status, 400, reterr, "Sec-WebSocket-Key is no key");
    }
    return 0;
}

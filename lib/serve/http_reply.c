/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_reply.c - whole answers: their bytes, packed by gzip where the client takes it and
 * it is worth while (http_stream.c: those that come in pieces).
 *
 * Small ones are packed at once and keep their length. Larger ones are packed piece by
 * piece as the client takes them, so that none of them holds the loop; their length is not
 * known before. A page that another site had the browser ask for is never packed: its
 * length would tell what of the question stands in it (docs/security.md). */
#include "http_private.h"

#include <accept.h>
#include <bw/err.h>
#include <errno.h>
#include <gzip.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PACK_FROM_BYTES = 1024, /* a packet holds less anyway */
    PACK_AT_ONCE_BYTES = 65536,
    PIECE_BYTES = 32768
};

/* --- whether
 * ------------------------------------------------------------------------------
 */

static enum MHD_Result
read_accept(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    if (value && strcasecmp(key, "Accept-Encoding") == 0) {
        bw_accept_read(cls, value);
    }
    return MHD_YES;
}

enum bw_accept_answer bw_http_accepts(const struct bw_http_req *r)
{
    struct bw_accept a;
    bw_accept_init(&a);
    (void)MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, read_accept, &a);
    return bw_accept_answer(&a);
}

/* Types whose bytes gzip makes fewer. Signed records in base64 are left as they are. */
static bool is_text(const char *type)
{
    static const char *const types[] = {"text/",
                                        "application/json",
                                        "application/problem+json",
                                        "application/jwk-set+json",
                                        "application/x-ndjson",
                                        "application/javascript",
                                        "application/openmetrics-text",
                                        "image/svg+xml"};
    for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncasecmp(type, types[i], strlen(types[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_own(const struct bw_http_req *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Did another site have the browser ask? */
static bool by_others(const struct bw_http_req *r)
{
    const char *site = bw_http_header(r, "Sec-Fetch-Site");
    return site && strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0;
}

bool bw_http_packs(struct bw_http_req *r, unsigned status, const char *type, size_t n)
{
    bool fits = is_text(type) && n >= PACK_FROM_BYTES;
    enum bw_accept_answer takes = bw_http_accepts(r);
    if (n == 0 || status == 204 || status == 206 || status == 304 ||
        has_own(r, "Content-Encoding") || has_own(r, "Content-Range")) {
        return false;
    }
    r->varies = r->varies || fits;
    return takes == BW_ACCEPT_GZIP_ONLY ||
           (takes == BW_ACCEPT_GZIP && fits && !by_others(r));
}

/* --- packing a larger one as it is taken ------------------------------------------------
 */

struct packing {
    struct bw_gzip *gzip;
    char *data; /* NULL: lent */
    const char *at;
    size_t left;
    bool over;
};

static void packing_free(void *cls)
{
    struct packing *p = cls;
    bw_gzip_free(p->gzip);
    free(p->data);
    free(p);
}

static ssize_t packing_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    struct packing *p = cls;
    size_t got = 0;
    while (!p->over && got == 0) {
        size_t step = p->left < PACK_AT_ONCE_BYTES ? p->left : PACK_AT_ONCE_BYTES;
        size_t left = step;
        bool last = step == p->left;
        p->over = bw_gzip_some(p->gzip, &p->at, &left, last, buf, max, &got) == 1;
        p->left -= step - left;
    }
    return got > 0 ? (ssize_t)got : MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *packed_later(const char *data, size_t n, char *own)
{
    struct MHD_Response *response = NULL;
    struct packing *p = calloc(1, sizeof(*p));
    if (p && bw_gzip_new(BW_GZIP_FAST, &p->gzip) == 0) {
        p->at = data;
        p->left = n;
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES,
                                                     packing_read, p, packing_free);
    }
    if (response) {
        p->data = own;
    } else if (p) {
        packing_free(p);
    }
    return response;
}

/* --- the bytes
 * ----------------------------------------------------------------------------
 */

static struct MHD_Response *plain(const char *data, size_t n, char *own)
{
    static char nothing[] = "";
    union {
        const char *in;
        void *out;
    } lent = {.in = data};
    return own ? MHD_create_response_from_buffer(n, own, MHD_RESPMEM_MUST_FREE)
               : MHD_create_response_from_buffer(n, n ? lent.out : nothing,
                                                 MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *packed_now(struct bw_http *h, const char *data, size_t n)
{
    struct bw_buf out;
    struct MHD_Response *response = NULL;
    bw_buf_init(&out, n + PACK_FROM_BYTES);
    if ((h->gzip || bw_gzip_new(BW_GZIP_USUAL, &h->gzip) == 0) &&
        bw_gzip_whole(h->gzip, data, n, &out) == 0) {
        size_t n_out = 0;
        char *bytes = bw_buf_take(&out, &n_out);
        response = plain(bytes, n_out, bytes);
        if (!response) {
            free(bytes);
        }
    }
    bw_buf_done(&out);
    return response;
}

static void say_packed(struct MHD_Response *response)
{
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

/* `own` is what `data` is when it is to be freed. */
static void reply(struct bw_http_req *r,
                  unsigned status,
                  const char *type,
                  const char *data,
                  size_t n,
                  char *own)
{
    struct MHD_Response *response = NULL;
    r->packed = bw_http_packs(r, status, type, n);
    if (r->packed && n <= PACK_AT_ONCE_BYTES) {
        response = packed_now(r->http, data, n);
        if (response) {
            free(own);
            own = NULL;
        }
    } else if (r->packed) {
        response = packed_later(data, n, own);
        own = response ? NULL : own;
    }
    r->packed = response != NULL;
    if (response) {
        say_packed(response);
    } else {
        response = plain(data, n, own);
        own = response ? NULL : own;
    }
    free(own);
    if (response && type) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    bw_http_answer(r, status, response);
}

static void sorry(struct bw_http_req *r)
{
    static const char text[] = "out of memory\n";
    bw_http_reply_const(r, 500, "text/plain; charset=utf-8", text, sizeof(text) - 1);
}

void bw_http_reply(struct bw_http_req *r,
                   unsigned status,
                   const char *type,
                   struct bw_buf *body)
{
    size_t n = 0;
    int error = bw_buf_error(body);
    char *data = error < 0 ? NULL : bw_buf_take(body, &n);
    bw_buf_done(body);
    if (error < 0) {
        sorry(r);
        return;
    }
    reply(r, status, type, data, n, data);
}

void bw_http_reply_const(
    struct bw_http_req *r, unsigned status, const char *type, const void *data, size_t n)
{
    reply(r, status, type, data, n, NULL);
}

void bw_http_reply_packed(
    struct bw_http_req *r, unsigned status, const char *type, const void *data, size_t n)
{
    enum bw_accept_answer takes = bw_http_accepts(r);
    struct MHD_Response *response = NULL;
    struct bw_buf out;
    if (takes != BW_ACCEPT_GZIP && takes != BW_ACCEPT_GZIP_ONLY) {
        bw_buf_init(&out, BW_HTTP_UNPACKED_MAX);
        if (bw_gzip_open(data, n, &out) < 0) {
            bw_buf_done(&out);
            sorry(r);
            return;
        }
        r->varies = true;
        bw_http_reply(r, status, type, &out);
        return;
    }
    r->varies = true;
    r->packed = true;
    union {
        const void *in;
        void *out;
    } lent = {.in = data};
    response = MHD_create_response_from_buffer(n, lent.out, MHD_RESPMEM_MUST_COPY);
    if (response) {
        say_packed(response);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    bw_http_answer(r, status, response);
}

/* --- problems
 * -----------------------------------------------------------------------------
 */
void bw_http_problem_begin(struct bw_buf *out,
                           unsigned status,
                           const char *word,
                           const char *title,
                           const char *detail)
{
    bw_buf_printf(out, "{\"type\":\"/problems/%s\",\"title\":", word);
    bw_json_quote(out, title, strlen(title));
    bw_buf_printf(out, ",\"status\":%u", status);
    if (detail && detail[0]) {
        bw_buf_puts(out, ",\"detail\":");
        bw_json_quote(out, detail, strlen(detail));
    }
}

void bw_http_problem(struct bw_http_req *r,
                     unsigned status,
                     const char *word,
                     const char *title,
                     const char *detail_fmt,
                     ...)
{
    char detail[600];
    va_list ap;
    va_start(ap, detail_fmt);
    (void)vsnprintf(detail, sizeof(detail), detail_fmt, ap);
    va_end(ap);
    struct bw_buf out;
    bw_buf_init(&out, 8192);
    bw_http_problem_begin(&out, status, word, title, detail);
    bw_buf_puts(&out, "}\n");
    bw_http_reply(r, status, "application/problem+json", &out);
}

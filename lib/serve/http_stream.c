/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_stream.c - a reply whose body comes in pieces.
 *
 * A stream lives from bw_http_reply_stream() until its reply is over, and beyond that while
 * a piece is still owed to it: put() or end() then frees it. */
#include "http_private.h"

#include <errno.h>
#include <gzip.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACK_STEP_BYTES = 65536 /* at once */
};

void bw_http_stream_over(struct bw_http_stream *s)
{
    if (s->asked) {
        s->orphan = true; /* put() or end() will free it */
        s->req = NULL;
        return;
    }
    s->ops->closed(s->owner);
    bw_gzip_free(s->gzip);
    bw_buf_done(&s->piece);
    free(s);
}

/* What is ready of the piece, packed or as it is; 0: more is wanted first. */
static size_t take(struct bw_http_stream *s, char *buf, size_t max)
{
    size_t left = s->piece.len - s->sent;
    size_t n = left < max ? left : max;
    if (!s->gzip) {
        if (n > 0) {
            memcpy(buf, s->piece.data + s->sent, n);
        }
        s->sent += n;
        return n;
    }
    bool last = s->ended && s->ok;
    size_t got = 0;
    while (got == 0 && !s->packed && (s->sent < s->piece.len || last)) {
        size_t step = s->piece.len - s->sent;
        step = step < PACK_STEP_BYTES ? step : PACK_STEP_BYTES;
        const char *at = s->piece.len > 0 ? s->piece.data + s->sent : "";
        size_t rest = step;
        s->packed =
            bw_gzip_some(s->gzip, &at, &rest, last && s->sent + step == s->piece.len, buf,
                         max, &got) == 1;
        s->sent += step - rest;
    }
    return got;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    struct bw_http_stream *s = cls;
    for (;;) {
        size_t n = take(s, buf, max);
        if (n > 0) {
            s->req->conn->deadline_mono_ms =
                bw_http_now_ms() + s->req->http->limits.send_ms;
            return (ssize_t)n;
        }
        if (s->ended) {
            return s->ok ? MHD_CONTENT_READER_END_OF_STREAM
                         : MHD_CONTENT_READER_END_WITH_ERROR;
        }
        s->asked = true;
        s->ops->more(s->owner, s);
        if (s->asked) { /* later */
            s->suspended = true;
            s->req->conn->deadline_mono_ms = INT64_MAX;
            MHD_suspend_connection(s->req->mhd);
            return 0;
        }
    }
}

int bw_http_reply_stream(struct bw_http_req *r,
                         unsigned status,
                         const char *type,
                         const struct bw_http_stream_ops *ops,
                         void *owner)
{
    struct bw_http_stream *s = calloc(1, sizeof(*s));
    struct MHD_Response *response =
        s ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, stream_read, s, NULL)
          : NULL;
    if (!response) {
        free(s);
        return -ENOMEM;
    }
    s->req = r;
    s->ops = ops;
    s->owner = owner;
    bw_buf_init(&s->piece, SIZE_MAX);
    if (bw_http_packs(r, status, type, SIZE_MAX) &&
        bw_gzip_new(BW_GZIP_FAST, &s->gzip) == 0) {
        r->packed = true;
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    r->stream = s;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    bw_http_answer(r, status, response);
    return 0;
}

static void stream_go_on(struct bw_http_stream *s)
{
    s->asked = false;
    if (s->orphan) {
        bw_http_stream_over(s);
    } else if (s->suspended) {
        s->suspended = false;
        bw_http_resume(s->req->conn);
    }
}

void bw_http_stream_put(struct bw_http_stream *s, struct bw_buf *piece)
{
    if (bw_buf_error(piece) < 0) {
        bw_buf_done(piece);
        bw_http_stream_end(s, false);
        return;
    }
    if (piece->len == 0) {
        bw_buf_done(piece);
        bw_http_stream_end(s, true);
        return;
    }
    bw_buf_done(&s->piece);
    s->piece = *piece;
    s->sent = 0;
    bw_buf_init(piece, piece->max);
    stream_go_on(s);
}

void bw_http_stream_end(struct bw_http_stream *s, bool ok)
{
    s->ended = true;
    s->ok = ok;
    stream_go_on(s);
}

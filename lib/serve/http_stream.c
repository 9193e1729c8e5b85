/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_stream.c - a reply whose body comes in pieces.
 *
 * A stream lives from bw_http_reply_stream() until its reply is over, and beyond that while
 * a piece is still owed to it: put() or end() then frees it. */
#include "http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void bw_http_stream_over(struct bw_http_stream *s)
{
    if (s->asked) {
        s->orphan = true; /* put() or end() will free it */
        s->req = NULL;
        return;
    }
    s->ops->closed(s->owner);
    bw_buf_done(&s->piece);
    free(s);
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    (void)pos;
    struct bw_http_stream *s = cls;
    for (;;) {
        size_t left = s->piece.len - s->sent;
        if (left > 0) {
            size_t n = left < max ? left : max;
            memcpy(buf, s->piece.data + s->sent, n);
            s->sent += n;
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

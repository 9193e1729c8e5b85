/* SPDX-License-Identifier: GPL-3.0-or-later
 * ws.c - WebSocket frames and messages (RFC 6455 sections 5 to 8).
 *
 * Invariant of a reader: between calls it holds at most one unfinished header and one
 * unfinished control frame; payload of messages is in the caller's buffer only. A frame is
 * judged when its header is complete, before a byte of its payload is looked at. */
#include "ws.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

static int malformed(struct bw_err *reterr, const char *what)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "%s", what);
}

static uint64_t read_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

/* Headers ----------------------------------------------------------------------- */

static bool is_control(enum bw_ws_opcode opcode)
{
    return ((unsigned)opcode & 8U) != 0;
}

static bool known(unsigned opcode)
{
    return opcode <= BW_WS_BINARY || (opcode >= BW_WS_CLOSE && opcode <= BW_WS_PONG);
}

int bw_ws_frame_read(const uint8_t *p,
                     size_t n,
                     struct bw_ws_frame *ret,
                     struct bw_err *reterr)
{
    struct bw_ws_frame f = {.length = 0};
    size_t extra;
    size_t mask_n;
    if (n < 1) {
        return 0;
    }
    if ((p[0] & 0x70) != 0) {
        return malformed(reterr, "a frame with a reserved bit set");
    }
    if (!known(p[0] & 0x0fU)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a frame with the unknown opcode %d",
                          p[0] & 0x0f);
    }
    f.opcode = (enum bw_ws_opcode)(p[0] & 0x0f);
    f.fin = (p[0] & 0x80) != 0;
    if (is_control(f.opcode) && !f.fin) {
        return malformed(reterr, "a control frame in fragments");
    }
    if (n < 2) {
        return 0;
    }
    f.masked = (p[1] & 0x80) != 0;
    f.length = p[1] & 0x7f;
    if (is_control(f.opcode) && f.length > BW_WS_CONTROL_MAX) {
        return malformed(reterr, "a control frame of more than 125 bytes");
    }
    extra = f.length == 126 ? 2 : f.length == 127 ? 8 : 0;
    mask_n = f.masked ? 4 : 0;
    if (extra > 0 && n >= 2 + extra) {
        uint64_t least = extra == 2 ? 126 : 65536;
        f.length = read_be(p + 2, extra);
        if (f.length < least) {
            return malformed(reterr, "a frame whose length is not in its shortest form");
        }
        if (f.length > INT64_MAX) {
            return malformed(reterr, "a frame of 2^63 bytes or more");
        }
    }
    if (n < 2 + extra + mask_n) {
        return 0;
    }
    (void)memcpy(f.mask, p + 2 + extra, mask_n);
    *ret = f;
    return (int)(2 + extra + mask_n);
}

size_t bw_ws_frame_write(const struct bw_ws_frame *f, uint8_t buf[BW_WS_HEADER_MAX])
{
    size_t extra = f->length < 126 ? 0 : f->length < 65536 ? 2 : 8;
    size_t at = 2;
    buf[0] = (uint8_t)((f->fin ? 0x80U : 0U) | (unsigned)f->opcode);
    buf[1] = (uint8_t)((f->masked ? 0x80U : 0U) | (extra == 0   ? (unsigned)f->length
                                                   : extra == 2 ? 126U
                                                                : 127U));
    for (size_t i = extra; i > 0; i--) {
        buf[at++] = (uint8_t)(f->length >> (8 * (i - 1)));
    }
    if (f->masked) {
        (void)memcpy(buf + at, f->mask, 4);
        at += 4;
    }
    return at;
}

void bw_ws_mask(uint8_t *p, size_t n, const uint8_t mask[4], uint64_t at)
{
    uint8_t turned[8];
    uint64_t word;
    size_t i = 0;
    for (size_t k = 0; k < 8; k++) {
        turned[k] = mask[(at + k) & 3];
    }
    (void)memcpy(&word, turned, 8);
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        (void)memcpy(&v, p + i, 8);
        v ^= word;
        (void)memcpy(p + i, &v, 8);
    }
    for (; i < n; i++) {
        p[i] ^= turned[i & 7];
    }
}

size_t bw_ws_put(uint8_t *buf,
                 size_t cap,
                 enum bw_ws_opcode opcode,
                 const void *payload,
                 size_t n,
                 const uint8_t mask[4])
{
    struct bw_ws_frame f = {
        .opcode = opcode, .fin = true, .masked = mask != NULL, .length = n};
    uint8_t header[BW_WS_HEADER_MAX];
    size_t h;
    if (n > (is_control(opcode) ? BW_WS_CONTROL_MAX : BW_WS_SMALL_MAX)) {
        return 0;
    }
    if (mask) {
        (void)memcpy(f.mask, mask, 4);
    }
    h = bw_ws_frame_write(&f, header);
    if (h + n > cap) {
        return 0;
    }
    (void)memcpy(buf, header, h);
    if (n > 0) {
        (void)memcpy(buf + h, payload, n);
        if (mask) {
            bw_ws_mask(buf + h, n, mask, 0);
        }
    }
    return h + n;
}

/* Closing ----------------------------------------------------------------------- */

static bool may_be_sent(unsigned code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

size_t
bw_ws_close_write(uint8_t buf[BW_WS_CONTROL_MAX], enum bw_ws_code code, const char *reason)
{
    size_t n = 0;
    if (code == BW_WS_NO_CODE) {
        return 0;
    }
    buf[0] = (uint8_t)((unsigned)code >> 8);
    buf[1] = (uint8_t)((unsigned)code & 0xff);
    if (reason) {
        size_t left = strlen(reason);
        size_t c;
        while (left > 0 && (c = bw_utf8_char(reason + n, left)) > 0 &&
               2 + n + c <= BW_WS_CONTROL_MAX) {
            n += c;
            left -= c;
        }
        (void)memcpy(buf + 2, reason, n);
    }
    return 2 + n;
}

int bw_ws_close_read(const uint8_t *p,
                     size_t n,
                     int *ret_code,
                     const char **ret_reason,
                     size_t *ret_reason_n)
{
    const char *reason = n > 2 ? (const char *)p + 2 : "";
    size_t reason_n = n > 2 ? n - 2 : 0;
    unsigned code = BW_WS_NO_CODE;
    if (n == 1) {
        return -BW_EMALFORMED;
    }
    if (n >= 2) {
        code = (unsigned)read_be(p, 2);
        if (!may_be_sent(code) || !bw_utf8_valid(reason, reason_n)) {
            return -BW_EMALFORMED;
        }
    }
    *ret_code = (int)code;
    *ret_reason = reason;
    *ret_reason_n = reason_n;
    return 0;
}

/* A stream of frames ------------------------------------------------------------- */

void bw_ws_reader_init(struct bw_ws_reader *r,
                       enum bw_ws_end end,
                       const struct bw_ws_limits *limits)
{
    (void)memset(r, 0, sizeof(*r));
    r->end = end;
    r->limits = *limits;
}

/* Does the frame that begins fit what came before? */
static int judge(struct bw_ws_reader *r, struct bw_err *reterr)
{
    const struct bw_ws_frame *f = &r->frame;
    uint64_t most;
    if (f->masked != (r->end == BW_WS_SERVER)) {
        return malformed(reterr, f->masked ? "a masked frame from the server"
                                           : "an unmasked frame from the client");
    }
    if (is_control(f->opcode)) {
        return 0;
    }
    if (f->opcode == BW_WS_CONTINUATION && r->message == BW_WS_CONTINUATION) {
        return malformed(reterr, "a continuation of no message");
    }
    if (f->opcode != BW_WS_CONTINUATION && r->message != BW_WS_CONTINUATION) {
        return malformed(reterr, "a new message before the last one's end");
    }
    if (f->opcode != BW_WS_CONTINUATION) {
        r->message = f->opcode;
        r->message_bytes = 0;
        r->message_begun = false;
    }
    most = r->message == BW_WS_TEXT ? r->limits.text_max : r->limits.binary_max;
    if (f->length > most || r->message_bytes > most - f->length) {
        return bw_err_set(reterr, -E2BIG, "a %s message of more than %llu bytes",
                          r->message == BW_WS_TEXT ? "text" : "binary",
                          (unsigned long long)most);
    }
    r->message_bytes += f->length;
    return 0;
}

/* Header bytes from p[n]: how many, with r->in_frame when it is complete. */
static int take_header(struct bw_ws_reader *r,
                       const uint8_t *p,
                       size_t n,
                       size_t *ret_used,
                       struct bw_err *reterr)
{
    size_t before = r->header_n;
    size_t add = BW_WS_HEADER_MAX - before;
    int h;
    add = add < n ? add : n;
    (void)memcpy(r->header + before, p, add);
    h = bw_ws_frame_read(r->header, before + add, &r->frame, reterr);
    if (h < 0) {
        return h;
    }
    if (h == 0) {
        r->header_n = before + add;
        *ret_used = add;
        return 0;
    }
    r->header_n = 0;
    r->in_frame = true;
    r->frame_at = 0;
    *ret_used = (size_t)h - before;
    return judge(r, reterr);
}

static void take_control(struct bw_ws_reader *r,
                         const uint8_t *p,
                         size_t n,
                         size_t *ret_used,
                         struct bw_ws_event *ret)
{
    size_t length = (size_t)r->frame.length;
    size_t at = (size_t)r->frame_at;
    size_t add = length - at < n ? length - at : n;
    if (add > 0) {
        (void)memcpy(r->control + at, p, add);
    }
    r->frame_at += add;
    *ret_used = add;
    if (r->frame_at < length) {
        return;
    }
    r->in_frame = false;
    if (r->frame.masked) {
        bw_ws_mask(r->control, length, r->frame.mask, 0);
    }
    *ret = (struct bw_ws_event){.what = BW_WS_CONTROL,
                                .opcode = r->frame.opcode,
                                .data = r->control,
                                .n = length,
                                .first = true,
                                .last = true};
}

/* A frame's end that is no message's and gives no byte is not worth an event. */
static void take_payload(
    struct bw_ws_reader *r, uint8_t *p, size_t n, size_t *ret_used, struct bw_ws_event *ret)
{
    uint64_t left = r->frame.length - r->frame_at;
    size_t add = left < n ? (size_t)left : n;
    bool frame_over = add == left;
    bool last = frame_over && r->frame.fin;
    if (r->frame.masked && (r->message == BW_WS_TEXT || r->unmask_binary)) {
        bw_ws_mask(p, add, r->frame.mask, r->frame_at);
    }
    r->frame_at += add;
    *ret_used = add;
    if (add > 0 || last) {
        *ret = (struct bw_ws_event){.what = BW_WS_PIECE,
                                    .opcode = r->message,
                                    .data = p,
                                    .n = add,
                                    .first = !r->message_begun,
                                    .last = last};
        r->message_begun = true;
    }
    if (frame_over) {
        r->in_frame = false;
    }
    if (last) {
        r->message = BW_WS_CONTINUATION;
    }
}

int bw_ws_next(struct bw_ws_reader *r,
               uint8_t *p,
               size_t n,
               size_t *ret_used,
               struct bw_ws_event *ret,
               struct bw_err *reterr)
{
    struct bw_ws_event event = {.what = BW_WS_MORE};
    size_t at = 0;
    while (event.what == BW_WS_MORE) {
        size_t used = 0;
        if (!r->in_frame) {
            int h;
            if (at == n) {
                break;
            }
            h = take_header(r, p + at, n - at, &used, reterr);
            if (h < 0) {
                r->close_code = h == -E2BIG ? BW_WS_TOO_BIG : BW_WS_PROTOCOL;
                return h;
            }
            at += used;
            continue;
        }
        if (at == n && r->frame_at < r->frame.length) {
            break;
        }
        if (is_control(r->frame.opcode)) {
            take_control(r, p + at, n - at, &used, &event);
        } else {
            take_payload(r, p + at, n - at, &used, &event);
        }
        at += used;
    }
    *ret_used = at;
    *ret = event;
    return 0;
}

uint64_t bw_ws_skippable(const struct bw_ws_reader *r)
{
    uint64_t left = r->frame.length - r->frame_at;
    bool load = r->in_frame && !is_control(r->frame.opcode) && r->message == BW_WS_BINARY;
    return load && left > 1 ? left - 1 : 0;
}

void bw_ws_skipped(struct bw_ws_reader *r, uint64_t n)
{
    r->frame_at += n;
    r->message_begun = true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ws.h - WebSocket frames and messages as bytes (RFC 6455 sections 5 to 8), for either
 * end. Pure; any thread.
 *
 * Payload is never copied and, for binary messages, never touched: a reader tells where in
 * the caller's buffer it lies, so that a measurement can count what it throws away. Whether
 * a text is UTF-8 is left to the caller. No extensions. */
#ifndef BW_WS_H
#define BW_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_WS_HEADER_MAX = 14,   /* bytes of a frame's header */
    BW_WS_CONTROL_MAX = 125, /* payload bytes of Close, Ping, Pong */
    BW_WS_SMALL_MAX = 65535  /* payload bytes that bw_ws_put() takes */
};

enum bw_ws_opcode { /* section 11.8 */
    BW_WS_CONTINUATION = 0,
    BW_WS_TEXT = 1,
    BW_WS_BINARY = 2,
    BW_WS_CLOSE = 8,
    BW_WS_PING = 9,
    BW_WS_PONG = 10
};

enum bw_ws_code { /* of a Close, section 7.4.1 */
    BW_WS_NORMAL = 1000,
    BW_WS_GOING_AWAY = 1001,
    BW_WS_PROTOCOL = 1002,
    BW_WS_UNSUPPORTED = 1003,
    BW_WS_NO_CODE = 1005, /* never sent: a Close without one was received */
    BW_WS_BAD_DATA = 1007,
    BW_WS_POLICY = 1008,
    BW_WS_TOO_BIG = 1009,
    BW_WS_INTERNAL = 1011
};

enum bw_ws_end {
    BW_WS_CLIENT, /* masks what it sends, receives unmasked */
    BW_WS_SERVER
};

/* Headers ----------------------------------------------------------------------- */

struct bw_ws_frame {
    enum bw_ws_opcode opcode;
    bool fin;
    bool masked;
    uint8_t mask[4];
    uint64_t length; /* of the payload */
};

/* The header at p[0…n) with everything one frame can be judged by: known opcode, no
 * reserved bit, shortest form of the length, below 2^63, control frames short and whole.
 * Its length, 0 when more bytes are needed, or -BW_EMALFORMED. */
int bw_ws_frame_read(const uint8_t *p,
                     size_t n,
                     struct bw_ws_frame *ret,
                     struct bw_err *reterr);

/* The header into buf; gives its length. */
size_t bw_ws_frame_write(const struct bw_ws_frame *f, uint8_t buf[BW_WS_HEADER_MAX]);

/* Mask or unmask p[n], which lies `at` bytes into the payload (section 5.3). */
void bw_ws_mask(uint8_t *p, size_t n, const uint8_t mask[4], uint64_t at);

/* A whole unfragmented frame of at most BW_WS_SMALL_MAX bytes of payload; mask NULL for a
 * server's. Gives its length, 0 when it does not fit into buf[cap]. */
size_t bw_ws_put(uint8_t *buf,
                 size_t cap,
                 enum bw_ws_opcode opcode,
                 const void *payload,
                 size_t n,
                 const uint8_t mask[4]);

/* A Close's payload; gives its length. BW_WS_NO_CODE: none. A reason that is too long is
 * cut at a character. */
size_t
bw_ws_close_write(uint8_t buf[BW_WS_CONTROL_MAX], enum bw_ws_code code, const char *reason);
/* The way back; BW_WS_NO_CODE when there is none. The reason is lent, not terminated, and
 * well-formed UTF-8. -BW_EMALFORMED for one byte, a code that must not be sent, no UTF-8.
 */
int bw_ws_close_read(const uint8_t *p,
                     size_t n,
                     int *ret_code,
                     const char **ret_reason,
                     size_t *ret_reason_n);

/* A stream of frames ------------------------------------------------------------- */

struct bw_ws_limits {
    uint64_t binary_max; /* payload bytes of a message */
    uint64_t text_max;
};

/* Owned by the caller, begun with bw_ws_reader_init(); nothing to free. */
struct bw_ws_reader {
    enum bw_ws_end end; /* which one reads */
    struct bw_ws_limits limits;
    bool unmask_binary; /* else pieces of binary messages are as they were sent */
    uint8_t header[BW_WS_HEADER_MAX];
    size_t header_n; /* bytes of an unfinished header */
    struct bw_ws_frame frame;
    bool in_frame;
    uint64_t frame_at;         /* payload bytes of the frame seen */
    enum bw_ws_opcode message; /* BW_WS_CONTINUATION: none is open */
    uint64_t message_bytes;    /* payload bytes of the message's frames so far */
    bool message_begun;        /* a piece of it was given */
    uint8_t control[BW_WS_CONTROL_MAX];
    int close_code; /* after a failure: what to say in the Close */
};

enum bw_ws_what {
    BW_WS_MORE,   /* everything was read, nothing to tell */
    BW_WS_PIECE,  /* of a text or binary message */
    BW_WS_CONTROL /* a whole Close, Ping or Pong, unmasked */
};

struct bw_ws_event {
    enum bw_ws_what what;
    enum bw_ws_opcode opcode; /* of the message or control frame */
    const uint8_t *data;      /* lent: in p of the call, or in the reader until the next */
    size_t n;                 /* may be 0 */
    bool first;               /* a message begins here */
    bool last;                /* a message ends here */
};

/* binary_max and text_max of 2^24 for what the ndt7 protocol allows. */
void bw_ws_reader_init(struct bw_ws_reader *r,
                       enum bw_ws_end end,
                       const struct bw_ws_limits *limits);

/* The next event in p[0…n); call again with the rest (from *ret_used) until BW_WS_MORE.
 * Text is unmasked where it lies. -BW_EMALFORMED or -E2BIG (r->close_code says what the
 * Close should carry): then nothing more can be read. Beyond one frame's faults it refuses
 * frames whose masking does not fit, continuations of nothing and new messages within one.
 */
int bw_ws_next(struct bw_ws_reader *r,
               uint8_t *p,
               size_t n,
               size_t *ret_used,
               struct bw_ws_event *ret,
               struct bw_err *reterr);

/* Payload of the binary frame under way that need not be seen: so many bytes may be left
 * out of what bw_ws_next() is given, if bw_ws_skipped() tells of them. The frame's last
 * byte is never among them: the end is told by an event as always. */
uint64_t bw_ws_skippable(const struct bw_ws_reader *r);
void bw_ws_skipped(struct bw_ws_reader *r, uint64_t n);

#endif

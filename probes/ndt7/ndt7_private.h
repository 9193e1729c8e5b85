/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_private.h - the inside of one test, for its parts: the talk (ndt7_test.c), what
 * is sent (ndt7_out.c) and what it amounts to (ndt7_figures.c). */
#ifndef BW_NDT7_PRIVATE_H
#define BW_NDT7_PRIVATE_H

#include "ndt7_link.h"
#include "ndt7_socket.h"
#include "ndt7_test.h"

#include <buf.h>
#include <bw/units.h>
#include <uv.h>
#include <ws.h>
#include <ws_head.h>

enum {
    NDT7_LOAD_BYTES = BW_NDT7_MESSAGE_SCALED_MAX,
    NDT7_READ_BYTES = 256 * 1024,
    NDT7_OUT_BYTES = 12 * 1024, /* the request, or one small frame */
    NDT7_RECORD = 16384,        /* of TLS: what one write moves at least, about */
    NDT7_PONGS_MAX = 8          /* that wait for the socket; of more the oldest go unsaid */
};

enum ndt7_phase {
    NDT7_OPENING,   /* name, TCP, TLS */
    NDT7_UPGRADING, /* the request went out */
    NDT7_RUNNING,   /* from the upgrade until a Close went out or came */
    NDT7_CLOSING,   /* for the other side's last words */
    NDT7_OVER
};

/* The figures: what counts, and what either end's kernel said. */
struct ndt7_figures {
    int64_t t0_mono_ns;     /* the upgrade was complete */
    int64_t t1_mono_ns;     /* the end of what counts; 0: not yet */
    int64_t received_bytes; /* payload of messages, either kind */
    int64_t counted_bytes;  /* … of them until t1 */
    int64_t sent_bytes;     /* load handed to the socket */
    int64_t acked_bytes;    /* … that the other side's kernel has */
    int64_t moved_mono_ns;  /* when one of them last grew … */
    int64_t moved_bytes;    /* … to this */
    int64_t cpu_t0_us;
    int64_t busy_ppm; /* at t1 */
    int64_t looks;    /* at our TCP_INFO … */
    int64_t limited;  /* … that found us without anything to send */
    int64_t far_looks;
    int64_t far_limited;
    bool has_near;
    struct bw_ndt7_tcp near0; /* at t0 */
    struct bw_ndt7_tcp near;  /* now, or at t1 */
    bool has_far;
    struct bw_ndt7_tcp far; /* the server's last */
    int64_t far_bytes;      /* what it had received when the load ended … */
    int64_t far_us;         /* … by its clock; 0: it did not say */
    struct ndt7_path path;
};

struct ndt7_pong {
    uint8_t payload[BW_WS_CONTROL_MAX];
    size_t n;
};

struct ndt7_test {
    struct ndt7_test_setup setup;
    uint8_t family;
    bool tls;
    char *authority;
    char *target;
    struct ndt7_link *link;
    uv_timer_t timer;
    enum ndt7_phase phase;
    bool ended;
    int error;
    char reason[240];
    bool begun;
    bool cut;
    int64_t start_mono_ns;
    int64_t tick_mono_ns;
    /* in */
    char key[BW_WS_KEY_LEN + 1];
    char head[BW_WS_HEAD_MAX];
    size_t head_n;
    struct bw_ws_reader reader;
    struct bw_buf text; /* the text message that is coming */
    int64_t n_texts;
    uint8_t *in;
    /* out */
    uint8_t out[NDT7_OUT_BYTES];
    size_t out_n;
    size_t out_at;
    struct ndt7_pong pongs[NDT7_PONGS_MAX]; /* due, the oldest first */
    size_t n_pongs;
    bool words_due; /* our measurement */
    bool close_due;
    bool close_sent;
    int close_code;
    uint8_t *load; /* room for a header, then random bytes */
    size_t load_at;
    int64_t queue_ms; /* when it was last set … */
    int64_t queue_acked;
    size_t load_header_n; /* bytes of the frame's header not written yet */
    const uint8_t *frame_at;
    size_t frame_left;
    int64_t message_size;
    int64_t message_rest; /* bytes of the message that are in no frame yet */
    struct ndt7_figures f;
    char uuid[BW_NDT7_UUID_MAX + 1];
    char receipt[BW_NDT7_RECEIPT_MAX + 1];
};

/* ndt7_out.c: one write of what stands first. 1: go on, 0: the socket is full or there is
 * nothing to send, or -errno. */
int ndt7_out_some(struct ndt7_test *t);
void ndt7_out_pong(struct ndt7_test *t, const uint8_t *payload, size_t n);

/* ndt7_figures.c */
void ndt7_figures_begin(struct ndt7_test *t, int64_t now_mono_ns);
/* A look at our socket; nothing after t1. */
void ndt7_figures_look(struct ndt7_test *t);
/* What comes from now on does not count. */
void ndt7_figures_finish(struct ndt7_test *t, int64_t now_mono_ns);
/* A server's measurement. -BW_EMALFORMED with the sentence when it cannot be true. */
int ndt7_figures_take(struct ndt7_test *t,
                      const struct bw_ndt7_measurement *m,
                      struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_out.c - what this end of an ndt7 test sends: Pongs, measurements, the Close, load.
 *
 * Invariant: bytes go out in whole frames, one begun after the other has gone; within a
 * message only control frames have a place. */
#include "ndt7_private.h"

#include <clock.h>
#include <hash.h>
#include <string.h>

enum {
    FRAGMENT = 4 * NDT7_RECORD - 8 /* with its header a whole number of records */
};

static void draw_mask(uint8_t mask[4])
{
    bw_random(mask, 4);
}

static void
put_small(struct ndt7_test *t, enum bw_ws_opcode opcode, const void *p, size_t n)
{
    uint8_t mask[4];
    draw_mask(mask);
    t->out_n = bw_ws_put(t->out, sizeof(t->out), opcode, p, n, mask);
    t->out_at = 0;
}

static void put_words(struct ndt7_test *t)
{
    struct bw_ndt7_measurement m;
    struct bw_buf text;
    bool up = t->setup.direction == BW_UP;
    bw_ndt7_measurement_init(&m);
    m.origin = BW_NDT7_FROM_CLIENT;
    m.has_test = true;
    m.test = t->setup.direction;
    m.has_app = true;
    m.app.num_bytes = up ? t->f.sent_bytes : t->f.received_bytes;
    m.app.elapsed_us = (bw_clock_mono_ns() - t->f.t0_mono_ns) / 1000;
    bw_buf_init(&text, 1024);
    bw_ndt7_measurement_write(&m, &text);
    if (bw_buf_error(&text) == 0) {
        put_small(t, BW_WS_TEXT, text.data, text.len);
    }
    bw_buf_done(&text);
}

/* The next frame of load: a fresh key makes any bytes a valid masked message. A message
 * goes out in fragments, so that a Pong waits for one of them and not for a whole megabyte.
 */
static void put_load(struct ndt7_test *t)
{
    struct bw_ws_frame f = {.opcode = BW_WS_CONTINUATION, .masked = true};
    uint8_t header[BW_WS_HEADER_MAX];
    uint8_t *payload;
    if (t->message_rest == 0) {
        t->message_size = bw_ndt7_next_size(t->message_size, t->f.sent_bytes);
        t->message_rest = t->message_size;
        f.opcode = BW_WS_BINARY;
    }
    f.length = (uint64_t)(t->message_rest < FRAGMENT ? t->message_rest : FRAGMENT);
    t->message_rest -= (int64_t)f.length;
    f.fin = t->message_rest == 0;
    draw_mask(f.mask);
    t->load_header_n = bw_ws_frame_write(&f, header);
    payload = t->load + BW_WS_HEADER_MAX + t->load_at;
    t->load_at += FRAGMENT;
    t->load_at = t->load_at + FRAGMENT <= NDT7_LOAD_BYTES ? t->load_at : 0;
    (void)memcpy(payload - t->load_header_n, header, t->load_header_n);
    t->frame_at = payload - t->load_header_n;
    t->frame_left = t->load_header_n + (size_t)f.length;
}

static void drop_pong(struct ndt7_test *t)
{
    t->n_pongs--;
    (void)memmove(&t->pongs[0], &t->pongs[1], t->n_pongs * sizeof(t->pongs[0]));
}

/* Something to write, at a frame's border; false when there is nothing. Within a message
 * only control frames have a place. */
static bool next_out(struct ndt7_test *t)
{
    if (t->close_sent) {
        return false;
    }
    if (t->n_pongs > 0) {
        put_small(t, BW_WS_PONG, t->pongs[0].payload, t->pongs[0].n);
        drop_pong(t);
    } else if (t->message_rest == 0 && t->words_due) {
        t->words_due = false;
        put_words(t);
    } else if (t->message_rest == 0 && t->close_due) {
        uint8_t p[BW_WS_CONTROL_MAX];
        size_t n = bw_ws_close_write(p, (enum bw_ws_code)t->close_code, NULL);
        put_small(t, BW_WS_CLOSE, p, n);
        t->close_sent = true;
    } else if (t->message_rest > 0 ||
               (t->phase == NDT7_RUNNING && t->setup.direction == BW_UP)) {
        put_load(t);
    } else {
        return false;
    }
    return true;
}

static int write_load(struct ndt7_test *t)
{
    ssize_t n = ndt7_link_write(t->link, t->frame_at, t->frame_left);
    if (n > 0) {
        size_t header = (size_t)n < t->load_header_n ? (size_t)n : t->load_header_n;
        t->load_header_n -= header;
        t->frame_at += n;
        t->frame_left -= (size_t)n;
        t->f.sent_bytes += n - (ssize_t)header;
    }
    return n > 0 ? 1 : (int)n;
}

int ndt7_out_some(struct ndt7_test *t)
{
    ssize_t n;
    if (t->out_n == 0 && t->frame_left == 0 && !next_out(t)) {
        return 0;
    }
    if (t->out_n == 0) {
        return write_load(t);
    }
    n = ndt7_link_write(t->link, t->out + t->out_at, t->out_n - t->out_at);
    if (n > 0) {
        t->out_at += (size_t)n;
        t->out_n = t->out_at < t->out_n ? t->out_n : 0;
    }
    return n > 0 ? 1 : (int)n;
}

void ndt7_out_pong(struct ndt7_test *t, const uint8_t *payload, size_t n)
{
    struct ndt7_pong *pong;
    if (t->n_pongs == NDT7_PONGS_MAX) {
        drop_pong(t);
    }
    pong = &t->pongs[t->n_pongs++];
    pong->n = n;
    (void)memcpy(pong->payload, payload, n);
}

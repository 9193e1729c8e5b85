/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_engine.h - N HTTP streams of one direction on a libuv loop, each on its own
 * connection, its request repeated for as long as the engine runs.
 *
 * The engine moves bytes and knows what arrived; it knows nothing of warm-ups, windows or
 * results. Any stream that fails stops the engine: a rate of seven streams out of eight is
 * not the rate that was asked for. */
#ifndef BW_HTTP_ENGINE_H
#define BW_HTTP_ENGINE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct http_engine;
struct uv_loop_s;

enum {
    HTTP_STREAMS_MAX = 64
};

struct http_setup {
    struct uv_loop_s *loop;
    enum bw_direction direction;
    const char *url;
    const char *device;  /* "" : by the routing table */
    const char *source4; /* addresses to send from; "": likewise */
    const char *source6;
    const char *ca_file;  /* "" : the system's */
    bool put;             /* upload by PUT, else POST */
    int64_t upload_bytes; /* of one request's body */
    int64_t connect_ms;
    uint32_t streams;
    const char *agent;
    /* Once, later, from the loop: 0 never, else -errno and the reason in words. */
    void (*failed)(void *owner, int error, const char *reason);
    void *owner;
};

/* What the streams' sockets say, summed or, for paths, of the first one. */
struct http_tcp {
    int64_t payload_bytes; /* received, or sent and acknowledged, since the start */
    int64_t segments;      /* sent with data; unknown when the kernel does not tell */
    int64_t retransmits;
    int64_t rtt_us; /* mean of the streams' smoothed round trips */
    int64_t mtu;
    int64_t payload_per_packet; /* bytes of TCP payload in a full packet */
    int64_t header_bytes;       /* of IP and TCP in a full packet */
    uint8_t family;
    bool tls;
    char cc[16];
};

int http_engine_start(const struct http_setup *setup,
                      struct http_engine **ret,
                      struct bw_err *reterr);

/* Now. */
void http_engine_read(struct http_engine *e, struct http_tcp *ret);

/* Requests that ended with all their bytes, and these bytes. */
void http_engine_completed(const struct http_engine *e,
                           int64_t *ret_requests,
                           int64_t *ret_bytes);

/* Aborts what runs; closed(owner) later. NULL is a no-op. */
void http_engine_close(struct http_engine *e, void (*closed)(void *owner), void *owner);

#endif

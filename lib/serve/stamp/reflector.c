/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflector.c - the reflector's sockets and what becomes of each packet.
 *
 * Packets are looked at in the order of what it costs: source, size, digest, allowance.
 * What is read in one go is answered in groups; T2 is the kernel's instant of receiving, T3
 * is taken just before the group leaves. */
#include "reflector.h"

#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <stamp.h>
#include <stampkey.h>
#include <stdlib.h>
#include <string.h>
#include <udp.h>
#include <uv.h>

enum {
    PACKET_MAX = 1472, /* Ethernet's 1500 less IPv4 and UDP headers */
    CLOCK_EVERY_S = 1
};

struct bw_reflector {
    uv_loop_t *loop;
    struct bw_udp sockets[2]; /* IPv4, IPv6 */
    uv_poll_t polls[2];
    bool polling[2];
    uint16_t port;
    bool with_key;
    struct bw_stamp_key key;
    struct bw_prefix_set configured;
    struct bw_prefix_set registered;
    struct bw_clock_state clock;
    int64_t next_clock_mono_ns;
    struct bw_reflector_stats stats;
    uint8_t out[PACKET_MAX];
    struct bw_guard guard;
    int n_open;
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static const struct bw_stamp_key *key_of(const struct bw_reflector *r)
{
    return r->with_key ? &r->key : NULL;
}

static bool is_named(const struct bw_reflector *r, const union bw_address *from)
{
    return bw_prefix_set_has(&r->configured, from) ||
           bw_prefix_set_has(&r->registered, from);
}

static void read_clock(struct bw_reflector *r, int64_t now_mono_ns)
{
    if (now_mono_ns >= r->next_clock_mono_ns) {
        bw_clock_state_read(&r->clock);
        r->next_clock_mono_ns = now_mono_ns + CLOCK_EVERY_S * INT64_C(1000000000);
    }
}

static uint16_t error_estimate(const struct bw_reflector *r, bool ptp)
{
    bool known = r->clock.synced && r->clock.max_error_us != BW_UNKNOWN;
    struct bw_stamp_error e = {.synced = known,
                               .ptp = ptp,
                               .error_ns =
                                   known ? r->clock.max_error_us * 1000 : BW_UNKNOWN};
    return bw_stamp_error_encode(&e);
}

static void send_answer(struct bw_reflector *r,
                        struct bw_udp *u,
                        const struct bw_udp_event *e,
                        struct bw_stamp_answer *answer)
{
    bool ptp = bw_stamp_error_decode(answer->error).ptp;
    struct bw_udp_out out = {.to = &e->peer,
                             .from = bw_address_family(&e->local) != 0 ? &e->local : NULL,
                             .data = r->out};
    answer->t3 = bw_stamp_time_encode(bw_clock_unix_ns(), ptp);
    out.len =
        bw_stamp_write_answer(r->out, sizeof(r->out), e->data, e->len, answer, key_of(r));
    if (out.len == 0) {
        r->stats.malformed++;
        return;
    }
    bw_udp_send(u, &out, 1);
    if (out.error < 0) {
        r->stats.failed++;
    } else {
        r->stats.answered++;
    }
}

static bool worth_an_answer(struct bw_reflector *r,
                            const struct bw_udp_event *e,
                            int64_t now_mono_ns,
                            struct bw_stamp_asked *ret)
{
    int64_t *why = NULL;
    size_t least = r->with_key ? BW_STAMP_AUTH_PACKET : BW_STAMP_TWAMP_ANSWERED;
    int read;
    if (!is_named(r, &e->peer)) {
        why = &r->stats.foreign;
    } else if (bw_address_port(&e->peer) == r->port) {
        why = &r->stats.looped;
    } else if (e->cut || e->len < least || e->len > PACKET_MAX) {
        why = &r->stats.malformed;
    } else {
        read = bw_stamp_read_asked(e->data, e->len, key_of(r), ret);
        why = read == -EACCES                                      ? &r->stats.bad_digest
              : read < 0                                           ? &r->stats.malformed
              : !bw_guard_allows(&r->guard, &e->peer, now_mono_ns) ? &r->stats.limited
                                                                   : NULL;
    }
    if (why) {
        (*why)++;
    }
    return !why;
}

struct reading {
    struct bw_reflector *reflector;
    struct bw_udp *socket;
};

static void on_datagram(void *owner, const struct bw_udp_event *e)
{
    const struct reading *at = owner;
    struct bw_reflector *r = at->reflector;
    int64_t now_mono_ns = bw_clock_mono_ns();
    struct bw_stamp_asked asked;
    struct bw_stamp_answer answer;
    uint32_t count = 0;
    bool ptp;
    if (e->kind != BW_UDP_DATAGRAM) {
        return;
    }
    r->stats.received++;
    if (!worth_an_answer(r, e, now_mono_ns, &asked)) {
        return;
    }
    read_clock(r, now_mono_ns);
    if (!bw_guard_count(&r->guard, &e->peer, &e->local, asked.ssid, now_mono_ns, &count)) {
        r->stats.uncounted++;
        count = asked.seq; /* RFC 8762 section 4.3: as a stateless reflector does */
    }
    ptp = bw_stamp_error_decode(asked.error).ptp;
    answer = (struct bw_stamp_answer){
        .seq = count,
        .t2 = bw_stamp_time_encode(
            e->stamp_unix_ns != BW_UNKNOWN ? e->stamp_unix_ns : bw_clock_unix_ns(), ptp),
        .error = error_estimate(r, ptp),
        .ssid = asked.ssid,
        .asked_seq = asked.seq,
        .t1 = asked.t1,
        .asked_error = asked.error,
        .ttl = e->ttl};
    send_answer(r, at->socket, e, &answer);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_reflector *r = poll->data;
    size_t i = poll == &r->polls[1] ? 1 : 0;
    struct reading at = {.reflector = r, .socket = &r->sockets[i]};
    (void)events;
    (void)bw_udp_read(&r->sockets[i], on_datagram, &at);
    if (status < 0 && !r->closing) { /* libuv stopped the handle */
        (void)uv_poll_start(poll, UV_READABLE, on_poll);
    }
}

/* Opening and closing ------------------------------------------------------------ */

static int open_socket(struct bw_reflector *r,
                       size_t i,
                       const struct bw_reflector_conf *conf,
                       struct bw_err *reterr)
{
    struct bw_udp_conf udp = {.family = i == 0 ? 4 : 6,
                              .source = conf->address,
                              .port = (uint16_t)conf->port,
                              .max = PACKET_MAX,
                              .ttl = BW_STAMP_TTL,
                              .want_received = true,
                              .want_origin = true};
    int e = bw_udp_open(&r->sockets[i], &udp, reterr);
    if (e == -EACCES) {
        return bw_err_set(reterr, e,
                          "UDP port %u is for the privileged: give the program "
                          "CAP_NET_BIND_SERVICE (systemctl edit), or set 'port' above 1023",
                          (unsigned)udp.port);
    }
    if (e < 0) {
        return e;
    }
    r->port = r->sockets[i].port;
    e = uv_poll_init(r->loop, &r->polls[i], r->sockets[i].fd);
    if (e < 0) {
        return bw_err_set(reterr, e, "cannot watch a socket: %s", uv_strerror(e));
    }
    r->polls[i].data = r;
    r->polling[i] = true;
    r->n_open++;
    e = uv_poll_start(&r->polls[i], UV_READABLE, on_poll);
    return e < 0 ? bw_err_set(reterr, e, "cannot watch a socket: %s", uv_strerror(e)) : 0;
}

int bw_reflector_change(struct bw_reflector *r,
                        const struct bw_reflector_conf *conf,
                        struct bw_err *reterr)
{
    struct bw_stamp_key key = {.n = 0};
    int e = 0;
    if (conf->key_file[0]) {
        e = bw_stampkey_load(conf->key_file, &key, reterr);
    }
    if (e == 0 && bw_prefix_set_fill(&r->configured, conf->sources, conf->n_sources) < 0) {
        e = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (e == 0) {
        r->with_key = conf->key_file[0] != '\0';
        r->key = key;
        r->guard.source_rate = conf->source_rate;
        r->guard.total_rate = conf->total_rate;
    }
    explicit_bzero(&key, sizeof(key));
    return e;
}

int bw_reflector_register(struct bw_reflector *r,
                          const struct bw_reflector_prefix *prefixes,
                          size_t n)
{
    return bw_prefix_set_fill(&r->registered, prefixes,
                              n < BW_REFLECTOR_PREFIXES_MAX ? n
                                                            : BW_REFLECTOR_PREFIXES_MAX);
}

static void free_reflector(struct bw_reflector *r)
{
    bw_udp_close(&r->sockets[0]);
    bw_udp_close(&r->sockets[1]);
    bw_prefix_set_done(&r->configured);
    bw_prefix_set_done(&r->registered);
    explicit_bzero(&r->key, sizeof(r->key));
    free(r);
}

int bw_reflector_open(struct uv_loop_s *loop,
                      const struct bw_reflector_conf *conf,
                      struct bw_reflector **ret,
                      struct bw_err *reterr)
{
    struct bw_reflector *r = calloc(1, sizeof(*r));
    uint64_t seed;
    int n_families = 0;
    int e;
    if (!r) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r->loop = loop;
    r->sockets[0].fd = -1;
    r->sockets[1].fd = -1;
    bw_random(&seed, sizeof(seed));
    bw_guard_init(&r->guard, seed, conf->source_rate, conf->total_rate, bw_clock_mono_ns());
    e = bw_reflector_change(r, conf, reterr);
    for (size_t i = 0; i < 2 && e == 0; i++) {
        e = open_socket(r, i, conf, reterr);
        if (e == -EAFNOSUPPORT) { /* no such family here, or the address is of the other */
            e = 0;
            continue;
        }
        n_families++;
    }
    if (e == 0 && n_families == 0) {
        e = bw_err_set(reterr, -EAFNOSUPPORT, "this machine has no IP");
    }
    if (e < 0) {
        bw_reflector_close(r, NULL, NULL);
        return e;
    }
    *ret = r;
    return 0;
}

static void maybe_free(struct bw_reflector *r)
{
    void (*closed)(void *owner) = r->closed;
    void *owner = r->closed_owner;
    if (r->n_open > 0) {
        return;
    }
    free_reflector(r);
    if (closed) {
        closed(owner);
    }
}

static void poll_closed(uv_handle_t *handle)
{
    struct bw_reflector *r = handle->data;
    r->n_open--;
    maybe_free(r);
}

void bw_reflector_close(struct bw_reflector *r, void (*cb)(void *owner), void *owner)
{
    if (!r) {
        if (cb) {
            cb(owner);
        }
        return;
    }
    r->closing = true;
    r->closed = cb;
    r->closed_owner = owner;
    if (r->n_open == 0) {
        maybe_free(r);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (r->polling[i]) {
            uv_close((uv_handle_t *)&r->polls[i], poll_closed);
        }
    }
}

uint16_t bw_reflector_port(const struct bw_reflector *r)
{
    return r->port;
}

void bw_reflector_stats(const struct bw_reflector *r, struct bw_reflector_stats *ret)
{
    *ret = r->stats;
    ret->sessions = r->guard.n_sessions;
}

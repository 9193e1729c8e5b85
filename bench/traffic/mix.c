/* SPDX-License-Identifier: GPL-3.0-or-later
 * mix.c - weights and shapes of what a school does, and a governor that holds the rate:
 * connections are heavy-tailed, so starts alone would not. */
#include "mix.h"

#include "dgram.h"
#include "rng.h"
#include "sim.h"
#include "tcp.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACKETS_A_START = 46, /* about; the governor mends the rest */
    FIRST_PORT = 32768,
    LAST_PORT = 51819 /* below WireGuard: no port of a device is a service */
};

/* A row starts a connection (plan) or a stream. */
struct kind {
    uint32_t weight;
    bool tcp;
    enum tg_stream_kind stream;
    struct tg_tcp_plan plan;
};

#define US(n) ((uint64_t)(n)*1000)
#define MSEC(n) ((uint64_t)(n)*1000000)

/* clang-format off */
static const struct kind kinds[] = {
    {.weight = 330, .stream = TG_STREAM_DNS},
    {.weight = 40, .stream = TG_STREAM_NTP},
    {.weight = 120, .stream = TG_STREAM_QUIC},
    {.weight = 3, .stream = TG_STREAM_WIREGUARD},
    {.weight = 2, .stream = TG_STREAM_ESP},
    {.weight = 5, .stream = TG_STREAM_CALL},
    {.weight = 8, .stream = TG_STREAM_PING},
    {.weight = 30, .stream = TG_STREAM_LOCAL},
    /* pages */
    {.weight = 180, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 2,
        .request_bytes = 300, .request_octaves = 3, .response_bytes = 900, .response_octaves = 6,
        .think_ns = MSEC(6), .pause_ns = MSEC(60), .segment_ns = US(60)}},
    /* from near and fast: what the port merges */
    {.weight = 40, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 3,
        .request_bytes = 400, .request_octaves = 2, .response_bytes = 12000, .response_octaves = 5,
        .think_ns = MSEC(3), .pause_ns = MSEC(120), .segment_ns = US(12), .end = TG_END_SERVER}},
    /* a film, in pieces */
    {.weight = 6, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 8,
        .request_bytes = 500, .request_octaves = 1, .response_bytes = 90000, .response_octaves = 3,
        .think_ns = MSEC(8), .pause_ns = MSEC(900), .segment_ns = US(100), .end = TG_END_NONE}},
    /* homework handed in */
    {.weight = 10, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 2,
        .request_bytes = 20000, .request_octaves = 5, .response_bytes = 300, .response_octaves = 1,
        .think_ns = MSEC(20), .pause_ns = MSEC(200), .segment_ns = US(80)}},
    /* a line held open, on which the server speaks up */
    {.weight = 20, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 2,
        .request_bytes = 300, .request_octaves = 2, .response_bytes = 700, .response_octaves = 2,
        .think_ns = MSEC(10), .pause_ns = MSEC(100), .pushes = 4, .segment_ns = US(100),
        .end = TG_END_NONE}},
    /* given up half-way */
    {.weight = 12, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .exchanges = 1,
        .request_bytes = 400, .request_octaves = 1, .response_bytes = 60000, .response_octaves = 3,
        .think_ns = MSEC(5), .pause_ns = MSEC(50), .segment_ns = US(150), .end = TG_END_RESET}},
    {.weight = 30, .tcp = true, .plan = {.class = TG_HTTP, .port = 80, .exchanges = 2,
        .request_bytes = 200, .request_octaves = 2, .response_bytes = 1500, .response_octaves = 5,
        .think_ns = MSEC(5), .pause_ns = MSEC(80), .segment_ns = US(50), .end = TG_END_SERVER}},
    {.weight = 10, .tcp = true, .plan = {.class = TG_MAIL, .port = 993, .exchanges = 5,
        .request_bytes = 60, .request_octaves = 2, .response_bytes = 200, .response_octaves = 6,
        .think_ns = MSEC(10), .pause_ns = MSEC(150), .segment_ns = US(100)}},
    {.weight = 4, .tcp = true, .plan = {.class = TG_MAIL, .port = 587, .exchanges = 4,
        .request_bytes = 400, .request_octaves = 7, .response_bytes = 80, .response_octaves = 1,
        .think_ns = MSEC(20), .pause_ns = MSEC(50), .segment_ns = US(100)}},
    {.weight = 4, .tcp = true, .plan = {.class = TG_SSH, .port = 22, .exchanges = 12,
        .request_bytes = 40, .request_octaves = 1, .response_bytes = 60, .response_octaves = 5,
        .think_ns = MSEC(2), .pause_ns = MSEC(250), .segment_ns = US(100)}},
    {.weight = 12, .tcp = true, .plan = {.class = TG_OTHER, .port = 5228, .exchanges = 2,
        .request_bytes = 80, .request_octaves = 3, .response_bytes = 120, .response_octaves = 6,
        .think_ns = MSEC(10), .pause_ns = MSEC(200), .segment_ns = US(100)}},
    /* nobody there */
    {.weight = 8, .tcp = true, .plan = {.class = TG_TLS, .port = 443, .unanswered = true,
        .segment_ns = US(100)}},
};
/* clang-format on */

static const struct kind *choose(struct tg_rng *r)
{
    size_t n = sizeof(kinds) / sizeof(kinds[0]);
    uint32_t sum = 0;
    uint32_t at;

    for (size_t i = 0; i < n; i++) {
        sum += kinds[i].weight;
    }
    at = tg_rng_below(r, sum);
    for (size_t i = 0; i + 1 < n; i++) {
        if (at < kinds[i].weight) {
            return &kinds[i];
        }
        at -= kinds[i].weight;
    }
    return &kinds[n - 1];
}

/* More of what is behind, less of what is ahead, at most by a factor of nine. */
static uint64_t pause_ns(const struct tg_mix *m, const struct tg_sim *s)
{
    uint64_t mean_ns = (uint64_t)PACKETS_A_START * 1000000000u / m->o.pps;
    uint64_t wanted = s->now_ns / 1000 * m->o.pps / 1000000 + m->o.pps / 4;
    uint64_t have = s->packets + m->o.pps / 4;

    if (have > wanted * 3) {
        return mean_ns * 9;
    }
    if (wanted > have * 3) {
        return mean_ns / 9 + 1;
    }
    return mean_ns * have / wanted * have / wanted + 1;
}

static void start(struct tg_sim *s, void *owner, uint32_t what, void *arg)
{
    struct tg_mix *m = owner;
    const struct kind *k = choose(&s->rng);
    /* a few do much, many do little */
    uint32_t among = tg_rng_below(&s->rng, 3) == 0 ? (uint32_t)s->world->n_devices / 8 + 1
                                                   : (uint32_t)s->world->n_devices;
    uint32_t i = tg_rng_below(&s->rng, among);
    const struct tg_host *device = &s->world->devices[i];
    const struct tg_host *server =
        &s->world->servers[tg_rng_below(&s->rng, (uint32_t)s->world->n_servers)];
    uint8_t family = tg_rng_chance(&s->rng, m->o.v6_ppm) ? 6 : 4;
    uint16_t port = m->ports[i];

    (void)what;
    (void)arg;
    m->ports[i] = port == LAST_PORT ? FIRST_PORT : (uint16_t)(port + 1);
    if (k->tcp) {
        tg_tcp_start(s, device, server, family, port, &k->plan);
    } else {
        tg_dgram_start(s, k->stream, device, server, family, port);
    }
    tg_sim_at(s, s->now_ns + tg_rng_gap(&s->rng, pause_ns(m, s)), start, m, 0, NULL);
}

int tg_mix_start(struct tg_mix *m, const struct tg_mix_options *o, struct tg_sim *s)
{
    m->o = *o;
    m->ports = calloc(s->world->n_devices, sizeof(*m->ports));
    if (!m->ports) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->world->n_devices; i++) {
        m->ports[i] = (uint16_t)tg_rng_between(&s->rng, FIRST_PORT, LAST_PORT);
    }
    tg_sim_at(s, 0, start, m, 0, NULL);
    return 0;
}

void tg_mix_done(struct tg_mix *m)
{
    free(m->ports);
    memset(m, 0, sizeof(*m));
}

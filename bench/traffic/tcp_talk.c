/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp_talk.c - what a connection is for: it is opened, requests and answers go to and fro
 * by its plan, and it is closed, reset or left open. */
#include "tcp.h"

#include "tcp_private.h"

#include <errno.h>

#define MS ((uint64_t)1000000)
#define KEEPALIVE_NS (2000 * MS)

enum {
    WINDOW_FIRST = 10, /* RFC 6928 */
    WINDOW_MAX = 96,
    SYNS_MAX = 4
};

static void send_syn(struct tg_sim *s, struct tg_flow *f)
{
    struct tg_segment *g;

    if (f->established[TG_DEVICE] || f->syn_tries == SYNS_MAX) {
        return;
    }
    g = tg_end_make(s, f, TG_DEVICE, TG_SYN);
    if (g) {
        tg_way_send(s, f, g, s->now_ns);
    }
    tg_flow_at(s, f, s->now_ns + (1000 * MS << f->syn_tries), tg_tcp_fire, TG_EV_SYN_AGAIN,
               NULL);
    f->syn_tries++;
}

static void keep_alive(struct tg_sim *s, struct tg_flow *f)
{
    struct tg_end *e = &f->end[TG_DEVICE];
    struct tg_segment *g;

    if (e->dead || e->n > 0 || f->kept++ == 8) {
        return;
    }
    g = tg_end_make(s, f, TG_DEVICE, TG_ACK);
    if (g) {
        g->seq = e->nxt - 1;
        g->keepalive = true;
        tg_way_send(s, f, g, s->now_ns);
    }
    tg_flow_at(s, f, s->now_ns + KEEPALIVE_NS, tg_tcp_fire, TG_EV_KEEPALIVE, NULL);
}

static void answer(struct tg_sim *s, struct tg_flow *f)
{
    struct tg_end *e = &f->end[TG_SERVER];

    if (!f->established[TG_SERVER] || e->dead) {
        return;
    }
    e->end +=
        (uint32_t)tg_rng_tail(&s->rng, f->plan.response_bytes, f->plan.response_octaves);
    f->end[TG_DEVICE].act_at = e->end;
    tg_end_send_data(s, f, TG_SERVER);
    if (f->plan.end == TG_END_RESET && f->exchanges == 0) {
        uint64_t rtt_ns =
            2 * ((uint64_t)f->truth.device->delay_ns + f->truth.server->delay_ns);
        tg_flow_at(s, f, s->now_ns + rtt_ns + rtt_ns / 3, tg_tcp_fire, TG_EV_RESET, NULL);
    }
}

/* The device's next move, once all it waited for has come. */
static void next(struct tg_sim *s, struct tg_flow *f)
{
    struct tg_end *e = &f->end[TG_DEVICE];

    if (e->dead) {
        return;
    }
    if (f->exchanges > 0) {
        f->exchanges--;
        e->end +=
            (uint32_t)tg_rng_tail(&s->rng, f->plan.request_bytes, f->plan.request_octaves);
        f->end[TG_SERVER].act_at = e->end;
        tg_end_send_data(s, f, TG_DEVICE);
    } else if (f->pushes > 0) {
        f->pushes--;
        tg_flow_at(s, f, s->now_ns + tg_rng_gap(&s->rng, 800 * MS), tg_tcp_fire,
                   TG_EV_ANSWER, NULL);
    } else if (f->plan.end == TG_END_SERVER) {
        tg_flow_at(s, f, s->now_ns + tg_rng_gap(&s->rng, 500 * MS), tg_tcp_fire,
                   TG_EV_CLOSE, NULL);
    } else if (f->plan.end == TG_END_NONE) {
        tg_flow_at(s, f, s->now_ns + KEEPALIVE_NS, tg_tcp_fire, TG_EV_KEEPALIVE, NULL);
    } else {
        e->fin_wanted = true;
        tg_end_send_data(s, f, TG_DEVICE);
    }
}

void tg_talk_act(struct tg_sim *s, struct tg_flow *f, uint8_t me)
{
    uint64_t mean_ns = me == TG_SERVER ? f->plan.think_ns : f->plan.pause_ns;

    f->end[me].act_at = 0;
    tg_flow_at(s, f, s->now_ns + tg_rng_gap(&s->rng, mean_ns), tg_tcp_fire,
               me == TG_SERVER ? TG_EV_ANSWER : TG_EV_NEXT, NULL);
}

static void reset(struct tg_sim *s, struct tg_flow *f)
{
    if (!f->end[TG_DEVICE].dead) {
        tg_end_send_bare(s, f, TG_DEVICE, TG_RST | TG_ACK);
        f->end[TG_DEVICE].dead = true;
    }
}

void tg_talk_fire(struct tg_sim *s, struct tg_flow *f, uint32_t what)
{
    switch (what) {
    case TG_EV_SYN_AGAIN:
        send_syn(s, f);
        break;
    case TG_EV_NEXT:
        next(s, f);
        break;
    case TG_EV_ANSWER:
        answer(s, f);
        break;
    case TG_EV_CLOSE:
        f->end[TG_SERVER].fin_wanted = true;
        tg_end_send_data(s, f, TG_SERVER);
        break;
    case TG_EV_RESET:
        reset(s, f);
        break;
    default:
        keep_alive(s, f);
        break;
    }
}

void tg_tcp_init(struct tg_sim *s)
{
    tg_pool_init(&s->flows, sizeof(struct tg_flow));
    tg_pool_init(&s->segments, sizeof(struct tg_segment));
}

void tg_tcp_start(struct tg_sim *s,
                  const struct tg_host *device,
                  const struct tg_host *server,
                  uint8_t family,
                  uint16_t device_port,
                  const struct tg_tcp_plan *plan)
{
    static const char *const ends[] = {[TG_END_DEVICE] = "fin",
                                       [TG_END_SERVER] = "fin",
                                       [TG_END_RESET] = "rst",
                                       [TG_END_NONE] = "none"};
    struct tg_flow *f = tg_pool_take(&s->flows);

    if (!f) {
        s->error = -ENOMEM;
        return;
    }
    f->plan = *plan;
    f->exchanges = plan->exchanges;
    f->pushes = plan->pushes;
    f->truth =
        (struct tg_flow_truth){.device = device,
                               .server = server,
                               .family = family,
                               .device_port = device_port,
                               .server_port = plan->port,
                               .class = plan->class,
                               .timestamps = device->timestamps,
                               .end = plan->unanswered ? "unanswered" : ends[plan->end]};
    f->merges = plan->segment_ns <= 20000 && tg_rng_chance(&s->rng, s->gro_ppm);
    for (int i = 0; i < 2; i++) {
        f->isn[i] = (uint32_t)tg_rng_next(&s->rng);
        f->ts_base[i] = (uint32_t)tg_rng_next(&s->rng);
        f->cover[i].max = 1;
        f->end[i].window = WINDOW_FIRST;
        f->end[i].threshold = WINDOW_MAX;
    }
    f->next = s->live;
    if (f->next) {
        f->next->at = &f->next;
    }
    f->at = &s->live;
    s->live = f;
    send_syn(s, f);
}

void tg_tcp_finish(struct tg_sim *s)
{
    while (s->live) {
        if (s->live->plan.end != TG_END_NONE && !s->live->plan.unanswered) {
            s->live->truth.end = "cut";
        }
        tg_flow_finish(s, s->live);
    }
}

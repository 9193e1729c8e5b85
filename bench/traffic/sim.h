/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim.h - the simulation: one queue of events in order of time, and the tap, past which
 * packets go into the file and into the truth.
 *
 * Events at the same time run in the order in which they were asked for, so a seed gives
 * one sequence. Time is nanoseconds since the start and stops at end_ns: what would come
 * later never was. */
#ifndef TG_SIM_H
#define TG_SIM_H

#include "rng.h"

#include <stddef.h>
#include <stdint.h>

struct tg_flow;
struct tg_packet;
struct tg_pcap_writer;
struct tg_sim;
struct tg_truth;
struct tg_world;

typedef void (*tg_fire_cb)(struct tg_sim *s, void *owner, uint32_t what, void *arg);

struct tg_event {
    uint64_t at_ns;
    uint64_t order;
    tg_fire_cb fire;
    void *owner;
    void *arg;
    uint32_t what;
};

/* Things of one size that come and go; zeroed when taken. All memory is freed at the end.
 */
struct tg_pool {
    size_t size;
    void *free;
    void *chunks;
};

void tg_pool_init(struct tg_pool *p, size_t size);
void *tg_pool_take(struct tg_pool *p); /* NULL: out of memory */
void tg_pool_give(struct tg_pool *p, void *thing);
void tg_pool_done(struct tg_pool *p);

/* Embedded by its user. */
struct tg_sim {
    uint64_t now_ns;
    uint64_t end_ns;
    uint64_t start_unix_ns;
    struct tg_rng rng;
    const struct tg_world *world;
    struct tg_truth *truth;
    struct tg_pcap_writer *out;
    struct tg_pool flows;    /* connections */
    struct tg_pool segments; /* on their way */
    struct tg_pool streams;  /* of datagrams */
    struct tg_flow *live;    /* connections that are not over */
    uint32_t jitter_ppm;     /* how much a way takes longer at most, each time anew */
    uint32_t gro_ppm;        /* connections whose packets the box's port merges */
    uint64_t packets;        /* that passed the tap */
    uint16_t ip_id;
    struct tg_event *heap;
    size_t n;
    size_t cap;
    uint64_t order;
    int error; /* -ENOMEM sticks */
};

void tg_sim_init(struct tg_sim *s);
void tg_sim_done(struct tg_sim *s);

/* fire() later, at at_ns or now when that is past. */
void tg_sim_at(struct tg_sim *s,
               uint64_t at_ns,
               tg_fire_cb fire,
               void *owner,
               uint32_t what,
               void *arg);
/* Until end_ns or until nothing is left. 0 or the error that stuck. */
int tg_sim_run(struct tg_sim *s);

/* A packet passes the tap now. *ret_wire_bytes may be NULL. */
void tg_sim_tap(struct tg_sim *s, const struct tg_packet *p, uint32_t *ret_wire_bytes);

/* What a way of delay_ns takes this time. */
uint64_t tg_sim_jitter(struct tg_sim *s, uint64_t delay_ns);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim.c - see sim.h: a binary heap by (time, order). */
#include "sim.h"

#include "frame.h"
#include "packet.h"
#include "pcapfile.h"
#include "truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 256 /* things a piece of memory */
};

struct chunk {
    struct chunk *next;
    union {
        uint64_t number;
        void *pointer;
    } align[];
};

void tg_pool_init(struct tg_pool *p, size_t size)
{
    *p = (struct tg_pool){.size = (size + 15) & ~(size_t)15};
}

void *tg_pool_take(struct tg_pool *p)
{
    void *thing;

    if (!p->free) {
        struct chunk *c = calloc(1, sizeof(*c) + p->size * CHUNK);
        if (!c) {
            return NULL;
        }
        c->next = p->chunks;
        p->chunks = c;
        for (size_t i = CHUNK; i-- > 0;) {
            tg_pool_give(p, (char *)c->align + i * p->size);
        }
    }
    thing = p->free;
    memcpy(&p->free, thing, sizeof(p->free));
    memset(thing, 0, p->size);
    return thing;
}

void tg_pool_give(struct tg_pool *p, void *thing)
{
    memcpy(thing, &p->free, sizeof(p->free));
    p->free = thing;
}

void tg_pool_done(struct tg_pool *p)
{
    struct chunk *c = p->chunks;

    while (c) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    p->chunks = NULL;
    p->free = NULL;
}

void tg_sim_init(struct tg_sim *s)
{
    memset(s, 0, sizeof(*s));
}

void tg_sim_done(struct tg_sim *s)
{
    tg_pool_done(&s->flows);
    tg_pool_done(&s->segments);
    tg_pool_done(&s->streams);
    free(s->heap);
    s->heap = NULL;
}

static int before(const struct tg_event *a, const struct tg_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void tg_sim_at(struct tg_sim *s,
               uint64_t at_ns,
               tg_fire_cb fire,
               void *owner,
               uint32_t what,
               void *arg)
{
    struct tg_event e = {.at_ns = at_ns > s->now_ns ? at_ns : s->now_ns,
                         .order = s->order++,
                         .fire = fire,
                         .owner = owner,
                         .arg = arg,
                         .what = what};
    size_t i;

    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 4096;
        struct tg_event *heap = realloc(s->heap, cap * sizeof(*heap));
        if (!heap) {
            s->error = -ENOMEM;
            return;
        }
        s->heap = heap;
        s->cap = cap;
    }
    for (i = s->n++; i > 0 && before(&e, &s->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        s->heap[i] = s->heap[(i - 1) / 2];
    }
    s->heap[i] = e;
}

static struct tg_event pop(struct tg_sim *s)
{
    struct tg_event first = s->heap[0];
    struct tg_event last = s->heap[--s->n];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= s->n) {
            break;
        }
        if (child + 1 < s->n && before(&s->heap[child + 1], &s->heap[child])) {
            child++;
        }
        if (!before(&s->heap[child], &last)) {
            break;
        }
        s->heap[i] = s->heap[child];
        i = child;
    }
    s->heap[i] = last;
    return first;
}

int tg_sim_run(struct tg_sim *s)
{
    while (s->error == 0 && s->n > 0) {
        struct tg_event e = pop(s);
        if (e.at_ns >= s->end_ns) {
            break;
        }
        s->now_ns = e.at_ns;
        e.fire(s, e.owner, e.what, e.arg);
    }
    return s->error ? s->error : tg_truth_error(s->truth);
}

void tg_sim_tap(struct tg_sim *s, const struct tg_packet *p, uint32_t *ret_wire_bytes)
{
    struct tg_frame f;

    tg_frame_build(p, p->fragment.is ? 0 : s->ip_id++, &f);
    tg_truth_packet(s->truth, s->now_ns, p, &f);
    if (s->out) {
        tg_pcap_put(s->out, s->start_unix_ns + s->now_ns, &f);
    }
    s->packets++;
    if (ret_wire_bytes) {
        *ret_wire_bytes = f.wire_bytes;
    }
}

uint64_t tg_sim_jitter(struct tg_sim *s, uint64_t delay_ns)
{
    return delay_ns + tg_rng_between(&s->rng, 0, delay_ns * s->jitter_ppm / 1000000);
}

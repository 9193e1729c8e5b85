/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_trace.c - the machine of one trace. What a stranger says bounds nothing here: a
 * trace sends at most SIZED_MAX packets for the MTU, whatever sizes it is told. */
#include "path_trace.h"

#include <string.h>

enum {
    TRIES = 2,
    SIZED_MAX = 96,
    LEAST_4 = 68,  /* RFC 791: every link carries that much, */
    LEAST_6 = 1280 /* RFC 8200 section 5; hardly a line of today carries less of IPv4 */
};

void path_trace_start(struct path_trace *t, const struct path_conf *conf)
{
    *t = (struct path_trace){.conf = *conf, .phase = PATH_HOPS, .ttl = 1};
    for (size_t i = 0; i < BW_PATH_HOPS_MAX; i++) {
        t->hops[i].rtt_ns = BW_UNKNOWN;
    }
}

/* The MTU ---------------------------------------------------------------------- */

static void ask_size(struct path_trace *t, uint32_t size)
{
    t->size = size;
    t->tries = 0;
    t->step++;
}

static void over(struct path_trace *t, uint32_t mtu)
{
    t->mtu = mtu;
    t->phase = PATH_OVER;
}

/* The next hop that answered, behind `ttl` and before the judge; 0: none. */
static uint8_t next_router(const struct path_trace *t, uint8_t ttl)
{
    uint8_t end =
        t->reached || t->judge == PATH_TTL_FAR ? t->last : (uint8_t)(t->judge + 1);
    for (uint8_t k = (uint8_t)(ttl + 1); k < end; k++) {
        if (t->hops[k - 1].answered > 0) {
            return k;
        }
    }
    return 0;
}

static uint8_t last_router(const struct path_trace *t)
{
    uint8_t last = 0;
    for (uint8_t k = next_router(t, 0); k != 0; k = next_router(t, k)) {
        last = k;
    }
    return last;
}

/* `good` is the answer; what vanished on the way to it is asked for once more. */
static void sure(struct path_trace *t)
{
    t->mtu = t->good;
    t->phase = PATH_MTU_SURE;
    ask_size(t, t->lost);
}

static void found(struct path_trace *t)
{
    if (t->router_passed && t->good < LEAST_6) {
        /* No line of a path is as small as this: the target itself does not answer to
         * large packets, and all routers up to it do. */
        t->vanished = false;
        over(t, t->router_bytes);
    } else if (t->vanished) {
        sure(t);
    } else {
        over(t, t->good);
    }
}

/* Sizes vanished because whoever judges does not answer each time: nothing is known. */
static void unsure(struct path_trace *t)
{
    t->vanished = false;
    t->hole_after = 0;
    over(t, 0);
}

/* What was lost is lost again, and what went through goes through: a hole, and where? */
static void place(struct path_trace *t)
{
    if (t->router_passed) {
        t->hole_after = last_router(t);
        t->phase = PATH_OVER;
        return;
    }
    t->place = next_router(t, 0);
    t->phase = t->place != 0 ? PATH_MTU_PLACE : PATH_OVER;
    ask_size(t, t->lost);
}

static void search(struct path_trace *t)
{
    uint32_t hint = t->conf.hint_mtu;
    t->phase = PATH_MTU_SEARCH;
    if (t->bad == 0 || t->bad - t->good <= 1) {
        found(t);
    } else if (!t->hinted && hint > t->good && hint < t->bad) {
        t->hinted = true;
        ask_size(t, hint);
    } else if (t->hinted && hint == t->good) {
        ask_size(t, hint + 1); /* still the same? then this vanishes, and it is found */
        t->hinted = false;
        t->conf.hint_mtu = 0;
    } else if (t->good < LEAST_6 && t->bad > LEAST_6) {
        ask_size(t, LEAST_6);
    } else {
        ask_size(t, t->good + (t->bad - t->good) / 2);
    }
}

static void begin_mtu(struct path_trace *t)
{
    if (!t->conf.mtu || t->last == 0) {
        t->phase = PATH_OVER;
        return;
    }
    t->judge = t->reached ? PATH_TTL_FAR : t->last;
    t->phase = PATH_MTU_TOP;
    t->good = t->conf.small_bytes;
    ask_size(t, PATH_BYTES_MAX);
}

static void size_passed(struct path_trace *t)
{
    switch (t->phase) {
    case PATH_MTU_TOP:
        t->good = t->size;
        if (t->vanished) { /* a larger one, before a router named this one */
            sure(t);
        } else {
            over(t, t->size);
        }
        break;
    case PATH_MTU_ROUTER:
        t->router_passed = true;
        t->router_bytes = t->size;
        t->judge = PATH_TTL_FAR;
        t->bad = t->size;
        search(t);
        break;
    case PATH_MTU_SEARCH:
        t->good = t->size;
        search(t);
        break;
    case PATH_MTU_SURE:
        if (t->size == t->lost) {
            unsure(t);
        } else {
            place(t);
        }
        break;
    case PATH_MTU_PLACE:
        if (t->place == t->judge) {
            unsure(t);
            break;
        }
        t->hole_after = t->place;
        t->place = next_router(t, t->place);
        if (t->place == 0) {
            t->phase = PATH_OVER;
        } else {
            ask_size(t, t->lost);
        }
        break;
    case PATH_HOPS:
    case PATH_OVER:
        break;
    }
}

static void size_vanished(struct path_trace *t)
{
    if (++t->tries < TRIES) {
        return; /* once more */
    }
    switch (t->phase) {
    case PATH_MTU_TOP:
        t->bad = t->size;
        t->lost = t->size;
        t->vanished = true;
        if (t->reached && last_router(t) != 0) {
            t->phase = PATH_MTU_ROUTER;
            t->judge = last_router(t);
            ask_size(t, t->size);
        } else {
            search(t);
        }
        break;
    case PATH_MTU_ROUTER:
        search(t);
        break;
    case PATH_MTU_SEARCH:
        t->bad = t->size;
        t->lost = t->size;
        t->vanished = true;
        search(t);
        break;
    case PATH_MTU_SURE:
        if (t->size == t->lost) {
            ask_size(t, t->good);
        } else {
            unsure(t);
        }
        break;
    case PATH_MTU_PLACE:
        t->phase = PATH_OVER;
        break;
    case PATH_HOPS:
    case PATH_OVER:
        break;
    }
}

static void size_refused(struct path_trace *t, uint32_t mtu)
{
    uint32_t least = t->conf.family == 6 ? LEAST_6 : LEAST_4;
    if (t->phase == PATH_MTU_SURE && t->size == t->lost) {
        t->vanished = false; /* it speaks by now: that packet or its answer was lost */
        over(t, t->good);
        return;
    }
    if (t->phase == PATH_MTU_PLACE || t->phase == PATH_MTU_SURE) {
        unsure(t);
        return;
    }
    if (t->phase == PATH_MTU_ROUTER) {
        t->vanished = false; /* likewise */
    }
    t->bad = t->size;
    if (mtu >= least && mtu > t->good && mtu < t->size) {
        t->phase = PATH_MTU_TOP; /* as if the line began with this size */
        t->judge = t->reached ? PATH_TTL_FAR : t->last;
        ask_size(t, mtu);
    } else {
        search(t);
    }
}

/* The hops --------------------------------------------------------------------- */

static void hop_over(struct path_trace *t)
{
    const struct path_seen *h = &t->hops[t->ttl - 1];
    t->silent = h->answered > 0 ? 0 : (uint8_t)(t->silent + 1);
    if (t->reached || (h->answered > 0 && h->kind != PATH_HOP) ||
        t->silent >= t->conf.max_silent || t->ttl >= t->conf.max_hops) {
        begin_mtu(t);
    } else {
        t->ttl++;
    }
}

enum path_step path_trace_next(struct path_trace *t, struct path_ask *ret)
{
    if (t->phase == PATH_HOPS && t->waiting == 0 &&
        t->hops[t->ttl - 1].sent >= t->conf.probes) {
        hop_over(t);
    }
    if (t->phase == PATH_HOPS) {
        if (t->hops[t->ttl - 1].sent >= t->conf.probes) {
            return PATH_WAIT;
        }
        *ret = (struct path_ask){.ttl = t->ttl, .bytes = t->conf.small_bytes};
        return PATH_SEND;
    }
    if (t->phase == PATH_OVER) {
        return PATH_DONE;
    }
    if (t->waiting > 0) {
        return PATH_WAIT;
    }
    if (t->sends >= SIZED_MAX) {
        unsure(t);
        return PATH_DONE;
    }
    *ret = (struct path_ask){.ttl = t->phase == PATH_MTU_PLACE ? t->place : t->judge,
                             .sized = true,
                             .patient = t->phase != PATH_MTU_TOP && t->tries == 0,
                             .bytes = t->size,
                             .step = t->step};
    return PATH_SEND;
}

void path_trace_sent(struct path_trace *t, const struct path_ask *a)
{
    t->waiting++;
    if (a->sized) {
        t->sends++;
    } else {
        t->hops[a->ttl - 1].sent++;
    }
}

void path_trace_too_big_here(struct path_trace *t, const struct path_ask *a, uint32_t mtu)
{
    if (!a->sized || a->step != t->step || t->phase == PATH_OVER) {
        return;
    }
    t->sends++;
    if (mtu > t->good && mtu < a->bytes && t->phase == PATH_MTU_TOP) {
        ask_size(t, mtu);
    } else {
        unsure(t); /* the own line changed meanwhile */
    }
}

static void hop_answered(struct path_trace *t, uint8_t ttl, const struct path_answer *w)
{
    struct path_seen *h = &t->hops[ttl - 1];
    if (w->kind == PATH_TOO_BIG || h->answered >= PATH_PROBES_MAX ||
        h->answered >= h->sent) {
        return;
    }
    h->from[h->answered++] = w->from;
    h->kind = w->kind;
    if (w->rtt_ns != BW_UNKNOWN && (h->rtt_ns == BW_UNKNOWN || w->rtt_ns < h->rtt_ns)) {
        h->rtt_ns = w->rtt_ns;
    }
    t->last = ttl > t->last ? ttl : t->last;
    t->reached = t->reached || w->kind == PATH_TARGET;
}

void path_trace_answer(struct path_trace *t,
                       const struct path_ask *a,
                       const struct path_answer *answer,
                       bool late)
{
    if (!late && t->waiting > 0) {
        t->waiting--;
    }
    if (!a->sized) {
        if (t->phase ==
            PATH_HOPS) { /* what comes after the hops are told changes nothing */
            hop_answered(t, a->ttl, answer);
        }
        return;
    }
    if (a->step != t->step) {
        return;
    }
    switch (answer->kind) {
    case PATH_HOP:
    case PATH_TARGET:
    case PATH_END:
        size_passed(t);
        break;
    case PATH_TOO_BIG:
        size_refused(t, answer->mtu);
        break;
    case PATH_ANSWER_KINDS:
        break;
    }
}

void path_trace_silence(struct path_trace *t, const struct path_ask *a)
{
    if (t->waiting > 0) {
        t->waiting--;
    }
    if (a->sized && a->step == t->step) {
        size_vanished(t);
    }
}

const union bw_address *path_seen_address(const struct path_seen *s,
                                          const union bw_address *before)
{
    for (uint8_t i = 0; i < s->answered; i++) {
        if (before && bw_address_equal(&s->from[i], before)) {
            return &s->from[i];
        }
    }
    return s->answered > 0 ? &s->from[0] : NULL;
}

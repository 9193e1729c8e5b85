/* SPDX-License-Identifier: GPL-3.0-or-later
 * exchange.c - one exchange a slot of the cadence. Whoever is told of a sample may close
 * the probe: nothing is begun after that, and no exchange is looked at after it was told.
 */
#include "exchange.h"

#include <clock.h>
#include <errno.h>
#include <stdlib.h>

static void end(struct bw_exchanges *x, uint32_t place)
{
    struct bw_exchange *e = x->list[place];
    if (e) {
        x->list[place] = NULL;
        x->ops->end(e);
    }
}

/* The cadence's ---------------------------------------------------------------- */

static void send_slots(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_exchanges *x = owner;
    (void)family;
    for (size_t i = 0; i < n && !x->closing; i++) {
        struct bw_slot *s = slots[i];
        uint32_t place = bw_cadence_place(&x->cadence, s);
        struct bw_exchange *e = NULL;
        int r;
        s->sent_mono_ns = bw_clock_mono_ns();
        r = x->ops->begin(x->owner, s, &e);
        if (e) {
            *e = (struct bw_exchange){.all = x, .number = s->number};
            x->list[place] = e;
            bw_exchanges_hold(x);
        }
        if (r < 0) {
            bw_cadence_failed(&x->cadence, s, r);
            end(x, place);
        }
    }
}

static const struct bw_latency_detail *expiring(void *owner, struct bw_slot *s)
{
    struct bw_exchanges *x = owner;
    struct bw_exchange *e = x->list[bw_cadence_place(&x->cadence, s)];
    return e && x->ops->expiring ? x->ops->expiring(e) : NULL;
}

static void forget(void *owner, struct bw_slot *s)
{
    struct bw_exchanges *x = owner;
    end(x, bw_cadence_place(&x->cadence, s));
}

static void expired(void *owner, struct bw_slot *s)
{
    struct bw_exchanges *x = owner;
    if (x->cadence.plan.late_ms == 0) {
        forget(x, s);
    }
}

/* A loop that was kept from running finds its timers before its sockets: what came
 * meanwhile is looked at here, before the cadence gives it as lost. */
static void tick(void *owner)
{
    struct bw_exchanges *x = owner;
    struct bw_cadence *c = &x->cadence;
    int64_t now_ns = bw_clock_mono_ns();
    int64_t keep_ns = c->timeout_ns + c->plan.late_ms * BW_NS_PER_MS;
    for (uint32_t i = 0; i < bw_cadence_n_slots(c); i++) {
        struct bw_exchange *e = x->list[i];
        const struct bw_slot *s = e ? bw_cadence_slot(c, e->number) : NULL;
        if (!s) {
            continue;
        }
        if (s->state == BW_SLOT_WAITING) {
            if (x->ops->look && now_ns - s->sent_mono_ns >= c->timeout_ns) {
                x->ops->look(e);
            }
        } else if (now_ns - s->sent_mono_ns > keep_ns) {
            end(x, i); /* no late answer counts any more */
        }
    }
}

static const struct bw_cadence_ops cadence_ops = {.send = send_slots,
                                                  .tick = tick,
                                                  .expiring = expiring,
                                                  .expired = expired,
                                                  .forget = forget};

/* A probe's life --------------------------------------------------------------- */

int bw_exchanges_init(struct bw_exchanges *x,
                      struct bw_host *host,
                      const struct bw_opts *opts,
                      const struct bw_cadence_plan *plan,
                      const struct bw_exchanges_ops *ops,
                      void *owner)
{
    int r;
    *x = (struct bw_exchanges){.ops = ops, .owner = owner, .n_open = 1};
    r = bw_cadence_init(&x->cadence, host, opts, plan, &cadence_ops, x);
    if (r == 0) {
        x->list = calloc(bw_cadence_n_slots(&x->cadence), sizeof(struct bw_exchange *));
        r = x->list ? 0 : -ENOMEM;
    }
    if (r < 0) {
        bw_cadence_done(&x->cadence);
    }
    return r;
}

void bw_exchanges_hold(struct bw_exchanges *x)
{
    x->n_open++;
}

void bw_exchanges_closed(struct bw_exchanges *x)
{
    void (*closed)(void *closed_owner) = x->closed;
    void *closed_owner = x->closed_owner;
    if (--x->n_open > 0) {
        return;
    }
    bw_cadence_done(&x->cadence);
    free(x->list);
    x->ops->gone(x->owner); /* x with it */
    closed(closed_owner);
}

static void cadence_closed(void *owner)
{
    bw_exchanges_closed(owner);
}

void bw_exchanges_close(struct bw_exchanges *x,
                        void (*cb)(void *closed_owner),
                        void *closed_owner)
{
    x->closing = true;
    x->closed = cb;
    x->closed_owner = closed_owner;
    for (uint32_t i = 0; i < bw_cadence_n_slots(&x->cadence); i++) {
        end(x, i);
    }
    bw_cadence_close(&x->cadence, cadence_closed); /* last: x may be gone at once */
}

/* What became of one ----------------------------------------------------------- */

int64_t bw_exchange_age_ns(const struct bw_exchange *e)
{
    const struct bw_slot *s = bw_cadence_slot(&e->all->cadence, e->number);
    return s ? bw_clock_mono_ns() - s->sent_mono_ns : 0;
}

void bw_exchanges_tell(struct bw_exchanges *x,
                       struct bw_slot *s,
                       enum bw_sample_state state,
                       int error,
                       int64_t rtt_ns,
                       const struct bw_latency_detail *detail)
{
    if (state == BW_OK) {
        bw_cadence_answered_with(&x->cadence, s, rtt_ns, detail);
    } else if (state == BW_LOST) {
        bw_cadence_refused_with(&x->cadence, s, error, detail);
    } else {
        bw_cadence_failed(&x->cadence, s, error);
    }
}

void bw_exchange_over(struct bw_exchange *e,
                      enum bw_sample_state state,
                      int error,
                      int64_t rtt_ns,
                      const struct bw_latency_detail *detail)
{
    struct bw_exchanges *x = e->all;
    struct bw_slot *s = bw_cadence_slot(&x->cadence, e->number);
    if (!s) {
        return; /* its place is another's: it was ended then */
    }
    bw_exchanges_tell(x, s, state, error, rtt_ns, detail);
    end(x, bw_cadence_place(&x->cadence, s));
    bw_cadence_read(&x->cadence);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * outage.c - when was a circuit out?
 *
 * "Dark" is what may become an outage: every live target has lost a packet since the last
 * answer of any, or the carrier is down. Dark ends with an answer; it is an outage if it
 * lasted long enough. Losses reach us a time out after they were sent and answers at
 * once, so whatever is compared is the instant of sending or receiving, never of telling.
 */
#include "outage.h"

#include <stdlib.h>
#include <string.h>

static const int64_t NS_PER_MS = 1000000;

struct target {
    int64_t last_answer_ns; /* BW_UNKNOWN: none yet */
    int64_t first_loss_ns;  /* since the last answer of any target; BW_UNKNOWN: none */
    bool unasked;           /* its name had no address: no witness of the line just now */
};

struct bw_outage_watch {
    int64_t min_ns;
    uint32_t n_targets;
    int64_t since_ns;    /* first sample of all */
    int64_t base_ns;     /* losses of packets sent up to here say nothing any more */
    int64_t evidence_ns; /* newest instant of which darkness is known */
    bool carrier_down;
    bool dark;
    bool by_carrier;
    int64_t from_ns;
    struct bw_outage_span pending[BW_OUTAGE_PENDING];
    uint32_t n_pending;
    struct target targets[];
};

struct bw_outage_watch *bw_outage_new(uint32_t n_targets, int64_t min_ms)
{
    struct bw_outage_watch *w = calloc(1, sizeof(*w) + n_targets * sizeof(w->targets[0]));
    if (!w) {
        return NULL;
    }
    w->min_ns = min_ms * NS_PER_MS;
    w->n_targets = n_targets;
    w->since_ns = BW_UNKNOWN;
    w->base_ns = BW_UNKNOWN;
    w->evidence_ns = BW_UNKNOWN;
    for (uint32_t i = 0; i < n_targets; i++) {
        w->targets[i].last_answer_ns = BW_UNKNOWN;
        w->targets[i].first_loss_ns = BW_UNKNOWN;
    }
    return w;
}

void bw_outage_free(struct bw_outage_watch *w)
{
    free(w);
}

static void forget_losses(struct bw_outage_watch *w)
{
    for (uint32_t i = 0; i < w->n_targets; i++) {
        w->targets[i].first_loss_ns = BW_UNKNOWN;
    }
}

static void end_dark(struct bw_outage_watch *w, int64_t to_ns)
{
    if (to_ns - w->from_ns >= w->min_ns) {
        if (w->n_pending == BW_OUTAGE_PENDING) { /* nobody takes them: the newest stay */
            for (uint32_t i = 1; i < BW_OUTAGE_PENDING; i++) {
                w->pending[i - 1] = w->pending[i];
            }
            w->n_pending--;
        }
        w->pending[w->n_pending++] = (struct bw_outage_span){
            .from_mono_ns = w->from_ns,
            .to_mono_ns = to_ns,
            .why = w->by_carrier ? BW_OUTAGE_CARRIER : BW_OUTAGE_SILENT};
    }
    w->dark = false;
    w->by_carrier = false;
    forget_losses(w);
}

static bool is_dead(const struct bw_outage_watch *w, const struct target *t)
{
    int64_t newest_ns = BW_UNKNOWN;
    int64_t own_ns = t->last_answer_ns == BW_UNKNOWN ? w->since_ns : t->last_answer_ns;
    for (uint32_t i = 0; i < w->n_targets; i++) {
        if (w->targets[i].last_answer_ns > newest_ns) {
            newest_ns = w->targets[i].last_answer_ns;
        }
    }
    return newest_ns != BW_UNKNOWN &&
           newest_ns - own_ns > (int64_t)BW_OUTAGE_DEAD_S * 1000 * NS_PER_MS;
}

/* Every live target silent, and at least two of them? *ret_from_ns since when. */
static bool all_silent(const struct bw_outage_watch *w, int64_t *ret_from_ns)
{
    uint32_t n = 0;
    int64_t from_ns = INT64_MAX;
    for (uint32_t i = 0; i < w->n_targets; i++) {
        const struct target *t = &w->targets[i];
        if (t->unasked || is_dead(w, t)) {
            continue;
        }
        if (t->first_loss_ns == BW_UNKNOWN) {
            return false;
        }
        if (t->first_loss_ns < from_ns) {
            from_ns = t->first_loss_ns;
        }
        n++;
    }
    *ret_from_ns = from_ns;
    return n >= 2;
}

/* Darkness is known at `ns`. Where nothing was known for too long before it, the old
 * darkness ended with the last that was known, and a new one may begin. */
static void evidence(struct bw_outage_watch *w, int64_t ns)
{
    if (w->evidence_ns != BW_UNKNOWN &&
        ns - w->evidence_ns > BW_OUTAGE_HOLE_MS * NS_PER_MS) {
        if (w->dark) {
            end_dark(w, w->evidence_ns);
        } else {
            forget_losses(w);
        }
    }
    if (w->evidence_ns == BW_UNKNOWN || ns > w->evidence_ns) {
        w->evidence_ns = ns;
    }
}

static void
answered(struct bw_outage_watch *w, struct target *t, int64_t base_ns, int64_t received_ns)
{
    if (t->last_answer_ns == BW_UNKNOWN || received_ns > t->last_answer_ns) {
        t->last_answer_ns = received_ns;
    }
    t->unasked = false;
    if (w->base_ns == BW_UNKNOWN || base_ns > w->base_ns) {
        w->base_ns = base_ns;
    }
    if (w->dark && received_ns > w->from_ns) {
        w->carrier_down = false;
        end_dark(w, received_ns);
    }
    for (uint32_t i = 0; i < w->n_targets; i++) {
        if (w->targets[i].first_loss_ns <= w->base_ns) {
            w->targets[i].first_loss_ns = BW_UNKNOWN;
        }
    }
}

static void lost(struct bw_outage_watch *w, struct target *t, int64_t sent_ns)
{
    int64_t from_ns;
    if (w->base_ns != BW_UNKNOWN && sent_ns <= w->base_ns) {
        return; /* another packet, sent later, came back */
    }
    evidence(w, sent_ns);
    t->unasked = false;
    if (t->first_loss_ns == BW_UNKNOWN || sent_ns < t->first_loss_ns) {
        t->first_loss_ns = sent_ns;
    }
    if (all_silent(w, &from_ns)) {
        if (!w->dark || from_ns < w->from_ns) {
            w->from_ns = from_ns;
        }
        w->dark = true;
    }
}

/* A wait for answers that nobody sends packets for cannot last. */
static void tick(struct bw_outage_watch *w, int64_t now_ns)
{
    if (w->dark && !w->carrier_down &&
        now_ns - w->evidence_ns > BW_OUTAGE_WAIT_MS * NS_PER_MS) {
        end_dark(w, w->evidence_ns);
    }
}

/* A word of the resolver that was asked for the target's name, not of the target (those of
 * the kind dns itself have no prefix). A cache on the box or next to it says "servfail" of
 * its own when the line is dead, and where it is broken the line is not. */
static bool by_resolver(const char *code)
{
    return strncmp(code, "dns-", 4) == 0;
}

void bw_outage_sample(struct bw_outage_watch *w,
                      uint32_t target,
                      const struct bw_latency_sample *s)
{
    struct target *t;
    if (target >= w->n_targets) {
        return;
    }
    t = &w->targets[target];
    if (w->since_ns == BW_UNKNOWN) {
        w->since_ns = s->sent_mono_ns;
    }
    switch (s->state) {
    case BW_OK:
        answered(w, t, s->sent_mono_ns, s->sent_mono_ns + s->rtt_ns);
        break;
    case BW_LATE: /* proves the line at its arrival, which packets sent before saw too */
        answered(w, t, s->sent_mono_ns + s->rtt_ns, s->sent_mono_ns + s->rtt_ns);
        break;
    case BW_LOST:
        if (s->detail && s->detail->code && by_resolver(s->detail->code)) {
            t->unasked = true;
            tick(w, s->sent_mono_ns);
        } else if (s->detail && s->detail->code) { /* something answered: no silence */
            answered(w, t, s->sent_mono_ns, s->sent_mono_ns);
        } else {
            lost(w, t, s->sent_mono_ns);
        }
        break;
    case BW_LOST_OUT: /* said of a loss that was given before */
    case BW_LOST_BACK:
        break;
    case BW_FAILED:
    case BW_SKIPPED:
        tick(w, s->sent_mono_ns);
        break;
    }
}

void bw_outage_carrier(struct bw_outage_watch *w, int64_t mono_ns, bool up)
{
    if (up) {
        if (w->carrier_down) {
            w->carrier_down = false;
            /* With targets to tell, the line is back when one of them answers. */
            if (w->dark && w->n_targets < 2) {
                end_dark(w, mono_ns);
            }
        }
        tick(w, mono_ns);
        return;
    }
    if (!w->carrier_down && w->base_ns != BW_UNKNOWN && mono_ns <= w->base_ns) {
        return;
    }
    evidence(w, mono_ns);
    w->carrier_down = true;
    w->by_carrier = true;
    if (!w->dark) {
        w->dark = true;
        w->from_ns = mono_ns;
        for (uint32_t i = 0; i < w->n_targets; i++) { /* losses told before the reading */
            int64_t loss_ns = w->targets[i].first_loss_ns;
            if (loss_ns != BW_UNKNOWN && loss_ns < w->from_ns &&
                mono_ns - loss_ns <= 1000 * NS_PER_MS) {
                w->from_ns = loss_ns;
            }
        }
    }
}

bool bw_outage_now(const struct bw_outage_watch *w,
                   int64_t now_mono_ns,
                   struct bw_outage_span *ret)
{
    if (!w->dark || now_mono_ns - w->from_ns < w->min_ns) {
        return false;
    }
    if (ret) {
        *ret = (struct bw_outage_span){.from_mono_ns = w->from_ns,
                                       .to_mono_ns = BW_UNKNOWN,
                                       .why = w->by_carrier ? BW_OUTAGE_CARRIER
                                                            : BW_OUTAGE_SILENT};
    }
    return true;
}

bool bw_outage_take(struct bw_outage_watch *w, struct bw_outage_span *ret)
{
    if (w->n_pending == 0) {
        return false;
    }
    *ret = w->pending[0];
    w->n_pending--;
    for (uint32_t i = 0; i < w->n_pending; i++) {
        w->pending[i] = w->pending[i + 1];
    }
    return true;
}

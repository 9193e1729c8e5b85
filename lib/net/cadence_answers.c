/* SPDX-License-Identifier: GPL-3.0-or-later
 * cadence_answers.c - what became of each slot.
 *
 * A slot is given once as OK or LOST and at most once more as LATE. */
#include "cadence.h"

#include <clock.h>

enum {
    STAMP_PATIENCE = 64 /* answers without a transmit stamp until we stop looking */
};

void bw_cadence_lend(struct bw_cadence *c)
{
    if (c->n_samples > 0) {
        bw_host_latency(c->host, c->samples, c->n_samples);
        c->n_samples = 0;
    }
}

void bw_cadence_give(struct bw_cadence *c, const struct bw_latency_sample *sample)
{
    c->samples[c->n_samples++] = *sample;
    if (c->n_samples == BW_CADENCE_SAMPLES || sample->detail) {
        bw_cadence_lend(c);
    }
}

static void give_slot(struct bw_cadence *c,
                      const struct bw_slot *s,
                      enum bw_sample_state state,
                      int error,
                      int64_t rtt_ns,
                      const struct bw_latency_detail *detail)
{
    bw_cadence_give(c, &(struct bw_latency_sample){.target = c->index[s->target],
                                                   .family = s->family,
                                                   .state = state,
                                                   .error = error,
                                                   .sent_mono_ns = s->sent_mono_ns,
                                                   .rtt_ns = rtt_ns,
                                                   .detail = detail});
}

struct bw_slot *bw_cadence_slot(struct bw_cadence *c, uint32_t number)
{
    struct bw_slot *s = &c->ring[number & c->ring_mask];
    return s->number == number && s->state != BW_SLOT_FREE ? s : NULL;
}

static void advance(struct bw_cadence *c)
{
    while (c->head != c->next && c->ring[c->head & c->ring_mask].state != BW_SLOT_WAITING) {
        c->head++;
    }
}

void bw_cadence_read(struct bw_cadence *c)
{
    advance(c);
    bw_cadence_lend(c);
}

void bw_cadence_expire(struct bw_cadence *c, int64_t now_ns)
{
    while (c->head != c->next) {
        struct bw_slot *s = &c->ring[c->head & c->ring_mask];
        if (s->state == BW_SLOT_WAITING) {
            if (now_ns - s->sent_mono_ns < c->timeout_ns) {
                return;
            }
            s->state = BW_SLOT_LOST;
            give_slot(c, s, BW_LOST, 0, BW_UNKNOWN,
                      c->ops->expiring ? c->ops->expiring(c->owner, s) : NULL);
            if (c->ops->expired) {
                c->ops->expired(c->owner, s);
            }
        }
        c->head++;
    }
}

int64_t bw_cadence_round_trip(const struct bw_slot *s,
                              int64_t received_unix_ns,
                              int64_t now_mono_ns)
{
    int64_t own = now_mono_ns - s->sent_mono_ns;
    int64_t kernel;
    if (s->sent_unix_ns == BW_UNKNOWN || received_unix_ns == BW_UNKNOWN) {
        return own;
    }
    kernel = received_unix_ns - s->sent_unix_ns;
    return kernel > 0 && kernel <= own ? kernel : own;
}

void bw_cadence_answered(struct bw_cadence *c, struct bw_slot *s, int64_t rtt_ns)
{
    bw_cadence_answered_with(c, s, rtt_ns, NULL);
}

void bw_cadence_answered_with(struct bw_cadence *c,
                              struct bw_slot *s,
                              int64_t rtt_ns,
                              const struct bw_latency_detail *detail)
{
    if (s->state != BW_SLOT_WAITING && s->state != BW_SLOT_LOST) {
        return; /* a duplicate */
    }
    if (s->state == BW_SLOT_WAITING && rtt_ns < c->timeout_ns) {
        s->state = BW_SLOT_DONE;
        give_slot(c, s, BW_OK, 0, rtt_ns, detail);
        return;
    }
    if (s->state == BW_SLOT_WAITING) {
        give_slot(c, s, BW_LOST, 0, BW_UNKNOWN, NULL);
    }
    s->state = BW_SLOT_DONE;
    if (rtt_ns < c->timeout_ns + c->plan.late_ms * BW_NS_PER_MS) {
        give_slot(c, s, BW_LATE, 0, rtt_ns, detail);
    }
}

void bw_cadence_sent(struct bw_cadence *c, struct bw_slot *s, int64_t stamp_unix_ns)
{
    s->sent_unix_ns = stamp_unix_ns;
    c->unstamped = 0;
}

static void reply_counts(struct bw_cadence *c,
                         struct bw_slot *s,
                         int64_t received_unix_ns,
                         int64_t now_mono_ns)
{
    int64_t rtt_ns = bw_cadence_round_trip(s, received_unix_ns, now_mono_ns);
    const struct bw_latency_detail *detail = NULL;
    if (c->ops->judge) {
        rtt_ns = c->ops->judge(c->owner, s, received_unix_ns, rtt_ns, &detail);
    }
    bw_cadence_answered_with(c, s, rtt_ns, detail);
}

void bw_cadence_reply(struct bw_cadence *c,
                      struct bw_slot *s,
                      int64_t received_unix_ns,
                      int64_t now_mono_ns)
{
    if (s->state != BW_SLOT_WAITING && s->state != BW_SLOT_LOST) {
        return; /* a duplicate */
    }
    if (s->sent_unix_ns == BW_UNKNOWN && c->unstamped < STAMP_PATIENCE &&
        c->n_early < BW_CADENCE_EARLY) {
        c->unstamped++;
        c->early[c->n_early++] =
            (struct bw_cadence_early){.number = s->number,
                                      .received_unix_ns = received_unix_ns,
                                      .now_mono_ns = now_mono_ns};
        return;
    }
    reply_counts(c, s, received_unix_ns, now_mono_ns);
}

bool bw_cadence_unsettled(const struct bw_cadence *c)
{
    return c->n_early > 0;
}

void bw_cadence_settle(struct bw_cadence *c)
{
    for (uint32_t i = 0; i < c->n_early; i++) {
        const struct bw_cadence_early *e = &c->early[i];
        struct bw_slot *s = bw_cadence_slot(c, e->number);
        if (s && (s->state == BW_SLOT_WAITING || s->state == BW_SLOT_LOST)) {
            reply_counts(c, s, e->received_unix_ns, e->now_mono_ns);
        }
    }
    c->n_early = 0;
}

void bw_cadence_refused(struct bw_cadence *c, struct bw_slot *s, int error)
{
    bw_cadence_refused_with(c, s, error, NULL);
}

void bw_cadence_refused_with(struct bw_cadence *c,
                             struct bw_slot *s,
                             int error,
                             const struct bw_latency_detail *detail)
{
    if (s->state == BW_SLOT_WAITING) {
        s->state = BW_SLOT_LOST;
        give_slot(c, s, BW_LOST, error, BW_UNKNOWN, detail);
    }
}

void bw_cadence_failed(struct bw_cadence *c, struct bw_slot *s, int error)
{
    if (s->state == BW_SLOT_WAITING) {
        s->state = BW_SLOT_DONE;
        give_slot(c, s, BW_FAILED, error, BW_UNKNOWN, NULL);
    }
}

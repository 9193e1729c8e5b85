/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_answers.c - what became of each packet.
 *
 * A slot is given once as OK or LOST and at most once more as LATE. All packets have the
 * same timeout, so they expire in the order they were sent. */
#include "icmp_private.h"

#include <clock.h>

enum {
    STAMP_PATIENCE = 64 /* answers without a transmit stamp until we stop looking */
};

void icmp_lend(struct bw_probe *p)
{
    if (p->n_samples > 0) {
        bw_host_latency(p->host, p->samples, p->n_samples);
        p->n_samples = 0;
    }
}

void icmp_give(struct bw_probe *p,
               uint32_t target,
               uint8_t family,
               enum bw_sample_state state,
               int error,
               int64_t sent_mono_ns,
               int64_t rtt_ns)
{
    p->samples[p->n_samples++] = (struct bw_latency_sample){.target = target,
                                                            .family = family,
                                                            .state = state,
                                                            .error = error,
                                                            .sent_mono_ns = sent_mono_ns,
                                                            .rtt_ns = rtt_ns};
    if (p->n_samples == ICMP_SAMPLES_MAX) {
        icmp_lend(p);
    }
}

void icmp_advance(struct bw_probe *p)
{
    while (p->head != p->next && icmp_slot(p, p->head)->state != SLOT_WAITING) {
        p->head++;
    }
}

void icmp_expire(struct bw_probe *p, int64_t now_ns)
{
    while (p->head != p->next) {
        struct slot *s = icmp_slot(p, p->head);
        if (s->state == SLOT_WAITING) {
            if (now_ns - s->sent_mono_ns < p->timeout_ns) {
                return;
            }
            s->state = SLOT_LOST;
            icmp_give(p, s->target, s->family, BW_LOST, 0, s->sent_mono_ns, BW_UNKNOWN);
        }
        p->head++;
    }
}

/* The kernel's two stamps are of the wall clock: where it was stepped between them, or
 * one is missing, our own monotonic reading is the better bound. */
static int64_t round_trip(const struct slot *s, int64_t received_unix_ns, int64_t now_ns)
{
    int64_t own = now_ns - s->sent_mono_ns;
    int64_t kernel;
    if (s->sent_unix_ns == BW_UNKNOWN || received_unix_ns == BW_UNKNOWN) {
        return own;
    }
    kernel = received_unix_ns - s->sent_unix_ns;
    return kernel > 0 && kernel <= own ? kernel : own;
}

static void answered(struct bw_probe *p, struct slot *s, int64_t rtt_ns)
{
    if (s->state == SLOT_WAITING && rtt_ns < p->timeout_ns) {
        s->state = SLOT_DONE;
        icmp_give(p, s->target, s->family, BW_OK, 0, s->sent_mono_ns, rtt_ns);
        return;
    }
    if (s->state == SLOT_WAITING) {
        icmp_give(p, s->target, s->family, BW_LOST, 0, s->sent_mono_ns, BW_UNKNOWN);
    }
    s->state = SLOT_DONE;
    if (rtt_ns < p->timeout_ns + ICMP_LATE_MS * ICMP_NS_PER_MS) {
        icmp_give(p, s->target, s->family, BW_LATE, 0, s->sent_mono_ns, rtt_ns);
    }
}

static void on_event(void *owner, const struct icmp_event *e)
{
    struct bw_probe *p = owner;
    uint32_t number = e->stamp.number;
    int64_t now_ns = bw_clock_mono_ns();
    struct slot *s;
    if (!e->exact) { /* only the low 16 bits: of the newest packet that has them */
        number = p->next - 1 - ((p->next - 1 - number) & 0xffff);
    }
    s = icmp_slot(p, number);
    if (s->number != number || s->state == SLOT_FREE ||
        (e->exact && s->target != e->stamp.target)) {
        return;
    }
    if (e->kind == ICMP_SENT) {
        s->sent_unix_ns = e->stamp_unix_ns;
        p->unstamped = 0;
        return;
    }
    if (e->kind == ICMP_ERROR) {
        if (s->state == SLOT_WAITING) {
            s->state = SLOT_LOST;
            icmp_give(p, s->target, s->family, BW_LOST, e->error, s->sent_mono_ns,
                      BW_UNKNOWN);
        }
        return;
    }
    if (s->state == SLOT_DONE) { /* a duplicate */
        return;
    }
    if (s->sent_unix_ns == BW_UNKNOWN && p->unstamped < STAMP_PATIENCE &&
        p->n_early < ICMP_EARLY_MAX) {
        p->unstamped++;
        p->early[p->n_early++] = (struct early){
            .number = number, .received_unix_ns = e->stamp_unix_ns, .now_ns = now_ns};
        return;
    }
    answered(p, s, round_trip(s, e->stamp_unix_ns, now_ns));
}

/* A transmit stamp is queued before the answer can come, so the error queue is read first,
 * and once more for answers to packets that left between the two reads. */
void icmp_drain(struct bw_probe *p, size_t i)
{
    if (p->sockets[i].fd < 0) {
        return;
    }
    (void)icmp_socket_drain_errors(&p->sockets[i], on_event, p);
    (void)icmp_socket_drain_replies(&p->sockets[i], on_event, p);
    if (p->n_early == 0) {
        return;
    }
    (void)icmp_socket_drain_errors(&p->sockets[i], on_event, p);
    for (uint32_t k = 0; k < p->n_early; k++) {
        const struct early *e = &p->early[k];
        struct slot *s = icmp_slot(p, e->number);
        if (s->state == SLOT_WAITING || s->state == SLOT_LOST) {
            answered(p, s, round_trip(s, e->received_unix_ns, e->now_ns));
        }
    }
    p->n_early = 0;
}

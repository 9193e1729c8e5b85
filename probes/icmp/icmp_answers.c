/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_answers.c - from what a socket gives to what became of a slot. Nothing is said of a
 * slot by a message that does not carry its whole stamp, but for errors that quote too
 * little of it. An answer counts when it comes from where the packet went; one from another
 * address names why the packet is given as lost. */
#include "icmp_private.h"

#include <clock.h>

const struct bw_latency_detail *icmp_expiring(void *owner, struct bw_slot *s)
{
    static struct bw_latency_detail detail;
    const struct bw_probe *p = owner;
    if (!p->sent[bw_cadence_place(&p->cadence, s)].answered_elsewhere) {
        return NULL;
    }
    bw_latency_detail_init(&detail);
    detail.code = "other-address";
    return &detail;
}

static void on_reply(struct bw_probe *p, struct bw_slot *s, const struct icmp_event *e)
{
    struct icmp_sent *sent = &p->sent[bw_cadence_place(&p->cadence, s)];
    if (bw_address_equal(&sent->to, &e->from)) {
        bw_cadence_reply(&p->cadence, s, e->stamp_unix_ns, bw_clock_mono_ns());
    } else {
        sent->answered_elsewhere = true;
    }
}

static void on_event(void *owner, const struct icmp_event *e)
{
    struct bw_probe *p = owner;
    struct bw_cadence *c = &p->cadence;
    uint32_t number = e->stamp.number;
    struct bw_slot *s;
    if (!e->exact) { /* only the low 16 bits: of the newest packet that has them */
        number = c->next - 1 - ((c->next - 1 - number) & 0xffff);
    }
    s = bw_cadence_slot(c, number);
    if (!s || (e->exact && s->target != e->stamp.target)) {
        return;
    }
    if (e->kind == ICMP_SENT) {
        bw_cadence_sent(c, s, e->stamp_unix_ns);
    } else if (e->kind == ICMP_ERROR) {
        bw_cadence_refused(c, s, e->error);
    } else {
        on_reply(p, s, e);
    }
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
    if (bw_cadence_unsettled(&p->cadence)) {
        (void)icmp_socket_drain_errors(&p->sockets[i], on_event, p);
        bw_cadence_settle(&p->cadence);
    }
}

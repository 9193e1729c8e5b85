/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_answers.c - from what a socket gives to what became of a slot. Nothing is said of a
 * slot by a message that does not carry its whole stamp, but for errors that quote too
 * little of it. */
#include "icmp_private.h"

#include <clock.h>

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
        bw_cadence_reply(c, s, e->stamp_unix_ns, bw_clock_mono_ns());
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

/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp_answers.c - what comes back, and what it says.
 *
 * An answer counts when it comes from the reflector's address and port, repeats number and
 * instant of a packet of ours and (with a secret) has the right digest. What repeats them
 * but is not right otherwise counts for nothing; it names why the packet is given as lost.
 */
#include "stamp_private.h"

#include <errno.h>

static const char *const other_address = "other-address";
static const char *const bad_digest = "bad-digest";
static const char *const bad_length = "bad-length";
static const char *const bad_session = "bad-session";
static const char *const unmatched = "unmatched";
static const char *const refused = "refused";

static const union bw_address *went_to(const struct bw_probe *p, const struct bw_slot *s)
{
    return &p->sent[bw_cadence_place(&p->cadence, s)].to;
}

/* The packet with this number and instant: one that went to `peer`, else any. */
static struct stamp_flight *find(struct bw_probe *p,
                                 const union bw_address *peer,
                                 uint32_t seq,
                                 uint64_t t1,
                                 struct stamp_session **ret_session)
{
    struct stamp_flight *any = NULL;
    for (uint32_t i = 0; i < p->cadence.n_targets; i++) {
        struct stamp_flight *f = stamp_session_find(&p->sessions[i], seq, t1);
        const struct bw_slot *s = f ? bw_cadence_slot(&p->cadence, f->slot) : NULL;
        if (f && (!any || (s && bw_address_equal(went_to(p, s), peer)))) {
            any = f;
            *ret_session = &p->sessions[i];
        }
    }
    return any;
}

/* Something came from a target's own address that answers nothing. */
static void blame_newest(struct bw_probe *p, const union bw_address *peer, const char *code)
{
    for (uint32_t i = 0; i < p->cadence.n_targets; i++) {
        if (bw_address_equal(&p->reflectors[i], peer)) {
            struct stamp_flight *f = stamp_session_newest(&p->sessions[i]);
            if (f) {
                f->code = code;
            }
            return;
        }
    }
}

static void blame(struct stamp_flight *f, const char *code)
{
    if (f->fate == STAMP_SENT) {
        f->code = code;
    }
}

static void on_datagram(struct bw_probe *p, const struct bw_udp_event *e)
{
    struct bw_stamp_answer a;
    struct stamp_session *session = NULL;
    struct stamp_flight *f;
    struct bw_slot *slot;
    int r = e->cut ? -EBADMSG : bw_stamp_read_answer(e->data, e->len, stamp_key(p), &a);
    if (r == -EBADMSG) {
        blame_newest(p, &e->peer, bad_length);
        return;
    }
    f = find(p, &e->peer, a.asked_seq, a.t1, &session);
    if (!f) {
        blame_newest(p, &e->peer, r < 0 ? bad_digest : unmatched);
        return;
    }
    slot = bw_cadence_slot(&p->cadence, f->slot);
    if (!slot) {
        return; /* too late for anything */
    }
    if (!bw_address_equal(went_to(p, slot), &e->peer)) {
        blame(f, other_address);
        return;
    }
    if (r < 0) {
        blame(f, bad_digest);
        return;
    }
    if (p->size >= BW_STAMP_PACKET && a.ssid != 0 && a.ssid != session->ssid) {
        blame(f, bad_session);
        return;
    }
    if (f->fate == STAMP_ANSWERED) {
        return; /* a duplicate */
    }
    f->fate = STAMP_ANSWERED;
    f->count = a.seq;
    f->error = a.error;
    f->t2 = a.t2;
    f->t3 = a.t3;
    bw_cadence_reply(&p->cadence, slot, e->stamp_unix_ns, bw_clock_mono_ns());
}

/* An ICMP error, or the stamp of a packet that left: both quote it. */
static void on_own(struct bw_probe *p, const struct bw_udp_event *e)
{
    struct bw_stamp_asked a;
    struct stamp_session *session = NULL;
    struct stamp_flight *f = NULL;
    struct bw_slot *slot;
    if (e->data && bw_stamp_read_asked(e->data, e->len, stamp_key(p), &a) != -EBADMSG) {
        f = find(p, &e->peer, a.seq, a.t1, &session);
    }
    slot = f ? bw_cadence_slot(&p->cadence, f->slot) : NULL;
    if (!slot) {
        return;
    }
    if (e->kind == BW_UDP_SENT) {
        bw_cadence_sent(&p->cadence, slot, e->stamp_unix_ns);
    } else if (e->is_loss && f->fate == STAMP_SENT) {
        union bw_address to = *went_to(p, slot);
        bw_address_set_port(&to, bw_address_port(&e->offender));
        f->fate = STAMP_LOST;
        bw_latency_detail_init(&p->detail);
        /* the reflector's machine itself says that nobody listens there */
        p->detail.code = bw_address_equal(&to, &e->offender) ? refused : NULL;
        bw_cadence_refused_with(&p->cadence, slot, e->error, &p->detail);
    }
}

static void on_event(void *owner, const struct bw_udp_event *e)
{
    if (e->kind == BW_UDP_DATAGRAM) {
        on_datagram(owner, e);
    } else {
        on_own(owner, e);
    }
}

/* A transmit stamp is queued before the answer can come, so the error queue is read first,
 * and once more for answers to packets that left between the two reads. */
void stamp_drain(struct bw_probe *p, size_t i)
{
    if (p->sockets[i].fd < 0) {
        return;
    }
    (void)bw_udp_read_errors(&p->sockets[i], on_event, p);
    (void)bw_udp_read(&p->sockets[i], on_event, p);
    if (bw_cadence_unsettled(&p->cadence)) {
        (void)bw_udp_read_errors(&p->sockets[i], on_event, p);
        bw_cadence_settle(&p->cadence);
    }
}

/* RTT = (T4 - T1) - (T3 - T2), RFC 8762 section 4.1; T1 and T4 are the kernel's. A
 * reflector that says to have kept the packet longer than the whole took is not believed.
 */
int64_t stamp_judge(void *owner,
                    const struct bw_slot *s,
                    int64_t received_unix_ns,
                    int64_t rtt_ns,
                    const struct bw_latency_detail **ret_detail)
{
    struct bw_probe *p = owner;
    const struct stamp_flight *f = stamp_flight_of(p, s);
    struct bw_stamp_error theirs = bw_stamp_error_decode(f->error);
    int64_t now_ns = bw_clock_unix_ns();
    int64_t t2 = bw_stamp_time_decode(f->t2, theirs.ptp, now_ns);
    int64_t t3 = bw_stamp_time_decode(f->t3, theirs.ptp, now_ns);
    if (t2 == BW_UNKNOWN || t3 == BW_UNKNOWN) {
        return rtt_ns;
    }
    /* A PTP clock may count TAI: its instants fit each other, not ours. */
    if (theirs.synced && !theirs.ptp && theirs.error_ns != BW_UNKNOWN &&
        f->clock_error_ns != BW_UNKNOWN && s->sent_unix_ns != BW_UNKNOWN &&
        received_unix_ns != BW_UNKNOWN) {
        bw_latency_detail_init(&p->detail);
        p->detail.out_ns = t2 - s->sent_unix_ns;
        p->detail.back_ns = received_unix_ns - t3;
        p->detail.one_way_error_ns = theirs.error_ns + f->clock_error_ns;
        *ret_detail = &p->detail;
    }
    return t3 >= t2 && t3 - t2 < rtt_ns ? rtt_ns - (t3 - t2) : rtt_ns;
}

const struct bw_latency_detail *stamp_expiring(void *owner, struct bw_slot *s)
{
    struct bw_probe *p = owner;
    struct stamp_flight *f = stamp_flight_of(p, s);
    f->fate = STAMP_LOST;
    if (!f->code) {
        return NULL;
    }
    bw_latency_detail_init(&p->detail);
    p->detail.code = f->code;
    return &p->detail;
}

struct where {
    struct bw_probe *probe;
    uint32_t target;
};

static void on_lost(void *owner, const struct stamp_flight *f, bool back)
{
    const struct where *w = owner;
    struct bw_cadence *c = &w->probe->cadence;
    bw_cadence_give(c, &(struct bw_latency_sample){
                           .target = c->index[w->target],
                           .family = c->targets[w->target].family,
                           .state = back ? BW_LOST_BACK : BW_LOST_OUT,
                           .sent_mono_ns = f->sent_mono_ns,
                           .rtt_ns = BW_UNKNOWN,
                       });
}

void stamp_judge_losses(struct bw_probe *p)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t final_ns = p->cadence.timeout_ns + p->cadence.plan.late_ms * BW_NS_PER_MS;
    for (uint32_t i = 0; i < p->cadence.n_targets; i++) {
        struct where w = {.probe = p, .target = i};
        stamp_session_judge(&p->sessions[i], now_ns, final_ns, on_lost, &w);
    }
}

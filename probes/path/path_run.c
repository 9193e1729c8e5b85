/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_run.c - packets and answers of the traces under way.
 *
 * A packet counts from its send until its slot is used again, 256 packets later; what
 * comes back names it by its stamp, else by as much as was quoted. What names none is
 * nobody's, and passed over. */
#include "path_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <string.h>

/* Which packet is it? ------------------------------------------------------------ */

static struct path_slot *slot_of(struct bw_probe *p, uint32_t number)
{
    struct path_slot *s = &p->slots[number % PATH_SLOTS];
    return s->state != PATH_SLOT_FREE && s->number == number ? s : NULL;
}

static bool
went_to(const struct bw_probe *p, const struct path_slot *s, const union bw_address *to)
{
    return s->target < p->n_targets && bw_address_equal(&p->targets[s->target].to, to);
}

/* The newest of this length to there; those that wait come first. */
static struct path_slot *by_length(struct bw_probe *p, const struct path_event *e)
{
    struct path_slot *silent = NULL;
    for (uint32_t i = 1; i <= PATH_SLOTS; i++) {
        struct path_slot *s = slot_of(p, p->next - i);
        if (!s || s->udp_bytes != e->udp_bytes || !went_to(p, s, &e->to)) {
            continue;
        }
        if (s->state == PATH_SLOT_WAITING) {
            return s;
        }
        silent = silent || s->state != PATH_SLOT_SILENT ? silent : s;
    }
    return silent;
}

/* The oldest that waits: a trace has packets of one hop alone under way. */
static struct path_slot *by_target(struct bw_probe *p, const union bw_address *to)
{
    struct path_slot *oldest = NULL;
    for (uint32_t i = 1; i <= PATH_SLOTS; i++) {
        struct path_slot *s = slot_of(p, p->next - i);
        if (s && s->state == PATH_SLOT_WAITING && went_to(p, s, to)) {
            oldest = s;
        }
    }
    return oldest;
}

static struct path_slot *named_by(struct bw_probe *p, const struct path_event *e)
{
    struct path_slot *s = NULL;
    switch (e->named) {
    case PATH_BY_STAMP:
        s = slot_of(p, e->stamp.number);
        return s && s->target == e->stamp.target ? s : NULL;
    case PATH_BY_SEQ:
        s = slot_of(p, p->next - 1 - ((p->next - 1 - e->seq) & 0xffff));
        return s && went_to(p, s, &e->to) ? s : NULL;
    case PATH_BY_LENGTH:
        return by_length(p, e);
    case PATH_BY_NOTHING:
        return by_target(p, &e->to);
    }
    return NULL;
}

/* What does it say? -------------------------------------------------------------- */

static bool same_host(const union bw_address *a, const union bw_address *b)
{
    union bw_address x = *a;
    union bw_address y = *b;
    bw_address_set_port(&x, 0);
    bw_address_set_port(&y, 0);
    return bw_address_equal(&x, &y);
}

/* false: it says nothing of the path. */
static bool meaning(const struct bw_probe *p,
                    const struct path_slot *s,
                    const struct path_event *e,
                    struct path_answer *ret)
{
    const struct path_target *t = &p->targets[s->target];
    bool target = same_host(&e->from, &t->to);
    ret->from = e->from;
    ret->mtu = e->mtu;
    if (e->kind == PATH_EVENT_REPLY) {
        ret->kind = target ? PATH_TARGET : PATH_END;
        return true;
    }
    switch (e->error) {
    case BW_ICMP_ERROR_TTL:
        ret->kind = PATH_HOP;
        return true;
    case BW_ICMP_ERROR_TOO_BIG:
        ret->kind = PATH_TOO_BIG;
        return s->ask.sized; /* small packets are too big nowhere */
    case BW_ICMP_ERROR_PORT:
        ret->kind =
            p->sockets[t->family == 6 ? 1 : 0].udp || target ? PATH_TARGET : PATH_END;
        return true;
    case BW_ICMP_ERROR_UNREACHABLE:
    case BW_ICMP_ERROR_PROHIBITED:
        ret->kind = target ? PATH_TARGET : PATH_END;
        return target || !path_is_own(&e->from);
    case BW_ICMP_ERROR_NONE:
        break;
    }
    return false;
}

/* The kernel's two stamps are of the wall clock: where it was stepped between them, or one
 * is missing, our own monotonic reading is the better bound. */
static int64_t
round_trip(const struct path_slot *s, int64_t received_unix_ns, int64_t now_ns)
{
    int64_t own = now_ns - s->sent_mono_ns;
    int64_t kernel;
    if (s->sent_unix_ns == BW_UNKNOWN || received_unix_ns == BW_UNKNOWN) {
        return own;
    }
    kernel = received_unix_ns - s->sent_unix_ns;
    return kernel > 0 && kernel <= own ? kernel : own;
}

static void on_event(void *owner, const struct path_event *e)
{
    struct bw_probe *p = owner;
    struct path_slot *s = named_by(p, e);
    struct path_answer answer = {.kind = PATH_HOP};
    struct path_target *t;
    bool late;
    if (!s) {
        return;
    }
    if (e->kind == PATH_EVENT_SENT) {
        s->sent_unix_ns = e->stamp_unix_ns;
        return;
    }
    t = &p->targets[s->target];
    if ((s->state != PATH_SLOT_WAITING && s->state != PATH_SLOT_SILENT) ||
        t->state != PATH_TRACING || s->trace != t->traces || !meaning(p, s, e, &answer)) {
        return;
    }
    late = s->state == PATH_SLOT_SILENT;
    s->state = PATH_SLOT_DONE;
    t->elsewhere = t->elsewhere || (e->kind == PATH_EVENT_REPLY && answer.kind == PATH_END);
    answer.rtt_ns = round_trip(s, e->stamp_unix_ns, bw_clock_mono_ns());
    path_trace_answer(&t->trace, &s->ask, &answer, late);
}

void path_read(struct bw_probe *p, size_t i)
{
    path_socket_read(&p->sockets[i], on_event, p);
}

/* Sending ------------------------------------------------------------------------ */

int path_begin(struct bw_probe *p, uint32_t target, int64_t now_ns)
{
    struct path_target *t = &p->targets[target];
    struct path_conf conf = {
        .probes = (uint8_t)bw_opt_int(p->opts, "probes"),
        .max_hops = (uint8_t)bw_opt_int(p->opts, "max_hops"),
        .max_silent = (uint8_t)bw_opt_int(p->opts, "silent"),
        .mtu = bw_opt_int(p->opts, "mtu") == 1,
        .hint_mtu = t->mtu,
    };
    bw_whereis_refresh(&t->where, bw_host_loop(p->host), now_ns);
    t->to = t->where.to;
    t->family = t->where.family;
    if (t->family == 0) {
        return t->where.lookup ? -EAGAIN : bw_whereis_missing(&t->where);
    }
    if (path_socket_of(p, t)->fd < 0) {
        return -EAFNOSUPPORT;
    }
    if (bw_outlet_missing(&p->outlet)) {
        return -ENODEV;
    }
    conf.family = t->family;
    conf.small_bytes =
        path_socket_headers(path_socket_of(p, t)) + BW_TRACE_UDP_LEAST + BW_TRACE_LENGTHS;
    path_trace_start(&t->trace, &conf);
    t->state = PATH_TRACING;
    t->traces++;
    t->elsewhere = false;
    t->began_mono_ns = now_ns;
    t->next_send_mono_ns = now_ns;
    return 0;
}

static void send_one(struct bw_probe *p, uint32_t target, const struct path_ask *ask)
{
    struct path_target *t = &p->targets[target];
    struct path_socket *socket = path_socket_of(p, t);
    uint32_t number = p->next++;
    struct path_slot *s = &p->slots[number % PATH_SLOTS];
    struct path_out out = {
        .to = &t->to,
        .ttl = ask->ttl,
        .bytes = ask->bytes,
        .sized = ask->sized,
        .stamp = {.cookie = socket->cookie, .number = number, .target = target}};
    int64_t now_ns = bw_clock_mono_ns();
    int r;
    *s = (struct path_slot){.state = PATH_SLOT_WAITING,
                            .number = number,
                            .target = target,
                            .trace = t->traces,
                            .ask = *ask,
                            .sent_mono_ns = now_ns,
                            .sent_unix_ns = BW_UNKNOWN};
    s->udp_bytes = (uint32_t)(ask->sized ? ask->bytes - path_socket_headers(socket)
                                         : bw_trace_udp_bytes(number)) +
                   8;
    r = path_socket_send(socket, &out);
    t->next_send_mono_ns = now_ns + PATH_GAP_MS * PATH_NS_PER_MS;
    p->next_send_mono_ns = t->next_send_mono_ns;
    if (r == 0) {
        path_trace_sent(&t->trace, ask);
        return;
    }
    s->state = PATH_SLOT_FREE;
    if (r == -EMSGSIZE && ask->sized) {
        path_socket_read(socket, on_event, p);
        path_trace_too_big_here(&t->trace, ask, socket->local_mtu);
        return;
    }
    path_fail(p, target, r, NULL);
}

static void expire(struct bw_probe *p, int64_t now_ns, int64_t wait_ns)
{
    for (uint32_t i = PATH_SLOTS; i >= 1; i--) { /* in the order they were sent */
        struct path_slot *s = slot_of(p, p->next - i);
        struct path_target *t;
        if (!s || s->state != PATH_SLOT_WAITING || now_ns - s->sent_mono_ns < wait_ns) {
            continue;
        }
        s->state = PATH_SLOT_SILENT;
        t = &p->targets[s->target];
        if (t->state == PATH_TRACING && s->trace == t->traces) {
            path_trace_silence(&t->trace, &s->ask);
        }
    }
}

static void sooner(int64_t *at_ns, int64_t other_ns)
{
    *at_ns = other_ns < *at_ns ? other_ns : *at_ns;
}

/* When the next packet of a trace may leave. */
static int64_t may_send_ns(const struct bw_probe *p,
                           const struct path_target *t,
                           const struct path_ask *ask)
{
    int64_t at_ns = t->next_send_mono_ns > p->next_send_mono_ns ? t->next_send_mono_ns
                                                                : p->next_send_mono_ns;
    if (ask->patient) {
        at_ns += (PATH_PATIENCE_MS - PATH_GAP_MS) * PATH_NS_PER_MS;
    }
    return at_ns;
}

static int64_t advance_one(struct bw_probe *p, uint32_t target, int64_t now_ns)
{
    struct path_target *t = &p->targets[target];
    struct path_ask ask;
    while (t->state == PATH_TRACING) {
        enum path_step step = path_trace_next(&t->trace, &ask);
        if (step == PATH_WAIT) {
            return INT64_MAX; /* its packets' silence says when */
        }
        if (step == PATH_DONE) {
            path_finish(p, target, now_ns);
        } else if (now_ns < may_send_ns(p, t, &ask)) {
            return may_send_ns(p, t, &ask);
        } else {
            send_one(p, target, &ask);
        }
    }
    if (t->state == PATH_NAMING) {
        if (path_named(p, t) || now_ns >= t->names_end_mono_ns) {
            path_tell(p, target, BW_OK);
        } else {
            return t->names_end_mono_ns;
        }
    }
    return INT64_MAX;
}

int64_t path_advance(struct bw_probe *p, int64_t now_ns)
{
    int64_t wait_ns = bw_opt_int(p->opts, "wait") * PATH_NS_PER_MS;
    int64_t at_ns = INT64_MAX;
    path_read(p, 0);
    path_read(p, 1);
    expire(p, now_ns, wait_ns);
    for (uint32_t i = 0; i < p->n_targets && !p->closing; i++) {
        /* the one that could not send last time comes first */
        sooner(&at_ns, advance_one(p, (i + p->next) % p->n_targets, now_ns));
    }
    for (uint32_t i = 0; i < PATH_SLOTS; i++) {
        if (p->slots[i].state == PATH_SLOT_WAITING) {
            sooner(&at_ns, p->slots[i].sent_mono_ns + wait_ns);
        }
    }
    return at_ns;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_crowd.c - who has to go when more want in than there is room for.
 *
 * Nobody waits for a stranger's patience: a connection beyond the limit is taken, and the
 * one that has shown least for longest is cut for it. Those who half-sent their headers go
 * before those who idle, strangers before clients that were vouched for, and whoever it is
 * our turn to answer never goes. A body beyond the space cuts those that have held most
 * bytes for longest (bytes times time), so a whole crowd of slow ones gives way to a small
 * quick one. */
#include "http_private.h"

#include <sys/socket.h>

enum {
    NEW_PATIENCE_MS = 2000,   /* a handshake and headers over a poor line */
    BODY_PATIENCE_MS = 10000, /* a body under way */
    CROWD_PART = 8,           /* of all places, before those go who were vouched for */
    RESERVE_MIN = 16,
    RESERVE_MAX = 512
};

unsigned bw_http_reserve(unsigned connections)
{
    unsigned n = connections / 8;
    return n < RESERVE_MIN ? RESERVE_MIN : n > RESERVE_MAX ? RESERVE_MAX : n;
}

unsigned bw_http_descriptors(unsigned connections)
{
    return connections + bw_http_reserve(connections);
}

static void leave_queue(struct conn *c)
{
    struct listener *l = c->listener;
    if (c->state >= CONN_QUEUES) {
        return;
    }
    if (c->q_prev) {
        c->q_prev->q_next = c->q_next;
    } else {
        l->queues[c->state].head = c->q_next;
    }
    if (c->q_next) {
        c->q_next->q_prev = c->q_prev;
    } else {
        l->queues[c->state].tail = c->q_prev;
    }
    c->q_next = NULL;
    c->q_prev = NULL;
    l->queues[c->state].n--;
}

void bw_http_state(struct conn *c, enum conn_state state)
{
    struct listener *l = c->listener;
    if (c->state == CONN_CUT) {
        return; /* for good */
    }
    leave_queue(c);
    c->state = state;
    c->since_mono_ms = bw_http_now_ms();
    if (state == CONN_CUT) {
        l->n_open--;
    } else if (state < CONN_QUEUES) {
        c->q_prev = l->queues[state].tail;
        if (c->q_prev) {
            c->q_prev->q_next = c;
        } else {
            l->queues[state].head = c;
        }
        l->queues[state].tail = c;
        l->queues[state].n++;
    }
}

void bw_http_cut(struct conn *c)
{
    c->deadline_mono_ms = INT64_MAX;
    bw_http_state(c, CONN_CUT);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info) {
        (void)shutdown(info->connect_fd, SHUT_RDWR);
    }
}

bool bw_http_gone(const struct conn *c)
{
    if (c->state != CONN_NEW && c->state != CONN_BODY && c->state != CONN_IDLE) {
        return false;
    }
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The first that has waited so long in this state. */
static struct conn *oldest(const struct listener *l, enum conn_state state, int64_t wait_ms)
{
    struct conn *c = l->queues[state].head;
    return c && bw_http_now_ms() - c->since_mono_ms >= wait_ms ? c : NULL;
}

static struct conn *victim(const struct listener *l)
{
    unsigned n_new = l->queues[CONN_NEW].n;
    unsigned n_body = l->queues[CONN_BODY].n;
    enum conn_state more = n_new >= n_body ? CONN_NEW : CONN_BODY;
    struct conn *c = oldest(l, CONN_NEW, NEW_PATIENCE_MS);
    c = c ? c : oldest(l, CONN_IDLE, 0);
    c = c ? c : oldest(l, CONN_BODY, BODY_PATIENCE_MS);
    if (!c && l->queues[more].n > l->http->limits.connections / CROWD_PART) {
        c = oldest(l, more, 0); /* they are the crowd, quick as they may be */
    }
    c = c ? c : oldest(l, CONN_KNOWN, 0);
    return c ? c : oldest(l, more, 0);
}

void bw_http_make_room(struct conn *newcomer)
{
    struct listener *l = newcomer->listener;
    struct bw_http *h = l->http;
    if (l->n_open <= h->limits.connections) {
        return;
    }
    struct conn *c = victim(l);
    if (!c || c == newcomer) {
        return; /* it waits in the reserve */
    }
    bw_complain(
        &l->crowded, BW_AREA_HTTP, BW_WARN,
        "all %u connections are taken; whoever sends nothing for longest is cut for "
        "each new one",
        h->limits.connections);
    h->stats.crowded++;
    bw_http_cut(c);
}

/* Byte-seconds that a body has taken. */
static uint64_t held(const struct bw_http_req *r, size_t more, int64_t now_ms)
{
    int64_t age_ms = now_ms - r->begun_mono_ms;
    return (uint64_t)(r->body_charged + more) * (uint64_t)(age_ms > 0 ? age_ms : 1);
}

/* May its body be thrown away? Not where a handler has it. */
static bool loose(const struct bw_http_req *r)
{
    return r && r->body_charged > 0 && !r->dispatched && !r->replied;
}

bool bw_http_body_room(struct bw_http_req *r, size_t n)
{
    struct bw_http *h = r->http;
    size_t limit = h->limits.bodies_bytes;
    if (h->bodies_bytes + n <= limit) {
        return true;
    }
    int64_t now = bw_http_now_ms();
    uint64_t most = 0;
    for (const struct conn *c = h->conns; c; c = c->next) {
        if (loose(c->req) && c->req != r && c->state != CONN_CUT) {
            uint64_t one = held(c->req, 0, now);
            most = one > most ? one : most;
        }
    }
    if (most <= held(r, n, now)) {
        return false;
    }
    /* With those come close to it, so that this is not done for every piece. */
    for (struct conn *c = h->conns; c && h->bodies_bytes + n > limit - limit / 8;
         c = c->next) {
        if (loose(c->req) && c->req != r && c->state != CONN_CUT &&
            held(c->req, 0, now) >= most / 2) {
            h->bodies_bytes -= c->req->body_charged;
            c->req->body_charged = 0;
            bw_buf_done(&c->req->body);
            h->stats.crowded++;
            bw_http_cut(c);
        }
    }
    return h->bodies_bytes + n <= limit;
}

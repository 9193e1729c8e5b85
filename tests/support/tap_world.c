/* SPDX-License-Identifier: GPL-3.0-or-later
 * What stands in for kernel and libpcap under a tap, and packets to give it. */
#include "tap_world.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct tap_world world;
struct bw_tap *tap;
int64_t now_s;
struct bw_summary sum;

int __wrap_bw_ring_open(uv_loop_t *loop,
                        const struct bw_ring_opts *opts,
                        struct bw_ring **ret,
                        struct bw_err *reterr);
int __wrap_bw_ring_bind(struct bw_ring *r,
                        int ifindex,
                        enum bw_packet_link link,
                        bool promiscuous,
                        struct bw_err *reterr);
int __wrap_bw_ring_filter(struct bw_ring *r,
                          const struct bw_ring_filter *f,
                          uint32_t one_in,
                          struct bw_err *reterr);
int __wrap_bw_ring_hold(struct bw_ring *r, struct bw_err *reterr);
void __wrap_bw_ring_read(struct bw_ring *r);
void __wrap_bw_ring_watch(struct bw_ring *r, bool wake);
int64_t __wrap_bw_ring_drops(struct bw_ring *r);
void __wrap_bw_ring_close(struct bw_ring *r, void (*cb)(void *owner), void *owner);
int __wrap_bw_nic_look(int fd, const char *name, struct bw_nic *ret);
int __wrap_bw_nic_name(int fd, int ifindex, char ret[BW_NIC_NAME_MAX + 1]);

int __wrap_bw_ring_open(uv_loop_t *loop,
                        const struct bw_ring_opts *opts,
                        struct bw_ring **ret,
                        struct bw_err *reterr)
{
    (void)loop;
    if (world.open_error < 0) {
        return bw_err_set(reterr, world.open_error, "capturing needs CAP_NET_RAW");
    }
    world.ring[world.n] = (struct bw_ring){.opts = *opts, .held = true};
    *ret = &world.ring[world.n++];
    return 0;
}

int __wrap_bw_ring_bind(struct bw_ring *r,
                        int ifindex,
                        enum bw_packet_link link,
                        bool promiscuous,
                        struct bw_err *reterr)
{
    assert_int_equal(link, BW_PACKET_LINK_ETHERNET);
    r->held = true;
    r->promiscuous = promiscuous;
    r->binds++;
    if (world.bind_error < 0) {
        return bw_err_set(reterr, world.bind_error, "refuses to listen to all that passes");
    }
    r->ifindex = ifindex;
    return 0;
}

int __wrap_bw_ring_filter(struct bw_ring *r,
                          const struct bw_ring_filter *f,
                          uint32_t one_in,
                          struct bw_err *reterr)
{
    (void)reterr;
    assert_true(f->n > 1);
    r->held = false;
    r->one_in = one_in;
    r->filters++;
    r->filter = *f;
    return 0;
}

int __wrap_bw_ring_hold(struct bw_ring *r, struct bw_err *reterr)
{
    (void)reterr;
    r->held = true;
    r->holds++;
    return 0;
}

void __wrap_bw_ring_read(struct bw_ring *r)
{
    (void)r;
}

void __wrap_bw_ring_watch(struct bw_ring *r, bool wake)
{
    r->left_alone = !wake;
}

int64_t __wrap_bw_ring_drops(struct bw_ring *r)
{
    return r->drops;
}

void __wrap_bw_ring_close(struct bw_ring *r, void (*cb)(void *owner), void *owner)
{
    r->closed = cb; /* never before this has returned */
    r->closed_owner = owner;
}

int __wrap_bw_nic_look(int fd, const char *name, struct bw_nic *ret)
{
    (void)fd;
    assert_string_equal(name, "wan0");
    *ret = world.nic;
    return world.nic_error;
}

int __wrap_bw_nic_name(int fd, int ifindex, char ret[BW_NIC_NAME_MAX + 1])
{
    (void)fd;
    if (!world.called || ifindex != world.nic.ifindex) {
        return -ENODEV;
    }
    (void)snprintf(ret, BW_NIC_NAME_MAX + 1, "%s", world.called);
    return 0;
}

/* ---- a tap, and time */

void asked_for(enum bw_tap_what what, struct bw_tap_opts *ret)
{
    *ret = (struct bw_tap_opts){.circuit = "wan",
                                .what = what,
                                .interface = "wan0",
                                .flows_one_in = 1,
                                .least = 5,
                                .devices = what == BW_TAP_FLOWS};
    bw_inside_init(&ret->inside);
    bw_inside_add_private(&ret->inside);
}

void begin_with(const struct bw_tap_opts *o)
{
    assert_int_equal(bw_tap_new(NULL, o, &tap, NULL), 0);
    now_s = T0;
    bw_tap_begin(tap, now_s);
}

void begin(enum bw_tap_what what)
{
    struct bw_tap_opts o;
    asked_for(what, &o);
    begin_with(&o);
}

void second(void)
{
    now_s++;
    world.clock.mono_ns += S;
    bw_clock_fake(&world.clock);
    bw_tap_second(tap, now_s, false);
}

int set_up(void **state)
{
    (void)state;
    (void)memset(&world, 0, sizeof(world));
    world.nic = (struct bw_nic){
        .ifindex = 7, .up = true, .readable = true, .link = BW_PACKET_LINK_ETHERNET};
    world.clock.mono_ns = S;
    bw_clock_fake(&world.clock);
    tap = NULL;
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    bw_tap_close(tap, NULL, NULL);
    for (size_t i = 0; i < world.n; i++) {
        world.ring[i].closed(world.ring[i].closed_owner);
    }
    bw_clock_fake(NULL);
    return 0;
}

int take(int64_t start_s, struct bw_traffic *ret)
{
    bw_summary_init(&sum);
    return bw_tap_take(tap, start_s, &sum, ret);
}

const struct bw_traffic_share *row(const struct bw_traffic *t, const char *class)
{
    for (size_t i = 0; i < t->n_mix; i++) {
        if (strcmp(t->mix[i].klass, class) == 0) {
            return &t->mix[i];
        }
    }
    return NULL;
}

bool has_flag(const struct bw_traffic *t, const char *flag)
{
    for (size_t i = 0; t->flags[i]; i++) {
        if (strcmp(t->flags[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

enum bw_tap_state state_now(void)
{
    struct bw_tap_status st;
    bw_tap_status(tap, &st);
    return st.state;
}

/* ---- packets */

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void give(size_t ring, const struct said *s, int64_t at_ns)
{
    static const uint8_t far[4] = {198, 51, 100, 1};
    const uint8_t near[4] = {10, 0, 0, s->client};
    uint8_t p[54] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
    struct bw_ring_frame f = {.bytes = p,
                              .captured = sizeof(p),
                              .wire = s->wire,
                              .link = BW_PACKET_LINK_ETHERNET,
                              .one_in = s->one_in,
                              .at_ns = at_ns};
    put16(p + 16, s->wire - 14);
    p[23] = s->protocol;
    (void)memcpy(p + 26, s->up ? near : far, 4);
    (void)memcpy(p + 30, s->up ? far : near, 4);
    put16(p + 34, s->up ? 40000 : s->port);
    put16(p + 36, s->up ? s->port : 40000);
    put16(p + 38, s->protocol == 17 ? s->wire - 34 : s->seq >> 16);
    put16(p + 40, s->seq);
    put16(p + 42, s->ack >> 16);
    put16(p + 44, s->ack);
    p[46] = 0x50;
    p[47] = s->flags;
    assert_false(world.ring[ring].held);
    world.ring[ring].opts.frame(world.ring[ring].opts.owner, &f);
}

void crowd(uint8_t clients, uint16_t port, uint32_t wire, uint32_t one_in, int64_t at_ns)
{
    for (uint8_t c = 1; c <= clients; c++) {
        const struct said s = {.up = true,
                               .client = c,
                               .protocol = 17,
                               .port = port,
                               .wire = wire,
                               .one_in = one_in};
        give(0, &s, at_ns);
    }
}

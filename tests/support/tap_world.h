/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap_world.h - a tap between faked rings and a faked interface. The program that uses it
 * wraps bw_ring_* and bw_nic_* by the linker. */
#ifndef BW_TAP_WORLD_H
#define BW_TAP_WORLD_H

#include "bw_test.h"
#include "nic.h"
#include "ring.h"
#include "tap.h"

#include <bw/summary.h>
#include <clock.h>

#define S INT64_C(1000000000)
#define T0 INT64_C(1790000000)

struct bw_ring {
    struct bw_ring_opts opts;
    int ifindex; /* bound to */
    int binds;
    bool promiscuous;
    bool held;
    uint32_t one_in;
    int filters; /* set so far */
    struct bw_ring_filter filter;
    int holds;
    bool left_alone; /* it wakes nobody */
    int64_t drops;
    void (*closed)(void *owner);
    void *closed_owner;
};

struct tap_world {
    struct bw_ring ring[2];
    size_t n;
    int open_error;
    int bind_error;
    int nic_error;
    struct bw_nic nic;
    const char *called; /* the name of nic.ifindex, when it is not the one asked for */
    struct bw_clock_fake clock;
};

extern struct tap_world world;
/* The tap of the test that runs, and its clock. */
extern struct bw_tap *tap;
extern int64_t now_s;
extern struct bw_summary sum; /* whose memory take() used last */

void asked_for(enum bw_tap_what what, struct bw_tap_opts *ret);
void begin_with(const struct bw_tap_opts *o);
void begin(enum bw_tap_what what);
void second(void);
int set_up(void **state);
int tear_down(void **state);

int take(int64_t start_s, struct bw_traffic *ret);
const struct bw_traffic_share *row(const struct bw_traffic *t, const char *class);
bool has_flag(const struct bw_traffic *t, const char *flag);
enum bw_tap_state state_now(void);

struct said {
    bool up;
    uint8_t client; /* 10.0.0.client */
    uint8_t protocol;
    uint16_t port; /* of the far end */
    uint8_t flags;
    uint32_t seq;
    uint32_t ack;
    uint32_t wire;
    uint32_t one_in;
};

void give(size_t ring, const struct said *s, int64_t at_ns);
/* Each of so many clients: one packet up, of the class of this port. */
void crowd(uint8_t clients, uint16_t port, uint32_t wire, uint32_t one_in, int64_t at_ns);

#endif

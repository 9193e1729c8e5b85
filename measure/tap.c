/* SPDX-License-Identifier: GPL-3.0-or-later
 * tap.c - rings on an interface that comes and goes.
 *
 * The name is what the configuration means: a ring is held while no interface has it, and
 * bound to whichever has it next. Once a second is often enough to look, and often enough
 * to read what no full block woke us for. */
#include "tap_private.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <nic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    KEYS_S = 3600, /* of flows, and of what chooses them */
    LOOK_S = 10,
    BLOCK_BYTES = 256 * 1024,
    PACKET_BLOCKS = 5, /* 8 s of what is wanted, 80 ms of a line that fills up */
    FLOW_BLOCKS = 8,   /* 2 s of 100,000 packets a second, one flow in 16 */
    TIMEOUT_MS = 1000
};

_Static_assert(sizeof(((struct bw_tap_opts *)0)->interface) == BW_NIC_NAME_MAX + 1,
               "names of interfaces");

const char *bw_tap_state_word(enum bw_tap_state state)
{
    static const char *const words[] = {
        [BW_TAP_STARTING] = "",
        [BW_TAP_RUNS] = "",
        [BW_TAP_PAUSED] = "",
        [BW_TAP_NO_RIGHTS] = "no-rights",
        [BW_TAP_INTERFACE_GONE] = "interface-gone",
        [BW_TAP_INTERFACE_DOWN] = "interface-down",
        [BW_TAP_REFUSED] = "refused",
        [BW_TAP_FAILED] = "failed",
    };
    return words[state];
}

void tap_set_state(struct bw_tap *t, enum bw_tap_state state, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(t->detail, sizeof(t->detail), fmt, ap);
    va_end(ap);
    if (t->state != state) {
        t->since_unix_s = t->second_s;
    }
    t->state = state;
    if (bw_tap_state_word(state)[0]) {
        t->open.state = state;
    }
}

static bool is_lasting(enum bw_tap_state s)
{
    return s == BW_TAP_NO_RIGHTS || s == BW_TAP_FAILED;
}

/* ---- the interface */

static struct bw_inside inside_of(const struct bw_tap_opts *o, const struct bw_nic *n)
{
    struct bw_inside in = o->inside;
    if (n->has_mac && o->own == BW_TAP_OWN_INNER) {
        in.by_inner = true;
        (void)memcpy(in.inner, n->mac, sizeof(in.inner));
    }
    if (n->has_mac && o->own == BW_TAP_OWN_OUTER) {
        in.by_outer = true;
        (void)memcpy(in.outer, n->mac, sizeof(in.outer));
    }
    return in;
}

static int bind_all(struct bw_tap *t, const struct bw_nic *n, struct bw_err *reterr)
{
    for (size_t i = 0; i < TAP_PASSES; i++) {
        struct tap_pass *p = &t->pass[i];
        int r = 0;
        if (p->ring) {
            r = bw_ring_bind(p->ring, n->ifindex, n->link, t->opts.promiscuous, reterr);
            p->meter.inside = inside_of(&t->opts, n);
        }
        if (r < 0) {
            return r;
        }
    }
    t->ifindex = n->ifindex;
    t->link = n->link;
    t->has_mac = n->has_mac;
    (void)memcpy(t->mac, n->mac, sizeof(t->mac));
    t->fresh = true;
    return 0;
}

static void lose(struct bw_tap *t, int why)
{
    char now[BW_NIC_NAME_MAX + 1] = "";
    tap_hold(t);
    if (why != -ENODEV) {
        tap_set_state(t, BW_TAP_FAILED, "%s cannot be looked at: %s", t->opts.interface,
                      bw_strerror(why));
        return;
    }
    if (t->ifindex > 0 && bw_nic_name(t->fd, t->ifindex, now) == 0) {
        tap_set_state(t, BW_TAP_INTERFACE_GONE, "%s is called %s now", t->opts.interface,
                      now);
        return; /* should it be given the name back, it is the same one */
    }
    t->ifindex = 0;
    tap_set_state(t, BW_TAP_INTERFACE_GONE, "there is no interface %s", t->opts.interface);
}

static bool is_another(const struct bw_tap *t, const struct bw_nic *n)
{
    return n->ifindex != t->ifindex || n->link != t->link ||
           (t->opts.own != BW_TAP_OWN_NOTHING &&
            (n->has_mac != t->has_mac || memcmp(n->mac, t->mac, sizeof(t->mac)) != 0));
}

/* Bring rings to the interface of that name, as it is now. */
static void look(struct bw_tap *t)
{
    struct bw_nic n;
    struct bw_err err = {0};
    int r = bw_nic_look(t->fd, t->opts.interface, &n);
    if (r < 0) {
        lose(t, r);
        return;
    }
    if (!n.readable) {
        tap_hold(t);
        tap_set_state(t, BW_TAP_FAILED,
                      "packets of %s begin with a header that is not read",
                      t->opts.interface);
        return;
    }
    if (is_another(t, &n)) {
        t->filters = false;
        t->whole = false;
        r = bind_all(t, &n, &err);
        if (r < 0) {
            tap_hold(t);
            t->ifindex = 0;
            tap_set_state(t, r == -ENODEV ? BW_TAP_INTERFACE_GONE : BW_TAP_REFUSED,
                          "%s: %s", t->opts.interface, err.text);
            return;
        }
    }
    if (!n.up) {
        tap_hold(t);
        tap_set_state(t, BW_TAP_INTERFACE_DOWN, "%s is switched off", t->opts.interface);
        return;
    }
    if (!t->filters) {
        tap_let_in(t);
        if (!t->filters) {
            return;
        }
    }
    tap_set_state(t, BW_TAP_RUNS, "%s", "");
}

/* ---- time */

void bw_tap_begin(struct bw_tap *t, int64_t unix_s)
{
    bool first = !t->begun;
    t->begun = true;
    t->second_s = unix_s;
    t->open = (struct tap_piece){.start_unix_s = unix_s, .at_least = BW_UNKNOWN};
    if (bw_tap_state_word(t->state)[0]) {
        t->open.state = t->state;
    }
    t->open.paused = t->paused;
    if (!is_lasting(t->state) && !t->paused) {
        look(t);
        t->whole = t->whole || (first && t->filters);
    }
}

static void read_rings(struct bw_tap *t)
{
    for (size_t i = 0; i < TAP_PASSES; i++) {
        if (t->pass[i].ring) {
            bw_ring_read(t->pass[i].ring);
        }
    }
}

void bw_tap_second(struct bw_tap *t, int64_t unix_s, bool stepped)
{
    if (!t->begun) {
        return;
    }
    read_rings(t);
    if (stepped && t->filters) { /* stamps are of two clocks: begin again */
        tap_hold(t);
    }
    if (!t->paused && t->state != BW_TAP_NO_RIGHTS && t->pass[TAP_PACKETS].ring) {
        look(t);
    }
    if (t->state == BW_TAP_RUNS && unix_s > t->second_s) {
        t->open.covered_s += t->whole ? unix_s - t->second_s : 0;
        tap_follow_rate(t, true, t->fresh || unix_s % LOOK_S == 0);
    }
    t->whole = t->filters && !stepped; /* where it was set to is no second's begin */
    t->second_s = unix_s;
    if (t->filters && t->opts.what == BW_TAP_FLOWS &&
        bw_clock_mono_ns() - t->keys_mono_ns >= KEYS_S * TAP_SECOND_NS) {
        tap_let_in(t);
    }
    tap_watch(t);
}

void bw_tap_saturated(struct bw_tap *t, int64_t unix_s)
{
    tap_pass_second(t, unix_s)->saturated = true;
}

void bw_tap_pause(struct bw_tap *t, bool pause)
{
    if (t->paused == pause) {
        return;
    }
    t->paused = pause;
    if (is_lasting(t->state)) {
        return;
    }
    if (pause) {
        t->open.paused = true;
        tap_hold(t);
        tap_set_state(t, BW_TAP_PAUSED, "%s", "a test of this box has the line");
    } else if (t->begun) {
        look(t);
    }
}

static int64_t take_drops(struct bw_tap *t)
{
    int64_t lost = 0;
    for (size_t i = 0; i < TAP_PASSES; i++) {
        struct tap_pass *p = &t->pass[i];
        if (p->ring) {
            int64_t drops = bw_ring_drops(p->ring);
            lost += drops - p->drops;
            p->drops = drops;
        }
    }
    return lost;
}

static void drop_piece(struct bw_tap *t, size_t i)
{
    free(t->pieces[i]);
    for (t->n_pieces--; i < t->n_pieces; i++) {
        t->pieces[i] = t->pieces[i + 1];
    }
}

void bw_tap_cut(struct bw_tap *t, int64_t end_unix_s, int64_t next_unix_s)
{
    struct tap_piece *k;
    if (!t->begun) {
        return;
    }
    k = malloc(sizeof(*k));
    if (k && end_unix_s > t->open.start_unix_s) {
        int64_t most = end_unix_s - t->open.start_unix_s;
        *k = t->open;
        k->end_unix_s = end_unix_s;
        k->covered_s = k->covered_s < most ? k->covered_s : most;
        k->drops = take_drops(t);
        if (t->n_pieces == TAP_PIECES_MAX) { /* nobody takes them */
            drop_piece(t, 0);
        }
        t->pieces[t->n_pieces++] = k;
        for (size_t i = 0; i < TAP_PASSES; i++) {
            struct tap_pass *p = &t->pass[i];
            if (p->border_ns == INT64_MAX) {
                p->border_ns = end_unix_s * TAP_SECOND_NS;
            }
            if (next_unix_s != end_unix_s && p->ring) {
                tap_pass_close(p, INT64_MAX);
            }
        }
        tap_settle_rate(t, k->covered_s);
    } else {
        free(k); /* without memory the interval is not told of */
    }
    t->open = (struct tap_piece){.start_unix_s = next_unix_s, .at_least = BW_UNKNOWN};
    t->open.paused = t->paused;
    if (bw_tap_state_word(t->state)[0]) {
        t->open.state = t->state;
    }
    t->second_s = next_unix_s;
}

int bw_tap_take(struct bw_tap *t,
                int64_t start_unix_s,
                struct bw_summary *s,
                struct bw_traffic *ret)
{
    size_t i = 0;
    struct tap_piece *k;
    int r;
    while (i < t->n_pieces && t->pieces[i]->start_unix_s != start_unix_s) {
        i++;
    }
    if (i == t->n_pieces) {
        return -ENOENT;
    }
    k = t->pieces[i];
    read_rings(t);
    for (size_t n = 0; n < TAP_PASSES; n++) {
        if (t->pass[n].ring) {
            tap_pass_close(&t->pass[n], k->end_unix_s * TAP_SECOND_NS);
        }
    }
    t->untold = k->drawn >= BW_MIX_FEW && k->devices < t->opts.least;
    r = tap_fill(t, k, s, ret);
    drop_piece(t, i);
    return r;
}

/* ---- what is known of it */

enum bw_tap_state bw_tap_state(const struct bw_tap *t)
{
    return t->state;
}

void bw_tap_status(struct bw_tap *t, struct bw_tap_status *ret)
{
    struct bw_tap_seen seen;
    const struct tap_pass *flows = &t->pass[TAP_FLOWS];
    bw_tap_seen(t, &seen);
    *ret = (struct bw_tap_status){
        .state = t->state,
        .since_unix_s = t->since_unix_s,
        .sampled_one_in = t->pass[TAP_PACKETS].one_in,
        .flows_one_in = t->opts.what == BW_TAP_FLOWS && flows->ring ? flows->one_in : 0,
        .captured = seen.drawn,
        .untold = t->untold,
    };
    (void)snprintf(ret->detail, sizeof(ret->detail), "%s", t->detail);
    for (size_t i = 0; i < TAP_PASSES; i++) {
        ret->drops += t->pass[i].ring ? bw_ring_drops(t->pass[i].ring) : 0;
    }
}

void bw_tap_seen(const struct bw_tap *t, struct bw_tap_seen *ret)
{
    *ret = t->seen;
    tap_pass_seen(&t->pass[TAP_PACKETS], ret);
}

/* ---- life */

static int open_rings(struct bw_tap *t, struct bw_err *reterr)
{
    static const size_t blocks[] = {
        [TAP_PACKETS] = PACKET_BLOCKS, [TAP_FLOWS] = FLOW_BLOCKS};
    for (size_t i = 0; i < TAP_PASSES; i++) {
        struct tap_pass *p = &t->pass[i];
        const struct bw_ring_opts o = {.buffer_bytes = blocks[i] * BLOCK_BYTES,
                                       .timeout_ms = TIMEOUT_MS,
                                       .frame = tap_pass_frame,
                                       .read = tap_on_read,
                                       .owner = p};
        int r = 0;
        if (p->kind == TAP_FLOWS && t->opts.what != BW_TAP_FLOWS) {
            continue;
        }
        r = bw_ring_open(t->loop, &o, &p->ring, reterr);
        r = r < 0 ? r : tap_pass_init(p);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static void forget_seconds(struct bw_tap *t)
{
    for (size_t i = 0; i < TAP_SECONDS; i++) {
        t->seconds[i].unix_s = BW_UNKNOWN;
    }
    bw_hist_init(&t->saturated);
    t->saturated_who = (struct bw_crowd){.mac = 0};
}

static void set_opts(struct bw_tap *t, const struct bw_tap_opts *o)
{
    t->opts = *o;
    t->opts.least = o->least < BW_TAP_LEAST ? BW_TAP_LEAST : o->least;
    t->opts.flows_one_in = o->flows_one_in > 0 ? o->flows_one_in : BW_TAP_FLOWS_ONE_IN;
}

int bw_tap_new(uv_loop_t *loop,
               const struct bw_tap_opts *opts,
               struct bw_tap **ret,
               struct bw_err *reterr)
{
    struct bw_err why = {0};
    struct bw_tap *t = calloc(1, sizeof(*t));
    int r;
    if (!t) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    t->loop = loop;
    t->second_s = BW_UNKNOWN;
    t->since_unix_s = BW_UNKNOWN;
    set_opts(t, opts);
    forget_seconds(t);
    for (size_t i = 0; i < TAP_PASSES; i++) {
        t->pass[i].tap = t;
        t->pass[i].kind = (enum tap_pass_kind)i;
        t->pass[i].one_in = i == TAP_PACKETS ? TAP_START_ONE_IN : t->opts.flows_one_in;
        t->pass[i].border_ns = INT64_MAX;
        bw_mix_init(&t->pass[i].meter.mix);
    }
    t->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (t->fd < 0) {
        t->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    r = open_rings(t, &why);
    if (r < 0) {
        tap_set_state(t, r == -EPERM ? BW_TAP_NO_RIGHTS : BW_TAP_FAILED, "%s", why.text);
    }
    *ret = t;
    return 0;
}

bool bw_tap_can(const struct bw_tap *t, const struct bw_tap_opts *opts)
{
    return opts->what != BW_TAP_FLOWS || t->opts.what == BW_TAP_FLOWS ||
           t->pass[TAP_FLOWS].ring;
}

void bw_tap_set(struct bw_tap *t, const struct bw_tap_opts *opts)
{
    tap_hold(t);
    set_opts(t, opts);
    for (size_t i = 0; i < TAP_PASSES; i++) {
        struct tap_pass *p = &t->pass[i];
        if (!p->ring) {
            continue;
        }
        tap_pass_seen(p, &t->seen);
        bw_meter_done(&p->meter);
        if (tap_pass_init(p) < 0) {
            tap_set_state(t, BW_TAP_FAILED, "out of memory");
        }
    }
    while (t->n_pieces > 0) {
        free(t->pieces[--t->n_pieces]);
    }
    forget_seconds(t);
    t->ifindex = 0;
    if (!is_lasting(t->state)) {
        t->state = BW_TAP_STARTING;
    }
}

static void free_tap(struct bw_tap *t)
{
    void (*cb)(void *) = t->closed;
    void *owner = t->closed_owner;
    for (size_t i = 0; i < TAP_PASSES; i++) {
        bw_meter_done(&t->pass[i].meter);
    }
    while (t->n_pieces > 0) {
        free(t->pieces[--t->n_pieces]);
    }
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    explicit_bzero(t, sizeof(*t));
    free(t);
    if (cb) {
        cb(owner);
    }
}

static void on_ring_closed(void *owner)
{
    struct bw_tap *t = owner;
    if (--t->closing == 0) {
        free_tap(t);
    }
}

void bw_tap_close(struct bw_tap *t, void (*cb)(void *owner), void *owner)
{
    size_t open = 0;
    t->closed = cb;
    t->closed_owner = owner;
    for (size_t i = 0; i < TAP_PASSES; i++) {
        open += t->pass[i].ring != NULL;
    }
    t->closing = open;
    for (size_t i = 0; i < TAP_PASSES; i++) {
        if (t->pass[i].ring) {
            bw_ring_close(t->pass[i].ring, on_ring_closed, t);
        }
    }
    if (open == 0) {
        free_tap(t);
    }
}

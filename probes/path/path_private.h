/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_private.h - the state of one path instance; for path.c (contract, when),
 * path_run.c (packets and answers of the traces) and path_tell.c (what is told) only. */
#ifndef BW_PATH_PRIVATE_H
#define BW_PATH_PRIVATE_H

#include "path_names.h"
#include "path_socket.h"
#include "path_trace.h"

#include <bw/probe.h>
#include <outlet.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include <whereis.h>

enum {
    PATH_SLOTS = 256, /* packets that can still be answered; more than late ones need */
    PATH_GAP_MS = 20, /* between two packets of one instance: 50 a second */
    PATH_PATIENCE_MS = 1000, /* a router answers about one large packet a second */
    PATH_NAMES_MS = 3000,    /* a trace waits this long for names */
    PATH_WHERE_MS = 10000    /* … and for its target's address */
};

#define PATH_NS_PER_MS INT64_C(1000000)

enum path_slot_state {
    PATH_SLOT_FREE,
    PATH_SLOT_WAITING,
    PATH_SLOT_SILENT, /* its silence was told; a late answer still names its hop */
    PATH_SLOT_DONE
};

struct path_slot {
    enum path_slot_state state;
    uint32_t number;
    uint32_t target;
    uint32_t trace; /* the target's count of traces */
    uint32_t udp_bytes;
    struct path_ask ask;
    int64_t sent_mono_ns;
    int64_t sent_unix_ns; /* the kernel's; unknown until it comes */
};

enum path_state {
    PATH_IDLE,
    PATH_TRACING,
    PATH_NAMING /* over, but for names */
};

struct path_target {
    struct bw_whereis where;
    enum path_state state;
    struct path_trace trace;
    union bw_address to; /* of this trace: a lookup that ends meanwhile is for the next */
    uint8_t family;
    uint32_t traces;
    bool elsewhere; /* another address sent the target's answer, in this trace */
    int64_t due_mono_ns;
    int64_t began_mono_ns; /* this trace */
    int64_t next_send_mono_ns;
    int64_t names_end_mono_ns;
    union bw_address hops[BW_PATH_HOPS_MAX]; /* of the trace before; all zero: not known */
    uint32_t mtu;                            /* of the trace before; 0: not known */
};

struct bw_probe {
    struct bw_host *host;
    const struct bw_opts *opts;
    struct path_target *targets;
    uint32_t n_targets;
    struct path_slot slots[PATH_SLOTS];
    uint32_t next; /* number of the next packet */
    int64_t next_send_mono_ns;
    struct path_socket sockets[2];
    uv_poll_t polls[2];
    uv_poll_t ears[2];
    bool polling[2];
    bool hearing[2];
    uv_timer_t timer;
    bool timer_made;
    struct bw_outlet outlet;
    struct path_names *names;
    bool running;
    bool cancelled;
    int64_t round_end_mono_ns; /* INT64_MAX: until cancelled */
    int n_open;                /* handles not closed yet */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static inline struct path_socket *path_socket_of(struct bw_probe *p,
                                                 const struct path_target *t)
{
    return &p->sockets[t->family == 6 ? 1 : 0];
}

/* path_run.c: begin a trace; 0, -EAGAIN: its address is being looked up, -errno. */
int path_begin(struct bw_probe *p, uint32_t target, int64_t now_ns);
/* Read what came, tell silences, send what is due, of all traces. Gives the instant at
 * which there is something to do again; INT64_MAX: there is not. */
int64_t path_advance(struct bw_probe *p, int64_t now_ns);
void path_read(struct bw_probe *p, size_t i);

/* path_tell.c: a trace is over: names are asked for; it is told when they are known. */
void path_finish(struct bw_probe *p, uint32_t target, int64_t now_ns);
bool path_named(struct bw_probe *p, const struct path_target *t);
/* Lend it: BW_OK, or BW_SKIPPED as far as it came. The target is idle then. */
void path_tell(struct bw_probe *p, uint32_t target, enum bw_sample_state state);
/* A trace that could not be made. */
void path_fail(struct bw_probe *p, uint32_t target, int error, const char *reason);

#endif

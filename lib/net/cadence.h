/* SPDX-License-Identifier: GPL-3.0-or-later
 * cadence.h - what every latency probe does alike: one packet (or connection, or request)
 * an interval to each target, spread evenly; what became of each; rounds that begin and
 * end.
 *
 * Targets are sent to in groups; group k of the cadence is due at t0 + k * interval /
 * n_groups, whatever rounds come and go. A group that is late by a whole interval is
 * skipped and given as such, not made up for. Everything sent is one slot of a ring, found
 * by its number, until no late answer counts any more. A slot is given once as OK or LOST
 * (or FAILED) and at most once more as LATE. All slots have the same timeout, so they
 * expire in the order they were sent.
 *
 * How a probe uses it (probes/icmp is the model), all on the loop's thread:
 *   create(): bw_cadence_init()      open(): own sockets, then bw_cadence_open()
 *   run():    bw_cadence_run()       cancel(): bw_cadence_cancel()
 *   close():  own handles and bw_cadence_close(); when all of them have called back,
 *             bw_cadence_done(), and the probe is freed
 *   ops->send(): send one packet for each slot; an answer is told by bw_cadence_answered()
 *             or, where the kernel stamps both ways, bw_cadence_sent() and
 * bw_cadence_reply(); bw_cadence_refused() when something said that it did not arrive;
 *             bw_cadence_failed() when it could not be sent. Then, once what has been read
 * is told, bw_cadence_lend(). */
#ifndef BW_CADENCE_H
#define BW_CADENCE_H

#include "outlet.h"
#include "whereis.h"

#include <bw/probe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;

enum {
    BW_CADENCE_GROUP = 64,    /* slots handed to one send() at most */
    BW_CADENCE_SAMPLES = 128, /* lent at a time */
    BW_CADENCE_EARLY = 64     /* answers that wait for the stamp of their packet */
};

#define BW_NS_PER_MS INT64_C(1000000)

enum bw_slot_state {
    BW_SLOT_FREE,
    BW_SLOT_WAITING,
    BW_SLOT_DONE, /* answered, or could not be sent: nothing more is said of it */
    BW_SLOT_LOST  /* given as lost; may still be answered late */
};

struct bw_slot {
    uint32_t number; /* counts everything sent by this instance; wraps */
    uint32_t target; /* index into the cadence's targets */
    uint8_t state;   /* enum bw_slot_state */
    uint8_t family;
    int64_t sent_mono_ns; /* just before the send; set by whoever counts otherwise */
    int64_t sent_unix_ns; /* the kernel's transmit stamp; unknown until it comes */
};

struct bw_cadence;

struct bw_cadence_ops {
    /* Send for each slot (n <= BW_CADENCE_GROUP, all of one family); the address is
     * bw_cadence_to(). Must not end the round. */
    void (*send)(void *owner, int family, struct bw_slot *const *slots, size_t n);
    /* Why a target with an address cannot be sent to now (-EAFNOSUPPORT: no socket of its
     * family); 0: it can. NULL: always. */
    int (*obstacle)(void *owner, uint32_t target);
    /* After sending, before losses are told: read what has come meanwhile. A near target
     * has answered by now: this saves a wake-up for each group. NULL: nothing to read. */
    void (*tick)(void *owner);
    /* The interface packets leave by has another index (never 0). NULL where the probe
     * binds its sockets by name. */
    void (*outlet)(void *owner, unsigned ifindex);
    /* A reply told by bw_cadence_reply() counts now, with rtt_ns by the kernel's stamps or
     * our clock: gives the round trip to tell (less what the far end kept it, say), and
     * what else is known, lent until the next call. NULL: rtt_ns it is. */
    int64_t (*judge)(void *owner,
                     const struct bw_slot *s,
                     int64_t received_unix_ns,
                     int64_t rtt_ns,
                     const struct bw_latency_detail **ret_detail);
    /* A slot is about to be given as lost by its timeout: what is known of it, lent until
     * expired() returns. NULL, or NULL given: nothing. */
    const struct bw_latency_detail *(*expiring)(void *owner, struct bw_slot *s);
    /* A slot was just given as lost by its timeout: a connection may be dropped now, or
     * kept for a late answer. May be NULL. */
    void (*expired)(void *owner, struct bw_slot *s);
    /* The slot is about to be used for another packet: its last chance to be forgotten (no
     * late answer counts any more). May be NULL. */
    void (*forget)(void *owner, struct bw_slot *s);
};

/* How an instance is to run; from its options. */
struct bw_cadence_plan {
    int64_t interval_ms;
    int64_t timeout_ms;
    int64_t late_ms; /* answers still count as late this long after the loss */
    int family;      /* 0: any; 4, 6: only these */
    bool both;       /* names are measured over IPv4 and over IPv6 (family 0) */
    bool has_port;   /* targets are "host:port" or "host", else bare hosts */
    uint16_t port;   /* of targets that name none */
    /* Targets are something else with a host in it, as an URL: gives host and port. NULL:
     * as has_port says. -EINVAL with the sentence. */
    int (*split)(const char *address,
                 char ret_host[BW_HOST_MAX],
                 uint16_t *ret_port,
                 struct bw_err *reterr);
    bool own_lookups; /* names are not looked up here and have every family asked for */
};

struct bw_cadence_early {
    uint32_t number;
    int64_t received_unix_ns;
    int64_t now_mono_ns;
};

/* Embedded in the probe. Read host, opts, n_targets, targets and index; the rest is
 * cadence's. A target of the options that is measured over both families is two here. */
struct bw_cadence {
    struct bw_host *host;
    const struct bw_opts *opts;
    uint32_t n_targets;
    struct bw_whereis *targets;
    uint32_t *index; /* of each: the target of the options that it is */

    const struct bw_cadence_ops *ops;
    void *owner;
    struct bw_cadence_plan plan;
    int64_t interval_ns;
    int64_t timeout_ns;
    uint64_t n_groups;
    struct bw_slot *ring;
    uint32_t ring_mask;
    uint32_t head; /* number of the oldest slot that may still wait */
    uint32_t next; /* number of the next packet */
    struct bw_outlet outlet;
    uv_timer_t timer;
    bool timer_made;
    bool planned; /* t0 and k are set */
    int64_t t0_mono_ns;
    uint64_t k;
    int64_t names_until_mono_ns; /* first lookups are waited for, up to here */
    bool running;
    bool cancelled;
    int64_t round_end_mono_ns; /* INT64_MAX: until cancelled */
    int unstamped;             /* answers in a row whose packet had no transmit stamp */
    struct bw_cadence_early early[BW_CADENCE_EARLY];
    uint32_t n_early;
    struct bw_latency_sample samples[BW_CADENCE_SAMPLES];
    uint32_t n_samples;
    bool closing;
    void (*closed)(void *owner);
};

/* The option `family`: 4 or 6 where its word is that, else 0. */
int bw_cadence_family(const struct bw_opts *opts);

/* For check(): targets are there, are hosts (with a port where the plan has one) and have
 * addresses of the plan's family where they are addresses. Pure. */
int bw_cadence_check(const struct bw_opts *opts,
                     const char *kind,
                     const struct bw_cadence_plan *plan,
                     struct bw_err *reterr);

/* For ways(): targets, and a name that is measured over both families is two. Pure. */
int64_t bw_cadence_ways(const struct bw_opts *opts, const struct bw_cadence_plan *plan);

/* No I/O. -ENOMEM. bw_cadence_done() frees also after a failure. */
int bw_cadence_init(struct bw_cadence *c,
                    struct bw_host *host,
                    const struct bw_opts *opts,
                    const struct bw_cadence_plan *plan,
                    const struct bw_cadence_ops *ops,
                    void *owner);
/* Is there a target that (perhaps) has an address of this family? */
bool bw_cadence_wants(const struct bw_cadence *c, int family);
/* The timer; names are looked up, the interface is looked for. Sockets are open already. */
int bw_cadence_open(struct bw_cadence *c, struct bw_err *reterr);
int bw_cadence_run(struct bw_cadence *c, uint32_t budget_ms); /* as bw_probe_ops.run */
void bw_cadence_cancel(struct bw_cadence *c);
/* Stops everything; `closed(owner)` (of init) follows later, or at once where open() never
 * came so far: count it like a handle. */
void bw_cadence_close(struct bw_cadence *c, void (*closed)(void *owner));
void bw_cadence_done(struct bw_cadence *c);

static inline const union bw_address *bw_cadence_to(const struct bw_cadence *c,
                                                    const struct bw_slot *s)
{
    return &c->targets[s->target].to;
}
/* The slot of a number that came back on the wire; NULL: it is not (any more) one of ours.
 * Whether it is waiting, lost or done says its state. */
struct bw_slot *bw_cadence_slot(struct bw_cadence *c, uint32_t number);
/* A slot's place, 0 … bw_cadence_n_slots() - 1: index of the probe's own arrays. */
static inline uint32_t bw_cadence_place(const struct bw_cadence *c, const struct bw_slot *s)
{
    return s->number & c->ring_mask;
}
static inline uint32_t bw_cadence_n_slots(const struct bw_cadence *c)
{
    return c->ring_mask + 1;
}

/* What became of a slot; each may be told of any slot at any time, and is passed over where
 * nothing more is to be said of it. */

/* The kernel's stamp of its sending. */
void bw_cadence_sent(struct bw_cadence *c, struct bw_slot *s, int64_t stamp_unix_ns);
/* Answered after rtt_ns: OK, or LATE (after LOST, which is told first where it was not). */
void bw_cadence_answered(struct bw_cadence *c, struct bw_slot *s, int64_t rtt_ns);
/* The same, and what else is known (NULL: nothing), lent. */
void bw_cadence_answered_with(struct bw_cadence *c,
                              struct bw_slot *s,
                              int64_t rtt_ns,
                              const struct bw_latency_detail *detail);
/* Answered, received at the kernel's received_unix_ns (BW_UNKNOWN: it gave none), read now.
 * Where the transmit stamp is not there yet, the answer waits for bw_cadence_settle(). */
void bw_cadence_reply(struct bw_cadence *c,
                      struct bw_slot *s,
                      int64_t received_unix_ns,
                      int64_t now_mono_ns);
/* Does a reply wait for the stamp of its packet? Then read the error queue once more, and
 * settle what is left by our own clock. */
bool bw_cadence_unsettled(const struct bw_cadence *c);
void bw_cadence_settle(struct bw_cadence *c);
/* Something on the way, or the target, said that it did not arrive: lost. */
void bw_cadence_refused(struct bw_cadence *c, struct bw_slot *s, int error);
void bw_cadence_refused_with(struct bw_cadence *c,
                             struct bw_slot *s,
                             int error,
                             const struct bw_latency_detail *detail);
/* It could not be sent: says nothing about the line. */
void bw_cadence_failed(struct bw_cadence *c, struct bw_slot *s, int error);

/* The round trip by two kernel stamps, as far as it is no more than our own clock saw:
 * where the wall clock was stepped between them, or one is missing, our own monotonic
 * reading is the better bound. */
int64_t bw_cadence_round_trip(const struct bw_slot *s,
                              int64_t received_unix_ns,
                              int64_t now_mono_ns);

/* Any other sample (its target is one of the options); and lend what was collected to the
 * host. A sample with a detail is lent at once. */
void bw_cadence_give(struct bw_cadence *c, const struct bw_latency_sample *sample);
void bw_cadence_lend(struct bw_cadence *c);
/* After reading outside of tick(): pass over what is done, and lend. */
void bw_cadence_read(struct bw_cadence *c);

/* For cadence.c: give those past their timeout. */
void bw_cadence_expire(struct bw_cadence *c, int64_t now_ns);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * exchange.h - what probes share whose every packet is an exchange with handles of its own
 * (a connection, a query, a request): one a slot of the cadence.
 *
 * An exchange owns itself until the loop has closed its handles; the slot it belongs to is
 * found by its number, and may be done with by then. It is ended when what became of it was
 * told; by its timeout, or (a plan with late_ms) when no late answer counts any more; and
 * when the probe closes. A probe is freed when its last exchange and its cadence are
 * closed.
 *
 * How a probe uses it (probes/tcp is the model), all on the loop's thread:
 *   create(): bw_exchanges_init()    close(): bw_exchanges_close(); ops->gone() frees it
 *   open(), run(), cancel(): those of its cadence
 *   ops->begin(): start one for a slot; its own callbacks tell bw_exchange_over(), and once
 *             it is ended, closed and freed bw_exchanges_closed(). */
#ifndef BW_EXCHANGE_H
#define BW_EXCHANGE_H

#include "cadence.h"

#include <bw/probe.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_exchanges;

/* Embedded in the probe's own, which is one allocation a slot. */
struct bw_exchange {
    struct bw_exchanges *all;
    uint32_t number; /* of its slot */
};

struct bw_exchanges_ops {
    /* Start one; its slot was sent just now. Nothing of it calls back before this returns.
     * *ret is set where there is something to be ended, also after a failure; it stays NULL
     * where all was told already (bw_exchanges_tell()). -errno: it could not be tried. */
    int (*begin)(void *owner, struct bw_slot *s, struct bw_exchange **ret);
    /* Its time is over: look whether something came that this program was too slow to read;
     * may tell bw_exchange_over(). NULL: there is no such look. */
    void (*look)(struct bw_exchange *e);
    /* Close its handles; bw_exchanges_closed() follows, later or now. */
    void (*end)(struct bw_exchange *e);
    /* It is about to be given as lost by its timeout: what is known of it, lent until the
     * next call. NULL, or NULL given: nothing. */
    const struct bw_latency_detail *(*expiring)(struct bw_exchange *e);
    /* All is closed: free the owner (free() itself does where it is one allocation). */
    void (*gone)(void *owner);
};

/* Embedded in the probe. The cadence is there to be read; the rest is not. */
struct bw_exchanges {
    struct bw_cadence cadence;
    const struct bw_exchanges_ops *ops;
    void *owner;
    struct bw_exchange **list; /* by place of the slot; NULL: none under way */
    int n_open;                /* what is not closed yet, the cadence too */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* No I/O. On a failure nothing is left of it. */
int bw_exchanges_init(struct bw_exchanges *x,
                      struct bw_host *host,
                      const struct bw_opts *opts,
                      const struct bw_cadence_plan *plan,
                      const struct bw_exchanges_ops *ops,
                      void *owner);
/* End all, close the cadence; then ops->gone() and cb(closed_owner), later or now. */
void bw_exchanges_close(struct bw_exchanges *x,
                        void (*cb)(void *closed_owner),
                        void *closed_owner);

/* One thing more of the probe's own has to be closed before it is gone; and one is closed:
 * an exchange, or such a thing. */
void bw_exchanges_hold(struct bw_exchanges *x);
void bw_exchanges_closed(struct bw_exchanges *x);

/* Since its slot was sent, by our own clock; 0: its slot is another's by now. */
int64_t bw_exchange_age_ns(const struct bw_exchange *e);

/* What became of it: BW_OK after rtt_ns, BW_LOST because something said so (error), or
 * BW_FAILED: it could not be tried (error). The detail is lent, NULL: none. This ends it.
 */
void bw_exchange_over(struct bw_exchange *e,
                      enum bw_sample_state state,
                      int error,
                      int64_t rtt_ns,
                      const struct bw_latency_detail *detail);
/* The same from within begin(), of a slot whose exchange there is no need for. */
void bw_exchanges_tell(struct bw_exchanges *x,
                       struct bw_slot *s,
                       enum bw_sample_state state,
                       int error,
                       int64_t rtt_ns,
                       const struct bw_latency_detail *detail);

#endif

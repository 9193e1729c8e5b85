/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_move.c - what was measured before a change of the configuration goes on behind
 * it: counters, outages, results.
 *
 * The old interval has been cut at the second at which the new one starts, so rates and
 * spans fit without a seam. */
#include "interval_private.h"

#include <errno.h>
#include <string.h>

/* Do both list the same targets of their circuit, in the same order? */
static bool same_targets(const struct bw_interval *a,
                         uint32_t circuit_a,
                         const struct bw_interval *b,
                         uint32_t circuit_b)
{
    uint32_t i = 0;
    uint32_t k = 0;
    for (;;) {
        while (i < a->n_targets && a->targets[i].conf.circuit != circuit_a) {
            i++;
        }
        while (k < b->n_targets && b->targets[k].conf.circuit != circuit_b) {
            k++;
        }
        if (i == a->n_targets || k == b->n_targets) {
            return i == a->n_targets && k == b->n_targets;
        }
        if (strcmp(a->targets[i].conf.name, b->targets[k].conf.name) != 0 ||
            strcmp(a->targets[i].conf.kind, b->targets[k].conf.kind) != 0 ||
            a->targets[i].watched != b->targets[k].watched) {
            return false;
        }
        i++;
        k++;
    }
}

/* The whole state of a circuit changes places; each keeps its own place's facts. */
static void
swap_circuit(struct bw_interval *iv, uint32_t to, struct bw_interval *old, uint32_t from)
{
    struct circuit *n = iv->circuits[to];
    struct circuit *o = old->circuits[from];
    bool same = same_targets(iv, to, old, from);
    enum bw_layer told = o->conf.layer; /* by the last reading, which still holds */
    o->conf = n->conf;
    o->conf.layer = told;
    o->n_targets = n->n_targets;
    o->reference = n->reference;
    if (o->rates) {
        bw_rates_set_claim(o->rates, o->conf.claim_bps);
    }
    if (!same) { /* other targets: whether they are all silent is another question */
        bw_outage_free(o->watch);
        o->watch = NULL;
        o->n_echoes = 0;
    }
    iv->circuits[to] = o;
    old->circuits[from] = n;
}

void bw_interval_take_over(struct bw_interval *iv,
                           struct bw_interval *old,
                           const int circuit_from[BW_CIRCUITS_MAX])
{
    struct piece *to = iv->pieces[iv->n_pieces - 1];
    struct piece *from = old->pieces[old->n_pieces - 1];
    size_t kept = 0;
    for (uint32_t i = 0; i < iv->n_circuits; i++) {
        if (circuit_from[i] >= 0) {
            swap_circuit(iv, i, old, (uint32_t)circuit_from[i]);
        }
    }
    for (size_t i = 0; i < from->n_results; i++) {
        struct result *x = from->results[i];
        uint32_t k = 0;
        while (k < iv->n_circuits && circuit_from[k] != (int)x->circuit) {
            k++;
        }
        if (k < iv->n_circuits && to->n_results < BW_INTERVAL_RUNS_MAX) {
            x->circuit = k;
            to->results[to->n_results++] = x;
        } else {
            from->results[kept++] = x; /* of a line that is not measured any more */
        }
    }
    from->n_results = kept;
    for (size_t i = 0; i < from->n_gaps; i++) {
        (void)bw_interval_gap(iv, from->gaps[i].from_unix_s, from->gaps[i].to_unix_s,
                              from->gaps[i].why);
    }
    from->n_gaps = 0;
}

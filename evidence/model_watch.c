/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_watch.c - how much of the period could have shown an outage.
 *
 * Invariant: of each cell no more counts than a second target was asked in it, and nothing
 * counts twice. Within a cell two may still have been asked one behind the other: the time
 * in which both were is at most what stands here. */
#include "model_private.h"

#include "witness.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t cell_of(int64_t unix_s)
{
    return unix_s / BW_CELL_S - (unix_s % BW_CELL_S < 0);
}

int bw_model_watch_begin(struct bw_model *m)
{
    int64_t first = cell_of(m->report->from_unix_s);

    m->n_watch = (size_t)(cell_of(m->report->to_unix_s - 1) - first + 1);
    m->watch = calloc(m->n_watch, sizeof(*m->watch));
    return m->watch ? 0 : -ENOMEM;
}

/* The first target of the same name: both families of one are one. */
static size_t namesake(const struct bw_model *m, size_t target)
{
    size_t i = 0;

    while (strcmp(m->targets[i].probe, m->targets[target].probe) != 0) {
        i++;
    }
    return i;
}

void bw_model_watch_add(
    struct bw_model *m, size_t target, int64_t unix_s, int64_t sent, int64_t covered_s)
{
    int64_t at = cell_of(unix_s) - cell_of(m->report->from_unix_s);
    size_t first = namesake(m, target);

    if (at >= 0 && at < (int64_t)m->n_watch && bw_witness_watches(sent, covered_s)) {
        m->targets[first].witness = true;
        bw_witness_add(&m->watch[at], first, sent, covered_s);
    }
}

int64_t bw_model_watched_s(const struct bw_model *m, int64_t from_unix_s, int64_t to_unix_s)
{
    int64_t first = cell_of(m->report->from_unix_s);
    int64_t last = cell_of(to_unix_s - 1) - first;
    int64_t total_s = 0;

    for (int64_t i = cell_of(from_unix_s) - first; i <= last && i < (int64_t)m->n_watch;
         i++) {
        total_s += m->watch[i].watched_s;
    }
    return total_s;
}

int64_t bw_model_witnesses(const struct bw_model *m)
{
    int64_t n = 0;

    for (size_t i = 0; i < m->n_targets; i++) {
        n += m->targets[i].witness;
    }
    return n;
}

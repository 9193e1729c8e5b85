/* SPDX-License-Identifier: GPL-3.0-or-later
 * details_path.c - the traces of a way over a period: how often it changed, when and at
 * which hop last, and how it looks now.
 *
 * Invariant: whether a trace found another way is what the box that saw both said; only
 * the place of a change is worked out here, from hops that both sides tell. */
#include "details_private.h"

#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void details_track_done(struct details_track *k)
{
    for (size_t i = 0; i < k->n_ways; i++) {
        free(k->ways[i].hops);
    }
    free(k->ways);
    free(k->traces);
}

static int
find_track(struct bw_details_maker *m, const struct bw_path *p, struct details_track **ret)
{
    struct details_track *k;
    int family = p->family == BW_UNKNOWN ? 0 : (int)p->family;

    for (size_t i = 0; i < m->n_tracks; i++) {
        k = &m->tracks[i];
        if (k->p.family == family && strcmp(k->p.probe, p->probe) == 0 &&
            strcmp(k->p.method, p->method) == 0) {
            *ret = k;
            return 0;
        }
    }
    if (m->n_tracks == BW_DETAIL_TARGETS_MAX) {
        return -E2BIG;
    }
    if (!m->tracks) {
        m->tracks = calloc(BW_DETAIL_TARGETS_MAX, sizeof(*m->tracks));
        if (!m->tracks) {
            return -ENOMEM;
        }
    }
    k = &m->tracks[m->n_tracks++];
    memcpy(k->p.probe, p->probe, sizeof(k->p.probe));
    memcpy(k->p.method, p->method, sizeof(k->p.method));
    k->p.family = family;
    k->p.changed_unix_ms = k->p.changed_ttl = k->p.last_unix_ms = BW_UNKNOWN;
    k->p.reached = k->p.mtu = k->p.hops_unix_ms = BW_UNKNOWN;
    *ret = k;
    return 0;
}

/* The number of the trace's way, -1 where it is not told or one too many; -ENOMEM. */
static int find_way(struct details_track *k, const struct bw_path *p, int32_t *ret)
{
    void *room;

    *ret = -1;
    if (!p->hash[0]) {
        return 0;
    }
    for (size_t i = k->n_ways; i-- > 0;) {
        if (strcmp(k->ways[i].hash, p->hash) == 0) {
            *ret = (int32_t)i;
            return 0;
        }
    }
    if (k->n_ways == BW_DETAIL_WAYS_MAX) {
        return 0;
    }
    room = bw_grow(k->ways, k->n_ways, &k->cap_ways, sizeof(*k->ways));
    if (!room) {
        return -ENOMEM;
    }
    k->ways = room;
    k->ways[k->n_ways] = (struct details_way){.told_unix_ms = BW_UNKNOWN};
    memcpy(k->ways[k->n_ways].hash, p->hash, sizeof(k->ways[0].hash));
    *ret = (int32_t)k->n_ways++;
    return 0;
}

static int copy_hops(const struct bw_hop *hops, size_t n, struct bw_hop **ret)
{
    struct bw_hop *copy = malloc(n * sizeof(*copy));

    if (!copy) {
        return -ENOMEM;
    }
    memcpy(copy, hops, n * sizeof(*copy));
    *ret = copy;
    return 0;
}

static int tell_hops(struct details_way *w, const struct bw_path *p)
{
    struct bw_hop *hops = NULL;

    if (p->n_hops == 0 || p->at_unix_ms < w->told_unix_ms) {
        return 0;
    }
    if (copy_hops(p->hops, p->n_hops, &hops) < 0) {
        return -ENOMEM;
    }
    free(w->hops);
    w->hops = hops;
    w->n_hops = p->n_hops;
    w->told_unix_ms = p->at_unix_ms;
    return 0;
}

/* Count a trace, and keep what the newest found. */
static void take_trace(struct bw_detail_path *t, const struct bw_path *p)
{
    t->n_traces++;
    t->n_reached += p->reached == 1;
    t->n_compared += p->changed != BW_UNKNOWN;
    t->n_changes += p->changed == 1;
    if (t->last_unix_ms == BW_UNKNOWN || p->at_unix_ms > t->last_unix_ms) {
        t->last_unix_ms = p->at_unix_ms;
        t->reached = p->reached;
        t->mtu = p->mtu;
        (void)snprintf(t->flag, sizeof(t->flag), "%s", p->flag ? p->flag : "");
    }
}

int details_add_path(struct bw_details_maker *m, const struct bw_path *p)
{
    struct details_track *k = NULL;
    int32_t way = -1;
    void *room;
    int r = find_track(m, p, &k);

    if (r < 0) {
        m->more = m->more || r == -E2BIG;
        return r == -E2BIG ? 0 : r;
    }
    room = bw_grow(k->traces, k->n_traces, &k->cap_traces, sizeof(*k->traces));
    if (!room) {
        return -ENOMEM;
    }
    k->traces = room;
    r = find_way(k, p, &way);
    if (r == 0 && way >= 0) {
        r = tell_hops(&k->ways[way], p);
    }
    if (r < 0) {
        return r;
    }
    k->traces[k->n_traces++] = (struct details_trace){
        .at_unix_ms = p->at_unix_ms, .way = way, .changed = p->changed == 1};
    take_trace(&k->p, p);
    return 0;
}

/* ---- what they say ---------------------------------------------------------------- */

static int compare_traces(const void *a, const void *b)
{
    const struct details_trace *x = a;
    const struct details_trace *y = b;

    if (x->at_unix_ms != y->at_unix_ms) {
        return x->at_unix_ms < y->at_unix_ms ? -1 : 1;
    }
    return (x->way > y->way) - (x->way < y->way);
}

static int64_t last_answered(const struct details_way *w)
{
    int64_t ttl = BW_UNKNOWN;

    for (size_t i = 0; i < w->n_hops; i++) {
        ttl = w->hops[i].hash[0] ? w->hops[i].ttl : ttl;
    }
    return ttl;
}

/* The first hop at which both ways tell who answered, and it was not the same; where there
 * is none, the first hop that only the longer one has. */
static int64_t first_difference(const struct details_way *a, const struct details_way *b)
{
    int64_t end_a = last_answered(a);
    int64_t end_b = last_answered(b);
    size_t k = 0;

    for (size_t i = 0; i < a->n_hops; i++) {
        const struct bw_hop *x = &a->hops[i];
        while (k < b->n_hops && b->hops[k].ttl < x->ttl) {
            k++;
        }
        if (k < b->n_hops && b->hops[k].ttl == x->ttl && x->hash[0] && b->hops[k].hash[0] &&
            strcmp(x->hash, b->hops[k].hash) != 0) {
            return x->ttl;
        }
    }
    if (end_a == BW_UNKNOWN || end_b == BW_UNKNOWN || end_a == end_b) {
        return BW_UNKNOWN;
    }
    return (end_a < end_b ? end_a : end_b) + 1;
}

static const struct details_way *way_of(const struct details_track *k, size_t trace)
{
    int32_t way = k->traces[trace].way;

    return way >= 0 && k->ways[way].n_hops > 0 ? &k->ways[way] : NULL;
}

int details_take_path(struct details_track *k, struct bw_detail_path *ret)
{
    struct bw_detail_path p = k->p;
    const struct details_way *now;

    if (k->n_traces > 0) {
        qsort(k->traces, k->n_traces, sizeof(*k->traces), compare_traces);
    }
    for (size_t i = 0; i < k->n_traces; i++) {
        const struct details_way *before = i > 0 ? way_of(k, i - 1) : NULL;
        const struct details_way *after = way_of(k, i);
        if (k->traces[i].changed) {
            p.changed_unix_ms = k->traces[i].at_unix_ms;
            p.changed_ttl = before && after ? first_difference(before, after) : BW_UNKNOWN;
        }
    }
    now = k->n_traces > 0 ? way_of(k, k->n_traces - 1) : NULL;
    if (now) {
        if (copy_hops(now->hops, now->n_hops, &p.hops) < 0) {
            return -ENOMEM;
        }
        p.n_hops = now->n_hops;
        p.hops_unix_ms = now->told_unix_ms;
    }
    *ret = p;
    return 0;
}

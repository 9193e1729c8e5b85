/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_path.c - traces of the way to a target: is it another one than before, and what
 * does the record tell of it?
 *
 * A router that is silent this time is no change, and neither is a target: a way is another
 * one only where a hop that answered both times answered as somebody else, or where its
 * length changed, as far as it was known. */
#include "interval_private.h"

#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY_S = 86400;

void interval_ways_done(struct target *t)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        free(t->ways[i]);
        t->ways[i] = NULL;
    }
}

/* The hashes of a trace by TTL, and its length. */
static size_t hashes_of(const struct bw_path_sample *s,
                        char ret[BW_PATH_HOPS_MAX][BW_PATH_HASH_LEN + 1])
{
    size_t n = 0;
    (void)memset(ret, 0, (size_t)BW_PATH_HOPS_MAX * (BW_PATH_HASH_LEN + 1));
    for (uint32_t i = 0; i < s->n_hops; i++) {
        const struct bw_path_hop *h = &s->hops[i];
        if (h->answered && h->ttl >= 1 && h->ttl <= BW_PATH_HOPS_MAX) {
            (void)memcpy(ret[h->ttl - 1], h->hash, BW_PATH_HASH_LEN + 1);
            n = h->ttl > n ? h->ttl : n;
        }
    }
    return n;
}

/* Of a way to a target that did not answer it is known only how long it is at least. */
static bool other_length(const struct way *w, const struct bw_path_sample *s, size_t n)
{
    return w->whole ? (s->reached ? n != w->n : n > w->n) : s->reached && n < w->n;
}

/* Take a trace into what is known. Is it another way than before? */
static bool take(struct way *w, const struct bw_path_sample *s)
{
    char now[BW_PATH_HOPS_MAX][BW_PATH_HASH_LEN + 1];
    size_t n = hashes_of(s, now);
    bool other = w->known && other_length(w, s, n);
    for (size_t i = 0; i < BW_PATH_HOPS_MAX && w->known; i++) {
        other = other || (now[i][0] != '\0' && w->hash[i][0] != '\0' &&
                          strcmp(now[i], w->hash[i]) != 0);
    }
    if (other || !w->known) {
        (void)memcpy(w->hash, now, sizeof(now));
        w->n = n;
        w->whole = s->reached;
    } else {
        for (size_t i = 0; i < BW_PATH_HOPS_MAX; i++) {
            if (now[i][0] != '\0') {
                (void)memcpy(w->hash[i], now[i], sizeof(now[i]));
            }
        }
        w->n = n > w->n ? n : w->n;
        w->whole = w->whole || s->reached;
    }
    w->known = true;
    return other;
}

static void hash_of(const struct way *w, char ret[BW_HASH_LEN + 1])
{
    char text[BW_PATH_HOPS_MAX * (BW_PATH_HASH_LEN + 1)];
    size_t at = 0;
    for (size_t i = 0; i < w->n; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\n", w->hash[i]);
    }
    bw_sha256_text(text, at, ret);
}

static void copy_hops(struct trace *x, const struct bw_path_sample *s)
{
    for (uint32_t i = 0; i < s->n_hops && x->n_hops < BW_PATH_HOPS_MAX; i++) {
        const struct bw_path_hop *h = &s->hops[i];
        struct bw_hop *to = &x->hops[x->n_hops++];
        *to = (struct bw_hop){.ttl = h->ttl,
                              .sent = h->sent,
                              .lost = h->lost,
                              .rtt_us = h->answered && h->rtt_ns != BW_UNKNOWN
                                            ? h->rtt_ns / 1000
                                            : BW_UNKNOWN};
        if (h->answered) {
            (void)snprintf(to->hash, sizeof(to->hash), "%s", h->hash);
            if (bw_name_valid(h->name)) {
                (void)snprintf(to->name, sizeof(to->name), "%s", h->name);
            }
        }
    }
}

void bw_interval_path(struct bw_interval *iv,
                      uint32_t target,
                      const struct bw_path_sample *s)
{
    struct piece *p = iv->pieces[iv->n_pieces - 1];
    size_t family = s->family == 6 ? 1 : 0;
    struct way *w;
    struct trace *x;
    bool was_known;
    int64_t day;
    if (target >= iv->n_targets || s->state != BW_OK || p->n_traces == TRACES) {
        return;
    }
    w = iv->targets[target].ways[family];
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w) {
            return;
        }
        iv->targets[target].ways[family] = w;
    }
    x = calloc(1, sizeof(*x));
    if (!x) {
        return;
    }
    bw_path_init(&x->p);
    x->target = target;
    x->p.family = family == 1 ? 6 : 4;
    x->p.at_unix_ms = interval_unix_ms(p, s->at_mono_ns);
    x->p.reached = s->reached;
    x->p.mtu = s->mtu;
    (void)snprintf(x->p.method, sizeof(x->p.method), "%s", s->method);
    (void)snprintf(x->flag, sizeof(x->flag), "%s", s->flag ? s->flag : "");
    was_known = w->known;
    if (take(w, s)) {
        x->p.changed = 1;
    } else if (was_known) {
        x->p.changed = 0;
    }
    hash_of(w, x->p.hash);
    day = x->p.at_unix_ms / 1000 / DAY_S;
    if (strcmp(w->told, x->p.hash) != 0 || w->told_day != day) {
        (void)memcpy(w->told, x->p.hash, sizeof(w->told));
        w->told_day = day;
        copy_hops(x, s);
    }
    p->traces[p->n_traces++] = x;
}

int interval_fill_paths(const struct bw_interval *iv,
                        const struct piece *p,
                        struct bw_summary *s)
{
    s->paths = bw_summary_alloc(s, p->n_traces * sizeof(*s->paths) + 1);
    if (!s->paths) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p->n_traces; i++) {
        const struct trace *x = p->traces[i];
        const struct target *t = &iv->targets[x->target];
        struct bw_path *to = &s->paths[s->n_paths++];
        *to = x->p;
        (void)memcpy(to->circuit, iv->circuits[t->conf.circuit]->conf.id,
                     sizeof(to->circuit));
        (void)memcpy(to->probe, t->conf.name, sizeof(to->probe));
        if (x->flag[0] != '\0') {
            to->flag = bw_summary_strdup(s, x->flag);
            if (!to->flag) {
                return -ENOMEM;
            }
        }
        if (x->n_hops > 0) {
            to->hops = bw_summary_alloc(s, x->n_hops * sizeof(*to->hops));
            if (!to->hops) {
                return -ENOMEM;
            }
            (void)memcpy(to->hops, x->hops, x->n_hops * sizeof(*to->hops));
            to->n_hops = x->n_hops;
        }
    }
    return 0;
}

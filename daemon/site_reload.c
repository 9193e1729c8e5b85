/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_reload.c - the site by another configuration, without a seam where nothing changed.
 *
 * First everything that may fail is made beside the old site; then the old one ends its
 * interval, and what both have in common changes hands. */
#include "site_private.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <interval.h>
#include <string.h>

bool bw_site_same_counter(const struct bw_boxconf_circuit *a,
                          const struct bw_boxconf_circuit *b)
{
    return strcmp(a->id, b->id) == 0 && bw_boxconf_same_counters(a, b);
}

/* Which circuit of `old` reads the same counters; -1: none. */
static void
find_circuits(const struct bw_site *s, const struct bw_site *old, int from[BW_CIRCUITS_MAX])
{
    for (size_t i = 0; i < BW_CIRCUITS_MAX; i++) {
        from[i] = -1;
        for (size_t k = 0; i < s->config->n_circuits && k < old->config->n_circuits; k++) {
            if (bw_site_same_counter(&s->config->circuits[i], &old->config->circuits[k])) {
                from[i] = (int)k;
            }
        }
    }
}

/* Everything that can be moved; `old` has been stopped and can only be closed after. */
static void take_over(struct bw_site *s, struct bw_site *old)
{
    int from[BW_CIRCUITS_MAX];
    size_t n = 0;
    find_circuits(s, old, from);
    for (size_t i = 0; i < s->config->n_probes; i++) {
        const struct bw_boxconf_probe *p = &s->config->probes[i];
        if (p->ops->klass != BW_CLASS_LATENCY) {
            continue;
        }
        if (!s->lights[n]) {
            bw_site_move_light(bw_site_find_light(old, p), s, n);
        }
        s->lights[n++]->probe = p;
    }
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (from[i] >= 0) {
            s->lines[i] = old->lines[from[i]];
            old->lines[from[i]].counter = NULL;
            old->lines[from[i]].frames = NULL;
            old->lines[from[i]].mirror = NULL;
            bw_site_move_meter(&old->lines[from[i]].meter, s, i);
        }
    }
    bw_site_move_taps(s, old);
    s->gap_from_s = old->iv ? BW_UNKNOWN : old->gap_from_s;
    s->started = true;
    if (old->iv &&
        bw_site_make_interval(s, old->last_s,
                              old->last_s * BW_SITE_SECOND_NS - old->offset_ns) == 0) {
        s->last_s = old->last_s;
        s->offset_ns = old->offset_ns;
        bw_site_begin_taps(s, s->last_s);
        s->start_offset_ns = old->offset_ns;
        memcpy(s->tens, old->tens, sizeof(s->tens));
        s->n_tens = old->n_tens;
        bw_interval_take_over(s->iv, old->iv, from);
        for (size_t i = 0; i < s->config->n_circuits; i++) {
            if (from[i] < 0) {
                bw_site_read_line(s, i, s->last_s, bw_clock_mono_ns());
            }
        }
        for (size_t i = 0; i < s->n_lights; i++) {
            bw_site_light_round(s->lights[i]);
        }
    }
    bw_site_arm(s);
}

int bw_site_reload(struct bw_site **site, struct bw_boxconf *config, struct bw_err *reterr)
{
    struct bw_site *old = *site;
    struct bw_site *s = NULL;
    if (bw_boxconf_same_measuring(old->config, config)) {
        for (size_t i = 0; i < old->n_lights; i++) {
            struct light *l = old->lights[i];
            l->probe = &config->probes[l->probe - old->config->probes];
        }
        bw_boxconf_unref(old->config);
        old->config = bw_boxconf_ref(config);
        bw_site_renew_meters(old);
        return 0;
    }
    int r = bw_site_make(old->loop, config, old, &s, reterr);
    if (r < 0) {
        return r;
    }
    s->ev = old->ev;
    s->owner = old->owner;
    bw_site_set_path_key(s, old->path_key);
    bw_site_stop(old);
    take_over(s, old);
    bw_site_close(old, NULL, NULL);
    bw_site_renew_meters(s);
    *site = s;
    return 0;
}

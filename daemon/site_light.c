/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_light.c - the site's latency probes: one host each, started again when it ends.
 *
 * A light's host reads the options of the configuration it was made under, so it holds
 * that one for as long as it lives, whatever configuration the site goes by. */
#include "site_private.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <host.h>
#include <interval.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OTHER_MS = 60000 /* and some intervals: so much newer is what was tried instead */
};

static void on_retry(uv_timer_t *t);

static void light_start(struct light *l)
{
    int r = bw_host_round(l->host, 0);
    l->round_mono_ms = bw_clock_mono_ms();
    if (r < 0) {
        bw_complain(&l->complaint, BW_AREA_PROBE, BW_WARN,
                    "%s \"%s\": %s; trying again in %lld s", l->probe->ops->name,
                    bw_opts_name(l->probe->opts), bw_strerror(r),
                    (long long)l->retry_ms / 1000);
    }
}

void bw_site_light_round(struct light *l)
{
    if (!l->site->closing && l->host && !bw_host_busy(l->host)) {
        light_start(l);
        if (!bw_host_busy(l->host)) {
            (void)uv_timer_start(&l->retry, on_retry, (uint64_t)l->retry_ms, 0);
        }
    }
}

static void on_retry(uv_timer_t *t)
{
    bw_site_light_round(t->data);
}

static void on_light_latency(void *owner, const struct bw_latency_sample *s, uint32_t n)
{
    struct light *l = owner;
    if (!l->site->iv || l->site->closing) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (s[i].target < BW_TARGETS_MAX && s[i].state != BW_SKIPPED) {
            struct way *w = &l->ways[s[i].target][s[i].family == 6 ? 1 : 0];
            w->unsent = s[i].state == BW_FAILED ? s[i].error : 1;
            w->once = w->once || s[i].state == BW_OK;
            w->tried_mono_ns = s[i].sent_mono_ns;
        }
        bw_interval_latency(l->site->iv, l->first_target + s[i].target, &s[i]);
    }
}

static void on_light_path(void *owner, const struct bw_path_sample *s)
{
    struct light *l = owner;
    if (s->target < BW_TARGETS_MAX && s->state != BW_SKIPPED) {
        struct bw_site_path *newest = &l->paths[s->target];
        *newest = (struct bw_site_path){.known = true,
                                        .family = s->family,
                                        .reached = s->reached,
                                        .state = s->state,
                                        .error = s->error,
                                        .hops = s->n_hops,
                                        .mtu = s->mtu};
        (void)snprintf(newest->flag, sizeof(newest->flag), "%s", s->flag ? s->flag : "");
    }
    if (l->site->iv && !l->site->closing) {
        bw_interval_path(l->site->iv, l->first_target + s->target, s);
    }
}

static void on_light_done(void *owner, int status)
{
    struct light *l = owner;
    if (l->site->closing) {
        return;
    }
    if (bw_clock_mono_ms() - l->round_mono_ms > BW_SITE_RETRY_MAX_MS) {
        l->retry_ms = BW_SITE_RETRY_MIN_MS;
    }
    bw_complain(&l->complaint, BW_AREA_PROBE, BW_WARN,
                "%s \"%s\" ended: %s; starting again in %lld s", l->probe->ops->name,
                bw_opts_name(l->probe->opts), bw_strerror(status),
                (long long)l->retry_ms / 1000);
    (void)uv_timer_start(&l->retry, on_retry, (uint64_t)l->retry_ms, 0);
    l->retry_ms =
        l->retry_ms * 2 < BW_SITE_RETRY_MAX_MS ? l->retry_ms * 2 : BW_SITE_RETRY_MAX_MS;
}

static void on_light_closed(void *owner)
{
    struct light *l = owner;
    l->host = NULL;
    l->site->open_handles--;
    bw_site_maybe_closed(l->site);
}

static void on_retry_closed(uv_handle_t *h)
{
    struct light *l = h->data;
    l->site->open_handles--;
    bw_site_maybe_closed(l->site);
}

/* A name may have gone over to the other family: what was tried long before says nothing.
 */
static bool is_tried(const struct light *l, const struct way *w, const struct way *other)
{
    const struct bw_opts *o = l->probe->opts;
    int64_t gap_ms =
        bw_optspec_find(bw_opts_spec(o), "interval") ? bw_opt_int(o, "interval") : 0;
    return w->unsent != 0 &&
           (other->tried_mono_ns - w->tried_mono_ns) / 1000000 <= OTHER_MS + 4 * gap_ms;
}

int bw_site_unsent(const struct bw_site *s, size_t probe, size_t target, int *ret_family)
{
    *ret_family = 0;
    for (size_t i = 0; i < s->n_lights; i++) {
        const struct light *l = s->lights[i];
        if (!l || l->probe != &s->config->probes[probe] || target >= BW_TARGETS_MAX) {
            continue;
        }
        const struct way *w = l->ways[target];
        int way[2];
        for (int f = 0; f < 2; f++) {
            way[f] = is_tried(l, &w[f], &w[1 - f]) ? w[f].unsent : 0;
        }
        for (int f = 0; f < 2; f++) {
            if (way[f] < 0 && w[f].once && way[1 - f] > 0) {
                *ret_family = f == 0 ? 4 : 6;
                return way[f];
            }
        }
        if (way[0] > 0 || way[1] > 0) {
            return 0; /* a family that this box never had is none that is missed */
        }
        return way[0] < 0 && (w[0].once || !w[1].once || way[1] == 0) ? way[0] : way[1];
    }
    return 0;
}

const struct bw_site_path *
bw_site_path(const struct bw_site *s, size_t probe, size_t target)
{
    for (size_t i = 0; i < s->n_lights; i++) {
        const struct light *l = s->lights[i];
        if (l && l->probe == &s->config->probes[probe] && target < BW_TARGETS_MAX &&
            l->paths[target].known) {
            return &l->paths[target];
        }
    }
    return NULL;
}

static const struct bw_host_callbacks light_callbacks = {
    .latency = on_light_latency,
    .path = on_light_path,
    .done = on_light_done,
    .closed = on_light_closed,
};

int bw_site_add_light(struct bw_site *s,
                      const struct bw_boxconf_probe *p,
                      struct bw_err *reterr)
{
    struct light *l = calloc(1, sizeof(*l));
    if (!l) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    l->site = s;
    l->config = bw_boxconf_ref(s->config);
    l->probe = p;
    l->retry_ms = BW_SITE_RETRY_MIN_MS;
    int r = bw_host_new(s->loop, p->ops, p->opts, &light_callbacks, l, &l->host, reterr);
    if (r < 0) {
        bw_boxconf_unref(l->config);
        free(l);
        return r;
    }
    s->open_handles++; /* the host */
    (void)uv_timer_init(s->loop, &l->retry);
    l->retry.data = l;
    s->open_handles++;
    s->lights[s->n_lights++] = l;
    r = bw_host_open(l->host, reterr);
    return r < 0
               ? bw_err_prefix(reterr, r, "%s \"%s\"", p->ops->name, bw_opts_name(p->opts))
               : 0;
}

struct light **bw_site_find_light(struct bw_site *old, const struct bw_boxconf_probe *p)
{
    for (size_t i = 0; old && i < old->n_lights; i++) {
        if (old->lights[i] && old->lights[i]->probe->hash == p->hash) {
            return &old->lights[i];
        }
    }
    return NULL;
}

void bw_site_move_light(struct light **from, struct bw_site *s, size_t to)
{
    struct light *l = *from;
    l->site->open_handles -= 2;
    *from = NULL;
    l->site = s;
    s->open_handles += 2;
    s->lights[to] = l;
}

void bw_site_close_light(struct light *l)
{
    if (l) {
        uv_close((uv_handle_t *)&l->retry, on_retry_closed);
        bw_host_close(l->host);
    }
}

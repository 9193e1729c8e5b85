/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_known.c - what is known of each measured circuit.
 *
 * Invariant: a figure comes from records, a name from the catalogue or the enrolment; what
 * neither tells stays unknown. */
#include "circuit_known.h"

#include <bw/err.h>
#include <enrolment.h>
#include <errno.h>
#include <model.h>
#include <origin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    DAY_S = 86400
};

struct list {
    struct bw_origin_circuit *items;
    size_t n;
    size_t cap;
    const char *only;
};

struct asking {
    struct bw_origin *origin;
    const char *circuit;
};

static int take(void *owner, const struct bw_origin_circuit *c)
{
    struct list *l = owner;
    char name[BW_DOCKET_CIRCUIT_MAX + 1];
    (void)snprintf(name, sizeof(name), "%s.%s", c->site, c->circuit);
    if (l->only && strcmp(l->only, name) != 0) {
        return 0;
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct bw_origin_circuit *grown = realloc(l->items, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->n++] = *c;
    return 0;
}

/* ---- names ---------------------------------------------------------------------- */

static void
name_at_collector(const struct bw_docket *d, const char *site_id, struct circuit_known *k)
{
    struct bw_catalogue *c = d->catalogue;
    struct bw_site site;
    struct bw_entity entity;
    if (!c || c->ops->site_get(c, site_id, &site, NULL) < 0) {
        return;
    }
    (void)snprintf(k->site_name, sizeof(k->site_name), "%s", site.name);
    (void)snprintf(k->entity_id, sizeof(k->entity_id), "%s", site.entity);
    if (site.entity[0] && c->ops->entity_get(c, site.entity, &entity, NULL) == 0) {
        (void)snprintf(k->entity_name, sizeof(k->entity_name), "%s", entity.name);
    }
}

static void name_at_box(const struct bw_docket *d, struct circuit_known *k)
{
    struct bw_enrolment e;
    if (bw_enrolment_load(d->folder, &e, NULL) == 0) {
        (void)snprintf(k->site_name, sizeof(k->site_name), "%s", e.name);
        (void)snprintf(k->entity_name, sizeof(k->entity_name), "%s", e.entity);
    }
}

static int on_written(void *owner, const struct bw_claim *c)
{
    struct circuit_known *k = owner;
    k->written_bps = c->down_bps;
    (void)snprintf(k->provider, sizeof(k->provider), "%s", c->provider);
    (void)snprintf(k->spin, sizeof(k->spin), "%s", c->spin);
    return 0;
}

/* ---- records -------------------------------------------------------------------- */

static int config_claim(void *owner, const char *config_sha256, struct bw_report_claim *ret)
{
    struct asking *a = owner;
    return bw_origin_config_claim(a->origin, a->circuit, config_sha256, ret);
}

static void take_report(const struct bw_report *r, struct circuit_known *k)
{
    const struct bw_dist *goodput = bw_report_goodput(&r->tested[BW_DOWN]);
    if (goodput && goodput->n > 0) {
        k->tested_bps = goodput->median;
        k->n_tests = goodput->n;
    }
    for (size_t i = 0; i < r->n_used; i++) {
        int64_t peak = r->used[i].window[BW_WINDOW_ALL][BW_DOWN].peak_bps;
        k->carried_bps = peak > k->carried_bps ? peak : k->carried_bps;
    }
    if (r->n_facts > 0) {
        k->link_bps = r->facts[r->n_facts - 1].link_bps;
    }
    if (k->written_bps == BW_UNKNOWN && r->n_claims > 0) {
        k->written_bps = r->claims[r->n_claims - 1].bps[BW_DOWN];
    }
}

static int look(struct bw_origin *origin,
                const struct bw_origin_circuit *c,
                const struct bw_tz *tz,
                int64_t days,
                struct circuit_known *k,
                struct bw_err *reterr)
{
    struct asking asking = {.origin = origin, .circuit = c->circuit};
    struct bw_report *report = NULL;
    struct bw_report_query q = {.records = bw_origin_records(origin),
                                .site = c->site,
                                .circuit = c->circuit,
                                .from_unix_s = c->last_end_unix_s - days * DAY_S,
                                .to_unix_s = c->last_end_unix_s,
                                .made_unix_s = c->last_end_unix_s,
                                .tz = tz,
                                .class_hours = bw_report_class_hours_default,
                                .config_claim = config_claim,
                                .owner = &asking};
    if (days == 0 || c->last_end_unix_s == BW_UNKNOWN) {
        return 0;
    }
    int r = bw_report_make(&q, &report, reterr);
    if (r == 0) {
        take_report(report, k);
    }
    bw_report_free(report);
    return r == -ENODATA ? 0 : r;
}

static int known(const struct bw_docket *d,
                 struct bw_origin *origin,
                 const struct bw_origin_circuit *c,
                 const struct bw_tz *tz,
                 int64_t days,
                 struct circuit_known *ret,
                 struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    ret->link_bps = BW_UNKNOWN;
    ret->tested_bps = BW_UNKNOWN;
    ret->carried_bps = BW_UNKNOWN;
    ret->written_bps = BW_UNKNOWN;
    (void)snprintf(ret->name, sizeof(ret->name), "%s.%s", c->site, c->circuit);
    if (d->of_collector) {
        name_at_collector(d, c->site, ret);
    } else {
        name_at_box(d, ret);
    }
    int64_t at =
        c->last_end_unix_s == BW_UNKNOWN ? d->now_unix_ms / 1000 : c->last_end_unix_s;
    int r = 0;
    if (d->catalogue) {
        r = d->catalogue->ops->claims(d->catalogue, c->site, c->circuit, at - 1, at,
                                      on_written, ret, reterr);
    }
    return r < 0 ? r : look(origin, c, tz, days, ret, reterr);
}

int circuit_known_each(const struct bw_docket *d,
                       const char *only,
                       int64_t days,
                       circuit_known_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct bw_origin *origin = NULL;
    struct list list = {.only = only};
    struct bw_tz *utc = NULL;
    struct circuit_known k;
    char path[PATH_MAX + 16];
    bool show = bw_cli_progress_wanted();
    (void)snprintf(path, sizeof(path), "%s%s", d->folder,
                   d->of_collector ? "" : "/journal.db");
    int r = bw_origin_open(d->of_collector ? BW_FROM_LEDGER : BW_FROM_JOURNAL, path,
                           &origin, reterr);
    r = r < 0 ? r : bw_tz_load("UTC", &utc, reterr);
    r = r < 0 ? r : bw_origin_circuits(origin, "", take, &list, reterr);
    if (r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < list.n; i++) {
        if (show && list.n > 3) {
            (void)fprintf(stderr, "\r%zu of %zu circuits", i + 1, list.n);
        }
        r = known(d, origin, &list.items[i], utc, days, &k, reterr);
        r = r < 0 ? r : cb(owner, &k);
    }
    if (show && list.n > 3) {
        (void)fprintf(stderr, "\r%30s\r", "");
    }
    free(list.items);
    bw_tz_free(utc);
    bw_origin_close(origin);
    return r;
}

struct bw_match_circuit circuit_known_judged(const struct circuit_known *k)
{
    return (struct bw_match_circuit){.site_name = k->site_name,
                                     .entity_name = k->entity_name,
                                     .entity_id = k->entity_id,
                                     .link_bps = k->link_bps,
                                     .tested_bps = k->tested_bps,
                                     .carried_bps = k->carried_bps,
                                     .written_bps = k->written_bps,
                                     .provider = k->provider,
                                     .spin = k->spin};
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * watch.c - from the room to the engine's view.
 *
 * Invariant: what was not folded yet is not looked at: a circuit's stretch ends where its
 * day is known to. */
#include "watch.h"

#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    USUAL_S = 300,
    PACKETS_LEAST = 30, /* fewer tell no share */
    PPM = 1000000
};

/* What was known of a circuit at the last look. */
struct memory {
    char site[BW_SITE_MAX + 1];
    char name[BW_NAME_MAX + 1];
    int64_t day;
    int64_t to_unix_s;
    int64_t sent;
    int64_t lost;
    int64_t class_s;
    int64_t recorded_s;
    struct bw_watch_circuit view;
};

struct bw_watcher {
    const struct bw_config_alerts *conf;
    const struct bw_tz *tz;
    struct bw_watch_site *sites;
    struct bw_watch_circuit *circuits;
    uint32_t *place;  /* of a site of the view in the room */
    uint32_t *number; /* of a site of the room in the view */
    size_t cap_sites, cap_circuits;
    struct memory *memory; /* in the view's order */
    struct memory *next;
    size_t n_memory;
};

struct bw_watcher *bw_watcher_new(const struct bw_config_alerts *conf,
                                  const struct bw_tz *tz)
{
    struct bw_watcher *w = calloc(1, sizeof(*w));

    if (w) {
        w->conf = conf;
        w->tz = tz;
    }
    return w;
}

void bw_watcher_free(struct bw_watcher *w)
{
    if (w) {
        free(w->sites);
        free(w->circuits);
        free(w->place);
        free(w->number);
        free(w->memory);
        free(w->next);
        free(w);
    }
}

uint32_t bw_watcher_site(const struct bw_watcher *w, size_t i)
{
    return w->place[i];
}

/* ---- times -----------------------------------------------------------------------------
 */

bool bw_watch_quiet(const struct bw_config_alerts *conf, int minute)
{
    int from = conf->quiet_min[0];
    int to = conf->quiet_min[1];

    if (!conf->quiet || from == to) {
        return false;
    }
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

bool bw_watch_maintained(const struct bw_config_maintenance *m, int64_t day, int minute)
{
    if (m->weekday < 0) {
        int64_t now = day * BW_CIVIL_DAY_MIN + minute;
        return now >= m->from_day * BW_CIVIL_DAY_MIN + m->from_min &&
               now < m->to_day * BW_CIVIL_DAY_MIN + m->to_min;
    }
    bool night = m->to_min <= m->from_min;
    bool today = m->weekday == 7 || m->weekday == bw_civil_weekday(day);
    bool before = m->weekday == 7 || m->weekday == bw_civil_weekday(day - 1);
    if (!night) {
        return today && minute >= m->from_min && minute < m->to_min;
    }
    return (today && minute >= m->from_min) || (before && minute < m->to_min);
}

void bw_watch_rules(const struct bw_config_alerts *conf, struct bw_alerts_conf *ret)
{
    *ret = bw_alerts_usual;
    for (int i = 0; i < BW_ALERT_RULES_N; i++) {
        const struct bw_config_rule *r = &conf->rules[i];
        ret->rules[i] = (struct bw_alert_rule){.on = r->on,
                                               .class_hours = r->class_hours,
                                               .urgent = r->urgent,
                                               .open_at = r->opens,
                                               .close_at = r->closes,
                                               .for_s = r->for_s,
                                               .clear_s = r->clear_s};
    }
    ret->rules[BW_ALERT_MASS].on = conf->many;
    ret->mass_ppm = conf->many_ppm;
    ret->mass_least = conf->many_least;
    ret->mass_window_s = conf->many_within_s;
}

/* ---- circuits --------------------------------------------------------------------------
 */

static int64_t delta(bool same_day, int64_t now, int64_t before)
{
    if (now == BW_UNKNOWN) {
        return BW_UNKNOWN;
    }
    return same_day && before != BW_UNKNOWN ? now - before : now;
}

static void look_day(const struct bw_room_circuit *c,
                     const struct memory *m,
                     struct bw_watch_circuit *v)
{
    const struct bw_room_day *d = &c->today;
    bool same = m && m->day == d->day;
    int64_t from = same ? m->to_unix_s : d->from_unix_s;
    int64_t length = d->to_unix_s - from;
    int64_t usual = c->now_end_unix_s - c->now_start_unix_s;
    int64_t recorded = delta(same, d->recorded_s, m ? m->recorded_s : 0);
    int64_t sent = delta(same, d->sent, m ? m->sent : 0);
    int64_t lost = delta(same, d->lost, m ? m->lost : 0);
    int64_t class_s = delta(same, d->class_s, m ? m->class_s : 0);

    usual = usual > 0 ? usual : USUAL_S;
    v->at_unix_s = d->to_unix_s;
    /* A stretch with a hole in it is known by its last interval alone. */
    v->interval_s =
        m && recorded != BW_UNKNOWN && recorded >= length - usual / 2 && length >= usual
            ? length
            : usual;
    v->class_now = class_s == BW_UNKNOWN   ? BW_TOLD_UNKNOWN
                   : 2 * class_s >= length ? BW_TOLD_YES
                                           : BW_TOLD_NO;
    v->loss_ppm = sent == BW_UNKNOWN || lost == BW_UNKNOWN || sent < PACKETS_LEAST
                      ? BW_UNKNOWN
                      : (lost > 0 ? lost : 0) * PPM / sent;
    v->latency_us = c->now_p50_us;
    v->out = c->now_out                   ? BW_TOLD_YES
             : d->outage_ms == BW_UNKNOWN ? BW_TOLD_UNKNOWN
                                          : BW_TOLD_NO;
}

static void look_counts(const struct bw_room *r,
                        const struct bw_room_circuit *c,
                        struct bw_watch_circuit *v)
{
    const struct bw_room_site *s = &r->sites[c->site];
    bool young = s->first_start_unix_s != BW_UNKNOWN &&
                 s->first_start_unix_s >= c->today.from_unix_s;
    const struct bw_room_spell *below = bw_room_circuit_spell(r, c, BW_ROOM_BELOW);

    v->day = BW_UNKNOWN;
    if (c->has_today && (c->has_yesterday || young || r->days_to_fill == 0)) {
        v->day = c->today.day;
        v->outage_ms[0] = c->today.outage_ms;
        v->outage_ms[1] = c->has_yesterday ? c->yesterday.outage_ms : BW_UNKNOWN;
    }
    v->share_ppm = BW_UNKNOWN;
    v->share_day = BW_UNKNOWN;
    for (int way = 0; c->has_yesterday && way < BW_DIRECTIONS; way++) {
        int64_t share = c->yesterday.way[way].class_share_ppm;
        if (share != BW_UNKNOWN && (v->share_ppm == BW_UNKNOWN || share > v->share_ppm)) {
            v->share_ppm = share;
            v->share_day = c->yesterday.day;
        }
    }
    v->below = BW_TOLD_UNKNOWN;
    v->below_ppm = BW_UNKNOWN;
    if (below && below->since_unix_s != BW_UNKNOWN) {
        v->below = bw_room_spell_on(below) ? BW_TOLD_YES : BW_TOLD_NO;
    }
    if (v->below == BW_TOLD_YES && c->below_claim_bps > 0 && c->below_bps != BW_UNKNOWN) {
        v->below_ppm = (int64_t)((double)c->below_bps * PPM / (double)c->below_claim_bps);
    }
}

static void look_circuit(const struct bw_room *r,
                         const struct bw_room_circuit *c,
                         const struct memory *before,
                         struct memory *m,
                         struct bw_watch_circuit *v)
{
    const struct bw_room_day *d = &c->today;

    *m = before ? *before : (struct memory){.day = BW_UNKNOWN, .to_unix_s = BW_UNKNOWN};
    if (!before) {
        (void)snprintf(m->site, sizeof(m->site), "%s", r->sites[c->site].id);
        (void)snprintf(m->name, sizeof(m->name), "%s", c->name);
        m->view = (struct bw_watch_circuit){.at_unix_s = BW_UNKNOWN,
                                            .class_now = BW_TOLD_UNKNOWN,
                                            .out = BW_TOLD_UNKNOWN,
                                            .loss_ppm = BW_UNKNOWN,
                                            .latency_us = BW_UNKNOWN};
    }
    if (c->has_today && d->to_unix_s != BW_UNKNOWN &&
        (m->to_unix_s == BW_UNKNOWN || d->to_unix_s > m->to_unix_s)) {
        look_day(c, before && m->day != BW_UNKNOWN ? before : NULL, &m->view);
        if (!before || m->day == BW_UNKNOWN) { /* the day so far is no stretch */
            m->view.loss_ppm = BW_UNKNOWN;
            m->view.class_now = BW_TOLD_UNKNOWN;
        }
        m->day = d->day;
        m->to_unix_s = d->to_unix_s;
        m->sent = d->sent;
        m->lost = d->lost;
        m->class_s = d->class_s;
        m->recorded_s = d->recorded_s;
    }
    look_counts(r, c, &m->view);
    m->view.name = NULL;
    m->view.maintenance = false;
    *v = m->view;
    v->name = c->name;
}

/* ---- sites -----------------------------------------------------------------------------
 */

/* The nearest region or agency above, else the one below the top. */
static const char *region_of(const struct bw_room *r, uint32_t entity)
{
    const char *name = "";
    uint32_t at = entity;

    while (at != BW_ROOM_NONE && r->entities[at].parent != BW_ROOM_NONE) {
        const struct bw_room_entity *e = &r->entities[at];
        if (e->kind == BW_ENTITY_REGION || e->kind == BW_ENTITY_AGENCY) {
            return e->name;
        }
        name = e->name;
        at = e->parent;
    }
    return name;
}

static void
look_site(const struct bw_room *r, const struct bw_room_site *s, struct bw_watch_site *v)
{
    *v = (struct bw_watch_site){
        .id = s->id,
        .provider = "",
        .region = s->entity == BW_ROOM_NONE ? "" : region_of(r, s->entity),
        .hub = BW_WATCH_NONE,
        .watched = s->freshness == BW_FRESH || s->freshness == BW_SILENT,
        .heard_unix_s = s->last_received_unix_ms == BW_UNKNOWN
                            ? BW_UNKNOWN
                            : s->last_received_unix_ms / 1000,
        .interval_s = s->interval_s > 0 ? s->interval_s : USUAL_S,
    };
    for (uint32_t c = s->first_circuit; c < s->end_circuit && !v->provider[0]; c++) {
        const char *provider = r->circuits[c].claim.provider;
        v->provider = r->circuits[c].claim.has && provider ? provider : "";
    }
}

static bool in_circle(const struct bw_watch_site *sites, uint32_t from)
{
    uint32_t at = sites[from].hub;

    for (int i = 0; i < BW_HUBS_MAX && at != BW_WATCH_NONE; i++) {
        if (at == from) {
            return true;
        }
        at = sites[at].hub;
    }
    return at != BW_WATCH_NONE;
}

/* The hub of the entity that is nearest: entities stand parents before children. */
static void hang(struct bw_watcher *w, const struct bw_room *r)
{
    for (uint32_t e = 0; e < r->n_entities; e++) {
        for (size_t h = 0; h < w->conf->n_hubs; h++) {
            const struct bw_config_hub *hub = &w->conf->hubs[h];
            if (strcmp(hub->below, r->entities[e].id) != 0) {
                continue;
            }
            uint32_t at = bw_room_site_find(r, hub->site);
            for (uint32_t s = r->entities[e].first_site;
                 at != BW_ROOM_NONE && s < r->entities[e].end_site; s++) {
                if (s != at) {
                    w->sites[w->number[s]].hub = w->number[at];
                }
            }
        }
    }
    for (uint32_t i = 0; i < r->n_sites; i++) {
        if (w->sites[i].hub != BW_WATCH_NONE && in_circle(w->sites, i)) {
            w->sites[i].hub = BW_WATCH_NONE;
        }
    }
}

/* ---- maintenance -----------------------------------------------------------------------
 */

static void maintain_circuit(struct bw_watcher *w, const struct bw_room *r, const char *id)
{
    uint32_t c = bw_room_circuit_find(r, id);

    if (c != BW_ROOM_NONE) {
        const struct bw_room_site *s = &r->sites[r->circuits[c].site];
        uint32_t at = w->number[r->circuits[c].site];
        w->circuits[w->sites[at].first_circuit + (c - s->first_circuit)].maintenance = true;
    }
}

static void maintain(struct bw_watcher *w, const struct bw_room *r, const char *place)
{
    uint32_t from = 0;
    uint32_t to = 0;
    uint32_t at;

    if (!place[0]) {
        to = (uint32_t)r->n_sites;
    } else if (strchr(place, '.')) {
        maintain_circuit(w, r, place);
    } else if ((at = bw_room_site_find(r, place)) != BW_ROOM_NONE) {
        from = at;
        to = at + 1;
    } else if ((at = bw_room_entity_find(r, place)) != BW_ROOM_NONE) {
        from = r->entities[at].first_site;
        to = r->entities[at].end_site;
    }
    for (uint32_t s = from; s < to; s++) {
        w->sites[w->number[s]].maintenance = true;
    }
}

static void maintain_all(struct bw_watcher *w,
                         const struct bw_room *r,
                         const struct bw_planned *planned,
                         size_t n_planned,
                         const struct bw_civil *now,
                         int64_t now_unix_s)
{
    int64_t day = bw_civil_days(now->year, now->month, now->day);
    int minute = now->hour * 60 + now->minute;

    for (size_t i = 0; i < w->conf->n_maintenance; i++) {
        if (bw_watch_maintained(&w->conf->maintenance[i], day, minute)) {
            maintain(w, r, w->conf->maintenance[i].place);
        }
    }
    for (size_t i = 0; i < n_planned; i++) {
        if (planned[i].from_unix_s <= now_unix_s && now_unix_s < planned[i].to_unix_s) {
            maintain_circuit(w, r, planned[i].circuit);
        }
    }
}

/* ---- all -------------------------------------------------------------------------------
 */

static int make_room(struct bw_watcher *w, const struct bw_room *r)
{
    size_t sites = r->n_sites + 1;
    size_t circuits = r->n_circuits + 1;

    if (sites > w->cap_sites) {
        free(w->sites);
        free(w->place);
        free(w->number);
        w->cap_sites = 0;
        w->sites = calloc(sites, sizeof(*w->sites));
        w->place = calloc(sites, sizeof(*w->place));
        w->number = calloc(sites, sizeof(*w->number));
        if (!w->sites || !w->place || !w->number) {
            return -ENOMEM;
        }
        w->cap_sites = sites;
    }
    if (circuits > w->cap_circuits) {
        struct memory *memory = realloc(w->memory, circuits * sizeof(*memory));
        if (!memory) {
            return -ENOMEM;
        }
        w->memory = memory;
        free(w->circuits);
        free(w->next);
        w->cap_circuits = 0;
        w->circuits = calloc(circuits, sizeof(*w->circuits));
        w->next = calloc(circuits, sizeof(*w->next));
        if (!w->circuits || !w->next) {
            return -ENOMEM;
        }
        w->cap_circuits = circuits;
    }
    return 0;
}

int bw_watcher_look(struct bw_watcher *w,
                    const struct bw_room *r,
                    const struct bw_planned *planned,
                    size_t n_planned,
                    int64_t now_unix_s,
                    int64_t listening_unix_s,
                    struct bw_watch *ret)
{
    struct bw_civil now;
    size_t n = 0;
    size_t old = 0;
    int rc = make_room(w, r);

    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; i < r->n_sites; i++) {
        uint32_t at = r->site_by_id[i];
        const struct bw_room_site *s = &r->sites[at];
        w->place[i] = at;
        w->number[at] = (uint32_t)i;
        look_site(r, s, &w->sites[i]);
        w->sites[i].first_circuit = (uint32_t)n;
        for (uint32_t c = s->first_circuit; c < s->end_circuit; c++, n++) {
            const struct bw_room_circuit *x = &r->circuits[c];
            const struct memory *before = NULL;
            while (old < w->n_memory && !before) { /* both are in the same order */
                int d = strcmp(w->memory[old].site, s->id);
                d = d ? d : strcmp(w->memory[old].name, x->name);
                if (d > 0) {
                    break;
                }
                before = d == 0 ? &w->memory[old] : NULL;
                old++;
            }
            look_circuit(r, x, before, &w->next[n], &w->circuits[n]);
        }
        w->sites[i].end_circuit = (uint32_t)n;
    }
    struct memory *memory = w->memory;
    w->memory = w->next;
    w->next = memory;
    w->n_memory = n;
    hang(w, r);
    bw_tz_local(w->tz, now_unix_s, &now);
    maintain_all(w, r, planned, n_planned, &now, now_unix_s);
    *ret = (struct bw_watch){
        .now_unix_s = now_unix_s,
        .listening_unix_s = listening_unix_s,
        .quiet = bw_watch_quiet(w->conf, now.hour * 60 + now.minute),
        .certificate_days = r->health.certificate_days,
        .sites = w->sites,
        .n_sites = r->n_sites,
        .circuits = w->circuits,
        .n_circuits = n,
    };
    return 0;
}

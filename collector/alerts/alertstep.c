/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertstep.c - one look: the engine's events become rows, acts and messages.
 *
 * Invariant: all that a look changes is committed together; where that fails, states are
 * taken from the store again, and the look is made again. */
#include "alertkeeper_private.h"

#include <annotation.h>
#include <bw/err.h>
#include <bw/records.h>
#include <catalogue.h>
#include <cause.h>
#include <clock.h>
#include <errno.h>
#include <grow.h>
#include <ledger.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLANNED_EVERY_S = 60,
    SETTLE_S = 1800, /* at the very first start: days are folded meanwhile */
    DATES_EVERY_S = 30,
    FORGET_EVERY_S = 86400,
    FORGET_S = 90 * 86400,
    CAUSE_S = 30 * 86400,
    CAUSE_WAIT_S = 2 * 86400
};

/* ---- opening ---------------------------------------------------------------------------
 */

static int on_state(void *owner, const struct bw_alert_state *s)
{
    struct bw_alert one;

    return bw_alert_restore(s, &one) < 0 ? 0 : bw_alerts_load(owner, &one);
}

static int open_all(struct bw_alertkeeper *k, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    int64_t last = 0;
    int64_t next = 0;
    int r = 0;

    if (!k->store) {
        (void)snprintf(path, sizeof(path), "%s/alerts.db", k->data_dir);
        r = bw_alertstore_open(path, true, &k->store, reterr);
        r = r < 0 ? r : bw_alertstore_number(k->store, "began", &next, reterr);
        k->fresh = r == 0 && next == BW_UNKNOWN;
    }
    if (r < 0 || k->engine) {
        return r;
    }
    r = bw_alertstore_last_id(k->store, &last, reterr);
    r = r < 0 ? r : bw_alertstore_number(k->store, "next", &next, reterr);
    if (r < 0) {
        return r;
    }
    last = next != BW_UNKNOWN && next > last + 1 ? next - 1 : last;
    bw_watcher_free(k->watcher);
    k->watcher = bw_watcher_new(&k->conf, k->tz);
    k->engine = bw_alerts_new(&k->rules, last + 1);
    if (!k->engine || !k->watcher) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    return bw_alertstore_states(k->store, on_state, k->engine, reterr);
}

/* ---- work that is planned
 * ----------------------------------------------------------------
 */

static int on_annotation(void *owner, const struct bw_said *s)
{
    struct bw_alertkeeper *k = owner;
    struct bw_annotation a;
    struct bw_planned *room;
    const char *about = s->statement->about;

    if (strncmp(about, "circuit:", 8) != 0 ||
        bw_annotation_decode(s->statement->body, s->statement->n_body, &a, NULL) < 0 ||
        a.cause != BW_CAUSE_PLANNED || a.to_unix_s < k->planned_unix_s) {
        return 0;
    }
    room = bw_grow(k->planned, k->n_planned, &k->cap_planned, sizeof(*room));
    if (!room) {
        return -ENOMEM;
    }
    k->planned = room;
    struct bw_planned *p = &k->planned[k->n_planned++];
    (void)snprintf(p->circuit, sizeof(p->circuit), "%s", about + 8);
    p->from_unix_s = a.from_unix_s;
    p->to_unix_s = a.to_unix_s;
    return 0;
}

static int read_planned(struct bw_alertkeeper *k, int64_t now_s, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    const struct bw_said_query q = {.kind = "annotation"};
    int r = 0;

    if (now_s - k->planned_unix_s < PLANNED_EVERY_S) {
        return 0;
    }
    if (!k->catalogue) {
        (void)snprintf(path, sizeof(path), "%s/catalogue.db", k->data_dir);
        r = bw_catalogue_open_read(path, &k->catalogue, reterr);
    }
    k->planned_unix_s = now_s;
    k->n_planned = 0;
    return r < 0
               ? r
               : k->catalogue->ops->statements(k->catalogue, &q, on_annotation, k, reterr);
}

/* ---- events ----------------------------------------------------------------------------
 */

static void on_event(void *owner, const struct bw_alert_event *e)
{
    struct bw_alertkeeper *k = owner;
    struct alert_seen *room = bw_grow(k->seen, k->n_seen, &k->cap_seen, sizeof(*room));

    if (!room) {
        k->n_seen = SIZE_MAX; /* the step is thrown away */
        return;
    }
    k->seen = room;
    struct alert_seen *s = &k->seen[k->n_seen++];
    s->event = *e;
    s->alert = *e->alert;
    if (e->shared) {
        s->shared = *e->shared;
    }
}

struct alert_news *bw_alert_news_add(struct bw_alertkeeper *k)
{
    struct alert_news *room = bw_grow(k->news, k->n_news, &k->cap_news, sizeof(*room));

    if (!room) {
        return NULL;
    }
    k->news = room;
    memset(&k->news[k->n_news], 0, sizeof(*k->news));
    k->news[k->n_news].site = BW_ROOM_NONE;
    return &k->news[k->n_news++];
}

static uint32_t site_of(const struct bw_room *r, const char *scope, char site[33])
{
    (void)snprintf(site, 33, "%.*s", (int)strcspn(scope, "."), scope);
    uint32_t at = bw_room_site_find(r, site);
    if (at == BW_ROOM_NONE && strncmp(scope, "s-", 2) != 0) {
        site[0] = '\0';
    }
    return at;
}

static void name_of(const struct bw_room *r, uint32_t site, char *ret, size_t n)
{
    ret[0] = '\0';
    if (site == BW_ROOM_NONE) {
        return;
    }
    const struct bw_room_site *s = &r->sites[site];
    const char *entity = s->entity == BW_ROOM_NONE ? "" : r->entities[s->entity].name;
    bool both = s->name[0] && entity[0] && strcmp(s->name, entity) != 0;
    (void)snprintf(ret, n, "%s%s%s", s->name, both ? ", " : "",
                   both || !s->name[0] ? entity : "");
}

static void begin_row(struct bw_alertkeeper *k,
                      const struct bw_room *r,
                      const struct bw_alert *a,
                      struct bw_alert_row *row)
{
    memset(row, 0, sizeof(*row));
    row->id = a->id;
    (void)snprintf(row->kind, sizeof(row->kind), "%s", bw_alert_kind_name(a->kind));
    (void)snprintf(row->scope, sizeof(row->scope), "%s", a->scope);
    name_of(r, site_of(r, a->scope, row->site), row->name, sizeof(row->name));
    row->opened_unix_s = a->opened_unix_s;
    row->closed_unix_s = BW_UNKNOWN;
    row->told_unix_s = BW_UNKNOWN;
    row->acked_unix_s = BW_UNKNOWN;
    (void)k;
}

static int act(struct bw_alertkeeper *k,
               int64_t id,
               int64_t now_s,
               const char *what,
               const char *words,
               struct bw_err *reterr)
{
    struct bw_alert_act a = {.alert = id, .at_unix_s = now_s};

    (void)snprintf(a.what, sizeof(a.what), "%s", what);
    (void)snprintf(a.words, sizeof(a.words), "%s", words);
    return bw_alertstore_act(k->store, &a, reterr);
}

static int take(struct bw_alertkeeper *k,
                const struct bw_room *r,
                const struct alert_seen *s,
                struct bw_err *reterr)
{
    static const char *const whats[] = {
        [BW_EVENT_OPENED] = "opened", [BW_EVENT_HELD] = "held",
        [BW_EVENT_TOLD] = "told",     [BW_EVENT_CHANGED] = "changed",
        [BW_EVENT_CLOSED] = "closed", [BW_EVENT_WAS] = "was"};
    const struct bw_alert *a = &s->alert;
    enum bw_alert_event_kind what = s->event.what;
    int64_t now_s = s->event.at_unix_s;
    bool first = what == BW_EVENT_OPENED || what == BW_EVENT_WAS;
    bool over = what == BW_EVENT_CLOSED || what == BW_EVENT_WAS;
    struct bw_alert_row row;
    char site[33];
    int r2 = 0;

    if (first) {
        begin_row(k, r, a, &row);
    } else {
        r2 = bw_alertstore_get(k->store, a->id, &row, reterr);
    }
    if (r2 < 0) {
        return r2;
    }
    row.since_unix_s = a->since_unix_s;
    row.over_unix_s = a->over_unix_s;
    row.value = a->value;
    row.worst = a->worst;
    row.held_by = a->held_by;
    (void)snprintf(row.held, sizeof(row.held), "%s",
                   a->held == BW_HOLD_NONE ? "" : bw_alert_hold_name(a->held));
    if (what != BW_EVENT_CLOSED || a->kind == BW_ALERT_MASS) {
        bw_alert_words(k->tz, a, &k->rules, s->event.shared ? &s->shared : NULL,
                       what == BW_EVENT_WAS, row.words, sizeof(row.words));
    }
    row.closed_unix_s = over ? now_s : BW_UNKNOWN;
    bool tell =
        (first && a->told) || what == BW_EVENT_TOLD || (what == BW_EVENT_CLOSED && a->told);
    if (a->told && row.told_unix_s == BW_UNKNOWN) {
        row.told_unix_s = now_s;
        (void)snprintf(row.message_id, sizeof(row.message_id), "alert/%lld",
                       (long long)row.id);
    }
    if (tell) {
        struct alert_news *n = bw_alert_news_add(k);
        if (!n) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        n->what = what == BW_EVENT_OPENED ? BW_NEWS_OPENED
                  : what == BW_EVENT_TOLD ? BW_NEWS_STILL
                  : what == BW_EVENT_WAS  ? BW_NEWS_WAS
                                          : BW_NEWS_CLOSED;
        n->site = site_of(r, a->scope, site);
        n->row = row;
    }
    r2 = bw_alertstore_put(k->store, &row, reterr);
    if (r2 == 0 && what != BW_EVENT_CHANGED) {
        r2 = act(k, row.id, now_s, whats[what],
                 s->event.unwatched ? "nobody watches it any more"
                 : what == BW_EVENT_HELD || (first && !a->told) ? row.held
                                                                : "",
                 reterr);
    }
    return r2;
}

/* What quiet hours held and is over: told now that they are. */
struct untold {
    struct bw_alertkeeper *k;
    const struct bw_room *r;
};

static int on_untold(void *owner, const struct bw_alert_row *row)
{
    struct untold *u = owner;
    struct alert_news *n = bw_alert_news_add(u->k);
    char site[33];

    if (!n) {
        return -ENOMEM;
    }
    n->what = BW_NEWS_WAS;
    n->quiet = true;
    n->row = *row;
    n->site = site_of(u->r, row->scope, site);
    return 0;
}

static int tell_untold(struct bw_alertkeeper *k,
                       const struct bw_room *r,
                       int64_t now_s,
                       struct bw_err *reterr)
{
    struct untold u = {.k = k, .r = r};
    size_t from = k->n_news;
    int rc = bw_alertstore_untold(k->store, on_untold, &u, reterr);

    for (size_t i = from; rc == 0 && i < k->n_news; i++) {
        struct bw_alert_row *row = &k->news[i].row;
        row->told_unix_s = now_s;
        (void)snprintf(row->message_id, sizeof(row->message_id), "alert/%lld",
                       (long long)row->id);
        rc = bw_alertstore_put(k->store, row, reterr);
    }
    return rc;
}

/* ---- causes ----------------------------------------------------------------------------
 */

struct causes {
    struct bw_alert_row *rows;
    size_t n, cap;
};

static int on_causeless(void *owner, const struct bw_alert_row *a)
{
    struct causes *c = owner;
    struct bw_alert_row *room = bw_grow(c->rows, c->n, &c->cap, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    c->rows = room;
    c->rows[c->n++] = *a;
    return 0;
}

static int cause_one(struct bw_alertkeeper *k,
                     const struct bw_room *r,
                     struct bw_alert_row *a,
                     int64_t now_s,
                     struct bw_err *reterr)
{
    struct bw_cause_facts facts;
    uint32_t at = bw_room_site_find(r, a->site);
    int64_t until = a->over_unix_s != BW_UNKNOWN ? a->over_unix_s : a->closed_unix_s;
    bool there = at != BW_ROOM_NONE && r->sites[at].last_end_unix_s != BW_UNKNOWN &&
                 r->sites[at].last_end_unix_s >= until;
    char path[PATH_MAX + 16];
    int rc = 0;

    if (!there && now_s - a->closed_unix_s < CAUSE_WAIT_S) {
        return 0;
    }
    if (!k->records) {
        (void)snprintf(path, sizeof(path), "%s/ledger", k->data_dir);
        rc = bw_ledger_records(path, &k->records, reterr);
    }
    rc = rc < 0
             ? rc
             : bw_cause_gather(k->records, a->site, a->since_unix_s, until, &facts, reterr);
    if (rc < 0) {
        return rc;
    }
    enum bw_cause_kind kind = bw_cause_tell(&facts, a->cause_words, sizeof(a->cause_words));
    (void)snprintf(a->cause, sizeof(a->cause), "%s", bw_cause_word(kind));
    rc = bw_alertstore_put(k->store, a, reterr);
    rc = rc < 0 ? rc : act(k, a->id, now_s, "cause", a->cause_words, reterr);
    if (rc == 0 && a->told_unix_s != BW_UNKNOWN) {
        struct alert_news *n = bw_alert_news_add(k);
        if (!n) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        n->what = BW_NEWS_CAUSE;
        n->row = *a;
        n->site = at;
    }
    return rc;
}

int bw_alert_causes(struct bw_alertkeeper *k,
                    const struct bw_room *r,
                    int64_t now_unix_s,
                    struct bw_err *reterr)
{
    struct causes c = {.n = 0};
    int rc =
        bw_alertstore_causeless(k->store, now_unix_s - CAUSE_S, on_causeless, &c, reterr);

    for (size_t i = 0; rc == 0 && i < c.n; i++) {
        rc = cause_one(k, r, &c.rows[i], now_unix_s, reterr);
    }
    free(c.rows);
    return rc;
}

/* ---- a step ----------------------------------------------------------------------------
 */

struct keeping {
    struct bw_alertkeeper *k;
    struct bw_err *reterr;
};

static int on_change(void *owner, const struct bw_alert *a, bool gone)
{
    struct keeping *x = owner;
    struct bw_alert_state s;

    bw_alert_keep(a, &s);
    return bw_alertstore_put_state(x->k->store, &s, gone, x->reterr);
}

/* Do all boxes that are heard have their day? Until then what days tell is no news. */
static bool settled(const struct bw_room *r)
{
    for (size_t i = 0; i < r->n_circuits; i++) {
        const struct bw_room_circuit *c = &r->circuits[i];
        if (r->sites[c->site].freshness == BW_FRESH && !c->has_today) {
            return false;
        }
    }
    return true;
}

static int look(struct bw_alertkeeper *k,
                const struct bw_room *r,
                int64_t now_s,
                struct bw_err *reterr)
{
    struct keeping keeping = {.k = k, .reterr = reterr};
    struct bw_watch w;
    int rc = bw_watcher_look(k->watcher, r, k->planned, k->n_planned, now_s,
                             k->started_unix_s, &w);

    if (rc == 0 && k->fresh) {
        bw_alerts_begin(k->engine);
        if (settled(r) || now_s - k->started_unix_s > SETTLE_S) {
            rc = bw_alertstore_set(k->store, "began", now_s, reterr);
            k->fresh = rc < 0;
        }
    }
    k->n_seen = 0;
    k->n_news = 0;
    rc = rc < 0 ? rc : bw_alerts_step(k->engine, &w, on_event, k);
    if (rc == -ENOMEM || k->n_seen == SIZE_MAX) {
        k->n_seen = 0;
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; rc == 0 && i < k->n_seen; i++) {
        rc = take(k, r, &k->seen[i], reterr);
    }
    rc = rc < 0 || w.quiet ? rc : tell_untold(k, r, now_s, reterr);
    rc = rc < 0 ? rc : bw_alert_causes(k, r, now_s, reterr);
    rc = rc < 0 ? rc : bw_alert_post_news(k, r, now_s, reterr);
    if (rc == 0 && now_s - k->dated_unix_s >= DATES_EVERY_S) {
        rc = bw_alert_dates(k, r, now_s, reterr);
        k->dated_unix_s = rc == 0 ? now_s : k->dated_unix_s;
    }
    if (rc == 0 && now_s - k->forgot_unix_s >= FORGET_EVERY_S) {
        rc = bw_alertstore_forget(k->store, now_s - FORGET_S, reterr);
        k->forgot_unix_s = now_s;
    }
    rc = rc < 0 ? rc : bw_alerts_changes(k->engine, on_change, &keeping);
    if (rc == 0 && bw_alerts_next_id(k->engine) != k->next_kept) {
        k->next_kept = bw_alerts_next_id(k->engine);
        rc = bw_alertstore_set(k->store, "next", k->next_kept, reterr);
    }
    return rc;
}

int bw_alert_step(struct bw_alertkeeper *k, const struct bw_room *r, struct bw_err *reterr)
{
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int rc = open_all(k, reterr);

    rc = rc < 0 ? rc : read_planned(k, now_s, reterr);
    rc = rc < 0 ? rc : bw_alertstore_begin(k->store, reterr);
    if (rc < 0) {
        return rc;
    }
    rc = look(k, r, now_s, reterr);
    rc = rc < 0 ? rc : bw_alertstore_commit(k->store, reterr);
    if (rc < 0) {
        bw_alertstore_rollback(k->store);
        bw_alerts_free(k->engine);
        k->engine = NULL;
        k->next_kept = 0;
    }
    return rc;
}

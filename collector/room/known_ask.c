/* SPDX-License-Identifier: GPL-3.0-or-later
 * known_ask.c - from what is on file to the question that a report answers.
 *
 * Invariant: what is left out of a question is on file for nobody it is about, so that the
 * same report comes out as of the whole question. */
#include "known_private.h"

#include <adoption.h>
#include <bill.h>
#include <bw/err.h>
#include <contract.h>
#include <errno.h>
#include <evrule.h>
#include <filed.h>
#include <grow.h>
#include <log.h>
#include <origin.h>
#include <room.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARENTS_MAX = 16
};

void bw_known_read_rules(struct bw_known *k, const char *folder)
{
    struct bw_err err = {.text = ""};
    int r;

    if (k->conf) {
        (void)pthread_mutex_lock(k->conf);
    }
    r = bw_evrule_folder(folder, &k->rules, &k->n_rules, &err);
    if (k->conf) {
        (void)pthread_mutex_unlock(k->conf);
    }
    if (r < 0 && r != -ENOENT) { /* none: nothing to judge by is installed here */
        bw_log(BW_AREA_EVIDENCE, BW_WARN,
               "%s; until the next start the state's room judges by no rule", err.text);
    }
}

/* ---- what was said --------------------------------------------------------------------
 */

struct abouts {
    char (*list)[BW_STATEMENT_ABOUT_MAX + 1];
    size_t n, cap;
};

static int on_calendar(void *owner, const struct bw_said *s)
{
    struct abouts *a = owner;
    void *room;

    if (a->n > 0 && strcmp(a->list[a->n - 1], s->statement->about) == 0) {
        return 0;
    }
    room = bw_grow(a->list, a->n, &a->cap, sizeof(*a->list));
    if (!room) {
        return -ENOMEM;
    }
    a->list = room;
    (void)snprintf(a->list[a->n++], sizeof(*a->list), "%s", s->statement->about);
    return 0;
}

/* One key after the other: of a key whose calendars cannot be read there is none. */
static int
read_calendars(struct bw_known *k, struct bw_calendars *to, struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = bw_statement_kind_name(BW_STATEMENT_CALENDAR)};
    struct abouts a = {.n = 0};
    int r = k->catalogue->ops->statements(k->catalogue, &q, on_calendar, &a, reterr);

    for (size_t i = 0; r == 0 && i < a.n; i++) {
        size_t before = to->n;
        r = bw_calendars_add(k->catalogue, a.list[i], to, reterr);
        if (r == -BW_ENEWER || r == -BW_EMALFORMED) {
            while (to->n > before) {
                bw_schoolcal_free(to->list[--to->n].cal);
            }
            r = 0;
        }
    }
    free(a.list);
    return r;
}

static int on_act(void *owner, const struct bw_said *s)
{
    struct bw_known *k = owner;
    struct bw_known_act *room = bw_grow(k->acts, k->n_acts, &k->cap_acts, sizeof(*room));
    const char *about = s->statement->about;
    struct bw_siteact act = {.act = BW_SITEACT_NONE};

    if (!room) {
        return -ENOMEM;
    }
    k->acts = room;
    if (s->statement->body) { /* of a newer program: not told as sent */
        (void)bw_siteact_decode(s->statement->body, s->statement->n_body, &act, NULL);
    }
    room[k->n_acts].shipped = act.act == BW_SITEACT_SHIPPED;
    room[k->n_acts].from_unix_s = act.from_unix_s;
    room[k->n_acts].recorded_unix_s = s->recorded_unix_ms / 1000;
    (void)snprintf(room[k->n_acts].site, sizeof(room->site), "%.*s", BW_SITE_MAX,
                   strncmp(about, "site:", 5) == 0 ? about + 5 : "");
    k->n_acts++;
    return 0;
}

static int on_any(void *owner, const struct bw_said *s)
{
    (void)s;
    *(bool *)owner = true;
    return 1;
}

/* Is there a statement of this kind, whether or not it still holds? */
static int
any_of(struct bw_known *k, enum bw_statement_kind kind, bool *ret, struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = bw_statement_kind_name(kind), .ended = true};
    int r;

    *ret = false;
    r = k->catalogue->ops->statements(k->catalogue, &q, on_any, ret, reterr);
    return r < 0 ? r : 0;
}

int bw_known_read_said(struct bw_known *k,
                       const struct bw_known_site *sites,
                       size_t n_sites,
                       struct bw_err *reterr)
{
    const struct bw_said_query acts = {.kind = bw_statement_kind_name(BW_STATEMENT_SITE)};
    int r;
    (void)sites;
    (void)n_sites;

    bw_known_forget_said(k);
    k->said = -1; /* until all of it was read */
    r = read_calendars(k, &k->calendars, reterr);
    r = r < 0 ? r : k->catalogue->ops->statements(k->catalogue, &acts, on_act, k, reterr);
    r = r < 0 ? r : bw_known_read_locales(k, reterr);
    r = r < 0 ? r : bw_sharings_read(k->catalogue, &k->bindings, reterr);
    r = r < 0 ? r : any_of(k, BW_STATEMENT_ANNOTATION, &k->annotated, reterr);
    r = r < 0 ? r : any_of(k, BW_STATEMENT_ERRATUM, &k->errata, reterr);
    return r < 0 ? r
                 : bw_adoptions_read(k->catalogue, &k->adoptions, &k->n_adoptions, reterr);
}

void bw_known_forget_said(struct bw_known *k)
{
    bw_calendars_done(&k->calendars);
    free(k->acts);
    free(k->adoptions);
    bw_sharings_done(&k->bindings);
    free(k->locales);
    k->locales = NULL;
    k->n_locales = k->cap_locales = 0;
    k->acts = NULL;
    k->n_acts = k->cap_acts = 0;
    k->adoptions = NULL;
    k->n_adoptions = 0;
}

void bw_known_mark_moved(const struct bw_known *k, struct bw_known_site *sites, size_t n)
{
    for (size_t i = 0; i < k->n_acts; i++) {
        const struct bw_known_act *a = &k->acts[i];
        struct bw_known_site *s = bw_known_find_site(sites, n, a->site);
        if (!s) {
            continue;
        }
        if (a->shipped) { /* by position: the newest word holds */
            s->shipped_unix_s = a->from_unix_s;
            continue;
        }
        s->moved = true;
        if (s->moved_unix_s == BW_UNKNOWN || a->recorded_unix_s > s->moved_unix_s) {
            s->moved_unix_s = a->recorded_unix_s;
        }
    }
}

/* ---- calendars and zones --------------------------------------------------------------
 */

static int zone_named(struct bw_known *k,
                      const char *name,
                      const struct bw_tz **ret,
                      struct bw_err *reterr)
{
    struct bw_tz *tz = NULL;
    int r;

    for (size_t i = 0; i < k->n_zones; i++) {
        if (strcmp(k->zones[i].name, name) == 0) {
            *ret = k->zones[i].tz;
            return 0;
        }
    }
    if (k->n_zones == BW_KNOWN_ZONES_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d time zones", BW_KNOWN_ZONES_MAX);
    }
    r = bw_tz_load(name, &tz, reterr);
    if (r == 0) {
        (void)snprintf(k->zones[k->n_zones].name, sizeof(k->zones[0].name), "%s", name);
        k->zones[k->n_zones++].tz = tz;
        *ret = tz;
    }
    return r;
}

/* The first calendar of a key in the list, and how many it has. */
static const struct bw_calendar_kept *
calendars_of(const struct bw_known *k, const char *about, size_t *ret_n)
{
    size_t low = 0;
    size_t high = k->calendars.n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(k->calendars.list[mid].about, about) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_n = 0;
    while (low + *ret_n < k->calendars.n &&
           strcmp(k->calendars.list[low + *ret_n].about, about) == 0) {
        (*ret_n)++;
    }
    return *ret_n ? &k->calendars.list[low] : NULL;
}

/* Calendars that govern a site that never moved, as bw_calendars_add_site() has them, into
 * to[cap]; gives how many there are. */
static size_t governing(const struct bw_known *k,
                        const char *site,
                        const struct bw_calendar_kept **to,
                        size_t cap)
{
    const struct bw_known_site *s = bw_known_site(k, site);
    const struct bw_entity *e = s ? bw_known_entity(k, s->site.entity) : NULL;
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    size_t n = 0;

    for (int i = 0; i <= PARENTS_MAX; i++) {
        bool last = !e || i == PARENTS_MAX;
        size_t more = 0;
        (void)snprintf(about, sizeof(about), "%s%s",
                       last ? BW_CALENDAR_ABOUT_STATE : BW_CALENDAR_ABOUT_ENTITY,
                       last ? "" : e->id);
        const struct bw_calendar_kept *first = calendars_of(k, about, &more);
        for (size_t m = 0; m < more; m++, n++) {
            if (n < cap) {
                to[n] = &first[m];
            }
        }
        if (last) {
            break;
        }
        e = bw_known_entity(k, e->parent);
    }
    return n;
}

enum {
    GOVERNING_MAX = 256
};

const struct bw_calendar_kept *bw_known_calendars(const struct bw_known *k, size_t *ret_n)
{
    *ret_n = k->calendars.n;
    return k->calendars.list;
}

int bw_known_zone(struct bw_known *k,
                  const char *site,
                  const struct bw_tz **ret,
                  struct bw_err *reterr)
{
    const struct bw_calendar_kept *near[1];
    char host[64];

    if (governing(k, site, near, 1) > 0) {
        return zone_named(k, bw_schoolcal_spec(near[0]->cal)->zone, ret, reterr);
    }
    bw_tz_host_name(host, sizeof(host));
    return zone_named(k, host, ret, reterr);
}

/* As a report has it, where it is in the zone and stands in the period. */
static void take_calendar(const struct bw_calendar_kept *kept, struct bw_known_asked *a)
{
    struct bw_report_calendar *x = &a->calendars[a->q.n_calendars];
    struct bw_civil c;

    if (strcmp(bw_schoolcal_spec(kept->cal)->zone, bw_tz_name(a->q.tz)) != 0) {
        return;
    }
    *x = (struct bw_report_calendar){.cal = kept->cal};
    (void)snprintf(x->about, sizeof(x->about), "%s", kept->about);
    memcpy(x->id, kept->id, sizeof(x->id));
    if (kept->from_unix_s != BW_UNKNOWN) {
        bw_tz_local(a->q.tz, kept->from_unix_s, &c);
        bw_civil_date(bw_civil_days(c.year, c.month, c.day), x->first_day);
    }
    if (kept->to_unix_s != BW_UNKNOWN) {
        bw_tz_local(a->q.tz, kept->to_unix_s, &c);
        bw_civil_date(bw_civil_days(c.year, c.month, c.day) - 1, x->last_day);
    }
    if (bw_report_calendar_stands(x, a->q.tz, a->q.from_unix_s, a->q.to_unix_s)) {
        a->q.n_calendars++;
    }
}

static int
ask_calendars(struct bw_known *k, struct bw_known_asked *a, struct bw_err *reterr)
{
    const struct bw_calendar_kept *list[GOVERNING_MAX];
    const struct bw_known_site *s = bw_known_site(k, a->site);
    size_t n = 0;

    if (s && s->moved) {
        a->own = calloc(1, sizeof(*a->own));
        int r =
            a->own ? bw_calendars_add_site(k->catalogue, a->site, a->own, reterr) : -ENOMEM;
        if (r < 0) {
            return r;
        }
        n = a->own->n;
    } else {
        n = governing(k, a->site, list, GOVERNING_MAX);
        n = n < GOVERNING_MAX ? n : GOVERNING_MAX;
    }
    a->calendars = calloc(n + 1, sizeof(*a->calendars));
    if (!a->calendars) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        take_calendar(a->own ? &a->own->list[i] : list[i], a);
    }
    a->q.calendars = a->calendars;
    return 0;
}

/* ---- claims ---------------------------------------------------------------------------
 */

int bw_known_claims(struct bw_known *k,
                    const char *site,
                    const char *circuit,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_report_claim **ret,
                    size_t *ret_n,
                    struct bw_err *reterr)
{
    struct bw_report_claim *all = calloc(BW_REPORT_CLAIMS_MAX, sizeof(*all));
    struct bw_report_claim *fit = NULL;
    const struct bw_tz *tz = NULL;
    char place[128];
    size_t n = 0;
    int r = all ? bw_known_zone(k, site, &tz, reterr) : -ENOMEM;

    r = r < 0 ? r
              : bw_origin_dated_claims(k->origin, site, circuit, tz, from_unix_s, to_unix_s,
                                       all, BW_REPORT_CLAIMS_MAX, &n, place, reterr);
    if (r == 0) {
        fit = calloc(n + 1, sizeof(*fit));
        r = fit ? 0 : -ENOMEM;
    }
    if (r == 0) {
        memcpy(fit, all, n * sizeof(*fit));
        *ret = fit;
        *ret_n = n;
    }
    free(all);
    return r;
}

static int on_typed(void *owner, const struct bw_claim *c)
{
    struct bw_known_terms *t = owner;

    (void)snprintf(t->provider, sizeof(t->provider), "%s", c->provider);
    (void)snprintf(t->lines, sizeof(t->lines), "%s%s", c->frn_line[0] ? "frn:" : "",
                   c->frn_line);
    t->monthly_cents = c->monthly_cost_cents > 0 ? c->monthly_cost_cents : BW_UNKNOWN;
    return 0;
}

/* What the bills of a bound line say beside its speed. */
static void take_filed(const struct bw_filed *f, struct bw_known_terms *t)
{
    const struct bw_bills b = {.line = f->has ? &f->line : NULL,
                               .others = f->others,
                               .n_others = f->n_others,
                               .circuits = f->circuits};
    enum bw_bill_part part = BW_BILL_ALL;

    t->monthly_cents = bw_bill_monthly_cents(&b, &part);
    t->monthly_eligible = part == BW_BILL_ELIGIBLE;
    if (!f->has) {
        return;
    }
    /* Of several bills the sum is known only of a circuit and Internet access over it. */
    t->role = f->line.role == BW_ROLE_INTERNET ||
                      (f->n_others > 0 && t->monthly_cents != BW_UNKNOWN)
                  ? BW_ROOM_ROLE_INTERNET
              : f->line.role == BW_ROLE_UNKNOWN ? BW_ROOM_ROLE_UNKNOWN
                                                : BW_ROOM_ROLE_OTHER;
    (void)snprintf(t->technology, sizeof(t->technology), "%s",
                   f->line.function[0] ? f->line.function : f->line.product);
}

int bw_known_terms(struct bw_known *k,
                   const char *site,
                   const char *circuit,
                   int64_t unix_s,
                   struct bw_known_terms *ret,
                   struct bw_err *reterr)
{
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    struct bw_bound_claim *bound = NULL;
    struct bw_filed filed = {.has = false};
    const struct bw_tz *tz = NULL;
    size_t n = 0;
    int r = bw_known_zone(k, site, &tz, reterr);

    *ret = (struct bw_known_terms){.monthly_cents = BW_UNKNOWN};
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = r < 0 ? r
              : k->catalogue->ops->claims(k->catalogue, site, circuit, unix_s, unix_s + 1,
                                          on_typed, ret, reterr);
    r = r < 0 ? r
              : bw_bound_claims(k->catalogue, name, tz, unix_s, unix_s + 1, &bound, &n,
                                reterr);
    if (r == 0 && n > 0) {
        (void)snprintf(ret->provider, sizeof(ret->provider), "%s", bound[0].provider);
        (void)snprintf(ret->lines, sizeof(ret->lines), "%s", bound[0].claims);
        r = bw_filed_find_among(k->catalogue, &k->bindings, site, circuit, tz, unix_s,
                                unix_s + 1, &filed, reterr);
        if (r == 0) {
            take_filed(&filed, ret);
        }
        bw_filed_done(&filed);
    }
    free(bound);
    return r;
}

/* ---- the question ---------------------------------------------------------------------
 */

static int ask_people(struct bw_known *k, struct bw_known_asked *a, struct bw_err *reterr)
{
    const struct bw_known_site *s = bw_known_site(k, a->site);
    struct bw_report_query *q = &a->q;
    int r = 0;

    if (k->annotated) {
        r = bw_annotations_read(k->catalogue, a->site, a->circuit, q->from_unix_s,
                                q->to_unix_s, &a->annotations, &q->n_annotations,
                                &q->n_unread_annotations, reterr);
        q->annotations = a->annotations;
    }
    if (r == 0 && k->errata) {
        r = bw_errata_read(k->catalogue, a->site, a->circuit, q->from_unix_s, q->to_unix_s,
                           BW_UNKNOWN, &a->errata, &q->n_errata, &q->n_unread_errata,
                           reterr);
        q->errata = a->errata;
    }
    if (r == 0 && s && s->revoked) {
        r = bw_origin_keyfacts(k->origin, a->site, &a->keys, &q->n_keys, reterr);
        q->keys = a->keys;
    }
    return r;
}

static int ask_rules(struct bw_known *k, struct bw_known_asked *a, struct bw_err *reterr)
{
    struct bw_report_query *q = &a->q;
    int64_t until = q->made_unix_s < q->to_unix_s ? q->made_unix_s : q->to_unix_s;
    int r;

    a->contract = calloc(1, sizeof(*a->contract));
    if (!a->contract) {
        return -ENOMEM;
    }
    if (k->conf) {
        (void)pthread_mutex_lock(k->conf);
    }
    r = bw_contract_find(k->catalogue, a->site, a->circuit, q->tz, q->from_unix_s, until,
                         a->contract, reterr);
    if (k->conf) {
        (void)pthread_mutex_unlock(k->conf);
    }
    a->judging = (struct bw_report_judging){.rules = k->rules,
                                            .n_rules = k->n_rules,
                                            .adoptions = k->adoptions,
                                            .n_adoptions = k->n_adoptions,
                                            .terms = bw_finding_terms_none,
                                            .students = BW_UNKNOWN,
                                            .users = BW_UNKNOWN};
    if (r == 0) {
        bw_report_judging_said(&a->judging, a->contract, false);
        q->judging = &a->judging;
    }
    return r;
}

int bw_known_ask(struct bw_known *k,
                 const char *site,
                 const char *circuit,
                 int64_t from_unix_s,
                 int64_t to_unix_s,
                 int64_t now_unix_s,
                 const struct bw_report_claim *claims,
                 size_t n_claims,
                 bool judged,
                 struct bw_known_asked *ret,
                 struct bw_err *reterr)
{
    int r;

    *ret = (struct bw_known_asked){.q = {.from_unix_s = from_unix_s,
                                         .to_unix_s = to_unix_s,
                                         .records = bw_origin_records(k->origin),
                                         .class_hours = bw_report_class_hours_default,
                                         .claims = claims,
                                         .n_claims = n_claims,
                                         .origin = "ledger",
                                         .made_unix_s = now_unix_s}};
    (void)snprintf(ret->site, sizeof(ret->site), "%s", site);
    (void)snprintf(ret->circuit, sizeof(ret->circuit), "%s", circuit);
    ret->q.site = ret->site;
    ret->q.circuit = ret->circuit;
    r = bw_known_zone(k, site, &ret->q.tz, reterr);
    r = r < 0 ? r : ask_calendars(k, ret, reterr);
    r = r < 0 ? r : ask_people(k, ret, reterr);
    return r < 0 || !judged ? r : ask_rules(k, ret, reterr);
}

void bw_known_asked_done(struct bw_known_asked *a)
{
    free(a->calendars);
    if (a->own) {
        bw_calendars_done(a->own);
        free(a->own);
    }
    free(a->annotations);
    free(a->errata);
    free(a->keys);
    free(a->contract);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendars.c - the school calendars that are in force in a catalogue. */
#include "calendars.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <grow.h>
#include <siteact.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARENTS_MAX = 16 /* no district is deeper in regions, agencies and consortia */
};

struct adding {
    struct bw_calendars *out;
    struct bw_err *reterr;
};

static int take(void *owner, const struct bw_said *s)
{
    struct adding *a = owner;
    struct bw_schoolcal *cal = NULL;
    struct bw_calendar_kept *k;
    struct bw_err why = {""};
    void *room;
    int rc;

    if (!s->statement->body) {
        return bw_err_set(a->reterr, -BW_ENEWER, "calendar %.8s needs a newer reader",
                          s->id);
    }
    rc = bw_schoolcal_decode(s->statement->body, s->statement->n_body, &cal, &why);
    if (rc < 0) {
        return bw_err_set(a->reterr, rc, "calendar %.8s of %s: %s", s->id,
                          s->statement->about, why.text);
    }
    room = bw_grow(a->out->list, a->out->n, &a->out->cap, sizeof(*a->out->list));
    if (!room) {
        bw_schoolcal_free(cal);
        return bw_err_set(a->reterr, -ENOMEM, "out of memory");
    }
    a->out->list = room;
    k = &a->out->list[a->out->n++];
    *k = (struct bw_calendar_kept){.cal = cal,
                                   .said_unix_s = s->statement->said_unix_s,
                                   .from_unix_s = BW_UNKNOWN,
                                   .to_unix_s = BW_UNKNOWN};
    (void)snprintf(k->about, sizeof(k->about), "%s", s->statement->about);
    (void)snprintf(k->id, sizeof(k->id), "%s", s->id);
    (void)snprintf(k->by, sizeof(k->by), "%s", s->statement->by);
    return 0;
}

static int by_first_day(const void *a, const void *b)
{
    const struct bw_calendar_kept *x = a;
    const struct bw_calendar_kept *y = b;
    int64_t p = bw_schoolcal_spec(x->cal)->from_day;
    int64_t q = bw_schoolcal_spec(y->cal)->from_day;

    return p != q ? (p < q ? -1 : 1) : strcmp(x->id, y->id);
}

int bw_calendars_add(struct bw_catalogue *c,
                     const char *about,
                     struct bw_calendars *out,
                     struct bw_err *reterr)
{
    struct bw_said_query q = {.kind = bw_statement_kind_name(BW_STATEMENT_CALENDAR),
                              .about = about};
    struct adding a = {.out = out, .reterr = reterr};
    size_t before = out->n;
    int rc = c->ops->statements(c, &q, take, &a, reterr);

    if (rc == 0 && out->n > before + 1) {
        qsort(out->list + before, out->n - before, sizeof(*out->list), by_first_day);
    }
    return rc;
}

/* Of an entity and its parents. */
static int add_above(struct bw_catalogue *c,
                     const char *entity,
                     struct bw_calendars *out,
                     struct bw_err *reterr)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    struct bw_entity e = {.id = ""};
    int rc = 0;

    (void)snprintf(e.parent, sizeof(e.parent), "%s", entity);
    for (int i = 0; rc == 0 && i < PARENTS_MAX && e.parent[0]; i++) {
        char id[BW_ENTITY_MAX + 1];
        memcpy(id, e.parent, sizeof(id));
        (void)snprintf(about, sizeof(about), BW_CALENDAR_ABOUT_ENTITY "%s", id);
        rc = bw_calendars_add(c, about, out, reterr);
        rc = rc < 0 ? rc : c->ops->entity_get(c, id, &e, reterr);
    }
    return rc;
}

int bw_calendars_add_site(struct bw_catalogue *c,
                          const char *site,
                          struct bw_calendars *out,
                          struct bw_err *reterr)
{
    struct bw_site_stay stays[BW_SITE_STAYS_MAX];
    struct bw_site s;
    size_t n = 0;
    int rc;

    if (!c) {
        return 0;
    }
    rc = c->ops->site_get(c, site, &s, reterr);
    if (rc < 0 && rc != -ENOENT) {
        return rc;
    }
    rc = rc < 0 ? 0 : bw_site_stays(c, site, s.entity, stays, &n, reterr);
    for (size_t i = n; rc == 0 && i-- > 0;) {
        size_t before = out->n;
        rc = add_above(c, stays[i].entity, out, reterr);
        for (size_t k = before; k < out->n; k++) {
            out->list[k].from_unix_s = stays[i].from_unix_s;
            out->list[k].to_unix_s = i + 1 < n ? stays[i + 1].from_unix_s : BW_UNKNOWN;
        }
    }
    if (rc < 0) {
        return rc;
    }
    return bw_calendars_add(c, BW_CALENDAR_ABOUT_STATE, out, reterr);
}

void bw_calendars_done(struct bw_calendars *c)
{
    for (size_t i = 0; i < c->n; i++) {
        bw_schoolcal_free(c->list[i].cal);
    }
    free(c->list);
    *c = (struct bw_calendars){.n = 0};
}

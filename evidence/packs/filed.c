/* SPDX-License-Identifier: GPL-3.0-or-later
 * filed.c - the claim bound to a circuit, and its payer.
 *
 * Invariant: only what a person bound is taken; nothing is matched by likeness here. */
#include "filed.h"

#include <bound.h>
#include <bw/err.h>
#include <catalogue.h>
#include <entityline.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

struct choice {
    const char *day;
    bool has;
    struct bw_bound bound;
};

static int choose(void *owner, const char *about, const struct bw_bound *b)
{
    struct choice *c = owner;
    (void)about;

    if (!b->claim_id[0] || (b->first_day[0] && strcmp(c->day, b->first_day) < 0) ||
        (b->last_day[0] && strcmp(c->day, b->last_day) > 0)) {
        return 0;
    }
    if (!c->has || (b->role == BW_ROLE_INTERNET && c->bound.role != BW_ROLE_INTERNET)) {
        c->has = true;
        c->bound = *b;
    }
    return 0;
}

/* The newest of a key, should there be several. */
static int take_claim(void *owner, const struct bw_said *said)
{
    struct bw_filed *f = owner;
    const struct bw_statement *s = said->statement;
    struct bw_claimline line;

    if (!s->body || bw_claimline_decode(s->body, s->n_body, &line, NULL) < 0) {
        return 0;
    }
    bw_claimline_done(&f->line);
    f->line = line;
    f->has = true;
    return 0;
}

static int take_entity(void *owner, const struct bw_said *said)
{
    struct bw_filed *f = owner;
    const struct bw_statement *s = said->statement;
    struct bw_entityline e;

    if (s->body && bw_entityline_decode(s->body, s->n_body, &e, NULL) == 0 &&
        e.students != BW_UNKNOWN && e.students > 0) {
        f->students = e.students;
        (void)snprintf(f->people_origin, sizeof(f->people_origin),
                       "full-time students of BEN %s as its entry has them", e.number);
    }
    return 0;
}

int bw_filed_find(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  const char *day,
                  struct bw_filed *ret,
                  struct bw_err *reterr)
{
    struct choice chosen = {.day = day};
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    char about[BW_NUMBER_MAX + 8];
    int r;

    *ret = (struct bw_filed){.students = BW_UNKNOWN};
    bw_claimline_init(&ret->line);
    if (!c) {
        return 0;
    }
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = bw_bound_each(c, name, choose, &chosen, NULL, reterr);
    if (r == 0 && chosen.has) {
        r = c->ops->statements(
            c,
            &(struct bw_said_query){.kind = "claim", .about = chosen.bound.binding.claim},
            take_claim, ret, reterr);
        (void)snprintf(ret->origin, sizeof(ret->origin),
                       "%.100s, bound to this circuit by %s", chosen.bound.binding.claim,
                       chosen.bound.by);
    }
    if (r < 0 || !ret->has) {
        return r;
    }
    if (ret->line.students != BW_UNKNOWN && ret->line.students > 0) {
        ret->students = ret->line.students;
        (void)snprintf(ret->people_origin, sizeof(ret->people_origin),
                       "as the claim itself says");
    } else if (ret->line.payer[0]) {
        (void)snprintf(about, sizeof(about), "ben:%s", ret->line.payer);
        r = c->ops->statements(c, &(struct bw_said_query){.kind = "entity", .about = about},
                               take_entity, ret, reterr);
    }
    return r;
}

void bw_filed_done(struct bw_filed *f)
{
    bw_claimline_done(&f->line);
}

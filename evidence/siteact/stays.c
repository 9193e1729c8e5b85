/* SPDX-License-Identifier: GPL-3.0-or-later
 * stays.c - where a site stood when, by the moves that people told.
 *
 * Invariant: stays have no holes and do not overlap; the last is where it stands now. */
#include "siteact.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

struct moves {
    struct bw_site_stay *stays;
    size_t n;
    bool full;
};

static int on_act(void *owner, const struct bw_said *s)
{
    struct moves *m = owner;
    struct bw_siteact a;

    if (!s->statement->body ||
        bw_siteact_decode(s->statement->body, s->statement->n_body, &a, NULL) < 0 ||
        a.act != BW_SITEACT_MOVED) {
        return 0;
    }
    if (m->n == 0) {
        m->stays[m->n++].from_unix_s = BW_UNKNOWN;
        memcpy(m->stays[0].entity, a.old_entity, sizeof(a.old_entity));
    }
    while (m->n > 1 && m->stays[m->n - 1].from_unix_s >= a.from_unix_s) {
        m->n--;
    }
    if (m->n == BW_SITE_STAYS_MAX) {
        m->full = true;
        return 0;
    }
    m->stays[m->n].from_unix_s = a.from_unix_s;
    memcpy(m->stays[m->n++].entity, a.entity, sizeof(a.entity));
    return 0;
}

int bw_site_stays(struct bw_catalogue *c,
                  const char *site,
                  const char *now,
                  struct bw_site_stay ret[BW_SITE_STAYS_MAX],
                  size_t *ret_n,
                  struct bw_err *reterr)
{
    struct moves m = {.stays = ret};
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    int r;

    (void)snprintf(about, sizeof(about), "site:%.100s", site);
    r = c->ops->statements(c, &(struct bw_said_query){.kind = "site", .about = about},
                           on_act, &m, reterr);
    if (r < 0 || m.full) {
        return r < 0 ? r
                     : bw_err_set(reterr, -E2BIG, "%s moved more than %d times", site,
                                  BW_SITE_STAYS_MAX - 1);
    }
    if (m.n == 0) {
        ret[m.n++].from_unix_s = BW_UNKNOWN;
    }
    (void)snprintf(ret[m.n - 1].entity, sizeof(ret[0].entity), "%s", now);
    *ret_n = m.n;
    return 0;
}

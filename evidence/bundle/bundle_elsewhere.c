/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_elsewhere.c - members that bear the name of what others publish: rules and the
 * time zone. A name is no proof, so they are held against what is at hand of it. */
#include "bundle_private.h"

#include "tz.h"

#include <bw/err.h>
#include <evrule.h>
#include <inttypes.h>
#include <stdio.h>

enum {
    MARGIN_S = 2 * 86400 /* days of the period are whole local days */
};

static void look_at_rule(const struct bw_evrule *r, const struct bw_bundle_ear *ear)
{
    char member[BW_BAG_NAME_MAX + 1];
    char text[320];

    (void)snprintf(member, sizeof(member), "%s%s.conf", BW_IN_RULES, r->name);
    switch (bw_evrule_whose(r)) {
    case BW_EVRULE_SHIPPED:
        break;
    case BW_EVRULE_OWN:
        (void)snprintf(text, sizeof(text),
                       "is a rule of somebody's own, version %" PRId64
                       ", which this program never shipped: its SHA-256 is %s, compare it "
                       "with theirs",
                       r->version, r->sha256);
        ear->note(ear->owner, member, text);
        break;
    case BW_EVRULE_ALTERED:
        (void)snprintf(text, sizeof(text),
                       "is NOT version %" PRId64
                       " of the rule of that name that this program ships: findings by it "
                       "are somebody's own. Its SHA-256 is %s",
                       r->version, r->sha256);
        ear->unchecked(ear->owner, member, text);
        break;
    case BW_EVRULE_UNHEARD:
        (void)snprintf(text, sizeof(text),
                       "is version %" PRId64
                       " of a rule that this program has in other versions: whether it is "
                       "the one that was shipped is NOT checked. Its SHA-256 is %s",
                       r->version, r->sha256);
        ear->unchecked(ear->owner, member, text);
        break;
    }
}

int64_t bw_bundle_tz_differs(const struct bw_tz *a,
                             const struct bw_tz *b,
                             int64_t from_unix_s,
                             int64_t to_unix_s)
{
    for (int64_t at = from_unix_s; at < to_unix_s;) {
        struct bw_civil x;
        struct bw_civil y;
        int64_t next_a = bw_tz_next_change(a, at);
        int64_t next_b = bw_tz_next_change(b, at);
        bw_tz_local(a, at, &x);
        bw_tz_local(b, at, &y);
        if (x.offset_s != y.offset_s) {
            return at;
        }
        at = next_a < next_b ? next_a : next_b;
    }
    return BW_UNKNOWN;
}

static void look_at_zone(const struct bw_bundle_made *m, const struct bw_bundle_ear *ear)
{
    const struct bw_bundle_query *q = &m->query;
    struct bw_tz *here = NULL;

    if (bw_tz_load(q->tz_name, &here, NULL) < 0) {
        ear->note(ear->owner, q->tz_member,
                  "this machine has no time zone of that name: whether its rules are the "
                  "published ones was not looked at");
        return;
    }
    if (bw_bundle_tz_differs(m->tz, here, q->from_unix_s - MARGIN_S,
                             q->to_unix_s + MARGIN_S) != BW_UNKNOWN) {
        ear->unchecked(ear->owner, q->tz_member,
                       "gives other local times in this period than the time zone of that "
                       "name on this machine: one of the two is old, or was changed");
    }
    bw_tz_free(here);
}

void bw_bundle_look_elsewhere(const struct bw_bundle_made *m,
                              const struct bw_bundle_ear *ear)
{
    for (size_t i = 0; i < m->query.n_rules; i++) {
        look_at_rule(&m->rules[i], ear);
    }
    look_at_zone(m, ear);
}

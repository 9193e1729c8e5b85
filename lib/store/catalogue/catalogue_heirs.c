/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_heirs.c - how many keys a box's keys may bring by themselves. */
#include "catalogue_private.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <string.h>

struct heirs {
    const char *kid; /* the new key */
    size_t n;        /* keys that a key signed for, since the last that a token brought */
    bool known;      /* the new one is among the site's */
};

static int count_heir(void *owner, const struct bw_site_key *k)
{
    struct heirs *h = owner;
    h->known = h->known || strcmp(k->kid, h->kid) == 0;
    h->n = k->prev_kid[0] ? h->n + 1 : 0;
    return 0;
}

int bw_cat_heirs_check(struct bw_catalogue *c,
                       const char *site,
                       const char *kid,
                       struct bw_err *reterr)
{
    struct heirs h = {.kid = kid};
    struct bw_site s;
    int r = bw_cat_site_get(c, site, &s, reterr);
    if (r == 0 && s.state == BW_SITE_RETIRED) {
        return bw_err_set(reterr, -EPERM, "site %s is retired", site);
    }
    r = r < 0 ? r : bw_cat_keys(c, site, count_heir, &h, reterr);
    if (r == 0 && !h.known && h.n >= BW_CATALOGUE_HEIRS_MAX) {
        return bw_err_set(reterr, -EDQUOT,
                          "%d keys of site %s came by another key: the next one needs a "
                          "token",
                          BW_CATALOGUE_HEIRS_MAX, site);
    }
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_view.c - links to packs, out of the catalogue. */
#include "share_view.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
    struct share_listed *list;
    int64_t *positions;
    size_t n;
};

static int take(void *owner, const struct bw_said *said)
{
    struct gathering *g = owner;
    struct share_listed *list = reallocarray(g->list, g->n + 1, sizeof(*list));
    size_t at = g->n;

    if (!list) {
        return -ENOMEM;
    }
    g->list = list;
    int64_t *positions = reallocarray(g->positions, g->n + 1, sizeof(*positions));
    if (!positions) {
        return -ENOMEM;
    }
    g->positions = positions;
    struct share_listed x = {.revoked = said->ended_position != BW_UNKNOWN};
    if (!said->statement->body ||
        bw_share_decode(said->statement->body, said->statement->n_body, &x.share, NULL) <
            0) {
        return 0; /* a newer program's */
    }
    memcpy(x.statement, said->id, sizeof(x.statement));
    (void)snprintf(x.by, sizeof(x.by), "%s", said->statement->by);
    while (at > 0 && g->positions[at - 1] > said->position) {
        g->list[at] = g->list[at - 1];
        g->positions[at] = g->positions[at - 1];
        at--;
    }
    g->list[at] = x;
    g->positions[at] = said->position;
    g->n++;
    return 0;
}

int share_view_all(const struct bw_docket *d,
                   struct share_listed **ret,
                   size_t *ret_n,
                   struct bw_err *reterr)
{
    struct gathering g = {.list = NULL};
    int r = bw_docket_each(d, &(struct bw_said_query){.kind = BW_SHARE_WORD, .ended = true},
                           take, &g, reterr);

    free(g.positions);
    if (r < 0) {
        free(g.list);
        return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
    }
    *ret = g.list;
    *ret_n = g.n;
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * said_list.c - rows of what was said. */
#include "said_list.h"

#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <stdlib.h>
#include <string.h>

int bw_said_list_add(struct bw_said_list *l, const void *row)
{
    void *grown;

    if (l->n >= l->max) {
        return -E2BIG;
    }
    grown = bw_grow(l->rows, l->n, &l->cap, l->size);
    if (!grown) {
        return -ENOMEM;
    }
    l->rows = grown;
    memcpy((char *)l->rows + l->n * l->size, row, l->size);
    l->n++;
    return 0;
}

int bw_said_list_read(struct bw_catalogue *c,
                      const struct bw_said_query *q,
                      bw_said_cb take,
                      void *owner,
                      struct bw_said_list *l,
                      const char *what,
                      struct bw_err *reterr)
{
    int r = c ? c->ops->statements(c, q, take, owner, reterr) : 0;

    if (r < 0) {
        free(l->rows);
        l->rows = NULL;
        l->n = 0;
    }
    return r == -E2BIG    ? bw_err_set(reterr, r, "more than %zu %s", l->max, what)
           : r == -ENOMEM ? bw_err_set(reterr, r, "out of memory")
                          : r;
}

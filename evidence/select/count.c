/* SPDX-License-Identifier: GPL-3.0-or-later
 * count.c - how many circuits are bound to a line.
 *
 * Invariant: circuits are counted, not bindings: one that took another's place is not a
 * second one, and two bindings of one circuit are one. */
#include "selection_private.h"

#include <stdlib.h>
#include <string.h>

static int same_name(const struct bw_select_name *a, const struct bw_select_name *b)
{
    int r = strcmp(a->site, b->site);

    return r ? r : strcmp(a->circuit, b->circuit);
}

static int by_line_and_name(const void *a, const void *b)
{
    const struct bw_select_tie *x = a;
    const struct bw_select_tie *y = b;
    int r = (x->line > y->line) - (x->line < y->line);

    return r ? r : same_name(&x->name, &y->name);
}

static bool holds(const struct bw_select_tie *t, const char *day)
{
    return strcmp(t->first, day) <= 0 && (!t->last[0] || strcmp(t->last, day) >= 0);
}

/* How many circuits are bound on a day; ties by name. */
static int64_t on_day(const struct bw_select_tie *ties, size_t n, const char *day)
{
    const struct bw_select_name *last = NULL;
    int64_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (holds(&ties[i], day) && (!last || same_name(last, &ties[i].name) != 0)) {
            last = &ties[i].name;
            count++;
        }
    }
    return count;
}

static void count_line(struct bw_selected_line *l,
                       struct bw_select_tie *ties,
                       size_t n,
                       const char *first)
{
    for (size_t i = 0; i < n; i++) {
        const struct bw_select_tie *t = &ties[i];
        int64_t now = on_day(ties, n, strcmp(t->first, first) > 0 ? t->first : first);
        l->n_bound = now > l->n_bound ? now : l->n_bound;
        l->n_untold += t->untold && (i == 0 || same_name(&t->name, &ties[i - 1].name) != 0);
    }
}

void bw_select_count(struct bw_selection *s,
                     struct bw_select_tie *ties,
                     size_t n,
                     const char *first)
{
    if (n > 1) {
        qsort(ties, n, sizeof(*ties), by_line_and_name);
    }
    for (size_t i = 0, end = 0; i < n; i = end) {
        while (end < n && ties[end].line == ties[i].line) {
            end++;
        }
        count_line(&s->lines[ties[i].line], &ties[i], end - i, first);
    }
}

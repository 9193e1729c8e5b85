/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_compare_intervals.c - the table of intervals of other forms, against the one made
 * here.
 *
 * Invariant: rows are found by start_utc and seq, columns by the names in the heading;
 * every cell that both have must be the same, and what is compared with nothing is counted.
 */
#include "bundle_private.h"

#include <bw/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 64,
    SPARE = 65536 /* bytes that a bag's may be longer than four times that made here */
};

struct cell {
    const char *at;
    size_t n;
};

struct line {
    const char *at;
    size_t n;
    struct cell start;
    struct cell seq;
    size_t same; /* lines before it of the same start and seq */
};

struct table {
    struct cell name[COLUMNS_MAX];
    size_t n_columns;
    size_t start;
    size_t seq;
    struct line *lines;
    size_t n;
};

struct telling {
    const char *member;
    struct bw_bundle_compared *c;
    int n_aside;
};

__attribute__((format(printf, 3, 4))) static void
tell(struct telling *t, bool fault, const char *fmt, ...)
{
    char text[2 * BW_BUNDLE_SHOWN + 160];
    va_list ap;

    t->c->n_apart += fault ? 0 : 1;
    if (fault ? t->c->n_differ++ >= BW_BUNDLE_TOLD_MAX
              : !t->c->aside || t->n_aside++ >= BW_BUNDLE_TOLD_MAX) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (fault ? t->c->fault : t->c->aside)(t->c->owner, t->member, text);
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

static int compare_cells(const struct cell *a, const struct cell *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int order = memcmp(a->at, b->at, n);

    return order ? order : (a->n > b->n) - (a->n < b->n);
}

/* The fields of a line as they are written, quotes too; how many, at most one too many. */
static size_t split(const char *at, size_t n, struct cell ret[COLUMNS_MAX])
{
    const char *from = at;
    bool quoted = false;
    size_t k = 0;

    for (size_t i = 0; i <= n; i++) {
        quoted = i < n && quoted != (at[i] == '"');
        if (i < n && (at[i] != ',' || quoted)) {
            continue;
        }
        if (k == COLUMNS_MAX) {
            return COLUMNS_MAX + 1;
        }
        ret[k++] = (struct cell){from, (size_t)(at + i - from)};
        from = at + i + (i < n ? 1 : 0);
    }
    return k;
}

static size_t column(const struct table *t, const char *name, size_t n)
{
    const struct cell want = {name, n};

    for (size_t i = 0; i < t->n_columns; i++) {
        if (same(&t->name[i], &want)) {
            return i;
        }
    }
    return COLUMNS_MAX;
}

static int by_place(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;
    int order = compare_cells(&x->start, &y->start);

    order = order ? order : compare_cells(&x->seq, &y->seq);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_key(const struct line *x, const struct line *y)
{
    int order = compare_cells(&x->start, &y->start);

    order = order ? order : compare_cells(&x->seq, &y->seq);
    return order ? order : (x->same > y->same) - (x->same < y->same);
}

static const char *next(const char *at, const char *end, size_t *ret_n)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));

    *ret_n = (size_t)((newline ? newline : end) - at);
    if (*ret_n > 0 && at[*ret_n - 1] == '\r') {
        --*ret_n;
    }
    return newline ? newline + 1 : end;
}

/* Why it cannot be read as such a table; NULL if it can. */
static const char *read_heading(struct table *t, const char *at, size_t n)
{
    t->n_columns = split(at, n, t->name);
    if (t->n_columns > COLUMNS_MAX) {
        t->n_columns = 0;
        return "has more columns than are read: it is NOT compared";
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        if (column(t, t->name[i].at, t->name[i].n) != i) {
            return "has two columns of one name: it is NOT compared";
        }
    }
    t->start = column(t, "start_utc", strlen("start_utc"));
    t->seq = column(t, "seq", strlen("seq"));
    return t->start == COLUMNS_MAX || t->seq == COLUMNS_MAX
               ? "has no start_utc or seq to find rows by: it is NOT compared"
               : NULL;
}

/* False without memory. */
static bool
read_lines(struct telling *told, struct table *t, const char *at, const char *end)
{
    struct cell cells[COLUMNS_MAX];
    char shown[BW_BUNDLE_SHOWN + 1];
    size_t cap = 0;
    size_t n;

    while (at < end) {
        const char *line = at;
        at = next(at, end, &n);
        if (split(line, n, cells) != t->n_columns) {
            bw_bundle_shown(line, n, shown);
            tell(told, true, "'%s' has not the heading's number of fields", shown);
            continue;
        }
        if (t->n == cap) {
            struct line *grown;
            cap = cap ? 2 * cap : 512;
            grown = reallocarray(t->lines, cap, sizeof(*grown));
            if (!grown) {
                return false;
            }
            t->lines = grown;
        }
        t->lines[t->n++] = (struct line){
            .at = line, .n = n, .start = cells[t->start], .seq = cells[t->seq]};
    }
    if (t->n > 0) {
        qsort(t->lines, t->n, sizeof(*t->lines), by_place);
    }
    for (size_t i = 1; i < t->n; i++) {
        const struct line *before = &t->lines[i - 1];
        struct line *x = &t->lines[i];
        if (same(&x->start, &before->start) && same(&x->seq, &before->seq)) {
            x->same = before->same + 1;
        }
    }
    return true;
}

static void compare_lines(struct telling *told,
                          const struct table *bag,
                          const struct table *made,
                          const struct line *x,
                          const struct line *y)
{
    struct cell a[COLUMNS_MAX];
    struct cell b[COLUMNS_MAX];

    (void)split(x->at, x->n, a);
    (void)split(y->at, y->n, b);
    for (size_t k = 0; k < made->n_columns; k++) {
        char name[BW_BUNDLE_SHOWN + 1];
        char says[BW_BUNDLE_SHOWN + 1];
        char gives[BW_BUNDLE_SHOWN + 1];
        size_t of_bag = column(bag, made->name[k].at, made->name[k].n);
        if (of_bag == COLUMNS_MAX) {
            continue; /* told with the columns */
        }
        if (same(&a[of_bag], &b[k])) {
            told->c->n_same += b[k].n > 0 && k != made->start && k != made->seq ? 1 : 0;
            continue;
        }
        bw_bundle_shown(made->name[k].at, made->name[k].n, name);
        bw_bundle_shown(a[of_bag].at, a[of_bag].n, says);
        bw_bundle_shown(b[k].at, b[k].n, gives);
        tell(told, true, "%.40s of %.*s: the bag says '%.80s', its records give '%.80s'",
             name, (int)(y->start.n < 40 ? y->start.n : 40), y->start.at, says, gives);
    }
}

static void tell_line(struct telling *told, const struct line *x, bool in_bag)
{
    char shown[BW_BUNDLE_SHOWN + 1];

    bw_bundle_shown(x->at, x->n, shown);
    if (in_bag) {
        tell(told, true, "the bag says '%s', its records give no such interval", shown);
    } else {
        tell(told, false, "only this program has '%s'", shown);
    }
}

static void tell_columns(struct telling *told,
                         const struct table *has,
                         const struct table *other,
                         const char *whose)
{
    for (size_t i = 0; i < has->n_columns; i++) {
        char shown[BW_BUNDLE_SHOWN + 1];
        if (column(other, has->name[i].at, has->name[i].n) == COLUMNS_MAX) {
            bw_bundle_shown(has->name[i].at, has->name[i].n, shown);
            tell(told, false, "only %s has the column '%s'", whose, shown);
        }
    }
}

void bw_bundle_interval_differences(const char *member,
                                    const char *bag,
                                    size_t n_bag,
                                    const char *made,
                                    size_t n_made,
                                    struct bw_bundle_compared *c)
{
    struct telling told = {.member = member, .c = c};
    struct table x = {.n = 0};
    struct table y = {.n = 0};
    const char *why = NULL;
    const char *rest_x;
    const char *rest_y;
    size_t n;
    size_t i = 0;
    size_t k = 0;

    bag = n_bag > 0 ? bag : "";
    rest_x = next(bag, bag + n_bag, &n);
    why = read_heading(&x, bag, n);
    rest_y = next(made, made + n_made, &n);
    why = why ? why : read_heading(&y, made, n);
    if (n_bag > SPARE + 4 * n_made) {
        why = "is far longer than what is made here: it is NOT compared";
    }
    if (why) {
        tell(&told, false, "%s", why);
        return;
    }
    tell_columns(&told, &x, &y, "the bag");
    tell_columns(&told, &y, &x, "this program");
    if (!read_lines(&told, &x, rest_x, bag + n_bag) ||
        !read_lines(&told, &y, rest_y, made + n_made)) {
        tell(&told, true, "could not be compared: out of memory");
        x.n = 0;
        y.n = 0;
    }
    while (i < x.n || k < y.n) {
        int order = i == x.n ? 1 : k == y.n ? -1 : by_key(&x.lines[i], &y.lines[k]);
        if (order < 0) {
            tell_line(&told, &x.lines[i], true);
        } else if (order > 0) {
            tell_line(&told, &y.lines[k], false);
        } else {
            compare_lines(&told, &x, &y, &x.lines[i], &y.lines[k]);
        }
        i += order <= 0;
        k += order >= 0;
    }
    free(x.lines);
    free(y.lines);
}

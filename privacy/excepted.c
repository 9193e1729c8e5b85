/* SPDX-License-Identifier: GPL-3.0-or-later
 * excepted.c - what the configuration names. */
#include "excepted.h"

#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct adding {
    struct bw_excepted *e;
    const char *text;
    const char *what;
    const char *where;
};

void bw_excepted_done(struct bw_excepted *e)
{
    free(e->list);
    *e = (struct bw_excepted){0};
}

static bool
same(const struct bw_excepted_one *o, const char *text, const struct bw_shape *s)
{
    if (o->kind != s->kind) {
        return false;
    }
    size_t n = bw_shape_bytes(s->kind);
    return n > 0 ? memcmp(o->bytes, s->bytes, n) == 0
                 : strlen(o->text) == s->n && strncasecmp(o->text, text + s->at, s->n) == 0;
}

bool bw_excepted_has(const struct bw_excepted *e,
                     const char *text,
                     const struct bw_shape *s)
{
    for (size_t i = 0; i < e->n; i++) {
        if (same(&e->list[i], text, s)) {
            return true;
        }
    }
    return false;
}

static int add_one(void *owner, const struct bw_shape *s)
{
    struct adding *a = owner;
    struct bw_excepted *e = a->e;
    if (!s->strict || bw_shape_of_nobody(s->kind, s->bytes) ||
        bw_excepted_has(e, a->text, s)) {
        return 0;
    }
    struct bw_excepted_one *list = bw_grow(e->list, e->n, &e->cap, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    e->list = list;
    struct bw_excepted_one *o = &list[e->n++];
    *o = (struct bw_excepted_one){.kind = s->kind};
    memcpy(o->bytes, s->bytes, sizeof(o->bytes));
    (void)snprintf(o->text, sizeof(o->text), "%.*s", (int)s->n, a->text + s->at);
    (void)snprintf(o->what, sizeof(o->what), "%s", a->what);
    (void)snprintf(o->where, sizeof(o->where), "%s", a->where);
    return 0;
}

int bw_excepted_add(
    struct bw_excepted *e, const char *text, size_t n, const char *what, const char *where)
{
    struct adding a = {.e = e, .text = text, .what = what, .where = where};
    return bw_shapes(text, n, true, add_one, &a);
}

int bw_excepted_add_config(
    struct bw_excepted *e, const char *text, size_t n, const char *what, const char *where)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (text[i] != '"') {
            continue;
        }
        size_t from = ++i;
        while (i < n && text[i] != '"' && text[i] != '\n') {
            i += text[i] == '\\' && i + 1 < n ? 2 : 1;
        }
        size_t to = i < n ? i : n;
        if (to > from && text[from] != '/') { /* no path */
            r = bw_excepted_add(e, text + from, to - from, what, where);
        }
    }
    return r;
}

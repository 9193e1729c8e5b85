/* SPDX-License-Identifier: GPL-3.0-or-later
 * record.c - what is signed, field by field. */
#include "record.h"

#include <buf.h>
#include <bw/units.h>
#include <errno.h>
#include <jansson.h>
#include <json.h>
#include <jws.h>
#include <stdio.h>
#include <string.h>

enum {
    SIGNED_MAX = 1024 * 1024,
    WITHIN_MAX = 4 /* a receipt within a record, … */
};

struct walk {
    const struct bw_search *s;
    char where[200];
    bool record;
    int depth; /* signed things within signed things */
};

static bool search_depth(const struct bw_search *s, const char *text, size_t n, int depth);

/* The names by which routers and servers answer the box's own tests. */
static bool is_answer(const char *where)
{
    const char *name = strrchr(where, '.');
    return name && (strcmp(name, ".machine") == 0 ||
                    (strcmp(name, ".name") == 0 && strstr(where, "].hops[")) ||
                    strcmp(name, ".receipt, server") == 0);
}

static void on_string(struct walk *w, const json_t *v)
{
    struct bw_search s = *w->s;
    const char *text = json_string_value(v);
    size_t n = json_string_length(v);
    s.where = w->where;
    s.base = BW_UNKNOWN;
    s.n_told = SIZE_MAX;
    s.hosts = w->record;
    s.answers = is_answer(w->where);
    if (!search_depth(&s, text, n, w->depth + 1)) {
        bw_search_text(&s, text, n);
        bw_search_within(&s, text, n);
    }
}

static void on_value(struct walk *w, const json_t *v)
{
    size_t at = strlen(w->where);
    if (json_is_string(v)) {
        on_string(w, v);
    } else if (json_is_array(v)) {
        size_t i;
        const json_t *item;
        json_array_foreach(v, i, item)
        {
            (void)snprintf(w->where + at, sizeof(w->where) - at, "[%zu]", i);
            on_value(w, item);
        }
    } else if (json_is_object(v)) {
        const char *key;
        const json_t *item;
        void *it = json_object_iter((json_t *)(uintptr_t)v);
        for (; it; it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
            key = json_object_iter_key(it);
            item = json_object_iter_value(it);
            bool first = at == 0 || w->where[at - 1] == ' ';
            (void)snprintf(w->where + at, sizeof(w->where) - at, "%s%s", first ? "" : ".",
                           key);
            on_value(w, item);
        }
    } else if (json_is_integer(v)) {
        struct bw_search s = *w->s;
        s.where = w->where;
        s.base = BW_UNKNOWN;
        s.n_told = SIZE_MAX;
        bw_search_number(&s, json_integer_value(v));
    }
    w->where[at] = '\0';
}

static bool search_depth(const struct bw_search *s, const char *text, size_t n, int depth)
{
    struct bw_buf scratch;
    struct bw_jws jws;
    struct bw_err *none = NULL;
    json_t *o = NULL;
    bool done = false;
    if (depth >= WITHIN_MAX || n < 4 || n > SIGNED_MAX || strncmp(text, "eyJ", 3) != 0) {
        return false;
    }
    bw_buf_init(&scratch, SIGNED_MAX);
    int r = bw_jws_parse(text, n, &scratch, &jws, none);
    r = r < 0 ? r : bw_json_parse(jws.payload, jws.payload_len, SIGNED_MAX, &o, none);
    s->report->no_memory = s->report->no_memory || r == -ENOMEM;
    if (r == 0) {
        struct walk w = {.s = s,
                         .record = strcmp(jws.typ, BW_TYP_SUMMARY) == 0 || s->hosts,
                         .depth = depth};
        (void)snprintf(w.where, sizeof(w.where), "%s%s", s->where, s->where[0] ? ", " : "");
        on_value(&w, o);
        s->report->records += strcmp(jws.typ, BW_TYP_SUMMARY) == 0;
        done = true;
    }
    json_decref(o);
    bw_buf_done(&scratch);
    return done;
}

bool bw_search_signed(const struct bw_search *s, const char *text, size_t n)
{
    return search_depth(s, text, n, 0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_compare_json.c - what JSON of other forms says, against what is made here.
 *
 * Invariant: members that both have are compared whatever stands around them; numbers,
 * times and codes must be the same, the sentences that are named here need not, and what
 * is in doubt is not checked. Which of these a member is, the one made here says. What one
 * of both has alone is counted, never passed over. */
#include "bundle_private.h"

#include <bw/err.h>
#include <errno.h>
#include <jansson.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_LEN = 200,
    KEY_LEN = 600,
    SPARE = 65536 /* bytes that a bag's JSON may be longer than twice that made here */
};

struct json_compare {
    const char *member;
    struct bw_bundle_compared *c;
    json_t *bag_names; /* of members; of methods; {} of null */
    json_t *bag_methods;
    json_t *made_methods;
    int n_aside;
    bool no_memory;
};

static void
compare(struct json_compare *k, const char *path, const json_t *a, const json_t *b);

__attribute__((format(printf, 3, 4))) static void
tell(struct json_compare *k, bool fault, const char *fmt, ...)
{
    char text[PATH_LEN + 2 * BW_BUNDLE_SHOWN + 100];
    va_list ap;

    if (fault ? k->c->n_differ++ >= BW_BUNDLE_TOLD_MAX
              : !k->c->aside || k->n_aside++ >= BW_BUNDLE_TOLD_MAX) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (fault ? k->c->fault : k->c->aside)(k->c->owner, k->member, text);
}

/* One value in a line. */
static void show(const json_t *v, char ret[BW_BUNDLE_SHOWN + 1])
{
    char text[4 * BW_BUNDLE_SHOWN];
    size_t n = json_dumpb(v, text, sizeof(text), JSON_ENCODE_ANY | JSON_COMPACT);

    bw_bundle_shown(text, n < sizeof(text) ? n : sizeof(text), ret);
}

static void below(const char *path, const char *name, char ret[PATH_LEN])
{
    char clean[BW_BUNDLE_SHOWN + 1];

    bw_bundle_shown(name, strlen(name), clean);
    (void)snprintf(ret, PATH_LEN, "%.100s%s%.90s", path, path[0] ? "." : "", clean);
}

static void collect(struct json_compare *k, const json_t *v, json_t *names, json_t *methods)
{
    const char *name;
    const json_t *x;
    size_t i;

    if (json_is_array(v)) {
        json_array_foreach(v, i, x)
        {
            collect(k, x, names, methods);
        }
    } else if (json_is_object(v)) {
        void *at = json_object_iter((json_t *)(uintptr_t)v);
        for (; at; at = json_object_iter_next((json_t *)(uintptr_t)v, at)) {
            name = json_object_iter_key(at);
            x = json_object_iter_value(at);
            k->no_memory = (names && json_object_set_new(names, name, json_null()) < 0) ||
                           k->no_memory;
            if (strcmp(name, "method") == 0 && json_is_string(x)) {
                k->no_memory =
                    json_object_set_new(methods, json_string_value(x), json_null()) < 0 ||
                    k->no_memory;
            }
            collect(k, x, names, methods);
        }
    }
}

static bool has_number(const json_t *v)
{
    const json_t *x;
    size_t i;
    void *at;

    if (json_is_array(v)) {
        json_array_foreach(v, i, x)
        {
            if (has_number(x)) {
                return true;
            }
        }
        return false;
    }
    at = json_is_object(v) ? json_object_iter((json_t *)(uintptr_t)v) : NULL;
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)v, at)) {
        if (has_number(json_object_iter_value(at))) {
            return true;
        }
    }
    return json_is_number(v);
}

/* Is there a number in it, or a boolean or a code: a text without a blank? */
static bool has_fact(const json_t *v)
{
    const json_t *x;
    size_t i;
    void *at;

    if (json_is_array(v)) {
        json_array_foreach(v, i, x)
        {
            if (has_fact(x)) {
                return true;
            }
        }
        return false;
    }
    at = json_is_object(v) ? json_object_iter((json_t *)(uintptr_t)v) : NULL;
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)v, at)) {
        if (has_fact(json_object_iter_value(at))) {
            return true;
        }
    }
    return json_is_number(v) || json_is_boolean(v) ||
           (json_is_string(v) && !strchr(json_string_value(v), ' '));
}

/* How many figures lie in it; words are none. */
static int64_t count(const json_t *v)
{
    int64_t n = 0;
    const json_t *x;
    size_t i;
    void *at;

    if (json_is_array(v)) {
        json_array_foreach(v, i, x)
        {
            n += count(x);
        }
        return n;
    }
    at = json_is_object(v) ? json_object_iter((json_t *)(uintptr_t)v) : NULL;
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)v, at)) {
        n += count(json_object_iter_value(at));
    }
    return n + (json_is_number(v) ? 1 : 0);
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text ? text : "";
}

/* A member that is a sentence where it is made here: a pack's title, and why something is
 * absent. All other texts are facts, times, codes or what people said. */
static bool is_sentence(const char *path, const json_t *made)
{
    const char *dot = strrchr(path, '.');

    return json_is_string(made) && strchr(json_string_value(made), ' ') &&
           (strcmp(path, "title") == 0 ||
            (strncmp(path, "absent[", 7) == 0 && dot && strcmp(dot, ".why") == 0));
}

/* A member, or an element, that only one of both has. */
static void
alone(struct json_compare *k, const char *path, const json_t *v, bool in_bag, bool newer)
{
    int64_t n = count(v) > 0 ? count(v) : 1; /* words too are not passed over */
    char text[BW_BUNDLE_SHOWN + 1];

    show(v, text);
    tell(k, false, "only %s has %s: %s", in_bag ? "the bag" : "this program", path, text);
    if (!in_bag && is_sentence(path, v)) {
        k->c->n_words++;
    } else if (newer && (json_is_number(v) || json_is_object(v) || json_is_array(v))) {
        k->c->n_newer += n;
    } else { /* a boolean or a code that is left out says something too */
        k->c->n_apart += n;
    }
}

/* ---- lists ------------------------------------------------------------------------ */

/* What names a figure of a pack, and which of those of the same name it is. */
static void key_of(struct json_compare *k, const json_t *v, json_t *seen, char ret[KEY_LEN])
{
    json_int_t n;
    char name[KEY_LEN - 32];

    (void)snprintf(name, sizeof(name), "%.100s\n%.140s\n%.40s\n%.40s\n%.140s\n%.80s",
                   text_of(v, "section"), text_of(v, "figure"), text_of(v, "unit"),
                   text_of(v, "layer"), text_of(v, "statistic"), text_of(v, "method"));
    n = json_integer_value(json_object_get(seen, name));
    k->no_memory =
        json_object_set_new_nocheck(seen, name, json_integer(n + 1)) < 0 || k->no_memory;
    (void)snprintf(ret, KEY_LEN, "%s\n%lld", name, (long long)n);
}

static void
compare_figures(struct json_compare *k, const char *path, const json_t *a, const json_t *b)
{
    json_t *seen_a = json_object();
    json_t *seen_b = json_object();
    json_t *bag = json_object();
    char key[KEY_LEN];
    char where[PATH_LEN];
    const json_t *x;
    size_t i;

    json_array_foreach(a, i, x)
    {
        key_of(k, x, seen_a, key);
        k->no_memory =
            json_object_set_nocheck(bag, key, (json_t *)(uintptr_t)x) < 0 || k->no_memory;
    }
    json_array_foreach(b, i, x)
    {
        const json_t *of_bag;
        key_of(k, x, seen_b, key);
        of_bag = json_object_get(bag, key);
        below(path, text_of(x, "figure"), where);
        if (of_bag) {
            compare(k, where, of_bag, x);
            (void)json_object_del(bag, key);
        } else {
            alone(k, where, x, false,
                  text_of(x, "method")[0] &&
                      !json_object_get(k->bag_methods, text_of(x, "method")));
        }
    }
    for (void *at = json_object_iter(bag); at; at = json_object_iter_next(bag, at)) {
        x = json_object_iter_value(at);
        below(path, text_of(x, "figure"), where);
        if (json_object_get(k->made_methods, text_of(x, "method"))) {
            char text[BW_BUNDLE_SHOWN + 1];
            show(x, text);
            tell(k, true, "%s: the bag says %s, its records give no such figure", where,
                 text);
        } else {
            alone(k, where, x, true, false);
        }
    }
    json_decref(seen_a);
    json_decref(seen_b);
    json_decref(bag);
}

static void
compare_lists(struct json_compare *k, const char *path, const json_t *a, const json_t *b)
{
    size_t n = json_array_size(a);
    char where[PATH_LEN];

    if (json_object_get(json_array_get(a, 0), "figure") ||
        json_object_get(json_array_get(b, 0), "figure")) {
        compare_figures(k, path, a, b);
        return;
    }
    if (n != json_array_size(b)) {
        /* `absent` and lists of names (other packs) may be longer in other programs */
        bool objects =
            json_is_object(json_array_get(b, 0)) || json_is_object(json_array_get(a, 0));
        bool facts =
            has_number(a) || has_number(b) ||
            (objects && strcmp(path, "absent") != 0 && (has_fact(a) || has_fact(b)));
        tell(k, facts, "%s: the bag has %zu, its records give %zu", path, n,
             json_array_size(b));
        k->c->n_apart += facts ? 0 : 1;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(where, sizeof(where), "%.170s[%zu]", path, i);
        compare(k, where, json_array_get(a, i), json_array_get(b, i));
    }
}

/* ---- objects and values ------------------------------------------------------------ */

static void
compare_objects(struct json_compare *k, const char *path, const json_t *a, const json_t *b)
{
    const char *method_a = text_of(a, "method");
    const char *method_b = text_of(b, "method");
    char where[PATH_LEN];
    void *at;

    if (strcmp(method_a, method_b) != 0 && method_a[0] && method_b[0]) {
        tell(k, false, "%s: by %.80s in the bag, by %.80s here", path, method_a, method_b);
        k->c->n_apart++;
        return;
    }
    at = json_object_iter((json_t *)(uintptr_t)a);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)a, at)) {
        const json_t *other = json_object_get(b, json_object_iter_key(at));
        below(path, json_object_iter_key(at), where);
        if (other) {
            compare(k, where, json_object_iter_value(at), other);
        } else {
            alone(k, where, json_object_iter_value(at), true, false);
        }
    }
    at = json_object_iter((json_t *)(uintptr_t)b);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)b, at)) {
        const char *name = json_object_iter_key(at);
        if (!json_object_get(a, name)) {
            below(path, name, where);
            alone(k, where, json_object_iter_value(at), false,
                  !json_object_get(k->bag_names, name));
        }
    }
}

static void
compare(struct json_compare *k, const char *path, const json_t *a, const json_t *b)
{
    char x[BW_BUNDLE_SHOWN + 1];
    char y[BW_BUNDLE_SHOWN + 1];

    if (json_is_object(a) && json_is_object(b)) {
        compare_objects(k, path, a, b);
    } else if (json_is_array(a) && json_is_array(b)) {
        compare_lists(k, path, a, b);
    } else if (json_equal(a, b)) {
        k->c->n_same += json_is_number(a) ? 1 : 0;
    } else {
        /* b is made here: the bag's own text is not asked what it is */
        bool text = json_is_string(a) && json_is_string(b) &&
                    strchr(json_string_value(b), ' ') != NULL;
        bool words = text && is_sentence(path, b);
        show(a, x);
        show(b, y);
        tell(k, !text, "%s: the bag says %s, its records give %s", path, x, y);
        k->c->n_words += words ? 1 : 0;
        k->c->n_apart += text && !words ? 1 : 0;
    }
}

void bw_bundle_json_differences(const char *member,
                                const char *bag,
                                size_t n_bag,
                                const char *made,
                                size_t n_made,
                                struct bw_bundle_compared *c)
{
    struct json_compare k = {.member = member,
                             .c = c,
                             .bag_names = json_object(),
                             .bag_methods = json_object(),
                             .made_methods = json_object()};
    struct bw_err err = {""};
    json_t *a = NULL;
    json_t *b = NULL;
    int r = bw_json_parse(bag, n_bag, 2 * n_made + SPARE, &a, &err);

    r = r < 0 ? r : bw_json_parse(made, n_made, n_made, &b, &err);
    if (r == -E2BIG) {
        tell(&k, false, "is far longer than what is made here: it was not compared");
        c->n_apart++;
    } else if (r < 0) {
        c->fault(c->owner, member, err.text);
        c->n_differ++;
    } else {
        collect(&k, a, k.bag_names, k.bag_methods);
        collect(&k, b, NULL, k.made_methods);
        compare(&k, "", a, b);
    }
    if (k.no_memory) {
        c->fault(c->owner, member, "could not be compared: out of memory");
        c->n_differ++;
    }
    json_decref(a);
    json_decref(b);
    json_decref(k.bag_names);
    json_decref(k.bag_methods);
    json_decref(k.made_methods);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_compare.c - how the file in the bag and the one made again differ, in words. */
#include "bundle_private.h"

#include "buf.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 65536, /* of figures; reports have some hundred */
    TOLD_MAX = 20,    /* differences of one member told one by one */
    SHOWN = 120,      /* bytes of a line */
    CONTEXT = 40      /* … before the first that differs */
};

struct text {
    const char *at;
    const char *end;
};

/* The next line without its end; false at the end of the text. */
static bool next(struct text *t, const char **ret, size_t *ret_n)
{
    const char *newline;

    if (t->at == t->end) {
        return false;
    }
    newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
    *ret = t->at;
    *ret_n = (size_t)((newline ? newline : t->end) - t->at);
    t->at = newline ? newline + 1 : t->end;
    if (*ret_n > 0 && (*ret)[*ret_n - 1] == '\r') {
        --*ret_n;
    }
    return true;
}

/* Bytes that a terminal can show. */
static void shown(const char *line, size_t n, char out[SHOWN + 1])
{
    size_t k = 0;

    for (; k < n && k < SHOWN; k++) {
        unsigned char c = (unsigned char)line[k];
        out[k] = line[k];
        if (c < 0x20 || c == 0x7f) {
            out[k] = '?';
        }
    }
    out[k] = '\0';
}

static void say_line(const char *member,
                     int64_t line,
                     const char *a,
                     size_t na,
                     const char *b,
                     size_t nb,
                     bw_bundle_say_cb say,
                     void *owner)
{
    char text[2 * SHOWN + 120];
    char bag[SHOWN + 1];
    char made[SHOWN + 1];
    size_t at = 0;

    while (at < na && at < nb && a[at] == b[at]) {
        at++;
    }
    at = at > CONTEXT ? at - CONTEXT : 0;
    shown(a + at, na - at, bag);
    shown(b + at, nb - at, made);
    (void)snprintf(text, sizeof(text),
                   "line %lld: the bag says '%s', its records give '%s'", (long long)line,
                   bag, made);
    say(owner, member, text);
}

int64_t bw_bundle_differences(const char *member,
                              const char *bag,
                              size_t n_bag,
                              const char *made,
                              size_t n_made,
                              bw_bundle_say_cb say,
                              void *owner)
{
    struct text x = {bag, bag + n_bag};
    struct text y = {made, made + n_made};
    int64_t n = 0;

    if (n_bag == n_made && memcmp(bag, made, n_bag) == 0) {
        return 0;
    }
    for (int64_t line = 1;; line++) {
        const char *a = "";
        const char *b = "";
        size_t na = 0;
        size_t nb = 0;
        bool more_x = next(&x, &a, &na);
        bool more_y = next(&y, &b, &nb);
        if (!more_x && !more_y) {
            break;
        }
        if (more_x == more_y && na == nb && memcmp(a, b, na) == 0) {
            continue;
        }
        if (n++ < TOLD_MAX) {
            say_line(member, line, a, na, b, nb, say, owner);
        }
    }
    if (n > TOLD_MAX) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%lld lines more differ",
                       (long long)n - TOLD_MAX);
        say(owner, member, text);
    } else if (n == 0) {
        say(owner, member, "differs in how its lines end");
        n = 1;
    }
    return n;
}

/* ---- figures of two versions ----------------------------------------------------- */

struct row {
    const char *line;
    size_t n;
    uint64_t key;       /* of all fields but value and n */
    const char *method; /* the last field */
    size_t same;        /* rows before it with this key */
};

/* FNV-1a over the fields that name a figure. Fields with commas are quoted, and a value
 * that is quoted is text: RFC 4180. */
static uint64_t key_of(const char *line, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    bool quoted = false;
    int field = 0;

    for (size_t i = 0; i < n; i++) {
        if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == ',' && !quoted) {
            field++;
        }
        if (field != 2 &&
            field != 6) { /* section,figure,value,unit,layer,statistic,n,method */
            h = (h ^ (unsigned char)line[i]) * UINT64_C(1099511628211);
        }
    }
    return h;
}

static int by_key(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;

    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->line > y->line) - (x->line < y->line);
}

/* The last field: a method's name and version, which no quotes are needed for. */
static const char *method_of(const char *line, size_t n)
{
    const char *comma = memrchr(line, ',', n);

    return comma ? comma + 1 : line + n;
}

/* Does a row name this method? None at all is no method. */
static bool has_method(const struct row *list, size_t n, const struct row *x)
{
    size_t len = (size_t)(x->line + x->n - x->method);

    for (size_t i = 0; len > 0 && i < n; i++) {
        if ((size_t)(list[i].line + list[i].n - list[i].method) == len &&
            memcmp(list[i].method, x->method, len) == 0) {
            return true;
        }
    }
    return false;
}

static struct row *rows_of(const char *data, size_t size, size_t *ret_n)
{
    struct text t = {data, data + size};
    struct row *list = NULL;
    const char *line;
    size_t n;
    size_t k = 0;
    size_t cap = 0;

    while (next(&t, &line, &n)) {
        if (k == ROWS_MAX) {
            free(list);
            return NULL;
        }
        if (k == cap) {
            struct row *grown;
            cap = cap ? 2 * cap : 512;
            grown = reallocarray(list, cap, sizeof(*grown));
            if (!grown) {
                free(list);
                return NULL;
            }
            list = grown;
        }
        list[k++] = (struct row){
            .line = line, .n = n, .key = key_of(line, n), .method = method_of(line, n)};
    }
    *ret_n = k;
    if (k == 0) {
        return calloc(1, sizeof(*list));
    }
    qsort(list, k, sizeof(*list), by_key);
    for (size_t i = 1; i < k; i++) {
        list[i].same = list[i].key == list[i - 1].key ? list[i - 1].same + 1 : 0;
    }
    return list;
}

static int compare_rows(const struct row *x, const struct row *y)
{
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->same > y->same) - (x->same < y->same);
}

int64_t bw_bundle_figure_differences(const char *member,
                                     const char *bag,
                                     size_t n_bag,
                                     const char *made,
                                     size_t n_made,
                                     bw_bundle_say_cb say,
                                     void *owner,
                                     int64_t *ret_apart)
{
    size_t nx = 0;
    size_t ny = 0;
    struct row *x = rows_of(bag, n_bag, &nx);
    struct row *y = rows_of(made, n_made, &ny);
    int64_t n = 0;
    size_t i = 0;
    size_t k = 0;

    *ret_apart = 0;
    while (x && y && (i < nx || k < ny)) {
        int order = i == nx ? 1 : k == ny ? -1 : compare_rows(&x[i], &y[k]);
        if (order < 0 && has_method(y, ny, &x[i])) {
            if (n++ < TOLD_MAX) {
                char text[SHOWN + 80];
                char a[SHOWN + 1];
                shown(x[i].line, x[i].n, a);
                (void)snprintf(text, sizeof(text),
                               "the bag says '%s', its records give no such figure", a);
                say(owner, member, text);
            }
        } else if (order != 0) {
            ++*ret_apart;
        } else if ((x[i].n != y[k].n || memcmp(x[i].line, y[k].line, x[i].n) != 0) &&
                   n++ < TOLD_MAX) {
            char text[2 * SHOWN + 80];
            char a[SHOWN + 1];
            char b[SHOWN + 1];
            shown(x[i].line, x[i].n, a);
            shown(y[k].line, y[k].n, b);
            (void)snprintf(text, sizeof(text), "the bag says '%s', its records give '%s'",
                           a, b);
            say(owner, member, text);
        }
        i += order <= 0;
        k += order >= 0;
    }
    if (!x || !y) {
        say(owner, member,
            "could not be compared: more rows than figures have, or out of memory");
        n++;
    }
    free(x);
    free(y);
    return n;
}

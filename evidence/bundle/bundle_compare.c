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
    TOLD_MAX = BW_BUNDLE_TOLD_MAX,
    SHOWN = BW_BUNDLE_SHOWN,
    CONTEXT = 40 /* … before the first that differs */
};

static const char heading[] = "section,figure,value,unit,layer,statistic,n,method";

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

void bw_bundle_shown(const char *line, size_t n, char out[SHOWN + 1])
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
    bw_bundle_shown(a + at, na - at, bag);
    bw_bundle_shown(b + at, nb - at, made);
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

int64_t bw_bundle_forms_of(const char *software)
{
    const char *at = strstr(software, " forms/");
    char *end = NULL;
    long long n = 0;

    if (!at || at[7] < '0' || at[7] > '9') {
        return BW_UNKNOWN;
    }
    n = strtoll(at + 7, &end, 10);
    return *end || n > INT32_MAX ? BW_UNKNOWN : (int64_t)n;
}

/* ---- figures of two forms -------------------------------------------------------- */

struct row {
    const char *line;
    size_t n;
    uint64_t key;       /* of all fields but value and n */
    const char *method; /* the last field */
    size_t same;        /* rows before it with this key */
};

/* By their methods. */
struct methods {
    const struct row **row;
    size_t n;
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

static size_t method_len(const struct row *x)
{
    return (size_t)(x->line + x->n - x->method);
}

static int compare_methods(const struct row *x, const struct row *y)
{
    size_t nx = method_len(x);
    size_t ny = method_len(y);

    return nx != ny ? (nx > ny) - (nx < ny) : memcmp(x->method, y->method, nx);
}

/* Does a row name this method? None at all is no method. */
static bool has_method(const struct methods *list, const struct row *x)
{
    size_t lo = 0;
    size_t hi = list->n;

    while (method_len(x) > 0 && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = compare_methods(list->row[mid], x);
        if (order == 0) {
            return true;
        }
        lo = order < 0 ? mid + 1 : lo;
        hi = order < 0 ? hi : mid;
    }
    return false;
}

/* Where the value stands: the third field. */
static void value_of(const struct row *x, size_t *ret_at, size_t *ret_end)
{
    bool quoted = false;
    int field = 0;

    *ret_at = x->n;
    *ret_end = x->n;
    for (size_t i = 0; i < x->n; i++) {
        quoted = quoted != (x->line[i] == '"');
        if (x->line[i] != ',' || quoted) {
            continue;
        }
        field++;
        *ret_at = field == 2 ? i + 1 : *ret_at;
        if (field == 3) {
            *ret_end = i;
            break;
        }
    }
}

static bool is_heading(const struct row *x)
{
    return x->n == strlen(heading) && memcmp(x->line, heading, x->n) == 0;
}

/* A number, or what a method gives, unknown too. */
static bool is_figure(const struct row *x)
{
    size_t at;
    size_t end;

    value_of(x, &at, &end);
    at += at < end && x->line[at] == '-' ? 1 : 0;
    for (size_t i = at; i < end; i++) {
        if (x->line[i] < '0' || x->line[i] > '9') {
            at = end;
        }
    }
    return method_len(x) > 0 ? !is_heading(x) : at < end;
}

/* Of a row that is made here, never of a bag's: is its value a sentence? These alone say
 * why something is absent; nothing is measured by them. */
static bool is_sentence(const struct row *y)
{
    static const char section[] = "absent,";
    static const char rest[] = ",,,,,";
    size_t at;
    size_t end;

    value_of(y, &at, &end);
    return y->n > strlen(section) && memcmp(y->line, section, strlen(section)) == 0 &&
           y->n - end == strlen(rest) && memcmp(y->line + end, rest, strlen(rest)) == 0;
}

static bool has_blank(const struct row *y)
{
    size_t at;
    size_t end;

    value_of(y, &at, &end);
    return memchr(y->line + at, ' ', end - at) != NULL;
}

/* Nothing differs but the value. */
static bool same_but_value(const struct row *x, const struct row *y)
{
    size_t at_x;
    size_t at_y;
    size_t end_x;
    size_t end_y;

    value_of(x, &at_x, &end_x);
    value_of(y, &at_y, &end_y);
    return at_x == at_y && memcmp(x->line, y->line, at_x) == 0 &&
           x->n - end_x == y->n - end_y &&
           memcmp(x->line + end_x, y->line + end_y, x->n - end_x) == 0;
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

static int by_method(const void *a, const void *b)
{
    const struct row *const *x = a;
    const struct row *const *y = b;

    return compare_methods(*x, *y);
}

static bool methods_of(const struct row *list, size_t n, struct methods *ret)
{
    ret->row = calloc(n + 1, sizeof(const struct row *));
    ret->n = ret->row ? n : 0;
    for (size_t i = 0; i < ret->n; i++) {
        ret->row[i] = &list[i];
    }
    if (ret->n > 0) {
        qsort(ret->row, ret->n, sizeof(const struct row *), by_method);
    }
    return ret->row != NULL;
}

struct telling {
    const char *member;
    struct bw_bundle_compared *c;
    int n_aside;
};

static void tell_alone(struct telling *t, const struct row *x, const char *whose)
{
    char text[SHOWN + 80];
    char a[SHOWN + 1];

    if (t->c->aside && t->n_aside++ < TOLD_MAX) {
        bw_bundle_shown(x->line, x->n, a);
        (void)snprintf(text, sizeof(text), "only %s has '%s'", whose, a);
        t->c->aside(t->c->owner, t->member, text);
    }
}

static void only_bag(struct telling *t, const struct row *x, const struct methods *made)
{
    char text[SHOWN + 80];
    char a[SHOWN + 1];

    if (!has_method(made, x)) {
        tell_alone(t, x, "the bag");
        t->c->n_apart++; /* words too: nobody here says that it is no figure */
    } else if (t->c->n_differ++ < TOLD_MAX) {
        bw_bundle_shown(x->line, x->n, a);
        (void)snprintf(text, sizeof(text),
                       "the bag says '%s', its records give no such figure", a);
        t->c->fault(t->c->owner, t->member, text);
    }
}

static void only_here(struct telling *t, const struct row *y, const struct methods *bag)
{
    tell_alone(t, y, "this program");
    if (is_sentence(y)) {
        t->c->n_words++;
    } else if (method_len(y) == 0 || has_method(bag, y) || is_heading(y)) {
        t->c->n_apart++;
    } else {
        t->c->n_newer++;
    }
}

static void of_both(struct telling *t, const struct row *x, const struct row *y)
{
    char text[2 * SHOWN + 80];
    char a[SHOWN + 1];
    char b[SHOWN + 1];
    bool unsure = same_but_value(x, y) && method_len(y) == 0 && has_blank(y);
    bool words = is_sentence(y) && same_but_value(x, y);

    if (x->n == y->n && memcmp(x->line, y->line, x->n) == 0) {
        t->c->n_same += is_figure(y) ? 1 : 0;
        return;
    }
    bw_bundle_shown(x->line, x->n, a);
    bw_bundle_shown(y->line, y->n, b);
    (void)snprintf(text, sizeof(text), "the bag says '%s', its records give '%s'", a, b);
    if (words || unsure) { /* words that are not told apart from facts: not checked */
        t->c->n_words += words ? 1 : 0;
        t->c->n_apart += words ? 0 : 1;
        if (t->c->aside && t->n_aside++ < TOLD_MAX) {
            t->c->aside(t->c->owner, t->member, text);
        }
    } else if (t->c->n_differ++ < TOLD_MAX) {
        t->c->fault(t->c->owner, t->member, text);
    }
}

void bw_bundle_figure_differences(const char *member,
                                  const char *bag,
                                  size_t n_bag,
                                  const char *made,
                                  size_t n_made,
                                  struct bw_bundle_compared *c)
{
    struct telling t = {.member = member, .c = c};
    struct methods of_bag = {NULL, 0};
    struct methods of_made = {NULL, 0};
    size_t nx = 0;
    size_t ny = 0;
    struct row *x = rows_of(bag, n_bag, &nx);
    struct row *y = rows_of(made, n_made, &ny);
    bool fine = x && y && methods_of(x, nx, &of_bag) && methods_of(y, ny, &of_made);
    size_t i = 0;
    size_t k = 0;

    while (fine && (i < nx || k < ny)) {
        int order = i == nx ? 1 : k == ny ? -1 : compare_rows(&x[i], &y[k]);
        if (order < 0) {
            only_bag(&t, &x[i], &of_made);
        } else if (order > 0) {
            only_here(&t, &y[k], &of_bag);
        } else {
            of_both(&t, &x[i], &y[k]);
        }
        i += order <= 0;
        k += order >= 0;
    }
    if (!fine) {
        c->fault(c->owner, member,
                 "could not be compared: more rows than figures have, or out of memory");
        c->n_differ++;
    }
    free(of_bag.row);
    free(of_made.row);
    free(x);
    free(y);
}

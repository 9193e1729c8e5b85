/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf.c - a read configuration: lookups, the canonical text, the manual page.
 *
 * Invariant: the tree is complete (every option of the schema has its value or default)
 * and does not change after it was read; asking for a name outside the schema is our bug.
 */
#include "conf.h"
#include "buf.h"
#include "conf_private.h"
#include "hash.h"

#include <assert.h>
#include <bw/err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONF_TEXT_MAX = 4 * BW_CONF_BYTES_MAX,
    WORD_MAX = 64
};

const struct bw_optspec bw_conf_target_opts[] = {
    {.name = "address",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = sizeof(((struct bw_target *)0)->address) - 1,
     .doc = "What is measured: an IP address, a host name or a URL, as the probe says.",
     .flags = BW_OPT_ADDRESS},
    {.type = BW_OPT_END},
};

const struct bw_conf_section bw_conf_targets[] = {
    {.keyword = "target",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = bw_conf_target_opts,
     .doc = "One thing to measure against; records carry its name, never its address."},
    {.keyword = NULL},
};

/* ---- the tree ---- */

static size_t count_specs(const struct bw_optspec *spec)
{
    size_t n = 0;

    while (spec && spec[n].type != BW_OPT_END) {
        n++;
    }
    return n;
}

size_t bw_conf_n_opts(const struct bw_conf_section *s)
{
    return count_specs(s->opts) + count_specs(s->more_opts);
}

const struct bw_optspec *bw_conf_opt_at(const struct bw_conf_section *s, size_t i)
{
    size_t n = count_specs(s->opts);
    return i < n ? &s->opts[i] : &s->more_opts[i - n];
}

struct bw_conf_node *bw_conf_node_new(const struct bw_conf_section *schema,
                                      const char *title,
                                      const char *file,
                                      int line)
{
    struct bw_conf_node *n = calloc(1, sizeof(*n));

    if (!n) {
        return NULL;
    }
    n->schema = schema;
    n->file = file;
    n->line = line;
    n->n_values = bw_conf_n_opts(schema);
    n->values = calloc(n->n_values ? n->n_values : 1, sizeof(*n->values));
    n->title = strdup(title ? title : "");
    if (!n->values || !n->title) {
        bw_conf_node_free(n);
        return NULL;
    }
    return n;
}

void bw_conf_node_free(struct bw_conf_node *n)
{
    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->n_children; i++) {
        bw_conf_node_free(n->children[i]);
    }
    for (size_t i = 0; n->values && i < n->n_values; i++) {
        char *text = n->values[i].text;
        if (text && bw_conf_opt_at(n->schema, i)->flags & BW_OPT_SECRET) {
            explicit_bzero(text, strlen(text));
        }
        free(text);
    }
    free(n->children);
    free(n->values);
    free(n->title);
    free(n);
}

void bw_conf_free(struct bw_conf *c)
{
    if (!c) {
        return;
    }
    bw_conf_node_free(c->top);
    for (size_t i = 0; i < c->n_files; i++) {
        free(c->files[i]);
    }
    free(c);
}

const struct bw_conf_node *bw_conf_top(const struct bw_conf *c)
{
    return c->top;
}

void bw_conf_describe(const struct bw_conf_node *n, char *ret, size_t cap)
{
    if (n->schema->keyword[0] == '\0') {
        (void)snprintf(ret, cap, "the top level");
    } else if (n->title[0] == '\0') {
        (void)snprintf(ret, cap, "%s", n->schema->keyword);
    } else {
        (void)snprintf(ret, cap, "%s \"%s\"", n->schema->keyword, n->title);
    }
}

/* ---- lookups ---- */

static bool has_sub(const struct bw_conf_section *s, const char *keyword)
{
    for (const struct bw_conf_section *sub = s->subs; sub && sub->keyword; sub++) {
        if (strcmp(sub->keyword, keyword) == 0) {
            return true;
        }
    }
    return false;
}

const struct bw_conf_node *
bw_conf_child(const struct bw_conf_node *at, const char *keyword, size_t i)
{
    assert(has_sub(at->schema, keyword));
    for (size_t c = 0; c < at->n_children; c++) {
        if (strcmp(at->children[c]->schema->keyword, keyword) == 0 && i-- == 0) {
            return at->children[c];
        }
    }
    return NULL;
}

size_t bw_conf_count(const struct bw_conf_node *at, const char *keyword)
{
    size_t n = 0;

    while (bw_conf_child(at, keyword, n)) {
        n++;
    }
    return n;
}

const struct bw_conf_node *
bw_conf_titled(const struct bw_conf_node *at, const char *keyword, const char *title)
{
    const struct bw_conf_node *n;

    for (size_t i = 0; (n = bw_conf_child(at, keyword, i)) != NULL; i++) {
        if (strcmp(n->title, title) == 0) {
            return n;
        }
    }
    return NULL;
}

const char *bw_conf_title(const struct bw_conf_node *at)
{
    return at->title;
}

/* NULL when the section has no such option. */
static const struct bw_conf_value *
find(const struct bw_conf_node *at, const char *name, const struct bw_optspec **ret_spec)
{
    for (size_t i = 0; i < at->n_values; i++) {
        const struct bw_optspec *spec = bw_conf_opt_at(at->schema, i);
        if (strcmp(spec->name, name) == 0) {
            *ret_spec = spec;
            return &at->values[i];
        }
    }
    *ret_spec = NULL;
    return NULL;
}

/* The same where a missing one is our bug. */
static const struct bw_conf_value *
get(const struct bw_conf_node *at, const char *name, const struct bw_optspec **ret_spec)
{
    const struct bw_conf_value *v = find(at, name, ret_spec);

    assert(v);
    if (!v) {
        abort();
    }
    return v;
}

int64_t bw_conf_int(const struct bw_conf_node *at, const char *name)
{
    const struct bw_optspec *spec;
    const struct bw_conf_value *v = get(at, name, &spec);

    assert(spec->type != BW_OPT_STRING);
    return v->held;
}

bool bw_conf_bool(const struct bw_conf_node *at, const char *name)
{
    return bw_conf_int(at, name) == 1;
}

const char *bw_conf_str(const struct bw_conf_node *at, const char *name)
{
    const struct bw_optspec *spec;
    const struct bw_conf_value *v = get(at, name, &spec);

    assert(spec->type == BW_OPT_STRING || spec->type == BW_OPT_ENUM);
    return v->text ? v->text : "";
}

bool bw_conf_is_set(const struct bw_conf_node *at, const char *name)
{
    const struct bw_optspec *spec;

    return get(at, name, &spec)->file != NULL;
}

int bw_conf_fault(const struct bw_conf_node *at,
                  const char *name,
                  struct bw_err *reterr,
                  const char *fmt,
                  ...)
{
    const struct bw_optspec *spec;
    const struct bw_conf_value *v = name ? find(at, name, &spec) : NULL;
    struct bw_err text = {""};
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text.text, sizeof(text.text), fmt, ap);
    va_end(ap);
    if (v && v->file) {
        (void)bw_err_prefix(&text, 0, "%s:%d", v->file, v->line);
    } else if (at->line > 0) {
        (void)bw_err_prefix(&text, 0, "%s:%d", at->file, at->line);
    } else {
        (void)bw_err_prefix(&text, 0, "%s", at->file);
    }
    return bw_err_set(reterr, -EINVAL, "%s", text.text);
}

/* ---- what the file says ---- */

struct saying {
    int (*cb)(void *owner, const struct bw_conf_said *said);
    void *owner;
};

static int
say_node(const struct saying *to, const struct bw_conf_node *n, const char *above)
{
    char name[WORD_MAX + BW_NAME_MAX + 8];
    char what[256];
    int r = 0;

    bw_conf_describe(n, name, sizeof(name));
    (void)snprintf(what, sizeof(what), "%s%s%s", above, above[0] ? " " : "",
                   n->schema->keyword[0] ? name : "");
    if (n->title[0]) {
        r = to->cb(to->owner, &(struct bw_conf_said){what, n->title, n->file, n->line});
    }
    for (size_t i = 0; r == 0 && i < n->n_values; i++) {
        const struct bw_optspec *spec = bw_conf_opt_at(n->schema, i);
        const struct bw_conf_value *v = &n->values[i];
        char option[sizeof(what) + WORD_MAX];
        if (spec->type == BW_OPT_STRING && v->file && v->text && v->text[0] &&
            !(spec->flags & (BW_OPT_SECRET | BW_OPT_SECRET_FILE))) {
            (void)snprintf(option, sizeof(option), "%s%s%s", what, what[0] ? " " : "",
                           spec->name);
            r = to->cb(to->owner,
                       &(struct bw_conf_said){option, v->text, v->file, v->line});
        }
    }
    for (size_t i = 0; r == 0 && i < n->n_children; i++) {
        r = say_node(to, n->children[i], what);
    }
    return r;
}

int bw_conf_each_text(const struct bw_conf *c,
                      int (*cb)(void *owner, const struct bw_conf_said *said),
                      void *owner)
{
    const struct saying to = {.cb = cb, .owner = owner};
    return say_node(&to, c->top, "");
}

/* ---- instances ---- */

static bool is_named(const struct bw_target *targets, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int take_targets(const struct bw_conf_node *at,
                        const char *keyword,
                        struct bw_target *targets,
                        size_t *n_targets,
                        struct bw_err *reterr)
{
    size_t n = has_sub(at->schema, keyword) ? bw_conf_count(at, keyword) : 0;

    if (*n_targets + n > BW_TARGETS_MAX) {
        return bw_conf_fault(at, NULL, reterr, "%zu targets: at most %d are allowed",
                             *n_targets + n, BW_TARGETS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *t = bw_conf_child(at, keyword, i);
        struct bw_target *to = &targets[*n_targets];
        if (is_named(targets, *n_targets, t->title)) {
            return bw_conf_fault(t, NULL, reterr, "another target is called \"%s\"",
                                 t->title);
        }
        (void)snprintf(to->name, sizeof(to->name), "%s", t->title);
        (void)snprintf(to->address, sizeof(to->address), "%s", bw_conf_str(t, "address"));
        (*n_targets)++;
    }
    return 0;
}

int bw_conf_opts(const struct bw_conf_node *at,
                 const struct bw_optspec *spec,
                 const struct bw_opts_head *where,
                 struct bw_opts **ret,
                 struct bw_err *reterr)
{
    struct bw_opts_head head = *where;
    struct bw_target *targets = calloc(BW_TARGETS_MAX, sizeof(*targets));
    size_t n_spec = count_specs(spec);
    char **pairs = calloc(n_spec ? n_spec : 1, sizeof(*pairs));
    size_t n_pairs = 0;
    int r = targets && pairs ? 0 : -ENOMEM;

    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s", bw_strerror(r));
        goto out;
    }
    head.n_targets = 0;
    r = take_targets(at, "target", targets, &head.n_targets, reterr);
    r = r < 0 ? r : take_targets(at, "outside", targets, &head.n_targets, reterr);
    if (r < 0) {
        goto out;
    }
    head.name = at->title;
    head.targets = targets;
    for (size_t i = 0; i < n_spec; i++) {
        const struct bw_optspec *own;
        const struct bw_conf_value *v = get(at, spec[i].name, &own);
        if (v->file) {
            if (asprintf(&pairs[n_pairs], "%s=%s", spec[i].name, v->text) < 0) {
                pairs[n_pairs] = NULL;
                r = bw_err_set(reterr, -ENOMEM, "%s", bw_strerror(-ENOMEM));
                goto out;
            }
            n_pairs++;
        }
    }
    r = bw_opts_from_pairs(spec, &head, (const char *const *)pairs, n_pairs, ret, reterr);
out:
    for (size_t i = 0; pairs && i < n_pairs; i++) {
        explicit_bzero(pairs[i], strlen(pairs[i]));
        free(pairs[i]);
    }
    free(pairs);
    free(targets);
    return r;
}

/* ---- the canonical text ---- */

static void put_indent(struct bw_buf *out, int depth)
{
    for (int i = 0; i < depth; i++) {
        bw_buf_puts(out, "    ");
    }
}

static void put_quoted(struct bw_buf *out, const char *text)
{
    if (strstr(text, "${")) {
        /* can only have been read from single quotes, which hold no ' and no \ */
        bw_buf_printf(out, "'%s'", text);
        return;
    }
    bw_buf_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            bw_buf_putc(out, '\\');
        }
        bw_buf_putc(out, *text);
    }
    bw_buf_putc(out, '"');
}

static void
print_value(const struct bw_conf_node *n, size_t i, struct bw_buf *out, int depth)
{
    const struct bw_optspec *spec = bw_conf_opt_at(n->schema, i);
    const char *text = n->values[i].text;
    if (!text) {
        return;
    }
    put_indent(out, depth);
    bw_buf_printf(out, "%s = ", spec->name);
    if (spec->flags & BW_OPT_SECRET) {
        bw_buf_puts(out, "\"(secret)\"");
    } else if (spec->type == BW_OPT_STRING || spec->type == BW_OPT_SET) {
        put_quoted(out, text);
    } else {
        bw_buf_puts(out, text);
    }
    bw_buf_putc(out, '\n');
}

static void print_node(const struct bw_conf_node *n, struct bw_buf *out, int depth);

/* All sections of the k-th keyword. */
static void
print_sections(const struct bw_conf_node *n, size_t k, struct bw_buf *out, int depth)
{
    const struct bw_conf_section *s = &n->schema->subs[k];
    for (size_t i = 0; i < n->n_children; i++) {
        const struct bw_conf_node *child = n->children[i];
        if (child->schema != s) {
            continue;
        }
        put_indent(out, depth);
        bw_buf_puts(out, s->keyword);
        if (s->flags & BW_CONF_TITLED) {
            bw_buf_putc(out, ' ');
            put_quoted(out, child->title);
        }
        bw_buf_puts(out, " {\n");
        print_node(child, out, depth + 1);
        put_indent(out, depth);
        bw_buf_puts(out, "}\n");
    }
}

static void print_node(const struct bw_conf_node *n, struct bw_buf *out, int depth)
{
    for (size_t i = 0; i < n->n_values; i++) {
        print_value(n, i, out, depth);
    }
    for (size_t k = 0; n->schema->subs && n->schema->subs[k].keyword; k++) {
        print_sections(n, k, out, depth);
    }
}

int bw_conf_print(const struct bw_conf *c, struct bw_buf *out)
{
    print_node(c->top, out, 0);
    return bw_buf_error(out);
}

int bw_conf_sha256(const struct bw_conf *c, char ret[BW_HASH_LEN + 1])
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, CONF_TEXT_MAX);
    r = bw_conf_print(c, &text);
    if (r == 0) {
        bw_sha256_text(text.data ? text.data : "", text.len, ret);
    }
    bw_buf_done(&text);
    return r;
}

int bw_conf_print_mixed(const struct bw_conf *c,
                        bw_conf_pick_cb pick,
                        void *owner,
                        struct bw_buf *out)
{
    const struct bw_conf_section *schema = c->top->schema;
    for (size_t i = 0; i < c->top->n_values; i++) {
        print_value(pick(owner, bw_conf_opt_at(schema, i)->name)->top, i, out, 0);
    }
    for (size_t k = 0; schema->subs && schema->subs[k].keyword; k++) {
        print_sections(pick(owner, schema->subs[k].keyword)->top, k, out, 0);
    }
    return bw_buf_error(out);
}

static void man_section(const struct bw_conf_section *s,
                        const char *text,
                        struct bw_buf *out,
                        int depth)
{
    if (s->keyword[0] != '\0') {
        /* "##" stands within its section; scdoc knows two levels */
        bw_buf_printf(out, "%s ", depth > 0 ? "##" : "#");
        bw_man_escape(out, s->keyword);
        /* no quotes: roff takes them from a heading */
        bw_buf_puts(out, s->flags & BW_CONF_TITLED ? " NAME { … }\n\n" : " { … }\n\n");
    }
    if (s->doc) {
        bw_man_escape(out, s->doc);
        bw_buf_puts(out, s->flags & BW_CONF_REQUIRED ? " At least one is required.\n\n"
                                                     : "\n\n");
    }
    if (text) {
        bw_buf_puts(out, text);
        bw_buf_puts(out, "\n");
    }
    bw_optspec_man(s->opts, out);
    bw_optspec_man(s->more_opts, out);
    for (const struct bw_conf_section *sub = s->subs; sub && sub->keyword; sub++) {
        man_section(sub, NULL, out, depth + 1);
    }
}

void bw_conf_man_section(const struct bw_conf_section *s,
                         const char *text,
                         struct bw_buf *out)
{
    man_section(s, text, out, 0);
}

void bw_conf_man(const struct bw_conf_section *top, struct bw_buf *out)
{
    man_section(top, NULL, out, -1);
}

/* ---- the nearest word ---- */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string
 * alignment). Both words shorter than WORD_MAX. */
static size_t edits(const char *a, const char *b)
{
    size_t row[3][WORD_MAX + 1];
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);

    for (size_t j = 0; j <= n_b; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        size_t *now = row[i % 3];
        const size_t *before = row[(i + 2) % 3];
        const size_t *before2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t replace = before[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = min3(before[j] + 1, now[j - 1] + 1, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before2[j - 2] + 1 < now[j]) {
                now[j] = before2[j - 2] + 1;
            }
        }
    }
    return row[n_a % 3][n_b];
}

const char *bw_conf_nearest(const char *word, const char *const *words)
{
    size_t n = strlen(word);
    size_t limit = n <= 3 ? 1 : n <= 7 ? 2 : 3;
    const char *best = NULL;

    if (n >= WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; words[i]; i++) {
        size_t d;
        if (strlen(words[i]) >= WORD_MAX) {
            continue;
        }
        d = edits(word, words[i]);
        if (d <= limit && d < strlen(words[i])) {
            best = words[i];
            limit = d - (d > 0);
            if (d == 0) {
                break;
            }
        }
    }
    return best;
}

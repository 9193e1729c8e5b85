/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf_read.c - from a file to the tree: a scan that closes libconfuse's holes, then
 * libconfuse itself, then every value checked by its spec.
 *
 * Invariant: libconfuse sees only text in which comments are blanked, braces balance and
 * quotes end, so that its line numbers are right and nothing is cut or expanded in
 * silence; every option is a string to it, so numbers are read by our rules alone. */
#include "buf.h"
#include "conf.h"
#include "conf_private.h"
#include "file.h"

#include <assert.h>
#include <bw/err.h>
#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libconfuse has no user pointer; this carries ours into its callbacks while it runs. */
static _Thread_local struct bw_conf_reader *running;

/* ---- libconfuse's callbacks ---- */

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct bw_conf_reader *rd = running;

    for (size_t i = 0; i < rd->n_options; i++) {
        if (rd->options[i].where == opt) {
            return bw_conf_reader_fault(
                rd, cfg->line, "option '%s' is given twice; the first is in line %d",
                opt->name, rd->options[i].line);
        }
    }
    if (rd->n_options == BW_CONF_OPTIONS_MAX) {
        return bw_conf_reader_fault(rd, cfg->line, "more than %d options in one file",
                                    BW_CONF_OPTIONS_MAX);
    }
    rd->options[rd->n_options++] = (struct bw_conf_place){.where = opt, .line = cfg->line};
    *(const char **)result = value;
    return 0;
}

static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
    struct bw_conf_reader *rd = running;
    const cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    int line;

    (void)cfg;
    assert(rd->n_sections < rd->n_lines); /* one closing brace each */
    line = rd->lines[rd->n_sections];
    for (size_t i = 0; i < rd->n_sections; i++) {
        if (rd->sections[i].where == section) {
            return bw_conf_reader_fault(
                rd, line, "section '%s' is given twice; the first is in line %d", opt->name,
                rd->sections[i].line);
        }
    }
    rd->sections[rd->n_sections++] = (struct bw_conf_place){.where = section, .line = line};
    return 0;
}

static void on_unknown(struct bw_conf_reader *rd, const cfg_t *cfg, const char *word)
{
    const char *names[128] = {NULL};
    size_t n = 0;
    struct bw_buf list;
    const char *near;
    bool nested = strcmp(cfg->name, "root") != 0;

    bw_buf_init(&list, 250);
    for (const cfg_opt_t *o = cfg->opts; o->name && n < 127; o++) {
        bw_buf_printf(&list, "%s%s", n ? ", " : "", o->name);
        names[n++] = o->name;
    }
    near = bw_conf_nearest(word, names);
    if (near) {
        (void)bw_conf_reader_fault(
            rd, cfg->line, "unknown option '%.60s'%s%s; did you mean '%s'?", word,
            nested ? " in section " : "", nested ? cfg->name : "", near);
    } else {
        (void)bw_conf_reader_fault(rd, cfg->line,
                                   "unknown option '%.60s'%s%s; valid here: %s", word,
                                   nested ? " in section " : "", nested ? cfg->name : "",
                                   list.data ? list.data : "");
    }
    bw_buf_done(&list);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    struct bw_conf_reader *rd = running;
    struct bw_err text = {""};

    if (strcmp(fmt, "no such option '%s'") == 0) {
        on_unknown(rd, cfg, va_arg(ap, const char *));
        return;
    }
    (void)vsnprintf(text.text, sizeof(text.text), fmt, ap);
    (void)bw_conf_reader_fault(rd, cfg->line, "%s", text.text);
}

/* ---- the schema in libconfuse's words ---- */

static void opts_free(cfg_opt_t *opts)
{
    for (cfg_opt_t *o = opts; o && o->name; o++) {
        opts_free(o->subopts);
    }
    free(opts);
}

static cfg_opt_t *opts_of_schema(const struct bw_conf_section *s)
{
    size_t n = bw_conf_n_opts(s);
    size_t n_subs = 0;
    cfg_opt_t *opts;
    size_t at = 0;

    while (s->subs && s->subs[n_subs].keyword) {
        n_subs++;
    }
    opts = calloc(n + n_subs + 1, sizeof(*opts));
    if (!opts) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        opts[at++] = (cfg_opt_t){.name = bw_conf_opt_at(s, i)->name,
                                 .type = CFGT_STR,
                                 .flags = CFGF_NODEFAULT,
                                 .parsecb = on_value};
    }
    for (size_t i = 0; i < n_subs; i++) {
        const struct bw_conf_section *sub = &s->subs[i];
        cfg_opt_t *o = &opts[at++];
        bool titled = sub->flags & BW_CONF_TITLED;
        *o = (cfg_opt_t){.name = sub->keyword,
                         .type = CFGT_SEC,
                         .flags = titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
                                         : CFGF_NODEFAULT,
                         .subopts = opts_of_schema(sub),
                         .validcb = on_section};
        if (!o->subopts) {
            opts_free(opts);
            return NULL;
        }
    }
    opts[at] = (cfg_opt_t){.name = NULL, .type = CFGT_NONE};
    return opts;
}

/* ---- from libconfuse's tree to ours ---- */

static int line_of(const struct bw_conf_place *places, size_t n, const void *where)
{
    for (size_t i = 0; i < n; i++) {
        if (places[i].where == where) {
            return places[i].line;
        }
    }
    return 0;
}

static int take_options(struct bw_conf_reader *rd, cfg_t *cfg, struct bw_conf_node *node)
{
    for (size_t i = 0; i < node->n_values; i++) {
        const struct bw_optspec *spec = bw_conf_opt_at(node->schema, i);
        struct bw_conf_value *v = &node->values[i];
        cfg_opt_t *opt = cfg_getopt(cfg, spec->name);
        struct bw_err why = {""};
        int line;
        int r;
        if (!opt || cfg_opt_size(opt) == 0) {
            continue;
        }
        line = line_of(rd->options, rd->n_options, opt);
        if (v->file) {
            return bw_conf_reader_fault(rd, line,
                                        "option '%s' is given twice; the first is in %s:%d",
                                        spec->name, v->file, v->line);
        }
        r = bw_optspec_take(spec, cfg_opt_getnstr(opt, 0), &v->held, &v->text, &why);
        if (r == -ENOMEM) {
            return r;
        }
        if (r < 0) {
            return bw_conf_reader_fault(rd, line, "%s", why.text);
        }
        v->file = rd->file;
        v->line = line;
    }
    return 0;
}

/* Titles become names in records and files. */
static bool is_name(const char *title)
{
    size_t n = strlen(title);

    if (n == 0 || n > BW_NAME_MAX || !isalnum((unsigned char)title[0])) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)title[i];
        if (c >= 0x80 || !(isalnum(c) || strchr("._-", c))) {
            return false;
        }
    }
    return true;
}

static int append_child(struct bw_conf_node *parent, struct bw_conf_node *child)
{
    struct bw_conf_node **grown;

    grown =
        realloc(parent->children, (parent->n_children + 1) * sizeof(struct bw_conf_node *));
    if (!child || !grown) {
        parent->children = grown ? grown : parent->children;
        bw_conf_node_free(child);
        return -ENOMEM;
    }
    parent->children = grown;
    parent->children[parent->n_children++] = child;
    return 0;
}

static int take_node(struct bw_conf_reader *rd, cfg_t *cfg, struct bw_conf_node *node);

static int take_section(struct bw_conf_reader *rd,
                        cfg_t *cfg,
                        struct bw_conf_node *parent,
                        const struct bw_conf_section *schema)
{
    int line = line_of(rd->sections, rd->n_sections, cfg);
    const char *title = schema->flags & BW_CONF_TITLED ? cfg_title(cfg) : "";
    struct bw_conf_node *node;
    int r;

    if (schema->flags & BW_CONF_TITLED && !is_name(title)) {
        return bw_conf_reader_fault(
            rd, line,
            "%s \"%.80s\": a name has 1 to %d letters, digits, '.', '_' or '-' and "
            "begins with a letter or digit",
            schema->keyword, title, BW_NAME_MAX);
    }
    for (size_t i = 0; i < parent->n_children; i++) {
        const struct bw_conf_node *c = parent->children[i];
        if (c->schema == schema && strcmp(c->title, title) == 0) {
            return bw_conf_reader_fault(
                rd, line, "section '%s' is given twice; the first is in %s:%d",
                schema->keyword, c->file, c->line);
        }
    }
    node = bw_conf_node_new(schema, title, rd->file, line);
    r = append_child(parent, node);
    return r < 0 ? r : take_node(rd, cfg, node);
}

static int take_node(struct bw_conf_reader *rd, cfg_t *cfg, struct bw_conf_node *node)
{
    int r = take_options(rd, cfg, node);

    for (const struct bw_conf_section *s = node->schema->subs; r == 0 && s && s->keyword;
         s++) {
        cfg_opt_t *opt = cfg_getopt(cfg, s->keyword);
        unsigned n = opt ? cfg_opt_size(opt) : 0;
        for (unsigned i = 0; r == 0 && i < n; i++) {
            r = take_section(rd, cfg_opt_getnsec(opt, i), node, s);
        }
    }
    return r;
}

/* Sections that are there though the file leaves them out, and those that must be. */
static int
complete_sections(struct bw_conf_node *node, const char *what, struct bw_err *reterr)
{
    for (const struct bw_conf_section *s = node->schema->subs; s && s->keyword; s++) {
        if (bw_conf_count(node, s->keyword) > 0) {
            continue;
        }
        if (s->flags & BW_CONF_REQUIRED) {
            return bw_conf_fault(node, NULL, reterr, "%s lacks a section '%s'", what,
                                 s->keyword);
        }
        if (s->flags & BW_CONF_ALWAYS) {
            int r = append_child(node, bw_conf_node_new(s, NULL, node->file, node->line));
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

/* Defaults, and what is required, once every file is read. */
static int complete(struct bw_conf_node *node, struct bw_err *reterr)
{
    char what[BW_NAME_MAX + 40];
    int r;

    bw_conf_describe(node, what, sizeof(what));
    for (size_t i = 0; i < node->n_values; i++) {
        const struct bw_optspec *spec = bw_conf_opt_at(node->schema, i);
        struct bw_conf_value *v = &node->values[i];
        if (v->file) {
            continue;
        }
        if (!spec->def) {
            return bw_conf_fault(node, NULL, reterr, "%s lacks the option '%s'", what,
                                 spec->name);
        }
        if (spec->def[0] != '\0') {
            r = bw_optspec_take(spec, spec->def, &v->held, &v->text, reterr);
            assert(r != -EINVAL); /* a default its own spec refuses */
            if (r < 0) {
                return r;
            }
        } else if (spec->type != BW_OPT_STRING && spec->type != BW_OPT_SET) {
            v->held = BW_UNKNOWN;
        }
    }
    r = complete_sections(node, what, reterr);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        r = complete(node->children[i], reterr);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

/* ---- one file, then the next ---- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \n")] == '\0';
}

static int read_text(struct bw_conf_reader *rd, const char *text, size_t n)
{
    char *blanked = malloc(n + 1);
    cfg_opt_t *opts = opts_of_schema(rd->conf->top->schema);
    cfg_t *cfg = NULL;
    int r = blanked && opts ? 0 : -ENOMEM;

    rd->n_options = 0;
    rd->n_sections = 0;
    rd->n_lines = 0;
    if (r == 0) {
        r = bw_conf_scan(rd, text, n, blanked);
    }
    if (r < 0 || is_blank(blanked)) {
        goto out;
    }
    cfg = cfg_init(opts, CFGF_NONE);
    if (!cfg) {
        r = -ENOMEM;
        goto out;
    }
    (void)cfg_set_error_function(cfg, on_error);
    running = rd;
    r = cfg_parse_buf(cfg, blanked);
    running = NULL;
    if (r != CFG_SUCCESS) {
        r = rd->r < 0 ? rd->r : bw_conf_reader_fault(rd, cfg->line, "cannot be read");
        goto out;
    }
    r = take_node(rd, cfg, rd->conf->top);
out:
    if (cfg) {
        (void)cfg_free(cfg);
    }
    opts_free(opts);
    if (blanked) {
        explicit_bzero(blanked, n);
    }
    free(blanked);
    return r;
}

static int add_file(struct bw_conf *c, const char *path)
{
    c->files[c->n_files] = strdup(path);
    if (!c->files[c->n_files]) {
        return -ENOMEM;
    }
    c->n_files++;
    return 0;
}

static int read_file(struct bw_conf_reader *rd, const char *path)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, BW_CONF_BYTES_MAX);
    r = bw_file_read(path, BW_CONF_BYTES_MAX, &text, rd->reterr);
    if (r == 0) {
        r = add_file(rd->conf, path);
    }
    if (r == 0) {
        rd->file = rd->conf->files[rd->conf->n_files - 1];
        r = read_text(rd, text.data ? text.data : "", text.len);
    }
    if (text.data) {
        explicit_bzero(text.data, text.cap);
    }
    bw_buf_done(&text);
    return r;
}

/* The included files, and what they include. */
static int read_includes(struct bw_conf_reader *rd)
{
    for (size_t i = 0; i < rd->n_includes; i++) {
        const struct bw_conf_include *inc = &rd->includes[i];
        int r;
        rd->file = inc->from_file;
        for (size_t f = 0; f < rd->conf->n_files; f++) {
            if (strcmp(rd->conf->files[f], inc->path) == 0) {
                return bw_conf_reader_fault(rd, inc->line, "%s is included twice",
                                            inc->path);
            }
        }
        if (rd->conf->n_files == BW_CONF_FILES_MAX) {
            return bw_conf_reader_fault(rd, inc->line, "more than %d files",
                                        BW_CONF_FILES_MAX);
        }
        r = read_file(rd, inc->path);
        if (r < 0) {
            return rd->r < 0
                       ? r
                       : bw_err_prefix(rd->reterr, r, "%s:%d", inc->from_file, inc->line);
        }
    }
    return 0;
}

/* text NULL: read the file `name`. */
static int make(const char *name,
                const char *text,
                size_t n,
                const struct bw_conf_section *top,
                struct bw_conf **ret,
                struct bw_err *reterr)
{
    struct bw_err why = {""};
    struct bw_conf_reader rd = {.may_include = text == NULL, .reterr = &why, .file = name};
    int r;

    rd.conf = calloc(1, sizeof(*rd.conf));
    rd.options = calloc(BW_CONF_OPTIONS_MAX, sizeof(*rd.options));
    rd.sections = calloc(BW_CONF_SECTIONS_MAX, sizeof(*rd.sections));
    rd.lines = calloc(BW_CONF_SECTIONS_MAX, sizeof(*rd.lines));
    rd.includes = calloc(BW_CONF_FILES_MAX, sizeof(*rd.includes));
    r = rd.conf && rd.options && rd.sections && rd.lines && rd.includes ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    rd.conf->top = bw_conf_node_new(top, NULL, NULL, 0);
    r = rd.conf->top ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    if (text) {
        r = add_file(rd.conf, name);
        if (r < 0) {
            goto out;
        }
        rd.file = rd.conf->files[0];
        r = read_text(&rd, text, n);
    } else {
        r = read_file(&rd, name);
    }
    if (r == 0) {
        r = read_includes(&rd);
    }
    if (r == 0) {
        rd.conf->top->file = rd.conf->files[0];
        r = complete(rd.conf->top, &why);
    }
    if (r < 0) {
        goto out;
    }
    *ret = rd.conf;
    rd.conf = NULL;
out:
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s", why.text[0] ? why.text : bw_strerror(r));
    }
    bw_conf_free(rd.conf);
    free(rd.options);
    free(rd.sections);
    free(rd.lines);
    free(rd.includes);
    return r;
}

int bw_conf_read(const char *path,
                 const struct bw_conf_section *top,
                 struct bw_conf **ret,
                 struct bw_err *reterr)
{
    return make(path, NULL, 0, top, ret, reterr);
}

int bw_conf_parse(const char *text,
                  size_t n,
                  const char *name,
                  const struct bw_conf_section *top,
                  struct bw_conf **ret,
                  struct bw_err *reterr)
{
    if (n > BW_CONF_BYTES_MAX) {
        return bw_err_set(reterr, -EFBIG, "%s: longer than %d bytes", name,
                          BW_CONF_BYTES_MAX);
    }
    return make(name, text, n, top, ret, reterr);
}

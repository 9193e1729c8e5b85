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
#include "utf8.h"

#include <assert.h>
#include <bw/err.h>
#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 8,
    OPTIONS_MAX = 4096,
    SECTIONS_MAX = 1024
};

/* Where an option was written, or a section was opened; `where` is libconfuse's object,
 * one of its own for every section. */
struct place {
    const void *where;
    int line;
};

struct include {
    char path[PATH_MAX];
    const char *from_file;
    int line;
};

struct reader {
    struct bw_conf *conf;
    bool may_include;
    struct bw_err *reterr;
    int r; /* the first failure */
    const char *file;
    /* of the file being read */
    struct place *options;
    size_t n_options;
    struct place *sections;
    size_t n_sections;
    int *lines; /* of opening braces, in the order in which they close */
    size_t n_lines;
    /* found in it, read after it */
    struct include *includes;
    size_t n_includes;
};

/* libconfuse has no user pointer; this carries ours into its callbacks while it runs. */
static _Thread_local struct reader *running;

static int fault(struct reader *rd, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fault(struct reader *rd, int line, const char *fmt, ...)
{
    struct bw_err text = {""};
    va_list ap;

    if (rd->r < 0) {
        return rd->r; /* the first one is the cause */
    }
    va_start(ap, fmt);
    (void)vsnprintf(text.text, sizeof(text.text), fmt, ap);
    va_end(ap);
    rd->r = -EINVAL;
    (void)bw_err_set(rd->reterr, 0, "%s", text.text);
    return bw_err_prefix(rd->reterr, -EINVAL, "%s:%d", rd->file, line);
}

/* ---- the scan before libconfuse ---- */

struct scan {
    struct reader *rd;
    const char *in;
    size_t n;
    size_t at;
    int line;
    char *out; /* the same length, blanked */
    int open_lines[DEPTH_MAX];
    size_t depth;
};

static bool at_text(const struct scan *s, const char *text)
{
    size_t n = strlen(text);
    return s->n - s->at >= n && memcmp(s->in + s->at, text, n) == 0;
}

static void blank(struct scan *s)
{
    if (s->in[s->at] == '\n') {
        s->out[s->at] = '\n';
        s->line++;
    } else {
        s->out[s->at] = ' ';
    }
    s->at++;
}

static int skip_block_comment(struct scan *s)
{
    int line = s->line;

    while (s->at < s->n && !at_text(s, "*/")) {
        blank(s);
    }
    if (s->at == s->n) {
        return fault(s->rd, line, "this comment has no end; close it with */");
    }
    blank(s);
    blank(s);
    return 0;
}

static int take_quoted(struct scan *s)
{
    char quote = s->in[s->at];
    size_t start = s->at;

    for (s->at++; s->at < s->n && s->in[s->at] != quote; s->at++) {
        unsigned char c = (unsigned char)s->in[s->at];
        if (c < 0x20 || c == 0x7f) {
            return fault(s->rd, s->line,
                         c == '\n' ? "this line has an open quote"
                                   : "a control character within quotes");
        }
        if (c == '\\') {
            char next = s->at + 1 < s->n ? s->in[s->at + 1] : '\0';
            if (quote == '\'' || (next != '"' && next != '\\')) {
                return fault(s->rd, s->line,
                             "a backslash may only stand before \" or \\ in double quotes");
            }
            s->at++;
        } else if (quote == '"' && at_text(s, "${")) {
            return fault(s->rd, s->line,
                         "environment variables are not read here; write "
                         "the value itself");
        }
    }
    if (s->at == s->n) {
        return fault(s->rd, s->line, "this line has an open quote");
    }
    s->at++;
    if (!bw_utf8_valid(s->in + start, s->at - start)) {
        return fault(s->rd, s->line, "this text is not in UTF-8");
    }
    memcpy(s->out + start, s->in + start, s->at - start);
    return 0;
}

static bool is_bare(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0x80 && c != '\0' && (isalnum(u) || strchr("._:/%@+-", c));
}

static int take_bare(struct scan *s)
{
    while (s->at < s->n && is_bare(s->in[s->at])) {
        s->out[s->at] = s->in[s->at];
        s->at++;
    }
    if (s->at < s->n && s->in[s->at] == '#') {
        return fault(s->rd, s->line,
                     "put the value into quotes, or a space before the comment");
    }
    return 0;
}

static int take_brace(struct scan *s)
{
    char c = s->in[s->at];

    if (c == '{') {
        if (s->depth == DEPTH_MAX) {
            return fault(s->rd, s->line, "sections within sections end at %d levels",
                         DEPTH_MAX);
        }
        s->open_lines[s->depth++] = s->line;
    } else {
        if (s->depth == 0) {
            return fault(s->rd, s->line, "this closing brace has no opening one");
        }
        if (s->rd->n_lines == SECTIONS_MAX) {
            return fault(s->rd, s->line, "more than %d sections in one file", SECTIONS_MAX);
        }
        s->rd->lines[s->rd->n_lines++] = s->open_lines[--s->depth];
    }
    s->out[s->at++] = c;
    return 0;
}

static int scan_step(struct scan *s)
{
    char c = s->in[s->at];

    if (c == '#' || at_text(s, "//")) {
        while (s->at < s->n && s->in[s->at] != '\n') {
            blank(s);
        }
        return 0;
    }
    if (at_text(s, "/*")) {
        return skip_block_comment(s);
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';') {
        blank(s);
        return 0;
    }
    if (c == '"' || c == '\'') {
        return take_quoted(s);
    }
    if (c == '{' || c == '}') {
        return take_brace(s);
    }
    if (c == '=' || c == '(' || c == ')') {
        s->out[s->at++] = c;
        return 0;
    }
    if (is_bare(c)) {
        return take_bare(s);
    }
    if (c == ',') {
        return fault(s->rd, s->line,
                     "several words are one text in quotes, as in \"nat,filter\"");
    }
    if (isprint((unsigned char)c)) {
        return fault(s->rd, s->line, "'%c' must stand in quotes", c);
    }
    return fault(s->rd, s->line, "byte 0x%02x must stand in quotes", (unsigned char)c);
}

/* Blank text[n] into out[n + 1] and note the lines of the sections. */
static int scan_text(struct reader *rd, const char *text, size_t n, char *out)
{
    struct scan s = {.rd = rd, .in = text, .n = n, .line = 1, .out = out};

    while (s.at < n) {
        int r = scan_step(&s);
        if (r < 0) {
            return r;
        }
    }
    out[n] = '\0';
    if (s.depth > 0) {
        return fault(rd, s.open_lines[s.depth - 1],
                     "the section opened here is never closed; a } is missing");
    }
    return 0;
}

/* ---- libconfuse's callbacks ---- */

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct reader *rd = running;

    for (size_t i = 0; i < rd->n_options; i++) {
        if (rd->options[i].where == opt) {
            return fault(rd, cfg->line,
                         "option '%s' is given twice; the first is in line %d", opt->name,
                         rd->options[i].line);
        }
    }
    if (rd->n_options == OPTIONS_MAX) {
        return fault(rd, cfg->line, "more than %d options in one file", OPTIONS_MAX);
    }
    rd->options[rd->n_options++] = (struct place){.where = opt, .line = cfg->line};
    *(const char **)result = value;
    return 0;
}

static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
    struct reader *rd = running;
    const cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    int line;

    (void)cfg;
    assert(rd->n_sections < rd->n_lines); /* one closing brace each */
    line = rd->lines[rd->n_sections];
    for (size_t i = 0; i < rd->n_sections; i++) {
        if (rd->sections[i].where == section) {
            return fault(rd, line, "section '%s' is given twice; the first is in line %d",
                         opt->name, rd->sections[i].line);
        }
    }
    rd->sections[rd->n_sections++] = (struct place){.where = section, .line = line};
    return 0;
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
    struct reader *rd = running;
    const char *slash = strrchr(rd->file, '/');
    struct include *inc;
    int n;

    (void)opt;
    if (argc != 1 || argv[0][0] == '\0') {
        return fault(rd, cfg->line,
                     "include takes one file name, as in "
                     "include(\"more.conf\")");
    }
    if (!rd->may_include) {
        return fault(rd, cfg->line, "include works in files only");
    }
    if (rd->n_includes == BW_CONF_FILES_MAX) {
        return fault(rd, cfg->line, "more than %d files", BW_CONF_FILES_MAX);
    }
    inc = &rd->includes[rd->n_includes];
    inc->from_file = rd->file;
    inc->line = cfg->line;
    if (argv[0][0] == '/' || !slash) {
        n = snprintf(inc->path, sizeof(inc->path), "%s", argv[0]);
    } else {
        n = snprintf(inc->path, sizeof(inc->path), "%.*s/%s", (int)(slash - rd->file),
                     rd->file, argv[0]);
    }
    if (n < 0 || (size_t)n >= sizeof(inc->path)) {
        return fault(rd, cfg->line, "this path is too long");
    }
    rd->n_includes++;
    return 0;
}

static void on_unknown(struct reader *rd, const cfg_t *cfg, const char *word)
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
        (void)fault(rd, cfg->line, "unknown option '%.60s'%s%s; did you mean '%s'?", word,
                    nested ? " in section " : "", nested ? cfg->name : "", near);
    } else {
        (void)fault(rd, cfg->line, "unknown option '%.60s'%s%s; valid here: %s", word,
                    nested ? " in section " : "", nested ? cfg->name : "",
                    list.data ? list.data : "");
    }
    bw_buf_done(&list);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    struct reader *rd = running;
    struct bw_err text = {""};

    if (strcmp(fmt, "no such option '%s'") == 0) {
        on_unknown(rd, cfg, va_arg(ap, const char *));
        return;
    }
    (void)vsnprintf(text.text, sizeof(text.text), fmt, ap);
    (void)fault(rd, cfg->line, "%s", text.text);
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
    opts = calloc(n + n_subs + 2, sizeof(*opts)); /* include, and the end */
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
    if (s->keyword[0] == '\0') {
        opts[at++] = (cfg_opt_t){.name = "include", .type = CFGT_FUNC, .func = on_include};
    }
    opts[at] = (cfg_opt_t){.name = NULL, .type = CFGT_NONE};
    return opts;
}

/* ---- from libconfuse's tree to ours ---- */

static int line_of(const struct place *places, size_t n, const void *where)
{
    for (size_t i = 0; i < n; i++) {
        if (places[i].where == where) {
            return places[i].line;
        }
    }
    return 0;
}

/* The canonical text beside the held value. */
static int set_value(struct bw_conf_value *v,
                     const struct bw_optspec *spec,
                     const char *text,
                     struct bw_err *reterr)
{
    struct bw_buf b;
    int r = bw_optspec_parse(spec, text, &v->held, reterr);

    if (r < 0) {
        return r;
    }
    if (spec->type == BW_OPT_STRING) {
        v->text = strdup(text);
    } else {
        bw_buf_init(&b, 1024);
        bw_optspec_format(spec, v->held, &b);
        v->text = bw_buf_take(&b, NULL);
        bw_buf_done(&b);
    }
    return v->text ? 0 : -ENOMEM;
}

static int take_options(struct reader *rd, cfg_t *cfg, struct bw_conf_node *node)
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
            return fault(rd, line, "option '%s' is given twice; the first is in %s:%d",
                         spec->name, v->file, v->line);
        }
        r = set_value(v, spec, cfg_opt_getnstr(opt, 0), &why);
        if (r == -ENOMEM) {
            return r;
        }
        if (r < 0) {
            return fault(rd, line, "%s", why.text);
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

static int take_node(struct reader *rd, cfg_t *cfg, struct bw_conf_node *node);

static int take_section(struct reader *rd,
                        cfg_t *cfg,
                        struct bw_conf_node *parent,
                        const struct bw_conf_section *schema)
{
    int line = line_of(rd->sections, rd->n_sections, cfg);
    const char *title = schema->flags & BW_CONF_TITLED ? cfg_title(cfg) : "";
    struct bw_conf_node **grown;
    struct bw_conf_node *node;
    int r;

    if (schema->flags & BW_CONF_TITLED && !is_name(title)) {
        return fault(
            rd, line,
            "%s \"%.80s\": a name has 1 to %d letters, digits, '.', '_' or '-' and "
            "begins with a letter or digit",
            schema->keyword, title, BW_NAME_MAX);
    }
    for (size_t i = 0; i < parent->n_children; i++) {
        const struct bw_conf_node *c = parent->children[i];
        if (c->schema == schema && strcmp(c->title, title) == 0) {
            return fault(rd, line, "section '%s' is given twice; the first is in %s:%d",
                         schema->keyword, c->file, c->line);
        }
    }
    node = bw_conf_node_new(schema, title, rd->file, line);
    grown =
        realloc(parent->children, (parent->n_children + 1) * sizeof(struct bw_conf_node *));
    if (grown) {
        parent->children = grown;
    }
    if (!node || !grown) {
        bw_conf_node_free(node);
        return -ENOMEM;
    }
    parent->children[parent->n_children++] = node;
    r = take_node(rd, cfg, node);
    return r;
}

static int take_node(struct reader *rd, cfg_t *cfg, struct bw_conf_node *node)
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
            r = set_value(v, spec, spec->def, reterr);
            assert(r != -EINVAL); /* a default its own spec refuses */
            if (r < 0) {
                return r;
            }
        } else if (spec->type != BW_OPT_STRING && spec->type != BW_OPT_SET) {
            v->held = BW_UNKNOWN;
        }
    }
    for (const struct bw_conf_section *s = node->schema->subs; s && s->keyword; s++) {
        if (s->flags & BW_CONF_REQUIRED && bw_conf_count(node, s->keyword) == 0) {
            return bw_conf_fault(node, NULL, reterr, "%s lacks a section '%s'", what,
                                 s->keyword);
        }
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

static int read_text(struct reader *rd, const char *text, size_t n)
{
    char *blanked = malloc(n + 1);
    cfg_opt_t *opts = opts_of_schema(rd->conf->top->schema);
    cfg_t *cfg = NULL;
    int r = blanked && opts ? 0 : -ENOMEM;

    rd->n_options = 0;
    rd->n_sections = 0;
    rd->n_lines = 0;
    if (r == 0) {
        r = scan_text(rd, text, n, blanked);
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
        r = rd->r < 0 ? rd->r : fault(rd, cfg->line, "cannot be read");
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

static int read_file(struct reader *rd, const char *path)
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
static int read_includes(struct reader *rd)
{
    for (size_t i = 0; i < rd->n_includes; i++) {
        const struct include *inc = &rd->includes[i];
        int r;
        rd->file = inc->from_file;
        for (size_t f = 0; f < rd->conf->n_files; f++) {
            if (strcmp(rd->conf->files[f], inc->path) == 0) {
                return fault(rd, inc->line, "%s is included twice", inc->path);
            }
        }
        if (rd->conf->n_files == BW_CONF_FILES_MAX) {
            return fault(rd, inc->line, "more than %d files", BW_CONF_FILES_MAX);
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
    struct reader rd = {.may_include = text == NULL, .reterr = &why, .file = name};
    int r;

    rd.conf = calloc(1, sizeof(*rd.conf));
    rd.options = calloc(OPTIONS_MAX, sizeof(*rd.options));
    rd.sections = calloc(SECTIONS_MAX, sizeof(*rd.sections));
    rd.lines = calloc(SECTIONS_MAX, sizeof(*rd.lines));
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

/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf_scan.c - the look at a configuration's text before libconfuse sees it.
 *
 * Invariant: what passes has balanced braces, closed quotes, no expansions, no escapes
 * but \" and \\, and every byte that stays is at its place and line. */
#include "conf.h"
#include "conf_private.h"
#include "utf8.h"

#include <bw/err.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bw_conf_reader_fault(struct bw_conf_reader *rd, int line, const char *fmt, ...)
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

struct scan {
    struct bw_conf_reader *rd;
    const char *in;
    size_t n;
    size_t at;
    int line;
    char *out; /* the same length, blanked */
    int open_lines[BW_CONF_DEPTH_MAX];
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
        return bw_conf_reader_fault(s->rd, line,
                                    "this comment has no end; close it with */");
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
            return bw_conf_reader_fault(s->rd, s->line,
                                        c == '\n' ? "this line has an open quote"
                                                  : "a control character within quotes");
        }
        if (c == '\\') {
            char next = '\0';
            if (s->at + 1 < s->n) {
                next = s->in[s->at + 1];
            }
            if (quote == '\'' || (next != '"' && next != '\\')) {
                return bw_conf_reader_fault(
                    s->rd, s->line,
                    "a backslash may only stand before \" or \\ in double quotes");
            }
            s->at++;
        } else if (quote == '"' && at_text(s, "${")) {
            return bw_conf_reader_fault(s->rd, s->line,
                                        "environment variables are not read here; write "
                                        "the value itself");
        }
    }
    if (s->at == s->n) {
        return bw_conf_reader_fault(s->rd, s->line, "this line has an open quote");
    }
    s->at++;
    if (!bw_utf8_valid(s->in + start, s->at - start)) {
        return bw_conf_reader_fault(s->rd, s->line, "this text is not in UTF-8");
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
        return bw_conf_reader_fault(
            s->rd, s->line, "put the value into quotes, or a space before the comment");
    }
    return 0;
}

/* White space; comments may not stand within include(…). */
static void skip_space(struct scan *s)
{
    while (s->at < s->n && strchr(" \t\r\n", s->in[s->at]) && s->in[s->at] != '\0') {
        blank(s);
    }
}

static bool skip_char(struct scan *s, char c)
{
    skip_space(s);
    if (s->at == s->n || s->in[s->at] != c) {
        return false;
    }
    blank(s);
    return true;
}

static int note_include(struct bw_conf_reader *rd, int line, const char *name, size_t n)
{
    const char *slash = strrchr(rd->file, '/');
    struct bw_conf_include *inc;
    int len;

    if (!rd->may_include) {
        return bw_conf_reader_fault(rd, line, "include works in files only");
    }
    if (rd->n_includes == BW_CONF_FILES_MAX) {
        return bw_conf_reader_fault(rd, line, "more than %d files", BW_CONF_FILES_MAX);
    }
    inc = &rd->includes[rd->n_includes];
    inc->from_file = rd->file;
    inc->line = line;
    if (name[0] == '/' || !slash) {
        len = snprintf(inc->path, sizeof(inc->path), "%.*s", (int)n, name);
    } else {
        len = snprintf(inc->path, sizeof(inc->path), "%.*s/%.*s", (int)(slash - rd->file),
                       rd->file, (int)n, name);
    }
    if (len < 0 || (size_t)len >= sizeof(inc->path)) {
        return bw_conf_reader_fault(rd, line, "this path is too long");
    }
    rd->n_includes++;
    return 0;
}

/* include("more.conf") at the top level, blanked: libconfuse's own include would read
 * the other file without this scan, and its function calls leak on errors. */
static int take_include(struct scan *s)
{
    static const char help[] = "include takes one file name, as in include(\"more.conf\")";
    int line = s->line;
    size_t start;
    size_t end;
    int r;

    for (const char *c = "include"; *c; c++) {
        blank(s);
    }
    if (!skip_char(s, '(')) {
        return bw_conf_reader_fault(s->rd, line, "%s", help);
    }
    skip_space(s);
    if (s->at == s->n || (s->in[s->at] != '"' && s->in[s->at] != '\'')) {
        return bw_conf_reader_fault(s->rd, line, "%s", help);
    }
    start = s->at + 1;
    r = take_quoted(s);
    if (r < 0) {
        return r;
    }
    end = s->at - 1;
    memset(s->out + start - 1, ' ', end - start + 2);
    if (start == end || memchr(s->in + start, '\\', end - start) || !skip_char(s, ')')) {
        return bw_conf_reader_fault(s->rd, line, "%s", help);
    }
    return note_include(s->rd, line, s->in + start, end - start);
}

/* The word at hand is exactly "include". */
static bool at_include(const struct scan *s)
{
    return s->depth == 0 && at_text(s, "include") &&
           (s->n - s->at == 7 || !is_bare(s->in[s->at + 7]));
}

static int take_brace(struct scan *s)
{
    char c = s->in[s->at];

    if (c == '{') {
        if (s->depth == BW_CONF_DEPTH_MAX) {
            return bw_conf_reader_fault(s->rd, s->line,
                                        "sections within sections end at %d levels",
                                        BW_CONF_DEPTH_MAX);
        }
        s->open_lines[s->depth++] = s->line;
    } else {
        if (s->depth == 0) {
            return bw_conf_reader_fault(s->rd, s->line,
                                        "this closing brace has no opening one");
        }
        if (s->rd->n_lines == BW_CONF_SECTIONS_MAX) {
            return bw_conf_reader_fault(s->rd, s->line, "more than %d sections in one file",
                                        BW_CONF_SECTIONS_MAX);
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
    if (c == '=') {
        s->out[s->at++] = c;
        return 0;
    }
    if (is_bare(c)) {
        return at_include(s) ? take_include(s) : take_bare(s);
    }
    if (c == ',') {
        return bw_conf_reader_fault(
            s->rd, s->line, "several words are one text in quotes, as in \"nat,filter\"");
    }
    if (isprint((unsigned char)c)) {
        return bw_conf_reader_fault(s->rd, s->line, "'%c' must stand in quotes", c);
    }
    return bw_conf_reader_fault(s->rd, s->line, "byte 0x%02x must stand in quotes",
                                (unsigned char)c);
}

/* Blank text[n] into out[n + 1] and note the lines of the sections. */
int bw_conf_scan(struct bw_conf_reader *rd, const char *text, size_t n, char *out)
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
        return bw_conf_reader_fault(
            rd, s.open_lines[s.depth - 1],
            "the section opened here is never closed; a } is missing");
    }
    return 0;
}

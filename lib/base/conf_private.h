/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf_private.h - the configuration tree as conf_read.c builds it and conf.c reads it,
 * and what the two stages of reading share. */
#ifndef BW_CONF_PRIVATE_H
#define BW_CONF_PRIVATE_H

#include "conf.h"

#include <limits.h>

struct bw_conf_value {
    int64_t held;
    char *text;       /* canonical; NULL: not set and no default */
    const char *file; /* where it is written; NULL: by default */
    int line;
};

struct bw_conf_node {
    const struct bw_conf_section *schema;
    char *title;
    const char *file; /* lives in bw_conf.files */
    int line;
    struct bw_conf_value *values; /* one a row of opts, then of more_opts */
    size_t n_values;
    struct bw_conf_node **children; /* of all keywords, in the file's order */
    size_t n_children;
};

enum {
    BW_CONF_FILES_MAX = 16
};

struct bw_conf {
    struct bw_conf_node *top;
    char *files[BW_CONF_FILES_MAX];
    size_t n_files;
};

/* Rows of both tables, and the i-th of them. */
size_t bw_conf_n_opts(const struct bw_conf_section *s);
const struct bw_optspec *bw_conf_opt_at(const struct bw_conf_section *s, size_t i);

struct bw_conf_node *bw_conf_node_new(const struct bw_conf_section *schema,
                                      const char *title,
                                      const char *file,
                                      int line);
void bw_conf_node_free(struct bw_conf_node *n);

/* `circuit "wan"`, or "the top level", for sentences. */
void bw_conf_describe(const struct bw_conf_node *n, char *ret, size_t cap);

/* A value from text in both forms; *ret_text is free()d by the caller. In optspec.c. */
int bw_optspec_take(const struct bw_optspec *spec,
                    const char *text,
                    int64_t *ret_held,
                    char **ret_text,
                    struct bw_err *reterr);

/* Text with scdoc's marks made harmless; in optspec.c. */
void bw_man_escape(struct bw_buf *out, const char *text);

/* ---- while reading; conf_read.c and conf_scan.c ---- */

enum {
    BW_CONF_DEPTH_MAX = 8,
    BW_CONF_OPTIONS_MAX = 4096, /* of one file */
    BW_CONF_SECTIONS_MAX = 1024
};

/* Where an option was written, or a section was opened; `where` is libconfuse's object,
 * one of its own for every section. */
struct bw_conf_place {
    const void *where;
    int line;
};

struct bw_conf_include {
    char path[PATH_MAX];
    const char *from_file;
    int line;
};

struct bw_conf_reader {
    struct bw_conf *conf;
    bool may_include;
    struct bw_err *reterr;
    int r; /* the first failure */
    const char *file;
    /* of the file being read */
    struct bw_conf_place *options;
    size_t n_options;
    struct bw_conf_place *sections;
    size_t n_sections;
    int *lines; /* of opening braces, in the order in which they close */
    size_t n_lines;
    /* found in it, read after it */
    struct bw_conf_include *includes;
    size_t n_includes;
};

/* "file:line: …" into reterr unless something failed before; gives -EINVAL. */
int bw_conf_reader_fault(struct bw_conf_reader *rd, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Check text[n] and copy it into out[n + 1] with comments, semicolons and includes
 * blanked, every line where it was; notes lines and includes in the reader. */
int bw_conf_scan(struct bw_conf_reader *rd, const char *text, size_t n, char *out);

#endif

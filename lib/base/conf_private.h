/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf_private.h - the configuration tree as conf_read.c builds it and conf.c reads it. */
#ifndef BW_CONF_PRIVATE_H
#define BW_CONF_PRIVATE_H

#include "conf.h"

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

#endif

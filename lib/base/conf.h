/* SPDX-License-Identifier: GPL-3.0-or-later
 * conf.h - configuration files: libconfuse's brace syntax, our own strictness.
 *
 *     interval = 5min
 *     circuit "wan" { interface = "eth0"; vantage = router }
 *     icmp "edges" { circuit = wan; target "provider-edge" { address = "192.0.2.1" } }
 *
 * A schema is data: sections with option tables (bw/opts.h). Unknown and doubled keys,
 * a missing brace, a bare number where a unit belongs, a value out of range are fatal,
 * each with "file:line: …" and the nearest valid key. Octal, hexadecimal and environment
 * variables do not exist. `include("other.conf")` at the top level reads another file,
 * relative to the including one.
 *
 * A read configuration is a const tree; reload reads a second one and swaps. libconfuse's
 * scanner is global: read from one thread only (the loop's, before it runs or on SIGHUP).
 */
#ifndef BW_CONF_H
#define BW_CONF_H

#include <bw/opts.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_conf;      /* a whole configuration */
struct bw_conf_node; /* one section of it; lives as long as the whole */

enum {
    BW_CONF_BYTES_MAX = 1024 * 1024
}; /* of one file */

enum bw_conf_flags {      /* bits */
    BW_CONF_TITLED = 1,   /* `keyword "name" { … }`, any number, each name once;
                             without: `keyword { … }`, at most once */
    BW_CONF_REQUIRED = 2, /* at least one must be there */
    BW_CONF_ALWAYS = 4    /* untitled, no required options: where the file leaves it
                             out it is there all the same, with its defaults */
};

struct bw_conf_section {
    const char *keyword;                /* NULL ends a table; "" for the top level */
    uint32_t flags;                     /* enum bw_conf_flags */
    const struct bw_optspec *opts;      /* its options; NULL: none */
    const struct bw_optspec *more_opts; /* further ones, so that a probe's own table and
                                           the common one need no copying; may be NULL */
    const struct bw_conf_section *subs; /* sections within; NULL: none */
    const char *doc;                    /* one sentence for the manual page */
};

/* A `target "name" { address = … }` table for the subs of a probe's section, and the
 * options of a target. */
extern const struct bw_conf_section bw_conf_targets[];
extern const struct bw_optspec bw_conf_target_opts[];

/* Read a file, or text that messages call `name`. `top` is the top level: its keyword is
 * ""; the schema must outlive *ret. -EINVAL with "file:line: …", or -ENOENT, -EACCES …
 * naming the file. Pure but for reading: no other file is touched. */
int bw_conf_read(const char *path,
                 const struct bw_conf_section *top,
                 struct bw_conf **ret,
                 struct bw_err *reterr);
int bw_conf_parse(const char *text,
                  size_t n,
                  const char *name,
                  const struct bw_conf_section *top,
                  struct bw_conf **ret,
                  struct bw_err *reterr);
void bw_conf_free(struct bw_conf *c); /* NULL is fine */

const struct bw_conf_node *bw_conf_top(const struct bw_conf *c);

/* Sections of a keyword within `at`, in the file's order. bw_conf_child gives NULL when
 * there is no i-th one. The keyword must be in the schema. */
size_t bw_conf_count(const struct bw_conf_node *at, const char *keyword);
const struct bw_conf_node *
bw_conf_child(const struct bw_conf_node *at, const char *keyword, size_t i);
const struct bw_conf_node *
bw_conf_titled(const struct bw_conf_node *at, const char *keyword, const char *title);
const char *bw_conf_title(const struct bw_conf_node *at); /* "" without one */

/* Values as in bw/opts.h: held form; the default where the file is silent; BW_UNKNOWN or
 * "" where there is no default. The name must be in the section's tables. */
int64_t bw_conf_int(const struct bw_conf_node *at, const char *name);
bool bw_conf_bool(const struct bw_conf_node *at, const char *name); /* not set: false */
const char *bw_conf_str(const struct bw_conf_node *at, const char *name);
bool bw_conf_is_set(const struct bw_conf_node *at, const char *name); /* by the file */

/* Every title and every string that the file sets, secrets left out: `what` as in `icmp
 * "edges" target "left" address`, and where it is written. cb: 0 to go on, anything else is
 * given back. Paths are strings, too. */
struct bw_conf_said {
    const char *what;
    const char *text;
    const char *file;
    int line;
};
int bw_conf_each_text(const struct bw_conf *c,
                      int (*cb)(void *owner, const struct bw_conf_said *said),
                      void *owner);

/* For checks across options: writes "file:line: " of that option (of the section when
 * `name` is NULL or the file is silent about it) and the sentence; gives -EINVAL. */
int bw_conf_fault(const struct bw_conf_node *at,
                  const char *name,
                  struct bw_err *reterr,
                  const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/* One probe instance from its section: values of `spec` (one of the section's tables),
 * circuit, device and sources of `where` (copied), name = the title, targets = its `target`
 * subsections where the schema has them, then its `outside` ones. */
int bw_conf_opts(const struct bw_conf_node *at,
                 const struct bw_optspec *spec,
                 const struct bw_opts_head *where,
                 struct bw_opts **ret,
                 struct bw_err *reterr);

/* As bw_conf_print() of a file of which parts do not hold: each option and section of the
 * top level is taken from the configuration that pick() gives for its name; all have been
 * read by the same schema. */
typedef const struct bw_conf *(*bw_conf_pick_cb)(void *owner, const char *name);
int bw_conf_print_mixed(const struct bw_conf *c,
                        bw_conf_pick_cb pick,
                        void *owner,
                        struct bw_buf *out);

/* Append the effective configuration, defaults included, in one canonical form that reads
 * back to itself: schema order, one option a line. Secrets appear as "(secret)". */
int bw_conf_print(const struct bw_conf *c, struct bw_buf *out);
/* SHA-256 of that text, for the summary's "config". */
int bw_conf_sha256(const struct bw_conf *c, char ret[BW_HASH_LEN + 1]);

/* Append the manual page's text (scdoc) of a schema, or of one section: its heading, its
 * sentence, `text` (scdoc, may be NULL), its options, then the sections within. */
void bw_conf_man(const struct bw_conf_section *top, struct bw_buf *out);
void bw_conf_man_section(const struct bw_conf_section *s,
                         const char *text,
                         struct bw_buf *out);

/* The word of `words` (NULL-terminated) nearest to `word` by edits, or NULL when none is
 * near enough to be meant; also for verbs of the command line. */
const char *bw_conf_nearest(const char *word, const char *const *words);

#endif

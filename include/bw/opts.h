/* SPDX-License-Identifier: GPL-3.0-or-later
 * opts.h - options as data: what a probe accepts is declared beside its code, and the
 * configuration file, the command line, the manual page and -T are made from it. */
#ifndef BW_OPTS_H
#define BW_OPTS_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_opttype {
    BW_OPT_END,
    BW_OPT_INT,      /* a plain decimal number */
    BW_OPT_DURATION, /* "200ms", "30s", "5min", "6h", "2d"; held in milliseconds */
    BW_OPT_RATE,     /* "100M", "1G", "1.544M" bits per second, decimal */
    BW_OPT_SIZE,     /* "4GB", "500MB" bytes, decimal */
    BW_OPT_BOOL,     /* "yes" or "no"; held as 1 or 0 */
    BW_OPT_ENUM,     /* one word of `words`; held as its index */
    BW_OPT_SET,      /* "nat,filter" or "none": words of `words`; held as bits by index */
    BW_OPT_STRING    /* min and max, where max > 0, bound its length in bytes */
};

enum bw_optflags {         /* bits */
    BW_OPT_SECRET = 1,     /* -T and error sentences never show the value */
    BW_OPT_ADDRESS = 2,    /* names a host outside; listed by privacy-check */
    BW_OPT_SECRET_FILE = 4 /* STRING, one a kind: path of a file whose first line is a
                              secret, given to the probe by bw_host_secret() */
};

struct bw_optspec {
    const char *name;
    enum bw_opttype type;
    int64_t min; /* in the held unit, inclusive; min and max both 0: any >= 0 */
    int64_t max;
    const char *def;          /* default as it would be written; NULL: required; "" for a
                                 number, bool or enum: not set, held as BW_UNKNOWN */
    const char *const *words; /* ENUM, SET: NULL-terminated */
    const char *doc;          /* one sentence for the manual page */
    uint32_t flags;           /* enum bw_optflags */
};

/* What a probe measures against. `address` is an IP address, a host name or an URL,
 * as the probe's manual says; it stays in configuration, records carry `name`. */
struct bw_target {
    char name[BW_NAME_MAX + 1];
    char address[512];
};

/* One instance's checked options. Read-only; lives as long as the instance. */
struct bw_opts;

/* The value of an option in its held form; the name must be in the probe's spec (our bug
 * otherwise: asserted). bw_opt_str also gives an enum's word; never NULL. */
int64_t bw_opt_int(const struct bw_opts *o, const char *name);
const char *bw_opt_str(const struct bw_opts *o, const char *name);

/* The instance's name and circuit; the interface and the source addresses to bind to,
 * "" when none. bw_opts_source() is for family 4 or 6. */
const char *bw_opts_name(const struct bw_opts *o);
const char *bw_opts_circuit(const struct bw_opts *o);
const char *bw_opts_device(const struct bw_opts *o);
const char *bw_opts_source(const struct bw_opts *o, int family);

size_t bw_opts_n_targets(const struct bw_opts *o);
const struct bw_target *bw_opts_target(const struct bw_opts *o, size_t i);

/* The rest is for whoever makes instances: daemon, child, command line, tests.
 * lib/base/opts.c; any thread. */

struct bw_buf;
struct bw_err;

/* Who and where an instance is; copied. Any pointer may be NULL for "". */
struct bw_opts_head {
    const char *name;
    const char *circuit;
    const char *device;
    const char *source4; /* IPv4 and IPv6 addresses of the circuit, as written */
    const char *source6;
    const struct bw_target *targets;
    size_t n_targets; /* at most BW_TARGETS_MAX */
};

/* From "key=value" texts, what is not given from the defaults. -EINVAL names the key,
 * the value and the mend, and for an unknown key the nearest valid one; a key given
 * twice is refused. *ret is freed with bw_opts_free(); `spec` must outlive it. */
int bw_opts_from_pairs(const struct bw_optspec *spec,
                       const struct bw_opts_head *head,
                       const char *const *pairs,
                       size_t n_pairs,
                       struct bw_opts **ret,
                       struct bw_err *reterr);
void bw_opts_free(struct bw_opts *o); /* NULL is fine */

/* The spec it was made from, and an option's value as it would be written ("5min"; ""
 * when not set), so that a parent can hand an instance to a child as key=value texts. */
const struct bw_optspec *bw_opts_spec(const struct bw_opts *o);
const char *bw_opts_text(const struct bw_opts *o, const char *name);

/* One value from text by its spec, without an instance: type, unit, range, word. A
 * string gives its length. -EINVAL with a sentence like
 *     'timeout' is 30: a duration needs a unit, as in 30s or 30ms */
int bw_optspec_parse(const struct bw_optspec *spec,
                     const char *text,
                     int64_t *ret,
                     struct bw_err *reterr);
/* Append a held number as it would be written, in the largest unit that is exact. */
void bw_optspec_format(const struct bw_optspec *spec, int64_t value, struct bw_buf *out);
/* NULL when there is none of that name. */
const struct bw_optspec *bw_optspec_find(const struct bw_optspec *spec, const char *name);
/* Append the manual page's text (scdoc) of every option of a spec. */
void bw_optspec_man(const struct bw_optspec *spec, struct bw_buf *out);

#endif

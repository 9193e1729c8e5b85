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
    BW_OPT_DURATION, /* "200ms", "30s", "5min", "6h"; held in milliseconds */
    BW_OPT_RATE,     /* "100M", "1G" bits per second, decimal */
    BW_OPT_SIZE,     /* "4GB", "500MB" bytes, decimal */
    BW_OPT_BOOL,     /* "yes" or "no"; held as 1 or 0 */
    BW_OPT_ENUM,     /* one word of `words`; held as its index */
    BW_OPT_STRING
};

struct bw_optspec {
    const char *name;
    enum bw_opttype type;
    int64_t min;         /* numbers only, inclusive */
    int64_t max;
    const char *def;     /* default as it would be written; NULL: required */
    const char *const *words; /* ENUM: NULL-terminated */
    const char *doc;     /* one sentence for the manual page */
};

/* What a probe measures against. `address` is an IP address, a host name or an URL,
 * as the probe's manual says; it stays in configuration, records carry `name`. */
struct bw_target {
    char name[BW_NAME_MAX + 1];
    char address[512];
};

/* One instance's checked options. Read-only; lives as long as the instance. */
struct bw_opts;

/* The value of an option in its held form; the name must be in the probe's spec. */
int64_t bw_opt_int(const struct bw_opts *o, const char *name);
const char *bw_opt_str(const struct bw_opts *o, const char *name); /* never NULL */

/* The instance's name and circuit; the interface to bind to and "" when none. */
const char *bw_opts_name(const struct bw_opts *o);
const char *bw_opts_circuit(const struct bw_opts *o);
const char *bw_opts_device(const struct bw_opts *o);

size_t bw_opts_n_targets(const struct bw_opts *o);
const struct bw_target *bw_opts_target(const struct bw_opts *o, size_t i);

#endif

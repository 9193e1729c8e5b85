/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_options.h - the http probe's options, checked: pure, any thread. */
#ifndef BW_HTTP_OPTIONS_H
#define BW_HTTP_OPTIONS_H

#include <bw/opts.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    HTTP_TICK_MS = 50,
    HTTP_STALL_MS = 5000, /* nothing moved for this long: the run failed */
    HTTP_URL_MAX = 2048
};

extern const struct bw_optspec http_opts[];

/* The address, or what `relative` means seen from it, into ret[cap]. -EINVAL when it is no
 * HTTP URL. */
int http_make_url(const char *address, const char *relative, char *ret, size_t cap);
bool http_wants(const struct bw_opts *o, enum bw_direction d);
bool http_with_ticket(const struct bw_opts *o);

/* Of bw_probe_ops. */
int http_check(const struct bw_opts *opts, struct bw_err *reterr);
int64_t http_cost(const struct bw_opts *opts, int64_t line_bps);
int64_t http_longest_ms(const struct bw_opts *opts);

#endif

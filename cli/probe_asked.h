/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_asked.h - what the command line of `bandwitness probe` says. */
#ifndef BW_CLI_PROBE_ASKED_H
#define BW_CLI_PROBE_ASKED_H

#include "cli.h"

#include <bw/opts.h>
#include <bw/probe.h>

enum {
    PROBE_ASKED_OPTIONS_MAX = 64
};

/* Words as they were typed, NULL: not given. */
struct probe_asked {
    const struct bw_probe_ops *ops;
    const char *pairs[PROBE_ASKED_OPTIONS_MAX]; /* "KEY=VALUE", with what hurries it */
    size_t n_pairs;
    const char *device; /* "" not given */
    const char *stamp;
    const char *echo;
    int64_t seconds;
    bool json;
    struct bw_target *targets;
    size_t n_targets;
};

/* 0, or the exit status after a sentence about what does not fit; probe_asked_done() after
 * both. */
int probe_asked_read(const struct bw_verb *v, int argc, char **argv, struct probe_asked *a);
void probe_asked_done(struct probe_asked *a);

#endif

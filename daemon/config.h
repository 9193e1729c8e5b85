/* SPDX-License-Identifier: GPL-3.0-or-later
 * config.h - the box's configuration file as one const tree.
 *
 * A tree is made whole or not at all, is never changed afterwards, and is swapped for a
 * newer one on reload. bandwitness.conf(5) describes the file. Secrets are not in it:
 * the key lives in state_dir, so the whole tree may be shown. */
#ifndef BW_CONFIG_H
#define BW_CONFIG_H

#include <bw/opts.h>
#include <bw/probe.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_CONFIG_PROBES_MAX = 32,
    BW_CONFIG_WINDOWS_MAX = 8,
    BW_CONFIG_DAY_MIN = 1440
};

struct bw_config_claim {
    int64_t rate_bps[BW_DIRECTIONS]; /* unknown: nothing claimed */
    enum bw_layer layer;             /* the layer the claim means; unknown: taken as IP */
};

struct bw_config_circuit {
    char id[BW_NAME_MAX + 1];
    enum bw_vantage vantage;
    uint32_t behind;
    enum bw_source source;
    char interface[16];  /* counters, and probes are bound to it with bind_probes */
    bool faces_school;   /* the interface is on the school's side of the box */
    bool bind_probes;
    struct bw_config_claim claim;
};

/* Minutes of the local day, [from, to); to < from goes over midnight. */
struct bw_config_window {
    uint32_t days; /* bit 0 is Sunday, as struct tm counts */
    int from_min;
    int to_min;
};

/* One section of a probe kind. */
struct bw_config_probe {
    const struct bw_probe_ops *ops;
    const struct bw_opts *opts;
    const char *name;
    const char *circuit;
    /* Latency kinds: length of a round. Throughput kinds: mean gap of the starts that
     * nobody can foresee; 0: only when asked. */
    int64_t every_ms;
};

enum bw_gate { BW_GATE_SHARE, BW_GATE_FCC, BW_GATE_OFF };

struct bw_config {
    char path[PATH_MAX];
    char sha256[BW_HASH_LEN + 1]; /* of the effective configuration as -T prints it */
    int64_t interval_s;
    char state_dir[PATH_MAX];
    char control_path[108];
    char control_group[64]; /* "" : the daemon's own */
    char timezone[64];      /* "" : the machine's */
    int64_t keep_days;      /* signed summaries kept after the collector's receipt */

    struct {
        char url[512]; /* "": nothing is sent, the journal is kept */
        char ca_file[PATH_MAX];
        int64_t every_ms; /* cadence of posts; the interval when not said */
    } collector;

    struct {
        int64_t day_bytes;       /* heavy tests may move this much a UTC day */
        enum bw_gate gate;       /* what defers a heavy test */
        int64_t gate_ppm;        /* of the claim (or of the link), for BW_GATE_SHARE */
        bool in_class;           /* heavy tests may start during class hours */
        int64_t retry_ms;        /* a deferred test is looked at again after this … */
        int64_t give_up_ms;      /* … and given up after that */
    } tests;

    struct bw_config_window class_hours[BW_CONFIG_WINDOWS_MAX];
    size_t n_class_hours;
    struct bw_config_window windows[BW_CONFIG_WINDOWS_MAX]; /* none: always */
    size_t n_windows;

    struct bw_config_circuit circuits[BW_CIRCUITS_MAX];
    size_t n_circuits;
    struct bw_config_probe probes[BW_CONFIG_PROBES_MAX];
    size_t n_probes;

    struct bw_conf *conf; /* owns the options */
};

/* Read and check one file; nothing but the file is touched. *ret is freed with
 * bw_config_free(). The sentence names file, line, key and the nearest valid one. */
int bw_config_load(const char *path, struct bw_config **ret, struct bw_err *reterr);
void bw_config_free(struct bw_config *c);

/* The effective configuration as a file that reads back to the same tree; what -T
 * prints and what sha256 is taken of. */
int bw_config_print(const struct bw_config *c, struct bw_buf *out);

/* Says in words what of `next` cannot take effect without a restart ("" when all can),
 * because it needs rights, another state directory or another interval. */
void bw_config_restart_needed(const struct bw_config *now,
                              const struct bw_config *next,
                              char *out,
                              size_t cap);

const struct bw_config_circuit *bw_config_circuit(const struct bw_config *c, const char *id);

/* Which minutes of the UTC day that starts at day_unix_s a heavy test may start in:
 * inside the test windows and outside class hours, in the machine's time zone. */
void bw_config_allowed(const struct bw_config *c,
                       int64_t day_unix_s,
                       uint8_t allowed[BW_CONFIG_DAY_MIN]);

#endif

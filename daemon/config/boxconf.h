/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf.h - the box's configuration file as one const tree.
 *
 * A tree is made whole or not at all, is never changed afterwards, and is swapped for a
 * newer one on reload; who still needs the old one holds a reference. Secrets are not in
 * it (the key lives in state_dir), so the whole tree may be shown. Loop thread only. */
#ifndef BW_BOXCONF_H
#define BW_BOXCONF_H

#include <bw/opts.h>
#include <bw/probe.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <inside.h>
#include <limits.h>
#include <reflector.h>
#include <snmpline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_calendar;
struct bw_conf;
struct bw_conf_section;
struct bw_err;

enum {
    BW_BOXCONF_PROBES_MAX = 32,
    BW_BOXCONF_HOURS_MAX = 8,
    BW_BOXCONF_DAY_MIN = 1440,
    BW_BOXCONF_HOUR_MS = 3600000,
    BW_BOXCONF_RETRY_MS = 300000,
    BW_BOXCONF_FCC_RETRY_MS = 60000 /* DA 18-710: a test on a busy line waits a minute */
};

enum bw_boxconf_capture_what {
    BW_BOXCONF_CAPTURE_OFF,
    BW_BOXCONF_CAPTURE_MIX,
    BW_BOXCONF_CAPTURE_FLOWS
};

struct bw_boxconf_capture {
    enum bw_boxconf_capture_what what;
    char interface[16];
    bool faces_school; /* that interface is on the school's side of the box */
    bool by_mac;       /* of the interface itself, or `inside` has a router's */
    bool devices;
    int smallest_group;
    uint32_t flows_one_in;
    struct bw_inside inside;
};

struct bw_boxconf_circuit {
    char id[BW_NAME_MAX + 1];
    enum bw_vantage vantage;
    uint32_t behind;
    enum bw_source source;
    char interface[16]; /* "" with source none and snmp */
    struct {
        struct bw_snmp_job job;
        char program[1024]; /* "": beside the daemon */
    } snmp;                 /* with source snmp; else all zero */
    bool whole_seconds;     /* counters are read once a second: no sliding peak */
    int64_t port_bps;       /* of a mirror's port, where it does not say; unknown */
    bool faces_school;      /* the interface is on the school's side of the box */
    char device[16];        /* probes are bound to it; "": the routing decides */
    char source4[46];       /* probes send from these addresses, as written; … */
    char source6[46];       /* … "": the routing decides */
    struct bw_boxconf_capture capture;
    bool has_claim;
    int64_t claim_bps[BW_DIRECTIONS]; /* unknown: nothing claimed */
    enum bw_layer claim_layer;        /* unknown: the claim does not say */
};

/* Minutes of the local day, [from, to); to <= from goes over midnight. */
struct bw_boxconf_hours {
    uint32_t days; /* bit 0 is Sunday, as struct tm counts */
    int from_min;
    int to_min;
};

/* One section of a probe kind. */
struct bw_boxconf_probe {
    const struct bw_probe_ops *ops;
    struct bw_opts *opts;
    size_t circuit;     /* index into circuits */
    int64_t every_ms;   /* throughput kinds: mean gap of drawn starts; 0: when asked only */
    int64_t server_bps; /* what its servers can carry; unknown: nobody said */
    bool with_ticket;   /* the collector's server, by its ticket; one target then */
    size_t n_outside;   /* the last ones of its targets: servers outside the usual list */
    uint64_t hash;      /* of all that is said about the instance: equal = unchanged */
};

enum bw_boxconf_gate {
    BW_BOXCONF_GATE_SHARE,
    BW_BOXCONF_GATE_FCC,
    BW_BOXCONF_GATE_OFF
};

struct bw_boxconf {
    int refs;
    char path[PATH_MAX];
    char sha256[BW_HASH_LEN + 1]; /* of the effective configuration as -T prints it */

    int64_t interval_s;
    char state_dir[PATH_MAX];
    char control_path[108];
    char control_group[33];       /* "": the daemon's own */
    char timezone[64];            /* "": the machine's */
    char campaigns_dir[PATH_MAX]; /* rule files of campaigns */
    char old_name[480];           /* "": no option is called by a name it no longer has;
                                     else which, where, and the mend */
    int64_t keep_s; /* signed summaries are kept this long after the receipt */

    struct {
        char url[512]; /* "": nothing is sent */
        char ca_file[PATH_MAX];
        int64_t every_ms; /* cadence of posts */
    } collector;

    struct {
        int64_t day_bytes;   /* all probes of a UTC day together */
        int64_t month_bytes; /* … of a calendar month, UTC; unknown: no limit */
        enum bw_boxconf_gate gate;
        int64_t gate_ppm;
        bool in_class;
        int64_t retry_ms;
        int64_t give_up_ms;
        bool give_up_at_hour; /* … and at the latest when the start's hour is over */
        int64_t retest_ppm;   /* a figure below this share of the claim is tested again */
    } tests;

    struct bw_boxconf_hours class_hours[BW_BOXCONF_HOURS_MAX];
    size_t n_class_hours;
    struct bw_boxconf_hours windows[BW_BOXCONF_HOURS_MAX]; /* none: always */
    size_t n_windows;
    struct bw_reflector_conf reflector; /* not `on`: none */
    struct bw_calendar *calendar;       /* NULL: every day has its lessons */

    struct bw_boxconf_circuit circuits[BW_CIRCUITS_MAX];
    size_t n_circuits;
    struct bw_boxconf_probe probes[BW_BOXCONF_PROBES_MAX];
    size_t n_probes;

    struct bw_conf *conf;
    struct bw_conf_section *schema; /* conf stands on it */
    struct bw_boxconf *lender;      /* circuits and probes are its; NULL: our own */
    struct bw_boxconf *reflecting;  /* where the reflector listens is its; NULL: our own */
    struct bw_boxconf *fixed;       /* what only a restart changes is its; NULL: our own */
};

/* Read and check one file; nothing but the file is touched. One reference is the
 * caller's. The sentence names file, line, key and the nearest valid one. */
int bw_boxconf_load(const char *path, struct bw_boxconf **ret, struct bw_err *reterr);
struct bw_boxconf *bw_boxconf_ref(struct bw_boxconf *c);
void bw_boxconf_unref(struct bw_boxconf *c); /* NULL is fine */

/* The effective configuration as a file that reads back to itself (-T): of a reload that
 * needs a restart, with the parts that went on as they were. */
int bw_boxconf_print(const struct bw_boxconf *c, struct bw_buf *out);

/* What of `next` cannot take effect without a restart, in words, into out; "" when all
 * can. */
void bw_boxconf_restart_needed(const struct bw_boxconf *now,
                               const struct bw_boxconf *next,
                               char *out,
                               size_t cap);
/* Make `next`, which nobody has seen yet, go on with what `now` has of those parts; its
 * text and hash are then those of what is in force, not of the file. -ENOMEM. */
int bw_boxconf_keep_fixed(struct bw_boxconf *next, struct bw_boxconf *now);
int bw_boxconf_keep_measuring(struct bw_boxconf *next, struct bw_boxconf *now);
/* Do both read the same counters? */
bool bw_boxconf_same_counters(const struct bw_boxconf_circuit *a,
                              const struct bw_boxconf_circuit *b);
/* Do both look at packets in the same way? */
bool bw_boxconf_same_capture(const struct bw_boxconf_capture *a,
                             const struct bw_boxconf_capture *b);
/* Do both measure the same: circuits and probes unchanged? */
bool bw_boxconf_same_measuring(const struct bw_boxconf *a, const struct bw_boxconf *b);

/* Index of a circuit, or -ENOENT. */
int bw_boxconf_circuit(const struct bw_boxconf *c, const char *id);

/* Which minutes of the UTC day that starts at day_unix_s a heavy test may start in:
 * inside the test windows and outside class hours, by the local time zone. */
void bw_boxconf_allowed(const struct bw_boxconf *c,
                        int64_t day_unix_s,
                        uint8_t allowed[BW_BOXCONF_DAY_MIN]);

/* Are there lessons at this moment, by class hours and calendar? */
bool bw_boxconf_in_class(const struct bw_boxconf *c, int64_t unix_s);

#endif

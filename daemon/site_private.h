/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_private.h - what the parts of the site share: site.c (seconds and intervals),
 * site_light.c (latency probes), site_reload.c (another configuration). Loop thread. */
#ifndef BW_SITE_PRIVATE_H
#define BW_SITE_PRIVATE_H

#include "boxconf.h"
#include "site.h"

#include <bw/summary.h>
#include <log.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_counter;
struct bw_frames;
struct bw_host;
struct bw_tap;
struct meter;
struct mirror;

#define BW_SITE_SECOND_NS INT64_C(1000000000)

struct line {
    struct bw_counter *counter; /* source = kernel */
    struct bw_frames *frames;   /* likewise: what it counts of a frame */
    struct meter *meter;        /* source = snmp */
    struct mirror *mirror;      /* source = mirror, or snmp beside a mirror port */
    struct bw_complaint complaint;
};

/* To one target over one family. */
struct way {
    int32_t unsent; /* why its newest packet could not be sent; 1: it was; 0: none tried */
    bool once;      /* it was answered before */
    int64_t tried_mono_ns;
};

struct light {
    struct bw_site *site;
    struct bw_boxconf *config; /* the one it was made under: the host reads its options */
    const struct bw_boxconf_probe *probe; /* of the site's configuration */
    struct bw_host *host;                 /* NULL once closed */
    uv_timer_t retry;
    uint32_t first_target;
    int64_t retry_ms;
    int64_t round_mono_ms;
    struct way ways[BW_TARGETS_MAX][2]; /* by target, over IPv4 and over IPv6 */
    struct bw_site_path paths[BW_TARGETS_MAX];
    struct bw_complaint complaint;
};

struct bw_site {
    uv_loop_t *loop;
    struct bw_boxconf *config;
    struct bw_site_events ev;
    void *owner;
    uv_timer_t beat;
    struct bw_interval *iv;
    struct line lines[BW_CIRCUITS_MAX];
    struct light *lights[BW_BOXCONF_PROBES_MAX];
    size_t n_lights;
    int targets[BW_BOXCONF_PROBES_MAX];
    struct bw_tap *taps[BW_CIRCUITS_MAX]; /* NULL: packets are not looked at */
    bool tap_told[BW_CIRCUITS_MAX];       /* that they cannot be */
    char boot[40];
    uint8_t path_key[BW_PATH_KEY_LEN];

    int64_t gap_from_s;
    int64_t last_s;          /* the last second that was read */
    int64_t offset_ns;       /* wall minus monotonic, at the last beat */
    int64_t start_offset_ns; /* … at the open interval's start */
    struct bw_writer_ten tens[BW_SITE_TENS_MAX];
    size_t n_tens;

    bool started;
    bool closing;
    size_t open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* Make the probe and open its sockets; the light is the next in s->lights. */
int bw_site_add_light(struct bw_site *s,
                      const struct bw_boxconf_probe *p,
                      struct bw_err *reterr);
/* Start its round; one that runs goes on. */
void bw_site_light_round(struct light *l);
/* The light of `old` (may be NULL) that a probe goes on with; NULL: none is left. */
struct light **bw_site_find_light(struct bw_site *old, const struct bw_boxconf_probe *p);
/* Give it, with all that is under way, to another site. */
void bw_site_move_light(struct light **from, struct bw_site *s, size_t to);
void bw_site_close_light(struct light *l); /* NULL is fine */

/* A site that does not measure yet, without the probes that `old` (may be NULL) has. */
int bw_site_make(uv_loop_t *loop,
                 struct bw_boxconf *config,
                 struct bw_site *old,
                 struct bw_site **ret,
                 struct bw_err *reterr);
/* A handle is closed: the last one frees. */
void bw_site_maybe_closed(struct bw_site *s);
/* The interval from a whole second on, with all circuits and targets. */
int bw_site_make_interval(struct bw_site *s, int64_t start_s, int64_t start_mono_ns);
void bw_site_read_line(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns);
/* site_snmp.c: the reader of an edge device for circuit i. */
int bw_site_add_meter(struct bw_site *s, size_t i, struct bw_err *reterr);
/* Give it, with all it knows, to another site's circuit. */
void bw_site_move_meter(struct meter **from, struct bw_site *s, size_t i);
/* What a second needs of it. */
void bw_site_meter_second(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns);
/* Every one that does not count begins anew, with the secrets as they are by now. */
void bw_site_renew_meters(struct bw_site *s);
void bw_site_close_meter(struct bw_site *s, size_t i); /* none is fine */
/* site_mirror.c: the port that a mirror comes in by. */
bool bw_site_has_mirror(const struct bw_boxconf_circuit *c);
int bw_site_add_mirror(struct bw_site *s, size_t i, struct bw_err *reterr);
void bw_site_mirror_second(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns);
void bw_site_take_mirrors(struct bw_site *s, struct bw_summary *sum);
void bw_site_close_mirror(struct bw_site *s, size_t i); /* none is fine */
/* Do both sections read the same counters of the same circuit? */
bool bw_site_same_counter(const struct bw_boxconf_circuit *a,
                          const struct bw_boxconf_circuit *b);

/* site_tap.c: open the taps that cannot be moved from `old` (may be NULL), which needs
 * rights; then move the others. -EPERM: there are none any more. */
int bw_site_make_taps(struct bw_site *s, const struct bw_site *old, struct bw_err *reterr);
void bw_site_move_taps(struct bw_site *s, struct bw_site *old);
void bw_site_close_taps(struct bw_site *s);
void bw_site_begin_taps(struct bw_site *s, int64_t unix_s);
void bw_site_second_taps(struct bw_site *s, int64_t unix_s, bool stepped);
void bw_site_cut_taps(struct bw_site *s, int64_t end_s, int64_t next_s);
void bw_site_take_taps(struct bw_site *s, struct bw_summary *sum);
/* Beat at the next whole second. */
void bw_site_arm(struct bw_site *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflector.h - a reflector of the Simple Two-Way Active Measurement Protocol (RFC 8762,
 * RFC 8972; senders of TWAMP Light too), on a libuv loop, for box and collector.
 *
 * It answers only sources that are named, each only so often, and never with more bytes
 * than came in: where an answer is longer than the question (TWAMP Light's 14 bytes) there
 * is none. What comes from its own port's number is not answered, so that two reflectors
 * cannot be set on each other. It counts each session by itself (directional loss). */
#ifndef BW_REFLECTOR_H
#define BW_REFLECTOR_H

#include "reflector_guard.h"

#include <bw/opts.h>
#include <conf.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_reflector;
struct uv_loop_s;

enum {
    BW_REFLECTOR_SOURCES_MAX = 256, /* prefixes in a configuration */
    BW_REFLECTOR_PREFIXES_MAX = 65536
};

/* Configuration ------------------------------------------------------------------ */

struct bw_reflector_conf {
    bool on;
    char address[46]; /* "": every address of this machine, IPv4 and IPv6 */
    int64_t port;
    char key_file[PATH_MAX]; /* "": unauthenticated */
    int64_t source_rate;     /* packets a second */
    int64_t total_rate;
    bool registered; /* collector: prefixes of the catalogue may ask too */
    size_t n_sources;
    struct bw_reflector_prefix sources[BW_REFLECTOR_SOURCES_MAX];
};

/* The section `reflector { … source "name" { prefix = … } }` as a row of a file's table of
 * sections; the collector's options have `registered` besides. */
extern const struct bw_optspec bw_reflector_box_opts[];
extern const struct bw_optspec bw_reflector_collector_opts[];
extern const struct bw_conf_section bw_reflector_subs[];
#define BW_REFLECTOR_SECTION(opts_)                                                        \
    {                                                                                      \
        .keyword = "reflector", .opts = (opts_), .subs = bw_reflector_subs,                \
        .doc = "Answer others' latency probes (STAMP, RFC 8762, and TWAMP Light), as a "   \
               "district's hub does for its schools. Without this section nothing is "     \
               "answered. No answer is longer than its question."                          \
    }

/* From the section under `top`, if it is there; -EINVAL with file and line. `collector`: by
 * the collector's options. */
int bw_reflector_conf_read(const struct bw_conf_node *top,
                           bool collector,
                           struct bw_reflector_conf *ret,
                           struct bw_err *reterr);
/* Do both listen at the same place? What else differs can be taken over while it runs. */
bool bw_reflector_conf_same_place(const struct bw_reflector_conf *a,
                                  const struct bw_reflector_conf *b);

/* Running ------------------------------------------------------------------------ */

struct bw_reflector_stats {
    int64_t received;
    int64_t answered;
    int64_t foreign;    /* from a source that is not named */
    int64_t malformed;  /* too short, too long, or an answer would be longer */
    int64_t bad_digest; /* authenticated mode: not signed with the secret */
    int64_t limited;    /* over an allowance */
    int64_t looped;     /* from a reflector's port */
    int64_t failed;     /* could not be sent */
    int64_t uncounted;  /* answered with the sender's own number: no room for a session */
    int64_t sessions;   /* counted now, as far as they are not replaced yet */
};

/* Bind and answer. Reads the key file. -errno with the sentence and the mend. */
int bw_reflector_open(struct uv_loop_s *loop,
                      const struct bw_reflector_conf *conf,
                      struct bw_reflector **ret,
                      struct bw_err *reterr);
/* Take over sources, rates and secret of a configuration for the same place; on failure
 * nothing changes. */
int bw_reflector_change(struct bw_reflector *r,
                        const struct bw_reflector_conf *conf,
                        struct bw_err *reterr);
/* Further sources, beside the configuration's: replaces those given before. At most
 * BW_REFLECTOR_PREFIXES_MAX (the rest is left out). -ENOMEM. */
int bw_reflector_register(struct bw_reflector *r,
                          const struct bw_reflector_prefix *prefixes,
                          size_t n);
/* The port it listens at. */
uint16_t bw_reflector_port(const struct bw_reflector *r);
void bw_reflector_stats(const struct bw_reflector *r, struct bw_reflector_stats *ret);
/* Later cb(owner); NULL is fine for both. */
void bw_reflector_close(struct bw_reflector *r, void (*cb)(void *owner), void *owner);

#endif

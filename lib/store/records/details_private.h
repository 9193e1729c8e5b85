/* SPDX-License-Identifier: GPL-3.0-or-later
 * details_private.h - what details.c and details_path.c share and nobody else sees. */
#ifndef BW_DETAILS_PRIVATE_H
#define BW_DETAILS_PRIVATE_H

#include "details.h"
#include "hist.h"
#include "payload.h"

/* A target while its records come; times of t are taken at the end. */
struct details_target {
    struct bw_detail_target t;
    struct bw_hist *phase[BW_DETAIL_PHASES_MAX]; /* as t.phases; NULL: no value yet */
    struct bw_hist *out;
    struct bw_hist *back;
};

struct details_trace {
    int64_t at_unix_ms;
    int32_t way; /* number in ways; -1: not told */
    bool changed;
};

/* A way by its hash, and its hops as the newest record tells them. */
struct details_way {
    char hash[BW_HASH_LEN + 1];
    int64_t told_unix_ms; /* unknown: no record tells the hops */
    struct bw_hop *hops;
    size_t n_hops;
};

struct details_track {
    struct bw_detail_path p;
    struct details_trace *traces;
    size_t n_traces;
    size_t cap_traces;
    struct details_way *ways;
    size_t n_ways;
    size_t cap_ways;
};

struct bw_details_maker {
    char circuit[BW_NAME_MAX + 1];
    struct details_target *targets; /* room for BW_DETAIL_TARGETS_MAX */
    size_t n_targets;
    struct details_track *tracks; /* as many */
    size_t n_tracks;
    bool more;
    struct bw_payload payload; /* of the record before */
};

/* 0 or -ENOMEM. */
int details_add_path(struct bw_details_maker *m, const struct bw_path *p);
/* What all traces of a track say; *ret owns its hops. Puts the traces in order. */
int details_take_path(struct details_track *k, struct bw_detail_path *ret);
void details_track_done(struct details_track *k);

#endif

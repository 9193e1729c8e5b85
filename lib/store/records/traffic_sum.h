/* SPDX-License-Identifier: GPL-3.0-or-later
 * traffic_sum.h - what the line of one circuit was full of over a period: shares of the
 * counted bytes by class, IP version and length of packets with their error, round trips of
 * real traffic, sizes of flows, what was sent again, and what the round trip did while the
 * line was saturated.
 *
 * Made from records in any order (where those of an hour do not stand together, errors of
 * what was sent again come out smaller); the same record next to itself counts once. Shares
 * are weighted by the counter's bytes of their interval; times come from merged histograms.
 * What no record tells is BW_UNKNOWN or rests on n = 0 values; it is never a zero. */
#ifndef BW_TRAFFIC_SUM_H
#define BW_TRAFFIC_SUM_H

#include "details.h"

#include <bw/summary.h>
#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_record;
struct bw_traffic_maker;

enum {
    BW_TRAFFIC_CLASSES_MAX = 16, /* of one table; what finds no room counts as "other" */
    BW_TRAFFIC_ROW_MAX = 64
};

/* What shares are by. */
enum bw_traffic_by {
    BW_BY_CLASS,
    BW_BY_FAMILY, /* "ipv4", "ipv6", "other" */
    BW_BY_SIZE,   /* bands of the lengths of packets: "64-127", "1519-" */
    BW_BYS
};

/* A class's part of the counted bytes of one direction. */
struct bw_class_share {
    int64_t bytes;
    int64_t ppm;
    int64_t low_ppm; /* 95 % interval; the same as ppm where exact */
    int64_t high_ppm;
};

struct bw_class_sum {
    char klass[16];
    struct bw_class_share way[BW_DIRECTIONS]; /* unknown where no interval tells */
};

/* Which intervals the shares of one direction rest on. */
struct bw_mix_basis {
    int64_t n;           /* intervals whose bytes are shared out */
    int64_t bytes;       /* … counted in them; unknown with none */
    int64_t from_unix_s; /* the first one's start; unknown with none */
    int64_t to_unix_s;   /* the last one's end */
    int64_t length_s;    /* of them together */
    int64_t captured;    /* packets drawn in them, both ways together; unknown: not told */
    int64_t untold_ppm;  /* of these bytes, in no class: too few devices, or no room */
    int64_t n_with_test; /* left out: a test of ours, or a part of one */
    int64_t n_short;     /* … looked at for less than half of the interval */
    int64_t n_untold;    /* … nothing told of this direction, or nothing counted */
    int64_t n_other_layer; /* … counted at another layer than most */
};

struct bw_traffic_table {
    enum bw_layer layer; /* of the bytes below */
    struct bw_class_sum rows[BW_TRAFFIC_CLASSES_MAX];
    size_t n;
    struct bw_mix_basis basis[BW_DIRECTIONS];
};

/* Bytes of the flows that ended, both ways together, of those drawn. */
struct bw_flow_sizes {
    int64_t n_intervals;
    int64_t from_unix_s; /* the first of these intervals' start; unknown with none */
    int64_t to_unix_s;   /* the last one's end */
    int64_t length_s;    /* of them together */
    int64_t n;           /* flows */
    int64_t p10_bytes;
    int64_t p50_bytes;
    int64_t p90_bytes;
    int64_t p99_bytes;
};

/* TCP payload that went one way, in flows drawn. The share weighs each interval by the
 * payload and by one in how many flows it was seen in. */
struct bw_resent_sum {
    int64_t n; /* intervals */
    int64_t bytes;
    int64_t resent_bytes;
    int64_t ppm;
    int64_t low_ppm;
    int64_t high_ppm;
};

/* Round trips to the far ends in a part of the seconds. */
struct bw_saturated_part {
    int64_t n;       /* intervals that hold such seconds */
    int64_t seconds; /* by the counters */
    struct bw_detail_times times;
};

struct bw_traffic_sum {
    int64_t n;            /* intervals that tell of traffic, even if only why not */
    int64_t n_broken;     /* of them, in which it could not be looked at all the time */
    int64_t length_s;     /* of these intervals */
    int64_t covered_s;    /* of that, looked at */
    int64_t captured;     /* packets drawn; unknown: not told by any */
    int64_t drops;        /* … and lost to a full ring, with those of flows */
    int64_t n_merged;     /* intervals with classes too small to stand alone, in "other" */
    int64_t n_flows_full; /* … with more flows than there was room for */
    int64_t n_at_least;   /* … counted at a mirror port: bytes and saturated seconds are
                             lower bounds */
    int64_t flows;        /* that ended, of those drawn */
    struct bw_traffic_table by[BW_BYS];
    struct bw_flow_sizes sizes;
    struct bw_resent_sum resent[BW_DIRECTIONS];
    struct bw_detail_times wan;     /* all round trips to the far ends */
    struct bw_detail_times wan_min; /* each ended flow's smallest */
    struct bw_detail_times lan;     /* all round trips to the school's devices */
    struct bw_saturated_part saturated;
    struct bw_saturated_part others;
    int64_t n_unsplit;    /* intervals with round trips that cannot be told apart so */
    int64_t devices_most; /* highest lower bound of active devices of an interval; unknown:
                             not counted. For the site's own pages only */
};

/* A row's name for people: "IPv4", "64 to 127" (bytes); a word of later versions as it is.
 */
const char *
bw_traffic_row_name(enum bw_traffic_by by, const char *klass, char out[BW_TRAFFIC_ROW_MAX]);

/* The sum of one circuit. -ENOMEM. Any one thread. */
int bw_traffic_sum_begin(const char *circuit, struct bw_traffic_maker **ret);
void bw_traffic_sum_free(struct bw_traffic_maker *m); /* NULL is fine */
/* Add one decoded summary. -EINVAL (a damaged histogram). */
int bw_traffic_sum_add(struct bw_traffic_maker *m,
                       const struct bw_summary *s,
                       struct bw_err *reterr);
/* Add a signed record, whose signature is not looked at; one that tells of no traffic is
 * not even decoded. A record of a newer version adds nothing. */
int bw_traffic_sum_add_record(struct bw_traffic_maker *m,
                              const struct bw_record *rec,
                              struct bw_err *reterr);
void bw_traffic_sum_finish(const struct bw_traffic_maker *m, struct bw_traffic_sum *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bound.h - what is claimed for a measured circuit by the claims that people bound to it,
 * dated. Blocking; the catalogue's thread. */
#ifndef BW_BOUND_H
#define BW_BOUND_H

#include <binding.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <claimline.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

enum {
    BW_BOUND_MAX = 1024 /* bindings of one circuit with the versions of their claims */
};

/* One binding in force and one version of the claim that it is about. A claim that was
 * corrected has several, each with its days: the first from the claim's first day on, a
 * later one from the day that it names (`from`), else from the day on which it was said. */
struct bw_bound {
    struct bw_binding binding;
    char binding_id[BW_HASH_LEN + 1];
    char by[65];
    int64_t said_unix_s;
    /* "" where the claim is not on file any more; then no speed is known */
    char claim_id[BW_HASH_LEN + 1];
    int64_t claim_said_unix_s; /* of this version; unknown where claim_id is "" */
    char claim_by[65];
    bool replaced; /* … which took the place of another */
    bool idle;     /* … and holds on no day of the period: only listed */
    bool never;    /* … nor on any other: it was said when the claim was over */
    /* of such a one that names this as the claim's last day: what was said before ends on
     * it; "" else */
    char ends_day[BW_DATE_LEN + 1];
    char first_day[BW_DATE_LEN + 1]; /* of both together; the claim's funding year where */
    char last_day[BW_DATE_LEN + 1];  /* it names no days */
    int64_t bps[BW_DIRECTIONS];
    int64_t layer;                  /* enum bw_layer */
    int64_t role;                   /* enum bw_claim_role */
    struct bw_decimal unit_monthly; /* a month and unit, as it was filed */
    struct bw_decimal quantity;     /* units */
    char provider[BW_CLAIM_NAME_MAX + 1];
    bool typed_wrong; /* more than 101 Gbps was filed: no speed to hold anything against */
    char void_as[64]; /* "Cancelled", "Denied", where its request is; "" else */
    /* of one that holds no longer: by which statement, whose, when; "" and unknown else */
    char ended_by[BW_HASH_LEN + 1];
    char ended_who[65];
    int64_t ended_unix_s;
};

/* Bindings of a circuit ("SITE.CIRCUIT"; NULL: of all), in force, by circuit and first day,
 * with the circuit's key: "circuit:SITE.CIRCUIT". Non-zero from cb ends it. One that only a
 * newer program reads is counted in *ret_unread (may be NULL). With a zone each version of
 * a claim comes by itself; without one (NULL) the newest alone, with the days that it names
 * itself. */
typedef int (*bw_bound_cb)(void *owner, const char *about, const struct bw_bound *b);
int bw_bound_each(struct bw_catalogue *c,
                  const char *circuit,
                  const struct bw_tz *tz,
                  bw_bound_cb cb,
                  void *owner,
                  int64_t *ret_unread,
                  struct bw_err *reterr);

/* The versions of a claim that hold on some day, in the order in which they were said, each
 * with its own days and no binding; none of one that was withdrawn. free() *ret. */
int bw_bound_versions(struct bw_catalogue *c,
                      const char *claim,
                      const struct bw_tz *tz,
                      struct bw_bound **ret,
                      size_t *ret_n,
                      struct bw_err *reterr);

/* Those whose days touch [from, to), by circuit and first day: in force, or ended only
 * after `from`, so that a change since then is seen. For the same reason a version that was
 * said after `from` is listed as `idle` where it holds only after the period, or, said when
 * the claim was over, on no day (then last_day is ""). free() *ret. */
int bw_bound_list(struct bw_catalogue *c,
                  const char *circuit,
                  const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  struct bw_bound **ret,
                  size_t *ret_n,
                  int64_t *ret_unread,
                  struct bw_err *reterr);

/* What is claimed from day to day. Where several bound claims hold at once (a circuit and
 * Internet access billed apart) the lesser of their speeds is claimed, at their layer (IP
 * where one names none). Speeds at unlike layers are not likened: none is known then. */
struct bw_bound_claim {
    int64_t from_unix_s;
    int64_t to_unix_s; /* exclusive */
    int64_t bps[BW_DIRECTIONS];
    int64_t layer;     /* enum bw_layer; of the claim whose download is the lesser */
    size_t n;          /* how many claims hold */
    bool two_layers;   /* their speeds are at unlike layers: no speed is known */
    bool typed_wrong;  /* of one of them the speed is in doubt, and left out */
    char claims[160];  /* their keys, "frn:…, frn:…"; cut with "…" */
    char provider[64]; /* of the lesser */
};

/* Where it comes from, in words that a report prints; each bound claim's have
 * BW_BOUND_MARK in them. */
#define BW_BOUND_MARK ", bound to it by a person"
void bw_bound_claim_words(const struct bw_bound_claim *b, char *ret, size_t n);

/* Those that touch [from, to), oldest first, days by `tz`; free() *ret. */
int bw_bound_claims(struct bw_catalogue *c,
                    const char *circuit,
                    const struct bw_tz *tz,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_bound_claim **ret,
                    size_t *ret_n,
                    struct bw_err *reterr);

#endif

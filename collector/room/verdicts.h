/* SPDX-License-Identifier: GPL-3.0-or-later
 * verdicts.h - from runs and days to what may be the matter with a circuit. Pure; any
 * thread.
 *
 * A run counts when it is good, nothing sets it apart, and both the line's rate at the
 * claim's layer and the claim then in force are known. It is *below* under 80 % of the
 * claim. A run in an hour in which its server was at fault counts against no circuit.
 *
 * A server is at fault in an hour in which the median of what sites reached at it, each
 * over its own median there, fell below 90 %, and that of a second server did not. Where it
 * fell and nobody tested at a second one, nobody can tell, and a run counts against no
 * circuit either; where all servers fell, it is not the server. */
#ifndef BW_VERDICTS_H
#define BW_VERDICTS_H

#include <roomday.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_BELOW_PPM = 800000,       /* of the claim */
    BW_FULL_PPM = 900000,        /* of the claim */
    BW_FULL_LEAST = 12,          /* intervals of class hours: an hour */
    BW_CONFIRM_MS = 86400000,    /* within which a second run confirms */
    BW_SERVER_FELL_PPM = 900000, /* of what a site usually reaches at it */
    BW_SERVER_SITES_LEAST = 3,   /* of each of the two servers, for the fleet's view */
    BW_SERVER_NONE = UINT16_MAX
};

/* A run as it is kept in memory: servers by number. */
struct bw_kept_run {
    int64_t at_unix_ms;
    int64_t compared_bps;
    int64_t claim_bps;
    uint16_t server; /* BW_SERVER_NONE: it names none */
    uint8_t direction;
    uint8_t state;
    uint8_t apart;
    uint8_t egress;
    bool retest;
    uint8_t reason; /* by number; 0: none, or more kinds than are told apart */
};

bool bw_run_counts(const struct bw_kept_run *t);
bool bw_run_below(const struct bw_kept_run *t); /* of one that counts */

/* ---- servers: hour by hour, what sites reached beside what they usually reach */

struct bw_server_sample {
    uint16_t server;
    uint8_t direction;
    int32_t hour; /* unix time / 3600 */
    uint32_t site;
    int64_t share_ppm; /* of the claim */
};

enum bw_server_word {
    BW_SERVER_UNKNOWN, /* no other site tested there in that hour, or too little is known */
    BW_SERVER_HEALTHY, /* the median of what others reached there did not fall */
    BW_SERVER_FAULT,   /* it fell, and a second server's did not */
    BW_SERVER_ALONE,   /* it fell, and nobody tested at a second one */
    BW_SERVER_ALL      /* it fell, and so did that of every other server */
};

/* One server in one hour and direction, as the fleet has it. */
struct bw_server_hour {
    uint16_t server;
    uint8_t direction;
    uint8_t word; /* enum bw_server_word; said of BW_SERVER_SITES_LEAST sites or more, and
                     a second server likewise: else it is unknown, or alone */
    int32_t hour;
    int32_t n_sites;    /* with a median of other hours there */
    int64_t median_ppm; /* of their quotients */
};

struct bw_server_hours;

/* False: the run does not count. */
bool bw_server_sample(const struct bw_kept_run *t,
                      uint32_t site,
                      struct bw_server_sample *ret);
/* list[n] is sorted in place, and not needed afterwards. NULL: no memory. */
struct bw_server_hours *bw_server_hours_new(struct bw_server_sample *list, size_t n);
void bw_server_hours_free(struct bw_server_hours *h); /* NULL is fine */
/* Of the sites but this one: each one's median of the hour over its own median at this
 * server in all other hours; the median of these fell below 90 %: it fell. h NULL: unknown.
 */
enum bw_server_word bw_server_hours_word(const struct bw_server_hours *h,
                                         const struct bw_kept_run *t,
                                         uint32_t but_site);

/* All of them, the fleet's view, by direction, hour, server; free() *ret. -ENOMEM. */
int bw_server_hours_all(const struct bw_server_hours *h,
                        struct bw_server_hour **ret,
                        size_t *ret_n);

/* ---- verdicts */

enum bw_verdict {
    BW_VERDICT_NOT_TOLD, /* nothing that would tell: what was said before stays */
    BW_VERDICT_ON,
    BW_VERDICT_OFF
};

struct bw_below {
    enum bw_verdict verdict;
    int64_t
        at_unix_s; /* ON: of the first run of the series; OFF: of the run that ended it */
    size_t run;    /* ON: the newest one below */
    bool other_server; /* ON: a second server confirms it, else a retest */
    bool server_known; /* ON: of that newest one's server */
};

/* runs[n] by time. */
struct bw_below bw_verdict_below(const struct bw_kept_run *runs,
                                 size_t n,
                                 enum bw_direction direction,
                                 const struct bw_server_hours *servers,
                                 uint32_t site);

struct bw_told_at {
    enum bw_verdict verdict;
    int64_t at_unix_s;
};

/* The newest good run that tells under which prefix it left. */
struct bw_told_at bw_verdict_egress(const struct bw_kept_run *runs, size_t n);
/* Something was put off within the last day, and no run was good. */
struct bw_told_at
bw_verdict_deferred(const struct bw_kept_run *runs, size_t n, int64_t now_unix_s);
/* One day: its class hours tell once an hour of them was counted. */
struct bw_told_at bw_verdict_full(const struct bw_room_day *d);

#endif

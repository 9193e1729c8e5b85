/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign.h - the campaigns of a box: what was started by a rule, how far it is, and where
 * its slots lie.
 *
 * A campaign survives a restart: it is a named value of the journal ("campaign.NAME", with
 * the rule's text as it was; "campaigns" lists them). When it starts is drawn like every
 * other start (starts.h). Loop thread only. */
#ifndef BW_CAMPAIGN_H
#define BW_CAMPAIGN_H

#include "rule.h"

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_campaigns;
struct bw_err;
struct bw_writer;

enum {
    BW_CAMPAIGNS_MAX = 8
};

struct bw_campaign {
    char name[BW_NAME_MAX + 1]; /* RULE-20261122 */
    struct bw_rule rule;
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int64_t first_day; /* local calendar day (calendar.h) */
    int64_t started_unix_s;
    int64_t stopped_unix_s; /* unknown: it goes on */
    int64_t done;           /* runs that measured */
    int64_t failed;
    int64_t given_up; /* put off until the slot was over */
    char *text;       /* of the rule */
};

/* What the journal knows; before the writer runs. NULL: out of memory. */
struct bw_campaigns *bw_campaigns_new(struct bw_writer *writer);
void bw_campaigns_free(struct bw_campaigns *c); /* NULL is fine */

/* The i-th, oldest first; NULL beyond the last. Lent until the next start. */
struct bw_campaign *bw_campaigns_at(struct bw_campaigns *c, size_t i);
struct bw_campaign *bw_campaigns_find(struct bw_campaigns *c, const char *name);

/* Start one by a rule's text: the probe is named by kind and name. The oldest one that is
 * over makes room. -EEXIST, -ENOSPC with the sentence. */
int bw_campaigns_start(struct bw_campaigns *c,
                       const char *text,
                       const struct bw_rule *rule,
                       const char *kind,
                       const char *probe,
                       int64_t first_day,
                       int64_t now_unix_s,
                       struct bw_campaign **ret,
                       struct bw_err *reterr);
/* Something about it changed: keep it. */
void bw_campaigns_keep(struct bw_campaigns *c, const struct bw_campaign *k);

/* When its last slot is over; what it is at a moment. */
int64_t bw_campaign_end_unix_s(const struct bw_campaign *k);
bool bw_campaign_is_over(const struct bw_campaign *k, int64_t now_unix_s);
/* All its tests, and those whose slots are over at a moment. */
int64_t bw_campaign_tests(const struct bw_campaign *k);
int64_t bw_campaign_tests_past(const struct bw_campaign *k, int64_t now_unix_s);

/* Its sessions that overlap [from, to): up to cap, ascending. Gives their number. */
size_t bw_campaign_spans(const struct bw_campaign *k,
                         int64_t from_unix_s,
                         int64_t to_unix_s,
                         struct bw_rule_span *out,
                         size_t cap);

/* The first start at or after a moment, and the latest at which it may begin after waiting:
 * so far before its slot's end that the next one keeps its distance. The secret of a day
 * (its first second), or NULL where it is not at hand. False: none that is known. */
typedef const uint8_t *(*bw_campaign_secret_cb)(void *owner, int64_t day_unix_s);
bool bw_campaign_next(const struct bw_campaign *k,
                      int64_t after_unix_ms,
                      bw_campaign_secret_cb secret,
                      void *owner,
                      int64_t *ret_start_unix_ms,
                      int64_t *ret_latest_unix_ms);

#endif

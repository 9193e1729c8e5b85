/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule_vectors.h - the golden vectors about when tests start: for test_vectors.c. */
#ifndef BW_SCHEDULE_VECTORS_H
#define BW_SCHEDULE_VECTORS_H

#include "starts.h"

#include <stdint.h>

struct bw_buf;
struct bw_summary;

/* The secrets of the days around day 1: bytes that count on from 32 k. */
void vectors_secret(int k, uint8_t ret[BW_STARTS_SECRET_LEN]);

/* What binds and reveals the secrets of the day that begins at day_s, which is day 1. */
void vectors_bind(struct bw_summary *s, int64_t day_s);

/* A record of that day with all a schedule may hold: servers outside the list, gates, a
 * campaign over midnight, and runs of it. */
void vectors_campaign(struct bw_summary *s, int64_t day_s);

/* What the secrets draw for that record: servers, and starts in slots. */
void vectors_draws(int64_t day_s, struct bw_buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * schools.c - the schools of `bench/run web`.
 *
 * Invariant: who a school is and what it draws follows from its number, the program's seed
 * and the time; only the chain's place is told from outside. */
#include "schools.h"

#include <bw/err.h>
#include <errno.h>
#include <gen_private.h>
#include <gen_summaries.h>
#include <jws.h>
#include <ledger.h>
#include <string.h>

enum {
    SEED = 41,
    TEST_FROM_S = 2 * 3600, /* as gen_summaries.c has it */
    TEST_SPREAD_S = 2 * 3600,
    TEST_DRAW = 30
};

void bw_web_line(size_t i, int64_t ret_bps[BW_DIRECTIONS])
{
    static const int64_t mbps[] = {100, 200, 500, 1000, 200};

    ret_bps[BW_DOWN] = mbps[i % 5] * 1000000;
    ret_bps[BW_UP] = ret_bps[BW_DOWN] / (i % 3 == 0 ? 1 : 5);
}

void bw_web_claim(size_t i, int64_t ret_bps[BW_DIRECTIONS])
{
    bw_web_line(i, ret_bps);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        ret_bps[way] = i % 50 == 11   ? ret_bps[way] * 2
                       : i % 50 == 23 ? ret_bps[way] / 2
                                      : ret_bps[way];
    }
}

bool bw_web_never(size_t i)
{
    return i % 200 == 103;
}

bool bw_web_silent(size_t i)
{
    return i % 100 == 57;
}

int bw_web_school(size_t i, struct bw_gen **ret, struct bw_err *reterr)
{
    struct bw_gen_options o;

    bw_gen_options_init(&o);
    o.seed = SEED;
    o.site_index = (int)i;
    o.from_unix_s = 0;
    o.to_unix_s = INT64_MAX / 4;
    o.interval_s = BW_WEB_STEP_S;
    o.utc_offset_s = 0;
    o.steady = true;
    o.without_gaps = true;
    bw_web_line(i, o.claim_bps);
    return bw_gen_new(&o, ret, reterr);
}

int bw_web_record(struct bw_gen *g,
                  int64_t start_unix_s,
                  int64_t length_s,
                  const char **ret_jws,
                  size_t *ret_len,
                  struct bw_err *reterr)
{
    g->at_unix_s = start_unix_s;
    g->o.interval_s = length_s;
    return bw_gen_next(g, ret_jws, ret_len, reterr);
}

int64_t bw_web_test_start(const struct bw_gen *g, int64_t day_unix_s)
{
    int64_t at = day_unix_s + TEST_FROM_S +
                 bw_gen_between(g, day_unix_s, TEST_DRAW, 0, TEST_SPREAD_S);

    return at - at % BW_WEB_STEP_S;
}

int bw_web_resume(struct bw_gen *g,
                  struct bw_ledger *l,
                  int64_t *ret_end_unix_s,
                  struct bw_err *reterr)
{
    struct bw_ledger_head head;
    int r = bw_ledger_head(l, bw_gen_key(g)->kid, &head, reterr);

    *ret_end_unix_s = BW_UNKNOWN;
    if (r == -ENOENT) {
        return 0;
    }
    if (r == 0) {
        g->seq = head.acked_through;
        memcpy(g->prev, head.hash, sizeof(g->prev));
        *ret_end_unix_s = head.end_unix_s;
    }
    return r;
}

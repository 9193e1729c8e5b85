/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_campaign_days.c - which days a campaign has, by the record of the golden vectors:
 * two runs of it, and four slots of half an hour from 22:30 UTC on. */
#include "schedule_vectors.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <campaign_days.h>
#include <errno.h>
#include <hash.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

#include <cmocka.h>

static const char name[] = "fcc-caf-speed-20260910"; /* as the vectors have it */
static const int64_t day_s = 1788998400;             /* 2026-09-10, 00:00 UTC */

struct one {
    struct bw_records base;
    struct bw_buf jws;
    int64_t from_unix_s; /* what was asked for */
    int64_t to_unix_s;
};

static int each(struct bw_records *r,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    struct one *o = (struct one *)(void *)r;
    (void)reterr;

    assert_string_equal(site, "s-heron");
    o->from_unix_s = from_unix_s;
    o->to_unix_s = to_unix_s;
    return cb(owner, &(struct bw_record){.jws = o->jws.data, .jws_len = o->jws.len});
}

static int setup(void **state)
{
    static const struct bw_records_ops ops = {.each = each};
    struct one *o = calloc(1, sizeof(*o));
    struct bw_summary s;
    struct bw_buf payload;
    struct bw_err err = {""};

    assert_non_null(o);
    o->base.ops = &ops;
    bw_summary_init(&s);
    memcpy(s.site, "s-heron", sizeof("s-heron"));
    s.seq = 1;
    s.chain.why = BW_CHAIN_NEW;
    memcpy(s.agent, "bandwitnessd/0.1.0", sizeof("bandwitnessd/0.1.0"));
    bw_sha256_text("", 0, s.config);
    memcpy(s.boot, "1f0c9f5e-8c5e-4d2c-9c0a-0a9f6f3c2b11",
           sizeof("1f0c9f5e-8c5e-4d2c-9c0a-0a9f6f3c2b11"));
    s.mono_ms = 12600250;
    s.start_unix_s = day_s + 3600;
    s.end_unix_s = s.start_unix_s + 300;
    vectors_campaign(&s, day_s);
    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    if (bw_summary_encode(&s, &payload, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_buf_init(&o->jws, 65536);
    bw_buf_puts(&o->jws, "e30.");
    bw_b64_append(&o->jws, payload.data, payload.len);
    bw_buf_puts(&o->jws, ".AA");
    bw_buf_done(&payload);
    bw_summary_done(&s);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct one *o = *state;

    bw_buf_done(&o->jws);
    free(o);
    return 0;
}

static int ask(struct one *o,
               const char *campaign,
               const char *circuit,
               const char *zone,
               int64_t days[2])
{
    struct bw_err err = {""};
    struct bw_tz *tz = NULL;
    int r;

    assert_int_equal(bw_tz_load(zone, &tz, &err), 0);
    r = bw_campaign_days(&o->base, "s-heron", circuit, campaign, tz, &days[0], &days[1],
                         &err);
    bw_tz_free(tz);
    assert_true(r == 0 || err.text[0] != '\0');
    return r;
}

static void by_the_school_s_clock(void **state)
{
    int64_t days[2];

    /* The last slot ends at 00:30 UTC of the 11th: of two days there, of one in Chicago,
     * where the run at 01:02 UTC is of the 9th. */
    assert_int_equal(ask(*state, name, "wan", "UTC", days), 0);
    assert_int_equal(days[0], day_s);
    assert_int_equal(days[1], day_s + 2 * 86400);
    assert_int_equal(ask(*state, name, "wan", "America/Chicago", days), 0);
    assert_int_equal(days[0], day_s - 86400 + 5 * 3600);
    assert_int_equal(days[1], day_s + 86400 + 5 * 3600);
}

static void what_has_no_days(void **state)
{
    int64_t days[2];

    assert_int_equal(ask(*state, name, "lan", "UTC", days), -ENOENT);
    assert_int_equal(ask(*state, "fcc-caf-speed-20260911", "wan", "UTC", days), -ENOENT);
    assert_int_equal(ask(*state, "fcc-caf-speed", "wan", "UTC", days), -EINVAL);
    assert_int_equal(ask(*state, "fcc-caf-speed-20261301", "wan", "UTC", days), -EINVAL);
    assert_int_equal(ask(*state, "fcc-caf-speed-2026091", "wan", "UTC", days), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_school_s_clock),
        cmocka_unit_test(what_has_no_days),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

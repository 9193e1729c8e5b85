/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule_vectors.c - the golden vectors about when tests start. */
#include "schedule_vectors.h"

#include "buf.h"
#include "hash.h"

#include <bw/summary.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    DRAWN_MAX = 96, /* servers that are told, of the day's first starts */
    SLOTS = 4,
    SLOT_MS = 1800000,
    SPACING_MS = 120000,
    FROM_S = 22 * 3600 + 1800 /* three slots on the one day, one on the next */
};

#define PUT(array, ...) (void)snprintf(array, sizeof(array), __VA_ARGS__)

static const char campaign_name[] = "fcc-caf-speed-20260910";
static const char *const outside[] = {"far-1", "far-2", "far-3"};

void vectors_secret(int k, uint8_t ret[BW_STARTS_SECRET_LEN])
{
    for (int i = 0; i < BW_STARTS_SECRET_LEN; i++) {
        ret[i] = (uint8_t)(k * BW_STARTS_SECRET_LEN + i);
    }
}

void vectors_bind(struct bw_summary *s, int64_t day_s)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    s->schedule.n_commits = 2;
    s->schedule.commits = bw_summary_alloc(s, 2 * sizeof(*s->schedule.commits));
    for (int i = 0; i < 2; i++) {
        vectors_secret(i + 1, secret);
        s->schedule.commits[i].day_unix_s = day_s + i * BW_STARTS_DAY_S;
        bw_sha256_text(secret, sizeof(secret), s->schedule.commits[i].sha256);
    }
    s->schedule.n_secrets = 1;
    s->schedule.secrets = bw_summary_alloc(s, sizeof(*s->schedule.secrets));
    s->schedule.secrets[0].day_unix_s = day_s - BW_STARTS_DAY_S;
    vectors_secret(0, secret);
    (void)bw_b64_encode(secret, sizeof(secret), s->schedule.secrets[0].secret);
}

static void plan(struct bw_summary *s, int64_t day_s)
{
    struct bw_schedule_starts *p = bw_summary_alloc(s, 3 * sizeof(*p));
    s->schedule.starts = p;
    s->schedule.n_starts = 3;
    for (size_t i = 0; i < 3; i++) {
        bw_schedule_starts_init(&p[i]);
        PUT(p[i].probe, "%s", i < 2 ? "state" : "mlab");
        PUT(p[i].kind, "%s", i < 2 ? "http" : "ndt7");
    }
    p[0].give_up_ms = SLOT_MS;
    PUT(p[0].gate, "off");
    PUT(p[0].campaign, "%s", campaign_name);
    p[0].from_unix_s = day_s + FROM_S;
    p[0].slots = SLOTS;
    p[0].slot_ms = SLOT_MS;
    p[0].spacing_ms = SPACING_MS;
    p[1].mean_ms = 3600000;
    p[1].give_up_ms = 3600000;
    p[1].minutes = "0-780+1260-1440";
    PUT(p[1].gate, "fcc");
    p[1].give_up_at = "hour";
    p[1].outside = "far-1+far-2+far-3";
    p[2].mean_ms = 21600000;
    p[2].give_up_ms = 1800000;
    p[2].minutes = "0-1440";
    PUT(p[2].gate, "share/10");
}

static void run(struct bw_throughput *t, int64_t at_unix_ms)
{
    bw_throughput_init(t);
    PUT(t->circuit, "wan");
    PUT(t->probe, "state");
    PUT(t->kind, "http");
    t->method = "http/1";
    PUT(t->server, "state-1");
    t->at_unix_ms = at_unix_ms;
    t->duration_ms = 10000;
    t->bytes = 117250000;
    t->goodput_bps = 93800000;
}

void vectors_campaign(struct bw_summary *s, int64_t day_s)
{
    struct bw_throughput *t = bw_summary_alloc(s, 4 * sizeof(*t));
    struct bw_circuit_summary *c = bw_summary_alloc(s, sizeof(*c));
    vectors_bind(s, day_s);
    plan(s, day_s);
    bw_circuit_summary_init(c);
    PUT(c->id, "wan");
    c->source = BW_SOURCE_NONE;
    s->circuits = c;
    s->n_circuits = 1;
    s->throughput = t;
    s->n_throughput = 4;
    run(&t[0], s->start_unix_s * 1000 + 20000); /* at a server that was drawn … */
    PUT(t[0].server, "%s", outside[1]);
    t[0].flags[0] = "foreseen";
    run(&t[1], s->start_unix_s * 1000 + 60000); /* … tested again at a usual one */
    t[1].retest_of = "down:1789000820000";
    run(&t[2], s->start_unix_s * 1000 + 120000);
    t[2].direction = BW_UP;
    PUT(t[2].campaign, "%s", campaign_name);
    run(&t[3], s->start_unix_s * 1000 + 180000);
    t[3].state = BW_TEST_DEFERRED;
    t[3].reason = "another test is running";
    t[3].method = NULL;
    t[3].duration_ms = BW_UNKNOWN;
    t[3].bytes = BW_UNKNOWN;
    t[3].goodput_bps = BW_UNKNOWN;
    PUT(t[3].campaign, "%s", campaign_name);
}

static void put_secrets(int64_t day_s, struct bw_buf *out)
{
    for (int i = 0; i < 2; i++) {
        uint8_t secret[BW_STARTS_SECRET_LEN];
        char text[64];
        vectors_secret(i + 1, secret);
        (void)bw_b64_encode(secret, sizeof(secret), text);
        bw_buf_printf(out, "%s{\"day\":%" PRId64 ",\"secret\":\"%s\"}",
                      i ? "," : "\"secrets\":[", day_s + i * BW_STARTS_DAY_S, text);
    }
    bw_buf_puts(out, "],");
}

void vectors_draws(int64_t day_s, struct bw_buf *out)
{
    const size_t n_outside = sizeof(outside) / sizeof(outside[0]);
    uint8_t secret[BW_STARTS_SECRET_LEN];
    int64_t from_s = day_s + FROM_S;
    bw_buf_puts(out, "{\"kind\":\"http\",\"probe\":\"state\",");
    put_secrets(day_s, out);
    vectors_secret(1, secret);
    bw_buf_printf(out, "\"day\":%" PRId64 ",\"outside\":\"far-1+far-2+far-3\",", day_s);
    for (size_t k = 0; k < DRAWN_MAX; k++) {
        int i = bw_starts_outside(secret, "http/state", day_s, k, n_outside);
        bw_buf_printf(out, "%s\"%s\"", k ? "," : "\"servers\":[", i < 0 ? "" : outside[i]);
    }
    bw_buf_printf(out,
                  "],\"campaign\":\"%s\",\"from\":%" PRId64
                  ",\"slots\":%d,\"slot_ms\":%d,\"spacing_ms\":%d,",
                  campaign_name, from_s, SLOTS, SLOT_MS, SPACING_MS);
    for (int k = 0; k < SLOTS; k++) {
        int64_t slot_s = from_s + (int64_t)k * SLOT_MS / 1000;
        vectors_secret(slot_s < day_s + BW_STARTS_DAY_S ? 1 : 2, secret);
        bw_buf_printf(out, "%s%" PRId64, k ? "," : "\"starts_ms\":[",
                      from_s * 1000 + bw_starts_slot(secret, campaign_name, "http/state",
                                                     from_s, (size_t)k, SLOT_MS,
                                                     SPACING_MS));
    }
    bw_buf_puts(out, "]}");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_fleet.c - stages and reasons of single sites and of a small fleet, worked by hand.
 */
#include "fleet.h"

#include "bw_test.h"

#include <bw/summary.h>
#include <string.h>

enum {
    N_SITES = 6,
    N_CIRCUITS = 6,
    DAY = 86400
};

static const int64_t now = 1793620800; /* 2026-11-02T12:00:00Z */

struct world {
    struct bw_room room;
    struct bw_room_site sites[N_SITES];
    struct bw_room_circuit circuits[N_CIRCUITS];
};

static const struct bw_room_spell never = {BW_UNKNOWN, BW_UNKNOWN};

static void blank_site(struct bw_room_site *s, const char *id)
{
    *s = (struct bw_room_site){.id = id,
                               .name = "",
                               .entity = BW_ROOM_NONE,
                               .state = BW_SITE_EXPECTED,
                               .freshness = BW_NEVER,
                               .created_unix_s = now - 40 * DAY,
                               .token_unix_s = BW_UNKNOWN,
                               .token_expires_unix_s = BW_UNKNOWN,
                               .shipped_unix_s = BW_UNKNOWN,
                               .refused_unix_s = BW_UNKNOWN,
                               .enrolled_unix_s = BW_UNKNOWN,
                               .first_start_unix_s = BW_UNKNOWN,
                               .last_received_unix_ms = BW_UNKNOWN,
                               .agent = ""};
    for (int i = 0; i < BW_ROOM_BELOW; i++) {
        s->spell[i] = never;
    }
}

/* A line of which a claim is known, and nothing else. */
static struct bw_room_circuit *line(struct world *x, uint32_t at, uint32_t site)
{
    struct bw_room_circuit *c = &x->circuits[at];

    memset(c, 0, sizeof(*c));
    c->name = "wan";
    c->site = site;
    c->claim.has = true;
    c->source = BW_SOURCE_KERNEL;
    c->risk.by_unix_s = BW_UNKNOWN;
    bw_room_day_init(&c->today);
    bw_room_day_init(&c->yesterday);
    bw_room_day_init(&c->merged);
    for (int i = 0; i < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; i++) {
        c->spell[i] = never;
    }
    return c;
}

static struct world *world(void)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    for (int i = 0; i < N_SITES; i++) {
        static const char *const ids[N_SITES] = {"s-aaaaa", "s-bbbbb", "s-ccccc",
                                                 "s-ddddd", "s-eeeee", "s-fffff"};
        blank_site(&x->sites[i], ids[i]);
    }
    x->room = (struct bw_room){.made_unix_ms = now * 1000,
                               .sites = x->sites,
                               .n_sites = N_SITES,
                               .circuits = x->circuits,
                               .n_circuits = N_CIRCUITS};
    return x;
}

static void assert_row(const struct world *x,
                       uint32_t site,
                       enum bw_fleet_stage stage,
                       enum bw_fleet_why why,
                       int64_t since)
{
    struct bw_fleet_row row;

    bw_fleet_look(&x->room, site, &row);
    assert_int_equal(row.stage, stage);
    assert_int_equal(row.why, why);
    assert_int_equal(row.since_unix_s, since);
}

/* A box that is heard, at the site's one circuit. */
static struct bw_room_circuit *heard(struct world *x)
{
    struct bw_room_site *s = &x->sites[0];
    struct bw_room_circuit *c = line(x, 0, 0);

    s->state = BW_SITE_ENROLLED;
    s->freshness = BW_FRESH;
    s->n_keys = 1;
    s->enrolled_unix_s = now - 30 * DAY;
    s->first_start_unix_s = now - 29 * DAY;
    s->last_received_unix_ms = (now - 60) * 1000;
    s->end_circuit = 1;
    c->has_today = true;
    return c;
}

static void before_a_box_came(void **state)
{
    struct world *x = world();
    struct bw_room_site *s = &x->sites[0];
    (void)state;

    assert_row(x, 0, BW_FLEET_PLANNED, BW_FLEET_NOT_SENT, now - 40 * DAY);
    s->token_unix_s = now - 20 * DAY; /* a token alone sends no box */
    s->token_expires_unix_s = now - 6 * DAY;
    assert_row(x, 0, BW_FLEET_PLANNED, BW_FLEET_NOT_SENT, now - 40 * DAY);
    s->shipped_unix_s = now - 19 * DAY;
    assert_row(x, 0, BW_FLEET_SHIPPED, BW_FLEET_TOKEN_OVER, now - 6 * DAY);
    s->token_expires_unix_s = now; /* that instant does not belong to it */
    assert_row(x, 0, BW_FLEET_SHIPPED, BW_FLEET_TOKEN_OVER, now);
    s->token_expires_unix_s = now + 1;
    assert_row(x, 0, BW_FLEET_SHIPPED, BW_FLEET_TOKEN_WAITS, now - 20 * DAY);
    s->token_unix_s = BW_UNKNOWN;
    assert_row(x, 0, BW_FLEET_SHIPPED, BW_FLEET_NO_TOKEN, now - 19 * DAY);
    /* a box came with a token of another day */
    s->shipped_unix_s = BW_UNKNOWN;
    s->refused_unix_s = now - 3 * DAY;
    s->token_unix_s = now - 20 * DAY;
    s->token_expires_unix_s = now - 6 * DAY;
    assert_row(x, 0, BW_FLEET_SEEN, BW_FLEET_CAME_LATE, now - 3 * DAY);
    s->refused_spent = true;
    assert_row(x, 0, BW_FLEET_SEEN, BW_FLEET_CAME_SPENT, now - 3 * DAY);
    s->token_unix_s = now - 2 * DAY; /* and got another since */
    s->token_expires_unix_s = now + 12 * DAY;
    assert_row(x, 0, BW_FLEET_SEEN, BW_FLEET_TOKEN_WAITS, now - 2 * DAY);
    free(x);
}

static void from_the_first_key_on(void **state)
{
    struct world *x = world();
    struct bw_room_site *s = &x->sites[0];
    struct bw_room_circuit *c;
    (void)state;

    s->enrolled_unix_s = now - 30 * DAY;
    s->n_keys = 1;
    assert_row(x, 0, BW_FLEET_CLAIMED, BW_FLEET_NO_RECORD, now - 30 * DAY);
    s->n_keys = 0;
    assert_row(x, 0, BW_FLEET_CLAIMED, BW_FLEET_NO_KEY, BW_UNKNOWN);
    c = heard(x);
    c->claim.has = false;
    assert_row(x, 0, BW_FLEET_CLAIMED, BW_FLEET_NO_CLAIM, now - 29 * DAY);
    s->freshness = BW_SILENT; /* the claim is to be matched all the same */
    assert_row(x, 0, BW_FLEET_CLAIMED, BW_FLEET_NO_CLAIM, now - 29 * DAY);
    c->claim.has = true;
    assert_row(x, 0, BW_FLEET_MATCHED, BW_FLEET_SILENT, now - 60);
    s->n_keys = 0; /* whatever came before */
    assert_row(x, 0, BW_FLEET_CLAIMED, BW_FLEET_NO_KEY, BW_UNKNOWN);
    free(x);
}

static void from_counters_to_enough(void **state)
{
    struct world *x = world();
    struct bw_room_circuit *c = heard(x);
    (void)state;

    c->source = BW_SOURCE_NONE;
    c->today.counted_s = 300;
    assert_row(x, 0, BW_FLEET_MATCHED, BW_FLEET_NO_SOURCE, BW_UNKNOWN);
    c->source = BW_SOURCE_SNMP;
    c->today.counted_s = 0;
    assert_row(x, 0, BW_FLEET_MATCHED, BW_FLEET_NOT_COUNTED, BW_UNKNOWN);
    c->merged.counted_s = 300; /* of days without any record: nothing */
    assert_row(x, 0, BW_FLEET_MATCHED, BW_FLEET_NOT_COUNTED, BW_UNKNOWN);
    c->has_merged = true;
    assert_row(x, 0, BW_FLEET_COUNTERS, BW_FLEET_NO_TEST, BW_UNKNOWN);
    c->today.way[BW_UP].n_wanted = 7;
    c->today.way[BW_UP].n_deferred = 7;
    assert_row(x, 0, BW_FLEET_COUNTERS, BW_FLEET_PUT_OFF, BW_UNKNOWN);
    c->merged.way[BW_DOWN].n_made = 3;
    c->merged.way[BW_DOWN].n_failed = 3;
    assert_row(x, 0, BW_FLEET_COUNTERS, BW_FLEET_FAILED, BW_UNKNOWN);
    c->merged.way[BW_DOWN].n_ok = 2;
    c->merged.way[BW_DOWN].n_apart = 2;
    assert_row(x, 0, BW_FLEET_COUNTERS, BW_FLEET_APART, BW_UNKNOWN);
    c->merged.way[BW_DOWN].n_apart = 1;
    assert_row(x, 0, BW_FLEET_TESTED, BW_FLEET_NOT_JUDGED, BW_UNKNOWN);
    c->risk.n_judged = 2;
    assert_row(x, 0, BW_FLEET_ENOUGH, BW_FLEET_NOTHING, BW_UNKNOWN);
    c->risk.rule = "fcc-caf/capacity";
    c->risk.by_unix_s = now + 200 * DAY;
    c->spell[BW_ROOM_AT_RISK - BW_ROOM_BELOW].since_unix_s = now - 5 * DAY;
    assert_row(x, 0, BW_FLEET_TESTED, BW_FLEET_AT_RISK, now - 5 * DAY);
    x->sites[0].freshness = BW_SILENT;
    assert_row(x, 0, BW_FLEET_TESTED, BW_FLEET_SILENT, now - 60);
    /* enough is enough, also of a silent box; other pages say that it is silent */
    c->risk.rule = NULL;
    assert_row(x, 0, BW_FLEET_ENOUGH, BW_FLEET_NOTHING, BW_UNKNOWN);
    free(x);
}

static void of_several_circuits(void **state)
{
    struct world *x = world();
    struct bw_room_circuit *wan = heard(x);
    struct bw_room_circuit *backup = line(x, 1, 0);
    struct bw_room_circuit *old = line(x, 2, 0);
    struct bw_fleet_row row;
    (void)state;

    x->sites[0].end_circuit = 3;
    wan->today.counted_s = 300;
    wan->today.way[BW_DOWN].n_ok = 1;
    backup->has_today = true;
    backup->claim.has = false;
    backup->name = "backup";
    old->name = "old"; /* in no record of late: it holds nobody back */
    bw_fleet_look(&x->room, 0, &row);
    assert_int_equal(row.stage, BW_FLEET_TESTED);
    assert_int_equal(row.n_circuits, 2);
    assert_int_equal(row.n_unmatched, 1);
    assert_int_equal(row.circuit, 0);
    /* with a claim it holds back */
    backup->claim.has = true;
    bw_fleet_look(&x->room, 0, &row);
    assert_int_equal(row.stage, BW_FLEET_MATCHED);
    assert_int_equal(row.why, BW_FLEET_NOT_COUNTED);
    assert_int_equal(row.circuit, 1);
    assert_int_equal(row.n_unmatched, 0);
    free(x);
}

static bool but_the_last(const void *owner, uint32_t site)
{
    return owner != NULL && site != N_SITES - 1;
}

static void the_funnel_adds_up(void **state)
{
    struct world *x = world();
    struct bw_fleet_ask ask = {.sees = but_the_last, .owner = x};
    struct bw_fleet f;
    (void)state;

    /* enough; two planned; one shipped; one retired; one not seen by who asks */
    struct bw_room_circuit *c = heard(x);
    c->today.counted_s = 1;
    c->today.way[BW_DOWN].n_ok = 1;
    c->has_merged = true;
    c->risk.n_judged = 1;
    x->sites[3].shipped_unix_s = now - DAY;
    x->sites[4].state = BW_SITE_RETIRED;
    assert_int_equal(bw_fleet_make(&x->room, &ask, &f), 0);
    assert_int_equal(f.n, 4);
    assert_int_equal(f.n_retired, 1);
    assert_int_equal(f.reached[BW_FLEET_PLANNED], 4);
    assert_int_equal(f.reached[BW_FLEET_SHIPPED], 2);
    for (int s = BW_FLEET_SEEN; s < BW_FLEET_STAGES; s++) {
        assert_int_equal(f.reached[s], 1);
    }
    assert_int_equal(f.at[BW_FLEET_PLANNED], 2);
    assert_int_equal(f.at[BW_FLEET_SHIPPED], 1);
    assert_int_equal(f.at[BW_FLEET_ENOUGH], 1);
    assert_int_equal(f.stuck[BW_FLEET_NOT_SENT], 2);
    assert_int_equal(f.by[BW_FLEET_SHIPPED][BW_FLEET_NO_TOKEN], 1);
    assert_int_equal(f.stuck[BW_FLEET_NOTHING], 1);
    bw_fleet_done(&f);
    free(x);
}

static void every_word_leads_back(void **state)
{
    enum bw_fleet_stage s;
    enum bw_fleet_why w;
    (void)state;

    for (int i = 0; i < BW_FLEET_STAGES; i++) {
        assert_int_equal(
            bw_fleet_stage_parse(bw_fleet_stage_name((enum bw_fleet_stage)i), &s), 0);
        assert_int_equal(s, i);
        assert_non_null(bw_fleet_stage_takes((enum bw_fleet_stage)i));
    }
    for (int i = 0; i < BW_FLEET_WHYS; i++) {
        assert_int_equal(bw_fleet_why_parse(bw_fleet_why_name((enum bw_fleet_why)i), &w),
                         0);
        assert_int_equal(w, i);
        assert_non_null(bw_fleet_who_name(bw_fleet_why_who((enum bw_fleet_why)i)));
    }
    assert_true(bw_fleet_why_parse("", &w) < 0);
    assert_true(bw_fleet_stage_parse("Planned", &s) < 0);
}

static void versions_in_order(void **state)
{
    struct world *x = world();
    struct bw_fleet_ask ask = {.sees = NULL};
    struct bw_fleet_agent *list = NULL;
    size_t n = 0;
    static const char *const agents[N_SITES] = {
        "bandwitnessd/0.9.0", "bandwitnessd/0.10.0", "",
        "bandwitnessd/0.9.0", "adapter/1",           "bandwitnessd/0.9.0"};
    (void)state;

    for (int i = 0; i < N_SITES; i++) {
        x->sites[i].agent = agents[i];
    }
    x->sites[3].freshness = BW_SILENT;
    x->sites[5].state = BW_SITE_RETIRED;
    assert_int_equal(bw_fleet_agents(&x->room, &ask, &list, &n), 0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].agent, "adapter/1");
    assert_string_equal(list[1].agent, "bandwitnessd/0.10.0");
    assert_string_equal(list[2].agent, "bandwitnessd/0.9.0");
    assert_int_equal(list[2].n, 2);
    assert_int_equal(list[2].n_silent, 1);
    free(list);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_a_box_came),       cmocka_unit_test(from_the_first_key_on),
        cmocka_unit_test(from_counters_to_enough), cmocka_unit_test(of_several_circuits),
        cmocka_unit_test(the_funnel_adds_up),      cmocka_unit_test(every_word_leads_back),
        cmocka_unit_test(versions_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_alertwatch.c - a room by hand as alerts look at it: stretches between looks, hubs,
 * providers, maintenance. */
#include "bw_test.h"

#include <alerts_config.h>
#include <bw/units.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>
#include <watch.h>

enum {
    DAY0 = 1790000000 - 1790000000 % 86400, /* 00:00 UTC, a Monday */
    NOW = DAY0 + 36000
};

struct world {
    struct bw_config_alerts conf;
    struct bw_tz *tz;
    struct bw_watcher *w;
    struct bw_room room;
    struct bw_room_entity entity[3];
    struct bw_room_site site[2];
    struct bw_room_circuit circuit[2];
    uint32_t entity_by_id[3], site_by_id[2];
    struct bw_watch view;
};

/* state > oak-district > oak-school; the hub stands at the district, its id sorts last. */
static int setup(void **state)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    assert_int_equal(bw_tz_load("UTC", &x->tz, NULL), 0);
    x->entity[0] = (struct bw_room_entity){.id = "state",
                                           .name = "Alder State",
                                           .kind = BW_ENTITY_STATE,
                                           .parent = BW_ROOM_NONE,
                                           .end = 3,
                                           .end_site = 2,
                                           .end_circuit = 2};
    x->entity[1] = x->entity[0];
    x->entity[1].id = "oak-district";
    x->entity[1].name = "Oak District";
    x->entity[1].kind = BW_ENTITY_DISTRICT;
    x->entity[1].parent = 0;
    x->entity[2] = x->entity[1];
    x->entity[2].id = "oak-school";
    x->entity[2].parent = 1;
    x->entity[2].first_site = 1;
    x->entity[2].first_circuit = 1;
    for (uint32_t i = 0; i < 2; i++) {
        x->site[i] = (struct bw_room_site){.id = i ? "s-aaaaa" : "s-hhhhh",
                                           .entity = i + 1,
                                           .first_circuit = i,
                                           .end_circuit = i + 1,
                                           .freshness = BW_FRESH,
                                           .last_received_unix_ms = (int64_t)NOW * 1000,
                                           .interval_s = 300,
                                           .first_start_unix_s = DAY0 - 86400 * 9};
        struct bw_room_circuit *c = &x->circuit[i];
        *c = (struct bw_room_circuit){.name = "wan",
                                      .site = i,
                                      .has_today = true,
                                      .has_yesterday = true,
                                      .now_start_unix_s = NOW - 300,
                                      .now_end_unix_s = NOW,
                                      .now_p50_us = 20000};
        c->claim.has = true;
        c->claim.provider = "Heron Fiber";
        for (int k = 0; k < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; k++) {
            c->spell[k] = (struct bw_room_spell){BW_UNKNOWN, BW_UNKNOWN};
        }
        bw_room_day_init(&c->today);
        bw_room_day_init(&c->yesterday);
        c->today.day = DAY0 / 86400;
        c->today.from_unix_s = DAY0;
        c->today.to_unix_s = NOW;
        c->today.sent = 6000;
        c->today.lost = 60;
        c->today.class_s = 10800;
        c->today.recorded_s = 36000;
        c->today.outage_ms = 0;
        c->yesterday.outage_ms = 90000;
        c->yesterday.day = c->today.day - 1;
        c->yesterday.way[BW_UP].class_share_ppm = 850000;
    }
    x->entity_by_id[0] = 1;
    x->entity_by_id[1] = 2;
    x->site_by_id[0] = 1;
    x->room = (struct bw_room){.entities = x->entity,
                               .n_entities = 3,
                               .sites = x->site,
                               .n_sites = 2,
                               .circuits = x->circuit,
                               .n_circuits = 2,
                               .entity_by_id = x->entity_by_id,
                               .site_by_id = x->site_by_id};
    x->room.health.certificate_days = 12;
    x->w = bw_watcher_new(&x->conf, x->tz);
    assert_non_null(x->w);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct world *x = *state;

    bw_watcher_free(x->w);
    bw_tz_free(x->tz);
    free(x);
    return 0;
}

static void look(struct world *x, int64_t now)
{
    assert_int_equal(bw_watcher_look(x->w, &x->room, NULL, 0, now, DAY0, &x->view), 0);
}

/* Records came: so much more of the day is known. */
static void
more(struct bw_room_circuit *c, int64_t s, int64_t recorded, int64_t sent, int64_t lost)
{
    c->today.to_unix_s += s;
    c->today.recorded_s += recorded;
    c->today.sent += sent;
    c->today.lost += lost;
    c->now_start_unix_s = c->today.to_unix_s - 300;
    c->now_end_unix_s = c->today.to_unix_s;
}

static void stretches(void **state)
{
    struct world *x = *state;
    struct bw_room_circuit *c = &x->circuit[1]; /* the school's: first in the view */
    const struct bw_watch_circuit *v;

    look(x, NOW);
    v = &x->view.circuits[0];
    assert_string_equal(x->view.sites[0].id, "s-aaaaa");
    assert_int_equal(bw_watcher_site(x->w, 0), 1);
    assert_string_equal(x->view.sites[0].provider, "Heron Fiber");
    assert_string_equal(x->view.sites[0].region, "Oak District");
    assert_int_equal(x->view.certificate_days, 12);
    assert_int_equal(v->at_unix_s, NOW);
    assert_int_equal(v->loss_ppm, BW_UNKNOWN); /* the day so far is no stretch */
    assert_int_equal(v->class_now, BW_TOLD_UNKNOWN);
    assert_int_equal(v->latency_us, 20000);
    assert_int_equal(v->out, BW_TOLD_NO);
    assert_int_equal(v->day, DAY0 / 86400);
    assert_int_equal(v->outage_ms[0], 0);
    assert_int_equal(v->outage_ms[1], 90000);
    assert_int_equal(v->share_ppm, 850000);
    assert_int_equal(v->below, BW_TOLD_UNKNOWN);

    more(c, 600, 600, 600, 15); /* two intervals */
    c->today.class_s += 300;    /* half of it class time */
    look(x, NOW + 600);
    v = &x->view.circuits[0];
    assert_int_equal(v->at_unix_s, NOW + 600);
    assert_int_equal(v->interval_s, 600);
    assert_int_equal(v->loss_ppm, 25000);
    assert_int_equal(v->class_now, BW_TOLD_YES);

    more(c, 1800, 300, 20, 20); /* a hole, then one interval with few packets */
    c->now_out = true;
    look(x, NOW + 2400);
    v = &x->view.circuits[0];
    assert_int_equal(v->interval_s, 300);
    assert_int_equal(v->loss_ppm, BW_UNKNOWN);
    assert_int_equal(v->class_now, BW_TOLD_NO);
    assert_int_equal(v->out, BW_TOLD_YES);

    c->now_out = false;
    c->now_end_unix_s += 300; /* newer, and not folded yet: not looked at */
    look(x, NOW + 2700);
    assert_int_equal(x->view.circuits[0].at_unix_s, NOW + 2400);
    assert_int_equal(x->view.circuits[0].out, BW_TOLD_YES);

    c->has_yesterday = false; /* not folded: what it had is not known to be nothing */
    x->room.days_to_fill = 1;
    look(x, NOW + 2700);
    assert_int_equal(x->view.circuits[0].day, BW_UNKNOWN);
    assert_int_equal(x->view.circuits[0].share_ppm, BW_UNKNOWN);
}

static void tests_below(void **state)
{
    struct world *x = *state;

    x->circuit[1].spell[0] = (struct bw_room_spell){NOW - 900, BW_UNKNOWN};
    x->circuit[1].below_bps = 61000000;
    x->circuit[1].below_claim_bps = 100000000;
    look(x, NOW);
    assert_int_equal(x->view.circuits[0].below, BW_TOLD_YES);
    assert_int_equal(x->view.circuits[0].below_ppm, 610000);
    x->circuit[1].spell[0].until_unix_s = NOW;
    look(x, NOW);
    assert_int_equal(x->view.circuits[0].below, BW_TOLD_NO);
}

static void hubs_and_maintenance(void **state)
{
    struct world *x = *state;

    x->conf.n_hubs = 1;
    (void)snprintf(x->conf.hubs[0].site, sizeof(x->conf.hubs[0].site), "s-hhhhh");
    (void)snprintf(x->conf.hubs[0].below, sizeof(x->conf.hubs[0].below), "oak-district");
    x->conf.n_maintenance = 1;
    x->conf.maintenance[0] = (struct bw_config_maintenance){
        .place = "s-aaaaa.wan", .weekday = 7, .from_min = 600, .to_min = 660}; /* 10:00 */
    look(x, NOW);
    assert_int_equal(x->view.sites[0].hub, 1);
    assert_int_equal(x->view.sites[1].hub, BW_WATCH_NONE); /* never its own */
    assert_true(x->view.circuits[0].maintenance);
    assert_false(x->view.circuits[1].maintenance);
    assert_false(x->view.sites[0].maintenance);
    (void)snprintf(x->conf.maintenance[0].place, 128, "oak-school");
    look(x, NOW);
    assert_true(x->view.sites[0].maintenance);
    assert_false(x->view.sites[1].maintenance);
    look(x, NOW + 3600);
    assert_false(x->view.sites[0].maintenance);

    /* Two that hang on each other hang on nothing. */
    x->conf.n_hubs = 2;
    (void)snprintf(x->conf.hubs[1].site, sizeof(x->conf.hubs[1].site), "s-aaaaa");
    (void)snprintf(x->conf.hubs[1].below, sizeof(x->conf.hubs[1].below), "oak-district");
    look(x, NOW);
    assert_true(x->view.sites[0].hub == BW_WATCH_NONE ||
                x->view.sites[1].hub == BW_WATCH_NONE);

    const struct bw_planned planned = {"s-aaaaa.wan", NOW - 60, NOW + 60};
    assert_int_equal(bw_watcher_look(x->w, &x->room, &planned, 1, NOW, DAY0, &x->view), 0);
    assert_true(x->view.circuits[0].maintenance);
    assert_int_equal(bw_watcher_look(x->w, &x->room, &planned, 1, NOW + 60, DAY0, &x->view),
                     0);
    assert_false(x->view.circuits[0].maintenance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stretches, setup, teardown),
        cmocka_unit_test_setup_teardown(tests_below, setup, teardown),
        cmocka_unit_test_setup_teardown(hubs_and_maintenance, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

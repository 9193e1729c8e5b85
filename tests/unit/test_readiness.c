/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_readiness.c - who can test at once at a small state's schools, worked by hand; what
 * is not known; testing weeks of calendars. */
#include "readiness.h"

#include "bw_test.h"

#include <string.h>

enum {
    RIVERS, /* the state */
    HERON,  /* a district: */
    ASH,
    BEECH,
    CEDAR, /* no box */
    N_ENTITIES,
    N_SITES = 3, /* ash, beech, and one at the district */
    N_CIRCUITS = 4,
    M = 1000000
};

struct world {
    struct bw_room room;
    struct bw_room_entity entities[N_ENTITIES];
    struct bw_room_site sites[N_SITES];
    struct bw_room_circuit circuits[N_CIRCUITS];
    struct bw_room_calendar calendars[3];
    int64_t testing_days[16];
    struct bw_ready_ask ask;
    struct bw_readiness x;
};

static void entity(
    struct world *x, int i, const char *id, enum bw_entity_kind kind, int parent, int end)
{
    x->entities[i] =
        (struct bw_room_entity){.id = id,
                                .name = id,
                                .kind = kind,
                                .parent = parent < 0 ? BW_ROOM_NONE : (uint32_t)parent,
                                .end = (uint32_t)end};
}

static void
site(struct world *x, int i, const char *id, int at, uint32_t first, uint32_t end)
{
    x->sites[i] = (struct bw_room_site){.id = id,
                                        .name = "",
                                        .entity = (uint32_t)at,
                                        .first_circuit = first,
                                        .end_circuit = end,
                                        .freshness = BW_FRESH};
}

/* 200 class hours of 5 minutes, all counted; claimed and tested as said, in Mbit/s. */
static struct bw_room_day *line(struct world *x,
                                int i,
                                int at,
                                int64_t students,
                                int64_t claim,
                                int64_t tested,
                                int64_t p95,
                                int64_t peak)
{
    struct bw_room_circuit *c = &x->circuits[i];
    struct bw_room_day *d = &c->merged;
    struct bw_room_way *w = &d->way[BW_DOWN];

    bw_room_day_init(d);
    c->name = "wan";
    c->site = (uint32_t)at;
    c->students = students;
    c->has_merged = true;
    d->n_records = 8064;
    d->n_days = 28;
    d->class_s = 720000;
    d->layer = BW_LAYER_ETHERNET;
    d->claim_layer = BW_LAYER_IP;
    w->claim_bps = claim * M;
    w->median_bps = tested * M;
    w->n_compared = 40;
    w->class_p95_bps = p95 * M + 1000;
    w->claimed_p95_bps = p95 * M;
    w->claimed_peak_bps = peak * M;
    w->class_known = 2400;
    w->class_expected = 2400;
    return d;
}

static int begin(void **state)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    entity(x, RIVERS, "rivers", BW_ENTITY_STATE, -1, N_ENTITIES);
    entity(x, HERON, "heron", BW_ENTITY_DISTRICT, RIVERS, N_ENTITIES);
    entity(x, ASH, "ash", BW_ENTITY_SCHOOL, HERON, BEECH);
    entity(x, BEECH, "beech", BW_ENTITY_SCHOOL, HERON, CEDAR);
    entity(x, CEDAR, "cedar", BW_ENTITY_SCHOOL, HERON, N_ENTITIES);
    x->entities[ASH].end_site = 1;
    x->entities[BEECH].first_site = 1;
    x->entities[BEECH].end_site = 2;
    x->entities[CEDAR].first_site = 2;
    x->entities[CEDAR].end_site = 2;
    site(x, 0, "s-aaaaa", ASH, 0, 2);
    site(x, 1, "s-bbbbb", BEECH, 2, 3);
    site(x, 2, "s-ccccc", HERON, 3, 4);
    /* ash: of its two lines the second has more free */
    (void)line(x, 0, 0, 400, 50, 48, 46, 47);
    (void)line(x, 1, 0, 400, 100, 95, 77, 94);
    (void)line(x, 2, 1, 900, 1000, 940, 200, 400);
    (void)line(x, 3, 2, BW_UNKNOWN, 100, 90, 50, 60);
    x->room = (struct bw_room){.entities = x->entities,
                               .n_entities = N_ENTITIES,
                               .sites = x->sites,
                               .n_sites = N_SITES,
                               .circuits = x->circuits,
                               .n_circuits = N_CIRCUITS,
                               .calendars = x->calendars,
                               .testing_days = x->testing_days};
    x->ask = (struct bw_ready_ask){.rate_bps = 45000,
                                   .below = BW_ROOM_NONE,
                                   .from_day = BW_UNKNOWN,
                                   .to_day = BW_UNKNOWN};
    *state = x;
    return 0;
}

static int end(void **state)
{
    struct world *x = *state;

    bw_readiness_done(&x->x);
    free(x);
    return 0;
}

static void make(struct world *x)
{
    bw_readiness_done(&x->x);
    assert_int_equal(bw_readiness_make(&x->room, &x->ask, &x->x), 0);
}

static void schools_by_who_cannot(void **state)
{
    struct world *x = *state;

    x->ask.rate_bps = 50000;
    make(x);
    assert_int_equal(x->x.n, 4);
    assert_int_equal(x->x.n_known, 2);
    assert_int_equal(x->x.n_short, 1);
    /* ash: 95 - 77 = 18 Mbit/s, / 50 kbit/s = 360 of 400; two sittings */
    const struct bw_ready_row *ash = &x->x.rows[0];
    assert_int_equal(ash->entity, ASH);
    assert_int_equal(ash->line.circuit, 1);
    assert_int_equal(ash->n_lines, 2);
    assert_int_equal(ash->line.free_bps[BW_READY_AT_P95], 18 * M);
    assert_int_equal(ash->at_once[BW_READY_AT_P95], 360);
    assert_int_equal(ash->at_once[BW_READY_AT_PEAK], 20);
    assert_int_equal(ash->shortfall, 40);
    assert_int_equal(ash->sittings, 2);
    /* beech: 740 Mbit/s for 900 */
    const struct bw_ready_row *beech = &x->x.rows[1];
    assert_int_equal(beech->entity, BEECH);
    assert_int_equal(beech->at_once[BW_READY_AT_P95], 14800);
    assert_int_equal(beech->shortfall, 0);
    assert_int_equal(beech->sittings, 1);
    /* the district's box: free is known, students are not; cedar has no box */
    assert_int_equal(x->x.rows[2].entity, CEDAR);
    assert_int_equal(x->x.rows[2].why, BW_READY_NO_BOX);
    assert_int_equal(x->x.rows[2].at_once[BW_READY_AT_P95], BW_UNKNOWN);
    assert_int_equal(x->x.rows[3].site, 2);
    assert_int_equal(x->x.rows[3].at_once[BW_READY_AT_P95], 800);
    assert_int_equal(x->x.rows[3].shortfall, BW_UNKNOWN);
    assert_int_equal(x->x.rows[3].sittings, BW_UNKNOWN);
    assert_int_equal(x->x.students, 1300);
    assert_int_equal(x->x.shortfall, 40);
}

static void rounded_down_and_never_below_nothing(void **state)
{
    struct world *x = *state;

    x->ask.rate_bps = 45000; /* 18,000,000 / 45,000 = 400 exactly */
    make(x);
    assert_int_equal(x->x.n_short, 0);
    x->ask.rate_bps = 45001; /* 399.99 */
    make(x);
    assert_int_equal(x->x.rows[0].at_once[BW_READY_AT_P95], 399);
    assert_int_equal(x->x.rows[0].shortfall, 1);
    x->ask.at = BW_READY_AT_PEAK; /* 1 Mbit/s: 22 at once, 400 in 19 sittings */
    make(x);
    assert_int_equal(x->x.rows[0].shortfall, 378);
    assert_int_equal(x->x.rows[0].sittings, 19);
    /* more carried than tested, as a test below the truth gives: none, not fewer */
    x->circuits[0].merged.way[BW_DOWN].claimed_peak_bps = 120 * M;
    x->circuits[1].merged.way[BW_DOWN].claimed_peak_bps = 120 * M;
    make(x);
    assert_int_equal(x->x.rows[0].line.free_bps[BW_READY_AT_PEAK], 0);
    assert_int_equal(x->x.rows[0].at_once[BW_READY_AT_PEAK], 0);
    assert_int_equal(x->x.rows[0].shortfall, 400);
    assert_int_equal(x->x.rows[0].sittings, 0);
    x->ask.of = BW_READY_CLAIMED;
    x->ask.at = BW_READY_AT_P95;
    make(x);
    assert_int_equal(x->x.rows[0].line.free_bps[BW_READY_AT_P95], 23 * M);
}

/* Each reason by itself. */
static void unknown_is_never_zero(void **state)
{
    struct world *x = *state;
    struct bw_room_day *d = &x->circuits[2].merged;
    struct bw_room_way *w = &d->way[BW_DOWN];
    const struct {
        int64_t *what;
        int64_t v;
        enum bw_ready_why why;
    } cases[] = {
        {&w->claim_bps, BW_UNKNOWN, BW_READY_NO_CLAIM},
        {&w->median_bps, BW_UNKNOWN, BW_READY_NOT_TESTED},
        {&w->claimed_p95_bps, BW_UNKNOWN, BW_READY_LAYER},
        {&w->class_expected, 4801, BW_READY_LITTLE},
        {&w->class_expected, BW_UNKNOWN, BW_READY_LITTLE},
        {&d->class_s, 35999, BW_READY_LITTLE},
        {&d->class_s, BW_UNKNOWN, BW_READY_LITTLE},
    };

    x->ask.below = BEECH;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t was = *cases[i].what;
        *cases[i].what = cases[i].v;
        make(x);
        assert_int_equal(x->x.n, 1);
        assert_int_equal(x->x.rows[0].why, cases[i].why);
        assert_int_equal(x->x.rows[0].at_once[BW_READY_AT_P95], BW_UNKNOWN);
        assert_int_equal(x->x.rows[0].shortfall, BW_UNKNOWN);
        *cases[i].what = was;
    }
    w->class_expected = 4800; /* just half, and just ten hours */
    d->class_s = 72000;
    make(x);
    assert_int_equal(x->x.rows[0].why, BW_READY_KNOWN);
    w->class_p95_bps = BW_UNKNOWN;
    w->claimed_p95_bps = BW_UNKNOWN;
    make(x);
    assert_int_equal(x->x.rows[0].why, BW_READY_NOT_COUNTED);
    x->circuits[2].has_merged = false;
    make(x);
    assert_int_equal(x->x.rows[0].why, BW_READY_NO_RECORD);
    x->sites[1].end_circuit = 2; /* a box without a line */
    make(x);
    assert_int_equal(x->x.rows[0].why, BW_READY_NO_RECORD);
    x->sites[1].freshness = BW_RETIRED;
    make(x);
    assert_int_equal(x->x.rows[0].why, BW_READY_NO_BOX);
}

/* Of a time that is over: the highest day, the median of the days' medians. */
static void days_that_were(void **state)
{
    struct world *x = *state;
    struct bw_ready_line l;
    struct bw_ready_days days = {.n = 0};
    const int64_t tested[] = {90, 50, 70, 95};
    const int64_t carried[] = {20, 60, 30, 10};

    bw_ready_line_begin(&l, 2);
    for (int i = 0; i < 4; i++) {
        struct bw_room_day d =
            *line(x, 2, 1, 900, 100, tested[i], carried[i], carried[i] + 5);
        d.n_days = 1;
        d.class_s = 36000;
        d.outage_class_ms = i == 1 ? 90000 : BW_UNKNOWN;
        d.way[BW_DOWN].class_known = 60;
        d.way[BW_DOWN].class_expected = 120;
        d.way[BW_DOWN].full_s = 300 * i;
        d.way[BW_DOWN].full_of_s = 36000;
        bw_ready_line_day(&l, &days, &d);
    }
    bw_ready_line_end(&l, &days, BW_READY_TESTED);
    assert_int_equal(l.why, BW_READY_KNOWN);
    assert_int_equal(l.n_days, 4);
    assert_int_equal(l.n_tests, 160);
    assert_int_equal(l.bps[BW_READY_TESTED], 70 * M); /* 50 70 90 95: the lower of two */
    assert_int_equal(l.carried_bps[BW_READY_AT_P95], 60 * M);
    assert_int_equal(l.carried_bps[BW_READY_AT_PEAK], 65 * M);
    assert_int_equal(l.free_bps[BW_READY_AT_P95], 10 * M);
    assert_int_equal(l.known, 240);
    assert_int_equal(l.expected, 480);
    assert_int_equal(l.full_s, 1800);
    assert_int_equal(l.full_of_s, 144000);
    assert_int_equal(l.outage_class_ms, 90000);
    /* another layer is claimed from the last day on: nothing of before is held against it
     */
    struct bw_room_day d = *line(x, 2, 1, 900, 200, 190, 30, 40);
    d.claim_layer = BW_LAYER_ETHERNET;
    bw_ready_line_day(&l, &days, &d);
    bw_ready_line_end(&l, &days, BW_READY_TESTED);
    assert_int_equal(l.layer, BW_LAYER_ETHERNET);
    assert_int_equal(l.bps[BW_READY_TESTED], 190 * M);
    assert_int_equal(l.carried_bps[BW_READY_AT_P95], 30 * M);
    assert_int_equal(l.known, 2400);
}

static bool not_herons(const void *owner, uint32_t entity)
{
    (void)owner;
    return entity != HERON;
}

static void testing_weeks_of_the_nearest_calendar(void **state)
{
    struct world *x = *state;
    /* 2027-03-15, a Monday, is day 20892 */
    static const int64_t heron[] = {20892, 20893, 20896, 20899, 20905};
    static const int64_t rivers[] = {20892, 20893, 20913};
    struct bw_ready_window w[4];

    memcpy(x->testing_days, heron, sizeof(heron));
    memcpy(x->testing_days + 5, rivers, sizeof(rivers));
    x->calendars[0] = (struct bw_room_calendar){HERON, 20850, 20950, 0, 5};
    x->calendars[1] = (struct bw_room_calendar){BW_ROOM_NONE, BW_UNKNOWN, BW_UNKNOWN, 5, 8};
    x->room.n_calendars = 2;
    assert_int_equal(bw_ready_testing(&x->room, ASH, 20892), 1);
    assert_int_equal(bw_ready_testing(&x->room, ASH, 20894), 0);
    assert_int_equal(bw_ready_testing(&x->room, ASH, 20913), 0); /* its own says no */
    assert_int_equal(bw_ready_testing(&x->room, RIVERS, 20913), 1);
    assert_int_equal(bw_ready_testing(&x->room, BW_ROOM_NONE, 20913), 1);
    x->room.n_calendars = 1;
    assert_int_equal(bw_ready_testing(&x->room, ASH, 20951), -1); /* nobody speaks of it */
    x->room.n_calendars = 2;
    x->ask.from_day = 20892;
    x->ask.to_day = 20897;
    make(x);
    assert_int_equal(x->x.rows[0].testing_days, 3);
    /* a gap of three days is one window; one of six another */
    assert_int_equal(bw_ready_windows(&x->room, 20890, false, NULL, NULL, w, 4), 4);
    assert_int_equal(w[0].from_day, 20892);
    assert_int_equal(w[0].to_day, 20894);
    assert_int_equal(w[1].from_day, 20892);
    assert_int_equal(w[1].to_day, 20900);
    assert_int_equal(w[2].from_day, 20905);
    assert_int_equal(w[3].from_day, 20913);
    assert_int_equal(bw_ready_windows(&x->room, 20900, true, NULL, NULL, w, 4), 2);
    assert_int_equal(bw_ready_windows(&x->room, 20999, true, NULL, NULL, w, 1), 1);
    assert_int_equal(w[0].from_day, 20913); /* the nearest */
    assert_int_equal(bw_ready_windows(&x->room, 0, false, NULL, NULL, w, 1), 1);
    assert_int_equal(w[0].to_day, 20894);
    assert_int_equal(bw_ready_windows(&x->room, 20890, false, not_herons, NULL, w, 4), 2);
    assert_int_equal(w[0].n, 1);
}

static bool only_beech(const void *owner, uint32_t entity, uint32_t at)
{
    (void)owner;
    return entity == BEECH && at == BW_ROOM_NONE;
}

static void others_are_not_there(void **state)
{
    struct world *x = *state;

    x->ask.sees = only_beech;
    make(x);
    assert_int_equal(x->x.n, 1);
    assert_int_equal(x->x.students, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(schools_by_who_cannot, begin, end),
        cmocka_unit_test_setup_teardown(rounded_down_and_never_below_nothing, begin, end),
        cmocka_unit_test_setup_teardown(unknown_is_never_zero, begin, end),
        cmocka_unit_test_setup_teardown(days_that_were, begin, end),
        cmocka_unit_test_setup_teardown(testing_weeks_of_the_nearest_calendar, begin, end),
        cmocka_unit_test_setup_teardown(others_are_not_there, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

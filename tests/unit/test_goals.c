/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_goals.c - how far a goal is reached at a small state's schools, by hand: this
 * month's last 28 days and the months before, what is not known, cohorts, order. */
#include "goals.h"

#include "bw_test.h"

#include <stdio.h>
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
    K = 1000,
    MONTH = 2026 * 12 + 10 /* November 2026 runs */
};

struct world {
    struct bw_room room;
    struct bw_room_entity entities[N_ENTITIES];
    uint32_t by_id[N_ENTITIES];
    struct bw_room_site sites[N_SITES];
    struct bw_room_circuit circuits[N_CIRCUITS];
    struct bw_room_month months[6];
    struct bw_goal goal;
    struct bw_goals_ask ask;
    struct bw_goals_progress p;
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
line(struct world *x, int i, int at, int64_t students, int64_t claim, int64_t tested)
{
    struct bw_room_circuit *c = &x->circuits[i];

    c->name = "wan";
    c->site = (uint32_t)at;
    c->students = students;
    c->has_merged = true;
    c->this_month = MONTH;
    bw_room_day_init(&c->merged);
    c->merged.way[BW_DOWN].claim_bps = claim * K;
    c->merged.way[BW_DOWN].median_bps = tested == BW_UNKNOWN ? BW_UNKNOWN : tested * K;
}

static int begin(void **state)
{
    struct world *x = calloc(1, sizeof(*x));
    static const uint32_t by_id[] = {ASH, BEECH, CEDAR, HERON, RIVERS};

    assert_non_null(x);
    entity(x, RIVERS, "rivers", BW_ENTITY_STATE, -1, N_ENTITIES);
    entity(x, HERON, "heron", BW_ENTITY_DISTRICT, RIVERS, N_ENTITIES);
    entity(x, ASH, "ash", BW_ENTITY_SCHOOL, HERON, BEECH);
    entity(x, BEECH, "beech", BW_ENTITY_SCHOOL, HERON, CEDAR);
    entity(x, CEDAR, "cedar", BW_ENTITY_SCHOOL, HERON, N_ENTITIES);
    memcpy(x->by_id, by_id, sizeof(by_id));
    x->entities[ASH].end_site = 1;
    x->entities[BEECH].first_site = 1;
    x->entities[BEECH].end_site = 2;
    x->entities[CEDAR].first_site = 2;
    x->entities[CEDAR].end_site = 2;
    x->sites[0] = (struct bw_room_site){.id = "s-aaaaa",
                                        .name = "",
                                        .entity = ASH,
                                        .end_circuit = 2,
                                        .freshness = BW_FRESH};
    x->sites[1] = (struct bw_room_site){.id = "s-bbbbb",
                                        .name = "",
                                        .entity = BEECH,
                                        .first_circuit = 2,
                                        .end_circuit = 3,
                                        .freshness = BW_FRESH};
    x->sites[2] = (struct bw_room_site){.id = "s-ccccc",
                                        .name = "",
                                        .entity = HERON,
                                        .first_circuit = 3,
                                        .end_circuit = 4,
                                        .freshness = BW_FRESH};
    /* in kbit/s: ash has two lines of 500 and 90 Mbit/s for 400; beech one for 1,000 */
    line(x, 0, 0, 400, 500000, 480000);
    line(x, 1, 0, 400, 100000, 90000);
    line(x, 2, 1, 1000, 1000000, 999999);
    line(x, 3, 2, BW_UNKNOWN, 100000, 95000);
    x->room = (struct bw_room){.entities = x->entities,
                               .n_entities = N_ENTITIES,
                               .entity_by_id = x->by_id,
                               .sites = x->sites,
                               .n_sites = N_SITES,
                               .circuits = x->circuits,
                               .n_circuits = N_CIRCUITS,
                               .months = x->months};
    bw_goal_init(&x->goal);
    (void)snprintf(x->goal.entity, sizeof(x->goal.entity), "heron");
    x->goal.of = BW_GOAL_TESTED;
    x->goal.per = BW_GOAL_STUDENT;
    x->goal.target_bps = 1000 * K;
    x->goal.share_ppm = 500000;
    x->ask = (struct bw_goals_ask){.goal = &x->goal, .months = true};
    *state = x;
    return 0;
}

static int end(void **state)
{
    struct world *x = *state;

    bw_goals_done(&x->p);
    free(x);
    return 0;
}

static const struct bw_goals_point *make(struct world *x)
{
    bw_goals_done(&x->p);
    assert_int_equal(bw_goals_measure(&x->room, &x->ask, &x->p), 0);
    for (size_t i = 0; i < BW_GOALS_POINTS; i++) { /* everybody is counted once */
        int64_t n = 0;
        for (int w = 0; w < BW_GOALS_WHYS; w++) {
            n += x->p.points[i].n_why[w];
        }
        assert_int_equal(n, x->ask.months || i == BW_GOALS_NOW ? x->p.n : 0);
    }
    return &x->p.points[BW_GOALS_NOW];
}

static void the_last_28_days(void **state)
{
    struct world *x = *state;
    const struct bw_goals_point *now = make(x);

    assert_int_equal(x->p.n, 4);
    assert_int_equal(now->n_known, 2);
    assert_int_equal(now->n_meet, 1); /* ash: 480,000 / 400 = 1,200 kbit/s by one line */
    assert_int_equal(now->n_why[BW_GOALS_NO_BOX], 1);
    assert_int_equal(now->n_why[BW_GOALS_NO_STUDENTS], 1);
    assert_int_equal(now->median, 999999); /* rank 1 of 999,999 and 1,200,000 */
    assert_int_equal(x->p.n_wanted, 2);
    assert_int_equal(x->p.state, BW_GOALS_NOT_TOLD); /* 1 and 2 unknown, 2 are wanted */
    /* missed first, then unknown by name, then met */
    assert_int_equal(x->p.members[0].entity, BEECH);
    assert_int_equal(x->p.members[0].now.value, 999999); /* rounded down, 1 bit/s short */
    assert_false(x->p.members[0].now.meets);
    assert_int_equal(x->p.members[1].entity, CEDAR);
    assert_int_equal(x->p.members[2].site, 2);
    assert_int_equal(x->p.members[2].now.value, BW_UNKNOWN);
    assert_int_equal(x->p.members[2].now.bps, 95000 * K);
    assert_int_equal(x->p.members[3].entity, ASH);
    assert_int_equal(x->p.members[3].now.circuit, 0);
    x->goal.share_ppm = 250000;
    (void)make(x);
    assert_int_equal(x->p.state, BW_GOALS_REACHED);
    x->goal.share_ppm = 750001; /* 4 of 4, rounded up; one missed already */
    (void)make(x);
    assert_int_equal(x->p.n_wanted, 4);
    assert_int_equal(x->p.state, BW_GOALS_MISSED);
}

static void several_lines_are_not_added(void **state)
{
    struct world *x = *state;

    x->goal.target_bps = 1300 * K; /* none of ash's is enough alone */
    assert_int_equal(make(x)->n_why[BW_GOALS_MANY_LINES], 1);
    x->circuits[1].has_merged = false; /* it has one line of these days only */
    assert_int_equal(make(x)->n_why[BW_GOALS_MANY_LINES], 0);
    assert_int_equal(x->p.points[BW_GOALS_NOW].n_known, 2);
}

static void claims_and_places(void **state)
{
    struct world *x = *state;

    x->goal.of = BW_GOAL_CLAIMED;
    assert_int_equal(make(x)->n_meet, 2); /* beech: 1,000,000 / 1,000 just meets it */
    x->goal.per = BW_GOAL_PLACE;
    x->goal.target_bps = 500000 * K;
    assert_int_equal(make(x)->n_known, 3); /* students do not matter */
    assert_int_equal(x->p.points[BW_GOALS_NOW].n_meet, 2);
    x->circuits[3].merged.way[BW_DOWN].claim_bps = BW_UNKNOWN;
    assert_int_equal(make(x)->n_why[BW_GOALS_NO_CLAIM], 1);
    x->goal.of = BW_GOAL_TESTED;
    x->circuits[2].merged.way[BW_DOWN].median_bps = BW_UNKNOWN;
    assert_int_equal(make(x)->n_why[BW_GOALS_NOT_TESTED], 1);
    x->circuits[2].has_merged = false;
    assert_int_equal(make(x)->n_why[BW_GOALS_NO_RECORD], 1);
}

static void months_before(void **state)
{
    struct world *x = *state;
    const struct bw_goals_point *october = NULL;

    /* beech: 2,000 kbit/s each in August, 500 in October; September has no record */
    x->months[0] = (struct bw_room_month){.month = MONTH - 3,
                                          .n_days = 20,
                                          .claim_bps = BW_UNKNOWN,
                                          .median_bps = INT64_C(2000000) * K};
    x->months[1] = (struct bw_room_month){.month = MONTH - 1,
                                          .n_days = 20,
                                          .claim_bps = BW_UNKNOWN,
                                          .median_bps = INT64_C(500000) * K};
    x->circuits[2].first_month = 0;
    x->circuits[2].end_month = 2;
    x->circuits[0].first_month = x->circuits[0].end_month = 2;
    x->circuits[0].months_due = 2; /* of ash October waits */
    (void)make(x);
    october = &x->p.points[BW_ROOM_MONTHS - 1];
    assert_int_equal(october->month, MONTH - 1);
    assert_int_equal(october->n_known, 1);
    assert_int_equal(october->n_meet, 0);
    assert_int_equal(october->median, 500 * K);
    assert_int_equal(october->n_why[BW_GOALS_NOT_READ], 1);
    assert_int_equal(october->n_why[BW_GOALS_NO_RECORD], 1);
    assert_int_equal(october->n_why[BW_GOALS_NO_BOX], 1);
    assert_int_equal(x->p.points[BW_ROOM_MONTHS - 2].n_known, 0);
    assert_int_equal(x->p.points[BW_ROOM_MONTHS - 2].median, BW_UNKNOWN);
    assert_int_equal(x->p.points[BW_ROOM_MONTHS - 3].n_meet, 1);
    assert_int_equal(x->p.points[0].month, MONTH - 12);
    /* a figure of before that is to be read again is none */
    x->circuits[2].months_due = 8;
    (void)make(x);
    assert_int_equal(x->p.points[BW_ROOM_MONTHS - 3].n_known, 0);
    assert_int_equal(x->p.points[BW_ROOM_MONTHS - 3].n_why[BW_GOALS_NOT_READ], 1);
    x->ask.months = false;
    (void)make(x);
    assert_int_equal(x->p.points[0].month, -1);
}

static bool only_ash(const void *owner, uint32_t e, uint32_t at)
{
    (void)owner;
    return e == ASH && at == BW_ROOM_NONE;
}

static void cohorts_and_others(void **state)
{
    struct world *x = *state;

    x->goal.students_min = 400;
    x->goal.students_max = 999;
    (void)make(x);
    assert_int_equal(x->p.n, 1); /* ash */
    assert_int_equal(x->p.n_unplaced, 2);
    x->goal.students_min = BW_UNKNOWN;
    x->goal.students_max = BW_UNKNOWN;
    x->ask.sees = only_ash;
    (void)make(x);
    assert_int_equal(x->p.n, 1);
    x->ask.sees = NULL;
    (void)snprintf(x->goal.entity, sizeof(x->goal.entity), "beech");
    (void)make(x);
    assert_int_equal(x->p.n, 1);
    (void)snprintf(x->goal.entity, sizeof(x->goal.entity), "gone");
    (void)make(x);
    assert_int_equal(x->p.n, 0);
    assert_int_equal(x->p.entity, BW_ROOM_NONE);
    assert_int_equal(x->p.state, BW_GOALS_NOBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_28_days, begin, end),
        cmocka_unit_test_setup_teardown(several_lines_are_not_added, begin, end),
        cmocka_unit_test_setup_teardown(claims_and_places, begin, end),
        cmocka_unit_test_setup_teardown(months_before, begin, end),
        cmocka_unit_test_setup_teardown(cohorts_and_others, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

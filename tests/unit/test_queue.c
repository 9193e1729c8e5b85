/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_queue.c - scores of a small state, worked by hand: two districts, three schools, one
 * of them without a box, and a box at a district. */
#include "queue.h"

#include "bw_test.h"

#include <bw/err.h>
#include <errno.h>
#include <string.h>

enum {
    RIVERS, /* the state */
    HERON,  /* a district: */
    ASH,
    BEECH,
    CEDAR, /* no box */
    TEAL,  /* another, with one box of its own */
    N_ENTITIES,
    N_SITES = 4,
    N_CIRCUITS = 4,
    DAYS28 = 28 * 86400
};

struct world {
    struct bw_room room;
    struct bw_room_entity entities[N_ENTITIES];
    struct bw_room_site sites[N_SITES];
    struct bw_room_circuit circuits[N_CIRCUITS];
    struct bw_queue_weights w;
    struct bw_queue q;
};

static void entity(
    struct world *x, int i, const char *id, enum bw_entity_kind kind, int parent, int end)
{
    x->entities[i] =
        (struct bw_room_entity){.id = id,
                                .name = id,
                                .kind = kind,
                                .parent = parent < 0 ? BW_ROOM_NONE : (uint32_t)parent,
                                .end = (uint32_t)end,
                                .students = BW_UNKNOWN};
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

/* A line of which everything is known: 40 class hours, 90 % of the claim in the first ones.
 */
static struct bw_room_circuit *
line(struct world *x, int i, int at, int64_t down_bps, int64_t students, int64_t full_s)
{
    struct bw_room_circuit *c = &x->circuits[i];
    struct bw_room_day *d = &c->merged;

    bw_room_day_init(d);
    c->name = "wan";
    c->site = (uint32_t)at;
    c->students = students;
    c->claim.has = true;
    c->claim.bps[BW_DOWN] = down_bps;
    c->claim.bps[BW_UP] = down_bps;
    c->has_merged = true;
    d->from_unix_s = 0;
    d->to_unix_s = DAYS28;
    d->watched_s = DAYS28 / 2;
    d->class_s = 144000;
    d->outage_class_ms = 0;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        d->way[way].claim_bps = down_bps;
        d->way[way].full_s = way == BW_DOWN ? full_s : 0;
        d->way[way].full_of_s = 144000;
        d->way[way].loaded_p50_us = 40000;
    }
    return c;
}

static int begin(void **state)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    entity(x, RIVERS, "rivers", BW_ENTITY_STATE, -1, N_ENTITIES);
    entity(x, HERON, "heron", BW_ENTITY_DISTRICT, RIVERS, TEAL);
    entity(x, ASH, "ash", BW_ENTITY_SCHOOL, HERON, BEECH);
    entity(x, BEECH, "beech", BW_ENTITY_SCHOOL, HERON, CEDAR);
    entity(x, CEDAR, "cedar", BW_ENTITY_SCHOOL, HERON, TEAL);
    entity(x, TEAL, "teal", BW_ENTITY_DISTRICT, RIVERS, N_ENTITIES);
    x->entities[ASH].end_site = 2;
    x->entities[BEECH].first_site = 2;
    x->entities[BEECH].end_site = 3;
    x->entities[CEDAR].first_site = 3;
    x->entities[CEDAR].end_site = 3;
    x->entities[HERON].n_students_unknown = 1;
    x->entities[HERON].students = 900;
    x->entities[HERON].locale = 43;
    x->entities[BEECH].locale = 31;
    x->entities[RIVERS].locale = 41; /* of the whole state: nobody's below a district */
    x->entities[TEAL].students = 599;
    site(x, 0, "s-aaaaa", ASH, 0, 1);
    site(x, 1, "s-bbbbb", ASH, 1, 2);
    site(x, 2, "s-ccccc", BEECH, 2, 3);
    site(x, 3, "s-ddddd", TEAL, 3, 4);
    x->sites[1].freshness = BW_RETIRED; /* whose line counts no longer */
    (void)line(x, 1, 1, 1, 1, 144000);
    /* ash: 100 Mbit/s for 400, full for 18,000 of 144,000 s, out for 3,601.9 s, 300 ms */
    struct bw_room_circuit *c = line(x, 0, 0, 100000000, 400, 18000);
    c->merged.outage_class_ms = 3601999;
    c->merged.way[BW_UP].loaded_p50_us = 300000;
    /* beech: a gigabit for 199, nothing the matter */
    (void)line(x, 2, 2, 1000000000, 199, 0);
    /* teal: nobody says who uses it, never full */
    (void)line(x, 3, 3, 100000000, BW_UNKNOWN, 0);
    x->room = (struct bw_room){.entities = x->entities,
                               .n_entities = N_ENTITIES,
                               .sites = x->sites,
                               .n_sites = N_SITES,
                               .circuits = x->circuits,
                               .n_circuits = N_CIRCUITS};
    bw_queue_weights_usual(&x->w);
    *state = x;
    return 0;
}

static int end(void **state)
{
    struct world *x = *state;

    bw_queue_done(&x->q);
    free(x);
    return 0;
}

static void make(struct world *x, struct bw_queue_ask ask)
{
    bw_queue_done(&x->q);
    assert_int_equal(bw_queue_make(&x->room, &x->w, &ask, &x->q), 0);
}

static void assert_part(const struct bw_queue_row *x,
                        enum bw_queue_part p,
                        int64_t value,
                        int64_t points,
                        int64_t weighted)
{
    assert_int_equal(x->part[p].why, BW_QUEUE_KNOWN);
    assert_int_equal(x->part[p].value, value);
    assert_int_equal(x->part[p].points, points);
    assert_int_equal(x->part[p].weighted, weighted);
}

static void points_lie_between_target_and_limit(void **state)
{
    const struct bw_queue_rule more = {.target = 100000, .limit = 500000};
    const struct bw_queue_rule less = {.target = 1000000, .limit = 0};

    (void)state;
    assert_int_equal(bw_queue_points(&more, 0), 0);
    assert_int_equal(bw_queue_points(&more, 100000), 0);
    assert_int_equal(bw_queue_points(&more, 103999), 0); /* rounded down */
    assert_int_equal(bw_queue_points(&more, 104000), 1);
    assert_int_equal(bw_queue_points(&more, 300000), 50);
    assert_int_equal(bw_queue_points(&more, 500000), 100);
    assert_int_equal(bw_queue_points(&more, 60000000), 100);
    assert_int_equal(bw_queue_points(&less, 2000000), 0);
    assert_int_equal(bw_queue_points(&less, 1000000), 0);
    assert_int_equal(bw_queue_points(&less, 990001), 0);
    assert_int_equal(bw_queue_points(&less, 250000), 75);
    assert_int_equal(bw_queue_points(&less, 0), 100);
}

static void schools_by_need(void **state)
{
    struct world *x = *state;

    make(x, (struct bw_queue_ask){.below = BW_ROOM_NONE, .sort = BW_QUEUE_BY_SCORE});
    /* teal's box is a place, too; cedar has none */
    assert_int_equal(x->q.n, 4);
    assert_int_equal(x->q.n_ranked, 3);
    const struct bw_queue_row *ash = &x->q.rows[0];
    assert_int_equal(ash->entity, ASH);
    assert_int_equal(ash->site, 0);
    assert_part(ash, BW_QUEUE_FULL, 125000, 50, 50 * 35);
    assert_part(ash, BW_QUEUE_STUDENTS, 250000, 75, 75 * 30);
    assert_part(ash, BW_QUEUE_OUTAGE, 3601, 25, 25 * 20);
    assert_part(ash, BW_QUEUE_LATENCY, 300000, 50, 50 * 15);
    assert_int_equal(ash->score, 1750 + 2250 + 500 + 750);
    assert_int_equal(ash->known_weight, 100);
    assert_int_equal(bw_queue_score_most(ash), 5250);
    assert_false(ash->small);
    assert_int_equal(bw_queue_row_rural(ash), 1); /* as its district */
    /* beech and teal have no points; by name */
    const struct bw_queue_row *beech = &x->q.rows[1];
    assert_int_equal(beech->entity, BEECH);
    assert_int_equal(beech->score, 0);
    assert_true(beech->small); /* 199 of fewer than 200 */
    assert_int_equal(bw_queue_row_rural(beech), 0);
    const struct bw_queue_row *teal = &x->q.rows[2];
    assert_int_equal(teal->entity, BW_ROOM_NONE);
    assert_int_equal(teal->site, 3);
    assert_string_equal(bw_queue_row_name(&x->room, teal), "s-ddddd");
    assert_int_equal(teal->part[BW_QUEUE_STUDENTS].why, BW_QUEUE_NO_STUDENTS);
    assert_int_equal(teal->part[BW_QUEUE_STUDENTS].value, BW_UNKNOWN);
    assert_int_equal(teal->part[BW_QUEUE_STUDENTS].weighted, 0);
    assert_int_equal(teal->known_weight, 70);
    assert_int_equal(bw_queue_score_most(teal), 3000);
    assert_false(teal->small); /* nobody says */
    assert_int_equal(bw_queue_row_rural(teal), -1);
    const struct bw_queue_row *cedar = &x->q.rows[3];
    assert_int_equal(cedar->entity, CEDAR);
    assert_int_equal(cedar->known_weight, 0);
    assert_int_equal(cedar->part[BW_QUEUE_FULL].why, BW_QUEUE_NO_BOX);
}

static void districts_sum_their_places(void **state)
{
    struct world *x = *state;

    make(x, (struct bw_queue_ask){
                .districts = true, .below = BW_ROOM_NONE, .sort = BW_QUEUE_BY_SCORE});
    assert_int_equal(x->q.n, 2);
    assert_int_equal(x->q.n_ranked, 2);
    const struct bw_queue_row *heron = &x->q.rows[0];
    assert_int_equal(heron->entity, HERON);
    /* 18,000 of 288,000 s; 1.1 Gbit/s for 599; 3,601 s at two places; 340 ms at two */
    assert_part(heron, BW_QUEUE_FULL, 62500, 25, 25 * 35);
    assert_part(heron, BW_QUEUE_STUDENTS, 1836393, 0, 0);
    assert_part(heron, BW_QUEUE_OUTAGE, 1800, 12, 12 * 20);
    assert_part(heron, BW_QUEUE_LATENCY, 170000, 17, 17 * 15);
    assert_int_equal(heron->score, 875 + 0 + 240 + 255);
    assert_int_equal(heron->part[BW_QUEUE_FULL].n_places, 3);
    assert_int_equal(heron->part[BW_QUEUE_FULL].n_known, 2);
    assert_int_equal(heron->students, BW_UNKNOWN); /* cedar's are not known */
    assert_false(heron->small);
    const struct bw_queue_row *teal = &x->q.rows[1];
    assert_int_equal(teal->part[BW_QUEUE_STUDENTS].why, BW_QUEUE_FEW_PLACES);
    assert_true(teal->small); /* 599 of fewer than 600 */
    /* without beech's records one of three is too few */
    x->circuits[2].has_merged = false;
    make(x, (struct bw_queue_ask){
                .districts = true, .below = HERON, .sort = BW_QUEUE_BY_SCORE});
    assert_int_equal(x->q.n, 1);
    assert_int_equal(x->q.n_ranked, 0);
    assert_int_equal(x->q.rows[0].part[BW_QUEUE_FULL].why, BW_QUEUE_FEW_PLACES);
    assert_int_equal(x->q.rows[0].part[BW_QUEUE_FULL].points, 0);
    assert_part(&x->q.rows[0], BW_QUEUE_STUDENTS, 1836393, 0, 0);
}

static void order_and_filter(void **state)
{
    struct world *x = *state;

    make(x, (struct bw_queue_ask){.below = BW_ROOM_NONE, .sort = BW_QUEUE_BY_NAME});
    assert_int_equal(x->q.rows[0].entity, ASH);
    assert_int_equal(x->q.rows[1].entity, BEECH);
    assert_int_equal(x->q.rows[2].site, 3);
    make(x, (struct bw_queue_ask){.below = BW_ROOM_NONE, .sort = BW_QUEUE_STUDENTS});
    assert_int_equal(x->q.rows[0].entity, ASH);
    assert_int_equal(x->q.rows[2].site, 3); /* not known stands behind 0 points */
    make(x, (struct bw_queue_ask){.below = TEAL, .sort = BW_QUEUE_BY_SCORE});
    assert_int_equal(x->q.n, 1);
    x->sites[3].entity = BW_ROOM_NONE;
    make(x, (struct bw_queue_ask){.below = TEAL, .sort = BW_QUEUE_BY_SCORE});
    assert_int_equal(x->q.n, 0);
    x->w.enough = 100;
    make(x, (struct bw_queue_ask){.below = BW_ROOM_NONE, .sort = BW_QUEUE_BY_SCORE});
    assert_int_equal(x->q.n, 4);
    assert_int_equal(x->q.n_ranked, 2); /* teal's 70 are not enough now */
}

static bool only_beech(const void *owner, uint32_t entity, uint32_t at)
{
    (void)owner;
    return entity == BEECH && at == BW_ROOM_NONE;
}

static void others_are_not_there(void **state)
{
    struct world *x = *state;

    make(x, (struct bw_queue_ask){.below = BW_ROOM_NONE, .sees = only_beech});
    assert_int_equal(x->q.n, 1);
    assert_int_equal(x->q.rows[0].entity, BEECH);
    make(x, (struct bw_queue_ask){
                .below = BW_ROOM_NONE, .districts = true, .sees = only_beech});
    assert_int_equal(x->q.n, 0);
}

/* What a place does not know, each for its own reason. */
static void unknown_is_never_zero(void **state)
{
    struct world *x = *state;
    struct bw_room_circuit *c = &x->circuits[0];
    struct bw_room_day *d = &c->merged;
    struct bw_queue_row row;
    const uint32_t both[] = {0, 1};
    const struct {
        int64_t *what;
        int64_t v;
        enum bw_queue_part p;
        enum bw_queue_why why;
    } cases[] = {
        {&d->way[BW_DOWN].full_of_s, 35999, BW_QUEUE_FULL, BW_QUEUE_TOO_SHORT},
        {&d->way[BW_DOWN].full_of_s, BW_UNKNOWN, BW_QUEUE_FULL, BW_QUEUE_NOT_COUNTED},
        {&d->way[BW_DOWN].claim_bps, BW_UNKNOWN, BW_QUEUE_FULL, BW_QUEUE_NO_CLAIM},
        {&c->students, 0, BW_QUEUE_STUDENTS, BW_QUEUE_NO_STUDENTS},
        {&c->claim.bps[BW_DOWN], BW_UNKNOWN, BW_QUEUE_STUDENTS, BW_QUEUE_NO_CLAIM},
        {&d->outage_class_ms, BW_UNKNOWN, BW_QUEUE_OUTAGE, BW_QUEUE_NOT_WATCHED},
        {&d->watched_s, DAYS28 / 2 - 1, BW_QUEUE_OUTAGE, BW_QUEUE_NOT_WATCHED},
        {&d->class_s, 35999, BW_QUEUE_OUTAGE, BW_QUEUE_TOO_SHORT},
        {&d->way[BW_UP].loaded_p50_us, BW_UNKNOWN, BW_QUEUE_LATENCY, BW_QUEUE_NO_LOAD},
    };

    d->way[BW_UP].full_s = BW_UNKNOWN; /* one direction tells */
    d->way[BW_UP].full_of_s = BW_UNKNOWN;
    d->way[BW_UP].claim_bps = BW_UNKNOWN;
    d->way[BW_DOWN].loaded_p50_us = BW_UNKNOWN;
    bw_queue_place(&x->room, both, 1, &x->w, &row);
    assert_int_equal(row.score, 5250);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t was = *cases[i].what;
        int64_t full = d->way[BW_DOWN].full_s;
        *cases[i].what = cases[i].v;
        if (cases[i].p == BW_QUEUE_FULL) {
            d->way[BW_DOWN].full_s = cases[i].v == 35999 ? 35999 : BW_UNKNOWN;
            d->way[BW_DOWN].full_of_s = cases[i].v;
        }
        bw_queue_place(&x->room, both, 1, &x->w, &row);
        const struct bw_queue_value *v = &row.part[cases[i].p];
        if (v->why != cases[i].why || v->points != 0 || v->value != BW_UNKNOWN) {
            fail_msg("case %zu: %s", i, bw_queue_why_name(v->why));
        }
        d->way[BW_DOWN].full_s = full;
        d->way[BW_DOWN].full_of_s = 144000;
        *cases[i].what = was;
    }
    /* two lines: which is for bad days is on no file, unless one is enough alone */
    (void)line(x, 1, 0, 300000000, 1, 0);
    bw_queue_place(&x->room, both, 2, &x->w, &row);
    assert_int_equal(row.part[BW_QUEUE_STUDENTS].why, BW_QUEUE_MANY_LINES);
    assert_int_equal(row.part[BW_QUEUE_FULL].circuit, 0); /* the fuller one */
    assert_int_equal(row.part[BW_QUEUE_OUTAGE].num, 3601);
    (void)line(x, 1, 0, 400000000, 1, 0);
    bw_queue_place(&x->room, both, 2, &x->w, &row);
    assert_part(&row, BW_QUEUE_STUDENTS, 1000000, 0, 0);
    assert_int_equal(row.part[BW_QUEUE_STUDENTS].circuit, 1);
}

static void weights_are_a_hundred_together(void **state)
{
    struct world *x = *state;
    struct bw_err err = {""};

    assert_int_equal(bw_queue_weights_check(&x->w, &err), 0);
    x->w.part[BW_QUEUE_FULL].weight = 36;
    assert_int_equal(bw_queue_weights_check(&x->w, &err), -EINVAL);
    assert_string_equal(err.text, "the weights are 101 together, and have to be 100");
    x->w.part[BW_QUEUE_FULL].weight = 35;
    x->w.part[BW_QUEUE_LATENCY].target = 500000;
    assert_int_equal(bw_queue_weights_check(&x->w, &err), -EINVAL);
    assert_int_equal(bw_queue_part_parse("students", 8), BW_QUEUE_STUDENTS);
    assert_int_equal(bw_queue_part_parse("student", 7), BW_QUEUE_PARTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_lie_between_target_and_limit),
        cmocka_unit_test_setup_teardown(schools_by_need, begin, end),
        cmocka_unit_test_setup_teardown(districts_sum_their_places, begin, end),
        cmocka_unit_test_setup_teardown(order_and_filter, begin, end),
        cmocka_unit_test_setup_teardown(others_are_not_there, begin, end),
        cmocka_unit_test_setup_teardown(unknown_is_never_zero, begin, end),
        cmocka_unit_test_setup_teardown(weights_are_a_hundred_together, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

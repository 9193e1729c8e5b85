/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_room.c - a room made of few entities, sites and circuits: their order, what is below
 * what, who is counted where, and when a spell began and ended. By hand. */
#include "known_private.h"
#include "roomkeeper_private.h"

#include "bw_test.h"

#include <bw/err.h>
#include <finding.h>
#include <model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By id, as the catalogue's list is. Two go round in a circle; one names a parent that is
 * not there. */
static struct bw_entity entities[] = {
    {.id = "ash", .name = "Ash School", .kind = BW_ENTITY_SCHOOL, .parent = "heron"},
    {.id = "beech", .name = "Beech School", .kind = BW_ENTITY_SCHOOL, .parent = "heron"},
    {.id = "circle-a", .name = "A", .kind = BW_ENTITY_REGION, .parent = "circle-b"},
    {.id = "circle-b", .name = "B", .kind = BW_ENTITY_REGION, .parent = "circle-a"},
    {.id = "heron", .name = "Heron Lake", .kind = BW_ENTITY_DISTRICT, .parent = "north"},
    {.id = "north", .name = "North", .kind = BW_ENTITY_REGION, .parent = "rivers"},
    {.id = "orphan", .name = "Orphan", .kind = BW_ENTITY_DISTRICT, .parent = "nowhere"},
    {.id = "rivers", .name = "State of Rivers", .kind = BW_ENTITY_STATE, .parent = ""},
    {.id = "teal", .name = "Teal Creek", .kind = BW_ENTITY_DISTRICT, .parent = "north"},
};
enum {
    N_ENTITIES = sizeof(entities) / sizeof(entities[0])
};

static struct bw_known_site known_sites[] = {
    {.site =
         {.id = "s-aaaaa", .entity = "beech", .name = "Beech", .state = BW_SITE_ENROLLED}},
    {.site = {.id = "s-bbbbb", .entity = "ash", .name = "Ash", .state = BW_SITE_ENROLLED}},
    {.site =
         {.id = "s-ddddd", .entity = "teal", .name = "Teal", .state = BW_SITE_EXPECTED}},
};

struct world {
    struct bw_known known;
    struct bw_roomkeeper k;
    struct keep_site site[4];
    struct keep_site *sites[4];
    struct keep_circuit circuit[4];
    struct keep_circuit *circuits[4];
    struct bw_room *room;
};

static const struct bw_room_spell never = {BW_UNKNOWN, BW_UNKNOWN};

static void
add_circuit(struct world *w, int i, const char *site, const char *name, int64_t students)
{
    struct keep_circuit *c = &w->circuit[i];

    (void)snprintf(c->site_id, sizeof(c->site_id), "%s", site);
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    bw_circuit_summary_init(&c->facts);
    bw_room_day_init(&c->today);
    bw_room_day_init(&c->yesterday);
    bw_room_day_init(&c->merged);
    c->students = students;
    c->month = BW_UNKNOWN;
    for (int s = 0; s < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; s++) {
        c->spell[s] = never;
    }
    w->circuits[i] = c;
}

static int begin(void **state)
{
    static const char *const ids[] = {"s-aaaaa", "s-bbbbb", "s-ccccc", "s-ddddd"};
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->known = (struct bw_known){.entities = entities,
                                 .n_entities = N_ENTITIES,
                                 .sites = known_sites,
                                 .n_sites = sizeof(known_sites) / sizeof(known_sites[0])};
    for (int i = 0; i < 4; i++) { /* s-ccccc is in no catalogue */
        (void)snprintf(w->site[i].id, sizeof(w->site[i].id), "%s", ids[i]);
        w->sites[i] = &w->site[i];
        for (int s = 0; s < BW_ROOM_BELOW; s++) {
            w->site[i].spell[s] = never;
        }
    }
    add_circuit(w, 0, "s-aaaaa", "fiber", 300);
    add_circuit(w, 1, "s-aaaaa", "lte", 280);
    add_circuit(w, 2, "s-bbbbb", "wan", BW_UNKNOWN);
    add_circuit(w, 3, "s-ddddd", "wan", 700);
    w->circuit[0].facts.flow[BW_DOWN].bytes = 7500000;
    w->circuit[0].facts.covered_s = 300;
    w->circuit[3].spell[BW_ROOM_FULL - BW_ROOM_BELOW].since_unix_s = 50;
    w->k = (struct bw_roomkeeper){.known = &w->known,
                                  .sites = w->sites,
                                  .n_sites = 4,
                                  .circuits = w->circuits,
                                  .n_circuits = 4};
    w->room = bw_keep_make(&w->k);
    assert_non_null(w->room);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    bw_keep_room_free(w->room);
    free(w);
    return 0;
}

static const struct bw_room_entity *entity(const struct bw_room *r, const char *id)
{
    uint32_t i = bw_room_entity_find(r, id);
    assert_int_not_equal(i, BW_ROOM_NONE);
    assert_string_equal(r->entities[i].id, id);
    return &r->entities[i];
}

static void what_is_below_stands_behind(void **state)
{
    /* children by id, depth first; what has no way up to a top is a top itself */
    static const char *const order[N_ENTITIES] = {"circle-a", "circle-b", "orphan",
                                                  "rivers",   "north",    "heron",
                                                  "ash",      "beech",    "teal"};
    const struct bw_room *r = ((struct world *)*state)->room;

    assert_int_equal(r->n_entities, N_ENTITIES);
    for (size_t i = 0; i < N_ENTITIES; i++) {
        assert_string_equal(r->entities[i].id, order[i]);
    }
    assert_int_equal(entity(r, "rivers")->end, 9);
    assert_int_equal(entity(r, "heron")->end, 8);
    assert_int_equal(entity(r, "teal")->end, 9);
    assert_int_equal(entity(r, "orphan")->end, 3);
    assert_string_equal(entity(r, "beech")->path, "/rivers/north/heron/beech");
    assert_true(
        bw_room_below(r, bw_room_entity_find(r, "ash"), bw_room_entity_find(r, "north")));
    assert_true(
        bw_room_below(r, bw_room_entity_find(r, "ash"), bw_room_entity_find(r, "ash")));
    assert_false(
        bw_room_below(r, bw_room_entity_find(r, "teal"), bw_room_entity_find(r, "heron")));
    assert_false(bw_room_below(r, BW_ROOM_NONE, bw_room_entity_find(r, "rivers")));
    assert_int_equal(bw_room_entity_find(r, "elsewhere"), BW_ROOM_NONE);
}

static void sites_and_circuits_follow(void **state)
{
    static const char *const order[] = {"s-bbbbb", "s-aaaaa", "s-ddddd", "s-ccccc"};
    const struct bw_room *r = ((struct world *)*state)->room;
    const struct bw_room_entity *heron = entity(r, "heron");

    assert_int_equal(r->n_sites, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(r->sites[i].id, order[i]);
        assert_int_equal(bw_room_site_find(r, order[i]), i);
    }
    assert_int_equal(r->sites[3].entity, BW_ROOM_NONE);
    assert_int_equal(heron->first_site, 0);
    assert_int_equal(heron->end_site, 2);
    assert_int_equal(heron->first_circuit, 0);
    assert_int_equal(heron->end_circuit, 3);
    assert_int_equal(entity(r, "rivers")->end_circuit, 4);
    assert_int_equal(entity(r, "orphan")->first_site, entity(r, "orphan")->end_site);
    assert_int_equal(entity(r, "orphan")->first_circuit, entity(r, "orphan")->end_circuit);
    uint32_t lte = bw_room_circuit_find(r, "s-aaaaa.lte");
    assert_int_equal(lte, 2);
    assert_string_equal(r->sites[r->circuits[lte].site].id, "s-aaaaa");
    assert_int_equal(bw_room_circuit_find(r, "s-aaaaa.wan"), BW_ROOM_NONE);
    assert_int_equal(bw_room_circuit_find(r, "s-aaaaa"), BW_ROOM_NONE);
    assert_int_equal(r->circuits[1].now_bps[BW_DOWN], 200000); /* 7.5 MB in 300 s */
    assert_int_equal(r->circuits[1].now_bps[BW_UP], BW_UNKNOWN);
    assert_false(r->circuits[1].has_today);
}

static void students_are_counted_once(void **state)
{
    const struct bw_room *r = ((struct world *)*state)->room;

    /* the same pupils use both lines: the larger figure; of Ash nobody tells */
    assert_int_equal(entity(r, "beech")->students, 300);
    assert_int_equal(entity(r, "ash")->students, BW_UNKNOWN);
    assert_int_equal(entity(r, "heron")->students, 300);
    assert_int_equal(entity(r, "heron")->n_students_unknown, 1);
    assert_int_equal(entity(r, "north")->students, 1000);
    assert_int_equal(entity(r, "orphan")->students, BW_UNKNOWN);
}

static void spells(void **state)
{
    const struct bw_room *r = ((struct world *)*state)->room;
    const struct bw_room_circuit *teal = &r->circuits[3];
    const struct bw_room_spell over = {.since_unix_s = 100, .until_unix_s = 200};
    const struct bw_room_spell event = {.since_unix_s = 100, .until_unix_s = 100};

    assert_int_equal(bw_room_circuit_spell(r, teal, BW_ROOM_FULL)->since_unix_s, 50);
    assert_int_equal(bw_room_circuit_spell(r, teal, BW_ROOM_SILENT)->since_unix_s,
                     BW_UNKNOWN);
    assert_false(bw_room_spell_on(&never));
    assert_false(bw_room_spell_began(&never, 0));
    assert_false(bw_room_spell_ended(&never, 0));
    struct bw_room_spell on = {.since_unix_s = 50, .until_unix_s = BW_UNKNOWN};
    assert_true(bw_room_spell_on(&on));
    assert_true(bw_room_spell_on_at(&on, 50));
    assert_false(bw_room_spell_on_at(&on, 49));
    assert_true(bw_room_spell_began(&on, 50));
    assert_false(bw_room_spell_began(&on, 51));
    assert_false(bw_room_spell_on(&over));
    assert_true(bw_room_spell_on_at(&over, 199));
    assert_false(bw_room_spell_on_at(&over, 200));
    assert_true(bw_room_spell_ended(&over, 200));
    assert_false(bw_room_spell_ended(&over, 201));
    assert_false(bw_room_spell_began(&over, 0)); /* it is over: it ended */
    assert_true(bw_room_spell_began(&event, 100));
    assert_false(bw_room_spell_ended(&event, 0));
}

/* ---- what begins and ends */

static const struct bw_room_spell *
site_spell(struct world *w, int i, enum bw_room_condition c)
{
    return &w->site[i].spell[c];
}

static const struct bw_room_spell *
circuit_spell(struct world *w, int i, enum bw_room_condition c)
{
    return &w->circuit[i].spell[c - BW_ROOM_BELOW];
}

static void look(struct world *w, int64_t now_s)
{
    struct bw_err err;

    w->k.now_unix_ms = now_s * 1000;
    assert_int_equal(bw_keep_spells(&w->k, &err), 0);
}

static void silence_and_clocks(struct world *w)
{
    struct bw_site_row *row = &w->site[0].row;

    *row = (struct bw_site_row){
        .freshness = BW_FRESH, .last_received_unix_ms = 9000000, .last_end_unix_s = 8990};
    look(w, 9010);
    assert_false(bw_room_spell_on(site_spell(w, 0, BW_ROOM_SILENT)));
    row->freshness = BW_SILENT;
    look(w, 12000);
    assert_true(bw_room_spell_on(site_spell(w, 0, BW_ROOM_SILENT)));
    assert_int_equal(site_spell(w, 0, BW_ROOM_SILENT)->since_unix_s, 9000); /* last heard */
    row->freshness = BW_FRESH;
    row->last_received_unix_ms = 20000000;
    row->last_end_unix_s = 19990;
    row->clock_bad = true;
    w->circuit[0].today.n_records = 1;
    w->circuit[0].today.from_unix_s = 10000;
    w->circuit[0].today.unsynced_since_unix_s = 19000;
    look(w, 20010);
    assert_int_equal(site_spell(w, 0, BW_ROOM_SILENT)->until_unix_s, 20000);
    assert_true(bw_room_spell_ended(site_spell(w, 0, BW_ROOM_SILENT), 20000));
    assert_int_equal(site_spell(w, 0, BW_ROOM_CLOCK)->since_unix_s, 19000);
    row->clock_bad = false;
    row->last_end_unix_s = 20300;
    look(w, 20310);
    assert_int_equal(site_spell(w, 0, BW_ROOM_CLOCK)->until_unix_s, 20300);
    /* taken out of service it is not silent */
    row->freshness = BW_SILENT;
    look(w, 30000);
    row->freshness = BW_RETIRED;
    look(w, 30001);
    assert_int_equal(site_spell(w, 0, BW_ROOM_SILENT)->until_unix_s, 30001);
}

static void claims_forks_and_risk(struct world *w)
{
    struct bw_report_claim claims[] = {
        {.from_unix_s = BW_UNKNOWN, .to_unix_s = BW_UNKNOWN, .bps = {100, 10}}};
    struct keep_circuit *c = &w->circuit[2];

    c->asked = true;
    c->claims = claims;
    c->n_claims = 1;
    c->merged_day = 1;
    look(w, 1000000);
    assert_int_equal(circuit_spell(w, 2, BW_ROOM_CLAIM)->since_unix_s, BW_UNKNOWN);
    claims[0].bps[BW_UP] = 20;
    look(w, 1000300); /* filed now, whatever its first day */
    assert_int_equal(circuit_spell(w, 2, BW_ROOM_CLAIM)->since_unix_s, 1000300);
    look(w, 1000600);
    assert_int_equal(circuit_spell(w, 2, BW_ROOM_CLAIM)->since_unix_s, 1000300);
    assert_true(bw_room_spell_began(circuit_spell(w, 2, BW_ROOM_CLAIM), 1000300));
    assert_false(bw_room_spell_on(circuit_spell(w, 2, BW_ROOM_AT_RISK)));
    c->risk.made_unix_s = 1000700;
    (void)snprintf(c->risk.rule, sizeof(c->risk.rule), "oak/capacity");
    look(w, 1000900);
    assert_int_equal(circuit_spell(w, 2, BW_ROOM_AT_RISK)->since_unix_s, 1000700);
    w->site[1].fork_unix_s = 1000100;
    look(w, 1001000);
    assert_int_equal(site_spell(w, 1, BW_ROOM_CLONED)->since_unix_s, 1000100);
    assert_false(bw_room_spell_on(site_spell(w, 1, BW_ROOM_CLONED))); /* an event */
    c->claims = NULL;
    c->n_claims = 0;
}

static void what_begins_ends_and_is_kept(void **state)
{
    struct world *w = *state;
    char folder[] = "/tmp/bw-spells-XXXXXX";
    char path[64];
    struct bw_err err;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/room.db", folder);
    assert_int_equal(bw_roomstore_open(path, &w->k.store, NULL, &err), 0);
    for (int i = 0; i < 4; i++) {
        w->site[i].row = (struct bw_site_row){.freshness = BW_NEVER,
                                              .last_received_unix_ms = BW_UNKNOWN};
        w->site[i].fork_unix_s = BW_UNKNOWN;
        w->circuit[i].site = bw_keep_site(&w->k, w->circuit[i].site_id);
        w->circuit[i].merged_day = BW_UNKNOWN;
    }
    known_sites[0].moved_unix_s = known_sites[1].moved_unix_s =
        known_sites[2].moved_unix_s = BW_UNKNOWN;
    silence_and_clocks(w);
    claims_forks_and_risk(w);
    /* and so they are found again */
    w->site[0].spell[BW_ROOM_SILENT] = never;
    w->circuit[2].spell[BW_ROOM_AT_RISK - BW_ROOM_BELOW] = never;
    assert_int_equal(bw_keep_load_spells(&w->k, &err), 0);
    assert_int_equal(site_spell(w, 0, BW_ROOM_SILENT)->until_unix_s, 30001);
    assert_int_equal(circuit_spell(w, 2, BW_ROOM_AT_RISK)->since_unix_s, 1000700);
    bw_roomstore_close(w->k.store);
    bw_server_hours_free(w->k.server_hours);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/room.db.lock", folder);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- evidence at risk */

static struct bw_finding_part few = {
    .outcome = BW_OUTCOME_NOT_ENOUGH,
    .unsure = BW_UNSURE_TOO_FEW,
    .counts = {.wanted = 168, .counted = 12, .deferred = 40}};
static struct bw_finding_part most = {.outcome = BW_OUTCOME_NOT_ENOUGH,
                                      .unsure = BW_UNSURE_TOO_FEW,
                                      .counts = {.wanted = 10, .counted = 9}};
static struct bw_finding_part good = {.outcome = BW_OUTCOME_SHOW};

static struct bw_finding finding(const char *id,
                                 bool governs,
                                 enum bw_evrule_kind kind,
                                 struct bw_finding_part *part)
{
    struct bw_finding f = {.governs = governs,
                           .kind = kind,
                           .outcome = part->outcome,
                           .unsure = part->unsure,
                           .parts = part,
                           .n_parts = 1};
    (void)snprintf(f.id, sizeof(f.id), "%s", id);
    return f;
}

static void what_is_at_risk(void **state)
{
    struct bw_finding list[3];
    struct bw_report r = {.findings = {.list = list, .n = 3}};
    struct bw_roomstore_risk k;
    struct bw_tz *tz = NULL;
    struct bw_err err;
    (void)state;

    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    r.tz = tz;
    /* of those that govern the one that is furthest from enough; others are not asked */
    list[0] = finding("pine/capacity", true, BW_EVRULE_CAPACITY, &most);
    list[1] = finding("oak/capacity", true, BW_EVRULE_CAPACITY, &few);
    list[2] = finding("elm/use", false, BW_EVRULE_USE, &few);
    bw_keep_risk(&r, 1793577600 /* 2026-11-02 */, &k);
    assert_string_equal(k.rule, "oak/capacity");
    assert_string_equal(k.words, bw_unsure_words(BW_UNSURE_TOO_FEW));
    assert_int_equal(k.governs, 1);
    assert_int_equal(k.n_rules, 2);
    assert_int_equal(k.wanted, 168);
    assert_int_equal(k.counted, 12);
    assert_int_equal(k.deferred, 40);
    assert_int_equal(k.by_unix_s, 1814400000); /* 2027-07-01 */
    /* one that governs and has enough: nothing is at risk, whatever others say */
    list[0] = finding("pine/capacity", true, BW_EVRULE_CAPACITY, &good);
    r.findings.n = 1;
    bw_keep_risk(&r, 1793577600, &k);
    assert_string_equal(k.rule, "");
    r.findings.n = 3;
    list[1] = finding("oak/capacity", false, BW_EVRULE_CAPACITY, &few);
    bw_keep_risk(&r, 1793577600, &k);
    assert_string_equal(k.rule, "");
    /* none governs: those about use, for comparison; a month that runs is no lack */
    list[0] = finding("pine/capacity", false, BW_EVRULE_CAPACITY, &few);
    bw_keep_risk(&r, 1793577600, &k);
    assert_string_equal(k.rule, "elm/use");
    assert_int_equal(k.governs, 0);
    list[2].unsure = BW_UNSURE_RUNNING;
    bw_keep_risk(&r, 1793577600, &k);
    assert_string_equal(k.rule, "");
    /* without a record nothing could be judged */
    bw_keep_risk(NULL, 1793577600, &k);
    assert_string_equal(k.words, "there is no record of the last 28 days");
    assert_int_equal(k.n_rules, 0);
    bw_tz_free(tz);
}

/* Whole months: due as they end, again when a record comes for one, until they are old. */
static void months_are_due_until_they_are_folded(void **state)
{
    struct keep_site site = {.id = "s-elm00"};
    struct keep_circuit c = {.site = &site, .month = BW_UNKNOWN};
    struct bw_room_month m = {.n_days = 20};
    struct bw_tz *tz = NULL;
    struct bw_err err = {.text = ""};

    (void)state;
    assert_int_equal(bw_tz_load("UTC", &tz, &err), 0);
    site.zone = tz;
    c.day = 20772;                        /* 2026-11-15 */
    c.first_start_unix_s = 20697 * 86400; /* 2026-09-01 */
    c.filled_from_day = c.day + 1;
    bw_keep_months_place(&c);
    assert_int_equal(c.month, 2026 * 12 + 10);
    assert_int_equal(bw_keep_month_day(c.month), 20758); /* its first */
    assert_int_equal(bw_keep_months_reach(&c), 6);       /* October and September */
    assert_int_equal(bw_keep_months_next(&c), c.month - 1);
    c.months_due &= ~2U;
    assert_int_equal(bw_keep_months_next(&c), c.month - 2);
    c.months_due &= ~4U;
    assert_int_equal(bw_keep_months_next(&c), BW_UNKNOWN);
    bw_keep_months_mark(&c, 20758); /* this month's own */
    assert_int_equal(bw_keep_months_next(&c), BW_UNKNOWN);
    bw_keep_months_mark(&c, 20697);
    assert_int_equal(bw_keep_months_next(&c), c.month - 2);
    c.day = 20788; /* 2026-12-01: November is over, September waits still */
    bw_keep_months_place(&c);
    assert_int_equal(bw_keep_months_reach(&c), 2 + 8);
    /* in memory: by month, each once, none without days */
    for (int i = 0; i < 3; i++) {
        static const int order[] = {3, 1, 2};
        m.month = (int32_t)c.month - order[i];
        m.n_compared = order[i];
        bw_keep_months_put(&c, &m);
        bw_keep_months_put(&c, &m);
    }
    assert_int_equal(c.n_months, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(c.months[i].n_compared, 3 - i);
    }
    m.month = (int32_t)c.month - 2;
    m.n_days = 0;
    bw_keep_months_put(&c, &m);
    assert_int_equal(c.n_months, 2);
    assert_int_equal(c.months[1].n_compared, 1);
    /* twelve are kept: in October 2027 November is the oldest but one */
    c.day = 21122;
    bw_keep_months_place(&c);
    assert_int_equal(c.month, 2027 * 12 + 9);
    assert_int_equal(c.n_months, 1);
    assert_int_equal(c.months[0].month, 2026 * 12 + 10);
    c.day += 61;
    bw_keep_months_place(&c);
    assert_int_equal(c.n_months, 0);
    assert_int_equal(bw_keep_months_next(&c), c.month - 1);
    bw_tz_free(tz);
}

/* Locales are of numbers; an entity of the list has the number that its id ends in. */
static void locales_are_of_the_number_at_the_end(void **state)
{
    struct bw_known_locale list[] = {{.number = "123456", .code = 41, .position = 3},
                                     {.number = "123456", .code = 32, .position = 9},
                                     {.number = "9000", .code = 11, .position = 1}};
    const struct bw_known k = {.locales = list, .n_locales = 3};
    struct bw_room_entity e[] = {
        {.kind = BW_ENTITY_STATE, .parent = BW_ROOM_NONE, .locale = 11},
        {.kind = BW_ENTITY_DISTRICT, .parent = 0, .locale = 43},
        {.kind = BW_ENTITY_SCHOOL, .parent = 1, .locale = 21},
        {.kind = BW_ENTITY_SCHOOL, .parent = 1},
        {.kind = BW_ENTITY_DISTRICT, .parent = 0}};
    const struct bw_room r = {.entities = e, .n_entities = 5};

    (void)state;
    assert_int_equal(bw_known_locale(&k, "school-123456"), 32); /* said last */
    assert_int_equal(bw_known_locale(&k, "123456"), 32);
    assert_int_equal(bw_known_locale(&k, "d-9000"), 11);
    assert_int_equal(bw_known_locale(&k, "school-12345"), 0);
    assert_int_equal(bw_known_locale(&k, "school-123457"), 0);
    assert_int_equal(bw_known_locale(&k, "123456-east"), 0);
    assert_int_equal(bw_known_locale(&k, "ps-900"),
                     0); /* three digits are a school's name */
    assert_int_equal(bw_known_locale(&k, "elm"), 0);
    assert_int_equal(bw_room_locale(&r, 2), 21);
    assert_int_equal(bw_room_locale(&r, 3), 43); /* its district's */
    assert_int_equal(bw_room_locale(&r, 4), 0);  /* not its state's */
    assert_int_equal(bw_room_locale(&r, BW_ROOM_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_below_stands_behind),
        cmocka_unit_test(sites_and_circuits_follow),
        cmocka_unit_test(students_are_counted_once),
        cmocka_unit_test(spells),
        cmocka_unit_test(locales_are_of_the_number_at_the_end),
        cmocka_unit_test(what_is_at_risk),
        cmocka_unit_test(months_are_due_until_they_are_folded),
        cmocka_unit_test(what_begins_ends_and_is_kept),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * peers.c - a state by hand, for what compares. */
#include "peers.h"

#include "bw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line with everything on it: down of its claim, 90 % tested, half used. */
void peers_line(struct peers *x, size_t i, int64_t down_bps, int64_t students)
{
    struct bw_room_circuit *c = &x->circuits[i];
    struct bw_room_day *d = &c->merged;

    memset(c, 0, sizeof(*c));
    bw_room_day_init(d);
    c->name = "wan";
    c->site = (uint32_t)i;
    c->students = students;
    c->claim = (struct bw_room_claim){.has = true,
                                      .bps = {down_bps, down_bps},
                                      .origin = "",
                                      .frn_line = "",
                                      .provider = "Heron Fiber",
                                      .technology = "Fiber",
                                      .role = BW_ROOM_ROLE_INTERNET,
                                      .monthly_cents = 100000};
    c->has_merged = true;
    d->from_unix_s = 0;
    d->to_unix_s = PEERS_SPAN_S;
    d->watched_s = PEERS_SPAN_S;
    d->class_s = 144000;
    d->outage_class_ms = 60000;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        struct bw_room_way *w = &d->way[way];
        w->claim_bps = down_bps;
        w->full_s = 14400;
        w->full_of_s = 144000;
        w->class_share_ppm = way == BW_DOWN ? 500000 : 100000;
        w->median_bps = way == BW_DOWN ? down_bps / 10 * 9 : down_bps;
        w->n_compared = 3;
        w->loaded_p50_us = 80000;
    }
}

/* n districts of two schools each; every `regions`th into one region. */
void peers_build(struct peers *x, size_t n, size_t regions)
{
    size_t e = 0;
    size_t s = 0;

    bw_compare_done(&x->c);
    memset(x, 0, sizeof(*x));
    x->n_districts = n;
    for (size_t k = 0; k < PEERS_ENTITIES; k++) {
        (void)snprintf(x->names[k], sizeof(x->names[k]), "e-%03zu", k);
        x->entities[k] = (struct bw_room_entity){.id = x->names[k],
                                                 .name = x->names[k],
                                                 .parent = BW_ROOM_NONE,
                                                 .students = BW_UNKNOWN};
    }
    x->entities[e++].kind = BW_ENTITY_STATE;
    for (size_t r = 0; r < regions; r++) {
        size_t region = e++;
        x->entities[region].kind = BW_ENTITY_REGION;
        x->entities[region].parent = 0;
        x->entities[region].first_site = (uint32_t)s;
        for (size_t d = r; d < n; d += regions) {
            size_t district = e++;
            x->district[d] = (uint32_t)district;
            x->entities[district].kind = BW_ENTITY_DISTRICT;
            x->entities[district].parent = (uint32_t)region;
            x->entities[district].first_site = (uint32_t)s;
            for (int k = 0; k < PEERS_EACH; k++, s++) {
                size_t school = e++;
                x->school[d * PEERS_EACH + (size_t)k] = (uint32_t)s;
                x->entities[school].kind = BW_ENTITY_SCHOOL;
                x->entities[school].parent = (uint32_t)district;
                x->entities[school].end = (uint32_t)e;
                x->entities[school].first_site = (uint32_t)s;
                x->entities[school].end_site = (uint32_t)s + 1;
                (void)snprintf(x->boxes[s], sizeof(x->boxes[s]), "s-%04zu", s);
                x->sites[s] = (struct bw_room_site){.id = x->boxes[s],
                                                    .name = "",
                                                    .entity = (uint32_t)school,
                                                    .first_circuit = (uint32_t)s,
                                                    .end_circuit = (uint32_t)s + 1,
                                                    .freshness = BW_FRESH};
                peers_line(x, s, 100000000, 100);
            }
            x->entities[district].end = (uint32_t)e;
            x->entities[district].end_site = (uint32_t)s;
            x->entities[district].students = 200;
        }
        x->entities[region].end = (uint32_t)e;
        x->entities[region].end_site = (uint32_t)s;
    }
    x->entities[0].end = (uint32_t)e;
    x->entities[0].end_site = (uint32_t)s;
    x->room = (struct bw_room){.entities = x->entities,
                               .n_entities = e,
                               .sites = x->sites,
                               .n_sites = s,
                               .circuits = x->circuits,
                               .n_circuits = s};
    bw_queue_weights_usual(&x->w);
}

struct bw_room_circuit *peers_of(struct peers *x, size_t district, size_t school)
{
    return &x->circuits[x->school[district * PEERS_EACH + school]];
}

static bool sees(const void *owner, uint32_t entity, uint32_t site)
{
    const struct peers *x = owner;

    assert_int_equal(site, BW_ROOM_NONE);
    for (uint32_t d = x->seen_from; d < x->seen_to; d++) {
        uint32_t e = x->district[d];
        if (entity >= e && entity < x->entities[e].end) {
            return true;
        }
    }
    return false;
}

void peers_make(struct peers *x, bool districts, bool outsider)
{
    const struct bw_compare_ask ask = {.districts = districts,
                                       .target_bps = 1000000,
                                       .weights = &x->w,
                                       .sees = outsider ? sees : NULL,
                                       .owner = x};
    bw_compare_done(&x->c);
    assert_int_equal(bw_compare_make(&x->room, &ask, &x->c), 0);
}

struct bw_compare_set peers_everybody(void)
{
    return (struct bw_compare_set){.by = BW_COMPARE_ALL, .with = BW_COMPARE_ALL};
}

struct bw_compare_spread
peers_told(struct peers *x, struct bw_compare_set s, enum bw_compare_measure m)
{
    struct bw_compare_spread ret;

    assert_int_equal(bw_compare_spread(&x->c, &s, m, &ret), 0);
    return ret;
}

int peers_begin(void **state)
{
    *state = calloc(1, sizeof(struct peers));
    return *state ? 0 : -1;
}

int peers_end(void **state)
{
    struct peers *x = *state;

    bw_compare_done(&x->c);
    free(x);
    return 0;
}

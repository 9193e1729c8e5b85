/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pages.c - what pages say of circuits and entities of a room that stands here:
 * figures with their layer, and words where there is none. */
#include <buf.h>
#include <page_circuits.h>
#include <page_entity.h>
#include <page_scope.h>
#include <room.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    NOW_S = 1794204000 /* 2026-11-09T06:00:00Z */
};

struct world {
    struct bw_room_entity entities[3];
    struct bw_room_site site;
    struct bw_room_circuit circuit;
    struct bw_room room;
    struct bw_buf out;
};

static void spells(struct bw_room_spell *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s[i] = (struct bw_room_spell){BW_UNKNOWN, BW_UNKNOWN};
    }
}

/* State, district and school, one line of it; nothing is known of the line. */
static void begin(struct world *w)
{
    static const enum bw_entity_kind kinds[] = {BW_ENTITY_STATE, BW_ENTITY_DISTRICT,
                                                BW_ENTITY_SCHOOL};
    static const char *const names[] = {"State of Rivers", "Alder <b>Valley</b>", "Heron"};
    static const char *const ids[] = {"state", "d-1", "s 1"};
    memset(w, 0, sizeof(*w));
    for (uint32_t i = 0; i < 3; i++) {
        w->entities[i] = (struct bw_room_entity){.id = ids[i],
                                                 .name = names[i],
                                                 .kind = kinds[i],
                                                 .parent = i ? i - 1 : BW_ROOM_NONE,
                                                 .end = 3,
                                                 .end_site = 1,
                                                 .end_circuit = 1,
                                                 .students = BW_UNKNOWN};
    }
    w->site = (struct bw_room_site){.id = "s-alder",
                                    .name = "",
                                    .entity = 2,
                                    .end_circuit = 1,
                                    .freshness = BW_FRESH,
                                    .last_received_unix_ms = NOW_S * INT64_C(1000)};
    spells(w->site.spell, BW_ROOM_BELOW);
    struct bw_room_circuit *c = &w->circuit;
    c->name = "wan";
    c->source = BW_SOURCE_KERNEL;
    c->students = BW_UNKNOWN;
    c->now_bps[BW_DOWN] = BW_UNKNOWN;
    c->now_bps[BW_UP] = BW_UNKNOWN;
    spells(c->spell, BW_ROOM_CONDITIONS - BW_ROOM_BELOW);
    bw_room_day_init(&c->merged);
    bw_room_day_init(&c->today);
    w->room = (struct bw_room){.entities = w->entities,
                               .n_entities = 3,
                               .sites = &w->site,
                               .n_sites = 1,
                               .circuits = c,
                               .n_circuits = 1};
    bw_buf_init(&w->out, 65536);
}

static const char *circuits(struct world *w)
{
    bw_buf_clear(&w->out);
    bw_page_circuits(&w->out, &w->room, 0, 1, NOW_S);
    return w->out.data;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) {
        fail_msg("\"%s\" is not in: %s", words, text);
    }
}

static void test_nothing_known_is_said(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    assert_says(circuits(&w), "its days are not worked out yet");
    w.circuit.has_merged = true;
    assert_says(circuits(&w), "no claim on file");
    assert_says(circuits(&w), ">no test<");
    assert_says(circuits(&w), "not known: no class hours are known");
    assert_null(strstr(circuits(&w), ">0&nbsp;"));
    w.circuit.source = BW_SOURCE_NONE;
    assert_says(circuits(&w), "not known: nobody counts this line");
    w.circuit.source = BW_SOURCE_MIRROR;
    w.circuit.merged.flags = BW_ROOM_DAY_MIRROR;
    assert_says(circuits(&w), "a mirror port counts at least");
    bw_buf_done(&w.out);
}

static void test_figures_name_their_layer(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct bw_room_circuit *c = &w.circuit;
    c->claim = (struct bw_room_claim){.has = true,
                                      .bps = {500000000, 100000000},
                                      .layer = BW_LAYER_IP,
                                      .provider = "Tern & Co",
                                      .frn_line = ""};
    assert_says(circuits(&w), "500&nbsp;Mbit/s");
    assert_says(circuits(&w), "ip layer; <bdi>Tern &amp; Co</bdi>");
    assert_says(circuits(&w), "students not on file");
    c->students = 400;
    assert_says(circuits(&w), "1.25&nbsp;Mbit/s down for each of 400 students");
    c->has_merged = true;
    struct bw_room_day *d = &c->merged;
    d->day = 20738; /* 2026-10-12: 20,454 days to 2026, and 284 of that year */
    d->from_unix_s = 0;
    d->to_unix_s = 1000;
    d->recorded_s = 985;
    d->outage_ms = 180000;
    d->outage_class_ms = 0;
    d->layer = BW_LAYER_ETHERNET;
    d->claim_layer = BW_LAYER_IP;
    d->class_s = 100;
    d->way[BW_DOWN].n_wanted = 9;
    d->way[BW_DOWN].n_made = 8;
    d->way[BW_DOWN].n_ok = 7;
    d->way[BW_DOWN].median_bps = 484000000;
    d->way[BW_DOWN].peak_bps = 236000000;
    d->way[BW_DOWN].class_p95_bps = 212000000;
    d->way[BW_DOWN].class_share_ppm = 417900;
    assert_says(circuits(&w), "28 days from <time datetime=\"2026-10-12\">");
    assert_says(circuits(&w), "484&nbsp;Mbit/s <span class=\"small soft\">down");
    assert_says(circuits(&w), "not known <span class=\"small soft\">up");
    assert_says(circuits(&w), "down 7 good of 8 begun, up 0 of 0");
    assert_says(circuits(&w), "ethernet layer</div><div class=\"id\">down 41.7&nbsp;%");
    assert_says(circuits(&w), "98.5&nbsp;%");
    assert_says(circuits(&w), "outages 3&nbsp;min, in class hours 0&nbsp;s");
    bw_buf_done(&w.out);
}

static void test_entities_lead_to_their_pages(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    const struct bw_page_scope all = {.all = true, .room = &w.room};
    const struct bw_page_scope own = {.n = 1, .entities = {1}, .room = &w.room};
    bw_page_entity_path(&w.out, &all, 2);
    assert_string_equal(w.out.data,
                        " › <a href=\"/districts/state\"><bdi>State of Rivers</bdi></a> › "
                        "<a href=\"/districts/d-1\"><bdi>Alder &lt;b&gt;Valley&lt;/b&gt;"
                        "</bdi></a>");
    bw_buf_clear(&w.out);
    bw_page_entity_link(&w.out, &all, 2);
    assert_string_equal(w.out.data, "<a href=\"/schools/s%201\"><bdi>Heron</bdi></a>");
    bw_buf_clear(&w.out);
    bw_page_entity_path(&w.out, &own, 2);
    assert_string_equal(w.out.data, " › <bdi>State of Rivers</bdi> › "
                                    "<a href=\"/districts/d-1\"><bdi>Alder &lt;b&gt;Valley"
                                    "&lt;/b&gt;</bdi></a>");
    bw_buf_clear(&w.out);
    bw_page_entity_students(&w.out, &w.room, 1);
    assert_string_equal(w.out.data, "not on file");
    bw_buf_clear(&w.out);
    w.entities[1].students = 1204;
    w.entities[1].n_students_unknown = 1;
    bw_page_entity_students(&w.out, &w.room, 1);
    assert_string_equal(w.out.data, "1&#8239;204, and of 1 school not on file");
    bw_buf_done(&w.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known_is_said),
        cmocka_unit_test(test_figures_name_their_layer),
        cmocka_unit_test(test_entities_lead_to_their_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

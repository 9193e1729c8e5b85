/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_door.c - what roles may and see, who has to wait, what is told of it. The door
 * itself: tests/collector/test_door.py. */
#include "bw_test.h"
#include "store_chain.h"

#include <audit.h>
#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <collector_config.h>
#include <door.h>
#include <errno.h>
#include <hash.h>
#include <http.h>
#include <mask.h>
#include <people.h>
#include <stdio.h>
#include <string.h>
#include <throttle.h>
#include <viewer.h>

static void entity(struct bw_catalogue *c, const char *id, const char *parent)
{
    struct bw_entity e = {.kind = BW_ENTITY_DISTRICT, .from_unix_s = 1000};
    struct bw_err err = {""};
    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", id);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    assert_int_equal(c->ops->entity_add(c, &e, &err), 0);
}

static void site(struct bw_catalogue *c, const char *id, const char *of)
{
    struct bw_site s = {.state = BW_SITE_ENROLLED, .created_unix_s = 1000};
    struct bw_err err = {""};
    (void)snprintf(s.id, sizeof(s.id), "%s", id);
    (void)snprintf(s.entity, sizeof(s.entity), "%s", of);
    (void)snprintf(s.name, sizeof(s.name), "%s", id);
    assert_int_equal(c->ops->site_add(c, &s, &err), 0);
}

static struct bw_viewer viewer(struct bw_map *m, enum bw_role role, const char *entity)
{
    struct bw_viewer v = {.role = role, .map = m};
    if (entity) {
        v.n_scopes = 1;
        (void)snprintf(v.scopes[0], sizeof(v.scopes[0]), "%s", entity);
        v.places[0] = bw_map_entity(m, entity);
    }
    return v;
}

static void what_is_below_is_seen(void **state)
{
    char *folder = tmp_folder();
    char path[300];
    struct bw_catalogue *c = NULL;
    struct bw_map *m = NULL;
    struct bw_err err = {""};

    (void)state;
    assert_int_equal(bw_crypto_init(), 0);
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", folder);
    assert_int_equal(bw_catalogue_open(path, &c, &err), 0);
    entity(c, "river-agency", "");
    entity(c, "alder-valley", "river-agency");
    entity(c, "alder-high", "alder-valley");
    entity(c, "birch-creek", "river-agency");
    entity(c, "ash", "");
    entity(c, "elm", "ash");
    site(c, "s-aaaaa", "alder-high");
    site(c, "s-bbbbb", "birch-creek");
    site(c, "s-ccccc", "");
    site(c, "s-eeeee", "elm");
    assert_int_equal(bw_map_read(c, &m, &err), 0);

    const struct {
        enum bw_role role;
        const char *entity;
        const char *sees; /* of a, b, c, e */
    } rows[] = {{BW_ROLE_DISTRICT, "alder-valley", "a"},
                {BW_ROLE_DISTRICT, "alder-high", "a"},
                {BW_ROLE_AGENCY, "river-agency", "ab"},
                {BW_ROLE_COORDINATOR, "birch-creek", "b"},
                {BW_ROLE_DISTRICT, "ash", "e"},
                {BW_ROLE_DISTRICT, "no-such", ""},
                {BW_ROLE_VIEWER, NULL, "abce"},
                {BW_ROLE_ADMIN, NULL, "abce"},
                {BW_ROLE_DISTRICT, NULL, ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_viewer v = viewer(m, rows[i].role, rows[i].entity);
        for (const char *l = "abce"; *l; l++) {
            char id[BW_SITE_MAX + 1];
            char circuit[64];
            (void)snprintf(id, sizeof(id), "s-%c%c%c%c%c", *l, *l, *l, *l, *l);
            (void)snprintf(circuit, sizeof(circuit), "%s.wan", id);
            bool sees = strchr(rows[i].sees, *l) != NULL;
            assert_int_equal(bw_viewer_sees_site(&v, id), sees);
            assert_int_equal(bw_viewer_sees_circuit(&v, circuit), sees);
        }
    }
    struct bw_viewer v = viewer(m, BW_ROLE_DISTRICT, "alder-valley");
    static const char *const none[] = {"",
                                       "s-zzzzz",
                                       "s-aaaaa ",
                                       "S-AAAAA",
                                       "s-aaaa",
                                       "s-aaaaa.wan",
                                       "s-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(bw_viewer_sees_site(&v, none[i]));
        assert_false(bw_viewer_sees_entity(&v, none[i]));
    }
    assert_false(bw_viewer_sees_circuit(&v, "s-aaaaa"));
    assert_false(bw_viewer_sees_circuit(&v, "s-aaaaa/../s-bbbbb.wan"));
    assert_true(bw_viewer_sees_entity(&v, "alder-high"));
    assert_true(bw_viewer_sees_entity(&v, "alder-valley"));
    assert_false(bw_viewer_sees_entity(&v, "river-agency")); /* above */
    assert_false(bw_viewer_sees_entity(&v, "birch-creek"));
    assert_false(bw_viewer_sees_site(NULL, "s-aaaaa"));
    bw_map_drop(m);
    bw_catalogue_close(c);
    tmp_folder_drop(folder);
}

static void what_roles_may(void **state)
{
    const struct bw_viewer open = {.open = true};
    const struct {
        enum bw_role role;
        bool key;
        const char *may; /* view, records, state, say, admin, person */
    } rows[] = {{BW_ROLE_ADMIN, false, "111111"},       {BW_ROLE_VIEWER, false, "111001"},
                {BW_ROLE_AGENCY, false, "110101"},      {BW_ROLE_DISTRICT, false, "110101"},
                {BW_ROLE_COORDINATOR, false, "100001"}, {BW_ROLE_VIEWER, true, "111000"},
                {BW_ROLE_DISTRICT, true, "110000"},     {BW_ROLE_ADMIN, true, "111000"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct bw_viewer v = {.role = rows[i].role, .key = rows[i].key};
        for (int k = 0; k < 6; k++) {
            enum bw_need need = (enum bw_need)(BW_NEED_VIEW + k);
            assert_int_equal(bw_viewer_may(&v, need), rows[i].may[k] == '1');
            assert_int_equal(bw_viewer_may(&open, need), "111000"[k] == '1');
            assert_false(bw_viewer_may(NULL, need));
        }
        assert_false(bw_viewer_may(&v, (enum bw_need)0));
        assert_false(bw_viewer_may(&v, BW_NEED_LEVELS));
        assert_false(bw_viewer_may(&v, BW_NEED_SESSION)); /* it has none */
        struct bw_viewer in = v;
        in.session[31] = 1;
        assert_int_equal(bw_viewer_may(&in, BW_NEED_SESSION), !rows[i].key);
        in.outside = true; /* by a directory: no account, but a session */
        assert_int_equal(bw_viewer_may(&in, BW_NEED_SESSION), !rows[i].key);
        assert_false(bw_viewer_may(&in, BW_NEED_PERSON));
    }
    assert_false(bw_viewer_may(&open, BW_NEED_SESSION));
    assert_true(bw_viewer_may(NULL, BW_NEED_NOBODY));
}

static void a_route_says_what_it_takes(void **state)
{
    struct bw_err err = {""};
    struct bw_http_route routes[] = {{"GET", "/x/{}", BW_NEED_VIEW | BW_OF_SITE, 0, NULL},
                                     {NULL, NULL, 0, 0, NULL}};
    const unsigned bad[] = {0, BW_NEED_LEVELS, BW_NEED_VIEW | BW_OF, 0x1000 | BW_NEED_VIEW,
                            0xff};

    (void)state;
    assert_int_equal(bw_door_routes_check(routes, &err), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        routes[0].need = bad[i];
        assert_int_equal(bw_door_routes_check(routes, &err), -EINVAL);
    }
    routes[0].need = BW_NEED_VIEW | BW_OF_SITE;
    routes[0].pattern = "/x";
    assert_int_equal(bw_door_routes_check(routes, &err), -EINVAL);
}

static void who_tries_too_often_waits(void **state)
{
    struct bw_throttle *t = NULL;
    /* 5 free, then 30 s, twice as long each time, 15 min at most */
    static const int64_t waits[] = {0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900};

    (void)state;
    assert_int_equal(bw_crypto_init(), 0);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(bw_throttle_for(i, BW_THROTTLE_NAME_FREE), waits[i]);
    }
    assert_int_equal(bw_throttle_for(INT64_MAX / 2, 5), 900);
    assert_int_equal(bw_throttle_new(&t), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "wren", 1000), 0);
        bw_throttle_try(t, BW_THROTTLE_NAME, "wren", 1000);
    }
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "wren", 1000), 30);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "wren", 1029), 1);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "wren", 1030), 0);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "finch", 1000), 0);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_ADDRESS, "wren", 1000), 0);
    bw_throttle_good(t, BW_THROTTLE_NAME, "wren");
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_NAME, "wren", 1000), 0);
    /* of IPv6 the network counts; who comes by a socket has no address */
    for (unsigned i = 0; i < 20; i++) {
        char address[40];
        (void)snprintf(address, sizeof(address), "2001:db8::%x", i + 1);
        bw_throttle_try(t, BW_THROTTLE_ADDRESS, address, 1000);
        bw_throttle_try(t, BW_THROTTLE_ADDRESS, "unix", 1000);
    }
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_ADDRESS, "2001:db8::ffff", 1000), 30);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_ADDRESS, "2001:db8:0:1::1", 1000), 0);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_ADDRESS, "unix", 1000), 0);
    /* after an hour it is forgotten */
    bw_throttle_try(t, BW_THROTTLE_ADDRESS, "2001:db8::1", 1000 + 3601);
    assert_int_equal(bw_throttle_wait(t, BW_THROTTLE_ADDRESS, "2001:db8::1", 1000 + 3601),
                     0);
    bw_throttle_free(t);
}

static void strangers_words_stay_in_their_quotes(void **state)
{
    const struct bw_audit_event e = {.at_unix_ms = INT64_C(1789000000123),
                                     .event = "sign-in",
                                     .outcome = "refused",
                                     .who = "a\"]\\b\n<0>1",
                                     .from = "192.0.2.7"};
    struct bw_buf b;

    (void)state;
    bw_buf_init(&b, 4096);
    bw_audit_json(&e, &b);
    assert_string_equal(
        b.data, "{\"v\":1,\"at\":\"2026-09-10T00:26:40.123Z\",\"event\":\"sign-in\","
                "\"outcome\":\"refused\",\"who\":\"a\\\"]\\\\b\\n<0>1\","
                "\"from\":\"192.0.2.7\"}\n");
    bw_buf_clear(&b);
    bw_audit_rfc5424(&e, "alder", 7, &b);
    assert_string_equal(
        b.data, "<84>1 2026-09-10T00:26:40.123Z alder bandwitness-collector 7 sign-in "
                "[bandwitness@32473 outcome=\"refused\" who=\"a\\\"\\]\\\\b <0>1\" "
                "from=\"192.0.2.7\"]\n");
    bw_buf_done(&b);
}

/* Who is refused all the time hides nobody who was let in. */
static void a_flood_hides_nothing_else(void **state)
{
    static const struct bw_config_door conf = {.audit_file = "/nowhere"};
    const struct bw_audit_event bad = {.event = "key", .outcome = "refused", .who = "x"};
    const struct bw_audit_event good = {.event = "sign-in", .outcome = "ok", .who = "wren"};
    struct bw_audit *a = NULL;
    struct bw_buf lines;
    struct bw_buf packets;
    int n = 0;
    (void)state;
    bw_buf_init(&lines, 1 << 20);
    bw_buf_init(&packets, 1 << 20);
    assert_int_equal(bw_audit_new(&conf, &a), 0);
    for (int i = 0; i < 500; i++) {
        bw_audit_tell(a, &bad);
    }
    bw_audit_tell(a, &good);
    bw_audit_take(a, &lines, &packets);
    assert_non_null(strstr(lines.data, "wren"));
    for (const char *c = lines.data; *c; c++) {
        n += *c == '\n';
    }
    assert_int_equal(n, 121);
    bw_audit_free(a);
    bw_buf_done(&lines);
    bw_buf_done(&packets);
}

/* Of two that cannot both be written the one that can gets an act once. */
static void an_act_is_told_once_to_each(void **state)
{
    char *folder = tmp_folder();
    struct bw_config_door conf = {.open = false};
    static const char text[] = "{\"act\":\"key-add\",\"by\":\"heron\"}";
    const struct bw_act act = {.position = 3, .text = text, .n = sizeof(text) - 1};
    struct bw_audit_done done;
    struct bw_buf lines;
    struct bw_buf packets;
    (void)state;
    bw_buf_init(&lines, 65536);
    bw_buf_init(&packets, 65536);
    (void)snprintf(conf.audit_file, sizeof(conf.audit_file), "%s/trail", folder);
    (void)snprintf(conf.audit_socket, sizeof(conf.audit_socket), "%.90s/none", folder);
    bw_audit_act(&conf, &act, &lines, &packets);
    assert_true(lines.len > 0 && packets.len > 0);
    assert_true(bw_audit_write(&conf, &lines, &packets, &done) < 0);
    assert_true(done.file && !done.socket);
    bw_buf_clear(&lines);
    bw_buf_clear(&packets);
    bw_audit_act(&conf, &act, NULL, &packets);
    assert_true(lines.len == 0 && packets.len > 0);
    bw_buf_done(&lines);
    bw_buf_done(&packets);
    tmp_folder_drop(folder);
}

/* Other characters each time, and only whole ones of this secret are it. */
static void secrets_are_masked(void **state)
{
    static const char secret[] = "0123456789abcdefghijklmnopqrstuv";
    char first[BW_MASK_TEXT(BW_MASK_MAX) + 1];
    char second[BW_MASK_TEXT(BW_MASK_MAX) + 1];

    (void)state;
    bw_mask(secret, first);
    bw_mask(secret, second);
    assert_int_equal(strlen(first), 86);
    assert_string_not_equal(first, second);
    assert_true(bw_mask_is(first, secret) && bw_mask_is(second, secret));
    assert_false(bw_mask_is(first, "0123456789abcdefghijklmnopqrstuw"));
    assert_false(bw_mask_is(first, "0123"));
    assert_false(bw_mask_is(secret, secret));
    assert_false(bw_mask_is("", ""));
    first[85] = '\0';
    assert_false(bw_mask_is(first, secret));
    second[10] = second[10] == 'A' ? 'B' : 'A';
    assert_false(bw_mask_is(second, secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_below_is_seen),
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(what_roles_may),
        cmocka_unit_test(a_route_says_what_it_takes),
        cmocka_unit_test(who_tries_too_often_waits),
        cmocka_unit_test(a_flood_hides_nothing_else),
        cmocka_unit_test(an_act_is_told_once_to_each),
        cmocka_unit_test(strangers_words_stay_in_their_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

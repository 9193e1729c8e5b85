/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_opendata.c - what of a small state is published: a district of two lines, a school
 * without a district, and a box that stands at nobody's. */
#include "bw_test.h"
#include "opendata.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <errno.h>
#include <json.h>
#include <roomstore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DAY = 20759 /* 2026-11-02 */
};
#define NOON_10TH INT64_C(1794312000) /* 2026-11-10T12:00:00Z: the 2nd is old enough */

struct world {
    char folder[64];
    char catalogue_path[96];
    char room_path[96];
    struct bw_catalogue *c;
    struct bw_roomstore *store;
    struct bw_opendata *o;
    int64_t now_ms; /* each saying a second later: no two are the same */
    struct bw_err err;
};

static void entity(struct world *x,
                   const char *id,
                   const char *name,
                   enum bw_entity_kind kind,
                   const char *parent)
{
    struct bw_entity e = {.kind = kind};

    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    assert_int_equal(x->c->ops->entity_add(x->c, &e, &x->err), 0);
}

static void site(struct world *x, const char *id, const char *entity_id, int64_t students)
{
    struct bw_site s = {.state = BW_SITE_ENROLLED};
    struct bw_roomstore_risk k = {.students = students};

    (void)snprintf(s.id, sizeof(s.id), "%s", id);
    (void)snprintf(s.entity, sizeof(s.entity), "%s", entity_id);
    assert_int_equal(x->c->ops->site_add(x->c, &s, &x->err), 0);
    assert_int_equal(bw_roomstore_circuit(x->store, id, "wan", &k.circuit, &x->err), 0);
    assert_int_equal(bw_roomstore_set_filled(x->store, k.circuit, DAY - 100, &x->err), 0);
    assert_int_equal(bw_roomstore_put_risk(x->store, &k, &x->err), 0);
}

static void day(struct world *x, const char *site_id, int64_t at, int64_t p95_bps)
{
    struct bw_room_day d;
    int64_t circuit = 0;

    bw_room_day_init(&d);
    d.day = at;
    d.n_days = 1;
    d.n_records = 288;
    d.flags = BW_ROOM_DAY_NO_CALENDAR | BW_ROOM_DAY_MIRROR;
    d.layer = BW_LAYER_ETHERNET;
    d.recorded_s = 86100;
    d.lost = 0;
    d.way[BW_DOWN].p95_bps = p95_bps;
    d.way[BW_DOWN].best_bps = 91000000;
    d.way[BW_DOWN].n_ok = 2;
    assert_int_equal(bw_roomstore_circuit(x->store, site_id, "wan", &circuit, &x->err), 0);
    assert_int_equal(bw_roomstore_put_day(x->store, circuit, BW_ROOM_SPAN_DAY, &d, &x->err),
                     0);
}

static void look(struct world *x)
{
    bw_opendata_close(x->o);
    x->o = NULL;
    assert_int_equal(bw_opendata_open(x->c, x->room_path, &x->o, &x->err), 0);
}

static int set_up(void **state)
{
    struct world *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    (void)snprintf(x->folder, sizeof(x->folder), "/tmp/bw-opendata-XXXXXX");
    assert_non_null(mkdtemp(x->folder));
    (void)snprintf(x->catalogue_path, sizeof(x->catalogue_path), "%s/c.db", x->folder);
    (void)snprintf(x->room_path, sizeof(x->room_path), "%s/room.db", x->folder);
    assert_int_equal(bw_catalogue_open(x->catalogue_path, &x->c, &x->err), 0);
    assert_int_equal(bw_roomstore_open(x->room_path, &x->store, NULL, &x->err), 0);
    entity(x, "rivers", "Rivers", BW_ENTITY_STATE, "");
    entity(x, "alder", "Alder, Valley", BW_ENTITY_DISTRICT, "rivers");
    entity(x, "ash", "Ash \"School\"", BW_ENTITY_SCHOOL, "alder");
    entity(x, "birch", "Birch School", BW_ENTITY_INDEPENDENT, "rivers");
    site(x, "s-aaaaa", "ash", 400);
    site(x, "s-bbbbb", "alder", 29);
    site(x, "s-ccccc", "birch", BW_UNKNOWN);
    site(x, "s-ddddd", "", 400);
    day(x, "s-aaaaa", DAY, 50000000);
    day(x, "s-bbbbb", DAY, 1000000);
    day(x, "s-ccccc", DAY, 2000000);
    day(x, "s-ddddd", DAY, 3000000);
    day(x, "s-aaaaa", DAY + 1, 60000000);
    x->now_ms = NOON_10TH * 1000;
    look(x);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct world *x = *state;
    char command[96];

    bw_opendata_close(x->o);
    bw_roomstore_close(x->store);
    bw_catalogue_close(x->c);
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)snprintf(command, sizeof(command), "%.80s%s", x->catalogue_path, ends[i]);
        (void)unlink(command);
        (void)snprintf(command, sizeof(command), "%.80s%s", x->room_path, ends[i]);
        (void)unlink(command);
    }
    assert_int_equal(rmdir(x->folder), 0);
    free(x);
    return 0;
}

static int put(void *owner, const char *data, size_t n)
{
    bw_buf_add(owner, data, n);
    return 0;
}

/* What is published of the two days; the caller's to free. */
static char *file(struct world *x, enum bw_opendata_form form)
{
    struct bw_buf b;
    size_t n = 0;

    bw_buf_init(&b, 1 << 20);
    assert_int_equal(bw_opendata_write(x->o, DAY, DAY + 1, form, put, &b, &x->err), 0);
    bw_buf_putc(&b, '\0');
    return bw_buf_take(&b, &n);
}

/* "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 " */
static void published(struct world *x, const char *want)
{
    char *csv = file(x, BW_OPENDATA_CSV);
    char got[400] = "";

    for (char *line = strstr(csv, "\r\n") + 2; *line; line = strstr(line, "\r\n") + 2) {
        const char *s = strstr(line, "s-");
        (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.7s %.10s ", s,
                       line);
    }
    assert_string_equal(got, want);
    free(csv);
}

static int
say(struct world *x, const char *who, int64_t act, int64_t from, int64_t to, char *ret_id)
{
    char id[BW_HASH_LEN + 1] = "";
    struct bw_opendata_saying s = {.district = bw_opendata_find(x->o, who),
                                   .act = act,
                                   .from_day = from,
                                   .to_day = to,
                                   .reason = act == BW_OPENDATA_HOLD ? "wrong claim" : "",
                                   .by = "heron",
                                   .via = "test",
                                   .now_unix_ms = x->now_ms};
    int r = bw_opendata_say(x->o, &s, id, &x->err);

    x->now_ms += 1000;
    if (ret_id) {
        memcpy(ret_id, id, sizeof(id));
    }
    look(x);
    return r;
}

static void test_who_reviews(void **state)
{
    struct world *x = *state;

    assert_int_equal(bw_opendata_n_districts(x->o), 2);
    assert_string_equal(bw_opendata_district(x->o, 0)->id, "alder");
    assert_int_equal(
        bw_opendata_district(x->o, 0)->end - bw_opendata_district(x->o, 0)->first, 2);
    assert_string_equal(bw_opendata_district(x->o, 1)->id, "birch");
    assert_null(bw_opendata_find(x->o, "ash"));
    assert_null(bw_opendata_find(x->o, ""));
}

static void test_nothing_without_approval(void **state)
{
    struct world *x = *state;
    char *json = file(x, BW_OPENDATA_JSON);

    published(x, "");
    assert_string_equal(json, "{\"schema\":\"open-data/1\",\"from\":\"2026-11-02\",\"to\":"
                              "\"2026-11-03\",\n\"rows\":[],\n\"taken_back\":[]}\n");
    free(json);
}

static void test_approved_as_seen(void **state)
{
    struct world *x = *state;
    char id[BW_HASH_LEN + 1];
    char *json = NULL;

    assert_int_equal(say(x, "alder", BW_OPENDATA_APPROVE, DAY, DAY, id), 0);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 ");
    /* a name is not what was approved */
    assert_int_equal(x->c->ops->rename(
                         x->c, BW_NAMED_ENTITY, "alder",
                         &(struct bw_dated_name){"Alder", 1700000000, 1700000000}, &x->err),
                     0);
    look(x);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 ");
    /* a figure is */
    day(x, "s-aaaaa", DAY, 50000001);
    look(x);
    published(x, "");
    day(x, "s-aaaaa", DAY, 50000000);
    look(x);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 ");
    /* taken back, and said so */
    assert_int_equal(bw_opendata_withdraw(x->o, id, "heron", "test", x->now_ms, &x->err),
                     0);
    look(x);
    published(x, "");
    json = file(x, BW_OPENDATA_JSON);
    assert_non_null(strstr(json, "\"taken_back\":[{\"day\":\"2026-11-02\",\"district\":"
                                 "\"alder\",\"on\":\"2026-11-10\"}]"));
    free(json);
}

static void test_young_days_wait(void **state)
{
    struct world *x = *state;

    /* The 2nd is over at UTC-12 on the 3rd at 12:00 UTC; seven whole days later is the 10th
     * at 12:00. */
    assert_int_equal(bw_opendata_last_day(NOON_10TH), DAY);
    assert_int_equal(bw_opendata_last_day(NOON_10TH - 1), DAY - 1);
    assert_int_equal(say(x, "alder", BW_OPENDATA_APPROVE, DAY, DAY + 1, NULL), -EINVAL);
    assert_non_null(strstr(x->err.text, "younger than 7 whole days"));
    assert_int_equal(say(x, "birch", BW_OPENDATA_APPROVE, DAY - 9, DAY - 1, NULL), -EINVAL);
    assert_non_null(strstr(x->err.text, "nothing to approve"));
    assert_int_equal(say(x, "alder", BW_OPENDATA_APPROVE, DAY - 101, DAY, NULL), -EINVAL);
    assert_int_equal(say(x, "alder", BW_OPENDATA_APPROVE, DAY - 101, DAY - 20, NULL),
                     -EAGAIN);
}

static void test_standing_and_hold(void **state)
{
    struct world *x = *state;
    char hold[BW_HASH_LEN + 1];
    bool listed[3];

    assert_int_equal(say(x, "alder", BW_OPENDATA_STANDING, DAY, INT64_MAX, NULL), 0);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 s-aaaaa 2026-11-03 ");
    bw_opendata_listed(x->o, DAY - 1, DAY + 1, listed);
    assert_false(listed[0]);
    assert_true(listed[1] && listed[2]);
    day(x, "s-aaaaa", DAY, 50000001); /* it stands for what comes late, too */
    assert_int_equal(say(x, "alder", BW_OPENDATA_HOLD, DAY, DAY, hold), 0);
    published(x, "s-aaaaa 2026-11-03 ");
    /* no later standing approval ends it; an approval of the very day does, or its own end
     */
    assert_int_equal(say(x, "alder", BW_OPENDATA_STANDING, DAY - 3, DAY + 50, NULL), 0);
    published(x, "s-aaaaa 2026-11-03 ");
    assert_int_equal(say(x, "alder", BW_OPENDATA_APPROVE, DAY, DAY, NULL), 0);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 s-aaaaa 2026-11-03 ");
    assert_int_equal(say(x, "alder", BW_OPENDATA_HOLD, DAY - 9, INT64_MAX, hold), 0);
    published(x, "");
    assert_int_equal(bw_opendata_withdraw(x->o, hold, "heron", "test", x->now_ms, &x->err),
                     0);
    look(x);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 s-aaaaa 2026-11-03 ");
    /* nobody says anything for another */
    assert_int_equal(say(x, "birch", BW_OPENDATA_HOLD, DAY, DAY, hold), 0);
    published(x, "s-aaaaa 2026-11-02 s-bbbbb 2026-11-02 s-aaaaa 2026-11-03 ");
}

static void test_what_changed_meanwhile(void **state)
{
    struct world *x = *state;
    struct bw_opendata_saying s = {.district = bw_opendata_find(x->o, "alder"),
                                   .act = BW_OPENDATA_APPROVE,
                                   .from_day = DAY,
                                   .to_day = DAY,
                                   .reason = "",
                                   .by = "heron",
                                   .via = "test",
                                   .now_unix_ms = x->now_ms};
    struct bw_buf lines;
    char hash[BW_HASH_LEN + 1];
    char id[BW_HASH_LEN + 1];

    bw_buf_init(&lines, BW_OPENDATA_SEEN_MAX);
    assert_int_equal(bw_opendata_seen(x->o, s.district, DAY, DAY, &lines, hash, &x->err),
                     0);
    assert_memory_equal(lines.data, "2026-11-02 2 ", 13);
    assert_int_equal(lines.len, 13 + BW_HASH_LEN);
    bw_buf_done(&lines);
    s.want = hash;
    day(x, "s-bbbbb", DAY, 1000001); /* withheld: nobody would have seen it */
    assert_int_equal(bw_opendata_say(x->o, &s, id, &x->err), 0);
    day(x, "s-aaaaa", DAY, 50000001);
    s.now_unix_ms += 1000;
    assert_int_equal(bw_opendata_say(x->o, &s, id, &x->err), -ESTALE);
}

static const char *
cell(const char *csv, const char *line_with, const char *column, char *out)
{
    const char *line = strstr(csv, line_with);
    int n = 0;

    assert_non_null(line);
    while (line > csv && line[-1] != '\n') {
        line--;
    }
    for (const char *at = csv;
         strncmp(at, column, strlen(column)) != 0 || !strchr(",\r", at[strlen(column)]);) {
        at = strchr(at, ',') + 1;
        n++;
    }
    while (n > 0) { /* no test asks behind a quoted comma of another column */
        bool quoted = *line == '"';
        line += quoted ? 1 : 0;
        while (quoted ? !(line[0] == '"' && line[1] == ',') : *line != ',') {
            line++;
        }
        line += quoted ? 2 : 1;
        n--;
    }
    (void)snprintf(out, 64, "%.*s", (int)strcspn(line, ",\r"), line);
    return out;
}

static void test_columns(void **state)
{
    struct world *x = *state;
    char got[64];
    char *csv = NULL;
    char *json = NULL;

    assert_int_equal(say(x, "alder", BW_OPENDATA_STANDING, DAY, DAY, NULL), 0);
    csv = file(x, BW_OPENDATA_CSV);
    json = file(x, BW_OPENDATA_JSON);
    static const struct {
        const char *row, *column, *want;
    } cells[] = {
        {"s-aaaaa", "day", "2026-11-02"},
        {"s-aaaaa", "district", "alder"},
        {"s-aaaaa", "school", "ash"},
        {"s-aaaaa", "circuit", "s-aaaaa.wan"},
        {"s-aaaaa", "withheld", ""},
        {"s-aaaaa", "flags", "lower-bound usual-class-hours"},
        {"s-aaaaa", "layer", "ethernet"},
        {"s-aaaaa", "claim_layer", ""},
        {"s-aaaaa", "recorded_s", "86100"},
        {"s-aaaaa", "outage_ms", ""},
        {"s-aaaaa", "packets_lost", "0"}, /* measured */
        {"s-aaaaa", "down_p95_bps", "50000000"},
        {"s-aaaaa", "down_tested_best_bps", "91000000"},
        {"s-aaaaa", "down_tests_ok", "2"},
        {"s-aaaaa", "up_p95_bps", ""},
        {"s-bbbbb", "withheld", "few-students"},
        {"s-bbbbb", "down_p95_bps", ""},
        {"s-bbbbb", "down_tested_best_bps", "91000000"},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        assert_string_equal(cell(csv, cells[i].row, cells[i].column, got), cells[i].want);
    }
    assert_non_null(strstr(csv, "alder,\"Alder, Valley\",ash,\"Ash \"\"School\"\"\",s-a"));
    assert_non_null(strstr(json, "\"district_name\":\"Alder, Valley\""));
    assert_null(strstr(json, "outage_ms"));
    assert_null(strstr(json, "\"down_p95_bps\":1000000"));
    free(csv);
    free(json);
    /* nothing of when within a day, of devices, addresses, versions, kinds of days */
    static const char *const never[] = {"hour",  "device", "addr",    "version", "agent",
                                        "kind",  "from_s", "to_s",    "since",   "egress",
                                        "defer", "wanted", "student", "testing"};
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
            assert_null(strstr(bw_opendata_columns[i].name, never[k]));
        }
    }
}

static void test_words_that_are_none(void **state)
{
    struct world *x = *state;
    struct bw_opendata_say s = {.act = BW_OPENDATA_HOLD, .from = "2026-11-02"};

    assert_int_equal(bw_opendata_say_check(&s, &x->err), -EINVAL); /* no reason */
    (void)snprintf(s.reason, sizeof(s.reason), "the claim is wrong");
    assert_int_equal(bw_opendata_say_check(&s, &x->err), 0);
    (void)snprintf(s.to, sizeof(s.to), "2026-11-01");
    assert_int_equal(bw_opendata_say_check(&s, &x->err), -EINVAL);
    (void)snprintf(s.to, sizeof(s.to), "2026-11-31");
    assert_int_equal(bw_opendata_say_check(&s, &x->err), -EINVAL);
    s.act = BW_OPENDATA_APPROVE;
    (void)snprintf(s.to, sizeof(s.to), "2026-11-03");
    assert_int_equal(bw_opendata_say_check(&s, &x->err), -EINVAL); /* nothing seen */
    static const char hash[] = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    (void)snprintf(s.seen, sizeof(s.seen), "2026-11-02 2 %s\n2026-11-03 1 %s", hash, hash);
    assert_int_equal(bw_opendata_say_check(&s, &x->err), 0);
    static const char *const bad[] = {"2026-11-04 1 %s", "2026-11-02 0 %s",
                                      "2026-11-02 1 %s\n", "2026-11-02  1 %s",
                                      "2026-11-02 1 x%.42s\n2026-11-02 1 %s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(s.seen, sizeof(s.seen), bad[i], hash, hash);
#pragma GCC diagnostic pop
        assert_int_equal(bw_opendata_say_check(&s, &x->err), -EINVAL);
    }
    assert_int_equal(bw_opendata_act_parse("hold"), BW_OPENDATA_HOLD);
    assert_int_equal(bw_opendata_act_parse(""), BW_OPENDATA_ACT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_reviews, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_without_approval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_approved_as_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_young_days_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_standing_and_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_changed_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words_that_are_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

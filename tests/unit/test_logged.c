/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_logged.c - tables of leaves are read as they were written and in no other way, a
 * statement is found with its type, and what is no stamp is told. */
#include "../../evidence/logged/logged_reading.h"
#include "../../evidence/logged/logged_writing.h"

#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <timestamp.h>
#include <tlog_store.h>

static void runs(void **state)
{
    static const struct bw_logged_run want[] = {{0, 4, 1}, {7, 7, 9}, {8, 900, 12}};
    static const char *const bad[] = {
        "",
        "first_position,last_position,leaf\n",
        "first_position,last_position,leaf\r\n5,4,1\r\n",
        "first_position,last_position,leaf\r\n1,4,1\r\n4,5,9\r\n",  /* not apart */
        "first_position,last_position,leaf\r\n1,4,10\r\n6,7,9\r\n", /* leaves fall */
        "first_position,last_position,leaf\r\n01,4,1\r\n",
        "first_position,last_position,leaf\r\n1,4,\r\n",
        "first_position,last_position,leaf\r\n1,4,1",
        "first_position,last_position,leaf\r\n1,4,-1\r\n",
        "first_position,last_position,leaf\r\n1,4,9999999999999999999\r\n",
    };
    struct bw_logged_run *got = NULL;
    struct bw_err err = {""};
    struct bw_buf text;
    size_t n = 0;
    (void)state;
    bw_buf_init(&text, 4096);
    bw_logged_runs_head(&text);
    for (size_t i = 0; i < 3; i++) {
        bw_logged_runs_add(&text, &want[i]);
    }
    assert_string_equal(text.data, "first_position,last_position,leaf\r\n"
                                   "0,4,1\r\n7,7,9\r\n8,900,12\r\n");
    assert_int_equal(bw_logged_runs_read(text.data, text.len, &got, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(got, want, sizeof(want));
    free(got);
    bw_buf_done(&text);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_logged_runs_read(bad[i], strlen(bad[i]), &got, &n, &err),
                         -BW_EMALFORMED);
    }
}

static void others(void **state)
{
    static const struct bw_logged_other want = {
        .leaf = 3, .unix_ms = 1790000000123, .type = 63, .of = "before-1.txt"};
    static const char *const bad[] = {
        "leaf,received_unix_ms,type,of\r\n3,1,256,x\r\n",
        "leaf,received_unix_ms,type,of\r\n3,1,5,\r\n",
        "leaf,received_unix_ms,type,of\r\n3,1,5,a b\r\n",
        "leaf,received_unix_ms,type,of\r\n3,1,5,x\r\n3,1,5,y\r\n",
        ("leaf,received_unix_ms,type,of\r\n3,1,5,"
         "0123456789012345678901234567890123456789012345678901234567890123\r\n"),
    };
    struct bw_logged_other *got = NULL;
    struct bw_err err = {""};
    struct bw_buf text;
    size_t n = 0;
    (void)state;
    bw_buf_init(&text, 4096);
    bw_logged_others_head(&text);
    bw_logged_others_add(&text, &want);
    assert_int_equal(bw_logged_others_read(text.data, text.len, &got, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_true(got[0].leaf == 3 && got[0].unix_ms == want.unix_ms && got[0].type == 63);
    assert_string_equal(got[0].of, "before-1.txt");
    free(got);
    bw_buf_done(&text);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_logged_others_read(bad[i], strlen(bad[i]), &got, &n, &err),
                         -BW_EMALFORMED);
    }
}

static void statements(void **state)
{
    static const char text[] =
        "{\"v\":1,\"kind\":\"claim\",\"about\":\"own:x\",\"said_s\":1,"
        "\"by\":\"heron\",\"body\":{}}\nno statement\n";
    struct bw_logged_things t = {.statements = text, .n_statements = sizeof(text) - 1};
    struct bw_logged_line line;
    size_t at = 0;
    (void)state;
    assert_int_equal(bw_logged_line_next(&t, &at, &line), 1);
    assert_int_equal(line.type, BW_LEAF_CLAIM);
    assert_int_equal(strlen(line.id), BW_HASH_LEN);
    assert_int_equal(bw_logged_line_next(&t, &at, &line), 1);
    assert_int_equal(line.type, BW_LEAF_STATEMENT);
    assert_int_equal(bw_logged_line_next(&t, &at, &line), 0);
}

/* Two things that pose as one leaf are never taken for one. */
static void leaves_in_order(void **state)
{
    struct bw_tree_part parts[] = {{.index = 9}, {.index = 2}, {.index = 9}, {.index = 4}};
    bool apart = true;
    (void)state;
    assert_int_equal(bw_logged_sort(parts, 4, &apart), 3);
    assert_false(apart);
    assert_true(parts[0].index == 2 && parts[1].index == 4 && parts[2].index == 9);
    parts[3] = (struct bw_tree_part){.index = 4, .hash = {1}};
    assert_int_equal(bw_logged_sort(parts, 4, &apart), 3);
    assert_true(apart);
}

static void names(void **state)
{
    char name[BW_LOGGED_MEMBER_MAX];
    (void)state;
    bw_logged_stamp_member(1000, 2, name);
    assert_string_equal(name, "data/log/stamp-1000-2.tsr");
}

static void no_stamp(void **state)
{
    char signer[200] = "as before";
    int64_t unix_s = 7;
    struct bw_err err = {""};
    (void)state;
    assert_int_equal(bw_stamp_check("0000", 4, "x", 1, &unix_s, signer, &err),
                     -BW_EMALFORMED);
    assert_int_equal(bw_stamp_check("", 0, "x", 1, &unix_s, signer, &err), -BW_EMALFORMED);
    assert_int_equal(unix_s, 7);
    assert_string_equal(signer, "as before");
}

struct chosen {
    int n; /* checkpoints */
    bool oldest;
    bool of_first_week;
    bool witnessed;
    bool other; /* the newest of another witness */
    bool newest;
};

static int
choosing(void *owner, const char *member, const void *data, size_t n, struct bw_err *e)
{
    struct chosen *c = owner;
    (void)data;
    (void)n;
    (void)e;
    c->n += strncmp(member, "data/log/checkpoint-", 20) == 0;
    c->oldest = c->oldest || strcmp(member, "data/log/checkpoint-2.txt") == 0;
    c->of_first_week =
        c->of_first_week || strcmp(member, "data/log/checkpoint-40.txt") == 0;
    c->witnessed = c->witnessed || strcmp(member, "data/log/checkpoint-400.txt") == 0;
    c->newest = c->newest || strcmp(member, "data/log/checkpoint-402.txt") == 0;
    c->other = c->other || strcmp(member, "data/log/checkpoint-12.txt") == 0;
    return 0;
}

/* A checkpoint each week for almost four years, all but the newest witnessed; leaf 2 I - 1
 * came in week I. A reader takes 128, and those of the time of the records come first. */
static void weeks(void **state)
{
    enum {
        WEEKS = 201,
        WEEK_S = 7 * 86400,
        FIRST_S = 1200 * WEEK_S
    };
    char folder[] = "/tmp/bw-logged-XXXXXX";
    struct bw_logged_point *points = calloc(WEEKS, sizeof(*points));
    struct bw_leaf *leaves = calloc((size_t)2 * WEEKS, sizeof(*leaves));
    struct bw_tree_part part = {.index = 0}; /* the key's, years before */
    struct bw_logged_place places[] = {{.position = 900, .leaf = 397},
                                       {.position = 7, .leaf = 39}};
    struct bw_logged_record records[2] = {{.position = 900}, {.position = 7}};
    struct bw_logged_things t = {.records = records, .n_records = 2};
    struct chosen chosen = {.n = 0};
    char path[64];
    struct bw_err err = {""};
    struct bw_logged_writing w = {.t = &t,
                                  .file = choosing,
                                  .owner = &chosen,
                                  .err = &err,
                                  .name = "log.example.org/x",
                                  .size = (int64_t)2 * WEEKS,
                                  .points = points,
                                  .n_points = WEEKS,
                                  .parts = &part,
                                  .n_parts = 1,
                                  .places = places,
                                  .n_places = 2};
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_non_null(points);
    assert_non_null(leaves);
    bw_buf_init(&w.text, 1024 * 1024);
    bw_buf_init(&w.tile, 1024 * 1024);
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &w.log, &err), 0);
    assert_int_equal(bw_tlog_append(w.log, leaves, (size_t)2 * WEEKS, &err), 0);
    for (int i = 0; i < WEEKS; i++) {
        int64_t at_s = FIRST_S + (int64_t)i * WEEK_S;
        int64_t size = 2 * (int64_t)(i + 1);
        struct bw_tlog_checkpoint c = {
            .size = size, .unix_s = at_s, .note = "x", .note_len = 1};
        assert_int_equal(bw_tlog_root(w.log, size, c.root, &err), 0);
        assert_int_equal(bw_tlog_checkpoint_add(w.log, &c, &err), 0);
        points[i] = (struct bw_logged_point){.size = size, .unix_s = at_s};
        if (i + 1 < WEEKS) {
            assert_int_equal(bw_tlog_cosign_add(w.log, size, "owl", at_s, "x", 1, &err), 0);
            points[i].n_cosigned = 1;
        }
        if (i == 5) {
            assert_int_equal(bw_tlog_cosign_add(w.log, size, "emu", at_s, "x", 1, &err), 0);
        }
    }
    records[0].received_unix_ms = (FIRST_S + (int64_t)198 * WEEK_S) * 1000;
    records[1].received_unix_ms = (FIRST_S + (int64_t)19 * WEEK_S) * 1000;
    assert_int_equal(bw_logged_put_points(&w), 0);
    assert_int_equal(chosen.n, BW_LOGGED_CHECKPOINTS_MAX);
    assert_false(chosen.oldest);
    assert_true(chosen.of_first_week && chosen.witnessed && chosen.other && chosen.newest);
    bw_tlog_close(w.log);
    bw_buf_done(&w.text);
    bw_buf_done(&w.tile);
    free(points);
    free(leaves);
    (void)snprintf(path, sizeof(path), "rm -r %s", folder);
    assert_int_equal(system(path), 0); /* NOLINT(cert-env33-c): a name of our own */
}

#define R(place, came, ended, number, whose)                                               \
    {                                                                                      \
        .position = (place), .received_unix_ms = (came), .end_unix_s = (ended),            \
        .seq = (number), .key = (whose)                                                    \
    }
#define NEW_MS ((NOW_S + 60) * INT64_C(1000))

struct heard {
    int faults;
    char unchecked[2][320];
    int n;
};

static void hear_fault(void *owner, const char *member, const char *text)
{
    struct heard *h = owner;
    (void)text;
    assert_string_equal(member, BW_IN_LOG_ORDER);
    h->faults++;
}

static void hear_unchecked(void *owner, const char *member, const char *text)
{
    struct heard *h = owner;
    assert_string_equal(member, BW_IN_LOG_ORDER);
    assert_true(h->n < 2);
    (void)snprintf(h->unchecked[h->n++], sizeof(h->unchecked[0]), "%s", text);
}

/* What is not in the log: behind its end, as is right; with a time of arrival that somebody
 * changed; before its end. */
static void absent(void **state)
{
    enum {
        DAY_S = 86400,
        NOW_S = 1800000000, /* when a witness signed */
        PAST_S = NOW_S - 3 * DAY_S
    };
    static const struct {
        struct bw_logged_record records[4]; /* position, received, end, seq, key */
        int64_t leaf[4];
        int faults;
        const char *late;
        const char *passed;
    } cases[] = {
        {{R(0, 1, PAST_S, 1, 7), R(1, 1, PAST_S, 2, 7), R(2, 1, PAST_S, 5, 9),
          R(3, 1, PAST_S, 3, 7)},
         {1, 1, 1, 1},
         0,
         NULL,
         NULL},
        /* the newest of its key, made when the witness signed */
        {{R(0, 1, PAST_S, 1, 7), R(1, 1, PAST_S, 2, 7), R(2, 1, PAST_S, 9, 9),
          R(3, NEW_MS, NOW_S - 300, 3, 7)},
         {1, 1, 1, BW_UNKNOWN},
         0,
         NULL,
         NULL},
        /* the same, but made three days before */
        {{R(0, 1, PAST_S, 1, 7), R(1, 1, PAST_S, 2, 7), R(2, 1, PAST_S, 9, 9),
          R(3, NEW_MS, PAST_S, 3, 7)},
         {1, 1, 1, BW_UNKNOWN},
         0,
         "1 records are not in the checkpoint, which others signed",
         NULL},
        /* its successor is in the log */
        {{R(0, 1, PAST_S, 1, 7), R(1, 1, PAST_S, 2, 9), R(2, 1, PAST_S, 4, 7),
          R(3, NEW_MS, NOW_S - 300, 3, 7)},
         {1, 1, 1, BW_UNKNOWN},
         0,
         NULL,
         "1 records are not in the checkpoint, but later ones"},
        {{R(0, 1, PAST_S, 1, 7), R(1, 1, PAST_S, 2, 7), R(2, 1, PAST_S, 3, 7),
          R(3, 1, PAST_S, 4, 7)},
         {1, BW_UNKNOWN, 1, 1},
         1,
         NULL,
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct heard heard = {.n = 0};
        struct bw_logged_view v = {
            .fault = hear_fault, .unchecked = hear_unchecked, .owner = &heard};
        struct bw_logged_things t = {.records = cases[i].records, .n_records = 4};
        struct bw_log_facts f = {.n_witnesses = 1, .witness = {{.unix_s = NOW_S}}};
        struct bw_logged_reading *k = calloc(1, sizeof(*k));
        int64_t leaf[4];
        int n = 0;
        memcpy(leaf, cases[i].leaf, sizeof(leaf));
        assert_non_null(k);
        k->v = &v;
        k->t = &t;
        k->f = &f;
        k->leaf = leaf;
        assert_int_equal(bw_logged_absent(k), 0);
        assert_int_equal(heard.faults, cases[i].faults);
        if (cases[i].late) {
            assert_non_null(strstr(heard.unchecked[n++], cases[i].late));
        }
        if (cases[i].passed) {
            assert_non_null(strstr(heard.unchecked[n++], cases[i].passed));
        }
        assert_int_equal(heard.n, n);
        free(k);
    }
}

/* ---- keys with all their leaves --------------------------------------------------- */

enum {
    KEYS = 40
};

struct forged {
    struct bw_buf others;
    int faults;
};

static bool find_forged(void *owner, const char *member, const char **ret, size_t *ret_n)
{
    struct forged *f = owner;
    static const char json[] =
        "{\"v\":1,\"name\":\"log.example/a\",\"checkpoints\":[{\"size\":1000,"
        "\"signed_unix_s\":1,\"witnessed\":false,\"stamps\":[]}],\"witnesses\":[],"
        "\"before\":0}";
    static const char order[] = "first_position,last_position,leaf\r\n";

    *ret = NULL;
    if (strcmp(member, BW_IN_LOG_JSON) == 0) {
        *ret = json;
        *ret_n = sizeof(json) - 1;
    } else if (strcmp(member, BW_IN_LOG_ORDER) == 0) {
        *ret = order;
        *ret_n = sizeof(order) - 1;
    } else if (strcmp(member, BW_IN_LOG_OTHERS) == 0) {
        *ret = f->others.data;
        *ret_n = f->others.len;
    }
    return *ret != NULL;
}

static void hear_forged(void *owner, const char *member, const char *text)
{
    struct forged *f = owner;
    (void)member;
    (void)text;
    f->faults++;
}

/* Room for each leaf of each key, also of those that were revoked and replaced. */
static void leaves_of_keys(void **state)
{
    struct forged forged = {.faults = 0};
    struct bw_logged_key keys[KEYS];
    struct bw_logged_view v = {.find = find_forged,
                               .fault = hear_forged,
                               .unchecked = hear_forged,
                               .owner = &forged};
    struct bw_logged_things t = {.site = "s-oak", .keys = keys, .n_keys = KEYS};
    struct bw_log_facts facts;
    struct bw_pubkey none;
    struct bw_err err = {""};
    (void)state;
    memset(&none, 0, sizeof(none));
    bw_buf_init(&forged.others, 65536);
    bw_logged_others_head(&forged.others);
    for (int i = 0; i < KEYS; i++) {
        keys[i] = (struct bw_logged_key){
            .from_unix_s = 1, .revoked_unix_s = 2, .replaced_unix_s = 3};
        (void)snprintf(keys[i].kid, sizeof(keys[i].kid), "%043d", i);
        for (int k = 0; k < BW_LOGGED_KEY_LEAVES; k++) {
            struct bw_logged_other o = {.leaf = BW_LOGGED_KEY_LEAVES * i + k,
                                        .unix_ms = 1,
                                        .type = bw_logged_key_types[k]};
            memcpy(o.of, keys[i].kid, sizeof(keys[i].kid));
            bw_logged_others_add(&forged.others, &o);
        }
    }
    assert_int_equal(bw_logged_read(&v, &t, &none, 1, &facts, &err), 0);
    assert_int_equal(facts.n_keys, KEYS * BW_LOGGED_KEY_LEAVES);
    assert_true(forged.faults > 0); /* nobody signed that checkpoint */
    bw_buf_done(&forged.others);
}

/* Many statements beside many rows of which none is theirs: looked up, not gone through.
 * One by one these are 2,400,000,000 comparisons: a quarter of a minute and not a moment.
 */
static void statements_beside_rows(void **state)
{
    enum {
        ROWS = 80000,
        LINES = 30000
    };
    struct forged forged = {.faults = 0};
    struct bw_logged_view v = {.find = find_forged,
                               .fault = hear_forged,
                               .unchecked = hear_forged,
                               .owner = &forged};
    struct bw_logged_things t = {.site = "s-oak"};
    struct bw_log_facts facts;
    struct bw_pubkey none;
    struct bw_err err = {""};
    struct bw_buf lines;
    (void)state;
    memset(&none, 0, sizeof(none));
    bw_buf_init(&lines, (size_t)1 << 24);
    bw_buf_init(&forged.others, (size_t)1 << 24);
    bw_logged_others_head(&forged.others);
    for (int i = 0; i < ROWS; i++) {
        struct bw_logged_other o = {.leaf = i, .unix_ms = 1, .type = i % 2 ? 5 : 1};
        (void)snprintf(o.of, sizeof(o.of), "%043d", i / 4);
        bw_logged_others_add(&forged.others, &o);
    }
    for (int i = 0; i < LINES; i++) {
        bw_buf_printf(&lines, "{\"n\":%d}\n", i);
    }
    t.statements = lines.data;
    t.n_statements = lines.len;
    assert_int_equal(bw_logged_read(&v, &t, &none, 1, &facts, &err), 0);
    assert_int_equal(facts.n_statements, LINES);
    assert_int_equal(facts.n_statements_in, 0);
    bw_buf_done(&forged.others);
    bw_buf_done(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),           cmocka_unit_test(others),
        cmocka_unit_test(statements),     cmocka_unit_test(leaves_in_order),
        cmocka_unit_test(names),          cmocka_unit_test(no_stamp),
        cmocka_unit_test(weeks),          cmocka_unit_test(absent),
        cmocka_unit_test(leaves_of_keys), cmocka_unit_test(statements_beside_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

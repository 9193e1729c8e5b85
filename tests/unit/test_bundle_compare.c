/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bundle_compare.c - what a bag of other forms says, against what is made here. */
#include "../../evidence/bundle/bundle_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct told {
    int n;
    char text[30][400];
};

static void note(void *owner, const char *member, const char *text)
{
    struct told *t = owner;
    if (t->n < 30) {
        (void)snprintf(t->text[t->n], sizeof(t->text[0]), "%s: %.300s", member, text);
    }
    t->n++;
}

/* Another program has rows of its own; a figure that both have must be the same. */
static void figures_of_two_forms(void **state)
{
    static const char a[] = "section,figure,value,unit,layer,statistic,n,method\r\n"
                            "used,p95,100,bit/s,ip,P95,288,util-p95/2\r\n"
                            "used,old,1,1,,count,1,old/1\r\n"
                            "absent,students,nobody said,,,,,\r\n"
                            "used,gone,7,1,,count,1,util-p95/2\r\n"
                            "runs,at,5,s,,,1,x/1\r\nruns,at,6,s,,,1,x/1\r\n";
    static const char b[] = "section,figure,value,unit,layer,statistic,n,method\r\n"
                            "used,new,1,1,,count,1,new/1\r\n"
                            "used,left-out,1,1,,count,1,x/1\r\n"
                            "absent,students,no number is on file,,,,,\r\n"
                            "runs,at,5,s,,,1,x/1\r\nruns,at,6,s,,,1,x/1\r\n"
                            "used,p95,101,bit/s,ip,P95,288,util-p95/2\r\n";
    struct told t = {0};
    struct told aside = {0};
    struct bw_bundle_compared c = {.fault = note, .owner = &t};
    (void)state;
    bw_bundle_figure_differences("m", a, strlen(a), b, strlen(b), &c);
    assert_int_equal(c.n_differ, 2); /* p95, and `gone` by a method that both have */
    assert_int_equal(c.n_apart, 2);  /* `old`, and `left-out` by a method of the bag */
    assert_int_equal(c.n_newer, 1);
    assert_int_equal(c.n_words, 1);
    assert_int_equal(c.n_same, 2); /* the runs */
    assert_int_equal(t.n, 2);
    assert_true(strstr(t.text[0], "'used,p95,100,bit/s,ip,P95,288,util-p95/2', its "
                                  "records give 'used,p95,101,bit/s,ip,P95,288,") ||
                strstr(t.text[1], "'used,p95,100,bit/s,ip,P95,288,util-p95/2', its "
                                  "records give 'used,p95,101,bit/s,ip,P95,288,"));
    c = (struct bw_bundle_compared){.fault = note, .aside = note, .owner = &aside};
    bw_bundle_figure_differences("m", a, strlen(a), a, strlen(a), &c);
    assert_int_equal(aside.n, 0);
    assert_int_equal(c.n_same, 5);
}

/* Members that both have, whatever stands around them. */
static void json_of_two_forms(void **state)
{
    static const char made[] =
        "{\"v\":1,\"title\":\"How the line "
        "was\",\"period\":{\"from\":\"2026-09-01T00:00:00Z\"},"
        "\"used\":{\"method\":\"util-p95/2\",\"n\":288,\"p95_bps\":100},"
        "\"price\":{\"method\":\"unit-cost/3\",\"cents\":5},\"later\":{\"share_ppm\":4},"
        "\"runs\":[{\"bps\":1,\"state\":\"ok\"},{\"bps\":2,\"state\":\"ok\"}],"
        "\"figures\":[{\"section\":\"a\",\"figure\":\"n\",\"value\":1,\"method\":\"x/1\"},"
        "{\"section\":\"a\",\"figure\":\"n\",\"value\":2,\"method\":\"x/1\"},"
        "{\"section\":\"b\",\"figure\":\"k\",\"value\":3,\"method\":\"y/1\"}]}";
    static const struct {
        const char *bag;
        int64_t same, differ, apart, newer, words;
        const char *fault; /* the first */
    } cases[] = {
        {made, 10, 0, 0, 0, 0, NULL},
        /* other words, another order, no `later`, another method of the price */
        {"{\"title\":\"The line in "
         "September\",\"v\":1,\"price\":{\"method\":\"unit-cost/2\","
         "\"cents\":6},\"figures\":[{\"section\":\"b\",\"figure\":\"k\",\"value\":3,"
         "\"method\":\"y/1\"},{\"section\":\"a\",\"figure\":\"n\",\"value\":1,"
         "\"method\":\"x/1\"},{\"section\":\"a\",\"figure\":\"n\",\"value\":2,"
         "\"method\":\"x/1\"}],\"runs\":[{\"bps\":1,\"state\":\"ok\"},{\"bps\":2,"
         "\"state\":\"ok\"}],\"used\":{\"method\":\"util-p95/"
         "2\",\"n\":288,\"p95_bps\":100},"
         "\"period\":{\"from\":\"2026-09-01T00:00:00Z\"}}",
         8, 0, 1, 1, 1, NULL},
        {"{\"used\":{\"method\":\"util-p95/2\",\"p95_bps\":99},\"runs\":[{\"bps\":1,"
         "\"state\":\"failed\"}],\"figures\":[]}",
         0, 2, 0, 8, 1, "used.p95_bps: the bag says 99, its records give 100"},
        {"{\"runs\":[{\"bps\":1,\"state\":\"failed\"},{\"bps\":2,\"state\":\"ok\"}]}", 2, 1,
         0, 0, 0, "runs[0].state: the bag says \"failed\", its records give \"ok\""},
        {"{\"figures\":[{\"section\":\"a\",\"figure\":\"n\",\"value\":1,\"method\":\"x/"
         "1\"},"
         "{\"section\":\"a\",\"figure\":\"n\",\"value\":2,\"method\":\"x/1\"},"
         "{\"section\":\"b\",\"figure\":\"k\",\"value\":3,\"method\":\"y/1\"},"
         "{\"section\":\"b\",\"figure\":\"z\",\"value\":3,\"method\":\"y/1\"}]}",
         3, 1, 0, 0, 0, "figures.z: the bag says {"},
        {"{", 0, 1, 0, 0, 0, "JSON: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told t = {0};
        struct bw_bundle_compared c = {.fault = note, .owner = &t};
        bw_bundle_json_differences("m", cases[i].bag, strlen(cases[i].bag), made,
                                   strlen(made), &c);
        assert_int_equal(c.n_differ, cases[i].differ);
        assert_int_equal(t.n, cases[i].differ);
        assert_int_equal(c.n_same, cases[i].same);
        if (i < 3) {
            assert_int_equal(c.n_apart, cases[i].apart);
            assert_int_equal(c.n_newer, cases[i].newer);
            assert_int_equal(c.n_words, cases[i].words);
        }
        if (cases[i].fault) {
            assert_non_null(strstr(t.text[0], cases[i].fault));
        }
    }
}

/* Bags that were changed: none is the same in another form. */
static void forged_words(void **state)
{
    static const char head[] = "section,figure,value,unit,layer,statistic,n,method\r\n";
    static const struct {
        const char *bag, *made;
        int64_t differ, apart, words;
    } rows[] = {
        {"identity,period_from,2025-07-01T00:00:00Z,,,,,\r\n",
         "identity,period_from,2026-07-01T00:00:00Z,,,,,\r\n", 1, 0, 0},
        {"identity,circuit,wan 2,,,,,\r\n", "identity,circuit,wan,,,,,\r\n", 1, 0, 0},
        {"identity,signatures,all hold,,,,,\r\n",
         "identity,signatures,not all hold,,,,,\r\n", 0, 1, 0},
        {"used,p95,\"941\",bit/s,ip,P95,288,\r\n", "", 0, 1, 0},
        {"used,p95,941.5,bit/s,ip,P95,288,\r\n", "used,p95,900,bit/s,ip,P95,288,\r\n", 1, 0,
         0},
        {"used,p95,941,bit/s,ip,P95,288,method\r\n", "", 1, 0, 0},
        {"absent,the line,it is fast,,,,,\r\n", "", 0, 1, 0},
        {"", "bindings,x in doubt,typed wrong?,,,,,\r\n", 0, 1, 0},
        {"", "absent,students,no number is on file,,,,,\r\n", 0, 0, 1},
        {"absent,students,\"none, nobody said\",,,,,\r\n",
         "absent,students,no number is on file,,,,,\r\n", 0, 0, 1},
    };
    static const struct {
        const char *bag, *made;
        int64_t differ, apart, newer, words;
    } objects[] = {
        {"{\"state\":\"failed \"}", "{\"state\":\"ok\"}", 1, 0, 0, 0},
        {"{\"from\":\"2026-08-01 00:00\"}", "{\"from\":\"2026-07-01T00:00:00Z\"}", 1, 0, 0,
         0},
        {"{\"place\":\"Elm School\"}", "{\"place\":\"Alder School\"}", 0, 1, 0, 0},
        {"{\"title\":\"B c\",\"absent\":[{\"what\":\"x\",\"why\":\"not said\"}]}",
         "{\"title\":\"A b\",\"absent\":[{\"what\":\"x\",\"why\":\"nobody said\"}]}", 0, 0,
         0, 2},
        {"{\"circuits\":[{\"site\":\"a\"},{\"site\":\"b\"}]}",
         "{\"circuits\":[{\"site\":\"a\"}]}", 1, 0, 0, 0},
        {"{\"other_packs\":[\"a\",\"b\"]}", "{\"other_packs\":[\"a\"]}", 0, 1, 0, 0},
        {"{\"runs\":[{\"at\":1},{\"at\":2,\"state\":\"ok\"}]}",
         "{\"runs\":[{\"at\":1,\"state\":\"ok\"},{\"at\":2,\"state\":\"ok\"}]}", 0, 1, 0,
         0},
        {"{\"at\":1}", "{\"at\":1,\"typed_wrong\":true}", 0, 1, 0, 0},
        {"{\"at\":1,\"note\":\"it is fast\"}", "{\"at\":1}", 0, 1, 0, 0},
        {"{\"at\":1}", "{\"at\":1,\"later\":{\"state\":\"ok\"}}", 0, 0, 1, 0},
    };
    struct told t = {0};
    struct bw_bundle_compared headless = {.fault = note, .owner = &t};
    (void)state;
    bw_bundle_figure_differences("m", "", 0, head, strlen(head), &headless);
    assert_int_equal(headless.n_apart, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_bundle_compared c = {.fault = note, .owner = &t};
        char bag[256];
        char made[256];
        (void)snprintf(bag, sizeof(bag), "%s%s", head, rows[i].bag);
        (void)snprintf(made, sizeof(made), "%s%s", head, rows[i].made);
        bw_bundle_figure_differences("m", bag, strlen(bag), made, strlen(made), &c);
        if (c.n_differ != rows[i].differ || c.n_apart != rows[i].apart ||
            c.n_words != rows[i].words) {
            print_error("row %zu: %d %d %d\n", i, (int)c.n_differ, (int)c.n_apart,
                        (int)c.n_words);
            t.n = -1000;
        }
    }
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        struct bw_bundle_compared c = {.fault = note, .owner = &t};
        bw_bundle_json_differences("m", objects[i].bag, strlen(objects[i].bag),
                                   objects[i].made, strlen(objects[i].made), &c);
        if (c.n_differ != objects[i].differ || c.n_apart != objects[i].apart ||
            c.n_newer != objects[i].newer || c.n_words != objects[i].words) {
            print_error("object %zu: %d %d %d %d\n", i, (int)c.n_differ, (int)c.n_apart,
                        (int)c.n_newer, (int)c.n_words);
            t.n = -1000;
        }
    }
    assert_true(t.n >= 0);
}

/* Rows by time and number, columns by name; what is not compared is not passed over. */
static void intervals_of_two_forms(void **state)
{
    static const char made[] = "start_utc,seq,down_bytes,own_test\r\n"
                               "2026-09-01T00:00:00Z,1,10,0\r\n"
                               "2026-09-01T00:05:00Z,2,20,0\r\n"
                               "2026-09-01T00:05:00Z,3,,1\r\n";
    static const struct {
        const char *bag;
        int64_t same, differ, apart;
        const char *fault;
    } cases[] = {
        {made, 5, 0, 0, NULL},
        /* other order of rows and columns, other ends of lines: all of it compared */
        {"seq,own_test,start_utc,down_bytes\n3,1,2026-09-01T00:05:00Z,\n"
         "1,0,2026-09-01T00:00:00Z,10\n2,0,2026-09-01T00:05:00Z,20",
         5, 0, 0, NULL},
        {"start_utc,seq,down_bytes,own_test\n2026-09-01T00:00:00Z,1,11,0\n"
         "2026-09-01T00:05:00Z,2,\"20\",0\n2026-09-01T00:05:00Z,3,0,1\n",
         3, 3, 0,
         "down_bytes of 2026-09-01T00:00:00Z: the bag says '11', its records give '10'"},
        /* a row struck out, one made up, one twice */
        {"start_utc,seq,down_bytes,own_test\n2026-09-01T00:00:00Z,1,10,0\n"
         "2026-09-01T00:00:00Z,1,10,0\n2026-09-01T00:05:00Z,2,20,0\n"
         "2026-09-01T00:10:00Z,4,9,0\n",
         4, 2, 1, "'2026-09-01T00:00:00Z,1,10,0', its records give no such interval"},
        /* a column of its own, and one that it has not */
        {"start_utc,seq,own_test,up_bytes\n2026-09-01T00:00:00Z,1,0,\"1,2\"\n"
         "2026-09-01T00:05:00Z,2,0,5\n2026-09-01T00:05:00Z,3,1,5\n",
         3, 0, 2, NULL},
        {"start_utc,seq,down_bytes,own_test\n2026-09-01T00:00:00Z,1,10\n"
         "2026-09-01T00:05:00Z,2,20,0\n2026-09-01T00:05:00Z,3,,1,7\n\n",
         2, 3, 2, "'2026-09-01T00:00:00Z,1,10' has not the heading's number of fields"},
        {"start_utc,seq,down_bytes,down_bytes\n", 0, 0, 1, NULL},
        {"seq,down_bytes\n1,10\n", 0, 0, 1, NULL},
        {"", 0, 0, 1, NULL},
    };
    char *many = malloc(70000);
    struct told t = {0};
    struct bw_bundle_compared c = {.fault = note, .owner = &t};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t.n = 0;
        c = (struct bw_bundle_compared){.fault = note, .owner = &t};
        bw_bundle_interval_differences("m", cases[i].bag, strlen(cases[i].bag), made,
                                       strlen(made), &c);
        assert_int_equal(c.n_same, cases[i].same);
        assert_int_equal(c.n_differ, cases[i].differ);
        assert_int_equal(c.n_apart, cases[i].apart);
        assert_int_equal(c.n_newer + c.n_words, 0);
        if (cases[i].fault) {
            assert_non_null(strstr(t.text[0], cases[i].fault));
        }
    }
    bw_bundle_interval_differences("m", NULL, 0, made, strlen(made), &c);
    assert_non_null(many);
    memset(many, ',', 70000);
    c = (struct bw_bundle_compared){.fault = note, .owner = &t};
    bw_bundle_interval_differences("m", many, 70000, made, strlen(made), &c);
    bw_bundle_interval_differences("m", many, 65, made, strlen(made), &c);
    assert_int_equal(c.n_apart, 2);
    free(many);
}

/* A file of line ends alone takes no memory for them. */
static void rows_without_end(void **state)
{
    size_t n = 70000;
    char *many = malloc(n);
    struct told t = {0};
    struct bw_bundle_compared c = {.fault = note, .owner = &t};
    (void)state;
    assert_non_null(many);
    memset(many, '\n', n);
    bw_bundle_figure_differences("m", many, n, "", 0, &c);
    assert_int_equal(c.n_differ, 1);
    assert_non_null(strstr(t.text[0], "more rows than figures have"));
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_two_forms), cmocka_unit_test(json_of_two_forms),
        cmocka_unit_test(forged_words),         cmocka_unit_test(intervals_of_two_forms),
        cmocka_unit_test(rows_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_evrule.c - rules are read, those with holes or contradictions are not, and each
 * refusal names the line and the mend. */
#include "buf.h"
#include "evrule.h"

#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                               \
    "version = 1\ntitle = \"A rule\"\nsays = \"So it is.\"\nwhom = \"us\"\n"               \
    "place = comparison\n"
#define CITED                                                                              \
    "citation \"a\" { source = \"A book\" url = \"https://example.org/\" read = "          \
    "\"2026-11-21\" }\n"
#define OPEN "tests \"speed\" { kind = capacity lessons = out shows = \"it was fast\" "
#define SPEED OPEN "part = 80% share = 80% least = 42 }\n"

static int parse(const char *text, struct bw_evrule *r, struct bw_err *err)
{
    return bw_evrule_parse(text, strlen(text), "r.conf", "r", r, err);
}

static struct bw_evrule *take(const char *text)
{
    struct bw_evrule *r = calloc(1, sizeof(*r));
    struct bw_err err = {""};

    assert_non_null(r);
    if (parse(text, r, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return r;
}

static void refuse(const char *text, const char *where, const char *says)
{
    struct bw_evrule *r = calloc(1, sizeof(*r));
    struct bw_err err = {""};

    assert_non_null(r);
    if (parse(text, r, &err) != -EINVAL) {
        fail_msg("was taken: %s", text);
    }
    if (!strstr(err.text, where) || !strstr(err.text, says)) {
        fail_msg("\"%s\" has not \"%s\" and \"%s\"", err.text, where, says);
    }
    free(r);
}

static void reads(void **state)
{
    struct bw_evrule *r = take(HEAD CITED SPEED);

    (void)state;
    assert_string_equal(r->name, "r");
    assert_int_equal(r->version, 1);
    assert_int_equal(r->place, BW_EVRULE_COMPARISON);
    assert_int_equal(r->n_citations, 1);
    assert_string_equal(r->citations[0].source, "A book");
    assert_int_equal(r->days.count, 0);
    assert_int_equal(r->n_clauses, 1);
    assert_int_equal(r->clauses[0].part_ppm, 800000);
    assert_int_equal(r->clauses[0].share_ppm, 800000);
    assert_int_equal(r->clauses[0].least, 42);
    assert_int_equal(r->clauses[0].per_hour, BW_UNKNOWN);
    assert_true(r->clauses[0].direction[BW_UP]);
    assert_true(r->clauses[0].decides);
    assert_int_equal(r->clauses[0].window.weekdays, 0x7f);
    assert_int_equal(r->clauses[0].window.to_min, 1440);
    free(r);
    r = take(HEAD CITED "bins \"b\" { kind = use shows = \"x\" percentile = 99.9501% "
                        "weekdays = \"fri-mon,wed\" from = \"07:30\" to = \"17:00\" }\n");
    assert_int_equal(r->clauses[0].percentile_ppm, 999501);
    assert_int_equal(r->clauses[0].least, 900000);
    assert_int_equal(r->clauses[0].part_ppm, BW_UNKNOWN);
    assert_int_equal(r->clauses[0].window.weekdays, 0x6b); /* Sun Mon Wed Fri Sat */
    assert_int_equal(r->clauses[0].window.from_min, 450);
    free(r);
}

static void holes(void **state)
{
    (void)state;
    refuse(HEAD SPEED, "r.conf:", "citation");
    refuse(HEAD CITED, "r.conf:", "no clause");
    refuse("title = \"A\"\n" CITED SPEED, "r.conf:", "version");
    refuse(HEAD "citation \"a\" { source = \"A\" url = \"https://a.org\" }\n" SPEED,
           "r.conf:6:", "read");
    refuse(HEAD "citation \"a\" { source = \"A\" url = \"ftp://a.org/\" read = "
                "\"2026-11-21\" }\n" SPEED,
           "r.conf:6:", "https://");
    refuse(HEAD "citation \"a\" { source = \"A\" url = \"https://a.org\" read = "
                "\"2026-13-21\" }\n" SPEED,
           "r.conf:6:", "'read'");
    refuse(HEAD CITED OPEN "part = 80% share = 80% }\n", "r.conf:7:", "enough");
    refuse(HEAD CITED OPEN "part = 80% least = 1 }\n", "r.conf:7:", "share = 80%");
    refuse(HEAD CITED OPEN "count = days-below least = 1 }\n", "r.conf:7:", "days = 2");
    refuse(HEAD CITED "tests \"a\" { lessons = out shows = \"x\" }\n", "r.conf:7:", "kind");
    refuse(HEAD CITED "tests \"a\" { kind = capacity lessons = out }\n",
           "r.conf:7:", "shows");
    refuse(HEAD CITED
           "bins \"b\" { kind = use shows = \"x\" percentile = 95% each = day }\n",
           "r.conf:7:", "over = mean");
    refuse(HEAD CITED "outages \"o\" { kind = service shows = \"x\" }\n",
           "r.conf:7:", "'at_most'");
    refuse(HEAD CITED "ratio \"r\" { kind = size shows = \"x\" per = user }\n",
           "r.conf:7:", "size");
    refuse(HEAD CITED "days { count = 7 within = 7 }\n" SPEED, "r.conf:7:", "per_hour");
}

static void contradictions(void **state)
{
    (void)state;
    refuse(HEAD CITED OPEN "part = 80% share = 80% least = 1 days = 2 }\n",
           "r.conf:7:", "days-reached");
    refuse(HEAD CITED OPEN "share = 80% per_hour = 1 per_day = 2 }\n",
           "r.conf:7:", "not both");
    refuse(HEAD CITED OPEN "share = 80% per_day = 10 spacing = 3h }\n",
           "r.conf:7:", "no room");
    refuse(HEAD CITED
           "tests \"a\" { kind = capacity shows = \"x\" share = 80% least = 1 }\n",
           "r.conf:7:", "lessons = out");
    refuse(HEAD CITED "tests \"a\" { kind = experience lessons = out shows = \"x\" "
                      "share = 80% least = 1 }\n",
           "r.conf:7:", "lessons = in");
    refuse(HEAD CITED "tests \"a\" { kind = use shows = \"x\" share = 80% least = 1 }\n",
           "r.conf:7:", "kind");
    refuse(HEAD CITED OPEN "share = 80% least = 1 from = \"18:00\" to = \"06:00\" }\n",
           "r.conf:7:", "not after");
    refuse(HEAD CITED OPEN "share = 80% least = 1 direction = none }\n",
           "r.conf:7:", "down,up");
    refuse(HEAD CITED SPEED SPEED, "r.conf:", "speed");
    refuse(HEAD CITED "days { count = 3 within = 4 gap = 1 }\n" OPEN
                      "share = 80% per_day = 1 }\n",
           "r.conf:7:", "do not fit");
    refuse(HEAD CITED "days { count = 40 within = 40 each = month }\n" OPEN
                      "share = 80% per_day = 1 }\n",
           "r.conf:7:", "at most 31");
    refuse(HEAD CITED "days { count = 1 within = 1 }\n" OPEN
                      "count = days-reached days = 2 per_day = 1 }\n",
           "r.conf:8:", "on 1 days");
    refuse(HEAD CITED "outages \"o\" { kind = service shows = \"x\" at_most = 1h "
                      "available = 99% }\n",
           "r.conf:7:", "one of");
    refuse(HEAD CITED "outages \"o\" { kind = service shows = \"x\" at_most = 28d }\n",
           "r.conf:7:", "no outage");
    refuse(HEAD CITED
           "ratio \"r\" { kind = size shows = \"x\" per = user "
           "size \"a\" { to = 999 each = 1M }\nsize \"b\" { from = 999 each = 2M } }\n",
           "r.conf:8:", "overlap");
    refuse(HEAD CITED "ratio \"r\" { kind = size shows = \"x\" per = user "
                      "size \"a\" { from = 5 to = 4 each = 1M } }\n",
           "r.conf:7:", "less than");
    refuse(HEAD CITED OPEN "part = contract share = 80% least = 1 }\n",
           "r.conf:7:", "place = contract");
    refuse(
        "version = 1\ntitle = \"A\"\nsays = \"x\"\nwhom = \"us\"\nplace = contract\n" CITED
            SPEED,
        "r.conf:5:", "no number is the contract's");
    refuse(HEAD CITED OPEN "decides = no share = 80% least = 1 }\n", "r.conf:", "decides");
}

static void values(void **state)
{
    static const char *const bad[] = {"80",
                                      "0%",
                                      "100.0001%",
                                      "101%",
                                      "1e1%",
                                      "80.%",
                                      "80.12345%",
                                      "-5%",
                                      "%",
                                      "8 0%",
                                      "99999999999999999999%"};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(text, sizeof(text), "%s%s%sshare = \"%s\" least = 1 }\n", HEAD,
                       CITED, OPEN, bad[i]);
        refuse(text, "r.conf:7:", "'share'");
    }
    refuse(HEAD CITED OPEN "share = 80% least = 1 weekdays = \"mon-\" }\n",
           "r.conf:7:", "'weekdays'");
    refuse(HEAD CITED OPEN "share = 80% least = 1 weekdays = \"mon,\" }\n",
           "r.conf:7:", "'weekdays'");
    refuse(HEAD CITED OPEN "share = 80% least = 1 from = \"24:01\" }\n",
           "r.conf:7:", "'from'");
    refuse(HEAD CITED OPEN "share = 80% least = 1 to = \"7:000\" }\n", "r.conf:7:", "'to'");
    refuse(HEAD CITED "delay \"d\" { kind = service shows = \"x\" bound = 100 share = 95% "
                      "lost = over least = 1 }\n",
           "r.conf:7:", "unit");
    refuse(HEAD CITED
           "delay \"d\" { kind = service shows = \"x\" bound = 100ms share = 95% "
           "lost = over least = 1 from = \"07:30\" }\n",
           "r.conf:7:", "whole hours");
    refuse(HEAD CITED "tests \"a\x01\" { kind = capacity }\n", "r.conf:7:", "");
    refuse("versoin = 1\n" HEAD CITED SPEED, "r.conf:1:", "version");
}

/* A file that was left in the folder of rules when campaigns moved. */
static void campaigns(void **state)
{
    struct bw_evrule *r = calloc(1, sizeof(*r));
    struct bw_err err = {""};

    (void)state;
    assert_non_null(r);
    assert_int_equal(bw_evrule_read(BW_SOURCE_DIR "/etc/campaigns/bnetza.conf", r, &err),
                     -ENOTSUP);
    assert_non_null(strstr(err.text, "/etc/bandwitness/campaigns"));
    assert_int_equal(bw_evrule_read("/etc/passwd", r, &err), -EINVAL);
    assert_int_equal(bw_evrule_read("/nowhere/a.conf", r, &err), -ENOENT);
    assert_int_equal(bw_evrule_read("/nowhere/A b.conf", r, &err), -ENOENT);
    free(r);
}

/* The ten that are shipped, and what their comments and sources say of them. */
static void shipped(void **state)
{
    static const char *const names[] = {"bead",
                                        "bnetza-99-2021",
                                        "contract-sla",
                                        "esh-headroom",
                                        "fcc-1gbps-per-1000",
                                        "fcc-1mbps-per-student",
                                        "fcc-8080-any-hours",
                                        "fcc-caf",
                                        "ncren-utilisation",
                                        "setda-iii"};
    static const enum bw_evrule_place places[] = {
        BW_EVRULE_COMPARISON, BW_EVRULE_COMPARISON, BW_EVRULE_CONTRACT,
        BW_EVRULE_ADOPTION,   BW_EVRULE_ADOPTION,   BW_EVRULE_ADOPTION,
        BW_EVRULE_COMPARISON, BW_EVRULE_COMPARISON, BW_EVRULE_ADOPTION,
        BW_EVRULE_ADOPTION};
    struct bw_evrule *list = NULL;
    struct bw_err err = {""};
    struct bw_buf out;
    size_t n = 0;

    (void)state;
    if (bw_evrule_folder(BW_SOURCE_DIR "/etc/rules", &list, &n, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(n, sizeof(names) / sizeof(names[0]));
    bw_buf_init(&out, 1024 * 1024);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(list[i].name, names[i]);
        /* a rule that was changed is a new version, and a row of evrule_shipped.c */
        assert_int_equal(bw_evrule_whose(&list[i]), BW_EVRULE_SHIPPED);
        assert_int_equal(list[i].place, places[i]);
        assert_true(list[i].ours[0] != '\0');
        bw_evrule_show(&list[i], &out);
        assert_int_equal(bw_buf_error(&out), 0);
        assert_non_null(strstr(out.data, list[i].citations[0].url));
    }
    for (size_t i = 0; i < 8; i += 7) { /* what these leave out of the FCC's method */
        assert_non_null(strstr(list[i].ours, "64 kbit/s down or 32 kbit/s up"));
    }
    assert_int_equal(list[7].days.count, 7);
    assert_int_equal(list[7].days.each, BW_EVRULE_QUARTER);
    assert_int_equal(list[7].clauses[1].bound_us, 100000);
    assert_int_equal(list[0].clauses[0].duration_ms, 15000);
    assert_int_equal(list[0].clauses[2].at_most_ms, 48 * 3600 * 1000);
    assert_int_equal(list[0].clauses[2].excused, BW_EVRULE_PLANNED | BW_EVRULE_DISASTER);
    assert_int_equal(list[9].clauses[0].sizes[0].each_bps, 2800000);
    assert_int_equal(list[9].clauses[0].sizes[0].least_bps, 300000000);
    assert_int_equal(list[9].clauses[0].sizes[2].to, BW_UNKNOWN);
    list[0].sha256[5] ^= 1;
    assert_int_equal(bw_evrule_whose(&list[0]), BW_EVRULE_ALTERED);
    list[1].version = 99;
    assert_int_equal(bw_evrule_whose(&list[1]), BW_EVRULE_UNHEARD);
    list[2].name[0] = 'x';
    assert_int_equal(bw_evrule_whose(&list[2]), BW_EVRULE_OWN);
    bw_buf_done(&out);
    free(list);
    assert_int_equal(bw_evrule_folder("/nowhere", &list, &n, &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),          cmocka_unit_test(holes),
        cmocka_unit_test(contradictions), cmocka_unit_test(values),
        cmocka_unit_test(campaigns),      cmocka_unit_test(shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

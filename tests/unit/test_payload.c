/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_payload.c - the payload is taken out of a record whole, or nothing of it. */
#include "bw_test.h"
#include "payload.h"

#include <bw/err.h>
#include <bw/records.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    FITS = BW_PAYLOAD_MAX / 3 * 4 + 2, /* characters of BW_PAYLOAD_MAX bytes */
    ROOM = FITS + 64
};

/* Takes the n bytes at jws, from memory that ends with them. */
static int take(struct bw_payload *p,
                const char *jws,
                size_t n,
                const char *sha256,
                struct bw_err *reterr)
{
    char *exact = malloc(n ? n : 1);
    struct bw_record rec = {.jws = exact, .jws_len = n, .seq = 7, .kid = "alder"};
    int r;

    assert_non_null(exact);
    memcpy(exact, jws, n);
    (void)snprintf(rec.sha256, sizeof(rec.sha256), "%s", sha256);
    r = bw_payload_take(p, &rec, reterr);
    free(exact);
    return r;
}

static void a_payload_is_taken(void **state)
{
    static struct bw_payload p;
    struct bw_err e = {0};
    (void)state;

    assert_int_equal(take(&p, "x.eyJ2IjoxfQ.y", 14, "a", &e), 1);
    assert_int_equal(p.len, 7);
    assert_string_equal(p.json, "{\"v\":1}");
    assert_string_equal(p.sha256, "a");
    /* Its header and its signature may be anything. */
    assert_int_equal(take(&p, ".YQ.", 4, "b", &e), 1);
    assert_string_equal(p.json, "a");
    assert_int_equal(p.len, 1);
}

static void the_same_record_is_taken_once(void **state)
{
    static struct bw_payload p;
    struct bw_err e = {0};
    (void)state;

    assert_int_equal(take(&p, "x.YQ.y", 6, "a", &e), 1);
    assert_int_equal(take(&p, "x.YQ.y", 6, "a", &e), 0);
    assert_string_equal(p.json, "a");
    assert_int_equal(take(&p, "x.Yg.y", 6, "b", &e), 1);
    assert_string_equal(p.json, "b");
    assert_int_equal(take(&p, "x.YQ.y", 6, "a", &e), 1); /* not next to itself */
    /* Of one without a sha256 nobody knows. */
    assert_int_equal(take(&p, "x.YQ.y", 6, "", &e), 1);
    assert_int_equal(take(&p, "x.YQ.y", 6, "", &e), 1);
}

/* Refused, told how, and nothing of it or of the one before stays. */
static void refused(const char *jws, size_t n, const char *how)
{
    static struct bw_payload p;
    struct bw_err e = {0};
    char said[96];

    memset(&p, 0, sizeof(p));
    (void)snprintf(said, sizeof(said), "record 7 of key alder %s", how);
    assert_int_equal(take(&p, "x.YQ.y", 6, "before", &e), 1);
    for (int i = 0; i < 2; i++) { /* the second time as well as the first */
        assert_int_equal(take(&p, jws, n, "a", &e), -BW_EMALFORMED);
        assert_string_equal(e.text, said);
        assert_int_equal(p.len, 0);
        assert_string_equal(p.json, "");
        assert_string_equal(p.sha256, "");
    }
    assert_int_equal(take(&p, "x.YQ.y", 6, "before", &e), 1);
}

static void damaged_ones_are_refused(void **state)
{
    (void)state;
    refused("", 0, "is not a JWS");
    refused("YQ", 2, "is not a JWS");
    refused("x.YQ", 4, "is not a JWS");
    refused("x.", 2, "is not a JWS");
    refused("x.YQ.y", 4, "is not a JWS"); /* a dot behind its end is none of it */
    refused("..", 2, "holds nothing");
    refused("x..y", 4, "holds nothing");
    refused("x.YWJj*A.y", 10, "is not base64url"); /* three bytes were good */
    refused("x.YQ==.y", 8, "is not base64url");    /* padded */
    refused("x.Y.y", 5, "is not base64url");
    refused("x.YR.y", 6, "is not base64url"); /* bits that no byte has */
    refused("x.Y\0.y", 6, "is not base64url");
}

static void a_longer_one_is_refused(void **state)
{
    static struct bw_payload p;
    static char jws[ROOM];
    struct bw_err e = {0};
    (void)state;

    memset(jws, 'A', sizeof(jws));
    jws[1] = '.';
    jws[2 + FITS] = '.';
    assert_int_equal(BW_PAYLOAD_MAX % 3, 1); /* what FITS rests on */
    assert_int_equal(take(&p, jws, FITS + 4, "a", &e), 1);
    assert_int_equal(p.len, BW_PAYLOAD_MAX);
    assert_int_equal(p.json[BW_PAYLOAD_MAX], 0);
    jws[2 + FITS] = 'A';
    jws[3 + FITS] = '.';
    refused(jws, FITS + 5, "is too long");
    jws[3 + FITS] = 'A';
    jws[20 + FITS] = '.';
    refused(jws, FITS + 22, "is too long");
}

static void its_text_is_lent(void **state)
{
    struct bw_record rec = {.jws = "x.YQ.y", .jws_len = 6};
    size_t n = 0;
    (void)state;

    assert_ptr_equal(bw_payload_text(&rec, &n), rec.jws + 2);
    assert_int_equal(n, 2);
    rec.jws_len = 4;
    assert_null(bw_payload_text(&rec, &n));
    rec = (struct bw_record){.jws = NULL};
    assert_null(bw_payload_text(&rec, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_taken),
        cmocka_unit_test(the_same_record_is_taken_once),
        cmocka_unit_test(damaged_ones_are_refused),
        cmocka_unit_test(a_longer_one_is_refused),
        cmocka_unit_test(its_text_is_lent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

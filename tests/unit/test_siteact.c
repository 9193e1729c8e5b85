/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_siteact.c - what became of a site: its bytes, and what is refused. */
#include "buf.h"
#include "bw_test.h"
#include "siteact.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char moved[] = "{\"v\":1,\"act\":\"moved\",\"from_s\":1789000200,"
                            "\"entity\":\"willow\",\"old_entity\":\"alder\","
                            "\"reason\":\"districts merged\"}";

static void test_both_ways(void **state)
{
    struct bw_siteact a;
    struct bw_siteact got;
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 4096);
    bw_siteact_init(&a);
    a.act = BW_SITEACT_MOVED;
    a.from_unix_s = 1789000200;
    (void)snprintf(a.entity, sizeof(a.entity), "willow");
    (void)snprintf(a.old_entity, sizeof(a.old_entity), "alder");
    (void)snprintf(a.reason, sizeof(a.reason), "districts merged");
    assert_int_equal(bw_siteact_encode(&a, &out, NULL), 0);
    assert_string_equal(out.data, moved);
    assert_int_equal(bw_siteact_decode(moved, strlen(moved), &got, NULL), 0);
    assert_memory_equal(&got, &a, sizeof(a));
    a.act = BW_SITEACT_RETIRED; /* goes nowhere */
    assert_int_equal(bw_siteact_encode(&a, &out, NULL), -EINVAL);
    bw_siteact_init(&a);
    a.act = BW_SITEACT_SHIPPED;
    a.from_unix_s = 1789000200;
    (void)snprintf(a.reason, sizeof(a.reason), "sent");
    bw_buf_clear(&out);
    assert_int_equal(bw_siteact_encode(&a, &out, NULL), 0);
    assert_string_equal(out.data, "{\"v\":1,\"act\":\"shipped\",\"from_s\":1789000200,"
                                  "\"reason\":\"sent\"}");
    bw_buf_done(&out);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "{\"v\":1,\"act\":\"moved\",\"from_s\":1,\"reason\":\"x\"}",
        "{\"v\":1,\"act\":\"retired\",\"from_s\":1,\"entity\":\"a\",\"reason\":\"x\"}",
        "{\"v\":1,\"act\":\"sold\",\"from_s\":1,\"reason\":\"x\"}",
        "{\"v\":1,\"act\":\"retired\",\"reason\":\"x\"}",
        "{\"v\":1,\"act\":\"retired\",\"from_s\":1}"};
    struct bw_siteact a;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_siteact_decode(bad[i], strlen(bad[i]), &a, NULL),
                         -BW_EMALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

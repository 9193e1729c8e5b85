/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bag_place.c - yearly bags: names of strangers, when one is due, and that none is
 * ever written over. */
#include "bag_place.h"
#include "bw_test.h"

#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_names(void **state)
{
    static const char *const bad[] = {"",
                                      "s-4f9k2.wan-FY2026.tar",
                                      "s-4f9k2.wan-FY26.tar.zst",
                                      "s-4f9k2.wan-fy2026.tar.zst",
                                      "s-4f9k2.wan-FY20x6.tar.zst",
                                      "s-4f9k2.-FY2026.tar.zst",
                                      "s-4f9k2-FY2026.tar.zst",
                                      ".making-s-4f9k2.wan-FY2026.tar.zst",
                                      "../s-4f9k2.wan-FY2026.tar.zst",
                                      "s-4f9k2./../x-FY2026.tar.zst",
                                      "s-4f9k2.wan-FY2026.tar.zst.sha256"};
    struct bw_bag_place p;
    char name[BW_BAG_FILE_MAX + 1];
    char path[PATH_MAX];
    (void)state;
    assert_int_equal(bw_bag_place_parse("s-4f9k2.wan.b-FY2026.tar.zst", &p), 0);
    assert_string_equal(p.site, "s-4f9k2");
    assert_string_equal(p.circuit, "wan.b");
    assert_int_equal(p.year, 2026);
    bw_bag_place_name(&p, name);
    assert_string_equal(name, "s-4f9k2.wan.b-FY2026.tar.zst");
    bw_bag_place_path("/b", &p, ".sha256", path);
    assert_string_equal(path, "/b/s-4f9k2/FY2026/s-4f9k2.wan.b-FY2026.tar.zst.sha256");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_bag_place_parse(bad[i], &p) != -EINVAL) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void test_due(void **state)
{
    const int64_t after = 10 * 86400;
    (void)state;
    /* date -ud … +%s; the year 2025 ends with 30 June 2026 */
    assert_int_equal(bw_bag_year_begin(2026), 1782864000);
    assert_int_equal(bw_bag_year_due(1783814399, after), 2024); /* 2026-07-11 23:59:59 */
    assert_int_equal(bw_bag_year_due(1783814400, after), 2025); /* 2026-07-12 */
    assert_int_equal(bw_bag_year_due(1798761600, after), 2025); /* 2027-01-01 */
    assert_true(bw_bag_quiet(1200, 1200, 300));
    assert_true(bw_bag_quiet(0, 1200, 300));
    assert_false(bw_bag_quiet(300, 1200, 300));
    assert_false(bw_bag_quiet(1199, 1200, 300));
    assert_true(bw_bag_quiet(60, 60, 120));
    assert_false(bw_bag_quiet(120, 60, 120));
    assert_true(bw_bag_quiet(700, 60, 60));
}

static void test_never_over_another(void **state)
{
    const struct bw_bag_place p = {.site = "s-4f9k2", .circuit = "wan", .year = 2025};
    char top[] = "/tmp/bw-bags-XXXXXX";
    char path[PATH_MAX];
    char folder[PATH_MAX];
    char making[PATH_MAX];
    char hex[BW_SHA256_HEX + 1];
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(top));
    (void)snprintf(folder, sizeof(folder), "%s/s-4f9k2/FY2025", top);
    assert_int_equal(bw_dir_make(folder, 0700, NULL), 0);
    bw_bag_place_making(top, &p, making);
    bw_bag_place_path(top, &p, "", path);
    assert_int_equal(bw_file_write(making, "abc", 3, 0600, NULL), 0);
    assert_int_equal(bw_bag_place_put(top, &p, NULL), 0);
    assert_int_equal(stat(making, &st), -1);
    assert_int_equal(bw_bag_place_sha256(path, hex, NULL), 0);
    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(bw_file_write(making, "other", 5, 0600, NULL), 0);
    assert_int_equal(bw_bag_place_put(top, &p, NULL), -EEXIST);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(unlink(path), 0);
    bw_bag_place_path(top, &p, ".sha256", path);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(making + strlen(making), 8, ".a1B2c3");
    assert_int_equal(bw_file_write(making, "half", 4, 0600, NULL), 0);
    bw_bag_place_sweep(top, &p);
    assert_int_equal(rmdir(folder), 0);
    bw_bag_place_sweep(top, &p);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(top), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_never_over_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

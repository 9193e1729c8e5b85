/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_retention.c - ten years after the later of two days (47 CFR 54.516), by hand. */
#include <bw/units.h>
#include <civil.h>
#include <retention.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
keeps(int year, int y, int m, int d, int want_year, int want_month, int want_day)
{
    int64_t deadline = y ? bw_civil_days(y, m, d) : BW_UNKNOWN;

    assert_int_equal(bw_retention_day(year, deadline),
                     bw_civil_days(want_year, want_month, want_day));
}

static void ten_years_after_the_later(void **state)
{
    (void)state;
    keeps(2026, 0, 0, 0, 2037, 6, 30);     /* recurring: the funding year's last day */
    keeps(2026, 2027, 6, 30, 2037, 6, 30); /* the same day */
    keeps(2026, 2027, 7, 1, 2037, 7, 1);
    keeps(2026, 2027, 9, 30, 2037, 9, 30); /* not recurring, usual deadline */
    keeps(2026, 2027, 1, 31, 2037, 6, 30); /* an earlier one shortens nothing */
    keeps(2026, 2028, 9, 30, 2038, 9, 30); /* extended */
    keeps(2026, 2028, 2, 29, 2038, 3, 1);  /* no such day in 2038 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ten_years_after_the_later)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

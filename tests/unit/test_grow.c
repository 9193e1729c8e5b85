/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_grow.c - arrays that grow keep what is in them, and say when they cannot. */
#include "bw_test.h"

#include "grow.h"

#include <stdint.h>
#include <stdlib.h>

static void keeps_what_it_has(void **state)
{
    uint32_t *list = NULL;
    size_t cap = 0;

    (void)state;
    for (size_t n = 0; n < 10000; n++) {
        uint32_t *room = bw_grow(list, n, &cap, sizeof(*list));
        assert_non_null(room);
        assert_true(cap > n);
        list = room;
        list[n] = (uint32_t)n;
    }
    for (size_t n = 0; n < 10000; n++) {
        assert_int_equal(list[n], n);
    }
    free(list);
}

static void too_much_leaves_it(void **state)
{
    size_t cap = SIZE_MAX / 4;
    char one = 'x';

    (void)state;
    assert_null(bw_grow(&one, cap, &cap, 16)); /* twice that, times 16, is no size */
    assert_int_equal(cap, SIZE_MAX / 4);
    assert_ptr_equal(bw_grow(&one, cap - 1, &cap, 16), &one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_has),
        cmocka_unit_test(too_much_leaves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

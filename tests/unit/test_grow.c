/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_grow.c - arrays that grow keep what is in them, copies are of it all, and both say
 * when they cannot. */
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

static void copies(void **state)
{
    static const char bytes[] = {'a', '\0', 'b'};
    char *copy = bw_copy(bytes, sizeof(bytes));

    (void)state;
    assert_non_null(copy);
    assert_memory_equal(copy, "a\0b", 4); /* and a NUL */
    free(copy);
    copy = bw_copy(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = bw_copy_text("Rowan");
    assert_string_equal(copy, "Rowan");
    free(copy);
    copy = bw_copy_text(NULL);
    assert_string_equal(copy, "");
    free(copy);
    assert_null(bw_copy(bytes, SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_has),
        cmocka_unit_test(too_much_leaves_it),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

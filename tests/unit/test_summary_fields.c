/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_summary_fields.c - every member of the contract is described, and nothing else is.
 */
#include "bw_test.h"
#include "summary_fields.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    FIELDS_MAX = 512
};

struct seen {
    char paths[FIELDS_MAX][128];
    size_t n;
    size_t without;
};

static int note(void *owner, const struct bw_field *f)
{
    struct seen *s = owner;
    assert_true(s->n < FIELDS_MAX);
    (void)snprintf(s->paths[s->n++], sizeof(s->paths[0]), "%s", f->path);
    if (f->from == BW_FIELD_FROM_NOBODY || !f->meaning || !f->meaning[0]) {
        s->without++;
        print_error("%s has no description in lib/base/summary_fields.c\n", f->path);
    } else {
        assert_null(strpbrk(f->meaning, "|\n")); /* it stands in a table */
    }
    return 0;
}

static struct seen s;

static void every_member_is_described(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    assert_int_equal(bw_summary_fields(note, &s), 0);
    assert_true(s.n > 100);
    assert_int_equal(s.without, 0);
}

static void every_description_has_its_member(void **state)
{
    (void)state;
    size_t left = 0;
    const char *path;
    for (size_t i = 0; (path = bw_summary_fields_described(i)) != NULL; i++) {
        size_t found = 0;
        for (size_t k = 0; k < s.n; k++) {
            found += strcmp(s.paths[k], path) == 0;
        }
        if (found != 1) {
            left++;
            print_error("%s is described, and is %s\n", path,
                        found ? "there twice" : "no member");
        }
    }
    assert_int_equal(left, 0);
}

static int stop(void *owner, const struct bw_field *f)
{
    (void)f;
    return ++*(int *)owner == 3 ? 42 : 0;
}

static void a_walk_can_be_ended(void **state)
{
    int n = 0;
    (void)state;
    assert_int_equal(bw_summary_fields(stop, &n), 42);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_member_is_described),
                                       cmocka_unit_test(every_description_has_its_member),
                                       cmocka_unit_test(a_walk_can_be_ended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pledge.c - what a record commits to is what a later one reveals: over days, over
 * days off, and for a box whose clock begins in 1970. */
#include "bw_test.h"
#include "pledge.h"
#include "writer.h"

#include <buf.h>
#include <bw/summary.h>
#include <errno.h>
#include <hash.h>
#include <starts.h>
#include <stdio.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define DAY (INT64_C(20779) * 86400)

/* ---- the journal's named values */

static struct {
    char name[64];
    char value[256];
} values[64];
static size_t n_values;

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out);
int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value);

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out)
{
    (void)w;
    for (size_t i = 0; i < n_values; i++) {
        if (strcmp(values[i].name, name) == 0) {
            bw_buf_puts(out, values[i].value);
            return bw_buf_error(out);
        }
    }
    return -ENOENT;
}

int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value)
{
    size_t i = 0;
    (void)w;
    while (i < n_values && strcmp(values[i].name, name) != 0) {
        i++;
    }
    assert_true(i < sizeof(values) / sizeof(values[0]));
    n_values = i == n_values ? n_values + 1 : n_values;
    (void)snprintf(values[i].name, sizeof(values[i].name), "%s", name);
    (void)snprintf(values[i].value, sizeof(values[i].value), "%s", value);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    n_values = 0;
    return 0;
}

/* ---- what records tell */

static void tell(const struct bw_pledge *p, struct bw_summary *s)
{
    bw_summary_init(s);
    assert_int_equal(bw_pledge_tell(p, s), 0);
}

static const char *commit(const struct bw_summary *s, int64_t day_s)
{
    for (size_t i = 0; i < s->schedule.n_commits; i++) {
        if (s->schedule.commits[i].day_unix_s == day_s) {
            return s->schedule.commits[i].sha256;
        }
    }
    fail_msg("no commitment for day %lld", (long long)(day_s / DAY_S));
    return "";
}

/* The secret of a day, as the record reveals it, fits what `before` committed to. */
static void fits(const struct bw_summary *s, int64_t day_s, const struct bw_summary *before)
{
    for (size_t i = 0; i < s->schedule.n_secrets; i++) {
        if (s->schedule.secrets[i].day_unix_s == day_s) {
            uint8_t secret[BW_STARTS_SECRET_LEN];
            char hash[BW_HASH_LEN + 1];
            assert_int_equal(bw_b64_decode(s->schedule.secrets[i].secret, BW_HASH_LEN,
                                           secret, sizeof(secret)),
                             sizeof(secret));
            bw_sha256_text(secret, sizeof(secret), hash);
            assert_string_equal(hash, commit(before, day_s));
            return;
        }
    }
    fail_msg("day %lld is not revealed", (long long)(day_s / DAY_S));
}

static void revealed_is_what_was_committed(void **state)
{
    struct bw_summary first;
    struct bw_summary next;
    struct bw_pledge_view view;
    (void)state;
    struct bw_pledge *p = bw_pledge_new(NULL, DAY);
    tell(p, &first);
    assert_int_equal(first.schedule.n_commits, 2);
    assert_int_equal(first.schedule.n_secrets, 0); /* nothing of a day that is not over */
    (void)commit(&first, DAY);
    bw_pledge_view(p, &view);
    assert_string_equal(view.tomorrow_commit, commit(&first, DAY + DAY_S));
    assert_int_equal(view.past_unix_s, BW_UNKNOWN);
    bw_pledge_turn(p, DAY + DAY_S);
    tell(p, &next);
    assert_int_equal(next.schedule.n_secrets, 1);
    fits(&next, DAY, &first);
    assert_string_equal(commit(&next, DAY + DAY_S), commit(&first, DAY + DAY_S));
    bw_pledge_view(p, &view);
    assert_int_equal(view.past_unix_s, DAY);
    bw_summary_done(&next);
    for (int i = 2; i < 20; i++) { /* never more than the contract has room for */
        bw_pledge_turn(p, DAY + i * DAY_S);
        tell(p, &next);
        assert_int_equal(next.schedule.n_commits, 2);
        assert_int_equal(next.schedule.n_secrets, i < 4 ? i : 4);
        bw_summary_done(&next);
    }
    bw_summary_done(&first);
    bw_pledge_free(p);
}

static void days_off_are_revealed_when_it_is_back(void **state)
{
    struct bw_summary first;
    struct bw_summary next;
    (void)state;
    struct bw_pledge *p = bw_pledge_new(NULL, DAY);
    tell(p, &first);
    bw_pledge_free(p);
    p = bw_pledge_new(NULL, DAY + 90 * DAY_S);
    tell(p, &next);
    fits(&next, DAY, &first);
    fits(&next, DAY + DAY_S, &first);
    bw_summary_done(&first);
    bw_summary_done(&next);
    bw_pledge_free(p);
}

static void a_restart_draws_nothing_again(void **state)
{
    struct bw_summary first;
    struct bw_summary next;
    (void)state;
    struct bw_pledge *p = bw_pledge_new(NULL, DAY);
    tell(p, &first);
    bw_pledge_free(p);
    p = bw_pledge_new(NULL, DAY);
    tell(p, &next);
    assert_string_equal(commit(&next, DAY), commit(&first, DAY));
    assert_string_equal(commit(&next, DAY + DAY_S), commit(&first, DAY + DAY_S));
    bw_summary_done(&first);
    bw_summary_done(&next);
    bw_pledge_free(p);
}

static void a_clock_that_begins_in_1970_breaks_no_commitment(void **state)
{
    struct bw_summary first;
    struct bw_summary next;
    (void)state;
    struct bw_pledge *p = bw_pledge_new(NULL, DAY);
    for (int i = 1; i < 20; i++) {
        bw_pledge_turn(p, DAY + i * DAY_S);
    }
    tell(p, &first);
    bw_pledge_free(p);
    p = bw_pledge_new(NULL, 0); /* booted, no time yet */
    tell(p, &next);
    assert_int_equal(next.schedule.n_secrets, 0);
    bw_summary_done(&next);
    bw_pledge_turn(p, DAY + 20 * DAY_S); /* the time is known */
    tell(p, &next);
    fits(&next, DAY + 19 * DAY_S, &first);
    assert_string_equal(commit(&next, DAY + 20 * DAY_S), commit(&first, DAY + 20 * DAY_S));
    bw_summary_done(&first);
    bw_summary_done(&next);
    bw_pledge_free(p);
}

static void a_day_that_comes_back_may_be_known(void **state)
{
    (void)state;
    struct bw_pledge *p = bw_pledge_new(NULL, DAY);
    assert_false(bw_pledge_was_over(p, DAY));
    bw_pledge_turn(p, DAY + DAY_S); /* the clock runs ahead … */
    assert_false(bw_pledge_was_over(p, DAY + DAY_S));
    bw_pledge_turn(p, DAY); /* … and is set right */
    assert_true(bw_pledge_was_over(p, DAY));
    assert_false(bw_pledge_was_over(p, DAY + DAY_S));
    bw_pledge_turn(p, DAY - 9 * DAY_S); /* a day that had no secret yet */
    assert_false(bw_pledge_was_over(p, DAY - 9 * DAY_S));
    for (int i = 1; i < 14; i++) { /* long enough that the list has lost the first */
        bw_pledge_turn(p, DAY + i * DAY_S);
    }
    bw_pledge_free(p);
    p = bw_pledge_new(NULL, DAY - 9 * DAY_S);
    assert_true(bw_pledge_was_over(p, DAY - 9 * DAY_S));
    bw_pledge_free(p);
    p = bw_pledge_new(NULL, DAY + 13 * DAY_S);
    assert_false(bw_pledge_was_over(p, DAY + 13 * DAY_S));
    assert_true(bw_pledge_was_over(p, DAY + 12 * DAY_S));
    bw_pledge_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(revealed_is_what_was_committed, forget),
        cmocka_unit_test_setup(days_off_are_revealed_when_it_is_back, forget),
        cmocka_unit_test_setup(a_restart_draws_nothing_again, forget),
        cmocka_unit_test_setup(a_clock_that_begins_in_1970_breaks_no_commitment, forget),
        cmocka_unit_test_setup(a_day_that_comes_back_may_be_known, forget),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

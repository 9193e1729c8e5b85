/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_heavy_plan.c - what is due goes on when everything is planned anew, as long as it is
 * drawn by the same plan. */
#include "bw_test.h"
#include "heavy_private.h"
#include "pledge.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <writer.h>

#define DAY_S (INT64_C(20779) * 86400)
#define NOON_S (DAY_S + 43200)
#define NOON_MS (NOON_S * 1000)

#define A " target \"a\" { address = \"http://192.0.2.1/file\" }\n"
#define B " \"b\" { address = \"http://192.0.2.2/file\" }\n"
#define HOURLY "every = 1h\n" A " target" B

/* ---- a journal that knows nothing */

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out);
int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value);

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out)
{
    (void)w;
    (void)name;
    (void)out;
    return -ENOENT;
}

int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value)
{
    (void)w;
    (void)name;
    (void)value;
    return 0;
}

/* ---- a box with one test */

static struct bw_boxconf *section(const char *lines)
{
    char text[1024];
    char path[] = "/tmp/bw-heavy-plan-XXXXXX";
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    int n = snprintf(text, sizeof(text),
                     "circuit \"wan\" { vantage = lan-side source = none }\n"
                     "http \"state\" {\n direction = down\n %s}\n",
                     lines);
    assert_in_range(n, 1, sizeof(text) - 1);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, (size_t)n), n);
    (void)close(fd);
    int r = bw_boxconf_load(path, &c, &err);
    (void)unlink(path);
    if (r < 0) {
        fail_msg("%s", err.text);
    }
    return c;
}

static struct bw_heavy *planned(const char *lines)
{
    struct bw_heavy *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    h->config = section(lines);
    h->pledge = bw_pledge_new(NULL, DAY_S);
    h->campaigns = bw_campaigns_new(NULL);
    heavy_plan(h, NOON_S);
    assert_int_equal(h->n_items, 1);
    return h;
}

static void reload(struct bw_heavy *h, const char *lines)
{
    struct bw_boxconf *old = h->config;
    h->config = section(lines);
    heavy_plan(h, NOON_S);
    bw_boxconf_unref(old);
    assert_int_equal(h->n_items, 1);
}

/* Due for so long, by both clocks. */
static void make_due(struct bw_heavy *h, int64_t since_ms, const char *deferred)
{
    struct item *it = &h->items[0];
    it->due_unix_ms = NOON_MS - since_ms;
    it->due_mono_ms = bw_clock_mono_ms() - since_ms;
    it->give_up_unix_ms = NOON_MS + 3600000;
    it->drawn_day_s = DAY_S;
    it->left_out = 2;
    (void)snprintf(it->deferred, sizeof(it->deferred), "%s", deferred);
}

static void expect_due(const struct bw_heavy *h, int64_t since_ms, const char *deferred)
{
    assert_int_equal(h->items[0].due_unix_ms, NOON_MS - since_ms);
    assert_string_equal(h->items[0].deferred, deferred);
    assert_int_equal(h->items[0].left_out, 2);
}

static void expect_drawn_anew(const struct bw_heavy *h)
{
    assert_true(h->items[0].due_unix_ms >= NOON_MS);
    assert_string_equal(h->items[0].deferred, "");
    assert_int_equal(h->items[0].left_out, 2);
}

/* ---- */

static void goes_on_waiting(void **state)
{
    (void)state;
    struct bw_heavy *h = planned(HOURLY);
    make_due(h, 60000, "busy");
    reload(h, HOURLY);
    expect_due(h, 60000, "busy");
    h->items[0].give_up_unix_ms = NOON_MS;
    heavy_plan(h, NOON_S);
    expect_drawn_anew(h);
    make_due(h, 60000, "busy");
    h->items[0].drawn_day_s = DAY_S - 86400;
    heavy_plan(h, NOON_S);
    expect_drawn_anew(h);
    bw_heavy_free(h);
}

/* Who takes a test out, or draws it otherwise, does not want what the old plan had due. */
static void ends_with_its_plan(void **state)
{
    (void)state;
    struct bw_heavy *h = planned(HOURLY);
    make_due(h, 60000, "busy");
    reload(h, "every = 2h\n" A " target" B);
    expect_drawn_anew(h);
    make_due(h, 500, "");
    reload(h, "every = 2h\n" A " outside" B);
    expect_drawn_anew(h);
    make_due(h, 60000, "busy");
    reload(h, A " outside" B);
    assert_int_equal(h->items[0].due_unix_ms, BW_UNKNOWN);
    assert_string_equal(h->items[0].deferred, "");
    bw_heavy_free(h);
}

/* Just after a test nothing is looked at for seconds. */
static void is_not_lost_before_it_is_looked_at(void **state)
{
    (void)state;
    struct bw_heavy *h = planned(HOURLY);
    make_due(h, 500, "");
    heavy_plan(h, NOON_S);
    expect_due(h, 500, "");
    reload(h, HOURLY);
    expect_due(h, 500, "");
    /* the clock was set forward over it */
    h->items[0].due_mono_ms = bw_clock_mono_ms() + 60000;
    heavy_plan(h, NOON_S);
    expect_drawn_anew(h);
    bw_heavy_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_waiting),
        cmocka_unit_test(ends_with_its_plan),
        cmocka_unit_test(is_not_lost_before_it_is_looked_at),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

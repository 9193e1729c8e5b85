/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_courier.c - whatever the collector does, no record is lost, none is given up that
 * it did not refuse for good, and delivery goes on by itself.
 *
 * The other side is tests/support/courier_server.py, which behaves as told. */
#include "courier_world.h"

#include <fcntl.h>
#include <hash.h>
#include <log.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void delivers(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ok", NULL});
    world_run_until_settled(&w);
    bw_courier_status(w.courier, &st);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    assert_int_equal(st.posts, 1);
    assert_int_equal(st.failures_in_a_row, 0);
    assert_true(st.last_ok_unix_ms > 0);
    assert_string_equal(st.last_error, "");
    world_end(&w);
}

static void takes_a_part(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"half", "half", "ok", NULL});
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

/* Each of these leaves every record where it was, and the next post brings them over. */
static void survives(void **state)
{
    static const char *const bad[] = {"status:500",
                                      "status:503",
                                      "status:429",
                                      "status:404",
                                      "garbage",
                                      "types",
                                      "others",
                                      "beyond",
                                      "cut",
                                      "shut",
                                      "nothing",
                                      "noreceipt",
                                      "moved",
                                      "endless",
                                      "headers",
                                      "continue",
                                      "deep",
                                      "negative",
                                      "number",
                                      "line:0",
                                      "line:-1",
                                      "line:9999999",
                                      "twice",
                                      "chains",
                                      "keys",
                                      "wait:unknown-key",
                                      "wait:not-yet-readable",
                                      "wait:too-far-ahead",
                                      "wait:some-new-word"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct world w;
        struct bw_courier_status st;
        world_begin(&w, "http", (const char *const[]){bad[i], "ok", NULL});
        world_run_until_failures(&w, 1);
        bw_courier_status(w.courier, &st);
        if (world_waiting(&w) != ROWS) {
            fail_msg("%s: %zu of %d records wait", bad[i], world_waiting(&w), ROWS);
        }
        assert_true(st.last_error[0] != '\0');
        if (strncmp(bad[i], "status:", 7) == 0) {
            assert_true(st.next_in_ms > 500); /* Retry-After: 1, far beyond the back-off */
        }
        assert_null(strchr(st.last_error, '\n'));
        world_run_until_settled(&w);
        assert_int_equal(world_count(&w, ACKED), ROWS);
        world_end(&w);
    }
}

static void refused_for_good(void **state)
{
    static const char *const words[] = {"malformed", "too-long", "bad-signature",
                                        "wrong-site"};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world w;
        char behaviour[64];
        (void)snprintf(behaviour, sizeof(behaviour), "refuse:%s", words[i]);
        world_begin(&w, "http", (const char *const[]){behaviour, "ok", NULL});
        world_run_until_settled(&w);
        assert_int_equal(world_count(&w, REFUSED), 1);
        assert_int_equal(world_count(&w, ACKED), ROWS - 1);
        world_end(&w);
    }
}

/* The newest record is refused: the receipt is about the one before it, and a refusal
 * alone does not settle what nobody signed for. */
static void newest_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"refuselast:malformed", NULL});
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, REFUSED), 1);
    assert_int_equal(world_count(&w, ACKED), ROWS - 1);
    world_end(&w);

    world_begin(&w, "http",
                (const char *const[]){"hide:malformed", "status:503", "ok", NULL});
    world_run_until_failures(&w, 2);
    assert_int_equal(world_count(&w, REFUSED), 1);
    assert_int_equal(world_count(&w, ACKED), 0);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS - 1);
    world_end(&w);
}

/* Somebody with our key delivered more: what we sent is settled, the rest is not ours. */
static void further_than_sent(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ahead", NULL});
    world_run_until_settled(&w);
    assert_true(w.ahead);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

static void forks(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"fork", "status:503", "ok", NULL});
    world_run_until_settled(&w);
    assert_int_equal(w.forks, 1);
    assert_int_equal(w.keys_known, 1);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

/* One fork of many lines is one new key, told with the next post. */
static void forks_once(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"forkall", "ok", NULL});
    world_run_until_settled(&w);
    assert_int_equal(w.forks, 1);
    assert_int_equal(w.keys_known, 1);
    assert_int_equal(w.fetches, 2);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

/* The copy has delivered as far as this box sends: the receipt is about its record, which
 * is no false one. What both hold is settled, the rest goes on under a new key at once. */
static void forks_at_the_head(void **state)
{
    static const char *const from[] = {"forkhead:1", "forkhead:5"};
    (void)state;
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        struct world w;
        struct bw_courier_status st;
        world_begin(&w, "http", (const char *const[]){from[i], "ok", NULL});
        world_renew_courier(&w, "http", 30000, 0);
        w.others = true;
        bw_courier_wake(w.courier, true);
        while (world_waiting(&w) > 0) {
            (void)uv_run(&w.loop, UV_RUN_ONCE);
            bw_courier_status(w.courier, &st);
            assert_int_equal(st.failures_in_a_row, 0);
        }
        assert_int_equal(w.acked_at_key, i == 0 ? 0 : 4);
        assert_int_equal(w.keys_known, 1);
        assert_int_equal(w.forks, 1);
        assert_int_equal(w.fetches, 2);
        assert_int_equal(world_count(&w, ACKED), ROWS);
        world_end(&w);
    }
}

/* A collector that says "fork" to everything costs a few keys and no more; it neither
 * makes the box spin nor loses a record. */
static void forked_without_end(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"forks", NULL});
    world_run_until_failures(&w, 3);
    assert_int_equal(w.forks, BW_COURIER_FORKS_MAX);
    assert_int_equal(world_waiting(&w), ROWS);
    world_end(&w);
}

static void foreign_words_are_tamed(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"escape", NULL});
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, REFUSED), 1);
    world_end(&w);
}

static void in_other_form(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http",
                (const char *const[]){"long", NULL}); /* too much to say of many */
    world_run_until_settled(&w);
    assert_true(w.least_lines <= 10);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"status:413", "status:413", "ok", NULL});
    world_run_until_settled(&w);
    assert_int_equal(w.least_lines, ROWS / 4);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    assert_false(w.plain_asked);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"status:415", "ok", NULL});
    world_run_until_settled(&w);
    assert_true(w.plain_asked);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

/* A key that the collector does not know: its records wait, those of the next one go on,
 * and once it is known they are taken like all others. */
static void unknown_key(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"unknown:B", NULL});
    world_renew_courier(&w, "http", 30000, 0);
    w.old = 4;
    w.fate[ROWS] = NOT_YET;
    world_run_until_waiting(&w, 4);
    bw_courier_status(w.courier, &st);
    assert_int_equal(st.failures_in_a_row, 0);
    assert_non_null(strstr(st.last_error, "unknown-key"));
    assert_int_equal(w.fetches, 1);
    w.fate[ROWS] = WAITS; /* the next interval */
    world_run_until_waiting(&w, 4);
    bw_courier_status(w.courier, &st);
    assert_string_equal(w.without_kids, KID_B);
    assert_non_null(strstr(st.last_error, "unknown-key"));
    assert_int_equal(st.posts, 2);
    world_end(&w);

    /* A batch is full of them. */
    world_begin(&w, "http", (const char *const[]){"unknown:B", NULL});
    world_renew_courier(&w, "http", 30000, 0);
    w.old = 4;
    w.most = 4;
    world_run_until_waiting(&w, 4);
    assert_int_equal(world_count(&w, ACKED), ROWS - 4);
    bw_courier_status(w.courier, &st);
    assert_int_equal(st.posts, 2); /* the first was refused whole */
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"unknown:B", "unknown:B", "ok", NULL});
    w.old = 4;
    w.fate[ROWS] = NOT_YET;
    world_run_until_waiting(&w, 4);
    w.fate[ROWS] = WAITS;
    world_ask_until_waiting(&w, 0); /* each interval asks, for some milliseconds in vain */
    bw_courier_status(w.courier, &st);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    assert_string_equal(st.last_error, "");
    world_end(&w);
}

/* Two keys that the collector does not know, whether one post holds all or each fills its
 * own: the third's records go on in both cases. */
static void unknown_keys(void **state)
{
    static const size_t most[] = {0, 4};
    (void)state;
    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        struct world w;
        struct bw_courier_status st;
        world_begin(&w, "http", (const char *const[]){"unknown:B+C", NULL});
        world_renew_courier(&w, "http", 30000, 0);
        w.most = most[i];
        w.older = 4;
        w.old = 8;
        w.fate[ROWS] = NOT_YET;
        world_run_until_waiting(&w, 8);
        w.fate[ROWS] = WAITS; /* the next interval */
        world_ask_until_waiting(&w, 8);
        bw_courier_status(w.courier, &st);
        assert_int_equal(world_count(&w, ACKED), ROWS - 8);
        assert_non_null(strstr(w.without_kids, KID_B));
        assert_non_null(strstr(w.without_kids, KID_C));
        assert_int_equal(st.failures_in_a_row, 0);
        assert_non_null(strstr(st.last_error, "unknown-key"));
        world_end(&w);
    }
}

/* The collector went past a record that it puts off: it is not taken for delivered,
 * nor is what comes behind it, and in the end it is told as a gap. */
static void gone_past(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"waitat:6", "waitat:6", "ok", NULL});
    world_run_until_waiting(&w, ROWS - 5);
    assert_int_equal(world_count(&w, ACKED), 5);
    world_ask_until_waiting(&w, 0);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"waitat:6", NULL});
    world_run_until_waiting(&w, ROWS - 5);
    assert_int_equal(world_count(&w, REFUSED), 0);
    world_ask_until_waiting(&w, 0);
    assert_int_equal(w.fate[6], REFUSED);
    assert_int_equal(world_count(&w, ACKED), ROWS - 1);
    world_end(&w);
}

/* The journal takes no answers: the same records are not posted without a pause, and the
 * box says so until they are written down. */
static void answers_not_taken(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ok", NULL});
    w.most = 4;
    w.stuck = true;
    bw_courier_wake(w.courier, true);
    do {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
        bw_courier_status(w.courier, &st);
    } while (st.failures_in_a_row < 3 && w.fetches < 100);
    assert_int_equal(st.failures_in_a_row, 3);
    assert_int_equal(st.posts, 3); /* each followed by a look and a pause */
    assert_int_equal(w.fetches, 6);
    assert_string_equal(st.last_error, "the journal did not take the last answer");
    w.stuck = false;
    world_run_until_settled(&w);
    bw_courier_status(w.courier, &st);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    assert_string_equal(st.last_error, "");
    world_end(&w);

    /* A fork that cannot be written down is followed once it can, however often it was
     * told meanwhile. */
    world_begin(&w, "http", (const char *const[]){"forkold:A", NULL});
    w.stuck = true;
    world_run_until_failures(&w, BW_COURIER_FORKS_MAX + 2);
    assert_int_equal(world_waiting(&w), ROWS);
    assert_int_equal(w.fetches, 2 * w.forks); /* a pause between any two */
    w.stuck = false;
    world_run_until_settled(&w);
    assert_int_equal(w.n_made, 1);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

/* The collector was restored from a backup: what it had acknowledged since is sent again.
 * It is not believed twice in a short time, and not without a receipt. */
static void set_back(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"back:3", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    world_run_until_failures(&w, 1);
    assert_int_equal(w.rewinds, 1);
    assert_int_equal(world_waiting(&w), ROWS - 3);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"back:3", "back:1", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    world_run_until_failures(&w, 2);
    assert_int_equal(w.rewinds, 1);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"back:0", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    world_run_until_failures(&w, 1); /* it knows nothing of the chain */
    assert_int_equal(world_waiting(&w), ROWS);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    world_begin(&w, "http", (const char *const[]){"half", "back:6", "ok", NULL});
    world_run_until_failures(&w, 1); /* a chain in good order */
    world_run_until_settled(&w);
    assert_int_equal(w.rewinds, 0);
    world_end(&w);
}

/* A body that does not get over in time becomes smaller until it does, and does not grow
 * again at once. */
static void slow_line(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"slow:3", NULL});
    w.carried = 3;
    world_renew_courier(&w, "http", 20, 500);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    assert_true(w.least_lines <= 3);
    assert_true(w.too_large <= 4); /* 12, 6, then 4 twice */
    world_end(&w);
}

static void wrong_receipt(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ok", NULL});
    w.bad_receipt = true;
    world_run_until_failures(&w, 1);
    assert_int_equal(world_waiting(&w), ROWS);
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);
}

static void wrong_certificate(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    world_begin(&w, "https", (const char *const[]){"--tls", "ok", NULL});
    world_run_until_settled(&w);
    assert_int_equal(world_count(&w, ACKED), ROWS);
    world_end(&w);

    /* The same server, but nobody vouches for it. */
    memset(&w, 0, sizeof(w));
    world_begin(&w, "https", (const char *const[]){"--tls", "ok", NULL});
    char ca_file[sizeof(w.ca_file)];
    memcpy(ca_file, w.ca_file, sizeof(ca_file));
    w.ca_file[0] = '\0';
    world_renew_courier(&w, "https", 20, 0);
    memcpy(w.ca_file, ca_file, sizeof(ca_file)); /* world_end() removes it */
    world_run_until_failures(&w, 3);
    bw_courier_status(w.courier, &st);
    assert_int_equal(world_waiting(&w), ROWS);
    assert_non_null(strstr(st.last_error, "certificate"));
    world_end(&w);
}

static void nobody_there(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ok", NULL});
    (void)kill(w.server, SIGKILL);
    (void)close(w.to_server);
    w.to_server = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int status = 0;
    assert_true(waitpid(w.server, &status, 0) == w.server);
    world_run_until_failures(&w, 5);
    bw_courier_status(w.courier, &st);
    assert_int_equal(world_waiting(&w), ROWS);
    assert_int_equal(st.posts, 0);
    assert_int_equal(st.last_ok_unix_ms, BW_UNKNOWN);
    (void)fclose(w.from_server);
    world_start_server(&w, (const char *const[]){"ok", NULL}); /* for world_end() to end */
    world_end(&w);
}

static void closes_while_posting(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w, "http", (const char *const[]){"ok", NULL});
    bw_courier_wake(w.courier, true);
    while (w.fetches == 0) {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
    }
    (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    world_end(&w);
}

static void backs_off(void **state)
{
    (void)state;
    assert_int_equal(bw_courier_backoff_ms(1, 2000, 900000, 0), 2000);
    assert_int_equal(bw_courier_backoff_ms(2, 2000, 900000, 0), 4000);
    assert_int_equal(bw_courier_backoff_ms(3, 2000, 900000, UINT32_MAX), 4001);
    assert_int_equal(bw_courier_backoff_ms(50, 2000, 900000, 0), 900000);
    assert_int_equal(bw_courier_backoff_ms(INT64_MAX, 2000, 900000, UINT32_MAX), 450001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers),
        cmocka_unit_test(takes_a_part),
        cmocka_unit_test(survives),
        cmocka_unit_test(refused_for_good),
        cmocka_unit_test(newest_refused),
        cmocka_unit_test(further_than_sent),
        cmocka_unit_test(forked_without_end),
        cmocka_unit_test(foreign_words_are_tamed),
        cmocka_unit_test(forks),
        cmocka_unit_test(forks_once),
        cmocka_unit_test(forks_at_the_head),
        cmocka_unit_test(in_other_form),
        cmocka_unit_test(unknown_key),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(gone_past),
        cmocka_unit_test(answers_not_taken),
        cmocka_unit_test(set_back),
        cmocka_unit_test(slow_line),
        cmocka_unit_test(wrong_receipt),
        cmocka_unit_test(wrong_certificate),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(closes_while_posting),
        cmocka_unit_test(backs_off),
    };
    bw_log_set_level(BW_ERROR);
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

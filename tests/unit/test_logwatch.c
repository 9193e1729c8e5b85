/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_logwatch.c - what a box holds against a log, and against which: another collector's
 * log is judged by nothing of the one before, and names do not lead back. */
#include "bw_test.h"
#include "logask.h"
#include "logwatch.h"
#include "writer.h"

#include <buf.h>
#include <bw/summary.h>
#include <checkpoint.h>
#include <errno.h>
#include <jws.h>
#include <stdio.h>
#include <string.h>

static struct {
    char name[64];
    char value[3 * BW_NOTE_MAX];
} values[16];
static size_t n_values;
static struct bw_logask *asked; /* the question that was asked last */

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out);
int __wrap_bw_writer_set(struct bw_writer *w, const char *name, const char *value);
int __wrap_bw_logask_start(struct bw_logask *a, uv_loop_t *loop);

int __wrap_bw_writer_get(struct bw_writer *w, const char *name, struct bw_buf *out)
{
    (void)w;
    for (size_t i = 0; i < n_values; i++) {
        if (strcmp(values[i].name, name) == 0 && values[i].value[0]) {
            bw_buf_clear(out);
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
    (void)snprintf(values[i].value, sizeof(values[i].value), "%s", value ? value : "");
    return 0;
}

int __wrap_bw_logask_start(struct bw_logask *a, uv_loop_t *loop)
{
    (void)loop;
    asked = a;
    return 0;
}

struct fixture {
    uv_loop_t loop;
    struct bw_logwatch *w;
    struct bw_key *one;
    struct bw_key *other;
};

static void enrol(struct fixture *f, const struct bw_key *key, const char *enrolment)
{
    const struct bw_logwatch_where where = {.url = "http://203.0.113.7",
                                            .ca_file = "",
                                            .agent = "test",
                                            .log_key = bw_key_public(key),
                                            .enrolment = enrolment};
    bw_logwatch_set(f->w, &where);
}

static void start(struct fixture *f, const struct bw_key *key, const char *enrolment)
{
    assert_int_equal(bw_logwatch_new(&f->loop, NULL, &f->w, NULL), 0);
    enrol(f, key, enrolment);
}

static void stop(struct fixture *f)
{
    bw_logwatch_close(f->w, NULL, NULL);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
}

static int setup(void **state)
{
    static struct fixture f;
    n_values = 0;
    asked = NULL;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &f.one, NULL), 0);
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &f.other, NULL), 0);
    start(&f, f.one, "first");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    stop(f);
    bw_key_free(f->one);
    bw_key_free(f->other);
    return uv_loop_close(&f->loop);
}

static void
hear(struct fixture *f, const struct bw_key *key, const char *origin, int64_t size)
{
    struct bw_checkpoint c = {.size = size};
    struct bw_buf note;
    (void)snprintf(c.origin, sizeof(c.origin), "%s", origin);
    memset(c.root, (int)size, sizeof(c.root));
    bw_buf_init(&note, BW_NOTE_MAX);
    assert_int_equal(bw_checkpoint_sign(&c, key, &note, NULL), 0);
    bw_logwatch_heard(f->w, note.data);
    bw_buf_done(&note);
}

/* The question that was asked is answered by a proof that proves nothing. */
static void answer(void)
{
    static const char line[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    struct bw_logask *a = asked;
    assert_non_null(a);
    asked = NULL;
    a->status = 200;
    bw_buf_puts(&a->answer, line);
    a->after(a);
}

static void promise(struct fixture *f, int64_t index)
{
    bw_logwatch_promised(f->w, index, 1789000000000,
                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void what_holds_against_a_log_is_refused(void **state)
{
    struct fixture *f = *state;
    hear(f, f->one, "tern.example/log", 9);
    assert_string_equal(bw_logwatch_refused(f->w), "");
    promise(f, 4);
    hear(f, f->one, "tern.example/log", 9);
    answer();
    assert_non_null(strstr(bw_logwatch_refused(f->w), "leaf 4"));
}

static void another_log_is_not_asked_for_the_first_ones_leaves(void **state)
{
    struct fixture *f = *state;
    hear(f, f->one, "tern.example/log", 9);
    promise(f, 4);
    enrol(f, f->other, "second");
    hear(f, f->other, "heron.example/log", 20);
    assert_null(asked);
    assert_string_equal(bw_logwatch_refused(f->w), "");
    promise(f, 4); /* by the new one */
    hear(f, f->other, "heron.example/log", 20);
    answer();
    assert_non_null(strstr(bw_logwatch_refused(f->w), "leaf 4"));
}

static void an_answer_of_the_log_before_is_dropped(void **state)
{
    struct fixture *f = *state;
    hear(f, f->one, "tern.example/log", 9);
    hear(f, f->one, "tern.example/log", 12);
    enrol(f, f->other, "second");
    answer();
    assert_string_equal(bw_logwatch_refused(f->w), "");
    hear(f, f->other, "heron.example/log", 3); /* the first of it is believed */
    assert_string_equal(bw_logwatch_refused(f->w), "");
}

static void a_refusal_ends_where_the_box_is_enrolled_anew(void **state)
{
    struct fixture *f = *state;
    hear(f, f->other, "tern.example/log", 9); /* nothing is known, and it is refused */
    assert_non_null(strstr(bw_logwatch_refused(f->w), "does not hold"));
    enrol(f, f->one, "first"); /* settings read again */
    assert_string_not_equal(bw_logwatch_refused(f->w), "");
    stop(f);
    start(f, f->one, "first");
    assert_string_not_equal(bw_logwatch_refused(f->w), "");
    stop(f);
    start(f, f->other, "second"); /* while it was off */
    assert_string_equal(bw_logwatch_refused(f->w), "");
    hear(f, f->other, "heron.example/log", 9);
    hear(f, f->other, "heron.example/log", 8);
    assert_non_null(strstr(bw_logwatch_refused(f->w), "shrank"));
    enrol(f, f->other, "third"); /* at the same collector */
    assert_string_equal(bw_logwatch_refused(f->w), "");
    hear(f, f->other, "heron.example/log", 8); /* what was accepted stays */
    assert_non_null(strstr(bw_logwatch_refused(f->w), "shrank"));
}

static void names_do_not_lead_back(void **state)
{
    static const char *const wrong[] = {
        "tern.example/log",          "other.example/log",       "tern.example/log/epoch-2",
        "tern.example/log/epoch-4x", "tern.example/lo/epoch-4", "tern.example/log/epoch-1"};
    struct fixture *f = *state;
    hear(f, f->one, "tern.example/log", 9);
    hear(f, f->one, "tern.example/log/epoch-2", 5);
    assert_true(bw_logwatch_began_anew(f->w));
    hear(f, f->one, "tern.example/log/epoch-3", 4);
    assert_string_equal(bw_logwatch_refused(f->w), "");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        hear(f, f->one, wrong[i], 3);
        assert_non_null(strstr(bw_logwatch_refused(f->w), wrong[i]));
        assert_non_null(strstr(bw_logwatch_refused(f->w), "no later epoch"));
    }
    hear(f, f->one, "tern.example/log/epoch-10", 4);
    hear(f, f->one, "tern.example/log/epoch-10", 3);
    assert_non_null(strstr(bw_logwatch_refused(f->w), "shrank"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
        T(what_holds_against_a_log_is_refused),
        T(another_log_is_not_asked_for_the_first_ones_leaves),
        T(an_answer_of_the_log_before_is_dropped),
        T(a_refusal_ends_where_the_box_is_enrolled_anew),
        T(names_do_not_lead_back),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

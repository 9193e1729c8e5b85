/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_exchange.c - one exchange a slot: each is told once and ended once, whatever becomes
 * of it, and a probe is gone only when its last handle is closed. The host is this test; an
 * exchange is a timer. */
#include "bw_test.h"

#include "exchange.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum mode {
    ANSWERS,
    ANSWERS_AT_ONCE, /* within begin() */
    IS_SILENT,
    IS_NOT_HEARD, /* it answers, and is heard only when it is too late */
    FAILS,        /* nothing is to be ended */
    FAILS_AFTER   /* its handle is */
};

struct bw_host {
    uv_loop_t loop;
    struct bw_exchanges *close_when_told; /* from within the first sample */
    int n[BW_LOST_BACK + 1];
    int error;
    int n_done;
};

struct bw_probe {
    struct bw_exchanges all;
    enum mode mode;
    struct tally *tally;
};

struct tally {
    int begun, ended, gone, closed;
    int64_t least_age_ns; /* of those that were ended */
};

struct thing {
    struct bw_exchange exchange;
    struct bw_probe *probe;
    uv_timer_t timer;
};

static void on_closed(void *owner)
{
    struct tally *t = owner;
    assert_int_equal(t->gone, 1);
    t->closed++;
}

struct uv_loop_s *bw_host_loop(struct bw_host *host)
{
    return &host->loop;
}

void bw_host_latency(struct bw_host *host, const struct bw_latency_sample *s, uint32_t n)
{
    struct bw_exchanges *x = host->close_when_told;
    for (uint32_t i = 0; i < n; i++) {
        host->n[s[i].state]++;
        host->error = s[i].error != 0 ? s[i].error : host->error;
    }
    if (x) {
        struct bw_probe *p = x->owner;
        host->close_when_told = NULL;
        bw_exchanges_close(x, on_closed, p->tally);
    }
}

void bw_host_done(struct bw_host *host, int status)
{
    (void)status;
    host->n_done++;
}

static void thing_closed(uv_handle_t *handle)
{
    struct thing *g = handle->data;
    struct bw_probe *p = g->probe;
    free(g);
    bw_exchanges_closed(&p->all);
}

static void end(struct bw_exchange *e)
{
    struct thing *g = (struct thing *)e;
    struct tally *t = g->probe->tally;
    int64_t age_ns = bw_exchange_age_ns(e);
    t->least_age_ns = t->ended == 0 || age_ns < t->least_age_ns ? age_ns : t->least_age_ns;
    t->ended++;
    uv_close((uv_handle_t *)&g->timer, thing_closed);
}

static void answered(uv_timer_t *timer)
{
    struct thing *g = timer->data;
    struct bw_latency_detail d;
    bw_latency_detail_init(&d);
    d.code = "yes";
    bw_exchange_over(&g->exchange, BW_OK, 0, bw_exchange_age_ns(&g->exchange), &d);
}

static int begin(void *owner, struct bw_slot *s, struct bw_exchange **ret)
{
    struct bw_probe *p = owner;
    struct thing *g;
    p->tally->begun++;
    if (p->mode == FAILS) {
        return -EMFILE;
    }
    if (p->mode == ANSWERS_AT_ONCE) {
        struct bw_latency_detail d;
        bw_latency_detail_init(&d);
        d.code = "yes";
        bw_exchanges_tell(&p->all, s, BW_OK, 0, 1000, &d);
        return 0;
    }
    g = calloc(1, sizeof(*g));
    assert_non_null(g);
    g->probe = p;
    assert_int_equal(uv_timer_init(bw_host_loop(p->all.cadence.host), &g->timer), 0);
    g->timer.data = g;
    *ret = &g->exchange;
    if (p->mode == IS_NOT_HEARD) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 60L * 1000 * 1000}, NULL);
    }
    if (p->mode == ANSWERS) {
        assert_int_equal(uv_timer_start(&g->timer, answered, 0, 0), 0);
    }
    return p->mode == FAILS_AFTER ? -EMFILE : 0;
}

static void look(struct bw_exchange *e)
{
    struct thing *g = (struct thing *)e;
    if (g->probe->mode == IS_NOT_HEARD) {
        bw_exchange_over(e, BW_OK, 0, 1000, NULL); /* as the kernel's stamps say */
    }
}

static void gone(void *owner)
{
    struct bw_probe *p = owner;
    p->tally->gone++;
    free(p);
}

static const struct bw_exchanges_ops ops = {
    .begin = begin, .look = look, .end = end, .gone = gone};
static const struct bw_optspec no_opts[] = {{.name = NULL, .type = BW_OPT_END}};

/* Two targets, asked together every 100 ms; every 400 ms where asking itself takes 120. */
struct scene {
    struct bw_host host;
    struct bw_probe *probe;
    struct bw_opts *opts;
    struct tally tally;
};

static void open_scene(struct scene *s, enum mode mode, int64_t late_ms)
{
    struct bw_cadence_plan plan = {
        .interval_ms = mode == IS_NOT_HEARD ? 400 : 100,
        .timeout_ms = mode == IS_SILENT || mode == IS_NOT_HEARD ? 50 : 5000,
        .late_ms = late_ms};
    struct bw_target t[2] = {{.name = "elm", .address = "192.0.2.1"},
                             {.name = "oak", .address = "192.0.2.2"}};
    struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .targets = t, .n_targets = 2};
    struct bw_err err;
    *s = (struct scene){.probe = calloc(1, sizeof(*s->probe))};
    assert_non_null(s->probe);
    s->probe->mode = mode;
    s->probe->tally = &s->tally;
    assert_int_equal(bw_opts_from_pairs(no_opts, &head, NULL, 0, &s->opts, &err), 0);
    assert_int_equal(uv_loop_init(&s->host.loop), 0);
    assert_int_equal(
        bw_exchanges_init(&s->probe->all, &s->host, s->opts, &plan, &ops, s->probe), 0);
    assert_int_equal(bw_cadence_open(&s->probe->all.cadence, &err), 0);
    assert_int_equal(bw_cadence_run(&s->probe->all.cadence, 0), 0);
}

static void close_scene(struct scene *s)
{
    if (s->tally.gone == 0 && !s->probe->all.closing) {
        bw_exchanges_close(&s->probe->all, on_closed, &s->tally);
    }
    (void)uv_run(&s->host.loop, UV_RUN_DEFAULT);
    assert_int_equal(s->tally.gone, 1);
    assert_int_equal(s->tally.closed, 1);
    assert_int_equal(uv_loop_close(&s->host.loop), 0);
    bw_opts_free(s->opts);
}

static void run_until(struct scene *s, const int *count, int least)
{
    for (int turns = 0; *count < least; turns++) {
        assert_true(turns < 200); /* a handful would do */
        (void)uv_run(&s->host.loop, UV_RUN_ONCE);
    }
}

static void told_once_ended_once(void **state)
{
    static const struct {
        enum mode mode;
        enum bw_sample_state expect;
        int error;
        bool ends; /* there is something to be ended */
    } cases[] = {
        {ANSWERS, BW_OK, 0, true},          {ANSWERS_AT_ONCE, BW_OK, 0, false},
        {IS_SILENT, BW_LOST, 0, true},      {IS_NOT_HEARD, BW_OK, 0, true},
        {FAILS, BW_FAILED, -EMFILE, false}, {FAILS_AFTER, BW_FAILED, -EMFILE, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s;
        open_scene(&s, cases[i].mode, 0);
        run_until(&s, &s.host.n[cases[i].expect], 3);
        assert_int_equal(s.host.error, cases[i].error);
        close_scene(&s);
        for (int k = 0; k <= BW_LOST_BACK; k++) {
            if (k != (int)cases[i].expect && k != (int)BW_SKIPPED) {
                assert_int_equal(s.host.n[k], 0);
            }
        }
        assert_int_equal(s.tally.ended, cases[i].ends ? s.tally.begun : 0);
    }
}

static void kept_for_a_late_answer(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, IS_SILENT, 120);
    run_until(&s, &s.tally.ended, 2);
    assert_true(s.host.n[BW_LOST] >= 2);
    assert_true(s.tally.least_age_ns >= 170 * BW_NS_PER_MS);
    close_scene(&s);
    assert_int_equal(s.tally.ended, s.tally.begun);
}

/* Whoever is told closes the probe: the second of the two is not begun any more. */
static void closed_by_whoever_is_told(void **state)
{
    static const enum mode modes[] = {ANSWERS_AT_ONCE, ANSWERS};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct scene s;
        open_scene(&s, modes[i], 0);
        s.host.close_when_told = &s.probe->all;
        run_until(&s, &s.host.n[BW_OK], 1);
        close_scene(&s);
        assert_int_equal(s.tally.begun, modes[i] == ANSWERS ? 2 : 1);
        assert_int_equal(s.host.n[BW_OK], 1);
        assert_int_equal(s.tally.ended, modes[i] == ANSWERS ? 2 : 0);
    }
}

static void never_opened(void **state)
{
    struct scene s;
    struct bw_cadence_plan plan = {.interval_ms = 100, .timeout_ms = 50};
    struct bw_target t = {.name = "elm", .address = "192.0.2.1"};
    struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .targets = &t, .n_targets = 1};
    struct bw_err err;
    (void)state;
    s = (struct scene){.probe = calloc(1, sizeof(*s.probe))};
    assert_non_null(s.probe);
    s.probe->tally = &s.tally;
    assert_int_equal(bw_opts_from_pairs(no_opts, &head, NULL, 0, &s.opts, &err), 0);
    assert_int_equal(
        bw_exchanges_init(&s.probe->all, &s.host, s.opts, &plan, &ops, s.probe), 0);
    bw_exchanges_close(&s.probe->all, on_closed, &s.tally);
    assert_int_equal(s.tally.gone, 1);
    assert_int_equal(s.tally.closed, 1);
    bw_opts_free(s.opts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_once_ended_once),
        cmocka_unit_test(kept_for_a_late_answer),
        cmocka_unit_test(closed_by_whoever_is_told),
        cmocka_unit_test(never_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

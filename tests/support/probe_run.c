/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_run.c - one round of a latency probe in a test's own process. */
#include "probe_run.h"

#include <bw/err.h>
#include <errno.h>
#include <host.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum {
    TARGETS_MAX = 8,
    PATIENCE_MS = 20000
};

struct running {
    struct probe_run *ret;
    uv_loop_t loop;
    uv_timer_t patience;
    struct bw_host *host;
    size_t enough;
    bool until_enough;
    bool round_over;
};

static void over(struct running *r)
{
    if (!uv_is_closing((uv_handle_t *)&r->patience)) {
        uv_close((uv_handle_t *)&r->patience, NULL);
        bw_host_close(r->host);
    }
}

static void maybe_over(struct running *r)
{
    if (r->ret->n < r->enough) {
        return;
    }
    if (r->round_over) {
        over(r);
    } else if (r->until_enough) {
        bw_host_cancel(r->host);
    }
}

static void on_latency(void *owner, const struct bw_latency_sample *s, uint32_t n)
{
    struct running *r = owner;
    for (uint32_t i = 0; i < n && r->ret->n < PROBE_RUN_KEPT; i++) {
        struct probe_run_sample *k = &r->ret->list[r->ret->n++];
        k->s = s[i];
        bw_latency_detail_init(&k->detail);
        if (s[i].detail) {
            k->detail = *s[i].detail;
            (void)snprintf(k->code, sizeof(k->code), "%s",
                           s[i].detail->code ? s[i].detail->code : "");
            k->detail.code = s[i].detail->code ? k->code : NULL;
            k->s.detail = &k->detail;
        }
    }
    maybe_over(r);
}

static void on_done(void *owner, int status)
{
    struct running *r = owner;
    r->ret->status = status;
    r->round_over = true;
    maybe_over(r);
}

static void on_patience(uv_timer_t *timer)
{
    over(timer->data);
}

const char *probe_run_source4;

static int make_opts(const char *kind,
                     const char *const *targets,
                     const char *const *pairs,
                     struct bw_opts **ret,
                     struct bw_err *err)
{
    const struct bw_probe_ops *ops = bw_probe_find(kind);
    struct bw_target t[TARGETS_MAX];
    struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .source4 = probe_run_source4, .targets = t};
    size_t n = 0;
    if (!ops) {
        return bw_err_set(err, -ENOENT, "no kind %s", kind);
    }
    for (; targets[head.n_targets] && head.n_targets < TARGETS_MAX; head.n_targets++) {
        size_t i = head.n_targets;
        (void)snprintf(t[i].name, sizeof(t[i].name), "t%zu", i);
        (void)snprintf(t[i].address, sizeof(t[i].address), "%s", targets[i]);
    }
    while (pairs && pairs[n]) {
        n++;
    }
    return bw_opts_from_pairs(ops->opts, &head, pairs, n, ret, err);
}

int probe_run_check(const char *kind,
                    const char *const *targets,
                    const char *const *pairs,
                    char text[256])
{
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    int r = make_opts(kind, targets, pairs, &opts, &err);
    if (r == 0) {
        r = bw_probe_find(kind)->check(opts, &err);
    }
    (void)snprintf(text, 256, "%.255s", err.text);
    bw_opts_free(opts);
    return r;
}

int probe_run(const char *kind,
              const char *const *targets,
              const char *const *pairs,
              uint32_t round_ms,
              size_t enough,
              struct probe_run *ret)
{
    static const struct bw_host_callbacks callbacks = {.latency = on_latency,
                                                       .done = on_done};
    struct running run = {.ret = ret, .enough = enough, .until_enough = round_ms == 0};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    int r;
    (void)memset(ret, 0, sizeof(*ret));
    ret->status = 1;
    r = make_opts(kind, targets, pairs, &opts, &err);
    if (r < 0) {
        (void)printf("%s\n", err.text);
        return r;
    }
    (void)uv_loop_init(&run.loop);
    (void)uv_timer_init(&run.loop, &run.patience);
    run.patience.data = &run;
    r = bw_host_new(&run.loop, bw_probe_find(kind), opts, &callbacks, &run, &run.host,
                    &err);
    if (r == 0) {
        r = bw_host_open(run.host, &err);
    }
    if (r == 0) {
        r = bw_host_round(run.host, round_ms);
    }
    if (r == 0) {
        (void)uv_timer_start(&run.patience, on_patience, PATIENCE_MS, 0);
    } else {
        (void)printf("%s\n", err.text);
        over(&run);
    }
    (void)uv_run(&run.loop, UV_RUN_DEFAULT);
    ret->loop_is_free = uv_loop_close(&run.loop) == 0;
    bw_opts_free(opts);
    return r;
}

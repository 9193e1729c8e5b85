/* SPDX-License-Identifier: GPL-3.0-or-later
 * echoes.c - an icmp instance and, beside it, a throughput run in a child process, on one
 * loop as in the daemon; what became of every echo goes to standard output, one JSON line
 * each, so that it can be paired with what somebody else saw of that packet.
 *
 *     echoes TARGET,TARGET SECONDS PROGRAM URL [key=value of http …]
 *
 * SECONDS of echoes, ten a second to each of two targets; the run begins 2 s after the
 * first one, as a child of PROGRAM (bandwitness). The line of an echo: when it was sent by
 * our own clock, its state, its round trip. Echoes are numbered on the wire in the order
 * they were sent. */
#include <bw/err.h>
#include <bw/probe.h>
#include <host.h>
#include <inttypes.h>
#include <runner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    OPTIONS_MAX = 32,
    IDLE_MS = 2000,
    DRAIN_MS = 2500
};

struct scene {
    uv_loop_t loop;
    struct bw_host *host;
    uv_timer_t begin;
    uv_timer_t drain;
    struct bw_runner_job job;
    struct bw_runner *runner;
    bool failed;
};

static void on_latency(void *owner, const struct bw_latency_sample *s, uint32_t n)
{
    static const char *const states[] = {
        [BW_OK] = "ok",         [BW_LOST] = "lost",       [BW_LATE] = "late",
        [BW_FAILED] = "failed", [BW_SKIPPED] = "skipped", [BW_LOST_OUT] = "lost",
        [BW_LOST_BACK] = "lost"};
    (void)owner;
    for (uint32_t i = 0; i < n; i++) {
        (void)printf("{\"sent_mono_ns\":%" PRId64 ",\"state\":\"%s\",\"rtt_ns\":%" PRId64
                     "}\n",
                     s[i].sent_mono_ns, states[s[i].state],
                     s[i].rtt_ns == BW_UNKNOWN ? 0 : s[i].rtt_ns);
    }
}

static void drained(uv_timer_t *timer)
{
    struct scene *x = timer->data;
    bw_host_close(x->host);
    uv_close((uv_handle_t *)&x->drain, NULL);
    uv_close((uv_handle_t *)&x->begin, NULL);
}

static void on_done(void *owner, int status)
{
    struct scene *x = owner;
    (void)status;
    (void)uv_timer_start(&x->drain, drained, DRAIN_MS, 0);
}

static void on_run_sample(void *owner, const struct bw_run_sample *s)
{
    struct scene *x = owner;
    if (!s->final) {
        return;
    }
    (void)printf("{\"run\":\"%s\",\"ok\":%d,\"from_mono_ns\":%" PRId64
                 ",\"to_mono_ns\":%" PRId64 ",\"bytes\":%" PRId64 "}\n",
                 s->direction == BW_UP ? "up" : "down", s->state == BW_OK, s->t0_mono_ns,
                 s->t1_mono_ns, s->bytes);
    x->failed = x->failed || s->state != BW_OK;
}

static void on_run_end(void *owner, int status, const char *reason)
{
    struct scene *x = owner;
    x->runner = NULL;
    if (status < 0) {
        (void)fprintf(stderr, "the run failed: %s\n",
                      reason ? reason : bw_strerror(status));
        x->failed = true;
    }
}

static void begin(uv_timer_t *timer)
{
    static const struct bw_runner_callbacks callbacks = {.sample = on_run_sample,
                                                         .end = on_run_end};
    struct scene *x = timer->data;
    struct bw_err err = {""};
    if (bw_runner_start(&x->loop, &x->job, &callbacks, x, &x->runner, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        x->failed = true;
    }
}

static struct bw_opts *
options(const char *kind, const char *address, char **pairs, size_t n, struct bw_err *err)
{
    struct bw_target targets[2] = {{.name = "first"}, {.name = "second"}};
    struct bw_opts_head head = {
        .name = "echoes", .circuit = "lab", .targets = targets, .n_targets = 1};
    size_t comma = strcspn(address, ",");
    const char *list[OPTIONS_MAX];
    struct bw_opts *opts = NULL;
    for (size_t i = 0; i < n; i++) {
        list[i] = pairs[i];
    }
    (void)snprintf(targets[0].address, sizeof(targets[0].address), "%.*s", (int)comma,
                   address);
    if (address[comma] == ',') {
        head.n_targets = 2;
        (void)snprintf(targets[1].address, sizeof(targets[1].address), "%s",
                       address + comma + 1);
    }
    return bw_opts_from_pairs(bw_probe_find(kind)->opts, &head, list, n, &opts, err) < 0
               ? NULL
               : opts;
}

int main(int argc, char **argv)
{
    static const struct bw_host_callbacks callbacks = {.latency = on_latency,
                                                       .done = on_done};
    static char interval[] = "interval=100ms";
    char *echo_pairs[] = {interval};
    struct scene x = {.failed = false};
    struct bw_opts *icmp = NULL;
    struct bw_opts *http = NULL;
    struct bw_err err = {""};
    long seconds = argc > 4 ? strtol(argv[2], NULL, 10) : 0;
    int status = 1;
    if (seconds < 1 || seconds > 600 || argc - 5 > OPTIONS_MAX) {
        (void)fprintf(stderr, "usage: %s TARGET,TARGET SECONDS PROGRAM URL [key=value …]\n",
                      argv[0]);
        return 2;
    }
    if (uv_loop_init(&x.loop) < 0) {
        return 1;
    }
    icmp = options("icmp", argv[1], echo_pairs, 1, &err);
    http = icmp ? options("http", argv[4], argv + 5, (size_t)(argc - 5), &err) : NULL;
    if (!http ||
        bw_host_new(&x.loop, bw_probe_find("icmp"), icmp, &callbacks, &x, &x.host, &err) <
            0 ||
        bw_host_open(x.host, &err) < 0 ||
        bw_host_round(x.host, (uint32_t)seconds * 1000) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        goto out;
    }
    x.job = (struct bw_runner_job){
        .ops = bw_probe_find("http"), .opts = http, .program = argv[3]};
    (void)uv_timer_init(&x.loop, &x.begin);
    (void)uv_timer_init(&x.loop, &x.drain);
    x.begin.data = &x;
    x.drain.data = &x;
    (void)uv_timer_start(&x.begin, begin, IDLE_MS, 0);
    (void)uv_run(&x.loop, UV_RUN_DEFAULT);
    status = uv_loop_close(&x.loop) == 0 && !x.failed ? 0 : 1;
out:
    bw_opts_free(icmp);
    bw_opts_free(http);
    return status;
}

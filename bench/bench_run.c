/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_run.c - what a throughput probe reaches and costs: one direction against one target
 * in this process, then one JSON line. The CPU counted is this process's own, of the whole
 * run, over the payload of the whole run, so that it compares with a peer of any length.
 *
 *     bench_run KIND TARGET down|up [key=value …]
 *
 * A server that wants a ticket gets the text of the environment's BW_TICKET. */
#include <bw/err.h>
#include <bw/probe.h>
#include <host.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

enum {
    OPTIONS_MAX = 32
};

struct bench {
    struct bw_host *host;
    struct bw_run_sample last;
    bool known;
    char reason[256];
};

static int64_t cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static void on_run(void *owner, const struct bw_run_sample *s)
{
    struct bench *b = owner;
    if (s->final) {
        b->last = *s;
        b->known = true;
        (void)snprintf(b->reason, sizeof(b->reason), "%s", s->reason ? s->reason : "");
    }
}

static void on_done(void *owner, int status)
{
    struct bench *b = owner;
    (void)status;
    bw_host_close(b->host);
}

int main(int argc, char **argv)
{
    static const struct bw_host_callbacks callbacks = {.run = on_run, .done = on_done};
    struct bw_target target = {.name = "bench"};
    struct bw_opts_head head = {
        .name = "bench", .circuit = "bench", .targets = &target, .n_targets = 1};
    const char *pairs[OPTIONS_MAX];
    char direction[32];
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    struct bench b = {.known = false};
    const struct bw_probe_ops *ops = argc > 1 ? bw_probe_find(argv[1]) : NULL;
    size_t n = 0;
    uv_loop_t loop;
    int64_t cpu;
    if (!ops || ops->klass != BW_CLASS_THROUGHPUT || argc < 4 || argc - 4 >= OPTIONS_MAX ||
        (strcmp(argv[3], "down") != 0 && strcmp(argv[3], "up") != 0)) {
        (void)fprintf(stderr, "usage: %s KIND TARGET down|up [key=value …]\n", argv[0]);
        return 2;
    }
    (void)snprintf(target.address, sizeof(target.address), "%s", argv[2]);
    (void)snprintf(direction, sizeof(direction), "direction=%s", argv[3]);
    pairs[n++] = direction;
    for (int i = 4; i < argc; i++) {
        pairs[n++] = argv[i];
    }
    if (uv_loop_init(&loop) < 0 ||
        bw_opts_from_pairs(ops->opts, &head, pairs, n, &opts, &err) < 0 ||
        bw_host_new(&loop, ops, opts, &callbacks, &b, &b.host, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    bw_host_set_ticket(b.host, getenv("BW_TICKET"));
    if (bw_host_open(b.host, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    cpu = cpu_us();
    (void)bw_host_round(b.host, (uint32_t)ops->longest_ms(opts));
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    cpu = cpu_us() - cpu;
    bw_opts_free(opts);
    if (!b.known || b.last.state != BW_OK || b.last.total_bytes <= 0) {
        (void)fprintf(stderr, "no result: %s\n", b.reason);
        return 1;
    }
    if (b.last.loss_ppm != BW_UNKNOWN) {
        (void)printf("{\"loss_ppm\":%" PRId64 ",", b.last.loss_ppm);
    } else {
        (void)printf("{");
    }
    (void)printf("\"goodput_bps\":%" PRId64 ",\"bytes\":%" PRId64 ",\"window_ms\":%" PRId64
                 ",\"total_bytes\":%" PRId64 ",\"cpu_us\":%" PRId64
                 ",\"cpu_us_per_gb\":%" PRId64 "}\n",
                 (int64_t)((double)b.last.bytes * 8e9 /
                           (double)(b.last.t1_mono_ns - b.last.t0_mono_ns)),
                 b.last.bytes, (b.last.t1_mono_ns - b.last.t0_mono_ns) / 1000000,
                 b.last.total_bytes, cpu,
                 (int64_t)((double)cpu * 1e9 / (double)b.last.total_bytes));
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_icmp.c - what the icmp probe costs and reads: N targets at consecutive IPv4
 * addresses for some seconds, then one JSON line. The CPU counted is this process's own,
 * from the first packet to the last answer.
 *
 *     bench_icmp BASE_ADDRESS TARGETS SECONDS [key=value …] */
#include <arpa/inet.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <hist.h>
#include <host.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

struct bench {
    struct bw_host *host;
    uv_timer_t drain;
    struct bw_hist hist;
    int64_t sent;
    int64_t lost;
    int64_t failed;
    int64_t *rtt_ns;
    int64_t n_rtt;
    int64_t cap_rtt;
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static void latency(void *owner, const struct bw_latency_sample *s, uint32_t n)
{
    struct bench *b = owner;
    for (uint32_t i = 0; i < n; i++) {
        if (s[i].state == BW_OK) {
            b->sent++;
            if (b->n_rtt < b->cap_rtt) {
                b->rtt_ns[b->n_rtt++] = s[i].rtt_ns;
            }
        } else if (s[i].state == BW_LOST) {
            b->sent++;
            b->lost++;
        } else if (s[i].state == BW_FAILED || s[i].state == BW_SKIPPED) {
            b->failed++;
        }
    }
}

static void drained(uv_timer_t *t)
{
    struct bench *b = t->data;
    bw_host_close(b->host);
    uv_close((uv_handle_t *)t, NULL);
}

static void done(void *owner, int status)
{
    struct bench *b = owner;
    (void)status;
    (void)uv_timer_start(&b->drain, drained, 2500, 0);
}

int main(int argc, char **argv)
{
    static const struct bw_host_callbacks callbacks = {.latency = latency, .done = done};
    struct bw_target *targets;
    struct bw_opts_head head = {.name = "bench", .circuit = "bench"};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    struct bench b = {.sent = 0};
    struct in_addr base;
    uv_loop_t loop;
    const struct bw_probe_ops *ops = bw_probe_find("icmp");
    long n = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
    long seconds = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    int64_t cpu;
    if (n < 1 || n > 65000 || seconds < 1 || inet_pton(AF_INET, argv[1], &base) != 1) {
        (void)fprintf(stderr, "usage: %s BASE_ADDRESS TARGETS SECONDS [key=value …]\n",
                      argv[0]);
        return 2;
    }
    targets = calloc((size_t)n, sizeof(*targets));
    b.cap_rtt = n * (seconds + 1) * 10;
    b.rtt_ns = calloc((size_t)b.cap_rtt, sizeof(*b.rtt_ns));
    if (!targets || !b.rtt_ns || uv_loop_init(&loop) < 0) {
        return 1;
    }
    for (long i = 0; i < n; i++) {
        struct in_addr a = {.s_addr = htonl(ntohl(base.s_addr) + (uint32_t)i)};
        (void)snprintf(targets[i].name, sizeof(targets[i].name), "t%ld", i);
        (void)inet_ntop(AF_INET, &a, targets[i].address, sizeof(targets[i].address));
    }
    head.targets = targets;
    head.n_targets = (size_t)n;
    if (bw_opts_from_pairs(ops->opts, &head, (const char *const *)(argv + 4),
                           (size_t)(argc - 4), &opts, &err) < 0 ||
        bw_host_new(&loop, ops, opts, &callbacks, &b, &b.host, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    (void)uv_timer_init(&loop, &b.drain);
    b.drain.data = &b;
    if (bw_host_open(b.host, &err) < 0 ||
        bw_host_round(b.host, (uint32_t)seconds * 1000) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    cpu = cpu_us();
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    cpu = cpu_us() - cpu;
    qsort(b.rtt_ns, (size_t)b.n_rtt, sizeof(*b.rtt_ns), compare);
    (void)printf("{\"targets\":%ld,\"seconds\":%ld,\"sent\":%" PRId64 ",\"lost\":%" PRId64
                 ",\"failed\":%" PRId64 ",\"cpu_us\":%" PRId64,
                 n, seconds, b.sent, b.lost, b.failed, cpu);
    if (b.sent > 0) {
        (void)printf(",\"cpu_us_per_1000\":%" PRId64, cpu * 1000 / b.sent);
    }
    if (b.n_rtt > 0) {
        (void)printf(",\"rtt_p50_ns\":%" PRId64 ",\"rtt_p95_ns\":%" PRId64,
                     b.rtt_ns[b.n_rtt / 2], b.rtt_ns[b.n_rtt * 95 / 100]);
    }
    (void)printf("}\n");
    bw_opts_free(opts);
    free(targets);
    free(b.rtt_ns);
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}

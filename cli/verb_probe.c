/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_probe.c - `bandwitness probe`: one measurement now, without a daemon.
 *
 * A latency kind runs on this program's loop; a throughput kind in the same child process
 * that the daemon uses, with echoes beside it where they are permitted. Everything ends in
 * over(), once: it closes all handles, and the loop's end is the measurement's. */
#include "cli.h"
#include "clock.h"
#include "host.h"
#include "probe_asked.h"
#include "probe_beside.h"
#include "probe_view.h"
#include "runner.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    IDLE_MS = 2000,    /* echoes before the load */
    ANSWERS_MS = 2100, /* after the load, for what was sent in its last two seconds */
    LIVE_MS = 200,
    AROUND_MS = 500 /* what a direction takes besides warm-up and window */
};

static const int64_t NS_PER_MS = 1000000;

struct probe {
    uv_loop_t loop;
    uv_signal_t interrupt;
    uv_timer_t timer;
    uv_signal_t terminate;
    struct bw_host *host; /* the latency kind */
    struct probe_beside beside;
    struct bw_runner *runner;
    struct bw_runner_job job;
    struct probe_result result;
    struct bw_run_sample now;
    bool have_now;
    bool live;
    bool round_over;
    bool closing;
    int64_t begin_mono_ns;
    int64_t length_ms;    /* of the whole, for the bar */
    int64_t wait_ms;      /* after a latency round, for the last answers */
    int64_t over_mono_ns; /* the same after a throughput run; 0: not yet */
    const char *stamp;    /* whom to ask for round trips beside a run; NULL: as the run */
    const char *echo;
    int64_t rounds; /* of a latency probe: packets to each target over each family */
    bool failed;
};

extern const struct bw_verb bw_verb_probe;

static void over(struct probe *p)
{
    if (p->closing) {
        return;
    }
    p->closing = true;
    bw_host_close(p->host);
    p->host = NULL;
    probe_beside_stop(&p->beside);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
    uv_close((uv_handle_t *)&p->terminate, NULL);
    uv_close((uv_handle_t *)&p->timer, NULL);
}

/* Latency ---------------------------------------------------------------------- */

/* Is the target an address, or an URL with one as its host? */
static bool is_literal(const char *target)
{
    struct in6_addr any;
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "";
    const char *from = strstr(target, "://");
    size_t n;
    from = from ? from + 3 : target;
    if (strchr(from, '[') == from) {
        from++;
        n = strcspn(from, "]%");
    } else {
        size_t colons = 0;
        n = strcspn(from, "/?#%");
        for (size_t i = 0; i < n; i++) {
            colons += from[i] == ':' ? 1 : 0;
        }
        n = colons == 1 ? strcspn(from, ":") : n; /* else an IPv6 address */
    }
    if (n >= sizeof(host)) {
        return false;
    }
    (void)memcpy(host, from, n);
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

/* Is every packet of the round accounted for? */
static bool accounted(const struct probe *p)
{
    const struct probe_result *r = &p->result;
    bool both = bw_optspec_find(r->ops->opts, "family") &&
                strcmp(bw_opt_str(r->opts, "family"), "both") == 0;
    for (size_t i = 0; i < r->n_echoes; i += 2) {
        int64_t n = 0;
        bool two = both && !is_literal(bw_opts_target(r->opts, i / 2)->address);
        for (size_t k = i; k < i + 2; k++) {
            n += r->echoes[k].sent + r->echoes[k].failed;
        }
        if (n < p->rounds * (two ? 2 : 1)) {
            return false;
        }
    }
    return true;
}

static void on_latency(void *owner, const struct bw_latency_sample *s, uint32_t n)
{
    struct probe *p = owner;
    bool latency = p->result.ops->klass == BW_CLASS_LATENCY;
    for (uint32_t i = 0; i < n; i++) {
        size_t at = (size_t)s[i].target * 2 + (s[i].family == 6 ? 1 : 0);
        if (at < p->result.n_echoes) {
            probe_echo_add(&p->result.echoes[at], &s[i]);
        }
    }
    if (latency && p->round_over && accounted(p)) {
        over(p);
    }
}

static void on_path(void *owner, const struct bw_path_sample *s)
{
    struct probe *p = owner;
    if (s->target < p->result.n_paths) {
        probe_path_take(&p->result.paths[s->target], s);
        if (!p->result.interrupted && probe_paths_known(&p->result)) {
            over(p);
        }
    }
}

static void on_wait_over(uv_timer_t *timer)
{
    over(timer->data);
}

static void on_round_done(void *owner, int status)
{
    struct probe *p = owner;
    p->round_over = true;
    p->result.seconds = (double)(bw_clock_mono_ns() - p->begin_mono_ns) / 1e9;
    if (status == -ECANCELED || accounted(p)) {
        over(p);
        return;
    }
    (void)uv_timer_start(&p->timer, on_wait_over, (uint64_t)p->wait_ms, 0);
}

/* Throughput ------------------------------------------------------------------- */

static void on_run_sample(void *owner, const struct bw_run_sample *s)
{
    struct probe *p = owner;
    struct probe_run *r = &p->result.runs[s->direction];
    p->now = *s;
    p->have_now = true;
    if (!s->final) {
        return;
    }
    r->known = true;
    r->s = *s;
    (void)snprintf(r->reason, sizeof(r->reason), "%s", s->reason ? s->reason : "");
    (void)snprintf(r->method, sizeof(r->method), "%s", s->method ? s->method : "");
    r->s.reason = s->reason ? r->reason : NULL;
    r->s.method = s->method ? r->method : "unknown";
    (void)snprintf(r->machine, sizeof(r->machine), "%s", s->machine ? s->machine : "");
    (void)snprintf(r->receipt, sizeof(r->receipt), "%s", s->receipt ? s->receipt : "");
    r->s.machine = s->machine ? r->machine : NULL;
    r->s.receipt = s->receipt ? r->receipt : NULL;
    for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
        (void)snprintf(r->flags[i], sizeof(r->flags[i]), "%s", s->flags[i]);
        r->s.flags[i] = r->flags[i];
    }
    if (s->state != BW_OK) {
        p->failed = true;
    }
}

/* Until when the fate of the last packet under load can be open; 0: of none. */
static int64_t answers_until(const struct probe *p)
{
    int64_t until_ns = 0;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct probe_run *r = &p->result.runs[d];
        if (r->known && r->s.state == BW_OK && r->s.t1_mono_ns > until_ns) {
            until_ns = r->s.t1_mono_ns;
        }
    }
    return p->beside.host && !p->result.interrupted && until_ns > 0
               ? until_ns + ANSWERS_MS * NS_PER_MS
               : 0;
}

static void on_run_end(void *owner, int status, const char *reason)
{
    struct probe *p = owner;
    p->runner = NULL;
    if (status < 0 && status != -ECANCELED) {
        p->failed = true;
        if (p->live) {
            probe_view_live_end();
        }
        (void)bw_cli_failed(&bw_verb_probe, "%s", reason);
    }
    p->over_mono_ns = answers_until(p);
    if (p->over_mono_ns == 0) {
        over(p);
    }
}

static void start_run(struct probe *p)
{
    static const struct bw_runner_callbacks callbacks = {.sample = on_run_sample,
                                                         .end = on_run_end};
    struct bw_err err = {""};
    p->result.start_mono_ns = bw_clock_mono_ns();
    if (bw_runner_start(&p->loop, &p->job, &callbacks, p, &p->runner, &err) < 0) {
        (void)bw_cli_failed(&bw_verb_probe, "%s", err.text);
        p->failed = true;
        over(p);
    }
}

/* Both ------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    struct probe *p = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    bool latency = p->result.ops->klass == BW_CLASS_LATENCY;
    if (!latency && !p->runner && p->result.start_mono_ns == 0 &&
        (!p->beside.host || now_ns - p->begin_mono_ns >= IDLE_MS * NS_PER_MS)) {
        start_run(p);
    }
    if (p->over_mono_ns != 0 && now_ns >= p->over_mono_ns) {
        over(p);
    }
    if (p->live && !p->closing) {
        probe_view_live(&p->result,
                        (double)(now_ns - p->begin_mono_ns) / 1e6 / (double)p->length_ms,
                        p->have_now ? &p->now : NULL);
    }
}

static void on_interrupt(uv_signal_t *handle, int number)
{
    struct probe *p = handle->data;
    (void)number;
    p->result.interrupted = true;
    if (p->runner) {
        bw_runner_cancel(p->runner);
    } else if (p->result.ops->klass == BW_CLASS_LATENCY && p->host && !p->round_over) {
        bw_host_cancel(p->host);
    } else {
        over(p);
    }
}

static int start_latency(struct probe *p, int64_t seconds, struct bw_err *err)
{
    static const struct bw_host_callbacks callbacks = {
        .latency = on_latency, .path = on_path, .done = on_round_done};
    int64_t interval_ms = 1000;
    int r =
        bw_host_new(&p->loop, p->result.ops, p->result.opts, &callbacks, p, &p->host, err);
    if (r < 0) {
        p->host = NULL;
        return r;
    }
    r = bw_host_open(p->host, err);
    if (r < 0) {
        return r;
    }
    if (p->result.paths) { /* as long as the traces take */
        p->length_ms = 1;
        return bw_host_round(p->host, 0);
    }
    p->wait_ms = 5000;
    if (bw_optspec_find(p->result.ops->opts, "interval")) {
        interval_ms = bw_opt_int(p->result.opts, "interval");
    }
    if (bw_optspec_find(p->result.ops->opts, "timeout")) {
        p->wait_ms = bw_opt_int(p->result.opts, "timeout") + 100;
    }
    p->rounds = (seconds * 1000 + interval_ms - 1) / interval_ms;
    p->length_ms = seconds * 1000;
    return bw_host_round(p->host, (uint32_t)seconds * 1000);
}

/* How long a run usually takes, for the bar: all its time is in these, where it has them.
 */
static int64_t usual_ms(const struct bw_probe_ops *ops, const struct bw_opts *opts)
{
    static const char *const parts[] = {"warmup", "duration"};
    bool both = strcmp(bw_opt_str(opts, "direction"), "both") == 0;
    int64_t ms = 0;
    if (!bw_optspec_find(ops->opts, "duration")) {
        return ops->longest_ms(opts);
    }
    for (size_t i = 0; i < 2; i++) {
        ms += bw_optspec_find(ops->opts, parts[i]) ? bw_opt_int(opts, parts[i]) : 0;
    }
    return (ms + AROUND_MS) * (both ? 2 : 1);
}

static int measure(struct probe *p, int64_t seconds)
{
    struct bw_err err = {""};
    int r = 0;
    if (uv_loop_init(&p->loop) < 0) {
        return bw_cli_failed(&bw_verb_probe, "no event loop");
    }
    (void)uv_signal_init(&p->loop, &p->interrupt);
    (void)uv_signal_init(&p->loop, &p->terminate);
    (void)uv_timer_init(&p->loop, &p->timer);
    p->interrupt.data = p;
    p->terminate.data = p;
    p->timer.data = p;
    p->begin_mono_ns = bw_clock_mono_ns();
    if (p->result.ops->klass == BW_CLASS_LATENCY) {
        r = start_latency(p, seconds, &err);
    } else {
        r = p->result.ops->check ? p->result.ops->check(p->result.opts, &err) : 0;
        if (r == 0) {
            p->job = (struct bw_runner_job){.ops = p->result.ops, .opts = p->result.opts};
            p->length_ms = IDLE_MS + usual_ms(p->result.ops, p->result.opts);
            probe_beside_start(&p->beside, &p->loop, p->result.opts, p->stamp, p->echo,
                               on_latency, p);
            p->length_ms += p->beside.host ? ANSWERS_MS : 0;
        }
    }
    if (r < 0) {
        (void)bw_cli_failed(&bw_verb_probe, "%s", err.text[0] ? err.text : bw_strerror(r));
        p->failed = true;
        over(p);
    } else {
        (void)uv_signal_start(&p->interrupt, on_interrupt, SIGINT);
        (void)uv_signal_start(&p->terminate, on_interrupt, SIGTERM);
        if (p->live || p->result.ops->klass == BW_CLASS_THROUGHPUT) {
            (void)uv_timer_start(&p->timer, on_tick, 0, LIVE_MS);
        }
    }
    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
    if (p->live) {
        probe_view_live_end();
    }
    return uv_loop_close(&p->loop) == 0 ? r : -EBUSY;
}

/* Exit status ------------------------------------------------------------------- */

enum {
    EXIT_UNREACHABLE = 3, /* nothing came back, or the connection was lost */
    EXIT_REFUSED = 4,     /* the far end refused, or was busy */
    EXIT_INTERRUPTED = 130
};

static int exit_of_run(const struct bw_run_sample *s)
{
    if (s->state == BW_OK) {
        return BW_EXIT_OK;
    }
    switch (-s->error) {
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNRESET:
    case ECONNABORTED:
        return EXIT_UNREACHABLE;
    case ECONNREFUSED:
    case EBUSY:
    case EACCES:
    case BW_EREFUSED:
        return EXIT_REFUSED;
    default:
        return BW_EXIT_FAILED;
    }
}

/* How it ended, in the worst of its parts: what says nothing about the line comes first. */
static int exit_status(const struct probe *p)
{
    int worst = BW_EXIT_OK;
    if (p->result.interrupted) {
        return EXIT_INTERRUPTED;
    }
    if (p->result.paths) {
        return p->failed                      ? BW_EXIT_FAILED
               : probe_paths_good(&p->result) ? BW_EXIT_OK
                                              : EXIT_UNREACHABLE;
    }
    if (p->result.ops->klass == BW_CLASS_LATENCY) {
        /* Of each target, one family that answers is enough where only one was there. */
        for (size_t i = 0; i + 1 < p->result.n_echoes; i += 2) {
            const struct probe_echoes *e = &p->result.echoes[i];
            bool silent = (e[0].sent > 0 && e[0].n == 0) || (e[1].sent > 0 && e[1].n == 0);
            if (e[0].sent + e[1].sent == 0) {
                return BW_EXIT_FAILED;
            }
            worst = silent ? EXIT_UNREACHABLE : worst;
        }
    } else {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            int one =
                p->result.runs[d].known ? exit_of_run(&p->result.runs[d].s) : BW_EXIT_OK;
            if (one != BW_EXIT_OK && (worst == BW_EXIT_OK || one < worst)) {
                worst = one;
            }
        }
    }
    return p->failed && worst == BW_EXIT_OK ? BW_EXIT_FAILED : worst;
}

static int run(int argc, char **argv)
{
    struct probe_asked a;
    struct bw_opts_head head = {.name = "probe", .circuit = "none"};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    struct probe p = {.result = {.ops = NULL}};
    int status = probe_asked_read(&bw_verb_probe, argc, argv, &a);
    if (status != BW_EXIT_OK) {
        goto out;
    }
    head.device = a.device;
    head.targets = a.targets;
    head.n_targets = a.n_targets;
    if (bw_opts_from_pairs(a.ops->opts, &head, a.pairs, a.n_pairs, &opts, &err) < 0 ||
        (a.ops->check && a.ops->check(opts, &err) < 0)) {
        status = bw_cli_usage(&bw_verb_probe, "%s", err.text);
        goto out;
    }
    p.result.ops = a.ops;
    p.result.opts = opts;
    p.result.beside = &p.beside;
    p.stamp = a.stamp;
    p.echo = a.echo;
    if (strcmp(a.ops->name, "path") == 0) {
        p.result.n_paths = a.n_targets;
        p.result.paths = calloc(a.n_targets, sizeof(*p.result.paths));
    } else {
        p.result.n_echoes = a.n_targets * 2;
        p.result.echoes = calloc(p.result.n_echoes, sizeof(*p.result.echoes));
    }
    if (!p.result.echoes && !p.result.paths) {
        status = bw_cli_failed(&bw_verb_probe, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < p.result.n_echoes; i++) {
        probe_echo_init(&p.result.echoes[i]);
    }
    p.live = bw_cli_progress_wanted();
    status = BW_EXIT_FAILED;
    if (measure(&p, a.seconds) == 0) {
        if (a.json) {
            probe_view_json(&p.result);
        } else {
            probe_view_text(&p.result);
        }
        status = exit_status(&p);
    }
    status = bw_cli_flush(&bw_verb_probe, status);
out:
    for (size_t i = 0; p.result.echoes && i < p.result.n_echoes; i++) {
        probe_echo_done(&p.result.echoes[i]);
    }
    free(p.result.echoes);
    free(p.result.paths);
    probe_asked_done(&a);
    probe_beside_done(&p.beside);
    bw_opts_free(opts);
    return status;
}

const struct bw_verb bw_verb_probe = {
    .name = "probe",
    .summary = "measure a line once, now",
    .help =
        "KIND TARGET... [--opt KEY=VALUE]... [--seconds N] [--device IF]\n"
        "       [--echo HOST | --stamp HOST[:PORT]] [--json]\n"
        "\n"
        "Measures now, without the daemon, and prints the result. Kinds:\n"
        "  icmp     loss and round trip to one or more addresses or host names\n"
        "  stamp    the same by a STAMP or TWAMP Light reflector; HOST or HOST:PORT\n"
        "  tcp      the same by making connections; HOST or HOST:PORT\n"
        "  dns      the same by asking resolvers; HOST or HOST:PORT of a resolver\n"
        "  http_get what an URL answers, and how long each part of it takes\n"
        "  path     the hops on the way to one or more addresses or host names, and the\n"
        "           largest packet that goes through whole\n"
        "  http     how much an HTTP(S) server delivers or swallows; the URL of a large\n"
        "           file\n"
        "  ndt7     one connection for 10 s each way; wss://HOST, or locate for M-Lab's\n"
        "           nearest server (--opt consent=yes: M-Lab publishes results)\n"
        "  iperf3   TCP, or UDP at a rate, by the program iperf3; HOST or HOST:PORT\n"
        "  udpst    capacity at IP by RFC 9097, the best second; overloads the line on\n"
        "           purpose; HOST or HOST:PORT\n"
        "\n"
        "A kind that loads the line also measures the round trip before and during it.\n"
        "\n"
        "Options:\n"
        "  --opt KEY=VALUE  an option of the kind, as bandwitness.conf(5) lists them; may\n"
        "                   be repeated: --opt direction=both --opt duration=20s\n"
        "  --seconds N      length of a latency measurement in seconds (default 10)\n"
        "  --device IF      send by this interface\n"
        "  --echo HOST      ask HOST for round trips beside the load (default: the host\n"
        "                   of TARGET)\n"
        "  --stamp HOST[:PORT]\n"
        "                   the same by STAMP\n"
        "  --json           one JSON document on standard output\n"
        "\n"
        "Ctrl-C ends it with the partial result, marked as such. Exit status: 0\n"
        "measured, 1 failed, 2 wrong command line, 3 unreachable or lost, 4 refused\n"
        "or busy, 130 interrupted. bandwitness-probe(1) says what every line means.\n"
        "\n"
        "Example: bandwitness probe http https://speed.example.org/50MB.bin \\\n"
        "             --opt direction=both --opt upload=/upload\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3.c - the iperf3 probe: a direction is one start of the program iperf3, more while
 * its server is busy with somebody else.
 *
 * The program is judged by its report, never by its exit status, and it has a deadline for
 * everything: for the first payload, for a pause, for the end. Whatever it does, a
 * direction ends with exactly one final sample. The report's window has no place in time;
 * it is given the one that follows from when payload first moved (seen every 50 ms), or
 * else the one that ends with the program. */
#include "iperf3.h"

#include "address.h"
#include "iperf3_figures.h"
#include "iperf3_run.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <bw/summary.h>
#include <clock.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    PORT = 5201,
    TICK_MS = 50,
    TELL_MS = 250,
    BEGIN_MS = 3000,   /* from the connection to the first payload … */
    STREAM_MS = 1000,  /* … and for each stream: iperf3 connects one after another */
    STALL_MS = 5000,   /* nothing moved for this long: the run failed */
    CLOSING_MS = 5000, /* for the ends to tell each other what they counted */
    STOP_MS = 500,     /* from "please end" to the kill */
    RETRY_MS = 2000,   /* a busy server is asked again after this and up to a second more */
    CC_MAX = 15
};

static const int64_t NS_PER_MS = 1000000;
static const int64_t UNKNOWN_LINE_BPS = 1000000000; /* for the budget of an unknown line */

enum phase {
    IDLE,
    TESTING,
    WAITING, /* to ask a busy server again */
    OVER
};

struct bw_probe {
    struct bw_host *host;
    const struct bw_opts *opts;
    uv_timer_t timer;
    bool timer_made;
    bool closing;
    int n_open;
    void (*closed)(void *owner);
    void *closed_owner;
    struct iperf3_run *run;
    enum phase phase;
    bool cancelled;
    bool stopping; /* the program was asked to end … */
    int64_t stop_mono_ns;
    enum bw_direction direction;
    bool todo[BW_DIRECTIONS];
    int64_t direction_mono_ns; /* when it began: a busy server is waited for from here */
    int64_t try_mono_ns;
    int64_t first_mono_ns; /* payload moved; 0: not seen */
    int64_t moved_mono_ns; /* when it last grew … */
    int64_t moved_bytes;   /* … to this */
    int64_t base_bytes;    /* when the window began; unknown before */
    int64_t told_mono_ns;
    int fault; /* why we killed it; 0: we did not */
    char reason[256];
};

static const char *const direction_words[] = {"down", "up", "both", NULL};
static const char *const protocol_words[] = {"tcp", "udp", NULL};
static const char *const family_words[] = {"any", "4", "6", NULL};

static const struct bw_optspec iperf3_opts[] = {
    {.name = "direction",
     .type = BW_OPT_ENUM,
     .def = "down",
     .words = direction_words,
     .doc = "What a run measures: down, up, or both, one after the other."},
    {.name = "protocol",
     .type = BW_OPT_ENUM,
     .def = "tcp",
     .words = protocol_words,
     .doc = "tcp; or udp, at `rate`."},
    {.name = "rate",
     .type = BW_OPT_RATE,
     .min = 10000,
     .max = 100000000000,
     .def = "",
     .doc = "Payload to send by UDP, of all streams together. Above what the line carries "
            "the rest is lost: that is what the figure says then."},
    {.name = "streams",
     .type = BW_OPT_INT,
     .min = 1,
     .max = IPERF3_STREAMS_MAX,
     .def = "4",
     .doc = "Connections (or UDP streams) at the same time."},
    {.name = "duration",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 60000,
     .def = "10s",
     .doc = "Length of the measured window of each direction, in whole seconds."},
    {.name = "warmup",
     .type = BW_OPT_DURATION,
     .min = 0,
     .max = 60000,
     .def = "2s",
     .doc = "Time at the start that is moved but not measured, in whole seconds."},
    {.name = "congestion",
     .type = BW_OPT_STRING,
     .max = CC_MAX,
     .def = "",
     .doc = "Congestion control both ends use for TCP, as cubic or bbr; each its own when "
            "not said."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "any",
     .words = family_words,
     .doc = "Which addresses of a name to use: any, 4 or 6."},
    {.name = "connect_timeout",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 30000,
     .def = "5s",
     .doc = "Longest time until the server takes the connection."},
    {.name = "busy_wait",
     .type = BW_OPT_DURATION,
     .min = 0,
     .max = 300000,
     .def = "30s",
     .doc = "How long a server that tests with somebody else is asked again."},
    {.name = "program",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 255,
     .def = "/usr/bin/iperf3",
     .doc = "Where iperf3 is."},
    {.name = NULL, .type = BW_OPT_END},
};

/* Options ---------------------------------------------------------------------- */

static bool wants(const struct bw_opts *o, enum bw_direction d)
{
    int64_t word = bw_opt_int(o, "direction");
    return word == 2 || word == (d == BW_UP ? 1 : 0);
}

static bool is_udp(const struct bw_opts *o)
{
    return bw_opt_int(o, "protocol") == 1;
}

static bool is_word(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text) &&
           text[0] != '-';
}

static int iperf3_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    static const char *const whole[] = {"duration", "warmup"};
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "iperf3 needs at least one target");
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        char host[BW_HOST_MAX];
        uint16_t port;
        if (bw_address_split(t->address, PORT, host, &port) < 0 || host[0] == '-') {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": '%.200s' is no host and no host:port",
                              t->name, t->address);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (bw_opt_int(opts, whole[i]) % 1000 != 0) {
            return bw_err_set(reterr, -EINVAL,
                              "%s is %s: iperf3 knows whole seconds only, as in 2s",
                              whole[i], bw_opts_text(opts, whole[i]));
        }
    }
    if (is_udp(opts) && bw_opt_int(opts, "rate") == BW_UNKNOWN) {
        return bw_err_set(reterr, -EINVAL, "protocol = udp wants a rate, as in rate = 50M");
    }
    if (!is_udp(opts) && bw_opt_int(opts, "rate") != BW_UNKNOWN) {
        return bw_err_set(reterr, -EINVAL, "rate is for protocol = udp: TCP finds its own");
    }
    if (!is_word(bw_opt_str(opts, "congestion"))) {
        return bw_err_set(reterr, -EINVAL, "congestion is '%s': a word as cubic or bbr",
                          bw_opt_str(opts, "congestion"));
    }
    return 0;
}

static int64_t iperf3_cost(const struct bw_opts *opts, int64_t line_bps)
{
    int64_t ms = bw_opt_int(opts, "warmup") + bw_opt_int(opts, "duration");
    int64_t bps = line_bps == BW_UNKNOWN || line_bps <= 0 ? UNKNOWN_LINE_BPS : line_bps;
    if (is_udp(opts) && bw_opt_int(opts, "rate") != BW_UNKNOWN) {
        bps = bw_opt_int(opts, "rate");
    }
    return bps / 8000 * ms * (wants(opts, BW_DOWN) + wants(opts, BW_UP));
}

static int64_t begin_ms(const struct bw_opts *opts)
{
    return bw_opt_int(opts, "connect_timeout") + BEGIN_MS +
           bw_opt_int(opts, "streams") * STREAM_MS;
}

static int64_t try_ms(const struct bw_opts *opts)
{
    return begin_ms(opts) + bw_opt_int(opts, "warmup") + bw_opt_int(opts, "duration") +
           CLOSING_MS;
}

static int64_t iperf3_longest_ms(const struct bw_opts *opts)
{
    int64_t one = try_ms(opts) + bw_opt_int(opts, "busy_wait") + 2 * (int64_t)STOP_MS;
    return one * (wants(opts, BW_DOWN) + wants(opts, BW_UP));
}

/* Samples ---------------------------------------------------------------------- */

static void make_sample(const struct bw_probe *p, struct bw_run_sample *s)
{
    bw_run_sample_init(s);
    s->direction = (uint8_t)p->direction;
    s->state = BW_OK;
    s->method = is_udp(p->opts) ? "iperf3/udp" : "iperf3/tcp";
    s->streams = bw_opt_int(p->opts, "streams");
    if (p->moved_bytes > 0) {
        s->total_bytes = p->moved_bytes;
    }
}

/* When the warm-up was over; unknown where payload was not seen to move. */
static int64_t window_begin(const struct bw_probe *p)
{
    return p->first_mono_ns == 0
               ? BW_UNKNOWN
               : p->first_mono_ns + bw_opt_int(p->opts, "warmup") * NS_PER_MS;
}

/* While it runs: what the program has read or written since the window began. */
static void tell(struct bw_probe *p, int64_t now_ns)
{
    struct bw_run_sample s;
    make_sample(p, &s);
    if (p->base_bytes != BW_UNKNOWN) {
        s.t0_mono_ns = window_begin(p);
        s.t1_mono_ns = now_ns;
        s.bytes = p->moved_bytes - p->base_bytes;
    }
    p->told_mono_ns = now_ns;
    bw_host_run(p->host, &s);
}

/* Phases ----------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);
static void start_next(struct bw_probe *p);
static void start_try(struct bw_probe *p);

static void set_timer(struct bw_probe *p, int64_t ms)
{
    uv_update_time(bw_host_loop(p->host));
    (void)uv_timer_start(&p->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

static void maybe_closed(struct bw_probe *p)
{
    if (p->closing && p->n_open == 0) {
        void (*closed)(void *owner) = p->closed;
        void *owner = p->closed_owner;
        free(p);
        closed(owner);
    }
}

/* The direction is over: its final sample, then the next one, from the timer. */
static void end_direction(struct bw_probe *p, struct bw_run_sample *s)
{
    s->final = 1;
    p->phase = OVER;
    p->todo[p->direction] = false;
    bw_host_run(p->host, s);
    set_timer(p, 0);
}

static void
fail_direction(struct bw_probe *p, struct bw_run_sample *s, int error, const char *reason)
{
    s->state = error == -ECANCELED ? BW_SKIPPED : BW_FAILED;
    s->error = error;
    s->reason = reason;
    end_direction(p, s);
}

/* The report of a program that ended by itself. */
static void take_outcome(struct bw_probe *p, const struct iperf3_outcome *o)
{
    struct bw_iperf3_report r;
    struct bw_run_sample s;
    struct bw_err err = {""};
    int error;
    make_sample(p, &s);
    if (o->too_long) {
        fail_direction(p, &s, -E2BIG, "iperf3 printed more than 4 MB");
        return;
    }
    if (bw_iperf3_read(o->out, o->n, &r, &err) < 0) {
        if (o->said[0] != '\0') {
            (void)snprintf(p->reason, sizeof(p->reason), "iperf3 said: %.200s", o->said);
        } else if (o->signal_number != 0) {
            (void)snprintf(p->reason, sizeof(p->reason), "iperf3 was killed by signal %d",
                           o->signal_number);
        } else {
            (void)snprintf(p->reason, sizeof(p->reason),
                           "iperf3 printed what is no report: %.150s",
                           o->n > 0 ? err.text : "nothing");
        }
        fail_direction(p, &s, -EBADMSG, p->reason);
        return;
    }
    if (r.busy) {
        int64_t waited_ms = (bw_clock_mono_ns() - p->direction_mono_ns) / NS_PER_MS;
        int64_t next_ms = RETRY_MS + bw_clock_mono_ns() / 1000 % 1000;
        if (waited_ms + next_ms <= bw_opt_int(p->opts, "busy_wait")) {
            p->phase = WAITING;
            set_timer(p, next_ms);
            return;
        }
        (void)snprintf(p->reason, sizeof(p->reason),
                       "server busy: it was testing with somebody else for all of %.0f s",
                       (double)waited_ms / 1e3);
        s.flags[0] = "server-busy";
        fail_direction(p, &s, -EBUSY, p->reason);
        return;
    }
    if (r.error[0] != '\0') {
        (void)snprintf(p->reason, sizeof(p->reason), "iperf3: %s", r.error);
        fail_direction(p, &s, iperf3_code(r.error), p->reason);
        return;
    }
    error =
        iperf3_judge(&r, p->direction, is_udp(p->opts),
                     bw_opt_int(p->opts, "duration") * 1000, p->reason, sizeof(p->reason));
    if (error < 0) {
        fail_direction(p, &s, error, p->reason);
        return;
    }
    iperf3_figures(&r, p->direction, window_begin(p), o->exit_mono_ns, &s);
    end_direction(p, &s);
}

/* Cancelled: what was measured until then, when it could still be told. */
static void take_partial(struct bw_probe *p, const struct iperf3_outcome *o)
{
    struct bw_iperf3_report r;
    struct bw_run_sample s;
    make_sample(p, &s);
    if (!o->too_long && bw_iperf3_read(o->out, o->n, &r, NULL) == 0 && r.measured &&
        r.udp == is_udp(p->opts)) {
        iperf3_figures(&r, p->direction, window_begin(p), o->exit_mono_ns, &s);
    }
    fail_direction(p, &s, -ECANCELED, "cancelled");
}

static void on_over(void *owner, const struct iperf3_outcome *o)
{
    struct bw_probe *p = owner;
    struct bw_run_sample s;
    p->run = NULL;
    p->n_open--;
    if (p->closing) {
        maybe_closed(p);
        return;
    }
    (void)uv_timer_stop(&p->timer);
    if (p->cancelled) {
        take_partial(p, o);
    } else if (p->fault < 0) {
        make_sample(p, &s);
        fail_direction(p, &s, p->fault, p->reason);
    } else {
        take_outcome(p, o);
    }
}

static void give_up(struct bw_probe *p, int error, const char *reason)
{
    p->fault = error;
    (void)snprintf(p->reason, sizeof(p->reason), "%s", reason);
    iperf3_run_kill(p->run);
}

/* What is moving, and whether a deadline has passed. */
static void watch(struct bw_probe *p, int64_t now_ns)
{
    int64_t moved = iperf3_run_moved(p->run);
    int64_t age_ms = (now_ns - p->try_mono_ns) / NS_PER_MS;
    if (moved != BW_UNKNOWN && moved > p->moved_bytes) {
        p->moved_bytes = moved;
        p->moved_mono_ns = now_ns;
        if (p->first_mono_ns == 0) {
            p->first_mono_ns = now_ns;
        }
    }
    if (p->first_mono_ns > 0 && p->base_bytes == BW_UNKNOWN &&
        now_ns - p->first_mono_ns >= bw_opt_int(p->opts, "warmup") * NS_PER_MS) {
        p->base_bytes = p->moved_bytes;
    }
    if (age_ms > try_ms(p->opts)) {
        give_up(p, -ETIMEDOUT, "the test did not end in time, and iperf3 was killed");
    } else if (moved != BW_UNKNOWN && p->first_mono_ns == 0 && age_ms > begin_ms(p->opts)) {
        give_up(p, -ETIMEDOUT, "no test began: the server does not answer");
    } else if (p->first_mono_ns > 0 && now_ns - p->moved_mono_ns > STALL_MS * NS_PER_MS) {
        give_up(p, -ETIMEDOUT, "nothing moved for 5 s");
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_probe *p = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    if (!p->run) {
        if (p->phase == WAITING && !p->cancelled) {
            start_try(p);
        } else {
            start_next(p);
        }
        return;
    }
    if (p->cancelled && !p->stopping) {
        p->stopping = true;
        p->stop_mono_ns = now_ns;
        iperf3_run_stop(p->run);
    } else if (p->stopping && now_ns - p->stop_mono_ns > STOP_MS * NS_PER_MS) {
        iperf3_run_kill(p->run);
    } else if (!p->stopping && p->fault == 0) {
        watch(p, now_ns);
        if (now_ns - p->told_mono_ns >= TELL_MS * NS_PER_MS) {
            tell(p, now_ns);
        }
    }
    set_timer(p, TICK_MS);
}

static void start_try(struct bw_probe *p)
{
    const struct bw_target *t = bw_opts_target(p->opts, 0);
    char host[BW_HOST_MAX] = "";
    struct bw_err err = {""};
    struct iperf3_setup setup = {
        .program = bw_opt_str(p->opts, "program"),
        .host = host,
        .reverse = p->direction == BW_DOWN,
        .udp = is_udp(p->opts),
        .device = bw_opts_device(p->opts),
        .source = "",
        .cc = bw_opt_str(p->opts, "congestion"),
        .streams = bw_opt_int(p->opts, "streams"),
        .rate_bps = is_udp(p->opts) ? bw_opt_int(p->opts, "rate") : 0,
        .seconds = bw_opt_int(p->opts, "duration") / 1000,
        .omit_seconds = bw_opt_int(p->opts, "warmup") / 1000,
        .connect_ms = bw_opt_int(p->opts, "connect_timeout"),
    };
    int r = bw_address_split(t->address, PORT, host, &setup.port);
    int64_t family = bw_opt_int(p->opts, "family");
    setup.family = family == 1 ? 4 : family == 2 ? 6 : strchr(host, ':') ? 6 : 0;
    if (setup.family != 0) {
        setup.source = bw_opts_source(p->opts, setup.family);
    } else if (bw_opts_source(p->opts, 4)[0] != '\0') {
        setup.family = 4; /* a source address is of one family, and so is the test then */
        setup.source = bw_opts_source(p->opts, 4);
    } else if (bw_opts_source(p->opts, 6)[0] != '\0') {
        setup.family = 6;
        setup.source = bw_opts_source(p->opts, 6);
    }
    p->phase = TESTING;
    p->try_mono_ns = bw_clock_mono_ns();
    p->told_mono_ns = p->try_mono_ns;
    p->first_mono_ns = 0;
    p->moved_mono_ns = 0;
    p->moved_bytes = 0;
    p->base_bytes = BW_UNKNOWN;
    p->stopping = false;
    p->fault = 0;
    if (r == 0) {
        r = iperf3_run_start(bw_host_loop(p->host), &setup, on_over, p, &p->run, &err);
    }
    if (r < 0) {
        struct bw_run_sample s;
        p->run = NULL;
        make_sample(p, &s);
        fail_direction(p, &s, r, err.text[0] ? err.text : bw_strerror(r));
        return;
    }
    p->n_open++;
    set_timer(p, TICK_MS);
}

/* The next direction, or the end of the round; never called from run(). */
static void start_next(struct bw_probe *p)
{
    bool cancelled = p->cancelled;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_run_sample s;
        if (!p->todo[d]) {
            continue;
        }
        p->direction = (enum bw_direction)d;
        p->moved_bytes = 0;
        if (cancelled) {
            make_sample(p, &s);
            fail_direction(p, &s, -ECANCELED, "cancelled");
        } else {
            p->direction_mono_ns = bw_clock_mono_ns();
            start_try(p);
        }
        return; /* the timer comes back here */
    }
    p->phase = IDLE;
    p->cancelled = false;
    bw_host_done(p->host, cancelled ? -ECANCELED : 0);
}

/* The contract ----------------------------------------------------------------- */

static int
iperf3_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    if (!p) {
        return -ENOMEM;
    }
    p->host = host;
    p->opts = opts;
    *ret = p;
    return 0;
}

static int iperf3_open(struct bw_probe *p, struct bw_err *reterr)
{
    int r = uv_timer_init(bw_host_loop(p->host), &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    return 0;
}

static int iperf3_start(struct bw_probe *p, uint32_t budget_ms)
{
    (void)budget_ms; /* the host cancels; our own phases are shorter (longest_ms) */
    if (p->phase != IDLE) {
        return -EBUSY;
    }
    p->phase = OVER;
    p->todo[BW_DOWN] = wants(p->opts, BW_DOWN);
    p->todo[BW_UP] = wants(p->opts, BW_UP);
    set_timer(p, 0);
    return 0;
}

static void iperf3_cancel(struct bw_probe *p)
{
    if (p->phase != IDLE && !p->cancelled) {
        p->cancelled = true;
        set_timer(p, 0);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_probe *p = handle->data;
    p->n_open--;
    maybe_closed(p);
}

static void iperf3_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    if (p->run) {
        iperf3_run_kill(p->run); /* on_over() follows */
    }
    if (p->timer_made) {
        p->n_open++;
        uv_close((uv_handle_t *)&p->timer, timer_closed);
    }
    maybe_closed(p);
}

const struct bw_probe_ops bw_probe_iperf3 = {
    .abi = BW_PROBE_ABI,
    .name = "iperf3",
    .needs = BW_NEED_SCRATCH,
    .klass = BW_CLASS_THROUGHPUT,
    .opts = iperf3_opts,
    .check = iperf3_check,
    .cost_bytes = iperf3_cost,
    .longest_ms = iperf3_longest_ms,
    .create = iperf3_create,
    .open = iperf3_open,
    .run = iperf3_start,
    .cancel = iperf3_cancel,
    .close = iperf3_close,
};

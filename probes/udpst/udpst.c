/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst.c - the udpst probe: the highest rate at IP that a line carries in one second, with
 * datagrams, by the method of RFC 9097 and TR-471 and the protocol of RFC 9946.
 *
 * A direction is one flow (udpst_flow.h) and ends with exactly one final sample; its window
 * is the best second. */
#include "udpst_flow.h"

#include <address.h>
#include <bw/err.h>
#include <bw/opts.h>
#include <bw/probe.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <udpst.h>
#include <uv.h>

enum {
    TELL_MS = 250,
    MARGIN_MS = 500,
    OVER_PERCENT = 110 /* of max_rate may come before the run is ended for it */
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
    struct udpst_flow *flow; /* of `direction`; NULL between two */
    enum bw_direction direction;
    bool todo[BW_DIRECTIONS];
    bool running;
    bool cancelled;
    char method[32];
};

static const char *const direction_words[] = {"down", "up", "both", NULL};
static const char *const family_words[] = {"any", "4", "6", NULL};
static const char *const algorithm_words[] = {"b", "c", NULL};

static const struct bw_optspec udpst_opts[] = {
    {.name = "direction",
     .type = BW_OPT_ENUM,
     .def = "down",
     .words = direction_words,
     .doc = "What a run measures: down, up, or both, one after the other."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "any",
     .words = family_words,
     .doc = "Which addresses of a name are used: any, 4 or 6."},
    {.name = "duration",
     .type = BW_OPT_DURATION,
     .min = 2000,
     .max = 60000,
     .def = "10s",
     .doc =
         "Length of the test of each direction, in whole seconds. The search needs about "
         "7 s to reach 1 Gbit/s with algorithm b."},
    {.name = "max_rate",
     .type = BW_OPT_RATE,
     .min = 1000000,
     .max = 10000000000,
     .def = "1G",
     .doc =
         "The highest rate to send at, whatever the server asks for, and a tenth over it "
         "the highest to receive: above that the run ends as failed. Set it above the "
         "line's rate, or it is what is measured (flag max-rate); servers admit tests by "
         "it, and the daily budget reckons with it."},
    {.name = "algorithm",
     .type = BW_OPT_ENUM,
     .def = "b",
     .words = algorithm_words,
     .doc = "How the server searches for the rate (RFC 9097, TR-471): b climbs evenly, c "
            "multiplies and tries again."},
    {.name = "key_file",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .flags = BW_OPT_SECRET_FILE,
     .doc = "A file whose first line is the key shared with the server, at most 64 "
            "characters. Requests are then signed and answers must be (mode 1)."},
    {.name = "key_id",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 255,
     .def = "0",
     .doc = "The number the server knows that key by."},
    {.name = "unsigned_answers",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "With a key: test also against a server of a version before 20, which signs "
            "none of its answers. Anybody who can send packets in its name can then "
            "answer for it."},
    {.name = "jumbo",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc =
         "Agree to packets of up to 9000 bytes, which servers use above 1 Gbit/s; must be "
         "the same at the server."},
    {.name = "full_mtu",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Use packets of 1500 bytes instead of 1250; must be the same at the server."},
    {.name = "connect_timeout",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 30000,
     .def = "5s",
     .doc = "Longest time until the server has started the test."},
    {.name = NULL, .type = BW_OPT_END},
};

static bool wants(const struct bw_opts *o, enum bw_direction d)
{
    int64_t word = bw_opt_int(o, "direction");
    return word == 2 || word == (d == BW_UP ? 1 : 0);
}

static int udpst_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "udpst needs at least one target");
    }
    if (bw_opt_int(opts, "duration") % 1000 != 0) {
        return bw_err_set(reterr, -EINVAL, "'duration' of udpst is in whole seconds");
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        char host[BW_HOST_MAX];
        uint16_t port;
        if (bw_address_split(t->address, BW_UDPST_PORT, host, &port) < 0) {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": '%.200s' is not a host or host:port", t->name,
                              t->address);
        }
    }
    return 0;
}

/* Upwards it is our own pacing that bounds the bytes. Downwards a line cannot bring more
 * than it carries, nor we take more than a tenth over max_rate. */
static int64_t udpst_cost(const struct bw_opts *opts, int64_t line_bps)
{
    int64_t ms = udpst_flow_load_ms(opts);
    int64_t up_bps = bw_opt_int(opts, "max_rate");
    int64_t down_bps = up_bps / 100 * OVER_PERCENT;
    if (line_bps != BW_UNKNOWN && line_bps > 0 && line_bps < down_bps) {
        down_bps = line_bps;
    }
    return ms * ((wants(opts, BW_UP) ? up_bps / 8000 : 0) +
                 (wants(opts, BW_DOWN) ? down_bps / 8000 : 0));
}

static int64_t udpst_longest_ms(const struct bw_opts *opts)
{
    return (udpst_flow_longest_ms(opts) + MARGIN_MS) *
           (wants(opts, BW_DOWN) + wants(opts, BW_UP));
}

/* Samples ---------------------------------------------------------------------- */

static void add_flag(struct bw_run_sample *s, const char *word)
{
    for (size_t i = 0; i < BW_RUN_FLAGS_MAX; i++) {
        if (!s->flags[i]) {
            s->flags[i] = word;
            return;
        }
    }
}

static void
set_second(struct bw_run_sample *s, const struct udpst_second *second, bool is_best)
{
    s->t0_mono_ns = second->t0_mono_ns;
    s->t1_mono_ns = second->t1_mono_ns;
    s->bytes = second->ip_bytes;
    s->wire_bytes = second->ip_bytes;
    if (is_best) {
        s->loss_ppm = second->loss_ppm;
        s->delay_min_us = second->delay_min_us;
        s->delay_max_us = second->delay_max_us;
        s->rtt_us = second->rtt_us;
        s->tester_busy_ppm = second->busy_ppm;
        if (second->capped) {
            add_flag(s, "max-rate");
        }
        if (second->late) {
            add_flag(s, "tester-late");
        }
        if (second->dropped) {
            add_flag(s, "receive-drops");
        }
    }
}

static void make_sample(struct bw_probe *p, struct bw_run_sample *s, bool final)
{
    struct udpst_view view = {.mtu = BW_UNKNOWN, .rtt_min_us = BW_UNKNOWN};
    bw_run_sample_init(s);
    s->direction = (uint8_t)p->direction;
    s->state = BW_OK;
    s->streams = 1;
    s->final = final;
    (void)snprintf(p->method, sizeof(p->method), "udpst/%d/max-1s", BW_UDPST_VERSION);
    if (p->flow) {
        udpst_flow_read(p->flow, &view);
        s->family = view.family;
        s->mtu = view.mtu;
        s->total_bytes = view.total_ip_bytes;
        if (view.version != 0) {
            (void)snprintf(p->method, sizeof(p->method), "udpst/%u/max-1s",
                           (unsigned)view.version);
        }
    }
    s->method = p->method;
    if (final && view.have_best) {
        s->near.min_rtt_us = view.rtt_min_us;
        set_second(s, &view.best, true);
    } else if (!final && view.running) {
        set_second(s, &view.now, false);
    }
}

static void tell(struct bw_probe *p)
{
    struct bw_run_sample s;
    make_sample(p, &s, false);
    bw_host_run(p->host, &s);
}

/* Directions ------------------------------------------------------------------- */

static void start_next(struct bw_probe *p);
static void on_timer(uv_timer_t *timer);

static void set_timer(struct bw_probe *p, uint64_t ms)
{
    uv_update_time(bw_host_loop(p->host));
    (void)uv_timer_start(&p->timer, on_timer, ms, 0);
}

static void one_closed(void *owner)
{
    struct bw_probe *p = owner;
    p->n_open--;
    if (!p->closing) {
        start_next(p);
    } else if (p->n_open == 0) {
        void (*closed)(void *owner_) = p->closed;
        void *closed_owner = p->closed_owner;
        free(p);
        closed(closed_owner);
    }
}

/* Its final sample, then the flow goes, then the next direction. */
static void end_direction(struct bw_probe *p, int error, const char *reason)
{
    struct udpst_flow *flow = p->flow;
    struct bw_run_sample s;
    make_sample(p, &s, true);
    if (error == 0 && s.bytes == BW_UNKNOWN) {
        error = -ENODATA;
        reason = "no full second was measured";
    }
    if (error < 0) {
        s.state = error == -ECANCELED ? BW_SKIPPED : BW_FAILED;
        s.error = error;
        s.reason = reason;
        if (error == -EBUSY) {
            add_flag(&s, "server-busy");
        }
    }
    (void)uv_timer_stop(&p->timer);
    p->todo[p->direction] = false;
    bw_host_run(p->host, &s);
    p->flow = NULL;
    if (flow) {
        p->n_open++;
        udpst_flow_close(flow, one_closed, p);
    }
}

static void on_second(void *owner)
{
    struct bw_probe *p = owner;
    tell(p);
    set_timer(p, TELL_MS);
}

static void on_ended(void *owner, int error, const char *reason)
{
    end_direction(owner, error, reason);
}

static void start_direction(struct bw_probe *p, enum bw_direction d)
{
    const struct udpst_flow_plan plan = {.host = p->host,
                                         .opts = p->opts,
                                         .direction = d,
                                         .second = on_second,
                                         .ended = on_ended,
                                         .owner = p};
    struct bw_err err = {""};
    int r = udpst_flow_start(&plan, &p->flow, &err);
    p->direction = d;
    if (r < 0) {
        p->flow = NULL;
        end_direction(p, r, err.text);
    }
    set_timer(p, r < 0 ? 0 : TELL_MS);
}

/* The next direction, or the end of the round; never called from run(). */
static void start_next(struct bw_probe *p)
{
    bool cancelled = p->cancelled;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (!p->todo[d]) {
            continue;
        }
        if (!cancelled) {
            start_direction(p, (enum bw_direction)d);
            return;
        }
        p->direction = (enum bw_direction)d;
        end_direction(p, -ECANCELED, "cancelled");
    }
    p->running = false;
    p->cancelled = false;
    bw_host_done(p->host, cancelled ? -ECANCELED : 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_probe *p = timer->data;
    if (p->cancelled && p->flow) {
        udpst_flow_give_up(p->flow);
        end_direction(p, -ECANCELED, "cancelled");
    } else if (!p->flow) {
        start_next(p);
    } else {
        tell(p);
        set_timer(p, TELL_MS);
    }
}

/* The contract ----------------------------------------------------------------- */

static int
udpst_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
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

static int udpst_open(struct bw_probe *p, struct bw_err *reterr)
{
    const char *key = bw_host_secret(p->host);
    int r;
    if (key && (key[0] == '\0' || strlen(key) > BW_UDPST_KEY_MAX)) {
        return bw_err_set(reterr, -EINVAL,
                          "the first line of 'key_file' is not a key of 1 to %d characters",
                          BW_UDPST_KEY_MAX);
    }
    r = uv_timer_init(bw_host_loop(p->host), &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    return 0;
}

static int udpst_run(struct bw_probe *p, uint32_t budget_ms)
{
    (void)budget_ms; /* the host cancels; our own phases are shorter (longest_ms) */
    if (p->running) {
        return -EBUSY;
    }
    p->running = true;
    p->todo[BW_DOWN] = wants(p->opts, BW_DOWN);
    p->todo[BW_UP] = wants(p->opts, BW_UP);
    set_timer(p, 0);
    return 0;
}

static void udpst_cancel(struct bw_probe *p)
{
    if (p->running && !p->cancelled) {
        p->cancelled = true;
        if (p->flow || uv_is_active((uv_handle_t *)&p->timer)) {
            set_timer(p, 0);
        } /* else the flow is closing, and start_next() follows */
    }
}

static void timer_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void udpst_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    p->n_open++; /* held until everything below is told to close */
    if (p->timer_made) {
        p->n_open++;
        uv_close((uv_handle_t *)&p->timer, timer_closed);
    }
    if (p->flow) {
        p->n_open++;
        udpst_flow_give_up(p->flow);
        udpst_flow_close(p->flow, one_closed, p);
    }
    one_closed(p);
}

const struct bw_probe_ops bw_probe_udpst = {
    .abi = BW_PROBE_ABI,
    .name = "udpst",
    .needs = 0,
    .klass = BW_CLASS_THROUGHPUT,
    .opts = udpst_opts,
    .check = udpst_check,
    .cost_bytes = udpst_cost,
    .longest_ms = udpst_longest_ms,
    .create = udpst_create,
    .open = udpst_open,
    .run = udpst_run,
    .cancel = udpst_cancel,
    .close = udpst_close,
};

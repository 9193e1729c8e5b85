/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp.c - the stamp probe: the sender of the Simple Two-Way Active Measurement Protocol
 * (RFC 8762, RFC 8972), one packet an interval to every reflector.
 *
 * When what leaves is lib/net's cadence. Each target is a session with numbers of its own
 * (stamp_session.h); an answer finds its packet by number and instant. */
#include "stamp_private.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stampkey.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_EVERY_S = 1,
    HEADERS_BYTES = 14 + 40 + 8 /* Ethernet, IPv6, UDP */
};

static const char *const family_words[] = {"any", "4", "6", NULL};

static const struct bw_optspec stamp_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 60000,
     .def = "1s",
     .doc = "Time between two packets to the same target; packets to different targets are "
            "spread over it."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 3000,
     .def = "2s",
     .doc = "A packet without an answer after this long is lost; what comes within another "
            "second is counted as late."},
    {.name = "size",
     .type = BW_OPT_INT,
     .min = BW_STAMP_TWAMP_ASKED,
     .max = BW_STAMP_MAX,
     .def = "",
     .doc =
         "Bytes of UDP payload of each packet. Not set: 44, or 112 with a secret. Four "
         "bytes more or above are filled with an Extra Padding TLV; 14 is for reflectors "
         "of TWAMP Light that take nothing longer."},
    {.name = "ssid",
     .type = BW_OPT_INT,
     .min = 0,
     .max = UINT16_MAX,
     .def = "",
     .doc = "Session identifier (RFC 8972); 0: none. Not set: chosen at random for each "
            "target."},
    {.name = "key_file",
     .type = BW_OPT_STRING,
     .def = "",
     .doc = "File with the secret shared with the reflectors, in hexadecimal on one line: "
            "packets then carry a digest (authenticated mode), and answers without the "
            "right one do not count. Nobody but the service's group may read it."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "any",
     .words = family_words,
     .doc = "Which addresses of a name to use: any (IPv4 and IPv6, measured apart), 4 or "
            "6."},
    {.name = NULL, .type = BW_OPT_END},
};

/* Sending ---------------------------------------------------------------------- */

static void read_clock(struct bw_probe *p, int64_t now_mono_ns)
{
    if (now_mono_ns >= p->next_clock_mono_ns) {
        bw_clock_state_read(&p->clock);
        p->next_clock_mono_ns = now_mono_ns + CLOCK_EVERY_S * INT64_C(1000) * BW_NS_PER_MS;
    }
}

static int64_t clock_error_ns(const struct bw_probe *p)
{
    return p->clock.synced && p->clock.max_error_us != BW_UNKNOWN
               ? p->clock.max_error_us * 1000
               : BW_UNKNOWN;
}

static void send_slots(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_probe *p = owner;
    struct bw_udp_out out[BW_UDP_GROUP];
    struct stamp_flight *flights[BW_UDP_GROUP];
    struct bw_stamp_error error;
    read_clock(p, bw_clock_mono_ns());
    error = (struct bw_stamp_error){.synced = clock_error_ns(p) != BW_UNKNOWN,
                                    .error_ns = clock_error_ns(p)};
    for (size_t i = 0; i < n; i++) {
        uint32_t target = slots[i]->target;
        struct stamp_session *session = &p->sessions[target];
        const union bw_address *to = bw_cadence_to(&p->cadence, slots[i]);
        struct stamp_flight *f;
        struct bw_stamp_asked packet;
        if (!bw_address_equal(&p->reflectors[target], to)) {
            stamp_session_restart(session);
            p->reflectors[target] = *to;
        }
        f = stamp_session_next(session);
        packet = (struct bw_stamp_asked){
            .seq = f->seq,
            .t1 = bw_stamp_time_encode(bw_clock_unix_ns(), false),
            .error = bw_stamp_error_encode(&error),
            .ssid = session->ssid,
        };
        f->slot = slots[i]->number;
        f->t1 = packet.t1;
        f->sent_mono_ns = slots[i]->sent_mono_ns;
        f->clock_error_ns = clock_error_ns(p);
        f->fate = STAMP_SENT;
        p->sent[bw_cadence_place(&p->cadence, slots[i])] =
            (struct stamp_sent){.seq = f->seq, .to = *to};
        flights[i] = f;
        out[i] = (struct bw_udp_out){
            .to = to,
            .data = p->frames + i * p->size,
            .len = bw_stamp_write_asked(p->frames + i * p->size, p->size, &packet, p->size,
                                        stamp_key(p)),
        };
    }
    bw_udp_send(&p->sockets[family == 6 ? 1 : 0], out, n);
    for (size_t i = 0; i < n; i++) {
        if (out[i].error < 0) {
            flights[i]->fate = STAMP_NOT_SENT;
            bw_cadence_failed(&p->cadence, slots[i], out[i].error);
        }
    }
}

static int obstacle(void *owner, uint32_t target)
{
    struct bw_probe *p = owner;
    size_t i = p->cadence.targets[target].family == 6 ? 1 : 0;
    return p->sockets[i].fd < 0 ? -EAFNOSUPPORT : 0;
}

static void use_interface(void *owner, unsigned ifindex)
{
    struct bw_probe *p = owner;
    for (size_t i = 0; i < 2; i++) {
        if (p->sockets[i].fd >= 0) {
            (void)bw_outlet_use(p->sockets[i].fd, p->sockets[i].family, ifindex);
        }
    }
}

static void read_all(void *owner)
{
    stamp_drain(owner, 0);
    stamp_drain(owner, 1);
    stamp_judge_losses(owner);
}

static const struct bw_cadence_ops cadence_ops = {
    .send = send_slots,
    .obstacle = obstacle,
    .tick = read_all,
    .outlet = use_interface,
    .judge = stamp_judge,
    .expiring = stamp_expiring,
};

_Static_assert((int)BW_UDP_GROUP >= (int)BW_CADENCE_GROUP, "a group is one system call");

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct bw_probe *p = poll->data;
    size_t i = poll == &p->polls[1] ? 1 : 0;
    (void)events;
    stamp_drain(p, i); /* an error is read from the queue like everything else */
    bw_cadence_read(&p->cadence);
    if (status < 0 && !p->closing) { /* libuv stopped the handle */
        (void)uv_poll_start(&p->polls[i], UV_READABLE | UV_PRIORITIZED, on_poll);
    }
}

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    int family = bw_cadence_family(opts);
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .late_ms = STAMP_LATE_MS,
                                    .family = family,
                                    .both = family == 0,
                                    .has_port = true,
                                    .port = BW_STAMP_PORT};
}

static int stamp_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    struct bw_cadence_plan plan = plan_of(opts);
    const char *key_file = bw_opt_str(opts, "key_file");
    int64_t size = bw_opt_int(opts, "size");
    int64_t least = key_file[0] ? BW_STAMP_AUTH_PACKET : BW_STAMP_PACKET;
    if (key_file[0] != '\0' && key_file[0] != '/') {
        return bw_err_set(reterr, -EINVAL, "'key_file' must start with /");
    }
    if (size != BW_UNKNOWN && size != least && size < least + BW_STAMP_TLV_HEADER &&
        (key_file[0] != '\0' || size != BW_STAMP_TWAMP_ASKED)) {
        return bw_err_set(reterr, -EINVAL,
                          "'size' is %d: %s have %d bytes, or %d and more with padding%s",
                          (int)size, key_file[0] ? "authenticated packets" : "packets",
                          (int)least, (int)least + BW_STAMP_TLV_HEADER,
                          key_file[0] ? "" : ", or 14 for TWAMP Light");
    }
    return bw_cadence_check(opts, "stamp", &plan, reterr);
}

static size_t size_of(const struct bw_opts *opts)
{
    int64_t size = bw_opt_int(opts, "size");
    return size != BW_UNKNOWN                        ? (size_t)size
           : bw_opt_str(opts, "key_file")[0] != '\0' ? (size_t)BW_STAMP_AUTH_PACKET
                                                     : (size_t)BW_STAMP_PACKET;
}

static int64_t stamp_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)line_bps;
    return 2 * ((int64_t)size_of(opts) + HEADERS_BYTES);
}

static int64_t stamp_ways(const struct bw_opts *opts)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_ways(opts, &plan);
}

static void free_all(struct bw_probe *p)
{
    for (uint32_t i = 0; p->sessions && i < p->cadence.n_targets; i++) {
        stamp_session_done(&p->sessions[i]);
    }
    free(p->sessions);
    free(p->reflectors);
    free(p->sent);
    free(p->frames);
    bw_cadence_done(&p->cadence);
    explicit_bzero(&p->key, sizeof(p->key));
    free(p);
}

/* Not 0: that means none. */
static uint16_t random_ssid(void)
{
    uint16_t ssid;
    bw_random(&ssid, sizeof(ssid));
    return ssid != 0 ? ssid : 1;
}

static int make_sessions(struct bw_probe *p, const struct bw_opts *opts)
{
    int64_t ssid = bw_opt_int(opts, "ssid");
    uint32_t n = p->cadence.n_targets;
    p->sessions = calloc(n, sizeof(*p->sessions));
    p->reflectors = calloc(n, sizeof(*p->reflectors));
    p->sent = calloc(bw_cadence_n_slots(&p->cadence), sizeof(*p->sent));
    p->frames = calloc(BW_UDP_GROUP, p->size);
    if (!p->sessions || !p->reflectors || !p->sent || !p->frames) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t under_way =
            (p->cadence.plan.timeout_ms + STAMP_LATE_MS) / p->cadence.plan.interval_ms + 2;
        int r = stamp_session_init(&p->sessions[i], (uint32_t)under_way,
                                   ssid == BW_UNKNOWN ? random_ssid() : (uint16_t)ssid);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int
stamp_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r < 0) {
        goto out;
    }
    p->sockets[0].fd = -1;
    p->sockets[1].fd = -1;
    p->n_open = 1; /* the cadence */
    p->with_key = bw_opt_str(opts, "key_file")[0] != '\0';
    p->size = size_of(opts);
    r = bw_cadence_init(&p->cadence, host, opts, &plan, &cadence_ops, p);
    if (r == 0) {
        r = make_sessions(p, opts);
    }
    if (r < 0) {
        goto out;
    }
    *ret = p;
    p = NULL;
out:
    if (p) {
        free_all(p);
    }
    return r;
}

static int stamp_open(struct bw_probe *p, struct bw_err *reterr)
{
    const struct bw_opts *opts = p->cadence.opts;
    uv_loop_t *loop = bw_host_loop(p->cadence.host);
    int n_families = 0;
    if (p->with_key) {
        int r = bw_stampkey_load(bw_opt_str(opts, "key_file"), &p->key, reterr);
        if (r < 0) {
            return r;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        int family = i == 0 ? 4 : 6;
        struct bw_udp_conf conf = {.family = family,
                                   .source = bw_opts_source(opts, family),
                                   .max = BW_STAMP_MAX,
                                   .ttl = BW_STAMP_TTL,
                                   .want_stamps = true};
        int r;
        if (!bw_cadence_wants(&p->cadence, family)) {
            continue;
        }
        r = bw_udp_open(&p->sockets[i], &conf, reterr);
        if (r == -EAFNOSUPPORT) { /* this machine has no such family: its targets fail */
            continue;
        }
        if (r < 0) {
            return r;
        }
        r = uv_poll_init(loop, &p->polls[i], p->sockets[i].fd);
        if (r < 0) {
            return bw_err_set(reterr, r, "cannot watch a socket: %s", uv_strerror(r));
        }
        p->polls[i].data = p;
        p->polling[i] = true;
        p->n_open++;
        n_families++;
        r = uv_poll_start(&p->polls[i], UV_READABLE | UV_PRIORITIZED, on_poll);
        if (r < 0) {
            return bw_err_set(reterr, r, "cannot watch a socket: %s", uv_strerror(r));
        }
    }
    if (n_families == 0) {
        return bw_err_set(reterr, -EAFNOSUPPORT, "this machine has no IP of that family");
    }
    return bw_cadence_open(&p->cadence, reterr);
}

static int stamp_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->cadence, budget_ms);
}

static void stamp_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->cadence);
}

static void one_closed(void *owner)
{
    struct bw_probe *p = owner;
    void (*closed)(void *owner);
    void *closed_owner;
    if (--p->n_open > 0) {
        return;
    }
    closed = p->closed;
    closed_owner = p->closed_owner;
    bw_udp_close(&p->sockets[0]);
    bw_udp_close(&p->sockets[1]);
    free_all(p);
    closed(closed_owner);
}

static void poll_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void stamp_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    for (size_t i = 0; i < 2; i++) {
        if (p->polling[i]) {
            uv_close((uv_handle_t *)&p->polls[i], poll_closed);
        }
    }
    bw_cadence_close(&p->cadence, one_closed); /* last: it may free p at once */
}

const struct bw_probe_ops bw_probe_stamp = {
    .abi = BW_PROBE_ABI,
    .name = "stamp",
    .klass = BW_CLASS_LATENCY,
    .opts = stamp_opts,
    .check = stamp_check,
    .cost_bytes = stamp_cost,
    .ways = stamp_ways,
    .create = stamp_create,
    .open = stamp_open,
    .run = stamp_run,
    .cancel = stamp_cancel,
    .close = stamp_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_net.c - what probes share, against the kernel's loopback: addresses, a UDP socket's
 * stamps and errors, and a cadence whose host is this test. */
#include "bw_test.h"

#include "address.h"
#include "cadence.h"
#include "resolve.h"
#include "udp.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <frame.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void addresses_as_written(void **state)
{
    union bw_address a;
    (void)state;
    assert_true(bw_address_parse("192.0.2.1", &a));
    assert_int_equal(bw_address_family(&a), 4);
    assert_true(bw_address_parse("2001:db8::1", &a));
    assert_int_equal(bw_address_family(&a), 6);
    assert_true(bw_address_parse("fe80::1%lo", &a));
    assert_int_equal(a.in6.sin6_scope_id, 1);
    assert_false(bw_address_parse("192.0.2", &a));
    assert_false(bw_address_parse("", &a));
    assert_false(bw_address_parse("maple.example", &a));
    assert_false(bw_address_parse("192.0.2.1:80", &a));
}

static void hosts_and_ports(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port; /* 0: refused */
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", 862},
        {"192.0.2.1:7", "192.0.2.1", 7},
        {"2001:db8::1", "2001:db8::1", 862},
        {"[2001:db8::1]", "2001:db8::1", 862},
        {"[2001:db8::1]:7", "2001:db8::1", 7},
        {"elm.example:65535", "elm.example", 65535},
        {"elm.example", "elm.example", 862},
        {"elm.example:0", "", 0},
        {"elm.example:65536", "", 0},
        {"elm.example:", "", 0},
        {"elm.example:+7", "", 0},
        {":7", "", 0},
        {"[]:7", "", 0},
        {"[::1", "", 0},
        {"[::1]7", "", 0},
        {"", "", 0},
        {"a:123456", "", 0},
    };
    char host[BW_HOST_MAX];
    uint16_t port;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int r = bw_address_split(cases[i].text, 862, host, &port);
        assert_int_equal(r, cases[i].port == 0 ? -EINVAL : 0);
        if (r == 0) {
            assert_string_equal(host, cases[i].host);
            assert_int_equal(port, cases[i].port);
        }
    }
}

static void nameservers_and_hosts(void **state)
{
    static const char resolv[] =
        "# by DHCP\nsearch maple.example\n nameserver 192.0.2.53 # one\n"
        "nameserver\nnameserver no.address\nnameservers 192.0.2.1\n"
        "nameserver\t2001:db8::53\r\n;nameserver 192.0.2.2\n"
        "nameserver 192.0.2.54\nnameserver 192.0.2.55";
    static const char hosts[] = "192.0.2.7 elm.example Elm # the oak.example\n"
                                "2001:db8::7 elm.example\n# 192.0.2.8 ash.example\n"
                                "192.0.2.9\nash 192.0.2.10\n192.0.2.11 birch elm.example";
    union bw_address a[BW_RESOLVERS_MAX > BW_RESOLVE_ADDRESSES ? BW_RESOLVERS_MAX
                                                               : BW_RESOLVE_ADDRESSES];
    union bw_address expect;
    (void)state;
    assert_int_equal(bw_resolve_servers(resolv, a), 3);
    assert_true(bw_address_parse("2001:db8::53", &expect));
    bw_address_set_port(&expect, 53);
    assert_true(bw_address_equal(&a[1], &expect));
    assert_int_equal(bw_resolve_servers("", a), 1);
    assert_true(bw_address_parse("127.0.0.1", &expect));
    bw_address_set_port(&expect, 53);
    assert_true(bw_address_equal(&a[0], &expect));
    assert_int_equal(bw_resolve_hosts(hosts, "elm.example", 4, a), 2);
    assert_int_equal(bw_resolve_hosts(hosts, "ELM.example.", 6, a), 1);
    assert_true(bw_address_parse("2001:db8::7", &expect));
    assert_true(bw_address_equal(&a[0], &expect));
    assert_int_equal(bw_resolve_hosts(hosts, "elm", 4, a), 1);
    assert_int_equal(bw_resolve_hosts(hosts, "oak.example", 4, a), 0);
    assert_int_equal(bw_resolve_hosts(hosts, "ash.example", 4, a), 0);
    assert_int_equal(bw_resolve_hosts(hosts, "ash", 4, a), 0);
    assert_int_equal(bw_resolve_hosts("", "elm", 4, a), 0);
}

static void payloads_within_frames(void **state)
{
    uint8_t f[14 + 24 + 8 + 5] = {[12] = 8, [14] = 0x46, [17] = 37, [23] = 17};
    size_t n = 9;
    (void)state;
    f[38] = 0x12; /* source port 0x1234 */
    f[39] = 0x34;
    f[43] = 13;
    assert_ptr_equal(bw_frame_udp(f, sizeof(f), 4, 0x1234, &n), f + 46);
    assert_int_equal(n, 5);
    assert_null(bw_frame_udp(f, sizeof(f) - 1, 4, 0x1234, &n));
    assert_int_equal(n, 0);
    assert_null(bw_frame_udp(f, sizeof(f), 4, 0x1235, &n));
    assert_null(bw_frame_udp(f, sizeof(f), 6, 0x1234, &n));
    f[20] = 0x20; /* more fragments */
    assert_null(bw_frame_udp(f, sizeof(f), 4, 0x1234, &n));
}

/* A UDP socket -------------------------------------------------------------------- */

struct seen {
    size_t n_sent, n_datagrams, n_errors;
    int64_t sent_unix_ns, received_unix_ns;
    struct bw_udp_event last;
    char text[64];
};

static void note(void *owner, const struct bw_udp_event *e)
{
    struct seen *s = owner;
    s->last = *e;
    (void)snprintf(s->text, sizeof(s->text), "%.*s", (int)e->len, (const char *)e->data);
    if (e->kind == BW_UDP_SENT) {
        s->n_sent++;
        s->sent_unix_ns = e->stamp_unix_ns;
    } else if (e->kind == BW_UDP_DATAGRAM) {
        s->n_datagrams++;
        s->received_unix_ns = e->stamp_unix_ns;
    } else {
        s->n_errors++;
    }
}

static void wait_for(struct bw_udp *u)
{
    struct pollfd p = {.fd = u->fd, .events = POLLIN | POLLPRI};
    assert_int_equal(poll(&p, 1, 5000), 1);
}

static bool open_pair(int family, struct bw_udp *a, struct bw_udp *b)
{
    struct bw_udp_conf conf = {.family = family,
                               .source = family == 6 ? "::1" : "127.0.0.1",
                               .max = 64,
                               .ttl = 77,
                               .want_stamps = true,
                               .want_origin = true};
    struct bw_err err;
    int r = bw_udp_open(a, &conf, &err);
    if (r == -EAFNOSUPPORT || r == -BW_ENOSOURCE) {
        return false; /* a machine without IPv6 */
    }
    assert_int_equal(r, 0);
    conf.source = "";
    assert_int_equal(bw_udp_open(b, &conf, &err), 0);
    assert_int_not_equal(a->port, 0);
    return true;
}

/* The kernel turns its stamps on for the first who asks by work that it puts off
 * (net_enable_timestamp): what comes before may have none. */
static void await_stamps(struct bw_udp *a, struct bw_udp *b, const union bw_address *to)
{
    struct seen at_a = {0}, at_b = {.received_unix_ns = BW_UNKNOWN};
    for (int i = 0; i < 1000 && at_b.received_unix_ns == BW_UNKNOWN; i++) {
        struct bw_udp_out out = {.to = to, .data = (const uint8_t *)"alder", .len = 5};
        bw_udp_send(a, &out, 1);
        wait_for(a);
        (void)bw_udp_read_errors(a, note, &at_a);
        wait_for(b);
        (void)bw_udp_read(b, note, &at_b);
    }
    assert_true(at_b.received_unix_ns != BW_UNKNOWN);
}

static void stamps_of(int family)
{
    struct bw_udp a = {.fd = -1}, b = {.fd = -1};
    struct seen at_a = {0}, at_b = {0};
    union bw_address to = {.sa = {.sa_family = AF_UNSPEC}}, from;
    struct bw_udp_out out = {.to = &to, .data = (const uint8_t *)"larch", .len = 5};
    if (!open_pair(family, &a, &b)) {
        skip();
    }
    assert_true(bw_address_parse(family == 6 ? "::1" : "127.0.0.1", &to));
    bw_address_set_port(&to, b.port);
    await_stamps(&a, &b, &to);
    int64_t before = bw_clock_unix_ns();
    bw_udp_send(&a, &out, 1);
    assert_int_equal(out.error, 0);
    wait_for(&a);
    assert_int_equal(bw_udp_read_errors(&a, note, &at_a), 1);
    assert_int_equal(at_a.n_sent, 1);
    assert_string_equal(at_a.text, "larch");
    wait_for(&b);
    assert_int_equal(bw_udp_read(&b, note, &at_b), 1);
    assert_int_equal(at_b.n_datagrams, 1);
    assert_string_equal(at_b.text, "larch");
    assert_false(at_b.last.cut);
    assert_int_equal(bw_address_port(&at_b.last.peer), a.port);
    assert_int_equal(bw_address_family(&at_b.last.local), family);
    assert_int_equal(at_b.last.ttl, 77);
    assert_true(before <= at_a.sent_unix_ns);
    assert_true(at_a.sent_unix_ns <= at_b.received_unix_ns);
    assert_true(at_b.received_unix_ns <= bw_clock_unix_ns());
    /* an answer from the very address it came to */
    to = at_b.last.peer;
    from = at_b.last.local;
    out = (struct bw_udp_out){
        .to = &to, .from = &from, .data = (const uint8_t *)"and back", .len = 8};
    bw_udp_send(&b, &out, 1);
    assert_int_equal(out.error, 0);
    wait_for(&a);
    (void)bw_udp_read(&a, note, &at_a);
    assert_string_equal(at_a.text, "and back");
    /* nobody listens there any more: the ICMP error says so, and which packet */
    to = at_b.last.peer;
    bw_address_set_port(&to, b.port);
    bw_udp_close(&b);
    out = (struct bw_udp_out){.to = &to, .data = (const uint8_t *)"gone", .len = 4};
    bw_udp_send(&a, &out, 1);
    wait_for(&a);
    (void)bw_udp_read_errors(&a, note, &at_a);
    assert_int_equal(at_a.n_errors, 1);
    assert_int_equal(at_a.last.error, -ECONNREFUSED);
    assert_true(at_a.last.is_loss);
    assert_string_equal(at_a.text, "gone");
    assert_true(bw_address_equal(&at_a.last.peer, &to));
    bw_udp_close(&a);
}

static void stamps_and_errors_ipv4(void **state)
{
    (void)state;
    stamps_of(4);
}

static void stamps_and_errors_ipv6(void **state)
{
    (void)state;
    stamps_of(6);
}

static void what_is_too_long_is_told(void **state)
{
    struct bw_udp a = {.fd = -1}, b = {.fd = -1};
    struct seen at_b = {0};
    union bw_address to = {.sa = {.sa_family = AF_UNSPEC}};
    uint8_t big[400] = {0};
    struct bw_udp_out out = {.to = &to, .data = big, .len = sizeof(big)};
    (void)state;
    assert_true(open_pair(4, &a, &b));
    assert_true(bw_address_parse("127.0.0.1", &to));
    bw_address_set_port(&to, b.port);
    bw_udp_send(&a, &out, 1);
    wait_for(&b);
    (void)bw_udp_read(&b, note, &at_b);
    assert_int_equal(at_b.n_datagrams, 1);
    assert_true(at_b.last.cut);
    bw_udp_close(&a);
    bw_udp_close(&b);
    bw_udp_close(&b); /* twice is fine */
}

/* A cadence ----------------------------------------------------------------------- */

enum {
    SAMPLES_KEPT = 256
};

struct bw_host {
    uv_loop_t loop;
    struct bw_latency_sample samples[SAMPLES_KEPT];
    size_t n_samples;
    size_t n_details; /* samples that were lent with one */
    int n_done, status;
};

struct bw_probe {
    struct bw_cadence cadence;
    struct bw_slot *last;
    size_t n_sends, n_expired, n_forgotten;
    bool closed;
    bool stop_after_expiry;
};

struct uv_loop_s *bw_host_loop(struct bw_host *host)
{
    return &host->loop;
}

void bw_host_latency(struct bw_host *host, const struct bw_latency_sample *s, uint32_t n)
{
    for (uint32_t i = 0; i < n && host->n_samples < SAMPLES_KEPT; i++) {
        host->n_details += s[i].detail && s[i].detail->code ? 1 : 0;
        host->samples[host->n_samples++] = s[i];
    }
}

void bw_host_done(struct bw_host *host, int status)
{
    host->n_done++;
    host->status = status;
}

static void hear(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_probe *p = owner;
    assert_int_equal(family, 4);
    p->n_sends += n;
    p->last = slots[n - 1];
}

static const struct bw_latency_detail *expiring(void *owner, struct bw_slot *s)
{
    static struct bw_latency_detail d;
    (void)owner;
    assert_int_equal(s->state, BW_SLOT_LOST);
    bw_latency_detail_init(&d);
    d.code = "dark";
    return &d;
}

static void expired(void *owner, struct bw_slot *s)
{
    struct bw_probe *p = owner;
    assert_int_equal(s->state, BW_SLOT_LOST);
    p->n_expired++;
}

static void forget(void *owner, struct bw_slot *s)
{
    struct bw_probe *p = owner;
    (void)s;
    p->n_forgotten++;
}

static void closed(void *owner)
{
    struct bw_probe *p = owner;
    p->closed = true;
}

static const struct bw_cadence_ops hearing = {
    .send = hear, .expiring = expiring, .expired = expired, .forget = forget};

static const struct bw_optspec no_opts[] = {{.name = NULL, .type = BW_OPT_END}};

static struct bw_opts *targets_of(const char *const *addresses, size_t n)
{
    struct bw_target t[4];
    struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .targets = t, .n_targets = n};
    struct bw_opts *opts = NULL;
    struct bw_err err;
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(t[i].name, sizeof(t[i].name), "t%zu", i);
        (void)snprintf(t[i].address, sizeof(t[i].address), "%s", addresses[i]);
    }
    assert_int_equal(bw_opts_from_pairs(no_opts, &head, NULL, 0, &opts, &err), 0);
    return opts;
}

static void a_round_and_what_became_of_it(void **state)
{
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.2:7"};
    struct bw_cadence_plan plan = {.interval_ms = 40,
                                   .timeout_ms = 50,
                                   .late_ms = 1000,
                                   .has_port = true,
                                   .port = 862};
    struct bw_opts *opts = targets_of(addresses, 2);
    struct bw_host host = {.n_samples = 0};
    struct bw_probe p = {.closed = false};
    struct bw_slot *s;
    struct bw_err err;
    (void)state;
    assert_int_equal(uv_loop_init(&host.loop), 0);
    assert_int_equal(bw_cadence_check(opts, "x", &plan, &err), 0);
    assert_int_equal(bw_cadence_init(&p.cadence, &host, opts, &plan, &hearing, &p), 0);
    assert_int_equal(bw_address_port(&p.cadence.targets[0].to), 862);
    assert_int_equal(bw_address_port(&p.cadence.targets[1].to), 7);
    assert_true(bw_cadence_wants(&p.cadence, 4));
    assert_false(bw_cadence_wants(&p.cadence, 6));
    assert_int_equal(bw_cadence_open(&p.cadence, &err), 0);
    assert_int_equal(bw_cadence_run(&p.cadence, 100), 0);
    assert_int_equal(bw_cadence_run(&p.cadence, 100), -EBUSY);
    while (host.n_done == 0) {
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    }
    assert_int_equal(host.status, 0);
    assert_true(p.n_sends >= 2 && p.n_sends <= 6); /* three rounds, unless stalled */
    while (p.n_expired < p.n_sends) {
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    }
    assert_int_equal(host.n_details, p.n_expired);
    /* all were lost; the last one is answered late, once */
    s = bw_cadence_slot(&p.cadence, p.last->number);
    assert_ptr_equal(s, p.last);
    assert_null(bw_cadence_slot(&p.cadence, p.last->number + 1));
    host.n_samples = 0;
    bw_cadence_answered(&p.cadence, s, 70 * BW_NS_PER_MS);
    bw_cadence_answered(&p.cadence, s, 70 * BW_NS_PER_MS);
    bw_cadence_refused(&p.cadence, s, -EHOSTUNREACH);
    bw_cadence_failed(&p.cadence, s, -EPERM);
    bw_cadence_read(&p.cadence);
    assert_int_equal(host.n_samples, 1);
    assert_int_equal(host.samples[0].state, BW_LATE);
    assert_int_equal(host.samples[0].rtt_ns, 70 * BW_NS_PER_MS);
    bw_cadence_close(&p.cadence, closed);
    (void)uv_run(&host.loop, UV_RUN_DEFAULT);
    assert_true(p.closed);
    assert_int_equal(uv_loop_close(&host.loop), 0);
    bw_cadence_done(&p.cadence);
    bw_opts_free(opts);
}

static void hear_both(void *owner, int family, struct bw_slot *const *slots, size_t n)
{
    struct bw_probe *p = owner;
    for (size_t i = 0; i < n; i++) {
        struct bw_latency_detail d;
        bw_latency_detail_init(&d);
        d.code = family == 6 ? "six" : "four";
        assert_int_equal(slots[i]->family, family);
        bw_cadence_answered_with(&p->cadence, slots[i], INT64_C(1000) * family, &d);
    }
    p->n_sends += n;
}

static int split_word(const char *address,
                      char ret_host[BW_HOST_MAX],
                      uint16_t *ret_port,
                      struct bw_err *reterr)
{
    const char *from = strchr(address, '=');
    if (!from) {
        return bw_err_set(reterr, -EINVAL, "'%s' has no =", address);
    }
    (void)snprintf(ret_host, BW_HOST_MAX, "%s", from + 1);
    *ret_port = 7;
    return 0;
}

static void names_over_both_families(void **state)
{
    static const struct bw_cadence_ops ops = {.send = hear_both};
    static const char *const addresses[] = {"a=maple.example", "b=192.0.2.1", "c=::1"};
    static const char *const bad[] = {"maple.example"};
    struct bw_cadence_plan plan = {.interval_ms = 500,
                                   .timeout_ms = 50,
                                   .both = true,
                                   .split = split_word,
                                   .own_lookups = true};
    struct bw_opts *opts = targets_of(addresses, 3);
    struct bw_opts *bad_opts = targets_of(bad, 1);
    struct bw_host host = {.n_samples = 0};
    struct bw_probe p = {.closed = false};
    struct bw_err err;
    int seen[3][2] = {{0}};
    (void)state;
    assert_int_equal(bw_cadence_check(bad_opts, "x", &plan, &err), -EINVAL);
    assert_string_equal(err.text, "target \"t0\": 'maple.example' has no =");
    bw_opts_free(bad_opts);
    assert_int_equal(uv_loop_init(&host.loop), 0);
    assert_int_equal(bw_cadence_check(opts, "x", &plan, &err), 0);
    assert_int_equal(bw_cadence_ways(opts, &plan), 4);
    assert_int_equal(bw_cadence_init(&p.cadence, &host, opts, &plan, &ops, &p), 0);
    assert_int_equal(p.cadence.n_targets, 4);
    assert_true(bw_cadence_wants(&p.cadence, 6));
    assert_int_equal(bw_cadence_open(&p.cadence, &err), 0);
    assert_int_equal(bw_cadence_run(&p.cadence, 500), 0);
    while (host.n_done == 0) {
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    }
    assert_int_equal(host.n_samples, p.n_sends);
    for (size_t i = 0; i < host.n_samples; i++) {
        const struct bw_latency_sample *s = &host.samples[i];
        assert_int_equal(s->state, BW_OK);
        assert_int_equal(s->rtt_ns, 1000 * s->family);
        seen[s->target][s->family == 6 ? 1 : 0]++;
    }
    assert_int_equal(host.n_details, host.n_samples);
    assert_int_equal(seen[0][0], 1);
    assert_int_equal(seen[0][1], 1);
    assert_int_equal(seen[1][0], 1);
    assert_int_equal(seen[1][1], 0);
    assert_int_equal(seen[2][0], 0);
    assert_int_equal(seen[2][1], 1);
    bw_cadence_close(&p.cadence, closed);
    (void)uv_run(&host.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&host.loop), 0);
    bw_cadence_done(&p.cadence);
    bw_opts_free(opts);
}

static void round_trips_by_stamps(void **state)
{
    struct bw_slot s = {.sent_mono_ns = 1000, .sent_unix_ns = 500000};
    (void)state;
    assert_int_equal(bw_cadence_round_trip(&s, 500300, 1400), 300);
    assert_int_equal(bw_cadence_round_trip(&s, 500500, 1400), 400); /* the clock stepped */
    assert_int_equal(bw_cadence_round_trip(&s, 400000, 1400), 400); /* back */
    assert_int_equal(bw_cadence_round_trip(&s, BW_UNKNOWN, 1400), 400);
    s.sent_unix_ns = BW_UNKNOWN;
    assert_int_equal(bw_cadence_round_trip(&s, 500300, 1400), 400);
}

static void targets_are_checked(void **state)
{
    static const struct {
        const char *address;
        int family;
        bool has_port;
        int r;
    } cases[] = {
        {"192.0.2.1", 0, false, 0},
        {"192.0.2.1", 6, false, -EINVAL},
        {"2001:db8::1", 4, false, -EINVAL},
        {"elm.example", 6, false, 0},
        {"elm.example/x", 0, false, -EINVAL},
        {"", 0, false, -EINVAL},
        {"elm.example:7", 0, true, 0},
        {"elm.example:x", 0, true, -EINVAL},
        {"[2001:db8::1]:7", 4, true, -EINVAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_cadence_plan plan = {.interval_ms = 1000,
                                       .timeout_ms = 1000,
                                       .family = cases[i].family,
                                       .has_port = cases[i].has_port};
        struct bw_opts *opts = targets_of(&cases[i].address, 1);
        struct bw_err err;
        assert_int_equal(bw_cadence_check(opts, "x", &plan, &err), cases[i].r);
        bw_opts_free(opts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_as_written),
        cmocka_unit_test(hosts_and_ports),
        cmocka_unit_test(nameservers_and_hosts),
        cmocka_unit_test(payloads_within_frames),
        cmocka_unit_test(stamps_and_errors_ipv4),
        cmocka_unit_test(stamps_and_errors_ipv6),
        cmocka_unit_test(what_is_too_long_is_told),
        cmocka_unit_test(a_round_and_what_became_of_it),
        cmocka_unit_test(names_over_both_families),
        cmocka_unit_test(round_trips_by_stamps),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

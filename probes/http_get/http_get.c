/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get.c - the http_get probe: one small page an interval from every target, each
 * family for itself, every part of the exchange timed.
 *
 * When what is asked and what became of it is lib/net's cadence, each request one of its
 * exchanges. One that is not over at its deadline is given up, and what is known of it by
 * then is told. */
#include "http_get_request.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <curlloop.h>
#include <errno.h>
#include <exchange.h>
#include <stdlib.h>

enum {
    REDIRECTS_MAX = 3,
    HANDSHAKES_BYTES = 8000, /* name, TCP, TLS with a chain of certificates, headers */
    DNS_PORT = 53
};

struct get {
    struct bw_exchange exchange;
    struct bw_probe *probe;
    struct http_get_request *request;
};

struct bw_probe {
    struct bw_exchanges all; /* and curl */
    struct bw_curlloop *curl;
    union bw_address resolver;
};

static const char *const family_words[] = {"both", "4", "6", NULL};

static const struct bw_optspec http_get_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "1min",
     .doc =
         "Time between two requests to the same target over the same family; targets are "
         "spread over it."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 30000,
     .def = "10s",
     .doc = "A request that is not over after this long, from the first packet of name "
            "service "
            "to the last byte, is lost and given up."},
    {.name = "body",
     .type = BW_OPT_SIZE,
     .min = 1,
     .max = 1000000,
     .def = "16kB",
     .doc = "Read no more of a page than this; the transfer then ends here, and counts."},
    {.name = "follow",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc =
         "Follow up to three redirects, and count the parts of all. With no a redirect is "
         "the answer, with its status as the code."},
    {.name = "resolver",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = BW_HOST_MAX - 1,
     .def = "",
     .doc = "Address of the resolver to ask for the target's name, over this circuit. Not "
            "set: "
            "the system's (/etc/hosts, then the nameservers of /etc/resolv.conf), by the "
            "routing table.",
     .flags = BW_OPT_ADDRESS},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 4095,
     .def = "",
     .doc =
         "PEM file of the authorities to trust. Not set: the system's in /etc/ssl/certs."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "both",
     .words = family_words,
     .doc = "Which addresses of a name to use: both (each measured for itself), 4 or 6."},
    {.name = NULL, .type = BW_OPT_END},
};

/* One request ------------------------------------------------------------------- */

static struct get *get_of(struct bw_exchange *e)
{
    return (struct get *)e; /* its first member */
}

static void request_closed(void *owner)
{
    struct get *g = owner;
    struct bw_probe *p = g->probe;
    free(g);
    bw_exchanges_closed(&p->all);
}

static void end_get(struct bw_exchange *e)
{
    http_get_close(get_of(e)->request);
}

static void request_done(void *owner,
                         enum bw_sample_state state,
                         int error,
                         const struct bw_latency_detail *detail)
{
    struct get *g = owner;
    bw_exchange_over(&g->exchange, state, error, bw_exchange_age_ns(&g->exchange), detail);
}

static int begin_get(void *owner, struct bw_slot *s, struct bw_exchange **ret)
{
    struct bw_probe *p = owner;
    const struct bw_opts *opts = p->all.cadence.opts;
    uint32_t target = p->all.cadence.index[s->target];
    struct http_get_setup setup = {
        .loop = bw_host_loop(p->all.cadence.host),
        .curl = p->curl,
        .url = bw_opts_target(opts, target)->address,
        .family = s->family,
        .resolver = p->resolver,
        .resolver_source =
            bw_opts_source(opts, bw_address_family(&p->resolver) == 6 ? 6 : 4),
        .device = bw_opts_device(opts),
        .source = bw_opts_source(opts, s->family),
        .ca_file = bw_opt_str(opts, "ca_file"),
        .redirects = bw_opt_int(opts, "follow") == 1 ? REDIRECTS_MAX : 0,
        .body_bytes = bw_opt_int(opts, "body"),
        .done = request_done,
        .closed = request_closed};
    struct get *g = calloc(1, sizeof(*g));
    int r;
    if (!g) {
        return -ENOMEM;
    }
    g->probe = p;
    setup.owner = g;
    r = http_get_start(&setup, &g->request);
    if (r < 0) {
        free(g);
        return r;
    }
    *ret = &g->exchange;
    return 0;
}

static const struct bw_latency_detail *expiring(struct bw_exchange *e)
{
    return http_get_so_far(get_of(e)->request);
}

static const struct bw_exchanges_ops exchanges_ops = {
    .begin = begin_get, .end = end_get, .expiring = expiring, .gone = free};

static void transfer_over(void *owner, CURL *easy, CURLcode code)
{
    (void)owner;
    http_get_over(easy, code);
}

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    int family = bw_cadence_family(opts);
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .family = family,
                                    .both = family == 0,
                                    .split = http_get_split,
                                    .own_lookups = true};
}

/* "192.0.2.53", "192.0.2.53:5353"; "" leaves *ret all zero. */
static int read_resolver(const struct bw_opts *opts, union bw_address *ret)
{
    const char *text = bw_opt_str(opts, "resolver");
    char host[BW_HOST_MAX];
    uint16_t port;
    *ret = (union bw_address){.sa = {.sa_family = AF_UNSPEC}};
    if (text[0] == '\0') {
        return 0;
    }
    if (bw_address_split(text, DNS_PORT, host, &port) < 0 || !bw_address_parse(host, ret)) {
        return -EINVAL;
    }
    bw_address_set_port(ret, port);
    return 0;
}

static int http_get_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    struct bw_cadence_plan plan = plan_of(opts);
    union bw_address resolver;
    if (read_resolver(opts, &resolver) < 0) {
        return bw_err_set(reterr, -EINVAL, "resolver: '%s' is not the address of one",
                          bw_opt_str(opts, "resolver"));
    }
    return bw_cadence_check(opts, "http_get", &plan, reterr);
}

static int64_t http_get_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)line_bps;
    return HANDSHAKES_BYTES + bw_opt_int(opts, "body");
}

static int64_t http_get_ways(const struct bw_opts *opts)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_ways(opts, &plan);
}

static int
http_get_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r == 0) {
        r = read_resolver(opts, &p->resolver);
    }
    if (r == 0) {
        r = bw_exchanges_init(&p->all, host, opts, &plan, &exchanges_ops, p);
    }
    if (r < 0) {
        free(p);
        return r;
    }
    *ret = p;
    return 0;
}

static int http_get_open(struct bw_probe *p, struct bw_err *reterr)
{
    int r = bw_curlloop_new(bw_host_loop(p->all.cadence.host), 2L * BW_TARGETS_MAX,
                            transfer_over, p, &p->curl);
    if (r < 0) {
        return bw_err_set(reterr, r, "libcurl cannot be set up");
    }
    bw_exchanges_hold(&p->all);
    return bw_cadence_open(&p->all.cadence, reterr);
}

static int http_get_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->all.cadence, budget_ms);
}

static void http_get_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->all.cadence);
}

static void curl_closed(void *owner)
{
    struct bw_probe *p = owner;
    bw_exchanges_closed(&p->all);
}

static void http_get_close_all(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    struct bw_curlloop *curl = p->curl; /* p lives as long as it does */
    bw_exchanges_close(&p->all, cb, owner);
    bw_curlloop_close(curl, curl_closed, p);
}

const struct bw_probe_ops bw_probe_http_get = {
    .abi = BW_PROBE_ABI,
    .name = "http_get",
    .klass = BW_CLASS_LATENCY,
    .opts = http_get_opts,
    .check = http_get_check,
    .cost_bytes = http_get_cost,
    .ways = http_get_ways,
    .create = http_get_create,
    .open = http_get_open,
    .run = http_get_run,
    .cancel = http_get_cancel,
    .close = http_get_close_all,
};

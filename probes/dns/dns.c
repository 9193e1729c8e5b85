/* SPDX-License-Identifier: GPL-3.0-or-later
 * dns.c - the dns probe: one query an interval to every resolver, in packets of our own.
 *
 * When what is asked and what became of it is lib/net's cadence; each query is one of its
 * exchanges, with a socket, a port and a number of its own (lib/net's dnsq). One that was
 * not answered in time stays open for two seconds more, so that a late answer is told as
 * one. */
#include <bw/err.h>
#include <bw/probe.h>
#include <dnsq.h>
#include <errno.h>
#include <exchange.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    LATE_MS = 2000,
    EXCHANGE_BYTES = 400, /* a query and an ordinary answer, with their headers */
    NS_TYPE = 2           /* of the root, where nothing else is said */
};

enum {
    TRANSPORT_UDP,
    TRANSPORT_TCP
};

struct ask {
    struct bw_exchange exchange;
    struct bw_probe *probe;
    struct bw_dnsq *query;
};

struct bw_probe {
    struct bw_exchanges all;
    struct bw_dns_question question;
    struct bw_latency_detail odd; /* of the query that expires just now */
};

static const char *const family_words[] = {"both", "4", "6", NULL};
static const char *const transport_words[] = {
    [TRANSPORT_UDP] = "udp", [TRANSPORT_TCP] = "tcp", NULL};

static const struct bw_optspec dns_opts[] = {
    {.name = "name",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = BW_DNS_TEXT_MAX - 1,
     .def = ".",
     .doc =
         "The name to ask for. The root (\".\") is in every resolver's memory: it measures "
         "the way to the resolver. A name of your own says whether it resolves.",
     .flags = BW_OPT_ADDRESS},
    {.name = "type",
     .type = BW_OPT_ENUM,
     .def = "",
     .words = bw_dns_type_words,
     .doc = "What to ask for. Not set: NS for the root, A for every other name."},
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 60000,
     .def = "5s",
     .doc = "Time between two queries to the same resolver; resolvers are spread over it. "
            "With more than 5s the resolver is no witness of outages."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 100,
     .max = 10000,
     .def = "2s",
     .doc = "A query without an answer after this long is lost; it is not sent again. An "
            "answer up to two seconds later is counted as late."},
    {.name = "transport",
     .type = BW_OPT_ENUM,
     .def = "udp",
     .words = transport_words,
     .doc = "udp, with tcp where an answer is truncated; or tcp from the start."},
    {.name = "size",
     .type = BW_OPT_INT,
     .min = 512,
     .max = 4096,
     .def = "1232",
     .doc = "The largest answer over UDP that is asked for (EDNS). The default fits every "
            "path of IPv6 in one packet."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 65535,
     .def = "53",
     .doc = "Port of resolvers that name none."},
    {.name = "family",
     .type = BW_OPT_ENUM,
     .def = "both",
     .words = family_words,
     .doc =
         "Which addresses of a resolver's name to use: both (each measured for itself), 4 "
         "or 6."},
    {.name = NULL, .type = BW_OPT_END},
};

/* One query --------------------------------------------------------------------- */

static struct ask *ask_of(struct bw_exchange *e)
{
    return (struct ask *)e; /* its first member */
}

static void query_closed(void *owner)
{
    struct ask *a = owner;
    struct bw_probe *p = a->probe;
    free(a);
    bw_exchanges_closed(&p->all);
}

static void end_ask(struct bw_exchange *e)
{
    bw_dnsq_close(ask_of(e)->query);
}

/* Of this machine, and nobody's on the line. */
static bool is_own(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -ENOBUFS;
}

static void query_done(void *owner, struct bw_dnsq *q, const struct bw_dnsq_result *r)
{
    struct ask *a = owner;
    enum bw_sample_state state = r->error == 0      ? BW_OK
                                 : is_own(r->error) ? BW_FAILED
                                                    : BW_LOST;
    struct bw_latency_detail d;
    (void)q;
    bw_latency_detail_init(&d);
    d.code = r->code;
    d.phase_ns[BW_PHASE_DNS] = r->udp_ns;
    d.phase_ns[BW_PHASE_CONNECT] = r->connect_ns;
    d.phase_ns[BW_PHASE_FIRST_BYTE] = r->tcp_ns;
    bw_exchange_over(&a->exchange, state, r->error, r->rtt_ns, r->code ? &d : NULL);
}

static int begin_ask(void *owner, struct bw_slot *s, struct bw_exchange **ret)
{
    struct bw_probe *p = owner;
    const struct bw_opts *opts = p->all.cadence.opts;
    struct bw_dnsq_setup setup = {.loop = bw_host_loop(p->all.cadence.host),
                                  .server = *bw_cadence_to(&p->all.cadence, s),
                                  .device = bw_opts_device(opts),
                                  .source = bw_opts_source(opts, s->family),
                                  .question = p->question,
                                  .udp_bytes = (uint16_t)bw_opt_int(opts, "size"),
                                  .tcp = bw_opt_int(opts, "transport") == TRANSPORT_TCP,
                                  .done = query_done,
                                  .closed = query_closed};
    struct ask *a = calloc(1, sizeof(*a));
    int r;
    if (!a) {
        return -ENOMEM;
    }
    a->probe = p;
    setup.owner = a;
    r = bw_dnsq_start(&setup, &a->query);
    if (r < 0) {
        free(a);
        return r;
    }
    *ret = &a->exchange;
    return 0;
}

static void look(struct bw_exchange *e)
{
    bw_dnsq_look(ask_of(e)->query);
}

static const struct bw_latency_detail *expiring(struct bw_exchange *e)
{
    struct ask *a = ask_of(e);
    struct bw_latency_detail *odd = &a->probe->odd;
    bw_latency_detail_init(odd);
    odd->code = bw_dnsq_odd(a->query);
    return odd->code ? odd : NULL;
}

static const struct bw_exchanges_ops exchanges_ops = {
    .begin = begin_ask, .look = look, .end = end_ask, .expiring = expiring, .gone = free};

/* The contract ----------------------------------------------------------------- */

static struct bw_cadence_plan plan_of(const struct bw_opts *opts)
{
    int family = bw_cadence_family(opts);
    return (struct bw_cadence_plan){.interval_ms = bw_opt_int(opts, "interval"),
                                    .timeout_ms = bw_opt_int(opts, "timeout"),
                                    .late_ms = LATE_MS,
                                    .family = family,
                                    .both = family == 0,
                                    .has_port = true,
                                    .port = (uint16_t)bw_opt_int(opts, "port")};
}

static int read_question(const struct bw_opts *opts, struct bw_dns_question *ret)
{
    *ret = (struct bw_dns_question){.klass = BW_DNS_IN};
    if (bw_dns_name_parse(bw_opt_str(opts, "name"), &ret->name) < 0) {
        return -EINVAL;
    }
    if (bw_opt_int(opts, "type") != BW_UNKNOWN) {
        ret->type = bw_dns_type_of(bw_opt_str(opts, "type"));
    } else {
        ret->type = ret->name.len == 1 ? NS_TYPE : BW_DNS_A;
    }
    return 0;
}

static int dns_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    struct bw_cadence_plan plan = plan_of(opts);
    struct bw_dns_question question;
    if (read_question(opts, &question) < 0) {
        return bw_err_set(
            reterr, -EINVAL,
            "name: '%s' is no domain name: labels of 1 to 63 bytes, 253 in all, "
            "others than ASCII in their xn-- form",
            bw_opt_str(opts, "name"));
    }
    return bw_cadence_check(opts, "dns", &plan, reterr);
}

static int64_t dns_cost(const struct bw_opts *opts, int64_t line_bps)
{
    (void)opts;
    (void)line_bps;
    return EXCHANGE_BYTES;
}

static int64_t dns_ways(const struct bw_opts *opts)
{
    struct bw_cadence_plan plan = plan_of(opts);
    return bw_cadence_ways(opts, &plan);
}

static int
dns_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
{
    struct bw_probe *p = calloc(1, sizeof(*p));
    struct bw_cadence_plan plan = plan_of(opts);
    int r = p ? 0 : -ENOMEM;
    if (r == 0) {
        r = read_question(opts, &p->question);
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

static int dns_open(struct bw_probe *p, struct bw_err *reterr)
{
    return bw_cadence_open(&p->all.cadence, reterr);
}

static int dns_run(struct bw_probe *p, uint32_t budget_ms)
{
    return bw_cadence_run(&p->all.cadence, budget_ms);
}

static void dns_cancel(struct bw_probe *p)
{
    bw_cadence_cancel(&p->all.cadence);
}

static void dns_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    bw_exchanges_close(&p->all, cb, owner);
}

const struct bw_probe_ops bw_probe_dns = {
    .abi = BW_PROBE_ABI,
    .name = "dns",
    .klass = BW_CLASS_LATENCY,
    .opts = dns_opts,
    .check = dns_check,
    .cost_bytes = dns_cost,
    .ways = dns_ways,
    .create = dns_create,
    .open = dns_open,
    .run = dns_run,
    .cancel = dns_cancel,
    .close = dns_close,
};

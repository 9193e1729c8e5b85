/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7.c - the ndt7 probe: one TCP connection for ten seconds each way, against a server
 * that keeps its own count, M-Lab's or the state's.
 *
 * A run finds its servers (asks a Locate service, or takes the target's address), then
 * goes through its directions; a server that refuses before a test has begun is followed
 * by the next one. Every direction ends with exactly one final sample. */
#include "ndt7_find.h"
#include "ndt7_place.h"
#include "ndt7_test.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <bw/summary.h>
#include <clock.h>
#include <errno.h>
#include <ndt7.h>
#include <receipt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    LOCATE_MS = 10000,
    AFTER_MS = 1000, /* until everything is closed */
    URL_MAX = 2048,
    BUSY_PPM = 900000,
    MLAB_EVERY_MS = 21600000
};

static const int64_t UNKNOWN_LINE_BPS = 1000000000; /* for the budget of an unknown line */

struct bw_probe {
    struct bw_host *host;
    const struct bw_opts *opts;
    uv_timer_t timer;
    bool timer_made;
    bool closing;
    bool running;
    bool cancelled;
    void (*closed)(void *owner);
    void *closed_owner;
    bool todo[BW_DIRECTIONS];
    enum bw_direction direction;
    struct ndt7_find *find;
    bool looked;                    /* the servers are known */
    struct bw_ndt7_located servers; /* by a Locate service or a ticket */
    size_t server;                  /* whose turn it is */
    struct ndt7_test *test;
};

static const char *const direction_words[] = {"down", "up", "both", NULL};
static const char *const ticket_words[] = {"none", "collector", NULL};

static const struct bw_optspec ndt7_opts[] = {
    {.name = "direction",
     .type = BW_OPT_ENUM,
     .def = "both",
     .words = direction_words,
     .doc = "What a run measures: down, up, or both, one after the other."},
    {.name = "ticket",
     .type = BW_OPT_ENUM,
     .def = "none",
     .words = ticket_words,
     .doc =
         "collector: before each run the daemon asks the collector, where it has a "
         "measurement server, for a ticket and tests there, whatever the address of the "
         "section's one target says. The run is put off while that server has no place."},
    {.name = "consent",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc =
         "Must be yes for tests against M-Lab: it publishes every result for everybody, "
         "for ever, together with the public address of the line. The tests of a state's "
         "own server need none."},
    {.name = "locate_url",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = NDT7_MLAB_LOCATE_URL,
     .doc = "The Locate service that is asked before each run when the target's address is "
            "the word locate."},
    {.name = "connect_timeout",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 10000,
     .def = "5s",
     .doc = "Longest time until a test begins at a server: name, connection, TLS and the "
            "upgrade to a WebSocket included."},
    {.name = "cc",
     .type = BW_OPT_STRING,
     .max = 15,
     .def = "",
     .doc = "Congestion control of this end, as cubic or bbr; the system's when not said."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .doc =
         "Certificates to trust (PEM) instead of the system's; everybody must be able to "
         "read the file, since a run has no rights."},
    {.name = NULL, .type = BW_OPT_END},
};

static bool wants(const struct bw_opts *o, enum bw_direction d)
{
    int64_t word = bw_opt_int(o, "direction");
    return word == 2 || word == (d == BW_UP ? 1 : 0);
}

static bool by_locate(const struct bw_opts *o, size_t target)
{
    return strcmp(bw_opts_target(o, target)->address, NDT7_LOCATE) == 0;
}

static int check_locate(const struct bw_opts *opts, struct bw_err *reterr)
{
    const char *url = bw_opt_str(opts, "locate_url");
    char whole[URL_MAX];
    int r = ndt7_place_locate_url(url, whole, sizeof(whole), reterr);
    if (r == 0 && ndt7_place_is_mlab(url) && bw_opt_int(opts, "consent") != 1) {
        r = bw_err_set(reterr, -EINVAL,
                       "M-Lab publishes the result of every test together with this line's "
                       "public address: say consent = yes where the district agrees, or "
                       "name a server of your own");
    }
    return r;
}

static int ndt7_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "ndt7 needs at least one target");
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        struct ndt7_place place;
        int r = by_locate(opts, i)
                    ? check_locate(opts, reterr)
                    : ndt7_place_read(t->address, BW_DOWN, NULL, &place, reterr);
        if (r < 0) {
            return bw_err_prefix(reterr, r, "target \"%s\" (%.200s)", t->name, t->address);
        }
    }
    return 0;
}

static int n_directions(const struct bw_opts *opts)
{
    return wants(opts, BW_DOWN) + wants(opts, BW_UP);
}

static int64_t ndt7_cost(const struct bw_opts *opts, int64_t line_bps)
{
    int64_t bps = line_bps == BW_UNKNOWN || line_bps <= 0 ? UNKNOWN_LINE_BPS : line_bps;
    return bps / 8000 * BW_NDT7_SEND_MS * n_directions(opts);
}

static int64_t ndt7_longest_ms(const struct bw_opts *opts)
{
    bool locate = false;
    int64_t servers;
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        locate = locate || by_locate(opts, i);
    }
    servers = locate ? BW_NDT7_SERVERS_MAX : 1;
    return (locate ? LOCATE_MS : 0) + AFTER_MS +
           n_directions(opts) *
               (servers * bw_opt_int(opts, "connect_timeout") + BW_NDT7_END_MS + AFTER_MS);
}

static int64_t ndt7_least_every_ms(const struct bw_opts *opts, const char **ret_why)
{
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        if (by_locate(opts, i) && ndt7_place_is_mlab(bw_opt_str(opts, "locate_url"))) {
            *ret_why = "M-Lab asks that unattended tests come six hours apart in the mean "
                       "or less often: say every = 6h or more";
            return MLAB_EVERY_MS;
        }
    }
    return 0;
}

/* Samples ----------------------------------------------------------------------- */

static void add_flag(struct bw_run_sample *s, const char *word)
{
    for (size_t i = 0; i < BW_RUN_FLAGS_MAX; i++) {
        if (!s->flags[i]) {
            s->flags[i] = word;
            return;
        }
    }
}

/* What makes the run more than this box's word. */
static void add_proof(const struct bw_probe *p, struct bw_run_sample *s)
{
    const char *receipt = ndt7_test_receipt(p->test);
    const char *uuid = ndt7_test_uuid(p->test);
    const char *ticket = bw_host_ticket(p->host);
    struct bw_receipt r;
    if (receipt[0] != '\0' &&
        bw_receipt_read_for(receipt, strlen(receipt), ticket, BW_TEST_KIND_NDT7,
                            p->direction, &r, NULL) == 0) {
        s->grade = BW_GRADE_RECEIPT;
        s->receipt = receipt;
        s->egress = (uint8_t)r.egress;
        if (r.cpu_ppm != BW_UNKNOWN && r.cpu_ppm > BUSY_PPM) {
            add_flag(s, "server-busy");
        }
    } else if (uuid[0] != '\0' && !ticket && by_locate(p->opts, 0) &&
               ndt7_place_is_mlab(bw_opt_str(p->opts, "locate_url"))) {
        s->grade = BW_GRADE_ARCHIVE;
        s->receipt = uuid;
    }
}

static void make_sample(const struct bw_probe *p, struct bw_run_sample *s)
{
    bw_run_sample_init(s);
    s->direction = (uint8_t)p->direction;
    s->method = "ndt7";
    s->state = BW_OK;
    if (p->test) {
        ndt7_test_read(p->test, s);
    }
    if (p->servers.n > 0) {
        s->machine = p->servers.servers[p->server].machine;
    }
}

static void on_timer(uv_timer_t *timer);

static void go_on(struct bw_probe *p)
{
    (void)uv_timer_start(&p->timer, on_timer, 0, 0);
}

/* The direction's last sample; what comes next comes from the timer. */
static void end_direction(struct bw_probe *p, struct bw_run_sample *s, int error)
{
    s->final = 1;
    if (error < 0) {
        s->state = error == -ECANCELED ? BW_SKIPPED : BW_FAILED;
        s->error = error;
    }
    if (error == -EBUSY) {
        add_flag(s, "server-busy");
    }
    p->todo[p->direction] = false;
    bw_host_run(p->host, s);
    ndt7_test_end(p->test);
    p->test = NULL;
    go_on(p);
}

static void fail_direction(struct bw_probe *p, int error, const char *reason)
{
    struct bw_run_sample s;
    make_sample(p, &s);
    s.reason = reason;
    end_direction(p, &s, error);
}

/* Tests ------------------------------------------------------------------------- */

static void on_tick(void *owner)
{
    struct bw_probe *p = owner;
    struct bw_run_sample s;
    make_sample(p, &s);
    bw_host_run(p->host, &s);
}

static void on_ended(void *owner, bool begun, int error, const char *reason)
{
    struct bw_probe *p = owner;
    struct bw_run_sample s;
    if (!begun && p->server + 1 < p->servers.n) {
        ndt7_test_end(p->test);
        p->test = NULL;
        p->server++;
        go_on(p);
        return;
    }
    make_sample(p, &s);
    if (error < 0) {
        s.reason = reason;
    } else {
        add_proof(p, &s);
    }
    if (ndt7_test_was_cut(p->test)) {
        add_flag(&s, "cut-short");
    }
    if (ndt7_test_ends_disagree(p->test)) {
        add_flag(&s, "ends-disagree");
    }
    end_direction(p, &s, error);
}

static void start_test(struct bw_probe *p)
{
    const struct bw_target *t = bw_opts_target(p->opts, 0);
    const char *url = t->address;
    const char *token = bw_host_ticket(p->host);
    struct ndt7_place place;
    struct bw_err err = {""};
    struct ndt7_test_setup setup = {.loop = bw_host_loop(p->host),
                                    .opts = p->opts,
                                    .direction = p->direction,
                                    .host = place.host,
                                    .authority = place.authority,
                                    .target = place.target,
                                    .setup_ms = bw_opt_int(p->opts, "connect_timeout"),
                                    .tick = on_tick,
                                    .ended = on_ended,
                                    .owner = p};
    int r;
    if (p->servers.n > 0) {
        url = p->servers.servers[p->server].url[p->direction];
        token = NULL; /* it stands in the address */
    }
    if (url[0] == '\0') {
        fail_direction(p, -ENODATA, "the server has no address for this direction");
        return;
    }
    r = ndt7_place_read(url, p->direction, token, &place, &err);
    if (r == 0) {
        setup.tls = place.tls;
        setup.port = place.port;
        r = ndt7_test_start(&setup, &p->test);
    }
    if (r < 0) {
        p->test = NULL;
        fail_direction(p, r, err.text[0] ? err.text : bw_strerror(r));
    }
}

/* Servers ----------------------------------------------------------------------- */

/* Nobody can be tested against: each direction says so. */
static void fail_all(struct bw_probe *p, int error, const char *reason)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (p->todo[d]) {
            p->direction = (enum bw_direction)d;
            fail_direction(p, error, reason);
        }
    }
}

static void
on_found(void *owner, int error, const char *reason, const struct bw_ndt7_located *l)
{
    struct bw_probe *p = owner;
    p->find = NULL;
    if (error < 0) {
        fail_all(p, error, reason);
        return;
    }
    p->servers = *l;
    p->looked = true;
    go_on(p);
}

/* Before every run, never from an earlier one: the right to test is good for minutes. */
static void look(struct bw_probe *p)
{
    const char *ticket = bw_host_ticket(p->host);
    struct ndt7_find_setup setup = {.loop = bw_host_loop(p->host),
                                    .opts = p->opts,
                                    .timeout_ms = LOCATE_MS,
                                    .done = on_found,
                                    .owner = p};
    struct bw_err err = {""};
    char url[URL_MAX];
    int r = 0;
    p->server = 0;
    (void)memset(&p->servers, 0, sizeof(p->servers));
    if (ticket && ticket[0] == '{') { /* the collector's answer, as Locate's */
        r = bw_ndt7_locate_read(ticket, strlen(ticket), &p->servers, &err);
        p->looked = true;
        if (r == 0 && p->servers.n == 0) {
            r = bw_err_set(&err, -ENODATA, "it names no server");
        }
        if (r < 0) {
            (void)bw_err_prefix(&err, r, "the ticket cannot be used");
        }
    } else if (by_locate(p->opts, 0)) {
        r = ndt7_place_locate_url(bw_opt_str(p->opts, "locate_url"), url, sizeof(url),
                                  &err);
        setup.url = url;
        if (r == 0) {
            r = ndt7_find_start(&setup, &p->find, &err);
        }
        if (r == 0) {
            return;
        }
    } else {
        p->looked = true;
    }
    if (r < 0) {
        fail_all(p, r, err.text);
    } else {
        go_on(p);
    }
}

/* The round --------------------------------------------------------------------- */

static bool take_next(struct bw_probe *p)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (p->todo[d]) {
            p->direction = (enum bw_direction)d;
            return true;
        }
    }
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_probe *p = timer->data;
    bool cancelled = p->cancelled;
    if (cancelled) {
        ndt7_find_end(p->find);
        p->find = NULL;
        fail_all(p, -ECANCELED, "cancelled");
    }
    if (!take_next(p)) {
        (void)uv_timer_stop(timer);
        p->running = false;
        p->cancelled = false;
        bw_host_done(p->host, cancelled ? -ECANCELED : 0);
    } else if (!p->looked) {
        look(p);
    } else {
        start_test(p);
    }
}

/* The contract ------------------------------------------------------------------ */

static int
ndt7_create(struct bw_host *host, const struct bw_opts *opts, struct bw_probe **ret)
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

static int ndt7_open(struct bw_probe *p, struct bw_err *reterr)
{
    int r = uv_timer_init(bw_host_loop(p->host), &p->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    p->timer.data = p;
    p->timer_made = true;
    return 0;
}

static int ndt7_run(struct bw_probe *p, uint32_t budget_ms)
{
    (void)budget_ms; /* the host cancels; our own phases are shorter (longest_ms) */
    if (p->running) {
        return -EBUSY;
    }
    p->running = true;
    p->looked = false;
    p->todo[BW_DOWN] = wants(p->opts, BW_DOWN);
    p->todo[BW_UP] = wants(p->opts, BW_UP);
    go_on(p);
    return 0;
}

static void ndt7_cancel(struct bw_probe *p)
{
    if (p->running && !p->cancelled) {
        p->cancelled = true;
        go_on(p);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_probe *p = handle->data;
    void (*closed)(void *owner) = p->closed;
    void *owner = p->closed_owner;
    free(p);
    closed(owner);
}

static void ndt7_close(struct bw_probe *p, void (*cb)(void *owner), void *owner)
{
    p->closing = true;
    p->closed = cb;
    p->closed_owner = owner;
    ndt7_find_end(p->find);
    ndt7_test_end(p->test);
    if (p->timer_made) {
        uv_close((uv_handle_t *)&p->timer, timer_closed);
    } else {
        free(p);
        cb(owner);
    }
}

const struct bw_probe_ops bw_probe_ndt7 = {
    .abi = BW_PROBE_ABI,
    .name = "ndt7",
    .needs = 0,
    .klass = BW_CLASS_THROUGHPUT,
    .opts = ndt7_opts,
    .check = ndt7_check,
    .cost_bytes = ndt7_cost,
    .longest_ms = ndt7_longest_ms,
    .least_every_ms = ndt7_least_every_ms,
    .create = ndt7_create,
    .open = ndt7_open,
    .run = ndt7_run,
    .cancel = ndt7_cancel,
    .close = ndt7_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_ndt7.c - addresses and options of the ndt7 probe; and that a run which is
 * cancelled or closed at any moment leaves nothing on its loop, against a server in the
 * same process that speaks just enough. */
#include "bw_test.h"

#include "ndt7_place.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <host.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include <ws.h>
#include <ws_head.h>

/* Addresses ----------------------------------------------------------------------- */

#define METADATA "client_name=bandwitness&client_version=" BW_VERSION

static void places(void **state)
{
    static const struct {
        const char *url;
        const char *token;
        bool tls;
        uint16_t port;
        const char *host;
        const char *authority;
        const char *target;
    } rows[] = {
        {"wss://oak.example", NULL, true, 443, "oak.example", "oak.example",
         "/ndt/v7/upload?" METADATA},
        {"ws://oak.example:8080/", "a.b+c", false, 8080, "oak.example", "oak.example:8080",
         "/ndt/v7/upload?" METADATA "&access_token=a.b%2Bc"},
        {"wss://[2001:db8::1]:4443/ndt/v7/download?access_token=x.y.z", "other", true, 4443,
         "2001:db8::1", "[2001:db8::1]:4443",
         "/ndt/v7/upload?access_token=x.y.z&" METADATA},
        {"wss://oak.example/ndt/v7/upload?client_name=elm&index=0", NULL, true, 443,
         "oak.example", "oak.example",
         "/ndt/v7/upload?client_name=elm&index=0&client_version=" BW_VERSION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ndt7_place p;
        struct bw_err err = {""};
        if (ndt7_place_read(rows[i].url, BW_UP, rows[i].token, &p, &err) < 0) {
            fail_msg("%s: %s", rows[i].url, err.text);
        }
        assert_int_equal(p.tls, rows[i].tls);
        assert_int_equal(p.port, rows[i].port);
        assert_string_equal(p.host, rows[i].host);
        assert_string_equal(p.authority, rows[i].authority);
        assert_string_equal(p.target, rows[i].target);
    }
}

static void places_that_are_none(void **state)
{
    static const struct {
        const char *url;
        const char *says;
    } rows[] = {
        {"", "no address"},
        {"oak.example", "no address"},
        {"https://oak.example", "begins with wss://"},
        {"wss://", "no address"},
        {"wss://oak.example/speed", "leave out '/speed'"},
        {"wss://me:secret@oak.example", "user name"},
        {"wss://oak.example/?a=b&a=c", "twice"},
        {"wss://oak.example/?a=", "without a name or a value"},
        {"wss://oak.example/?a=b\r\nHost: elm", "no address"},
        {"wss://oak.example:99999", "no address"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ndt7_place p;
        struct bw_err err = {""};
        if (ndt7_place_read(rows[i].url, BW_DOWN, NULL, &p, &err) != -EINVAL ||
            !strstr(err.text, rows[i].says)) {
            fail_msg("'%s': '%s' does not say '%s'", rows[i].url, err.text, rows[i].says);
        }
    }
}

static void m_lab_s(void **state)
{
    char url[256];
    (void)state;
    assert_true(ndt7_place_is_mlab(NDT7_MLAB_LOCATE_URL));
    assert_true(ndt7_place_is_mlab("https://LOCATE.measurementlab.net:443/v2/x?y=z"));
    assert_true(ndt7_place_is_mlab("http://measurement-lab.org/"));
    assert_false(ndt7_place_is_mlab("https://notmeasurementlab.net/"));
    assert_false(ndt7_place_is_mlab("https://measurementlab.net.oak.example/"));
    assert_false(ndt7_place_is_mlab("https://oak.example/measurementlab.net"));
    assert_int_equal(
        ndt7_place_locate_url("https://oak.example/v2?x=y", url, sizeof(url), NULL), 0);
    assert_string_equal(url, "https://oak.example/v2?x=y&" METADATA);
    assert_int_equal(ndt7_place_locate_url("ftp://oak.example/", url, sizeof(url), NULL),
                     -EINVAL);
    assert_int_equal(ndt7_place_locate_url("https://oak.example/", url, 40, NULL), -EINVAL);
}

/* Options ------------------------------------------------------------------------- */

static struct bw_opts *make(const char *address, const char *const *pairs, size_t n)
{
    const struct bw_probe_ops *ops = bw_probe_find("ndt7");
    struct bw_target t = {.name = "state"};
    struct bw_opts_head head = {
        .name = "speed", .circuit = "wan", .targets = &t, .n_targets = 1};
    struct bw_opts *o = NULL;
    assert_non_null(ops);
    (void)snprintf(t.address, sizeof(t.address), "%s", address);
    assert_int_equal(bw_opts_from_pairs(ops->opts, &head, pairs, n, &o, NULL), 0);
    return o;
}

static int check(const char *address, const char *pair, struct bw_err *err)
{
    struct bw_opts *o = make(address, &pair, pair ? 1 : 0);
    int r = bw_probe_find("ndt7")->check(o, err);
    bw_opts_free(o);
    return r;
}

static void consent(void **state)
{
    struct bw_err err = {""};
    (void)state;
    assert_int_equal(check("locate", NULL, &err), -EINVAL);
    assert_non_null(strstr(err.text, "publishes"));
    assert_non_null(strstr(err.text, "consent = yes"));
    assert_int_equal(check("locate", "consent=no", &err), -EINVAL);
    assert_int_equal(check("locate", "consent=yes", &err), 0);
    /* a state's own names nobody to the public */
    assert_int_equal(check("locate", "locate_url=https://oak.example/v2/nearest", &err), 0);
    assert_int_equal(check("locate", "locate_url=gopher://oak.example/", &err), -EINVAL);
    assert_int_equal(check("wss://oak.example", NULL, &err), 0);
    assert_int_equal(check("https://oak.example", NULL, &err), -EINVAL);
    assert_non_null(strstr(err.text, "target \"state\""));
}

static void costs(void **state)
{
    static const char *const down[] = {"direction=down"};
    const struct bw_probe_ops *ops = bw_probe_find("ndt7");
    struct bw_opts *o = make("wss://oak.example", NULL, 0);
    struct bw_opts *one = make("locate", down, 1);
    (void)state;
    assert_int_equal(ops->cost_bytes(o, 100000000), 250000000); /* 10 s each way */
    assert_int_equal(ops->cost_bytes(one, 100000000), 125000000);
    assert_int_equal(ops->cost_bytes(one, BW_UNKNOWN), 1250000000);
    assert_int_equal(ops->longest_ms(o), 1000 + 2 * (5000 + 15000 + 1000));
    assert_int_equal(ops->longest_ms(one), 11000 + 4 * 5000 + 15000 + 1000);
    bw_opts_free(o);
    bw_opts_free(one);
}

/* A server in this process --------------------------------------------------------- */

struct server {
    uv_tcp_t listener;
    uv_tcp_t peer;
    bool has_peer;
    bool silent; /* takes the connection and says nothing */
    bool upgraded;
    char head[4096];
    size_t head_n;
    uv_write_t write;
    uint8_t out[70000];
    uint16_t port;
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    static char room[65536];
    (void)handle;
    (void)suggested;
    *ret = uv_buf_init(room, sizeof(room));
}

static void send_load(struct server *s);

static void on_written(uv_write_t *write, int status)
{
    struct server *s = write->data;
    if (status == 0) {
        send_load(s);
    }
}

static void send_bytes(struct server *s, size_t n)
{
    uv_buf_t b = uv_buf_init((char *)s->out, (unsigned)n);
    s->write.data = s;
    if (!uv_is_closing((uv_handle_t *)&s->peer)) {
        (void)uv_write(&s->write, (uv_stream_t *)&s->peer, &b, 1, on_written);
    }
}

static void send_load(struct server *s)
{
    struct bw_ws_frame f = {.opcode = BW_WS_BINARY, .fin = true, .length = 65536};
    size_t h = bw_ws_frame_write(&f, s->out);
    send_bytes(s, h + 65536);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct server *s = stream->data;
    struct bw_ws_head head;
    char accept[BW_WS_ACCEPT_LEN + 1];
    int status = 0;
    if (n < 0) {
        (void)uv_read_stop(stream);
        return;
    }
    if (s->upgraded || s->silent || s->head_n + (size_t)n > sizeof(s->head)) {
        return;
    }
    (void)memcpy(s->head + s->head_n, b->base, (size_t)n);
    s->head_n += (size_t)n;
    if (bw_ws_request_read(s->head, s->head_n, &head, NULL) <= 0) {
        return;
    }
    assert_int_equal(
        bw_ws_request_check(&head, "net.measurementlab.ndt.v7", accept, &status, NULL), 0);
    s->upgraded = true;
    send_bytes(s,
               (size_t)snprintf((char *)s->out, sizeof(s->out),
                                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                                "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n",
                                accept));
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct server *s = stream->data;
    assert_int_equal(status, 0);
    assert_false(s->has_peer);
    (void)uv_tcp_init(stream->loop, &s->peer);
    s->peer.data = s;
    s->has_peer = true;
    assert_int_equal(uv_accept(stream, (uv_stream_t *)&s->peer), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&s->peer, on_alloc, on_read), 0);
}

static void serve(struct server *s, uv_loop_t *loop, bool silent)
{
    struct sockaddr_in in;
    int len = sizeof(in);
    (void)memset(s, 0, sizeof(*s));
    s->silent = silent;
    (void)uv_ip4_addr("127.0.0.1", 0, &in);
    (void)uv_tcp_init(loop, &s->listener);
    s->listener.data = s;
    assert_int_equal(uv_tcp_bind(&s->listener, (struct sockaddr *)&in, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 4, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&s->listener, (struct sockaddr *)&in, &len), 0);
    s->port = ntohs(in.sin_port);
}

struct round {
    struct server server;
    struct bw_host *host;
    uv_timer_t timer;
    bool cancel; /* else close at once */
    int n_final;
    int n_samples;
    int64_t bytes;
    enum bw_sample_state state;
    int status;
    bool done;
};

static void close_all(struct round *r)
{
    bw_host_close(r->host);
    uv_close((uv_handle_t *)&r->timer, NULL);
    uv_close((uv_handle_t *)&r->server.listener, NULL);
    if (r->server.has_peer) {
        uv_close((uv_handle_t *)&r->server.peer, NULL);
    }
}

static void on_run(void *owner, const struct bw_run_sample *s)
{
    struct round *r = owner;
    r->n_samples++;
    r->n_final += s->final;
    r->state = s->state;
    r->bytes = s->bytes;
}

static void on_done(void *owner, int status)
{
    struct round *r = owner;
    r->done = true;
    r->status = status;
    close_all(r);
}

static void on_time(uv_timer_t *timer)
{
    struct round *r = timer->data;
    if (r->cancel) {
        bw_host_cancel(r->host);
    } else {
        close_all(r);
    }
}

static void
one_round(struct round *r, const char *address, bool silent, bool cancel, uint64_t ms)
{
    static const struct bw_host_callbacks callbacks = {.run = on_run, .done = on_done};
    static const char *const pairs[] = {"locate_url=http://127.0.0.1:9/v2", "consent=yes"};
    uv_loop_t loop;
    char url[64];
    struct bw_opts *o;
    (void)memset(r, 0, sizeof(*r));
    assert_int_equal(uv_loop_init(&loop), 0);
    serve(&r->server, &loop, silent);
    if (strcmp(address, "locate") == 0) {
        (void)snprintf(url, sizeof(url), "%s", address);
    } else {
        (void)snprintf(url, sizeof(url), "%s:%u", address, (unsigned)r->server.port);
    }
    o = make(url, pairs, 2);
    r->cancel = cancel;
    assert_int_equal(
        bw_host_new(&loop, bw_probe_find("ndt7"), o, &callbacks, r, &r->host, NULL), 0);
    assert_int_equal(bw_host_open(r->host, NULL), 0);
    assert_int_equal(bw_host_round(r->host, 60000), 0);
    (void)uv_timer_init(&loop, &r->timer);
    r->timer.data = r;
    (void)uv_timer_start(&r->timer, on_time, ms, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    bw_opts_free(o);
}

/* Whatever is under way: the name's lookup, the connection, the upgrade, the load, the
 * question to the Locate service. */
static void at_any_moment(void **state)
{
    static const uint64_t moments_ms[] = {0, 1, 3, 10, 60, 300};
    static const char *const addresses[] = {"ws://127.0.0.1", "ws://localhost",
                                            "wss://127.0.0.1", "locate"};
    struct round *r = malloc(sizeof(*r));
    (void)state;
    assert_non_null(r);
    for (size_t a = 0; a < sizeof(addresses) / sizeof(addresses[0]); a++) {
        for (size_t i = 0; i < sizeof(moments_ms) / sizeof(moments_ms[0]); i++) {
            for (int silent = a < 2 ? 0 : 1; silent < 2; silent++) {
                for (int cancel = 0; cancel < 2; cancel++) {
                    one_round(r, addresses[a], silent != 0, cancel != 0, moments_ms[i]);
                    if (cancel) {
                        assert_true(r->done);
                        assert_int_equal(r->n_final, 2);
                    }
                }
            }
        }
    }
    free(r);
}

static void cancelled_with_what_it_has(void **state)
{
    struct round *r = malloc(sizeof(*r));
    (void)state;
    assert_non_null(r);
    one_round(r, "ws://127.0.0.1", false, true, 700);
    assert_int_equal(r->status, -ECANCELED);
    assert_int_equal(r->state, BW_SKIPPED);
    assert_int_equal(r->n_final, 2);
    assert_true(r->n_samples >= 4); /* the start, two in 700 ms, the ends */
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(places_that_are_none),
        cmocka_unit_test(m_lab_s),
        cmocka_unit_test(consent),
        cmocka_unit_test(costs),
        cmocka_unit_test(at_any_moment),
        cmocka_unit_test(cancelled_with_what_it_has),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

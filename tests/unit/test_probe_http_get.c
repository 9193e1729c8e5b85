/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_http_get.c - the http_get probe against a server on loopback that does one
 * thing with every connection: what counts as an answer, what is lost, under which name. */
#include "bw_test.h"

#include "probe_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const char *says; /* NULL: reads the request, and waits for the visitor to go */
    int fd;
    char url[128];
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *s = arg;
    for (;;) {
        char request[2048];
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0) {
            return NULL; /* shut down: the end */
        }
        (void)recv(fd, request, sizeof(request), 0);
        if (s->says) {
            (void)send(fd, s->says, strlen(s->says), MSG_NOSIGNAL);
        } else {
            (void)recv(fd, request, sizeof(request), 0);
        }
        (void)close(fd);
    }
}

static void start(struct server *s, const char *scheme, const char *says)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->says = says;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&in, &len), 0);
    (void)snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%u/x", scheme,
                   ntohs(in.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
}

static void what_counts_as_an_answer(void **state)
{
    static const struct {
        const char *scheme;
        const char *says;
        const char *pair;
        enum bw_sample_state expect;
        const char *code;
    } cases[] = {
        {"http", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes", NULL, BW_OK, "200"},
        {"http", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", NULL, BW_OK, "503"},
        {"http", "HTTP/1.1 204 None\r\n\r\n", NULL, BW_OK, "204"},
        {"http", "HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", NULL, BW_OK,
         "302"},
        {"http", "HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
         "follow=yes", BW_LOST, "http-redirects"},
        {"http", "HTTP/1.1 302 X\r\nLocation: http://[::1]:1/\r\nContent-Length: 0\r\n\r\n",
         "follow=yes", BW_LOST, "http-redirect"},
        {"http",
         "HTTP/1.1 302 X\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
         "follow=yes", BW_LOST, "http-redirect"},
        {"http", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nyes", NULL, BW_LOST,
         "http-short"},
        {"http", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nyes", "body=2B", BW_OK,
         "200"},
        {"http", "", NULL, BW_LOST, "http-closed"},
        {"http", "220 mail.maple.example ESMTP\r\n", NULL, BW_LOST, "http-garbage"},
        {"http", NULL, NULL, BW_LOST, "http-timeout"},
        {"https", "HTTP/1.1 400 Bad\r\n\r\n", NULL, BW_LOST, "tls-failed"},
        {"https", NULL, NULL, BW_LOST, "tls-timeout"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server server;
        const char *const pairs[] = {"interval=5s", "timeout=600ms", cases[i].pair, NULL};
        const char *const targets[] = {server.url, NULL};
        struct probe_run r;
        const struct bw_latency_detail *d;
        start(&server, cases[i].scheme, cases[i].says);
        assert_int_equal(probe_run("http_get", targets, pairs, 100, 1, &r), 0);
        stop(&server);
        assert_true(r.loop_is_free);
        assert_int_equal(r.n, 1);
        d = &r.list[0].detail;
        if (r.list[0].s.state != cases[i].expect ||
            strcmp(r.list[0].code, cases[i].code) != 0) {
            fail_msg("case %zu: state %d, code '%s'", i, (int)r.list[0].s.state,
                     r.list[0].code);
        }
        assert_int_equal(d->phase_ns[BW_PHASE_DNS], BW_UNKNOWN);
        if (d->phase_ns[BW_PHASE_CONNECT] <= 0) {
            fail_msg("case %zu: no time of connecting", i);
        }
        assert_int_equal(d->phase_ns[BW_PHASE_TLS], BW_UNKNOWN);
        assert_int_equal(d->cert_days, BW_UNKNOWN);
        if (cases[i].expect == BW_OK) {
            int64_t sum = d->phase_ns[BW_PHASE_CONNECT] + d->phase_ns[BW_PHASE_FIRST_BYTE] +
                          d->phase_ns[BW_PHASE_TRANSFER];
            assert_true(d->phase_ns[BW_PHASE_FIRST_BYTE] >= 0);
            assert_true(d->phase_ns[BW_PHASE_TRANSFER] >= 0);
            assert_true(sum <= r.list[0].s.rtt_ns);
        }
    }
}

static void nobody_listens(void **state)
{
    static const char *const pairs[] = {"interval=5s", NULL};
    struct server server;
    const char *const targets[] = {server.url, NULL};
    struct probe_run r;
    (void)state;
    start(&server, "http", "");
    stop(&server);
    assert_int_equal(probe_run("http_get", targets, pairs, 100, 1, &r), 0);
    assert_int_equal(r.list[0].s.state, BW_LOST);
    assert_int_equal(r.list[0].s.error, -ECONNREFUSED);
    assert_string_equal(r.list[0].code, "refused");
    assert_true(r.loop_is_free);
}

static void ended_while_it_waits(void **state)
{
    static const char *const pairs[] = {"interval=1s", "timeout=20s", NULL};
    struct server dark;
    struct server lit;
    const char *const targets[] = {dark.url, lit.url, NULL};
    struct probe_run r;
    (void)state;
    start(&dark, "http", NULL);
    start(&lit, "http", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(probe_run("http_get", targets, pairs, 0, 1, &r), 0);
    stop(&lit);
    stop(&dark);
    assert_int_equal(r.status, -ECANCELED);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.list[0].s.target, 1);
    assert_true(r.loop_is_free);
}

static void a_resolver_that_is_silent(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    char resolver[64];
    const char *const pairs[] = {"interval=5s", "timeout=500ms", resolver, NULL};
    static const char *const targets[] = {"http://maple.example/", NULL};
    struct probe_run r;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)state;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    (void)snprintf(resolver, sizeof(resolver), "resolver=127.0.0.1:%u", ntohs(in.sin_port));
    assert_int_equal(probe_run("http_get", targets, pairs, 3000, 2, &r), 0);
    (void)close(fd);
    assert_int_equal(r.n, 2); /* one a family */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(r.list[i].s.state, BW_LOST);
        assert_int_equal(r.list[i].code[0], '\0'); /* silence */
    }
    assert_int_not_equal(r.list[0].s.family, r.list[1].s.family);
    assert_true(r.loop_is_free);
}

static void options_and_targets(void **state)
{
    static const struct {
        const char *target;
        const char *pair;
        const char *said; /* NULL: accepted */
    } cases[] = {
        {"https://maple.example/", NULL, NULL},
        {"http://[2001:db8::1]:8080/x?y=z", "resolver=[2001:db8::53]:5353", NULL},
        {"maple.example", NULL, "no address of the form http"},
        {"ftp://maple.example/", NULL, "no address of the form http"},
        {"http://somebody@maple.example/", NULL, "holds a user name"},
        {"http://a..b/", NULL, "is no host name"},
        {"http://192.0.2.1/", "family=6", "is an IPv4 address, but family is 6"},
        {"http://192.0.2.1/", "resolver=maple.example", "not the address"},
        {"http://192.0.2.1/", "body=2MB", "body"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const targets[] = {cases[i].target, NULL};
        const char *const pairs[] = {cases[i].pair, NULL};
        char text[256];
        int r = probe_run_check("http_get", targets, pairs, text);
        if (r != (cases[i].said ? -EINVAL : 0) ||
            (cases[i].said && !strstr(text, cases[i].said))) {
            fail_msg("%s: %d, '%s'", cases[i].target, r, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts_as_an_answer),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(ended_while_it_waits),
        cmocka_unit_test(a_resolver_that_is_silent),
        cmocka_unit_test(options_and_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

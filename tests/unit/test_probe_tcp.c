/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_tcp.c - the tcp probe against sockets of this process on loopback: one that
 * listens, one that does not, one whose queue is full and that never answers. */
#include "bw_test.h"

#include "probe_run.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpconn.h>
#include <time.h>
#include <unistd.h>

static int listen_at(int family, int backlog, char text[64])
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr *sa = family == 6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
    socklen_t len = family == 6 ? sizeof(in6) : sizeof(in);
    int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, sa, len) < 0) { /* no such family here */
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, sa, &len), 0);
    if (family == 6) {
        (void)snprintf(text, 64, "[::1]:%u", ntohs(in6.sin6_port));
    } else {
        (void)snprintf(text, 64, "127.0.0.1:%u", ntohs(in.sin_port));
    }
    return fd;
}

static void open_and_refused(void **state)
{
    static const char *const pairs[] = {"interval=500ms", NULL};
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        char open_text[64];
        char shut_text[64];
        const char *const targets[] = {open_text, shut_text, NULL};
        struct probe_run r;
        int fd = listen_at(family, 8, open_text);
        int shut = listen_at(family, 8, shut_text);
        if (fd < 0 || shut < 0) {
            assert_int_equal(family, 6);
            continue;
        }
        (void)close(shut);
        assert_int_equal(probe_run("tcp", targets, pairs, 1000, 4, &r), 0);
        (void)close(fd);
        assert_int_equal(r.status, 0);
        assert_true(r.loop_is_free);
        assert_int_equal(r.n, 4);
        for (size_t i = 0; i < r.n; i++) {
            const struct probe_run_sample *k = &r.list[i];
            assert_int_equal(k->s.state, BW_OK);
            assert_int_equal(k->s.family, family);
            assert_string_equal(k->code, k->s.target == 0 ? "open" : "refused");
            assert_true(k->s.rtt_ns > 0 && k->s.rtt_ns < 1000000000);
            assert_int_equal(k->s.error, 0);
        }
    }
}

static void a_queue_that_is_full(void **state)
{
    static const char *const pairs[] = {"interval=500ms", "timeout=300ms", NULL};
    char text[64];
    const char *const targets[] = {text, NULL};
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    int fd = listen_at(4, 0, text);
    int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct probe_run r;
    (void)state;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    assert_int_equal(connect(first, (struct sockaddr *)&in, len),
                     0); /* takes its one place */
    assert_int_equal(probe_run("tcp", targets, pairs, 600, 2, &r), 0);
    (void)close(first);
    (void)close(fd);
    assert_true(r.loop_is_free);
    assert_int_equal(r.n, 2);
    for (size_t i = 0; i < r.n; i++) {
        assert_int_equal(r.list[i].s.state, BW_LOST);
        assert_null(r.list[i].s.detail); /* silence has no code */
        assert_int_equal(r.list[i].s.rtt_ns, BW_UNKNOWN);
    }
}

static void ended_while_it_waits(void **state)
{
    static const char *const pairs[] = {"interval=500ms", "timeout=10s", NULL};
    char text[64];
    char dark[64];
    const char *const targets[] = {dark, text, NULL};
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    int fd = listen_at(4, 0, dark);
    int lit = listen_at(4, 8, text);
    int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct probe_run r;
    (void)state;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    assert_int_equal(connect(first, (struct sockaddr *)&in, len), 0);
    assert_int_equal(probe_run("tcp", targets, pairs, 0, 1, &r), 0);
    (void)close(first);
    (void)close(lit);
    (void)close(fd);
    assert_int_equal(r.status, -ECANCELED);
    assert_true(r.loop_is_free);
    assert_int_equal(r.n, 1); /* what still waited is told by nobody */
    assert_int_equal(r.list[0].s.target, 1);
}

static void what_cannot_be_tried(void **state)
{
    static const char *const pairs[] = {"interval=500ms", "timeout=300ms", NULL};
    static const char *const targets[] = {"255.255.255.255:443", NULL};
    struct probe_run r;
    (void)state;
    assert_int_equal(probe_run("tcp", targets, pairs, 100, 1, &r), 0);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.list[0].s.state, BW_FAILED);
    assert_true(r.list[0].s.error < 0);
    assert_true(r.loop_is_free);
}

static long stall_ms; /* after a connection was begun */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
int __real_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error);
int __wrap_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error);

int __wrap_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error)
{
    int fd = __real_bw_tcpconn_start(to, device, source, ret_error);
    (void)nanosleep(&(struct timespec){.tv_nsec = stall_ms * 1000 * 1000}, NULL);
    return fd;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* The line was quick, this program was kept from looking until its time was over. */
static void a_program_that_was_slow(void **state)
{
    static const char *const pairs[] = {"interval=500ms", "timeout=100ms", NULL};
    char text[64];
    const char *const targets[] = {text, NULL};
    int fd = listen_at(4, 8, text);
    struct probe_run r;
    (void)state;
    stall_ms = 300;
    assert_int_equal(probe_run("tcp", targets, pairs, 100, 1, &r), 0);
    stall_ms = 0;
    (void)close(fd);
    assert_true(r.loop_is_free);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.list[0].s.state, BW_OK);
    assert_string_equal(r.list[0].code, "open");
    assert_true(r.list[0].s.rtt_ns > 0 && r.list[0].s.rtt_ns < 100000000);
}

/* The circuit's address is not on this machine just now: no fault of the target's name. */
static void a_source_that_is_not_here(void **state)
{
    static const char *const kinds[] = {"tcp", "dns", "http_get"};
    static const char *const pairs[][2] = {{NULL}, {"name=ash.example", NULL}, {NULL}};
    static const char *const targets[][2] = {
        {"127.0.0.1:9", NULL}, {"127.0.0.1", NULL}, {"http://127.0.0.1:9/", NULL}};
    (void)state;
    probe_run_source4 = "192.0.2.77";
    for (size_t i = 0; i < 3; i++) {
        struct probe_run r;
        assert_int_equal(probe_run(kinds[i], targets[i], pairs[i], 500, 1, &r), 0);
        assert_true(r.n >= 1);
        assert_int_equal(r.list[0].s.state, BW_FAILED);
        assert_int_equal(r.list[0].s.family, 4);
        assert_int_equal(r.list[0].s.error, -BW_ENOSOURCE);
    }
    probe_run_source4 = NULL;
    assert_non_null(strstr(bw_strerror(-BW_ENOSOURCE), "source address"));
}

static void options_and_targets(void **state)
{
    static const struct {
        const char *target;
        const char *pair;
        const char *said; /* NULL: accepted */
    } cases[] = {
        {"maple.example", NULL, NULL},
        {"maple.example:25", "family=6", NULL},
        {"[2001:db8::1]:443", NULL, NULL},
        {"2001:db8::1", "port=80", NULL},
        {"192.0.2.1:0", NULL,
         "neither an IP address nor a host name, with or without a port"},
        {"https://maple.example/", NULL, "neither"},
        {"192.0.2.1", "family=6", "is an IPv4 address, but family is 6"},
        {"192.0.2.1", "port=0", "port"},
        {"192.0.2.1", "interval=100ms", "interval"},
        {"192.0.2.1", "size=3", "size"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const targets[] = {cases[i].target, NULL};
        const char *const pairs[] = {cases[i].pair, NULL};
        char text[256];
        int r = probe_run_check("tcp", targets, pairs, text);
        assert_int_equal(r, cases[i].said ? -EINVAL : 0);
        if (cases[i].said && !strstr(text, cases[i].said)) {
            fail_msg("'%s' does not say '%s'", text, cases[i].said);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_and_refused),
        cmocka_unit_test(a_queue_that_is_full),
        cmocka_unit_test(ended_while_it_waits),
        cmocka_unit_test(what_cannot_be_tried),
        cmocka_unit_test(options_and_targets),
        cmocka_unit_test(a_program_that_was_slow),
        cmocka_unit_test(a_source_that_is_not_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_dns.c - the dns probe against a resolver on loopback that answers as each case
 * says: what counts as an answer, what is lost, and under which name. */
#include "bw_test.h"

#include "probe_run.h"

#include <arpa/inet.h>
#include <dns.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpconn.h>
#include <time.h>
#include <unistd.h>

enum mode {
    ANSWERS,
    SERVFAILS,
    NUMBERS_WRONGLY,
    ANSWERS_ANOTHER,
    BABBLES,
    ASKS_BACK,
    BABBLES_THEN_ANSWERS,
    IS_LATE,
    CUTS_OFF,
    IS_SILENT
};

struct resolver {
    enum mode mode;
    int fd;
    char text[64];
    pthread_t thread;
};

static void answer(struct resolver *r, uint8_t *p, size_t n, struct sockaddr_in *to)
{
    const struct timespec wait = {.tv_nsec = 500L * 1000 * 1000};
    const struct sockaddr *sa = (struct sockaddr *)to;
    p[2] |= 0x80;
    switch (r->mode) {
    case ANSWERS:
        break;
    case SERVFAILS:
        p[3] |= 2;
        break;
    case NUMBERS_WRONGLY:
        p[0] ^= 1;
        break;
    case ANSWERS_ANOTHER:
        p[13] ^= 1; /* the first letter of the name */
        break;
    case BABBLES:
        n = 11;
        break;
    case ASKS_BACK:
        p[2] &= 0x7f;
        break;
    case BABBLES_THEN_ANSWERS:
        (void)sendto(r->fd, p, 11, 0, sa, sizeof(*to));
        p[0] ^= 1;
        (void)sendto(r->fd, p, n, 0, sa, sizeof(*to));
        p[0] ^= 1;
        break;
    case IS_LATE:
        (void)nanosleep(&wait, NULL);
        break;
    case CUTS_OFF:
        p[2] |= 0x02;
        break;
    case IS_SILENT:
        return;
    }
    (void)sendto(r->fd, p, n, 0, sa, sizeof(*to));
}

static void *serve(void *arg)
{
    struct resolver *r = arg;
    for (;;) {
        uint8_t p[512];
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(r->fd, p, sizeof(p), 0, (struct sockaddr *)&from, &len);
        if (n < BW_DNS_HEADER) {
            return NULL; /* the end, by start()'s own word */
        }
        answer(r, p, (size_t)n, &from);
    }
}

static void start(struct resolver *r, enum mode mode)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->mode = mode;
    r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(r->fd >= 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&in, &len), 0);
    (void)snprintf(r->text, sizeof(r->text), "127.0.0.1:%u", ntohs(in.sin_port));
    assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void stop(struct resolver *r)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&in, &len), 0);
    (void)sendto(r->fd, "", 1, 0, (struct sockaddr *)&in, len);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    (void)close(r->fd);
}

static void what_counts_as_an_answer(void **state)
{
    static const struct {
        enum mode mode;
        enum bw_sample_state expect;
        const char *code; /* NULL: none */
    } cases[] = {
        {ANSWERS, BW_OK, "noerror"},
        {SERVFAILS, BW_OK, "servfail"},
        {NUMBERS_WRONGLY, BW_LOST, "wrong-id"},
        {ANSWERS_ANOTHER, BW_LOST, "wrong-question"},
        {BABBLES, BW_LOST, "malformed"},
        {ASKS_BACK, BW_LOST, "no-response"},
        {BABBLES_THEN_ANSWERS, BW_OK, "noerror"},
        {IS_SILENT, BW_LOST, NULL},
    };
    static const char *const pairs[] = {"interval=500ms", "timeout=200ms",
                                        "name=maple.example", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct resolver resolver;
        const char *const targets[] = {resolver.text, NULL};
        struct probe_run r;
        start(&resolver, cases[i].mode);
        assert_int_equal(probe_run("dns", targets, pairs, 100, 1, &r), 0);
        stop(&resolver);
        assert_true(r.loop_is_free);
        assert_int_equal(r.n, 1);
        assert_int_equal(r.list[0].s.state, cases[i].expect);
        assert_int_equal(r.list[0].s.family, 4);
        if (cases[i].code) {
            assert_string_equal(r.list[0].code, cases[i].code);
            assert_int_equal(r.list[0].detail.phase_ns[BW_PHASE_CONNECT], BW_UNKNOWN);
        } else {
            assert_null(r.list[0].s.detail);
        }
        if (cases[i].expect == BW_OK) {
            assert_true(r.list[0].s.rtt_ns > 0 && r.list[0].s.rtt_ns < 200000000);
        } else {
            assert_int_equal(r.list[0].s.rtt_ns, BW_UNKNOWN);
        }
    }
}

static void late_is_told_once(void **state)
{
    static const char *const pairs[] = {"interval=5s", "timeout=200ms", NULL};
    struct resolver resolver;
    const char *const targets[] = {resolver.text, NULL};
    struct probe_run r;
    (void)state;
    start(&resolver, IS_LATE);
    assert_int_equal(probe_run("dns", targets, pairs, 100, 2, &r), 0);
    stop(&resolver);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.list[0].s.state, BW_LOST);
    assert_int_equal(r.list[1].s.state, BW_LATE);
    assert_true(r.list[1].s.rtt_ns >= 500000000);
    assert_true(r.loop_is_free);
}

static long stall_ms;      /* after a query was sent */
static bool no_more_files; /* … and its answer needs another socket */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
int __real_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error);
int __wrap_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error);

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
    ssize_t sent = __real_send(fd, p, n, flags);
    (void)nanosleep(&(struct timespec){.tv_nsec = stall_ms * 1000 * 1000}, NULL);
    return sent;
}

int __wrap_bw_tcpconn_start(const union bw_address *to,
                            const char *device,
                            const char *source,
                            int *ret_error)
{
    return no_more_files ? -EMFILE : __real_bw_tcpconn_start(to, device, source, ret_error);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* The answer was there in time; this program was kept from reading it. */
static void a_program_that_was_slow(void **state)
{
    static const char *const pairs[] = {"interval=5s", "timeout=200ms", NULL};
    struct resolver resolver;
    const char *const targets[] = {resolver.text, NULL};
    struct probe_run r;
    (void)state;
    start(&resolver, ANSWERS);
    stall_ms = 500;
    assert_int_equal(probe_run("dns", targets, pairs, 100, 1, &r), 0);
    stall_ms = 0;
    stop(&resolver);
    assert_true(r.loop_is_free);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.list[0].s.state, BW_OK);
    assert_string_equal(r.list[0].code, "noerror");
    assert_true(r.list[0].s.rtt_ns > 0 && r.list[0].s.rtt_ns < 200000000);
}

/* What this machine has too little of is no loss of the line's. */
static void a_machine_without_sockets(void **state)
{
    static const char *const pairs[] = {"interval=5s", "timeout=2s", NULL};
    struct resolver resolver;
    const char *const targets[] = {resolver.text, NULL};
    struct probe_run r;
    (void)state;
    start(&resolver, CUTS_OFF);
    no_more_files = true;
    assert_int_equal(probe_run("dns", targets, pairs, 100, 1, &r), 0);
    no_more_files = false;
    assert_true(r.loop_is_free);
    assert_int_equal(r.list[0].s.state, BW_FAILED);
    assert_int_equal(r.list[0].s.error, -EMFILE);
    assert_int_equal(probe_run("dns", targets, pairs, 100, 1, &r), 0);
    stop(&resolver);
    assert_int_equal(r.list[0].s.state, BW_LOST); /* nobody listens at TCP's port */
    assert_string_equal(r.list[0].code, "tcp-refused");
}

static void nobody_listens(void **state)
{
    static const char *const udp[] = {"interval=5s", "timeout=2s", NULL};
    static const char *const tcp[] = {"interval=5s", "timeout=2s", "transport=tcp", NULL};
    struct resolver resolver;
    const char *const targets[] = {resolver.text, NULL};
    struct probe_run r;
    (void)state;
    start(&resolver, IS_SILENT);
    stop(&resolver);
    assert_int_equal(probe_run("dns", targets, udp, 100, 1, &r), 0);
    assert_int_equal(r.list[0].s.state, BW_LOST);
    assert_int_equal(r.list[0].s.error, -ECONNREFUSED);
    assert_string_equal(r.list[0].code, "port-closed");
    assert_true(r.loop_is_free);
    assert_int_equal(probe_run("dns", targets, tcp, 100, 1, &r), 0);
    assert_int_equal(r.list[0].s.state, BW_LOST);
    assert_string_equal(r.list[0].code, "tcp-refused");
    assert_true(r.loop_is_free);
}

static void ended_while_it_waits(void **state)
{
    static const char *const pairs[] = {"interval=500ms", "timeout=10s", NULL};
    struct resolver dark;
    struct resolver lit;
    const char *const targets[] = {dark.text, lit.text, NULL};
    struct probe_run r;
    (void)state;
    start(&dark, IS_SILENT);
    start(&lit, ANSWERS);
    assert_int_equal(probe_run("dns", targets, pairs, 0, 1, &r), 0);
    stop(&dark);
    stop(&lit);
    assert_int_equal(r.status, -ECANCELED);
    assert_int_equal(r.n, 1);
    assert_true(r.loop_is_free);
}

static void options_and_targets(void **state)
{
    static const struct {
        const char *target;
        const char *pair;
        const char *said; /* NULL: accepted */
    } cases[] = {
        {"192.0.2.53", NULL, NULL},
        {"[2001:db8::53]:5353", "name=maple.example", NULL},
        {"resolver.maple.example", "type=HTTPS", NULL},
        {"192.0.2.53", "type=a", "type"},
        {"192.0.2.53", "name=a..b", "is no domain name"},
        {"192.0.2.53", "size=100", "size"},
        {"192.0.2.53:x", NULL, "neither an IP address nor a host name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const targets[] = {cases[i].target, NULL};
        const char *const pairs[] = {cases[i].pair, NULL};
        char text[256];
        int r = probe_run_check("dns", targets, pairs, text);
        assert_int_equal(r, cases[i].said ? -EINVAL : 0);
        if (cases[i].said && !strstr(text, cases[i].said)) {
            fail_msg("'%s' does not say '%s'", text, cases[i].said);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts_as_an_answer),
        cmocka_unit_test(late_is_told_once),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(ended_while_it_waits),
        cmocka_unit_test(options_and_targets),
        cmocka_unit_test(a_program_that_was_slow),
        cmocka_unit_test(a_machine_without_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

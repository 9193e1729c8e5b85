/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_http_sockets.c - what the http probe makes of its sockets' TCP_INFO: what was sent
 * once stays in the sums, whatever becomes of the connection. */
#include "bw_test.h"

#include "http_sockets.h"

#include <errno.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

enum {
    ESTABLISHED = 1, /* include/net/tcp_states.h */
    CLOSED = 7,
    CLOSE_WAIT = 8,
    FIRST_FD = 100000 /* of nobody */
};

static struct tcp_info infos[3];

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    size_t i = (size_t)(fd - FIRST_FD);
    if (level != IPPROTO_TCP || name != TCP_INFO || i >= sizeof(infos) / sizeof(infos[0]) ||
        *len < sizeof(infos[i])) {
        errno = EBADF;
        return -1;
    }
    (void)memcpy(value, &infos[i], sizeof(infos[i]));
    *len = sizeof(infos[i]);
    return 0;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct http_tcp read_all(const struct http_sockets *s)
{
    struct http_tcp t = {.payload_bytes = 0};
    int64_t queued = 0;
    http_sockets_read(s, &t, &queued);
    return t;
}

static void nothing_falls(void **state)
{
    struct http_sockets s;
    struct http_tcp before;
    struct http_tcp after;
    (void)state;
    http_sockets_init(&s, "", "", "");
    for (size_t i = 0; i < 3; i++) {
        s.fds[s.n++] = FIRST_FD + (int)i;
        infos[i] = (struct tcp_info){.tcpi_state = ESTABLISHED,
                                     .tcpi_rtt = 20000,
                                     .tcpi_data_segs_out = 1000,
                                     .tcpi_total_retrans = 50};
    }
    before = read_all(&s);
    assert_int_equal(before.segments, 3000);
    assert_int_equal(before.retransmits, 150);
    assert_int_equal(before.rtt_us, 20000);
    infos[0].tcpi_state = CLOSED; /* a server that broke off, and one that is done */
    infos[1].tcpi_state = CLOSE_WAIT;
    infos[1].tcpi_rtt = 99000;
    infos[2].tcpi_data_segs_out = 4000;
    infos[2].tcpi_total_retrans = 80;
    after = read_all(&s);
    assert_int_equal(after.segments, 6000);
    assert_int_equal(after.retransmits, 180);
    assert_int_equal(after.rtt_us, 20000); /* of those that still move */
    assert_int_equal(http_retransmit_ppm(&before, &after), 10000);
}

static void no_share_of_nothing(void **state)
{
    struct http_tcp before = {.segments = 1000, .retransmits = 50};
    struct http_tcp after = {.segments = 2000, .retransmits = 49};
    (void)state;
    assert_int_equal(http_retransmit_ppm(&before, &after), BW_UNKNOWN);
    after.retransmits = 50;
    assert_int_equal(http_retransmit_ppm(&before, &after), 0);
    assert_int_equal(http_retransmit_ppm(&before, &before), BW_UNKNOWN);
    assert_int_equal(http_retransmit_ppm(&after, &before), BW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_falls),
        cmocka_unit_test(no_share_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

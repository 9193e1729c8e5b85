/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_reflector.c - who is answered, how often and with how much: the guard with hand-made
 * instants, and the reflector itself on loopback. */
#include "bw_test.h"

#include "reflector.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <poll.h>
#include <stamp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define NS_PER_S INT64_C(1000000000)

static union bw_address at(const char *text, uint16_t port)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    assert_true(bw_address_parse(text, &a));
    bw_address_set_port(&a, port);
    return a;
}

/* The guard ---------------------------------------------------------------------- */

static void prefixes(void **state)
{
    static const struct {
        const char *prefix, *address;
        bool has;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.77/24", "192.0.2.1", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::", false},
    };
    static const char *const wrong[] = {"",
                                        "192.0.2.0/33",
                                        "192.0.2.0/",
                                        "192.0.2.0/-1",
                                        "192.0.2/24",
                                        "2001:db8::/129",
                                        "elm/24",
                                        "/24",
                                        "192.0.2.0/0024"};
    struct bw_reflector_prefix p, three[3];
    struct bw_prefix_set s = {.n = 0};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        union bw_address a = at(cases[i].address, 1);
        assert_true(bw_reflector_prefix_parse(cases[i].prefix, &p));
        assert_int_equal(bw_prefix_set_fill(&s, &p, 1), 0);
        assert_int_equal(bw_prefix_set_has(&s, &a), cases[i].has);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(bw_reflector_prefix_parse(wrong[i], &p));
    }
    assert_true(bw_reflector_prefix_parse("198.51.100.0/24", &three[0]));
    assert_true(bw_reflector_prefix_parse("2001:db8::/32", &three[1]));
    assert_true(bw_reflector_prefix_parse("192.0.2.1", &three[2]));
    assert_int_equal(bw_prefix_set_fill(&s, three, 3), 0);
    for (size_t i = 0; i < 4; i++) {
        static const char *const asked[] = {"198.51.100.7", "2001:db8:5::", "192.0.2.1",
                                            "192.0.2.3"};
        union bw_address a = at(asked[i], 1);
        assert_int_equal(bw_prefix_set_has(&s, &a), i < 3);
    }
    assert_int_equal(bw_prefix_set_fill(&s, NULL, 0), 0);
    assert_false(bw_prefix_set_has(&s, &(union bw_address){.sa = {.sa_family = AF_INET}}));
    bw_prefix_set_done(&s);
}

static long allowed(struct bw_guard *g, const char *from, long n, int64_t now_ns)
{
    union bw_address a = at(from, 5000);
    long yes = 0;
    for (long i = 0; i < n; i++) {
        yes += bw_guard_allows(g, &a, now_ns) ? 1 : 0;
    }
    return yes;
}

static void allowances(void **state)
{
    struct bw_guard *g = calloc(1, sizeof(*g));
    int64_t t = 77 * NS_PER_S;
    (void)state;
    assert_non_null(g);
    bw_guard_init(g, 1, 10, 25, t);
    assert_int_equal(allowed(g, "192.0.2.1", 100, t), 10);
    assert_int_equal(allowed(g, "192.0.2.1", 100, t), 0);
    assert_int_equal(allowed(g, "192.0.2.2", 100, t), 10); /* its own */
    assert_int_equal(allowed(g, "192.0.2.3", 100, t), 5);  /* all together: 25 */
    t += NS_PER_S / 2;
    assert_int_equal(allowed(g, "192.0.2.1", 100, t), 5);
    t += 1000 * NS_PER_S; /* no more than a second's worth comes together */
    assert_int_equal(allowed(g, "192.0.2.1", 100, t), 10);
    /* one IPv6 /64 is one source, however many addresses it takes */
    bw_guard_init(g, 1, 10, 1000, t);
    assert_int_equal(allowed(g, "2001:db8::1", 6, t), 6);
    assert_int_equal(allowed(g, "2001:db8::ffff:2", 6, t), 4);
    assert_int_equal(allowed(g, "2001:db8:0:1::1", 6, t), 6);
    /* a crowd of strangers takes no memory, and not more than is for all */
    bw_guard_init(g, 1, 10, 1000, t);
    long all = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "10.1.%u.%u", i / 256, i % 256);
        all += allowed(g, text, 1, t);
    }
    assert_int_equal(all, 1000);
    free(g);
}

static void sessions(void **state)
{
    struct bw_guard *g = calloc(1, sizeof(*g));
    union bw_address from = at("192.0.2.1", 5000), to = at("192.0.2.9", 862);
    union bw_address other = at("192.0.2.1", 5001);
    int64_t t = 77 * NS_PER_S;
    uint32_t n = 9;
    long counted = 0;
    (void)state;
    assert_non_null(g);
    bw_guard_init(g, 1, 10, 25, t);
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(bw_guard_count(g, &from, &to, 7, t, &n));
        assert_int_equal(n, i);
    }
    assert_true(bw_guard_count(g, &from, &to, 8, t, &n)); /* another session */
    assert_int_equal(n, 0);
    assert_true(bw_guard_count(g, &other, &to, 7, t, &n));
    assert_int_equal(n, 0);
    assert_true(bw_guard_count(g, &from, &to, 7, t + 1000 * NS_PER_S, &n));
    assert_int_equal(n, 5); /* silent for long, but nobody took its place */
    assert_int_equal(g->n_sessions, 3);
    for (uint32_t i = 0; i < 60000; i++) {
        other = at("192.0.2.2", (uint16_t)(i + 1));
        counted += bw_guard_count(g, &other, &to, 7, t + 1000 * NS_PER_S, &n) ? 1 : 0;
    }
    assert_true(counted > BW_GUARD_SESSIONS / 2 && counted <= BW_GUARD_SESSIONS);
    assert_true(bw_guard_count(g, &from, &to, 7, t + 1000 * NS_PER_S, &n));
    assert_int_equal(n, 6); /* a living session gives no place away */
    free(g);
}

/* On loopback -------------------------------------------------------------------- */

struct scene {
    uv_loop_t loop;
    struct bw_reflector *reflector;
    int fd;
    union bw_address to;
};

static void on_closed(void *owner)
{
    bool *closed = owner;
    *closed = true;
}

static int udp(const char *address, uint16_t port)
{
    union bw_address a = at(address, port);
    int fd = socket(a.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &a.sa, bw_address_len(&a)), 0);
    return fd;
}

static struct bw_reflector_conf plain(void)
{
    struct bw_reflector_conf c = {
        .on = true, .address = "127.0.0.1", .source_rate = 40, .total_rate = 1000};
    c.n_sources = 1;
    assert_true(bw_reflector_prefix_parse("127.0.0.0/30", &c.sources[0]));
    return c;
}

static void open_scene(struct scene *s, const struct bw_reflector_conf *c)
{
    struct bw_err err = {""};
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(bw_reflector_open(&s->loop, c, &s->reflector, &err), 0);
    s->fd = udp("127.0.0.2", 0);
    s->to = at("127.0.0.1", bw_reflector_port(s->reflector));
}

static struct bw_reflector_stats close_scene(struct scene *s)
{
    struct bw_reflector_stats stats;
    bool closed = false;
    bw_reflector_stats(s->reflector, &stats);
    bw_reflector_close(s->reflector, on_closed, &closed);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    (void)close(s->fd);
    return stats;
}

/* Send, let it be looked at, and take what came back; 0: nothing. */
static size_t ask(struct scene *s, int fd, const uint8_t *p, size_t n, uint8_t answer[2048])
{
    struct bw_reflector_stats before, after;
    ssize_t got;
    bw_reflector_stats(s->reflector, &before);
    assert_int_equal(sendto(fd, p, n, 0, &s->to.sa, bw_address_len(&s->to)), (ssize_t)n);
    do { /* loopback: it is there before sendto() returns */
        (void)uv_run(&s->loop, UV_RUN_NOWAIT);
        bw_reflector_stats(s->reflector, &after);
    } while (after.received == before.received);
    got = recv(fd, answer, 2048, MSG_DONTWAIT);
    return got < 0 ? 0 : (size_t)got;
}

static size_t
question(uint8_t *buf, uint32_t seq, size_t size, const struct bw_stamp_key *key)
{
    struct bw_stamp_error e = {.error_ns = 1000};
    struct bw_stamp_asked p = {
        .seq = seq, .t1 = 0x1234567, .error = bw_stamp_error_encode(&e), .ssid = 99};
    return bw_stamp_write_asked(buf, 2048, &p, size, key);
}

static void who_is_answered(void **state)
{
    struct bw_reflector_conf c = plain();
    struct scene s;
    struct bw_reflector_stats stats;
    struct bw_stamp_answer a;
    uint8_t q[2048], got[2048];
    struct bw_err err = {""};
    int stranger, twin;
    (void)state;
    open_scene(&s, &c);
    stranger = udp("127.0.0.9", 0);
    twin = udp("127.0.0.2", bw_reflector_port(s.reflector));
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ask(&s, s.fd, q, question(q, 10 * i, 44, NULL), got), 44);
        assert_int_equal(bw_stamp_read_answer(got, 44, NULL, &a), 0);
        assert_int_equal(a.seq, i); /* its own count */
        assert_int_equal(a.asked_seq, 10 * i);
        assert_true(a.t1 == 0x1234567 && a.ssid == 99 && a.ttl == 64);
        assert_true(a.t2 != 0 && a.t2 <= a.t3);
        assert_true((a.error & 0xff) != 0);
    }
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 1400, NULL), got), 1400);
    assert_int_equal(got[44], 0); /* the padding was understood */
    /* nothing comes back where it should not, or would be more */
    assert_int_equal(ask(&s, stranger, q, question(q, 1, 44, NULL), got), 0);
    assert_int_equal(ask(&s, twin, q, question(q, 1, 44, NULL), got), 0);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 14, NULL), got), 0);
    assert_int_equal(ask(&s, s.fd, q, 37, got), 0);
    assert_int_equal(ask(&s, s.fd, q, 0, got), 0);
    assert_int_equal(ask(&s, s.fd, q, 1473, got), 0);
    assert_int_equal(ask(&s, s.fd, q, 38, got), 38);
    /* a stranger may be registered later, and be forgotten again */
    assert_int_equal(bw_reflector_register(s.reflector, c.sources, 1), 0);
    assert_true(bw_reflector_prefix_parse("127.0.0.9", &c.sources[1]));
    assert_int_equal(bw_reflector_register(s.reflector, &c.sources[1], 1), 0);
    assert_int_equal(ask(&s, stranger, q, question(q, 1, 44, NULL), got), 44);
    assert_int_equal(bw_reflector_register(s.reflector, NULL, 0), 0);
    assert_int_equal(ask(&s, stranger, q, question(q, 1, 44, NULL), got), 0);
    /* and a new configuration names others */
    c.sources[0] = c.sources[1];
    assert_int_equal(bw_reflector_change(s.reflector, &c, &err), 0);
    assert_int_equal(ask(&s, stranger, q, question(q, 1, 44, NULL), got), 44);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 44, NULL), got), 0);
    (void)close(stranger);
    (void)close(twin);
    stats = close_scene(&s);
    assert_int_equal(stats.answered, 7);
    assert_int_equal(stats.foreign, 3);
    assert_int_equal(stats.looped, 1);
    assert_int_equal(stats.malformed, 4);
    assert_int_equal(stats.limited + stats.failed + stats.uncounted + stats.bad_digest, 0);
    assert_int_equal(stats.received, 15);
}

static void how_often(void **state)
{
    struct bw_reflector_conf c = plain();
    struct scene s;
    struct bw_reflector_stats stats;
    uint8_t q[2048], got[2048];
    long answered = 0;
    (void)state;
    c.source_rate = 1;
    open_scene(&s, &c);
    for (int i = 0; i < 50; i++) {
        answered += ask(&s, s.fd, q, question(q, 1, 44, NULL), got) > 0 ? 1 : 0;
    }
    stats = close_scene(&s);
    assert_true(answered >= 1 && answered <= 10); /* one a second, on a slow machine too */
    assert_int_equal(stats.limited, 50 - answered);
    assert_int_equal(stats.answered, answered);
}

static void only_with_the_secret(void **state)
{
    static const struct bw_stamp_key key = {.bytes = "0123456789abcdef", .n = 16};
    static const struct bw_stamp_key wrong = {.bytes = "0123456789abcdeX", .n = 16};
    char path[] = "/tmp/bw-reflector-XXXXXX";
    struct bw_reflector_conf c = plain();
    struct scene s;
    struct bw_stamp_answer a;
    struct bw_reflector_stats stats;
    struct bw_err err = {""};
    uint8_t q[2048], got[2048];
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(write(fd, "30313233343536373839616263646566\n", 33), 33);
    (void)close(fd);
    (void)snprintf(c.key_file, sizeof(c.key_file), "%s", path);
    open_scene(&s, &c);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 112, &key), got), 112);
    assert_int_equal(bw_stamp_read_answer(got, 112, &key, &a), 0);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 112, &wrong), got), 0);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 44, NULL), got), 0);
    /* a secret that cannot be read any more changes nothing */
    (void)snprintf(c.key_file, sizeof(c.key_file), "%s.gone", path);
    assert_int_equal(bw_reflector_change(s.reflector, &c, &err), -ENOENT);
    assert_int_equal(ask(&s, s.fd, q, question(q, 1, 112, &key), got), 112);
    stats = close_scene(&s);
    assert_int_equal(stats.bad_digest, 1);
    assert_int_equal(stats.malformed, 1);
    assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_opened(void **state)
{
    struct bw_reflector_conf c = plain();
    struct scene s, twin;
    struct bw_err err = {""};
    (void)state;
    open_scene(&s, &c);
    c.port = bw_reflector_port(s.reflector);
    assert_int_equal(uv_loop_init(&twin.loop), 0);
    assert_int_equal(bw_reflector_open(&twin.loop, &c, &twin.reflector, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "port"));
    (void)uv_run(&twin.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&twin.loop), 0);
    (void)close_scene(&s);
    bw_reflector_close(NULL, NULL, NULL);
}

/* Configuration ------------------------------------------------------------------ */

static int read_conf(const char *text, struct bw_reflector_conf *ret, struct bw_err *err)
{
    static const struct bw_optspec none[] = {{.type = BW_OPT_END}};
    struct bw_conf_section subs[2] = {BW_REFLECTOR_SECTION(bw_reflector_collector_opts),
                                      {.keyword = NULL}};
    struct bw_conf_section top = {.keyword = "", .opts = none, .subs = subs, .doc = ""};
    struct bw_conf *conf = NULL;
    int r = bw_conf_parse(text, strlen(text), "x.conf", &top, &conf, err);
    if (r == 0) {
        r = bw_reflector_conf_read(bw_conf_top(conf), true, ret, err);
    }
    bw_conf_free(conf);
    return r;
}

static void configuration(void **state)
{
    struct bw_reflector_conf c = {.on = false};
    struct bw_err err = {""};
    (void)state;
    assert_int_equal(read_conf("", &c, &err), 0);
    assert_false(c.on);
    assert_int_equal(
        read_conf(
            "reflector { registered = yes\n source \"elm\" { prefix = \"192.0.2.0/24\" "
            "}\n }\n",
            &c, &err),
        0);
    assert_true(c.on && c.registered && c.n_sources == 1 && c.sources[0].bits == 24);
    assert_int_equal(c.port, 862);
    assert_int_equal(
        read_conf("reflector {\n source \"elm\" {\n prefix = \"192.0.2.0/40\" }\n }\n", &c,
                  &err),
        -EINVAL);
    assert_non_null(strstr(err.text, "x.conf:3:"));
    assert_int_equal(read_conf("reflector { address = \"elm\" }\n", &c, &err), -EINVAL);
    assert_int_equal(read_conf("reflector { key_file = \"a\" }\n", &c, &err), -EINVAL);
    assert_int_equal(read_conf("reflector { port = 0 }\n", &c, &err), -EINVAL);
}

static int setup(void **state)
{
    (void)state;
    return bw_crypto_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes),
        cmocka_unit_test(allowances),
        cmocka_unit_test(sessions),
        cmocka_unit_test(who_is_answered),
        cmocka_unit_test(how_often),
        cmocka_unit_test(only_with_the_secret),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(configuration),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

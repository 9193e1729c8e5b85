/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_stamp.c - the stamp probe against reflectors of this test on loopback, honest
 * and not; and which way packets were lost, from counts worked out by hand.
 *
 * All reflectors are asked at the same time, each by a probe of its own. */
#include "bw_test.h"

#include "stamp.h"
#include "stamp_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

extern const struct bw_probe_ops bw_probe_stamp;

#define NS_PER_MS INT64_C(1000000)

/* Which way ---------------------------------------------------------------------- */

enum {
    FINAL_NS = 100
};

struct told {
    char text[64]; /* the packets' numbers, "3o" on the way there, "5b" back */
};

static void tell(void *owner, const struct stamp_flight *f, bool back)
{
    struct told *t = owner;
    size_t n = strlen(t->text);
    (void)snprintf(t->text + n, sizeof(t->text) - n, "%u%c ", (unsigned)f->seq,
                   back ? 'b' : 'o');
}

/* One letter a packet: what became of it: a answered (counted), o lost on the way there, b
 * on the way back, x not sent, w answered wrongly. -1 a stateless reflector; else its first
 * count. */
static void judge(const char *fates, long count, const char *want)
{
    struct stamp_session s;
    struct told told = {""};
    bool stateless = count < 0;
    assert_int_equal(stamp_session_init(&s, 1, 7), 0);
    for (size_t i = 0; fates[i]; i++) {
        struct stamp_flight *f = stamp_session_next(&s);
        f->t1 = f->seq;
        f->sent_mono_ns = (int64_t)i;
        if (fates[i] == 'R') { /* the reflector began anew; and it answers */
            count = 0;
        }
        switch (fates[i]) {
        case 'a':
        case 'R':
            f->fate = STAMP_ANSWERED;
            f->count = stateless ? f->seq : (uint32_t)count++;
            break;
        case 'x':
            f->fate = STAMP_NOT_SENT;
            break;
        case 'w':
            f->fate = STAMP_LOST;
            f->code = "bad-digest";
            count++;
            break;
        default:
            f->fate = STAMP_LOST;
            count += fates[i] == 'b' ? 1 : 0;
        }
        stamp_session_judge(&s, (int64_t)i, FINAL_NS, tell, &told);
    }
    stamp_session_judge(&s, 10000, FINAL_NS, tell, &told);
    assert_string_equal(told.text, want);
    stamp_session_done(&s);
}

static void which_way(void **state)
{
    (void)state;
    /* numbers go 0, 2, 3, …: 1 is never sent */
    judge("aaaaa", 0, "");
    judge("aaobaa", 0,
          "3b 4o "); /* one each: which is which nobody can tell, how many yes */
    judge("aaoooaa", 0, "3o 4o 5o ");
    judge("aabbaa", 0, "3b 4b ");
    judge("aabaoab", 0, "3b 5o "); /* after the last answer nothing is known */
    judge("aobaboa", -1, "");      /* a stateless one tells nothing */
    judge("oobaaoa", 0, "6o ");    /* nor is what was before the first answer known */
    judge("aabaoa", 4000000000L, "3b 5o ");
    judge("aaxxbaxo", 0, "5b "); /* what was not sent is not lost */
    judge("aabRaba", 0, "6b ");  /* a restart ends what can be told of the gap before */
    judge("aawbaba", 0, "6b ");  /* an answer that does not count was counted there */
}

static void an_outage_and_a_wrap(void **state)
{
    struct stamp_session s;
    struct told told = {""};
    struct stamp_flight *f;
    (void)state;
    assert_int_equal(stamp_session_init(&s, 1, 7), 0);
    s.next = s.judged = UINT32_MAX - 1;
    for (uint32_t i = 0; i < 1000; i++) { /* more than are remembered */
        f = stamp_session_next(&s);
        f->t1 = 1;
        f->fate = i == 0 || i == 999 ? STAMP_ANSWERED : STAMP_LOST;
        f->count = 7 + (i > 0);
        stamp_session_judge(&s, 5000 + i, FINAL_NS, tell, &told);
    }
    assert_string_equal(told.text, "");
    assert_true(s.counts && s.anchored);
    assert_non_null(stamp_session_find(&s, f->seq, 1));
    assert_null(stamp_session_find(&s, f->seq, 2));
    assert_null(stamp_session_find(&s, f->seq + 1, 1));
    assert_null(stamp_session_find(&s, f->seq - 256, 1));
    assert_null(stamp_session_newest(&s));
    f = stamp_session_next(&s);
    f->fate = STAMP_SENT;
    assert_ptr_equal(stamp_session_newest(&s), f);
    stamp_session_restart(&s);
    assert_false(s.counts || s.anchored);
    stamp_session_done(&s);
}

/* On loopback -------------------------------------------------------------------- */

enum mode {
    HONEST,
    STATELESS,
    DROPS_BEFORE, /* it came, but was not counted: as if lost on the way there */
    DROPS_AFTER,  /* counted, but not answered */
    SIGNED,
    TWAMP_LIGHT, /* answers with 41 bytes, a number of its own and no session */
    SILENT,
    SHORT,
    WRONG_NUMBER,
    WRONG_INSTANT,
    REPLAYS,
    OTHER_ADDRESS,
    WRONG_DIGEST,
    UNSIGNED,
    OTHER_SESSION,
    TWICE,
    KEPT_TOO_LONG,
    MOVES, /* its name has another address by the time of each answer */
    N_MODES
};

enum {
    PACKETS_DROPPED = 7, /* every third of the first 21 */
    ROUND_MS = 5300
};

/* The probe's host, and the reflector it asks. */
struct bw_host {
    uv_loop_t *loop;
    enum mode mode;
    struct bw_opts *opts;
    struct bw_probe *probe;
    int n_done;
    int n_closed;
    long n[BW_LOST_BACK + 1];
    long n_unlike; /* of the lost: with another code than the first one's */
    char code[32];
    int64_t rtt_min_ns, rtt_max_ns;
    int64_t out_ns, back_ns, error_ns;
    int fd, other_fd;
    uint16_t port; /* of both */
    uv_poll_t poll, other_poll;
    uint32_t count;
    long n_asked;
    uint8_t first[BW_STAMP_MAX];
    size_t n_first;
};

static struct bw_stamp_key key = {.bytes = "an elm of sixteen", .n = 16};

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
void __wrap_bw_clock_state_read(struct bw_clock_state *ret);
void __wrap_bw_clock_state_read(struct bw_clock_state *ret)
{
    *ret = (struct bw_clock_state){.synced = true, .max_error_us = 700};
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

struct uv_loop_s *bw_host_loop(struct bw_host *host)
{
    return host->loop;
}

void bw_host_latency(struct bw_host *h, const struct bw_latency_sample *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, s++) {
        h->n[s->state]++;
        if (s->state == BW_LOST) {
            const char *code = s->detail && s->detail->code ? s->detail->code : "";
            if (h->n[BW_LOST] == 1) {
                (void)snprintf(h->code, sizeof(h->code), "%s", code);
            } else if (strcmp(h->code, code) != 0) {
                h->n_unlike++;
            }
        }
        if (s->state == BW_OK) {
            h->rtt_min_ns =
                h->n[BW_OK] == 1 || s->rtt_ns < h->rtt_min_ns ? s->rtt_ns : h->rtt_min_ns;
            h->rtt_max_ns = s->rtt_ns > h->rtt_max_ns ? s->rtt_ns : h->rtt_max_ns;
            if (s->detail) {
                h->out_ns = s->detail->out_ns;
                h->back_ns = s->detail->back_ns;
                h->error_ns = s->detail->one_way_error_ns;
            }
        }
    }
}

void bw_host_done(struct bw_host *h, int status)
{
    assert_int_equal(status, 0);
    h->n_done++;
}

static void reflect(uv_poll_t *poll, int status, int events)
{
    struct bw_host *h = poll->data;
    bool with_key = h->mode == SIGNED || h->mode == WRONG_DIGEST || h->mode == UNSIGNED;
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    uint8_t in[BW_STAMP_MAX], out[BW_STAMP_MAX];
    bool at_other = poll == &h->other_poll;
    ssize_t got = recvfrom(at_other ? h->other_fd : h->fd, in, sizeof(in), 0,
                           (struct sockaddr *)&from, &from_len);
    /* the stateless one's clock is set by nobody */
    struct bw_stamp_error e = {.synced = h->mode != STATELESS, .error_ns = 300000};
    struct bw_stamp_asked asked;
    struct bw_stamp_answer a;
    int64_t now_ns = bw_clock_unix_ns();
    size_t n = (size_t)got;
    bool drop;
    (void)status;
    (void)events;
    assert_true(got > 0);
    assert_int_equal(bw_stamp_read_asked(in, n, with_key ? &key : NULL, &asked), 0);
    drop = h->n_asked % 3 == 2 && h->n_asked < 3L * PACKETS_DROPPED;
    h->n_asked++;
    if (h->mode == SILENT || (h->mode == DROPS_BEFORE && drop)) {
        return;
    }
    a = (struct bw_stamp_answer){
        .seq = h->mode == STATELESS ? asked.seq : h->count++,
        .t2 = bw_stamp_time_encode(
            h->mode == KEPT_TOO_LONG ? now_ns - 9000 * NS_PER_MS : now_ns, false),
        .t3 = bw_stamp_time_encode(now_ns, false),
        .error = bw_stamp_error_encode(&e),
        .ssid = asked.ssid,
        .asked_seq = asked.seq,
        .t1 = asked.t1,
        .asked_error = asked.error,
        .ttl = 64};
    if (h->mode == DROPS_AFTER && drop) {
        return;
    }
    if (h->mode == MOVES) {
        assert_true(bw_address_parse(at_other ? "127.0.0.1" : "127.0.0.2",
                                     &h->probe->cadence.targets[0].to));
        bw_address_set_port(&h->probe->cadence.targets[0].to, h->port);
    }
    a.asked_seq += h->mode == WRONG_NUMBER ? 1000 : 0;
    a.t1 += h->mode == WRONG_INSTANT ? 1 : 0;
    a.ssid = (uint16_t)(a.ssid + (h->mode == OTHER_SESSION ? 1 : 0));
    if (n < BW_STAMP_TWAMP_ANSWERED) { /* TWAMP Light: longer than what was asked */
        uint8_t room[BW_STAMP_TWAMP_WITH_TTL] = {0};
        (void)memcpy(room, in, n);
        room[20] = 1;
        n = bw_stamp_write_answer(out, sizeof(out), room, sizeof(room), &a, NULL);
    } else {
        n = bw_stamp_write_answer(out, sizeof(out), in, n, &a, with_key ? &key : NULL);
    }
    if (h->mode == WRONG_DIGEST) {
        out[BW_STAMP_AUTH_PACKET - 1] ^= 1;
    } else if (h->mode == UNSIGNED) {
        (void)memset(out + BW_STAMP_AUTH_PACKET - BW_STAMP_DIGEST, 0, BW_STAMP_DIGEST);
    } else if (h->mode == SHORT) {
        n = 20;
    } else if (h->mode == REPLAYS) {
        if (h->n_first == 0) {
            (void)memcpy(h->first, out, n);
            h->n_first = n;
        }
        (void)memcpy(out, h->first, n);
    }
    (void)sendto(at_other || h->mode == OTHER_ADDRESS ? h->other_fd : h->fd, out, n, 0,
                 (struct sockaddr *)&from, from_len);
    if (h->mode == TWICE) {
        (void)sendto(h->fd, out, n, 0, (struct sockaddr *)&from, from_len);
    }
}

static int udp_at(const char *address, uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void closed(void *owner)
{
    struct bw_host *h = owner;
    h->n_closed++;
}

static char key_path[] = "/tmp/bw-stamp-key-XXXXXX";

static void start(struct bw_host *h, uv_loop_t *loop, enum mode mode)
{
    bool with_key = mode == SIGNED || mode == WRONG_DIGEST || mode == UNSIGNED;
    struct bw_target target = {.name = "elm"};
    struct bw_opts_head head = {
        .name = "hub", .circuit = "wan", .targets = &target, .n_targets = 1};
    char file[64];
    const char *pairs[4] = {"interval=100ms", "timeout=500ms"};
    size_t n_pairs = 2;
    struct bw_err err = {""};
    uint16_t port = 0;
    *h = (struct bw_host){
        .loop = loop, .mode = mode, .out_ns = BW_UNKNOWN, .back_ns = BW_UNKNOWN};
    h->fd = udp_at("127.0.0.1", &port);
    h->other_fd = udp_at("127.0.0.2", &port);
    h->port = port;
    if (mode == MOVES) {
        assert_int_equal(uv_poll_init(loop, &h->other_poll, h->other_fd), 0);
        h->other_poll.data = h;
        assert_int_equal(uv_poll_start(&h->other_poll, UV_READABLE, reflect), 0);
    }
    assert_int_equal(uv_poll_init(loop, &h->poll, h->fd), 0);
    h->poll.data = h;
    assert_int_equal(uv_poll_start(&h->poll, UV_READABLE, reflect), 0);
    (void)snprintf(target.address, sizeof(target.address), "127.0.0.1:%u", (unsigned)port);
    (void)snprintf(file, sizeof(file), "key_file=%s", key_path);
    if (with_key) {
        pairs[n_pairs++] = file;
    }
    if (mode == TWAMP_LIGHT) {
        pairs[n_pairs++] = "size=14";
    }
    assert_int_equal(
        bw_opts_from_pairs(bw_probe_stamp.opts, &head, pairs, n_pairs, &h->opts, &err), 0);
    assert_int_equal(bw_probe_stamp.check(h->opts, &err), 0);
    assert_int_equal(bw_probe_stamp.create(h, h->opts, &h->probe), 0);
    assert_int_equal(bw_probe_stamp.open(h->probe, &err), 0);
    assert_int_equal(bw_probe_stamp.run(h->probe, ROUND_MS), 0);
}

static const char *const mode_names[N_MODES] = {
    "honest",      "stateless",     "drops before", "drops after",  "signed",
    "TWAMP Light", "silent",        "short",        "wrong number", "wrong instant",
    "replays",     "other address", "wrong digest", "unsigned",     "other session",
    "twice",       "kept too long", "moves"};

/* Nothing that such a reflector sends is an answer, and the reason has a name. */
static void nothing_counts(const struct bw_host *h, const char *code)
{
    long answered = h->mode == REPLAYS ? 1 : 0; /* the very first is right */
    assert_int_equal(h->n[BW_OK], answered);
    assert_int_equal(h->n[BW_LATE], 0);
    assert_true(h->n[BW_LOST] > 10);
    assert_int_equal(h->n_unlike, 0);
    assert_string_equal(h->code, code);
    assert_int_equal(h->n[BW_LOST_OUT] + h->n[BW_LOST_BACK], 0);
}

static void everything_counts(const struct bw_host *h, long lost)
{
    assert_true(h->n[BW_OK] > 10);
    assert_int_equal(h->n[BW_LOST] - h->n[BW_LATE], lost); /* a stalled machine is late */
    assert_string_equal(h->code, "");
    assert_true(h->rtt_min_ns > 0);
}

static void honest_and_not(void **state)
{
    static struct bw_host h[N_MODES];
    uv_loop_t loop;
    int n_done = 0;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (int i = 0; i < N_MODES; i++) {
        start(&h[i], &loop, (enum mode)i);
    }
    while (n_done < N_MODES) {
        (void)uv_run(&loop, UV_RUN_ONCE);
        n_done = 0;
        for (int i = 0; i < N_MODES; i++) {
            n_done += h[i].n_done;
        }
    }
    for (int i = 0; i < N_MODES; i++) {
        uv_close((uv_handle_t *)&h[i].poll, NULL);
        if (i == MOVES) {
            uv_close((uv_handle_t *)&h[i].other_poll, NULL);
        }
        bw_probe_stamp.close(h[i].probe, closed, &h[i]);
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (int i = 0; i < N_MODES; i++) {
        print_message("%s: %ld answered, %ld lost (%s), %ld out, %ld back\n", mode_names[i],
                      h[i].n[BW_OK], h[i].n[BW_LOST], h[i].code, h[i].n[BW_LOST_OUT],
                      h[i].n[BW_LOST_BACK]);
        assert_int_equal(h[i].n_closed, 1);
        (void)close(h[i].fd);
        (void)close(h[i].other_fd);
        bw_opts_free(h[i].opts);
    }
    everything_counts(&h[HONEST], 0);
    everything_counts(&h[STATELESS], 0);
    everything_counts(&h[SIGNED], 0);
    everything_counts(&h[TWAMP_LIGHT], 0);
    everything_counts(&h[TWICE], 0);
    everything_counts(&h[KEPT_TOO_LONG], 0);
    everything_counts(&h[MOVES], 0);
    assert_int_equal(h[MOVES].n[BW_LOST_OUT] + h[MOVES].n[BW_LOST_BACK], 0);
    everything_counts(&h[DROPS_BEFORE], PACKETS_DROPPED);
    everything_counts(&h[DROPS_AFTER], PACKETS_DROPPED);
    assert_int_equal(h[DROPS_BEFORE].n[BW_LOST_OUT], PACKETS_DROPPED);
    assert_int_equal(h[DROPS_BEFORE].n[BW_LOST_BACK], 0);
    assert_int_equal(h[DROPS_AFTER].n[BW_LOST_OUT], 0);
    assert_int_equal(h[DROPS_AFTER].n[BW_LOST_BACK], PACKETS_DROPPED);
    nothing_counts(&h[SILENT], "");
    nothing_counts(&h[SHORT], "bad-length");
    nothing_counts(&h[WRONG_NUMBER], "unmatched");
    nothing_counts(&h[WRONG_INSTANT], "unmatched");
    nothing_counts(&h[OTHER_ADDRESS], "other-address");
    nothing_counts(&h[WRONG_DIGEST], "bad-digest");
    nothing_counts(&h[UNSIGNED], "bad-digest");
    nothing_counts(&h[OTHER_SESSION], "bad-session");
    nothing_counts(&h[REPLAYS], "");
    /* the clocks are one here, and both say that they are set from outside */
    assert_true(h[HONEST].out_ns > 0 && h[HONEST].back_ns > 0);
    assert_true(h[HONEST].out_ns + h[HONEST].back_ns < 500 * NS_PER_MS);
    assert_true(h[HONEST].error_ns >= 1000000 && h[HONEST].error_ns < 1010000);
    assert_true(h[STATELESS].out_ns == BW_UNKNOWN && h[STATELESS].back_ns == BW_UNKNOWN);
}

/* Options ------------------------------------------------------------------------ */

static int checked(const char *const *pairs, size_t n, const char *address)
{
    struct bw_target target = {.name = "elm"};
    struct bw_opts_head head = {
        .name = "hub", .circuit = "wan", .targets = &target, .n_targets = 1};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    int r;
    (void)snprintf(target.address, sizeof(target.address), "%s", address);
    r = bw_opts_from_pairs(bw_probe_stamp.opts, &head, pairs, n, &opts, &err);
    if (r == 0) {
        r = bw_probe_stamp.check(opts, &err);
    }
    bw_opts_free(opts);
    return r;
}

static void options(void **state)
{
    const char *key_file[] = {"key_file=/etc/bandwitness/stamp.key", "size=112"};
    (void)state;
    assert_int_equal(checked(NULL, 0, "elm.example:8620"), 0);
    assert_int_equal(checked(NULL, 0, "elm.example:"), -EINVAL);
    assert_int_equal(checked((const char *[]){"size=14"}, 1, "::1"), 0);
    assert_int_equal(checked((const char *[]){"size=44"}, 1, "::1"), 0);
    assert_int_equal(checked((const char *[]){"size=46"}, 1, "::1"), -EINVAL);
    assert_int_equal(checked((const char *[]){"size=48"}, 1, "::1"), 0);
    assert_int_equal(checked(key_file, 2, "::1"), 0);
    key_file[1] = "size=44";
    assert_int_equal(checked(key_file, 2, "::1"), -EINVAL);
    key_file[1] = "size=14";
    assert_int_equal(checked(key_file, 2, "::1"), -EINVAL);
    assert_int_equal(checked((const char *[]){"key_file=stamp.key"}, 1, "::1"), -EINVAL);
}

static int setup(void **state)
{
    static const char digits[] = "0123456789abcdef";
    char text[40] = "";
    int fd = mkstemp(key_path);
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        text[2 * i] = digits[key.bytes[i] >> 4];
        text[2 * i + 1] = digits[key.bytes[i] & 15];
    }
    text[32] = '\n';
    if (fd < 0 || write(fd, text, 33) != 33 || close(fd) < 0) {
        return -1;
    }
    return bw_crypto_init();
}

static int teardown(void **state)
{
    (void)state;
    return unlink(key_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_way),
        cmocka_unit_test(an_outage_and_a_wrap),
        cmocka_unit_test(honest_and_not),
        cmocka_unit_test(options),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

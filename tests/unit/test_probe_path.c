/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_probe_path.c - the path probe without a network: the machine of a trace against
 * made-up ways with known truth, what of a reverse name may be told, and traces over
 * loopback whose host is this test. */
#include "bw_test.h"

#include "path_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    HOPS_MAX = 16,
    SENDS_MAX = 1000
};

/* A way of n hops, the last one the target. Link i leads to hop i + 1. */
struct way {
    int n;
    uint32_t mtu[HOPS_MAX];    /* of each link; 0: 1500 */
    bool tells[HOPS_MAX];      /* the router in front of the link says "too big" */
    bool silent[HOPS_MAX + 1]; /* hop (by TTL) never answers */
    int ends_at;               /* hop that says: no way on; 0: none */
    uint32_t target_shuns;     /* the target answers to nothing larger; 0: to all */
    uint32_t lies_mtu;         /* what "too big" names instead of the truth */
    int moody;                 /* hop that answers two of five large packets */
    int takes_turns;           /* hop that answers by another address every time */
    int swallows;              /* so many of the large packets, the first, are lost */
    int sends;
    int large; /* of them for the MTU */
};

static union bw_address hop_address(int ttl)
{
    union bw_address a = {.in = {.sin_family = AF_INET}};
    a.in.sin_addr.s_addr = htonl(0x0a000000U + (uint32_t)ttl);
    return a;
}

static uint32_t link_mtu(const struct way *w, int link)
{
    return w->mtu[link] ? w->mtu[link] : 1500;
}

/* What comes back of a packet. false: nothing. */
static bool fate(struct way *w, const struct path_ask *a, struct path_answer *ret)
{
    int at = 0;
    if (a->sized && w->large <= w->swallows) {
        return false;
    }
    while (at < w->n) {
        if (at > 0 && a->bytes > link_mtu(w, at)) {
            ret->kind = PATH_TOO_BIG;
            ret->from = hop_address(at);
            ret->mtu = w->lies_mtu ? w->lies_mtu : link_mtu(w, at);
            return w->tells[at];
        }
        at++;
        if (at == w->n) {
            ret->kind = PATH_TARGET;
        } else if (at == w->ends_at) {
            ret->kind = PATH_END;
        } else if (at == a->ttl) {
            ret->kind = PATH_HOP;
        } else {
            continue;
        }
        ret->from = hop_address(at);
        if (w->takes_turns == at) {
            ret->from.in.sin_addr.s_addr += htonl((uint32_t)(w->sends % 3) << 8);
        }
        if (w->moody == at && a->sized && w->large % 5 >= 2) {
            return false;
        }
        return !w->silent[at] &&
               (at < w->n || w->target_shuns == 0 || a->bytes <= w->target_shuns);
    }
    return false;
}

static void play(struct way *w, const struct path_conf *conf, struct path_trace *t)
{
    path_trace_start(t, conf);
    for (int i = 0; i < SENDS_MAX; i++) {
        struct path_ask a;
        struct path_answer answer = {.rtt_ns = 1000 + i};
        enum path_step step = path_trace_next(t, &a);
        if (step == PATH_DONE) {
            return;
        }
        assert_int_equal(step, PATH_SEND);
        assert_true(a.ttl >= 1 && a.bytes > 0);
        if (a.bytes > link_mtu(w, 0)) {
            assert_true(a.sized);
            path_trace_too_big_here(t, &a, link_mtu(w, 0));
            continue;
        }
        w->sends++;
        w->large += a.sized;
        path_trace_sent(t, &a);
        assert_true(w->large <= 96);
        if (fate(w, &a, &answer)) {
            path_trace_answer(t, &a, &answer, false);
        } else {
            path_trace_silence(t, &a);
        }
    }
    fail_msg("the trace never ends");
}

static const struct path_conf plain = {.family = 4,
                                       .probes = 3,
                                       .max_hops = 30,
                                       .max_silent = 5,
                                       .mtu = true,
                                       .small_bytes = 108};

static void a_way_is_seen(void **state)
{
    struct path_trace t;
    struct way w = {.n = 6};
    (void)state;
    play(&w, &plain, &t);
    assert_true(t.reached);
    assert_int_equal(t.last, 6);
    assert_int_equal(t.mtu, 1500);
    assert_false(t.vanished);
    assert_int_equal(w.sends, 6 * 3 + 1);
    for (int k = 1; k <= 6; k++) {
        union bw_address a = hop_address(k);
        assert_int_equal(t.hops[k - 1].answered, 3);
        assert_true(bw_address_equal(path_seen_address(&t.hops[k - 1], NULL), &a));
        assert_true(t.hops[k - 1].rtt_ns >= 1000);
    }
    assert_null(path_seen_address(&t.hops[6], NULL));
}

static void silence_and_ends(void **state)
{
    struct path_trace t;
    struct way quiet = {.n = 8, .silent = {[3] = true, [4] = true}};
    struct way filtered = {.n = 12, .silent = {[6] = 1, 1, 1, 1, 1, 1, 1}};
    struct way ended = {.n = 9, .ends_at = 4};
    struct way none = {.n = 9, .silent = {[1] = 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    struct path_conf few = plain;
    (void)state;
    play(&quiet, &plain, &t);
    assert_true(t.reached && t.last == 8 && t.mtu == 1500);
    assert_true(t.hops[2].answered == 0 && t.hops[2].rtt_ns == BW_UNKNOWN);
    play(&filtered, &plain, &t);
    assert_true(!t.reached && t.last == 5 && t.mtu == 1500);
    assert_int_equal(t.hops[10].sent, 0); /* 6 … 10 were silent: no 11 */
    assert_int_equal(t.hops[9].sent, 3);
    play(&ended, &plain, &t);
    assert_true(!t.reached && t.last == 4 && t.hops[4].sent == 0 && t.mtu == 1500);
    play(&none, &plain, &t);
    assert_true(!t.reached && t.last == 0 && t.mtu == 0 && none.large == 0);
    few.max_hops = 3;
    quiet.sends = 0;
    play(&quiet, &few, &t);
    assert_true(!t.reached && t.last == 2 && t.hops[3].sent == 0);
}

static void a_smaller_mtu_that_is_told(void **state)
{
    struct path_trace t;
    struct way w = {
        .n = 7, .mtu = {[2] = 1480, [5] = 1400}, .tells = {[2] = true, [5] = true}};
    struct way lies = {.n = 7, .mtu = {[2] = 1400}, .tells = {[2] = true}};
    static const uint32_t lie[] = {1, 67, 107, 1500, 65535, UINT32_MAX};
    (void)state;
    play(&w, &plain, &t);
    assert_true(t.mtu == 1400 && !t.vanished && t.hole_after == 0);
    assert_int_equal(w.large, 3);
    for (size_t i = 0; i < sizeof(lie) / sizeof(lie[0]); i++) {
        lies.lies_mtu = lie[i]; /* of no use: it is found by trying */
        lies.large = 0;
        play(&lies, &plain, &t);
        assert_true(t.mtu == 1400 && !t.vanished);
    }
    lies.lies_mtu = 600; /* passes for the truth, and is: 600 goes through */
    play(&lies, &plain, &t);
    assert_int_equal(t.mtu, 600);
}

static void black_holes(void **state)
{
    (void)state;
    for (int link = 1; link < 7; link++) {
        static const uint32_t sizes[] = {1499, 1492, 1400, 1281, 1280, 1279, 576};
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct path_trace t;
            struct path_conf again = plain;
            struct way w = {.n = 7};
            int first;
            w.mtu[link] = sizes[i];
            play(&w, &plain, &t);
            if (link == 6 && sizes[i] < 1280) {
                /* not to be told from a target that shuns large packets */
                assert_true(t.mtu == 1500 && !t.vanished);
                continue;
            }
            assert_int_equal(t.mtu, sizes[i]);
            assert_true(t.vanished);
            assert_int_equal(t.hole_after, link);
            first = w.large;
            w.large = 0;
            again.hint_mtu = t.mtu; /* the next trace knows where to look */
            play(&w, &again, &t);
            assert_true(t.mtu == sizes[i] && t.vanished && t.hole_after == link);
            assert_true(w.large < first);
            again.hint_mtu = sizes[i] - 77; /* and is not led astray by what was */
            w.large = 0;
            play(&w, &again, &t);
            assert_true(t.mtu == sizes[i] && t.vanished && t.hole_after == link);
        }
    }
}

static void not_every_silence_is_a_hole(void **state)
{
    struct path_trace t;
    struct way shuns = {.n = 5, .target_shuns = 1000};
    struct way both = {
        .n = 5, .target_shuns = 1000, .mtu = {[2] = 1400}, .tells = {[2] = true}};
    struct way near = {.n = 1, .mtu = {[0] = 9000}};
    struct way moody = {.n = 9, .ends_at = 4, .moody = 4};
    struct way judge = {.n = 9, .silent = {[6] = 1, 1, 1, 1}, .mtu = {[3] = 1300}};
    (void)state;
    play(&shuns, &plain, &t);
    assert_true(t.mtu == 1500 && !t.vanished);
    play(&both, &plain, &t);
    assert_true(t.mtu == 1400 && !t.vanished);
    play(&near, &plain, &t);
    assert_true(t.mtu == 9000 && !t.vanished && t.last == 1);
    for (int i = 0; i < 5; i++) { /* a judge that answers not each time: nothing is known */
        moody.large = i;
        play(&moody, &plain, &t);
        assert_true(!t.vanished && t.hole_after == 0 && (t.mtu == 0 || t.mtu == 1500));
    }
    play(&judge, &plain, &t); /* the target is silent: the last hop that answers judges */
    assert_true(t.mtu == 1300 && t.vanished && t.hole_after == 3);
}

/* Whoever says "too big" does so by and by: what was lost before is no hole then. */
static void a_loss_is_no_hole(void **state)
{
    struct path_trace t;
    struct way w = {.n = 5, .mtu = {[2] = 1492}, .tells = {[2] = true}};
    static const uint32_t says[] = {0, 1};
    (void)state;
    for (int alone = 0; alone < 2; alone++) { /* with routers that answer, and without */
        for (int k = 1; k < w.n; k++) {
            w.silent[k] = alone == 1;
        }
        for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
            w.lies_mtu = says[i];
            for (w.swallows = 0; w.swallows <= (alone == 1 ? 2 : 4); w.swallows++) {
                w.large = 0;
                play(&w, &plain, &t);
                assert_int_equal(t.mtu, 1492);
                assert_true(!t.vanished && t.hole_after == 0);
            }
        }
    }
}

/* One link swallows, and behind it a smaller one is told. */
static void a_hole_before_a_smaller_mtu(void **state)
{
    struct path_trace t;
    (void)state;
    for (int link = 1; link < 5; link++) {
        struct way w = {.n = 7, .mtu = {[5] = 1400}, .tells = {[5] = true}};
        w.mtu[link] = 1480;
        play(&w, &plain, &t);
        assert_int_equal(t.mtu, 1400);
        assert_true(t.vanished);
        assert_int_equal(t.hole_after, link);
    }
}

static void late_and_strange_answers(void **state)
{
    struct path_trace t;
    struct path_conf conf = plain;
    struct path_ask a;
    struct path_ask b;
    struct path_answer hop = {.kind = PATH_HOP, .from = hop_address(1), .rtt_ns = 5};
    struct path_answer big = {.kind = PATH_TOO_BIG, .from = hop_address(1), .mtu = 68};
    (void)state;
    conf.probes = 2;
    path_trace_start(&t, &conf);
    assert_int_equal(path_trace_next(&t, &a), PATH_SEND);
    path_trace_sent(&t, &a);
    assert_int_equal(path_trace_next(&t, &b), PATH_SEND);
    path_trace_sent(&t, &b);
    assert_int_equal(path_trace_next(&t, &b), PATH_WAIT);
    path_trace_answer(&t, &a, &big, false); /* of a small packet: nothing is known by it */
    assert_int_equal(t.hops[0].answered, 0);
    path_trace_silence(&t, &b);
    assert_int_equal(path_trace_next(&t, &a), PATH_SEND);
    assert_int_equal(a.ttl, 2);
    assert_int_equal(t.silent, 1);
    path_trace_answer(&t, &b, &hop, true); /* late: it names its hop all the same … */
    assert_int_equal(t.hops[0].answered, 1);
    path_trace_sent(&t, &a);
    assert_int_equal(t.waiting, 1);
    path_trace_answer(&t, &b, &hop, true);
    path_trace_answer(&t, &b, &hop, true); /* … but never more often than it was asked */
    assert_int_equal(t.hops[0].answered, 2);
    assert_int_equal(t.waiting, 1);
}

static void routers_that_take_turns(void **state)
{
    struct path_trace t;
    struct way w = {.n = 5, .takes_turns = 3};
    union bw_address before = hop_address(3);
    union bw_address other = hop_address(4);
    (void)state;
    play(&w, &plain, &t);
    for (int i = 0; i < 3; i++) { /* whichever it was before, it is still there */
        before.in.sin_addr.s_addr = htonl(0x0a000003U + ((uint32_t)i << 8));
        assert_true(bw_address_equal(path_seen_address(&t.hops[2], &before), &before));
    }
    assert_ptr_equal(path_seen_address(&t.hops[2], &other), &t.hops[2].from[0]);
}

static void names(void **state)
{
    static const struct {
        const char *address;
        const char *name;
        const char *told;
    } cases[] = {
        {"192.0.2.7", "ae-1.cr2.example.NET", "ae-1.cr2.example.net"},
        {"192.0.2.7", "ae-1.cr2.example.net.", "ae-1.cr2.example.net"},
        {"192.0.2.7", "ip-192-0-2-7.cust.example.net", "cust.example.net"},
        {"192.0.2.7", "7.2.0.192.dyn.example.net", "dyn.example.net"},
        {"192.0.2.7", "host192000002007.example.net", "example.net"},
        {"192.0.2.7", "xc0000207.example.net", "example.net"},
        {"192.0.2.7", "C0000207-a.b.example.net", "example.net"},
        {"192.0.2.7", "a.192.0.2.7", ""},
        {"192.0.2.7", "192.0.2.7", ""},
        {"192.0.2.7", "ge-0-0-2.192.example.net", "ge-0-0-2.192.example.net"},
        {"192.0.2.7", "evil\x1b[31m.example.net", ""},
        {"192.0.2.7", "a b.example.net", ""},
        {"192.0.2.7", "", ""},
        {"192.0.2.7", "_x.example.net", ""},
        {"2001:db8:12:34:56:78:9a:bc", "r1.example.org", "r1.example.org"},
        {"2001:db8:12:34:56:78:9a:bc",
         "2001-0db8-0012-0034-0056-0078-009a-00bc.v6.example.org", "example.org"},
        {"2001:db8:12:34:56:78:9a:bc", "x.c.b.0.0.a.9.0.0.8.7.0.0.ip6.example.org",
         "example.org"},
        {"2001:db8:12:34:56:78:9a:bc", "host00560078009a00bc.example.org", "example.org"},
    };
    char ret[BW_NAME_MAX + 1];
    char longest[300];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
        assert_true(bw_address_parse(cases[i].address, &a));
        path_name_clean(cases[i].name, &a, ret);
        if (strcmp(ret, cases[i].told) != 0) {
            print_message("%s at %s: '%s'\n", cases[i].name, cases[i].address, ret);
        }
        assert_string_equal(ret, cases[i].told);
    }
    {
        union bw_address a = hop_address(1);
        (void)memset(longest, 'a', sizeof(longest));
        longest[100] = '.';
        (void)memcpy(longest + 150, ".example.net", 13);
        path_name_clean(longest, &a, ret); /* 49 and 12 bytes are left of it */
        assert_int_equal(strlen(ret), 61);
        longest[100] = 'a';
        path_name_clean(longest, &a, ret);
        assert_string_equal(ret, "example.net");
        (void)memset(longest, 'a', sizeof(longest));
        longest[299] = '\0';
        path_name_clean(longest, &a, ret);
        assert_string_equal(ret, "");
    }
}

/* Over loopback ------------------------------------------------------------------ */

extern const struct bw_probe_ops bw_probe_path;

struct bw_host {
    uv_loop_t loop;
    uv_timer_t wake; /* a timer's own work may be all there is to wait for */
    struct bw_probe *probe;
    struct bw_opts *opts;
    struct bw_path_sample told; /* the first of all */
    struct bw_path_hop hop;     /* … and its first hop */
    int n_told, n_done, n_closed;
};

struct uv_loop_s *bw_host_loop(struct bw_host *host)
{
    return &host->loop;
}

const uint8_t *bw_host_path_key(const struct bw_host *host)
{
    static const uint8_t key[BW_PATH_KEY_LEN] = "elm";
    (void)host;
    return key;
}

void bw_host_path(struct bw_host *host, const struct bw_path_sample *s)
{
    if (host->n_told++ == 0) {
        host->told = *s;
        if (s->n_hops > 0) {
            host->hop = s->hops[0];
        }
    }
}

void bw_host_done(struct bw_host *host, int status)
{
    assert_int_equal(status, -ECANCELED);
    host->n_done++;
}

static void on_wake(uv_timer_t *timer)
{
    (void)timer;
}

static void on_closed(void *owner)
{
    struct bw_host *h = owner;
    h->n_closed++;
}

/* One target, asked over UDP, which needs no rights. */
static void start(struct bw_host *h)
{
    static const char *const pairs[] = {"method=udp", "mtu=no", "names=no"};
    struct bw_target target = {.name = "elm", .address = "127.0.0.1"};
    struct bw_opts_head head = {
        .name = "way", .circuit = "wan", .targets = &target, .n_targets = 1};
    struct bw_err err = {""};
    *h = (struct bw_host){.n_told = 0};
    assert_int_equal(uv_loop_init(&h->loop), 0);
    assert_int_equal(uv_timer_init(&h->loop, &h->wake), 0);
    assert_int_equal(uv_timer_start(&h->wake, on_wake, 10, 10), 0);
    assert_int_equal(
        bw_opts_from_pairs(bw_probe_path.opts, &head, pairs, 3, &h->opts, &err), 0);
    assert_int_equal(bw_probe_path.create(h, h->opts, &h->probe), 0);
    assert_int_equal(bw_probe_path.open(h->probe, &err), 0);
    assert_int_equal(bw_probe_path.run(h->probe, 0), 0);
}

static void finish(struct bw_host *h)
{
    bw_probe_path.cancel(h->probe);
    while (h->n_done == 0) {
        (void)uv_run(&h->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&h->wake, NULL);
    bw_probe_path.close(h->probe, on_closed, h);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    assert_int_equal(h->n_closed, 1);
    assert_int_equal(uv_loop_close(&h->loop), 0);
    bw_opts_free(h->opts);
}

/* A lookup ends in the midst of a trace, and the name is elsewhere. */
static void one_trace_one_address(void **state)
{
    struct bw_host h;
    struct path_target *t;
    (void)state;
    start(&h);
    t = &h.probe->targets[0];
    while (t->trace.hops[0].sent == 0) {
        (void)uv_run(&h.loop, UV_RUN_ONCE);
    }
    assert_int_equal(h.n_told, 0);
    assert_true(bw_address_parse("127.0.0.2", &t->where.to));
    bw_address_set_port(&t->where.to, 33434);
    while (h.n_told == 0) {
        (void)uv_run(&h.loop, UV_RUN_ONCE);
    }
    assert_int_equal(h.told.state, BW_OK);
    assert_true(h.told.reached);
    assert_int_equal(h.told.n_hops, 1);
    assert_int_equal(h.hop.sent, 3);
    assert_int_equal(h.hop.lost, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(t->trace.hops[0].from[i].in.sin_addr.s_addr,
                         htonl(INADDR_LOOPBACK));
    }
    finish(&h);
}

/* Whoever ends the round loses a trace that is under way, not one that lacks names. */
static void ended_before_its_names(void **state)
{
    struct bw_host h;
    (void)state;
    for (int i = 0; i < 2; i++) {
        start(&h);
        while (h.n_told == 0) {
            (void)uv_run(&h.loop, UV_RUN_ONCE);
        }
        h.n_told = 0;
        h.probe->targets[0].state = i == 0 ? PATH_NAMING : PATH_TRACING;
        finish(&h);
        assert_int_equal(h.n_told, 1);
        assert_int_equal(h.told.state, i == 0 ? BW_OK : BW_SKIPPED);
        assert_int_equal(h.told.n_hops, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_is_seen),
        cmocka_unit_test(silence_and_ends),
        cmocka_unit_test(a_smaller_mtu_that_is_told),
        cmocka_unit_test(black_holes),
        cmocka_unit_test(not_every_silence_is_a_hole),
        cmocka_unit_test(a_loss_is_no_hole),
        cmocka_unit_test(a_hole_before_a_smaller_mtu),
        cmocka_unit_test(late_and_strange_answers),
        cmocka_unit_test(routers_that_take_turns),
        cmocka_unit_test(names),
        cmocka_unit_test(one_trace_one_address),
        cmocka_unit_test(ended_before_its_names),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

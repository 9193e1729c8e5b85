/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_whereis.c - where a name is, whose lookups this test answers. */
#include "bw_test.h"

#include "whereis.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <uv.h>

static uv_getaddrinfo_t *asked; /* the lookup under way … */
static uv_getaddrinfo_cb asked_cb;
static int asked_flags;
static int n_asked;
static int64_t now_ns;
static unsigned ppp0_index; /* 0: there is no such interface */
static int n_looked;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
int __wrap_uv_getaddrinfo(uv_loop_t *loop,
                          uv_getaddrinfo_t *req,
                          uv_getaddrinfo_cb cb,
                          const char *node,
                          const char *service,
                          const struct addrinfo *hints);
void __wrap_uv_freeaddrinfo(struct addrinfo *list);
int64_t __wrap_bw_clock_mono_ns(void);
unsigned __wrap_if_nametoindex(const char *name);

int __wrap_uv_getaddrinfo(uv_loop_t *loop,
                          uv_getaddrinfo_t *req,
                          uv_getaddrinfo_cb cb,
                          const char *node,
                          const char *service,
                          const struct addrinfo *hints)
{
    (void)loop;
    (void)service;
    asked_flags = hints->ai_flags;
    assert_string_equal(node, "maple.example");
    asked = req;
    asked_cb = cb;
    n_asked++;
    return 0;
}

void __wrap_uv_freeaddrinfo(struct addrinfo *list)
{
    (void)list; /* the test's own */
}

int64_t __wrap_bw_clock_mono_ns(void)
{
    return now_ns;
}

unsigned __wrap_if_nametoindex(const char *name)
{
    n_looked++;
    return strcmp(name, "ppp0") == 0 ? ppp0_index : 0;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void ask(struct bw_whereis *w)
{
    if (now_ns < w->next_lookup_mono_ns) {
        now_ns = w->next_lookup_mono_ns;
    }
    bw_whereis_refresh(w, NULL, now_ns);
    assert_ptr_equal(w->lookup, asked); /* its first member */
}

/* Ask again after an hour, and let the name have these addresses, in this order. */
static void answer_with(struct bw_whereis *w, const char *first, const char *second)
{
    union bw_address a[2] = {{.sa = {.sa_family = AF_UNSPEC}}};
    struct addrinfo list[2] = {{.ai_addr = &a[0].sa, .ai_next = &list[1]},
                               {.ai_addr = &a[1].sa}};
    assert_true(bw_address_parse(first, &a[0]));
    assert_true(bw_address_parse(second, &a[1]));
    ask(w);
    asked_cb(asked, 0, list);
    assert_null(w->lookup);
}

/* Ask again when it is time, and let the lookup end so. */
static void fail_with(struct bw_whereis *w, int status)
{
    ask(w);
    asked_cb(asked, status, NULL);
    assert_null(w->lookup);
}

static void is_at(const struct bw_whereis *w, const char *text)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    assert_true(bw_address_parse(text, &a));
    bw_address_set_port(&a, 862);
    assert_true(bw_address_equal(&w->to, &a));
    assert_int_equal(w->family, bw_address_family(&a));
}

static void a_name_of_many_addresses(void **state)
{
    struct bw_whereis w;
    (void)state;
    bw_whereis_init(&w, "maple.example", 862, 0);
    answer_with(&w, "192.0.2.1", "192.0.2.2");
    is_at(&w, "192.0.2.1");
    answer_with(&w, "192.0.2.2", "192.0.2.1"); /* the name's own turns are no move */
    is_at(&w, "192.0.2.1");
    answer_with(&w, "2001:db8::1", "192.0.2.1");
    is_at(&w, "192.0.2.1");
    answer_with(&w, "192.0.2.3", "192.0.2.2"); /* this is one */
    is_at(&w, "192.0.2.3");
    /* nothing is looked up any more for one that is done */
    bw_whereis_done(&w);
    n_asked = 0;
    bw_whereis_refresh(&w, NULL, INT64_MAX - 1);
    assert_int_equal(n_asked, 0);
    assert_null(w.lookup);
}

/* What is gone from a name is given up after a day in which nothing else was said. */
static void a_name_without_an_address(void **state)
{
    static const int gone[] = {UV_EAI_NONAME, UV_EAI_NODATA, UV_EAI_ADDRFAMILY};
    static const int unknown[] = {UV_EAI_AGAIN, UV_EAI_FAIL, UV_EAI_MEMORY, UV_ENOMEM};
    const int64_t day_ns = INT64_C(86400) * 1000000000;
    struct bw_whereis w;
    int64_t from_ns;
    size_t n = 0;
    (void)state;
    bw_whereis_init(&w, "maple.example", 862, 4);
    fail_with(&w, UV_EAI_NONAME);
    assert_int_equal(asked_flags, AI_ADDRCONFIG);
    assert_int_equal(w.family, 0);
    answer_with(&w, "192.0.2.1", "192.0.2.2");
    fail_with(&w, UV_EAI_AGAIN); /* nobody answers: for as long as it takes */
    for (from_ns = now_ns; now_ns < from_ns + 2 * day_ns;) {
        fail_with(&w, UV_EAI_AGAIN);
    }
    is_at(&w, "192.0.2.1");
    /* an address that is known is not given up because this machine has no such family */
    assert_int_equal(asked_flags, 0);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]) + 1; i++) {
        fail_with(&w, gone[0]);
        for (from_ns = now_ns; now_ns < from_ns + day_ns - 30 * (day_ns / 86400);) {
            is_at(&w, "192.0.2.1");
            fail_with(&w, gone[n++ % 3]);
        }
        is_at(&w, "192.0.2.1");
        if (i < sizeof(unknown) / sizeof(unknown[0])) {
            fail_with(&w, unknown[i]); /* … and from the beginning */
        } else {
            answer_with(&w, "192.0.2.2", "192.0.2.1");
        }
        is_at(&w, "192.0.2.1");
    }
    fail_with(&w, gone[1]);
    for (from_ns = now_ns; now_ns < from_ns + day_ns;) {
        is_at(&w, "192.0.2.1");
        fail_with(&w, gone[1]);
    }
    assert_int_equal(w.family, 0);
    fail_with(&w, gone[1]);
    assert_int_equal(asked_flags, AI_ADDRCONFIG);
    assert_int_equal(w.family, 0);
    answer_with(&w, "192.0.2.2", "192.0.2.1"); /* nothing binds it to what it had */
    is_at(&w, "192.0.2.2");
    bw_whereis_done(&w);
}

/* "It has none" is said only where a lookup said so. */
static void what_is_missing(void **state)
{
    struct bw_whereis w;
    (void)state;
    bw_whereis_init(&w, "maple.example", 862, 6);
    assert_int_equal(bw_whereis_missing(&w), -BW_ENOLOOKUP);
    ask(&w); /* under way */
    assert_int_equal(bw_whereis_missing(&w), -BW_ENOLOOKUP);
    asked_cb(asked, UV_EAI_AGAIN, NULL);
    assert_int_equal(bw_whereis_missing(&w), -BW_ENOLOOKUP);
    fail_with(&w, UV_EAI_NODATA);
    assert_int_equal(bw_whereis_missing(&w), -EADDRNOTAVAIL);
    ask(&w); /* that still holds */
    assert_int_equal(bw_whereis_missing(&w), -EADDRNOTAVAIL);
    asked_cb(asked, UV_EAI_FAIL, NULL);
    assert_int_equal(bw_whereis_missing(&w), -BW_ENOLOOKUP);
    answer_with(&w, "2001:db8::1", "2001:db8::2");
    assert_int_equal(bw_whereis_missing(&w), 0);
    bw_whereis_done(&w);
    bw_whereis_init(&w, "192.0.2.1", 862, 0);
    assert_int_equal(bw_whereis_missing(&w), 0);
}

/* The interface of a link-local address goes, and comes back with another number. */
static void an_address_of_an_interface(void **state)
{
    static const struct {
        unsigned index; /* of ppp0, from now on */
        int after_ms;
        int looks;
        unsigned zone; /* what the address has then */
    } steps[] = {{4, 0, 1, 4},    {7, 999, 0, 4}, {7, 1, 1, 7},
                 {0, 1000, 1, 7}, {9, 500, 0, 7}, {9, 500, 1, 9}};
    struct bw_whereis w;
    (void)state;
    ppp0_index = 0;
    n_asked = 0;
    bw_whereis_init(&w, "fe80::1%ppp0", 862, 0);
    assert_true(!w.is_name && w.family == 6 && w.to.in6.sin6_scope_id == 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        ppp0_index = steps[i].index;
        now_ns += (int64_t)steps[i].after_ms * 1000000;
        n_looked = 0;
        bw_whereis_refresh(&w, NULL, now_ns);
        assert_int_equal(n_looked, steps[i].looks); /* once a second at most */
        assert_int_equal(w.to.in6.sin6_scope_id, steps[i].zone);
        assert_int_equal(w.family, 6);
        assert_int_equal(bw_address_port(&w.to), 862);
    }
    bw_whereis_done(&w);
    n_looked = 0;
    bw_whereis_refresh(&w, NULL, INT64_MAX - 1);
    bw_whereis_init(&w, "2001:db8::1", 862, 0);
    bw_whereis_refresh(&w, NULL, now_ns + 5000000000);
    assert_int_equal(n_looked, 0);
    assert_int_equal(n_asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_many_addresses),
        cmocka_unit_test(a_name_without_an_address),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(an_address_of_an_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

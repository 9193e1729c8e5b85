/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_whereis.c - where a name is, whose lookups this test answers. */
#include "bw_test.h"

#include "whereis.h"

#include <netdb.h>
#include <uv.h>

static uv_getaddrinfo_t *asked; /* the lookup under way … */
static uv_getaddrinfo_cb asked_cb;
static int n_asked;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
int __wrap_uv_getaddrinfo(uv_loop_t *loop,
                          uv_getaddrinfo_t *req,
                          uv_getaddrinfo_cb cb,
                          const char *node,
                          const char *service,
                          const struct addrinfo *hints);
void __wrap_uv_freeaddrinfo(struct addrinfo *list);

int __wrap_uv_getaddrinfo(uv_loop_t *loop,
                          uv_getaddrinfo_t *req,
                          uv_getaddrinfo_cb cb,
                          const char *node,
                          const char *service,
                          const struct addrinfo *hints)
{
    (void)loop;
    (void)service;
    (void)hints;
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
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Ask again after an hour, and let the name have these addresses, in this order. */
static void answer_with(struct bw_whereis *w, const char *first, const char *second)
{
    union bw_address a[2] = {{.sa = {.sa_family = AF_UNSPEC}}};
    struct addrinfo list[2] = {{.ai_addr = &a[0].sa, .ai_next = &list[1]},
                               {.ai_addr = &a[1].sa}};
    assert_true(bw_address_parse(first, &a[0]));
    assert_true(bw_address_parse(second, &a[1]));
    bw_whereis_refresh(w, NULL, w->next_lookup_mono_ns);
    assert_ptr_equal(w->lookup, asked); /* its first member */
    asked_cb(asked, 0, list);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_many_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

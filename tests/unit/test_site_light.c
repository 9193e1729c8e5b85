/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_site_light.c - whether a target can be sent to, of what was tried over IPv4 and
 * IPv6. */
#include "bw_test.h"
#include "site_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S INT64_C(1000000000)

static const struct way never = {0};

static struct bw_boxconf *one_target(void)
{
    static const char text[] = "circuit \"wan\" { vantage = lan-side source = none }\n"
                               "icmp \"edges\" { interval = 1s family = any\n"
                               "    target \"elm\" { address = \"elm.example\" }\n}\n";
    char path[] = "/tmp/bw-site-light-XXXXXX";
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    int r = bw_boxconf_load(path, &c, &err);
    (void)unlink(path);
    if (r < 0) {
        fail_msg("%s", err.text);
    }
    return c;
}

static struct way way(int32_t unsent, bool once, int64_t tried_mono_ns)
{
    return (struct way){.unsent = unsent, .once = once, .tried_mono_ns = tried_mono_ns};
}

static void expect(struct way four, struct way six, int unsent, int family)
{
    struct bw_boxconf *c = one_target();
    struct bw_site *s = calloc(1, sizeof(*s));
    struct light *l = calloc(1, sizeof(*l));
    int said_family = -1;
    assert_true(s && l);
    l->probe = &c->probes[0];
    l->ways[0][0] = four;
    l->ways[0][1] = six;
    s->config = c;
    s->lights[0] = l;
    s->n_lights = 1;
    assert_int_equal(bw_site_unsent(s, 0, 0, &said_family), unsent);
    assert_int_equal(said_family, family);
    free(l);
    free(s);
    bw_boxconf_unref(c);
}

static void over_one_or_none(void **state)
{
    (void)state;
    expect(never, never, 0, 0);
    expect(way(1, true, S), never, 0, 0);
    expect(way(-ENETUNREACH, false, S), never, -ENETUNREACH, 0);
    expect(never, way(-ENETUNREACH, false, S), -ENETUNREACH, 0);
    /* a family that this box never had is none that is missed */
    expect(way(1, true, S), way(-ENETUNREACH, false, S), 0, 0);
    expect(way(1, true, S), way(-ENETUNREACH, true, S), -ENETUNREACH, 6);
    expect(way(-ENETUNREACH, true, S), way(1, true, S), -ENETUNREACH, 4);
    /* neither goes: what worked before says why */
    expect(way(-EADDRNOTAVAIL, false, S), way(-ENETUNREACH, true, S), -ENETUNREACH, 0);
    expect(way(-EPERM, true, S), way(-ENETUNREACH, true, S), -EPERM, 0);
}

/* It was answered over one family; what is tried now is the other, and cannot be sent. */
static void a_name_that_goes_or_moves(void **state)
{
    (void)state;
    expect(way(-EADDRNOTAVAIL, false, 65 * S), way(1, true, S), 0, 0); /* not long enough */
    expect(way(-EADDRNOTAVAIL, false, 66 * S), way(1, true, S), -EADDRNOTAVAIL, 0);
    expect(way(-ENETUNREACH, false, 66 * S), way(-ENETUNREACH, true, S), -ENETUNREACH, 0);
    expect(way(1, true, S), way(-ENETUNREACH, false, 66 * S), -ENETUNREACH, 0);
    expect(way(1, true, 66 * S), way(1, true, S), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_one_or_none),
        cmocka_unit_test(a_name_that_goes_or_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

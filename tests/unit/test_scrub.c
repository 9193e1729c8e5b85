/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_scrub.c - addresses go, everything else stays. */
#include "bw_test.h"
#include "scrub.h"

#include <stdio.h>
#include <string.h>

static void addresses_go(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } cases[] = {{"Failed to connect to 192.0.2.7 port 443 after 3 ms",
                  "Failed to connect to (address) port 443 after 3 ms"},
                 {"192.0.2.7:8080 refused", "(address):8080 refused"},
                 {"[2001:db8::1]:80 refused.", "[(address)]:80 refused."},
                 {"no way to 2001:db8:0:1:2:3:4:5, nor to fe80::1%eth0",
                  "no way to (address), nor to (address)%eth0"},
                 {"::1", "(address)"},
                 {"it ends at 10.1.2.3.", "it ends at (address)."},
                 {"at 12:30:45 it was 1.2.3 of 4.5", "at 12:30:45 it was 1.2.3 of 4.5"},
                 {"abc: the added face 30000 bytes; only 38 in 2 s", /* hexadecimal words */
                  "abc: the added face 30000 bytes; only 38 in 2 s"},
                 {"v10.1.2.3x", "v10.1.2.3x"},
                 {"", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        (void)snprintf(text, sizeof(text), "%s", cases[i].from);
        bw_scrub_addresses(text, sizeof(text));
        assert_string_equal(text, cases[i].to);
    }
}

static void room_is_kept(void **state)
{
    char text[8] = "::1 ::1";
    (void)state;
    bw_scrub_addresses(text, sizeof(text));
    assert_string_equal(text, "(addres");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_go),
        cmocka_unit_test(room_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

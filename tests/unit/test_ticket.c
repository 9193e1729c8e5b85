/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ticket.c - what the collector's answer to a request for a ticket means for a run. */
#include "bw_test.h"
#include "ticket.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int said(long status, const char *body, char text[BW_TICKET_MAX + 1])
{
    return bw_ticket_said(status, body, strlen(body), text, BW_TICKET_MAX + 1);
}

static void test_good(void **state)
{
    (void)state;
    char text[BW_TICKET_MAX + 1];
    assert_int_equal(said(200, "{\"results\":[{}],\"nonce\":\"x\"}\n", text), 0);
    assert_string_equal(text, "{\"results\":[{}],\"nonce\":\"x\"}");
    assert_int_equal(said(200, "", text), -EBADMSG);
    assert_int_equal(said(200, "[]", text), -EBADMSG);
    assert_int_equal(said(200, "{\"results\":1}", text), -EBADMSG);
    char large[BW_TICKET_MAX + 100];
    memset(large, ' ', sizeof(large));
    memcpy(large, "{\"results\":[]", 13);
    large[sizeof(large) - 2] = '}';
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(said(200, large, text), -EBADMSG);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *body;
        int code;
        const char *text;
    } rows[] = {
        {503, "{\"type\":\"/problems/server-busy\"}", -EBUSY, "server busy"},
        {429, "{\"type\":\"/problems/day-used-up\"}", -EBUSY,
         "this site's day at the server is used up"},
        {403, "{\"type\":\"https://x.example/problems/not-testable\"}", -BW_EREFUSED,
         "the claim is above what the server carries"},
        {404, "{\"type\":\"/problems/not-found\"}", -BW_EREFUSED,
         "no ticket: the collector says 404 not-found"},
        {503, "<html>", -EBUSY, "no ticket: the collector says 503"},
        {502, "<html>", -EBUSY, "no ticket: the collector says 502"},
        {504, "", -EBUSY, "no ticket: the collector says 504"},
        {400, "{\"type\":\"/problems/<script>\"}", -BW_EREFUSED,
         "no ticket: the collector says 400"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[BW_TICKET_MAX + 1];
        assert_int_equal(said(rows[i].status, rows[i].body, text), rows[i].code);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_advice.c - each trouble has its own mend, and libcurl's words are still the ones
 * that are looked for. */
#include "advice.h"
#include "bw_test.h"

#include <bw/err.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

static void delivery(void **state)
{
    static const struct {
        const char *error;
        const char *says;
    } cases[] = {
        {"Could not resolve host: collector.example", "name service"},
        {"Resolving timed out after 20000 milliseconds", "name service"},
        {"SSL certificate problem: certificate is not yet valid", "clock"},
        {"Failed to connect to collector.example port 443 after 3 ms: Couldn't connect to "
         "server",
         "firewall"},
        {"Connection timed out after 20001 milliseconds", "firewall"},
        {"unknown-key: this key is not enrolled", "bandwitness enroll"},
        {"a receipt that does not hold: it is about another record", "another key"},
        {"HTTP 503", "nothing to do here"},
        {"HTTP 429, busy: too many posts", "wait"},
        {"HTTP 302", "moved"},
        {"HTTP 404", "not the collector"},
        {"HTTP 200 with an answer that is no JSON: '[' or '{' expected near '<'", "portal"},
        {"something new", "send this line"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *mend = bw_advice_delivery(cases[i].error);
        if (!strstr(mend, cases[i].says)) {
            fail_msg("%s: %s", cases[i].error, mend);
        }
    }
    assert_non_null(
        strstr(bw_advice_delivery(curl_easy_strerror(CURLE_COULDNT_RESOLVE_HOST)),
               "name service"));
    assert_non_null(
        strstr(bw_advice_delivery(curl_easy_strerror(CURLE_COULDNT_CONNECT)), "firewall"));
    assert_non_null(strstr(
        bw_advice_delivery(curl_easy_strerror(CURLE_PEER_FAILED_VERIFICATION)), "clock"));
    assert_non_null(
        strstr(bw_advice_delivery(curl_easy_strerror(CURLE_SSL_CONNECT_ERROR)), "TLS"));
}

static void storage_and_tests(void **state)
{
    (void)state;
    assert_non_null(strstr(bw_advice_storage(-ENOSPC), "free some space"));
    assert_non_null(strstr(bw_advice_storage(-EROFS), "read-only"));
    assert_non_null(strstr(bw_advice_storage(-EBUSY), "locked"));
    assert_non_null(strstr(bw_advice_storage(-EIO), "failing"));
    assert_non_null(strstr(bw_advice_unsent(-EPERM), "firewall"));
    assert_non_null(strstr(bw_advice_unsent(-ENETUNREACH), "ip route"));
    assert_non_null(strstr(bw_advice_unsent(-EADDRNOTAVAIL), "name service"));
    assert_non_null(strstr(bw_advice_unsent(-BW_ENOLOOKUP), "no name server"));
    assert_non_null(strstr(bw_advice_unsent(-BW_ENOSOURCE), "source_address"));
    assert_non_null(strstr(bw_advice_left_out("busy: users draw 20 kbit/s down"), "share"));
    assert_non_null(strstr(bw_advice_left_out("no counter: what users draw cannot be read"),
                           "interface"));
    assert_non_null(strstr(bw_advice_left_out("budget: 3 MB of the day's"), "day_bytes"));
    assert_non_null(
        strstr(bw_advice_left_out("class hours or outside the test window"), "window"));
    assert_non_null(strstr(bw_advice_left_out("outage: the circuit is down"), "line"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivery),
        cmocka_unit_test(storage_and_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

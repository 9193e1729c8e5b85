/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_options.c - what the http probe accepts, and what follows from it before it runs. */
#include "http_options.h"

#include "http_engine.h"
#include "http_receipt.h"

#include <bw/err.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    CLOSING_MS = 1000
};

static const int64_t UNKNOWN_LINE_BPS = 1000000000; /* for the budget of an unknown line */

static const char *const direction_words[] = {"down", "up", "both", NULL};
static const char *const ticket_words[] = {"none", "collector", NULL};
static const char *const method_words[] = {"post", "put", NULL};

const struct bw_optspec http_opts[] = {
    {.name = "direction",
     .type = BW_OPT_ENUM,
     .def = "down",
     .words = direction_words,
     .doc = "What a run measures: down, up, or both, one after the other."},
    {.name = "ticket",
     .type = BW_OPT_ENUM,
     .def = "none",
     .words = ticket_words,
     .doc = "collector: before each run the daemon asks the collector, where it has a "
            "measurement server, for a ticket and tests there, whatever the address of the "
            "section's one target says. The run is put off while that server has no place; "
            "warmup and duration together are 28s at most then."},
    {.name = "streams",
     .type = BW_OPT_INT,
     .min = 1,
     .max = HTTP_STREAMS_MAX,
     .def = "8",
     .doc = "Connections at the same time. One stands for a single download; eight fill a "
            "line that is long or lossy."},
    {.name = "duration",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 60000,
     .def = "10s",
     .doc = "Length of the measured window of each direction."},
    {.name = "warmup",
     .type = BW_OPT_DURATION,
     .min = 0,
     .max = 60000,
     .def = "2s",
     .doc = "Time after the first byte that is moved but not measured, while the "
            "connections find their speed."},
    {.name = "download",
     .type = BW_OPT_STRING,
     .max = 1024,
     .def = "",
     .doc =
         "What to fetch, as an URL relative to the target's address; the address itself "
         "when not said. A file of 10 MB or more is best; it is fetched again and again."},
    {.name = "upload",
     .type = BW_OPT_STRING,
     .max = 1024,
     .def = "",
     .doc = "Where to send, as an URL relative to the target's address; the address itself "
            "when not said. The server reads the body, throws it away and answers 2xx."},
    {.name = "upload_method",
     .type = BW_OPT_ENUM,
     .def = "post",
     .words = method_words,
     .doc = "The request of an upload: post or put."},
    {.name = "upload_size",
     .type = BW_OPT_SIZE,
     .min = 100000,
     .max = 10000000000,
     .def = "20MB",
     .doc = "Body of one upload request; the server's limit must allow it."},
    {.name = "connect_timeout",
     .type = BW_OPT_DURATION,
     .min = 500,
     .max = 30000,
     .def = "5s",
     .doc = "Longest time until a connection stands, name and TLS included."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .doc =
         "Certificates to trust (PEM) instead of the system's; everybody must be able to "
         "read the file, since a run has no rights."},
    {.name = NULL, .type = BW_OPT_END},
};

/* URLs ------------------------------------------------------------------------- */

int http_make_url(const char *address, const char *relative, char *ret, size_t cap)
{
    CURLU *u = curl_url();
    char *text = NULL;
    char *scheme = NULL;
    int r = -EINVAL;
    if (!u) {
        return -ENOMEM;
    }
    if (curl_url_set(u, CURLUPART_URL, address, 0) == CURLUE_OK &&
        (relative[0] == '\0' || curl_url_set(u, CURLUPART_URL, relative, 0) == CURLUE_OK) &&
        curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
        strlen(text) < cap) {
        (void)snprintf(ret, cap, "%s", text);
        r = 0;
    }
    curl_free(text);
    curl_free(scheme);
    curl_url_cleanup(u);
    return r;
}

bool http_wants(const struct bw_opts *o, enum bw_direction d)
{
    int64_t word = bw_opt_int(o, "direction");
    return word == 2 || word == (d == BW_UP ? 1 : 0);
}

int http_check(const struct bw_opts *opts, struct bw_err *reterr)
{
    static const char *const keys[] = {"download", "upload"};
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "http needs at least one target");
    }
    if (bw_opt_int(opts, "ticket") == 1 &&
        bw_opt_int(opts, "warmup") + bw_opt_int(opts, "duration") > HTTP_TICKET_MS) {
        return bw_err_set(reterr, -EINVAL,
                          "warmup and duration are more than %d s together: a test with a "
                          "ticket may not be longer",
                          HTTP_TICKET_MS / 1000);
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        char url[HTTP_URL_MAX];
        if (http_make_url(t->address, "", url, sizeof(url)) < 0) {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": '%.200s' is not an URL that begins with "
                              "http:// or https://",
                              t->name, t->address);
        }
        for (size_t k = 0; k < 2; k++) {
            if (http_make_url(t->address, bw_opt_str(opts, keys[k]), url, sizeof(url)) <
                0) {
                return bw_err_set(reterr, -EINVAL,
                                  "%s = '%.200s' makes no HTTP URL together with '%.200s'",
                                  keys[k], bw_opt_str(opts, keys[k]), t->address);
            }
        }
    }
    return 0;
}

bool http_with_ticket(const struct bw_opts *o)
{
    return bw_opt_int(o, "ticket") == 1;
}

int64_t http_cost(const struct bw_opts *opts, int64_t line_bps)
{
    int64_t ms = bw_opt_int(opts, "warmup") + bw_opt_int(opts, "duration") + HTTP_TICK_MS;
    int64_t bps = line_bps == BW_UNKNOWN || line_bps <= 0 ? UNKNOWN_LINE_BPS : line_bps;
    return bps / 8000 * ms * (http_wants(opts, BW_DOWN) + http_wants(opts, BW_UP));
}

int64_t http_longest_ms(const struct bw_opts *opts)
{
    int64_t one = bw_opt_int(opts, "connect_timeout") + HTTP_STALL_MS +
                  bw_opt_int(opts, "warmup") + bw_opt_int(opts, "duration") + CLOSING_MS +
                  (http_with_ticket(opts) ? HTTP_RECEIPT_MS : 0);
    return one * (http_wants(opts, BW_DOWN) + http_wants(opts, BW_UP));
}

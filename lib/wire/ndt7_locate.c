/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_locate.c - Locate v2's answers.
 *
 * Invariant: every address that is given back is a wss:// or ws:// one of visible ASCII;
 * every name fits into a record. */
#include "ndt7_locate.h"

#include "ndt7.h"

#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

/* Preferred first. */
static const char *const keys[BW_DIRECTIONS][2] = {
    [BW_DOWN] = {"wss://" BW_NDT7_DOWNLOAD_PATH, "ws://" BW_NDT7_DOWNLOAD_PATH},
    [BW_UP] = {"wss://" BW_NDT7_UPLOAD_PATH, "ws://" BW_NDT7_UPLOAD_PATH},
};

static bool is_url(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f) {
            return false;
        }
    }
    return n <= BW_NDT7_URL_MAX &&
           (strncmp(text, "wss://", 6) == 0 || strncmp(text, "ws://", 5) == 0);
}

static bool is_name(const char *text, size_t most)
{
    size_t n = strlen(text);
    return n > 0 && n <= most && bw_utf8_valid(text, n) && bw_utf8_hidden(text, n) == n;
}

/* It goes into records, as a token. */
static bool is_machine(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c <= 0x20 || *c >= 0x7f) {
            return false;
        }
    }
    return text[0] != '\0' && strlen(text) <= BW_NDT7_MACHINE_MAX;
}

/* A text that is only shown: left out where it does not fit. */
static void take_shown(const json_t *from, const char *name, char *ret, size_t cap)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (text && is_name(text, cap - 1)) {
        (void)snprintf(ret, cap, "%s", text);
    }
}

static int read_server(const json_t *v, struct bw_ndt7_server *ret, struct bw_err *reterr)
{
    const char *machine = json_string_value(json_object_get(v, "machine"));
    const json_t *urls = json_object_get(v, "urls");
    const json_t *location = json_object_get(v, "location");
    if (!machine || !is_machine(machine)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a server without a proper 'machine'");
    }
    if (!json_is_object(urls)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "server %s has no 'urls'", machine);
    }
    (void)snprintf(ret->machine, sizeof(ret->machine), "%s", machine);
    take_shown(location, "city", ret->city, sizeof(ret->city));
    take_shown(location, "country", ret->country, sizeof(ret->country));
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const json_t *url = json_object_get(urls, keys[d][0]);
        const char *text;
        url = url ? url : json_object_get(urls, keys[d][1]);
        text = json_string_value(url);
        if (!url) {
            continue;
        }
        if (!text || !is_url(text)) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "server %s has an 'urls' that is none", machine);
        }
        (void)snprintf(ret->url[d], sizeof(ret->url[d]), "%s", text);
    }
    return 0;
}

static int read_servers(const json_t *j, struct bw_ndt7_located *ret, struct bw_err *reterr)
{
    const json_t *results = json_object_get(j, "results");
    size_t n = json_array_size(results);
    if (results && !json_is_array(results) && !json_is_null(results)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "'results' is no array");
    }
    for (size_t i = 0; i < n && ret->n < BW_NDT7_SERVERS_MAX; i++) {
        struct bw_ndt7_server *s = &ret->servers[ret->n];
        int r = read_server(json_array_get(results, i), s, reterr);
        if (r < 0) {
            return r;
        }
        if (s->url[BW_DOWN][0] || s->url[BW_UP][0]) {
            ret->n++;
        } else {
            (void)memset(s, 0, sizeof(*s));
        }
    }
    return 0;
}

static void read_problem(const json_t *j, struct bw_ndt7_located *ret)
{
    const json_t *error = json_object_get(j, "error");
    const json_t *status = json_object_get(error, "status");
    if (json_is_integer(status)) {
        ret->status = json_integer_value(status);
    }
    take_shown(error, "title", ret->problem, sizeof(ret->problem));
    take_shown(error, "detail", ret->problem, sizeof(ret->problem));
}

int bw_ndt7_locate_read(const char *text,
                        size_t n,
                        struct bw_ndt7_located *ret,
                        struct bw_err *reterr)
{
    json_t *j = NULL;
    int r = bw_json_parse(text, n, BW_NDT7_LOCATE_MAX, &j, reterr);
    if (r < 0) {
        return r;
    }
    (void)memset(ret, 0, sizeof(*ret));
    ret->status = BW_UNKNOWN;
    if (!json_is_object(j)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "the answer is no object");
    } else if (!json_object_get(j, "results") && !json_object_get(j, "error")) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "the answer has neither results nor an error");
    } else {
        r = read_servers(j, ret, reterr);
        read_problem(j, ret);
    }
    json_decref(j);
    return r;
}

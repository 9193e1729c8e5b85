/* SPDX-License-Identifier: GPL-3.0-or-later
 * box_asked.c - verbs that ask this box's daemon. */
#include "box_asked.h"

#include "box.h"
#include "hash.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bw_boxconf *
box_asked_config(const struct bw_verb *v, const struct box_asked *a, int *ret_exit)
{
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    if (bw_crypto_init() < 0) {
        *ret_exit = bw_cli_failed(v, "cryptography could not be set up");
        return NULL;
    }
    if (bw_boxconf_load(a->config ? a->config : BW_CLI_BOX_CONFIG, &c, &err) < 0) {
        *ret_exit = bw_cli_failed(v, "%s", err.text);
        return NULL;
    }
    if (c->timezone[0]) {
        (void)setenv("TZ", c->timezone, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
        tzset();
    }
    return c;
}

int box_asked(const struct bw_verb *v,
              const struct box_asked *a,
              const struct bw_boxconf *c,
              json_t *request,
              json_t **ret)
{
    struct bw_err err = {0};
    json_t *answer = NULL;
    int r = bw_cli_ask(a->socket ? a->socket : c->control_path, request, NULL, NULL,
                       &answer, &err);
    json_decref(request);
    if (r < 0) {
        json_decref(answer);
        return bw_cli_failed(v, "%s", err.text);
    }
    (void)json_object_del(answer, "ok");
    *ret = answer;
    return BW_EXIT_OK;
}

int64_t box_number(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_integer(v) ? json_integer_value(v) : BW_UNKNOWN;
}

const char *box_text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));
    return t ? t : "";
}

const char *box_local(int64_t unix_s, char out[64])
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    out[0] = '\0';
    if (localtime_r(&t, &tm)) {
        (void)strftime(out, 64, "%a %d %b %H:%M", &tm);
    }
    return out;
}

void box_print_json(const json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_INDENT(2));
    (void)putchar('\n');
}

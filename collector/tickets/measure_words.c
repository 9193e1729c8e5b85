/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure_words.c - lines between the collector and its measurement process. Both ends are
 * the same program, and still neither trusts the other's bytes. */
#include "measure_words.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEM_MAX = 256 * 1024
};

static const char *const names[] = {
    [BW_MEASURE_JOB] = "job",         [BW_MEASURE_GRANT] = "grant",
    [BW_MEASURE_RECEIPT] = "receipt", [BW_MEASURE_READY] = "ready",
    [BW_MEASURE_ASK] = "ask",         [BW_MEASURE_ENDED] = "ended",
    [BW_MEASURE_JOINED] = "joined",   [BW_MEASURE_STATS] = "stats",
};
enum {
    N_NAMES = sizeof(names) / sizeof(names[0]),
    N_STATS = 4
};

static void stats_rows(struct bw_testsrv_stats *s,
                       const char *ret_names[N_STATS],
                       int64_t *ret[N_STATS])
{
    static const char *const words[N_STATS] = {"connections", "tests", "tests_ever",
                                               "cut_waiting"};
    int64_t *const at[N_STATS] = {&s->connections, &s->tests, &s->tests_ever,
                                  &s->cut_waiting};
    memcpy(ret_names, words, sizeof(words));
    memcpy(ret, at, sizeof(at));
}

int bw_measure_write(const struct bw_measure_line *l, struct bw_buf *out)
{
    struct bw_jw w;
    struct bw_testsrv_stats stats = l->stats;
    const char *words[N_STATS];
    int64_t *values[N_STATS];
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "what", names[l->what]);
    bw_jw_ki64(&w, "test", (int64_t)l->test);
    switch (l->what) {
    case BW_MEASURE_JOB:
        bw_jw_kstr(&w, "server", l->server);
        bw_jw_ki64(&w, "fds", l->n_fds);
        bw_jw_ki64(&w, "connections", l->connections);
        bw_jw_kstr(&w, "cert", l->cert_pem);
        bw_jw_kstr(&w, "key", l->key_pem);
        break;
    case BW_MEASURE_GRANT:
        bw_jw_ki64(&w, "status", l->status);
        bw_jw_kstr(&w, "reason", l->reason);
        bw_jw_ki64(&w, "max_bytes", l->max_bytes);
        break;
    case BW_MEASURE_RECEIPT:
        bw_jw_kstr(&w, "jws", l->jws);
        break;
    case BW_MEASURE_ASK:
        bw_jw_kstr(&w, "token", l->token);
        bw_jw_kstr(&w, "peer", l->peer);
        bw_jw_ki64(&w, "kind", (int64_t)l->kind);
        bw_jw_ki64(&w, "direction", (int64_t)l->direction);
        break;
    case BW_MEASURE_JOINED:
        bw_jw_kstr(&w, "peer", l->peer);
        break;
    case BW_MEASURE_ENDED:
        bw_jw_key(&w, "measured");
        if (bw_receipt_measured_write(&l->measured, &w, NULL) < 0) {
            return -EINVAL;
        }
        break;
    case BW_MEASURE_STATS:
        stats_rows(&stats, words, values);
        for (int i = 0; i < N_STATS; i++) {
            bw_jw_ki64(&w, words[i], *values[i]);
        }
        break;
    case BW_MEASURE_READY:
        break;
    }
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
    return bw_buf_error(out);
}

void bw_measure_line_done(struct bw_measure_line *l)
{
    if (l->key_pem) {
        explicit_bzero(l->key_pem, strlen(l->key_pem));
    }
    free(l->cert_pem);
    free(l->key_pem);
    l->cert_pem = NULL;
    l->key_pem = NULL;
}

/* ---- reading */

static int
get_text(const json_t *o, const char *name, char *out, size_t cap, struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_get_str(o, name, cap - 1, &text, reterr);
    if (r == 0) {
        (void)snprintf(out, cap, "%s", text);
    }
    return r;
}

static int get_pem(const json_t *o, const char *name, char **ret, struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_opt_str(o, name, PEM_MAX, &text, reterr);
    if (r == 0 && text) {
        *ret = strdup(text);
        r = *ret ? 0 : -ENOMEM;
    }
    return r;
}

static int read_job(const json_t *o, struct bw_measure_line *l, struct bw_err *reterr)
{
    int r = get_text(o, "server", l->server, sizeof(l->server), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "fds", 1, BW_TESTSRV_LISTEN_MAX, &l->n_fds, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "connections", 1, 1000000, &l->connections, reterr);
    r = r < 0 ? r : get_pem(o, "cert", &l->cert_pem, reterr);
    return r < 0 ? r : get_pem(o, "key", &l->key_pem, reterr);
}

static int read_ask(const json_t *o, struct bw_measure_line *l, struct bw_err *reterr)
{
    int64_t kind = 0;
    int64_t direction = 0;
    int r = get_text(o, "token", l->token, sizeof(l->token), reterr);
    r = r < 0 ? r : get_text(o, "peer", l->peer, sizeof(l->peer), reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "kind", 0, BW_TEST_KIND_HTTP, &kind, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "direction", 0, BW_UP, &direction, reterr);
    l->kind = (enum bw_test_kind)kind;
    l->direction = (enum bw_direction)direction;
    return r;
}

static int read_grant(const json_t *o, struct bw_measure_line *l, struct bw_err *reterr)
{
    int r = bw_json_get_i64(o, "status", 200, 599, &l->status, reterr);
    r = r < 0 ? r : get_text(o, "reason", l->reason, sizeof(l->reason), reterr);
    return r < 0 ? r : bw_json_get_i64(o, "max_bytes", 0, INT64_MAX, &l->max_bytes, reterr);
}

static int read_stats(const json_t *o, struct bw_measure_line *l, struct bw_err *reterr)
{
    const char *words[N_STATS];
    int64_t *values[N_STATS];
    int r = 0;
    stats_rows(&l->stats, words, values);
    for (int i = 0; r == 0 && i < N_STATS; i++) {
        r = bw_json_get_i64(o, words[i], 0, INT64_MAX, values[i], reterr);
    }
    return r;
}

static int read_line(const json_t *o, struct bw_measure_line *l, struct bw_err *reterr)
{
    const char *what = NULL;
    const json_t *measured = NULL;
    int64_t test = 0;
    size_t i = 0;
    int r = bw_json_get_str(o, "what", 16, &what, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "test", 0, INT64_MAX, &test, reterr);
    if (r < 0) {
        return r;
    }
    while (i < N_NAMES && strcmp(names[i], what) != 0) {
        i++;
    }
    l->test = (uint64_t)test;
    switch (i) {
    case BW_MEASURE_JOB:
        l->what = BW_MEASURE_JOB;
        return read_job(o, l, reterr);
    case BW_MEASURE_GRANT:
        l->what = BW_MEASURE_GRANT;
        return read_grant(o, l, reterr);
    case BW_MEASURE_RECEIPT:
        l->what = BW_MEASURE_RECEIPT;
        return get_text(o, "jws", l->jws, sizeof(l->jws), reterr);
    case BW_MEASURE_READY:
        l->what = BW_MEASURE_READY;
        return 0;
    case BW_MEASURE_ASK:
        l->what = BW_MEASURE_ASK;
        return read_ask(o, l, reterr);
    case BW_MEASURE_JOINED:
        l->what = BW_MEASURE_JOINED;
        return get_text(o, "peer", l->peer, sizeof(l->peer), reterr);
    case BW_MEASURE_ENDED:
        l->what = BW_MEASURE_ENDED;
        r = bw_json_get_obj(o, "measured", &measured, reterr);
        return r < 0 ? r : bw_receipt_measured_read(measured, &l->measured, reterr);
    case BW_MEASURE_STATS:
        l->what = BW_MEASURE_STATS;
        return read_stats(o, l, reterr);
    default:
        return bw_err_set(reterr, -EBADMSG, "'%s' is no word", what);
    }
}

int bw_measure_read(const char *text,
                    size_t n,
                    struct bw_measure_line *ret,
                    struct bw_err *reterr)
{
    json_t *o = NULL;
    memset(ret, 0, sizeof(*ret));
    int r = bw_json_parse(text, n, BW_MEASURE_LINE_MAX, &o, reterr);
    r = r < 0 ? r : read_line(o, ret, reterr);
    json_decref(o);
    if (r < 0) {
        bw_measure_line_done(ret);
        return r == -ENOMEM ? r : -EBADMSG;
    }
    return 0;
}

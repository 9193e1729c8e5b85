/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_seal.c - how long an append waits while a day is sealed beside it.
 *
 * bench_seal LEDGER [--whole]: a ledger with unsealed rows, made by gen_year --ledger. Its
 * last records' site goes on: one record after the other is appended, as the collector's
 * writer would, and sealing takes its turns between (--whole: all of it at one go). Prints
 * JSON: rows sealed, seconds, the longest wait from one append to the end of the next.
 */
#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <clock.h>
#include <gen_summaries.h>
#include <hash.h>
#include <jws.h>
#include <ledger.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP = 50, /* records a commit */
    PERCENTS = 100,
    WAITS_MAX = 4000000
};

struct state {
    struct bw_ledger *l;
    struct bw_gen *gen;
    struct bw_err err;
    int64_t *waits_ns;
    size_t n_waits;
    int64_t appended;
    int64_t append_ns; /* the longest */
    int64_t turn_ns;
    int64_t n_turns;
    int64_t now_ms;
    struct bw_seal *job;
    atomic_bool built;
    int build_r;
};

/* The next GROUP records of a school of its own, in one commit. */
static int append(struct state *s)
{
    struct bw_ledger_entry e[GROUP];
    struct bw_ledger_result res[GROUP];
    struct bw_summary u[GROUP];
    char *texts[GROUP];
    size_t n = 0;
    int r = 0;
    for (; r == 0 && n < GROUP; n++) {
        struct bw_buf payload;
        struct bw_jws parsed;
        const char *jws = NULL;
        size_t len = 0;
        r = bw_gen_next(s->gen, &jws, &len, &s->err);
        if (r < 0 || !jws) {
            break;
        }
        bw_buf_init(&payload, BW_JWS_MAX);
        texts[n] = strndup(jws, len);
        r = bw_jws_parse(jws, len, &payload, &parsed, &s->err);
        r = r < 0 ? r
                  : bw_summary_decode(parsed.payload, parsed.payload_len, &u[n], &s->err);
        bw_buf_done(&payload);
        e[n] = (struct bw_ledger_entry){.summary = &u[n],
                                        .jws = texts[n],
                                        .jws_len = len,
                                        .received_unix_ms = s->now_ms};
        memcpy(e[n].kid, bw_gen_key(s->gen)->kid, sizeof(e[n].kid));
        bw_sha256_text(jws, len, e[n].sha256);
    }
    int64_t before = bw_clock_mono_ns();
    r = r < 0 ? r : bw_ledger_append(s->l, e, n, res, &s->err);
    int64_t spent = bw_clock_mono_ns() - before;
    s->append_ns = spent > s->append_ns ? spent : s->append_ns;
    s->waits_ns[s->n_waits] += spent;
    s->n_waits += s->n_waits + 1 < WAITS_MAX;
    s->appended += (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        bw_summary_done(&u[i]);
        free(texts[i]);
    }
    return r;
}

static void *builder(void *arg)
{
    struct state *s = arg;
    struct bw_err err = {""};
    s->build_r = s->l->ops->seal_build(s->job, &err);
    if (s->build_r < 0) {
        (void)fprintf(stderr, "bench_seal: %s\n", err.text);
    }
    atomic_store(&s->built, true);
    return NULL;
}

/* One append waits for the one turn before it. */
static int turn(struct state *s, bool whole, struct bw_ledger_seal_report *report)
{
    struct bw_ledger_seal_report one = {0};
    int64_t before = bw_clock_mono_ns();
    int r;
    if (whole) {
        r = s->l->ops->seal(s->l, s->now_ms, 1, 1, &one, &s->err);
        report->rows += one.rows;
        r = r < 0 ? r : one.segments > 0;
    } else {
        r = s->l->ops->seal_step(s->l, s->job, &s->err);
    }
    int64_t spent = bw_clock_mono_ns() - before;
    s->turn_ns = spent > s->turn_ns ? spent : s->turn_ns;
    s->n_turns++;
    s->waits_ns[s->n_waits] += spent;
    return r;
}

static int by_length(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static int run(struct state *s, bool whole, struct bw_ledger_seal_report *report)
{
    int r = 1;
    while (r > 0) {
        pthread_t thread;
        if (!whole) {
            r = s->l->ops->seal_plan(s->l, s->now_ms, 1, &s->job, &s->err);
            if (r < 0 || !s->job) {
                break;
            }
            atomic_store(&s->built, false);
            if (pthread_create(&thread, NULL, builder, s) != 0) {
                return -1;
            }
            while (r == 0 && !atomic_load(&s->built)) {
                r = append(s);
            }
            (void)pthread_join(thread, NULL);
            r = s->build_r < 0 ? s->build_r : 1;
        }
        do {
            r = turn(s, whole, report);
            int a = append(s);
            r = a < 0 ? a : r;
        } while (r > 0);
        if (!whole && s->job) {
            s->l->ops->seal_free(s->job, report);
            s->job = NULL;
            r = r < 0 ? r : 1;
        }
    }
    return r;
}

int main(int argc, char **argv)
{
    struct bw_gen_options o;
    static struct state s;
    struct bw_ledger_seal_report report = {0};
    bool whole = argc > 2 && strcmp(argv[2], "--whole") == 0;
    int r = argc < 2 ? -1 : bw_crypto_init();
    bw_gen_options_init(&o);
    o.site_index = 1999; /* none of gen_year's but the last */
    o.to_unix_s = o.from_unix_s + (int64_t)3650 * 86400;
    s.now_ms = (o.from_unix_s + (int64_t)4000 * 86400) * 1000;
    s.waits_ns = calloc(WAITS_MAX, sizeof(*s.waits_ns));
    r = r < 0 || !s.waits_ns ? -1 : bw_gen_new(&o, &s.gen, &s.err);
    r = r < 0 ? r : bw_ledger_open(argv[1], BW_LEDGER_WRITE, &s.l, &s.err);
    int64_t before = bw_clock_mono_ns();
    r = r < 0 ? r : run(&s, whole, &report);
    double spent_s = (double)(bw_clock_mono_ns() - before) / 1e9;
    if (r < 0) {
        (void)fprintf(stderr, "bench_seal: %s\n", s.err.text);
        return 1;
    }
    qsort(s.waits_ns, s.n_waits, sizeof(*s.waits_ns), by_length);
    (void)printf("{\"rows\": %lld, \"seconds\": %.1f, \"appended\": %lld, \"wait_ms\": "
                 "{\"median\": %.2f, \"p99\": %.2f, \"longest\": %.2f, "
                 "\"longest_append\": %.2f, \"longest_turn\": %.2f}, \"turns\": %lld}\n",
                 (long long)report.rows, spent_s, (long long)s.appended,
                 (double)s.waits_ns[s.n_waits / 2] / 1e6,
                 (double)s.waits_ns[s.n_waits * (PERCENTS - 1) / PERCENTS] / 1e6,
                 (double)s.waits_ns[s.n_waits - 1] / 1e6, (double)s.append_ns / 1e6,
                 (double)s.turn_ns / 1e6, (long long)s.n_turns);
    bw_ledger_close(s.l);
    bw_gen_free(s.gen);
    free(s.waits_ns);
    return 0;
}

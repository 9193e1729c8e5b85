/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_columns.c - a summary's figures as columns and back: the same canonical bytes, for
 * a thousand random summaries, circuit by circuit. */
#include "bw_test.h"
#include "summary_gen.h"

#include <buf.h>
#include <bw/err.h>
#include <columns.h>
#include <sql.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 1000
};

static const char *const v1[] = {BW_COLUMNS_DDL, NULL};
static const char *const v2[] = {BW_COLUMNS_V2, NULL};
static const char *const v3[] = {BW_COLUMNS_V3, NULL};
static const char *const *const script[] = {v1, v2, v3};
static const struct bw_sql_schema schema = {
    .what = "test", .application_id = 0x42575431, .version = 3, .script = script};
static const char *const texts[] = {BW_COLUMNS_TEXTS};

/* Keep the items of one circuit of an array; each begins with the circuit's name. */
static size_t keep(void *items, size_t n, size_t size, const char *circuit)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        char *at = (char *)items + i * size;
        if (strcmp(at, circuit) == 0) {
            memmove((char *)items + kept++ * size, at, size);
        }
    }
    return kept;
}

/* What the columns of one circuit can hold of a summary. */
static void narrow(struct bw_summary *s, const char *circuit)
{
    s->n_circuits = keep(s->circuits, s->n_circuits, sizeof(*s->circuits), circuit);
    s->n_outages = keep(s->outages, s->n_outages, sizeof(*s->outages), circuit);
    s->n_latency = keep(s->latency, s->n_latency, sizeof(*s->latency), circuit);
    s->n_paths = keep(s->paths, s->n_paths, sizeof(*s->paths), circuit);
    s->n_throughput = keep(s->throughput, s->n_throughput, sizeof(*s->throughput), circuit);
    s->n_traffic = keep(s->traffic, s->n_traffic, sizeof(*s->traffic), circuit);
    memset(&s->schedule, 0, sizeof(s->schedule));
}

static void assert_comes_back(struct bw_sql *db, uint64_t seed, size_t which)
{
    struct gen g = {.state = seed};
    struct bw_summary s;
    struct bw_summary got;
    struct bw_buf want_text;
    struct bw_buf got_text;
    struct bw_err err = {""};
    char circuit[BW_NAME_MAX + 1];
    gen_random_summary(&g, &s);
    if (which >= s.n_circuits) {
        bw_summary_done(&s);
        return;
    }
    memcpy(circuit, s.circuits[which].id, sizeof(circuit));
    if (which == 0) {
        assert_int_equal(bw_sql_begin(db, &err), 0);
        assert_int_equal(bw_columns_put(db, (int64_t)seed, &s, &err), 0);
        assert_int_equal(bw_sql_commit(db, &err), 0);
    }
    narrow(&s, circuit);
    got = s; /* the head; arrays are read */
    got.arena = NULL;
    got.n_circuits = got.n_outages = got.n_latency = got.n_paths = 0;
    got.n_throughput = got.n_traffic = got.n_gaps = 0;
    assert_int_equal(bw_columns_get(db, (int64_t)seed, circuit, &got, &err), 0);
    bw_buf_init(&want_text, 1 << 20);
    bw_buf_init(&got_text, 1 << 20);
    int r = bw_summary_encode(&s, &want_text, &err);
    assert_int_equal(bw_summary_encode(&got, &got_text, &err), r);
    if (r == 0) {
        assert_string_equal(got_text.data, want_text.data);
    }
    bw_buf_done(&want_text);
    bw_buf_done(&got_text);
    bw_summary_done(&got);
    bw_summary_done(&s);
}

static void test_columns_come_back(void **state)
{
    struct bw_sql *db = *state;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        for (size_t k = 0; k < 3; k++) {
            assert_comes_back(db, i, k);
        }
    }
}

static int setup(void **state)
{
    static struct bw_sql db;
    static char path[64];
    struct bw_err err = {""};
    (void)snprintf(path, sizeof(path), "/tmp/bw-columns-%d.db", (int)getpid());
    *state = &db;
    return bw_sql_open(&db, path, BW_SQL_WRITE, false, &schema, texts, BW_COLUMNS_STMTS,
                       &err);
}

static int teardown(void **state)
{
    struct bw_sql *db = *state;
    static const char *const tails[] = {"", "-wal", "-shm"};
    char path[96];
    char base[64];
    (void)snprintf(base, sizeof(base), "%s", db->path);
    bw_sql_close(db);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", base, tails[i]);
        (void)unlink(path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_come_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

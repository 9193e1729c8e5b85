/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_sources.c - the same records in a journal, a ledger (hot and sealed) and an exported
 * file: the same signed bytes come out, and the same circuit-days, byte for byte. */
#include "bw_test.h"

#include "buf.h"
#include "chain_gen.h"
#include "check.h"
#include "export.h"
#include "fold.h"
#include "hash.h"
#include "josefile.h"
#include "journal.h"
#include "ledger.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DAYS = 3,
    PER_DAY = 288
};
#define DAY0 (INT64_C(20700) * 86400)

struct scene {
    char *folder;
    char journal[600];
    char ledger[600];
    char file[600];
    struct bw_pubkey key;
    struct bw_buf lines; /* what was signed, in order */
};

/* Everything a summary may hold, now and then: also across midnight. */
static void decorate(struct bw_summary *s, int64_t i)
{
    struct bw_throughput *t;
    if (i % PER_DAY == 0 || i % 60 == 7) { /* some told in the first record of a day */
        s->n_throughput = 2;
        s->throughput = t = bw_summary_alloc(s, 2 * sizeof(*t));
        for (int d = 0; d < 2; d++) {
            bw_throughput_init(&t[d]);
            (void)snprintf(t[d].circuit, sizeof(t[d].circuit), "wan");
            (void)snprintf(t[d].probe, sizeof(t[d].probe), "state");
            (void)snprintf(t[d].kind, sizeof(t[d].kind), "http");
            t[d].direction = d ? BW_UP : BW_DOWN;
            t[d].at_unix_ms = s->start_unix_s * 1000 + (d ? 15000 : -8000);
            t[d].streams = 4;
        }
        t[0].method = "http/1";
        t[0].duration_ms = 9990;
        t[0].bytes = 117000000;
        t[0].goodput_bps = 93700000;
        t[0].line_bps = 98800000;
        t[0].concurrent_bps = 0;
        t[0].flags[0] = "line-busy";
        t[1].state = BW_TEST_FAILED;
        t[1].reason = "no answer";
    }
    if (i >= PER_DAY - 2 && i <= PER_DAY + 3) { /* out over midnight */
        s->n_outages = 1;
        s->outages = bw_summary_alloc(s, sizeof(*s->outages));
        *s->outages = (struct bw_outage){
            .circuit = "wan",
            .from_unix_ms = (DAY0 + 86400 - 590) * 1000,
            .to_unix_ms = i == PER_DAY + 3 ? (DAY0 + 86400 + 1000) * 1000 : BW_UNKNOWN,
            .why = "carrier down",
            .known_to_unix_ms = BW_UNKNOWN};
        bw_flow_init(&s->circuits[0].flow[BW_DOWN]);
        s->latency[0].lost = s->latency[0].sent;
        s->latency[0].rtt_hist = NULL;
        s->latency[0].sum_us = s->latency[0].p50_us = BW_UNKNOWN;
        s->latency[0].p95_us = s->latency[0].pdv_p95_us = BW_UNKNOWN;
    }
    if (i % 100 == 50) {
        s->clock.synced = false;
        s->clock.max_error_us = BW_UNKNOWN;
        s->circuits[0].vantage = BW_VANTAGE_BRIDGE;
        s->circuits[0].behind = BW_BEHIND_NAT;
        s->n_gaps = 1;
        s->gaps = bw_summary_alloc(s, sizeof(*s->gaps));
        *s->gaps = (struct bw_gap){s->start_unix_s - 60, s->start_unix_s, BW_GAP_CLOCK};
    }
}

static void put(struct bw_journal *j,
                struct bw_ledger *l,
                const struct bw_summary *s,
                const struct bw_buf *jws,
                const char *kid)
{
    struct bw_err e = {.text = ""};
    struct bw_journal_entry row = {
        .summary = s, .jws = jws->data, .jws_len = jws->len, .kid = kid};
    struct bw_ledger_entry entry = {.summary = s,
                                    .jws = jws->data,
                                    .jws_len = jws->len,
                                    .received_unix_ms = s->end_unix_s * 1000 + 900,
                                    .egress = BW_EGRESS_UNKNOWN};
    struct bw_ledger_result result;
    memcpy(entry.kid, kid, sizeof(entry.kid));
    bw_sha256_text(jws->data, jws->len, entry.sha256);
    if (bw_journal_append(j, &row, &e) < 0 ||
        bw_ledger_append(l, &entry, 1, &result, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(result.verdict, BW_LEDGER_ACCEPTED);
}

static int make(void **state)
{
    struct scene *sc = calloc(1, sizeof(*sc));
    struct chain_gen c;
    struct bw_journal *j = NULL;
    struct bw_ledger *l = NULL;
    struct bw_err e = {.text = ""};
    FILE *f;
    *state = sc;
    sc->folder = tmp_folder();
    (void)snprintf(sc->journal, sizeof(sc->journal), "%s/journal.db", sc->folder);
    (void)snprintf(sc->ledger, sizeof(sc->ledger), "%s/ledger", sc->folder);
    (void)snprintf(sc->file, sizeof(sc->file), "%s/all.jose", sc->folder);
    if (bw_journal_open(sc->journal, BW_JOURNAL_WRITE, &j, &e) < 0 ||
        bw_ledger_open(sc->ledger, BW_LEDGER_WRITE, &l, &e) < 0) {
        fail_msg("%s", e.text);
    }
    chain_gen_init(&c, BW_ALG_EDDSA, DAY0);
    c.n_targets = 2;
    sc->key = *bw_key_public(c.key);
    bw_buf_init(&sc->lines, 1u << 26);
    for (int64_t i = 0; i < DAYS * PER_DAY;
         i += i % 5 == 4 ? 7 : 1) { /* with holes in time */
        struct bw_summary s;
        struct bw_summary back;
        struct bw_buf jws;
        struct bw_buf payload;
        bw_buf_init(&jws, BW_JWS_MAX);
        bw_buf_init(&payload, BW_PAYLOAD_MAX);
        c.next_start_unix_s = DAY0 + i * 300;
        chain_gen_summary(&c, &s);
        decorate(&s, i);
        assert_int_equal(bw_summary_encode(&s, &payload, &e), 0);
        assert_int_equal(bw_summary_decode(payload.data, payload.len, &back, &e), 0);
        chain_gen_sign(&c, &s, &jws);
        put(j, l, &back, &jws, sc->key.kid);
        bw_buf_add(&sc->lines, jws.data, jws.len);
        bw_buf_putc(&sc->lines, '\n');
        bw_summary_done(&back);
        bw_buf_done(&jws);
        bw_buf_done(&payload);
    }
    bw_journal_close(j);
    bw_ledger_close(l);
    chain_gen_done(&c);
    f = fopen(sc->file, "wbe");
    assert_non_null(f);
    assert_true(fwrite(sc->lines.data, 1, sc->lines.len, f) == sc->lines.len);
    (void)fclose(f);
    return 0;
}

static int unmake(void **state)
{
    struct scene *sc = *state;
    bw_buf_done(&sc->lines);
    tmp_folder_drop(sc->folder);
    free(sc);
    return 0;
}

static struct bw_records *open_source(const struct scene *sc, int which)
{
    struct bw_records *r = NULL;
    struct bw_err e = {.text = ""};
    int n = which == 0   ? bw_journal_records(sc->journal, &r, &e)
            : which == 1 ? bw_ledger_records(sc->ledger, &r, &e)
                         : bw_josefile_open(sc->file, &r, &e);
    if (n < 0) {
        fail_msg("source %d: %s", which, e.text);
    }
    return r;
}

static int add_day(void *owner, const struct bw_circuit_day *d)
{
    struct bw_err e = {.text = ""};
    if (bw_day_encode(d, owner, &e) < 0) {
        fail_msg("%s", e.text);
    }
    return 0;
}

static void
days_of(const struct scene *sc, int which, int64_t from, int64_t to, struct bw_buf *out)
{
    struct bw_records *r = open_source(sc, which);
    struct bw_err e = {.text = ""};
    bw_buf_init(out, 1u << 26);
    if (bw_records_days(r, "s-4f9k2", "wan", from, to, add_day, out, &e) != 0) {
        fail_msg("source %d: %s", which, e.text);
    }
    bw_records_close(r);
}

/* A sealed day that is only partly wanted is clipped, not folded anew: the facts of its
 * last interval stay those of the whole day, so only whole days are the same byte for byte.
 */
static void same_days(const struct scene *sc, bool sealed_ones)
{
    static const struct {
        int64_t from;
        int64_t to;
    } periods[] = {{0, INT64_MAX},
                   {DAY0, DAY0 + 86400},
                   {DAY0 + 86400, DAY0 + 2 * 86400},
                   {DAY0 + 3600, DAY0 + 86400 + 7200},
                   {DAY0 + 10 * 86400, DAY0 + 11 * 86400}};
    for (size_t p = 0; p < sizeof(periods) / sizeof(periods[0]); p++) {
        struct bw_buf of[3];
        if (sealed_ones && periods[p].from % 86400 != 0) {
            continue;
        }
        for (int which = 0; which < 3; which++) {
            days_of(sc, which, periods[p].from, periods[p].to, &of[which]);
        }
        assert_int_equal(of[2].len > 0, p < 4);
        for (int which = 0; which < 2; which++) {
            if (of[which].len != of[2].len ||
                (of[2].len && memcmp(of[which].data, of[2].data, of[2].len) != 0)) {
                fail_msg("period %zu: %s and file fold differently (%zu and %zu bytes)", p,
                         which ? "ledger" : "journal", of[which].len, of[2].len);
            }
        }
        for (int which = 0; which < 3; which++) {
            bw_buf_done(&of[which]);
        }
    }
}

struct out {
    struct bw_export *e;
    struct bw_buf text;
};

static int export_one(void *owner, const struct bw_record *rec)
{
    struct out *o = owner;
    return bw_export_add(o->e, rec, &o->text, NULL);
}

static void same_bytes(const struct scene *sc)
{
    for (int which = 0; which < 3; which++) {
        struct bw_records *r = open_source(sc, which);
        struct bw_check_opts opts = {.keys = &sc->key, .n_keys = 1};
        struct bw_check *c = NULL;
        struct bw_check_result res;
        struct out o = {.e = NULL};
        bw_buf_init(&o.text, 1u << 26);
        assert_int_equal(bw_export_new(BW_EXPORT_JOSE, "", &o.e), 0);
        assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, export_one, &o, NULL), 0);
        assert_int_equal(o.text.len, sc->lines.len);
        assert_memory_equal(o.text.data, sc->lines.data, sc->lines.len);
        assert_int_equal(bw_check_new(&opts, &c), 0);
        assert_int_equal(bw_check_records(r, "s-4f9k2", c, &res, NULL), 0);
        if (res.first != BW_FAULT_NONE) {
            fail_msg("source %d: %s", which, res.first_text);
        }
        assert_int_equal(res.n_verified, bw_export_records(o.e));
        bw_check_free(c);
        bw_export_free(o.e);
        bw_buf_done(&o.text);
        bw_records_close(r);
    }
}

static void hot(void **state)
{
    same_bytes(*state);
    same_days(*state, false);
}

/* The same when the collector has packed its days away. */
static void sealed(void **state)
{
    const struct scene *sc = *state;
    struct bw_ledger *l = NULL;
    struct bw_ledger_seal_report report;
    struct bw_err e = {.text = ""};
    int r;
    assert_int_equal(bw_ledger_open(sc->ledger, BW_LEDGER_WRITE, &l, &e), 0);
    r = l->ops->seal(l, (DAY0 + 40 * 86400) * 1000, 3, 0, &report, &e);
    bw_ledger_close(l);
    if (r == -ENOSYS) { /* a back end that does not seal */
        skip();
    }
    if (r < 0) {
        fail_msg("%s", e.text);
    }
    assert_true(report.rows > 0);
    same_bytes(sc);
    same_days(sc, true);
}

struct seen {
    char last_sha256[BW_HASH_LEN + 1];
    int n_changes;
};

static int see_record(void *owner, const struct bw_record *rec)
{
    struct seen *seen = owner;
    seen->n_changes += strcmp(seen->last_sha256, rec->sha256) != 0;
    memcpy(seen->last_sha256, rec->sha256, sizeof(seen->last_sha256));
    return 0;
}

static int count_slots(void *owner, const struct bw_circuit_day *d)
{
    *(size_t *)owner += d->n_slots;
    return 0;
}

/* Two records that claim one place in the chain, and the file holds both twice. */
static void a_fork_stands_in_a_file_twice(void **state)
{
    const struct scene *sc = *state;
    struct chain_gen c;
    struct chain_gen other;
    struct bw_summary s;
    struct bw_records *r = NULL;
    struct bw_buf lines;
    struct seen seen = {.n_changes = 0};
    size_t n_slots = 0;
    char path[600];
    FILE *f;
    chain_gen_init(&c, BW_ALG_EDDSA, DAY0);
    other = c;
    bw_buf_init(&lines, 1u << 22);
    chain_gen_record(&c, &lines);
    bw_buf_putc(&lines, '\n');
    chain_gen_summary(&other, &s);
    s.mono_ms++;
    chain_gen_sign(&other, &s, &lines);
    bw_buf_putc(&lines, '\n');
    (void)snprintf(path, sizeof(path), "%s/fork.jose", sc->folder);
    f = fopen(path, "wbe");
    assert_non_null(f);
    for (int i = 0; i < 3; i++) {
        assert_true(fwrite(lines.data, 1, lines.len, f) == lines.len);
    }
    (void)fclose(f);
    assert_int_equal(bw_josefile_open(path, &r, NULL), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, see_record, &seen, NULL), 0);
    assert_int_equal(seen.n_changes, 2);
    assert_int_equal(
        bw_records_days(r, "s-4f9k2", "wan", 0, INT64_MAX, count_slots, &n_slots, NULL), 0);
    assert_int_equal(n_slots, 2);
    bw_records_close(r);
    bw_buf_done(&lines);
    chain_gen_done(&c); /* the key is both chains' */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hot), cmocka_unit_test(sealed),
                                       cmocka_unit_test(a_fork_stands_in_a_file_twice)};
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, make, unmake);
}

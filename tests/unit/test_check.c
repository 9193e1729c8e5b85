/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_check.c - no change to a file of signed records goes unseen, and the first fault is
 * told by its name and line; and what the file holds folds as the records did. */
#include "buf.h"
#include "chain_gen.h"
#include "check.h"
#include "hash.h"
#include "josefile.h"

#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

enum {
    LINES_MAX = 40
};
#define START (INT64_C(20700) * 86400)

struct file { /* lines of a file, to be moved about */
    char *line[LINES_MAX];
    size_t n;
};

static void add_line(struct file *f, struct bw_buf *b)
{
    assert_true(f->n < LINES_MAX);
    f->line[f->n] = strdup(b->data);
    assert_non_null(f->line[f->n]);
    f->n++;
    bw_buf_clear(b);
}

static void add_records(struct file *f, struct chain_gen *c, int n)
{
    struct bw_buf b;
    bw_buf_init(&b, BW_JWS_MAX);
    for (int i = 0; i < n; i++) {
        chain_gen_record(c, &b);
        add_line(f, &b);
    }
    bw_buf_done(&b);
}

static void add_summary(struct file *f, struct chain_gen *c, struct bw_summary *s)
{
    struct bw_buf b;
    bw_buf_init(&b, BW_JWS_MAX);
    chain_gen_sign(c, s, &b);
    add_line(f, &b);
    bw_buf_done(&b);
}

static void file_done(struct file *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->line[i]);
    }
    f->n = 0;
}

static struct bw_check_result
check(const struct file *f, const struct bw_pubkey *keys, size_t n_keys, bool partial)
{
    struct bw_check_opts opts = {.keys = keys, .n_keys = n_keys, .partial = partial};
    struct bw_check *c = NULL;
    struct bw_check_result res;
    assert_int_equal(bw_check_new(&opts, &c), 0);
    for (size_t i = 0; i < f->n; i++) {
        assert_int_equal(bw_check_add(c, f->line[i], strlen(f->line[i]), (int64_t)i + 1),
                         0);
    }
    bw_check_finish(c, &res);
    bw_check_free(c);
    return res;
}

#define assert_first(res, fault_, line_)                                                   \
    do {                                                                                   \
        if ((res).first != (fault_) || (res).first_line != (line_)) {                      \
            fail_msg("%s in line %d: %s; wanted %s in line %d",                            \
                     bw_fault_name((res).first), (int)(res).first_line, (res).first_text,  \
                     bw_fault_name(fault_), (int)(line_));                                 \
        }                                                                                  \
    } while (0)

static void a_whole_chain_holds(void **state)
{
    static const enum bw_alg algs[] = {BW_ALG_EDDSA, BW_ALG_ES256};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct chain_gen c;
        struct file f = {.n = 0};
        struct bw_pubkey keys[2];
        struct bw_summary s;
        struct bw_check_result res;
        chain_gen_init(&c, algs[i], START);
        keys[0] = *bw_key_public(c.key);
        add_records(&f, &c, 5);
        c.next_start_unix_s += 600; /* the box was off: no fault, but told */
        chain_gen_rotate(&c, &s, BW_CHAIN_ROTATED);
        keys[1] = *bw_key_public(c.key);
        add_summary(&f, &c, &s);
        add_records(&f, &c, 4);
        res = check(&f, keys, 2, false);
        assert_first(res, BW_FAULT_NONE, 0);
        assert_int_equal(res.n_records, 10);
        assert_int_equal(res.n_verified, 10);
        assert_int_equal(res.n_chains, 2);
        assert_int_equal(res.n_sites, 1);
        assert_int_equal(res.n_missing, 0);
        assert_int_equal(res.n_gaps, 1);
        assert_int_equal(res.gap_s, 600);
        assert_true(res.start_unix_s == START);
        assert_true(res.end_unix_s == START + 600 + 3000);
        res = check(&f, NULL, 0, false); /* without keys the chain alone is checked */
        assert_first(res, BW_FAULT_NONE, 0);
        assert_int_equal(res.n_verified, 0);
        chain_gen_done(&c);
        file_done(&f);
    }
}

/* Every single byte of every record, changed in every bit position in turn. */
static void every_flipped_byte_is_found_in_its_line(void **state)
{
    struct chain_gen c;
    struct file f = {.n = 0};
    (void)state;
    chain_gen_init(&c, BW_ALG_EDDSA, START);
    add_records(&f, &c, 3);
    for (size_t line = 0; line < f.n; line++) {
        size_t n = strlen(f.line[line]);
        for (size_t i = 0; i < n; i++) {
            struct bw_check_opts opts = {.keys = bw_key_public(c.key), .n_keys = 1};
            struct bw_check *k = NULL;
            struct bw_check_result res;
            char keep = f.line[line][i];
            f.line[line][i] = (char)(keep ^ (1 << (i % 8)));
            assert_int_equal(bw_check_new(&opts, &k), 0);
            for (size_t j = 0; j < f.n; j++) {
                size_t len = j == line ? n : strlen(f.line[j]);
                assert_int_equal(bw_check_add(k, f.line[j], len, (int64_t)j + 1), 0);
            }
            bw_check_finish(k, &res);
            bw_check_free(k);
            if (res.first == BW_FAULT_NONE || res.first_line != (int64_t)line + 1) {
                fail_msg("byte %zu of line %zu: %s in line %d", i, line + 1,
                         bw_fault_name(res.first), (int)res.first_line);
            }
            assert_true(res.first == BW_FAULT_LINE || res.first == BW_FAULT_KEY ||
                        res.first == BW_FAULT_SIGNATURE);
            f.line[line][i] = keep;
        }
    }
    chain_gen_done(&c);
    file_done(&f);
}

static void lines_moved_about_are_found(void **state)
{
    struct chain_gen c;
    struct chain_gen other;
    struct file f = {.n = 0};
    struct file g;
    struct bw_check_result res;
    const struct bw_pubkey *key;
    (void)state;
    chain_gen_init(&c, BW_ALG_EDDSA, START);
    key = bw_key_public(c.key);
    add_records(&f, &c, 8);

    g = f; /* two lines swapped */
    g.line[3] = f.line[4];
    g.line[4] = f.line[3];
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_ORDER, 4);
    assert_non_null(
        strstr(res.first_text, "seq 5 stands before seq 4, which comes in line 5"));
    assert_int_equal(res.n_missing, 0);
    assert_int_equal(res.first_seq, 5);

    g = f; /* a line removed */
    memmove(&g.line[3], &f.line[4], 4 * sizeof(g.line[0]));
    g.n = 7;
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_HOLE, 4);
    assert_non_null(strstr(res.first_text, "the record with seq 4 is missing"));
    assert_int_equal(res.n_missing, 1);
    assert_int_equal(res.n_faults, 1);
    assert_int_equal(res.n_holes, 1);

    g = f; /* three removed */
    memmove(&g.line[3], &f.line[6], 2 * sizeof(g.line[0]));
    g.n = 5;
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_HOLE, 4);
    assert_int_equal(res.n_missing, 3);

    g = f; /* the first removed */
    memmove(&g.line[0], &f.line[1], 7 * sizeof(g.line[0]));
    g.n = 7;
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_BEGIN, 1);
    res = check(&g, key, 1, true);
    assert_first(res, BW_FAULT_NONE, 0);

    g = f; /* a line doubled */
    memmove(&g.line[4], &f.line[3], 5 * sizeof(g.line[0]));
    g.n = 9;
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_DUPLICATE, 5);
    assert_non_null(strstr(res.first_text, "stands in line 4 already"));
    assert_int_equal(res.n_duplicates, 1);

    g = f; /* an empty line */
    memmove(&g.line[4], &f.line[3], 5 * sizeof(g.line[0]));
    g.line[3] = f.line[0] + strlen(f.line[0]);
    g.n = 9;
    res = check(&g, key, 1, false);
    assert_first(res, BW_FAULT_LINE, 4);

    chain_gen_init(&other, BW_ALG_EDDSA, START); /* the wrong key */
    res = check(&f, bw_key_public(other.key), 1, false);
    assert_first(res, BW_FAULT_KEY, 1);
    assert_int_equal(res.n_verified, 0);
    chain_gen_done(&other);
    chain_gen_done(&c);
    file_done(&f);
}

static void wrong_links_are_found(void **state)
{
    struct chain_gen c;
    struct chain_gen save;
    struct file f = {.n = 0};
    struct bw_summary s;
    struct bw_check_result res;
    const struct bw_pubkey *key;
    (void)state;
    chain_gen_init(&c, BW_ALG_EDDSA, START);
    key = bw_key_public(c.key);

    add_records(&f, &c, 3); /* two boxes with one key: the same seq twice */
    save = c;
    add_records(&f, &c, 1);
    c = save;
    c.gen.state++;
    add_records(&f, &c, 2);
    res = check(&f, key, 1, false);
    assert_first(res, BW_FAULT_FORK, 5);
    assert_non_null(strstr(res.first_text, "another record with seq 4 stands in line 4"));
    file_done(&f);

    chain_gen_done(&c);
    chain_gen_init(&c, BW_ALG_EDDSA, START); /* prev of another record, rightly signed */
    key = bw_key_public(c.key);
    add_records(&f, &c, 2);
    c.prev[0] = c.prev[0] == 'A' ? 'B' : 'A';
    add_records(&f, &c, 2);
    res = check(&f, key, 1, false);
    assert_first(res, BW_FAULT_PREV, 3);
    assert_int_equal(res.n_faults, 1);
    assert_int_equal(res.n_holes, 0);
    file_done(&f);

    chain_gen_done(&c);
    chain_gen_init(&c, BW_ALG_EDDSA, START); /* intervals that overlap */
    key = bw_key_public(c.key);
    add_records(&f, &c, 2);
    c.next_start_unix_s -= 10;
    add_records(&f, &c, 2);
    res = check(&f, key, 1, false);
    assert_first(res, BW_FAULT_OVERLAP, 3);
    file_done(&f);

    chain_gen_done(&c);
    chain_gen_init(&c, BW_ALG_EDDSA, START); /* unless the clock was stepped */
    key = bw_key_public(c.key);
    add_records(&f, &c, 2);
    c.next_start_unix_s -= 86400;
    chain_gen_summary(&c, &s);
    s.clock.step_us = INT64_C(-86400000000);
    add_summary(&f, &c, &s);
    add_records(&f, &c, 2);
    res = check(&f, key, 1, false);
    assert_first(res, BW_FAULT_NONE, 0);
    assert_int_equal(res.n_clock, 1);
    file_done(&f);

    chain_gen_done(&c);
    chain_gen_init(&c, BW_ALG_EDDSA, START); /* one key, two sites */
    key = bw_key_public(c.key);
    add_records(&f, &c, 2);
    (void)snprintf(c.site, sizeof(c.site), "s-zzzzz");
    add_records(&f, &c, 1);
    res = check(&f, key, 1, false);
    assert_first(res, BW_FAULT_SITE, 3);
    file_done(&f);
    chain_gen_done(&c);
}

static void wrong_citations_are_found(void **state)
{
    struct chain_gen c;
    struct file f = {.n = 0};
    struct file g;
    struct bw_pubkey keys[2];
    struct bw_summary s;
    struct bw_check_result res;
    (void)state;
    for (int round = 0; round < 4; round++) {
        chain_gen_init(&c, BW_ALG_EDDSA, START);
        keys[0] = *bw_key_public(c.key);
        add_records(&f, &c, 4);
        chain_gen_rotate(&c, &s, round == 3 ? BW_CHAIN_REPLACED : BW_CHAIN_ROTATED);
        keys[1] = *bw_key_public(c.key);
        if (round == 0) { /* another hash */
            s.chain.prev_hash[3] = s.chain.prev_hash[3] == 'A' ? 'B' : 'A';
        } else if (round == 1) { /* a record that is not there */
            s.chain.prev_seq = 9;
        } else if (round == 2) { /* the old key went on */
            bw_sha256_text(f.line[2], strlen(f.line[2]), s.chain.prev_hash);
            s.chain.prev_seq = 3;
        }
        add_summary(&f, &c, &s);
        add_records(&f, &c, 1);
        res = check(&f, keys, 2, false);
        assert_first(res, round == 3 ? BW_FAULT_NONE : BW_FAULT_CHAIN, round == 3 ? 0 : 5);
        g = f; /* without the old chain */
        memmove(&g.line[0], &f.line[4], 2 * sizeof(g.line[0]));
        g.n = 2;
        res = check(&g, keys, 2, false);
        assert_first(res, BW_FAULT_CHAIN, 1);
        res = check(&g, keys, 2, true);
        assert_first(res, BW_FAULT_NONE, 0);
        file_done(&f);
        chain_gen_done(&c);
    }
}

/* A record whose content is not understood keeps its place in the chain. */
static void unreadable_content_is_told_and_does_not_break_the_chain(void **state)
{
    static const char *const payloads[] = {"{\"v\":2,\"x\":1}", "{\"v\":1}", "", "[]"};
    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        struct chain_gen c;
        struct file f = {.n = 0};
        struct bw_buf b;
        struct bw_check_result res;
        chain_gen_init(&c, BW_ALG_EDDSA, START);
        add_records(&f, &c, 2);
        bw_buf_init(&b, BW_JWS_MAX);
        assert_int_equal(
            bw_jws_sign(c.key, BW_TYP_SUMMARY, payloads[i], strlen(payloads[i]), &b, NULL),
            0);
        bw_sha256_text(b.data, b.len, c.prev);
        c.seq++;
        add_line(&f, &b);
        add_records(&f, &c, 2);
        res = check(&f, bw_key_public(c.key), 1, false);
        assert_first(res, i == 0 ? BW_FAULT_NEWER : BW_FAULT_PAYLOAD, 3);
        assert_int_equal(res.n_faults, 1);
        assert_int_equal(res.n_missing, 0);
        assert_int_equal(res.n_verified, 5);
        assert_int_equal(res.n_newer, i == 0);
        bw_buf_clear(&b); /* a signed thing of another type is no record */
        assert_int_equal(bw_jws_sign(c.key, BW_TYP_RECEIPT, "{}", 2, &b, NULL), 0);
        free(f.line[2]);
        f.line[2] = strdup(b.data);
        res = check(&f, bw_key_public(c.key), 1, false);
        assert_first(res, BW_FAULT_LINE, 3);
        bw_buf_done(&b);
        file_done(&f);
        chain_gen_done(&c);
    }
}

/* ---- files ----------------------------------------------------------------------------
 */

static char *write_file(const void *data, size_t n)
{
    char *path = strdup("/tmp/bw-test-check-XXXXXX");
    assert_non_null(path);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, data, n) == (ssize_t)n);
    (void)close(fd);
    return path;
}

struct seen {
    size_t n_records;
    size_t n_slots;
    int64_t last_seq;
    char sha256[BW_HASH_LEN + 1];
};

static int see_record(void *owner, const struct bw_record *r)
{
    struct seen *s = owner;
    s->n_records++;
    s->last_seq = r->seq;
    memcpy(s->sha256, r->sha256, sizeof(s->sha256));
    assert_string_equal(r->site, "s-4f9k2");
    return 0;
}

static int see_day(void *owner, const struct bw_circuit_day *d)
{
    struct seen *s = owner;
    s->n_slots += d->n_slots;
    return 0;
}

static int check_bounded(const struct file *f, bool falling, struct bw_err *err)
{
    struct bw_check_opts opts = {.partial = true, .moved_max = 100};
    struct bw_check_result res;
    struct bw_check *c = NULL;
    struct bw_buf text;
    bw_buf_init(&text, f->n * BW_JWS_MAX);
    for (size_t i = 0; i < f->n; i++) {
        bw_buf_puts(&text, f->line[falling ? f->n - 1 - i : i]);
        bw_buf_putc(&text, '\n');
    }
    assert_int_equal(bw_check_new(&opts, &c), 0);
    int r = bw_check_bytes(text.data, text.len, c, NULL, NULL, &res, err);
    bw_check_free(c);
    bw_buf_done(&text);
    return r;
}

/* Each goes before all others: a file of a million would take hours. */
static void records_in_falling_order_are_not_looked_at_for_ever(void **state)
{
    struct chain_gen c;
    struct file f = {.n = 0};
    struct bw_err err = {.text = ""};
    (void)state;
    chain_gen_init(&c, BW_ALG_EDDSA, START);
    add_records(&f, &c, 16);
    assert_int_equal(check_bounded(&f, false, &err), 0);
    /* 1 + 2 + … + 13 = 91 are moved, 14 more for the 15th */
    assert_int_equal(check_bounded(&f, true, &err), -E2BIG);
    assert_string_equal(
        err.text, "line:15: the records are in no order; they are not looked at further");
    file_done(&f);
    chain_gen_done(&c);
}

static void a_file_is_read_in_any_order_and_packed(void **state)
{
    struct chain_gen c;
    struct file f = {.n = 0};
    struct bw_buf all;
    struct bw_buf packed;
    struct bw_err e = {.text = ""};
    (void)state;
    chain_gen_init(&c, BW_ALG_EDDSA, START + 86400 - 3000);
    c.n_targets = 2;
    add_records(&f, &c, 20);
    bw_buf_init(&all, 1u << 22);
    bw_buf_init(&packed, 1u << 22);
    for (size_t i = f.n; i > 0; i--) { /* the last first, and one twice */
        bw_buf_puts(&all, f.line[i - 1]);
        bw_buf_putc(&all, '\n');
    }
    bw_buf_puts(&all, f.line[7]); /* without its newline */
    bw_buf_add(&packed, all.data, all.len);
    bw_buf_add(&packed, all.data, 4096); /* room for what does not pack */
    packed.len = ZSTD_compress(packed.data, packed.len, all.data, all.len, 3);
    assert_false(ZSTD_isError(packed.len));
    for (int zst = 0; zst < 2; zst++) {
        const struct bw_buf *b = zst ? &packed : &all;
        char *path = write_file(b->data, b->len);
        struct bw_records *r = NULL;
        struct seen seen = {.n_records = 0};
        const char *site = NULL;
        const char *circuit = NULL;
        int64_t from;
        int64_t to;
        if (bw_josefile_open(path, &r, &e) != 0) {
            fail_msg("%s", e.text);
        }
        assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, see_record, &seen, &e), 0);
        assert_int_equal(seen.n_records, 21);
        assert_int_equal(seen.last_seq, 20);
        assert_string_equal(seen.sha256, c.prev);
        assert_int_equal(
            bw_records_days(r, "s-4f9k2", "wan", 0, INT64_MAX, see_day, &seen, &e), 0);
        assert_int_equal(seen.n_slots, 20); /* the doubled record counts once */
        seen.n_slots = 0;
        assert_int_equal(bw_records_days(r, "s-4f9k2", "wan", START + 86400,
                                         START + 86400 + 900, see_day, &seen, &e),
                         0);
        assert_int_equal(seen.n_slots, 3);
        assert_int_equal(bw_josefile_circuit(r, 0, &site, &circuit), 0);
        assert_string_equal(site, "s-4f9k2");
        assert_string_equal(circuit, "wan");
        assert_int_equal(bw_josefile_circuit(r, 1, &site, &circuit), -ENOENT);
        bw_josefile_span(r, &from, &to);
        assert_true(from == START + 86400 - 3000 && to == from + 6000);
        bw_records_close(r);
        (void)unlink(path);
        free(path);
    }
    {
        char *path = write_file(packed.data, packed.len - 3); /* cut short */
        struct bw_records *r = NULL;
        assert_int_equal(bw_josefile_open(path, &r, &e), -BW_EMALFORMED);
        assert_non_null(strstr(e.text, "ends too early"));
        (void)unlink(path);
        free(path);
        all.data[3] = '!';
        path = write_file(all.data, all.len);
        assert_int_equal(bw_josefile_open(path, &r, &e), -BW_EMALFORMED);
        assert_non_null(strstr(e.text, ":1: "));
        (void)unlink(path);
        free(path);
        path = write_file("", 0);
        assert_int_equal(bw_josefile_open(path, &r, &e), 0);
        assert_int_equal(bw_josefile_circuit(r, 0, NULL, NULL), -ENOENT);
        bw_records_close(r);
        (void)unlink(path);
        free(path);
        assert_int_equal(bw_josefile_open("/nonexistent/x", &r, &e), -ENOENT);
        assert_int_equal(bw_josefile_open("/tmp", &r, &e), -EISDIR);
    }
    bw_buf_done(&all);
    bw_buf_done(&packed);
    file_done(&f);
    chain_gen_done(&c);
}

static void keys_are_loaded_in_every_form(void **state)
{
    struct chain_gen a;
    struct chain_gen b;
    struct bw_buf one;
    struct bw_buf two;
    struct bw_buf text;
    struct bw_err e = {.text = ""};
    (void)state;
    chain_gen_init(&a, BW_ALG_EDDSA, START);
    chain_gen_init(&b, BW_ALG_ES256, START);
    bw_buf_init(&one, 4096);
    bw_buf_init(&two, 4096);
    bw_buf_init(&text, 4096);
    assert_int_equal(bw_pubkey_to_jwk(bw_key_public(a.key), &one), 0);
    assert_int_equal(bw_pubkey_to_jwk(bw_key_public(b.key), &two), 0);
    for (int form = 0; form < 6; form++) {
        struct bw_pubkey *keys = NULL;
        size_t n = 0;
        char *path;
        int r;
        char buf[4096];
        int len = 0;
        switch (form) {
        case 0:
            len = snprintf(buf, sizeof(buf), "%s\n%s\n", one.data, two.data);
            break;
        case 1:
            len = snprintf(buf, sizeof(buf), "{\"keys\":[%s,\n%s]}", one.data, two.data);
            break;
        case 2:
            len = snprintf(buf, sizeof(buf), "\n %s\n\n{\"keys\":[%s]}\n", one.data,
                           two.data);
            break;
        case 3: /* with members of others, and a key for another purpose */
            len = snprintf(
                buf, sizeof(buf),
                "{\"site\":\"s-2345678\",\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\"},"
                "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"},"
                "{\"enrolled_s\":7,\"use\":\"sig\",%s,%s]}",
                one.data + 1, two.data);
            break;
        case 4: /* of our kind, but no point of the curve */
            len =
                snprintf(buf, sizeof(buf),
                         "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}");
            break;
        default:
            len = snprintf(buf, sizeof(buf), "[%s,%s]", one.data, two.data);
            break;
        }
        path = write_file(buf, (size_t)len);
        r = bw_keys_load(path, &keys, &n, &e);
        if (form > 3) {
            assert_int_equal(r, -BW_EMALFORMED);
        } else {
            assert_int_equal(r, 0);
            assert_int_equal(n, 2);
            assert_string_equal(keys[0].kid, bw_key_public(a.key)->kid);
            assert_string_equal(keys[1].kid, bw_key_public(b.key)->kid);
        }
        free(keys);
        (void)unlink(path);
        free(path);
    }
    bw_buf_done(&one);
    bw_buf_done(&two);
    bw_buf_done(&text);
    chain_gen_done(&a);
    chain_gen_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_chain_holds),
        cmocka_unit_test(every_flipped_byte_is_found_in_its_line),
        cmocka_unit_test(lines_moved_about_are_found),
        cmocka_unit_test(wrong_links_are_found),
        cmocka_unit_test(wrong_citations_are_found),
        cmocka_unit_test(unreadable_content_is_told_and_does_not_break_the_chain),
        cmocka_unit_test(records_in_falling_order_are_not_looked_at_for_ever),
        cmocka_unit_test(a_file_is_read_in_any_order_and_packed),
        cmocka_unit_test(keys_are_loaded_in_every_form),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

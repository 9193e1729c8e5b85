/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tlog_note.c - signed notes, checkpoints and what witnesses are sent: what is taken,
 * and all that is not. */
#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <checkpoint.h>
#include <errno.h>
#include <hash.h>
#include <jws.h>
#include <note.h>
#include <stdio.h>
#include <string.h>

static struct bw_key *key;
static struct bw_key *other;

static int make_keys(void **state)
{
    (void)state;
    return bw_crypto_init() < 0 || bw_key_generate(BW_ALG_EDDSA, &key, NULL) < 0 ||
           bw_key_generate(BW_ALG_EDDSA, &other, NULL) < 0;
}

static int drop_keys(void **state)
{
    (void)state;
    bw_key_free(key);
    bw_key_free(other);
    return 0;
}

static void base64(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+"}}; /* RFC 4648 section 10 */
    static const char *const bad[] = {"Zg",   "Zg=",   "Zh==",     "Z===",  "====",
                                      "-_-_", "Zm9v=", "Zg==Zg==", "Zm 9v", "Zm9v\n"};
    char bytes[16];
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct bw_buf b;
        size_t n = strlen(pairs[i][0]);
        bw_buf_init(&b, 100);
        bw_base64_append(&b, pairs[i][0], n);
        assert_string_equal(b.data ? b.data : "", pairs[i][1]);
        bw_buf_done(&b);
        assert_int_equal(
            bw_base64_decode(pairs[i][1], strlen(pairs[i][1]), bytes, sizeof(bytes)), n);
        assert_memory_equal(bytes, pairs[i][0], n);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(bw_base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)) < 0);
    }
}

static void keys(void **state)
{
    struct bw_note_key k;
    struct bw_note_key again;
    char text[BW_NOTE_KEY_TEXT_MAX];
    (void)state;
    assert_int_equal(bw_note_key_make("log.example.org/elm", BW_NOTE_PLAIN,
                                      bw_key_public(key)->raw, &k, NULL),
                     0);
    bw_note_key_text(&k, text);
    assert_int_equal(bw_note_key_parse(text, &again, NULL), 0);
    assert_memory_equal(&k, &again, sizeof(k));
    text[0] = 'x'; /* another name: the hash does not fit */
    assert_int_equal(bw_note_key_parse(text, &again, NULL), -BW_EMALFORMED);
    static const char *const bad[] = {
        "", "a", "a+b", "+00000000+AAAA", "a+00000000+", "a b+00000000+AAAA"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(bw_note_key_parse(bad[i], &again, NULL) < 0);
    }
    assert_false(bw_note_name_ok(""));
    assert_false(bw_note_name_ok("a b"));
    assert_false(bw_note_name_ok("a+b"));
    assert_false(bw_note_name_ok("a\nb"));
    assert_true(bw_note_name_ok("a.example/b-c_d"));
}

static void sign_both(struct bw_buf *out, struct bw_note_key *log, struct bw_note_key *wit)
{
    struct bw_checkpoint c = {.origin = "log.example.org/elm", .size = 7};
    struct bw_buf text;
    memset(c.root, 0x5a, 32);
    bw_buf_init(&text, 1000);
    bw_buf_init(out, BW_NOTE_MAX);
    bw_checkpoint_write(&c, &text);
    assert_int_equal(bw_checkpoint_sign(&c, key, out, NULL), 0);
    assert_int_equal(bw_note_sign(text.data, text.len, "w.example.org", BW_NOTE_WITNESS,
                                  1789000000, other, out, NULL),
                     0);
    bw_buf_done(&text);
    assert_int_equal(
        bw_note_key_make(c.origin, BW_NOTE_PLAIN, bw_key_public(key)->raw, log, NULL), 0);
    assert_int_equal(bw_note_key_make("w.example.org", BW_NOTE_WITNESS,
                                      bw_key_public(other)->raw, wit, NULL),
                     0);
}

static void signatures(void **state)
{
    struct bw_buf b;
    struct bw_note_key log;
    struct bw_note_key wit;
    struct bw_note n;
    struct bw_checkpoint c;
    int64_t unix_s = 0;
    size_t at = 99;
    (void)state;
    sign_both(&b, &log, &wit);
    assert_int_equal(bw_note_parse(b.data, b.len, &n, NULL), 0);
    assert_int_equal(n.n, 2);
    assert_int_equal(bw_note_verify(&n, &log, &unix_s, &at), 0);
    assert_true(unix_s == BW_UNKNOWN);
    assert_int_equal(at, 0);
    assert_int_equal(bw_note_verify(&n, &wit, &unix_s, &at), 0);
    assert_int_equal(unix_s, 1789000000);
    assert_int_equal(at, 1);
    assert_int_equal(bw_checkpoint_open(b.data, b.len, &log, &c, NULL), 0);
    assert_int_equal(c.size, 7);
    /* Every byte of the text counts, and of the signatures. */
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] ^= 1;
        int r = bw_note_parse(b.data, b.len, &n, NULL);
        bool both = r == 0 && bw_note_verify(&n, &log, NULL, NULL) == 0 &&
                    bw_note_verify(&n, &wit, NULL, NULL) == 0;
        if (both) {
            fail_msg("byte %zu may be changed", i);
        }
        b.data[i] ^= 1;
    }
    /* The same key as another kind, or under another name, signed nothing here. */
    struct bw_note_key k;
    assert_int_equal(bw_note_parse(b.data, b.len, &n, NULL), 0);
    assert_int_equal(
        bw_note_key_make(wit.name, BW_NOTE_PLAIN, bw_key_public(other)->raw, &k, NULL), 0);
    assert_int_equal(bw_note_verify(&n, &k, NULL, NULL), -ENOENT);
    assert_int_equal(
        bw_note_key_make("v.example.org", BW_NOTE_WITNESS, wit.public, &k, NULL), 0);
    assert_int_equal(bw_note_verify(&n, &k, NULL, NULL), -ENOENT);
    assert_int_equal(bw_checkpoint_open(b.data, b.len, &k, &c, NULL), -BW_ESIGNATURE);
    bw_buf_done(&b);
}

static void notes(void **state)
{
    static const char *const bad[] = {
        "",
        "text\n",
        "text\n\n",
        "\n\xe2\x80\x94 a AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 AAAAAAA=\n",
        "text\n\n\xe2\x80\x94  AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a\xc2\xa0z AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a\xe2\x80\x83z AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a AAAAAA==\n",
        "text\n\n\xe2\x80\x94 a AAAAAAA= \n",
        "text\n\n\xe2\x80\x94 a AAAAAAA=\r\n",
        "te\txt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        "te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
    };
    struct bw_note n;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_note_parse(bad[i], strlen(bad[i]), &n, NULL) == 0) {
            fail_msg("note %zu was taken", i);
        }
    }
    const char *good =
        "a\n\nb\n\n\xe2\x80\x94 \xc3\xa9 AAAAAAA=\n"; /* the last empty line */
    assert_int_equal(bw_note_parse(good, strlen(good), &n, NULL), 0);
    assert_int_equal(n.text_len, 5);
    assert_int_equal(n.n, 1);
    assert_int_equal(n.signature[0].len, 1);
}

static void checkpoints(void **state)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const char *const bad[] = {
        "",
        "a\n",
        "a\n1\n",
        "a\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "a b\n1\n" ROOT "\n",
        "a\n01\n" ROOT "\n",
        "a\n-1\n" ROOT "\n",
        "a\n\n" ROOT "\n",
        "a\n9223372036854775807\n" ROOT "\n",
        "a\n99999999999999999999\n" ROOT "\n",
        "a\n1\nCsUY\n",
        "a\n1\n" ROOT "\n\n",
        "a\n1\n" ROOT "\nmore",
    };
    struct bw_checkpoint c;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_checkpoint_read(bad[i], strlen(bad[i]), &c, NULL) == 0) {
            fail_msg("checkpoint %zu was taken", i);
        }
    }
    const char *good = "example.com/behind-the-sofa\n20852163\n" ROOT "\nmore\n";
    assert_int_equal(bw_checkpoint_read(good, strlen(good), &c, NULL), 0);
    assert_string_equal(c.origin, "example.com/behind-the-sofa");
    assert_int_equal(c.size, 20852163);
    good = "a\n0\n" ROOT "\n";
    assert_int_equal(bw_checkpoint_read(good, strlen(good), &c, NULL), 0);
}

static void asked_of_witnesses(void **state)
{
    static const char *const bad[] = {
        "",         "old 1",   "old\n\nx\n",      "old x\n\nx\n",      "old 01\n\nx\n",
        "old 1\nx", "old 1\n", "old 1\nCsUY\n\n", "old 1\n" ROOT "\n", "Old 1\n\nx\n",
    };
    struct bw_add_checkpoint a;
    struct bw_buf b;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_add_checkpoint_read(bad[i], strlen(bad[i]), &a, NULL) == 0) {
            fail_msg("body %zu was taken", i);
        }
    }
    const char *good = "old 20\n" ROOT "\n" ROOT "\n\nx\n";
    assert_int_equal(bw_add_checkpoint_read(good, strlen(good), &a, NULL), 0);
    assert_int_equal(a.old_size, 20);
    assert_int_equal(a.proof.n, 2);
    assert_int_equal(a.note_len, 2);
    bw_buf_init(&b, 1000);
    bw_add_checkpoint_write(&a, &b);
    assert_string_equal(b.data, good);
    bw_buf_done(&b);
    bw_buf_init(&b, 9000);
    bw_buf_puts(&b, "old 1\n");
    for (int i = 0; i < BW_PROOF_MAX + 1; i++) {
        bw_buf_puts(&b, ROOT "\n");
    }
    bw_buf_puts(&b, "\nx\n");
    assert_int_equal(bw_add_checkpoint_read(b.data, b.len, &a, NULL), -BW_EMALFORMED);
    bw_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),      cmocka_unit_test(keys),
        cmocka_unit_test(signatures),  cmocka_unit_test(notes),
        cmocka_unit_test(checkpoints), cmocka_unit_test(asked_of_witnesses),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_log_vectors.c - docs/vectors/log/, which a program in another language made
 * (tests/interop/test_log.py), by our own code. */
#include "bw_test.h"

#include <buf.h>
#include <bw/err.h>
#include <checkpoint.h>
#include <file.h>
#include <hash.h>
#include <json.h>
#include <jws.h>
#include <leaf.h>
#include <note.h>
#include <stdio.h>
#include <string.h>
#include <tile.h>
#include <tree.h>

enum {
    N = 1000
};

static json_t *read_vectors(const char *name)
{
    char path[512];
    struct bw_buf b;
    json_t *root = NULL;
    struct bw_err err;
    (void)snprintf(path, sizeof(path), "%s/docs/vectors/log/%s", BW_SOURCE_DIR, name);
    bw_buf_init(&b, 1 << 20);
    if (bw_file_read(path, 1 << 20, &b, &err) < 0 ||
        bw_json_parse(b.data, b.len, 1 << 20, &root, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_buf_done(&b);
    return root;
}

static size_t unhex(const char *text, uint8_t *out, size_t cap)
{
    size_t n = strlen(text) / 2;
    assert_true(n <= cap);
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
        out[i] = (uint8_t)v;
    }
    return n;
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    assert_non_null(text);
    return text;
}

static int64_t number_of(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static void leaf_bytes(int64_t i, uint8_t ret[BW_LEAF_BYTES])
{
    char text[32];
    struct bw_leaf l = {.type = (int)(i % 4), .unix_ms = 1789000000000 + 1000 * i};
    (void)snprintf(text, sizeof(text), "leaf %d", (int)i);
    bw_sha256(text, strlen(text), l.sha256);
    bw_leaf_write(&l, ret);
}

static void leaf_hash(int64_t i, uint8_t ret[32])
{
    uint8_t bytes[BW_LEAF_BYTES];
    leaf_bytes(i, bytes);
    bw_tree_leaf(bytes, sizeof(bytes), ret);
}

static void stream_head(int64_t lo, int64_t hi, uint8_t ret[32])
{
    struct bw_tree_stream s = {0};
    uint8_t hash[32];
    for (int64_t i = lo; i < hi; i++) {
        leaf_hash(i, hash);
        bw_tree_add(&s, hash);
    }
    bw_tree_head(&s, ret);
}

static int node(void *owner, unsigned level, int64_t n, uint8_t ret[32])
{
    (void)owner;
    stream_head(n << level, (n + 1) << level, ret);
    return 0;
}

static void same_proof(const json_t *hashes, const struct bw_proof *p)
{
    assert_int_equal(json_array_size(hashes), p->n);
    for (size_t i = 0; i < p->n; i++) {
        uint8_t hash[32];
        assert_int_equal(unhex(json_string_value(json_array_get(hashes, i)), hash, 32), 32);
        assert_memory_equal(hash, p->hash[i], 32);
    }
}

static void rfc6962(void **state)
{
    json_t *root = read_vectors("tree.json");
    const json_t *rfc = json_object_get(root, "rfc6962");
    const json_t *leaves = json_object_get(rfc, "leaves");
    const json_t *heads = json_object_get(rfc, "heads");
    struct bw_tree_stream s = {0};
    (void)state;
    assert_int_equal(json_array_size(leaves), 8);
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[32] = {0};
        uint8_t hash[32];
        uint8_t want[32];
        size_t n = unhex(json_string_value(json_array_get(leaves, i)), bytes, 32);
        bw_tree_leaf(bytes, n, hash);
        bw_tree_add(&s, hash);
        bw_tree_head(&s, hash);
        (void)unhex(json_string_value(json_array_get(heads, i)), want, 32);
        assert_memory_equal(hash, want, 32);
    }
    json_decref(root);
}

static void trees(void **state)
{
    json_t *root = read_vectors("tree.json");
    const json_t *v = NULL;
    size_t i = 0;
    uint8_t head[32];
    uint8_t want[64];
    (void)state;
    json_array_foreach(json_object_get(root, "leaves"), i, v)
    {
        uint8_t bytes[BW_LEAF_BYTES];
        leaf_bytes((int64_t)i, bytes);
        assert_int_equal(unhex(json_string_value(v), want, sizeof(want)), BW_LEAF_BYTES);
        assert_memory_equal(bytes, want, BW_LEAF_BYTES);
    }
    json_array_foreach(json_object_get(root, "heads"), i, v)
    {
        stream_head(0, number_of(v, "size"), head);
        (void)unhex(text_of(v, "head"), want, sizeof(want));
        assert_memory_equal(head, want, 32);
    }
    json_array_foreach(json_object_get(root, "inclusion"), i, v)
    {
        struct bw_proof p;
        uint8_t leaf[32];
        int64_t index = number_of(v, "index");
        int64_t size = number_of(v, "size");
        assert_int_equal(bw_tree_prove(index, size, node, NULL, &p), 0);
        same_proof(json_object_get(v, "proof"), &p);
        leaf_hash(index, leaf);
        stream_head(0, size, head);
        assert_true(bw_tree_holds(index, size, leaf, &p, head));
    }
    json_array_foreach(json_object_get(root, "growth"), i, v)
    {
        struct bw_proof p;
        uint8_t old[32];
        int64_t from = number_of(v, "from");
        int64_t to = number_of(v, "to");
        assert_int_equal(bw_tree_prove_growth(from, to, node, NULL, &p), 0);
        same_proof(json_object_get(v, "proof"), &p);
        stream_head(0, from, old);
        stream_head(0, to, head);
        assert_true(bw_tree_grew(from, old, to, head, &p));
    }
    json_decref(root);
}

static void tiles(void **state)
{
    json_t *root = read_vectors("tree.json");
    const json_t *v = NULL;
    size_t i = 0;
    (void)state;
    json_array_foreach(json_object_get(root, "tiles"), i, v)
    {
        struct bw_tile t;
        uint8_t bytes[256 * (2 + BW_LEAF_BYTES)];
        uint8_t hash[32];
        uint8_t want[32];
        size_t n = 0;
        assert_int_equal(bw_tile_parse(text_of(v, "path"), &t), 0);
        assert_int_equal(t.width, bw_tile_width(t.level, t.n, N));
        for (int64_t k = 256 * t.n; k < 256 * t.n + t.width; k++) {
            if (t.level == BW_TILE_ENTRIES) {
                bytes[n] = 0;
                bytes[n + 1] = BW_LEAF_BYTES;
                leaf_bytes(k, bytes + n + 2);
                n += 2 + BW_LEAF_BYTES;
            } else {
                assert_int_equal(node(NULL, (unsigned)(8 * t.level), k, bytes + n), 0);
                n += 32;
            }
        }
        bw_sha256(bytes, n, hash);
        (void)unhex(text_of(v, "sha256"), want, sizeof(want));
        assert_memory_equal(hash, want, 32);
    }
    json_array_foreach(json_object_get(root, "paths"), i, v)
    {
        struct bw_tile t = {.level = (int)number_of(v, "level"),
                            .n = number_of(v, "n"),
                            .width = (int)number_of(v, "width")};
        char path[BW_TILE_PATH_MAX];
        bw_tile_path(&t, path);
        assert_string_equal(path, text_of(v, "path"));
    }
    json_decref(root);
}

static struct bw_key *key_of(const json_t *o, const struct bw_note_key *k)
{
    uint8_t seed[32];
    char d[BW_HASH_LEN + 1];
    char x[BW_HASH_LEN + 1];
    char jwk[256];
    struct bw_key *key = NULL;
    struct bw_err err;
    (void)unhex(text_of(o, "seed"), seed, 32);
    (void)bw_b64_encode(seed, 32, d);
    (void)bw_b64_encode(k->public, 32, x);
    (void)snprintf(jwk, sizeof(jwk),
                   "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\",\"d\":\"%s\"}", x, d);
    if (bw_key_parse(jwk, strlen(jwk), &key, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return key;
}

static void notes(void **state)
{
    json_t *root = read_vectors("note.json");
    const json_t *go = json_object_get(root, "go");
    const json_t *log = json_object_get(root, "log");
    const json_t *wit = json_object_get(root, "witness");
    const char *text = text_of(go, "note");
    const char *signed_by_log = text_of(root, "checkpoint");
    const char *cosigned = text_of(root, "cosigned");
    struct bw_note n;
    struct bw_note_key k;
    struct bw_note_key w;
    struct bw_checkpoint c;
    struct bw_buf b;
    int64_t unix_s = 0;
    char again[BW_NOTE_KEY_TEXT_MAX];
    (void)state;
    assert_int_equal(bw_note_key_parse(text_of(go, "key"), &k, NULL), 0);
    assert_int_equal(bw_note_parse(text, strlen(text), &n, NULL), 0);
    assert_int_equal(bw_note_verify(&n, &k, NULL, NULL), 0);

    assert_int_equal(bw_note_key_parse(text_of(log, "key"), &k, NULL), 0);
    bw_note_key_text(&k, again);
    assert_string_equal(again, text_of(log, "key"));
    assert_int_equal(bw_note_key_parse(text_of(wit, "key"), &w, NULL), 0);
    assert_int_equal(w.kind, BW_NOTE_WITNESS);
    assert_int_equal(bw_checkpoint_open(cosigned, strlen(cosigned), &k, &c, NULL), 0);
    assert_int_equal(c.size, 1000);
    stream_head(0, N, (uint8_t *)again);
    assert_memory_equal(c.root, again, 32);
    assert_int_equal(bw_note_parse(cosigned, strlen(cosigned), &n, NULL), 0);
    assert_int_equal(bw_note_verify(&n, &w, &unix_s, NULL), 0);
    assert_int_equal(unix_s, number_of(wit, "unix_s"));

    /* Ed25519 is deterministic: our own signatures are the same bytes. */
    struct bw_key *key = key_of(log, &k);
    struct bw_key *witness = key_of(wit, &w);
    bw_buf_init(&b, BW_NOTE_MAX);
    assert_int_equal(bw_checkpoint_sign(&c, key, &b, NULL), 0);
    assert_string_equal(b.data, signed_by_log);
    assert_int_equal(bw_note_sign(n.text, n.text_len, w.name, BW_NOTE_WITNESS, unix_s,
                                  witness, &b, NULL),
                     0);
    assert_string_equal(b.data, cosigned);
    bw_buf_clear(&b);

    struct bw_add_checkpoint a = {
        .old_size = 257, .note = signed_by_log, .note_len = strlen(signed_by_log)};
    assert_int_equal(bw_tree_prove_growth(257, N, node, NULL, &a.proof), 0);
    bw_add_checkpoint_write(&a, &b);
    assert_string_equal(b.data, text_of(root, "add_checkpoint"));
    bw_buf_done(&b);
    bw_key_free(key);
    bw_key_free(witness);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc6962),
        cmocka_unit_test(trees),
        cmocka_unit_test(tiles),
        cmocka_unit_test(notes),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

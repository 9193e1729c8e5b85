/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tlog_tree.c - heads, proofs and tiles against the plain definition, for all small
 * trees; and that a proof holds for nothing else. */
#include "bw_test.h"

#include <errno.h>
#include <leaf.h>
#include <many.h>
#include <stdio.h>
#include <string.h>
#include <tile.h>
#include <tree.h>

enum {
    N = 70
};

static uint8_t leaves[N][32];

static void make_leaves(void)
{
    for (int i = 0; i < N; i++) {
        bw_tree_leaf(&i, sizeof(i), leaves[i]);
    }
}

/* MTH as RFC 6962 section 2.1 writes it. */
static void plain_head(int lo, int hi, uint8_t ret[32])
{
    uint8_t left[32];
    uint8_t right[32];
    int k = 1;
    if (hi - lo == 1) {
        memcpy(ret, leaves[lo], 32);
        return;
    }
    while (k * 2 < hi - lo) {
        k *= 2;
    }
    plain_head(lo, lo + k, left);
    plain_head(lo + k, hi, right);
    bw_tree_node(left, right, ret);
}

static int node(void *owner, unsigned level, int64_t n, uint8_t ret[32])
{
    int64_t size = *(int64_t *)owner;
    assert_true((n + 1) << level <= size); /* whole groups only */
    plain_head((int)(n << level), (int)((n + 1) << level), ret);
    return 0;
}

static void heads(void **state)
{
    struct bw_tree_stream s = {0};
    (void)state;
    make_leaves();
    for (int64_t n = 1; n <= N; n++) {
        uint8_t plain[32];
        uint8_t stream[32];
        uint8_t nodes[32];
        bw_tree_add(&s, leaves[n - 1]);
        plain_head(0, (int)n, plain);
        bw_tree_head(&s, stream);
        assert_memory_equal(stream, plain, 32);
        assert_int_equal(bw_tree_head_of(n, node, &n, nodes), 0);
        assert_memory_equal(nodes, plain, 32);
    }
    assert_int_equal(s.size, N);
}

static void inclusion(void **state)
{
    (void)state;
    make_leaves();
    for (int64_t n = 1; n <= N; n++) {
        uint8_t head[32];
        plain_head(0, (int)n, head);
        for (int64_t i = 0; i < n; i++) {
            struct bw_proof p;
            assert_int_equal(bw_tree_prove(i, n, node, &n, &p), 0);
            assert_true(bw_tree_holds(i, n, leaves[i], &p, head));
            /* for no other place, leaf, length or head */
            assert_false(bw_tree_holds(i, n, leaves[(i + 1) % N], &p, head));
            if (i + 1 < n) {
                assert_false(bw_tree_holds(i + 1, n, leaves[i], &p, head));
            }
            assert_false(bw_tree_holds(i, n, leaves[i], &p, leaves[N - 1]) && n > 1);
            if (p.n > 0) {
                p.n--;
                assert_false(bw_tree_holds(i, n, leaves[i], &p, head));
                p.n++;
                p.hash[p.n - 1][31] ^= 1;
                assert_false(bw_tree_holds(i, n, leaves[i], &p, head));
                p.hash[p.n - 1][31] ^= 1;
            }
            p.n++;
            assert_false(bw_tree_holds(i, n, leaves[i], &p, head));
        }
    }
    struct bw_proof none = {.n = 0};
    int64_t n = 5;
    assert_int_equal(bw_tree_prove(5, 5, node, &n, &none), -EINVAL);
    assert_int_equal(bw_tree_prove(-1, 5, node, &n, &none), -EINVAL);
    assert_false(bw_tree_holds(1, 1, leaves[0], &none, leaves[0]));
    assert_false(bw_tree_holds(-1, 1, leaves[0], &none, leaves[0]));
}

static void growth(void **state)
{
    (void)state;
    make_leaves();
    for (int64_t n = 1; n <= N; n++) {
        uint8_t head[32];
        plain_head(0, (int)n, head);
        for (int64_t m = 1; m <= n; m++) {
            struct bw_proof p;
            uint8_t old[32];
            plain_head(0, (int)m, old);
            assert_int_equal(bw_tree_prove_growth(m, n, node, &n, &p), 0);
            assert_true(bw_tree_grew(m, old, n, head, &p));
            old[0] ^= 1;
            assert_false(bw_tree_grew(m, old, n, head, &p));
            old[0] ^= 1;
            head[0] ^= 1;
            assert_false(bw_tree_grew(m, old, n, head, &p));
            head[0] ^= 1;
            if (m < n && m > 1) {
                assert_false(bw_tree_grew(m - 1, old, n, head, &p));
            }
            if (p.n > 0) {
                p.hash[0][7] ^= 1;
                assert_false(bw_tree_grew(m, old, n, head, &p));
                p.hash[0][7] ^= 1;
                p.n--;
                assert_false(bw_tree_grew(m, old, n, head, &p));
                p.n++;
            }
            p.n++;
            assert_false(bw_tree_grew(m, old, n, head, &p));
            assert_false(bw_tree_grew(n + 1, old, n, head, &p));
        }
    }
}

/* ---- tiles */

static int64_t tree_size;
static int asked;

static int plain_tile(void *owner, const struct bw_tile *t, uint8_t *ret_hashes)
{
    (void)owner;
    asked++;
    assert_int_equal(t->width, bw_tile_width(t->level, t->n, tree_size));
    assert_in_range(t->width, 1, 256);
    for (int i = 0; i < t->width; i++) {
        int64_t which = t->n * 256 + i;
        if (t->level == 0) {
            bw_tree_leaf(&which, sizeof(which), ret_hashes + 32 * i);
        } else {
            struct bw_tree_stream s = {0};
            for (int64_t k = which * 256; k < (which + 1) * 256; k++) {
                uint8_t leaf[32];
                bw_tree_leaf(&k, sizeof(k), leaf);
                bw_tree_add(&s, leaf);
            }
            bw_tree_head(&s, ret_hashes + 32 * i);
        }
    }
    return 0;
}

static void nodes_of_tiles(void **state)
{
    static const int64_t sizes[] = {1, 2, 255, 256, 257, 600, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bw_tree_stream s = {0};
        struct bw_tile_reader reader = {.size = sizes[i], .cb = plain_tile};
        uint8_t plain[32];
        uint8_t head[32];
        tree_size = sizes[i];
        asked = 0;
        for (int64_t k = 0; k < sizes[i]; k++) {
            bw_tree_leaf(&k, sizeof(k), plain);
            bw_tree_add(&s, plain);
        }
        bw_tree_head(&s, plain);
        assert_int_equal(bw_tree_head_of(sizes[i], bw_tile_node, &reader, head), 0);
        assert_memory_equal(head, plain, 32);
        assert_in_range(asked, 1, 3);
        struct bw_proof p;
        int64_t at = sizes[i] / 2;
        bw_tree_leaf(&at, sizeof(at), plain);
        assert_int_equal(bw_tree_prove(at, sizes[i], bw_tile_node, &reader, &p), 0);
        assert_true(bw_tree_holds(at, sizes[i], plain, &p, head));
        assert_int_equal(bw_tile_node(&reader, 0, sizes[i], plain), -EINVAL);
        assert_int_equal(bw_tile_node(&reader, 62, 1, plain), -EINVAL);
    }
}

static void paths(void **state)
{
    static const char *const good[] = {
        "tile/0/000",           "tile/0/000.p/1",
        "tile/7/255",           "tile/0/x001/000",
        "tile/0/x001/x234/067", "tile/entries/x001/x234/067.p/255",
        "tile/1/999.p/255",     "tile/2/x999/x999/x999/999",
    };
    static const char *const bad[] = {
        "",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entries",
        "tile/entries/00a",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct bw_tile t;
        char again[BW_TILE_PATH_MAX];
        assert_int_equal(bw_tile_parse(good[i], &t), 0);
        bw_tile_path(&t, again);
        assert_string_equal(again, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_tile t;
        if (bw_tile_parse(bad[i], &t) != -EINVAL) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_int_equal(bw_tile_width(0, 0, 70000), 256);
    assert_int_equal(bw_tile_width(0, 273, 70000), 112); /* the example of tlog-tiles */
    assert_int_equal(bw_tile_width(0, 274, 70000), 0);
    assert_int_equal(bw_tile_width(1, 1, 70000), 17);
    assert_int_equal(bw_tile_width(2, 0, 70000), 1);
    assert_int_equal(bw_tile_width(3, 0, 70000), 0);
    assert_int_equal(bw_tile_width(1, 0, 256), 1);
    assert_int_equal(bw_tile_width(0, 1, 256), 0);
    assert_int_equal(bw_tile_width(BW_TILE_ENTRIES, 0, 5), 5);
}

static void leaf(void **state)
{
    struct bw_leaf l = {.type = BW_LEAF_CLAIM, .unix_ms = 0x0102030405060708};
    struct bw_leaf again;
    uint8_t bytes[BW_LEAF_BYTES];
    char name[16];
    (void)state;
    memset(l.sha256, 0xab, 32);
    bw_leaf_write(&l, bytes);
    assert_memory_equal(bytes, "\x02\x01\x02\x03\x04\x05\x06\x07\x08\xab\xab", 11);
    bw_leaf_read(bytes, &again);
    assert_int_equal(again.type, l.type);
    assert_int_equal(again.unix_ms, l.unix_ms);
    assert_memory_equal(again.sha256, l.sha256, 32);
    assert_int_equal(bw_leaf_type_of("claim"), BW_LEAF_CLAIM);
    assert_int_equal(bw_leaf_type_of("withdrawal"), BW_LEAF_WITHDRAWAL);
    assert_int_equal(bw_leaf_type_of("terms"), BW_LEAF_TERMS);
    assert_int_equal(bw_leaf_type_of("summary"), -ENOENT);
    bw_leaf_type_name(200, name);
    assert_string_equal(name, "type-200");
}

struct gathered {
    uint8_t hash[4 * N][32];
    size_t n;
};

static int gather(void *owner, const uint8_t hash[32])
{
    struct gathered *g = owner;
    memcpy(g->hash[g->n++], hash, 32);
    return 0;
}

/* Sets of leaves of all small trees: together they lead to the head, with no more hashes
 * than single proofs have, and nothing else does. */
static void many(void **state)
{
    static const uint64_t sets[] = {0,
                                    1,
                                    0x80,
                                    0x5555555555555555,
                                    0xff00ff,
                                    UINT64_MAX,
                                    0x8000000100000001,
                                    0x123456789abcdef0};
    (void)state;
    make_leaves();
    for (int64_t size = 1; size <= 64; size++) {
        uint8_t want[32];
        plain_head(0, (int)size, want);
        for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++) {
            struct bw_tree_part parts[N];
            struct gathered g = {.n = 0};
            uint8_t head[32];
            size_t n = 0;
            size_t single = 0;
            for (int64_t i = 0; i < size; i++) {
                struct bw_proof p;
                if (sets[k] >> i & 1) {
                    parts[n].index = i;
                    memcpy(parts[n++].hash, leaves[i], 32);
                    assert_int_equal(bw_tree_prove(i, size, node, &size, &p), 0);
                    single += p.n;
                }
            }
            assert_int_equal(bw_tree_prove_many(parts, n, size, node, &size, gather, &g),
                             0);
            assert_true(n == 0 ? g.n == 1 : g.n <= single);
            assert_int_equal(bw_tree_head_many(parts, n, size, g.hash[0], g.n, head), 0);
            assert_memory_equal(head, want, 32);
            /* one hash less, one more, another leaf, another order */
            if (g.n > 0) {
                assert_int_equal(
                    bw_tree_head_many(parts, n, size, g.hash[0], g.n - 1, head), -EINVAL);
            }
            assert_int_equal(bw_tree_head_many(parts, n, size, g.hash[0], g.n + 1, head),
                             -EINVAL);
            if (n > 0) {
                parts[n / 2].hash[0] ^= 1;
                assert_int_equal(bw_tree_head_many(parts, n, size, g.hash[0], g.n, head),
                                 0);
                assert_memory_not_equal(head, want, 32);
                parts[n - 1].index = size;
                assert_int_equal(bw_tree_head_many(parts, n, size, g.hash[0], g.n, head),
                                 -EINVAL);
            }
            if (n > 1) {
                parts[n - 1].index = parts[0].index;
                assert_int_equal(bw_tree_head_many(parts, n, size, g.hash[0], g.n, head),
                                 -EINVAL);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),          cmocka_unit_test(many),
        cmocka_unit_test(inclusion),      cmocka_unit_test(growth),
        cmocka_unit_test(nodes_of_tiles), cmocka_unit_test(paths),
        cmocka_unit_test(leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

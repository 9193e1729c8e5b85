/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_tlog_store.c - leaves, tiles and checkpoints on disk: the same tree as in memory
 * whatever the batches, after kill -9 at any moment, and made again. */
#include "bw_test.h"
#include "store_chain.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <tlog_store.h>
#include <unistd.h>

enum {
    MANY = 70000, /* the example of tlog-tiles: three levels */
    ROUNDS = 30
};

static struct bw_leaf leaf_of(int64_t i)
{
    struct bw_leaf l = {.type = (int)(i % 3), .unix_ms = 1789000000000 + i};
    bw_sha256(&i, sizeof(i), l.sha256);
    return l;
}

static void append(struct bw_tlog *t, int64_t from, int64_t to)
{
    size_t n = (size_t)(to - from);
    struct bw_leaf *l = calloc(n ? n : 1, sizeof(*l));
    struct bw_err err = {.text = ""};
    assert_non_null(l);
    for (size_t i = 0; i < n; i++) {
        l[i] = leaf_of(from + (int64_t)i);
    }
    if (bw_tlog_append(t, l, n, &err) < 0) {
        fail_msg("%s", err.text);
    }
    free(l);
}

static void plain_root(int64_t size, uint8_t ret[32])
{
    struct bw_tree_stream s = {0};
    for (int64_t i = 0; i < size; i++) {
        uint8_t hash[32];
        struct bw_leaf l = leaf_of(i);
        bw_leaf_hash(&l, hash);
        bw_tree_add(&s, hash);
    }
    bw_tree_head(&s, ret);
}

static void check_root(struct bw_tlog *t, int64_t size)
{
    uint8_t want[32];
    uint8_t got[32];
    struct bw_err err = {.text = ""};
    plain_root(size, want);
    if (bw_tlog_root(t, size, got, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_memory_equal(got, want, 32);
}

static void grows(void **state)
{
    static const int64_t steps[] = {0,   1,    2,    255,  256,   257,   511,   512,
                                    700, 1024, 5000, 9999, 65535, 65536, 65537, MANY};
    char *folder = tmp_folder();
    struct bw_tlog *t = NULL;
    struct bw_tlog *reader = NULL;
    struct bw_err err;
    int64_t at = 0;
    (void)state;
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_READ, &t, &err), -ENOENT);
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &t, &err), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        append(t, at, steps[i]);
        at = steps[i];
        check_root(t, at);
        if (i % 3 == 1) { /* what is in memory is nothing that is not on disk */
            bw_tlog_close(t);
            assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &t, &err), 0);
        }
    }
    /* Older trees are still there, with proofs between all of them. */
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_READ, &reader, &err), 0);
    for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct bw_proof p;
        uint8_t old[32];
        uint8_t head[32];
        uint8_t hash[32];
        struct bw_leaf l;
        check_root(reader, steps[i]);
        assert_int_equal(bw_tlog_root(reader, steps[i], old, &err), 0);
        assert_int_equal(bw_tlog_root(reader, MANY, head, &err), 0);
        assert_int_equal(bw_tlog_prove_growth(reader, steps[i], MANY, &p, &err), 0);
        assert_true(bw_tree_grew(steps[i], old, MANY, head, &p));
        assert_int_equal(bw_tlog_prove(reader, steps[i] - 1, MANY, &p, &err), 0);
        assert_int_equal(bw_tlog_leaf(reader, steps[i] - 1, &l, &err), 0);
        assert_int_equal(l.unix_ms, 1789000000000 + steps[i] - 1);
        bw_leaf_hash(&l, hash);
        assert_true(bw_tree_holds(steps[i] - 1, MANY, hash, &p, head));
    }
    uint8_t none[32];
    struct bw_leaf l;
    assert_int_equal(bw_tlog_root(reader, MANY + 1, none, &err), -EINVAL);
    assert_int_equal(bw_tlog_leaf(reader, MANY, &l, &err), -ENOENT);
    assert_int_equal(bw_tlog_append(reader, &l, 1, &err), -EROFS);
    bw_tlog_close(reader);
    bw_tlog_close(t);
    tmp_folder_drop(folder);
}

static void tiles(void **state)
{
    char *folder = tmp_folder();
    struct bw_tlog *t = NULL;
    struct bw_err err;
    struct bw_buf b;
    struct bw_tile tile = {.level = 0, .n = 2, .width = 188};
    (void)state;
    bw_buf_init(&b, 1 << 16);
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &t, &err), 0);
    append(t, 0, 700);
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), 0);
    assert_int_equal(b.len, 188 * 32);
    struct bw_leaf l = leaf_of(512);
    uint8_t hash[32];
    bw_leaf_hash(&l, hash);
    assert_memory_equal(b.data, hash, 32);
    bw_buf_clear(&b);
    tile.level = BW_TILE_ENTRIES;
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), 0);
    assert_int_equal(b.len, 188 * (2 + BW_LEAF_BYTES));
    assert_memory_equal(b.data, "\0\x29\x02", 3); /* 41 bytes; 512 mod 3 */
    bw_buf_clear(&b);
    tile.width = 189;
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), -ENOENT);
    tile = (struct bw_tile){.level = 1, .n = 0, .width = 2};
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), 0);
    tile.width = 3;
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), -ENOENT);
    tile.width = 1; /* a narrower one, as it was when the log was smaller */
    bw_buf_clear(&b);
    assert_int_equal(bw_tlog_tile(t, &tile, &b, &err), 0);
    plain_root(256, hash);
    assert_memory_equal(b.data, hash, 32);
    bw_buf_done(&b);
    bw_tlog_close(t);
    tmp_folder_drop(folder);
}

static int keep_size(void *owner, const struct bw_tlog_checkpoint *c)
{
    *(int64_t *)owner = c->size;
    return 0;
}

static void checkpoints(void **state)
{
    char *folder = tmp_folder();
    struct bw_tlog *t = NULL;
    struct bw_err err;
    struct bw_buf b;
    int64_t size = -1;
    struct bw_tlog_checkpoint c = {.size = 5, .unix_s = 9, .note = "five\n", .note_len = 5};
    (void)state;
    bw_buf_init(&b, 1000);
    assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &t, &err), 0);
    assert_int_equal(bw_tlog_checkpoint_at(t, INT64_MAX, keep_size, &size, &err), -ENOENT);
    assert_int_equal(bw_tlog_checkpoint_add(t, &c, &err), 0);
    assert_int_equal(bw_tlog_checkpoint_add(t, &c, &err), 0);
    c.root[0] = 1;
    assert_int_equal(bw_tlog_checkpoint_add(t, &c, &err), -BW_EFORK);
    c.size = 4;
    assert_int_equal(bw_tlog_checkpoint_add(t, &c, &err), -BW_EFORK);
    c.size = 8;
    assert_int_equal(bw_tlog_checkpoint_add(t, &c, &err), 0);
    assert_int_equal(bw_tlog_checkpoint_at(t, 7, keep_size, &size, &err), 0);
    assert_int_equal(size, 5);
    assert_int_equal(bw_tlog_cosign_add(t, 5, "w2", 100, "w2 late\n", 8, &err), 0);
    assert_int_equal(bw_tlog_cosign_add(t, 5, "w1", 90, "w1 first\n", 9, &err), 0);
    assert_int_equal(bw_tlog_cosign_add(t, 5, "w1", 99, "w1\n", 3, &err), 0);
    assert_int_equal(bw_tlog_note(t, 5, &b, &err), 0);
    assert_string_equal(b.data, "five\nw1\nw2 late\n");
    assert_int_equal(bw_tlog_note(t, 6, &b, &err), -ENOENT);
    bw_buf_clear(&b);
    assert_int_equal(bw_tlog_meta_get(t, "origin", &b, &err), -ENOENT);
    assert_int_equal(bw_tlog_meta_set(t, "origin", "elm", &err), 0);
    assert_int_equal(bw_tlog_meta_get(t, "origin", &b, &err), 0);
    assert_string_equal(b.data, "elm");
    struct bw_tlog_seen s = {.origin = "elm", .size = 7};
    struct bw_tlog_seen again;
    assert_int_equal(bw_tlog_seen_get(t, "elm", &again, &err), -ENOENT);
    assert_int_equal(bw_tlog_seen_set(t, 3, &s, &err), -EAGAIN);
    assert_int_equal(bw_tlog_seen_set(t, 0, &s, &err), 0);
    assert_int_equal(bw_tlog_seen_set(t, 0, &s, &err), -EAGAIN);
    s.size = 9;
    assert_int_equal(bw_tlog_seen_set(t, 7, &s, &err), 0);
    assert_int_equal(bw_tlog_seen_get(t, "elm", &again, &err), 0);
    assert_int_equal(again.size, 9);
    bw_buf_done(&b);
    bw_tlog_close(t);
    tmp_folder_drop(folder);
}

/* A writer that appends for ever, telling after each batch how far it is. */
static void write_for_ever(const char *folder, int fd)
{
    struct bw_tlog *t = NULL;
    int64_t size = 0;
    if (bw_tlog_open(folder, BW_TLOG_WRITE, &t, NULL) < 0 ||
        bw_tlog_size(t, &size, NULL) < 0) {
        _exit(2);
    }
    for (int64_t step = 1;; step = step * 7 % 311 + 1) {
        uint8_t root[32];
        append(t, size, size + step);
        size += step;
        if (bw_tlog_root(t, size, root, NULL) < 0) {
            _exit(2);
        }
        struct bw_tlog_checkpoint c = {.size = size, .note = "x\n", .note_len = 2};
        memcpy(c.root, root, sizeof(root));
        if (bw_tlog_checkpoint_add(t, &c, NULL) < 0 ||
            write(fd, &size, sizeof(size)) != (ssize_t)sizeof(size)) {
            _exit(3);
        }
    }
}

static int same_root(void *owner, const struct bw_tlog_checkpoint *c)
{
    uint8_t want[32];
    (void)owner;
    plain_root(c->size, want);
    assert_memory_equal(c->root, want, 32);
    return 0;
}

static void killed(void **state)
{
    char *folder = tmp_folder();
    struct bw_err err = {.text = ""};
    int64_t told = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(fds[0]);
            write_for_ever(folder, fds[1]);
        }
        (void)close(fds[1]);
        for (int i = 0; i < round % 5 + 1; i++) {
            int64_t size = 0;
            assert_int_equal(read(fds[0], &size, sizeof(size)), sizeof(size));
            told = size;
        }
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (int64_t size = 0;
             read(fds[0], &size, sizeof(size)) == (ssize_t)sizeof(size);) {
            told = size;
        }
        (void)close(fds[0]);
        struct bw_tlog *t = NULL;
        int64_t size = 0;
        assert_int_equal(bw_tlog_open(folder, BW_TLOG_WRITE, &t, &err), 0);
        assert_int_equal(bw_tlog_size(t, &size, &err), 0);
        assert_true(size >= told);
        check_root(t, size);
        assert_int_equal(bw_tlog_checkpoint_at(t, INT64_MAX, same_root, NULL, &err), 0);
        bw_tlog_close(t);
    }
    tmp_folder_drop(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(tiles),
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(killed),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

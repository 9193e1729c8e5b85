/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_hash.c - SHA-256 (FIPS 180-2 vectors), HMAC (RFC 4231), base64url (RFC 4648), and
 * whole files. */
#include "bw_test.h"

#include "buf.h"
#include "file.h"
#include "hash.h"
#include "hasher.h"

#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void to_hex(const uint8_t *bytes, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void sha256(void **state)
{
    uint8_t hash[32];
    char hex[65];
    char text[BW_HASH_LEN + 1];

    (void)state;
    bw_sha256("abc", 3, hash);
    to_hex(hash, 32, hex);
    assert_string_equal(hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    bw_sha256(NULL, 0, hash);
    to_hex(hash, 32, hex);
    assert_string_equal(hex,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    bw_sha256_text("abc", 3, text);
    assert_string_equal(text, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

static void in_pieces(void **state)
{
    struct bw_hasher *h = bw_hasher_new();
    uint8_t hash[32];
    char hex[BW_SHA256_HEX + 1];

    (void)state;
    assert_non_null(h);
    bw_hasher_add(h, "a", 1);
    bw_hasher_add(h, NULL, 0);
    bw_hasher_add(h, "bc", 2);
    assert_int_equal(bw_hasher_end(h, hash), 0);
    bw_sha256_hex(hash, hex);
    assert_string_equal(hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    bw_hasher_free(h);
    bw_hasher_free(NULL);
}

static void hmac(void **state)
{
    uint8_t mac[32];
    char hex[65];

    (void)state;
    bw_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
    to_hex(mac, 32, hex);
    assert_string_equal(hex,
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void base64url(void **state)
{
    static const struct {
        const char *plain;
        const char *coded;
    } rows[] = {{"", ""},
                {"f", "Zg"},
                {"fo", "Zm8"},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg"},
                {"fooba", "Zm9vYmE"},
                {"foobar", "Zm9vYmFy"},
                {"\xfb\xff\xbf", "-_-_"}};
    static const char *const bad[] = {
        "Z",     "Zg==", "Zg=",  "Zh", /* stray bits in two */
        "Zm9",                         /* stray bits in three */
        "Zm9vY", "+/+/", "Zm 9", "Zm9v\n", "Z\xc3\xa9g",
    };
    char text[20];
    uint8_t bytes[20];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = strlen(rows[i].plain);
        struct bw_buf b;
        assert_int_equal(bw_b64_encode(rows[i].plain, n, text), strlen(rows[i].coded));
        assert_string_equal(text, rows[i].coded);
        assert_int_equal(bw_b64_decode(text, strlen(text), bytes, n), n);
        assert_memory_equal(bytes, rows[i].plain, n);
        if (n > 0) {
            assert_int_equal(bw_b64_decode(text, strlen(text), bytes, n - 1), -E2BIG);
        }
        bw_buf_init(&b, 100);
        bw_b64_append(&b, rows[i].plain, n);
        assert_int_equal(b.len, strlen(rows[i].coded));
        bw_buf_done(&b);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (bw_b64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)) != -EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    /* appending in parts is the same as encoding at once */
    {
        uint8_t many[200];
        char once[300];
        struct bw_buf b;
        for (size_t i = 0; i < sizeof(many); i++) {
            many[i] = (uint8_t)(i * 7);
        }
        bw_buf_init(&b, 1000);
        for (size_t n = 0; n <= sizeof(many); n++) {
            bw_buf_clear(&b);
            bw_b64_append(&b, many, n);
            assert_int_equal(b.len, bw_b64_encode(many, n, once));
            assert_memory_equal(b.data ? b.data : "", once, b.len);
        }
        bw_buf_done(&b);
    }
}

static void random_bytes_differ(void **state)
{
    uint8_t a[16];
    uint8_t b[16];

    (void)state;
    bw_random(a, sizeof(a));
    bw_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void files(void **state)
{
    char folder[] = "/tmp/bw_test_file.XXXXXX";
    char path[80];
    char deep[120];
    struct bw_buf b;
    struct bw_err err = {""};
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/x", folder);
    bw_buf_init(&b, 1000);
    assert_int_equal(bw_file_read(path, 10, &b, &err), -ENOENT);
    assert_int_equal(bw_file_create(path, "one", 3, 0600, &err), 0);
    assert_int_equal(bw_file_create(path, "two", 3, 0600, &err), -EEXIST);
    assert_int_equal(bw_file_read(path, 3, &b, &err), 0);
    assert_string_equal(b.data, "one");
    assert_int_equal(bw_file_write(path, "longer", 6, 0640, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(bw_file_read(path, 6, &b, &err), 0); /* appends */
    assert_string_equal(b.data, "onelonger");
    assert_int_equal(bw_file_read(path, 5, &b, &err), -EFBIG);
    assert_non_null(strstr(err.text, "longer than 5 bytes"));
    assert_int_equal(bw_file_sync_parent(path), 0);
    assert_int_equal(bw_file_sync_parent("x"), 0);
    assert_int_equal(bw_file_sync_parent("/no/such/x"), -ENOENT);
    assert_int_equal(bw_file_write("/no/such/x", "", 0, 0600, &err), -ENOENT);
    (void)snprintf(deep, sizeof(deep), "%s/a/b/c", folder);
    assert_int_equal(bw_dir_make(deep, 0750, &err), 0);
    assert_int_equal(bw_dir_make(deep, 0750, &err), 0);
    assert_int_equal(stat(deep, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    (void)snprintf(deep, sizeof(deep), "%s/x/y", folder);
    assert_int_equal(bw_dir_make(deep, 0750, &err), -ENOTDIR);
    assert_int_equal(bw_dir_make(path, 0750, &err), -ENOTDIR);
    assert_non_null(strstr(err.text, "is not a folder"));
    bw_buf_done(&b);
    assert_int_equal(unlink(path), 0);
    for (int i = 3; i > 0; i--) {
        (void)snprintf(deep, sizeof(deep), "%s/%.*s", folder, 2 * i - 1, "a/b/c");
        assert_int_equal(rmdir(deep), 0);
    }
    assert_int_equal(rmdir(folder), 0); /* nothing temporary was left */
}

/* A write that the system cuts off leaves the old file and nothing else. */
static void a_full_disk(void **state)
{
    char folder[] = "/tmp/bw_test_file.XXXXXX";
    char path[80];
    char many[4000];
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    struct rlimit old;
    struct rlimit small;
    struct bw_buf b;
    struct bw_err err = {""};

    (void)state;
    memset(many, 'x', sizeof(many));
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/x", folder);
    assert_int_equal(bw_file_write(path, "old", 3, 0600, &err), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &before), 0);
    small = old;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(bw_file_write(path, many, sizeof(many), 0600, &err), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(sigaction(SIGXFSZ, &before, NULL), 0);
    assert_non_null(strstr(err.text, path));
    bw_buf_init(&b, 100);
    assert_int_equal(bw_file_read(path, 100, &b, &err), 0);
    assert_string_equal(b.data, "old");
    bw_buf_done(&b);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),
        cmocka_unit_test(in_pieces),
        cmocka_unit_test(hmac),
        cmocka_unit_test(base64url),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(files),
        cmocka_unit_test(a_full_disk),
    };
    if (bw_crypto_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

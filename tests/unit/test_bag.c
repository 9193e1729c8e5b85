/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bag.c - a bag comes out as it went in and always as the same bytes; whatever is
 * changed is found and named; archives meant to do harm are refused with the reason. */
#include "bag.h"
#include "buf.h"
#include "file.h"
#include "hash.h"

#include <archive.h>
#include <archive_entry.h>
#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    MADE = 1800000000,
    HEAD_BITS = 256
};

struct place {
    char dir[64];
    char path[96];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/test-bag-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->path, sizeof(p->path), "%s/a.tar.zst", p->dir);
    *state = p;
    return bw_crypto_init();
}

static int teardown(void **state)
{
    struct place *p = *state;
    (void)unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0); /* no temporary file stays behind */
    free(p);
    return 0;
}

static void write_bag(const char *path, bool turned)
{
    static const char *const names[] = {"data/b.txt", "data/a/x.json", "data/empty"};
    static const char *const texts[] = {"abc", "{\"v\":1}", ""};
    struct bw_bag_writer *w;
    struct bw_err err = {""};
    int64_t bytes = 0;
    assert_int_equal(bw_bag_writer_new("juniper", MADE, &w, &err), 0);
    assert_int_equal(bw_bag_info(w, "Source-Organization", "Heron\nISD"), 0);
    for (int i = 0; i < 3; i++) {
        int k = turned ? 2 - i : i;
        assert_int_equal(bw_bag_add(w, names[k], texts[k], strlen(texts[k]), &err), 0);
    }
    assert_int_equal(bw_bag_add(w, "data/B.txt", "", 0, &err), -EEXIST);
    assert_int_equal(bw_bag_add(w, "../x", "", 0, &err), -EINVAL);
    assert_int_equal(bw_bag_add(w, "data/../x", "", 0, &err), -EINVAL);
    assert_int_equal(bw_bag_add(w, "x", "", 0, &err), -EINVAL);
    assert_int_equal(bw_bag_write(w, path, NULL, NULL, &bytes, &err), 0);
    assert_true(bytes > 100);
    bw_bag_writer_free(w);
}

static void same_text(const struct bw_bag *b, const char *name, const char *text)
{
    const struct bw_bag_member *m = bw_bag_find(b, name);
    if (!m) {
        fail_msg("%s is missing", name);
        return;
    }
    if (m->n != strlen(text) || memcmp(m->data, text, m->n) != 0) {
        fail_msg("%s is '%.*s'", name, (int)m->n, m->data);
    }
}

/* SHA-256 and SHA-512 of "abc" are those of FIPS 180-2, of "" and {"v":1} coreutils'. */
static void comes_out_as_it_went_in(void **state)
{
    const struct place *p = *state;
    struct bw_bag *b;
    struct bw_err err = {""};
    char text[64];
    write_bag(p->path, false);
    assert_int_equal(bw_bag_open(p->path, &b, &err), 0);
    assert_string_equal(bw_bag_top(b), "juniper");
    assert_int_equal(bw_bag_count(b), 9);
    same_text(b, "data/b.txt", "abc");
    same_text(b, "data/empty", "");
    same_text(b, "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    same_text(b, "bag-info.txt",
              "Source-Organization: Heron ISD\nBagging-Date: 2027-01-15\n"
              "Payload-Oxum: 10.3\n");
    same_text(
        b, "manifest-sha256.txt",
        "afbf9d0f3560b0fd7795e81c42a0a79ee6b6fc67e064f77826aee642cad28d91  data/a/x.json\n"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  data/b.txt\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  data/empty\n");
    assert_non_null(
        strstr(bw_bag_find(b, "manifest-sha512.txt")->data,
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
               "  data/b.txt\n"));
    assert_true(bw_bag_info_get(b, "Payload-Oxum", text, sizeof(text)));
    assert_string_equal(text, "10.3");
    assert_false(bw_bag_info_get(b, "Payload", text, sizeof(text)));
    assert_int_equal(bw_bag_check(b, NULL, NULL, NULL), 0);
    assert_int_equal(bw_bag_same_bytes(b, &err), 0);
    bw_bag_close(b);
}

static void read_whole(const char *path, struct bw_buf *out)
{
    struct bw_err err = {""};
    bw_buf_init(out, 1 << 24);
    assert_int_equal(bw_file_read(path, 1 << 24, out, &err), 0);
}

static void gives_the_same_bytes_again(void **state)
{
    const struct place *p = *state;
    struct bw_buf one;
    struct bw_buf two;
    write_bag(p->path, false);
    read_whole(p->path, &one);
    assert_int_equal(unlink(p->path), 0);
    write_bag(p->path, true);
    read_whole(p->path, &two);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    bw_buf_done(&one);
    bw_buf_done(&two);
}

/* One bit of the archive, any of its head and every seventh behind it: refused, a fault, or
 * not the bytes that it should be. */
static void finds_every_bit_of_the_archive(void **state)
{
    const struct place *p = *state;
    struct bw_buf good;
    write_bag(p->path, false);
    read_whole(p->path, &good);
    for (size_t bit = 0; bit < good.len * 8; bit += bit < HEAD_BITS ? 1 : 7) {
        struct bw_bag *b = NULL;
        struct bw_err err = {""};
        good.data[bit / 8] = (char)(good.data[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(bw_file_write(p->path, good.data, good.len, 0600, &err), 0);
        if (bw_bag_open(p->path, &b, &err) == 0 && bw_bag_check(b, NULL, NULL, NULL) == 0 &&
            bw_bag_same_bytes(b, &err) == 0) {
            fail_msg("bit %zu of byte %zu: nothing was found", bit % 8, bit / 8);
        }
        assert_true(b || strstr(err.text, p->path));
        bw_bag_close(b);
        good.data[bit / 8] = (char)(good.data[bit / 8] ^ (1 << bit % 8));
    }
    bw_buf_done(&good);
}

/* ---- archives by another hand --------------------------------------------------- */

struct entry {
    const char *name;
    const char *data;
    unsigned type; /* 0: a file */
    const char *link;
    size_t repeat; /* the data so many times */
};

static void pack(const char *path, const struct entry *e, size_t n)
{
    struct archive *a = archive_write_new();
    assert_int_equal(archive_write_set_format_pax_restricted(a), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter_zstd(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *x = archive_entry_new();
        size_t len = e[i].data ? strlen(e[i].data) : 0;
        size_t times = e[i].repeat ? e[i].repeat : 1;
        archive_entry_set_pathname(x, e[i].name);
        archive_entry_set_perm(x, 0644);
        archive_entry_set_filetype(x, e[i].type ? e[i].type : AE_IFREG);
        if (e[i].link && e[i].type == AE_IFLNK) {
            archive_entry_set_symlink(x, e[i].link);
        } else if (e[i].link) {
            archive_entry_set_hardlink(x, e[i].link);
        }
        archive_entry_set_size(x, (la_int64_t)(len * times));
        assert_int_equal(archive_write_header(a, x), ARCHIVE_OK);
        for (size_t k = 0; len > 0 && k < times; k++) {
            assert_int_equal(archive_write_data(a, e[i].data, len), len);
        }
        archive_entry_free(x);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static void refuses_what_does_harm(void **state)
{
    static const struct {
        struct entry e[2];
        const char *why;
    } cases[] = {
        {{{"t/../../etc/passwd", "x", 0, NULL, 0}},
         "'../../etc/passwd': a name that leaves"},
        {{{"/etc/passwd", "x", 0, NULL, 0}}, "leaves the bag"},
        {{{"t/data/../../../x", "x", 0, NULL, 0}}, "leaves the bag"},
        {{{"../t", "x", 0, NULL, 0}}, "leaves the bag"},
        {{{"t", "x", 0, NULL, 0}}, "in the top folder's place"},
        {{{"t/a", "x", 0, NULL, 0}, {"u/a", "x", 0, NULL, 0}}, "whose top folder is t"},
        {{{"t/a", "x", 0, NULL, 0}, {"t/a", "y", 0, NULL, 0}}, "'a' is there twice"},
        {{{"t/a", "x", 0, NULL, 0}, {"t/A", "y", 0, NULL, 0}}, "'A' is there twice"},
        {{{"t/a", NULL, AE_IFLNK, "/etc/passwd", 0}}, "'t/a': a link"},
        {{{"t/a", "x", 0, NULL, 0}, {"t/b", NULL, 0, "t/a", 0}},
         "'t/b': a link to another"},
        {{{"t/f", NULL, AE_IFIFO, NULL, 0}}, "neither a file nor a folder"},
        {{{"t/.hidden", "x", 0, NULL, 0}}, "empty or hidden part"},
        {{{"t/a\\b", "x", 0, NULL, 0}}, "characters that no member has"},
        {{{"t/a\x01", "x", 0, NULL, 0}}, "characters that no member has"},
        {{{"t/bomb", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0,
           NULL, 2000000}},
         "'bomb': the archive inflates"},
    };
    const struct place *p = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_bag *b = NULL;
        struct bw_err err = {""};
        pack(p->path, cases[i].e, cases[i].e[1].name ? 2 : 1);
        if (bw_bag_open(p->path, &b, &err) == 0 || !strstr(err.text, cases[i].why)) {
            fail_msg("case %zu, '%s': %s", i, cases[i].why, b ? "was taken" : err.text);
        }
    }
}

static void refuses_what_is_no_bag(void **state)
{
    const struct place *p = *state;
    struct bw_bag *b = NULL;
    struct bw_err err = {""};
    assert_int_equal(bw_bag_open(p->path, &b, &err), -ENOENT);
    assert_int_equal(bw_file_write(p->path, "", 0, 0600, &err), 0);
    assert_int_equal(bw_bag_open(p->path, &b, &err), -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "empty"));
    assert_int_equal(bw_file_write(p->path, "hello hello", 11, 0600, &err), 0);
    assert_int_equal(bw_bag_open(p->path, &b, &err), -BW_EMALFORMED);
}

/* ---- contents that do not fit the manifests ------------------------------------- */

struct told {
    int n;
    char text[8][400];
};

static void note(void *owner, const char *member, const char *text)
{
    struct told *t = owner;
    if (t->n < 8) {
        (void)snprintf(t->text[t->n], sizeof(t->text[0]), "%s: %.300s", member, text);
    }
    t->n++;
}

static bool names(const struct told *t, const char *member, const char *words)
{
    for (int i = 0; i < t->n && i < 8; i++) {
        if (strncmp(t->text[i], member, strlen(member)) == 0 && strstr(t->text[i], words)) {
            return true;
        }
    }
    return false;
}

/* A folder of the same members, one of them changed. */
static void names_what_was_changed(void **state)
{
    static const struct {
        const char *member;
        const char *how;   /* "flip", "cut", "drop", "add" */
        const char *named; /* at the start of a fault */
        const char *words;
    } cases[] = {
        {"data/b.txt", "flip", "data/b.txt", "not the file that was packed"},
        {"data/b.txt", "cut", "data/b.txt", "not the file that was packed"},
        {"data/empty", "add", "data/empty", "not the file that was packed"},
        {"data/b.txt", "drop", "manifest-sha256.txt", "lists data/b.txt, which is not"},
        {"data/more", "add", "manifest-sha512.txt", "does not list data/more"},
        {"bagit.txt", "flip", "bagit.txt", "does not declare"},
        {"bag-info.txt", "flip", "bag-info.txt", "not the file that was packed"},
        {"bag-info.txt", "cut", "bag-info.txt", "Payload-Oxum"},
        {"manifest-sha256.txt", "flip", "manifest-sha256.txt",
         "its line for data/a/x.json"},
        {"manifest-sha512.txt", "drop", "manifest-sha512.txt", "is missing"},
        {"tagmanifest-sha256.txt", "flip", "tagmanifest-sha256.txt",
         "its line for bag-info"},
        {"tagmanifest-sha512.txt", "cut", "tagmanifest-sha512.txt", "none of a manifest"},
    };
    const struct place *p = *state;
    write_bag(p->path, false);
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct entry e[12];
        char copy[12][2048];
        char name[12][200];
        struct bw_bag *b;
        struct bw_err err = {""};
        struct told told = {0};
        char other[128];
        size_t n = 0;
        bool done = false;
        assert_int_equal(bw_bag_open(p->path, &b, &err), 0);
        for (size_t i = 0; i < bw_bag_count(b); i++) {
            const struct bw_bag_member *m = bw_bag_at(b, i);
            bool here = strcmp(m->name, cases[k].member) == 0;
            (void)snprintf(copy[n], sizeof(copy[0]), "%.*s", (int)m->n, m->data);
            (void)snprintf(name[n], sizeof(name[0]), "juniper/%s", m->name);
            done = done || here;
            if (here && strcmp(cases[k].how, "drop") == 0) {
                continue;
            }
            if (here && strcmp(cases[k].how, "flip") == 0) {
                copy[n][0] = copy[n][0] == '1' ? '2' : '1';
            } else if (here && strcmp(cases[k].how, "cut") == 0) {
                copy[n][strlen(copy[n]) - 2] = '\0';
            } else if (here) {
                (void)snprintf(copy[n], sizeof(copy[0]), "more");
            }
            e[n] = (struct entry){.name = name[n], .data = copy[n]};
            n++;
        }
        bw_bag_close(b);
        if (!done) {
            (void)snprintf(name[n], sizeof(name[0]), "juniper/%s", cases[k].member);
            e[n] = (struct entry){.name = name[n], .data = "x"};
            n++;
        }
        (void)snprintf(other, sizeof(other), "%s.changed", p->path);
        pack(other, e, n);
        assert_int_equal(bw_bag_open(other, &b, &err), 0);
        assert_true(bw_bag_check(b, note, NULL, &told) > 0);
        if (!names(&told, cases[k].named, cases[k].words)) {
            fail_msg("case %zu: '%s' is not told of %s but: %s | %s", k, cases[k].words,
                     cases[k].named, told.text[0], told.text[1]);
        }
        bw_bag_close(b);
        assert_int_equal(unlink(other), 0);
    }
}

static void other_packers_bytes_are_told(void **state)
{
    const struct place *p = *state;
    struct entry e[12];
    char copy[12][2048];
    char name[12][200];
    struct bw_bag *b;
    struct bw_err err = {""};
    size_t n;
    write_bag(p->path, false);
    assert_int_equal(bw_bag_open(p->path, &b, &err), 0);
    n = bw_bag_count(b);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(copy[i], sizeof(copy[0]), "%.*s", (int)bw_bag_at(b, i)->n,
                       bw_bag_at(b, i)->data);
        (void)snprintf(name[i], sizeof(name[0]), "juniper/%s", bw_bag_at(b, i)->name);
        e[i] = (struct entry){.name = name[i], .data = copy[i]};
    }
    bw_bag_close(b);
    pack(p->path, e, n);
    assert_int_equal(bw_bag_open(p->path, &b, &err), 0);
    assert_int_equal(bw_bag_check(b, NULL, NULL, NULL), 0); /* it is all there */
    assert_int_equal(bw_bag_same_bytes(b, &err), 1);
    assert_non_null(strstr(err.text, "the archive's byte "));
    bw_bag_close(b);
}

static void put_file(const char *dir, const char *name, const char *data, size_t n)
{
    char path[400];
    struct bw_err err = {""};
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(bw_dir_make(path, 0700, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(bw_file_write(path, data, n, 0600, &err), 0);
}

static void a_folder_is_read_alike(void **state)
{
    const struct place *p = *state;
    struct bw_bag *b;
    struct bw_err err = {""};
    char dir[128];
    char path[160];
    char command[160];
    write_bag(p->path, false);
    (void)snprintf(dir, sizeof(dir), "%s/juniper", p->dir);
    assert_int_equal(bw_bag_open(p->path, &b, &err), 0);
    for (size_t i = 0; i < bw_bag_count(b); i++) {
        put_file(dir, bw_bag_at(b, i)->name, bw_bag_at(b, i)->data, bw_bag_at(b, i)->n);
    }
    bw_bag_close(b);
    (void)snprintf(command, sizeof(command), "%s/", dir);
    assert_int_equal(bw_bag_open(command, &b, &err), 0);
    assert_string_equal(bw_bag_top(b), "juniper");
    assert_int_equal(bw_bag_count(b), 9);
    assert_int_equal(bw_bag_check(b, NULL, NULL, NULL), 0);
    assert_int_equal(bw_bag_same_bytes(b, &err), 0);
    bw_bag_close(b);
    (void)snprintf(path, sizeof(path), "%s/data/link", dir);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(bw_bag_open(dir, &b, &err), -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "'data/link': a link"));
    (void)snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_out_as_it_went_in, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_the_same_bytes_again, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_every_bit_of_the_archive, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_does_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_bag, setup, teardown),
        cmocka_unit_test_setup_teardown(names_what_was_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(other_packers_bytes_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_is_read_alike, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

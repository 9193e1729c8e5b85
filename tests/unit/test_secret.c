/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_secret.c - the secret of a file that an option names: read, refused, handed to a
 * test's child, and never said. */
#include "bw_test.h"

#include "child.h"
#include "job.h"
#include "secret.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <file.h>
#include <host.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static struct bw_opts *opts_of(const char *file)
{
    struct bw_target t = {.name = "t", .address = "192.0.2.1"};
    const struct bw_opts_head head = {
        .name = "x", .circuit = "wan", .targets = &t, .n_targets = 1};
    char pair[128];
    const char *const pairs[] = {pair};
    struct bw_opts *o = NULL;
    struct bw_err err;
    (void)snprintf(pair, sizeof(pair), "key_file=%s", file);
    assert_int_equal(bw_opts_from_pairs(bw_probe_find("udpst")->opts, &head, pairs,
                                        file[0] ? 1 : 0, &o, &err),
                     0);
    return o;
}

static int read_of(const char *content, size_t n, char *ret, struct bw_err *err)
{
    struct bw_opts *o = opts_of(path);
    int r;
    assert_int_equal(bw_file_write(path, content, n, 0600, err), 0);
    r = bw_secret_read(o, ret, err);
    bw_opts_free(o);
    return r;
}

static void the_first_line_is_it(void **state)
{
    static const char *const texts[] = {"birch", "birch\n", "birch\r\n", "birch\nalder\n"};
    char secret[BW_SECRET_MAX + 1];
    struct bw_err err;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(read_of(texts[i], strlen(texts[i]), secret, &err), 0);
        assert_string_equal(secret, "birch");
    }
}

static void no_secret_is_refused(void **state)
{
    char secret[BW_SECRET_MAX + 1];
    char longer[BW_SECRET_MAX + 1];
    char huge[5000];
    struct bw_opts *o = opts_of("/nowhere/at/all");
    struct bw_err err;
    (void)state;
    assert_int_equal(bw_secret_read(o, secret, &err), -ENOENT);
    assert_non_null(strstr(err.text, "key_file: '/nowhere/at/all'"));
    bw_opts_free(o);
    o = opts_of("");
    assert_int_equal(bw_secret_read(o, secret, &err), 0);
    assert_string_equal(secret, "");
    bw_opts_free(o);
    memset(longer, 'x', sizeof(longer));
    memset(huge, 'x', sizeof(huge));
    assert_int_equal(read_of(longer, BW_SECRET_MAX, secret, &err), 0);
    assert_int_equal(read_of(longer, BW_SECRET_MAX + 1, secret, &err), -EINVAL);
    assert_null(strstr(err.text, "xxx"));
    assert_int_equal(read_of(huge, sizeof(huge), secret, &err), -EFBIG);
    assert_int_equal(read_of("", 0, secret, &err), -EINVAL);
    assert_int_equal(read_of("\nbirch\n", 7, secret, &err), -EINVAL);
    assert_int_equal(read_of("bi\0rch\n", 7, secret, &err), -EINVAL);
}

static void a_child_is_given_it(void **state)
{
    struct bw_opts *o = opts_of(path);
    struct bw_opts *back_opts = NULL;
    const struct bw_runner_job job = {
        .ops = bw_probe_find("udpst"), .opts = o, .secret = "birch \"and\" alder"};
    struct bw_runner_job back;
    struct bw_buf text;
    struct bw_err err;
    int64_t parent;
    (void)state;
    bw_buf_init(&text, BW_CHILD_JOB_MAX);
    assert_int_equal(bw_child_job_encode(&job, &text), 0);
    assert_int_equal(
        bw_child_job_decode(text.data, text.len, &back, &back_opts, &parent, &err), 0);
    assert_string_equal(back.secret, job.secret);
    assert_int_equal(parent, getpid());
    bw_child_job_done(&back);
    bw_opts_free(back_opts);
    bw_buf_done(&text);
    bw_opts_free(o);
}

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/bw-test-secret-%ld", (long)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_it),
        cmocka_unit_test(no_secret_is_refused),
        cmocka_unit_test(a_child_is_given_it),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}

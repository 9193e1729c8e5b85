/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_issuing.c - the register's writer follows no link that was put in its way, and
 * deletes nothing that it did not write. */
#include "issued_private.h"

#include <bw/err.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <origin.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 43 characters, as an id has */
#define ENTRY "0123456789012345678901234567890123456789abc" BW_ISSUED_SUFFIX

int __wrap_bw_origin_beside(const struct bw_origin *s, char ret[PATH_MAX]);

/* The folder is the process's own. */
int __wrap_bw_origin_beside(const struct bw_origin *s, char ret[PATH_MAX])
{
    (void)s;
    (void)snprintf(ret, PATH_MAX, ".");
    return 0;
}

static int enter(void **state)
{
    char top[] = "/tmp/bw-issuing-XXXXXX";
    *state = mkdtemp(top) ? strdup(top) : NULL;
    if (!*state || chdir(top) < 0 || mkdir("else", 0750) < 0) {
        return -1;
    }
    return chown(".", 1234, 1235) == 0 || geteuid() != 0 ? 0 : -1; /* another's, by root */
}

static int leave(void **state)
{
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
    free(*state);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c) */
}

static void touch(const char *folder, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
}

static int is_writing(const struct dirent *d)
{
    return strncmp(d->d_name, BW_ISSUED_WRITING, strlen(BW_ISSUED_WRITING)) == 0;
}

/* Begin, and the path of this run's own folder. */
static struct bw_issuing *begin(char own[PATH_MAX])
{
    struct bw_issuing *x = NULL;
    struct dirent **list = NULL;
    struct bw_err err = {.text = ""};
    struct stat st;
    assert_int_equal(bw_issuing_begin(NULL, &x, &err), 0);
    assert_int_equal(scandir("issued", &list, is_writing, NULL), 1);
    (void)snprintf(own, PATH_MAX, "issued/%s", list[0]->d_name);
    free(list[0]);
    free(list);
    assert_int_equal(stat(own, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_int_equal(st.st_uid, geteuid() == 0 ? 1234 : geteuid());
    assert_int_equal(st.st_gid, geteuid() == 0 ? 1235 : getegid());
    return x;
}

static void test_own_is_now_a_link(void **state)
{
    char own[PATH_MAX];
    struct bw_err err = {.text = ""};
    struct bw_issuing *x = begin(own);
    (void)state;
    touch(own, ENTRY);
    touch("else", "keep");
    touch("else", ENTRY);
    assert_int_equal(rename(own, "away"), 0);
    assert_int_equal(symlink("../else", own), 0);
    assert_true(bw_issuing_end(x, false, &err) < 0);
    assert_int_equal(access("else/keep", F_OK), 0);
    assert_int_equal(access("else/" ENTRY, F_OK), 0);
    assert_int_equal(access("away/" ENTRY, F_OK), -1);
}

static void test_what_is_not_its_own(void **state)
{
    char own[PATH_MAX];
    struct bw_err err = {.text = ""};
    struct bw_issuing *x = begin(own);
    (void)state;
    touch(own, ENTRY);
    touch(own, ENTRY ".77"); /* not finished */
    touch(own, "keep");
    assert_true(bw_issuing_end(x, true, &err) < 0); /* the folder is not empty */
    assert_int_equal(access("issued/" ENTRY, F_OK), 0);
    assert_int_equal(chdir(own), 0);
    assert_int_equal(access("keep", F_OK), 0);
    assert_int_equal(access(ENTRY ".77", F_OK), -1);
}

static void test_the_register_is_a_link(void **state)
{
    struct bw_issuing *x = NULL;
    struct bw_err err = {.text = ""};
    (void)state;
    assert_int_equal(symlink("else", "issued"), 0);
    assert_true(bw_issuing_begin(NULL, &x, &err) < 0);
    assert_null(x);
    assert_int_equal(rmdir("else"), 0); /* nothing was made in it */
}

static void test_all_is_well(void **state)
{
    char own[PATH_MAX];
    struct bw_err err = {.text = ""};
    (void)state;
    for (int i = 0; i < 3; i++) { /* given out, given out again, not given out */
        struct bw_issuing *x = begin(own);
        touch(own, ENTRY);
        assert_int_equal(bw_issuing_end(x, i < 2, &err), 0);
        assert_int_equal(access(own, F_OK), -1);
        assert_int_equal(access("issued/" ENTRY, F_OK), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_is_now_a_link, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_is_not_its_own, enter, leave),
        cmocka_unit_test_setup_teardown(test_the_register_is_a_link, enter, leave),
        cmocka_unit_test_setup_teardown(test_all_is_well, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

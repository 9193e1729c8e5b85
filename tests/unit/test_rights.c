/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_rights.c - a guarded process leaves no core, and stays so when rights are dropped.
 */
#include "bw_test.h"
#include "rights.h"

#include <bw/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process of its own: what `body` gives, or the signal that ended it as -number. */
static int apart(int (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(body());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int is_guarded(void)
{
    struct rlimit limit = {1, 1};
    return prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 &&
           limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static int guard(void)
{
    struct bw_err err = {.text = ""};
    return is_guarded() ? 2 : bw_rights_guard(&err) == 0 && is_guarded();
}

static int guard_and_drop(void)
{
    struct bw_err err = {.text = ""};
    if (bw_rights_guard(&err) < 0 ||
        prctl(PR_SET_DUMPABLE, 1) < 0) { /* as a change of user */
        return 2;
    }
    return bw_rights_drop(&err) == 0 && is_guarded();
}

static int end_at_once(void)
{
    struct bw_err err = {.text = ""};
    (void)bw_rights_guard(&err);
    (void)raise(SIGQUIT);
    return 0;
}

static void a_guarded_process_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    assert_int_equal(apart(guard), 1);
    assert_int_equal(apart(end_at_once), -SIGQUIT);
}

static void dropping_rights_guards_again(void **state)
{
    (void)state;
    assert_int_equal(apart(guard_and_drop), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_guarded_process_leaves_no_core),
                                       cmocka_unit_test(dropping_rights_guards_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

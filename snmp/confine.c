/* SPDX-License-Identifier: GPL-3.0-or-later
 * confine.c - giving up rights, by the system calls of capabilities(7) and prctl(2). The
 * parent's death is watched for last: a change of identity clears it. */
#include "confine.h"

#include <bw/err.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NOBODY = 65534
};

/* A user namespace without a nobody (EINVAL), or no right to change (EPERM), leaves the
 * identity, without capabilities; every other failure counts. */
static bool failed(int r)
{
    return r < 0 && errno != EINVAL && errno != EPERM;
}

static int fail(const char *what, struct bw_err *reterr)
{
    int r = -errno;
    return bw_err_set(reterr, r, "%s: %s", what, bw_strerror(r));
}

int bw_snmp_confine(struct bw_err *reterr)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    const struct rlimit zero = {0, 0};
    (void)memset(none, 0, sizeof(none));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return fail("forbidding new privileges", reterr);
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) {
        return fail("clearing ambient capabilities", reterr);
    }
    if (geteuid() == 0 &&
        (failed(setgroups(0, NULL)) || failed(setresgid(NOBODY, NOBODY, NOBODY)) ||
         failed(setresuid(NOBODY, NOBODY, NOBODY)))) {
        return fail("becoming nobody", reterr);
    }
    if (syscall(SYS_capset, &header, none) < 0) {
        return fail("dropping capabilities", reterr);
    }
    if (setrlimit(RLIMIT_CORE, &zero) < 0 || setrlimit(RLIMIT_FSIZE, &zero) < 0) {
        return fail("setting limits", reterr);
    }
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
        return fail("watching the parent", reterr);
    }
    return 0;
}

void bw_snmp_confine_end(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * rights.c - giving up every capability, by the system calls of capabilities(7); no cores.
 */
#include "rights.h"

#include <bw/err.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Both: a limit of 0 alone does not hold where the kernel pipes cores to a program, and
 * what this process starts is dumpable again, but keeps the limit. */
int bw_rights_guard(struct bw_err *reterr)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
        return bw_err_set(reterr, -errno, "forbidding core files: %s", bw_strerror(-errno));
    }
    return 0;
}

int bw_rights_drop(struct bw_err *reterr)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    /* Kernels before 4.3 have no ambient set, and so nothing to clear. */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) {
        return bw_err_set(reterr, -errno, "clearing ambient capabilities: %s",
                          bw_strerror(-errno));
    }
    if (syscall(SYS_capset, &header, none) < 0) {
        return bw_err_set(reterr, -errno, "dropping capabilities: %s", bw_strerror(-errno));
    }
    if (syscall(SYS_capget, &header, left) < 0 ||
        (left[0].permitted | left[1].permitted | left[0].effective | left[1].effective) !=
            0) {
        return bw_err_set(reterr, -EPERM, "capabilities are left after dropping them");
    }
    return bw_rights_guard(reterr);
}

void bw_rights_end(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

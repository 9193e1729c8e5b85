/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_seal.c - old hot rows become immutable files. */
#include "ledger_private.h"

#include <bw/err.h>
#include <errno.h>

int bw_ledger_do_seal(struct bw_ledger *l,
                      int64_t now_unix_ms,
                      int64_t keep_days,
                      int64_t max_segments,
                      struct bw_ledger_seal_report *ret,
                      struct bw_err *reterr)
{
    (void)l;
    (void)now_unix_ms;
    (void)keep_days;
    (void)max_segments;
    (void)ret;
    return bw_err_set(reterr, -ENOSYS, "sealing is not part of this build");
}

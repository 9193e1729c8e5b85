/* SPDX-License-Identifier: GPL-3.0-or-later
 * store.c - error codes of journal, ledger and catalogue into three bins. */
#include "store.h"

#include <errno.h>

enum bw_store_bin bw_store_bin(int code)
{
    switch (-code) {
    case 0:
        return BW_STORE_OK;
    case ENOSPC:
    case EDQUOT:
        return BW_STORE_FULL;
    case EAGAIN:
    case EIO:
    case EROFS:
    case ENOMEM:
    case EINTR:
        return BW_STORE_RETRY;
    default:
        return BW_STORE_BROKEN;
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * store.h - what a caller does about a failed store, in three bins.
 *
 * Journal, ledger and catalogue give back: -ENOSPC for a full disk (or quota);
 * -EAGAIN, -EIO, -EROFS for what may pass (locked by another process, an I/O error, a
 * file system that went read-only); -BW_ENEWER, -BW_EMALFORMED, -EBUSY and the like for
 * what a person must mend. After any of them the transaction is rolled back whole and
 * the same call may be made again. */
#ifndef BW_STORE_STORE_H
#define BW_STORE_STORE_H

enum bw_store_bin {
    BW_STORE_OK,
    BW_STORE_FULL,  /* keep records in memory up to a cap, try again */
    BW_STORE_RETRY, /* count and try again */
    BW_STORE_BROKEN /* trying again does not help: say so, give up */
};

enum bw_store_bin bw_store_bin(int code);

#endif

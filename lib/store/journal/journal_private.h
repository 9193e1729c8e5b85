/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal_private.h - what the files of the journal share. */
#ifndef BW_STORE_JOURNAL_PRIVATE_H
#define BW_STORE_JOURNAL_PRIVATE_H

#include <columns.h>
#include <sql.h>

struct bw_journal {
    struct bw_sql sql;
};

/* clang-format off */
enum {
    HEAD_KID = BW_COLUMNS_STMTS, HEAD_LAST, CHAIN_ADD, CHAIN_MOVE, SAME, RECORD_ADD,
    REPORTED, PENDING, CHAIN_GET, ACK, REWIND, RECEIPT_ADD, REFUSE, FORK_ROWS, FORK_CHAIN, REFUSALS,
    PRUNE_PICK, PRUNE_ROW, PRUNE_RECEIPTS, META_SET, META_DROP, META_GET, USAGE_ADD,
    USAGE_ALL, USAGE_ONE, STAT, STAT_PENDING, RECEIPT_GET, N_STMTS
};
/* clang-format on */

extern const struct bw_sql_schema bw_journal_schema;
extern const char *const bw_journal_text[N_STMTS];

#endif

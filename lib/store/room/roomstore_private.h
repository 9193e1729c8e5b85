/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomstore_private.h - what the store's files share: roomstore.c, roomstore_months.c. */
#ifndef BW_ROOMSTORE_PRIVATE_H
#define BW_ROOMSTORE_PRIVATE_H

#include "roomstore.h"

#include <sql.h>

/* clang-format off */
enum roomstore_stmt {
    CIRCUIT_ADD, CIRCUIT_GET, CIRCUIT_ALL, CIRCUIT_FILLED, CIRCUIT_MONTHS, MONTH_PUT,
    MONTH_DROP, MONTH_ALL, MONTH_FORGET, DAY_PUT, DAY_DROP, DAY_LIST,
    DAY_ALL, RUN_DROP, RUN_PUT, RUN_LIST, RUN_ALL, SPELL_PUT, SPELL_ALL, RISK_PUT, RISK_ALL,
    META_PUT, META_GET, DAY_FORGET, RUN_FORGET, N_STMTS
};
/* clang-format on */

struct bw_roomstore {
    struct bw_sql sql; /* first */
};

#endif

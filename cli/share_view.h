/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_view.h - links to packs that were made, as verbs find and list them. */
#ifndef BW_CLI_SHARE_VIEW_H
#define BW_CLI_SHARE_VIEW_H

#include "docket_asked.h"

#include <share.h>

struct share_listed {
    struct bw_share share;
    char statement[BW_HASH_LEN + 1];
    char by[BW_STATEMENT_BY_MAX + 1];
    bool revoked;
};

/* Every link that was ever made, the oldest first; free() *ret. -errno with a sentence. */
int share_view_all(const struct bw_docket *d,
                   struct share_listed **ret,
                   size_t *ret_n,
                   struct bw_err *reterr);

#endif

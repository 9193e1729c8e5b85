/* SPDX-License-Identifier: GPL-3.0-or-later
 * privacy_view.h - what `bandwitness privacy-check` prints. */
#ifndef BW_CLI_PRIVACY_VIEW_H
#define BW_CLI_PRIVACY_VIEW_H

#include "excepted.h"
#include "report.h"
#include "seen.h"

#include <stdbool.h>

struct privacy_view {
    const char *config;
    const struct bw_seen *seen; /* NULL: none was given */
    const struct bw_excepted *excepted;
    const struct bw_privacy_report *report;
};

void privacy_view_print(const struct privacy_view *v);
void privacy_view_json(const struct privacy_view *v);

/* Every field of a record, as a table in Markdown or as JSON. */
void privacy_view_fields(bool as_json);

#endif

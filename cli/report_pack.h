/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_pack.h - `bandwitness report --for NAME`: a report made for a purpose. */
#ifndef BW_CLI_REPORT_PACK_H
#define BW_CLI_REPORT_PACK_H

#include "packs.h"
#include "report_work.h"

#include <stddef.h>

/* Make the pack that was asked for of w's report and write its forms. 0, or the exit status
 * after a sentence about what went wrong. */
int bw_report_pack_write(const struct bw_report_asked *a, const struct bw_report_work *w);
/* The same of many circuits; first has the report that tells the period. */
int bw_report_pack_write_many(const struct bw_report_asked *a,
                              const struct bw_report_work *first,
                              const struct bw_pack_many *many);

#endif

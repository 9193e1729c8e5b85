/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_lines.h - one page of many circuits (`--for legislature`), from their lines. */
#ifndef BW_CLI_REPORT_LINES_H
#define BW_CLI_REPORT_LINES_H

#include "report_chosen.h"

#include <packs.h>

/* lines[chosen->n], at least one of them recorded. 0, or the exit status after a sentence
 * about what went wrong. */
int bw_report_lines_write(const struct bw_verb *v,
                          const struct bw_report_asked *a,
                          const struct bw_selection *chosen,
                          const struct bw_report_span *span,
                          const struct bw_pack_line *lines);

#endif

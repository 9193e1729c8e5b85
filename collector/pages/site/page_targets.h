/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_targets.h - a circuit's targets in detail for its page: answers, parts of exchanges,
 * certificates, the side of loss, one-way delays, paths. A reader's thread. */
#ifndef BW_PAGE_TARGETS_H
#define BW_PAGE_TARGETS_H

struct bw_buf;
struct bw_err;
struct bw_page_days;
struct bw_reader;

/* Read from the records of these days and written; nothing where none tells anything. */
int bw_page_targets(struct bw_buf *b,
                    struct bw_reader *r,
                    const char *site,
                    const char *circuit,
                    const struct bw_page_days *d,
                    struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_traffic.h - what a circuit's line was full of, for its page. A reader's thread. */
#ifndef BW_PAGE_TRAFFIC_H
#define BW_PAGE_TRAFFIC_H

struct bw_buf;
struct bw_err;
struct bw_page_days;
struct bw_reader;

/* Read from the records of these days and written; nothing where none tells anything. */
int bw_page_traffic(struct bw_buf *b,
                    struct bw_reader *r,
                    const char *site,
                    const char *circuit,
                    const struct bw_page_days *d,
                    struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_bags.h - a site's yearly bags to download, for its page. Reads the folder: on a
 * reader's thread. */
#ifndef BW_PAGE_BAGS_H
#define BW_PAGE_BAGS_H

struct bw_buf;

/* Nothing where there is none. */
void bw_page_bags(struct bw_buf *b, const char *folder, const char *site);

#endif

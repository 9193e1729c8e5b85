/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_page.h - what somebody with a link sees. Pure; all foreign text is escaped. */
#ifndef BW_SHARE_PAGE_H
#define BW_SHARE_PAGE_H

#include <reply.h>
#include <share.h>

struct bw_buf;

struct bw_share_page {
    const struct bw_share *share;
    const char *title;                   /* of the collector */
    const char *token;                   /* of this link: it was checked */
    const char *key;                     /* of the form */
    const struct bw_reply_said *replies; /* of this link alone */
    size_t n_replies;
    const char *trouble; /* why a comment was not kept; NULL: none was sent */
    const char *text;    /* what was typed, to be sent again */
    const char *name;
};

void bw_share_page(struct bw_buf *out, const struct bw_share_page *p);
/* The one answer to whatever is no good link. */
void bw_share_page_none(struct bw_buf *out);

#endif

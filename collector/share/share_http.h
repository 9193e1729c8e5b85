/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_http.h - /s/TOKEN: one pack for whoever has its link, and their comments.
 * Everything here is for strangers: nothing is computed for them, what they send is limited
 * in size, rate and count, and a link that is unknown, expired or revoked is one and the
 * same answer. Handlers of routes; loop's thread. */
#ifndef BW_SHARE_HTTP_H
#define BW_SHARE_HTTP_H

#include "share_form.h"

#include <stdint.h>

struct bw_http_req;
struct bw_readers;
struct bw_share_room;

enum bw_share_http_limits {
    BW_SHARE_COMMENTS_MAX = 50,     /* by one link */
    BW_SHARE_COMMENTS_HOUR = 10,    /* by one link, in an hour */
    BW_SHARE_COMMENTS_CIRCUIT = 500 /* replies about one circuit, of all kinds */
};

/* data_dir is lent, and where the readers stand: NULL once they are closed. -ENOMEM. */
int bw_share_room_new(struct bw_readers *const *readers,
                      const char *data_dir,
                      struct bw_share_room **ret);
/* After readers and server were closed. NULL is fine. */
void bw_share_room_free(struct bw_share_room *room);

void bw_share_get(void *owner, struct bw_http_req *req);          /* /s/{} */
void bw_share_file_get(void *owner, struct bw_http_req *req);     /* /s/{}/{} */
void bw_share_comment_post(void *owner, struct bw_http_req *req); /* /s/{}/comment */

#endif

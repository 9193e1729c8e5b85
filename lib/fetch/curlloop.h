/* SPDX-License-Identifier: GPL-3.0-or-later
 * curlloop.h - libcurl's multi interface on a libuv loop, by its socket and timer
 * callbacks. Transfers are the owner's; this only keeps them going. On the loop's thread.
 *
 * over() is told of each transfer that ended, outside of libcurl: handles may be removed,
 * changed and added there, and the whole may be closed. */
#ifndef BW_CURLLOOP_H
#define BW_CURLLOOP_H

#include <curl/curl.h>

struct bw_curlloop;
struct uv_loop_s;

/* -ENOMEM. max_connections: kept open at most. */
int bw_curlloop_new(struct uv_loop_s *loop,
                    long max_connections,
                    void (*over)(void *owner, CURL *easy, CURLcode code),
                    void *owner,
                    struct bw_curlloop **ret);

/* Begin a transfer. 0 or -EIO; nothing is called before this returns but curl's own
 * callbacks. */
int bw_curlloop_add(struct bw_curlloop *c, CURL *easy);
/* Take a transfer away, over or not; not from within curl's own callbacks. */
void bw_curlloop_remove(struct bw_curlloop *c, CURL *easy);

/* All transfers have been removed. closed(owner) later; NULL is a no-op. */
void bw_curlloop_close(struct bw_curlloop *c, void (*closed)(void *owner), void *owner);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_get_request.h - one GET over one family: the name by lib/net's resolve, the rest by
 * libcurl, every part timed, and whatever becomes of it told as one word. No time is
 * limited here: the owner closes it at the deadline. */
#ifndef BW_HTTP_GET_REQUEST_H
#define BW_HTTP_GET_REQUEST_H

#include <address.h>
#include <bw/probe.h>
#include <curlloop.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct http_get_request;

struct http_get_setup {
    struct uv_loop_s *loop;
    struct bw_curlloop *curl;
    const char *url;             /* all texts live longer than the request */
    int family;                  /* 4 or 6 */
    union bw_address resolver;   /* all zero: the system's */
    const char *resolver_source; /* of its family */
    const char *device;
    const char *source;
    const char *ca_file; /* "": the system's */
    int redirects;       /* followed at most; 0: a redirect is an answer */
    int64_t body_bytes;  /* read at most */
    /* At most once, later. state: BW_OK, BW_LOST or BW_FAILED; the detail is lent. */
    void (*done)(void *owner,
                 enum bw_sample_state state,
                 int error,
                 const struct bw_latency_detail *detail);
    void (*closed)(void *owner); /* after http_get_close() */
    void *owner;
};

/* An URL's host (without brackets) and port. -EINVAL with the sentence. Pure. */
int http_get_split(const char *url,
                   char ret_host[BW_HOST_MAX],
                   uint16_t *ret_port,
                   struct bw_err *reterr);

int http_get_start(const struct http_get_setup *setup, struct http_get_request **ret);
/* What is known of one that is still under way: its phases so far, and what is late. The
 * code is NULL where nobody has said anything. Lent until the request is closed. */
const struct bw_latency_detail *http_get_so_far(struct http_get_request *q);
/* To be called from the curlloop's over(). */
void http_get_over(CURL *easy, CURLcode code);
void http_get_close(struct http_get_request *q); /* NULL is a no-op */

#endif

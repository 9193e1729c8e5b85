/* SPDX-License-Identifier: GPL-3.0-or-later
 * post.h - gives messages to a mail server (RFC 5321, by libcurl) and to webhooks, on a
 * loop. It makes one attempt of each and tells what came of it; when to try again is the
 * owner's.
 *
 * A webhook's answer is followed nowhere: a redirect is a refusal. It is not sent to
 * loopback, link-local and other addresses that are no other machine's, whatever its name
 * gives, unless that is allowed: this is checked of the address that is connected to. No
 * proxy of the environment is asked. */
#ifndef BW_POST_H
#define BW_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_post;
struct sockaddr;
struct uv_loop_s;

enum bw_post_tls {
    BW_POST_STARTTLS, /* demanded */
    BW_POST_TLS,      /* from the first byte */
    BW_POST_CLEAR
};

enum bw_post_limits {
    BW_POST_AT_ONCE = 4,
    BW_POST_SAID_MAX = 300
};

/* Where mail is given to. Strings are lent until bw_post_close() called back. */
struct bw_post_server {
    const char *host;
    int64_t port;
    enum bw_post_tls tls;
    const char *ca_file; /* "": the system's */
    const char *user;    /* "": none is told */
    const char *password;
};

/* One message; copied. */
struct bw_letter {
    int64_t id;
    bool hook;
    const char *from; /* mail */
    const char *to;   /* an address, or the webhook's URL */
    const char *message_id;
    const void *bytes;
    size_t n_bytes;
    const char *secret;  /* hook: signs it; "" none */
    const char *ca_file; /* hook: "" the system's */
    bool local;          /* hook: may be at any address */
};

enum bw_post_outcome {
    BW_POST_DELIVERED,
    BW_POST_AGAIN, /* not now */
    BW_POST_NEVER  /* the other side will never take it */
};

/* On the loop; said: what the other side or libcurl said. */
typedef void (*bw_post_done_cb)(void *owner,
                                int64_t id,
                                enum bw_post_outcome outcome,
                                const char *said);

/* server NULL: no mail. -ENOMEM */
int bw_post_new(struct uv_loop_s *loop,
                const struct bw_post_server *server,
                bw_post_done_cb done,
                void *owner,
                struct bw_post **ret);
/* done follows exactly once, never before this returns. -EBUSY when BW_POST_AT_ONCE are
 * under way. */
int bw_post_send(struct bw_post *p, const struct bw_letter *letter);
size_t bw_post_busy(const struct bw_post *p);
/* What is under way is told as BW_POST_AGAIN before; closed(owner) later. NULL is fine: it
 * is not called. */
void bw_post_close(struct bw_post *p, void (*closed)(void *owner), void *owner);

/* Is this the address of another machine? Not loopback, link-local, unspecified, multicast,
 * broadcast, nor one of them within IPv6. */
bool bw_post_address_fits(const struct sockaddr *a);
/* "t=SECONDS,v1=HEX" of HMAC-SHA-256 over "SECONDS.BODY". */
void bw_post_signature(
    const char *secret, int64_t unix_s, const void *body, size_t n, char ret[96]);

#endif

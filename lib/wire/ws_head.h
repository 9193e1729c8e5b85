/* SPDX-License-Identifier: GPL-3.0-or-later
 * ws_head.h - the opening handshake of a WebSocket (RFC 6455 section 4): the head of an
 * HTTP/1.1 message read strictly (RFC 9112), and what either end must find in it. Pure;
 * any thread.
 *
 * Strict: lines end with CR LF, no line goes on in the next one, no space before a colon,
 * no control character; a field that must stand alone stands once. Texts are lent by the
 * buffer that was read and are not terminated. */
#ifndef BW_WS_HEAD_H
#define BW_WS_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_WS_HEAD_MAX = 16384, /* bytes of a head */
    BW_WS_FIELDS_MAX = 64,
    BW_WS_NONCE_LEN = 16,  /* random bytes of a key … */
    BW_WS_KEY_LEN = 24,    /* … in base64, without NUL */
    BW_WS_ACCEPT_LEN = 28, /* base64 of a SHA-1, without NUL */
    BW_WS_PROTOCOL_MAX = 63
};

struct bw_ws_text {
    const char *at;
    size_t n;
};

struct bw_ws_head {
    int status;               /* of an answer, 100 to 599; 0: a request */
    struct bw_ws_text reason; /* of an answer; may be empty */
    struct bw_ws_text method; /* of a request */
    struct bw_ws_text target; /* of a request: what stands between the spaces */
    size_t n_fields;
    struct {
        struct bw_ws_text name;
        struct bw_ws_text value; /* without white space around it */
    } fields[BW_WS_FIELDS_MAX];
};

/* The head that begins buf[n]: its length with the empty line, 0 when more bytes are
 * needed, -BW_EMALFORMED, or -E2BIG for more than BW_WS_HEAD_MAX bytes or
 * BW_WS_FIELDS_MAX fields. What is wrong already is told before the end has come. */
int bw_ws_answer_read(const char *buf,
                      size_t n,
                      struct bw_ws_head *ret,
                      struct bw_err *reterr);
int bw_ws_request_read(const char *buf,
                       size_t n,
                       struct bw_ws_head *ret,
                       struct bw_err *reterr);

bool bw_ws_text_is(struct bw_ws_text t, const char *word); /* exactly */
/* The field's value, with *ret_n how many of that name there are (any case). The value of
 * the first; empty when there is none. */
struct bw_ws_text bw_ws_field(const struct bw_ws_head *h, const char *name, size_t *ret_n);
/* Does the comma-separated list of all fields of that name hold the word (any case)? */
bool bw_ws_field_has(const struct bw_ws_head *h, const char *name, const char *word);

/* The client's key from random bytes, and what the server answers to a key. */
void bw_ws_key(const uint8_t nonce[BW_WS_NONCE_LEN], char ret[BW_WS_KEY_LEN + 1]);
/* -BW_EMALFORMED when the key is not the base64 of 16 bytes. */
int bw_ws_accept(struct bw_ws_text key, char ret[BW_WS_ACCEPT_LEN + 1]);

/* The client's look at an answer: status 101, Upgrade, Connection, the accept value that
 * belongs to its key, exactly the one protocol it asked for, no extension. -BW_EREFUSED
 * when the status is another (h->status says which), else -BW_EMALFORMED. */
int bw_ws_answer_check(const struct bw_ws_head *h,
                       const char *key,
                       const char *protocol,
                       struct bw_err *reterr);

/* The server's look at a request: GET without a body, one Host, Upgrade, Connection,
 * version 13, a key, and the protocol as the only word of one field. 0 with ret_accept
 * set, or -BW_EREFUSED with the status (400, 405, 426) to answer. */
int bw_ws_request_check(const struct bw_ws_head *h,
                        const char *protocol,
                        char ret_accept[BW_WS_ACCEPT_LEN + 1],
                        int *reterr_status,
                        struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * receipt.h - what a measurement server saw of one test (docs/receipt-v1.md), and the
 * tickets that come before it: the box's request and the right to test.
 *
 * All three are payloads of a compact JWS; the codecs here are canonical (the same struct
 * gives the same bytes, and a reader takes no others) and know nothing of keys. */
#ifndef BW_RECEIPT_H
#define BW_RECEIPT_H

#include <bw/summary.h>
#include <bw/units.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_jw;

#define BW_TYP_TEST "bandwitness-test+jws"
#define BW_TYP_TICKET "bandwitness-ticket+jws"
#define BW_TYP_TICKET_REQUEST "bandwitness-ticket-request+jws"

enum {
    BW_NONCE_BYTES = 16,
    BW_NONCE_LEN = 22, /* the same in base64url */
    BW_RECEIPT_SECONDS_MAX = 32,
    BW_RECEIPT_STREAMS_MAX = 1024,
    BW_RECEIPT_JWS_MAX = 2048,
    BW_TICKET_JWS_MAX = 1024
};

enum bw_test_kind {
    BW_TEST_KIND_NDT7,
    BW_TEST_KIND_HTTP
};
const char *bw_test_kind_name(enum bw_test_kind k);

enum bw_receipt_end {
    BW_RECEIPT_DONE,  /* in order */
    BW_RECEIPT_CUT,   /* the other side went */
    BW_RECEIPT_BYTES, /* at the ticket's most bytes */
    BW_RECEIPT_TIME   /* at the longest time */
};

/* From the server's TCP_INFO, of all connections together. */
struct bw_receipt_tcp {
    char cc[16]; /* "": unknown */
    int64_t mss;
    int64_t rtt_us;
    int64_t min_rtt_us;
    int64_t sent_bytes;
    int64_t acked_bytes;
    int64_t received_bytes;
    int64_t retransmit_ppm;
    int64_t rwnd_limited_ppm;
    int64_t sndbuf_limited_ppm;
    int64_t app_limited_ppm;
};

struct bw_receipt {
    char nonce[BW_NONCE_LEN + 1];
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    enum bw_test_kind kind;
    char method[16];
    char server[BW_NAME_MAX + 1];
    enum bw_direction direction;
    int64_t at_unix_ms;
    int64_t elapsed_us;
    int64_t bytes;
    int64_t per_s[BW_RECEIPT_SECONDS_MAX];
    size_t n_per_s;
    enum bw_receipt_end end;
    int64_t streams;
    struct bw_receipt_tcp tcp;
    int64_t cpu_ppm;
    int64_t concurrent;
    enum bw_egress egress;
};

void bw_receipt_init(struct bw_receipt *r); /* everything unknown */
/* Append the payload. -EINVAL names the member that is not as the contract has it. */
int bw_receipt_encode(const struct bw_receipt *r,
                      struct bw_buf *out,
                      struct bw_err *reterr);
/* -BW_EMALFORMED names the member, or says that the bytes are not canonical. */
int bw_receipt_decode(const char *text,
                      size_t n,
                      struct bw_receipt *ret,
                      struct bw_err *reterr);

/* What the server measured, without who it was: nonce, kid, site, circuit, server and
 * egress are nobody's here. As a value of JSON, between two processes of one program. */
int bw_receipt_measured_write(const struct bw_receipt *r,
                              struct bw_jw *w,
                              struct bw_err *reterr);
int bw_receipt_measured_read(const json_t *o,
                             struct bw_receipt *ret,
                             struct bw_err *reterr);

/* A receipt as it came, a compact JWS: its form, type and payload; NOT its signature, for
 * which a probe has no key. -BW_EMALFORMED. */
int bw_receipt_read(const char *jws,
                    size_t n,
                    struct bw_receipt *ret,
                    struct bw_err *reterr);

/* The same of a test whose right stood in `ticket`, the collector's answer (JSON; NULL:
 * none): the receipt must be of this kind and direction and carry the answer's nonce, else
 * -BW_EREFUSED. What a server sends to one who showed no ticket proves nothing. */
int bw_receipt_read_for(const char *jws,
                        size_t n,
                        const char *ticket,
                        enum bw_test_kind kind,
                        enum bw_direction direction,
                        struct bw_receipt *ret,
                        struct bw_err *reterr);

/* What a box asks for, signed with its key. `aud` is the kid of the collector's log key, so
 * that a request is good at one collector only. */
struct bw_ticket_request {
    char aud[BW_KID_LEN + 1];
    int64_t at_unix_ms;
    char nonce[BW_NONCE_LEN + 1];
    char circuit[BW_NAME_MAX + 1];
    enum bw_test_kind kind;
    uint32_t directions; /* bits: 1 << BW_DOWN, 1 << BW_UP */
};
int bw_ticket_request_encode(const struct bw_ticket_request *q,
                             struct bw_buf *out,
                             struct bw_err *reterr);
int bw_ticket_request_decode(const char *text,
                             size_t n,
                             struct bw_ticket_request *ret,
                             struct bw_err *reterr);

/* The right to one test in one direction, signed with the log key. */
struct bw_ticket {
    char nonce[BW_NONCE_LEN + 1];
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    enum bw_test_kind kind;
    char server[BW_NAME_MAX + 1];
    enum bw_direction direction;
    int64_t max_bytes;
    int64_t expires_unix_ms; /* the test begins before */
};
int bw_ticket_encode(const struct bw_ticket *t, struct bw_buf *out, struct bw_err *reterr);
int bw_ticket_decode(const char *text,
                     size_t n,
                     struct bw_ticket *ret,
                     struct bw_err *reterr);

/* What of a run's entry in a record is held against its receipt. */
enum bw_receipt_fault {
    BW_RECEIPT_FINE,
    BW_RECEIPT_WRONG_KEY,    /* another box key or site */
    BW_RECEIPT_WRONG_RUN,    /* another circuit, kind, direction or egress */
    BW_RECEIPT_WRONG_WINDOW, /* the run does not lie within the test */
    BW_RECEIPT_WRONG_BYTES   /* not what the server counted in as many seconds, or a rate
                                that these bytes and this time do not make */
};
/* Pure. *reterr says what differs; `kid` is the key that signed the record. */
enum bw_receipt_fault bw_receipt_compare(const struct bw_receipt *r,
                                         const struct bw_summary *s,
                                         const struct bw_throughput *t,
                                         const char *kid,
                                         struct bw_err *reterr);

#endif

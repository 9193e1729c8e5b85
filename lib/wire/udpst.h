/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst.h - the PDUs of the UDP Speed Test Protocol (RFC 9946; the method is RFC 9097 and
 * TR-471) as bytes, version 20 and the layout before it (11 to 19). Pure; any thread.
 *
 * Everything is big-endian. The four control PDUs and the Status feedback end with 44 bytes
 * of authentication: mode, time, digest, key number, checksum. The digest is HMAC-SHA-256
 * over the whole PDU with digest and checksum zero; the checksum (RFC 1071) covers the
 * whole PDU, of a Load its header only, and 0 means that there is none. */
#ifndef BW_UDPST_H
#define BW_UDPST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_UDPST_PORT = 24601,
    BW_UDPST_VERSION = 20,
    BW_UDPST_VERSION_MIN = 11,
    BW_UDPST_SETUP_LEN = 56,
    BW_UDPST_NULL_LEN = 48,
    BW_UDPST_ACTIVATE_LEN = 104,
    BW_UDPST_ACTIVATE_OLD_LEN = 60, /* versions 11 to 19 */
    BW_UDPST_LOAD_LEN = 32,         /* and then padding */
    BW_UDPST_STATUS_LEN = 204,
    BW_UDPST_STATUS_OLD_LEN = 168, /* versions 11 to 19; 160 from machines of 32 bits */
    BW_UDPST_CONTROL_MAX = 204,    /* longest of all but Load */
    BW_UDPST_KEY_MAX = 64,         /* characters of a shared key */
    BW_UDPST_KEY_LEN = 32,         /* of a derived one */
    BW_UDPST_BURST_MAX = 100,
    BW_UDPST_INTERVAL_MIN_US = 100,
    BW_UDPST_INTERVAL_MAX_US = 1000000
};

#define BW_UDPST_RANDOM                                                                    \
    UINT32_C(0x80000000)                /* in a row's payload: random up to the rest       \
                                         */
#define BW_UDPST_NO_DELAY UINT32_MAX    /* in a Status: no such figure */
#define BW_UDPST_DEFAULT_ROW UINT16_MAX /* srIndexConf: the server searches */

enum bw_udpst_kind {
    BW_UDPST_OTHER,
    BW_UDPST_SETUP,    /* 0xACE1 */
    BW_UDPST_NULL,     /* 0xDEAD */
    BW_UDPST_ACTIVATE, /* 0xACE2 */
    BW_UDPST_LOAD,     /* 0xBEEF */
    BW_UDPST_STATUS    /* 0xFEED */
};

/* By the first two bytes alone. */
enum bw_udpst_kind bw_udpst_kind(const uint8_t *p, size_t n);

/* ---- authentication */

struct bw_udpst_keys {
    uint8_t client[BW_UDPST_KEY_LEN]; /* signs what the client sends */
    uint8_t server[BW_UDPST_KEY_LEN]; /* … the server */
};

/* Key derivation of version 20: NIST SP 800-108 in counter mode with HMAC-SHA-256, a
 * counter and a length of 32 bits, label "UDPSTP", context the decimal text of the
 * authUnixTime in the test's first PDU; 64 bytes, the client's key first. */
void bw_udpst_derive(const char *shared, uint32_t unix_s, struct bw_udpst_keys *ret);

/* How a PDU is signed: mode 1. Before version 20 with the shared key itself. */
struct bw_udpst_sign {
    const void *key;
    size_t n_key;
    uint32_t unix_s;
    uint8_t key_id;
};

/* The end of a PDU as it was received. */
struct bw_udpst_auth {
    uint8_t mode;
    uint8_t key_id;
    uint32_t unix_s;
};

/* Is this PDU (SETUP, NULL, ACTIVATE of version 20, STATUS of version 20) signed with the
 * key? 0, -ENOKEY: not signed (mode is not 1), -EACCES: signed with something else. */
int bw_udpst_verify(const uint8_t *p, size_t n, const void *key, size_t n_key);

/* ---- control */

/* cmdRequest and cmdResponse of Setup. */
enum {
    BW_UDPST_REQUEST = 1,
    BW_UDPST_RESPONSE = 2,
    BW_UDPST_OK = 1
};

enum { /* modifierBitmap of Setup */
    BW_UDPST_JUMBO = 1,
    BW_UDPST_FULL_MTU = 2 /* packets of 1500 bytes, the "traditional MTU" */
};

struct bw_udpst_setup {
    uint16_t version;
    uint8_t mc_index;  /* connections of one test: this one's number … */
    uint8_t mc_count;  /* … of how many … */
    uint16_t mc_ident; /* … and what they share */
    uint8_t request;
    uint8_t response;
    bool up;            /* direction of max_mbps */
    uint16_t max_mbps;  /* at most 32767; 0: not said */
    uint16_t test_port; /* in a response */
    uint8_t modifiers;
    struct bw_udpst_auth auth; /* out */
};

struct bw_udpst_null {
    uint16_t version;
    uint8_t request;
    uint8_t response;
    struct bw_udpst_auth auth; /* out */
};

/* One row of a table of sending rates: two transmitters, each a burst an interval, the
 * second with one more datagram of addon2 bytes. Payload is that of UDP, Load header
 * included. */
struct bw_udpst_row {
    uint32_t interval1_us;
    uint32_t payload1;
    uint32_t burst1;
    uint32_t interval2_us;
    uint32_t payload2;
    uint32_t burst2;
    uint32_t addon2;
};

enum { /* request of Test Activation */
    BW_UDPST_UP = 1,
    BW_UDPST_DOWN = 2
};

struct bw_udpst_activate {
    uint16_t version;
    uint8_t request;
    uint8_t response; /* 0, BW_UDPST_OK, 2: bad parameters */
    uint16_t low_ms;  /* thresholds of delay variation */
    uint16_t upper_ms;
    uint16_t trial_ms; /* a Status this often */
    uint16_t test_s;
    uint8_t dscp_ecn;
    uint16_t row_index; /* BW_UDPST_DEFAULT_ROW */
    uint8_t one_way;    /* delay of one way, not the round trip */
    uint8_t fast_rows;
    uint16_t slow_threshold;
    uint16_t error_threshold;
    uint8_t ignore_reordering;
    uint8_t modifiers;
    uint8_t algorithm; /* 0: B, 1: C */
    struct bw_udpst_row row;
    uint16_t subinterval_ms;   /* before version 20 in whole seconds on the wire */
    struct bw_udpst_auth auth; /* out; before version 20 none */
};

/* ---- data */

enum { /* testAction */
    BW_UDPST_TESTING = 0,
    BW_UDPST_STOPPING = 1, /* of the server alone */
    BW_UDPST_STOPPED = 2
};

struct bw_udpst_load {
    uint8_t action;
    uint8_t rx_stopped;
    uint32_t seq; /* from 1 */
    uint16_t payload;
    uint16_t status_missed;
    uint32_t status_s; /* send time of the newest Status */
    uint32_t status_ns;
    uint32_t sent_s;
    uint32_t sent_ns;
    uint16_t response_ms; /* from the newest Status until this Load */
};

struct bw_udpst_subinterval {
    uint32_t datagrams;
    uint64_t bytes; /* UDP payload */
    uint32_t delta_us;
    uint32_t lost;
    uint32_t reordered;
    uint32_t duplicated;
    uint32_t delay_min_ms; /* over the smallest of the test; BW_UDPST_NO_DELAY */
    uint32_t delay_max_ms;
    uint32_t delay_sum_ms;
    uint32_t delay_count;
    uint32_t rtt_min_ms; /* likewise */
    uint32_t rtt_max_ms;
    uint32_t accumulated_ms; /* of the test so far */
};

struct bw_udpst_status {
    uint8_t action;
    uint8_t rx_stopped;
    uint32_t seq; /* from 1 */
    struct bw_udpst_row row;
    uint32_t subinterval_seq; /* changes when `saved` does; 0: none yet */
    struct bw_udpst_subinterval saved;
    uint32_t lost; /* this and the rest: since the Status before */
    uint32_t reordered;
    uint32_t duplicated;
    int32_t clock_delta_ms; /* smallest of arrival less sending, by two clocks */
    uint32_t delay_min_ms;  /* over that */
    uint32_t delay_max_ms;
    uint32_t delay_sum_ms;
    uint32_t delay_count;
    uint32_t rtt_minimum_ms; /* of the test */
    uint32_t rtt_sample_ms;  /* the newest, over the minimum */
    uint8_t minimum_updated;
    uint32_t trial_us;
    uint32_t trial_datagrams;
    uint32_t trial_bytes;
    uint32_t sent_s;
    uint32_t sent_ns;
    struct bw_udpst_auth auth; /* out; before version 20 none */
};

/* Write a PDU into buf[cap], signed unless `sign` is NULL, with its checksum; the layout is
 * that of `version`. Gives the length, 0 when it does not fit. */
size_t bw_udpst_setup_write(uint8_t *buf,
                            size_t cap,
                            const struct bw_udpst_setup *s,
                            const struct bw_udpst_sign *sign);
size_t bw_udpst_null_write(uint8_t *buf,
                           size_t cap,
                           const struct bw_udpst_null *s,
                           const struct bw_udpst_sign *sign);
size_t bw_udpst_activate_write(uint8_t *buf,
                               size_t cap,
                               const struct bw_udpst_activate *a,
                               const struct bw_udpst_sign *sign);
size_t bw_udpst_status_write(uint8_t *buf,
                             size_t cap,
                             uint16_t version,
                             const struct bw_udpst_status *s,
                             const struct bw_udpst_sign *sign);
/* The header alone; the caller's padding follows. */
void bw_udpst_load_write(uint8_t buf[BW_UDPST_LOAD_LEN], const struct bw_udpst_load *l);

/* Read one. 0; -EBADMSG: not that PDU, another length, or a field out of its range;
 * -EPROTONOSUPPORT: a version that is not 11 to 20 (only *ret->version is set);
 * -EILSEQ: wrong checksum. Digests are not looked at: bw_udpst_verify(). */
int bw_udpst_setup_read(const uint8_t *p, size_t n, struct bw_udpst_setup *ret);
int bw_udpst_null_read(const uint8_t *p, size_t n, struct bw_udpst_null *ret);
int bw_udpst_activate_read(const uint8_t *p, size_t n, struct bw_udpst_activate *ret);
int bw_udpst_status_read(const uint8_t *p, size_t n, struct bw_udpst_status *ret);
/* `n` is the datagram's whole length, of which at least BW_UDPST_LOAD_LEN bytes are at p.
 */
int bw_udpst_load_read(const uint8_t *p, size_t n, struct bw_udpst_load *ret);

/* ---- rows */

/* May we send by it? 0, or -ERANGE with the reason in words: a burst, interval or payload
 * out of the protocol's range, or a payload over payload_max. */
int bw_udpst_row_check(const struct bw_udpst_row *r,
                       uint32_t payload_max,
                       const char **ret_why);
/* Bits per second at IP, where `header` bytes (28 or 48) come before each payload; random
 * payloads at their largest. The row has passed bw_udpst_row_check(). */
int64_t bw_udpst_row_bps(const struct bw_udpst_row *r, uint32_t header);

/* Why a server refuses, by cmdResponse: for a person, and never NULL. */
const char *bw_udpst_setup_refusal(uint8_t response);
const char *bw_udpst_activate_refusal(uint8_t response);

#endif

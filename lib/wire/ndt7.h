/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7.h - what the two ends of an ndt7 test tell each other (ndt7 protocol 0.11): the
 * measurements as JSON, and the metadata in the address. Pure; any thread.
 *
 * Read tolerantly: unknown members are passed over, a fraction is cut, null and a negative
 * number are "not measured". Written with known figures only. */
#ifndef BW_NDT7_H
#define BW_NDT7_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

#define BW_NDT7_PROTOCOL "net.measurementlab.ndt.v7"
#define BW_NDT7_DOWNLOAD_PATH "/ndt/v7/download"
#define BW_NDT7_UPLOAD_PATH "/ndt/v7/upload"

enum {
    BW_NDT7_TEXT_MAX = 65536, /* bytes of one measurement */
    BW_NDT7_UUID_MAX = 255,
    BW_NDT7_ADDRESS_MAX = 127, /* "[2001:db8::1]:443" */
    BW_NDT7_RECEIPT_MAX = 2048,
    BW_NDT7_MESSAGE_MAX = 1 << 24,        /* bytes of a message that must be taken … */
    BW_NDT7_MESSAGE_FIRST = 1 << 13,      /* … and a sender's first … */
    BW_NDT7_MESSAGE_SCALED_MAX = 1 << 20, /* … and largest one: */
    BW_NDT7_FRACTION = 16, /* it doubles while it is at most this share of what was sent */
    BW_NDT7_SEND_MS = 10000, /* the sender stops */
    BW_NDT7_CUT_MS = 13000,  /* either end may cut */
    BW_NDT7_END_MS = 15000,  /* and must, here */
    BW_NDT7_SETUP_MS = 10000 /* until the upgrade */
};

enum bw_ndt7_origin {
    BW_NDT7_NOBODY,
    BW_NDT7_FROM_CLIENT,
    BW_NDT7_FROM_SERVER
};

/* Linux's TCP_INFO under the names the protocol gives it; µs, bytes, packets. */
struct bw_ndt7_tcp {
    int64_t state;
    int64_t ca_state;
    int64_t retransmits;
    int64_t probes;
    int64_t backoff;
    int64_t options;
    int64_t wscale; /* ours | theirs << 4, as in the kernel's byte */
    int64_t app_limited;
    int64_t rto_us;
    int64_t ato_us;
    int64_t snd_mss;
    int64_t rcv_mss;
    int64_t unacked;
    int64_t sacked;
    int64_t lost;
    int64_t retrans;
    int64_t fackets;
    int64_t last_data_sent_ms;
    int64_t last_ack_sent_ms;
    int64_t last_data_recv_ms;
    int64_t last_ack_recv_ms;
    int64_t pmtu;
    int64_t rcv_ssthresh;
    int64_t rtt_us;
    int64_t rtt_var_us;
    int64_t snd_ssthresh;
    int64_t snd_cwnd;
    int64_t adv_mss;
    int64_t reordering;
    int64_t rcv_rtt_us;
    int64_t rcv_space;
    int64_t total_retrans;
    int64_t pacing_rate; /* bytes per second */
    int64_t max_pacing_rate;
    int64_t bytes_acked;
    int64_t bytes_received;
    int64_t segs_out;
    int64_t segs_in;
    int64_t notsent_bytes;
    int64_t min_rtt_us;
    int64_t data_segs_in;
    int64_t data_segs_out;
    int64_t delivery_rate; /* bytes per second */
    int64_t busy_time_us;
    int64_t rwnd_limited_us;
    int64_t sndbuf_limited_us;
    int64_t delivered;
    int64_t delivered_ce;
    int64_t bytes_sent;
    int64_t bytes_retrans;
    int64_t dsack_dups;
    int64_t reord_seen;
    int64_t rcv_ooopack;
    int64_t snd_wnd;
    int64_t elapsed_us; /* since the upgrade */
};

struct bw_ndt7_bbr {
    int64_t bw; /* bytes per second */
    int64_t min_rtt_us;
    int64_t pacing_gain; /* in 1/256 */
    int64_t cwnd_gain;
    int64_t elapsed_us;
};

struct bw_ndt7_app {
    int64_t num_bytes; /* payload sent or received so far */
    int64_t elapsed_us;
};

/* One measurement. Figures are BW_UNKNOWN, texts "" where absent. */
struct bw_ndt7_measurement {
    enum bw_ndt7_origin origin;
    bool has_test;
    enum bw_direction test;
    char client[BW_NDT7_ADDRESS_MAX + 1]; /* ConnectionInfo: from servers only */
    char server[BW_NDT7_ADDRESS_MAX + 1];
    char uuid[BW_NDT7_UUID_MAX + 1];
    bool has_app; /* the object was there, whatever it held */
    struct bw_ndt7_app app;
    bool has_bbr;
    struct bw_ndt7_bbr bbr;
    bool has_tcp;
    struct bw_ndt7_tcp tcp;
    char receipt[BW_NDT7_RECEIPT_MAX + 1]; /* ours (docs/receipt-v1.md) */
};

void bw_ndt7_measurement_init(struct bw_ndt7_measurement *m); /* nothing known */

/* -E2BIG for more than BW_NDT7_TEXT_MAX bytes; -BW_EMALFORMED for what is no object, and
 * for a known member of another type, which the sentence names. */
int bw_ndt7_measurement_read(const char *text,
                             size_t n,
                             struct bw_ndt7_measurement *ret,
                             struct bw_err *reterr);
/* Append it as one line. */
void bw_ndt7_measurement_write(const struct bw_ndt7_measurement *m, struct bw_buf *out);

/* What getsockopt(TCP_INFO) gave: n bytes; figures beyond them, which this kernel does not
 * know, stay unknown. */
void bw_ndt7_tcp_of_kernel(const void *info,
                           size_t n,
                           int64_t elapsed_us,
                           struct bw_ndt7_tcp *ret);

/* The size of a sender's next binary message. */
int64_t bw_ndt7_next_size(int64_t size, int64_t sent_bytes);

/* Metadata: the part of an address behind "?". ------------------------------------- */

enum {
    BW_NDT7_QUERY_MAX = 4096,
    BW_NDT7_PARAMETERS_MAX = 64
};

/* Append "&name=value" ("?" first when `out` has none yet), percent-encoded. */
void bw_ndt7_query_add(struct bw_buf *out, const char *name, const char *value);

struct bw_ndt7_parameter {
    char *name;
    char *value;
};

/* Take a query apart where it stands: text[n], text[n] a NUL, is decoded in place and lent
 * by *ret, at most BW_NDT7_PARAMETERS_MAX of them. -BW_EMALFORMED for one without a name
 * or twice, a value without text, what is no UTF-8 or holds a control character; -E2BIG. */
int bw_ndt7_query_read(char *text,
                       size_t n,
                       struct bw_ndt7_parameter ret[BW_NDT7_PARAMETERS_MAX],
                       size_t *ret_n,
                       struct bw_err *reterr);

#endif

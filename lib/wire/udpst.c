/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst.c - the PDUs of the UDP Speed Test Protocol: written and read field by field at
 * fixed offsets, so that no compiler's layout and no byte order matters.
 *
 * What is written here is read here as the same values (the fuzzer holds this for every
 * input that is read at all). */
#include "udpst.h"

#include "icmp.h"

#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    ID_SETUP = 0xACE1,
    ID_NULL = 0xDEAD,
    ID_ACTIVATE = 0xACE2,
    ID_LOAD = 0xBEEF,
    ID_STATUS = 0xFEED,
    AUTH_LEN = 44, /* the end of a PDU: 3 bytes of its own, then … */
    AUTH_MODE = 3,
    AUTH_TIME = 4,
    AUTH_DIGEST = 8,
    AUTH_KEY_ID = 40,
    AUTH_CHECKSUM = 42,
    DIGEST_LEN = 32,
    STATUS_PACKED_LEN = 160, /* before version 20, without the padding of 64-bit machines */
    MBPS_MAX = 0x7fff,
    MBPS_UP = 0x8000
};

/* ---- bytes */

static void put8(uint8_t *p, size_t at, uint8_t v)
{
    p[at] = v;
}

static void put16(uint8_t *p, size_t at, uint16_t v)
{
    p[at] = (uint8_t)(v >> 8);
    p[at + 1] = (uint8_t)v;
}

static void put32(uint8_t *p, size_t at, uint32_t v)
{
    put16(p, at, (uint16_t)(v >> 16));
    put16(p, at + 2, (uint16_t)v);
}

static void put64(uint8_t *p, size_t at, uint64_t v)
{
    put32(p, at, (uint32_t)(v >> 32));
    put32(p, at + 4, (uint32_t)v);
}

static uint16_t get16(const uint8_t *p, size_t at)
{
    return (uint16_t)(p[at] << 8 | p[at + 1]);
}

static uint32_t get32(const uint8_t *p, size_t at)
{
    return (uint32_t)get16(p, at) << 16 | get16(p, at + 2);
}

static uint64_t get64(const uint8_t *p, size_t at)
{
    return (uint64_t)get32(p, at) << 32 | get32(p, at + 4);
}

/* RFC 1071 over n bytes into the field at `at`, which is zero now. */
static void put_checksum(uint8_t *p, size_t n, size_t at)
{
    put16(p, at, bw_icmp_checksum(p, n));
}

/* With its checksum in place everything sums to nothing; 0 in the field means none. */
static bool checksum_ok(const uint8_t *p, size_t n, size_t at)
{
    return get16(p, at) == 0 || bw_icmp_checksum(p, n) == 0;
}

enum bw_udpst_kind bw_udpst_kind(const uint8_t *p, size_t n)
{
    switch (n >= 2 ? get16(p, 0) : 0) {
    case ID_SETUP:
        return BW_UDPST_SETUP;
    case ID_NULL:
        return BW_UDPST_NULL;
    case ID_ACTIVATE:
        return BW_UDPST_ACTIVATE;
    case ID_LOAD:
        return BW_UDPST_LOAD;
    case ID_STATUS:
        return BW_UDPST_STATUS;
    default:
        return BW_UDPST_OTHER;
    }
}

/* ---- authentication */

void bw_udpst_derive(const char *shared, uint32_t unix_s, struct bw_udpst_keys *ret)
{
    enum {
        LABEL_LEN = 6,
        COUNTER_LEN = 4,
        LENGTH_LEN = 4
    };
    uint8_t fixed[COUNTER_LEN + LABEL_LEN + 1 + 10 + LENGTH_LEN + 1];
    uint8_t *const to[] = {ret->client, ret->server};
    char context[11];
    int n_context = snprintf(context, sizeof(context), "%lu", (unsigned long)unix_s);
    size_t n = 0;
    (void)memset(fixed, 0, sizeof(fixed));
    n += COUNTER_LEN;
    (void)memcpy(fixed + n, "UDPSTP", LABEL_LEN);
    n += LABEL_LEN + 1; /* and the zero between label and context */
    (void)memcpy(fixed + n, context, (size_t)n_context);
    n += (size_t)n_context;
    put32(fixed, n, 2 * BW_UDPST_KEY_LEN * 8); /* bits wanted */
    n += LENGTH_LEN;
    for (uint32_t i = 0; i < 2; i++) {
        put32(fixed, 0, i + 1);
        bw_hmac_sha256(shared, strlen(shared), fixed, n, to[i]);
    }
}

/* The digest of a PDU whose digest and checksum are zero. */
static void sign_pdu(uint8_t *p, size_t n, const struct bw_udpst_sign *sign)
{
    uint8_t *auth = p + n - AUTH_LEN;
    if (sign) {
        put8(auth, AUTH_MODE, 1);
        put32(auth, AUTH_TIME, sign->unix_s);
        put8(auth, AUTH_KEY_ID, sign->key_id);
        bw_hmac_sha256(sign->key, sign->n_key, p, n, auth + AUTH_DIGEST);
    }
    put_checksum(p, n, n - 2);
}

static bool has_auth(const uint8_t *p, size_t n)
{
    switch (bw_udpst_kind(p, n)) {
    case BW_UDPST_SETUP:
        return n == BW_UDPST_SETUP_LEN;
    case BW_UDPST_NULL:
        return n == BW_UDPST_NULL_LEN;
    case BW_UDPST_ACTIVATE:
        return n == BW_UDPST_ACTIVATE_LEN;
    case BW_UDPST_STATUS:
        return n == BW_UDPST_STATUS_LEN;
    case BW_UDPST_LOAD:
    case BW_UDPST_OTHER:
    default:
        return false;
    }
}

int bw_udpst_verify(const uint8_t *p, size_t n, const void *key, size_t n_key)
{
    uint8_t copy[BW_UDPST_CONTROL_MAX];
    uint8_t digest[DIGEST_LEN];
    uint8_t differs = 0;
    uint8_t *auth;
    if (!has_auth(p, n) || p[n - AUTH_LEN + AUTH_MODE] != 1) {
        return -ENOKEY;
    }
    (void)memcpy(copy, p, n);
    auth = copy + n - AUTH_LEN;
    (void)memset(auth + AUTH_DIGEST, 0, DIGEST_LEN);
    put16(auth, AUTH_CHECKSUM, 0);
    bw_hmac_sha256(key, n_key, copy, n, digest);
    for (size_t i = 0; i < DIGEST_LEN; i++) { /* in the same time wherever it differs */
        differs |= (uint8_t)(digest[i] ^ p[n - AUTH_LEN + AUTH_DIGEST + i]);
    }
    return differs ? -EACCES : 0;
}

static void read_auth(const uint8_t *p, size_t n, struct bw_udpst_auth *ret)
{
    const uint8_t *auth = p + n - AUTH_LEN;
    ret->mode = auth[AUTH_MODE];
    ret->unix_s = get32(auth, AUTH_TIME);
    ret->key_id = auth[AUTH_KEY_ID];
}

static bool version_known(uint16_t version)
{
    return version >= BW_UDPST_VERSION_MIN && version <= BW_UDPST_VERSION;
}

/* ---- Setup */

size_t bw_udpst_setup_write(uint8_t *buf,
                            size_t cap,
                            const struct bw_udpst_setup *s,
                            const struct bw_udpst_sign *sign)
{
    uint16_t mbps = s->max_mbps > MBPS_MAX ? MBPS_MAX : s->max_mbps;
    if (cap < BW_UDPST_SETUP_LEN) {
        return 0;
    }
    (void)memset(buf, 0, BW_UDPST_SETUP_LEN);
    put16(buf, 0, ID_SETUP);
    put16(buf, 2, s->version);
    put8(buf, 4, s->mc_index);
    put8(buf, 5, s->mc_count);
    put16(buf, 6, s->mc_ident);
    put8(buf, 8, s->request);
    put8(buf, 9, s->response);
    put16(buf, 10, s->up ? (uint16_t)(mbps | MBPS_UP) : mbps);
    put16(buf, 12, s->test_port);
    put8(buf, 14, s->modifiers);
    sign_pdu(buf, BW_UDPST_SETUP_LEN, sign);
    return BW_UDPST_SETUP_LEN;
}

int bw_udpst_setup_read(const uint8_t *p, size_t n, struct bw_udpst_setup *ret)
{
    if (n != BW_UDPST_SETUP_LEN || get16(p, 0) != ID_SETUP) {
        return -EBADMSG;
    }
    if (!checksum_ok(p, n, n - 2)) {
        return -EILSEQ;
    }
    ret->version = get16(p, 2);
    ret->mc_index = p[4];
    ret->mc_count = p[5];
    ret->mc_ident = get16(p, 6);
    ret->request = p[8];
    ret->response = p[9];
    ret->up = (get16(p, 10) & MBPS_UP) != 0;
    ret->max_mbps = get16(p, 10) & MBPS_MAX;
    ret->test_port = get16(p, 12);
    ret->modifiers = p[14];
    read_auth(p, n, &ret->auth);
    return version_known(ret->version) ? 0 : -EPROTONOSUPPORT;
}

/* ---- Null */

size_t bw_udpst_null_write(uint8_t *buf,
                           size_t cap,
                           const struct bw_udpst_null *s,
                           const struct bw_udpst_sign *sign)
{
    if (cap < BW_UDPST_NULL_LEN) {
        return 0;
    }
    (void)memset(buf, 0, BW_UDPST_NULL_LEN);
    put16(buf, 0, ID_NULL);
    put16(buf, 2, s->version);
    put8(buf, 4, s->request);
    put8(buf, 5, s->response);
    sign_pdu(buf, BW_UDPST_NULL_LEN, sign);
    return BW_UDPST_NULL_LEN;
}

int bw_udpst_null_read(const uint8_t *p, size_t n, struct bw_udpst_null *ret)
{
    if (n != BW_UDPST_NULL_LEN || get16(p, 0) != ID_NULL) {
        return -EBADMSG;
    }
    if (!checksum_ok(p, n, n - 2)) {
        return -EILSEQ;
    }
    ret->version = get16(p, 2);
    ret->request = p[4];
    ret->response = p[5];
    read_auth(p, n, &ret->auth);
    return version_known(ret->version) ? 0 : -EPROTONOSUPPORT;
}

/* ---- rows */

static void put_row(uint8_t *p, size_t at, const struct bw_udpst_row *r)
{
    put32(p, at, r->interval1_us);
    put32(p, at + 4, r->payload1);
    put32(p, at + 8, r->burst1);
    put32(p, at + 12, r->interval2_us);
    put32(p, at + 16, r->payload2);
    put32(p, at + 20, r->burst2);
    put32(p, at + 24, r->addon2);
}

static void get_row(const uint8_t *p, size_t at, struct bw_udpst_row *ret)
{
    ret->interval1_us = get32(p, at);
    ret->payload1 = get32(p, at + 4);
    ret->burst1 = get32(p, at + 8);
    ret->interval2_us = get32(p, at + 12);
    ret->payload2 = get32(p, at + 16);
    ret->burst2 = get32(p, at + 20);
    ret->addon2 = get32(p, at + 24);
}

/* ---- Test Activation */

size_t bw_udpst_activate_write(uint8_t *buf,
                               size_t cap,
                               const struct bw_udpst_activate *a,
                               const struct bw_udpst_sign *sign)
{
    bool old = a->version < BW_UDPST_VERSION;
    size_t n = old ? BW_UDPST_ACTIVATE_OLD_LEN : BW_UDPST_ACTIVATE_LEN;
    if (cap < n) {
        return 0;
    }
    (void)memset(buf, 0, n);
    put16(buf, 0, ID_ACTIVATE);
    put16(buf, 2, a->version);
    put8(buf, 4, a->request);
    put8(buf, 5, a->response);
    put16(buf, 6, a->low_ms);
    put16(buf, 8, a->upper_ms);
    put16(buf, 10, a->trial_ms);
    put16(buf, 12, a->test_s);
    put8(buf, 15, a->dscp_ecn);
    put16(buf, 16, a->row_index);
    put8(buf, 18, a->one_way);
    put8(buf, 19, a->fast_rows);
    put16(buf, 20, a->slow_threshold);
    put16(buf, 22, a->error_threshold);
    put8(buf, 24, a->ignore_reordering);
    put8(buf, 25, a->modifiers);
    put8(buf, 26, a->algorithm);
    put_row(buf, 28, &a->row);
    if (old) {
        put8(buf, 14, (uint8_t)(a->subinterval_ms / 1000));
        put_checksum(buf, n, n - 2);
    } else {
        put16(buf, 56, a->subinterval_ms);
        sign_pdu(buf, n, sign);
    }
    return n;
}

int bw_udpst_activate_read(const uint8_t *p, size_t n, struct bw_udpst_activate *ret)
{
    bool old = n == BW_UDPST_ACTIVATE_OLD_LEN;
    if ((!old && n != BW_UDPST_ACTIVATE_LEN) || get16(p, 0) != ID_ACTIVATE) {
        return -EBADMSG;
    }
    if (!checksum_ok(p, n, n - 2)) {
        return -EILSEQ;
    }
    ret->version = get16(p, 2);
    if (!version_known(ret->version)) {
        return -EPROTONOSUPPORT;
    }
    if (old != (ret->version < BW_UDPST_VERSION)) {
        return -EBADMSG;
    }
    ret->request = p[4];
    ret->response = p[5];
    ret->low_ms = get16(p, 6);
    ret->upper_ms = get16(p, 8);
    ret->trial_ms = get16(p, 10);
    ret->test_s = get16(p, 12);
    ret->dscp_ecn = p[15];
    ret->row_index = get16(p, 16);
    ret->one_way = p[18];
    ret->fast_rows = p[19];
    ret->slow_threshold = get16(p, 20);
    ret->error_threshold = get16(p, 22);
    ret->ignore_reordering = p[24];
    ret->modifiers = p[25];
    ret->algorithm = p[26];
    get_row(p, 28, &ret->row);
    ret->auth = (struct bw_udpst_auth){.mode = 0};
    if (old) {
        ret->subinterval_ms = (uint16_t)(p[14] > 65 ? 65000 : p[14] * 1000);
    } else {
        ret->subinterval_ms = get16(p, 56);
        read_auth(p, n, &ret->auth);
    }
    return 0;
}

/* ---- Load */

void bw_udpst_load_write(uint8_t buf[BW_UDPST_LOAD_LEN], const struct bw_udpst_load *l)
{
    put16(buf, 0, ID_LOAD);
    put8(buf, 2, l->action);
    put8(buf, 3, l->rx_stopped);
    put32(buf, 4, l->seq);
    put16(buf, 8, l->payload);
    put16(buf, 10, l->status_missed);
    put32(buf, 12, l->status_s);
    put32(buf, 16, l->status_ns);
    put32(buf, 20, l->sent_s);
    put32(buf, 24, l->sent_ns);
    put16(buf, 28, l->response_ms);
    put16(buf, 30, 0);
    put_checksum(buf, BW_UDPST_LOAD_LEN, 30);
}

int bw_udpst_load_read(const uint8_t *p, size_t n, struct bw_udpst_load *ret)
{
    if (n < BW_UDPST_LOAD_LEN || get16(p, 0) != ID_LOAD || get16(p, 8) != n ||
        p[2] > BW_UDPST_STOPPED || p[3] > 1) {
        return -EBADMSG;
    }
    if (!checksum_ok(p, BW_UDPST_LOAD_LEN, 30)) {
        return -EILSEQ;
    }
    ret->action = p[2];
    ret->rx_stopped = p[3];
    ret->seq = get32(p, 4);
    ret->payload = get16(p, 8);
    ret->status_missed = get16(p, 10);
    ret->status_s = get32(p, 12);
    ret->status_ns = get32(p, 16);
    ret->sent_s = get32(p, 20);
    ret->sent_ns = get32(p, 24);
    ret->response_ms = get16(p, 28);
    return 0;
}

/* ---- Status */

/* Layouts: of version 20; before it with and without the padding that a machine of 64 bits
 * put after the first and the last member of the sub-interval's figures. */
struct status_layout {
    size_t len;
    size_t bytes; /* offset of saved.bytes; what follows it has no holes … */
    size_t lost;  /* … up to saved.accumulated_ms; offset of what follows that */
    size_t checksum;
};

static const struct status_layout status_layouts[] = {
    {.len = BW_UDPST_STATUS_LEN, .bytes = 44, .lost = 96, .checksum = 202},
    {.len = BW_UDPST_STATUS_OLD_LEN, .bytes = 48, .lost = 104, .checksum = 146},
    {.len = STATUS_PACKED_LEN, .bytes = 44, .lost = 96, .checksum = 138},
};

size_t bw_udpst_status_write(uint8_t *buf,
                             size_t cap,
                             uint16_t version,
                             const struct bw_udpst_status *s,
                             const struct bw_udpst_sign *sign)
{
    const struct status_layout *l = &status_layouts[version < BW_UDPST_VERSION ? 1 : 0];
    size_t at;
    if (cap < l->len) {
        return 0;
    }
    (void)memset(buf, 0, l->len);
    put16(buf, 0, ID_STATUS);
    put8(buf, 2, s->action);
    put8(buf, 3, s->rx_stopped);
    put32(buf, 4, s->seq);
    put_row(buf, 8, &s->row);
    put32(buf, 36, s->subinterval_seq);
    put32(buf, 40, s->saved.datagrams);
    at = l->bytes;
    put64(buf, at, s->saved.bytes);
    put32(buf, at + 8, s->saved.delta_us);
    put32(buf, at + 12, s->saved.lost);
    put32(buf, at + 16, s->saved.reordered);
    put32(buf, at + 20, s->saved.duplicated);
    put32(buf, at + 24, s->saved.delay_min_ms);
    put32(buf, at + 28, s->saved.delay_max_ms);
    put32(buf, at + 32, s->saved.delay_sum_ms);
    put32(buf, at + 36, s->saved.delay_count);
    put32(buf, at + 40, s->saved.rtt_min_ms);
    put32(buf, at + 44, s->saved.rtt_max_ms);
    put32(buf, at + 48, s->saved.accumulated_ms);
    at = l->lost;
    put32(buf, at, s->lost);
    put32(buf, at + 4, s->reordered);
    put32(buf, at + 8, s->duplicated);
    put32(buf, at + 12, (uint32_t)s->clock_delta_ms);
    put32(buf, at + 16, s->delay_min_ms);
    put32(buf, at + 20, s->delay_max_ms);
    put32(buf, at + 24, s->delay_sum_ms);
    put32(buf, at + 28, s->delay_count);
    put32(buf, at + 32, s->rtt_minimum_ms);
    put32(buf, at + 36, s->rtt_sample_ms);
    put8(buf, at + 40, s->minimum_updated);
    put32(buf, at + 44, s->trial_us);
    put32(buf, at + 48, s->trial_datagrams);
    put32(buf, at + 52, s->trial_bytes);
    put32(buf, at + 56, s->sent_s);
    put32(buf, at + 60, s->sent_ns);
    if (version < BW_UDPST_VERSION) {
        put_checksum(buf, l->len, l->checksum);
    } else {
        sign_pdu(buf, l->len, sign);
    }
    return l->len;
}

int bw_udpst_status_read(const uint8_t *p, size_t n, struct bw_udpst_status *ret)
{
    const struct status_layout *l = NULL;
    size_t at;
    for (size_t i = 0; i < sizeof(status_layouts) / sizeof(status_layouts[0]); i++) {
        if (status_layouts[i].len == n) {
            l = &status_layouts[i];
        }
    }
    if (!l || get16(p, 0) != ID_STATUS || p[2] > BW_UDPST_STOPPED || p[3] > 1) {
        return -EBADMSG;
    }
    if (!checksum_ok(p, n, l->checksum)) {
        return -EILSEQ;
    }
    ret->action = p[2];
    ret->rx_stopped = p[3];
    ret->seq = get32(p, 4);
    get_row(p, 8, &ret->row);
    ret->subinterval_seq = get32(p, 36);
    ret->saved.datagrams = get32(p, 40);
    at = l->bytes;
    ret->saved.bytes = get64(p, at);
    ret->saved.delta_us = get32(p, at + 8);
    ret->saved.lost = get32(p, at + 12);
    ret->saved.reordered = get32(p, at + 16);
    ret->saved.duplicated = get32(p, at + 20);
    ret->saved.delay_min_ms = get32(p, at + 24);
    ret->saved.delay_max_ms = get32(p, at + 28);
    ret->saved.delay_sum_ms = get32(p, at + 32);
    ret->saved.delay_count = get32(p, at + 36);
    ret->saved.rtt_min_ms = get32(p, at + 40);
    ret->saved.rtt_max_ms = get32(p, at + 44);
    ret->saved.accumulated_ms = get32(p, at + 48);
    at = l->lost;
    ret->lost = get32(p, at);
    ret->reordered = get32(p, at + 4);
    ret->duplicated = get32(p, at + 8);
    ret->clock_delta_ms = (int32_t)get32(p, at + 12);
    ret->delay_min_ms = get32(p, at + 16);
    ret->delay_max_ms = get32(p, at + 20);
    ret->delay_sum_ms = get32(p, at + 24);
    ret->delay_count = get32(p, at + 28);
    ret->rtt_minimum_ms = get32(p, at + 32);
    ret->rtt_sample_ms = get32(p, at + 36);
    ret->minimum_updated = p[at + 40];
    ret->trial_us = get32(p, at + 44);
    ret->trial_datagrams = get32(p, at + 48);
    ret->trial_bytes = get32(p, at + 52);
    ret->sent_s = get32(p, at + 56);
    ret->sent_ns = get32(p, at + 60);
    ret->auth = (struct bw_udpst_auth){.mode = 0};
    if (n == BW_UDPST_STATUS_LEN) {
        read_auth(p, n, &ret->auth);
    }
    return 0;
}

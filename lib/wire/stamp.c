/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp.c - STAMP's packets. Nothing is read beyond the length that was received, and an
 * answer is never longer than what it answers. */
#include "stamp.h"

#include <errno.h>
#include <hash.h>
#include <string.h>

/* Where things are: RFC 8762 figures 2 to 5, RFC 8972 figures 1 to 4. */
struct layout {
    size_t t, error, ssid;                      /* of whoever sends it */
    size_t t2, asked_seq, t1, asked_error, ttl; /* reflector's only */
    size_t size, digest;                        /* digest: bytes before it, 0: none */
};

static const struct layout plain = {.t = 4,
                                    .error = 12,
                                    .ssid = 14,
                                    .t2 = 16,
                                    .asked_seq = 24,
                                    .t1 = 28,
                                    .asked_error = 36,
                                    .ttl = 40,
                                    .size = BW_STAMP_PACKET};

static const struct layout authenticated = {.t = 16,
                                            .error = 24,
                                            .ssid = 26,
                                            .t2 = 32,
                                            .asked_seq = 48,
                                            .t1 = 64,
                                            .asked_error = 72,
                                            .ttl = 80,
                                            .size = BW_STAMP_AUTH_PACKET,
                                            .digest = 96};

enum {
    PLAIN_ZEROS = 16, /* a sender's packet: from here to its end zeros must be */
    PADDING_BYTE = 0x5a
};

static const uint64_t NTP_OFFSET_S = 2208988800U; /* RFC 5905: 1900 to 1970 */
static const int64_t NS_PER_S = 1000000000;

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

static void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)(v >> 32));
    put32(p + 4, (uint32_t)v);
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint64_t get64(const uint8_t *p)
{
    return (uint64_t)get32(p) << 32 | get32(p + 4);
}

/* Error estimate ----------------------------------------------------------------- */

uint16_t bw_stamp_error_encode(const struct bw_stamp_error *e)
{
    uint64_t units; /* of 2^-32 s */
    unsigned scale = 0;
    unsigned bits = (e->synced ? 0x8000U : 0) | (e->ptp ? 0x4000U : 0);
    if (e->error_ns == BW_UNKNOWN || e->error_ns < 0 ||
        e->error_ns / NS_PER_S > INT32_MAX) {
        return (uint16_t)(bits | 63U << 8 | 1U);
    }
    units = ((uint64_t)(e->error_ns / NS_PER_S) << 32) +
            (((uint64_t)(e->error_ns % NS_PER_S) << 32) + (uint64_t)NS_PER_S - 1) /
                (uint64_t)NS_PER_S;
    while (units > UINT8_MAX) {
        units = (units + 1) / 2;
        scale++;
    }
    return (uint16_t)(bits | scale << 8 | (units == 0 ? 1U : (unsigned)units));
}

struct bw_stamp_error bw_stamp_error_decode(uint16_t wire)
{
    struct bw_stamp_error e = {.synced = (wire & 0x8000U) != 0,
                               .ptp = (wire & 0x4000U) != 0,
                               .error_ns = BW_UNKNOWN};
    unsigned scale = wire >> 8 & 63U;
    uint64_t ns_units = (uint64_t)(wire & 255U) * (uint64_t)NS_PER_S;
    if (ns_units == 0) {
        e.synced = false;
    } else if (scale <= 32) {
        uint64_t round_up = (UINT64_C(1) << (32 - scale)) - 1;
        e.error_ns = (int64_t)((ns_units + round_up) >> (32 - scale));
    } else if (scale <= 42) {
        e.error_ns = (int64_t)(ns_units << (scale - 32));
    }
    return e;
}

/* Instants ----------------------------------------------------------------------- */

uint64_t bw_stamp_time_encode(int64_t unix_ns, bool ptp)
{
    int64_t s = unix_ns / NS_PER_S;
    uint64_t ns;
    if (unix_ns % NS_PER_S < 0) {
        s--;
    }
    ns = (uint64_t)(unix_ns - s * NS_PER_S);
    if (ptp) {
        return (uint64_t)s << 32 | ns;
    }
    return ((uint64_t)s + NTP_OFFSET_S) << 32 | (ns << 32) / (uint64_t)NS_PER_S;
}

int64_t bw_stamp_time_decode(uint64_t wire, bool ptp, int64_t near_unix_ns)
{
    uint64_t offset = ptp ? 0 : NTP_OFFSET_S;
    int64_t near_s = near_unix_ns / NS_PER_S;
    uint32_t s = (uint32_t)(wire >> 32);
    int32_t apart = (int32_t)(s - (uint32_t)((uint64_t)near_s + offset));
    uint64_t fraction = wire & UINT32_MAX;
    if (ptp && fraction >= (uint64_t)NS_PER_S) {
        return BW_UNKNOWN;
    }
    if (!ptp) {
        fraction = (fraction * (uint64_t)NS_PER_S + (UINT64_C(1) << 31)) >> 32;
    }
    return (near_s + apart) * NS_PER_S + (int64_t)fraction;
}

/* Digest ------------------------------------------------------------------------- */

static void
digest_of(const uint8_t *p, const struct bw_stamp_key *key, uint8_t ret[BW_STAMP_DIGEST])
{
    uint8_t whole[32];
    bw_hmac_sha256(key->bytes, key->n, p, authenticated.digest, whole);
    (void)memcpy(ret, whole, BW_STAMP_DIGEST);
}

/* In a time that does not depend on where they differ. */
static bool digest_fits(const uint8_t *p, const struct bw_stamp_key *key)
{
    uint8_t want[BW_STAMP_DIGEST];
    unsigned differ = 0;
    digest_of(p, key, want);
    for (size_t i = 0; i < BW_STAMP_DIGEST; i++) {
        differ |= (unsigned)(want[i] ^ p[authenticated.digest + i]);
    }
    return differ == 0;
}

/* Packets ------------------------------------------------------------------------ */

static const struct layout *layout_of(const struct bw_stamp_key *key)
{
    return key ? &authenticated : &plain;
}

size_t bw_stamp_write_asked(uint8_t *buf,
                            size_t cap,
                            const struct bw_stamp_asked *p,
                            size_t size,
                            const struct bw_stamp_key *key)
{
    const struct layout *l = layout_of(key);
    bool light = !key && size == BW_STAMP_TWAMP_ASKED;
    if (size > cap || size > BW_STAMP_MAX ||
        !(light || size == l->size || size >= l->size + BW_STAMP_TLV_HEADER)) {
        return 0;
    }
    (void)memset(buf, 0, size);
    put32(buf, p->seq);
    put64(buf + l->t, p->t1);
    put16(buf + l->error, p->error);
    if (!light) {
        put16(buf + l->ssid, p->ssid);
    }
    if (key) {
        digest_of(buf, key, buf + l->digest);
    }
    if (size > l->size) {
        uint8_t *tlv = buf + l->size;
        size_t n = size - l->size - BW_STAMP_TLV_HEADER;
        tlv[0] = BW_STAMP_TLV_UNKNOWN; /* until a reflector says that it understands */
        tlv[1] = BW_STAMP_TLV_PADDING;
        put16(tlv + 2, (uint16_t)n);
        (void)memset(tlv + BW_STAMP_TLV_HEADER, PADDING_BYTE, n);
    }
    return size;
}

static bool zeros(const uint8_t *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

int bw_stamp_read_asked(const uint8_t *p,
                        size_t n,
                        const struct bw_stamp_key *key,
                        struct bw_stamp_asked *ret)
{
    const struct layout *l = layout_of(key);
    if (n < (key ? l->size : BW_STAMP_TWAMP_ASKED)) {
        return -EBADMSG;
    }
    *ret = (struct bw_stamp_asked){
        .seq = get32(p), .t1 = get64(p + l->t), .error = get16(p + l->error)};
    if (key) {
        ret->ssid = get16(p + l->ssid);
        return digest_fits(p, key) ? 0 : -EACCES;
    }
    ret->twamp = n < l->size || !zeros(p, PLAIN_ZEROS, l->size);
    ret->ssid = ret->twamp ? 0 : get16(p + l->ssid);
    return 0;
}

int bw_stamp_read_answer(const uint8_t *p,
                         size_t n,
                         const struct bw_stamp_key *key,
                         struct bw_stamp_answer *ret)
{
    const struct layout *l = layout_of(key);
    if (n < (key ? l->size : BW_STAMP_TWAMP_ANSWERED)) {
        return -EBADMSG;
    }
    *ret = (struct bw_stamp_answer){.seq = get32(p),
                                    .t3 = get64(p + l->t),
                                    .error = get16(p + l->error),
                                    .ssid = get16(p + l->ssid),
                                    .t2 = get64(p + l->t2),
                                    .asked_seq = get32(p + l->asked_seq),
                                    .t1 = get64(p + l->t1),
                                    .asked_error = get16(p + l->asked_error),
                                    .ttl = n > l->ttl ? p[l->ttl] : -1};
    return !key || digest_fits(p, key) ? 0 : -EACCES;
}

/* TLVs --------------------------------------------------------------------------- */

bool bw_stamp_tlv_next(const uint8_t *p, size_t n, size_t *at, struct bw_stamp_tlv *ret)
{
    size_t left;
    size_t says;
    if (*at > n || n - *at < BW_STAMP_TLV_HEADER) {
        return false;
    }
    left = n - *at - BW_STAMP_TLV_HEADER;
    says = get16(p + *at + 2);
    *ret = (struct bw_stamp_tlv){.flags = p[*at],
                                 .type = p[*at + 1],
                                 .whole = says <= left,
                                 .value = p + *at + BW_STAMP_TLV_HEADER,
                                 .n = says <= left ? says : left};
    *at += BW_STAMP_TLV_HEADER + ret->n;
    return true;
}

static void flag_tlvs(uint8_t *p, size_t n, size_t at)
{
    struct bw_stamp_tlv t;
    size_t from = at;
    while (bw_stamp_tlv_next(p, n, &at, &t)) {
        unsigned flags = t.flags & 0x1fU;
        if (!t.whole) {
            flags |= BW_STAMP_TLV_MALFORMED;
        }
        if (t.type != BW_STAMP_TLV_PADDING) {
            flags |= BW_STAMP_TLV_UNKNOWN;
        }
        p[from] = (uint8_t)flags;
        from = at;
    }
}

size_t bw_stamp_write_answer(uint8_t *buf,
                             size_t cap,
                             const uint8_t *asked,
                             size_t n,
                             const struct bw_stamp_answer *p,
                             const struct bw_stamp_key *key)
{
    const struct layout *l = layout_of(key);
    size_t head = n < l->size ? n : l->size;
    struct bw_stamp_asked what;
    if (n > cap || n < (key ? l->size : BW_STAMP_TWAMP_ANSWERED)) {
        return 0;
    }
    (void)bw_stamp_read_asked(asked, n, key, &what);
    (void)memcpy(buf, asked, n);
    (void)memset(buf, 0, head);
    put32(buf, p->seq);
    put64(buf + l->t, p->t3);
    put16(buf + l->error, p->error);
    put16(buf + l->ssid, what.twamp ? 0 : p->ssid);
    put64(buf + l->t2, p->t2);
    put32(buf + l->asked_seq, p->asked_seq);
    put64(buf + l->t1, p->t1);
    put16(buf + l->asked_error, p->asked_error);
    if (head > l->ttl && p->ttl >= 0) {
        buf[l->ttl] = (uint8_t)p->ttl;
    }
    if (key) {
        digest_of(buf, key, buf + l->digest);
    }
    if (!what.twamp && n > l->size) {
        flag_tlvs(buf, n, l->size);
    }
    return n;
}

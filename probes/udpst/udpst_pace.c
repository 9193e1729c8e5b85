/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_pace.c - when which burst is due. The highest rate is a bucket of bits: it fills
 * evenly, holds twenty milliseconds' worth (and one datagram of the largest size at least),
 * and what does not fit is not sent. */
#include "udpst_pace.h"

#include <bw/units.h>

enum {
    BUCKET_MS = 20, /* as much as may be made up for */
    DATAGRAM_MAX_BYTES = 9048
};

#define NS_PER_US INT64_C(1000)
#define NS_PER_S INT64_C(1000000000)
#define DATAGRAM_MAX_BITS (INT64_C(8) * DATAGRAM_MAX_BYTES)

void udpst_pace_init(struct udpst_pace *p,
                     int64_t max_bps,
                     uint32_t header,
                     int64_t now_mono_ns)
{
    *p = (struct udpst_pace){.header = header,
                             .max_bps = max_bps,
                             .due_ns = {UDPST_NEVER, UDPST_NEVER},
                             .allowance_mono_ns = now_mono_ns,
                             .random = UINT64_C(0x9e3779b97f4a7c15)};
    p->allowance_max_bits = max_bps / 1000 * BUCKET_MS;
    if (p->allowance_max_bits < DATAGRAM_MAX_BITS) {
        p->allowance_max_bits = DATAGRAM_MAX_BITS;
    }
    p->allowance_bits = 2 * DATAGRAM_MAX_BITS; /* a full one would bend the first second */
    if (p->allowance_bits > p->allowance_max_bits) {
        p->allowance_bits = p->allowance_max_bits;
    }
}

static int64_t interval_ns(const struct bw_udpst_row *r, int which)
{
    return NS_PER_US * (which == 0 ? r->interval1_us : r->interval2_us);
}

static bool sends(const struct bw_udpst_row *r, int which)
{
    return which == 0 ? r->burst1 > 0 : r->burst2 > 0 || r->addon2 > 0;
}

void udpst_pace_set(struct udpst_pace *p, const struct bw_udpst_row *row, int64_t now_ns)
{
    p->row = *row;
    for (int i = 0; i < 2; i++) {
        if (!sends(row, i)) {
            p->due_ns[i] = UDPST_NEVER;
        } else if (p->due_ns[i] == UDPST_NEVER) {
            p->due_ns[i] = now_ns;
        } else if (p->due_ns[i] > now_ns + interval_ns(row, i)) {
            p->due_ns[i] = now_ns + interval_ns(row, i);
        }
    }
}

int64_t udpst_pace_next(const struct udpst_pace *p)
{
    return p->due_ns[0] < p->due_ns[1] ? p->due_ns[0] : p->due_ns[1];
}

static void fill(struct udpst_pace *p, int64_t now_ns)
{
    int64_t past_ns = now_ns - p->allowance_mono_ns;
    if (past_ns <= 0) {
        return;
    }
    p->allowance_mono_ns = now_ns;
    if (past_ns >= NS_PER_S / 1000 * BUCKET_MS * 2) { /* longer than it takes to fill … */
        p->allowance_bits = p->allowance_max_bits;
        return;
    }
    p->fraction += past_ns * (p->max_bps / 1000); /* … so this is far from INT64_MAX */
    p->allowance_bits += p->fraction / (NS_PER_S / 1000);
    p->fraction %= NS_PER_S / 1000;
    if (p->allowance_bits > p->allowance_max_bits) {
        p->allowance_bits = p->allowance_max_bits;
    }
}

/* How many of n datagrams the highest rate allows now; they are taken as sent. */
static uint32_t allowed(struct udpst_pace *p, uint32_t payload, uint32_t n)
{
    int64_t bits = (int64_t)8 * ((payload & ~BW_UDPST_RANDOM) + p->header);
    int64_t fit = p->allowance_bits / bits;
    if (fit < n) {
        p->capped = true;
        n = (uint32_t)(fit > 0 ? fit : 0);
    }
    p->allowance_bits -= n * bits;
    return n;
}

bool udpst_pace_take(struct udpst_pace *p, int64_t now_ns, struct udpst_burst *ret)
{
    int which = p->due_ns[0] <= p->due_ns[1] ? 0 : 1;
    const struct bw_udpst_row *r = &p->row;
    if (p->due_ns[which] > now_ns) {
        return false;
    }
    if (now_ns - p->due_ns[which] > UDPST_LATE_NS) {
        p->due_ns[which] = now_ns - UDPST_LATE_NS;
        p->late = true;
    }
    p->due_ns[which] += interval_ns(r, which);
    fill(p, now_ns);
    *ret = (struct udpst_burst){.payload = which == 0 ? r->payload1 : r->payload2};
    ret->n = which == 0 ? r->burst1 : r->burst2;
    if (ret->n > 0) {
        ret->n = allowed(p, ret->payload, ret->n);
    }
    if (which == 1 && r->addon2 > 0 && allowed(p, r->addon2, 1) == 1) {
        ret->addon = r->addon2;
    }
    return true;
}

uint32_t udpst_pace_size(struct udpst_pace *p, uint32_t payload)
{
    uint32_t size = payload & ~BW_UDPST_RANDOM;
    if (!(payload & BW_UDPST_RANDOM)) {
        return size;
    }
    p->random ^= p->random << 13; /* Marsaglia's xorshift: sizes need no secrecy */
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return BW_UDPST_LOAD_LEN +
           (uint32_t)(p->random % (uint64_t)(size - BW_UDPST_LOAD_LEN + 1));
}

void udpst_past_note(struct udpst_past *p, int64_t now_mono_ns, int64_t ip_bytes)
{
    if (p->n > 0 && now_mono_ns - p->at[(p->n - 1) % UDPST_PASTS].mono_ns <
                        UDPST_PAST_MS * NS_PER_S / 1000) {
        return;
    }
    p->at[p->n % UDPST_PASTS].mono_ns = now_mono_ns;
    p->at[p->n % UDPST_PASTS].ip_bytes = ip_bytes;
    p->n++;
}

int64_t udpst_past_until(const struct udpst_past *p, int64_t mono_ns)
{
    uint32_t n = p->n < UDPST_PASTS ? p->n : UDPST_PASTS;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t k = (p->n - i) % UDPST_PASTS;
        if (p->at[k].mono_ns <= mono_ns) {
            return p->at[k].ip_bytes;
        }
    }
    return p->n <= UDPST_PASTS ? 0 : p->at[p->n % UDPST_PASTS].ip_bytes;
}

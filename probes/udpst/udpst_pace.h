/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_pace.h - when which burst of a sending-rate row is due, and never more than the
 * highest rate allowed. Pure: instants come in, bursts come out.
 *
 * A row has two transmitters of an interval each. What is late is made up for, but nothing
 * that is later than UDPST_LATE_NS: a heap of old bursts would be another test than the one
 * asked for, and that this machine was too slow is said. */
#ifndef BW_UDPST_PACE_H
#define BW_UDPST_PACE_H

#include <stdbool.h>
#include <stdint.h>
#include <udpst.h>

#define UDPST_LATE_NS INT64_C(20000000)
#define UDPST_NEVER INT64_MAX

struct udpst_pace {
    struct bw_udpst_row row;
    uint32_t header;   /* bytes of IP and UDP before a payload */
    int64_t max_bps;   /* at IP */
    int64_t due_ns[2]; /* of each transmitter; UDPST_NEVER: it sends nothing */
    int64_t allowance_bits;
    int64_t allowance_max_bits;
    int64_t allowance_mono_ns; /* when it was last added to */
    int64_t fraction;          /* what of a bit was left then, in bits * 10^-9 */
    uint64_t random;           /* state of the generator of sizes */
    bool capped;               /* max_bps cut a burst since this was last reset */
    bool late;                 /* bursts were left out since … */
};

/* One burst: n datagrams of a payload (BW_UDPST_RANDOM: each of another size), then one of
 * `addon` unless that is 0. */
struct udpst_burst {
    uint32_t n;
    uint32_t payload;
    uint32_t addon;
};

enum {
    UDPST_PAST_MS = 100,
    UDPST_PASTS = 32 /* reaches back 3.1 s */
};

/* What had been sent when. */
struct udpst_past {
    struct {
        int64_t mono_ns;
        int64_t ip_bytes;
    } at[UDPST_PASTS];
    uint32_t n; /* ever noted */
};

void udpst_pace_init(struct udpst_pace *p,
                     int64_t max_bps,
                     uint32_t header,
                     int64_t now_mono_ns);
/* Another row, which has passed bw_udpst_row_check(). */
void udpst_pace_set(struct udpst_pace *p, const struct bw_udpst_row *row, int64_t now_ns);
/* When the next burst is due; UDPST_NEVER. */
int64_t udpst_pace_next(const struct udpst_pace *p);
/* Take a burst that is due; false: none is (any more). It may be empty (n and addon 0)
 * where the highest rate leaves nothing. */
bool udpst_pace_take(struct udpst_pace *p, int64_t now_ns, struct udpst_burst *ret);
/* The size of one datagram of a payload. */
uint32_t udpst_pace_size(struct udpst_pace *p, uint32_t payload);

/* Note what has been sent in all; seldom enough to call it with every wake-up. */
void udpst_past_note(struct udpst_past *p, int64_t now_mono_ns, int64_t ip_bytes);
/* What had been sent by then, or a little less: at the latest note that is not later; 0
 * before the first. */
int64_t udpst_past_until(const struct udpst_past *p, int64_t mono_ns);

#endif

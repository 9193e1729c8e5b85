/* SPDX-License-Identifier: GPL-3.0-or-later
 * mix.h - what a line is full of, from packets drawn at random one in N: shares by class,
 * family and band of length, each with its 95 % interval.
 *
 * Every share is one of bytes on the wire. It is to be multiplied with an exact counter:
 * then the total carries no error of sampling, only the shares do. With N = 1 nothing was
 * drawn, and every figure is exact. No I/O, no clock, no address: sums only.
 *
 * What fewer devices than a number did is told only within something larger, see
 * bw_mix_told(): for that, a key has to be given before the first packet. */
#ifndef BW_MIX_H
#define BW_MIX_H

#include "crowd.h"
#include "inside.h"
#include "packet.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_MIX_SHARES_MAX = BW_PACKET_CLASSES,
    BW_MIX_FEW = 30,          /* packets below which nothing is said of a way */
    BW_MIX_WANTED_PPS = 1000, /* packets drawn a second that are enough */
    BW_MIX_ONE_IN_MAX = 4096
};

/* Sums over the packets drawn; each stands for as many as its N says. */
struct bw_mix_cell {
    int64_t n;             /* drawn */
    int64_t packets;       /* sum of N */
    int64_t bytes;         /* sum of N len */
    double packets_spread; /* sum of N (N - 1): variance of `packets` … */
    double bytes_spread;   /* sum of N (N - 1) len^2: … and of `bytes` */
};

struct bw_mix_sums { /* embedded by its users */
    uint32_t one_in;
    struct bw_mix_cell cell[BW_WAYS][BW_PACKET_CLASSES][BW_PACKET_FAMILIES]
                           [BW_PACKET_BANDS];
    bool crowded; /* there is a key: crowd[] is counted */
    uint8_t key[16];
    struct { /* who was in the rows of each way */
        struct bw_crowd by_class[BW_PACKET_CLASSES];
        struct bw_crowd by_family[BW_PACKET_FAMILIES];
        struct bw_crowd by_band[BW_PACKET_BANDS];
    } crowd[BW_WAYS];
};

enum bw_mix_by {
    BW_MIX_BY_CLASS,
    BW_MIX_BY_FAMILY,
    BW_MIX_BY_BAND,
    BW_MIX_BY_WAY
};

struct bw_mix_total {
    int64_t n; /* packets drawn */
    int64_t packets;
    int64_t bytes;
    int64_t packets_error; /* half of the 95 % interval; 0: exact */
    int64_t bytes_error;
};

struct bw_mix_share {
    uint32_t which; /* class, family, band or way; BW_PACKET_BANDS: several bands */
    int64_t n;      /* packets drawn */
    int64_t packets;
    int64_t bytes;
    int64_t share_ppm;
    int64_t low_ppm; /* 95 % interval; equal: exact */
    int64_t high_ppm;
};

void bw_mix_init(struct bw_mix_sums *m); /* empty, one in 1, without a key */
/* Count devices too, under a key of this interval. Before the first packet. */
void bw_mix_key(struct bw_mix_sums *m, const uint8_t key[16]);
/* From here on packets are drawn one in `one_in` (0 is taken for 1). */
void bw_mix_block(struct bw_mix_sums *m, uint32_t one_in);
/* One packet that was drawn. */
void bw_mix_add(struct bw_mix_sums *m, const struct bw_packet *p, enum bw_way way);

/* The N that draws about BW_MIX_WANTED_PPS of so many packets a second. */
uint32_t bw_mix_one_in(int64_t packets_per_s);

/* way = BW_WAYS: all ways together. */
void bw_mix_total(const struct bw_mix_sums *m, enum bw_way way, struct bw_mix_total *ret);

/* The shares of one way's bytes into ret, in the order of their enum; gives how many. Only
 * what was seen has a row, however rarely: to leave out rows of few packets would be to
 * show a rare class only where chance made too much of it. None at all when fewer than
 * BW_MIX_FEW were drawn in that way, for they say nothing. Shares of BW_MIX_BY_WAY are of
 * all ways, whatever `way` is. */
size_t bw_mix_shares(const struct bw_mix_sums *m,
                     enum bw_mix_by by,
                     enum bw_way way,
                     struct bw_mix_share ret[BW_MIX_SHARES_MAX]);

/* The same, as it may leave the box: rows of fewer devices than `least` go into `other`
 * (BW_PACKET_OTHER, BW_PACKET_NO_IP, BW_PACKET_BANDS) before shares are made; while `other`
 * is still of too few, the smallest of the other rows goes in as well, so that no
 * difference tells. Nothing at all is told of a way with fewer devices, without a key, or
 * that is not down or up. Of packets that go down, an address counts as a device where such
 * go up from it too: so of a line of which only what comes down is seen, nothing is told.
 * *ret_held: something was merged or not told; may be NULL. Frames without IP and what goes
 * to a group are nobody's: a row of nothing else is no small one. With `least` up to 1, and
 * for BW_MIX_BY_WAY, it is bw_mix_shares().
 */
size_t bw_mix_told(const struct bw_mix_sums *m,
                   enum bw_mix_by by,
                   enum bw_way way,
                   int least,
                   struct bw_mix_share ret[BW_MIX_SHARES_MAX],
                   bool *ret_held);
/* Devices of a way (BW_WAYS: of both), at least; 0 without a key. */
int bw_mix_devices(const struct bw_mix_sums *m, enum bw_way way);

/* The row's word: "tls"; "ipv4", "ipv6", "other"; "64-127", "other"; "down". */
const char *bw_mix_share_name(enum bw_mix_by by, uint32_t which);

#endif

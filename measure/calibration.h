/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibration.h - what a counter counts of a frame, of its counts and the frames that were
 * seen go by in the same time.
 *
 * Windows in which as many frames were seen as were counted say it exactly; all others
 * (merged, split, lost, or under way while both were read) say nothing, nor do those with
 * a frame that is longer on the wire than it was seen. Nothing is known before several
 * windows said the same. Pure; any thread. */
#ifndef BW_CALIBRATION_H
#define BW_CALIBRATION_H

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    BW_CALIBRATION_OFFSET_MAX = 32, /* bytes; no counter is further off a frame */
    BW_CALIBRATION_WINDOWS = 4,     /* that must agree … */
    BW_CALIBRATION_FRAMES = 8       /* … on so many frames together */
};

/* Ever rising sums of one direction. */
struct bw_calibration_sums {
    int64_t counted_bytes;
    int64_t counted_packets;
    int64_t seen_bytes;
    int64_t seen_frames;
    int64_t short_frames; /* of those: heard before a card pads them */
};

/* One direction; all zero to begin with. */
struct bw_calibration {
    struct bw_calibration_sums from; /* where the window began */
    bool begun;
    int64_t apart_ns;   /* since when not as many were seen as counted; 0: they are … */
    int64_t apart_from; /* … and how many had been counted */
    int64_t offset;     /* of the windows so far */
    int64_t windows;
    int64_t frames;
    bool known;
};

/* The sums at this instant. true: with them the offset became known. */
bool bw_calibration_add(struct bw_calibration *k,
                        int64_t mono_ns,
                        const struct bw_calibration_sums *now);

/* Sums do not go on from here: the next add begins a window. What agreed is kept. */
void bw_calibration_pause(struct bw_calibration *k);

#endif

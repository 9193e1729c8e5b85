/* SPDX-License-Identifier: GPL-3.0-or-later
 * sliding.h - the most bytes in any one second, of readings a quarter of a second apart.
 *
 * A window lies between two readings and is divided by the time really measured between
 * them. It counts in the interval it ends in. What was not read often enough, or is
 * refreshed more slowly than it is read, has no sliding peak: an aligned second says less,
 * but is true. */
#ifndef BW_SLIDING_H
#define BW_SLIDING_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_SLIDING_MOMENTS = 64 /* of the last second, extra readings of tests included */
};

struct bw_sliding {
    struct {
        int64_t mono_ns;
        int64_t bytes[BW_DIRECTIONS];
        bool close; /* to the one before */
    } at[BW_SLIDING_MOMENTS];
    size_t n; /* ever, since the chain began */
    int64_t peak_bps[BW_DIRECTIONS];
    int64_t windows;
    int64_t changes; /* steps in which the counter rose … */
    int64_t pairs;   /* … and that came right after another such one */
    int64_t changed_bytes;
    bool changed;
};

/* A reading; `joined`: it goes on from the one before. Monotonic times rise. */
void bw_sliding_add(struct bw_sliding *s,
                    int64_t mono_ns,
                    const int64_t bytes[BW_DIRECTIONS],
                    bool joined);

/* The peaks since the last cut, each unknown where it cannot be told of covered_s. */
void bw_sliding_cut(struct bw_sliding *s, int64_t covered_s, int64_t ret[BW_DIRECTIONS]);

#endif

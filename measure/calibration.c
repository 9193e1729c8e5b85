/* SPDX-License-Identifier: GPL-3.0-or-later
 * calibration.c - windows that agree. */
#include "calibration.h"

/* Longer, and some will never be seen. */
static const int64_t APART_MAX_NS = 50000000;
static const int64_t APART_MAX_FRAMES = 200;

static void begin(struct bw_calibration *k, const struct bw_calibration_sums *now)
{
    k->from = *now;
    k->begun = true;
    k->apart_ns = 0;
}

/* A window in which as many frames were seen as counted. */
static bool take(struct bw_calibration *k, int64_t lacks, int64_t frames)
{
    int64_t offset = lacks / frames;
    if (lacks % frames != 0 || offset > BW_CALIBRATION_OFFSET_MAX ||
        offset < -BW_CALIBRATION_OFFSET_MAX) {
        k->windows = 0; /* frames of several lengths, or not the same frames */
        k->frames = 0;
        return false;
    }
    if (k->windows == 0 || k->offset != offset) {
        k->offset = offset;
        k->windows = 0;
        k->frames = 0;
    }
    k->windows++;
    k->frames += frames;
    k->known = k->windows >= BW_CALIBRATION_WINDOWS && k->frames >= BW_CALIBRATION_FRAMES;
    return k->known;
}

bool bw_calibration_add(struct bw_calibration *k,
                        int64_t mono_ns,
                        const struct bw_calibration_sums *now)
{
    int64_t counted = now->counted_packets - k->from.counted_packets;
    int64_t seen = now->seen_frames - k->from.seen_frames;
    bool done = false;
    if (k->known) {
        return false;
    }
    if (!k->begun || counted < 0) {
        begin(k, now);
        return false;
    }
    if (counted != seen) { /* some may be under way */
        if (k->apart_ns == 0) {
            k->apart_ns = mono_ns;
            k->apart_from = now->counted_packets;
        } else if (mono_ns - k->apart_ns > APART_MAX_NS ||
                   now->counted_packets - k->apart_from > APART_MAX_FRAMES) {
            begin(k, now);
        }
        return false;
    }
    k->apart_ns = 0;
    if (counted == 0) {
        return false;
    }
    if (now->short_frames != k->from.short_frames) {
        begin(k, now); /* what was counted is perhaps not what was seen */
        return false;
    }
    done = take(k,
                (now->counted_bytes - k->from.counted_bytes) -
                    (now->seen_bytes - k->from.seen_bytes),
                counted);
    begin(k, now);
    return done;
}

void bw_calibration_pause(struct bw_calibration *k)
{
    k->begun = false;
    k->apart_ns = 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * draw.h - the box's RRD pictures, made from its records.
 *
 * STATE_DIR/rrd/CIRCUIT/{link,link-10s,latency-TARGET,throughput,traffic,tcp}.rrd. A
 * picture that is missing, damaged, of another step or ahead of the clock is made anew from
 * the journal; only link-10s, a convenience, starts empty. Nothing here can fail a record:
 * trouble with pictures is complained about and passed over. Storage thread only. */
#ifndef BW_DRAW_H
#define BW_DRAW_H

#include "writer.h"

#include <bw/summary.h>
#include <stddef.h>
#include <stdint.h>

struct bw_draw;

enum {
    BW_DRAW_FILES_MAX = 64,
    BW_DRAW_TEN_S = 10
};

/* NULL when out of memory; paths are copied. */
struct bw_draw *
bw_draw_new(const char *state_dir, const char *journal_path, int64_t step_s);
void bw_draw_free(struct bw_draw *d); /* NULL is fine */

/* One durable record, and the ten-second rates that came with it. */
void bw_draw_summary(struct bw_draw *d, const struct bw_summary *s);
void bw_draw_tens(struct bw_draw *d, const struct bw_writer_ten *tens, size_t n);

#endif

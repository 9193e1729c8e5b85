/* SPDX-License-Identifier: GPL-3.0-or-later
 * look.h - how each style looks: one table for all back ends. Grey values (0.30 R + 0.59 G
 * + 0.11 B) of faces that can lie side by side are at least 45 of 255 apart. */
#ifndef BW_EVIDENCE_LOOK_H
#define BW_EVIDENCE_LOOK_H

#include "canvas.h"

#include <stdint.h>

enum bw_hatch {
    BW_HATCH_NONE,
    BW_HATCH_UP,  /* thin strokes from low left to high right, wide apart */
    BW_HATCH_DOWN /* thick ones from high left to low right */
};

enum {
    BW_LOOK_NONE = -1 /* no face, or no edge */
};

struct bw_look {
    const char *name; /* a short word, [a-z0-9] */
    int32_t face;     /* 0xrrggbb or BW_LOOK_NONE */
    int32_t edge;
    int64_t width_mpt; /* of the edge or line */
    int64_t dash_mpt[4];
    int n_dash;          /* 0: solid, 2 or 4 */
    enum bw_hatch hatch; /* strokes of the edge's colour on the face */
};

/* Of one hatching: strokes of this width, this far apart, at 45 degrees. */
struct bw_hatching {
    int64_t width_mpt;
    int64_t step_mpt;
};

struct bw_type {
    const char *name;
    int32_t colour;
    int bold;
};

const struct bw_look *bw_look(enum bw_style style);
struct bw_hatching bw_look_hatching(enum bw_hatch hatch);
const struct bw_type *bw_look_type(enum bw_role role);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * look.c - the table of looks. */
#include "look.h"

enum colours {
    INK = 0x16202b,
    SOFT = 0x4a5866,
    TICK = 0x6b7885,
    GRID = 0xdfe5ea,
    CLAIM = 0x8a1c1c,
    DEEP = 0x123f66,
    MID = 0x4a86b8,
    PALE = 0xc3d9ec,
    WASH = 0xf0f3f6,
    WHITE = 0xffffff
};

#define LINE(word, colour, width)                                                          \
    {                                                                                      \
        .name = (word), .face = BW_LOOK_NONE, .edge = (colour), .width_mpt = (width)       \
    }
#define DASHED(word, colour, width, on, off)                                               \
    {                                                                                      \
        .name = (word), .face = BW_LOOK_NONE, .edge = (colour), .width_mpt = (width),      \
        .dash_mpt = {(on), (off)}, .n_dash = 2                                             \
    }
#define FACE(word, colour)                                                                 \
    {                                                                                      \
        .name = (word), .face = (colour), .edge = BW_LOOK_NONE                             \
    }
#define EDGED(word, colour, edge_colour, width)                                            \
    {                                                                                      \
        .name = (word), .face = (colour), .edge = (edge_colour), .width_mpt = (width)      \
    }

static const struct bw_look looks[BW_STYLES] = {
    [BW_STYLE_AXIS] = LINE("axis", TICK, 600),
    [BW_STYLE_GRID] = LINE("grid", GRID, 500),
    [BW_STYLE_CLAIM] = LINE("claim", CLAIM, 1200),
    [BW_STYLE_CLAIM_80] = DASHED("claim80", CLAIM, 900, 1200, 2200),
    [BW_STYLE_P95] = DASHED("p95", INK, 1000, 4500, 2500),
    [BW_STYLE_FORECAST] = {.name = "forecast",
                           .face = BW_LOOK_NONE,
                           .edge = DEEP,
                           .width_mpt = 1100,
                           .dash_mpt = {6000, 2000, 1200, 2000},
                           .n_dash = 4},
    [BW_STYLE_HALO] = LINE("halo", WHITE, 2600),
    [BW_STYLE_SERIES] = LINE("series", DEEP, 1100),
    [BW_STYLE_SERIES_2] = DASHED("series2", MID, 900, 3000, 1500),
    [BW_STYLE_FAILED] = LINE("failed", CLAIM, 1100),
    [BW_STYLE_PUT_OFF] = LINE("putoff", SOFT, 600),
    [BW_STYLE_DEEP] = FACE("deep", DEEP),
    [BW_STYLE_MID] = FACE("mid", MID),
    [BW_STYLE_PALE] = EDGED("pale", PALE, MID, 400),
    [BW_STYLE_OPEN] = EDGED("open", WHITE, SOFT, 500),
    [BW_STYLE_CLAIMED] = EDGED("claimed", WHITE, CLAIM, 1000),
    [BW_STYLE_OUT] = FACE("out", CLAIM),
    [BW_STYLE_GAP] = {.name = "gap", .face = WHITE, .edge = 0x5d6b78, .hatch = BW_HATCH_UP},
    [BW_STYLE_OTHER] = {.name = "other",
                        .face = WHITE,
                        .edge = DEEP,
                        .hatch = BW_HATCH_DOWN},
    [BW_STYLE_LATER] = FACE("later", WASH),
    [BW_STYLE_BAND] = FACE("band", 0xdbe6f0),
    /* One hue, lightness falling evenly; the last is the deep one. */
    [BW_STYLE_HEAT_0] = FACE("heat0", 0xeef4f9),
    [BW_STYLE_HEAT_1] = FACE("heat1", 0xcfe0ee),
    [BW_STYLE_HEAT_2] = FACE("heat2", 0xa9c8e1),
    [BW_STYLE_HEAT_3] = FACE("heat3", 0x7dabd0),
    [BW_STYLE_HEAT_4] = FACE("heat4", 0x4f8bbb),
    [BW_STYLE_HEAT_5] = FACE("heat5", 0x2a6696),
    [BW_STYLE_HEAT_6] = FACE("heat6", DEEP),
};

static const struct bw_type types[BW_ROLES] = {
    [BW_ROLE_LABEL] = {"label", INK, 0},   [BW_ROLE_SMALL] = {"small", SOFT, 0},
    [BW_ROLE_VALUE] = {"value", INK, 1},   [BW_ROLE_HEAD] = {"head", INK, 1},
    [BW_ROLE_LIGHT] = {"light", WHITE, 0},
};

const struct bw_look *bw_look(enum bw_style style)
{
    return &looks[style];
}

struct bw_hatching bw_look_hatching(enum bw_hatch hatch)
{
    return hatch == BW_HATCH_DOWN ? (struct bw_hatching){1600, 2800}
                                  : (struct bw_hatching){700, 3200};
}

const struct bw_type *bw_look_type(enum bw_role role)
{
    return &types[role];
}

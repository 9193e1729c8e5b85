/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture_view.h - what `bandwitness capture` shows of a file's traffic. Never an address,
 * a port pair or a name that was seen in it. */
#ifndef BW_CLI_CAPTURE_VIEW_H
#define BW_CLI_CAPTURE_VIEW_H

#include "capture_file.h"
#include "meter.h"

#include <stdbool.h>
#include <stddef.h>

struct capture_shown {
    const char *file;
    const char *error;           /* NULL: the file was read whole */
    const char *const *prefixes; /* given as inside; none: what is private */
    size_t n_prefixes;
    int group; /* fewer devices than these are told of only within others; 0: all are */
    bool by_router; /* direction by its MAC, prefixes play no part */
    const struct bw_capture_facts *facts;
    const struct bw_meter *meter;
    struct bw_flows_figures flows; /* without what is not told … */
    bool held;                     /* … of which there was some */
};

/* Of TCP: is anything told? */
bool capture_view_tells_tcp(const struct capture_shown *s);
void capture_view_text(const struct capture_shown *s);
/* 0, -errno: too large, or out of memory. */
int capture_view_json(const struct capture_shown *s);

#endif

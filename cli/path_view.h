/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_view.h - what `bandwitness probe path` shows: the way to each target, addresses
 * included, since whoever asks here sees them on the own line anyway. */
#ifndef BW_PATH_VIEW_H
#define BW_PATH_VIEW_H

#include <bw/probe.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_jw;
struct probe_result;

/* The trace to one target; `s` points into the arrays. */
struct probe_path {
    bool known;
    struct bw_path_sample s;
    struct bw_path_hop hops[BW_PATH_HOPS_MAX];
    char reason[128];
    char flag[32];
    char method[16];
};

void probe_path_take(struct probe_path *to, const struct bw_path_sample *s);
/* Every target's trace is known. */
bool probe_paths_known(const struct probe_result *r);
/* Every target was traced as far as it goes. */
bool probe_paths_good(const struct probe_result *r);

void probe_path_text(const struct probe_result *r, size_t i);
void probe_path_json(const struct probe_result *r, size_t i, struct bw_jw *w);

#endif

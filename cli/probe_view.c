/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_view.c - what `bandwitness probe` shows. Every Mbit/s stands beside its layer,
 * every loss beside its counts; what is not known is not printed. */
#include "probe_view.h"

#include "buf.h"
#include "json.h"

#include <stdio.h>

enum {
    JSON_MAX = 256 * 1024
};

void probe_view_text(const struct probe_result *r)
{
    if (r->ops->klass == BW_CLASS_LATENCY) {
        for (size_t i = 0; i < r->n_paths; i++) {
            probe_path_text(r, i);
        }
        for (size_t i = 0; i < r->n_echoes; i++) {
            probe_latency_text(r, i);
        }
        return;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (r->runs[d].known) {
            probe_run_text(r, d);
        }
    }
}

void probe_view_json(const struct probe_result *r)
{
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, JSON_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "kind", r->ops->name);
    bw_jw_kbool(&w, "interrupted", r->interrupted);
    bw_jw_karr(&w, "results");
    if (r->ops->klass == BW_CLASS_LATENCY) {
        for (size_t i = 0; i < r->n_paths; i++) {
            probe_path_json(r, i, &w);
        }
        for (size_t i = 0; i < r->n_echoes; i++) {
            probe_latency_json(r, i, &w);
        }
    } else {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            if (r->runs[d].known) {
                probe_run_json(r, d, &w);
            }
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    if (bw_buf_error(&out) == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
}

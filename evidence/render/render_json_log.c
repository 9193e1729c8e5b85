/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_log.c - the collector's log as JSON. */
#include "render_json.h"

#include "json.h"
#include "model.h"

static void
others(struct bw_jw *w, const char *name, const struct bw_log_other *list, size_t n)
{
    bw_jw_karr(w, name);
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "by", list[i].name);
        bw_jw_kstr(w, "signer", list[i].signer[0] ? list[i].signer : NULL);
        bw_json_time(w, "at", list[i].unix_s);
        bw_jw_ki64(w, "size", list[i].size);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

void bw_json_log(struct bw_jw *w, const struct bw_report *r)
{
    if (!r->log.there) {
        return;
    }
    bw_jw_kobj(w, "log");
    bw_jw_kstr(w, "name", r->log.name);
    bw_jw_ki64(w, "size", r->log.size);
    bw_json_time(w, "signed", r->log.signed_unix_s);
    bw_jw_kbool(w, "witnessed", r->log.n_witnesses > 0);
    others(w, "witnesses", r->log.witness, r->log.n_witnesses);
    others(w, "stamps", r->log.stamp, r->log.n_stamps);
    bw_jw_karr(w, "before");
    for (size_t i = 0; i < r->log.n_before; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "name", r->log.before[i].name);
        bw_jw_ki64(w, "size", r->log.before[i].size);
        bw_json_time_ms(w, "ended", r->log.before[i].unix_ms);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

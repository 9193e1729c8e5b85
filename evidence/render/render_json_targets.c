/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_targets.c - the report's targets in detail and their paths, for programs.
 *
 * Invariant: a part that no record tells of a target is absent as a whole. */
#include "render_json.h"

#include <json.h>
#include <model.h>

static void put_times(struct bw_jw *w, const char *name, const struct bw_detail_times *t)
{
    bw_jw_kobj(w, name);
    bw_jw_ki64(w, "n", t->n);
    bw_jw_ki64(w, "min_us", t->min_us);
    bw_jw_ki64(w, "p50_us", t->p50_us);
    bw_jw_ki64(w, "p95_us", t->p95_us);
    bw_jw_obj_end(w);
}

static void answers(struct bw_jw *w, const struct bw_detail_target *t)
{
    bw_jw_kobj(w, "answers");
    bw_jw_kstr(w, "method", BW_METHOD_ANSWERS);
    bw_jw_ki64(w, "n", t->n_coded);
    bw_jw_ki64(w, "without_answer", t->sent - t->n_coded);
    bw_jw_karr(w, "codes");
    for (size_t i = 0; i < t->n_codes; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "code", t->codes[i].code);
        bw_jw_ki64(w, "n", t->codes[i].n);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void phases(struct bw_jw *w, const struct bw_detail_target *t)
{
    bw_jw_kobj(w, "phases");
    bw_jw_kstr(w, "method", BW_METHOD_PHASES);
    bw_jw_karr(w, "list");
    for (size_t i = 0; i < t->n_phases; i++) {
        const struct bw_detail_phase *p = &t->phases[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "phase", p->phase);
        bw_jw_ki64(w, "intervals", p->n_intervals);
        bw_jw_ki64(w, "intervals_without_times", p->n_without);
        put_times(w, "times", &p->times);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void one_target(struct bw_jw *w, const struct bw_detail_target *t)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "probe", t->probe);
    bw_jw_kstr(w, "kind", t->kind);
    bw_jw_ki64(w, "family", t->family ? t->family : BW_UNKNOWN);
    bw_jw_ki64(w, "intervals", t->n_intervals);
    bw_jw_ki64(w, "sent", t->sent);
    bw_jw_ki64(w, "lost", t->lost);
    if (bw_detail_is_exchange(t)) {
        answers(w, t);
    }
    if (t->n_phases > 0) {
        phases(w, t);
    }
    if (t->n_cert > 0) {
        bw_jw_kobj(w, "certificate");
        bw_jw_kstr(w, "method", BW_METHOD_CERT);
        bw_jw_ki64(w, "intervals", t->n_cert);
        bw_jw_ki64(w, "lowest_days", t->cert_days);
        bw_json_time(w, "lowest_at", t->cert_unix_s);
        bw_jw_ki64(w, "newest_days", t->cert_newest_days);
        bw_json_time(w, "newest_at", t->cert_newest_unix_s);
        bw_jw_obj_end(w);
    }
    if (t->lost_out != BW_UNKNOWN) {
        bw_jw_kobj(w, "loss_side");
        bw_jw_kstr(w, "method", BW_METHOD_LOSS_SIDE);
        bw_jw_ki64(w, "lost_out", t->lost_out);
        bw_jw_ki64(w, "lost_back", t->lost_back);
        bw_jw_ki64(w, "lost_not_known_where", t->lost - t->lost_out - t->lost_back);
        bw_jw_obj_end(w);
    }
    if (t->out.n > 0) {
        bw_jw_kobj(w, "one_way");
        bw_jw_kstr(w, "method", BW_METHOD_ONE_WAY);
        bw_jw_ki64(w, "error_us", t->one_way_error_us);
        put_times(w, "out", &t->out);
        put_times(w, "back", &t->back);
        bw_jw_obj_end(w);
    }
    bw_jw_obj_end(w);
}

static void hops(struct bw_jw *w, const struct bw_detail_path *p)
{
    if (p->n_hops == 0) {
        return;
    }
    bw_json_time_ms(w, "hops_at", p->hops_unix_ms);
    bw_jw_karr(w, "hops");
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        bw_jw_obj(w);
        bw_jw_ki64(w, "ttl", h->ttl);
        bw_json_word(w, "hash", h->hash);
        bw_json_word(w, "name", h->name);
        bw_jw_ki64(w, "sent", h->sent);
        bw_jw_ki64(w, "lost", h->lost);
        bw_jw_ki64(w, "min_us", h->rtt_us);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void one_path(struct bw_jw *w, const struct bw_detail_path *p)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "method", BW_METHOD_PATH);
    bw_jw_kstr(w, "probe", p->probe);
    bw_jw_kstr(w, "packets", p->method);
    bw_jw_ki64(w, "family", p->family ? p->family : BW_UNKNOWN);
    bw_jw_ki64(w, "traces", p->n_traces);
    bw_jw_ki64(w, "reached", p->n_reached);
    bw_jw_ki64(w, "compared", p->n_compared);
    bw_jw_ki64(w, "changes", p->n_compared > 0 ? p->n_changes : BW_UNKNOWN);
    bw_json_time_ms(w, "last_change_at", p->changed_unix_ms);
    bw_jw_ki64(w, "last_change_ttl", p->changed_ttl);
    bw_jw_kobj(w, "newest");
    bw_json_time_ms(w, "at", p->last_unix_ms);
    if (p->reached != BW_UNKNOWN) {
        bw_jw_kbool(w, "reached", p->reached == 1);
    }
    bw_jw_ki64(w, "mtu", p->mtu);
    bw_json_word(w, "flag", p->flag);
    hops(w, p);
    bw_jw_obj_end(w);
    bw_jw_obj_end(w);
}

void bw_json_targets(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_details *d = &r->details;

    bw_jw_karr(w, "targets");
    for (size_t i = 0; i < d->n_targets; i++) {
        one_target(w, &d->targets[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "paths");
    for (size_t i = 0; i < d->n_paths; i++) {
        one_path(w, &d->paths[i]);
    }
    bw_jw_arr_end(w);
    if (d->more) {
        bw_jw_kbool(w, "more_targets", true);
    }
}

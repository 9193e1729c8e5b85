/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_errata.c - errata that concern records of the period, and what is on file of
 * the keys: only where there is something. */
#include "render_json.h"

#include <bw/units.h>
#include <json.h>
#include <model.h>

static void erratum(struct bw_jw *w, const struct bw_report_erratum *x)
{
    const struct bw_erratum *e = &x->said.erratum;

    bw_jw_obj(w);
    bw_jw_kstr(w, "id", x->said.id);
    bw_jw_kstr(w, "about", x->said.key);
    bw_json_word(w, "from_version", e->from_version);
    bw_json_word(w, "before_version", e->before_version);
    bw_json_time(w, "from", e->from_unix_s);
    bw_json_time(w, "to", e->to_unix_s);
    bw_jw_karr(w, "fields");
    for (int i = 0; i < BW_ERRATUM_FIELDS; i++) {
        if (bw_erratum_has(e, (enum bw_erratum_field)i)) {
            bw_jw_str(w, bw_erratum_field_words[i]);
        }
    }
    bw_jw_arr_end(w);
    bw_jw_kstr(w, "action", e->action == BW_ERRATUM_EXCLUDE ? "exclude" : "annotate");
    bw_jw_kstr(w, "reason", e->reason);
    bw_json_word(w, "reference", e->reference);
    bw_jw_kstr(w, "by", x->said.by);
    bw_json_time(w, "said_at", x->said.said_unix_s);
    bw_jw_ki64(w, "records", x->n_records);
    bw_jw_ki64(w, "intervals", x->n_intervals);
    bw_jw_ki64(w, "runs", x->n_runs);
    bw_jw_obj_end(w);
}

void bw_json_errata(struct bw_jw *w, const struct bw_report *r)
{
    const struct bw_report_errata *e = &r->errata;

    if (e->n == 0 && e->n_unread == 0) {
        return;
    }
    bw_jw_kobj(w, "errata");
    bw_jw_kstr(w, "method", BW_METHOD_ERRATUM);
    bw_jw_ki64(w, "n_not_readable", e->n_unread);
    bw_jw_karr(w, "list");
    for (size_t i = 0; i < e->n; i++) {
        erratum(w, &e->list[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

void bw_json_key_history(struct bw_jw *w, const struct bw_report_key *k)
{
    bw_json_time(w, "since", k->from_unix_s);
    if (k->begins_unix_s != BW_UNKNOWN) {
        bw_json_time(w, "chain_begins", k->begins_unix_s);
        bw_jw_kstr(w, "chain_why", bw_chain_why_name(k->why));
    }
    bw_json_word(w, "prev_kid", k->prev_kid);
    bw_jw_ki64(w, "prev_seq", k->prev_seq);
    if (k->replaced_unix_s != BW_UNKNOWN) {
        bw_json_time(w, "box_replaced", k->replaced_unix_s);
        bw_json_word(w, "box_replaced_by", k->replaced_by);
        bw_json_word(w, "box_replaced_why", k->replaced_why);
        bw_json_word(w, "box_replaced_said_by", k->replaced_said_by);
    }
    if (k->revoked_unix_s != BW_UNKNOWN) {
        bw_json_time(w, "in_other_hands_since", k->revoked_unix_s);
        bw_jw_ki64(w, "set_apart", k->n_apart);
        bw_json_word(w, "revoked_why", k->revoked_why);
        bw_json_word(w, "revoked_by", k->revoked_by);
    }
}

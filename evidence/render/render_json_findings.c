/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_json_findings.c - findings for programs: "findings" of a report, and what
 * `bandwitness explain --json` prints. */
#include "render.h"
#include "render_json.h"

#include <json.h>
#include <model.h>
#include <words.h>

static void counts(struct bw_jw *w, const struct bw_finding_counts *k)
{
    if (k->counted == BW_UNKNOWN) {
        return;
    }
    bw_jw_kobj(w, "tests");
    bw_jw_ki64(w, "wanted", k->wanted);
    bw_jw_ki64(w, "made", k->made);
    bw_jw_ki64(w, "deferred", k->deferred);
    bw_jw_ki64(w, "lost", k->lost);
    bw_jw_ki64(w, "excluded", k->excluded);
    bw_jw_ki64(w, "counted", k->counted);
    for (int g = BW_GRADE_SELF; g <= BW_GRADE_ARCHIVE; g++) {
        bw_jw_ki64(w, bw_grade_name((enum bw_grade)g), k->grade[g]);
    }
    bw_jw_obj_end(w);
}

static void part(struct bw_jw *w, const struct bw_finding_part *p)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "clause", p->clause->name);
    bw_json_word(w, "direction", p->direction < 0 ? "" : bw_words_direction(p->direction));
    bw_json_word(w, "target", p->target);
    bw_jw_kbool(w, "decides", p->decides);
    bw_jw_kstr(w, "outcome", bw_outcome_name(p->outcome));
    bw_json_word(w, "reason", bw_unsure_name(p->unsure));
    bw_jw_kstr(w, "sentence", p->sentence);
    counts(w, &p->counts);
    bw_jw_karr(w, "rows");
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct bw_finding_row *row = &p->rows[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "words", row->words);
        bw_jw_ki64(w, "value", row->value);
        bw_json_word(w, "unit",
                     row->value == BW_UNKNOWN ? "" : bw_row_unit_name(row->unit));
        bw_json_word(w, "sum", row->sum);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

void bw_json_finding(struct bw_jw *w, const struct bw_finding *f)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "finding", f->id);
    bw_jw_kstr(w, "method", BW_METHOD_FINDING);
    bw_jw_kstr(w, "rule", f->rule->name);
    bw_jw_ki64(w, "version", f->rule->version);
    bw_jw_kstr(w, "rule_sha256", f->rule->sha256);
    bw_jw_kstr(w, "title", f->rule->title);
    bw_jw_kstr(w, "says", f->rule->says);
    bw_jw_kstr(w, "whom", f->rule->whom);
    bw_json_word(w, "ours", f->rule->ours);
    bw_jw_kstr(w, "kind", bw_evrule_kind_name(f->kind));
    bw_jw_kbool(w, "governs", f->governs);
    bw_jw_kstr(w, "governs_why", f->governs_why);
    bw_jw_kstr(w, "outcome", bw_outcome_name(f->outcome));
    bw_json_word(w, "reason", bw_unsure_name(f->unsure));
    bw_jw_kstr(w, "sentence", f->sentence);
    bw_jw_karr(w, "citations");
    for (size_t i = 0; i < f->rule->n_citations; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "source", f->rule->citations[i].source);
        bw_jw_kstr(w, "url", f->rule->citations[i].url);
        bw_jw_kstr(w, "read", f->rule->citations[i].read);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "parts");
    for (size_t i = 0; i < f->n_parts; i++) {
        part(w, &f->parts[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

void bw_json_findings(struct bw_jw *w, const struct bw_report *r)
{
    if (r->findings.n == 0) {
        return;
    }
    bw_jw_karr(w, "findings");
    for (size_t i = 0; i < r->findings.n; i++) {
        bw_json_finding(w, &r->findings.list[i]);
    }
    bw_jw_arr_end(w);
}

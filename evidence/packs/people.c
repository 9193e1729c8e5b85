/* SPDX-License-Identifier: GPL-3.0-or-later
 * people.c - speed for each student and each user.
 *
 * Invariant: no figure for people without saying who they are and who said how many. */
#include "packs_private.h"

#include <errno.h>
#include <pages_private.h>
#include <stdio.h>
#include <words.h>

static void each_row(struct bw_pack_made *m,
                     const char *what,
                     const char *figure,
                     int64_t bps,
                     enum bw_layer layer,
                     const char *method)
{
    const int64_t people[] = {m->asked->students, m->asked->users};
    static const char *const names[] = {"student", "user"};
    char name[64];

    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    if (bps != BW_UNKNOWN && layer != BW_LAYER_UNKNOWN) {
        bw_doc_printf(m->doc, BW_SPAN_SMALL, "at %s", bw_words_layer_long(layer));
    }
    bw_sheet_rate(m->doc, bps);
    for (int i = 0; i < 2; i++) {
        bool known = bps != BW_UNKNOWN && people[i] != BW_UNKNOWN && people[i] > 0;
        int64_t each = known ? bps / people[i] : BW_UNKNOWN;
        bw_sheet_rate(m->doc, each);
        if (people[i] != BW_UNKNOWN) {
            (void)snprintf(name, sizeof(name), "%s_per_%s.down", figure, names[i]);
            bw_pack_figure(m, name, each, "bit/s", layer, "", people[i], method);
        }
    }
}

const char *
bw_pack_no_people(const struct bw_pack_made *m, const char *other, char out[256])
{
    const char *open = m->asked->people_open;

    if (!open || !open[0]) {
        return other;
    }
    (void)snprintf(out, 256, "What is on file does not say how many there are: %s.", open);
    return out;
}

void bw_pack_people(struct bw_pack_made *m)
{
    static const char *const names[] = {"Download", "Speed", "Each student", "Each user"};
    const struct bw_pack_asked *q = m->asked;
    const struct bw_report_claim *c = bw_pack_claim(m->r);
    const struct bw_report_tested *t = &m->r->tested[BW_DOWN];
    struct bw_pack_use u = {.n_days = 0};
    char students[BW_WORDS_MAX];
    char users[BW_WORDS_MAX];
    char why[256];

    m->section = "people";
    bw_doc_section(m->doc, "people", "Speed for each student");
    if (q->students == BW_UNKNOWN && q->users == BW_UNKNOWN) {
        bw_pack_absent(
            m, "Speed for each student and user",
            bw_pack_no_people(m, "Nobody said how many there are (--students, --users).",
                              why));
        bw_doc_end(m->doc);
        return;
    }
    if (bw_pack_use_make(m->r, &u) < 0) {
        m->error = -ENOMEM;
        bw_doc_end(m->doc);
        return;
    }
    bw_words_count(q->students, students);
    bw_words_count(q->users, users);
    bw_sheet_table(m->doc, "each", BW_TABLE_PLAIN, names, 4, 1);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, "Students: %s. Users: %s%s%s%s. Whose word: %s.",
                  q->students == BW_UNKNOWN ? "not known" : students,
                  q->users == BW_UNKNOWN ? "not known" : users,
                  q->users == BW_UNKNOWN ? "" : " (",
                  q->users == BW_UNKNOWN ? "" : q->users_are,
                  q->users == BW_UNKNOWN ? "" : ")", q->people_origin);
    each_row(m, "Claimed", "claimed", c ? c->bps[BW_DOWN] : BW_UNKNOWN,
             bw_report_claim_layer(m->r), "");
    each_row(m, "Delivered, median of tests", "tested", t->compared_bps.median,
             t->compared_layer, BW_METHOD_TESTED);
    each_row(m, "Used, busiest school day", "peak_day", u.peak_bps[BW_DOWN], u.layer,
             BW_METHOD_PEAK_DAY);
    bw_pack_use_done(&u);
    bw_doc_end(m->doc);
}

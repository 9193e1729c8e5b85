/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_notes.c - what people know of the period, beside what was measured.
 *
 * Invariant: an annotation changes no measured figure. Excluded time is a union: two people
 * who exclude the same hour exclude one hour. */
#include "model_private.h"

#include <errno.h>
#include <stdlib.h>

/* Time that people exclude, merged, clipped to the part of the period that has passed. */
static size_t excluded(const struct bw_report *r, struct bw_model_span *out)
{
    size_t n = 0;

    for (size_t i = 0; i < r->notes.n; i++) { /* they come by their beginning */
        const struct bw_annotation *a = &r->notes.list[i].annotation;
        int64_t from = max64(a->from_unix_s, r->from_unix_s);
        int64_t to = min64(a->to_unix_s, r->until_unix_s);
        if (a->exclude != 1 || to <= from) {
            continue;
        }
        if (n > 0 && from <= out[n - 1].to_unix_s) {
            out[n - 1].to_unix_s = max64(out[n - 1].to_unix_s, to);
        } else {
            out[n++] = (struct bw_model_span){.from_unix_s = from, .to_unix_s = to};
        }
    }
    return n;
}

static void take_out(struct bw_report_outages *o, const struct bw_model_span *s, size_t n)
{
    for (size_t i = 0; i < o->n; i++) {
        struct bw_report_outage *x = &o->list[i];
        for (size_t k = 0; k < n; k++) {
            int64_t from = max64(s[k].from_unix_s * 1000, x->clipped_from_unix_ms);
            int64_t to = min64(s[k].to_unix_s * 1000, x->clipped_to_unix_ms);
            x->excluded_ms += to > from ? to - from : 0;
        }
        o->excluded_ms += x->excluded_ms;
    }
}

static int take_replies(struct bw_model *m)
{
    const struct bw_report_query *q = m->query;
    struct bw_report_replies *to = &m->report->replies;

    to->n_unread = q->n_unread_replies;
    if (q->n_replies == 0) {
        return 0;
    }
    to->list = bw_model_array(q->n_replies, sizeof(*to->list));
    if (!to->list) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < q->n_replies; i++) {
        const struct bw_reply *a = &q->replies[i].reply;
        if (a->to_unix_s > m->report->from_unix_s &&
            a->from_unix_s < m->report->to_unix_s) {
            to->list[to->n++] = q->replies[i];
        }
    }
    return 0;
}

int bw_model_notes(struct bw_model *m)
{
    const struct bw_report_query *q = m->query;
    struct bw_report *r = m->report;
    struct bw_model_span *spans;

    int rc = take_replies(m);

    r->notes.n_unread = q->n_unread_annotations;
    if (rc < 0) {
        return rc;
    }
    if (q->n_annotations == 0) {
        return 0;
    }
    r->notes.list = bw_model_array(q->n_annotations, sizeof(*r->notes.list));
    spans = bw_model_array(q->n_annotations, sizeof(*spans));
    if (!r->notes.list || !spans) {
        free(spans);
        return -ENOMEM;
    }
    for (size_t i = 0; i < q->n_annotations; i++) {
        const struct bw_annotation *a = &q->annotations[i].annotation;
        if (a->to_unix_s > r->from_unix_s && a->from_unix_s < r->to_unix_s) {
            r->notes.list[r->notes.n++] = q->annotations[i];
        }
    }
    size_t n = excluded(r, spans);
    for (size_t i = 0; i < n; i++) {
        r->notes.excluded_s += spans[i].to_unix_s - spans[i].from_unix_s;
    }
    take_out(&r->outages, spans, n);
    free(spans);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_paths.c - the ways to targets: how often they changed, and their hops.
 *
 * Invariant: no address; a hop has a mark that only the box could turn back. */
#include "pages_private.h"

#include <bw/summary.h>
#include <details.h>
#include <words.h>

static void
change_cells(struct bw_doc *d, const struct bw_report *r, const struct bw_detail_path *p)
{
    char text[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];

    bw_sheet_count(d, p->n_compared == 0 ? BW_UNKNOWN : p->n_changes);
    if (p->n_compared > 0) {
        bw_words_count(p->n_compared, of);
        bw_doc_printf(d, BW_SPAN_SMALL, "of %s compared", of);
    }
    if (p->changed_unix_ms == BW_UNKNOWN) {
        bw_doc_put(d, "–");
        return;
    }
    bw_words_local(r->tz, p->changed_unix_ms / 1000, 1, text);
    bw_doc_put(d, text);
    if (p->changed_ttl == BW_UNKNOWN) {
        bw_doc_span(d, BW_SPAN_SMALL, "at which hop is not told");
    } else {
        bw_doc_printf(d, BW_SPAN_SMALL, "from hop %lld on", (long long)p->changed_ttl);
    }
}

static void
path_row(struct bw_doc *d, const struct bw_report *r, const struct bw_detail_path *p)
{
    char text[BW_WORDS_MAX];

    bw_doc_row(d);
    bw_sheet_target_cell(d, p->probe, p->method, p->family);
    bw_sheet_count(d, p->n_traces);
    bw_sheet_count(d, p->n_reached);
    change_cells(d, r, p);
    bw_words_local(r->tz, p->last_unix_ms / 1000, 1, text);
    bw_doc_put(d, text);
    bw_doc_printf(d, BW_SPAN_SMALL, "target %s%s%s",
                  p->reached == 1 ? "answered" : "did not answer", p->flag[0] ? "; " : "",
                  p->flag);
    bw_sheet_count(d, p->mtu);
}

static void
hops_table(struct bw_doc *d, const struct bw_report *r, const struct bw_detail_path *p)
{
    static const char *const names[] = {"Hop", "Name", "Mark", "Sent", "Lost", "Lowest"};
    char text[BW_WORDS_MAX];

    if (p->n_hops == 0) {
        return;
    }
    bw_words_local(r->tz, p->hops_unix_ms / 1000, 1, text);
    bw_doc_details(d, false);
    bw_doc_printf(d, BW_SPAN_PLAIN, "Hops to %s (%s, IPv%d)", p->probe, p->method,
                  p->family);
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 6, 3);
    bw_doc_printf(d, BW_SPAN_PLAIN, "The way of the newest trace, as told %s.", text);
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        bw_doc_row(d);
        bw_doc_cell(d);
        bw_doc_printf(d, BW_SPAN_PLAIN, "%lld", (long long)h->ttl);
        bw_doc_put(d, h->name[0] ? h->name : "–");
        bw_doc_put(d, h->hash[0] ? h->hash : "silent");
        bw_sheet_count(d, h->sent);
        bw_sheet_count(d, h->lost);
        bw_sheet_delay(d, h->rtt_us);
    }
    bw_doc_end(d);
}

void bw_sheet_paths(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Target",     "Traces",      "Target reached",
                                        "Changes",    "Last change", "Newest trace",
                                        "MTU, newest"};
    const struct bw_details *x = &r->details;

    if (x->n_paths == 0) {
        return;
    }
    bw_doc_section(d, "paths", "Paths");
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 7, 7);
    for (size_t i = 0; i < x->n_paths; i++) {
        path_row(d, r, &x->paths[i]);
    }
    for (size_t i = 0; i < x->n_paths; i++) {
        hops_table(d, r, &x->paths[i]);
    }
    bw_sheet_para(d, "A hop's mark is made of its address with a key that never leaves the "
                     "box: it shows change and names nobody.");
    bw_doc_end(d);
}

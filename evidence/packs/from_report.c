/* SPDX-License-Identifier: GPL-3.0-or-later
 * from_report.c - contents that are the report's own sections, with their figures.
 *
 * Invariant: what stands on the page in such a section stands in JSON and CSV under the
 * names that the report has for it. */
#include "packs_private.h"

#include <page_fields.h>
#include <pages_private.h>

void bw_pack_first(struct bw_pack_made *m)
{
    static const char *const sections[] = {"claimed", "delivered", "used", NULL};

    bw_pack_report_figures(m, sections);
    bw_sheet_first(m->doc, m->r);
    if (m->r->n_used == 0) {
        bw_pack_count_absent(m, "What was carried and used",
                             "This box counts no traffic of the circuit.");
    }
    if (m->r->tested[BW_DOWN].n_ok + m->r->tested[BW_UP].n_ok == 0) {
        bw_pack_count_absent(m, "What was tested", "No throughput run was good.");
    }
}

/* Every figure of the report. */
void bw_pack_everything(struct bw_pack_made *m)
{
    static const char *const sections[] = {"", NULL};

    bw_pack_report_figures(m, sections);
    bw_sheet_first(m->doc, m->r);
    bw_sheet_governing(m->doc, m->r);
    bw_sheet_coverage(m->doc, m->r);
    bw_sheet_use(m->doc, m->r);
    bw_sheet_class(m->doc, m->r);
}

void bw_pack_outage_list(struct bw_pack_made *m)
{
    bw_sheet_outages(m->doc, m->r);
}

void bw_pack_replies(struct bw_pack_made *m)
{
    static const char *const sections[] = {"replies", NULL};

    bw_pack_report_figures(m, sections);
    bw_sheet_replies(m->doc, m->r);
}

void bw_pack_the_rest(struct bw_pack_made *m)
{
    bw_sheet_tests(m->doc, m->r);
    bw_sheet_latency(m->doc, m->r);
    bw_sheet_targets(m->doc, m->r);
    bw_sheet_traffic(m->doc, m->r);
    bw_sheet_outages(m->doc, m->r);
    bw_sheet_replies(m->doc, m->r);
    bw_sheet_gaps(m->doc, m->r);
    bw_sheet_errata(m->doc, m->r);
    bw_sheet_comparison(m->doc, m->r);
}

void bw_pack_method(struct bw_pack_made *m)
{
    bw_sheet_method(m->doc, m->r);
    bw_sheet_fields(m->doc);
}

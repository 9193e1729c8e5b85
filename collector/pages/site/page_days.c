/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_days.c - gather the last days of a circuit and write their tables. */
#include "page_days.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <fold.h>
#include <ledger.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <witness.h>

enum {
    GATHERED_MAX = 20000,
    PAST_AFTER_S = 3600, /* beside the length of an interval */
    CELLS = 86400 / BW_CELL_S
};

/* --- gathering
 * ---------------------------------------------------------------------------- */

/* Make room for `more` further elements. */
static int room(void **array, size_t n, size_t more, size_t size)
{
    void *bigger = n + more > GATHERED_MAX ? NULL : realloc(*array, (n + more + 1) * size);
    if (!bigger) {
        return -ENOMEM;
    }
    *array = bigger;
    return 0;
}

static int take_probes(struct bw_page_days *d, const struct bw_circuit_day *day)
{
    struct bw_witness_cell cells[CELLS];
    memset(cells, 0, sizeof(cells));
    for (size_t i = 0; i < day->n_latency; i++) {
        const struct bw_latency_cell *c = &day->latency[i];
        int64_t at = (c->start_unix_s - day->day_unix_s) / BW_CELL_S;
        size_t k = 0;
        while (k < d->n_probes && strcmp(d->probes[k], c->probe) != 0) {
            k++;
        }
        if (k == BW_TARGETS_MAX) {
            continue;
        }
        if (k == d->n_probes) {
            void *array = d->probes;
            if (room(&array, d->n_probes, 1, sizeof(d->probes[0])) < 0) {
                return -ENOMEM;
            }
            d->probes = array;
            memcpy(d->probes[d->n_probes++], c->probe, sizeof(d->probes[0]));
        }
        if (at >= 0 && at < CELLS) {
            bw_witness_add(&cells[at], k, c->sent, c->covered_s);
        }
    }
    for (size_t i = 0; i < CELLS; i++) {
        d->watched_s += cells[i].watched_s;
    }
    return 0;
}

static void note(struct bw_page_test *t, const char *text)
{
    size_t n = strlen(t->notes);
    (void)snprintf(t->notes + n, sizeof(t->notes) - n, "%s%s", n ? ", " : "", text);
}

/* What a reader should know about a run besides its figures. */
static void take_notes(struct bw_page_test *t, const struct bw_throughput *from)
{
    t->notes[0] = '\0';
    if (from->retest_of) {
        note(t, "retest");
    }
    if (bw_throughput_grade(from) != BW_GRADE_SELF) {
        note(t, from->grade == BW_GRADE_RECEIPT ? "with receipt" : "in a public archive");
    }
    if (from->egress == BW_EGRESS_OTHER) {
        note(t, "left by another line");
    }
    for (size_t i = 0; i < sizeof(from->flags) / sizeof(from->flags[0]) && from->flags[i];
         i++) {
        note(t, from->flags[i]);
    }
}

static int take_tests(struct bw_page_days *d, const struct bw_circuit_day *day)
{
    void *array = d->tests;
    if (room(&array, d->n_tests, day->n_tests, sizeof(d->tests[0])) < 0) {
        return -ENOMEM;
    }
    d->tests = array;
    for (size_t i = 0; i < day->n_tests; i++) {
        const struct bw_throughput *from = &day->tests[i];
        struct bw_page_test *t = &d->tests[d->n_tests++];
        memset(t, 0, sizeof(*t));
        t->at_unix_ms = from->at_unix_ms;
        t->direction = from->direction;
        t->state = from->state;
        t->goodput_bps = from->goodput_bps;
        t->line_bps = from->line_bps;
        memcpy(t->server, from->server, sizeof(t->server));
        memcpy(t->kind, from->kind, sizeof(t->kind));
        (void)snprintf(t->reason, sizeof(t->reason), "%s",
                       from->reason ? from->reason : "");
        take_notes(t, from);
    }
    return 0;
}

static int on_day(void *owner, const struct bw_circuit_day *day)
{
    struct bw_page_days *d = owner;
    d->n_summaries += day->n_summaries;
    for (size_t i = 0; i < day->n_slots; i++) {
        d->covered_s += day->slots[i].end_unix_s - day->slots[i].start_unix_s;
        d->has_traffic = d->has_traffic || (day->slots[i].flags & BW_SLOT_TRAFFIC) != 0;
    }
    d->at_least = d->at_least || day->facts.source == BW_SOURCE_MIRROR;
    const char *layer = bw_layer_name(day->facts.layer);
    (void)snprintf(d->layer, sizeof(d->layer), "%s", layer ? layer : "");
    if (take_probes(d, day) < 0 || take_tests(d, day) < 0) {
        return -ENOMEM;
    }
    void *array = d->outages;
    if (room(&array, d->n_outages, day->n_outages, sizeof(d->outages[0])) < 0) {
        return -ENOMEM;
    }
    d->outages = array;
    for (size_t i = 0; i < day->n_outages; i++) {
        struct bw_outage *o = &d->outages[d->n_outages++];
        *o = day->outages[i];
        /* the words are lent: keep one of the two that exist */
        o->why = o->why && strcmp(o->why, "carrier down") == 0 ? "carrier down"
                                                               : "targets silent";
    }
    array = d->gaps;
    if (room(&array, d->n_gaps, day->n_gaps, sizeof(d->gaps[0])) < 0) {
        return -ENOMEM;
    }
    d->gaps = array;
    if (day->n_gaps > 0) {
        memcpy(d->gaps + d->n_gaps, day->gaps, day->n_gaps * sizeof(d->gaps[0]));
    }
    d->n_gaps += day->n_gaps;
    return 0;
}

int bw_page_days_read(struct bw_reader *r,
                      const struct bw_ledger_circuit *c,
                      int64_t now_unix_s,
                      struct bw_page_days *ret,
                      struct bw_err *reterr)
{
    struct bw_page_days d;
    memset(&d, 0, sizeof(d));
    d.source = c->facts.source;
    d.at_least = d.source == BW_SOURCE_MIRROR;
    d.past = now_unix_s - c->end_unix_s > PAST_AFTER_S + (c->end_unix_s - c->start_unix_s);
    d.to_unix_s = c->end_unix_s + 1;
    d.from_unix_s = d.to_unix_s - BW_PAGE_DAYS * INT64_C(86400);
    int n = bw_records_days(r->records, c->site, c->facts.id, d.from_unix_s, d.to_unix_s,
                            on_day, &d, reterr);
    if (n < 0) {
        bw_page_days_done(&d);
        return n;
    }
    if (d.n_outages > 0) {
        d.n_outages = bw_outages_join(d.outages, d.n_outages);
    }
    *ret = d;
    return 0;
}

void bw_page_days_done(struct bw_page_days *d)
{
    free(d->probes);
    free(d->tests);
    free(d->outages);
    free(d->gaps);
    memset(d, 0, sizeof(*d));
}

/* --- tables
 * ------------------------------------------------------------------------------- */

static void table_end(struct bw_buf *b, size_t n)
{
    bw_page_table_end(b);
    if (n > BW_PAGE_ROWS) {
        bw_buf_printf(b, "<p class=\"soft small\">The newest %d of %zu.</p>", BW_PAGE_ROWS,
                      n);
    }
}

void bw_page_days_head(struct bw_buf *b, const struct bw_page_days *d, const char *what)
{
    bw_buf_printf(b, "<h3>%s, ", what);
    if (d->past) {
        bw_buf_printf(b, "%d days to ", BW_PAGE_DAYS);
        bw_page_time(b, d->to_unix_s - 1);
        bw_buf_puts(b, " UTC</h3>");
    } else {
        bw_buf_printf(b, "last %d days</h3>", BW_PAGE_DAYS);
    }
}

/* What none is worth depends on who could have seen one. */
static void write_no_outage(struct bw_buf *b, const struct bw_page_days *d)
{
    bool targets = d->watched_s > 0;
    if (!targets && d->source == BW_SOURCE_NONE) {
        bw_buf_puts(b, "<p class=\"soft\">Not known: an outage shows by two targets or "
                       "more that are asked every 5&nbsp;s, or by the carrier of the port "
                       "that is counted. This circuit has neither.</p>");
        return;
    }
    bw_buf_puts(b, targets ? "<p class=\"soft\">None in "
                           : "<p class=\"soft\">None of the port's carrier in ");
    bw_page_count(b, d->n_summaries);
    bw_buf_printf(b, " %s (", bw_plural(d->n_summaries, "interval", "intervals"));
    bw_page_span(b, targets && d->watched_s < d->covered_s ? d->watched_s : d->covered_s);
    bw_buf_puts(b, targets
                       ? " watched).</p>"
                       : "). A line that is silent behind that port would not show: fewer "
                         "than two targets are asked every 5&nbsp;s.</p>");
}

void bw_page_days_outages(struct bw_buf *b, const struct bw_page_days *d)
{
    bw_page_days_head(b, d, "Outages");
    if (d->n_outages == 0) {
        write_no_outage(b, d);
        return;
    }
    bw_page_table_begin(b, "Outages",
                        "<th scope=\"col\">Began (UTC)</th><th scope=\"col\">Lasted</th>"
                        "<th scope=\"col\">What was seen</th>");
    for (size_t i = d->n_outages; i > 0 && d->n_outages - i < BW_PAGE_ROWS; i--) {
        const struct bw_outage *o = &d->outages[i - 1];
        bw_buf_puts(b, "<tr><td>");
        bw_page_time(b, o->from_unix_ms / 1000);
        bw_buf_puts(b, "</td><td>");
        if (o->to_unix_ms != BW_UNKNOWN) {
            bw_page_span(b, (o->to_unix_ms - o->from_unix_ms) / 1000);
        } else {
            bw_buf_puts(b, "at least ");
            bw_page_span(b, (o->known_to_unix_ms - o->from_unix_ms) / 1000);
            bw_buf_puts(b, ", its end is not known");
        }
        bw_buf_puts(b, "</td><td>");
        bw_text_html(b, o->why);
        bw_buf_puts(b, "</td></tr>\n");
    }
    table_end(b, d->n_outages);
}

static void rate_cell(struct bw_buf *b, int64_t bps)
{
    bw_buf_puts(b, "<td class=\"n\">");
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_rate(b, bps);
    }
    bw_buf_puts(b, "</td>");
}

void bw_page_days_tests(struct bw_buf *b, const struct bw_page_days *d)
{
    if (d->n_tests == 0) {
        return;
    }
    bw_page_days_head(b, d, "Throughput tests");
    char head[400];
    (void)snprintf(
        head, sizeof(head),
        "<th scope=\"col\">At (UTC)</th><th scope=\"col\">Direction</th>"
        "<th scope=\"col\" class=\"n\">Goodput</th><th scope=\"col\" class=\"n\">Line"
        "%s%s%s</th><th scope=\"col\">Server</th><th scope=\"col\">Result</th>",
        d->layer[0] ? " (" : "", d->layer, d->layer[0] ? " layer)" : "");
    bw_page_table_begin(b, "Throughput tests", head);
    for (size_t i = d->n_tests; i > 0 && d->n_tests - i < BW_PAGE_ROWS; i--) {
        const struct bw_page_test *t = &d->tests[i - 1];
        bw_buf_puts(b, "<tr><td>");
        bw_page_time(b, t->at_unix_ms / 1000);
        bw_buf_printf(b, "</td><td>%s</td>", t->direction == BW_DOWN ? "down" : "up");
        rate_cell(b, t->goodput_bps);
        rate_cell(b, t->line_bps);
        bw_buf_puts(b, "<td>");
        bw_text_html(b, t->server[0] ? t->server : "–");
        bw_buf_puts(b, " <span class=\"soft\">");
        bw_text_html(b, t->kind);
        bw_buf_puts(b, "</span></td><td>");
        bw_text_html(b, bw_test_state_name(t->state));
        if (t->reason[0]) {
            bw_buf_puts(b, ": ");
            bw_text_html(b, t->reason);
        }
        if (t->notes[0]) {
            bw_buf_puts(b, " <span class=\"soft\">");
            bw_text_html(b, t->notes);
            bw_buf_puts(b, "</span>");
        }
        bw_buf_puts(b, "</td></tr>\n");
    }
    table_end(b, d->n_tests);
}

void bw_page_days_gaps(struct bw_buf *b, const struct bw_page_days *d)
{
    if (d->n_gaps == 0) {
        return;
    }
    bw_page_days_head(b, d, "Gaps the box itself reports");
    bw_page_table_begin(b, "Gaps",
                        "<th scope=\"col\">From (UTC)</th><th scope=\"col\">Length</th>"
                        "<th scope=\"col\">Why</th>");
    for (size_t i = d->n_gaps; i > 0 && d->n_gaps - i < BW_PAGE_ROWS; i--) {
        const struct bw_gap *g = &d->gaps[i - 1];
        bw_buf_puts(b, "<tr><td>");
        bw_page_time(b, g->from_unix_s);
        bw_buf_puts(b, "</td><td>");
        bw_page_span(b, g->to_unix_s - g->from_unix_s);
        bw_buf_puts(b, "</td><td>");
        bw_text_html(b, bw_gap_why_name(g->why));
        bw_buf_puts(b, "</td></tr>\n");
    }
    table_end(b, d->n_gaps);
}

/* --- keys
 * --------------------------------------------------------------------------------- */

struct keys {
    struct bw_site_key *list;
    size_t n;
};

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct keys *keys = owner;
    void *array = keys->list;
    if (room(&array, keys->n, 1, sizeof(keys->list[0])) < 0) {
        return -ENOMEM;
    }
    keys->list = array;
    keys->list[keys->n++] = *k;
    return 0;
}

static int on_hole(void *owner, const struct bw_ledger_hole *h)
{
    int64_t *missing = owner;
    *missing += h->to_seq - h->from_seq + 1;
    return 0;
}

static void count_cell(struct bw_buf *b, int64_t n)
{
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_count(b, n);
    bw_buf_puts(b, "</td>");
}

static int key_row(struct bw_buf *b,
                   struct bw_reader *r,
                   const struct bw_site_key *k,
                   struct bw_err *reterr)
{
    struct bw_ledger_head head;
    int64_t missing = 0;
    memset(&head, 0, sizeof(head));
    int n = bw_ledger_head(r->ledger, k->kid, &head, reterr);
    if (n < 0 && n != -ENOENT) {
        return n;
    }
    n = r->ledger->ops->holes(r->ledger, k->kid, on_hole, &missing, reterr);
    if (n < 0) {
        return n;
    }
    bw_buf_puts(b, "<tr><td class=\"mono\" title=\"");
    bw_text_html(b, k->kid);
    bw_buf_printf(b, "\">%.12s…</td><td>", k->kid);
    bw_page_time(b, k->from_unix_s);
    bw_buf_puts(b, "</td><td>");
    if (k->revoked_unix_s != BW_UNKNOWN) {
        bw_buf_puts(b, "revoked ");
        bw_page_time(b, k->revoked_unix_s);
    } else {
        bw_buf_puts(b, k->replaced_by[0] ? "replaced" : "in force");
    }
    bw_buf_puts(b, "</td>");
    count_cell(b, head.acked_through);
    count_cell(b, head.n_held);
    count_cell(b, missing);
    count_cell(b, head.n_forks);
    bw_buf_puts(b, "</tr>\n");
    return 0;
}

int bw_page_keys(struct bw_buf *b,
                 struct bw_reader *r,
                 const char *site,
                 struct bw_err *reterr)
{
    struct keys keys = {.n = 0};
    int n = r->catalogue->ops->keys(r->catalogue, site, on_key, &keys, reterr);
    if (n == 0 && keys.n > 0) {
        bw_buf_puts(
            b, "<h2>Records</h2><p class=\"soft small\">Each key signs a chain of records "
               "numbered from 1; each names the one before, so none can be left out "
               "unseen.</p>");
        bw_page_table_begin(
            b, "Keys",
            "<th scope=\"col\">Key</th><th scope=\"col\">Since (UTC)</th>"
            "<th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Settled up to</th>"
            "<th scope=\"col\" class=\"n\">Waiting</th>"
            "<th scope=\"col\" class=\"n\">Missing</th>"
            "<th scope=\"col\" class=\"n\">Forked</th>");
        for (size_t i = 0; n == 0 && i < keys.n; i++) {
            n = key_row(b, r, &keys.list[i], reterr);
        }
        bw_page_table_end(b);
    }
    free(keys.list);
    return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_targets.c - what probes tell of a circuit's targets beside the round trip.
 *
 * Every figure stands beside the number of values it rests on; what no record tells is a
 * dash or said in words, never a zero. */
#include "page_targets.h"

#include "page_days.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <details.h>
#include <plural.h>
#include <readers.h>
#include <text.h>

struct walk {
    struct bw_details_maker *maker;
    struct bw_err *reterr;
};

static int on_record(void *owner, const struct bw_record *rec)
{
    struct walk *w = owner;
    return bw_details_add_record(w->maker, rec, w->reterr);
}

static int read_details(struct bw_reader *r,
                        const char *site,
                        const char *circuit,
                        const struct bw_page_days *d,
                        struct bw_details *ret,
                        struct bw_err *reterr)
{
    struct walk w = {.reterr = reterr};
    int n = bw_details_begin(circuit, &w.maker);
    if (n == 0) {
        n = bw_records_each(r->records, site, d->from_unix_s, d->to_unix_s, on_record, &w,
                            reterr);
    }
    if (n == 0) {
        n = bw_details_finish(w.maker, ret);
    }
    bw_details_free(w.maker);
    return n;
}

/* --- pieces ------------------------------------------------------------------------- */

static void target_cell(struct bw_buf *b, const char *probe, const char *kind, int family)
{
    bw_buf_puts(b, "<tr><td>");
    bw_text_html(b, probe);
    bw_buf_puts(b, " <span class=\"soft\">");
    bw_text_html(b, kind);
    if (family) {
        bw_buf_printf(b, " IPv%d", family);
    }
    bw_buf_puts(b, "</span></td>");
}

static void count_cell(struct bw_buf *b, int64_t n)
{
    bw_buf_puts(b, "<td class=\"n\">");
    if (n == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_count(b, n);
    }
    bw_buf_puts(b, "</td>");
}

static void ms_cell(struct bw_buf *b, int64_t us)
{
    bw_buf_puts(b, "<td class=\"n\">");
    if (us == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_ms(b, us);
    }
    bw_buf_puts(b, "</td>");
}

/* "9 days left", "ended 3 days before" */
static void put_days(struct bw_buf *b, int64_t days)
{
    char words[BW_DETAIL_WORDS_MAX];
    bw_detail_days_words(days, words);
    bw_buf_puts(b, words);
}

/* --- answers and certificates ------------------------------------------------------- */

static void write_cert_notes(struct bw_buf *b, const struct bw_details *d)
{
    for (size_t i = 0; i < d->n_targets; i++) {
        const struct bw_detail_target *t = &d->targets[i];
        if (t->n_cert == 0 || t->cert_days >= BW_CERT_WARN_DAYS) {
            continue;
        }
        bw_buf_puts(b, "<p class=\"note\">Certificate of <b>");
        bw_text_html(b, t->probe);
        bw_buf_puts(b, "</b>: ");
        put_days(b, t->cert_days);
        bw_buf_puts(b, t->cert_days < 0 ? " it was read " : " when it was read ");
        bw_page_time(b, t->cert_unix_s);
        bw_buf_puts(b, " UTC; newest reading ");
        bw_page_time(b, t->cert_newest_unix_s);
        bw_buf_puts(b, " UTC: ");
        put_days(b, t->cert_newest_days);
        bw_buf_puts(b, ".</p>\n");
    }
}

static void answers_row(struct bw_buf *b, const struct bw_detail_target *t)
{
    target_cell(b, t->probe, t->kind, t->family);
    count_cell(b, t->sent);
    bw_buf_puts(b, "<td>");
    for (size_t i = 0; i < t->n_codes; i++) {
        bw_buf_puts(b, i ? ", " : "");
        bw_text_html(b, t->codes[i].code);
        bw_buf_puts(b, "&nbsp;");
        bw_page_count(b, t->codes[i].n);
    }
    bw_buf_puts(b, t->n_codes ? "</td>" : "–</td>");
    count_cell(b, t->sent - t->n_coded);
    bw_buf_puts(b, "<td>");
    if (t->n_cert > 0) {
        put_days(b, t->cert_days);
        bw_buf_puts(b, ", read ");
        bw_page_time(b, t->cert_unix_s);
    } else {
        bw_buf_puts(b, "–");
    }
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_answers(struct bw_buf *b, const struct bw_details *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_targets; i++) {
        if (!bw_detail_is_exchange(&d->targets[i])) {
            continue;
        }
        if (n++ == 0) {
            bw_page_table_begin(
                b, "Answers",
                "<th scope=\"col\">Target</th><th scope=\"col\" class=\"n\">Asked</th>"
                "<th scope=\"col\">Answers, how often each</th>"
                "<th scope=\"col\" class=\"n\">No answer</th>"
                "<th scope=\"col\">Certificate, fewest days (UTC)</th>");
        }
        answers_row(b, &d->targets[i]);
    }
    if (n > 0) {
        bw_page_table_end(b);
    }
}

/* --- parts of exchanges ------------------------------------------------------------- */

static void write_phases(struct bw_buf *b, const struct bw_details *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_targets; i++) {
        const struct bw_detail_target *t = &d->targets[i];
        for (size_t k = 0; k < t->n_phases; k++) {
            const struct bw_detail_phase *p = &t->phases[k];
            if (n++ == 0) {
                bw_page_table_begin(
                    b, "Parts of an exchange",
                    "<th scope=\"col\">Target</th>"
                    "<th scope=\"col\">Part, from the end of the one before</th>"
                    "<th scope=\"col\" class=\"n\">Values</th>"
                    "<th scope=\"col\" class=\"n\">Median</th>"
                    "<th scope=\"col\" class=\"n\">P95</th>");
            }
            target_cell(b, t->probe, t->kind, t->family);
            bw_buf_puts(b, "<td>");
            bw_text_html(b, bw_detail_phase_words(p->phase));
            if (p->n_without > 0) {
                bw_buf_puts(b, " <span class=\"soft\">without the times of ");
                bw_page_count(b, p->n_without);
                bw_buf_printf(b, " %s that were too long</span>",
                              bw_plural(p->n_without, "record", "records"));
            }
            bw_buf_puts(b, "</td>");
            count_cell(b, p->times.n);
            ms_cell(b, p->times.p50_us);
            ms_cell(b, p->times.p95_us);
            bw_buf_puts(b, "</tr>\n");
        }
    }
    if (n > 0) {
        bw_page_table_end(b);
    }
}

/* --- there and back ----------------------------------------------------------------- */

static void write_sides(struct bw_buf *b, const struct bw_details *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_targets; i++) {
        const struct bw_detail_target *t = &d->targets[i];
        bool told = t->lost_out != BW_UNKNOWN;
        if (bw_detail_is_exchange(t) && !told && t->out.n == 0) {
            continue;
        }
        if (n++ == 0) {
            bw_page_table_begin(
                b, "There and back",
                "<th scope=\"col\">Target</th><th scope=\"col\" class=\"n\">Lost there</th>"
                "<th scope=\"col\" class=\"n\">Lost back</th>"
                "<th scope=\"col\" class=\"n\">Lost, not known where</th>"
                "<th scope=\"col\" class=\"n\">One way there, median</th>"
                "<th scope=\"col\" class=\"n\">One way back, median</th>"
                "<th scope=\"col\" class=\"n\">May be off by</th>"
                "<th scope=\"col\" class=\"n\">Values</th>");
        }
        target_cell(b, t->probe, t->kind, t->family);
        count_cell(b, t->lost_out);
        count_cell(b, t->lost_back);
        count_cell(b, told ? t->lost - t->lost_out - t->lost_back : t->lost);
        ms_cell(b, t->out.p50_us);
        ms_cell(b, t->back.p50_us);
        ms_cell(b, t->one_way_error_us);
        count_cell(b, t->out.n);
        bw_buf_puts(b, "</tr>\n");
    }
    if (n > 0) {
        bw_page_table_end(b);
        bw_buf_puts(b, "<p class=\"soft small\">One-way delays only of packets for which "
                       "both clocks were synchronised.</p>");
    }
}

/* --- paths -------------------------------------------------------------------------- */

static void write_path(struct bw_buf *b, const struct bw_detail_path *p)
{
    bw_buf_puts(b, "<p>Path to <b>");
    bw_text_html(b, p->probe);
    bw_buf_puts(b, "</b> <span class=\"soft\">");
    bw_text_html(b, p->method);
    bw_buf_printf(b, " IPv%d</span>: ", p->family);
    bw_page_count(b, p->n_traces);
    bw_buf_printf(b, " %s, target reached in ", bw_plural(p->n_traces, "trace", "traces"));
    bw_page_count(b, p->n_reached);
    bw_buf_puts(b, "; ");
    if (p->n_compared == 0) {
        bw_buf_puts(b, "changes are not known, for none has one before it");
    } else {
        bw_page_count(b, p->n_changes);
        bw_buf_printf(b, " %s in ", bw_plural(p->n_changes, "change", "changes"));
        bw_page_count(b, p->n_compared);
        bw_buf_puts(b, " compared");
    }
    if (p->changed_unix_ms != BW_UNKNOWN) {
        bw_buf_puts(b, ", the last ");
        bw_page_time(b, p->changed_unix_ms / 1000);
        bw_buf_puts(b, " UTC");
        if (p->changed_ttl != BW_UNKNOWN) {
            bw_buf_printf(b, " from hop %lld on", (long long)p->changed_ttl);
        }
    }
    bw_buf_puts(b, ". Newest ");
    bw_page_time(b, p->last_unix_ms / 1000);
    bw_buf_puts(b,
                p->reached == 1 ? " UTC: target answered" : " UTC: target did not answer");
    if (p->mtu != BW_UNKNOWN) {
        bw_buf_printf(b, ", MTU %lld", (long long)p->mtu);
    }
    if (p->flag[0]) {
        bw_buf_puts(b, ", ");
        bw_text_html(b, p->flag);
    }
    bw_buf_puts(b, p->n_hops ? ".</p>\n" : "; its hops are not told in these days.</p>\n");
}

static void write_hops(struct bw_buf *b, const struct bw_detail_path *p)
{
    bw_page_table_begin(
        b, "Hops",
        "<th scope=\"col\" class=\"n\">Hop</th><th scope=\"col\">Name</th>"
        "<th scope=\"col\">Mark</th><th scope=\"col\" class=\"n\">Lost of sent</th>"
        "<th scope=\"col\" class=\"n\">Lowest round trip</th>");
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        bw_buf_printf(b, "<tr><td class=\"n\">%lld</td><td>", (long long)h->ttl);
        bw_text_html(b, h->name[0] ? h->name : "–");
        bw_buf_puts(b, "</td><td class=\"mono\">");
        bw_text_html(b, h->hash[0] ? h->hash : "silent");
        bw_buf_puts(b, "</td><td class=\"n\">");
        if (h->sent == BW_UNKNOWN || h->lost == BW_UNKNOWN) {
            bw_buf_puts(b, "–");
        } else {
            bw_page_count(b, h->lost);
            bw_buf_puts(b, " of ");
            bw_page_count(b, h->sent);
        }
        bw_buf_puts(b, "</td>");
        ms_cell(b, h->rtt_us);
        bw_buf_puts(b, "</tr>\n");
    }
    bw_page_table_end(b);
    bw_buf_puts(b, "<p class=\"soft small\">As told ");
    bw_page_time(b, p->hops_unix_ms / 1000);
    bw_buf_puts(b, " UTC. A hop's mark is made of its address with a key that never leaves "
                   "the box: it shows change and names nobody.</p>");
}

int bw_page_targets(struct bw_buf *b,
                    struct bw_reader *r,
                    const char *site,
                    const char *circuit,
                    const struct bw_page_days *d,
                    struct bw_err *reterr)
{
    struct bw_details x = {.more = false};
    int n = read_details(r, site, circuit, d, &x, reterr);
    if (n < 0) {
        return n;
    }
    if (x.n_targets > 0 || x.n_paths > 0) {
        bw_page_days_head(b, d, "Targets");
        bw_buf_puts(b, "<p class=\"soft small\">From ");
        bw_page_count(b, d->n_summaries);
        bw_buf_printf(b, " %s (", bw_plural(d->n_summaries, "interval", "intervals"));
        bw_page_span(b, d->covered_s);
        bw_buf_puts(b, " watched). A dash: not told by any of them.</p>");
    }
    write_cert_notes(b, &x);
    write_answers(b, &x);
    write_phases(b, &x);
    write_sides(b, &x);
    for (size_t i = 0; i < x.n_paths; i++) {
        write_path(b, &x.paths[i]);
        if (x.paths[i].n_hops > 0) {
            write_hops(b, &x.paths[i]);
        }
    }
    if (x.more) {
        bw_buf_printf(b,
                      "<p class=\"note\">There were more than %d targets or paths; the "
                      "others are not shown.</p>",
                      BW_DETAIL_TARGETS_MAX);
    }
    bw_details_done(&x);
    return 0;
}

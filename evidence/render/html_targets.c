/* SPDX-License-Identifier: GPL-3.0-or-later
 * html_targets.c - what probes tell of targets beside the round trip: answers, parts of
 * exchanges, certificates, on which way packets were lost, one-way delays, paths.
 *
 * Invariant: a figure stands beside the number of values it rests on; what no record tells
 * is a dash, never a zero. */
#include "html.h"

#include <buf.h>
#include <stdio.h>
#include <text.h>
#include <words.h>

static void target(struct bw_buf *out, const char *probe, const char *kind, int family)
{
    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_text_html(out, probe);
    bw_buf_puts(out, "<small>");
    bw_text_html(out, kind);
    if (family) {
        bw_buf_printf(out, ", IPv%d", family);
    }
    bw_buf_puts(out, "</small></th>");
}

static void count(struct bw_buf *out, int64_t n)
{
    char text[BW_WORDS_MAX];

    bw_words_count(n, text);
    bw_html_number(out, n == BW_UNKNOWN ? "–" : text);
}

static void delay(struct bw_buf *out, int64_t us)
{
    char text[BW_WORDS_MAX];

    bw_words_delay(us, text);
    bw_html_number(out, us == BW_UNKNOWN ? "–" : text);
}

/* "9 days left", "ended 3 days before" */
/* ---- answers --------------------------------------------------------------------- */

static void
days_cell(struct bw_buf *out, const struct bw_report *r, int64_t days, int64_t unix_s)
{
    char words[BW_WORDS_MAX];
    char when[BW_WORDS_MAX];

    if (days == BW_UNKNOWN) {
        bw_html_cell(out, "–");
        return;
    }
    bw_detail_days_words(days, words);
    bw_words_local(r->tz, unix_s, 0, when);
    bw_buf_printf(out, "<td>%s<small>read %s</small></td>", words, when);
}

static void cert_notes(struct bw_buf *out, const struct bw_report *r)
{
    char words[BW_WORDS_MAX];
    char when[BW_WORDS_MAX];

    for (size_t i = 0; i < r->details.n_targets; i++) {
        const struct bw_detail_target *t = &r->details.targets[i];
        if (t->n_cert == 0 || t->cert_days >= BW_CERT_WARN_DAYS) {
            continue;
        }
        bw_detail_days_words(t->cert_days, words);
        bw_words_local(r->tz, t->cert_unix_s, 0, when);
        bw_buf_puts(out, "<p class=\"note bad\"><strong>Certificate of ");
        bw_text_html(out, t->probe);
        bw_buf_printf(out, ": %s</strong> %s on %s", words,
                      t->cert_days < 0 ? "it was read" : "when it was read", when);
        bw_detail_days_words(t->cert_newest_days, words);
        bw_words_local(r->tz, t->cert_newest_unix_s, 0, when);
        bw_buf_printf(out, "; newest reading on %s: %s.</p>\n", when, words);
    }
}

static void
answers_row(struct bw_buf *out, const struct bw_report *r, const struct bw_detail_target *t)
{
    char n[BW_WORDS_MAX];

    target(out, t->probe, t->kind, t->family);
    count(out, t->sent);
    bw_buf_puts(out, "<td>");
    for (size_t i = 0; i < t->n_codes; i++) {
        bw_words_count(t->codes[i].n, n);
        bw_buf_puts(out, i ? "; " : "");
        bw_text_html(out, t->codes[i].code);
        bw_buf_printf(out, " %s", n);
    }
    bw_buf_puts(out, t->n_codes ? "</td>" : "–</td>");
    count(out, t->sent - t->n_coded);
    days_cell(out, r, t->cert_days, t->cert_unix_s);
    days_cell(out, r, t->cert_newest_days, t->cert_newest_unix_s);
    bw_buf_puts(out, "</tr>\n");
}

static void answers(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Target",
                                        "Asked",
                                        "Answers, how often each",
                                        "No answer",
                                        "Certificate, fewest days",
                                        "Certificate, newest"};
    const struct bw_details *d = &r->details;
    size_t n = 0;

    for (size_t i = 0; i < d->n_targets; i++) {
        if (!bw_detail_is_exchange(&d->targets[i])) {
            continue;
        }
        if (n++ == 0) {
            bw_buf_puts(out, "<h3>Answers</h3>\n<div class=\"chart\"><table>");
            bw_html_columns(out, names, 6, 6);
        }
        answers_row(out, r, &d->targets[i]);
    }
    if (n > 0) {
        bw_buf_puts(out, "</tbody></table></div>\n");
    }
}

/* ---- parts of exchanges ---------------------------------------------------------- */

static void phase_row(struct bw_buf *out,
                      const struct bw_detail_target *t,
                      const struct bw_detail_phase *p)
{
    target(out, t->probe, t->kind, t->family);
    bw_buf_puts(out, "<td>");
    bw_text_html(out, bw_detail_phase_words(p->phase));
    if (p->n_without > 0) {
        char text[BW_WORDS_MAX];
        bw_words_counted(p->n_without, "record", "records", text);
        bw_buf_printf(out, "<small>%s too long for the times</small>", text);
    }
    bw_buf_puts(out, "</td>");
    count(out, p->times.n);
    delay(out, p->times.min_us);
    delay(out, p->times.p50_us);
    delay(out, p->times.p95_us);
    bw_buf_puts(out, "</tr>\n");
}

static void phases(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Target", "Part",   "Values",
                                        "Lowest", "Median", "P95"};
    const struct bw_details *d = &r->details;
    size_t n = 0;

    for (size_t i = 0; i < d->n_targets; i++) {
        for (size_t k = 0; k < d->targets[i].n_phases; k++) {
            if (n++ == 0) {
                bw_buf_puts(out,
                            "<h3>Parts of an exchange</h3>\n<div class=\"chart\"><table>");
                bw_html_columns(out, names, 6, 2);
            }
            phase_row(out, &d->targets[i], &d->targets[i].phases[k]);
        }
    }
    if (n > 0) {
        bw_buf_puts(out, "</tbody></table></div>\n<p>Each part lasts from the end of the "
                         "one before it.</p>\n");
    }
}

/* ---- there and back -------------------------------------------------------------- */

static void one_way_cell(struct bw_buf *out, const struct bw_detail_times *t)
{
    char median[BW_WORDS_MAX];
    char p95[BW_WORDS_MAX];
    char n[BW_WORDS_MAX];

    if (t->n == 0) {
        bw_html_number(out, "–");
        return;
    }
    bw_words_delay(t->p50_us, median);
    bw_words_delay(t->p95_us, p95);
    bw_words_count(t->n, n);
    bw_buf_printf(out, "<td class=\"n\">%s<small>P95 %s of %s</small></td>", median, p95,
                  n);
}

static void sides(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Target",
                                        "Lost",
                                        "On the way there",
                                        "On the way back",
                                        "Not known where",
                                        "One way there, median",
                                        "One way back, median",
                                        "May be off by"};
    const struct bw_details *d = &r->details;
    size_t n = 0;

    for (size_t i = 0; i < d->n_targets; i++) {
        const struct bw_detail_target *t = &d->targets[i];
        bool told = t->lost_out != BW_UNKNOWN;
        if (bw_detail_is_exchange(t) && !told && t->out.n == 0) {
            continue;
        }
        if (n++ == 0) {
            bw_buf_puts(out, "<h3>There and back</h3>\n<div class=\"chart\"><table>");
            bw_html_columns(out, names, 8, 1);
        }
        target(out, t->probe, t->kind, t->family);
        count(out, t->lost);
        count(out, t->lost_out);
        count(out, t->lost_back);
        count(out, told ? t->lost - t->lost_out - t->lost_back : t->lost);
        one_way_cell(out, &t->out);
        one_way_cell(out, &t->back);
        delay(out, t->one_way_error_us);
        bw_buf_puts(out, "</tr>\n");
    }
    if (n > 0) {
        bw_buf_puts(out,
                    "</tbody></table></div>\n<p>One-way delays only of packets for which "
                    "both clocks were synchronised; each may be off by the bound beside "
                    "it, the largest of the period.</p>\n");
    }
}

/* ---- paths ----------------------------------------------------------------------- */

static void
change_cells(struct bw_buf *out, const struct bw_report *r, const struct bw_detail_path *p)
{
    char text[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];

    bw_words_count(p->n_changes, text);
    bw_words_count(p->n_compared, of);
    if (p->n_compared == 0) {
        bw_html_number(out, "–");
    } else {
        bw_buf_printf(out, "<td class=\"n\">%s<small>of %s compared</small></td>", text,
                      of);
    }
    if (p->changed_unix_ms == BW_UNKNOWN) {
        bw_html_cell(out, "–");
        return;
    }
    bw_words_local(r->tz, p->changed_unix_ms / 1000, 1, text);
    bw_buf_printf(out, "<td>%s<small>", text);
    if (p->changed_ttl == BW_UNKNOWN) {
        bw_buf_puts(out, "at which hop is not told");
    } else {
        bw_buf_printf(out, "from hop %lld on", (long long)p->changed_ttl);
    }
    bw_buf_puts(out, "</small></td>");
}

static void path_row(struct bw_buf *out, const struct bw_report *r, size_t i)
{
    const struct bw_detail_path *p = &r->details.paths[i];
    char text[BW_WORDS_MAX];

    target(out, p->probe, p->method, p->family);
    count(out, p->n_traces);
    count(out, p->n_reached);
    change_cells(out, r, p);
    bw_words_local(r->tz, p->last_unix_ms / 1000, 1, text);
    bw_buf_printf(out, "<td>%s<small>target %s", text,
                  p->reached == 1 ? "answered" : "did not answer");
    if (p->flag[0]) {
        bw_buf_puts(out, "; ");
        bw_text_html(out, p->flag);
    }
    bw_buf_puts(out, "</small></td>");
    count(out, p->mtu);
    bw_buf_puts(out, "</tr>\n");
}

static void
hops_table(struct bw_buf *out, const struct bw_report *r, const struct bw_detail_path *p)
{
    static const char *const names[] = {"Hop", "Name", "Mark", "Sent", "Lost", "Lowest"};
    char text[BW_WORDS_MAX];

    if (p->n_hops == 0) {
        return;
    }
    bw_words_local(r->tz, p->hops_unix_ms / 1000, 1, text);
    bw_buf_puts(out, "<details><summary>Hops to ");
    bw_text_html(out, p->probe);
    bw_buf_puts(out, " (");
    bw_text_html(out, p->method);
    bw_buf_printf(out,
                  ", IPv%d)</summary><div class=\"chart\"><table><caption>The way of the "
                  "newest trace, as told %s.</caption>",
                  p->family, text);
    bw_html_columns(out, names, 6, 3);
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        bw_buf_printf(out, "<tr><th scope=\"row\">%lld</th>", (long long)h->ttl);
        bw_html_cell(out, h->name[0] ? h->name : "–");
        bw_html_cell(out, h->hash[0] ? h->hash : "silent");
        count(out, h->sent);
        count(out, h->lost);
        delay(out, h->rtt_us);
        bw_buf_puts(out, "</tr>\n");
    }
    bw_buf_puts(out, "</tbody></table></div></details>\n");
}

static void paths(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Target",     "Traces",      "Target reached",
                                        "Changes",    "Last change", "Newest trace",
                                        "MTU, newest"};
    const struct bw_details *d = &r->details;

    if (d->n_paths == 0) {
        return;
    }
    bw_buf_puts(out, "<h3>Paths</h3>\n<div class=\"chart\"><table>");
    bw_html_columns(out, names, 7, 7);
    for (size_t i = 0; i < d->n_paths; i++) {
        path_row(out, r, i);
    }
    bw_buf_puts(out, "</tbody></table></div>\n");
    for (size_t i = 0; i < d->n_paths; i++) {
        hops_table(out, r, &d->paths[i]);
    }
    bw_buf_puts(out, "<p>A hop's mark is made of its address with a key that never leaves "
                     "the box: it shows change and names nobody.</p>\n");
}

void bw_html_targets(struct bw_buf *out, const struct bw_report *r)
{
    const struct bw_details *d = &r->details;

    bw_html_head(out, "targets", "Targets in detail",
                 BW_METHOD_ANSWERS ", " BW_METHOD_PHASES ", " BW_METHOD_CERT
                                   ", " BW_METHOD_LOSS_SIDE ", " BW_METHOD_ONE_WAY
                                   ", " BW_METHOD_PATH);
    if (d->n_targets == 0 && d->n_paths == 0) {
        bw_buf_puts(out,
                    "<p class=\"none\">Not measured: no target was asked in another "
                    "way than by ICMP echo, and no path was traced.</p>\n</section>\n");
        return;
    }
    cert_notes(out, r);
    answers(out, r);
    phases(out, r);
    sides(out, r);
    paths(out, r);
    if (d->more) {
        bw_buf_printf(out,
                      "<p>There were more than %d targets or paths; the others are not "
                      "shown.</p>\n",
                      BW_DETAIL_TARGETS_MAX);
    }
    bw_buf_puts(out,
                "<p>How much of the time each target was asked stands under coverage. A "
                "dash: no record of the period tells it.</p>\n</section>\n");
}

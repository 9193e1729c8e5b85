/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_html.c - the report as one page for people: frame, style and first lines.
 *
 * Invariant: the page asks nobody for anything (no script, no link, no image from
 * elsewhere), every text of others goes through bw_text_html(), dark text on white. */
#include "html.h"
#include "render.h"

#include <buf.h>
#include <bw/err.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>
#include <words.h>

enum bw_layer bw_html_claim_layer(const struct bw_report *r)
{
    const struct bw_report_claim *c = bw_report_claim_last(r);

    if (!c) {
        return BW_LAYER_UNKNOWN;
    }
    return c->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : c->layer;
}

static const char style_page[] =
    ":root{color-scheme:light;--ink:#16202b;--soft:#4a5866;--line:#c9d1d9;--wash:#f3f6f9;"
    "--claim:#8a1c1c;--deep:#123f66;--mid:#3f76a6;--pale:#6594c0}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#fff;color:var(--ink);font:16px/1.5 system-ui,-apple-system,"
    "\"Segoe UI\",Roboto,\"DejaVu Sans\",Arial,sans-serif}"
    "main,header,footer{max-width:1040px;margin:0 auto;padding:0 24px}"
    "header{padding-top:32px}footer{padding-bottom:48px;color:var(--soft);font-size:14px}"
    "h1{font-size:30px;line-height:1.2;margin:4px 0 6px}"
    "h2{font-size:21px;line-height:1.3;margin:44px 0 8px;padding-top:14px;border-top:2px "
    "solid "
    "var(--ink)}"
    "h3{font-size:16px;margin:22px 0 4px}"
    "p{margin:6px 0 "
    "10px;max-width:78ch}.kicker{margin:0;font-size:14px;letter-spacing:.04em;"
    "color:var(--soft)}.lead{color:var(--soft);margin-bottom:2px}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--soft);font-size:14px;padding:4px 0}"
    "th,td{text-align:left;vertical-align:top;padding:7px 12px 7px 0;border-bottom:1px "
    "solid "
    "var(--line)}thead th{border-bottom:2px solid var(--ink);font-size:14px}"
    "tbody th{font-weight:600}td.n,th.n{text-align:right}"
    "small{display:block;font-weight:400;color:var(--soft);font-size:13px;line-height:1.35}"
    ".tight{font-size:14px}.tight td,.tight th{white-space:nowrap;padding-right:8px}"
    ".big td b{font-size:20px;line-height:1.25;white-space:nowrap}"
    ".big td,.big th{padding-top:10px;padding-bottom:10px}.big tbody th{width:20%}"
    ".big td{width:27%}.none{color:var(--soft);font-style:italic}"
    "ul.facts{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax("
    "205px,"
    "1fr));gap:1px;background:var(--line);border:1px solid "
    "var(--line);padding:0;margin:18px 0}"
    "ul.facts li{background:#fff;padding:10px 14px}ul.facts b{display:block;font-size:18px}"
    "ul.facts span{display:block;font-size:13px;color:var(--soft)}"
    ".note{background:var(--wash);border-left:4px solid var(--deep);padding:8px 14px}"
    ".bad{border-left-color:var(--claim);background:#fbf1f1}"
    "details{margin:8px 0 4px}summary{cursor:pointer;color:var(--deep);font-size:14px;"
    "text-decoration:underline}summary:focus-visible{outline:3px solid var(--mid)}"
    "details table{font-size:13px}details td,details th{padding:3px 10px 3px 0}"
    ".chart{overflow-x:auto;margin:6px 0}.chart "
    "svg{display:block;width:100%;min-width:640px;"
    "height:auto}"
    ".key{font-size:13px;color:var(--soft);margin:2px 0 12px;max-width:none}"
    ".key i{display:inline-block;width:22px;height:11px;margin:0 6px 0 14px;vertical-align:"
    "-1px;border:1px solid #0000}.key i:first-child{margin-left:0}"
    ".i-p95{background:var(--deep)}.i-p95w{background:var(--mid)}.i-peak{background:var(--"
    "pale)}"
    ".i-own{background:#fff;border-color:var(--soft)!important}"
    ".i-gap{background:repeating-linear-gradient(45deg,#5d6b78 0 2px,#fff 2px 6px);"
    "border-color:#5d6b78!important}.i-out{background:var(--claim)}"
    ".key i.i-claim,.key i.i-80,.key i.i-p95l{height:0;border:0;border-top:2px solid "
    "var(--claim);vertical-align:4px}.key i.i-80{border-top:2px dotted var(--claim)}"
    ".key i.i-p95l{border-top:2px dashed var(--ink)}"
    ".key i.i-dot{width:9px;height:9px;border-radius:9px;background:var(--deep)}"
    "p.m,small.m{color:var(--soft);font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;"
    "margin:2px 0 6px}"
    "code{font-size:13px;overflow-wrap:anywhere}dt{font-weight:600;margin-top:10px}dd{"
    "margin:0 "
    "0 6px;max-width:78ch}";

static const char style_charts[] =
    "svg text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",Arial,"
    "sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}"
    "svg .e{text-anchor:end}svg .m{text-anchor:middle}svg .m,svg .s{font-size:12px}svg "
    ".h{font-weight:700;"
    "text-anchor:end}"
    "svg .g{stroke:#dfe5ea;stroke-width:1}svg .a{stroke:#6b7885;stroke-width:1}"
    "svg .gap{fill:url(#hatch)}svg .later{fill:var(--wash)}svg .full{fill:var(--mid)}"
    "svg .out{fill:var(--claim)}svg .peak{fill:var(--pale)}svg .p95{fill:var(--deep)}"
    "svg .p95w{fill:var(--mid)}svg .own{fill:#fff;stroke:var(--soft);stroke-width:.7}"
    "svg .b0{fill:#fff;stroke:var(--claim);stroke-width:1.5}svg .b1{fill:var(--deep)}"
    "svg .b2{fill:var(--mid)}svg .b3{fill:var(--pale);stroke:var(--mid);stroke-width:1}"
    "svg .bx{fill:url(#other);stroke:var(--deep);stroke-width:1}svg "
    ".claim{stroke:var(--claim);stroke-width:1.6}svg .claim80{stroke:var(--claim);"
    "stroke-width:1.3;stroke-dasharray:2 4}svg .halo{stroke:#fff;stroke-width:3.2}svg "
    ".p95line{stroke:var(--ink);stroke-width:1.4;"
    "stroke-dasharray:7 4}"
    "svg .dot{stroke:var(--deep);stroke-width:6;stroke-linecap:round;fill:none}svg "
    ".many{stroke-width:3.4}"
    "svg .failed{stroke:var(--claim);stroke-width:1.8;fill:none}"
    "svg .put-off{stroke:var(--soft);stroke-width:1.2;fill:none}"
    "@media print{body{font-size:11pt}main,header,footer{max-width:none;padding:0}"
    "h2{break-after:avoid}.chart,tr,ul.facts{break-inside:avoid}.chart{overflow:visible}"
    ".chart svg{min-width:0}summary{display:none}*{-webkit-print-color-adjust:exact;"
    "print-color-adjust:exact}}"
    "@page{margin:16mm 14mm}";

static void pattern(struct bw_buf *out)
{
    bw_buf_puts(
        out,
        "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">"
        "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
        "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
        "<rect width=\"6\" height=\"6\" fill=\"#fff\"/>"
        "<rect width=\"2\" height=\"6\" fill=\"#5d6b78\"/></pattern>"
        "<pattern id=\"other\" width=\"5\" height=\"5\" "
        "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">"
        "<rect width=\"5\" height=\"5\" fill=\"#fff\"/>"
        "<rect width=\"3\" height=\"5\" fill=\"#123f66\"/></pattern></defs></svg>\n");
}

/* "1 Jul 2026 to 30 Jun 2027" for whole days, else instants with their times. */
static void period_words(const struct bw_report *r, struct bw_buf *out)
{
    struct bw_civil a;
    struct bw_civil b;
    char text[BW_WORDS_MAX];

    bw_tz_local(r->tz, r->from_unix_s, &a);
    bw_tz_local(r->tz, r->to_unix_s, &b);
    if (a.hour == 0 && a.minute == 0 && a.second == 0 && b.hour == 0 && b.minute == 0 &&
        b.second == 0) {
        bw_tz_local(r->tz, r->to_unix_s - 1, &b);
        bw_buf_printf(out, "%d %s %d", a.day, bw_words_month(a.month), a.year);
        if (a.year != b.year || a.month != b.month || a.day != b.day) {
            bw_buf_printf(out, " to %d %s %d", b.day, bw_words_month(b.month), b.year);
        }
        if (a.month == 7 && a.day == 1 && b.month == 6 && b.day == 30 &&
            b.year == a.year + 1) {
            bw_buf_printf(out, " (E-rate funding year %d)", a.year);
        }
        return;
    }
    bw_words_local(r->tz, r->from_unix_s, 1, text);
    bw_buf_puts(out, text);
    bw_buf_puts(out, " to ");
    bw_words_local(r->tz, r->to_unix_s, 1, text);
    bw_buf_puts(out, text);
}

static void header(struct bw_buf *out, const struct bw_report *r)
{
    char made[BW_WORDS_MAX];
    char records[BW_WORDS_MAX];

    bw_buf_puts(out, "<header>\n<p class=\"kicker\">Bandwidth evidence report</p>\n<h1>");
    if (r->place[0]) {
        bw_text_html(out, r->place);
        bw_buf_puts(out, ", ");
    }
    bw_buf_puts(out, r->place[0] ? "circuit " : "Circuit ");
    bw_text_html(out, r->site);
    bw_buf_putc(out, '.');
    bw_text_html(out, r->circuit);
    bw_buf_puts(out, "</h1>\n<p class=\"lead\"><strong>");
    period_words(r, out);
    bw_buf_puts(out, "</strong>, local time of ");
    bw_text_html(out, r->tz_name);
    if (r->tz_origin[0]) {
        bw_buf_puts(out, " (");
        bw_text_html(out, r->tz_origin);
        bw_buf_putc(out, ')');
    }
    bw_words_count(r->counts.n_records, records);
    bw_words_local(r->tz, r->made_unix_s, 0, made);
    bw_buf_printf(out, ".</p>\n<p class=\"lead\">Made %s from %s signed records", made,
                  records);
    if (r->origin_text[0]) {
        bw_buf_puts(out, " of ");
        bw_text_html(out, r->origin_text);
    }
    bw_buf_puts(out, ".</p>\n");
    if (r->check != BW_CHECK_NOT_DONE) {
        bw_buf_puts(out, r->check == BW_CHECK_GOOD ? "<p class=\"note\">"
                                                   : "<p class=\"note bad\">");
        bw_buf_puts(
            out,
            r->check == BW_CHECK_GOOD
                ? "<strong>Signatures and chain were checked and hold.</strong> "
                : "<strong>Signatures and chain were checked and do NOT hold.</strong> ");
        bw_text_html(out, r->check_text);
        bw_buf_puts(out, "</p>\n");
    }
    if (r->until_unix_s < r->to_unix_s) {
        bw_buf_puts(
            out,
            "<p class=\"note\">The period is not over: the figures are those up to the "
            "time this page was made and will change.</p>\n");
    }
    bw_buf_puts(out, "</header>\n");
}

int bw_render_html(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr)
{
    int rc;

    bw_buf_puts(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\"/>\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
             "<title>Bandwidth evidence: ");
    bw_text_html(out, r->site);
    bw_buf_putc(out, '.');
    bw_text_html(out, r->circuit);
    bw_buf_puts(out, "</title>\n<style>");
    bw_buf_puts(out, style_page);
    bw_buf_puts(out, style_charts);
    bw_buf_puts(out, "</style>\n</head>\n<body>\n");
    pattern(out);
    header(out, r);
    bw_buf_puts(out, "<main>\n");
    bw_html_first(out, r);
    bw_html_coverage(out, r);
    bw_html_use(out, r);
    bw_html_tests(out, r);
    bw_html_latency(out, r);
    bw_html_targets(out, r);
    bw_html_traffic(out, r);
    bw_html_outages(out, r);
    bw_html_gaps(out, r);
    bw_html_method(out, r);
    bw_buf_puts(out, "</main>\n</body>\n</html>\n");
    rc = bw_buf_error(out);
    return rc < 0 ? bw_err_set(reterr, rc, "the page does not fit into memory") : 0;
}

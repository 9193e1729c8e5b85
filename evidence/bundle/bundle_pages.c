/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_pages.c - reports and packs of a bag as PDF.
 *
 * A PDF's bytes hang on fonts and on the versions of half a dozen libraries. So a bag names
 * what its pages were made with by a mark: the SHA-256 of a small page that is made in the
 * same way. Who comes to the same mark makes the same bytes; who does not, cannot say
 * whether a PDF is true, and says so. */
#include "bundle_private.h"

#include "buf.h"
#include "doc.h"
#include "hash.h"
#include "pdf.h"
#include "words.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>

/* Every role of text that pages have: its fonts are in the file. */
static struct bw_doc *sample(void)
{
    static const struct bw_doc_column columns[] = {{.name = "One", .header = true},
                                                   {.name = "Two"}};
    struct bw_doc *d = bw_doc_new(&(struct bw_doc_head){.lang = "en",
                                                        .kicker = "Sample",
                                                        .title = "A page to compare",
                                                        .subject = "A page to compare"});

    if (d) {
        bw_doc_section(d, "a", "Fonts \u00e9\u03b1\u0436 0123456789");
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_text(d, "Plain: the quick brown fox jumps over the lazy dog, 1,234.5 %. ");
        bw_doc_span(d, BW_SPAN_STRONG, "Strong: sphinx of black quartz, judge my vow. ");
        bw_doc_span(d, BW_SPAN_SMALL, "Small: pack my box with five dozen liquor jugs. ");
        bw_doc_span(d, BW_SPAN_CODE, "code: 0O1lI{}");
        bw_doc_table(d, "t", BW_TABLE_PLAIN, columns, 2);
        bw_doc_text(d, "A table");
        bw_doc_row(d);
        bw_doc_put(d, "row");
        bw_doc_put(d, "1,000 Mbit/s");
        bw_doc_end(d);
    }
    return d;
}

int bw_bundle_pages_mark(char ret[BW_HASH_LEN + 1], struct bw_err *reterr)
{
    struct bw_pdf_options options = {.paper = BW_PDF_LETTER, .footer = "Sample"};
    struct bw_doc *d = sample();
    struct bw_buf text;
    int r = d ? bw_doc_finish(d, reterr) : bw_err_set(reterr, -ENOMEM, "out of memory");

    bw_buf_init(&text, BW_PDF_BYTES_MAX);
    r = r < 0 ? r : bw_pdf(d, &options, &text, reterr);
    if (r == 0) {
        bw_sha256_text(text.data, text.len, ret);
    }
    bw_buf_done(&text);
    bw_doc_free(d);
    return r;
}

int bw_bundle_pages(const struct bw_report *r,
                    const struct bw_doc *d,
                    struct bw_buf *out,
                    struct bw_err *reterr)
{
    char words[400];
    char from[32];
    char to[32];
    char made[32];
    struct bw_pdf_options options = {
        .paper = BW_PDF_LETTER, .footer = words, .made_unix_s = r->made_unix_s};

    bw_words_utc_s(r->from_unix_s, from);
    bw_words_utc_s(r->to_unix_s, to);
    bw_words_utc_s(r->made_unix_s, made);
    (void)snprintf(words, sizeof(words), "%s.%s%s%s, from %s to %s, made %s", r->site,
                   r->circuit, r->place[0] ? ", " : "", r->place, from, to, made);
    return bw_pdf(d, &options, out, reterr);
}

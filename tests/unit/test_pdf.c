/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pdf.c - documents as pages: the marks of artifacts, the same bytes each time, what
 * is said when a font is missing, and that what does not fit is refused and never cut. What
 * the pages hold is tests/evidence/test_pdf.py, by other programs. */
#include "buf.h"
#include "bw_test.h"
#include "content.h"
#include "doc.h"
#include "pdf.h"

#include <bw/err.h>
#include <errno.h>
#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <string.h>

static void marks_become_artifacts_and_text_does_not(void **state)
{
    static const char in[] =
        "q (a \\) ( /Private << /MCID 3 >> BDC)) Tj\n"
        "/Private << /MCID 12 >> BDC\nEMC\n/P << /MCID 1 >> BDC\n"
        "<2f507269> Tj /Private << /MCID >> /Private << /MCID 4 >> BMC";
    struct bw_buf out;
    (void)state;

    bw_buf_init(&out, 4096);
    assert_int_equal(bw_pdf_artifacts(in, sizeof(in) - 1, &out), 0);
    assert_string_equal(out.data,
                        "q (a \\) ( /Private << /MCID 3 >> BDC)) Tj\n"
                        "/Artifact BMC\nEMC\n/P << /MCID 1 >> BDC\n"
                        "<2f507269> Tj /Private << /MCID >> /Private << /MCID 4 >> BMC");
    bw_buf_clear(&out);
    /* the word digits end at a border of the memory */
    assert_int_equal(bw_pdf_artifacts("/Private << /MCID 7", 19, &out), 0);
    assert_string_equal(out.data, "/Private << /MCID 7");
    bw_buf_clear(&out);
    assert_int_equal(bw_pdf_artifacts("q (never ends \\)", 16, &out), -EINVAL);
    assert_int_equal(bw_pdf_artifacts("<2f", 3, &out), -EINVAL);
    bw_buf_done(&out);
}

static struct bw_doc *page_of(int rows, int pages_max)
{
    static const struct bw_doc_column columns[] = {{.name = "Day", .header = true},
                                                   {.name = "Rate", .number = true}};
    struct bw_doc *d = bw_doc_new(&(struct bw_doc_head){.lang = "en",
                                                        .kicker = "A kind of page",
                                                        .title = "Alder Creek",
                                                        .subject = "Alder Creek, a page",
                                                        .pages_max = pages_max});
    struct bw_err err;

    assert_non_null(d);
    bw_doc_section(d, "one", "A section");
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_text(d, "Words with broken \xff bytes and a turn \xe2\x80\xae of direction.");
    bw_doc_table(d, "list", BW_TABLE_PLAIN, columns, 2);
    for (int i = 0; i < rows; i++) {
        bw_doc_row(d);
        bw_doc_put(d, "Monday");
        bw_doc_put(d, "93.4 Mbit/s");
    }
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    return d;
}

static struct bw_doc *page(int rows)
{
    return page_of(rows, 0);
}

/* How many pages it would have can be told only by more of them being refused. */
static void a_page_that_is_limited_is_set_closer_then_shortened(void **state)
{
    static const struct {
        int rows;
        int pages_max;
    } fits[] = {{44, 1}, {4000, 1}, {4000, 2}};
    struct bw_pdf_options o = {.footer = "s-oaks2.wan", .made_unix_s = 1793577600};
    struct bw_err err = {""};
    struct bw_buf out;
    struct bw_doc *d;
    (void)state;

    for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
        d = page_of(fits[i].rows, fits[i].pages_max);
        bw_buf_init(&out, BW_PDF_BYTES_MAX);
        assert_int_equal(bw_pdf(d, &o, &out, &err), 0);
        bw_buf_done(&out);
        bw_doc_free(d);
    }
    d = bw_doc_new(&(struct bw_doc_head){.title = "Alder Creek", .pages_max = 1});
    bw_doc_section(d, "one", "A section");
    bw_doc_list(d, false);
    for (int i = 0; i < 300; i++) {
        bw_doc_item(d);
        bw_doc_text(d, "an item that nothing makes shorter than its line");
    }
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    bw_buf_init(&out, BW_PDF_BYTES_MAX);
    assert_int_equal(bw_pdf(d, &o, &out, &err), -E2BIG);
    assert_string_equal(err.text, "the PDF would be too long");
    bw_buf_done(&out);
    bw_doc_free(d);
}

static void the_same_document_gives_the_same_bytes(void **state)
{
    struct bw_doc *d = page(200);
    struct bw_pdf_options o = {.footer = "s-oaks2.wan", .made_unix_s = 1793577600};
    struct bw_buf a;
    struct bw_buf b;
    struct bw_err err;
    (void)state;

    bw_buf_init(&a, BW_PDF_BYTES_MAX);
    bw_buf_init(&b, BW_PDF_BYTES_MAX);
    assert_int_equal(bw_pdf(d, &o, &a, &err), 0);
    assert_int_equal(bw_pdf(d, &o, &b, &err), 0);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    assert_memory_equal(a.data, "%PDF-1.5", 8);
    bw_buf_clear(&b);
    o.paper = BW_PDF_A4;
    assert_int_equal(bw_pdf(d, &o, &b, &err), 0);
    assert_true(a.len != b.len || memcmp(a.data, b.data, a.len) != 0);
    bw_buf_done(&a);
    bw_buf_done(&b);
    bw_doc_free(d);
}

static int pages(const struct bw_doc *d)
{
    struct bw_pdf_options o = {.footer = "s-oaks2.wan", .made_unix_s = 1793577600};
    struct bw_err err = {""};
    struct bw_buf out;
    qpdf_data q = qpdf_init();
    int n;

    bw_buf_init(&out, BW_PDF_BYTES_MAX);
    assert_int_equal(bw_pdf(d, &o, &out, &err), 0);
    assert_int_equal(qpdf_read_memory(q, "it", out.data, out.len, NULL), QPDF_SUCCESS);
    n = qpdf_get_num_pages(q);
    qpdf_cleanup(&q);
    bw_buf_done(&out);
    return n;
}

/* Rows, and a list of so many items at the end. */
static int pages_with_list(int rows, int items)
{
    static const struct bw_doc_column columns[] = {{.name = "Day", .header = true}};
    struct bw_doc *d = bw_doc_new(&(struct bw_doc_head){.title = "Alder Creek"});
    struct bw_err err;
    int n;

    bw_doc_section(d, "one", "A section");
    bw_doc_table(d, "days", BW_TABLE_PLAIN, columns, 1);
    for (int i = 0; i < rows; i++) {
        bw_doc_row(d);
        bw_doc_put(d, "Monday");
    }
    bw_doc_end(d);
    bw_doc_section(d, "two", "What this page does not show");
    bw_doc_list(d, false);
    for (int i = 0; i < items; i++) {
        bw_doc_item(d);
        bw_doc_text(d, "an item");
    }
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    n = pages(d);
    bw_doc_free(d);
    return n;
}

static void no_page_is_turned_for_a_few_lines(void **state)
{
    (void)state;
    assert_int_equal(pages_with_list(28, 4), 1);
    assert_int_equal(pages_with_list(33, 4), 1); /* 2 as it is usually set */
    assert_int_equal(pages_with_list(50, 4), 2);
}

static size_t bytes_of_folded(int rows)
{
    static const struct bw_doc_column columns[] = {{.name = "Day", .header = true},
                                                   {.name = "Rate", .number = true}};
    struct bw_doc *d = bw_doc_new(&(struct bw_doc_head){
        .lang = "en", .kicker = "A page", .title = "Alder Creek", .subject = "A page"});
    struct bw_pdf_options options = {.paper = BW_PDF_LETTER, .made_unix_s = 1794500000};
    struct bw_buf out;
    struct bw_err err;
    size_t n;

    assert_non_null(d);
    bw_doc_section(d, "one", "A section");
    bw_doc_details(d, false);
    bw_doc_text(d, "All of them");
    bw_doc_table(d, "list", BW_TABLE_PLAIN, columns, 2);
    for (int i = 0; i < rows; i++) {
        bw_doc_row(d);
        bw_doc_put(d, "Monday");
        bw_doc_put(d, "93.4 Mbit/s");
    }
    bw_doc_end(d); /* of what is folded */
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    bw_buf_init(&out, 1 << 24);
    assert_int_equal(bw_pdf(d, &options, &out, &err), 0);
    n = out.len;
    bw_buf_done(&out);
    bw_doc_free(d);
    return n;
}

/* A table of a row a day of a year is on paper; one of more rows is in the HTML. */
static void a_folded_table_of_too_many_rows_is_left_to_the_html(void **state)
{
    size_t none = bytes_of_folded(1);
    (void)state;

    assert_true(bytes_of_folded(400) > 2 * none);
    assert_true(bytes_of_folded(401) < none + none / 8);
}

static void a_missing_font_names_its_package(void **state)
{
    struct bw_doc *d = page(1);
    struct bw_pdf_options o = {.footer = "s-oaks2.wan"};
    struct bw_buf out;
    struct bw_err err = {""};
    (void)state;

    bw_buf_init(&out, BW_PDF_BYTES_MAX);
    assert_int_equal(bw_pdf_with_fonts(d, &o, "/nowhere", &out, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/open-sans/OpenSans-Regular.ttf"));
    assert_non_null(strstr(err.text, "install the package fonts-open-sans"));
    assert_int_equal(out.len, 0);
    bw_buf_done(&out);
    bw_doc_free(d);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct bw_doc *d = page(40);
    struct bw_pdf_options o = {.footer = "s-oaks2.wan"};
    struct bw_buf out;
    struct bw_err err = {""};
    (void)state;

    bw_buf_init(&out, 1000);
    assert_int_equal(bw_pdf(d, &o, &out, &err), -E2BIG);
    assert_true(err.text[0] != '\0');
    bw_buf_done(&out);
    bw_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_become_artifacts_and_text_does_not),
        cmocka_unit_test(a_page_that_is_limited_is_set_closer_then_shortened),
        cmocka_unit_test(the_same_document_gives_the_same_bytes),
        cmocka_unit_test(no_page_is_turned_for_a_few_lines),
        cmocka_unit_test(a_folded_table_of_too_many_rows_is_left_to_the_html),
        cmocka_unit_test(a_missing_font_names_its_package),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

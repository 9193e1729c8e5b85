/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_doc.c - a page as a tree: what is built is what is read, what does not hold together
 * is refused with a sentence, and the HTML of it is escaped everywhere. */
#include <buf.h>
#include <bw/err.h>
#include <doc.h>
#include <doc_html.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EVIL "<b>&\"'"
#define EVIL_HTML "&lt;b&gt;&amp;&quot;&#39;"

static const struct bw_doc_column two[] = {
    {.name = "Day", .header = true}, {.name = "Rate", .unit = "Mbit/s", .number = true}};

static struct bw_doc *begin(void)
{
    const struct bw_doc_head head = {
        .lang = "en", .title = "Heron", .subject = "Heron, wan"};
    struct bw_doc *d = bw_doc_new(&head);

    assert_non_null(d);
    return d;
}

static void table_of(struct bw_doc *d, const char *anchor)
{
    bw_doc_table(d, anchor, BW_TABLE_PLAIN, two, 2);
    bw_doc_text(d, "The caption");
    bw_doc_row(d);
    bw_doc_put(d, "Monday");
    bw_doc_put(d, "12.5");
}

static void svg(const void *spec, struct bw_buf *out)
{
    bw_buf_printf(out, "<svg role=\"img\"><title>%d</title></svg>", *(const int *)spec);
}

static void html(const struct bw_doc *d, struct bw_buf *out)
{
    struct bw_err err = {""};

    bw_buf_init(out, 1 << 20);
    assert_int_equal(bw_doc_html(d, out, &err), 0);
}

static void what_is_built_is_what_is_read(void **state)
{
    struct bw_doc *d = begin();
    struct bw_err err = {""};
    const struct bw_block *b;
    struct bw_buf plain;
    (void)state;

    bw_doc_para(d, BW_PARA_LEAD);
    bw_doc_text(d, "Before ");
    bw_doc_span(d, BW_SPAN_STRONG, "the first");
    bw_doc_printf(d, BW_SPAN_SMALL, "%d of %s", 3, "four");
    bw_doc_section(d, "use", "Use");
    bw_doc_section(d, "use-down", "Down");
    table_of(d, "days");
    bw_doc_end(d);
    bw_doc_facts(d);
    bw_doc_fact(d, "97 %");
    bw_doc_text(d, "on record");
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);

    bw_buf_init(&plain, 4096);
    b = bw_doc_root(d)->first;
    assert_int_equal(b->kind, BW_BLOCK_PARA);
    bw_doc_plain(&b->text, &plain);
    assert_string_equal(plain.data, "Before the first 3 of four");
    b = bw_doc_find(d, "use-down");
    assert_int_equal(b->as.level, 3);
    assert_int_equal(b->parent->as.level, 2);
    b = bw_doc_find(d, "days");
    assert_int_equal(b->as.table.n_columns, 2);
    assert_string_equal(b->as.table.columns[1].unit, "Mbit/s");
    b = b->first->last;
    assert_int_equal(b->as.cell.column, 1);
    assert_string_equal(b->text.first->text, "12.5");
    /* root, para, section, section, table, row, 2 cells, facts, fact */
    size_t n = 0;
    for (b = bw_doc_root(d); b; b = bw_doc_next(b)) {
        n++;
    }
    assert_int_equal(n, 10);
    bw_buf_done(&plain);
    bw_doc_free(d);
}

static void text_of_others_is_escaped(void **state)
{
    static const struct bw_doc_column evil[] = {
        {.name = EVIL, .unit = EVIL, .header = true}};
    static const struct bw_doc_key key[] = {{BW_SWATCH_DEEP, EVIL}};
    const struct bw_doc_head head = {
        .lang = EVIL, .kicker = EVIL, .title = EVIL, .subject = EVIL};
    struct bw_doc *d = bw_doc_new(&head);
    struct bw_err err = {""};
    int spec = 7;
    size_t n = 0;
    struct bw_buf out;
    (void)state;

    bw_doc_section(d, "a", EVIL);
    for (enum bw_span_style s = BW_SPAN_PLAIN; s <= BW_SPAN_METHOD; s++) {
        bw_doc_para(d, BW_PARA_PLAIN);
        if (s == BW_SPAN_LINK) {
            bw_doc_link(d, "a", EVIL);
        } else {
            bw_doc_span(d, s, EVIL);
        }
    }
    bw_doc_note(d, BW_NOTE_BAD);
    bw_doc_text(d, EVIL);
    bw_doc_facts(d);
    bw_doc_fact(d, EVIL);
    bw_doc_text(d, EVIL);
    bw_doc_list(d, true);
    bw_doc_item(d);
    bw_doc_text(d, EVIL);
    bw_doc_terms(d);
    bw_doc_term(d, EVIL);
    bw_doc_text(d, EVIL);
    bw_doc_details(d, true);
    bw_doc_text(d, EVIL);
    bw_doc_table(d, "t", BW_TABLE_BIG, evil, 1);
    bw_doc_text(d, EVIL);
    bw_doc_row(d);
    bw_doc_put(d, EVIL);
    bw_doc_end(d);
    bw_doc_chart(d, &(struct bw_doc_chart){.title = EVIL,
                                           .description = EVIL,
                                           .table = "t",
                                           .spec = &spec,
                                           .svg = svg,
                                           .key = key,
                                           .n_key = 1});
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    html(d, &out);
    assert_null(strstr(out.data, EVIL));
    for (const char *p = out.data; (p = strstr(p, EVIL_HTML)); p++) {
        n++;
    }
    /* lang, title, kicker, h1; h2; 7 spans; note; fact 2; item; term 2; summary; caption;
     * column 2; cell; chart's name; key */
    assert_int_equal(n, 4 + 1 + 7 + 1 + 2 + 1 + 2 + 1 + 1 + 2 + 1 + 1 + 1);
    assert_non_null(strstr(out.data, "<title>7</title>"));
    bw_buf_done(&out);
    bw_doc_free(d);
}

static void a_page_is_made_for_readers(void **state)
{
    struct bw_doc *d = begin();
    struct bw_err err = {""};
    struct bw_buf out;
    struct bw_buf again;
    (void)state;

    bw_doc_section(d, "use", "Use");
    bw_doc_section(d, "down", "Down");
    table_of(d, "days");
    bw_doc_end(d);
    bw_doc_page_break(d);
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    html(d, &out);
    assert_non_null(strstr(out.data, "<html lang=\"en\">"));
    assert_non_null(strstr(out.data, "<title>Heron, wan</title>"));
    assert_non_null(strstr(out.data, "<h1>Heron</h1>"));
    assert_non_null(strstr(out.data, "<section aria-labelledby=\"use\">\n<h2 id=\"use\">"));
    assert_non_null(strstr(out.data, "<h3 id=\"down\">Down</h3>"));
    assert_non_null(strstr(out.data, "<th scope=\"col\" class=\"n\">Rate<small>Mbit/s"));
    assert_non_null(strstr(out.data, "<th scope=\"row\">Monday</th><td class=\"n\">12.5"));
    assert_non_null(strstr(out.data, "<caption>The caption</caption>"));
    assert_null(strstr(out.data, "<script"));
    html(d, &again);
    assert_string_equal(out.data, again.data);
    bw_buf_done(&again);
    bw_buf_done(&out);
    bw_doc_free(d);
}

static void cells_reach_over_rows(void **state)
{
    static const struct bw_doc_column three[] = {
        {.name = "a", .header = true}, {.name = "b"}, {.name = "c"}};
    struct bw_doc *d = begin();
    struct bw_err err = {""};
    const struct bw_block *row;
    (void)state;

    bw_doc_table(d, "t", BW_TABLE_PLAIN, three, 3);
    bw_doc_row(d);
    bw_doc_put(d, "1a");
    bw_doc_put(d, "1b");
    bw_doc_rowspan(d, 2);
    bw_doc_put(d, "1c");
    bw_doc_row(d);
    bw_doc_put(d, "2a");
    bw_doc_put(d, "2c");
    bw_doc_row(d);
    bw_doc_put(d, "3a");
    bw_doc_put(d, "3b");
    bw_doc_put(d, "3c");
    assert_int_equal(bw_doc_finish(d, &err), 0);
    row = bw_doc_find(d, "t")->first->next;
    assert_int_equal(row->last->as.cell.column, 2);
    assert_string_equal(row->last->text.first->text, "2c");
    bw_doc_free(d);
}

/* ---- what does not hold together ------------------------------------------------- */

static void not_closed(struct bw_doc *d)
{
    bw_doc_section(d, "use", "Use");
}

static void closed_twice(struct bw_doc *d)
{
    bw_doc_end(d);
}

static void same_anchor(struct bw_doc *d)
{
    table_of(d, "days");
    table_of(d, "days");
}

static void bad_anchor(struct bw_doc *d)
{
    table_of(d, "A day");
}

static void short_row(struct bw_doc *d)
{
    bw_doc_table(d, "days", BW_TABLE_PLAIN, two, 2);
    bw_doc_row(d);
    bw_doc_put(d, "Monday");
}

static void long_row(struct bw_doc *d)
{
    table_of(d, "days");
    bw_doc_put(d, "too much");
}

static void reaches_below(struct bw_doc *d)
{
    table_of(d, "days");
    bw_doc_rowspan(d, 2);
}

static void no_table(struct bw_doc *d)
{
    static const int spec = 1;

    bw_doc_chart(d, &(struct bw_doc_chart){.title = "Use",
                                           .description = "Use by day",
                                           .table = "days",
                                           .spec = &spec,
                                           .svg = svg});
}

static void nobody_draws(struct bw_doc *d)
{
    table_of(d, "days");
    bw_doc_chart(d, &(struct bw_doc_chart){
                        .title = "Use", .description = "Use by day", .table = "days"});
}

static void no_description(struct bw_doc *d)
{
    static const int spec = 1;

    table_of(d, "days");
    bw_doc_chart(d, &(struct bw_doc_chart){
                        .title = "Use", .table = "days", .spec = &spec, .svg = svg});
}

static void dead_link(struct bw_doc *d)
{
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_link(d, "elsewhere", "there");
}

static void text_nowhere(struct bw_doc *d)
{
    bw_doc_text(d, "lost");
}

static void row_nowhere(struct bw_doc *d)
{
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_row(d);
}

static void half_a_head(struct bw_doc *d)
{
    static const struct bw_doc_column columns[] = {{.name = "a"}, {.name = NULL}};

    bw_doc_table(d, "days", BW_TABLE_PLAIN, columns, 2);
}

static void what_does_not_hold_is_refused(void **state)
{
    static const struct {
        void (*build)(struct bw_doc *d);
        const char *says;
    } cases[] = {
        {not_closed, "was not closed"},      {closed_twice, "wrong order"},
        {same_anchor, "stands there twice"}, {bad_anchor, "is none"},
        {short_row, "has no cell 2 of 2"},   {long_row, "wrong order"},
        {reaches_below, "below its table"},  {no_table, "no table behind"},
        {nobody_draws, "cannot be drawn"},   {no_description, "no description"},
        {dead_link, "leads nowhere"},        {text_nowhere, "wrong order"},
        {row_nowhere, "wrong order"},        {half_a_head, "column without a name"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_doc *d = begin();
        struct bw_err err = {""};
        cases[i].build(d);
        assert_int_equal(bw_doc_finish(d, &err), -EINVAL);
        if (!strstr(err.text, cases[i].says)) {
            fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
        }
        bw_doc_free(d);
    }
}

static void errors_stick_and_harm_nobody(void **state)
{
    struct bw_doc *d = begin();
    struct bw_err err = {""};
    (void)state;

    bw_doc_row(d); /* of no table */
    bw_doc_section(d, "use", "Use");
    table_of(d, "days");
    bw_doc_page_break(d);
    bw_doc_facts(d);
    bw_doc_fact(d, "1");
    bw_doc_end(d);
    bw_doc_end(d);
    assert_int_equal(bw_doc_finish(d, &err), -EINVAL);
    assert_null(bw_doc_root(d)->first);
    bw_doc_free(d);
    bw_doc_free(NULL);
}

static void long_text_is_whole(void **state)
{
    static char text[100001];
    struct bw_doc *d = begin();
    struct bw_err err = {""};
    const struct bw_block *b;
    (void)state;

    memset(text, 'x', sizeof(text) - 1);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s", text);
    assert_int_equal(bw_doc_finish(d, &err), 0);
    b = bw_doc_root(d)->first;
    assert_int_equal(strlen(b->text.first->text), 100000);
    bw_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_what_is_read),
        cmocka_unit_test(text_of_others_is_escaped),
        cmocka_unit_test(a_page_is_made_for_readers),
        cmocka_unit_test(cells_reach_over_rows),
        cmocka_unit_test(what_does_not_hold_is_refused),
        cmocka_unit_test(errors_stick_and_harm_nobody),
        cmocka_unit_test(long_text_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_draw.c - the canvas: what each primitive becomes in SVG, how wide texts are, and
 * that looks stay apart on a grey printer. Expected texts were written by hand. */
#include "buf.h"
#include "bw_test.h"
#include "canvas.h"
#include "look.h"
#include "svg.h"

#include <stdlib.h>
#include <string.h>

static int64_t height(const struct bw_drawing *f, int64_t width_mpt)
{
    (void)f;
    return width_mpt / 2;
}

static void draw_all(const struct bw_drawing *f, struct bw_canvas *c, int64_t width_mpt)
{
    static const struct bw_point p[] = {{0, 0}, {1000, 2000}, {-1500, 12345}};
    (void)f;

    bw_canvas_line(c, 0, 500, width_mpt, 500, BW_STYLE_CLAIM);
    bw_canvas_rect(c, 1234, 1236, 10, 4, BW_STYLE_GAP);
    bw_canvas_polyline(c, p, 3, BW_STYLE_SERIES);
    bw_canvas_polyline(c, p, 1, BW_STYLE_SERIES);
    bw_canvas_area(c, p, 3, BW_STYLE_BAND);
    bw_canvas_area(c, p, 2, BW_STYLE_BAND);
    bw_canvas_marks(c, p, 2, BW_MARK_DOT, 3000, BW_STYLE_DEEP);
    bw_canvas_marks(c, p + 1, 1, BW_MARK_RING, 3000, BW_STYLE_OPEN);
    bw_canvas_marks(c, p + 1, 1, BW_MARK_CROSS, 3000, BW_STYLE_FAILED);
    bw_canvas_marks(c, p + 1, 1, BW_MARK_TICK, 3000, BW_STYLE_PUT_OFF);
    bw_canvas_marks(c, p, 0, BW_MARK_DOT, 3000, BW_STYLE_DEEP);
    bw_canvas_group(c, "Mon 2 Nov", NULL);
    bw_canvas_text(c, 2000, 3000, BW_ROLE_LABEL, BW_ANCHOR_END, "5 < 6 & \"7\"");
    bw_canvas_group_end(c);
    bw_canvas_group(c, "a", "b>c");
    bw_canvas_link(c, "https://example.org/?a=1&b=2");
    bw_canvas_text(c, 0, 0, BW_ROLE_HEAD, BW_ANCHOR_START, "x");
    bw_canvas_link_end(c);
    bw_canvas_group_end(c);
}

static const struct bw_drawing all = {.id = "all",
                                      .title = "A <title>",
                                      .description = "In words.",
                                      .height = height,
                                      .draw = draw_all};

static void each_primitive_becomes_its_element(void **state)
{
    struct bw_buf out;
    (void)state;

    bw_buf_init(&out, 65536);
    bw_svg_inline(&all, 100 * BW_PT, &out);
    assert_int_equal(bw_buf_error(&out), 0);
    assert_string_equal(
        out.data,
        "<svg viewBox=\"0 0 100 50\" class=\"fig\" role=\"img\" "
        "aria-labelledby=\"all-t all-d\" xmlns=\"http://www.w3.org/2000/svg\">"
        "<title id=\"all-t\">A &lt;title&gt;</title><desc id=\"all-d\">In words.</desc>"
        "<line x1=\"0\" y1=\"0.5\" x2=\"100\" y2=\"0.5\" class=\"f-claim\"/>"
        "<rect x=\"1.23\" y=\"1.24\" width=\"0.01\" height=\"0\" class=\"f-gap\"/>"
        "<polyline points=\"0,0 1,2 -1.5,12.35\" class=\"f-series\"/>"
        "<polygon points=\"0,0 1,2 -1.5,12.35\" class=\"f-band\"/>"
        "<path d=\"M0,0h0M1,2h0\" stroke-width=\"3\" stroke-linecap=\"round\" "
        "stroke=\"#123f66\" fill=\"none\"/>"
        "<path d=\"M-0.5,2a1.5,1.5 0 0 0 3,0a1.5,1.5 0 0 0 -3,0\" class=\"f-open\"/>"
        "<path d=\"M-0.5,0.5l3,3m0,-3l-3,3\" class=\"f-failed\"/>"
        "<path d=\"M1,2v-3\" class=\"f-putoff\"/>"
        "<g><title>Mon 2 Nov</title>"
        "<text x=\"2\" y=\"3\" class=\"f-label f-e\">5 &lt; 6 &amp; "
        "&quot;7&quot;</text></g>"
        "<g><title>a</title><desc>b&gt;c</desc>"
        "<a href=\"https://example.org/?a=1&amp;b=2\">"
        "<text x=\"0\" y=\"0\" class=\"f-head\">x</text></a></g></svg>\n");
    bw_buf_done(&out);
}

/* A picture of its own carries the looks, and every class it uses is among them. */
static void a_file_needs_nothing_else(void **state)
{
    struct bw_buf out;
    (void)state;

    bw_buf_init(&out, 65536);
    bw_svg_file(&all, 100 * BW_PT, &out);
    assert_non_null(strstr(out.data, "<svg viewBox=\"0 0 100 50\" width=\"100\" "
                                     "height=\"50\""));
    assert_non_null(strstr(out.data, "<style>svg.fig text{"));
    assert_non_null(strstr(out.data, ".fig .f-gap{fill:url(#f-gap)}"));
    assert_non_null(strstr(out.data, "<pattern id=\"f-gap\" width=\"3.2\""));
    assert_non_null(strstr(out.data, ".fig .f-claim80{fill:none;stroke:#8a1c1c;"
                                     "stroke-width:0.9;stroke-dasharray:1.2 2.2}"));
    assert_non_null(strstr(out.data, ".fig .f-head{font-size:9px;fill:#16202b;"
                                     "font-weight:700}"));
    bw_buf_done(&out);
}

/* By the widths of both fonts' hmtx tables: A 685 (DejaVu), b 635, i 278, W 989; bold
 * a 675. At 8 pt, in thousandths of a point. */
static void texts_are_measured_without_fonts(void **state)
{
    (void)state;

    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, ""), 0);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, "A"), 5480);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, "bi"), 7304);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_SMALL, "W"), 6923);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_HEAD, "a"), 6075);
    /* é is one letter, not two bytes; ≥ and a broken byte count as the widest */
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, "\xc3\xa9"), 6400);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, "\xe2\x89\xa5"), 8000);
    assert_int_equal(bw_canvas_text_mpt(BW_ROLE_LABEL, "\xff"), 8000);
}

static int64_t grey(enum bw_style style)
{
    int32_t c = bw_look(style)->face;

    return (30 * (int64_t)(c >> 16 & 255) + 59 * (int64_t)(c >> 8 & 255) +
            11 * (int64_t)(c & 255)) /
           100;
}

static void faces_stay_apart_in_grey(void **state)
{
    static const enum bw_style side_by_side[][2] = {{BW_STYLE_DEEP, BW_STYLE_MID},
                                                    {BW_STYLE_MID, BW_STYLE_PALE},
                                                    {BW_STYLE_DEEP, BW_STYLE_PALE},
                                                    {BW_STYLE_OUT, BW_STYLE_MID}};
    (void)state;

    for (size_t i = 0; i < sizeof(side_by_side) / sizeof(side_by_side[0]); i++) {
        assert_true(llabs(grey(side_by_side[i][0]) - grey(side_by_side[i][1])) >= 45);
    }
    for (int i = BW_STYLE_HEAT_0; i < BW_STYLE_HEAT_6; i++) {
        assert_true(grey((enum bw_style)i) - grey((enum bw_style)(i + 1)) >= 20);
    }
}

static void every_look_has_a_name_of_its_own(void **state)
{
    (void)state;

    for (int i = 0; i < BW_STYLES; i++) {
        const struct bw_look *l = bw_look((enum bw_style)i);
        assert_non_null(l->name);
        assert_true(l->face != BW_LOOK_NONE || l->edge != BW_LOOK_NONE);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(l->name, bw_look((enum bw_style)k)->name);
        }
    }
    for (int i = 0; i < BW_ROLES; i++) {
        assert_non_null(bw_look_type((enum bw_role)i)->name);
        assert_true(bw_canvas_size_mpt((enum bw_role)i) >= 7 * BW_PT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_primitive_becomes_its_element),
        cmocka_unit_test(a_file_needs_nothing_else),
        cmocka_unit_test(texts_are_measured_without_fonts),
        cmocka_unit_test(faces_stay_apart_in_grey),
        cmocka_unit_test(every_look_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

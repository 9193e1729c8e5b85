/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_forms.c - the forms of a report that go into a bag. */
#include "bundle_private.h"

#include "pages.h"
#include "render.h"

const struct bw_bundle_form bw_bundle_forms[] = {
    {.name = "intervals.csv", .render = bw_render_csv_intervals},
    {.name = "report.csv", .render = bw_render_csv, .figures = true},
    {.name = "report.html", .render = bw_render_html},
    {.name = "report.json", .render = bw_render_json},
    {.name = NULL},
};

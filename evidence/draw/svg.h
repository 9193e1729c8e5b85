/* SPDX-License-Identifier: GPL-3.0-or-later
 * svg.h - figures as SVG: text stays text, title and description are in it, no script, no
 * request. Inline in a page the looks come from rules that the page holds once
 * (bw_svg_rules() within its <style>, bw_svg_patterns() at the start of its body); as a
 * file of its own the picture holds them itself. Pure: the same figure, the same bytes. */
#ifndef BW_EVIDENCE_SVG_H
#define BW_EVIDENCE_SVG_H

#include <stdint.h>

struct bw_buf;
struct bw_drawing;

/* One <svg> element for a page. Appends; an error sticks in out. */
void bw_svg_inline(const struct bw_drawing *f, int64_t width_mpt, struct bw_buf *out);
/* The same of a struct bw_drawing at BW_DRAWING_WIDTH. */
void bw_svg_drawing(const void *spec, struct bw_buf *out);
/* A file of its own, which needs nothing else. */
void bw_svg_file(const struct bw_drawing *f, int64_t width_mpt, struct bw_buf *out);

/* The style rules of all figures of a page, without <style>. */
void bw_svg_rules(struct bw_buf *out);
/* A hidden <svg> with the hatchings that those rules name. */
void bw_svg_patterns(struct bw_buf *out);

#endif

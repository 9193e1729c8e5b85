/* SPDX-License-Identifier: GPL-3.0-or-later
 * text.h - bringing foreign text into HTML, URLs, terminals and CSV (JSON: json.h). Every
 * page, report and table goes through these and nothing else; input need not be valid
 * UTF-8. */
#ifndef BW_TEXT_H
#define BW_TEXT_H

#include <stddef.h>

struct bw_buf;

/* Text for element content and quoted attributes: & < > " ' become entities, control
 * characters and broken UTF-8 become U+FFFD. NULL appends nothing. */
void bw_text_html(struct bw_buf *out, const char *text);
/* One value of a query string: everything but unreserved characters (RFC 3986) is %XX. */
void bw_text_url(struct bw_buf *out, const char *text);
/* One field of RFC 4180; quoted where needed. A text that a spreadsheet would take for a
 * formula (= + - @ first) gets an apostrophe before it. */
void bw_text_csv(struct bw_buf *out, const char *text);
/* For a terminal, which shows it and does nothing else: control characters other than line
 * ends and tabs, those that turn the direction of what follows, and broken UTF-8 become
 * U+FFFD. */
void bw_text_terminal(struct bw_buf *out, const char *text, size_t n);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_parts.h - what every page is made of: its frame, and the words for figures. Pure;
 * any thread. All foreign text goes through bw_text_html(). */
#ifndef BW_PAGE_PARTS_H
#define BW_PAGE_PARTS_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_http_req;
struct bw_site_row;
struct bw_viewer;

/* The pages that the head of every page leads to (page_frame.c has their addresses). */
enum bw_page_place {
    BW_PLACE_NONE,
    BW_PLACE_CHANGED,
    BW_PLACE_ALERTS,
    BW_PLACE_QUEUE,
    BW_PLACE_SITES,
    BW_PLACE_DISTRICTS,
    BW_PLACE_COMPARE,
    BW_PLACE_PRICES,
    BW_PLACE_READINESS,
    BW_PLACE_PROGRESS,
    BW_PLACE_FLEET,
    BW_PLACE_SERVERS /* of the state alone */,
    BW_PLACE_OPEN_DATA
};

/* Everything before and after a page's own content. `title` and `state` are foreign; `here`
 * is marked in the navigation; of who is signed in (NULL: nobody is known) stand name and
 * way out. */
void bw_page_begin_at(struct bw_buf *b,
                      const char *title,
                      const char *state,
                      enum bw_page_place here,
                      const struct bw_viewer *viewer);
void bw_page_begin(struct bw_buf *b, const char *title, const char *state);
void bw_page_end(struct bw_buf *b, int64_t now_unix_ms);

/* A name that somebody gave: as it is, but it turns the direction of nothing around it. */
void bw_page_name(struct bw_buf *b, const char *text);

/* "94.1 Mbit/s"; nothing for unknown: say so yourself. */
void bw_page_rate(struct bw_buf *b, int64_t bps);
/* "1.42 MB", decimal. */
void bw_page_bytes(struct bw_buf *b, int64_t bytes);
/* "4 min", "2 h 10 min", "3 days" */
void bw_page_span(struct bw_buf *b, int64_t s);
/* <time datetime="…">2026-11-22 02:35</time> (UTC) */
void bw_page_time(struct bw_buf *b, int64_t unix_s);
/* "4 min ago" with the instant in the element. */
void bw_page_ago(struct bw_buf *b, int64_t unix_s, int64_t now_unix_s);
/* "12.4 ms" */
void bw_page_ms(struct bw_buf *b, int64_t us);
/* 1234567 as "1 234 567" with narrow no-break spaces. */
void bw_page_count(struct bw_buf *b, int64_t n);

/* A table with its heads, which may be wider than the screen; `label` and `head` are ours.
 */
void bw_page_table_begin(struct bw_buf *b, const char *label, const char *head);
void bw_page_table_end(struct bw_buf *b);

/* Whether a site is heard, as a word in colour. */
void bw_page_state(struct bw_buf *b, const struct bw_site_row *s, int64_t now_unix_s);

/* Answer with a small page instead; 429 and 503 say when to come again. */
void bw_page_sorry(struct bw_http_req *req, unsigned status, const char *why);

/* A file of web/ that is part of the program; its tag, of its hash, is in its address. */
struct bw_page_file {
    const char *data;
    size_t len;
    const char *tag;
};
extern const struct bw_page_file bw_style;
extern const struct bw_page_file bw_script;

#endif

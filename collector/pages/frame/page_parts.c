/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_parts.c - figures in words. Times are UTC, as in the records. */
#include "page_parts.h"

#include <buf.h>
#include <clock.h>
#include <overview.h>
#include <stdio.h>
#include <string.h>
#include <text.h>

void bw_page_name(struct bw_buf *b, const char *text)
{
    bw_buf_puts(b, "<bdi>");
    bw_text_html(b, text);
    bw_buf_puts(b, "</bdi>");
}

/* n / 10^digits with that many decimals, by integers. */
static void decimal(struct bw_buf *b, int64_t n, int64_t unit, int decimals)
{
    int64_t scale = 1;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    int64_t step = unit / scale;
    int64_t v = (n + step / 2) / step;
    bw_buf_i64(b, v / scale);
    if (decimals > 0) {
        bw_buf_printf(b, ".%0*lld", decimals, (long long)(v % scale));
    }
}

/* In G, M or k of a unit; below that whole ones, by their own name. */
static void scaled(struct bw_buf *b, int64_t n, const char *unit, const char *small)
{
    static const char letters[] = "GMk";
    int64_t size = 1000000000;
    for (size_t i = 0; letters[i]; i++, size /= 1000) {
        if (n >= size) {
            int decimals = n >= 100 * size || n % size == 0 ? 0 : n >= 10 * size ? 1 : 2;
            decimal(b, n, size, decimals);
            bw_buf_printf(b, "&nbsp;%c%s", letters[i], unit);
            return;
        }
    }
    bw_buf_i64(b, n);
    bw_buf_printf(b, "&nbsp;%s", small);
}

void bw_page_rate(struct bw_buf *b, int64_t bps)
{
    scaled(b, bps, "bit/s", "bit/s");
}

void bw_page_bytes(struct bw_buf *b, int64_t bytes)
{
    scaled(b, bytes, "B", "bytes");
}

void bw_page_span(struct bw_buf *b, int64_t s)
{
    if (s < 120) {
        bw_buf_printf(b, "%lld&nbsp;s", (long long)s);
    } else if (s < 7200) {
        bw_buf_printf(b, "%lld&nbsp;min", (long long)(s / 60));
    } else if (s < 172800) {
        bw_buf_printf(b, "%lld&nbsp;h", (long long)(s / 3600));
        if (s % 3600 >= 60 && s < 36000) {
            bw_buf_printf(b, " %lld&nbsp;min", (long long)(s % 3600 / 60));
        }
    } else {
        bw_buf_printf(b, "%lld&nbsp;days", (long long)(s / 86400));
    }
}

static void time_element(struct bw_buf *b, int64_t unix_s)
{
    char text[32];
    bw_time_format_s(unix_s, text);
    bw_buf_printf(b, "<time datetime=\"%s\"", text);
}

void bw_page_time(struct bw_buf *b, int64_t unix_s)
{
    char text[32];
    bw_time_format_s(unix_s, text);
    time_element(b, unix_s);
    bw_buf_printf(b, ">%.10s&nbsp;%.5s</time>", text, strlen(text) > 16 ? text + 11 : "");
}

void bw_page_ago(struct bw_buf *b, int64_t unix_s, int64_t now_unix_s)
{
    char text[32];
    bw_time_format_s(unix_s, text);
    time_element(b, unix_s);
    bw_buf_printf(b, " title=\"%s\">", text);
    if (unix_s > now_unix_s + 5) {
        bw_buf_puts(b, "in the future");
    } else {
        bw_page_span(b, now_unix_s > unix_s ? now_unix_s - unix_s : 0);
        bw_buf_puts(b, " ago");
    }
    bw_buf_puts(b, "</time>");
}

void bw_page_ms(struct bw_buf *b, int64_t us)
{
    decimal(b, us, 1000, us >= 100000 ? 0 : us >= 10000 ? 1 : 2);
    bw_buf_puts(b, "&nbsp;ms");
}

void bw_page_count(struct bw_buf *b, int64_t n)
{
    if (n >= 1000) {
        bw_page_count(b, n / 1000);
        bw_buf_printf(b, "&#8239;%03lld", (long long)(n % 1000));
    } else {
        bw_buf_i64(b, n);
    }
}

void bw_page_table_begin(struct bw_buf *b, const char *label, const char *head)
{
    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
                  "<table><thead><tr>%s</tr></thead><tbody>\n",
                  label, head);
}

void bw_page_table_end(struct bw_buf *b)
{
    bw_buf_puts(b, "</tbody></table></div>");
}

void bw_page_state(struct bw_buf *b, const struct bw_site_row *s, int64_t now_unix_s)
{
    switch (s->freshness) {
    case BW_FRESH:
        bw_buf_puts(b, "<span class=\"state fresh\">● fresh</span> ");
        if (s->n_silent > 0) {
            bw_buf_puts(b, "<span class=\"state down\">▼ line silent</span>");
        }
        if (s->late) {
            bw_buf_puts(b, "<div class=\"id\">delivers older records it kept</div>");
        }
        if (s->clock_bad) {
            bw_buf_puts(b, "<div class=\"id\">clock not synchronised</div>");
        }
        break;
    case BW_SILENT:
        bw_buf_puts(b,
                    "<span class=\"state silent\">■ silent</span><div class=\"id\">since ");
        bw_page_time(b, s->last_received_unix_ms / 1000);
        bw_buf_puts(b, ", ");
        bw_page_ago(b, s->last_received_unix_ms / 1000, now_unix_s);
        bw_buf_puts(b, "</div>");
        break;
    case BW_RETIRED:
        bw_buf_puts(b, "<span class=\"state never\">○ retired</span> ");
        break;
    case BW_NEVER:
    default:
        bw_buf_printf(
            b, "<span class=\"state never\">○ never seen</span><div class=\"id\">%s</div>",
            s->enrolled ? "enrolled, no record yet" : "waits for its box");
        break;
    }
}

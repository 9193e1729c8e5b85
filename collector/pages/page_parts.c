/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_parts.c - the frame of every page and its style sheet, and figures in words. Times
 * are UTC, as in the records. */
#include "page_parts.h"

#include "pages.h"

#include <buf.h>
#include <clock.h>
#include <http.h>
#include <overview.h>
#include <stdio.h>
#include <string.h>
#include <text.h>

/* What every page leads to. */
static const struct {
    const char *path;
    const char *words;
} pages[] = {
    {"/", "Changed"},
    {"/sites", "Sites"},
};

void bw_page_begin(struct bw_buf *b, const char *title, const char *state)
{
    bw_buf_puts(b,
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<title>");
    bw_text_html(b, title);
    bw_buf_puts(b, " – ");
    bw_text_html(b, state);
    bw_buf_printf(b,
                  "</title><link rel=\"icon\" href=\"/static/icon.svg\" "
                  "type=\"image/svg+xml\">"
                  "<link rel=\"stylesheet\" href=\"/static/style-%s.css\">"
                  "</head><body><a class=\"skip\" href=\"#main\">Skip to content</a>"
                  "<header class=\"top\"><div><a href=\"/\">",
                  bw_style_tag);
    bw_text_html(b, state);
    bw_buf_puts(b, "</a><span>a witness for school bandwidth</span></div></header>"
                   "<nav class=\"main\" aria-label=\"Pages\"><ul>");
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        bw_buf_printf(b, "<li><a href=\"%s\">%s</a></li>", pages[i].path, pages[i].words);
    }
    bw_buf_puts(b, "</ul></nav><main id=\"main\">\n");
}

void bw_page_end(struct bw_buf *b, int64_t now_unix_ms)
{
    bw_buf_puts(b, "\n</main><footer>Made ");
    bw_page_time(b, now_unix_ms / 1000);
    bw_buf_puts(b, " UTC from signed records. A figure nobody measured is not shown as 0. "
                   "Bandwitness " BW_VERSION ".</footer></body></html>\n");
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

void bw_page_sorry(struct bw_http_req *req, unsigned status, const char *why)
{
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    const char *title = status == 404 ? "Nothing here" : "Not possible now";
    bw_page_begin(&b, title, "Bandwitness");
    bw_buf_printf(&b, "<h1>%s</h1><p>", title);
    bw_text_html(&b, why);
    bw_buf_puts(&b, "</p><p><a href=\"/sites\">All sites</a></p>");
    bw_page_end(&b, bw_clock_unix_ms());
    if (status == 429 || status == 503) {
        bw_http_add(req, "Retry-After", "10");
    }
    bw_http_reply(req, status, "text/html; charset=utf-8", &b);
}

/* Four seconds of a line, one of them full. */
static const char icon[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
    "<rect width=\"32\" height=\"32\" rx=\"6\" fill=\"#0a5c9e\"/>"
    "<path d=\"M6 26v-8h4v8zM12 26V13h4v13zM18 26V6h4v20zM24 26v-9h3v9z\" fill=\"#fff\"/>"
    "</svg>";

void bw_page_static(void *owner, struct bw_http_req *req)
{
    (void)owner;
    char name[64];
    if (strcmp(bw_http_param(req, 0), "icon.svg") == 0) {
        bw_http_add(req, "Cache-Control", "public, max-age=86400");
        bw_http_reply_const(req, 200, "image/svg+xml", icon, sizeof(icon) - 1);
        return;
    }
    (void)snprintf(name, sizeof(name), "style-%s.css", bw_style_tag);
    if (strcmp(bw_http_param(req, 0), name) != 0) {
        bw_page_sorry(req, 404, "there is no such file");
        return;
    }
    bw_http_add(req, "Cache-Control", "public, max-age=31536000, immutable");
    bw_http_reply_const(req, 200, "text/css; charset=utf-8", bw_style_css,
                        bw_style_css_len);
}

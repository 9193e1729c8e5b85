/* SPDX-License-Identifier: GPL-3.0-or-later
 * text.c - foreign text into HTML, URLs and CSV; output is always valid UTF-8. */
#include "text.h"
#include "buf.h"
#include "utf8.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

static const char *html_entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return c < 0x20 && c != '\t' && c != '\n' ? REPLACEMENT
               : c == 0x7F                        ? REPLACEMENT
                                                  : NULL;
    }
}

void bw_text_html(struct bw_buf *out, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    while (n > 0) {
        size_t len = bw_utf8_char(text, n);
        const char *entity = len == 0   ? REPLACEMENT
                             : len == 1 ? html_entity((unsigned char)text[0])
                                        : NULL;
        if (entity) {
            bw_buf_puts(out, entity);
            len = 1;
        } else {
            bw_buf_add(out, text, len);
        }
        text += len;
        n -= len;
    }
}

void bw_text_url(struct bw_buf *out, const char *text)
{
    for (const unsigned char *t = (const unsigned char *)text; *t; t++) {
        bool plain = (*t >= 'a' && *t <= 'z') || (*t >= 'A' && *t <= 'Z') ||
                     (*t >= '0' && *t <= '9') || strchr("-._~", *t);
        if (plain) {
            bw_buf_putc(out, (char)*t);
        } else {
            bw_buf_printf(out, "%%%02X", *t);
        }
    }
}

void bw_text_csv(struct bw_buf *out, const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]);
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote) {
        bw_buf_putc(out, '"');
    }
    if (formula) {
        bw_buf_putc(out, '\'');
    }
    for (const char *t = text; *t; t++) {
        if (*t == '"') {
            bw_buf_putc(out, '"');
        }
        bw_buf_putc(out, *t);
    }
    if (quote) {
        bw_buf_putc(out, '"');
    }
}

void bw_text_terminal(struct bw_buf *out, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t width = bw_utf8_char(text + at, n - at);
        bool line = text[at] == '\n' || text[at] == '\t';
        if (width == 0 || (!line && bw_utf8_hidden(text + at, width) < width)) {
            bw_buf_puts(out, "\xef\xbf\xbd");
        } else {
            bw_buf_add(out, text + at, width);
        }
        at += width ? width : 1;
    }
}

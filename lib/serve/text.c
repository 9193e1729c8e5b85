/* SPDX-License-Identifier: GPL-3.0-or-later
 * text.c - foreign text into HTML, URLs and CSV; output is always valid UTF-8. */
#include "text.h"

#include <buf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Length of the well-formed UTF-8 sequence at t (RFC 3629 section 4), 0 when broken. */
static size_t sequence(const unsigned char *t, size_t n)
{
    if (t[0] < 0x80) {
        return 1;
    }
    size_t want = t[0] >= 0xC2 && t[0] <= 0xDF   ? 2
                  : t[0] >= 0xE0 && t[0] <= 0xEF ? 3
                  : t[0] >= 0xF0 && t[0] <= 0xF4 ? 4
                                                 : 0;
    if (want == 0 || want > n) {
        return 0;
    }
    for (size_t i = 1; i < want; i++) {
        if ((t[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (t[0] == 0xE0 && t[1] < 0xA0) || (t[0] == 0xF0 && t[1] < 0x90);
    bool surrogate = t[0] == 0xED && t[1] > 0x9F;
    bool beyond = t[0] == 0xF4 && t[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : want;
}

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
    const unsigned char *t = (const unsigned char *)text;
    size_t n = text ? strlen(text) : 0;
    while (n > 0) {
        size_t len = sequence(t, n);
        const char *entity = len == 0 ? REPLACEMENT : len == 1 ? html_entity(t[0]) : NULL;
        if (entity) {
            bw_buf_puts(out, entity);
            len = 1;
        } else {
            bw_buf_add(out, t, len);
        }
        t += len;
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

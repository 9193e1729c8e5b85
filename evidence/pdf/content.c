/* SPDX-License-Identifier: GPL-3.0-or-later
 * content.c - artifacts in content streams (ISO 32000-1, 7.3.4 strings, 14.8.2.2
 * artifacts). */
#include "content.h"

#include <buf.h>
#include <errno.h>
#include <string.h>

/* Bytes of the string that begins at s[0] ('(' or a single '<'); 0: it has no end. */
static size_t string_length(const char *s, size_t n)
{
    int depth = 0;

    if (s[0] == '<') {
        const char *end = memchr(s, '>', n);
        return end ? (size_t)(end - s) + 1 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\\') {
            i++;
        } else if (s[i] == '(') {
            depth++;
        } else if (s[i] == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Bytes of a mark at s[0], 0 where there is none. */
static size_t mark_length(const char *s, size_t n)
{
    static const char begin[] = "/Private << /MCID ";
    static const char end[] = " >> BDC";
    size_t at = sizeof(begin) - 1;

    if (n < at || memcmp(s, begin, at) != 0) {
        return 0;
    }
    while (at < n && s[at] >= '0' && s[at] <= '9') {
        at++;
    }
    return n - at >= sizeof(end) - 1 && memcmp(s + at, end, sizeof(end) - 1) == 0
               ? at + sizeof(end) - 1
               : 0;
}

int bw_pdf_artifacts(const char *content, size_t n, struct bw_buf *out)
{
    size_t i = 0;

    while (i < n) {
        size_t len = 1;
        if (content[i] == '<' && i + 1 < n && content[i + 1] == '<') {
            len = 2;
        } else if (content[i] == '(' || content[i] == '<') {
            len = string_length(content + i, n - i);
            if (len == 0) {
                return -EINVAL;
            }
        } else if (content[i] == '/' && mark_length(content + i, n - i) > 0) {
            bw_buf_puts(out, "/Artifact BMC");
            i += mark_length(content + i, n - i);
            continue;
        }
        bw_buf_add(out, content + i, len);
        i += len;
    }
    return bw_buf_error(out);
}

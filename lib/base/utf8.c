/* SPDX-License-Identifier: GPL-3.0-or-later
 * utf8.c - well-formed characters by the table of RFC 3629 section 4.
 *
 * Invariant: no overlong form, no surrogate, nothing beyond U+10FFFF is ever accepted. */
#include "utf8.h"

#include <stdint.h>

static bool within(uint8_t c, uint8_t low, uint8_t high)
{
    return c >= low && c <= high;
}

size_t bw_utf8_char(const char *text, size_t n)
{
    uint8_t b[4] = {0};
    size_t len;

    for (size_t i = 0; i < n && i < 4; i++) {
        b[i] = (uint8_t)text[i];
    }
    if (n == 0) {
        return 0;
    }
    if (b[0] < 0x80) {
        return 1;
    }
    if (within(b[0], 0xc2, 0xdf)) {
        len = 2;
    } else if (within(b[0], 0xe0, 0xef)) {
        len = 3;
        if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f)) {
            return 0;
        }
    } else if (within(b[0], 0xf0, 0xf4)) {
        len = 4;
        if ((b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f)) {
            return 0;
        }
    } else {
        return 0;
    }
    if (n < len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (!within(b[i], 0x80, 0xbf)) {
            return 0;
        }
    }
    return len;
}

bool bw_utf8_valid(const char *text, size_t n)
{
    while (n > 0) {
        size_t len = bw_utf8_char(text, n);
        if (len == 0) {
            return false;
        }
        text += len;
        n -= len;
    }
    return true;
}

size_t bw_utf8_fit(const char *text, size_t n, size_t max)
{
    static const size_t replaced = sizeof("\xef\xbf\xbd") - 1;
    size_t used = 0;
    size_t at = 0;
    while (at < n) {
        size_t len = bw_utf8_char(text + at, n - at);
        used += len > 0 ? len : replaced;
        if (used > max) {
            break;
        }
        at += len > 0 ? len : 1;
    }
    return at;
}

size_t bw_utf8_hidden(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char a = (unsigned char)text[i];
        unsigned char b = i + 1 < n ? (unsigned char)text[i + 1] : 0;
        unsigned char c = i + 2 < n ? (unsigned char)text[i + 2] : 0;
        bool control = a < 0x20 || a == 0x7f || (a == 0xc2 && within(b, 0x80, 0x9f));
        bool turns = a == 0xe2 && ((b == 0x80 && within(c, 0xaa, 0xae)) ||
                                   (b == 0x81 && within(c, 0xa6, 0xa9)));
        if (control || turns) {
            return i;
        }
    }
    return n;
}

bool bw_utf8_readable(const char *text, size_t n, bool lines)
{
    if (!bw_utf8_valid(text, n)) {
        return false;
    }
    while (n > 0) {
        size_t at = bw_utf8_hidden(text, n);
        if (at == n) {
            return true;
        }
        if (!lines || (text[at] != '\n' && text[at] != '\t')) {
            return false;
        }
        text += at + 1;
        n -= at + 1;
    }
    return true;
}

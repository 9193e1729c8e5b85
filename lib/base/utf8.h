/* SPDX-License-Identifier: GPL-3.0-or-later
 * utf8.h - is a byte sequence one well-formed character (RFC 3629), and one to be shown. */
#ifndef BW_UTF8_H
#define BW_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed character at text[0…n), 1 to 4; 0 when there is none. */
size_t bw_utf8_char(const char *text, size_t n);
bool bw_utf8_valid(const char *text, size_t n);
/* How much of text[0…n) fits into max bytes where each byte that is no UTF-8 becomes U+FFFD
 * (as in JSON); it ends between characters. */
size_t bw_utf8_fit(const char *text, size_t n, size_t max);
/* Where, in well-formed text, the first character stands that is not for people to read: a
 * control character (C0, DEL, C1), or one that turns the direction of what follows
 * (U+202A…202E, U+2066…2069), so that a name looks like another. n where there is none. */
size_t bw_utf8_hidden(const char *text, size_t n);
/* Well-formed, and nothing hidden in it; with `lines` line ends ('\n') and tabs may be. */
bool bw_utf8_readable(const char *text, size_t n, bool lines);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_text.c - which characters the texts of contract v1 are made of. */
#include "summary_table.h"
#include "utf8.h"

#include <string.h>

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool bw_site_valid(const char *text)
{
    size_t n = strlen(text);
    if (n < 7 || n > BW_SITE_MAX || text[0] != 's' || text[1] != '-') {
        return false;
    }
    for (size_t i = 2; i < n; i++) {
        if (!is_lower(text[i]) && !(text[i] >= '2' && text[i] <= '9')) {
            return false;
        }
    }
    return true;
}

bool bw_name_valid(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > BW_NAME_MAX || !is_alnum(text[0])) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_alnum(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return true;
}

/* 43 characters of base64url whose last one carries no stray bits: 256 = 42 * 6 + 4. */
static bool is_hash(const char *text, size_t n)
{
    if (n != BW_HASH_LEN) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '_') {
            return false;
        }
    }
    return strchr("AEIMQUYcgkosw048", text[n - 1]) != NULL;
}

static bool is_word(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_lower(text[i]) && !is_digit(text[i]) && !strchr("._-/", text[i])) {
            return false;
        }
    }
    return n > 0;
}

static bool is_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_alnum(text[i]) && !strchr("._-:/+", text[i])) {
            return false;
        }
    }
    return n > 0;
}

size_t bw_text_char(const char *text, size_t n)
{
    const unsigned char *b = (const unsigned char *)text;
    size_t len = n ? bw_utf8_char(text, n) : 0;
    if (len == 1 && (b[0] < 0x20 || b[0] == 0x7f)) {
        return 0;
    }
    if (len == 2 && b[0] == 0xc2 && b[1] < 0xa0) { /* U+0080 to U+009F */
        return 0;
    }
    return len;
}

static bool is_text(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = bw_text_char(text + i, n - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return n > 0;
}

const char *bw_member_text_wrong(const struct bw_member *m, const char *text, size_t n)
{
    if (n > (size_t)m->max) {
        return "too long";
    }
    switch ((enum bw_kind)m->kind) {
    case BW_KIND_SITE:
        return bw_site_valid(text) ? NULL : "not a site (s- and five or more of a-z2-9)";
    case BW_KIND_NAME:
        return bw_name_valid(text) ? NULL : "not a name (letters, digits, '.', '_', '-')";
    case BW_KIND_HASH:
        return is_hash(text, n) ? NULL : "not 32 bytes in base64url";
    case BW_KIND_WORD:
    case BW_KIND_WORDS:
        return is_word(text, n) ? NULL : "not a word (a-z, 0-9, '.', '_', '-', '/')";
    case BW_KIND_TOKEN:
    case BW_KIND_PTOKEN:
        return is_token(text, n) ? NULL
                                 : "not a token (letters, digits, '.', '_', '-', ':')";
    case BW_KIND_TEXT:
    case BW_KIND_PTEXT:
        return is_text(text, n) ? NULL : "empty, not UTF-8 or with control characters";
    case BW_KIND_PHIST: /* bw_summary_check() reads it */
        return NULL;
    case BW_KIND_END:
    case BW_KIND_INT:
    case BW_KIND_BOOL:
    case BW_KIND_ENUM:
    case BW_KIND_STATIC:
    case BW_KIND_BITS:
    case BW_KIND_OBJECT:
    case BW_KIND_ARRAY:
        break;
    }
    return "not a text";
}

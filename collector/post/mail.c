/* SPDX-License-Identifier: GPL-3.0-or-later
 * mail.c - headers encoded word by word, bodies in base64.
 *
 * Invariant: every line ends with CR LF and has at most 78 characters but for the one that
 * a long address makes longer, never 998. */
#include "mail.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

enum {
    WORD_BYTES = 42, /* of text in one encoded word: 56 characters of base64 */
    LINE_BYTES = 57, /* of a body in one line: 76 characters */
    PLAIN_MAX = 60,  /* a longer text is encoded, and so cut into lines */
    CLEAN_MAX = 1200,
    LOCAL_MAX = 64,
    FILE_NAME_MAX = 120
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789+/";

static const char atoms[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789!#$%&'*+-/=?^_`{|}~.";
static const char hosts[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-.";

/* RFC 4648 section 4, with padding. */
static void base64(struct bw_buf *b, const unsigned char *data, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16;
        v |= i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0;
        v |= i + 2 < n ? (uint32_t)data[i + 2] : 0;
        bw_buf_putc(b, alphabet[v >> 18]);
        bw_buf_putc(b, alphabet[v >> 12 & 63]);
        bw_buf_putc(b, (char)(i + 1 < n ? alphabet[v >> 6 & 63] : '='));
        bw_buf_putc(b, (char)(i + 2 < n ? alphabet[v & 63] : '='));
    }
}

static bool dotted(const char *text, size_t n, size_t most)
{
    if (n == 0 || n > most || text[0] == '.' || text[n - 1] == '.') {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (text[i] == '.' && text[i - 1] == '.') {
            return false;
        }
    }
    return true;
}

bool bw_mail_address_fits(const char *address)
{
    size_t n = strlen(address);
    size_t local = strspn(address, atoms);
    const char *domain = address + local + 1;

    return n <= BW_MAIL_ADDRESS_MAX && address[local] == '@' &&
           dotted(address, local, LOCAL_MAX) && dotted(domain, strlen(domain), n) &&
           strspn(domain, hosts) == strlen(domain) && domain[0] != '-';
}

const char *bw_mail_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? at + 1 : "";
}

void bw_mail_id(const char *key, const char *domain, char ret[BW_MAIL_ID_MAX + 1])
{
    char hash[BW_HASH_LEN + 1];

    bw_sha256_text(key, strlen(key), hash);
    (void)snprintf(ret, BW_MAIL_ID_MAX + 1, "<%s@%.100s>", hash, domain);
}

/* ---- headers ---------------------------------------------------------------------------
 */

/* One line, well-formed: control characters and what turns directions become spaces. */
static void clean(const char *text, struct bw_buf *out)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n && out->len < CLEAN_MAX;) {
        size_t c = bw_utf8_char(text + i, n - i);
        if (c == 0) {
            bw_buf_puts(out, "\xef\xbf\xbd");
            i++;
        } else if (bw_utf8_hidden(text + i, c) < c) {
            bw_buf_putc(out, ' ');
            i += c;
        } else {
            bw_buf_add(out, text + i, c);
            i += c;
        }
    }
}

static bool plain(const char *text, size_t n, bool phrase)
{
    for (size_t i = 0; i < n; i++) {
        bool word = (text[i] >= 'a' && text[i] <= 'z') ||
                    (text[i] >= 'A' && text[i] <= 'Z') ||
                    (text[i] >= '0' && text[i] <= '9') || text[i] == ' ';
        if (text[i] < ' ' || text[i] > '~' || (phrase && !word)) {
            return false;
        }
    }
    return n <= PLAIN_MAX && !strstr(text, "=?") && (n == 0 || text[0] != ' ');
}

/* RFC 2047: words of whole characters, each on a line of its own. */
static void words(struct bw_buf *b, const char *text, size_t n)
{
    for (size_t i = 0, next; i < n; i = next) {
        next = i;
        while (next < n) {
            size_t c = bw_utf8_char(text + next, n - next);
            if (next + c - i > WORD_BYTES) {
                break;
            }
            next += c;
        }
        bw_buf_puts(b, i ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        base64(b, (const unsigned char *)text + i, next - i);
        bw_buf_puts(b, "?=");
    }
}

static void unstructured(struct bw_buf *b, const char *text, bool phrase)
{
    struct bw_buf one;

    bw_buf_init(&one, (size_t)2 * CLEAN_MAX);
    clean(text, &one);
    if (one.len > 0 && plain(one.data, one.len, phrase)) {
        bw_buf_add(b, one.data, one.len);
    } else if (one.len > 0) {
        words(b, one.data, one.len);
    }
    bw_buf_done(&one);
}

static void date(struct bw_buf *b, int64_t unix_s)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = unix_s / 86400;
    int s = (int)(unix_s % 86400);
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    bw_buf_printf(b, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n",
                  days[bw_civil_weekday(day)], d, months[m - 1], y, s / 3600, s / 60 % 60,
                  s % 60);
}

/* ---- bodies ----------------------------------------------------------------------------
 */

static void body(struct bw_buf *b, const void *data, size_t n)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < n; i += LINE_BYTES) {
        base64(b, at + i, n - i < LINE_BYTES ? n - i : LINE_BYTES);
        bw_buf_puts(b, "\r\n");
    }
}

static void part(struct bw_buf *b, const char *boundary, const char *type, const char *text)
{
    bw_buf_printf(b,
                  "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  boundary, type);
    body(b, text, strlen(text));
}

/* RFC 2183; names are plain, so nothing of RFC 2231 is needed. */
static void attach(struct bw_buf *b, const char *boundary, const struct bw_mail_file *f)
{
    bw_buf_printf(b,
                  "--%s\r\nContent-Type: %s\r\n"
                  "Content-Disposition: attachment;\r\n filename=\"%s\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  boundary, f->type, f->name);
    body(b, f->data, f->n);
}

static const char file_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-";

static bool file_fits(const struct bw_mail_file *f)
{
    size_t n = strlen(f->name);

    return n > 0 && n <= FILE_NAME_MAX && strspn(f->name, file_chars) == n &&
           strcspn(f->type, "\r\n\"") == strlen(f->type);
}

/* Lines of a text part end with CR LF before they are encoded (RFC 2045 section 6.8). */
static void lines(struct bw_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            bw_buf_putc(out, '\r');
        }
        if (*text != '\r') {
            bw_buf_putc(out, *text);
        }
    }
}

static bool id_fits(const char *id)
{
    size_t n = strlen(id);
    return n > 2 && n <= BW_MAIL_ID_MAX && id[0] == '<' && id[n - 1] == '>' &&
           strcspn(id, " \t\r\n") == n;
}

int bw_mail_write(const struct bw_mail *m, struct bw_buf *out, struct bw_err *reterr)
{
    char boundary[BW_HASH_LEN + 4] = "=_"; /* no line of base64 begins so */
    char outer[BW_HASH_LEN + 4] = "=-";
    struct bw_buf text;

    if (!bw_mail_address_fits(m->from) || !bw_mail_address_fits(m->to) ||
        !id_fits(m->message_id) || (m->references[0] && !id_fits(m->references)) ||
        strspn(m->list_id, hosts) != strlen(m->list_id)) {
        return bw_err_set(reterr, -EINVAL, "an address or id of a mail does not fit");
    }
    for (size_t i = 0; i < m->n_files; i++) {
        if (!file_fits(&m->files[i])) {
            return bw_err_set(reterr, -EINVAL, "the name of a mail's file does not fit");
        }
    }
    bw_sha256_text(m->message_id, strlen(m->message_id), boundary + 2);
    (void)snprintf(outer + 2, sizeof(outer) - 2, "%s", boundary + 2);
    bw_buf_init(&text, out->max);
    date(out, m->date_unix_s);
    bw_buf_puts(out, "From: ");
    unstructured(out, m->from_name, true);
    bw_buf_printf(out, "%s<%s>\r\nTo: <%s>\r\nSubject: ", m->from_name[0] ? "\r\n " : "",
                  m->from, m->to);
    unstructured(out, m->subject, false);
    bw_buf_printf(out, "\r\nMessage-ID: %s\r\n", m->message_id);
    if (m->references[0]) {
        bw_buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", m->references,
                      m->references);
    }
    bw_buf_puts(out, "Auto-Submitted: auto-generated\r\n"
                     "X-Auto-Response-Suppress: All\r\nList-Id: ");
    unstructured(out, m->list_name, true);
    bw_buf_printf(out, "%s<%s>\r\nMIME-Version: 1.0\r\n", m->list_name[0] ? "\r\n " : "",
                  m->list_id);
    if (m->n_files > 0) {
        bw_buf_printf(out,
                      "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n",
                      outer, outer);
    }
    bw_buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
                  boundary);
    lines(&text, m->text);
    bw_buf_puts(&text, "");
    part(out, boundary, "plain", text.data ? text.data : "");
    if (m->html) {
        bw_buf_clear(&text);
        lines(&text, m->html);
        part(out, boundary, "html", text.data ? text.data : "");
    }
    bw_buf_printf(out, "--%s--\r\n", boundary);
    for (size_t i = 0; i < m->n_files; i++) {
        attach(out, outer, &m->files[i]);
    }
    if (m->n_files > 0) {
        bw_buf_printf(out, "--%s--\r\n", outer);
    }
    int r = bw_buf_error(&text) < 0 ? bw_buf_error(&text) : bw_buf_error(out);
    bw_buf_done(&text);
    return r < 0 ? bw_err_set(reterr, r, "a mail is too long") : 0;
}

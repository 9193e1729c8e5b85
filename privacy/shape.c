/* SPDX-License-Identifier: GPL-3.0-or-later
 * shape.c - what in a text looks like an address of a machine or a person.
 *
 * One pass; every kind is tried where one can begin, by itself, so that an address within
 * something longer is found, too. */
#include "shape.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    V6_TEXT_MAX = 45,
    V4_BARE = 8, /* hexadecimal digits without anything between */
    MAC_BARE = 12,
    V6_BARE = 32,
    NIBBLES = 32,
    LOCAL_MIN = 3, /* of an e-mail address */
    TLD_MAX = 10,
    HOST_MAX = 253
};

struct scan {
    const char *text;
    size_t n;
    bool hosts;
    int (*cb)(void *owner, const struct bw_shape *s);
    void *owner;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_alpha(c);
}

static int nibble(char c)
{
    return is_digit(c)              ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                    : -1;
}

static bool is_hex(char c)
{
    return nibble(c) >= 0;
}

/* The character at i, NUL outside. */
static char at(const struct scan *s, size_t i)
{
    return (char)(i < s->n ? s->text[i] : '\0');
}

static char before(const struct scan *s, size_t i)
{
    return (char)(i > 0 ? s->text[i - 1] : '\0');
}

size_t bw_shape_bytes(enum bw_shape_kind k)
{
    return k == BW_SHAPE_V4 ? 4 : k == BW_SHAPE_V6 ? 16 : k == BW_SHAPE_MAC ? 6 : 0;
}

const char *bw_shape_kind_name(enum bw_shape_kind k)
{
    static const char *const names[] = {[BW_SHAPE_V4] = "IPv4 address",
                                        [BW_SHAPE_V6] = "IPv6 address",
                                        [BW_SHAPE_MAC] = "MAC address",
                                        [BW_SHAPE_HOST] = "host name",
                                        [BW_SHAPE_MAIL] = "e-mail address"};
    return names[k];
}

bool bw_shape_of_nobody(enum bw_shape_kind k, const uint8_t *b)
{
    static const uint8_t zero[BW_SHAPE_BYTES];
    switch (k) {
    case BW_SHAPE_V4:
        return b[0] == 0 || b[0] == 127 || b[0] >= 224;
    case BW_SHAPE_V6: /* ::, ::1, multicast, and those that hold an IPv4 address of nobody
                       */
        if (memcmp(b, zero, 10) == 0 && b[10] == 0xff && b[11] == 0xff) {
            return bw_shape_of_nobody(BW_SHAPE_V4, b + 12);
        }
        return b[0] == 0xff || (memcmp(b, zero, 15) == 0 && b[15] <= 1);
    case BW_SHAPE_MAC:
        return (b[0] & 1) != 0 || memcmp(b, zero, 6) == 0;
    case BW_SHAPE_HOST:
    case BW_SHAPE_MAIL:
        break;
    }
    return false;
}

static int give(const struct scan *s,
                enum bw_shape_kind kind,
                bool strict,
                const uint8_t *bytes,
                size_t from,
                size_t to)
{
    struct bw_shape found = {.kind = kind, .strict = strict, .at = from, .n = to - from};
    if (bytes) {
        memcpy(found.bytes, bytes, bw_shape_bytes(kind));
    }
    return s->cb(s->owner, &found);
}

/* ---- IPv4 --------------------------------------------------------------------------- */

/* Four numbers with the same mark between; gives where they end, 0: none. */
static size_t four_numbers(const struct scan *s, size_t from, uint8_t ret[4])
{
    char mark = '\0';
    size_t i = from;
    for (size_t k = 0; k < 4; k++) {
        unsigned v = 0;
        size_t digits = 0;
        while (digits < 4 && is_digit(at(s, i))) {
            v = v * 10 + (unsigned)(at(s, i++) - '0');
            digits++;
        }
        if (digits == 0 || digits > 3 || v > 255) {
            return 0;
        }
        ret[k] = (uint8_t)v;
        if (k == 0) {
            mark = at(s, i);
            if (mark != '.' && mark != '-' && mark != '_') {
                return 0;
            }
        }
        if (k < 3 && at(s, i++) != mark) {
            return 0;
        }
    }
    return i;
}

static int try_v4(const struct scan *s, size_t from)
{
    static const char arpa[] = ".in-addr";
    uint8_t b[4];
    size_t to = four_numbers(s, from, b);
    if (to == 0) {
        return 0;
    }
    char prev = before(s, from);
    char next = at(s, to);
    bool strict = memchr(s->text + from, '.', to - from) && !is_alnum(prev) &&
                  prev != '.' && prev != '-' && prev != '_' && !is_alnum(next) &&
                  next != '_' && !(next == '.' && is_alnum(at(s, to + 1))) && next != '-';
    int r = give(s, BW_SHAPE_V4, strict, b, from, to);
    if (r == 0 && s->n - to >= sizeof(arpa) - 1 &&
        strncasecmp(s->text + to, arpa, sizeof(arpa) - 1) == 0) {
        const uint8_t back[4] = {b[3], b[2], b[1], b[0]};
        r = give(s, BW_SHAPE_V4, true, back, from, to);
    }
    return r;
}

/* ---- IPv6 and what has colons -------------------------------------------------------- */

/* The longest IPv6 address of text[from … end); gives where it ends, 0: none. */
static size_t longest_v6(const struct scan *s, size_t from, size_t end, uint8_t ret[16])
{
    char copy[V6_TEXT_MAX + 1];
    size_t most = end - from < V6_TEXT_MAX ? end : from + V6_TEXT_MAX;
    for (size_t to = most; to > from + 2; to--) {
        if (to < end && s->text[to] != ':' && s->text[to] != '.') {
            continue; /* within a group */
        }
        memcpy(copy, s->text + from, to - from);
        copy[to - from] = '\0';
        if (inet_pton(AF_INET6, copy, ret) == 1) {
            return to;
        }
    }
    return 0;
}

/* A run of hexadecimal digits, colons and full stops begins here. */
static int try_v6(const struct scan *s, size_t from)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    size_t end = from;
    size_t colons = 0;
    int r = 0;
    while (is_hex(at(s, end)) || at(s, end) == ':' || at(s, end) == '.') {
        colons += at(s, end++) == ':';
    }
    for (size_t i = from; r == 0 && colons >= 2 && i + 2 < end; i++) {
        uint8_t b[16];
        bool group = i == from || s->text[i - 1] == ':' ||
                     (s->text[i] == ':' && s->text[i + 1] == ':');
        size_t to = group ? longest_v6(s, i, end, b) : 0;
        if (to == 0) {
            continue;
        }
        bool whole = i == from ? !is_alnum(before(s, i))
                               : i == from + 1 && s->text[from] == ':' && s->text[i] != ':';
        bool strict = whole && (to < end || !is_alnum(at(s, to)));
        r = give(s, BW_SHAPE_V6, strict, b, i, to);
        if (r == 0 && memcmp(b, mapped, sizeof(mapped)) == 0 &&
            !memchr(s->text + i, '.', to - i)) { /* else found by itself */
            r = give(s, BW_SHAPE_V4, strict, b + 12, i, to);
        }
    }
    return r;
}

/* 32 digits, one a label, backwards: ….ip6.arpa */
static int try_nibbles(const struct scan *s, size_t from)
{
    uint8_t b[16] = {0};
    for (size_t i = 0; i < NIBBLES; i++) {
        int v = nibble(at(s, from + 2 * i));
        if (v < 0 || at(s, from + 2 * i + 1) != '.') {
            return 0;
        }
        size_t k = NIBBLES - 1 - i;
        b[k / 2] = (uint8_t)(b[k / 2] | (k % 2 ? v : v << 4));
    }
    return give(s, BW_SHAPE_V6, false, b, from, from + 2UL * NIBBLES - 1);
}

/* ---- MAC addresses and bare hexadecimal digits ----------------------------------------
 */

static int try_mac(const struct scan *s, size_t from)
{
    uint8_t b[6] = {0};
    char mark = at(s, from + 2);
    size_t i = from;
    if (mark != ':' && mark != '-' && mark != '.') {
        return 0;
    }
    for (size_t k = 0; k < 6; k++, i += 2) {
        int hi = nibble(at(s, i));
        int lo = nibble(at(s, i + 1));
        if (hi < 0 || lo < 0) {
            return 0;
        }
        b[k] = (uint8_t)(hi << 4 | lo);
        if (k < 5 && at(s, i + 2) != mark) {
            return 0;
        }
        i += k < 5;
    }
    char prev = before(s, from);
    bool strict = mark != '.' && !is_alnum(prev) && prev != mark && !is_alnum(at(s, i)) &&
                  at(s, i) != mark;
    return give(s, BW_SHAPE_MAC, strict, b, from, i);
}

/* 0200.5e10.0a01 */
static int try_mac_words(const struct scan *s, size_t from)
{
    uint8_t b[6] = {0};
    for (size_t k = 0; k < 14; k++) {
        int v = nibble(at(s, from + k));
        if (k % 5 == 4 ? at(s, from + k) != '.' : v < 0) {
            return 0;
        }
        if (k % 5 != 4) {
            size_t d = k - k / 5;
            b[d / 2] = (uint8_t)(b[d / 2] | (d % 2 ? v : v << 4));
        }
    }
    return is_hex(at(s, from + 14)) ? 0 : give(s, BW_SHAPE_MAC, false, b, from, from + 14);
}

static int try_bare(const struct scan *s, size_t from)
{
    uint8_t b[BW_SHAPE_BYTES] = {0};
    size_t n = 0;
    while (n <= V6_BARE && is_hex(at(s, from + n))) {
        n++;
    }
    if ((n != V4_BARE && n != MAC_BARE && n != V6_BARE) || is_alnum(at(s, from + n))) {
        return 0;
    }
    for (size_t k = 0; k < n; k++) {
        int v = nibble(at(s, from + k));
        b[k / 2] = (uint8_t)(b[k / 2] | (k % 2 ? v : v << 4));
    }
    enum bw_shape_kind kind = n == V4_BARE    ? BW_SHAPE_V4
                              : n == MAC_BARE ? BW_SHAPE_MAC
                                              : BW_SHAPE_V6;
    int r = give(s, kind, false, b, from, from + n);
    if (r == 0 && kind == BW_SHAPE_V4) {
        const uint8_t back[4] = {b[3], b[2], b[1], b[0]};
        r = give(s, kind, false, back, from, from + n);
    }
    return r;
}

/* ---- names ----------------------------------------------------------------------------
 */

static bool is_host_char(char c)
{
    return is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* Where the host name text[from … end) ends without what follows it; 0: it is none. */
static size_t host_end(const struct scan *s, size_t from, size_t end)
{
    while (end > from && !is_alnum(s->text[end - 1])) {
        end--;
    }
    size_t label = end;
    while (label > from && s->text[label - 1] != '.') {
        if (!is_alpha(s->text[label - 1])) {
            return 0;
        }
        label--;
    }
    bool good = label > from + 1 && end - label >= 2 && end - from <= HOST_MAX &&
                is_alnum(s->text[from]);
    for (size_t i = from; good && i + 1 < end; i++) {
        good = s->text[i] != '.' || s->text[i + 1] != '.';
    }
    return good ? end : 0;
}

static int try_host(const struct scan *s, size_t from)
{
    size_t end = from;
    while (is_host_char(at(s, end))) {
        end++;
    }
    end = at(s, end) == '@' ? 0 : host_end(s, from, end);
    return end ? give(s, BW_SHAPE_HOST, true, NULL, from, end) : 0;
}

static int try_mail(const struct scan *s, size_t sign)
{
    size_t from = sign;
    size_t end = sign + 1;
    while (from > 0 && (is_host_char(s->text[from - 1]) || s->text[from - 1] == '+')) {
        from--;
    }
    while (is_host_char(at(s, end))) {
        end++;
    }
    end = host_end(s, sign + 1, end);
    if (sign - from < LOCAL_MIN || end == 0) {
        return 0;
    }
    size_t tld = end;
    while (s->text[tld - 1] != '.') {
        tld--;
    }
    /* random bytes make shorter ones by chance */
    return end - tld <= TLD_MAX && tld - 1 - (sign + 1) >= LOCAL_MIN
               ? give(s, BW_SHAPE_MAIL, true, NULL, from, end)
               : 0;
}

/* ---- all of them ------------------------------------------------------------------------
 */

static int try_at(const struct scan *s, size_t i)
{
    char c = s->text[i];
    char prev = before(s, i);
    int r = 0;
    if (c == '@') {
        return try_mail(s, i);
    }
    if (is_digit(c) && !is_digit(prev)) {
        r = try_v4(s, i);
    }
    if (r == 0 && (is_hex(c) || c == ':') && !is_hex(prev) && prev != ':' && prev != '.') {
        r = try_v6(s, i);
    }
    if (r == 0 && is_hex(c) && !is_hex(prev)) {
        r = try_mac(s, i);
        r = r == 0 && at(s, i + 4) == '.' ? try_mac_words(s, i) : r;
        r = r == 0 && !is_alnum(prev) ? try_bare(s, i) : r;
        r = r == 0 && prev != '.' && at(s, i + 1) == '.' ? try_nibbles(s, i) : r;
    }
    if (r == 0 && s->hosts && is_alnum(c) && !is_host_char(prev)) {
        r = try_host(s, i);
    }
    return r;
}

int bw_shapes(const char *text,
              size_t n,
              bool hosts,
              int (*cb)(void *owner, const struct bw_shape *s),
              void *owner)
{
    const struct scan s = {.text = text, .n = n, .hosts = hosts, .cb = cb, .owner = owner};
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        char c = text[i];
        if (is_alnum(c) || c == ':' || c == '@') {
            r = try_at(&s, i);
        }
    }
    return r;
}

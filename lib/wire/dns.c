/* SPDX-License-Identifier: GPL-3.0-or-later
 * dns.c - DNS messages as bytes. Every read is behind a length check; `at` is always a
 * place within the message or just behind it. */
#include "dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_MAX = 63,
    POINTERS_MAX = 127, /* of one name: as many as it can have labels */
    POINTER = 0xc0,     /* the two bits of a length byte that is a pointer */
    FLAG_RESPONSE = 0x8000,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSE = 0x0100,
    FLAG_RECURSION_AVAILABLE = 0x0080,
    QUESTION_TAIL = 4, /* type and class */
    RECORD_TAIL = 10,  /* type, class, TTL, length of the data */
    OPT_BYTES = 11,    /* the root's name and RECORD_TAIL */
    ALIASES_MAX = 8
};

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Names ------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One byte of a label as it is written; -EINVAL for what nobody would write. */
static int read_char(const char **text)
{
    const char *t = *text;
    unsigned value;
    if (*t != '\\') {
        if (*t <= ' ' || *t > '~') {
            return -EINVAL;
        }
        *text = t + 1;
        return (uint8_t)*t;
    }
    t++;
    if (!is_digit(t[0])) {
        if (*t <= ' ' || *t > '~') {
            return -EINVAL;
        }
        *text = t + 1;
        return (uint8_t)*t;
    }
    if (!is_digit(t[1]) || !is_digit(t[2])) {
        return -EINVAL;
    }
    value =
        (unsigned)(t[0] - '0') * 100 + (unsigned)(t[1] - '0') * 10 + (unsigned)(t[2] - '0');
    *text = t + 3;
    return value > 255 ? -EINVAL : (int)value;
}

int bw_dns_name_parse(const char *text, struct bw_dns_name *ret)
{
    struct bw_dns_name name = {.len = 0};
    size_t at = 1;    /* where the next byte goes … */
    size_t label = 0; /* … and where its label's length is */
    if (strcmp(text, ".") == 0) {
        *ret = (struct bw_dns_name){.len = 1};
        return 0;
    }
    while (*text != '\0') {
        if (*text == '.') {
            if (at == label + 1) {
                return -EINVAL;
            }
            label = at++;
            text++;
        } else {
            int c = read_char(&text);
            if (c < 0 || at - label > LABEL_MAX || at >= BW_DNS_NAME_MAX - 1) {
                return -EINVAL;
            }
            name.bytes[at++] = (uint8_t)c;
            name.bytes[label] = (uint8_t)(at - label - 1);
        }
    }
    if (at == 1) {
        return -EINVAL;
    }
    if (at > label + 1) { /* no dot at the end: the root's label is still to come */
        label = at++;
    }
    name.bytes[label] = 0;
    name.len = (uint8_t)at;
    *ret = name;
    return 0;
}

void bw_dns_name_format(const struct bw_dns_name *name, char text[BW_DNS_TEXT_MAX])
{
    size_t n = 0;
    size_t at = 0;
    while (at < name->len && name->bytes[at] != 0) {
        size_t end = at + 1 + name->bytes[at];
        if (n > 0) {
            text[n++] = '.';
        }
        for (at++; at < end && at < name->len; at++) {
            unsigned c = name->bytes[at];
            if (c <= ' ' || c > '~') {
                n += (size_t)snprintf(text + n, BW_DNS_TEXT_MAX - n, "\\%03u", c);
            } else {
                if (c == '.' || c == '\\') {
                    text[n++] = '\\';
                }
                text[n++] = (char)c;
            }
        }
    }
    if (n == 0) {
        text[n++] = '.';
    }
    text[n] = '\0';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool bw_dns_name_equal(const struct bw_dns_name *a, const struct bw_dns_name *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (size_t i = 0; i < a->len; i++) { /* a length is below 'A' */
        if (lower(a->bytes[i]) != lower(b->bytes[i])) {
            return false;
        }
    }
    return true;
}

/* The name at *at, which is moved behind it. */
static int read_name(const uint8_t *p, size_t n, size_t *at, struct bw_dns_name *ret)
{
    size_t i = *at;
    size_t run = i; /* where this run of labels began: a pointer must lead before it */
    size_t behind = 0;
    size_t len = 0;
    int pointers = 0;
    for (;;) {
        unsigned c;
        if (i >= n) {
            return -EBADMSG;
        }
        c = p[i];
        if ((c & POINTER) == POINTER) {
            size_t to;
            if (n - i < 2) {
                return -EBADMSG;
            }
            to = get16(p + i) & 0x3fffU;
            if (to >= run || ++pointers > POINTERS_MAX) {
                return -EBADMSG;
            }
            if (behind == 0) {
                behind = i + 2;
            }
            i = run = to;
        } else if (c > LABEL_MAX || n - i < (size_t)c + 1 ||
                   len + c + 1 > BW_DNS_NAME_MAX) {
            return -EBADMSG;
        } else {
            (void)memcpy(ret->bytes + len, p + i, (size_t)c + 1);
            len += (size_t)c + 1;
            i += (size_t)c + 1;
            if (c == 0) {
                break;
            }
        }
    }
    ret->len = (uint8_t)len;
    *at = behind != 0 ? behind : i;
    return 0;
}

/* Words ------------------------------------------------------------------------ */

const char *const bw_dns_type_words[] = {"A",   "AAAA",   "NS",    "SOA", "CNAME",
                                         "PTR", "MX",     "TXT",   "SRV", "CAA",
                                         "DS",  "DNSKEY", "HTTPS", NULL};

uint16_t bw_dns_type_of(const char *word)
{
    static const uint16_t numbers[] = {1, 28, 2, 6, 5, 12, 15, 16, 33, 257, 43, 48, 65};
    for (size_t i = 0; bw_dns_type_words[i]; i++) {
        if (strcmp(bw_dns_type_words[i], word) == 0) {
            return numbers[i];
        }
    }
    return 0;
}

const char *bw_dns_rcode_word(unsigned rcode, char word[BW_DNS_WORD_MAX])
{
    /* The registry of RFC 6895 section 2.3. */
    static const char *const words[] = {
        [0] = "noerror", [1] = "formerr",   [2] = "servfail",   [3] = "nxdomain",
        [4] = "notimp",  [5] = "refused",   [6] = "yxdomain",   [7] = "yxrrset",
        [8] = "nxrrset", [9] = "notauth",   [10] = "notzone",   [16] = "badvers",
        [17] = "badkey", [18] = "badtime",  [19] = "badmode",   [20] = "badname",
        [21] = "badalg", [22] = "badtrunc", [23] = "badcookie",
    };
    const char *known =
        rcode < sizeof(words) / sizeof(words[0]) && words[rcode] ? words[rcode] : NULL;
    if (known) {
        (void)snprintf(word, BW_DNS_WORD_MAX, "%s", known);
    } else {
        (void)snprintf(word, BW_DNS_WORD_MAX, "rcode-%u", rcode & 0xfffU);
    }
    return word;
}

/* Messages --------------------------------------------------------------------- */

size_t bw_dns_build(uint8_t *buf,
                    size_t cap,
                    uint16_t id,
                    const struct bw_dns_question *question,
                    uint16_t udp_bytes)
{
    size_t name_len = question->name.len;
    size_t len = BW_DNS_HEADER + name_len + QUESTION_TAIL + (udp_bytes > 0 ? OPT_BYTES : 0);
    uint8_t *p = buf;
    if (name_len == 0 || len > cap) {
        return 0;
    }
    (void)memset(p, 0, len);
    put16(p, id);
    put16(p + 2, FLAG_RECURSE);
    put16(p + 4, 1);
    put16(p + 10, udp_bytes > 0 ? 1 : 0);
    p += BW_DNS_HEADER;
    (void)memcpy(p, question->name.bytes, name_len);
    p += name_len;
    put16(p, question->type);
    put16(p + 2, question->klass);
    p += QUESTION_TAIL;
    if (udp_bytes > 0) { /* RFC 6891 section 6.1.2: the root's name, type, size, no flags */
        put16(p + 1, BW_DNS_OPT);
        put16(p + 3, udp_bytes);
    }
    return len;
}

static int
read_question(const uint8_t *p, size_t n, size_t *at, struct bw_dns_question *ret)
{
    int r = read_name(p, n, at, &ret->name);
    if (r < 0 || n - *at < QUESTION_TAIL) {
        return -EBADMSG;
    }
    ret->type = get16(p + *at);
    ret->klass = get16(p + *at + 2);
    *at += QUESTION_TAIL;
    return 0;
}

void bw_dns_walk_init(struct bw_dns_walk *w, const struct bw_dns_msg *m)
{
    *w = (struct bw_dns_walk){.msg = m,
                              .at = m->records_at,
                              .left = {m->n_answers, m->n_authority, m->n_additional}};
}

int bw_dns_walk_next(struct bw_dns_walk *w, struct bw_dns_record *ret)
{
    const uint8_t *p = w->msg->bytes;
    size_t n = w->msg->len;
    size_t section = 0;
    while (section < BW_DNS_SECTIONS && w->left[section] == 0) {
        section++;
    }
    if (section == BW_DNS_SECTIONS) {
        return 0;
    }
    if (read_name(p, n, &w->at, &ret->name) < 0 || n - w->at < RECORD_TAIL) {
        return -EBADMSG;
    }
    w->left[section]--;
    ret->section = (enum bw_dns_section)section;
    ret->type = get16(p + w->at);
    ret->klass = get16(p + w->at + 2);
    ret->ttl_s = get32(p + w->at + 4);
    ret->data_len = get16(p + w->at + 8);
    ret->data_at = w->at + RECORD_TAIL;
    if (n - ret->data_at < ret->data_len) {
        return -EBADMSG;
    }
    w->at = ret->data_at + ret->data_len;
    return 1;
}

/* RFC 6891 section 6.1: one at most, of the root, among the additional ones. */
static int read_opt(const struct bw_dns_record *rr, struct bw_dns_msg *m)
{
    if (m->edns || rr->section != BW_DNS_ADDITIONAL || rr->name.len != 1) {
        return -EBADMSG;
    }
    m->edns = true;
    m->edns_udp_bytes = rr->klass;
    m->rcode = (uint16_t)(m->rcode | (rr->ttl_s >> 24) << 4);
    m->edns_version = (uint8_t)(rr->ttl_s >> 16);
    return 0;
}

static int read_records(struct bw_dns_msg *m)
{
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    int r;
    bw_dns_walk_init(&w, m);
    while ((r = bw_dns_walk_next(&w, &rr)) == 1) {
        if (rr.type == BW_DNS_OPT && read_opt(&rr, m) < 0) {
            return -EBADMSG;
        }
    }
    return m->truncated ? 0 : r;
}

int bw_dns_parse(const uint8_t *p, size_t n, struct bw_dns_msg *ret)
{
    struct bw_dns_msg m = {.bytes = p, .len = n};
    size_t at = BW_DNS_HEADER;
    unsigned flags;
    if (n < BW_DNS_HEADER || n > BW_DNS_MESSAGE_MAX) {
        return -EBADMSG;
    }
    flags = get16(p + 2);
    m.id = get16(p);
    m.response = (flags & FLAG_RESPONSE) != 0;
    m.truncated = (flags & FLAG_TRUNCATED) != 0;
    m.recursion_available = (flags & FLAG_RECURSION_AVAILABLE) != 0;
    m.opcode = (uint8_t)(flags >> 11 & 0xf);
    m.rcode = (uint16_t)(flags & 0xf);
    m.n_questions = get16(p + 4);
    m.n_answers = get16(p + 6);
    m.n_authority = get16(p + 8);
    m.n_additional = get16(p + 10);
    for (unsigned i = 0; i < m.n_questions; i++) {
        struct bw_dns_question another;
        if (read_question(p, n, &at, i == 0 ? &m.question : &another) < 0) {
            return -EBADMSG;
        }
    }
    m.records_at = at;
    if (read_records(&m) < 0) {
        return -EBADMSG;
    }
    *ret = m;
    return 0;
}

enum bw_dns_match bw_dns_match(const struct bw_dns_msg *m,
                               uint16_t id,
                               const struct bw_dns_question *question)
{
    if (!m->response || m->opcode != 0) {
        return BW_DNS_NO_RESPONSE;
    }
    if (m->id != id) {
        return BW_DNS_OTHER_ID;
    }
    if (m->n_questions == 0 && (m->rcode == BW_DNS_FORMERR || m->rcode == BW_DNS_NOTIMP)) {
        return BW_DNS_MATCH;
    }
    if (m->n_questions != 1 || m->question.type != question->type ||
        m->question.klass != question->klass ||
        !bw_dns_name_equal(&m->question.name, &question->name)) {
        return BW_DNS_OTHER_QUESTION;
    }
    return BW_DNS_MATCH;
}

/* Addresses -------------------------------------------------------------------- */

/* All addresses of one name; or its alias in *ret_alias, *ret_aliased true. */
static size_t addresses_of(const struct bw_dns_msg *m,
                           const struct bw_dns_name *name,
                           int family,
                           struct bw_dns_address *ret,
                           size_t cap,
                           struct bw_dns_name *ret_alias,
                           bool *ret_aliased)
{
    uint16_t want = family == 4 ? BW_DNS_A : BW_DNS_AAAA;
    size_t size = family == 4 ? 4 : 16;
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    size_t n = 0;
    *ret_aliased = false;
    bw_dns_walk_init(&w, m);
    while (bw_dns_walk_next(&w, &rr) == 1 && rr.section == BW_DNS_ANSWER) {
        if (rr.klass != BW_DNS_IN || !bw_dns_name_equal(&rr.name, name)) {
            continue;
        }
        if (rr.type == want && rr.data_len == size && n < cap) {
            ret[n] = (struct bw_dns_address){{0}};
            (void)memcpy(ret[n].bytes, m->bytes + rr.data_at, size);
            n++;
        } else if (rr.type == BW_DNS_CNAME) {
            size_t at = rr.data_at;
            *ret_aliased =
                read_name(m->bytes, rr.data_at + rr.data_len, &at, ret_alias) == 0;
        }
    }
    return n;
}

size_t bw_dns_addresses(const struct bw_dns_msg *m,
                        int family,
                        struct bw_dns_address *ret,
                        size_t cap)
{
    struct bw_dns_name name;
    bool aliased = true;
    size_t n = 0;
    if (m->truncated || m->n_questions == 0) {
        return 0;
    }
    name = m->question.name;
    for (int i = 0; n == 0 && aliased && i <= ALIASES_MAX; i++) {
        struct bw_dns_name alias;
        n = addresses_of(m, &name, family, ret, cap, &alias, &aliased);
        if (aliased) {
            name = alias;
        }
    }
    return n;
}

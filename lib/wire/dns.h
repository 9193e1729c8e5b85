/* SPDX-License-Identifier: GPL-3.0-or-later
 * dns.h - DNS messages as bytes (RFC 1035, EDNS of RFC 6891): building a query, reading
 * and matching what comes back. Pure; any thread; no memory is taken.
 *
 * A compression pointer must lead to before the labels it stands behind, so that every
 * name ends, and a name goes through at most 127, so that it ends soon. What is counted in
 * a header must be there, and whatever is not as the RFCs say makes the message as a whole
 * bad: nothing is guessed. */
#ifndef BW_DNS_H
#define BW_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_DNS_HEADER = 12,
    BW_DNS_NAME_MAX = 255,      /* RFC 1035 section 2.3.4: of a name on the wire */
    BW_DNS_TEXT_MAX = 1024,     /* the same written out, each byte as \DDD, with the NUL */
    BW_DNS_QUERY_MAX = 512,     /* more than any query of ours */
    BW_DNS_UDP_BYTES = 1232,    /* what we say we take: IPv6's least MTU less its headers */
    BW_DNS_MESSAGE_MAX = 65535, /* RFC 7766: the length in front of a message has 16 bits */
    BW_DNS_WORD_MAX = 16        /* of a response code, with the NUL */
};

enum bw_dns_type { /* those that anything here looks into */
    BW_DNS_A = 1,
    BW_DNS_CNAME = 5,
    BW_DNS_AAAA = 28,
    BW_DNS_OPT = 41
};

enum bw_dns_rcode { /* those that anything here looks into */
    BW_DNS_NOERROR = 0,
    BW_DNS_FORMERR = 1,
    BW_DNS_SERVFAIL = 2,
    BW_DNS_NXDOMAIN = 3,
    BW_DNS_NOTIMP = 4
};

enum {
    BW_DNS_IN = 1 /* the Internet's class, the only one asked for */
};

/* Labels with their lengths, the root's empty one last, no pointers; in the case they
 * were written in. */
struct bw_dns_name {
    uint8_t len; /* bytes used; at least 1 */
    uint8_t bytes[BW_DNS_NAME_MAX];
};

/* "www.example.org", with or without a dot at the end, "." for the root; \. and \DDD as in
 * RFC 1035 section 5.1. -EINVAL: an empty or too long label or name, or a byte that is not
 * printable ASCII (an international name is written in its xn-- form). */
int bw_dns_name_parse(const char *text, struct bw_dns_name *ret);
/* The same back, without the dot at the end ("." for the root). */
void bw_dns_name_format(const struct bw_dns_name *name, char text[BW_DNS_TEXT_MAX]);
/* RFC 4343: upper and lower case of ASCII are one. */
bool bw_dns_name_equal(const struct bw_dns_name *a, const struct bw_dns_name *b);

/* "A", "AAAA", …: the type's number, 0 when there is none; and back (NULL: none). The list
 * ends with NULL, for options. */
extern const char *const bw_dns_type_words[];
uint16_t bw_dns_type_of(const char *word);

/* A response code in its own word ("noerror", "nxdomain", …, else "rcode-11"). */
const char *bw_dns_rcode_word(unsigned rcode, char word[BW_DNS_WORD_MAX]);

struct bw_dns_question {
    struct bw_dns_name name;
    uint16_t type;
    uint16_t klass;
};

/* A query for one question, recursion desired. udp_bytes: the answer's size that EDNS
 * allows for, 0 for a query without EDNS. Gives the length, 0 when it does not fit. */
size_t bw_dns_build(uint8_t *buf,
                    size_t cap,
                    uint16_t id,
                    const struct bw_dns_question *question,
                    uint16_t udp_bytes);

struct bw_dns_msg {
    const uint8_t *bytes; /* lent */
    size_t len;
    uint16_t id;
    bool response;
    bool truncated;
    bool recursion_available;
    uint8_t opcode;
    uint16_t rcode; /* with EDNS's upper eight bits */
    uint16_t n_questions;
    uint16_t n_answers;
    uint16_t n_authority;
    uint16_t n_additional;
    struct bw_dns_question question; /* the first, where n_questions > 0 */
    size_t records_at;               /* where the answers begin */
    bool edns;
    uint8_t edns_version;
    uint16_t edns_udp_bytes;
};

/* The whole message, every record's frame and name included. Of a truncated one the
 * records may be cut off anywhere (and are not to be used). 0 or -EBADMSG. */
int bw_dns_parse(const uint8_t *p, size_t n, struct bw_dns_msg *ret);

enum bw_dns_match {
    BW_DNS_MATCH,
    BW_DNS_NO_RESPONSE, /* a query, or of another opcode */
    BW_DNS_OTHER_ID,    /* somebody else's, or a guess */
    BW_DNS_OTHER_QUESTION
};

/* Is it an answer to this query (RFC 5452 section 9.1)? A server that could not read the
 * query (formerr, notimp) need not say the question again. */
enum bw_dns_match bw_dns_match(const struct bw_dns_msg *m,
                               uint16_t id,
                               const struct bw_dns_question *question);

enum bw_dns_section {
    BW_DNS_ANSWER,
    BW_DNS_AUTHORITY,
    BW_DNS_ADDITIONAL,
    BW_DNS_SECTIONS
};

struct bw_dns_record {
    enum bw_dns_section section;
    struct bw_dns_name name;
    uint16_t type;
    uint16_t klass;
    uint32_t ttl_s;
    size_t data_at; /* within the message: data may hold compressed names */
    size_t data_len;
};

/* Records in order. */
struct bw_dns_walk {
    const struct bw_dns_msg *msg;
    size_t at;
    uint16_t left[BW_DNS_SECTIONS];
};
void bw_dns_walk_init(struct bw_dns_walk *w, const struct bw_dns_msg *m);
/* 1: *ret is the next one; 0: there is none; -EBADMSG. */
int bw_dns_walk_next(struct bw_dns_walk *w, struct bw_dns_record *ret);

struct bw_dns_address {
    uint8_t bytes[16]; /* in network order; the first four of an IPv4 one */
};

/* Addresses of the name that was asked for (family 4: A, else AAAA), through at most
 * eight aliases, into ret[cap]; gives how many there were room for. 0 for a truncated
 * message. */
size_t bw_dns_addresses(const struct bw_dns_msg *m,
                        int family,
                        struct bw_dns_address *ret,
                        size_t cap);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_dns.c - bytes from the wire through the DNS codec. Whatever is read must lie within
 * the message, every name must come back from its text, and a question that was read can
 * be asked again. */
#include "dns.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void name_and_back(const struct bw_dns_name *name)
{
    char text[BW_DNS_TEXT_MAX];
    struct bw_dns_name back;
    must(name->len >= 1 && name->bytes[name->len - 1] == 0);
    bw_dns_name_format(name, text);
    must(bw_dns_name_parse(text, &back) == 0);
    must(back.len == name->len && memcmp(back.bytes, name->bytes, name->len) == 0);
    must(bw_dns_name_equal(&back, name));
}

static void as_text(const uint8_t *data, size_t size)
{
    char text[BW_DNS_TEXT_MAX];
    struct bw_dns_name name;
    size_t n = size < sizeof(text) ? size : sizeof(text) - 1;
    (void)memcpy(text, data, n);
    text[n] = '\0';
    if (bw_dns_name_parse(text, &name) == 0) {
        name_and_back(&name);
    }
}

static void again(const struct bw_dns_msg *m)
{
    uint8_t buf[BW_DNS_QUERY_MAX];
    struct bw_dns_msg back;
    size_t n = bw_dns_build(buf, sizeof(buf), m->id, &m->question, BW_DNS_UDP_BYTES);
    must(n > 0 && bw_dns_parse(buf, n, &back) == 0);
    must(back.id == m->id && back.edns && back.question.type == m->question.type);
    must(bw_dns_name_equal(&back.question.name, &m->question.name));
    buf[2] |= 0x80;
    must(bw_dns_parse(buf, n, &back) == 0);
    must(bw_dns_match(&back, m->id, &m->question) == BW_DNS_MATCH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_dns_address found[8];
    struct bw_dns_msg m;
    struct bw_dns_walk w;
    struct bw_dns_record rr;
    char word[BW_DNS_WORD_MAX];
    int r;
    as_text(data, size);
    if (bw_dns_parse(data, size, &m) < 0) {
        return 0;
    }
    must(strlen(bw_dns_rcode_word(m.rcode, word)) < sizeof(word));
    bw_dns_walk_init(&w, &m);
    while ((r = bw_dns_walk_next(&w, &rr)) == 1) {
        must(rr.data_at + rr.data_len <= size);
        name_and_back(&rr.name);
    }
    must(r == 0 || m.truncated);
    must(bw_dns_addresses(&m, 4, found, 8) <= 8);
    must(bw_dns_addresses(&m, 6, found, 8) <= 8);
    if (m.n_questions > 0) {
        name_and_back(&m.question.name);
        again(&m);
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ring_filter.c - a small assembler for forward jumps, and two programs written in it.
 *
 * In every program X is how far the network header stands behind where it does in an
 * untagged frame (0, or 4 for one tag), and every load of the network header is [X + base +
 * k]. A load behind the packet's end ends a program with "not captured" (man7 packet, the
 * kernel's Documentation/networking/filter), so that short frames are looked at before. */
#include "ring_filter.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <string.h>

/* NOLINTBEGIN(misc-redundant-expression): BPF_LD, BPF_W, BPF_K and BPF_IMM are all 0 */

enum {
    ETHERNET_BYTES = 14,
    TAG_BYTES = 4,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    TCP_BYTES = 20,
    UDP_BYTES = 8,
    CHAIN_BYTES = 28, /* one extension header of 8 bytes and TCP's fixed header */
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    SERVICE_TAG_OLD = 0x9100
};

/* Where a jump goes: a label, placed later; NEXT is the instruction behind. */
enum label {
    NEXT,
    DROP,
    TAGGED,
    TYPED,
    IPV4,
    IPV6,
    NO_IP,
    SHORT,
    TCP,
    UDP,
    CHAIN,
    BARE,
    PORTS,
    TCP_HEADER,
    UDP_HEADER,
    FINISH,
    WHOLE,
    LABELS
};

struct draft {
    struct bw_ring_filter *f;
    uint32_t base; /* bytes in front of the network header of an untagged frame */
    uint8_t yes[BW_RING_FILTER_MAX];
    uint8_t no[BW_RING_FILTER_MAX];
    size_t at[LABELS];
};

static void put(struct draft *d, uint16_t code, uint32_t k)
{
    struct bw_ring_insn *i = &d->f->insn[d->f->n];
    *i = (struct bw_ring_insn){.code = code, .k = k};
    d->yes[d->f->n] = NEXT;
    d->no[d->f->n] = NEXT;
    d->f->n++;
}

static void
put_jump(struct draft *d, uint16_t test, uint32_t k, enum label yes, enum label no)
{
    put(d, BPF_JMP | test | BPF_K, k);
    d->yes[d->f->n - 1] = (uint8_t)yes;
    d->no[d->f->n - 1] = (uint8_t)no;
}

static void put_goto(struct draft *d, enum label to)
{
    put_jump(d, BPF_JGE, 0, to, to); /* everything is at least 0 */
}

static void place(struct draft *d, enum label l)
{
    d->at[l] = d->f->n;
}

/* A = the 1, 2 or 4 bytes (BPF_B, _H, _W) of the network header at k. */
static void put_load(struct draft *d, uint16_t size, uint32_t k)
{
    put(d, BPF_LD | size | BPF_IND, d->base + k);
}

static void begin(struct draft *d, struct bw_ring_filter *f, enum bw_packet_link link)
{
    (void)memset(d, 0, sizeof(*d));
    (void)memset(f, 0, sizeof(*f));
    d->f = f;
    d->base = link == BW_PACKET_LINK_ETHERNET ? ETHERNET_BYTES : 0;
}

static void finish(struct draft *d)
{
    for (size_t i = 0; i < d->f->n; i++) {
        struct bw_ring_insn *in = &d->f->insn[i];
        if (d->yes[i] != NEXT) {
            in->jt = (uint8_t)(d->at[d->yes[i]] - i - 1);
        }
        if (d->no[i] != NEXT) {
            in->jf = (uint8_t)(d->at[d->no[i]] - i - 1);
        }
    }
}

static void put_family(struct draft *d, enum bw_packet_link link)
{
    put(d, BPF_LDX | BPF_IMM, 0);
    if (link != BW_PACKET_LINK_ETHERNET) {
        put_load(d, BPF_B, 0);
        put(d, BPF_ALU | BPF_RSH | BPF_K, 4);
        put_jump(d, BPF_JEQ, 4, IPV4, NEXT);
        put_jump(d, BPF_JEQ, 6, IPV6, NO_IP);
        return;
    }
    put(d, BPF_LD | BPF_H | BPF_ABS, ETHERNET_BYTES - 2);
    put_jump(d, BPF_JEQ, ETH_P_8021Q, TAGGED, NEXT);
    put_jump(d, BPF_JEQ, ETH_P_8021AD, TAGGED, NEXT);
    put_jump(d, BPF_JEQ, SERVICE_TAG_OLD, TAGGED, TYPED);
    place(d, TAGGED);
    put(d, BPF_LDX | BPF_IMM, TAG_BYTES);
    put(d, BPF_LD | BPF_H | BPF_ABS, ETHERNET_BYTES + 2);
    place(d, TYPED);
    put_jump(d, BPF_JEQ, ETH_P_IP, IPV4, NEXT);
    put_jump(d, BPF_JEQ, ETH_P_IPV6, IPV6, NO_IP);
}

/* Captured are X and base and so many bytes. */
static void put_keep(struct draft *d, enum label from, uint32_t bytes)
{
    place(d, from);
    put(d, BPF_MISC | BPF_TXA, 0);
    put(d, BPF_ALU | BPF_ADD | BPF_K, d->base + bytes);
    put_goto(d, FINISH);
}

/* A bytes are captured, at most BW_RING_SNAP. */
static void put_end(struct draft *d)
{
    place(d, FINISH);
    put_jump(d, BPF_JGT, BW_RING_SNAP, WHOLE, NEXT);
    put(d, BPF_RET | BPF_A, 0);
    place(d, WHOLE);
    put(d, BPF_RET | BPF_K, BW_RING_SNAP);
    place(d, DROP);
    put(d, BPF_RET | BPF_K, 0);
}

/* X += the length of the IPv4 header less its fixed part. */
static void put_ipv4_options(struct draft *d)
{
    put_load(d, BPF_B, 0);
    put(d, BPF_ALU | BPF_AND | BPF_K, 15);
    put(d, BPF_ALU | BPF_LSH | BPF_K, 2);
    put(d, BPF_ALU | BPF_ADD | BPF_X, 0);
    put(d, BPF_ALU | BPF_SUB | BPF_K, IPV4_BYTES);
    put(d, BPF_MISC | BPF_TAX, 0);
}

void bw_ring_filter_none(struct bw_ring_filter *f)
{
    (void)memset(f, 0, sizeof(*f));
    f->insn[0] = (struct bw_ring_insn){.code = BPF_RET | BPF_K};
    f->n = 1;
}

bool bw_ring_filter_reads(enum bw_packet_link link)
{
    return link == BW_PACKET_LINK_ETHERNET || link == BW_PACKET_LINK_IP;
}

/* ---- by chance */

void bw_ring_filter_random(struct bw_ring_filter *f,
                           enum bw_packet_link link,
                           uint32_t one_in)
{
    struct draft d;
    begin(&d, f, link);
    if (one_in > 1) {
        put(&d, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM));
        put_jump(&d, BPF_JGE, (uint32_t)((UINT64_C(1) << 32) / one_in), DROP, NEXT);
    }
    put(&d, BPF_LD | BPF_W | BPF_LEN, 0);
    put_jump(&d, BPF_JGE, d.base + IPV4_BYTES, NEXT, SHORT);
    put_family(&d, link);

    place(&d, IPV4);
    put(&d, BPF_LD | BPF_W | BPF_LEN, 0);
    put_jump(&d, BPF_JGE, d.base + TAG_BYTES + IPV4_BYTES, NEXT, SHORT);
    put_load(&d, BPF_H, 6);
    put(&d, BPF_ST, 0);
    put_load(&d, BPF_B, 9);
    put(&d, BPF_ST, 1);
    put_ipv4_options(&d);
    put(&d, BPF_LD | BPF_MEM, 0);
    put_jump(&d, BPF_JSET, 0x1fff, BARE, NEXT); /* a later fragment */
    put(&d, BPF_LD | BPF_MEM, 1);
    put_jump(&d, BPF_JEQ, PROTO_TCP, TCP, NEXT);
    put_jump(&d, BPF_JEQ, PROTO_UDP, UDP, BARE);
    put_keep(&d, TCP, IPV4_BYTES + TCP_BYTES);
    put_keep(&d, UDP, IPV4_BYTES + UDP_BYTES);
    put_keep(&d, BARE, IPV4_BYTES);

    place(&d, IPV6);
    put(&d, BPF_LD | BPF_W | BPF_LEN, 0);
    put_jump(&d, BPF_JGE, d.base + TAG_BYTES + IPV6_BYTES, NEXT, SHORT);
    put_load(&d, BPF_B, 6);
    put_jump(&d, BPF_JEQ, PROTO_TCP, TCP_HEADER, NEXT);
    put_jump(&d, BPF_JEQ, PROTO_UDP, UDP_HEADER, NEXT);
    put_jump(&d, BPF_JEQ, 0, CHAIN, NEXT); /* RFC 8200, 4.1: extension headers */
    put_jump(&d, BPF_JEQ, 43, CHAIN, NEXT);
    put_jump(&d, BPF_JEQ, 44, CHAIN, NEXT);
    put_jump(&d, BPF_JEQ, 60, CHAIN, PORTS);
    put_keep(&d, TCP_HEADER, IPV6_BYTES + TCP_BYTES);
    put_keep(&d, UDP_HEADER, IPV6_BYTES + UDP_BYTES);
    put_keep(&d, CHAIN, IPV6_BYTES + CHAIN_BYTES);
    put_keep(&d, PORTS, IPV6_BYTES);

    place(&d, NO_IP);
    put(&d, BPF_MISC | BPF_TXA, 0);
    put(&d, BPF_ALU | BPF_ADD | BPF_K, d.base > 0 ? d.base : 1);
    put_goto(&d, FINISH);
    place(&d, SHORT);
    put(&d, BPF_LD | BPF_W | BPF_LEN, 0); /* hardly a header: as it is */
    put_end(&d);
    finish(&d);
}

/* ---- whole flows */

enum { /* scratch words */
    SUMS = 0,
    FARS = 4,
    FOLDED = 8,
    NEAR_PORT,
    FAR_PORT,
    OFFSET,
    PROTOCOL
};

/* M[FOLDED] = the sum of (near + far) * key over the address words. Uses X. */
static void put_addresses(
    struct draft *d, uint32_t near, uint32_t far, uint32_t words, const uint32_t *key)
{
    for (uint32_t i = 0; i < words; i++) {
        put_load(d, BPF_W, near + 4 * i);
        put(d, BPF_ST, SUMS + i);
        put_load(d, BPF_W, far + 4 * i);
        put(d, BPF_ST, FARS + i);
    }
    put(d, BPF_STX, OFFSET);
    for (uint32_t i = 0; i < words; i++) {
        put(d, BPF_LD | BPF_MEM, SUMS + i);
        put(d, BPF_LDX | BPF_MEM, FARS + i);
        put(d, BPF_ALU | BPF_ADD | BPF_X, 0);
        put(d, BPF_ALU | BPF_MUL | BPF_K, key[i] | 1);
        if (i > 0) {
            put(d, BPF_LDX | BPF_MEM, FOLDED);
            put(d, BPF_ALU | BPF_ADD | BPF_X, 0);
        }
        put(d, BPF_ST, FOLDED);
    }
    put(d, BPF_LDX | BPF_MEM, OFFSET);
}

/* X is where the transport header is, less base. Multiply, shift, multiply: its top bits
 * depend on every bit. */
static void put_choice(struct draft *d, uint32_t one_in, const uint32_t keys[BW_RING_KEYS])
{
    uint32_t bits = 0;
    while (bits < 12 && (UINT32_C(2) << bits) <= one_in) {
        bits++;
    }
    put_load(d, BPF_H, 0);
    put(d, BPF_ST, NEAR_PORT);
    put_load(d, BPF_H, 2);
    put(d, BPF_STX, OFFSET);
    put(d, BPF_LDX | BPF_MEM, NEAR_PORT);
    put(d, BPF_ALU | BPF_ADD | BPF_X, 0);
    put(d, BPF_ALU | BPF_MUL | BPF_K, keys[4] | 1);
    put(d, BPF_LDX | BPF_MEM, FOLDED);
    put(d, BPF_ALU | BPF_ADD | BPF_X, 0);
    put(d, BPF_MISC | BPF_TAX, 0);
    put(d, BPF_ALU | BPF_RSH | BPF_K, 16);
    put(d, BPF_ALU | BPF_XOR | BPF_X, 0);
    put(d, BPF_ALU | BPF_MUL | BPF_K, keys[5] | 1);
    if (bits > 0) {
        put(d, BPF_ALU | BPF_RSH | BPF_K, 32 - bits);
        put_jump(d, BPF_JEQ, 0, NEXT, DROP);
    }
    put(d, BPF_LDX | BPF_MEM, OFFSET);
}

void bw_ring_filter_flows(struct bw_ring_filter *f,
                          enum bw_packet_link link,
                          uint32_t one_in,
                          const uint32_t keys[BW_RING_KEYS])
{
    struct draft d;
    begin(&d, f, link);
    put_family(&d, link);

    place(&d, IPV4);
    put_load(&d, BPF_H, 6);
    put_jump(&d, BPF_JSET, 0x3fff, DROP, NEXT); /* more fragments, or not the first */
    put_load(&d, BPF_B, 9);
    put(&d, BPF_ST, PROTOCOL);
    put_jump(&d, BPF_JEQ, PROTO_TCP, TCP, NEXT);
    put_jump(&d, BPF_JEQ, PROTO_UDP, TCP, DROP);
    place(&d, TCP);
    put_addresses(&d, 12, 16, 1, keys);
    put_ipv4_options(&d);
    put(&d, BPF_MISC | BPF_TXA, 0);
    put(&d, BPF_ALU | BPF_ADD | BPF_K, IPV4_BYTES);
    put(&d, BPF_MISC | BPF_TAX, 0);
    put_goto(&d, PORTS);

    place(&d, IPV6);
    put_load(&d, BPF_B, 6);
    put(&d, BPF_ST, PROTOCOL);
    put_jump(&d, BPF_JEQ, PROTO_TCP, UDP, NEXT);
    put_jump(&d, BPF_JEQ, PROTO_UDP, UDP, DROP);
    place(&d, UDP);
    put_addresses(&d, 8, 24, 4, keys);
    put(&d, BPF_MISC | BPF_TXA, 0);
    put(&d, BPF_ALU | BPF_ADD | BPF_K, IPV6_BYTES);
    put(&d, BPF_MISC | BPF_TAX, 0);

    place(&d, PORTS);
    put_choice(&d, one_in, keys);
    put(&d, BPF_LD | BPF_MEM, PROTOCOL);
    put_jump(&d, BPF_JEQ, PROTO_UDP, UDP_HEADER, TCP_HEADER);
    place(&d, TCP_HEADER);
    put_load(&d, BPF_B, 12); /* the data offset (RFC 9293, 3.1) */
    put(&d, BPF_ALU | BPF_AND | BPF_K, 0xf0);
    put(&d, BPF_ALU | BPF_RSH | BPF_K, 2);
    put(&d, BPF_ALU | BPF_ADD | BPF_X, 0);
    put(&d, BPF_ALU | BPF_ADD | BPF_K, d.base);
    put_goto(&d, FINISH);
    put_keep(&d, UDP_HEADER, UDP_BYTES);
    place(&d, NO_IP);
    put(&d, BPF_RET | BPF_K, 0);
    put_end(&d);
    finish(&d);
}

/* NOLINTEND(misc-redundant-expression) */

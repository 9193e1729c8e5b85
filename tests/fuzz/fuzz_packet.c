/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_packet.c - captured frames. The first byte chooses the link, the next two are how
 * many bytes longer the frame was on the wire. Whatever is captured less of it must not
 * contradict what more of it says. */
#include "packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void holds_together(const struct bw_packet *p)
{
    must(p->stop < BW_PACKET_STOPS && p->n_vlans <= BW_PACKET_VLANS_MAX);
    must((uint64_t)p->link_bytes + p->ip_bytes <= p->wire_bytes);
    must(p->has_ip == (p->family != BW_PACKET_NO_IP));
    must(p->has_ip || (!p->has_ports && p->ip_bytes == 0));
    must(!p->has_tcp || (p->has_ports && p->protocol == 6));
    must(!p->has_udp || (p->has_ports && p->protocol == 17));
    must(p->has_tcp || p->has_udp || p->payload_bytes == 0);
    must(p->payload_bytes <= p->ip_bytes);
    must(p->fragment != BW_PACKET_LATER_FRAGMENT || !p->has_ports);
    must(!p->tcp.stamped || p->has_tcp);
    must(bw_packet_class(p) < BW_PACKET_CLASSES);
    must(bw_packet_band(p->wire_bytes) < BW_PACKET_BANDS);
}

/* q was read of fewer bytes of the same frame than p. */
static void agrees(const struct bw_packet *p, const struct bw_packet *q)
{
    if (q->has_ip) {
        must(p->has_ip && p->family == q->family && p->ip_bytes == q->ip_bytes);
        must(memcmp(p->source, q->source, 16) == 0 && memcmp(p->dest, q->dest, 16) == 0);
    }
    if (q->has_ports) {
        must(p->has_ports && p->protocol == q->protocol);
        must(p->source_port == q->source_port && p->dest_port == q->dest_port);
    }
    if (q->has_tcp || q->has_udp) {
        must(p->has_tcp == q->has_tcp && p->payload_bytes == q->payload_bytes);
        must(p->tcp.seq == q->tcp.seq && p->tcp.flags == q->tcp.flags);
        must(!q->tcp.stamped || p->tcp.stamped);
    }
    if (q->stop >= BW_PACKET_BAD_LINK) {
        must(p->stop == q->stop); /* what cannot be does not hang on the capture */
    }
    if (q->stop == BW_PACKET_WHOLE) {
        must(p->stop == BW_PACKET_WHOLE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum bw_packet_link links[] = {BW_PACKET_LINK_ETHERNET, BW_PACKET_LINK_IP,
                                                BW_PACKET_LINK_COOKED,
                                                BW_PACKET_LINK_COOKED2};
    enum bw_packet_link link;
    struct bw_packet whole;
    uint32_t wire;
    uint32_t n;
    if (size < 3) {
        return 0;
    }
    link = links[data[0] & 3];
    n = size - 3 < 256 ? (uint32_t)(size - 3) : 256;
    wire = n + ((uint32_t)data[1] << 8 | data[2]);
    bw_packet_read(link, data + 3, n, wire, &whole);
    holds_together(&whole);
    for (uint32_t k = 0; k < n; k++) {
        uint8_t *part = malloc(k > 0 ? k : 1); /* its end is watched */
        struct bw_packet less;
        if (!part) {
            return 0;
        }
        (void)memcpy(part, data + 3, k);
        bw_packet_read(link, part, k, wire, &less);
        holds_together(&less);
        agrees(&whole, &less);
        free(part);
    }
    return 0;
}

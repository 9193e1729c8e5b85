/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet_class.c - what a packet is by its protocol and port alone, and the words for it.
 */
#include "packet.h"

enum protocol { /* IANA's numbers */
    ICMP = 1,
    IP_IN_IP = 4,
    TCP = 6,
    IPV6_IN_IP = 41,
    GRE = 47,
    ESP = 50,
    AUTHENTICATION = 51,
    ICMPV6 = 58,
    L2TP = 115
};

static enum bw_packet_class class_of_tcp(uint16_t port)
{
    switch (port) {
    case 443:
    case 8443:
        return BW_PACKET_TLS;
    case 80:
    case 8080:
        return BW_PACKET_HTTP;
    case 53:
    case 853:
        return BW_PACKET_DNS;
    case 25:
    case 110:
    case 143:
    case 465:
    case 587:
    case 993:
    case 995:
        return BW_PACKET_MAIL;
    case 1194:
    case 1723:
        return BW_PACKET_VPN;
    case 22:
        return BW_PACKET_SSH;
    default:
        return BW_PACKET_OTHER;
    }
}

static enum bw_packet_class class_of_udp(uint16_t port)
{
    switch (port) {
    case 443:
        return BW_PACKET_QUIC;
    case 53:
    case 853:
        return BW_PACKET_DNS;
    case 500:
    case 1194:
    case 1701:
    case 4500:
    case 51820:
        return BW_PACKET_VPN;
    case 123:
        return BW_PACKET_NTP;
    default:
        return BW_PACKET_OTHER;
    }
}

enum bw_packet_class bw_packet_class(const struct bw_packet *p)
{
    enum bw_packet_class (*of)(uint16_t) = p->protocol == TCP ? class_of_tcp : class_of_udp;
    bool up = p->source_port < p->dest_port;
    enum bw_packet_class c;
    if (!p->has_ip) {
        return BW_PACKET_OTHER;
    }
    switch (p->protocol) {
    case ICMP:
        return p->family == BW_PACKET_IPV4 ? BW_PACKET_ICMP : BW_PACKET_OTHER;
    case ICMPV6:
        return p->family == BW_PACKET_IPV6 ? BW_PACKET_ICMP : BW_PACKET_OTHER;
    case GRE:
    case ESP:
    case AUTHENTICATION:
    case L2TP:
    case IP_IN_IP:
    case IPV6_IN_IP:
        return BW_PACKET_VPN;
    default:
        break;
    }
    if (!p->has_ports) {
        return BW_PACKET_OTHER;
    }
    /* The service is where the lower port is; a high one may be a port of chance. */
    c = of(up ? p->source_port : p->dest_port);
    return c != BW_PACKET_OTHER ? c : of(up ? p->dest_port : p->source_port);
}

uint32_t bw_packet_band(uint32_t wire_bytes)
{
    static const uint32_t from[BW_PACKET_BANDS] = {0, 64, 128, 256, 512, 1024, 1519};
    uint32_t band = BW_PACKET_BANDS - 1;
    while (wire_bytes < from[band]) {
        band--;
    }
    return band;
}

/* Words --------------------------------------------------------------------------- */

const char *bw_packet_class_name(enum bw_packet_class c)
{
    static const char *const names[BW_PACKET_CLASSES] = {
        [BW_PACKET_TLS] = "tls",    [BW_PACKET_QUIC] = "quic", [BW_PACKET_HTTP] = "http",
        [BW_PACKET_DNS] = "dns",    [BW_PACKET_MAIL] = "mail", [BW_PACKET_VPN] = "vpn",
        [BW_PACKET_SSH] = "ssh",    [BW_PACKET_NTP] = "ntp",   [BW_PACKET_ICMP] = "icmp",
        [BW_PACKET_OTHER] = "other"};
    return (unsigned)c < BW_PACKET_CLASSES ? names[c] : "other";
}

const char *bw_packet_band_name(uint32_t band)
{
    static const char *const names[BW_PACKET_BANDS] = {
        "0-63", "64-127", "128-255", "256-511", "512-1023", "1024-1518", "1519-"};
    return band < BW_PACKET_BANDS ? names[band] : names[BW_PACKET_BANDS - 1];
}

const char *bw_packet_family_name(enum bw_packet_family f)
{
    static const char *const names[BW_PACKET_FAMILIES] = {
        [BW_PACKET_NO_IP] = "none", [BW_PACKET_IPV4] = "ipv4", [BW_PACKET_IPV6] = "ipv6"};
    return (unsigned)f < BW_PACKET_FAMILIES ? names[f] : names[BW_PACKET_NO_IP];
}

static const struct {
    const char *name;
    const char *text;
} stops[BW_PACKET_STOPS] = {
    [BW_PACKET_WHOLE] = {"whole", "read whole"},
    [BW_PACKET_CUT_LINK] = {"cut-link", "captured too short: ends in the link header"},
    [BW_PACKET_CUT_IP] = {"cut-ip", "captured too short: ends in the IP headers"},
    [BW_PACKET_CUT_TRANSPORT] = {"cut-transport",
                                 "captured too short: ends in the TCP or UDP header"},
    [BW_PACKET_CUT_OPTIONS] = {"cut-options",
                               "captured too short: ends in the TCP options"},
    [BW_PACKET_BAD_LINK] = {"bad-link", "a link header that cannot be, or too many VLANs"},
    [BW_PACKET_BAD_IP] = {"bad-ip", "an IP header that cannot be"},
    [BW_PACKET_BAD_CHAIN] = {"bad-chain", "IPv6 extension headers that cannot be"},
    [BW_PACKET_BAD_TRANSPORT] = {"bad-transport", "a TCP or UDP header that cannot be"},
    [BW_PACKET_BAD_OPTIONS] = {"bad-options", "TCP options that cannot be"},
};

const char *bw_packet_stop_name(enum bw_packet_stop stop)
{
    return stops[(unsigned)stop < BW_PACKET_STOPS ? stop : BW_PACKET_WHOLE].name;
}

const char *bw_packet_stop_text(enum bw_packet_stop stop)
{
    return stops[(unsigned)stop < BW_PACKET_STOPS ? stop : BW_PACKET_WHOLE].text;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * packet.h - one captured frame, read as far as a measurement needs it: which family and
 * protocol, which ports, how long, and TCP's own numbers. Pure; any thread.
 *
 * Reading always succeeds: `stop` says where it ended and why, and everything in front of
 * that is right. What a header claims never makes it read beyond the captured bytes, and a
 * length that claims more than the frame had on the wire is cut to what it had. Addresses
 * are lent to the caller for counting in memory; nothing here prints or keeps them. */
#ifndef BW_PACKET_H
#define BW_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BW_PACKET_SNAP = 128, /* bytes of a frame that are ever looked at */
    BW_PACKET_VLANS_MAX = 2
};

enum bw_packet_link {
    BW_PACKET_LINK_ETHERNET,
    BW_PACKET_LINK_IP,     /* IPv4 or IPv6 without a link header */
    BW_PACKET_LINK_COOKED, /* Linux cooked capture: man7 pcap-linktype, LINUX_SLL … */
    BW_PACKET_LINK_COOKED2 /* … and LINUX_SLL2 */
};

enum bw_packet_stop {
    BW_PACKET_WHOLE,         /* all that this module reads was there */
    BW_PACKET_CUT_LINK,      /* the captured bytes end within the link header … */
    BW_PACKET_CUT_IP,        /* … within the IP header or its extension headers … */
    BW_PACKET_CUT_TRANSPORT, /* … within the header of TCP or UDP … */
    BW_PACKET_CUT_OPTIONS,   /* … within TCP's options */
    BW_PACKET_BAD_LINK,      /* a link header that cannot be, or more VLAN tags than two */
    BW_PACKET_BAD_IP,        /* a version or length that cannot be */
    BW_PACKET_BAD_CHAIN,     /* extension headers beyond their bound or the packet's end */
    BW_PACKET_BAD_TRANSPORT, /* TCP or UDP with a length that cannot be */
    BW_PACKET_BAD_OPTIONS,   /* TCP options with a length that cannot be */
    BW_PACKET_STOPS
};

enum bw_packet_fragment {
    BW_PACKET_NO_FRAGMENT,
    BW_PACKET_FIRST_FRAGMENT,
    BW_PACKET_LATER_FRAGMENT /* no ports in it */
};

enum bw_packet_family { /* as an index */
    BW_PACKET_NO_IP,
    BW_PACKET_IPV4,
    BW_PACKET_IPV6,
    BW_PACKET_FAMILIES
};

/* What it is by protocol and port alone. A later fragment has no port, so it is `other`. */
enum bw_packet_class {
    BW_PACKET_TLS,  /* TCP 443, 8443 */
    BW_PACKET_QUIC, /* UDP 443 */
    BW_PACKET_HTTP, /* TCP 80, 8080 */
    BW_PACKET_DNS,  /* 53 and 853, over TCP or UDP */
    BW_PACKET_MAIL, /* TCP 25, 110, 143, 465, 587, 993, 995 */
    BW_PACKET_VPN,  /* GRE, ESP, AH, L2TP, IP in IP; UDP 500, 1194, 1701, 4500, 51820;
                       TCP 1194, 1723 */
    BW_PACKET_SSH,  /* TCP 22 */
    BW_PACKET_NTP,  /* UDP 123 */
    BW_PACKET_ICMP, /* of IPv4 and of IPv6 */
    BW_PACKET_OTHER,
    BW_PACKET_CLASSES
};

/* Bands of length on the wire, from the destination address to the end of the payload. */
enum {
    BW_PACKET_BANDS = 7
};

enum { /* RFC 9293 section 3.1 */
    BW_TCP_FIN = 1,
    BW_TCP_SYN = 2,
    BW_TCP_RST = 4,
    BW_TCP_ACK = 16
};

struct bw_packet_tcp {
    uint32_t seq;
    uint32_t ack;
    uint32_t tsval; /* with stamped (RFC 7323 section 3.2) */
    uint32_t tsecr;
    uint16_t window; /* as sent, without its scale */
    uint8_t flags;
    bool stamped;
    bool sacked; /* has SACK blocks (RFC 2018) */
};

struct bw_packet {
    enum bw_packet_stop stop;
    enum bw_packet_family family;
    enum bw_packet_fragment fragment;
    uint8_t protocol; /* behind the extension headers; with an IP header that was read */
    uint8_t n_vlans;
    bool has_macs;    /* both; a cooked capture has the source alone: */
    bool has_mac;     /* the source */
    bool has_ip;      /* addresses, protocol, ip_bytes are known */
    bool has_ports;   /* of TCP or UDP */
    bool has_tcp;     /* its fixed header was read: tcp and payload_bytes are known */
    bool has_udp;     /* the same: payload_bytes is known */
    bool length_lies; /* the IP header claims more bytes than the frame had */
    uint8_t source_mac[6];
    uint8_t dest_mac[6];
    uint8_t source[16]; /* IPv4: the first four, the rest 0 */
    uint8_t dest[16];
    uint16_t source_port;
    uint16_t dest_port;
    uint32_t wire_bytes;    /* of the frame as it was on the wire */
    uint32_t link_bytes;    /* in front of the IP header */
    uint32_t ip_bytes;      /* header and payload; without padding of the frame */
    uint32_t payload_bytes; /* behind the header of TCP or UDP */
    struct bw_packet_tcp tcp;
};

/* Read frame[captured], which had wire bytes (at least `captured`) on the wire. The frame
 * check sequence is in neither. */
void bw_packet_read(enum bw_packet_link link,
                    const uint8_t *frame,
                    uint32_t captured,
                    uint32_t wire,
                    struct bw_packet *ret);

enum bw_packet_class bw_packet_class(const struct bw_packet *p);
/* Index of a band, 0 … BW_PACKET_BANDS - 1. */
uint32_t bw_packet_band(uint32_t wire_bytes);

/* Words for people and JSON: "tls", "0-63", "captured too short within the IP header". */
const char *bw_packet_class_name(enum bw_packet_class c);
const char *bw_packet_band_name(uint32_t band);
const char *bw_packet_family_name(enum bw_packet_family f);
const char *bw_packet_stop_name(enum bw_packet_stop stop);
const char *bw_packet_stop_text(enum bw_packet_stop stop);

#endif

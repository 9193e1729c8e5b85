/* SPDX-License-Identifier: GPL-3.0-or-later
 * units.h - the one word for "not measured", and the constants every part shares.
 *
 * Unknown is never zero: a figure nobody measured is BW_UNKNOWN in memory, absent in
 * JSON, NULL in SQL, U in an RRD, and an empty field in CSV. */
#ifndef BW_UNITS_H
#define BW_UNITS_H

#include <stdint.h>

#define BW_UNKNOWN INT64_MIN

enum bw_limits {
    BW_NAME_MAX = 63,         /* bytes of a circuit, target or server name, without NUL */
    BW_SITE_MAX = 31,         /* bytes of a site id, without NUL */
    BW_KID_LEN = 43,          /* RFC 7638 SHA-256 thumbprint in base64url, without NUL */
    BW_HASH_LEN = 43,         /* any SHA-256 in base64url, without NUL */
    BW_CIRCUITS_MAX = 8,      /* circuits of one site */
    BW_TARGETS_MAX = 16,      /* latency targets of one site: keeps a summary <= 16 KiB */
    BW_INTERVAL_MAX_S = 3600, /* longest interval a summary may have */
    BW_PAYLOAD_MAX = 16384,   /* bytes of a summary's payload */
    BW_JWS_MAX = 24576,       /* bytes of a compact JWS */
    BW_POST_BYTES_MAX = 8 * 1024 * 1024, /* of a post after inflating */
    BW_POST_LINES_MAX = 2000
};

enum bw_direction {
    BW_DOWN, /* towards the school */
    BW_UP,
    BW_DIRECTIONS
};

/* The layer at which a rate or byte count was taken; never added across. */
enum bw_layer {
    BW_LAYER_UNKNOWN,
    BW_LAYER_ETHERNET, /* from destination address to end of payload, without FCS */
    BW_LAYER_IP,
    BW_LAYER_GOODPUT /* the test's own payload above TCP or UDP */
};

#endif

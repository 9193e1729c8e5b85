/* SPDX-License-Identifier: GPL-3.0-or-later
 * shape.h - what in a text looks like an address of a machine or a person. */
#ifndef BW_SHAPE_H
#define BW_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_shape_kind {
    BW_SHAPE_V4,
    BW_SHAPE_V6,
    BW_SHAPE_MAC,
    BW_SHAPE_HOST, /* two labels or more, the last of letters */
    BW_SHAPE_MAIL
};

enum {
    BW_SHAPE_KINDS = BW_SHAPE_MAIL + 1,
    BW_SHAPE_BYTES = 16
};

struct bw_shape {
    enum bw_shape_kind kind;
    /* Nothing else is written like this. Otherwise (12 hexadecimal digits, 192-0-2-7,
     * 7.2.0.192.in-addr.arpa, a part of something longer) it only means something to
     * somebody who looks for this very address. */
    bool strict;
    uint8_t bytes[BW_SHAPE_BYTES]; /* of V4, V6, MAC: the first 4, 16, 6; the rest 0 */
    size_t at;                     /* where in the text */
    size_t n;
};

/* Bytes of an address of this kind; 0 for names. */
size_t bw_shape_bytes(enum bw_shape_kind k);
const char *bw_shape_kind_name(enum bw_shape_kind k);

/* Every shape in text[n], which may hold any bytes. cb: 0 to go on, anything else is given
 * back. Hosts are given only where asked for. Any thread. */
int bw_shapes(const char *text,
              size_t n,
              bool hosts,
              int (*cb)(void *owner, const struct bw_shape *s),
              void *owner);

/* Loopback, unspecified, broadcast, multicast: addresses of nobody. */
bool bw_shape_of_nobody(enum bw_shape_kind k, const uint8_t *bytes);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * seen_private.h - what reading a capture file needs of the set. */
#ifndef BW_SEEN_PRIVATE_H
#define BW_SEEN_PRIVATE_H

#include "seen.h"

/* Addresses of one packet; bytes[n] begins with the header of libpcap's link type. 0 or
 * what bw_seen_add() said. */
int bw_seen_packet(struct bw_seen *s, int link, const uint8_t *bytes, size_t n);
/* Does libpcap's link type have a header that is known here? */
bool bw_seen_link_known(int link);

/* Every packet of a capture file; -ENOEXEC: it is none. */
int bw_seen_capture(struct bw_seen *s,
                    const char *path,
                    int64_t *ret_n,
                    struct bw_err *reterr);

#endif

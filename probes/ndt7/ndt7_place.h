/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_place.h - where one test goes: an address, taken apart, with our metadata. Pure. */
#ifndef BW_NDT7_PLACE_H
#define BW_NDT7_PLACE_H

#include <bw/units.h>
#include <ndt7_locate.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

#define NDT7_LOCATE "locate" /* a target's address that is none */
#define NDT7_MLAB_LOCATE_URL "https://locate.measurementlab.net/v2/nearest/ndt/ndt7"

struct ndt7_place {
    bool tls;
    uint16_t port;
    char host[256];                   /* without brackets */
    char authority[272];              /* as the Host field has it */
    char target[BW_NDT7_URL_MAX + 1]; /* path and query */
};

/* From a ws:// or wss:// address without a path, or with one of ndt7's own, which becomes
 * that of the direction. `token` (may be NULL) is added as access_token. -EINVAL names what
 * is wrong. */
int ndt7_place_read(const char *url,
                    enum bw_direction direction,
                    const char *token,
                    struct ndt7_place *ret,
                    struct bw_err *reterr);

/* A Locate address with our metadata into ret[cap]. */
int ndt7_place_locate_url(const char *url, char *ret, size_t cap, struct bw_err *reterr);
/* Is it M-Lab's own, whose tests are published? */
bool ndt7_place_is_mlab(const char *locate_url);

#endif

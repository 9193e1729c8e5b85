/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_locate.h - the answer of M-Lab's Locate service, version 2: which servers to test
 * against, best first, and their addresses with the right to test in them. A state's
 * collector answers in the same form. Pure; any thread. */
#ifndef BW_NDT7_LOCATE_H
#define BW_NDT7_LOCATE_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_NDT7_SERVERS_MAX = 4,
    BW_NDT7_MACHINE_MAX = BW_NAME_MAX,
    BW_NDT7_URL_MAX = 4608,      /* the query's 4,096 and the rest */
    BW_NDT7_LOCATE_MAX = 131072, /* bytes of an answer */
    BW_NDT7_PROBLEM_MAX = 255
};

struct bw_ndt7_server {
    char machine[BW_NDT7_MACHINE_MAX + 1];
    char city[64]; /* "" when not said */
    char country[8];
    char url[BW_DIRECTIONS][BW_NDT7_URL_MAX + 1]; /* wss, else ws; "": none given */
};

struct bw_ndt7_located {
    size_t n;
    struct bw_ndt7_server servers[BW_NDT7_SERVERS_MAX];
    int64_t status; /* of the answer's error object; unknown: there was none */
    char problem[BW_NDT7_PROBLEM_MAX + 1]; /* its words; "" when none */
};

/* Servers that have an address for no direction are left out, as are those beyond the
 * fourth. n = 0 is an answer: there is none now. -E2BIG; -BW_EMALFORMED names what is not
 * as it should be. */
int bw_ndt7_locate_read(const char *text,
                        size_t n,
                        struct bw_ndt7_located *ret,
                        struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_private.h - the constants of the file, for its writer and its reader. */
#ifndef BW_STORE_SEGMENT_PRIVATE_H
#define BW_STORE_SEGMENT_PRIVATE_H

#define BW_SEGMENT_MAGIC "BWSEG\0\0\1"

enum {
    BW_SEGMENT_MAGIC_LEN = 8, /* its last byte is the version */
    BW_SEGMENT_FOOTER = 64,
    BW_SEGMENT_ENTRY = 7 * 8 + 44 + 32 + 32, /* of the block table; the last: its sum */
    BW_SEGMENT_ROWS_MAX = 1000000            /* block * 512 + index stays within 32 bits */
};

#endif

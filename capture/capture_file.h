/* SPDX-License-Identifier: GPL-3.0-or-later
 * capture_file.h - a capture file (pcap, pcapng) through the same code as a live capture.
 *
 * Reading stops at the first packet the file does not hold whole; what came before has been
 * counted. Blocks: not for a loop. */
#ifndef BW_CAPTURE_FILE_H
#define BW_CAPTURE_FILE_H

#include "meter.h"

#include <stdint.h>

struct bw_err;

struct bw_capture_facts {
    char link[64];     /* the link type in libpcap's words */
    int64_t snap;      /* what the file says of its snap length */
    int64_t packets;   /* read */
    int64_t cut;       /* of them: captured shorter than they were */
    int64_t backwards; /* of them: stamped earlier than the one before */
    int64_t first_ns;  /* smallest and largest stamp since 1970; BW_UNKNOWN without any */
    int64_t last_ns;
};

typedef void (*bw_capture_progress_cb)(void *owner, int per_mille);

/* Feed every packet of the file ("-": standard input) to the meter. 0; -errno and a
 * sentence naming the file, and the packet where there was one. *ret holds what was read
 * in any case. progress may be NULL; it is called now and then, where the file's size is
 * known. */
int bw_capture_file(const char *path,
                    struct bw_meter *m,
                    bw_capture_progress_cb progress,
                    void *owner,
                    struct bw_capture_facts *ret,
                    struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * pcapfile.h - classic pcap files of Ethernet frames, written and read in a few lines of
 * our own (draft-ietf-opsawg-pcap): what is to be judged with them is judged by something
 * else.
 *
 * Times are nanoseconds since 1970. Written files have nanoseconds and this machine's byte
 * order; read are both resolutions in this machine's order. */
#ifndef TG_PCAPFILE_H
#define TG_PCAPFILE_H

#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct tg_frame;
struct tg_pcap_writer;

/* Frames are cut at snap_bytes. */
int tg_pcap_create(const char *path,
                   uint32_t snap_bytes,
                   struct tg_pcap_writer **ret,
                   struct bw_err *reterr);
/* Errors stick until tg_pcap_close(). */
void tg_pcap_put(struct tg_pcap_writer *w, uint64_t unix_ns, const struct tg_frame *f);
/* Says whether all of it was written; frees. */
int tg_pcap_close(struct tg_pcap_writer *w, struct bw_err *reterr);

struct tg_pcap_record {
    uint64_t unix_ns;
    const uint8_t *bytes; /* within the file, as long as it is open */
    uint32_t n;
    uint32_t wire_bytes;
};

/* A whole file in memory. Embedded by its user. */
struct tg_pcap_file {
    const uint8_t *data;
    size_t n;
    size_t at;
    uint32_t tick_ns;
    uint64_t count;
};

int tg_pcap_open(const char *path, struct tg_pcap_file *ret, struct bw_err *reterr);
/* 1 and the next record, 0 at the end, -BW_EMALFORMED with the record's number. */
int tg_pcap_next(struct tg_pcap_file *f, struct tg_pcap_record *ret, struct bw_err *reterr);
void tg_pcap_rewind(struct tg_pcap_file *f);
void tg_pcap_done(struct tg_pcap_file *f);

#endif

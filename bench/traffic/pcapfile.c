/* SPDX-License-Identifier: GPL-3.0-or-later
 * pcapfile.c - see pcapfile.h. */
#include "pcapfile.h"

#include "frame.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

enum {
    FILE_HEADER_BYTES = 24,
    RECORD_HEADER_BYTES = 16,
    LINK_ETHERNET = 1,
    SNAP_MAX = 65536 + 64
};

struct tg_pcap_writer {
    FILE *f;
    char *path;
    uint32_t snap_bytes;
    int error;
    uint8_t zeros[SNAP_MAX];
};

static void put(struct tg_pcap_writer *w, const void *data, size_t n)
{
    if (w->error == 0 && n > 0 && fwrite(data, 1, n, w->f) != n) {
        w->error = errno ? -errno : -EIO;
    }
}

int tg_pcap_create(const char *path,
                   uint32_t snap_bytes,
                   struct tg_pcap_writer **ret,
                   struct bw_err *reterr)
{
    struct tg_pcap_writer *w = calloc(1, sizeof(*w));
    uint32_t header[FILE_HEADER_BYTES / 4] = {MAGIC_NS, 2 | 4 << 16, 0,
                                              0,        0,           LINK_ETHERNET};

    if (w) {
        w->path = strdup(path);
    }
    if (!w || !w->path) {
        free(w);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->snap_bytes = snap_bytes < SNAP_MAX ? snap_bytes : SNAP_MAX;
    w->f = fopen(path, "wbe");
    if (!w->f) {
        int r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
        free(w->path);
        free(w);
        return r;
    }
    header[4] = w->snap_bytes;
    put(w, header, sizeof(header));
    *ret = w;
    return 0;
}

void tg_pcap_put(struct tg_pcap_writer *w, uint64_t unix_ns, const struct tg_frame *f)
{
    uint32_t n = f->wire_bytes < w->snap_bytes ? f->wire_bytes : w->snap_bytes;
    uint32_t known = f->n < n ? (uint32_t)f->n : n;
    uint32_t header[RECORD_HEADER_BYTES / 4] = {(uint32_t)(unix_ns / 1000000000u),
                                                (uint32_t)(unix_ns % 1000000000u), n,
                                                f->wire_bytes};

    put(w, header, sizeof(header));
    put(w, f->bytes, known);
    put(w, w->zeros, n - known);
}

int tg_pcap_close(struct tg_pcap_writer *w, struct bw_err *reterr)
{
    int r;

    if (!w) {
        return 0;
    }
    r = w->error;
    if (fclose(w->f) != 0 && r == 0) {
        r = errno ? -errno : -EIO;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", w->path, bw_strerror(r));
    }
    free(w->path);
    free(w);
    return r;
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof(v));
    return v;
}

int tg_pcap_open(const char *path, struct tg_pcap_file *ret, struct bw_err *reterr)
{
    struct tg_pcap_file f = {.n = 0};
    struct stat st;
    void *data = MAP_FAILED;
    uint32_t magic;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = 0;

    if (fd < 0 || fstat(fd, &st) < 0) {
        r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
        goto out;
    }
    if (st.st_size < FILE_HEADER_BYTES) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "%s: too short for a pcap file", path);
        goto out;
    }
    f.n = (size_t)st.st_size;
    data = mmap(NULL, f.n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
        goto out;
    }
    f.data = data;
    magic = get32(f.data);
    if ((magic != MAGIC_NS && magic != MAGIC_US) || get32(f.data + 20) != LINK_ETHERNET) {
        r = bw_err_set(reterr, -BW_EMALFORMED,
                       "%s: no pcap file of Ethernet frames in this machine's byte order",
                       path);
        (void)munmap(data, f.n);
        goto out;
    }
    f.tick_ns = magic == MAGIC_NS ? 1 : 1000;
    f.at = FILE_HEADER_BYTES;
    *ret = f;
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

int tg_pcap_next(struct tg_pcap_file *f, struct tg_pcap_record *ret, struct bw_err *reterr)
{
    const uint8_t *at = f->data + f->at;
    size_t left = f->n - f->at;
    uint32_t n;

    if (left == 0) {
        return 0;
    }
    n = left >= RECORD_HEADER_BYTES ? get32(at + 8) : 0;
    if (left < RECORD_HEADER_BYTES || n > left - RECORD_HEADER_BYTES ||
        n > get32(at + 12)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "packet %llu is cut off or lies",
                          (unsigned long long)f->count + 1);
    }
    ret->unix_ns = (uint64_t)get32(at) * 1000000000u + (uint64_t)get32(at + 4) * f->tick_ns;
    ret->bytes = at + RECORD_HEADER_BYTES;
    ret->n = n;
    ret->wire_bytes = get32(at + 12);
    f->at += RECORD_HEADER_BYTES + n;
    f->count++;
    return 1;
}

void tg_pcap_rewind(struct tg_pcap_file *f)
{
    f->at = FILE_HEADER_BYTES;
    f->count = 0;
}

void tg_pcap_done(struct tg_pcap_file *f)
{
    if (f->data) {
        void *data;
        memcpy(&data, &f->data, sizeof(data));
        (void)munmap(data, f->n);
    }
    memset(f, 0, sizeof(*f));
}

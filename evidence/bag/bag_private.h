/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_private.h - what writer, reader and manifests of a bag share. */
#ifndef BW_BAG_PRIVATE_H
#define BW_BAG_PRIVATE_H

#include "bag.h"

struct bw_buf;

#define BW_BAG_DECLARATION "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

enum {
    BW_BAG_ZSTD_LEVEL = 9,
    BW_BAG_MANIFEST_MAX = 4 * 1024 * 1024, /* bytes of one manifest */
    BW_BAG_HEX_MAX = 128                   /* SHA-512 */
};

enum bw_bag_hash {
    BW_BAG_SHA256,
    BW_BAG_SHA512,
    BW_BAG_HASHES
};

/* "sha256", "sha512". */
const char *bw_bag_hash_name(enum bw_bag_hash h);
/* 64 or 128 lower-case digits and a NUL. */
int bw_bag_hash_hex(enum bw_bag_hash h,
                    const void *data,
                    size_t n,
                    char ret[BW_BAG_HEX_MAX + 1]);
/* "manifest-sha256.txt", or the tag manifest. */
void bw_bag_manifest_name(enum bw_bag_hash h, bool tags, char ret[BW_BAG_NAME_MAX + 1]);
/* Does a manifest of this kind cover this member? */
bool bw_bag_covers(bool tags, const char *name);
/* The manifest of n members in the order given. */
int bw_bag_manifest(enum bw_bag_hash h,
                    bool tags,
                    const struct bw_bag_member *members,
                    size_t n,
                    struct bw_buf *out);

/* Members into one archive, sorted by name; every header follows from them. sink gets the
 * bytes in order; non-zero from it ends the work and is given back. */
typedef int (*bw_bag_sink)(void *owner, const void *data, size_t n);
int bw_bag_pack(const char *top,
                int64_t made_unix_s,
                const struct bw_bag_member *const *members,
                size_t n,
                bw_bag_sink sink,
                bw_bag_progress_cb progress,
                void *owner,
                struct bw_err *reterr);

/* What a reader gathers, whatever it reads from. */
struct bw_bag_shelf {
    struct bw_bag_member *members;
    size_t *offsets; /* of their contents, as the data is not mapped before the end */
    size_t n;
    size_t cap;
    int64_t bytes;
    int fd; /* contents, one after the other */
};
/* A new member with no bytes yet, after its name was looked at; -BW_EMALFORMED, -E2BIG. */
int bw_bag_shelf_member(struct bw_bag_shelf *s, const char *name, struct bw_err *reterr);
/* More bytes of the newest member. */
int bw_bag_shelf_put(struct bw_bag_shelf *s,
                     const void *data,
                     size_t n,
                     struct bw_err *reterr);
/* The folder's files as members; names are sorted later. */
int bw_bag_read_folder(const char *path, struct bw_bag_shelf *s, struct bw_err *reterr);

#endif

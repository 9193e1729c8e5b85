/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag.h - BagIt 1.0 (RFC 8493) bags in one tar archive under zstd: written so that the
 * same contents give the same bytes, read so that nothing in them can do harm.
 *
 * A bag is a set of members: names below its top folder, in the order of their bytes, and
 * contents in memory or mapped. Both manifests (SHA-256, SHA-512) cover every file of
 * the payload, both tag manifests every other file. Blocking; one thread a handle. */
#ifndef BW_BAG_H
#define BW_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_bag;
struct bw_bag_writer;
struct bw_err;

enum {
    BW_BAG_MEMBERS_MAX = 4096,
    BW_BAG_NAME_MAX = 150 /* of a member, without the top folder */
};
#define BW_BAG_BYTES_MAX (INT64_C(4) * 1024 * 1024 * 1024) /* contents of all members */

struct bw_bag_member {
    char name[BW_BAG_NAME_MAX + 1]; /* "data/README.txt" */
    const char *data;               /* never NULL */
    size_t n;
};

/* Parts done of 1000; may be NULL. */
typedef void (*bw_bag_progress_cb)(void *owner, int per_mille);

/* NULL for a name that a member may have, else why not: letters, digits and "._+-" in
 * parts between slashes, none of which begins with a dot; static text. */
const char *bw_bag_name_trouble(const char *name);

/* ---- writing --------------------------------------------------------------------- */

/* top: the folder that the archive unpacks into; made_unix_s: the time of every member,
 * and the bagging date. */
int bw_bag_writer_new(const char *top,
                      int64_t made_unix_s,
                      struct bw_bag_writer **ret,
                      struct bw_err *reterr);
void bw_bag_writer_free(struct bw_bag_writer *w); /* NULL is fine */
/* A file of the payload ("data/…"): its bytes are copied, or lent until the bag is
 * written. -EEXIST for a name that is there already, -EINVAL for one that is none. */
int bw_bag_add(struct bw_bag_writer *w,
               const char *name,
               const void *data,
               size_t n,
               struct bw_err *reterr);
int bw_bag_lend(struct bw_bag_writer *w,
                const char *name,
                const void *data,
                size_t n,
                struct bw_err *reterr);
/* A member that was added, lent until the next is; or NULL. */
const struct bw_bag_member *bw_bag_writer_find(const struct bw_bag_writer *w,
                                               const char *name);
/* A line of bag-info.txt, in the order given; control characters become spaces. */
int bw_bag_info(struct bw_bag_writer *w, const char *label, const char *value);
/* Make manifests and tag files, and the archive: beside path, fsync, then under its
 * name. Nothing may be added afterwards. *ret_bytes (may be NULL): of the archive. */
int bw_bag_write(struct bw_bag_writer *w,
                 const char *path,
                 bw_bag_progress_cb progress,
                 void *owner,
                 int64_t *ret_bytes,
                 struct bw_err *reterr);

/* What packs here, "libarchive 3.6.2, zstd 1.5.4": another version of either may give
 * other bytes for the same contents. */
void bw_bag_packer(char buf[80]);

/* ---- reading --------------------------------------------------------------------- */

/* May this be a bag? A folder with bagit.txt in it, or a tar archive under zstd; whatever
 * is named .tar.zst, so that a damaged one is told as a bag. */
bool bw_bag_looks_like(const char *path);
/* An archive, or the folder that one was unpacked into. Refused with member and reason
 * are: names that leave the bag or could be read in two ways, links, devices, a name
 * twice, more members or bytes than the limits, contents that inflate out of all
 * proportion. The contents lie in a temporary file without a name. */
int bw_bag_open(const char *path, struct bw_bag **ret, struct bw_err *reterr);
void bw_bag_close(struct bw_bag *b); /* NULL is fine */
const char *bw_bag_top(const struct bw_bag *b);
size_t bw_bag_count(const struct bw_bag *b);
/* The n-th by name, lent; i < bw_bag_count(). */
const struct bw_bag_member *bw_bag_at(const struct bw_bag *b, size_t i);
const struct bw_bag_member *bw_bag_find(const struct bw_bag *b,
                                        const char *name); /* or NULL */
/* The value of a label of bag-info.txt into buf[n]; false when it has none. */
bool bw_bag_info_get(const struct bw_bag *b, const char *label, char *buf, size_t n);

/* Is every member what the manifests say, and nothing missing or beside them? Each fault
 * is told with the member it concerns. Gives the number of faults, or -ENOMEM. Any thread
 * while nobody closes the bag. */
typedef void (*bw_bag_fault_cb)(void *owner, const char *member, const char *text);
int64_t bw_bag_check(const struct bw_bag *b,
                     bw_bag_fault_cb fault,
                     bw_bag_progress_cb progress,
                     void *owner);
/* Pack the members again and compare with the archive: 0; 1 with a sentence that tells
 * the first byte that differs; -errno. A folder has no such bytes: 0. Any thread. */
int bw_bag_same_bytes(const struct bw_bag *b, struct bw_err *reterr);

#endif

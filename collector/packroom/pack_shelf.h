/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_shelf.h - packs that were made, on disk: a folder each, named by what it was made
 * of. A folder is there whole or not at all. Blocking; any one thread at a time for those
 * that change it. */
#ifndef BW_PACK_SHELF_H
#define BW_PACK_SHELF_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

/* Make the shelf's folder, and take away what an earlier run did not finish. */
int bw_pack_shelf_open(const char *shelf, struct bw_err *reterr);
/* Where to make the folder of a pack of this name (43 characters of base64url) first. */
void bw_pack_shelf_folder(const char *shelf, const char *name, char ret_folder[PATH_MAX]);
/* It is whole: it takes its place; then the oldest go until all have at most max_bytes. */
int bw_pack_shelf_put(const char *shelf,
                      const char *name,
                      int64_t max_bytes,
                      struct bw_err *reterr);
/* It came to nothing. */
void bw_pack_shelf_drop(const char *shelf, const char *name);
/* Append one file of it, at most max bytes. -ENOENT: it is not (or no longer) there. */
int bw_pack_shelf_read(const char *shelf,
                       const char *name,
                       const char *file,
                       size_t max,
                       struct bw_buf *out,
                       struct bw_err *reterr);

#endif

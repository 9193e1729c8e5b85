/* SPDX-License-Identifier: GPL-3.0-or-later
 * tlog_store.h - a log's leaves and tiles on disk, its checkpoints, and what others said of
 * them: FOLDER/log.db.
 *
 * Leaves and tiles follow from the ledger and can be made again from it; checkpoints,
 * cosignatures and time stamps cannot. One writer; readers open handles of their own. A
 * handle belongs to one thread at a time. Failures come in the bins of store.h. */
#ifndef BW_STORE_TLOG_H
#define BW_STORE_TLOG_H

#include <bw/units.h>
#include <checkpoint.h>
#include <leaf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tile.h>

struct bw_buf;
struct bw_err;
struct bw_tlog;

enum bw_tlog_mode {
    BW_TLOG_WRITE, /* make, recover; holds the writer's lock (-EBUSY) */
    BW_TLOG_READ   /* -ENOENT: there is none */
};

/* FOLDER is made when missing (mode 0750). */
int bw_tlog_open(const char *folder,
                 enum bw_tlog_mode mode,
                 struct bw_tlog **ret,
                 struct bw_err *reterr);
void bw_tlog_close(struct bw_tlog *t); /* NULL is fine */

/* Leaves there. */
int bw_tlog_size(struct bw_tlog *t, int64_t *ret, struct bw_err *reterr);

/* n leaves after all that are there, in one transaction. */
int bw_tlog_append(struct bw_tlog *t,
                   const struct bw_leaf *leaves,
                   size_t n,
                   struct bw_err *reterr);

/* One leaf; -ENOENT. */
int bw_tlog_leaf(struct bw_tlog *t,
                 int64_t index,
                 struct bw_leaf *ret,
                 struct bw_err *reterr);
/* The bytes of a tile or bundle as it is served; -ENOENT: the log is not that large. */
int bw_tlog_tile(struct bw_tlog *t,
                 const struct bw_tile *tile,
                 struct bw_buf *out,
                 struct bw_err *reterr);

/* Heads and proofs of any size up to that of the log; -EINVAL beyond. */
int bw_tlog_root(struct bw_tlog *t, int64_t size, uint8_t ret[32], struct bw_err *reterr);
int bw_tlog_prove(struct bw_tlog *t,
                  int64_t index,
                  int64_t size,
                  struct bw_proof *ret,
                  struct bw_err *reterr);
int bw_tlog_prove_growth(struct bw_tlog *t,
                         int64_t from,
                         int64_t to,
                         struct bw_proof *ret,
                         struct bw_err *reterr);

/* ---- checkpoints */

struct bw_tlog_checkpoint {
    int64_t size;
    int64_t unix_s; /* when it was signed */
    uint8_t root[32];
    const char *note; /* as the log signed it; lent until the callback returns */
    size_t note_len;
};
typedef int (*bw_tlog_checkpoint_cb)(void *owner, const struct bw_tlog_checkpoint *c);

/* Keep one for good. The same size and root again: 0, and the first one stays. -BW_EFORK:
 * it is smaller than the newest, or another of the same size. */
int bw_tlog_checkpoint_add(struct bw_tlog *t,
                           const struct bw_tlog_checkpoint *c,
                           struct bw_err *reterr);
/* The newest of at most `size` leaves (INT64_MAX: of all); -ENOENT. */
int bw_tlog_checkpoint_at(struct bw_tlog *t,
                          int64_t size,
                          bw_tlog_checkpoint_cb cb,
                          void *owner,
                          struct bw_err *reterr);
/* All, by size. */
int bw_tlog_checkpoints(struct bw_tlog *t,
                        bw_tlog_checkpoint_cb cb,
                        void *owner,
                        struct bw_err *reterr);

/* A witness's line on the checkpoint of `size`; a later one of the same name takes the
 * place of an earlier one. */
int bw_tlog_cosign_add(struct bw_tlog *t,
                       int64_t size,
                       const char *name,
                       int64_t unix_s,
                       const char *line,
                       size_t n,
                       struct bw_err *reterr);
/* A time stamp's answer (DER) on the note of `size`, by the URL that gave it. */
int bw_tlog_stamp_add(struct bw_tlog *t,
                      int64_t size,
                      const char *url,
                      int64_t unix_s,
                      const void *der,
                      size_t n,
                      struct bw_err *reterr);
typedef int (*bw_tlog_said_cb)(
    void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n);
int bw_tlog_cosigned(struct bw_tlog *t,
                     int64_t size,
                     bw_tlog_said_cb cb,
                     void *owner,
                     struct bw_err *reterr);
int bw_tlog_stamps(struct bw_tlog *t,
                   int64_t size,
                   bw_tlog_said_cb cb,
                   void *owner,
                   struct bw_err *reterr);
/* Append the whole note of `size` with the lines of its witnesses; -ENOENT. */
int bw_tlog_note(struct bw_tlog *t,
                 int64_t size,
                 struct bw_buf *out,
                 struct bw_err *reterr);

/* Small values under a name ("origin"). value NULL removes; get replaces *out, -ENOENT. */
int bw_tlog_meta_set(struct bw_tlog *t,
                     const char *name,
                     const char *value,
                     struct bw_err *reterr);
int bw_tlog_meta_get(struct bw_tlog *t,
                     const char *name,
                     struct bw_buf *out,
                     struct bw_err *reterr);

/* ---- what this program witnessed of other logs */

struct bw_tlog_seen {
    char origin[BW_NOTE_NAME_MAX + 1];
    int64_t size;
    uint8_t root[32];
    int64_t unix_s;
};
/* -ENOENT: nothing yet. */
int bw_tlog_seen_get(struct bw_tlog *t,
                     const char *origin,
                     struct bw_tlog_seen *ret,
                     struct bw_err *reterr);
/* From what was seen (old_size; 0: nothing yet) to this, by compare-and-set: -EAGAIN when
 * it moved meanwhile. */
int bw_tlog_seen_set(struct bw_tlog *t,
                     int64_t old_size,
                     const struct bw_tlog_seen *s,
                     struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * file.h - whole files, durably: a reader sees the old or the new bytes, after a power
 * cut too. Blocking: call off the loop or before it runs. */
#ifndef BW_FILE_H
#define BW_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct bw_buf;
struct bw_err;

/* Replace path: temporary file beside it, write, fsync, rename, fsync of the folder. */
int bw_file_write(
    const char *path, const void *data, size_t n, mode_t mode, struct bw_err *reterr);
/* The same, but never over an existing file: -EEXIST. */
int bw_file_create(
    const char *path, const void *data, size_t n, mode_t mode, struct bw_err *reterr);

/* Append the whole file; -EFBIG when it is longer than max bytes. */
int bw_file_read(const char *path, size_t max, struct bw_buf *out, struct bw_err *reterr);

/* A file without a name, in TMPDIR or /tmp, else in memory: it is gone however the program
 * ends. The descriptor, or -errno. */
int bw_file_temporary(struct bw_err *reterr);
/* fsync the folder that holds path. */
int bw_file_sync_parent(const char *path);

/* Make a folder and its missing parents; fine when it exists as a folder. */
int bw_dir_make(const char *path, mode_t mode, struct bw_err *reterr);

#endif

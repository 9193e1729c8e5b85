/* SPDX-License-Identifier: GPL-3.0-or-later
 * stampkey.h - the shared secret of authenticated STAMP, from its file: 16 to 64 bytes in
 * hexadecimal, one line. Blocking: call while sockets are opened, not in a loop. */
#ifndef BW_STAMPKEY_H
#define BW_STAMPKEY_H

struct bw_err;
struct bw_stamp_key;

/* -EINVAL: not such a line; -EACCES: everybody may read the file. The sentence names the
 * file and the mend, never what is in it. */
int bw_stampkey_load(const char *path, struct bw_stamp_key *ret, struct bw_err *reterr);

#endif

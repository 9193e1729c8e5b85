/* SPDX-License-Identifier: GPL-3.0-or-later
 * logkey.h - the key that signs receipts: made at the first start, never again. */
#ifndef BW_LOGKEY_H
#define BW_LOGKEY_H

struct bw_err;
struct bw_key;

/* FOLDER/log-key.jwk (mode 0400). Makes it only when there is none and the catalogue does
 * not name one: a lost key is a person's to bring back, not ours to replace. Blocking,
 * before the loop runs. */
int bw_logkey_open(const char *folder,
                   const char *catalogue_path,
                   struct bw_key **ret,
                   struct bw_err *reterr);

#endif

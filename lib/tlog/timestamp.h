/* SPDX-License-Identifier: GPL-3.0-or-later
 * timestamp.h - time stamps by RFC 3161, checked by what is in them. */
#ifndef BW_TIMESTAMP_H
#define BW_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

struct bw_err;

/* A stamp (RFC 3161, DER of the whole answer) on data[n]: its time, and whom its
 * certificate names. The signature is checked by the certificates in it, at the stamp's own
 * time; whether these are to be trusted is not. -BW_ESIGNATURE, -BW_EMALFORMED; -ENOENT: it
 * has none. */
int bw_stamp_check(const void *answer,
                   size_t n_answer,
                   const void *data,
                   size_t n,
                   int64_t *ret_unix_s,
                   char ret_signer[200],
                   struct bw_err *reterr);

#endif

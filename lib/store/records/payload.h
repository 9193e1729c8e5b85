/* SPDX-License-Identifier: GPL-3.0-or-later
 * payload.h - the payload of a signed record, taken out of its compact JWS
 * (header.payload.signature) by those who read records that were checked before: neither
 * the header nor the signature is looked at. Who checks takes bw_jws_parse(). */
#ifndef BW_PAYLOAD_H
#define BW_PAYLOAD_H

#include <bw/units.h>
#include <stddef.h>

struct bw_err;
struct bw_record;

/* One payload at a time; zeroed it holds none. */
struct bw_payload {
    char json[BW_PAYLOAD_MAX + 1]; /* decoded, and a NUL that len does not count */
    size_t len;
    char sha256[BW_HASH_LEN + 1]; /* of the record it is of, where that tells it */
};

/* The payload as it stands in the record: the base64url text between its first two dots.
 * Lent; may be empty (*ret_n 0). NULL where there are no two dots. */
const char *bw_payload_text(const struct bw_record *rec, size_t *ret_n);

/* Take the payload out of rec. 1: it is in p. 0: it is in p since the call before, for this
 * is the same record (by its sha256; one that has none is always another). -BW_EMALFORMED:
 * no two dots between them, nothing, more than BW_PAYLOAD_MAX bytes or no base64url without
 * padding; p then holds none. */
int bw_payload_take(struct bw_payload *p,
                    const struct bw_record *rec,
                    struct bw_err *reterr);

#endif

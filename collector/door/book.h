/* SPDX-License-Identifier: GPL-3.0-or-later
 * book.h - who is known at the door: persons, sessions and keys, read together and looked
 * up in memory. Looked up on the loop only; made on any thread. */
#ifndef BW_DOOR_BOOK_H
#define BW_DOOR_BOOK_H

#include <people.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

struct bw_book {
    struct bw_person *persons; /* by name */
    size_t n_persons;
    struct bw_session *sessions; /* by SHA-256; when they were seen is the loop's to move */
    size_t n_sessions;
    struct bw_api_key *keys; /* by SHA-256 */
    size_t n_keys;
};

int bw_book_read(struct bw_people *p, struct bw_book **ret, struct bw_err *reterr);
void bw_book_free(struct bw_book *b); /* NULL is fine */

/* NULL: none. A person who was removed, or cannot sign in, is none. */
struct bw_session *bw_book_session(const struct bw_book *b, const uint8_t sha256[32]);
const struct bw_person *bw_book_person(const struct bw_book *b, const char *name);
const struct bw_api_key *bw_book_key(const struct bw_book *b, const uint8_t sha256[32]);

/* When sessions were seen, as the old book has it later than the new one. */
void bw_book_carry(struct bw_book *next, const struct bw_book *old);

#endif

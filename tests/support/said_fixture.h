/* SPDX-License-Identifier: GPL-3.0-or-later
 * said_fixture.h - a catalogue in a folder of its own, in which people say things, and the
 * clock of a school in Chicago. */
#ifndef BW_TEST_SAID_FIXTURE_H
#define BW_TEST_SAID_FIXTURE_H

#include <bw/err.h>
#include <bw/units.h>
#include <statement.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_tz;

struct fixture {
    char *folder;
    struct bw_catalogue *c;
    struct bw_tz *tz;
    int64_t now_unix_s; /* of the last statement */
    struct bw_err err;
};

/* Of cmocka: *state is a struct fixture, whose time is 0. */
int said_setup(void **state);
int said_teardown(void **state);

/* Say this a second later, in grey's name, in place of `replaces` (NULL: of none). */
void say(struct fixture *f,
         enum bw_statement_kind kind,
         const char *about,
         const char *replaces,
         const char *body,
         char id[BW_HASH_LEN + 1]); /* NULL is fine */

#endif

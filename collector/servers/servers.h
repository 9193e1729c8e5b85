/* SPDX-License-Identifier: GPL-3.0-or-later
 * servers.h - hours in which a measurement server was at fault, put together: what an
 * erratum would have to set apart. From the state's room; pure, any thread. */
#ifndef BW_SERVERS_H
#define BW_SERVERS_H

#include <room.h>
#include <stddef.h>
#include <stdint.h>

/* Hours that follow each other, in each of which the server was at fault in a direction. */
struct bw_server_fault {
    int64_t from_unix_s;
    int64_t to_unix_s;   /* exclusive */
    unsigned directions; /* bits of enum bw_direction */
    int64_t lowest_ppm;  /* of the hours' medians */
    int32_t n_good;      /* runs of both directions in that time that count now */
    int32_t n_erratum;   /* and that an erratum sets apart already */
};

/* What an hour is worth on a picture. */
enum bw_server_level {
    BW_SERVER_NOTHING, /* nobody tested */
    BW_SERVER_FEW,     /* fewer sites than a word takes */
    BW_SERVER_USUAL,   /* 95 % or more of what is usual */
    BW_SERVER_LESS,    /* 90 % or more */
    BW_SERVER_FELL,    /* less, and it is not told from the lines, or all servers fell */
    BW_SERVER_AT_FAULT,
    BW_SERVER_BROKEN, /* runs, and none of them good */
    BW_SERVER_LEVELS
};

enum bw_server_level bw_server_level(const struct bw_room_server_hour *h);

/* Of one server, by time; free() *ret. -ENOMEM. */
int bw_server_faults(const struct bw_room *r,
                     const struct bw_room_server *s,
                     struct bw_server_fault **ret,
                     size_t *ret_n);

/* By its name; NULL: none. */
const struct bw_room_server *bw_server_find(const struct bw_room *r, const char *name);
/* "fault", "alone": a word of enum bw_server_word, for programs and for people. */
const char *bw_server_word_name(int word);
const char *bw_server_word_words(int word);

#endif

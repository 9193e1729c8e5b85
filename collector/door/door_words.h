/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_words.h - what strangers send to the door, taken apart: cookies, a field of a form,
 * where to go next. Pure; any thread. */
#ifndef BW_DOOR_WORDS_H
#define BW_DOOR_WORDS_H

#include <stddef.h>

/* The value of a cookie into out[cap], NUL at its end; header NULL: none came. -ENOENT: it
 * is not there; -EINVAL: it stands twice, or is longer. */
int bw_door_cookie_read(const char *header, const char *name, char *out, size_t cap);

/* One field of a form (application/x-www-form-urlencoded) without undoing anything; the
 * same failures. */
int bw_door_field(const char *body, size_t n, const char *name, char *out, size_t cap);

/* A path on this collector to go to, or "/": nothing that a browser would take for another
 * host's, or for two lines. typed may be NULL. */
void bw_door_to(const char *typed, char *out, size_t cap);

#endif

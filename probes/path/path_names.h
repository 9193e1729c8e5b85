/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_names.h - reverse names of hops: looked up off the loop's thread, one at a time,
 * remembered for a day. Names are for people: nothing is measured by them and no trace
 * waits long for one. On the loop's thread. */
#ifndef BW_PATH_NAMES_H
#define BW_PATH_NAMES_H

#include "address.h"

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

struct path_names;
struct uv_loop_s;

/* `told` is called when a lookup has ended. NULL: no memory. */
struct path_names *
path_names_new(struct uv_loop_s *loop, void (*told)(void *owner), void *owner);
/* Nobody waits for a lookup under way any more; NULL is fine. */
void path_names_free(struct path_names *n);

/* Ask for a name unless it is known or asked for already. */
void path_names_ask(struct path_names *n, const union bw_address *a, int64_t now_mono_ns);
/* Is the answer known, be it that there is no name? */
bool path_names_known(const struct path_names *n, const union bw_address *a);
/* "" when it has none, or none is known. */
const char *path_names_of(const struct path_names *n, const union bw_address *a);

/* What may stand in a record of a reverse name: in lower case, letters, digits, '-', '.'
 * and '_' only; where it would give the address away ("ip-192-0-2-7.example.net") without
 * the labels that do ("example.net"); the end of one that is too long. "": nothing. */
void path_name_clean(const char *name,
                     const union bw_address *a,
                     char ret[BW_NAME_MAX + 1]);

#endif

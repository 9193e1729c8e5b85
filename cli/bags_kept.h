/* SPDX-License-Identifier: GPL-3.0-or-later
 * bags_kept.h - the yearly bags that a box keeps in STATE_DIR/bags: fetched and checked by
 * `bandwitness bag fetch`, told by `bandwitness status`. */
#ifndef BW_CLI_BAGS_KEPT_H
#define BW_CLI_BAGS_KEPT_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

/* A file's name that a collector says, of this site: "SITE.CIRCUIT-FY2025.tar.zst". */
bool bags_kept_name_good(const char *name, const char *site);
void bags_kept_path(const char *state_dir, const char *name, char ret[PATH_MAX]);

/* [{"name","bytes","kept_s"}], by name; empty where there is none. NULL without memory. */
json_t *bags_kept_list(const char *state_dir);
/* What went wrong at the last fetch, one sentence; false: nothing did. */
bool bags_kept_trouble(const char *state_dir, char *ret, size_t cap);
void bags_kept_note_trouble(const char *state_dir, const char *text); /* NULL: none */
/* For people: nothing where there is neither bag nor trouble. */
void bags_kept_print(const char *state_dir);

#endif

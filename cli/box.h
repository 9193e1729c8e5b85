/* SPDX-License-Identifier: GPL-3.0-or-later
 * box.h - how verbs of the command reach the box they run on: its configuration, and the
 * daemon's control socket. */
#ifndef BW_CLI_BOX_H
#define BW_CLI_BOX_H

#include <jansson.h>

struct bw_err;

#define BW_CLI_BOX_CONFIG "/etc/bandwitness/bandwitness.conf"

/* Ask the daemon at `socket` one thing. `progress` (may be NULL) gets every line before
 * the last; *ret the last, freed with json_decref(). -ECONNREFUSED or -ENOENT: no daemon
 * there; -BW_EREFUSED: it said no, and why. Blocks until it answers. */
int bw_cli_ask(const char *socket,
               const json_t *request,
               void (*progress)(void *owner, const json_t *line),
               void *owner,
               json_t **ret,
               struct bw_err *reterr);

#endif

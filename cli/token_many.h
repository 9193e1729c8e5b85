/* SPDX-License-Identifier: GPL-3.0-or-later
 * token_many.h - `token create --csv`: tokens for a table of sites. */
#ifndef BW_CLI_TOKEN_MANY_H
#define BW_CLI_TOKEN_MANY_H

#include <stdint.h>

struct bw_verb;

/* All of it; the exit status. The table with tokens goes to standard output. */
int bw_cli_token_many(const struct bw_verb *v,
                      const char *file,
                      const char *data,
                      const char *config,
                      int64_t expires_s);

#endif

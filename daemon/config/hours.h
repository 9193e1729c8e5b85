/* SPDX-License-Identifier: GPL-3.0-or-later
 * hours.h - the hours in which tests may start: windows, class hours, the calendar. */
#ifndef BW_HOURS_H
#define BW_HOURS_H

#include "boxconf.h"

struct bw_conf_node;

/* The sections `keyword` of the top level. */
int bw_hours_read(const struct bw_conf_node *top,
                  const char *keyword,
                  struct bw_boxconf_hours *out,
                  size_t *ret_n,
                  struct bw_err *reterr);

/* "mon-fri", "sat,sun", "mon,wed-fri" as bits, Sunday first; -EINVAL. */
int bw_hours_days_parse(const char *text, uint32_t *ret);

#endif

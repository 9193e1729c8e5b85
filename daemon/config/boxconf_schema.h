/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_schema.h - which sections and options the box's configuration file has. */
#ifndef BW_BOXCONF_SCHEMA_H
#define BW_BOXCONF_SCHEMA_H

#include <conf.h>

/* The top level with a section for every probe kind of bw_probe_table; free() it, after
 * everything read by it. NULL when out of memory. */
struct bw_conf_section *bw_boxconf_schema(void);

/* The options of a throughput section beside the kind's own ("circuit", "every"), and of
 * a latency section ("circuit"). */
extern const struct bw_optspec bw_boxconf_heavy_opts[];
extern const struct bw_optspec bw_boxconf_light_opts[];

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_schema.h - which sections and options the box's configuration file has. */
#ifndef BW_BOXCONF_SCHEMA_H
#define BW_BOXCONF_SCHEMA_H

#include <conf.h>

/* Where the rule files of campaigns are unless the file says otherwise. */
#define BW_BOXCONF_CAMPAIGNS_DIR "/etc/bandwitness/campaigns"

struct bw_boxconf_circuit;
struct bw_err;

/* The top level with a section for every probe kind of bw_probe_table; free() it, after
 * everything read by it. NULL when out of memory. */
struct bw_conf_section *bw_boxconf_schema(void);

/* The options of a throughput section beside the kind's own ("circuit", "every"), and of
 * a latency section ("circuit"). */
extern const struct bw_optspec bw_boxconf_heavy_opts[];
extern const struct bw_optspec bw_boxconf_light_opts[];

/* boxconf_capture.c: what a circuit says of capturing its packets, with its vantage and
 * interface read already. */
extern const char *const bw_boxconf_capture_words[];
int bw_boxconf_read_capture(struct bw_boxconf_circuit *c,
                            const struct bw_conf_node *circuit,
                            struct bw_err *reterr);

/* boxconf_snmp.c: the options of a circuit's section `snmp`, and what stands there, with
 * the circuit's source read already. */
extern const struct bw_optspec bw_boxconf_snmp_opts[];
int bw_boxconf_read_snmp(struct bw_boxconf_circuit *c,
                         const struct bw_conf_node *circuit,
                         struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * confine.h - giving up what a program that talks to one device does not need. */
#ifndef BW_SNMP_CONFINE_H
#define BW_SNMP_CONFINE_H

struct bw_err;

/* After the secrets were read, before a packet is sent: no capability, no new privileges,
 * no file to write, no core file; as root it becomes nobody; it dies with its parent. A
 * failure is fatal to the caller. */
int bw_snmp_confine(struct bw_err *reterr);
/* At the very end, when there is no secret left: whoever looks for leaks may look again. */
void bw_snmp_confine_end(void);

#endif

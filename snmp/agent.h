/* SPDX-License-Identifier: GPL-3.0-or-later
 * agent.h - questions to one device by net-snmp, one after the other. Every call blocks
 * until the answer or the time-out; only this module knows net-snmp. One thread. */
#ifndef BW_SNMP_AGENT_H
#define BW_SNMP_AGENT_H

#include "reader.h"
#include "secrets.h"

#include <snmpline.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_snmp_agent;

enum {
    BW_SNMP_TIMEOUT_MS = 2000,
    BW_SNMP_ROWS_MAX = 16384 /* of a column */
};

/* Both are copied; keys are made here, passphrases are not kept. -ENOTSUP: the library
 * lacks the algorithm. */
int bw_snmp_agent_new(const struct bw_snmp_job *job,
                      const struct bw_snmp_secrets *secrets,
                      struct bw_snmp_agent **ret,
                      struct bw_err *reterr);
void bw_snmp_agent_free(struct bw_snmp_agent *a);

typedef void (*bw_snmp_row_cb)(void *owner, int64_t ifindex, const char *text, size_t n);

/* Every ifName or ifAlias. 0; -ETIMEDOUT; -EACCES: the device refuses us; -EPROTO: it
 * answers what makes no sense. The sentence is for a person. *ret_whole: to its end. */
int bw_snmp_agent_column(struct bw_snmp_agent *a,
                         bool by_alias,
                         bw_snmp_row_cb row,
                         void *owner,
                         bool *ret_whole,
                         struct bw_err *reterr);

/* All that is asked of one interface, in one question. As above. */
int bw_snmp_agent_ask(struct bw_snmp_agent *a,
                      bool by_alias,
                      int64_t ifindex,
                      struct bw_snmp_answer *ret,
                      struct bw_err *reterr);

#endif

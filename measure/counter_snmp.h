/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter_snmp.h - the program that reads an edge device's counters, kept running.
 *
 * It is a process of its own (bandwitness-snmp), since the library it needs is large and
 * its questions may block. One that ends is started again, at growing distances; until it
 * says something again nothing is known. All on the loop's thread. */
#ifndef BW_COUNTER_SNMP_H
#define BW_COUNTER_SNMP_H

#include <bw/counter.h>
#include <snmpline.h>
#include <stdint.h>

struct bw_err;
struct bw_snmp_meter;
struct uv_loop_s;

enum {
    BW_SNMP_RETRY_MIN_MS = 1000,
    BW_SNMP_RETRY_MAX_MS = 300000
};

/* Each may be NULL; lent until the callback returns. `epoch` of a reading is unique over
 * all the programs that a meter had. */
struct bw_snmp_meter_callbacks {
    void (*reading)(void *owner, const struct bw_snmp_reading *r);
    void (*status)(void *owner, const struct bw_snmp_status *s);
};

/* program: its path; NULL or "": bandwitness-snmp beside the running program. It is started
 * on the next turn of the loop. -ENOMEM. */
int bw_snmp_meter_new(struct uv_loop_s *loop,
                      const char *program,
                      const struct bw_snmp_job *job,
                      const struct bw_snmp_meter_callbacks *callbacks,
                      void *owner,
                      struct bw_snmp_meter **ret,
                      struct bw_err *reterr);
/* Somebody else hears from now on. */
void bw_snmp_meter_move(struct bw_snmp_meter *m, void *owner);
/* A test runs for so long: ask more often. */
void bw_snmp_meter_fast(struct bw_snmp_meter *m, int64_t ms);
/* Where it does not count: start anew, with the secrets as they are by now. */
void bw_snmp_meter_renew(struct bw_snmp_meter *m);
/* How it stands; never NULL, lent until the next turn. */
const struct bw_snmp_status *bw_snmp_meter_status(const struct bw_snmp_meter *m);
/* The port as it is while it counts; NULL: not known. */
const struct bw_snmp_port *bw_snmp_meter_port(const struct bw_snmp_meter *m);
/* End the program, close every handle, free, then cb(owner). NULL is a no-op. */
void bw_snmp_meter_close(struct bw_snmp_meter *m, void (*cb)(void *owner), void *owner);

#endif

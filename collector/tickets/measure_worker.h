/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure_worker.h - the inside of the measurement process. */
#ifndef BW_MEASURE_WORKER_H
#define BW_MEASURE_WORKER_H

/* `bandwitness-collector --measure`: serve tests on the sockets 3, 4, … until standard
 * input ends; exit status. */
int bw_measure_worker_main(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * notify.h - readiness and watchdog for systemd: one datagram to $NOTIFY_SOCKET, no
 * library. Without the variable every call does nothing. */
#ifndef BW_NOTIFY_H
#define BW_NOTIFY_H

#include <stdint.h>

/* "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…"; lines may be joined
 * by '\n'. Never blocks. 0, or -errno when there is a socket that did not take it. */
int bw_notify(const char *state);

/* Half of $WATCHDOG_USEC in ms, 0 when systemd watches nobody or another process. */
int64_t bw_notify_watchdog_ms(void);

#endif

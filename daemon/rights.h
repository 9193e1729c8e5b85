/* SPDX-License-Identifier: GPL-3.0-or-later
 * rights.h - giving up every capability once all sockets are open. */
#ifndef BW_RIGHTS_H
#define BW_RIGHTS_H

struct bw_err;

/* At the very start, before a key or a packet is in memory: no core file, no debugger, for
 * this process and what it starts. Failing to is fatal for the caller. */
int bw_rights_guard(struct bw_err *reterr);

/* Empty the permitted, effective, inheritable and ambient sets of this thread (call it
 * before there is another one), and guard again: the kernel forgets that where rights or
 * user change. Failing to is fatal for the caller. */
int bw_rights_drop(struct bw_err *reterr);

/* At the very end, when no key is in memory any more: allow debuggers again, so that leak
 * checkers work. */
void bw_rights_end(void);

#endif

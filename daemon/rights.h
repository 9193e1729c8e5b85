/* SPDX-License-Identifier: GPL-3.0-or-later
 * rights.h - giving up every capability once all sockets are open. */
#ifndef BW_RIGHTS_H
#define BW_RIGHTS_H

struct bw_err;

/* Empty the permitted, effective, inheritable and ambient sets of this thread (call it
 * before there is another one), and forbid core files and ptrace. Failing to is fatal for
 * the caller. */
int bw_rights_drop(struct bw_err *reterr);

/* At the very end, when no key is in memory any more: allow debuggers again, so that leak
 * checkers work. */
void bw_rights_end(void);

#endif

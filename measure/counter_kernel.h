/* SPDX-License-Identifier: GPL-3.0-or-later
 * counter_kernel.h - the kernel's counters with what the contract's open() does not ask:
 * where /sys is. */
#ifndef BW_COUNTER_KERNEL_H
#define BW_COUNTER_KERNEL_H

#include <bw/counter.h>

/* As bw_counter_kernel.open, with link speeds read below `sys_root` ("/sys"; copied). */
int bw_counter_kernel_open_at(const char *interface,
                              bool towards_school_is_tx,
                              const char *sys_root,
                              struct bw_counter **ret,
                              struct bw_err *reterr);

#endif

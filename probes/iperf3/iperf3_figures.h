/* SPDX-License-Identifier: GPL-3.0-or-later
 * iperf3_figures.h - from a report to a sample. Pure; any thread. */
#ifndef BW_PROBE_IPERF3_FIGURES_H
#define BW_PROBE_IPERF3_FIGURES_H

#include <bw/probe.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_iperf3_report;

/* What the words of an error mean to a caller that branches on it; -EIO: nothing known. */
int iperf3_code(const char *error);

/* Is this the test that was asked for, and can its rate be believed? Else -errno and the
 * reason. */
int iperf3_judge(const struct bw_iperf3_report *r,
                 enum bw_direction direction,
                 bool udp,
                 int64_t asked_us,
                 char *reason,
                 size_t cap);

/* The figures into a sample of bw_run_sample_init(). The window begins at t0, or ends with
 * the program where t0 is unknown or would have it end later. */
void iperf3_figures(const struct bw_iperf3_report *r,
                    enum bw_direction direction,
                    int64_t t0_mono_ns,
                    int64_t exit_mono_ns,
                    struct bw_run_sample *s);

#endif

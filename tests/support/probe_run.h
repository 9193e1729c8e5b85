/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_run.h - one round of a latency probe in a test's own process, as the daemon's host
 * runs it, and everything it lent. */
#ifndef BW_PROBE_RUN_H
#define BW_PROBE_RUN_H

#include <bw/probe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROBE_RUN_KEPT = 128
};

struct probe_run_sample {
    struct bw_latency_sample s; /* its detail points to `detail`, or is NULL */
    struct bw_latency_detail detail;
    char code[32]; /* "" where there was none */
};

struct probe_run {
    struct probe_run_sample list[PROBE_RUN_KEPT];
    size_t n;
    int status;        /* of the round; 1: it never ended */
    bool loop_is_free; /* nothing was left on the loop when the probe had closed */
};

/* Targets and pairs end with NULL. Runs for round_ms (0: until `enough` samples have come),
 * then waits until `enough` samples have come, 20 s at most, and closes. -errno and the
 * sentence (printed) when the instance cannot be made or opened. */
int probe_run(const char *kind,
              const char *const *targets,
              const char *const *pairs,
              uint32_t round_ms,
              size_t enough,
              struct probe_run *ret);

/* The circuit's IPv4 source address; NULL: none. */
extern const char *probe_run_source4;

/* 0, or what the kind's check() or the options say; the sentence in text[256]. */
int probe_run_check(const char *kind,
                    const char *const *targets,
                    const char *const *pairs,
                    char text[256]);

#endif

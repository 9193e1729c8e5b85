/* SPDX-License-Identifier: GPL-3.0-or-later
 * clock.h - every reading of time in the project. Deadlines are monotonic, records UTC.
 * Tests replace the readings by bw_clock_fake(). */
#ifndef BW_CLOCK_H
#define BW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t bw_clock_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t bw_clock_mono_ms(void);
int64_t bw_clock_boot_ms(void); /* CLOCK_BOOTTIME: goes on while suspended */
int64_t bw_clock_unix_ms(void); /* CLOCK_REALTIME */
int64_t bw_clock_unix_ns(void);

/* adjtimex(2): is the kernel's clock disciplined, and by how much may it be off.
 * max_error_us is BW_UNKNOWN where the kernel does not tell. */
struct bw_clock_state {
    bool synced;
    int64_t max_error_us;
};
void bw_clock_state_read(struct bw_clock_state *ret);

/* For tests: later readings come from *f (monotonic, boot and real time move together by
 * the test's hand); NULL goes back to the kernel. */
struct bw_clock_fake {
    int64_t mono_ns;
    int64_t boot_ns;
    int64_t unix_ns;
    struct bw_clock_state state;
};
void bw_clock_fake(const struct bw_clock_fake *f);

/* "2026-11-22T01:30:00Z" or with milliseconds "…:00.250Z" (RFC 3339) into buf[32]. */
void bw_time_format_s(int64_t unix_s, char buf[32]);
void bw_time_format_ms(int64_t unix_ms, char buf[32]);
/* RFC 3339 with Z or an offset, or "2026-11-22" (00:00 UTC). -EINVAL otherwise. */
int bw_time_parse(const char *text, int64_t *ret_unix_ms);

#endif

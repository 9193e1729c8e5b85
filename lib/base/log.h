/* SPDX-License-Identifier: GPL-3.0-or-later
 * log.h - lines to stderr with the <N> priority prefix that journald reads, no time
 * stamps, no files. Secrets never come here. Any thread. */
#ifndef BW_LOG_H
#define BW_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum bw_log_level {
    BW_ERROR = 3,
    BW_WARN = 4,
    BW_NOTICE = 5,
    BW_INFO = 6,
    BW_DEBUG = 7
};

enum bw_log_area {
    BW_AREA_MAIN,
    BW_AREA_CONFIG,
    BW_AREA_SCHED,
    BW_AREA_PROBE,
    BW_AREA_COUNTER,
    BW_AREA_INTERVAL,
    BW_AREA_JOURNAL,
    BW_AREA_SERIES,
    BW_AREA_COURIER,
    BW_AREA_CONTROL,
    BW_AREA_HTTP,
    BW_AREA_INGEST,
    BW_AREA_LEDGER,
    BW_AREA_CATALOGUE,
    BW_AREA_PAGES,
    BW_AREA_EVIDENCE
};

/* The only file-level state of the library: what is printed. Default BW_INFO. */
void bw_log_set_level(enum bw_log_level max);
enum bw_log_level bw_log_level(void);

void bw_log(enum bw_log_area area, enum bw_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A complaint that repeats: first at once, then at doubling gaps up to a day, and one
 * line when it is over. Embed one per thing that can fail; zeroed is ready. */
struct bw_complaint {
    int64_t next_mono_ms;
    int64_t gap_ms;
    int64_t suppressed;
    bool active;
};

void bw_complain(struct bw_complaint *c,
                 enum bw_log_area area,
                 enum bw_log_level level,
                 const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));

/* Says fmt once if the complaint was active, then resets it. */
void bw_complain_over(struct bw_complaint *c, enum bw_log_area area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * log.c - lines to stderr for journald, and complaints that do not fill the journal.
 *
 * Invariant: one line is one write(2), so lines of several threads never mix; no byte of
 * a message can start a new line or carry a control character. */
#include "log.h"
#include "clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 2048,
    GAP_FIRST_MS = 60 * 1000,
    GAP_MAX_MS = 24 * 60 * 60 * 1000
};

static _Atomic int level_max = BW_INFO;

static const char *const area_names[] = {
    [BW_AREA_MAIN] = "main",       [BW_AREA_CONFIG] = "config",
    [BW_AREA_SCHED] = "sched",     [BW_AREA_PROBE] = "probe",
    [BW_AREA_COUNTER] = "counter", [BW_AREA_INTERVAL] = "interval",
    [BW_AREA_JOURNAL] = "journal", [BW_AREA_SERIES] = "series",
    [BW_AREA_COURIER] = "courier", [BW_AREA_CONTROL] = "control",
    [BW_AREA_HTTP] = "http",       [BW_AREA_INGEST] = "ingest",
    [BW_AREA_LEDGER] = "ledger",   [BW_AREA_CATALOGUE] = "catalogue",
    [BW_AREA_PAGES] = "pages",     [BW_AREA_EVIDENCE] = "evidence",
};

void bw_log_set_level(enum bw_log_level max)
{
    atomic_store(&level_max, (int)max);
}

enum bw_log_level bw_log_level(void)
{
    return (enum bw_log_level)atomic_load(&level_max);
}

static void put_line(enum bw_log_area area,
                     enum bw_log_level level,
                     const char *tail,
                     const char *fmt,
                     va_list ap) __attribute__((format(printf, 4, 0)));

static void put_line(enum bw_log_area area,
                     enum bw_log_level level,
                     const char *tail,
                     const char *fmt,
                     va_list ap)
{
    char line[LINE_MAX_BYTES];
    size_t room = sizeof(line) - 1; /* the last byte is the new line's */
    size_t len;
    int n;
    int saved = errno;

    n = snprintf(line, room, "<%d>%s: ", (int)level, area_names[area]);
    len = n < 0 ? 0 : (size_t)n;
    n = vsnprintf(line + len, room - len, fmt, ap);
    if (n > 0) {
        len += (size_t)n < room - len ? (size_t)n : room - len - 1;
    }
    n = snprintf(line + len, room - len, "%s", tail);
    if (n > 0) {
        len += (size_t)n < room - len ? (size_t)n : room - len - 1;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c == 0x7f) {
            line[i] = ' ';
        }
    }
    line[len++] = '\n';
    for (size_t at = 0; at < len;) {
        ssize_t w = write(STDERR_FILENO, line + at, len - at);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            break; /* nobody to tell */
        }
        at += (size_t)w;
    }
    errno = saved;
}

void bw_log(enum bw_log_area area, enum bw_log_level level, const char *fmt, ...)
{
    va_list ap;

    if ((int)level > atomic_load(&level_max)) {
        return;
    }
    va_start(ap, fmt);
    put_line(area, level, "", fmt, ap);
    va_end(ap);
}

void bw_complain(struct bw_complaint *c,
                 enum bw_log_area area,
                 enum bw_log_level level,
                 const char *fmt,
                 ...)
{
    int64_t now = bw_clock_mono_ms();
    char tail[64] = "";
    va_list ap;

    if (c->active && now < c->next_mono_ms) {
        c->suppressed++;
        return;
    }
    if (c->suppressed > 0) {
        (void)snprintf(tail, sizeof(tail), " (%lld more like this since)",
                       (long long)c->suppressed);
    }
    c->gap_ms = !c->active ? GAP_FIRST_MS : c->gap_ms * 2;
    if (c->gap_ms > GAP_MAX_MS) {
        c->gap_ms = GAP_MAX_MS;
    }
    c->active = true;
    c->suppressed = 0;
    c->next_mono_ms = now + c->gap_ms;
    if ((int)level > atomic_load(&level_max)) {
        return;
    }
    va_start(ap, fmt);
    put_line(area, level, tail, fmt, ap);
    va_end(ap);
}

void bw_complain_over(struct bw_complaint *c, enum bw_log_area area, const char *fmt, ...)
{
    va_list ap;

    if (!c->active) {
        return;
    }
    *c = (struct bw_complaint){0};
    if (BW_NOTICE > atomic_load(&level_max)) {
        return;
    }
    va_start(ap, fmt);
    put_line(area, BW_NOTICE, "", fmt, ap);
    va_end(ap);
}

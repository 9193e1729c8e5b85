/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_words.c - cells and times of a circuit's page. A dash: nothing measured it. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>

void bw_circuit_local(const struct bw_tz *tz, int64_t unix_s, char ret[BW_CIRCUIT_LOCAL])
{
    struct bw_civil c;
    bw_tz_local(tz, unix_s, &c);
    (void)snprintf(ret, BW_CIRCUIT_LOCAL, "%04d-%02d-%02dT%02d:%02d", c.year % 10000,
                   c.month % 100, c.day % 100, c.hour % 100, c.minute % 100);
}

void bw_circuit_when_write(struct bw_buf *b, const struct bw_tz *tz, int64_t unix_s)
{
    char local[BW_CIRCUIT_LOCAL];
    char utc[32];
    bw_circuit_local(tz, unix_s, local);
    bw_time_format_s(unix_s, utc);
    bw_buf_printf(b, "<time datetime=\"%s\">%.10s&nbsp;%.5s</time>", utc, local,
                  local + 11);
}

static void cell(struct bw_buf *b)
{
    bw_buf_puts(b, "<td class=\"n\">");
}

void bw_circuit_rate_cell(struct bw_buf *b, int64_t bps)
{
    cell(b);
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_rate(b, bps);
    }
    bw_buf_puts(b, "</td>");
}

void bw_circuit_ms_cell(struct bw_buf *b, int64_t us)
{
    cell(b);
    if (us == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_ms(b, us);
    }
    bw_buf_puts(b, "</td>");
}

void bw_circuit_count_cell(struct bw_buf *b, int64_t n)
{
    cell(b);
    if (n == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_count(b, n);
    }
    bw_buf_puts(b, "</td>");
}

void bw_circuit_span_cell(struct bw_buf *b, int64_t s)
{
    cell(b);
    if (s == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_span(b, s);
    }
    bw_buf_puts(b, "</td>");
}

void bw_circuit_share_cell(struct bw_buf *b, int64_t part, int64_t of)
{
    cell(b);
    if (part == BW_UNKNOWN || of == BW_UNKNOWN || of <= 0) {
        bw_buf_puts(b, "–");
    } else {
        int64_t hundredths = (int64_t)((double)part * 10000 / (double)of);
        bw_buf_printf(b, "%" PRId64 ".%02" PRId64 "&nbsp;%%", hundredths / 100,
                      hundredths % 100);
    }
    bw_buf_puts(b, "</td>");
}

void bw_circuit_api(struct bw_buf *b, const struct bw_circuit_view *v, const char *rest)
{
    bw_buf_puts(b, "/api/v1/circuits/");
    bw_text_url(b, v->id);
    bw_buf_putc(b, '/');
    bw_buf_puts(b, rest);
}

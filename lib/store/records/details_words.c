/* SPDX-License-Identifier: GPL-3.0-or-later
 * details_words.c - how details of targets are said to people. */
#include "details.h"

#include <plural.h>
#include <stdio.h>
#include <string.h>

void bw_detail_days_words(int64_t days, char out[BW_DETAIL_WORDS_MAX])
{
    int64_t n = days < 0 ? -days : days;

    (void)snprintf(out, BW_DETAIL_WORDS_MAX, "%s%lld %s %s", days < 0 ? "ended " : "",
                   (long long)n, bw_plural(n, "day", "days"), days < 0 ? "before" : "left");
}

const char *bw_detail_phase_words(const char *phase)
{
    static const struct {
        const char *phase;
        const char *words;
    } list[] = {{"dns", "name service"},
                {"connect", "connection"},
                {"tls", "TLS"},
                {"first-byte", "first byte"},
                {"transfer", "transfer"}};

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (strcmp(phase, list[i].phase) == 0) {
            return list[i].words;
        }
    }
    return phase;
}

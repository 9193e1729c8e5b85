/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_ticket_answer.c - any bytes as the collector's answer to a request for a ticket:
 * what comes of them is a ticket or a sentence for a record, of printable ASCII. */
#include "ticket.h"

#include <bw/probe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 403, 503};
    char text[BW_TICKET_MAX + 1];
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        int r = bw_ticket_said(statuses[i], (const char *)data, size, text, sizeof(text));
        if (!memchr(text, '\0', sizeof(text))) {
            abort();
        }
        for (const char *t = text; r < 0 && *t; t++) {
            if (*t < ' ' || *t > '~') {
                abort();
            }
        }
    }
    return 0;
}

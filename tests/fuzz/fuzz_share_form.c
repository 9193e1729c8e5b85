/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_share_form.c - any bytes as a stranger's form: fields stay within their room, and
 * what is refused leaves nothing beyond it. */
#include "share_form.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[24];
    char name[8];
    struct bw_share_form_field fields[] = {
        {.name = "text", .out = text, .cap = sizeof(text)},
        {.name = "name", .out = name, .cap = sizeof(name)},
        {.name = NULL},
    };
    memset(text, 'x', sizeof(text));
    memset(name, 'x', sizeof(name));
    int r = bw_share_form_read((const char *)data, size, fields);
    for (int i = 0; i < 2; i++) {
        if (fields[i].n >= fields[i].cap ||
            (r == 0 && fields[i].out[fields[i].n] != '\0')) {
            abort();
        }
    }
    return 0;
}

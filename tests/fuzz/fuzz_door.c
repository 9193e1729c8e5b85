/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_door.c - any bytes as a browser's cookies, a form, and an address to go to: what is
 * taken fits its room, and where somebody is sent is on this collector. */
#include "door_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char out[8];
    char to[32];
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if ((bw_door_cookie_read(text, "__Host-bw", out, sizeof(out)) == 0 &&
         (strlen(out) >= sizeof(out) || strchr(out, ';'))) ||
        (bw_door_field(text, size, "csrf", out, sizeof(out)) == 0 &&
         !memchr(out, '\0', sizeof(out)))) {
        abort();
    }
    bw_door_to(text, to, sizeof(to));
    if (to[0] != '/' || to[1] == '/' || strpbrk(to, "\\\r\n\t \"<>")) {
        abort();
    }
    free(text);
    return 0;
}

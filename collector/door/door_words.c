/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_words.c - cookies (RFC 6265), fields of forms, addresses.
 *
 * Invariant: what stands twice is nothing: two programs would choose in two ways. */
#include "door_words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* NAME=VALUE of n bytes: takes the value where the name is this one. */
static int
take(const char *text, size_t n, const char *name, char *out, size_t cap, int *found)
{
    size_t n_name = strlen(name);
    if (n <= n_name || memcmp(text, name, n_name) != 0 || text[n_name] != '=') {
        return 0;
    }
    size_t n_value = n - n_name - 1;
    if ((*found)++ > 0 || n_value >= cap) {
        return -EINVAL;
    }
    memcpy(out, text + n_name + 1, n_value);
    out[n_value] = '\0';
    return 0;
}

int bw_door_cookie_read(const char *header, const char *name, char *out, size_t cap)
{
    int found = 0;
    int r = 0;
    while (r == 0 && header && *header) {
        header += strspn(header, " ;\t");
        size_t n = strcspn(header, ";");
        r = take(header, n, name, out, cap, &found);
        header += n;
    }
    return r < 0 ? r : found ? 0 : -ENOENT;
}

int bw_door_field(const char *body, size_t n, const char *name, char *out, size_t cap)
{
    int found = 0;
    int r = 0;
    while (r == 0 && n > 0) {
        const char *end = memchr(body, '&', n);
        size_t all = end ? (size_t)(end - body) : n;
        r = take(body, all, name, out, cap, &found);
        body += all + (end != NULL);
        n -= all + (end != NULL);
    }
    return r < 0 ? r : found ? 0 : -ENOENT;
}

void bw_door_to(const char *typed, char *out, size_t cap)
{
    bool fits = typed && typed[0] == '/' && typed[1] != '/' && typed[1] != '\\' &&
                strlen(typed) < cap;
    for (const char *c = typed; fits && *c; c++) {
        fits = *c > ' ' && *c < 0x7f && !strchr("\\\"<>", *c);
    }
    (void)snprintf(out, cap, "%s", fits ? typed : "/");
}

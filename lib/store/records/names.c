/* SPDX-License-Identifier: GPL-3.0-or-later
 * names.c - short texts by number.
 *
 * Invariant: n_slots is 0 or a power of two of which at most half is taken. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bit (the constants are its authors'). */
static uint64_t mix(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return h ^ (h >> 32);
}

/* Where the text is or would go. */
static size_t slot_of(const struct bw_names *names, const char *text)
{
    size_t at = (size_t)mix(text) & (names->n_slots - 1);
    while (names->slots[at] && strcmp(names->text[names->slots[at] - 1], text) != 0) {
        at = (at + 1) & (names->n_slots - 1);
    }
    return at;
}

static int grow(struct bw_names *names)
{
    size_t n_slots = names->n_slots ? names->n_slots * 2 : 64;
    uint32_t *slots = calloc(n_slots, sizeof(*slots));
    char **text = reallocarray(names->text, n_slots / 2, sizeof(*text));
    if (text) {
        names->text = text;
        names->cap = n_slots / 2;
    }
    if (!slots || !text) {
        free(slots);
        return -ENOMEM;
    }
    free(names->slots);
    names->slots = slots;
    names->n_slots = n_slots;
    for (size_t i = 0; i < names->n; i++) {
        slots[slot_of(names, names->text[i])] = (uint32_t)i + 1;
    }
    return 0;
}

long bw_names_find(const struct bw_names *names, const char *text)
{
    uint32_t number = names->n_slots ? names->slots[slot_of(names, text)] : 0;
    return number ? (long)number - 1 : -ENOENT;
}

long bw_names_add(struct bw_names *names, const char *text)
{
    long found = bw_names_find(names, text);
    char *copy;
    if (found >= 0) {
        return found;
    }
    if (names->n >= names->n_slots / 2 && grow(names) < 0) {
        return -ENOMEM;
    }
    copy = bw_summary_strdup(&names->memory, text);
    if (!copy) {
        return -ENOMEM;
    }
    names->text[names->n++] = copy;
    names->slots[slot_of(names, text)] = (uint32_t)names->n;
    return (long)names->n - 1;
}

void bw_names_done(struct bw_names *names)
{
    bw_summary_done(&names->memory);
    free(names->text);
    free(names->slots);
    *names = (struct bw_names){.n = 0};
}

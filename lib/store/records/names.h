/* SPDX-License-Identifier: GPL-3.0-or-later
 * names.h - short texts by number: each different one is kept once and found again fast. */
#ifndef BW_STORE_NAMES_H
#define BW_STORE_NAMES_H

#include <bw/summary.h>
#include <stddef.h>
#include <stdint.h>

struct bw_names { /* zeroed is empty */
    char **text;  /* by number, in order of appearance */
    size_t n;
    size_t cap;
    uint32_t *slots; /* open addressing, number plus one */
    size_t n_slots;
    struct bw_summary memory; /* of the texts: only its arena is used */
};

/* The text's number, new ones get the next; -ENOMEM. */
long bw_names_add(struct bw_names *names, const char *text);
/* The number, or -ENOENT. */
long bw_names_find(const struct bw_names *names, const char *text);
void bw_names_done(struct bw_names *names);

#endif

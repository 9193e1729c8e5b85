/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_fields.h - every member of contract v1 in words: what is collected, where it
 * comes from, in which unit. The list is walked from the tables that write the records, so
 * that no member can be written and not be told. */
#ifndef BW_SUMMARY_FIELDS_H
#define BW_SUMMARY_FIELDS_H

#include <stddef.h>

enum bw_field_from {
    BW_FIELD_FROM_BOX,     /* the box's own keys, clock, configuration, life */
    BW_FIELD_FROM_COUNTER, /* counters of an interface: totals, no packets */
    BW_FIELD_FROM_PROBE,   /* packets that the box itself sends, and their answers */
    BW_FIELD_FROM_HEADERS, /* sums over headers of sampled packets of the line */
    BW_FIELD_FROM_NOBODY   /* no description: a fault of this program (tested) */
};

struct bw_field {
    const char *path; /* "circuits[].down/up.bytes": twins are one; lent */
    enum bw_field_from from;
    const char *unit;    /* "µs", "" where it has none */
    const char *meaning; /* one line; NULL with BW_FIELD_FROM_NOBODY */
};

/* Every member that holds a value, in the order of a record; cb gives 0 to go on, anything
 * else is given back. Any thread. */
int bw_summary_fields(int (*cb)(void *owner, const struct bw_field *f), void *owner);

/* "counters of the line": where it comes from, for people. */
const char *bw_field_from_text(enum bw_field_from from);

/* The paths that are described, NULL ends it: for a test that none is left over. */
const char *bw_summary_fields_described(size_t i);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fields.h - the members of a statement's body as data: one table says how a struct is
 * written, read, checked, shown and compared. What is not stated is absent in the JSON. */
#ifndef BW_FIELDS_H
#define BW_FIELDS_H

#include <bw/units.h>
#include <decimal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_field_kind {
    BW_FIELD_TEXT,    /* char[size]; "" not stated; max 1: may have line ends and tabs */
    BW_FIELD_DIGITS,  /* the same, digits alone, min to max of them */
    BW_FIELD_DATE,    /* char[BW_DATE_LEN + 1], "2026-07-01"; "" not stated */
    BW_FIELD_INT,     /* int64_t within min and max; BW_UNKNOWN not stated */
    BW_FIELD_DECIMAL, /* struct bw_decimal, not negative */
    BW_FIELD_SPEED,   /* struct bw_speed */
    BW_FIELD_YES,     /* int64_t: 0, 1, BW_UNKNOWN */
    BW_FIELD_CHOICE,  /* int64_t: index into words[], 0 not stated */
    BW_FIELD_FLAGS,   /* int64_t: bit i is words[i] */
    BW_FIELD_NUMBERS  /* struct bw_numbers */
};

enum bw_fields_limits {
    BW_DATE_LEN = 10,
    BW_NUMBER_MAX = 11,        /* digits of an entity number */
    BW_NUMBERS_MAX = 900,      /* numbers in one list: keeps a statement <= 16 KiB */
    BW_SPEED_BPS_MAX_G = 10000 /* 10 Tbit/s: the largest speed of a line, in Gbit/s */
};

enum bw_speed_unit {
    BW_UNIT_NONE,
    BW_UNIT_BPS,
    BW_UNIT_KBPS,
    BW_UNIT_MBPS,
    BW_UNIT_GBPS
};

/* A speed as it was filed and what it comes to. bps BW_UNKNOWN: not stated. */
struct bw_speed {
    int64_t bps; /* more than 0 */
    struct bw_decimal filed;
    enum bw_speed_unit unit;
    bool unit_asked; /* the file has no unit: who imported it said so */
};

/* A sorted list of entity numbers; owned, freed by bw_fields_done. */
struct bw_numbers {
    char (*text)[BW_NUMBER_MAX + 1];
    size_t n;
};

struct bw_field {
    const char *name; /* the member */
    enum bw_field_kind kind;
    bool needed;
    size_t at; /* offset in the struct */
    size_t size;
    int64_t min;
    int64_t max;
    const char *const *words; /* NULL ends them */
};

/* Set all fields to "not stated". */
void bw_fields_init(const struct bw_field *table, size_t n, void *object);
void bw_fields_done(const struct bw_field *table, size_t n, void *object);

/* Append {"v":1,…} in the table's order, after checking every field. -EINVAL names it. */
int bw_fields_encode(const struct bw_field *table,
                     size_t n,
                     const void *object,
                     struct bw_buf *out,
                     struct bw_err *reterr);
/* What is taken encodes to the same bytes. -BW_EMALFORMED, -BW_ENEWER (a higher v). *object
 * is all "not stated" on failure. */
int bw_fields_decode(const struct bw_field *table,
                     size_t n,
                     const char *text,
                     size_t len,
                     void *object,
                     struct bw_err *reterr);

bool bw_field_stated(const struct bw_field *f, const void *object);
bool bw_field_same(const struct bw_field *f, const void *a, const void *b);
/* The value for a person: "1 Gbps", "450.00", "2026-07-01"; "" not stated. */
void bw_field_text(const struct bw_field *f, const void *object, struct bw_buf *out);
/* Copy a value; -ENOMEM. */
int bw_field_copy(const struct bw_field *f, void *to, const void *from);

/* Take a value from a table's cell: text with its white space squeezed, "$1,234.50",
 * "2026-07-01" (or with a time after it, or "7/1/2026"), "Yes", "true", a word of the
 * choice. An empty cell is not stated. Not for speeds, flags and lists. -EINVAL, -ERANGE,
 * -E2BIG with a sentence about the cell. */
int bw_field_take(const struct bw_field *f,
                  void *object,
                  const char *cell,
                  struct bw_err *reterr);
/* A speed of its cells: "100" and "Mbps", or "100 Mbps" without a second one. `asked` is
 * the unit to take where the file has none; it never overrides one. An empty number is not
 * stated, and so is 0, which is told by *ret_zero. -ENODATA: a number without a unit. */
int bw_speed_take(const char *number,
                  const char *unit,
                  enum bw_speed_unit asked,
                  struct bw_speed *ret,
                  bool *ret_zero,
                  struct bw_err *reterr);

/* "Mbps", "Mbit/s", "mb/s"…; NULL-safe. BW_UNIT_NONE: no unit that is known. */
enum bw_speed_unit bw_speed_unit_parse(const char *text);
const char *bw_speed_unit_name(enum bw_speed_unit unit);
/* Reckon s->bps from what was filed; -ERANGE: no whole bits, none, or too many. */
int bw_speed_settle(struct bw_speed *s);
/* A day of the Gregorian calendar as "2026-07-01"? */
bool bw_date_valid(const char *text);
/* Put a number into a list at its place; a second time is nothing. -EINVAL, -E2BIG,
 * -ENOMEM. */
int bw_numbers_add(struct bw_numbers *list, const char *number);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fields_private.h - reaching a field's value in its struct; shared by the table's code. */
#ifndef BW_FIELDS_PRIVATE_H
#define BW_FIELDS_PRIVATE_H

#include "fields.h"

static inline int64_t bw_field_int(const struct bw_field *f, const void *object)
{
    return *(const int64_t *)(const void *)((const char *)object + f->at);
}

static inline const struct bw_decimal *bw_field_decimal(const struct bw_field *f,
                                                        const void *object)
{
    return (const struct bw_decimal *)(const void *)((const char *)object + f->at);
}

static inline const struct bw_speed *bw_field_speed(const struct bw_field *f,
                                                    const void *object)
{
    return (const struct bw_speed *)(const void *)((const char *)object + f->at);
}

static inline const struct bw_numbers *bw_field_numbers(const struct bw_field *f,
                                                        const void *object)
{
    return (const struct bw_numbers *)(const void *)((const char *)object + f->at);
}

/* 0, or -EINVAL naming the field. */
int bw_field_check(const struct bw_field *f, const void *object, struct bw_err *reterr);

#endif

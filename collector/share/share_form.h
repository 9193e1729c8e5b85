/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_form.h - a form as browsers send it (application/x-www-form-urlencoded), from
 * strangers. Pure; any thread. */
#ifndef BW_SHARE_FORM_H
#define BW_SHARE_FORM_H

#include <stddef.h>

enum bw_share_form_limits {
    BW_SHARE_FORM_BYTES = 32768, /* as it comes: 6,000 bytes may be 18,000 */
    BW_SHARE_FORM_TEXT = 8192,   /* of one field, undone */
    BW_SHARE_FORM_FIELDS = 32
};

struct bw_share_form_field {
    const char *name; /* NULL ends the list */
    char *out;        /* [cap], with a NUL; "" where the form has none */
    size_t cap;
    size_t n; /* bytes in out, which may have NULs */
};

/* Undo a form into the fields that are asked for; others are passed over. -EINVAL: it is no
 * form, a field comes twice, or there are more than BW_SHARE_FORM_FIELDS; -E2BIG: one is
 * longer than its room. */
int bw_share_form_read(const char *body, size_t n, struct bw_share_form_field *fields);
/* The same of up to so many bytes, for forms of people who signed in. */
int bw_share_form_read_long(const char *body,
                            size_t n,
                            size_t max,
                            struct bw_share_form_field *fields);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_form.c - forms: NAME=VALUE joined by '&', '+' for a space, %XX for any byte. */
#include "share_form.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Into out[cap] with a NUL; gives the bytes. */
static long undo(const char *text, size_t n, char *out, size_t cap)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char c = (char)(text[i] == '+' ? ' ' : text[i]);
        if (text[i] == '%') {
            int high = n - i > 2 ? hex(text[i + 1]) : -1;
            int low = n - i > 2 ? hex(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return -EINVAL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (used + 1 >= cap) {
            return -E2BIG;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return (long)used;
}

static int take(const char *name,
                size_t n_name,
                const char *value,
                size_t n,
                bool *taken,
                struct bw_share_form_field *fields)
{
    for (size_t i = 0; fields[i].name; i++) {
        struct bw_share_form_field *f = &fields[i];
        if (strlen(f->name) == n_name && memcmp(f->name, name, n_name) == 0) {
            long r = taken[i] ? -EINVAL : undo(value, n, f->out, f->cap);
            taken[i] = true;
            f->n = r < 0 ? 0 : (size_t)r;
            return r < 0 ? (int)r : 0;
        }
    }
    return 0;
}

int bw_share_form_read(const char *body, size_t n, struct bw_share_form_field *fields)
{
    return bw_share_form_read_long(body, n, BW_SHARE_FORM_BYTES, fields);
}

int bw_share_form_read_long(const char *body,
                            size_t n,
                            size_t max,
                            struct bw_share_form_field *fields)
{
    bool taken[BW_SHARE_FORM_FIELDS] = {false};
    int r = n > max ? -E2BIG : 0;

    for (size_t i = 0; fields[i].name; i++) {
        fields[i].out[0] = '\0';
        fields[i].n = 0;
    }
    for (int k = 0; r == 0 && n > 0; k++) {
        const char *end = memchr(body, '&', n);
        size_t all = end ? (size_t)(end - body) : n;
        const char *equals = memchr(body, '=', all);
        size_t n_name = equals ? (size_t)(equals - body) : all;
        if (k == BW_SHARE_FORM_FIELDS || !equals) {
            return -EINVAL;
        }
        r = take(body, n_name, equals + 1, all - n_name - 1, taken, fields);
        body += all + (end != NULL);
        n -= all + (end != NULL);
    }
    return r;
}

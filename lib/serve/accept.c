/* SPDX-License-Identifier: GPL-3.0-or-later
 * accept.c - the words of Accept-Encoding.
 *
 * Invariant: what cannot be read asks for nothing: plain bytes are then what it was. */
#include "accept.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char blanks[] = " \t";

void bw_accept_init(struct bw_accept *a)
{
    a->gzip = BW_ACCEPT_UNNAMED;
    a->identity = BW_ACCEPT_UNNAMED;
    a->any = BW_ACCEPT_UNNAMED;
}

/* "0.5" of n bytes in thousandths, RFC 9110 §12.4.2; -1: it is no weight. */
static int weight(const char *text, size_t n)
{
    int value = text[0] == '1' ? 1000 : 0;
    int unit = 100;

    if (n == 0 || n > 5 || (text[0] != '0' && text[0] != '1') ||
        (n > 1 && text[1] != '.')) {
        return -1;
    }
    for (size_t i = 2; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value += (text[i] - '0') * unit;
        unit /= 10;
    }
    return value <= 1000 ? value : -1;
}

/* text[n] without blanks around it. */
static const char *trim(const char *text, size_t *n)
{
    while (*n > 0 && strchr(blanks, text[0])) {
        text++;
        (*n)--;
    }
    while (*n > 0 && strchr(blanks, text[*n - 1])) {
        (*n)--;
    }
    return text;
}

static int *member(struct bw_accept *a, const char *name, size_t n)
{
    static const struct {
        const char *name;
        size_t at;
    } known[] = {{"gzip", offsetof(struct bw_accept, gzip)},
                 {"x-gzip", offsetof(struct bw_accept, gzip)},
                 {"identity", offsetof(struct bw_accept, identity)},
                 {"*", offsetof(struct bw_accept, any)}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == n && strncasecmp(known[i].name, name, n) == 0) {
            return (int *)(void *)((char *)a + known[i].at);
        }
    }
    return NULL;
}

/* "gzip;q=0.5" */
static void read_member(struct bw_accept *a, const char *text, size_t n)
{
    const char *semicolon = memchr(text, ';', n);
    size_t n_name = semicolon ? (size_t)(semicolon - text) : n;
    const char *name = trim(text, &n_name);
    int *to = member(a, name, n_name);
    int q = 1000;

    if (semicolon) {
        size_t n_rest = n - (size_t)(semicolon + 1 - text);
        const char *rest = trim(semicolon + 1, &n_rest);
        bool is_q = n_rest > 2 && (rest[0] == 'q' || rest[0] == 'Q') && rest[1] == '=';
        q = is_q ? weight(rest + 2, n_rest - 2) : -1;
    }
    if (to && q >= 0 && (*to == BW_ACCEPT_UNNAMED || q < *to)) {
        *to = q;
    }
}

void bw_accept_read(struct bw_accept *a, const char *value)
{
    while (*value) {
        size_t n = strcspn(value, ",");
        read_member(a, value, n);
        value += n + (value[n] == ',');
    }
}

enum bw_accept_answer bw_accept_answer(const struct bw_accept *a)
{
    int gzip = a->gzip != BW_ACCEPT_UNNAMED ? a->gzip : a->any;
    int identity = a->identity != BW_ACCEPT_UNNAMED ? a->identity : a->any;

    if (identity == 0) {
        return gzip > 0 ? BW_ACCEPT_GZIP_ONLY : BW_ACCEPT_NOTHING;
    }
    /* plain that nobody named is what is left when nothing else is taken */
    return gzip > 0 && gzip >= identity ? BW_ACCEPT_GZIP : BW_ACCEPT_PLAIN;
}

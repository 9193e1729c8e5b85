/* SPDX-License-Identifier: GPL-3.0-or-later
 * saying.h - to say something, to correct it, to withdraw it: one way for every verb that
 * makes statements of one kind. */
#ifndef BW_CLI_SAYING_H
#define BW_CLI_SAYING_H

#include "docket_asked.h"

#include <fields.h>

struct bw_buf;

struct saying {
    const struct bw_verb *verb;
    struct bw_docket *docket;
    enum bw_statement_kind kind;
    const char *what;         /* one of the kind: "annotation"; NULL: saying_find() leaves
                                 another kind to the catalogue, which refuses it */
    char id[BW_HASH_LEN + 1]; /* of what was said */
};

/* Options that they have in common. */
struct saying_asked {
    const char *replaces;
    const char *withdraw;
    bool unseen;
    bool json;
};
/* clang-format off */
#define SAYING_CORRECTS \
    {"replaces", required_argument, NULL, 'r'}, \
    {"json", no_argument, NULL, 'j'}
#define SAYING_UNSEEN {"unseen", no_argument, NULL, 'u'}
#define SAYING_OPTIONS \
    SAYING_CORRECTS, \
    {"withdraw", required_argument, NULL, 'w'}
/* clang-format on */
/* Take the option o: true, or it is none of these. */
bool saying_take(int o, struct saying_asked *a);

/* A day of an option: 0, or the exit status after a sentence. */
int saying_day(const struct bw_verb *v, const char *option, char out[BW_DATE_LEN + 1]);

/* The statement that `replaces` (an id or its beginning) names must be of the kind and
 * about `about`; its whole id. 0, or the exit status after a sentence. */
int saying_find(const struct saying *s,
                const char *id,
                const char *about,
                char ret[BW_HASH_LEN + 1]);

/* One about `about`, in place of the statement `replaces` (a whole id; "" none), from the
 * file `file` ("" none). 0, or the exit status after a sentence. */
int saying_say(struct saying *s,
               const char *about,
               const char *replaces,
               const char *file,
               const char *sha256,
               const struct bw_buf *body);

/* One about "circuit:CIRCUIT", in place of the one that `replaces` names as it was typed
 * (NULL: none), as saying_find() and saying_say(). */
int saying_of_circuit(struct saying *s,
                      const char *circuit,
                      const char *replaces,
                      const char *file,
                      const char *sha256,
                      const struct bw_buf *body);

/* Its id as JSON where that is wanted, or that something was withdrawn: true; else the verb
 * tells in its own words. */
bool saying_told(const struct saying *s, const struct saying_asked *a);

/* `id` holds no longer; text says why (NULL: not said). */
int saying_withdraw(struct saying *s, const char *id, const char *text);

#endif

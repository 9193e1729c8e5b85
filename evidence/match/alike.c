/* SPDX-License-Identifier: GPL-3.0-or-later
 * alike.c - names as sets of words (Dice's coefficient).
 *
 * Invariant: a word of one name answers to one word of the other at most. */
#include "alike.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    WORDS_MAX = 24,
    WORD_BYTES = 32, /* of a word as it is compared */
    PPM = 1000000
};

struct name {
    char words[WORDS_MAX][WORD_BYTES];
    size_t n;
};

static const char *const fillers[] = {
    "the",      "of",   "at",  "and",  "for",         "school", "schools",
    "district", "dist", "isd", "usd",  "cusd",        "sd",     "public",
    "inc",      "llc",  "co",  "corp", "corporation", "company"};

static const struct {
    const char *is;
    const char *means;
} shorts[] = {
    {"elem", "elementary"},
    {"el", "elementary"},
    {"es", "elementary"},
    {"ms", "middle"},
    {"mid", "middle"},
    {"hs", "high"},
    {"jr", "junior"},
    {"sr", "senior"},
    {"st", "saint"},
    {"lib", "library"},
    {"libr", "library"},
    {"cty", "county"},
    {"ctr", "center"},
    {"acad", "academy"},
    {"mt", "mount"},
    {"comm", "community"},
    {"telecom", "telecommunications"},
};

static bool of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void add_word(struct name *n, const char *word)
{
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        if (strcmp(word, fillers[i]) == 0) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
        if (strcmp(word, shorts[i].is) == 0) {
            word = shorts[i].means;
            break;
        }
    }
    if (n->n < WORDS_MAX) {
        (void)snprintf(n->words[n->n++], WORD_BYTES, "%s", word);
    }
}

/* An apostrophe is no end of a word: "Mary's" is "marys". */
static void take_apart(const char *text, struct name *ret)
{
    char word[WORD_BYTES];
    size_t len = 0;
    ret->n = 0;
    for (;; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (of_word(c)) {
            if (len + 1 < sizeof(word)) {
                word[len++] = c;
            }
        } else if (c != '\'' && len > 0) {
            word[len] = '\0';
            add_word(ret, word);
            len = 0;
        }
        if (c == '\0') {
            return;
        }
    }
}

int64_t bw_alike_ppm(const char *a, const char *b)
{
    struct name x;
    struct name y;
    bool taken[WORDS_MAX] = {false};
    int64_t common = 0;
    take_apart(a, &x);
    take_apart(b, &y);
    if (x.n == 0 || y.n == 0) {
        return 0;
    }
    for (size_t i = 0; i < x.n; i++) {
        for (size_t k = 0; k < y.n; k++) {
            if (!taken[k] && strcmp(x.words[i], y.words[k]) == 0) {
                taken[k] = true;
                common++;
                break;
            }
        }
    }
    return 2 * common * PPM / (int64_t)(x.n + y.n);
}

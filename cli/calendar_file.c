/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_file.c - a calendar from a file, and what the command line says of it. */
#include "calendar_file.h"

#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <hash.h>
#include <schoolcal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LEFT_SHOWN = 20
};

/* What was typed, as the reader wants it. */
struct wanted {
    const struct bw_verb *v;
    const char *path;
    struct bw_ical_asked asked;
    struct bw_ical_word words[BW_ICAL_WORDS_MAX];
    char text[BW_ICAL_WORDS_MAX][BW_SCHOOLCAL_NAME_MAX + 1];
    struct bw_schoolcal_span terms[BW_SCHOOLCAL_TERMS_MAX];
    int n_left;
};

int calendar_file_take(int o, struct calendar_file_asked *a)
{
    switch (o) {
    case CALENDAR_FILE_TZ:
        a->zone = optarg;
        return 0;
    case CALENDAR_FILE_NAME:
        a->name = optarg;
        return 0;
    case CALENDAR_FILE_FROM:
        a->from = optarg;
        return 0;
    case CALENDAR_FILE_TO:
        a->to = optarg;
        return 0;
    case CALENDAR_FILE_HOURS:
        a->hours = optarg;
        return 0;
    case CALENDAR_FILE_TERMS:
        a->terms = optarg;
        return 0;
    default:
        if (o < CALENDAR_FILE_WORDS || o > CALENDAR_FILE_WORDS + BW_SCHOOLDAY_TESTING) {
            return BW_EXIT_USAGE;
        }
        a->words[o - CALENDAR_FILE_WORDS] = optarg;
        return 0;
    }
}

/* The next piece of a list with commas, without spaces around it; false at the end. */
static bool next_piece(const char **at, char *out, size_t cap)
{
    const char *p = *at + strspn(*at, " ");
    size_t n = strcspn(p, ",");

    if (!*p) {
        return false;
    }
    *at = p + n + (p[n] == ',');
    while (n > 0 && p[n - 1] == ' ') {
        n--;
    }
    (void)snprintf(out, cap, "%.*s", (int)n, p);
    return true;
}

static int
read_date(const struct bw_verb *v, const char *option, const char *text, int64_t *ret)
{
    return strlen(text) != BW_CIVIL_DATE_LEN || bw_civil_date_parse(text, ret) < 0
               ? bw_cli_usage(v, "%s wants a day like 2026-11-26, not '%s'", option, text)
               : 0;
}

/* "WORD", or with a time "WORD=12:00". */
static int read_word(struct wanted *w, const char *piece, enum bw_schoolday kind)
{
    bool timed = kind == BW_SCHOOLDAY_EARLY || kind == BW_SCHOOLDAY_LATE;
    const char *equals = strrchr(piece, '=');
    size_t i = w->asked.n_words;
    struct bw_ical_word *x = &w->words[i];
    int minute = -1;

    if (i == BW_ICAL_WORDS_MAX) {
        return bw_cli_usage(w->v, "more than %d words", BW_ICAL_WORDS_MAX);
    }
    if (timed) {
        minute = equals ? bw_civil_minute_parse(equals + 1) : -1;
        if (minute < 0) {
            return bw_cli_usage(w->v,
                                "--%s wants the time with each word, as in 'Early "
                                "Dismissal=12:00', not '%s'",
                                bw_schoolday_word(kind), piece);
        }
    }
    (void)snprintf(w->text[i], sizeof(w->text[i]), "%.*s",
                   timed ? (int)(equals - piece) : (int)strlen(piece), piece);
    if (!w->text[i][0]) {
        return bw_cli_usage(w->v, "an empty word would mean every event");
    }
    *x = (struct bw_ical_word){
        .text = w->text[i],
        .kind = kind,
        .hours = {kind == BW_SCHOOLDAY_LATE ? minute : BW_SCHOOLCAL_AS_USUAL,
                  kind == BW_SCHOOLDAY_EARLY ? minute : BW_SCHOOLCAL_AS_USUAL}};
    w->asked.n_words++;
    return 0;
}

static int read_terms(struct wanted *w, const char *text)
{
    char piece[64];

    while (next_piece(&text, piece, sizeof(piece))) {
        struct bw_schoolcal_span *t = &w->terms[w->asked.base.n_terms];
        char *dots = strstr(piece, "..");
        if (!dots || w->asked.base.n_terms == BW_SCHOOLCAL_TERMS_MAX) {
            return bw_cli_usage(w->v,
                                "--terms is a list like 2026-08-17..2026-12-18, not "
                                "'%s'",
                                piece);
        }
        *dots = '\0';
        if (read_date(w->v, "--terms", piece, &t->from_day) != 0 ||
            read_date(w->v, "--terms", dots + 2, &t->to_day) != 0) {
            return BW_EXIT_USAGE;
        }
        w->asked.base.n_terms++;
    }
    w->asked.base.terms = w->terms;
    return 0;
}

/* "Mon-Thu 07:45-15:15" */
static int read_some_hours(struct wanted *w, const char *piece)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char from[4] = "";
    char to[4] = "";
    char begin[6] = "";
    char end[6] = "";
    int first = 0;
    int last = 0;
    int n = 0;
    struct bw_schoolcal_hours h;

    if (sscanf(piece, "%3[A-Za-z]-%3[A-Za-z] %5[0-9:]-%5[0-9:]%n", from, to, begin, end,
               &n) != 4) {
        n = 0;
        (void)sscanf(piece, "%3[A-Za-z] %5[0-9:]-%5[0-9:]%n", from, begin, end, &n);
        memcpy(to, from, sizeof(to));
    }
    while (first < 7 && strcasecmp(days[first], from) != 0) {
        first++;
    }
    while (last < 7 && strcasecmp(days[last], to) != 0) {
        last++;
    }
    h.from_min = bw_civil_minute_parse(begin);
    h.to_min = bw_civil_minute_parse(end);
    if (n == 0 || piece[n] || first == 7 || last == 7 || h.from_min < 0 ||
        h.from_min >= h.to_min) {
        return bw_cli_usage(w->v, "--hours is a list like 'Mon-Fri 07:45-15:15', not '%s'",
                            piece);
    }
    for (int i = first;; i = (i + 1) % 7) {
        w->asked.base.week[i] = h;
        if (i == last) {
            return 0;
        }
    }
}

static int read_hours(struct wanted *w, const char *text)
{
    char piece[64];
    int status = 0;

    while (status == 0 && next_piece(&text, piece, sizeof(piece))) {
        status = read_some_hours(w, piece);
    }
    return status;
}

static void tell_left(void *owner, int line, const char *date, const char *summary)
{
    struct wanted *w = owner;

    if (w->n_left++ < LEFT_SHOWN) {
        (void)fprintf(stderr, "%s:%d: left aside: %s %.100s\n", w->path, line, date,
                      summary);
    }
}

static int want(struct wanted *w, const struct calendar_file_asked *a)
{
    struct bw_schoolcal_spec *b = &w->asked.base;
    char piece[BW_SCHOOLCAL_NAME_MAX + 8];
    int status = 0;

    b->name = a->name;
    b->zone = a->zone;
    b->from_day = BW_UNKNOWN;
    b->to_day = BW_UNKNOWN;
    w->asked.words = w->words;
    w->asked.left = tell_left;
    w->asked.owner = w;
    w->asked.week_given = a->hours != NULL;
    if (!a->hours) {
        memcpy(b->week, bw_schoolcal_week_default, sizeof(b->week));
    }
    status = a->from ? read_date(w->v, "--from", a->from, &b->from_day) : 0;
    status = status || !a->to ? status : read_date(w->v, "--to", a->to, &b->to_day);
    status = status || !a->hours ? status : read_hours(w, a->hours);
    status = status || !a->terms ? status : read_terms(w, a->terms);
    for (int k = 0; k <= BW_SCHOOLDAY_TESTING && status == 0; k++) {
        const char *text = a->words[k] ? a->words[k] : "";
        while (status == 0 && next_piece(&text, piece, sizeof(piece))) {
            status = read_word(w, piece, (enum bw_schoolday)k);
        }
    }
    return status;
}

int calendar_file_read(const struct bw_verb *v,
                       const struct calendar_file_asked *a,
                       struct bw_schoolcal **ret,
                       char ret_sha256[BW_HASH_LEN + 1],
                       const char **ret_name)
{
    const char *slash = strrchr(a->path, '/');
    struct wanted *w = calloc(1, sizeof(*w));
    struct bw_err err = {""};
    uint8_t sha256[32];
    int status;
    int rc;

    *ret_name = slash ? slash + 1 : a->path;
    if (!w) {
        return bw_cli_failed(v, "out of memory");
    }
    w->v = v;
    w->path = a->path;
    status = want(w, a);
    if (status != 0) {
        goto out;
    }
    rc = bw_schoolcal_read_file(a->path, &w->asked, ret, sha256, &err);
    if (w->n_left > LEFT_SHOWN) {
        (void)fprintf(stderr, "%s: and %d more left aside\n", w->path,
                      w->n_left - LEFT_SHOWN);
    }
    if (rc < 0) {
        status = rc == -ENOTSUP ? bw_cli_usage(v, "%s", err.text)
                                : bw_cli_failed(v, "%s", err.text);
        goto out;
    }
    bw_b64_encode(sha256, sizeof(sha256), ret_sha256);
out:
    free(w);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * cli.c - what every verb of the command shares: options, errors, the nearest word.
 *
 * Nothing here ends the process: verbs give back their exit status. */
#include "cli.h"
#include "buf.h"
#include "clock.h"
#include "text.h"
#include "utf8.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <bw/summary.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATE_MAX_BPS INT64_C(10000000000000)
#define DURATION_MAX_MS (INT64_C(100) * 366 * 86400000)

enum {
    WORD_MAX = 40,
    OPTIONS_MAX = 64
};

/* Edits between two short words: insert, delete, replace, swap neighbours. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[3][WORD_MAX + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t j = 0; j <= m; j++) {
        row[0][j] = (unsigned)j;
        row[2][j] = 0;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = row[i % 3];
        const unsigned *up = row[(i + 2) % 3];
        const unsigned *up2 = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (up[j] + 1 < best) {
                best = up[j] + 1;
            }
            if (now[j - 1] + 1 < best) {
                best = now[j - 1] + 1;
            }
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                up2[j - 2] + 1 < best) {
                best = up2[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

const char *bw_cli_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    unsigned limit = (unsigned)strlen(word) / 3 + 1;
    for (; *words; words++) {
        unsigned d = distance(word, *words);
        if (d <= limit) {
            limit = d ? d - 1 : 0;
            best = *words;
            if (d == 0) {
                break;
            }
        }
    }
    return best;
}

static void say(const struct bw_verb *v, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void say(const struct bw_verb *v, const char *fmt, va_list ap)
{
    char *text = NULL;
    (void)fflush(stdout);
    (void)fprintf(stderr, "bandwitness%s%s: ", v ? " " : "", v ? v->name : "");
    if (vasprintf(&text, fmt, ap) >= 0) { /* may quote what strangers wrote */
        bw_cli_put(stderr, text, strlen(text));
        free(text);
    }
    (void)fputc('\n', stderr);
}

void bw_cli_put(FILE *to, const char *text, size_t n)
{
    struct bw_buf out;
    bw_buf_init(&out, 3 * n + 1);
    bw_text_terminal(&out, text, n);
    if (out.data) {
        (void)fwrite(out.data, 1, out.len, to);
    }
    bw_buf_done(&out);
}

int bw_cli_usage(const struct bw_verb *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(v, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "Try 'bandwitness%s%s --help'.\n", v ? " " : "",
                  v ? v->name : "");
    return BW_EXIT_USAGE;
}

int bw_cli_failed(const struct bw_verb *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(v, fmt, ap);
    va_end(ap);
    return BW_EXIT_FAILED;
}

static void
tell_option(const struct bw_verb *v, const char *word, const struct option *longs)
{
    const char *names[OPTIONS_MAX + 1];
    char bare[WORD_MAX + 1];
    const char *near;
    size_t n = 0;
    if (strncmp(word, "--", 2) != 0) {
        (void)bw_cli_usage(v, "unknown option '%s'", word);
        return;
    }
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (; n < OPTIONS_MAX && longs[n].name; n++) {
        names[n] = longs[n].name;
    }
    names[n] = NULL;
    near = bw_cli_nearest(bare, names);
    if (near) {
        (void)bw_cli_usage(v, "unknown option '--%s'; did you mean '--%s'?", bare, near);
    } else {
        (void)bw_cli_usage(v, "unknown option '--%s'", bare);
    }
}

int bw_cli_getopt(const struct bw_verb *v,
                  int argc,
                  char **argv,
                  const char *shorts,
                  const struct option *longs)
{
    char spec[64];
    int at = optind > 0 ? optind : 1;
    int c;
    (void)snprintf(spec, sizeof(spec), ":%s", shorts);
    opterr = 0;
    c = getopt_long(argc, argv, spec, longs, NULL); /* NOLINT(concurrency-mt-unsafe) */
    if (c == ':') {
        (void)bw_cli_usage(v, "option '%s' needs a value", argv[optind - 1]);
        return '?';
    }
    if (c == '?') {
        /* getopt has stepped over the word, or stands within a cluster of letters. */
        const char *word = optind > at ? argv[optind - 1] : argv[at];
        char letter[3] = {'-', (char)optopt, '\0'};
        if (strncmp(word, "--", 2) == 0 && optopt) {
            (void)bw_cli_usage(v, "option '%.*s' takes no value", (int)strcspn(word, "="),
                               word);
        } else {
            tell_option(v, strncmp(word, "--", 2) == 0 ? word : letter, longs);
        }
    }
    return c;
}

int bw_cli_int(const struct bw_verb *v,
               const char *option,
               const char *text,
               int64_t min,
               int64_t max,
               int64_t *ret)
{
    char *end = NULL;
    long long n;
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno || end == text || *end || n < min || n > max) {
        return bw_cli_usage(
            v, "%s wants a whole number from %" PRId64 " to %" PRId64 ", not '%s'", option,
            min, max, text);
    }
    *ret = n;
    return 0;
}

int bw_cli_time(const struct bw_verb *v,
                const char *option,
                const char *text,
                int64_t *ret_unix_s)
{
    int64_t ms;
    if (bw_time_parse(text, &ms) < 0) {
        return bw_cli_usage(v,
                            "%s wants a day or an instant (2026-11-22 or "
                            "2026-11-22T08:00:00-06:00), not '%s'",
                            option, text);
    }
    *ret_unix_s = ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
    return 0;
}

static int typed(const struct bw_verb *v,
                 const struct bw_optspec *spec,
                 const char *text,
                 int64_t *ret)
{
    struct bw_err err = {.text = ""};
    return bw_optspec_parse(spec, text, ret, &err) < 0 ? bw_cli_usage(v, "%s", err.text)
                                                       : 0;
}

int bw_cli_rate(const struct bw_verb *v,
                const char *option,
                const char *text,
                int64_t *ret_bps)
{
    const struct bw_optspec spec = {
        .name = option, .type = BW_OPT_RATE, .min = 1, .max = RATE_MAX_BPS};
    return typed(v, &spec, text, ret_bps);
}

int bw_cli_duration(const struct bw_verb *v,
                    const char *option,
                    const char *text,
                    int64_t *ret_s)
{
    const struct bw_optspec spec = {
        .name = option, .type = BW_OPT_DURATION, .min = 1000, .max = DURATION_MAX_MS};
    int64_t ms = 0;
    int status = typed(v, &spec, text, &ms);
    if (status == 0) {
        *ret_s = ms / 1000;
    }
    return status;
}

int bw_cli_label(const struct bw_verb *v, const char *option, const char *text, size_t max)
{
    size_t n = strlen(text);
    if (n == 0) {
        return bw_cli_usage(v, "%s is empty", option);
    }
    if (n > max) {
        return bw_cli_usage(v, "%s has %zu bytes; %zu are the most", option, n, max);
    }
    if (!bw_utf8_valid(text, n)) {
        return bw_cli_usage(
            v, "%s is not UTF-8; set the terminal to UTF-8 and type it again", option);
    }
    size_t hidden = bw_utf8_hidden(text, n);
    if (hidden < n) {
        return bw_cli_usage(v, "%s holds a control character (byte %zu)", option,
                            hidden + 1);
    }
    return 0;
}

int bw_cli_name(const struct bw_verb *v, const char *option, const char *text)
{
    return bw_name_valid(text)
               ? 0
               : bw_cli_usage(v,
                              "%s wants a circuit's name as the box's configuration has "
                              "it: letters, digits, '.', '_', '-'",
                              option);
}

bool bw_cli_progress_wanted(void)
{
    const char *term = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): never set */
    const char *ci = getenv("CI");     /* NOLINT(concurrency-mt-unsafe) */
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && !ci;
}

int bw_cli_flush(const struct bw_verb *v, int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return bw_cli_failed(v, "cannot write the result: %s", bw_strerror(-errno));
    }
    return status;
}

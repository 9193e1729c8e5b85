/* SPDX-License-Identifier: GPL-3.0-or-later
 * cli.h - the frame of the command `bandwitness`: verbs, their help, their exit status.
 *
 * A verb is one file cli/verb_<name>.c that defines `const struct bw_verb
 * bw_verb_<name>`; the build finds it by its name, nothing else is to be changed.
 * Sub-verbs are verbs whose name has two words ("token create" in verb_token_create.c,
 * bw_verb_token_create).
 *
 * Exit status, everywhere: 0 it is so or it is done; 1 it is not so or it failed; 2 the
 * command line was wrong. Results go to standard output, everything else to standard
 * error; with --json standard output holds one JSON document and nothing else. */
#ifndef BW_CLI_H
#define BW_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bw_err;

enum bw_exit {
    BW_EXIT_OK = 0,
    BW_EXIT_FAILED = 1,
    BW_EXIT_USAGE = 2,
    BW_EXIT_FORM = 3 /* of verify: a bag holds but for the form of its pages */
};

struct bw_verb {
    const char *name;    /* "verify", "journal export"; "--run-child" style names and
                            verbs without a summary are not listed */
    const char *summary; /* one line for the list: lower case, no full stop */
    /* What --help prints after "Usage: bandwitness NAME ": first the arguments on their
     * line, then an empty line, what it does, its options with their units and defaults,
     * and an example. Ends with a newline. */
    const char *help;
    /* argv[0] is the verb's name, the rest its arguments; --help is answered before.
     * Gives an enum bw_exit. */
    int (*run)(int argc, char **argv);
};

/* getopt_long for a verb: gives the option's value, -1 after the last one, '?' when it
 * already told what is wrong (return BW_EXIT_USAGE then). Resets getopt when it begins
 * (optind 0 or 1). shorts as in getopt, "" for none. Values from 0xa00 on are of rows
 * that headers offer to verbs (docket_asked.h and others), 0x100 for each header: a verb
 * may take any of them together. */
int bw_cli_getopt(const struct bw_verb *v,
                  int argc,
                  char **argv,
                  const char *shorts,
                  const struct option *longs);

/* Text that strangers wrote, as bw_text_terminal() has it: every verb prints what a file or
 * a bag says through this. */
void bw_cli_put(FILE *to, const char *text, size_t n);
/* "bandwitness verify: …" to standard error; give back BW_EXIT_USAGE (with a hint at
 * --help) or BW_EXIT_FAILED. */
int bw_cli_usage(const struct bw_verb *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int bw_cli_failed(const struct bw_verb *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Of the NULL-terminated words the one a slip of the finger away from `word`, or NULL. */
const char *bw_cli_nearest(const char *word, const char *const *words);

/* A whole number within [min, max] / an instant as bw_time_parse takes it (seconds since
 * 1970). Both tell what is wrong themselves and give BW_EXIT_USAGE, else 0. */
int bw_cli_int(const struct bw_verb *v,
               const char *option,
               const char *text,
               int64_t min,
               int64_t max,
               int64_t *ret);
int bw_cli_time(const struct bw_verb *v,
                const char *option,
                const char *text,
                int64_t *ret_unix_s);
/* As the configuration writes them: "100M", "1.544M", "1G"; "14d", "12h", "30min"
 * (at least a second, cut to whole ones). */
int bw_cli_rate(const struct bw_verb *v,
                const char *option,
                const char *text,
                int64_t *ret_bps);
int bw_cli_duration(const struct bw_verb *v,
                    const char *option,
                    const char *text,
                    int64_t *ret_s);

/* A name for people: UTF-8 without control characters, 1 to max bytes / a circuit's or
 * target's name as records have it. Both tell and give BW_EXIT_USAGE, else 0. */
int bw_cli_label(const struct bw_verb *v, const char *option, const char *text, size_t max);
int bw_cli_name(const struct bw_verb *v, const char *option, const char *text);

/* Is standard error a terminal that wants live progress (not dumb, not CI)? */
bool bw_cli_progress_wanted(void);
/* Write standard output out; gives `status`, or BW_EXIT_FAILED when the disk or pipe did
 * not take it. To be the last thing of every verb that printed a result. */
int bw_cli_flush(const struct bw_verb *v, int status);

#endif

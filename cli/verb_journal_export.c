/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_journal_export.c - `bandwitness journal export`: the box's own book as text.
 *
 * Reads beside a running daemon and changes nothing. A result that could not be written
 * whole is exit status 1. */
#include "buf.h"
#include "cli.h"
#include "export.h"
#include "josefile.h"
#include "journal.h"
#include "plural.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_journal_export;

#define JOURNAL_DEFAULT "/var/lib/bandwitness/journal.db"

enum {
    CHUNK_BYTES = 256 * 1024
};

struct job {
    struct bw_export *export;
    struct bw_buf text;
    struct bw_err *err;
};

/* Give what has gathered to standard output; -EPIPE and the like end the walk. */
static int drain(struct job *job, size_t at_least)
{
    if (job->text.len > at_least) {
        if (fwrite(job->text.data, 1, job->text.len, stdout) != job->text.len) {
            return bw_err_set(job->err, -errno, "cannot write the result: %s",
                              bw_strerror(-errno));
        }
        bw_buf_clear(&job->text);
    }
    return 0;
}

static int add(void *owner, const struct bw_record *rec)
{
    struct job *job = owner;
    int r = bw_export_add(job->export, rec, &job->text, job->err);
    return r < 0 ? r : drain(job, CHUNK_BYTES);
}

static int export_records(struct bw_records *records,
                          struct job *job,
                          int64_t from_unix_s,
                          int64_t to_unix_s)
{
    int r = bw_export_begin(job->export, &job->text);
    if (r == 0) {
        r = bw_records_each(records, "", from_unix_s, to_unix_s, add, job, job->err);
    }
    if (r == 0) {
        r = bw_export_end(job->export, &job->text);
    }
    return r < 0 ? r : drain(job, 0);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
                                          {"from", required_argument, NULL, 'a'},
                                          {"to", required_argument, NULL, 'b'},
                                          {"circuit", required_argument, NULL, 'c'},
                                          {"journal", required_argument, NULL, 'J'},
                                          {"file", required_argument, NULL, 'F'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_journal_export;
    const char *journal = NULL;
    const char *file = NULL;
    const char *circuit = "";
    int64_t from_unix_s = INT64_MIN + 1;
    int64_t to_unix_s = INT64_MAX;
    enum bw_export_format format = BW_EXPORT_JOSE;
    struct bw_records *records = NULL;
    struct bw_err err = {.text = ""};
    struct job job = {.err = &err};
    int o;
    int r;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        r = 0;
        if (o == 'f') {
            if (bw_export_format_parse(optarg, &format) < 0) {
                r = bw_cli_usage(v, "--format is jose, json or csv, not '%s'", optarg);
            }
        } else if (o == 'a') {
            r = bw_cli_time(v, "--from", optarg, &from_unix_s);
        } else if (o == 'b') {
            r = bw_cli_time(v, "--to", optarg, &to_unix_s);
        } else if (o == 'c') {
            circuit = optarg ? optarg : "";
        } else if (o == 'J') {
            journal = optarg;
        } else if (o == 'F') {
            file = optarg;
        } else {
            return BW_EXIT_USAGE;
        }
        if (r) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind != argc) {
        return bw_cli_usage(v, "'%s' is one word too many", argv[optind]);
    }
    if (journal && file) {
        return bw_cli_usage(v, "--journal and --file exclude each other");
    }
    if (from_unix_s >= to_unix_s) {
        return bw_cli_usage(v, "--from must be before --to");
    }
    if (circuit[0] && format == BW_EXPORT_JOSE) {
        return bw_cli_usage(v,
                            "--circuit cannot cut signed records: use it with json or csv");
    }
    r = file ? bw_josefile_open(file, &records, &err)
             : bw_journal_records(journal ? journal : JOURNAL_DEFAULT, &records, &err);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text[0] ? err.text : bw_strerror(r));
    }
    bw_buf_init(&job.text, (size_t)64 * 1024 * 1024);
    r = bw_export_new(format, circuit, &job.export);
    if (r == 0) {
        r = export_records(records, &job, from_unix_s, to_unix_s);
    }
    if (r == 0 && bw_export_skipped(job.export) > 0) {
        (void)bw_cli_failed(v, "%" PRId64 " %s of another version %s in this %s",
                            bw_export_skipped(job.export),
                            bw_plural(bw_export_skipped(job.export), "record", "records"),
                            format == BW_EXPORT_CSV ? "are not" : "are only signed bytes",
                            format == BW_EXPORT_CSV ? "table" : "export");
    }
    bw_export_free(job.export);
    bw_buf_done(&job.text);
    bw_records_close(records);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text[0] ? err.text : bw_strerror(r));
    }
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_journal_export = {
    .name = "journal export",
    .summary = "write the box's signed records as JOSE, JSON or CSV",
    .help =
        "[--format jose|json|csv] [--from TIME] [--to TIME] [--circuit ID]\n"
        "                                  [--journal PATH | --file FILE]\n"
        "\n"
        "Writes the records of the box's journal to standard output, oldest chain first.\n"
        "The daemon may be running; nothing is changed.\n"
        "\n"
        "  --format F      jose (default): one signed record a line, the evidence itself,\n"
        "                  for 'bandwitness verify'; json: one document; csv: one row a\n"
        "                  circuit and interval, units in the column names, times in UTC,\n"
        "                  an empty field where nothing was measured\n"
        "  --from TIME     only intervals that start at TIME or later: a day (2026-11-22,\n"
        "                  midnight UTC) or an instant (2026-11-22T08:00:00-06:00)\n"
        "  --to TIME       only intervals that start before TIME\n"
        "  --circuit ID    only this circuit (json and csv)\n"
        "  --journal PATH  the journal; default " JOURNAL_DEFAULT "\n"
        "  --file FILE     an exported file instead of a journal\n"
        "\n"
        "Exit status: 0 written whole, 1 a line is no record, or it failed, 2 wrong "
        "usage.\n"
        "\n"
        "Example: bandwitness journal export --format csv --from 2026-11-01 > "
        "november.csv\n",
    .run = run,
};

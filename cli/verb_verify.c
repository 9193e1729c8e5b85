/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_verify.c - `bandwitness verify FILE`: does everything in an exported file, or in a
 * bag, hold?
 *
 * Exit status 0 only when every line is a record, every signature fits a key that was
 * given, and no chain has a hole, a fork, a duplicate or a wrong link. */
#include "bag.h"
#include "bag_view.h"
#include "buf.h"
#include "check.h"
#include "cli.h"
#include "clock.h"
#include "json.h"
#include "jws.h"
#include "note.h"
#include "plural.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_verify;

enum {
    OUT_MAX = 64 * 1024 * 1024,
    WITNESSES_MAX = 16
};

struct progress {
    int64_t next_mono_ms;
    bool shown;
};

static void show_progress(void *owner, int per_mille)
{
    struct progress *p = owner;
    int64_t now_ms = bw_clock_mono_ms();
    if (now_ms < p->next_mono_ms) {
        return;
    }
    p->next_mono_ms = now_ms + 250;
    p->shown = true;
    (void)fprintf(stderr, "\rchecking %3d %%", per_mille / 10);
    (void)fflush(stderr);
}

static void put_time(struct bw_jw *w, const char *name, int64_t unix_s)
{
    char text[32];
    if (unix_s != BW_UNKNOWN) {
        bw_time_format_s(unix_s, text);
        bw_jw_kstr(w, name, text);
    }
}

static int print_json(const char *file,
                      const struct bw_check *c,
                      const struct bw_check_result *res,
                      bool ok,
                      bool signatures)
{
    struct bw_buf b;
    struct bw_jw w;
    struct bw_check_chain ch;
    int r;
    bw_buf_init(&b, OUT_MAX);
    bw_jw_init(&w, &b);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "file", file);
    bw_jw_kbool(&w, "ok", ok);
    bw_jw_kbool(&w, "signatures_checked", signatures);
    bw_jw_ki64(&w, "records", res->n_records);
    bw_jw_ki64(&w, "verified", res->n_verified);
    bw_jw_ki64(&w, "sites", res->n_sites);
    put_time(&w, "start", res->start_unix_s);
    put_time(&w, "end", res->end_unix_s);
    bw_jw_ki64(&w, "missing", res->n_missing);
    bw_jw_ki64(&w, "duplicates", res->n_duplicates);
    bw_jw_ki64(&w, "newer_version", res->n_newer);
    bw_jw_ki64(&w, "time_gaps", res->n_gaps);
    bw_jw_ki64(&w, "time_gaps_s", res->gap_s);
    bw_jw_ki64(&w, "clock_unsure", res->n_clock);
    bw_jw_kobj(&w, "schedule");
    bw_jw_ki64(&w, "days_bound", res->schedule.n_days_bound);
    bw_jw_ki64(&w, "days_not_bound", res->schedule.n_days_loose);
    bw_jw_ki64(&w, "days_not_revealed", res->schedule.n_days_open);
    bw_jw_ki64(&w, "starts", res->schedule.n_starts);
    bw_jw_ki64(&w, "starts_silent", res->schedule.n_starts_silent);
    bw_jw_ki64(&w, "runs", res->schedule.n_runs);
    bw_jw_ki64(&w, "runs_unplanned", res->schedule.n_runs_unplanned);
    bw_jw_ki64(&w, "runs_elsewhere", res->schedule.n_runs_elsewhere);
    bw_jw_ki64(&w, "runs_foreseen", res->schedule.n_runs_foreseen);
    bw_jw_obj_end(&w);
    bw_jw_kobj(&w, "receipts");
    bw_jw_ki64(&w, "runs", res->receipts.n);
    bw_jw_ki64(&w, "verified", res->receipts.n_verified);
    bw_jw_ki64(&w, "key_not_given", res->receipts.n_no_key);
    bw_jw_obj_end(&w);
    bw_jw_karr(&w, "chains");
    for (size_t i = 0; bw_check_chain_at(c, i, &ch) == 0; i++) {
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "kid", ch.kid);
        if (ch.n_records > 0) {
            bw_jw_kstr(&w, "site", ch.site);
            bw_jw_ki64(&w, "first_seq", ch.first_seq);
            bw_jw_ki64(&w, "last_seq", ch.last_seq);
            bw_jw_kstr(&w, "why", bw_chain_why_name(ch.why));
            bw_jw_kstr(&w, "prev_kid", ch.prev_kid[0] ? ch.prev_kid : NULL);
        }
        bw_jw_ki64(&w, "records", ch.n_records);
        put_time(&w, "start", ch.start_unix_s);
        put_time(&w, "end", ch.end_unix_s);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_ki64(&w, "faults", res->n_faults);
    if (res->first != BW_FAULT_NONE) {
        bw_jw_kobj(&w, "first_fault");
        bw_jw_kstr(&w, "fault", bw_fault_name(res->first));
        bw_jw_ki64(&w, "line", res->first_line);
        bw_jw_kstr(&w, "kid", res->first_kid[0] ? res->first_kid : NULL);
        bw_jw_ki64(&w, "seq", res->first_seq);
        bw_jw_kstr(&w, "text", res->first_text);
        bw_jw_obj_end(&w);
    }
    bw_jw_obj_end(&w);
    r = bw_buf_error(&b);
    if (r == 0) {
        (void)printf("%s\n", b.data);
    }
    bw_buf_done(&b);
    return r;
}

static void print_schedule(const struct bw_schedule_counts *s)
{
    if (s->n_days_bound + s->n_days_loose + s->n_days_open == 0) {
        return; /* no day that is over told of secrets */
    }
    (void)printf("schedule    %" PRId64 " %s bound by a secret, %" PRId64
                 " bound too late, %" PRId64 " not revealed\n",
                 s->n_days_bound, bw_plural(s->n_days_bound, "day", "days"),
                 s->n_days_loose, s->n_days_open);
    (void)printf("            %" PRId64 " drawn %s, %" PRId64
                 " without a word of them; %" PRId64 " %s, %" PRId64
                 " at times not drawn\n",
                 s->n_starts, bw_plural(s->n_starts, "start", "starts"), s->n_starts_silent,
                 s->n_runs, bw_plural(s->n_runs, "run or deferral", "runs or deferrals"),
                 s->n_runs_unplanned);
    if (s->n_runs_elsewhere + s->n_runs_foreseen > 0) {
        (void)printf("            %" PRId64 " at another server than drawn, %" PRId64
                     " on days whose drawn times had been shown to somebody\n",
                     s->n_runs_elsewhere, s->n_runs_foreseen);
    }
}

static void print_receipts(const struct bw_receipt_counts *r)
{
    if (r->n == 0) {
        return;
    }
    (void)printf("receipts    %" PRId64 " %s with a server's receipt, %" PRId64
                 " signed by a given log key and in agreement\n",
                 r->n, bw_plural(r->n, "run", "runs"), r->n_verified);
    if (r->n_no_key > 0) {
        (void)printf("            %" PRId64 " by a log key that was not given: %s not "
                     "checked (--log-key)\n",
                     r->n_no_key,
                     bw_plural(r->n_no_key, "its signature is", "the signatures are"));
    }
}

static void print_text(const struct bw_check *c, const struct bw_check_result *res)
{
    char from[32] = "unknown";
    char to[32] = "unknown";
    struct bw_check_chain ch;
    if (res->start_unix_s != BW_UNKNOWN) {
        bw_time_format_s(res->start_unix_s, from);
        bw_time_format_s(res->end_unix_s, to);
    }
    (void)printf("records     %" PRId64 " of %" PRId64 " %s, %" PRId64
                 " with a signature that fits\n",
                 res->n_records, res->n_sites, bw_plural(res->n_sites, "site", "sites"),
                 res->n_verified);
    (void)printf("period      %s to %s (UTC)\n", from, to);
    for (size_t i = 0; bw_check_chain_at(c, i, &ch) == 0; i++) {
        if (ch.n_records == 0) {
            (void)printf("chain       %s: no record that can be read\n", ch.kid);
            continue;
        }
        (void)printf("chain       %s: %s, seq %" PRId64 " to %" PRId64 ", %" PRId64
                     " %s%s%s",
                     ch.kid, ch.site, ch.first_seq, ch.last_seq, ch.n_records,
                     bw_plural(ch.n_records, "record", "records"),
                     ch.why == BW_CHAIN_CONTINUES ? "" : ", ",
                     ch.why == BW_CHAIN_CONTINUES ? "" : bw_chain_why_name(ch.why));
        (void)printf(ch.prev_kid[0] ? " after %s\n" : "\n", ch.prev_kid);
    }
    (void)printf("missing     %" PRId64 " %s between first and last of a chain\n",
                 res->n_missing, bw_plural(res->n_missing, "record", "records"));
    (void)printf("duplicates  %" PRId64 "\n", res->n_duplicates);
    (void)printf("time gaps   %" PRId64 ", %" PRId64 " s in all\n", res->n_gaps,
                 res->gap_s);
    print_schedule(&res->schedule);
    print_receipts(&res->receipts);
    (void)printf("clock       %" PRId64 " %s with a clock stepped or not synchronised\n",
                 res->n_clock, bw_plural(res->n_clock, "record", "records"));
}

static int report(const char *file,
                  const struct bw_check *c,
                  const struct bw_check_result *res,
                  bool signatures,
                  bool json)
{
    bool empty = res->n_records == 0;
    bool ok = res->first == BW_FAULT_NONE && signatures && !empty;
    if (json) {
        if (print_json(file, c, res, ok, signatures) < 0) {
            return bw_cli_failed(&bw_verb_verify, "the result is too large to print");
        }
    } else {
        print_text(c, res);
    }
    if (res->first != BW_FAULT_NONE) {
        (void)bw_cli_failed(&bw_verb_verify, "%s:%" PRId64 ": %s: %s", file,
                            res->first_line, bw_fault_name(res->first), res->first_text);
        if (res->n_faults > 1) {
            (void)bw_cli_failed(&bw_verb_verify, "%" PRId64 " more %s behind it",
                                res->n_faults - 1,
                                bw_plural(res->n_faults - 1, "fault", "faults"));
        }
    } else if (empty) {
        (void)bw_cli_failed(&bw_verb_verify, "%s: holds no record", file);
    } else if (!signatures) {
        (void)bw_cli_failed(&bw_verb_verify,
                            "the chain holds, but no signature was checked: give the box's "
                            "public key with --key");
    } else if (!json) {
        (void)printf("everything holds\n");
    }
    return bw_cli_flush(&bw_verb_verify, ok ? BW_EXIT_OK : BW_EXIT_FAILED);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"key", required_argument, NULL, 'k'},
                                          {"log-key", required_argument, NULL, 'l'},
                                          {"witness-key", required_argument, NULL, 'w'},
                                          {"partial", no_argument, NULL, 'p'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    struct bw_check_opts opts = {.n_keys = 0};
    struct bw_pubkey *keys = NULL;
    struct bw_pubkey *log_keys = NULL;
    struct bw_check *c = NULL;
    struct bw_check_result res = {.first = BW_FAULT_NONE};
    struct bw_err err = {.text = ""};
    struct progress progress = {.next_mono_ms = bw_clock_mono_ms() + 500};
    const char *witness[WITNESSES_MAX];
    size_t n_witness = 0;
    bool json = false;
    int status = BW_EXIT_USAGE;
    int o;
    int r;
    while ((o = bw_cli_getopt(&bw_verb_verify, argc, argv, "", longs)) != -1) {
        if (o == 'k') {
            r = bw_keys_load(optarg, &keys, &opts.n_keys, &err);
            if (r < 0) {
                status = bw_cli_failed(&bw_verb_verify, "--key: %s", err.text);
                goto out;
            }
        } else if (o == 'l') {
            r = bw_keys_load(optarg, &log_keys, &opts.n_log_keys, &err);
            if (r < 0) {
                status = bw_cli_failed(&bw_verb_verify, "--log-key: %s", err.text);
                goto out;
            }
        } else if (o == 'w') {
            struct bw_note_key key;
            if (n_witness == WITNESSES_MAX || bw_note_key_parse(optarg, &key, &err) < 0) {
                status = bw_cli_failed(&bw_verb_verify, "--witness-key: %s",
                                       err.text[0] ? err.text : "too many");
                goto out;
            }
            witness[n_witness++] = optarg;
        } else if (o == 'p') {
            opts.partial = true;
        } else if (o == 'j') {
            json = true;
        } else {
            goto out;
        }
    }
    if (argc - optind != 1) {
        status = bw_cli_usage(&bw_verb_verify,
                              argc == optind ? "which file?" : "one file at a time");
        goto out;
    }
    if (bw_bag_looks_like(argv[optind])) {
        status = opts.n_keys || opts.partial
                     ? bw_cli_usage(&bw_verb_verify,
                                    "a bag has its keys in it: --key and --partial are for "
                                    "exported files")
                     : bw_bag_view(&bw_verb_verify, argv[optind], log_keys, opts.n_log_keys,
                                   witness, n_witness, json);
        goto out;
    }
    if (n_witness > 0) {
        status = bw_cli_usage(&bw_verb_verify, "--witness-key is for bags");
        goto out;
    }
    opts.keys = keys;
    opts.log_keys = log_keys;
    r = bw_check_new(&opts, &c);
    if (r == 0) {
        r = bw_check_file(argv[optind], c, bw_cli_progress_wanted() ? show_progress : NULL,
                          &progress, &res, &err);
    }
    if (progress.shown) {
        (void)fprintf(stderr, "\r%14s\r", "");
    }
    status = r < 0 ? bw_cli_failed(&bw_verb_verify, "%s",
                                   err.text[0] ? err.text : bw_strerror(r))
                   : report(argv[optind], c, &res, opts.n_keys > 0, json);
out:
    bw_check_free(c);
    free(keys);
    free(log_keys);
    return status;
}

const struct bw_verb bw_verb_verify = {
    .name = "verify",
    .summary = "check a bag, or signatures and chains of exported records",
    .help =
        "[--log-key KEY.jwk]... [--witness-key KEY]... [--json] BAG\n"
        "                          [--key KEY.jwk]... [--log-key KEY.jwk]... [--partial] "
        "[--json] FILE\n"
        "\n"
        "Of a bag (what 'bandwitness bundle' wrote, or the folder it was unpacked into):\n"
        "checks every hash, every signature and link, makes every report again from the\n"
        "bag's own records and names each difference. Where the records came from a\n"
        "collector: that they stand in its log, who else signed that log, and its time\n"
        "stamps; the log's key is the bag's own word unless --log-key gives it. It needs\n"
        "no network and no data base; of this machine it reads its file of the bag's time\n"
        "zone, and its fonts for PDFs. What cannot be checked is told, and the status is\n"
        "1 then: as receipts of tests by a log key that is not at hand. A bag that a\n"
        "program of other forms made is compared figure by figure.\n"
        "\n"
        "Of exported records:\n"
        "Checks a file of signed records, one JWS a line (also compressed with zstd), as\n"
        "'bandwitness journal export --format jose' or a collector writes it: every\n"
        "signature, every link of every chain, holes, duplicates, forks, order,\n"
        "overlapping intervals, and that the secrets which draw the start times of tests\n"
        "are those committed to; and that runs with a server's receipt say what it says.\n"
        "Says the first fault exactly, with its line.\n"
        "\n"
        "  --key FILE   public key of a box: a JWK, a JWK Set, or one of either a line;\n"
        "               may be given more than once. Without it chains are checked, but\n"
        "               no signature, and the exit status is 1.\n"
        "  --log-key FILE  public log key of a collector, in the same forms: then the\n"
        "               signatures of tests' receipts are checked as well, and one\n"
        "               by any other key is a fault; may be given more than once\n"
        "  --witness-key KEY  of a bag: this witness (NAME+HASH+BASE64, as it tells it)\n"
        "               must have signed a checkpoint of the log; may be given more than\n"
        "               once\n"
        "  --partial    the file may begin in the middle of a chain, and a chain may go\n"
        "               on from one that is not in it (an export with --from)\n"
        "  --json       the result as one JSON object\n"
        "\n"
        "Times without a record are counted and shown, but are no fault: the box was\n"
        "off. Exit status: 0 everything holds, 1 something does not or could not be\n"
        "checked, 2 wrong usage, 3 a bag holds and its figures are the same, but its\n"
        "pages have the form of another program and are not checked.\n"
        "\n"
        "Example: bandwitness verify --key key.jwk summaries.jose\n",
    .run = run,
};

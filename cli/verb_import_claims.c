/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_import_claims.c - claims from one plain table that anybody can write. */
#include "cli.h"
#include "import_run.h"

#include <bw/err.h>
#include <csvrows.h>
#include <inttypes.h>
#include <json.h>
#include <plainclaims.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_import_claims;

struct asked {
    struct bw_import_asked run;
    enum bw_speed_unit unit;
    const char *path;
};

struct read {
    const struct bw_plain *plain;
    const char *path;
};

static int item_of(void *owner, size_t i, struct bw_import_item *ret, struct bw_err *reterr)
{
    const struct read *in = owner;
    ret->kind = BW_STATEMENT_CLAIM;
    ret->path = in->path;
    ret->sha256 = bw_plain_sum(in->plain)->sha256;
    return bw_plain_claim(in->plain, i, &ret->claim, &ret->line, reterr);
}

static void tell(const void *told, struct bw_jw *w)
{
    const struct read *in = told;
    const struct bw_plain_sum *sum = bw_plain_sum(in->plain);
    if (w) {
        bw_jw_kstr(w, "file", in->path);
        bw_jw_ki64(w, "rows", sum->rows);
        bw_jw_ki64(w, "kept", sum->kept);
        bw_jw_kstr(w, "sha256", sum->sha256);
        bw_jw_ki64(w, "refused", sum->refused);
        bw_import_json_lines(w, "refusals", sum->refusals);
        bw_jw_ki64(w, "doubtful", sum->doubtful);
        bw_import_json_lines(w, "doubts", sum->doubts);
        return;
    }
    (void)printf("%s: %" PRId64 " rows, %" PRId64 " kept\n", in->path, sum->rows,
                 sum->kept);
    if (sum->doubtful > 0) {
        (void)printf("Doubtful: %" PRId64 "\n", sum->doubtful);
        bw_import_text_lines(sum->doubts);
    }
    if (sum->refused > 0) {
        (void)printf("Refused: %" PRId64 "\n", sum->refused);
        bw_import_text_lines(sum->refusals);
    }
}

static int work(const struct asked *a)
{
    const struct bw_verb *v = &bw_verb_import_claims;
    struct bw_docket d;
    struct bw_err err = {.text = ""};
    struct bw_csv *csv = NULL;
    struct bw_plain *plain = NULL;
    int status = bw_import_docket(&a->run, &d);
    if (status != 0) {
        goto out;
    }
    uid_t owner = bw_docket_as_caller();
    int r = bw_csv_open(a->path, &csv, &err);
    r = r < 0 ? r : bw_plain_read(csv, a->unit, &plain, &err);
    r = r < 0 ? r : bw_docket_as_owner(owner, &err);
    if (r < 0) {
        status = bw_cli_failed(v, "%s; nothing was written", err.text);
        goto out;
    }
    struct read in = {.plain = plain, .path = bw_csv_name(csv)};
    struct bw_import_source source = {.owner = &in,
                                      .n = bw_plain_claims(plain),
                                      .item = item_of,
                                      .claims_only = true,
                                      .refused = bw_plain_sum(plain)->refused,
                                      .tell = tell,
                                      .told = &in};
    status = bw_import_run(&a->run, &source, &d);
out:
    bw_plain_free(plain);
    bw_csv_close(csv);
    bw_docket_close(&d);
    return bw_cli_flush(v, status);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"unit", required_argument, NULL, 'u'},
        BW_IMPORT_ASKED_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_import_claims;
    struct asked a = {.run = {.verb = v}};
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'u') {
            a.unit = bw_speed_unit_parse(optarg);
            r = a.unit != BW_UNIT_NONE
                    ? 0
                    : bw_cli_usage(v, "--unit is Kbps, Mbps or Gbps, not '%s'", optarg);
        } else {
            r = bw_import_asked_take(v, o, &a.run);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give one CSV file (docs/claims-csv.md)");
    }
    a.path = argv[optind];
    return work(&a);
}

const struct bw_verb bw_verb_import_claims = {
    .name = "import claims",
    .summary = "read claims from a plain table of your own (CSV)",
    .help =
        "[OPTION]... FILE\n"
        "\n"
        "FILE is a CSV whose heading names members of a claim (docs/claims-csv.md): year,\n"
        "and own (a name of your own for the line) or frn with line; then what you know\n"
        "of: down, up, provider, unit_monthly, quantity, from, to, … For contracts\n"
        "without E-rate, for state networks, and to correct what USAC's data say. A claim\n"
        "that changed replaces what was said before; both stay on record. The same file\n"
        "again changes nothing. While a row is refused, nothing is written at all.\n"
        "\n"
        "  --unit UNIT        Kbps, Mbps or Gbps: of speeds for which the file has no\n"
        "                     unit; without it such a row is refused\n" BW_IMPORT_ASKED_HELP
        "\n"
        "Exit status: 0 done, 1 rows are refused or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness import claims --dry-run state-network.csv\n",
    .run = run,
};

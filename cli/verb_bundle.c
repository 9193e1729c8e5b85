/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_bundle.c - `bandwitness bundle`: one circuit's evidence of one period as a file that
 * anybody can check alone.
 *
 * The file appears whole or not at all. Signatures that do not hold still give a bag,
 * which says so, and exit status 1. */
#include "buf.h"
#include "bundle.h"
#include "cli.h"
#include "json.h"
#include "report_forms.h"
#include "report_work.h"
#include "report_write.h"
#include "rules_asked.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_bundle;

enum {
    OUT_MAX = 64 * 1024
};

static void show(void *owner, const char *what, int per_mille)
{
    bw_report_work_show(owner, what, per_mille, 1000);
}

static int print_json(const struct bw_report_asked *a,
                      const struct bw_report_work *w,
                      const struct bw_bundle_told *t)
{
    struct bw_buf out;
    struct bw_jw j;
    int r;

    bw_buf_init(&out, OUT_MAX);
    bw_jw_init(&j, &out);
    bw_jw_obj(&j);
    bw_jw_kstr(&j, "file", a->output);
    bw_jw_kstr(&j, "site", w->site);
    bw_jw_kstr(&j, "circuit", w->circuit);
    bw_jw_ki64(&j, "from_unix_s", w->query.from_unix_s);
    bw_jw_ki64(&j, "to_unix_s", w->query.to_unix_s);
    bw_jw_ki64(&j, "records", t->n_records);
    bw_jw_ki64(&j, "bytes", t->bytes);
    bw_jw_kbool(&j, "signatures_hold", t->check == BW_CHECK_GOOD);
    bw_jw_obj_end(&j);
    r = bw_buf_error(&out);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r < 0 ? bw_cli_failed(&bw_verb_bundle, "out of memory") : BW_EXIT_OK;
}

static void writing(void *owner, const struct bw_report *report)
{
    struct bw_report_work *w = owner;

    if (w->query.to_unix_s <= w->query.made_unix_s) {
        w->issuing = bw_report_issuing(w->verb, w->asked, w->origin);
    }
    bw_report_issuing_add(w->issuing, w, report, "bundle");
}

static int make(const struct bw_report_asked *a, struct bw_report_work *w)
{
    struct bw_bundle_options o = {.key_path = a->key,
                                  .path = a->output,
                                  .progress = show,
                                  .writing = writing,
                                  .owner = w};
    struct bw_bundle_told told;
    struct bw_err err = {""};
    int status = bw_report_work_find(w, a);
    ino_t before;
    int r;

    w->asked = a;
    status = status ? status : bw_report_work_judge(w, a);
    if (status) {
        return status;
    }
    o.rules_folder = a->judging.rules ? a->judging.rules : BW_CLI_RULES;
    o.terms_path = a->judging.terms;
    o.pdf = !a->no_pdf;
    o.origin = w->origin;
    o.query = &w->query;
    before = bw_report_there(a->output);
    r = bw_bundle_write(&o, &told, &err);
    bw_report_issuing_end(w->verb, w->issuing,
                          r == 0 || bw_report_there(a->output) != before);
    bw_report_work_show_end(w);
    if (r == -ENODATA || r == -EKEYREJECTED) {
        return bw_report_work_tell_span(w, err.text);
    }
    if (r < 0) {
        return bw_cli_failed(&bw_verb_bundle, "%s", err.text);
    }
    if (told.no_pdf[0]) {
        (void)fprintf(stderr, "bandwitness bundle: without PDFs: %s\n", told.no_pdf);
    }
    if (a->json) {
        status = print_json(a, w, &told);
    } else {
        (void)printf("%s: %" PRId64 " records, %" PRId64 " bytes\n", a->output,
                     told.n_records, told.bytes);
    }
    if (status == BW_EXIT_OK && told.check != BW_CHECK_GOOD) {
        status = bw_cli_failed(&bw_verb_bundle,
                               "the bag is made and says so itself: signatures or chain do "
                               "not hold: %s",
                               told.check_text);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct bw_report_asked a;
    struct bw_report_work *w;
    int status = bw_report_asked_bundle(&bw_verb_bundle, argc, argv, &a);

    if (status) {
        return status;
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_cli_failed(&bw_verb_bundle, "out of memory");
    }
    w->verb = &bw_verb_bundle;
    status = make(&a, w);
    bw_report_work_done(w);
    free(w);
    return bw_cli_flush(&bw_verb_bundle, status);
}

const struct bw_verb bw_verb_bundle = {
    .name = "bundle",
    .summary = "pack one circuit's evidence into a file that anybody can check alone",
    .help =
        "[--circuit [SITE.]NAME] [PERIOD] [SOURCE] [OPTIONS] -o FILE.tar.zst\n"
        "\n"
        "Writes a BagIt bag (RFC 8493) as one archive: the signed records of the period "
        "as\n"
        "they were made, the box's public keys, what was asked, the report in every form,\n"
        "and a page that tells a lawyer what this is and how to check it. 'bandwitness\n"
        "verify FILE' checks it without a network, and makes every report again.\n"
        "\n"
        "Period (local days; the end is exclusive; without one: all there is):\n"
        "  --from DAY --to DAY    2026-11-02, 2026-11-02T08:00, 2026-11-02T14:00:00Z\n"
        "  --month 2026-11        one month\n"
        "  --year FY2026          a funding year, 1 July to 30 June; 2026: calendar year\n"
        "  --tz ZONE              the school's time zone (default: this machine's)\n"
        "  --class-hours HH:MM-HH:MM   Monday to Friday (default 07:00-17:00)\n"
        "\n"
        "Source (default: this box's journal):\n"
        "  --journal FILE         a box's journal (/var/lib/bandwitness/journal.db)\n"
        "  --ledger DIR           a collector's data folder, with claims and keys\n"
        "  --file FILE            exported records, one JWS a line\n"
        "  --key KEY              public keys (JWK, JWK Set) of the box, where they are "
        "not\n"
        "                         beside the journal or in the catalogue\n"
        "  --circuit [SITE.]NAME  which circuit; --site SITE its site\n"
        "\n"
        "Claim, where none is on file:\n"
        "  --claim-down RATE --claim-up RATE   as in 100M or 1G, bits a second\n"
        "  --claim-layer ethernet|ip|goodput   what the claim means (default ip)\n"
        "\n" BW_JUDGING_ASKED_HELP "\n"
        "Result:\n"
        "  -o, --output FILE      the archive; it appears when it is whole\n"
        "  --draft                not given out: not in the register that `errata "
        "affected`\n"
        "                         reads\n"
        "  --place NAME           the school's name for the heading\n"
        "  --no-pdf               no PDFs of report and packs, which take the most time\n"
        "  --json                 what was written, as one JSON object\n"
        "\n"
        "The time of making is SOURCE_DATE_EPOCH where that is set: then the same records\n"
        "give the same bytes.\n"
        "\n"
        "Exit status: 0 made, 1 no records of it, a key is missing, signatures or chain "
        "do\n"
        "not hold (the bag is made all the same), or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness bundle --circuit wan --year FY2026 --tz America/Chicago \\\n"
        "    --claim-down 100M --claim-up 20M -o wan-fy2026.tar.zst\n",
    .run = run,
};

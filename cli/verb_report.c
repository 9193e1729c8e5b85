/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_report.c - `bandwitness report`: claimed, delivered and used for one circuit and
 * one period, from the box's journal, the collector's ledger or an exported file.
 *
 * A figure that was not measured stays "not measured"; a file whose signatures do not
 * hold still gives a report, which says so, and exit status 1. */
#include "cli.h"
#include "report_forms.h"
#include "report_many.h"
#include "report_work.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>

extern const struct bw_verb bw_verb_report;

static int failed(const char *text)
{
    return bw_cli_failed(&bw_verb_report, "%s", text);
}

/* ---- the verb ------------------------------------------------------------------- */

static int make(const struct bw_report_asked *a, struct bw_report_work *w)
{
    struct bw_err err = {""};
    int status = bw_report_forms_find(a, w);
    int r;

    if (status) {
        return status;
    }
    r = bw_report_forms_make(a, w, &err);
    if (r == -ENODATA || r == -EKEYREJECTED) {
        return bw_report_work_tell_span(w, err.text);
    }
    return r < 0 ? failed(err.text) : bw_report_forms_write(a, w);
}

static int run(int argc, char **argv)
{
    struct bw_report_asked a;
    struct bw_report_work *w;
    int status = bw_report_asked_read(&bw_verb_report, argc, argv, &a);

    if (status) {
        return status;
    }
    if (a.purpose && a.pack == BW_PACK_LEGISLATURE) {
        return bw_cli_flush(&bw_verb_report, bw_report_many_write(&bw_verb_report, &a));
    }
    if (bw_report_asked_many(&a)) {
        return bw_cli_flush(&bw_verb_report, bw_report_each_write(&bw_verb_report, &a));
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return failed("out of memory");
    }
    w->verb = &bw_verb_report;
    status = make(&a, w);
    bw_report_work_done(w);
    free(w);
    return bw_cli_flush(&bw_verb_report, status);
}

const struct bw_verb bw_verb_report = {
    .name = "report",
    .summary = "make the evidence report of one circuit and period",
    .help =
        "[--circuit [SITE.]NAME] [PERIOD] [SOURCE] [OPTIONS]\n"
        "\n"
        "Claimed, delivered (tested and carried, apart) and used for one circuit and one\n"
        "period, with coverage, gaps, outages, latency and counts; computed from signed\n"
        "records alone. What was not measured says so.\n"
        "\n"
        "Period (local days; the end is exclusive; without one: all there is):\n"
        "  --from DAY --to DAY    2026-11-02, 2026-11-02T08:00, 2026-11-02T14:00:00Z\n"
        "  --month 2026-11        one month\n"
        "  --year FY2026          a funding year, 1 July to 30 June; 2026: calendar year\n"
        "  --campaign NAME        the days of a campaign (as campaign list has it): those "
        "for\n"
        "                         which starts were bound or on which one of its runs "
        "fell\n"
        "  --tz ZONE              the school's time zone (default: this machine's)\n"
        "  --class-hours HH:MM-HH:MM   Monday to Friday (default 07:00-17:00), whatever\n"
        "                         calendar is on record\n"
        "  --calendar FILE        the school's calendar (docs/calendar-csv.md); without "
        "it\n"
        "                         the one on record, with its time zone\n"
        "\n"
        "Source (default: this box's journal):\n"
        "  --journal FILE         a box's journal (/var/lib/bandwitness/journal.db)\n"
        "  --ledger DIR           a collector's data folder; claims come from its "
        "catalogue\n"
        "  --file FILE [--key KEY]  exported records, one JWS a line; with the public key\n"
        "                         (JWK) signatures and chain are checked and the page says "
        "so\n"
        "  --circuit [SITE.]NAME  which circuit; --site SITE its site\n"
        "\n"
        "Many circuits, each into a folder of its own in -o DIR, with an index of them:\n"
        "  --district BEN         all that it pays for, and all at its schools, by what is "
        "on\n"
        "                         file; lines that nobody measures are named\n"
        "  --school ENTITY, --consortium ENTITY, --frn FRN[.LINE]   the same of these\n"
        "  --all                  every circuit of the source (--site narrows it down)\n"
        "  --jobs N               worker processes (default: as many as processors)\n"
        "  --quiet                no progress\n"
        "\n"
        "Packs (without one: the whole report):\n"
        "  --for NAME             sizing, pia, invoice, delivery, audit or legislature\n"
        "  --with [SITE.]NAME     pia: another circuit at the same place\n"
        "  --letter               delivery: with a letter to the provider\n"
        "  --certificate          audit: with a certificate to fill in (FRE 902(13), "
        "(14))\n"
        "  --epc FILE             audit: the EPC portal's questions (docs/packs.md)\n"
        "  --monthly-cost USD     what the line costs a month, where none is on file\n"
        "\n"
        "Claim, where none is on file:\n"
        "  --claim-down RATE --claim-up RATE   as in 100M or 1G, bits a second\n"
        "  --claim-layer ethernet|ip|goodput   what the claim means (default ip)\n"
        "\n" BW_JUDGING_ASKED_HELP "\n"
        "Result:\n"
        "  --format html,pdf,csv,json   one or several (default: as -o ends, or html)\n"
        "  --paper letter|a4      of the PDF (default letter)\n"
        "  --intervals            also intervals.csv, one row an interval\n"
        "  -o, --output DIR|FILE  where to (default: standard output for one format)\n"
        "  --draft                not given out: not in the register by which errata name\n"
        "                         reports that change (`errata affected`); others that "
        "are\n"
        "                         written with -o for a period that is over are in it\n"
        "  --place NAME           the school's name for the heading\n"
        "\n"
        "The time of making is SOURCE_DATE_EPOCH where that is set: then the same records\n"
        "give the same bytes.\n"
        "\n"
        "Exit status: 0 made, 1 no records of it, signatures or chain do not hold (the "
        "report\n"
        "is made all the same), or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness report --circuit wan --year FY2026 --tz America/Chicago \\\n"
        "    --claim-down 100M --claim-up 20M --format html,pdf,csv,json -o report/\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_explain.c - `bandwitness explain`: how a finding comes about, row by row. */
#include "buf.h"
#include "cli.h"
#include "render.h"
#include "report_work.h"
#include "rules_asked.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

extern const struct bw_verb bw_verb_explain;

enum {
    WORDS_WIDTH = 74,
    VALUE_WIDTH = 16
};

/* Columns of a text in UTF-8. */
static int columns(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static void put_row(const struct bw_finding_row *row)
{
    char value[BW_WORDS_MAX];
    int width = columns(row->words);

    bw_words_row(row, value);
    (void)printf("    %s%*s %*s%s%s\n", row->words,
                 width < WORDS_WIDTH ? WORDS_WIDTH - width : 0, "", VALUE_WIDTH, value,
                 row->sum[0] ? "   " : "", row->sum);
}

static void put_part(const struct bw_finding_part *p)
{
    const struct bw_finding_counts *k = &p->counts;

    (void)printf("\n  %s%s%s\n    %s\n", p->clause->name,
                 p->direction == BW_DOWN ? ", download"
                 : p->direction == BW_UP ? ", upload"
                 : p->target[0]          ? ", to "
                                         : "",
                 p->target, p->sentence);
    if (!p->decides) {
        (void)printf("    %s\n", p->unsure == BW_UNSURE_NO_TERMS
                                     ? "Not judged: the contract leaves it out."
                                     : "Told beside; the finding stands without it.");
    }
    if (k->counted != BW_UNKNOWN) {
        (void)printf("    tests: %" PRId64 " wanted, %" PRId64 " made, %" PRId64
                     " times put off, %" PRId64 " lost, %" PRId64 " excluded, %" PRId64
                     " counted (%" PRId64 " archive, %" PRId64 " receipt, %" PRId64
                     " self)\n",
                     k->wanted, k->made, k->deferred, k->lost, k->excluded, k->counted,
                     k->grade[BW_GRADE_ARCHIVE], k->grade[BW_GRADE_RECEIPT],
                     k->grade[BW_GRADE_SELF]);
    }
    for (size_t i = 0; i < p->n_rows; i++) {
        put_row(&p->rows[i]);
    }
}

static void put_finding(const struct bw_finding *f)
{
    (void)printf("%s (version %" PRId64 ", %s)\n%s\nThis is about %s; %s.\n\n%s\n", f->id,
                 f->rule->version, BW_METHOD_FINDING, f->rule->title,
                 bw_evrule_kind_words(f->kind), f->governs_why, f->sentence);
    for (size_t i = 0; i < f->n_parts; i++) {
        put_part(&f->parts[i]);
    }
    (void)printf("\n  The rule\n    %s\n    It governs %s.\n", f->rule->says,
                 f->rule->whom);
    if (f->rule->ours[0]) {
        (void)printf("    Not in its sources: %s\n", f->rule->ours);
    }
    for (size_t i = 0; i < f->rule->n_citations; i++) {
        const struct bw_evrule_citation *c = &f->rule->citations[i];
        (void)printf("    %s, %s (read on %s)\n", c->source, c->url, c->read);
    }
    (void)printf("    SHA-256 of its file: %s\n", f->rule->sha256);
}

static bool is_meant(const struct bw_finding *f, const char *name)
{
    return strcmp(f->id, name) == 0 || strcmp(f->rule->name, name) == 0;
}

/* The findings of that name; how many. */
static size_t put_text(const struct bw_report *r, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < r->findings.n; i++) {
        if (is_meant(&r->findings.list[i], name)) {
            (void)printf("%s", n > 0 ? "\n\n" : "");
            put_finding(&r->findings.list[i]);
            n++;
        }
    }
    return n;
}

static size_t put_json(const struct bw_report *r, const char *name)
{
    struct bw_buf out;
    struct bw_jw w;
    size_t n = 0;

    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = 0; i < r->findings.n; i++) {
        if (is_meant(&r->findings.list[i], name)) {
            bw_json_finding(&w, &r->findings.list[i]);
            n++;
        }
    }
    bw_jw_arr_end(&w);
    bw_buf_putc(&out, '\n');
    if (bw_buf_error(&out) == 0 && n > 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return n;
}

/* Only the rule that is meant: the others need not be worked out. */
static int keep_rule(struct bw_report_work *w, const char *name)
{
    struct bw_report_judging *j = &w->judging.j;
    const char *names[BW_EVRULE_FOLDER_MAX + 1] = {NULL};
    size_t len = strcspn(name, "/");
    char rule[BW_NAME_MAX + 1];
    const char *near;

    (void)snprintf(rule, sizeof(rule), "%.*s", len > BW_NAME_MAX ? BW_NAME_MAX : (int)len,
                   name);
    for (size_t i = 0; i < j->n_rules; i++) {
        names[i] = w->judging.rules[i].name;
        if (strcmp(names[i], rule) == 0) {
            j->rules = &w->judging.rules[i];
            j->n_rules = 1;
            return BW_EXIT_OK;
        }
    }
    near = bw_cli_nearest(rule, names);
    return bw_cli_failed(w->verb, "there is no rule \"%s\"%s%s%s", rule,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int make(const struct bw_report_asked *a, const char *name, struct bw_report_work *w)
{
    struct bw_err err = {""};
    int status = bw_report_work_find(w, a);
    size_t n;
    int r;

    status = status ? status : bw_report_work_judge(w, a);
    status = status ? status : keep_rule(w, name);
    if (status) {
        return status;
    }
    r = bw_report_make(&w->query, &w->report, &err);
    bw_report_work_show_end(w);
    if (r == -ENODATA || r == -EKEYREJECTED) {
        return bw_report_work_tell_span(w, err.text);
    }
    if (r < 0) {
        return bw_cli_failed(w->verb, "%s", err.text);
    }
    n = a->json ? put_json(w->report, name) : put_text(w->report, name);
    return n > 0 ? BW_EXIT_OK
                 : bw_cli_failed(w->verb,
                                 "the rule has no finding \"%s\"; leave out what "
                                 "follows the slash to see all",
                                 name);
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_explain;
    struct bw_report_asked a;
    struct bw_report_work *w;
    const char *name = NULL;
    int status = bw_report_asked_explain(v, argc, argv, &a, &name);

    if (status) {
        return status;
    }
    w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_cli_failed(v, "out of memory");
    }
    w->verb = v;
    status = make(&a, name, w);
    bw_report_work_done(w);
    free(w);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_explain = {
    .name = "explain",
    .summary = "how a finding comes about, with its arithmetic",
    .help =
        "RULE[/KIND] [--circuit [SITE.]NAME] [PERIOD] [SOURCE] [OPTIONS]\n"
        "\n"
        "Prints the findings of one rule for a circuit and a period, as `report` makes\n"
        "them: what the measurements show, do not show, or are not enough to tell, the\n"
        "counts of tests, every row of the arithmetic, the rule and its sources. KIND is\n"
        "capacity, experience, use, size or service.\n"
        "\n"
        "Period, source and claim are those of `report`:\n"
        "  --from, --to, --month, --year, --tz, --class-hours\n"
        "  --journal, --ledger, --file, --circuit, --site\n"
        "  --claim-down, --claim-up, --claim-layer\n"
        "\n" BW_JUDGING_ASKED_HELP "\n"
        "  --json   for programs: an array of findings, as in the report's JSON\n"
        "\n"
        "Exit status: 0 whatever the finding says, 1 there is none, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness explain fcc-8080-any-hours/capacity --circuit wan --month 2026-10 "
        "\\\n"
        "    --tz America/Chicago\n",
    .run = run,
};

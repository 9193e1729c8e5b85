/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_errata_affected.c - which reports that were given out errata change: figures as they
 * were and as they are now, side by side. */
#include "cli.h"
#include "docket_asked.h"
#include "rules_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <issued.h>
#include <json.h>
#include <origin.h>
#include <plural.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_errata_affected;

enum {
    SHOWN_MAX = 200, /* figures of one report, for people */
    SHOW_EVERY_MS = 300
};

struct listing {
    struct bw_origin *origin;
    const char *erratum; /* its whole id; NULL: all that changed */
    struct bw_issued_rules rules;
    bool json;
    struct bw_buf text;
    struct bw_jw w;
    int64_t n;
    int64_t n_changed;
    int64_t n_unknown; /* that could not be asked again */
    const struct bw_issued_head *head;
    int64_t n_figures;
    int64_t next_ms;
    bool shown;
    struct bw_err *err;
};

static void show(struct listing *l)
{
    if (bw_cli_progress_wanted() && bw_clock_mono_ms() >= l->next_ms) {
        l->next_ms = bw_clock_mono_ms() + SHOW_EVERY_MS;
        l->shown = true;
        (void)fprintf(stderr, "\rreports looked at: %lld ", (long long)l->n);
    }
}

static void clear_shown(struct listing *l)
{
    if (l->shown) {
        (void)fprintf(stderr, "\r%60s\r", "");
        l->shown = false;
    }
}

static void head(struct listing *l)
{
    const struct bw_issued_head *h = l->head;
    char name[BW_DOCKET_CIRCUIT_MAX + 1];
    char from[32];
    char to[32];
    char issued[32];
    bw_time_format_s(h->from_unix_s, from);
    bw_time_format_s(h->to_unix_s, to);
    bw_time_format_s(h->issued_unix_s, issued);
    (void)snprintf(name, sizeof(name), "%s.%s", h->site, h->circuit);
    if (l->json) {
        bw_jw_obj(&l->w);
        bw_jw_kstr(&l->w, "id", h->id);
        bw_jw_kstr(&l->w, "what", h->what);
        bw_jw_kstr(&l->w, "circuit", name);
        bw_jw_ki64(&l->w, "from_s", h->from_unix_s);
        bw_jw_ki64(&l->w, "to_s", h->to_unix_s);
        bw_jw_ki64(&l->w, "issued_s", h->issued_unix_s);
        if (h->writing) {
            bw_jw_kbool(&l->w, "being_written", true);
        }
        bw_jw_karr(&l->w, "figures");
        return;
    }
    clear_shown(l);
    (void)printf("%s%s of %s, %s to %s, %s %s (%.8s)\n", l->n_changed > 1 ? "\n" : "",
                 h->what, name, from, to,
                 h->writing ? "whether it was given out is not known, being written"
                            : "issued",
                 issued, h->id);
}

static const char *or_none(const char *text)
{
    return text ? text : "not measured";
}

static int on_change(void *owner, const struct bw_issued_change *c)
{
    struct listing *l = owner;
    const char *old = c->issued ? c->issued : c->before;
    if (l->n_figures++ == 0) {
        l->n_changed++;
        head(l);
    }
    if (l->json) {
        bw_jw_obj(&l->w);
        bw_jw_kstr(&l->w, "section", c->section);
        bw_jw_kstr(&l->w, "figure", c->figure);
        bw_jw_kstr(&l->w, "layer", c->layer[0] ? c->layer : NULL);
        bw_jw_kstr(&l->w, "statistic", c->statistic[0] ? c->statistic : NULL);
        bw_jw_kstr(&l->w, "unit", c->unit[0] ? c->unit : NULL);
        bw_jw_kstr(&l->w, "old", old);
        bw_jw_kstr(&l->w, "new", c->now);
        bw_jw_obj_end(&l->w);
    } else if (l->n_figures <= SHOWN_MAX) {
        const char *unit = strcmp(c->unit, "1") == 0 ? "" : c->unit;
        (void)printf("  %s, %s%s%s%s%s: %s -> %s%s%s\n", c->section, c->figure,
                     c->layer[0] ? ", " : "", c->layer, c->statistic[0] ? ", " : "",
                     c->statistic, or_none(old), or_none(c->now), unit[0] ? " " : "", unit);
    }
    return bw_buf_error(&l->text);
}

static int on_entry(void *owner, const struct bw_issued *e)
{
    struct listing *l = owner;
    struct bw_err err = {.text = ""};
    l->head = bw_issued_head(e);
    l->n_figures = 0;
    l->n++;
    show(l);
    int r = bw_issued_changes(l->origin, e, l->erratum, &l->rules, on_change, l, &err);
    if (l->json && l->n_figures > 0) {
        bw_jw_arr_end(&l->w);
        bw_jw_obj_end(&l->w);
    } else if (l->n_figures > SHOWN_MAX) {
        (void)printf("  and %lld figures more (--json has them)\n",
                     (long long)(l->n_figures - SHOWN_MAX));
    }
    if (r >= 0 && l->rules.missing[0]) {
        l->n_unknown++;
        clear_shown(l);
        (void)fprintf(stderr,
                      "%.8s, %s of %s.%s: findings that need what is not here are not "
                      "asked again: %s\n",
                      l->head->id, l->head->what, l->head->site, l->head->circuit,
                      l->rules.missing);
    }
    if (r == -ENOMEM || r == -E2BIG) {
        return bw_err_set(l->err, r, "%s", err.text);
    }
    if (r < 0) {
        l->n_unknown++;
        clear_shown(l);
        (void)fprintf(stderr, "%.8s, %s of %s.%s: it cannot be asked again: %s\n",
                      l->head->id, l->head->what, l->head->site, l->head->circuit,
                      err.text);
    }
    return 0;
}

static void on_odd(void *owner, const char *file, const char *why)
{
    struct listing *l = owner;
    l->n_unknown++;
    clear_shown(l);
    (void)fprintf(stderr, "issued/%s: %s\n", file, why);
}

static int on_found(void *owner, const struct bw_said *said)
{
    memcpy(owner, said->id, BW_HASH_LEN + 1);
    return said->statement->kind == BW_STATEMENT_ERRATUM ? 0 : -EINVAL;
}

static int find_erratum(const struct bw_verb *v,
                        const struct bw_docket *d,
                        const char *asked,
                        char ret[BW_HASH_LEN + 1])
{
    struct bw_err err = {.text = ""};
    int r = d->catalogue ? d->catalogue->ops->statement_find(d->catalogue, asked, on_found,
                                                             ret, &err)
                         : bw_err_set(&err, -ENOENT, "nothing was ever said here");
    if (r == -EINVAL) {
        (void)bw_err_set(&err, r, "%.10s… is no erratum", ret);
    }
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

/* By which issued reports judged; where none are installed that is told of each report. */
static int find_rules(const struct bw_verb *v,
                      const char *folder,
                      struct bw_evrule **ret,
                      size_t *ret_n)
{
    struct bw_err err = {.text = ""};
    int r = bw_evrule_folder(folder ? folder : BW_CLI_RULES, ret, ret_n, &err);
    return r < 0 && (folder || r != -ENOENT) ? bw_cli_failed(v, "%s", err.text) : 0;
}

static int list(const struct bw_verb *v, const struct bw_docket *d, struct listing *l)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s%s", d->folder,
                   d->of_collector ? "" : "/journal.db");
    int r = bw_origin_open(d->of_collector ? BW_FROM_LEDGER : BW_FROM_JOURNAL, path,
                           &l->origin, l->err);
    r = r < 0 ? r : bw_issued_each(l->origin, on_entry, on_odd, l, l->err);
    bw_origin_close(l->origin);
    clear_shown(l);
    return r < 0 ? bw_cli_failed(v, "%s", l->err->text) : 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {"rules", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_errata_affected;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    struct listing l = {.err = &err, .next_ms = bw_clock_mono_ms() + SHOW_EVERY_MS};
    char id[BW_HASH_LEN + 1] = "";
    const char *folder = NULL;
    struct bw_evrule *rules = NULL;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'j') {
            l.json = true;
        } else if (o == 'r') {
            folder = optarg;
        } else if (bw_docket_asked_take(v, o, &asked) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 1 < argc) {
        return bw_cli_usage(v, "'%s' is one word too many", argv[optind + 1]);
    }
    int status = find_rules(v, folder, &rules, &l.rules.n);
    l.rules.list = rules;
    status = status ? status : bw_docket_open(v, &asked, false, &d);
    if (status == 0 && optind < argc) {
        status = find_erratum(v, &d, argv[optind], id);
        l.erratum = id;
    }
    bw_buf_init(&l.text, (size_t)256 * 1024 * 1024);
    bw_jw_init(&l.w, &l.text);
    bw_jw_arr(&l.w);
    status = status ? status : list(v, &d, &l);
    bw_jw_arr_end(&l.w);
    if (status == 0 && l.json) {
        if (bw_buf_error(&l.text)) {
            status = bw_cli_failed(v, "the result is too large to print");
        } else {
            (void)printf("%s\n", l.text.data);
        }
    } else if (status == 0) {
        (void)printf("%s%lld of %lld issued %s %s\n", l.n_changed ? "\n" : "",
                     (long long)l.n_changed, (long long)l.n,
                     bw_plural(l.n, "report", "reports"),
                     l.n_changed == 1 ? "changes" : "change");
    }
    bw_buf_done(&l.text);
    bw_docket_close(&d);
    free(rules);
    if (status == 0 && l.n_unknown > 0) {
        status = BW_EXIT_FAILED;
    }
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_errata_affected = {
    .name = "errata affected",
    .summary = "list issued reports that errata change, old and new figures side by side",
    .help =
        "[OPTION]... [ERRATUM]\n"
        "\n"
        "Every report, pack and bag that was written with -o for a period that is over is "
        "in\n"
        "a register beside the catalogue (but for --draft): of a page of many circuits "
        "each\n"
        "circuit's figures, of packs over HTTP those of whole months and years. They are "
        "asked\n"
        "again: with the errata and revoked keys of now, and without what was said or\n"
        "withdrawn since they were issued; or, with ERRATUM (its id, or how it begins), "
        "with it\n"
        "and without it. Figures that differ are listed as they were issued and as they "
        "are now.\n"
        "Findings are among them: each outcome, and the numbers it was worked out of.\n"
        "Where a run was killed while it wrote, whether its\n"
        "report was given out is not known, and that is said (being_written).\n"
        "\n"
        "  --rules DIR        the rules by which they judged (default\n"
        "                     /etc/bandwitness/rules); one that is not there as it was "
        "then is\n"
        "                     told, and its findings are not asked\n"
        "  --json             one JSON array of reports with their "
        "figures\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where none changes), 1 it failed, or one could not "
        "be\n"
        "asked again, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness errata affected --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

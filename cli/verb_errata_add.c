/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_errata_add.c - where our own software or a server was wrong. It is said and kept;
 * reports leave out or mark what it names, and no record is touched. */
#include "cli.h"
#include "docket_asked.h"
#include "errata_touch.h"
#include "span_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_errata_add;

struct asked {
    struct bw_docket_asked docket;
    struct bw_span_asked span;
    const char *replaces;
    struct bw_erratum_said said;
    bool dry_run;
    bool json;
};

static int take_about(struct asked *a, const char *kind, const char *name)
{
    char key[2 * BW_ERRATUM_ABOUT_MAX];
    struct bw_err err = {.text = ""};
    if (a->said.key[0]) {
        return bw_cli_usage(&bw_verb_errata_add,
                            "one of --software, --server, --site and --circuit");
    }
    int n = snprintf(key, sizeof(key), "%s:%s", kind, name);
    if (n > BW_ERRATUM_ABOUT_MAX || bw_erratum_about_parse(key, &a->said.about, &err) < 0) {
        return bw_cli_usage(&bw_verb_errata_add, "--%s '%.80s' is none", kind, name);
    }
    (void)snprintf(a->said.key, sizeof(a->said.key), "%.120s", key);
    return 0;
}

static int take_version(const char *option, const char *text, char *out)
{
    if (strlen(text) > BW_ERRATUM_VERSION_MAX) {
        return bw_cli_usage(&bw_verb_errata_add, "%s '%.40s' is too long", option, text);
    }
    (void)snprintf(out, BW_ERRATUM_VERSION_MAX + 1, "%s", text);
    return 0;
}

static int take_text(const char *option, const char *text, char *out, size_t max)
{
    int status = bw_cli_label(&bw_verb_errata_add, option, text, max);
    if (status == 0) {
        (void)snprintf(out, max + 1, "%s", text);
    }
    return status;
}

static int take_action(struct asked *a, enum bw_erratum_action action)
{
    if (a->said.erratum.action != BW_ERRATUM_NO_ACTION &&
        a->said.erratum.action != (int64_t)action) {
        return bw_cli_usage(&bw_verb_errata_add, "either --exclude or --annotate");
    }
    a->said.erratum.action = action;
    return 0;
}

static int take_option(int o, struct asked *a)
{
    struct bw_erratum *e = &a->said.erratum;
    struct bw_err err = {.text = ""};
    switch (o) {
    case 'S':
        return take_about(a, "software", optarg);
    case 's':
        return take_about(a, "server", optarg);
    case 'i':
        return take_about(a, "site", optarg);
    case 'c':
        return take_about(a, "circuit", optarg);
    case 'V':
        return take_version("--from-version", optarg, e->from_version);
    case 'B':
        return take_version("--before-version", optarg, e->before_version);
    case 'F':
        return bw_erratum_fields_parse(optarg, &e->fields, &err) == 0
                   ? 0
                   : bw_cli_usage(&bw_verb_errata_add, "--fields: %s", err.text);
    case 'e':
        return take_action(a, BW_ERRATUM_EXCLUDE);
    case 'a':
        return take_action(a, BW_ERRATUM_ANNOTATE);
    case 'x':
        return take_text("--reason", optarg, e->reason, BW_ERRATUM_TEXT_MAX);
    case 'R':
        return take_text("--reference", optarg, e->reference, BW_ERRATUM_REFERENCE_MAX);
    case 'r':
        a->replaces = optarg;
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    default:
        return bw_span_asked_take(o, &a->span)
                   ? 0
                   : bw_docket_asked_take(&bw_verb_errata_add, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {"software", required_argument, NULL, 'S'},
        {"server", required_argument, NULL, 's'},
        {"site", required_argument, NULL, 'i'},
        {"circuit", required_argument, NULL, 'c'},
        {"from-version", required_argument, NULL, 'V'},
        {"before-version", required_argument, NULL, 'B'},
        BW_SPAN_ASKED_TIMES,
        {"fields", required_argument, NULL, 'F'},
        {"exclude", no_argument, NULL, 'e'},
        {"annotate", no_argument, NULL, 'a'},
        {"reason", required_argument, NULL, 'x'},
        {"reference", required_argument, NULL, 'R'},
        {"replaces", required_argument, NULL, 'r'},
        {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_errata_add;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(o, a);
        if (r != 0) {
            return r;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "'%s' is one word too many", argv[optind]);
    }
    if (!a->said.key[0]) {
        return bw_cli_usage(v, "who was wrong? --server state-1, --software bandwitnessd, "
                               "--site s-4f9k2 or --circuit s-4f9k2.wan");
    }
    if (a->said.erratum.fields == 0) {
        return bw_cli_usage(v, "what was wrong? --fields throughput, or records, latency, "
                               "counters, paths, outages, traffic");
    }
    if (a->said.erratum.action == BW_ERRATUM_NO_ACTION || !a->said.erratum.reason[0]) {
        return bw_cli_usage(v, "--exclude or --annotate, and why: --reason TEXT");
    }
    return 0;
}

static int read_times(struct asked *a)
{
    struct bw_erratum *e = &a->said.erratum;
    struct bw_err err = {.text = ""};
    struct bw_buf body;
    int status =
        bw_span_asked_times(&bw_verb_errata_add, &a->span, &e->from_unix_s, &e->to_unix_s);
    if (status != 0) {
        return status;
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    int r = bw_erratum_check(&a->said.about, e, &err);
    r = r < 0 ? r : bw_erratum_encode(e, &body, &err);
    bw_buf_done(&body);
    return r < 0 ? bw_cli_usage(&bw_verb_errata_add, "%s", err.text) : 0;
}

static int on_found(void *owner, const struct bw_said *said)
{
    struct bw_erratum_said *old = owner;
    int r = bw_erratum_take(said->statement, old, NULL);
    memcpy(old->id, said->id, sizeof(old->id));
    return r < 0 ? -EINVAL : 0;
}

static int say(const struct asked *a, struct bw_docket *d, char *ret_id)
{
    struct bw_err err = {.text = ""};
    struct bw_erratum_said old;
    struct bw_statement s;
    struct bw_buf body;
    int r = 0;
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_docket_begin(&bw_verb_errata_add, d, BW_STATEMENT_ERRATUM, &s);
    (void)snprintf(s.about, sizeof(s.about), "%s", a->said.key);
    if (a->replaces) {
        r = d->catalogue->ops->statement_find(d->catalogue, a->replaces, on_found, &old,
                                              &err);
        if (r == -EINVAL) {
            (void)bw_err_set(&err, r, "%.10s… is no erratum", a->replaces);
        }
        s.n_replaces = 1;
        memcpy(s.replaces[0], old.id, sizeof(s.replaces[0]));
    }
    r = r < 0 ? r : bw_erratum_encode(&a->said.erratum, &body, &err);
    r = r < 0 ? r : bw_docket_say(d, &s, &body, ret_id, &err);
    bw_buf_done(&body);
    return r < 0 ? bw_cli_failed(&bw_verb_errata_add, "%s", err.text) : 0;
}

static void put_count(struct bw_jw *w, const struct bw_without_count *k)
{
    bw_jw_ki64(w, "records", k->records);
    bw_jw_ki64(w, "intervals", k->intervals);
    bw_jw_ki64(w, "runs", k->runs);
}

static int print_json(const char *id, const struct errata_touch *t)
{
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, (size_t)16 * 1024 * 1024);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "id", id[0] ? id : NULL);
    put_count(&w, &t->sum);
    bw_jw_karr(&w, "circuits");
    for (size_t i = 0; i < t->n; i++) {
        char name[BW_DOCKET_CIRCUIT_MAX + 1];
        (void)snprintf(name, sizeof(name), "%s.%s", t->list[i].site, t->list[i].circuit);
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "circuit", name);
        put_count(&w, &t->list[i].count);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    int r = bw_buf_error(&out);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r < 0 ? bw_cli_failed(&bw_verb_errata_add, "the result is too large to print")
                 : 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_errata_add;
    struct asked a = {.json = false};
    struct bw_docket d = {.catalogue = NULL};
    struct errata_touch touch = {.list = NULL};
    char id[BW_HASH_LEN + 1] = "";
    bw_erratum_init(&a.said.erratum);
    int status = read_options(argc, argv, &a);
    status = status ? status : read_times(&a);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, !a.dry_run, &d);
    status = status ? status : errata_touch_find(v, &d, &a.said, &touch);
    if (status == 0 && !a.dry_run) {
        status = say(&a, &d, id);
    }
    if (status == 0 && a.json) {
        status = print_json(id, &touch);
    } else if (status == 0) {
        if (id[0]) {
            (void)printf("%s  %s, by %s\n", id, a.said.key, d.by);
        }
        errata_touch_print(&touch, &a.said.erratum);
        if (a.dry_run) {
            (void)fprintf(stderr, "Nothing was said: this was a dry run.\n");
        }
    }
    free(touch.list);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_errata_add = {
    .name = "errata add",
    .summary = "say where our own software or a server was wrong",
    .help =
        "[OPTION]... WHO --fields FIELDS --exclude|--annotate --reason TEXT\n"
        "\n"
        "Every later report and `verify` leave out what an erratum excludes, and say so "
        "with\n"
        "how many records, intervals and test runs that is; no record is changed. With\n"
        "--annotate nothing is left out, and reports say what is known. Prints which\n"
        "records of which circuits it concerns; look first with --dry-run. Withdrawn by\n"
        "`bandwitness statement withdraw`.\n"
        "\n"
        "WHO is one of\n"
        "  --server NAME          a server, by the name that records have for it\n"
        "  --software NAME        a program, as records' agent says it: bandwitnessd\n"
        "  --site ID              one box\n"
        "  --circuit SITE.NAME    one circuit\n"
        "\n"
        "  --from-version V       of software: the first version that was wrong\n"
        "  --before-version V     of software: the first that is right again\n"
        "  --from TIME            since when: 2026-11-02, 2026-11-02T08:00 (local) or\n"
        "                         2026-11-02T14:00:00Z\n"
        "  --to TIME              until when (exclusive); both are needed but for "
        "versions\n"
        "  --tz ZONE              whose local time (this machine's)\n"
        "  --fields WORDS         with commas: records (all of them), throughput, "
        "latency,\n"
        "                         one kind alone (throughput:ndt7, latency:icmp), paths,\n"
        "                         counters, outages, traffic\n"
        "  --exclude              it counts nowhere\n"
        "  --annotate             it counts, and the page says what is known\n"
        "  --reason TEXT          what was wrong, in your words\n"
        "  --reference TEXT       where more is said\n"
        "  --replaces ID          correct one that was said before\n"
        "  --dry-run              say nothing, count only\n"
        "  --json                 {\"id\":…, \"records\":…, "
        "\"circuits\":[…]}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 kept (or counted), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness errata add --server state-1 --from 2026-11-02 --to 2026-11-03 \\\n"
        "    --fields throughput --exclude --reason 'its disk was full: it sent half'\n",
    .run = run,
};

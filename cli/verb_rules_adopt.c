/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_rules_adopt.c - `bandwitness rules adopt`: the state says that a rule governs its
 * schools, from a day on; or that it does so no longer. */
#include "docket_asked.h"
#include "rules_asked.h"

#include <adoption.h>
#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <period.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

extern const struct bw_verb bw_verb_rules_adopt;

enum {
    WITHDRAWN_MAX = 64
};

struct asked {
    struct bw_docket_asked docket;
    const char *rules;
    const char *from;
    const char *tz;
    const char *text;
    bool withdraw;
    bool json;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {BW_DOCKET_ASKED_OPTIONS,
                                          BW_DOCKET_ASKED_BY,
                                          {"rules", required_argument, NULL, 'r'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"tz", required_argument, NULL, 'z'},
                                          {"text", required_argument, NULL, 'x'},
                                          {"withdraw", no_argument, NULL, 'w'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_rules_adopt;
    int r = 0;

    for (int o; r == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        switch (o) {
        case 'r':
            a->rules = optarg;
            break;
        case 'f':
            a->from = optarg;
            break;
        case 'z':
            a->tz = optarg;
            break;
        case 'x':
            a->text = optarg;
            r = bw_cli_label(v, "--text", optarg, BW_ADOPTION_TEXT_MAX);
            break;
        case 'w':
            a->withdraw = true;
            break;
        case 'j':
            a->json = true;
            break;
        default:
            r = bw_docket_asked_take(v, o, &a->docket);
            break;
        }
    }
    if (r == 0 && optind + 1 != argc) {
        r = bw_cli_usage(v, "which rule?");
    }
    if (r == 0 && !a->withdraw && !a->from) {
        r = bw_cli_usage(v, "since when does it govern? --from 2026-07-01");
    }
    return r;
}

static int read_from(const struct bw_verb *v, const struct asked *a, int64_t *ret_unix_s)
{
    struct bw_err err = {""};
    struct bw_tz *tz = NULL;
    char name[64];
    int r;

    bw_tz_host_name(name, sizeof(name));
    r = bw_tz_load(a->tz ? a->tz : name, &tz, &err);
    r = r < 0 ? r : bw_period_instant(tz, a->from, ret_unix_s, &err);
    bw_tz_free(tz);
    return r < 0 ? bw_cli_usage(v, "%s", err.text) : 0;
}

/* Ids of those in force about a rule. */
struct found {
    char ids[WITHDRAWN_MAX][BW_HASH_LEN + 1];
    size_t n;
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct found *f = owner;

    if (f->n < WITHDRAWN_MAX) {
        memcpy(f->ids[f->n++], said->id, sizeof(f->ids[0]));
    }
    return 0;
}

static int
say(struct bw_docket *d, struct bw_statement *s, struct bw_buf *body, char *ret_id)
{
    struct bw_err err = {""};

    return bw_docket_say(d, s, body, ret_id, &err) < 0
               ? bw_cli_failed(&bw_verb_rules_adopt, "%s", err.text)
               : 0;
}

static int withdraw(const struct asked *a,
                    const char *rule,
                    int64_t from_unix_s,
                    struct bw_docket *d,
                    char *ret_id)
{
    struct bw_adopt_end end = {.from_unix_s = from_unix_s, .text = ""};
    const struct bw_verb *v = &bw_verb_rules_adopt;
    struct found found = {.n = 0};
    struct bw_statement s;
    struct bw_err err = {""};
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    int status = 0;

    (void)snprintf(about, sizeof(about), "rule:%s", rule);
    if (bw_docket_each(d, &(struct bw_said_query){.kind = "adoption", .about = about},
                       on_found, &found, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    if (found.n == 0) {
        return bw_cli_failed(v, "%s is not adopted", rule);
    }
    (void)snprintf(end.text, sizeof(end.text), "%s", a->text ? a->text : "");
    for (size_t i = 0; i < found.n && status == 0; i++) {
        struct bw_buf body;
        bw_buf_init(&body, BW_STATEMENT_MAX);
        bw_docket_begin(v, d, BW_STATEMENT_WITHDRAWAL, &s);
        (void)snprintf(s.about, sizeof(s.about), "%s", found.ids[i]);
        status = bw_fields_encode(bw_adopt_end_fields, bw_adopt_end_n_fields, &end, &body,
                                  &err) < 0
                     ? bw_cli_failed(v, "%s", err.text)
                     : say(d, &s, &body, ret_id);
        bw_buf_done(&body);
    }
    return status;
}

static int adopt(const struct asked *a,
                 const struct bw_evrule *rule,
                 int64_t from_unix_s,
                 struct bw_docket *d,
                 char *ret_id)
{
    const struct bw_verb *v = &bw_verb_rules_adopt;
    struct bw_err err = {""};
    struct bw_statement s;
    struct bw_adopt body;
    struct bw_buf out;
    int status;

    if (rule->place != BW_EVRULE_ADOPTION) {
        return bw_cli_failed(
            v,
            "%s is not for adoption: it governs others. A state that wants "
            "its arithmetic copies the file under a name of its own, with "
            "place = adoption",
            rule->name);
    }
    bw_adopt_init(&body);
    body.from_unix_s = from_unix_s;
    body.version = rule->version;
    (void)snprintf(body.text, sizeof(body.text), "%s", a->text ? a->text : "");
    bw_buf_init(&out, BW_STATEMENT_MAX);
    bw_docket_begin(v, d, BW_STATEMENT_ADOPTION, &s);
    (void)snprintf(s.about, sizeof(s.about), "rule:%s", rule->name);
    if (bw_fields_encode(bw_adopt_fields, bw_adopt_n_fields, &body, &out, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    } else {
        status = say(d, &s, &out, ret_id);
    }
    bw_buf_done(&out);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_rules_adopt;
    struct asked a = {.rules = BW_CLI_RULES};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_evrule *rule = NULL;
    char id[BW_HASH_LEN + 1] = "";
    int64_t from_unix_s = BW_UNKNOWN;
    int status = read_options(argc, argv, &a);

    if (status) {
        return status;
    }
    rule = calloc(1, sizeof(*rule));
    if (!rule) {
        return bw_cli_failed(v, "out of memory");
    }
    status = a.from ? read_from(v, &a, &from_unix_s) : 0;
    if (!a.withdraw && status == 0) { /* what is withdrawn may be gone from the folder */
        status = rules_asked_one(v, a.rules, argv[optind], rule);
    }
    status = status ? status : bw_docket_open(v, &a.docket, true, &d);
    if (status == 0) {
        status = a.withdraw ? withdraw(&a, argv[optind], from_unix_s, &d, id)
                            : adopt(&a, rule, from_unix_s, &d, id);
    }
    if (status == 0 && a.json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else if (status == 0) {
        (void)printf("%s  %s %s by %s\n", id, a.withdraw ? argv[optind] : rule->name,
                     a.withdraw ? "is adopted no longer, said" : "is adopted, said", d.by);
    }
    bw_docket_close(&d);
    free(rule);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_rules_adopt = {
    .name = "rules adopt",
    .summary = "say that a rule governs the state's schools",
    .help =
        "[OPTION]... --from DAY RULE\n"
        "       bandwitness rules adopt [OPTION]... --withdraw [--from DAY] RULE\n"
        "\n"
        "From that day on reports judge by this rule on page one, in the version that it\n"
        "has now; another version has to be adopted again. Only rules that are for\n"
        "adoption can be. Prints the id of what was said (bandwitness statement show).\n"
        "\n"
        "  --from DAY         since when it governs, or no longer (now), as in 2026-07-01\n"
        "  --tz ZONE          whose day (this machine's)\n"
        "  --text TEXT        by which act or decision\n"
        "  --withdraw         it governs no longer; periods before that day it still does\n"
        "  --rules DIR        where rules are (" BW_CLI_RULES ")\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 kept, 1 there is no such rule, it cannot be adopted, or it "
        "failed,\n"
        "2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness rules adopt esh-headroom --from 2026-07-01 \\\n"
        "    --text 'school network act, section 4'\n",
    .run = run,
};

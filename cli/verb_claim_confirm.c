/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_confirm.c - that a claim is about a measured circuit, as a person says. */
#include "claim_lines.h"
#include "cli.h"
#include "docket_asked.h"

#include <binding.h>
#include <bound.h>
#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_claim_confirm;

struct asked {
    struct bw_docket_asked docket;
    struct bw_binding binding;
    const char *replaces;
    const char *withdraw;
    bool unseen;
    bool json;
};

static int take_day(const struct bw_verb *v, const char *option, char out[BW_DATE_LEN + 1])
{
    if (!bw_date_valid(optarg)) {
        return bw_cli_usage(v, "%s is a day, 2026-07-01, not '%s'", option, optarg);
    }
    (void)snprintf(out, BW_DATE_LEN + 1, "%s", optarg);
    return 0;
}

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    int r;
    switch (o) {
    case 'f':
        return take_day(v, "--from", a->binding.from);
    case 't':
        return take_day(v, "--to", a->binding.to);
    case 'x':
        r = bw_cli_label(v, "--text", optarg, sizeof(a->binding.text) - 1);
        (void)snprintf(a->binding.text, sizeof(a->binding.text), "%s", optarg);
        return r;
    case 'r':
        a->replaces = optarg;
        return 0;
    case 'w':
        a->withdraw = optarg;
        return 0;
    case 'u':
        a->unseen = true;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},
        {"text", required_argument, NULL, 'x'},
        {"replaces", required_argument, NULL, 'r'},
        {"withdraw", required_argument, NULL, 'w'},
        {"unseen", no_argument, NULL, 'u'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_claim_confirm;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (a->withdraw) {
        bool more = a->binding.from[0] || a->binding.to[0] || a->binding.text[0] ||
                    a->replaces || optind < argc;
        return more ? bw_cli_usage(v, "--withdraw ID says all there is") : 0;
    }
    if (optind + 2 != argc) {
        return bw_cli_usage(v, "which claim is about which circuit? CLAIM CIRCUIT "
                               "(bandwitness claim match proposes)");
    }
    return a->binding.from[0] && a->binding.to[0] &&
                   strcmp(a->binding.from, a->binding.to) > 0
               ? bw_cli_usage(v, "--to is before --from")
               : 0;
}

struct meant {
    char id[BW_HASH_LEN + 1];
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    bool is_binding;
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct meant *m = owner;
    memcpy(m->id, said->id, sizeof(m->id));
    memcpy(m->about, said->statement->about, sizeof(m->about));
    m->is_binding = said->statement->kind == BW_STATEMENT_BINDING;
    return 0;
}

static int
find_binding(struct bw_docket *d, const char *id, struct meant *ret, struct bw_err *err)
{
    int r = d->catalogue->ops->statement_find(d->catalogue, id, on_found, ret, err);
    if (r == 0 && !ret->is_binding) {
        r = bw_err_set(err, -EINVAL, "%.10s… is no binding of a claim", ret->id);
    }
    return r;
}

static int
withdraw(const struct bw_verb *v, const struct asked *a, struct bw_docket *d, char *ret_id)
{
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct meant meant;
    int r = find_binding(d, a->withdraw, &meant, &err);
    if (r == 0) {
        bw_docket_begin(v, d, BW_STATEMENT_WITHDRAWAL, &s);
        (void)snprintf(s.about, sizeof(s.about), "%s", meant.id);
        r = bw_catalogue_say(d->catalogue, &s, d->now_unix_ms, ret_id, &err);
    }
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

/* The same claim bound to the same circuit at the same time would say nothing new. */
struct same {
    const struct bw_binding *wanted;
    const char *replaces; /* this one goes; "" none */
    struct bw_err *err;
};

static int on_bound(void *owner, const char *about, const struct bw_bound *b)
{
    struct same *s = owner;
    const struct bw_binding *w = s->wanted;
    bool apart = (w->to[0] && b->binding.from[0] && strcmp(w->to, b->binding.from) < 0) ||
                 (b->binding.to[0] && w->from[0] && strcmp(b->binding.to, w->from) < 0);
    (void)about;
    if (strcmp(b->binding.claim, w->claim) != 0 || apart ||
        strcmp(b->binding_id, s->replaces) == 0) {
        return 0;
    }
    return bw_err_set(
        s->err, -EEXIST,
        "%s is bound to it already, by %s (%.10s…); --replaces says otherwise", w->claim,
        b->by, b->binding_id);
}

static int say(const struct bw_verb *v,
               struct asked *a,
               struct bw_docket *d,
               const char *circuit,
               char *ret_id)
{
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct meant meant = {.id = ""};
    struct bw_buf body;
    int r = 0;
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_docket_begin(v, d, BW_STATEMENT_BINDING, &s);
    (void)snprintf(s.about, sizeof(s.about), "circuit:%s", circuit);
    if (a->replaces) {
        r = find_binding(d, a->replaces, &meant, &err);
        if (r == 0 && strcmp(meant.about, s.about) != 0) {
            r = bw_err_set(&err, -EINVAL, "%.10s… is about %s", meant.id, meant.about);
        }
        s.n_replaces = 1;
        memcpy(s.replaces[0], meant.id, sizeof(s.replaces[0]));
    }
    struct same same = {.wanted = &a->binding, .replaces = meant.id, .err = &err};
    r = r < 0 ? r : bw_bound_each(d->catalogue, circuit, on_bound, &same, NULL, &err);
    r = r < 0 ? r : bw_binding_encode(&a->binding, &body, &err);
    if (r == 0) {
        s.body = body.data;
        s.n_body = body.len;
        r = bw_catalogue_say(d->catalogue, &s, d->now_unix_ms, ret_id, &err);
    }
    bw_buf_done(&body);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

/* The claim must be on file: nobody binds what nobody claimed. */
static int find_claim(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const char *text,
                      struct bw_binding *b)
{
    struct claim_lines lines;
    struct bw_err err = {.text = ""};
    int status = 0;
    if (claim_lines_read(d, BW_UNKNOWN, &lines, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    const struct claim_row *row = status == 0 ? claim_lines_find(&lines, text) : NULL;
    if (status == 0 && !row) {
        status = bw_cli_failed(v, "no claim %s is on file (bandwitness claim list)", text);
    } else if (row) {
        (void)snprintf(b->claim, sizeof(b->claim), "%s", row->about);
        memcpy(b->seen, row->id, sizeof(b->seen));
        if (bw_claimline_void(&row->line)) {
            (void)fprintf(stderr, "bandwitness %s: mind that %s is \"%s\"\n", v->name,
                          row->about, row->line.status);
        }
    }
    claim_lines_done(&lines);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_claim_confirm;
    struct asked a = {.json = false};
    struct bw_docket d = {.catalogue = NULL};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1] = "";
    char id[BW_HASH_LEN + 1] = "";
    bw_binding_init(&a.binding);
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, true, &d);
    if (status == 0 && a.withdraw) {
        status = withdraw(v, &a, &d, id);
    } else if (status == 0) {
        status = bw_docket_circuit(v, &d, argv[optind + 1], !a.unseen, circuit);
        status = status != 0 ? status : find_claim(v, &d, argv[optind], &a.binding);
        status = status != 0 ? status : say(v, &a, &d, circuit, id);
    }
    if (status == 0 && a.json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else if (status == 0 && a.withdraw) {
        (void)printf("%s  withdrawn by %s\n", id, d.by);
    } else if (status == 0) {
        (void)printf("%s  %s is about %s, says %s\n", id, a.binding.claim, circuit, d.by);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_claim_confirm = {
    .name = "claim confirm",
    .summary = "say that a claim is about a measured circuit",
    .help =
        "[OPTION]... CLAIM CIRCUIT\n"
        "       bandwitness claim confirm [OPTION]... --withdraw ID\n"
        "\n"
        "From then on reports of the circuit hold it against what the claim says, for as\n"
        "long as both hold: the claim's own days (its funding year) and --from to --to. A\n"
        "later version of the claim is meant as well. A circuit may have several (a line "
        "and\n"
        "Internet access billed apart: the lesser counts), a claim several circuits.\n"
        "\n"
        "CLAIM is its key (bandwitness claim list), 1699048824.003 or own:NAME; CIRCUIT "
        "is\n"
        "SITE.CIRCUIT, or at a box the name of its own circuit. Prints the id of what was\n"
        "said.\n"
        "\n"
        "  --from DAY         first day for which it holds (as the claim has it)\n"
        "  --to DAY           last day\n"
        "  --text TEXT        why, in your words\n"
        "  --replaces ID      correct what was said before\n"
        "  --withdraw ID      what was said before holds no longer\n"
        "  --unseen           also for a circuit of which there are no records here\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 kept, 1 there is no such claim or circuit, it is bound already, "
        "or\n"
        "it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness claim confirm 1699048824.003 s-4f9k2.wan --from 2026-07-01\n",
    .run = run,
};

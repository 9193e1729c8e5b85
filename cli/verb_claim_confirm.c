/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_confirm.c - that a claim is about a measured circuit, as a person says. */
#include "claim_said.h"
#include "cli.h"

#include <binding.h>
#include <bound.h>
#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_claim_confirm;

struct asked {
    struct claim_said said;
    struct bw_binding binding;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        CLAIM_SAID_OPTIONS,
        {"unseen", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    int status = claim_said_read(&bw_verb_claim_confirm, argc, argv, longs, false,
                                 "which claim is about which circuit? CLAIM CIRCUIT "
                                 "(bandwitness claim match proposes)",
                                 &a->said);
    memcpy(a->binding.from, a->said.from, sizeof(a->binding.from));
    memcpy(a->binding.to, a->said.to, sizeof(a->binding.to));
    (void)snprintf(a->binding.text, sizeof(a->binding.text), "%s", a->said.text);
    return status;
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
    bool apart = claim_said_apart(w->from, w->to, b->binding.from, b->binding.to);
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

static int say(struct saying *y, struct asked *a, const char *circuit)
{
    struct bw_err err = {.text = ""};
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char old[BW_HASH_LEN + 1] = "";
    struct same same = {.wanted = &a->binding, .replaces = old, .err = &err};
    struct bw_buf body;
    int status = 0;
    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    if (a->said.saying.replaces) {
        status = saying_find(y, a->said.saying.replaces, about, old);
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    if (status == 0 && (bw_bound_each(y->docket->catalogue, circuit, NULL, on_bound, &same,
                                      NULL, &err) < 0 ||
                        bw_binding_encode(&a->binding, &body, &err) < 0)) {
        status = bw_cli_failed(y->verb, "%s", err.text);
    }
    status = status != 0 ? status : saying_say(y, about, old, "", "", &body);
    bw_buf_done(&body);
    return status;
}

static int find_claim(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const char *text,
                      struct bw_binding *b)
{
    struct claim_lines lines;
    const struct claim_row *row;
    int status = claim_said_find(v, d, text, &lines, &row);
    if (status == 0) {
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
    struct asked a = {.said = {.from = ""}};
    struct bw_docket d = {.catalogue = NULL};
    struct saying y = {.verb = v,
                       .docket = &d,
                       .kind = BW_STATEMENT_BINDING,
                       .what = "binding of a claim"};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1] = "";
    bw_binding_init(&a.binding);
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.said.docket, true, &d);
    if (status == 0 && a.said.saying.withdraw) {
        status = saying_withdraw(&y, a.said.saying.withdraw, NULL);
    } else if (status == 0) {
        status = bw_docket_circuit(v, &d, argv[optind + 1], !a.said.saying.unseen, circuit);
        status = status != 0 ? status : find_claim(v, &d, argv[optind], &a.binding);
        status = status != 0 ? status : say(&y, &a, circuit);
    }
    if (status == 0 && !saying_told(&y, &a.said.saying)) {
        (void)printf("%s  %s is about %s, says %s\n", y.id, a.binding.claim, circuit, d.by);
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

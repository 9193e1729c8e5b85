/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_claim_terms.c - what the contract of a line promises, as a person says: kept with
 * the claim, so that every later report judges by it. */
#include "claim_said.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <promise.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <terms.h>

extern const struct bw_verb bw_verb_claim_terms;

struct asked {
    struct claim_said said;
    struct bw_promise promise;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {CLAIM_SAID_OPTIONS, {NULL, 0, NULL, 0}};
    int status = claim_said_read(&bw_verb_claim_terms, argc, argv, longs, true,
                                 "which claim, and which file? CLAIM FILE", &a->said);

    memcpy(a->promise.from, a->said.from, sizeof(a->promise.from));
    memcpy(a->promise.to, a->said.to, sizeof(a->promise.to));
    (void)snprintf(a->promise.text, sizeof(a->promise.text), "%s", a->said.text);
    return status;
}

/* The file must be one that can be judged by. */
static int read_file(const struct bw_verb *v,
                     const char *path,
                     struct bw_promise *p,
                     char ret_sha256[BW_HASH_LEN + 1])
{
    struct bw_finding_terms terms;
    struct bw_err err = {.text = ""};
    struct bw_buf text;
    int r;

    bw_buf_init(&text, (size_t)BW_PROMISE_CLAUSES_MAX + 1);
    r = bw_file_read(path, BW_PROMISE_CLAUSES_MAX, &text, &err);
    r = r < 0 ? r
              : bw_terms_parse(text.data ? text.data : "", text.len, path, &terms, &err);
    if (r == 0 && text.data && strlen(text.data) != text.len) {
        r = bw_err_set(&err, -EINVAL, "%s: has a NUL byte in it", path);
    }
    if (r == 0 && text.data) {
        memcpy(p->clauses, text.data, text.len + 1);
        bw_sha256_text(text.data, text.len, ret_sha256);
    }
    bw_buf_done(&text);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

/* Two sets of terms on one day would leave every later report in doubt. */
struct same {
    const struct bw_promise *wanted;
    const char *replaces;
    struct bw_err *err;
};

static int on_terms(void *owner, const struct bw_said *said)
{
    struct same *s = owner;
    const struct bw_promise *w = s->wanted;
    struct bw_promise *old = calloc(1, sizeof(*old));
    const struct bw_statement *x = said->statement;
    bool apart;

    if (!old) {
        return bw_err_set(s->err, -ENOMEM, "out of memory");
    }
    apart = !x->body || bw_promise_decode(x->body, x->n_body, old, NULL) < 0 ||
            claim_said_apart(w->from, w->to, old->from, old->to);
    free(old);
    return apart || strcmp(said->id, s->replaces) == 0
               ? 0
               : bw_err_set(s->err, -EEXIST,
                            "terms are on file for it already, by %s (%.10s…); --replaces "
                            "says otherwise, --from and --to part them",
                            x->by, said->id);
}

static int say(struct saying *s, const struct asked *a, char **argv, const char *sha256)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char old[BW_HASH_LEN + 1] = "";
    const char *slash = strrchr(argv[1], '/');
    struct bw_err err = {.text = ""};
    struct same same = {.wanted = &a->promise, .replaces = old, .err = &err};
    struct claim_lines lines;
    const struct claim_row *row;
    struct bw_buf body;
    int status = claim_said_find(s->verb, s->docket, argv[0], &lines, &row);

    (void)snprintf(about, sizeof(about), "%s", row ? row->about : "");
    claim_lines_done(&lines);
    if (status == 0 && a->said.saying.replaces) {
        status = saying_find(s, a->said.saying.replaces, about, old);
    }
    if (status != 0) {
        return status;
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    if (bw_docket_each(s->docket, &(struct bw_said_query){.kind = "terms", .about = about},
                       on_terms, &same, &err) < 0 ||
        bw_promise_encode(&a->promise, &body, &err) < 0) {
        status = bw_cli_failed(s->verb, "%s", err.text);
    } else {
        status = saying_say(s, about, old, slash ? slash + 1 : argv[1], sha256, &body);
    }
    if (status == 0 && !saying_told(s, &a->said.saying)) {
        (void)printf("%s  what the contract of %s promises, says %s\n", s->id, about,
                     s->docket->by);
    }
    bw_buf_done(&body);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_claim_terms;
    struct bw_docket d = {.catalogue = NULL};
    struct saying s = {.verb = v,
                       .docket = &d,
                       .kind = BW_STATEMENT_TERMS,
                       .what = "set of terms of a contract"};
    struct asked *a = calloc(1, sizeof(*a));
    char sha256[BW_HASH_LEN + 1] = "";
    int status;

    if (!a) {
        return bw_cli_failed(v, "out of memory");
    }
    bw_promise_init(&a->promise);
    status = read_options(argc, argv, a);
    if (status == 0 && !a->said.saying.withdraw) {
        status = read_file(v, argv[optind + 1], &a->promise, sha256);
    }
    status = status != 0 ? status : bw_docket_open(v, &a->said.docket, true, &d);
    if (status == 0 && a->said.saying.withdraw) {
        const char *why = a->promise.text[0] ? a->promise.text : NULL;
        status = saying_withdraw(&s, a->said.saying.withdraw, why);
        if (status == 0) {
            (void)saying_told(&s, &a->said.saying);
        }
    } else if (status == 0) {
        status = say(&s, a, argv + optind, sha256);
    }
    bw_docket_close(&d);
    free(a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_claim_terms = {
    .name = "claim terms",
    .summary = "say what the contract of a line promises",
    .help =
        "[OPTION]... CLAIM FILE\n"
        "       bandwitness claim terms [OPTION]... --withdraw ID [--text WHY]\n"
        "\n"
        "From then on every report, pack and bag of a circuit that CLAIM is bound to "
        "judges\n"
        "by these terms (rule contract-sla), on the days on which both hold; nothing has "
        "to\n"
        "be typed again. FILE is written as bandwitness-rules(5) says, TERMS OF A "
        "CONTRACT:\n"
        "the part of the speed and of the tests, the bound of round trips, availability "
        "by\n"
        "month with its credits. Terms that hold for a part of a report's period alone, "
        "or\n"
        "that change within it, judge nothing there: ask for the parts.\n"
        "\n"
        "CLAIM is its key (bandwitness claim list), 1699048824.003 or own:NAME. Prints "
        "the\n"
        "id of what was said (bandwitness statement show).\n"
        "\n"
        "  --from DAY         first day for which they hold (as long as the claim)\n"
        "  --to DAY           last day\n"
        "  --text TEXT        which paper says so\n"
        "  --replaces ID      correct what was said before\n"
        "  --withdraw ID      what was said before holds no longer\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 kept, 1 there is no such claim, terms are on file for these days,\n"
        "the file has a fault (with its line), or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness claim terms 1699048824.003 heron-contract.conf\n",
    .run = run,
};

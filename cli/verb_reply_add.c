/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_reply_add.c - what a provider or district answered to a report or letter. It is kept
 * as it was written, beside what was measured. */
#include "cli.h"
#include "docket_asked.h"
#include "reply.h"
#include "saying.h"
#include "span_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <file.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_reply_add;

enum {
    FILE_MAX = 64 * 1024 * 1024
};

struct asked {
    struct bw_docket_asked docket;
    struct bw_span_asked span;
    const char *circuit;
    const char *to;
    const char *from;
    const char *name;
    const char *text;
    const char *file;
    const char *answered;
    struct saying_asked saying;
    struct bw_reply reply;
    char source[BW_STATEMENT_FILE_MAX + 1];
    char sha256[BW_HASH_LEN + 1];
};

enum {
    OPT_TO = 1,
    OPT_FROM,
    OPT_NAME,
    OPT_TEXT,
    OPT_FILE,
    OPT_ANSWERED
};

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case OPT_TO:
        a->to = optarg;
        return bw_reply_to_parse(optarg, &a->reply.to) == 0
                   ? 0
                   : bw_cli_usage(v,
                                  "--answers is letter, report, or a pack (sizing, pia, "
                                  "invoice, delivery, audit), not '%s'",
                                  optarg);
    case OPT_FROM:
        a->from = optarg;
        return bw_reply_from_parse(optarg, &a->reply.from) == 0 &&
                       a->reply.from != BW_REPLY_FROM_LINK
                   ? 0
                   : bw_cli_usage(v,
                                  "--who is provider, district, auditor or other, not "
                                  "'%s'",
                                  optarg);
    case OPT_NAME:
        a->name = optarg;
        return bw_cli_label(v, "--name", optarg, BW_REPLY_NAME_MAX);
    case OPT_TEXT:
        a->text = optarg;
        return 0;
    case OPT_FILE:
        a->file = optarg;
        return 0;
    case OPT_ANSWERED:
        a->answered = optarg;
        return 0;
    default:
        return saying_take(o, &a->saying) || bw_span_asked_take(o, &a->span)
                   ? 0
                   : bw_docket_asked_take(v, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        BW_SPAN_ASKED_OPTIONS,
        {"answers", required_argument, NULL, OPT_TO},
        {"who", required_argument, NULL, OPT_FROM},
        {"name", required_argument, NULL, OPT_NAME},
        {"text", required_argument, NULL, OPT_TEXT},
        {"file", required_argument, NULL, OPT_FILE},
        {"exhibit", required_argument, NULL, OPT_ANSWERED},
        SAYING_CORRECTS,
        SAYING_UNSEEN,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_reply_add;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (bw_docket_circuit_word(v, argc, argv, &a->circuit) != 0) {
        return BW_EXIT_USAGE;
    }
    if (!a->to || !a->from) {
        return bw_cli_usage(v,
                            "what does it answer, and who wrote it? --answers letter --who "
                            "provider");
    }
    if (!a->text && !a->file) {
        return bw_cli_usage(v, "what was answered? --text WORDS or --file FILE");
    }
    return bw_span_asked_read(v, &a->span, &a->reply.from_unix_s, &a->reply.to_unix_s);
}

static int read_file(const struct bw_verb *v, const char *path, struct bw_buf *out)
{
    struct bw_err err = {""};

    return bw_file_read(path, FILE_MAX, out, &err) < 0 ? bw_cli_failed(v, "%s", err.text)
                                                       : 0;
}

/* Where it is a text the file's bytes are the words; else somebody types what it says. */
static int read_words(const struct bw_verb *v, struct asked *a)
{
    const char *slash = a->file ? strrchr(a->file, '/') : NULL;
    struct bw_err err = {""};
    struct bw_buf b;
    int status = 0;
    int r = 0;

    bw_buf_init(&b, FILE_MAX);
    if (a->file) {
        status = read_file(v, a->file, &b);
        if (status == 0) {
            bw_sha256_text(b.len ? b.data : "", b.len, a->sha256);
            (void)snprintf(a->source, sizeof(a->source), "%s", slash ? slash + 1 : a->file);
        }
    }
    if (status == 0) {
        const char *text = a->text ? a->text : b.len ? b.data : "";
        r = bw_reply_words(text, a->text ? strlen(text) : b.len, a->reply.text,
                           sizeof(a->reply.text), true, &err);
    }
    if (r < 0 && a->text) {
        status = bw_cli_usage(v, "--text: %s", err.text);
    } else if (r < 0) {
        status = bw_cli_failed(v,
                               "%s: %s; say what it says by --text and keep the file: its "
                               "name and SHA-256 are kept with your words",
                               a->file, err.text);
    }
    bw_buf_done(&b);
    if (status == 0 && a->answered) {
        bw_buf_init(&b, FILE_MAX);
        status = read_file(v, a->answered, &b);
        bw_sha256_text(b.len ? b.data : "", b.len, a->reply.answered);
        bw_buf_done(&b);
    }
    return status;
}

static int keep(struct saying *y, const struct asked *a, const char *circuit)
{
    struct bw_err err = {.text = ""};
    struct bw_buf body;
    int status;

    bw_buf_init(&body, (size_t)4 * BW_STATEMENT_MAX);
    if (bw_reply_encode(&a->reply, &body, &err) < 0) {
        status = bw_cli_failed(y->verb, "%s", err.text);
    } else {
        status =
            saying_of_circuit(y, circuit, a->saying.replaces, a->source, a->sha256, &body);
    }
    bw_buf_done(&body);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_reply_add;
    struct asked a = {.text = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct saying y = {.verb = v, .docket = &d, .kind = BW_STATEMENT_REPLY};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1];

    bw_reply_init(&a.reply);
    int status = read_options(argc, argv, &a);
    status = status ? status : read_words(v, &a);
    if (status != 0) {
        return status;
    }
    (void)snprintf(a.reply.name, sizeof(a.reply.name), "%s", a.name ? a.name : "");
    status = bw_docket_open(v, &a.docket, true, &d);
    status =
        status ? status : bw_docket_circuit(v, &d, a.circuit, !a.saying.unseen, circuit);
    status = status ? status : keep(&y, &a, circuit);
    if (status == 0 && !saying_told(&y, &a.saying)) {
        (void)printf("%s  reply of the %s to the %s about %s, kept by %s\n", y.id, a.from,
                     a.to, circuit, d.by);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_reply_add = {
    .name = "reply add",
    .summary = "keep what a provider or district answered to a report or letter",
    .help = "[OPTION]... --answers WHAT --who WHO PERIOD --text WORDS|--file FILE\n"
            "                             CIRCUIT\n"
            "\n"
            "Their words stand in every later report, delivery and audit pack of that "
            "period and\n"
            "in its bag, as they were written, with who kept them and when. Nothing "
            "measured is\n"
            "changed by them.\n"
            "\n"
            "CIRCUIT is SITE.CIRCUIT, or at a box the name of its own circuit. Prints the "
            "id of\n"
            "what was kept (bandwitness reply show).\n"
            "\n"
            "  --answers WHAT     letter, report, sizing, pia, invoice, delivery or audit\n"
            "  --who WHO          provider, district, auditor or other\n"
            "  --year FY2026, --month 2026-11, --from DAY --to DAY   the period of what it "
            "answers\n"
            "  --tz ZONE          whose local days (this machine's)\n"
            "  --text WORDS       what they wrote, at most 6,000 bytes\n"
            "  --file FILE        where it stands; a text's bytes are the words. Of "
            "anything else\n"
            "                     (a scan) its name and SHA-256 are kept beside --text: "
            "keep the\n"
            "                     file\n"
            "  --exhibit FILE     the very file that they answer: its SHA-256 is kept\n"
            "  --name NAME        as they call themselves; nobody has to say it\n"
            "  --replaces ID      correct one that was kept before\n"
            "  --unseen           also for a circuit of which there are no records here\n"
            "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
            "\n"
            "One is taken back by bandwitness statement withdraw.\n"
            "\n"
            "Exit status: 0 kept, 1 there is no such circuit, file or statement, or it "
            "failed,\n"
            "2 wrong usage.\n"
            "\n"
            "Example:\n"
            "  bandwitness reply add s-4f9k2.wan --answers letter --who provider \\\n"
            "    --year FY2026 --file reply.txt --exhibit delivery.pdf\n",
    .run = run,
};

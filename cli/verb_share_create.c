/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_share_create.c - a link that shows one pack, frozen now, to whoever has it.
 *
 * Invariant: the files are whole in their folder before the statement that names them, and
 * the token is printed last: a link that was told works. */
#include "cli.h"
#include "docket_asked.h"
#include "share.h"
#include "span_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <hash.h>
#include <json.h>
#include <ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_share_create;

enum {
    DAY_S = 86400,
    DAYS_DEFAULT = 30,
    FILE_MAX = 64 * 1024 * 1024,
    WORDS_MAX = 32,
    MODE = 0750
};

struct asked {
    struct bw_docket_asked docket;
    struct bw_span_asked span;
    const char *circuit; /* as it was typed */
    const char *purpose;
    const char *note;
    const char *url;
    const char *paper;
    int64_t days;
    bool letter;
    bool certificate;
    bool json;
    struct bw_share share;
};

enum {
    OPT_FOR = 1,
    OPT_DAYS,
    OPT_NOTE,
    OPT_URL,
    OPT_PAPER,
    OPT_LETTER,
    OPT_CERTIFICATE,
    OPT_JSON
};

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case OPT_FOR:
        a->purpose = optarg;
        return bw_share_pack_parse(optarg, &a->share.pack) == 0
                   ? 0
                   : bw_cli_usage(v,
                                  "--for is sizing, pia, invoice, delivery or audit, not "
                                  "'%s'",
                                  optarg);
    case OPT_DAYS:
        return bw_cli_int(v, "--days", optarg, 1, BW_SHARE_DAYS_MAX, &a->days);
    case OPT_NOTE:
        a->note = optarg;
        return bw_cli_label(v, "--note", optarg, BW_SHARE_NOTE_MAX);
    case OPT_URL:
        a->url = optarg;
        return strncmp(optarg, "https://", 8) == 0 || strncmp(optarg, "http://", 7) == 0
                   ? bw_cli_label(v, "--url", optarg, 500)
                   : bw_cli_usage(v, "--url is the collector's address, https://…");
    case OPT_PAPER:
        a->paper = optarg;
        return 0;
    case OPT_LETTER:
        a->letter = true;
        return 0;
    case OPT_CERTIFICATE:
        a->certificate = true;
        return 0;
    case OPT_JSON:
        a->json = true;
        return 0;
    default:
        return bw_span_asked_take(o, &a->span) ? 0 : bw_docket_asked_take(v, o, &a->docket);
    }
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        BW_SPAN_ASKED_OPTIONS,
        {"for", required_argument, NULL, OPT_FOR},
        {"days", required_argument, NULL, OPT_DAYS},
        {"note", required_argument, NULL, OPT_NOTE},
        {"url", required_argument, NULL, OPT_URL},
        {"paper", required_argument, NULL, OPT_PAPER},
        {"letter", no_argument, NULL, OPT_LETTER},
        {"certificate", no_argument, NULL, OPT_CERTIFICATE},
        {"json", no_argument, NULL, OPT_JSON},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_share_create;
    int64_t from;
    int64_t to;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (bw_docket_circuit_word(v, argc, argv, &a->circuit) != 0) {
        return BW_EXIT_USAGE;
    }
    if (!a->purpose) {
        return bw_cli_usage(v, "which pack? --for pia");
    }
    return bw_span_asked_read(v, &a->span, &from, &to);
}

/* ---- the pack: the very run that a person would make ------------------------------- */

static size_t words_of(const struct asked *a,
                       const char *ledger,
                       const char *circuit,
                       const char *folder,
                       const char *words[WORDS_MAX])
{
    const struct {
        const char *option;
        const char *word;
    } pairs[] = {{"--ledger", ledger},
                 {"--circuit", circuit},
                 {"--for", a->purpose},
                 {"--format", "html,pdf,csv,json"},
                 {"-o", folder},
                 {"--year", a->span.year},
                 {"--month", a->span.month},
                 {"--from", a->span.from},
                 {"--to", a->span.to},
                 {"--tz", a->span.tz},
                 {"--paper", a->paper}};
    size_t n = 0;

    words[n++] = "bandwitness";
    words[n++] = "report";
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i].word) {
            words[n++] = pairs[i].option;
            words[n++] = pairs[i].word;
        }
    }
    if (a->letter) {
        words[n++] = "--letter";
    }
    if (a->certificate) {
        words[n++] = "--certificate";
    }
    words[n] = NULL;
    return n;
}

static int make_pack(const struct bw_verb *v,
                     const struct asked *a,
                     const char *ledger,
                     const char *circuit,
                     const char *folder)
{
    const char *words[WORDS_MAX];
    char *argv[WORDS_MAX];
    int status = 0;
    size_t n = words_of(a, ledger, circuit, folder, words);
    pid_t pid;

    memcpy(argv, words, (n + 1) * sizeof(argv[0])); /* execv changes none of them */
    pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0) {
            (void)dup2(null, STDOUT_FILENO);
        }
        (void)execv("/proc/self/exe", argv);
        _exit(BW_EXIT_FAILED);
    }
    if (pid < 0) {
        return bw_cli_failed(v, "cannot start the report: %s", bw_strerror(-errno));
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : bw_cli_failed(v, "the pack could not be made; there is no link");
}

/* ---- what is said of it ------------------------------------------------------------- */

static int read_time(const json_t *o, const char *name, int64_t *ret, struct bw_err *err)
{
    const char *text = NULL;
    int64_t ms = 0;
    int r = bw_json_get_str(o, name, 40, &text, err);

    r = r < 0 ? r : bw_time_parse(text, &ms);
    *ret = ms / 1000;
    return r;
}

static int read_facts(const struct bw_buf *json, struct bw_share *s, struct bw_err *err)
{
    json_t *o = NULL;
    int r = bw_json_parse(json->data ? json->data : "", json->len, FILE_MAX, &o, err);

    if (r < 0) {
        return r;
    }
    const json_t *period = json_object_get(o, "period");
    r = read_time(o, "made_at", &s->made_unix_s, err);
    r = r < 0 ? r : read_time(period, "from", &s->from_unix_s, err);
    r = r < 0 ? r : read_time(period, "to", &s->to_unix_s, err);
    json_decref(o);
    return r;
}

static int read_files(const char *folder, struct asked *a, struct bw_err *err)
{
    struct bw_share *s = &a->share;
    char path[PATH_MAX];
    struct bw_buf b;
    int r = 0;

    bw_buf_init(&b, FILE_MAX);
    for (size_t i = 0; r == 0 && i < BW_SHARE_FORMS; i++) {
        bw_buf_clear(&b);
        (void)snprintf(path, sizeof(path), "%.4000s/%s.%s", folder, a->purpose,
                       bw_share_forms[i]);
        r = bw_file_read(path, FILE_MAX, &b, err);
        bw_sha256_text(b.len ? b.data : "", b.len, s->sha256[i]);
    }
    r = r < 0 ? r : read_facts(&b, s, err); /* the last is the JSON */
    bw_buf_done(&b);
    return r;
}

static int read_ledger(const char *data, struct bw_share *s, struct bw_err *err)
{
    char path[PATH_MAX];
    struct bw_ledger *l = NULL;
    struct bw_ledger_stat stat = {.n_positions = 0};
    int r;

    (void)snprintf(path, sizeof(path), "%.4000s/ledger", data);
    r = bw_ledger_open(path, BW_LEDGER_READ, &l, err);
    r = r < 0 ? r : l->ops->stat(l, &stat, err);
    r = r < 0 ? r : l->ops->log_size(l, &s->leaves, err);
    s->records = stat.n_positions;
    bw_ledger_close(l);
    return r;
}

static int
say(struct bw_docket *d, const struct bw_share *s, const char *about, struct bw_err *err)
{
    struct bw_statement said;
    struct bw_buf body;
    int r;

    bw_docket_begin(&bw_verb_share_create, d, BW_STATEMENT_OTHER, &said);
    (void)snprintf(said.word, sizeof(said.word), "%s", BW_SHARE_WORD);
    (void)snprintf(said.about, sizeof(said.about), "%s", about);
    bw_buf_init(&body, BW_STATEMENT_MAX);
    r = bw_share_encode(s, &body, err);
    r = r < 0 ? r : bw_docket_say(d, &said, &body, NULL, err);
    bw_buf_done(&body);
    return r;
}

static void tell(const struct asked *a, const char *token)
{
    const char *url = a->url ? a->url : "";
    size_t n = strlen(url);
    char until[32];

    n -= n > 0 && url[n - 1] == '/';
    bw_time_format_s(a->share.expires_unix_s, until);
    if (a->json) {
        (void)printf(
            "{\"id\":\"%s\",\"url\":\"%.*s/s/%s\",\"token\":\"%s\",\"expires_s\":%lld}"
            "\n",
            a->share.id, (int)n, url, token, token, (long long)a->share.expires_unix_s);
        return;
    }
    (void)printf("%.*s/s/%s\n", (int)n, url, token);
    (void)fprintf(
        stderr,
        "Link %s shows the pack %s of %s to whoever has it, until %s.%s It is shown "
        "here once: only its hash is kept.\n",
        a->share.id, a->purpose, a->share.circuit, until,
        a->url ? "" : " Put the collector's address before it (--url).");
}

static int create(const struct bw_verb *v, struct asked *a, struct bw_docket *d)
{
    char token[BW_SHARE_TOKEN_LEN + 1];
    char about[BW_SHARE_ABOUT_LEN + 1];
    char folder[PATH_MAX];
    struct bw_err err = {""};
    int status;
    int r;

    bw_share_token_new(token, about);
    bw_share_id_new(a->share.id);
    bw_share_folder(d->folder, a->share.id, folder);
    if (bw_dir_make(folder, MODE, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    status = make_pack(v, a, d->folder, a->share.circuit, folder);
    if (status != 0) {
        (void)rmdir(folder);
        return status;
    }
    a->share.expires_unix_s = d->now_unix_ms / 1000 + a->days * DAY_S;
    r = read_files(folder, a, &err);
    r = r < 0 ? r : read_ledger(d->folder, &a->share, &err);
    r = r < 0 ? r : say(d, &a->share, about, &err);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    tell(a, token);
    return 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_share_create;
    struct asked a = {.days = DAYS_DEFAULT};
    struct bw_docket d = {.catalogue = NULL};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1];

    bw_share_init(&a.share);
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    (void)snprintf(a.share.note, sizeof(a.share.note), "%s", a.note ? a.note : "");
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "no source of random numbers");
    }
    status = bw_docket_open(v, &a.docket, true, &d);
    if (status == 0 && !d.of_collector) {
        status = bw_cli_usage(v, "links are a collector's: name it with --ledger or "
                                 "--collector");
    }
    status = status ? status : bw_docket_circuit(v, &d, a.circuit, true, circuit);
    if (status == 0) {
        (void)snprintf(a.share.circuit, sizeof(a.share.circuit), "%s", circuit);
        status = create(v, &a, &d);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_share_create = {
    .name = "share create",
    .summary = "make a link that shows one pack to an auditor or provider for some days",
    .help =
        "[OPTION]... --for PACK PERIOD CIRCUIT\n"
        "\n"
        "Makes the pack now, freezes it, and prints an address that nobody can guess. "
        "Whoever\n"
        "has it sees this one pack (page, PDF, CSV, JSON) and can leave a comment, which "
        "is\n"
        "kept (bandwitness reply list); nothing else of the collector. The token in it is\n"
        "shown once: the catalogue has its hash alone.\n"
        "\n"
        "  --for PACK         sizing, pia, invoice, delivery or audit\n"
        "  --year FY2026, --month 2026-11, --from DAY --to DAY   the period\n"
        "  --tz ZONE          whose local days (the school's calendar's, else this "
        "machine's)\n"
        "  --days N           how long it is good (30; at most 400)\n"
        "  --note TEXT        for whom; only 'share list' shows it\n"
        "  --url URL          the collector's address, before the path\n"
        "  --letter           delivery: with a letter to the provider\n"
        "  --certificate      audit: with a certificate to fill in\n"
        "  --paper letter|a4  of the PDF\n"
        "  --json             "
        "{\"id\",\"url\",\"token\",\"expires_s\"}\n" BW_DOCKET_ASKED_BY_HELP
            BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 made, 1 there is no such circuit or record, or it failed, 2 wrong\n"
        "usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness share create s-4f9k2.wan --for pia --year FY2026 --note 'PIA "
        "review' \\\n"
        "    --url https://collector.example.org\n",
    .run = run,
};

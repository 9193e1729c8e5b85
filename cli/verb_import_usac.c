/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_import_usac.c - USAC's open data, as downloaded, becomes statements.
 *
 * Invariant: everything that the files give is kept in one transaction, or nothing. */
#include "cli.h"
#include "import_run.h"

#include <buf.h>
#include <bw/err.h>
#include <ctype.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <usac.h>

extern const struct bw_verb bw_verb_import_usac;

enum {
    GONE_BYTES_MAX = 64 * 1024
};

struct asked {
    struct bw_import_asked run;
    struct bw_usac_options usac;
    const char *payers[BW_USAC_PAYERS_MAX];
};

static const char *const left_names[BW_LEFTS] = {
    [BW_LEFT_OUTSIDE] = "outside",   [BW_LEFT_VERSION] = "not_current_version",
    [BW_LEFT_TAX] = "taxes_or_fees", [BW_LEFT_NO_SPEED] = "no_bandwidth",
    [BW_LEFT_TWICE] = "twice",       [BW_LEFT_UNRELATED] = "unrelated",
};

static const char *const left_words[BW_LEFTS] = {
    [BW_LEFT_OUTSIDE] = "of another state, year or entity than was asked",
    [BW_LEFT_VERSION] = "not the current form version",
    [BW_LEFT_TAX] = "taxes or fees",
    [BW_LEFT_NO_SPEED] =
        "without bandwidth or purpose (equipment, Category Two, one-time work)",
    [BW_LEFT_TWICE] = "the same as a row before",
    [BW_LEFT_UNRELATED] = "of no line or entity that is kept",
};

static int take_year(const struct bw_verb *v, const char *text, int64_t *ret)
{
    if (strncmp(text, "FY", 2) == 0 || strncmp(text, "fy", 2) == 0) {
        text += 2;
    }
    return bw_cli_int(v, "--year", text, 1998, 2199, ret);
}

static int take_ben(const struct bw_verb *v, const char *text, struct asked *a)
{
    size_t n = strlen(text);
    if (n == 0 || n > BW_NUMBER_MAX || text[strspn(text, "0123456789")] != '\0') {
        return bw_cli_usage(v, "--ben is a Billed Entity Number, not '%s'", text);
    }
    if (a->usac.n_payers == BW_USAC_PAYERS_MAX) {
        return bw_cli_usage(v, "at most %d times --ben", BW_USAC_PAYERS_MAX);
    }
    a->payers[a->usac.n_payers++] = text;
    return 0;
}

static int take_option(const struct bw_verb *v, int o, struct asked *a)
{
    switch (o) {
    case 's':
        if (strlen(optarg) != 2 || !isalpha((unsigned char)optarg[0]) ||
            !isalpha((unsigned char)optarg[1])) {
            return bw_cli_usage(v,
                                "--state is the two letters of a state, not '%s' (a box's "
                                "folder is named by --box)",
                                optarg);
        }
        a->usac.state = optarg;
        return 0;
    case 'y':
        return take_year(v, optarg, &a->usac.year);
    case 'b':
        return take_ben(v, optarg, a);
    case 'u':
        a->usac.unit = bw_speed_unit_parse(optarg);
        return a->usac.unit != BW_UNIT_NONE
                   ? 0
                   : bw_cli_usage(v, "--unit is Kbps, Mbps or Gbps, not '%s'", optarg);
    default:
        return bw_import_asked_take(v, o, &a->run);
    }
}

/* ---- what it says ---------------------------------------------------------------- */

static void on_progress(void *owner, const char *path, int64_t read, int64_t size)
{
    (void)owner;
    if (size > 0) {
        (void)fprintf(stderr, "\r%s: %3d %%", path, (int)(read * 100 / size));
    } else {
        (void)fprintf(stderr, "\r%s: %" PRId64 " MB", path, read / 1000000);
    }
}

static void json_files(struct bw_jw *w, const struct bw_usac_sum *sum)
{
    bw_jw_karr(w, "files");
    for (size_t i = 0; i < sum->n_files; i++) {
        const struct bw_usac_file *f = &sum->files[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "file", f->path);
        bw_jw_kstr(w, "dataset", bw_usac_set_name(f->set));
        bw_jw_ki64(w, "rows", f->rows);
        bw_jw_ki64(w, "kept", f->kept);
        bw_jw_kstr(w, "sha256", f->sha256);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_kobj(w, "left_out");
    for (int i = 0; i < BW_LEFTS; i++) {
        bw_jw_ki64(w, left_names[i], sum->left_out[i]);
    }
    bw_jw_obj_end(w);
    bw_jw_ki64(w, "refused", sum->refused);
    bw_import_json_lines(w, "refusals", sum->refusals);
    bw_jw_ki64(w, "doubtful", sum->doubtful);
    bw_import_json_lines(w, "doubts", sum->doubts);
}

static void text_files(const struct bw_usac_sum *sum)
{
    for (size_t i = 0; i < sum->n_files; i++) {
        const struct bw_usac_file *f = &sum->files[i];
        (void)printf("%s: %s, %" PRId64 " rows, %" PRId64 " kept\n", f->path,
                     bw_usac_set_name(f->set), f->rows, f->kept);
    }
    for (int i = 0; i < BW_LEFTS; i++) {
        if (sum->left_out[i] > 0) {
            (void)printf("Left out: %" PRId64 " %s\n", sum->left_out[i], left_words[i]);
        }
    }
    if (sum->doubtful > 0) {
        (void)printf("Doubtful: %" PRId64 "\n", sum->doubtful);
        bw_import_text_lines(sum->doubts);
    }
    if (sum->refused > 0) {
        (void)printf("Refused: %" PRId64 "\n", sum->refused);
        bw_import_text_lines(sum->refusals);
    }
}

/* ---- the work -------------------------------------------------------------------- */

/* What no file spoke of. */
static bool silent(const struct bw_import_item *item, const char *member)
{
    return (!item->has_frn && bw_usac_of_frn(member)) ||
           (!item->has_recipients && bw_usac_of_recipients(member));
}

/* Entities first, then claims. */
static int item_of(void *owner, size_t i, struct bw_import_item *ret, struct bw_err *reterr)
{
    const struct bw_usac *u = owner;
    struct bw_usac_place place = {NULL, 0};
    size_t entities = bw_usac_entities(u);
    int r;
    ret->silent = silent;
    if (i < entities) {
        ret->kind = BW_STATEMENT_ENTITY;
        r = bw_usac_entity(u, i, &ret->entity, &place, reterr);
    } else {
        ret->kind = BW_STATEMENT_CLAIM;
        r = bw_usac_claim(u, i - entities, &ret->claim, &place, &ret->has_frn,
                          &ret->has_recipients, reterr);
    }
    if (r > 0) {
        ret->path = place.file->path;
        ret->sha256 = place.file->sha256;
        ret->line = place.line;
    }
    return r;
}

/* What stands in the catalogue, and of it what the files have no longer, and what they have
 * in a row that was refused. */
struct gone {
    const struct bw_usac *usac;
    struct bw_buf lines[2]; /* "frn:…" a line, the first of them */
    int64_t n[2];
};
enum {
    GONE,
    REFUSED
};

static int on_claim(void *owner, const struct bw_said *s)
{
    struct gone *g = owner;
    struct bw_claimline c;
    if (strcmp(s->statement->via, bw_verb_import_usac.name) == 0 &&
        bw_claimline_decode(s->statement->body, s->statement->n_body, &c, NULL) == 0) {
        enum bw_usac_stand stand = bw_usac_stand(g->usac, &c);
        if (stand != BW_USAC_THERE) {
            int what = stand == BW_USAC_GONE ? GONE : REFUSED;
            struct bw_buf *lines = &g->lines[what];
            g->n[what]++;
            if (lines->len + BW_STATEMENT_ABOUT_MAX + 2 < lines->max) {
                bw_buf_printf(lines, "%s\n", s->statement->about);
            }
        }
        bw_claimline_done(&c);
    }
    return 0;
}

/* What the files gave, before what would change. */
static void on_files(const void *owner, struct bw_jw *w)
{
    const struct gone *g = owner;
    const struct bw_usac_sum *sum = bw_usac_sum(g->usac);
    const char *gone = g->lines[GONE].data ? g->lines[GONE].data : "";
    const char *refused = g->lines[REFUSED].data ? g->lines[REFUSED].data : "";
    if (w) {
        json_files(w, sum);
        bw_jw_ki64(w, "gone", g->n[GONE]);
        bw_import_json_lines(w, "gone_lines", gone);
        bw_jw_ki64(w, "refused_on_file", g->n[REFUSED]);
        bw_import_json_lines(w, "refused_lines", refused);
        bw_jw_ki64(w, "refused_unnamed", sum->refused_unnamed);
        return;
    }
    text_files(sum);
    if (g->n[REFUSED] > 0) {
        (void)printf("Refused in these files, and left as said: %" PRId64 "\n",
                     g->n[REFUSED]);
        bw_import_text_lines(refused);
    }
    if (g->n[GONE] > 0) {
        (void)printf("No longer in the files, and left as said: %" PRId64 "\n", g->n[GONE]);
        if (sum->refused_unnamed > 0) {
            (void)printf("  (or among the %" PRId64
                         " refused rows of which nobody can tell "
                         "which line they are)\n",
                         sum->refused_unnamed);
        }
        bw_import_text_lines(gone);
    }
}

static int work(const struct asked *a, const char *const *paths, size_t n)
{
    const struct bw_verb *v = &bw_verb_import_usac;
    bool progress = bw_cli_progress_wanted();
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    struct bw_usac *u = NULL;
    struct gone gone = {.usac = NULL};
    bw_buf_init(&gone.lines[GONE], GONE_BYTES_MAX);
    bw_buf_init(&gone.lines[REFUSED], GONE_BYTES_MAX);
    int status = bw_import_docket(&a->run, &d);
    if (status != 0) {
        goto out;
    }
    uid_t owner = bw_docket_as_caller();
    int r = bw_usac_new(&a->usac, &u);
    r = r < 0 ? bw_err_set(&err, r, "no memory")
              : bw_usac_read(u, paths, n, progress ? on_progress : NULL, NULL, &err);
    r = r < 0 ? r : bw_docket_as_owner(owner, &err);
    if (progress) {
        (void)fprintf(stderr, "\r\033[K");
    }
    const struct bw_said_query claims = {.kind = "claim"};
    gone.usac = u;
    r = r < 0 ? r : bw_docket_each(&d, &claims, on_claim, &gone, &err);
    if (r < 0) {
        status = bw_cli_failed(v, "%s; nothing was written", err.text);
        goto out;
    }
    const struct bw_usac_sum *sum = bw_usac_sum(u);
    struct bw_import_source source = {.owner = u,
                                      .n = bw_usac_entities(u) + bw_usac_claims(u),
                                      .item = item_of,
                                      .hold = true,
                                      .refused = sum->refused,
                                      .tell = on_files,
                                      .told = &gone};
    status = bw_import_run(&a->run, &source, &d);
out:
    bw_buf_done(&gone.lines[GONE]);
    bw_buf_done(&gone.lines[REFUSED]);
    bw_usac_free(u);
    bw_docket_close(&d);
    return bw_cli_flush(v, status);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"state", required_argument, NULL, 's'},
        {"year", required_argument, NULL, 'y'},
        {"ben", required_argument, NULL, 'b'},
        {"unit", required_argument, NULL, 'u'},
        BW_IMPORT_ASKED_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_import_usac;
    struct asked a = {.run = {.verb = v}, .usac = {.year = BW_UNKNOWN}};
    a.usac.payers = a.payers;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, &a);
        if (r != 0) {
            return r;
        }
    }
    if (optind == argc) {
        return bw_cli_usage(v, "give the CSV files that were downloaded from USAC");
    }
    return work(&a, (const char *const *)argv + optind, (size_t)(argc - optind));
}

const struct bw_verb bw_verb_import_usac = {
    .name = "import usac",
    .summary = "read what was filed with USAC: claims and entities from its open data",
    .help =
        "[OPTION]... FILE...\n"
        "\n"
        "Each FILE is one of USAC's open data sets as downloaded (CSV): hbj5-2bpj (FRN "
        "line\n"
        "items), qdmp-ygft (FRN status), avi8-svp9 (recipients and commitments), "
        "7i5i-83qf\n"
        "(entities). They are told by their headings and joined by FRN. Only the current "
        "form\n"
        "version counts; taxes, fees and lines without bandwidth are left out; columns of\n"
        "contact persons are not read. Claims that changed replace what was said before, "
        "and\n"
        "both stay on record; what was said in another way stays. A second import of the "
        "same\n"
        "files changes nothing. While a row is refused, nothing is written at all.\n"
        "\n"
        "  --state XX         only payers of this state, OR\n"
        "  --year FY2026      only this funding year (1 July 2026 to 30 June 2027)\n"
        "  --ben N            only lines that this entity pays for or uses (several "
        "times:\n"
        "                     any of them)\n"
        "  --unit UNIT        Kbps, Mbps or Gbps: of speeds for which the file has no "
        "unit;\n"
        "                     without it such a row is refused\n" BW_IMPORT_ASKED_HELP "\n"
        "Exit status: 0 done, 1 rows are refused or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness import usac --state OR --year FY2026 --dry-run *.csv\n",
    .run = run,
};

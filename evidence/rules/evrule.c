/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule.c - the file of a rule, read and checked as a whole; files and folders of them.
 *
 * A rule stands alone: it includes no other file, so that its bytes are all there is of
 * it, and their hash names it. */
#include "evrule_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <dirent.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8.h>

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

/* Text that is printed: one that can be read. */
static int readable(const struct bw_conf_node *at, const char *name, struct bw_err *reterr)
{
    const char *text = bw_conf_str(at, name);
    size_t n = strlen(text);

    if (!bw_utf8_valid(text, n) || bw_utf8_hidden(text, n) < n) {
        return bw_conf_fault(at, name, reterr,
                             "'%s' holds bytes that are not text (UTF-8 without control "
                             "characters)",
                             name);
    }
    return 0;
}

/* "2026-11-21" */
static bool is_date(const char *t)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int month;
    int day;

    for (int i = 0; i < 10; i++) {
        if (i == 4 || i == 7 ? t[i] != '-' : t[i] < '0' || t[i] > '9') {
            return false;
        }
    }
    month = (t[5] - '0') * 10 + t[6] - '0';
    day = (t[8] - '0') * 10 + t[9] - '0';
    return t[10] == '\0' && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static int take_citation(const struct bw_conf_node *at,
                         struct bw_evrule_citation *c,
                         struct bw_err *reterr)
{
    const char *url = bw_conf_str(at, "url");
    int r = readable(at, "source", reterr);

    r = r < 0 ? r : readable(at, "url", reterr);
    if (r < 0) {
        return r;
    }
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        return bw_conf_fault(at, "url", reterr, "'url' must start with https://");
    }
    if (!is_date(bw_conf_str(at, "read"))) {
        return bw_conf_fault(at, "read", reterr,
                             "'read' is the day on which it was read there, like "
                             "\"2026-11-21\"");
    }
    copy_text(c->source, sizeof(c->source), bw_conf_str(at, "source"));
    copy_text(c->url, sizeof(c->url), url);
    copy_text(c->read, sizeof(c->read), bw_conf_str(at, "read"));
    return 0;
}

static int
take_head(const struct bw_conf_node *top, struct bw_evrule *r, struct bw_err *reterr)
{
    static const char *const texts[] = {"title", "says", "whom", "ours"};
    size_t n = bw_conf_count(top, "citation");

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int rc = readable(top, texts[i], reterr);
        if (rc < 0) {
            return rc;
        }
    }
    r->version = bw_conf_int(top, "version");
    r->place = (enum bw_evrule_place)bw_conf_int(top, "place");
    copy_text(r->title, sizeof(r->title), bw_conf_str(top, "title"));
    copy_text(r->says, sizeof(r->says), bw_conf_str(top, "says"));
    copy_text(r->whom, sizeof(r->whom), bw_conf_str(top, "whom"));
    copy_text(r->ours, sizeof(r->ours), bw_conf_str(top, "ours"));
    if (n > BW_EVRULE_CITATIONS_MAX) {
        return bw_conf_fault(bw_conf_child(top, "citation", BW_EVRULE_CITATIONS_MAX), NULL,
                             reterr, "more than %d citations", BW_EVRULE_CITATIONS_MAX);
    }
    for (; r->n_citations < n; r->n_citations++) {
        int rc = take_citation(bw_conf_child(top, "citation", r->n_citations),
                               &r->citations[r->n_citations], reterr);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int
take_days(const struct bw_conf_node *top, struct bw_evrule *r, struct bw_err *reterr)
{
    static const int64_t room[] = {366, 31, 92, 366, 1}; /* by enum bw_evrule_each */
    const struct bw_conf_node *at = bw_conf_child(top, "days", 0);
    struct bw_evrule_days *d = &r->days;

    if (!at) {
        return 0;
    }
    d->count = bw_conf_int(at, "count");
    d->within = bw_conf_int(at, "within");
    d->gap = bw_conf_int(at, "gap");
    d->each = (enum bw_evrule_each)bw_conf_int(at, "each");
    if (d->within < d->count + (d->count - 1) * d->gap) {
        return bw_conf_fault(at, "within", reterr,
                             "%lld days with %lld between two of them do not fit within "
                             "%lld",
                             (long long)d->count, (long long)d->gap, (long long)d->within);
    }
    if (d->within > room[d->each]) {
        return bw_conf_fault(at, "within", reterr, "a %s has at most %lld days",
                             bw_evrule_each_name(d->each), (long long)room[d->each]);
    }
    return 0;
}

static bool by_contract(const struct bw_evrule_clause *c)
{
    return c->part_ppm == BW_EVRULE_BY_CONTRACT || c->share_ppm == BW_EVRULE_BY_CONTRACT ||
           c->bound_us == BW_EVRULE_BY_CONTRACT || c->there_ppm == BW_EVRULE_BY_CONTRACT;
}

/* What a clause must be because of the rule it is in. */
static int check_clause(const struct bw_conf_node *at,
                        const struct bw_evrule *r,
                        const struct bw_evrule_clause *c,
                        struct bw_err *reterr)
{
    for (size_t i = 0; i < r->n_clauses; i++) {
        if (strcmp(r->clauses[i].name, c->name) == 0) {
            return bw_conf_fault(at, NULL, reterr, "there are two clauses \"%s\"", c->name);
        }
    }
    if (by_contract(c) && r->place != BW_EVRULE_CONTRACT) {
        return bw_conf_fault(
            at, NULL, reterr,
            "a number of the contract is for a rule with place = contract");
    }
    if (c->form == BW_EVRULE_TESTS && r->days.count > 0 && c->days != BW_UNKNOWN &&
        c->days > r->days.count) {
        return bw_conf_fault(at, "days", reterr,
                             "the rule measures on %lld days, this clause wants %lld",
                             (long long)r->days.count, (long long)c->days);
    }
    return 0;
}

static int take_clauses(const struct bw_conf_node *top,
                        struct bw_evrule *r,
                        enum bw_evrule_form form,
                        struct bw_err *reterr)
{
    const char *keyword = bw_evrule_form_name(form);
    size_t n = bw_conf_count(top, keyword);

    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *at = bw_conf_child(top, keyword, i);
        struct bw_evrule_clause c;
        int rc = readable(at, "shows", reterr);

        if (rc == 0 && r->n_clauses == BW_EVRULE_CLAUSES_MAX) {
            rc = bw_conf_fault(at, NULL, reterr, "more than %d clauses",
                               BW_EVRULE_CLAUSES_MAX);
        }
        rc = rc < 0 ? rc : bw_evrule_take_clause(at, form, &c, reterr);
        rc = rc < 0 ? rc : check_clause(at, r, &c, reterr);
        if (rc < 0) {
            return rc;
        }
        r->clauses[r->n_clauses++] = c;
    }
    return 0;
}

static int
check_rule(const struct bw_conf_node *top, const struct bw_evrule *r, struct bw_err *reterr)
{
    bool decides[BW_EVRULE_KINDS] = {false};
    bool contract = false;
    bool has_days = false;

    if (r->n_clauses == 0) {
        return bw_conf_fault(top, NULL, reterr,
                             "the rule has no clause: add a section tests, bins, delay, "
                             "ratio or outages");
    }
    for (size_t i = 0; i < r->n_clauses; i++) {
        const struct bw_evrule_clause *c = &r->clauses[i];
        decides[c->kind] |= c->decides;
        contract |= by_contract(c);
        has_days |= c->per_hour != BW_UNKNOWN || c->per_day != BW_UNKNOWN;
    }
    for (size_t i = 0; i < r->n_clauses; i++) {
        if (!decides[r->clauses[i].kind]) {
            return bw_conf_fault(top, NULL, reterr,
                                 "no clause of kind %s decides: a finding needs one",
                                 bw_evrule_kind_name(r->clauses[i].kind));
        }
    }
    if (r->place == BW_EVRULE_CONTRACT && !contract) {
        return bw_conf_fault(top, "place", reterr,
                             "place = contract, and no number is the contract's");
    }
    if (r->days.count > 0 && !has_days) {
        return bw_conf_fault(bw_conf_child(top, "days", 0), NULL, reterr,
                             "what makes a measuring day? A clause 'tests' has to say "
                             "'per_hour' or 'per_day'");
    }
    return 0;
}

static int take(const struct bw_conf_node *top, struct bw_evrule *r, struct bw_err *reterr)
{
    int rc = take_head(top, r, reterr);

    rc = rc < 0 ? rc : take_days(top, r, reterr);
    for (int f = 0; f < BW_EVRULE_FORMS && rc == 0; f++) {
        rc = take_clauses(top, r, (enum bw_evrule_form)f, reterr);
    }
    return rc < 0 ? rc : check_rule(top, r, reterr);
}

/* Rules of campaigns were in the folder of rules before; they have sessions. */
static bool is_campaign(const char *text, size_t n)
{
    static const char word[] = "session ";

    for (size_t i = 0; i + sizeof(word) <= n; i++) {
        if ((i == 0 || text[i - 1] == '\n') &&
            memcmp(text + i, word, sizeof(word) - 1) == 0) {
            return true;
        }
    }
    return false;
}

int bw_evrule_parse(const char *text,
                    size_t n,
                    const char *file,
                    const char *name,
                    struct bw_evrule *ret,
                    struct bw_err *reterr)
{
    struct bw_conf *c = NULL;
    struct bw_evrule *r = NULL;
    int rc;

    if (!bw_name_valid(name)) {
        return bw_err_set(reterr, -EINVAL,
                          "%s: a rule is called by its file's name without .conf: small "
                          "letters, digits, - and _",
                          file);
    }
    rc = bw_conf_parse(text, n, file, &bw_evrule_schema, &c, reterr);
    if (rc < 0 && is_campaign(text, n)) {
        rc = bw_err_set(reterr, -ENOTSUP,
                        "%s: this is the rule of a campaign, which says when to test; move "
                        "it to the folder of campaigns (/etc/bandwitness/campaigns)",
                        file);
    }
    if (rc < 0) {
        goto out;
    }
    r = calloc(1, sizeof(*r));
    if (!r) {
        rc = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    copy_text(r->name, sizeof(r->name), name);
    bw_sha256_text(text, n, r->sha256);
    rc = take(bw_conf_top(c), r, reterr);
    if (rc == 0) {
        *ret = *r;
    }
out:
    free(r);
    bw_conf_free(c);
    return rc;
}

int bw_evrule_read(const char *path, struct bw_evrule *ret, struct bw_err *reterr)
{
    char name[NAME_MAX + 1];
    const char *slash = strrchr(path, '/');
    size_t n;
    struct bw_buf text;
    int r;

    copy_text(name, sizeof(name), slash ? slash + 1 : path);
    n = strlen(name);
    if (n <= 5 || strcmp(name + n - 5, ".conf") != 0) {
        return bw_err_set(reterr, -EINVAL, "%s: the file of a rule is called NAME.conf",
                          path);
    }
    name[n - 5] = '\0';
    bw_buf_init(&text, BW_EVRULE_BYTES_MAX);
    r = bw_file_read(path, BW_EVRULE_BYTES_MAX, &text, reterr);
    r = r < 0 ? r
              : bw_evrule_parse(text.data ? text.data : "", text.len, path, name, ret,
                                reterr);
    bw_buf_done(&text);
    return r;
}

static int is_rule(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0;
}

int bw_evrule_folder(const char *folder,
                     struct bw_evrule **ret,
                     size_t *ret_n,
                     struct bw_err *reterr)
{
    struct dirent **list = NULL;
    struct bw_evrule *rules = NULL;
    char path[PATH_MAX];
    size_t n_rules = 0;
    int r = 0;
    int n = scandir(folder, &list, is_rule, alphasort);

    if (n < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "%s: %s", folder, bw_strerror(r));
    }
    if (n > BW_EVRULE_FOLDER_MAX) {
        r = bw_err_set(reterr, -E2BIG, "%s: more than %d rules", folder,
                       BW_EVRULE_FOLDER_MAX);
        goto out;
    }
    rules = calloc((size_t)n + 1, sizeof(*rules));
    if (!rules) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    for (int i = 0; i < n && r == 0; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
        r = bw_evrule_read(path, &rules[n_rules], reterr);
        n_rules += r == 0;
        r = r == -ENOTSUP ? 0 : r;
    }
    if (r == 0) {
        *ret = rules;
        *ret_n = n_rules;
        rules = NULL;
    }
out:
    for (int i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
    free(rules);
    return r;
}

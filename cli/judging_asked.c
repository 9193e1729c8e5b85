/* SPDX-License-Identifier: GPL-3.0-or-later
 * judging_asked.c - by which rules a report judges. */
#include "judging_asked.h"

#include "rules_asked.h"

#include <bw/err.h>
#include <conf.h>
#include <errno.h>
#include <origin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <terms.h>

int bw_judging_adopt(const struct bw_verb *v, struct bw_judging_asked *a, const char *rule)
{
    if (a->n_adopt == BW_JUDGING_ADOPT_MAX) {
        return bw_cli_usage(v, "more than %d rules to adopt", BW_JUDGING_ADOPT_MAX);
    }
    a->adopt[a->n_adopt++] = rule;
    return BW_EXIT_OK;
}

/* A rule that is named must be there, and be one that can be adopted. */
static int
check_adopted(const struct bw_verb *v, const struct bw_judging *j, const char *name)
{
    const char *names[BW_EVRULE_FOLDER_MAX + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < j->j.n_rules; i++) {
        names[i] = j->rules[i].name;
        if (strcmp(j->rules[i].name, name) != 0) {
            continue;
        }
        return j->rules[i].place == BW_EVRULE_ADOPTION
                   ? BW_EXIT_OK
                   : bw_cli_failed(
                         v,
                         "%s is not for adoption: it governs others. A state that "
                         "wants its arithmetic copies the file under a name of its "
                         "own, with place = adoption",
                         name);
    }
    near = bw_conf_nearest(name, names);
    return bw_cli_failed(v, "there is no rule \"%s\" to adopt%s%s%s", name,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int adoptions(const struct bw_verb *v,
                     const struct bw_judging_asked *a,
                     struct bw_origin *origin,
                     struct bw_judging *j)
{
    struct bw_err err = {""};
    struct bw_adoption *more;

    if (bw_adoptions_read(bw_origin_catalogue(origin), &j->adoptions, &j->j.n_adoptions,
                          &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    more =
        realloc(j->adoptions, (j->j.n_adoptions + a->n_adopt + 1) * sizeof(*j->adoptions));
    if (!more) {
        return bw_cli_failed(v, "out of memory");
    }
    j->adoptions = more;
    for (size_t i = 0; i < a->n_adopt; i++) {
        struct bw_adoption *to = &j->adoptions[j->j.n_adoptions];
        int status = check_adopted(v, j, a->adopt[i]);
        if (status) {
            return status;
        }
        (void)snprintf(to->rule, sizeof(to->rule), "%s", a->adopt[i]);
        (void)snprintf(to->words, sizeof(to->words),
                       "said with this report's command, not on file");
        to->from_unix_s = BW_UNKNOWN;
        to->to_unix_s = BW_UNKNOWN;
        to->version = BW_UNKNOWN;
        j->j.n_adoptions++;
    }
    return BW_EXIT_OK;
}

int bw_judging_find(const struct bw_verb *v,
                    const struct bw_judging_asked *a,
                    struct bw_origin *origin,
                    struct bw_judging *ret)
{
    const char *folder = a->rules ? a->rules : BW_CLI_RULES;
    struct bw_err err = {""};
    int status;
    int r = 0;

    ret->j.terms = bw_finding_terms_none;
    ret->j.students = BW_UNKNOWN;
    ret->j.users = BW_UNKNOWN;
    if (strcmp(folder, "none") != 0) {
        r = bw_evrule_folder(folder, &ret->rules, &ret->j.n_rules, &err);
    }
    if (r == -ENOENT && !a->rules) {
        r = 0; /* nothing to judge by is installed here */
    }
    if (r == 0 && a->terms) {
        r = bw_terms_read(a->terms, &ret->j.terms, &err);
    }
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    ret->j.rules = ret->rules;
    status = adoptions(v, a, origin, ret);
    ret->j.adoptions = ret->adoptions;
    return status;
}

void bw_judging_done(struct bw_judging *j)
{
    free(j->rules);
    free(j->adoptions);
    *j = (struct bw_judging){.rules = NULL};
}

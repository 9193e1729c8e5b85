/* SPDX-License-Identifier: GPL-3.0-or-later
 * rules_asked.c - the folder of rules that a verb reads, and one rule of it. */
#include "rules_asked.h"

#include <bw/err.h>
#include <conf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name in the folder that was meant; "" when none is near. */
static void nearest(const char *folder, const char *word, char ret[BW_NAME_MAX + 1])
{
    const char *names[BW_EVRULE_FOLDER_MAX + 1] = {NULL};
    struct bw_evrule *list = NULL;
    const char *near = NULL;
    size_t n = 0;

    if (bw_evrule_folder(folder, &list, &n, NULL) == 0) {
        for (size_t i = 0; i < n; i++) {
            names[i] = list[i].name;
        }
        near = bw_conf_nearest(word, names);
    }
    (void)snprintf(ret, BW_NAME_MAX + 1, "%s", near ? near : "");
    free(list);
}

int rules_asked_one(const struct bw_verb *v,
                    const char *folder,
                    const char *word,
                    struct bw_evrule *ret)
{
    struct bw_err err = {""};
    char path[PATH_MAX];
    char near[BW_NAME_MAX + 1];
    size_t n = strlen(word);
    bool is_file = strchr(word, '/') || (n > 5 && strcmp(word + n - 5, ".conf") == 0);
    int r;

    (void)snprintf(path, sizeof(path), "%s%s%s%s", is_file ? "" : folder,
                   is_file ? "" : "/", word, is_file ? "" : ".conf");
    r = bw_evrule_read(path, ret, &err);
    if (r == -ENOENT && !is_file) {
        nearest(folder, word, near);
        return bw_cli_failed(v, "there is no rule \"%s\" in %s%s%s%s", word, folder,
                             near[0] ? "; did you mean " : "", near, near[0] ? "?" : "");
    }
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : BW_EXIT_OK;
}

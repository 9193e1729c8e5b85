/* SPDX-License-Identifier: GPL-3.0-or-later
 * bags_kept.c - what lies in a box's folder of bags. A name without a dot before it stands
 * for a bag that was checked. */
#include "bags_kept.h"

#include <buf.h>
#include <clock.h>
#include <dirent.h>
#include <file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_MAX_BYTES = 150,
    TROUBLE_MAX = 600
};

bool bags_kept_name_good(const char *name, const char *site)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    static const char ending[] = ".tar.zst";
    size_t n = strlen(name);
    size_t k = strlen(site);

    return n <= NAME_MAX_BYTES && strspn(name, letters) == n && name[0] != '.' &&
           strncmp(name, site, k) == 0 && name[k] == '.' &&
           n > k + sizeof(ending) + strlen("-FY2025") &&
           strcmp(name + n - strlen(ending), ending) == 0 &&
           strncmp(name + n - strlen(ending) - 7, "-FY", 3) == 0;
}

void bags_kept_path(const char *state_dir, const char *name, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%.3800s/bags/%.160s", state_dir, name);
}

json_t *bags_kept_list(const char *state_dir)
{
    struct dirent **names = NULL;
    json_t *list = json_array();
    char path[PATH_MAX];
    struct stat st;
    int n;

    bags_kept_path(state_dir, "", path);
    n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *dot = strrchr(names[i]->d_name, '.');
        bags_kept_path(state_dir, names[i]->d_name, path);
        if (names[i]->d_name[0] != '.' && dot && strcmp(dot, ".zst") == 0 &&
            stat(path, &st) == 0) {
            (void)json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name",
                                                        names[i]->d_name, "bytes",
                                                        (json_int_t)st.st_size, "kept_s",
                                                        (json_int_t)st.st_mtim.tv_sec));
        }
        free(names[i]);
    }
    free(names);
    return list;
}

bool bags_kept_trouble(const char *state_dir, char *ret, size_t cap)
{
    char path[PATH_MAX];
    struct bw_buf b;
    bool some;

    bags_kept_path(state_dir, "trouble", path);
    bw_buf_init(&b, TROUBLE_MAX);
    some = bw_file_read(path, TROUBLE_MAX - 1, &b, NULL) == 0 && b.len > 0;
    (void)snprintf(ret, cap, "%s", some ? b.data : "");
    bw_buf_done(&b);
    return some;
}

void bags_kept_note_trouble(const char *state_dir, const char *text)
{
    char path[PATH_MAX];
    size_t n = text ? strlen(text) : 0;

    bags_kept_path(state_dir, "trouble", path);
    if (text) {
        (void)bw_file_write(path, text, n < TROUBLE_MAX - 1 ? n : TROUBLE_MAX - 1, 0640,
                            NULL);
    } else {
        (void)unlink(path);
    }
}

void bags_kept_print(const char *state_dir)
{
    json_t *list = bags_kept_list(state_dir);
    char trouble[TROUBLE_MAX];
    size_t n = json_array_size(list);

    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(list, i);
        char when[32];
        bw_time_format_s(json_integer_value(json_object_get(x, "kept_s")), when);
        (void)printf("%s%s, %.1f MB, checked and kept since %.10s\n",
                     i == 0 ? "Yearly bags: " : "             ",
                     json_string_value(json_object_get(x, "name")),
                     (double)json_integer_value(json_object_get(x, "bytes")) / 1e6, when);
    }
    if (bags_kept_trouble(state_dir, trouble, sizeof(trouble))) {
        (void)printf("Yearly bags: the last fetch failed: %s\n", trouble);
    }
    json_decref(list);
}

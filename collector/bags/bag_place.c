/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_place.c - names, folders and times of yearly bags.
 *
 * Invariant: a bag is linked to its name, which fails where there is one: none is ever
 * overwritten, and a name never stands for half a file. */
#include "bag_place.h"

#include <bw/err.h>
#include <civil.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    JULY = 7,
    YEAR_DIGITS = 4,
    MODE = 0640
};

static const char ending[] = ".tar.zst";
static const char made_by[] = ".making-";

void bw_bag_place_name(const struct bw_bag_place *p, char ret[BW_BAG_FILE_MAX + 1])
{
    (void)snprintf(ret, BW_BAG_FILE_MAX + 1, "%s.%s-FY%04d%s", p->site, p->circuit, p->year,
                   ending);
}

int bw_bag_place_parse(const char *name, struct bw_bag_place *ret)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    const size_t tail = strlen("-FY2026") + sizeof(ending) - 1;
    struct bw_bag_place p = {.year = 0};
    char again[BW_BAG_FILE_MAX + 1];
    size_t n = strlen(name);
    const char *dot = strchr(name, '.');

    if (n > BW_BAG_FILE_MAX || n <= tail || strspn(name, letters) != n || name[0] == '.' ||
        !dot || (size_t)(dot - name) > BW_SITE_MAX || dot + 1 >= name + n - tail ||
        (size_t)(name + n - tail - dot - 1) > BW_NAME_MAX) {
        return -EINVAL;
    }
    memcpy(p.site, name, (size_t)(dot - name));
    memcpy(p.circuit, dot + 1, (size_t)(name + n - tail - dot - 1));
    for (size_t i = 0; i < YEAR_DIGITS; i++) {
        char c = name[n - tail + 3 + i];
        if (c < '0' || c > '9') {
            return -EINVAL;
        }
        p.year = p.year * 10 + (c - '0');
    }
    bw_bag_place_name(&p, again);
    if (strcmp(again, name) != 0) {
        return -EINVAL;
    }
    *ret = p;
    return 0;
}

void bw_bag_place_path(const char *folder,
                       const struct bw_bag_place *p,
                       const char *more,
                       char ret[PATH_MAX])
{
    char name[BW_BAG_FILE_MAX + 1];

    bw_bag_place_name(p, name);
    (void)snprintf(ret, PATH_MAX, "%.3700s/%s/FY%04d/%s%.20s", folder, p->site, p->year,
                   name, more);
}

void bw_bag_place_making(const char *folder,
                         const struct bw_bag_place *p,
                         char ret[PATH_MAX])
{
    char name[BW_BAG_FILE_MAX + 1];

    bw_bag_place_name(p, name);
    (void)snprintf(ret, PATH_MAX, "%.3700s/%s/FY%04d/%s%s", folder, p->site, p->year,
                   made_by, name);
}

void bw_bag_place_sweep(const char *folder, const struct bw_bag_place *p)
{
    char path[PATH_MAX];
    DIR *d;

    bw_bag_place_making(folder, p, path);
    *strrchr(path, '/') = '\0';
    d = opendir(path);
    while (d) {
        const struct dirent *x = readdir(d); /* NOLINT(concurrency-mt-unsafe): own */
        if (!x) {
            break;
        }
        if (strncmp(x->d_name, made_by, sizeof(made_by) - 1) == 0) {
            (void)unlinkat(dirfd(d), x->d_name, 0);
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

int64_t bw_bag_year_begin(int year)
{
    return bw_civil_days(year, JULY, 1) * DAY_S;
}

int bw_bag_year_due(int64_t now_unix_s, int64_t after_s)
{
    int64_t ended = now_unix_s - after_s - DAY_S; /* no zone is a day behind UTC */
    int year;
    int month;
    int day;

    bw_civil_from_days(ended / DAY_S, &year, &month, &day);
    return month >= JULY ? year - 1 : year - 2;
}

bool bw_bag_quiet(int minute, int from_min, int to_min)
{
    return from_min == to_min  ? true
           : from_min < to_min ? minute >= from_min && minute < to_min
                               : minute >= from_min || minute < to_min;
}

int bw_bag_place_sha256(const char *path,
                        char ret[BW_SHA256_HEX + 1],
                        struct bw_err *reterr)
{
    struct bw_hasher *h = NULL;
    uint8_t digest[32];
    char chunk[65536];
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = fd < 0 ? bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno)) : 0;

    h = r == 0 ? bw_hasher_new() : NULL;
    r = r == 0 && !h ? bw_err_set(reterr, -ENOMEM, "out of memory") : r;
    while (r == 0 && (n = read(fd, chunk, sizeof(chunk))) > 0) {
        bw_hasher_add(h, chunk, (size_t)n);
    }
    if (r == 0 && n < 0) {
        r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    if (r == 0) {
        r = bw_hasher_end(h, digest);
        bw_sha256_hex(digest, ret);
    }
    bw_hasher_free(h);
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

int bw_bag_place_put(const char *folder,
                     const struct bw_bag_place *p,
                     struct bw_err *reterr)
{
    char making[PATH_MAX];
    char path[PATH_MAX];
    char sum[PATH_MAX];
    char name[BW_BAG_FILE_MAX + 1];
    char line[BW_SHA256_HEX + BW_BAG_FILE_MAX + 8];
    char hex[BW_SHA256_HEX + 1];
    int r;

    bw_bag_place_making(folder, p, making);
    bw_bag_place_path(folder, p, "", path);
    bw_bag_place_path(folder, p, ".sha256", sum);
    bw_bag_place_name(p, name);
    r = bw_bag_place_sha256(making, hex, reterr);
    if (r == 0 && access(path, F_OK) == 0) {
        r = bw_err_set(reterr, -EEXIST, "%s is there already", path);
    }
    if (r == 0) { /* the sum first: a bag that is there has one */
        (void)snprintf(line, sizeof(line), "%s  %s\n", hex, name);
        r = bw_file_write(sum, line, strlen(line), MODE, reterr);
    }
    if (r == 0 && link(making, path) < 0) {
        r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    if (r == 0 || r == -EEXIST) {
        (void)unlink(making);
    }
    return r < 0 ? r : bw_file_sync_parent(path);
}

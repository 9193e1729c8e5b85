/* SPDX-License-Identifier: GPL-3.0-or-later
 * files.c - every file that a box writes, found by its configuration, and searched.
 *
 * A data base is searched twice: value by value through SQLite, so that a finding has its
 * table and field, and its file and log as bytes, so that nothing on a freed page escapes.
 * Files are read in pieces that overlap by more than the longest record. */
#include "files.h"

#include "bytes.h"
#include "record.h"

#include <bw/err.h>
#include <bw/units.h>
#include <cells.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8.h>

enum {
    PIECE = 4 * 1024 * 1024,
    OVERLAP = 64 * 1024,
    DEPTH_MAX = 16,
    CORE_HEAD = 64 * 1024
};

struct check {
    const struct bw_privacy_params *p;
    struct bw_privacy_report *r;
    size_t file;
};

static struct bw_search search_of(const struct check *c, const char *where)
{
    return (struct bw_search){.seen = c->p->seen,
                              .excepted = c->p->excepted,
                              .report = c->r,
                              .file = c->file,
                              .where = where,
                              .base = BW_UNKNOWN,
                              .n_told = SIZE_MAX};
}

/* ---- data bases
 * --------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static int on_cell(void *owner, const struct bw_cell *cell)
{
    const struct check *c = owner;
    char where[200];
    (void)snprintf(where, sizeof(where), "%.40s row %lld%s%.40s%s %.40s", cell->table,
                   (long long)cell->row, cell->named[0] ? " (" : "", cell->named,
                   cell->named[0] ? ")" : "", cell->column);
    struct bw_search s = search_of(c, where);
    if (cell->kind == BW_CELL_INT) {
        bw_search_number(&s, cell->number);
    } else if (!bw_search_signed(&s, cell->data, cell->n)) {
        bool hist = ends_with(cell->column, "hist");
        if (cell->kind == BW_CELL_TEXT || bw_utf8_valid(cell->data, cell->n)) {
            bw_search_text(&s, cell->data, cell->n);
        } else {
            bw_search_bytes(&s, (const uint8_t *)cell->data, cell->n,
                            hist ? BW_BYTES_TABLE : BW_BYTES_LOOSE);
        }
    }
    return 0;
}

/* The journal keeps the text of each configuration that was in force. */
static int on_earlier_config(void *owner, const struct bw_cell *cell)
{
    const struct check *c = owner;
    char where[200];
    if (strcmp(cell->table, "meta") != 0 || strncmp(cell->named, "config.", 7) != 0 ||
        strcmp(cell->column, "value") != 0 || cell->kind == BW_CELL_INT) {
        return 0;
    }
    (void)snprintf(where, sizeof(where), "journal.db, meta %s", cell->named);
    return bw_excepted_add_config(c->p->excepted, cell->data, cell->n,
                                  "a configuration that was in force", where);
}

static void each_cell(struct check *c,
                      const char *path,
                      int (*cb)(void *owner, const struct bw_cell *cell))
{
    struct bw_err err = {.text = ""};
    if (bw_cells_each(path, cb, c, &err) < 0) {
        bw_report_trouble(c->r, "%s", err.text[0] ? err.text : path);
    }
}

/* ---- bytes
 * ---------------------------------------------------------------------------------- */

bool bw_privacy_is_core(const uint8_t *b, size_t n)
{
    static const uint8_t elf[4] = {0x7f, 'E', 'L', 'F'};
    static const uint16_t type_core = 4;
    uint16_t type = 0;
    if (n < 18 || memcmp(b, elf, sizeof(elf)) != 0) {
        return false;
    }
    memcpy(&type, b + 16, sizeof(type)); /* a core is of this machine */
    return type == type_core && memmem(b, n, "bandwitness", 11) != NULL;
}

struct format {
    const char *name;
    enum bw_bytes_kind kind;
    bool database;
};

static struct format format_of(const char *path, const uint8_t *b, size_t n)
{
    static const char sqlite[] = "SQLite format 3";
    if (n >= sizeof(sqlite) && memcmp(b, sqlite, sizeof(sqlite)) == 0) {
        return (struct format){"SQLite data base", BW_BYTES_TABLE, true};
    }
    if (ends_with(path, "-wal") || ends_with(path, "-shm") || ends_with(path, "-journal")) {
        return (struct format){"SQLite log", BW_BYTES_TABLE, false};
    }
    if (n >= 4 && memcmp(b, "RRD", 4) == 0) {
        return (struct format){"RRD picture", BW_BYTES_TABLE, false};
    }
    if (bw_privacy_is_core(b, n)) {
        return (struct format){"core file", BW_BYTES_TABLE, false};
    }
    return (struct format){n == 0 ? "empty" : "text or other", BW_BYTES_LOOSE, false};
}

/* As much as there is, up to n. */
static ssize_t read_full(int fd, uint8_t *out, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = read(fd, out + got, n - got);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return -errno;
        }
        if (k == 0) {
            break;
        }
        got += (size_t)k;
    }
    return (ssize_t)got;
}

static void search_pieces(
    struct check *c, const char *path, int fd, uint8_t *piece, size_t have, struct format f)
{
    struct bw_search s = search_of(c, "");
    int64_t base = 0;
    int64_t total = (int64_t)have;
    while (have > 0) {
        bool last = have < PIECE;
        size_t told = last ? have : have - OVERLAP;
        s.base = base;
        s.n_told = told;
        bw_search_bytes(&s, piece, have, f.kind);
        base += (int64_t)told;
        memmove(piece, piece + told, have - told);
        have -= told;
        if (last) {
            break;
        }
        ssize_t k = read_full(fd, piece + have, PIECE - have);
        if (k < 0) {
            bw_report_trouble(c->r, "%s: %s", path, bw_strerror((int)k));
            break;
        }
        have += (size_t)k;
        total += k;
    }
    c->r->files[c->file].bytes = total;
}

static void search_file(struct check *c, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    uint8_t *piece = fd >= 0 ? malloc(PIECE) : NULL;
    if (fd < 0) {
        if (errno != ENOENT) { /* gone since: a log that was written back */
            bw_report_trouble(c->r, "%s: %s", path, bw_strerror(-errno));
        }
        return;
    }
    ssize_t n = piece ? read_full(fd, piece, PIECE) : -ENOMEM;
    if (n < 0) {
        bw_report_trouble(c->r, "%s: %s", path, bw_strerror((int)n));
    } else {
        struct format f = format_of(path, piece, (size_t)n);
        c->file = bw_report_file(c->r, path, f.name, n);
        if (c->file < c->r->n_files) {
            if (bw_privacy_is_core(piece, (size_t)n)) {
                struct bw_found core = {
                    .why = BW_FOUND_CORE, .file = c->file, .offset = BW_UNKNOWN};
                bw_report_found(c->r, &core);
            }
            search_pieces(c, path, fd, piece, (size_t)n, f);
            if (f.database) {
                each_cell(c, path, on_cell);
            }
        }
    }
    free(piece);
    (void)close(fd);
}

/* ---- folders
 * --------------------------------------------------------------------------------- */

static void search_path(struct check *c, const char *path, int depth, bool follow);

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void search_folder(struct check *c, const char *path, int depth)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, by_name);
    if (n < 0) {
        bw_report_trouble(c->r, "%s: %s", path, bw_strerror(-errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        char inner[PATH_MAX];
        int k = snprintf(inner, sizeof(inner), "%s/%s", path, name);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            /* not its own */
        } else if (k < 0 || (size_t)k >= sizeof(inner) || depth >= DEPTH_MAX) {
            bw_report_trouble(c->r, "%s: folders too deep", path);
        } else {
            search_path(c, inner, depth + 1, false);
        }
        free(names[i]);
    }
    free(names);
}

static void search_path(struct check *c, const char *path, int depth, bool follow)
{
    struct stat st;
    if ((follow ? stat(path, &st) : lstat(path, &st)) < 0) {
        if (errno != ENOENT || follow) {
            bw_report_trouble(c->r, "%s: %s", path, bw_strerror(-errno));
        }
    } else if (S_ISDIR(st.st_mode)) {
        search_folder(c, path, depth);
    } else if (S_ISLNK(st.st_mode)) {
        bw_report_trouble(
            c->r, "%s is a link and was not followed; give --also to where it leads", path);
    } else if (S_ISSOCK(st.st_mode)) {
        (void)bw_report_file(c->r, path, "socket", 0);
    } else if (S_ISREG(st.st_mode) || follow) {
        search_file(c, path);
    } else {
        bw_report_trouble(c->r, "%s is no plain file", path);
    }
}

/* The folder of the control socket, when it is the daemon's own: not one that everybody
 * writes into. Else only what is named like the socket. */
static void search_runtime(struct check *c)
{
    char folder[PATH_MAX];
    struct stat st;
    (void)snprintf(folder, sizeof(folder), "%s", c->p->control_path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
    }
    size_t n = strlen(folder);
    bool within_state = strncmp(c->p->state_dir, folder, n) == 0 &&
                        (c->p->state_dir[n] == '/' || c->p->state_dir[n] == '\0');
    bool own = slash && slash != folder && stat(folder, &st) == 0 &&
               (st.st_mode & (S_ISVTX | S_IWOTH)) == 0 && strcmp(folder, "/run") != 0;
    if (own && !within_state) {
        search_folder(c, folder, 0);
    } else {
        search_path(c, c->p->control_path, 0, false); /* told, unless there is none */
    }
}

/* ---- core files
 * -------------------------------------------------------------------------------- */

static bool is_named_core(const char *name)
{
    return strstr(name, "core") || strstr(name, "crash");
}

/* Said by its name to be another program's: core.PROGRAM.…, as systemd has it. */
static bool is_others(const char *name)
{
    return strncmp(name, "core.", 5) == 0 && name[5] > '9' && !strstr(name, "bandwitness");
}

/* Where a core of ours may be is not known, or not looked at. */
static void cores_trouble(struct check *c, const char *path, int code)
{
    bw_report_trouble(c->r, "%s: %s%s", path, bw_strerror(code),
                      code == -EACCES || code == -EPERM
                          ? ", and core files may be there: run as root"
                          : "");
}

static void search_core(struct check *c, const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        cores_trouble(c, folder, -ENAMETOOLONG);
        return;
    }
    if (lstat(path, &st) < 0) {
        if (errno != ENOENT) { /* gone since */
            cores_trouble(c, path, -errno);
        }
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        return; /* the kernel writes none through a link */
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -errno : 0;
    uint8_t *head = fd < 0 ? NULL : malloc(CORE_HEAD);
    if (fd >= 0) {
        got = head ? read_full(fd, head, CORE_HEAD) : -ENOMEM;
        (void)close(fd);
    }
    /* a compressed one tells whose it is by its name only */
    if ((head && got > 0 && bw_privacy_is_core(head, (size_t)got)) ||
        strstr(name, "bandwitness")) {
        struct bw_found core = {.why = BW_FOUND_CORE,
                                .file = bw_report_file(c->r, path, "core file", st.st_size),
                                .offset = BW_UNKNOWN};
        bw_report_found(c->r, &core);
    } else if (got < 0 && got != -ENOENT) {
        cores_trouble(c, path, (int)got);
    }
    free(head);
}

/* any: cores there need not be named like one, so the head of each file decides. */
static void search_cores_in(struct check *c, const char *folder, bool any)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    if (!d) {
        if (errno != ENOENT && errno != ENOTDIR) { /* no folder: the kernel writes none */
            cores_trouble(c, folder, -errno);
        }
        return;
    }
    errno = 0;
    while ((e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if ((any || is_named_core(e->d_name)) && !is_others(e->d_name)) {
            search_core(c, folder, e->d_name);
        }
        errno = 0;
    }
    if (errno != 0) {
        cores_trouble(c, folder, -errno);
    }
    (void)closedir(d);
}

/* The pattern, one line; false: none can be had. A kernel that writes no cores at all has
 * the folder of that file, but not the file. */
static bool read_pattern(struct check *c, char *ret, int n)
{
    const char *path =
        c->p->core_pattern ? c->p->core_pattern : "/proc/sys/kernel/core_pattern";
    char folder[PATH_MAX];
    FILE *f = fopen(path, "re");
    int code = f ? 0 : -errno;
    bool has = f && fgets(ret, n, f) != NULL;
    if (f) {
        code = ferror(f) ? -EIO : 0;
        (void)fclose(f);
    }
    (void)snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
    }
    if (code < 0 && (code != -ENOENT || access(folder, F_OK) < 0)) {
        cores_trouble(c, path, code);
    }
    return has;
}

/* The folder that the kernel writes cores into; false: none, another program gets them.
 * any: by names that need not be like a core's. A pattern without a folder is of the
 * working one, and that of the unit's daemon is "/". */
static bool pattern_folder(struct check *c, char folder[PATH_MAX], bool *any)
{
    char pattern[PATH_MAX - 1] = "";
    if (!read_pattern(c, pattern, sizeof(pattern)) || pattern[0] == '|') {
        return false;
    }
    (void)snprintf(folder, PATH_MAX, "%s%s", pattern[0] == '/' ? "" : "/", pattern);
    char *name = strrchr(folder, '/');
    *any = !is_named_core(name + 1);
    name[name == folder] = '\0'; /* that of the root stays */
    if (strchr(folder, '%')) {
        bw_report_trouble(
            c->r, "%s: core files go into many folders: give the one above them by --also",
            folder);
        return false;
    }
    return true;
}

/* Where this machine puts cores. */
static void search_cores(struct check *c)
{
    static const char *const usual[] = {"/", "/var/lib/systemd/coredump", "/var/crash",
                                        "/var/lib/apport/coredump"};
    char folder[PATH_MAX];
    bool any = false;
    bool has_folder = pattern_folder(c, folder, &any);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (!has_folder || strcmp(folder, usual[i]) != 0) {
            search_cores_in(c, usual[i], false);
        }
    }
    if (has_folder) {
        search_cores_in(c, folder, any);
    }
}

void bw_privacy_check(const struct bw_privacy_params *p, struct bw_privacy_report *r)
{
    struct check c = {.p = p, .r = r};
    char journal[PATH_MAX];
    struct stat st;
    (void)snprintf(journal, sizeof(journal), "%.4000s/journal.db", p->state_dir);
    if (stat(journal, &st) == 0) {
        each_cell(&c, journal, on_earlier_config);
    }
    search_path(&c, p->state_dir, 0, true);
    search_runtime(&c);
    search_cores(&c);
    for (size_t i = 0; i < p->n_also; i++) {
        search_path(&c, p->also[i], 0, true);
    }
    bw_search_judge(p->seen, r);
    if (r->no_memory) {
        bw_report_trouble(r, "out of memory: not everything was searched");
    }
}

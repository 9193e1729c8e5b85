/* SPDX-License-Identifier: GPL-3.0-or-later
 * csvrows.c - the reader: a window of the file, in which a row is found and then parted.
 *
 * Invariant: a row is looked at only when it is whole in the window, and the window never
 * grows beyond one row of the greatest length and one piece of reading. */
#include "csvrows.h"

#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <fcntl.h>
#include <hasher.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8.h>

enum {
    PIECE_BYTES = 256 * 1024,
    WINDOW_BYTES = BW_CSV_ROW_MAX + PIECE_BYTES
};

struct bw_csv {
    char *name;
    int fd;             /* -1: memory */
    const char *memory; /* what is left of it */
    size_t memory_n;
    int64_t size_bytes;
    int64_t read_bytes;
    struct bw_hasher *hasher;
    uint8_t sha256[32];
    char *window; /* WINDOW_BYTES and a NUL */
    size_t from;  /* the next row begins here */
    size_t to;    /* what was read ends here */
    bool eof;
    bool ended; /* the end was told; sha256 is there */
    int failed; /* 0, or what every call gives from now on */
    int64_t line;
    int64_t next_line;
    size_t columns; /* of the heading; 0 before it */
    struct bw_csv_field fields[BW_CSV_FIELDS_MAX];
};

/* What was found out about a row before it is parted. */
struct row {
    char *text;
    size_t n; /* without line end */
    bool quotes;
    bool returns;
};

static int new_reader(const char *name, struct bw_csv **ret, struct bw_err *reterr)
{
    struct bw_csv *c = calloc(1, sizeof(*c));
    if (c) {
        c->fd = -1;
        c->size_bytes = BW_UNKNOWN;
        c->next_line = 1;
        c->name = strdup(name);
        c->window = malloc(WINDOW_BYTES + 1);
        c->hasher = bw_hasher_new();
    }
    if (!c || !c->name || !c->window || !c->hasher) {
        bw_csv_close(c);
        (void)bw_err_set(reterr, -ENOMEM, "%s: no memory to read it", name);
        return -ENOMEM;
    }
    *ret = c;
    return 0;
}

int bw_csv_open(const char *path, struct bw_csv **ret, struct bw_err *reterr)
{
    struct bw_csv *c = NULL;
    struct stat st;
    bool standard = strcmp(path, "-") == 0;
    int r = new_reader(standard ? "standard input" : path, &c, reterr);
    if (r < 0) {
        return r;
    }
    c->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                     : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (c->fd < 0 || fstat(c->fd, &st) < 0) {
        r = bw_err_set(reterr, -errno, "%s: %s", c->name, bw_strerror(-errno));
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        r = bw_err_set(reterr, -EISDIR, "%s is a folder; name its CSV files", c->name);
        goto out;
    }
    if (S_ISREG(st.st_mode)) {
        c->size_bytes = st.st_size;
    }
    *ret = c;
    c = NULL;
out:
    bw_csv_close(c);
    return r;
}

int bw_csv_memory(const char *name,
                  const void *data,
                  size_t n,
                  struct bw_csv **ret,
                  struct bw_err *reterr)
{
    int r = new_reader(name, ret, reterr);
    if (r == 0) {
        (*ret)->memory = data;
        (*ret)->memory_n = n;
        (*ret)->size_bytes = (int64_t)n;
    }
    return r;
}

void bw_csv_close(struct bw_csv *c)
{
    if (!c) {
        return;
    }
    if (c->fd >= 0) {
        (void)close(c->fd);
    }
    bw_hasher_free(c->hasher);
    free(c->window);
    free(c->name);
    free(c);
}

int64_t bw_csv_line(const struct bw_csv *c)
{
    return c->line;
}

const char *bw_csv_name(const struct bw_csv *c)
{
    return c->name;
}

int64_t bw_csv_read_bytes(const struct bw_csv *c)
{
    return c->read_bytes;
}

int64_t bw_csv_size_bytes(const struct bw_csv *c)
{
    return c->size_bytes;
}

int bw_csv_sha256(struct bw_csv *c, uint8_t ret[32])
{
    if (!c->ended) {
        return -EAGAIN;
    }
    memcpy(ret, c->sha256, sizeof(c->sha256));
    return 0;
}

/* One piece more into the window; the rest of a row moves to its front first. */
static int refill(struct bw_csv *c, struct bw_err *reterr)
{
    ssize_t n;
    if (c->from > 0) {
        memmove(c->window, c->window + c->from, c->to - c->from);
        c->to -= c->from;
        c->from = 0;
    }
    size_t room = WINDOW_BYTES - c->to < PIECE_BYTES ? WINDOW_BYTES - c->to : PIECE_BYTES;
    if (c->fd < 0) {
        n = (ssize_t)(c->memory_n < room ? c->memory_n : room);
        if (n > 0) {
            memcpy(c->window + c->to, c->memory, (size_t)n);
            c->memory += n;
            c->memory_n -= (size_t)n;
        }
    } else {
        do {
            n = read(c->fd, c->window + c->to, room);
        } while (n < 0 && errno == EINTR);
    }
    if (n < 0) {
        return bw_err_set(reterr, -errno, "%s: cannot be read: %s", c->name,
                          bw_strerror(-errno));
    }
    bw_hasher_add(c->hasher, c->window + c->to, (size_t)n);
    c->to += (size_t)n;
    c->read_bytes += n;
    c->eof = n == 0;
    return 0;
}

static int begin(struct bw_csv *c, struct bw_err *reterr)
{
    const char *w = c->window;
    int r = 0;
    while (r == 0 && !c->eof && c->to < 3) {
        r = refill(c, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (c->to >= 3 && memcmp(w, "\xef\xbb\xbf", 3) == 0) {
        c->from = 3;
    } else if (c->to >= 2 &&
               (memcmp(w, "\xff\xfe", 2) == 0 || memcmp(w, "\xfe\xff", 2) == 0)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:1: this is UTF-16 text; save it as \"CSV UTF-8\"", c->name);
    } else if (c->to >= 2 && (memcmp(w, "PK", 2) == 0 || memcmp(w, "\x1f\x8b", 2) == 0)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:1: this is a compressed file or a spreadsheet; unpack it, or "
                          "save it as \"CSV UTF-8\"",
                          c->name);
    }
    return 0;
}

/* Where the row's line ends: at the first LF before which quotes are even in number. */
static bool row_end(const char *at, const char *end, const char **ret)
{
    const char *from = at;
    bool open = false;
    for (;;) {
        const char *lf = memchr(from, '\n', (size_t)(end - from));
        const char *stop = lf ? lf : end;
        for (const char *q = at; (q = memchr(q, '"', (size_t)(stop - q))) != NULL; q++) {
            open = !open;
        }
        if (!lf || !open) {
            *ret = stop;
            return lf != NULL;
        }
        at = lf;
        from = lf + 1;
    }
}

/* The next row's bytes in the window: 1, 0 at the end of the file, or what is wrong. */
static int find_row(struct bw_csv *c, struct row *row, struct bw_err *reterr)
{
    const char *end;
    while (!row_end(c->window + c->from, c->window + c->to, &end)) {
        if (c->eof) {
            if (c->from == c->to) {
                return 0;
            }
            break;
        }
        if (c->to - c->from > BW_CSV_ROW_MAX) {
            break;
        }
        int r = refill(c, reterr);
        if (r < 0) {
            return r;
        }
    }
    row->text = c->window + c->from;
    row->n = (size_t)(end - row->text);
    if (row->n > BW_CSV_ROW_MAX) {
        return bw_err_set(reterr, -E2BIG,
                          "%s:%lld: a row of more than %d bytes; a quote that is never "
                          "closed, or no CSV",
                          c->name, (long long)c->next_line, BW_CSV_ROW_MAX);
    }
    c->line = c->next_line;
    c->from += row->n + (end < c->window + c->to ? 1 : 0);
    for (const char *p = row->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        c->next_line++;
    }
    c->next_line++;
    if (row->n > 0 && row->text[row->n - 1] == '\r') {
        row->n--;
    }
    row->text[row->n] = '\0';
    row->quotes = memchr(row->text, '"', row->n) != NULL;
    row->returns = memchr(row->text, '\r', row->n) != NULL;
    return 1;
}

static bool all_ascii(const char *text, size_t n)
{
    uint64_t bits = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, text + i, 8);
        bits |= eight;
    }
    for (; i < n; i++) {
        bits |= (uint64_t)(unsigned char)text[i] & 0x80;
    }
    return (bits & 0x8080808080808080U) == 0;
}

static int check_text(const struct bw_csv *c, const struct row *row, struct bw_err *reterr)
{
    if (memchr(row->text, '\0', row->n)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "%s:%lld: a NUL byte; this is no text",
                          c->name, (long long)c->line);
    }
    if (!all_ascii(row->text, row->n) && !bw_utf8_valid(row->text, row->n)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:%lld: text that is not UTF-8; save the file as \"CSV UTF-8\" "
                          "or run it through iconv -f windows-1252 -t utf-8",
                          c->name, (long long)c->line);
    }
    return 0;
}

static int astray(const struct bw_csv *c, size_t field, const char *what, struct bw_err *e)
{
    return bw_err_set(e, -BW_EMALFORMED, "%s:%lld: field %zu: %s", c->name,
                      (long long)c->line, field + 1, what);
}

/* A quoted field from its opening quote; its text moves one byte to the front. Gives what
 * stands after the closing quote, or NULL where there is none. */
static char *unquote(char *at, char *end, struct bw_csv_field *f)
{
    char *out = at;
    f->text = at;
    for (char *p = at + 1; p < end;) {
        char *q = memchr(p, '"', (size_t)(end - p));
        if (!q) {
            return NULL;
        }
        memmove(out, p, (size_t)(q - p));
        out += q - p;
        if (q + 1 < end && q[1] == '"') {
            *out++ = '"';
            p = q + 2;
            continue;
        }
        f->n = (size_t)(out - at);
        *out = '\0'; /* at the latest on the closing quote itself */
        return q + 1;
    }
    return NULL;
}

static int part(struct bw_csv *c, const struct row *row, size_t *ret_n, struct bw_err *e)
{
    char *at = row->text;
    char *end = row->text + row->n;
    size_t n = 0;
    for (;; n++) {
        struct bw_csv_field *f = &c->fields[n];
        if (n == BW_CSV_FIELDS_MAX) {
            return bw_err_set(e, -BW_EMALFORMED, "%s:%lld: more than %d fields", c->name,
                              (long long)c->line, BW_CSV_FIELDS_MAX);
        }
        char *stop;
        if (at < end && *at == '"') {
            stop = unquote(at, end, f);
            if (!stop) {
                return astray(c, n, "a quote that is never closed", e);
            }
            if (stop < end && *stop != ',') {
                return astray(c, n, "text after the closing quote", e);
            }
        } else {
            stop = memchr(at, ',', (size_t)(end - at));
            stop = stop ? stop : end;
            f->text = at;
            f->n = (size_t)(stop - at);
            if (row->quotes && memchr(at, '"', f->n)) {
                return astray(c, n, "a quote inside a field that does not begin with one",
                              e);
            }
            if (row->returns && memchr(at, '\r', f->n)) {
                return astray(c, n, "a carriage return without a line feed", e);
            }
        }
        if (stop == end) {
            break;
        }
        *stop = '\0';
        at = stop + 1;
    }
    *ret_n = n + 1;
    return 0;
}

static int next(struct bw_csv *c, size_t *ret_n, struct bw_err *reterr)
{
    struct row row = {.n = 0};
    int r = c->line == 0 && c->to == 0 ? begin(c, reterr) : 0;
    do {
        r = r < 0 ? r : find_row(c, &row, reterr);
        if (r == 0) {
            c->ended = bw_hasher_end(c->hasher, c->sha256) == 0;
            return c->ended ? 0
                            : bw_err_set(reterr, -EIO, "%s: its SHA-256 fails", c->name);
        }
    } while (r > 0 && row.n == 0);
    r = r < 0 ? r : check_text(c, &row, reterr);
    r = r < 0 ? r : part(c, &row, ret_n, reterr);
    if (r < 0) {
        return r;
    }
    if (c->columns == 0) {
        c->columns = *ret_n;
    } else if (*ret_n != c->columns) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:%lld: %zu fields, but the heading has %zu; a comma or quote "
                          "is astray, or the file was cut off",
                          c->name, (long long)c->line, *ret_n, c->columns);
    }
    return 1;
}

int bw_csv_next(struct bw_csv *c,
                const struct bw_csv_field **ret_fields,
                size_t *ret_n,
                struct bw_err *reterr)
{
    if (c->failed < 0) {
        return bw_err_set(reterr, c->failed, "%s: cannot be read on", c->name);
    }
    if (c->ended) {
        return 0;
    }
    int r = next(c, ret_n, reterr);
    if (r < 0) {
        c->failed = r;
    } else if (r > 0) {
        *ret_fields = c->fields;
    }
    return r;
}

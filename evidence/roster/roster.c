/* SPDX-License-Identifier: GPL-3.0-or-later
 * roster.c - rows read, held against the catalogue, made and written.
 *
 * Invariant: rows are in the order of the file; `wrong` counts each once. */
#include "roster.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <csvrows.h>
#include <errno.h>
#include <grow.h>
#include <hash.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <text.h>
#include <utf8.h>

enum {
    TOKEN_RAW = 20,
    TOKEN_TEXT = 40
};

enum column {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_ENTITY,
    COLUMNS
};

static const char *const columns[COLUMNS] = {"id", "name", "entity"};

/* What this program gave out before: passed over, so that its own table can come back. */
static const char *const passed[] = {"token", "expires"};

struct row {
    int64_t line;
    bool wrong;
    char *why;                    /* NULL where there was no memory to say it */
    bool fresh;                   /* it had no id */
    char asked[BW_LABEL_MAX + 1]; /* its entity as it was written */
    char token[TOKEN_TEXT];
};

struct bw_roster {
    char name[64]; /* of the file */
    struct row *rows;
    struct bw_expected *sites;
    size_t n, cap_rows, cap_sites;
    size_t n_wrong;
    bool made;
    struct bw_buf words;
};

static void wrong(struct bw_roster *r, struct row *x, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void wrong(struct bw_roster *r, struct row *x, const char *fmt, ...)
{
    char words[400];
    va_list args;

    if (x->wrong) {
        return;
    }
    x->wrong = true;
    r->n_wrong++;
    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    x->why = strdup(words);
}

/* ---- pasted -----------------------------------------------------------------------------
 */

/* One cell of tabs as a cell of commas. A cell that a spreadsheet quoted is quoted already.
 */
static void put_cell(struct bw_buf *out, const char *cell, size_t n)
{
    bool quoted = n >= 2 && cell[0] == '"' && cell[n - 1] == '"';
    bool quote = !quoted && (memchr(cell, ',', n) || memchr(cell, '"', n));

    bw_buf_puts(out, quote ? "\"" : "");
    for (size_t i = 0; i < n; i++) {
        if (quote && cell[i] == '"') {
            bw_buf_putc(out, '"');
        }
        bw_buf_putc(out, cell[i]);
    }
    bw_buf_puts(out, quote ? "\"" : "");
}

void bw_roster_pasted(const char *text, size_t n, struct bw_buf *out)
{
    const char *end = memchr(text, '\n', n);
    size_t first = end ? (size_t)(end - text) : n;

    if (!memchr(text, '\t', first) || memchr(text, ',', first)) {
        bw_buf_add(out, text, n);
        return;
    }
    for (size_t at = 0; at < n;) {
        size_t to = at;
        while (to < n && text[to] != '\t' && text[to] != '\n' && text[to] != '\r') {
            to++;
        }
        put_cell(out, text + at, to - at);
        if (to < n) {
            bw_buf_putc(out, (char)(text[to] == '\t' ? ',' : text[to]));
        }
        at = to + 1;
    }
}

/* ---- read -------------------------------------------------------------------------------
 */

/* Without white space at its ends. */
static size_t trim(const char **text, size_t n)
{
    while (n > 0 && (**text == ' ' || **text == '\t')) {
        ++*text;
        n--;
    }
    while (n > 0 && ((*text)[n - 1] == ' ' || (*text)[n - 1] == '\t')) {
        n--;
    }
    return n;
}

/* Into out[cap]; false: too long, or it holds what moves a terminal. What this program put
 * before a text that looks like a formula is taken off again. */
static bool take(const struct bw_csv_field *f, char *out, size_t cap)
{
    const char *text = f->text;
    size_t n = trim(&text, f->n);

    if (n >= 2 && text[0] == '\'' && strchr("=+-@", text[1])) {
        text++;
        n--;
    }
    if (n >= cap || bw_utf8_hidden(text, n) < n) {
        return false;
    }
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool named(const struct bw_csv_field *f, const char *column)
{
    const char *text = f->text;
    size_t n = trim(&text, f->n);

    return n == strlen(column) && strncasecmp(text, column, n) == 0;
}

static int read_heading(struct bw_csv *csv, int of[COLUMNS], struct bw_err *reterr)
{
    const struct bw_csv_field *f = NULL;
    size_t n = 0;
    int r = bw_csv_next(csv, &f, &n, reterr);

    if (r <= 0) {
        return r < 0 ? r
                     : bw_err_set(reterr, -BW_EMALFORMED,
                                  "%s: nothing stands there; the first line has id, name, "
                                  "entity",
                                  bw_csv_name(csv));
    }
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (int c = 0; c < COLUMNS; c++) {
            if (named(&f[i], columns[c])) {
                if (of[c] >= 0) {
                    return bw_err_set(reterr, -BW_EMALFORMED,
                                      "%s:1: column %s stands twice", bw_csv_name(csv),
                                      columns[c]);
                }
                of[c] = (int)i;
                known = true;
            }
        }
        for (size_t p = 0; p < sizeof(passed) / sizeof(passed[0]); p++) {
            known |= named(&f[i], passed[p]);
        }
        if (!known) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "%s:1: there is no column \"%.40s\": id, name, entity",
                              bw_csv_name(csv), f[i].text);
        }
    }
    if (of[COLUMN_ID] < 0 && of[COLUMN_NAME] < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:1: neither id nor name: the first line has id, name, entity",
                          bw_csv_name(csv));
    }
    return 0;
}

static int add_row(struct bw_roster *r, struct row **ret_row, struct bw_expected **ret_site)
{
    struct row *rows;
    struct bw_expected *sites;

    if (r->n == BW_ROSTER_ROWS_MAX) {
        return -E2BIG;
    }
    rows = bw_grow(r->rows, r->n, &r->cap_rows, sizeof(*rows));
    if (!rows) {
        return -ENOMEM;
    }
    r->rows = rows;
    sites = bw_grow(r->sites, r->n, &r->cap_sites, sizeof(*sites));
    if (!sites) {
        return -ENOMEM;
    }
    r->sites = sites;
    memset(&rows[r->n], 0, sizeof(*rows));
    memset(&sites[r->n], 0, sizeof(*sites));
    *ret_row = &rows[r->n];
    *ret_site = &sites[r->n];
    r->n++;
    return 0;
}

static int read_row(struct bw_roster *r,
                    struct bw_csv *csv,
                    const struct bw_csv_field *f,
                    const int of[COLUMNS])
{
    struct row *x;
    struct bw_expected *s;
    int e = add_row(r, &x, &s);

    if (e < 0) {
        return e;
    }
    x->line = bw_csv_line(csv);
    if (of[COLUMN_ID] >= 0 && !take(&f[of[COLUMN_ID]], s->site.id, sizeof(s->site.id))) {
        wrong(r, x, "no id of a site is \"%.40s\"", f[of[COLUMN_ID]].text);
    }
    if (of[COLUMN_NAME] >= 0 &&
        !take(&f[of[COLUMN_NAME]], s->site.name, sizeof(s->site.name))) {
        wrong(r, x, "a name has at most %d bytes, and nothing that cannot be seen",
              BW_LABEL_MAX);
    }
    if (of[COLUMN_ENTITY] >= 0 &&
        !take(&f[of[COLUMN_ENTITY]], x->asked, sizeof(x->asked))) {
        wrong(r, x, "an entity has at most %d bytes, and nothing that cannot be seen",
              BW_LABEL_MAX);
    }
    x->fresh = !s->site.id[0];
    if (x->fresh && !s->site.name[0]) {
        wrong(r, x, "neither id nor name");
    }
    if (x->fresh && strncmp(s->site.name, "s-", 2) == 0) {
        wrong(r, x, "\"%.40s\" looks like an id, and stands under name", s->site.name);
    }
    return 0;
}

int bw_roster_read(struct bw_csv *csv, struct bw_roster **ret, struct bw_err *reterr)
{
    struct bw_roster *r = calloc(1, sizeof(*r));
    const struct bw_csv_field *f = NULL;
    int of[COLUMNS] = {-1, -1, -1};
    size_t n = 0;
    int e;

    if (!r) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&r->words, (size_t)BW_ROSTER_WRONG_MAX * 512);
    (void)snprintf(r->name, sizeof(r->name), "%s", bw_csv_name(csv));
    e = read_heading(csv, of, reterr);
    while (e >= 0 && (e = bw_csv_next(csv, &f, &n, reterr)) > 0) {
        e = read_row(r, csv, f, of);
        if (e == -E2BIG) {
            (void)bw_err_set(reterr, e, "%s: more than %d sites; cut it in two", r->name,
                             BW_ROSTER_ROWS_MAX);
        } else if (e < 0) {
            (void)bw_err_set(reterr, e, "out of memory");
        }
    }
    if (e == 0 && r->n == 0) {
        e = bw_err_set(reterr, -BW_EMALFORMED, "%s: no site stands below the first line",
                       r->name);
    }
    if (e < 0) {
        bw_roster_free(r);
        return e;
    }
    *ret = r;
    return 0;
}

void bw_roster_free(struct bw_roster *r)
{
    if (r) {
        for (size_t i = 0; i < r->n; i++) {
            free(r->rows[i].why);
        }
        if (r->rows) {
            explicit_bzero(r->rows, r->n * sizeof(*r->rows));
        }
        free(r->rows);
        free(r->sites);
        bw_buf_done(&r->words);
        free(r);
    }
}

/* ---- held against what is on file -------------------------------------------------------
 */

struct known {
    struct bw_entity *entities;
    size_t n_entities, cap_entities;
    struct bw_site *sites; /* by id */
    size_t n_sites, cap_sites;
};

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct known *k = owner;
    struct bw_entity *room =
        bw_grow(k->entities, k->n_entities, &k->cap_entities, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    k->entities = room;
    room[k->n_entities++] = *e;
    return 0;
}

static int on_site(void *owner, const struct bw_site *s)
{
    struct known *k = owner;
    struct bw_site *room = bw_grow(k->sites, k->n_sites, &k->cap_sites, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    k->sites = room;
    room[k->n_sites++] = *s;
    return 0;
}

/* By id; else by name, if one alone has it. */
static const struct bw_entity *
entity_of(const struct known *k, const char *word, bool *ret_several)
{
    const struct bw_entity *found = NULL;

    *ret_several = false;
    for (size_t i = 0; i < k->n_entities; i++) {
        if (strcmp(k->entities[i].id, word) == 0) {
            *ret_several = false;
            return &k->entities[i];
        }
        if (strcasecmp(k->entities[i].name, word) == 0) {
            *ret_several = found != NULL;
            found = found ? found : &k->entities[i];
        }
    }
    return found;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct bw_site *)a)->id, ((const struct bw_site *)b)->id);
}

static const struct bw_site *site_of(const struct known *k, const char *id)
{
    struct bw_site key;

    (void)snprintf(key.id, sizeof(key.id), "%s", id);
    return k->n_sites ? bsearch(&key, k->sites, k->n_sites, sizeof(key), by_id) : NULL;
}

/* A known site that has no box; what the row says of it is what the catalogue says. */
static void look_known(struct bw_roster *r, const struct known *k, size_t i)
{
    struct row *x = &r->rows[i];
    struct bw_site *s = &r->sites[i].site;
    const struct bw_site *on_file = site_of(k, s->id);

    if (!on_file) {
        wrong(r, x, "no site %s; leave the id out for a new one", s->id);
    } else if (on_file->state == BW_SITE_RETIRED) {
        wrong(r, x, "site %s is retired", s->id);
    } else if (on_file->state == BW_SITE_ENROLLED) {
        wrong(r, x,
              "site %s has a box; for another one: bandwitness token create --replaces "
              "%s",
              s->id, s->id);
    } else if (s->name[0] && strcmp(s->name, on_file->name) != 0) {
        wrong(r, x, "site %s is \"%.127s\"", s->id, on_file->name);
    } else if (s->entity[0] && strcmp(s->entity, on_file->entity) != 0) {
        wrong(r, x, "site %s is at \"%.31s\"", s->id, on_file->entity);
    } else {
        *s = *on_file;
    }
    for (size_t n = 0; n < i; n++) {
        if (strcmp(r->sites[n].site.id, s->id) == 0) {
            wrong(r, x, "site %s stands in line %lld already", s->id,
                  (long long)r->rows[n].line);
        }
    }
}

static bool same_site(const struct bw_site *a, const struct bw_site *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->entity, b->entity) == 0;
}

/* A new one: none of this name is at this entity. */
static void look_fresh(struct bw_roster *r, const struct known *k, size_t i)
{
    struct row *x = &r->rows[i];
    struct bw_site *s = &r->sites[i].site;

    for (size_t n = 0; n < k->n_sites; n++) {
        if (k->sites[n].state != BW_SITE_RETIRED && same_site(s, &k->sites[n])) {
            wrong(r, x, "there is a site of this name already: put its id, %s",
                  k->sites[n].id);
        }
    }
    for (size_t n = 0; n < i; n++) {
        if (r->rows[n].fresh && same_site(s, &r->sites[n].site)) {
            wrong(r, x, "the same site stands in line %lld already",
                  (long long)r->rows[n].line);
        }
    }
}

int bw_roster_look(struct bw_roster *r, struct bw_catalogue *c, struct bw_err *reterr)
{
    struct known k = {.n_sites = 0};
    int e = c->ops->entities(c, NULL, on_entity, &k, reterr);

    e = e < 0 ? e : c->ops->sites(c, NULL, on_site, &k, reterr);
    if (e < 0) {
        goto out;
    }
    if (k.n_sites > 0) {
        qsort(k.sites, k.n_sites, sizeof(*k.sites), by_id);
    }
    for (size_t i = 0; i < r->n; i++) {
        struct row *x = &r->rows[i];
        bool several = false;
        const struct bw_entity *at = x->asked[0] ? entity_of(&k, x->asked, &several) : NULL;
        if (x->wrong) {
            continue;
        }
        if (x->asked[0] && (!at || several)) {
            wrong(r, x,
                  several ? "several entities are called \"%.127s\": put the id"
                          : "no entity is \"%.127s\"",
                  x->asked);
            continue;
        }
        if (at) {
            memcpy(r->sites[i].site.entity, at->id, sizeof(at->id));
        }
        if (x->fresh) {
            look_fresh(r, &k, i);
        } else {
            look_known(r, &k, i);
        }
    }
out:
    free(k.entities);
    free(k.sites);
    return e;
}

size_t bw_roster_rows(const struct bw_roster *r)
{
    return r->n;
}

size_t bw_roster_n_new(const struct bw_roster *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        n += r->rows[i].fresh;
    }
    return n;
}

size_t bw_roster_wrong(struct bw_roster *r, const char **ret_words)
{
    size_t told = 0;

    bw_buf_clear(&r->words);
    for (size_t i = 0; i < r->n && told < BW_ROSTER_WRONG_MAX; i++) {
        const struct row *x = &r->rows[i];
        if (x->wrong) {
            bw_buf_printf(&r->words, "%s:%lld: %s\n", r->name, (long long)x->line,
                          x->why ? x->why : "wrong");
            told++;
        }
    }
    *ret_words = r->words.data ? r->words.data : "";
    return r->n_wrong;
}

/* ---- made -------------------------------------------------------------------------------
 */

int bw_roster_make(struct bw_roster *r,
                   struct bw_catalogue *c,
                   int64_t now_unix_s,
                   int64_t expires_unix_s,
                   struct bw_err *reterr)
{
    int e = bw_roster_look(r, c, reterr);

    if (e == 0 && r->n_wrong > 0) {
        e = bw_err_set(reterr, -EINVAL, "%zu of %zu rows are wrong; nothing was made",
                       r->n_wrong, r->n);
    }
    for (size_t i = 0; e == 0 && i < r->n; i++) {
        uint8_t raw[TOKEN_RAW];
        struct bw_expected *x = &r->sites[i];
        char *token = r->rows[i].token;
        (void)snprintf(token, TOKEN_TEXT, "bwt_");
        bw_random(raw, sizeof(raw));
        (void)bw_b64_encode(raw, sizeof(raw), token + 4);
        bw_sha256(token, strlen(token), x->token_sha256);
        x->expires_unix_s = expires_unix_s;
        if (r->rows[i].fresh) {
            x->site.state = BW_SITE_EXPECTED;
            x->site.created_unix_s = now_unix_s;
        }
    }
    e = e < 0 ? e : c->ops->expect(c, r->sites, r->n, now_unix_s, reterr);
    r->made = e == 0;
    return e;
}

void bw_roster_write(const struct bw_roster *r, struct bw_buf *out)
{
    char when[32];

    bw_buf_puts(out, "id,name,entity,token,expires\r\n");
    for (size_t i = 0; r->made && i < r->n; i++) {
        const struct bw_site *s = &r->sites[i].site;
        bw_time_format_s(r->sites[i].expires_unix_s, when);
        bw_text_csv(out, s->id);
        bw_buf_putc(out, ',');
        bw_text_csv(out, s->name);
        bw_buf_putc(out, ',');
        bw_text_csv(out, s->entity);
        bw_buf_printf(out, ",%s,%s\r\n", r->rows[i].token, when);
    }
}

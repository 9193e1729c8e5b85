/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_state.c - signs the records of a whole state of schools that never were, and keeps
 * them as a collector keeps what came in: a ledger, and a catalogue with its entities,
 * sites and enrolled keys. What befalls each school is a scene that state.py writes.
 *
 * gen_state --scene FILE --seed N [--data DIR [--seal]] [--jose DIR [--of SITE,SITE…]]
 *           [--only SITE] [--until UNIX_S]
 *
 * A scene is lines of words:
 *   entity ID KIND PARENT|- FROM_S NAME…
 *   site ID INDEX ENTITY FROM_S TO_S INTERVAL_S UTC_OFFSET_S ARCHIVE(0|1) NAME…
 *   KIND FROM_MS TO_MS A B           a stretch of the site above (gen_scene.h)
 * On standard output a line of JSON for each key: whose it is, and what it signed. With
 * --jose DIR/SITE.jose has a site's records, and DIR/SITE.times for each of them when it
 * came (unix ms) and at which position of the ledger it is. What comes after --until is not
 * kept: these files have that alone, for whoever delivers it when its time comes.
 *
 * Invariant: records enter the ledger in the order in which they are received. */
#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <errno.h>
#include <gen_scene.h>
#include <gen_sink.h>
#include <gen_summaries.h>
#include <getopt.h>
#include <hash.h>
#include <inttypes.h>
#include <jws.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SITES_MAX = 1000,
    STRETCHES_MAX = 2000, /* of one site */
    ENTITIES_MAX = 2000,
    LINE_MAX_BYTES = 512,
    DAY_MS = 86400000,
    HOT_DAYS = 3 /* before a day is sealed, as collectors have it */
};

struct school {
    struct bw_gen_options options;
    struct bw_gen_scene scene;
    struct bw_gen_stretch list[STRETCHES_MAX];
    char entity[BW_ENTITY_MAX + 1];
    char name[BW_LABEL_MAX + 1];
    struct bw_gen *gen;
    FILE *jose;
    FILE *times;
    const char *jws; /* the record that is received next, the generator's */
    size_t jws_len;
    int64_t received_unix_ms;
    struct bw_pubkey key; /* what signed it */
    int64_t first_unix_s; /* of what this key signed */
    int64_t n;
};

struct state {
    struct school *schools[SITES_MAX];
    size_t n_schools;
    struct bw_entity entities[ENTITIES_MAX];
    size_t n_entities;
    uint64_t seed;
    const char *data;
    const char *jose;
    const char *only;
    const char *of;        /* of whom there are files; NULL: of all */
    int64_t until_unix_ms; /* what comes later is in files alone; unknown: nothing is */
    bool seal;
    struct bw_catalogue *catalogue;
    struct bw_gen_sink book;
    int64_t sealed_unix_ms;
    int64_t position; /* of the record that is written next */
};

/* ---- the scene ------------------------------------------------------------------ */

/* The rest of a line behind the words that were read. */
static void rest(const char *line, int at, char *out, size_t n)
{
    while (line[at] == ' ') {
        at++;
    }
    (void)snprintf(out, n, "%s", line + at);
    out[strcspn(out, "\n")] = '\0';
}

static int read_entity(struct state *s, const char *line)
{
    struct bw_entity *e = &s->entities[s->n_entities];
    char kind[24];
    char parent[BW_ENTITY_MAX + 1];
    int at = 0;

    if (s->n_entities == ENTITIES_MAX ||
        sscanf(line, "entity %31s %23s %31s %" SCNd64 "%n", e->id, kind, parent,
               &e->from_unix_s, &at) != 4) {
        return -EINVAL;
    }
    (void)snprintf(e->parent, sizeof(e->parent), "%s", parent[0] == '-' ? "" : parent);
    rest(line, at, e->name, sizeof(e->name));
    s->n_entities++;
    return bw_entity_kind_parse(kind, &e->kind);
}

static int read_site(struct state *s, const char *line)
{
    struct school *x = s->n_schools < SITES_MAX ? calloc(1, sizeof(*x)) : NULL;
    struct bw_gen_options *o = x ? &x->options : NULL;
    char id[32];
    int archive = 0;
    int at = 0;

    if (!x) {
        return -ENOMEM;
    }
    s->schools[s->n_schools++] = x;
    bw_gen_options_init(o);
    o->seed = s->seed;
    o->steady = true;
    o->scene = &x->scene;
    x->scene.list = x->list;
    if (sscanf(line,
               "site %31s %d %31s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %d%n", id,
               &o->site_index, x->entity, &o->from_unix_s, &o->to_unix_s, &o->interval_s,
               &o->utc_offset_s, &archive, &at) != 8 ||
        !bw_site_valid(id) || strlen(id) > BW_SITE_MAX) {
        return -EINVAL;
    }
    memcpy(x->scene.site, id, strlen(id) + 1);
    x->scene.archive = archive == 1;
    rest(line, at, x->name, sizeof(x->name));
    return 0;
}

static int read_stretch(struct state *s, const char *line)
{
    struct school *x = s->n_schools > 0 ? s->schools[s->n_schools - 1] : NULL;
    struct bw_gen_stretch *t =
        x && x->scene.n < STRETCHES_MAX ? &x->list[x->scene.n] : NULL;
    char kind[24];

    if (!t || sscanf(line, "%23s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, kind,
                     &t->from_ms, &t->to_ms, &t->a, &t->b) != 5) {
        return -EINVAL;
    }
    x->scene.n++;
    return bw_gen_kind_parse(kind, &t->kind);
}

static int read_scene(struct state *s, const char *path, struct bw_err *reterr)
{
    FILE *f = fopen(path, "re");
    char line[LINE_MAX_BYTES];
    int r = f ? 0 : bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));

    for (int n = 1; r == 0 && fgets(line, sizeof(line), f); n++) {
        r = strncmp(line, "entity ", 7) == 0 ? read_entity(s, line)
            : strncmp(line, "site ", 5) == 0 ? read_site(s, line)
                                             : read_stretch(s, line);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "%s:%d: no line of a scene", path, n);
        }
    }
    if (f) {
        (void)fclose(f);
    }
    return r;
}

/* ---- the catalogue -------------------------------------------------------------- */

static void key_row(const struct bw_pubkey *key, int64_t at, struct bw_site_key *row)
{
    memset(row, 0, sizeof(*row));
    memcpy(row->kid, key->kid, sizeof(row->kid));
    row->alg = (int)key->alg;
    memcpy(row->raw, key->raw, sizeof(key->raw));
    row->from_unix_s = at;
    row->revoked_unix_s = BW_UNKNOWN;
}

static int enrol(struct state *s, const struct school *x, struct bw_err *reterr)
{
    struct bw_catalogue *c = s->catalogue;
    int64_t at = x->options.from_unix_s - DAY_MS / 1000;
    struct bw_site site = {.state = BW_SITE_EXPECTED, .created_unix_s = at};
    struct bw_site_key row;
    struct bw_site done;
    char token[64];
    uint8_t hash[32];
    int r;

    (void)snprintf(site.id, sizeof(site.id), "%s", x->scene.site);
    (void)snprintf(site.entity, sizeof(site.entity), "%s", x->entity);
    (void)snprintf(site.name, sizeof(site.name), "%s", x->name);
    (void)snprintf(token, sizeof(token), "token of %s", site.id);
    bw_sha256(token, strlen(token), hash);
    r = c->ops->site_add(c, &site, reterr);
    r = r < 0 ? r : c->ops->token_add(c, hash, site.id, at, at + DAY_MS / 1000, reterr);
    key_row(bw_gen_key(x->gen), at + 60, &row);
    return r < 0 ? r : c->ops->enrol(c, hash, &row, at + 60, &done, reterr);
}

static int enrol_all(struct state *s, struct bw_err *reterr)
{
    char path[PATH_MAX];
    int r;

    (void)snprintf(path, sizeof(path), "%s/catalogue.db", s->data);
    r = bw_catalogue_open(path, &s->catalogue, reterr);
    for (size_t i = 0; r == 0 && i < s->n_entities; i++) {
        r = s->catalogue->ops->entity_add(s->catalogue, &s->entities[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_schools; i++) {
        r = enrol(s, s->schools[i], reterr);
    }
    return r;
}

/* ---- the records ---------------------------------------------------------------- */

/* What a key signed, when it signs no more. */
static void tell_key(const struct school *x)
{
    struct bw_buf jwk;

    bw_buf_init(&jwk, 4096);
    (void)bw_pubkey_to_jwk(&x->key, &jwk);
    (void)printf("{\"site\":\"%s\",\"kid\":\"%s\",\"records\":%lld,\"from_s\":%lld,"
                 "\"jwk\":%s}\n",
                 x->scene.site, x->key.kid, (long long)x->n, (long long)x->first_unix_s,
                 jwk.data ? jwk.data : "null");
    bw_buf_done(&jwk);
}

/* The school's next record is made; a key that changed with it is told. */
static int next(struct state *s, struct school *x, struct bw_err *reterr)
{
    int64_t received;
    struct bw_site_key row;
    int r = bw_gen_next(x->gen, &x->jws, &x->jws_len, reterr);

    if (r < 0) {
        return r;
    }
    if (!x->jws) {
        tell_key(x);
        return 0;
    }
    received = bw_gen_received_unix_ms(x->gen);
    x->received_unix_ms = received > x->received_unix_ms ? received : x->received_unix_ms;
    if (strcmp(x->key.kid, bw_gen_key(x->gen)->kid) != 0) {
        if (x->n > 0) {
            tell_key(x);
            key_row(bw_gen_key(x->gen), x->received_unix_ms / 1000, &row);
            r = !s->catalogue
                    ? 0
                    : s->catalogue->ops->key_replace(s->catalogue, x->key.kid, &row,
                                                     x->received_unix_ms / 1000, reterr);
        }
        x->key = *bw_gen_key(x->gen);
        x->first_unix_s = bw_gen_summary(x->gen)->start_unix_s;
        x->n = 0;
    }
    x->n++;
    return r;
}

/* Days that a collector would have sealed by now. */
static int seal(struct state *s, int64_t now_unix_ms, struct bw_err *reterr)
{
    struct bw_ledger_seal_report report;
    struct bw_ledger *l = s->book.ledger;

    if (!s->seal || now_unix_ms / DAY_MS == s->sealed_unix_ms / DAY_MS) {
        return 0;
    }
    s->sealed_unix_ms = now_unix_ms;
    return l->ops->seal(l, now_unix_ms, HOT_DAYS, 0, &report, reterr);
}

static int write_one(struct state *s, struct school *x, struct bw_err *reterr)
{
    bool later = s->until_unix_ms != BW_UNKNOWN && x->received_unix_ms > s->until_unix_ms;
    bool told = later || s->until_unix_ms == BW_UNKNOWN;
    int r = 0;

    if (told && x->jose &&
        (fwrite(x->jws, 1, x->jws_len, x->jose) != x->jws_len ||
         fputc('\n', x->jose) == EOF)) {
        return bw_err_set(reterr, -EIO, "writing the records of %s failed", x->scene.site);
    }
    if (told && x->times) {
        (void)fprintf(x->times, "%lld %lld\n", (long long)x->received_unix_ms,
                      (long long)s->position);
    }
    s->position += !later;
    if (s->book.ledger && !later) {
        r = bw_gen_sink_put(&s->book, x->gen, x->jws, x->jws_len, reterr);
        if (r == 0 && s->seal &&
            x->received_unix_ms / DAY_MS != s->sealed_unix_ms / DAY_MS) {
            r = bw_gen_sink_flush(&s->book, reterr);
        }
        r = r < 0 ? r : seal(s, x->received_unix_ms, reterr);
    }
    return r < 0 ? r : next(s, x, reterr);
}

static int write_all(struct state *s, struct bw_err *reterr)
{
    int r = 0;

    for (;;) {
        struct school *first = NULL;
        for (size_t i = 0; i < s->n_schools; i++) {
            struct school *x = s->schools[i];
            if (x->jws && (!first || x->received_unix_ms < first->received_unix_ms)) {
                first = x;
            }
        }
        if (r < 0 || !first) {
            return r;
        }
        r = write_one(s, first, reterr);
    }
}

/* Is a site one of a list with commas? */
static bool is_of(const char *list, const char *site)
{
    size_t n = strlen(site);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, site, n) == 0 && (at[n] == ',' || at[n] == '\0')) {
            return true;
        }
    }
    return !list;
}

static int begin(struct state *s, struct bw_err *reterr)
{
    char path[PATH_MAX];
    size_t kept = 0;
    int r = 0;

    for (size_t i = 0; i < s->n_schools; i++) {
        struct school *x = s->schools[i];
        if (s->only && strcmp(s->only, x->scene.site) != 0) {
            free(x);
            continue;
        }
        s->schools[kept++] = x;
    }
    s->n_schools = kept;
    for (size_t i = 0; r == 0 && i < s->n_schools; i++) {
        struct school *x = s->schools[i];
        r = bw_gen_new(&x->options, &x->gen, reterr);
        if (r == 0 && s->jose && is_of(s->of, x->scene.site)) {
            (void)snprintf(path, sizeof(path), "%s/%s.jose", s->jose, x->scene.site);
            x->jose = fopen(path, "we");
            (void)snprintf(path, sizeof(path), "%s/%s.times", s->jose, x->scene.site);
            x->times = fopen(path, "we");
            r = x->jose && x->times
                    ? 0
                    : bw_err_set(reterr, -errno, "%s cannot be written", path);
        }
    }
    if (r == 0 && s->data) {
        r = enrol_all(s, reterr);
        (void)snprintf(path, sizeof(path), "%s/ledger", s->data);
        r = r < 0 ? r : bw_ledger_open(path, BW_LEDGER_WRITE, &s->book.ledger, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_schools; i++) {
        r = next(s, s->schools[i], reterr);
    }
    return r;
}

static int end(struct state *s, int r, struct bw_err *reterr)
{
    int flushed = s->book.ledger ? bw_gen_sink_flush(&s->book, reterr) : 0;

    r = r < 0 ? r : flushed;
    bw_ledger_close(s->book.ledger);
    bw_catalogue_close(s->catalogue);
    for (size_t i = 0; i < s->n_schools; i++) {
        if ((s->schools[i]->jose && fclose(s->schools[i]->jose) != 0) ||
            (s->schools[i]->times && fclose(s->schools[i]->times) != 0)) {
            r = r < 0 ? r : bw_err_set(reterr, -EIO, "writing records failed");
        }
        bw_gen_free(s->schools[i]->gen);
        free(s->schools[i]);
    }
    return r;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"scene", required_argument, NULL, 'c'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"data", required_argument, NULL, 'd'},
                                            {"jose", required_argument, NULL, 'j'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"seal", no_argument, NULL, 'S'},
                                            {"of", required_argument, NULL, 'f'},
                                            {"until", required_argument, NULL, 'u'},
                                            {NULL, 0, NULL, 0}};
    static struct state s = {.until_unix_ms = BW_UNKNOWN};
    struct bw_err err = {""};
    const char *scene = NULL;
    int r = bw_crypto_init();

    for (int c; r == 0 && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            scene = optarg;
            break;
        case 's':
            s.seed = strtoull(optarg, NULL, 10);
            break;
        case 'd':
            s.data = optarg;
            break;
        case 'j':
            s.jose = optarg;
            break;
        case 'o':
            s.only = optarg;
            break;
        case 'f':
            s.of = optarg;
            break;
        case 'u':
            s.until_unix_ms = strtoll(optarg, NULL, 10) * 1000;
            break;
        case 'S':
            s.seal = true;
            break;
        default:
            r = -EINVAL;
        }
    }
    r = r == 0 && !scene ? bw_err_set(&err, -EINVAL, "--scene FILE is missing") : r;
    r = r < 0 ? r : read_scene(&s, scene, &err);
    r = r < 0 ? r : begin(&s, &err);
    r = r < 0 ? r : write_all(&s, &err);
    r = end(&s, r, &err);
    if (r < 0) {
        (void)fprintf(stderr, "gen_state: %s\n", err.text[0] ? err.text : bw_strerror(r));
    }
    return r < 0;
}

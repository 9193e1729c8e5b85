/* SPDX-License-Identifier: GPL-3.0-or-later
 * packroom.c - from a request for a pack to its bytes.
 *
 * A pack is named by what it was made of: what was asked, this program's version, the
 * place in the ledger of the site's newest record, and the catalogue's state. While these
 * are the same the same bytes are handed out. Time goes on without records, too: a period
 * that can still change is made again after ten minutes, any other after a day. */
#include "packroom.h"

#include "pack_shelf.h"

#include <buf.h>
#include <bundle_agent.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <errand.h>
#include <errno.h>
#include <hash.h>
#include <http.h>
#include <inttypes.h>
#include <ledger.h>
#include <log.h>
#include <overview.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    VIEWS_MAX = 64,
    FILE_MAX = 64 * 1024 * 1024,
    FRESH_S = 600,
    SETTLED_S = 86400,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

struct view {
    struct view *next; /* of those that wait for the same pack */
    struct bw_packroom *room;
    struct bw_http_req *req;
    struct bw_pack_ask ask;
    char name[BW_HASH_LEN + 1];
    bool named; /* the name is known: read it, or have it made */
    bool made;  /* it was made for this view already */
    bool known; /* the circuit is */
    int64_t position;
    int r;
    struct bw_err err;
    struct bw_buf out;
};

struct making {
    struct making *next;
    struct bw_packroom *room;
    struct view *views;
    char name[BW_HASH_LEN + 1];
    int status;
    char said[512];
    int r;
    struct bw_err err;
};

struct bw_packroom {
    struct bw_packroom_opts opts;
    struct making *makings;
    size_t n_views;
    bool stopping;
    int64_t asked;
    int64_t kept; /* answered without making */
    int64_t made;
    int64_t failed;
};

/* ---- answers ----------------------------------------------------------------------- */

static void view_free(struct view *v)
{
    v->room->n_views--;
    bw_buf_done(&v->out);
    free(v);
}

static void busy(struct bw_http_req *req, const char *why)
{
    bw_http_add(req, "Retry-After", "30");
    bw_http_problem(req, 503, "busy", "Not possible now", "%s; try again in 30 seconds",
                    why);
}

static void view_busy(struct view *v, const char *why)
{
    busy(v->req, why);
    view_free(v);
}

static void view_reply(struct view *v)
{
    char period[192];
    char text[512];

    bw_pack_ask_period(&v->ask, period);
    (void)snprintf(text, sizeof(text), "inline; filename=\"%s.%s-%s-%s.%s\"", v->ask.site,
                   v->ask.circuit, v->ask.purpose, period, v->ask.format);
    bw_http_add(v->req, "Content-Disposition", text);
    bw_http_add(v->req, "Cache-Control", "private, max-age=60");
    (void)snprintf(text, sizeof(text), "\"%s.%s\"", v->name, v->ask.format);
    bw_http_add(v->req, "ETag", text);
    if (strcmp(v->ask.format, "html") == 0) {
        bw_http_add(
            v->req, "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox");
    }
    bw_http_reply(v->req, 200, bw_pack_ask_type(v->ask.format), &v->out);
    view_free(v);
}

/* ---- making ------------------------------------------------------------------------ */

static void look(struct view *v);

/* What the command said last, without its name. */
static const char *sentence(const char *said)
{
    const char *colon = strstr(said, "bandwitness report: ");

    return colon ? colon + strlen("bandwitness report: ") : said;
}

static void tell_failure(struct making *m, struct view *v)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "%s", sentence(m->said));
    text[strcspn(text, "\n")] = '\0';
    if (m->status == EXIT_USAGE) {
        bw_http_problem(v->req, 400, "bad-query", "Not understood", "%s", text);
    } else if (m->status == EXIT_FAILED && strncmp(text, "no record", 9) == 0) {
        bw_http_problem(v->req, 404, "no-records", "Nothing on record", "%s", text);
    } else if (m->status == EXIT_FAILED && strncmp(text, "every record of this", 20) == 0) {
        bw_http_problem(v->req, 404, "set-apart", "Every record is set apart", "%s", text);
    } else if (m->status == EXIT_FAILED && strncmp(text, "--letter: ", 10) == 0) {
        bw_http_problem(v->req, 400, "bad-query", "Not understood", "%s", text + 2);
    } else if (m->status < 0) {
        busy(v->req, text);
    } else {
        bw_http_problem(v->req, 500, "not-made", "The pack could not be made",
                        "the collector's log says why; the command on it may say more: "
                        "bandwitness report --for %s --circuit %s.%s",
                        v->ask.purpose, v->ask.site, v->ask.circuit);
    }
    view_free(v);
}

static void making_end(struct making *m)
{
    struct making **at = &m->room->makings;
    struct view *v = m->views;

    while (*at != m) {
        at = &(*at)->next;
    }
    *at = m->next;
    while (v) {
        struct view *next = v->next;
        v->next = NULL;
        if (m->status == 0) {
            v->made = true;
            look(v);
        } else {
            tell_failure(m, v);
        }
        v = next;
    }
    free(m);
}

static void put_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct making *m = job;

    (void)r;
    (void)err;
    if (m->status == 0) {
        m->r = bw_pack_shelf_put(m->room->opts.shelf, m->name, m->room->opts.keep_bytes,
                                 &m->err);
    } else {
        bw_pack_shelf_drop(m->room->opts.shelf, m->name);
    }
}

static void put_after(void *job, int cancelled)
{
    struct making *m = job;

    if (m->status == 0 && (cancelled || m->r < 0)) {
        m->status = -EIO;
        (void)snprintf(m->said, sizeof(m->said), "%s",
                       cancelled ? "the collector is stopping" : m->err.text);
    }
    making_end(m);
}

static void on_end(void *owner, const struct bw_errand_end *end)
{
    struct making *m = owner;
    struct bw_packroom *p = m->room;

    m->status = end->status;
    (void)snprintf(m->said, sizeof(m->said), "%s", end->said);
    if (end->status == 0) {
        p->made++;
        if (end->said[0]) { /* such as: nothing can be kept in the register */
            bw_log(BW_AREA_EVIDENCE, BW_NOTICE, "pack %s of %s.%s: %s",
                   m->views->ask.purpose, m->views->ask.site, m->views->ask.circuit,
                   end->said);
        }
    } else {
        p->failed++;
        bw_log(BW_AREA_EVIDENCE, BW_WARN, "pack %s of %s.%s: %s", m->views->ask.purpose,
               m->views->ask.site, m->views->ask.circuit, end->said);
    }
    if (bw_readers_run(p->opts.readers, put_work, put_after, m) < 0) {
        put_after(m, 1);
    }
}

static void make(struct view *v)
{
    struct bw_packroom *p = v->room;
    const char *words[BW_PACK_ASK_WORDS];
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    char folder[PATH_MAX];
    struct making *m = p->makings;

    if (p->stopping) {
        view_busy(v, "the collector is stopping");
        return;
    }
    while (m && strcmp(m->name, v->name) != 0) {
        m = m->next;
    }
    if (m) {
        v->next = m->views;
        m->views = v;
        return;
    }
    m = calloc(1, sizeof(*m));
    if (!m) {
        view_busy(v, "out of memory");
        return;
    }
    m->room = p;
    m->views = v;
    memcpy(m->name, v->name, sizeof(m->name));
    bw_pack_shelf_folder(p->opts.shelf, v->name, folder);
    bw_pack_ask_words(&v->ask, p->opts.data_dir, folder, id, words);
    if (bw_errands_run(p->opts.errands, words, p->opts.limit_ms, false, on_end, m) < 0) {
        free(m);
        view_busy(v, "too many packs are being made");
        return;
    }
    m->next = p->makings;
    p->makings = m;
}

/* ---- looking ----------------------------------------------------------------------- */

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct view *v = owner;

    v->known = v->known || strcmp(c->facts.id, v->ask.circuit) == 0;
    return 0;
}

struct kids {
    char (*list)[BW_KID_LEN + 1];
    size_t n;
};

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct kids *l = owner;
    char(*grown)[BW_KID_LEN + 1] = reallocarray(l->list, l->n + 1, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    l->list = grown;
    memcpy(l->list[l->n++], k->kid, BW_KID_LEN + 1);
    return 0;
}

/* The place of the site's newest record. */
static int find_position(struct view *v, struct bw_reader *r)
{
    struct kids kids = {NULL, 0};
    struct bw_ledger_head head;
    int e = r->catalogue->ops->keys(r->catalogue, v->ask.site, on_key, &kids, &v->err);

    v->position = -1;
    for (size_t i = 0; e == 0 && i < kids.n; i++) {
        e = bw_ledger_head(r->ledger, kids.list[i], &head, &v->err);
        if (e == 0 && head.position != BW_UNKNOWN && head.position > v->position) {
            v->position = head.position;
        }
        e = e == -ENOENT ? 0 : e;
    }
    free(kids.list);
    return e;
}

static void add_state(struct bw_buf *b, const char *data_dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%.3900s/%s", data_dir, name);
    if (stat(path, &st) == 0) {
        bw_buf_printf(b, "|%lld.%09ld.%lld", (long long)st.st_mtim.tv_sec,
                      st.st_mtim.tv_nsec, (long long)st.st_size);
    } else {
        bw_buf_putc(b, '|');
    }
}

static int name_it(struct view *v, struct bw_reader *r)
{
    int64_t now = bw_clock_unix_ms() / 1000;
    int64_t settled = bw_pack_ask_settled_unix_s(&v->ask);
    bool over = settled != BW_UNKNOWN && settled <= now;
    char key[512];
    struct bw_buf b;
    int e = r->ledger->ops->circuits(r->ledger, v->ask.site, on_circuit, v, &v->err);

    e = e < 0 || !v->known ? e : find_position(v, r);
    if (e < 0 || !v->known) {
        return e;
    }
    bw_buf_init(&b, 4096);
    bw_pack_ask_key(&v->ask, key);
    bw_buf_printf(&b, "%s|%s|%" PRId64 "|%" PRId64, BW_BUNDLE_AGENT, key, v->position,
                  now / (over ? SETTLED_S : FRESH_S));
    add_state(&b, v->room->opts.data_dir, "catalogue.db");
    add_state(&b, v->room->opts.data_dir, "catalogue.db-wal");
    e = bw_buf_error(&b);
    if (e == 0) {
        bw_sha256_text(b.data, b.len, v->name);
        v->named = true;
    }
    bw_buf_done(&b);
    return e;
}

static void look_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct view *v = job;
    char file[32];

    if (!r) {
        v->r = -EIO;
        v->err = *err;
        return;
    }
    v->r = v->named ? 0 : name_it(v, r);
    if (v->r < 0 || !v->named) {
        return;
    }
    (void)snprintf(file, sizeof(file), "%s.%s", v->ask.purpose, v->ask.format);
    v->r =
        bw_pack_shelf_read(v->room->opts.shelf, v->name, file, FILE_MAX, &v->out, &v->err);
}

static void look_after(void *job, int cancelled)
{
    struct view *v = job;

    if (cancelled) {
        view_busy(v, "the collector is stopping");
    } else if (v->r == 0 && !v->known) {
        bw_http_problem(v->req, 404, "not-found", "No such circuit",
                        "no record ever named %s.%s", v->ask.site, v->ask.circuit);
        view_free(v);
    } else if (v->r == 0) {
        v->room->kept += !v->made;
        view_reply(v);
    } else if (v->r == -ENOENT && !v->made) {
        make(v);
    } else {
        view_busy(v, v->err.text);
    }
}

static void look(struct view *v)
{
    if (bw_readers_run(v->room->opts.readers, look_work, look_after, v) < 0) {
        view_busy(v, "too much at once");
    }
}

/* ---- the interface ----------------------------------------------------------------- */

struct bw_pack_query bw_packroom_query(struct bw_http_req *req)
{
    return (struct bw_pack_query){
        .purpose = bw_http_query(req, "for"),
        .format = bw_http_query(req, "format"),
        .year = bw_http_query(req, "year"),
        .month = bw_http_query(req, "month"),
        .from = bw_http_query(req, "from"),
        .to = bw_http_query(req, "to"),
        .tz = bw_http_query(req, "tz"),
    };
}

void bw_packroom_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_packroom *p = c->packroom;
    struct bw_pack_query q = bw_packroom_query(req);
    struct bw_pack_ask ask = {.letter = false};
    struct bw_err err = {""};
    struct view *v;

    q.paper = bw_http_query(req, "paper");
    q.letter = bw_http_query(req, "letter");
    q.certificate = bw_http_query(req, "certificate");
    p->asked++;
    if (bw_circuit_id_parse(bw_http_param(req, 0), ask.site, ask.circuit) < 0) {
        bw_http_problem(req, 404, "not-found", "No such circuit",
                        "a circuit is written SITE.CIRCUIT, like s-4f9k2.wan");
        return;
    }
    if (bw_pack_ask_read(&q, &ask, &err) < 0) {
        bw_http_problem(req, 400, "bad-query", "Not understood", "%s", err.text);
        return;
    }
    v = p->n_views < VIEWS_MAX ? calloc(1, sizeof(*v)) : NULL;
    if (!v) {
        busy(req, "too many packs are asked for");
        return;
    }
    p->n_views++;
    v->room = p;
    v->req = req;
    v->ask = ask;
    bw_buf_init(&v->out, FILE_MAX);
    look(v);
}

void bw_packroom_metrics(const struct bw_packroom *p, struct bw_buf *b)
{
    const struct {
        const char *name;
        const char *help;
        int64_t n;
    } rows[] = {{"packs_asked", "Requests for packs.", p->asked},
                {"packs_kept", "Of them answered by a pack made before.", p->kept},
                {"packs_made", "Packs made.", p->made},
                {"packs_failed", "Packs that could not be made.", p->failed}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_buf_printf(b,
                      "# TYPE bandwitness_%s counter\n# HELP bandwitness_%s %s\n"
                      "bandwitness_%s_total %" PRId64 "\n",
                      rows[i].name, rows[i].name, rows[i].help, rows[i].name, rows[i].n);
    }
}

int bw_packroom_new(const struct bw_packroom_opts *opts,
                    struct bw_packroom **ret,
                    struct bw_err *reterr)
{
    struct bw_packroom *p = NULL;
    int r = bw_pack_shelf_open(opts->shelf, reterr);

    if (r < 0) {
        return r;
    }
    p = calloc(1, sizeof(*p));
    if (!p) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    p->opts = *opts;
    *ret = p;
    return 0;
}

void bw_packroom_stop(struct bw_packroom *p)
{
    p->stopping = true;
}

void bw_packroom_free(struct bw_packroom *p)
{
    free(p);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_people.c - the administrators' page: who may look, and what is done about it. Each
 * act is kept in the transaction that does it, as by the command.
 *
 * Invariant: a link or a key is in one answer and nowhere else. */
#include "door_private.h"

#include <buf.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <page_parts.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <text.h>

enum {
    KEY_RAW = 32,
    ENTITIES_MAX = 2048,
    DAYS_MAX = 800,
    DAY_S = 86400
};

enum doing {
    DO_ADD,
    DO_LINK,
    DO_RESET,
    DO_REMOVE,
    DO_KEY,
    DO_REVOKE,
    DO_NOTHING
};

static const struct {
    const char *word;
    const char *act;
    const char *done; /* what stands before what is shown once, or alone */
} doings[DO_NOTHING] = {
    [DO_ADD] = {"add", "account-add",
                "The account is there. For its person, once and for 24 hours:"},
    [DO_LINK] = {"link", "account-link", "Another link, once and for 24 hours:"},
    [DO_RESET] =
        {"reset", "account-reset",
         "Password, codes and sessions are over. For its person, once and for 24 hours:"},
    [DO_REMOVE] = {"remove", "account-remove", "The account is over."},
    [DO_KEY] = {"key", "key-add", "The key, which is not shown again:"},
    [DO_REVOKE] = {"revoke", "key-revoke", "The key opens nothing any more."},
};

struct people_job {
    struct door_job job;
    enum doing doing;
    char title[128];
    char by[BW_PERSON_MAX + 1];
    char base[300]; /* where the administrator's browser finds this collector */
    char name[BW_PERSON_MAX + 1];
    char shown[BW_PERSON_SHOWN_MAX + 1];
    char role[16];
    char entities[ENTITIES_MAX];
    char days[8];
    struct bw_person person; /* as asked for */
    char told[700];          /* "district alder-valley" */
    char once[640];          /* a link or key, shown once */
    char trouble[500];
};

/* --- on another thread -------------------------------------------------------------------
 */

struct find {
    const char *word;
    size_t n;
    char id[BW_ENTITY_MAX + 1];
};

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct find *f = owner;
    if ((strlen(e->id) == f->n && strncmp(e->id, f->word, f->n) == 0) ||
        (strlen(e->name) == f->n && strncasecmp(e->name, f->word, f->n) == 0)) {
        memcpy(f->id, e->id, sizeof(f->id));
    }
    return 0;
}

/* Ids or names, parted by commas. */
static int find_entities(struct people_job *p, struct bw_reader *r)
{
    const char *at = p->entities;
    size_t n_told = strlen(p->told);
    while (*at) {
        at += strspn(at, ", \t\r\n");
        size_t n = strcspn(at, ",\r\n");
        struct find f = {.word = at, .n = n};
        while (f.n > 0 && at[f.n - 1] == ' ') {
            f.n--;
        }
        at += n;
        if (f.n == 0) {
            continue;
        }
        int e = r->catalogue->ops->entities(r->catalogue, NULL, on_entity, &f, &p->job.err);
        if (e < 0) {
            return e;
        }
        if (!f.id[0]) {
            return bw_err_set(&p->job.err, -EINVAL, "no entity is \"%.*s\"", (int)f.n,
                              f.word);
        }
        if (p->person.n_scopes == BW_PERSON_SCOPES) {
            return bw_err_set(&p->job.err, -EINVAL, "at most %d entities",
                              BW_PERSON_SCOPES);
        }
        memcpy(p->person.scopes[p->person.n_scopes++], f.id, sizeof(f.id));
        (void)snprintf(p->told + n_told, sizeof(p->told) - n_told, " %s", f.id);
        n_told = strlen(p->told);
    }
    return 0;
}

static int add_link(struct people_job *p, const struct bw_act_said *act, int64_t now)
{
    struct bw_door *d = p->job.d;
    struct bw_link l = {.created_unix_s = now, .expires_unix_s = now + LINK_S};
    struct bw_person x;
    uint8_t raw[LINK_RAW];
    char token[LINK_LEN + 1];
    int r = d->people->ops->person_get(d->people, p->name, &x, &p->job.err);
    if (r < 0) {
        return r;
    }
    l.kind = x.hash[0] ? BW_LINK_RESET : BW_LINK_INVITE;
    explicit_bzero(&x, sizeof(x));
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), token);
    bw_sha256(token, LINK_LEN, l.sha256);
    memcpy(l.person, p->name, sizeof(l.person));
    (void)snprintf(p->once, sizeof(p->once), "%.500s/set-up/%s",
                   d->conf.url[0] ? d->conf.url : p->base, token);
    return d->people->ops->link_add(d->people, &l, act, &p->job.err);
}

static int add_key(struct people_job *p, const struct bw_act_said *act, int64_t now)
{
    struct bw_door *d = p->job.d;
    long days = strtol(p->days, NULL, 10);
    struct bw_api_key k = {.role =
                               p->person.n_scopes > 0 ? BW_ROLE_DISTRICT : BW_ROLE_VIEWER,
                           .n_scopes = p->person.n_scopes,
                           .created_unix_s = now,
                           .expires_unix_s = now + days * DAY_S};
    uint8_t raw[KEY_RAW];
    char key[64] = "bwk_";
    if (days < 1 || days > DAYS_MAX) {
        return bw_err_set(&p->job.err, -EINVAL, "a key is good for 1 to %d days", DAYS_MAX);
    }
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), key + 4);
    bw_sha256(key, strlen(key), k.sha256);
    memcpy(k.name, p->name, sizeof(k.name));
    memcpy(k.scopes, p->person.scopes, sizeof(k.scopes));
    (void)snprintf(p->once, sizeof(p->once), "%s", key);
    return d->people->ops->key_add(d->people, &k, NULL, act, &p->job.err);
}

static int act_on(struct people_job *p)
{
    struct bw_door *d = p->job.d;
    const struct bw_people_ops *ops = d->people->ops;
    int64_t now = bw_clock_unix_ms() / 1000;
    const struct bw_act_said act = {.act = doings[p->doing].act,
                                    .by = p->by,
                                    .via = "web",
                                    .about = p->name,
                                    .detail = p->told[0] == ' ' ? p->told + 1 : p->told};
    int r = 0;
    switch (p->doing) {
    case DO_ADD:
        r = ops->person_add(d->people, &p->person, now, &act, &p->job.err);
        return r < 0 ? r : add_link(p, NULL, now);
    case DO_LINK:
        return add_link(p, &act, now);
    case DO_RESET:
        r = ops->person_clear(d->people, p->name, true, now, &act, &p->job.err);
        return r < 0 ? r : add_link(p, NULL, now);
    case DO_REMOVE:
        return ops->person_clear(d->people, p->name, false, now, &act, &p->job.err);
    case DO_KEY:
        return add_key(p, &act, now);
    case DO_REVOKE:
        return ops->key_revoke(d->people, p->name, now, &act, &p->job.err);
    case DO_NOTHING:
    default:
        return -EINVAL;
    }
}

static void people_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct people_job *p = job;
    struct bw_door *d = p->job.d;
    if (!r) {
        p->job.r = -EIO;
        p->job.err = *err;
        return;
    }
    if (p->doing == DO_ADD) {
        (void)snprintf(p->told, sizeof(p->told), "%s", p->role);
        if (bw_role_parse(p->role, &p->person.role) < 0) {
            p->job.r = bw_err_set(&p->job.err, -EINVAL, "there is no such role");
        }
    }
    p->job.r = p->job.r < 0 ? p->job.r : find_entities(p, r);
    if (p->doing == DO_KEY && p->person.n_scopes == 0) {
        (void)snprintf(p->told, sizeof(p->told), "the state");
    }
    if (p->job.r < 0) {
        return;
    }
    uv_mutex_lock(&d->lock);
    p->job.r = act_on(p);
    if (p->job.r == 0) {
        p->job.r = bw_door_reread(&p->job);
    }
    uv_mutex_unlock(&d->lock);
}

/* --- the page
 * ------------------------------------------------------------------------------ */

static void
form_begin(struct bw_buf *b, const struct bw_viewer *v, const char *what, bool wide)
{
    bw_buf_printf(b, "<form method=\"post\" action=\"/people\"%s>",
                  wide ? " class=\"door\"" : "");
    bw_viewer_form(v, b);
    bw_buf_printf(b, "<input type=\"hidden\" name=\"do\" value=\"%s\">", what);
}

static void button(struct bw_buf *b,
                   const struct bw_viewer *v,
                   const char *what,
                   const char *name,
                   const char *words)
{
    form_begin(b, v, what, false);
    bw_buf_puts(b, "<input type=\"hidden\" name=\"name\" value=\"");
    bw_text_html(b, name);
    bw_buf_printf(b, "\"><button aria-label=\"%s ", words);
    bw_text_html(b, name);
    bw_buf_printf(b, "\">%s</button></form>", words);
}

static void input(
    struct bw_buf *b, const char *id, const char *name, const char *label, const char *more)
{
    bw_buf_printf(b, "<p><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" %s></p>",
                  id, label, id, name, more);
}

static void write_scopes(struct bw_buf *b,
                         const char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1],
                         size_t n)
{
    if (n == 0) {
        bw_buf_puts(b, "the state");
    }
    for (size_t i = 0; i < n; i++) {
        bw_buf_puts(b, i ? ", " : "");
        bw_text_html(b, scopes[i]);
    }
}

static void
write_person(struct bw_buf *b, const struct bw_viewer *v, const struct bw_person *p)
{
    int64_t now = bw_clock_unix_ms() / 1000;
    bool locked = p->locked_until_unix_s != BW_UNKNOWN && p->locked_until_unix_s > now;
    bw_buf_puts(b, "<tr><th scope=\"row\">");
    bw_page_name(b, p->shown);
    bw_buf_puts(b, "<div class=\"id mono\">");
    bw_text_html(b, p->name);
    bw_buf_printf(b, "</div></th><td>%s</td><td>", bw_role_name(p->role));
    write_scopes(b, p->scopes, p->n_scopes);
    bw_buf_printf(b, "</td><td>%s</td><td>",
                  !p->hash[0] ? "invited"
                  : locked    ? "has to wait"
                              : "good");
    if (p->signed_in_unix_s == BW_UNKNOWN) {
        bw_buf_puts(b, "never");
    } else {
        bw_page_time(b, p->signed_in_unix_s);
    }
    bw_buf_puts(b, "</td><td class=\"acts\">");
    button(b, v, "link", p->name, "New link");
    /* What cannot be taken back takes a second step. */
    bw_buf_puts(b, "<details><summary>End</summary>");
    button(b, v, "reset", p->name, "Reset");
    button(b, v, "remove", p->name, "Remove for good");
    bw_buf_puts(b, "</details></td></tr>\n");
}

static void
write_key(struct bw_buf *b, const struct bw_viewer *v, const struct bw_api_key *k)
{
    bw_buf_puts(b, "<tr><th scope=\"row\" class=\"mono\">");
    bw_text_html(b, k->name);
    bw_buf_puts(b, "</th><td>");
    write_scopes(b, k->scopes, k->n_scopes);
    bw_buf_puts(b, "</td><td>");
    bw_page_time(b, k->expires_unix_s);
    bw_buf_puts(b, "</td><td class=\"acts\">");
    button(b, v, "revoke", k->name, "Revoke");
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_forms(struct bw_buf *b, const struct bw_viewer *v)
{
    bw_buf_puts(b, "<h2>Another person</h2>");
    form_begin(b, v, "add", true);
    input(b, "name", "name", "Name to sign in with: a–z, 0–9, dot, underscore, hyphen",
          "required maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" "
          "spellcheck=\"false\"");
    input(b, "shown", "shown", "Name, as others read it",
          "maxlength=\"120\" autocomplete=\"off\"");
    bw_buf_puts(b, "<p><label for=\"role\">Role</label><select id=\"role\" name=\"role\">");
    for (int i = BW_ROLE_COORDINATOR; i >= BW_ROLE_ADMIN; i--) {
        const char *role = bw_role_name((enum bw_role)i);
        bw_buf_printf(b, "<option%s>%s</option>", i == BW_ROLE_DISTRICT ? " selected" : "",
                      role);
    }
    bw_buf_puts(b, "</select></p>");
    input(b, "entities", "entities",
          "Entities of an agency, district or coordinator, by id or name, with commas",
          "maxlength=\"2000\" autocomplete=\"off\"");
    bw_buf_puts(b,
                "<p><button>Make the account</button></p></form><h2>Another program</h2>");
    form_begin(b, v, "key", true);
    input(b, "key-name", "name", "Name of the key: what it is for",
          "required maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\"");
    input(b, "key-entities", "entities", "Entities that it sees; empty: the whole state",
          "maxlength=\"2000\" autocomplete=\"off\"");
    input(b, "days", "days", "Days that it is good for",
          "required value=\"365\" inputmode=\"numeric\" maxlength=\"3\"");
    bw_buf_puts(b, "<p><button>Make the key</button></p></form>");
}

static void page(struct bw_door *d, struct bw_http_req *req, const struct people_job *p)
{
    const struct bw_viewer *v = bw_door_viewer(req);
    struct bw_buf b;
    bw_buf_init(&b, 4 << 20);
    bw_page_begin_at(&b, "People and programs", p->title, BW_PLACE_NONE, v);
    bw_buf_puts(&b, "<p class=\"crumbs\"><a href=\"/account\">Your account</a></p>"
                    "<h1>People and programs</h1>");
    if (p->trouble[0]) {
        bw_buf_puts(&b, "<p class=\"note\" role=\"alert\">Not done: ");
        bw_text_html(&b, p->trouble);
        bw_buf_puts(&b, ".</p>");
    } else if (p->doing != DO_NOTHING) {
        bw_buf_printf(&b, "<p class=\"note\" role=\"status\">%s ", doings[p->doing].done);
        if (p->once[0]) {
            bw_buf_puts(&b, "<code class=\"key\">");
            bw_text_html(&b, p->once);
            bw_buf_puts(&b, "</code>");
        }
        bw_buf_puts(&b, "</p>");
    }
    bw_page_table_begin(&b, "People",
                        "<th scope=\"col\">Person</th><th scope=\"col\">Role</th>"
                        "<th scope=\"col\">Sees</th><th scope=\"col\">State</th>"
                        "<th scope=\"col\">Signed in (UTC)</th><th scope=\"col\">Do</th>");
    for (size_t i = 0; i < d->book->n_persons; i++) {
        write_person(&b, v, &d->book->persons[i]);
    }
    bw_page_table_end(&b);
    if (d->book->n_keys > 0) {
        bw_buf_puts(&b, "<h2>Programs</h2>");
        bw_page_table_begin(
            &b, "Programs",
            "<th scope=\"col\">Key</th><th scope=\"col\">Sees</th>"
            "<th scope=\"col\">Good until (UTC)</th><th scope=\"col\">Do</th>");
        for (size_t i = 0; i < d->book->n_keys; i++) {
            write_key(&b, v, &d->book->keys[i]);
        }
        bw_page_table_end(&b);
    }
    write_forms(&b, v);
    bw_page_end(&b, bw_clock_unix_ms());
    bw_http_reply(req, p->trouble[0] ? 400 : 200, "text/html; charset=utf-8", &b);
}

/* --- on the loop
 * --------------------------------------------------------------------------- */

static void people_free(struct people_job *p)
{
    bw_book_free(p->job.book);
    explicit_bzero(p, sizeof(*p));
    free(p);
}

static void people_after(void *job, int cancelled)
{
    struct people_job *p = job;
    struct bw_door *d = p->job.d;
    if (cancelled) {
        bw_page_sorry(p->job.req, 503, "not possible now; nothing was done");
        people_free(p);
        return;
    }
    if (p->job.r < 0) {
        (void)snprintf(p->trouble, sizeof(p->trouble), "%.480s",
                       p->job.err.text[0] ? p->job.err.text : bw_strerror(p->job.r));
        p->once[0] = '\0';
    }
    bw_door_known(&p->job);
    page(d, p->job.req, p);
    bw_door_turn(d);
    people_free(p);
}

static struct people_job *people_new(struct bw_collector *c, struct bw_http_req *req)
{
    struct people_job *p = calloc(1, sizeof(*p));
    if (!p) {
        bw_page_sorry(req, 503, "not possible now; nothing was done");
        return NULL;
    }
    p->job.d = c->door;
    p->job.req = req;
    p->doing = DO_NOTHING;
    (void)snprintf(p->title, sizeof(p->title), "%s", c->conf->title);
    memcpy(p->by, bw_door_viewer(req)->name, sizeof(p->by));
    const char *host = bw_http_header(req, "Host");
    (void)snprintf(p->base, sizeof(p->base), "%s://%.250s",
                   bw_door_way(req) == DOOR_SECURE ? "https" : "http", host ? host : "");
    return p;
}

static int read_form(struct people_job *p)
{
    char what[16] = "";
    struct bw_share_form_field fields[] = {
        {.name = "do", .out = what, .cap = sizeof(what)},
        {.name = "name", .out = p->name, .cap = sizeof(p->name)},
        {.name = "shown", .out = p->shown, .cap = sizeof(p->shown)},
        {.name = "role", .out = p->role, .cap = sizeof(p->role)},
        {.name = "entities", .out = p->entities, .cap = sizeof(p->entities)},
        {.name = "days", .out = p->days, .cap = sizeof(p->days)},
        {.name = NULL}};
    size_t n = 0;
    const char *body = bw_http_body(p->job.req, &n);
    int r = bw_share_form_read(body, n, fields);
    for (size_t i = 0; r == 0 && fields[i].name; i++) {
        r = strlen(fields[i].out) == fields[i].n ? 0 : -EINVAL;
    }
    for (int i = 0; r == 0 && i < DO_NOTHING; i++) {
        p->doing = strcmp(doings[i].word, what) == 0 ? (enum doing)i : p->doing;
    }
    memcpy(p->person.name, p->name, sizeof(p->person.name));
    memcpy(p->person.shown, p->shown, sizeof(p->person.shown));
    return r < 0 || p->doing == DO_NOTHING || !bw_person_name_fits(p->name) ? -EINVAL : 0;
}

void bw_door_people_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct people_job *p = people_new(c, req);
    if (p) {
        page(c->door, req, p);
        people_free(p);
    }
}

void bw_door_people_post(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct people_job *p = people_new(c, req);
    if (!p) {
        return;
    }
    if (read_form(p) < 0) {
        (void)snprintf(p->trouble, sizeof(p->trouble),
                       "a name has 1 to 64 of a-z, 0-9, dot, underscore and hyphen, and "
                       "begins with a letter or digit");
        page(c->door, req, p);
        people_free(p);
    } else if (bw_readers_run(c->door->pool, people_work, people_after, p) < 0) {
        people_after(p, 1);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet_keys.c - the keys of one site, which of them signed two chains, and the form that
 * revokes one: for administrators.
 *
 * Invariant: what is final takes the beginning of the key's name, typed; the act is kept
 * before it is done. */
#include "page_fleet.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <door.h>
#include <errno.h>
#include <grow.h>
#include <http.h>
#include <ledger.h>
#include <overview.h>
#include <people.h>
#include <readers.h>
#include <revocation.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    PAGE_MAX = 1024 * 1024,
    TYPED_LEAST = 6,
    KEYS_TOLD = 100
};

struct told_key {
    struct bw_site_key key;
    int64_t n_forks;
    int64_t fork_unix_s; /* newest */
    struct bw_revocation why;
    bool has_why;
};

struct keys_job {
    struct bw_http_req *req;
    struct bw_collector *c;
    char title[BW_LABEL_MAX + 1];
    char by[BW_PERSON_MAX + 1];
    struct bw_site site;
    struct told_key *keys;
    size_t n_keys, cap_keys;
    struct told_key *at; /* whose forks are counted */
    bool post;
    bool acted;
    char kid[BW_KID_LEN + 1];
    char typed[BW_KID_LEN + 1];
    char since[40];
    char reason[BW_REVOCATION_TEXT_MAX + 1];
    bool done;
    unsigned status;
    struct bw_err err;  /* the page cannot be made */
    struct bw_err lack; /* nothing was revoked */
};

/* ---- looked up --------------------------------------------------------------------------
 */

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct keys_job *j = owner;
    struct told_key *room = bw_grow(j->keys, j->n_keys, &j->cap_keys, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    j->keys = room;
    room[j->n_keys++] = (struct told_key){.key = *k, .fork_unix_s = BW_UNKNOWN};
    return 0;
}

static int on_fork(void *owner, const struct bw_ledger_fork *f)
{
    struct keys_job *j = owner;
    int64_t at = f->received_unix_ms / 1000;

    j->at->n_forks++;
    j->at->fork_unix_s = at > j->at->fork_unix_s ? at : j->at->fork_unix_s;
    return 0;
}

static int look(struct keys_job *j, struct bw_reader *r)
{
    struct bw_catalogue *c = r->catalogue;
    int e = c->ops->keys(c, j->site.id, on_key, j, &j->err);

    for (size_t i = 0; e == 0 && i < j->n_keys; i++) {
        struct told_key *k = &j->keys[i];
        char by[65];
        int64_t said = 0;
        j->at = k;
        e = r->ledger->ops->forks(r->ledger, k->key.kid, on_fork, j, &j->err);
        k->has_why = e == 0 && k->key.revoked_unix_s != BW_UNKNOWN &&
                     bw_revocation_find(c, k->key.kid, &k->why, by, &said, NULL) == 0;
    }
    return e;
}

/* ---- revoked ----------------------------------------------------------------------------
 */

static int end_key(struct keys_job *j, struct bw_catalogue *c)
{
    struct bw_revocation said;
    struct bw_site_key key;
    char id[BW_HASH_LEN + 1] = "";
    const struct bw_act_said act = {.act = "box-key-revoke",
                                    .by = j->by,
                                    .via = "web",
                                    .about = j->kid,
                                    .detail = j->site.id};
    int e;

    bw_revocation_init(&said);
    memcpy(said.reason, j->reason, sizeof(said.reason));
    if (c->ops->key_get(c, j->kid, &key, &j->lack) < 0 ||
        strcmp(key.site, j->site.id) != 0) {
        return bw_err_set(&j->lack, -ENOENT, "this site has no such key");
    }
    if (strlen(j->typed) < TYPED_LEAST ||
        strncmp(j->typed, j->kid, strlen(j->typed)) != 0) {
        return bw_err_set(&j->lack, -EINVAL,
                          "type at least %d characters of how the key's name begins",
                          TYPED_LEAST);
    }
    if (bw_when_parse(j->since, &said.compromised_unix_s) < 0 ||
        said.compromised_unix_s > bw_clock_unix_ms() / 1000) {
        return bw_err_set(
            &j->lack, -EINVAL,
            "since when? 2026-11-02 or 2026-11-02T08:00:00Z, not in the future");
    }
    if (!j->reason[0]) {
        return bw_err_set(&j->lack, -EINVAL, "why? a reason, for reports");
    }
    j->acted = true;
    e = bw_door_act(j->c->door, &act, &j->lack);
    return e < 0 ? e
                 : bw_revocation_say(c, j->kid, &said, j->by, "web", bw_clock_unix_ms(), id,
                                     &j->lack);
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct keys_job *j = job;

    j->status = 503;
    if (!r) {
        j->err = *err;
        return;
    }
    int e = r->catalogue->ops->site_get(r->catalogue, j->site.id, &j->site, &j->err);
    if (e == -ENOENT) {
        j->status = 404;
        (void)bw_err_set(&j->err, 0, "no site has this id");
        return;
    }
    if (e == 0 && j->post) {
        j->done = end_key(j, r->catalogue) == 0;
        if (!j->done && !j->lack.text[0]) {
            (void)bw_err_set(&j->lack, 0, "it could not be kept");
        }
    }
    e = e < 0 ? e : look(j, r);
    j->status = e < 0 ? 503 : j->post && !j->done ? 400 : 200;
}

/* ---- the page ---------------------------------------------------------------------------
 */

static void write_state(struct bw_buf *b, const struct told_key *k)
{
    if (k->key.revoked_unix_s != BW_UNKNOWN) {
        bw_buf_puts(b, "revoked as of ");
        bw_page_time(b, k->key.revoked_unix_s);
        if (k->has_why) {
            bw_buf_puts(b, "<div class=\"id\">");
            bw_page_name(b, k->why.reason);
            bw_buf_puts(b, "</div>");
        }
    } else if (k->key.replaced_by[0]) {
        bw_buf_puts(b, "followed by <span class=\"mono\">");
        bw_text_html(b, k->key.replaced_by);
        bw_buf_puts(b, "</span>");
    } else {
        bw_buf_puts(b, "in force");
    }
}

static void write_form(struct bw_buf *b, struct keys_job *j, const struct told_key *k)
{
    bool mine = strcmp(k->key.kid, j->kid) == 0 && !j->done;

    bw_buf_printf(b,
                  "<details%s><summary>Revoke</summary><form class=\"door\" "
                  "method=\"post\" action=\"/fleet/keys/",
                  mine ? " open" : "");
    bw_text_url(b, j->site.id);
    bw_buf_puts(b, "\">");
    bw_viewer_form(bw_door_viewer(j->req), b);
    bw_buf_puts(b, "<input type=\"hidden\" name=\"kid\" value=\"");
    bw_text_html(b, k->key.kid);
    bw_buf_puts(b,
                "\"><p><label>In other hands since (UTC), as 2026-11-02T08:00:00Z<input "
                "name=\"since\" required maxlength=\"30\" autocomplete=\"off\" value=\"");
    bw_text_html(b, mine ? j->since : "");
    bw_buf_puts(b,
                "\"></label></p><p><label>Why, in your words; no names of people<input "
                "name=\"reason\" required maxlength=\"400\" autocomplete=\"off\" value=\"");
    bw_text_html(b, mine ? j->reason : "");
    bw_buf_printf(
        b,
        "\"></label></p><p><label>To make sure: the first %d characters of the key, "
        "or more<input name=\"typed\" required maxlength=\"%d\" "
        "autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\">"
        "</label></p><p><button>Revoke for good</button></p></form></details>",
        TYPED_LEAST, BW_KID_LEN);
}

static void write_keys(struct bw_buf *b, struct keys_job *j)
{
    bw_page_table_begin(b, "Keys of the site",
                        "<th scope=\"col\">Key</th><th scope=\"col\">Since (UTC)</th>"
                        "<th scope=\"col\">Came by</th><th scope=\"col\">State</th>"
                        "<th scope=\"col\" class=\"n\">Second records</th>"
                        "<th scope=\"col\">Do</th>");
    for (size_t i = 0; i < j->n_keys && i < KEYS_TOLD; i++) {
        const struct told_key *k = &j->keys[i];
        bw_buf_puts(b, "<tr><th scope=\"row\" class=\"mono key\">");
        bw_text_html(b, k->key.kid);
        bw_buf_puts(b, "</th><td>");
        bw_page_time(b, k->key.from_unix_s);
        bw_buf_puts(b, "</td><td class=\"mono\">");
        bw_text_html(b, k->key.prev_kid[0] ? k->key.prev_kid : "a token");
        bw_buf_puts(b, "</td><td>");
        write_state(b, k);
        bw_buf_puts(b, "</td><td class=\"n\">");
        bw_page_count(b, k->n_forks);
        if (k->n_forks > 0) {
            bw_buf_puts(b, "<div class=\"id\">");
            bw_page_time(b, k->fork_unix_s);
            bw_buf_puts(b, "</div>");
        }
        bw_buf_puts(b, "</td><td>");
        write_form(b, j, k);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
}

static void answer(struct keys_job *j)
{
    struct bw_buf b;

    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin_at(&b, "Keys", j->title, BW_PLACE_FLEET, bw_door_viewer(j->req));
    bw_buf_puts(&b, "<p class=\"crumbs\"><a href=\"/fleet\">Fleet</a> › <a href=\"/sites/");
    bw_text_url(&b, j->site.id);
    bw_buf_puts(&b, "\">");
    bw_page_name(&b, j->site.name[0] ? j->site.name : j->site.id);
    bw_buf_puts(&b, "</a></p><h1>Keys</h1>");
    if (j->lack.text[0]) {
        bw_buf_puts(&b, "<p class=\"note\" role=\"alert\">Nothing was revoked: ");
        bw_text_html(&b, j->lack.text);
        bw_buf_puts(&b, ".</p>");
    } else if (j->done) {
        bw_buf_puts(
            &b, "<p class=\"note\" role=\"status\">Revoked. The box needs a new key, by "
                "a new token; also look at keys that this one signed for since.</p>");
    }
    bw_buf_puts(&b,
                "<p>A <b>second record</b> stands under the same number of the same key: "
                "two boxes of one disk, or one that was put back. Each box then goes on "
                "under a key of its own, which the old one signs for, so both chains are "
                "known.</p><p>To <b>revoke</b> a key takes nothing more by it, and what "
                "came by it since it was in other hands counts in no report, whatever time "
                "it claims. It is final. For a box that was stolen or copied on purpose; "
                "one that merely died is <i>replaced</i> (<code>bandwitness token create "
                "--replaces</code>).</p>");
    if (j->n_keys == 0) {
        bw_buf_puts(&b, "<p class=\"note\">No box has enrolled here.</p>");
    } else {
        write_keys(&b, j);
    }
    bw_page_end(&b, bw_clock_unix_ms());
    bw_http_add(j->req, "Cache-Control", "no-store");
    bw_http_reply(j->req, j->status, "text/html; charset=utf-8", &b);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static void after(void *job, int cancelled)
{
    struct keys_job *j = job;

    if (j->acted) {
        bw_door_acted(j->c->door);
    }
    if (cancelled || j->status == 503 || j->status == 404) {
        bw_page_sorry(j->req, cancelled ? 503 : j->status,
                      cancelled ? "not possible now; nothing was done" : j->err.text);
    } else {
        answer(j);
    }
    free(j->keys);
    free(j);
}

static void begin(struct bw_collector *c, struct bw_http_req *req, bool post)
{
    struct keys_job *j = calloc(1, sizeof(*j));
    const char *id = bw_http_param(req, 0);
    size_t n = 0;
    const char *body = bw_http_body(req, &n);

    if (!j || strlen(id) > BW_SITE_MAX) {
        free(j);
        bw_page_sorry(req, 404, "no site has this id");
        return;
    }
    j->req = req;
    j->c = c;
    j->post = post;
    (void)snprintf(j->site.id, sizeof(j->site.id), "%s", id);
    (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
    (void)snprintf(j->by, sizeof(j->by), "%s", bw_door_viewer(req)->name);
    struct bw_share_form_field fields[] = {
        {.name = "kid", .out = j->kid, .cap = sizeof(j->kid)},
        {.name = "typed", .out = j->typed, .cap = sizeof(j->typed)},
        {.name = "since", .out = j->since, .cap = sizeof(j->since)},
        {.name = "reason", .out = j->reason, .cap = sizeof(j->reason)},
        {.name = NULL}};
    if (post && bw_share_form_read(body, n, fields) < 0) {
        bw_page_sorry(req, 400, "that was not this page's form; nothing was done");
        free(j);
    } else if (bw_readers_run(c->readers, work, after, j) < 0) {
        after(j, 1);
    }
}

void bw_page_fleet_keys(void *owner, struct bw_http_req *req)
{
    begin(owner, req, false);
}

void bw_page_fleet_keys_post(void *owner, struct bw_http_req *req)
{
    begin(owner, req, true);
}

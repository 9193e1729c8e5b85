/* SPDX-License-Identifier: GPL-3.0-or-later
 * api_lists.c - lists of sites and circuits as JSON. */
#include "api.h"

#include <buf.h>
#include <bw/err.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <overview.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <viewer.h>

enum {
    ANSWER_MAX = 256 * 1024 * 1024
};

struct list {
    struct bw_http_req *req;
    struct bw_site_query query;
    char site[BW_SITE_MAX + 1]; /* "" all */
    bool circuits;
    int r;
    struct bw_err err;
    struct bw_buf out;
};

static void write_site(struct bw_jw *w, const struct bw_site_row *s)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", s->id);
    bw_jw_kstr(w, "name", s->name[0] ? s->name : NULL);
    bw_jw_kstr(w, "entity", s->entity[0] ? s->entity : NULL);
    bw_jw_kstr(w, "state", bw_freshness_name(s->freshness));
    bw_jw_kbool(w, "enrolled", s->enrolled);
    bw_jw_ki64(w, "last_ms", s->last_received_unix_ms);
    bw_jw_ki64(w, "last_end_s", s->last_end_unix_s);
    bw_jw_kstr(w, "agent", s->agent[0] ? s->agent : NULL);
    bw_jw_ki64(w, "circuits", s->n_circuits);
    bw_jw_ki64(w, "circuits_silent", s->n_silent);
    bw_jw_obj_end(w);
}

static void write_circuit(struct bw_jw *w, const struct bw_circuit_row *c)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    const struct bw_circuit_summary *f = &c->now.facts;
    (void)snprintf(id, sizeof(id), "%s.%s", c->now.site, f->id);
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", id);
    bw_jw_kstr(w, "site", c->now.site);
    bw_jw_kstr(w, "circuit", f->id);
    bw_jw_kstr(w, "vantage", bw_vantage_name(f->vantage));
    bw_jw_karr(w, "behind");
    for (unsigned bit = BW_BEHIND_NAT; bit <= BW_BEHIND_PROXY; bit <<= 1) {
        if (f->behind & bit) {
            bw_jw_str(w, bw_behind_name((enum bw_behind)bit));
        }
    }
    bw_jw_arr_end(w);
    bw_jw_kstr(w, "source", bw_source_name(f->source));
    bw_jw_kstr(w, "layer", bw_layer_name(f->layer));
    bw_jw_ki64(w, "link_bps", f->link_bps);
    bw_jw_ki64(w, "first_s", c->now.first_start_unix_s);
    bw_jw_ki64(w, "last_end_s", c->now.end_unix_s);
    if (c->has_claim) {
        bw_jw_ki64(w, "claim_down_bps", c->claim.down_bps);
        bw_jw_ki64(w, "claim_up_bps", c->claim.up_bps);
        bw_jw_kstr(w, "claim_layer", bw_layer_name(c->claim.layer));
        bw_jw_kstr(w, "provider", c->claim.provider[0] ? c->claim.provider : NULL);
    }
    bw_jw_obj_end(w);
}

static void list_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct list *l = job;
    struct bw_overview *o = NULL;
    if (!r) {
        l->r = -EIO;
        l->err = *err;
        return;
    }
    l->r = bw_overview_read(r, l->site[0] ? l->site : NULL, &o, &l->err);
    if (l->r < 0) {
        return;
    }
    const struct bw_viewer *v = bw_door_viewer(l->req);
    if (!bw_viewer_sees_state(v)) {
        bw_overview_keep(o, bw_viewer_sees_site_cb, v);
    }
    struct bw_jw w;
    bw_jw_init(&w, &l->out);
    bw_jw_obj(&w);
    if (l->circuits) {
        bw_jw_karr(&w, "circuits");
        for (size_t i = 0; i < o->n_circuits; i++) {
            write_circuit(&w, &o->circuits[i]);
        }
    } else {
        size_t n = bw_overview_select(o, &l->query);
        bw_jw_karr(&w, "sites");
        for (size_t i = 0; i < n; i++) {
            write_site(&w, &o->sites[i]);
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&l->out, '\n');
    bw_overview_free(o);
}

static void list_after(void *job, int cancelled)
{
    struct list *l = job;
    if (cancelled || l->r < 0) {
        bw_http_add(l->req, "Retry-After", "30");
        bw_http_problem(l->req, 503, "busy", "Not possible now", "%s",
                        cancelled ? "the collector is stopping" : l->err.text);
    } else {
        bw_http_reply(l->req, 200, "application/json", &l->out);
    }
    bw_buf_done(&l->out);
    free(l);
}

static void list(struct bw_collector *c, struct bw_http_req *req, bool circuits)
{
    struct bw_site_query query;
    if (bw_site_query_parse(bw_http_query(req, "q"), bw_http_query(req, "state"),
                            bw_http_query(req, "sort"), &query) < 0) {
        bw_http_problem(
            req, 400, "bad-query", "Unknown word in the query",
            "state: fresh, silent, never or retired; sort: state, name, entity or last");
        return;
    }
    struct list *l = calloc(1, sizeof(*l));
    if (l) {
        const char *site = bw_http_query(req, "site");
        l->req = req;
        l->query = query;
        l->circuits = circuits;
        (void)snprintf(l->site, sizeof(l->site), "%s", site ? site : "");
        bw_buf_init(&l->out, ANSWER_MAX);
    }
    if (!l || bw_readers_run(c->readers, list_work, list_after, l) < 0) {
        free(l);
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
    }
}

void bw_api_sites(void *owner, struct bw_http_req *req)
{
    list(owner, req, false);
}

void bw_api_circuits(void *owner, struct bw_http_req *req)
{
    list(owner, req, true);
}

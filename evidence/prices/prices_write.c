/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices_write.c - prices as JSON and CSV, the same from the collector and the command.
 *
 * Invariant: money is a decimal text or whole millionths, never floating point; what is not
 * known is absent or an empty cell. */
#include "prices.h"

#include <buf.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

const char *bw_price_role_name(int role)
{
    return role == BW_ROLE_UNKNOWN ? "unknown"
                                   : bw_claim_role_name((enum bw_claim_role)role);
}

int bw_price_role_parse(const char *word)
{
    for (int i = BW_ROLE_UNKNOWN; i <= BW_ROLE_BACKUP; i++) {
        if (strcmp(bw_price_role_name(i), word) == 0) {
            return i;
        }
    }
    return -1;
}

const char *bw_price_layer_name(int layer)
{
    return layer == BW_LAYER_UNKNOWN ? "not-stated" : bw_layer_name((enum bw_layer)layer);
}

int bw_price_layer_parse(const char *word)
{
    for (int i = BW_LAYER_UNKNOWN; i <= BW_LAYER_GOODPUT; i++) {
        if (strcmp(bw_price_layer_name(i), word) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *id_of(const struct bw_price_name *list, uint32_t i)
{
    return i == BW_PRICE_NONE ? NULL : list[i].id;
}

static const char *name_of(const struct bw_price_name *list, uint32_t i)
{
    return i == BW_PRICE_NONE ? NULL : list[i].name;
}

static const char *class_id(size_t speed)
{
    return speed == BW_PRICE_CLASSES ? NULL : bw_price_classes[speed].id;
}

/* ---- JSON -------------------------------------------------------------------------- */

static void
json_group(const struct bw_prices *p, const struct bw_price_group *g, struct bw_jw *w)
{
    bw_jw_obj(w);
    if (g->region != BW_PRICE_NONE) {
        bw_jw_kstr(w, "region", id_of(p->regions, g->region));
        bw_jw_kstr(w, "region_name", name_of(p->regions, g->region));
    }
    if (g->provider != BW_PRICE_NONE) {
        bw_jw_kstr(w, "provider", id_of(p->providers, g->provider));
        bw_jw_kstr(w, "provider_name", name_of(p->providers, g->provider));
    }
    bw_jw_kstr(w, "class", class_id(g->speed));
    bw_jw_kstr(w, "layer", bw_price_layer_name(g->layer));
    bw_jw_ki64(w, "n", g->s.n);
    bw_jw_ki64(w, "min_udollars", g->s.min);
    bw_jw_ki64(w, "q1_udollars", g->s.q1);
    bw_jw_ki64(w, "median_udollars", g->s.median);
    bw_jw_ki64(w, "q3_udollars", g->s.q3);
    bw_jw_ki64(w, "max_udollars", g->s.max);
    bw_jw_kobj(w, "marks");
    for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
        bw_jw_ki64(w, bw_price_mark_name(bit), g->n_marked[bit]);
    }
    bw_jw_obj_end(w);
    bw_jw_ki64(w, "not_open_data", g->n_private);
    bw_jw_obj_end(w);
}

static void json_groups(const struct bw_prices *p,
                        const struct bw_price_seen *seen,
                        const char *name,
                        unsigned by,
                        struct bw_jw *w)
{
    struct bw_price_group *g = NULL;
    size_t n = 0;

    bw_jw_karr(w, name);
    if (bw_prices_group(p, seen, by, &g, &n) == 0) {
        for (size_t i = 0; i < n; i++) {
            json_group(p, &g[i], w);
        }
    }
    bw_jw_arr_end(w);
    free(g);
}

static void json_decimal(struct bw_jw *w, const char *name, const struct bw_decimal *d)
{
    char text[BW_DECIMAL_TEXT_MAX + 1];

    bw_decimal_text(d, 0, text);
    bw_jw_kstr(w, name, text[0] ? text : NULL);
}

static void
json_line(const struct bw_prices *p, const struct bw_price_row *r, struct bw_jw *w)
{
    const struct bw_price_payer *payer = &p->payers[r->payer];

    bw_jw_obj(w);
    bw_jw_kstr(w, "claim", r->about);
    bw_jw_kstr(w, "payer", payer->number[0] ? payer->number : NULL);
    bw_jw_kstr(w, "payer_name", payer->name[0] ? payer->name : NULL);
    bw_jw_kstr(w, "entity", payer->entity[0] ? payer->entity : NULL);
    bw_jw_kstr(w, "region", id_of(p->regions, payer->region));
    bw_jw_kstr(w, "provider", id_of(p->providers, r->provider));
    bw_jw_kstr(w, "provider_name", name_of(p->providers, r->provider));
    bw_jw_kstr(w, "role", bw_price_role_name(r->role));
    bw_jw_kstr(w, "layer", bw_price_layer_name(r->layer));
    bw_jw_kstr(w, "class", class_id(r->speed));
    bw_jw_ki64(w, "down_bps", r->bps[BW_DOWN]);
    bw_jw_ki64(w, "up_bps", r->bps[BW_UP]);
    json_decimal(w, "usd_a_month", &r->cost);
    bw_jw_ki64(w, "udollars_a_month_and_mbps", r->price_udollars);
    bw_jw_ki64(w, "lines", r->lines);
    bw_jw_ki64(w, "circuits_bound", r->circuits);
    json_decimal(w, "one_time_usd", &r->one_off);
    bw_jw_karr(w, "marks");
    for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
        if (r->marks & (1U << bit)) {
            bw_jw_str(w, bw_price_mark_name(bit));
        }
    }
    bw_jw_arr_end(w);
    if (r->why != BW_PRICE_KNOWN) {
        bw_jw_kstr(w, "why", bw_price_why_name((enum bw_price_why)r->why));
    }
    bw_jw_kbool(w, "open_data", r->open);
    bw_jw_obj_end(w);
}

static void json_asked(const struct bw_price_ask *ask,
                       const struct bw_price_seen *seen,
                       struct bw_jw *w)
{
    bw_jw_ki64(w, "year", seen->year);
    bw_jw_kstr(w, "role", bw_price_role_name(ask->role));
    bw_jw_kstr(w, "layer",
               ask->layer == BW_PRICE_ANY ? NULL : bw_price_layer_name(ask->layer));
    bw_jw_kstr(w, "region", ask->region);
    bw_jw_kstr(w, "provider", ask->provider);
    bw_jw_kstr(w, "class", class_id(ask->speed));
    bw_jw_karr(w, "years");
    for (size_t i = 0; i < seen->n_years; i++) {
        bw_jw_i64(w, seen->years[i]);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "classes");
    for (size_t i = 0; i < BW_PRICE_CLASSES; i++) {
        const struct bw_price_class *c = &bw_price_classes[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "id", c->id);
        bw_jw_kstr(w, "words", c->words);
        bw_jw_ki64(w, "from_bps", c->from_bps);
        if (c->below_bps != INT64_MAX) {
            bw_jw_ki64(w, "below_bps", c->below_bps);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

void bw_prices_json(const struct bw_prices *p,
                    const struct bw_price_ask *ask,
                    const struct bw_price_seen *seen,
                    bool lines,
                    struct bw_buf *out)
{
    struct bw_jw w;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_METHOD_LINE_PRICE);
    bw_jw_kstr(&w, "spread_method", BW_METHOD_PRICE_SPREAD);
    bw_jw_kstr(&w, "currency", "USD");
    json_asked(ask, seen, &w);
    bw_jw_ki64(&w, "n", (int64_t)seen->n);
    bw_jw_ki64(&w, "n_without_price", (int64_t)seen->n_apart);
    bw_jw_kobj(&w, "without_price");
    for (int i = BW_PRICE_KNOWN + 1; i < BW_PRICE_WHYS; i++) {
        bw_jw_ki64(&w, bw_price_why_name((enum bw_price_why)i), seen->n_why[i]);
    }
    bw_jw_obj_end(&w);
    bw_jw_ki64(&w, "unread_claims", p->n_unread);
    json_groups(p, seen, "by_class", BW_PRICE_BY_SPEED, &w);
    json_groups(p, seen, "groups",
                BW_PRICE_BY_REGION | BW_PRICE_BY_PROVIDER | BW_PRICE_BY_SPEED, &w);
    if (lines) {
        bw_jw_karr(&w, "lines");
        for (size_t i = 0; i < seen->n; i++) {
            json_line(p, &p->rows[seen->rows[i]], &w);
        }
        for (size_t i = 0; i < seen->n_apart; i++) {
            json_line(p, &p->rows[seen->apart[i]], &w);
        }
        bw_jw_arr_end(&w);
    }
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
}

/* ---- CSV --------------------------------------------------------------------------- */

static void cell(struct bw_buf *b, const char *text)
{
    bw_buf_putc(b, ',');
    bw_text_csv(b, text ? text : "");
}

static void cell_i64(struct bw_buf *b, int64_t v)
{
    bw_buf_putc(b, ',');
    if (v != BW_UNKNOWN) {
        bw_buf_i64(b, v);
    }
}

static void cell_decimal(struct bw_buf *b, const struct bw_decimal *d)
{
    char text[BW_DECIMAL_TEXT_MAX + 1];

    bw_decimal_text(d, 0, text);
    bw_buf_printf(b, ",%s", text);
}

static void cell_price(struct bw_buf *b, int64_t udollars)
{
    char text[BW_PRICE_TEXT_MAX] = "";

    if (udollars != BW_UNKNOWN) {
        bw_price_exact(udollars, text);
    }
    bw_buf_printf(b, ",%s", text);
}

static void
csv_line(const struct bw_prices *p, const struct bw_price_row *r, struct bw_buf *b)
{
    const struct bw_price_payer *payer = &p->payers[r->payer];
    bool first = true;

    bw_text_csv(b, r->about);
    cell_i64(b, r->year);
    cell(b, payer->number);
    cell(b, payer->name);
    cell(b, payer->entity);
    cell(b, id_of(p->regions, payer->region));
    cell(b, name_of(p->regions, payer->region));
    cell(b, id_of(p->providers, r->provider));
    cell(b, name_of(p->providers, r->provider));
    cell(b, bw_price_role_name(r->role));
    cell(b, bw_price_layer_name(r->layer));
    cell(b, class_id(r->speed));
    cell_i64(b, r->bps[BW_DOWN]);
    cell_i64(b, r->bps[BW_UP]);
    cell_decimal(b, &r->cost);
    cell_price(b, r->price_udollars);
    cell_i64(b, r->lines);
    cell_i64(b, r->circuits);
    cell_decimal(b, &r->one_off);
    bw_buf_putc(b, ',');
    for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
        if (r->marks & (1U << bit)) {
            bw_buf_printf(b, "%s%s", first ? "" : " ", bw_price_mark_name(bit));
            first = false;
        }
    }
    bw_buf_printf(b, ",%s,%s,%s\r\n", bw_price_why_name((enum bw_price_why)r->why),
                  r->open ? "yes" : "no", BW_METHOD_LINE_PRICE);
}

void bw_prices_csv_lines(const struct bw_prices *p,
                         const struct bw_price_seen *seen,
                         struct bw_buf *b)
{
    bw_buf_puts(b, "claim,year,payer,payer_name,entity,region,region_name,provider,"
                   "provider_name,role,layer,class,down_bps,up_bps,usd_a_month,"
                   "usd_a_month_and_mbps,lines,circuits_bound,one_time_usd,marks,"
                   "without_price,open_data,method\r\n");
    for (size_t i = 0; i < seen->n; i++) {
        csv_line(p, &p->rows[seen->rows[i]], b);
    }
    for (size_t i = 0; i < seen->n_apart; i++) {
        csv_line(p, &p->rows[seen->apart[i]], b);
    }
}

int bw_prices_csv_groups(const struct bw_prices *p,
                         const struct bw_price_ask *ask,
                         const struct bw_price_seen *seen,
                         struct bw_buf *b)
{
    struct bw_price_group *g = NULL;
    size_t n = 0;
    int r = bw_prices_group(
        p, seen, BW_PRICE_BY_REGION | BW_PRICE_BY_PROVIDER | BW_PRICE_BY_SPEED, &g, &n);

    bw_buf_puts(b, "year,role,region,region_name,provider,provider_name,class,layer,n,"
                   "min_usd_a_month_and_mbps,q1,median,q3,max");
    for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
        bw_buf_printf(b, ",%s", bw_price_mark_name(bit));
    }
    bw_buf_puts(b, ",not_open_data,method\r\n");
    for (size_t i = 0; r == 0 && i < n; i++) {
        bw_buf_i64(b, seen->year);
        cell(b, bw_price_role_name(ask->role));
        cell(b, id_of(p->regions, g[i].region));
        cell(b, name_of(p->regions, g[i].region));
        cell(b, id_of(p->providers, g[i].provider));
        cell(b, name_of(p->providers, g[i].provider));
        cell(b, class_id(g[i].speed));
        cell(b, bw_price_layer_name(g[i].layer));
        cell_i64(b, g[i].s.n);
        cell_price(b, g[i].s.min);
        cell_price(b, g[i].s.q1);
        cell_price(b, g[i].s.median);
        cell_price(b, g[i].s.q3);
        cell_price(b, g[i].s.max);
        for (unsigned bit = 0; bit < BW_PRICE_MARKS; bit++) {
            cell_i64(b, g[i].n_marked[bit]);
        }
        cell_i64(b, g[i].n_private);
        bw_buf_puts(b, "," BW_METHOD_PRICE_SPREAD "\r\n");
    }
    free(g);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * changed_fleet.c - the fleet by region, and the collector's own health. */
#include "changed_parts.h"
#include <page_parts.h>

#include <buf.h>
#include <servers.h>
#include <stdlib.h>
#include <text.h>

enum {
    REGIONS = 60
};

/* ---- the fleet by region
 * ----------------------------------------------------------------- */

struct tally {
    size_t sites, fresh, silent, never, circuits, below, full, clock, at_risk;
};

static struct tally tally(const struct bw_room *r, const struct bw_room_entity *e)
{
    struct tally t = {.sites = 0};

    for (uint32_t i = e ? e->first_site : 0; i < (e ? e->end_site : r->n_sites); i++) {
        const struct bw_room_site *s = &r->sites[i];
        if (s->freshness == BW_RETIRED) {
            continue;
        }
        t.sites++;
        t.fresh += s->freshness == BW_FRESH;
        t.silent += s->freshness == BW_SILENT;
        t.never += s->freshness == BW_NEVER;
        t.clock += bw_room_spell_on(&s->spell[BW_ROOM_CLOCK]);
        for (uint32_t k = s->first_circuit; k < s->end_circuit; k++) {
            const struct bw_room_circuit *c = &r->circuits[k];
            t.circuits++;
            t.below += bw_room_spell_on(bw_room_circuit_spell(r, c, BW_ROOM_BELOW));
            t.full += bw_room_spell_on(bw_room_circuit_spell(r, c, BW_ROOM_FULL));
            t.at_risk += c->risk.rule != NULL;
        }
    }
    return t;
}

static void write_tally(struct bw_buf *b, const char *name, const struct tally *t)
{
    const size_t n[] = {t->sites, t->fresh, t->silent, t->never,  t->circuits,
                        t->below, t->full,  t->clock,  t->at_risk};

    bw_buf_puts(b, "<tr><th scope=\"row\">");
    bw_page_name(b, name);
    bw_buf_puts(b, "</th>");
    for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
        bw_buf_puts(b, "<td class=\"n\">");
        bw_page_count(b, (int64_t)n[i]);
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
}

/* Regions; where the state has none, what stands right below it. */
static bool
is_region(const struct bw_room *r, const struct bw_room_entity *e, bool any_region)
{
    bool below_state =
        e->parent != BW_ROOM_NONE && r->entities[e->parent].kind == BW_ENTITY_STATE;
    bool top = e->parent == BW_ROOM_NONE && e->kind != BW_ENTITY_STATE;

    return any_region ? e->kind == BW_ENTITY_REGION : below_state || top;
}

static void table_begin(const struct bw_changed *p)
{
    bw_page_table_begin(
        p->b, "The fleet by region",
        "<th scope=\"col\">Where</th><th scope=\"col\" class=\"n\">Sites</th>"
        "<th scope=\"col\" class=\"n\">Fresh</th><th scope=\"col\" class=\"n\">Silent</th>"
        "<th scope=\"col\" class=\"n\">Never seen</th>"
        "<th scope=\"col\" class=\"n\">Circuits</th><th scope=\"col\" "
        "class=\"n\">Below</th>"
        "<th scope=\"col\" class=\"n\">Full</th><th scope=\"col\" class=\"n\">Clock</th>"
        "<th scope=\"col\" class=\"n\">At risk</th>");
}

/* Of who sees a part of the state: that part. */
static void write_own(const struct bw_changed *p)
{
    bw_buf_puts(p->b,
                "<h2 id=\"fleet\">Your fleet</h2><p class=\"soft small\">As it is now. "
                "Below, full and at risk count circuits, the others sites.</p>");
    table_begin(p);
    for (size_t i = 0; i < p->scope.n; i++) {
        const struct bw_room_entity *e = &p->r->entities[p->scope.entities[i]];
        struct tally t = tally(p->r, e);
        write_tally(p->b, e->name, &t);
    }
    bw_page_table_end(p->b);
}

void bw_changed_fleet(const struct bw_changed *p)
{
    const struct bw_room *r = p->r;
    if (!p->scope.all) {
        write_own(p);
        return;
    }
    struct tally all = tally(r, NULL);
    bool any_region = false;
    size_t shown = 0;
    size_t left = 0;

    for (size_t i = 0; i < r->n_entities; i++) {
        any_region |= r->entities[i].kind == BW_ENTITY_REGION;
    }
    bw_buf_printf(
        p->b,
        "<h2 id=\"fleet\">The fleet by %s</h2><p class=\"soft small\">As it is now. "
        "Below, full and at risk count circuits, the others sites.</p>",
        any_region ? "region" : "district");
    table_begin(p);
    write_tally(p->b, "All", &all);
    for (size_t i = 0; i < r->n_entities; i++) {
        const struct bw_room_entity *e = &r->entities[i];
        if (!is_region(r, e, any_region)) {
            continue;
        }
        if (shown++ < REGIONS) {
            struct tally t = tally(r, e);
            write_tally(p->b, e->name, &t);
        } else {
            left++;
        }
    }
    bw_page_table_end(p->b);
    if (left > 0) {
        bw_buf_printf(p->b,
                      "<p class=\"soft small\">%zu more are in the <a href=\"/sites\">list "
                      "of sites</a>.</p>",
                      left);
    }
}

/* ---- the collector
 * ----------------------------------------------------------------------- */

static void health_row(struct bw_buf *b, const char *words)
{
    bw_buf_printf(b, "<tr><th scope=\"row\">%s</th><td>", words);
}

static void ago_or(const struct bw_changed *p, int64_t unix_s, const char *unknown)
{
    if (unix_s == BW_UNKNOWN) {
        bw_buf_puts(p->b, unknown);
    } else {
        bw_page_time(p->b, unix_s);
        bw_buf_puts(p->b, ", ");
        bw_page_ago(p->b, unix_s, p->now_unix_s);
    }
    bw_buf_puts(p->b, "</td></tr>\n");
}

static void write_disk(struct bw_buf *b, const struct bw_room_health *h)
{
    health_row(b, "Disk");
    if (h->disk_free_bytes == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_bytes(b, h->disk_free_bytes);
        bw_buf_puts(b, " free, ");
        if (h->disk_days_left == BW_UNKNOWN) {
            bw_buf_puts(b, "days left not known before it was watched for a day");
        } else if (h->disk_days_left >= 3650) {
            bw_buf_puts(b, "ten years or more at the rate of the last days");
        } else {
            bw_page_count(b, h->disk_days_left);
            bw_buf_puts(b, " days left at the rate of the last days");
        }
    }
    bw_buf_puts(b, "</td></tr>\n");
}

/* Hours at fault whose runs still count in reports. */
static void write_servers(const struct bw_changed *p)
{
    struct bw_buf *b = p->b;
    size_t n_faults = 0;
    int64_t n_runs = 0;

    for (size_t i = 0; i < p->r->n_servers; i++) {
        struct bw_server_fault *list = NULL;
        size_t n = 0;
        if (bw_server_faults(p->r, &p->r->servers[i], &list, &n) == 0) {
            n_faults += n;
            for (size_t k = 0; k < n; k++) {
                n_runs += list[k].n_good;
            }
        }
        free(list);
    }
    health_row(b, "Measurement servers");
    if (p->r->n_servers == 0) {
        bw_buf_puts(b, "no box tested within seven days");
    } else if (n_faults == 0) {
        bw_buf_puts(b, "none was at fault within seven days, as far as others tell");
    } else {
        bw_buf_printf(b, "<a href=\"/servers#faults\">at fault %s within seven days</a>: ",
                      n_faults == 1 ? "once" : "more than once");
        bw_page_count(b, n_runs);
        bw_buf_printf(b, " %s in reports until an erratum sets %s apart",
                      n_runs == 1 ? "run counts" : "runs count",
                      n_runs == 1 ? "it" : "them");
    }
    bw_buf_puts(b, "</td></tr>\n");
}

void bw_changed_health(const struct bw_changed *p)
{
    const struct bw_room_health *h = &p->r->health;
    struct bw_buf *b = p->b;

    if (!p->scope.all) { /* it is the state's */
        return;
    }
    bw_buf_puts(b, "<h2 id=\"collector\">The collector itself</h2>");
    bw_page_table_begin(b, "The collector itself",
                        "<th scope=\"col\">What</th><th scope=\"col\">Now</th>");
    health_row(b, "Newest record came");
    if (h->ingest_lag_s == BW_UNKNOWN) {
        bw_buf_puts(b, "none yet");
    } else {
        bw_page_span(b, h->ingest_lag_s);
        bw_buf_puts(b, " before this page's figures were made");
    }
    bw_buf_puts(b, "</td></tr>\n");
    write_disk(b, h);
    health_row(b, "Last verified backup");
    ago_or(p, h->backup_unix_s, "not known: nobody says that one was verified");
    health_row(b, "Newest checkpoint of the log");
    ago_or(p, h->checkpoint_unix_s, "none yet");
    health_row(b, "Last witness");
    ago_or(p, h->witness_unix_s,
           h->n_witnesses > 0 ? "none of those asked signed a checkpoint of late"
                              : "not witnessed: no witness is asked");
    write_servers(p);
    health_row(b, "Certificate");
    if (h->n_certificates == 0) {
        bw_buf_puts(b, "none of its own: what stands before it has one, or nothing does");
    } else if (h->certificate_days == BW_UNKNOWN) {
        bw_buf_puts(b, "could not be read");
    } else if (h->certificate_days < 0) {
        bw_buf_puts(b, "over");
    } else {
        bw_page_count(b, h->certificate_days);
        bw_buf_puts(b, " days left");
    }
    bw_buf_puts(b, "</td></tr>\n");
    health_row(b, "Days folded");
    if (p->r->days_to_fill == 0) {
        bw_buf_puts(b, "all of the past year");
    } else {
        bw_page_count(b, p->r->days_to_fill);
        bw_buf_puts(b, " of the past year are still to be made");
    }
    bw_buf_puts(b, "</td></tr>\n");
    bw_page_table_end(b);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet_lines.c - the fleet's page in parts: the funnel as a picture with the table behind
 * it, reasons with who has to act, programs, sites. */
#include "fleet_parts.h"

#include <page_entity.h>
#include <page_parts.h>
#include <plural.h>
#include <string.h>
#include <text.h>

void bw_fleet_url(struct bw_fleet_job *j, int stage, int why, size_t page)
{
    struct bw_buf *b = &j->out;
    const char *before = "?";

    bw_buf_puts(b, "/fleet");
    if (stage >= 0) {
        bw_buf_printf(b, "%sstage=%s", before,
                      bw_fleet_stage_name((enum bw_fleet_stage)stage));
        before = "&amp;";
    }
    if (why >= 0) {
        bw_buf_printf(b, "%swhy=%s", before, bw_fleet_why_name((enum bw_fleet_why)why));
        before = "&amp;";
    }
    if (j->below != BW_ROOM_NONE) {
        bw_buf_printf(b, "%sbelow=", before);
        bw_text_url(b, j->r->entities[j->below].id);
        before = "&amp;";
    }
    if (page > 1) {
        bw_buf_printf(b, "%spage=%zu", before, page);
    }
}

/* ---- the funnel -------------------------------------------------------------------------
 */

enum {
    ROW = 27, /* of the picture, in its own units */
    BAR = 19,
    LABEL = 104,
    WIDTH = 200,
    RIGHT = 52
};

static void picture(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    int64_t all = j->f.reached[BW_FLEET_PLANNED];

    bw_buf_printf(b,
                  "<figure><svg class=\"funnel\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-label=\"The funnel: how many sites reached each stage; the table "
                  "below has the numbers\">",
                  LABEL + WIDTH + RIGHT, BW_FLEET_STAGES * ROW);
    for (int s = 0; s < BW_FLEET_STAGES; s++) {
        int64_t reached = j->f.reached[s];
        int64_t on = s + 1 < BW_FLEET_STAGES ? j->f.reached[s + 1] : reached;
        int wide = all > 0 ? (int)(reached * WIDTH / all) : 0;
        int through = all > 0 ? (int)(on * WIDTH / all) : 0;
        int y = s * ROW;
        wide = reached > 0 && wide < 1 ? 1 : wide;
        bw_buf_printf(b,
                      "<text x=\"0\" y=\"%d\">%s</text>"
                      "<rect class=\"stuck\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                      "<text x=\"%d\" y=\"%d\">",
                      y + 14, bw_fleet_stage_words((enum bw_fleet_stage)s), LABEL, y, wide,
                      BAR, LABEL, y, through, BAR, LABEL + wide + 6, y + 14);
        bw_page_count(b, reached);
        bw_buf_puts(b, "</text>");
    }
    bw_buf_puts(b, "</svg><figcaption>Full: went on to the next stage. Light: stands here. "
                   "The last stage is the end.</figcaption></figure>");
}

static void count_link(struct bw_fleet_job *j, int stage, int why, int64_t n)
{
    struct bw_buf *b = &j->out;

    if (n == 0) {
        bw_buf_puts(b, "0");
        return;
    }
    bw_buf_puts(b, "<a href=\"");
    bw_fleet_url(j, stage, why, 0);
    bw_buf_puts(b, "\">");
    bw_page_count(b, n);
    bw_buf_puts(b, "</a>");
}

void bw_fleet_funnel(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;

    picture(j);
    bw_page_table_begin(b, "The funnel",
                        "<th scope=\"col\">Stage</th><th scope=\"col\" class=\"n\">Reached"
                        "</th><th scope=\"col\" class=\"n\">Stand here</th>"
                        "<th scope=\"col\">What it takes</th>");
    for (int s = 0; s < BW_FLEET_STAGES; s++) {
        bw_buf_printf(b, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
                      bw_fleet_stage_words((enum bw_fleet_stage)s));
        bw_page_count(b, j->f.reached[s]);
        bw_buf_puts(b, "</td><td class=\"n\">");
        count_link(j, s, -1, j->f.at[s]);
        bw_buf_printf(b, "</td><td class=\"small\">%s</td></tr>\n",
                      bw_fleet_stage_takes((enum bw_fleet_stage)s));
    }
    bw_page_table_end(b);
    if (j->f.n_retired > 0) {
        bw_buf_puts(b, "<p class=\"soft small\">Retired, and not counted: ");
        bw_page_count(b, j->f.n_retired);
        bw_buf_puts(b, ".</p>");
    }
}

/* ---- reasons ----------------------------------------------------------------------------
 */

void bw_fleet_reasons(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    int64_t n = (int64_t)j->f.n - j->f.stuck[BW_FLEET_NOTHING];

    bw_buf_puts(b, "<h2 id=\"reasons\">Why they came no further: ");
    bw_page_count(b, n);
    bw_buf_puts(b, "</h2>");
    if (n == 0) {
        bw_buf_puts(b, "<p>Every site has enough data.</p>");
        return;
    }
    bw_page_table_begin(b, "Why they came no further",
                        "<th scope=\"col\">Stand at</th><th scope=\"col\">Because</th>"
                        "<th scope=\"col\" class=\"n\">Sites</th>"
                        "<th scope=\"col\">Who acts</th><th scope=\"col\">What to do</th>");
    for (int s = 0; s < BW_FLEET_STAGES; s++) {
        for (int w = BW_FLEET_NOTHING + 1; w < BW_FLEET_WHYS; w++) {
            enum bw_fleet_why why = (enum bw_fleet_why)w;
            if (j->f.by[s][w] == 0) {
                continue;
            }
            bw_buf_printf(b, "<tr><td>%s</td><th scope=\"row\">%s</th><td class=\"n\">",
                          bw_fleet_stage_words((enum bw_fleet_stage)s),
                          bw_fleet_why_words(why));
            count_link(j, s, w, j->f.by[s][w]);
            bw_buf_printf(b, "</td><td>%s</td><td class=\"small\">%s</td></tr>\n",
                          bw_fleet_who_words(bw_fleet_why_who(why)),
                          bw_fleet_why_next(why));
        }
    }
    bw_page_table_end(b);
}

/* ---- programs ---------------------------------------------------------------------------
 */

void bw_fleet_programs(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;

    if (j->n_agents == 0) {
        return;
    }
    bw_buf_puts(b, "<h2 id=\"versions\">Versions</h2>");
    bw_page_table_begin(b, "Versions of the program, as the newest records say",
                        "<th scope=\"col\">Program</th><th scope=\"col\" class=\"n\">Boxes"
                        "</th><th scope=\"col\" class=\"n\">Of them silent</th>");
    for (size_t i = 0; i < j->n_agents; i++) {
        bw_buf_puts(b, "<tr><th scope=\"row\" class=\"mono\">");
        bw_page_name(b, j->agents[i].agent);
        bw_buf_puts(b, "</th><td class=\"n\">");
        bw_page_count(b, j->agents[i].n);
        bw_buf_puts(b, "</td><td class=\"n\">");
        bw_page_count(b, j->agents[i].n_silent);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
}

/* ---- clones and keys --------------------------------------------------------------------
 */

enum {
    CLONES = 50
};

/* Retired, and records of it came within the last four weeks. */
static bool is_heard_retired(const struct bw_fleet_job *j, const struct bw_room_site *s)
{
    return s->state == BW_SITE_RETIRED && s->last_received_unix_ms != BW_UNKNOWN &&
           s->last_received_unix_ms > j->r->made_unix_ms - INT64_C(28) * 86400000;
}

static bool is_cloned(const struct bw_fleet_job *j, uint32_t site)
{
    const struct bw_room_site *s = &j->r->sites[site];
    const struct bw_room_entity *e =
        j->below == BW_ROOM_NONE ? NULL : &j->r->entities[j->below];

    return (s->n_forks > 0 || is_heard_retired(j, s)) &&
           bw_page_scope_site(&j->scope, site) &&
           (!e || (site >= e->first_site && site < e->end_site));
}

static void write_clone(struct bw_fleet_job *j, const struct bw_room_site *s)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</a><div class=\"id mono\">");
    bw_text_html(b, s->id);
    bw_buf_printf(b, "</div></th><td>%s</td><td>",
                  s->n_forks > 0 ? "two chains of one key: perhaps two boxes of one disk"
                                 : "retired, and records of it still come");
    if (s->spell[BW_ROOM_CLONED].since_unix_s != BW_UNKNOWN) {
        bw_page_time(b, s->spell[BW_ROOM_CLONED].since_unix_s);
    }
    bw_buf_printf(b, "</td><td class=\"n\">%d</td><td class=\"n\">%d</td><td>",
                  (int)s->n_forks, (int)s->n_keys);
    if (j->admin) {
        bw_buf_puts(b, "<a href=\"/fleet/keys/");
        bw_text_url(b, s->id);
        bw_buf_puts(b, "\">Its keys</a>");
    } else {
        bw_buf_puts(b, "the state&#39;s administrators");
    }
    bw_buf_puts(b, "</td></tr>\n");
}

void bw_fleet_clones(struct bw_fleet_job *j)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    bw_buf_puts(b, "<h2 id=\"clones\">Clones, and keys to revoke</h2>");
    for (uint32_t i = 0; i < j->r->n_sites; i++) {
        if (!is_cloned(j, i) || n++ >= CLONES) {
            continue;
        }
        if (n == 1) {
            bw_page_table_begin(
                b, "Clones, and keys to revoke",
                "<th scope=\"col\">Site</th><th scope=\"col\">What</th><th scope=\"col\">"
                "Newest (UTC)</th><th scope=\"col\" class=\"n\">Second records</th>"
                "<th scope=\"col\" class=\"n\">Keys in force</th><th scope=\"col\">Who "
                "acts</th>");
        }
        write_clone(j, &j->r->sites[i]);
    }
    if (n == 0) {
        bw_buf_puts(b,
                    "<p>None: no key signed two chains, and no retired site is heard.</p>");
        return;
    }
    bw_page_table_end(b);
    if (n > CLONES) {
        bw_buf_printf(b, "<p class=\"soft small\">%zu more.</p>", n - CLONES);
    }
}

/* ---- sites ------------------------------------------------------------------------------
 */

bool bw_fleet_listed(const struct bw_fleet_job *j, const struct bw_fleet_row *x)
{
    return (!j->has_stage || x->stage == j->stage) && (!j->has_why || x->why == j->why);
}

static void write_why(struct bw_fleet_job *j, const struct bw_fleet_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, bw_fleet_why_words(x->why));
    bw_buf_puts(b, "<div class=\"id\">");
    if (x->circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &j->r->circuits[x->circuit];
        bw_buf_puts(b, "circuit ");
        bw_text_html(b, c->name);
        if (x->why == BW_FLEET_AT_RISK && c->risk.rule) {
            bw_buf_puts(b, ", ");
            bw_text_html(b, c->risk.rule);
            bw_buf_puts(b, ": ");
            bw_text_html(b, c->risk.words);
        }
    }
    if (x->n_unmatched > 0 && x->n_circuits > x->n_unmatched) {
        bw_buf_printf(b, "; %d of %d circuits without a claim", (int)x->n_unmatched,
                      (int)x->n_circuits);
    }
    bw_buf_puts(b, "</div>");
}

void bw_fleet_sites(struct bw_fleet_job *j, size_t from, size_t to)
{
    struct bw_buf *b = &j->out;
    size_t k = 0;

    bw_page_table_begin(
        b, "Sites",
        "<th scope=\"col\">Site</th><th scope=\"col\">Stands at</th>"
        "<th scope=\"col\">Because</th><th scope=\"col\">Since (UTC)</th>"
        "<th scope=\"col\">Until (UTC)</th><th scope=\"col\">Who acts</th>");
    for (size_t i = 0; i < j->f.n && k < to; i++) {
        const struct bw_fleet_row *x = &j->f.rows[i];
        const struct bw_room_site *s = &j->r->sites[x->site];
        if (!bw_fleet_listed(j, x) || k++ < from) {
            continue;
        }
        bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"/sites/");
        bw_text_url(b, s->id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, s->name[0] ? s->name : s->id);
        bw_buf_puts(b, "</a><div class=\"id mono\">");
        bw_text_html(b, s->id);
        bw_buf_puts(b, "</div>");
        if (s->entity != BW_ROOM_NONE) {
            bw_buf_puts(b, "<div class=\"id\">");
            bw_page_entity_link(b, &j->scope, s->entity);
            bw_buf_puts(b, "</div>");
        }
        bw_buf_printf(b, "</th><td>%s</td><td>", bw_fleet_stage_words(x->stage));
        write_why(j, x);
        bw_buf_puts(b, "</td><td>");
        if (x->since_unix_s != BW_UNKNOWN) {
            bw_page_time(b, x->since_unix_s);
        }
        bw_buf_puts(b, "</td><td>");
        if (x->until_unix_s != BW_UNKNOWN) {
            bw_page_time(b, x->until_unix_s);
        }
        bw_buf_printf(b, "</td><td>%s</td></tr>\n",
                      bw_fleet_who_words(bw_fleet_why_who(x->why)));
    }
    bw_page_table_end(b);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * queue_lines.c - rows of the support queue, one opened, and by what it is weighed. */
#include "queue_parts.h"
#include <page_parts.h>

#include <plural.h>
#include <text.h>
#include <words.h>

static const struct {
    const char *title;
    const char *says; /* what its value is */
    const char *from; /* of what it is made */
} words[BW_QUEUE_PARTS] = {
    [BW_QUEUE_FULL] =
        {"Class hours full",
         "Share of the class hours in which the line carried 90 % of its claim or more "
         "(day-bins/1), of the line and direction with the largest; at least ten class "
         "hours must tell.",
         "s full / s that tell"},
    [BW_QUEUE_STUDENTS] =
        {"Claimed for each student",
         "Download claimed now, divided by the students on file. Of several lines the "
         "largest is taken where it is enough alone; else it is not known, for no file "
         "says which of them are used together.",
         "bit/s / students"},
    [BW_QUEUE_OUTAGE] =
        {"Out in class hours",
         "Outages within class hours (outage-union/1), planned ones too, of the line with "
         "most; the line must have been watched for half of the 28 days.",
         "s out / places"},
    [BW_QUEUE_LATENCY] =
        {"Round trip while full",
         "Median of the P95s of the round trip beside tests that filled the line "
         "(loaded-rtt/1), of the line and direction with the longest.",
         "µs / places"},
};

const char *bw_queue_row_id(const struct bw_room *r, const struct bw_queue_row *x)
{
    return x->entity != BW_ROOM_NONE ? r->entities[x->entity].id : r->sites[x->site].id;
}

/* A value for people; the exact one is in the opened row. */
static void write_value(struct bw_buf *b, enum bw_queue_part p, int64_t v)
{
    switch (p) {
    case BW_QUEUE_FULL:
        bw_buf_printf(b, "%lld.%lld&nbsp;%%", (long long)(v / 10000),
                      (long long)(v % 10000 / 1000));
        break;
    case BW_QUEUE_STUDENTS:
        bw_page_rate(b, v);
        break;
    case BW_QUEUE_OUTAGE:
        bw_page_span(b, v);
        break;
    case BW_QUEUE_LATENCY:
    case BW_QUEUE_PARTS:
    default:
        bw_page_ms(b, v);
        break;
    }
}

/* 5250 of 10,000 as "52.50" of 100 */
static void write_score(struct bw_buf *b, int64_t score)
{
    bw_buf_printf(b, "%lld.%02lld", (long long)(score / 100), (long long)(score % 100));
}

static void write_whose(struct bw_queue_job *j, const struct bw_queue_row *x)
{
    struct bw_buf *b = &j->out;
    const struct bw_room *r = j->r;
    uint32_t e = x->entity != BW_ROOM_NONE ? r->entities[x->entity].parent
                                           : r->sites[x->site].entity;
    const char *before = "<div class=\"id\">";

    for (; e != BW_ROOM_NONE && r->entities[e].kind != BW_ENTITY_STATE;
         e = r->entities[e].parent) {
        bw_buf_puts(b, before);
        bw_page_name(b, r->entities[e].name);
        before = ", ";
    }
    if (before[0] == ',') {
        bw_buf_puts(b, "</div>");
    }
}

/* Its name, with where it leads: a school's to its first box, a district's to its schools.
 */
static void write_name(struct bw_queue_job *j, const struct bw_queue_row *x)
{
    struct bw_buf *b = &j->out;
    bool leads = x->district || x->site != BW_ROOM_NONE;

    if (leads) {
        bw_buf_puts(b, x->district ? "<a href=\"/queue?below=" : "<a href=\"/sites/");
        bw_text_url(b,
                    x->district ? j->r->entities[x->entity].id : j->r->sites[x->site].id);
        bw_buf_puts(b, "\">");
    }
    bw_page_name(b, bw_queue_row_name(j->r, x));
    bw_buf_puts(b, leads ? "</a>" : "");
    if (x->small) {
        bw_buf_puts(b, " <span class=\"state never\">small</span>");
    }
    if (bw_queue_row_rural(x) == 1) {
        bw_buf_puts(b, " <span class=\"state never\">rural</span>");
    }
    write_whose(j, x);
}

static void write_open_url(struct bw_queue_job *j, const struct bw_queue_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b, "/queue?%sopen=", x->district ? "of=districts&amp;" : "");
    bw_text_url(b, bw_queue_row_id(j->r, x));
}

static void
write_part(struct bw_queue_job *j, const struct bw_queue_row *x, enum bw_queue_part p)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_value *v = &x->part[p];

    bw_buf_puts(b, "<td class=\"n\">");
    if (v->why != BW_QUEUE_KNOWN) {
        bw_buf_printf(b, "not known<div class=\"id\">%s</div></td>",
                      bw_queue_why_words(v->why));
        return;
    }
    write_value(b, p, v->value);
    bw_buf_printf(b, "<div class=\"id\">%lld × %lld = ", (long long)v->points,
                  (long long)j->said.weights.part[p].weight);
    bw_page_count(b, v->weighted);
    if (v->n_known < v->n_places) {
        bw_buf_printf(b, ", of %d of %d", (int)v->n_known, (int)v->n_places);
    }
    bw_buf_puts(b, "</div></td>");
}

void bw_queue_lines(struct bw_queue_job *j, size_t from, size_t to)
{
    struct bw_buf *b = &j->out;

    for (size_t i = from; i < to; i++) {
        const struct bw_queue_row *x = &j->q.rows[i];
        bw_buf_printf(b, "<tr><td class=\"n\">%zu</td><td>", i + 1);
        write_name(j, x);
        bw_buf_puts(b, "</td><td class=\"n\"><a href=\"");
        write_open_url(j, x);
        bw_buf_puts(b, "\">");
        write_score(b, x->score);
        bw_buf_puts(b, "</a>");
        if (x->known_weight < BW_QUEUE_WEIGHT_SUM) {
            bw_buf_puts(b, "<div class=\"id\">up to ");
            write_score(b, bw_queue_score_most(x));
            bw_buf_puts(b, "</div>");
        }
        bw_buf_puts(b, "</td>");
        for (int p = 0; p < BW_QUEUE_PARTS; p++) {
            write_part(j, x, (enum bw_queue_part)p);
        }
        bw_buf_puts(b, "</tr>\n");
    }
}

/* "known parts weigh 30 of 100; Class hours full: no box stands there; …" */
static void write_lack(struct bw_queue_job *j, const struct bw_queue_row *x)
{
    struct bw_buf *b = &j->out;
    bool one = true; /* all for one reason */

    for (int p = 1; p < BW_QUEUE_PARTS; p++) {
        one &= x->part[p].why == x->part[0].why;
    }
    bw_buf_puts(b, "<a href=\"");
    write_open_url(j, x);
    bw_buf_printf(b, "\">known parts weigh %lld of 100</a><div class=\"id\">",
                  (long long)x->known_weight);
    for (int p = 0, n = 0; p < BW_QUEUE_PARTS; p++) {
        if (one || x->part[p].why == BW_QUEUE_KNOWN) {
            continue;
        }
        bw_buf_printf(b, "%s%s: %s", n++ > 0 ? "; " : "", words[p].title,
                      bw_queue_why_words(x->part[p].why));
    }
    bw_buf_puts(b, one ? bw_queue_why_words(x->part[0].why) : "");
    bw_buf_puts(b, "</div>");
}

void bw_queue_apart_lines(struct bw_queue_job *j, size_t from, size_t to)
{
    struct bw_buf *b = &j->out;

    for (size_t i = from; i < to; i++) {
        bw_buf_puts(b, "<tr><td>");
        write_name(j, &j->q.rows[i]);
        bw_buf_puts(b, "</td><td>");
        write_lack(j, &j->q.rows[i]);
        bw_buf_puts(b, "</td></tr>\n");
    }
}

/* ---- one, opened ------------------------------------------------------------------------
 */

static void write_number(struct bw_buf *b, int64_t v)
{
    bw_page_count(b, v);
}

static void
write_made_of(struct bw_queue_job *j, const struct bw_queue_row *x, enum bw_queue_part p)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_value *v = &x->part[p];

    if (v->why != BW_QUEUE_KNOWN) {
        bw_buf_puts(b, bw_queue_why_words(v->why));
    } else {
        write_number(b, v->num);
        bw_buf_puts(b, " / ");
        write_number(b, v->den);
        bw_buf_printf(b, " <span class=\"soft\">(%s)</span>", words[p].from);
    }
    bw_buf_puts(b, "<div class=\"id\">");
    if (x->district) {
        bw_buf_printf(b, "known at %d of %d %s", (int)v->n_known, (int)v->n_places,
                      bw_plural(v->n_places, "place", "places"));
    } else if (v->circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &j->r->circuits[v->circuit];
        bw_buf_puts(b, "circuit <a href=\"/circuits/");
        bw_text_url(b, j->r->sites[c->site].id);
        bw_buf_putc(b, '.');
        bw_text_url(b, c->name);
        bw_buf_puts(b, "\">");
        bw_text_html(b, j->r->sites[c->site].id);
        bw_buf_putc(b, '.');
        bw_text_html(b, c->name);
        bw_buf_puts(b, "</a>");
        if (p == BW_QUEUE_STUDENTS) {
            bw_buf_printf(b, ", at %s",
                          c->claim.layer == BW_LAYER_UNKNOWN
                              ? "no layer that the claim names"
                              : bw_words_layer(c->claim.layer));
        }
    }
    bw_buf_puts(b, "</div>");
}

static void
write_points(struct bw_queue_job *j, const struct bw_queue_value *v, enum bw_queue_part p)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_rule *rule = &j->said.weights.part[p];

    if (v->why != BW_QUEUE_KNOWN) {
        bw_buf_puts(b, "none: not known");
        return;
    }
    if (v->points == 0 || v->points == 100) {
        bw_buf_puts(b, v->points == 0 ? "at the target or within a hundredth: "
                                      : "at the limit or beyond: ");
    } else {
        bw_buf_puts(b, "100 × (");
        write_number(b, rule->limit > rule->target ? v->value : rule->target);
        bw_buf_puts(b, " − ");
        write_number(b, rule->limit > rule->target ? rule->target : v->value);
        bw_buf_puts(b, ") / (");
        write_number(b, rule->limit > rule->target ? rule->limit : rule->target);
        bw_buf_puts(b, " − ");
        write_number(b, rule->limit > rule->target ? rule->target : rule->limit);
        bw_buf_puts(b, ") = ");
    }
    bw_buf_printf(b, "%lld", (long long)v->points);
}

static void write_sum(struct bw_queue_job *j, const struct bw_queue_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p>Score: ");
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        bw_buf_puts(b, p ? " + " : "");
        bw_page_count(b, x->part[p].weighted);
    }
    bw_buf_puts(b, " = ");
    bw_page_count(b, x->score);
    bw_buf_puts(b, " of 10&#8239;000: <b>");
    write_score(b, x->score);
    bw_buf_puts(b, "</b> of 100.");
    if (x->known_weight < BW_QUEUE_WEIGHT_SUM) {
        bw_buf_printf(b,
                      " Known parts weigh %lld of 100; with all else at its worst it would "
                      "be ",
                      (long long)x->known_weight);
        write_score(b, bw_queue_score_most(x));
        bw_buf_putc(b, '.');
    }
    bw_buf_puts(b, "</p>");
}

void bw_queue_opened(struct bw_queue_job *j, size_t i)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_row *x = &j->q.rows[i];
    static const char *const units[BW_QUEUE_PARTS] = {"ppm", "bit/s", "s", "µs"};

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"");
    bw_queue_url(j, j->ask.districts, j->ask.sort, 1);
    bw_buf_puts(b, "\">Support queue</a></p><h1>");
    bw_page_name(b, bw_queue_row_name(j->r, x));
    bw_buf_puts(b, "</h1><p>");
    if (i < j->q.n_ranked) {
        bw_buf_printf(b, "No. %zu of %zu in the queue", i + 1, j->q.n_ranked);
    } else {
        bw_buf_printf(b,
                      "In no place of the queue: known parts weigh less than %lld of 100",
                      (long long)j->said.weights.enough);
    }
    bw_buf_puts(b, ", by the 28 local days before today as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC. ");
    if (x->students == BW_UNKNOWN) {
        bw_buf_puts(b, "How many students there are is not on file");
    } else {
        bw_page_count(b, x->students);
        bw_buf_puts(b, x->small ? " students on file: small" : " students on file");
    }
    bw_buf_puts(b, bw_queue_row_rural(x) < 0
                       ? "; whether it is rural is not on file.</p><p>"
                   : bw_queue_row_rural(x) > 0 ? "; rural by its NCES locale.</p><p>"
                                               : "; not rural by its NCES locale.</p><p>");
    write_name(j, x);
    bw_buf_puts(b, "</p>");
    bw_page_table_begin(b, "The parts of the score",
                        "<th scope=\"col\">Part</th><th scope=\"col\">Made of</th>"
                        "<th scope=\"col\" class=\"n\">Value</th><th scope=\"col\">Points"
                        "</th><th scope=\"col\" class=\"n\">× weight</th>");
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        const struct bw_queue_value *v = &x->part[p];
        bw_buf_printf(b, "<tr><td>%s</td><td>", words[p].title);
        write_made_of(j, x, (enum bw_queue_part)p);
        bw_buf_puts(b, "</td><td class=\"n\">");
        if (v->why == BW_QUEUE_KNOWN) {
            write_number(b, v->value);
            bw_buf_printf(b, "&nbsp;%s<div class=\"id\">", units[p]);
            write_value(b, (enum bw_queue_part)p, v->value);
            bw_buf_puts(b, "</div>");
        } else {
            bw_buf_puts(b, "not known");
        }
        bw_buf_puts(b, "</td><td>");
        write_points(j, v, (enum bw_queue_part)p);
        bw_buf_printf(b, "</td><td class=\"n\">%lld × %lld = ", (long long)v->points,
                      (long long)j->said.weights.part[p].weight);
        bw_page_count(b, v->weighted);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
    write_sum(j, x);
}

/* ---- weights ----------------------------------------------------------------------------
 */

static void write_who(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_said *s = &j->said;

    if (s->usual) {
        bw_buf_puts(b, "<p class=\"soft\">The usual ones: nobody said others.</p>");
        return;
    }
    bw_buf_puts(b, "<p class=\"soft\">Said by ");
    bw_page_name(b, s->by);
    bw_buf_puts(b, " on ");
    bw_page_time(b, s->said_unix_s);
    bw_buf_printf(b, " UTC, statement <span class=\"mono\">%.8s</span>", s->id);
    if (s->weights.text[0]) {
        bw_buf_puts(b, ": ");
        bw_page_name(b, s->weights.text);
    }
    bw_buf_puts(b, ".</p>");
}

void bw_queue_weights_shown(struct bw_queue_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_queue_weights *w = &j->said.weights;

    bw_buf_puts(b, "<h2 id=\"weights\">By what it is weighed</h2>");
    write_who(j);
    bw_page_table_begin(b, "Weights",
                        "<th scope=\"col\">Part</th><th scope=\"col\" class=\"n\">Weight"
                        "</th><th scope=\"col\" class=\"n\">No points at</th>"
                        "<th scope=\"col\" class=\"n\">100 points at</th>"
                        "<th scope=\"col\">What it is</th>");
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        bw_buf_printf(b, "<tr><td>%s</td><td class=\"n\">%lld</td><td class=\"n\">",
                      words[p].title, (long long)w->part[p].weight);
        write_value(b, (enum bw_queue_part)p, w->part[p].target);
        bw_buf_puts(b, "</td><td class=\"n\">");
        write_value(b, (enum bw_queue_part)p, w->part[p].limit);
        bw_buf_printf(b, "</td><td class=\"small\">%s</td></tr>\n", words[p].says);
    }
    bw_page_table_end(b);
    bw_buf_puts(b,
                "<p class=\"small\">Points lie on a straight line between the two, whole "
                "and rounded down. The score is the sum of points × weight, of "
                "10&#8239;000. ");
    if (j->ask.districts) {
        bw_buf_puts(b, "A district's value is the sum over its places (schools, and boxes "
                       "that stand at the district) that know it, above over below the "
                       "line; where less than half of them know it, it is not known. ");
    } else {
        bw_buf_puts(b, "A box that stands at no school's entity is a place of its own. ");
    }
    bw_buf_puts(b, "Small is a school with fewer than ");
    bw_page_count(b, w->small_school);
    bw_buf_puts(b, " students on file, and a district with fewer than ");
    bw_page_count(b, w->small_district);
    bw_buf_puts(b, ". Rural is a place whose NCES locale "
                   "is 41 to 43, where a file tells it. Neither changes a score. The "
                   "collector's machine sets all this: <code>bandwitness queue weights "
                   "set</code>.</p>");
}

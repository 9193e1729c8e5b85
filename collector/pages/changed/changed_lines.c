/* SPDX-License-Identifier: GPL-3.0-or-later
 * changed_lines.c - one line of the first page: whose, what, since when. */
#include "changed_parts.h"
#include <page_entity.h>
#include <page_parts.h>

#include <buf.h>
#include <clock.h>
#include <plural.h>
#include <text.h>
#include <words.h>

static void write_place(const struct bw_changed *p, const struct bw_room_site *s)
{
    bw_buf_puts(p->b, "</td><td class=\"wide\">");
    for (uint32_t e = s->entity; e != BW_ROOM_NONE; e = p->r->entities[e].parent) {
        if (p->r->entities[e].kind == BW_ENTITY_STATE) {
            break;
        }
        if (e != s->entity) {
            bw_buf_puts(p->b, ", ");
        }
        bw_page_entity_link(p->b, &p->scope, e);
    }
    bw_buf_puts(p->b, "</td><td>");
}

static void
write_site(const struct bw_changed *p, const struct bw_room_site *s, const char *circuit)
{
    bw_buf_puts(p->b,
                circuit ? "<tr><td><a href=\"/circuits/" : "<tr><td><a href=\"/sites/");
    bw_text_url(p->b, s->id);
    if (circuit) {
        bw_buf_putc(p->b, '.');
        bw_text_url(p->b, circuit);
    }
    bw_buf_puts(p->b, "\">");
    bw_page_name(p->b, s->name[0] ? s->name : s->id);
    bw_buf_puts(p->b, "</a><div class=\"id mono\">");
    bw_text_html(p->b, s->id);
    if (circuit) {
        bw_buf_putc(p->b, '.');
        bw_text_html(p->b, circuit);
    }
    bw_buf_puts(p->b, "</div>");
    write_place(p, s);
}

static void write_share(struct bw_buf *b, int64_t ppm)
{
    bw_buf_printf(b, "%lld.%lld&nbsp;%%", (long long)(ppm / 10000),
                  (long long)(ppm % 10000 / 1000));
}

static void write_below(struct bw_buf *b, const struct bw_room_circuit *c)
{
    if (c->below_server == NULL) {
        bw_buf_puts(b, "no test of late; see its tests");
        return;
    }
    bw_buf_puts(b, c->below_direction == BW_UP ? "upload " : "download ");
    bw_page_rate(b, c->below_bps);
    bw_buf_puts(b, " of ");
    bw_page_rate(b, c->below_claim_bps);
    if (c->claim.has) {
        bw_buf_printf(b, ", both at %s",
                      bw_words_layer(c->claim.layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP
                                                                        : c->claim.layer));
    }
    bw_buf_puts(b,
                c->below_other_server ? "; a second server agrees" : "; a retest agrees");
    bw_buf_puts(b, c->below_server_known
                       ? "; others reached what they usually do at the same server"
                       : "; nobody else tested at that server in that hour");
}

/* The day that says so: today's once an hour of its class was counted. */
static void write_full(struct bw_buf *b, const struct bw_room_circuit *c)
{
    static const char *const ways[] = {"down", "up"};
    const struct bw_room_day *d = &c->today;
    bool any = false;

    for (int i = 0; i < 2 && !any; i++, d = &c->yesterday) {
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_room_way *w = &d->way[way];
            if (w->class_share_ppm == BW_UNKNOWN || w->class_share_ppm < 900000) {
                continue;
            }
            bw_buf_printf(b, "%s%s ", any ? ", " : "", ways[way]);
            write_share(b, w->class_share_ppm);
            bw_buf_puts(b, " of ");
            bw_page_rate(b, w->claim_bps);
            bw_buf_printf(b, " (%d intervals of class hours%s)", (int)w->class_known,
                          d->flags & BW_ROOM_DAY_RUNNING ? ", so far" : "");
            any = true;
        }
    }
    if (!any) {
        bw_buf_puts(b, "see its use by day");
    }
}

static void write_speeds(struct bw_buf *b, const int64_t bps[BW_DIRECTIONS])
{
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        bw_buf_puts(b, way ? " / " : "");
        if (bps[way] == BW_UNKNOWN) {
            bw_buf_puts(b, "not claimed");
        } else {
            bw_page_rate(b, bps[way]);
        }
    }
}

static void write_claim(struct bw_buf *b, const struct bw_room_claim *c)
{
    if (!c->has) {
        bw_buf_puts(b, "nothing is claimed now");
        return;
    }
    write_speeds(b, c->bps);
    if (c->before_bps[BW_DOWN] != BW_UNKNOWN || c->before_bps[BW_UP] != BW_UNKNOWN) {
        bw_buf_puts(b, ", before it ");
        write_speeds(b, c->before_bps);
    }
    bw_buf_puts(b, "<div class=\"id\">");
    bw_text_html(b, c->origin);
    bw_buf_puts(b, "</div>");
}

static void write_risk(struct bw_buf *b, const struct bw_room_risk *k)
{
    char day[32];

    bw_buf_puts(b, "<span class=\"mono\">");
    bw_text_html(b, k->rule);
    bw_buf_puts(b, "</span>: ");
    bw_text_html(b, k->words);
    if (k->wanted != BW_UNKNOWN) {
        bw_buf_puts(b, ". Tests that count: ");
        bw_page_count(b, k->counted);
        bw_buf_puts(b, " of ");
        bw_page_count(b, k->wanted);
        if (k->deferred != BW_UNKNOWN && k->deferred > 0) {
            bw_buf_puts(b, ", put off ");
            bw_page_count(b, k->deferred);
            bw_buf_puts(b, k->deferred == 1 ? " time" : " times");
        }
    }
    if (k->n_rules > 0) {
        bw_buf_puts(b, k->governs ? ". The rule governs."
                                  : ". For comparison; no rule governs it.");
    }
    if (k->n_rules > 1) {
        bw_buf_printf(b, " %d more of its findings likewise.", (int)k->n_rules - 1);
    }
    if (k->by_unix_s != BW_UNKNOWN) {
        bw_time_format_s(k->by_unix_s, day);
        bw_buf_printf(b, "<div class=\"id\">by %.10s</div>", day);
    }
}

static void write_deferred(struct bw_buf *b, const struct bw_room_circuit *c)
{
    int32_t n = c->today.way[BW_DOWN].n_deferred + c->today.way[BW_UP].n_deferred;

    bw_buf_printf(b, "put off %d %s today so far", (int)n, n == 1 ? "time" : "times");
}

static void write_since(const struct bw_changed *p, int64_t unix_s)
{
    bw_buf_puts(p->b, "</td><td class=\"n\">");
    if (unix_s == BW_UNKNOWN) {
        bw_buf_puts(p->b, "not known");
    } else {
        bw_page_time(p->b, unix_s);
        bw_buf_puts(p->b, "<div class=\"id\">");
        bw_page_ago(p->b, unix_s, p->now_unix_s);
        bw_buf_puts(p->b, "</div>");
    }
    bw_buf_puts(p->b, "</td></tr>\n");
}

void bw_changed_site_line(const struct bw_changed *p,
                          enum bw_changed_section s,
                          const struct bw_room_site *x)
{
    const struct bw_room_spell *spell = &x->spell[bw_changed_kinds[s].what];
    struct bw_buf *b = p->b;

    write_site(p, x, NULL);
    if (s == BW_CHANGED_RETURNED) {
        bw_buf_puts(b, "was silent for ");
        bw_page_span(b, spell->until_unix_s - spell->since_unix_s);
    } else if (s == BW_CHANGED_NEWLY_SILENT) {
        bw_buf_printf(b, "%u %s", x->end_circuit - x->first_circuit,
                      bw_plural(x->end_circuit - x->first_circuit, "circuit", "circuits"));
    } else if (s == BW_CHANGED_CLONED) {
        bw_buf_printf(b, "%d forked %s", (int)x->n_forks,
                      bw_plural(x->n_forks, "record", "records"));
    } else {
        bw_text_html(b, x->agent[0] ? x->agent : "–");
    }
    write_since(p, s == BW_CHANGED_RETURNED ? spell->until_unix_s : spell->since_unix_s);
}

void bw_changed_circuit_line(const struct bw_changed *p,
                             enum bw_changed_section s,
                             const struct bw_room_circuit *c)
{
    enum bw_room_condition over =
        s == BW_CHANGED_ENDED ? bw_changed_ended(p, c) : bw_changed_kinds[s].what;
    const struct bw_room_spell *spell = bw_room_circuit_spell(p->r, c, over);
    struct bw_buf *b = p->b;

    write_site(p, &p->r->sites[c->site], c->name);
    if (s == BW_CHANGED_NEWLY_BELOW) {
        write_below(b, c);
    } else if (s == BW_CHANGED_NEWLY_FULL) {
        write_full(b, c);
    } else if (s == BW_CHANGED_CLAIMS) {
        write_claim(b, &c->claim);
    } else if (s == BW_CHANGED_DEFERRED) {
        write_deferred(b, c);
    } else if (s == BW_CHANGED_AT_RISK) {
        write_risk(b, &c->risk);
    } else if (s == BW_CHANGED_ENDED) {
        bw_buf_puts(b, bw_room_condition_words(over));
    } else {
        bw_buf_printf(b, "today %d good %s by another line, %d by its own",
                      (int)c->today.n_egress_other,
                      bw_plural(c->today.n_egress_other, "test", "tests"),
                      (int)c->today.n_egress_match);
    }
    write_since(p, s == BW_CHANGED_ENDED ? spell->until_unix_s : spell->since_unix_s);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_changed.c - the first page: what changed since yesterday, which evidence is at risk,
 * how the fleet is by region, and the collector's own health. Made on the loop from the
 * room in memory; nothing is looked up.
 *
 * Invariant: every line says since when and links to its circuit; of a list that is longer
 * than its place the rest is told and can be seen. */
#include "page_changed.h"
#include "changed_parts.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/units.h>
#include <collector.h>
#include <http.h>
#include <room.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_MAX = 1024 * 1024,
    SHOWN = 8,  /* lines of a section on the first page */
    ROWS = 150, /* of a section by itself */
    DAY_S = 86400
};

const struct bw_changed_kind bw_changed_kinds[BW_CHANGED_SECTIONS] = {
    [BW_CHANGED_NEWLY_SILENT] =
        {"silent", "Newly silent",
         "No record came for three intervals. Of the line that says nothing: "
         "box, power or way may be at fault.",
         true, BW_ROOM_SILENT},
    [BW_CHANGED_RETURNED] =
        {"returned", "Returned",
         "Records come again; those that the box kept meanwhile arrive late.", true,
         BW_ROOM_SILENT},
    [BW_CHANGED_NEWLY_BELOW] =
        {"below", "Newly below the claim",
         "Good tests under 80 % of the claim, confirmed within 24 hours by a "
         "retest or a second server, and not in an hour in which their server "
         "was at fault.",
         false, BW_ROOM_BELOW},
    [BW_CHANGED_NEWLY_FULL] =
        {"full", "Newly full",
         "P95 of class hours (util-p95/2) at 90 % of the claim or more on its "
         "last day with an hour of class counted.",
         false, BW_ROOM_FULL},
    [BW_CHANGED_CLOCKS] = {"clock", "Clock not synchronised",
                           "Its newest record was made by a clock that nothing sets.", true,
                           BW_ROOM_CLOCK},
    [BW_CHANGED_EGRESS] =
        {"egress", "Wrong way out",
         "The newest test left by another line than the one registered for it; such "
         "tests count for nobody.",
         false, BW_ROOM_EGRESS},
    [BW_CHANGED_MOVED] = {"moved", "Moved, or its box replaced", "As somebody said.", true,
                          BW_ROOM_MOVED},
    [BW_CHANGED_CLONED] =
        {"cloned", "Two chains of one key",
         "Two boxes may sign with one key: a copied disk, or a backup that was put "
         "back.",
         true, BW_ROOM_CLONED},
    [BW_CHANGED_CLAIMS] = {"claim", "Claims changed",
                           "Another speed is claimed than before.", false, BW_ROOM_CLAIM},
    [BW_CHANGED_DEFERRED] =
        {"deferred", "Tests put off",
         "Within a day tests were put off and none was good: the line is busy, or "
         "its hours are too few.",
         false, BW_ROOM_DEFERRED},
    [BW_CHANGED_ENDED] = {"ended", "Over since yesterday",
                          "What was the matter and is no longer.", false, BW_ROOM_BELOW},
    [BW_CHANGED_AT_RISK] =
        {"at-risk", "Evidence at risk",
         "If it goes on as in the last 28 days, a rule will not have enough to tell "
         "at the end of the funding year.",
         false, BW_ROOM_AT_RISK},
};

/* ---- which lines a section has ----------------------------------------------------------
 */

static bool site_fits(const struct bw_changed *p,
                      enum bw_changed_section s,
                      const struct bw_room_site *x)
{
    const struct bw_room_spell *spell = &x->spell[bw_changed_kinds[s].what];

    if (s == BW_CHANGED_RETURNED) {
        return bw_room_spell_ended(spell, p->since_unix_s);
    }
    if (s == BW_CHANGED_CLOCKS) { /* all, until they are mended */
        return bw_room_spell_on(spell);
    }
    return bw_room_spell_began(spell, p->since_unix_s);
}

/* Of a circuit, what ended since yesterday; BW_ROOM_CONDITIONS: nothing. */
enum bw_room_condition bw_changed_ended(const struct bw_changed *p,
                                        const struct bw_room_circuit *x)
{
    static const enum bw_room_condition those[] = {BW_ROOM_BELOW, BW_ROOM_FULL,
                                                   BW_ROOM_EGRESS, BW_ROOM_DEFERRED};

    for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++) {
        if (bw_room_spell_ended(bw_room_circuit_spell(p->r, x, those[i]),
                                p->since_unix_s)) {
            return those[i];
        }
    }
    return BW_ROOM_CONDITIONS;
}

static bool circuit_fits(const struct bw_changed *p,
                         enum bw_changed_section s,
                         const struct bw_room_circuit *x)
{
    const struct bw_room_spell *spell =
        bw_room_circuit_spell(p->r, x, bw_changed_kinds[s].what);

    if (s == BW_CHANGED_ENDED) {
        return bw_changed_ended(p, x) != BW_ROOM_CONDITIONS;
    }
    if (s == BW_CHANGED_AT_RISK) {
        return x->risk.rule != NULL;
    }
    if (s == BW_CHANGED_DEFERRED || s == BW_CHANGED_EGRESS) {
        return bw_room_spell_on(spell);
    }
    return bw_room_spell_began(spell, p->since_unix_s);
}

/* Of a section's lines how many there are, and those of one page. */
struct picked {
    size_t n;
    size_t n_at;
    uint32_t at[ROWS];
};

static void pick(struct picked *k, size_t i, size_t from, size_t most)
{
    if (k->n >= from && k->n_at < most) {
        k->at[k->n_at++] = (uint32_t)i;
    }
    k->n++;
}

/* One section (BW_CHANGED_SECTIONS: all of them), lines [from, from + most): in one walk,
 * for ten thousand circuits do not fit a processor's cache. */
static void pick_all(const struct bw_changed *p,
                     enum bw_changed_section only,
                     size_t from,
                     size_t most,
                     struct picked list[BW_CHANGED_SECTIONS])
{
    size_t first = only == BW_CHANGED_SECTIONS ? 0 : only;
    size_t end = only == BW_CHANGED_SECTIONS ? BW_CHANGED_SECTIONS : first + 1;

    memset(list, 0, BW_CHANGED_SECTIONS * sizeof(*list));
    for (size_t i = 0; i < p->r->n_sites; i++) {
        const struct bw_room_site *x = &p->r->sites[i];
        if (x->freshness == BW_RETIRED || !bw_page_scope_site(&p->scope, (uint32_t)i)) {
            continue;
        }
        for (size_t s = first; s < end; s++) {
            if (bw_changed_kinds[s].of_sites &&
                site_fits(p, (enum bw_changed_section)s, x)) {
                pick(&list[s], i, from, most);
            }
        }
        for (uint32_t c = x->first_circuit; c < x->end_circuit; c++) {
            for (size_t s = first; s < end; s++) {
                if (!bw_changed_kinds[s].of_sites &&
                    circuit_fits(p, (enum bw_changed_section)s, &p->r->circuits[c])) {
                    pick(&list[s], c, from, most);
                }
            }
        }
    }
}

static void
write_table(const struct bw_changed *p, enum bw_changed_section s, const struct picked *k)
{
    char head[256];

    (void)snprintf(
        head, sizeof(head),
        "<th scope=\"col\">%s</th><th scope=\"col\" class=\"wide\">Belongs to</th>"
        "<th scope=\"col\">What</th><th scope=\"col\" class=\"n\">%s</th>",
        bw_changed_kinds[s].of_sites ? "Site" : "Circuit",
        s == BW_CHANGED_RETURNED || s == BW_CHANGED_ENDED ? "Ended (UTC)" : "Since (UTC)");
    bw_page_table_begin(p->b, bw_changed_kinds[s].title, head);
    for (size_t i = 0; i < k->n_at; i++) {
        if (bw_changed_kinds[s].of_sites) {
            bw_changed_site_line(p, s, &p->r->sites[k->at[i]]);
        } else {
            bw_changed_circuit_line(p, s, &p->r->circuits[k->at[i]]);
        }
    }
    bw_page_table_end(p->b);
}

static void
write_section(const struct bw_changed *p, enum bw_changed_section s, const struct picked *k)
{
    bw_buf_printf(p->b, "<h2 id=\"%s\">%s: ", bw_changed_kinds[s].name,
                  bw_changed_kinds[s].title);
    bw_page_count(p->b, (int64_t)k->n);
    bw_buf_printf(p->b, "</h2><p class=\"soft small\">%s</p>", bw_changed_kinds[s].says);
    write_table(p, s, k);
    if (k->n > SHOWN) {
        bw_buf_printf(p->b, "<p><a href=\"/?only=%s\">All ", bw_changed_kinds[s].name);
        bw_page_count(p->b, (int64_t)k->n);
        bw_buf_puts(p->b, "</a></p>");
    }
}

/* ---- the page
 * ---------------------------------------------------------------------------- */

static void write_counts(const struct bw_changed *p,
                         const struct picked list[BW_CHANGED_SECTIONS])
{
    bool any = false;

    for (size_t s = 0; s < BW_CHANGED_SECTIONS; s++) {
        if (list[s].n == 0) {
            continue;
        }
        if (!any) {
            bw_buf_puts(p->b, "<ul class=\"counts\" aria-label=\"What changed\">");
        }
        any = true;
        bw_buf_printf(p->b, "<li><a href=\"#%s\"><b>", bw_changed_kinds[s].name);
        bw_page_count(p->b, (int64_t)list[s].n);
        bw_buf_printf(p->b, "</b>%s</a></li>", bw_changed_kinds[s].title);
    }
    bw_buf_puts(p->b,
                any ? "</ul>"
                    : "<p class=\"note\">Nothing that this page watches changed since "
                      "yesterday, and no evidence is at risk.</p>");
}

static void write_whole(const struct bw_changed *p)
{
    struct picked list[BW_CHANGED_SECTIONS];

    bw_buf_puts(p->b, "<h1>Changed since yesterday</h1>");
    if (!p->scope.all && p->scope.n == 0) {
        bw_buf_puts(p->b, "<p class=\"note\">No box stands at a school of yours, as far as "
                          "this collector knows.</p>");
        return;
    }
    if (p->r->n_sites == 0) {
        bw_buf_puts(p->b, "<p class=\"note\">No box has been brought in yet. <a "
                          "href=\"/sites\">How the first one comes</a></p>");
        bw_changed_health(p);
        return;
    }
    bw_buf_puts(p->b, "<p class=\"soft\">What began or ended after ");
    bw_page_time(p->b, p->since_unix_s);
    bw_buf_puts(p->b, " UTC, as known at ");
    bw_page_time(p->b, p->now_unix_s);
    bw_buf_puts(p->b, ".</p>");
    if (p->r->watched_since_unix_s > p->since_unix_s) {
        bw_buf_puts(p->b, "<p class=\"note\">Watched since ");
        bw_page_time(p->b, p->r->watched_since_unix_s);
        bw_buf_puts(p->b, " UTC only: what ended before is not known here.</p>");
    }
    pick_all(p, BW_CHANGED_SECTIONS, 0, SHOWN, list);
    write_counts(p, list);
    for (size_t s = 0; s < BW_CHANGED_SECTIONS; s++) {
        if (list[s].n > 0) {
            write_section(p, (enum bw_changed_section)s, &list[s]);
        }
    }
    bw_changed_fleet(p);
    bw_changed_health(p);
}

static void write_pages(const struct bw_changed *p,
                        enum bw_changed_section s,
                        size_t page,
                        size_t pages)
{
    if (pages < 2) {
        return;
    }
    bw_buf_puts(p->b, "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    if (page > 1) {
        bw_buf_printf(p->b, "<a rel=\"prev\" href=\"/?only=%s&amp;page=%zu\">← Back</a>",
                      bw_changed_kinds[s].name, page - 1);
    }
    bw_buf_printf(p->b, "<span>Page %zu of %zu</span>", page, pages);
    if (page < pages) {
        bw_buf_printf(p->b, "<a rel=\"next\" href=\"/?only=%s&amp;page=%zu\">Next →</a>",
                      bw_changed_kinds[s].name, page + 1);
    }
    bw_buf_puts(p->b, "</nav>");
}

static void write_only(const struct bw_changed *p, enum bw_changed_section s, size_t page)
{
    struct picked list[BW_CHANGED_SECTIONS];

    pick_all(p, s, (page - 1) * ROWS, ROWS, list);
    size_t n = list[s].n;
    size_t pages = (n + ROWS - 1) / ROWS;
    if (page > pages && pages > 0) {
        page = pages;
        pick_all(p, s, (page - 1) * ROWS, ROWS, list);
    }
    bw_buf_printf(p->b,
                  "<p class=\"crumbs\"><a href=\"/\">Changed since yesterday</a></p>"
                  "<h1>%s: ",
                  bw_changed_kinds[s].title);
    bw_page_count(p->b, (int64_t)n);
    bw_buf_printf(p->b, "</h1><p class=\"soft\">%s</p>", bw_changed_kinds[s].says);
    if (n == 0) {
        bw_buf_puts(p->b, "<p class=\"note\">None now.</p>");
        return;
    }
    write_table(p, s, &list[s]);
    write_pages(p, s, page, pages);
}

static enum bw_changed_section section_of(const char *name)
{
    for (size_t s = 0; name && s < BW_CHANGED_SECTIONS; s++) {
        if (strcmp(bw_changed_kinds[s].name, name) == 0) {
            return (enum bw_changed_section)s;
        }
    }
    return BW_CHANGED_SECTIONS;
}

void bw_page_changed(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *only = bw_http_query(req, "only");
    const char *page = bw_http_query(req, "page");
    enum bw_changed_section s = section_of(only);
    const struct bw_room *r = bw_room_take(c);
    struct bw_buf b;

    if (!r) {
        bw_page_sorry(req, 503,
                      "the state's room is being made; it takes some seconds after "
                      "the start");
        return;
    }
    if (only && s == BW_CHANGED_SECTIONS) {
        bw_room_drop(r);
        bw_page_sorry(req, 404, "there is no such list");
        return;
    }
    bw_buf_init(&b, PAGE_MAX);
    struct bw_changed p = {.b = &b,
                           .r = r,
                           .since_unix_s = r->made_unix_ms / 1000 - DAY_S,
                           .now_unix_s = r->made_unix_ms / 1000};
    bw_page_scope(r, bw_door_viewer(req), &p.scope);
    bw_page_begin_at(&b, only ? bw_changed_kinds[s].title : "Changed since yesterday",
                     c->conf->title, BW_PLACE_CHANGED, bw_door_viewer(req));
    if (only) {
        long long n = page ? strtoll(page, NULL, 10) : 1;
        write_only(&p, s, n < 1 || n > 1000000 ? 1 : (size_t)n);
    } else {
        write_whole(&p);
    }
    bw_page_end(&b, r->made_unix_ms);
    bw_room_drop(r);
    bw_http_reply(req, 200, "text/html; charset=utf-8", &b);
}

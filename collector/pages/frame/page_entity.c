/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_entity.c - entities in words and as links to their pages. */
#include "page_entity.h"

#include "page_parts.h"
#include "page_scope.h"

#include <buf.h>
#include <plural.h>
#include <room.h>
#include <text.h>

enum {
    OPTIONS_MAX = 120 /* entities to choose from */
};

bool bw_page_is_school(enum bw_entity_kind kind)
{
    return kind == BW_ENTITY_SCHOOL || kind == BW_ENTITY_LIBRARY ||
           kind == BW_ENTITY_INDEPENDENT;
}

const char *bw_page_entity_words(enum bw_entity_kind kind)
{
    static const char *const words[] = {[BW_ENTITY_SCHOOL] = "school",
                                        [BW_ENTITY_DISTRICT] = "district",
                                        [BW_ENTITY_LIBRARY] = "library",
                                        [BW_ENTITY_INDEPENDENT] = "independent school",
                                        [BW_ENTITY_AGENCY] = "service agency",
                                        [BW_ENTITY_CONSORTIUM] = "consortium",
                                        [BW_ENTITY_REGION] = "region",
                                        [BW_ENTITY_STATE] = "state"};
    return words[kind];
}

void bw_page_entity_link(struct bw_buf *b, const struct bw_page_scope *s, uint32_t entity)
{
    const struct bw_room_entity *e = &s->room->entities[entity];
    const char *name = e->name[0] ? e->name : e->id;
    if (!bw_page_scope_entity(s, entity)) {
        bw_page_name(b, name);
        return;
    }
    bw_buf_puts(b, bw_page_is_school(e->kind) ? "<a href=\"/schools/"
                                              : "<a href=\"/districts/");
    bw_text_url(b, e->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, name);
    bw_buf_puts(b, "</a>");
}

void bw_page_entity_path(struct bw_buf *b, const struct bw_page_scope *s, uint32_t entity)
{
    uint32_t above = s->room->entities[entity].parent;
    if (above == BW_ROOM_NONE) {
        return;
    }
    bw_page_entity_path(b, s, above);
    bw_buf_puts(b, " › ");
    bw_page_entity_link(b, s, above);
}

void bw_page_entity_students(struct bw_buf *b, const struct bw_room *room, uint32_t entity)
{
    const struct bw_room_entity *e = &room->entities[entity];
    if (e->students == BW_UNKNOWN) {
        bw_buf_puts(b, "not on file");
        return;
    }
    bw_page_count(b, e->students);
    if (e->n_students_unknown > 0) {
        bw_buf_printf(b, ", and of %u %s not on file", e->n_students_unknown,
                      bw_plural(e->n_students_unknown, "school", "schools"));
    }
}

static bool
chosen_from(const struct bw_page_scope *s, uint32_t e, uint32_t chosen, bool districts)
{
    enum bw_entity_kind k = s->room->entities[e].kind;
    bool wide = k == BW_ENTITY_REGION || k == BW_ENTITY_AGENCY || k == BW_ENTITY_CONSORTIUM;

    return (e == chosen || wide || (districts && k == BW_ENTITY_DISTRICT)) &&
           bw_page_scope_entity(s, e);
}

size_t bw_page_entity_choices(const struct bw_page_scope *s)
{
    size_t n = 0;

    for (uint32_t e = 0; e < s->room->n_entities; e++) {
        n += chosen_from(s, e, BW_ROOM_NONE, true);
    }
    return n;
}

void bw_page_entity_select(struct bw_buf *b, const struct bw_page_scope *s, uint32_t chosen)
{
    size_t n = bw_page_entity_choices(s);
    bool districts = n <= OPTIONS_MAX;
    if (n == 0) {
        return;
    }
    bw_buf_puts(b,
                "<div><label for=\"below\">Region or district</label><select id=\"below\" "
                "name=\"below\"><option value=\"\">everywhere</option>");
    for (uint32_t e = 0; e < s->room->n_entities; e++) {
        if (!chosen_from(s, e, chosen, districts)) {
            continue;
        }
        bw_buf_puts(b, "<option dir=\"auto\" value=\"");
        bw_text_html(b, s->room->entities[e].id);
        bw_buf_puts(b, e == chosen ? "\" selected>" : "\">");
        bw_text_html(b, s->room->entities[e].name);
        bw_buf_puts(b, "</option>");
    }
    bw_buf_puts(b, "</select></div>");
}

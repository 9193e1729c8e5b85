/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_entity.c - entities in words and as links to their pages. */
#include "page_entity.h"

#include "page_parts.h"
#include "page_scope.h"

#include <buf.h>
#include <plural.h>
#include <room.h>
#include <text.h>

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

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_entity.h - what pages say of entities: where their own page is, and their kind in
 * words. Pure; any thread. */
#ifndef BW_PAGE_ENTITY_H
#define BW_PAGE_ENTITY_H

#include <catalogue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_page_scope;
struct bw_room;

/* A school's kind of page, or a district's (of whatever has others below it). */
bool bw_page_is_school(enum bw_entity_kind kind);
/* "school", "service agency" */
const char *bw_page_entity_words(enum bw_entity_kind kind);
/* Its name, as a link to its page for who sees that. */
void bw_page_entity_link(struct bw_buf *b, const struct bw_page_scope *s, uint32_t entity);
/* " › " and each that is above it, from the state down, in the same way. */
void bw_page_entity_path(struct bw_buf *b, const struct bw_page_scope *s, uint32_t entity);
/* "1 204", "1 204, of 3 schools unknown", "not on file" */
void bw_page_entity_students(struct bw_buf *b, const struct bw_room *room, uint32_t entity);

/* How many entities there are to choose from in such a field. */
size_t bw_page_entity_choices(const struct bw_page_scope *s);
/* A field named "below" of a form: the regions, agencies and (where they are not too many)
 * districts that may be seen; `chosen` BW_ROOM_NONE: everywhere. Nothing where there are
 * none. */
void bw_page_entity_select(struct bw_buf *b,
                           const struct bw_page_scope *s,
                           uint32_t chosen);

#endif

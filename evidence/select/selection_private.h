/* SPDX-License-Identifier: GPL-3.0-or-later
 * selection_private.h - what is on file of entities and where boxes stand, read once.
 * Private to this folder. */
#ifndef BW_SELECTION_PRIVATE_H
#define BW_SELECTION_PRIVATE_H

#include "selection.h"

#include <catalogue.h>

/* An entity as USAC or a table describes it. */
struct bw_select_entity {
    char number[BW_NUMBER_MAX + 1];
    char parent[BW_NUMBER_MAX + 1];
    char name[BW_CLAIM_NAME_MAX + 1];
    char type[48];
    bool in;
};

/* An entity of the collector's own list; number: the digits its id ends in, "" none. */
struct bw_select_place {
    char id[BW_ENTITY_MAX + 1];
    char parent[BW_ENTITY_MAX + 1];
    char number[BW_NUMBER_MAX + 1];
    char name[BW_LABEL_MAX + 1];
    bool in;
};

/* Where a site stands; first and last: its days there, "" not within the period, not over.
 */
struct bw_select_site {
    char site[BW_SITE_MAX + 1];
    char entity[BW_ENTITY_MAX + 1];
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];
};

struct bw_select_graph {
    struct bw_select_entity *entities; /* by number */
    size_t n_entities;
    size_t cap_entities;
    struct bw_select_place *places; /* by id */
    size_t n_places;
    size_t cap_places;
    struct bw_select_site *sites; /* by id */
    size_t n_sites;
    size_t cap_sites;
    struct bw_select_site *stays; /* of those that moved: where else in the period */
    size_t n_stays;
    size_t cap_stays;
    int64_t n_unread;
};

/* A circuit that is bound to a line of a selection, with its days; "" no edge. */
struct bw_select_tie {
    size_t line;
    struct bw_select_name name;
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];
    bool untold; /* not chosen, because nobody knows where the box stands */
};

/* Set n_bound and n_untold of every line; sorts the ties. A circuit counts once on a day,
 * however many bindings and versions of the claim it is of. `first`: of the period. */
void bw_select_count(struct bw_selection *s,
                     struct bw_select_tie *ties,
                     size_t n,
                     const char *first);

/* Sites stand where they stood on the period's last day; moves within it are kept. */
int bw_select_graph_read(struct bw_catalogue *c,
                         const struct bw_select_asked *asked,
                         struct bw_select_graph *g,
                         struct bw_err *reterr);
void bw_select_graph_done(struct bw_select_graph *g);

/* NULL: not on file. */
struct bw_select_entity *bw_select_entity(const struct bw_select_graph *g,
                                          const char *number);
struct bw_select_place *bw_select_place(const struct bw_select_graph *g, const char *id);
/* Where a site's box stands; NULL: nobody said. */
const struct bw_select_place *bw_select_where(const struct bw_select_graph *g,
                                              const char *site);

/* Where it stands or, in the period, stood, if that is marked, and in words with its days
 * there: "its box stood at Wren Hall until 2026-09-30" (at most n_name bytes of the name).
 * NULL: nowhere. */
const struct bw_select_place *bw_select_here(const struct bw_select_graph *g,
                                             const char *site,
                                             int n_name,
                                             char words[200]);

/* Mark an entity (its number, or the id of a place), and below it all that have it as their
 * parent, over any number of steps. false: neither is on file. */
bool bw_select_mark(struct bw_select_graph *g, const char *number, bool below);
bool bw_select_marked(const struct bw_select_graph *g, const char *number);

/* The district of a place: its entity, or the nearest parent that is one; "" not told, or
 * no place. */
const char *bw_select_district(const struct bw_select_graph *g,
                               const struct bw_select_place *at);

#endif

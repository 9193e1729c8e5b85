/* SPDX-License-Identifier: GPL-3.0-or-later
 * known_private.h - what the files of known.h share: known.c (lists), known_ask.c
 * (calendars, zones, claims, questions). */
#ifndef BW_KNOWN_PRIVATE_H
#define BW_KNOWN_PRIVATE_H

#include "known.h"

#include <calendars.h>
#include <fields.h>
#include <sharing.h>
#include <tz.h>

enum {
    BW_KNOWN_ZONES_MAX = 64
};

struct bw_known_key {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
};

struct bw_known_line { /* a circuit, by site and name */
    char site[BW_SITE_MAX + 1];
    char name[BW_NAME_MAX + 1];
    int64_t from_unix_s;
};

struct bw_known_locale { /* of an entity number */
    char number[BW_NUMBER_MAX + 1];
    int code;
    int64_t position; /* of the statement */
};

struct bw_known_act { /* a statement about a site */
    char site[BW_SITE_MAX + 1];
    bool shipped; /* its box was sent; else it moved, was retired, or got another box */
    int64_t from_unix_s;
    int64_t recorded_unix_s;
};

struct bw_known {
    struct bw_origin *origin;
    struct bw_catalogue *catalogue; /* the origin's */
    pthread_mutex_t *conf;
    int64_t version; /* of the catalogue, when the lists were read */
    int64_t said;    /* statements that were there then */
    uint64_t mark;
    struct bw_entity *entities; /* by id */
    size_t n_entities;
    struct bw_known_site *sites; /* by id */
    size_t n_sites;
    struct bw_known_key *keys; /* by kid */
    size_t n_keys;
    struct bw_known_line *lines;
    size_t n_lines;
    struct bw_calendars calendars; /* all of the catalogue, by key and first day */
    struct bw_known_act *acts;
    size_t n_acts, cap_acts;
    struct bw_sharings bindings;     /* all of the catalogue */
    struct bw_known_locale *locales; /* by number */
    size_t n_locales, cap_locales;
    bool annotated; /* some annotation is on file */
    bool errata;    /* some erratum is */
    struct {
        char name[64];
        struct bw_tz *tz;
    } zones[BW_KNOWN_ZONES_MAX];
    size_t n_zones;
    struct bw_evrule *rules;
    size_t n_rules;
    struct bw_adoption *adoptions;
    size_t n_adoptions;
};

const struct bw_entity *bw_known_entity(const struct bw_known *k, const char *id);

/* A file that cannot be used is told; then there are none. */
void bw_known_read_rules(struct bw_known *k, const char *folder);
/* Calendars, adoptions and acts, anew. */
int bw_known_read_said(struct bw_known *k,
                       const struct bw_known_site *sites,
                       size_t n_sites,
                       struct bw_err *reterr);
/* Beside them: where entities stand. */
int bw_known_read_locales(struct bw_known *k, struct bw_err *reterr);
void bw_known_forget_said(struct bw_known *k);
void bw_known_mark_moved(const struct bw_known *k, struct bw_known_site *sites, size_t n);
/* By its id among sites[n], sorted; NULL: none. */
struct bw_known_site *
bw_known_find_site(struct bw_known_site *sites, size_t n, const char *id);

#endif

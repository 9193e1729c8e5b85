/* SPDX-License-Identifier: GPL-3.0-or-later
 * viewer.h - who asks, and what that one may see. The guard makes it before a handler is
 * called; it lives, unchanged, until the request is answered, so that jobs on other threads
 * may look at it. */
#ifndef BW_VIEWER_H
#define BW_VIEWER_H

#include <map.h>
#include <people.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_http_req;

/* What a route takes: one level, and what its first {} is. A route without a level stops
 * the program at its start. */
enum bw_need {
    BW_NEED_NOBODY = 1, /* public by design */
    BW_NEED_BOX,        /* signed inside, by a box, a log or a directory */
    BW_NEED_VIEW,    /* whoever signed in, or a key; the handler shows what may be seen */
    BW_NEED_RECORDS, /* the same, without coordinators: records and keys of boxes */
    BW_NEED_STATE,   /* who sees the whole state */
    BW_NEED_SAY,     /* persons who may say something of what they see */
    BW_NEED_ADMIN,
    BW_NEED_PERSON,  /* a person, of whatever role: one's own account */
    BW_NEED_SESSION, /* who has a session here, with an account or without */
    BW_NEED_LEVELS,
    BW_NEED_LEVEL = 0xff,
    /* what the first {} names; who does not see it gets what is not there */
    BW_OF_SITE = 0x100,
    BW_OF_CIRCUIT = 0x200, /* SITE.CIRCUIT */
    BW_OF_ENTITY = 0x300,
    BW_OF = 0xf00
};

enum {
    BW_CSRF_TEXT = (BW_SESSION_CSRF * 4 + 2) / 3
};

struct bw_viewer {
    bool open;         /* access = "open": nobody is known, everybody reads */
    bool outside;      /* a person without an account here, by another's word */
    bool stale;        /* by a directory that was last asked long ago: it is asked first */
    bool key;          /* a program: name is its key's */
    enum bw_role role; /* 0 where it is open */
    char name[BW_PERSON_MAX + 1];
    char shown[BW_PERSON_SHOWN_MAX + 1];
    struct bw_map *map;
    char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1];
    long places[BW_PERSON_SCOPES]; /* of the scopes in the map; -1: not there */
    size_t n_scopes;
    uint8_t session[32];         /* SHA-256 of its token; zero: none */
    char csrf[BW_CSRF_TEXT + 1]; /* for every form, there masked (mask.h); "" where nothing
                                    may be sent */
};

/* Of a request that passed the guard; NULL where the route needs nobody. */
const struct bw_viewer *bw_door_viewer(const struct bw_http_req *req);

bool bw_viewer_may(const struct bw_viewer *v, enum bw_need level);
/* Is there a session here that could end? Not of those whom a proxy names. */
bool bw_viewer_has_session(const struct bw_viewer *v);
/* NULL sees nothing. Ids need not be of anything that is there. */
bool bw_viewer_sees_state(const struct bw_viewer *v);
bool bw_viewer_sees_entity(const struct bw_viewer *v, const char *entity);
bool bw_viewer_sees_site(const struct bw_viewer *v, const char *site);
/* "s-4f9k2.wan": as its site. */
bool bw_viewer_sees_circuit(const struct bw_viewer *v, const char *circuit);
/* As a callback: `viewer` is a const struct bw_viewer. */
bool bw_viewer_sees_site_cb(const void *viewer, const char *site);

/* <input type="hidden" …> for a form that is posted; nothing where none may be. */
void bw_viewer_form(const struct bw_viewer *v, struct bw_buf *out);
/* "district" */
const char *bw_viewer_role(const struct bw_viewer *v);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_private.h - what the files of the door share. Nobody else includes it. */
#ifndef BW_DOOR_PRIVATE_H
#define BW_DOOR_PRIVATE_H

#include "audit.h"
#include "book.h"
#include "door.h"
#include "door_words.h"
#include "map.h"
#include "throttle.h"

#include <buf.h>
#include <bw/err.h>
#include <collector_config.h>
#include <hash.h>
#include <log.h>
#include <readers.h>
#include <uv.h>

enum {
    TOKEN_RAW = 32,
    TOKEN_LEN = 43, /* as base64url */
    LINK_RAW = 24,
    LINK_LEN = 32,
    PRE_RAW = 18, /* of a browser that is about to sign in */
    PRE_LEN = 24,
    MAC_LEN = 24,
    COOKIE_MAX = 64,
    RECOVERY_RAW = 10,
    RECOVERY_LEN = 16, /* in base32 */
    TO_MAX = 1024,
    SIGN_INS_MAX = 16, /* that wait or run */
    FLOWS_MAX = 32,    /* on their way back from the directory, or out by its word */
    LINK_S = 24 * 3600,
    PAGE_MAX = 65536
};

/* How trustworthy the way to us is. */
enum door_way {
    DOOR_SECURE,     /* TLS, ours or the proxy's */
    DOOR_LOCAL,      /* plain, from this machine alone */
    DOOR_UNDECLARED, /* plain, through a proxy that the configuration does not know of */
    DOOR_CLEAR       /* plain, over a network: nothing secret goes this way */
};

enum door_cookie {
    DOOR_SESSION,
    DOOR_PRE, /* of a browser that is about to sign in */
    DOOR_SENT /* of one that was sent to the directory, and comes back from there */
};

struct bw_catalogue;
struct bw_dir_session;
struct bw_dir_sessions;
struct bw_directory;

struct bw_door {
    uv_loop_t *loop;
    struct bw_config_door conf;
    char address[512];
    struct bw_people *people; /* NULL: access is open */
    uv_mutex_t lock;          /* of people, serial and the versions */
    uint64_t serial;
    int64_t people_version;
    int64_t catalogue_version; /* of this handle */
    const struct bw_catalogue *catalogue;
    int64_t seen_told_mono_ms;
    struct bw_readers *pool;
    struct bw_book *book;
    uint64_t book_serial;
    struct bw_map *map;
    int64_t
        filed; /* the last act that is in the trail's file, and at its socket, though the */
    int64_t sent;                /* other could not be written; a turn's alone */
    int64_t audit_again_mono_ms; /* when acts that could not be told are; 0: none */
    uint8_t secret[BW_PEOPLE_SECRET];
    struct bw_throttle *throttle;
    struct bw_directory *directory; /* NULL: nobody of one signs in */
    struct bw_dir_sessions *dir_sessions;
    struct bw_audit *audit;
    uv_timer_t timer;
    bool turning;
    bool closing;
    struct bw_complaint turn_complaint;
    struct bw_complaint audit_complaint;
    size_t n_sign_ins;
    size_t n_flows; /* counted apart: a directory that hangs keeps no account out */
    int64_t signed_in;
    int64_t refused;
    int64_t forged;
    int64_t unseen; /* asked for what they may not see */
    void (*closed_cb)(void *owner);
    void *closed_owner;
};

/* What every job of the door begins with. */
struct door_job {
    struct bw_door *d;
    struct bw_http_req *req;
    struct bw_book *book; /* as it is after what the job did; NULL: nothing changed */
    uint64_t serial;
    int r;
    struct bw_err err;
};

/* --- door.c */
/* Within a job, with d->lock held: read who is known into job->book. */
int bw_door_reread(struct door_job *job);
/* On the loop: what the job read is what is known from now on. */
void bw_door_known(struct door_job *job);
/* Look for news soon, for instance because an act waits to be told. */
void bw_door_turn(struct bw_door *d);
void bw_door_tell(struct bw_door *d,
                  const struct bw_http_req *req,
                  const char *event,
                  const char *outcome,
                  const char *who,
                  const char *detail);

/* --- door_way.c */
enum door_way bw_door_way(const struct bw_http_req *req);
/* The value of a cookie as it is named this way; -ENOENT none, -EINVAL it stands twice or
 * is too long. */
int bw_door_cookie(const struct bw_http_req *req,
                   enum door_cookie which,
                   char out[COOKIE_MAX]);
/* value NULL: forget it. */
void bw_door_set_cookie(struct bw_http_req *req, enum door_cookie which, const char *value);
/* Does a browser say that a form came from elsewhere? */
bool bw_door_foreign(const struct bw_door *d, const struct bw_http_req *req);
/* A MAC over two words of at most 255 bytes together, for what is derived: MAC_LEN
 * characters. */
void bw_door_mac(const struct bw_door *d,
                 const char *what,
                 const char *of,
                 char out[MAC_LEN + 1]);

/* --- guard.c */
/* For people, not for programs. */
bool bw_door_is_page(const struct bw_http_req *req);
/* The request's own address, encoded as a value of a query; "" where it is too long. */
void bw_door_add_target(const struct bw_http_req *req, const char *name, struct bw_buf *to);

/* --- sign_in.c */
/* Is there nobody to sign in? Then it has answered. */
struct bw_collector;
bool bw_door_shut(const struct bw_collector *c, struct bw_http_req *req);
/* A session of an account ends, whoever waits for it: nobody. */
void bw_door_end_quietly(struct bw_door *d, const uint8_t sha256[32]);

/* --- dir_flow.c */
/* Of a session that began at the directory; NULL: none, or it was last asked too long ago
 * for this request. Without a map yet. */
struct bw_viewer *bw_door_by_directory(struct bw_door *d, const struct bw_http_req *req);
struct bw_dir_session *bw_door_dir_session(struct bw_door *d,
                                           const struct bw_http_req *req);
/* A page that has to go by the directory first: answered with where to go. */
void bw_door_ask_again(struct bw_http_req *req);

/* --- dir_logout.c */
/* Of whom the directory signed in, the session ends here; answers with a page that leads
 * there. */
void bw_door_dir_sign_out(struct bw_collector *c, struct bw_http_req *req);

/* --- outside.c */
struct bw_door_identity { /* as another's directory knows somebody */
    const char *name;     /* for people to read */
    const char *id;       /* who it is, whatever the name */
    const char *const *groups;
    size_t n_groups;
};
/* NULL: in no group that the configuration knows, or no memory. Without a map yet. */
struct bw_viewer *bw_door_outside(const struct bw_door *d,
                                  const struct bw_door_identity *who);
/* Of a request through a proxy that says who asks; NULL: it does not, or is not believed.
 */
struct bw_viewer *bw_door_by_proxy(struct bw_door *d, const struct bw_http_req *req);

/* --- door_pages.c; all of a request that is answered by it */
struct door_form { /* what stands in the form of signing in */
    const char *to;
    const char *name;
    const char *trouble;
};
void bw_door_page_sign_in(const struct bw_door *d,
                          struct bw_http_req *req,
                          const char *title,
                          unsigned status,
                          const struct door_form *f);
struct door_set_up { /* what stands in a link's form */
    enum bw_link_kind kind;
    const char *token;
    const char *name;
    const char *shown;
    const uint8_t *totp; /* [BW_TOTP_KEY] */
    const char *trouble;
};
void bw_door_page_set_up(struct bw_http_req *req,
                         const char *title,
                         unsigned status,
                         const struct door_set_up *s);
void bw_door_page_recovery(struct bw_http_req *req,
                           const char *title,
                           const char *name,
                           char codes[BW_RECOVERY_CODES][RECOVERY_LEN + 1]);
void bw_door_page_account(const struct bw_door *d,
                          struct bw_http_req *req,
                          const char *title,
                          unsigned status,
                          const char *why);
void bw_door_page_no_way(struct bw_http_req *req, const char *title, enum door_way way);

#endif

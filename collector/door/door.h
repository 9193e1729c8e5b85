/* SPDX-License-Identifier: GPL-3.0-or-later
 * door.h - who may look at this collector: the guard before every route, people signing in
 * and out, the links that give them their secrets (docs/access.md).
 *
 * On the loop, but for what costs: data base, Argon2id and files have two jobs at a time on
 * other threads. A request of somebody known is let in from memory alone. */
#ifndef BW_DOOR_H
#define BW_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <viewer.h>

struct bw_buf;
struct bw_config_door;
struct bw_door;
struct bw_err;
struct bw_http_req;
struct bw_http_route;
struct uv_loop_s;

struct bw_door_opts {
    const struct bw_config_door *conf; /* copied; so are the paths */
    const char *people_path;
    const char *catalogue_path;
    const char *ledger_folder;
    const char *log_folder;
    const char *address; /* for links where conf has no url: "http://127.0.0.1:8480", "" */
};

/* Opens the store (made when missing) unless access is open; where it holds nobody, a link
 * for the first administrator goes to the log. Blocks: before the loop runs. */
int bw_door_new(struct uv_loop_s *loop,
                const struct bw_door_opts *opts,
                struct bw_door **ret,
                struct bw_err *reterr);
/* Answer what waits, close, free; then cb on the loop. NULL is fine (cb is not called). */
void bw_door_close(struct bw_door *d, void (*cb)(void *owner), void *owner);

/* For bw_http_new(); the owner is the bw_collector. */
bool bw_door_guard(void *owner, struct bw_http_req *req, unsigned need);

struct bw_act_said;
/* Keep an administrator's act that other parts of the program do, before it is done: what
 * cannot be kept is not to be done. Any thread but the loop's; blocks. */
int bw_door_act(struct bw_door *d, const struct bw_act_said *act, struct bw_err *reterr);
/* Then, on the loop: tell whoever watches. */
void bw_door_acted(struct bw_door *d);

/* Has every route a level of its own? -EINVAL names the first that has none. */
int bw_door_routes_check(const struct bw_http_route *routes, struct bw_err *reterr);
/* One line a route, for --routes: METHOD PATTERN LEVEL OF. */
void bw_door_routes_print(const struct bw_http_route *routes, struct bw_buf *out);

/* Somebody who was let in said or changed something by a page: a line for whoever watches.
 * Before the request is answered. detail: what. */
void bw_door_said(struct bw_door *d,
                  const struct bw_http_req *req,
                  const char *event,
                  const char *who,
                  const char *detail);

void bw_door_metrics(const struct bw_door *d, struct bw_buf *b);

/* Handlers. */
void bw_door_sign_in_get(void *owner, struct bw_http_req *req);
void bw_door_sign_in_post(void *owner, struct bw_http_req *req);
void bw_door_sign_out_post(void *owner, struct bw_http_req *req);
void bw_door_set_up_get(void *owner, struct bw_http_req *req);
void bw_door_set_up_post(void *owner, struct bw_http_req *req);
void bw_door_account_get(void *owner, struct bw_http_req *req);
void bw_door_account_others_post(void *owner, struct bw_http_req *req);
void bw_door_account_renew_post(void *owner, struct bw_http_req *req);
void bw_door_oidc_start_get(void *owner, struct bw_http_req *req);
void bw_door_oidc_back_get(void *owner, struct bw_http_req *req);
void bw_door_oidc_logout_post(void *owner, struct bw_http_req *req);
void bw_door_people_get(void *owner, struct bw_http_req *req);
void bw_door_people_post(void *owner, struct bw_http_req *req);

enum {
    BW_DOOR_FORM_BYTES = 8192,
    BW_DOOR_LOGOUT_BYTES = 65536
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * control.h - the control socket: one JSON object a line, each way.
 *
 * Request {"verb":"status"|"reload"|"probe"|…, …}; the answer ends with a line that has
 * "ok": {"ok":true, …} or {"ok":false,"error":"…"}. Lines before it (progress of a
 * probe) have no "ok". A connection may send several requests one after another. The
 * socket file's mode (0660) is the authentication. */
#ifndef BW_CONTROL_H
#define BW_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct bw_err;
struct bw_control;
struct bw_control_peer;

enum {
    BW_CONTROL_PEERS_MAX = 16,
    BW_CONTROL_LINE_MAX = 65536,  /* bytes of a request */
    BW_CONTROL_LYING_MAX = 65536, /* answers not yet taken, before the next request */
    BW_CONTROL_UNSENT_MAX = 4 * 1024 * 1024 /* of answers not yet taken by a peer */
};

/* A request came, on the loop's thread. Answer now or later, exactly once with
 * bw_control_answer(); the peer may have gone by then, which is fine. */
typedef void (*bw_control_request_cb)(void *owner,
                                      struct bw_control_peer *peer,
                                      const json_t *request);

/* Bind (a socket file left by a dead daemon is replaced, a live one is -EADDRINUSE),
 * listen, mode 0660. */
int bw_control_start(uv_loop_t *loop,
                     const char *path,
                     const char *group,
                     bw_control_request_cb cb,
                     void *owner,
                     struct bw_control **ret,
                     struct bw_err *reterr);
/* Close everything, remove the file, then cb(owner) on the loop. */
void bw_control_close(struct bw_control *c, void (*cb)(void *owner), void *owner);

/* One line of progress; `line` is borrowed. */
void bw_control_progress(struct bw_control_peer *peer, const json_t *line);
/* The last line: takes over `result` (an object; "ok":true is added), or NULL with an
 * error sentence. */
void bw_control_answer(struct bw_control_peer *peer, json_t *result, const char *error);
/* A later answer keeps the peer's memory alive between these two. */
void bw_control_hold(struct bw_control_peer *peer);
void bw_control_drop(struct bw_control_peer *peer);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * audit.h - what happens at the door, as lines for whoever watches: a file of JSON or RFC
 * 5424 lines, a socket that takes RFC 5424. Told on the loop, written on another thread. */
#ifndef BW_DOOR_AUDIT_H
#define BW_DOOR_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

struct bw_act;
struct bw_audit;
struct bw_buf;
struct bw_config_door;

/* One event: words of ours and, in who, from, about and detail (each may be NULL), of
 * anybody's. */
struct bw_audit_event {
    int64_t at_unix_ms;
    const char *event;   /* "sign-in" */
    const char *outcome; /* "ok", "refused" */
    const char *who;
    const char *from; /* an address */
    const char *about;
    const char *detail;
};

int bw_audit_new(const struct bw_config_door *conf, struct bw_audit **ret);
void bw_audit_free(struct bw_audit *a); /* NULL is fine */

/* Kept until the next write; of more than 120 a minute, what was refused and all else
 * apart, only how many there were. Also a line of the collector's own log. */
void bw_audit_tell(struct bw_audit *a, const struct bw_audit_event *e);
/* What waits, for a thread to write: moved into *lines and *packets. Loop. */
void bw_audit_take(struct bw_audit *a, struct bw_buf *lines, struct bw_buf *packets);
/* An act of an administrator, appended to both likewise; NULL: there it is already. Any
 * thread. */
void bw_audit_act(const struct bw_config_door *conf,
                  const struct bw_act *act,
                  struct bw_buf *lines,
                  struct bw_buf *packets);
struct bw_audit_done { /* what is where it belongs */
    bool file;
    bool socket;
};
/* Write them out: 0, or -errno of the file or the socket; blocks. Any thread, one at a time
 * for one file. */
int bw_audit_write(const struct bw_config_door *conf,
                   const struct bw_buf *lines,
                   const struct bw_buf *packets,
                   struct bw_audit_done *ret);

/* The two forms of a line, with its line end; pure. */
void bw_audit_json(const struct bw_audit_event *e, struct bw_buf *out);
void bw_audit_rfc5424(const struct bw_audit_event *e,
                      const char *host,
                      int64_t pid,
                      struct bw_buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * servers_parts.h - what the files of the servers' page share: page_servers.c (requests,
 * the list), servers_lines.c (pictures, one server), servers_export.c (JSON). */
#ifndef BW_SERVERS_PARTS_H
#define BW_SERVERS_PARTS_H

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errata.h>
#include <room.h>
#include <servers.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_http_req;

enum {
    BW_SERVERS_DAYS = 7
};

/* One request. */
struct bw_servers_job {
    struct bw_http_req *req;
    bool json;
    const struct bw_room *r;
    const struct bw_room_server *one; /* NULL: all */
    char title[BW_LABEL_MAX + 1];
    struct bw_erratum_said *errata; /* about servers, in force */
    size_t n_errata, cap_errata;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* The newest hour of a direction with a median; NULL: none. */
const struct bw_room_server_hour *bw_servers_newest(const struct bw_servers_job *j,
                                                    const struct bw_room_server *s,
                                                    int direction);
/* All hours in one line, the worse of both directions. */
void bw_servers_strip(struct bw_servers_job *j, const struct bw_room_server *s);
void bw_servers_legend(struct bw_servers_job *j);
/* Stretches at fault with what to do about them; `many`: name the server. */
void bw_servers_faults(struct bw_servers_job *j, const struct bw_room_server *s, size_t *n);
void bw_servers_reasons(struct bw_servers_job *j, const struct bw_room_server *s);
/* Everything about one. */
void bw_servers_one(struct bw_servers_job *j);

void bw_servers_json(struct bw_servers_job *j);

#endif

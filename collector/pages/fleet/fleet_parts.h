/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet_parts.h - what the files of the fleet's page share: page_fleet.c (requests, the
 * page), fleet_lines.c (the funnel, reasons, sites), fleet_export.c (JSON, CSV). */
#ifndef BW_FLEET_PARTS_H
#define BW_FLEET_PARTS_H

#include <buf.h>
#include <bw/err.h>
#include <fleet.h>
#include <page_scope.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_http_req;

enum bw_fleet_form {
    BW_FLEET_PAGE,
    BW_FLEET_JSON,
    BW_FLEET_CSV
};

/* One request. */
struct bw_fleet_job {
    struct bw_http_req *req;
    enum bw_fleet_form form;
    const struct bw_room *r;
    struct bw_page_scope scope; /* what of it may be seen */
    uint32_t below;             /* an entity; BW_ROOM_NONE: everywhere */
    bool listed;                /* a list of sites is asked for */
    bool has_stage, has_why;
    enum bw_fleet_stage stage;
    enum bw_fleet_why why;
    size_t page; /* from 1 */
    bool admin;  /* may make tokens and revoke keys here */
    char title[BW_LABEL_MAX + 1];
    struct bw_fleet f;
    struct bw_fleet_agent *agents;
    size_t n_agents;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* "/fleet?stage=…&amp;why=…" for an attribute; page 0: none. */
void bw_fleet_url(struct bw_fleet_job *j, int stage, int why, size_t page);
bool bw_fleet_listed(const struct bw_fleet_job *j, const struct bw_fleet_row *x);

void bw_fleet_funnel(struct bw_fleet_job *j);
void bw_fleet_reasons(struct bw_fleet_job *j);
void bw_fleet_programs(struct bw_fleet_job *j);
/* Sites with two chains of one key, or retired ones that are still heard. */
void bw_fleet_clones(struct bw_fleet_job *j);
/* Rows [from, to) of those that are asked for. */
void bw_fleet_sites(struct bw_fleet_job *j, size_t from, size_t to);

void bw_fleet_json(struct bw_fleet_job *j);
void bw_fleet_csv(struct bw_fleet_job *j);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * admin.h - what the verbs for the collector's administrator share: finding its folder,
 * entities by name. */
#ifndef BW_CLI_ADMIN_H
#define BW_CLI_ADMIN_H

#include <catalogue.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

#define BW_COLLECTOR_CONF "/etc/bandwitness/collector.conf"

/* The data folder itself, into ret[cap]; from then on as its owner. */
int bw_admin_folder(
    const char *data, const char *config, char *ret, size_t cap, struct bw_err *reterr);

/* The catalogue of the collector in folder `data`, or where that is NULL in the folder that
 * the configuration file (NULL: the usual one) names. Made when missing. */
int bw_admin_open(const char *data,
                  const char *config,
                  struct bw_catalogue **ret,
                  struct bw_err *reterr);

/* The entity with this id or name; -ENOENT. */
int bw_admin_known_entity(struct bw_catalogue *c,
                          const char *name,
                          char ret_id[BW_ENTITY_MAX + 1],
                          struct bw_err *reterr);

/* The entity with this id or name; a district of this name is added when there is none. */
int bw_admin_entity(struct bw_catalogue *c,
                    const char *name,
                    char ret_id[BW_ENTITY_MAX + 1],
                    struct bw_err *reterr);

/* The site with this id; -ENOENT says how to find it. */
int bw_admin_known_site(struct bw_catalogue *c,
                        const char *id,
                        struct bw_site *ret,
                        struct bw_err *reterr);

/* The site with this id, or a new one with this name at this entity (NULL: none). */
int bw_admin_site(struct bw_catalogue *c,
                  const char *name,
                  const char *entity,
                  struct bw_site *ret,
                  struct bw_err *reterr);

#endif

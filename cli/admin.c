/* SPDX-License-Identifier: GPL-3.0-or-later
 * admin.c - the catalogue of a collector on this machine, opened beside the running
 * program: the catalogue allows several writers. */
#include "admin.h"

#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <ctype.h>
#include <errno.h>
#include <file.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

int bw_admin_folder(
    const char *data, const char *config, char *ret, size_t cap, struct bw_err *reterr)
{
    struct bw_collector_config *conf = NULL;
    if (!data) {
        int r =
            bw_collector_config_read(config ? config : BW_COLLECTOR_CONF, &conf, reterr);
        if (r < 0) {
            return r;
        }
    }
    const char *folder = data ? data : conf->data_dir;
    struct stat st;
    int r = 0;
    int n = snprintf(ret, cap, "%s", folder);
    if (n < 0 || (size_t)n >= cap) {
        r = bw_err_set(reterr, -ENAMETOOLONG, "%s is too long", folder);
    } else if (stat(folder, &st) < 0) {
        r = bw_err_set(reterr, -errno,
                       "%s: %s; start the collector once, or name its folder with --data",
                       folder, bw_strerror(-errno));
    } else if (geteuid() == 0 && st.st_uid != 0 && seteuid(st.st_uid) < 0) {
        /* What root makes here must belong to the collector. */
        r = bw_err_set(reterr, -errno, "cannot act as the owner of %s", folder);
    }
    bw_collector_config_free(conf);
    return r;
}

int bw_admin_open(const char *data,
                  const char *config,
                  struct bw_catalogue **ret,
                  struct bw_err *reterr)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 16];
    int r = bw_admin_folder(data, config, folder, sizeof(folder), reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", folder);
    return bw_catalogue_open(path, ret, reterr);
}

struct find {
    const char *name;
    bool found;
    char id[BW_ENTITY_MAX + 1];
};

static int on_entity(void *owner, const struct bw_entity *e)
{
    struct find *f = owner;
    if (strcmp(e->id, f->name) == 0 || strcasecmp(e->name, f->name) == 0) {
        f->found = true;
        memcpy(f->id, e->id, sizeof(f->id));
    }
    return 0;
}

/* "Alder Valley" becomes "alder-valley"; `n` > 1 adds a number. */
static void make_id(const char *name, int n, char id[BW_ENTITY_MAX + 1])
{
    size_t len = 0;
    for (; *name && len < BW_ENTITY_MAX - 4; name++) {
        if (isalnum((unsigned char)*name)) {
            id[len++] = (char)tolower((unsigned char)*name);
        } else if (len > 0 && id[len - 1] != '-') {
            id[len++] = '-';
        }
    }
    while (len > 0 && id[len - 1] == '-') {
        len--;
    }
    id[len] = '\0';
    if (len == 0) {
        (void)snprintf(id, BW_ENTITY_MAX + 1, "entity");
        len = strlen(id);
    }
    if (n > 1) {
        (void)snprintf(id + len, BW_ENTITY_MAX + 1 - len, "-%d", n);
    }
}

int bw_admin_known_entity(struct bw_catalogue *c,
                          const char *name,
                          char ret_id[BW_ENTITY_MAX + 1],
                          struct bw_err *reterr)
{
    struct find f = {.name = name};
    int r = c->ops->entities(c, NULL, on_entity, &f, reterr);
    if (r == 0 && !f.found) {
        r = bw_err_set(reterr, -ENOENT,
                       "no entity \"%s\"; `bandwitness site list` shows their ids", name);
    }
    if (r == 0) {
        memcpy(ret_id, f.id, sizeof(f.id));
    }
    return r;
}

int bw_admin_entity(struct bw_catalogue *c,
                    const char *name,
                    char ret_id[BW_ENTITY_MAX + 1],
                    struct bw_err *reterr)
{
    if (strlen(name) > BW_LABEL_MAX) {
        return bw_err_set(reterr, -EINVAL, "a name has at most %d bytes", BW_LABEL_MAX);
    }
    int r = bw_admin_known_entity(c, name, ret_id, reterr);
    if (r != -ENOENT) {
        return r;
    }
    struct bw_entity e;
    memset(&e, 0, sizeof(e));
    e.kind = BW_ENTITY_DISTRICT;
    e.from_unix_s = bw_clock_unix_ms() / 1000;
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    r = -EEXIST;
    for (int n = 1; r == -EEXIST && n < 100; n++) {
        make_id(name, n, e.id);
        r = c->ops->entity_add(c, &e, reterr);
    }
    if (r == 0) {
        memcpy(ret_id, e.id, sizeof(e.id));
    }
    return r;
}

int bw_admin_known_site(struct bw_catalogue *c,
                        const char *id,
                        struct bw_site *ret,
                        struct bw_err *reterr)
{
    int r = c->ops->site_get(c, id, ret, reterr);
    return r == -ENOENT
               ? bw_err_set(reterr, r, "no site %s; `bandwitness site list` shows all", id)
               : r;
}

int bw_admin_site(struct bw_catalogue *c,
                  const char *name,
                  const char *entity,
                  struct bw_site *ret,
                  struct bw_err *reterr)
{
    struct bw_site s;
    memset(&s, 0, sizeof(s));
    if (strlen(name) > BW_LABEL_MAX) {
        return bw_err_set(reterr, -EINVAL, "a name has at most %d bytes", BW_LABEL_MAX);
    }
    if (strncmp(name, "s-", 2) == 0) {
        return bw_admin_known_site(c, name, ret, reterr);
    }
    if (entity) {
        int r = bw_admin_entity(c, entity, s.entity, reterr);
        if (r < 0) {
            return r;
        }
    }
    (void)snprintf(s.name, sizeof(s.name), "%s", name);
    s.state = BW_SITE_EXPECTED;
    s.created_unix_s = bw_clock_unix_ms() / 1000;
    int r = c->ops->site_add(c, &s, reterr);
    if (r == 0) {
        *ret = s;
    }
    return r;
}

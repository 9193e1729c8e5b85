/* SPDX-License-Identifier: GPL-3.0-or-later
 * docket_asked.c - finding and opening the catalogue that holds what people say.
 *
 * Invariant: what is made in a folder belongs to the folder's owner, also when root makes
 * it; a name under which something is said is never made up. */
#include "docket_asked.h"

#include "admin.h"
#include "box.h"
#include "boxconf.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <enrolment.h>
#include <errno.h>
#include <origin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An import's --state is a state of the union (import_run.h). */
static const char *state_word(const struct bw_verb *v)
{
    return strcmp(v->name, "import usac") == 0 || strcmp(v->name, "import claims") == 0
               ? "--box"
               : "--state";
}

int bw_docket_asked_take(const struct bw_verb *v, int o, struct bw_docket_asked *a)
{
    switch (o) {
    case BW_DOCKET_OPT_STATE:
        a->state = optarg;
        break;
    case BW_DOCKET_OPT_CONFIG:
        a->config = optarg;
        break;
    case BW_DOCKET_OPT_LEDGER:
        a->ledger = optarg;
        break;
    case BW_DOCKET_OPT_COLLECTOR:
        a->collector = optarg;
        break;
    case BW_DOCKET_OPT_BY: {
        char by[BW_STATEMENT_BY_MAX + 1];
        bw_statement_by_of(optarg, by);
        if (!optarg[0] || strcmp(by, optarg) != 0) {
            return bw_cli_usage(v,
                                "--by is an account's name of at most %d of a-z, 0-9, '.', "
                                "'_' and '-', not '%s'",
                                BW_STATEMENT_BY_MAX, optarg);
        }
        a->by = optarg;
        break;
    }
    default:
        return BW_EXIT_USAGE;
    }
    if ((a->state != NULL) + (a->config != NULL) + (a->ledger != NULL) +
            (a->collector != NULL) >
        1) {
        return bw_cli_usage(v, "give one of %s, --config, --ledger and --collector",
                            state_word(v));
    }
    return 0;
}

/* Who is at the keyboard: behind sudo the one who typed it. */
static int find_name(const struct bw_verb *v,
                     const struct bw_docket_asked *a,
                     char by[BW_STATEMENT_BY_MAX + 1])
{
    static const char *const where[] = {"SUDO_USER", "USER", "LOGNAME"};
    const char *text = a->by;
    for (size_t i = 0; !text && i < sizeof(where) / sizeof(where[0]); i++) {
        text = getenv(where[i]); /* NOLINT(concurrency-mt-unsafe): never set */
        text = text && text[0] ? text : NULL;
    }
    bw_statement_by_of(text ? text : "", by);
    return by[0] ? 0
                 : bw_cli_usage(v, "who says so? --by NAME (this machine does not tell)");
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int of_box(const char *config, struct bw_docket *d, struct bw_err *reterr)
{
    struct bw_boxconf *c = NULL;
    int r = bw_boxconf_load(config, &c, reterr);
    if (r == 0) {
        (void)snprintf(d->folder, sizeof(d->folder), "%s", c->state_dir);
        bw_boxconf_unref(c);
    }
    return r;
}

static int of_collector(const char *config, struct bw_docket *d, struct bw_err *reterr)
{
    struct bw_collector_config *c = NULL;
    int r = bw_collector_config_read(config, &c, reterr);
    if (r == 0) {
        (void)snprintf(d->folder, sizeof(d->folder), "%s", c->data_dir);
        bw_collector_config_free(c);
    }
    d->of_collector = true;
    return r;
}

/* An installation makes the folder on a collector, too: a box has something in it. Who may
 * not look into it is told so later. */
static bool box_is_here(void)
{
    static const char *const kept[] = {BW_DOCKET_STATE "/journal.db",
                                       BW_DOCKET_STATE "/catalogue.db"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (access(kept[i], F_OK) == 0 || errno != ENOENT) {
            return true;
        }
    }
    return false;
}

static int
find_folder(const struct bw_docket_asked *a, struct bw_docket *d, struct bw_err *reterr)
{
    const char *folder = a->state ? a->state : a->ledger;
    if (a->config) {
        return of_box(a->config, d, reterr);
    }
    if (a->collector) {
        return of_collector(a->collector, d, reterr);
    }
    if (!folder && !box_is_here() && access(BW_COLLECTOR_CONF, R_OK) == 0) {
        int r = of_collector(BW_COLLECTOR_CONF, d, reterr);
        if (r < 0 || is_folder(d->folder) || !is_folder(BW_DOCKET_STATE)) {
            return r;
        }
    }
    d->of_collector = a->ledger != NULL;
    (void)snprintf(d->folder, sizeof(d->folder), "%s", folder ? folder : BW_DOCKET_STATE);
    return 0;
}

static int
open_it(const struct bw_verb *v, struct bw_docket *d, bool write, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", d->folder);
    if (stat(d->folder, &st) < 0) {
        return bw_err_set(reterr, -errno,
                          "%s: %s; name a box's folder with %s, a collector's with "
                          "--ledger",
                          d->folder, bw_strerror(-errno), state_word(v));
    }
    if (!write) {
        int r = bw_catalogue_open_read(path, &d->catalogue, reterr);
        return r == -ENOENT ? 0 : r;
    }
    if (geteuid() == 0 && st.st_uid != 0 && seteuid(st.st_uid) < 0) {
        return bw_err_set(reterr, -errno, "cannot act as the owner of %s", d->folder);
    }
    return bw_catalogue_open(path, &d->catalogue, reterr);
}

uid_t bw_docket_as_caller(void)
{
    uid_t owner = geteuid();
    if (owner != getuid()) {
        (void)!seteuid(getuid()); /* then the file says that it cannot be read */
    }
    return owner;
}

int bw_docket_as_owner(uid_t owner, struct bw_err *reterr)
{
    return geteuid() == owner || seteuid(owner) == 0
               ? 0
               : bw_err_set(reterr, -errno, "cannot act as the folder's owner again");
}

int bw_docket_open(const struct bw_verb *v,
                   const struct bw_docket_asked *a,
                   bool write,
                   struct bw_docket *ret)
{
    struct bw_err err = {.text = ""};
    memset(ret, 0, sizeof(*ret));
    ret->now_unix_ms = bw_clock_unix_ms();
    int status = write ? find_name(v, a, ret->by) : 0;
    if (status != 0) {
        return status;
    }
    int r = find_folder(a, ret, &err);
    r = r < 0 ? r : open_it(v, ret, write, &err);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

void bw_docket_close(struct bw_docket *d)
{
    bw_catalogue_close(d->catalogue);
    d->catalogue = NULL;
}

void bw_docket_begin(const struct bw_verb *v,
                     const struct bw_docket *d,
                     enum bw_statement_kind kind,
                     struct bw_statement *ret)
{
    bw_statement_init(ret, kind);
    ret->said_unix_s = d->now_unix_ms / 1000;
    memcpy(ret->by, d->by, sizeof(ret->by));
    (void)snprintf(ret->via, sizeof(ret->via), "%s", v->name);
}

int bw_docket_say(const struct bw_docket *d,
                  struct bw_statement *s,
                  const struct bw_buf *body,
                  char *ret_id,
                  struct bw_err *reterr)
{
    int r = bw_buf_error(body);
    s->body = body->data;
    s->n_body = body->len;
    return r < 0 ? r : bw_catalogue_say(d->catalogue, s, d->now_unix_ms, ret_id, reterr);
}

int bw_docket_each(const struct bw_docket *d,
                   const struct bw_said_query *q,
                   bw_said_cb cb,
                   void *owner,
                   struct bw_err *reterr)
{
    return d->catalogue ? d->catalogue->ops->statements(d->catalogue, q, cb, owner, reterr)
                        : 0;
}

const char *bw_docket_dashed_id(int *argc, char **argv)
{
    for (int i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (argv[i][0] == '-' && bw_statement_id_valid(argv[i])) {
            const char *id = argv[i];
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
            --*argc;
            return id;
        }
    }
    return NULL;
}

int bw_docket_one(const struct bw_verb *v,
                  const struct bw_docket *d,
                  const char *id,
                  bw_said_cb cb,
                  void *owner)
{
    struct bw_err err = {.text = ""};
    if (!d->catalogue) {
        return bw_cli_failed(v, "nothing was said in %s yet", d->folder);
    }
    return d->catalogue->ops->statement_find(d->catalogue, id, cb, owner, &err) < 0
               ? bw_cli_failed(v, "%s", err.text)
               : 0;
}

/* ---- which circuit -------------------------------------------------------------- */

static int full_name(const struct bw_verb *v,
                     const struct bw_docket *d,
                     const char *text,
                     char ret[BW_DOCKET_CIRCUIT_MAX + 1])
{
    struct bw_enrolment e;
    const char *dot = strchr(text, '.');
    const char *name = strncmp(text, "s-", 2) == 0 && dot ? dot + 1 : text;
    char site[BW_SITE_MAX + 1] = BW_SITE_LOCAL;
    if (name != text) {
        (void)snprintf(site, sizeof(site), "%.*s", (int)(dot - text), text);
        if ((size_t)(dot - text) > BW_SITE_MAX || !bw_site_valid(site)) {
            return bw_cli_usage(v, "'%s' is no circuit: SITE.CIRCUIT, as s-4f9k2.wan",
                                text);
        }
    } else if (d->of_collector) {
        return bw_cli_usage(v, "which site's '%s'? say SITE.CIRCUIT, as s-4f9k2.wan", text);
    } else if (bw_enrolment_load(d->folder, &e, NULL) == 0 && e.site[0]) {
        memcpy(site, e.site, sizeof(site));
    }
    if (!bw_name_valid(name)) {
        return bw_cli_usage(v, "'%s' is no circuit: SITE.CIRCUIT, as s-4f9k2.wan", text);
    }
    (void)snprintf(ret, BW_DOCKET_CIRCUIT_MAX + 1, "%s.%s", site, name);
    return 0;
}

int bw_docket_circuit_word(const struct bw_verb *v, int argc, char **argv, const char **ret)
{
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "which circuit? SITE.CIRCUIT, as s-4f9k2.wan");
    }
    *ret = argv[optind];
    return 0;
}

int bw_docket_circuit(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const char *text,
                      bool known,
                      char ret[BW_DOCKET_CIRCUIT_MAX + 1])
{
    struct bw_origin *origin = NULL;
    struct bw_origin_found found;
    struct bw_err err = {.text = ""};
    char path[PATH_MAX + 16];
    int status = full_name(v, d, text, ret);
    if (status != 0 || !known) {
        return status;
    }
    (void)snprintf(path, sizeof(path), "%s%s", d->folder,
                   d->of_collector ? "" : "/journal.db");
    int r = bw_origin_open(d->of_collector ? BW_FROM_LEDGER : BW_FROM_JOURNAL, path,
                           &origin, &err);
    r = r < 0 ? r : bw_origin_find(origin, NULL, ret, &found, &err);
    bw_origin_close(origin);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    if (found.n_match > 0) {
        return 0;
    }
    status = bw_cli_failed(v, "no circuit %s has records here%s", ret,
                           found.n > 0 ? "; there are:" : "");
    for (size_t i = 0; i < found.n && i < BW_ORIGIN_LISTED_MAX; i++) {
        (void)fprintf(stderr, "  %s\n", found.names[i]);
    }
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_key_revoke.c - a box's key was in other hands since a date: nothing more is taken by
 * it, and what came by it since counts nowhere. The records stay. */
#include "admin.h"
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <clock.h>
#include <errno.h>
#include <grow.h>
#include <json.h>
#include <origin.h>
#include <plural.h>
#include <revocation.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_key_revoke;

#define END_OF_TIME INT64_C(253402300799)

struct heir { /* that it signed for since */
    char kid[BW_KID_LEN + 1];
};

struct revoking {
    const char *asked; /* the key, or how it begins */
    struct bw_site_key key;
    size_t n_keys; /* that begin so */
    int64_t from_unix_s;
    struct heir *heirs;
    size_t n_heirs;
    size_t cap_heirs;
    int64_t n;     /* records that count no longer */
    int64_t n_all; /* that came by it */
};

static int find_key(void *owner, const struct bw_site_key *k)
{
    struct revoking *r = owner;
    if (strncmp(k->kid, r->asked, strlen(r->asked)) == 0) {
        r->key = *k;
        r->n_keys++;
    }
    return 0;
}

static int find_heir(void *owner, const struct bw_site_key *k)
{
    struct revoking *r = owner;
    struct heir *list;
    if (strcmp(k->prev_kid, r->key.kid) != 0 || k->from_unix_s < r->from_unix_s ||
        k->revoked_unix_s != BW_UNKNOWN) {
        return 0;
    }
    list = bw_grow(r->heirs, r->n_heirs, &r->cap_heirs, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    r->heirs = list;
    memcpy(list[r->n_heirs++].kid, k->kid, sizeof(k->kid));
    return 0;
}

static int count_record(void *owner, const struct bw_record *rec)
{
    struct revoking *r = owner;
    if (strcmp(rec->kid, r->key.kid) == 0) {
        r->n_all++;
        r->n += rec->received_unix_ms != BW_UNKNOWN &&
                rec->received_unix_ms >= r->from_unix_s * 1000;
    }
    return 0;
}

/* How much of the ledger that is; one without a ledger has none. */
static int count(const struct bw_docket *d, struct revoking *r, struct bw_err *reterr)
{
    struct bw_origin *origin = NULL;
    int rc = bw_origin_open(BW_FROM_LEDGER, d->folder, &origin, reterr);
    if (rc == -ENOENT) {
        return 0;
    }
    rc = rc < 0 ? rc
                : bw_records_each(bw_origin_records(origin), r->key.site, 0, END_OF_TIME,
                                  count_record, r, reterr);
    bw_origin_close(origin);
    return rc;
}

static void tell(const struct revoking *r, const char *id, bool json)
{
    struct bw_buf out;
    struct bw_jw w;
    char when[32];
    if (!json) {
        bw_time_format_s(r->from_unix_s, when);
        (void)printf("%s of %s: revoked as of %s\n", r->key.kid, r->key.site, when);
        (void)printf("Of %lld %s that came by it %lld, received since, %s nowhere.\n",
                     (long long)r->n_all, bw_plural(r->n_all, "record", "records"),
                     (long long)r->n, bw_plural(r->n, "counts", "count"));
        for (size_t i = 0; i < r->n_heirs; i++) {
            (void)printf("It signed for %s since: revoke that one as well, unless the box "
                         "itself made it.\n",
                         r->heirs[i].kid);
        }
        return;
    }
    bw_buf_init(&out, 65536 + r->n_heirs * sizeof(*r->heirs) * 2);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "id", id);
    bw_jw_kstr(&w, "kid", r->key.kid);
    bw_jw_kstr(&w, "site", r->key.site);
    bw_jw_ki64(&w, "revoked_s", r->from_unix_s);
    bw_jw_ki64(&w, "records", r->n_all);
    bw_jw_ki64(&w, "set_apart", r->n);
    bw_jw_karr(&w, "signed_for_since");
    for (size_t i = 0; i < r->n_heirs; i++) {
        bw_jw_str(&w, r->heirs[i].kid);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    (void)printf("%s\n", out.data ? out.data : "");
    bw_buf_done(&out);
}

static int find(const struct bw_docket *d, struct revoking *r, struct bw_err *err)
{
    int rc = d->catalogue->ops->keys(d->catalogue, NULL, find_key, r, err);
    if (rc < 0) {
        return rc;
    }
    if (r->n_keys != 1) {
        return bw_err_set(err, -ENOENT,
                          r->n_keys ? "more than one key begins with %s"
                                    : "no key begins with %s ('bandwitness site show' has "
                                      "a site's)",
                          r->asked);
    }
    return 0;
}

static int revoke(const struct bw_docket *d,
                  struct revoking *r,
                  const char *reason,
                  char *ret_id,
                  struct bw_err *err)
{
    struct bw_revocation said = {.compromised_unix_s = r->from_unix_s};
    int rc = find(d, r, err);

    (void)snprintf(said.reason, sizeof(said.reason), "%s", reason);
    rc =
        rc < 0 ? rc : d->catalogue->ops->keys(d->catalogue, r->key.site, find_heir, r, err);
    rc = rc < 0 ? rc
                : bw_revocation_say(d->catalogue, r->key.kid, &said, d->by,
                                    bw_verb_key_revoke.name, d->now_unix_ms, ret_id, err);
    return rc < 0 ? rc : count(d, r, err);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_BY,
        {"compromised-at", required_argument, NULL, 'a'},
        {"reason", required_argument, NULL, 'x'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_key_revoke;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct revoking r = {.from_unix_s = BW_UNKNOWN};
    struct bw_err err = {.text = ""};
    char id[BW_HASH_LEN + 1] = "";
    const char *reason = NULL;
    bool json = false;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'a') {
            status = bw_cli_time(v, "--compromised-at", optarg, &r.from_unix_s);
        } else if (o == 'x') {
            reason = optarg;
            status = bw_cli_label(v, "--reason", reason, BW_REVOCATION_TEXT_MAX);
        } else if (o == 'j') {
            json = true;
        } else {
            asked.ledger = o == 'd' ? optarg : asked.ledger;
            asked.collector = o == 'c' ? optarg : asked.collector;
            status = o == 'd' || o == 'c' ? 0 : bw_docket_asked_take(v, o, &asked);
        }
    }
    if (status != 0) {
        return status;
    }
    if (optind + 1 != argc || strlen(argv[optind]) < 6) {
        return bw_cli_usage(v, "which key? its name (kid), or at least 6 characters of how "
                               "it begins");
    }
    if (r.from_unix_s == BW_UNKNOWN || !reason) {
        return bw_cli_usage(v, "since when was it in other hands, and why? "
                               "--compromised-at 2026-11-02T08:00:00Z --reason TEXT");
    }
    if (!asked.ledger && !asked.collector) {
        asked.collector = BW_COLLECTOR_CONF;
    }
    r.asked = argv[optind];
    status = bw_docket_open(v, &asked, true, &d);
    if (status == 0 && r.from_unix_s > d.now_unix_ms / 1000) {
        status = bw_cli_usage(v, "--compromised-at is in the future");
    }
    if (status == 0 && revoke(&d, &r, reason, id, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0) {
        tell(&r, id, json);
    }
    bw_docket_close(&d);
    free(r.heirs);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_key_revoke = {
    .name = "key revoke",
    .summary = "a box's key was in other hands since a date (at the collector)",
    .help =
        "[OPTION]... --compromised-at TIME --reason TEXT KID\n"
        "\n"
        "From now on nothing is taken by this key; the box needs a new one, by a new "
        "token\n"
        "(`bandwitness token create --site SITE`). Records that the collector received by "
        "it at\n"
        "TIME or later count in no report, whatever time they claim; reports, bags and "
        "the\n"
        "log say so. The records stay as they are. It is final; said again it can only "
        "name\n"
        "an earlier time. KID is the key's name, or how it begins (after -- where that is "
        "a -).\n"
        "\n"
        "  --compromised-at TIME  since when, by the clock of this machine:\n"
        "                         2026-11-02T08:00:00Z, 2026-11-02 (midnight UTC)\n"
        "  --reason TEXT          in your words; no names of "
        "people\n" BW_DOCKET_ASKED_BY_HELP
        "  --data DIR             the collector's data folder\n"
        "  --config FILE          its configuration (" BW_COLLECTOR_CONF ")\n"
        "  --json                 {\"kid\":…, \"set_apart\":…}\n"
        "\n"
        "Exit status: 0 done, 1 no such key, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness key revoke --compromised-at 2026-11-02T08:00:00Z \\\n"
        "    --reason 'the box was stolen' CwAz2q-woAxS9QrXd3Gm\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_config.c - the log's sections, checked: names, keys, addresses. */
#include "log_config.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

const struct bw_optspec bw_transparency_opts[] = {
    {.name = "name",
     .type = BW_OPT_STRING,
     .max = BW_NOTE_NAME_MAX,
     .def = "",
     .doc =
         "What the log calls itself on its checkpoints, for instance "
         "log.alder.example/bandwitness; for ever, from its first start on. Empty: a name "
         "made of its key."},
    {.name = "checkpoint_every",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "1h",
     .doc = "How often a checkpoint is signed, if there is anything new."},
    {.name = "witness_name",
     .type = BW_OPT_STRING,
     .max = BW_NOTE_NAME_MAX,
     .def = "",
     .doc = "What this collector calls itself as a witness of others' logs. Empty: a name "
            "made of its witness key."},
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_witness_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 480,
     .def = NULL,
     .doc =
         "Where it takes checkpoints, without /add-checkpoint: of a collector its address "
         "and /log/witness."},
    {.name = "key",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = BW_NOTE_KEY_TEXT_MAX,
     .def = NULL,
     .doc = "Its key as NAME+HASH+BASE64; of a collector what /log/witness/key says. Had "
            "from its people, not from that address alone."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file of certificates to trust there; empty: the system's."},
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_witnessed_opts[] = {
    {.name = "key",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = BW_NOTE_KEY_TEXT_MAX,
     .def = NULL,
     .doc = "The log's key as NAME+HASH+BASE64; of a collector what /log/key says."},
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_stamper_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 480,
     .def = NULL,
     .doc = "Where requests for stamps are posted (RFC 3161 section 3.4)."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file of certificates to trust there, where it is https; empty: the "
            "system's."},
    {.type = BW_OPT_END},
};

static int
read_url(const struct bw_conf_node *at, char *url, char *ca_file, struct bw_err *reterr)
{
    (void)snprintf(url, 512, "%s", bw_conf_str(at, "url"));
    (void)snprintf(ca_file, PATH_MAX, "%s", bw_conf_str(at, "ca_file"));
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        return bw_conf_fault(at, "url", reterr,
                             "\"%s\" begins with neither http:// nor "
                             "https://",
                             url);
    }
    size_t n = strlen(url);
    if (url[n - 1] == '/') {
        url[n - 1] = '\0';
    }
    return 0;
}

static int read_key(const struct bw_conf_node *at,
                    enum bw_note_kind kind,
                    struct bw_note_key *ret,
                    struct bw_err *reterr)
{
    struct bw_err why = {.text = ""};
    int r = bw_note_key_parse(bw_conf_str(at, "key"), ret, &why);
    if (r < 0) {
        return bw_conf_fault(at, "key", reterr, "%s", why.text);
    }
    if (ret->kind != kind) {
        return bw_conf_fault(at, "key", reterr, "this is the key of a %s",
                             ret->kind == BW_NOTE_WITNESS ? "witness, not of a log"
                                                          : "log, not of a witness");
    }
    return 0;
}

static int read_name(const struct bw_conf_node *at,
                     const char *option,
                     char ret[BW_NOTE_NAME_MAX + 1],
                     struct bw_err *reterr)
{
    (void)snprintf(ret, BW_NOTE_NAME_MAX + 1, "%s", bw_conf_str(at, option));
    if (ret[0] && !bw_note_name_ok(ret)) {
        return bw_conf_fault(at, option, reterr,
                             "\"%s\" is no name: printable characters, no space, no plus",
                             ret);
    }
    return 0;
}

/* How many of a section; a failure names the first that is too many. */
static int count(const struct bw_conf_node *top,
                 const char *keyword,
                 size_t most,
                 size_t *ret,
                 struct bw_err *reterr)
{
    size_t n = bw_conf_count(top, keyword);
    if (n > most) {
        return bw_conf_fault(bw_conf_child(top, keyword, most), NULL, reterr,
                             "at most %zu sections %s", most, keyword);
    }
    *ret = n;
    return 0;
}

int bw_log_config_read(const struct bw_conf_node *top,
                       struct bw_config_log *out,
                       struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(top, "transparency", 0);
    int r = read_name(at, "name", out->name, reterr);
    r = r < 0 ? r : read_name(at, "witness_name", out->witness_name, reterr);
    out->checkpoint_every_ms = bw_conf_int(at, "checkpoint_every");
    r = r < 0 ? r : count(top, "witness", BW_WITNESSES_MAX, &out->n_witnesses, reterr);
    r = r < 0 ? r : count(top, "witnessed", BW_WITNESSED_MAX, &out->n_witnessed, reterr);
    r = r < 0 ? r : count(top, "time_stamp", BW_STAMPERS_MAX, &out->n_stampers, reterr);
    for (size_t i = 0; r == 0 && i < out->n_witnesses; i++) {
        struct bw_config_witness *w = &out->witnesses[i];
        at = bw_conf_child(top, "witness", i);
        r = read_url(at, w->url, w->ca_file, reterr);
        r = r < 0 ? r : read_key(at, BW_NOTE_WITNESS, &w->key, reterr);
    }
    for (size_t i = 0; r == 0 && i < out->n_witnessed; i++) {
        r = read_key(bw_conf_child(top, "witnessed", i), BW_NOTE_PLAIN, &out->witnessed[i],
                     reterr);
    }
    for (size_t i = 0; r == 0 && i < out->n_stampers; i++) {
        r = read_url(bw_conf_child(top, "time_stamp", i), out->stampers[i].url,
                     out->stampers[i].ca_file, reterr);
    }
    return r;
}

static bool same_key(const struct bw_note_key *a, const struct bw_note_key *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind &&
           memcmp(a->public, b->public, sizeof(a->public)) == 0;
}

bool bw_log_config_same(const struct bw_config_log *a, const struct bw_config_log *b)
{
    bool same =
        strcmp(a->name, b->name) == 0 && a->checkpoint_every_ms == b->checkpoint_every_ms &&
        strcmp(a->witness_name, b->witness_name) == 0 && a->n_witnesses == b->n_witnesses &&
        a->n_witnessed == b->n_witnessed && a->n_stampers == b->n_stampers;
    for (size_t i = 0; same && i < a->n_witnesses; i++) {
        same = strcmp(a->witnesses[i].url, b->witnesses[i].url) == 0 &&
               strcmp(a->witnesses[i].ca_file, b->witnesses[i].ca_file) == 0 &&
               same_key(&a->witnesses[i].key, &b->witnesses[i].key);
    }
    for (size_t i = 0; same && i < a->n_witnessed; i++) {
        same = same_key(&a->witnessed[i], &b->witnessed[i]);
    }
    for (size_t i = 0; same && i < a->n_stampers; i++) {
        same = strcmp(a->stampers[i].url, b->stampers[i].url) == 0 &&
               strcmp(a->stampers[i].ca_file, b->stampers[i].ca_file) == 0;
    }
    return same;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_config.h - what of the collector's file is about alerts: rules, who is told and
 * how, when nobody is. */
#ifndef BW_ALERTS_CONFIG_H
#define BW_ALERTS_CONFIG_H

#include <bw/summary.h>
#include <bw/units.h>
#include <conf.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_RECIPIENTS_MAX = 64,
    BW_WEBHOOKS_MAX = 8,
    BW_MAINTENANCE_MAX = 64,
    BW_HUBS_MAX = 256,
    BW_MAILED_MAX = 64, /* sections pack */
    BW_MAILED_TO_MAX = 8,
    BW_CONFIG_PLACE_MAX = 127, /* bytes of an id */
    BW_ALERT_RULES_N = 6       /* silent, outage, loss, latency, headroom, below */
};

struct bw_config_rule {
    bool on;
    bool class_hours;
    bool urgent;
    int64_t opens; /* outage: ms; loss, headroom: ppm; latency: µs */
    int64_t closes;
    int64_t for_s;
    int64_t clear_s;
};

struct bw_config_recipient {
    char address[256];
    char
        entity[BW_CONFIG_PLACE_MAX + 1]; /* alerts of it and of what is below it; "": all */
    bool alerts;
    bool digests;
    bool reminders;
};

struct bw_config_webhook {
    char name[64];
    char url[512];
    char secret_file[PATH_MAX]; /* "": not signed */
    char ca_file[PATH_MAX];
    bool allow_local;
};

/* By the clock of the alerts' zone. */
struct bw_config_maintenance {
    char name[64];
    char place[128]; /* a site, a circuit, an entity; "" everything */
    int weekday;     /* 0 Sunday; 7: any; -1: once */
    int from_min;    /* of the day, where it comes back; … */
    int to_min;
    int64_t from_day; /* … else its first and last day, too */
    int64_t to_day;
};

struct bw_config_hub {
    char site[BW_SITE_MAX + 1];
    char below[BW_CONFIG_PLACE_MAX + 1]; /* sites of this entity, and of what is below it */
};

enum bw_mailed_what {
    BW_MAILED_CIRCUIT,
    BW_MAILED_SCHOOL,
    BW_MAILED_DISTRICT,
    BW_MAILED_CONSORTIUM,
    BW_MAILED_ALL
};

/* A pack that is mailed after each period. */
struct bw_config_mailed {
    char name[64];
    char title[128];  /* in the subject */
    char purpose[16]; /* "sizing" */
    char format[8];   /* "pdf" */
    char paper[8];    /* "letter", "a4" */
    enum bw_mailed_what what;
    char of[BW_CONFIG_PLACE_MAX + 1]; /* the id of it; "" of all */
    int every;                        /* enum bw_dates_every */
    int64_t after_days;
    char to[BW_MAILED_TO_MAX][256];
    size_t n_to;
};

struct bw_config_alerts {
    char zone[64]; /* "": this machine's */
    bool quiet;
    int quiet_min[2];
    int digest_min;
    bool weekly;
    bool monthly;
    struct bw_config_rule rules[BW_ALERT_RULES_N];
    bool many;
    int64_t many_ppm;
    int64_t many_least;
    int64_t many_within_s;
    bool mail;
    char server[256];
    int64_t port;
    int tls; /* 0 starttls, 1 tls, 2 none */
    char ca_file[PATH_MAX];
    char user[256];
    char password_file[PATH_MAX];
    char from[256];
    struct bw_config_recipient recipients[BW_RECIPIENTS_MAX];
    size_t n_recipients;
    struct bw_config_webhook webhooks[BW_WEBHOOKS_MAX];
    size_t n_webhooks;
    struct bw_config_maintenance maintenance[BW_MAINTENANCE_MAX];
    size_t n_maintenance;
    struct bw_config_hub hubs[BW_HUBS_MAX];
    size_t n_hubs;
    struct bw_config_mailed mailed[BW_MAILED_MAX];
    size_t n_mailed;
};

/* `out` is zeroed. */
int bw_alerts_config_read(const struct bw_conf_node *top,
                          struct bw_config_alerts *out,
                          struct bw_err *reterr);
bool bw_alerts_config_same(const struct bw_config_alerts *a,
                           const struct bw_config_alerts *b);

/* One section pack; `out` is zeroed. */
int bw_mailed_config_read(const struct bw_conf_node *at,
                          struct bw_config_mailed *out,
                          struct bw_err *reterr);

/* For the schema. */
extern const struct bw_optspec bw_mailed_opts[];
extern const struct bw_optspec bw_alerts_opts[];
extern const struct bw_conf_section bw_alerts_subs[];

#define BW_ALERTS_SECTION                                                                  \
    {                                                                                      \
        .keyword = "alerts", .flags = BW_CONF_ALWAYS, .opts = bw_alerts_opts,              \
        .subs = bw_alerts_subs,                                                            \
        .doc = "What is told to whom (docs/alerts.md). Without recipients and webhooks "   \
               "alerts are kept and shown, and nobody is told."                            \
    }

#endif

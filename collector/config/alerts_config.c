/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_config.c - the alerts' section, checked: addresses, times, hubs. */
#include "alerts_config.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <civil.h>
#include <errno.h>
#include <mail.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

enum {
    PPM_PERCENT = 10000,
    ONCE = -1,
    ANY_DAY = 7
};

static const char *const tls_words[] = {"starttls", "tls", "none", NULL};
static const char *const day_words[] = {"sun", "mon", "tue", "wed", "thu",
                                        "fri", "sat", "any", NULL};

const struct bw_optspec bw_alerts_opts[] = {
    {.name = "zone",
     .type = BW_OPT_STRING,
     .max = 63,
     .def = "",
     .doc = "The time zone of quiet hours, maintenance and digests, for instance "
            "America/Chicago. Not set: this machine's."},
    {.name = "quiet_from",
     .type = BW_OPT_STRING,
     .max = 5,
     .def = "",
     .doc = "From this time of the day on only rules with urgent = yes are told, all else "
            "in one message when quiet hours end. Not set: there are none."},
    {.name = "quiet_to", .type = BW_OPT_STRING, .max = 5, .def = "", .doc = "Until when."},
    {.name = "digest_at",
     .type = BW_OPT_STRING,
     .max = 5,
     .def = "07:00",
     .doc = "When digests and reminders are made."},
    {.name = "weekly",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc = "A digest of the last week, each Monday."},
    {.name = "monthly",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc = "A digest of the last month, on its first day."},
    {.type = BW_OPT_END},
};

#define ON                                                                                 \
    {                                                                                      \
        .name = "on", .type = BW_OPT_BOOL, .def = "yes", .doc = "Whether it is judged."    \
    }
#define URGENT(word)                                                                       \
    {                                                                                      \
        .name = "urgent", .type = BW_OPT_BOOL, .def = (word),                              \
        .doc = "Told in quiet hours, too."                                                 \
    }
#define CLASS(word)                                                                        \
    {                                                                                      \
        .name = "class_hours", .type = BW_OPT_BOOL, .def = (word),                         \
        .doc = "Judged in class hours only; between them it stays what it was."            \
    }
#define LASTS(length)                                                                      \
    {                                                                                      \
        .name = "for", .type = BW_OPT_DURATION, .min = 0, .max = 7 * DAY_MS,               \
        .def = (length), .doc = "How long it must last before it is an alert."             \
    }
#define CLEARS(length)                                                                     \
    {                                                                                      \
        .name = "clear", .type = BW_OPT_DURATION, .min = 0, .max = 7 * DAY_MS,             \
        .def = (length), .doc = "How long it must be over before the alert is closed."     \
    }
#define PERCENT(word, usual, text)                                                         \
    {                                                                                      \
        .name = (word), .type = BW_OPT_INT, .min = 1, .max = 1000, .def = (usual),         \
        .doc = (text)                                                                      \
    }
#define END                                                                                \
    {                                                                                      \
        .type = BW_OPT_END                                                                 \
    }

static const struct bw_optspec silent_opts[] = {ON, URGENT("yes"), LASTS("10min"),
                                                CLEARS("10min"), END};
static const struct bw_optspec outage_opts[] = {
    ON,
    URGENT("yes"),
    LASTS("6min"),
    CLEARS("5min"),
    {.name = "shortest",
     .type = BW_OPT_DURATION,
     .min = 10000,
     .max = DAY_MS,
     .def = "2min",
     .doc = "Of outages that were over when records told of them, together the shortest "
            "that is an alert."},
    END};
static const struct bw_optspec loss_opts[] = {
    ON,
    URGENT("no"),
    CLASS("no"),
    LASTS("15min"),
    CLEARS("15min"),
    PERCENT("opens", "2", "From so many percent of packets lost on."),
    PERCENT("closes", "1", "Over when fewer percent are."),
    END};
static const struct bw_optspec latency_opts[] = {
    ON,
    URGENT("no"),
    CLASS("yes"),
    LASTS("15min"),
    CLEARS("15min"),
    {.name = "opens",
     .type = BW_OPT_DURATION,
     .min = 1,
     .max = HOUR_MS,
     .def = "150ms",
     .doc = "From this median round trip on, of the nearest target."},
    {.name = "closes",
     .type = BW_OPT_DURATION,
     .min = 1,
     .max = HOUR_MS,
     .def = "100ms",
     .doc = "Over when it is less."},
    END};
static const struct bw_optspec headroom_opts[] = {
    ON, URGENT("no"),
    PERCENT("opens",
            "80",
            "From this share of the claim on: P95 of class hours of the "
            "newest day that is over."),
    PERCENT("closes", "70", "Over when it is less."), END};
static const struct bw_optspec below_opts[] = {ON, URGENT("no"), END};
static const struct bw_optspec many_opts[] = {
    ON,
    {.name = "percent",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 100,
     .def = "5",
     .doc = "More than so many percent of the boxes …"},
    {.name = "least",
     .type = BW_OPT_INT,
     .min = 2,
     .max = 1000,
     .def = "3",
     .doc = "… and at least so many …"},
    {.name = "within",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = DAY_MS,
     .def = "10min",
     .doc = "… that fell silent within this time are one alarm."},
    END};

static const struct bw_optspec mail_opts[] = {
    {.name = "server",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 253,
     .def = NULL,
     .doc = "The mail server that takes messages, a name or an address."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 65535,
     .def = "587",
     .doc = "Its TCP port."},
    {.name = "tls",
     .type = BW_OPT_ENUM,
     .words = tls_words,
     .def = "starttls",
     .doc =
         "starttls is demanded, never left out; tls from the first byte (port 465); none "
         "in the clear, without a password."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file of certificates to trust there; not set: the system's."},
    {.name = "user",
     .type = BW_OPT_STRING,
     .max = 250,
     .def = "",
     .doc = "Whom the server asks for."},
    {.name = "password_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "A file whose first line is the password."},
    {.name = "from",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 250,
     .def = NULL,
     .doc = "The address that messages come from."},
    END};

static const struct bw_optspec recipient_opts[] = {
    {.name = "address",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 254,
     .def = NULL,
     .doc = "As NAME@DOMAIN."},
    {.name = "entity",
     .type = BW_OPT_STRING,
     .max = BW_CONFIG_PLACE_MAX,
     .def = "",
     .doc =
         "The id of an entity: only alerts of it and of what is below it, and no digest. "
         "Not set: everything."},
    {.name = "alerts",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc = "Each alert, and its end."},
    {.name = "digests",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc = "Weekly and monthly digests."},
    {.name = "reminders",
     .type = BW_OPT_BOOL,
     .def = "yes",
     .doc = "Dates of the E-rate year."},
    END};

static const struct bw_optspec webhook_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .min = 8,
     .max = 500,
     .def = NULL,
     .doc = "Where each alert is posted as JSON. Redirects are not followed."},
    {.name = "secret_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "A file whose first line signs each post (docs/alerts.md)."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file of certificates to trust there; not set: the system's."},
    {.name = "allow_local",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Post to loopback and link-local addresses, too."},
    END};

static const struct bw_optspec maintenance_opts[] = {
    {.name = "place",
     .type = BW_OPT_STRING,
     .max = 127,
     .def = "",
     .doc = "The id of a site, of a circuit (SITE.CIRCUIT) or of an entity with all below "
            "it. Not set: everything."},
    {.name = "day",
     .type = BW_OPT_ENUM,
     .words = day_words,
     .def = "",
     .doc = "The day of the week on which it begins, or any, where it comes back; without "
            "it from and to have a date."},
    {.name = "from",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 16,
     .def = NULL,
     .doc = "As 22:00, or once as 2026-12-27 22:00."},
    {.name = "to",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 16,
     .def = NULL,
     .doc = "Until when, as from; a time that is not after it is of the next day."},
    END};

static const struct bw_optspec hub_opts[] = {
    {.name = "below",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = BW_CONFIG_PLACE_MAX,
     .def = NULL,
     .doc = "The id of an entity: the way of its sites, and of those below it, leads over "
            "this hub."},
    END};

static const char *const rule_names[BW_ALERT_RULES_N] = {"silent",  "outage",   "loss",
                                                         "latency", "headroom", "below"};

const struct bw_conf_section bw_alerts_subs[] = {
    {.keyword = "silent",
     .flags = BW_CONF_ALWAYS,
     .opts = silent_opts,
     .doc = "A box of which no record came for three intervals."},
    {.keyword = "outage",
     .flags = BW_CONF_ALWAYS,
     .opts = outage_opts,
     .doc = "An outage of a circuit, by its box's own records."},
    {.keyword = "loss",
     .flags = BW_CONF_ALWAYS,
     .opts = loss_opts,
     .doc = "Packets to the targets that got no answer."},
    {.keyword = "latency",
     .flags = BW_CONF_ALWAYS,
     .opts = latency_opts,
     .doc = "The median round trip of an interval."},
    {.keyword = "headroom",
     .flags = BW_CONF_ALWAYS,
     .opts = headroom_opts,
     .doc = "How much of the claim is carried at the P95 of class hours."},
    {.keyword = "below",
     .flags = BW_CONF_ALWAYS,
     .opts = below_opts,
     .doc = "Good tests below 80 % of the claim, confirmed by a retest or a second server "
            "while the server was not at fault."},
    {.keyword = "many",
     .flags = BW_CONF_ALWAYS,
     .opts = many_opts,
     .doc = "Many boxes that fall silent together."},
    {.keyword = "mail",
     .opts = mail_opts,
     .doc = "The mail server. Without it no mail is "
            "sent."},
    {.keyword = "recipient",
     .flags = BW_CONF_TITLED,
     .opts = recipient_opts,
     .doc = "Somebody who is written to; any number up to 64."},
    {.keyword = "webhook",
     .flags = BW_CONF_TITLED,
     .opts = webhook_opts,
     .doc = "One program that is told; any number up to 8."},
    {.keyword = "maintenance",
     .flags = BW_CONF_TITLED,
     .opts = maintenance_opts,
     .doc = "Work that is known: what begins meanwhile is told if it lasts longer. Times "
            "that people annotated as planned count likewise, without a section here."},
    {.keyword = "hub",
     .flags = BW_CONF_TITLED,
     .opts = hub_opts,
     .doc =
         "The site of a hub, by its id: while it is silent or its line is out, what hangs "
         "on it is one alarm."},
    {.keyword = "pack",
     .flags = BW_CONF_TITLED,
     .opts = bw_mailed_opts,
     .doc =
         "A pack (bandwitness-report(1), --for) that is mailed after each week, month or "
         "funding year; any number up to 64."},
    {.keyword = NULL},
};

static void read_rule(const struct bw_conf_node *at, int i, struct bw_config_rule *r)
{
    r->on = bw_conf_bool(at, "on");
    r->urgent = bw_conf_bool(at, "urgent");
    r->class_hours = (i == 2 || i == 3) && bw_conf_bool(at, "class_hours");
    if (i < 4) {
        r->for_s = bw_conf_int(at, "for") / 1000;
        r->clear_s = bw_conf_int(at, "clear") / 1000;
    }
    if (i == 1) {
        r->opens = bw_conf_int(at, "shortest");
    } else if (i >= 2 && i <= 4) {
        int64_t unit = i == 3 ? 1000 : PPM_PERCENT;
        r->opens = bw_conf_int(at, "opens") * unit;
        r->closes = bw_conf_int(at, "closes") * unit;
    }
}

static int read_minute(const struct bw_conf_node *at,
                       const char *name,
                       int *ret,
                       struct bw_err *reterr)
{
    *ret = bw_civil_minute_parse(bw_conf_str(at, name));
    return *ret < 0 ? bw_conf_fault(at, name, reterr, "\"%s\" is no time, as 21:00",
                                    bw_conf_str(at, name))
                    : 0;
}

static int read_mail(const struct bw_conf_node *at,
                     struct bw_config_alerts *out,
                     struct bw_err *reterr)
{
    out->mail = true;
    out->port = bw_conf_int(at, "port");
    out->tls = (int)bw_conf_int(at, "tls");
    (void)snprintf(out->server, sizeof(out->server), "%s", bw_conf_str(at, "server"));
    (void)snprintf(out->ca_file, sizeof(out->ca_file), "%s", bw_conf_str(at, "ca_file"));
    (void)snprintf(out->user, sizeof(out->user), "%s", bw_conf_str(at, "user"));
    (void)snprintf(out->password_file, sizeof(out->password_file), "%s",
                   bw_conf_str(at, "password_file"));
    (void)snprintf(out->from, sizeof(out->from), "%s", bw_conf_str(at, "from"));
    if (strspn(out->server, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789.:-") != strlen(out->server)) {
        return bw_conf_fault(at, "server", reterr,
                             "\"%s\" is no host name or address (the port is port)",
                             out->server);
    }
    if (!bw_mail_address_fits(out->from)) {
        return bw_conf_fault(at, "from", reterr, "\"%s\" is no address as NAME@DOMAIN",
                             out->from);
    }
    if ((out->user[0] == '\0') != (out->password_file[0] == '\0')) {
        return bw_conf_fault(at, NULL, reterr,
                             "user and password_file are needed together");
    }
    if (out->user[0] && out->tls == 2) {
        return bw_conf_fault(at, "tls", reterr, "a password does not go in the clear");
    }
    return 0;
}

static int read_recipient(const struct bw_conf_node *at,
                          struct bw_config_recipient *r,
                          struct bw_err *reterr)
{
    (void)snprintf(r->address, sizeof(r->address), "%s", bw_conf_str(at, "address"));
    (void)snprintf(r->entity, sizeof(r->entity), "%s", bw_conf_str(at, "entity"));
    r->alerts = bw_conf_bool(at, "alerts");
    r->digests = bw_conf_bool(at, "digests") && !r->entity[0];
    r->reminders = bw_conf_bool(at, "reminders");
    return bw_mail_address_fits(r->address)
               ? 0
               : bw_conf_fault(at, "address", reterr, "\"%s\" is no address as NAME@DOMAIN",
                               r->address);
}

static int read_webhook(const struct bw_conf_node *at,
                        struct bw_config_webhook *w,
                        struct bw_err *reterr)
{
    (void)snprintf(w->name, sizeof(w->name), "%s", bw_conf_title(at));
    (void)snprintf(w->url, sizeof(w->url), "%s", bw_conf_str(at, "url"));
    (void)snprintf(w->secret_file, sizeof(w->secret_file), "%s",
                   bw_conf_str(at, "secret_file"));
    (void)snprintf(w->ca_file, sizeof(w->ca_file), "%s", bw_conf_str(at, "ca_file"));
    w->allow_local = bw_conf_bool(at, "allow_local");
    if (!bw_name_valid(w->name)) {
        return bw_conf_fault(at, NULL, reterr,
                             "\"%s\" is no name: letters, digits, '.', '_' and '-'",
                             bw_conf_title(at));
    }
    if ((strncmp(w->url, "https://", 8) != 0 && strncmp(w->url, "http://", 7) != 0) ||
        strpbrk(w->url, " \"<>\\\r\n\t")) {
        return bw_conf_fault(at, "url", reterr, "\"%s\" is no address as https://HOST/PATH",
                             w->url);
    }
    return 0;
}

static int read_moment(const struct bw_conf_node *at,
                       const char *name,
                       bool once,
                       int64_t *ret_day,
                       int *ret_min,
                       struct bw_err *reterr)
{
    const char *text = bw_conf_str(at, name);
    const char *time = once && strlen(text) == 16 ? text + 11 : text;

    *ret_min = bw_civil_minute_parse(time);
    if (*ret_min < 0 || (once && (time == text || text[10] != ' ' ||
                                  bw_civil_date_parse(text, ret_day) < 0))) {
        return bw_conf_fault(at, name, reterr, "\"%s\" is no time, as %s", text,
                             once ? "2026-12-27 22:00 (or 22:00 and a day)" : "22:00");
    }
    return 0;
}

static int read_maintenance(const struct bw_conf_node *at,
                            struct bw_config_maintenance *m,
                            struct bw_err *reterr)
{
    int64_t day = bw_conf_int(at, "day");

    (void)snprintf(m->name, sizeof(m->name), "%.63s", bw_conf_title(at));
    (void)snprintf(m->place, sizeof(m->place), "%s", bw_conf_str(at, "place"));
    m->weekday = day == BW_UNKNOWN ? ONCE : (int)day;
    int r = read_moment(at, "from", m->weekday == ONCE, &m->from_day, &m->from_min, reterr);
    r = r < 0 ? r
              : read_moment(at, "to", m->weekday == ONCE, &m->to_day, &m->to_min, reterr);
    if (r == 0 && m->weekday == ONCE &&
        (m->to_day < m->from_day ||
         (m->to_day == m->from_day && m->to_min <= m->from_min))) {
        r = bw_conf_fault(at, "to", reterr, "it ends before it begins");
    }
    return r;
}

static int count(const struct bw_conf_node *at,
                 const char *keyword,
                 size_t most,
                 size_t *ret,
                 struct bw_err *reterr)
{
    *ret = bw_conf_count(at, keyword);
    return *ret > most ? bw_conf_fault(bw_conf_child(at, keyword, most), NULL, reterr,
                                       "at most %zu sections %s", most, keyword)
                       : 0;
}

static int read_lists(const struct bw_conf_node *at,
                      struct bw_config_alerts *out,
                      struct bw_err *reterr)
{
    int r = count(at, "recipient", BW_RECIPIENTS_MAX, &out->n_recipients, reterr);

    r = r < 0 ? r : count(at, "webhook", BW_WEBHOOKS_MAX, &out->n_webhooks, reterr);
    r = r < 0 ? r
              : count(at, "maintenance", BW_MAINTENANCE_MAX, &out->n_maintenance, reterr);
    r = r < 0 ? r : count(at, "hub", BW_HUBS_MAX, &out->n_hubs, reterr);
    r = r < 0 ? r : count(at, "pack", BW_MAILED_MAX, &out->n_mailed, reterr);
    for (size_t i = 0; r == 0 && i < out->n_recipients; i++) {
        r = read_recipient(bw_conf_child(at, "recipient", i), &out->recipients[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < out->n_webhooks; i++) {
        r = read_webhook(bw_conf_child(at, "webhook", i), &out->webhooks[i], reterr);
    }
    for (size_t i = 0; r == 0 && i < out->n_maintenance; i++) {
        r = read_maintenance(bw_conf_child(at, "maintenance", i), &out->maintenance[i],
                             reterr);
    }
    for (size_t i = 0; r == 0 && i < out->n_hubs; i++) {
        const struct bw_conf_node *hub = bw_conf_child(at, "hub", i);
        (void)snprintf(out->hubs[i].site, sizeof(out->hubs[i].site), "%.*s", BW_SITE_MAX,
                       bw_conf_title(hub));
        (void)snprintf(out->hubs[i].below, sizeof(out->hubs[i].below), "%s",
                       bw_conf_str(hub, "below"));
    }
    for (size_t i = 0; r == 0 && i < out->n_mailed; i++) {
        r = bw_mailed_config_read(bw_conf_child(at, "pack", i), &out->mailed[i], reterr);
    }
    if (r == 0 && out->n_mailed > 0 && !out->mail) {
        r = bw_conf_fault(bw_conf_child(at, "pack", 0), NULL, reterr,
                          "a pack is mailed: it needs a section mail");
    }
    if (r == 0 && out->n_recipients > 0 && !out->mail) {
        r = bw_conf_fault(bw_conf_child(at, "recipient", 0), NULL, reterr,
                          "a recipient needs a section mail");
    }
    return r;
}

int bw_alerts_config_read(const struct bw_conf_node *top,
                          struct bw_config_alerts *out,
                          struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(top, "alerts", 0);
    const struct bw_conf_node *many = bw_conf_child(at, "many", 0);
    const char *quiet_from = bw_conf_str(at, "quiet_from");
    const char *quiet_to = bw_conf_str(at, "quiet_to");
    int r = 0;

    (void)snprintf(out->zone, sizeof(out->zone), "%s", bw_conf_str(at, "zone"));
    out->quiet = quiet_from[0] || quiet_to[0];
    if (out->quiet) {
        r = read_minute(at, "quiet_from", &out->quiet_min[0], reterr);
        r = r < 0 ? r : read_minute(at, "quiet_to", &out->quiet_min[1], reterr);
    }
    r = r < 0 ? r : read_minute(at, "digest_at", &out->digest_min, reterr);
    out->weekly = bw_conf_bool(at, "weekly");
    out->monthly = bw_conf_bool(at, "monthly");
    for (int i = 0; i < BW_ALERT_RULES_N; i++) {
        const struct bw_conf_node *rule = bw_conf_child(at, rule_names[i], 0);
        read_rule(rule, i, &out->rules[i]);
        if (r == 0 && i >= 2 && i <= 4 && out->rules[i].closes > out->rules[i].opens) {
            r = bw_conf_fault(rule, "closes", reterr, "closes is at most opens");
        }
    }
    out->many = bw_conf_bool(many, "on");
    out->many_ppm = bw_conf_int(many, "percent") * PPM_PERCENT;
    out->many_least = bw_conf_int(many, "least");
    out->many_within_s = bw_conf_int(many, "within") / 1000;
    if (r == 0 && bw_conf_count(at, "mail") > 0) {
        r = read_mail(bw_conf_child(at, "mail", 0), out, reterr);
    }
    return r < 0 ? r : read_lists(at, out, reterr);
}

bool bw_alerts_config_same(const struct bw_config_alerts *a,
                           const struct bw_config_alerts *b)
{
    /* zeroed before they were filled */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * campaign.c - the campaigns of a box.
 *
 * Invariant: what is in memory is what the writer was told last. Counts are of this box's
 * own doing; the records are what counts. */
#include "campaign.h"

#include "calendar.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <log.h>
#include <starts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <writer.h>

enum {
    VALUE_MAX = 16 * 1024,
    COUNT_MAX = 1000000,
    SPANS_A_DAY = BW_RULE_SESSIONS_MAX
};

#define DAY_S INT64_C(86400)

static const char list_name[] = "campaigns";

struct bw_campaigns {
    struct bw_writer *writer;
    struct bw_campaign list[BW_CAMPAIGNS_MAX];
    size_t n;
};

/* ---- kept in the journal */

static void value_name(const char *name, char out[96])
{
    (void)snprintf(out, 96, "campaign.%s", name);
}

void bw_campaigns_keep(struct bw_campaigns *c, const struct bw_campaign *k)
{
    char name[96];
    struct bw_buf b;
    struct bw_jw w;
    bw_buf_init(&b, VALUE_MAX);
    bw_jw_init(&w, &b);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "rule", k->rule.name);
    bw_jw_kstr(&w, "probe", k->probe);
    bw_jw_kstr(&w, "kind", k->kind);
    bw_jw_ki64(&w, "first_day", k->first_day);
    bw_jw_ki64(&w, "started", k->started_unix_s);
    bw_jw_ki64(&w, "stopped", k->stopped_unix_s);
    bw_jw_ki64(&w, "done", k->done);
    bw_jw_ki64(&w, "failed", k->failed);
    bw_jw_ki64(&w, "given_up", k->given_up);
    bw_jw_kstr(&w, "text", k->text);
    bw_jw_obj_end(&w);
    value_name(k->name, name);
    if (bw_buf_error(&b) < 0 || !b.data || bw_writer_set(c->writer, name, b.data) < 0) {
        bw_log(BW_AREA_SCHED, BW_WARN,
               "the state of campaign \"%s\" could not be kept: after a restart it goes on "
               "from an older one",
               k->name);
    }
    bw_buf_done(&b);
}

static void keep_list(struct bw_campaigns *c)
{
    char text[BW_CAMPAIGNS_MAX * (BW_NAME_MAX + 2)] = "";
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
                              c->list[i].name);
    }
    (void)bw_writer_set(c->writer, list_name, text);
}

static int read_value(struct bw_campaign *k, const struct bw_buf *b, struct bw_err *reterr)
{
    json_t *o = NULL;
    const char *rule = NULL;
    const char *probe = NULL;
    const char *kind = NULL;
    const char *text = NULL;
    int r = bw_json_parse(b->data, b->len, VALUE_MAX, &o, reterr);
    if (r == 0 &&
        (bw_json_get_str(o, "rule", BW_NAME_MAX, &rule, reterr) < 0 ||
         bw_json_get_str(o, "probe", BW_NAME_MAX, &probe, reterr) < 0 ||
         bw_json_get_str(o, "kind", sizeof(k->kind) - 1, &kind, reterr) < 0 ||
         bw_json_get_str(o, "text", BW_RULE_BYTES_MAX, &text, reterr) < 0 ||
         bw_json_get_i64(o, "first_day", 0, COUNT_MAX, &k->first_day, reterr) < 0 ||
         bw_json_get_i64(o, "started", 0, INT64_MAX, &k->started_unix_s, reterr) < 0 ||
         bw_json_opt_i64(o, "stopped", 0, INT64_MAX, &k->stopped_unix_s, reterr) < 0 ||
         bw_json_get_i64(o, "done", 0, COUNT_MAX, &k->done, reterr) < 0 ||
         bw_json_get_i64(o, "failed", 0, COUNT_MAX, &k->failed, reterr) < 0 ||
         bw_json_get_i64(o, "given_up", 0, COUNT_MAX, &k->given_up, reterr) < 0)) {
        r = -EBADMSG;
    }
    if (r == 0) {
        r = bw_rule_parse(text, strlen(text), rule, rule, &k->rule, reterr);
    }
    if (r == 0) {
        (void)snprintf(k->probe, sizeof(k->probe), "%s", probe);
        (void)snprintf(k->kind, sizeof(k->kind), "%s", kind);
        char *own = strdup(text);
        k->text = own;
        r = own ? 0 : -ENOMEM;
    }
    json_decref(o);
    return r;
}

static void load(struct bw_campaigns *c, const char *name)
{
    struct bw_campaign *k = &c->list[c->n];
    struct bw_err err = {0};
    char value[96];
    struct bw_buf b;
    memset(k, 0, sizeof(*k));
    (void)snprintf(k->name, sizeof(k->name), "%s", name);
    value_name(name, value);
    bw_buf_init(&b, VALUE_MAX);
    int r = bw_writer_get(c->writer, value, &b);
    r = r < 0 || !b.data ? -ENOENT : read_value(k, &b, &err);
    if (r == 0) {
        c->n++;
    } else {
        bw_log(BW_AREA_SCHED, BW_WARN, "campaign \"%s\" is forgotten: %s", name,
               err.text[0] ? err.text : bw_strerror(r));
    }
    bw_buf_done(&b);
}

struct bw_campaigns *bw_campaigns_new(struct bw_writer *writer)
{
    struct bw_campaigns *c = calloc(1, sizeof(*c));
    struct bw_buf b;
    char *save = NULL;
    if (!c) {
        return NULL;
    }
    c->writer = writer;
    bw_buf_init(&b, VALUE_MAX);
    if (bw_writer_get(writer, list_name, &b) == 0 && b.data) {
        for (char *name = strtok_r(b.data, " ", &save); name && c->n < BW_CAMPAIGNS_MAX;
             name = strtok_r(NULL, " ", &save)) {
            if (bw_name_valid(name)) {
                load(c, name);
            }
        }
    }
    bw_buf_done(&b);
    return c;
}

void bw_campaigns_free(struct bw_campaigns *c)
{
    for (size_t i = 0; c && i < c->n; i++) {
        free(c->list[i].text);
    }
    free(c);
}

struct bw_campaign *bw_campaigns_at(struct bw_campaigns *c, size_t i)
{
    return i < c->n ? &c->list[i] : NULL;
}

struct bw_campaign *bw_campaigns_find(struct bw_campaigns *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->list[i].name, name) == 0) {
            return &c->list[i];
        }
    }
    return NULL;
}

/* ---- starting */

static int make_room(struct bw_campaigns *c, int64_t now_unix_s)
{
    char value[96];
    size_t i = 0;
    if (c->n < BW_CAMPAIGNS_MAX) {
        return 0;
    }
    while (i < c->n && !bw_campaign_is_over(&c->list[i], now_unix_s)) {
        i++;
    }
    if (i == c->n) {
        return -ENOSPC;
    }
    value_name(c->list[i].name, value);
    (void)bw_writer_set(c->writer, value, NULL);
    free(c->list[i].text);
    c->n--;
    memmove(&c->list[i], &c->list[i + 1], (c->n - i) * sizeof(c->list[0]));
    return 0;
}

int bw_campaigns_start(struct bw_campaigns *c,
                       const char *text,
                       const struct bw_rule *rule,
                       const char *kind,
                       const char *probe,
                       int64_t first_day,
                       int64_t now_unix_s,
                       struct bw_campaign **ret,
                       struct bw_err *reterr)
{
    struct bw_campaign k = {.rule = *rule,
                            .first_day = bw_rule_day(rule, first_day, 0),
                            .started_unix_s = now_unix_s,
                            .stopped_unix_s = BW_UNKNOWN};
    time_t at = (time_t)(k.first_day * DAY_S);
    char date[16] = "";
    struct tm tm;
    if (gmtime_r(&at, &tm)) {
        (void)strftime(date, sizeof(date), "%Y%m%d", &tm);
    }
    if (snprintf(k.name, sizeof(k.name), "%s-%s", rule->name, date) >=
        (int)sizeof(k.name)) {
        return bw_err_set(reterr, -EINVAL, "the rule's name is too long: %d bytes at most",
                          BW_NAME_MAX - 9);
    }
    if (bw_campaigns_find(c, k.name)) {
        return bw_err_set(reterr, -EEXIST, "campaign \"%s\" was started already", k.name);
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_campaign *o = &c->list[i];
        if (strcmp(o->probe, probe) == 0 && strcmp(o->kind, kind) == 0 &&
            !bw_campaign_is_over(o, now_unix_s)) {
            return bw_err_set(reterr, -EEXIST,
                              "campaign \"%s\" is on with %s \"%s\": stop it, or wait "
                              "until it is over",
                              o->name, kind, probe);
        }
    }
    if (make_room(c, now_unix_s) < 0) {
        return bw_err_set(reterr, -ENOSPC, "%d campaigns are on already", BW_CAMPAIGNS_MAX);
    }
    (void)snprintf(k.probe, sizeof(k.probe), "%s", probe);
    (void)snprintf(k.kind, sizeof(k.kind), "%s", kind);
    k.text = strdup(text);
    if (!k.text) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->list[c->n] = k;
    *ret = &c->list[c->n++];
    bw_campaigns_keep(c, *ret);
    keep_list(c);
    return 0;
}

/* ---- where its slots lie */

static int64_t span_end_s(const struct bw_rule_span *s)
{
    return s->from_unix_s + (s->slots * s->slot_ms + 999) / 1000;
}

/* The sessions of the i-th measuring day, ascending. */
static size_t
day_spans(const struct bw_campaign *k, int64_t i, struct bw_rule_span out[SPANS_A_DAY])
{
    int64_t day = bw_rule_day(&k->rule, k->first_day, i);
    size_t n = 0;
    for (size_t s = 0; s < k->rule.n_sessions; s++) {
        struct bw_rule_span span;
        if (bw_rule_span(&k->rule.sessions[s], day, &span) < 0) {
            continue;
        }
        size_t at = n++;
        while (at > 0 && out[at - 1].from_unix_s > span.from_unix_s) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = span;
    }
    return n;
}

int64_t bw_campaign_end_unix_s(const struct bw_campaign *k)
{
    struct bw_rule_span spans[SPANS_A_DAY];
    int64_t end_s = 0;
    size_t n = day_spans(k, k->rule.days - 1, spans);
    for (size_t i = 0; i < n; i++) {
        end_s = span_end_s(&spans[i]) > end_s ? span_end_s(&spans[i]) : end_s;
    }
    return end_s;
}

bool bw_campaign_is_over(const struct bw_campaign *k, int64_t now_unix_s)
{
    return k->stopped_unix_s != BW_UNKNOWN || now_unix_s >= bw_campaign_end_unix_s(k);
}

int64_t bw_campaign_tests(const struct bw_campaign *k)
{
    int64_t n = 0;
    for (size_t s = 0; s < k->rule.n_sessions; s++) {
        n += k->rule.sessions[s].tests;
    }
    return n * k->rule.days;
}

int64_t bw_campaign_tests_past(const struct bw_campaign *k, int64_t now_unix_s)
{
    int64_t past = 0;
    for (int64_t i = 0; i < k->rule.days; i++) {
        struct bw_rule_span spans[SPANS_A_DAY];
        size_t n = day_spans(k, i, spans);
        for (size_t s = 0; s < n; s++) {
            int64_t into_ms = (now_unix_s - spans[s].from_unix_s) * 1000;
            int64_t over = into_ms > 0 ? into_ms / spans[s].slot_ms : 0;
            past += over < spans[s].slots ? over : spans[s].slots;
        }
    }
    return past;
}

size_t bw_campaign_spans(const struct bw_campaign *k,
                         int64_t from_unix_s,
                         int64_t to_unix_s,
                         struct bw_rule_span *out,
                         size_t cap)
{
    size_t n = 0;
    for (int64_t i = 0; i < k->rule.days; i++) {
        struct bw_rule_span spans[SPANS_A_DAY];
        size_t of_day = day_spans(k, i, spans);
        for (size_t s = 0; s < of_day && n < cap; s++) {
            if (spans[s].from_unix_s < to_unix_s && span_end_s(&spans[s]) > from_unix_s) {
                out[n++] = spans[s];
            }
        }
    }
    return n;
}

bool bw_campaign_next(const struct bw_campaign *k,
                      int64_t after_unix_ms,
                      bw_campaign_secret_cb secret,
                      void *owner,
                      int64_t *ret_start_unix_ms,
                      int64_t *ret_latest_unix_ms)
{
    char name[BW_NAME_MAX + 18];
    (void)snprintf(name, sizeof(name), "%s/%s", k->kind, k->probe);
    for (int64_t i = 0; i < k->rule.days; i++) {
        struct bw_rule_span spans[SPANS_A_DAY];
        size_t n = day_spans(k, i, spans);
        for (size_t s = 0; s < n; s++) {
            const struct bw_rule_span *p = &spans[s];
            for (int64_t q = 0; q < p->slots && span_end_s(p) * 1000 > after_unix_ms; q++) {
                int64_t slot_ms = p->from_unix_s * 1000 + q * p->slot_ms;
                int64_t day_s = slot_ms / 1000 - slot_ms / 1000 % DAY_S;
                if (slot_ms + p->slot_ms <= after_unix_ms) {
                    continue;
                }
                const uint8_t *bytes = secret(owner, day_s);
                if (!bytes) {
                    return false; /* a day that is still to come */
                }
                int64_t at_ms = p->from_unix_s * 1000 +
                                bw_starts_slot(bytes, k->name, name, p->from_unix_s,
                                               (size_t)q, p->slot_ms, p->spacing_ms);
                if (at_ms >= after_unix_ms) {
                    *ret_start_unix_ms = at_ms;
                    *ret_latest_unix_ms = slot_ms + p->slot_ms - p->spacing_ms;
                    return true;
                }
            }
        }
    }
    return false;
}

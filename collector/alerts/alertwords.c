/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertwords.c - what is the matter, said so that nobody has to guess.
 *
 * A silent box is never said to be out; a figure names what it is a figure of. */
#include "alertwords.h"

#include <buf.h>
#include <bw/units.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <tz.h>

enum {
    MIN_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400
};

void bw_alert_time(const struct bw_tz *tz, int64_t unix_s, char ret[40])
{
    struct bw_civil c;

    if (unix_s == BW_UNKNOWN) {
        (void)snprintf(ret, 40, "unknown");
        return;
    }
    bw_tz_local(tz, unix_s, &c);
    int64_t off = c.offset_s < 0 ? -c.offset_s : c.offset_s;
    (void)snprintf(ret, 40, "%04d-%02d-%02d %02d:%02d %c%02d:%02d", c.year % 10000,
                   c.month % 100, c.day % 100, c.hour % 100, c.minute % 100,
                   c.offset_s < 0 ? '-' : '+', (int)(off / HOUR_S % 100),
                   (int)(off / MIN_S % 60));
}

void bw_alert_span(int64_t s, char ret[40])
{
    if (s < INT64_C(2) * MIN_S) {
        (void)snprintf(ret, 40, "%" PRId64 " s", s);
    } else if (s < INT64_C(2) * HOUR_S) {
        (void)snprintf(ret, 40, "%" PRId64 " min", s / MIN_S);
    } else if (s < INT64_C(2) * DAY_S) {
        (void)snprintf(ret, 40, "%" PRId64 " h %" PRId64 " min", s / HOUR_S,
                       s % HOUR_S / MIN_S);
    } else {
        (void)snprintf(ret, 40, "%" PRId64 " days", s / DAY_S);
    }
}

const char *bw_alert_short(const char *kind)
{
    static const struct {
        const char *kind;
        const char *words;
    } all[] = {{"silent", "silent"},          {"outage", "line out"},
               {"loss", "packets lost"},      {"latency", "slow to answer"},
               {"headroom", "nearly full"},   {"below", "below its claim"},
               {"mass", "many boxes silent"}, {"test", "test"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(kind, all[i].kind) == 0) {
            return all[i].words;
        }
    }
    return kind;
}

/* "2.5 %" */
static void percent(int64_t ppm, char ret[32])
{
    (void)snprintf(ret, 32, "%" PRId64 ".%" PRId64 " %%", ppm / 10000, ppm / 1000 % 10);
}

/* ---- what is the matter ----------------------------------------------------------------
 */

static void words_mass(const struct bw_alert_shared *x, struct bw_buf *b)
{
    bw_buf_printf(b,
                  "%" PRId64 " of %" PRId64
                  " boxes fell silent within minutes of each other; %" PRId64
                  " still are. ",
                  x->n_members, x->n_watched, x->n_silent);
    if (x->certificate) {
        bw_buf_puts(b, "That is nearly all of them, and this collector's certificate has "
                       "run out.");
    } else if (x->collector) {
        bw_buf_puts(b, "That is nearly all of them: what they share is this collector and "
                       "its own line.");
    }
    if (x->provider[0]) {
        bw_buf_printf(b,
                      "%" PRId64 " of these are on lines of %s, which has %" PRId64
                      " boxes here. ",
                      x->n_provider_silent, x->provider, x->n_provider);
    }
    if (x->region[0]) {
        bw_buf_printf(b, "%" PRId64 " of these are in %s, which has %" PRId64 " boxes. ",
                      x->n_region_silent, x->region, x->n_region);
    }
    if (!x->collector && !x->provider[0] && !x->region[0]) {
        bw_buf_puts(b, "No provider and no region stands out among them. ");
    }
    bw_buf_puts(b, "Their own alerts are held.");
}

static void
words_figure(const struct bw_alert *a, const struct bw_alert_rule *rule, struct bw_buf *b)
{
    char value[32];
    char limit[32];
    bool known = a->value != BW_UNKNOWN;

    percent(known ? a->value : 0, value);
    percent(rule->open_at, limit);
    switch (a->kind) {
    case BW_ALERT_LOSS:
        bw_buf_printf(b,
                      "%s of the packets to its targets got no answer, by its newest "
                      "records (told from %s).",
                      value, limit);
        break;
    case BW_ALERT_LATENCY:
        bw_buf_printf(b,
                      "The median round trip to its nearest target was %" PRId64
                      " ms in its newest interval (told from %" PRId64 " ms).",
                      (known ? a->value : 0) / 1000, rule->open_at / 1000);
        break;
    case BW_ALERT_HEADROOM:
        bw_buf_printf(b,
                      "P95 of class hours (util-p95/2) was %s of the claim on its newest "
                      "day that is over (told from %s).",
                      value, limit);
        break;
    case BW_ALERT_BELOW:
        if (known) {
            bw_buf_printf(b,
                          "A good test reached %s of the claim at the claim's layer, "
                          "confirmed by a retest or a second server, and the server was "
                          "not at fault.",
                          value);
        } else {
            bw_buf_puts(b, "Good tests below 80 % of the claim, confirmed.");
        }
        break;
    case BW_ALERT_SILENT:
    case BW_ALERT_OUTAGE:
    case BW_ALERT_MASS:
    case BW_ALERT_KINDS:
    default:
        break;
    }
}

void bw_alert_words(const struct bw_tz *tz,
                    const struct bw_alert *a,
                    const struct bw_alerts_conf *conf,
                    const struct bw_alert_shared *shared,
                    bool was,
                    char *ret,
                    size_t n)
{
    struct bw_buf b;
    char since[40];
    char span[40];

    bw_buf_init(&b, 4096);
    bw_alert_time(tz, a->since_unix_s, since);
    if (a->kind == BW_ALERT_SILENT) {
        bw_buf_printf(&b,
                      "No record came since %s. That says nothing of its line: box, power "
                      "or the way to the collector may be at fault.",
                      since);
    } else if (a->kind == BW_ALERT_OUTAGE && was) {
        bw_alert_span(a->worst == BW_UNKNOWN ? 0 : a->worst / 1000, span);
        bw_buf_printf(&b,
                      "The box's own records tell of %s in which its line was out; it was "
                      "over when they told it.",
                      span);
    } else if (a->kind == BW_ALERT_OUTAGE) {
        bw_buf_printf(&b, "The box's own records say that its line is out, since about %s.",
                      since);
    } else if (a->kind == BW_ALERT_MASS && shared) {
        words_mass(shared, &b);
    } else {
        words_figure(a, &conf->rules[a->kind], &b);
    }
    if (a->n_hanging > 0 && a->kind != BW_ALERT_MASS) {
        bw_buf_printf(&b, " It is a hub: %" PRId64 " alerts of what hangs on it are held.",
                      a->n_hanging);
    }
    (void)snprintf(ret, n, "%s", b.data ? b.data : "");
    bw_buf_done(&b);
}

/* ---- messages --------------------------------------------------------------------------
 */

const char *bw_alert_news_word(enum bw_alert_news n)
{
    static const char *const words[] = {[BW_NEWS_OPENED] = "opened",
                                        [BW_NEWS_STILL] = "told",
                                        [BW_NEWS_CLOSED] = "closed",
                                        [BW_NEWS_WAS] = "was",
                                        [BW_NEWS_CAUSE] = "cause"};
    return words[n];
}

void bw_alert_graph(const struct bw_alert_voice *v,
                    const struct bw_alert_row *a,
                    char *ret,
                    size_t n)
{
    const char *dot = strchr(a->scope, '.');
    int64_t since = a->since_unix_s != BW_UNKNOWN ? a->since_unix_s : a->opened_unix_s;

    if (!v->url[0]) {
        ret[0] = '\0';
    } else if (!a->site[0]) {
        (void)snprintf(ret, n, "%s/", v->url);
    } else if (dot && since != BW_UNKNOWN) { /* its pictures, from before it began */
        (void)snprintf(ret, n, "%s/circuits/%s?range=%" PRId64 "..%" PRId64 "#graphs",
                       v->url, a->scope, since - 6 * (int64_t)HOUR_S,
                       since + 18 * (int64_t)HOUR_S);
    } else {
        (void)snprintf(ret, n, "%s/sites/%s", v->url, a->site);
    }
}

void bw_alert_subject(const struct bw_alert_voice *v,
                      const struct bw_alert_row *a,
                      enum bw_alert_news news,
                      struct bw_buf *out)
{
    const char *before = news == BW_NEWS_CLOSED  ? "over: "
                         : news == BW_NEWS_WAS   ? "was: "
                         : news == BW_NEWS_STILL ? "still: "
                         : news == BW_NEWS_CAUSE ? "cause known: "
                                                 : "";
    bw_buf_printf(out, "[%s] %s%s", v->title, before, bw_alert_short(a->kind));
    if (a->site[0]) {
        bw_buf_printf(out, ": %s", a->name[0] ? a->name : a->scope);
    }
}

static void
times(const struct bw_alert_voice *v, const struct bw_alert_row *a, struct bw_buf *b)
{
    char from[40];
    char to[40];
    char span[40];
    int64_t end = a->over_unix_s != BW_UNKNOWN ? a->over_unix_s : a->closed_unix_s;

    if (a->since_unix_s == BW_UNKNOWN) { /* records tell how long, not from when */
        bw_alert_time(v->tz, a->opened_unix_s, from);
        bw_buf_printf(b, "Became known %s.", from);
        return;
    }
    bw_alert_time(v->tz, a->since_unix_s, from);
    bw_buf_printf(b, "Since %s", from);
    if (end != BW_UNKNOWN) {
        bw_alert_time(v->tz, end, to);
        bw_alert_span(a->since_unix_s == BW_UNKNOWN ? 0 : end - a->since_unix_s, span);
        bw_buf_printf(b, ", over %s, after %s", to, span);
    }
    bw_buf_puts(b, ".");
}

void bw_alert_text(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   struct bw_buf *out)
{
    char graph[700];
    struct bw_buf all;

    bw_buf_init(&all, 16384);
    (void)news;
    bw_alert_graph(v, a, graph, sizeof(graph));
    bw_buf_printf(&all, "%s %s: %s\n%s\n", a->scope, a->name, bw_alert_short(a->kind),
                  a->words);
    times(v, a, &all);
    bw_buf_puts(&all, "\n");
    if (a->cause_words[0]) {
        bw_buf_printf(&all, "%s.\n", a->cause_words);
    }
    if (graph[0]) {
        bw_buf_printf(&all, "Graph: %s\nAlert: %s/alerts/%" PRId64 "\n", graph, v->url,
                      a->id);
    } else {
        bw_buf_printf(&all, "Alert %" PRId64 "\n", a->id);
    }
    bw_buf_puts(&all, "\n");
    bw_text_terminal(out, all.data ? all.data : "", all.len);
    bw_buf_done(&all);
}

static void link_to(struct bw_buf *b, const char *url, const char *words)
{
    bw_buf_puts(b, "<a href=\"");
    bw_text_html(b, url);
    bw_buf_printf(b, "\">%s</a>", words);
}

void bw_alert_html(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   struct bw_buf *out)
{
    char url[700];
    struct bw_buf when;

    (void)news;
    bw_buf_init(&when, 512);
    bw_buf_puts(out, "<h2><bdi>");
    bw_text_html(out, a->name[0] ? a->name : a->scope);
    bw_buf_puts(out, "</bdi>: ");
    bw_text_html(out, bw_alert_short(a->kind));
    bw_buf_puts(out, "</h2>\n<p>");
    bw_text_html(out, a->words);
    bw_buf_puts(out, "</p>\n<p>");
    times(v, a, &when);
    bw_text_html(out, when.data);
    if (a->cause_words[0]) {
        bw_buf_puts(out, " ");
        bw_text_html(out, a->cause_words);
        bw_buf_puts(out, ".");
    }
    bw_buf_puts(out, "</p>\n");
    bw_alert_graph(v, a, url, sizeof(url));
    if (url[0]) {
        bw_buf_puts(out, "<p>");
        link_to(out, url, "Graph");
        (void)snprintf(url, sizeof(url), "%s/alerts/%" PRId64, v->url, a->id);
        bw_buf_puts(out, " · ");
        link_to(out, url, "Alert");
        bw_buf_puts(out, "</p>\n");
    }
    bw_buf_done(&when);
}

void bw_alert_html_begin(struct bw_buf *out, const char *title)
{
    bw_buf_puts(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<title>");
    bw_text_html(out, title);
    bw_buf_puts(out, "</title></head><body>\n");
}

void bw_alert_html_end(const struct bw_alert_voice *v, struct bw_buf *out)
{
    bw_buf_puts(out, "<p>");
    bw_text_html(out, v->title);
    bw_buf_puts(out, ", by Bandwitness. Figures here are quick looks; reports have them "
                     "with their gaps.</p></body></html>\n");
}

void bw_alert_text_end(const struct bw_alert_voice *v, struct bw_buf *out)
{
    bw_buf_puts(out, "-- \n");
    bw_text_terminal(out, v->title, strlen(v->title));
    bw_buf_puts(out,
                ", by Bandwitness. Figures here are quick looks; reports have them with "
                "their gaps.\n");
}

void bw_alert_json(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   const char *message_id,
                   struct bw_buf *out)
{
    char url[700];
    const char *dot = strchr(a->scope, '.');
    struct bw_jw w;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "message", message_id);
    bw_jw_kstr(&w, "state", v->title);
    bw_jw_kstr(&w, "event", bw_alert_news_word(news));
    bw_jw_ki64(&w, "alert", a->id);
    bw_jw_kstr(&w, "kind", a->kind);
    bw_jw_kstr(&w, "site", a->site[0] ? a->site : NULL);
    bw_jw_kstr(&w, "circuit", dot && a->site[0] ? a->scope : NULL);
    bw_jw_kstr(&w, "name", a->name[0] ? a->name : NULL);
    bw_jw_kstr(&w, "words", a->words);
    bw_jw_ki64(&w, "since_s", a->since_unix_s);
    bw_jw_ki64(&w, "opened_s", a->opened_unix_s);
    bw_jw_ki64(&w, "over_s", a->over_unix_s);
    bw_jw_ki64(&w, "closed_s", a->closed_unix_s);
    bw_jw_ki64(&w, "value", a->value);
    bw_jw_kstr(&w, "cause", a->cause[0] ? a->cause : NULL);
    bw_jw_kstr(&w, "cause_words", a->cause_words[0] ? a->cause_words : NULL);
    bw_alert_graph(v, a, url, sizeof(url));
    bw_jw_kstr(&w, "graph", url[0] ? url : NULL);
    (void)snprintf(url, sizeof(url), "%s/alerts/%" PRId64, v->url, a->id);
    bw_jw_kstr(&w, "page", v->url[0] ? url : NULL);
    bw_jw_obj_end(&w);
}

/* ---- states ----------------------------------------------------------------------------
 */

void bw_alert_keep(const struct bw_alert *a, struct bw_alert_state *ret)
{
    const int64_t n[BW_ALERT_STATE_NUMBERS] = {
        1,
        a->id,
        (int64_t)a->phase,
        (int64_t)a->held,
        a->told,
        a->held_by,
        a->mass,
        a->since_unix_s,
        a->fell_unix_s,
        a->over_unix_s,
        a->opened_unix_s,
        a->seen_unix_s,
        a->wait_unix_s,
        a->value,
        a->worst,
        a->n_hanging,
        a->count_day,
        a->count_ms[0],
        a->count_ms[1],
    };
    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->kind, sizeof(ret->kind), "%s", bw_alert_kind_name(a->kind));
    (void)snprintf(ret->scope, sizeof(ret->scope), "%s", a->scope);
    memcpy(ret->n, n, sizeof(n));
}

int bw_alert_restore(const struct bw_alert_state *s, struct bw_alert *ret)
{
    const int64_t *n = s->n;
    int kind = 0;

    while (kind < BW_ALERT_KINDS &&
           strcmp(bw_alert_kind_name((enum bw_alert_kind)kind), s->kind) != 0) {
        kind++;
    }
    if (n[0] != 1 || kind == BW_ALERT_KINDS || n[2] < 0 || n[2] > BW_PHASE_CLEARING ||
        n[3] < 0 || n[3] > BW_HOLD_QUIET) {
        return -EINVAL;
    }
    *ret = (struct bw_alert){
        .id = n[1],
        .kind = (enum bw_alert_kind)kind,
        .phase = (enum bw_alert_phase)n[2],
        .held = (enum bw_alert_hold)n[3],
        .told = n[4] != 0,
        .held_by = n[5],
        .mass = n[6],
        .since_unix_s = n[7],
        .fell_unix_s = n[8],
        .over_unix_s = n[9],
        .opened_unix_s = n[10],
        .seen_unix_s = n[11],
        .wait_unix_s = n[12],
        .value = n[13],
        .worst = n[14],
        .n_hanging = n[15],
        .count_day = n[16],
        .count_ms = {n[17], n[18]},
    };
    (void)snprintf(ret->scope, sizeof(ret->scope), "%s", s->scope);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * export.c - signed records as text: the JWS themselves, JSON, or a table.
 *
 * Invariant: a CSV row has as many fields as the header; an unknown figure is an empty
 * field, never 0. */
#include "export.h"
#include "buf.h"
#include "clock.h"
#include "json.h"
#include "jws.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bw_export {
    enum bw_export_format format;
    char circuit[BW_NAME_MAX + 1];
    int64_t n_records;
    int64_t n_skipped;
    struct bw_buf scratch;
};

static const char *const words[] = {
    [BW_EXPORT_JOSE] = "jose", [BW_EXPORT_JSON] = "json", [BW_EXPORT_CSV] = "csv"};

int bw_export_format_parse(const char *word, enum bw_export_format *ret)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = (enum bw_export_format)i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *bw_export_media_type(enum bw_export_format f)
{
    static const char *const types[] = {[BW_EXPORT_JOSE] = "application/jose",
                                        [BW_EXPORT_JSON] = "application/json",
                                        [BW_EXPORT_CSV] = "text/csv; charset=utf-8"};
    return types[f];
}

int bw_export_new(enum bw_export_format f, const char *circuit, struct bw_export **ret)
{
    struct bw_export *e = calloc(1, sizeof(*e));
    if (!e) {
        return -ENOMEM;
    }
    e->format = f;
    (void)strncpy(e->circuit, circuit, sizeof(e->circuit) - 1);
    bw_buf_init(&e->scratch, BW_JWS_MAX);
    *ret = e;
    return 0;
}

void bw_export_free(struct bw_export *e)
{
    if (e) {
        bw_buf_done(&e->scratch);
        free(e);
    }
}

int64_t bw_export_records(const struct bw_export *e)
{
    return e->n_records;
}

int64_t bw_export_skipped(const struct bw_export *e)
{
    return e->n_skipped;
}

/* ---- CSV ------------------------------------------------------------------------------
 */

static const char csv_header[] =
    "site,circuit,start,end,interval_s,key,seq,received,"
    "clock_synced,clock_max_error_us,clock_step_us,"
    "vantage,behind,source,layer,resolution_ms,covered_s,link_bps,mtu,saturated_s,"
    "down_bytes,down_packets,down_p95_1s_bps,down_peak_1s_bps,down_drops,down_errors,"
    "up_bytes,up_packets,up_p95_1s_bps,up_peak_1s_bps,up_drops,up_errors,"
    "outages,out_at_end,"
    "latency_targets,packets_sent,packets_lost,packets_late,"
    "nearest_target,nearest_rtt_p50_us,nearest_rtt_p95_us,"
    "tests_ok,tests_not_ok,down_goodput_bps,down_line_bps,up_goodput_bps,up_line_bps,"
    "record_sha256\n";

static void field(struct bw_buf *out)
{
    bw_buf_putc(out, ',');
}

static void number(struct bw_buf *out, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
    field(out);
}

static void word(struct bw_buf *out, const char *text)
{
    bw_buf_puts(out, text ? text : "");
    field(out);
}

/* A key may begin with '-', which a spreadsheet takes for a formula: a ' stands before. */
static void safe_word(struct bw_buf *out, const char *text)
{
    if (text[0] && strchr("=+-@", text[0])) {
        bw_buf_putc(out, '\'');
    }
    word(out, text);
}

static void moment_s(struct bw_buf *out, int64_t unix_s)
{
    char text[32];
    bw_time_format_s(unix_s, text);
    word(out, text);
}

static void behind(struct bw_buf *out, uint32_t bits)
{
    const char *joint = "";
    for (unsigned bit = BW_BEHIND_NAT; bit <= BW_BEHIND_PROXY; bit <<= 1) {
        if (bits & bit) {
            bw_buf_printf(out, "%s%s", joint, bw_behind_name((enum bw_behind)bit));
            joint = "+";
        }
    }
    field(out);
}

static void flow(struct bw_buf *out, const struct bw_flow *f)
{
    number(out, f->bytes);
    number(out, f->packets);
    number(out, f->p95_1s_bps);
    number(out, f->peak_1s_bps);
    number(out, f->drops);
    number(out, f->errors);
}

static void outages(struct bw_buf *out, const struct bw_summary *s, const char *circuit)
{
    int64_t n = 0;
    bool open = false;
    for (size_t i = 0; i < s->n_outages; i++) {
        if (strcmp(s->outages[i].circuit, circuit) == 0) {
            n++;
            open = open || s->outages[i].to_unix_ms == BW_UNKNOWN;
        }
    }
    number(out, n);
    word(out, open ? "yes" : "no");
}

/* Packets of all targets; the round trip of the one that is nearest by its median, since
 * targets at different distances have no common percentile. */
static void latency(struct bw_buf *out, const struct bw_summary *s, const char *circuit)
{
    const struct bw_latency *nearest = NULL;
    int64_t n = 0;
    int64_t sent = BW_UNKNOWN;
    int64_t lost = BW_UNKNOWN;
    int64_t late = BW_UNKNOWN;
    bool late_unknown = false;
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, circuit) != 0) {
            continue;
        }
        sent = (n ? sent : 0) + l->sent;
        lost = (n ? lost : 0) + l->lost;
        late = (n ? late : 0) + (l->late == BW_UNKNOWN ? 0 : l->late);
        late_unknown = late_unknown || l->late == BW_UNKNOWN;
        n++;
        if (l->p50_us != BW_UNKNOWN && (!nearest || l->p50_us < nearest->p50_us)) {
            nearest = l;
        }
    }
    number(out, n);
    number(out, sent);
    number(out, lost);
    number(out, late_unknown ? BW_UNKNOWN : late);
    word(out, nearest ? nearest->probe : "");
    number(out, nearest ? nearest->p50_us : BW_UNKNOWN);
    number(out, nearest ? nearest->p95_us : BW_UNKNOWN);
}

/* How many runs, and the last good one of each direction. */
static void tests(struct bw_buf *out, const struct bw_summary *s, const char *circuit)
{
    const struct bw_throughput *last[BW_DIRECTIONS] = {NULL, NULL};
    int64_t ok = 0;
    int64_t not_ok = 0;
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->circuit, circuit) != 0) {
            continue;
        }
        if (t->state != BW_TEST_OK) {
            not_ok++;
            continue;
        }
        ok++;
        if (!last[t->direction] || t->at_unix_ms >= last[t->direction]->at_unix_ms) {
            last[t->direction] = t;
        }
    }
    number(out, ok);
    number(out, not_ok);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        number(out, last[d] ? last[d]->goodput_bps : BW_UNKNOWN);
        number(out, last[d] ? last[d]->line_bps : BW_UNKNOWN);
    }
}

static void csv_row(struct bw_buf *out,
                    const struct bw_record *rec,
                    const struct bw_summary *s,
                    const struct bw_circuit_summary *c)
{
    char text[32];
    word(out, s->site);
    word(out, c->id);
    moment_s(out, s->start_unix_s);
    moment_s(out, s->end_unix_s);
    number(out, s->end_unix_s - s->start_unix_s);
    safe_word(out, rec->kid);
    number(out, s->seq);
    bw_time_format_ms(rec->received_unix_ms, text);
    word(out, rec->received_unix_ms == BW_UNKNOWN ? "" : text);
    word(out, s->clock.known ? (s->clock.synced ? "yes" : "no") : "");
    number(out, s->clock.known ? s->clock.max_error_us : BW_UNKNOWN);
    number(out, s->clock.known ? s->clock.step_us : BW_UNKNOWN);
    word(out, bw_vantage_name(c->vantage));
    behind(out, c->behind);
    word(out, bw_source_name(c->source));
    word(out, bw_layer_name(c->layer));
    number(out, c->resolution_ms);
    number(out, c->covered_s);
    number(out, c->link_bps);
    number(out, c->mtu);
    number(out, c->saturated_s);
    flow(out, &c->flow[BW_DOWN]);
    flow(out, &c->flow[BW_UP]);
    outages(out, s, c->id);
    latency(out, s, c->id);
    tests(out, s, c->id);
    safe_word(out, rec->sha256);
    if (!out->error) {
        out->data[out->len - 1] = '\n'; /* the last field's comma */
    }
}

/* ---- JSON ------------------------------------------------------------------------------
 */

static void json_record(struct bw_export *e,
                        struct bw_buf *out,
                        const struct bw_record *rec,
                        const char *payload)
{
    char text[32];
    struct bw_jw w;
    bw_buf_puts(out, e->n_records ? ",\n" : "\n");
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "kid", rec->kid);
    bw_jw_ki64(&w, "seq", rec->seq);
    bw_jw_kstr(&w, "sha256", rec->sha256);
    bw_jw_ki64(&w, "position", rec->position);
    if (rec->received_unix_ms != BW_UNKNOWN) {
        bw_time_format_ms(rec->received_unix_ms, text);
        bw_jw_kstr(&w, "received", text);
    }
    if (payload) {
        bw_jw_key(&w, "summary");
        bw_jw_raw(&w, payload, strlen(payload)); /* canonical JSON already */
    } else {
        bw_jw_key(&w, "jws");
        bw_jw_strn(&w, rec->jws, rec->jws_len);
    }
    bw_jw_obj_end(&w);
}

/* ---- the stream ------------------------------------------------------------------------
 */

int bw_export_begin(struct bw_export *e, struct bw_buf *out)
{
    if (e->format == BW_EXPORT_JSON) {
        bw_buf_puts(out, "{\"records\":[");
    } else if (e->format == BW_EXPORT_CSV) {
        bw_buf_puts(out, csv_header);
    }
    return bw_buf_error(out);
}

static bool names(const struct bw_summary *s, const char *circuit)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, circuit) == 0) {
            return true;
        }
    }
    return false;
}

int bw_export_add(struct bw_export *e,
                  const struct bw_record *rec,
                  struct bw_buf *out,
                  struct bw_err *reterr)
{
    struct bw_summary s;
    struct bw_jws j = {.payload = NULL};
    int r;
    if (e->format == BW_EXPORT_JOSE) {
        bw_buf_add(out, rec->jws, rec->jws_len);
        bw_buf_putc(out, '\n');
        e->n_records++;
        r = bw_buf_error(out);
        return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
    }
    bw_summary_init(&s);
    r = bw_jws_parse(rec->jws, rec->jws_len, &e->scratch, &j, reterr);
    if (r == 0) {
        r = bw_summary_decode(j.payload, j.payload_len, &s, reterr);
    }
    if (r == -ENOMEM) {
        goto out;
    }
    if (r < 0) {
        e->n_skipped++;
        if (e->format == BW_EXPORT_JSON) {
            json_record(e, out, rec, NULL);
            e->n_records++;
        }
    } else if (e->circuit[0] && !names(&s, e->circuit)) {
        goto out;
    } else if (e->format == BW_EXPORT_JSON) {
        json_record(e, out, rec, j.payload);
        e->n_records++;
    } else {
        for (size_t i = 0; i < s.n_circuits; i++) {
            if (!e->circuit[0] || strcmp(s.circuits[i].id, e->circuit) == 0) {
                csv_row(out, rec, &s, &s.circuits[i]);
            }
        }
        e->n_records++;
    }
    r = bw_buf_error(out);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
out:
    bw_summary_done(&s);
    return r;
}

int bw_export_end(struct bw_export *e, struct bw_buf *out)
{
    if (e->format == BW_EXPORT_JSON) {
        bw_buf_puts(out, e->n_records ? "\n]}\n" : "]}\n");
    }
    return bw_buf_error(out);
}

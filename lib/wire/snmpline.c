/* SPDX-License-Identifier: GPL-3.0-or-later
 * snmpline.c - the words between the daemon and the program that reads an edge device's
 * counters. What is decoded is whole and in range, or it is refused. */
#include "snmpline.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

const char *const bw_snmp_auth_words[] = {"sha",    "sha224", "sha256",
                                          "sha384", "sha512", NULL};
const char *const bw_snmp_privacy_words[] = {"aes128", "aes192", "aes256", NULL};

static const char *const version_words[] = {
    [BW_SNMP_V3] = "v3", [BW_SNMP_V2C] = "v2c", [BW_SNMP_V2C + 1] = NULL};

static const char *const state_words[BW_SNMP_STATES + 1] = {
    [BW_SNMP_STARTING] = "starting",
    [BW_SNMP_COUNTING] = "counting",
    [BW_SNMP_SILENT] = "silent",
    [BW_SNMP_WRONG_KEY] = "wrong-key",
    [BW_SNMP_NO_INTERFACE] = "no-interface",
    [BW_SNMP_AMBIGUOUS] = "ambiguous",
    [BW_SNMP_NO_COUNTERS] = "no-counters",
    [BW_SNMP_TOO_FAST] = "too-fast",
    [BW_SNMP_FAULTY] = "faulty",
    [BW_SNMP_NOT_RUNNING] = "not-running",
};

const char *bw_snmp_state_word(enum bw_snmp_state s)
{
    return s >= 0 && s < BW_SNMP_STATES ? state_words[s] : "unknown";
}

static int end_line(struct bw_jw *w, struct bw_buf *out)
{
    bw_jw_obj_end(w);
    bw_buf_putc(out, '\n');
    return bw_buf_error(out);
}

int bw_snmp_job_encode(const struct bw_snmp_job *job,
                       int64_t parent_pid,
                       struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_ki64(&w, "parent", parent_pid);
    bw_jw_kstr(&w, "address", job->address);
    bw_jw_ki64(&w, "port", job->port);
    bw_jw_kstr(&w, "version", version_words[job->version]);
    bw_jw_kstr(&w, "user", job->user);
    bw_jw_kstr(&w, "auth", bw_snmp_auth_words[job->auth]);
    bw_jw_kstr(&w, "privacy", bw_snmp_privacy_words[job->privacy]);
    bw_jw_kstr(&w, "secrets", job->secrets);
    bw_jw_kbool(&w, "by_alias", job->by_alias);
    bw_jw_kstr(&w, "name", job->name);
    bw_jw_ki64(&w, "every_ms", job->every_ms);
    return end_line(&w, out);
}

int bw_snmp_fast_encode(int64_t fast_ms, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "fast_ms", fast_ms);
    return end_line(&w, out);
}

static void encode_reading(struct bw_jw *w, const struct bw_snmp_reading *r)
{
    bw_jw_ki64(w, "mono_ns", r->mono_ns);
    bw_jw_ki64(w, "slack_ns", r->slack_ns);
    bw_jw_ki64(w, "epoch", r->epoch);
    bw_jw_ki64(w, "in_bytes", r->in_bytes);
    bw_jw_ki64(w, "out_bytes", r->out_bytes);
}

static void encode_port(struct bw_jw *w, const struct bw_snmp_port *p)
{
    bw_jw_ki64(w, "mono_ns", p->mono_ns);
    bw_jw_kbool(w, "up", p->up);
    bw_jw_ki64(w, "link_bps", p->link_bps);
    if (p->layer != BW_LAYER_UNKNOWN) {
        bw_jw_kstr(w, "layer", bw_layer_name(p->layer));
    }
}

static void encode_status(struct bw_jw *w, const struct bw_snmp_status *s)
{
    bw_jw_kstr(w, "state", bw_snmp_state_word(s->state));
    bw_jw_kstr(w, "text", s->text);
    bw_jw_ki64(w, "refresh_ms", s->refresh_ms);
    bw_jw_ki64(w, "bits", s->bits);
    bw_jw_ki64(w, "ifindex", s->ifindex);
}

int bw_snmp_line_encode(const struct bw_snmp_line *line, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    switch (line->what) {
    case BW_SNMP_LINE_READING:
        bw_jw_kobj(&w, "reading");
        encode_reading(&w, &line->reading);
        break;
    case BW_SNMP_LINE_PORT:
        bw_jw_kobj(&w, "port");
        encode_port(&w, &line->port);
        break;
    case BW_SNMP_LINE_STATUS:
        bw_jw_kobj(&w, "status");
        encode_status(&w, &line->status);
        break;
    }
    bw_jw_obj_end(&w);
    return end_line(&w, out);
}

/* ---- reading */

static int
get_text(const json_t *j, const char *name, char *ret, size_t cap, struct bw_err *reterr)
{
    const char *text;
    int r = bw_json_get_str(j, name, cap - 1, &text, reterr);
    if (r == 0) {
        (void)snprintf(ret, cap, "%s", text);
    }
    return r;
}

static int get_word(const json_t *j,
                    const char *name,
                    const char *const *words,
                    int *ret,
                    struct bw_err *reterr)
{
    const char *text;
    int r = bw_json_get_str(j, name, 63, &text, reterr);
    for (int i = 0; r == 0 && words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    return r < 0 ? r : bw_err_set(reterr, -BW_EMALFORMED, "%s: not a known word", name);
}

static int
decode_job(const json_t *j, struct bw_snmp_job *job, int64_t *parent, struct bw_err *reterr)
{
    int64_t v;
    int version = 0;
    int auth = 0;
    int privacy = 0;
    if (bw_json_get_i64(j, "v", 1, 1, &v, reterr) < 0 ||
        bw_json_get_i64(j, "parent", 0, INT32_MAX, parent, reterr) < 0 ||
        get_text(j, "address", job->address, sizeof(job->address), reterr) < 0 ||
        bw_json_get_i64(j, "port", 1, UINT16_MAX, &job->port, reterr) < 0 ||
        get_word(j, "version", version_words, &version, reterr) < 0 ||
        get_text(j, "user", job->user, sizeof(job->user), reterr) < 0 ||
        get_word(j, "auth", bw_snmp_auth_words, &auth, reterr) < 0 ||
        get_word(j, "privacy", bw_snmp_privacy_words, &privacy, reterr) < 0 ||
        get_text(j, "secrets", job->secrets, sizeof(job->secrets), reterr) < 0 ||
        bw_json_get_bool(j, "by_alias", &job->by_alias, reterr) < 0 ||
        get_text(j, "name", job->name, sizeof(job->name), reterr) < 0 ||
        bw_json_get_i64(j, "every_ms", BW_SNMP_EVERY_MIN_MS, BW_SNMP_EVERY_MAX_MS,
                        &job->every_ms, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    job->version = (enum bw_snmp_version)version;
    job->auth = (enum bw_snmp_auth)auth;
    job->privacy = (enum bw_snmp_privacy)privacy;
    return 0;
}

int bw_snmp_job_decode(const char *line,
                       size_t n,
                       struct bw_snmp_job *ret,
                       int64_t *ret_parent_pid,
                       struct bw_err *reterr)
{
    struct bw_snmp_job job;
    int64_t parent = 0;
    json_t *j = NULL;
    int r = bw_json_parse(line, n, BW_SNMP_LINE_MAX, &j, reterr);
    (void)memset(&job, 0, sizeof(job));
    r = r < 0 ? r : decode_job(j, &job, &parent, reterr);
    if (r == 0) {
        *ret = job;
        *ret_parent_pid = parent;
    }
    json_decref(j);
    return r;
}

int bw_snmp_fast_decode(const char *line, size_t n, int64_t *ret_ms, struct bw_err *reterr)
{
    json_t *j = NULL;
    int r = bw_json_parse(line, n, BW_SNMP_LINE_MAX, &j, reterr);
    r = r < 0 ? r : bw_json_get_i64(j, "fast_ms", 0, BW_SNMP_FAST_MAX_MS, ret_ms, reterr);
    json_decref(j);
    return r;
}

static int decode_reading(const json_t *j, struct bw_snmp_reading *r, struct bw_err *reterr)
{
    if (bw_json_get_i64(j, "mono_ns", 0, INT64_MAX, &r->mono_ns, reterr) < 0 ||
        bw_json_get_i64(j, "slack_ns", 0, r->mono_ns, &r->slack_ns, reterr) < 0 ||
        bw_json_get_i64(j, "epoch", 0, INT64_MAX, &r->epoch, reterr) < 0 ||
        bw_json_get_i64(j, "in_bytes", 0, INT64_MAX, &r->in_bytes, reterr) < 0 ||
        bw_json_get_i64(j, "out_bytes", 0, INT64_MAX, &r->out_bytes, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    return 0;
}

static int decode_port(const json_t *j, struct bw_snmp_port *p, struct bw_err *reterr)
{
    const char *layer = NULL;
    if (bw_json_get_i64(j, "mono_ns", 0, INT64_MAX, &p->mono_ns, reterr) < 0 ||
        bw_json_get_bool(j, "up", &p->up, reterr) < 0 ||
        bw_json_opt_i64(j, "link_bps", 1, INT64_MAX, &p->link_bps, reterr) < 0 ||
        bw_json_opt_str(j, "layer", 63, &layer, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    p->layer = BW_LAYER_UNKNOWN;
    if (layer && (bw_layer_parse(layer, &p->layer) < 0 || p->layer == BW_LAYER_GOODPUT)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "layer: not a known word");
    }
    return 0;
}

static int decode_status(const json_t *j, struct bw_snmp_status *s, struct bw_err *reterr)
{
    int state = 0;
    if (get_word(j, "state", state_words, &state, reterr) < 0 ||
        get_text(j, "text", s->text, sizeof(s->text), reterr) < 0 ||
        bw_json_opt_i64(j, "refresh_ms", 1, 3600000, &s->refresh_ms, reterr) < 0 ||
        bw_json_opt_i64(j, "bits", 32, 64, &s->bits, reterr) < 0 ||
        bw_json_opt_i64(j, "ifindex", 1, INT32_MAX, &s->ifindex, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    s->state = (enum bw_snmp_state)state;
    return 0;
}

static int decode_line(const json_t *j, struct bw_snmp_line *l, struct bw_err *reterr)
{
    const json_t *in = NULL;
    if (bw_json_opt_obj(j, "reading", &in, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    if (in) {
        l->what = BW_SNMP_LINE_READING;
        return decode_reading(in, &l->reading, reterr);
    }
    if (bw_json_opt_obj(j, "port", &in, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    if (in) {
        l->what = BW_SNMP_LINE_PORT;
        return decode_port(in, &l->port, reterr);
    }
    if (bw_json_get_obj(j, "status", &in, reterr) < 0) {
        return -BW_EMALFORMED;
    }
    l->what = BW_SNMP_LINE_STATUS;
    return decode_status(in, &l->status, reterr);
}

int bw_snmp_line_decode(const char *line,
                        size_t n,
                        struct bw_snmp_line *ret,
                        struct bw_err *reterr)
{
    struct bw_snmp_line l;
    json_t *j = NULL;
    int r = bw_json_parse(line, n, BW_SNMP_LINE_MAX, &j, reterr);
    (void)memset(&l, 0, sizeof(l));
    r = r < 0 ? r : decode_line(j, &l, reterr);
    if (r == 0) {
        *ret = l;
    }
    json_decref(j);
    return r;
}

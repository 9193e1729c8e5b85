/* SPDX-License-Identifier: GPL-3.0-or-later
 * wire.c - who hears of what: summaries to storage, storage's news to the courier, the
 * collector's answers back to storage; and a reload of all of them.
 *
 * An acknowledgement counts only with a receipt that the collector's log key signed over
 * exactly that record. */
#include "daemon.h"
#include "heavy.h"
#include "logwatch.h"
#include "notify.h"
#include "site.h"
#include "ticket.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <courier.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <jws.h>
#include <log.h>
#include <stdio.h>
#include <string.h>

enum {
    RECEIPT_MAX = 4096,
    CONFIG_MAX = 256 * 1024
};

/* ---- from the site */

static void keep_last(struct bw_daemon_last *l, const struct bw_summary *s)
{
    l->start_unix_s = s->start_unix_s;
    l->end_unix_s = s->end_unix_s;
    l->n_circuits = s->n_circuits < BW_CIRCUITS_MAX ? s->n_circuits : BW_CIRCUITS_MAX;
    const size_t most = sizeof(l->latency) / sizeof(l->latency[0]);
    l->n_latency = s->n_latency < most ? s->n_latency : most;
    for (size_t i = 0; i < l->n_circuits; i++) {
        l->circuits[i] = s->circuits[i];
    }
    for (size_t i = 0; i < l->n_latency; i++) {
        l->latency[i] = s->latency[i];
        l->latency[i].rtt_hist = NULL; /* the summary's memory goes with it */
        l->latency[i].out_hist = NULL;
        l->latency[i].back_hist = NULL;
        l->latency[i].codes = NULL;
        l->latency[i].n_codes = 0;
        l->latency[i].phases = NULL;
        l->latency[i].n_phases = 0;
    }
}

static void on_summary(void *owner,
                       struct bw_summary *s,
                       const struct bw_writer_ten *tens,
                       size_t n_tens)
{
    struct bw_daemon *d = owner;
    int64_t end_s = s->end_unix_s;
    keep_last(&d->last, s);
    if (d->heavy) {
        bw_heavy_heard(d->heavy, s);
        bw_heavy_tell(d->heavy, s);
    }
    if (d->logwatch) {
        bw_logwatch_tell(d->logwatch, s);
    }
    int r = bw_writer_summary(d->writer, s, tens, n_tens);
    if (r < 0) {
        bw_log(BW_AREA_INTERVAL, BW_ERROR,
               "the interval that ended at %" PRId64 " is lost: %s", end_s, bw_strerror(r));
    }
}

static void on_second(void *owner, int64_t unix_s, bool stepped)
{
    struct bw_daemon *d = owner;
    if (d->heavy) {
        bw_heavy_second(d->heavy, unix_s, stepped);
    }
}

const struct bw_site_events bw_daemon_site_events = {.summary = on_summary,
                                                     .second = on_second};

/* ---- from storage */

static void on_changed(void *owner, const struct bw_writer_status *st)
{
    struct bw_daemon *d = owner;
    if (d->courier && st->pending > 0) {
        bw_courier_wake(d->courier, false);
    }
}

static void on_batch(void *owner, struct bw_courier_batch *b)
{
    struct bw_daemon *d = owner;
    if (d->courier) {
        bw_courier_batch(d->courier, b);
    }
}

static void on_fatal(void *owner, const char *why)
{
    struct bw_daemon *d = owner;
    bw_log(BW_AREA_JOURNAL, BW_ERROR, "storage is broken: %s; ending, for a person to look",
           why);
    bw_daemon_stop(d, 1);
}

static void on_signed(void *owner, int64_t number, const char *jws)
{
    struct bw_daemon *d = owner;
    if (d->ticketer) {
        bw_ticketer_signed(d->ticketer, number, jws);
    }
}

const struct bw_writer_events bw_daemon_writer_events = {
    .changed = on_changed, .batch = on_batch, .signed_ = on_signed, .fatal = on_fatal};

/* ---- from the courier */

static void on_fetch(void *owner, size_t max_lines, bool zstd, const char *without_kids)
{
    struct bw_daemon *d = owner;
    int r = bw_writer_fetch(d->writer, max_lines, zstd, without_kids);
    if (r < 0 && !d->stopping) {
        struct bw_courier_batch none = {0};
        bw_courier_batch(d->courier, &none);
    }
}

static int check_receipt(const struct bw_daemon *d,
                         const char *kid,
                         int64_t seq,
                         const char *hash, /* "": not ours, so not known */
                         const char *receipt,
                         int64_t *ret_received_ms,
                         int64_t *ret_leaf, /* unknown: it does not tell */
                         char ret_hash[BW_HASH_LEN + 1],
                         struct bw_err *reterr)
{
    struct bw_buf scratch;
    struct bw_jws jws;
    struct bw_err why = {0};
    json_t *o = NULL;
    const char *said_kid = NULL;
    const char *said_hash = NULL;
    int64_t said_seq = 0;
    bw_buf_init(&scratch, RECEIPT_MAX);
    int r = bw_jws_parse(receipt, strlen(receipt), &scratch, &jws, &why);
    if (r == 0 && strcmp(jws.typ, BW_TYP_RECEIPT) != 0) {
        r = bw_err_set(&why, -BW_EMALFORMED, "it is no receipt");
    }
    if (r == 0 &&
        (!d->enrolment.has_log_key || bw_jws_verify(&jws, &d->enrolment.log_key) < 0)) {
        r = bw_err_set(&why, -BW_ESIGNATURE,
                       "the log key learnt at enrolment did not sign it");
    }
    r = r < 0 ? r : bw_json_parse(jws.payload, jws.payload_len, RECEIPT_MAX, &o, &why);
    r = r < 0 ? r : bw_json_get_str(o, "kid", BW_KID_LEN, &said_kid, &why);
    r = r < 0 ? r : bw_json_get_i64(o, "seq", 1, INT64_MAX, &said_seq, &why);
    r = r < 0 ? r : bw_json_get_str(o, "sha256", BW_HASH_LEN, &said_hash, &why);
    r = r < 0 ? r : bw_json_get_i64(o, "received_ms", 0, INT64_MAX, ret_received_ms, &why);
    r = r < 0 ? r : bw_json_opt_i64(o, "leaf", 0, INT64_MAX, ret_leaf, &why);
    if (r == 0 && (strcmp(said_kid, kid) != 0 || said_seq != seq ||
                   (hash[0] && strcmp(said_hash, hash) != 0))) {
        r = bw_err_set(&why, -BW_ESIGNATURE, "it is about another record");
    }
    if (r < 0) {
        (void)bw_err_set(reterr, -BW_ESIGNATURE, "a receipt that does not hold: %s",
                         why.text);
    } else {
        (void)snprintf(ret_hash, BW_HASH_LEN + 1, "%s", said_hash);
    }
    json_decref(o);
    bw_buf_done(&scratch);
    return r < 0 ? -BW_ESIGNATURE : 0;
}

static int on_acked(void *owner,
                    const char *kid,
                    int64_t through,
                    int64_t said,
                    const char *hash,
                    const char *receipt,
                    struct bw_err *reterr)
{
    struct bw_daemon *d = owner;
    int64_t received_ms = BW_UNKNOWN;
    int64_t leaf = BW_UNKNOWN;
    char said_hash[BW_HASH_LEN + 1];
    int r = receipt ? check_receipt(d, kid, said, hash, receipt, &received_ms, &leaf,
                                    said_hash, reterr)
                    : 0;
    if (r == 0 && receipt && leaf != BW_UNKNOWN && d->logwatch) {
        bw_logwatch_promised(d->logwatch, leaf, received_ms, said_hash);
    }
    return r < 0 ? r : bw_writer_acked(d->writer, kid, through, receipt, received_ms);
}

static int on_rewind(void *owner,
                     const char *kid,
                     int64_t through,
                     const char *receipt,
                     struct bw_err *reterr)
{
    struct bw_daemon *d = owner;
    int64_t received_ms = BW_UNKNOWN;
    int64_t leaf = BW_UNKNOWN;
    char hash[BW_HASH_LEN + 1] = "";
    int r = receipt ? check_receipt(d, kid, through, "", receipt, &received_ms, &leaf, hash,
                                    reterr)
                    : 0;
    return r < 0 ? r : bw_writer_rewind(d->writer, kid, through, hash);
}

static void
on_refused(void *owner, const char *kid, int64_t seq, const char *type, const char *detail)
{
    struct bw_daemon *d = owner;
    (void)bw_writer_refused(d->writer, kid, seq, type, detail);
}

static void on_forked(void *owner, const char *kid, int64_t seq, const char *detail)
{
    struct bw_daemon *d = owner;
    (void)bw_writer_forked(d->writer, kid, seq, detail);
}

static void on_key_known(void *owner, const char *kid)
{
    struct bw_daemon *d = owner;
    (void)bw_writer_key_known(d->writer, kid);
}

static void on_checkpoint(void *owner, const char *note)
{
    struct bw_daemon *d = owner;
    if (d->logwatch) {
        bw_logwatch_heard(d->logwatch, note);
    }
}

static int64_t on_pending(void *owner)
{
    const struct bw_daemon *d = owner;
    return bw_writer_status(d->writer)->pending;
}

static const struct bw_courier_ops courier_ops = {
    .fetch = on_fetch,
    .acked = on_acked,
    .rewind = on_rewind,
    .refused = on_refused,
    .forked = on_forked,
    .key_known = on_key_known,
    .checkpoint = on_checkpoint,
    .pending = on_pending,
};

int bw_daemon_start_courier(struct bw_daemon *d, struct bw_err *reterr)
{
    const struct bw_boxconf *c = d->config;
    const char *url = c->collector.url[0] ? c->collector.url : d->enrolment.url;
    struct bw_courier_params p = {.url = url,
                                  .ca_file = c->collector.ca_file,
                                  .agent = "bandwitnessd/" BW_VERSION,
                                  .every_ms = c->collector.every_ms};
    const struct bw_ticket_where tickets = {
        .url = d->enrolled ? url : "",
        .ca_file = c->collector.ca_file,
        .agent = p.agent,
        .aud = d->enrolment.has_log_key ? d->enrolment.log_key.kid : ""};
    bw_ticketer_set(d->ticketer, &tickets);
    const struct bw_logwatch_where proofs = {
        .url = tickets.url,
        .ca_file = p.ca_file,
        .agent = p.agent,
        .log_key = d->enrolment.has_log_key ? &d->enrolment.log_key : NULL,
        .enrolment = d->enrolment.kid};
    bw_logwatch_set(d->logwatch, &proofs);
    if (d->courier) {
        bw_courier_close(d->courier, NULL, NULL);
        d->courier = NULL;
    }
    if (!d->enrolled || !url[0]) {
        if (url[0]) {
            bw_log(BW_AREA_COURIER, BW_NOTICE,
                   "%s does not know this box yet: records stay here until `bandwitness "
                   "enroll`",
                   url);
        }
        return 0;
    }
    if (strncmp(url, "http://", 7) == 0) {
        bw_log(
            BW_AREA_COURIER, BW_WARN,
            "%s: records are signed, but anybody on the way can read them; https:// hides "
            "them",
            url);
    }
    int r = bw_courier_new(&d->loop, &p, &courier_ops, d, &d->courier, reterr);
    if (r == 0 && bw_writer_status(d->writer)->pending > 0) {
        bw_courier_wake(d->courier, false);
    }
    return r;
}

void bw_daemon_load_enrolment(struct bw_daemon *d)
{
    struct bw_err err = {0};
    struct bw_enrolment e;
    int r = bw_enrolment_load(d->config->state_dir, &e, &err);
    if (r == 0) {
        d->enrolment = e;
        d->enrolled = e.site[0] != '\0';
    } else if (r != -ENOENT) {
        bw_log(BW_AREA_COURIER, BW_ERROR, "%s; records stay here", err.text);
    }
}

/* ---- reload */

static int swap_site(struct bw_daemon *d, struct bw_boxconf *next)
{
    struct bw_err err = {0};
    int r = bw_site_reload(&d->site, next, &err);
    if (r < 0) {
        bw_log(BW_AREA_CONFIG, BW_WARN,
               "%s; measuring goes on as before: restart needed for circuits and probes",
               err.text);
        int k = bw_boxconf_keep_measuring(next, d->config);
        k = k < 0 ? k : bw_site_reload(&d->site, next, &err); /* its name in records */
        return k < 0 ? k : r;
    }
    return r;
}

/* Records carry the hash of the configuration; its text under that hash tells a report
 * what was claimed, and no other text fits. */
void bw_daemon_keep_config(struct bw_daemon *d)
{
    char name[BW_HASH_LEN + 16];
    struct bw_buf text;

    bw_buf_init(&text, CONFIG_MAX);
    (void)snprintf(name, sizeof(name), "config.%s", d->config->sha256);
    if (bw_boxconf_print(d->config, &text) == 0 && text.data) {
        (void)bw_writer_set(d->writer, name, text.data);
    }
    bw_buf_done(&text);
}

int bw_daemon_reload(struct bw_daemon *d, struct bw_err *reterr)
{
    struct bw_boxconf *next = NULL;
    struct bw_boxconf *old = d->config;
    struct bw_err err = {0};
    char fixed[200];
    if (d->stopping) {
        return bw_err_set(reterr, -ECANCELED, "the daemon is ending");
    }
    (void)bw_notify("RELOADING=1");
    int r = bw_boxconf_load(old->path, &next, reterr);
    if (r < 0) {
        bw_log(BW_AREA_CONFIG, BW_ERROR, "%s; the configuration in force stays",
               reterr ? reterr->text : bw_strerror(r));
        (void)bw_notify("READY=1");
        return r;
    }
    bw_boxconf_restart_needed(old, next, fixed, sizeof(fixed));
    r = bw_boxconf_keep_fixed(next, old);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        bw_log(BW_AREA_CONFIG, BW_ERROR, "out of memory; the configuration in force stays");
        bw_boxconf_unref(next);
        (void)bw_notify("READY=1");
        return r;
    }
    r = swap_site(d, next);
    (void)snprintf(d->restart_needed, sizeof(d->restart_needed), "%s%s%s", fixed,
                   fixed[0] && r < 0 ? ", " : "", r < 0 ? "circuits and probes" : "");
    if (fixed[0]) {
        bw_log(BW_AREA_CONFIG, BW_WARN, "restart needed for: %s", fixed);
    }
    d->config = next;
    bw_heavy_reload(d->heavy, next, d->site);
    bw_daemon_reload_reflector(d);
    bw_boxconf_unref(old);
    (void)bw_writer_reload(d->writer, next->keep_s);
    bw_daemon_keep_config(d);
    bw_daemon_load_enrolment(d);
    if (bw_daemon_start_courier(d, &err) < 0) {
        bw_log(BW_AREA_COURIER, BW_ERROR, "%s; records stay here", err.text);
    }
    if (next->old_name[0]) {
        bw_log(BW_AREA_CONFIG, BW_WARN, "%s", next->old_name);
    }
    bw_log(BW_AREA_CONFIG, BW_NOTICE, "configuration read again from %s", next->path);
    (void)bw_notify("READY=1");
    return 0;
}

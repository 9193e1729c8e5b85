/* SPDX-License-Identifier: GPL-3.0-or-later
 * api_summaries.c - the records of a circuit's site as a stream: signed bytes, JSON lines
 * or CSV.
 *
 * A walk goes through time in windows, one job of the reader pool a piece, so that ten
 * years need no more memory than one piece and no reader is held while a client is slow. */
#include "api.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <clock.h>
#include <collector.h>
#include <csv.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <jws.h>
#include <overview.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 128 * 1024,
    PIECE_MAX = 64 * 1024 * 1024,
    WINDOW_BYTES_MAX = 8 * 1024 * 1024, /* of one window, which is read in one go */
    WINDOW_MIN_S = 600,
    WINDOW_MAX_S = 86400,
    WINDOW_EMPTY_MAX_S = 1024 * 86400, /* while nothing is found */
    WINDOWS_MAX = 256                  /* of one job: nobody waits long for its reader */
};

/* No record is of later than the year 9999. */
#define UNIX_S_MAX INT64_C(253402300800)

enum format {
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_JOSE
};

struct walk {
    struct bw_readers *const *readers; /* NULL once they are closed */
    struct bw_http_req *req;           /* until the reply has begun */
    struct bw_http_stream *stream;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    enum format format;
    int64_t at_unix_s; /* where the next window begins */
    int64_t to_unix_s;
    int64_t window_s;
    bool begun;
    bool known;          /* the circuit exists */
    size_t window_limit; /* of piece */
    int r;
    struct bw_err err;
    struct bw_buf piece;
    struct bw_buf scratch;
};

static void write_json(struct walk *w, const struct bw_record *rec, const struct bw_jws *j)
{
    struct bw_jw jw;
    bw_jw_init(&jw, &w->piece);
    bw_jw_obj(&jw);
    bw_jw_ki64(&jw, "position", rec->position);
    bw_jw_ki64(&jw, "received_ms", rec->received_unix_ms);
    bw_jw_kstr(&jw, "egress", bw_egress_name(rec->egress));
    bw_jw_kstr(&jw, "kid", rec->kid);
    bw_jw_kstr(&jw, "sha256", rec->sha256);
    bw_jw_key(&jw, "payload");
    bw_jw_raw(&jw, j->payload, j->payload_len);
    bw_jw_obj_end(&jw);
    bw_buf_putc(&w->piece, '\n');
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct walk *w = owner;
    struct bw_jws j;
    struct bw_summary s;
    if (w->piece.len > w->window_limit) {
        return 1;
    }
    if (w->format == FORMAT_JOSE) {
        bw_buf_add(&w->piece, rec->jws, rec->jws_len);
        bw_buf_putc(&w->piece, '\n');
        return bw_buf_error(&w->piece);
    }
    int r = bw_jws_parse(rec->jws, rec->jws_len, &w->scratch, &j, &w->err);
    if (r < 0) {
        return r;
    }
    if (w->format == FORMAT_JSON) {
        write_json(w, rec, &j);
        return bw_buf_error(&w->piece);
    }
    r = bw_summary_decode(j.payload, j.payload_len, &s, &w->err);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < s.n_circuits; i++) {
        if (strcmp(s.circuits[i].id, w->circuit) == 0) {
            bw_csv_row(&w->piece, rec, &s, &s.circuits[i]);
        }
    }
    bw_summary_done(&s);
    return bw_buf_error(&w->piece);
}

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct walk *w = owner;
    if (strcmp(c->facts.id, w->circuit) == 0) {
        w->known = true;
        if (w->at_unix_s < c->first_start_unix_s) {
            w->at_unix_s = c->first_start_unix_s;
        }
    }
    return 0;
}

/* Read one window; one that holds too much is read again as a shorter one. */
static void walk_window(struct walk *w, struct bw_reader *r)
{
    int64_t left_s = w->to_unix_s - w->at_unix_s;
    int64_t length_s = w->window_s < left_s ? w->window_s : left_s;
    size_t before = w->piece.len;
    w->window_limit = length_s > 1 ? before + WINDOW_BYTES_MAX : SIZE_MAX;
    w->r = bw_records_each(r->records, w->site, w->at_unix_s, w->at_unix_s + length_s,
                           on_record, w, &w->err);
    if (w->r > 0) {
        w->r = 0;
        w->piece.len = before;
        w->window_s = (length_s + 7) / 8;
        return;
    }
    w->at_unix_s += length_s;
    size_t got = w->piece.len - before;
    if (got < PIECE_BYTES / 4) {
        int64_t longest_s = got > 0 ? WINDOW_MAX_S : WINDOW_EMPTY_MAX_S;
        w->window_s = w->window_s < longest_s / 2 ? w->window_s * 2 : longest_s;
    } else if (got / 2 > PIECE_BYTES && w->window_s > WINDOW_MIN_S) {
        w->window_s /= 2;
    }
}

static void walk_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct walk *w = job;
    if (!r) {
        w->r = -EIO;
        w->err = *err;
        return;
    }
    if (!w->begun) {
        w->r = r->ledger->ops->circuits(r->ledger, w->site, on_circuit, w, &w->err);
        if (w->r < 0 || !w->known) {
            return;
        }
        if (w->format == FORMAT_CSV) {
            bw_csv_head(&w->piece);
        }
    }
    for (int i = 0; i < WINDOWS_MAX && w->r == 0 && w->at_unix_s < w->to_unix_s &&
                    w->piece.len < PIECE_BYTES;
         i++) {
        walk_window(w, r);
    }
}

static void walk_free(void *owner)
{
    struct walk *w = owner;
    bw_buf_done(&w->piece);
    bw_buf_done(&w->scratch);
    free(w);
}

static void walk_after(void *job, int cancelled);

static void on_more(void *owner, struct bw_http_stream *s)
{
    struct walk *w = owner;
    w->stream = s;
    if (w->piece.len > 0) {
        bw_http_stream_put(s, &w->piece);
    } else if (w->at_unix_s >= w->to_unix_s) {
        bw_http_stream_end(s, true);
    } else if (bw_readers_run(*w->readers, walk_work, walk_after, w) < 0) {
        bw_http_stream_end(s, false);
    }
}

static const struct bw_http_stream_ops walk_ops = {.more = on_more, .closed = walk_free};

static void begin(struct walk *w)
{
    static const char *const types[] = {[FORMAT_JSON] = "application/x-ndjson",
                                        [FORMAT_CSV] =
                                            "text/csv; charset=utf-8; header=present",
                                        [FORMAT_JOSE] = "application/jose"};
    static const char *const endings[] = {
        [FORMAT_JSON] = "ndjson", [FORMAT_CSV] = "csv", [FORMAT_JOSE] = "jose"};
    char name[200];
    (void)snprintf(name, sizeof(name), "attachment; filename=\"%s.%s.%s\"", w->site,
                   w->circuit, endings[w->format]);
    bw_http_add(w->req, "Content-Disposition", name);
    w->begun = true;
    struct bw_http_req *req = w->req;
    w->req = NULL;
    if (bw_http_reply_stream(req, 200, types[w->format], &walk_ops, w) < 0) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        walk_free(w);
    }
}

static void walk_after(void *job, int cancelled)
{
    struct walk *w = job;
    bool failed = cancelled || w->r < 0;
    if (w->begun) {
        if (failed) {
            bw_http_stream_end(w->stream, false);
        } else {
            on_more(w, w->stream);
        }
        return;
    }
    if (failed) {
        bw_http_add(w->req, "Retry-After", "30");
        bw_http_problem(w->req, 503, "busy", "Not possible now", "%s",
                        cancelled ? "the collector is stopping" : w->err.text);
    } else if (!w->known) {
        bw_http_problem(w->req, 404, "not-found", "No such circuit",
                        "no record ever named %s.%s", w->site, w->circuit);
    } else {
        begin(w);
        return;
    }
    walk_free(w);
}

static int read_query(struct bw_http_req *req, struct walk *w)
{
    const char *from = bw_http_query(req, "from");
    const char *to = bw_http_query(req, "to");
    const char *format = bw_http_query(req, "format");
    if (bw_circuit_id_parse(bw_http_param(req, 0), w->site, w->circuit) < 0) {
        bw_http_problem(req, 404, "not-found", "No such circuit",
                        "a circuit is written SITE.CIRCUIT, like s-4f9k2.wan");
        return -EINVAL;
    }
    w->to_unix_s = bw_clock_unix_ms() / 1000 + 1;
    if (to && bw_when_parse(to, &w->to_unix_s) < 0) {
        bw_http_problem(req, 400, "bad-query", "Not a time",
                        "to: RFC 3339, a date, or Unix seconds");
        return -EINVAL;
    }
    w->at_unix_s = w->to_unix_s - 86400;
    if (from && bw_when_parse(from, &w->at_unix_s) < 0) {
        bw_http_problem(req, 400, "bad-query", "Not a time",
                        "from: RFC 3339, a date, or Unix seconds");
        return -EINVAL;
    }
    if (w->to_unix_s > UNIX_S_MAX) {
        w->to_unix_s = UNIX_S_MAX;
    }
    if (w->at_unix_s > w->to_unix_s) {
        bw_http_problem(req, 400, "bad-query", "Wrong order", "from is after to");
        return -EINVAL;
    }
    w->format = !format || strcmp(format, "json") == 0 ? FORMAT_JSON
                : strcmp(format, "csv") == 0           ? FORMAT_CSV
                                                       : FORMAT_JOSE;
    if (w->format == FORMAT_JOSE && strcmp(format, "jose") != 0) {
        bw_http_problem(req, 400, "bad-query", "Unknown format",
                        "format: json, csv or jose");
        return -EINVAL;
    }
    return 0;
}

void bw_api_summaries(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct walk *w = calloc(1, sizeof(*w));
    if (!w) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return;
    }
    w->req = req;
    w->readers = &c->readers;
    w->window_s = 3600;
    bw_buf_init(&w->piece, PIECE_MAX);
    bw_buf_init(&w->scratch, BW_JWS_MAX + 1);
    if (read_query(req, w) < 0) {
        walk_free(w);
        return;
    }
    if (bw_readers_run(c->readers, walk_work, walk_after, w) < 0) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
        walk_free(w);
    }
}

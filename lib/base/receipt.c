/* SPDX-License-Identifier: GPL-3.0-or-later
 * receipt.c - the payload of a test's receipt, written and read (docs/receipt-v1.md).
 *
 * Invariant: what decodes encodes to the same bytes; the reader makes sure by writing
 * again what it read. */
#include "receipt.h"
#include "buf.h"
#include "hash.h"
#include "json.h"
#include "jws.h"
#include "receipt_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    PAYLOAD_MAX = 1536,
    PPM = 1000000,
    CPU_PPM_MAX = 64000000 /* 64 cores */
};

#define N_MAX INT64_C(9007199254740991) /* 2^53 - 1: safe in any JSON reader */
#define UNIX_MS_MAX INT64_C(253402300799999)
#define US_MAX INT64_C(3600000000)

static const char *const kinds[] = {
    [BW_TEST_KIND_NDT7] = "ndt7", [BW_TEST_KIND_HTTP] = "http", NULL};
static const char *const ends[] = {[BW_RECEIPT_DONE] = "done",
                                   [BW_RECEIPT_CUT] = "cut",
                                   [BW_RECEIPT_BYTES] = "bytes",
                                   [BW_RECEIPT_TIME] = "time",
                                   NULL};
static const char *const methods[] = {"ndt7/ws", "ndt7/wss", "http/1", "https/1", NULL};
static const char *const directions[] = {[BW_DOWN] = "down", [BW_UP] = "up", NULL};

const char *bw_test_kind_name(enum bw_test_kind k)
{
    return kinds[k];
}

/* ---- members that requests, tickets and receipts share */

int bw_receipt_word(const char *const *words, const char *text)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

int bw_receipt_get_text(const json_t *o,
                        const char *name,
                        char *out,
                        size_t cap,
                        enum bw_receipt_text kind,
                        struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_get_str(o, name, cap - 1, &text, reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(out, cap, "%s", text);
    return bw_receipt_check_text(name, out, kind, reterr) < 0 ? -BW_EMALFORMED : 0;
}

int bw_receipt_check_text(const char *name,
                          const char *text,
                          enum bw_receipt_text kind,
                          struct bw_err *reterr)
{
    uint8_t raw[32];
    size_t n = strlen(text);
    bool good = false;
    switch (kind) {
    case BW_RECEIPT_NONCE:
        good = n == BW_NONCE_LEN && bw_b64_decode(text, n, raw, 16) == BW_NONCE_BYTES;
        break;
    case BW_RECEIPT_HASH:
        good = n == BW_HASH_LEN && bw_b64_decode(text, n, raw, 32) == 32;
        break;
    case BW_RECEIPT_SITE:
        good = bw_site_valid(text);
        break;
    case BW_RECEIPT_NAME:
        good = bw_name_valid(text);
        break;
    }
    return good ? 0 : bw_err_set(reterr, -EINVAL, "%s: '%.64s' is none", name, text);
}

int bw_receipt_get_word(const json_t *o,
                        const char *name,
                        const char *const *words,
                        int *ret,
                        struct bw_err *reterr)
{
    const char *text = NULL;
    int r = bw_json_get_str(o, name, 32, &text, reterr);
    if (r == 0) {
        *ret = bw_receipt_word(words, text);
        r = *ret < 0 ? bw_err_set(reterr, -BW_EMALFORMED, "%s: '%s' is none", name, text)
                     : 0;
    }
    return r;
}

int bw_receipt_get_kind(const json_t *o, enum bw_test_kind *ret, struct bw_err *reterr)
{
    int i = 0;
    int r = bw_receipt_get_word(o, "kind", kinds, &i, reterr);
    *ret = (enum bw_test_kind)i;
    return r;
}

int bw_receipt_get_direction(const json_t *o, enum bw_direction *ret, struct bw_err *reterr)
{
    int i = 0;
    int r = bw_receipt_get_word(o, "direction", directions, &i, reterr);
    *ret = (enum bw_direction)i;
    return r;
}

const char *bw_receipt_direction_name(enum bw_direction d)
{
    return directions[d];
}

/* ---- the members of `tcp` that are numbers, in their order */

static const struct {
    const char *name;
    size_t at;
    int64_t max;
} tcp_members[] = {
    {"mss", offsetof(struct bw_receipt_tcp, mss), 65535},
    {"rtt_us", offsetof(struct bw_receipt_tcp, rtt_us), US_MAX},
    {"min_rtt_us", offsetof(struct bw_receipt_tcp, min_rtt_us), US_MAX},
    {"sent_bytes", offsetof(struct bw_receipt_tcp, sent_bytes), N_MAX},
    {"acked_bytes", offsetof(struct bw_receipt_tcp, acked_bytes), N_MAX},
    {"received_bytes", offsetof(struct bw_receipt_tcp, received_bytes), N_MAX},
    {"retransmit_ppm", offsetof(struct bw_receipt_tcp, retransmit_ppm), PPM},
    {"rwnd_limited_ppm", offsetof(struct bw_receipt_tcp, rwnd_limited_ppm), PPM},
    {"sndbuf_limited_ppm", offsetof(struct bw_receipt_tcp, sndbuf_limited_ppm), PPM},
    {"app_limited_ppm", offsetof(struct bw_receipt_tcp, app_limited_ppm), PPM},
};
enum {
    N_TCP = sizeof(tcp_members) / sizeof(tcp_members[0])
};

static int64_t *tcp_at(struct bw_receipt_tcp *t, size_t i)
{
    return (int64_t *)(void *)((char *)t + tcp_members[i].at);
}

static int64_t tcp_get(const struct bw_receipt_tcp *t, size_t i)
{
    return *(const int64_t *)(const void *)((const char *)t + tcp_members[i].at);
}

void bw_receipt_init(struct bw_receipt *r)
{
    memset(r, 0, sizeof(*r));
    r->at_unix_ms = BW_UNKNOWN;
    r->elapsed_us = BW_UNKNOWN;
    r->bytes = BW_UNKNOWN;
    r->streams = BW_UNKNOWN;
    r->cpu_ppm = BW_UNKNOWN;
    r->concurrent = BW_UNKNOWN;
    r->egress = BW_EGRESS_UNKNOWN;
    for (size_t i = 0; i < N_TCP; i++) {
        *tcp_at(&r->tcp, i) = BW_UNKNOWN;
    }
}

/* ---- writing */

static int check_int(const char *name,
                     int64_t v,
                     int64_t min,
                     int64_t max,
                     bool required,
                     struct bw_err *reterr)
{
    if (v == BW_UNKNOWN ? required : v < min || v > max) {
        return bw_err_set(reterr, -EINVAL, "%s: %s", name,
                          v == BW_UNKNOWN ? "missing" : "out of range");
    }
    return 0;
}

static int check_identity(const struct bw_receipt *r, struct bw_err *reterr)
{
    int e = bw_receipt_check_text("nonce", r->nonce, BW_RECEIPT_NONCE, reterr);
    e = e < 0 ? e : bw_receipt_check_text("kid", r->kid, BW_RECEIPT_HASH, reterr);
    e = e < 0 ? e : bw_receipt_check_text("site", r->site, BW_RECEIPT_SITE, reterr);
    e = e < 0 ? e : bw_receipt_check_text("circuit", r->circuit, BW_RECEIPT_NAME, reterr);
    return e < 0 ? e : bw_receipt_check_text("server", r->server, BW_RECEIPT_NAME, reterr);
}

static int check_measured(const struct bw_receipt *r, struct bw_err *reterr)
{
    int e = 0;
    if (bw_receipt_word(methods, r->method) < 0) {
        e = bw_err_set(reterr, -EINVAL, "method: '%s' is none", r->method);
    }
    e = e < 0 ? e : check_int("at_ms", r->at_unix_ms, 0, UNIX_MS_MAX, true, reterr);
    e = e < 0 ? e : check_int("elapsed_us", r->elapsed_us, 1, US_MAX, true, reterr);
    e = e < 0 ? e : check_int("bytes", r->bytes, 0, N_MAX, true, reterr);
    e = e < 0 ? e
              : check_int("streams", r->streams, 1, BW_RECEIPT_STREAMS_MAX, true, reterr);
    e = e < 0 ? e : check_int("cpu_ppm", r->cpu_ppm, 0, CPU_PPM_MAX, false, reterr);
    e = e < 0 ? e : check_int("concurrent", r->concurrent, 1, N_MAX, true, reterr);
    for (size_t i = 0; e == 0 && i < N_TCP; i++) {
        e = check_int(tcp_members[i].name, tcp_get(&r->tcp, i), 0, tcp_members[i].max,
                      false, reterr);
    }
    for (size_t i = 0; e == 0 && i < r->n_per_s && i < BW_RECEIPT_SECONDS_MAX; i++) {
        e = check_int("per_s", r->per_s[i], 0, N_MAX, true, reterr);
    }
    if (e == 0 && r->n_per_s > BW_RECEIPT_SECONDS_MAX) {
        e = bw_err_set(reterr, -EINVAL, "per_s: too many");
    }
    return e;
}

static bool tcp_known(const struct bw_receipt_tcp *t)
{
    bool known = t->cc[0] != '\0';
    for (size_t i = 0; i < N_TCP; i++) {
        known = known || tcp_get(t, i) != BW_UNKNOWN;
    }
    return known;
}

static void write_measured(const struct bw_receipt *r, struct bw_jw *w)
{
    bw_jw_ki64(w, "at_ms", r->at_unix_ms);
    bw_jw_ki64(w, "elapsed_us", r->elapsed_us);
    bw_jw_ki64(w, "bytes", r->bytes);
    if (r->n_per_s > 0) {
        bw_jw_karr(w, "per_s");
        for (size_t i = 0; i < r->n_per_s; i++) {
            bw_jw_i64(w, r->per_s[i]);
        }
        bw_jw_arr_end(w);
    }
    bw_jw_kstr(w, "end", ends[r->end]);
    bw_jw_ki64(w, "streams", r->streams);
    if (tcp_known(&r->tcp)) {
        bw_jw_kobj(w, "tcp");
        bw_jw_kstr(w, "cc", r->tcp.cc[0] ? r->tcp.cc : NULL);
        for (size_t i = 0; i < N_TCP; i++) {
            bw_jw_ki64(w, tcp_members[i].name, tcp_get(&r->tcp, i));
        }
        bw_jw_obj_end(w);
    }
    bw_jw_ki64(w, "cpu_ppm", r->cpu_ppm);
    bw_jw_ki64(w, "concurrent", r->concurrent);
}

int bw_receipt_encode(const struct bw_receipt *r, struct bw_buf *out, struct bw_err *reterr)
{
    struct bw_jw w;
    int e = check_identity(r, reterr);
    e = e < 0 ? e : check_measured(r, reterr);
    if (e < 0) {
        return e;
    }
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "nonce", r->nonce);
    bw_jw_kstr(&w, "kid", r->kid);
    bw_jw_kstr(&w, "site", r->site);
    bw_jw_kstr(&w, "circuit", r->circuit);
    bw_jw_kstr(&w, "kind", kinds[r->kind]);
    bw_jw_kstr(&w, "method", r->method);
    bw_jw_kstr(&w, "server", r->server);
    bw_jw_kstr(&w, "direction", directions[r->direction]);
    write_measured(r, &w);
    bw_jw_kstr(&w, "egress", bw_egress_name(r->egress));
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

int bw_receipt_measured_write(const struct bw_receipt *r,
                              struct bw_jw *w,
                              struct bw_err *reterr)
{
    int e = check_measured(r, reterr);
    if (e == 0) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "kind", kinds[r->kind]);
        bw_jw_kstr(w, "method", r->method);
        bw_jw_kstr(w, "direction", directions[r->direction]);
        write_measured(r, w);
        bw_jw_obj_end(w);
    }
    return e;
}

/* ---- reading */

static int read_per_s(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    const json_t *list = NULL;
    int r = bw_json_opt_arr(o, "per_s", BW_RECEIPT_SECONDS_MAX, &list, reterr);
    for (size_t i = 0; r == 0 && list && i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_integer(v)) {
            return bw_err_set(reterr, -BW_EMALFORMED, "per_s: not an integer");
        }
        ret->per_s[ret->n_per_s++] = json_integer_value(v);
    }
    return r;
}

static int read_tcp(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    const json_t *tcp = NULL;
    const char *cc = NULL;
    int r = bw_json_opt_obj(o, "tcp", &tcp, reterr);
    if (r < 0 || !tcp) {
        return r;
    }
    r = bw_json_opt_str(tcp, "cc", sizeof(ret->tcp.cc) - 1, &cc, reterr);
    (void)snprintf(ret->tcp.cc, sizeof(ret->tcp.cc), "%s", cc ? cc : "");
    if (r == 0 && cc &&
        strspn(cc, "abcdefghijklmnopqrstuvwxyz0123456789._-") < strlen(cc)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "cc: not a word");
    }
    for (size_t i = 0; r == 0 && i < N_TCP; i++) {
        r = bw_json_opt_i64(tcp, tcp_members[i].name, 0, tcp_members[i].max,
                            tcp_at(&ret->tcp, i), reterr);
    }
    return r;
}

static int read_numbers(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    int end = 0;
    int r = bw_json_get_i64(o, "at_ms", 0, UNIX_MS_MAX, &ret->at_unix_ms, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "elapsed_us", 1, US_MAX, &ret->elapsed_us, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "bytes", 0, N_MAX, &ret->bytes, reterr);
    r = r < 0 ? r : read_per_s(o, ret, reterr);
    r = r < 0 ? r : bw_receipt_get_word(o, "end", ends, &end, reterr);
    r = r < 0 ? r
              : bw_json_get_i64(o, "streams", 1, BW_RECEIPT_STREAMS_MAX, &ret->streams,
                                reterr);
    r = r < 0 ? r : read_tcp(o, ret, reterr);
    r = r < 0 ? r : bw_json_opt_i64(o, "cpu_ppm", 0, CPU_PPM_MAX, &ret->cpu_ppm, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "concurrent", 1, N_MAX, &ret->concurrent, reterr);
    ret->end = (enum bw_receipt_end)end;
    return r;
}

/* Everything but who it was. */
static int read_measured(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    const char *method = NULL;
    int r = bw_receipt_get_kind(o, &ret->kind, reterr);
    r = r < 0 ? r : bw_json_get_str(o, "method", sizeof(ret->method) - 1, &method, reterr);
    (void)snprintf(ret->method, sizeof(ret->method), "%s", method ? method : "");
    r = r < 0 ? r : bw_receipt_get_direction(o, &ret->direction, reterr);
    return r < 0 ? r : read_numbers(o, ret, reterr);
}

int bw_receipt_measured_read(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    bw_receipt_init(ret);
    int r = read_measured(o, ret, reterr);
    return r < 0 ? r : check_measured(ret, reterr);
}

static int read_receipt(const json_t *o, struct bw_receipt *ret, struct bw_err *reterr)
{
    static const char *const egresses[] = {[BW_EGRESS_UNKNOWN] = "unknown",
                                           [BW_EGRESS_MATCH] = "match",
                                           [BW_EGRESS_OTHER] = "other",
                                           NULL};
    const struct {
        const char *name;
        char *text;
        size_t cap;
        enum bw_receipt_text kind;
    } texts[] = {
        {"nonce", ret->nonce, sizeof(ret->nonce), BW_RECEIPT_NONCE},
        {"kid", ret->kid, sizeof(ret->kid), BW_RECEIPT_HASH},
        {"site", ret->site, sizeof(ret->site), BW_RECEIPT_SITE},
        {"circuit", ret->circuit, sizeof(ret->circuit), BW_RECEIPT_NAME},
        {"server", ret->server, sizeof(ret->server), BW_RECEIPT_NAME},
    };
    int64_t v = 0;
    int egress = 0;
    int r = bw_json_get_i64(o, "v", 1, 1, &v, reterr);
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++) {
        r = bw_receipt_get_text(o, texts[i].name, texts[i].text, texts[i].cap,
                                texts[i].kind, reterr);
    }
    r = r < 0 ? r : read_measured(o, ret, reterr);
    r = r < 0 ? r : bw_receipt_get_word(o, "egress", egresses, &egress, reterr);
    ret->egress = (enum bw_egress)egress;
    return r;
}

int bw_receipt_canonical(const struct bw_buf *again,
                         const char *text,
                         size_t n,
                         struct bw_err *reterr)
{
    if (bw_buf_error(again) == 0 && again->len == n && memcmp(again->data, text, n) == 0) {
        return 0;
    }
    return bw_err_set(reterr, -BW_EMALFORMED,
                      "not canonical: unknown or misplaced members, or white space");
}

int bw_receipt_decode(const char *text,
                      size_t n,
                      struct bw_receipt *ret,
                      struct bw_err *reterr)
{
    json_t *o = NULL;
    struct bw_buf again;
    bw_buf_init(&again, PAYLOAD_MAX);
    bw_receipt_init(ret);
    int r = bw_json_parse(text, n, PAYLOAD_MAX, &o, reterr);
    r = r < 0 ? r : read_receipt(o, ret, reterr);
    if (r == 0) {
        r = bw_receipt_encode(ret, &again, reterr);
        r = r < 0 ? r : bw_receipt_canonical(&again, text, n, reterr);
    }
    json_decref(o);
    bw_buf_done(&again);
    return r < 0 && r != -ENOMEM ? -BW_EMALFORMED : r;
}

int bw_receipt_read(const char *jws,
                    size_t n,
                    struct bw_receipt *ret,
                    struct bw_err *reterr)
{
    struct bw_buf scratch;
    struct bw_jws j;
    int r = n > BW_RECEIPT_JWS_MAX ? bw_err_set(reterr, -BW_EMALFORMED,
                                                "longer than %d bytes", BW_RECEIPT_JWS_MAX)
                                   : 0;
    bw_buf_init(&scratch, BW_RECEIPT_JWS_MAX);
    r = r < 0 ? r : bw_jws_parse(jws, n, &scratch, &j, reterr);
    if (r == 0 && strcmp(j.typ, BW_TYP_TEST) != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "of type '%s', not " BW_TYP_TEST, j.typ);
    }
    r = r < 0 ? r : bw_receipt_decode(j.payload, j.payload_len, ret, reterr);
    bw_buf_done(&scratch);
    return r;
}

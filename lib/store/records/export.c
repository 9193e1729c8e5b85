/* SPDX-License-Identifier: GPL-3.0-or-later
 * export.c - signed records as text: the JWS themselves, JSON, or a table. */
#include "export.h"
#include "buf.h"
#include "clock.h"
#include "csv.h"
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
        bw_csv_head(out);
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
                bw_csv_row(out, rec, &s, &s.circuits[i]);
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

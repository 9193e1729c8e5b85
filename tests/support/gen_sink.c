/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_sink.c - generated records on their way into a ledger. */
#include "gen_sink.h"

#include "gen_summaries.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <jws.h>
#include <stdlib.h>
#include <string.h>

int bw_gen_sink_flush(struct bw_gen_sink *out, struct bw_err *reterr)
{
    struct bw_ledger_result results[BW_GEN_GROUP];
    int r = 0;

    if (out->n > 0) {
        r = bw_ledger_append(out->ledger, out->entries, out->n, results, reterr);
    }
    for (size_t i = 0; i < out->n; i++) {
        if (r == 0 && results[i].verdict != BW_LEDGER_ACCEPTED) {
            r = bw_err_set(reterr, -EINVAL, "the ledger did not take record %lld of %s",
                           (long long)out->items[i].summary.seq,
                           out->items[i].summary.site);
        }
        free(out->items[i].jws);
        bw_summary_done(&out->items[i].summary);
    }
    out->n = 0;
    return r;
}

/* The generator's summary lives only until the next: decode a copy from the signed bytes,
 * as the collector does. */
int bw_gen_sink_put(struct bw_gen_sink *out,
                    const struct bw_gen *g,
                    const char *jws,
                    size_t n,
                    struct bw_err *reterr)
{
    struct bw_gen_item *item = &out->items[out->n];
    struct bw_ledger_entry *e = &out->entries[out->n];
    struct bw_buf payload;
    struct bw_jws parsed;
    int64_t received_unix_ms = bw_gen_received_unix_ms(g);
    int r;

    bw_buf_init(&payload, BW_JWS_MAX);
    item->jws = strndup(jws, n);
    r = item->jws ? bw_jws_parse(jws, n, &payload, &parsed, reterr) : -ENOMEM;
    if (r == 0) {
        r = bw_summary_decode(parsed.payload, parsed.payload_len, &item->summary, reterr);
    }
    bw_buf_done(&payload);
    if (r < 0) {
        free(item->jws);
        return r;
    }
    if (received_unix_ms > out->received_unix_ms) {
        out->received_unix_ms = received_unix_ms;
    }
    *e = (struct bw_ledger_entry){.summary = &item->summary,
                                  .jws = item->jws,
                                  .jws_len = n,
                                  .received_unix_ms = out->received_unix_ms,
                                  .egress = BW_EGRESS_MATCH};
    memcpy(e->kid, bw_gen_key(g)->kid, sizeof(e->kid));
    bw_sha256_text(jws, n, e->sha256);
    return ++out->n == BW_GEN_GROUP ? bw_gen_sink_flush(out, reterr) : 0;
}

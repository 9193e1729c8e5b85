/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_evrule.c - any bytes as a rule, and as a contract's terms: what is refused has a
 * sentence, what is taken has no holes and can be said in words and as JSON. */
#include "buf.h"
#include "evrule.h"
#include "json.h"
#include "terms.h"

#include <bw/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_clause(const struct bw_evrule_clause *c)
{
    bool ways = c->direction[BW_DOWN] || c->direction[BW_UP];

    demand(c->name[0] && c->shows[0]);
    demand(c->window.weekdays && c->window.from_min < c->window.to_min);
    if (c->form == BW_EVRULE_TESTS) {
        demand(ways && c->part_ppm != BW_UNKNOWN);
        demand((c->count == BW_EVRULE_SHARE) == (c->share_ppm != BW_UNKNOWN));
        demand((c->count != BW_EVRULE_SHARE) == (c->days != BW_UNKNOWN));
    } else if (c->form == BW_EVRULE_BINS) {
        demand(ways && c->percentile_ppm > 0 && c->least > 0 && c->least_days > 0);
    } else if (c->form == BW_EVRULE_DELAY) {
        demand(c->bound_us != BW_UNKNOWN && c->share_ppm != BW_UNKNOWN && c->least > 0);
        demand(c->window.from_min % 60 == 0 && c->window.to_min % 60 == 0);
    } else if (c->form == BW_EVRULE_RATIO) {
        demand(ways && c->n_sizes > 0);
    } else {
        demand((c->at_most_ms == BW_UNKNOWN) != (c->there_ppm == BW_UNKNOWN));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_evrule *r = malloc(sizeof(*r));
    struct bw_err err = {""};
    struct bw_buf out;
    struct bw_jw w;
    struct bw_finding_terms terms = bw_finding_terms_none;

    demand(r != NULL);
    bw_buf_init(&out, 1024 * 1024);
    if (bw_evrule_parse((const char *)data, size, "f.conf", "f", r, &err) < 0) {
        demand(err.text[0] != '\0');
    } else {
        demand(r->n_clauses > 0 && r->n_citations > 0 && r->title[0] && r->says[0]);
        for (size_t i = 0; i < r->n_clauses; i++) {
            check_clause(&r->clauses[i]);
        }
        bw_evrule_show(r, &out);
        bw_jw_init(&w, &out);
        bw_evrule_json(r, &w);
        demand(bw_buf_error(&out) == 0);
    }
    err.text[0] = '\0';
    if (bw_terms_parse((const char *)data, size, "f", &terms, &err) < 0) {
        demand(err.text[0] != '\0');
    } else {
        demand(terms.known &&
               (terms.part_ppm == BW_UNKNOWN) == (terms.share_ppm == BW_UNKNOWN));
    }
    bw_buf_done(&out);
    free(r);
    return 0;
}

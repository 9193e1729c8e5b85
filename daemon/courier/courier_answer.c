/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_answer.c - the collector's answer to a post, taken apart. */
#include "courier_answer.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <scrub.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *type;
    enum bw_refusal what;
} refusals[] = {
    {.type = "malformed", .what = BW_REFUSED_FOR_GOOD},
    {.type = "too-long", .what = BW_REFUSED_FOR_GOOD},
    {.type = "bad-signature", .what = BW_REFUSED_FOR_GOOD},
    {.type = "wrong-site", .what = BW_REFUSED_FOR_GOOD},
    {.type = "fork", .what = BW_REFUSED_FORK},
    {.type = "broken-chain", .what = BW_REFUSED_FORK},
};

static enum bw_refusal judge(const char *type)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].type, type) == 0) {
            return refusals[i].what;
        }
    }
    /* unknown-key, key-revoked, key-replaced, not-yet-readable, too-far-ahead, newer
     * words */
    return BW_REFUSED_FOR_NOW;
}

/* The newest line of a chain at or below seq; both NULL-safe. */
static const struct bw_courier_ref *
find_ref(const struct bw_courier_ref *sent, size_t n, const char *kid, int64_t seq)
{
    for (size_t i = 0; i < n; i++) {
        if (sent[i].seq == seq && strcmp(sent[i].kid, kid) == 0) {
            return &sent[i];
        }
    }
    return NULL;
}

static int64_t last_sent(const struct bw_courier_ref *sent, size_t n, const char *kid)
{
    int64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (sent[i].seq > last && strcmp(sent[i].kid, kid) == 0) {
            last = sent[i].seq;
        }
    }
    return last;
}

static int read_chain(const json_t *o,
                      const struct bw_courier_ref *sent,
                      size_t n_sent,
                      struct bw_courier_chain *ret,
                      struct bw_err *reterr)
{
    const char *kid = json_string_value(json_object_get(o, "kid"));
    const json_t *through = json_object_get(o, "acked_through");
    const json_t *receipt = json_object_get(o, "receipt");

    if (!kid || strlen(kid) != BW_KID_LEN || !json_is_integer(through) ||
        json_integer_value(through) < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a chain without kid or acked_through");
    }
    if (receipt && !json_is_string(receipt) && !json_is_null(receipt)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a receipt that is no text");
    }
    int64_t last = last_sent(sent, n_sent, kid);
    if (last == 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a chain that was not sent: %s", kid);
    }
    ret->kid = kid;
    ret->acked_through = json_integer_value(through);
    ret->said_through = ret->acked_through;
    ret->receipt = json_string_value(receipt);
    if (ret->acked_through > last) {
        ret->acked_through =
            last; /* the rest is another box's with our key, or forgotten */
    }
    ret->ref = find_ref(sent, n_sent, kid, ret->acked_through);
    return 0;
}

static int read_refused(const json_t *o,
                        const struct bw_courier_ref *sent,
                        size_t n_sent,
                        struct bw_courier_refused *ret,
                        struct bw_err *reterr)
{
    const json_t *line = json_object_get(o, "line");
    const char *type = json_string_value(json_object_get(o, "type"));
    const char *detail = json_string_value(json_object_get(o, "detail"));

    if (!json_is_integer(line) || json_integer_value(line) < 1 ||
        (uint64_t)json_integer_value(line) > n_sent) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a refusal of a line that was not sent");
    }
    if (!type || strlen(type) > BW_COURIER_DETAIL_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a refusal without a type");
    }
    ret->ref = &sent[json_integer_value(line) - 1];
    const char *kid = json_string_value(json_object_get(o, "kid"));
    const json_t *seq = json_object_get(o, "seq");
    if ((kid && strcmp(kid, ret->ref->kid) != 0) ||
        (json_is_integer(seq) && json_integer_value(seq) != ret->ref->seq)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a refusal whose line and seq disagree");
    }
    ret->type = type;
    ret->detail = detail && strlen(detail) <= BW_COURIER_DETAIL_MAX ? detail : "";
    ret->what = judge(type);
    return 0;
}

int bw_courier_answer_read(const char *text,
                           size_t n,
                           const struct bw_courier_ref *sent,
                           size_t n_sent,
                           struct bw_courier_answer *ret,
                           struct bw_err *reterr)
{
    struct bw_courier_answer a = {0};
    bool *seen = NULL; /* by line: it has been refused */
    json_error_t je;
    int r = 0;

    a.root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
    if (!a.root) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "an answer that is no JSON: %.200s",
                       je.text);
        goto out;
    }
    const json_t *chains = json_object_get(a.root, "chains");
    const json_t *refused = json_object_get(a.root, "refused");
    if (!json_is_array(chains) || !json_is_array(refused)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "an answer without chains and refused");
        goto out;
    }
    const json_t *checkpoint = json_object_get(a.root, "checkpoint");
    if (json_string_length(checkpoint) > 0 &&
        json_string_length(checkpoint) <= BW_COURIER_CHECKPOINT_MAX) {
        a.checkpoint = json_string_value(checkpoint);
    }
    const size_t n_refused = json_array_size(refused);
    if (json_array_size(chains) > BW_COURIER_CHAINS_MAX || n_refused > n_sent) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "an answer about more than was sent");
        goto out;
    }
    for (size_t i = 0; i < json_array_size(chains); i++) {
        r = read_chain(json_array_get(chains, i), sent, n_sent, &a.chains[i], reterr);
        if (r < 0 || !a.chains[i].kid) {
            goto out;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(a.chains[k].kid, a.chains[i].kid) == 0) {
                r = bw_err_set(reterr, -BW_EMALFORMED,
                               "an answer that names a chain twice");
                goto out;
            }
        }
        a.n_chains++;
    }
    if (n_refused > 0) {
        a.refused = calloc(n_refused, sizeof(*a.refused));
        seen = calloc(n_sent, sizeof(*seen));
        if (!a.refused || !seen) {
            r = bw_err_set(reterr, -ENOMEM, "out of memory");
            goto out;
        }
    }
    for (size_t i = 0; i < n_refused; i++) {
        r = read_refused(json_array_get(refused, i), sent, n_sent, &a.refused[i], reterr);
        if (r < 0) {
            goto out;
        }
        bool *again = &seen[a.refused[i].ref - sent];
        if (*again) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "an answer that refuses a line twice");
            goto out;
        }
        *again = true;
        a.n_refused++;
    }
    *ret = a;
    memset(&a, 0, sizeof(a));
out:
    free(seen);
    bw_courier_answer_done(&a);
    return r;
}

void bw_courier_answer_done(struct bw_courier_answer *a)
{
    if (a->root) {
        json_decref(a->root);
    }
    free(a->refused);
    memset(a, 0, sizeof(*a));
}

static bool was_refused(const struct bw_courier_answer *a, const struct bw_courier_ref *ref)
{
    for (size_t i = 0; i < a->n_refused; i++) {
        if (a->refused[i].ref == ref && a->refused[i].what == BW_REFUSED_FOR_GOOD) {
            return true;
        }
    }
    return false;
}

const struct bw_courier_ref *bw_courier_taken(const struct bw_courier_answer *a,
                                              const struct bw_courier_chain *k,
                                              const struct bw_courier_ref *sent,
                                              size_t n_sent,
                                              size_t *ret_n)
{
    const struct bw_courier_ref *newest = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < n_sent; i++) {
        const struct bw_courier_ref *ref = &sent[i];
        if (ref->seq > k->acked_through || strcmp(ref->kid, k->kid) != 0 ||
            was_refused(a, ref)) {
            continue;
        }
        newest = !newest || ref->seq > newest->seq ? ref : newest;
        (*ret_n)++;
    }
    return newest;
}

const struct bw_courier_ref *bw_courier_untaken(const struct bw_courier_answer *a,
                                                const struct bw_courier_chain *k)
{
    const struct bw_courier_ref *first = NULL;
    for (size_t i = 0; i < a->n_refused; i++) {
        const struct bw_courier_ref *ref = a->refused[i].ref;
        if (a->refused[i].what != BW_REFUSED_FOR_GOOD && ref->seq <= k->acked_through &&
            (!first || ref->seq < first->seq) && strcmp(ref->kid, k->kid) == 0) {
            first = ref;
        }
    }
    return first;
}

void bw_courier_tame(char *text, size_t cap)
{
    bw_scrub_addresses(text, cap);
    for (char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f) {
            *p = ' ';
        } else if (c == 0xc2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0) {
            p[0] = ' '; /* the terminal's other control characters, in UTF-8 */
            p[1] = ' ';
        }
    }
}

void bw_courier_problem(const char *text, size_t n, char *out, size_t cap)
{
    json_error_t je;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
    const char *type = json_string_value(json_object_get(root, "type"));
    const char *detail = json_string_value(json_object_get(root, "detail"));

    out[0] = '\0';
    if (type) {
        const char *word = strrchr(type, '/');
        word = word ? word + 1 : type;
        (void)snprintf(out, cap, "%.60s%s%.160s", word, detail ? ": " : "",
                       detail ? detail : "");
        bw_courier_tame(out, cap);
    }
    json_decref(root);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_logged.c - a log's files in a bag: any bytes in place of any of them are read
 * without harm, and are never taken for a proof. */
#include "../../evidence/logged/logged_private.h"

#include <buf.h>
#include <bw/err.h>
#include <jws.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <timestamp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file whose bytes are asked for; the rest is missing, or these bytes too. */
struct bag {
    const char *text;
    size_t n;
};

static const char head[] =
    "{\"v\":1,\"name\":\"log.example.org/wren\",\"checkpoints\":[{\"size\":2,"
    "\"signed_unix_s\":1,\"witnessed\":true,\"stamps\":[\"http://x/\"]}],\"witnesses\":[],"
    "\"before\":1}";

static bool find(void *owner, const char *member, const char **ret, size_t *ret_n)
{
    const struct bag *b = owner;
    bool own = strcmp(member, BW_IN_LOG_JSON) != 0 || (b->n > 0 && b->text[0] == '{');
    *ret = own ? b->text : head;
    *ret_n = own ? b->n : sizeof(head) - 1;
    return true;
}

static void told(void *owner, const char *member, const char *text)
{
    (void)owner;
    (void)member;
    (void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bw_logged_record records[] = {
        {.position = 0, .received_unix_ms = 1}, {.position = 7, .received_unix_ms = 2}};
    struct bw_pubkey key = {.alg = BW_ALG_EDDSA};
    char *text = malloc(size + 1); /* of its own, so that a step beyond it shows */
    struct bag bag = {.text = text, .n = size};
    struct bw_logged_view view = {
        .find = find, .fault = told, .unchecked = told, .owner = &bag};
    struct bw_logged_things things = {.site = "s-wren2",
                                      .records = records,
                                      .n_records = 2,
                                      .statements = text,
                                      .n_statements = size};
    struct bw_log_facts *facts = calloc(1, sizeof(*facts));
    struct bw_err err = {""};
    char signer[200];
    int64_t unix_s = 0;
    if (!text || !facts) {
        abort();
    }
    memcpy(text, data, size);
    if (bw_logged_read(&view, &things, &key, 1, facts, &err) == 0 && facts->there) {
        abort();
    }
    (void)bw_stamp_check(text, size, "x", 1, &unix_s, signer, &err);
    struct bw_logged_run *runs = NULL;
    struct bw_logged_other *others = NULL;
    size_t n = 0;
    if (bw_logged_runs_read(text, size, &runs, &n, &err) == 0) {
        struct bw_buf again;
        bw_buf_init(&again, size + 100);
        bw_logged_runs_head(&again);
        for (size_t i = 0; i < n; i++) {
            bw_logged_runs_add(&again, &runs[i]);
        }
        if (again.len != size || memcmp(again.data, text, size) != 0) {
            abort();
        }
        bw_buf_done(&again);
    }
    (void)bw_logged_others_read(text, size, &others, &n, &err);
    free(runs);
    free(others);
    free(facts);
    free(text);
    return 0;
}

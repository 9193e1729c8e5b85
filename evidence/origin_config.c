/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_config.c - the claim that a box's own configuration states.
 *
 * Invariant: only text whose SHA-256 is the one that signed records carry is read, so a
 * claim taken from here is bound to the records it is held against. */
#include "buf.h"
#include "hash.h"
#include "journal.h"
#include "origin.h"
#include "origin_private.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    CONFIG_MAX = 256 * 1024,
    LINE_MAX_BYTES = 256
};

/* One line without the white space around it; NULL at the end. */
static const char *next_line(const char *p, char line[LINE_MAX_BYTES])
{
    size_t n;

    p += strspn(p, " \t\n");
    if (*p == '\0') {
        return NULL;
    }
    n = strcspn(p, "\n");
    (void)snprintf(line, LINE_MAX_BYTES, "%.*s", (int)(n < 250 ? n : 250), p);
    return p + n;
}

static void read_rate(const char *line, const char *name, int64_t *ret)
{
    static const struct bw_optspec rate = {
        .name = "rate", .type = BW_OPT_RATE, .min = 1, .max = INT64_C(10000000000000)};
    size_t n = strlen(name);
    int64_t v;

    if (strncmp(line, name, n) == 0 && strncmp(line + n, " = ", 3) == 0 &&
        bw_optspec_parse(&rate, line + n + 3, &v, NULL) == 0) {
        *ret = v;
    }
}

int bw_origin_read_claim(const char *text, const char *circuit, struct bw_report_claim *ret)
{
    char line[LINE_MAX_BYTES];
    char want[BW_NAME_MAX + 16];
    int depth = 0;
    int circuit_depth = 0; /* of the circuit's block when inside, else 0 */
    int claim_depth = 0;

    *ret = (struct bw_report_claim){.from_unix_s = BW_UNKNOWN,
                                    .to_unix_s = BW_UNKNOWN,
                                    .bps = {BW_UNKNOWN, BW_UNKNOWN},
                                    .layer = BW_LAYER_UNKNOWN,
                                    .origin = "the box's own configuration"};
    (void)snprintf(want, sizeof(want), "circuit \"%s\" {", circuit);
    while ((text = next_line(text, line)) != NULL) {
        if (line[strlen(line) - 1] == '{') {
            depth++;
            if (depth == 1 && strcmp(line, want) == 0) {
                circuit_depth = depth;
            } else if (circuit_depth && depth == 2 && strcmp(line, "claim {") == 0) {
                claim_depth = depth;
            }
        } else if (strcmp(line, "}") == 0) {
            claim_depth = depth == claim_depth ? 0 : claim_depth;
            circuit_depth = depth == circuit_depth ? 0 : circuit_depth;
            depth--;
        } else if (claim_depth && depth == claim_depth) {
            read_rate(line, "down", &ret->bps[BW_DOWN]);
            read_rate(line, "up", &ret->bps[BW_UP]);
            if (strncmp(line, "layer = ", 8) == 0) {
                (void)bw_layer_parse(line + 8, &ret->layer);
            }
        }
    }
    return ret->bps[BW_DOWN] == BW_UNKNOWN && ret->bps[BW_UP] == BW_UNKNOWN ? -ENOENT : 0;
}

int bw_origin_config_text(struct bw_origin *s,
                          const char *config_sha256,
                          struct bw_buf *out)
{
    char name[BW_HASH_LEN + 16];
    char sha256[BW_HASH_LEN + 1];

    (void)snprintf(name, sizeof(name), "config.%s", config_sha256);
    if (!s->journal || bw_journal_meta_get(s->journal, name, out, NULL) < 0 || !out->data) {
        return -ENOENT;
    }
    bw_sha256_text(out->data, out->len, sha256);
    return strcmp(sha256, config_sha256) == 0 ? 0 : -ENOENT;
}

int bw_origin_read_config(const char *text,
                          size_t n,
                          const char *config_sha256,
                          const char *circuit,
                          struct bw_report_claim *ret)
{
    char sha256[BW_HASH_LEN + 1];

    bw_sha256_text(text, n, sha256);
    return strcmp(sha256, config_sha256) == 0 ? bw_origin_read_claim(text, circuit, ret)
                                              : -ENOENT;
}

int bw_origin_config_claim(struct bw_origin *s,
                           const char *circuit,
                           const char *config_sha256,
                           struct bw_report_claim *ret)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, CONFIG_MAX);
    r = bw_origin_config_text(s, config_sha256, &text);
    r = r < 0 ? r : bw_origin_read_claim(text.data, circuit, ret);
    bw_buf_done(&text);
    return r < 0 ? -ENOENT : 0;
}

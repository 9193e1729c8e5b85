/* SPDX-License-Identifier: GPL-3.0-or-later
 * queueweights.c - the table of the members, and those in force.
 *
 * Invariant: weights that hold are 100 together, so that a score is out of 10,000. */
#include "queueweights.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

#define AT(member)                                                                         \
    .at = offsetof(struct bw_queue_weights, member),                                       \
    .size = sizeof(((struct bw_queue_weights *)NULL)->member)
#define NUMBER(word, member, most)                                                         \
    {                                                                                      \
        .name = (word), .kind = BW_FIELD_INT, .needed = true, .min = 0, .max = (most),     \
        AT(member)                                                                         \
    }
#define PART(word, unit, p, most)                                                          \
    NUMBER(word "_weight", part[p].weight, BW_QUEUE_WEIGHT_SUM),                           \
        NUMBER(word "_target_" unit, part[p].target, most),                                \
        NUMBER(word "_limit_" unit, part[p].limit, most)

const struct bw_field bw_queue_weights_fields[] = {
    PART("full", "ppm", BW_QUEUE_FULL, 1000000),
    PART("students", "bps", BW_QUEUE_STUDENTS, 1000000000000),
    PART("outage", "s", BW_QUEUE_OUTAGE, INT64_C(28) * 86400),
    PART("latency", "us", BW_QUEUE_LATENCY, 60000000),
    NUMBER("enough", enough, BW_QUEUE_WEIGHT_SUM),
    NUMBER("small_school", small_school, 1000000),
    NUMBER("small_district", small_district, 10000000),
    {.name = "text", .kind = BW_FIELD_TEXT, AT(text)},
};
const size_t bw_queue_weights_n_fields =
    sizeof(bw_queue_weights_fields) / sizeof(bw_queue_weights_fields[0]);

static const struct {
    const char *name;
    const char *unit;
} parts[BW_QUEUE_PARTS] = {
    [BW_QUEUE_FULL] = {"full", "ppm"},
    [BW_QUEUE_STUDENTS] = {"students", "bps"},
    [BW_QUEUE_OUTAGE] = {"outage", "s"},
    [BW_QUEUE_LATENCY] = {"latency", "us"},
};

const char *bw_queue_part_name(enum bw_queue_part p)
{
    return parts[p].name;
}

const char *bw_queue_part_unit(enum bw_queue_part p)
{
    return parts[p].unit;
}

enum bw_queue_part bw_queue_part_parse(const char *word, size_t n)
{
    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        if (strlen(parts[p].name) == n && memcmp(parts[p].name, word, n) == 0) {
            return (enum bw_queue_part)p;
        }
    }
    return BW_QUEUE_PARTS;
}

void bw_queue_weights_usual(struct bw_queue_weights *w)
{
    *w = (struct bw_queue_weights){
        .part =
            {
                [BW_QUEUE_FULL] = {.weight = 35, .target = 0, .limit = 250000},
                [BW_QUEUE_STUDENTS] = {.weight = 30, .target = 1000000, .limit = 0},
                [BW_QUEUE_OUTAGE] = {.weight = 20, .target = 0, .limit = INT64_C(240) * 60},
                [BW_QUEUE_LATENCY] = {.weight = 15, .target = 100000, .limit = 500000},
            },
        .enough = 50,
        .small_school = 200,
        .small_district = 600,
    };
}

int bw_queue_weights_check(const struct bw_queue_weights *w, struct bw_err *reterr)
{
    int64_t sum = 0;

    for (int p = 0; p < BW_QUEUE_PARTS; p++) {
        sum += w->part[p].weight;
        if (w->part[p].target == w->part[p].limit) {
            return bw_err_set(reterr, -EINVAL,
                              "target and limit of %s are the same: nothing lies between",
                              parts[p].name);
        }
    }
    if (sum != BW_QUEUE_WEIGHT_SUM) {
        return bw_err_set(reterr, -EINVAL,
                          "the weights are %lld together, and have to be %d",
                          (long long)sum, BW_QUEUE_WEIGHT_SUM);
    }
    return 0;
}

struct newest {
    struct bw_queue_said *said;
    int64_t position;
    int r;
};

static int take(void *owner, const struct bw_said *said)
{
    struct newest *n = owner;
    const struct bw_statement *s = said->statement;
    struct bw_queue_said *to = n->said;

    if (n->position != BW_UNKNOWN && said->position < n->position) {
        return 0;
    }
    n->position = said->position;
    to->usual = false;
    memcpy(to->id, said->id, sizeof(to->id));
    (void)snprintf(to->by, sizeof(to->by), "%s", s->by);
    to->said_unix_s = s->said_unix_s;
    memset(&to->weights, 0, sizeof(to->weights));
    n->r = !s->body ? -BW_ENEWER
                    : bw_fields_decode(bw_queue_weights_fields, bw_queue_weights_n_fields,
                                       s->body, s->n_body, &to->weights, NULL);
    if (n->r == 0 && bw_queue_weights_check(&to->weights, NULL) < 0) {
        n->r = -BW_EMALFORMED;
    }
    return 0;
}

int bw_queue_weights_read(struct bw_catalogue *c,
                          struct bw_queue_said *ret,
                          struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = BW_QUEUE_WORD, .about = BW_QUEUE_ABOUT};
    struct bw_queue_said said = {.usual = true, .said_unix_s = BW_UNKNOWN};
    struct newest n = {.said = &said, .position = BW_UNKNOWN};

    bw_queue_weights_usual(&said.weights);
    int r = c ? c->ops->statements(c, &q, take, &n, reterr) : 0;
    if (r < 0) {
        return r;
    }
    if (n.r < 0) {
        return bw_err_set(reterr, n.r,
                          "the queue's weights on file (statement %.8s) need a newer "
                          "program",
                          said.id);
    }
    *ret = said;
    return 0;
}

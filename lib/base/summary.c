/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary.c - a summary in memory: made empty, given memory, freed.
 *
 * The arena is a list of blocks; nothing in it is freed before the summary is. */
#include "summary_table.h"

#include <bw/summary.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 8192
};

struct block {
    struct block *next;
    size_t cap;
    size_t used;
    _Alignas(max_align_t) char data[];
};

void bw_summary_init(struct bw_summary *s)
{
    memset(s, 0, sizeof(*s));
    bw_members_init(bw_summary_members, s);
    s->seq = 0;
    s->start_unix_s = 0;
    s->end_unix_s = 0;
}

void bw_circuit_summary_init(struct bw_circuit_summary *c)
{
    memset(c, 0, sizeof(*c));
    bw_members_init(bw_circuit_members, c);
}

void bw_flow_init(struct bw_flow *f)
{
    struct bw_circuit_summary c;
    bw_circuit_summary_init(&c);
    *f = c.flow[BW_DOWN];
}

void bw_latency_init(struct bw_latency *l)
{
    memset(l, 0, sizeof(*l));
    bw_members_init(bw_latency_members, l);
}

void bw_path_init(struct bw_path *p)
{
    memset(p, 0, sizeof(*p));
    bw_members_init(bw_path_members, p);
}

static void forget_beyond(const struct bw_member *members, void *obj)
{
    const int64_t unknown = BW_UNKNOWN;
    for (const struct bw_member *m = members; m->kind != BW_KIND_END; m++) {
        if (m->kind == BW_KIND_OBJECT) {
            forget_beyond(m->sub, obj);
        } else if (m->kind == BW_KIND_INT && !m->required) {
            int64_t v;
            (void)memcpy(&v, (char *)obj + m->at, sizeof(v));
            if (v < m->min || v > m->max) {
                (void)memcpy((char *)obj + m->at, &unknown, sizeof(unknown));
            }
        }
    }
}

void bw_throughput_forget_beyond(struct bw_throughput *t)
{
    forget_beyond(bw_throughput_members, t);
}

void bw_throughput_init(struct bw_throughput *t)
{
    memset(t, 0, sizeof(*t));
    bw_members_init(bw_throughput_members, t);
}

void bw_schedule_starts_init(struct bw_schedule_starts *p)
{
    memset(p, 0, sizeof(*p));
    bw_members_init(bw_starts_members, p);
}

void bw_traffic_init(struct bw_traffic *t)
{
    memset(t, 0, sizeof(*t));
    bw_members_init(bw_traffic_members, t);
}

void bw_traffic_share_init(struct bw_traffic_share *p)
{
    memset(p, 0, sizeof(*p));
    bw_members_init(bw_share_members, p);
}

void bw_summary_done(struct bw_summary *s)
{
    struct block *b;
    if (!s) {
        return;
    }
    b = s->arena;
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
    bw_summary_init(s);
}

size_t bw_summary_bytes(const struct bw_summary *s)
{
    size_t n = 0;
    for (const struct block *b = s->arena; b; b = b->next) {
        n += sizeof(*b) + b->cap;
    }
    return n;
}

void *bw_summary_alloc(struct bw_summary *s, size_t n_bytes)
{
    const size_t step = _Alignof(max_align_t);
    struct block *b = s->arena;
    void *at;
    if (n_bytes > SIZE_MAX - sizeof(*b) - step) {
        return NULL;
    }
    n_bytes = (n_bytes + step - 1) / step * step;
    if (!b || b->cap - b->used < n_bytes) {
        size_t cap = n_bytes > BLOCK_BYTES ? n_bytes : BLOCK_BYTES;
        b = malloc(sizeof(*b) + cap);
        if (!b) {
            return NULL;
        }
        *b = (struct block){.next = s->arena, .cap = cap};
        s->arena = b;
    }
    at = b->data + b->used;
    b->used += n_bytes;
    return at;
}

char *bw_summary_strdup(struct bw_summary *s, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = bw_summary_alloc(s, n);
    if (copy) {
        memcpy(copy, text, n);
    }
    return copy;
}

enum bw_grade bw_throughput_grade(const struct bw_throughput *t)
{
    return t->receipt && t->receipt[0] ? t->grade : BW_GRADE_SELF;
}

/* The flags are those of docs/summary-v1.md. */
enum bw_apart bw_throughput_apart(const struct bw_throughput *t)
{
    static const struct {
        const char *flag;
        enum bw_apart why;
    } flags[] = {{"tester-busy", BW_APART_TESTER},
                 {"tester-late", BW_APART_TESTER},
                 {"receive-drops", BW_APART_TESTER},
                 {"max-rate", BW_APART_TESTER},
                 {"server-busy", BW_APART_SERVER},
                 {"port-below-claim", BW_APART_UNTESTABLE},
                 {"server-below-claim", BW_APART_UNTESTABLE},
                 {"above-link", BW_APART_IMPLAUSIBLE},
                 {"up-equals-down", BW_APART_IMPLAUSIBLE}};
    for (size_t k = 0; k <= BW_FLAGS_MAX && t->flags[k]; k++) {
        if (strcmp(t->flags[k], BW_THROUGHPUT_ERRATUM) == 0) {
            return BW_APART_ERRATUM;
        }
    }
    if (t->egress == BW_EGRESS_OTHER) {
        return BW_APART_EGRESS;
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        for (size_t k = 0; k < sizeof(t->flags) / sizeof(t->flags[0]) && t->flags[k]; k++) {
            if (strcmp(t->flags[k], flags[i].flag) == 0) {
                return flags[i].why;
            }
        }
    }
    return BW_APART_NOT;
}

bool bw_traffic_has_flag(const struct bw_traffic *t, const char *flag)
{
    for (size_t i = 0; i <= BW_FLAGS_MAX && t->flags[i]; i++) {
        if (strcmp(t->flags[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

/* A run stands in the record of its end; a flag in each that it reached into, but only
 * where the test's packets pass the capture. */
bool bw_traffic_has_test(const struct bw_summary *s, const struct bw_traffic *t)
{
    for (size_t i = 0; i < s->n_throughput; i++) {
        if (strcmp(s->throughput[i].circuit, t->circuit) == 0 &&
            s->throughput[i].state != BW_TEST_DEFERRED) {
            return true;
        }
    }
    return bw_traffic_has_flag(t, "own-test");
}

bool bw_traffic_is_split(const struct bw_circuit_summary *c, const struct bw_traffic *t)
{
    if (c->saturated_s == BW_UNKNOWN || c->covered_s == BW_UNKNOWN) {
        return false;
    }
    if (c->saturated_s == 0) {
        return true;
    }
    return t->saturated_rtt_hist &&
           (c->source != BW_SOURCE_SNMP || (c->resolution_ms != BW_UNKNOWN &&
                                            c->resolution_ms <= BW_SATURATED_STEP_MAX_MS));
}

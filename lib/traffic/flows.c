/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows.c - the table: finding, making room, ending.
 *
 * Invariant: a flow stands in one of the two buckets its key chooses, so every search and
 * every insertion looks at sixteen keys and no more; key 0 is a free place. A new flow goes
 * where there is more room, so that a table half full has no full bucket (Azar, Broder,
 * Karlin, Upfal, "Balanced allocations", 1999). */
#include "flows_private.h"
#include "vault.h"

#include "hash.h"
#include <errno.h>
#include <string.h>

enum {
    TABLE_MIN = 64,
    TABLE_MAX = 1 << 22,
    IDLE_MS = 60000,
    CLOSED_MS = 5000
};

static bool is_size(size_t n)
{
    return n >= TABLE_MIN && n <= TABLE_MAX && (n & (n - 1)) == 0;
}

static size_t holes_for(size_t flows)
{
    return flows / FLOW_HOLES_SHARE;
}

size_t bw_flows_memory(const struct bw_flows_size *size)
{
    return sizeof(struct bw_flows) +
           size->flows * (sizeof(uint64_t) + sizeof(struct flow)) +
           holes_for(size->flows) * sizeof(struct flow_holes) +
           size->round_trips * sizeof(struct flow_timed);
}

int bw_flows_new(const struct bw_flows_size *size,
                 const uint8_t key[16],
                 struct bw_flows **ret)
{
    struct bw_flows *f;
    if (!is_size(size->flows) || !is_size(size->round_trips)) {
        return -EINVAL;
    }
    f = bw_vault_new(sizeof(*f)); /* the key is in it */
    if (!f) {
        return -ENOMEM;
    }
    f->n_flows = size->flows;
    f->n_holes = holes_for(size->flows);
    f->n_timed = size->round_trips;
    f->keys = bw_vault_new(f->n_flows * sizeof(*f->keys));
    f->flows = bw_vault_new(f->n_flows * sizeof(*f->flows));
    f->holes = bw_vault_new(f->n_holes * sizeof(*f->holes));
    f->timed = bw_vault_new(f->n_timed * sizeof(*f->timed));
    if (!f->keys || !f->flows || !f->holes || !f->timed) {
        bw_flows_free(f);
        return -ENOMEM;
    }
    (void)memcpy(f->key, key, sizeof(f->key));
    (void)memcpy(f->crowd_key, key, sizeof(f->crowd_key));
    *ret = f;
    return 0;
}

void bw_flows_free(struct bw_flows *f)
{
    if (f) {
        bw_vault_free(f->keys, f->n_flows * sizeof(*f->keys));
        bw_vault_free(f->flows, f->n_flows * sizeof(*f->flows));
        bw_vault_free(f->holes, f->n_holes * sizeof(*f->holes));
        bw_vault_free(f->timed, f->n_timed * sizeof(*f->timed));
        bw_vault_free(f, sizeof(*f));
    }
}

void bw_flows_on_rtt(struct bw_flows *f, bw_flows_rtt_cb on_rtt, void *owner)
{
    f->on_rtt = on_rtt;
    f->owner = owner;
}

/* Which end sent it, in the order of the ends: no matter which way it goes. */
static unsigned side_of(const struct bw_packet *p)
{
    int order = memcmp(p->source, p->dest, sizeof(p->source));
    if (order == 0) {
        order = (int)p->source_port - (int)p->dest_port;
    }
    return order > 0;
}

/* The same for both directions of a flow: the ends in the order of its sides. */
static uint64_t key_of(const struct bw_flows *f, const struct bw_packet *p, unsigned side)
{
    struct {
        uint8_t end[2][16];
        uint16_t port[2];
        uint8_t protocol;
        uint8_t family;
    } ends = {.protocol = p->protocol, .family = (uint8_t)p->family};
    uint64_t h;
    _Static_assert(sizeof(ends) == 38, "nothing unset between the members");
    (void)memcpy(ends.end[side], p->source, 16);
    (void)memcpy(ends.end[!side], p->dest, 16);
    ends.port[side] = p->source_port;
    ends.port[!side] = p->dest_port;
    h = bw_siphash(f->key, &ends, sizeof(ends));
    return h != 0 ? h : 1;
}

/* The multipliers are odd numbers whose bits look like chance. */
uint64_t bw_flows_tag(uint64_t key, uint64_t number)
{
    uint64_t tag = key ^ number * UINT64_C(0x9e3779b97f4a7c15);
    tag ^= tag >> 32;
    tag *= UINT64_C(0xd6e8feb86659fd93);
    tag ^= tag >> 32;
    return tag != 0 ? tag : 1;
}

enum bw_way bw_flows_way(const struct flow *w, unsigned side)
{
    unsigned school = (w->state & FLOW_SWAPPED) == 0;
    if ((w->state & FLOW_DECIDED) == 0) {
        return BW_WAY_NEITHER;
    }
    return side == school ? BW_WAY_UP : BW_WAY_DOWN;
}

enum {
    CHOICES = 2
};

static size_t bucket_of(const struct bw_flows *f, uint64_t key, unsigned choice)
{
    return (size_t)(key >> 32 * choice) & (f->n_flows - 1) & ~(size_t)(FLOW_BUCKET - 1);
}

/* How long nothing came; a clock that went back counts as no time. */
static uint32_t idle_ms(const struct flow *w, uint32_t now_ms)
{
    uint32_t age = now_ms - w->last_ms;
    return age < UINT32_C(1) << 31 ? age : 0;
}

static bool is_over(const struct flow *w, uint32_t now_ms)
{
    unsigned fins = FLOW_FIN | FLOW_FIN << 1;
    bool closed = (w->state & FLOW_RESET) != 0 || (w->state & fins) == fins;
    return idle_ms(w, now_ms) >= (closed ? CLOSED_MS : IDLE_MS);
}

static bool is_answered(const struct flow *w)
{
    unsigned both = FLOW_SENT | FLOW_SENT << 1;
    return (w->state & both) == both;
}

static void end_flow(struct bw_flows *f, size_t at)
{
    struct bw_flows_figures *g = &f->figures;
    struct flow *w = &f->flows[at];
    bw_flows_fold(f, w);
    g->ended++;
    bw_hist_add(&g->size_bytes, w->bytes);
    bw_flows_join(w, &g->of.size);
    for (size_t half = 0; half < BW_HALVES; half++) {
        if (w->rtt_min_us[half] != UINT32_MAX) {
            bw_hist_add(&g->rtt_min[half], w->rtt_min_us[half]);
            bw_flows_join(w, &g->of.rtt_min[half]);
        }
    }
    explicit_bzero(w, sizeof(*w));
    f->keys[at] = 0;
    f->live--;
}

/* Who makes room: whoever is over, then the stalest unanswered one, then the stalest. */
static size_t victim(const struct bw_flows *f, uint64_t key, uint32_t now_ms)
{
    size_t best = bucket_of(f, key, 0);
    uint64_t best_rank = 0;
    for (unsigned k = 0; k < CHOICES * FLOW_BUCKET; k++) {
        size_t i = bucket_of(f, key, k / FLOW_BUCKET) + k % FLOW_BUCKET;
        const struct flow *w = &f->flows[i];
        uint64_t rank = is_over(w, now_ms) ? 2 : !is_answered(w);
        rank = rank << 32 | idle_ms(w, now_ms);
        if (rank > best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    return best;
}

/* A free place in the emptier of its buckets. */
static bool find_room(const struct bw_flows *f, uint64_t key, size_t *ret_at)
{
    unsigned most = 0;
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        size_t bucket = bucket_of(f, key, choice);
        size_t last = bucket;
        unsigned room = 0;
        for (size_t i = bucket; i < bucket + FLOW_BUCKET; i++) {
            if (f->keys[i] == 0) {
                last = i;
                room++;
            }
        }
        if (room > most) {
            most = room;
            *ret_at = last;
        }
    }
    return most > 0;
}

static size_t take(struct bw_flows *f, uint64_t key, uint32_t now_ms)
{
    size_t at = 0;
    if (!find_room(f, key, &at)) {
        at = victim(f, key, now_ms);
        if (!is_over(&f->flows[at], now_ms)) {
            f->figures.evicted++;
            f->figures.full = true;
        }
        end_flow(f, at);
    }
    f->keys[at] = key;
    f->flows[at].last_ms = now_ms;
    for (size_t half = 0; half < BW_HALVES; half++) {
        f->flows[at].rtt_min_us[half] = UINT32_MAX;
    }
    bw_flows_forget_holes(f, key, 0);
    bw_flows_forget_holes(f, key, 1);
    f->live++;
    f->figures.begun++;
    return at;
}

static bool find(const struct bw_flows *f, uint64_t key, size_t *ret_at)
{
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        size_t bucket = bucket_of(f, key, choice);
        for (size_t i = bucket; i < bucket + FLOW_BUCKET; i++) {
            if (f->keys[i] == key) {
                *ret_at = i;
                return true;
            }
        }
    }
    return false;
}

/* Where the packet's flow stands. One that is over does not go on, whenever it is swept. */
static size_t
place_of(struct bw_flows *f, uint64_t key, const struct bw_packet *p, uint32_t now_ms)
{
    unsigned side = side_of(p);
    size_t at;
    if (!find(f, key, &at)) {
        return take(f, key, now_ms);
    }
    if (is_over(&f->flows[at], now_ms) ||
        (p->has_tcp && bw_flows_tcp_restarts(&f->flows[at], p, side))) {
        end_flow(f, at);
        return take(f, key, now_ms);
    }
    return at;
}

/* The first packet whose way is known says which end is the school's. Whose device that is
 * is asked only when it has sent something: the Internet sends to any address there is. */
static void
meet(struct bw_flows *f, struct flow *w, const struct bw_packet *p, enum bw_way way)
{
    unsigned side = side_of(p);
    unsigned school;
    struct bw_crowd who;
    if ((w->state & FLOW_DECIDED) == 0) {
        if (way == BW_WAY_NEITHER) {
            return;
        }
        w->state |= FLOW_DECIDED;
        w->state |= side == (unsigned)way ? 0 : FLOW_SWAPPED;
    }
    school = (w->state & FLOW_SWAPPED) == 0;
    if ((w->state & FLOW_MET) == 0 && (w->state & flow_bit(FLOW_SENT, school)) != 0) {
        who = bw_crowd_of(f->crowd_key, p, bw_flows_way(w, side));
        w->state &= (UINT32_C(1) << FLOW_WHO) - 1;
        w->state |= FLOW_MET | bw_crowd_pack(&who) << FLOW_WHO;
    }
}

void bw_flows_join(const struct flow *w, struct bw_crowd *of)
{
    if ((w->state & FLOW_MET) != 0) {
        struct bw_crowd who = bw_crowd_unpack(w->state >> FLOW_WHO);
        bw_crowd_join(of, &who);
    }
}

void bw_flows_add(struct bw_flows *f,
                  const struct bw_packet *p,
                  enum bw_way way,
                  int64_t at_ns)
{
    uint32_t now_ms = (uint32_t)((uint64_t)at_ns / 1000000);
    unsigned side;
    uint64_t key;
    struct flow *w;
    if (!p->has_ports) {
        f->figures.others++;
        return;
    }
    side = side_of(p);
    key = key_of(f, p, side);
    w = &f->flows[place_of(f, key, p, now_ms)];
    f->figures.packets++;
    w->bytes =
        p->wire_bytes < UINT32_MAX - w->bytes ? w->bytes + p->wire_bytes : UINT32_MAX;
    w->state |= flow_bit(FLOW_SENT, side);
    meet(f, w, p, way);
    /* Of a segment in fragments only a part is here: its numbers would not fit. */
    if (p->has_tcp && p->fragment == BW_PACKET_NO_FRAGMENT) {
        bw_flows_tcp(f, key, w, p, side, at_ns);
    }
    w->last_ms = now_ms;
}

void bw_flows_sweep(struct bw_flows *f, int64_t now_ns)
{
    uint32_t now_ms = (uint32_t)((uint64_t)now_ns / 1000000);
    for (size_t i = 0; i < f->n_flows; i++) {
        if (f->keys[i] == 0) {
            continue;
        }
        if (is_over(&f->flows[i], now_ms)) {
            end_flow(f, i);
        } else {
            bw_flows_fold(f, &f->flows[i]);
            f->flows[i].state &= ~(uint32_t)FLOW_MET;
        }
    }
}

void bw_flows_end(struct bw_flows *f)
{
    for (size_t i = 0; i < f->n_flows; i++) {
        if (f->keys[i] != 0) {
            end_flow(f, i);
        }
    }
}

void bw_flows_rekey(struct bw_flows *f, const uint8_t key[16])
{
    bw_flows_end(f);
    bw_vault_wipe(f->keys, f->n_flows * sizeof(*f->keys));
    bw_vault_wipe(f->flows, f->n_flows * sizeof(*f->flows));
    bw_vault_wipe(f->holes, f->n_holes * sizeof(*f->holes));
    bw_vault_wipe(f->timed, f->n_timed * sizeof(*f->timed));
    (void)memcpy(f->key, key, sizeof(f->key));
}

const struct bw_flows_figures *bw_flows_figures(const struct bw_flows *f)
{
    return &f->figures;
}

void bw_flows_clear(struct bw_flows *f)
{
    (void)memset(&f->figures, 0, sizeof(f->figures));
    (void)memcpy(f->crowd_key, f->key, sizeof(f->crowd_key));
}

size_t bw_flows_live(const struct bw_flows *f)
{
    return f->live;
}

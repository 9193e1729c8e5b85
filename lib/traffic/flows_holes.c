/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows_holes.c - what was skipped of a flow's data and may still come.
 *
 * Invariant: a side has one place, chosen by its tag; whoever opens a hole takes it. A hole
 * that is lost so makes what fills it count as sent again, never as nothing. */
#include "flows_private.h"

static struct flow_holes *
place(struct bw_flows *f, uint64_t key, unsigned side, uint64_t *ret_tag)
{
    *ret_tag = bw_flows_tag(key, UINT64_C(1) << 40 | side);
    return &f->holes[*ret_tag & (f->n_holes - 1)];
}

static bool is_open(const struct flow_hole *h)
{
    return h->begin != h->end;
}

void bw_flows_open_hole(struct bw_flows *f,
                        uint64_t key,
                        unsigned side,
                        uint32_t begin,
                        uint32_t end,
                        uint32_t at_us)
{
    uint64_t tag;
    struct flow_holes *h = place(f, key, side, &tag);
    if (h->tag != tag) {
        *h = (struct flow_holes){.tag = tag};
    }
    if (is_open(&h->hole[0])) {
        h->hole[1] = h->hole[0];
    }
    h->hole[0] = (struct flow_hole){.begin = begin, .end = end, .at_us = at_us};
}

static bool fill(struct flow_hole *h, uint32_t begin, uint32_t end)
{
    if (!is_open(h) || flow_after(h->begin, begin) || flow_after(end, h->end)) {
        return false;
    }
    if (end == h->end && begin != h->begin) {
        h->end = begin;
    } else {
        h->begin = end;
    }
    return true;
}

bool bw_flows_fill_hole(struct bw_flows *f,
                        uint64_t key,
                        unsigned side,
                        uint32_t begin,
                        uint32_t end,
                        uint32_t *ret_at_us)
{
    uint64_t tag;
    struct flow_holes *h = place(f, key, side, &tag);
    if (h->tag != tag) {
        return false;
    }
    for (size_t i = 0; i < FLOW_HOLES; i++) {
        if (fill(&h->hole[i], begin, end)) {
            *ret_at_us = h->hole[i].at_us;
            return true;
        }
    }
    return false;
}

void bw_flows_forget_holes(struct bw_flows *f, uint64_t key, unsigned side)
{
    uint64_t tag;
    struct flow_holes *h = place(f, key, side, &tag);
    if (h->tag == tag) {
        *h = (struct flow_holes){.tag = 0};
    }
}

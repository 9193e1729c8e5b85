/* SPDX-License-Identifier: GPL-3.0-or-later
 * meter.c - one frame, read once, counted by each part. */
#include "meter.h"

#include "hash.h"
#include <string.h>

/* SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* True for one in so many of all numbers. */
static bool is_drawn(uint64_t number, uint32_t one_in)
{
    return one_in <= 1 || (number >> 32) * one_in >> 32 == 0;
}

static void init_draw(struct bw_meter *m, const struct bw_meter_draw *draw)
{
    uint64_t key[2];
    m->draw = *draw;
    m->chance = draw->seed;
    key[0] = next(&m->chance);
    key[1] = next(&m->chance);
    (void)memcpy(m->draw_key, key, sizeof(m->draw_key));
    bw_mix_block(&m->mix, draw->packets_one_in);
}

int bw_meter_init(struct bw_meter *m, const struct bw_meter_opts *opts)
{
    int r = 0;
    (void)memset(m, 0, sizeof(*m));
    m->parts = opts->parts;
    m->inside = opts->inside;
    bw_mix_init(&m->mix);
    init_draw(m, &opts->draw);
    if (opts->parts & BW_METER_CROWDS) {
        bw_mix_key(&m->mix, opts->crowd_key);
    }
    if (opts->parts & BW_METER_FLOWS) {
        r = bw_flows_new(&opts->flows, opts->flow_key, &m->flows);
    }
    if (r == 0 && (opts->parts & BW_METER_DEVICES)) {
        r = bw_devices_new(opts->device_slots, opts->device_key, &m->devices);
    }
    if (r < 0) {
        bw_meter_done(m);
    }
    return r;
}

void bw_meter_done(struct bw_meter *m)
{
    bw_flows_free(m->flows);
    bw_devices_free(m->devices);
    m->flows = NULL;
    m->devices = NULL;
}

static void tally(struct bw_meter_tally *t, const struct bw_packet *p)
{
    t->frames++;
    t->bytes += p->wire_bytes;
    t->stop[p->stop]++;
    t->no_ip += p->stop == BW_PACKET_WHOLE && !p->has_ip;
    t->later_fragments += p->fragment == BW_PACKET_LATER_FRAGMENT;
    t->length_lies += p->length_lies;
}

/* Both directions of a flow have one hash: that of the ends in their order. */
static bool is_flow_drawn(const struct bw_meter *m, const struct bw_packet *p)
{
    struct {
        uint8_t address[16];
        uint16_t port;
    } end[2];
    uint8_t data[37] = {p->protocol};
    unsigned first;
    if (m->draw.flows_one_in <= 1) {
        return true;
    }
    _Static_assert(sizeof(end) == 36, "nothing unset between the members");
    (void)memcpy(end[0].address, p->source, sizeof(end[0].address));
    (void)memcpy(end[1].address, p->dest, sizeof(end[1].address));
    end[0].port = p->source_port;
    end[1].port = p->dest_port;
    first = memcmp(&end[0], &end[1], sizeof(end[0])) > 0;
    (void)memcpy(data + 1, &end[first], sizeof(end[0]));
    (void)memcpy(data + 19, &end[!first], sizeof(end[0]));
    return is_drawn(bw_siphash(m->draw_key, data, sizeof(data)), m->draw.flows_one_in);
}

void bw_meter_frame(struct bw_meter *m,
                    enum bw_packet_link link,
                    const uint8_t *frame,
                    uint32_t captured,
                    uint32_t wire,
                    int64_t at_ns)
{
    struct bw_packet p;
    enum bw_way way;
    uint32_t parts = m->parts;
    uint32_t seen = captured < BW_PACKET_SNAP ? captured : BW_PACKET_SNAP;
    bw_packet_read(link, frame, seen, wire < captured ? captured : wire, &p);
    way = bw_inside_way(&m->inside, &p);
    tally(&m->tally, &p);
    m->tally.strays += way == BW_WAY_NEITHER && bw_inside_strays(&m->inside, &p);
    if (m->draw.packets_one_in > 1 && !is_drawn(next(&m->chance), m->draw.packets_one_in)) {
        parts &= ~(uint32_t)BW_METER_MIX;
    }
    if (!is_flow_drawn(m, &p)) {
        parts &= ~(uint32_t)(BW_METER_FLOWS | BW_METER_DEVICES);
    }
    if (parts & BW_METER_MIX) {
        bw_mix_add(&m->mix, &p, way);
    }
    if (parts & BW_METER_FLOWS) {
        bw_flows_add(m->flows, &p, way, at_ns);
    }
    if (parts & BW_METER_DEVICES) {
        bw_devices_add(m->devices, &m->inside, &p, way);
    }
}

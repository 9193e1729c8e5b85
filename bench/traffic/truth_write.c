/* SPDX-License-Identifier: GPL-3.0-or-later
 * truth_write.c - the truth as JSON: integers, units in the names, members in a fixed
 * order, so that one seed gives one text. */
#include "truth.h"
#include "truth_private.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 512 << 20
};

static void member(struct bw_jw *w, const char *name, uint64_t v)
{
    bw_jw_ki64(w, name, (int64_t)v);
}

static void count_members(struct bw_jw *w, const struct tg_count *c)
{
    member(w, "packets", c->packets);
    member(w, "bytes", c->bytes);
    member(w, "ip_bytes", c->ip_bytes);
}

static void count(struct bw_jw *w, const char *name, const struct tg_count *c)
{
    bw_jw_kobj(w, name);
    count_members(w, c);
    bw_jw_obj_end(w);
}

/* One row a class, way and family that has packets. */
static void mix(struct bw_jw *w, const struct tg_window *x)
{
    static const int families[TG_FAMILIES] = {0, 4, 6};

    bw_jw_karr(w, "mix");
    for (int c = 0; c < TG_CLASSES; c++) {
        for (int d = 0; d < TG_WAYS; d++) {
            for (int f = 0; f < TG_FAMILIES; f++) {
                const struct tg_count *n = &x->mix[c][d][f];
                if (n->packets > 0) {
                    bw_jw_obj(w);
                    bw_jw_kstr(w, "class", tg_class_name((enum tg_class)c));
                    bw_jw_kstr(w, "way", tg_way_name((enum tg_way)d));
                    bw_jw_ki64(w, "family", families[f]);
                    count_members(w, n);
                    bw_jw_obj_end(w);
                }
            }
        }
    }
    bw_jw_arr_end(w);
}

static void seen(struct bw_jw *w, const char *name, const uint64_t v[TG_SEENS])
{
    bw_jw_kobj(w, name);
    member(w, "new", v[TG_SEEN_NEW]);
    member(w, "fill", v[TG_SEEN_FILL]);
    member(w, "again", v[TG_SEEN_AGAIN]);
    bw_jw_obj_end(w);
}

static uint64_t whole(const uint64_t v[2][TG_SEENS])
{
    uint64_t n = 0;

    for (int a = 0; a < 2; a++) {
        for (int s = 0; s < TG_SEENS; s++) {
            n += v[a][s];
        }
    }
    return n;
}

static uint64_t again(const uint64_t v[2][TG_SEENS])
{
    return v[1][TG_SEEN_NEW] + v[1][TG_SEEN_FILL] + v[1][TG_SEEN_AGAIN];
}

static void segments(struct bw_jw *w, const char *name, const struct tg_segments *s)
{
    bw_jw_kobj(w, name);
    member(w, "data_segments", whole(s->packets));
    member(w, "data_bytes", whole(s->bytes));
    member(w, "wire_segments", s->wire);
    member(w, "retransmitted", again(s->packets));
    member(w, "retransmitted_bytes", again(s->bytes));
    member(w, "reordered", s->packets[0][TG_SEEN_FILL]);
    seen(w, "original", s->packets[0]);
    seen(w, "retransmission", s->packets[1]);
    seen(w, "original_bytes", s->bytes[0]);
    seen(w, "retransmission_bytes", s->bytes[1]);
    bw_jw_obj_end(w);
}

static void window(struct bw_jw *w, const struct tg_window *x)
{
    mix(w, x);
    bw_jw_kobj(w, "tcp");
    segments(w, "down", &x->tcp[TG_DOWN]);
    segments(w, "up", &x->tcp[TG_UP]);
    member(w, "syns_again", x->syns_again);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "devices");
    member(w, "macs", x->devices.macs);
    member(w, "v4_sent", x->devices.sent[0]);
    member(w, "v6_sent", x->devices.sent[1]);
    member(w, "v4_seen", x->devices.seen[0]);
    member(w, "v6_seen", x->devices.seen[1]);
    bw_jw_obj_end(w);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Percentiles by the project's rule: ascending, index ceil(p·n). */
static void samples(struct bw_jw *w, const char *name, struct tg_samples *s)
{
    static const struct {
        const char *name;
        uint64_t ppm;
    } points[] = {{"p05_us", 50000}, {"p50_us", 500000}, {"p95_us", 950000}};

    bw_jw_kobj(w, name);
    member(w, "samples", s->n);
    if (s->n > 0) {
        qsort(s->us, s->n, sizeof(*s->us), by_value);
        member(w, "min_us", s->us[0]);
        for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
            uint64_t rank = (points[i].ppm * s->n + 999999) / 1000000;
            member(w, points[i].name, s->us[rank - 1]);
        }
    }
    bw_jw_obj_end(w);
}

static void rtt(struct bw_jw *w, struct tg_truth *t)
{
    static const char *const halves[TG_HALVES] = {"wan", "lan"};
    static const char *const bys[TG_RTT_BYS] = {"handshake", "stamped", "asked", "plain"};

    bw_jw_kobj(w, "rtt");
    for (int h = 0; h < TG_HALVES; h++) {
        bw_jw_kobj(w, halves[h]);
        for (int b = 0; b < TG_RTT_BYS; b++) {
            samples(w, bys[b], &t->rtt[h][b]);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_obj_end(w);
}

/* [bytes, packets] of every length there was. */
static void sizes(struct bw_jw *w, const char *name, uint32_t (*by_way)[TG_SIZES])
{
    bw_jw_kobj(w, name);
    for (int d = 0; d < TG_WAYS; d++) {
        bw_jw_karr(w, tg_way_name((enum tg_way)d));
        for (int i = 0; i < TG_SIZES; i++) {
            if (by_way[d][i] > 0) {
                bw_jw_arr(w);
                bw_jw_i64(w, i);
                bw_jw_i64(w, by_way[d][i]);
                bw_jw_arr_end(w);
            }
        }
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
}

static void oddities(struct bw_jw *w, const struct tg_truth *t)
{
    bw_jw_kobj(w, "fragments");
    count(w, "first", &t->fragments_first);
    bw_jw_kobj(w, "later");
    for (int c = 0; c < TG_CLASSES; c++) {
        if (t->fragments_later[c].packets > 0) {
            count(w, tg_class_name((enum tg_class)c), &t->fragments_later[c]);
        }
    }
    bw_jw_obj_end(w);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "vlan");
    count(w, "one_tag", &t->tagged[1]);
    count(w, "two_tags", &t->tagged[2]);
    bw_jw_obj_end(w);
    bw_jw_kobj(w, "merged");
    count_members(w, &t->merged);
    member(w, "wire_packets", t->merged_wire);
    bw_jw_obj_end(w);
}

static struct tg_count all(const struct tg_window *x)
{
    struct tg_count n = {0};

    for (int c = 0; c < TG_CLASSES; c++) {
        for (int d = 0; d < TG_WAYS; d++) {
            for (int f = 0; f < TG_FAMILIES; f++) {
                n.packets += x->mix[c][d][f].packets;
                n.bytes += x->mix[c][d][f].bytes;
                n.ip_bytes += x->mix[c][d][f].ip_bytes;
            }
        }
    }
    return n;
}

static void document(struct bw_jw *w, struct tg_truth *t, const struct tg_truth_about *a)
{
    struct tg_count n = all(&t->total);
    char mac[18];

    (void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", a->router_mac[0],
                   a->router_mac[1], a->router_mac[2], a->router_mac[3], a->router_mac[4],
                   a->router_mac[5]);
    bw_jw_obj(w);
    member(w, "seed", a->seed);
    member(w, "start_unix_ns", t->o.start_unix_ns);
    member(w, "duration_ns", a->duration_ns);
    member(w, "first_ns", t->first_ns);
    member(w, "last_ns", t->last_ns);
    member(w, "snap_bytes", a->snap_bytes);
    bw_jw_kstr(w, "router_mac", mac);
    bw_jw_karr(w, "lan");
    bw_jw_str(w, a->lan4);
    bw_jw_str(w, a->lan6);
    bw_jw_arr_end(w);
    count_members(w, &n);
    member(w, "connections", t->n_flows);
    window(w, &t->total);
    rtt(w, t);
    oddities(w, t);
    sizes(w, "frame_sizes", t->frame_sizes);
    sizes(w, "ip_sizes", t->ip_sizes);
    member(w, "window_ns", t->o.window_ns);
    bw_jw_karr(w, "windows");
    for (uint64_t i = 0; i < t->o.n_windows; i++) {
        bw_jw_obj(w);
        member(w, "from_ns", i * t->o.window_ns);
        window(w, &t->windows[i]);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static void two(struct bw_jw *w, const char *name, const uint64_t v[2])
{
    bw_jw_kobj(w, name);
    member(w, "down", v[TG_DOWN]);
    member(w, "up", v[TG_UP]);
    bw_jw_obj_end(w);
}

/* 0 is "none" here: absent. */
static void some(struct bw_jw *w, const char *name, uint64_t v)
{
    if (v > 0) {
        member(w, name, v);
    }
}

static void flow(struct bw_jw *w, const struct tg_flow_truth *f)
{
    char device[INET6_ADDRSTRLEN] = "";
    char server[INET6_ADDRSTRLEN] = "";

    (void)inet_ntop(f->family == 4 ? AF_INET : AF_INET6,
                    f->family == 4 ? f->device->v4 : f->device->v6, device, sizeof(device));
    (void)inet_ntop(f->family == 4 ? AF_INET : AF_INET6,
                    f->family == 4 ? f->server->v4 : f->server->v6, server, sizeof(server));
    bw_jw_obj(w);
    bw_jw_kstr(w, "device", device);
    bw_jw_ki64(w, "device_port", f->device_port);
    bw_jw_kstr(w, "server", server);
    bw_jw_ki64(w, "server_port", f->server_port);
    bw_jw_kstr(w, "class", tg_class_name(f->class));
    bw_jw_kbool(w, "timestamps", f->timestamps);
    bw_jw_kstr(w, "end", f->end);
    member(w, "first_ns", f->first_ns);
    member(w, "last_ns", f->last_ns);
    two(w, "packets", f->packets);
    two(w, "bytes", f->bytes);
    two(w, "payload_bytes", f->payload);
    two(w, "data_segments", f->data_segments);
    for (int d = 0; d < 2; d++) {
        bw_jw_kobj(w, tg_way_name((enum tg_way)d));
        seen(w, "original", f->segments[d][0]);
        seen(w, "retransmission", f->segments[d][1]);
        bw_jw_obj_end(w);
    }
    member(w, "syns", f->syns);
    some(w, "wan_handshake_ns", f->handshake_ns[TG_HALF_WAN]);
    some(w, "lan_handshake_ns", f->handshake_ns[TG_HALF_LAN]);
    some(w, "wan_min_ns", f->min_ns[TG_HALF_WAN]);
    some(w, "lan_min_ns", f->min_ns[TG_HALF_LAN]);
    member(w, "wan_samples", f->samples[TG_HALF_WAN]);
    member(w, "lan_samples", f->samples[TG_HALF_LAN]);
    bw_jw_obj_end(w);
}

static int write_all(const char *path, struct bw_buf *text, struct bw_err *reterr)
{
    int r = bw_buf_error(text);
    FILE *f;

    if (r < 0) {
        return bw_err_set(reterr, r, "%s: the truth is too long", path);
    }
    f = fopen(path, "wbe");
    if (!f) {
        return bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    if (text->len > 0 && fwrite(text->data, 1, text->len, f) != text->len) {
        r = bw_err_set(reterr, -EIO, "%s: writing failed", path);
    }
    if (fclose(f) != 0 && r == 0) {
        r = bw_err_set(reterr, -EIO, "%s: writing failed", path);
    }
    return r;
}

int tg_truth_write(struct tg_truth *t,
                   const struct tg_truth_about *about,
                   const char *path,
                   const char *flows_path,
                   struct bw_err *reterr)
{
    struct bw_buf text;
    struct bw_jw w;
    int r = 0;

    bw_buf_init(&text, TEXT_MAX);
    if (path) {
        bw_jw_init(&w, &text);
        document(&w, t, about);
        bw_buf_putc(&text, '\n');
        r = write_all(path, &text, reterr);
    }
    if (r == 0 && flows_path) {
        bw_buf_clear(&text);
        for (size_t i = 0; i < t->n_flows; i++) {
            bw_jw_init(&w, &text);
            flow(&w, &t->flows[i]);
            bw_buf_putc(&text, '\n');
        }
        r = write_all(flows_path, &text, reterr);
    }
    bw_buf_done(&text);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * probe_beside.c - the round trip beside a throughput run. Idle and load are told apart by
 * when a packet was sent: before the run began, or in the measured window of a direction.
 */
#include "probe_beside.h"

#include "address.h"
#include "host.h"
#include "json.h"
#include "plural.h"
#include "probe_view.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Ten packets a second: 20 before the run and 100 in a window of 10 s, 10 kbit/s. */
static const char *const pairs[] = {"interval=100ms", "timeout=2s"};

/* The host of an URL, "host:port" or "host", without its brackets; "" when it has none. */
static void host_of(const char *target, char *ret, size_t cap)
{
    char text[512];
    const char *from = strstr(target, "://");
    const char *at;
    uint16_t port;
    size_t n;
    from = from ? from + 3 : target;
    n = strcspn(from, "/?#");
    at = memchr(from, '@', n);
    if (at) {
        n -= (size_t)(at + 1 - from);
        from = at + 1;
    }
    ret[0] = '\0';
    if (n >= sizeof(text)) {
        return;
    }
    (void)memcpy(text, from, n);
    text[n] = '\0';
    if (cap < BW_HOST_MAX || bw_address_split(text, 0, ret, &port) < 0) {
        ret[0] = '\0';
    }
}

static int start(struct probe_beside *b,
                 struct uv_loop_s *loop,
                 const char *device,
                 const struct bw_host_callbacks *callbacks,
                 void *owner,
                 struct bw_err *err)
{
    const struct bw_probe_ops *ops = bw_probe_find(b->kind);
    struct bw_opts_head head = {
        .name = b->kind, .device = device, .targets = &b->target, .n_targets = 1};
    int r;
    if (!ops) {
        return bw_err_set(err, -ENOENT, "this program has no %s", b->kind);
    }
    r = bw_opts_from_pairs(ops->opts, &head, pairs, 2, &b->opts, err);
    if (r == 0) {
        r = bw_host_new(loop, ops, b->opts, callbacks, owner, &b->host, err);
        b->host = r < 0 ? NULL : b->host;
    }
    if (r == 0) {
        r = bw_host_open(b->host, err);
    }
    if (r == 0) {
        r = bw_host_round(b->host, 0);
    }
    return r;
}

void probe_beside_start(struct probe_beside *b,
                        struct uv_loop_s *loop,
                        const struct bw_opts *run,
                        const char *stamp,
                        const char *echo,
                        void (*latency)(void *owner,
                                        const struct bw_latency_sample *s,
                                        uint32_t n),
                        void *owner)
{
    const struct bw_host_callbacks callbacks = {.latency = latency};
    struct bw_target *t = &b->target;
    struct bw_err err = {""};
    const char *given = stamp ? stamp : echo;
    int r;
    *b = (struct probe_beside){.kind = stamp ? "stamp" : "icmp"};
    (void)snprintf(t->name, sizeof(t->name), "%s", b->kind);
    if (given) {
        (void)snprintf(t->address, sizeof(t->address), "%s", given);
    } else {
        host_of(bw_opts_target(run, 0)->address, t->address, sizeof(t->address));
        /* a word that means a search for servers is no host */
        if (t->address[0] == '\0' || strcmp(t->address, "locate") == 0) {
            t->address[0] = '\0';
            (void)snprintf(b->why, sizeof(b->why),
                           "the target is no host; name one by --echo or --stamp");
            return;
        }
    }
    r = start(b, loop, bw_opts_device(run), &callbacks, owner, &err);
    if (r < 0) {
        (void)snprintf(b->why, sizeof(b->why), "%.190s",
                       err.text[0] ? err.text : bw_strerror(r));
        probe_beside_stop(b);
    }
}

void probe_beside_stop(struct probe_beside *b)
{
    bw_host_close(b->host);
    b->host = NULL;
}

void probe_beside_done(struct probe_beside *b)
{
    bw_opts_free(b->opts);
    b->opts = NULL;
}

/* What was seen ------------------------------------------------------------------ */

/* Of the run's own family, where it has answers; else of the other. */
static const struct probe_echoes *echoes_of(const struct probe_result *r, int family)
{
    const struct probe_echoes *own = &r->echoes[family == 6 ? 1 : 0];
    const struct probe_echoes *other = &r->echoes[family == 6 ? 0 : 1];
    return own->sent > 0 || other->sent == 0 ? own : other;
}

static int64_t answers(const struct probe_echoes *e, int64_t from_ns, int64_t to_ns)
{
    int64_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        n += e->list[i].sent_mono_ns >= from_ns && e->list[i].sent_mono_ns < to_ns ? 1 : 0;
    }
    return n;
}

static int64_t lost(const struct probe_echoes *e, int64_t from_ns, int64_t to_ns)
{
    int64_t n = 0;
    for (size_t i = 0; i < e->lost_at.n; i++) {
        n += e->lost_at.ns[i] >= from_ns && e->lost_at.ns[i] < to_ns ? 1 : 0;
    }
    return n;
}

void probe_load_read(const struct probe_result *r,
                     const struct bw_run_sample *s,
                     struct probe_load *ret)
{
    const struct probe_echoes *e = r->n_echoes > 1 ? echoes_of(r, s->family) : NULL;
    *ret = (struct probe_load){.idle_p50_ns = BW_UNKNOWN,
                               .loaded_p50_ns = BW_UNKNOWN,
                               .loaded_p95_ns = BW_UNKNOWN,
                               .added_ns = BW_UNKNOWN};
    if (!e || r->beside->why[0] != '\0') {
        (void)snprintf(ret->why, sizeof(ret->why), "%s",
                       e ? r->beside->why : "not measured");
        return;
    }
    ret->idle_answers = answers(e, 0, r->start_mono_ns);
    ret->idle_lost = lost(e, 0, r->start_mono_ns);
    ret->loaded_answers = answers(e, s->t0_mono_ns, s->t1_mono_ns);
    ret->loaded_lost = lost(e, s->t0_mono_ns, s->t1_mono_ns);
    ret->idle_p50_ns = probe_echo_percentile(e, 500000, 0, r->start_mono_ns);
    ret->loaded_p50_ns = probe_echo_percentile(e, 500000, s->t0_mono_ns, s->t1_mono_ns);
    ret->loaded_p95_ns = probe_echo_percentile(e, 950000, s->t0_mono_ns, s->t1_mono_ns);
    if (ret->idle_p50_ns != BW_UNKNOWN && ret->loaded_p95_ns != BW_UNKNOWN) {
        ret->added_ns = ret->loaded_p95_ns - ret->idle_p50_ns;
        ret->added_ns = ret->added_ns > 0 ? ret->added_ns : 0;
    } else if (e->sent == 0 && e->failed > 0) {
        (void)snprintf(ret->why, sizeof(ret->why), "%s to %.100s could not be sent: %.80s",
                       r->beside->kind, r->beside->target.address, probe_why_not_sent(e));
    } else {
        (void)snprintf(ret->why, sizeof(ret->why), "%.100s does not answer %s%s",
                       r->beside->target.address, r->beside->kind,
                       ret->idle_answers > 0 ? " under load" : "");
    }
}

static const char *name_of(const struct probe_result *r)
{
    return strcmp(r->beside->kind, "stamp") == 0 ? "STAMP" : "ICMP";
}

void probe_load_text(const struct probe_result *r, const struct bw_run_sample *s)
{
    struct probe_load l;
    probe_load_read(r, s, &l);
    if (l.added_ns == BW_UNKNOWN) {
        (void)printf("  round trip   unknown: %s\n", l.why);
        return;
    }
    (void)printf(
        "  round trip   the load adds %.1f ms: p50 %.1f ms idle, p95 %.1f ms under "
        "load (p50 %.1f ms)\n",
        (double)l.added_ns / 1e6, (double)l.idle_p50_ns / 1e6,
        (double)l.loaded_p95_ns / 1e6, (double)l.loaded_p50_ns / 1e6);
    (void)printf("               %s to %s: %" PRId64 " of %" PRId64
                 " answered idle, %" PRId64 " of %" PRId64 " under load\n",
                 name_of(r), r->beside->target.address, l.idle_answers,
                 l.idle_answers + l.idle_lost, l.loaded_answers,
                 l.loaded_answers + l.loaded_lost);
}

static int64_t us(int64_t ns)
{
    return ns == BW_UNKNOWN ? BW_UNKNOWN : ns / 1000;
}

void probe_load_json(const struct probe_result *r,
                     const struct bw_run_sample *s,
                     struct bw_jw *w)
{
    struct probe_load l;
    probe_load_read(r, s, &l);
    bw_jw_kstr(w, "rtt_by", l.added_ns == BW_UNKNOWN ? NULL : r->beside->kind);
    bw_jw_kstr(w, "rtt_unknown", l.why[0] ? l.why : NULL);
    bw_jw_ki64(w, "rtt_idle_us", us(l.idle_p50_ns));
    bw_jw_ki64(w, "rtt_loaded_p50_us", us(l.loaded_p50_ns));
    bw_jw_ki64(w, "rtt_loaded_p95_us", us(l.loaded_p95_ns));
    if (l.added_ns != BW_UNKNOWN) { /* of the figures as they are printed */
        int64_t added_us = us(l.loaded_p95_ns) - us(l.idle_p50_ns);
        bw_jw_ki64(w, "rtt_added_us", added_us > 0 ? added_us : 0);
    }
    if (l.idle_answers + l.idle_lost > 0) {
        bw_jw_ki64(w, "rtt_idle_answers", l.idle_answers);
        bw_jw_ki64(w, "rtt_idle_lost", l.idle_lost);
        bw_jw_ki64(w, "rtt_loaded_answers", l.loaded_answers);
        bw_jw_ki64(w, "rtt_loaded_lost", l.loaded_lost);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * site.c - what this box measures all the time.
 *
 * One timer beats at whole seconds of the wall clock, each beat armed anew from the clock
 * itself, so that nothing slips; lengths are monotonic. Where this box counts, it also
 * beats at the quarters between them: these read the counters and do nothing else. When
 * wall and monotonic clock part by a second or more the interval is ended on the old time
 * and goes on at the new one. A beat that comes late reads once, for the second it is in;
 * the missed ones are missing, not made up. */
#include "site_private.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <frames.h>
#include <host.h>
#include <interval.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS BW_SITE_SECOND_NS

enum {
    TEN_S = 10,
    FATE_MS = 3000, /* after a timeout: late answers count for 2 s, and 1 s to spare */
    LATE_MS = 1,    /* a beat just before the second would be for the wrong one */
    QUARTER_MS = 250,
    CLOCK_TRIES = 3,
    STEP_NOISE_US = 1000
};

static const struct bw_counter_ops *counter_of(const struct bw_boxconf_circuit *c)
{
    return c->source == BW_SOURCE_KERNEL ? &bw_counter_kernel : NULL;
}

/* Both clocks at one moment: the closest of a few tries, for we may be interrupted. */
static void read_clocks(int64_t *ret_unix_ns, int64_t *ret_mono_ns)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < CLOCK_TRIES; i++) {
        int64_t before = bw_clock_mono_ns();
        int64_t wall = bw_clock_unix_ns();
        int64_t after = bw_clock_mono_ns();
        if (after - before < best) {
            best = after - before;
            *ret_unix_ns = wall;
            *ret_mono_ns = before + (after - before) / 2;
        }
    }
}

void bw_site_maybe_closed(struct bw_site *s)
{
    if (s->open_handles > 0) {
        return;
    }
    void (*cb)(void *) = s->closed;
    void *owner = s->closed_owner;
    for (size_t i = 0; i < s->n_lights; i++) {
        if (s->lights[i]) {
            bw_boxconf_unref(s->lights[i]->config);
            free(s->lights[i]);
        }
    }
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        const struct bw_counter_ops *ops = counter_of(&s->config->circuits[i]);
        if (ops && s->lines[i].counter) {
            ops->close(s->lines[i].counter);
        }
    }
    bw_interval_free(s->iv);
    bw_boxconf_unref(s->config);
    free(s);
    if (cb) {
        cb(owner);
    }
}

static void on_handle_closed(uv_handle_t *h)
{
    struct bw_site *s = h->data;
    s->open_handles--;
    bw_site_maybe_closed(s);
}

static void on_frames_closed(void *owner)
{
    struct bw_site *s = owner;
    s->open_handles--;
    bw_site_maybe_closed(s);
}

static void read_boot_id(char *out, size_t cap)
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    out[0] = '\0';
    if (f) {
        if (!fgets(out, (int)cap, f)) {
            out[0] = '\0';
        }
        out[strcspn(out, "\n")] = '\0';
        (void)fclose(f);
    }
}

/* Will what counts for circuit i be taken over from `old` (may be NULL)? */
static bool is_counted(const struct bw_site *old, const struct bw_boxconf *config, size_t i)
{
    for (size_t k = 0; old && k < old->config->n_circuits; k++) {
        if ((old->lines[k].meter || old->lines[k].frames || old->lines[k].mirror) &&
            bw_site_same_counter(&old->config->circuits[k], &config->circuits[i])) {
            return true;
        }
    }
    return false;
}

/* What counts for a circuit, and needs rights to be made. */
static int add_count(struct bw_site *s, size_t i, struct bw_err *reterr)
{
    const struct bw_boxconf_circuit *c = &s->config->circuits[i];
    if (bw_site_has_mirror(c)) {
        int r = bw_site_add_mirror(s, i, reterr);
        if (r < 0) {
            return r;
        }
    }
    if (c->source == BW_SOURCE_SNMP) {
        return bw_site_add_meter(s, i, reterr);
    }
    if (counter_of(c)) {
        s->lines[i].frames = bw_frames_new(s->loop);
        return s->lines[i].frames ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    return 0;
}

int bw_site_make(uv_loop_t *loop,
                 struct bw_boxconf *config,
                 struct bw_site *old,
                 struct bw_site **ret,
                 struct bw_err *reterr)
{
    struct bw_site *s = calloc(1, sizeof(*s));
    if (!s) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->loop = loop;
    s->config = bw_boxconf_ref(config);
    read_boot_id(s->boot, sizeof(s->boot));
    (void)uv_timer_init(loop, &s->beat);
    s->beat.data = s;
    s->open_handles = 1;
    for (size_t i = 0; i < config->n_probes; i++) {
        s->targets[i] = -ENOENT;
        if (config->probes[i].ops->klass != BW_CLASS_LATENCY) {
            continue;
        }
        if (bw_site_find_light(old, &config->probes[i])) {
            s->lights[s->n_lights++] = NULL;
            continue;
        }
        int r = bw_site_add_light(s, &config->probes[i], reterr);
        if (r < 0) {
            bw_site_close(s, NULL, NULL);
            return r;
        }
    }
    for (size_t i = 0; i < config->n_circuits; i++) {
        int e = is_counted(old, config, i) ? 0 : add_count(s, i, reterr);
        if (e < 0) {
            bw_site_close(s, NULL, NULL);
            return e;
        }
    }
    int r = bw_site_make_taps(s, old, reterr);
    if (r < 0) {
        bw_site_close(s, NULL, NULL);
        return r;
    }
    *ret = s;
    return 0;
}

int bw_site_new(uv_loop_t *loop,
                struct bw_boxconf *config,
                const struct bw_site_events *ev,
                void *owner,
                struct bw_site **ret,
                struct bw_err *reterr)
{
    int r = bw_site_make(loop, config, NULL, ret, reterr);
    if (r == 0) {
        (*ret)->ev = *ev;
        (*ret)->owner = owner;
    }
    return r;
}

void bw_site_set_path_key(struct bw_site *s, const uint8_t key[BW_PATH_KEY_LEN])
{
    memcpy(s->path_key, key, sizeof(s->path_key));
    for (size_t i = 0; i < s->n_lights; i++) {
        if (s->lights[i]) {
            bw_host_set_path_key(s->lights[i]->host, key);
        }
    }
}

/* ---- counters */

static int open_counter(const struct bw_counter_ops *ops,
                        const struct bw_boxconf_circuit *c,
                        struct line *l,
                        struct bw_err *reterr)
{
    char name[64];
    int r = ops->open(c->interface, c->faces_school, &l->counter, reterr);
    if (r == 0) {
        (void)snprintf(name, sizeof(name), "circuit \"%.24s\": %.15s", c->id, c->interface);
        bw_frames_begin(l->frames, ops, l->counter, name);
    }
    return r;
}

void bw_site_read_line(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns)
{
    const struct bw_boxconf_circuit *c = &s->config->circuits[i];
    const struct bw_counter_ops *ops = counter_of(c);
    struct line *l = &s->lines[i];
    struct bw_reading reading;
    struct bw_err err = {0};
    int r = 0;
    if (l->meter) {
        bw_site_meter_second(s, i, unix_s, mono_ns);
    }
    if (l->mirror) {
        bw_site_mirror_second(s, i, unix_s, mono_ns);
    }
    if (!ops) {
        return;
    }
    if (!l->counter) {
        r = open_counter(ops, c, l, &err);
    }
    if (r == 0) {
        r = ops->read(l->counter, &reading);
    }
    if (r == -ENODEV && l->counter) { /* perhaps only made anew: look once more */
        bw_frames_forget(l->frames);
        ops->close(l->counter);
        l->counter = NULL;
        r = open_counter(ops, c, l, &err);
        r = r < 0 ? r : ops->read(l->counter, &reading);
    }
    if (r < 0) {
        bw_complain(&l->complaint, BW_AREA_COUNTER, BW_WARN,
                    "circuit \"%s\": %s: %s; its bytes are unknown until it is back", c->id,
                    c->interface, err.text[0] ? err.text : bw_strerror(r));
        bw_interval_no_reading(s->iv, (uint32_t)i, unix_s, mono_ns, r);
        return;
    }
    bw_complain_over(&l->complaint, BW_AREA_COUNTER, "circuit \"%s\": counted again",
                     c->id);
    bw_interval_reading(s->iv, (uint32_t)i, unix_s, &reading);
}

void bw_site_read_extra(struct bw_site *s, size_t circuit)
{
    const struct bw_counter_ops *ops = counter_of(&s->config->circuits[circuit]);
    struct bw_reading reading;
    if (s->iv && ops && s->lines[circuit].counter &&
        ops->peek(s->lines[circuit].counter, &reading) == 0) {
        bw_interval_reading_extra(s->iv, (uint32_t)circuit, &reading);
    }
}

const struct bw_counter_link *bw_site_link(const struct bw_site *s, size_t circuit)
{
    const struct bw_counter_ops *ops = counter_of(&s->config->circuits[circuit]);
    return ops && s->lines[circuit].counter ? ops->link(s->lines[circuit].counter) : NULL;
}

enum bw_frames_state bw_site_frames(const struct bw_site *s, size_t circuit)
{
    const struct line *l = &s->lines[circuit];
    return l->frames ? bw_frames_state(l->frames) : BW_FRAMES_IDLE;
}

static void add_ten(struct bw_site *s, int64_t unix_s, int64_t mono_ns)
{
    for (size_t i = 0; i < s->config->n_circuits && s->n_tens < BW_SITE_TENS_MAX; i++) {
        if (s->config->circuits[i].source != BW_SOURCE_NONE) {
            struct bw_writer_ten *t = &s->tens[s->n_tens++];
            (void)snprintf(t->circuit, sizeof(t->circuit), "%s", s->config->circuits[i].id);
            t->end_unix_s = unix_s;
            for (int d = 0; d < BW_DIRECTIONS; d++) {
                t->rate_bps[d] = bw_interval_carried_bps(
                    s->iv, (uint32_t)i, (enum bw_direction)d, TEN_S, mono_ns);
            }
        }
    }
}

/* ---- intervals */

/* How long after an interval's end the fate of its packets is waited for. */
static int64_t grace_of(const struct bw_site *s)
{
    int64_t grace_ms = BW_INTERVAL_GRACE_MS;
    for (size_t i = 0; i < s->n_lights; i++) {
        const struct bw_opts *o = s->lights[i]->probe->opts;
        if (bw_optspec_find(bw_opts_spec(o), "timeout")) {
            int64_t needed_ms = bw_opt_int(o, "timeout") + FATE_MS;
            grace_ms = needed_ms > grace_ms ? needed_ms : grace_ms;
        }
    }
    return s->config->interval_s * 2000 < grace_ms ? s->config->interval_s * 2000
                                                   : grace_ms;
}

int bw_site_make_interval(struct bw_site *s, int64_t start_s, int64_t start_mono_ns)
{
    const struct bw_boxconf *c = s->config;
    int64_t grace_ms = grace_of(s);
    int r = bw_interval_new(start_s, start_mono_ns, grace_ms, &s->iv);
    for (size_t i = 0; r >= 0 && i < c->n_circuits; i++) {
        const struct bw_boxconf_circuit *k = &c->circuits[i];
        const struct bw_counter_ops *ops = counter_of(k);
        bool coarse = k->source == BW_SOURCE_SNMP || k->source == BW_SOURCE_MIRROR;
        struct bw_interval_circuit ic = {
            .vantage = k->vantage,
            .behind = k->behind,
            .source = k->source,
            .layer = BW_LAYER_UNKNOWN, /* a reading will say, or its port */
            .resolution_ms = ops ? ops->resolution_ms : BW_UNKNOWN,
            .coarse = coarse,
            .claim_bps = {k->claim_bps[BW_DOWN], k->claim_bps[BW_UP]},
        };
        memcpy(ic.id, k->id, sizeof(ic.id));
        r = bw_interval_add_circuit(s->iv, &ic);
    }
    for (size_t i = 0; r >= 0 && i < s->n_lights; i++) {
        struct light *l = s->lights[i];
        const struct bw_opts *o = l->probe->opts;
        for (size_t k = 0; r >= 0 && k < bw_opts_n_targets(o); k++) {
            struct bw_interval_target t = {.circuit = (uint32_t)l->probe->circuit};
            memcpy(t.name, bw_opts_target(o, k)->name, sizeof(t.name));
            (void)snprintf(t.kind, sizeof(t.kind), "%s", l->probe->ops->name);
            t.every_ms = bw_optspec_find(bw_opts_spec(o), "interval")
                             ? bw_opt_int(o, "interval")
                             : INT64_MAX;
            r = bw_interval_add_target(s->iv, &t);
            if (r >= 0 && k == 0) {
                l->first_target = (uint32_t)r;
                s->targets[l->probe - c->probes] = r;
            }
        }
    }
    if (r < 0) {
        bw_interval_free(s->iv);
        s->iv = NULL;
    }
    return r < 0 ? r : 0;
}

static int begin(struct bw_site *s, int64_t unix_ns, int64_t mono_ns)
{
    const struct bw_boxconf *c = s->config;
    int64_t start_s = unix_ns / SECOND_NS;
    int r = bw_site_make_interval(s, start_s, mono_ns - unix_ns % SECOND_NS);
    if (r < 0) {
        return r;
    }
    if (s->gap_from_s != BW_UNKNOWN && s->gap_from_s < start_s) {
        (void)bw_interval_gap(s->iv, s->gap_from_s, start_s, BW_GAP_STOPPED);
    }
    s->last_s = start_s;
    s->offset_ns = unix_ns - mono_ns;
    s->start_offset_ns = s->offset_ns;
    bw_site_begin_taps(s, start_s);
    for (size_t i = 0; i < c->n_circuits; i++) {
        bw_site_read_line(s, i, start_s, mono_ns);
    }
    for (size_t i = 0; i < s->n_lights; i++) {
        bw_site_light_round(s->lights[i]);
    }
    return 0;
}

static void hand_over(struct bw_site *s, int64_t now_mono_ns)
{
    struct bw_summary sum;
    while (bw_interval_take(s->iv, now_mono_ns, &sum) == 0) {
        (void)snprintf(sum.agent, sizeof(sum.agent), "bandwitnessd/%s", BW_VERSION);
        memcpy(sum.config, s->config->sha256, sizeof(sum.config));
        memcpy(sum.boot, s->boot, sizeof(sum.boot));
        bw_site_take_taps(s, &sum);
        bw_site_take_mirrors(s, &sum);
        /* Those up to its end go with it; later ones stay. */
        size_t n = 0;
        while (n < s->n_tens && s->tens[n].end_unix_s <= sum.end_unix_s) {
            n++;
        }
        s->ev.summary(s->owner, &sum, s->tens, n);
        memmove(s->tens, s->tens + n, (s->n_tens - n) * sizeof(s->tens[0]));
        s->n_tens -= n;
    }
}

static void
cut(struct bw_site *s, int64_t end_s, int64_t end_mono_ns, int64_t next_s, int64_t step_us)
{
    bw_site_cut_taps(s, end_s, next_s);
    bw_interval_cut(s->iv, end_s, end_mono_ns, next_s, step_us);
    s->start_offset_ns = s->offset_ns;
}

/* The wall clock was set: end on the old time, go on at the new one. */
static void
handle_step(struct bw_site *s, int64_t unix_ns, int64_t mono_ns, int64_t step_ns)
{
    int64_t old_ns = unix_ns - step_ns;
    int64_t end_s = old_ns / SECOND_NS;
    int64_t next_s = unix_ns / SECOND_NS;
    bw_log(BW_AREA_INTERVAL, BW_WARN,
           "the clock was set %s by %lld ms; the interval ends here and its record says so",
           step_ns > 0 ? "forward" : "back",
           (long long)(step_ns > 0 ? step_ns : -step_ns) / 1000000);
    if (end_s > s->last_s) {
        for (size_t i = 0; i < s->config->n_circuits; i++) {
            bw_site_read_line(s, i, end_s, mono_ns);
        }
    } else {
        end_s = s->last_s;
    }
    s->offset_ns = unix_ns - mono_ns;
    bw_site_second_taps(s, end_s, true);
    cut(s, end_s, mono_ns - (old_ns - end_s * SECOND_NS), next_s, step_ns / 1000);
    if (next_s > end_s) {
        (void)bw_interval_gap(s->iv, end_s, next_s, BW_GAP_CLOCK);
    }
    s->last_s = next_s;
}

static void cut_at_borders(struct bw_site *s, int64_t unix_ns, int64_t mono_ns)
{
    int64_t now_s = unix_ns / SECOND_NS;
    for (;;) {
        int64_t start_s = bw_interval_start_unix_s(s->iv);
        int64_t border_s =
            start_s - start_s % s->config->interval_s + s->config->interval_s;
        if (now_s < border_s) {
            return;
        }
        int64_t step_us = (s->offset_ns - s->start_offset_ns) / 1000;
        if (step_us > -STEP_NOISE_US && step_us < STEP_NOISE_US) {
            step_us = 0;
        }
        cut(s, border_s, mono_ns - (unix_ns - border_s * SECOND_NS), border_s, step_us);
        hand_over(s, mono_ns);
    }
}

/* Is the circuit read between whole seconds, for its sliding peak? */
static bool is_read_between(const struct bw_boxconf_circuit *c)
{
    return counter_of(c) && !c->whole_seconds;
}

static void between_seconds(struct bw_site *s)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (is_read_between(&s->config->circuits[i])) {
            bw_site_read_extra(s, i);
        }
    }
    bw_site_arm(s);
}

static void on_beat(uv_timer_t *t)
{
    struct bw_site *s = t->data;
    int64_t unix_ns = 0;
    int64_t mono_ns = 0;
    bool stepped = false;
    read_clocks(&unix_ns, &mono_ns);
    int64_t now_s = unix_ns / SECOND_NS;
    if (!s->iv) {
        int r = begin(s, unix_ns, mono_ns);
        if (r < 0) {
            bw_log(BW_AREA_INTERVAL, BW_ERROR, "cannot begin an interval: %s",
                   bw_strerror(r));
        }
        bw_site_arm(s);
        return;
    }
    int64_t step_ns = unix_ns - mono_ns - s->offset_ns;
    if (step_ns >= BW_SITE_STEP_MS * INT64_C(1000000) ||
        step_ns <= -BW_SITE_STEP_MS * INT64_C(1000000)) {
        /* Only when a second of the old time is over: then what ends has a length. */
        if ((mono_ns + s->offset_ns) / SECOND_NS <= s->last_s) {
            between_seconds(s);
            return;
        }
        handle_step(s, unix_ns, mono_ns, step_ns);
        stepped = true;
    } else {
        s->offset_ns = unix_ns - mono_ns;
        if (now_s <= s->last_s) {
            between_seconds(s);
            return;
        }
        for (size_t i = 0; i < s->config->n_circuits; i++) {
            bw_site_read_line(s, i, now_s, mono_ns);
        }
        bw_site_second_taps(s, now_s, false);
        s->last_s = now_s;
        if (now_s % TEN_S == 0) {
            add_ten(s, now_s, mono_ns);
        }
        cut_at_borders(s, unix_ns, mono_ns);
    }
    hand_over(s, mono_ns);
    if (s->ev.second) {
        s->ev.second(s->owner, now_s, stepped);
    }
    bw_site_arm(s);
}

void bw_site_arm(struct bw_site *s)
{
    if (s->closing || !s->started) {
        return;
    }
    int64_t every_ms = 1000;
    for (size_t i = 0; s->iv && i < s->config->n_circuits; i++) {
        if (is_read_between(&s->config->circuits[i])) {
            every_ms = QUARTER_MS;
        }
    }
    int64_t into_ms = bw_clock_unix_ms() % every_ms;
    uv_update_time(s->loop);
    (void)uv_timer_start(&s->beat, on_beat, (uint64_t)(every_ms - into_ms + LATE_MS), 0);
}

int bw_site_start(struct bw_site *s, int64_t gap_from_unix_s, struct bw_err *reterr)
{
    if (s->started) {
        return bw_err_set(reterr, -EALREADY, "already started");
    }
    s->gap_from_s = gap_from_unix_s;
    s->started = true;
    bw_site_arm(s);
    return 0;
}

void bw_site_stop(struct bw_site *s)
{
    if (!s->started) {
        return;
    }
    s->started = false;
    (void)uv_timer_stop(&s->beat);
    if (s->iv) {
        hand_over(s, INT64_MAX); /* so that there is room for one more */
        /* The last second that was read, on the time it was read by. */
        cut(s, s->last_s, s->last_s * SECOND_NS - s->offset_ns, s->last_s, 0);
        hand_over(s, INT64_MAX);
    }
}

void bw_site_close(struct bw_site *s, void (*cb)(void *owner), void *owner)
{
    s->closing = true;
    s->closed = cb;
    s->closed_owner = owner;
    for (size_t i = 0; i < s->n_lights; i++) {
        bw_site_close_light(s->lights[i]); /* NULL: it went on elsewhere */
    }
    bw_site_close_taps(s);
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        bw_site_close_meter(s, i);
        bw_site_close_mirror(s, i);
        if (s->lines[i].frames) {
            s->open_handles++;
            bw_frames_close(s->lines[i].frames, on_frames_closed, s);
            s->lines[i].frames = NULL;
        }
    }
    uv_close((uv_handle_t *)&s->beat, on_handle_closed);
}

struct bw_interval *bw_site_interval(struct bw_site *s)
{
    return s->iv;
}

int bw_site_target(const struct bw_site *s, size_t probe)
{
    return s->targets[probe];
}

int64_t bw_site_last_unix_s(const struct bw_site *s)
{
    return s->iv ? s->last_s : BW_UNKNOWN;
}

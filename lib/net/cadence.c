/* SPDX-License-Identifier: GPL-3.0-or-later
 * cadence.c - when what is sent, and rounds.
 *
 * The timer is one-shot and planned anew from absolute instants each time it fires, so that
 * nothing drifts. Rounds end in one place only. */
#include "cadence.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUPS_PER_S = 10,   /* at most: a timer every 100 ms whatever the number of targets */
    EXPIRE_STEP_MS = 20, /* losses are told this much late at most, for fewer wake-ups */
    NAMES_STEP_MS = 10,  /* between two looks whether the first lookups are over … */
    NAMES_WAIT_MS = 2000 /* … which are waited for so long at most */
};

static const char *const only_words[] = {"any", "4", "6"};

int bw_cadence_family(const struct bw_opts *opts)
{
    const char *word = bw_opt_str(opts, "family");
    return strcmp(word, "4") == 0 ? 4 : strcmp(word, "6") == 0 ? 6 : 0;
}

static int split_host(const struct bw_cadence_plan *plan,
                      const char *address,
                      char host[BW_HOST_MAX],
                      uint16_t *ret_port)
{
    size_t n = strlen(address);
    if (n == 0 || strpbrk(address, "/ \t")) {
        return -EINVAL;
    }
    if (plan->has_port) {
        return bw_address_split(address, plan->port, host, ret_port);
    }
    if (n >= BW_HOST_MAX) {
        return -EINVAL;
    }
    (void)memcpy(host, address, n + 1);
    *ret_port = plan->port;
    return 0;
}

/* Host and port of one target, by the plan. */
static int split_target(const struct bw_cadence_plan *plan,
                        const struct bw_target *t,
                        char host[BW_HOST_MAX],
                        uint16_t *ret_port,
                        struct bw_err *reterr)
{
    if (plan->split) {
        return plan->split(t->address, host, ret_port, reterr);
    }
    if (split_host(plan, t->address, host, ret_port) < 0) {
        return bw_err_set(reterr, -EINVAL,
                          "'%s' is neither an IP address nor a host name%s", t->address,
                          plan->has_port ? ", with or without a port" : "");
    }
    return 0;
}

int bw_cadence_check(const struct bw_opts *opts,
                     const char *kind,
                     const struct bw_cadence_plan *plan,
                     struct bw_err *reterr)
{
    if (bw_opts_n_targets(opts) == 0) {
        return bw_err_set(reterr, -EINVAL, "%s needs at least one target", kind);
    }
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        const struct bw_target *t = bw_opts_target(opts, i);
        union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
        char host[BW_HOST_MAX] = "";
        uint16_t port;
        struct bw_err why = {""};
        if (split_target(plan, t, host, &port, &why) < 0) {
            return bw_err_set(reterr, -EINVAL, "target \"%s\": %s", t->name, why.text);
        }
        if (bw_address_parse(host, &a) && plan->family != 0 &&
            bw_address_family(&a) != plan->family) {
            return bw_err_set(reterr, -EINVAL,
                              "target \"%s\": %s is an IPv%d address, but family is %s",
                              t->name, host, bw_address_family(&a),
                              only_words[plan->family == 4 ? 1 : 2]);
        }
    }
    return 0;
}

int64_t bw_cadence_ways(const struct bw_opts *opts, const struct bw_cadence_plan *plan)
{
    int64_t ways = (int64_t)bw_opts_n_targets(opts);
    for (size_t i = 0; i < bw_opts_n_targets(opts); i++) {
        union bw_address literal;
        char host[BW_HOST_MAX] = "";
        uint16_t port;
        if (plan->both &&
            split_target(plan, bw_opts_target(opts, i), host, &port, NULL) == 0 &&
            !bw_address_parse(host, &literal)) {
            ways++;
        }
    }
    return ways;
}

/* One target of the options by one family; 0: whatever its name gives first. */
static void add_target(
    struct bw_cadence *c, uint32_t index, const char *host, uint16_t port, int family)
{
    struct bw_whereis *t = &c->targets[c->n_targets];
    bw_whereis_init(t, host, port, family);
    if (t->is_name && c->plan.own_lookups) {
        t->family = (uint8_t)family;
    }
    c->index[c->n_targets++] = index;
}

static int add_targets(struct bw_cadence *c)
{
    size_t n = bw_opts_n_targets(c->opts);
    c->targets = calloc(2 * n, sizeof(*c->targets));
    c->index = calloc(2 * n, sizeof(*c->index));
    if (!c->targets || !c->index) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        union bw_address literal;
        char host[BW_HOST_MAX] = "";
        uint16_t port = c->plan.port;
        int r = split_target(&c->plan, bw_opts_target(c->opts, i), host, &port, NULL);
        if (r < 0) {
            return r;
        }
        if (c->plan.both && !bw_address_parse(host, &literal)) {
            add_target(c, i, host, port, 4);
            add_target(c, i, host, port, 6);
        } else {
            add_target(c, i, host, port, c->plan.family);
        }
    }
    return 0;
}

int bw_cadence_init(struct bw_cadence *c,
                    struct bw_host *host,
                    const struct bw_opts *opts,
                    const struct bw_cadence_plan *plan,
                    const struct bw_cadence_ops *ops,
                    void *owner)
{
    uint64_t groups;
    uint32_t size = 64;
    int r;
    *c = (struct bw_cadence){
        .host = host, .opts = opts, .ops = ops, .owner = owner, .plan = *plan};
    bw_outlet_init(&c->outlet, bw_opts_device(opts));
    c->interval_ns = plan->interval_ms * BW_NS_PER_MS;
    c->timeout_ns = plan->timeout_ms * BW_NS_PER_MS;
    r = add_targets(c);
    if (r < 0) {
        return r;
    }
    groups = (uint64_t)(plan->interval_ms / (1000 / GROUPS_PER_S));
    c->n_groups = groups < 1 ? 1 : groups > c->n_targets ? c->n_targets : groups;
    /* Everything sent keeps its slot until no late answer counts any more. */
    while ((int64_t)size < ((plan->timeout_ms + plan->late_ms) / plan->interval_ms + 2) *
                               (int64_t)c->n_targets) {
        size *= 2;
    }
    c->ring_mask = size - 1;
    c->ring = calloc(size, sizeof(*c->ring));
    return c->ring ? 0 : -ENOMEM;
}

void bw_cadence_done(struct bw_cadence *c)
{
    free(c->ring);
    free(c->targets);
    free(c->index);
    c->ring = NULL;
    c->targets = NULL;
    c->index = NULL;
}

bool bw_cadence_wants(const struct bw_cadence *c, int family)
{
    for (uint32_t i = 0; i < c->n_targets; i++) {
        const struct bw_whereis *t = &c->targets[i];
        if (t->is_name ? t->only == 0 || t->only == family : t->family == family) {
            return true;
        }
    }
    return false;
}

/* Sending ---------------------------------------------------------------------- */

static void follow_interface(struct bw_cadence *c, int64_t now_ns)
{
    if (bw_outlet_follow(&c->outlet, now_ns) && c->outlet.ifindex != 0 && c->ops->outlet) {
        c->ops->outlet(c->owner, c->outlet.ifindex);
    }
}

/* Up to BW_CADENCE_GROUP targets of one family in one call. */
static void send_some(struct bw_cadence *c, int family, const uint32_t *targets, size_t n)
{
    struct bw_slot *slots[BW_CADENCE_GROUP];
    int64_t now_ns = bw_clock_mono_ns();
    for (size_t i = 0; i < n; i++) {
        uint32_t number = c->next++;
        struct bw_slot *s = &c->ring[number & c->ring_mask];
        if (s->state != BW_SLOT_FREE && c->ops->forget) {
            c->ops->forget(c->owner, s);
        }
        *s = (struct bw_slot){.number = number,
                              .target = targets[i],
                              .state = BW_SLOT_WAITING,
                              .family = (uint8_t)family,
                              .sent_mono_ns = now_ns,
                              .sent_unix_ns = BW_UNKNOWN};
        slots[i] = s;
    }
    c->ops->send(c->owner, family, slots, n);
}

static void refresh(struct bw_cadence *c, struct bw_whereis *t, int64_t now_ns)
{
    if (!c->plan.own_lookups) {
        bw_whereis_refresh(t, bw_host_loop(c->host), now_ns);
    }
}

/* Why a target cannot be sent to now; 0 when it can. */
static int obstacle(struct bw_cadence *c, uint32_t target)
{
    int missing = bw_whereis_missing(&c->targets[target]);
    if (missing < 0) {
        return missing;
    }
    if (bw_outlet_missing(&c->outlet)) {
        return -ENODEV;
    }
    return c->ops->obstacle ? c->ops->obstacle(c->owner, target) : 0;
}

static void give_untried(struct bw_cadence *c,
                         uint32_t target,
                         enum bw_sample_state state,
                         int error,
                         int64_t at_mono_ns)
{
    const struct bw_whereis *t = &c->targets[target];
    bw_cadence_give(c,
                    &(struct bw_latency_sample){.target = c->index[target],
                                                .family = t->family ? t->family : t->only,
                                                .state = state,
                                                .error = error,
                                                .sent_mono_ns = at_mono_ns,
                                                .rtt_ns = BW_UNKNOWN});
}

static void send_group(struct bw_cadence *c, uint64_t k, int64_t now_ns)
{
    uint32_t pick[2][BW_CADENCE_GROUP];
    size_t n[2] = {0, 0};
    uint64_t group = k % c->n_groups;
    uint32_t from = (uint32_t)(group * c->n_targets / c->n_groups);
    uint32_t to = (uint32_t)((group + 1) * c->n_targets / c->n_groups);
    for (uint32_t i = from; i < to; i++) {
        struct bw_whereis *t = &c->targets[i];
        int error;
        size_t f;
        refresh(c, t, now_ns);
        error = obstacle(c, i);
        if (error < 0) {
            give_untried(c, i, BW_FAILED, error, now_ns);
            continue;
        }
        f = t->family == 6 ? 1 : 0;
        pick[f][n[f]++] = i;
        if (n[f] == BW_CADENCE_GROUP) {
            send_some(c, f == 1 ? 6 : 4, pick[f], n[f]);
            n[f] = 0;
        }
    }
    for (size_t f = 0; f < 2; f++) {
        if (n[f] > 0) {
            send_some(c, f == 1 ? 6 : 4, pick[f], n[f]);
        }
    }
}

static int64_t due_ns(const struct bw_cadence *c)
{
    /* interval / n_groups apart, without the rounding adding up */
    return c->t0_mono_ns + (int64_t)(c->k / c->n_groups) * c->interval_ns +
           (int64_t)(c->k % c->n_groups) * c->interval_ns / (int64_t)c->n_groups;
}

static void skip_group(struct bw_cadence *c, uint64_t k)
{
    uint64_t group = k % c->n_groups;
    uint32_t to = (uint32_t)((group + 1) * c->n_targets / c->n_groups);
    for (uint32_t i = (uint32_t)(group * c->n_targets / c->n_groups); i < to; i++) {
        give_untried(c, i, BW_SKIPPED, 0, due_ns(c));
    }
}

static void send_due(struct bw_cadence *c, int64_t now_ns)
{
    while (!c->closing && due_ns(c) <= now_ns && due_ns(c) < c->round_end_mono_ns) {
        if (due_ns(c) + c->interval_ns <= now_ns) {
            skip_group(c, c->k); /* late by a whole interval: not made up for */
        } else {
            follow_interface(c, now_ns);
            send_group(c, c->k, now_ns);
        }
        c->k++;
    }
}

/* Rounds ----------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void plan_timer(struct bw_cadence *c)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t at_ns = INT64_MAX;
    if (c->running) {
        at_ns = c->cancelled ? now_ns : due_ns(c);
        if (at_ns > c->round_end_mono_ns) {
            at_ns = c->round_end_mono_ns;
        }
    }
    if (c->head != c->next) {
        int64_t expiry = c->ring[c->head & c->ring_mask].sent_mono_ns + c->timeout_ns;
        if (expiry < now_ns + EXPIRE_STEP_MS * BW_NS_PER_MS) {
            expiry = now_ns + EXPIRE_STEP_MS * BW_NS_PER_MS;
        }
        if (expiry < at_ns) {
            at_ns = expiry;
        }
    }
    if (at_ns == INT64_MAX) {
        (void)uv_timer_stop(&c->timer);
        return;
    }
    uv_update_time(bw_host_loop(c->host));
    at_ns -= now_ns;
    (void)uv_timer_start(
        &c->timer, on_timer,
        at_ns > 0 ? (uint64_t)((at_ns + BW_NS_PER_MS - 1) / BW_NS_PER_MS) : 0, 0);
}

/* The one place where rounds end. */
static void maybe_done(struct bw_cadence *c, int64_t now_ns)
{
    int status;
    if (!c->running || !(c->cancelled || now_ns >= c->round_end_mono_ns)) {
        return;
    }
    status = c->cancelled ? -ECANCELED : 0;
    c->running = false;
    c->cancelled = false;
    bw_host_done(c->host, status);
}

/* The first group waits for the first lookups, and the round with it: a name that is being
 * looked up is no reason for a packet that could not be sent. */
static bool wait_for_names(struct bw_cadence *c, int64_t now_ns)
{
    int64_t shift_ns = now_ns + NAMES_STEP_MS * BW_NS_PER_MS - c->t0_mono_ns;
    if (c->k > 0 || now_ns >= c->names_until_mono_ns) {
        return false;
    }
    for (uint32_t i = 0; i < c->n_targets; i++) {
        if (c->targets[i].family == 0 && c->targets[i].lookup) {
            c->t0_mono_ns += shift_ns;
            if (c->round_end_mono_ns != INT64_MAX) {
                c->round_end_mono_ns += shift_ns;
            }
            return true;
        }
    }
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_cadence *c = timer->data;
    int64_t now_ns = bw_clock_mono_ns();
    if (c->running && !c->cancelled && !wait_for_names(c, now_ns)) {
        send_due(c, now_ns);
    }
    if (c->ops->tick) {
        c->ops->tick(c->owner);
    }
    bw_cadence_expire(c, bw_clock_mono_ns());
    bw_cadence_lend(c);
    maybe_done(c, now_ns);
    if (!c->closing) {
        plan_timer(c);
    }
}

int bw_cadence_open(struct bw_cadence *c, struct bw_err *reterr)
{
    int64_t now_ns = bw_clock_mono_ns();
    int r = uv_timer_init(bw_host_loop(c->host), &c->timer);
    if (r < 0) {
        return bw_err_set(reterr, r, "no timer: %s", uv_strerror(r));
    }
    c->timer.data = c;
    c->timer_made = true;
    c->names_until_mono_ns = now_ns + NAMES_WAIT_MS * BW_NS_PER_MS;
    for (uint32_t i = 0; i < c->n_targets; i++) {
        refresh(c, &c->targets[i], now_ns);
    }
    follow_interface(c, now_ns);
    return 0;
}

int bw_cadence_run(struct bw_cadence *c, uint32_t budget_ms)
{
    int64_t now_ns = bw_clock_mono_ns();
    if (c->running) {
        return -EBUSY;
    }
    /* Rounds that follow each other keep one cadence; after a pause a new one begins. */
    if (!c->planned || now_ns - due_ns(c) > c->interval_ns) {
        c->planned = true;
        c->t0_mono_ns = now_ns;
        c->k = 0;
    }
    c->running = true;
    c->round_end_mono_ns = budget_ms == 0 ? INT64_MAX : now_ns + budget_ms * BW_NS_PER_MS;
    plan_timer(c);
    return 0;
}

void bw_cadence_cancel(struct bw_cadence *c)
{
    if (c->running && !c->cancelled) {
        c->cancelled = true;
        plan_timer(c);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_cadence *c = handle->data;
    c->closed(c->owner);
}

void bw_cadence_close(struct bw_cadence *c, void (*closed)(void *owner))
{
    c->closing = true;
    c->closed = closed;
    for (uint32_t i = 0; c->targets && i < c->n_targets; i++) {
        bw_whereis_done(&c->targets[i]);
    }
    if (c->timer_made) {
        uv_close((uv_handle_t *)&c->timer, timer_closed);
    } else {
        closed(c->owner);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * way.c - from who answers and who does not to the leg of the way that has the trouble.
 *
 * Invariant: every leg that is not unknown has words that name what it rests on. */
#include "way.h"

#include <stdio.h>
#include <string.h>

enum {
    PPM = 1000000,
    LOSS_PPM = 20000, /* as the alerts' rule begins … */
    LESS_PPM = 10000, /* … and where it ends */
    RISE_US = 20000,  /* and at least twice what it was */
    HOP_RISE_US = 10000
};

/* What is known of one place. */
struct place {
    int n;        /* targets that were asked */
    int n_silent; /* of them, now, and not the day before */
    int n_never;  /* of them, neither now nor, as far as known, the day before */
    int64_t sent;
    int64_t lost;
    int64_t rtt_us; /* of the nearest that answers, and the day before */
    int64_t before_rtt_us;
    const char *silent; /* one of them */
    const char *nearest;
};

static bool answers(const struct place *p)
{
    return p->n > p->n_silent + p->n_never;
}

static int64_t loss_ppm(const struct place *p)
{
    return p->sent > 0 ? (int64_t)((double)p->lost * PPM / (double)p->sent) : 0;
}

static int64_t rise_us(const struct place *p)
{
    return p->rtt_us == BW_UNKNOWN || p->before_rtt_us == BW_UNKNOWN
               ? 0
               : p->rtt_us - p->before_rtt_us;
}

static bool is_slow(const struct place *p)
{
    return rise_us(p) >= RISE_US && p->rtt_us >= 2 * p->before_rtt_us;
}

static void take(struct place *p, const struct bw_way_target *t)
{
    if (t->sent <= 0) {
        return;
    }
    p->n++;
    if (t->lost >= t->sent) {
        bool never = t->before_sent <= 0 || t->before_lost >= t->before_sent;
        p->n_never += never;
        p->n_silent += !never;
        p->silent = never ? p->silent : t->name;
        return;
    }
    p->sent += t->sent;
    p->lost += t->lost;
    if (t->rtt_us != BW_UNKNOWN && (p->rtt_us == BW_UNKNOWN || t->rtt_us < p->rtt_us)) {
        p->rtt_us = t->rtt_us;
        p->before_rtt_us = t->before_rtt_us;
        p->nearest = t->name;
    }
}

struct find {
    const struct bw_way_facts *f;
    struct place places[BW_WAY_PLACES];
    struct bw_way *w;
};

static void say(struct find *x, int leg, enum bw_way_state state, const char *words)
{
    x->w->legs[leg].state = state;
    (void)snprintf(x->w->legs[leg].words, BW_WAY_WORDS, "%s", words);
}

/* The farthest place before this one that answers; -1: the box itself. */
static int nearer(const struct find *x, int at)
{
    int p = at - 1;
    while (p >= 0 && !answers(&x->places[p])) {
        p--;
    }
    return p;
}

static bool farther(const struct find *x, int at)
{
    for (int p = at + 1; p < BW_WAY_PLACES; p++) {
        if (answers(&x->places[p])) {
            return true;
        }
    }
    return false;
}

/* All pass the edge and what is right behind the line; to the state's network not all ways
 * lead over the same Internet. */
static bool all_pass(int at)
{
    return at == BW_WAY_EDGE || at == BW_WAY_HUB;
}

/* Nobody there answers, who did the day before. */
static void find_silent(struct find *x, int at)
{
    const struct place *p = &x->places[at];
    char words[BW_WAY_WORDS];
    int from = nearer(x, at);
    if (all_pass(at) && farther(x, at)) {
        (void)snprintf(words, sizeof(words),
                       "What lies behind it answers: only the target %.63s does not",
                       p->silent);
        say(x, at, BW_WAY_GOOD, words);
        return;
    }
    for (int q = from + 1; q < at; q++) {
        if (x->w->legs[q].state == BW_WAY_OUT) {
            say(x, at, BW_WAY_UNKNOWN, "Nothing comes as far as this");
            return;
        }
    }
    (void)snprintf(words, sizeof(words), "%.63s fell silent; %s%.63s%s", p->silent,
                   from < 0 ? "nothing that is nearer answers" : "nearer, ",
                   from < 0                  ? ""
                   : x->places[from].nearest ? x->places[from].nearest
                                             : "a target",
                   from < 0 ? "" : " answers");
    say(x, at, BW_WAY_OUT, words);
    /* It is somewhere from there on: what stands between tells nothing. */
    for (int q = from + 1; q < at; q++) {
        if (x->places[q].n == 0 && (q != BW_WAY_EDGE || from < 0)) {
            (void)snprintf(words, sizeof(words),
                           "Here, or behind it up to %s: no target stands between",
                           bw_way_place_words((enum bw_way_place)at));
            say(x, q, q == BW_WAY_EDGE ? BW_WAY_UNKNOWN : BW_WAY_OUT, words);
        }
    }
}

static void find_loss(struct find *x, int at)
{
    const struct place *p = &x->places[at];
    char words[BW_WAY_WORDS];
    int from = nearer(x, at);
    int64_t ppm = loss_ppm(p);
    int64_t before = from < 0 ? 0 : loss_ppm(&x->places[from]);
    if (before >= LESS_PPM) {
        (void)snprintf(words, sizeof(words),
                       "Packets are lost on the way to %.63s already (%.1f %%)",
                       x->places[from].nearest ? x->places[from].nearest : "it",
                       (double)before * 100 / PPM);
        say(x, at, BW_WAY_GOOD, words);
        return;
    }
    (void)snprintf(words, sizeof(words), "%.1f %% of the packets are lost up to here%s",
                   (double)ppm * 100 / PPM,
                   from < 0 ? "; no target stands nearer"
                            : ", fewer than 1 % up to the place before");
    say(x, at, BW_WAY_LOSS, words);
}

static void find_slow(struct find *x, int at)
{
    const struct place *p = &x->places[at];
    char words[BW_WAY_WORDS];
    int from = nearer(x, at);
    int64_t mine = rise_us(p);
    int64_t before = from < 0 ? 0 : rise_us(&x->places[from]);
    if (before * 2 > mine) {
        (void)snprintf(words, sizeof(words),
                       "The round trip rose on the way to %.63s already",
                       x->places[from].nearest ? x->places[from].nearest : "it");
        say(x, at, BW_WAY_GOOD, words);
        return;
    }
    (void)snprintf(
        words, sizeof(words), "The round trip to %.63s rose from %.1f to %.1f ms%s",
        p->nearest ? p->nearest : "it", (double)p->before_rtt_us / 1000,
        (double)p->rtt_us / 1000,
        from < 0 ? "; no target stands nearer" : ", that to the place before did not");
    say(x, at, BW_WAY_SLOW, words);
}

static void find_one(struct find *x, int at)
{
    const struct place *p = &x->places[at];
    char words[BW_WAY_WORDS];
    if (p->n == 0) {
        if (all_pass(at) && farther(x, at)) {
            say(x, at, BW_WAY_GOOD, "No target stands there; what lies behind it answers");
        }
        return;
    }
    if (!answers(p)) {
        if (p->n_silent > 0) {
            find_silent(x, at);
        } else {
            say(x, at, BW_WAY_UNKNOWN,
                "Its targets did not answer the day before either, or were not asked");
        }
        return;
    }
    if (loss_ppm(p) >= LOSS_PPM) {
        find_loss(x, at);
    } else if (is_slow(p)) {
        find_slow(x, at);
    } else if (p->n_silent > 0) {
        (void)snprintf(words, sizeof(words),
                       "Only %.63s fell silent, others there answer: it, or the way to it "
                       "alone",
                       p->silent);
        say(x, at, BW_WAY_PART, words);
    } else {
        (void)snprintf(words, sizeof(words), "%d of %d targets answer, %.1f %% lost",
                       p->n - p->n_silent - p->n_never, p->n,
                       (double)loss_ppm(p) * 100 / PPM);
        say(x, at, BW_WAY_GOOD, words);
    }
}

/* What the hub's own box says parts the two legs between which no target stands. */
static void ask_hub(struct find *x)
{
    struct bw_way_leg *line = &x->w->legs[BW_WAY_HUB];
    struct bw_way_leg *beyond = &x->w->legs[BW_WAY_INTERNET];
    char words[BW_WAY_WORDS];
    if (x->places[BW_WAY_HUB].n > 0 || line->state != BW_WAY_OUT) {
        return;
    }
    if (x->f->hub == BW_WAY_HUB_FINE) {
        (void)snprintf(words, sizeof(words),
                       "All that lies behind it fell silent, and the hub, %.100s, tells of "
                       "no outage",
                       x->f->hub_name);
        say(x, BW_WAY_HUB, BW_WAY_OUT, words);
        if (beyond->state == BW_WAY_OUT) {
            say(x, BW_WAY_INTERNET, BW_WAY_UNKNOWN,
                "Not seen from here; the hub tells of no outage");
        }
    } else if (x->f->hub == BW_WAY_HUB_OUT) {
        (void)snprintf(words, sizeof(words),
                       "The hub, %.100s, tells by its own records that its line is out",
                       x->f->hub_name);
        say(x, BW_WAY_INTERNET, BW_WAY_OUT, words);
        say(x, BW_WAY_HUB, BW_WAY_UNKNOWN, "Not seen: the trouble is behind the hub");
    } else if (x->f->hub == BW_WAY_HUB_SILENT) {
        (void)snprintf(words, sizeof(words),
                       "Here or behind the hub: its own box, at %.100s, is silent too",
                       x->f->hub_name);
        say(x, BW_WAY_HUB, BW_WAY_OUT, words);
    }
}

static void sum_up(struct bw_way *w)
{
    w->worst = -1;
    for (int i = 0; i < BW_WAY_PLACES; i++) {
        enum bw_way_state s = w->legs[i].state;
        w->any = w->any || s != BW_WAY_UNKNOWN;
        if (s > BW_WAY_GOOD && (w->worst < 0 || s > w->legs[w->worst].state)) {
            w->worst = i;
        }
    }
    if (w->words[0]) {
        return;
    }
    if (w->worst >= 0) {
        (void)snprintf(w->words, sizeof(w->words), "The way up to %s: %.40s. %.250s.",
                       bw_way_place_words((enum bw_way_place)w->worst),
                       bw_way_state_words(w->legs[w->worst].state),
                       w->legs[w->worst].words);
    } else {
        (void)snprintf(w->words, sizeof(w->words), "%s",
                       w->any ? "No trouble is seen on the way."
                              : "No target answers for the way: it is not known.");
    }
}

void bw_way_find(const struct bw_way_facts *f, struct bw_way *ret)
{
    struct find x = {.f = f, .w = ret};
    memset(ret, 0, sizeof(*ret));
    for (int i = 0; i < BW_WAY_PLACES; i++) {
        x.places[i].rtt_us = x.places[i].before_rtt_us = BW_UNKNOWN;
        say(&x, i, BW_WAY_UNKNOWN, "No target stands there");
    }
    if (f->silent) {
        for (int i = 0; i < BW_WAY_PLACES; i++) {
            say(&x, i, BW_WAY_UNKNOWN, "The box is silent");
        }
        (void)snprintf(
            ret->words, sizeof(ret->words),
            "The box is silent: that says nothing of its line%s%.100s%s.",
            f->hub == BW_WAY_HUB_SILENT || f->hub == BW_WAY_HUB_OUT ? ". Its hub, " : "",
            f->hub == BW_WAY_HUB_SILENT || f->hub == BW_WAY_HUB_OUT ? f->hub_name : "",
            f->hub == BW_WAY_HUB_SILENT ? ", is silent too"
            : f->hub == BW_WAY_HUB_OUT  ? ", tells that its line is out"
                                        : "");
        sum_up(ret);
        return;
    }
    if (f->carrier) {
        for (int i = BW_WAY_HUB; i < BW_WAY_PLACES; i++) {
            say(&x, i, BW_WAY_UNKNOWN, "Nothing comes as far as this");
        }
        say(&x, BW_WAY_EDGE, BW_WAY_OUT,
            "The box's own port has no carrier: its cable, or the device it is plugged "
            "into");
        sum_up(ret);
        return;
    }
    for (size_t i = 0; i < f->n_targets; i++) {
        take(&x.places[f->targets[i].place], &f->targets[i]);
    }
    for (int i = 0; i < BW_WAY_PLACES; i++) {
        find_one(&x, i);
    }
    ask_hub(&x);
    sum_up(ret);
}

int64_t bw_way_rise(const struct bw_way_hop *hops, size_t n)
{
    int64_t from = BW_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        const struct bw_way_hop *h = &hops[i];
        if (h->rtt_us == BW_UNKNOWN || h->before_rtt_us == BW_UNKNOWN) {
            continue;
        }
        bool rose = h->rtt_us - h->before_rtt_us >= HOP_RISE_US &&
                    h->rtt_us >= 2 * h->before_rtt_us;
        from = !rose ? BW_UNKNOWN : from == BW_UNKNOWN ? h->ttl : from;
    }
    return from;
}

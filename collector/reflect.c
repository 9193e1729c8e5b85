/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflect.c - the collector answers the boxes' latency probes, where its file says so: the
 * sources it names, and, when asked for, the prefixes registered for circuits, which are
 * read from the catalogue again every five minutes.
 *
 * A look into the catalogue owns itself: whoever closes meanwhile only forgets it. */
#include "collector.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <log.h>
#include <readers.h>
#include <reflector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_EVERY_MS = 300000,
    LOOK_AGAIN_MS = 5000 /* after a look that did not succeed */
};

struct look;

struct bw_reflection {
    uv_loop_t *loop;
    struct bw_readers *readers;
    struct bw_reflector *reflector;
    bool registered;
    uv_timer_t timer;
    struct look *look; /* under way */
    int n_open;        /* timer and reflector, as far as they are not closed yet */
    void (*closed)(void *owner);
    void *closed_owner;
};

struct look {
    struct bw_reflection *owner; /* NULL: nobody waits any more */
    int64_t now_unix_s;
    int result;
    struct bw_err err;
    size_t n;
    size_t cap;
    struct bw_reflector_prefix *list;
};

/* On a reader's thread ------------------------------------------------------------ */

static int on_prefix(void *owner, const struct bw_prefix *p)
{
    struct look *l = owner;
    struct bw_reflector_prefix *grown;
    size_t cap = l->cap > 0 ? l->cap * 2 : 256;
    if (p->from_unix_s > l->now_unix_s ||
        (p->to_unix_s != BW_UNKNOWN && p->to_unix_s <= l->now_unix_s) ||
        (p->family != 4 && p->family != 6) || p->bits > (p->family == 6 ? 128 : 32)) {
        return 0;
    }
    if (l->n == BW_REFLECTOR_PREFIXES_MAX) {
        return -E2BIG;
    }
    if (l->n == l->cap) {
        grown = realloc(l->list, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        l->list = grown;
        l->cap = cap;
    }
    l->list[l->n] = (struct bw_reflector_prefix){.family = p->family, .bits = p->bits};
    (void)memcpy(l->list[l->n].bytes, p->addr, p->family == 6 ? 16 : 4);
    l->n++;
    return 0;
}

static void look_up(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct look *l = job;
    if (!r) {
        l->err = *err;
        l->result = -EIO;
        return;
    }
    l->result = r->catalogue->ops->prefixes(r->catalogue, NULL, on_prefix, l, &l->err);
}

/* On the loop ---------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void looked_up(void *job, int cancelled)
{
    struct look *l = job;
    struct bw_reflection *f = l->owner;
    uint64_t again_ms = LOOK_EVERY_MS;
    if (f) {
        f->look = NULL;
        if (l->result == -E2BIG) {
            bw_log(
                BW_AREA_MAIN, BW_WARN,
                "reflector: more than %d registered prefixes; the others are not answered",
                BW_REFLECTOR_PREFIXES_MAX);
            l->result = 0;
        }
        if (cancelled || l->result < 0 ||
            bw_reflector_register(f->reflector, l->list, l->n) < 0) {
            again_ms = LOOK_AGAIN_MS;
            if (!cancelled) {
                bw_log(BW_AREA_MAIN, BW_WARN,
                       "reflector: registered prefixes could not be read: %s; those known "
                       "stay",
                       l->err.text);
            }
        }
        (void)uv_timer_start(&f->timer, on_timer, again_ms, 0);
    }
    free(l->list);
    free(l);
}

static void look(struct bw_reflection *f)
{
    struct look *l;
    if (f->look) {
        return;
    }
    l = calloc(1, sizeof(*l));
    if (l) {
        l->owner = f;
        l->now_unix_s = bw_clock_unix_ms() / 1000;
        if (bw_readers_run(f->readers, look_up, looked_up, l) == 0) {
            f->look = l;
            return;
        }
        free(l);
    }
    (void)uv_timer_start(&f->timer, on_timer, LOOK_AGAIN_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void apply(struct bw_reflection *f, const struct bw_reflector_conf *conf)
{
    f->registered = conf->registered;
    if (f->registered) {
        look(f);
        return;
    }
    (void)uv_timer_stop(&f->timer);
    if (f->look) {
        f->look->owner = NULL;
        f->look = NULL;
    }
    (void)bw_reflector_register(f->reflector, NULL, 0);
}

int bw_reflection_start(struct bw_collector *c, struct bw_err *reterr)
{
    const struct bw_reflector_conf *conf = &c->conf->reflector;
    struct bw_reflection *f;
    int r;
    if (!conf->on) {
        return 0;
    }
    f = calloc(1, sizeof(*f));
    if (!f) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_reflector_open(&c->loop, conf, &f->reflector, reterr);
    if (r < 0) {
        free(f);
        return r;
    }
    f->loop = &c->loop;
    f->readers = c->readers;
    (void)uv_timer_init(f->loop, &f->timer);
    f->timer.data = f;
    f->n_open = 2;
    c->reflection = f;
    bw_log(BW_AREA_MAIN, BW_NOTICE, "answering latency probes (STAMP) at UDP port %u",
           (unsigned)bw_reflector_port(f->reflector));
    apply(f, conf);
    return 0;
}

void bw_reflection_reload(struct bw_reflection *f, const struct bw_reflector_conf *conf)
{
    struct bw_err err = {.text = ""};
    if (!f) {
        return;
    }
    if (bw_reflector_change(f->reflector, conf, &err) < 0) {
        bw_log(BW_AREA_CONFIG, BW_ERROR,
               "reflector: %s; it goes on with sources and secret as they were", err.text);
        return;
    }
    apply(f, conf);
}

static void one_closed(void *owner)
{
    struct bw_reflection *f = owner;
    void (*closed)(void *owner) = f->closed;
    void *closed_owner = f->closed_owner;
    if (--f->n_open > 0) {
        return;
    }
    free(f);
    closed(closed_owner);
}

static void timer_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

void bw_reflection_close(struct bw_reflection *f, void (*cb)(void *owner), void *owner)
{
    f->closed = cb;
    f->closed_owner = owner;
    if (f->look) {
        f->look->owner = NULL;
        f->look = NULL;
    }
    uv_close((uv_handle_t *)&f->timer, timer_closed);
    bw_reflector_close(f->reflector, one_closed, f);
}

static void value(struct bw_buf *b, const char *name, const char *type, const char *help)
{
    bw_buf_printf(b, "# TYPE bandwitness_%s %s\n# HELP bandwitness_%s %s\n", name, type,
                  name, help);
}

void bw_reflection_metrics(const struct bw_reflection *f, struct bw_buf *b)
{
    struct bw_reflector_stats s;
    if (!f) {
        return;
    }
    bw_reflector_stats(f->reflector, &s);
    const struct {
        const char *verdict;
        int64_t n;
    } rows[] = {{"answered", s.answered},   {"foreign", s.foreign},
                {"malformed", s.malformed}, {"bad_digest", s.bad_digest},
                {"limited", s.limited},     {"looped", s.looped},
                {"failed", s.failed}};
    value(b, "reflector_packets", "counter", "Latency probes by what became of them.");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_buf_printf(b, "bandwitness_reflector_packets_total{verdict=\"%s\"} %lld\n",
                      rows[i].verdict, (long long)rows[i].n);
    }
    value(b, "reflector_sessions", "gauge", "Sessions with a count of their own.");
    bw_buf_printf(b, "bandwitness_reflector_sessions %lld\n", (long long)s.sessions);
}

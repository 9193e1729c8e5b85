/* SPDX-License-Identifier: GPL-3.0-or-later
 * frames.c - one attempt after the other.
 *
 * While frames come the counter is read every few milliseconds; while none do, nothing is
 * done until one comes or the attempt is over. */
#include "frames.h"

#include "calibration.h"
#include "frametap.h"

#include <bw/err.h>
#include <clock.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUSY_TICK_MS = 1, /* while so many frames come that the socket would overflow … */
    TICK_MS = 4,      /* … and while some do; else the first one wakes us */
    BUSY_FRAMES = 32, /* a tick */
    ATTEMPT_MS = 2000,
    FRAMES_MAX = 5000, /* of one attempt */
    AGAIN_MIN_MS = 5000,
    AGAIN_MAX_MS = 3600000
};

struct bw_frames {
    uv_timer_t timer; /* the next look, or the next attempt */
    uv_poll_t poll;   /* a frame is there; only with a socket */
    int fd;           /* -errno: there is none */
    int n_open;       /* of the two handles */
    enum bw_frames_state state;
    const struct bw_counter_ops *ops;
    struct bw_counter *counter; /* NULL: none is open */
    char name[64];
    int64_t ifindex;
    struct bw_frametap_sums seen;
    struct bw_calibration rx;
    struct bw_calibration tx;
    int64_t heard; /* frames of this attempt */
    int64_t over_ns;
    int64_t again_ms;
    void (*closed)(void *owner);
    void *closed_owner;
};

struct bw_frames *bw_frames_new(uv_loop_t *loop)
{
    struct bw_frames *f = calloc(1, sizeof(*f));
    if (!f) {
        return NULL;
    }
    (void)uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    f->n_open = 1;
    f->fd = bw_frametap_open();
    if (f->fd >= 0) {
        int r = uv_poll_init(loop, &f->poll, f->fd);
        if (r < 0) {
            (void)close(f->fd);
            f->fd = r;
        } else {
            f->poll.data = f;
            f->n_open = 2;
        }
    }
    return f;
}

static void on_tick(uv_timer_t *t);
static void on_frame(uv_poll_t *p, int status, int events);

static void wait_for_frame(struct bw_frames *f, int64_t now_ns)
{
    int64_t ms = (f->over_ns - now_ns) / 1000000;
    (void)uv_timer_start(&f->timer, on_tick, ms > 0 ? (uint64_t)ms : 1, 0);
    (void)uv_poll_start(&f->poll, UV_READABLE, on_frame);
}

static void attempt(struct bw_frames *f)
{
    struct bw_counter_raw raw;
    bool may = f->ops->raw(f->counter, &raw) == 0;
    if (may) {
        f->ifindex = raw.ifindex;
        may = bw_frametap_hear(f->fd, !f->rx.known, !f->tx.known) == 0 &&
              bw_frametap_bind(f->fd, f->ifindex) == 0;
    }
    bw_calibration_pause(&f->rx);
    bw_calibration_pause(&f->tx);
    f->heard = 0;
    f->over_ns = bw_clock_mono_ns() + ATTEMPT_MS * INT64_C(1000000);
    f->state = may ? BW_FRAMES_LISTENING : BW_FRAMES_WAITING;
    uv_update_time(f->timer.loop);
    (void)uv_timer_start(&f->timer, on_tick, may ? BUSY_TICK_MS : (uint64_t)f->again_ms, 0);
}

static void tell(const struct bw_frames *f, const char *way, const struct bw_calibration *k)
{
    if (k->offset == 0) {
        bw_log(BW_AREA_COUNTER, BW_NOTICE, "%s: %s frames are counted whole", f->name, way);
    } else {
        bw_log(BW_AREA_COUNTER, BW_NOTICE,
               "%s: %s frames are counted with %lld bytes %s; that is made up for", f->name,
               way, (long long)(k->offset < 0 ? -k->offset : k->offset),
               k->offset < 0 ? "less" : "more");
    }
}

static void end_attempt(struct bw_frames *f)
{
    bw_frametap_silence(f->fd, f->ifindex);
    (void)uv_timer_stop(&f->timer);
    (void)uv_poll_stop(&f->poll);
    if (f->rx.known && f->tx.known) {
        f->state = BW_FRAMES_KNOWN;
        return;
    }
    f->state = BW_FRAMES_WAITING;
    (void)uv_timer_start(&f->timer, on_tick, (uint64_t)f->again_ms, 0);
    f->again_ms = f->again_ms * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : f->again_ms * 2;
}

static void look(struct bw_frames *f)
{
    struct bw_counter_raw raw;
    int64_t now_ns = bw_clock_mono_ns();
    int64_t heard = 0;
    if (f->ops->raw(f->counter, &raw) == 0) {
        struct bw_calibration_sums rx;
        struct bw_calibration_sums tx;
        heard = bw_frametap_read(f->fd, FRAMES_MAX, &f->seen);
        f->heard += heard;
        rx = (struct bw_calibration_sums){.counted_bytes = raw.rx_bytes,
                                          .counted_packets = raw.rx_packets,
                                          .seen_bytes = f->seen.rx_bytes,
                                          .seen_frames = f->seen.rx_frames};
        tx = (struct bw_calibration_sums){.counted_bytes = raw.tx_bytes,
                                          .counted_packets = raw.tx_packets,
                                          .seen_bytes = f->seen.tx_bytes,
                                          .seen_frames = f->seen.tx_frames,
                                          .short_frames = f->seen.tx_short};
        if (bw_calibration_add(&f->rx, now_ns, &rx)) {
            f->ops->set_offset(f->counter, false, f->rx.offset);
            tell(f, "received", &f->rx);
            (void)bw_frametap_hear(f->fd, false, true);
        }
        if (bw_calibration_add(&f->tx, now_ns, &tx)) {
            f->ops->set_offset(f->counter, true, f->tx.offset);
            tell(f, "sent", &f->tx);
            (void)bw_frametap_hear(f->fd, true, false);
        }
    }
    if ((f->rx.known && f->tx.known) || f->heard >= FRAMES_MAX || now_ns >= f->over_ns) {
        end_attempt(f);
    } else if (heard == 0 && f->rx.apart_ns == 0 && f->tx.apart_ns == 0) {
        wait_for_frame(f, now_ns);
    } else {
        (void)uv_timer_start(&f->timer, on_tick,
                             heard < BUSY_FRAMES ? TICK_MS : BUSY_TICK_MS, 0);
    }
}

static void on_tick(uv_timer_t *t)
{
    struct bw_frames *f = t->data;
    if (f->state == BW_FRAMES_LISTENING) {
        (void)uv_poll_stop(&f->poll);
        look(f);
    } else {
        attempt(f);
    }
}

static void on_frame(uv_poll_t *p, int status, int events)
{
    struct bw_frames *f = p->data;
    (void)status; /* the interface went down: reading says so once, and then nothing */
    (void)events;
    (void)uv_poll_stop(p);
    look(f);
}

void bw_frames_begin(struct bw_frames *f,
                     const struct bw_counter_ops *ops,
                     struct bw_counter *counter,
                     const char *name)
{
    f->ops = ops;
    f->counter = counter;
    (void)snprintf(f->name, sizeof(f->name), "%s", name);
    f->rx = (struct bw_calibration){0};
    f->tx = (struct bw_calibration){0};
    f->again_ms = AGAIN_MIN_MS;
    if (!ops->link(counter)->measurable) {
        f->state = BW_FRAMES_BY_KIND;
    } else if (f->fd < 0) {
        f->state = BW_FRAMES_NO_RIGHTS;
    } else {
        attempt(f);
    }
}

void bw_frames_forget(struct bw_frames *f)
{
    if (f->state == BW_FRAMES_LISTENING) {
        (void)uv_poll_stop(&f->poll);
        bw_frametap_silence(f->fd, f->ifindex);
    }
    (void)uv_timer_stop(&f->timer);
    f->counter = NULL;
    f->state = BW_FRAMES_IDLE;
}

enum bw_frames_state bw_frames_state(const struct bw_frames *f)
{
    return f->state;
}

const char *bw_frames_state_word(enum bw_frames_state s)
{
    static const char *const words[] = {[BW_FRAMES_IDLE] = "",
                                        [BW_FRAMES_BY_KIND] = "by kind",
                                        [BW_FRAMES_NO_RIGHTS] = "no rights",
                                        [BW_FRAMES_LISTENING] = "listening",
                                        [BW_FRAMES_WAITING] = "not told yet",
                                        [BW_FRAMES_KNOWN] = "measured"};
    return words[s];
}

static void on_closed(uv_handle_t *h)
{
    struct bw_frames *f = h->data;
    void (*cb)(void *) = f->closed;
    void *owner = f->closed_owner;
    if (--f->n_open > 0) {
        return;
    }
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    free(f);
    if (cb) {
        cb(owner);
    }
}

void bw_frames_close(struct bw_frames *f, void (*cb)(void *owner), void *owner)
{
    bw_frames_forget(f);
    f->closed = cb;
    f->closed_owner = owner;
    uv_close((uv_handle_t *)&f->timer, on_closed);
    if (f->fd >= 0) {
        uv_close((uv_handle_t *)&f->poll, on_closed);
    }
}

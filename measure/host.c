/* SPDX-License-Identifier: GPL-3.0-or-later
 * host.c - runs one instance of a probe on a loop.
 *
 * The instance is `struct bw_host`; a probe knows it only by name. Its timer holds the
 * budget of a throughput round, and being a handle makes closed() come later, always. */
#include "host.h"

#include "secret.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct bw_host {
    uv_loop_t *loop;
    uv_timer_t timer;
    const struct bw_probe_ops *ops;
    const struct bw_opts *opts;
    struct bw_probe *probe;
    struct bw_host_callbacks cb;
    void *owner;
    uint8_t path_key[BW_PATH_KEY_LEN];
    const char *ticket;
    char secret[BW_SECRET_MAX + 1]; /* "": none */
    bool opened;
    bool busy;
    bool starting; /* within ops->run(): a probe that ends the round here has a bug */
    bool overdue;
    bool closing;
};

const struct bw_probe_ops *bw_probe_find(const char *name)
{
    for (size_t i = 0; bw_probe_table[i]; i++) {
        if (strcmp(bw_probe_table[i]->name, name) == 0) {
            return bw_probe_table[i];
        }
    }
    return NULL;
}

int bw_host_new(struct uv_loop_s *loop,
                const struct bw_probe_ops *ops,
                const struct bw_opts *opts,
                const struct bw_host_callbacks *callbacks,
                void *owner,
                struct bw_host **ret,
                struct bw_err *reterr)
{
    struct bw_host *h = NULL;
    int r;
    if (ops->abi != BW_PROBE_ABI) {
        return bw_err_set(reterr, -EINVAL,
                          "probe %s was built for another version of the interface",
                          ops->name);
    }
    r = ops->check ? ops->check(opts, reterr) : 0;
    if (r < 0) {
        return r;
    }
    h = calloc(1, sizeof(*h));
    if (!h) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    h->loop = loop;
    h->ops = ops;
    h->opts = opts;
    h->cb = *callbacks;
    h->owner = owner;
    bw_random(h->path_key, sizeof(h->path_key));
    r = ops->create(h, opts, &h->probe);
    if (r < 0) {
        free(h);
        return bw_err_set(reterr, r, "cannot make the %s probe: %s", ops->name,
                          bw_strerror(r));
    }
    (void)uv_timer_init(loop, &h->timer); /* never fails: uv_timer_init(3) */
    h->timer.data = h;
    *ret = h;
    return 0;
}

void bw_host_set_path_key(struct bw_host *h, const uint8_t key[BW_PATH_KEY_LEN])
{
    (void)memcpy(h->path_key, key, sizeof(h->path_key));
}

void bw_host_set_ticket(struct bw_host *h, const char *ticket)
{
    h->ticket = ticket;
}

void bw_host_set_secret(struct bw_host *h, const char *secret)
{
    (void)snprintf(h->secret, sizeof(h->secret), "%s", secret);
}

int bw_host_open(struct bw_host *h, struct bw_err *reterr)
{
    int r = h->secret[0] != '\0' ? 0 : bw_secret_read(h->opts, h->secret, reterr);
    if (r == 0 && h->ops->open) {
        r = h->ops->open(h->probe, reterr);
    }
    h->opened = r == 0;
    return r;
}

static void overdue(uv_timer_t *timer)
{
    struct bw_host *h = timer->data;
    if (h->busy) {
        h->overdue = true;
        h->ops->cancel(h->probe);
    }
}

int bw_host_round(struct bw_host *h, uint32_t budget_ms)
{
    int r;
    if (h->busy || h->closing) {
        return -EBUSY;
    }
    if (!h->opened) {
        return -ENOTCONN;
    }
    h->busy = true;
    h->overdue = false;
    h->starting = true;
    r = h->ops->run(h->probe, budget_ms);
    h->starting = false;
    if (r < 0) {
        h->busy = false;
        return r;
    }
    if (budget_ms > 0 && h->ops->klass == BW_CLASS_THROUGHPUT) {
        uv_update_time(h->loop);
        (void)uv_timer_start(&h->timer, overdue, budget_ms, 0);
    }
    return 0;
}

void bw_host_cancel(struct bw_host *h)
{
    if (h->busy) {
        h->ops->cancel(h->probe);
    }
}

bool bw_host_busy(const struct bw_host *h)
{
    return h->busy;
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_host *h = handle->data;
    if (h->cb.closed) {
        h->cb.closed(h->owner);
    }
    explicit_bzero(h->secret, sizeof(h->secret));
    free(h);
}

static void probe_closed(void *owner)
{
    struct bw_host *h = owner;
    h->probe = NULL;
    uv_close((uv_handle_t *)&h->timer, timer_closed);
}

void bw_host_close(struct bw_host *h)
{
    if (!h || h->closing) {
        return;
    }
    h->closing = true;
    h->busy = false;
    (void)uv_timer_stop(&h->timer);
    h->ops->close(h->probe, probe_closed, h);
}

/* What probes call ------------------------------------------------------------- */

struct uv_loop_s *bw_host_loop(struct bw_host *host)
{
    return host->loop;
}

const uint8_t *bw_host_path_key(const struct bw_host *host)
{
    return host->path_key;
}

const char *bw_host_ticket(const struct bw_host *host)
{
    return host->ticket;
}

const char *bw_host_secret(const struct bw_host *host)
{
    return host->secret[0] != '\0' ? host->secret : NULL;
}

void bw_host_latency(struct bw_host *host, const struct bw_latency_sample *s, uint32_t n)
{
    if (!host->closing && host->cb.latency) {
        host->cb.latency(host->owner, s, n);
    }
}

void bw_host_run(struct bw_host *host, const struct bw_run_sample *s)
{
    if (!host->closing && host->cb.run) {
        host->cb.run(host->owner, s);
    }
}

void bw_host_path(struct bw_host *host, const struct bw_path_sample *s)
{
    if (!host->closing && host->cb.path) {
        host->cb.path(host->owner, s);
    }
}

void bw_host_done(struct bw_host *host, int status)
{
    if (!host->busy || host->starting) {
        return; /* closing, or a probe that says it twice */
    }
    host->busy = false;
    (void)uv_timer_stop(&host->timer);
    if (host->overdue && status == -ECANCELED) {
        status = -ETIMEDOUT;
    }
    if (host->cb.done) {
        host->cb.done(host->owner, status);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * whereis.c - where a target is. A lookup owns itself: the thread it runs on cannot be
 * stopped, so an owner that closes only forgets it. */
#include "whereis.h"

#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    REFRESH_MS = 3600 * 1000,   /* names are looked up again … */
    RETRY_MS = 30 * 1000,       /* … and after a failure */
    GONE_MS = 24 * 3600 * 1000, /* of nothing but "no such address" */
    ZONE_MS = 1000
};

#define NS_PER_MS INT64_C(1000000)

struct bw_lookup {
    uv_getaddrinfo_t req;
    struct bw_whereis *owner; /* NULL: nobody waits any more */
};

void bw_whereis_init(struct bw_whereis *w, const char *host, uint16_t port, int only_family)
{
    *w = (struct bw_whereis){
        .only = (uint8_t)only_family, .port = port, .absent_since_mono_ns = BW_UNKNOWN};
    w->is_name = !bw_address_parse(host, &w->to);
    (void)snprintf(w->host, sizeof(w->host), "%s", host);
    if (!w->is_name) {
        w->family = (uint8_t)bw_address_family(&w->to);
        bw_address_set_port(&w->to, port);
    }
}

/* The one it has where the name still has it: of many in turn, what is measured stays. */
static const struct addrinfo *choose(const struct bw_whereis *w, const struct addrinfo *res)
{
    for (const struct addrinfo *a = res; a && w->family != 0; a = a->ai_next) {
        union bw_address x = {.sa = {.sa_family = AF_UNSPEC}};
        if (bw_address_from(a->ai_addr, &x)) {
            bw_address_set_port(&x, w->port);
            if (bw_address_equal(&x, &w->to)) {
                return a;
            }
        }
    }
    return res;
}

/* There is no such name, or it has no address. A gateway without its line may say so, too,
 * and a target without an address is not measured: what was known outlives any outage of
 * less than a day. */
static void absent(struct bw_whereis *w, int64_t now_ns)
{
    if (w->absent_since_mono_ns == BW_UNKNOWN) {
        w->absent_since_mono_ns = now_ns;
    } else if (now_ns - w->absent_since_mono_ns >= GONE_MS * NS_PER_MS) {
        w->family = 0;
    }
}

static void looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
    struct bw_lookup *l = req->data;
    struct bw_whereis *w = l->owner;
    if (w) {
        int64_t now_ns = bw_clock_mono_ns();
        w->lookup = NULL;
        w->next_lookup_mono_ns = now_ns + (status == 0 ? REFRESH_MS : RETRY_MS) * NS_PER_MS;
        if (status == UV_EAI_NONAME || status == UV_EAI_NODATA ||
            status == UV_EAI_ADDRFAMILY) {
            absent(w, now_ns);
        } else {
            w->absent_since_mono_ns = BW_UNKNOWN;
        }
        if (status == 0 && res && bw_address_from(choose(w, res)->ai_addr, &w->to)) {
            w->family = (uint8_t)bw_address_family(&w->to);
            bw_address_set_port(&w->to, w->port);
        }
    }
    uv_freeaddrinfo(res);
    free(l);
}

/* An interface that came back may have another number. */
static void follow_zone(struct bw_whereis *w, int64_t now_ns)
{
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    if (!strchr(w->host, '%') || now_ns < w->next_lookup_mono_ns) {
        return;
    }
    w->next_lookup_mono_ns = now_ns + ZONE_MS * NS_PER_MS;
    if (bw_address_parse(w->host, &a) && a.in6.sin6_scope_id != 0) {
        w->to.in6.sin6_scope_id = a.in6.sin6_scope_id;
    }
}

void bw_whereis_refresh(struct bw_whereis *w, struct uv_loop_s *loop, int64_t now_mono_ns)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct bw_lookup *l;
    if (!w->is_name) {
        follow_zone(w, now_mono_ns);
        return;
    }
    if (w->lookup || now_mono_ns < w->next_lookup_mono_ns) {
        return;
    }
    w->next_lookup_mono_ns = now_mono_ns + RETRY_MS * NS_PER_MS;
    l = calloc(1, sizeof(*l));
    if (!l) {
        return;
    }
    hints.ai_family = w->only == 4 ? AF_INET : w->only == 6 ? AF_INET6 : AF_UNSPEC;
    if (w->only == 0 || w->family == 0) {
        /* Else this machine's loss of a family would pass for the name's. */
        hints.ai_flags = AI_ADDRCONFIG;
    }
    l->owner = w;
    l->req.data = l;
    if (uv_getaddrinfo(loop, &l->req, looked_up, w->host, NULL, &hints) < 0) {
        free(l);
        return;
    }
    w->lookup = l;
}

int bw_whereis_missing(const struct bw_whereis *w)
{
    if (w->family != 0) {
        return 0;
    }
    return w->absent_since_mono_ns != BW_UNKNOWN ? -EADDRNOTAVAIL : -BW_ENOLOOKUP;
}

void bw_whereis_done(struct bw_whereis *w)
{
    if (w->lookup) {
        w->lookup->owner = NULL;
        (void)uv_cancel((uv_req_t *)&w->lookup->req);
        w->lookup = NULL;
    }
    w->next_lookup_mono_ns = INT64_MAX; /* whoever still asks gets none */
}

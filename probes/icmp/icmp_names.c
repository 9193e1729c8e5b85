/* SPDX-License-Identifier: GPL-3.0-or-later
 * icmp_names.c - from what the configuration says to addresses. A lookup owns itself: the
 * thread it runs on cannot be stopped, so an instance that closes only forgets it. The
 * last good address stays until a lookup brings another. */
#include "icmp_private.h"

#include <arpa/inet.h>
#include <clock.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REFRESH_MS = 3600 * 1000, /* names are looked up again … */
    RETRY_MS = 30 * 1000      /* … and after a failure */
};

static void set_address(struct target *t, const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        (void)memcpy(&t->to.in, sa, sizeof(t->to.in));
        t->family = 4;
    } else if (sa->sa_family == AF_INET6) {
        (void)memcpy(&t->to.in6, sa, sizeof(t->to.in6));
        t->to.in6.sin6_port = 0;
        t->family = 6;
    }
}

/* An address as it is written, with a zone for link-local ones. false: it is a name. */
bool icmp_literal(const char *text, struct target *t)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
    char *zone;
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        t->to.in = in;
        t->family = 4;
        return true;
    }
    if (snprintf(host, sizeof(host), "%s", text) >= (int)sizeof(host)) {
        return false;
    }
    zone = strchr(host, '%');
    if (zone) {
        *zone++ = '\0';
        in6.sin6_scope_id = if_nametoindex(zone);
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        t->to.in6 = in6;
        t->family = 6;
        return true;
    }
    return false;
}

static void looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
    struct lookup *l = req->data;
    struct bw_probe *p = l->probe;
    if (p) {
        struct target *t = &p->targets[l->target];
        t->lookup = NULL;
        t->next_lookup_mono_ns =
            bw_clock_mono_ns() + (status == 0 ? REFRESH_MS : RETRY_MS) * ICMP_NS_PER_MS;
        if (status == 0 && res) {
            set_address(t, res->ai_addr);
        }
    }
    uv_freeaddrinfo(res);
    free(l);
}

void icmp_lookup(struct bw_probe *p, uint32_t target)
{
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6};
    struct target *t = &p->targets[target];
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct lookup *l = calloc(1, sizeof(*l));
    t->next_lookup_mono_ns = bw_clock_mono_ns() + RETRY_MS * ICMP_NS_PER_MS;
    if (!l) {
        return;
    }
    hints.ai_family = families[bw_opt_int(p->opts, "family")];
    l->probe = p;
    l->target = target;
    l->req.data = l;
    if (uv_getaddrinfo(bw_host_loop(p->host), &l->req, looked_up,
                       bw_opts_target(p->opts, target)->address, NULL, &hints) < 0) {
        free(l);
        return;
    }
    t->lookup = l;
}

void icmp_lookups_forget(struct bw_probe *p)
{
    for (uint32_t i = 0; i < p->n_targets; i++) {
        if (p->targets[i].lookup) {
            p->targets[i].lookup->probe = NULL;
            (void)uv_cancel((uv_req_t *)&p->targets[i].lookup->req);
        }
    }
}

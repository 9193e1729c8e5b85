/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_tell.c - what is told of a trace: hops by number, with reverse names and a keyed
 * hash of their address. The address itself goes to whoever asked on a terminal; no record
 * has a place for it. */
#include "path_private.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    HASH_BYTES = 9 /* 12 characters of base64url */
};

/* The path's length: to the first answer of the target, else to the last one at all. */
static uint8_t length_of(const struct path_trace *t)
{
    uint8_t n = 0;
    for (int k = 1; k <= BW_PATH_HOPS_MAX; k++) {
        if (t->hops[k - 1].answered > 0) {
            n = (uint8_t)k;
            if (t->hops[k - 1].kind == PATH_TARGET) {
                break;
            }
        }
    }
    return n;
}

static const union bw_address *before(const struct path_target *t, uint8_t ttl)
{
    const union bw_address *a = &t->hops[ttl - 1];
    return bw_address_family(a) != 0 ? a : NULL;
}

void path_finish(struct bw_probe *p, uint32_t target, int64_t now_ns)
{
    struct path_target *t = &p->targets[target];
    uint8_t n = length_of(&t->trace);
    t->state = PATH_NAMING;
    t->names_end_mono_ns = now_ns + PATH_NAMES_MS * PATH_NS_PER_MS;
    if (!p->names) {
        t->names_end_mono_ns = now_ns;
        return;
    }
    for (uint8_t k = 1; k <= n; k++) {
        const union bw_address *a = path_seen_address(&t->trace.hops[k - 1], before(t, k));
        if (a) {
            path_names_ask(p->names, a, now_ns);
        }
    }
}

bool path_named(struct bw_probe *p, const struct path_target *t)
{
    uint8_t n = length_of(&t->trace);
    for (uint8_t k = 1; k <= n && p->names; k++) {
        const union bw_address *a = path_seen_address(&t->trace.hops[k - 1], before(t, k));
        if (a && !path_names_known(p->names, a)) {
            return false;
        }
    }
    return true;
}

static void
hash_of(const struct bw_probe *p, const union bw_address *a, char ret[BW_PATH_HASH_LEN + 1])
{
    uint8_t mac[32];
    if (bw_address_family(a) == 6) {
        bw_hmac_sha256(bw_host_path_key(p->host), BW_PATH_KEY_LEN, &a->in6.sin6_addr, 16,
                       mac);
    } else {
        bw_hmac_sha256(bw_host_path_key(p->host), BW_PATH_KEY_LEN, &a->in.sin_addr, 4, mac);
    }
    (void)bw_b64_encode(mac, HASH_BYTES, ret);
}

static void
tell_hop(struct bw_probe *p, struct path_target *t, uint8_t ttl, struct bw_path_hop *ret)
{
    const struct path_seen *s = &t->trace.hops[ttl - 1];
    const union bw_address *a = path_seen_address(s, before(t, ttl));
    *ret = (struct bw_path_hop){.ttl = ttl,
                                .answered = a != NULL,
                                .sent = s->sent,
                                .lost = (uint8_t)(s->sent - s->answered),
                                .rtt_ns = s->rtt_ns};
    if (!a) {
        return;
    }
    hash_of(p, a, ret->hash);
    (void)snprintf(ret->name, sizeof(ret->name), "%s",
                   p->names ? path_names_of(p->names, a) : "");
    (void)inet_ntop(a->sa.sa_family,
                    a->sa.sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr
                                                : (const void *)&a->in.sin_addr,
                    ret->address, sizeof(ret->address));
    t->hops[ttl - 1] = *a;
}

void path_tell(struct bw_probe *p, uint32_t target, enum bw_sample_state state)
{
    struct path_target *t = &p->targets[target];
    struct bw_path_hop hops[BW_PATH_HOPS_MAX];
    char flag[32];
    struct bw_path_sample s = {.target = target,
                               .family = t->family,
                               .state = state,
                               .reason = state == BW_OK ? NULL : "interrupted",
                               .method = bw_opt_str(p->opts, "method"),
                               .reached = t->trace.reached,
                               .at_mono_ns = t->began_mono_ns,
                               .mtu = t->trace.mtu != 0 ? t->trace.mtu : BW_UNKNOWN,
                               .hops = hops,
                               .n_hops = length_of(&t->trace)};
    for (uint32_t k = 1; k <= s.n_hops; k++) {
        tell_hop(p, t, (uint8_t)k, &hops[k - 1]);
    }
    if (t->trace.vanished && t->trace.mtu != 0) {
        (void)snprintf(flag, sizeof(flag), "mtu-black-hole-after-%u", t->trace.hole_after);
        s.flag = t->trace.hole_after != 0 ? flag : "mtu-black-hole";
    } else if (t->elsewhere) {
        s.flag = "other-address";
    }
    t->mtu = t->trace.mtu;
    t->state = PATH_IDLE;
    bw_host_path(p->host, &s);
}

void path_fail(struct bw_probe *p, uint32_t target, int error, const char *reason)
{
    struct path_target *t = &p->targets[target];
    struct bw_path_sample s = {.target = target,
                               .family = t->family,
                               .state = BW_FAILED,
                               .error = error,
                               .reason = reason ? reason : bw_strerror(error),
                               .method = bw_opt_str(p->opts, "method"),
                               .at_mono_ns = t->began_mono_ns,
                               .mtu = BW_UNKNOWN};
    t->state = PATH_IDLE;
    bw_host_path(p->host, &s);
}

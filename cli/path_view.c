/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_view.c - the way to a target as a person reads it. A hop that did not answer is
 * shown as such; where the trace ends is not where the path ends unless the target
 * answered. */
#include "path_view.h"

#include "json.h"
#include "plural.h"
#include "probe_view.h"

#include <bw/err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void probe_path_take(struct probe_path *to, const struct bw_path_sample *s)
{
    uint32_t n = s->n_hops < BW_PATH_HOPS_MAX ? s->n_hops : BW_PATH_HOPS_MAX;
    to->known = true;
    to->s = *s;
    if (n > 0) {
        (void)memcpy(to->hops, s->hops, n * sizeof(to->hops[0]));
    }
    (void)snprintf(to->reason, sizeof(to->reason), "%s", s->reason ? s->reason : "");
    (void)snprintf(to->flag, sizeof(to->flag), "%s", s->flag ? s->flag : "");
    (void)snprintf(to->method, sizeof(to->method), "%s", s->method ? s->method : "");
    to->s.hops = to->hops;
    to->s.n_hops = n;
    to->s.reason = s->reason ? to->reason : NULL;
    to->s.flag = s->flag ? to->flag : NULL;
    to->s.method = to->method;
}

bool probe_paths_known(const struct probe_result *r)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        if (!r->paths[i].known) {
            return false;
        }
    }
    return true;
}

bool probe_paths_good(const struct probe_result *r)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        if (!r->paths[i].known || r->paths[i].s.state != BW_OK ||
            r->paths[i].s.n_hops == 0) {
            return false;
        }
    }
    return true;
}

static void text_hop(const struct bw_path_hop *h)
{
    if (!h->answered) {
        (void)printf("  %2d  no answer (%d sent)\n", h->ttl, h->sent);
        return;
    }
    (void)printf("  %2d  %-39s  %s", h->ttl, h->address,
                 h->name[0] != '\0' ? h->name : "-");
    if (h->rtt_ns != BW_UNKNOWN) {
        (void)printf("  %.3f ms", (double)h->rtt_ns / 1e6);
    }
    if (h->lost > 0) {
        (void)printf("  (%d of %d answered)", h->sent - h->lost, h->sent);
    }
    (void)printf("\n");
}

static void text_mtu(const struct bw_path_sample *s)
{
    static const char after[] = "mtu-black-hole-after-";
    if (s->mtu == BW_UNKNOWN) {
        return;
    }
    (void)printf("  MTU          %" PRId64 " bytes", s->mtu);
    if (s->flag && strncmp(s->flag, after, sizeof(after) - 1) == 0) {
        (void)printf("; larger packets vanish without a word behind hop %s (a black hole)",
                     s->flag + sizeof(after) - 1);
    } else if (s->flag) {
        (void)printf("; larger packets vanish without a word (a black hole)");
    }
    (void)printf("\n");
}

void probe_path_text(const struct probe_result *r, size_t i)
{
    const struct bw_path_sample *s = &r->paths[i].s;
    (void)printf("path to %s", bw_opts_target(r->opts, i)->address);
    if (!r->paths[i].known) {
        (void)printf("  (interrupted before it began)\n");
        return;
    }
    if (s->family != 0) {
        (void)printf(" over IPv%d, %s", s->family, s->method);
    }
    (void)printf("%s\n",
                 s->state == BW_SKIPPED ? "  (interrupted: as far as it came)" : "");
    if (s->state == BW_FAILED) {
        (void)printf("  failed       %s\n", s->reason ? s->reason : bw_strerror(s->error));
        return;
    }
    for (uint32_t k = 0; k < s->n_hops; k++) {
        text_hop(&s->hops[k]);
    }
    if (s->reached) {
        (void)printf("  reached      after %u %s\n", s->n_hops,
                     bw_plural(s->n_hops, "hop", "hops"));
    } else if (s->n_hops > 0) {
        (void)printf("  not reached  hop %u was the last to answer; what lies behind it is "
                     "not known\n",
                     s->n_hops);
    } else {
        (void)printf("  not reached  nobody answered on the way\n");
    }
    text_mtu(s);
}

static void json_hop(const struct bw_path_hop *h, struct bw_jw *w)
{
    bw_jw_obj(w);
    bw_jw_ki64(w, "ttl", h->ttl);
    bw_jw_kstr(w, "address", h->answered ? h->address : NULL);
    bw_jw_kstr(w, "name", h->name[0] != '\0' ? h->name : NULL);
    bw_jw_ki64(w, "sent", h->sent);
    bw_jw_ki64(w, "lost", h->lost);
    bw_jw_ki64(w, "rtt_ns", h->rtt_ns);
    bw_jw_obj_end(w);
}

void probe_path_json(const struct probe_result *r, size_t i, struct bw_jw *w)
{
    const struct bw_path_sample *s = &r->paths[i].s;
    bw_jw_obj(w);
    bw_jw_kstr(w, "target", bw_opts_target(r->opts, i)->address);
    if (!r->paths[i].known) {
        bw_jw_kstr(w, "state", "cancelled");
        bw_jw_obj_end(w);
        return;
    }
    bw_jw_kstr(w, "state",
               s->state == BW_OK        ? "ok"
               : s->state == BW_SKIPPED ? "cancelled"
                                        : "failed");
    bw_jw_kstr(w, "reason", s->reason);
    if (s->family != 0) {
        bw_jw_ki64(w, "family", s->family);
    }
    bw_jw_kstr(w, "method", s->method);
    bw_jw_kbool(w, "reached", s->reached);
    bw_jw_ki64(w, "mtu", s->mtu);
    bw_jw_kstr(w, "flag", s->flag);
    bw_jw_karr(w, "hops");
    for (uint32_t k = 0; k < s->n_hops; k++) {
        json_hop(&s->hops[k], w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

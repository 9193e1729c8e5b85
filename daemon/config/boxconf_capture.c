/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_capture.c - whether a circuit's packets are looked at, where, and what tells
 * which way they go. */
#include "boxconf.h"
#include "boxconf_schema.h"

#include <bw/err.h>
#include <conf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const bw_boxconf_capture_words[] = {"off", "mix", "flows", NULL};

static int add_router(struct bw_inside *in, const char *text, struct bw_err *reterr)
{
    uint8_t mac[6];
    int r = bw_inside_mac(text, mac, reterr);
    r = r < 0 ? r : bw_inside_add_outer(in, mac);
    return r != -E2BIG
               ? r
               : bw_err_set(reterr, r, "more than %d routers", BW_INSIDE_ROUTERS_MAX);
}

/* Words with blanks or commas between, each for add(). */
static int read_list(struct bw_inside *in,
                     const struct bw_conf_node *at,
                     const char *name,
                     int (*add)(struct bw_inside *in, const char *, struct bw_err *),
                     struct bw_err *reterr)
{
    const char *p = bw_conf_str(at, name);
    for (p += strspn(p, " ,"); *p; p += strspn(p, " ,")) {
        char one[64];
        struct bw_err why = {0};
        size_t n = strcspn(p, " ,");
        if (n >= sizeof(one)) {
            return bw_conf_fault(at, name, reterr, "'%s': one of its words is too long",
                                 name);
        }
        (void)memcpy(one, p, n);
        one[n] = '\0';
        if (add(in, one, &why) < 0) {
            return bw_conf_fault(at, name, reterr, "%s", why.text);
        }
        p += n;
    }
    return 0;
}

static int read_router(struct bw_boxconf_circuit *c,
                       const struct bw_conf_node *at,
                       struct bw_err *reterr)
{
    struct bw_boxconf_capture *k = &c->capture;
    bool is_router = c->vantage == BW_VANTAGE_ROUTER;
    if (!bw_conf_str(at, "router")[0]) {
        k->by_mac = is_router && !k->faces_school;
        return 0;
    }
    if (is_router) {
        return bw_conf_fault(at, "router", reterr,
                             "with vantage = router this box is the router: drop 'router'");
    }
    k->by_mac = true;
    return read_list(&k->inside, at, "router", add_router, reterr);
}

int bw_boxconf_read_capture(struct bw_boxconf_circuit *c,
                            const struct bw_conf_node *at,
                            struct bw_err *reterr)
{
    struct bw_boxconf_capture *k = &c->capture;
    const char *interface = bw_conf_str(at, "capture_interface");
    int64_t one_in = bw_conf_int(at, "flows_one_in");
    int r;
    k->what = (enum bw_boxconf_capture_what)bw_conf_int(at, "capture");
    (void)snprintf(k->interface, sizeof(k->interface), "%s",
                   interface[0] ? interface : c->interface);
    k->faces_school = bw_conf_str(at, "capture_side")[0]
                          ? strcmp(bw_conf_str(at, "capture_side"), "school") == 0
                          : c->faces_school;
    k->devices = bw_conf_bool(at, "devices");
    k->smallest_group = (int)bw_conf_int(at, "smallest_group");
    k->flows_one_in = (uint32_t)one_in;
    if (k->what != BW_BOXCONF_CAPTURE_OFF && !k->interface[0]) {
        return bw_conf_fault(at, "capture", reterr,
                             "capture needs an interface: say 'capture_interface'");
    }
    if ((one_in & (one_in - 1)) != 0) {
        return bw_conf_fault(at, "flows_one_in", reterr,
                             "'flows_one_in' must be a power of two: 1, 2, 4, 8, 16 …");
    }
    bw_inside_init(&k->inside);
    r = read_list(&k->inside, at, "inside", bw_inside_add, reterr);
    if (k->inside.n == 0) {
        bw_inside_add_private(&k->inside);
    }
    return r < 0 ? r : read_router(c, at, reterr);
}

bool bw_boxconf_same_capture(const struct bw_boxconf_capture *a,
                             const struct bw_boxconf_capture *b)
{
    const struct bw_inside *i = &a->inside;
    const struct bw_inside *j = &b->inside;
    if (a->what != b->what || strcmp(a->interface, b->interface) != 0 ||
        a->faces_school != b->faces_school || a->by_mac != b->by_mac ||
        a->devices != b->devices || a->smallest_group != b->smallest_group ||
        a->flows_one_in != b->flows_one_in || i->n != j->n || i->by_outer != j->by_outer ||
        memcmp(i->outer, j->outer, sizeof(i->outer)) != 0 ||
        i->n_outer_also != j->n_outer_also ||
        memcmp(i->outer_also, j->outer_also, sizeof(i->outer_also)) != 0) {
        return false;
    }
    for (size_t k = 0; k < i->n; k++) {
        if (i->prefix[k].family != j->prefix[k].family ||
            i->prefix[k].bits != j->prefix[k].bits ||
            memcmp(i->prefix[k].address, j->prefix[k].address,
                   sizeof(i->prefix[k].address)) != 0) {
            return false;
        }
    }
    return true;
}

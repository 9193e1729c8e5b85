/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve.h - the addresses of a name over one family, asked for in packets of our own from
 * the resolvers that the system is configured with, so that the time it takes is known and
 * is nobody's queue or cache on this machine but theirs.
 *
 * Like the system's resolver it looks into /etc/hosts first and asks the nameservers of
 * /etc/resolv.conf one after another; unlike it, names are always whole: no search list.
 * Both small files are read anew for each name. On the loop's thread only. */
#ifndef BW_RESOLVE_H
#define BW_RESOLVE_H

#include "address.h"

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_resolve;
struct uv_loop_s;

enum {
    BW_RESOLVERS_MAX = 3, /* as resolv.conf(5) */
    BW_RESOLVE_ADDRESSES = 4,
    BW_RESOLVE_STEP_MS = 2000 /* of silence until the next nameserver is asked */
};

struct bw_resolve_result {
    int error; /* 0; -EADDRNOTAVAIL: the name has no address of that family; -ENOENT: there
                  is no such name; -ETIMEDOUT: nobody answered; -EIO: no good answer; other
                  -errno: nobody could be asked */
    const char
        *code; /* "dns-nxdomain", …: what was answered instead; NULL: nothing. Lent */
    union bw_address list[BW_RESOLVE_ADDRESSES]; /* without ports */
    size_t n;
    int64_t took_ns; /* from the first query to the answer; unknown when nobody was asked */
};

struct bw_resolve_setup {
    struct uv_loop_s *loop;
    const char *name;
    int family; /* 4 or 6 */
    union bw_address
        server;         /* ask only this one (with its port); all zero: the system's … */
    const char *device; /* … by the routing table; `server` by this interface … */
    const char *source; /* … and from this address (of the server's family); "" any */
    const char *resolv_path; /* NULL: /etc/resolv.conf */
    const char *hosts_path;  /* NULL: /etc/hosts */
    /* Once, later. It is to be closed by its owner, here or later. */
    void (*done)(void *owner, const struct bw_resolve_result *r);
    void (*closed)(void *owner); /* after bw_resolve_close() */
    void *owner;
};

/* -EINVAL: no domain name; -ENOMEM. */
int bw_resolve_start(const struct bw_resolve_setup *setup, struct bw_resolve **ret);
/* Of one that is under way: what was answered so far that is no address ("dns-servfail" of
 * an earlier nameserver, "dns-wrong-id", …); NULL: nothing. Lent until it is closed. */
const char *bw_resolve_so_far(struct bw_resolve *r);
void bw_resolve_close(struct bw_resolve *r); /* NULL is a no-op */

/* The nameservers in a text like resolv.conf, with port 53; 127.0.0.1 where it has none. */
size_t bw_resolve_servers(const char *text, union bw_address ret[BW_RESOLVERS_MAX]);
/* Addresses of a name and family in a text like /etc/hosts. */
size_t bw_resolve_hosts(const char *text,
                        const char *name,
                        int family,
                        union bw_address ret[BW_RESOLVE_ADDRESSES]);

#endif

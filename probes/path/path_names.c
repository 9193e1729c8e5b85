/* SPDX-License-Identifier: GPL-3.0-or-later
 * path_names.c - reverse names. A lookup owns itself: the thread it runs on cannot be
 * stopped, so whoever closes only forgets it. */
#include "path_names.h"

#include <clock.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    NAMES = 128, /* remembered; the oldest gives way */
    OCTETS = 4,
    NIBBLES = 32
};

#define NS_PER_S INT64_C(1000000000)
#define KEEP_NS (86400 * NS_PER_S)
#define RETRY_NS (600 * NS_PER_S) /* after a resolver that did not answer */

enum name_state {
    NAME_FREE,
    NAME_ASKED,
    NAME_KNOWN
};

struct name {
    enum name_state state;
    union bw_address address;
    int64_t until_mono_ns;
    char text[BW_NAME_MAX + 1];
};

struct name_lookup {
    uv_getnameinfo_t req;
    struct path_names *names; /* NULL: nobody waits any more */
    union bw_address address;
};

struct path_names {
    struct uv_loop_s *loop;
    void (*told)(void *owner);
    void *owner;
    struct name_lookup *under_way;
    struct name names[NAMES];
    size_t next; /* to give way */
};

/* What of a name may be told ---------------------------------------------------- */

/* The numbers of a label: those of IPv4 show as decimal ones, in either order, also run
 * together with leading zeros. */
static size_t decimals(const char *p, size_t n, unsigned ret[], size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        size_t digits = 0;
        while (i < n && isdigit((unsigned char)p[i]) && digits < 3) {
            v = v * 10 + (unsigned)(p[i++] - '0');
            digits++;
        }
        if (digits > 0 && count < max) {
            ret[count++] = v;
        }
        i -= digits > 0;
    }
    return count;
}

static bool tells4(const char *name, size_t n, const uint8_t a[OCTETS])
{
    static const char hex[] = "0123456789abcdef";
    unsigned v[64];
    char whole[2 * OCTETS + 1];
    size_t count = decimals(name, n, v, sizeof(v) / sizeof(v[0]));
    for (size_t i = 0; i + OCTETS <= count; i++) {
        bool forth = true;
        bool back = true;
        for (size_t k = 0; k < OCTETS; k++) {
            forth = forth && v[i + k] == a[k];
            back = back && v[i + k] == a[OCTETS - 1 - k];
        }
        if (forth || back) {
            return true;
        }
    }
    for (size_t k = 0; k < OCTETS; k++) {
        whole[2 * k] = hex[a[k] >> 4];
        whole[2 * k + 1] = hex[a[k] & 15];
    }
    whole[sizeof(whole) - 1] = '\0';
    return strstr(name, whole) && strstr(name, whole) < name + n;
}

/* Twelve hexadecimal digits of the address in a row, whatever stands between groups. */
static bool tells6(const char *name, size_t n, const uint8_t a[16])
{
    enum {
        ENOUGH = 12
    };
    static const char hex[] = "0123456789abcdef";
    char digits[256];
    char forth[NIBBLES + 1];
    char back[NIBBLES + 1];
    size_t count = 0;
    for (size_t i = 0; i < n && count < sizeof(digits) - 1; i++) {
        if (isxdigit((unsigned char)name[i])) {
            digits[count++] = name[i];
        }
    }
    digits[count] = '\0';
    for (size_t k = 0; k < NIBBLES; k++) {
        forth[k] = hex[k % 2 == 0 ? a[k / 2] >> 4 : a[k / 2] & 15];
        back[NIBBLES - 1 - k] = forth[k];
    }
    forth[NIBBLES] = '\0';
    back[NIBBLES] = '\0';
    for (size_t i = 0; i + ENOUGH <= NIBBLES; i++) {
        char part[ENOUGH + 1];
        (void)memcpy(part, forth + i, ENOUGH);
        part[ENOUGH] = '\0';
        if (strspn(part, "0") < ENOUGH && strstr(digits, part)) {
            return true;
        }
        (void)memcpy(part, back + i, ENOUGH);
        if (strspn(part, "0") < ENOUGH && strstr(digits, part)) {
            return true;
        }
    }
    return false;
}

static bool tells(const char *name, size_t n, const union bw_address *a)
{
    if (bw_address_family(a) == 6) {
        return tells6(name, n, a->in6.sin6_addr.s6_addr);
    }
    return tells4(name, n, (const uint8_t *)&a->in.sin_addr.s_addr);
}

void path_name_clean(const char *name, const union bw_address *a, char ret[BW_NAME_MAX + 1])
{
    char text[256] = "";
    size_t n = strlen(name);
    const char *from = text;
    bool told = false;
    ret[0] = '\0';
    if (n == 0 || n >= sizeof(text)) {
        return;
    }
    for (size_t i = 0; i <= n; i++) {
        int c = tolower((unsigned char)name[i]);
        if (c != '\0' && !isalnum(c) && c != '-' && c != '.' && c != '_') {
            return; /* whatever it is, it is no host name */
        }
        text[i] = (char)c;
    }
    if (text[n - 1] == '.') {
        text[--n] = '\0';
    }
    /* Labels are taken from the front until the rest fits and says nothing, not even a
     * part: behind what tells the address, labels with digits go too. */
    while (*from != '\0') {
        size_t label = strcspn(from, ".");
        told = told || tells(from, strlen(from), a);
        if (strlen(from) <= (size_t)BW_NAME_MAX &&
            !(told && (tells(from, strlen(from), a) || label == 1 ||
                       strcspn(from, "0123456789") < label))) {
            break;
        }
        from += label + (from[label] == '.');
    }
    if (isalnum((unsigned char)from[0]) && strspn(from, "0123456789.") < strlen(from)) {
        (void)memcpy(ret, from, strlen(from) + 1);
    }
}

/* Looking up ------------------------------------------------------------------- */

struct path_names *
path_names_new(struct uv_loop_s *loop, void (*told)(void *owner), void *owner)
{
    struct path_names *n = calloc(1, sizeof(*n));
    if (n) {
        n->loop = loop;
        n->told = told;
        n->owner = owner;
    }
    return n;
}

static struct name *find(struct path_names *n, const union bw_address *a)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (n->names[i].state != NAME_FREE && bw_address_equal(&n->names[i].address, a)) {
            return &n->names[i];
        }
    }
    return NULL;
}

static void look_up_next(struct path_names *n);

static void named(uv_getnameinfo_t *req, int status, const char *host, const char *service)
{
    struct name_lookup *l = req->data;
    struct path_names *n = l->names;
    (void)service;
    if (n) {
        struct name *e = find(n, &l->address);
        n->under_way = NULL;
        if (e) {
            bool failed = status != 0 && status != UV_EAI_NONAME;
            e->state = NAME_KNOWN;
            e->until_mono_ns = bw_clock_mono_ns() + (failed ? RETRY_NS : KEEP_NS);
            e->text[0] = '\0';
            if (status == 0 && host) {
                path_name_clean(host, &l->address, e->text);
            }
        }
        look_up_next(n);
        n->told(n->owner);
    }
    free(l);
}

static void look_up_next(struct path_names *n)
{
    for (size_t i = 0; i < NAMES && !n->under_way; i++) {
        struct name *e = &n->names[i];
        struct name_lookup *l;
        if (e->state != NAME_ASKED) {
            continue;
        }
        l = calloc(1, sizeof(*l));
        if (!l) {
            return;
        }
        l->names = n;
        l->address = e->address;
        l->req.data = l;
        if (uv_getnameinfo(n->loop, &l->req, named, &l->address.sa, NI_NAMEREQD) < 0) {
            free(l);
            return;
        }
        n->under_way = l;
    }
}

void path_names_ask(struct path_names *n, const union bw_address *a, int64_t now_mono_ns)
{
    struct name *e = find(n, a);
    if (e && (e->state == NAME_ASKED || now_mono_ns < e->until_mono_ns)) {
        return;
    }
    if (!e) {
        e = &n->names[n->next];
        n->next = (n->next + 1) % NAMES;
        *e = (struct name){.address = *a};
    }
    e->state = NAME_ASKED;
    look_up_next(n);
}

bool path_names_known(const struct path_names *n, const union bw_address *a)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (n->names[i].state == NAME_ASKED && bw_address_equal(&n->names[i].address, a)) {
            return false;
        }
    }
    return true;
}

const char *path_names_of(const struct path_names *n, const union bw_address *a)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (n->names[i].state == NAME_KNOWN && bw_address_equal(&n->names[i].address, a)) {
            return n->names[i].text;
        }
    }
    return "";
}

void path_names_free(struct path_names *n)
{
    if (!n) {
        return;
    }
    if (n->under_way) {
        n->under_way->names = NULL;
        (void)uv_cancel((uv_req_t *)&n->under_way->req);
    }
    free(n);
}

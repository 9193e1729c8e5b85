/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_manifest.c - names, hashes and manifests of a bag (RFC 8493 sections 2.1.3, 2.2.1,
 * 5.1).
 *
 * Invariant: a manifest is checked as the bytes that its members give; what differs is
 * then looked for line by line, only to name it. */
#include "bag_private.h"

#include "buf.h"

#include <bw/err.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *bw_bag_hash_name(enum bw_bag_hash h)
{
    return h == BW_BAG_SHA256 ? "sha256" : "sha512";
}

int bw_bag_hash_hex(enum bw_bag_hash h,
                    const void *data,
                    size_t n,
                    char ret[BW_BAG_HEX_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(data, n, raw, &len, h == BW_BAG_SHA256 ? EVP_sha256() : EVP_sha512(),
                   NULL) != 1) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < len && 2 * i + 1 < BW_BAG_HEX_MAX; i++) {
        ret[(size_t)2 * i] = digits[raw[i] >> 4];
        ret[2 * i + 1] = digits[raw[i] & 15];
    }
    ret[(size_t)2 * len] = '\0';
    return 0;
}

const char *bw_bag_name_trouble(const char *name)
{
    size_t n = strlen(name);

    if (n == 0) {
        return "an empty name";
    }
    if (n > BW_BAG_NAME_MAX) {
        return "a name that is too long";
    }
    if (name[0] == '/') {
        return "a name that leaves the bag";
    }
    for (const char *p = name; *p;) {
        size_t part = strcspn(p, "/");
        if (part == 2 && p[0] == '.' && p[1] == '.') {
            return "a name that leaves the bag";
        }
        if (part == 0 || p[0] == '.' || (p[part] == '/' && p[part + 1] == '\0')) {
            return "a name with an empty or hidden part";
        }
        if (strspn(p,
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") <
            part) {
            return "a name with characters that no member has";
        }
        p += part + (p[part] == '/');
    }
    return NULL;
}

void bw_bag_manifest_name(enum bw_bag_hash h, bool tags, char ret[BW_BAG_NAME_MAX + 1])
{
    (void)snprintf(ret, BW_BAG_NAME_MAX + 1, "%smanifest-%s.txt", tags ? "tag" : "",
                   bw_bag_hash_name(h));
}

bool bw_bag_covers(bool tags, const char *name)
{
    bool payload = strncmp(name, "data/", 5) == 0;

    return tags ? !payload && strncmp(name, "tagmanifest-", 12) != 0 : payload;
}

int bw_bag_manifest(enum bw_bag_hash h,
                    bool tags,
                    const struct bw_bag_member *members,
                    size_t n,
                    struct bw_buf *out)
{
    char hex[BW_BAG_HEX_MAX + 1];

    for (size_t i = 0; i < n; i++) {
        if (bw_bag_covers(tags, members[i].name)) {
            int r = bw_bag_hash_hex(h, members[i].data, members[i].n, hex);
            if (r < 0) {
                return r;
            }
            bw_buf_printf(out, "%s  %s\n", hex, members[i].name);
        }
    }
    return bw_buf_error(out);
}

/* ---- checking -------------------------------------------------------------------- */

struct checking {
    const struct bw_bag *bag;
    bw_bag_fault_cb fault;
    bw_bag_progress_cb progress;
    void *owner;
    int64_t n_faults;
    size_t done; /* bytes hashed, of all twice */
    size_t all;
    unsigned char *bad; /* of each member: bit h, its hash h is not the manifest's */
};

static void tell(struct checking *c, const char *member, const char *text)
{
    c->n_faults++;
    if (c->fault) {
        c->fault(c->owner, member, text);
    }
}

/* One line "hex  name\n" of m at *at; its parts are lent. False: no such line. */
static bool next_line(const struct bw_bag_member *m,
                      size_t *at,
                      size_t digits,
                      const char **ret_hex,
                      char name[BW_BAG_NAME_MAX + 1])
{
    const char *line = m->data + *at;
    const char *end = memchr(line, '\n', m->n - *at);
    size_t n = end ? (size_t)(end - line) : 0;

    if (!end || n < digits + 3 || n - digits - 2 > BW_BAG_NAME_MAX || line[digits] != ' ' ||
        line[digits + 1] != ' ') {
        return false;
    }
    memcpy(name, line + digits + 2, n - digits - 2);
    name[n - digits - 2] = '\0';
    *ret_hex = line;
    *at += n + 1;
    return bw_bag_name_trouble(name) == NULL;
}

/* Hold one manifest against the members that it covers; both are in the same order. */
static int check_manifest(struct checking *c, enum bw_bag_hash h, bool tags)
{
    char manifest[BW_BAG_NAME_MAX + 1];
    char name[BW_BAG_NAME_MAX + 1];
    char text[BW_BAG_NAME_MAX + 120];
    char hex[BW_BAG_HEX_MAX + 1];
    const struct bw_bag_member *m;
    const char *listed = "";
    size_t digits = h == BW_BAG_SHA256 ? 64 : 128;
    size_t at = 0;
    size_t i = 0;

    bw_bag_manifest_name(h, tags, manifest);
    m = bw_bag_find(c->bag, manifest);
    if (!m) {
        tell(c, manifest, "is missing: the bag has no such manifest");
        return 0;
    }
    for (;;) {
        bool more = at < m->n;
        while (i < bw_bag_count(c->bag) &&
               !bw_bag_covers(tags, bw_bag_at(c->bag, i)->name)) {
            i++;
        }
        if (!more && i == bw_bag_count(c->bag)) {
            return 0;
        }
        if (more && !next_line(m, &at, digits, &listed, name)) {
            tell(c, manifest,
                 "holds a line that is none of a manifest; the rest of it is "
                 "not read");
            return 0;
        }
        const struct bw_bag_member *x =
            i < bw_bag_count(c->bag) ? bw_bag_at(c->bag, i) : NULL;
        int order = !more ? 1 : !x ? -1 : strcmp(name, x->name);
        if (order < 0) {
            (void)snprintf(text, sizeof(text), "lists %s, which is not in the bag", name);
            tell(c, manifest, text);
            continue;
        }
        if (order > 0) {
            (void)snprintf(text, sizeof(text),
                           "does not list %s at its place, which is in the bag", x->name);
            tell(c, manifest, text);
            if (more) {
                at -= strlen(name) + digits + 3;
            }
            i++;
            continue;
        }
        if (bw_bag_hash_hex(h, x->data, x->n, hex) < 0) {
            return -ENOMEM;
        }
        if (memcmp(hex, listed, digits) != 0) {
            c->bad[i] |= (unsigned char)(1u << h);
        }
        i++;
        c->done += x->n;
        if (c->progress && c->all > 0) {
            c->progress(c->owner, (int)(c->done / (c->all / 1000 + 1)));
        }
    }
}

/* Which of file and manifest was changed: the other manifest tells. */
static void tell_bad(struct checking *c)
{
    for (size_t i = 0; i < bw_bag_count(c->bag); i++) {
        const char *name = bw_bag_at(c->bag, i)->name;
        char manifest[BW_BAG_NAME_MAX + 1];
        char text[BW_BAG_NAME_MAX + 120];
        if (c->bad[i] == 3) {
            tell(c, name,
                 "is not the file that was packed: its SHA-256 and SHA-512 are others");
        } else if (c->bad[i]) {
            enum bw_bag_hash h = c->bad[i] == 1 ? BW_BAG_SHA256 : BW_BAG_SHA512;
            bw_bag_manifest_name(h, bw_bag_covers(true, name), manifest);
            (void)snprintf(text, sizeof(text),
                           "its line for %s does not fit, the other "
                           "manifest's does",
                           name);
            tell(c, manifest, text);
        }
    }
}

static void check_info(struct checking *c)
{
    const struct bw_bag_member *m = bw_bag_find(c->bag, "bagit.txt");
    char want[64];
    char got[64];
    size_t bytes = 0;
    size_t n = 0;

    if (!m) {
        tell(c, "bagit.txt", "is missing: this is no bag");
    } else if (m->n != strlen(BW_BAG_DECLARATION) ||
               memcmp(m->data, BW_BAG_DECLARATION, m->n) != 0) {
        tell(c, "bagit.txt", "does not declare BagIt 1.0 in UTF-8");
    }
    for (size_t i = 0; i < bw_bag_count(c->bag); i++) {
        if (bw_bag_covers(false, bw_bag_at(c->bag, i)->name)) {
            bytes += bw_bag_at(c->bag, i)->n;
            n++;
        }
    }
    (void)snprintf(want, sizeof(want), "%zu.%zu", bytes, n);
    if (!bw_bag_info_get(c->bag, "Payload-Oxum", got, sizeof(got))) {
        tell(c, "bag-info.txt", "does not tell how much the payload is (Payload-Oxum)");
    } else if (strcmp(got, want) != 0) {
        tell(c, "bag-info.txt", "tells of another size of the payload (Payload-Oxum)");
    }
}

int64_t bw_bag_check(const struct bw_bag *b,
                     bw_bag_fault_cb fault,
                     bw_bag_progress_cb progress,
                     void *owner)
{
    struct checking c = {.bag = b, .fault = fault, .progress = progress, .owner = owner};
    int r = 0;

    for (size_t i = 0; i < bw_bag_count(b); i++) {
        c.all += 2 * bw_bag_at(b, i)->n;
    }
    c.bad = calloc(bw_bag_count(b) + 1, 1);
    if (!c.bad) {
        return -ENOMEM;
    }
    check_info(&c);
    for (int h = 0; r == 0 && h < BW_BAG_HASHES; h++) {
        r = check_manifest(&c, (enum bw_bag_hash)h, true);
        r = r < 0 ? r : check_manifest(&c, (enum bw_bag_hash)h, false);
    }
    tell_bad(&c);
    free(c.bad);
    return r < 0 ? r : c.n_faults;
}

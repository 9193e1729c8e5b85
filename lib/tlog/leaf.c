/* SPDX-License-Identifier: GPL-3.0-or-later
 * leaf.c - type, time and hash as 41 bytes, big endian. */
#include "leaf.h"
#include "tree.h"

#include <buf.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

static const char *const names[BW_LEAF_TYPE_MAX + 1] = {
    [BW_LEAF_SUMMARY] = "summary",
    [BW_LEAF_ENTITY] = "entity",
    [BW_LEAF_CLAIM] = "claim",
    [BW_LEAF_BINDING] = "binding",
    [BW_LEAF_CALENDAR] = "calendar",
    [BW_LEAF_ANNOTATION] = "annotation",
    [BW_LEAF_ADOPTION] = "adoption",
    [BW_LEAF_ERRATUM] = "erratum",
    [BW_LEAF_REPLY] = "reply",
    [BW_LEAF_WITHDRAWAL] = "withdrawal",
    [BW_LEAF_REVOCATION] = "revocation",
    [BW_LEAF_SITE] = "site",
    [BW_LEAF_TERMS] = "terms",
    [BW_LEAF_GOAL] = "goal",
    [BW_LEAF_STATEMENT] = "statement",
    [BW_LEAF_ENROLMENT] = "enrolment",
    [BW_LEAF_KEY_END] = "key-end",
    [BW_LEAF_POLICY] = "policy",
    [BW_LEAF_ACT] = "act",
    [BW_LEAF_EPOCH] = "epoch",
    [BW_LEAF_KEY_REPLACED] = "key-replaced",
};

void bw_leaf_write(const struct bw_leaf *l, uint8_t ret[BW_LEAF_BYTES])
{
    ret[0] = (uint8_t)l->type;
    for (unsigned i = 0; i < 8; i++) {
        ret[1 + i] = (uint8_t)((uint64_t)l->unix_ms >> (56 - 8 * i));
    }
    memcpy(ret + 9, l->sha256, 32);
}

void bw_leaf_read(const uint8_t bytes[BW_LEAF_BYTES], struct bw_leaf *ret)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 8; i++) {
        ms = ms << 8 | bytes[1 + i];
    }
    ret->type = bytes[0];
    ret->unix_ms = ms > INT64_MAX ? INT64_MAX : (int64_t)ms;
    memcpy(ret->sha256, bytes + 9, 32);
}

void bw_leaf_hash(const struct bw_leaf *l, uint8_t ret[32])
{
    uint8_t bytes[BW_LEAF_BYTES];
    bw_leaf_write(l, bytes);
    bw_tree_leaf(bytes, sizeof(bytes), ret);
}

void bw_leaf_type_name(int type, char name[16])
{
    const char *known = type >= 0 && type <= BW_LEAF_TYPE_MAX ? names[type] : NULL;
    if (known) {
        (void)snprintf(name, 16, "%s", known);
    } else {
        (void)snprintf(name, 16, "type-%d", type & BW_LEAF_TYPE_MAX);
    }
}

int bw_leaf_type_of(const char *kind)
{
    for (int i = BW_LEAF_ENTITY; i <= BW_LEAF_GOAL; i++) {
        if (strcmp(names[i], kind) == 0) {
            return i;
        }
    }
    return -ENOENT;
}

void bw_leaf_enrolment_text(const char *kid,
                            const char *site,
                            int64_t enrolled_unix_s,
                            const char *prev_kid,
                            struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "kid", kid);
    bw_jw_kstr(&w, "site", site);
    bw_jw_ki64(&w, "enrolled_s", enrolled_unix_s);
    bw_jw_kstr(&w, "prev_kid", prev_kid && prev_kid[0] ? prev_kid : NULL);
    bw_jw_obj_end(&w);
}

static void key_over_text(const char *kid,
                          const char *site,
                          const char *member,
                          int64_t unix_s,
                          struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "kid", kid);
    bw_jw_kstr(&w, "site", site);
    bw_jw_ki64(&w, member, unix_s);
    bw_jw_obj_end(&w);
}

void bw_leaf_key_end_text(const char *kid,
                          const char *site,
                          int64_t revoked_unix_s,
                          struct bw_buf *out)
{
    key_over_text(kid, site, "revoked_s", revoked_unix_s, out);
}

void bw_leaf_key_replaced_text(const char *kid,
                               const char *site,
                               int64_t replaced_unix_s,
                               struct bw_buf *out)
{
    key_over_text(kid, site, "replaced_s", replaced_unix_s, out);
}

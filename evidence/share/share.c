/* SPDX-License-Identifier: GPL-3.0-or-later
 * share.c - links to one pack: tokens, the table of members, and those on file.
 *
 * Invariant: whoever reads the catalogue cannot make a link of it: it has hashes alone. */
#include "share.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)
#define PREFIX "bws_"

static const char id_letters[] = "abcdefghijklmnopqrstuvwxyz234567";

static const char *const packs[] = {
    [BW_SHARE_UNKNOWN] = "",
    [BW_SHARE_SIZING] = "sizing",
    [BW_SHARE_PIA] = "pia",
    [BW_SHARE_INVOICE] = "invoice",
    [BW_SHARE_DELIVERY] = "delivery",
    [BW_SHARE_AUDIT] = "audit",
    NULL,
};

const char *const bw_share_forms[BW_SHARE_FORMS] = {"html", "pdf", "csv", "json"};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_share, member),                                               \
    .size = sizeof(((struct bw_share *)NULL)->member)
#define TIME(word, member)                                                                 \
    {                                                                                      \
        .name = (word), .kind = BW_FIELD_INT, .needed = true, .min = 0, .max = UNIX_S_MAX, \
        AT(member)                                                                         \
    }

static const struct bw_field fields[] = {
    {.name = "id", .kind = BW_FIELD_TEXT, .needed = true, AT(id)},
    {.name = "circuit", .kind = BW_FIELD_TEXT, .needed = true, AT(circuit)},
    {.name = "pack", .kind = BW_FIELD_CHOICE, .needed = true, .words = packs, AT(pack)},
    TIME("from_s", from_unix_s),
    TIME("to_s", to_unix_s),
    TIME("made_s", made_unix_s),
    TIME("expires_s", expires_unix_s),
    {.name = "records",
     .kind = BW_FIELD_INT,
     .needed = true,
     .max = INT64_MAX,
     AT(records)},
    {.name = "leaves", .kind = BW_FIELD_INT, .max = INT64_MAX, AT(leaves)},
    {.name = "html_sha256", .kind = BW_FIELD_TEXT, .needed = true, AT(sha256[0])},
    {.name = "pdf_sha256", .kind = BW_FIELD_TEXT, .needed = true, AT(sha256[1])},
    {.name = "csv_sha256", .kind = BW_FIELD_TEXT, .needed = true, AT(sha256[2])},
    {.name = "json_sha256", .kind = BW_FIELD_TEXT, .needed = true, AT(sha256[3])},
    {.name = "note", .kind = BW_FIELD_TEXT, AT(note)},
};

enum {
    FIELDS = sizeof(fields) / sizeof(fields[0])
};

void bw_share_init(struct bw_share *s)
{
    memset(s, 0, sizeof(*s));
    bw_fields_init(fields, FIELDS, s);
}

/* The id is a folder's name, the circuit a part of a file's. */
static int check(const struct bw_share *s, int code, struct bw_err *reterr)
{
    bool good = strlen(s->id) == BW_SHARE_ID_LEN &&
                strspn(s->id, id_letters) == BW_SHARE_ID_LEN &&
                strspn(s->circuit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789._-") == strlen(s->circuit) &&
                s->to_unix_s > s->from_unix_s;

    for (size_t i = 0; i < BW_SHARE_FORMS; i++) {
        good = good && bw_statement_id_valid(s->sha256[i]);
    }
    return good ? 0 : bw_err_set(reterr, code, "the members of this link do not fit");
}

int bw_share_encode(const struct bw_share *s, struct bw_buf *out, struct bw_err *reterr)
{
    int r = check(s, -EINVAL, reterr);

    return r < 0 ? r : bw_fields_encode(fields, FIELDS, s, out, reterr);
}

int bw_share_decode(const char *text, size_t n, struct bw_share *ret, struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r = bw_fields_decode(fields, FIELDS, text, n, ret, reterr);
    return r < 0 ? r : check(ret, -BW_EMALFORMED, reterr);
}

const char *bw_share_pack_name(int64_t pack)
{
    return pack > BW_SHARE_UNKNOWN && pack <= BW_SHARE_AUDIT ? packs[pack] : NULL;
}

const char *bw_share_pack_words(int64_t pack)
{
    static const char *const words[] = {
        [BW_SHARE_SIZING] = "how fast the next line has to be, before Form 470 is filed",
        [BW_SHARE_PIA] = "answers to a question of Program Integrity Assurance",
        [BW_SHARE_INVOICE] = "what was delivered in the months that an invoice is for",
        [BW_SHARE_DELIVERY] =
            "whether the provider delivered, by the contract's own clauses",
        [BW_SHARE_AUDIT] = "everything on record"};

    return pack > BW_SHARE_UNKNOWN && pack <= BW_SHARE_AUDIT ? words[pack] : NULL;
}

int bw_share_pack_parse(const char *word, int64_t *ret)
{
    for (int i = BW_SHARE_SIZING; packs[i]; i++) {
        if (strcmp(packs[i], word) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- tokens --------------------------------------------------------------------- */

int bw_share_about(const char *token, char ret_about[BW_SHARE_ABOUT_LEN + 1])
{
    uint8_t raw[BW_SHARE_TOKEN_BYTES];
    char hash[BW_HASH_LEN + 1];
    size_t n = strlen(token);

    if (n != BW_SHARE_TOKEN_LEN || strncmp(token, PREFIX, strlen(PREFIX)) != 0 ||
        bw_b64_decode(token + strlen(PREFIX), n - strlen(PREFIX), raw, sizeof(raw)) !=
            BW_SHARE_TOKEN_BYTES) {
        return -EINVAL;
    }
    bw_sha256_text(token, n, hash);
    (void)snprintf(ret_about, BW_SHARE_ABOUT_LEN + 1, "%s%s", BW_SHARE_ABOUT, hash);
    return 0;
}

void bw_share_token_new(char ret_token[BW_SHARE_TOKEN_LEN + 1],
                        char ret_about[BW_SHARE_ABOUT_LEN + 1])
{
    uint8_t raw[BW_SHARE_TOKEN_BYTES];

    bw_random(raw, sizeof(raw));
    memcpy(ret_token, PREFIX, sizeof(PREFIX));
    (void)bw_b64_encode(raw, sizeof(raw), ret_token + strlen(PREFIX));
    (void)bw_share_about(ret_token, ret_about);
}

void bw_share_id_new(char ret[BW_SHARE_ID_LEN + 1])
{
    uint8_t raw[BW_SHARE_ID_LEN];

    bw_random(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++) {
        ret[i] = id_letters[raw[i] % 32];
    }
    ret[BW_SHARE_ID_LEN] = '\0';
}

/* ---- on file -------------------------------------------------------------------- */

struct finding {
    struct bw_share *share;
    bool found;
};

static int take(void *owner, const struct bw_said *said)
{
    struct finding *f = owner;
    const struct bw_statement *s = said->statement;

    if (!f->found && s->body && bw_share_decode(s->body, s->n_body, f->share, NULL) == 0) {
        f->found = true;
    }
    return 0;
}

int bw_share_find(struct bw_catalogue *c,
                  const char *about,
                  struct bw_share *ret,
                  struct bw_err *reterr)
{
    struct finding f = {.share = ret};
    int r = c->ops->statements(
        c, &(struct bw_said_query){.kind = BW_SHARE_WORD, .about = about}, take, &f,
        reterr);

    return r < 0 ? r : f.found ? 0 : bw_err_set(reterr, -ENOENT, "there is no such link");
}

void bw_share_folder(const char *data, const char *id, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%.3900s/shares/%.8s", data, id);
}

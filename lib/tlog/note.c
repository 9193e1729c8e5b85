/* SPDX-License-Identifier: GPL-3.0-or-later
 * note.c - signed notes, strictly: what parses is written again to the same bytes. */
#include "note.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8.h>

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space */

enum {
    DASH = sizeof(dash) - 1,
    SIGNATURE = 64,
    TIME = 8
};

/* ---- base64 ---------------------------------------------------------------------- */

void bw_base64_append(struct bw_buf *out, const void *data, size_t n)
{
    size_t from = out->len;
    bw_b64_append(out, data, n);
    if (bw_buf_error(out) < 0) {
        return;
    }
    for (size_t i = from; i < out->len; i++) {
        char *c = &out->data[i];
        if (*c == '-') {
            *c = '+';
        } else if (*c == '_') {
            *c = '/';
        }
    }
    for (size_t i = (n * 4 + 2) / 3; i % 4 != 0; i++) {
        bw_buf_putc(out, '=');
    }
}

long bw_base64_decode(const char *text, size_t n, void *out, size_t cap)
{
    char url[8192];
    size_t len = n;
    if (n % 4 != 0) {
        return -EINVAL;
    }
    if (n > sizeof(url)) {
        return -E2BIG;
    }
    while (len > 0 && n - len < 2 && text[len - 1] == '=') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '-' || c == '_') {
            return -EINVAL;
        }
        url[i] = c;
        if (c == '+') {
            url[i] = '-';
        } else if (c == '/') {
            url[i] = '_';
        }
    }
    return bw_b64_decode(url, len, out, cap);
}

/* ---- keys ------------------------------------------------------------------------ */

bool bw_note_name_ok(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') {
            return false;
        }
    }
    return n > 0 && n <= BW_NOTE_NAME_MAX;
}

int bw_note_key_make(const char *name,
                     enum bw_note_kind kind,
                     const uint8_t public[32],
                     struct bw_note_key *ret,
                     struct bw_err *reterr)
{
    uint8_t bytes[BW_NOTE_NAME_MAX + 2 + 32];
    uint8_t hash[32];
    if (!bw_note_name_ok(name)) {
        return bw_err_set(
            reterr, -EINVAL,
            "a key's name has 1 to %d printable characters, no space, no plus",
            BW_NOTE_NAME_MAX);
    }
    size_t n = strlen(name);
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->name, name, n + 1);
    ret->kind = kind;
    memcpy(ret->public, public, 32);
    memcpy(bytes, ret->name, n + 1);
    bytes[n] = '\n';
    bytes[n + 1] = (uint8_t)kind;
    memcpy(bytes + n + 2, public, 32);
    bw_sha256(bytes, n + 2 + 32, hash);
    memcpy(ret->id, hash, sizeof(ret->id));
    return 0;
}

void bw_note_key_text(const struct bw_note_key *k, char ret[BW_NOTE_KEY_TEXT_MAX])
{
    uint8_t bytes[33] = {(uint8_t)k->kind};
    struct bw_buf b;
    memcpy(bytes + 1, k->public, 32);
    bw_buf_init(&b, BW_NOTE_KEY_TEXT_MAX);
    bw_buf_printf(&b, "%s+%02x%02x%02x%02x+", k->name, k->id[0], k->id[1], k->id[2],
                  k->id[3]);
    bw_base64_append(&b, bytes, sizeof(bytes));
    (void)snprintf(ret, BW_NOTE_KEY_TEXT_MAX, "%s", bw_buf_error(&b) == 0 ? b.data : "");
    bw_buf_done(&b);
}

int bw_note_key_parse(const char *text, struct bw_note_key *ret, struct bw_err *reterr)
{
    char name[BW_NOTE_NAME_MAX + 1];
    char again[BW_NOTE_KEY_TEXT_MAX];
    uint8_t bytes[33];
    struct bw_note_key k = {.name = ""};
    const char *id = strchr(text, '+');
    const char *key = id ? strchr(id + 1, '+') : NULL;
    size_t n = id ? (size_t)(id - text) : 0;
    if (!key || n == 0 || n > BW_NOTE_NAME_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "a key is written as NAME+HASH+BASE64, for example "
                          "log.example.org+1a2b3c4d+AS…");
    }
    memcpy(name, text, n);
    name[n] = '\0';
    if (bw_base64_decode(key + 1, strlen(key + 1), bytes, sizeof(bytes)) != sizeof(bytes)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "the key of %s is no Ed25519 key", name);
    }
    if (bytes[0] != BW_NOTE_PLAIN && bytes[0] != BW_NOTE_WITNESS) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "the key of %s is of type %d; 1 (log) and 4 (witness) are known",
                          name, bytes[0]);
    }
    int r = bw_note_key_make(name, (enum bw_note_kind)bytes[0], bytes + 1, &k, reterr);
    if (r < 0) {
        return r;
    }
    bw_note_key_text(&k, again);
    if (strcmp(again, text) != 0) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "name, hash and key do not belong together: expected %s", again);
    }
    *ret = k;
    return 0;
}

/* ---- notes ----------------------------------------------------------------------- */

static int malformed(struct bw_err *reterr, const char *what)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "not a signed note: %s", what);
}

/* Unicode's spaces beyond ASCII, as UTF-8. */
static bool has_space(const char *name, size_t n)
{
    static const char *const spaces[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    for (size_t i = 0; i < n; i++) {
        if (name[i] == ' ' || name[i] == '+') {
            return true;
        }
        for (size_t k = 0; k < sizeof(spaces) / sizeof(spaces[0]); k++) {
            size_t len = strlen(spaces[k]);
            if (n - i >= len && memcmp(name + i, spaces[k], len) == 0) {
                return true;
            }
        }
        if (n - i >= 3 && memcmp(name + i, "\xe2\x80", 2) == 0 &&
            (uint8_t)name[i + 2] >= 0x80 && (uint8_t)name[i + 2] <= 0x8a) {
            return true;
        }
    }
    return false;
}

static int
read_signature(struct bw_note *note, const char *line, size_t n, struct bw_err *reterr)
{
    uint8_t bytes[6144];
    if (note->n == BW_NOTE_SIGNATURES) {
        return malformed(reterr, "too many signatures");
    }
    if (n <= DASH || memcmp(line, dash, DASH) != 0) {
        return malformed(reterr, "a signature's line does not begin with a dash");
    }
    const char *name = line + DASH;
    const char *space = memchr(name, ' ', n - DASH);
    size_t name_len = space ? (size_t)(space - name) : 0;
    if (name_len == 0 || has_space(name, name_len)) {
        return malformed(reterr, "a signature without a name");
    }
    long got = bw_base64_decode(space + 1, n - DASH - name_len - 1, bytes, sizeof(bytes));
    if (got < 5) {
        return malformed(reterr, "a signature is no base64");
    }
    size_t len = (size_t)got - 4;
    note->signature[note->n].line = line;
    note->signature[note->n].line_len = n + 1;
    note->signature[note->n].name = name;
    note->signature[note->n].name_len = name_len;
    memcpy(note->signature[note->n].id, bytes, 4);
    memcpy(note->signature[note->n].bytes, bytes + 4,
           len < sizeof(note->signature[0].bytes) ? len : sizeof(note->signature[0].bytes));
    note->signature[note->n].len = len;
    note->n++;
    return 0;
}

int bw_note_parse(const char *bytes, size_t n, struct bw_note *ret, struct bw_err *reterr)
{
    size_t split = 0; /* where the signatures begin */
    ret->n = 0;
    if (n > BW_NOTE_MAX) {
        return bw_err_set(reterr, -E2BIG, "a note is at most %d bytes long", BW_NOTE_MAX);
    }
    if (n == 0 || bytes[n - 1] != '\n' || !bw_utf8_valid(bytes, n)) {
        return malformed(reterr, "no UTF-8 text that ends in a newline");
    }
    for (size_t i = 0; i < n; i++) {
        if ((uint8_t)bytes[i] < ' ' && bytes[i] != '\n') {
            return malformed(reterr, "a control character");
        }
        if (i > 0 && bytes[i] == '\n' && bytes[i - 1] == '\n') {
            split = i + 1;
        }
    }
    if (split < 2 || split == n) {
        return malformed(reterr, "no signature after an empty line");
    }
    ret->text = bytes;
    ret->text_len = split - 1;
    for (size_t i = split; i < n;) {
        const char *end = memchr(bytes + i, '\n', n - i);
        int r = read_signature(ret, bytes + i, (size_t)(end - bytes) - i, reterr);
        if (r < 0) {
            return r;
        }
        i = (size_t)(end - bytes) + 1;
    }
    return 0;
}

/* What a witness signs in place of the text. */
static void cosigned(const char *text, size_t n, int64_t unix_s, struct bw_buf *out)
{
    bw_buf_printf(out, "cosignature/v1\ntime %" PRId64 "\n", unix_s);
    bw_buf_add(out, text, n);
}

int bw_note_sign(const char *text,
                 size_t n,
                 const char *name,
                 enum bw_note_kind kind,
                 int64_t unix_s,
                 const struct bw_key *key,
                 struct bw_buf *out,
                 struct bw_err *reterr)
{
    const struct bw_pubkey *public = bw_key_public(key);
    uint8_t bytes[4 + TIME + SIGNATURE];
    struct bw_note_key k;
    struct bw_buf message;
    size_t len = 4;
    bw_buf_init(&message, BW_NOTE_MAX);
    int r = 0;
    if (public->alg != BW_ALG_EDDSA) {
        r = bw_err_set(reterr, -EINVAL, "notes are signed by Ed25519 keys");
        goto out;
    }
    r = bw_note_key_make(name, kind, public->raw, &k, reterr);
    if (r < 0) {
        goto out;
    }
    memcpy(bytes, k.id, 4);
    if (kind == BW_NOTE_WITNESS) {
        for (unsigned i = 0; i < TIME; i++) {
            bytes[len++] = (uint8_t)((uint64_t)unix_s >> (56 - 8 * i));
        }
        cosigned(text, n, unix_s, &message);
    } else {
        bw_buf_add(&message, text, n);
    }
    r = bw_buf_error(&message);
    if (r == 0) {
        r = bw_key_sign(key, message.data, message.len, bytes + len, reterr);
    }
    if (r < 0) {
        goto out;
    }
    bw_buf_puts(out, dash);
    bw_buf_puts(out, name);
    bw_buf_putc(out, ' ');
    bw_base64_append(out, bytes, len + SIGNATURE);
    bw_buf_putc(out, '\n');
    r = bw_buf_error(out);
out:
    bw_buf_done(&message);
    return r;
}

static int verify_one(const struct bw_note *note,
                      size_t at,
                      const struct bw_note_key *k,
                      int64_t *ret_unix_s)
{
    struct bw_pubkey public = {.alg = BW_ALG_EDDSA};
    struct bw_buf message;
    const uint8_t *bytes = note->signature[at].bytes;
    uint64_t unix_s = 0;
    size_t skip = k->kind == BW_NOTE_WITNESS ? TIME : 0;
    if (note->signature[at].len != skip + SIGNATURE) {
        return -BW_ESIGNATURE;
    }
    for (size_t i = 0; i < skip; i++) {
        unix_s = unix_s << 8 | bytes[i];
    }
    if (unix_s > INT64_MAX) {
        return -BW_ESIGNATURE;
    }
    memcpy(public.raw, k->public, 32);
    bw_buf_init(&message, (size_t)2 * BW_NOTE_MAX);
    if (skip > 0) {
        cosigned(note->text, note->text_len, (int64_t)unix_s, &message);
    } else {
        bw_buf_add(&message, note->text, note->text_len);
    }
    int r = bw_buf_error(&message);
    if (r == 0) {
        r = bw_pubkey_verify(&public, message.data, message.len, bytes + skip);
    }
    bw_buf_done(&message);
    if (r == 0 && ret_unix_s) {
        *ret_unix_s = skip > 0 ? (int64_t)unix_s : BW_UNKNOWN;
    }
    return r;
}

int bw_note_verify(const struct bw_note *note,
                   const struct bw_note_key *k,
                   int64_t *ret_unix_s,
                   size_t *ret_at)
{
    int found = -ENOENT;
    size_t name_len = strlen(k->name);
    for (size_t i = 0; i < note->n; i++) {
        if (note->signature[i].name_len != name_len ||
            memcmp(note->signature[i].name, k->name, name_len) != 0 ||
            memcmp(note->signature[i].id, k->id, sizeof(k->id)) != 0) {
            continue;
        }
        int64_t unix_s = BW_UNKNOWN;
        int r = verify_one(note, i, k, &unix_s);
        if (r < 0) {
            return r;
        }
        if (found == -ENOENT && ret_unix_s) {
            *ret_unix_s = unix_s;
        }
        if (found == -ENOENT && ret_at) {
            *ret_at = i;
        }
        found = 0;
    }
    return found;
}

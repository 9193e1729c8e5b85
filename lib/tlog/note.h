/* SPDX-License-Identifier: GPL-3.0-or-later
 * note.h - text signed by any number of keys (C2SP signed-note), with Ed25519 signatures
 * and the cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1). */
#ifndef BW_TLOG_NOTE_H
#define BW_TLOG_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_key;

enum {
    BW_NOTE_NAME_MAX = 120,                      /* bytes of a key's name, without NUL */
    BW_NOTE_MAX = 16384,                         /* bytes of a whole note */
    BW_NOTE_SIGNATURES = 32,                     /* that a note may bear */
    BW_NOTE_KEY_TEXT_MAX = BW_NOTE_NAME_MAX + 64 /* of a key in words, with NUL */
};

enum bw_note_kind {
    BW_NOTE_PLAIN = 0x01,  /* Ed25519 over the text */
    BW_NOTE_WITNESS = 0x04 /* cosignature/v1: Ed25519 over a time and the text */
};

/* Who is believed to have signed what. */
struct bw_note_key {
    char name[BW_NOTE_NAME_MAX + 1];
    enum bw_note_kind kind;
    uint8_t public[32];
    uint8_t id[4]; /* computed from the rest */
};

/* Whether a name may stand in a note: printable ASCII without space and plus. */
bool bw_note_name_ok(const char *name);
/* -EINVAL: a name that may not be. */
int bw_note_key_make(const char *name,
                     enum bw_note_kind kind,
                     const uint8_t public[32],
                     struct bw_note_key *ret,
                     struct bw_err *reterr);
/* As "name+1234abcd+base64" (a "vkey"); the reader holds id and name against each other. */
void bw_note_key_text(const struct bw_note_key *k, char ret[BW_NOTE_KEY_TEXT_MAX]);
int bw_note_key_parse(const char *text, struct bw_note_key *ret, struct bw_err *reterr);

/* A note taken apart; points into the caller's bytes. */
struct bw_note {
    const char *text; /* with its last newline */
    size_t text_len;
    size_t n;
    struct {
        const char *line; /* from the dash to the newline, both included */
        size_t line_len;
        const char *name;
        size_t name_len;
        uint8_t id[4];
        uint8_t bytes[72]; /* after the id; of longer ones, which are no kind of ours, the
                              beginning */
        size_t len;
    } signature[BW_NOTE_SIGNATURES];
};

/* -BW_EMALFORMED, -E2BIG. */
int bw_note_parse(const char *bytes, size_t n, struct bw_note *ret, struct bw_err *reterr);

/* Append the line of one signature over text[n], which ends in a newline.
 * unix_s: of a cosignature, else not looked at. -EINVAL: not an Ed25519 key. */
int bw_note_sign(const char *text,
                 size_t n,
                 const char *name,
                 enum bw_note_kind kind,
                 int64_t unix_s,
                 const struct bw_key *key,
                 struct bw_buf *out,
                 struct bw_err *reterr);

/* 0: this key signed, *ret_unix_s (may be NULL) the time of a cosignature, else unknown.
 * -ENOENT: no signature of this key. -BW_ESIGNATURE: one that is wrong. *ret_at (may be
 * NULL): which. */
int bw_note_verify(const struct bw_note *note,
                   const struct bw_note_key *k,
                   int64_t *ret_unix_s,
                   size_t *ret_at);

/* Base64 of RFC 4648 section 4, with padding, strict. */
void bw_base64_append(struct bw_buf *out, const void *data, size_t n);
/* The number of bytes into out[cap]; -EINVAL, -E2BIG. */
long bw_base64_decode(const char *text, size_t n, void *out, size_t cap);

#endif

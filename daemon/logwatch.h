/* SPDX-License-Identifier: GPL-3.0-or-later
 * logwatch.h - watches the collector's transparency log (docs/log-v1.md): every checkpoint
 * must continue the one before, and what a receipt promised must be in the tree.
 *
 * What was accepted last is kept in the journal, told in the next record as `seen`. A log
 * that shrank or forked is refused, loudly: in the journal, in the log of the system, in
 * `status`; delivery goes on, because records must not be lost for it. Loop thread; proofs
 * are fetched by a thread of the pool. */
#ifndef BW_LOGWATCH_H
#define BW_LOGWATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;
struct bw_logwatch;
struct bw_pubkey;
struct bw_summary;
struct bw_writer;

/* Where to ask for proofs, and whose signature counts; copied. url "": nobody. */
struct bw_logwatch_where {
    const char *url;
    const char *ca_file; /* "": the system's certificates */
    const char *agent;
    const struct bw_pubkey *log_key; /* NULL: none is known */
    const char *enrolment;           /* another text: the box was enrolled anew */
};

/* Reads what the journal keeps: before bw_writer_run(). */
int bw_logwatch_new(uv_loop_t *loop,
                    struct bw_writer *writer,
                    struct bw_logwatch **ret,
                    struct bw_err *reterr);
void bw_logwatch_set(struct bw_logwatch *w, const struct bw_logwatch_where *where);

/* An answer of the collector carried this checkpoint. */
void bw_logwatch_heard(struct bw_logwatch *w, const char *note);
/* A receipt whose signature holds: leaf `index` stands for the record of this hash. */
void bw_logwatch_promised(struct bw_logwatch *w,
                          int64_t index,
                          int64_t received_unix_ms,
                          const char *sha256);

/* Put the newest checkpoint into a record, once. */
void bw_logwatch_tell(struct bw_logwatch *w, struct bw_summary *s);

/* For status: NULL where no log is known. */
json_t *bw_logwatch_json(const struct bw_logwatch *w);
/* What was refused, as a sentence, "" nothing; and whether the log began anew. */
const char *bw_logwatch_refused(const struct bw_logwatch *w);
bool bw_logwatch_began_anew(const struct bw_logwatch *w);

/* Ends a request under way, frees, then cb(owner). */
void bw_logwatch_close(struct bw_logwatch *w, void (*cb)(void *owner), void *owner);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * import_plan.h - what an import would change, and the change itself: claims and entities
 * that were read from files against the statements in force. For every verb "import …" of
 * them. */
#ifndef BW_CLI_IMPORT_PLAN_H
#define BW_CLI_IMPORT_PLAN_H

#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <claimline.h>
#include <entityline.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bw_err;
struct bw_jw;

/* One thing that was read. */
struct bw_import_item {
    enum bw_statement_kind kind; /* claim or entity: which of the two below */
    struct bw_claimline claim;
    struct bw_entityline entity;
    const char *path; /* of its file, and where in it */
    int64_t line;
    const char *sha256;
    /* Members of a claim that the files do not speak of: they stay as they were said. */
    bool (*silent)(const struct bw_import_item *item, const char *member);
    bool has_frn;
    bool has_recipients;
};

/* Where items come from. */
struct bw_import_source {
    void *owner;
    size_t n;
    /* Item i: 1 (the plan calls bw_claimline_done), 0 there is none, below 0 a failure. */
    int (*item)(void *owner, size_t i, struct bw_import_item *ret, struct bw_err *reterr);
    bool hold;        /* what was said by another way stays */
    bool claims_only; /* it gives no entities */
    int64_t refused;  /* rows */
    /* Tells of the files: as members of a JSON object, or (w NULL) to standard output. */
    void (*tell)(const void *told, struct bw_jw *w);
    const void *told;
};

enum bw_import_verdict {
    BW_IMPORT_NEW,
    BW_IMPORT_CHANGED,
    BW_IMPORT_SAME,
    BW_IMPORT_HELD, /* in force is what somebody said in another way: it stays */
    BW_IMPORT_VERDICTS
};

struct bw_import_plan {
    const struct bw_verb *verb;
    const struct bw_import_source *source;
    const struct bw_docket *docket;
    int64_t n[BW_STATEMENT_KINDS][BW_IMPORT_VERDICTS];
    /* of the running step */
    enum bw_import_verdict verdict;
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    struct bw_statement statement; /* ready to be encoded, but for `body` */
    struct bw_buf body;
    struct bw_buf current; /* body in force, empty: none */
    char current_via[BW_STATEMENT_VIA_MAX + 1];
    struct bw_buf text; /* the statement's bytes */
    size_t next;
};

/* All lent. */
void bw_import_plan_init(struct bw_import_plan *p,
                         const struct bw_verb *verb,
                         const struct bw_import_source *source,
                         const struct bw_docket *docket);
void bw_import_plan_done(struct bw_import_plan *p);

/* Told of every item that is not unchanged. JSON goes into `out`, text to standard output.
 */
struct bw_import_view {
    bool json;
    struct bw_jw *w;    /* of a JSON document, in an array */
    struct bw_buf *out; /* what it writes into; flushed now and then */
    int64_t shown;
};

/* Compare everything; counts are in p->n then. 0, or a failure with its sentence. */
int bw_import_plan_look(struct bw_import_plan *p,
                        struct bw_import_view *view,
                        struct bw_err *reterr);
/* Keep what is new or changed, all or nothing. */
int bw_import_plan_write(struct bw_import_plan *p,
                         struct bw_said_sum *ret_sum,
                         struct bw_err *reterr);

/* "12 new, 3 changed, 40 unchanged" */
void bw_import_plan_say(const struct bw_import_plan *p, enum bw_statement_kind kind);
void bw_import_plan_json(const struct bw_import_plan *p,
                         struct bw_jw *w,
                         enum bw_statement_kind kind);

#endif

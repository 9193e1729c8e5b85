/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued.h - the register of reports that were given out: what was asked, and the figures,
 * in a folder beside the catalogue (docs/issued-v1.md). By it errata can name the reports
 * that they change. Blocking; any one thread; several processes may register at once. */
#ifndef BW_ISSUED_H
#define BW_ISSUED_H

#include <model.h>

struct bw_err;
struct bw_evrule;
struct bw_issued;
struct bw_origin;

enum {
    BW_ISSUED_WHAT_MAX = 31
};

/* What is about to be given out: begun before the first file of it is written, ended when
 * it is known whether one was put in its place. Where the program is ended between the two
 * the entries stay as "being written". One may be begun before processes are forked, filled
 * by them, and ended when none of them lives. -EROFS, -EACCES and their kin where nothing
 * can be kept. */
struct bw_issuing;
int bw_issuing_begin(struct bw_origin *origin,
                     struct bw_issuing **ret,
                     struct bw_err *reterr);
/* A report that was made of `query` ("what": "report", "bundle", a pack's name). The same
 * figures of the same question are one entry, the first. It is on disk when this returns.
 */
int bw_issuing_add(const struct bw_issuing *x,
                   struct bw_origin *origin,
                   const struct bw_report_query *query,
                   const struct bw_report *report,
                   const char *what,
                   int64_t now_unix_s,
                   struct bw_err *reterr);
/* Frees x; NULL is fine. */
int bw_issuing_end(struct bw_issuing *x, bool given_out, struct bw_err *reterr);

/* One entry, as it is on file. */
struct bw_issued_head {
    char id[BW_HASH_LEN + 1];
    char what[BW_ISSUED_WHAT_MAX + 1];
    bool writing; /* nobody said that it was given out: it is being written, or that was
                     stopped */
    int64_t issued_unix_s;
    int64_t statements; /* how many there were: errata as of then */
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s;
};

typedef int (*bw_issued_cb)(void *owner, const struct bw_issued *e);
/* All entries beside this origin, by id, those that are being written first. One that
 * cannot be read is told to `odd` (its file's name and why) and passed over. No folder is
 * none. */
int bw_issued_each(struct bw_origin *origin,
                   bw_issued_cb cb,
                   void (*odd)(void *owner, const char *file, const char *why),
                   void *owner,
                   struct bw_err *reterr);
const struct bw_issued_head *bw_issued_head(const struct bw_issued *e);

/* A figure that errata change. NULL: it is not there. */
struct bw_issued_change {
    const char *section;
    const char *figure;
    const char *layer;
    const char *statistic;
    const char *unit;
    const char *issued; /* as it was given out */
    const char *before; /* by the same question today, without what changed */
    const char *now;
};
typedef int (*bw_issued_change_cb)(void *owner, const struct bw_issued_change *c);

/* The rules that are at hand, lent; and those by which an entry judged that are not among
 * them as they were then, so that nothing of their findings is told. */
struct bw_issued_rules {
    const struct bw_evrule *list;
    size_t n;
    char missing[240]; /* in words; "" none */
};

/* Ask the entry's question again, with the errata and revocations in force now, and without
 * what came or went since it was given out (erratum NULL), or without that one erratum (its
 * id). Every figure that differs between the two is told, findings among them. 1: the
 * errata differ, so it was asked; 0: they do not. -ENODATA: nothing is left of its
 * records, or what it needs is no longer there; the sentence says so. */
int bw_issued_changes(struct bw_origin *origin,
                      const struct bw_issued *e,
                      const char *erratum,
                      struct bw_issued_rules *rules,
                      bw_issued_change_cb cb,
                      void *owner,
                      struct bw_err *reterr);

#endif
